"""Written plans are recalculated without the solver: true ones pass, tampered ones do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from siting_problems import OPTIONS, make_fields

from socaccess.errors import InputError
from socaccess.siting import SitingProblem, suggest_sites, write_plan
from socaccess.verification import verify_plan

SIMPLE = ("mclp", "p_median", "lscp", "p_center")


def pose(seed: int = 3, objective: str = "mclp", **more: Any) -> SitingProblem:
    """Forty clients around twelve sites of which two operate, minutes by straight lines."""
    rng = np.random.default_rng(seed)
    clients, sites = rng.uniform(0, 60, (40, 2)), rng.uniform(0, 60, (12, 2))
    minutes = np.round(np.linalg.norm(clients[:, None] - sites[None], axis=2), 1)
    fields: dict[str, Any] = {
        "travel_min": minutes,
        "persons": rng.integers(1, 9, 40).astype(float),
        "client_ids": [f"c{at}" for at in range(40)],
        "site_ids": [f"s{at}" for at in range(12)],
        "existing": ["s0", "s1"],
        "objective": objective,
        "sites": 3,
        "limit_min": 15.0,
    }
    return SitingProblem(**(fields | more))


def write(problem: SitingProblem, path: Path) -> Path:
    write_plan(suggest_sites(problem), path)
    return path


@pytest.mark.parametrize("objective", SIMPLE)
def test_bounds_of_plain_plans_are_proved_anew(objective, tmp_path):
    more = {"sites": None} if objective == "lscp" else {}
    checked = verify_plan(write(pose(objective=objective, **more), tmp_path / "plan.json"))
    assert checked.is_same
    results = checked.checks.set_index("what")["result"]
    assert results["bound"] == "same"
    assert set(results) == {"same"}


@pytest.mark.parametrize("seed", range(60))
def test_plans_of_any_combination_of_options_pass(seed, tmp_path):
    rng = np.random.default_rng(seed)
    options = tuple(rng.choice(OPTIONS, 2, replace=False))
    try:
        problem = SitingProblem(**make_fields(seed, SIMPLE[seed % 4], options))
    except InputError:
        return
    checked = verify_plan(write(problem, tmp_path / "plan.json"))
    assert checked.is_same, checked.checks[checked.checks["result"] == "differs"]


def _set(*path: Any, to: Any) -> Callable[[dict], None]:
    def change(text: dict) -> None:
        part: Any = text
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = to(part[path[-1]]) if callable(to) else to

    return change


def _unused(text: dict) -> str:
    used = {*text["problem"]["existing"], *(row["site_id"] for row in text["plan"]["sites"])}
    return next(name for name in text["problem"]["site_ids"] if name not in used)


def _swap_site(text: dict) -> None:
    text["plan"]["sites"][0]["site_id"] = _unused(text)


def _add_site(text: dict) -> None:
    row = dict(text["plan"]["sites"][0], site_id=_unused(text))
    text["plan"]["sites"].append(row)


def _raise_both(text: dict) -> None:
    """Tell more coverage and a bound that fits it."""
    text["plan"]["objective"] += 5
    text["plan"]["bound"] += 5


def _lower_bound(text: dict) -> None:
    """Tell a bound below what another plan reaches, of a plan made worse."""
    plan = text["plan"]
    plan["bound"] = plan["objective"] - 3


def _forbid(text: dict) -> None:
    text["problem"]["forbidden"] = [text["plan"]["sites"][0]["site_id"]]


def _require(text: dict) -> None:
    text["problem"]["required"] = [_unused(text)]


def _move_client(text: dict) -> None:
    row = text["plan"]["assignment"][0]
    sites = [*text["problem"]["existing"], *(one["site_id"] for one in text["plan"]["sites"])]
    row["site_id"] = next(name for name in sites if name != row["site_id"])


def _send_to_a_closed_site(text: dict) -> None:
    text["plan"]["assignment"][3]["site_id"] = _unused(text)


TAMPERED: dict[str, Callable[[dict], None]] = {
    "more covered": _set("plan", "objective", to=lambda value: value + 1),
    "more covered, bound with it": _raise_both,
    "a bound below the value": _lower_bound,
    "a lower total": _set("plan", "covered_persons", to=lambda value: value - 2),
    "less travel": _set("plan", "person_min", to=lambda value: 0.9 * value),
    "another gap": _set("plan", "gap", to=0.05),
    "another site": _swap_site,
    "one site more than asked": _add_site,
    "a forbidden site": _forbid,
    "a required site left out": _require,
    "fewer sites asked": _set("problem", "sites", to=2),
    "another limit": _set("problem", "limit_min", to=18.0),
    "persons added": _set("problem", "persons", 0, to=lambda value: value + 7),
    "persons who go moved": _set("plan", "assignment", 5, "persons", to=lambda value: value + 1),
    "a way made shorter": _set("plan", "assignment", 5, "travel_min", to=0.5),
    "a client sent farther": _move_client,
    "a client sent to a site not open": _send_to_a_closed_site,
    "a gain made larger": _set("plan", "sites", 0, "gain_persons", to=lambda value: value + 3),
    "a loss made larger": _set("plan", "sites", 1, "lost_persons", to=lambda value: value + 3),
    "minutes saved added": _set("plan", "sites", 2, "saved_person_min", to=lambda v: v + 10),
    "an unknown client": _set("plan", "assignment", 0, "client_id", to="nobody"),
    "an existing site called new": _set("plan", "sites", 0, "site_id", to="s0"),
    "a site that did not exist closed": _set("plan", "closed", to=["s1"]),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_plan_differs(name, tmp_path):
    path = write(pose(), tmp_path / "plan.json")
    text = json.loads(path.read_text("utf-8"))
    TAMPERED[name](text)
    path.write_text(json.dumps(text), encoding="utf-8")
    assert not verify_plan(path).is_same


def test_a_worse_plan_called_optimal_differs(tmp_path):
    """Everything fits together but the bound: the tree finds a better plan."""
    problem = pose()
    best = suggest_sites(problem)
    others = [name for name in problem.site_ids if name not in (*problem.existing,
              *best.sites["site_id"])]  # fmt: skip
    worse = suggest_sites(pose(required=others[:3]))
    path = tmp_path / "plan.json"
    write_plan(worse, path)
    assert verify_plan(path).is_same
    text = json.loads(path.read_text("utf-8"))
    del text["problem"]["required"]
    path.write_text(json.dumps(text), encoding="utf-8")
    checked = verify_plan(path)
    differs = checked.checks[checked.checks["result"] == "differs"]
    assert differs["what"].tolist() == ["bound"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "verification.unreadable"),
        ("{}", "verification.not_a_plan"),
        ('{"format": "socaccess plan 1"}', "verification.missing"),
        ('{"format": "socaccess plan 1", "problem": {}, "plan": {}}', "verification.missing"),
    ],
)
def test_what_is_no_plan_is_named(text, code, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        verify_plan(path)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_unknown_names_are_named(tmp_path):
    path = write(pose(), tmp_path / "plan.json")
    text = json.loads(path.read_text("utf-8"))
    text["plan"]["sites"][0]["site_id"] = "s99"
    path.write_text(json.dumps(text), encoding="utf-8")
    with pytest.raises(InputError, match="s99"):
        verify_plan(path)
