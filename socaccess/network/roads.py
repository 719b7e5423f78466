"""Roads as arrays: nodes, edges, times, shapes, and the graph the routing works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from socaccess.errors import InputError
from socaccess.network._dry import Rivers
from socaccess.routing import UNREACHABLE, Graph

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import shapely

    from socaccess.routing import Hierarchy

__all__ = ["CLOSED", "Roads", "to_milliseconds"]

CLOSED = np.uint32(UNREACHABLE)
"""Time of an edge in a direction nobody may drive."""

OWN_ROAD_M = 100.0
"""How much nearer roads cut off from all others must be for a place to be on them.

So a gap in the map, or a loose end of a car park beside a street, cuts nobody off.
"""

SPOT_M = 60.0
"""Nodes joined by an edge no longer than this are one spot for places that join at nodes."""


@dataclass(frozen=True, eq=False)
class Roads:
    """Roads as a graph with times, in a system measured in metres.

    What every builder makes and every question is asked of; `RoadNetwork` is the one
    to use.

    Parameters
    ----------
    crs
        Metric system of every coordinate here.
    node_x, node_y
        Node positions in metres, shape (nodes,).
    edge_from, edge_to
        Node positions an edge runs between, shape (edges,).
    length_m
        Length along the road, shape (edges,).
    forward_ms, backward_ms
        Time along and against the edge in milliseconds; `CLOSED` where that
        direction may not be driven.
    modelled
        True where no road is known and the edge stands for one.
    node_id, edge_id
        The names of the source, as strings or integers.
    road_class, class_names
        Index into `class_names` for every edge.
    shape_start, shape_x, shape_y
        Vertices of edge `i` between its ends stand at `shape_start[i]:shape_start[i + 1]`;
        straight lines where absent.
    provenance
        Where the network comes from: source, licence, dates, counts, parameters.
    course, bridge
        Where places join at nodes: rivers that their ways to them do not cross, as straight pieces
        (x, y, x, y of each in turn), but near bridges (x, y, metres of each).
    """

    crs: str
    node_x: np.ndarray
    node_y: np.ndarray
    edge_from: np.ndarray
    edge_to: np.ndarray
    length_m: np.ndarray
    forward_ms: np.ndarray
    backward_ms: np.ndarray
    modelled: np.ndarray
    node_id: np.ndarray
    edge_id: np.ndarray
    road_class: np.ndarray
    class_names: tuple[str, ...] = ("road",)
    shape_start: np.ndarray | None = None
    shape_x: np.ndarray | None = None
    shape_y: np.ndarray | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    course: np.ndarray | None = None
    bridge: np.ndarray | None = None

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.node_x)

    @property
    def edge_count(self) -> int:
        """Number of edges; one edge is both directions of a road."""
        return len(self.edge_from)

    @cached_property
    def open_arcs(self) -> np.ndarray:
        """Directed arcs that may be driven: edge `i` forward is `i`, backward `edge_count + i`."""
        times = np.concatenate([self.forward_ms, self.backward_ms])
        return np.flatnonzero(times < CLOSED)

    @cached_property
    def graph(self) -> Graph:
        """The routing graph over `open_arcs`."""
        arcs = self.open_arcs
        return Graph.from_arcs(
            self.node_count,
            np.concatenate([self.edge_from, self.edge_to])[arcs],
            np.concatenate([self.edge_to, self.edge_from])[arcs],
            np.concatenate([self.forward_ms, self.backward_ms])[arcs],
        )

    def spread_over_arcs(self, values: np.ndarray) -> np.ndarray:
        """Return one value an edge as one value an arc of `open_arcs`."""
        return np.asarray(values)[self.open_arcs % max(self.edge_count, 1)]

    @cached_property
    def main_component(self) -> np.ndarray:
        """True for every node of the largest strongly connected part, shape (nodes,)."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        if not self.node_count:
            return np.zeros(0, dtype=bool)
        graph = self.graph
        # Ones, not times: a time of zero would read as no arc.
        matrix = csr_matrix(
            (np.ones(graph.arc_count, dtype=np.int8), graph.indices, graph.indptr),
            shape=(self.node_count, self.node_count),
        )
        _, label = connected_components(matrix, directed=True, connection="strong")
        return label == np.bincount(label).argmax()

    def is_class(self, *names: str) -> np.ndarray:
        """Return whether each edge is of one of some classes, whatever its surface, (edges,)."""
        known = np.array([name.split(" ")[0] in names for name in self.class_names], dtype=bool)
        return known[self.road_class]

    @property
    def joins_at_nodes(self) -> bool:
        """Whether places join these roads at nodes, because their lines are not their course."""
        return self.provenance.get("places_join") == "nodes"

    @cached_property
    def door_nodes(self) -> np.ndarray:
        """The nodes places join where they join at nodes: of several that are one spot, the first.

        Only those of the main part.
        """
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        same = ~self.modelled & (self.length_m <= SPOT_M)
        same &= (self.forward_ms < CLOSED) & (self.backward_ms < CLOSED)
        ends = self.edge_from[same], self.edge_to[same]
        size = (self.node_count, self.node_count)
        _, spot = connected_components(
            csr_matrix((np.ones(same.sum()), ends), size), directed=False
        )
        main = np.flatnonzero(self.main_component)
        return main[np.unique(spot[main], return_index=True)[1]]

    @cached_property
    def rivers(self) -> Rivers:
        """What the ways of places that join at nodes do not cross."""
        nothing = np.empty(0)
        return Rivers(
            nothing if self.course is None else self.course,
            nothing if self.bridge is None else self.bridge,
        )

    @cached_property
    def edge_at_node(self) -> np.ndarray:
        """The first edge that begins or ends at each node, -1 where none does, shape (nodes,)."""
        at = np.full(self.node_count, -1, dtype=np.int64)
        for ends in (self.edge_to, self.edge_from):
            at[ends[::-1]] = np.arange(self.edge_count)[::-1]
        return at

    @cached_property
    def snappable_edges(self) -> np.ndarray:
        """Positions of the edges of the main part a place may be put on.

        Those with both ends in the main part, and stretches for destinations only that one copy
        joins to it on the way in and another on the way out; but nobody boards a ferry on its
        way, or comes out of a farm onto a motorway.
        """
        main = self.main_component
        passed = self.is_class("ferry", "motorway")
        found = main[self.edge_from] & main[self.edge_to]
        stretch = self.stretch
        copied = np.flatnonzero(stretch != np.arange(self.edge_count))
        if len(copied):
            both = np.ones(self.edge_count, dtype=bool)
            for joined in self._joined_to_main:
                joined = joined[self.edge_from] & joined[self.edge_to]
                there = joined.copy()
                np.logical_or.at(there, stretch[copied], joined[copied])
                both &= there
            first = np.unique(stretch[copied])
            found[first] |= both[first]
        return np.flatnonzero(found & ~passed)

    @property
    def _joined_to_main(self) -> tuple[np.ndarray, np.ndarray]:
        """Which nodes the main part leads to, and which lead to it, each of shape (nodes,)."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import breadth_first_order

        graph, main = self.graph, self.main_component
        size = (self.node_count, self.node_count)
        matrix = csr_matrix((np.ones(graph.arc_count, np.int8), graph.indices, graph.indptr), size)
        begin = int(np.argmax(main))
        found = []
        for arcs in (matrix, matrix.T.tocsr()):
            joined = np.zeros(self.node_count, dtype=bool)
            joined[breadth_first_order(arcs, begin, return_predecessors=False)] = True
            found.append(joined)
        return found[0], found[1]

    @cached_property
    def part(self) -> np.ndarray:
        """Number of the part of the network each node is in, joined in whatever direction.

        Part 0 holds the main part; the others, cut off from it, follow by their number of nodes.
        Nodes without an open road are parts of their own.
        """
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        if not self.node_count:
            return np.zeros(0, dtype=np.int64)
        graph = self.graph
        size = (self.node_count, self.node_count)
        matrix = csr_matrix((np.ones(graph.arc_count, np.int8), graph.indices, graph.indptr), size)
        _, label = connected_components(matrix, directed=False)
        count = np.bincount(label)
        count[label[np.argmax(self.main_component)]] = self.node_count + 1
        place = np.empty_like(count)
        place[np.argsort(-count, kind="stable")] = np.arange(len(count))
        return place[label]

    @property
    def part_sizes(self) -> np.ndarray:
        """Nodes of each part that has a road one may drive on, the main part first, (parts,)."""
        count = np.bincount(self.part)
        return count[: max(1, int((count > 1).sum()))] if len(count) else count

    @cached_property
    def own_edges(self) -> np.ndarray:
        """Positions of roads for places that no road or ferry joins to the main part.

        Islands, yards behind closed gates, scraps cut off by the edge of an extract.
        """
        open_ = (self.forward_ms < CLOSED) | (self.backward_ms < CLOSED)
        open_ &= (self.part[self.edge_from] > 0) & (self.length_m > 0)
        return np.flatnonzero(open_ & ~self.is_class("ferry", "motorway"))

    @cached_property
    def own_tree(self) -> shapely.STRtree:
        """Spatial index over the lines of `own_edges`, in their order."""
        import shapely

        return shapely.STRtree(self.draw_lines(self.own_edges))

    @cached_property
    def snap_tree(self) -> shapely.STRtree:
        """Spatial index over the lines of `snappable_edges`, in their order."""
        import shapely

        return shapely.STRtree(self.lines[self.snappable_edges])

    @cached_property
    def lines(self) -> np.ndarray:
        """The edges as shapely lines in `crs`, shape (edges,)."""
        return self.draw_lines(np.arange(self.edge_count))

    def draw_lines(self, edges: np.ndarray) -> np.ndarray:
        """Return the shapely lines of the given edge positions, in `crs`."""
        import shapely

        edges = np.asarray(edges)
        start = np.stack([self.node_x, self.node_y], axis=1)[self.edge_from[edges]]
        end = np.stack([self.node_x, self.node_y], axis=1)[self.edge_to[edges]]
        if self.shape_start is None or self.shape_x is None or self.shape_y is None:
            return shapely.linestrings(np.stack([start, end], axis=1))
        inner = np.diff(self.shape_start)[edges]
        total = inner + 2
        begin = np.concatenate([[0], np.cumsum(total)])
        points = np.empty((begin[-1], 2))
        points[begin[:-1]] = start
        points[begin[1:] - 1] = end
        within = np.arange(inner.sum()) - np.repeat(np.cumsum(inner) - inner, inner)
        source = np.repeat(self.shape_start[edges], inner) + within
        target = np.repeat(begin[:-1] + 1, inner) + within
        points[target, 0] = self.shape_x[source]
        points[target, 1] = self.shape_y[source]
        return shapely.linestrings(points, indices=np.repeat(np.arange(len(edges)), total))

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the edges as lines with their class, length, times (minutes) and origin.

        One-way edges have NaN for the direction that is closed.
        """
        import geopandas as gpd

        def minutes(values: np.ndarray) -> np.ndarray:
            return np.where(values >= CLOSED, np.nan, values / 60_000)

        return gpd.GeoDataFrame(
            {
                "edge_id": self.edge_id.astype(str),
                "road_class": np.asarray(self.class_names, dtype=object)[self.road_class],
                "length_m": self.length_m,
                "forward_min": minutes(self.forward_ms),
                "backward_min": minutes(self.backward_ms),
                "modelled": self.modelled,
            },
            geometry=self.lines,
            crs=self.crs,
        )

    @cached_property
    def stretch(self) -> np.ndarray:
        """The first edge that is the same stretch of road, for each edge, shape (edges,).

        Turn restrictions, and closing a zone to those who pass through, leave copies of some
        stretches beside the original, which comes first. A place on such a stretch lies on the
        original and on every copy: it is reached and left by all of them.
        """
        import pandas as pd

        table = pd.DataFrame(
            {
                "edge_id": self.edge_id,
                "length_m": self.length_m,
                "from_x": self.node_x[self.edge_from],
                "from_y": self.node_y[self.edge_from],
                "to_x": self.node_x[self.edge_to],
                "to_y": self.node_y[self.edge_to],
            }
        )
        first = np.arange(self.edge_count)
        # A connector has no length and is no road.
        doubled = np.flatnonzero(table.duplicated(keep=False).to_numpy() & (self.length_m > 0))
        groups = table.iloc[doubled].groupby(list(table.columns), sort=False).ngroup().to_numpy()
        _, origin = np.unique(groups, return_index=True)
        first[doubled] = doubled[origin[groups]]
        return first

    @property
    def file(self) -> Path | None:
        """The file whose arrays this network maps, None for one made or changed in memory."""
        return self.__dict__.get("_file")

    @cached_property
    def hierarchy(self) -> Hierarchy | None:
        """What was prepared for large questions: by `prepare`, or found on disk; else None.

        Looked for when first asked for, beside the file the network was loaded from and
        in the user's cache folder (`socaccess.network.hierarchies`).
        """
        from socaccess.network.hierarchies import load_hierarchy

        return load_hierarchy(self.graph, self.file)

    @property
    def is_prepared(self) -> bool:
        """Whether a hierarchy is in memory already."""
        return self.__dict__.get("hierarchy") is not None

    def prepare(self) -> Hierarchy:
        """Return the hierarchy of this network, built now if there is none.

        Every question asked of this network afterwards uses it where it helps.
        """
        found = self.hierarchy
        if found is None:
            from socaccess.network.hierarchies import make_hierarchy

            found = self.__dict__["hierarchy"] = make_hierarchy(self.graph)
        return found

    def with_times(self, forward_ms: np.ndarray, backward_ms: np.ndarray) -> Self:
        """Return the same roads with other times."""
        return replace(self, forward_ms=forward_ms, backward_ms=backward_ms)


def to_milliseconds(length_m: np.ndarray, speed_kph: np.ndarray | float) -> np.ndarray:
    """Return the whole milliseconds of a drive, at least 0, as uint32.

    Raises
    ------
    InputError
        If a single edge takes longer than the integers hold (about 24 days).
    """
    milliseconds = np.rint(np.asarray(length_m) / (np.asarray(speed_kph) / 3.6) * 1000)
    if (milliseconds >= UNREACHABLE).any():
        raise InputError("network.edge_too_slow")
    return milliseconds.astype(np.uint32)
