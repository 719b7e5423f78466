"""The lines of many trips at once: pieces of edges between places, in the order of travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from socaccess.network import RoadNetwork, Snapped
from socaccess.routing import UNREACHABLE, Trips

__all__ = ["ON_EDGE", "STRAIGHT", "draw_trips"]

STRAIGHT: Final = 1
ON_EDGE: Final = 2
"""Trips that pass no node: straight from place to place, or along the edge of both."""


ARCS_AT_ONCE: Final = 100_000
"""Arcs of the trips drawn together: what is made of them stays near the processor."""


@dataclass(frozen=True)
class _Vertices:
    """Vertices of all edges one after the other, where each edge begins, metres run so far.

    Points of the plane are complex numbers: one array, gathered at once.
    """

    xy: np.ndarray
    begin: np.ndarray
    run: np.ndarray
    node_xy: np.ndarray

    def find(self, edge: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the vertex at or before a share of each edge's line, and the point there."""
        low, high = self.begin[edge], self.begin[edge + 1] - 1
        at = self.run[low] + share * (self.run[high] - self.run[low])
        vertex = np.clip(np.searchsorted(self.run, at, side="right") - 1, low, high - 1)
        step = self.run[vertex + 1] - self.run[vertex]
        part = np.where(step > 0, (at - self.run[vertex]) / np.where(step > 0, step, 1.0), 0.0)
        point = self.xy[vertex] + part.clip(0, 1) * (self.xy[vertex + 1] - self.xy[vertex])
        return vertex, point


def draw_trips(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    row: np.ndarray,
    column: np.ndarray,
    trips: Trips,
    direct: np.ndarray,
) -> np.ndarray:
    """Return the line of each pair, place to place; `direct` tells trips that pass no node.

    Pairs without a way have an empty line, the others two vertices at least.
    """
    drawn = [np.empty(0, dtype=object)]
    first = 0
    while first < len(row):
        enough = trips.begin[first] + ARCS_AT_ONCE
        last = max(int(np.searchsorted(trips.begin, enough, side="right")) - 1, first + 1)
        some = slice(first, last)
        begin = trips.begin[first : last + 1]
        part = Trips(
            trips.ms[some], trips.ends[some], begin - begin[0], trips.arcs[begin[0] : begin[-1]]
        )
        drawn.append(_draw(network, starts, ends, row[some], column[some], part, direct[some]))
        first = last
    return np.concatenate(drawn)


