"""Build `data/roads`: main roads of Latvia and 40 km across the border, with lengths.

The world's road graph of the package `scgraph_data` is cut, not changed: both ends of an edge lie
in Latvia or within the margin, edges that run both ways are written once, loops and the longer of
parallel edges are dropped, and so are nodes abroad that the cut leaves without any edge into
Latvia. Coordinates are those of the package (three decimals, some 100 m).

Reads `boundaries/planning_regions_2021.geojson` of the same data folder.
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
    write_csv,
)
from _packages import read_member
from pyproj import Transformer

FOLDER = "roads"
MEMBER = "scgraph_data/world_highways.py"
MARGIN_KM = 40
TO_METRES = Transformer.from_crs(4326, 3059, always_xy=True)
BOX = (18.0, 53.5, 31.0, 60.0)  # degrees west, south, east, north; wider than land and margin
NEIGHBOUR = re.compile(r"(\d+): ([\d.eE+-]+)")

NODE_FIELDS = [
    Field("node_id", "string", "n and the position in the package", required=True, unique=True),
    Field("lon", "number", "Longitude, degrees, WGS 84", True, minimum=18, maximum=31, decimals=3),
    Field("lat", "number", "Latitude, degrees, WGS 84", True, minimum=53, maximum=60, decimals=3),
]
EDGE_FIELDS = [
    Field("edge_id", "string", "e and the positions of both ends", required=True, unique=True),
    Field("from_id", "string", "Node at one end; the order means nothing", required=True),
    Field("to_id", "string", "Node at the other end", required=True),
    Field(
        "length_km",
        "number",
        "Length of the road as simplified in the source, km; its shape is not known",
        required=True,
        minimum=0.001,
        decimals=3,
    ),
]


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


def read_land(data: Path) -> shapely.geometry.base.BaseGeometry:
    """Return the land of Latvia, EPSG:3059."""
    path = data / "boundaries" / "planning_regions_2021.geojson"
    regions = shapely.from_geojson(path.read_text(encoding="utf-8"))
    land = shapely.coverage_union_all(list(regions.geoms))
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
    return nodes, {pair: length_km[pair] for pair in sorted(length_km) if not lost & set(pair)}


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


def build(data: Path) -> None:
    """Write the folder `roads` into `data`."""
    folder = data / FOLDER
    world, texts = read_world()
    nodes, length_km = cut_roads(world, texts, read_land(data))
    write_csv(
        folder / "nodes.csv",
        NODE_FIELDS,
        [
            {"node_id": f"n{node}", "lon": float(world[node, 1]), "lat": float(world[node, 0])}
            for node in nodes
        ],
    )
    write_csv(
        folder / "edges.csv",
        EDGE_FIELDS,
        [
            {
                "edge_id": f"e{one}-{other}",
                "from_id": f"n{one}",
                "to_id": f"n{other}",
                "length_km": length,
            }
            for (one, other), length in length_km.items()
        ],
    )
    ends = (
        ForeignKey(("from_id",), "nodes", ("node_id",)),
        ForeignKey(("to_id",), "nodes", ("node_id",)),
    )
    Package(
        name="socaccess-roads",
        title="Main roads of Latvia with lengths",
        title_lv="Latvijas galvenie autoceļi ar garumiem",
        description=(
            f"Junctions and ends of main roads in Latvia and {MARGIN_KM} km across its border, "
            "with the length of the road between them."
        ),
        created="2025-11-21T00:00:00Z",
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
        "Only main roads are here: no class, name, speed or direction. Minor roads, on which most "
        "parishes lie, are missing and must be modelled."
    ),
    (
        "The shape of a road is not known; drawn as a straight line it may miss its true course by "
        "kilometres. Lengths are of lines that the source had simplified: roads over 5 km are in "
        "sum only 2 % longer than straight lines, and between towns the lengths come to some 0.95 "
        "of published road distances."
    ),
    (
        "Coordinates have three decimals, some 100 m. With modelled links (detour 1.3, 50 km/h) "
        "nine of ten times between towns lie within 0.93-1.22 of those on an independent network "
        "of all state main and regional roads, the median at 1.04."
    ),
    (
        "Two short stretches, in Liepāja and at Jēkabpils, are connected to nothing in the source "
        "(the ends lie 60-230 m from the rest) and are kept so. The margin abroad is for routes "
        "that cross the border; roads that leave it are cut."
    ),
]
CAVEATS_LV = [
    (
        "Šeit ir tikai galvenie autoceļi: bez klases, nosaukuma, ātruma un virziena. Mazāko ceļu, "
        "pie kuriem atrodas vairums pagastu, nav, un tie jāmodelē."
    ),
    (
        "Ceļa forma nav zināma; taisna līnija no tā īstās gaitas var atšķirties par vairākiem "
        "kilometriem. Garumi ir avotā vienkāršotām līnijām: ceļi virs 5 km kopā ir tikai par 2 % "
        "garāki par taisnām līnijām, un starp pilsētām garumi ir ap 0,95 no publicētajiem ceļa "
        "attālumiem."
    ),
    (
        "Koordinātām ir trīs zīmes aiz komata, ap 100 m. Ar modelētiem savienojumiem (līkumainība "
        "1,3, 50 km/h) deviņi no desmit laikiem starp pilsētām ir 0,93-1,22 no laika neatkarīgā "
        "visu valsts galveno un reģionālo autoceļu tīklā, mediāna 1,04."
    ),
    (
        "Divi īsi posmi, Liepājā un pie Jēkabpils, avotā nav savienoti ar pārējiem (to gali ir "
        "60-230 m no tiem) un tā arī atstāti. Ārvalstu josla ir maršrutiem, kas šķērso robežu; "
        "ceļi, kas no tās iziet, ir nogriezti."
    ),
]

if __name__ == "__main__":
    build(Path(__file__).resolve().parents[1] / "data")
