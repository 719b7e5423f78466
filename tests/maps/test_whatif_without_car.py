"""What if, for those who have no car: by hand, and the page as Python.

The bus of `tests/transit/test_study.py`: a is at the day centre of B in 15 minutes and home again,
c in 40; d gets there but not home, e has no stop. Of 25 persons 14 live in a and b, 3 in c, 2 in d,
5 in e.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.maps import save_map
from socaccess.study import Study
from socaccess.study.release import Release, run_released
from socaccess.study.scenario import Change, Scenario
from socaccess.study.scenario_answer import answer_scenario
from socaccess.study.without_car import open_without_car
from tests.small_worlds import two_municipalities
from tests.transit.random_feeds import write_feed
from tests.transit.test_study import SETTINGS, make_bus

from .test_whatif import write_scenario


@pytest.fixture(scope="module", params=["both", "transit"])
def by_bus(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Release:
    feed = write_feed(make_bus(), tmp_path_factory.mktemp("bus") / "bus.zip")
    study = Study(**two_municipalities(), settings=SETTINGS, mode=request.param, feed=feed)
    return run_released(study, allow_small_counts=True)


def ask(released: Release, *changes: Change, limit: int | None = None) -> Scenario:
    study = released.result.study
    return Scenario(study.name, study.view, limit, "", changes)


def answer_day_centre(released: Release, *changes: Change, limit: int | None = None) -> Any:
    answer = answer_scenario(released, ask(released, *changes, limit=limit))
    (row,) = answer.services.to_dict("records")
    return row, answer.settlements.set_index("settlement_id")


def test_a_day_centre_at_the_end_of_the_line(by_bus: Release) -> None:
    """At D only d itself is won: nobody rides that way in the morning and home again."""
    row, settlements = answer_day_centre(by_bus, Change("add", "dac", "d"))
    assert (row["without_car_percent_before"], row["without_car_percent_after"]) == (56, 64)
    assert (row["same_day_percent_before"], row["same_day_percent_after"]) == (68, 76)
    assert (row["same_day_gained"], row["same_day_lost"]) == (2, 0)
    times = settlements[["without_car_before", "without_car_after"]]
    assert [None if pd.isna(one) else one for one in times.loc["d"]] == [None, 0]
    assert times.loc["c"].tolist() == [40, 40]
    assert times.loc["e"].isna().all()


def test_closing_the_only_one_leaves_nobody(by_bus: Release) -> None:
    (facility,) = by_bus.result.reach.list_supply("dac")["facility_id"]
    row, settlements = answer_day_centre(by_bus, Change("close", "", facility), limit=60)
    assert (row["without_car_percent_before"], row["without_car_percent_after"]) == (68, 0)
    assert (row["same_day_gained"], row["same_day_lost"]) == (0, 17)
    assert settlements["without_car_after"].isna().all()


def test_what_now_means_is_what_the_tables_say(by_bus: Release) -> None:
    services = open_without_car(by_bus).summarise()["services"]
    (told,) = (row for row in services if row["service"] == "dac")
    row, _ = answer_day_centre(by_bus, Change("add", "dac", "d"))
    assert row["same_day_percent_before"] == round(100 * told["same_day_share"]["now"])
    assert row["without_car_percent_before"] == round(100 * told["covered_share"]["now"])


def test_providers_drive(by_bus: Release) -> None:
    answer = answer_scenario(by_bus, ask(by_bus, Change("add", "care", "e")))
    assert not {name for name in answer.services if "car_" in name or "day" in name}


def list_scenarios(released: Release) -> Iterator[Scenario]:
    names = "abcde"
    (facility,) = released.result.reach.list_supply("dac")["facility_id"]
    adds = [Change("add", "dac", name) for name in names]
    for count in range(3):
        for some in itertools.combinations(adds, count):
            for closed in ((), (Change("close", "", facility),)):
                if some or closed:
                    for limit in (None, 15, 40, 60):
                        yield ask(released, *closed, *some, limit=limit)


@pytest.mark.browser
def test_the_page_answers_as_python_does(open_page: Any, by_bus: Release, tmp_path: Path) -> None:
    page = open_page(save_map(by_bus, tmp_path / "map.html", lang="lv"))
    scenarios = list(list_scenarios(by_bus))
    found = page.evaluate(
        """(texts) => texts.map((text) => {
          const { scenario, whatif, data } = socaccess;
          scenario.fromFile(text);
          const at = data.services.findIndex(({ id }) => id === "dac");
          const limit = whatif.limitOf(at, JSON.parse(text).limit_min ?? 0);
          const { before, after, ...rest } = whatif.withoutCar(at, scenario.changes, limit);
          const minutes = [before, after].map((one) => whatif.settlementMinutes(one));
          const { settlement } = data.whatif;
          return { ...rest, minutes: Object.fromEntries(settlement.map(
            (id, i) => [id, minutes.map((one) => one[i])])) };
        })""",
        [write_scenario(one) for one in scenarios],
    )
    names = {
        "percentBefore": "without_car_percent_before",
        "percentAfter": "without_car_percent_after",
        "sameDayBefore": "same_day_percent_before",
        "sameDayAfter": "same_day_percent_after",
        "gained": "same_day_gained",
        "lost": "same_day_lost",
    }
    gains = 0
    for scenario, one in zip(scenarios, found, strict=True):
        answer = answer_scenario(by_bus, scenario)
        (row,) = answer.services.to_dict("records")
        assert {name: one[name] for name in names} == {
            name: row[column] for name, column in names.items()
        }, scenario
        times = answer.settlements.set_index("settlement_id")
        times = times[["without_car_before", "without_car_after"]].astype(float)
        assert one["minutes"] == {
            name: [-1 if np.isnan(value) else value for value in row]
            for name, row in zip(times.index, times.to_numpy(), strict=True)
        }, scenario
        gains += row["same_day_gained"] != 0
    assert gains > 10


@pytest.mark.browser
def test_a_pin_shows_both(open_page: Any, by_bus: Release, tmp_path: Path) -> None:
    page = open_page(save_map(by_bus, tmp_path / "map.html", lang="lv"))
    page.evaluate("location.hash = 'service=dac&changes=add:dac:d'")
    page.wait_for_selector("#whatif-without-car")
    assert page.inner_text("#whatif-without-car").replace("\xa0", " ") == (
        "Bez automašīnas: 20 min robežlaikā 56 % → 64 %; turp un tajā pašā dienā mājās "
        "68 % → 76 % (papildus +2, vairs ne 0)."
    )
    page.click("#whatif-settlements summary")
    page.wait_for_selector("#whatif-settlement-heads th")
    heads = page.locator("#whatif-settlement-heads th").all_inner_texts()
    assert heads == ["Apdzīvota vieta", "Tagad", "Pēc izmaiņām", "Tagad, bez automašīnas",
                     "Pēc izmaiņām, bez automašīnas"]  # fmt: skip
    rows = page.locator("#whatif-settlement-rows tr").all_inner_texts()
    assert any(row.split("\t")[-2:] == ["virs 253", "0"] for row in rows)
    assert page.messages == []


def test_the_command_says_it_in_a_sentence(tmp_path: Path) -> None:
    """No stop of this bus is near Latgale: whoever is won lives within a walk."""
    feed = write_feed(make_bus(), tmp_path / "bus.zip")
    change = Change("add", "respite_grt", "0210000")
    (tmp_path / "s.json").write_text(
        write_scenario(Scenario("latgale", "today", None, "", (change,))), encoding="utf-8"
    )
    words = ["run", "latgale", "--scenario", str(tmp_path / "s.json")]
    answer = CliRunner().invoke(app, [*words, "--feed", str(feed), "--mode", "both"])
    assert answer.exit_code == 0, answer.stderr
    (line,) = (one for one in answer.stdout.splitlines() if one.startswith("Bez automašīnas"))
    shares = [int(one) for one in re.findall(r"(\d+) %", line)]
    # On foot one is there and home at once: both shares are the same, and grow.
    assert shares[:2] == shares[2:] and shares[0] < shares[1] < 50
