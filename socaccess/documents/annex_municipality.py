"""The annex of a municipality: what is lacking, every service, what suggested sites would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from socaccess.content import (
    DASH,
    Block,
    Cell,
    Column,
    Inline,
    List,
    Muted,
    Number,
    Pair,
    Paragraph,
    Phrase,
    Section,
    Share,
    Strong,
    Table,
)
from socaccess.documents.analysis import trace_flows
from socaccess.documents.annex_context import AnnexContext, grade_share, say_count, show_count
from socaccess.documents.annex_maps import draw_counts
from socaccess.i18n import round_percent, sort_key
from socaccess.study.findings import name_places
from socaccess.travel.minutes import to_limit_ms

__all__ = ["compose_municipality", "write_municipality_title"]

_LEAST = 5.0
"""A suggested site that brings fewer persons of the municipality within the limit is left out."""


def write_municipality_title(context: AnnexContext) -> Phrase:
    """Return what is lacking most, as a sentence."""
    key = _need_id(context)
    place = name_places([_name(context)], context.texts)
    lacking = _list_lacking(context, key, 0.1)
    if lacking:
        shares = [context.share(name, key) or 0.0 for name in lacking[:3]]
        # What a table calls 1 % is not nothing.
        code = "annex.sheet_hardly" if max(map(round_percent, shares)) else "annex.sheet_title"
        return Phrase(code, place=place, services=_list_low(context, lacking[:3]))
    partly = _list_lacking(context, key, 0.5)
    if partly:
        return Phrase("annex.sheet_partly", place=place, services=_list_low(context, partly[:3]))
    return Phrase("annex.sheet_good", place=place)


def _need_id(context: AnnexContext) -> str:
    assert context.municipality_id is not None
    return context.municipality_id


def _name(context: AnnexContext) -> str:
    return dict(context.municipalities)[_need_id(context)]


def _list_low(context: AnnexContext, services: list[str]) -> str:
    return ", ".join(context.low(name) for name in services)


def _list_lacking(context: AnnexContext, key: str, below: float) -> list[str]:
    """Return services that less than this share of the persons have, the least first.

    None of them lacks where nobody is counted who needs it.
    """
    shares = [
        (context.share(name, key), name)
        for name in context.known
        if not context.is_likely(name) and context.measure(name, key)["persons"] != 0
    ]
    found = [(share, name) for share, name in shares if share is not None and share < below]
    return [name for _, name in sorted(found)]


def compose_municipality(context: AnnexContext) -> Iterator[Block]:
    """Yield the sheet of a municipality, two pages."""
    key = _need_id(context)
    lacking = _list_lacking(context, key, 0.5)[:5]
    left: list[Block] = []
    if lacking:
        lines = tuple(_describe_lack(context, key, name) for name in lacking)
        left.append(Section(Phrase("annex.lacking"), (List(lines),)))
    left.append(Section(Phrase("annex.to_know"), (List(tuple(_list_facts(context, key))),)))
    yield Pair(tuple(left), (draw_counts(context, 246, 250, key),), 0.5)
    yield Section(Phrase("annex.all_services"), (_list_services(context, key),))
    yield Paragraph(Phrase("annex.sheet_note"), "note")
    sites = list(_list_sites(context, key))
    if sites:
        columns = (
            Column(Phrase("annex.column.rank"), "centre", 0.4),
            Column(Phrase("annex.column.place"), width=1.8),
            Column(Phrase("annex.column.service"), width=3.4),
            Column(Phrase("annex.column.gain_here"), "number", 1.2),
            Column(Phrase("annex.column.now"), "share", 0.9),
            Column(Phrase("annex.column.after"), "share", 0.9),
        )
        yield Section(
            Phrase("annex.sites_here"),
            (Table(columns, sites), Paragraph(Phrase("annex.sites_here_note"), "note")),
        )
    neighbours = _list_neighbours(context, key)
    if neighbours is not None:
        yield Section(Phrase("annex.neighbours"), (neighbours,))


def _describe_lack(context: AnnexContext, key: str, service: str) -> Inline:
    row = context.measure(service, key)
    outside = context.outside(service, key)
    median = row["median_min"]
    return (
        Strong(context.short(service)),
        " ",
        Phrase(
            "annex.lack_line",
            place=_name_nearest(context, key, service),
            median=context.texts.number(None if pd.isna(median) else float(median)),
            limit=context.limits[service],
            outside=say_count(outside),
            persons=say_count(row["persons"]),
        ),
    )


def _name_nearest(context: AnnexContext, key: str, service: str) -> str:
    """Return where the facility lies that is nearest to most inhabitants, and its municipality."""
    times = context.result.times
    at = times.row(service, "now")
    mine = (context.home == key) & (times.place[at] >= 0)
    if not mine.any():
        return context.texts("annex.nowhere")
    supply = times.supply[at]
    weight = np.bincount(times.place[at][mine], weights=context.population[mine],
                         minlength=len(supply))  # fmt: skip
    row = supply.iloc[int(weight.argmax())]
    facilities = context.result.facilities
    found = facilities[facilities["facility_id"] == row["facility_id"]]
    if not len(found):
        return str(row["facility_id"])
    facility = found.iloc[0]
    place = facility.get("settlement")
    home = facility.get("municipality_name")
    parts = [context.shorten(str(name)) for name in (place, home) if isinstance(name, str) and name]
    if facility["municipality_id"] == key:
        parts = parts[:1]
    return ", ".join(dict.fromkeys(parts)) or str(facility["name"])


def _list_facts(context: AnnexContext, key: str) -> Iterator[Inline]:
    study = context.result.study
    here = (study.settlements["municipality_id"] == key).to_numpy()
    people = float(study.settlements.loc[here, "population"].sum())
    yield Phrase("annex.fact_people", number=people, settlements=int(here.sum()))
    counts = []
    for group, services in context.groups.items():
        persons = context.measure(services[0], key)["persons"]
        name = context.group_names.get(group, group)
        counts.append(context.texts("annex.fact_group", persons=_plain(context, persons),
                                    group=f"{name[:1].lower()}{name[1:]}"))  # fmt: skip
    yield Phrase("annex.fact_need", counts="; ".join(counts))
    outside = np.zeros(len(here), dtype=bool)
    for group in context.groups:
        outside |= study.find_outside_plan(group)
    if (outside & here).any():
        yield Phrase("annex.fact_outside")
    order = sorted(context.mean_within, key=lambda name: context.mean_within[name])
    if len(order) > 1:
        yield Phrase("annex.fact_rank", rank=order.index(key) + 1, total=len(order))
    worst = _list_worst(context, here)
    if worst:
        yield Phrase("annex.fact_worst", names=worst, total=len(context.known))
    yield Phrase("annex.fact_neighbours")


def _plain(context: AnnexContext, value: Any) -> str:
    return (
        context.texts.number(float(value)) if isinstance(value, int | float) else str(value or DASH)
    )


def _list_worst(context: AnnexContext, here: np.ndarray) -> str:
    times = context.result.times
    weight = times.share * context.counts_within
    means = np.bincount(times.home, weights=weight, minlength=len(here))
    names = context.result.study.settlements["name"].to_numpy(dtype=object)
    found = sorted((means[at], sort_key(str(names[at])), str(names[at]))
                   for at in np.flatnonzero(here))  # fmt: skip
    return ", ".join(
        f"{context.shorten(name)} ({context.texts.number(mean, decimals=1)})"
        for mean, _, name in found[:3]
    )


def _list_services(context: AnnexContext, key: str) -> Table:
    columns = [
        Column(Phrase("annex.column.service"), width=2.9),
        Column(Phrase("annex.column.limit"), "number", 0.95),
        Column(Phrase("annex.column.now"), "number", 1.9),
        Column(Phrase("annex.column.planned"), "share", 1.05),
        Column(Phrase("annex.column.suggested"), "share", 1.05),
        Column(Phrase("annex.column.outside"), "number", 1.0),
        Column(Phrase("annex.column.nearest"), width=2.5),
        Column(Phrase("annex.column.minutes"), "number", 1.5),
    ]
    if not context.has_planned:
        del columns[3]
    rows: list[tuple[object, ...]] = []
    for group, services in context.groups.items():
        persons = context.measure(services[0], key)["persons"]
        name = context.group_names.get(group, group)
        title = (
            Strong(name),
            Muted((" · ", Phrase("annex.persons_of", whole=show_count(persons)))),
        )
        rows.append((Cell(title, "group"),))
        for service in services:
            head = (context.mark(service), context.limits[service])
            if service not in context.known:
                rows.append((*head, Cell(Phrase("annex.nobody_counts"), "unknown",
                                         span=len(columns) - 2)))  # fmt: skip
                continue
            rows.append((*head, *_measure(context, key, service)))
    return Table(tuple(columns), rows)


def _measure(context: AnnexContext, key: str, service: str) -> Iterator[object]:
    row = context.measure(service, key)
    cell = grade_share(context.share(service, key))
    whole = Share(row["covered_share"], row["covered_share_low"], row["covered_share_high"])
    sign = str(cell.value[0]) if isinstance(cell.value, tuple) else ""
    yield Cell((sign, whole), cell.tone)
    if context.has_planned:
        yield context.share(service, key, "planned")
    now, then = context.share(service, key), context.share(service, key, "suggested")
    yield then if now is not None and then is not None and then - now > 0.001 else DASH
    yield show_count(context.outside(service, key))
    yield _name_nearest(context, key, service)
    yield tuple(
        part
        for place, name in enumerate(("median_min", "p90_min"))
        for part in (" / " if place else "", _show_minutes(row[name], context.limits[service]))
    )


def _show_minutes(value: Any, limit: float) -> Inline:
    """Return minutes, in bold beyond the limit."""
    if pd.isna(value):
        return DASH
    return Strong(Number(float(value))) if value > limit else Number(float(value))


def _list_sites(context: AnnexContext, key: str) -> Iterator[tuple[object, ...]]:
    """Yield the suggested sites that help people of the municipality, the most first."""
    result = context.result
    reach, times = result.reach, result.times
    types = result.service_types
    traveller = dict(zip(types["service"], types["traveller"], strict=True))
    mine = context.home == key
    points = dict(zip(reach.settlements.ids, reach.candidate_point, strict=True))
    need = result.settlement_coverage
    rows = []
    for number, proposal in enumerate(context.proposals, start=1):
        service = proposal.service
        point = points.get(proposal.settlement_id, -1)
        if point < 0:
            continue
        there = reach.people_ms(np.array([point]), str(traveller[service]))[mine, 0]
        now = context.travel_ms(service)[mine]
        limit = to_limit_ms(context.limits[service])
        of = need[(need["service"] == service) & (need["scenario"] == "now")]
        persons = of.set_index("settlement_id")["persons"].reindex(reach.settlements.ids)
        weight = np.nan_to_num(persons.to_numpy(dtype=float)[times.home[mine]]) * times.share[mine]
        total = weight.sum()
        gain = float(weight[(now > limit) & (there <= limit)].sum())
        if gain < _LEAST or not total:
            continue
        within = float(weight[np.minimum(now, there) <= limit].sum() / total)
        group = context.released.group_of[service]
        shown = context.released.show_part(group, gain, float(total))
        rows.append((gain, (str(number), context.shorten(proposal.name), context.low(service),
                            Cell(Strong(show_count(shown))), context.share(service, key),
                            within)))  # fmt: skip
    for _, row in sorted(rows, key=lambda pair: -pair[0])[:6]:
        yield row


def _list_neighbours(context: AnnexContext, key: str) -> Table | None:
    """Return in which other municipalities people find their nearest facility."""
    flows = trace_flows(context.result, context.known, key)
    away = flows["crosses"] & flows["to_municipality"].notna() & (flows["from_id"] == key)
    flows = flows[away]
    if not len(flows):
        return None
    columns = (
        Column(Phrase("annex.column.neighbour"), width=2.0),
        Column(Phrase("annex.column.services"), width=6.0),
    )
    rows = []
    table = flows[flows["population_share"] >= 0.05]
    by_home = table.groupby("to_municipality")
    order = by_home["population_share"].sum().sort_values(ascending=False, kind="stable")
    for home in order.index[:5]:
        part = by_home.get_group(home)
        names = ", ".join(
            f"{context.low(row.service)} {context.texts.share(row.population_share)}"
            for row in part.sort_values("population_share", ascending=False).itertuples()
        )
        rows.append((home, names))
    return Table(columns, rows, Phrase("annex.neighbours_caption"))
