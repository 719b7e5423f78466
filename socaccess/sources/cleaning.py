"""Headings and values as planners write them, as ours: every change told, cell by cell."""

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
from socaccess.schemas import TableForm, pick_rows
from socaccess.sources.reference import Reference

__all__ = ["STATUS_WORDS", "Change", "clean_cells", "name_columns", "name_municipalities"]

# Compared without diacritics, case, signs and units in brackets.
_MEANINGS = {
    "lon": ("lng", "long", "longitude", "garums", "geografiskais garums"),
    "lat": ("latitude", "platums", "geografiskais platums"),
    "x": ("x koordinata", "koordinata x", "coord x", "easting", "x lks92", "lks92 x"),
    "y": ("y koordinata", "koordinata y", "coord y", "northing", "y lks92", "lks92 y"),
    "name": ("nosaukums", "iestades nosaukums", "pakalpojuma sniedzejs", "sniedzejs",
             "facility name"),
    "service": ("pakalpojums", "pakalpojuma veids", "pakalpojuma nosaukums", "service type"),
    "target_group": ("merka grupa", "merkgrupa", "target group", "client group"),
    "places": ("vietas", "vietu skaits", "vietu sk", "number of places", "capacity"),
    "status": ("statuss", "stavoklis"),
    "opened": ("atverts", "atversanas gads", "atversanas datums", "darbibas sakums",
               "year opened", "opening date"),
    "closed": ("slegts", "slegsanas gads", "slegsanas datums", "darbibas beigas",
               "year closed", "closing date"),
    "municipality_id": ("atvk", "atvk kods", "novada kods", "pasvaldibas kods",
                        "municipality code"),
    "municipality": ("novads", "pasvaldiba", "novads pilseta", "municipality name"),
    "settlement": ("apdzivota vieta", "vieta", "pilseta pagasts", "pilseta", "pagasts", "ciems",
                   "place", "town", "village", "locality"),
    "settlement_id": ("apdzivotas vietas kods", "vietas kods", "settlement code"),
    "address": ("adrese", "iestades adrese", "street address"),
    "population": ("iedzivotaji", "iedzivotaju skaits", "inhabitants", "residents"),
    "persons": ("personas", "personu skaits", "number of persons", "people"),
    "basis": ("pamats", "datu pamats"),
    "planning_region": ("planosanas regions", "regions", "region"),
    "kind": ("veids", "type"),
    "source": ("avots", "datu avots", "data source"),
    "limit_min": ("robeza min", "robezlaiks", "robezlaiks min", "limit", "limit minutes"),
    "outer_limit_min": ("areja robeza min", "outer limit"),
    "traveller": ("kas brauc", "celotajs"),
    "name_lv": ("nosaukums latviski", "nosaukums lv"),
    "name_en": ("nosaukums angliski", "nosaukums en"),
}  # fmt: skip

# "id" and "code" mean the id of whatever the table is about.
_OWN_IDS = ("id", "kods", "code", "nr", "no")
_ID_OF = {"facilities": "facility_id", "settlements": "settlement_id",
          "municipalities": "municipality_id", "service_types": "service",
          "candidates": "settlement_id"}  # fmt: skip

_ALIASES = {word: name for name, words in _MEANINGS.items() for word in words}

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
}
"""What statuses are called, without diacritics and case."""


def name_columns(frame: pd.DataFrame, form: str = "") -> tuple[pd.DataFrame, Mapping[str, str]]:
    """Return a table under our column names, and what its owner calls each of them.

    A column that already has our name keeps it; no name is given twice.

    Parameters
    ----------
    frame
        The table as read.
    form
        Name of the form, which says whose id a column `id` holds; guessed from the
        other columns if not given.

    Examples
    --------
    >>> table = pd.DataFrame(columns=["Nosaukums", "Vietu skaits (2024)", "Platums"])
    >>> named, headings = name_columns(table)
    >>> list(named), headings["places"]
    (['name', 'places', 'lat'], 'Vietu skaits (2024)')
    """
    plain = {name: str(name).strip().lower() for name in frame.columns}
    taken = set(plain.values())
    names: dict[str, str] = {}
    for name in frame.columns:
        ours = _ALIASES.get(_simplify(str(name)), plain[name])
        if ours != plain[name] and (ours in taken or ours in names.values()):
            ours = plain[name]
        names[name] = ours
    identity = _ID_OF.get(form or _guess_subject(set(names.values())))
    for name in frame.columns:
        if identity and identity not in names.values() and _simplify(str(name)) in _OWN_IDS:
            names[name] = identity
    return frame.rename(columns=names), {ours: str(theirs) for theirs, ours in names.items()}


def _guess_subject(columns: set[str]) -> str:
    if {"service", "status"} & columns:
        return "facilities"
    return "settlements" if "population" in columns else ""


def _simplify(name: str) -> str:
    words = re.sub(r"\(.*?\)|\[.*?\]", " ", fold(name))
    return " ".join(re.sub(r"[^\w]+|_", " ", words).split())


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
