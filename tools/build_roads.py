"""Build `data/roads`: main roads of Latvia and 40 km across the border, with lengths.

Two sources are made one connected graph (`_joining`): main roads of OpenStreetMap, and a table of
the state main (A) and regional (P) roads with the kilometres between settlements, junctions and
ends (`facts/roads`).

The world's road graph of the package `scgraph_data` is cut, not changed: both ends of an edge lie
in Latvia or within the margin, edges that run both ways are written once, loops and the longer of
parallel edges are dropped, and so are nodes abroad that the cut leaves without any edge into
Latvia. Coordinates are those of the package (three decimals, some 100 m).

Reads `settlements` and `water` of the same data folder.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import shapely
from _datapackage import (
    MIT,
    ODBL,
    Field,
    ForeignKey,
    Package,
    Source,
    Table,
    read_csv,
    write_csv,
)
from _joining import Graph, Town, close_gaps, join_sources, mark_beside
from _outlines import read_outlines
from _packages import read_member
from pyproj import Transformer

FOLDER = "roads"
FACTS = Path(__file__).resolve().parent / "facts" / "roads"
MEMBER = "scgraph_data/world_highways.py"
MARGIN_KM = 40
TO_METRES = Transformer.from_crs(4326, 3059, always_xy=True)
BOX = (18.0, 53.5, 31.0, 60.0)  # degrees west, south, east, north; wider than land and margin
ACROSS = {(363335, 363337), (363378, 363379)}
"""Edges from the road on the left bank of the Daugava (P85) to the one on the right (A6) between
Lielvārde and Jaunjelgava: the package made one of the two where no bridge is. The table of state
roads has both."""
NEIGHBOUR = re.compile(r"(\d+): ([\d.eE+-]+)")

CLASSES = ("A", "P", "other", "joint")
NODE_FIELDS = [
    Field(
        "node_id",
        "string",
        "n and the position in the package; sr and the number in the state-road table; or the "
        "road and the share of its length at which it was cut",
        required=True,
        unique=True,
    ),
    Field(
        "settlement_id",
        "string",
        "Settlement that a node of the state-road table stands for; blank at junctions and ends",
    ),
    Field("lon", "number", "Longitude, degrees, WGS 84", True, minimum=18, maximum=31, decimals=4),
    Field("lat", "number", "Latitude, degrees, WGS 84", True, minimum=53, maximum=60, decimals=4),
]
EDGE_FIELDS = [
    Field("edge_id", "string", "Name of the stretch", required=True, unique=True),
    Field("from_id", "string", "Node at one end; the order means nothing", required=True),
    Field("to_id", "string", "Node at the other end", required=True),
    Field(
        "length_km",
        "number",
        "Length in the source, km: of simplified lines (osm), of waypoints (state); the shape is "
        "not known",
        required=True,
        minimum=0.001,
        decimals=3,
    ),
    Field(
        "source",
        "string",
        "osm: main roads of OpenStreetMap; state: state-road table; joint: the two nodes are one "
        "place, or a gap was closed",
        required=True,
        enum=("osm", "state", "joint"),
    ),
    Field(
        "road_class",
        "string",
        "A: state main road; P: state regional road; other: neither known; joint. Of osm: that of "
        "the state road it runs beside for half of its length",
        required=True,
        enum=CLASSES,
    ),
    Field("road", "string", "Number of the state road, where the table gives it"),
    Field(
        "beside",
        "boolean",
        "The table knows the length of this stretch too; not said of streets in large towns",
        required=True,
    ),
]
CITY_POPULATION = 30_000
CITY_RADIUS_M = 5_000
NEIGHBOURHOOD_RADIUS_M = 3_000


def read_world() -> tuple[np.ndarray, list[str]]:
    """Return latitude and longitude of every node, shape (n, 2), and the text of its edges.

    The module is read as text: nothing of it is executed.
    """
    lines = read_member("scgraph_data", MEMBER).decode("utf-8").splitlines()
    told = {name: text for name, _, text in (line.partition("=") for line in lines)}
    nodes = np.array(json.loads(told["nodes"]), dtype=float)
    edges = told["graph"].strip().removeprefix("[{").removesuffix("}]").split("}, {")
    if len(edges) != len(nodes):
        raise ValueError(f"{len(nodes)} nodes but {len(edges)} lists of edges")
    return nodes, edges


def read_land() -> shapely.geometry.base.BaseGeometry:
    """Return the land of Latvia as first outlined, EPSG:3059: better drawings move no margin."""
    land = shapely.union_all([outline for _, _, outline in read_outlines()])
    return shapely.transform(land, TO_METRES.transform, interleaved=False)


def cut_roads(
    world: np.ndarray, edges: list[str], land: shapely.geometry.base.BaseGeometry
) -> tuple[list[int], dict[tuple[int, int], float]]:
    """Return the nodes kept, in order, and the length of every edge between them, km."""
    lat, lon = world.T
    west, south, east, north = BOX
    near = np.flatnonzero((lon > west) & (lon < east) & (lat > south) & (lat < north))
    x, y = TO_METRES.transform(lon[near], lat[near])
    distance_m = shapely.distance(shapely.points(x, y), land)
    inside = distance_m <= MARGIN_KM * 1000
    kept = {
        int(node): float(away) for node, away in zip(near[inside], distance_m[inside], strict=True)
    }
    length_km: dict[tuple[int, int], float] = {}
    for node in kept:
        for text, length in NEIGHBOUR.findall(edges[node]):
            other = int(text)
            if other in kept and other != node:
                pair = (min(node, other), max(node, other))
                length_km[pair] = min(float(length), length_km.get(pair, np.inf))
    lost = {
        node
        for part in find_components(list(kept), list(length_km))
        if all(kept[node] > 0 for node in part) and not _comes_near(part, kept)
        for node in part
    }
    nodes = sorted(set(kept) - lost)
    left = {pair: length_km[pair] for pair in sorted(set(length_km) - ACROSS)}
    return nodes, {pair: length for pair, length in left.items() if not lost & set(pair)}


def _comes_near(part: set[int], distance_m: dict[int, float]) -> bool:
    # The outline of the coast and border is coarse: a road just off it may lie in Latvia.
    return min(distance_m[node] for node in part) < 1_000


def find_components(nodes: list[int], pairs: list[tuple[int, int]]) -> list[set[int]]:
    """Return the connected parts of a graph, the largest first."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        neighbours[one].add(other)
        neighbours[other].add(one)
    parts, seen = [], set()
    for start in nodes:
        if start in seen:
            continue
        part, queue = {start}, [start]
        while queue:
            fresh = neighbours[queue.pop()] - part
            part |= fresh
            queue += fresh
        seen |= part
        parts.append(part)
    return sorted(parts, key=lambda part: (-len(part), min(part)))


