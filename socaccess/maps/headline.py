"""The words around the map: the finding, and the lists behind it, as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.maps.without_car import list_shares
from socaccess.maps.words import capitalise, name_code, persons_text
from socaccess.privacy import mark_small
from socaccess.study.findings import (
    list_places,
    rank_gaps,
    short_name,
    write_lead,
    write_left_out,
    write_title,
)
from socaccess.study.proposals import list_proposals, write_note

if TYPE_CHECKING:
    from socaccess.i18n import Texts
    from socaccess.study.release import Release

__all__ = ["build_blocks", "build_finding"]

GAPS = 3
PROPOSALS = 5


def build_finding(released: Release, texts: Texts, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the title, its lead, the largest gaps and what to build, as texts.

    Gaps and proposals carry the position of their service in the payload (`service`);
    proposals also that of their site (`site`).
    """
    names = {row["id"]: row["name"] for row in payload["services"] if row["shown"]}
    position = {name: number for number, name in enumerate(names)}
    groups = released.result.study.name_groups(texts.lang)
    gaps = rank_gaps(released, names)
    proposals = list_proposals(released, names)
    sites = [str(name) for name in payload["places"]["sites"]["id"]]

    def describe(service: str, group: str) -> dict[str, Any]:
        name = names[service]
        return {
            "service": position[service],
            "name": capitalise(short_name(texts, "service", service, name)),
            "group": short_name(texts, "group", group, groups.get(group, group)),
        }

    known = [row for row in payload["services"] if row["shown"] and row["known"]]
    return {
        "title": write_title(gaps, texts, names) if known else texts("finding.title_unknown"),
        "lead": write_lead(gaps[0], texts) if gaps else "",
        "left_out": write_left_out(released, texts, names, GAPS, names),
        "gaps": [
            {
                **describe(gap.service, gap.target_group),
                "outside": persons_text(texts, gap.outside),
                "persons": persons_text(texts, gap.persons),
                "share": round(100 * (1 - gap.share), 1),
                "where": texts("finding.gap_where", n=texts.number(gap.limit_min))
                if not gap.nobody_within
                else texts(
                    "finding.gap_where_zero",
                    n=texts.number(gap.limit_min),
                    places=list_places(gap.nobody_within, texts),
                ),
            }
            for gap in gaps[:GAPS]
        ],
        "proposals": [
            {
                **describe(proposal.service, proposal.target_group),
                "name": short_name(texts, "service", proposal.service, names[proposal.service]),
                "site": sites.index(proposal.site_id),
                "place": proposal.name,
                "gain": _range_text(texts, proposal.gain, proposal.gain_low, proposal.gain_high),
                "note": write_note(proposal, texts),
            }
            for proposal in proposals[:PROPOSALS]
        ],
        "more": max(0, len(proposals) - PROPOSALS),
    }


def build_blocks(released: Release, texts: Texts, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the folded lists below the map: each a title, lines, columns and rows."""
    result = released.result
    names = {row["id"]: row["name"] for row in payload["services"]}
    blocks = [
        _targets(result, texts, payload),
        _without_car(released, texts),
        _plans(result, texts, names),
        _institutions(result, texts, names),
        _not_located(result, texts),
        _about(result, texts, payload),
    ]
    return [block for block in blocks if block is not None]


def _block(
    name: str, texts: Texts, columns: list[str], rows: list[list[str]], lines: list[str]
) -> dict[str, Any]:
    return {
        "id": name,
        "title": name_code(texts, "block", name),
        "lines": lines,
        "columns": [name_code(texts, "column", column) for column in columns],
        "rows": rows,
    }


def _targets(result: Any, texts: Texts, payload: dict[str, Any]) -> dict[str, Any] | None:
    groups = result.study.name_groups(texts.lang)
    rows = [
        [
            groups.get(row["target_group"], row["target_group"]),
            persons_text(texts, _show_target(row["persons"], payload["belowPersons"])),
            str(row.get("source") or "–"),
        ]
        for row in result.summary.get("targets", [])
    ]
    if not rows:
        return None
    return _block("targets", texts, ["group", "persons", "source"], rows, [])


def _without_car(released: Release, texts: Texts) -> dict[str, Any] | None:
    rows = list_shares(released, texts)
    columns = ["service", "transit_within", "same_day"]
    lines = [texts("map.without_car_note")]
    return _block("without_car", texts, columns, rows, lines) if rows else None


def _plans(result: Any, texts: Texts, names: dict[str, str]) -> dict[str, Any] | None:
    rows = [
        [
            names[row.service],
            name_code(texts, "objective", row.objective),
            name_code(texts, "plan_status", row.status),
            texts.number(row.sites),
            texts.share(row.gap, decimals=1),
        ]
        for row in result.plans.itertuples()
        if row.service in names
    ]
    if not rows:
        return None
    columns = ["service", "objective", "status", "sites", "gap"]
    return _block("plans", texts, columns, rows, [texts("map.plans_note")])


def _institutions(result: Any, texts: Texts, names: dict[str, str]) -> dict[str, Any] | None:
    table = result.institutions
    if not len(table):
        return None
    rows = [
        [
            str(row.name),
            names[row.to_service],
            texts.number(row.travel_min),
        ]
        # Services nobody is known to offer lead nowhere; the chooser says so.
        for row in table.itertuples(index=False)
        if row.to_service in names and np.isfinite(row.travel_min)
    ]
    if not rows:
        return None
    return _block(
        "institutions", texts, ["name", "service", "minutes"], rows,
        [texts("map.institutions_note")],
    )  # fmt: skip


def _not_located(result: Any, texts: Texts) -> dict[str, Any] | None:
    table = result.not_located
    if not len(table):
        return None
    rows = [
        [
            str(row["name"]),
            name_code(texts, "kind", row["kind"]),
            "–" if pd.isna(row["municipality"]) else str(row["municipality"]),
            name_code(texts, "reason", row["reason"]),
        ]
        for row in table.to_dict("records")
    ]
    return _block(
        "not_located", texts, ["name", "kind", "municipality", "reason"], rows,
        [texts("map.not_located_note")],
    )  # fmt: skip


def _about(result: Any, texts: Texts, payload: dict[str, Any]) -> dict[str, Any]:
    limits = result.study.by_mode("map.about_limits", "map.about_limits_transit")
    on_top = result.suggested_beside == "planned"
    suggested = texts("map.about_suggested_planned" if on_top else "map.about_suggested_now")
    planned = texts("map.about_planned")
    lines = [texts(limits), f"{planned} {suggested}", texts("map.about_borders")]
    modelled = result.summary.get("modelled_share")
    if modelled is not None:
        lines.append(texts("map.about_modelled", share=texts.share(modelled)))
    lines.append(texts("map.about_people"))
    lines.append(
        texts("map.about_range", share=texts.share(result.study.settings.time_uncertainty))
    )
    if payload["belowPersons"] > 0:
        lines.append(texts("map.about_shares", n=payload["belowPersons"]))
    return _block("about", texts, [], [], lines)


def _range_text(
    texts: Texts, value: int | str | None, low: int | str | None, high: int | str | None
) -> str:
    """Return a count with its range where there is one: the range alone says both."""
    if isinstance(low, int) and isinstance(high, int) and low < high:
        return f"{texts.number(low)}–{texts.number(high)}"
    return persons_text(texts, value)


def _show_target(persons: float | None, below: int) -> int | str | None:
    """Return a published target, hidden where it is small."""
    if persons is None or not np.isfinite(persons):
        return None
    return mark_small(below) if persons < below else round(persons)
