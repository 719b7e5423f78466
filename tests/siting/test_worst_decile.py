"""The mean way of the tenth farthest away against trying every plan, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from siting_problems import make_fields

from socaccess.access import measure_inequality
from socaccess.errors import InputError
from socaccess.siting import Scenario, SitingProblem, suggest_sites


def measure(problem: SitingProblem, new: tuple[str, ...]) -> tuple[float, float]:
    """Persons unserved and the worst decile, by the measure of access."""
    is_open = np.isin(problem.site_ids, [*problem.existing, *new])
    minutes = np.nan_to_num(problem.travel_min, nan=np.inf)[:, is_open].min(axis=1, initial=np.inf)
    found = measure_inequality(
        np.where(np.isfinite(minutes), minutes, np.nan), problem.persons, more_is_worse=True
    )
    worst = 0.0 if found.note == "nobody" else found.worst_decile
    return round(found.persons_without, 6), worst


@given(seed=st.integers(0, 2**32 - 1))
def test_against_every_plan(seed):
    options = ("required_forbidden",) if seed % 3 == 1 else ()
    fields = make_fields(seed, "worst_decile", options)
    fields["sites"] = max(fields["sites"], len(fields.get("required", ())))
    problem = SitingProblem(**fields)
    names = problem.site_ids if problem.candidates is None else problem.candidates
    free = [one for one in names if one not in (*problem.existing, *problem.forbidden)]
    plans = [
        plan
        for count in range(min(problem.sites, len(free)) + 1)
        for plan in itertools.combinations(free, count)
        if set(problem.required) - set(problem.existing) <= set(plan)
    ]
    best = min(measure(problem, plan) for plan in plans)
    answer = suggest_sites(problem)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(best[1], rel=1e-5, abs=1e-5)
    assert answer.bound == pytest.approx(best[1], rel=1e-5, abs=1e-4)
    assert measure(problem, tuple(answer.sites["site_id"])) == pytest.approx(best, abs=1e-4)


def test_by_hand():
    # Of 20 persons the tenth are two. From A the farthest are one at 60 and one at 30 minutes,
    # from B two at 40: 45 and 40 minutes in the mean.
    problem = SitingProblem(
        travel_min=[[0, 40], [30, 20], [60, 0]], persons=[17, 2, 1],
        client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, objective="worst_decile",
    )  # fmt: skip
    plan = suggest_sites(problem)
    assert plan.sites["site_id"].tolist() == ["B"]
    assert (plan.objective, plan.status) == (pytest.approx(40.0), "optimal")


def test_scenarios_are_refused():
    with pytest.raises(InputError) as caught:
        SitingProblem(
            travel_min=[[0.0]], persons=[1.0], client_ids=["a"], site_ids=["A"], sites=1,
            objective="worst_decile", robust="expected",
            scenarios=(Scenario(name="s", travel_min=[[3.0]]),),
        )  # fmt: skip
    assert "siting.decile_alone" in {one.code for one in caught.value.problems}
