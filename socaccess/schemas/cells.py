"""Cells: one column brought to its type, with everything that cannot be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import Problem
from socaccess.guards import ReadLimits, find_control_signs
from socaccess.schemas.forms import Column
from socaccess.schemas.names import pick_rows
from socaccess.schemas.numbers import read_numbers

__all__ = ["convert"]

_LINE_ENDS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
"""What a cell of a spreadsheet may hold and a name may not."""

_TRUE = {"true", "1", "1.0", "yes", "y", "jā", "ja"}
_FALSE = {"false", "0", "0.0", "no", "n", "nē", "ne"}


def convert(
    values: pd.Series, column: Column, where: str, names: Sequence[object]
) -> tuple[pd.Series, list[Problem]]:
    """Return the values in the column's type, and what is wrong with them."""
    problems: list[Problem] = []

    def note(code: str, mask: pd.Series | np.ndarray, show: bool = False, **said: Any) -> None:
        if np.asarray(mask, dtype=bool).any():
            rows = pick_rows(names, mask, values if show else None)
            problems.append(Problem(code, where, rows, column=column.name, **said))

    foreign = None
    if column.kind == "text":
        converted, foreign = _convert_text(values)
        blank = converted.isna()
    else:
        blank = values.isna()
        if not pd.api.types.is_numeric_dtype(values.dtype):
            blank |= values.astype(str).str.strip() == ""
    if column.required:
        note("schemas.value_missing", blank)
    if foreign is not None:
        note("schemas.foreign_text", foreign)
        if column.allowed and column.default is not None:
            converted = converted.where(~blank, column.default)
    elif column.kind == "day":
        converted = values.map(_read_day).astype(object).where(~blank, None)
        note("schemas.not_a_day", ~blank & converted.isna(), show=True)
    elif column.kind == "flag":
        lowered = values.astype(str).str.strip().str.lower()
        note("schemas.not_a_flag", ~blank & ~lowered.isin(_TRUE | _FALSE))
        filled = lowered.isin(_TRUE) if column.default is not True else ~lowered.isin(_FALSE)
        converted = filled.astype(bool)
    else:
        converted = _convert_number(values, blank, column, note)
    if column.unique:
        note("schemas.not_unique", converted.duplicated(keep=False) & ~blank, show=True)
    if column.allowed:
        bad = ~blank & ~converted.isin(column.allowed)
        note("schemas.not_allowed", bad, show=True, allowed=column.allowed)
    return converted, problems


def _convert_text(values: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Return values as text, None where blank, and where one cannot be a text of ours."""
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        # Codes and names of places stand in many rows: each is read once.
        code, words = pd.factorize(values)
    else:
        code, words = np.arange(len(values)), values.to_numpy(dtype=object)
    texts = np.empty(len(words) + 1, dtype=object)
    texts[:-1] = [
        None if missing else _read_text(word)
        for word, missing in zip(words, pd.isna(words), strict=True)
    ]
    longest = ReadLimits().max_text
    foreign = [
        text is not None and (len(text) > longest or bool(find_control_signs(text)))
        for text in texts
    ]
    found = pd.Series(texts[code].tolist(), index=values.index, name=values.name)
    return found, np.array(foreign, dtype=bool)[code]


def _read_text(value: object) -> str | None:
    # A code read as a number must not become '440200.0'.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _LINE_ENDS.sub(" ", str(value).strip()) or None


def _convert_number(
    values: pd.Series, blank: pd.Series, column: Column, note: Callable[..., None]
) -> pd.Series:
    read = read_numbers(values)
    number = pd.Series(read.values, index=values.index)
    unsure = pd.Series(read.two_readings, index=values.index) & ~blank
    note("schemas.two_readings", unsure, show=True)
    blank = blank | unsure
    bad = ~blank & ~np.isfinite(number)
    whole = column.kind in ("integer", "year")
    if whole:
        # Beyond 2^53 a number is no longer told from its neighbours.
        bad |= ~blank & ((number % 1 != 0) | (number.abs() > 2**53))
        note("schemas.not_whole", bad, show=True)
    else:
        note("schemas.not_a_number", bad, show=True)
    if column.minimum is not None:
        low = ~bad & ~blank & (number < column.minimum)
        note("schemas.below_minimum", low, show=True, minimum=column.minimum)
    number = number.where(~bad & ~blank)
    return number.astype("Int64" if whole else float)


def _read_day(value: object) -> str | None:
    """Return a day as ISO 8601, of a date or of a text that begins with one."""
    try:
        return dt.date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError:
        return None
