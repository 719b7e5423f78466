"""What travel times mean for people: who is covered, where the gaps are.

A settlement is covered by a service when the nearest facility of it lies within
the limit, the limit itself included. Persons in need are those of the service's
target group; where nobody published how many they are, shares are of the whole
population and say so.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.routing import UNREACHABLE
from socaccess.travel.minutes import to_limit_ms

__all__ = [
    "STATUSES",
    "compare_limits",
    "find_gaps",
    "judge_settlements",
    "summarise_coverage",
    "weigh_quantile",
]

STATUSES = ("covered", "gap", "unreachable")


def judge_settlements(
    travel_ms: np.ndarray, limit_min: float, *, has_supply: bool = True
) -> np.ndarray:
    """Return the status of every settlement for one service.

    Parameters
    ----------
    travel_ms
        Whole milliseconds to the nearest facility, `UNREACHABLE` where there is none.
    limit_min
        Minutes that still count as near (inclusive).
    has_supply
        Whether any facility of the service exists; where none does, nobody is
        unreachable: everyone has a gap.

    Returns
    -------
    numpy.ndarray
        `covered`, `gap` or `unreachable` (facilities exist, but no road leads there).

    Examples
    --------
    >>> judge_settlements(np.array([1_800_000, 1_800_001, 2**31 - 1]), 30).tolist()
    ['covered', 'gap', 'unreachable']
    """
    travel_ms = np.asarray(travel_ms)
    status = np.where(travel_ms <= to_limit_ms(limit_min), "covered", "gap").astype(object)
    if has_supply:
        status[travel_ms >= UNREACHABLE] = "unreachable"
    return status


def summarise_coverage(
    settlement_coverage: pd.DataFrame,
    *,
    by: tuple[str, ...] = ("municipality_id",),
    travel: str = "travel_min",
    status: str = "status",
) -> pd.DataFrame:
    """Return coverage per group of settlements x service.

    Parameters
    ----------
    settlement_coverage
        One row a settlement and service, with `service`, `persons` (NaN where
        unknown), `population`, and the columns named by `travel` and `status`.
    by
        Columns that make a group besides `service`.
    travel, status
        The columns to judge by: those of any facility, or of the own municipality's.

    Returns
    -------
    pandas.DataFrame
        `by`, `service`, `persons`, `covered`, `covered_share`, `population`,
        `population_covered`, `share_of` (need or population: what the share is
        of), `mean_min`, `median_min`, `p90_min`, `max_min` and
        `unreachable_population` (facilities exist, but no road leads there).
        `persons` is NaN only where nobody's need is
        known: a settlement without a figure adds nobody, so that groups sum to the
        whole. The times are weighted by persons, or by population where no need is
        known. `mean_min` is that of those who can get
        there; a quantile is NaN when it falls on somebody who cannot.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "municipality_id": ["m", "m"], "service": ["dac_grt", "dac_grt"],
    ...     "persons": [3.0, 1.0], "population": [300, 100],
    ...     "travel_min": [10.0, 50.0], "status": ["covered", "gap"]})
    >>> summarise_coverage(table)[["covered", "covered_share", "mean_min"]].values.tolist()
    [[3.0, 0.75, 20.0]]
    """
    keys = [*by, "service"]
    missing = [name for name in (*keys, "persons", "population", travel, status)
               if name not in settlement_coverage]  # fmt: skip
    if missing:
        raise InputError(f"coverage: column {', '.join(missing)} is missing")
    group = settlement_coverage.groupby(keys, sort=True, observed=True)
    code = group.ngroup().to_numpy()
    table = group.size().index.to_frame(index=False)
    measures = _measure_groups(
        code,
        len(table),
        persons=settlement_coverage["persons"].to_numpy(dtype=float),
        population=settlement_coverage["population"].to_numpy(dtype=float),
        minutes=settlement_coverage[travel].to_numpy(dtype=float),
        covered=(settlement_coverage[status] == "covered").to_numpy(dtype=bool),
        cut_off=(settlement_coverage[status] == "unreachable").to_numpy(dtype=bool),
    )
    return table.assign(**measures)


def _measure_groups(
    code: np.ndarray,
    count: int,
    *,
    persons: np.ndarray,
    population: np.ndarray,
    minutes: np.ndarray,
    covered: np.ndarray,
    cut_off: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return the measures of every group, all groups at once; `code` tells the group of a row."""

    def add(values: np.ndarray) -> np.ndarray:
        return np.bincount(code, weights=values, minlength=count)

    stated = add(np.isfinite(persons)) > 0
    persons = np.nan_to_num(persons)
    persons_total = add(persons)
    by_need = persons_total > 0
    weight = np.where(by_need[code], persons, population)
    reached = np.isfinite(minutes)
    near = np.nan_to_num(minutes)
    inhabited = reached & (weight > 0)
    longest = np.full(count, -np.inf)
    np.maximum.at(longest, code[inhabited], minutes[inhabited])
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "persons": np.where(stated, persons_total, np.nan),
            "covered": np.where(stated, add(persons * covered), np.nan),
            "covered_share": add(weight * covered) / add(weight),
            "share_of": np.where(by_need, "need", "population").astype(object),
            "population": _count(add(population)),
            "population_covered": _count(add(population * covered)),
            "mean_min": add(weight * near * reached) / add(weight * reached),
            "median_min": _weigh_quantiles(code, count, minutes, weight, 0.5),
            "p90_min": _weigh_quantiles(code, count, minutes, weight, 0.9),
            "max_min": np.where(np.isfinite(longest), longest, np.nan),
            "unreachable_population": _count(add(population * cut_off)),
        }


