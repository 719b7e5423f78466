"""Roads of two sources and the ways to them, as drawn on paper; whole kilometres, easy speeds.

    0 ---------- 10 ---------- 20 km        a state road, S0-S1-S2, 11 km each
    0 ------------------------ 20 km        a road of OpenStreetMap beside it, O0-O2, 20 km

Village V stands 2 km north of S1, hamlet H 6 km south of S1, both with one person too many to be
a town.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from small_worlds import CRS

from benchmarks.agreement import measure
from socaccess.errors import InputError
from socaccess.network import RoadNetwork
from socaccess.network.main_roads import link_settlements
from socaccess.settings import LinkModel
from socaccess.travel import isochrones, nearest, routes, travel_times

X, Y = 500_000.0, 300_000.0
LINKS = LinkModel(
    main_kph=60, regional_kph=60, road_kph=60, main_winding=1, regional_winding=1,
    road_winding=1, beside_winding=1.2, street_kph=30, link_kph=60, detour=1, neighbour_detour=1,
    road_links=1, node_links=1, neighbour_links_m=1,
)  # fmt: skip


def build(links: LinkModel = LINKS, water: Sequence = (), rivers: Sequence = ()) -> RoadNetwork:
    """Return the network drawn above."""
    nodes = pd.DataFrame(
        [
            ("S0", None, 0, 0), ("S1", None, 10, 0), ("S2", None, 20, 0),
            ("O0", None, 0, 0.1), ("O2", None, 20, 0.1),
        ],
        columns=["node_id", "settlement_id", "x", "y"],
    )  # fmt: skip
    edges = pd.DataFrame(
        [
            ("a", "S0", "S1", 11.0, "state", "A", False),
            ("b", "S1", "S2", 11.0, "state", "P", False),
            ("o", "O0", "O2", 20.0, "osm", "A", True),
            ("j0", "S0", "O0", 0.02, "joint", "joint", False),
            ("j2", "S2", "O2", 0.02, "joint", "joint", False),
        ],
        columns=["edge_id", "from_id", "to_id", "length_km", "source", "road_class", "beside"],
    )
    places = pd.DataFrame(
        {"node_id": ["V", "H"], "x": [10.0, 10.0], "y": [2.0, -6.0], "population": 300,
         "town": False}
    )  # fmt: skip
    for table in (nodes, places):
        table["x"], table["y"] = X + table["x"] * 1000, Y + table["y"] * 1000
    return RoadNetwork._adopt(link_settlements(nodes, edges, places, links, water, rivers))


def place(**points: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return points given in km of the drawing."""
    xy = np.array(list(points.values())) * 1000 + (X, Y)
    return gpd.GeoDataFrame({"id": [*points]}, geometry=gpd.points_from_xy(*xy.T), crs=CRS)


def leg_min(km: float, links: LinkModel = LINKS) -> float:
    """Return the minutes of a modelled way: 30 km/h up to 0.3 km, 60 from 8 km."""
    share = np.interp(km, [0.3, 1, 3, 8], [0, 0.23, 0.67, 1])
    return km / (links.street_kph + share * (links.link_kph - links.street_kph)) * 60


def test_the_state_length_wins_and_the_other_road_stays():
    ends = place(west=(0, 0), east=(20, 0))
    network = build()
    table = travel_times(network, ends, ends, lengths=True).to_frame()
    row = table[(table["from_id"] == "west") & (table["to_id"] == "east")].iloc[0]
    assert row["length_km"] == pytest.approx(22)
    assert row["travel_min"] == pytest.approx(22, abs=0.001)
    assert row["modelled_share"] == 0
    assert set(network.to_frame()["road_class"]) == {"main", "regional", "joint", "street", "link"}
    # Were it not drawn out, the road that is beside would be the shorter: 20.04 km.
    shorter = build(replace(LINKS, beside_winding=1.0))
    times = travel_times(shorter, ends, ends, lengths=True)
    assert times.length_m is not None
    assert times.length_m[0, 1] == pytest.approx(20_040)


def test_streets_and_links_are_told_apart_and_slow_near_the_centre():
    network = build()
    # V reaches S1 by 2 km of streets, H by a link of 6 km; the OSM road lies 0.1 km off.
    table = travel_times(network, place(v=(10, 2), h=(10, -6)), place(s=(10, 0)), lengths=True)
    frame = table.to_frame().set_index("from_id")
    assert frame.loc["v", "travel_min"] == pytest.approx(leg_min(2), abs=0.001)
    assert frame.loc["v", ["modelled_share", "street_share"]].tolist() == [1, 1]
    assert frame.loc["h", "travel_min"] == pytest.approx(leg_min(6), abs=0.001)
    assert frame.loc["h", ["modelled_share", "street_share"]].tolist() == [1, 0]
    assert frame["length_km"].tolist() == [2, 6]


def test_a_place_joins_nodes_and_never_a_line_between_them():
    network = build()
    # Beside the state road S0-S1, 4 km from the nearer of its nodes.
    point = place(p=(6, -0.05))
    snapped = network.snap(point, id_column="id", links=LINKS)
    assert snapped.access_m[0] == pytest.approx(np.hypot(4000, 50))
    times = travel_times(network, point, place(s=(10, 0)), links=LINKS)
    assert times.travel_min[0, 0] == pytest.approx(leg_min(4), abs=0.01)


