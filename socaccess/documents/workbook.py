"""The workbook: one sheet a question, ready to be filtered, the same to the byte every time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.content import CREATED
from socaccess.documents.sheets import list_sheets
from socaccess.documents.tables import warn_of_small_counts
from socaccess.encoding import open_workbook
from socaccess.i18n import Texts

if TYPE_CHECKING:
    from socaccess.study.release import Release

__all__ = ["HEADER_ROW", "write_workbook"]

HEADER_ROW = 2
"""Row of the headings, counted from 0: above it stand the question and the area."""

_FORMATS = {"_share": "0.0%", "share_": "0.0%", "_min": "0.0", "_km": "0.0", "gap": "0.00%"}
_WHOLE = ("limit_min", "population", "persons", "rows", "places", "unknown", "operating",
          "planned", "suggested", "rank", "status_year", "covered_now", "covered_planned",
          "covered_suggested", "gain", "falls_out", "unreachable", "moving", "without_place",
          "place_unknown")  # fmt: skip
_BARS = ("covered_share", "share_now", "share_planned", "share_suggested", "population_share",
         "over_min")  # fmt: skip
_WIDTHS = {"service_name": 40, "target_group": 34, "municipality": 22, "settlement": 24,
           "name": 44, "facility": 40, "to_facility": 40, "institution": 36, "address": 28,
           "source": 40, "places_basis": 26, "from_municipality": 22, "to_municipality": 22,
           "reason": 28, "access_note": 48, "next_facility": 40}  # fmt: skip


def write_workbook(released: Release, target: Path | io.BytesIO, *, lang: str = "lv") -> None:
    """Write the tables of a release as XLSX.

    Each sheet says on top what it answers; the headings stay in view and can be filtered
    by. Shares have bars, hidden counts stand as marks, the last sheet holds the sources.
    """
    texts = Texts(lang)
    sheets = list_sheets(released, texts)
    warning = warn_of_small_counts(released, texts)
    area = released.result.study.title[lang]
    properties = {
        "title": texts("tables.title"),
        "subject": area,
        "author": "socaccess",
        "comments": warning,
        "created": CREATED,
    }
    book = open_workbook(target, properties=properties)
    styles = _Styles(book)
    for name, table in sheets.items():
        sheet = book.add_worksheet(texts(f"tables.sheet.{name}"))
        if name == "sites" and len(table):
            # The book opens at what to build.
            sheet.activate()
        if name in ("notes", "origins"):
            _write_notes(sheet, table, styles)
        else:
            question = texts(f"tables.question.{name}")
            _write_table(sheet, table, styles, texts, question, f"{area}. {warning}".strip(". "))
        if warning:
            sheet.set_header(f"&C{warning.replace('&', '&&')}")
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&P / &N")
    book.close()


class _Styles:
    def __init__(self, book: Any) -> None:
        self.book = book
        self.question = book.add_format({"bold": True, "font_size": 14})
        self.area = book.add_format({"italic": True, "font_color": "#4E5D67"})
        self.heading = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#E6F0F5",
             "bottom": 2}
        )  # fmt: skip
        self.text = book.add_format({"valign": "top"})
        self.wrap = book.add_format({"valign": "top", "text_wrap": True})
        self.mark = book.add_format({"align": "right", "font_color": "#4E5D67"})
        self._numbers: dict[str, Any] = {}

    def number(self, form: str) -> Any:
        if form not in self._numbers:
            self._numbers[form] = self.book.add_format({"num_format": form, "valign": "top"})
        return self._numbers[form]


def _write_table(
    sheet: Any, table: pd.DataFrame, styles: _Styles, texts: Texts, question: str, area: str
) -> None:
    sheet.write_string(0, 0, question, styles.question)
    sheet.write_string(1, 0, area, styles.area)
    sheet.set_row(HEADER_ROW, 48)
    first, last = HEADER_ROW + 1, HEADER_ROW + len(table)
    for place, name in enumerate(table.columns):
        sheet.set_column(place, place, _WIDTHS.get(name, 13))
        sheet.write_string(HEADER_ROW, place, texts(f"tables.column.{name}"), styles.heading)
    columns = [table[name].tolist() for name in table.columns]
    forms = [styles.number(_find_format(name)) for name in table.columns]
    words = [styles.mark if _is_numeric(column) else styles.text for column in columns]
    # Row by row: nothing of a large table is kept in memory.
    for row, values in enumerate(zip(*columns, strict=True), start=first):
        for place, value in enumerate(values):
            if value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(row, place, value, words[place])
            else:
                sheet.write_number(row, place, _plain(value), forms[place])
    for place, name in enumerate(table.columns):
        if name in _BARS and len(table):
            sheet.conditional_format(
                first, place, last, place,
                {"type": "data_bar", "bar_color": "#97C6DD", "bar_solid": True, "min_type": "num",
                 "min_value": 0, **({} if name == "over_min" else {"max_type": "num",
                                                                    "max_value": 1})},
            )  # fmt: skip
    sheet.freeze_panes(HEADER_ROW + 1, min(2, len(table.columns)))
    if len(table.columns):
        sheet.autofilter(HEADER_ROW, 0, max(last, HEADER_ROW), len(table.columns) - 1)
    sheet.repeat_rows(HEADER_ROW)


def _write_notes(sheet: Any, table: pd.DataFrame, styles: _Styles) -> None:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 120)
    for place, name in enumerate(table.columns):
        sheet.write_string(0, place, str(name), styles.heading)
    for row, values in enumerate(table.itertuples(index=False), start=1):
        for place, value in enumerate(values):
            sheet.write_string(row, place, str(value), styles.wrap)
    sheet.freeze_panes(1, 0)


def _find_format(name: str) -> str:
    if name.startswith(_WHOLE):
        return "#,##0" if name not in ("status_year", "rank") else "0"
    if name in ("lon", "lat"):
        return "0.00000"
    for part, form in _FORMATS.items():
        if part in name:
            return form
    return "General"


def _is_numeric(column: list[Any]) -> bool:
    """Return whether a column holds numbers, with or without marks among them."""
    return any(not isinstance(value, str) for value in column if value is not None)


def _plain(value: Any) -> float | int:
    return value.item() if isinstance(value, np.generic) else value
