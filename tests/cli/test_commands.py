"""The commands as a person runs them: what they print, write and answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pandas as pd
import pytest

from socaccess.outputs import FILES
from socaccess.study import Study
from tests.commands import Outcome, run_command


def start(*words: str) -> subprocess.CompletedProcess:
    """Run `socaccess` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from socaccess.cli import main; main()", *words],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )


def call(*words: str, cwd: Path | None = None) -> Outcome:
    with chdir(cwd or Path.cwd()):
        return run_command(*words)


@pytest.fixture(scope="module")
def latgale_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    answer = start("run", "latgale", "--out", str(folder / "a"), "--lang", "en", "--json")
    assert answer.returncode == 0, answer.stderr
    return folder, answer


def test_run_writes_everything_and_says_so(latgale_run):
    folder, answer = latgale_run
    assert sorted(path.name for path in (folder / "a").iterdir()) == sorted(FILES)
    for name in FILES:
        assert f"wrote {folder / 'a' / name}" in answer.stderr


def test_headline_is_the_same_everywhere(latgale_run):
    folder, answer = latgale_run
    printed = json.loads(answer.stdout)
    record = json.loads((folder / "a" / "study.json").read_text())
    assert printed == record["headline"]
    # Latgale of today; the plan's 21 municipalities are asked for by --view plan.
    assert (printed["municipalities"], printed["borders_year"]) == (9, 2025)
    assert set(printed["counted_services"]).isdisjoint(printed["no_data"])


def test_record_names_inputs_by_hash_and_versions(latgale_run):
    folder, _ = latgale_run
    record = json.loads((folder / "a" / "study.json").read_text())
    assert {item["file"] for item in record["inputs"]} >= {"data/services/facilities.csv"}
    assert all(len(item["sha256"]) == 64 for item in record["inputs"])
    assert record["versions"]["socaccess"] not in ("", "not installed")
    assert record["parameters"]["links"]["detour"] == 1.3


def test_two_runs_give_identical_bytes(latgale_run):
    folder, _ = latgale_run
    again = call("run", "latgale", "--out", str(folder / "b"), "--lang", "en", "--json")
    assert again.exit_code == 0
    for name in FILES:
        assert (folder / "a" / name).read_bytes() == (folder / "b" / name).read_bytes(), name


def test_no_small_count_of_persons_leaves(latgale_run):
    folder, _ = latgale_run
    for name, columns in (("coverage", ["persons", "covered"]), ("gaps", ["persons"])):
        table = pd.read_csv(folder / "a" / f"{name}.csv")
        for column in columns:
            shown = pd.to_numeric(table[column], errors="coerce").dropna()
            assert not ((shown > 0) & (shown < 5)).any(), (name, column)
    assert (pd.read_csv(folder / "a" / "gaps.csv")["persons"].astype(str) == "<5").any()


def test_check_answers_no_with_three():
    answer = call("check", "Ludzas novads", "--lang", "en", "--json")
    assert answer.exit_code == 3
    told = json.loads(answer.stdout)
    assert told["municipality"] == "Ludzas novads"
    assert "respite_grt" in told["failed"]
    unknown = [row for row in told["services"] if not row["supply_known"]]
    assert {row["service"] for row in unknown} == set(told["no_data"])
    assert unknown and all(row["now"] is None for row in unknown)


