"""Routes: the fastest way of single pairs as lines that follow the roads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from socaccess.errors import Problem, raise_problems
from socaccess.network import RoadNetwork, Snapped, pair_directly
from socaccess.routing import UNREACHABLE, DirectTrips, Trips, order_along_curve, trace_trips
from socaccess.settings import LinkModel
from socaccess.travel._engines import choose_for_trips
from socaccess.travel._measure import is_straight, list_arc_measures, measure_direct, to_share
from socaccess.travel._pen import ON_EDGE, STRAIGHT, draw_trips
from socaccess.travel.minutes import to_minutes
from socaccess.travel.places import snap_ends

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["routes"]

BLOCKS = 16
"""Groups of origins whose trips are gone through by destination."""

Pairs: TypeAlias = pd.DataFrame | Sequence[tuple[Any, Any]]


def routes(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame | Snapped,
    destinations: gpd.GeoDataFrame | Snapped,
    *,
    pairs: Pairs | None = None,
    links: LinkModel | None = None,
    engine: str = "auto",
    simplify_m: float | None = None,
) -> gpd.GeoDataFrame:
    """Return the fastest way of each pair as a line, with its time and length.

    A line begins at the origin, goes straight to the point where it meets the roads,
    follows them (in their bends where the network keeps shapes, else straight from
    junction to junction) and goes straight to the destination. Times are those of
    `travel_times` to the millisecond. Of ways equally fast the same one is always
    drawn, the one whose length `travel_times` tells.

    Many routes are unpacked from the hierarchy of the network, each pair by itself; without one,
    and for few, each origin costs a search over the whole network.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        Points with an id column, or places snapped before, as in `travel_times`.
    pairs
        Ids of origin and destination: pairs, or a table whose first two columns they
        are. None: every origin with every destination.
    links
        The model of the access leg.
    engine
        `auto`, `scipy`, `dijkstra` or `hierarchy`.
    simplify_m
        How far a line may be from the way, metres; None: every bend is kept.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per pair in the order asked: both ids (named as in
        `TravelTimes.to_frame`), `travel_min`, `length_km` (along the way, access legs
        with their detour), `modelled_share` of the time and what of it is streets
        (`street_share`, both 0-1) and the line, in the CRS of the network. A pair
        without a way has an empty line and NaN.

    Raises
    ------
    InputError
        If a pair names an id that is not there, or the places cannot be used.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> def point(column, name, x):
    ...     return gpd.GeoDataFrame({column: [name]}, geometry=gpd.points_from_xy([x], [0.0]),
    ...                             crs="EPSG:3059")
    >>> way = routes(network, point("settlement_id", "A", 0.0), point("facility_id", "B", 500.0))
    >>> way["travel_min"].item(), way["length_km"].item(), way.geometry.item().wkt
    (0.5, 0.5, 'LINESTRING (0 0, 500 0)')
    """
    import geopandas as gpd
    import shapely

    starts, ends, origin_column, destination_column = snap_ends(
        network, origins, destinations, links
    )
    asked = _find_pairs(starts, ends, pairs)
    order = _order_pairs(starts, ends, *asked)
    row, column = (position[order] for position in asked)
    engine, hierarchy = choose_for_trips(network, len(np.unique(row)), engine)
    trips = trace_trips(
        network.graph, starts.as_origins, ends.as_destinations, row, column,
        engine=engine, hierarchy=hierarchy,
    )  # fmt: skip
    travel_ms, measures = trips.ms.copy(), _measure(network, starts, ends, row, column, trips)
    direct = _match_direct(pair_directly(starts, ends), row, column)
    taken = direct.ms <= travel_ms[direct.pair]
    at_once = direct.pair[taken]
    measures[at_once] = measure_direct(network, starts, ends, direct.trips)[taken]
    travel_ms[at_once] = direct.ms[taken]
    straight = np.zeros(len(row), dtype=np.int8)
    straight[at_once] = np.where(is_straight(starts, ends, direct.trips), STRAIGHT, ON_EDGE)[taken]
    lines = draw_trips(network, starts, ends, row, column, trips, straight)
    if simplify_m:
        lines = shapely.simplify(lines, simplify_m)
    back = np.argsort(order)  # to the order asked
    travel_ms, measures, lines = travel_ms[back], measures[back], lines[back]
    reached = travel_ms < int(UNREACHABLE)
    shares = to_share(measures[:, 1:], travel_ms[:, None])
    return gpd.GeoDataFrame(
        {
            origin_column: starts.ids[asked[0]],
            destination_column: ends.ids[asked[1]],
            "travel_min": to_minutes(travel_ms),
            "length_km": np.where(reached, measures[:, 0] / 1000, np.nan),
            "modelled_share": np.where(reached, shares[:, 0], np.nan),
            "street_share": np.where(reached, shares[:, 1], np.nan),
        },
        geometry=lines,
        crs=network.crs,
    )


def _find_pairs(
    starts: Snapped, ends: Snapped, pairs: Pairs | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of origin and destination of each pair."""
    if pairs is None:
        return (
            np.repeat(np.arange(len(starts.ids)), len(ends.ids)),
            np.tile(np.arange(len(ends.ids)), len(starts.ids)),
        )
    if isinstance(pairs, pd.DataFrame):
        names = pairs.iloc[:, :2].astype(str).to_numpy(dtype=object)
    else:
        names = np.array([(str(a), str(b)) for a, b in pairs], dtype=object).reshape(-1, 2)
    problems = []
    if names.shape[1] < 2:
        problems.append(Problem("travel.pairs_need_two_columns", "pairs"))
    codes = ("travel.no_such_origin", "travel.no_such_destination")
    found = []
    for side, places, code in zip(names.T, (starts, ends), codes, strict=False):
        position = pd.Index(places.ids).get_indexer(side)
        lost = tuple(dict.fromkeys(side[position < 0]))
        if lost:
            problems.append(Problem(code, "pairs", lost))
        found.append(position)
    raise_problems(problems)
    return found[0], found[1]


