"""What travel times mean for people: who is covered, where the gaps are.

A settlement is covered by a service when the nearest facility of it lies within
the limit, the limit itself included. Persons in need are those of the service's
target group; where nobody published how many they are, shares are of the whole
population and say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.routing import UNREACHABLE
from socaccess.travel.minutes import to_limit_ms

__all__ = [
    "SCENARIOS",
    "SCOPES",
    "STATUSES",
    "bound_limits_ms",
    "compare_limits",
    "find_gaps",
    "find_quantiles",
    "judge_settlements",
    "list_zone_ends",
    "measure_groups",
    "round_shares",
    "summarise_coverage",
    "weigh_quantile",
]

SCENARIOS = ("now", "planned", "suggested")
"""Operating facilities; with those planned (opening not confirmed); with the suggested too."""

SCOPES = ("any", "own")
"""Facilities of anyone; of the settlement's own municipality alone."""

STATUSES = ("covered", "partly", "gap", "unreachable", "no_data")
"""What a settlement can be for a service: all of its people within the limit, some, none; none
because no road leads to any facility; or nobody counts who offers the service."""

# The sum of shares may miss the whole by rounding.
_TOLERANCE = 1e-9


def judge_settlements(
    travel_ms: np.ndarray,
    limit_min: float,
    *,
    has_supply: bool | np.ndarray = True,
    home: np.ndarray | None = None,
    counted: bool = True,
) -> np.ndarray:
    """Return the status of every settlement for one service.

    Parameters
    ----------
    travel_ms
        Whole milliseconds from each point where people live to the nearest facility,
        `UNREACHABLE` where there is none.
    limit_min
        Minutes that still count as near (inclusive).
    has_supply
        Whether any facility of the service exists (for each settlement, where that
        differs); where none does, nobody is unreachable: everyone has a gap.
    home
        Position of the settlement of each point; by default each is a settlement.
    counted
        Whether any source counts who offers the service.

    Returns
    -------
    numpy.ndarray
        `covered`, `partly`, `gap`, `unreachable` (facilities exist, but no road leads
        there) or `no_data` (nobody counts them).

    Examples
    --------
    >>> times = np.array([1_800_000, 1_800_001, 2**31 - 1])
    >>> judge_settlements(times, 30).tolist()
    ['covered', 'gap', 'unreachable']
    >>> judge_settlements(times, 30, home=np.array([0, 0, 1])).tolist()
    ['partly', 'unreachable']
    """
    travel_ms = np.asarray(travel_ms)
    home = np.arange(len(travel_ms)) if home is None else np.asarray(home)
    points = np.bincount(home)
    if not counted:
        return np.full(len(points), "no_data", dtype=object)

    def count(flags: np.ndarray) -> np.ndarray:
        return np.bincount(home[flags], minlength=len(points))

    near = count(travel_ms <= to_limit_ms(limit_min))
    lost = count(travel_ms >= UNREACHABLE)
    status = np.where(near == points, "covered", np.where(near > 0, "partly", "gap"))
    status = status.astype(object)
    status[(lost == points) & (near == 0) & has_supply] = "unreachable"
    return status


def bound_limits_ms(limit_min: float, uncertainty: float) -> tuple[int, int, int]:
    """Return the limit in milliseconds: with times longer, as they are, and shorter.

    Multiplying every time by one plus or minus the uncertainty is the same as dividing
    the limit by it, and leaves the nearest facility the nearest.

    Examples
    --------
    >>> bound_limits_ms(30, 0.2)
    (1500000, 1800000, 2250000)
    """
    limit = to_limit_ms(limit_min)
    return (
        math.floor(limit / (1 + uncertainty) + 1e-6),
        limit,
        math.floor(limit / (1 - uncertainty) + 1e-6),
    )


def list_zone_ends(limit_min: float, outer_min: float = math.nan) -> tuple[float, float, float]:
    """Return the minutes at which the zones of a map end, each inclusive.

    Half the limit (in whole minutes, half a minute up), the limit, and what still is an
    outing: the outer limit of the service, at least a quarter of an hour more than the limit.

    Examples
    --------
    >>> list_zone_ends(45, 60)
    (23, 45, 60)
    >>> list_zone_ends(30)
    (15, 30, 45)
    """
    farther = limit_min + 15
    outer = farther if math.isnan(outer_min) else max(outer_min, farther)
    return math.floor(limit_min / 2 + 0.5), limit_min, outer


