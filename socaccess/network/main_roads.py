"""The embedded network: main roads with known lengths, and modelled links to every settlement.

Only main roads ship with the project. A settlement beside none of them is joined
to the nearest points of the nearest roads, and settlements near each other are
joined directly, by links whose length and time are modelled
(`socaccess.settings.LinkModel`). Every edge says whether it is modelled, so that
every travel time can say how much of it is. Links know no rivers or lakes: where a
link would cross water without a bridge, the time is too short.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.network.roads import Roads
from socaccess.network.tables import build_from_tables
from socaccess.settings import LinkModel
from socaccess.sources.embedded import load_main_roads
from socaccess.sources.settlements import load_settlements

__all__ = ["build_main_roads", "link_settlements"]


def build_main_roads(links: LinkModel) -> Roads:
    """Return the network of the embedded roads and settlements; see `RoadNetwork.main_roads`."""
    nodes, edges = load_main_roads()
    settlements = load_settlements()
    x, y = crs_.project_points(
        nodes["lon"].to_numpy(), nodes["lat"].to_numpy(), crs_.EXCHANGE, crs_.LATVIA
    )
    nodes = pd.DataFrame({"node_id": nodes["node_id"], "x": x, "y": y})
    edges = edges.assign(length_m=edges["length_km"] * 1000 * links.road_winding)
    places = pd.DataFrame(
        {
            "node_id": settlements["settlement_id"],
            "x": settlements.geometry.x,
            "y": settlements.geometry.y,
            "population": settlements["population"],
            "town": settlements["kind"].isin(["city", "town", "neighbourhood"]),
        }
    )
    return link_settlements(nodes, edges, places, links)


def link_settlements(
    nodes: pd.DataFrame, edges: pd.DataFrame, places: pd.DataFrame, links: LinkModel
) -> Roads:
    """Return the network of roads and of modelled links to places.

    Parameters
    ----------
    nodes
        `node_id`, `x`, `y` in metres.
    edges
        `edge_id`, `from_id`, `to_id`, `length_m`: roads, driven both ways,
        drawn as straight lines.
    places
        `node_id`, `x`, `y`, `population`, `town` (flag).
    links
        Speeds, detour and reach of the links.

    Returns
    -------
    Roads
        Classes `road`, `road_link` (place to road) and `place_link` (place to
        place); the last two are modelled. Roads are cut where a link meets them.
    """
    node_xy = nodes.set_index("node_id")[["x", "y"]]
    start = node_xy.loc[edges["from_id"]].to_numpy()
    end = node_xy.loc[edges["to_id"]].to_numpy()
    joints = _find_joints(start, end, places, links)
    cut_nodes, roads = _cut_roads(edges, start, end, joints, places, links)
    all_nodes = pd.concat(
        [nodes[["node_id", "x", "y"]], cut_nodes, places[["node_id", "x", "y"]]],
        ignore_index=True,
    )
    place_links = _link_neighbours(places, links)
    modelled = pd.concat([joints.assign(road_class="road_link"), place_links], ignore_index=True)
    modelled = pd.DataFrame(
        {
            "edge_id": modelled["edge_id"],
            "from_id": modelled["from_id"],
            "to_id": modelled["to_id"],
            "length_m": modelled["straight_m"] * links.detour,
            "speed_kph": links.link_kph,
            "modelled": True,
            "road_class": modelled["road_class"],
        }
    )
    roads = roads.assign(modelled=False, road_class="road")
    return build_from_tables(
        all_nodes,
        pd.concat([roads, modelled], ignore_index=True),
        crs=crs_.LATVIA,
        provenance={
            "source": "OpenStreetMap contributors (ODbL 1.0) through scgraph_data; links modelled",
            "roads": len(edges),
            "road_links": int((modelled["road_class"] == "road_link").sum()),
            "place_links": int((modelled["road_class"] == "place_link").sum()),
        },
    )


def _find_joints(
    start: np.ndarray, end: np.ndarray, places: pd.DataFrame, links: LinkModel
) -> pd.DataFrame:
    """Return for every place the nearest points of its nearest roads.

    Columns: from_id (place), road (position), along (0-1), x, y, straight_m, to_id, edge_id.
    """
    import shapely

    lines = shapely.linestrings(np.stack([start, end], axis=1))
    points = shapely.points(places["x"].to_numpy(), places["y"].to_numpy())
    # All distances at once: a thousand places by some thousand roads is little.
    distance = shapely.distance(points[:, None], lines[None, :])
    count = min(int(links.road_links), len(lines))
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :count]
    place = np.repeat(np.arange(len(places)), count)
    road = nearest.ravel()
    along = shapely.line_locate_point(lines[road], points[place], normalized=True).clip(0, 1)
    along = np.nan_to_num(along).round(6)
    at = start[road] + along[:, None] * (end[road] - start[road])
    frame = pd.DataFrame(
        {
            "from_id": places["node_id"].to_numpy()[place],
            "road": road,
            "along": along,
            "x": at[:, 0],
            "y": at[:, 1],
            "straight_m": np.hypot(
                at[:, 0] - places["x"].to_numpy()[place], at[:, 1] - places["y"].to_numpy()[place]
            ),
        }
    )
    # Two roads that meet at a junction are one joint, not two.
    frame = frame.assign(kx=frame["x"].round(0), ky=frame["y"].round(0))
    frame = frame.drop_duplicates(["from_id", "kx", "ky"]).drop(columns=["kx", "ky"])
    frame["edge_id"] = (
        "link:" + frame["from_id"] + ":" + frame.groupby("from_id").cumcount().astype(str)
    )
    return frame.reset_index(drop=True)


def _cut_roads(
    edges: pd.DataFrame,
    start: np.ndarray,
    end: np.ndarray,
    joints: pd.DataFrame,
    places: pd.DataFrame,
    links: LinkModel,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the new nodes on the roads and the roads cut at them; set `to_id` of the joints."""
    edge_id = edges["edge_id"].to_numpy()
    names = np.empty(len(joints), dtype=object)
    ends = list(zip(edges["from_id"], edges["to_id"], strict=True))
    pieces, new_nodes = [], {}
    cuts_by_road: dict[int, list[tuple[int, float]]] = {}
    for joint, (road, along) in enumerate(zip(joints["road"], joints["along"], strict=True)):
        cuts_by_road.setdefault(road, []).append((joint, along))
    for road, (first, last) in enumerate(ends):
        stops = {0.0: first, 1.0: last}
        for joint, along in cuts_by_road.get(road, ()):
            if along not in stops:
                stops[along] = f"cut:{edge_id[road]}:{along:.6f}"
                new_nodes[stops[along]] = start[road] + along * (end[road] - start[road])
            names[joint] = stops[along]
        ordered = sorted(stops)
        pieces += [
            (road, number, stops[a], stops[b], a, b)
            for number, (a, b) in enumerate(itertools.pairwise(ordered))
        ]
    joints["to_id"] = names
    piece = pd.DataFrame(pieces, columns=["road", "number", "from_id", "to_id", "a", "b"])
    road = piece["road"].to_numpy()
    length = edges["length_m"].to_numpy()[road] * (piece["b"] - piece["a"]).to_numpy()
    span = end[road] - start[road]
    town_share = _measure_town_share(
        start[road] + piece[["a"]].to_numpy() * span,
        start[road] + piece[["b"]].to_numpy() * span,
        places,
        links,
    )
    hours = length / 1000 * (town_share / links.town_kph + (1 - town_share) / links.road_kph)
    speed = np.where(hours > 0, length / 1000 / np.where(hours > 0, hours, 1), links.road_kph)
    roads = pd.DataFrame(
        {
            "edge_id": [f"{edge_id[r]}:{n}" for r, n in zip(road, piece["number"], strict=True)],
            "from_id": piece["from_id"],
            "to_id": piece["to_id"],
            "length_m": length,
            "speed_kph": speed,
        }
    )
    nodes = pd.DataFrame(
        [(name, *xy) for name, xy in new_nodes.items()], columns=["node_id", "x", "y"]
    )
    return nodes, roads


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

    columns = ["from_id", "to_id", "straight_m", "edge_id", "road_class"]
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
            "road_class": "place_link",
        },
        columns=columns,
    )
