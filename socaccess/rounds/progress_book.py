"""The progress report as content: progress by municipality, places, what was changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from socaccess.content import Block, Cell, Column, Document, List, Phrase, Section, Table
from socaccess.encoding import encode_csv
from socaccess.i18n import Texts, sort_key
from socaccess.rounds.form_sheets import ALL_SERVICES
from socaccess.rounds.monitoring import ProgressReport
from socaccess.workbooks import render_workbook

__all__ = ["build_report", "write_report"]

_PERSONS = ("assessed", "recipients", "recipients_before", "share_of_assessed")
_PLACES = {"operating": "operating", "places_operating": "places_operating",
           "operating_unknown": "unknown", "planned": "planned",
           "places_planned": "places_planned", "closed": "closed"}  # fmt: skip


def write_report(
    report: ProgressReport, labels: Mapping[str, str], *, lang: str = "lv"
) -> dict[str, bytes]:
    """Return the files of a report: one workbook for people, and CSV tables with ids.

    Parameters
    ----------
    report
        What to write; hide its small counts first (`hide_report`).
    labels
        Names of services and target groups by code.
    lang
        Language of the workbook.

    Returns
    -------
    dict
        `progress.xlsx`, `persons.csv`, `persons_total.csv`, `places.csv`, `answers.csv`
        as bytes; the same report gives the same bytes.
    """
    tables = {
        "persons.csv": report.persons,
        "persons_total.csv": report.persons_total,
        "places.csv": report.places,
        "answers.csv": report.answers,
    }
    book = render_workbook(
        build_report(report, labels, lang), created=dt.datetime.fromisoformat(report.as_of)
    )
    files = {"progress.xlsx": book}
    for name, table in tables.items():
        files[name] = encode_csv(table.astype(object).map(_plain_number), decimals=4)
    return files


def build_report(report: ProgressReport, labels: Mapping[str, str], lang: str) -> Document:
    """Return a progress report as a document; its sections are the sheets of a workbook."""
    title = Phrase("round.report_title", title=report.title[lang], as_of=report.as_of)
    names = {**labels, ALL_SERVICES: Phrase("round.all_services")}
    notes = [Phrase("round.report_note_cumulative"), Phrase("round.report_note_unknown")]
    if report.hidden_below:
        notes.append(Phrase("round.report_note_small", below=report.hidden_below))
    if report.head:
        notes.append(Phrase("round.report_head", head=report.head))
    said = report.persons[list(_PERSONS[:3])].notna().any(axis=1)
    sections = {
        "progress": (_list_persons(report, report.persons[said], names), List(tuple(notes))),
        "places": (_list_places(report, names), List((Phrase("round.report_note_places"),))),
        "answers": (_list_answers(report, Texts(lang)),),
    }
    blocks: list[Block] = [
        Section(Phrase(f"round.report_{key}"), parts) for key, parts in sections.items()
    ]
    return Document(lang, title, tuple(blocks), footer=title)


def _list_persons(report: ProgressReport, own: pd.DataFrame, names: Mapping[str, Any]) -> Table:
    before = Phrase("round.report_before", as_of=report.before_as_of or "–")
    columns = (
        *_columns("municipality", "group", "service"),
        *_columns("assessed", "recipients", kind="number"),
        Column(before, "number"),
        Column(Phrase("round.report_share"), "share"),
        Column(Phrase("round.report_answered")),
        Column(Phrase("round.report_as_of")),
    )

    def describe(row: dict[str, Any]) -> list[Any]:
        answered = row.get("answered")
        word = None if answered is None else Phrase(f"round.decide_{'yes' if answered else 'no'}")
        return [names.get(row["target_group"], row["target_group"]),
                names.get(row["service"], row["service"]), *(row[n] for n in _PERSONS),
                word, row.get("recipients_as_of") or row.get("assessed_as_of")]  # fmt: skip

    return Table(columns, _list_rows(report.persons_total, own, describe))


def _list_places(report: ProgressReport, names: Mapping[str, Any]) -> Table:
    columns = (
        *_columns("municipality", "service"),
        *(Column(Phrase(f"round.report_{key}"), "number") for key in _PLACES.values()),
    )
    rows = _list_rows(
        report.places_total,
        report.places,
        lambda row: [names.get(row["service"], row["service"]), *(row[name] for name in _PLACES)],
    )
    return Table(columns, rows)


def _list_answers(report: ProgressReport, texts: Texts) -> Table:
    known = texts.family("round.column_")
    heads = ("item", "column", "issued", "said", "decision", "who", "at")
    columns = (*_columns("municipality", "row"),
               *(Column(Phrase(f"round.head_{name}")) for name in heads))  # fmt: skip
    rows = []
    for row in report.answers.astype(object).where(report.answers.notna(), None).to_dict("records"):
        column = str(row["column"]).split(":")[0]
        rows.append((row["municipality_id"], row["row"], row["item"], known.get(column, column),
                     row["issued"], row["said"], Phrase(f"round.decision_{row['decision']}"),
                     row["decided_by"], row["decided_at"]))  # fmt: skip
    return Table(columns, rows)


def _columns(*names: str, kind: str = "text") -> tuple[Column, ...]:
    return tuple(Column(Phrase(f"round.column_{name}"), kind) for name in names)


def _list_rows(total: pd.DataFrame, own: pd.DataFrame, describe: Any) -> Sequence[Sequence[Any]]:
    """Return the region's rows in bold, then those of the municipalities in their order."""
    order = sorted(own.to_dict("records"), key=lambda row: sort_key(str(row["municipality"])))
    whole = [[Phrase("round.report_total"), *describe(row)] for row in total.to_dict("records")]
    return [*([Cell(value, "group") for value in row] for row in whole),
            *([row["municipality"], *describe(row)] for row in order)]  # fmt: skip


def _plain_number(value: Any) -> Any:
    """Return a whole number without a fraction."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