def read_state_roads() -> Graph:
    """Return the state-road table as a graph."""
    nodes = read_csv(FACTS / "state_road_nodes.csv")
    xy = TO_METRES.transform([float(n["lon"]) for n in nodes], [float(n["lat"]) for n in nodes])
    edges = [
        {
            "edge_id": f"{link['road']}:{link['from_node']}-{link['to_node']}",
            "from_id": link["from_node"],
            "to_id": link["to_node"],
            "length_km": max(float(link["km"]), 0.001),
            "source": "state",
            "road_class": link["road"][0],
            "road": link["road"],
            "beside": False,
        }
        for link in read_csv(FACTS / "state_road_links.csv")
    ]
    return Graph([node["node_id"] for node in nodes], np.column_stack(xy), edges)


def read_towns(data: Path) -> list[Town]:
    """Return where streets are too dense to tell a street from the state road beside it."""
    towns = []
    for row in read_csv(data / "settlements" / "settlements.csv"):
        city = row["kind"] == "city" and int(row["population"]) >= CITY_POPULATION
        if city or row["kind"] == "neighbourhood":
            x, y = TO_METRES.transform(float(row["lon"]), float(row["lat"]))
            towns.append(Town(x, y, CITY_RADIUS_M if city else NEIGHBOURHOOD_RADIUS_M))
    return towns


def read_water(data: Path) -> shapely.geometry.base.BaseGeometry:
    """Return lakes, wide rivers and the sea, EPSG:3059."""
    text = (data / "water" / "water.geojson").read_text(encoding="utf-8")
    water = shapely.transform(shapely.from_geojson(text), TO_METRES.transform, interleaved=False)
    return shapely.union_all(shapely.make_valid(shapely.get_parts(water)))


def merge_sources(data: Path) -> Graph:
    """Return the roads of both sources as one connected graph."""
    world, texts = read_world()
    nodes, length_km = cut_roads(world, texts, read_land())
    edges = [
        {
            "edge_id": f"e{one}-{other}",
            "from_id": f"n{one}",
            "to_id": f"n{other}",
            "length_km": length,
            "source": "osm",
            "road": "",
        }
        for (one, other), length in length_km.items()
    ]
    xy = np.column_stack(TO_METRES.transform(world[nodes, 1], world[nodes, 0]))
    graph, state = Graph([f"n{node}" for node in nodes], xy, edges), read_state_roads()
    mark_beside(graph, state, read_towns(data))
    joints, left_open = close_gaps(graph, read_water(data))
    for node in left_open:
        print(f"{FOLDER}: {node} ends at water and stays open")
    joints += join_sources(graph, state)
    for node, place in zip(state.node_ids, state.xy, strict=True):
        graph.add_node(node, place)
    graph.edges += [*state.edges, *joints]
    parts = np.bincount(graph.parts())
    if len(parts) > 1:
        raise ValueError(f"the roads fall into parts of {sorted(parts, reverse=True)} nodes")
    return graph


