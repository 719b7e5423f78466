"""The road network: nodes, edges, times, and the graph the routing works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from socaccess.errors import InputError
from socaccess.routing import UNREACHABLE, Graph
from socaccess.settings import LinkModel

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from socaccess.network.snapping import Snapped

__all__ = ["CLOSED", "RoadNetwork"]

CLOSED = np.uint32(UNREACHABLE)
"""Time of an edge in a direction nobody may drive."""


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Roads as a graph with times, in a system measured in metres.

    Build one with a named constructor: `main_roads`, `from_edges`, `from_osm`,
    `from_osmnx`, `load`.

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

    # ---- building -----------------------------------------------------------------

    @classmethod
    def from_edges(
        cls,
        nodes: pd.DataFrame,
        edges: pd.DataFrame,
        *,
        crs: str | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> RoadNetwork:
        """Return a network from two tables.

        Parameters
        ----------
        nodes
            `node_id` (unique) with `lon`, `lat` in degrees, or `x`, `y` in metres
            of `crs`, or a geometry column of points with its CRS.
        edges
            `from_id`, `to_id`, and either `speed_kph` or `forward_ms` (and
            `backward_ms`). Optional: `edge_id`, `length_m` (default: straight
            line), `oneway` (default False), `modelled` (default False),
            `road_class`, `geometry` (lines drawn from `from_id` to `to_id`).
        crs
            Metric system of `x`, `y`, and of the network.
        provenance
            Kept as it is.

        Raises
        ------
        CrsError
            If the nodes are not in metres, or x and y look like degrees.
        InputError
            Naming every duplicate node, unknown end, missing or impossible
            length, speed, flag or coordinate at once.

        Examples
        --------
        >>> import pandas as pd
        >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
        >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
        >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
        >>> network.forward_ms.tolist(), network.length_m.tolist()
        ([60000], [1000.0])
        """
        from socaccess.network.tables import build_from_tables

        return build_from_tables(nodes, edges, crs=crs, provenance=provenance or {})

    @classmethod
    def main_roads(cls, links: LinkModel | None = None) -> RoadNetwork:
        """Return the embedded main roads of Latvia with modelled links to every settlement.

        Lengths are those of OpenStreetMap; speeds and links are modelled by
        `socaccess.settings.LinkModel`, and every edge says which it is.
        """
        from socaccess.network.main_roads import build_main_roads

        return build_main_roads(links or LinkModel())

    @classmethod
    def from_osmnx(cls, graph: Any) -> RoadNetwork:
        """Return a network from an osmnx / networkx (multi) directed graph.

        Needs `x`, `y` on nodes and `length` on edges in metres, and takes the
        time from `travel_time` (seconds) or else from `speed_kph` or `maxspeed`;
        the graph attribute `crs` says what `x` and `y` are (default WGS 84).
        """
        from socaccess.network.interchange import read_networkx

        return read_networkx(graph)

    @classmethod
    def from_osm(
        cls,
        path: str | Path,
        *,
        profile: Any = None,
        season: str = "summer",
        keep_shapes: bool = True,
        progress: Any = None,
    ) -> RoadNetwork:
        """Return the car network of an OpenStreetMap extract (`.osm.pbf`, `.osm`).

        `socaccess.network.osm_roads.read_osm_network` tells the parameters.
        """
        from socaccess.network.osm_roads import read_osm_network

        return read_osm_network(
            path, profile=profile, season=season, keep_shapes=keep_shapes, progress=progress
        )

    @classmethod
    def load(cls, path: str | Path) -> RoadNetwork:
        """Return the network saved in a file; arrays are memory-mapped, not read.

        Raises
        ------
        NetworkFileError
            If the file is truncated, changed or of another version.
        """
        from socaccess.network.file import load_network

        return load_network(path)

    def save(self, path: str | Path) -> None:
        """Write the network to one file, whole or not at all."""
        from socaccess.network.file import save_network

        save_network(self, path)

    # ---- looking ------------------------------------------------------------------

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

    @cached_property
    def snappable_edges(self) -> np.ndarray:
        """Positions of the edges a place may be put on: those with both ends in the main part."""
        main = self.main_component
        return np.flatnonzero(main[self.edge_from] & main[self.edge_to])

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

    def snap(
        self, points: gpd.GeoDataFrame, *, id_column: str, links: LinkModel | None = None
    ) -> Snapped:
        """Return where `points` meet the network; see `socaccess.network.snap_points`."""
        from socaccess.network.snapping import snap_points

        return snap_points(self, points, id_column=id_column, links=links)

    def with_times(self, forward_ms: np.ndarray, backward_ms: np.ndarray) -> RoadNetwork:
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
        raise InputError("an edge takes longer than 24 days; check lengths and speeds")
    return milliseconds.astype(np.uint32)
