"""The last pages of an annex: places against persons, method, what is not known, sources."""

from __future__ import annotations

from socaccess.content import (
    DASH,
    Block,
    Column,
    Figure,
    Heading,
    Inline,
    List,
    Pair,
    Paragraph,
    Phrase,
    Section,
    Share,
    Table,
)
from socaccess.documents.annex_context import AnnexContext, show_count
from socaccess.documents.annex_maps import LINE_PT
from socaccess.documents.charts import CapacityRow, draw_capacity
from socaccess.documents.sheets import list_notes

__all__ = ["compose_capacity", "compose_method"]


def compose_capacity(context: AnnexContext) -> Section | None:
    """Return the places that are known against the persons in need."""
    rows, bars = [], []
    for service in context.known:
        row = context.headline[service]
        persons, places = row["persons"], row["places"]["places_operating"]
        unknown = row["places"]["unknown_operating"]
        found = row["facilities"]["operating_in_region"]
        if not found:
            continue
        ratio = None
        if isinstance(persons, int | float) and persons and places is not None:
            ratio = 10 * places / persons
        rows.append((context.mark(service), found, found - (unknown or 0), places,
                     show_count(persons), ratio))  # fmt: skip
        if isinstance(persons, int | float) and places is not None:
            number = context.texts.number
            bars.append(
                CapacityRow(context.low(service), float(places), float(persons),
                            f"{number(places)} / {number(persons)}")
            )  # fmt: skip
    if not rows:
        return None
    texts = context.texts
    blocks: list[Block] = [Paragraph(Phrase("annex.capacity_lead"), "lead")]
    if bars:
        legend = (texts("annex.legend_places"), texts("annex.legend_persons"))
        drawing = draw_capacity(bars, LINE_PT, legend)
        values = "; ".join(f"{bar.name} {bar.shown}" for bar in bars)
        blocks.append(Figure(drawing.svg, Phrase("annex.capacity_alt", values=values),
                             Phrase("annex.capacity_caption")))  # fmt: skip
    columns = (
        Column(Phrase("annex.column.service"), width=4.0),
        Column(Phrase("annex.column.facilities_now"), "number", 1.0),
        Column(Phrase("annex.column.places_stated"), "number", 1.2),
        Column(Phrase("annex.column.known_places"), "number", 1.0),
        Column(Phrase("annex.column.persons"), "number", 1.2),
        Column(Phrase("annex.column.per_ten"), "number", 1.2, 1),
    )
    blocks.append(Table(columns, rows, Phrase("annex.capacity_table")))
    blocks.append(Paragraph(Phrase("annex.capacity_note"), "note"))
    return Section(Phrase("annex.capacity"), tuple(blocks), new_page=True)


def compose_method(context: AnnexContext) -> Section:
    """Return how it was calculated, what is estimated, what is not known, and the sources."""
    study = context.result.study
    settings = study.settings
    counted: list[Inline] = [
        Phrase("annex.method_points", count=len(context.home)) if study.people_are_points
        else Phrase("annex.method_settlements", count=len(study.settlements)),
        Phrase("annex.method_limit"),
        Phrase("annex.method_sites"),
        Phrase("annex.method_planned"),
    ]  # fmt: skip
    estimated: list[Inline] = [Phrase("annex.method_need")] if study.need_is_estimated else []
    estimated += [
        Phrase("annex.method_range", share=Share(settings.time_uncertainty)),
        Phrase("annex.method_likely"),
    ]
    modelled = context.released.headline.get("modelled_share")
    if modelled is not None and study.roads_are_modelled:
        estimated.append(Phrase("annex.method_modelled", share=Share(modelled)))
    silent = [name for name in context.services if name not in context.known]
    unknown: list[Inline] = []
    if silent:
        names = ", ".join(context.low(name) for name in silent)
        unknown.append(Phrase("annex.unknown_services", names=names))
    topics = ("room", "planned") if study.mode != "car" else ("room", "transit", "planned")
    unknown += [Phrase(f"annex.unknown_{name}") for name in topics]
    missing = context.released.headline["not_located"]["facilities"]
    if missing:
        unknown.append(Phrase("annex.unknown_places", number=missing))
    elsewhere = [Phrase("annex.elsewhere_facilities"), Phrase("annex.elsewhere_limits")]
    notes = [(topic, text) for topic, text in list_notes(context.released, context.texts)
             if topic == context.texts("tables.notes.privacy")]  # fmt: skip
    words: list[Inline] = [Phrase("annex.word_limit"), Phrase("annex.word_median")]
    words += [text for _, text in notes]
    left: list[Block] = [
        Heading(Phrase("annex.method_counted")), List(tuple(counted)),
        Heading(Phrase("annex.method_estimated")), List(tuple(estimated)),
    ]  # fmt: skip
    right: list[Block] = [
        Heading(Phrase("annex.method_unknown")), List(tuple(unknown)),
        Heading(Phrase("annex.method_elsewhere")), List(tuple(elsewhere)),
        Heading(Phrase("annex.words")), List(tuple(words)),
    ]  # fmt: skip
    blocks: list[Block] = [
        Paragraph(Phrase(study.by_mode("annex.method_lead", "annex.method_lead_transit")), "lead"),
        Pair(tuple(left), tuple(right), 0.5),
    ]
    targets = _list_targets(context)
    if targets is not None:
        blocks.append(targets)
    sources = tuple(study.attribution.get(context.texts.lang, ()))
    if sources:
        blocks += [Heading(Phrase("annex.sources")), List(sources)]
    return Section(Phrase("annex.method"), tuple(blocks), new_page=True)


def _list_targets(context: AnnexContext) -> Table | None:
    """Return what the plan intends for whom."""
    targets = context.released.headline["targets"]
    if not targets or context.municipality_id is not None:
        return None
    columns = (
        Column(Phrase("annex.column.group"), width=2.6),
        Column(Phrase("annex.column.target_persons"), "number", 0.9),
        Column(Phrase("annex.column.source"), width=5.0),
    )
    rows = [
        (
            context.group_names.get(row["target_group"], row["target_group"]),
            show_count(row["persons"]),
            " ".join(
                str(part)
                for part in (row.get(f"note_{context.texts.lang}"), row.get("source"))
                if part
            )
            or DASH,
        )
        for row in targets
    ]
    return Table(columns, rows, Phrase("annex.targets"))
