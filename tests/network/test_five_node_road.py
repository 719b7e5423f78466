"""A five-node road, worked out on paper; `small_worlds.five_node_road` draws it.

Access legs: 300 m x detour 1.3 = 390 m at 30 km/h = 46.8 s.
"""

from __future__ import annotations

import numpy as np
import pytest
from small_worlds import CRS, ORIGIN, at, five_node_road, place

from socaccess.network import CLOSED, RoadNetwork
from socaccess.travel import travel_times

PLACES = {
    "P": at(1.5, -0.3),  # beside the middle of AB, 300 m off
    "Q": at(6),  # at E
    "R": at(0, 2),  # middle of the modelled DA
    "S": at(1.5, 4),  # middle of the one-way CD
    "S2": at(0.75, 4),  # further along CD, a quarter before D
    "T": None,  # nobody knows where
}

# Seconds, metres and modelled seconds of each trip.
TRIPS = {
    # 46.8 access + 90 half AB + 240 BE; 390 + 1500 + 6000 m
    ("P", "Q"): (376.8, 7890, 46.8),
    # 46.8 + 90 back to A + 180 half DA; 390 + 1500 + 2000 m
    ("P", "R"): (316.8, 3890, 226.8),
    # D-C is closed: 46.8 + 90 to B + 180 BC + 90 half CD; 390 + 1500 + 4000 + 1500 m
    ("P", "S"): (406.8, 7390, 46.8),
    # only forward: 90 to D + 360 DA + 90 half AB + 46.8; 1500 + 4000 + 1500 + 390 m
    ("S", "P"): (586.8, 7390, 406.8),
    # 90 to D + 180 half DA
    ("S", "R"): (270.0, 3500, 180.0),
    # 180 to A + 180 AB + 180 BC + 90 half CD
    ("R", "S"): (630.0, 10500, 180.0),
    # both on CD, in its direction: a quarter of 180 s
    ("S", "S2"): (45.0, 750, 0.0),
    # against it, so all the way round: 45 + 360 + 180 + 180 + 90
    ("S2", "S"): (855.0, 13250, 360.0),
    # 240 EB + 180 AB + 180 half DA
    ("Q", "R"): (600.0, 11000, 180.0),
    # to oneself: nothing, however far the road
    ("P", "P"): (0.0, 0, 0.0),
    ("Q", "Q"): (0.0, 0, 0.0),
}


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return five_node_road()


def test_edges_have_the_times_of_the_drawing(network):
    frame = network.to_frame().set_index("edge_id")
    assert frame["forward_min"].to_dict() == {"AB": 3, "BC": 3, "CD": 3, "DA": 6, "BE": 4}
    assert np.isnan(frame.loc["CD", "backward_min"])
    assert frame["length_m"].to_dict() == {
        "AB": 3000, "BC": 4000, "CD": 3000, "DA": 4000, "BE": 6000,
    }  # fmt: skip
    assert network.main_component.all()


@pytest.mark.parametrize("engine", ["auto", "scipy"])
def test_times_worked_out_on_paper(network, engine):
    origins, destinations = place("settlement_id", PLACES), place("facility_id", PLACES)
    minutes = travel_times(network, origins, destinations, engine=engine).minutes
    for (start, end), (seconds, _, _) in TRIPS.items():
        assert minutes.loc[start, end] * 60 == pytest.approx(seconds, abs=1e-9), (start, end)


def test_lengths_and_modelled_shares_worked_out_on_paper(network):
    origins, destinations = place("settlement_id", PLACES), place("facility_id", PLACES)
    table = travel_times(network, origins, destinations, lengths=True).to_frame()
    table = table.set_index(["settlement_id", "facility_id"])
    for trip, (seconds, metres, modelled) in TRIPS.items():
        row = table.loc[trip]
        assert row["travel_min"] * 60 == pytest.approx(seconds, abs=1e-9), trip
        assert row["length_km"] * 1000 == pytest.approx(metres, abs=1e-6), trip
        share = modelled / seconds if seconds else 0.0
        assert row["modelled_share"] == pytest.approx(share, abs=1e-9), trip