def _draw(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    row: np.ndarray,
    column: np.ndarray,
    trips: Trips,
    direct: np.ndarray,
) -> np.ndarray:
    vertices, count = _list_vertices(network), max(network.edge_count, 1)
    reached = (trips.ms < int(UNREACHABLE)) | (direct > 0)
    via = reached & (direct == 0)
    passed = np.where(via, np.diff(trips.begin), 0)
    pieces = np.where(via, passed + 2, (direct == ON_EDGE).astype(np.int64))
    begin = np.concatenate([[0], np.cumsum(pieces)])
    edge = np.zeros(begin[-1], np.int64)
    share = np.zeros((2, begin[-1]))
    node = np.full(begin[-1], -1, np.int64)
    # The arcs, each driven whole.
    used = via[trips.trip]
    arc = network.open_arcs[trips.arcs[used]]
    before = begin[:-1] + 1 - trips.begin[:-1]
    where = (np.arange(len(used)) + before[trips.trip])[used]
    backward = arc >= count
    edge[where] = arc - count * backward
    share[0, where], share[1, where] = backward, ~backward
    # The stretch between a place and its node, or the node alone.
    for places, position, end, spot, side in (
        (starts, row, trips.ends[:, 0], begin[:-1], 0),
        (ends, column, trips.ends[:, 1], begin[1:] - 1, 1),
    ):
        here, place, end, spot = np.flatnonzero(via), position[via], end[via], spot[via]
        width = 2 * places.edges.shape[1]
        door = np.maximum(end - width, 0)
        if places.door_node.shape[1] and len(here):
            node[spot] = np.where(end >= width, places.door_node[place, door], -1)
        own = places.edges[place, np.minimum(end, width - 1) // 2]
        edge[spot] = np.maximum(own, 0)
        share[side, spot], share[1 - side, spot] = places.along[place], end % 2
    along = direct == ON_EDGE
    edge[begin[:-1][along]] = starts.edge[row[along]]
    share[0, begin[:-1][along]] = starts.along[row[along]]
    share[1, begin[:-1][along]] = ends.along[column[along]]
    return _join(
        vertices, edge, share, node, begin, reached,
        (starts.x + 1j * starts.y)[row], (ends.x + 1j * ends.y)[column],
    )  # fmt: skip


def _join(
    vertices: _Vertices,
    edge: np.ndarray,
    share: np.ndarray,
    node: np.ndarray,
    begin: np.ndarray,
    reached: np.ndarray,
    start_xy: np.ndarray,
    end_xy: np.ndarray,
) -> np.ndarray:
    """Return the lines of the pieces, `share` being where on its edge each begins and ends."""
    import shapely

    first, last = vertices.begin[edge], vertices.begin[edge + 1] - 1
    turned = share[0] > share[1]
    points = np.empty((2, len(edge)), complex)
    points[0] = vertices.xy[np.where(turned, last, first)]
    points[1] = vertices.xy[np.where(turned, first, last)]
    low, high = first + 1, last  # vertices between the ends
    whole = np.abs(share[0] - share[1]) == 1
    cut = np.flatnonzero(~whole | (node >= 0))
    found = [vertices.find(edge[cut], share[side, cut]) for side in range(2)]
    for side in range(2):
        points[side, cut] = found[side][1]
    low[cut] = np.where(turned[cut], found[1][0], found[0][0]) + 1
    high[cut] = np.where(turned[cut], found[0][0], found[1][0]) + 1
    at_node = np.flatnonzero(node >= 0)
    points[:, at_node] = vertices.node_xy[node[at_node]]
    high[at_node] = low[at_node]
    inner = np.maximum(high - low, 0)
    lines = np.flatnonzero(reached)
    if not len(lines):
        return np.full(len(reached), shapely.LineString(), dtype=object)
    pieces = np.diff(begin)[lines]
    # A line: its place, the pieces with both their ends, the other place.
    size = inner + 2
    before = np.concatenate([[0], np.cumsum(size)])
    total = 2 + before[begin[1:]][lines] - before[begin[:-1]][lines]
    offset = np.concatenate([[0], np.cumsum(total)])
    xy = np.empty(offset[-1], complex)
    xy[offset[:-1]], xy[offset[1:] - 1] = start_xy[lines], end_xy[lines]
    shift = np.repeat(offset[:-1] + 1 - before[begin[:-1]][lines], pieces)
    spot = before[:-1] + shift
    xy[spot], xy[spot + size - 1] = points
    # The vertices between: forward from `low`, or backward from the one before `high`.
    way = np.where(turned, -1, 1)
    origin = np.where(turned, high - 1, low) - way * (np.cumsum(inner) - inner)
    number = np.arange(inner.sum())
    source = np.repeat(origin, inner) + np.repeat(way, inner) * number
    xy[np.repeat(spot + 1 - (np.cumsum(inner) - inner), inner) + number] = vertices.xy[source]
    # Less than a millimetre apart is the same point, met from two sides.
    kept = np.ones(len(xy), dtype=bool)
    step = np.abs(np.diff(xy).view(float))
    kept[1:] = (step[::2] > 1e-3) | (step[1::2] > 1e-3)
    kept[offset[:-1]] = True
    left = np.add.reduceat(kept, offset[:-1], dtype=np.int64)
    kept[offset[1:][left == 1] - 1] = True
    ends = np.zeros(len(reached) + 1, np.int64)
    ends[lines + 1] = np.maximum(left, 2)
    drawn = xy[kept].view(float).reshape(-1, 2)
    return shapely.from_ragged_array(shapely.GeometryType.LINESTRING, drawn, (np.cumsum(ends),))


def _list_vertices(network: RoadNetwork) -> _Vertices:
    """Return the vertices of a network's edges, listed once."""
    kept: _Vertices | None = network.__dict__.get("_vertices")
    if kept is None:
        inner = np.zeros(network.edge_count, np.int64)
        if network.shape_start is not None:
            inner = np.diff(network.shape_start)
        begin = np.concatenate([[0], np.cumsum(inner + 2)])
        xy = np.empty(begin[-1], complex)
        node_xy = network.node_x + 1j * network.node_y
        xy[begin[:-1]], xy[begin[1:] - 1] = node_xy[network.edge_from], node_xy[network.edge_to]
        if network.shape_x is not None and network.shape_y is not None:
            between = np.ones(begin[-1], bool)
            between[begin[:-1]] = between[begin[1:] - 1] = False
            xy[between] = network.shape_x + 1j * network.shape_y
        step = np.zeros(begin[-1])
        step[1:] = np.abs(np.diff(xy))
        step[begin[:-1]] = 1.0  # from edge to edge: the run only grows
        kept = _Vertices(xy, begin, np.cumsum(step), node_xy)
        network.__dict__["_vertices"] = kept
    return kept
