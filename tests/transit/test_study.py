"""A study whose people have no car: the two municipalities on the road, and a bus along it.

::

    a(A) --10-- b(B) --10-- c(C) --10-- d(D) --10--> e(E)        stops A to D; none is served at E

Line 7 leaves A 9:15 for B 9:30, and B 14:30 for A 14:45 (not in the week from 19 October); line 8
leaves D 8:40, C 9:00 for B 9:40, and goes home as far as C only: B 14:20, C 15:00. The day centre
F1 stands at B, opens at ten; one stays four hours. So a is there in 15 minutes, c in 40, d gets
there only, e has no stop, and where z lies nobody knows.
"""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
from small_worlds import at, two_municipalities
from typer.testing import CliRunner

import socaccess as sa
from socaccess.cli.app import app
from socaccess.errors import InputError
from socaccess.outputs import write_outputs
from socaccess.settings import Settings
from socaccess.study import Study
from socaccess.study.release import release, run_released
from socaccess.study.released import list_tables
from socaccess.study.transit import Visit
from socaccess.study.without_car import open_without_car

from .random_feeds import write_feed

SETTINGS = Settings(new_sites=1, site_services=("dac",))


def make_bus(**changed: str) -> dict[str, str]:
    stops = gpd.GeoSeries([at(10 * i) for i in range(5)], crs="EPSG:3059").to_crs("EPSG:4326")
    week = "monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    texts = {
        "agency.txt": "agency_id,agency_name,agency_timezone\nA,Ceļa buss,Europe/Riga\n",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
        + "".join(f"{n},{n},{p.y!r},{p.x!r}\n" for n, p in zip("ABCDE", stops, strict=True)),
        "routes.txt": "route_id,route_short_name,route_type\nr7,7,3\nr8,8,3\n",
        "calendar.txt": f"service_id,{week}all,1,1,1,1,1,0,0,20260901,20261030\n"
        "school,1,1,1,1,1,0,0,20260901,20261030\n",
        "calendar_dates.txt": "service_id,date,exception_type\n"
        + "".join(f"school,202610{day},2\n" for day in range(19, 24)),
        "trips.txt": "route_id,service_id,trip_id\nr7,all,out7\nr7,school,home7\nr8,all,out8\n"
        "r8,all,home8\n",
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "out7,09:15:00,09:15:00,A,1\nout7,09:30:00,09:30:00,B,2\n"
        "home7,14:30:00,14:30:00,B,1\nhome7,14:45:00,14:45:00,A,2\n"
        "out8,08:40:00,08:40:00,D,1\nout8,09:00:00,09:00:00,C,2\nout8,09:40:00,09:40:00,B,3\n"
        "home8,14:20:00,14:20:00,B,1\nhome8,15:00:00,15:00:00,C,2\n",
    }  # fmt: skip
    return {**texts, **changed}


@pytest.fixture(scope="module")
def bus(tmp_path_factory):
    return write_feed(make_bus(), tmp_path_factory.mktemp("bus") / "bus.zip")


def run(mode: str, feed, **options):
    return Study(**two_municipalities(), settings=SETTINGS, mode=mode, feed=feed, **options).run()


@pytest.fixture(scope="module")
def both(bus):
    return run("both", bus)


@pytest.fixture(scope="module")
def transit(bus):
    return run("transit", bus)


def of_settlements(result, column: str, service: str = "dac", scenario: str = "now"):
    table = result.settlement_coverage
    table = table[(table["service"] == service) & (table["scenario"] == scenario)]
    return {
        name: None if pd.isna(value) else value
        for name, value in zip(table["settlement_id"], table[column], strict=True)
    }


def test_times_are_those_of_the_timetable(transit):
    assert of_settlements(transit, "travel_min") == {
        "a": 15, "b": 0, "c": 40, "d": None, "e": None, "z": None}  # fmt: skip
    assert of_settlements(transit, "status") == {
        "a": "covered", "b": "covered", "c": "gap", "d": "unreachable", "e": "unreachable",
        "z": "unreachable"}  # fmt: skip
    # No kilometres of road: the bus is no car.
    assert set(of_settlements(transit, "length_km").values()) == {None}
    # The carer drives, whoever has no car.
    by_car = run("car", None)
    assert of_settlements(transit, "travel_min", "care") == of_settlements(
        by_car, "travel_min", "care"
    )