def test_a_place_without_a_point_stays_in_the_table(network):
    everyone = place("id", PLACES)
    table = travel_times(network, everyone, everyone, lengths=True).to_frame()
    assert len(table) == len(PLACES) ** 2
    lost = table[(table["from_id"] == "T") | (table["to_id"] == "T")]
    assert len(lost) == 11
    assert lost[["travel_min", "length_km", "modelled_share"]].isna().all(axis=None)
    assert table.drop(lost.index)["travel_min"].notna().all()


def test_snapping_says_where(network):
    frame = network.snap(place("id", PLACES), id_column="id").to_frame().set_index("id")
    assert frame["edge_id"].to_dict() | {"T": None} == {
        "P": "AB", "Q": "BE", "R": "DA", "S": "CD", "S2": "CD", "T": None,
    }  # fmt: skip
    assert frame.loc["P", "access_m"] == pytest.approx(300)
    assert frame.loc["P", "access_min"] * 60 == pytest.approx(46.8)
    assert not frame["far"].any()
    assert not frame["cut_off"].any()
    assert frame["located"].to_dict() == {name: name != "T" for name in PLACES}


def test_a_cutoff_is_inclusive(network):
    origins, destinations = place("settlement_id", PLACES), place("facility_id", PLACES)
    for lengths in (False, True):
        at_limit = travel_times(network, origins, destinations, cutoff_min=6.28, lengths=lengths)
        under = travel_times(network, origins, destinations, cutoff_min=6.2799, lengths=lengths)
        assert at_limit.minutes.loc["P", "Q"] == 6.28  # 376.8 s
        assert np.isnan(under.minutes.loc["P", "Q"])
        assert not (at_limit.travel_min > 6.28).any()


def test_a_place_on_roads_of_its_own_is_reached_along_those_only():
    import pandas as pd

    nodes = pd.DataFrame(
        {
            "node_id": ["a", "b", "c", "island", "shore"],
            "x": [ORIGIN[0] + x for x in (0.0, 1000.0, 2000.0, 500.0, 600.0)],
            "y": [ORIGIN[1] + y for y in (0.0, 0.0, 0.0, 900.0, 900.0)],
        }
    )
    edges = pd.DataFrame(
        {"from_id": ["a", "b", "island"], "to_id": ["b", "c", "shore"], "speed_kph": 60.0}
    )
    network = RoadNetwork.from_edges(nodes, edges, crs=CRS)
    # Half-way to the island and 50 m on, the street is no farther than 100 m more.
    places = {"farm": at(0.55, 0.9), "jetty": at(0.6, 0.9), "beach": at(0.55, 0.5)}
    places |= {"ashore": at(0.55, 0.48), "town": at(0, 0)}
    places = place("id", places)
    snapped = network.snap(places, id_column="id")
    assert snapped.cut_off.tolist() == [True, True, False, False, False]
    assert snapped.to_frame()["edge_id"].tolist() == ["2", "2", "0", "0", "0"]
    assert snapped.access_m.tolist() == pytest.approx([0, 0, 500, 480, 0])
    minutes = travel_times(network, snapped, snapped).minutes
    assert minutes.loc["farm"].fillna(-1).tolist() == [0, pytest.approx(0.05), -1, -1, -1]
    assert minutes.loc["town"].notna().tolist() == [False, False, True, True, True]


def test_a_place_beyond_the_longest_access_leg_is_reached_from_itself_only(network):
    # 6 and 5 km west of A; the longest leg is 5 km, inclusive.
    places = place("id", {"far": at(-6), "near": at(-5), "A": at(0)})
    snapped = network.snap(places, id_column="id")
    assert snapped.far.tolist() == [True, False, False]
    minutes = travel_times(network, snapped, snapped).minutes
    assert minutes.loc["far"].fillna(-1).tolist() == [0, -1, -1]
    assert minutes.loc["near"].fillna(-1).tolist() == [-1, 0, 13]  # 5 km x 1.3 at 30 km/h


def test_a_closed_direction_is_closed_and_not_slow(network):
    assert network.backward_ms[2] == CLOSED
    assert len(network.open_arcs) == 9
