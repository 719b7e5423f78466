"""The script for those who ask in Python gives the figures of the commands it names."""

from __future__ import annotations

import ast
import json
import re
import runpy
import shlex
from pathlib import Path

import pandas as pd
import pytest

from socaccess.encoding import to_plain
from tests.commands import run_command

SCRIPT = Path(__file__).resolve().parents[2] / "notebooks" / "plan.py"
COMMAND = re.compile(r"^# socaccess (.+(?:\n#     .+)*)", re.M)


@pytest.fixture(scope="module")
def values():
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def answers():
    found = {}
    for text in COMMAND.findall(SCRIPT.read_text(encoding="utf-8")):
        words = shlex.split(text.replace("\n#", " "))
        outcome = run_command(*words, "--json", lang="en")
        assert outcome.exit_code == 0, outcome.stderr
        found[words[1] if words[0] == "plan" else words[0]] = json.loads(outcome.stdout)
    return found


def list_rows(frame: pd.DataFrame) -> list[dict]:
    return json.loads(json.dumps(to_plain(frame)))


def test_it_is_short_and_imports_one_thing():
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    imports = [ast.unparse(node) for node in ast.walk(ast.parse(text))
               if isinstance(node, (ast.Import, ast.ImportFrom))]  # fmt: skip
    assert imports == ["import socaccess as sa"]


def test_every_part_names_its_command(answers):
    assert sorted(answers) == ["budget", "cooperation", "eraf", "site"]


def test_budget(values, answers):
    budget, answer = values["budget"], answers["budget"]
    assert str(budget.total) == answer["total"]
    assert list_rows(budget.by_payer) == answer["by_year_and_payer"]
    assert {row["payer"] for row in answer["by_year_and_payer"] if row["year"] == 2027} == {
        "municipality"}  # fmt: skip


def test_cooperation(values, answers):
    shared, answer = values["shared"], answers["cooperation"]
    assert list_rows(shared.balance) == answer["balance"]
    assert list_rows(shared.flows) == answer["flows"]
    assert list_rows(shared.joint) == answer["joint"]
    assert shared.site == answer["site"]


def test_eraf(values, answers):
    check, answer = values["object_check"], answers["eraf"]
    assert (check.answer, check.verdict.site) == (answer["answer"], answer["site"])
    assert [f.check for f in check.verdict.findings] == [f["check"] for f in answer["findings"]]
    assert list_rows(check.effect) == answer["effect"]


def test_sites(values, answers):
    plan, sites, answer = values["plan"], values["sites"], answers["site"]
    assert plan.status == answer["certificate"]["status"] == "optimal"
    assert plan.objective == pytest.approx(answer["certificate"]["objective"])
    columns = ["rank", "name"]
    assert list_rows(sites[columns]) == [{c: row[c] for c in columns} for row in answer["sites"]]
    for own, printed in zip(sites["gain_persons"], answer["sites"], strict=True):
        assert own == printed["gain_persons"] or own == pytest.approx(
            printed["gain_persons"], abs=1
        )
