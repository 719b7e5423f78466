"""Services, phases, scenarios, the worst-off: against trying every plan."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from socaccess.siting import Phase, Scenario, Service, SitingProblem, suggest_sites
from socaccess.siting.travel import Travel

SEEDS = st.integers(0, 2**32 - 1)


def small(seed, n=5, m=5):
    rng = np.random.default_rng(seed)
    minutes = np.round(rng.uniform(0, 60, (n, m)))
    minutes[rng.random((n, m)) < 0.2] = np.nan
    persons = rng.integers(0, 9, n).astype(float)
    return rng, minutes, persons


def fields(minutes, persons, **more):
    n, m = minutes.shape
    return {
        "travel_min": minutes,
        "persons": persons,
        "client_ids": [f"c{i}" for i in range(n)],
        "site_ids": [f"s{j}" for j in range(m)],
        "limit_min": 25.0,
        **more,
    }


def times(minutes, is_open):
    reach = np.where(np.isnan(minutes), np.inf, minutes)
    return reach[:, sorted(is_open)].min(axis=1, initial=np.inf)


def covered(minutes, persons, is_open, limit=25.0):
    return persons[times(minutes, is_open) <= limit].sum()


def person_minutes(minutes, persons, is_open):
    t = times(minutes, is_open)
    served = np.isfinite(t)
    return persons[~served].sum(), float(persons[served] @ t[served])


def sets(items, most):
    for size in range(min(most, len(items)) + 1):
        yield from itertools.combinations(items, size)


@given(seed=SEEDS)
def test_phases_build_on_each_other(seed):
    rng, minutes, persons = small(seed)
    later = rng.integers(0, 9, 5).astype(float)
    phases = [
        Phase(year=2026, sites=1, weight=2.0),
        Phase(year=2028, sites=1, weight=3.0, persons=later),
    ]
    problem = SitingProblem(**fields(minutes, persons, phases=phases, existing=["s0"]))
    plan = suggest_sites(problem)
    best = max(
        2 * covered(minutes, persons, {0, *first})
        + 3 * covered(minutes, later, {0, *first, *second})
        for first in sets(range(1, 5), 1)
        for second in sets(range(1, 5), 2 - len(first))
    )
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best)
    assert set(plan.sites["part"]) <= {"2026", "2028"}
    early = plan.sites[plan.sites["part"] == "2026"]
    assert len(early) <= 1
    assert len(plan.sites) <= 2


@given(seed=SEEDS)
def test_services_share_a_roof(seed):
    rng, minutes, persons = small(seed, m=4)
    second = rng.integers(0, 9, 5).astype(float)
    services = [
        Service(name="day_care", persons=persons, opening_cost=2.0, existing=["s0"]),
        Service(name="group_home", persons=second, limit_min=15.0, opening_cost=3.0, sites=1),
    ]
    given_fields = fields(minutes, None, services=services, sites=2)
    problem = SitingProblem(**given_fields, budget=14.0, opening_cost=5.0)
    plan = suggest_sites(problem)
    best = -1.0
    for day in sets(range(1, 4), 3):
        for home in sets(range(4), 1):
            new = {*day, *home} - {0}
            cost = 5.0 * len(new) + 2.0 * len(day) + 3.0 * len(home)
            if cost <= 14.0 and len(new) <= 2:
                value = covered(minutes, persons, {0, *day})
                value += covered(minutes, second, set(home), 15.0)
                best = max(best, value)
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best)
    assert plan.sites["cost_eur"].sum() <= 14.0 + 1e-9


def scenario_values(seed, objective):
    rng, minutes, persons = small(seed)
    thaw = minutes * np.round(rng.uniform(1, 2, minutes.shape), 1)
    fewer = rng.integers(0, 9, 5).astype(float)
    scenarios = [
        Scenario(name="summer", probability=0.75),
        Scenario(name="thaw", travel_min=thaw, persons=fewer, probability=0.25),
    ]
    worlds = [(minutes, persons), (thaw, fewer)]
    plans = [set(plan) for plan in sets(range(5), 2) if objective == "mclp" or plan]
    if objective == "mclp":
        table = [[covered(*world, plan) for world in worlds] for plan in plans]
    else:
        both = [[person_minutes(*world, plan) for world in worlds] for plan in plans]
        unserved = [sum(cell[0] for cell in row) for row in both]
        kept = [k for k, value in enumerate(unserved) if value == min(unserved)]
        table = [[cell[1] for cell in both[k]] for k in kept]
        alone = [min(row[w] for row in both) for w in range(2)]
        return scenarios, worlds, np.array(table), np.array([value[1] for value in alone])
    return scenarios, worlds, np.array(table), np.max(table, axis=0)


@pytest.mark.parametrize("robust", ["worst", "expected", "regret"])
@given(seed=SEEDS)
def test_robust_coverage(robust, seed):
    scenarios, worlds, table, alone = scenario_values(seed, "mclp")
    (minutes, persons), _ = worlds
    plan = suggest_sites(
        SitingProblem(**fields(minutes, persons, sites=2, scenarios=scenarios, robust=robust))
    )
    best = {
        "worst": table.min(axis=1).max(),
        "expected": (table @ [0.75, 0.25]).max(),
        "regret": (alone - table).max(axis=1).min(),
    }[robust]
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("robust", ["worst", "regret"])
@given(seed=SEEDS)
def test_robust_median(robust, seed):
    scenarios, worlds, table, alone = scenario_values(seed, "p_median")
    (minutes, persons), _ = worlds
    problem = SitingProblem(
        **fields(minutes, persons, sites=2, scenarios=scenarios, robust=robust),
        objective="p_median",
    )
    plan = suggest_sites(problem)
    best = table.max(axis=1).min() if robust == "worst" else (table - alone).max(axis=1).min()
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-5, abs=1e-4)


@given(seed=SEEDS)
def test_worst_scenario_of_a_cover_and_of_the_worst_time(seed):
    rng, minutes, persons = small(seed)
    thaw = minutes * np.round(rng.uniform(1, 2, minutes.shape), 1)
    scenarios = [Scenario(name="summer"), Scenario(name="thaw", travel_min=thaw)]
    given_fields = fields(minutes, persons, scenarios=scenarios)
    cover = suggest_sites(SitingProblem(**given_fields, objective="lscp"))
    both = np.vstack([minutes, thaw])
    twice = np.tile(persons, 2)
    can = (times(both, range(5)) <= 25) | (twice == 0)
    best = min(
        len(plan)
        for plan in sets(range(5), 5)
        if (times(both, plan)[can & (twice > 0)] <= 25).all()
    )
    assert cover.objective == best
    centre = suggest_sites(SitingProblem(**given_fields, objective="p_center", sites=2))
    keys = []
    for plan in sets(range(5), 2):
        t = times(both, plan)
        served = np.isfinite(t) & (twice > 0)
        keys.append((twice[~np.isfinite(t)].sum(), t[served].max(initial=0.0)))
    assert centre.objective == pytest.approx(min(keys)[1])


def fairness_key(minutes, persons, is_open, step):
    """Persons unserved, then persons beyond each time from the longest down."""
    t = times(minutes, is_open)
    finite = np.isfinite(t)
    unserved = persons[~finite].sum()
    worst = t[finite & (persons > 0)].max(initial=0.0)
    grid = np.arange(60, -1, -step)
    return (unserved, worst, *(persons[~(t <= level)].sum() for level in grid))


@given(seed=SEEDS)
def test_lexicographic_minimax(seed):
    _, minutes, persons = small(seed)
    problem = SitingProblem(
        **fields(minutes, persons, sites=2, existing=["s0"]), objective="lex_minimax"
    )
    plan = suggest_sites(problem)
    assert plan.status == "optimal"
    chosen = {0, *(int(name[1:]) for name in plan.sites["site_id"])}
    best = min(fairness_key(minutes, persons, {0, *new}, 1) for new in sets(range(1, 5), 2))
    assert fairness_key(minutes, persons, chosen, 1) == pytest.approx(best)


@given(seed=SEEDS)
def test_trade_off_points_are_the_best_of_their_worst_time(seed):
    _, minutes, persons = small(seed)
    problem = SitingProblem(**fields(minutes, persons, sites=2), objective="trade_off")
    plan = suggest_sites(problem)
    assert plan.status == "optimal"
    curve = plan.curve
    assert list(curve["worst_min"]) == sorted(curve["worst_min"])
    assert list(curve["person_min"]) == sorted(curve["person_min"], reverse=True)
    least = min(person_minutes(minutes, persons, p)[0] for p in sets(range(5), 2))
    for point in curve.itertuples():
        values = []
        for chosen in sets(range(5), 2):
            t = times(minutes, chosen)
            late = persons[~(t <= point.worst_min)].sum()
            if late <= least:
                within = t <= point.worst_min
                values.append(float(persons[within] @ t[within]))
        assert point.person_min == pytest.approx(min(values))
    median = suggest_sites(SitingProblem(**fields(minutes, persons, sites=2), objective="p_median"))
    assert curve["person_min"].min() == pytest.approx(median.objective)


@given(seed=SEEDS)
def test_the_nearest_is_the_same_of_stored_pairs_and_of_a_table(seed):
    rng, minutes, _ = small(seed, n=6, m=7)
    row, column = np.nonzero(~np.isnan(minutes))
    stored = Travel.read(sp.coo_array((minutes[row, column], (row, column)), shape=minutes.shape))
    # In any order, since of equally near sites the first one named counts.
    sites = rng.permutation(7)[: rng.integers(0, 8)]
    for ours, theirs in zip(
        stored.nearest(sites), Travel.read(minutes).nearest(sites), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
