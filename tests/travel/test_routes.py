"""Routes: drawn on paper for the five-node road, and against the table of times elsewhere."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import CRS, at, five_node_road, place
from test_against_networkx import networks, places

from socaccess.errors import InputError
from socaccess.network import RoadNetwork
from socaccess.routing import build_hierarchy, trace_paths, trace_trips
from socaccess.travel import routes, travel_times

PLACES = {
    "P": at(1.5, -0.3),  # beside the middle of AB, 300 m off
    "Q": at(6),  # at E
    "S": at(1.5, 4),  # middle of the one-way CD
    "S2": at(0.75, 4),  # further along CD
    "T": None,  # nobody knows where
}

# Where each trip passes, kilometres from the origin; times and lengths are in
# test_five_node_road.
DRAWN = {
    ("P", "Q"): [(1.5, -0.3), (1.5, 0), (3, 0), (6, 0)],
    ("P", "S"): [(1.5, -0.3), (1.5, 0), (3, 0), (3, 4), (1.5, 4)],
    # D-C is closed, so over D and A.
    ("S", "P"): [(1.5, 4), (0, 4), (0, 0), (1.5, 0), (1.5, -0.3)],
    ("S", "S2"): [(1.5, 4), (0.75, 4)],
    # Against the one-way stretch: all the way round.
    ("S2", "S"): [(0.75, 4), (0, 4), (0, 0), (3, 0), (3, 4), (1.5, 4)],
    # No way at all to oneself.
    ("P", "P"): [(1.5, -0.3), (1.5, -0.3)],
    ("Q", "Q"): [(6, 0), (6, 0)],
}
MINUTES = {("P", "Q"): 376.8 / 60, ("S2", "S"): 855 / 60, ("Q", "Q"): 0.0}
KILOMETRES = {("P", "Q"): 7.89, ("S2", "S"): 13.25, ("S", "S2"): 0.75, ("P", "P"): 0.0}


def draw_on_paper(corners: list[tuple[float, float]]) -> shapely.LineString:
    return shapely.LineString([at(x, y) for x, y in corners])


@pytest.mark.parametrize("engine", ["auto", "dijkstra", "hierarchy"])
def test_routes_drawn_on_paper(engine):
    network = five_node_road()
    everyone = place("id", PLACES)
    drawn = routes(network, everyone, everyone, engine=engine).set_index(["from_id", "to_id"])
    assert drawn.crs == CRS
    assert len(drawn) == len(PLACES) ** 2
    for pair, corners in DRAWN.items():
        line = drawn.geometry[pair]
        assert shapely.equals_exact(line, draw_on_paper(corners), tolerance=1e-6), pair
    for pair, minutes in MINUTES.items():
        assert drawn["travel_min"][pair] == pytest.approx(minutes, abs=1e-9)
    for pair, kilometres in KILOMETRES.items():
        assert drawn["length_km"][pair] == pytest.approx(kilometres, abs=1e-9)
    lost = drawn.query("from_id == 'T' or to_id == 'T'")
    assert len(lost) == 9
    assert lost.geometry.is_empty.all()
    assert lost[["travel_min", "length_km", "modelled_share"]].isna().all(axis=None)


def test_only_the_pairs_asked_for_in_their_order():
    network = five_node_road()
    everyone = place("id", PLACES)
    wanted = [("S2", "S"), ("P", "Q"), ("S2", "S")]
    listed = routes(network, everyone, everyone, pairs=wanted)
    assert list(zip(listed["from_id"], listed["to_id"], strict=True)) == wanted
    table = pd.DataFrame(wanted, columns=["a", "b"])
    pd.testing.assert_frame_equal(
        listed.drop(columns="geometry"),
        routes(network, everyone, everyone, pairs=table).drop(columns="geometry"),
    )
    assert len(routes(network, everyone, everyone, pairs=[])) == 0
    with pytest.raises(InputError) as caught:
        routes(network, everyone, everyone, pairs=[("X", "P"), ("P", "Y"), ("X", "Q")])
    assert str(caught.value).splitlines() == [
        "pairs: no such origin (X; 1 in all); check the ids",
        "pairs: no such destination (Y; 1 in all); check the ids",
    ]


def test_the_line_keeps_the_bends_of_the_road():
    nodes = gpd.GeoDataFrame({"node_id": ["A", "B"]}, geometry=[at(0), at(4)], crs=CRS)
    bent = shapely.LineString([at(0), at(1, 1), at(3, 1), at(4)])
    edges = pd.DataFrame(
        {"from_id": ["A"], "to_id": ["B"], "speed_kph": [60.0], "geometry": [bent]}
    )
    network = RoadNetwork.from_edges(nodes, edges)
    (there, back) = routes(
        network,
        place("id", {"west": at(0), "top": at(2, 1)}),
        place("site_id", {"west": at(0), "top": at(2, 1)}),
        pairs=[("west", "top"), ("top", "west")],
    ).geometry
    expected = draw_on_paper([(0, 0), (1, 1), (2, 1)])
    assert shapely.equals_exact(there, expected, tolerance=1e-6)
    assert shapely.equals_exact(back, expected.reverse(), tolerance=1e-6)


def test_what_is_drawn_was_travelled_and_a_link_is_a_straight_line():
    from socaccess.sources.settlements import load_settlements

    network, settlements = RoadNetwork.main_roads(), load_settlements()
    asked = settlements[settlements["name"].isin(["Dunavas pagasts", "Jersikas pagasts", "Līvāni"])]
    places = network.snap(asked, id_column="settlement_id")
    pairs = [(0, 1), (1, 2), (2, 0)]
    row, column = np.array(pairs).T
    drawn = routes(
        network, places, places, pairs=[(places.ids[a], places.ids[b]) for a, b in pairs]
    )
    trips = trace_trips(network.graph, places.as_origins, places.as_destinations, row, column)
    lines = network.to_frame()
    for pair, (line, share, minutes) in enumerate(
        zip(drawn.geometry, drawn["modelled_share"], drawn["travel_min"], strict=True)
    ):
        arcs = network.open_arcs[trips.arcs[trips.trip == pair]]
        edge, backward = arcs % network.edge_count, arcs >= network.edge_count
        ms = np.where(backward, network.backward_ms[edge], network.forward_ms[edge])
        assert trips.ms[pair] / 60_000 == pytest.approx(minutes, abs=1e-9)
        legs_ms = trips.ms[pair] - ms.sum()  # from the place to its node and back: modelled too
        modelled = network.modelled[edge]
        assert (ms[modelled].sum() + legs_ms) / trips.ms[pair] == pytest.approx(share, abs=1e-9)
        assert shapely.get_num_coordinates(lines.geometry.to_numpy()[edge[modelled]]).max() == 2
        way = shapely.union_all(lines.geometry.to_numpy()[edge])
        assert way.difference(line.buffer(0.01)).is_empty
        # Beyond what was driven there are the two straight legs only.
        assert (
            sum(part.length > 1 for part in shapely.get_parts(line.difference(way.buffer(0.01))))
            <= 2
        )


@given(networks(), places("o"), places("d"))
@settings(max_examples=40, deadline=None)
def test_trips_are_those_of_the_routing_core(network, origins, destinations):
    starts, ends = (network.snap(p, id_column="id") for p in (origins, destinations))
    row = np.repeat(np.arange(len(origins)), len(destinations))[::-1]
    column = np.tile(np.arange(len(destinations)), len(origins))[::-1]
    out, into = starts.as_origins, ends.as_destinations
    expected = trace_paths(network.graph, out.take(row), into.take(column), engine="scipy")
    hierarchy = build_hierarchy(network.graph)
    for kept in (None, hierarchy):
        found = trace_trips(network.graph, out, into, row, column, hierarchy=kept)
        for pair, other in enumerate(expected):
            arcs = found.arcs[found.begin[pair] : found.begin[pair + 1]]
            assert arcs.tolist() == other.arcs.tolist()
            assert found.ms[pair] == other.ms
            assert found.ends[pair].tolist() == [other.origin_end, other.destination_end]


@given(networks(), places("o"), places("d"), st.sampled_from(["scipy", "hierarchy"]))
@settings(max_examples=50, deadline=None)
def test_routes_equal_the_table(network, origins, destinations, engine):
    starts, ends = (network.snap(p, id_column="id") for p in (origins, destinations))
    table = travel_times(network, starts, ends, lengths=True).to_frame()
    drawn = routes(network, starts, ends, engine=engine)
    np.testing.assert_array_equal(drawn["travel_min"], table["travel_min"])
    np.testing.assert_allclose(drawn["length_km"], table["length_km"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        drawn["modelled_share"], table["modelled_share"], rtol=1e-9, atol=1e-9
    )
    # The roads here are straight, so a line is as long as its way, but for the detour of the
    # legs: those are 1.3 times as long as they are drawn.
    access = starts.access_m[:, None] + ends.access_m[None, :]
    access[(starts.x[:, None] == ends.x) & (starts.y[:, None] == ends.y)] = 0
    expected = table["length_km"].to_numpy() * 1000 - 0.3 * access.ravel()
    reached = table["travel_min"].notna().to_numpy()
    # A centimetre from an end of an edge is its end, and the line still begins at the place.
    np.testing.assert_allclose(
        drawn.geometry.length.to_numpy()[reached], expected[reached], atol=0.05
    )
    assert (drawn.geometry.is_empty == ~reached).all()
    begins = shapely.get_point(drawn.geometry.array, 0)[reached]
    np.testing.assert_allclose(
        shapely.distance(begins, np.repeat(origins.geometry.array, len(ends.ids))[reached]),
        0,
        atol=1e-9,
    )