def round_shares(shares: np.ndarray, decimals: int = 4) -> np.ndarray:
    """Return shares rounded, 0 and 1 only where they are exact.

    Examples
    --------
    >>> round_shares(np.array([0.0, 0.00001, 0.57123, 0.99999, 1.0])).tolist()
    [0.0, 0.0001, 0.5712, 0.9999, 1.0]
    """
    least = 10.0**-decimals
    shares = np.asarray(shares, dtype=float)
    part = np.clip(shares.round(decimals), least, 1 - least).round(decimals)
    # What adds up to 1 but for the noise of floating point is 1.
    exact = (np.abs(shares) <= 1e-12) | (np.abs(shares - 1) <= 1e-12)
    return np.where(exact, shares.round(), np.where((shares > 0) & (shares < 1), part, shares))


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
        One row per settlement (or point where people live) and service, with
        `service`, `persons` (NaN where unknown), `population`, and the columns named
        by `travel` and `status`. A column `covered_share` (`own_covered_share`) says
        which part of the row's people is within the limit; without it, all of a
        `covered` row are.
    by
        Columns that make a group besides `service`.
    travel, status
        The columns to judge by: those of any facility, or of the own municipality's.

    Returns
    -------
    pandas.DataFrame
        `by`, `service` and the measures of `measure_groups`.

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
        raise InputError("coverage.missing_columns", names=missing)
    group = settlement_coverage.groupby(keys, sort=True, observed=True)
    code = group.ngroup().to_numpy()
    table = group.size().index.to_frame(index=False)
    judged = settlement_coverage[status]
    part = status.replace("status", "covered_share")
    if part in settlement_coverage:
        within = settlement_coverage[part].to_numpy(dtype=float)
    else:
        within = (judged == "covered").to_numpy(dtype=float)
    measures = measure_groups(
        code,
        len(table),
        persons=settlement_coverage["persons"].to_numpy(dtype=float),
        population=settlement_coverage["population"].to_numpy(dtype=float),
        minutes=settlement_coverage[travel].to_numpy(dtype=float),
        within=np.nan_to_num(within),
        cut_off=(judged == "unreachable").to_numpy(dtype=bool),
        counted=np.bincount(code, weights=judged == "no_data", minlength=len(table)) == 0,
    )
    return table.assign(**measures)


