"""Service areas in the map's data, worked out by hand on one road of 40 km."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from socaccess.maps.areas import encode_areas
from socaccess.maps.basemap import Grid
from socaccess.network import RoadNetwork
from socaccess.settings import Settings

CRS = "EPSG:3059"
GRID = Grid(600_000.0, 300_000.0, 10.0)
FRAME = (590_000.0, 290_000.0, 700_000.0, 310_000.0)


def at(km: float) -> shapely.Point:
    return shapely.Point(600_000 + 1000 * km, 300_000)


def build_result(traveller: str = "client", oneway: bool = False) -> tuple[Any, pd.DataFrame]:
    """Return a road from A (0 km) to B (40 km) at 60 km/h and a slow way back, with a facility at
    20 km that operates and one at 10 km that is planned."""
    nodes = gpd.GeoDataFrame({"node_id": ["A", "B"]}, geometry=[at(0), at(40)], crs=CRS)
    back = shapely.LineString(
        [at(40), shapely.Point(640_000, 390_000), shapely.Point(600_000, 390_000), at(0)]
    )
    edges = pd.DataFrame(
        {
            "from_id": ["A", "B"],
            "to_id": ["B", "A"],
            "speed_kph": 60.0,
            "length_m": [40_000.0, 500_000.0],
            "oneway": [oneway, False],
            "geometry": [shapely.LineString([at(0), at(40)]), back],
        }
    )
    facilities = gpd.GeoDataFrame({"facility_id": ["F", "G"]}, geometry=[at(20), at(10)], crs=CRS)
    supply = pd.DataFrame(
        {"facility_id": ["F", "G"], "service": "s", "status": ["operating", "planned"]}
    )
    sites = gpd.GeoDataFrame({"service": []}, geometry=[], crs=CRS)
    types = pd.DataFrame({"service": ["s", "t"], "traveller": [traveller, "client"]})
    study = SimpleNamespace(
        network=RoadNetwork.from_edges(nodes, edges), settings=Settings(), service_types=types
    )
    result = SimpleNamespace(
        study=study, facilities=facilities, sites=sites,
        reach=SimpleNamespace(supply={"planned": supply}),
    )  # fmt: skip
    return result, types


def read_tenths(areas: dict[str, Any], scenario: int) -> dict[int, int]:
    """Return tenths of minutes by kilometre of each point on the road."""
    kilometres = np.cumsum(areas["x"]) * 10 / 1000
    values = np.cumsum(areas["tenths"][0][0])
    if scenario:
        values = values + np.array(areas["tenths"][0][1])
    return {round(km): int(v) for km, v in zip(kilometres, values, strict=True)}


def test_roads_are_cut_where_facilities_stand() -> None:
    result, types = build_result()
    areas = encode_areas(result, types, ["now", "planned"], GRID, FRAME)
    assert areas is not None
    assert read_tenths(areas, 0) == {0: 200, 10: 100, 20: 0, 40: 200}
    assert read_tenths(areas, 1) == {0: 100, 10: 0, 20: 0, 40: 200}
    assert sorted(areas["forward"])[:3] == [1000, 1000, 2000]  # hundredths of a minute
    # Nobody offers t: it has no areas, and that is not an area of nothing.
    assert areas["tenths"][1] is None
    # The way back bends twice, and only it.
    assert sorted(len(bends) for bends in areas["bends"]) == [0, 0, 0, 4]


@pytest.mark.parametrize(
    ("traveller", "tenths"),
    [
        # On a one-way road from A to B nobody drives back from B, 500 km round aside.
        ("client", {0: 200, 10: 100, 20: 0, 40: 601}),
        ("provider", {0: 601, 10: 601, 20: 0, 40: 200}),
    ],
)
def test_one_way_roads_know_who_travels(traveller: str, tenths: dict[int, int]) -> None:
    result, types = build_result(traveller, oneway=True)
    areas = encode_areas(result, types, ["now"], GRID, FRAME)
    assert areas is not None
    assert read_tenths(areas, 0) == tenths
    assert areas["provider"][0] == int(traveller == "provider")
    forward, difference = np.array(areas["forward"]), np.array(areas["backward"])
    assert sorted((forward + difference)[forward <= 2000].tolist()) == [-1, -1, -1]


def test_outside_the_frame_or_without_places_there_is_nothing() -> None:
    result, types = build_result()
    assert encode_areas(result, types, ["now"], GRID, (0.0, 0.0, 1.0, 1.0)) is None
    assert encode_areas(result, types[types["service"] == "t"], ["now"], GRID, FRAME) is None
