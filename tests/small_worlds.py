"""Small invented worlds whose answers can be worked out on paper.

Kilometres here are counted from `ORIGIN`; at 60 km/h a kilometre is a minute.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st

from socaccess.network import RoadNetwork

CRS = "EPSG:3059"
ORIGIN = (600_000.0, 250_000.0)


def at(x_km: float, y_km: float = 0.0) -> shapely.Point:
    """Return the point so many kilometres east and north of the origin."""
    return shapely.Point(ORIGIN[0] + 1000 * x_km, ORIGIN[1] + 1000 * y_km)


def place(column: str, points: dict[str, shapely.Point | None]) -> gpd.GeoDataFrame:
    """Return places named in `column`."""
    return gpd.GeoDataFrame({column: list(points)}, geometry=list(points.values()), crs=CRS)


def square(west_km: float, east_km: float) -> shapely.Polygon:
    """Return a municipality's outline from `west_km` to `east_km`, 10 km high."""
    south_west, north_east = at(west_km, -5), at(east_km, 5)
    return shapely.box(south_west.x, south_west.y, north_east.x, north_east.y)


def five_node_road() -> RoadNetwork:
    """Return a loop A-B-C-D with a one-way stretch C-D and a branch B-E.

    ::

        D <--- C        CD 3 km, 60 km/h, one-way: 180 s
        |      |        BC 4 km, 80 km/h: 180 s
        |      |        DA 4 km, 40 km/h, modelled: 360 s
        A ---- B ~~~ E  AB 3 km, 60 km/h: 180 s; BE winds, 6 km, 90 km/h: 240 s
    """
    nodes = gpd.GeoDataFrame(
        {"node_id": list("ABCDE")},
        geometry=[at(0), at(3), at(3, 4), at(0, 4), at(6)],
        crs=CRS,
    )
    edges = pd.DataFrame(
        {
            "edge_id": ["AB", "BC", "CD", "DA", "BE"],
            "from_id": list("ABCDB"),
            "to_id": list("BCDAE"),
            "length_m": [3000.0, 4000.0, 3000.0, 4000.0, 6000.0],
            "speed_kph": [60.0, 80.0, 60.0, 40.0, 90.0],
            "oneway": [False, False, True, False, False],
            "modelled": [False, False, False, True, False],
        }
    )
    return RoadNetwork.from_edges(nodes, edges)


