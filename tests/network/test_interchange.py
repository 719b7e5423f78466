"""Graphs of osmnx and networkx become networks with the same times."""

from __future__ import annotations

import geopandas as gpd
import pytest

from socaccess.errors import InputError
from socaccess.network import CLOSED, RoadNetwork
from socaccess.travel import travel_times

nx = pytest.importorskip("networkx")


def make_graph():
    """Three junctions on one meridian: 1 -> 2 by 6 km at 60, back in 5 min; 2 -> 3 one way."""
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for name, lat in ((1, 56.90), (2, 56.95), (3, 57.00)):
        graph.add_node(name, x=24.1, y=lat)
    graph.add_edge(1, 2, length=6000.0, maxspeed=["60", "70"], highway="secondary")
    graph.add_edge(2, 1, length=6000.0, travel_time=300.0, highway="secondary")
    graph.add_edge(2, 3, length=3000.0, speed_kph=90.0, highway=["primary", "trunk"])
    return graph


def place(name, lat):
    points = gpd.points_from_xy([24.1], [lat])
    return gpd.GeoDataFrame({"id": [name]}, geometry=points, crs="EPSG:4326")


def test_times_lengths_and_classes_are_those_of_the_graph():
    network = RoadNetwork.from_osmnx(make_graph())
    edges = network.to_frame().set_index("edge_id")
    # 6 km at 60 km/h: 6 min; 300 s back: 5 min; 3 km at 90 km/h: 2 min.
    assert edges["forward_min"].round(6).tolist() == [6.0, 5.0, 2.0]
    assert edges["backward_min"].isna().all()
    assert edges.loc["2-3-2", "road_class"] == "primary"
    assert network.crs == "EPSG:3059"


def test_directions_are_kept():
    graph = make_graph()
    graph.add_edge(3, 1, length=10000.0, travel_time=600.0)
    network = RoadNetwork.from_osmnx(graph)
    there = travel_times(network, place("a", 56.90), place("b", 56.95)).travel_min[0, 0]
    back = travel_times(network, place("b", 56.95), place("a", 56.90)).travel_min[0, 0]
    assert there == pytest.approx(6.0, abs=0.01)
    assert back == pytest.approx(5.0, abs=0.01)


def test_undirected_graphs_are_driven_both_ways():
    graph = nx.Graph(crs="EPSG:3059")
    graph.add_node("a", x=500000.0, y=300000.0)
    graph.add_node("b", x=501000.0, y=300000.0)
    graph.add_edge("a", "b", length=1000.0, speed_kph=60.0)
    network = RoadNetwork.from_osmnx(graph)
    assert network.forward_ms.tolist() == network.backward_ms.tolist() == [60_000]


def test_lines_are_kept():
    shapely = pytest.importorskip("shapely")
    graph = nx.MultiDiGraph(crs="EPSG:3059")
    graph.add_node(1, x=0.0, y=0.0)
    graph.add_node(2, x=100.0, y=0.0)
    bend = shapely.LineString([(0, 0), (50, 40), (100, 0)])
    graph.add_edge(1, 2, length=130.0, speed_kph=50.0, geometry=bend)
    graph.add_edge(2, 1, length=100.0, speed_kph=50.0)
    lines = RoadNetwork.from_osmnx(graph).lines
    assert sorted(round(line.length) for line in lines) == [100, 128]
    assert (RoadNetwork.from_osmnx(graph).backward_ms == CLOSED).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda g: g.add_node(9), "node has no x and y (9; 1 in all)"),
        (lambda g: g.add_edge(1, 3, length=5.0), "neither a time nor a speed (1-3-1; 1 in all)"),
        (lambda g: g.add_edge(1, 3, speed_kph=5.0), "edge has no length (1-3-1; 1 in all)"),
    ],
)
def test_what_is_missing_is_named(change, said):
    graph = make_graph()
    change(graph)
    with pytest.raises(InputError) as caught:
        RoadNetwork.from_osmnx(graph)
    assert said in str(caught.value)


def test_empty_graph_is_refused():
    with pytest.raises(InputError, match="it has no nodes"):
        RoadNetwork.from_osmnx(nx.MultiDiGraph())