def build(data: Path) -> None:
    """Write the folder `roads` into `data`."""
    folder = data / FOLDER
    graph = merge_sources(data)
    lon, lat = TO_METRES.transform(*graph.xy.T, direction="INVERSE")
    settlement = {
        row["node_id"]: row["settlement_id"] for row in read_csv(FACTS / "state_road_nodes.csv")
    }
    write_csv(
        folder / "nodes.csv",
        NODE_FIELDS,
        [
            {
                "node_id": node,
                "settlement_id": settlement.get(node, ""),
                "lon": float(lon[index]),
                "lat": float(lat[index]),
            }
            for index, node in enumerate(graph.node_ids)
        ],
    )
    write_csv(folder / "edges.csv", EDGE_FIELDS, graph.edges)
    ends = (
        ForeignKey(("from_id",), "nodes", ("node_id",)),
        ForeignKey(("to_id",), "nodes", ("node_id",)),
    )
    Package(
        name="socaccess-roads",
        title="Main roads of Latvia with lengths",
        title_lv="Latvijas galvenie autoceļi ar garumiem",
        description=(
            "Junctions, ends and settlements on state roads and other main roads in Latvia and "
            f"{MARGIN_KM} km across its border, with the length of the road between them."
        ),
        created="2025-11-29T00:00:00Z",
        keywords=["Latvia", "roads", "network"],
        resources=[
            Table("nodes", "nodes.csv", "Junctions and ends of roads", NODE_FIELDS, ("node_id",)),
            Table("edges", "edges.csv", "Roads between nodes", EDGE_FIELDS, ("edge_id",), ends),
        ],
        sources=[
            Source(
                "OpenStreetMap contributors, as simplified in scgraph_data: world_highways",
                "https://pypi.org/project/scgraph-data/2.0.0/",
                "2.0.0",
            ),
            Source(
                "OpenStreetMap contributors, as listed by Travel Mapping: nodes and kilometres of "
                "the state main and regional roads",
                "https://travelmapping.net/",
            ),
            Source("OpenStreetMap contributors", "https://www.openstreetmap.org/copyright"),
        ],
        licences=[ODBL, MIT],
        attribution={
            "lv": "Autoceļi: © OpenStreetMap līdzautori (ODbL 1.0), pakotne scgraph_data (MIT).",
            "en": "Roads: © OpenStreetMap contributors (ODbL 1.0), package scgraph_data (MIT).",
        },
        caveats={"lv": CAVEATS_LV, "en": CAVEATS_EN},
    ).write(folder)


CAVEATS_EN = [
    (
        "Only state roads and other main roads are here: no speed or direction. Local roads, on "
        "which most parishes lie, are missing and must be modelled."
    ),
    (
        "The shape of a road is not known; drawn as a straight line it may miss its true course by "
        "kilometres: join places to nodes, not to lines. Lengths are short of the truth: of osm "
        "they are of simplified lines, between towns some 0.94 of published road distances; of "
        "state they follow waypoints, 1-4 % short."
    ),
    (
        "Coordinates of osm have three decimals, some 100 m. Roads of osm beside a state road are "
        "kept and marked; the class there is that of the state road."
    ),
    (
        "Joints and 32 gaps of up to 150 m are ours: there the sources are taken to mean one "
        "place. None of the gaps lies across water that is drawn. The margin abroad is for routes "
        "that cross the border; roads that leave it are cut."
    ),
]
CAVEATS_LV = [
    (
        "Šeit ir tikai valsts autoceļi un citi galvenie ceļi: bez ātruma un virziena. Vietējo "
        "ceļu, pie kuriem atrodas vairums pagastu, nav, un tie jāmodelē."
    ),
    (
        "Ceļa forma nav zināma; taisna līnija no tā īstās gaitas var atšķirties par vairākiem "
        "kilometriem: vietas jāpievieno mezgliem, nevis līnijām. Garumi ir īsāki par īstajiem: osm "
        "tie ir vienkāršotām līnijām, starp pilsētām ap 0,94 no publicētajiem ceļa attālumiem; "
        "state tie iet pa ceļa punktiem un ir par 1-4 % īsāki."
    ),
    (
        "Osm koordinātām ir trīs zīmes aiz komata, ap 100 m. Osm ceļi līdzās valsts autoceļam ir "
        "paturēti un atzīmēti; to klase ir valsts autoceļa klase."
    ),
    (
        "Savienojumi un 32 līdz 150 m platu pārrāvumu aizpildījumi ir mūsu: tur pieņemts, ka avoti "
        "runā par vienu vietu. Neviens no tiem nešķērso ūdeni, kas attēlots datos. Ārvalstu josla "
        "ir maršrutiem, kas šķērso robežu; ceļi, kas no tās iziet, ir nogriezti."
    ),
]

if __name__ == "__main__":
    build(Path(__file__).resolve().parents[1] / "data")