def test_check_answers_yes_with_zero():
    answer = call("check", "Ludzas novads", "--min-share", "0", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["met"] is True


def test_check_in_latvian_prints_names_and_numbers_with_comma():
    answer = call("check", "ciblas", "--lang", "lv")
    assert "Ludzas novads" in answer.stdout
    assert re.search(r"\d+\s%", answer.stdout)
    assert "100%" not in answer.stdout


@pytest.mark.parametrize("own", [False, True])
def test_check_names_places_with_minutes_beyond_the_limit_or_shares_within_it(own):
    words = ("check", "Ludzas novads", "--lang", "lv", *(["--own"] if own else []))
    told = call(*words).stdout
    services = json.loads(call(*words, "--json").stdout)["services"]
    names = Study.load("latgale").name_services("lv")
    limits = {names[row["service"]]: row["limit_min"] for row in services}
    found = re.findall(r"^(.+): (daļēji )?ārpus robežlaika ir (.+) \((?:minūtes|cik)", told, re.M)
    assert found
    told_of = []
    for alike, partly, places in found:
        told_of += [(name, partly) for name in alike.split("; ")]
        for value, sign in re.findall(r"\((\d+)(\s%)?\)", places):
            assert bool(sign) == bool(partly)
            if partly:
                assert 0 < int(value) < 100
            else:
                assert all(int(value) >= limits[name] for name in alike.split("; "))
        assert len(re.findall(r"\(", places)) <= 8
    assert len(told_of) == len(set(told_of))
    assert any("; " in alike for alike, _, _ in found)  # what is the same is said once


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "latgalle"), 1, "did you mean latgale?"),
        (("check", "Ludzs novads"), 1, "did you mean Ludzas novads"),
        (
            ("check", "Aglonas novads"),
            1,
            "between Krāslavas novads, Preiļu novads; say which",
        ),
        (
            ("site", "latgale", "--service", "group_hom"),
            1,
            "one of: group_home, group_act?",
        ),
        (("validate", "nowhere.csv"), 1, "there is no such file"),
        (("run",), 2, "REGION: is missing"),
        (("fly",), 2, "no command 'fly'"),
        (("run", "latgale", "--view", "mine"), 2, "--view: value is none of the choices"),
    ],
)
def test_errors_are_one_line_with_the_right_code(words, code, said, tmp_path):
    answer = call(*words, "--lang", "en", cwd=tmp_path)
    assert answer.exit_code == code, answer.stderr
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    if code == 1:
        assert len(answer.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_trace():
    answer = start("run", "latgalle", "--debug")
    assert answer.returncode == 1
    assert "Traceback" in answer.stderr


def test_run_into_a_folder_that_is_a_file_leaves_it(tmp_path):
    (tmp_path / "taken").write_text("mine")
    answer = call("run", "latgale", "--out", str(tmp_path / "taken"))
    assert answer.exit_code == 1
    assert len(answer.stderr.strip().splitlines()) == 1
    assert (tmp_path / "taken").read_text() == "mine"


def test_validate_tells_good_from_bad(tmp_path):
    good = tmp_path / "good.csv"
    good.write_text("facility_id,name,service,status,lon,lat\na,A,dac_grt,operating,27.7,56.5\n")
    answer = call("validate", str(good), "--lang", "lv")
    assert answer.exit_code == 0
    assert "1 rinda" in answer.stdout
    bad = tmp_path / "bad.csv"
    bad.write_text("facility_id,name,service,status,lon,lat\na,A,nothing,gone,27.7,56.5\n")
    answer = call("validate", str(bad))
    assert answer.exit_code == 1
    assert len(answer.stderr.strip().splitlines()) == 2
    told = json.loads(call("validate", str(bad), "--json").stdout)
    assert told["valid"] is False
    assert len(told["problems"]) == 2


@pytest.mark.parametrize("objective", ["mclp", "p_median", "p_center"])
def test_site_gives_sites_with_a_certificate(objective):
    words = ("site", "latgale", "--service", "group-home", "--limit", "30", "--json")
    answer = call(*words, "--objective", objective)
    assert answer.exit_code == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert len(told["sites"]) == 3
    assert told["certificate"]["status"] == "optimal"
    assert told["certificate"]["gap"] < 1e-6


def test_site_writes_tables_layer_and_map_and_hides_small_counts(tmp_path):
    words = ("site", "latgale", "--service", "dac_grt", "--sites", "3", "--why", "--lang", "en")
    answer = call(*words, "--out", str(tmp_path))
    assert answer.exit_code == 0, answer.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "map.html",
        "plan.json",
        "sites.csv",
        "sites.gpkg",
    ]
    table = pd.read_csv(tmp_path / "sites.csv")
    assert table["rank"].tolist() == [1, 2, 3]
    assert "runner-up" in answer.stdout
    assert (table["gain_persons"].astype(str) == "<5").any()


