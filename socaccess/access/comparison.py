"""Two states of the same people: before and after a plan, last year and this, two borders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access.inequality import (
    Inequality,
    concentration_index,
    measure_inequality,
)
from socaccess.access.pairs import read_amounts, read_pairs
from socaccess.errors import InputError

__all__ = ["Change", "compare_nearest", "compare_tables", "decompose_change"]


@dataclass(frozen=True, eq=False)
class Change:
    """How access and its inequality changed, and what of it comes from where.

    Parameters
    ----------
    before, after
        The inequality of each state.
    groups
        One row per group: `group`, `share_before`, `share_after` (of persons), `mean_before`,
        `mean_after`, `from_access` (what its own change adds to that of the mean of all)
        and `from_persons` (what the change of its share of persons adds): Kitagawa (1955).
        Both columns together add up to the change of the mean.
    gini_progressivity, gini_reranking
        The change of Gini is reranking less progressivity: what the worst off gained more
        than others, less what comes from people changing places in the ranking (Jenkins and
        Van Kerm 2006); NaN where the persons are not the same ones.
    """

    before: Inequality
    after: Inequality
    groups: pd.DataFrame
    gini_progressivity: float
    gini_reranking: float


def decompose_change(
    before: Any,
    after: Any,
    persons: Any,
    groups: Any,
    *,
    persons_after: Any = None,
    more_is_worse: bool = False,
) -> Change:
    """Return the change of access between two states, decomposed.

    Parameters
    ----------
    before, after
        What a person of each row has in either state; NaN where not known: such rows are left
        out of both.
    persons
        Persons of each row; `persons_after` in the second state, the same by default.
    groups
        Group of each row: its municipality, its degree of urbanisation.
    more_is_worse
        As in `measure_inequality`.

    Examples
    --------
    >>> change = decompose_change([1, 3], [2, 3], [10, 10], ["a", "b"])
    >>> change.groups[["group", "from_access"]].values.tolist()
    [['a', 0.5], ['b', 0.0]]
    >>> round(change.after.gini - change.before.gini, 3)
    -0.15
    """
    first, second = (np.atleast_1d(np.asarray(values, dtype=float)) for values in (before, after))
    rows = np.arange(len(first))
    weight = read_amounts(persons, rows, "persons")
    same = persons_after is None
    weight_after = weight if same else read_amounts(persons_after, rows, "persons_after")
    if len(second) != len(first) or len(groups) != len(first):
        raise InputError(
            "access.lengths_differ", where="after", given=len(second), wanted=len(first)
        )
    known = np.isfinite(first) & np.isfinite(second)
    labels = np.asarray(pd.Series(list(groups), dtype=object))
    states = []
    for values, count in ((first, weight), (second, weight_after)):
        # Who has no value in one state counts in neither, so that both are of the same people.
        kept = np.where(known, values, np.nan)
        states.append(measure_inequality(kept, count, labels, more_is_worse=more_is_worse))
    table = _split_means(first[known], second[known], weight[known], weight_after[known],
                         labels[known])  # fmt: skip
    progressivity = reranking = float("nan")
    if same and states[0].note is None and states[1].note is None:
        kept = known & (weight > 0)
        ranked = concentration_index(second[kept], weight[kept], ranking=first[kept])
        progressivity = states[0].gini - ranked
        reranking = states[1].gini - ranked
    return Change(states[0], states[1], table, progressivity, reranking)


def _split_means(
    first: np.ndarray,
    second: np.ndarray,
    weight: np.ndarray,
    weight_after: np.ndarray,
    labels: np.ndarray,
) -> pd.DataFrame:
    code, names = pd.factorize(labels, sort=True)

    def add(values: np.ndarray) -> np.ndarray:
        return np.bincount(code, weights=values, minlength=len(names))

    shares, means = [], []
    for values, count in ((first, weight), (second, weight_after)):
        persons = add(count)
        if not persons.sum() > 0:
            raise InputError("access.nobody")
        shares.append(persons / persons.sum())
        means.append(np.divide(add(count * values), persons, out=np.full(len(names), np.nan),
                               where=persons > 0))  # fmt: skip
    # A group that is there once only adds what it has or had to the change of persons.
    there = [np.where(np.isnan(mean), other, mean)
             for mean, other in zip(means, means[::-1], strict=True)]  # fmt: skip
    return pd.DataFrame(
        {
            "group": names,
            "share_before": shares[0],
            "share_after": shares[1],
            "mean_before": means[0],
            "mean_after": means[1],
            "from_access": (shares[0] + shares[1]) / 2 * (there[1] - there[0]),
            "from_persons": (there[0] + there[1]) / 2 * (shares[1] - shares[0]),
        }
    )


def compare_tables(
    before: pd.DataFrame, after: pd.DataFrame, *, keys: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Return two tables of the same things side by side, and how each number changed.

    Parameters
    ----------
    before, after
        Tables with `keys`, which name each row once, and `columns`.
    keys
        What a row is: `municipality_id`, `service`.
    columns
        Numbers to compare; whatever is no number in one of them, a hidden count say, stays
        as it is and has no change.

    Returns
    -------
    pandas.DataFrame
        `keys`, of each column `..._before`, `..._after`, `..._change`, and `in_both`
        (`both`, `before`, `after`: where the row stands). No row is dropped, and what is not
        known in one state has no change.

    Examples
    --------
    >>> before = pd.DataFrame({"municipality_id": ["a", "b"], "mean_min": [20.0, 30.0]})
    >>> after = pd.DataFrame({"municipality_id": ["a", "c"], "mean_min": [15.0, 10.0]})
    >>> table = compare_tables(before, after, keys=["municipality_id"], columns=["mean_min"])
    >>> table[["municipality_id", "mean_min_change", "in_both"]].values.tolist()
    [['a', -5.0, 'both'], ['b', nan, 'before'], ['c', nan, 'after']]
    """
    names = [*keys, *columns]
    for where, table in (("before", before), ("after", after)):
        missing = [name for name in names if name not in table]
        if missing:
            raise InputError("access.missing_columns", where=where, names=missing)
        twice = table.duplicated(list(keys))
        if twice.any():
            rows = table.loc[twice, list(keys)].astype(str).agg(" ".join, axis=1)
            raise InputError("access.named_twice", where=where, rows=rows)
    joined = before[names].merge(
        after[names],
        on=list(keys),
        how="outer",
        suffixes=("_before", "_after"),
        indicator="in_both",
        sort=True,
    )
    place = {"both": "both", "left_only": "before", "right_only": "after"}
    joined["in_both"] = joined["in_both"].astype(str).map(place)
    ordered = list(keys)
    for name in columns:
        ends = [pd.to_numeric(joined[f"{name}_{end}"], errors="coerce").astype(float)
                for end in ("before", "after")]  # fmt: skip
        joined[f"{name}_change"] = ends[1] - ends[0]
        ordered += [f"{name}_before", f"{name}_after", f"{name}_change"]
    return joined[[*ordered, "in_both"]]


