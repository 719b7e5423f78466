"""Every model and every pair of options against trying every plan."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import example, given
from hypothesis import strategies as st
from oracle import best_value
from siting_problems import OPTIONS, make_fields

from socaccess.errors import InputError
from socaccess.siting import Phase, Scenario, Service, SitingProblem, suggest_sites
from socaccess.siting import instance as instance_module

FLOW = {"capacity", "growth", "budget", "floor", "single", "nearest", "fade", "backup", "busy",
        "tolerance"}  # fmt: skip
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
    for number, objective in enumerate(MODELS):
        if "fade" in pair and objective != "mclp":
            continue
        seed = 1000 * OPTIONS.index(pair[0]) + 50 * OPTIONS.index(pair[1]) + 7 * number
        check_unless_refused(make_fields(seed, objective, pair))


def check_unless_refused(fields) -> None:
    """Check an answer; a pair of options may be refused, by name, and only those that are new."""
    try:
        problem = SitingProblem(**fields)
    except InputError as error:
        assert {found.code for found in error.problems} <= REFUSED_CODES, str(error)
        return
    check(problem)


def test_random_problems():
    """Every model with two options at random; SITING_PROBLEMS=5000 asks so many."""
    for seed in range(int(os.environ.get("SITING_PROBLEMS", "60"))):
        rng = np.random.default_rng(seed)
        objective = MODELS[seed % len(MODELS)]
        pair = tuple(str(name) for name in rng.choice(OPTIONS, 2, replace=False))
        if "fade" in pair:
            objective = "mclp"
        try:
            check_unless_refused(_possible(make_fields(seed, objective, pair)))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {objective}, {pair}: {error}") from error


@pytest.mark.parametrize(
    ("seed", "other"), [(1912, "cutoff"), (2136, "required_forbidden"), (4828, "cutoff")]
)
def test_tolerance_where_few_sites_leave_somebody_unserved(seed, other):
    """Once a penalty stood among the minutes; the order of the options is that of the run."""
    pair = (other, "tolerance") if seed == 1912 else ("tolerance", other)
    check(SitingProblem(**_possible(make_fields(seed, "mclp", pair))))


REFUSED_CODES = {
    "siting.backup_needs_cover",
    "siting.backup_and_fade",
    "siting.backup_twice",
    "siting.backup_and_places",
    "siting.tolerance_needs_mclp",
    "siting.tolerance_and_kind",
}


@pytest.mark.parametrize("option", [""] + [name for name in OPTIONS if name not in FLOW])
def test_dispersion(option):
    """The two nearest open sites are as far apart as in any plan with as many new sites."""
    for repeat in range(4):
        seed = 500 * len(option) + repeat
        fields = make_fields(seed, "p_dispersion", (option,) if option else ())
        rng = np.random.default_rng(seed)
        many = len(fields["site_ids"])
        fields["between_min"] = rng.integers(1, 60, (many, many)).astype(float)
        fields["sites"] = max(2, fields.get("sites") or 2)
        problem = SitingProblem(**fields)
        plan, best = suggest_sites(problem), best_value(problem)
        if best is None:
            assert plan.status == "infeasible"
            continue
        assert plan.status == "optimal"
        if np.isfinite(best):
            assert plan.objective == best


FAIR = [name for name in OPTIONS if name not in ("fade", "backup", "busy", "tolerance")]


@pytest.mark.parametrize("option", FAIR)
def test_each_option_of_the_two_fairness_models(option):
    """The worst time is that of the p-center; the curve runs from it to the p-median."""
    for repeat in range(3):
        seed = 300 * OPTIONS.index(option) + repeat
        fields = make_fields(seed, "p_center", (option,))
        worst = best_value(SitingProblem(**fields))
        least = best_value(SitingProblem(**(fields | {"objective": "p_median"})))
        fair = suggest_sites(SitingProblem(**(fields | {"objective": "lex_minimax"})))
        curve = suggest_sites(SitingProblem(**(fields | {"objective": "trade_off"})))
        if worst is None:
            assert fair.status == curve.status == "infeasible"
            continue
        assert fair.status == curve.status == "optimal"
        assert fair.objective == pytest.approx(worst)
        assert curve.curve["person_min"].min() == pytest.approx(least, rel=1e-5, abs=1e-5)
        assert curve.curve["worst_min"].min() >= worst - 1e-9


@pytest.mark.parametrize("part", ["phases", "scenarios", "services"])
@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_within_parts(option, part):
    """One phase, one service, or scenarios that are alike change nothing but the way."""
    for number, objective in enumerate(MODELS):
        if option == "fade" and objective != "mclp":
            continue
        fields = make_fields(400 * OPTIONS.index(option) + number, objective, (option,))
        if fields.get("may_close") == []:
            continue
        try:
            best = best_value(SitingProblem(**fields))
            problem = SitingProblem(**_parted(dict(fields), part))
        except InputError as error:
            if {found.code for found in error.problems} <= REFUSED_CODES:
                continue
            assert (option, part) in REFUSED or (part, objective) in REFUSED, str(error)
            continue
        assert (option, part) not in REFUSED
        assert (part, objective) not in REFUSED
        plan = suggest_sites(problem, explain=False)
        if best is None:
            assert plan.status == "infeasible"
        else:
            assert plan.status == "optimal"
            assert plan.objective == pytest.approx(best, rel=1e-5, abs=1e-5)


REFUSED = {
    ("phases", "lscp"),
    ("phases", "p_center"),
    ("groups", "phases"),
    ("groups", "services"),
    ("may_close", "phases"),
    ("may_close", "services"),
    ("relocations", "phases"),
    ("relocations", "services"),
    ("growth", "services"),
}


def _parted(fields, part):
    """The same question said by parts."""
    if part == "phases":
        count = fields.pop("sites", None)
        count = len(fields["site_ids"]) if count is None else count
        return fields | {"phases": [Phase(year=2027, sites=count)]}
    if part == "scenarios":
        return fields | {"scenarios": [Scenario(name="summer"), Scenario(name="thaw")]}
    service = {name: fields.pop(name) for name in ("persons", "existing")}
    service |= {name: fields.pop(name) for name in ("places", "max_places") if name in fields}
    if isinstance(service["persons"], dict):
        return fields | {"persons": service["persons"], "services": [_service({"persons": []})]}
    return fields | {"services": [_service(service)]}


def _service(given):
    return Service(name="day_care", **given)


@pytest.mark.parametrize(
    "more",
    [
        {"fade_min": 45.0, "objective": "p_median"},
        {"scenarios": [Scenario(name="a")], "objective": "lex_minimax"},
        {"scenarios": [Scenario(name="a")], "objective": "lscp", "robust": "regret"},
        {"scenarios": [Scenario(name="a")], "phases": [Phase(year=2027, sites=1)]},
        {"services": [Service(name="a", persons=[1.0])], "phases": [Phase(year=2027, sites=1)]},
    ],
)
def test_pairs_that_make_no_sense_are_refused_by_name(more):
    fields = make_fields(1, more.get("objective", "mclp")) | more
    if "phases" in more or fields["objective"] == "lscp":
        fields.pop("sites", None)
    with pytest.raises(InputError, match="cannot be combined with"):
        SitingProblem(**fields)


@given(seed=SEEDS, many=st.lists(st.sampled_from(OPTIONS), unique=True, min_size=3, max_size=6))
@example(seed=630, many=["may_close", "budget", "min_clients"])
def test_many_options(seed, many):
    objective = MODELS[seed % 4]
    if "fade" in many:
        objective = "mclp"
    check_unless_refused(make_fields(seed, objective, tuple(many)))
