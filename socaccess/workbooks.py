"""Content as a workbook: a sheet per section, formulas alive, the same bytes every time.

A cell of the tree may say by which formula a spreadsheet comes to its value. Formulas name
other cells by the table and its place in it, `[need:0:2]` the third cell of the first row and
`[need:*:2]` the whole column; which cells these are is known once every sheet is laid out.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from socaccess.content import (
    CREATED,
    Block,
    Cell,
    Column,
    Document,
    Heading,
    List,
    Paragraph,
    Rendering,
    Section,
    Table,
)
from socaccess.encoding import open_workbook

__all__ = ["render_workbook"]

_FORMATS = {"share": "0 %", "minutes": "0.0"}
_REFERENCE = re.compile(r"\[([a-z_]+):(\*|\d+):(\d+)\]")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_TITLE_ROWS = 3
_MOST_NAME, _MOST_WIDTH = 31, 60.0


def render_workbook(document: Document, *, created: dt.datetime = CREATED) -> bytes:
    """Return a document as XLSX: each section is a sheet, named by its title.

    Numbers stay numbers, hidden counts stand as marks, texts never become formulas;
    headings of a sheet's first table stay in view. Figures and bars are left out.

    Parameters
    ----------
    document
        What stands in it; blocks outside sections are left out.
    created
        What the file says of its making.

    Examples
    --------
    >>> rows = [("a", 2.0), ("all", Cell(2.0, formula="=SUM([one:0:1])"))]
    >>> table = Table((Column("Name"), Column("Persons", "number")), rows, key="one")
    >>> book = render_workbook(Document("en", "Sums", (Section("First", (table,)),)))
    >>> book[:2]
    b'PK'
    """
    rendering = Rendering.of(document)
    sections = [block for block in document.blocks if isinstance(block, Section)]
    names = _name_sheets([rendering.plain(section.title) for section in sections])
    places = {
        block.key: (name, row + 1, len(block.rows))
        for name, section in zip(names, sections, strict=True)
        for row, block in _lay_out(section)
        if isinstance(block, Table) and block.key
    }
    sink = io.BytesIO()
    book = open_workbook(
        sink, properties={"title": rendering.plain(document.title), "created": created}
    )
    writer = _Writer(book, rendering, places)
    for name, section in zip(names, sections, strict=True):
        about, warning = rendering.plain(document.title), rendering.plain(document.warning)
        writer.write_sheet(name, section, about, warning)
    book.close()
    return sink.getvalue()


def _name_sheets(titles: list[str]) -> list[str]:
    """Return names a spreadsheet takes: short, of its signs, no two alike."""
    names: list[str] = []
    for title in titles:
        name = short = _FORBIDDEN.sub(" ", title).strip("' ")[:_MOST_NAME].strip()
        number = 1
        while short.lower() in {other.lower() for other in names}:
            number += 1
            short = f"{name[: _MOST_NAME - 3]} {number}"
        names.append(short)
    return names


def _lay_out(section: Section) -> Iterator[tuple[int, Block]]:
    """Yield each block with its row; of a table that of its headings."""
    row = _TITLE_ROWS
    for block in section.blocks:
        if isinstance(block, Section):
            yield row, Heading(block.title)
            for inner, part in _lay_out(block):
                yield inner - _TITLE_ROWS + row + 1, part
            row += 1 + _count_rows(block) - _TITLE_ROWS
            continue
        if isinstance(block, Table) and block.caption:
            yield row, Heading(block.caption)
            row += 1
        yield row, block
        row += _height(block)


def _count_rows(section: Section) -> int:
    return max((row + _height(block) for row, block in _lay_out(section)), default=_TITLE_ROWS)


def _height(block: Block) -> int:
    if isinstance(block, Table):
        return len(block.rows) + 2
    return len(block.items) if isinstance(block, List) else 1


class _Writer:
    def __init__(
        self, book: Any, rendering: Rendering, places: dict[str, tuple[str, int, int]]
    ) -> None:
        self.book, self.rendering, self.places = book, rendering, places
        self.formats: dict[tuple[str, bool], Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#D9E2EC", "border": 1}
        )
        self.note = book.add_format({"italic": True})

    def write_sheet(self, name: str, section: Section, about: str, warning: str) -> None:
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, self.rendering.plain(section.title), self.title)
        sheet.write_string(1, 0, about, self.note)
        widths: dict[int, float] = {}
        frozen = False
        for row, block in _lay_out(section):
            if isinstance(block, Table):
                for at, width in enumerate(self.rendering.widths(block)):
                    widths[at] = min(max(widths.get(at, 0.0), width), _MOST_WIDTH)
                self._write_table(sheet, row, block)
                if not frozen and block.rows:
                    sheet.freeze_panes(row + 1, 1)
                frozen = True
            elif isinstance(block, Paragraph | Heading):
                style = self._format("", strong=isinstance(block, Heading))
                text = self.rendering.plain(block.text)
                sheet.write_string(row, 0, text, style if isinstance(block, Heading) else self.note)
            elif isinstance(block, List):
                for at, item in enumerate(block.items):
                    sheet.write_string(row + at, 0, self.rendering.plain(item), self.note)
        for at, width in widths.items():
            sheet.set_column(at, at, width)
        if warning:
            sheet.set_header(f"&C{warning.replace('&', '&&')}")
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _write_table(self, sheet: Any, top: int, table: Table) -> None:
        for at, column in enumerate(table.columns):
            sheet.write_string(top, at, self.rendering.plain(column.title), self.head)
        for number, values in enumerate(table.rows, start=top + 1):
            for at, value in enumerate(values):
                self._write_cell(sheet, number, at, value, table.columns[at])

    def _write_cell(self, sheet: Any, row: int, at: int, value: Any, column: Column) -> None:
        strong, formula = False, ""
        if isinstance(value, Cell):
            strong, formula, value = value.tone == "group", value.formula, value.value
        kind, decimals = column.kind, column.decimals
        missing = value is None or value != value
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            style = self._format(_FORMATS.get(kind, "#,##0" + "." * bool(decimals) + "0" * decimals)
                                 if kind != "text" else "", strong=strong)  # fmt: skip
            if formula:
                sheet.write_formula(row, at, self._resolve(formula), style, float(value))
            elif not missing:
                sheet.write_number(row, at, float(value), style)
        elif not missing:
            text = self.rendering.cell_text(value, column)
            sheet.write_string(row, at, text, self._format("", strong=strong))

    def _format(self, form: str, *, strong: bool) -> Any:
        key = (form, strong)
        if key not in self.formats:
            look = {"bold": strong, **({"num_format": form} if form else {"valign": "top"})}
            self.formats[key] = self.book.add_format(look)
        return self.formats[key]

    def _resolve(self, formula: str) -> str:
        """Return a formula with the cells it speaks of."""
        from xlsxwriter.utility import xl_col_to_name

        def find(match: re.Match[str]) -> str:
            name, first, rows = self.places[match[1]]
            letter = xl_col_to_name(int(match[3]))
            sheet = "'" + name.replace("'", "''") + "'"
            if match[2] == "*":
                return f"{sheet}!${letter}${first + 1}:${letter}${first + rows}"
            return f"{sheet}!{letter}{first + int(match[2]) + 1}"

        return _REFERENCE.sub(find, formula)
