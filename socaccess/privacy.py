"""Small counts of people are not shown in anything that leaves.

The groups are small and vulnerable. A count under the threshold is replaced by a
mark; where a single one is missing from a column whose total is published, the
next smallest goes too, or the total would give it away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["hide_small_counts", "mark_small"]


def mark_small(below: int) -> str:
    """Return what stands in place of a small count.

    Examples
    --------
    >>> mark_small(5)
    '<5'
    """
    return f"<{below}"


def hide_small_counts(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    below: int,
    totals_by: Sequence[str] = (),
    decimals: int = 1,
) -> pd.DataFrame:
    """Return `frame` with small counts in `columns` replaced by a mark.

    Parameters
    ----------
    frame
        The table.
    columns
        Columns that count persons; numbers, NaN where unknown. The first is the
        whole, the others parts of it: a part is hidden with its whole, and hidden
        too when the rest of the whole is small.
    below
        Counts above 0 and under this are hidden; 0 hides nothing.
    totals_by
        Columns that make groups whose totals are published elsewhere: a group with
        a single hidden whole hides its next smallest as well.
    decimals
        Decimals of the counts that stay.

    Returns
    -------
    pandas.DataFrame
        A copy; the columns hold numbers, marks, and None where unknown.

    Examples
    --------
    >>> table = pd.DataFrame({"persons": [3.0, 8.0, 40.0], "covered": [0.0, 7.0, 30.0]})
    >>> hide_small_counts(table, ["persons", "covered"], below=5).values.tolist()
    [['<5', '<5'], [8.0, '<5'], [40.0, 30.0]]
    """
    shown = frame.copy()
    if not columns:
        return shown
    whole = frame[columns[0]].to_numpy(dtype=float)
    hidden = {columns[0]: _is_small(whole, below)}
    if totals_by and below > 0:
        hidden[columns[0]] |= _pick_second(frame, whole, hidden[columns[0]], totals_by)
    for column in columns[1:]:
        part = frame[column].to_numpy(dtype=float)
        hidden[column] = (
            hidden[columns[0]] | _is_small(part, below) | _is_small(whole - part, below)
        )
    for column in columns:
        values = frame[column].to_numpy(dtype=float).round(decimals).astype(object)
        values[pd.isna(frame[column])] = None
        values[hidden[column] & ~pd.isna(frame[column]).to_numpy()] = mark_small(below)
        shown[column] = values
    return shown


def _is_small(values: np.ndarray, below: int) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        # A thousandth of a person is rounding, not somebody.
        return (values > 1e-3) & (values < below)


def _pick_second(
    frame: pd.DataFrame, whole: np.ndarray, hidden: np.ndarray, totals_by: Sequence[str]
) -> np.ndarray:
    second = np.zeros(len(frame), dtype=bool)
    for positions in frame.groupby(list(totals_by), sort=False).indices.values():
        if hidden[positions].sum() != 1:
            continue
        rest = positions[~hidden[positions] & (whole[positions] > 1e-3)]
        if len(rest):
            second[rest[np.argmin(whole[rest])]] = True
    return second
