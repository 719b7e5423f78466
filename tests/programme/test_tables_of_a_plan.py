"""Catalogues, needs, prices and forecasts: read, refused, spread and added up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.errors import InputError, UnknownNameError
from socaccess.programme.assessments import read_children_by_age, read_needed_services
from socaccess.programme.budget import plan_budget
from socaccess.programme.catalogue import Catalogue, compare_profiles
from socaccess.programme.cooperation import Flows
from socaccess.programme.costs import list_costs
from socaccess.programme.forecast import VARIANTS, Assumptions, forecast_clients, project_children
from socaccess.programme.need import spread_to_settlements
from socaccess.programme.prices import (
    choose_price,
    load_norms,
    load_prices,
    locate_prices,
    read_prices,
)
from socaccess.programme.take_up import observe_take_up, summarise_take_up
from socaccess.sources.settlements import load_settlements
from socaccess.study import Study

HEADER = (
    "service;name_lv;name_en;legal_class;target_group;form;limit_min;limit_min_basis;"
    "limit_min_source;min_clients;min_clients_basis;min_clients_source"
)


def write(tmp_path, name, *lines):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_region_loads_as_many_services_as_it_has(tmp_path):
    lines = [
        f"s{n};Pakalpojums {n};Service {n};sociālā rehabilitācija;Bezpajumtnieki;centre;"
        f"{10 + n};proposal;;{n + 1};plan;https://example.lv/plan"
        for n in range(22)
    ]
    lines[3] = "s3;Pakalpojums 3;Service 3;social_care;ex_prisoners;centre;45;law;MK 1/2030;;;"
    catalogue = Catalogue.read(write(tmp_path, "riga.csv", HEADER, *lines))
    assert len(catalogue.services) == 22
    assert set(catalogue.services["target_group"]) == {"homeless", "ex_prisoners"}
    assert catalogue.services["legal_class"].iloc[0] == "social_rehabilitation"
    least = catalogue.services.set_index("service")["min_clients"]
    assert least["s0"] == 1 and np.isnan(least["s3"])
    proposals = catalogue.list_proposals()
    assert len(proposals) == 21
    assert set(proposals["norm"]) == {"limit_min"}
    types = catalogue.to_service_types()
    assert {"traveller", "counts_as_supply", "limit_min"} <= set(types)


def test_a_number_that_rests_on_nothing_is_refused(tmp_path):
    path = write(
        tmp_path,
        "bad.csv",
        HEADER,
        "a;A;A;sociala aprupe;homeles;centre;30;;;;;",
        "b;B;B;magic;homeless;centre;30;law;;5;guess;",
        "b;B;B;social_care;homeless;centre;-3;proposal;;;;",
    )
    with pytest.raises(InputError) as caught:
        Catalogue.read(path)
    text = str(caught.value)
    assert "does not say what it rests on" in text
    assert "names no source" in text
    assert "more than once" in text
    assert "below 0" in text
    assert "homeless" in text  # the nearest group
    assert "'legal_class'" in text
    assert "guess" in text


def test_own_groups_and_profiles(tmp_path):
    groups = write(
        tmp_path, "groups.csv", "target_group,name_lv,name_en", "veterans,Veterāni,Veterans"
    )
    table = write(
        tmp_path,
        "own.csv",
        HEADER,
        "a;A;A;social_care;Veterāni;centre;30;proposal;;;;",
        "b;B;B;social_care;seniors;centre;60;proposal;;;;",
    )
    profiles = write(
        tmp_path,
        "profiles.csv",
        "profile,service,limit_min,basis,source",
        "strict,a,15,plan,https://example.lv",
    )
    catalogue = Catalogue.read(table, target_groups=groups, profiles=profiles)
    assert catalogue.list_profiles() == ["catalogue", "strict"]
    assert catalogue.limits_min("strict") == {"a": 15, "b": 60}
    with pytest.raises(UnknownNameError, match="strict"):
        catalogue.limits_min("strickt")
    with pytest.raises(InputError, match="names no source"):
        catalogue.add_profile("law", {"a": 10}, basis="law")
    bad = write(tmp_path, "p.csv", "profile,service,limit_min,basis,source", "x,q,15,law,")
    with pytest.raises(InputError, match=r"(?s)not known.*names no source"):
        Catalogue.read(table, target_groups=groups, profiles=bad)


def test_profiles_compared_by_hand(world):
    catalogue = Catalogue.load()
    services = pd.DataFrame({"service": ["dac"], "limit_min": [20.0],
                             "limit_min_basis": ["proposal"]})  # fmt: skip
    own = Catalogue(services, catalogue.target_groups, catalogue.profiles)
    compared = compare_profiles(
        world, own.add_profile("near", {"dac": 10.0}).add_profile("wide", {"dac": 40.0})
    ).set_index("profile")
    # a 10 min: 10; b 0: 4; c 10: 3; d 20: 2; e 40: 5; z never.
    assert compared["covered"].to_dict() == {"catalogue": 19, "near": 17, "wide": 24}
    assert (compared["persons"] == 25).all()
    assert set(compared["basis"]) == {"proposal"}


NEED = (
    "PP gads;PP mēnesis;ATVK kods;Pilsēta/novads;Soc. rehabilitācija individuāli;"
    "Sociālā rehabilitācija grupā;Dienas aprūpes centrā;Atelpas brīdis;Grupu dzīvoklis;"
    "Specializētā darbnīca;Aprūpe mājās;Cits"
)


def test_needs_are_found_by_what_headings_say(tmp_path):
    path = write(
        tmp_path,
        "need.csv",
        NEED,
        "2020;1;680200;Ludzas novads;12;3;9;1;4;5;2;x",
        "2020;2;680200;Ludzas novads;13;3;9;<3;4;4;2;x",
        "2020;2;0050000;Daugavpils;40;20;31;5;14;15;12;x",
    )
    table = read_needed_services(path)
    assert table.vintage == 2009
    assert table.ignored == ("Cits",)
    assert set(table.persons["service"]) == {
        "consult_grt", "group_act", "dac_grt", "respite_grt", "group_home", "workshop",
        "home_care",
    }  # fmt: skip
    text = " ".join(map(str, table.findings))
    assert "hides the number" in text
    assert "falls" in text
    assert "0680200 workshop 2020/2" in text
    latest = table.choose_latest()
    assert len(latest) == 14
    spread = spread_to_settlements(latest, load_settlements(), vintage=2009)
    sums = spread.groupby("service")["persons"].sum()
    assert sums["dac_grt"] == pytest.approx(40, abs=1e-9)
    assert set(spread.loc[spread["settlement_id"] == "0050000", "basis"]) == {"published"}
    # The hidden number stays unknown in every settlement of the municipality.
    hidden = spread[(spread["service"] == "respite_grt") & spread["persons"].isna()]
    assert set(hidden["settlement_id"].str[:4]) == {"0680"}


def test_wrong_needs_are_refused_with_every_finding(tmp_path):
    path = write(
        tmp_path,
        "need.csv",
        NEED,
        "2020;13;0680200;Rēzeknes novads;12,5;3;-9;1;4;5;2;x",
        "2020;1;9999999;Nekur;12;x;9;1;4;5;2;x",
        "2020;1;0050000;Daugavpils;1;1;1;1;1;1;1;x",
        "2020;1;0050000;Daugavpils;1;1;1;1;1;1;1;x",
    )
    with pytest.raises(InputError) as caught:
        read_needed_services(path)
    text = str(caught.value)
    for part in ("not a whole number", "negative", "not a month", "none of the municipalities",
                 "two municipalities", "not a number", "more than once in a period"):  # fmt: skip
        assert part in text, part
    with pytest.raises(InputError, match="no column is understood"):
        read_needed_services(write(tmp_path, "x.csv", "ATVK,foo", "0050000,1"))


def test_codes_of_today_and_names_of_old(tmp_path):
    today = read_needed_services(write(tmp_path, "a.csv", "ATVK,Darbnīca", "0037000,3"))
    assert today.vintage == 2025
    named = read_needed_services(
        write(tmp_path, "b.csv", "Pašvaldība,Darbnīca", "Viļānu novads,3"), vintage=2025
    )
    assert named.persons["municipality_id"].tolist() == ["0043000"]


def test_children_by_age(tmp_path):
    path = write(
        tmp_path,
        "children.csv",
        "ATVK,Novads,Kopā,0-6,7–9 gadi,16-17",
        "0050000,Daugavpils,12,4,6,2",
        "0210000,Rēzekne,9,3,3,2",
    )
    table = read_children_by_age(path)
    assert set(table.persons["age_group"]) == {"0-6", "7-9", "16-17"}
    (finding,) = table.findings
    assert finding.what == "the total is not the sum of the groups"
    assert [str(row) for row in finding.rows] == ["0210000: 9 ≠ 8"]
    with pytest.raises(InputError, match="overlap"):
        read_children_by_age(write(tmp_path, "o.csv", "ATVK,0-6,5-9", "0050000,1,1"))


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=8).filter(any),
    st.integers(0, 3000).map(lambda n: n / 8),
)
def test_spread_persons_add_up_exactly(population, persons):
    need = pd.DataFrame({"municipality_id": ["m"], "service": ["dac"], "persons": [persons]})
    places = pd.DataFrame(
        {
            "settlement_id": [f"s{i}" for i in range(len(population))],
            "municipality_id": "m",
            "population": population,
        }
    )
    spread = spread_to_settlements(need, places)
    assert sum(Fraction(repr(v)) for v in spread["persons"]) == Fraction(persons)
    assert (spread["persons"].to_numpy()[[p == 0 for p in population]] < 1e-4 + 1e-12).all()


def test_prices_are_those_found_and_chosen_by_date():
    prices = load_prices()
    assert len(prices) == 37
    assert len(load_norms()) == 3
    assert prices["source"].notna().all()
    early = choose_price(prices, "dac_grt", client_of="other", on=dt.date(2017, 8, 1))
    assert early.amount == Decimal("9.27")
    assert early.stated_on == dt.date(2017, 7, 20)
    later = choose_price(prices, "dac_grt", client_of="other", on=dt.date(2018, 1, 1))
    assert later.amount == Decimal("13.60")
    own = choose_price(prices, "dac_grt", client_of="own", on=dt.date(2023, 1, 1))
    assert (own.amount, own.client_of) == (Decimal("22.58"), "not_stated")
    # Of two fees of one day the dearer, so that a budget is not too small.
    assert choose_price(prices, "group_home").amount == Decimal("22.49")
    assert choose_price(prices, "gvpp") is None
    assert choose_price(prices, "dac_grt", municipality_id="0210000") is None
    with pytest.raises(InputError, match="own or other"):
        choose_price(prices, "dac_grt", client_of="any")


def test_a_price_without_source_is_refused(tmp_path):
    path = write(
        tmp_path,
        "prices.csv",
        "service,client_of,value,unit,stated_on,source",
        "dac_grt,own,12.5,day,2026-01-01,https://example.lv",
        "dac_grd,own,x,week,yesterday,",
    )
    with pytest.raises(InputError) as caught:
        read_prices(path)
    text = str(caught.value)
    for part in ("dac_grt?", "not a number", "week", "missing", "not a date"):
        assert part in text, part
    good = write(tmp_path, "good.csv", *path.read_text(encoding="utf-8").splitlines()[:2])
    assert choose_price(read_prices(good), "dac_grt").price_id == "good-001"


def test_take_up_by_hand():
    seen = observe_take_up()
    take_up = summarise_take_up(seen).set_index("service")
    row = take_up.loc["dac_grt"]  # Zemgale 69 of 351, Riga 104 of 637
    assert row["middle"] == pytest.approx(173 / 988)
    # As regions differ on the logarithmic scale, pooled over services; two were seen here.
    last = seen.sort_values("year").groupby(["planning_region", "target_group", "service"])
    logs = last.last().assign(log=lambda t: np.log(t["recipients"] / t["persons"]))["log"]
    groups = [part for _, part in logs.groupby(["target_group", "service"])]
    freedom = sum(len(part) - 1 for part in groups)
    spread = sum(((part - part.mean()) ** 2).sum() for part in groups) / freedom
    quantile = {12: 1.3562, 11: 1.3634, 10: 1.3722}[freedom]  # Student's t, 90 %, from a table
    factor = np.exp(quantile * np.sqrt(spread * 1.5 + 1 / 173))
    assert row["high"] == pytest.approx(173 / 988 * factor, rel=1e-4)
    assert row["low"] == pytest.approx(173 / 988 / factor, rel=1e-4)
    # Nothing is known to be exactly what one region saw.
    assert take_up.loc["group_home", "observations"] == 1
    assert (take_up["low"] < take_up["middle"]).all() and (
        take_up["middle"] < take_up["high"]
    ).all()
    # A share is of the persons the need counts, 460 since more came than the goal of 390.
    own = summarise_take_up(seen, own="latgale").set_index(["target_group", "service"])
    assert own.loc[("children_ft", "all"), "middle"] == pytest.approx(460 / 460)
    assert own.loc[("adults_grt", "all"), "middle"] == pytest.approx(171 / 389)


def test_a_forecast_by_hand(world):
    take_up = pd.DataFrame(
        [("adults_grt", "dac", 0.2, 0.4, 0.6, 1, "given", None)],
        columns=["target_group", "service", "low", "middle", "high", "observations", "basis",
                 "source"],
    )  # fmt: skip
    assumptions = Assumptions(
        2024, {"low": -0.5, "middle": 0.0, "high": 0.5}, take_up=take_up, basis="assumption"
    )
    found = forecast_clients(world.study, [2024, 2026], assumptions)
    rows = found.sum_region().set_index(["year", "variant"])["clients"]
    assert rows[2024, "middle"] == pytest.approx(25 * 0.4)
    assert rows[2026, "low"] == pytest.approx(25 * 0.25 * 0.2)
    assert rows[2026, "high"] == pytest.approx(25 * 2.25 * 0.6)
    assert "care" in found.missing
    assert set(found.assumptions["what"]) == {"base_year", "change_per_year", "take_up"}
    population = pd.DataFrame(
        [("west", 2024, 1000), ("west", 2026, 500), ("east", 2024, 10), ("east", 2026, 20)],
        columns=["municipality_id", "year", "population"],
    )
    follows = forecast_clients(
        world.study, [2026], Assumptions(2024, population=population, take_up=take_up)
    ).clients.set_index(["municipality_id", "variant"])["clients"]
    assert follows["west", "middle"] == pytest.approx(14 * 0.5 * 0.4)
    assert follows["east", "middle"] == pytest.approx(11 * 2 * 0.4)
    with pytest.raises(InputError, match="no population"):
        forecast_clients(world.study, [2030], Assumptions(2024, population=population))
    with pytest.raises(InputError, match="before the base year"):
        forecast_clients(world.study, [2020], assumptions)
    with pytest.raises(InputError, match="yearly change"):
        Assumptions(change_per_year={"low": -2})


def test_a_forecast_adds_up_over_municipalities(latgale):
    change = {"low": -0.03, "middle": -0.01, "high": 0.002}
    found = forecast_clients(latgale.study, [2025, 2031], Assumptions(change_per_year=change))
    region = found.sum_region().set_index(["target_group", "service", "year", "variant"])
    take_up = summarise_take_up(observe_take_up()).set_index("service")
    whole = latgale.study.need.query("target_group == 'adults_grt'")["persons"].sum()
    assert whole >= 389
    for variant in VARIANTS:
        expected = whole * (1 + change[variant]) ** 11 * take_up.loc["dac_grt", variant]
        got = region.loc[("adults_grt", "dac_grt", 2031, variant)]
        assert got["clients"] == pytest.approx(expected)
        assert got["clients_whole"] == round(expected)
    assert (found.clients["clients_whole"] >= 0).all()
    assert len(found.clients["municipality_id"].unique()) == 21
    goals = found.compare_indicators(latgale.study.targets)
    assert set(goals["target_group"]) == {"adults_grt", "children_ft"}
    # The same people in today's municipalities make the same region.
    today = Study.load("latgale", view="today", network=latgale.study.network)
    other = forecast_clients(today, [2025, 2031], Assumptions(change_per_year=change))
    again = other.sum_region().set_index(["target_group", "service", "year", "variant"])
    pd.testing.assert_series_equal(region["clients"], again["clients"])


def test_children_grow_up_by_hand():
    ages = pd.DataFrame(
        {"municipality_id": "m", "age_group": ["0-6", "7-9", "10-12", "13-15", "16-17"],
         "persons": [14.0, 6.0, 9.0, 3.0, 8.0]}
    )  # fmt: skip
    table = project_children(ages, [2020, 2021, 2022, 2023], base_year=2020)
    rows = table[table["variant"] == "middle"].set_index("year")
    # 4 of each of 16 and 17 leave; then 1 of 15; 2 newcomers a year.
    assert rows["turning_adult"].tolist() == [0, 4, 4, 1]
    assert rows["children"].tolist() == [40, 38, 36, 37]
    none = project_children(ages, [2021], base_year=2020,
                            newcomers_per_year={"low": 0, "middle": 1, "high": 2})  # fmt: skip
    assert none["children"].tolist() == [36, 38, 40]
    with pytest.raises(InputError, match="reaches beyond"):
        project_children(ages.assign(age_group="16-20"), [2021], base_year=2020)


PRICE_COLUMNS = ["price_id", "service", "client_of", "value", "unit", "stated_on",
                 "municipality_id", "facility_id", "source"]  # fmt: skip


def test_one_providers_price_is_never_the_regions():
    """Three providers: the region pays the median, each municipality its own providers' price."""
    rows = [
        ("a", "dac_grt", "not_stated", 10.0, "day", "2024-01-01", "m1", "f1", "round"),
        ("b", "dac_grt", "not_stated", 20.0, "day", "2025-01-01", "m1", "f2", "round"),
        ("c", "dac_grt", "not_stated", 70.0, "day", "2026-01-01", "m2", "f3", "round"),
        ("d", "dac_grt", "not_stated", 900.0, "month", "2026-01-01", "m3", "f4", "round"),
    ]
    prices = pd.DataFrame(rows, columns=PRICE_COLUMNS)
    region = choose_price(prices, "dac_grt")
    assert (region.amount, region.low, region.high) == (Decimal(20), Decimal(10), Decimal(70))
    assert (region.unit, region.providers) == ("day", 3)
    # At 10 % a year all are brought to 2026: 12.10, 22.00, 70.00.
    raised = choose_price(prices, "dac_grt", index="0.1")
    assert (raised.amount, raised.low) == (Decimal("22.00"), Decimal("12.10"))
    assert choose_price(prices, "dac_grt", facility_id="f3").amount == 70
    assert choose_price(prices, "dac_grt", municipality_id="m1").amount == 15
    assert choose_price(prices, "dac_grt", municipality_id="m9") is None

    types = pd.DataFrame({"service": ["dac_grt"], "visits_per_week": [1.0]})
    away = pd.DataFrame(
        [("m3", "M3", "m2", "M2", 3.0, 9.0), ("m3", "M3", "m4", "M4", 1.0, 9.0)],
        columns=["from_id", "from_name", "to_id", "to_name", "persons", "mean_min"],
    )
    nobody = pd.DataFrame(columns=["municipality_id", "municipality", "persons", "reason"])
    flows = {"dac_grt": Flows("dac_grt", 30.0, "now", away, nobody, ())}
    (cost,), _ = list_costs(prices, types, {"municipality": 1}, flows=flows)
    assert cost.own_prices == {"m1": Decimal(15), "m2": Decimal(70)}  # m3 prices by the month
    # Three go to m2 at 70, one to m4 at the region's 20: 57.50.
    assert cost.other_prices == {"m3": Decimal("57.50")}
    clients = pd.DataFrame(
        [(m, "dac_grt", 2026, 2.0) for m in ("m1", "m2", "m3", "m4")],
        columns=["municipality_id", "service", "year", "clients"],
    )
    lines = plan_budget(clients, [cost], elsewhere={("m3", "dac_grt"): 0.5}).lines
    amounts = lines.set_index("municipality_id")["amount"].to_dict()
    # 2 clients x 52 days x the price: 15, 70, half 20 and half 57.50, 20.
    assert amounts == {"m1": 1560, "m2": 7280, "m3": 4030, "m4": 2080}


def test_prices_follow_the_borders_of_the_view():
    assert set(locate_prices(load_prices(), "plan")["municipality_id"].dropna()) == {"0050000"}
    assert set(locate_prices(load_prices(), "today")["municipality_id"].dropna()) == {"0002000"}
