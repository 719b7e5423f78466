"""What-ifs: a closed bridge, a paved gravel road, a faster one."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from socaccess.errors import CrsError, InputError, UnknownNameError
from socaccess.network import CLOSED, RoadNetwork
from socaccess.network.edits import close_roads, pave_roads, set_speed
from socaccess.network.file import load_network, save_network
from socaccess.network.osm_roads import build_network

from .drawing import drive_ms
from .test_against_reference import make_elements


@pytest.fixture
def network() -> RoadNetwork:
    """A gravel road 1-2-3 of two ways, and a paved way round over 4."""
    nodes = {1: (24.0, 56.5), 2: (24.02, 56.5), 3: (24.04, 56.5), 4: (24.02, 56.55)}
    gravel = {"highway": "tertiary", "surface": "gravel"}
    ways = {
        10: ([1, 2], gravel),
        11: ([2, 3], gravel),
        12: ([1, 4, 3], {"highway": "secondary", "surface": "asphalt"}),
    }
    return build_network(make_elements(nodes, ways))


@pytest.fixture
def square() -> RoadNetwork:
    """Metres, 36 km/h: a street of 1000 m east, crossed in the middle by one of 400 m north."""
    nodes = pd.DataFrame(
        {
            "node_id": ["west", "mid", "east", "south", "north"],
            "x": [0.0, 500, 1000, 500, 500],
            "y": [0.0, 0, 0, -200, 200],
        }
    )
    edges = pd.DataFrame(
        {
            "edge_id": ["a", "b", "c", "d"],
            "from_id": ["west", "mid", "south", "mid"],
            "to_id": ["mid", "east", "mid", "north"],
            "speed_kph": 36.0,
            "oneway": [False, False, False, True],
        }
    )
    return RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")


def test_close_by_way(network):
    before = drive_ms(network, 1, 3)
    closed = close_roads(network, [10])
    assert drive_ms(closed, 1, 3) > before
    assert drive_ms(closed, 2, 3) == drive_ms(network, 2, 3)
    assert drive_ms(network, 1, 3) == before  # the old one stays
    assert closed.provenance["edits"] == [{"edit": "close", "ways": ["10"], "edges": 1}]
    # Ids may come as text too, as from a table.
    assert np.array_equal(close_roads(network, ["10"]).forward_ms, closed.forward_ms)


def test_close_by_line_takes_the_road_along_it_and_not_those_across(square):
    # Drawn 8 m beside the street, over its western half.
    closed = close_roads(square, line=LineString([(-20, 8), (500, 8)]))
    assert (closed.forward_ms == CLOSED).tolist() == [True, False, False, False]
    # Across: nothing runs along it.
    with pytest.raises(InputError, match="follows no road within 20 m"):
        close_roads(square, line=LineString([(250, -30), (250, 30)]))
    # Far away.
    with pytest.raises(InputError, match="follows no road"):
        close_roads(square, line=LineString([(0, 300), (400, 300)]))


def test_close_by_line_in_degrees(square):
    line = gpd.GeoSeries([LineString([(0, 0), (500, 0)])], crs="EPSG:3059").to_crs("EPSG:4326")
    closed = close_roads(square, line=line)
    assert (closed.forward_ms == CLOSED).tolist() == [True, False, False, False]
    with pytest.raises(CrsError):
        close_roads(square, line=gpd.GeoSeries([LineString([(0, 0), (500, 0)])]))


def test_set_speed_of_a_whole_way_and_of_a_part(square):
    # 500 m at 72 km/h, 20 m/s: 25 s.
    faster = set_speed(square, 72, ["a"])
    assert faster.forward_ms.tolist() == [25_000, 50_000, 20_000, 20_000]
    # 200 of 500 m: 300 m at 10 m/s and 200 m at 20 m/s are 40 s.
    part = set_speed(square, 72, line=LineString([(100, 0), (300, 0)]))
    assert part.forward_ms.tolist() == [40_000, 50_000, 20_000, 20_000]
    # A closed direction stays closed.
    one_way = set_speed(square, 72, ["d"])
    assert one_way.forward_ms[3] == 10_000
    assert one_way.backward_ms[3] == CLOSED
    # Slower works as well, and edits add up in the provenance.
    both = set_speed(part, 18, ["b"])
    assert both.backward_ms[1] == 100_000
    assert [edit["speed_kph"] for edit in both.provenance["edits"]] == [72, 18]


def test_pave(network):
    # Gravel, tertiary, summer: 62 km/h; paved 70.
    paved = pave_roads(network, [10, 12])
    assert paved.provenance["edits"] == [{"edit": "pave", "ways": ["10"], "edges": 1}]
    edge = int(np.flatnonzero(network.edge_id == 10)[0])
    assert paved.forward_ms[edge] == round(network.length_m[edge] * 3600 / 70)
    assert paved.class_names[paved.road_class[edge]] == "tertiary"
    other = int(np.flatnonzero(network.edge_id == 11)[0])
    assert paved.class_names[paved.road_class[other]] == "tertiary gravel"
    assert (paved.forward_ms <= network.forward_ms).all()
    # Paved twice is paved once: nothing unpaved is left of it.
    with pytest.raises(InputError, match="no unpaved road"):
        pave_roads(paved, [10])


def test_edits_survive_the_file(network, tmp_path):
    path = tmp_path / "edited.network"
    save_network(pave_roads(close_roads(network, [11]), [10]), path)
    back = load_network(path)
    assert [edit["edit"] for edit in back.provenance["edits"]] == ["close", "pave"]
    # And a network from a file, whose arrays are read-only, can be edited.
    assert drive_ms(close_roads(back, [12]), 1, 3) is None


def test_what_cannot_be_edited(square, network):
    with pytest.raises(UnknownNameError, match=r"way is not in the network \(7, x; 2 in all\)"):
        close_roads(square, ["a", "x", 7])
    with pytest.raises(InputError, match="no road is named"):
        close_roads(square)
    with pytest.raises(InputError, match="speed_kph must be above 0"):
        set_speed(square, 0, ["a"])
    with pytest.raises(InputError, match="is not a line"):
        close_roads(square, line=Point(0, 0))
    with pytest.raises(InputError, match="has no length"):
        close_roads(square, line=LineString([(0, 0), (0, 0)]))
    with pytest.raises(InputError, match="does not tell the surface"):
        pave_roads(square, ["a"])