def test_sites_are_those_reachable_without_a_car(transit):
    """Of 25 persons 14 have F1 near; a second place can only win c, d, e or z who live there."""
    (site,) = transit.sites.to_dict("records")
    # At C: c itself (3), and d, who gets there by 9:00 but not home. At D: d itself (2) alone,
    # at E: e itself (5).
    assert (site["settlement_id"], site["gain_persons"]) == ("e", 5)


def test_every_place_says_what_holds_without_a_car(both):
    journeys = open_without_car(both.released).journeys
    dac = journeys[journeys["service"] == "dac"].set_index("settlement_id")
    assert dac["transit_status"].to_dict() == {
        "a": "same_day", "b": "same_day", "c": "same_day", "d": "one_way", "e": "no_stop",
        "z": "no_stop"}  # fmt: skip
    a = dac.loc["a"]
    assert a[["leave", "lines_out", "arrive", "return", "lines_back", "back"]].tolist() == [
        "09:15", "7", "09:30", "14:30", "7", "14:45"]  # fmt: skip
    # Thirty minutes before it opens, thirty after the stay; home7 runs on 39 of 44 days.
    assert a[["wait_min", "away_h", "days_per_week"]].tolist() == [60, 5.5, 4.4]
    assert dac.loc["c", "days_per_week"] == 5
    assert pd.isna(dac.loc["d", "leave"]) and pd.isna(dac.loc["d", "days_per_week"])


def test_both_keeps_the_car_and_puts_the_other_beside_it(both):
    by_car = run("car", None)
    for name in ("coverage", "gaps", "sites"):
        one, other = by_car.tables[name], both.tables[name]
        pd.testing.assert_frame_equal(one, other[one.columns.tolist()])
    assert sorted(by_car.tables) == ["coverage", "gaps", "sites"]
    assert "without_car" not in json.dumps(by_car.released.headline)
    now = both.coverage
    gaps = both.tables["gaps"].query("service == 'dac'").set_index("settlement_id")
    # e is beyond 20 minutes by car, and has no bus.
    assert gaps["same_day_share"].to_dict() == {"e": 0.0, "z": 0.0}
    assert len(now) == len(both.without_car.coverage)


def test_shares_are_of_the_persons_in_need(both):
    released = release(both, allow_small_counts=True)
    asked = open_without_car(released).summarise()
    (dac,) = [row for row in asked["services"] if row["service"] == "dac"]
    # 14 of 25 within twenty minutes, 17 there and home; 1,800 of 2,150 inhabitants.
    assert (dac["covered_share"]["now"], dac["same_day_share"]["now"]) == (0.56, 0.68)
    assert dac["inhabitants"] == {
        "same_day": 0.8372, "one_way": 0.093, "no_service": 0.0, "no_stop": 0.0698}  # fmt: skip
    assert asked["day"] == "2026-09-01"
    coverage = list_tables(released)["coverage"]
    (west,) = coverage.query(
        "municipality_id == 'west' and service == 'dac' and scenario == 'now' and scope == 'any'"
    ).to_dict("records")
    assert (west["transit_covered_share"], west["same_day_share"]) == (1, 1)


def test_a_site_says_who_comes_without_a_car(both):
    (site,) = both.tables["sites"].to_dict("records")
    # Near the site at E by car: c (300), d (200) and e (100). Without one only e, who lives there.
    assert site["settlement_id"] == "e"
    assert site["same_day_share"] == pytest.approx(100 / 600, abs=1e-4)


def test_hidden_counts_do_not_move_what_leaves(bus, tmp_path):
    """Need that differs where it is hidden gives the same files, without a car too."""
    written = []
    for persons in ([10.0, 4.0, 3.0, 2.0, 5.0, 1.0], [10.0, 4.0, 2.0, 3.0, 5.0, 1.0]):
        tables = two_municipalities()
        tables["need"] = tables["need"].assign(persons=persons)
        released = run_released(Study(**tables, settings=SETTINGS, mode="both", feed=bus))
        write_outputs(released, tmp_path / str(len(written)))
        written.append(tmp_path / str(len(written)))
    gaps = pd.read_csv(written[0] / "gaps.csv")
    assert "<5" in set(gaps["persons"])
    one, other = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in written)
    assert "without_car.csv" in one
    for name, content in one.items():
        assert content == other[name], name
    record = json.loads(one["study.json"])
    assert {row["service"] for row in record["headline"]["without_car"]["services"]} == {
        "dac", "shop"}  # fmt: skip


