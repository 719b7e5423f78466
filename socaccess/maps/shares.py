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


class People(NamedTuple):
    """Where people live, as they count in shares: points, or settlements as one point each.

    Times are tenths of minutes, shape (services, scenarios, points).
    """

    minutes: np.ndarray
    own_minutes: np.ndarray
    persons: np.ndarray  # (services, points)
    population: np.ndarray
    home: np.ndarray  # position of the municipality, -1 for none


def encode_shares(
    released: Release,
    types: pd.DataFrame,
    limits: list[float | None],
    people: People,
    municipalities: gpd.GeoDataFrame,
    uncertainty: float,
) -> dict[str, Any]:
    """Return whole per cent for every service, scope, scenario and limit.

    The last number of each list is the region's. Entry 0 of `share` is the mean over
    the services a mean may be taken of (`indexOf`), where there are two or more. `low` and
    `high` are what the share at the service's own limit would be, for facilities of anyone,
    if all times were longer or shorter by `uncertainty`.

    Shares of single municipalities weigh settlements by inhabitants where a count of
    persons of the group is hidden anywhere: on a map they must be of one kind. The
    region's share is of persons wherever the need is known, as in the headline.
    """
    groups, scenarios = len(municipalities), people.minutes.shape[1]
    share = np.full((len(types), 2, scenarios, len(limits), groups + 1), np.nan)
    ends = np.full((2, len(types), scenarios, groups + 1), np.nan)
    by_persons, region_by_persons = [], []
    is_open = _find_open(released, types, municipalities)
    for service, standard in enumerate(types["limit_min"].astype(float)):
        persons = people.persons[service]
        known = bool((np.nan_to_num(persons) > 0).any())
        shown = known and is_open[service]
        by_persons.append(int(shown))
        region_by_persons.append(int(known))

        def measure(tenths_of: np.ndarray, limit: float, number: int = service) -> np.ndarray:
            within = (tenths_of >= 0) & (tenths_of <= np.floor(limit * 10 + 1e-6))
            need = people.persons[number]
            weight = need if by_persons[number] else people.population
            part = share_within(within, weight, people.home, groups)
            if region_by_persons[number] and not by_persons[number]:
                part[-1] = share_within(within, need, people.home, groups)[-1]
            return part

        for scenario in range(scenarios):
            for scope, minutes in enumerate((people.minutes, people.own_minutes)):
                for position, limit in enumerate(limits):
                    wanted = standard if limit is None else limit
                    share[service, scope, scenario, position] = measure(
                        minutes[service, scenario], wanted
                    )
            for end, factor in enumerate((1 + uncertainty, 1 - uncertainty)):
                ends[end, service, scenario] = measure(
                    people.minutes[service, scenario], standard / factor
                )
    basket = _find_basket(released, types)
    index = share[basket].mean(axis=0) if len(basket) > 1 else np.full(share.shape[1:], np.nan)
    return {
        "share": np.concatenate([as_percent(index)[None], as_percent(share)]).tolist(),
        "low": as_percent(ends[0]).tolist(),
        "high": as_percent(ends[1]).tolist(),
        "byPersons": by_persons,
        "regionByPersons": region_by_persons,
        "indexOf": basket if len(basket) > 1 else [],
    }


def _find_open(
    released: Release, types: pd.DataFrame, municipalities: gpd.GeoDataFrame
) -> list[bool]:
    """Return of each service whether no count of its persons is hidden in any municipality."""
    ids = municipalities["municipality_id"].tolist()
    pairs = pd.DataFrame(
        {"service": np.repeat(types["service"], len(ids)), "municipality_id": ids * len(types)}
    )
    opened = released.find_open(pairs).reshape(len(types), len(ids))
    return [bool(row.all()) for row in opened]


def _find_basket(released: Release, types: pd.DataFrame) -> list[int]:
    """Return the positions of the services a mean may be taken of: the headline names them."""
    counted = released.result.summary["counted_services"]
    return [number for number, name in enumerate(types["service"]) if name in counted]
