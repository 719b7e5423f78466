"""Counts of persons that may be shown, and those that may not.

Target groups are small. A count above 0 and under the threshold is replaced by
`SUPPRESSED` before anything is written, and so are further counts wherever the
hidden ones could be had back by subtracting the others from their total.
"""

from __future__ import annotations

import numpy as np

__all__ = ["SUPPRESSED", "UNKNOWN", "protect"]

UNKNOWN = -1
SUPPRESSED = -2


def protect(
    persons: np.ndarray, group: np.ndarray, groups: int, below: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return persons per member, per group and in all, small counts replaced.

    Parameters
    ----------
    persons
        Persons of each member (settlement), NaN where unknown.
    group
        The group (municipality) each member belongs to, 0 to `groups` - 1, or -1.
    groups
        How many groups there are.
    below
        Counts above 0 and under this are hidden; 0 hides nothing.

    Returns
    -------
    members, totals, total
        Whole numbers; `SUPPRESSED` where hidden, `UNKNOWN` where not known. A
        total is unknown when nobody in it is known. Zero is shown: that nobody
        is there tells nothing about a person.

    Examples
    --------
    One hidden count could be worked out from the total, so the next smallest goes too:

    >>> members, totals, total = protect(np.array([3.0, 8.0, 20.0]), np.zeros(3, int), 1, 5)
    >>> members.tolist(), totals.tolist(), total
    ([-2, -2, 20], [31], 31)
    """
    persons = np.asarray(persons, dtype=float)
    group = np.asarray(group)
    inside = (group >= 0) & ~np.isnan(persons)
    sums = np.bincount(group[inside], weights=persons[inside], minlength=groups)
    counted = np.bincount(group[inside], minlength=groups) > 0

    members = _hide(persons, below)
    totals = np.where(counted, _hide(sums, below), UNKNOWN)
    for which in range(groups):
        at = np.flatnonzero(group == which)
        members[at], unclear = _hide_more(members[at], persons[at], below)
        if not unclear:
            totals[which] = SUPPRESSED
    totals, unclear = _hide_more(totals, sums, below)
    if not counted.any():
        return members, totals, UNKNOWN
    total = int(_hide(np.array([sums.sum()]), below)[0])
    return members, totals, total if unclear else SUPPRESSED


def _hide(values: np.ndarray, below: float) -> np.ndarray:
    known = ~np.isnan(values)
    rounded = np.where(known, np.rint(np.nan_to_num(values)), UNKNOWN).astype(np.int64)
    small = known & (values > 0) & ((values < below) | (rounded < below))
    return np.where(small, SUPPRESSED, rounded)


def _hide_more(shown: np.ndarray, values: np.ndarray, below: float) -> tuple[np.ndarray, bool]:
    """Hide the next smallest counts until the hidden ones cannot be had back from their sum.

    They can when there is only one, when all must be 1 to make so small a sum, or
    all as large as a hidden count can be. Also returned is whether they cannot.
    """
    shown = shown.copy()
    primary = int((shown == SUPPRESSED).sum())
    if not primary:
        return shown, True
    candidates = np.flatnonzero(shown > 0)
    for following in [*candidates[np.argsort(values[candidates], kind="stable")], None]:
        hidden = shown == SUPPRESSED
        count, total = int(hidden.sum()), round(float(values[hidden].sum()))
        bounded = count == primary
        if count > 1 and total > count and not (bounded and total >= count * (below - 1)):
            return shown, True
        if following is not None:
            shown[following] = SUPPRESSED
    return shown, False