def measure_groups(
    code: np.ndarray,
    count: int,
    *,
    persons: np.ndarray,
    population: np.ndarray,
    minutes: np.ndarray,
    within: np.ndarray,
    cut_off: np.ndarray,
    counted: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Return the measures of every group of rows, all groups at once.

    Parameters
    ----------
    code
        Group of each row, from 0; rows are settlements or points where people live.
    count
        How many groups there are.
    persons, population
        Persons in need (NaN where unknown) and inhabitants of each row.
    minutes
        To the nearest facility, NaN where there is no way.
    within
        Share (0-1) of the row's people within the limit.
    cut_off
        Rows from where no road leads to any facility.
    counted
        Groups whose service somebody counts; shape (groups,).
    bounds
        `within` if all times were longer, and if they were shorter.

    Returns
    -------
    dict of numpy.ndarray
        `persons`, `covered`, `covered_share`, `share_of` (need or population: what
        the share is of), `population`, `population_covered`, `mean_min`,
        `median_min`, `p90_min`, `max_min` and `unreachable_population`; with
        `bounds` also `covered_low`, `covered_high`, `covered_share_low` and
        `covered_share_high`. `persons` is NaN only where nobody's need is known: a
        settlement without a figure adds nobody, so that groups sum to the whole. The
        times are weighted by persons, or by population where no need is known.
        `mean_min` is that of those who can get there; a quantile is NaN when it
        falls on somebody who cannot. Where nobody counts the service, everything
        said of coverage is NaN.
    """

    def add(values: np.ndarray) -> np.ndarray:
        return np.bincount(code, weights=values, minlength=count)

    stated = add(np.isfinite(persons)) > 0
    persons = np.nan_to_num(persons)
    persons_total, weight_total = add(persons), add(population)
    by_need = persons_total > 0
    weight = np.where(by_need[code], persons, population)
    weight_total = np.where(by_need, persons_total, weight_total)
    reached = np.isfinite(minutes)
    near = np.nan_to_num(minutes)
    inhabited = reached & (weight > 0)
    longest = np.full(count, -np.inf)
    np.maximum.at(longest, code[inhabited], minutes[inhabited])

    def share(part: np.ndarray) -> np.ndarray:
        return np.where(counted, np.minimum(add(weight * part) / weight_total, 1.0), np.nan)

    def number(part: np.ndarray) -> np.ndarray:
        return np.where(stated & counted, add(persons * part), np.nan)

    ends: dict[str, np.ndarray] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for end, part in zip(("low", "high"), bounds or (), strict=False):
            ends |= {f"covered_{end}": number(part), f"covered_share_{end}": share(part)}
        middle, late = find_quantiles(code, count, minutes, weight, (0.5, 0.9))
        return {
            "persons": np.where(stated, persons_total, np.nan),
            "covered": number(within),
            "covered_share": share(within),
            **ends,
            "share_of": np.where(by_need, "need", "population").astype(object),
            "population": _count(add(population)),
            "population_covered": _count(np.where(counted, add(population * within), np.nan)),
            "mean_min": add(weight * near * reached) / add(weight * reached),
            "median_min": middle,
            "p90_min": late,
            "max_min": np.where(np.isfinite(longest), longest, np.nan),
            "unreachable_population": _count(np.where(counted, add(population * cut_off), np.nan)),
        }


def _count(totals: np.ndarray) -> np.ndarray:
    """Return counts as whole numbers where all are; estimates may hold fractions."""
    totals = totals.round(6)
    whole = np.rint(totals)
    return whole.astype(np.int64) if np.array_equal(whole, totals) else totals


def find_quantiles(
    code: np.ndarray,
    count: int,
    minutes: np.ndarray,
    weight: np.ndarray,
    shares: tuple[float, ...],
) -> list[np.ndarray]:
    """Return `weigh_quantile` of every group, for each of several shares."""
    quantiles = [np.full(count, np.nan) for _ in shares]
    used = weight > 0
    code, weight = code[used], weight[used]
    if not len(code):
        return quantiles
    far = np.where(np.isfinite(minutes[used]), minutes[used], np.inf)
    order = np.lexsort((far, code))
    code, weight, far = code[order], weight[order], far[order]
    begin = np.flatnonzero(np.diff(code, prepend=-1))
    group = np.cumsum(np.diff(code, prepend=code[0]) > 0)
    # Every group weighs 1 together, so that one sum over all tells their shares.
    part = weight / np.add.reduceat(weight, begin)[group]
    cumulated = np.cumsum(part)
    end = np.append(begin, len(code))[1:] - 1
    for share, answer in zip(shares, quantiles, strict=True):
        wanted = cumulated[begin] - part[begin] + share - _TOLERANCE
        position = np.minimum(np.searchsorted(cumulated, wanted), end)
        found = far[position]
        answer[code[begin]] = np.where(np.isfinite(found), found, np.nan)
    return quantiles


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
    rows = np.zeros(len(minutes), dtype=np.int64)
    return float(find_quantiles(rows, 1, minutes, weight, (share,))[0][0])


def find_gaps(settlement_coverage: pd.DataFrame, limit_min: Mapping[str, float]) -> pd.DataFrame:
    """Return the rows not wholly covered, with `limit_min` and `over_min`, longest way first.

    Those nobody can reach come first of all. Of a service that nobody counts there is
    no row: it is not known who lacks it.
    """
    lacking = ~settlement_coverage["status"].isin(["covered", "no_data"])
    gaps = settlement_coverage[lacking].copy()
    gaps["limit_min"] = gaps["service"].map(dict(limit_min)).astype(float)
    # Where some live within the limit the mean may as well.
    over = gaps["travel_min"] - gaps["limit_min"]
    gaps["over_min"] = over.where(over > 0)
    return gaps.sort_values(
        ["service", "travel_min", "settlement_id"],
        ascending=[True, False, True],
        na_position="first",
        kind="stable",
    ).reset_index(drop=True)


def compare_limits(people_coverage: pd.DataFrame, limits_min: tuple[float, ...]) -> pd.DataFrame:
    """Return how many people live within each of several limits, per service.

    Parameters
    ----------
    people_coverage
        One row per point where people live (or settlement) and service, with
        `travel_min`, `status`, `persons` and `population`.
    limits_min
        The limits, inclusive.

    Returns
    -------
    pandas.DataFrame
        Columns service, limit_min, persons, covered, population, population_covered,
        covered_share (of persons where known, else of population) and share_of.
    """
    problems = [
        Problem("coverage.limit_not_positive", "limits_min", limit=limit)
        for limit in limits_min
        if not limit > 0
    ]
    raise_problems(problems)
    code, services = pd.factorize(people_coverage["service"], sort=True)
    minutes = people_coverage["travel_min"].to_numpy(dtype=float)
    unknown = people_coverage["status"] == "no_data"
    counted = np.bincount(code, weights=unknown, minlength=len(services)) == 0
    tables = []
    for limit in limits_min:
        measures = measure_groups(
            code,
            len(services),
            persons=people_coverage["persons"].to_numpy(dtype=float),
            population=people_coverage["population"].to_numpy(dtype=float),
            minutes=minutes,
            within=(minutes <= limit).astype(float),
            cut_off=np.zeros(len(code), dtype=bool),
            counted=counted,
        )
        tables.append(pd.DataFrame({"service": services, "limit_min": float(limit), **measures}))
    table = pd.concat(tables, ignore_index=True)
    names = ["service", "limit_min", "persons", "covered", "covered_share", "share_of",
             "population", "population_covered"]  # fmt: skip
    return table[names].sort_values(["service", "limit_min"]).reset_index(drop=True)
