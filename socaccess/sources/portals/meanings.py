"""Columns found by what they mean: their heading, or values that can be nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import fold
from socaccess.schemas import RowNames, pick_rows
from socaccess.sources.boundaries import VINTAGES, load_crosswalk
from socaccess.sources.files import read_rows

__all__ = ["CODE", "MONTH", "NAME", "YEAR", "Meaning", "clean_code", "find_columns",
           "find_vintage", "is_municipality", "list_municipalities", "read_layout",
           "read_numbers"]  # fmt: skip

TITLE_ROWS = 12
"""Lines of title there may be above the headings of a sheet."""

MOSTLY = 0.9
"""Share of the values that must look right, for a column to be taken for its values."""


# Said of many things: these are a heading only when they are the whole of it.
_VAGUE = frozenset(("code", "kods", "name", "nosaukums", "skaits", "value", "time", "area", "forma",
                    "teritorija", "territory", "age", "sex", "t"))  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a column may be called and what its values look like.

    Parameters
    ----------
    name
        Our name for it.
    headings
        What it is called, without case, diacritics and signs; the first that is found is taken,
        whole headings before parts of headings.
    looks_right
        Says of one value whether it can be one; asked for every column before it is taken.
    required
        Whether a table without it cannot be read.
    by_values
        Says of one value whether it can be nothing else: the only column of such values is it,
        whatever its heading.
    """

    name: str
    headings: tuple[str, ...]
    looks_right: Callable[[str], bool] | None = None
    required: bool = True
    by_values: Callable[[str], bool] | None = None


def _is_code(text: str) -> bool:
    return re.fullmatch(r"(LV)?\d{4,7}(\.0)?", text) is not None


def is_municipality(text: str) -> bool:
    """Return whether a text is the code of a municipality of any vintage."""
    return clean_code(text) in list_municipalities()


def _is_year(text: str) -> bool:
    return re.fullmatch(r"(19|20)\d\d(\.0)?", text) is not None


def _is_month(text: str) -> bool:
    return re.fullmatch(r"(0?[1-9]|1[0-2])(\.0)?", text) is not None


CODE = Meaning(
    "municipality_id",
    ("atvk kods", "atvk", "l0 code", "novada kods", "pasvaldibas kods", "municipality code",
     "teritorijas kods"),
    _is_code,
    by_values=is_municipality,
)  # fmt: skip
NAME = Meaning(
    "municipality",
    ("pilseta novads", "pilseta", "novads", "pasvaldiba", "administrativa teritorija"),
    required=False,
)
YEAR = Meaning("year", ("pp gads", "parskata gads", "gads", "year"), _is_year, required=False)
MONTH = Meaning("month", ("pp menesis", "parskata menesis", "menesis", "month"), _is_month,
                required=False)  # fmt: skip


def read_layout(
    path: Path, meanings: Sequence[Meaning], where: str = ""
) -> tuple[pd.DataFrame, RowNames, dict[str, str]]:
    """Return rows, how a user knows each, and which heading is which of `meanings`.

    Headings need not stand in the first row: titles above them are passed over.

    Raises
    ------
    InputError
        If a required column is not there, with what was expected and what was found.
    """
    where = where or path.name
    frame, names = read_rows(path)
    frame.columns = [str(name).strip() for name in frame.columns]
    found = match_columns(frame, meanings)
    for row in range(min(TITLE_ROWS, len(frame))):
        if not _find_missing(found, meanings):
            break
        lower = _promote_row(frame, row)
        lower_found = match_columns(lower, meanings)
        if not _find_missing(lower_found, meanings):
            frame, names, found = lower, names[row + 1 :], lower_found
    raise_problems(_find_missing(found, meanings, frame, where))
    return frame, names, found


def find_columns(frame: pd.DataFrame, meanings: Sequence[Meaning], where: str) -> dict[str, str]:
    """Return which heading is which of `meanings`.

    Raises
    ------
    InputError
        If a required column is not there, with what was expected and what was found.
    """
    found = match_columns(frame, meanings)
    raise_problems(_find_missing(found, meanings, frame, where))
    return found


