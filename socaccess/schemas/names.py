"""Names: how rows are called in findings, and which known name was meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from socaccess.errors import Problem
from socaccess.i18n import fold
from socaccess.schemas.forms import TableForm

__all__ = ["find_unknown", "name_rows", "suggest_names"]


def suggest_names(name: str, known: Sequence[str], *, most: int = 3) -> list[str]:
    """Return the known names nearest to `name`, with or without diacritics.

    Examples
    --------
    >>> suggest_names("Rezekne", ["Rēzekne", "Rēzeknes novads", "Rīga"], most=1)
    ['Rēzekne']
    """
    by_fold: dict[str, str] = {}
    for candidate in known:
        by_fold.setdefault(fold(candidate), candidate)
    near = difflib.get_close_matches(fold(name), list(by_fold), n=most, cutoff=0.6)
    return [by_fold[match] for match in near]


def name_rows(
    frame: pd.DataFrame, form: TableForm, row_names: Sequence[object] | None
) -> np.ndarray:
    """Return how the owner of the table knows its rows."""
    if row_names is not None:
        return np.asarray([str(name) for name in row_names], dtype=object)
    numbered = np.asarray([f"row {number}" for number in range(1, len(frame) + 1)], dtype=object)
    identity = next((column.name for column in form.columns if column.unique), None)
    if identity not in frame:
        return numbered
    values = frame[identity]
    blank = (values.isna() | (values.astype(str).str.strip() == "")).to_numpy(dtype=bool)
    return np.where(blank, numbered, values.astype(str).to_numpy(dtype=object))


def find_unknown(
    values: pd.Series, known: Sequence[str], where: str, names: np.ndarray
) -> list[Problem]:
    """Find values that exist nowhere else, each with the nearest that does."""
    unknown = values.notna() & ~values.isin(list(known))
    if not unknown.any():
        return []
    rows, hints = [], {}
    for i in np.flatnonzero(unknown):
        value = str(values.iloc[i])
        rows.append(f"{names[i]}: {value}")
        if value not in hints:
            near = suggest_names(value, list(known), most=1)
            hints[value] = near[0] if near else ""
    near_names = [f"{value} -> {near}" for value, near in hints.items() if near]
    hint = (
        f"did you mean {', '.join(near_names[:5])}?"
        if near_names
        else "see the list of known values"
    )
    return [Problem("value is not known", where, tuple(rows), hint)]
