from __future__ import annotations

import copy
import re
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from socaccess.documents.sheets import list_sheets
from socaccess.documents.tables import list_tables
from socaccess.errors import InputError, UnknownNameError
from socaccess.i18n import Texts
from socaccess.maps import render_map
from socaccess.maps.payload import build_payload
from socaccess.maps.shares import NO_ROUTE, NO_SUPPLY, as_percent
from socaccess.study import StudyResult
from socaccess.study.release import release, run_released

from .world import SCENARIOS, build_world, list_times, release_world


def decode(steps: list[list[int]]) -> list[np.ndarray]:
    """Undo the differences as the browser does."""
    decoded: list[np.ndarray] = []
    for number, row in enumerate(steps):
        decoded.append(np.cumsum(row) if number == 0 else decoded[-1] + np.array(row))
    return decoded


@pytest.fixture(scope="module")
def payload(world: SimpleNamespace) -> dict[str, Any]:
    return build_payload(release_world(world), lang="en")


def test_every_settlement_is_there_even_without_a_point(
    world: SimpleNamespace, payload: dict[str, Any]
) -> None:
    settlements = payload["settlements"]
    assert sorted(settlements["name"]) == sorted(world.settlements["name"])
    assert len(settlements["x"]) == world.settlements["located"].sum() == len(world.settlements) - 1


def test_points_come_back_within_half_a_unit(
    world: SimpleNamespace, payload: dict[str, Any]
) -> None:
    unit = payload["unit"]
    x = np.cumsum(payload["settlements"]["x"]) * unit
    y = np.cumsum(payload["settlements"]["y"]) * unit
    names = payload["settlements"]["name"]
    points = world.settlements.set_index("name").geometry
    # The origin is a whole number of units, so differences say all.
    west = {round(points[name].x - at) for name, at in zip(names, x, strict=False)}
    south = {round(points[name].y - at) for name, at in zip(names, y, strict=False)}
    assert max(west) - min(west) <= unit
    assert max(south) - min(south) <= unit


def test_minutes_and_nearest_equal_the_table(
    world: SimpleNamespace, payload: dict[str, Any]
) -> None:
    table = world.settlement_coverage.merge(
        world.settlements[["settlement_id", "name"]], on="settlement_id"
    )
    places = payload["places"]
    destinations = places["facilities"]["name"] + [f"new {n}" for n in places["sites"]["name"]]
    facilities = world.facilities.set_index("facility_id")["name"]
    sites = world.sites.set_index("site_id")["name"]
    for number, service in enumerate(payload["services"][: len(payload["cover"])]):
        for scenario, minutes, to in zip(
            SCENARIOS,
            decode(payload["cover"][number]["min"]),
            decode(payload["cover"][number]["to"]),
            strict=True,
        ):
            part = table[(table["service"] == service["id"]) & (table["scenario"] == scenario)]
            rows = part.set_index("name").loc[payload["settlements"]["name"]]
            for row, shown, place in zip(rows.itertuples(), minutes, to, strict=True):
                if np.isnan(row.travel_min):
                    assert shown == (NO_ROUTE if row.status == "unreachable" else NO_SUPPLY)
                    assert place == -1
                    continue
                assert 0 <= shown / 10 - row.travel_min + 1e-6 < 0.1 + 1e-6
                expected = (
                    f"new {sites[row.facility_id]}"
                    if row.facility_id in sites
                    else facilities[row.facility_id]
                )
                assert destinations[place] == expected


