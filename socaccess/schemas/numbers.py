"""Numbers as people write them: points and commas that part decimals, or thousands."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = ["Numbers", "read_numbers"]

_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3}){2,}|(?:,\d{3}){2,})")
_BOTH = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3})+,|(?:,\d{3})+\.)\d+")
_DECIMAL = re.compile(r"[+-]?\d*([.,])\d+(?:[eE][+-]?\d+)?")
_OTHER = {".": ",", ",": "."}


class Numbers(NamedTuple):
    """A column of numbers, by row.

    Parameters
    ----------
    values
        Numbers, NaN where there is none.
    grouped
        Whether signs between thousands were taken away.
    two_readings
        Whether it may be a thousand times more, and the column does not say: NaN too.
    """

    values: np.ndarray
    grouped: np.ndarray
    two_readings: np.ndarray


def read_numbers(column: pd.Series) -> Numbers:
    """Return the numbers a column of texts means; the whole column decides what a sign parts.

    `8.000` is eight where another row has `12.5`, eight thousand where another has
    `1.250.000` or `12,5`, and has two readings where no row decides. Spaces part thousands.

    Parameters
    ----------
    column
        Texts or numbers.

    Examples
    --------
    >>> read_numbers(pd.Series(["8.000", "12.5"])).values.tolist()
    [8.0, 12.5]
    >>> read_numbers(pd.Series(["8.000", "12,5", "1 040"])).values.tolist()
    [8000.0, 12.5, 1040.0]
    >>> read_numbers(pd.Series(["8.000", "300"])).two_readings.tolist()
    [True, False]
    """
    none = np.zeros(len(column), dtype=bool)
    if column.dtype != object and not pd.api.types.is_string_dtype(column.dtype):
        numbers = pd.to_numeric(column, errors="coerce").astype(float)
        return Numbers(numbers.to_numpy(float, na_value=np.nan), none, none)
    texts = column.astype(str).str.replace(r"\s", "", regex=True)
    # A number of a workbook is not read by its signs.
    written = column.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    words = texts[written].unique()
    thousands = _find_thousands(words)
    either = [word for word in words if _EITHER.fullmatch(word)]
    unsure = {word for word in either if thousands is None}
    parted = {word for word in either if word[-4] == thousands}
    parted |= {word for word in words if _GROUPED.fullmatch(word) or _BOTH.fullmatch(word)}
    plain = {word: _write_plain(word, word in parted) for word in words}
    numbers = pd.to_numeric(texts.where(~written, texts.map(plain)), errors="coerce").astype(float)
    doubtful = texts.isin(unsure).to_numpy() & written
    values = numbers.to_numpy(float, na_value=np.nan)
    return Numbers(
        np.where(doubtful, np.nan, values), texts.isin(parted).to_numpy() & written, doubtful
    )


def _find_thousands(words: np.ndarray) -> str | None:
    """Return the sign that parts thousands, "" where none does, None where no row decides."""
    decimal, grouping = set(), set()
    for word in words:
        if _EITHER.fullmatch(word):
            continue
        if _BOTH.fullmatch(word):
            sign = max(_OTHER, key=word.rfind)
            decimal.add(sign)
            grouping.add(_OTHER[sign])
        elif _GROUPED.fullmatch(word):
            grouping.add("." if "." in word else ",")
        elif found := _DECIMAL.fullmatch(word):
            decimal.add(found[1])
    if len(decimal) == 2 or len(grouping) == 2 or decimal & grouping:
        return None
    if grouping:
        return str(*grouping)
    if not decimal:
        return None
    used = {word[-4] for word in words if _EITHER.fullmatch(word)}
    return "" if used <= decimal else _OTHER[str(*decimal)]


def _write_plain(word: str, grouped: bool) -> str:
    """Return a number as the computer writes it."""
    if grouped:
        signs = [sign for sign in _OTHER if sign in word]
        if len(signs) == 2:
            word = word.replace(min(signs, key=word.rfind), "")
        else:
            word = word.replace(signs[0], "")
    return word.replace(",", ".")