def _count(totals: np.ndarray) -> np.ndarray:
    """Return counts as whole numbers where all are; estimates may hold fractions."""
    whole = np.rint(totals)
    return whole.astype(np.int64) if np.array_equal(whole, totals) else totals


def _weigh_quantiles(
    code: np.ndarray, count: int, minutes: np.ndarray, weight: np.ndarray, share: float
) -> np.ndarray:
    """Return `weigh_quantile` of every group."""
    used = weight > 0
    code, weight = code[used], weight[used]
    far = np.where(np.isfinite(minutes[used]), minutes[used], np.inf)
    order = np.lexsort((far, code))
    code, weight, far = code[order], weight[order], far[order]
    quantiles = np.full(count, np.nan)
    begin = np.flatnonzero(np.diff(code, prepend=-1))
    for start, stop in zip(begin, np.append(begin, len(code))[1:], strict=True):
        # Summed within the group: a running sum over all would round differently.
        cumulated = np.cumsum(weight[start:stop])
        found = far[start + _find_share(cumulated, share)]
        quantiles[code[start]] = found if np.isfinite(found) else np.nan
    return quantiles


def _find_share(cumulated: np.ndarray, share: float) -> int:
    """Return the position where the cumulated weight reaches the share of the whole."""
    # A hair of tolerance: the sum of shares may miss the whole by rounding.
    position = np.searchsorted(cumulated, share * cumulated[-1] * (1 - 1e-12))
    return min(int(position), len(cumulated) - 1)


def weigh_quantile(minutes: np.ndarray, weight: np.ndarray, share: float) -> float:
    """Return the minutes within which `share` of the weight lies.

    The smallest value whose cumulated weight reaches the share; those without a
    way (NaN) count as infinitely far, and the answer is NaN when it falls on them.

    Examples
    --------
    >>> weigh_quantile(np.array([10.0, 20.0, np.nan]), np.array([5.0, 4.0, 1.0]), 0.9)
    20.0
    """
    minutes, weight = np.asarray(minutes, float), np.asarray(weight, float)
    used = weight > 0
    if not used.any():
        return float("nan")
    far = np.where(np.isfinite(minutes[used]), minutes[used], np.inf)
    order = np.argsort(far, kind="stable")
    found = far[order][_find_share(np.cumsum(weight[used][order]), share)]
    return float(found) if np.isfinite(found) else float("nan")


def find_gaps(settlement_coverage: pd.DataFrame, limit_min: Mapping[str, float]) -> pd.DataFrame:
    """Return the rows that are not covered, with `limit_min` and `over_min`, longest way first.

    Those nobody can reach come first of all.
    """
    gaps = settlement_coverage[settlement_coverage["status"] != "covered"].copy()
    gaps["limit_min"] = gaps["service"].map(dict(limit_min)).astype(float)
    gaps["over_min"] = gaps["travel_min"] - gaps["limit_min"]
    return gaps.sort_values(
        ["service", "travel_min", "settlement_id"],
        ascending=[True, False, True],
        na_position="first",
        kind="stable",
    ).reset_index(drop=True)


def compare_limits(
    settlement_coverage: pd.DataFrame, limits_min: tuple[float, ...]
) -> pd.DataFrame:
    """Return how many people live within each of several limits, per service.

    Columns: service, limit_min, persons, covered, population, population_covered
    and covered_share (of persons where known, else of population).
    """
    problems = [
        Problem("coverage.limit_not_positive", "limits_min", limit=limit)
        for limit in limits_min
        if not limit > 0
    ]
    raise_problems(problems)
    tables = []
    for limit in limits_min:
        within = settlement_coverage.assign(
            status=np.where(settlement_coverage["travel_min"] <= limit, "covered", "gap"),
            limit_min=float(limit),
        )
        tables.append(summarise_coverage(within, by=("limit_min",)))
    table = pd.concat(tables, ignore_index=True)
    names = ["service", "limit_min", "persons", "covered", "covered_share", "share_of",
             "population", "population_covered"]  # fmt: skip
    return table[names].sort_values(["service", "limit_min"]).reset_index(drop=True)