def test_shares_equal_the_coverage_table(world: SimpleNamespace, payload: dict[str, Any]) -> None:
    """At the standard limit the map says what the table of coverage says.

    That is of persons where none of their counts is hidden, else of inhabitants.
    """
    released = release_world(world)
    coverage = world.coverage.set_index(["service", "scope", "scenario", "municipality_id"])
    shares = payload["shares"]["share"]
    for number, service in enumerate(payload["services"][: len(payload["cover"])]):
        if not service["known"]:
            assert set(_numbers(shares[number + 1])) == {-1}
            continue
        for scope_number, scope in enumerate(("any", "own")):
            for scenario_number, scenario in enumerate(SCENARIOS):
                shown = shares[number + 1][scope_number][scenario_number][0]
                for at, municipality in enumerate(payload["municipalities"]["id"]):
                    row = coverage.loc[(service["id"], scope, scenario, municipality)]
                    key = pd.DataFrame(
                        {"service": [service["id"]], "municipality_id": [municipality]}
                    )
                    share = row["population_covered"] / row["population"]
                    if released.find_open(key)[0]:
                        share = row["covered_share"]
                    assert shown[at] == as_percent(np.array([share]))[0]
    assert set(payload["shares"]["byPersons"]) <= {0, 1, 2}


def test_region_and_index_equal_the_summary(
    world: SimpleNamespace, payload: dict[str, Any]
) -> None:
    rows = {row["service"]: row for row in world.summary["services"]}
    services = payload["services"][: len(payload["cover"])]
    counted = [s["id"] for s in services if s["promised"] and s["known"]]
    assert counted == [services[i]["id"] for i in payload["shares"]["indexOf"]]
    for scenario_number, scenario in enumerate(SCENARIOS):
        for number, service in enumerate(services):
            if not service["known"]:
                continue
            shown = payload["shares"]["share"][number + 1][0][scenario_number][0][-1]
            share = rows[service["id"]]["covered_share"][scenario]
            assert shown == as_percent(np.array([share]))[0]


def test_index_is_the_mean_of_its_services(world: SimpleNamespace) -> None:
    payload = build_payload(release_world(world, 0), lang="en")
    coverage = world.coverage.set_index(
        ["scope", "scenario", "municipality_id", "service"]
    ).sort_index()
    counted = [payload["services"][i]["id"] for i in payload["shares"]["indexOf"]]
    for scope_number, scope in enumerate(("any", "own")):
        for scenario_number, scenario in enumerate(SCENARIOS):
            shown = payload["shares"]["share"][0][scope_number][scenario_number][0]
            for at, municipality in enumerate(payload["municipalities"]["id"]):
                rows = coverage.loc[(scope, scenario, municipality)].loc[counted]
                expected = as_percent(np.array([rows["covered_share"].mean()]))[0]
                assert abs(shown[at] - expected) <= 1  # a sum in another order may round apart


def test_a_wider_limit_never_uncovers(payload: dict[str, Any]) -> None:
    limits = payload["limits"]
    assert limits == [None, 15, 30, 45, 60]
    share = np.array(payload["shares"]["share"])
    assert (np.diff(share[:, :, :, 1:, :], axis=3) >= 0).all()


def test_another_facility_never_worsens(payload: dict[str, Any]) -> None:
    share = np.array(payload["shares"]["share"])
    now, planned, suggested = (share[:, :, number] for number in range(3))
    assert (planned >= now).all()
    assert (suggested >= now).all()
    own, anyone = share[:, 1], share[:, 0]
    assert (anyone >= own).all()


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        for part in value.values():
            yield from _numbers(part)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part)
    else:
        yield value


def test_no_small_count_of_persons_is_in_the_payload(payload: dict[str, Any]) -> None:
    shown = [*_numbers(payload["persons"]["need"]), *payload["places"]["sites"]["persons"]]
    assert not [n for n in shown if 0 < n < 5]
    assert -2 in shown


def test_lifting_the_threshold_shows_them(world: SimpleNamespace) -> None:
    payload = build_payload(release_world(world, 0), lang="en")
    shown = list(_numbers(payload["persons"]["need"]))
    assert [n for n in shown if 0 < n < 5]
    assert -2 not in shown


