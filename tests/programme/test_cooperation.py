"""Flows, balances, joint sites and models: worked out on paper, and adding up."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_worlds import two_municipalities

from socaccess.documents.markdown import render_markdown
from socaccess.errors import InputError, UnknownNameError
from socaccess.planning import mobile
from socaccess.programme.cooperation import (
    Flows,
    assign_with_places,
    find_flows,
    settle_flows,
    value_joint_site,
)
from socaccess.programme.mobile import MobileWork, divide_areas, plan_mobile_work
from socaccess.programme.models import ModelInputs, model_municipalities
from socaccess.programme.pages import build_model
from socaccess.study import Study


def count_need(result) -> float:
    """Adults with GRT disabilities: those the plan names, and those outside of it."""
    need = result.study.need
    return float(need.loc[need["target_group"] == "adults_grt", "persons"].sum())


def test_flows_by_hand(world):
    # The one centre stands at B (West). Within 20 min: a, b of West; c, d of East. e is 40 away.
    flows = find_flows(world, "dac")
    rows = flows.flows.set_index(["from_id", "to_id"])
    assert rows.loc[("west", "west"), "persons"] == 14
    assert rows.loc[("west", "west"), "mean_min"] == pytest.approx(100 / 14)
    assert rows.loc[("east", "west"), "persons"] == 5
    assert rows.loc[("east", "west"), "mean_min"] == pytest.approx((3 * 10 + 2 * 20) / 5)
    assert flows.unserved[["municipality_id", "persons", "reason"]].values.tolist() == [
        ["east", 6.0, "too_far"]
    ]
    balance = flows.summarise_balance().set_index("municipality_id")
    assert balance.loc["west", ["sold", "bought", "balance"]].tolist() == [5, 0, 5]
    assert balance.loc["east", ["persons", "at_home", "unserved"]].tolist() == [11, 0, 6]
    # A little less than the way of d, and d is out: the limit is inclusive.
    nearer = find_flows(world, "dac", limit_min=19.999).flows
    assert nearer["persons"].sum() == 17


def test_places_bound_what_is_served_and_the_nearest_are_served_first():
    tables = two_municipalities()
    tables["facilities"]["places"] = [15, None, None, None, None, None, None]
    result = Study(**tables).run(sites=False)
    flows = find_flows(result, "dac", use_places=True)
    assert flows.flows["persons"].sum() == pytest.approx(15)
    assert flows.unlimited == ()
    # 19 within the limit for 15 places: d (20 min) is left out before anyone nearer, then 2 more.
    assert flows.unserved.groupby("reason")["persons"].sum().round(6).to_dict() == {
        "no_places": 4.0,
        "too_far": 6.0,
    }
    least = (4 * 0 + 11 * 10) / 15
    rows = flows.flows
    assert (rows["persons"] * rows["mean_min"]).sum() / 15 == pytest.approx(least)


cases = st.integers(1, 4).flatmap(
    lambda sites: st.tuples(
        st.lists(
            st.tuples(st.integers(0, 9), st.lists(st.integers(0, 59), min_size=sites,
                                                  max_size=sites)),
            min_size=1, max_size=6,
        ),
        st.lists(st.one_of(st.none(), st.integers(0, 12)), min_size=sites, max_size=sites),
    )
)  # fmt: skip


@given(cases)
def test_assignment_serves_as_many_as_a_flow_can(case):
    rows, capacity = case
    persons = np.array([float(count) for count, _ in rows])
    ms = np.array([[60_000 * minute for minute in times] for _, times in rows])
    near = ms <= 30 * 60_000
    places = np.array([np.nan if c is None else float(c) for c in capacity])
    served = assign_with_places(near, ms, persons, places)
    assert (served >= 0).all()
    assert (served[~near] == 0).all()
    assert (served.sum(axis=1) <= persons + 1e-7).all()
    assert (served.sum(axis=0)[np.isfinite(places)] <= places[np.isfinite(places)] + 1e-6).all()
    # An independent way: maximum flow by augmenting whole persons.
    assert served.sum() == pytest.approx(_augment(near, persons, places), abs=1e-5)


def _augment(near: np.ndarray, persons: np.ndarray, places: np.ndarray) -> int:
    people = [i for i, count in enumerate(persons) for _ in range(int(count))]
    seats = [
        j
        for j, count in enumerate(places)
        for _ in range(len(people) if np.isnan(count) else int(count))
    ]
    taken: dict[int, int] = {}

    def find(person: int, seen: set[int]) -> bool:
        for seat, facility in enumerate(seats):
            if near[people[person], facility] and seat not in seen:
                seen.add(seat)
                if seat not in taken or find(taken[seat], seen):
                    taken[seat] = person
                    return True
        return False

    return sum(find(person, set()) for person in range(len(people)))


towns = st.sampled_from(["a", "b", "c", "d"])


@given(
    st.dictionaries(st.tuples(towns, towns), st.floats(0.01, 500), max_size=16),
    st.floats(0, 99).map(lambda price: round(price, 2)),
    st.integers(0, 366),
)
def test_balances_and_debts_add_up_to_nothing(pairs, price, units):
    rows = pd.DataFrame(
        [(a, a.upper(), b, b.upper(), count, 10.0) for (a, b), count in pairs.items()],
        columns=["from_id", "from_name", "to_id", "to_name", "persons", "mean_min"],
    )
    none = pd.DataFrame(columns=["municipality_id", "municipality", "persons", "reason"])
    flows = Flows("dac", 30.0, "now", rows, none, (), {"e": "E"})
    balance = flows.summarise_balance()
    assert balance["balance"].sum() == pytest.approx(0, abs=1e-9)
    assert balance["bought"].sum() == pytest.approx(balance["sold"].sum())
    assert "e" in set(balance["municipality_id"])
    debts, net = settle_flows(flows, unit_price=price, units_per_client=units)
    assert sum(net.values(), Decimal(0)) == 0
    assert len(debts) == sum(a != b for a, b in pairs)


def test_flows_of_latgale_serve_everybody_once(latgale):
    for use_places in (True, False):
        flows = find_flows(latgale, "dac_grt", use_places=use_places)
        balance = flows.summarise_balance()
        assert balance["persons"].sum() == pytest.approx(count_need(latgale), abs=1e-6)
        assert balance["balance"].sum() == pytest.approx(0, abs=1e-9)
        assert set(latgale.study.municipalities["municipality_id"]) <= set(
            balance["municipality_id"]
        )
    covered = latgale.coverage.query(
        "service == 'dac_grt' and scenario == 'now' and scope == 'any'"
    )["covered"].sum()
    assert flows.flows["persons"].sum() == pytest.approx(covered)


def test_a_joint_site_by_hand(world):
    # A centre at d: near are c (10), d (0) and e (40 by the loop: no, limit 20), b (20).
    site, table = value_joint_site(
        world, "dac", ["west", "east"], settlement="Dūņi", yearly_cost="100", years=2,
        capital_cost="50.01", by="use",
    )  # fmt: skip
    assert site == "d"
    # By id, whatever order they were named in.
    assert table["municipality_id"].tolist() == ["east", "west"]
    rows = table.set_index("municipality_id")
    assert rows.loc["west", ["persons", "near_now", "near_joint", "gain", "clients"]].tolist() == [
        14, 14, 14, 0, 4]  # fmt: skip
    assert rows.loc["east", ["persons", "near_now", "gain", "clients"]].tolist() == [11, 5, 0, 5]
    assert rows["cost"].sum() == Decimal("250.01")
    assert rows.loc["east", "cost"] == Decimal("138.89")  # 5 / 9 of it, the odd cent here
    assert (rows["cost"] + rows["saving"] == rows["cost_alone"]).all()
    # Chosen by itself it goes where most of both are: b or c, 19 of them; b has less travel.
    assert value_joint_site(world, "dac", ["west", "east"])[0] == "b"
    with pytest.raises(InputError, match="two partners"):
        value_joint_site(world, "dac", ["west", "west"])
    with pytest.raises(InputError, match="not in the study"):
        value_joint_site(world, "dac", ["west", "north"])


def test_models_by_hand(world):
    inputs = ModelInputs(
        backed={"east": ["dac"]}, min_clients={"dac": 12, "care": 100}, take_up={"dac": 1.0}
    )
    east, west = model_municipalities(world, inputs)
    row = east.services.set_index("service").loc["dac"]
    assert east.services["service"].tolist()[0] == "dac"
    assert repr(row["priority"]) == "1"
    assert row["persons"] == 11
    assert row["own_facilities"] == 0
    assert row["reachable_facilities"] == 1
    assert (row["near_own"], row["near_any"], row["gap_persons"]) == (0, 5, 6)
    # Alone E reaches c (20 min), d (10) and e: 10 clients, less than 12. With West, B has 19.
    assert (row["viable"], row["site"], row["site_clients"]) == ("together", "Bērzi", 19)
    assert row["partners"] == "Rietumu novads"
    fewer = ModelInputs(min_clients={"dac": 10}, take_up={"dac": 1.0})
    alone = model_municipalities(world, fewer)[0].services.set_index("service").loc["dac"]
    assert (alone["viable"], alone["site"], alone["site_clients"]) == ("alone", "Egles", 10)
    own = west.services.set_index("service").loc["dac"]
    assert own["viable"] == "alone"
    assert own["site_clients"] == 14
    assert own["backed_basis"] == "plan"
    care = west.services.set_index("service").loc["care"]
    assert care["viable"] == "neither"
    shared = east.sharing.set_index("service").loc["dac"]
    assert shared["partner"] == "Rietumu novads"
    assert shared["clients_together"] == 19
    gaps = east.gaps[east.gaps["service"] == "dac"]
    assert set(gaps["settlement"]) == {"Egles", "Zudusi"}


def test_without_a_least_number_nothing_is_judged(world):
    for model in model_municipalities(world):
        assert set(model.services["viable"]) == {"not_judged"}
    with pytest.raises(UnknownNameError, match="not in"):
        model_municipalities(world, municipality_ids=["north"])
    with pytest.raises(InputError) as caught:
        model_municipalities(world, ModelInputs(backed={"west": ["dak"]}, min_clients={"dac": -1}))
    assert "not known" in str(caught.value)
    assert "above 0" in str(caught.value)


@pytest.fixture(scope="module")
def models(latgale):
    return model_municipalities(latgale)


def test_models_of_latgale_add_up_to_the_region(latgale, models):
    assert len(models) == 21
    together = pd.concat([model.services for model in models])
    sums = together.groupby("service")[["persons", "near_any", "gap_persons"]].sum()
    assert sums.loc["dac_grt", "persons"] == pytest.approx(count_need(latgale), abs=1e-6)
    known = sums[sums.index.isin(together.loc[together["gap_persons"].notna(), "service"])]
    assert len(known) >= 7
    assert (known["near_any"] + known["gap_persons"]).to_numpy() == pytest.approx(
        known["persons"].to_numpy()
    )


def test_of_a_service_without_a_known_facility_nobody_is_said_to_lack_it(models):
    for model in models:
        services = model.services.set_index("service")
        assert not services.loc["group_act", "supply_known"]
        unknown = ["gap_persons", "near_any", "near_own", "own_facilities", "reachable_facilities"]
        assert services.loc["group_act", unknown].isna().all()
        # How many parents need help nobody published.
        assert pd.isna(services.loc["parent_rehab", ["persons", "clients"]]).all()
        assert services.loc["dac_grt", "gap_persons"] >= 0


def test_what_leaves_of_a_model_hides_small_counts(latgale, models):
    types = latgale.study.service_types
    names = dict(zip(types["service"], types["name_lv"], strict=True))
    for model in models:
        shown = model.show()
        for name, columns in (
            ("services", ["persons", "near_any", "near_own", "gap_persons", "clients"]),
            ("sharing", ["clients_own", "clients_partner", "clients_together"]),
        ):
            for column in columns:
                numbers = [v for v in shown[name][column] if isinstance(v, int | float)]
                assert not [v for v in numbers if 1e-3 < v < 5], (model.name, column)
    for lang in ("lv", "en"):
        short, full = (
            render_markdown(build_model(models[3], names, lang, form=form))
            for form in ("short", "full")
        )
        assert len(full) > len(short)
        assert models[3].name in short
    # A single hidden municipality could be had from the region's total.
    for service in ("dac_grt", "rehab_ft", "gvpp"):
        hidden = sum(
            model.show()["services"].set_index("service")["persons"].get(service) == "<5"
            for model in models
        )
        assert hidden != 1, service
    lifted = models[4].show(allow_small_counts=True)["services"]
    assert "<5" not in set(lifted["persons"])
    assert lifted["persons"].notna().sum() == len(lifted) - 1  # of parents nothing is known


def test_mobile_staff_by_hand(world):
    work = MobileWork(visits_per_week=2, visit_hours=1, worker_hours_per_week=40)
    bases, places = plan_mobile_work(world, ["Egles", "Ābeles"], {"a": 2, "d": 3, "z": 1}, work)
    rows = places.set_index("settlement_id")
    # From E to d: E-C 30 min, C-D 10; back D-E 10: 50 min. From A: 30 there, 30 back: 60.
    assert rows.loc["d", "base"] == "Egles"
    assert rows.loc["d", "round_trip_min"] == pytest.approx(50)
    assert rows.loc["d", "road_hours"] == pytest.approx(3 * 2 * 50 / 60)
    assert rows.loc["a", "road_hours"] == 0
    assert rows.loc["z", "reason"] == "no_road"
    base = bases.set_index("base").loc["Egles"]
    assert base["workers"] == pytest.approx((6 + 5) / 40)
    assert base["clients_per_worker"] == pytest.approx(3 / (11 / 40))
    assert bases["clients"].sum() + bases["unserved"].sum() == 6
    shared = MobileWork(2, 1, 40, visits_per_trip=2)
    halved, _ = plan_mobile_work(world, ["Egles"], {"d": 3}, shared)
    assert halved["road_hours"].iloc[0] == pytest.approx(2.5)
    short = MobileWork(2, 1, 40, shift_hours=1.5)
    _, far = plan_mobile_work(world, ["Egles"], {"d": 3}, short)
    assert far["reason"].tolist() == ["too_far"]
    with pytest.raises(InputError, match="above 0"):
        MobileWork(0, 1, 40)
    with pytest.raises(InputError, match="not in the study"):
        plan_mobile_work(world, ["Egles"], {"q": 1}, work)


def test_areas_of_workers_by_hand():
    """Four villages around a base, 15 h each, and a town of 80: a week of 36 h holds two."""
    names = ["Bāze", "N", "E", "S", "W", "Pils"]
    points = gpd.points_from_xy([0, 0, 9, 0, -8, 5], [0, 9, 0, -9, 5, 5])
    homes = gpd.GeoDataFrame({"settlement_id": names, "name": names}, geometry=points)
    places = pd.DataFrame(
        {
            "settlement_id": names[1:],
            "settlement": names[1:],
            "base": "Bāze",
            "clients": [2.0, 2.0, 2.0, 2.0, 10.0],
            "visit_hours": [10.0, 10.0, 10.0, 10.0, 60.0],
            "road_hours": [5.0, 5.0, 5.0, 5.0, 20.0],
            "round_trip_min": [30.0, 40.0, 20.0, 50.0, 10.0],
            "served_share": 1.0,
        }
    )
    areas = divide_areas(SimpleNamespace(settlements=homes), places, 36)
    # From the widest gap, south to west, on and clockwise: the town is north-east.
    assert areas["settlements"].tolist() == ["W, N", "Pils", "E, S"]
    assert areas["hours"].sum() == pytest.approx(140)
    big = areas[areas["settlements"] == "Pils"].iloc[0]
    assert big["workers"] == pytest.approx(80 / 36) and big["farthest_min"] == 10
    assert (areas.loc[areas["settlements"] != "Pils", "hours"] <= 36).all()


def test_who_is_eligible_is_taken_from_a_table(latgale):
    """Only group I of two municipalities: 30 + 20 people, all served; hours cost what they cost."""
    table = pd.DataFrame(
        [("Ludzas novads", "I", 30), ("Ludzas novads", "II", 70), ("Preiļu novads", "I", 20)],
        columns=["municipality", "disability_group", "persons"],
    )
    work = MobileWork(visits_per_week=2, visit_hours=1, worker_hours_per_week=36)
    found = mobile(latgale, "home_care", ["Ludza", "Preiļi"], work, take_up=1.0, eligible=table,
                   groups=["I"], eur_per_hour="10", allow_small_counts=True)  # fmt: skip
    assert found.clients_basis == "given"
    assert found.bases["clients"].sum() == pytest.approx(50, abs=0.1)
    assert found.areas["clients"].sum() == pytest.approx(50, abs=0.05 * len(found.areas))
    hours = (found.bases["visit_hours"] + found.bases["road_hours"]).sum()
    assert float(sum(found.bases["eur_per_year"])) == pytest.approx(hours * 520, abs=0.02)
    assert found.areas["hours"].sum() == pytest.approx(hours)
    hidden = mobile(latgale, "home_care", ["Ludza", "Preiļi"], work, take_up=0.05, eligible=table)
    few = hidden.bases[hidden.bases["clients"].map(lambda cell: isinstance(cell, str))]
    assert len(few) and few["workers"].isna().all()
    with pytest.raises(UnknownNameError):
        mobile(latgale, "home_care", ["Ludza"], work, eligible=table, groups=["III"])
