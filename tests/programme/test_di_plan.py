"""Goals, objects, movers, the ERAF check, a person's budget and general services."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from decimal import Decimal

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from small_worlds import at, two_municipalities

from socaccess.documents.markdown import render_markdown
from socaccess.errors import InputError, UnknownNameError
from socaccess.i18n import LANGUAGES, Texts
from socaccess.programme.costs import observe_funding
from socaccess.programme.eraf import Application, check_application
from socaccess.programme.general_services import (
    Criterion,
    reach_amenities,
    read_amenities,
    score_sites,
)
from socaccess.programme.goals import check_goals, compare_views
from socaccess.programme.institutions import place_movers, share_movers, weigh_buildings
from socaccess.programme.objects import PlanObjects, list_objects
from socaccess.programme.pages import build_annex
from socaccess.programme.person_budgets import Wish, _choose_units, plan_person_budget
from socaccess.programme.words import describe_finding
from socaccess.sources.capital_costs import observe_capital_costs
from socaccess.study import Study


def test_goals_are_those_published():
    goals = check_goals().set_index(["planning_region", "target_group"])
    assert goals.loc[("latgale", "adults_grt"), ["goal", "persons", "status"]].tolist() == [
        389, 171, "not_reached"]  # fmt: skip
    assert goals.loc[("latgale", "children_ft"), ["goal", "persons", "status"]].tolist() == [
        390, 460, "reached"]  # fmt: skip
    assert goals.loc["kurzeme", "goal"].to_dict() == {
        "adults_grt": 375, "adults_grt_vsac": 35, "children_ft": 350}  # fmt: skip
    assert set(goals.loc["kurzeme", "status"]) == {"no_figure"}
    # Where no target was published nothing is reached or missed.
    assert goals.loc[("riga", "children_ft"), "status"] == "no_target"
    assert goals.loc[("zemgale", "adults_grt"), "missing"] == 351 - 166
    with pytest.raises(UnknownNameError, match="no goals of estonia"):
        check_goals(["estonia"])


def test_a_region_knows_better_than_the_pages(latgale):
    own = pd.DataFrame(
        [("latgale", "adults_grt", 389, 2024, "own")],
        columns=["planning_region", "target_group", "persons", "year", "source"],
    )
    goals = check_goals(["latgale"], reached=own, result=latgale).set_index("target_group")
    assert goals.loc["adults_grt", "status"] == "reached"
    assert goals.loc["adults_grt", "year"] == 2024
    assert goals.loc["children_ft", "status"] == "no_figure"
    group = next(g for g in latgale.summary["groups"] if g["target_group"] == "adults_grt")
    assert goals.loc["adults_grt", "near_persons"] == group["covered"]["now"]


OBJECTS = pd.DataFrame(
    {
        "object_id": ["o1", "o2"],
        "name": ["Centrs", "Māja"],
        "service": ["dac", "care"],
        "municipality_id_2009": ["west", "east"],
        "municipality_id": ["west", "east"],
        "places": [8.0, None],
        "status": ["planned", "planned"],
        "amendment": [0, 0],
        "date": [None, None],
        "source": ["plan", "plan"],
        "note": [None, None],
    }
)
NO_HISTORY = pd.DataFrame(
    columns=["object_id", "amendment", "date", "column", "old", "new", "source"]
)
AMENDMENTS = pd.DataFrame(
    [
        ("o1", 2, "2023-08-08", "status", "withdrawn", "amendment 2"),
        ("o1", 1, "2022-07-26", "places", "12", "amendment 1"),
        ("o3", 1, "2022-07-26", "new", "Jauna; dac; east; 10", "amendment 1"),
    ],
    columns=["object_id", "amendment", "date", "column", "value", "source"],
)


def test_amendments_are_applied_by_date_and_nothing_is_lost():
    first = PlanObjects(OBJECTS, NO_HISTORY)
    after = first.amend(AMENDMENTS)
    rows = after.objects.set_index("object_id")
    assert rows.loc["o1", ["places", "status", "amendment", "date"]].tolist() == [
        12, "withdrawn", 2, "2023-08-08"]  # fmt: skip
    assert rows.loc["o3", ["name", "status", "places"]].tolist() == ["Jauna", "planned", 10]
    assert rows.loc["o2", "amendment"] == 0
    assert after.history["old"].tolist() == [8.0, None, "planned"]
    middle = after.as_of(dt.date(2023, 1, 1)).set_index("object_id")
    assert middle.loc["o1", ["places", "status", "amendment"]].tolist() == [12, "planned", 1]
    start = after.as_of(dt.date(2022, 7, 25))
    columns = ["object_id", "name", "status", "places", "amendment"]
    assert (
        start[columns].astype(object).fillna(-1).values.tolist()
        == first.objects[columns].astype(object).fillna(-1).values.tolist()
    )
    assert len(first.objects) == 2
    assert first.objects["status"].tolist() == ["planned", "planned"]
    statuses = after.objects.groupby("municipality_id")["status"].value_counts()
    assert statuses["east", "planned"] == 2
    assert statuses["west", "withdrawn"] == 1


def test_wrong_amendments_are_refused_together():
    bad = pd.DataFrame(
        [
            ("o9", 1, "2022-01-01", "status", "opened", "x"),
            ("o1", 1, "2022-01-01", "new", "Centrs", "x"),
        ],
        columns=AMENDMENTS.columns,
    )
    with pytest.raises(InputError, match=r"(?s)not in the plan.*known already"):
        PlanObjects(OBJECTS, NO_HISTORY).amend(bad)
    with pytest.raises(InputError, match="not a date"):
        PlanObjects(OBJECTS, NO_HISTORY).amend(AMENDMENTS.assign(date="soon"))
    with pytest.raises(InputError, match="not allowed"):
        PlanObjects(OBJECTS, NO_HISTORY).amend(AMENDMENTS[:1].assign(value="burnt"))


def test_objects_that_pages_tell_of():
    objects = list_objects(Study.load("kurzeme", view="plan")).objects
    assert set(objects["status"]) <= {"opened", "planned", "withdrawn"}
    row = objects.set_index("object_id").loc["kur060"]  # never built, says its page
    assert row["status"] == "withdrawn"
    assert objects["municipality_id"].notna().all()
    assert objects["source"].notna().all()


def test_both_views_tell_the_same_people(latgale):
    for scenario in ("now", "planned"):
        table = compare_views(latgale, scenario=scenario)
        sums = table.groupby(["view", "service"])[["persons", "covered", "population"]].sum()
        for column in sums:
            plan, today = sums.loc["plan", column], sums.loc["today", column]
            assert plan.to_numpy() == pytest.approx(today.to_numpy(), rel=1e-12)
        counts = table[table["service"] == "dac_grt"].groupby("view").size()
        assert counts.to_dict() == {"plan": 21, "today": 9}


def test_movers_go_where_they_chose(world):
    movers = pd.DataFrame(
        {
            "institution_id": ["I1"] * 3,
            "origin": ["west", "east", None],
            "choice": ["east", None, None],
            "persons": [4, 2, 1],
        }
    )
    placed = place_movers(world, movers, service="dac")
    assert placed["destination_id"].tolist() == ["east", "east", None]
    assert placed["decided_by"].tolist() == ["choice", "origin", "nobody"]
    assert placed["persons"].sum() == 7
    with pytest.raises(InputError) as caught:
        place_movers(world, movers.assign(institution_id="Q", choice="Nowhere"), service="dac")
    assert "not among the facilities" in str(caught.value)
    assert "Nowhere" in str(caught.value)
    shared = share_movers(world.study, "I1", 35)
    assert shared["persons"].sum() == 35
    assert set(shared["basis"]) == {"estimate"}


def test_a_building_as_a_site_by_hand(world):
    # The institution stands at D: within 20 min are b 20, c 10, d 0. Open now: e (40) and z.
    table = weigh_buildings(world, ["dac", "shop"]).set_index("service")
    assert table.loc["dac", "persons_near"] == 4 + 3 + 2
    assert table.loc["dac", "gain"] == 0
    # Workshops, limit 15: near D are c 10 and d 0; a and b have one at A, c (20) and d have none.
    assert table.loc["shop", ["persons_near", "gain"]].tolist() == [5, 5]
    assert table.loc["shop", "gain_population"] == 500


def judge_places(verdict):
    return next(finding for finding in verdict.findings if finding.check == "places")


def test_an_application_by_hand(world):
    objects = PlanObjects(OBJECTS, NO_HISTORY)
    # A centre at E: near are c 20, d 10, e 0. e gains; c (10 to B) stays nearer to B, d (20 to B,
    # 10 to E) would come: 2 + 5 people for whom it is the nearest.
    application = Application(
        "east", "dac", "Egles", 7, "210000.01", {"eraf": "0.85", "state": "0.15"}
    )
    verdict = check_application(world, application, objects=objects, take_up=1.0)
    found = {finding.check: finding for finding in verdict.findings}
    assert found["in_plan"].answer == "no"
    assert found["eligible"].answer == "yes"
    gap = dict(found["gap"].values)
    gap.pop("municipality")
    assert gap == {"gap": 6, "gain": 5, "gain_here": 5, "remaining": 1}
    assert found["places"].values["everyone"] == 7
    assert found["places"].answer == "yes"
    assert found["neighbour"].answer == "attention"
    assert found["neighbour"].values["share"] == pytest.approx(5 / 11)
    assert found["cost"].values["per_place"] == pytest.approx(30000, abs=0.01)
    assert verdict.answer == "no"
    against = {f.check for f in verdict.findings if f.answer in ("no", "attention")}
    assert against == {"in_plan", "neighbour"}
    assert sum(verdict.payers.values()) == Decimal("210000.01")
    effect = verdict.effect.set_index("municipality_id")
    assert effect.loc["east", ["persons", "near_now", "gain", "remaining"]].tolist() == [
        11, 5, 5, 1]  # fmt: skip
    without = check_application(
        world, application, objects=objects, take_up=1.0, fatal=("gap", "places")
    )
    assert without.answer == "yes"
    fewer = check_application(world, application, objects=objects, take_up=0.5)
    assert {f.check: f.answer for f in fewer.findings}["places"] == "attention"
    # Within the limit of E live c 3, d 2 and e 5. With 8 places c would have to come too, and
    # whether the centre at B, nearer to c, has a place for all of them nobody published.
    for places, answer, reason in ((8, "attention", "places_around"), (11, "no", "places_no")):
        more = Application("east", "dac", "Egles", places)
        found = judge_places(check_application(world, more, objects=objects, take_up=1.0))
        assert (found.answer, found.reason) == (answer, reason)
        assert found.values["within"] == 10
    # Where they are known, those that are short count: 10 come, 2 have a place at B.
    tables = two_municipalities()
    tables["facilities"] = tables["facilities"].assign(places=2.0, places_basis="stated_capacity")
    told = Study(**tables).run(sites=False)
    for places, answer, reason in ((8, "yes", "places_short"), (9, "no", "places_no")):
        more = Application("east", "dac", "Egles", places)
        found = judge_places(check_application(told, more, objects=objects, take_up=1.0))
        assert (found.answer, found.reason) == (answer, reason)
    # At B stands one already: nobody gains.
    useless = check_application(
        world, Application("west", "dac", "Bērzi", 1), objects=objects, take_up=1.0
    )
    assert {f.check: f.answer for f in useless.findings}["gap"] == "no"
    assert useless.answer == "no"


def test_wrong_applications_are_refused(world):
    objects = PlanObjects(OBJECTS, NO_HISTORY)
    with pytest.raises(InputError) as caught:
        check_application(
            world, Application("east", "dac", "Egles", 0, shares={"eraf": 0.5, "luck": 0.4}),
            objects=objects,
        )  # fmt: skip
    for part in ("fewer than 1", "not known", "add up to 1"):
        assert part in str(caught.value)
    for bad in (
        Application("north", "dac", "Egles", 1),
        Application("east", "dak", "Egles", 1),
        Application("east", "dac", "Egless", 1),
    ):
        with pytest.raises(UnknownNameError):
            check_application(world, bad, objects=objects)
    with pytest.raises(InputError, match="is no supply"):
        check_application(world, Application("east", "vsac", "Egles", 1), objects=objects)
    with pytest.raises(UnknownNameError, match="is not known"):
        check_application(
            world, Application("east", "dac", "Egles", 1), objects=objects, fatal=("taste",)
        )


def test_what_is_not_on_a_page_is_not_refused(latgale):
    # Ciblas novads was no partner, and no page tells of an object there.
    verdict = check_application(latgale, Application("0684901", "dac_grt", "Blontu pagasts", 4))
    answers = {finding.check: finding.answer for finding in verdict.findings}
    assert answers["in_plan"] == "unknown"
    assert answers["eligible"] == "unknown"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_has_its_words(lang):
    texts = Texts(lang)
    keys = set(texts.raw("plan.eraf_"))
    for check, tails in {
        "in_plan": ("yes", "list", "pages"),
        "eligible": ("yes", "list", "pages"),
        "gap": ("yes", "no", "unknown", "no_supply"),
        "places": ("yes", "short", "attention", "around", "no", "nobody", "unknown"),
        "neighbour": ("yes", "attention", "no", "unknown", "no_supply"),
        "cost": ("yes", "attention", "unknown"),
        "funding": ("yes", "attention", "unknown"),
    }.items():
        assert {f"{check}_{tail}" for tail in tails} <= keys


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_annex_hides_small_counts(world, lang):
    objects = PlanObjects(OBJECTS, NO_HISTORY)
    application = Application("east", "dac", "Egles", 7, "210000", {"eraf": 1})
    verdict = check_application(world, application, objects=objects, take_up=1.0)
    page = render_markdown(build_annex(verdict, {"dac": "Centrs"}, lang))
    gap = next(f for f in verdict.findings if f.check == "gap")
    sentence = describe_finding(gap, Texts(lang), below=5)
    assert "<5" in sentence  # one person remains
    assert ">1" in sentence  # and how many gain would tell it
    assert "Centrs" in page
    lifted = describe_finding(gap, Texts(lang), below=0)
    assert "<" not in lifted
    assert ">" not in lifted


def test_observed_costs_are_of_whole_projects():
    costs = observe_capital_costs().set_index("project")
    # Sigulda: 591 061.75 EUR for 16 flats' places and 2 of respite.
    assert costs.loc["0801601 591061.75", "places"] == 18
    assert costs.loc["0801601 591061.75", "eur_per_place"] == pytest.approx(32836.76)
    assert costs.loc["9.3.1.1/18/I/013", "places"] == 31
    funding = observe_funding().set_index("project")
    assert funding.loc["9.3.1.1/19/I/040", "eraf_share"] == pytest.approx(0.85)
    assert (funding["eraf_share"] <= 0.8501).all()


def test_a_persons_budget_by_hand(world):
    prices = pd.DataFrame(
        [("p1", "dac", "own", 10.0, "day", "2026-01-01"),
         ("p2", "dac", "other", 12.0, "day", "2026-01-01"),
         ("p3", "shop", "other", 4.0, "day", None)],
        columns=["price_id", "service", "client_of", "value", "unit", "stated_on"],
    ).assign(source="list")  # fmt: skip
    wishes = [Wish("dac", 5, 2.0), Wish("shop", 5), Wish("care", 3)]
    found = plan_person_budget(world, "Ābeles", wishes, "45.00", prices=prices, eur_per_km="0.10")
    rows = found.lines.set_index("service")
    # a: the centre at B is West's own, 10 km there and 10 back: 10 + 2 a day. Workshop at A.
    assert rows.loc["dac", ["unit_price", "transport_price"]].tolist() == [
        Decimal("10.00"), Decimal("2.00")]  # fmt: skip
    assert rows.loc["shop", "client_of"] == "other"
    # 2 worth for 12 against 1 for 4: five workshop days (20) and two of the centre (24).
    assert rows["units"].to_dict() == {"dac": 2, "shop": 5, "care": 0}
    assert rows["outcome"].to_dict() == {"dac": "part", "shop": "whole", "care": "unreachable"}
    assert (found.cost, found.left) == (Decimal("44.00"), Decimal("1.00"))
    assert not found.is_met
    with pytest.raises(InputError, match="stands twice"):
        plan_person_budget(world, "a", [Wish("dac", 1)] * 2, 1, prices=prices)
    with pytest.raises(InputError, match="above 0"):
        plan_person_budget(world, "a", [Wish("dac", 0)], 1, prices=prices)
    with pytest.raises(UnknownNameError, match="did you mean Ābeles"):
        plan_person_budget(world, "Abele", [Wish("dac", 1)], 1, prices=prices)
    assert plan_person_budget(world, "abeles", [Wish("dac", 1)], 1, prices=prices).cost == 0


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(1, 5), st.integers(1, 9), st.integers(1, 5)),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 120),
)
def test_the_mix_is_the_best_there_is(items, cents):
    wishes = [Wish(f"s{i}", units, float(weight), min(minimum, units))
              for i, (_, units, weight, minimum) in enumerate(items)]  # fmt: skip
    rows = [
        {"unit_price": Decimal(price) / 100, "transport_price": Decimal("0.00"), "units": 0,
         "cost": Decimal("0.00"), "outcome": ""}
        for price, *_ in items
    ]  # fmt: skip
    _choose_units(rows, wishes, cents)
    cost = sum(int(row["cost"] * 100) for row in rows)
    worth = sum(row["units"] * wish.weight for row, wish in zip(rows, wishes, strict=True))
    options = [[0, *range(wish.minimum, wish.units + 1)] for wish in wishes]
    best, cheapest = 0.0, 0
    for units in itertools.product(*options):
        price = sum(u * item[0] for u, item in zip(units, items, strict=True))
        value = sum(u * wish.weight for u, wish in zip(units, wishes, strict=True))
        if price <= cents and (value > best or (value == best and price < cheapest)):
            best, cheapest = value, price
    assert worth == best
    assert cost == cheapest
    for row, option in zip(rows, options, strict=True):
        assert row["units"] in option


AMENITIES = ["id", "name", "kind", "geometry"]


def test_general_services_by_hand(world):
    near = [("s", "Veikals", "shop", at(10)), ("t", "Pietura", "transport", at(20, 0.4))]
    # Banks far around: what they enclose is known, and none of another kind is hidden there.
    around = [(f"b{x}{y}", "Banka", "bank", at(x, y)) for x in (-500, 500) for y in (-500, 500)]
    amenities = gpd.GeoDataFrame(near + around, columns=AMENITIES, crs="EPSG:3059")
    reach = reach_amenities(world.study.network, world.study.settlements, amenities)
    rows = reach.set_index(["settlement_id", "kind"])
    assert rows.loc[("a", "shop"), "travel_min"] == pytest.approx(10)
    assert rows.loc[("e", "shop"), "travel_min"] == pytest.approx(40)
    assert rows.loc[("c", "transport"), "straight_m"] == pytest.approx(400)
    assert not rows.loc[("a", "school"), "known"]
    assert pd.isna(rows.loc[("z", "shop"), "travel_min"])
    scores = score_sites(
        reach, [Criterion("shop", 10), Criterion("transport", 400, "m"), Criterion("school", 5)]
    ).set_index("settlement_id")
    assert scores.loc["c", "score"] == 1.0
    assert scores.loc["a", "score"] == 0.5
    assert scores.loc["e", "score"] == 0.0
    assert set(scores["unknown"].drop("z")) == {"school"}
    # What may stand just behind the edge of the data is not far; what is near is near.
    edge = reach_amenities(
        world.study.network, world.study.settlements, amenities.iloc[: len(near)]
    )
    few = score_sites(edge, [Criterion("shop", 10)]).set_index("settlement_id")
    assert few.loc["a", "met"] == "shop" and few.loc["e", "unknown"] == "shop"
    assert pd.isna(few.loc["e", "score"])
    with pytest.raises(InputError, match="stands twice"):
        score_sites(reach, [Criterion("shop", 1), Criterion("shop", 2)])


def test_general_services_from_files(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text(
        "kind;name;lon;lat\nAptieka;A;27,72;56,55\nSkola;B;27.7;56.5\n", encoding="utf-8"
    )
    assert read_amenities(table)["kind"].tolist() == ["pharmacy", "school"]
    table.write_text("kind;lon;lat\nAptika;27,72;56,55\nshop;99;\n")
    with pytest.raises(InputError) as caught:
        read_amenities(table)
    assert "aptieka" in str(caught.value)
    assert "column 'lon'" in str(caught.value)
    osm = tmp_path / "export.geojson"
    features = [
        {"type": "Feature", "properties": tags, "geometry": shapely.geometry.mapping(shape)}
        for tags, shape in (
            ({"highway": "bus_stop", "name": "P"}, shapely.Point(27.7, 56.5)),
            ({"amenity": "school"}, shapely.box(27.7, 56.5, 27.71, 56.51)),
            ({"amenity": "bench"}, shapely.Point(27.7, 56.5)),
        )
    ]
    osm.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    read = read_amenities(osm)
    assert read["kind"].tolist() == ["transport", "school"]
    assert read.crs.to_epsg() == 3059
