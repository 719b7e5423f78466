"""The annex of a region: what is missing, what to build, the matrix, a page per group."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from socaccess.content import (
    DASH,
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    Contents,
    Heading,
    Inline,
    List,
    Muted,
    Pair,
    Paragraph,
    Phrase,
    Section,
    Share,
    Strong,
    Table,
)
from socaccess.documents.annex_context import (
    AnnexContext,
    grade_share,
    say_count,
    show_count,
    show_range,
)
from socaccess.documents.annex_maps import PROPOSALS, draw_counts, draw_finding, draw_group
from socaccess.study.findings import list_places, write_lead, write_left_out
from socaccess.study.proposals import (
    compose_build,
    explain_basis,
    explain_left_out,
    name_houses,
)

__all__ = ["compose_findings", "compose_groups", "compose_matrix", "compose_others"]


_GAPS = 3
_RANKED = 30
_MATRIX_MOST = 11
"""Municipalities of one matrix; a region of more has it in parts."""

_MAPS_A_ROW = 2
"""Maps of services beside each other."""


def compose_findings(context: AnnexContext, *, brief: bool = False) -> Iterator[Block]:
    """Yield what is missing, where, and what to build; its grounds unless `brief`."""
    gaps, proposals = context.gaps, context.proposals[:PROPOSALS]
    if not gaps:
        yield Paragraph(Phrase("annex.no_gap"))
        yield Contents(Phrase("annex.contents"))
        return
    yield Paragraph(write_lead(gaps[0], context.texts), "lead")
    bars = tuple(_describe_gap(context, gap) for gap in gaps[:_GAPS])
    titles = tuple(Phrase(f"annex.column.{name}") for name in ("gap", "outside", "where"))
    left: list[Block] = [
        Bars(titles, bars),  # type: ignore[arg-type]
        Paragraph(Phrase("annex.gaps_note", share=Share(_uncertainty(context))), "note"),
    ]
    left_out = write_left_out(context.released, context.texts, context.names, _GAPS)
    if left_out:
        left.append(Paragraph(left_out, "note"))
    effects = _list_effects(context)
    if effects:
        left += [Heading(Phrase("annex.effect")), List(tuple(effects))]
    missing = Section(Phrase("annex.gaps"), tuple(left))
    yield Pair((missing,), (draw_finding(context),), 0.48)
    if proposals:
        yield Section(Phrase("annex.build"), (*_list_proposals(context),))
    if brief:
        yield Contents(Phrase("annex.contents"))
        return
    why = (*_explain_build(context), Contents(Phrase("annex.contents")))
    yield Section(Phrase("annex.build_why"), why, new_page=True)


def _uncertainty(context: AnnexContext) -> float:
    return float(context.result.study.settings.time_uncertainty)


def _describe_gap(context: AnnexContext, gap) -> Bar:  # type: ignore[no-untyped-def]
    nobody: Inline = ""
    if gap.nobody_within:
        nobody = Phrase("annex.nobody", names=list_places(gap.nobody_within, context.texts))
    group = context.group_names.get(gap.target_group, gap.target_group)
    return Bar(
        context.short(gap.service),
        Phrase("annex.gap_detail", group=group, limit=gap.limit_min),
        show_count(gap.outside),
        Phrase("annex.of", whole=show_count(gap.persons)),
        Phrase("annex.estimate", range=show_range(gap.outside_low, gap.outside_high)),
        1.0 - gap.share,
        nobody,
    )


def _list_effects(context: AnnexContext) -> list[Inline]:
    """Return what all suggested sites together would change, the largest change first."""
    rows = []
    for service in context.known:
        now, then = context.share(service), context.share(service, None, "suggested")
        if now is not None and then is not None and then - now >= 0.01:
            rows.append((now - then, service, now, then))
    return [
        (f"{context.low(service)}: ", Share(now), " → ", Strong(Share(then)))
        for _, service, now, then in sorted(rows)[:7]
    ]


def _list_proposals(context: AnnexContext) -> Iterator[Block]:
    shown = context.proposals[:PROPOSALS]
    yield compose_build(context.released, context.texts, shown, caption=True)
    rest = len(context.proposals) - len(shown)
    if rest:
        yield Paragraph(Phrase("annex.build_rest", number=rest), "note")


def _explain_build(context: AnnexContext) -> Iterator[Block]:
    """Yield the smaller suggestions, what could share a house, what all rests on, and the rest."""
    released, texts = context.released, context.texts
    rest = context.proposals[PROPOSALS:]
    if rest:
        yield compose_build(released, texts, rest, first=PROPOSALS + 1)
    lines = [
        *name_houses(released, texts, context.proposals),
        *explain_left_out(released, texts),
    ]
    if lines:
        yield List(tuple(lines))
    if context.proposals:
        yield from (Paragraph(line, "note") for line in explain_basis(released, texts))


def compose_matrix(context: AnnexContext, *, brief: bool = False) -> Section:
    """Return every service in every municipality, and how many services each has.

    A `brief` one of many municipalities says only how many services each has.
    """
    few = {
        key: sum((context.share(name, key) or 0) < 0.5 for name in context.known)
        for key, _ in context.municipalities
    }
    names = dict(context.municipalities)
    worst = sorted(few, key=lambda key: (-few[key], names[key]))
    lead = Phrase(
        "annex.matrix_lead",
        worst=names[worst[0]],
        n_worst=few[worst[0]],
        total=len(context.known),
        best=names[worst[-1]],
        n_best=few[worst[-1]],
    )
    parts = _split(context.municipalities)
    if brief and len(parts) > 1:
        parts = []
    tables = [
        _make_matrix(context, part, place == len(parts) - 1, place)
        for place, part in enumerate(parts)
    ]
    ranked = sorted(few, key=lambda key: (context.mean_within[key], names[key]))
    people = dict.fromkeys(few, 0.0)
    for key in few:
        people[key] = float(context.population[context.home == key].sum())
    columns = (
        Column(Phrase("annex.column.municipality"), width=2.6),
        Column(Phrase("annex.column.people"), "number", 1.1),
        Column(Phrase("annex.column.within", total=len(context.known)), "number", 1.4, 1),
        Column(Phrase("annex.column.few"), "number", 1.1),
    )
    rows = [
        (names[key], people[key], context.mean_within[key], few[key]) for key in ranked[:_RANKED]
    ]
    ranking = Table(columns, rows, Phrase("annex.ranking"))
    notes: list[Block] = [Paragraph(Phrase("annex.matrix_note"), "note")]
    outside = name_outside_plan(context)
    if outside:
        notes.append(Paragraph(Phrase("annex.outside_plan", names=outside), "note"))
    if not context.has_planned:
        notes.append(Paragraph(Phrase("annex.no_planned"), "note"))
    blocks: list[Block] = [Paragraph(lead, "lead"), Paragraph(Phrase("annex.matrix_key"))]
    counts = draw_counts(context, 226, 250)
    if len(ranked) > 1:
        blocks += [*tables, Pair((ranking, *notes), (counts,), 0.53)]
    else:
        blocks += [*tables, *notes]
    return Section(Phrase("annex.matrix"), tuple(blocks), new_page=True)


def _split(municipalities: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    count = -(-len(municipalities) // _MATRIX_MOST)
    size = -(-len(municipalities) // count)
    return [municipalities[at : at + size] for at in range(0, len(municipalities), size)]


def _make_matrix(
    context: AnnexContext, part: list[tuple[str, str]], whole: bool, place: int
) -> Table:
    columns = [
        Column(Phrase("annex.column.service"), width=3.4),
        Column(Phrase("annex.column.limit"), "number", 0.95),
        *(Column(_break(context, name), "centre", 1.12) for _, name in part),
    ]
    if whole:
        columns.append(Column(Phrase("annex.column.region"), "centre", 1.15))
    rows: list[tuple[object, ...]] = []
    for group, services in context.groups.items():
        rows.append((_head_group(context, group),))
        for service in services:
            title: tuple[object, ...] = (context.mark(service), context.limits[service])
            if service not in context.known:
                rows.append((*title, Cell(Phrase("annex.nobody_counts"), "unknown",
                                          span=len(columns) - 2)))  # fmt: skip
                continue
            cells = [_grade(context, service, key) for key, _ in part]
            if whole:
                cells.append(grade_share(context.share(service), strong=True))
            rows.append((*title, *cells))
    key = "annex.matrix_caption" if place == 0 else "annex.matrix_next"
    return Table(tuple(columns), rows, Phrase(key), grid=True)


def _grade(context: AnnexContext, service: str, key: str) -> Cell:
    now, planned = context.share(service, key), context.share(service, key, "planned")
    cell = grade_share(now)
    if now is None or planned is None or planned - now < 0.01:
        return cell
    return Cell(cell.value, cell.tone, Phrase("annex.in_plan", share=Share(planned)))


def _break(context: AnnexContext, name: str) -> str:
    """Return a short name that may be broken before its last word."""
    short = context.shorten(name).replace("\u00a0", " ")
    for word in ("Augš", "Dienvid"):
        # Compounds that are wider than a column.
        if short.startswith(word) and len(short) > 12:
            short = short.replace(word, f"{word}\u00ad", 1)
    return re.sub(r"(\w{6})(pils)\b", "\\1\u00ad\\2", short)


def _head_group(context: AnnexContext, group: str) -> Cell:
    persons = context.measure(context.groups[group][0])["persons"]
    name = context.group_names.get(group, group)
    if persons is None:
        return Cell(Strong(name), "group")
    return Cell(
        (Strong(name), Muted((" · ", Phrase("annex.persons_of", whole=show_count(persons))))),
        "group",
    )


def name_outside_plan(context: AnnexContext) -> str:
    """Return the municipalities that took no part in the plan, those in part said so."""
    study = context.result.study
    found = np.zeros(len(study.settlements), dtype=bool)
    for group in context.groups:
        found |= study.find_outside_plan(group)
    homes = study.settlements["municipality_id"].to_numpy(dtype=object)
    whole = [
        name for key, name in context.municipalities
        if found[homes == key].any() and found[homes == key].all()
    ]  # fmt: skip
    partly = [
        name for key, name in context.municipalities
        if found[homes == key].any() and not found[homes == key].all()
    ]  # fmt: skip
    return ", ".join(whole + [context.texts("annex.partly", name=name) for name in partly])


def compose_groups(context: AnnexContext) -> Iterator[Section]:
    """Yield a page for every target group: maps, minutes, a table of its services.

    Groups of whose services nobody counts any come last, and need no page of their own.
    """
    for group, services, known in _order_groups(context):
        blocks: list[Block] = []
        first = [gap for gap in context.gaps if gap.target_group == group]
        if first:
            gap = first[0]
            blocks.append(
                Paragraph(
                    Phrase("annex.group_lead", service=context.low(gap.service),
                           outside=say_count(gap.outside), persons=say_count(gap.persons),
                           range=show_range(gap.outside_low, gap.outside_high)),
                    "lead",
                )
            )  # fmt: skip
        if known:
            blocks.append(draw_group(context, group, known))
        blocks.append(_list_services(context, group, services))
        likely = any(context.is_likely(name) for name in known)
        note = (Phrase("annex.group_note"), " " if likely else "",
                Phrase("annex.likely_note") if likely else "")  # fmt: skip
        blocks.append(Paragraph(note, "note"))
        title = context.group_names.get(group, group)
        yield Section(title, tuple(blocks), new_page=bool(known))


def _order_groups(context: AnnexContext) -> list[tuple[str, list[str], list[str]]]:
    """Return the groups with all of their services and those that are known."""
    found = [
        (group, services, [name for name in services if name in context.known])
        for group, services in context.groups.items()
    ]
    return sorted(found, key=lambda one: not one[2])


def _list_services(context: AnnexContext, group: str, services: list[str]) -> Table:
    columns = [
        Column(Phrase("annex.column.service"), width=3.0),
        Column(Phrase("annex.column.limit"), "number", 0.95),
        Column(Phrase("annex.column.facilities"), "number", 1.1),
        Column(Phrase("annex.column.now"), "number", 2.0),
        Column(Phrase("annex.column.planned"), "share", 1.05),
        Column(Phrase("annex.column.suggested"), "share", 1.05),
        Column(Phrase("annex.column.outside"), "number", 1.05),
        Column(Phrase("annex.column.range"), "number", 1.05),
        Column(Phrase("annex.column.places"), "number", 1.3),
    ]
    if not context.has_planned:
        del columns[4]
    rows: list[tuple[object, ...]] = []
    for service in services:
        title = (context.mark(service), context.limits[service])
        if service not in context.known:
            rows.append((*title, Cell(Phrase("annex.nobody_counts"), "unknown",
                                      span=len(columns) - 2)))  # fmt: skip
            continue
        rows.append((*title, *_measure_service(context, service)))
    name = context.group_names.get(group, group)
    return Table(tuple(columns), rows, Phrase("annex.services_caption", group=name))


def _measure_service(context: AnnexContext, service: str) -> Iterator[object]:
    row = context.headline[service]
    found = row["facilities"]
    yield f"{found['operating_in_region']} / {found['planned_in_region']}"
    measured = context.measure(service)
    cell = grade_share(context.share(service))
    whole = Share(measured["covered_share"], measured["covered_share_low"],
                  measured["covered_share_high"])  # fmt: skip
    sign = str(cell.value[0]) if isinstance(cell.value, tuple) else ""
    yield Cell((sign, whole), cell.tone)
    if context.has_planned:
        yield context.share(service, None, "planned")
    now, then = context.share(service), context.share(service, None, "suggested")
    yield then if now is not None and then is not None and then - now > 0.001 else DASH
    yield show_count(context.outside(service))
    yield show_range(context.outside(service, None, "_high"),
                     context.outside(service, None, "_low"))  # fmt: skip
    places, persons = row["places"]["places_operating"], row["persons"]
    yield f"{DASH if places is None else context.texts.number(places)} / " + (
        context.texts.number(persons) if isinstance(persons, int | float) else str(persons or DASH)
    )


def compose_others(context: AnnexContext) -> Section | None:
    """Return the services that are counted besides those of a plan."""
    known = [name for name in context.others if context.headline[name]["supply_known"]]
    if not known:
        return None
    columns = (
        Column(Phrase("annex.column.service"), width=4.4),
        Column(Phrase("annex.column.limit"), "number", 1.0),
        Column(Phrase("annex.column.facilities_now"), "number", 1.0),
        Column(Phrase("annex.column.people_within"), "number", 1.9),
        Column(Phrase("annex.column.known_places"), "number", 1.2),
    )
    rows = []
    for service in known:
        measured = context.measure(service)
        rows.append(
            (
                context.names[service],
                context.limits[service],
                context.headline[service]["facilities"]["operating_in_region"],
                Share(measured["covered_share"], measured["covered_share_low"],
                      measured["covered_share_high"]),
                context.headline[service]["places"]["places_operating"],
            )
        )  # fmt: skip
    silent = [name for name in context.others if name not in known]
    blocks: list[Block] = [Table(columns, rows, Phrase("annex.others_caption"))]
    if silent:
        names = ", ".join(context.names[name] for name in silent)
        blocks.append(Paragraph(Phrase("annex.others_silent", names=names), "note"))
    # Under a page of more than two maps there is no room.
    maps = [len(known) for _, _, known in _order_groups(context) if known]
    return Section(
        Phrase("annex.others"), tuple(blocks), new_page=not maps or maps[-1] > _MAPS_A_ROW
    )