def test_what_is_wrong_with_the_way_of_travel(bus):
    tables = two_municipalities()
    for options, code in (
        ({"mode": "horse"}, "study.unknown_mode"),
        ({"mode": "both"}, "study.mode_without_feed"),
        ({"mode": "both", "feed": bus, "visit": Visit(day="2027-01-01")}, "transit.day_outside"),
    ):
        with pytest.raises(InputError) as caught:
            Study(**tables, **options)
        assert [problem.code for problem in caught.value.problems] == [code]
    with pytest.raises(InputError) as caught:
        Visit.from_dict({"open": "ten", "stay": 4, "kph": 0, "day": "soon"})
    assert {problem.code for problem in caught.value.problems} == {
        "validation.unknown_near", "validation.not_above"}  # fmt: skip
    with pytest.raises(InputError) as caught:
        Visit(open="ten", day="soon")
    assert [p.code for p in caught.value.problems] == ["transit.not_a_time", "transit.not_a_day"]


def test_other_hours_other_answers(bus):
    """Who stays six hours has no bus home; who goes on the holiday has none either."""
    for visit in (Visit(stay_h=6), Visit(day="2026-10-20")):
        result = run("transit", bus, visit=visit)
        assert of_settlements(result, "travel_min")["a"] is None
        assert of_settlements(result, "travel_min")["b"] == 0


def test_commands_take_a_timetable(bus, tmp_path):
    call = CliRunner().invoke
    words = ["check", "Ludzas novads", "--feed", str(bus), "--mode", "transit", "--json"]
    answer = call(app, words)
    assert answer.exit_code == 3, answer.stderr
    # No stop of this bus is anywhere near: one walks, or does not get there.
    services = [row for row in json.loads(answer.stdout)["services"] if row["supply_known"]]
    walked = [row["now"] for row in services if row["service"] != "home_care"]
    assert walked and max(walked) < 0.9
    answer = call(app, ["check", "Ludzas novads", "--mode", "transit"])
    assert answer.exit_code == 1 or isinstance(answer.exception, InputError)


def test_access_by_timetable(bus):
    tables = two_municipalities()
    tables["facilities"]["places"] = pd.array([10] * len(tables["facilities"]), dtype="Int64")
    tables["facilities"]["places_basis"] = "stated_capacity"
    study = Study(**tables, mode="transit", feed=bus)
    answer = sa.planning.access(study, "dac", allow_small_counts=True)
    table = answer.settlements.set_index("settlement_id")
    by_car = sa.planning.access(Study(**tables), "dac", allow_small_counts=True)
    reached = table["per_100"] > 0
    assert reached.to_dict() == {
        "a": True, "b": True, "c": False, "d": False, "e": False, "z": False}  # fmt: skip
    assert (by_car.settlements.set_index("settlement_id")["per_100"] > 0).sum() == 4


def test_the_map_tells_the_journey_of_a_place(both):
    from socaccess.maps.payload import build_payload

    payload = build_payload(both.released, lang="lv")
    services = [row["id"] for row in payload["services"]]
    told = payload["withoutCar"]
    lines = {
        name: told["texts"][at]
        for name, at in zip(
            payload["settlements"]["name"], told["at"][services.index("dac")], strict=True
        )
    }
    assert lines["Ābeles"] == (
        "Bez automašīnas: iziet 9:15, 9:15 autobuss 7, ierodas 9:30; atpakaļ 14:30, "
        "14:30 autobuss 7, mājās 14:45 (4,4 dienas nedēļā)"
    )
    assert lines["Dūņi"] == "Bez automašīnas: turp var, mājās ne"
    assert lines["Bērzi"].startswith("Bez automašīnas: iziet 10:00, kājām, ierodas 10:00")


def test_the_annex_has_a_page(both):
    from socaccess.documents.annex import compose_annex
    from socaccess.documents.markdown import render_markdown

    text = render_markdown(compose_annex(both, lang="lv"))
    assert "Bez automašīnas" in text
    assert "Ābeles – Dienas centrs (Centrs B): iziet 9:15" in text
    alone = render_markdown(compose_annex(run("car", None), lang="lv"))
    assert "Sabiedriskais transports" in alone and "iziet" not in alone
