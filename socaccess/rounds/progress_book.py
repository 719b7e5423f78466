"""The progress report as a workbook people read."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.encoding import open_workbook
from socaccess.i18n import Texts, sort_key
from socaccess.rounds.forms import ALL_SERVICES

if TYPE_CHECKING:
    from socaccess.rounds.monitoring import ProgressReport

__all__ = ["write_book"]


def write_book(report: ProgressReport, labels: Mapping[str, str], texts: Texts) -> bytes:
    """Return the workbook: progress by municipality, places, and what was changed."""
    sink = io.BytesIO()
    book = open_workbook(sink)
    book.set_properties({"created": dt.datetime.fromisoformat(report.as_of)})
    title = texts("round.report_title", title=report.title[texts.lang], as_of=report.as_of)
    styles = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top",
                                 "bg_color": "#D9E2EC", "border": 1}),
        "total": book.add_format({"bold": True}),
        "share": book.add_format({"num_format": "0 %"}),
        "total_share": book.add_format({"num_format": "0 %", "bold": True}),
        "note": book.add_format({"italic": True}),
    }  # fmt: skip
    _write_persons(book, report, labels, texts, styles, title)
    _write_places(book, report, labels, texts, styles, title)
    _write_answers(book, report, texts, styles)
    book.close()
    return sink.getvalue()


def _write_persons(
    book: Any,
    report: ProgressReport,
    labels: Mapping[str, str],
    texts: Texts,
    styles: dict[str, Any],
    title: str,
) -> None:
    sheet = book.add_worksheet(texts("round.report_progress"))
    sheet.write_string(0, 0, title, styles["title"])
    before = texts("round.report_before", as_of=report.before_as_of or "–")
    heads = [texts(f"round.column_{n}") for n in ("municipality", "group", "service", "assessed",
             "recipients")]  # fmt: skip
    heads += [before, texts("round.report_share"), texts("round.report_answered")]
    _write_heads(sheet, heads, (24, 44, 44, 14, 18, 18, 14, 12), styles)
    names = {**labels, ALL_SERVICES: texts("round.all_services")}
    number = 3
    total = report.persons_total.assign(municipality=texts("round.report_total"), answered=None)
    own = report.persons.copy()
    said = own[["assessed", "recipients", "recipients_before"]].notna().any(axis=1)
    own = own[said].sort_values(
        "municipality", key=lambda column: column.map(sort_key), kind="stable"
    )
    for table, style, share in ((total, styles["total"], styles["total_share"]),
                                (own, None, styles["share"])):  # fmt: skip
        for row in table.to_dict("records"):
            cells = [row["municipality"], names.get(row["target_group"], row["target_group"]),
                     names.get(row["service"], row["service"]), row["assessed"],
                     row["recipients"], row["recipients_before"]]  # fmt: skip
            for position, value in enumerate(cells):
                _write_cell(sheet, number, position, value, style)
            _write_cell(sheet, number, 6, row["share_of_assessed"], share)
            if row["answered"] is not None:
                answered = texts("round.decide_yes" if row["answered"] else "round.decide_no")
                _write_cell(sheet, number, 7, answered, style)
            number += 1
    notes = ["cumulative", "unknown"]
    for position, note in enumerate(notes):
        sheet.write_string(
            number + 1 + position, 0, texts(f"round.report_note_{note}"), styles["note"]
        )
    if report.hidden_below:
        text = texts("round.report_note_small", below=report.hidden_below)
        sheet.write_string(number + 1 + len(notes), 0, text, styles["note"])


def _write_places(
    book: Any,
    report: ProgressReport,
    labels: Mapping[str, str],
    texts: Texts,
    styles: dict[str, Any],
    title: str,
) -> None:
    sheet = book.add_worksheet(texts("round.report_places"))
    sheet.write_string(0, 0, title, styles["title"])
    columns = ("operating", "places_operating", "operating_unknown", "planned", "places_planned",
               "closed")  # fmt: skip
    keys = ("operating", "places_operating", "unknown", "planned", "places_planned", "closed")
    heads = [texts("round.column_municipality"), texts("round.column_service")]
    heads += [texts(f"round.report_{key}") for key in keys]
    _write_heads(sheet, heads, (24, 50, 12, 12, 16, 12, 12, 12), styles)
    number = 3
    total = report.places_total.assign(municipality=texts("round.report_total"))
    own = report.places.sort_values(
        "municipality", key=lambda column: column.map(lambda name: sort_key(str(name))),
        kind="stable",
    )  # fmt: skip
    for table, style in ((total, styles["total"]), (own, None)):
        for row in table.to_dict("records"):
            cells = [row["municipality"], labels.get(row["service"], row["service"])]
            cells += [row[name] for name in columns]
            for position, value in enumerate(cells):
                _write_cell(sheet, number, position, value, style)
            number += 1
    sheet.write_string(number + 1, 0, texts("round.report_note_places"), styles["note"])


def _write_answers(book: Any, report: ProgressReport, texts: Texts, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(texts("round.report_answers"))
    heads = [texts("round.column_municipality"), texts("round.column_row")]
    heads += [texts(f"round.head_{n}") for n in ("item", "column", "issued", "said", "decision",
              "who", "at")]  # fmt: skip
    for position, head in enumerate(heads):
        sheet.write_string(0, position, head, styles["head"])
    sheet.set_column(0, 1, 12)
    sheet.set_column(2, 2, 60)
    sheet.set_column(3, 8, 20)
    for number, row in enumerate(report.answers.to_dict("records"), start=1):
        column = str(row["column"]).split(":")[0]
        known = texts.raw("round.column_")
        cells = [row["municipality_id"], row["row"], row["item"], known.get(column, column),
                 row["issued"], row["said"], texts(f"round.decision_{row['decision']}"),
                 row["decided_by"], row["decided_at"]]  # fmt: skip
        for position, value in enumerate(cells):
            _write_cell(sheet, number, position, value, None)


def _write_heads(
    sheet: Any, heads: list[str], widths: tuple[int, ...], styles: dict[str, Any]
) -> None:
    for position, (head, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(position, position, width)
        sheet.write_string(2, position, head, styles["head"])
    sheet.freeze_panes(3, 1)


def _write_cell(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    if value is None or pd.isna(value):
        return
    if isinstance(value, str):
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_number(row, column, float(value), style)