def straight_road() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return nodes and edges of the two-municipality world, all at 60 km/h.

    ::

        A ---10--- B ---10--- C ---10--- D ---10--> E
                              ^---------- 30 -------'

    D-E is one-way; from E one drives 30 km by another road to C.
    """
    nodes = pd.DataFrame(
        {
            "node_id": list("ABCDE"),
            "x": [ORIGIN[0] + 10_000.0 * i for i in range(5)],
            "y": [ORIGIN[1]] * 5,
        }
    )
    edges = pd.DataFrame(
        {
            "edge_id": ["AB", "BC", "CD", "DE", "EC"],
            "from_id": list("ABCDE"),
            "to_id": list("BCDEC"),
            "length_m": [10_000.0, 10_000.0, 10_000.0, 10_000.0, 30_000.0],
            "speed_kph": [60.0] * 5,
            "oneway": [False, False, False, True, True],
            "geometry": [
                *(shapely.LineString([at(10 * i), at(10 * i + 10)]) for i in range(4)),
                shapely.LineString([at(40), at(40, 10), at(20, 10), at(20)]),
            ],
        }
    )
    return nodes, edges


def two_municipalities() -> dict[str, Any]:
    """Return the tables of a `Study` of two municipalities on `straight_road`.

    West has a (at A) and b (at B); East has c, d, e (at C, D, E) and z, whose place
    nobody knows. Near West lies a third municipality, outside the study.
    """
    nodes, edges = straight_road()
    municipalities = gpd.GeoDataFrame(
        {"municipality_id": ["east", "west"], "name": ["Austrumu novads", "Rietumu novads"]},
        geometry=[square(15, 45), square(-5, 15)],
        crs=CRS,
    )
    settlements = gpd.GeoDataFrame(
        {
            "settlement_id": list("abcdez"),
            "name": ["Ābeles", "Bērzi", "Cerini", "Dūņi", "Egles", "Zudusi"],
            "municipality_id": ["west", "west", "east", "east", "east", "east"],
            "population": [1000, 500, 300, 200, 100, 50],
        },
        geometry=[at(0), at(10), at(20), at(30), at(40), None],
        crs=CRS,
    )
    rows = [
        # id, name, service, status, municipality, precision, point
        ("F1", "Centrs B", "dac", "operating", "west", "address", at(10)),
        ("F2", "Centrs E", "dac", "planned", "east", "address", at(40)),
        ("F3", "Centrs C", "dac", "closed", "east", "address", at(20)),
        ("F4", "Centrs ?", "dac", "operating", "east", "municipality", at(30)),
        ("H1", "Aprūpe E", "care", "operating", "east", "address", at(40)),
        ("I1", "Iestāde D", "vsac", "operating", "east", "address", at(30)),
        ("W1", "Darbnīca A", "shop", "operating", "beyond", "address", at(0)),
    ]
    facilities = gpd.GeoDataFrame(
        rows,
        columns=["facility_id", "name", "service", "status", "municipality_id",
                 "location_precision", "geometry"],
        crs=CRS,
    )  # fmt: skip
    service_types = pd.DataFrame(
        {
            "service": ["dac", "care", "vsac", "shop", "crisis"],
            "name_lv": ["Dienas centrs", "Aprūpe mājās", "VSAC", "Darbnīca", "Krīzes centrs"],
            "name_en": ["Day centre", "Home care", "Institution", "Workshop", "Crisis centre"],
            "target_group": ["adults_grt", "adults_grt", "adults_grt_vsac", "adults_grt",
                             "families"],
            "limit_min": [20.0, 35.0, None, 15.0, 60.0],
            "traveller": ["client", "provider", "none", "client", "client"],
            "counts_as_supply": [True, True, False, True, True],
        }
    )  # fmt: skip
    need = pd.DataFrame(
        {
            "settlement_id": list("abcdez"),
            "target_group": "adults_grt",
            "persons": [10.0, 4.0, 3.0, 2.0, 5.0, 1.0],
            "basis": "published",
        }
    )
    targets = pd.DataFrame({"target_group": ["adults_grt"], "persons": [25], "indicator": "target"})
    return {
        "municipalities": municipalities,
        "settlements": settlements,
        "facilities": facilities,
        "service_types": service_types,
        "need": need,
        "targets": targets,
        "promised": ("dac", "care"),
        "network": RoadNetwork.from_edges(nodes, edges, crs=CRS),
        "name": "divi novadi",
    }


metres = st.integers(0, 4000)


@st.composite
def networks(draw: st.DrawFn) -> RoadNetwork:
    """Return a small network with one-way edges; nodes on distinct whole metres."""
    points = draw(st.lists(st.tuples(metres, metres), min_size=2, max_size=7, unique=True))
    pair = st.tuples(st.integers(0, len(points) - 1), st.integers(0, len(points) - 1))
    ends = draw(
        st.lists(
            pair.filter(lambda ends: ends[0] != ends[1]),
            min_size=1,
            max_size=12,
            unique_by=lambda ends: frozenset(ends),
        )
    )
    count = len(ends)
    speeds = st.lists(st.integers(10, 120), min_size=count, max_size=count)
    flags = st.lists(st.booleans(), min_size=count, max_size=count)
    nodes = pd.DataFrame(
        {
            "node_id": range(len(points)),
            "x": [ORIGIN[0] + x for x, _ in points],
            "y": [ORIGIN[1] + y for _, y in points],
        }
    )
    edges = pd.DataFrame(
        {
            "from_id": [a for a, _ in ends],
            "to_id": [b for _, b in ends],
            "speed_kph": np.array(draw(speeds), dtype=float),
            "oneway": draw(flags),
        }
    )
    return RoadNetwork.from_edges(nodes, edges, crs=CRS)
