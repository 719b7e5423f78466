"""Every model and every pair of options against trying every plan."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import example, given
from hypothesis import strategies as st
from oracle import best_value
from siting_problems import OPTIONS, make_fields

from socaccess.errors import InputError
from socaccess.siting import SitingProblem, suggest_sites
from socaccess.siting import instance as instance_module

MODELS = ("mclp", "p_median", "lscp", "p_center")
SEEDS = st.integers(0, 2**32 - 1)


def check(problem: SitingProblem) -> None:
    """The answer is that of the oracle, proved, and the plan shown is worth what it says."""
    plan, best = suggest_sites(problem), best_value(problem)
    if best is None:
        assert plan.status == "infeasible"
        assert np.isnan(plan.objective)
        assert plan.conflict
        assert plan.sites.empty
        return
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-5, abs=1e-5)
    assert plan.bound == pytest.approx(best, rel=1e-5, abs=1e-4)
    assert plan.gap <= 1e-5
    assert not plan.limit_hit
    persons = problem.persons
    total = sum(v.sum() for v in persons.values()) if problem.groups else persons.sum()
    assert plan.assignment["persons"].sum() == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("objective", MODELS)
@given(seed=SEEDS)
def test_plain_models(objective, seed):
    options = ("required_forbidden",) if seed % 2 else ()
    check(SitingProblem(**_possible(make_fields(seed, objective, options))))


def _possible(fields):
    """Fewer required sites than may open: the rest is the business of the conflict tests."""
    if "sites" in fields:
        fields["sites"] = max(fields["sites"], len(fields.get("required", ())))
    return fields


@given(seed=SEEDS)
def test_fading_coverage(seed):
    check(SitingProblem(**make_fields(seed, "mclp", ("fade",))))


@pytest.mark.parametrize("objective", MODELS)
@given(seed=SEEDS)
def test_sparse_travel_gives_the_same(objective, seed):
    fields = make_fields(seed, objective)
    dense = suggest_sites(SitingProblem(**fields))
    minutes = fields["travel_min"]
    row, column = np.nonzero(~np.isnan(minutes))
    values = minutes[row, column]
    values[values < 5] = 0.0
    fields["travel_min"] = sp.coo_array((values, (row, column)), shape=minutes.shape)
    sparse = suggest_sites(SitingProblem(**fields))
    fields["travel_min"] = np.where(minutes < 5, 0.0, minutes)
    dense = suggest_sites(SitingProblem(**fields))
    assert sparse.objective == pytest.approx(dense.objective)
    assert sparse.status == dense.status == "optimal"


@pytest.mark.parametrize("objective", MODELS)
@given(seed=SEEDS)
def test_general_programme_solves_plain_models_too(objective, seed):
    fields = make_fields(seed, objective)
    quick = suggest_sites(SitingProblem(**fields))
    # A floor of nothing changes nothing but the way.
    fields["floor_share"] = 0.0
    fields["client_municipality"] = ["x"] * len(fields["client_ids"])
    problem = SitingProblem(**fields)
    assert not instance_module.read_problem(problem).is_plain
    general = suggest_sites(problem)
    assert general.objective == pytest.approx(quick.objective, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("pair", list(itertools.combinations(OPTIONS, 2)), ids="-".join)
def test_pairs_of_options(pair):
    tried = 0
    for number, objective in enumerate(MODELS):
        if "fade" in pair and objective != "mclp":
            continue
        for repeat in range(2):
            seed = 1000 * OPTIONS.index(pair[0]) + 50 * OPTIONS.index(pair[1]) + 7 * number + repeat
            try:
                problem = SitingProblem(**make_fields(seed, objective, pair))
            except InputError as error:
                pytest.fail(f"{pair} refused: {error}")
            check(problem)
            tried += 1
    assert tried >= 2


@given(seed=SEEDS, many=st.lists(st.sampled_from(OPTIONS), unique=True, min_size=3, max_size=6))
@example(seed=630, many=["may_close", "budget", "min_clients"])
def test_many_options(seed, many):
    objective = MODELS[seed % 4]
    if "fade" in many:
        objective = "mclp"
    check(SitingProblem(**make_fields(seed, objective, tuple(many))))