def test_large_counts_make_shares_of_persons() -> None:
    world = build_world()
    world.settlement_coverage["persons"] = world.settlement_coverage["population"] * 1.0
    payload = build_payload(release_world(world), lang="en")
    assert set(payload["shares"]["byPersons"]) == {1}


def test_order_of_rows_does_not_matter(world: SimpleNamespace, payload: dict[str, Any]) -> None:
    shuffled = copy.copy(world)
    for number, name in enumerate(
        ("settlements", "facilities", "sites", "settlement_coverage", "municipalities")
    ):
        frame = getattr(world, name)
        setattr(shuffled, name, frame.sample(frac=1, random_state=number))
    assert build_payload(release_world(shuffled), lang="en") == payload


def test_only_the_services_asked_for(world: SimpleNamespace) -> None:
    payload = build_payload(release_world(world), lang="en", services=["service_1"])
    assert [service["id"] for service in payload["services"]] == ["service_1"]
    assert set(payload["places"]["facilities"]["service"]) == {0}
    with pytest.raises(UnknownNameError) as caught:
        build_payload(release_world(world), lang="en", services=["service_1", "nonsense"])
    (problem,) = caught.value.problems
    assert (problem.code, problem.rows) == ("maps.service_not_in_result", ("nonsense",))
    assert caught.value.text("lv").startswith("rezultātā nav šāda pakalpojuma (nonsense;")


def test_what_cannot_be_drawn_is_said_all_at_once(world: SimpleNamespace) -> None:
    broken = copy.copy(world)
    points = world.settlements.geometry.to_list()
    columns = pd.DataFrame(world.settlements.drop(columns="geometry"))
    broken.settlements = gpd.GeoDataFrame(columns, geometry=points)
    broken.municipalities = world.municipalities.iloc[:0]
    with pytest.raises(InputError) as caught:
        build_payload(release_world(broken, 0), lang="en")
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["maps.no_crs", "maps.no_municipality"]
    mixed = copy.copy(world)
    mixed.settlements = world.settlements.to_crs("EPSG:4326")
    with pytest.raises(InputError) as several:
        build_payload(release_world(mixed), lang="en")
    assert [problem.code for problem in several.value.problems] == ["maps.several_crs"]


def test_a_region_without_any_facility_has_no_coverage(world: SimpleNamespace) -> None:
    bare = copy.copy(world)
    bare.facilities = world.facilities.iloc[:0]
    bare.sites = world.sites.iloc[:0]
    bare.service_types = world.service_types.assign(supply_known=False)
    coverage = world.settlement_coverage.copy()
    coverage[["travel_min", "own_travel_min"]] = np.nan
    coverage[["facility_id", "own_facility_id"]] = None
    coverage[["status", "own_status"]] = "gap"
    bare.settlement_coverage = coverage
    bare.times = list_times(coverage, world.settlements, world.service_types["service"].tolist())
    bare.summary = world.summary | {"counted_services": []}
    payload = build_payload(release_world(bare), lang="lv")
    assert payload["shares"]["indexOf"] == []
    assert set(_numbers(payload["shares"]["share"][1:])) == {0}
    assert payload["places"]["x"] == []


@pytest.fixture(scope="module")
def latgale_payload(latgale: Any) -> dict[str, Any]:
    return build_payload(release(latgale), lang="lv")


def test_shares_and_their_ranges_equal_the_tables(
    latgale: Any, latgale_payload: dict[str, Any]
) -> None:
    payload, shares = latgale_payload, latgale_payload["shares"]
    table = list_tables(release(latgale))["coverage"].set_index(
        ["service", "scope", "scenario", "municipality_id"]
    )
    for number, service in enumerate(payload["services"][: len(payload["cover"])]):
        for scenario_number, scenario in enumerate(SCENARIOS):
            for at, municipality in enumerate(payload["municipalities"]["id"]):
                row = table.loc[(service["id"], "any", scenario, municipality)]
                for shown, column in (
                    (shares["share"][number + 1][0][scenario_number][0][at], "covered_share"),
                    (shares["low"][number][scenario_number][at], "covered_share_low"),
                    (shares["high"][number][scenario_number][at], "covered_share_high"),
                ):
                    share = row[column]
                    # The table has its own rounding before ours.
                    assert (shown == -1) == bool(np.isnan(share))
                    assert shown == -1 or abs(shown - 100 * share) <= 1.01


