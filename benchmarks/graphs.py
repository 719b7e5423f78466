"""Synthetic road-like graphs of any size: towns, planar edges, fast roads between hubs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, cKDTree

from socaccess.routing import Graph, order_along_curve

__all__ = ["RoadLikeGraph", "make_road_like_graph"]

WIDTH_M, HEIGHT_M = 420_000.0, 200_000.0
TOWN_COUNT = 120
DETOUR = 1.15
"""Length of a road over the straight line between its ends."""
ONE_WAY_SHARE = 0.05


@dataclass(frozen=True)
class RoadLikeGraph:
    """A graph with the coordinates of its nodes in metres; nodes are numbered by place."""

    graph: Graph
    x_m: npt.NDArray[np.float64]
    y_m: npt.NDArray[np.float64]


def make_road_like_graph(node_count: int, *, seed: int = 7) -> RoadLikeGraph:
    """Return about `node_count` nodes (the largest strongly connected part of so many).

    A little more than half of the nodes crowd around towns of very unequal size. Edges are the
    Urquhart graph of the points: a Delaunay triangulation without the longest edge of each
    triangle, which has the degrees of a road network. Edges on the fastest ways between towns
    become main roads.
    """
    rng = np.random.default_rng(seed)
    towns, size = _place_towns(rng)
    points = _scatter_points(rng, node_count, towns, size)
    points = points[order_along_curve(points[:, 0], points[:, 1])]
    left, right = _join_points(points)
    length_m = np.maximum(np.hypot(*(points[left] - points[right]).T), 5.0) * DETOUR
    speed_kph = rng.choice([20.0, 30.0, 50.0, 60.0], len(left), p=[0.15, 0.35, 0.35, 0.15])
    effort = length_m * rng.uniform(0.7, 1.3, len(left))
    tree = cKDTree(points)
    hubs = tree.query(towns)[1][np.argsort(-size)]
    villages = np.unique(rng.integers(0, node_count, max(100, node_count // 800)))
    for ends, kph, near in ((villages, 60.0, 4), (hubs, 80.0, 4), (hubs[:40], 90.0, 6)):
        chosen = _find_main_edges(points, left, right, effort, ends, near)
        speed_kph[chosen] = np.maximum(speed_kph[chosen], kph)
    weight_ms = np.maximum(1, np.rint(length_m / (speed_kph / 3.6) * 1000)).astype(np.int64)
    one_way = rng.random(len(left)) < ONE_WAY_SHARE
    along = rng.random(len(left)) < 0.5
    forward, backward = ~one_way | along, ~one_way | ~along
    tail = np.concatenate([left[forward], right[backward]])
    head = np.concatenate([right[forward], left[backward]])
    weight = np.concatenate([weight_ms[forward], weight_ms[backward]])
    matrix = csr_array((weight, (tail, head)), shape=(len(points),) * 2)
    label = connected_components(matrix, connection="strong")[1]
    kept = label == np.bincount(label).argmax()
    number = np.cumsum(kept) - 1
    inside = kept[tail] & kept[head]
    graph = Graph.from_arcs(
        int(kept.sum()), number[tail[inside]], number[head[inside]], weight[inside]
    )
    return RoadLikeGraph(graph, points[kept, 0], points[kept, 1])


def _place_towns(rng: np.random.Generator) -> tuple[npt.NDArray, npt.NDArray]:
    towns = rng.random((TOWN_COUNT, 2)) * [WIDTH_M, HEIGHT_M]
    size = rng.pareto(1.1, TOWN_COUNT) + 0.3
    size[0] = size.sum() / 2  # one city as large as half of all others
    return towns, size / size.sum()


def _scatter_points(
    rng: np.random.Generator, count: int, towns: npt.NDArray, size: npt.NDArray
) -> npt.NDArray:
    crowded = int(count * 0.55)
    town = rng.choice(len(towns), crowded, p=size)
    radius = (1_500 + 18_000 * np.sqrt(size))[town, None]
    spread = rng.normal(size=(crowded, 2)) * np.abs(rng.normal(size=(crowded, 1))) * 0.7
    scattered = rng.random((count - crowded, 2)) * [WIDTH_M, HEIGHT_M]
    points = np.vstack([towns[town] + spread * radius, scattered])
    return points.clip(0, [WIDTH_M, HEIGHT_M]) + rng.normal(size=(count, 2)) * 0.5


def _join_points(points: npt.NDArray) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the ends of the Urquhart graph's edges, the smaller number first."""
    corners = Delaunay(points).simplices.astype(np.int64)
    sides = np.stack([corners, np.roll(corners, -1, axis=1)], axis=2)
    sides.sort(axis=2)
    key = sides[:, :, 0] * len(points) + sides[:, :, 1]
    length = np.hypot(*np.moveaxis(points[sides[:, :, 0]] - points[sides[:, :, 1]], 2, 0))
    longest = key[np.arange(len(key)), length.argmax(axis=1)]
    edges = np.setdiff1d(key, longest)
    return edges // len(points), edges % len(points)


def _find_main_edges(
    points: npt.NDArray,
    left: npt.NDArray,
    right: npt.NDArray,
    effort: npt.NDArray,
    ends: npt.NDArray,
    near: int,
) -> npt.NDArray[np.int64]:
    """Return the edges on the easiest ways from each of `ends` to the nearest few others."""
    count = len(points)
    both = (np.concatenate([effort, effort]), (np.r_[left, right], np.r_[right, left]))
    matrix = csr_array(both, shape=(count, count))
    key = left * count + right
    distance_m, neighbour = cKDTree(points[ends]).query(points[ends], k=near + 1)
    found = []
    order = np.argsort(distance_m[:, -1])
    step = max(1, 8_000_000 // count)
    for start in range(0, len(ends), step):
        rows = order[start : start + step]
        limit = distance_m[rows, -1].max() * 3 + 1_000
        time, before = dijkstra(matrix, indices=ends[rows], return_predecessors=True, limit=limit)
        for row, hub in enumerate(rows):
            here = ends[neighbour[hub, 1:]]
            here = here[np.isfinite(time[row, here])]
            while len(here):
                above = before[row, here].astype(np.int64)
                here, above = here[above >= 0], above[above >= 0]
                found.append(np.minimum(here, above) * count + np.maximum(here, above))
                here = np.unique(above)
    return np.searchsorted(key, np.unique(np.concatenate(found)))
