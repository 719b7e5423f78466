"""The cells of a form: what each says in the terms of the store, and what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from socaccess.i18n import LANGUAGES, Texts, fold
from socaccess.rounds.context import SPELLINGS, FormContext, Meaning
from socaccess.rounds.form_sheets import CHOICES, FormColumn, label_choice
from socaccess.rounds.forms import MAX_COUNT, MAX_TEXT, YEARS
from socaccess.rounds.workbook import FAULT, NOTE, Cell, Finding, FormRow

__all__ = ["make_reporter", "read_cell", "show_value"]

_DIGITS = re.compile(r"\d{1,9}|\d{1,3}(?: \d{3}){1,2}")
"""A whole number, with or without a space before each three digits: "1 20" is none."""


def read_cell(row: FormRow, column: FormColumn, known: FormContext) -> tuple[Any, list[Finding]]:
    """Return what a cell says in the store's terms, and what is found in it.

    A cell with a fault says None; so does an empty one.
    """
    cell = row.cell(column.name)
    found: list[Finding] = []
    report = make_reporter(row, found, column.name)
    value: Any = None
    if cell.kind == "empty":
        pass
    elif cell.kind == "formula":
        report("form.formula", value=cell.value)
    elif cell.kind == "error":
        report("form.cell_error", value=cell.value)
    elif column.kind in ("count", "year"):
        value = _read_number(cell, column, known, report)
    elif column.kind == "amount":
        value = _read_amount(cell, report)
    else:
        text = _read_cell_text(cell)
        if text is None:
            report("form.not_text", value=cell.value)
        elif len(text) > MAX_TEXT:
            report("form.text_too_long", most=MAX_TEXT)
        elif column.kind == "text":
            value = text
        elif column.kind in CHOICES:
            value = _read_choice(text, column.kind, report)
        else:
            value = _read_name(text, column, known, report)
    return value, found


def _read_number(cell: Cell, column: FormColumn, known: FormContext, report: Any) -> int | None:
    number: float | None = None
    if cell.kind == "number":
        number = float(cell.value)
    elif cell.kind == "text" and _DIGITS.fullmatch(cell.value):
        number = float(cell.value.replace(" ", ""))
    whole = number is not None and number.is_integer()
    if column.kind == "year":
        if not whole or not YEARS[0] <= number <= YEARS[1]:  # type: ignore[operator]
            report("form.not_a_year", value=cell.value, first=YEARS[0], last=YEARS[1])
            return None
        return int(number)  # type: ignore[arg-type]
    of_persons = column.name not in ("places", "rank")
    most = int(known.population) if of_persons and known.population else MAX_COUNT
    if not whole or number < 0 or (not of_persons and number > most):  # type: ignore[operator]
        report("form.not_a_count", value=cell.value, most=most)
        return None
    if number > most:  # type: ignore[operator]
        report("form.more_than_inhabitants", value=cell.value, population=most)
        return None
    return int(number)  # type: ignore[arg-type]


def _read_cell_text(cell: Cell) -> str | None:
    if cell.kind == "text":
        return str(cell.value)
    if cell.kind == "number":
        number = float(cell.value)
        return str(int(number)) if number.is_integer() else str(cell.value)
    return None


_AMOUNT = re.compile(r"(\d{1,9}|\d{1,3}(?: \d{3}){1,2})(?:[.,](\d{1,2}))?(?: ?(?:€|EUR|eur))?")
"""An amount of money, with a comma or a point, to the cent, with or without its sign."""


def _read_amount(cell: Cell, report: Any) -> float | None:
    if cell.kind == "number" and math.isfinite(cell.value) and 0 <= cell.value < 1e9:
        return round(float(cell.value), 2)
    found = _AMOUNT.fullmatch(cell.value) if cell.kind == "text" else None
    if found is None:
        report("form.not_an_amount", value=cell.value)
        return None
    return float(f"{found[1].replace(' ', '')}.{found[2] or 0}")


def _read_choice(text: str, kind: str, report: Any) -> str | None:
    for word in CHOICES[kind]:
        for lang in LANGUAGES:
            label = label_choice(kind, word, lang)
            if fold(text) in (fold(label), word):
                if text != label and lang == LANGUAGES[0]:
                    report("form.other_spelling", NOTE, value=text, known=label)
                return word
    labels = ", ".join(label_choice(kind, word, LANGUAGES[0]) for word in CHOICES[kind])
    report("form.unknown_status", value=text, known=labels)
    return None


def _read_name(text: str, column: FormColumn, known: FormContext, report: Any) -> str | None:
    if column.kind == "service":
        meaning = known.find_service(text)
    elif column.kind == "settlement":
        meaning = known.find_settlement(text)
    else:
        meaning = known.find_municipality(text)
    if not meaning.identity:
        report(_UNKNOWN[column.kind], value=text, near=_suggest(meaning, known.lang))
        return None
    if meaning.elsewhere:
        report("form.place_elsewhere", value=text, found=meaning.elsewhere)
        return None
    if column.kind == "municipality" and meaning.identity != known.municipality_id:
        report("form.facility_elsewhere", found=meaning.name)
        return None
    if meaning.spelled in SPELLINGS:
        report(SPELLINGS[meaning.spelled], NOTE, value=text, known=meaning.name)
    return meaning.identity


_UNKNOWN = {
    "service": "form.unknown_service",
    "settlement": "form.unknown_place",
    "municipality": "form.unknown_municipality",
}


def _suggest(meaning: Meaning, lang: str) -> str:
    names = ", ".join(meaning.near)
    return Texts(lang)("round.near", names=names) if names else ""


def show_value(column: str, value: Any, known: FormContext) -> str:
    """Return a value of the store as people read it; nothing for a missing one."""
    if value is None:
        return ""
    if column == "settlement_id":
        row = known.settlements.get(str(value))
        return str(row["name"]) if row else str(value)
    if column == "service":
        return known.label_service(str(value))
    if column in CHOICES:
        return label_choice(column, str(value), known.lang)
    if column in ("amount", "price"):
        return Texts(known.lang).number(float(value), decimals=2)
    return str(value)


def make_reporter(row: FormRow, found: list[Finding], within: str = "") -> Callable[..., None]:
    """Return what notes a finding of a row, and of a column of it."""

    def report(code: str, level: str = FAULT, *, column: str = within, **values: object) -> None:
        found.append(Finding(code, level, row.name, column=column, **values))

    return report
