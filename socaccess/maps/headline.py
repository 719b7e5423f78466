"""The words around the map: the headline, and the lists behind it, as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.maps.shares import as_percent
from socaccess.maps.words import name_code, persons_text
from socaccess.privacy import mark_small

if TYPE_CHECKING:
    from socaccess.i18n import Texts
    from socaccess.study.release import Release

__all__ = ["build_blocks", "build_headline"]


def build_headline(released: Release, texts: Texts, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the question the map answers, its share per scenario, and a line per group.

    The shares are those of `result.summary`: means over the promised services of
    which the data holds a facility, or over all such services where no plan
    promises any.
    """
    summary = released.result.summary
    services = {row["service"]: row for row in summary["services"]}
    chosen = [row["id"] for row in payload["services"] if row["shown"] and row["id"] in services]
    promised = [name for name in chosen if services[name]["promised"]]
    base = promised or chosen
    counted = [name for name in base if services[name]["supply_known"]]
    missing = len(base) - len(counted)
    shares = []
    for scenario in payload["scenarios"] if counted else ():
        values = [services[name]["covered_share"][scenario] for name in counted]
        shares.append(
            {
                "scenario": scenario,
                "label": name_code(texts, "scenario", scenario),
                "share": _share(texts, values),
            }
        )
    mean = "map.headline_mean_promised" if promised else "map.headline_mean_known"
    lines = [texts.count(mean, len(counted))] if counted else []
    if missing:
        lines.append(texts.count("map.headline_missing", missing))
    lines += [
        _group_line(row, released, texts, payload)
        for row in summary.get("groups", [])
        if set(row.get("services", [])) <= set(chosen)
    ]
    question = texts("map.headline_promised" if promised else "map.headline_known")
    return {"question": question, "shares": shares, "lines": lines}


def _group_line(
    row: dict[str, Any], released: Release, texts: Texts, payload: dict[str, Any]
) -> str:
    parts = [
        f"{name_code(texts, 'scenario_short', scenario).lower()} "
        f"{_share(texts, [row['covered_share'][scenario]])}"
        for scenario in payload["scenarios"]
    ]
    return texts(
        "map.headline_group",
        group=released.result.study.name_groups(texts.lang)[row["target_group"]],
        persons=persons_text(texts, released.show_region(row["target_group"], row["persons"])),
        shares=", ".join(parts),
    )


def build_blocks(released: Release, texts: Texts, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the folded lists below the map: each a title, lines, columns and rows."""
    result = released.result
    names = {row["id"]: row["name"] for row in payload["services"]}
    blocks = [
        _targets(result, texts, payload),
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
    lines = [texts("map.about_limits"), texts("map.about_planned"), texts("map.about_borders")]
    modelled = result.summary.get("modelled_share")
    if modelled is not None:
        lines.append(texts("map.about_modelled", share=texts.share(modelled)))
    if payload["belowPersons"] > 0:
        lines.append(texts("map.about_shares", n=payload["belowPersons"]))
    return _block("about", texts, [], [], lines)


def _share(texts: Texts, values: list[float | None]) -> str:
    """Return the mean of `values` in whole per cent, as everywhere on the map."""
    known = [value for value in values if value is not None]
    if not known:
        return texts.share(None)
    percent = as_percent(np.array([np.mean(known)]))[0]
    # The sign stays on the line of its number.
    return texts.share(percent / 100).replace(" ", "\N{NO-BREAK SPACE}")


def _show_target(persons: float | None, below: int) -> int | str | None:
    """Return a published target, hidden where it is small."""
    if persons is None or not np.isfinite(persons):
        return None
    return mark_small(below) if persons < below else round(persons)
