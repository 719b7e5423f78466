"""The embedded network: state and main roads with known lengths, and modelled ways to them.

Two sources make it up, joined when the data were built (`docs/roads.md`): main roads of
OpenStreetMap and the table of state roads. Both are straight lines between nodes, so places join
them at nodes, or where a road of OpenStreetMap is cut for them, never at a state road's line.
The ways from a settlement's centre to the roads nearby (`street`), to roads farther away (`link`)
and to the neighbouring settlements (`neighbour`) are modelled (`socaccess.settings.LinkModel`).
None of these crosses a lake or the sea, nor a large river but where a road does, at its bridge; of
lesser rivers, bogs and borders of fields nothing is known: where one is in the way, the time is
too short.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.network._dry import COURSE_M, Rivers, find_wet
from socaccess.network.roads import Roads
from socaccess.network.snapped import leg_kph
from socaccess.network.tables import build_from_tables
from socaccess.settings import LinkModel
from socaccess.sources.embedded import load_main_roads, load_rivers, load_water
from socaccess.sources.settlements import load_settlements

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["build_main_roads", "link_settlements"]

JOINT_KPH = 40.0
"""Speed between two nodes that are one place."""
BRIDGE_M, BRIDGE_MOST_M = 1_000.0, 3_000.0
"""A modelled way may cross a river this near to where a road seems to, and no farther off."""
BRIDGES = ((23.868, 56.974, 6_000.0),)
"""Bridges that no road's line shows: lon, lat, metres. The Lielupe at Jūrmala, whose only road from
Rīga keeps to the bank."""
LEAST_LEG_M = 30.0
"""No modelled way is shorter: two sources place one spot some metres apart."""


def build_main_roads(links: LinkModel) -> Roads:
    """Return the network of the embedded roads and settlements; see `RoadNetwork.main_roads`."""
    nodes, edges = load_main_roads()
    settlements = load_settlements()
    x, y = crs_.project_points(
        nodes["lon"].to_numpy(), nodes["lat"].to_numpy(), crs_.EXCHANGE, crs_.LATVIA
    )
    nodes = nodes[["node_id", "settlement_id"]].assign(x=x, y=y)
    places = pd.DataFrame(
        {
            "node_id": settlements["settlement_id"],
            "x": settlements.geometry.x,
            "y": settlements.geometry.y,
            "population": settlements["population"],
            "town": settlements["kind"].isin(["city", "town", "neighbourhood"]),
        }
    )
    return link_settlements(
        nodes, edges, places, links, load_water().geometry, load_rivers().geometry
    )


def link_settlements(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    places: pd.DataFrame,
    links: LinkModel,
    water: ArrayLike = (),
    rivers: ArrayLike = (),
) -> Roads:
    """Return the network of roads and of modelled ways from places to them.

    Parameters
    ----------
    nodes
        `node_id`, `x`, `y` in metres, and `settlement_id`: the place a node of the
        state roads stands for, or missing.
    edges
        `edge_id`, `from_id`, `to_id`, `length_km`, `source` (osm, state or joint),
        `road_class` (A, P or other), `beside` (flag): roads, driven both ways,
        drawn as straight lines. Only those of osm may be cut.
    places
        `node_id`, `x`, `y`, `population`, `town` (flag).
    links
        Speeds, detours and reach.
    water
        Polygons that no modelled way crosses; a place that has no other way to a road keeps its
        shortest.
    rivers
        Lines, likewise; but where a road crosses one, modelled ways do so nearby.

    Returns
    -------
    Roads
        Classes `main`, `regional`, `road` and `joint`, and the modelled `street`
        (up to `links.street_m`), `link` (farther) and `neighbour` (place to place).
    """
    position = pd.Index(nodes["node_id"])
    xy = nodes[["x", "y"]].to_numpy(dtype=float)
    ends = np.stack(
        [position.get_indexer(edges["from_id"]), position.get_indexer(edges["to_id"])], axis=1
    )
    on_osm = (edges["source"] == "osm").to_numpy()
    course = _cut_courses(np.asarray(rivers, object))
    over, points, meets = Rivers(course, np.empty(0)).find_crossings(*xy[ends].transpose(1, 0, 2))
    legs = _reach_state_nodes(nodes, edges[~on_osm], places, links)
    near = set(legs.loc[legs["straight_m"] <= links.street_m, "from_id"])
    # A course meets a road once at a bridge. A road along the bank, whose bends its straight line
    # leaves out, it meets never or several times: there that line is no place to join.
    joints = _find_joints(xy[ends[on_osm]], meets[on_osm] > 1, places, near, links)
    cut_nodes, cut = _cut_roads(edges[on_osm], joints)
    whole = edges.loc[~on_osm, ["edge_id", "from_id", "to_id", "length_km"]]
    roads = pd.concat(
        [whole.assign(row=np.flatnonzero(~on_osm), start=0.0, end=1.0), cut], ignore_index=True
    )
    roads = _drive(roads, edges, xy[ends], places, links)
    legs = pd.concat([legs, joints[legs.columns]], ignore_index=True)
    legs["road_class"] = np.where(legs["straight_m"] <= links.street_m, "street", "link")
    legs["edge_id"] = (
        "link:" + legs["from_id"] + ":" + legs.groupby("from_id").cumcount().astype(str)
    )
    legs = legs.assign(detour=links.detour)
    modelled = pd.concat([legs, _link_neighbours(places, links)], ignore_index=True)
    all_nodes = pd.concat([nodes, cut_nodes, places], ignore_index=True)[["node_id", "x", "y"]]
    once = (meets == 1)[over] & (edges["source"] != "joint").to_numpy()[over]
    barriers = Rivers(
        course, _place_bridges(edges.iloc[over[once]], xy[ends[over[once]]], points[once])
    )
    modelled = _keep_dry(modelled, roads, all_nodes, np.asarray(water, object), barriers, links)
    straight_m = np.maximum(modelled["straight_m"].to_numpy(dtype=float), LEAST_LEG_M)
    modelled["length_m"] = straight_m * modelled["detour"]
    modelled["speed_kph"] = leg_kph(modelled["straight_m"].to_numpy(dtype=float), links)
    modelled = modelled.drop(columns=["straight_m", "detour"]).assign(modelled=True)
    table = pd.concat([roads.assign(modelled=False), modelled], ignore_index=True)
    built = build_from_tables(
        all_nodes,
        table,
        crs=crs_.LATVIA,
        provenance={
            "source": "OpenStreetMap contributors (ODbL 1.0) through scgraph_data and lists of "
            "state roads; streets and links modelled",
            "places_join": "nodes",
            "roads": int(on_osm.sum()),
            "state_roads": int((edges["source"] == "state").sum()),
            **{f"{name}s": int((table["road_class"] == name).sum()) for name in MODELLED},
        },
    )
    return replace(built, course=course.ravel(), bridge=barriers.bridge.ravel())


def _place_bridges(roads: pd.DataFrame, ends: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return bridges: where straight roads meet a course, and how far off the road may do so."""
    # No road of this length leaves the straight line between its ends by more.
    length_m, straight_m = (
        roads["length_km"].to_numpy() * 1000,
        np.hypot(*(ends[:, 0] - ends[:, 1]).T),
    )
    off_m = np.sqrt(np.maximum(length_m**2 - straight_m**2, 0)) / 2
    found = np.column_stack([points, np.clip(off_m, BRIDGE_M, BRIDGE_MOST_M)])
    lon, lat, reach_m = np.array(BRIDGES).T
    x, y = crs_.project_points(lon, lat, crs_.EXCHANGE, crs_.LATVIA)
    known = np.column_stack([x, y, reach_m])
    return np.concatenate([found, known])


