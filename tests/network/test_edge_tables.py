"""What `RoadNetwork.from_edges` accepts, and what it answers to tables it cannot use."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from small_worlds import CRS, at, place

from socaccess.errors import CrsError, InputError
from socaccess.network import CLOSED, RoadNetwork
from socaccess.travel import travel_times

NODES = pd.DataFrame({"node_id": ["a", "b", "c"], "x": [0.0, 1000.0, 2000.0], "y": [0.0] * 3})
EDGES = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["b", "c"], "speed_kph": [60.0, 30.0]})


def build(nodes: pd.DataFrame = NODES, edges: pd.DataFrame = EDGES, crs: str | None = CRS):
    return RoadNetwork.from_edges(nodes, edges, crs=crs)


def complain(nodes: pd.DataFrame = NODES, edges: pd.DataFrame = EDGES, crs: str | None = CRS):
    with pytest.raises(InputError) as caught:
        build(nodes, edges, crs)
    return str(caught.value).splitlines()


def test_length_is_straight_and_time_follows_speed():
    network = build()
    assert network.length_m.tolist() == [1000.0, 1000.0]
    assert network.forward_ms.tolist() == [60_000, 120_000]  # 1 km at 60 and at 30 km/h
    assert network.backward_ms.tolist() == [60_000, 120_000]
    assert not network.modelled.any()


def test_given_times_and_lengths_win():
    edges = pd.DataFrame(
        {
            "from_id": ["a", "b"],
            "to_id": ["b", "c"],
            "forward_ms": [5, 6],
            "backward_ms": [7, 8],
            "length_m": [10.0, 20.0],
            "oneway": [False, True],
        }
    )
    network = build(edges=edges)
    assert network.forward_ms.tolist() == [5, 6]
    assert network.backward_ms.tolist() == [7, CLOSED]
    assert network.length_m.tolist() == [10.0, 20.0]


def test_degrees_are_projected_to_metres():
    nodes = pd.DataFrame({"node_id": ["r", "d"], "lon": [24.1, 26.5], "lat": [56.9, 55.9]})
    edges = pd.DataFrame({"from_id": ["r"], "to_id": ["d"], "speed_kph": [90.0]})
    network = RoadNetwork.from_edges(nodes, edges)
    assert network.crs == "EPSG:3059"
    # Great circle: haversine on a sphere of 6371 km.
    lat, lon = np.radians([56.9, 55.9]), np.radians([24.1, 26.5])
    h = np.sin((lat[1] - lat[0]) / 2) ** 2
    h += np.cos(lat[0]) * np.cos(lat[1]) * np.sin((lon[1] - lon[0]) / 2) ** 2
    assert network.length_m[0] == pytest.approx(2 * 6_371_000 * np.arcsin(np.sqrt(h)), rel=4e-3)


def test_drawn_lines_are_kept_and_cut():
    nodes = gpd.GeoDataFrame({"node_id": ["a", "b"]}, geometry=[at(0), at(2)], crs=CRS)
    line = shapely.LineString([at(0), at(0, 1), at(2, 1), at(2)])
    edges = gpd.GeoDataFrame(
        {"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]}, geometry=[line], crs=CRS
    )
    network = RoadNetwork.from_edges(nodes, edges)
    assert network.length_m.tolist() == [4000.0]
    assert network.lines[0].equals(line)
    # A place beside the far corner is 3 km along, so 3 minutes from a.
    minutes = travel_times(
        network, place("settlement_id", {"A": at(0)}), place("facility_id", {"F": at(2, 1)})
    ).minutes
    assert minutes.loc["A", "F"] == 3.0


def test_every_finding_is_told_at_once():
    nodes = pd.concat([NODES, pd.DataFrame({"node_id": ["a"], "x": [np.nan], "y": [0.0]})])
    lines = complain(nodes)
    assert lines == [
        "nodes: node_id occurs more than once (a, a; 2 in all)",
        "nodes: node has no usable coordinates (a; 1 in all)",
    ]
    edges = EDGES.assign(to_id=["b", "nowhere"], from_id=["ghost", "b"])
    assert [line.split(":")[0] for line in complain(edges=edges)] == [
        "edges, column 'from_id'",
        "edges, column 'to_id'",
    ]
    edges = EDGES.assign(speed_kph=[0.0, 30.0], length_m=[1.0, -4.0], oneway=["no", "maybe"])
    lines = complain(edges=edges)
    assert "is neither true nor false (0: no, 1: maybe; 2 in all)" in lines[0]
    assert "'speed_kph': is missing or not above 0 (0; 1 in all)" in lines[1]
    assert "length_m is missing or negative (1; 1 in all)" in lines[2]


def test_missing_columns_are_named():
    lines = complain(NODES[["node_id"]], EDGES[["from_id"]])
    assert len(lines) == 3
    assert "no coordinates" in lines[0]
    assert "column to_id is missing" in lines[1]
    assert "no times" in lines[2]


def test_text_in_a_number_column_names_its_row():
    assert complain(NODES.assign(x=["0", "east", "2000"])) == [
        "nodes: node has no usable coordinates (b; 1 in all)"
    ]
    assert "'speed_kph'" in complain(edges=EDGES.assign(speed_kph=["60", "fast"]))[0]
    assert "length_m" in complain(edges=EDGES.assign(length_m=["12", "long"]))[0]


def test_degrees_called_metres_are_refused():
    degrees = NODES.assign(x=[24.1, 24.2, 24.3], y=[56.9, 56.8, 56.7])
    with pytest.raises(CrsError, match="look like degrees"):
        build(degrees)
    with pytest.raises(CrsError, match="not measured in metres"):
        build(degrees, crs="EPSG:4326")


def test_times_must_fit():
    with pytest.raises(InputError, match="24 days"):
        build(edges=EDGES.assign(length_m=[1e9, 1.0], speed_kph=[1.0, 1.0]))
    lines = complain(
        edges=pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "forward_ms": [-1], "backward_ms": 5})
    )
    assert "'forward_ms'" in lines[0]


def test_a_network_without_roads_reaches_nobody():
    network = build(edges=EDGES.iloc[:0])
    here = place("id", {"x": at(0)})
    assert np.isnan(travel_times(network, here, here).travel_min).all()
    assert not network.snap(here, id_column="id").located.any()
    assert network.snap(here, id_column="id").to_frame()["edge_id"].isna().all()


def test_snapping_checks_its_points():
    network = build()
    twice = gpd.GeoDataFrame({"id": ["x", "x"]}, geometry=[at(0), at(1)], crs=CRS)
    with pytest.raises(InputError, match="id occurs more than once"):
        network.snap(twice, id_column="id")
    lines = gpd.GeoDataFrame({"id": ["x"]}, geometry=[shapely.LineString([at(0), at(1)])], crs=CRS)
    with pytest.raises(InputError, match="not a point"):
        network.snap(lines, id_column="id")
    with pytest.raises(InputError, match="column 'id' is missing"):
        network.snap(lines.drop(columns="id"), id_column="id")
    with pytest.raises(CrsError, match="no coordinate reference system"):
        network.snap(twice.set_crs(None, allow_override=True), id_column="id")


def test_points_that_are_nowhere_stay_listed():
    network = build()
    points = [shapely.Point(500, 0), None, shapely.Point(), shapely.Point(np.inf, 0.0),
              shapely.Point(np.nan, np.nan)]  # fmt: skip
    frame = gpd.GeoDataFrame({"id": list("abcde")}, geometry=points, crs=CRS)
    assert network.snap(frame, id_column="id").located.tolist() == [True, *[False] * 4]