def test_some_of_a_settlement_is_what_its_points_say(
    latgale: Any, latgale_payload: dict[str, Any]
) -> None:
    payload = latgale_payload
    ids = latgale.settlements.set_index("settlement_id")["name"]
    table = latgale.settlement_coverage
    names = payload["settlements"]["name"]
    for number, service in enumerate(payload["services"][: len(payload["cover"])]):
        steps, percent = payload["shares"]["partly"][number][0][0][0]
        part = table[(table["service"] == service["id"]) & (table["scenario"] == "now")]
        some = part[(part["covered_share"] > 0) & (part["covered_share"] < 1)]
        expected = dict(zip(some["settlement_id"].map(ids), some["covered_share"], strict=True))
        found = {names[at]: n for at, n in zip(np.cumsum(steps), percent, strict=True)}
        assert found.keys() >= expected.keys()
        for name, share in expected.items():
            assert abs(found[name] - 100 * share) <= 1.01


def test_what_vulnerable_people_use_is_shown_at_its_settlement(
    latgale: Any, latgale_payload: dict[str, Any]
) -> None:
    payload = latgale_payload
    types = latgale.study.service_types.set_index("service")["show_at"]
    sheltered = {name for name, where in types.items() if where == "settlement"}
    places, unit = payload["places"], payload["unit"]
    facilities = places["facilities"]
    codes = [service["id"] for service in payload["services"]]
    x = np.cumsum(places["x"]) * unit
    y = np.cumsum(places["y"]) * unit
    centres = np.column_stack(
        [
            np.cumsum(payload["settlements"]["x"]) * unit,
            np.cumsum(payload["settlements"]["y"]) * unit,
        ]
    )
    seen = 0
    for number, service in enumerate(facilities["service"]):
        if codes[service] not in sheltered or facilities["home"][number] < 0:
            continue
        seen += 1
        at = (x[facilities["place"][number]], y[facilities["place"][number]])
        assert np.hypot(*(centres - at).T).min() == 0
        assert facilities["precision"][number] == "shown_at_settlement"
        assert facilities["address"][number] in ("", facilities["settlement"][number])
        # Names carry streets too: "Grupu dzīvokļi Rīgas ielā 159".
        assert re.search(r"(iel|alej|ceļ)\w\w? \d", facilities["name"][number]) is None
    assert seen > 0


@pytest.mark.parametrize("lang", ["lv", "en"])
def test_what_the_suggested_come_on_top_of_is_said_as_it_is(
    latgale: StudyResult, lang: str
) -> None:
    """Suggestions stand beside what is planned; sites of one's own beside what is there."""
    study, texts = latgale.study, Texts(lang)
    plan = latgale.suggest("respite_grt", sites=1, limit_min=45)
    own = run_released(study, answer=("respite_grt", plan))
    for released, beside in ((latgale.released, "planned"), (own, "now")):
        result = released.result
        assert result.suggested_beside == beside

        def list_ids(service: str, scenario: str, times: Any = result.times) -> set[str]:
            return set(times.supply[times.row(service, scenario)]["facility_id"])

        services = study.assessed_types["service"].tolist()
        assert all(list_ids(one, beside) <= list_ids(one, "suggested") for one in services)
        assert texts(f"map.about_suggested_{beside}") in render_map(released, lang=lang)
        note = texts(f"tables.notes.suggested_{beside}_text")
        assert note in list_sheets(released, texts)["notes"].to_string(max_colwidth=None)
