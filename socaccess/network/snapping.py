"""Where places meet the network: the nearest point of an edge, with the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem
from socaccess.network.roads import OWN_ROAD_M, Roads, to_milliseconds
from socaccess.network.snapped import Snapped, time_legs
from socaccess.settings import LinkModel

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

__all__ = ["ACCESS_STEP", "check_points", "snap_points"]

ACCESS_STEP = 2.0**-19
"""What the way to an edge is counted in, metres: so fine that no time is off by a millisecond."""


def snap_points(
    network: Roads,
    points: gpd.GeoDataFrame,
    *,
    id_column: str,
    links: LinkModel | None = None,
    centres: Sequence[object] | None = None,
) -> Snapped:
    """Return where each of `points` meets the network.

    A point goes to the nearest point of an edge of the main component (the largest part in which
    everywhere is reachable from everywhere). Where roads that nothing joins to that part (an
    island without a ferry, a yard behind a closed gate, a scrap at the edge of an extract) are
    nearer by more than 100 m, it goes onto those and is `cut_off`: it is reached from nowhere
    else. Nobody gets onto a ferry or a motorway between its junctions. Of equally near
    edges the first is taken. The way from the point to the edge is driven at
    `links.access_kph` with `links.detour`; that leg counts into every time. A point farther than
    `links.access_flag_m` from it (`far`) is reached from nowhere but itself.

    On the embedded roads, whose lines are straight between nodes, a point goes to the nearest
    few nodes instead (`links.node_links`, up to `links.link_m` away), by streets that get faster
    with their length, and to the node of its centre if one is named; whichever is quicker is
    travelled.

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
    where = np.flatnonzero(present)
    main, main_m = _find_nearest(network.snap_tree, geometry[where])
    own, own_m = _find_nearest(network.own_tree, geometry[where])
    cut_off = np.zeros(count, dtype=bool)
    cut_off[where] = own_m + OWN_ROAD_M < main_m
    edge[where[main >= 0]] = network.snappable_edges[main[main >= 0]]
    edge[cut_off] = network.own_edges[own[cut_off[where]]]
    access_m[where] = np.where(cut_off[where], own_m, main_m)
    where = np.flatnonzero(edge >= 0)
    access_m[edge < 0] = np.nan
    access_m[where] = np.rint(access_m[where] / ACCESS_STEP) * ACCESS_STEP
    share = shapely.line_locate_point(
        network.draw_lines(edge[where]), geometry[where], normalized=True
    )
    share = np.nan_to_num(share).clip(0.0, 1.0)
    # Within a centimetre of an end is the end: rounding must not put a place off its node.
    reach = 0.01 / np.maximum(network.length_m[edge[where]], 0.02)
    share = np.where(share < reach, 0.0, np.where(share > 1 - reach, 1.0, share))
    along[where] = share
    no_door = np.empty((count, 0))
    return Snapped(
        network=network,
        links=links,
        ids=ids,
        edge=edge,
        along=along,
        access_m=access_m,
        access_ms=to_milliseconds(np.nan_to_num(access_m) * links.detour, links.access_kph),
        far=np.nan_to_num(access_m) > links.access_flag_m,
        cut_off=cut_off,
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
    node, straight = _leave_banks(network, node, straight, x, y)
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


def _leave_banks(
    network: Roads, node: np.ndarray, straight: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes on each place's bank, the nearest first; of places with none there, all."""
    place, door = np.nonzero(node >= 0)
    there = node[place, door]
    ends = np.stack([network.node_x[there], network.node_y[there]], axis=1)
    across = np.zeros(node.shape, dtype=bool)
    across[place, door] = network.rivers.lie_between(np.stack([x, y], axis=1)[place], ends)
    nearest = across[:, : max(node.shape[1] - 1, 1)]
    across &= ~nearest.all(axis=1, keepdims=True)
    order = np.argsort(across[:, :-1], axis=1, kind="stable")
    order = np.concatenate([order, np.full((len(node), 1), node.shape[1] - 1)], axis=1)
    node, straight = np.where(across, -1, node), np.where(across, np.nan, straight)
    return np.take_along_axis(node, order, axis=1), np.take_along_axis(straight, order, axis=1)


def _find_nearest(tree: shapely.STRtree, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which line is nearest to each point, the first of equals, -1 if none, and metres."""
    found, metres = np.full(len(points), -1), np.full(len(points), np.inf)
    if len(points) and len(tree):
        (asked, line), distance = tree.query_nearest(points, return_distance=True, all_matches=True)
        # Ties in the order of the edges, whatever order the tree gives them in.
        order = np.lexsort((line, asked))
        asked, first = np.unique(asked[order], return_index=True)
        found[asked], metres[asked] = line[order][first], distance[order][first]
    return found, metres


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