def _cut_courses(rivers: np.ndarray) -> np.ndarray:
    """Return the straight pieces of lines, shape (pieces, 4)."""
    import shapely

    xy, line = shapely.get_coordinates(shapely.get_parts(rivers), return_index=True)
    inside = np.flatnonzero(line[1:] == line[:-1])
    return np.concatenate([xy[inside], xy[inside + 1]], axis=1)


def _keep_dry(
    ways: pd.DataFrame,
    roads: pd.DataFrame,
    nodes: pd.DataFrame,
    water: np.ndarray,
    rivers: Rivers,
    links: LinkModel,
) -> pd.DataFrame:
    """Return the ways that no water is in.

    A place that those leave alone keeps its shortest way where that is so short that the water
    may be drawn beside it; else it goes to the nearest nodes of roads it reaches dry, up to twice
    `links.link_m` away; if there is none, its shortest way stays.
    """
    import shapely
    from scipy.spatial import KDTree

    position, xy = pd.Index(nodes["node_id"]), nodes[["x", "y"]].to_numpy(dtype=float)
    at = xy[position.get_indexer(ways["from_id"])], xy[position.get_indexer(ways["to_id"])]
    kept = ways[~find_wet(*at, water, rivers)]
    shortest = ways[ways["road_class"] != "neighbour"].sort_values("straight_m", kind="stable")
    shortest = shortest.drop_duplicates("from_id")
    shortest = shortest[_find_alone(shortest["from_id"], roads, kept, position)]
    in_doubt = shortest["straight_m"] <= 2 * COURSE_M
    kept, shortest = pd.concat([kept, shortest[in_doubt]]), shortest[~in_doubt]
    start = xy[position.get_indexer(shortest["from_id"])]
    on_roads = np.unique(position.get_indexer(roads[["from_id", "to_id"]].to_numpy().ravel()))
    # On which bank a node this near to the course lies is not known.
    spots = shapely.points(xy[on_roads])
    by_river, _ = rivers.pieces.query(spots, predicate="dwithin", distance=COURSE_M)
    on_roads = np.delete(on_roads, by_river)
    near = KDTree(xy[on_roads]).query_ball_point(start, 2 * links.link_m, return_sorted=True)
    row = np.repeat(np.arange(len(start)), [len(each) for each in near])
    to = on_roads[np.fromiter(itertools.chain.from_iterable(near), np.int64, len(row))]
    around = shortest.iloc[row].assign(
        to_id=position.to_numpy()[to],
        straight_m=np.hypot(*(xy[to] - start[row]).T),
        road_class="link",
    )
    around = around[~find_wet(start[row], xy[to], water, rivers)]
    around = around.sort_values(["from_id", "straight_m"]).groupby("from_id").head(links.node_links)
    around["edge_id"] += ":" + around.groupby("from_id").cumcount().astype(str)
    kept = pd.concat([kept, around])
    still = _find_alone(shortest["from_id"], roads, kept, position)
    return pd.concat([kept, shortest[still]], ignore_index=True)


