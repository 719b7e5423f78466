"""What siting says stands in both catalogues and nowhere in the code."""

from __future__ import annotations

import copy
import json
import pickle
import re
from importlib import resources
from pathlib import Path

import pytest

import socaccess.siting
from socaccess.errors import InputError
from socaccess.messages import Message
from socaccess.siting import SitingProblem
from socaccess.siting.options import CONDITIONS

CODE = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(Path(socaccess.siting.__file__).parent.glob("*.py"))
)


def read_section(lang):
    file = resources.files("socaccess") / "locale" / lang / "errors.json"
    return json.loads(file.read_text(encoding="utf-8"))["siting"]


@pytest.mark.parametrize("lang", ["lv", "en"])
def test_every_code_is_in_the_catalogue_and_every_entry_is_used(lang):
    used = set(re.findall(r'"siting\.(\w+)"', CODE))
    assert used == set(read_section(lang))


def test_no_sentence_stands_in_the_code():
    raised = re.findall(r'(?:Problem|Error|Message)\(\s*"([^"]*)"', CODE)
    assert len(raised) > 50
    assert [text for text in raised if not text.startswith("siting.")] == []


def test_a_condition_is_called_by_its_name_in_the_language_asked():
    line = Message(
        "siting.from_to", condition=Message(CONDITIONS["budget"]), given=10.0, after=12.5
    )
    assert line.text("en") == "budget (euro): 12.5 instead of 10"
    assert line.text("lv") == "budžets (eiro): 12,5, nevis 10"
    for same in (copy.copy(line), pickle.loads(pickle.dumps(line))):
        assert same == line


def test_a_budget_that_limits_nothing_is_refused():
    with pytest.raises(InputError) as caught:
        SitingProblem(travel_min=[[5.0]], persons=[3], client_ids=["a"], site_ids=["A"],
                      limit_min=30, budget=100.0)  # fmt: skip
    assert [problem.code for problem in caught.value.problems] == ["siting.budget_without_costs"]


@pytest.mark.parametrize("sites", ["three", -1, 1.5, True, None])
def test_a_number_of_sites_that_is_none_gets_one_line(sites):
    with pytest.raises(InputError) as caught:
        SitingProblem(travel_min=[[5.0]], persons=[3], client_ids=["a"], site_ids=["A"],
                      limit_min=30, sites=sites)  # fmt: skip
    expected = "siting.sites_missing" if sites is None else "siting.not_a_count"
    assert [problem.code for problem in caught.value.problems] == [expected]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [{"travel_min": [[10**400]]}, {"persons": [10**400]}, {"limit_min": 10**400},
     {"budget": 10**400, "opening_cost": 10**400}, {"sites": 10**400}],
    ids=lambda more: "-".join(more),
)  # fmt: skip
def test_a_number_too_large_for_arithmetic_is_refused(more):
    asked = {"travel_min": [[5.0]], "persons": [3], "limit_min": 30, "sites": 1, **more}
    with pytest.raises(InputError) as caught:
        SitingProblem(client_ids=["a"], site_ids=["A"], **asked)
    assert caught.value.problems
