"""Columns of counts by municipality as they leave, with the totals that leave beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from socaccess.privacy import SHOWN, protect, show_count, show_counts

__all__ = ["protect_column", "protect_total"]


def protect_column(
    table: pd.DataFrame,
    column: str,
    by: Sequence[str],
    inhabitants: Mapping[str, float],
    below: int,
) -> pd.DataFrame:
    """Return a table with a column of persons as it leaves: whole numbers, marks, None.

    Parameters
    ----------
    table
        One row a municipality and group; with `municipality_id`.
    column
        The counts; NaN where unknown.
    by
        Columns whose groups have a total that leaves as well.
    inhabitants
        Inhabitants of each municipality, by id: they decide what is withheld.
    below
        Counts under this are hidden, nought too.
    """
    values = np.empty(len(table), dtype=object)
    for positions in _find_groups(table, by):
        part = table.iloc[positions]
        counts = part[column].to_numpy(dtype=float)
        values[positions] = show_counts(
            counts, _protect(part, column, inhabitants, below)[0], below
        )
    return table.assign(**{column: values})


def protect_total(
    table: pd.DataFrame, column: str, inhabitants: Mapping[str, float], below: int
) -> int | str | None:
    """Return the total of one group of municipalities as it leaves."""
    counts = table[column].to_numpy(dtype=float)
    if not np.isfinite(counts).any():
        return None
    codes, total = _protect(table, column, inhabitants, below)
    if total == SHOWN and not (codes == SHOWN).any() and np.nansum(counts) < below:
        total = int(codes.max())
    return show_count(float(np.nansum(counts)), total, below)


def _find_groups(table: pd.DataFrame, by: Sequence[str]) -> list[np.ndarray]:
    if not len(table):
        return []
    return [np.asarray(at) for at in table.groupby(list(by), sort=False).indices.values()]


def _protect(
    table: pd.DataFrame, column: str, inhabitants: Mapping[str, float], below: int
) -> tuple[np.ndarray, int]:
    found = protect(
        table[column].to_numpy(dtype=float),
        np.zeros(len(table), dtype=int),
        1,
        inhabitants=np.array([inhabitants.get(str(i), 0.0) for i in table["municipality_id"]]),
        below=below,
        # A nought is somebody's answer here, whoever lives there.
        uncounted=np.zeros(len(table), dtype=bool),
    )
    return found.members, int(found.groups[0])