def test_site_suggests_what_helps_enough_and_verify_finds_what_was_changed(tmp_path):
    words = ("site", "latgale", "--service", "respite_grt", "--lang", "en", "--out", str(tmp_path))
    answer = call(*words)
    assert answer.exit_code == 0, answer.stderr
    assert "the least travel" in answer.stdout
    table = pd.read_csv(tmp_path / "sites.csv")
    assert table["name"].iloc[0] == "Rēzekne"
    assert (table["gain_persons"] >= table["min_clients"]).all()
    plan = tmp_path / "plan.json"
    checked = call("site", "verify", str(plan), "--json")
    assert checked.exit_code == 0, checked.stderr
    assert json.loads(checked.stdout)["same"]
    text = json.loads(plan.read_text(encoding="utf-8"))
    text["plan"]["objective"] += 1
    plan.write_text(json.dumps(text), encoding="utf-8")
    assert call("site", "verify", str(plan)).exit_code == 3


def test_site_that_cannot_be_says_why_with_three():
    words = ("site", "latgale", "--service", "dac_ft", "--sites", "1", "--floor", "0.9", "--json")
    answer = call(*words)
    assert answer.exit_code == 3
    told = json.loads(answer.stdout)
    assert told["certificate"]["status"] == "infeasible"
    assert "floor_share" in told["conflict"]
    assert told["relaxations"]


def test_site_takes_a_problem_file(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('limit_min = 30\nrequired = ["Dagda"]\n', encoding="utf-8")
    words = ("site", "latgale", "--service", "group_home", "--problem", str(file), "--json")
    told = json.loads(call(*words).stdout)
    assert "Dagda" in {site["name"] for site in told["sites"]}
    file.write_text("colour = 1\n", encoding="utf-8")
    answer = call(*words)
    assert answer.exit_code == 1
    assert "nezināms nosacījums (colour; kopā 1)" in answer.stderr


def test_data_is_whole():
    assert call("data", "verify").exit_code == 0
    told = json.loads(call("data", "list", "--json", "--lang", "en").stdout)
    assert any("OpenStreetMap" in line for line in told["attribution"])


def test_settings_file_changes_the_limits(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[limits_min]\ndac_grt = 15\n")
    words = ("check", "Ludzas novads", "--json")
    usual = json.loads(call(*words).stdout)
    strict = json.loads(call(*words, "--settings", str(file)).stdout)
    share = {  # share of people with day care near enough
        name: next(s["now"] for s in told["services"] if s["service"] == "dac_grt")
        for name, told in (("usual", usual), ("strict", strict))
    }
    assert share["strict"] < share["usual"]
    file.write_text("limit = 3\n")
    answer = call(*words, "--settings", str(file))
    assert answer.exit_code == 1
    assert "limit nav zināms; vai domājāt limits_min?" in answer.stderr


def test_sites_by_places_per_person_are_written_and_verified(tmp_path):
    asked = [
        "site",
        "latgale",
        "--service",
        "dac_ft",
        "--sites",
        "1",
        "--objective",
        "worst_access",
    ]
    answer = call(*asked, "--out", str(tmp_path / "out"), "--lang", "en")
    assert answer.exit_code == 0, answer.stderr
    assert "proved optimal" in answer.stdout
    assert "number of places is unknown" in answer.stdout
    plan = json.loads((tmp_path / "out" / "plan.json").read_text("utf-8"))
    assert plan["problem"]["max_places"] > 0
    assert call("site", "verify", str(tmp_path / "out" / "plan.json")).exit_code == 0
    plan["plan"]["objective"] *= 1.1
    (tmp_path / "worse.json").write_text(json.dumps(plan))
    assert call("site", "verify", str(tmp_path / "worse.json")).exit_code == 3
