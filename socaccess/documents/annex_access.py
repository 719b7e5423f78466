"""A page of the annex: are there places enough, what can nobody replace, who gains."""

from __future__ import annotations

from collections.abc import Iterator

from socaccess.content import (
    Block,
    Cell,
    Column,
    Inline,
    List,
    Number,
    Paragraph,
    Phrase,
    Section,
    Table,
)
from socaccess.documents.annex_context import AnnexContext, say_count, show_count
from socaccess.planning.released_access import (
    list_access,
    list_fairness,
    rank_closing,
    shorten_facility,
)
from socaccess.privacy import mark_untold

__all__ = ["compose_access"]

_SERVICES, _FACILITIES, _CHANGES = 6, 10, 5
"""Services of the matrix, facilities of the ranking, changes told."""


def compose_access(context: AnnexContext) -> Section | None:
    """Return the page on capacity, closing and fairness; None where nothing can be said."""
    blocks: list[Block] = [
        *_compose_places(context), *_compose_closing(context), *_compose_fairness(context)
    ]  # fmt: skip
    if not blocks:
        return None
    return Section(Phrase("annex.access"), tuple(blocks), new_page=True)


def _compose_places(context: AnnexContext) -> Iterator[Block]:
    table = list_access(context.released)
    table = table[table["service"].isin(context.known)]
    if not len(table):
        return
    chosen = [name for name in context.known if name in set(table["service"])][:_SERVICES]
    cells = {
        (row.service, row.municipality_id): _show_places(row.per_100, row.access_note)
        for row in table.itertuples()
    }
    columns = (
        Column(Phrase("annex.column.municipality"), width=2.2),
        *(Column(context.low(name), "number", 1.3) for name in chosen),
    )
    rows = [
        (context.shorten(name), *(cells[service, key] for service in chosen))
        for key, name in context.municipalities
    ]
    yield Paragraph(Phrase("annex.access_lead"), "lead")
    yield Table(columns, rows, Phrase("annex.access_table"))
    yield Paragraph(Phrase("annex.access_note", untold=mark_untold()), "note")


def _show_places(per_100: float, note: str | None) -> Cell | Inline:
    if note == "protected":
        return mark_untold()
    if per_100 != per_100:
        return Cell(None, "unknown")
    # A tenth of a place is not nothing, nor is less than that.
    number: Inline = Number(per_100, 1 if 0 < per_100 < 10 else 0)
    if 0 < per_100 < 0.05:
        number = ("<", Number(0.1, 1))
    return ("≥ ", number) if note == "at_least" else number


def _compose_closing(context: AnnexContext) -> Iterator[Block]:
    table = rank_closing(context.released)
    # Of many municipalities the matrix above takes the room; the workbook has all facilities.
    rows = max(4, _FACILITIES - -(-max(0, len(context.municipalities) - 12) // 3))
    table = table[table["service"].isin(context.known)].head(rows) if len(table) else table
    if not len(table):
        return
    first = table.iloc[0]
    yield Paragraph(
        Phrase(
            "annex.closing_lead",
            facility=shorten_facility(first["name"]),
            service=context.low(first["service"]),
            persons=say_count(first["falls_out"]),
            minutes=Number(first["extra_min"]),
        ),
        "lead",
    )
    columns = (
        Column(Phrase("annex.column.facility"), width=4.2),
        Column(Phrase("annex.column.municipality"), width=1.6),
        Column(Phrase("annex.column.service"), width=2.4),
        Column(Phrase("annex.column.falls_out"), "number", 1.1),
        Column(Phrase("annex.column.extra_min"), "minutes", 1.0),
    )
    cells = [
        (
            shorten_facility(row.name),
            context.shorten(str(row.municipality)),
            context.low(row.service),
            show_count(row.falls_out),
            row.extra_min if row.extra_min == row.extra_min else None,
        )
        for row in table.drop(columns="rank").itertuples(index=False)
    ]
    yield Table(columns, cells, Phrase("annex.closing_table"))


def _compose_fairness(context: AnnexContext) -> Iterator[Block]:
    table = list_fairness(context.released)
    if len(table):
        table = table[(table["gain"] >= 1) & table["service"].isin(context.known)]
    lines: list[Inline] = [
        Phrase(
            "annex.fairness_line",
            service=context.label(row.service),
            now=Number(row.worst_decile_now),
            then=Number(row.worst_decile_suggested),
            gini_now=Number(row.gini_now, 2),
            gini_then=Number(row.gini_suggested, 2),
        )
        # Under the longest matrix there is room for two.
        for row in table.head(_CHANGES if len(context.municipalities) <= 24 else 2).itertuples()
    ]
    if lines:
        yield Paragraph(Phrase("annex.fairness_lead"), "lead")
        yield List(tuple(lines))
        yield Paragraph(Phrase("annex.fairness_note"), "note")
