"""A search ended by its limit: it says so, its bound holds, its plan keeps every condition.

No test here waits: the clock is a count of how often it was looked at, and the solver is stopped at
its first solution.
"""

from __future__ import annotations

from functools import cache

import highspy
import numpy as np
import pytest

from socaccess.siting import Phase, Scenario, Service, SitingProblem, clock, suggest_sites

OBJECTIVES = ("lscp", "mclp", "p_median", "p_center", "lex_minimax", "trade_off")
SIDE = 30
FIELDS = {
    "floor": {"floor_share": 0.1},
    "places": {"max_places": 90.0},
    "min_clients": {"min_clients": 30.0},
    "budget": {"budget": 500.0, "opening_cost": 100.0},
    "phases": {"phases": [Phase(year=2027, sites=2), Phase(year=2029, sites=3)], "sites": None},
    "scenarios": {},
    "services": {},
}
CASES = [(objective, "") for objective in OBJECTIVES]
CASES += [(objective, "floor") for objective in OBJECTIVES]
CASES += [("mclp", name) for name in FIELDS if name != "floor"]
CASES += [("p_median", "places"), ("p_median", "scenarios"), ("lscp", "places")]


@cache
def pose(objective: str, option: str) -> SitingProblem:
    """Thirty clients and sites at random: every search has something to do."""
    rng = np.random.default_rng(8)
    point = rng.uniform(0, 100, (SIDE, 2))
    minutes = np.hypot(*(point[:, None] - point[None]).transpose(2, 0, 1)).round(1)
    persons = rng.integers(1, 20, SIDE).astype(float)
    names = [f"p{i}" for i in range(SIDE)]
    fields = {
        "travel_min": minutes,
        "persons": persons,
        "client_ids": names,
        "site_ids": names,
        "client_municipality": [f"m{i % 3}" for i in range(SIDE)],
        "objective": objective,
        "sites": None if objective == "lscp" else 5,
        "limit_min": 13.0,
    }
    if option == "scenarios":
        thaw = (minutes * rng.uniform(1, 2, minutes.shape)).round(1)
        fields["scenarios"] = [Scenario(name="summer"), Scenario(name="thaw", travel_min=thaw)]
        fields["robust"] = "regret"
    if option == "services":
        fields["persons"] = None
        fields["services"] = [
            Service(name="day", persons=persons),
            Service(name="home", persons=persons[::-1]),
        ]
    return SitingProblem(**(fields | FIELDS.get(option, {})))


@cache
def find_truth(objective: str, option: str) -> float:
    """The objective of the proved plan."""
    plan = suggest_sites(pose(objective, option), time_limit_s=1e9, explain=False)
    assert plan.status == "optimal"
    return plan.objective


class Ticks:
    """A clock that goes on by one whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def ticks(monkeypatch):
    counter = Ticks()
    monkeypatch.setattr(clock, "perf_counter", counter)
    return counter


def is_larger_better(problem: SitingProblem) -> bool:
    return problem.objective == "mclp" and not problem.scenarios


def check_stopped(objective: str, option: str, plan) -> None:
    """What must hold of any answer, finished or not."""
    problem = pose(objective, option)
    # Any point of the curve has at least the person-minutes of the plan that has fewest.
    truth = find_truth("p_median" if objective == "trade_off" else objective, option)
    sign = -1.0 if is_larger_better(problem) else 1.0
    slack = 1e-6 * max(1.0, abs(truth))
    assert plan.status in ("optimal", "feasible", "unknown")
    assert plan.limit_hit == (plan.status != "optimal")
    if problem.scenarios and problem.robust == "regret" and plan.status != "optimal":
        # The regret is from what was found in each scenario; there is no truth to compare with.
        assert plan.notes or plan.status == "unknown" or sign * plan.bound <= sign * truth + slack
    elif objective == "trade_off":
        assert not plan.bound > plan.objective + slack
    elif not np.isnan(plan.bound):
        assert sign * plan.bound <= sign * truth + slack
    if plan.status == "unknown":
        assert np.isnan(plan.objective)
        assert plan.sites.empty
        return
    if not problem.scenarios:
        assert sign * plan.objective >= sign * truth - slack
    check_conditions(problem, plan)


def check_conditions(problem: SitingProblem, plan) -> None:
    """The sites shown keep the conditions, and the objective is what they are worth."""
    place = {name: j for j, name in enumerate(problem.site_ids)}
    new = [place[name] for name in plan.sites["site_id"]]
    assert len(new) == len(set(new))
    most = sum(phase.sites for phase in problem.phases) if problem.phases else problem.sites
    assert most is None or len(new) <= most
    if problem.budget is not None:
        assert len(new) * 100.0 <= problem.budget
    going = plan.assignment.groupby("site_id")["persons"].sum()
    if problem.max_places is not None:
        assert going.max() <= problem.max_places + 1e-6
    if problem.min_clients is not None and len(going):
        assert going.min() >= problem.min_clients - 1e-6
    if problem.scenarios or problem.services or problem.phases or problem.max_places is not None:
        return
    minutes = problem.travel_min[:, new].min(axis=1, initial=np.inf)
    covered = minutes <= problem.limit_min
    if problem.floor_share is not None:
        homes = np.array(problem.client_municipality)
        for name in set(homes):
            share = problem.persons[covered & (homes == name)].sum()
            assert share >= problem.floor_share * problem.persons[homes == name].sum() - 1e-6
    worth = {
        "lscp": float(len(new)),
        "mclp": problem.persons[covered].sum(),
        "p_median": problem.persons @ minutes,
        "p_center": minutes.max(),
        "lex_minimax": minutes.max(),
        "trade_off": problem.persons @ minutes,
    }
    assert plan.objective == pytest.approx(worth[problem.objective], rel=1e-6)
    if problem.objective == "lscp":
        assert covered.all()


@pytest.mark.parametrize(("objective", "option"), CASES)
def test_without_any_time(objective, option, ticks):
    plan = suggest_sites(pose(objective, option), time_limit_s=0.0)
    assert plan.status != "optimal"
    check_stopped(objective, option, plan)


@pytest.mark.parametrize(("objective", "option"), CASES)
def test_stopped_somewhere_on_the_way(objective, option, ticks):
    for limit in (2.0, 5.0, 9.0, 14.0, 20.0, 40.0):
        ticks.now = 0.0
        plan = suggest_sites(pose(objective, option), time_limit_s=limit)
        check_stopped(objective, option, plan)


@pytest.mark.parametrize(("objective", "option"), CASES)
def test_stopped_within_the_solver(objective, option, ticks, monkeypatch):
    """The solver stops at its first solution, and the time is over then."""
    run, stopped = highspy.Highs.run, []

    def stop(highs):
        highs.setOptionValue("mip_max_improving_sols", 1)
        status = run(highs)
        if highs.getModelStatus() == highspy.HighsModelStatus.kSolutionLimit:
            stopped.append(True)
            ticks.now += 1e9
        return status

    monkeypatch.setattr(highspy.Highs, "run", stop)
    ticks.now = 0.0
    plan = suggest_sites(pose(objective, option), time_limit_s=1e6)
    check_stopped(objective, option, plan)
    if stopped:
        assert plan.status != "unknown"


def test_a_stopped_plan_tells_its_gap(ticks):
    plan = suggest_sites(pose("mclp", ""), time_limit_s=0.0)
    assert plan.gap == pytest.approx((plan.bound - plan.objective) / plan.objective)
    assert plan.certificate.code == "siting.certificate_stopped"
