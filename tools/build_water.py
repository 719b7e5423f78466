"""Build `data/water`: lakes, wide rivers and the sea in and around Latvia, and courses of rivers.

The world's water bodies of the package `@geo-maps/earth-waterbodies-100m` (OpenStreetMap,
simplified there to an error of 100 m) are cut to a box around Latvia. Water smaller than
`LEAST_KM2` is left out; coordinates are rounded to four decimals, some 10 m.

Rivers are torn there into pieces with gaps between them. Their courses are drawn through the
pieces that `@geo-maps/earth-rivers-10m` knows as rivers, of any size (`_rivers`).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import shapely
from _datapackage import MIT, ODBL, Field, Layer, Package, Source, write_geojson
from _packages import read_member
from _rivers import draw_courses
from pyproj import Transformer

FOLDER = "water"
FILE = "water.geojson"
PACKAGE = "@geo-maps/earth-waterbodies-100m"
MEMBER = "package/map.geo.json"
BOX = (19.0, 54.8, 30.0, 59.2)  # degrees west, south, east, north
RIVERS = "@geo-maps/earth-rivers-10m"
RIVERS_FILE = "rivers.geojson"
RIVERS_BOX = (20.5, 55.3, 28.6, 58.3)  # where modelled ways are
LEAST_KM2 = 1.0
SEA_KM2 = 10_000.0
DECIMALS = 4
TO_METRES = Transformer.from_crs(4326, 3059, always_xy=True)
TO_DEGREES = Transformer.from_crs(3059, 4326, always_xy=True)

FIELDS = [
    Field("water_id", "string", "w and the position in this layer", required=True, unique=True),
    Field("kind", "string", "inland or sea", required=True, enum=("inland", "sea")),
    Field(
        "area_km2",
        "number",
        "Area of the outline inside the box, km2",
        required=True,
        minimum=LEAST_KM2,
        decimals=1,
    ),
]
RIVER_FIELDS = [
    Field("river_id", "string", "r and the position in this layer", required=True, unique=True),
    Field(
        "length_km",
        "number",
        "Length of the course drawn, with the rivers that join it, km",
        required=True,
        minimum=0,
        decimals=1,
    ),
]


def read_polygons(
    package: str = PACKAGE, box: tuple[float, float, float, float] = BOX
) -> list[list[shapely.Polygon]]:
    """Return the water whose extent meets the box, each as its outline and its islands there."""
    world = json.loads(read_member(package, MEMBER))
    near = [
        coordinates
        for shape in world["geometries"]
        for coordinates in shape["coordinates"]
        if _overlaps(coordinates[0], box)
    ]
    return [
        [
            shapely.Polygon(ring)
            for ring in (rings[0], *(each for each in rings[1:] if _overlaps(each, box)))
        ]
        for rings in near
    ]


def _overlaps(ring: list[list[float]], box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    points = np.array(ring)
    low, high = points.min(axis=0), points.max(axis=0)
    return bool(low[0] < east and high[0] > west and low[1] < north and high[1] > south)


def cut_water(
    bodies: list[list[shapely.Polygon]],
) -> list[tuple[str, float, shapely.Polygon]]:
    """Return kind, area in km2 and outline of the water inside the box, the largest first."""
    found = []
    for outline, *islands in bodies:
        # The area of the whole tells the sea from a lake; a lagoon of the sea is part of it.
        kind = "sea" if measure_km2(outline) > SEA_KM2 else "inland"
        # Of the sea, whose outline has a million points, only what is in the box is repaired.
        cut = shapely.make_valid(shapely.clip_by_rect(outline, *BOX))
        land = shapely.union_all(shapely.make_valid(shapely.clip_by_rect(islands, *BOX)))
        rounded = shapely.set_precision(cut - land, 10.0**-DECIMALS)
        found += [
            (kind, measure_km2(part), _drop_islets(part))
            # Repaired outlines may come as a collection of collections.
            for part in shapely.get_parts(shapely.get_parts(rounded))
            if isinstance(part, shapely.Polygon) and measure_km2(part) >= LEAST_KM2
        ]
    return sorted(found, key=lambda each: (-each[1], each[2].wkt))


def _drop_islets(polygon: shapely.Polygon) -> shapely.Polygon:
    holes = [ring for ring in polygon.interiors if measure_km2(shapely.Polygon(ring)) >= LEAST_KM2]
    return shapely.normalize(shapely.Polygon(polygon.exterior, holes))


def measure_km2(polygon: shapely.Polygon) -> float:
    """Return the area of an outline in degrees, km2, by the scale at its middle."""
    west, _, east, _ = polygon.bounds
    if east - west > 30:
        return float("inf")
    return float(shapely.transform(polygon, TO_METRES.transform, interleaved=False).area / 1e6)


def list_courses() -> list[tuple[dict[str, object], dict[str, object]]]:
    """Return properties and geometry of the courses of rivers, the longest first."""
    pieces = [
        shapely.make_valid(shapely.transform(outline, TO_METRES.transform, interleaved=False))
        for outline, *_ in read_polygons(RIVERS, RIVERS_BOX)
    ]
    polygons = [part for part in shapely.get_parts(pieces) if isinstance(part, shapely.Polygon)]
    features = []
    for number, course in enumerate(draw_courses(polygons), start=1):
        degrees = shapely.transform(course, TO_DEGREES.transform, interleaved=False)
        lines = [
            [[round(value, DECIMALS) for value in point] for point in line.coords]
            for line in shapely.get_parts(degrees)
        ]
        properties = {"river_id": f"r{number}", "length_km": round(course.length / 1000, 1)}
        features.append((properties, {"type": "MultiLineString", "coordinates": lines}))
    return features


def build(data: Path) -> None:
    """Write the folder `water` into `data`."""
    folder = data / FOLDER
    features = []
    for number, (kind, area_km2, polygon) in enumerate(cut_water(read_polygons()), start=1):
        geometry = json.loads(shapely.to_geojson(polygon))
        geometry["coordinates"] = [
            [[round(value, DECIMALS) for value in point] for point in ring]
            for ring in geometry["coordinates"]
        ]
        properties = {"water_id": f"w{number}", "kind": kind, "area_km2": round(area_km2, 1)}
        features.append((properties, geometry))
    write_geojson(folder / FILE, FIELDS, features)
    write_geojson(folder / RIVERS_FILE, RIVER_FIELDS, list_courses())
    Package(
        name="socaccess-water",
        title="Lakes, rivers and the sea in and around Latvia",
        title_lv="Ezeri, upes un jūra Latvijā un ap to",
        description="Coarse outlines of water for the ground of maps, and courses of large rivers: "
        "modelled ways lead through neither.",
        created="2026-11-29T00:00:00Z",
        keywords=["Latvia", "lakes", "rivers", "coast"],
        resources=[
            Layer("water", FILE, "Water of 1 km2 and more", FIELDS, ("water_id",)),
            Layer(
                "rivers",
                RIVERS_FILE,
                "Courses of large rivers, drawn through pieces of their beds",
                RIVER_FIELDS,
                ("river_id",),
            ),
        ],
        sources=[
            Source(
                "OpenStreetMap contributors, as simplified in geo-maps: earth-waterbodies-100m",
                "https://www.npmjs.com/package/@geo-maps/earth-waterbodies-100m",
                "0.6.0",
            ),
            Source(
                "OpenStreetMap contributors, as simplified in geo-maps: earth-rivers-10m",
                "https://www.npmjs.com/package/@geo-maps/earth-rivers-10m",
                "0.6.0",
            ),
            Source("OpenStreetMap contributors", "https://www.openstreetmap.org/copyright"),
        ],
        licences=[ODBL, MIT],
        attribution={
            "lv": "Ūdeņi: © OpenStreetMap līdzautori (ODbL 1.0), pakotne geo-maps (MIT).",
            "en": "Water: © OpenStreetMap contributors (ODbL 1.0), package geo-maps (MIT).",
        },
        caveats={
            "lv": [
                (
                    "Ūdeņu krasti ir aptuveni (avotā kļūda līdz 100 m) un 2017. gada; tie "
                    "domāti kartes pamatnei. Ūdeņu, kas mazāki par 1 km², un ceļa attālumu "
                    "ap ūdeņiem šeit nav."
                ),
                (
                    "Lielo upju gultnes novilktas caur avotā atrodamiem to posmiem; starp posmiem "
                    "kļūda var sasniegt 500 m. Pēc tām nosaka tikai to, vai modelēts ceļš šķērso "
                    "upi."
                ),
            ],
            "en": [
                (
                    "Shores are coarse (an error of up to 100 m in the source) and of 2017; they "
                    "are for the ground of maps. Water smaller than 1 km2 is missing, and "
                    "nothing here says how far it is to drive round."
                ),
                (
                    "Courses of large rivers are drawn through the pieces the source has; between "
                    "pieces they may be off by 500 m. They say only whether a modelled way crosses."
                ),
            ],
        },
    ).write(folder)


if __name__ == "__main__":
    build(Path(__file__).resolve().parents[1] / "data")
