"""Isochrones on roads whose reach is plain to see, and the forms the travel functions refuse."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_worlds import CRS, ORIGIN, at, five_node_road, metres, networks, place

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
    """Return how far an area reaches along the road, kilometres from A."""
    along = shapely.intersection(area, shapely.LineString([at(-50), at(70)]))
    west, _, east, _ = shapely.bounds(along)
    return (west - at(0).x) / 1000, (east - at(0).x) / 1000


def test_a_minute_is_a_kilometre_either_way():
    areas = isochrones(road(), place("facility_id", {"F": at(12)}), minutes=(5, 10, 7.5))
    assert areas["limit_min"].tolist() == [5.0, 7.5, 10.0]
    assert areas["cell_m"].tolist() == [25.0] * 3
    assert areas.crs == CRS
    reaches = [reach_east_west(area) for area in areas.geometry]
    assert reaches[0] == pytest.approx((7, 17), abs=0.05)
    assert reaches[1] == pytest.approx((4.5, 19.5), abs=0.05)
    # A tip is narrower than a cell. Beyond C, 2 minutes are left for 1000 / 1.3 m at 30 km/h.
    assert reaches[2] == pytest.approx((2, 20 + 1 / 1.3), abs=0.05)
    assert all(
        large.contains(small)
        for small, large in zip(areas.geometry[:-1], areas.geometry[1:], strict=True)
    )
    # As wide as the time left: none at the ends, 5 minutes at 30 km/h by 1.3 in the middle.
    _, south, _, north = areas.geometry[0].bounds
    assert north - south == pytest.approx(2 * 2500 / 1.3, abs=50)
    # Within a minute no node is reached, only the road the facility is on.
    (short,) = isochrones(road(), place("facility_id", {"F": at(12)}), minutes=[1]).geometry
    assert reach_east_west(short) == pytest.approx((11, 13), abs=0.05)
    # A corridor no wider than asked for.
    (narrow,) = isochrones(
        road(), place("facility_id", {"F": at(12)}), minutes=[5], buffer_m=800
    ).geometry
    assert narrow.bounds[3] - narrow.bounds[1] == pytest.approx(1600, abs=25)


def test_a_oneway_road_is_reached_from_before_and_reaches_beyond():
    facility = place("facility_id", {"F": at(12)})  # on B-C, driven eastward only
    for traveller, expected in (("client", (7, 12)), ("provider", (12, 17))):
        (area,) = isochrones(road(oneway=True), facility, minutes=[5], traveller=traveller).geometry
        assert reach_east_west(area) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("traveller", ["client", "provider"])
def test_an_area_holds_those_whom_travel_times_puts_within_the_limit(traveller):
    network = five_node_road()
    random = np.random.default_rng(1)
    points = place(
        "id",
        {
            f"p{i}": at(x, y)
            for i, (x, y) in enumerate(random.uniform((-2, -3), (8, 7), (2000, 2)).tolist())
        },
    )
    sites = place("facility_id", {"F": at(3, 2), "G": at(5.2, 0.3)})
    order = (points, sites) if traveller == "client" else (sites, points)
    times = travel_times(network, *order).travel_min
    times = times if traveller == "client" else times.T
    areas = isochrones(network, sites, minutes=(2, 5, 12), dissolve=False, traveller=traveller)
    assert areas["facility_id"].tolist() == ["F"] * 3 + ["G"] * 3
    joined = isochrones(network, sites, minutes=(2, 5, 12), traveller=traveller).geometry
    for number, limit in enumerate((2, 5, 12)):
        for site in range(2):
            inside = points.within(areas.geometry[3 * site + number])
            assert (inside != (times[:, site] <= limit)).mean() < 0.01
        inside = points.within(joined[number])
        assert (inside != (times.min(axis=1) <= limit)).mean() < 0.01
        assert inside.any() and not inside.all()


@given(networks(), st.lists(st.tuples(metres, metres), min_size=1, max_size=3), st.booleans())
@settings(max_examples=40)
def test_the_centre_of_every_cell_has_the_time_travel_times_gives_it(network, points, client):
    xy = np.array(points, dtype=float) + ORIGIN
    sites = place("id", {f"s{i}": shapely.Point(spot) for i, spot in enumerate(xy)})
    sites = network.snap(sites, id_column="id")
    assume(sites.located.any())
    traveller = "client" if client else "provider"
    # Limits of whole and of single milliseconds: a centre on the limit is inside.
    (area,) = isochrones(network, sites, minutes=[3], cell_m=100, traveller=traveller).geometry
    shapely.prepare(area)
    step = np.arange(-3000, 7000, 300) + 50.0
    x, y = (grid.ravel() for grid in np.meshgrid(ORIGIN[0] + step, ORIGIN[1] + step))
    centres = place("id", {f"c{i}": point for i, point in enumerate(shapely.points(x, y))})
    centres = network.snap(centres, id_column="id")
    if client:
        ms = travel_times(network, centres, sites).travel_ms.min(axis=1)
    else:
        ms = travel_times(network, sites, centres).travel_ms.min(axis=0)
    assert (shapely.contains_xy(area, x, y) == (ms <= 180_000)).all()


def test_a_lake_in_the_middle_is_a_hole():
    # A ring of road 16 km square; its middle is 8 km from all of it.
    corners = [at(0), at(16), at(16, 16), at(0, 16)]
    nodes = gpd.GeoDataFrame({"node_id": list("abcd")}, geometry=corners, crs=CRS)
    edges = pd.DataFrame({"from_id": list("abcd"), "to_id": list("bcda"), "speed_kph": 60.0})
    network = RoadNetwork.from_edges(nodes, edges)
    (area,) = isochrones(network, place("facility_id", {"F": at(0)}), minutes=[60]).geometry
    (ring,) = shapely.get_parts(area)
    (hole,) = ring.interiors
    # The longest way to a road is 5 km.
    assert hole.bounds == pytest.approx((*at(5, 5).coords[0], *at(11, 11).coords[0]), abs=50)
    assert isochrones(
        network, place("facility_id", {"F": at(8, 8)}), minutes=[60]
    ).geometry.is_empty.all()


def test_a_table_kept_beside_the_network_is_used_only_for_its_geometry(tmp_path):
    from socaccess.network.cells import cells_path, find_cells, save_cells
    from socaccess.settings import LinkModel

    facility = place("facility_id", {"F": at(12)})
    road().save(tmp_path / "a.network")
    network = RoadNetwork.load(tmp_path / "a.network")
    expected = isochrones(network, facility, minutes=[30])
    save_cells(network, tmp_path / "a.network")
    again = RoadNetwork.load(tmp_path / "a.network")
    table = find_cells(again, 100.0, LinkModel())
    assert (table.slot >= 0).all()
    assert isochrones(again, facility, minutes=[30]).geometry.equals(expected.geometry)
    # Slower roads share it; other roads, or a damaged file, do not.
    slower = again.with_times(again.forward_ms * 2, again.backward_ms * 2)
    slower.save(tmp_path / "a.network")
    slower = RoadNetwork.load(tmp_path / "a.network")
    assert (find_cells(slower, 100.0, LinkModel()).slot >= 0).all()
    five_node_road().save(tmp_path / "a.network")
    other = RoadNetwork.load(tmp_path / "a.network")
    assert (find_cells(other, 100.0, LinkModel()).slot < 0).all()
    cells_path(tmp_path / "a.network").write_bytes(b"damaged")
    damaged = RoadNetwork.load(tmp_path / "a.network")
    assert (find_cells(damaged, 100.0, LinkModel()).slot < 0).all()


def test_a_facility_without_a_point_reaches_nothing():
    areas = isochrones(road(), place("facility_id", {"F": None}), minutes=(5, 10))
    assert areas.geometry.is_empty.all()
    assert len(areas) == 2
    nobody = place("facility_id", {"F": at(0)}).iloc[:0]
    assert isochrones(road(), nobody, minutes=(5, 10)).geometry.is_empty.tolist() == [True, True]
    assert len(isochrones(road(), nobody, minutes=(5, 10), dissolve=False)) == 0


@pytest.mark.parametrize(
    "options", [{"minutes": ()}, {"minutes": (0, 5)}, {"buffer_m": 0}, {"cell_m": -1}]
)
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