def _find_alone(
    places: pd.Series, roads: pd.DataFrame, ways: pd.DataFrame, position: pd.Index
) -> np.ndarray:
    """Return which places roads and ways do not join to the largest part of the network."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    table = pd.concat([roads[["from_id", "to_id"]], ways[["from_id", "to_id"]]])
    joined = position.get_indexer(table["from_id"]), position.get_indexer(table["to_id"])
    ones = np.ones(len(table), dtype=np.int8)
    shape = (len(position), len(position))
    _, part = connected_components(coo_array((ones, joined), shape=shape), directed=False)
    return part[position.get_indexer(places)] != np.bincount(part[joined[0]]).argmax()


MODELLED = ("street", "link", "neighbour")
"""The classes of edges that stand for ways of which nothing is known."""


def _reach_state_nodes(
    nodes: pd.DataFrame, edges: pd.DataFrame, places: pd.DataFrame, links: LinkModel
) -> pd.DataFrame:
    """Return the legs from places to nodes of state roads: `from_id`, `to_id`, `straight_m`.

    A place is joined to the nodes that stand for it and to all within street reach; one
    that has neither, to the nearest few.
    """
    from scipy.spatial import KDTree

    of_state = edges.loc[edges["source"] == "state", ["from_id", "to_id"]]
    state = nodes[nodes["node_id"].isin(of_state.to_numpy().ravel())]
    if not len(state) or not len(places):
        return pd.DataFrame({"from_id": [], "to_id": [], "straight_m": np.empty(0)})
    spots, xy = state[["x", "y"]].to_numpy(dtype=float), places[["x", "y"]].to_numpy(dtype=float)
    tree = KDTree(spots)
    found = tree.query_ball_point(xy, links.street_m, return_sorted=True)
    place = np.repeat(np.arange(len(xy)), [len(row) for row in found])
    node = np.fromiter(itertools.chain.from_iterable(found), np.int64, len(place))
    own = pd.Index(places["node_id"]).get_indexer(state["settlement_id"])
    pairs = np.unique(
        np.concatenate(
            [
                np.stack([place, node], axis=1),
                np.stack([own, np.arange(len(own))], axis=1)[own >= 0],
            ]
        ),
        axis=0,
    )
    alone = np.setdiff1d(np.arange(len(xy)), pairs[:, 0])
    count = min(int(links.node_links), len(state))
    far_m, far = tree.query(xy[alone], k=[*range(1, count + 1)])
    reached = far_m <= links.link_m
    pairs = np.concatenate(
        [pairs, np.stack([np.repeat(alone, reached.sum(axis=1)), far[reached]], axis=1)]
    )
    return pd.DataFrame(
        {
            "from_id": places["node_id"].to_numpy()[pairs[:, 0]],
            "to_id": state["node_id"].to_numpy()[pairs[:, 1]],
            "straight_m": np.hypot(*(spots[pairs[:, 1]] - xy[pairs[:, 0]]).T),
        }
    )


def _find_joints(
    ends: np.ndarray,
    ends_only: np.ndarray,
    places: pd.DataFrame,
    near_state: set[str],
    links: LinkModel,
) -> pd.DataFrame:
    """Return for every place the nearest points of its nearest roads.

    A place with a state road within street reach takes roads within that reach only. Roads
    marked `ends_only` are joined at their ends.
    Columns: from_id (place), to_id, straight_m, road (position), along (0-1), x, y.
    """
    import shapely

    lines = shapely.linestrings(ends)
    open_to = np.where(ends_only, shapely.multipoints(ends), lines)
    xy = places[["x", "y"]].to_numpy(dtype=float)
    points = shapely.points(xy)
    has_state = places["node_id"].isin(near_state).to_numpy()
    reach_m = np.where(has_state, links.street_m, links.link_m)
    place, road = shapely.STRtree(open_to).query(points, predicate="dwithin", distance=reach_m)
    straight_m = shapely.distance(points[place], open_to[road])
    order = np.lexsort((road, straight_m, place))
    frame = pd.DataFrame(
        {"place": place[order], "road": road[order], "straight_m": straight_m[order]}
    )
    place, road = frame["place"].to_numpy(), frame["road"].to_numpy()
    along = shapely.line_locate_point(lines[road], points[place], normalized=True).clip(0, 1)
    to_ends = np.hypot(*(ends[road] - xy[place][:, None]).transpose(2, 0, 1))
    along = np.where(ends_only[road], np.argmin(to_ends, axis=1), along)
    frame["along"] = np.nan_to_num(along).round(6)
    start = ends[road, 0]
    frame[["x", "y"]] = start + frame[["along"]].to_numpy() * (ends[road, 1] - start)
    # Two roads that meet at a junction are one joint, not two.
    spot = frame[["x", "y"]].round(0).assign(place=place)
    frame = frame[~spot.duplicated()].groupby("place").head(int(links.road_links))
    frame["from_id"] = places["node_id"].to_numpy()[frame["place"]]
    frame["to_id"] = ""
    return frame.reset_index(drop=True)


def _cut_roads(edges: pd.DataFrame, joints: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the new nodes on the roads and the roads cut at them; set `to_id` of the joints."""
    row = edges.index.to_numpy()
    name = edges["edge_id"].to_numpy(dtype=object)
    first, last = edges["from_id"].to_numpy(dtype=object), edges["to_id"].to_numpy(dtype=object)
    length = edges["length_km"].to_numpy()
    road, along = joints["road"].to_numpy(), joints["along"].to_numpy()
    inner = (along > 0) & (along < 1)
    cut_name = [f"cut:{name[r]}:{a:.6f}" for r, a in zip(road, along, strict=True)]
    joints["to_id"] = np.where(along <= 0, first[road], np.where(along >= 1, last[road], cut_name))
    new = joints.loc[inner, ["to_id", "x", "y"]].drop_duplicates("to_id")
    cuts = joints.loc[inner, ["road", "along", "to_id"]].drop_duplicates("to_id")
    count = len(edges)
    stops = pd.concat(
        [
            pd.DataFrame({"road": np.arange(count), "along": 0.0, "to_id": first}),
            cuts,
            pd.DataFrame({"road": np.arange(count), "along": 1.0, "to_id": last}),
        ]
    ).sort_values(["road", "along"], kind="stable", ignore_index=True)
    road, along, node = (stops[column].to_numpy() for column in ("road", "along", "to_id"))
    piece = np.flatnonzero(road[1:] == road[:-1])
    on, low, high = road[piece], along[piece], along[piece + 1]
    number = pd.Series(on).groupby(on).cumcount().to_numpy()
    cut = pd.DataFrame(
        {
            "edge_id": [f"{name[r]}:{n}" for r, n in zip(on, number, strict=True)],
            "from_id": node[piece],
            "to_id": node[piece + 1],
            "length_km": length[on] * (high - low),
            "row": row[on],
            "start": low,
            "end": high,
        }
    )
    return new.rename(columns={"to_id": "node_id"}), cut


