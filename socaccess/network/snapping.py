"""Where places meet the network: the nearest point of an edge, with the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem
from socaccess.network.roads import CLOSED, Roads, to_milliseconds
from socaccess.routing import DirectTrips, Terminals
from socaccess.settings import LinkModel

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Snapped", "check_points", "leg_kph", "pair_directly", "snap_points"]


@dataclass(frozen=True, eq=False)
class Snapped:
    """Places and the point of the network each was put on.

    Every place is here, also one without coordinates: its `edge` is -1 and it is
    unreachable in every table.

    Parameters
    ----------
    network
        The network.
    links
        The model of the access legs.
    ids
        Names of the places, shape (places,).
    edge
        Edge position, -1 where the place could not be snapped.
    along
        Where on the edge: 0 at `edge_from`, 1 at `edge_to`.
    access_m
        Straight distance between the place and that point, metres; NaN if not snapped.
    access_ms
        Time of that leg: `access_m` times the detour at the access speed.
    far
        True where `access_m` is above the limit of the settings.
    cut_off
        True where a nearer road is not part of the main component (an island, a yard behind
        a closed gate), so that the place was put on one farther away.
    x, y
        Where the place itself lies, metres in the CRS of the network; NaN where unknown.
    door_node, door_m, door_ms
        Further nodes a place may be left and reached by, with the straight distance to each
        and its time, shape (places, doors); -1 where unused.
    """

    network: Roads
    links: LinkModel
    ids: np.ndarray
    edge: np.ndarray
    along: np.ndarray
    access_m: np.ndarray
    access_ms: np.ndarray
    far: np.ndarray
    cut_off: np.ndarray
    x: np.ndarray
    y: np.ndarray
    door_node: np.ndarray
    door_m: np.ndarray
    door_ms: np.ndarray

    def take(self, places: slice | np.ndarray) -> Self:
        """Return some of the places, in the order given; one may come more than once."""
        arrays = {
            item.name: getattr(self, item.name)[places]
            for item in fields(self)
            if item.name not in ("network", "links")
        }
        return replace(self, **arrays)

    @property
    def located(self) -> np.ndarray:
        """True where the place was put on the network."""
        return self.edge >= 0

    @cached_property
    def edges(self) -> np.ndarray:
        """Every edge a place lies on, shape (places, width): its own first, then its copies.

        Turn restrictions leave one-way copies of some stretches; a place there is
        reached and left by all of them. -1 where unused.
        """
        own = self.edge[:, None]
        stretch = self.network.stretch
        copied = np.flatnonzero(stretch != np.arange(len(stretch)))
        if not len(copied) or not len(self.edge):
            return own
        # A place may have been put on a copy: the stretch is what counts.
        base = np.where(self.located, stretch[np.maximum(self.edge, 0)], -1)
        members = pd.concat(
            [
                pd.DataFrame({"base": stretch[copied], "edge": copied}),
                pd.DataFrame({"base": np.unique(stretch[copied])}).assign(edge=lambda f: f["base"]),
            ]
        ).sort_values(["base", "edge"])
        found = pd.DataFrame({"base": base, "place": np.arange(len(base)), "own": self.edge})
        found = found.merge(members, on="base").query("edge != own")
        if not len(found):
            return own
        column = found.groupby("place").cumcount().to_numpy() + 1
        edges = np.full((len(self.edge), 1 + column.max()), -1, dtype=np.int64)
        edges[:, 0] = self.edge
        edges[found["place"].to_numpy(), column] = found["edge"].to_numpy()
        return edges

    def _on_edges(self, values: np.ndarray) -> np.ndarray:
        """Return the value of each edge of each place, (places, width); 0 where there is none."""
        if not len(values):
            return np.zeros(self.edges.shape, dtype=values.dtype)
        return np.where(self.edges >= 0, values[np.maximum(self.edges, 0)], values.dtype.type(0))

    @cached_property
    def _steps(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Milliseconds along each edge: forward before and after the point, then backward."""
        forward = self._on_edges(self.network.forward_ms).astype(np.int64)
        backward = self._on_edges(self.network.backward_ms).astype(np.int64)
        along = self.along[:, None]
        # The two parts of an edge add up to the whole, so that cutting it changes no time.
        forward_before = np.rint(forward * along).astype(np.int64)
        backward_before = np.rint(backward * (1 - along)).astype(np.int64)
        return forward_before, forward - forward_before, backward_before, backward - backward_before

    @cached_property
    def as_origins(self) -> Terminals:
        """The places as beginnings of trips."""
        _, forward_after, _, backward_after = self._steps
        return self._attach(to_start=backward_after, to_end=forward_after)

    @cached_property
    def as_destinations(self) -> Terminals:
        """The places as ends of trips."""
        forward_before, _, backward_before, _ = self._steps
        return self._attach(to_start=forward_before, to_end=backward_before, leaving=False)

    def _attach(
        self, *, to_start: np.ndarray, to_end: np.ndarray, leaving: bool = True
    ) -> Terminals:
        network = self.network
        access = self.access_ms[:, None, None].astype(np.int64)
        node = _pair(self._on_edges(network.edge_from), self._on_edges(network.edge_to))
        forward_open = self._on_edges(network.forward_ms) < CLOSED
        backward_open = self._on_edges(network.backward_ms) < CLOSED
        # Leaving by the start of an edge means driving it backward; arriving there, forward.
        via_start, via_end = (
            (backward_open, forward_open) if leaving else (forward_open, backward_open)
        )
        # A place exactly on a node needs no stretch of the edge, whatever its direction.
        at_end = _pair(self.along[:, None] == 0, self.along[:, None] == 1)
        cost = np.where(at_end, access, _pair(to_start, to_end) + access)
        usable = (_pair(via_start, via_end) | at_end) & (self.edges >= 0)[:, :, None]
        usable &= cost < int(CLOSED)
        shape = (len(self.ids), 2 * self.edges.shape[1])
        return Terminals(
            node=np.hstack([np.where(usable, node, -1).reshape(shape), self.door_node]),
            cost_ms=np.hstack([np.where(usable, cost, 0).reshape(shape), self.door_ms]),
        )

    def measure_ends(self) -> np.ndarray:
        """Return metres and milliseconds between each place and its nodes, modelled and streets'.

        Shape (places, ends, 3), ends as in `as_origins`; last axis length, modelled time,
        and what of that is streets within a town. The access leg counts into all, its length
        with the detour; the stretch of the edge counts as modelled where the edge is. Same
        numbers for leaving and arriving.
        """
        network, links = self.network, self.links
        share = _pair(self.along[:, None], 1 - self.along[:, None])
        times = np.minimum(self._on_edges(network.forward_ms), self._on_edges(network.backward_ms))
        flags = (network.modelled, network.modelled & network.is_class("street"))
        parts = [self._on_edges(network.length_m)]
        parts += [np.where(self._on_edges(flag), times, 0) for flag in flags]
        by_edge = np.stack([share * part[:, :, None] for part in parts], axis=3)
        by_edge = by_edge + measure_legs(self.access_m, self.access_ms, links)[:, None, None, :]
        by_door = measure_legs(self.door_m, self.door_ms, links)
        return np.concatenate(
            [by_edge.reshape(len(self.ids), 2 * self.edges.shape[1], 3), by_door], axis=1
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a place: id, edge and the columns that tell how it was put there.

        `access_m`, `access_min`, `far`, `cut_off`, `located`.
        """
        located = self.located
        edge_id = self.network.edge_id.astype(str).astype(object)
        return pd.DataFrame(
            {
                "id": self.ids,
                "edge_id": np.where(located, edge_id[np.maximum(self.edge, 0)], None)
                if len(edge_id)
                else np.full(len(self.ids), None),
                "access_m": self.access_m,
                "access_min": np.where(located, self.access_ms / 60_000, np.nan),
                "far": self.far,
                "cut_off": self.cut_off,
                "located": located,
            }
        )


LEG_KM = (0.3, 1.0, 3.0, 8.0)
LEG_SHARE = (0.0, 0.23, 0.67, 1.0)
"""How a modelled way gets faster with its length: share of the way from street to link speed."""


def leg_kph(straight_m: np.ndarray, links: LinkModel) -> np.ndarray:
    """Return the mean speed on modelled ways of these straight lengths.

    Streets near a centre are slow; the farther a way goes, the more of it is open road.

    Examples
    --------
    >>> leg_kph(np.array([100.0, 3000.0, 20_000.0]), LinkModel()).round().tolist()
    [25.0, 45.0, 55.0]
    """
    share = np.interp(np.asarray(straight_m) / 1000, LEG_KM, LEG_SHARE)
    return links.street_kph + share * (links.link_kph - links.street_kph)


def time_legs(straight_m: np.ndarray, links: LinkModel) -> np.ndarray:
    """Return the whole milliseconds of modelled ways of these straight lengths."""
    return to_milliseconds(straight_m * links.detour, leg_kph(straight_m, links))


def measure_legs(straight_m: np.ndarray, ms: np.ndarray, links: LinkModel) -> np.ndarray:
    """Return metres, modelled and street milliseconds of legs, on a new last axis."""
    straight_m = np.nan_to_num(straight_m)
    street_ms = np.where(straight_m <= links.street_m, ms, 0)
    return np.stack([straight_m * links.detour, ms.astype(float), street_ms], axis=-1)


def snap_points(
    network: Roads,
    points: gpd.GeoDataFrame,
    *,
    id_column: str,
    links: LinkModel | None = None,
    centres: Sequence[object] | None = None,
) -> Snapped:
    """Return where each of `points` meets the network.

    A point goes to the nearest point of an edge of the main component (the
    largest part in which everywhere is reachable from everywhere), so that a
    stretch cut off from all roads never swallows a settlement; `cut_off` tells where
    that was done. Nobody gets onto a ferry or a motorway between its junctions. Of equally near
    edges the first is taken. The way from the point to the edge is driven at
    `links.access_kph` with `links.detour`; that leg counts into every time.

    On the embedded roads, whose lines are straight between nodes, a point goes to the nearest
    few nodes instead (`links.node_links`), by streets that get faster with their length, and to
    the node of its centre if one is named; whichever is quicker is travelled.

    Parameters
    ----------
    network
        The roads.
    points
        Point geometry, any stated CRS; missing or empty geometry, and coordinates
        that are not finite, stay in the answer as not located.
    id_column
        The column that names a point; its values are unique.
    links
        The model of the access leg.
    centres
        For each point the name of the node of the settlement it belongs to (on the embedded
        roads its `settlement_id`); a name the network does not know adds nothing.

    Raises
    ------
    CrsError
        If the points have no CRS.
    InputError
        If ids repeat, the column is missing, a geometry is not a point, or `centres` are not
        as many as the points.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from socaccess.network import RoadNetwork
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> farm = gpd.GeoDataFrame({"farm": ["f"]}, geometry=gpd.points_from_xy([250.0], [100.0]),
    ...                         crs="EPSG:3059")
    >>> snapped = snap_points(network, farm, id_column="farm")
    >>> float(snapped.along[0]), float(snapped.access_m[0])
    (0.25, 100.0)
    """
    import shapely

    links = links or LinkModel()
    ids = check_points(points, id_column)
    moved = crs_.to_metric(points, id_column, network.crs)
    geometry = np.asarray(moved.geometry.array)
    present = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    present[present] = np.isfinite(shapely.get_coordinates(geometry[present])).all(axis=1)
    count = len(ids)
    x, y = np.full(count, np.nan), np.full(count, np.nan)
    x[present], y[present] = shapely.get_coordinates(geometry[present]).T
    if network.joins_at_nodes:
        return _snap_to_nodes(network, ids, x, y, links, centres)
    edge = np.full(count, -1, dtype=np.int64)
    along = np.zeros(count)
    access_m = np.full(count, np.nan)
    usable = network.snappable_edges
    if present.any() and len(usable):
        (asked, found), distance = network.snap_tree.query_nearest(
            geometry[present], return_distance=True, all_matches=True
        )
        # Ties in the order of the edges, whatever order the tree gives them in.
        first = np.lexsort((found, asked))
        asked, found, distance = asked[first], found[first], distance[first]
        asked, position = np.unique(asked, return_index=True)
        where = np.flatnonzero(present)[asked]
        edge[where] = usable[found[position]]
        access_m[where] = distance[position]
        along[where] = np.clip(
            shapely.line_locate_point(network.lines[edge[where]], geometry[where], normalized=True),
            0.0,
            1.0,
        )
        # Within a centimetre of an end is the end: rounding must not put a place off its node.
        reach = 0.01 / np.maximum(network.length_m[edge[where]], 0.02)
        along[where] = np.where(along[where] < reach, 0.0, along[where])
        along[where] = np.where(along[where] > 1 - reach, 1.0, along[where])
    no_door = np.empty((count, 0))
    return Snapped(
        network=network,
        links=links,
        ids=ids,
        edge=edge,
        along=np.nan_to_num(along),
        access_m=access_m,
        access_ms=to_milliseconds(np.nan_to_num(access_m) * links.detour, links.access_kph),
        far=np.nan_to_num(access_m) > links.access_flag_m,
        cut_off=_find_cut_off(network, geometry, access_m),
        x=x,
        y=y,
        door_node=no_door.astype(np.int32),
        door_m=no_door,
        door_ms=no_door.astype(np.uint32),
    )


def _snap_to_nodes(
    network: Roads,
    ids: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    links: LinkModel,
    centres: Sequence[object] | None,
) -> Snapped:
    """Return places joined to their nearest nodes, and to those of their centres."""
    from scipy.spatial import KDTree

    count = len(ids)
    if centres is not None and len(centres) != count:
        raise InputError("network.centres_not_as_many", centres=len(centres), points=count)
    present = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    doors = network.door_nodes
    width = min(int(links.node_links), len(doors))
    node = np.full((count, width + 1), -1, dtype=np.int32)
    if width and len(present):
        tree = KDTree(np.stack([network.node_x[doors], network.node_y[doors]], axis=1))
        xy = np.stack([x[present], y[present]], axis=1)
        _, found = tree.query(xy, k=[*range(1, width + 1)])
        node[present, :width] = doors[found]
        if centres is not None:
            node[:, width] = pd.Index(network.node_id).get_indexer(np.asarray(centres, object))
            node[np.isnan(x), width] = -1
            node[np.isin(node[:, width], doors, invert=True), width] = -1
    straight = np.hypot(network.node_x[node] - x[:, None], network.node_y[node] - y[:, None])
    straight = np.where(node >= 0, straight, np.nan)
    ms = np.where(node >= 0, time_legs(np.nan_to_num(straight), links), 0).astype(np.uint32)
    first = node[:, 0] if width else np.full(count, -1)
    edge = np.where(first >= 0, network.edge_at_node[first], -1) if width else first
    starts = network.edge_from[edge] == first if width else np.zeros(count, dtype=bool)
    return Snapped(
        network=network,
        links=links,
        ids=ids,
        edge=edge.astype(np.int64),
        along=np.where(starts | (edge < 0), 0.0, 1.0),
        access_m=straight[:, 0],
        access_ms=ms[:, 0],
        far=np.nan_to_num(straight[:, 0]) > links.access_flag_m,
        cut_off=np.zeros(count, dtype=bool),
        x=x,
        y=y,
        door_node=node[:, 1:],
        door_m=straight[:, 1:],
        door_ms=ms[:, 1:],
    )


def _find_cut_off(network: Roads, geometry: np.ndarray, access_m: np.ndarray) -> np.ndarray:
    """Return which places have a road nearer than `access_m` that is cut off from the rest."""
    cut_off = np.zeros(len(geometry), dtype=bool)
    located = np.flatnonzero(np.isfinite(access_m))
    if len(located) and len(network.islands_tree):
        (asked, _), distance = network.islands_tree.query_nearest(
            geometry[located], return_distance=True, all_matches=False
        )
        # Copies of roads of the main part lie exactly on them: a centimetre is no nearer.
        cut_off[located[asked]] = distance + 0.01 < access_m[located[asked]]
    return cut_off


def pair_directly(origins: Snapped, destinations: Snapped) -> DirectTrips:
    """Return the trips that pass no node: along one edge, along streets, or nowhere at all.

    A place is no time from itself. On the embedded roads two places within `links.street_m` are
    also joined by streets.
    """
    edge = _pair_on_same_edge(origins, destinations)
    streets, links = origins.network.joins_at_nodes, origins.links
    near = _pair_nearby(origins, destinations, links.street_m if streets else SAME_SPOT_M)
    near["ms"] = time_legs(near["straight_m"].to_numpy(), links) if streets else 0
    trips = pd.concat([edge, near.drop(columns="straight_m")], ignore_index=True)
    trips = trips.groupby(["origin", "destination"], sort=True, as_index=False)["ms"].min()
    return DirectTrips(
        origin=trips["origin"].to_numpy(dtype=np.int32),
        destination=trips["destination"].to_numpy(dtype=np.int32),
        ms=trips["ms"].to_numpy(dtype=np.uint32),
    )


SAME_SPOT_M = 0.01
"""Two places no farther apart than this are one."""


def _pair_nearby(origins: Snapped, destinations: Snapped, reach_m: float) -> pd.DataFrame:
    """Return the pairs of located places within a distance, with `straight_m`."""
    from scipy.spatial import KDTree

    here, there = np.flatnonzero(origins.located), np.flatnonzero(destinations.located)
    columns = ["origin", "destination", "straight_m"]
    if not len(here) or not len(there):
        return pd.DataFrame({name: np.empty(0) for name in columns})
    one = np.stack([origins.x[here], origins.y[here]], axis=1)
    other = np.stack([destinations.x[there], destinations.y[there]], axis=1)
    found = KDTree(one).sparse_distance_matrix(KDTree(other), reach_m, output_type="coo_matrix")
    return pd.DataFrame(
        {"origin": here[found.row], "destination": there[found.col], "straight_m": found.data}
    )


def _pair_on_same_edge(origins: Snapped, destinations: Snapped) -> pd.DataFrame:
    """Return the trips that stay on one edge: `origin`, `destination`, `ms`."""
    pairs = _list_places(origins, "origin").merge(
        _list_places(destinations, "destination"), on="edge"
    )
    origin, destination = pairs["origin"].to_numpy(), pairs["destination"].to_numpy()
    edge = pairs["edge"].to_numpy()
    network = origins.network
    # By place, not by time: an edge that takes no time has an order all the same.
    along_o, along_d = origins.along[origin], destinations.along[destination]
    forward, backward = network.forward_ms[edge], network.backward_ms[edge]
    nowhere = int(CLOSED)

    def drive(times: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the time between two shares of an edge in a direction, parts rounded alike."""
        open_ahead = (end >= start) & (times < CLOSED)
        whole = times.astype(np.int64)
        parts = np.rint(whole * end).astype(np.int64) - np.rint(whole * start).astype(np.int64)
        return np.where(open_ahead, parts, nowhere)

    total = (
        np.minimum(drive(forward, along_o, along_d), drive(backward, 1 - along_o, 1 - along_d))
        + origins.access_ms[origin].astype(np.int64)
        + destinations.access_ms[destination].astype(np.int64)
    )
    return pairs.assign(ms=total).loc[total < nowhere, ["origin", "destination", "ms"]]


def _list_places(places: Snapped, name: str) -> pd.DataFrame:
    """Return one row a place and edge it lies on."""
    width = places.edges.shape[1]
    rows = pd.DataFrame(
        {name: np.repeat(np.arange(len(places.ids)), width), "edge": places.edges.ravel()}
    )
    return rows[rows["edge"] >= 0]


def _pair(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the values at both ends of every edge, (places, width, 2)."""
    return np.stack([start, end], axis=2)


def check_points(points: gpd.GeoDataFrame, id_column: str) -> np.ndarray:
    """Return the names of points as text; raise what `snap_points` would raise about them."""
    import shapely

    if id_column not in points:
        raise InputError("network.no_id_column", name=id_column)
    crs_.require_crs(points, id_column)
    ids = points[id_column].astype(str).to_numpy(dtype=object)
    problems = []
    doubled = pd.Series(ids).duplicated(keep=False).to_numpy()
    if doubled.any():
        problems.append(Problem("network.id_repeats", id_column, tuple(ids[doubled])))
    geometry = np.asarray(points.geometry.array)
    kind = shapely.get_type_id(geometry)
    wrong = (kind != shapely.GeometryType.POINT) & ~shapely.is_missing(geometry)
    if wrong.any():
        problems.append(Problem("network.not_a_point", id_column, tuple(ids[wrong])))
    if problems:
        raise InputError(problems)
    return ids
