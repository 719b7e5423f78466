"""Shares of people within a limit and counts of persons, for every choice on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.release import Release

__all__ = [
    "NO_ROUTE",
    "NO_SHARE",
    "NO_SUPPLY",
    "Cover",
    "as_percent",
    "encode_count",
    "encode_persons",
    "encode_shares",
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


class Cover(NamedTuple):
    """Times of every settlement, shape (services, scenarios, settlements) each."""

    minutes: np.ndarray
    own_minutes: np.ndarray
    destination: np.ndarray
    own_destination: np.ndarray
    modelled: np.ndarray
    persons: np.ndarray  # (services, settlements)


def encode_persons(
    released: Release,
    types: pd.DataFrame,
    settlements: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    cover: Cover,
) -> dict[str, Any]:
    """Return persons per settlement and municipality, once for every target group."""
    groups = types["target_group"].tolist()
    distinct = list(dict.fromkeys(groups))
    columns = []
    for group in distinct:
        number = groups.index(group)
        service, persons = types["service"].iloc[number], cover.persons[number]
        members = settlements[["settlement_id"]].assign(service=service, persons=persons)
        sums = pd.Series(persons).groupby(settlements["municipality_id"]).sum(min_count=1)
        wholes = municipalities[["municipality_id"]].assign(
            service=service, persons=municipalities["municipality_id"].map(sums)
        )
        known = persons[~np.isnan(persons)]
        total = released.show_region(group, float(known.sum()) if len(known) else None)
        columns.append(
            {
                "settlement": _codes(released.show_settlements(pd.DataFrame(members))),
                "municipality": _codes(released.show_municipalities(pd.DataFrame(wholes))),
                "region": encode_count(total),
            }
        )
    return {"service": [distinct.index(group) for group in groups], "need": columns}


def _codes(counts: np.ndarray) -> list[int]:
    return [encode_count(count) for count in counts]


def encode_shares(
    released: Release,
    types: pd.DataFrame,
    limits: list[float | None],
    home: np.ndarray,
    municipalities: gpd.GeoDataFrame,
    settlements: gpd.GeoDataFrame,
    cover: Cover,
) -> dict[str, Any]:
    """Return whole per cent for every service, scope, scenario and limit.

    The last number of each list is the region's. Entry 0 of `share` is the mean
    over the promised services that have a facility in the data, where there are two or more.

    Shares of single municipalities weigh settlements by inhabitants where a count of
    persons of the group is hidden anywhere: on a map they must be of one kind. The
    region's share is of persons wherever the need is known, as in the headline.
    """
    population = settlements["population"].to_numpy(dtype=float)
    groups = len(municipalities)
    shape = (len(types), 2, cover.minutes.shape[1], len(limits), groups + 1)
    share = np.full(shape, np.nan)
    ids = municipalities["municipality_id"].tolist()
    pairs = pd.DataFrame(
        {"service": np.repeat(types["service"], groups), "municipality_id": ids * len(types)}
    )
    opened = released.find_open(pairs).reshape(len(types), groups)
    is_open = np.logical_and.reduce(opened, axis=1)
    by_persons, region_by_persons = [], []
    for service, standard in enumerate(types["limit_min"].astype(float)):
        persons = cover.persons[service]
        known = bool((np.nan_to_num(persons) > 0).any())
        shown = known and bool(is_open[service])
        by_persons.append(int(shown))
        region_by_persons.append(int(known))
        for scope, minutes in enumerate((cover.minutes[service], cover.own_minutes[service])):
            for scenario in range(shape[2]):
                reached = minutes[scenario] >= 0
                for position, limit in enumerate(limits):
                    within = reached & (
                        minutes[scenario] <= round((standard if limit is None else limit) * 10)
                    )
                    part = share_within(within, persons if shown else population, home, groups)
                    if known and not shown:
                        part[-1] = share_within(within, persons, home, groups)[-1]
                    share[service, scope, scenario, position] = part
    promised = (types["promised"].fillna(False) & types["supply_known"]).to_numpy(dtype=bool)
    # A single service is its own index.
    if promised.sum() > 1:
        index = share[promised].mean(axis=0)
        percent = np.concatenate([as_percent(index)[None], as_percent(share)])
    else:
        percent = np.concatenate([np.full((1, *shape[1:]), -1), as_percent(share)])
    return {
        "share": percent.tolist(),
        "byPersons": by_persons,
        "regionByPersons": region_by_persons,
        "indexOf": np.flatnonzero(promised).tolist() if promised.sum() > 1 else [],
    }
