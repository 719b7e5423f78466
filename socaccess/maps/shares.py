"""Shares of people within a limit and counts of persons, for every choice on the map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from socaccess.coverage import bound_limits_ms
from socaccess.i18n import round_percent
from socaccess.maps.encode import delta
from socaccess.routing import UNREACHABLE
from socaccess.travel.minutes import to_limit_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from socaccess.study.release import Release

__all__ = [
    "NO_ROUTE",
    "NO_SHARE",
    "NO_SUPPLY",
    "Cover",
    "People",
    "as_percent",
    "encode_count",
    "encode_persons",
    "encode_shares",
    "list_people",
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
    """Return shares (0-1) in whole per cent, as `round_percent` has them; -1 where unknown.

    Examples
    --------
    >>> as_percent(np.array([0.0, 0.001, 0.5, 0.999, 1.0, np.nan])).tolist()
    [0, 1, 50, 99, 100, -1]
    """
    flat = np.asarray(share, dtype=float).ravel()
    percent = [NO_SHARE if value != value else round_percent(value) for value in flat.tolist()]
    return np.array(percent, dtype=np.int64).reshape(np.shape(share))


def share_within(
    covered: np.ndarray, weight: np.ndarray, group: np.ndarray, groups: int
) -> np.ndarray:
    """Return the covered share of `weight` in each group and, last, in all of them.

    Parameters
    ----------
    covered
        Whether each settlement is within the limit, shape (..., settlements).
    weight
        People of each settlement; NaN counts as none.
    group
        Municipality of each settlement, -1 for none.
    groups
        How many municipalities there are.

    Returns
    -------
    share
        0 to 1, shape (..., groups + 1); NaN where there is no weight.

    Examples
    --------
    >>> share_within(np.array([True, False]), np.array([3.0, 1.0]), np.array([0, 0]), 1).tolist()
    [0.75, 0.75]
    """
    inside = group >= 0
    weight = np.where(inside, np.nan_to_num(weight), 0.0)
    sums = _sum_by(weight, np.where(inside, group, 0), groups)
    total, within = sums(np.ones((1, len(weight)))), sums(covered)
    total, within = (
        np.concatenate([part, part.sum(axis=-1, keepdims=True)], axis=-1)
        for part in (total[0], within)
    )
    share = np.full(within.shape, np.nan)
    np.divide(within, total, out=share, where=np.broadcast_to(total > 0, within.shape))
    # A sum of the same numbers in another order may differ in its last digit.
    return np.clip(share, 0.0, 1.0)


def _sum_by(
    weight: np.ndarray, group: np.ndarray, groups: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from choices (..., settlements) to their weight by group."""
    from scipy.sparse import csr_array

    matrix = csr_array((weight, (group, np.arange(len(group)))), shape=(groups, len(group)))

    def add(chosen: np.ndarray) -> np.ndarray:
        flat = chosen.reshape(math.prod(chosen.shape[:-1]), len(group)).astype(float)
        sums = np.ascontiguousarray((matrix @ flat.T).T)
        return sums.reshape(*chosen.shape[:-1], groups)

    return add


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
    """Where people live, point by point, and how long each of them travels.

    Times are whole milliseconds to the nearest facility of anyone, and of the own
    municipality, shape (services, scenarios, points).
    """

    travel_ms: np.ndarray
    own_ms: np.ndarray
    counted: np.ndarray  # (services, scenarios): whether anybody counts the service
    persons: np.ndarray  # (services, points)
    population: np.ndarray
    home: np.ndarray  # position of the municipality, -1 for none
    settlement: np.ndarray  # position of the settlement


