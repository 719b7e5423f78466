"""Shares of people within a limit, for every choice a reader of the map can make."""

from __future__ import annotations

import numpy as np

__all__ = [
    "NO_ROUTE",
    "NO_SHARE",
    "NO_SUPPLY",
    "as_percent",
    "encode_count",
    "share_within",
    "tenths",
]

NO_SHARE = -1
NO_ROUTE = -1
NO_SUPPLY = -2
UNKNOWN, SMALL, WITHHELD, UNTOLD = -1, -2, -3, -4
"""What stands for counts of persons that are not told; `persons` in `panel.js` reads them."""


def encode_count(shown: int | str | None) -> int:
    """Return a count of persons as the release shows it as one whole number.

    Examples
    --------
    >>> [encode_count(shown) for shown in (12, None, "<5", "≥5", "…")]
    [12, -1, -2, -3, -4]
    """
    if shown is None:
        return UNKNOWN
    if not isinstance(shown, str):
        return int(shown)
    return {"<": SMALL, "≥": WITHHELD}.get(shown[:1], UNTOLD)


def tenths(minutes: np.ndarray, has_supply: np.ndarray | bool = True) -> np.ndarray:
    """Return minutes as whole tenths, rounded up; without minutes `NO_ROUTE` or `NO_SUPPLY`.

    Rounding up keeps an inclusive limit true: 30.01 min is not within 30, and
    neither is the 30.1 that is shown.

    Examples
    --------
    >>> tenths(np.array([30.0, 30.01, np.nan])).tolist()
    [300, 301, -1]
    """
    known = ~np.isnan(minutes)
    # Less than a hundredth of a tenth is floating point noise, not time.
    whole = np.ceil(np.where(known, minutes, 0.0) * 10 - 1e-6)
    return np.where(known, whole, np.where(has_supply, NO_ROUTE, NO_SUPPLY)).astype(np.int64)


def as_percent(share: np.ndarray) -> np.ndarray:
    """Return shares (0-1) in whole per cent; 0 and 100 only where they are exact.

    Examples
    --------
    >>> as_percent(np.array([0.0, 0.001, 0.5, 0.999, 1.0, np.nan])).tolist()
    [0, 1, 50, 99, 100, -1]
    """
    known = ~np.isnan(share)
    value = np.where(known, share, 0.0)
    percent = np.clip(np.rint(value * 100), 1, 99)
    percent = np.where(value <= 1e-12, 0, np.where(value >= 1 - 1e-12, 100, percent))
    return np.where(known, percent, NO_SHARE).astype(np.int64)


def share_within(
    covered: np.ndarray, weight: np.ndarray, group: np.ndarray, groups: int
) -> np.ndarray:
    """Return the covered share of `weight` in each group and, last, in all of them.

    Parameters
    ----------
    covered
        Whether each settlement is within the limit.
    weight
        People of each settlement; NaN counts as none.
    group
        Municipality of each settlement, -1 for none.
    groups
        How many municipalities there are.

    Returns
    -------
    share
        0 to 1, shape (groups + 1,); NaN where there is no weight.

    Examples
    --------
    >>> share_within(np.array([True, False]), np.array([3.0, 1.0]), np.array([0, 0]), 1).tolist()
    [0.75, 0.75]
    """
    inside = group >= 0
    weight = np.where(inside, np.nan_to_num(weight), 0.0)
    at = np.where(inside, group, 0)
    total = np.bincount(at, weights=weight, minlength=groups)
    within = np.bincount(at, weights=np.where(covered, weight, 0.0), minlength=groups)
    total, within = np.append(total, total.sum()), np.append(within, within.sum())
    share = np.full(groups + 1, np.nan)
    np.divide(within, total, out=share, where=total > 0)
    # A sum of the same numbers in another order may differ in its last digit.
    return np.clip(share, 0.0, 1.0)
