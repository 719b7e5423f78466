"""Routes: the fastest way of single pairs as lines that follow the roads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from socaccess.errors import Problem, raise_problems
from socaccess.network import RoadNetwork, Snapped, pair_directly
from socaccess.routing import UNREACHABLE, DirectTrips, Terminals, trace_trees
from socaccess.routing import Path as Trip
from socaccess.settings import LinkModel
from socaccess.travel._measure import is_straight, measure_arcs, measure_direct, to_share
from socaccess.travel.minutes import to_minutes
from socaccess.travel.places import snap_ends

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["routes", "trace_trips"]

Pairs: TypeAlias = pd.DataFrame | Sequence[tuple[Any, Any]]


def routes(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame | Snapped,
    destinations: gpd.GeoDataFrame | Snapped,
    *,
    pairs: Pairs | None = None,
    links: LinkModel | None = None,
    engine: str = "auto",
) -> gpd.GeoDataFrame:
    """Return the fastest way of each pair as a line, with its time and length.

    A line begins at the origin, goes straight to the point where it meets the roads,
    follows them (in their bends where the network keeps shapes, else straight from
    junction to junction) and goes straight to the destination. Times are those of
    `travel_times` to the millisecond. Of ways equally fast the same one is always
    drawn, the one whose length `travel_times` tells.

    Each origin costs a search over the whole network: ask for the pairs to be shown, not
    for a whole table.

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
        `auto`, `scipy` or `dijkstra`.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a pair in the order asked: both ids (named as in
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
    row, column = _find_pairs(starts, ends, pairs)
    trips = trace_trips(network, starts.as_origins, ends.as_destinations, row, column, engine)
    travel_ms = np.array([trip.ms for trip in trips], dtype=np.int64)
    measures = _measure(network, starts, ends, row, column, trips)
    direct = _match_direct(pair_directly(starts, ends), row, column)
    taken = direct.ms <= travel_ms[direct.pair]
    at_once = direct.pair[taken]
    measures[at_once] = measure_direct(network, starts, ends, direct.trips)[taken]
    travel_ms[at_once] = direct.ms[taken]
    straight = is_straight(starts, ends, direct.trips)
    shortcut = np.full(len(row), "", dtype=object)
    shortcut[at_once] = np.where(straight, "straight", "edge")[taken]

    pen = _Pen(network, starts, ends)
    lines = [
        pen.draw_directly(o, d, how) if how else pen.draw(o, d, trip)
        for o, d, trip, how in zip(row.tolist(), column.tolist(), trips, shortcut, strict=True)
    ]
    reached = travel_ms < int(UNREACHABLE)
    shares = to_share(measures[:, 1:], travel_ms[:, None])
    return gpd.GeoDataFrame(
        {
            origin_column: starts.ids[row],
            destination_column: ends.ids[column],
            "travel_min": to_minutes(travel_ms),
            "length_km": np.where(reached, measures[:, 0] / 1000, np.nan),
            "modelled_share": np.where(reached, shares[:, 0], np.nan),
            "street_share": np.where(reached, shares[:, 1], np.nan),
        },
        geometry=np.array([shapely.linestrings(line) for line in lines], dtype=object),
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


def _measure(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    row: np.ndarray,
    column: np.ndarray,
    trips: Sequence[Trip],
) -> np.ndarray:
    """Return metres, modelled and street milliseconds of each trip over the graph, (trips, 3)."""
    of_arcs = measure_arcs(network)
    leaving, arriving = starts.measure_ends(), ends.measure_ends()
    sums = np.zeros((len(trips), of_arcs.shape[1]))
    for place, (o, d, trip) in enumerate(zip(row, column, trips, strict=True)):
        if trip.ms < UNREACHABLE:
            sums[place] = of_arcs[trip.arcs].sum(axis=0)
            sums[place] += leaving[o, trip.origin_end] + arriving[d, trip.destination_end]
    return sums


class _Matched:
    """The trips that pass no node among the pairs asked for."""

    def __init__(self, pair: np.ndarray, trips: DirectTrips) -> None:
        self.pair, self.trips, self.ms = pair, trips, trips.ms.astype(np.int64)


def _match_direct(direct: DirectTrips, row: np.ndarray, column: np.ndarray) -> _Matched:
    asked = pd.DataFrame({"origin": row, "destination": column, "pair": np.arange(len(row))})
    known = pd.DataFrame(
        {"origin": direct.origin, "destination": direct.destination, "ms": direct.ms}
    )
    both = asked.merge(known, on=["origin", "destination"])
    trips = DirectTrips(
        both["origin"].to_numpy(np.int32),
        both["destination"].to_numpy(np.int32),
        both["ms"].to_numpy(np.uint32),
    )
    return _Matched(both["pair"].to_numpy(), trips)


class _Pen:
    """Draws trips as coordinates, shape (vertices, 2)."""

    def __init__(self, network: RoadNetwork, starts: Snapped, ends: Snapped) -> None:
        self.network, self.starts, self.ends = network, starts, ends

    def draw(self, origin: int, destination: int, trip: Trip) -> np.ndarray:
        """Return the line of a trip through nodes, without any vertex where there is no way."""
        if trip.ms >= int(UNREACHABLE):
            return np.empty((0, 2))
        network, count = self.network, max(self.network.edge_count, 1)
        arcs = network.open_arcs[trip.arcs]
        edges, backward = arcs % count, arcs >= count
        parts = [self._of_place(self.starts, origin)]
        parts.append(self._to_node(self.starts, origin, trip.origin_end))
        drawn = network.draw_lines(edges) if len(edges) else ()
        parts += [
            _vertices(line)[::-1] if turned else _vertices(line)
            for line, turned in zip(drawn, backward, strict=True)
        ]
        parts.append(self._to_node(self.ends, destination, trip.destination_end)[::-1])
        parts.append(self._of_place(self.ends, destination))
        return _join(parts)

    def draw_directly(self, origin: int, destination: int, how: str) -> np.ndarray:
        """Return the line of a trip that passes no node: straight, or along the edge of both."""
        if how == "straight":
            places = (self.starts, origin), (self.ends, destination)
            return _join([self._of_place(*place) for place in places])
        edge = int(self.starts.edge[origin])
        low, high = self.starts.along[origin], self.ends.along[destination]
        return _join(
            [
                self._of_place(self.starts, origin),
                self._cut(edge, float(low), float(high)),
                self._of_place(self.ends, destination),
            ]
        )

    def _to_node(self, places: Snapped, place: int, end: int) -> np.ndarray:
        """Return the stretch from where a place meets its edge to an end of that edge.

        Of a place that joins at nodes, the node.
        """
        door = end - 2 * places.edges.shape[1]
        if door >= 0:
            node = places.door_node[place, door]
            return np.array([[self.network.node_x[node], self.network.node_y[node]]])
        edge = int(places.edges[place, end // 2])
        return self._cut(edge, float(places.along[place]), float(end % 2))

    def _cut(self, edge: int, low: float, high: float) -> np.ndarray:
        from shapely.ops import substring

        (line,) = self.network.draw_lines(np.array([edge]))
        return _vertices(substring(line, low, high, normalized=True))

    @staticmethod
    def _of_place(places: Snapped, place: int) -> np.ndarray:
        return np.array([[places.x[place], places.y[place]]])


def _vertices(line: Any) -> np.ndarray:
    import shapely

    return np.asarray(shapely.get_coordinates(line))


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the parts as one line without vertices that repeat, of two vertices at least."""
    points = np.concatenate(parts)
    kept = np.ones(len(points), dtype=bool)
    # Less than a millimetre apart is the same point, met from two sides.
    kept[1:] = np.abs(np.diff(points, axis=0)).max(axis=1) > 1e-3
    kept[-1] |= kept.sum() == 1
    return points[kept]


TREE_CELLS = 4_000_000
"""Origins times nodes of the trees held at once (64 MB)."""


def trace_trips(
    network: RoadNetwork,
    origins: Terminals,
    destinations: Terminals,
    row: np.ndarray,
    column: np.ndarray,
    engine: str,
) -> list[Trip]:
    """Return the trips from `origins[row]` to `destinations[column]`.

    They are those of `socaccess.routing.trace_paths`, arcs being positions in `open_arcs`.
    """
    arcs = network.open_arcs
    tails = np.concatenate([network.edge_from, network.edge_to])[arcs]
    asked, tree_of = np.unique(row, return_inverse=True)
    order = np.argsort(tree_of, kind="stable")
    step = max(1, TREE_CELLS // max(network.node_count, 1))
    found: dict[int, Trip] = {}
    for start in range(0, len(asked), step):
        part = asked[start : start + step]
        trees = trace_trees(network.graph, origins.take(part), engine=engine)
        first, last = np.searchsorted(tree_of[order], [start, start + len(part)])
        for pair in order[first:last].tolist():
            tree, o, d = int(tree_of[pair]) - start, row[pair], column[pair]
            found[pair] = _walk_back(
                trees.ms[tree],
                trees.arc[tree],
                tails,
                (origins.node[o], origins.cost_ms[o]),
                (destinations.node[d], destinations.cost_ms[d]),
            )
    return [found[pair] for pair in range(len(row))]


def _walk_back(
    ms: np.ndarray,
    arc: np.ndarray,
    tails: np.ndarray,
    begin: tuple[np.ndarray, np.ndarray],
    end: tuple[np.ndarray, np.ndarray],
) -> Trip:
    """Return the trip that a tree holds between the nodes of an origin and of a destination."""
    nodes, cost_ms = end
    total = np.where(nodes >= 0, ms[nodes].astype(np.int64) + cost_ms, int(UNREACHABLE))
    last = int(total.argmin())
    if total[last] >= int(UNREACHABLE):
        return Trip(int(UNREACHABLE), np.empty(0, np.int32), -1, -1)
    node, passed = int(nodes[last]), []
    while arc[node] >= 0:
        passed.append(arc[node])
        node = int(tails[arc[node]])
    roots, root_ms = begin
    first = int(np.flatnonzero((roots == node) & (root_ms == ms[node]))[0])
    return Trip(int(total[last]), np.array(passed[::-1], np.int32), first, last)
