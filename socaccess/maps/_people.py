"""Persons and shares on the map: what a release shows of them, as whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from socaccess.maps._shares import as_percent, encode_count, share_within

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.release import Release

__all__ = ["Cover", "encode_persons", "encode_shares"]


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
