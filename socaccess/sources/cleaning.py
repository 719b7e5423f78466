"""Values as planners write them, as ours: every change stated, cell by cell."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import Problem, UnknownNameError
from socaccess.i18n import fold
from socaccess.schemas import TableForm, pick_rows, read_numbers
from socaccess.sources.reference import Reference

__all__ = ["STATUS_WORDS", "Change", "clean_cells", "name_municipalities", "part_services"]

STATUS_WORDS = {
    "darbojas": "operating",
    "darbiba": "operating",
    "atverts": "operating",
    "active": "operating",
    "planots": "planned",
    "planota": "planned",
    "tiek planots": "planned",
    "slegts": "closed",
    "slegta": "closed",
    "nedarbojas": "closed",
    "inactive": "closed",
    "sniedz": "operating",
    "tiek sniegts": "operating",
    "nesniedz": "closed",
    "netiek sniegts": "closed",
    "partraukts": "closed",
    "izbeigts": "closed",
}
"""What statuses are called, without diacritics and case."""


_SERIAL_DAYS = (14_611.0, 73_050.0)
"""Days since 1899-12-30 that are taken for a spreadsheet's date: the years 1940 to 2099."""

_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
_DATE = re.compile(r"[\d\s.:/\-TZ]+|.*\bgad\w*.*", re.IGNORECASE)


REASONS = {
    "code": "sources.why_code",
    "status": "sources.why_status",
    "municipality": "sources.why_municipality",
    "year": "sources.why_year",
    "serial_date": "sources.why_serial_date",
    "number": "sources.why_number",
    "zeros": "sources.why_zeros",
    "spaces": "sources.why_spaces",
    "spelling": "sources.why_spelling",
    "axes": "sources.why_axes",
    "place": "sources.why_place",
}
"""Why a cell was read as something else, and the code of its sentence."""


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
        Why: a key of `REASONS`.
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
        elif column.kind in ("number", "integer") and column.name in cleaned:
            read = read_numbers(cleaned[column.name])
            for row in np.flatnonzero(read.grouped).tolist():
                before, after = cleaned[column.name].iloc[row], float(read.values[row])
                changes.append(Change(row, column.name, before, after, "number"))
            values = pd.Series(read.values, index=cleaned.index).astype(object)
            cleaned[column.name] = cleaned[column.name].astype(object).mask(read.grouped, values)
    if reference.settlements is not None and form.name in ("need", "people", "candidates"):
        ids = {str(key).lstrip("0"): str(key) for key in reference.settlements["settlement_id"]}
        clean("settlement_id", lambda value: _read_code(value, ids))
    if form.name == "service_types":
        cleaned = _fill_names(cleaned)
    return cleaned, changes


def part_services(
    frame: pd.DataFrame,
    row_names: Sequence[object],
    codes: Mapping[str, str],
    where: str,
) -> tuple[pd.DataFrame, Sequence[object], list[Problem]]:
    """Return facilities with one row per service where a cell names several that are known.

    The rows made of one keep its id as their `site_id`, get ids of their own, and stay one
    site; row names follow. A cell is parted only where every part is a service.
    """
    if "service" not in frame or not codes:
        return frame, row_names, []
    parts = [_list_services(value, codes) for value in frame["service"]]
    counts = np.array([len(part) for part in parts])
    if (counts <= 1).all():
        return frame, row_names, []
    at = np.repeat(np.arange(len(frame)), counts)
    made = frame.iloc[at].reset_index(drop=True)
    several = counts[at] > 1
    made["service"] = [service for part in parts for service in part]
    if "facility_id" in made:
        number = made.groupby(at).cumcount().to_numpy() + 1
        own = made["facility_id"].astype(object)
        kept = made.get("site_id", own)
        made["site_id"] = own.where(several, kept)
        joined = own.astype(str) + "-" + pd.Series(number, index=made.index).astype(str)
        made["facility_id"] = own.where(~several, joined)
    notes = [Problem("sources.services_parted", where, pick_rows(row_names, counts > 1))]
    return made, [row_names[row] for row in at.tolist()], notes


def _list_services(value: object, codes: Mapping[str, str]) -> list[object]:
    text = str(value)
    if _is_blank(value) or _find_service(text, codes):
        return [value]
    for separator in (r";|\n", r";|\n|,|\s/\s|\+"):
        parts = [part.strip() for part in re.split(separator, text) if part.strip()]
        found = [_find_service(part, codes) for part in parts]
        if len(parts) > 1 and all(found):
            return list(dict.fromkeys(found))
    return [value]


def _find_service(text: str, codes: Mapping[str, str]) -> str | None:
    key = fold(text).replace("-", "_")
    return codes.get(fold(text), codes.get(key, codes.get(key.replace(" ", "_"))))


def _fill_names(types: pd.DataFrame) -> pd.DataFrame:
    """Return service types named in both languages, and with limits, unknown where none stand."""
    given = [name for name in ("name_en", "name_lv", "name") if name in types]
    for column in ("name_lv", "name_en"):
        if given and column not in types:
            types = types.assign(**{column: types[given[0]]})
    return types if "limit_min" in types else types.assign(limit_min=None)


def name_municipalities(
    frame: pd.DataFrame, where: str, names: Sequence[object], reference: Reference
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
    unknown: dict[str, Problem] = {}
    for word in frame[column].dropna().map(str).unique():
        try:
            ids[word] = reference.find_municipality(_strip_decimals(word))
        except UnknownNameError as error:
            ids[word], unknown[word] = None, error.problems[0]
    written = frame[column].map(str).to_numpy()
    problems = []
    for word, problem in unknown.items():
        said: dict[str, Any] = dict(problem.values)
        rows = pick_rows(names, written == word)
        problems.append(Problem(problem.code, where, rows, column=column, **said))
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


def _read_service(value: object, codes: Mapping[str, str]) -> tuple[object, str]:
    text = str(value).strip()
    code = _find_service(text, codes)
    return (text, "") if code is None or code == text else (code, "code")


def _read_code(value: object, ids: dict[str, str]) -> tuple[object, str]:
    """Return a code that lost its leading zeros in a spreadsheet."""
    text = _strip_decimals(str(value))
    known = ids.get(text.lstrip("0")) if text.isdigit() else None
    return (value, "") if known is None or known == str(value) else (known, "zeros")


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
