"""Equally good plans, the front and the way site by site: by trying all, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from oracle import best_value

from socaccess.siting import (
    SitingProblem,
    list_alternatives,
    scale_up,
    suggest_sites,
    trace_front,
)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("apart", [1, 2])
def test_each_is_the_best_of_those_different_from_all_before(seed, apart):
    rng = np.random.default_rng(seed)
    clients, sites = rng.uniform(0, 60, (12, 2)), rng.uniform(0, 60, (7, 2))
    minutes = np.linalg.norm(clients[:, None] - sites[None], axis=2)
    persons = rng.integers(1, 9, 12).astype(float)
    problem = SitingProblem(
        travel_min=minutes, persons=persons, client_ids=[f"c{at}" for at in range(12)],
        site_ids=[f"s{at}" for at in range(7)], sites=3, limit_min=20.0,
    )  # fmt: skip
    within = 0.2
    found = list_alternatives(suggest_sites(problem), count=4, apart=apart, within=within)
    covered = {
        plan: persons[(minutes[:, list(plan)] <= 20).any(axis=1)].sum()
        for many in range(4)
        for plan in itertools.combinations(range(7), many)
    }
    best, before = max(covered.values()), []
    for names, objective in zip(found["sites"], found["objective"], strict=True):
        plan = tuple(sorted(int(name[1:]) for name in names))
        # So many sites of each plan before are not among those of this one, or none of them is.
        assert all(len(set(one) - set(plan)) >= min(apart, len(one)) for one in before)
        assert all(covered[tuple(sorted({*plan} - {site}))] < covered[plan] for site in plan)
        left = [
            value
            for other, value in covered.items()
            if all(len(set(one) - set(other)) >= min(apart, len(one)) for one in before)
        ]
        assert objective == pytest.approx(max(left))
        assert covered[plan] == pytest.approx(objective)
        assert objective >= (1 - within) * best - 1e-9
        before.append(plan)


def test_plans_that_differ_by_a_needless_site_are_one():
    # A covers both; B, C and D stand too far away to be of any use.
    problem = SitingProblem(
        travel_min=[[5, 40, 50, 60], [9, 45, 55, 65]], persons=[3, 4], client_ids=["a", "b"],
        site_ids=["A", "B", "C", "D"], sites=2, limit_min=10,
    )  # fmt: skip
    found = list_alternatives(suggest_sites(problem), apart=1, within=0.5)
    assert found["sites"].tolist() == [("A",)]
    assert found.attrs["complete"]
    # A site that must open is listed, whatever it is good for.
    asked = SitingProblem(**{name: getattr(problem, name) for name in (
        "travel_min", "persons", "client_ids", "site_ids", "sites", "limit_min")}, required=["D"],
    )  # fmt: skip
    found = list_alternatives(suggest_sites(asked), apart=1, within=0.5)
    assert set(found["sites"][0]) == {"A", "D"}


@pytest.mark.parametrize("seed", range(4))
def test_the_front_is_that_of_all_plans(seed):
    rng = np.random.default_rng(seed)
    minutes = rng.integers(0, 60, (7, 5)).astype(float)
    persons = rng.integers(1, 6, 7).astype(float)
    problem = SitingProblem(
        travel_min=minutes, persons=persons, client_ids=[f"c{at}" for at in range(7)],
        site_ids=[f"s{at}" for at in range(5)], sites=2, limit_min=20.0, existing=["s4"],
    )  # fmt: skip
    points = set()
    for many in range(3):
        for new in itertools.combinations(range(4), many):
            near = minutes[:, [*new, 4]].min(axis=1)
            points.add((many, float(persons[near <= 20].sum()), float(persons @ near)))
    front = {
        one
        for one in points
        if not any(
            other != one and other[0] <= one[0] and other[1] >= one[1] and other[2] <= one[2]
            for other in points
        )
    }
    found = trace_front(problem)
    assert found.attrs["exact"]
    told = found[["sites", "covered", "person_min"]].itertuples(index=False, name=None)
    assert {(int(many), near, round(far, 6)) for many, near, far in told} == front


def test_a_network_built_site_by_site_never_looks_ahead():
    # M reaches b and c, six persons; A reaches a and b, B reaches c and d, four each. M comes first
    # and leaves one person to the next site; A and B together serve all eight.
    minutes = np.full((4, 3), 60.0)
    minutes[[1, 2], 1] = 5.0
    minutes[[0, 1], 0], minutes[[2, 3], 2] = 5.0, 5.0
    problem = SitingProblem(
        travel_min=minutes, persons=[1, 3, 3, 1], client_ids=["a", "b", "c", "d"],
        site_ids=["A", "M", "B"], sites=2, limit_min=10, max_places=6,
    )  # fmt: skip
    steps = scale_up(problem)
    assert steps["site_id"].tolist()[1:] == ["M", "A"]
    assert steps["takes"].tolist() == [0.0, 6.0, 1.0]
    assert steps["served"].tolist() == [0.0, 6.0, 7.0]
    assert steps["optimum"].tolist()[-1] == 8.0


@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_beside_a_scaled_up_network_is_that_of_as_many_sites(seed):
    rng = np.random.default_rng(seed)
    problem = SitingProblem(
        travel_min=rng.integers(0, 50, (5, 5)).astype(float),
        persons=rng.integers(1, 9, 5).astype(float), client_ids=[f"c{at}" for at in range(5)],
        site_ids=[f"s{at}" for at in range(5)], sites=2, limit_min=25.0, existing=["s0"],
        places=4, max_places=6,
    )  # fmt: skip
    steps = scale_up(problem)
    if len(steps) == 3:
        assert steps["optimum"].iloc[-1] == pytest.approx(best_value(problem))
    assert steps["served"].is_monotonic_increasing
    assert steps["served"].iloc[-1] <= steps["optimum"].iloc[-1] + 1e-9
    assert (steps["takes"].iloc[1:] <= 6).all()
