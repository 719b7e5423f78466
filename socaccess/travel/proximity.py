"""The nearest facilities of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from socaccess.errors import InputError
from socaccess.network import RoadNetwork, Snapped
from socaccess.routing import Nearest, Progress
from socaccess.settings import LinkModel
from socaccess.travel._find import find_nearest_places
from socaccess.travel._measure import MEASURES
from socaccess.travel.blocks import travel_blocks
from socaccess.travel.minutes import to_limit_ms, to_minutes
from socaccess.travel.places import find_id_column, snap_places

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["nearest", "tabulate_nearest"]


def nearest(
    network: RoadNetwork,
    settlements: gpd.GeoDataFrame | Snapped,
    facilities: gpd.GeoDataFrame,
    *,
    by: str = "service",
    k: int = 1,
    traveller: Literal["client", "provider"] = "client",
    cutoff_min: float | None = None,
    lengths: bool = False,
    links: LinkModel | None = None,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
    client: Any = None,
) -> pd.DataFrame:
    """Return the nearest `k` facilities of each kind for every settlement.

    Parameters
    ----------
    network
        The roads.
    settlements
        Who asks: points with an id column, or places snapped before.
    facilities
        What is looked for: points with an id column and the column `by`.
    by
        The column that tells kinds apart; each value gets its own answer.
    k
        How many of each kind.
    traveller
        `client`: time from settlement to facility; `provider`: from facility to
        settlement.
    cutoff_min
        Longest time of interest in minutes, inclusive.
    lengths
        Also measure the ways that are found. Each traveller then costs a search.
    links, engine, threads, progress, client
        As in `travel_times`.

    Returns
    -------
    pandas.DataFrame
        One row per settlement, kind and rank (1 to `k`): the settlement's id, `by`,
        `rank`, the facility's id (None where there is none in reach) and
        `travel_min` (NaN then); with `lengths`, `length_km`, `modelled_share` and `street_share` of
        the way as in `TravelTimes.to_frame`. Ids keep the names of their columns, or are
        `from_id` and `to_id` where both tables use the same. Of facilities equally
        near the one whose id comes first.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> place = gpd.GeoDataFrame({"settlement_id": ["A"]}, crs="EPSG:3059",
    ...                          geometry=gpd.points_from_xy([0.0], [0.0]))
    >>> two = gpd.GeoDataFrame({"facility_id": ["F", "G"], "service": ["dac_grt", "dac_grt"]},
    ...                        crs="EPSG:3059", geometry=gpd.points_from_xy([900.0, 500.0], [0, 0]))
    >>> nearest(network, place, two)[["facility_id", "travel_min"]].values.tolist()
    [['G', 0.5]]
    """
    if by not in facilities:
        raise InputError("travel.no_kind_column", where="facilities", name=by)
    if k < 1:
        raise InputError("travel.k_too_small", k=k)
    facility_column = find_id_column(facilities)
    facilities = facilities.sort_values(facility_column, kind="stable")
    places, place_column = snap_places(network, settlements, links)
    sites, _ = snap_places(network, facilities, links)
    if place_column == facility_column:
        place_column, facility_column = "from_id", "to_id"
    kinds, names = pd.factorize(facilities[by], sort=True)
    toward: Literal["sites", "places"] = "sites" if traveller == "client" else "places"
    cutoff_ms = None if cutoff_min is None else to_limit_ms(cutoff_min)
    kind = kinds.astype(np.int32)
    if client is None:
        found = find_nearest_places(
            network, places, sites, kind, len(names), k=k, toward=toward, cutoff_ms=cutoff_ms,
            engine=engine, threads=threads, progress=progress,
        )  # fmt: skip
    else:
        from socaccess.travel._spread import spread_nearest

        found = spread_nearest(
            network, places, sites, kind, len(names), k=k, toward=toward, cutoff_ms=cutoff_ms,
            engine=engine, client=client, progress=progress,
        )  # fmt: skip
    table = tabulate_nearest(
        found, places.ids, sites.ids, names, k, columns=(place_column, by, facility_column)
    )
    if lengths:
        measured = _measure_found(network, places, sites, found.site, toward)
        table = table.assign(**measured)
    return table


def _measure_found(
    network: RoadNetwork,
    places: Snapped,
    sites: Snapped,
    site: np.ndarray,
    toward: Literal["sites", "places"],
) -> dict[str, np.ndarray]:
    """Return length and modelled shares of the way of every place and site found."""
    site = site.reshape(len(places.ids), -1)
    place = np.broadcast_to(np.arange(len(places.ids))[:, None], site.shape)
    starts, ends = (places, sites) if toward == "sites" else (sites, places)
    start, end = (place, site) if toward == "sites" else (site, place)
    columns = ("length_km", *MEASURES[1:])
    measured = {name: np.full(site.shape, np.nan) for name in columns}
    first = 0
    for block in travel_blocks(network, starts, ends, lengths=True):
        last = first + len(block.origin_ids)
        here = (site >= 0) & (start >= first) & (start < last)
        row, column = start[here] - first, end[here]
        for column_name, name in zip(columns, MEASURES, strict=True):
            measured[column_name][here] = getattr(block, name)[row, column]
        first = last
    measured["length_km"] /= 1000
    return {name: values.ravel() for name, values in measured.items()}


def tabulate_nearest(
    found: Nearest,
    place_ids: np.ndarray,
    site_ids: np.ndarray,
    kinds: np.ndarray,
    k: int,
    *,
    columns: tuple[str, str, str],
) -> pd.DataFrame:
    """Return the table that `nearest` tells; `columns` name place, kind and site."""
    place_column, by, facility_column = columns
    shape = (len(place_ids), len(kinds), k)
    facility_ids = np.array([*site_ids, None], dtype=object)
    table = pd.DataFrame(
        {
            place_column: np.repeat(place_ids, len(kinds) * k),
            by: np.tile(np.repeat(np.asarray(kinds, dtype=object), k), len(place_ids)),
            "rank": np.tile(np.arange(1, k + 1), len(place_ids) * len(kinds)),
            facility_column: facility_ids[found.site.reshape(shape).ravel()],
            "travel_min": to_minutes(found.ms).ravel(),
        }
    )
    # Text columns would have NaN for the facility that is not there.
    chosen = table[facility_column].astype(object)
    return table.assign(**{facility_column: chosen.where(chosen.notna(), None)})
