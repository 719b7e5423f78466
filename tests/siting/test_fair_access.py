"""Sites by places per person and by Theil's index, against trying every plan and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from siting_problems import make_fields

from socaccess.access import floating_catchment, read_decay, theil
from socaccess.errors import InputError
from socaccess.siting import Scenario, SitingProblem, suggest_sites, write_plan
from socaccess.siting import theil as theil_module
from socaccess.verification import verify_plan

ACCESS = ("worst_access", "access_standard", "theil_access")
SEEDS = st.integers(0, 2**32 - 1)


def pose(seed: int, objective: str, **more) -> SitingProblem:
    """A random problem with places, some of them unknown, and a decay now and then."""
    rng = np.random.default_rng(seed)
    options = [(), ("required_forbidden",), ("may_close",), ("max_municipality",)][seed % 4]
    fields = make_fields(seed, objective, options)
    fields["persons"] = rng.integers(0, 9, len(fields["client_ids"])) + (seed % 3) * 0.25
    if options == ("required_forbidden",):
        fields["sites"] = max(fields["sites"], len(fields["required"]))
    if objective in ACCESS:
        known = [name for name in fields["existing"] if rng.random() < 0.7]
        fields["places"] = {name: float(rng.integers(0, 9)) for name in known}
        fields["max_places"] = {name: float(rng.integers(1, 9)) for name in fields["site_ids"]}
        fields["decay"] = rng.choice([None, "linear:60", "step:15=1,40=0.3", "gaussian:20"])
        if fields["decay"] is not None and rng.random() < 0.4:
            fields["catchment"] = "m2sfca"
        if objective == "access_standard":
            fields["standard_per_100"] = float(rng.integers(5, 60))
    return SitingProblem(**(fields | more))


def list_plans(problem: SitingProblem):
    """New and closed sites of every plan that keeps the conditions on sites."""
    names = problem.site_ids if problem.candidates is None else problem.candidates
    free = [one for one in names if one not in (*problem.existing, *problem.forbidden)]
    homes = dict(zip(problem.site_ids, problem.site_municipality or (), strict=False))
    for count in range(min(problem.sites, len(free)) + 1):
        for new in itertools.combinations(free, count):
            if not set(problem.required) <= set(new):
                continue
            for many in range(len(problem.may_close) + 1):
                for closed in itertools.combinations(problem.may_close, many):
                    is_open = [s for s in (*problem.existing, *new) if s not in closed]
                    if homes and not _keeps_bounds(problem, homes, new, is_open):
                        continue
                    yield new, is_open


def _keeps_bounds(problem, homes, new, is_open):
    for home in set(homes.values()):
        stay = sum(homes[one] == home for one in problem.existing)
        here = sum(homes[one] == home for one in is_open)
        if here > max(stay, 1) or (stay > 1 and any(homes[one] == home for one in new)):
            return False
    return True


def measure(problem: SitingProblem, is_open: list[str]) -> tuple[float, ...]:
    """What is least first: persons left out, then the objective so that less is better."""
    flags = np.isin(problem.site_ids, is_open)
    persons, minutes = problem.persons, problem.travel_min
    if problem.objective == "theil_minutes":
        near = np.where(np.isnan(minutes), np.inf, minutes)[:, flags].min(axis=1, initial=np.inf)
        served = np.isfinite(near) & (persons > 0)
        value = 0.0
        if (near[served] > 0).any():
            value = theil(near[served], persons[served]).total
        return round(float(persons[~np.isfinite(near)].sum()), 6), value
    places = np.array(
        [
            problem.places.get(name, np.nan) if name in problem.existing
            else problem.max_places[name]
            for name in problem.site_ids
        ]
    )  # fmt: skip
    decay = None if problem.decay is None else read_decay(problem.decay)
    found = floating_catchment(
        minutes, persons, np.where(flags, places, 0.0),
        method=problem.catchment, limit_min=problem.limit_min, decay=decay,
    )  # fmt: skip
    given = 100 * np.nan_to_num(found.access)[persons > 0]
    persons = persons[persons > 0]
    if problem.objective == "access_standard":
        return (-float(persons[given >= problem.standard_per_100 * (1 - 1e-9)].sum()),)
    if problem.objective == "worst_access":
        none = round(float(persons[given <= 0].sum()), 6)
        return none, -float(given[given > 0].min()) if (given > 0).any() else 0.0
    if not (given > 0).any():
        return np.inf, 0.0
    return 0.0, theil(given, persons).total


def best_of(problem: SitingProblem) -> tuple[float, ...] | None:
    plans = [(len(new), measure(problem, is_open)) for new, is_open in list_plans(problem)]
    if not plans:
        return None
    if problem.objective.startswith("theil"):
        # Nobody left out who need not be, then as many sites as may open, then the index.
        least = min(found[0] for _, found in plans)
        kept = [plan for plan in plans if plan[1][0] <= least]
        most = max(count for count, _ in kept)
        return min(found for count, found in kept if count == most)
    return min(found for _, found in plans)


def check(problem: SitingProblem, tmp_path=None) -> None:
    best, answer = best_of(problem), suggest_sites(problem)
    if best is None:
        assert answer.status == "infeasible"
        return
    assert answer.status == "optimal"
    value = abs(best[-1])
    assert answer.objective == pytest.approx(value, rel=1e-5, abs=2e-6)
    assert answer.bound == pytest.approx(value, rel=1e-5, abs=2e-6)
    stay = [one for one in problem.existing if one not in answer.closed]
    shown = measure(problem, [*stay, *answer.sites["site_id"]])
    assert shown == pytest.approx(best, rel=1e-5, abs=2e-6)
    if tmp_path is not None:
        write_plan(answer, tmp_path / "plan.json")
        found = verify_plan(tmp_path / "plan.json")
        assert found.is_same, found.checks


@pytest.mark.parametrize("objective", [*ACCESS, "theil_minutes"])
@given(seed=SEEDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_against_every_plan(objective, seed, tmp_path):
    check(pose(seed, objective), tmp_path)


@pytest.mark.parametrize("objective", ["theil_access", "theil_minutes"])
@given(seed=SEEDS)
@settings(max_examples=12)
def test_tangents_find_what_trying_finds(objective, seed):
    listed, theil_module.LISTED_VALUES = theil_module.LISTED_VALUES, -1
    try:
        check(pose(seed, objective))
    finally:
        theil_module.LISTED_VALUES = listed


def test_nobody_can_be_served_at_all():
    check(pose(30, "theil_minutes"))


def test_least_many_by_hand():
    # 20 persons at a, 5 at b, 10 at c. Four places at A reach a and b: 4 / 25 = 16 for a hundred;
    # at C they reach c alone: 40. The one site of today gives a 10 for a hundred (2 / 20).
    fields = {
        "travel_min": [[0, 99, 5], [20, 99, 99], [99, 0, 99]], "persons": [20, 5, 10],
        "client_ids": ["a", "b", "c"], "site_ids": ["A", "C", "now"], "existing": ["now"],
        "places": {"now": 2}, "max_places": 4, "limit_min": 30, "sites": 1,
    }  # fmt: skip
    worst = suggest_sites(SitingProblem(**fields, objective="worst_access"))
    # C leaves five without, A ten: those without come first, so that C gives b none, a 10.
    assert worst.sites["site_id"].tolist() == ["C"]
    assert worst.objective == pytest.approx(10.0)
    assert worst.sites["places"].tolist() == [4.0]
    reached = suggest_sites(
        SitingProblem(**fields, objective="access_standard", standard_per_100=16)
    )
    # With A, a has 26 and b 16, which is enough; with C only c has as many.
    assert reached.sites["site_id"].tolist() == ["A"]
    assert (reached.objective, reached.status) == (25.0, "optimal")


def test_theil_by_hand():
    # From B two persons go 20 and 20 minutes, from A 0 and 40: as far in all, not as even.
    fields = {
        "travel_min": [[0, 20], [40, 20]], "persons": [1, 1], "client_ids": ["a", "b"],
        "site_ids": ["A", "B"], "sites": 1,
    }  # fmt: skip
    plan = suggest_sites(SitingProblem(**fields, objective="theil_minutes"))
    assert (plan.sites["site_id"].tolist(), plan.objective) == (["B"], 0.0)
    plan = suggest_sites(
        SitingProblem(**fields, objective="theil_minutes", required=["A"], existing=[])
    )
    assert plan.objective == pytest.approx(np.log(2))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"max_places": None}, "siting.new_places_missing"),
        ({"max_places": {"A": 3.0}}, "siting.new_places_missing"),
        ({"limit_min": None}, "siting.limit_missing"),
        ({"catchment": "3sfca"}, "siting.catchment_no_sum"),
        ({"catchment": "huff"}, "siting.unknown_option"),
        ({"catchment": "e2sfca"}, "siting.decay_or_not"),
        ({"decay": "bell:3"}, "siting.no_decay"),
        ({"standard_per_100": 5.0}, "siting.catchment_unused"),
        ({"objective": "access_standard"}, "siting.standard_missing"),
        ({"objective": "access_standard", "standard_per_100": 0.0}, "siting.no_standard"),
        ({"objective": "mclp", "decay": "linear:30"}, "siting.catchment_unused"),
        ({"cost_per_place": 1.0}, "siting.catchment_alone"),
        ({"robust": "expected", "scenarios": (Scenario(name="s"),)}, "siting.catchment_alone"),
        ({"objective": "theil_minutes"}, "siting.decile_alone"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(more, code):
    fields = {
        "travel_min": [[0, 20], [40, 20]], "persons": [1, 1], "client_ids": ["a", "b"],
        "site_ids": ["A", "B"], "sites": 1, "max_places": 3.0, "limit_min": 30.0,
        "objective": "worst_access",
    }  # fmt: skip
    with pytest.raises(InputError) as caught:
        SitingProblem(**(fields | more))
    assert code in {problem.code for problem in caught.value.problems}


def test_a_larger_question_is_proved_by_tangents():
    """Thirty clients, nine sites, two to open: both ways find the same."""
    rng = np.random.default_rng(4)
    clients, sites = rng.uniform(0, 60, (30, 2)), rng.uniform(0, 60, (10, 2))
    minutes = np.linalg.norm(clients[:, None] - sites[None], axis=2)
    problem = SitingProblem(
        travel_min=minutes, persons=rng.integers(1, 9, 30), objective="theil_access",
        client_ids=[f"c{at}" for at in range(30)], site_ids=[f"s{at}" for at in range(10)],
        existing=["s0"], places=6, max_places=4, sites=2, decay="gaussian:15",
    )  # fmt: skip
    listed = suggest_sites(problem, explain=False)
    theil_module.LISTED_VALUES, kept = -1, theil_module.LISTED_VALUES
    try:
        cut = suggest_sites(problem, explain=False)
    finally:
        theil_module.LISTED_VALUES = kept
    assert (listed.status, cut.status) == ("optimal", "optimal")
    assert cut.objective == pytest.approx(listed.objective, rel=1e-6)
