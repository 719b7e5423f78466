"""Isochrones on roads whose reach is plain to see, and the forms the travel functions refuse."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from small_worlds import CRS, at, five_node_road, place

from socaccess.errors import InputError
from socaccess.network import RoadNetwork
from socaccess.travel import isochrones, nearest, travel_times

NODES = gpd.GeoDataFrame({"node_id": list("ABC")}, geometry=[at(0), at(10), at(20)], crs=CRS)


def road(oneway: bool = False) -> RoadNetwork:
    """Return a road of 20 km at 60 km/h, from B to C one-way if asked, with a way back."""
    edges = pd.DataFrame(
        {
            "from_id": ["A", "B", "C"],
            "to_id": ["B", "C", "A"],
            "speed_kph": 60.0,
            "length_m": [10_000.0, 10_000.0, 500_000.0],
            "oneway": [False, oneway, False],
            "geometry": [
                shapely.LineString([at(0), at(10)]),
                shapely.LineString([at(10), at(20)]),
                shapely.LineString([at(20), at(20, 90), at(0, 90), at(0)]),
            ],
        }
    )
    return RoadNetwork.from_edges(NODES, edges)


def reach_east_west(area: shapely.Geometry) -> tuple[float, float]:
    """Return how far an area reaches along the road, kilometres from A, without its buffer."""
    along = shapely.intersection(area, shapely.LineString([at(-50), at(70)]))
    west, _, east, _ = shapely.bounds(along)
    return round((west - at(0).x) / 1000 + 0.8, 3), round((east - at(0).x) / 1000 - 0.8, 3)


def test_a_minute_is_a_kilometre_either_way():
    areas = isochrones(road(), place("facility_id", {"F": at(12)}), minutes=(5, 10, 7.5))
    assert areas["limit_min"].tolist() == [5.0, 7.5, 10.0]
    assert areas.crs == CRS
    reaches = [reach_east_west(area) for area in areas.geometry]
    assert reaches[0] == (7, 17)
    assert reaches[1] == (4.5, 19.5)
    # 8 km to C, and 2 km on: those run north, so the road to the east ends at C.
    assert reaches[2] == (2, 20)
    assert all(
        large.contains(small)
        for small, large in zip(areas.geometry[:-1], areas.geometry[1:], strict=True)
    )
    # As wide as the buffer, 800 m on either side.
    assert areas.geometry[0].bounds[3] - areas.geometry[0].bounds[1] == pytest.approx(1600, abs=1)


def test_a_oneway_road_is_reached_from_before_and_reaches_beyond():
    facility = place("facility_id", {"F": at(12)})  # on B-C, driven eastward only
    (clients,) = isochrones(road(oneway=True), facility, minutes=[5]).geometry
    (provider,) = isochrones(
        road(oneway=True), facility, minutes=[5], traveller="provider"
    ).geometry
    assert reach_east_west(clients) == (7, 12)
    assert reach_east_west(provider) == (12, 17)


def test_an_isochrone_holds_those_who_are_near_enough():
    network = five_node_road()
    settlements = place(
        "settlement_id", {f"s{i}{j}": at(i * 0.6, j) for i in range(6) for j in (0, 4)}
    )
    facility = place("facility_id", {"F": at(3, 2)})
    times = travel_times(network, settlements, facility).travel_min[:, 0]
    for limit in (2, 4, 6):
        (area,) = isochrones(network, facility, minutes=[limit], buffer_m=1).geometry
        inside = shapely.contains(area, settlements.geometry.to_numpy())
        # Within a metre of the limit the buffer decides.
        certain = abs(times - limit) > 0.01
        assert (inside == (times <= limit))[certain].all()
        assert inside.any() and not inside.all()


def test_a_facility_without_a_point_reaches_nothing():
    areas = isochrones(road(), place("facility_id", {"F": None}), minutes=(5, 10))
    assert areas.geometry.is_empty.all()
    assert len(areas) == 2


@pytest.mark.parametrize("options", [{"minutes": ()}, {"minutes": (0, 5)}, {"buffer_m": 0}])
def test_impossible_areas_are_refused(options):
    with pytest.raises(InputError):
        isochrones(road(), place("facility_id", {"F": at(12)}), **options)


def test_what_travel_refuses():
    network, points = road(), place("facility_id", {"F": at(12)})
    with pytest.raises(InputError, match="no column names the places"):
        travel_times(network, points.rename(columns={"facility_id": "code"}), points)
    with pytest.raises(InputError, match="column 'service' is missing"):
        nearest(network, points, points)
    with pytest.raises(InputError, match="k must be at least 1"):
        nearest(network, points, points.assign(service="dac"), k=0)
    with pytest.raises(InputError, match="another network"):
        travel_times(network, road().snap(points, id_column="facility_id"), points)


def test_nearest_by_hand():
    settlements = place("settlement_id", {"s": at(0), "lost": None})
    facilities = place("facility_id", {"far": at(20), "b": at(4), "a": at(4), "gone": None})
    facilities["service"] = ["dac", "dac", "dac", "care"]
    found = nearest(road(), settlements, facilities, k=2)
    assert found["facility_id"][0] is None
    rows = found.astype(object).where(found.notna(), None).to_numpy().tolist()
    assert rows == [
        ["s", "care", 1, None, None],
        ["s", "care", 2, None, None],
        ["s", "dac", 1, "a", 4.0],  # as near as b: the first name
        ["s", "dac", 2, "b", 4.0],
        ["lost", "care", 1, None, None],
        ["lost", "care", 2, None, None],
        ["lost", "dac", 1, None, None],
        ["lost", "dac", 2, None, None],
    ]


def test_a_single_edge_has_lengths_too():
    nodes = NODES.iloc[:2]
    edges = pd.DataFrame({"from_id": ["A"], "to_id": ["B"], "speed_kph": [60.0]})
    network = RoadNetwork.from_edges(nodes, edges)
    times = travel_times(
        network,
        place("settlement_id", {"middle": at(5)}),
        place("facility_id", {"B": at(10), "west": at(2)}),
        lengths=True,
    )
    assert times.minutes.loc["middle"].tolist() == [5.0, 3.0]
    assert times.length_m.tolist() == [[5000.0, 3000.0]]