def list_people(
    result: Any,
    types: pd.DataFrame,
    scenarios: list[str],
    persons: np.ndarray,
    home: np.ndarray,
    order: np.ndarray,
) -> People:
    """Return the people of a result, with the persons of every settlement given.

    `order` has the position of the study's settlements among those of the map, to which
    `persons` (services, settlements) and `home` belong.
    """
    times = result.times
    rows = np.array(
        [[times.row(service, name) for name in scenarios] for service in types["service"]]
    )
    settlement = order[times.home]
    population = result.study.settlements["population"].fillna(0).to_numpy(dtype=float)
    return People(
        times.travel_ms[rows],
        times.own_ms[rows],
        times.counted[rows],
        persons[:, settlement] * times.share,
        population[times.home] * times.share,
        home[settlement],
        settlement,
    )


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
    if all times were longer or shorter by `uncertainty`. `partly` has for every service,
    scope, scenario and limit the settlements some of whose people are within it: their
    positions as steps, and per cent. `bands` are inhabitants by travel time, none of a service
    that nobody counts.

    Shares of a municipality are of persons where no count of them is hidden there, as in
    the table of coverage, and else of inhabitants; `byPersons` is 1 where all are of
    persons and 2 where some are. The region's share is of persons wherever the need is
    known, as in the headline.
    """
    groups = len(municipalities)
    opened = _find_open(released, types, municipalities)
    known = (np.nan_to_num(people.persons) > 0).any(axis=1)
    find_partly = _look_for_partly(people)
    share, ends = [], []
    by_persons, partly, bands = [], [], []
    for service, standard in enumerate(types["limit_min"].astype(float)):
        of_persons = np.append(opened[service], True) & known[service]
        by_persons.append(int(of_persons[:-1].any()) + int(0 < of_persons[:-1].sum() < groups))

        def measure(
            within: np.ndarray, number: int = service, of_persons: np.ndarray = of_persons
        ) -> np.ndarray:
            by_need = share_within(within, people.persons[number], people.home, groups)
            by_all = share_within(within, people.population, people.home, groups)
            # Where nobody in need lives the share is of inhabitants, as everywhere.
            found = np.where(of_persons & ~np.isnan(by_need), by_need, by_all)
            uncounted = ~people.counted[number].reshape(-1, *(1,) * (found.ndim - 1))
            return np.where(uncounted, np.nan, found)

        travel_ms = np.stack([people.travel_ms[service], people.own_ms[service]])
        within = np.stack(
            [travel_ms <= to_limit_ms(standard if limit is None else limit) for limit in limits],
            axis=2,
        )
        share.append(np.stack([measure(one) for one in within]))
        low_ms, _, high_ms = bound_limits_ms(standard, uncertainty)
        ends.append([measure(travel_ms[0] <= limit_ms) for limit_ms in (low_ms, high_ms)])
        partly.append(find_partly(within))
        bands.append(
            [
                [
                    _count_bands(minutes, limits[1:], people.population) if is_counted else []
                    for minutes, is_counted in zip(scope, people.counted[service], strict=True)
                ]
                for scope in travel_ms
            ]
        )
    shares, (low, high) = np.array(share), np.swapaxes(np.array(ends), 0, 1)
    basket = _find_basket(released, types)
    index = shares[basket].mean(axis=0) if len(basket) > 1 else np.full(shares.shape[1:], np.nan)
    return {
        "share": np.concatenate([as_percent(index)[None], as_percent(shares)]).tolist(),
        "low": as_percent(low).tolist(),
        "high": as_percent(high).tolist(),
        "partly": partly,
        "bands": bands,
        "byPersons": by_persons,
        "indexOf": basket if len(basket) > 1 else [],
    }


def _look_for_partly(people: People) -> Callable[[np.ndarray], Any]:
    """Return a function from choices (scopes, scenarios, limits, points) to settlements partly in.

    Those some of whose people are within the limit, as steps, and per cent.
    """
    count = int(people.settlement.max()) + 1 if len(people.settlement) else 0
    everyone = np.ones(len(people.settlement))
    points = _sum_by(everyone, people.settlement, count)
    inhabitants = _sum_by(people.population, people.settlement, count)
    total, weight = points(everyone), inhabitants(everyone)

    def find(within: np.ndarray) -> Any:
        near, inside = points(within), inhabitants(within)
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.where(weight > 0, inside / weight, near / total)
        percent = np.clip(np.rint(part * 100), 1, 99)
        some = (near > 0) & (near < total)
        return _map_last(lambda at: [delta(np.flatnonzero(some[at])),
                                     percent[at][some[at]].astype(int).tolist()],
                         within.shape[:-1])  # fmt: skip

    return find


def _map_last(make: Callable[[tuple[int, ...]], Any], shape: tuple[int, ...]) -> Any:
    """Return nested lists of what `make` returns for each position of a shape."""
    if not shape:
        return make(())
    return [
        _map_last(lambda rest, first=first: make((first, *rest)), shape[1:])  # type: ignore[misc]
        for first in range(shape[0])
    ]


def _count_bands(
    travel_ms: np.ndarray, limits: list[float | None], population: np.ndarray
) -> list[int]:
    """Return inhabitants within each limit but not the one before, beyond them, and cut off."""
    bounds = [to_limit_ms(float(limit)) for limit in limits if limit is not None]
    band = np.searchsorted(bounds, travel_ms)
    band[travel_ms >= UNREACHABLE] = len(bounds) + 1
    counts = np.bincount(band, weights=population, minlength=len(bounds) + 2)
    return [round(float(count)) for count in counts]


def _find_open(
    released: Release, types: pd.DataFrame, municipalities: gpd.GeoDataFrame
) -> np.ndarray:
    """Return of each service and municipality whether no count of persons is hidden there."""
    ids = municipalities["municipality_id"].tolist()
    pairs = pd.DataFrame(
        {"service": np.repeat(types["service"], len(ids)), "municipality_id": ids * len(types)}
    )
    return released.find_open(pairs).reshape(len(types), len(ids))


def _find_basket(released: Release, types: pd.DataFrame) -> list[int]:
    """Return the positions of the services a mean may be taken of: the headline names them."""
    counted = released.result.summary["counted_services"]
    return [number for number, name in enumerate(types["service"]) if name in counted]