def _order_pairs(starts: Snapped, ends: Snapped, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return the order in which pairs near each other stand together.

    They pass the same roads, which are then near the processor.
    """
    place = []
    for places in (starts, ends):
        rank = np.empty(len(places.ids), np.int64)
        rank[order_along_curve(*np.nan_to_num([places.x, places.y]))] = np.arange(len(places.ids))
        place.append(rank)
    block = place[0] * BLOCKS // max(len(place[0]), 1)
    return np.lexsort((place[0][row], place[1][column], block[row]))


def _measure(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    row: np.ndarray,
    column: np.ndarray,
    trips: Trips,
) -> np.ndarray:
    """Return metres, modelled and street milliseconds of each trip over the graph, (trips, 3)."""
    sums = np.zeros((len(row), 3))
    for number, part in enumerate(list_arc_measures(network)):
        if number == 0 or network.modelled.any():  # else nothing is modelled, no street either
            sums[:, number] = np.bincount(trips.trip, part[trips.arcs], minlength=len(row))
    sums += starts.measure_ends()[row, trips.ends[:, 0]]
    sums += ends.measure_ends()[column, trips.ends[:, 1]]
    return np.where((trips.ms < int(UNREACHABLE))[:, None], sums, 0.0)


class _Matched:
    """The trips that pass no node among the pairs asked for."""

    def __init__(self, pair: np.ndarray, trips: DirectTrips) -> None:
        self.pair, self.trips, self.ms = pair, trips, trips.ms.astype(np.int64)


def _match_direct(direct: DirectTrips, row: np.ndarray, column: np.ndarray) -> _Matched:
    if not len(direct.ms):
        return _Matched(np.empty(0, np.int64), direct)
    key = direct.origin.astype(np.int64) << 32 | direct.destination  # in order, each once
    asked = row.astype(np.int64) << 32 | column
    place = np.minimum(np.searchsorted(key, asked), len(key) - 1)
    pair = np.flatnonzero(key[place] == asked)
    place = place[pair]
    trips = DirectTrips(direct.origin[place], direct.destination[place], direct.ms[place])
    return _Matched(pair, trips)
