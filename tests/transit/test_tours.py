"""The van: costs by hand, no window broken, the best of all orders, and Ludza."""

from __future__ import annotations

import itertools
from decimal import Decimal

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

import socaccess as sa
from socaccess.errors import InputError
from socaccess.transit import (
    VanPrices,
    Vehicle,
    break_even,
    compare_joint,
    plan_tours,
    reach_on_demand,
)

pytest.importorskip("pyvrp")
PRICES = VanPrices(km_eur=0.5, hour_eur=12.0, vehicle_day_eur=20.0)


def make_road(kilometres: list[float]) -> sa.RoadNetwork:
    """A straight road at 60 km/h: a kilometre a minute."""
    nodes = pd.DataFrame({"node_id": range(len(kilometres)), "y": 250_000.0,
                          "x": [650_000 + 1000 * km for km in kilometres]})  # fmt: skip
    ends = range(len(kilometres) - 1)
    edges = pd.DataFrame({"from_id": ends, "to_id": [at + 1 for at in ends], "speed_kph": 60.0})
    return sa.RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")


def points(*kilometres: float, names=None, **columns) -> gpd.GeoDataFrame:
    x = [650_000 + 1000 * km for km in kilometres]
    return gpd.GeoDataFrame(
        {"id": names or [f"c{at}" for at in range(len(x))], **columns},
        geometry=gpd.points_from_xy(x, [250_000.0] * len(x)), crs="EPSG:3059",
    )  # fmt: skip


ROAD = make_road([0, 10, 20, 30])


def test_the_cost_of_two_clients_by_hand():
    """Centre at 0, clients at 10 and 20 km; the van goes out empty and comes back with both."""
    plan = plan_tours(
        ROAD, points(10, 20), points(0), Vehicle(seats=2), PRICES, boarding_min=3,
        longest_ride_min=60, days_per_year=200,
    )  # fmt: skip
    out = plan.stops[plan.stops["way"] == "out"]
    assert out["id"].tolist() == ["depot", "c1", "c0", "place"]
    # 20 min to c1, 3 to board, 10 to c0, 3 to board, 10 to the centre: there at ten.
    ten = 10 * 3600
    assert out["clock"].tolist() == [ten - 46 * 60, ten - 26 * 60, ten - 13 * 60, ten]
    assert out["ride_min"].tolist()[1:3] == [26, 13]
    assert (plan.km, plan.hours) == (80, pytest.approx(92 / 60))
    # 80 km x 0.50 + 92 min x 12 EUR/h + one van: 40 + 18.40 + 20.
    assert plan.day_eur == Decimal("78.40")
    assert plan.year_eur == Decimal("15680.00")
    assert plan.client_year_eur == Decimal("7840.00")
    assert plan.vehicles == 1 and not len(plan.unserved)


def test_nobody_is_left_out_without_a_reason():
    clients = points(10, 20, 30, 10, wheelchair=[False, False, False, True])
    plan = plan_tours(
        ROAD, clients, points(0), Vehicle(8, count=2), PRICES, boarding_min=2, longest_ride_min=22
    )
    # c1: 20 minutes and 2 to get in are just 22.
    assert dict(plan.unserved.values.tolist()) == {"c2": "too_far", "c3": "no_place"}
    plan = plan_tours(
        ROAD, points(10, 20), points(0), Vehicle(seats=1, count=1), PRICES, longest_ride_min=60
    )
    assert plan.unserved["reason"].tolist() == ["no_vehicle"]
    assert plan.clients == 1


def check_plan(plan, clients, vehicle, longest_min, opens, closes) -> None:
    """No window, no seat and no longest ride broken; everybody out and home once."""
    wheelchair = dict(zip(clients["id"], clients["wheelchair"], strict=True))
    ready = dict(zip(clients["id"], clients["ready"], strict=True))
    fetched = set(clients["id"]) - set(plan.unserved["id"])
    for way, hour in (("out", opens), ("back", closes)):
        stops = plan.stops[plan.stops["way"] == way]
        visits = stops[~stops["id"].isin(["depot", "place"])]
        assert sorted(visits["id"]) == sorted(fetched)
        assert (visits["ride_min"] <= longest_min + 1e-9).all()
        assert (stops[stops["id"] == "place"]["clock"] == hour).all()
        for _, tour in visits.groupby("tour"):
            in_chair = sum(wheelchair[name] for name in tour["id"])
            assert in_chair <= vehicle.wheelchair_places
            assert len(tour) - in_chair <= vehicle.seats
        assert stops["tour"].nunique() <= vehicle.count
    for name, clock in plan.stops.query("way == 'out'")[["id", "clock"]].values:
        if isinstance(ready.get(name), str):
            hours, minutes = map(int, ready[name].split(":"))
            assert clock >= hours * 3600 + minutes * 60