def _drive(
    roads: pd.DataFrame,
    edges: pd.DataFrame,
    ends: np.ndarray,
    places: pd.DataFrame,
    links: LinkModel,
) -> pd.DataFrame:
    """Return the roads with `length_m`, `speed_kph` and `road_class`.

    `row` is the edge each is a part of, from the share `start` to the share `end`.
    """
    row = roads["row"].to_numpy()
    kind = edges["road_class"].to_numpy(dtype=object)[row]
    source = edges["source"].to_numpy(dtype=object)[row]
    beside = edges["beside"].to_numpy(dtype=bool)[row]
    is_main, is_regional = kind == "A", kind == "P"
    winding = np.select(
        [source == "joint", source == "state", beside],
        [1.0, np.where(is_main, links.main_winding, links.regional_winding), links.beside_winding],
        links.road_winding,
    )
    free = np.select(
        [source == "joint", is_main, is_regional],
        [JOINT_KPH, links.main_kph, links.regional_kph],
        links.road_kph,
    )
    origin, span = ends[row, 0], ends[row, 1] - ends[row, 0]
    share = _measure_town_share(
        origin + roads[["start"]].to_numpy() * span,
        origin + roads[["end"]].to_numpy() * span,
        places,
        links,
    )
    speed = 1 / (share / np.minimum(links.town_kph, free) + (1 - share) / free)
    return pd.DataFrame(
        {
            "edge_id": roads["edge_id"],
            "from_id": roads["from_id"],
            "to_id": roads["to_id"],
            "length_m": roads["length_km"] * 1000 * winding,
            "speed_kph": speed,
            "road_class": np.select(
                [source == "joint", is_main, is_regional], ["joint", "main", "regional"], "road"
            ),
        }
    )


