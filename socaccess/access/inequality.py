"""How unevenly access is shared: indices, curves and the worst off, weighted by persons.

Values are what a person has of access (places per person, minutes); weights are how many
persons have it. Of minutes more is worse: the worst off are then the top, and an index is
read accordingly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems

__all__ = [
    "Inequality",
    "Theil",
    "concentration_curve",
    "concentration_index",
    "gini",
    "lorenz_curve",
    "measure_inequality",
    "palma_ratio",
    "tail_mean",
    "theil",
]


def gini(values: Any, weights: Any = None) -> float:
    """Return the Gini index: 0 where all have the same, towards 1 where one has all.

    Twice the area between the Lorenz curve and the diagonal: Gini (1912), "Variabilità e
    mutabilità"; for persons in groups as in Lerman and Yitzhaki (1989).

    Raises
    ------
    InputError
        If a value is missing or negative, or all are zero: nothing is then shared out.

    Examples
    --------
    >>> gini([1, 1, 1]), gini([0, 4]), gini([0, 4], weights=[3, 1])
    (0.0, 0.5, 0.75)
    """
    share, part = _lorenz(*_read(values, weights))
    return _round_zero(1.0 - 2.0 * _area(share, part))


def lorenz_curve(values: Any, weights: Any = None) -> pd.DataFrame:
    """Return the Lorenz curve: `persons_share` of the worst off and their `value_share`."""
    share, part = _lorenz(*_read(values, weights))
    return pd.DataFrame({"persons_share": share, "value_share": part})


def tail_mean(
    values: Any,
    weights: Any = None,
    share: float = 0.1,
    *,
    top: bool = False,
    ranking: Any = None,
) -> float:
    """Return the mean of the lowest (or highest) `share` of the persons.

    Parameters
    ----------
    values, weights
        What persons have, and how many have it.
    share
        Part of the persons, above 0 and under 1: 0.1 is the decile.
    top
        The highest instead of the lowest.
    ranking
        What to rank by; the values themselves by default. Persons of equal rank are cut in
        equal parts, so the order of the rows decides nothing.

    Examples
    --------
    >>> tail_mean([10, 20, 30, 40], share=0.25), tail_mean([10, 20, 30, 40], share=0.5, top=True)
    (10.0, 35.0)
    """
    if not 0 < share < 1:
        raise InputError("access.bad_share", given=share)
    value, weight, rank = _read_ranked(values, weights, ranking, negative=True)
    return _tail_mean(value, weight, rank, share, top)


def palma_ratio(values: Any, weights: Any = None, *, ranking: Any = None) -> float:
    """Return what one of the highest tenth has for what one of the lowest four tenths has.

    A ratio of means, as studies of access use it; Palma's (2011) ratio of shares of income
    is a quarter of it.

    Parameters
    ----------
    values, weights
        What persons have, and how many have it.
    ranking
        What to rank by (income, say); the values themselves by default.

    Returns
    -------
    float
        Infinite where the lowest four tenths have nothing.

    Examples
    --------
    >>> palma_ratio([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    4.0
    """
    value, weight, rank = _read_ranked(values, weights, ranking)
    if not (value > 0).any():
        raise InputError("access.nothing_shared")
    low = _tail_mean(value, weight, rank, 0.4, top=False)
    high = _tail_mean(value, weight, rank, 0.1, top=True)
    if low == 0 == high:
        raise InputError("access.nothing_shared")
    return float(np.inf) if low == 0 else high / low


@dataclass(frozen=True)
class Theil:
    """Theil's index and its parts: between groups and within them; 0 is equality.

    Parameters
    ----------
    total
        `between + within`.
    between, within
        Of the groups; NaN where none were given.
    """

    total: float
    between: float
    within: float


def theil(values: Any, weights: Any = None, groups: Sequence[Any] | None = None) -> Theil:
    """Return Theil's index T, and how much of it lies between groups and within them.

    `T = sum_i(p_i x_i/m ln(x_i/m))` with shares of persons `p` and the mean `m`; who has
    nothing adds nothing to it, the limit of the term: Theil (1967), "Economics and
    information theory"; the parts as in Shorrocks (1980).

    Parameters
    ----------
    values, weights
        What persons have, and how many have it.
    groups
        The group of each row, a municipality, say.

    Examples
    --------
    >>> answer = theil([2, 2, 6, 6], groups=["a", "a", "b", "b"])
    >>> round(answer.total, 6), answer.within, answer.between == answer.total
    (0.130812, 0.0, True)
    """
    value, weight = _read(values, weights)
    total = _theil(value, weight)
    if groups is None:
        return Theil(total, np.nan, np.nan)
    # Rows of nobody were left out by _read: their groups go with them.
    kept = _used(weights, len(np.atleast_1d(values)))
    labels = pd.Series(list(groups), dtype=object)
    if len(labels) != len(kept):
        raise InputError(
            "access.lengths_differ", where="groups", given=len(labels), wanted=len(kept)
        )
    if labels[kept].isna().any():
        raise InputError("access.group_missing", rows=np.flatnonzero(kept & labels.isna()))
    code, names = pd.factorize(labels[kept])
    persons = np.bincount(code, weights=weight)
    mass = np.bincount(code, weights=weight * value)
    between = _theil(mass / persons, persons)
    parts = [
        0.0 if mass[at] == 0 else _theil(value[code == at], weight[code == at])
        for at in range(len(names))
    ]
    within = float(np.dot(mass / mass.sum(), parts))
    return Theil(total, between, within)


def concentration_index(
    values: Any,
    weights: Any = None,
    *,
    ranking: Any,
    bounds: tuple[float, float] | None = None,
) -> float:
    """Return whether those of high rank have more (above 0) or those of low rank (under 0).

    Twice the area between the concentration curve and the diagonal: Wagstaff, Paci and van
    Doorslaer (1991). For values that cannot leave `bounds`, such as shares, Erreygers'
    (2009) correction `4 m / (upper - lower)` times it.

    Parameters
    ----------
    values, weights
        What persons have, and how many have it.
    ranking
        What to rank by: income, the share of the elderly. Equal ranks are one rank.
    bounds
        Least and greatest value that there can be, for Erreygers' index.

    Raises
    ------
    InputError
        If a value or a rank is missing: a ranking with gaps ranks nobody.

    Examples
    --------
    >>> concentration_index([0, 4], ranking=[1, 2]), concentration_index([4, 0], ranking=[1, 2])
    (0.5, -0.5)
    """
    value, weight, rank = _read_ranked(values, weights, ranking)
    share, part = _concentrate(value, weight, rank)
    index = _round_zero(1.0 - 2.0 * _area(share, part))
    if bounds is None:
        return index
    lower, upper = bounds
    if not lower < upper or (value < lower).any() or (value > upper).any():
        raise InputError("access.bad_bounds", lower=lower, upper=upper)
    return 4.0 * float(np.dot(weight, value) / weight.sum()) * index / (upper - lower)


def concentration_curve(values: Any, weights: Any = None, *, ranking: Any) -> pd.DataFrame:
    """Return `persons_share` by rising rank and the `value_share` they have together."""
    share, part = _concentrate(*_read_ranked(values, weights, ranking))
    return pd.DataFrame({"persons_share": share, "value_share": part})


@dataclass(frozen=True)
class Inequality:
    """How evenly something is shared; of what has no value nothing is said but how many lack it.

    Parameters
    ----------
    persons, persons_without
        Persons with a value, and those without one, whom the rest leaves out.
    mean, least, worst_decile, best_decile
        Of the values; the deciles are means of the lowest and highest tenth of persons. With
        `more_is_worse` the worst are the highest, and `least` is the highest value.
    gini, palma, theil, theil_between, theil_within
        The indices; NaN where nobody has anything (`note` is then `nothing_shared`).
    note
        None, `nothing_shared` or `nobody`.
    """

    persons: float = 0.0
    persons_without: float = 0.0
    mean: float = math.nan
    least: float = math.nan
    worst_decile: float = math.nan
    best_decile: float = math.nan
    gini: float = math.nan
    palma: float = math.nan
    theil: float = math.nan
    theil_between: float = math.nan
    theil_within: float = math.nan
    note: str | None = None


def measure_inequality(
    values: Any,
    weights: Any = None,
    groups: Any = None,
    *,
    more_is_worse: bool = False,
) -> Inequality:
    """Return all measures of inequality of something that persons have.

    Parameters
    ----------
    values
        What persons have; NaN where not known: they are left out and counted.
    weights
        How many persons have it; one each by default.
    groups
        For Theil's parts.
    more_is_worse
        Whether the highest are the worst off, as with minutes.

    Examples
    --------
    >>> answer = measure_inequality([10.0, 20.0, np.nan], [1, 1, 3])
    >>> answer.mean, answer.persons_without, answer.note
    (15.0, 3.0, None)
    """
    value = np.atleast_1d(np.asarray(values, dtype=float))
    weight = np.ones(len(value)) if weights is None else np.asarray(weights, dtype=float)
    if len(weight) != len(value):
        raise InputError(
            "access.lengths_differ", where="weights", given=len(weight), wanted=len(value)
        )
    known = np.isfinite(value) & (weight > 0)
    without = float(weight[~np.isfinite(value) & (weight > 0)].sum())
    if not known.any():
        return Inequality(persons_without=without, note="nobody")
    value, weight = _read(value[known], weight[known])
    worst, best = (
        _tail_mean(value, weight, value, 0.1, top=top) for top in (more_is_worse, not more_is_worse)
    )
    found = Inequality(
        persons=float(weight.sum()),
        persons_without=without,
        mean=float(np.dot(value, weight) / weight.sum()),
        least=float(value.max() if more_is_worse else value.min()),
        worst_decile=worst,
        best_decile=best,
        note=None if (value > 0).any() else "nothing_shared",
    )
    if found.note:
        return found
    chosen = None if groups is None else [g for g, k in zip(groups, known, strict=True) if k]
    parts = theil(value, weight, chosen)
    return replace(
        found,
        gini=gini(value, weight),
        palma=palma_ratio(value, weight),
        theil=parts.total,
        theil_between=parts.between,
        theil_within=parts.within,
    )


def _used(weights: Any, count: int) -> np.ndarray:
    if weights is None:
        return np.ones(count, dtype=bool)
    return np.asarray(weights, dtype=float) > 0


def _read(values: Any, weights: Any, *, negative: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return values and weights of those who are somebody, checked."""
    value = np.atleast_1d(np.asarray(values, dtype=float))
    weight = np.ones(len(value)) if weights is None else np.asarray(weights, dtype=float)
    if len(weight) != len(value):
        raise InputError(
            "access.lengths_differ", where="weights", given=len(weight), wanted=len(value)
        )
    with np.errstate(invalid="ignore"):
        findings = [
            ("access.amount_missing", "weights", np.isnan(weight)),
            ("access.negative", "weights", weight < 0),
            ("access.infinite", "weights", np.isinf(weight)),
            ("access.amount_missing", "values", np.isnan(value) & (weight > 0)),
            ("access.infinite", "values", np.isinf(value)),
            ("access.negative", "values", (value < 0) & (not negative)),
        ]
    raise_problems(
        [Problem(code, where, np.flatnonzero(bad)) for code, where, bad in findings if bad.any()]
    )
    used = weight > 0
    if not used.any():
        raise InputError("access.nobody")
    return value[used], weight[used]


def _read_ranked(
    values: Any, weights: Any, ranking: Any, *, negative: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    value, weight = _read(values, weights, negative=negative)
    if ranking is None:
        return value, weight, value
    rank = np.atleast_1d(np.asarray(ranking, dtype=float))
    used = _used(weights, len(np.atleast_1d(np.asarray(values, dtype=float))))
    if len(rank) != len(used):
        raise InputError(
            "access.lengths_differ", where="ranking", given=len(rank), wanted=len(used)
        )
    gaps = np.isnan(rank) & used
    if gaps.any():
        raise InputError("access.rank_missing", rows=np.flatnonzero(gaps))
    return value, weight, rank[used]


def _lorenz(value: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(value, kind="stable")
    return _cumulate(weight[order], (weight * value)[order])


def _concentrate(
    value: np.ndarray, weight: np.ndarray, rank: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices of the curve: one for every rank, whoever stands in it first."""
    _, code = np.unique(rank, return_inverse=True)
    code = code.ravel()
    return _cumulate(np.bincount(code, weights=weight), np.bincount(code, weights=weight * value))


def _cumulate(weight: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    persons = np.concatenate(([0.0], np.cumsum(weight)))
    held = np.concatenate(([0.0], np.cumsum(mass)))
    if not held[-1] > 0:
        raise InputError("access.nothing_shared")
    return persons / persons[-1], held / held[-1]


def _area(share: np.ndarray, part: np.ndarray) -> float:
    return float(np.sum(np.diff(share) * (part[1:] + part[:-1])) / 2.0)


def _round_zero(index: float) -> float:
    """Return an index, 0 where it is only the rounding of sums."""
    return 0.0 if abs(index) < 1e-15 else float(index)


def _tail_mean(
    value: np.ndarray, weight: np.ndarray, rank: np.ndarray, share: float, top: bool
) -> float:
    _, code = np.unique(-rank if top else rank, return_inverse=True)
    code = code.ravel()
    persons = np.bincount(code, weights=weight)
    mean = np.bincount(code, weights=weight * value) / persons
    end = np.cumsum(persons)
    cut = share * end[-1]
    taken = np.clip(cut - (end - persons), 0.0, persons)
    return float(np.dot(taken, mean) / cut)


def _theil(value: np.ndarray, weight: np.ndarray) -> float:
    mean = np.dot(value, weight) / weight.sum()
    if not mean > 0:
        raise InputError("access.nothing_shared")
    part = value / mean
    logged = np.log(part, out=np.zeros(len(part)), where=part > 0)
    return _round_zero(float(np.dot(weight / weight.sum(), part * logged)))
