"""Two sources of roads made one graph: gaps closed, stretches that both know marked, nodes joined.

Both sources draw a road as a straight line between nodes, so that their lines cross where roads do
not. They are joined at nodes only: a node of the state-road table and the place of the other source
within `JOINT_M` are the same spot. All roads of both stay; a road of OpenStreetMap that runs beside
a state road is marked, so that the length of the table can win where both know the stretch.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

__all__ = ["Graph", "Town", "close_gaps", "cut_edges", "join_sources", "mark_beside"]

GAP_M = 150.0
"""A dead end, or a node of a loose part, this near another road meets it."""
JOINT_M = 400.0
"""A state-road node this near a place of the other source is that place."""
LEAST_JOINT_M = 20.0
BESIDE_M = 1500.0
"""A road is beside a state road where a line of that runs this near, in its direction."""
BESIDE_SHARE = 0.8
ALONG = 0.85
"""Least cosine between two lines that run in one direction."""
SAMPLES = 20
WAY_ROUND_KM = 5.0
"""A gap whose way round is longer than this must not lie across water."""


@dataclass(frozen=True)
class Town:
    """A circle in which streets are kept as they are, metres."""

    x: float
    y: float
    radius_m: float


@dataclass
class Graph:
    """Nodes with their places, and edges as rows."""

    node_ids: list[str]
    xy: np.ndarray
    edges: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.position = {node: index for index, node in enumerate(self.node_ids)}

    def ends(self, edges: Sequence[dict[str, object]] | None = None) -> np.ndarray:
        """Return the positions of both ends of edges, shape (edges, 2)."""
        rows = self.edges if edges is None else edges
        pairs = [(self.position[str(e["from_id"])], self.position[str(e["to_id"])]) for e in rows]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def lines(self) -> np.ndarray:
        """Return the edges as straight lines."""
        return shapely.linestrings(self.xy[self.ends()])

    def add_node(self, node: str, xy: np.ndarray) -> None:
        """Add a node unless it is there."""
        if node not in self.position:
            self.position[node] = len(self.node_ids)
            self.node_ids.append(node)
            self.xy = np.vstack([self.xy, xy])

    def parts(self) -> np.ndarray:
        """Return the number of the connected part of every node."""
        ends = self.ends()
        size = len(self.node_ids)
        matrix = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
        return connected_components(matrix, directed=False)[1]


def mark_beside(graph: Graph, state: Graph, towns: Sequence[Town]) -> None:
    """Set `road_class` (A, P or other) and `beside` of every edge of `graph`.

    The class is that of the state road along most of the edge. In large towns streets run beside
    state roads without being them: there no edge is beside.
    """
    ends, state_ends = graph.ends(), state.ends()
    start, span = graph.xy[ends[:, 0]], graph.xy[ends[:, 1]] - graph.xy[ends[:, 0]]
    lines = state.lines()
    share = (np.arange(SAMPLES) + 0.5) / SAMPLES
    spots = start[:, None] + share[None, :, None] * span[:, None]
    points = shapely.points(spots.reshape(-1, 2))
    point, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=BESIDE_M)
    course = (state.xy[state_ends[:, 1]] - state.xy[state_ends[:, 0]])[line]
    own = span[point // SAMPLES]
    norm = np.hypot(*own.T) * np.hypot(*course.T)
    along = np.abs((own * course).sum(axis=1)) > ALONG * np.maximum(norm, 1.0)
    point, line = point[along], line[along]
    # The nearest of the state roads a point lies along; ties by their order.
    first = np.lexsort((line, shapely.distance(points[point], lines[line]), point))
    point, line = point[first], line[first]
    point, nearest = np.unique(point, return_index=True)
    classes = np.array([str(edge["road_class"]) for edge in state.edges])
    kind = np.full(len(points), "", dtype=classes.dtype)
    kind[point] = classes[line[nearest]]
    kind = kind.reshape(-1, SAMPLES)
    city = shapely.union_all(
        shapely.buffer(
            shapely.points([(town.x, town.y) for town in towns]), [t.radius_m for t in towns]
        )
    )
    inner = shapely.within(graph.lines(), city)
    for edge, row, streets in zip(graph.edges, kind, inner, strict=True):
        shares = {name: (row == name).mean() for name in ("A", "P")}
        edge["road_class"] = next((k for k in ("A", "P") if shares[k] >= 0.5), "other")
        edge["beside"] = bool((row != "").mean() >= BESIDE_SHARE) and not streets


def close_gaps(
    graph: Graph, water: shapely.geometry.base.BaseGeometry
) -> tuple[list[dict[str, object]], list[str]]:
    """Return joints from dead ends and loose parts to the roads they should touch.

    Every road is cut where a joint meets it. The second answer names the gaps left open because
    the way round is long and water lies between.
    """
    ends, lines, label = graph.ends(), graph.lines(), graph.parts()
    degree = np.bincount(ends.ravel(), minlength=len(graph.node_ids))
    around: list[set[int]] = [set() for _ in graph.node_ids]
    for edge, (one, other) in enumerate(ends):
        around[one].add(edge)
        around[other].add(edge)
    loose = np.flatnonzero((degree == 1) | (label != np.bincount(label).argmax()))
    points = shapely.points(graph.xy)
    node, edge = shapely.STRtree(lines).query(points[loose], predicate="dwithin", distance=GAP_M)
    node = loose[node]
    gap_m = shapely.distance(points[node], lines[edge])
    joints, cuts, left_open, done = [], {}, [], set()
    for number in np.lexsort((edge, node, gap_m)):
        one, onto = int(node[number]), int(edge[number])
        nearby = around[one] | {e for own in around[one] for end in ends[own] for e in around[end]}
        if one in done or onto in nearby:
            continue
        done.add(one)
        along = shapely.line_locate_point(lines[onto], points[one], normalized=True)
        target, spot = locate_cut(graph, onto, along)
        gap = shapely.linestrings([graph.xy[one], spot])
        if measure_way_round(graph, one, ends[onto]) > WAY_ROUND_KM and water.intersects(gap):
            left_open.append(graph.node_ids[one])
            continue
        graph.add_node(target, spot)
        cuts.setdefault(onto, []).append((along, target))
        joints.append(
            {
                "edge_id": f"gap:{graph.node_ids[one]}",
                "from_id": graph.node_ids[one],
                "to_id": target,
                "length_km": max(float(gap_m[number]), LEAST_JOINT_M) * 1.2 / 1000,
                "source": "joint",
                "road_class": "joint",
                "road": "",
                "beside": False,
            }
        )
    graph.edges = cut_edges(graph, cuts)
    return joints, left_open


def measure_way_round(graph: Graph, node: int, targets: np.ndarray) -> float:
    """Return the km from a node to the nearer of some others along the roads there are."""
    ends = graph.ends()
    size = len(graph.node_ids)
    km = np.array([float(edge["length_km"]) for edge in graph.edges])
    matrix = coo_array((km, (ends[:, 0], ends[:, 1])), shape=(size, size)).tocsr()
    return float(dijkstra(matrix, directed=False, indices=node)[targets].min())


def locate_cut(graph: Graph, edge: int, along: float) -> tuple[str, np.ndarray]:
    """Return the name and place of the node at a share of an edge; its ends where it is there."""
    row = graph.edges[edge]
    start, end = graph.ends([row])[0]
    along = round(float(along), 4)
    if along <= 0:
        return str(row["from_id"]), graph.xy[start]
    if along >= 1:
        return str(row["to_id"]), graph.xy[end]
    place = graph.xy[start] + along * (graph.xy[end] - graph.xy[start])
    return f"{row['edge_id']}@{along:.4f}", place


def cut_edges(graph: Graph, cuts: dict[int, list[tuple[float, str]]]) -> list[dict[str, object]]:
    """Return the edges cut at named nodes; the pieces share out the length."""
    pieces = []
    for number, edge in enumerate(graph.edges):
        stops = {0.0: str(edge["from_id"]), 1.0: str(edge["to_id"])}
        for along, node in cuts.get(number, ()):
            if node not in stops.values():
                stops[round(float(along), 4)] = node
        for part, (low, high) in enumerate(itertools.pairwise(sorted(stops))):
            name = f"{edge['edge_id']}:{part}" if len(stops) > 2 else edge["edge_id"]
            length = float(edge["length_km"]) * (high - low)
            pieces.append(
                edge
                | {"edge_id": name, "from_id": stops[low], "to_id": stops[high]}
                | {"length_km": max(length, 0.001)}
            )
    return pieces


def join_sources(graph: Graph, state: Graph) -> list[dict[str, object]]:
    """Return the joints between the nodes of the state roads and the same places of `graph`.

    A node within reach is taken before a point on a road, which is cut there.
    """
    used = np.unique(graph.ends())
    points = shapely.points(state.xy)
    tree = shapely.STRtree(shapely.points(graph.xy[used]))
    (asked, found), gap_m = tree.query_nearest(
        points, max_distance=JOINT_M, return_distance=True, all_matches=False
    )
    joints = [
        make_joint(state.node_ids[one], graph.node_ids[used[other]], metres)
        for one, other, metres in zip(asked, found, gap_m, strict=True)
    ]
    rest = np.setdiff1d(np.arange(len(points)), asked)
    lines = graph.lines()
    (asked, edge), gap_m = shapely.STRtree(lines).query_nearest(
        points[rest], max_distance=JOINT_M, return_distance=True, all_matches=False
    )
    cuts: dict[int, list[tuple[float, str]]] = {}
    for one, onto, metres in zip(rest[asked], edge, gap_m, strict=True):
        along = shapely.line_locate_point(lines[onto], points[one], normalized=True)
        target, spot = locate_cut(graph, int(onto), along)
        graph.add_node(target, spot)
        cuts.setdefault(int(onto), []).append((along, target))
        joints.append(make_joint(state.node_ids[one], target, metres))
    graph.edges = cut_edges(graph, cuts)
    return joints


def make_joint(one: str, other: str, metres: float) -> dict[str, object]:
    """Return an edge between two nodes that are one place.

    Half of the distance between them is rounding of the two sources.
    """
    return {
        "edge_id": f"joint:{one}",
        "from_id": one,
        "to_id": other,
        "length_km": max(float(metres) * 0.5, LEAST_JOINT_M) / 1000,
        "source": "joint",
        "road_class": "joint",
        "road": "",
        "beside": False,
    }