@pytest.mark.parametrize("seed", range(4))
def test_one_van_takes_the_best_of_all_orders(seed):
    rng = np.random.default_rng(seed)
    where = rng.uniform(0, 30, 5)
    vehicle = Vehicle(seats=5)
    plan = plan_tours(
        ROAD, points(*where), points(15), vehicle, PRICES, longest_ride_min=300, boarding_min=0
    )
    times = sa.travel_times(ROAD, points(*where, 15), points(*where, 15), lengths=True)
    seconds, metres = np.ceil(times.travel_ms / 1000), np.rint(times.length_m)
    best = min(
        sum(metres[a, b] / 1000 * 0.5 + seconds[a, b] / 3600 * 12
            for a, b in itertools.pairwise([5, *order, 5]))
        for order in itertools.permutations(range(5))
    )  # fmt: skip
    assert float(plan.day_eur) == pytest.approx(2 * best + 20, abs=0.02)


def test_thirty_clients_of_ludza():
    """People of the municipality of Ludza to the town, by the embedded roads."""
    from socaccess.sources.settlements import load_people_points, load_settlements

    towns = load_settlements().to_crs("EPSG:4326").set_index("settlement_id")
    ludza = towns[towns["name"] == "Ludza"].reset_index().rename(columns={"settlement_id": "id"})
    around = ludza.geometry.iloc[0].buffer(0.35)
    homes = load_people_points().to_crs("EPSG:4326")
    homes = homes[homes.within(around)].head(30).reset_index(drop=True)
    clients = gpd.GeoDataFrame(
        {"id": [f"k{at}" for at in range(30)], "wheelchair": [at % 10 == 3 for at in range(30)],
         "ready": ["08:00" if at % 7 == 0 else None for at in range(30)]},
        geometry=homes.geometry,
    )  # fmt: skip
    vehicle = Vehicle(seats=7, wheelchair_places=1, count=8)
    asked = {"network": sa.RoadNetwork.main_roads(), "place": ludza[["id", "geometry"]],
             "vehicle": vehicle, "prices": PRICES, "longest_ride_min": 75.0}  # fmt: skip
    plan = plan_tours(clients=clients, **asked)
    assert plan.clients + len(plan.unserved) == 30
    assert plan.clients >= 25
    check_plan(plan, clients, vehicle, 75, 10 * 3600, 15 * 3600)
    # The cost is what its kilometres, hours and vans come to.
    by_hand = plan.km * 0.5 + plan.hours * 12 + plan.vehicles * 20
    assert float(plan.day_eur) == pytest.approx(by_hand, abs=0.01)
    assert plan.km == pytest.approx(plan.stops["km"].sum())
    again = plan_tours(clients=clients, **asked)
    assert again.stops.equals(plan.stops)


def test_neighbours_together_and_a_nearer_place():
    clients = points(10, 20, names=["a", "b"], municipality_id=["west", "east"])
    asked = {"network": ROAD, "place": points(0), "vehicle": Vehicle(seats=4, count=2),
             "prices": PRICES, "boarding_min": 0.0, "days_per_year": 100}  # fmt: skip
    table = compare_joint("municipality_id", clients, **asked)
    # Each alone: 40 km and 80 km a day; together the van to b passes a.
    assert table["km"].tolist() == [80, 40, 80]
    assert table["year_eur"].iloc[-1] < table["year_eur"].iloc[:-1].sum()
    far = plan_tours(clients=clients, **asked)
    near = plan_tours(clients=clients, **{**asked, "place": points(15)})
    assert break_even(far, near) == far.year_eur - near.year_eur > 0


def test_what_cannot_be_planned_is_said_at_once():
    with pytest.raises(InputError) as caught:
        plan_tours(ROAD, points(10), points(0), Vehicle(seats=0), VanPrices(-1, 12))
    assert {problem.code for problem in caught.value.problems} == {
        "transit.not_from_zero", "transit.not_above_zero"}  # fmt: skip
    with pytest.raises(InputError) as caught:
        plan_tours(ROAD, points(10, 10, names=["a", "a"]), points(0, 1), Vehicle(2), PRICES)
    assert {problem.code for problem in caught.value.problems} == {
        "transit.not_one_point", "network.id_repeats"}  # fmt: skip


def test_rides_booked_the_day_before():
    areas = gpd.GeoDataFrame(
        geometry=[box(650_000 - 100, 249_000, 650_000 + 21_000, 251_000)], crs="EPSG:3059"
    )
    homes = points(10, 20, 30)
    found = reach_on_demand(ROAD, homes, points(0), areas, longest_ride_min=15)
    assert found["status"].tolist() == ["served", "too_far", "outside_area"]
    assert found["ride_min"].tolist()[0] == pytest.approx(10)
    found = reach_on_demand(ROAD, homes, points(0), areas, service_hours=("09:45", "14:15"))
    assert found["status"].tolist() == ["served", "outside_hours", "outside_area"]