def compare_nearest(before: Any, after: Any, persons: Any, *, limit_min: float) -> pd.DataFrame:
    """Return how much farther the nearest facility is after a change of roads or facilities.

    Parameters
    ----------
    before, after
        Minutes of the same origins, in any form that `socaccess.access.read_pairs` takes.
    persons
        Persons of each origin.
    limit_min
        Minutes that count as near, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per origin: `origin_id`, `persons`, `travel_min_before`, `travel_min_after`
        (NaN where there is no way), `extra_min`, `falls_out` (near before, not after) and
        `comes_near` (the other way round).

    Examples
    --------
    >>> table = compare_nearest([[10.0], [20.0]], [[10.0], [40.0]], [5, 7], limit_min=30)
    >>> table[["extra_min", "falls_out"]].values.tolist()
    [[0.0, False], [20.0, True]]
    """
    if not limit_min > 0:
        raise InputError("coverage.limit_not_positive", limit=limit_min)
    shortest, ids = [], None
    for where, travel in (("before", before), ("after", after)):
        pairs = read_pairs(travel)
        nearest = np.full(len(pairs.origin_ids), np.inf)
        np.minimum.at(nearest, pairs.origins(), pairs.travel_min.data)
        shortest.append(nearest)
        if ids is not None and not np.array_equal(ids, pairs.origin_ids):
            raise InputError("access.other_origins", where=where)
        ids = pairs.origin_ids
    assert ids is not None
    now, then = (np.where(np.isfinite(times), times, np.nan) for times in shortest)
    near, still = shortest[0] <= limit_min, shortest[1] <= limit_min
    return pd.DataFrame(
        {
            "origin_id": ids,
            "persons": read_amounts(persons, ids, "persons"),
            "travel_min_before": now,
            "travel_min_after": then,
            "extra_min": then - now,
            "falls_out": near & ~still,
            "comes_near": still & ~near,
        }
    )
