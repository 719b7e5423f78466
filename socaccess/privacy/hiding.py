"""Small counts of people in single tables: hidden, with what would give them away.

Tables that leave together, as those of a study do, need `protection`.

A count under the threshold is replaced by a mark. A part is hidden with its whole; where
the rest of the whole is small, only what it exceeds is told. Where the total of a group is
told elsewhere and a single count of it is hidden, the next smallest goes as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from socaccess.privacy.protection import mark_small

__all__ = ["find_small", "hide_pairs", "hide_small", "mark_above", "show_small"]

_NOBODY = 1e-3
"""A thousandth of a person is rounding, not somebody."""


def find_small(values: np.ndarray, below: int) -> np.ndarray:
    """Return which counts are above nobody and under the threshold.

    Examples
    --------
    >>> find_small(np.array([0.0, 0.4, 4.99, 5.0, np.nan]), 5).tolist()
    [False, True, True, False, False]
    """
    values = np.asarray(values, dtype=float)
    with np.errstate(invalid="ignore"):
        return np.asarray((values > _NOBODY) & (values < below))


def mark_above(whole: float, below: int) -> str:
    """Return what stands in place of a part of which only few of the whole are left.

    Examples
    --------
    >>> mark_above(22.05, 5)
    '>17'
    """
    return f">{max(round(whole) - below, 0)}"


def show_small(value: float | None, below: int, *, decimals: int = 1) -> float | str | None:
    """Return one count as it leaves: rounded, a mark, or None where it is not known.

    Examples
    --------
    >>> show_small(3.2, 5), show_small(12.34, 5), show_small(float("nan"), 5)
    ('<5', 12.3, None)
    """
    if value is None or not np.isfinite(value):
        return None
    if find_small(np.array([value]), below)[0]:
        return mark_small(below)
    return round(float(value), decimals)


def hide_small(
    frame: pd.DataFrame,
    whole: str,
    parts: Sequence[str] = (),
    *,
    below: int,
    totals_by: Sequence[str] = (),
    also: np.ndarray | None = None,
    decimals: int = 1,
) -> pd.DataFrame:
    """Return `frame` with small counts of persons replaced by a mark.

    Parameters
    ----------
    frame
        The table.
    whole
        The column that counts everyone.
    parts
        Columns that count some of them.
    below
        Counts above nobody and under this are hidden; 0 hides nothing.
    totals_by
        Columns that make groups whose totals are told elsewhere; empty: none is.
    also
        Rows hidden for another reason, as flags.
    decimals
        Of the counts that stay.

    Examples
    --------
    >>> table = pd.DataFrame({"g": ["a", "a", "a"], "persons": [3.0, 8.0, 40.0],
    ...                       "near": [0.0, 7.0, 30.0]})
    >>> hide_small(table, "persons", ["near"], below=5, totals_by=["g"]).values.tolist()
    [['a', '<5', '<5'], ['a', '<5', '<5'], ['a', 40.0, 30.0]]
    >>> hide_small(table, "persons", ["near"], below=5).values.tolist()[1]
    ['a', 8.0, '>3']
    """
    shown = frame.copy()
    count = frame[whole].to_numpy(dtype=float)
    hidden = find_small(count, below)
    if also is not None and below > 0:
        hidden = hidden | also
    if totals_by and below > 0:
        for at in frame.groupby(list(totals_by), sort=False, dropna=False).indices.values():
            rest = at[~hidden[at] & (count[at] > _NOBODY)]
            if hidden[at].sum() == 1 and len(rest):
                hidden[rest[np.argmin(count[rest])]] = True
    for column in (whole, *parts):
        values = frame[column].to_numpy(dtype=float)
        cells = np.empty(len(frame), dtype=object)
        cells[:] = [None if not np.isfinite(v) else round(float(v), decimals) for v in values]
        if column != whole:
            for i in np.flatnonzero(find_small(count - values, below) & np.isfinite(values)):
                cells[i] = mark_above(count[i], below)
        away = (hidden | find_small(values, below)) & np.isfinite(values)
        cells[away] = mark_small(below)
        shown[column] = cells
    return shown


def hide_pairs(frame: pd.DataFrame, count: str, keys: Sequence[str], *, below: int) -> pd.DataFrame:
    """Return a table of pairs, such as flows, whose totals over each key are told elsewhere.

    In every row and column of the matrix that a hidden count stands in, at least two are
    hidden, so none can be had by subtraction.

    Examples
    --------
    >>> flows = pd.DataFrame({"a": ["x", "x", "y"], "b": ["p", "q", "p"],
    ...                       "persons": [3.0, 9.0, 20.0]})
    >>> hide_pairs(flows, "persons", ["a", "b"], below=5)["persons"].tolist()
    ['<5', '<5', '<5']
    """
    hidden = np.zeros(len(frame), dtype=bool)
    while True:
        before = hidden.copy()
        for key in keys:
            shown = hide_small(frame, count, below=below, totals_by=[key], also=hidden)
            hidden = (shown[count] == mark_small(below)).to_numpy(dtype=bool)
        if (hidden == before).all():
            return shown
