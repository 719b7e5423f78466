"""What if: the page and Python give the same answers, to the person and the minute."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from socaccess.errors import InputError
from socaccess.maps.payload import build_payload
from socaccess.study import StudyResult
from socaccess.study.release import Release
from socaccess.study.scenario import FORMAT, Change, Scenario, read_scenario
from socaccess.study.scenario_answer import answer_scenario
from socaccess.study.scenario_tables import ScenarioTables, build_scenario_tables
from socaccess.travel.minutes import to_limit_ms

SCENARIOS = int(os.environ.get("SOCACCESS_SCENARIOS", "150"))
LIMITS = (None, 15, 30, 45, 60)

ANSWERS = """(texts) => texts.map((text) => {
  const { scenario, whatif, data } = socaccess;
  const wrong = scenario.fromFile(text);
  if (wrong) return wrong;
  const limit = JSON.parse(text).limit_min ?? 0;
  const shown = (one) => one === null ? null
    : one.below ? `<${one.below}` : one.above ? `>${one.above}` : one;
  const services = [...new Set(scenario.changes.map(({ service }) => service))];
  return services.map((service) => {
    const answer = whatif.answer(service, scenario.changes, limit);
    const minutes = [answer.before, answer.after].map((one) => whatif.settlementMinutes(one));
    return {
      service: data.services[service].id, limit_min: answer.limit, people: shown(answer.people),
      within_before: shown(answer.withinBefore), within_after: shown(answer.withinAfter),
      percent_before: answer.percentBefore, percent_after: answer.percentAfter,
      gained: answer.gained.map(shown), lost: answer.lost.map(shown),
      municipalities: answer.municipalities.map(({ id, before, after, gained, lost }) =>
        [data.municipalities.id[id], before, after, shown(gained), shown(lost)]),
      settlements: data.whatif.settlement.map((id, i) => [id, ...minutes.map((one) => one[i])]),
    };
  });
})"""


@pytest.fixture(scope="module")
def released(latgale: StudyResult) -> Release:
    return latgale.released


@pytest.fixture(scope="module")
def tables(released: Release) -> ScenarioTables:
    return build_scenario_tables(released)


@pytest.fixture(scope="module")
def whatif_path(latgale_page: Path) -> Path:
    return latgale_page


def invent_scenarios(released: Release, tables: ScenarioTables, count: int) -> list[Scenario]:
    """Return random scenarios of one to four changes of all kinds."""
    rng = np.random.default_rng(16)
    study = released.result.study
    services = sorted(study.assessed_types["service"])
    settlements = study.settlements["settlement_id"].tolist()
    # A home whose place is not shown can be neither opened nor closed in the page.
    shown = released.result.facilities
    shown = set(shown.loc[shown["located"].astype(bool), "facility_id"])
    operating = {s: sorted(set(tables.supply[s, "now"]["facility_id"]) & shown) for s in services}
    planned = {
        s: sorted((set(tables.supply[s, "planned"]["facility_id"]) & shown) - set(operating[s]))
        for s in services
    }

    def invent() -> Change:
        service = str(rng.choice(services))
        kind = str(rng.choice(["add", "add", "close", "open"]))
        known = {"close": operating, "open": planned}.get(kind, {}).get(service)
        if not known:
            return Change("add", service, str(rng.choice(settlements)))
        return Change(kind, "", str(rng.choice(known)))

    return [
        Scenario(study.name, study.view, LIMITS[rng.integers(len(LIMITS))], tables.data,
                 tuple(invent() for _ in range(rng.integers(1, 5))))
        for _ in range(count)
    ]  # fmt: skip


def write_scenario(scenario: Scenario) -> str:
    names = {"add": "settlement_id"}
    changes = [
        {"change": one.kind, names.get(one.kind, "facility_id"): one.place_id}
        | ({"service": one.service} if one.service else {})
        for one in scenario.changes
    ]
    return json.dumps(
        {"format": FORMAT, "study": scenario.study, "view": scenario.view,
         "limit_min": scenario.limit_min, "data": scenario.data, "changes": changes}
    )  # fmt: skip


def test_page_and_python_agree_on_random_scenarios(
    open_page: Any, whatif_path: Path, released: Release, tables: ScenarioTables
) -> None:
    scenarios = invent_scenarios(released, tables, SCENARIOS)
    found = open_page(whatif_path).evaluate(ANSWERS, [write_scenario(one) for one in scenarios])
    services = released.result.study.assessed_types["service"].tolist()
    gains = losses = 0
    for scenario, page in zip(scenarios, found, strict=True):
        answer = answer_scenario(released, scenario, tables)
        assert isinstance(page, list), (page, scenario)
        page.sort(key=lambda one: services.index(one["service"]))
        assert [one["service"] for one in page] == answer.services["service"].tolist()
        for one, row in zip(page, answer.services.to_dict("records"), strict=True):
            for name in ("limit_min", "people", "within_before", "within_after",
                         "percent_before", "percent_after"):  # fmt: skip
                assert one[name] == row[name], (name, scenario)
            for name in ("gained", "lost"):
                assert one[name] == [row[f"{name}{end}"] for end in ("", "_low", "_high")]
            gains, losses = gains + (one["gained"][0] != 0), losses + (one["lost"][0] != 0)
            mine = answer.municipalities[answer.municipalities["service"] == one["service"]]
            expected = mine.drop(columns=["service", "municipality"]).to_numpy().tolist()
            assert sorted(one["municipalities"]) == sorted(expected), scenario
            mine = answer.settlements[answer.settlements["service"] == one["service"]]
            minutes = {
                row.settlement_id: tuple(-1 if value is None or value != value else value
                                         for value in (row.minutes_before, row.minutes_after))
                for row in mine.itertuples()
            }  # fmt: skip
            assert {name: (a, b) for name, a, b in one["settlements"]} == minutes
    # Scenarios that change nothing would agree too.
    assert gains > SCENARIOS / 5 and losses > SCENARIOS / 20


def test_now_is_what_the_study_says(released: Release, tables: ScenarioTables) -> None:
    """Whole minutes and whole weights lose nothing against milliseconds and decimals."""
    result, study = released.result, released.result.study
    times = result.times
    cover = result.settlement_coverage
    for service in study.assessed_types.itertuples():
        exact = times.travel_ms[times.row(service.service, "now")]
        rows = tables.supply[service.service, "now"]["row"].to_numpy(int)
        minutes = tables.minutes["client"][rows].min(axis=0) if len(rows) else np.full(1, 255)
        near = exact <= to_limit_ms(service.limit_min)
        assert (np.broadcast_to(minutes <= service.limit_min, near.shape) == near).all()
        persons = cover[(cover["service"] == service.service) & (cover["scenario"] == "now")]
        wanted = persons.set_index("settlement_id")["persons"].reindex(
            study.settlements["settlement_id"]
        )
        if service.target_group not in tables.need:
            assert wanted.isna().all()
            continue
        weight = tables.weigh(service.target_group) / tables.unit_of(persons=True)
        by_hand = (wanted.to_numpy()[times.home] * times.share)[near].sum()
        assert weight[near].sum() == pytest.approx(by_hand, abs=0.02)


def test_the_best_next_place_is_the_best(
    open_page: Any, whatif_path: Path, released: Release, tables: ScenarioTables
) -> None:
    study = released.result.study
    service = "respite_grt"
    best = open_page(whatif_path).evaluate(
        "(id) => { const { whatif, data } = socaccess;"
        " const found = whatif.best(data.services.findIndex((s) => s.id === id), []);"
        " return [data.whatif.settlement[found.settlement],"
        "  ...found.equals.map((i) => data.whatif.settlement[i])]; }",
        service,
    )
    gains = pd.Series(
        {
            place: answer_scenario(
                released,
                Scenario(study.name, study.view, None, "", (Change("add", service, place),)),
                tables,
            )
            .services["gained"]
            .iloc[0]
            for place in study.settlements["settlement_id"]
        }
    )
    gains = gains.map(lambda one: 0 if isinstance(one, str) else one)
    assert set(best) == set(gains.index[gains >= 0.9 * gains.max()])
    kind = study.settlements.set_index("settlement_id")["kind"]
    rank = kind.map({"city": 0, "town": 1}).fillna(2)
    assert rank[best[0]] == rank[best].min()


def test_weights_are_those_of_the_release(released: Release, tables: ScenarioTables) -> None:
    """What the page weighs with is what may be shown, and estimates made of it."""
    for group, units in tables.need.items():
        estimate = np.nan_to_num(released.protections[group].estimate)
        assert np.abs(units / 10_000 - estimate).max() <= 0.5 / 10_000
    packed = json.dumps(build_payload(released, lang="lv")["whatif"])
    assert "persons" not in packed


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[]", "study.scenario_not_ours"),
        ("{", "study.scenario_unreadable"),
        (json.dumps({"format": FORMAT, "changes": []}), "study.scenario_changes"),
        (json.dumps({"format": FORMAT, "limit_min": 7.5, "changes": [{"change": "close"}]}),
         "study.scenario_limit study.scenario_change"),
    ],
)  # fmt: skip
def test_wrong_files_are_told_at_once(content: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_scenario(tmp_path / "s.json")
    assert [problem.code for problem in caught.value.problems] == code.split()


def test_a_scenario_of_another_study_is_refused(released: Release) -> None:
    change = Change("close", "", "nowhere")
    with pytest.raises(InputError) as caught:
        Scenario("kurzeme", "today", None, "", (change,)).check(released.result.study)
    assert [p.code for p in caught.value.problems] == ["study.scenario_of_another"]
    with pytest.raises(InputError) as caught:
        Scenario("latgale", "plan", None, "", (change,)).check(released.result.study)
    assert [p.code for p in caught.value.problems] == ["study.scenario_unknown"]