def match_columns(frame: pd.DataFrame, meanings: Sequence[Meaning]) -> dict[str, str]:
    """Return our name -> heading for every meaning that is found; no heading is taken twice."""
    plain = {name: _simplify(str(name)) for name in frame.columns}
    found: dict[str, str] = {}

    def take(meaning: Meaning, wanted: Callable[[str], bool]) -> bool:
        for heading, text in plain.items():
            if (
                heading not in found.values()
                and wanted(text)
                and _look_right(frame[heading], meaning.looks_right)
            ):
                found[meaning.name] = heading
                return True
        return False

    def is_part(word: str, text: str) -> bool:
        return word not in _VAGUE and f" {word} " in f" {text} "

    for alike in (str.__eq__, is_part):
        for meaning in meanings:
            if meaning.name not in found:
                any(take(meaning, partial(alike, word)) for word in meaning.headings)
    for meaning in meanings:
        if meaning.name not in found and meaning.by_values is not None:
            left = [
                heading
                for heading in plain
                if heading not in found.values()
                and _look_right(frame[heading], meaning.by_values, empty=False)
            ]
            if len(left) == 1:
                found[meaning.name] = left[0]
    return found


def clean_code(value: object) -> str | None:
    """Return a territory's code as seven digits, or None.

    Spreadsheets drop leading zeros, and some tables put `LV` before the code.

    Examples
    --------
    >>> clean_code(34000.0), clean_code(" LV0034000"), clean_code("")
    ('0034000', '0034000', None)
    """
    if value is None or pd.isna(value):
        return None
    text = str(value).strip().upper().removesuffix(".0").removeprefix("LV")
    return (text.zfill(7) if text.isdigit() else text) or None


def find_vintage(codes: pd.Series, names: Sequence[object], where: str, column: str) -> int:
    """Return of which municipal reform all codes are.

    Raises
    ------
    InputError
        If some code belongs to no municipality of the vintage that fits best.
    """
    crosswalk = load_crosswalk()
    known = {year: set(crosswalk[f"municipality_id_{year}"]) for year in VINTAGES}
    best = max(reversed(VINTAGES), key=lambda year: int(codes.isin(known[year]).sum()))
    strange = ~codes.isin(known[best])
    if strange.any():
        raise InputError(
            "portals.no_municipality_code", where=where, column=column,
            rows=pick_rows(names, strange, codes), count=len(known[best]), year=best,
        )  # fmt: skip
    return best


def read_numbers(values: pd.Series, names: Sequence[object], where: str, column: str) -> pd.Series:
    """Return counts as float, NaN for what a source hides or leaves out.

    Raises
    ------
    InputError
        If a value is neither a number of at least 0 nor a mark for a hidden one.
    """
    text = values.map(lambda v: "" if v is None or pd.isna(v) else "".join(str(v).split()))
    hidden = text.isin(["", "...", "…", "..", "-", "–", "x", ":"]) | text.str.startswith("<")
    number = pd.to_numeric(text.where(~hidden).str.replace(",", "."), errors="coerce")
    bad = ~hidden & ~(number >= 0)
    if bad.any():
        rows = pick_rows(names, bad, text)
        raise InputError("portals.not_a_count", where=where, rows=rows, column=column)
    return number.astype(float)


@cache
def list_municipalities() -> frozenset[str]:
    """Return the codes of the municipalities of every vintage."""
    crosswalk = load_crosswalk()
    return frozenset(code for year in VINTAGES for code in crosswalk[f"municipality_id_{year}"])


def _promote_row(frame: pd.DataFrame, row: int) -> pd.DataFrame:
    """Return the table whose headings stand in row number `row`."""
    cells = ["" if pd.isna(value) else str(value).strip() for value in frame.iloc[row]]
    headings = [cell or f"column {place}" for place, cell in enumerate(cells, start=1)]
    if len(set(headings)) < len(headings):
        headings = [
            f"{heading} ({place})" if headings.count(heading) > 1 else heading
            for place, heading in enumerate(headings, start=1)
        ]
    lower = frame.iloc[row + 1 :].reset_index(drop=True)
    lower.columns = headings
    return lower


def _look_right(
    values: pd.Series, looks_right: Callable[[str], bool] | None, *, empty: bool = True
) -> bool:
    """Return whether nearly all values are such; `empty` is the answer for a column of none."""
    if looks_right is None:
        return True
    texts = [str(value).strip() for value in values if value is not None and not pd.isna(value)]
    texts = [text for text in texts if text]
    return sum(map(looks_right, texts)) >= MOSTLY * len(texts) if texts else empty


def _find_missing(
    found: dict[str, str],
    meanings: Sequence[Meaning],
    frame: pd.DataFrame | None = None,
    where: str = "",
) -> list[Problem]:
    given = [] if frame is None else [str(name) for name in frame.columns]
    return [
        Problem(
            "portals.no_column",
            where,
            name=meaning.name,
            headings=meaning.headings[:3],
            given=given,
        )
        for meaning in meanings
        if meaning.required and meaning.name not in found
    ]


def _simplify(heading: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", fold(heading)).split())
