"""Values as planners write them, as our values: every change told, cell by cell."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import Problem, UnknownNameError
from socaccess.i18n import fold
from socaccess.schemas import TableForm
from socaccess.sources.headings import STATUS_WORDS
from socaccess.sources.reference import Reference

__all__ = ["Change", "clean_cells", "name_municipalities"]

_SERIAL_DAYS = (14_611.0, 73_050.0)
"""Days since 1899-12-30 that are taken for a spreadsheet's date: the years 1940 to 2099."""

_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
_DATE = re.compile(r"[\d\s.:/\-TZ]+|.*\bgad\w*.*", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """One cell that was read as something else than stands there.

    Parameters
    ----------
    row
        Position of the row, from 0.
    column
        The column by our name.
    before, after
        What stands there, and what it was taken for.
    why
        Why: `code`, `status`, `municipality`, `year`, `serial_date`, `number`, `spelling`,
        `axes` or `place`.
    """

    row: int
    column: str
    before: object
    after: object
    why: str


def clean_cells(
    frame: pd.DataFrame, form: TableForm, reference: Reference
) -> tuple[pd.DataFrame, list[Change]]:
    """Return a table with statuses, services, years and flags as we write them, and every change.

    What is not understood stays as it is, for the check of the form to find.
    """
    changes: list[Change] = []
    cleaned = frame.copy()

    def clean(column: str, read: Callable[[Any], tuple[Any, str]]) -> None:
        if column not in cleaned:
            return
        values = []
        for row, value in enumerate(cleaned[column]):
            after, why = (value, "") if _is_blank(value) else read(value)
            values.append(after)
            if why:
                changes.append(Change(row, column, value, after, why))
        cleaned[column] = pd.Series(values, index=cleaned.index, dtype=object)

    if form.name == "facilities":
        clean("status", _read_status)
    if form.name in ("facilities", "need") and reference.service_codes:
        clean("service", lambda value: _read_service(value, reference.service_codes))
    for column in form.columns:
        if column.kind == "year":
            clean(column.name, _read_year)
    if form.name == "service_types":
        cleaned = _fill_names(cleaned)
    return cleaned, changes


def _fill_names(types: pd.DataFrame) -> pd.DataFrame:
    """Return service types named in both languages where they are named in one, or in `name`."""
    given = [name for name in ("name_en", "name_lv", "name") if name in types]
    for column in ("name_lv", "name_en"):
        if given and column not in types:
            types = types.assign(**{column: types[given[0]]})
    return types


def name_municipalities(
    frame: pd.DataFrame, where: str, names: list[str], reference: Reference
) -> tuple[pd.DataFrame, list[Problem], list[Change]]:
    """Return a table with `municipality_id`, whether it gives ids or names, old ones included."""
    given = [name for name in ("municipality_id", "municipality") if name in frame]
    if not given or reference.municipalities is None:
        return frame, [], []
    column = given[0]
    if len(given) > 1:
        # A row without an id may still give a name.
        blank = frame[column].map(_is_blank)
        if (blank & ~frame[given[1]].map(_is_blank)).any():
            frame = frame.assign(**{column: frame[column].where(~blank, frame[given[1]])})
    ids: dict[str, str | None] = {}
    unknown: dict[str, str] = {}
    for word in frame[column].dropna().map(str).unique():
        try:
            ids[word] = reference.find_municipality(_strip_decimals(word))
        except UnknownNameError as error:
            ids[word], unknown[word] = None, str(error)
    written = frame[column].map(str).to_numpy()
    problems = [
        Problem(
            message,
            f"{where}, column {column!r}",
            tuple(names[i] for i in np.flatnonzero(written == word)),
        )
        for word, message in unknown.items()
    ]
    codes = frame[column].map(lambda word: None if _is_blank(word) else ids.get(str(word)))
    changes = [
        Change(row, "municipality_id", before, after, "municipality")
        for row, (before, after) in enumerate(zip(frame[column], codes, strict=True))
        if isinstance(after, str) and str(before) != after
    ]
    # A name that was not understood keeps its own problem, not a second one of being missing.
    return (
        frame.assign(municipality_id=codes.where(codes.notna(), frame[column])),
        problems,
        changes,
    )


def _read_status(value: object) -> tuple[object, str]:
    word = STATUS_WORDS.get(fold(str(value)))
    return (value, "") if word is None else (word, "status")


def _read_service(value: object, codes: dict[str, str]) -> tuple[object, str]:
    text = str(value).strip()
    key = fold(text).replace("-", "_")
    code = codes.get(fold(text), codes.get(key, codes.get(key.replace(" ", "_"))))
    return (text, "") if code is None or code == text else (code, "code")


def _read_year(value: object) -> tuple[object, str]:
    """Return the year of a date, of a spreadsheet's serial date, or of words that hold one."""
    if isinstance(value, dt.date | dt.datetime | pd.Timestamp):
        return value.year, "year"
    text = str(value).strip()
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        years = _YEAR.findall(text) if _DATE.fullmatch(text) else []
        return (int(years[0]), "year") if len(set(years)) == 1 else (value, "")
    if _SERIAL_DAYS[0] <= number <= _SERIAL_DAYS[1]:
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(number))
        return day.year, "serial_date"
    return value, ""


def _strip_decimals(word: str) -> str:
    """Return a code that a spreadsheet made a number of as the code again."""
    word = word.strip()
    whole = word.removesuffix(".0")
    return whole if whole.isdigit() else word


def _is_blank(value: object) -> bool:
    return (
        value is None
        or value is pd.NaT
        or value is pd.NA
        or (isinstance(value, float) and np.isnan(value))
        or str(value).strip() == ""
    )
