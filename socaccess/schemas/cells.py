"""Cells: one column brought to its type, with everything that cannot be."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from socaccess.errors import Problem
from socaccess.guards import ReadLimits, find_control_signs
from socaccess.schemas.forms import Column

__all__ = ["convert"]

_LINE_ENDS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
"""What a cell of a spreadsheet may hold and a name may not."""

_TRUE = {"true", "1", "1.0", "yes", "y", "jā", "ja"}
_FALSE = {"false", "0", "0.0", "no", "n", "nē", "ne"}


def convert(
    values: pd.Series, column: Column, where: str, names: np.ndarray
) -> tuple[pd.Series, list[Problem]]:
    """Return the values in the column's type, and what is wrong with them."""
    problems = []
    blank = values.isna() | (values.astype(str).str.strip() == "")
    if column.required and blank.any():
        problems.append(
            Problem("value is missing", where, tuple(names[blank.to_numpy()]), "fill it in")
        )
    if column.kind == "text":
        # A code read as a number must not become '440200.0'.
        text = values.map(lambda value: str(int(value)) if _is_whole(value) else value)
        converted = (
            text.astype(object)
            .where(~blank, None)
            .map(lambda value: value if value is None else _LINE_ENDS.sub(" ", str(value).strip()))
        )
        bad = _find_foreign(converted)
        if bad.any():
            problems.append(
                Problem("text holds control signs or is too long", where, tuple(names[bad]))
            )
        if column.allowed and column.default is not None:
            converted = converted.where(~blank, column.default)
    elif column.kind == "flag":
        lowered = values.astype(str).str.strip().str.lower()
        bad = ~blank & ~lowered.isin(_TRUE | _FALSE)
        if bad.any():
            problems.append(
                Problem("is neither true nor false", where, tuple(names[bad.to_numpy()]))
            )
        filled = lowered.isin(_TRUE) if column.default is not True else ~lowered.isin(_FALSE)
        converted = filled.astype(bool)
    else:
        converted, found = _convert_number(values, blank, column, where, names)
        problems += found
    if column.unique:
        doubled = converted.duplicated(keep=False) & ~blank
        if doubled.any():
            problems.append(
                Problem(
                    "value occurs more than once",
                    where,
                    tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(doubled)),
                    "give every row its own",
                )
            )
    if column.allowed:
        bad = ~blank & ~converted.isin(column.allowed)
        if bad.any():
            problems.append(
                Problem(
                    "value is not allowed",
                    where,
                    tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(bad)),
                    f"use {', '.join(column.allowed)}",
                )
            )
    return converted, problems


def _find_foreign(texts: pd.Series) -> np.ndarray:
    """Return where a text cannot be one of ours: no file we write could hold it."""
    longest = ReadLimits().max_text
    return np.array(
        [
            isinstance(text, str) and (len(text) > longest or find_control_signs(text))
            for text in texts
        ],
        dtype=bool,
    )


def _convert_number(
    values: pd.Series, blank: pd.Series, column: Column, where: str, names: np.ndarray
) -> tuple[pd.Series, list[Problem]]:
    problems = []
    if values.dtype == object or pd.api.types.is_string_dtype(values.dtype):
        text = values.astype(str).str.replace(r"\s", "", regex=True)
        number = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")
    else:
        number = pd.to_numeric(values, errors="coerce").astype(float)
    bad = ~blank & ~np.isfinite(number.to_numpy(dtype=float, na_value=np.nan))
    if column.kind in ("integer", "year"):
        # Beyond 2^53 a number is no longer told from its neighbours.
        bad |= ~blank & ((number % 1 != 0) | (number.abs() > 2**53))
    if bad.any():
        kind = "a number" if column.kind == "number" else "a whole number"
        problems.append(
            Problem(
                f"value is not {kind}",
                where,
                tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(bad)),
                "write digits only, or leave it empty",
            )
        )
    if column.minimum is not None:
        low = ~bad & ~blank & (number < column.minimum)
        if low.any():
            problems.append(
                Problem(
                    f"value is below {column.minimum:g}",
                    where,
                    tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(low)),
                )
            )
    number = number.where(~bad & ~blank)
    if column.kind in ("integer", "year"):
        return number.astype("Int64"), problems
    return number.astype(float), problems


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()
