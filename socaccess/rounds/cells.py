"""Cells of a form as values of the store, or as findings."""

from __future__ import annotations

import re
from typing import Any

from socaccess.i18n import LANGUAGES, Texts, fold
from socaccess.rounds.findings import FAULT, NOTE, Finding, shorten
from socaccess.rounds.known import Known, Meaning
from socaccess.rounds.reading import FormRow
from socaccess.rounds.sheets import MAX_COUNT, MAX_TEXT, STATUSES, YEARS, FormColumn
from socaccess.rounds.workbook import Cell

__all__ = ["read_cell", "show_value"]

_DIGITS = re.compile(r"\d{1,9}")


def read_cell(row: FormRow, column: FormColumn, known: Known) -> tuple[Any, list[Finding]]:
    """Return what a cell says in the store's terms, and what is found in it.

    A cell with a fault says None; so does an empty one.
    """
    cell = row.cell(column.name)
    found: list[Finding] = []

    def report(code: str, level: str = FAULT, **values: object) -> None:
        shown = {name: shorten(value) for name, value in values.items()}
        found.append(Finding(code, level, row.name, column.name, shown))

    value: Any = None
    if cell.kind == "empty":
        pass
    elif cell.kind == "formula":
        report("formula", value=cell.value)
    elif cell.kind == "error":
        report("cell_error", value=cell.value)
    elif column.kind in ("count", "year"):
        value = _read_number(cell, column, known, report)
    else:
        text = _read_text(cell)
        if text is None:
            report("not_text", value=cell.value)
        elif len(text) > MAX_TEXT:
            report("text_too_long", most=MAX_TEXT)
        elif column.kind == "text":
            value = text
        elif column.kind == "status":
            value = _read_status(text, report)
        else:
            value = _read_name(text, column, known, report)
    return value, found


def _read_number(cell: Cell, column: FormColumn, known: Known, report: Any) -> int | None:
    number: float | None = None
    if cell.kind == "number":
        number = float(cell.value)
    elif cell.kind == "text" and _DIGITS.fullmatch(cell.value.replace(" ", "")):
        number = float(cell.value.replace(" ", ""))
    whole = number is not None and number.is_integer()
    if column.kind == "year":
        if not whole or not YEARS[0] <= number <= YEARS[1]:  # type: ignore[operator]
            report("not_a_year", value=cell.value, first=YEARS[0], last=YEARS[1])
            return None
        return int(number)  # type: ignore[arg-type]
    of_persons = column.name != "places"
    most = int(known.population) if of_persons and known.population else MAX_COUNT
    if not whole or number < 0 or (not of_persons and number > most):  # type: ignore[operator]
        report("not_a_count", value=cell.value, most=most)
        return None
    if number > most:  # type: ignore[operator]
        report("more_than_inhabitants", value=cell.value, population=most)
        return None
    return int(number)  # type: ignore[arg-type]


def _read_text(cell: Cell) -> str | None:
    if cell.kind == "text":
        return str(cell.value)
    if cell.kind == "number":
        number = float(cell.value)
        return str(int(number)) if number.is_integer() else str(cell.value)
    return None


def _read_status(text: str, report: Any) -> str | None:
    for status in STATUSES:
        for lang in LANGUAGES:
            label = Texts(lang)(f"round.status_{status}")
            if fold(text) in (fold(label), status):
                if text != label and lang == LANGUAGES[0]:
                    report("other_spelling", NOTE, value=text, known=label)
                return status
    labels = ", ".join(Texts(LANGUAGES[0])(f"round.status_{status}") for status in STATUSES)
    report("unknown_status", value=text, known=labels)
    return None


def _read_name(text: str, column: FormColumn, known: Known, report: Any) -> str | None:
    if column.kind == "service":
        meaning = known.find_service(text)
    elif column.kind == "settlement":
        meaning = known.find_settlement(text)
    else:
        meaning = known.find_municipality(text)
    if not meaning.identity:
        report(f"unknown_{_NOUNS[column.kind]}", value=text, near=_suggest(meaning, known.lang))
        return None
    if meaning.elsewhere:
        report("place_elsewhere", value=text, found=meaning.elsewhere)
        return None
    if column.kind == "municipality" and meaning.identity != known.municipality_id:
        report("facility_elsewhere", found=meaning.name)
        return None
    if meaning.spelled in ("other_spelling", "old_name"):
        report(meaning.spelled, NOTE, value=text, known=meaning.name)
    return meaning.identity


_NOUNS = {"service": "service", "settlement": "place", "municipality": "municipality"}


def _suggest(meaning: Meaning, lang: str) -> str:
    names = ", ".join(meaning.near)
    return Texts(lang)("round.near", names=names) if names else ""


def show_value(column: str, value: Any, known: Known) -> str:
    """Return a value of the store as people read it; nothing for a missing one."""
    if value is None:
        return ""
    if column == "settlement_id":
        row = known.settlements.get(str(value))
        return str(row["name"]) if row else str(value)
    if column == "service":
        return known.label_service(str(value))
    if column == "status":
        return Texts(known.lang)(f"round.status_{value}")
    return str(value)
