"""The ways of large problems, asked of small ones: every plan is tried beside them.

Compiled searches, the tree, interior points and the programme behind them take over by size; here
the sizes are set to nothing, and every plan begins from a poor one.
"""

from __future__ import annotations

import itertools
from unittest import mock

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import best_value

from socaccess.siting import SitingProblem, median, suggest_sites


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    for name in ("COMPILED_PAIRS", "COMPILED_COVER", "PROGRAMME_PAIRS", "COVER_PAIRS"):
        monkeypatch.setattr(median, name, -1)
    # Poor plans and prices leave the tree something to do.
    monkeypatch.setattr(median, "FEW_ROUNDS", 0)
    monkeypatch.setattr("socaccess.siting.tree.ROOT_ROUNDS", 6)
    monkeypatch.setattr("socaccess.siting.tree.STAGE_ROUNDS", 2)
    monkeypatch.setattr("socaccess.siting.tree.NODE_ROUNDS", 2)
    monkeypatch.setattr(median.PairSearch, "swap", lambda self, plan, first=0: (plan, 1e9))
    monkeypatch.setattr(median.PairSearch, "greedy", lambda self, sites: np.arange(sites))


def make(seed: int, objective: str) -> tuple[SitingProblem, np.ndarray]:
    """A problem of up to fourteen clients and twelve sites, some of whom cannot be reached."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(4, 15)), int(rng.integers(3, 13))
    whole = bool(rng.integers(2))
    minutes = rng.integers(0, 40, (n, m)).astype(float) if whole else rng.uniform(0, 40, (n, m))
    minutes[rng.random((n, m)) < rng.choice([0.0, 0.3])] = np.nan
    # Somebody is near everything: who is served is then not the question.
    minutes[:, 0] = np.where(np.isnan(minutes[:, 0]), 60.0, minutes[:, 0])
    persons = rng.integers(1, 20, n).astype(float) if whole else rng.uniform(0, 20, n)
    travel = minutes
    if seed % 2:
        row, column = np.nonzero(~np.isnan(minutes))
        travel = sp.coo_array((minutes[row, column], (row, column)), shape=minutes.shape)
    problem = SitingProblem(
        travel_min=travel,
        persons=persons,
        client_ids=[f"c{i}" for i in range(n)],
        site_ids=[f"s{j}" for j in range(m)],
        objective=objective,
        sites=min(m, int(rng.integers(1, 6))),
        limit_min=float(rng.integers(5, 25)),
        required=["s0"] if objective == "p_median" else [],
    )
    return problem, minutes


@pytest.mark.parametrize("objective", ["p_median", "mclp"])
@settings(max_examples=120)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_plan_is_better(objective, seed):
    problem, minutes = make(seed, objective)
    sites = range(len(problem.site_ids))
    values = []
    for plan in itertools.combinations(sites, problem.sites):
        near = np.nanmin(np.where(np.isnan(minutes), np.inf, minutes)[:, plan], axis=1)
        if objective == "mclp":
            values.append(-problem.persons[near <= problem.limit_min].sum())
        elif 0 in plan:
            values.append(problem.persons @ near)
    best = abs(min(values))
    # Of one in three a part of the clients finds the first plan.
    with mock.patch.object(median, "SEARCH_PAIRS", 30 if seed % 3 == 0 else 1e9):
        answer = suggest_sites(problem, explain=False)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert answer.bound == pytest.approx(best, rel=2e-6, abs=1e-6)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_whole_clients_under_capacity(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    problem = SitingProblem(
        travel_min=rng.integers(0, 40, (n, m)).astype(float),
        persons=rng.integers(0, 9, n).astype(float),
        client_ids=[f"c{i}" for i in range(n)],
        site_ids=[f"s{j}" for j in range(m)],
        objective="p_median",
        sites=int(rng.integers(1, 4)),
        max_places=float(rng.integers(4, 15)),
        assignment="single",
    )
    answer, best = suggest_sites(problem, explain=False), best_value(problem)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, abs=1e-6)
    whole = answer.assignment[answer.assignment["site_id"].notna()]
    assert whole["client_id"].is_unique
    assert (whole.groupby("site_id")["persons"].sum() <= problem.max_places + 1e-6).all()


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_least_travel_within_a_tolerance_by_the_tree(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(4, 12)), int(rng.integers(4, 9))
    whole = bool(rng.integers(2))
    minutes = rng.integers(0, 40, (n, m)).astype(float) if whole else rng.uniform(0, 40, (n, m))
    problem = SitingProblem(
        travel_min=minutes,
        persons=rng.integers(1, 20, n).astype(float) if whole else rng.uniform(0.1, 20, n),
        client_ids=[f"c{i}" for i in range(n)],
        site_ids=[f"s{j}" for j in range(m)],
        sites=int(rng.integers(1, 4)),
        limit_min=float(rng.integers(5, 25)),
        existing=["s0"] if seed % 3 == 0 else [],
        tolerance=float(rng.choice([0.0, 0.02, 0.2])),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(median, "LISTED", -1)
        answer = suggest_sites(problem, explain=False)
    best = best_value(problem)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best, rel=1e-5, abs=1e-5)
    assert answer.bound == pytest.approx(best, rel=1e-5, abs=1e-5)