def _measure_town_share(
    start: np.ndarray, end: np.ndarray, places: pd.DataFrame, links: LinkModel
) -> np.ndarray:
    """Return the share of each straight stretch that lies inside a town."""
    import shapely

    towns = places[places["town"]]
    if not len(towns) or not len(start):
        return np.zeros(len(start))
    radius = np.minimum(
        links.town_radius_m * np.sqrt(towns["population"].to_numpy() / 10_000),
        links.town_radius_max_m,
    )
    built_up = shapely.union_all(
        shapely.buffer(shapely.points(towns["x"].to_numpy(), towns["y"].to_numpy()), radius)
    )
    shapely.prepare(built_up)
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    total = shapely.length(lines)
    inside = np.zeros(len(lines))
    touched = shapely.intersects(lines, built_up)
    inside[touched] = shapely.length(shapely.intersection(lines[touched], built_up))
    return np.where(total > 0, inside / np.where(total > 0, total, 1), 0.0).clip(0, 1)


def _link_neighbours(places: pd.DataFrame, links: LinkModel) -> pd.DataFrame:
    """Return links between neighbouring places (Delaunay) no farther apart than the reach."""
    from scipy.spatial import Delaunay, QhullError

    columns = ["from_id", "to_id", "straight_m", "edge_id", "road_class", "detour"]
    if len(places) < 2:
        return pd.DataFrame(columns=columns)
    xy = places[["x", "y"]].to_numpy(dtype=float)
    try:
        triangles = Delaunay(xy).simplices
        pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    except (QhullError, ValueError):
        # Too few places, or all on one line: every pair is a neighbour.
        pairs = np.stack(np.triu_indices(len(places), 1), axis=1)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    straight = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    near = straight <= links.neighbour_links_m
    name = places["node_id"].to_numpy()
    first, second = name[pairs[near, 0]], name[pairs[near, 1]]
    return pd.DataFrame(
        {
            "from_id": first,
            "to_id": second,
            "straight_m": straight[near],
            "edge_id": [f"near:{a}:{b}" for a, b in zip(first, second, strict=True)],
            "road_class": "neighbour",
            "detour": links.neighbour_detour,
        },
        columns=columns,
    )