def test_people_travel_by_their_centre_or_by_their_nearest_node_whichever_is_quicker():
    network = build()
    # 1 km from the centre of H and 5 km from S1: the centre is the nearest node; but given the
    # centre of V, 7 km off, the quicker of both counts.
    people = place(near=(10, -5), far=(10, 1.4))
    target = place(s=(20, 0))
    alone = network.snap(people, id_column="id", links=LINKS)
    both = network.snap(people, id_column="id", links=LINKS, centres=["V", "H"])
    first = travel_times(network, alone, target, links=LINKS).travel_min[:, 0]
    second = travel_times(network, both, target, links=LINKS).travel_min[:, 0]
    assert first[0] == pytest.approx(leg_min(1) + leg_min(6) + 11, abs=0.01)
    assert second[0] == pytest.approx(min(first[0], leg_min(7) + leg_min(2) + 11), abs=0.01)
    assert (second <= first).all()
    unknown = network.snap(people, id_column="id", links=LINKS, centres=["?", "?"])
    assert np.array_equal(
        travel_times(network, unknown, target, links=LINKS).travel_min[:, 0], first
    )
    with pytest.raises(InputError) as caught:
        network.snap(people, id_column="id", centres=["V"])
    assert caught.value.code == "network.centres_not_as_many"
    assert caught.value.text("lv") == "2 punktiem doti 1 centri; norādiet katram vienu"


def test_places_near_each_other_are_joined_by_streets_and_a_place_is_no_time_from_itself():
    network = build()
    two = place(a=(5, 3), b=(5, 4))
    times = travel_times(network, two, two, lengths=True, links=LINKS)
    assert times.travel_min[0, 1] == pytest.approx(leg_min(1), abs=0.001)
    assert times.length_m is not None and times.street_share is not None
    assert times.length_m[0, 1] == pytest.approx(1000)
    assert times.street_share[0, 1] == 1
    assert np.diag(times.travel_min).tolist() == [0, 0]
    assert np.diag(times.length_m).tolist() == [0, 0]
    way = routes(network, two, two, pairs=[("a", "b")], links=LINKS)
    assert way.geometry.item().equals(shapely.LineString(shapely.get_coordinates(two.geometry)))
    assert way["travel_min"].item() == times.travel_min[0, 1]
    facilities = two.rename(columns={"id": "facility_id"}).assign(service="x")
    found = nearest(network, two.rename(columns={"id": "settlement_id"}), facilities)
    assert found["facility_id"].tolist() == ["a", "b"]
    assert found["travel_min"].tolist() == [0, 0]


def test_no_modelled_way_leads_through_water_unless_there_is_no_other():
    more, hamlet, target = replace(LINKS, node_links=3), place(h=(10, -6)), place(s=(0, 0))
    # Straight from H to S0 it is 11.66 km, across the lake; by S1 it is 6 km and 11 km.
    lake = shapely.box(X + 4000, Y - 4000, X + 6000, Y - 2000)
    straight = travel_times(build(more), hamlet, target, links=LINKS)
    around = travel_times(build(more, [lake]), hamlet, target, links=LINKS)
    assert straight.travel_min[0, 0] == pytest.approx(leg_min(np.hypot(10, 6)), abs=0.001)
    assert around.travel_min[0, 0] == pytest.approx(leg_min(6) + 11, abs=0.01)
    # The only way of H is kept: nobody is cut off by a coarse shore.
    only = build(LINKS, [shapely.box(X + 8000, Y - 4000, X + 12_000, Y - 1000)])
    assert only.main_component.all()


@pytest.mark.parametrize(
    ("course", "links"),
    [
        ([(-5, -3), (25, -3)], 0),  # between V and H; no road crosses it
        ([(25, -3), (9, -3), (9, -4), (25, -4)], 1),  # a bend: both live on one bank
        ([(-5, -3), (12, -3), (12, 9)], 0),  # the road's bridge is 3.6 km off
        ([(-5, -0.5), (10.2, -0.5), (10.2, 9)], 1),  # 0.5 km off
    ],
)
def test_modelled_ways_cross_a_river_only_where_a_road_does(course: list, links: int):
    more = replace(LINKS, neighbour_links_m=10_000)
    river = shapely.LineString(np.array(course) * 1000 + (X, Y))
    network = build(more, rivers=[river])
    assert (network.to_frame()["road_class"] == "neighbour").sum() == links
    # The only way of H to a road stays, river or not.
    assert network.main_component.all()


def test_a_route_begins_at_the_place_and_passes_the_nodes():
    network = build()
    way = routes(network, place(p=(10, -5)), place(s=(20, 0)), links=LINKS)
    points = (shapely.get_coordinates(way.geometry.item()) - (X, Y)) / 1000
    assert points.tolist() == [[10, -5], [10, -6], [10, 0], [20, 0]]


def test_areas_and_times_agree_on_the_embedded_roads():
    found = measure(RoadNetwork.main_roads(), 5_000)
    assert max(found["anywhere"]) < 0.01 and max(found["near_roads"]) < 0.02


def test_areas_can_be_drawn():
    areas = isochrones(build(), place(s=(10, 0)), minutes=(5, 15), links=LINKS)
    assert areas["limit_min"].tolist() == [5, 15]
    assert areas.geometry.area.is_monotonic_increasing
