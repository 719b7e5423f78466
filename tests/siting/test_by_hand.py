"""Siting worked out on paper: a road of five villages, and the parts a problem may be made of."""

from __future__ import annotations

import numpy as np
import pytest

from socaccess.errors import InputError
from socaccess.messages import Message
from socaccess.siting import Phase, Scenario, Service, SitingProblem, suggest_sites

# Villages A-E at kilometre 0, 10, 20, 30, 40 of a road driven at a kilometre a minute.
NAMES = list("ABCDE")
MINUTES = np.abs(np.subtract.outer(range(0, 50, 10), range(0, 50, 10))).astype(float)
PERSONS = [5.0, 1.0, 1.0, 1.0, 4.0]


def ask(**options):
    given = {
        "travel_min": MINUTES,
        "persons": PERSONS,
        "client_ids": NAMES,
        "site_ids": NAMES,
        "limit_min": 10.0,
        "sites": 1,
    }
    return SitingProblem(**(given | options))


def opened(plan):
    return sorted(plan.sites["site_id"])


def test_most_covered():
    # One site covers itself and its neighbours: A 6, B 7, C 3, D 6, E 5.
    plan = suggest_sites(ask())
    assert (opened(plan), plan.objective, plan.status) == (["B"], 7.0, "optimal")
    # B and D reach everybody: 7 + 6 less C counted twice is 12.
    assert suggest_sites(ask(sites=2)).objective == 12.0


def test_least_travel():
    # From C: 5*20 + 10 + 0 + 10 + 4*20 = 200; from B: 5*10 + 0 + 10 + 20 + 4*30 = 200; D 240.
    assert suggest_sites(ask(objective="p_median")).objective == 200.0
    # A and E: 0 + 10 + 20 + 10 + 0 = 40.
    plan = suggest_sites(ask(objective="p_median", sites=2))
    assert (opened(plan), plan.objective) == (["A", "E"], 40.0)


def test_longest_way_and_fewest_sites():
    plan = suggest_sites(ask(objective="p_center"))
    assert (opened(plan), plan.objective) == (["C"], 20.0)
    plan = suggest_sites(ask(objective="lscp", sites=None))
    assert plan.objective == 2.0
    assert set(opened(plan)) in ({"B", "D"}, {"A", "D"}, {"B", "E"})


def test_existing_sites_stay_and_count():
    plan = suggest_sites(ask(existing=["B"]))
    # D, E are left: from D or E both are covered, 5 more.
    assert plan.objective == 12.0
    assert plan.sites["gain_persons"].tolist() == [5.0]


def test_limit_is_inclusive():
    assert suggest_sites(ask(limit_min=9.999)).objective == 5.0


def test_without_anything_to_open():
    plan = suggest_sites(ask(sites=0))
    assert (plan.objective, len(plan.sites)) == (0.0, 0)
    assert suggest_sites(ask(persons=[0.0] * 5)).objective == 0.0


def test_unreachable_stay_in_the_answer():
    cut = MINUTES.copy()
    cut[4, :4] = np.nan
    plan = suggest_sites(ask(travel_min=cut, candidates=["A", "B"], objective="p_median"))
    row = plan.assignment.set_index("client_id").loc["E"]
    assert np.isnan(row["travel_min"])
    assert len(plan.assignment) == 5


def test_phases_build_on_each_other():
    plan = suggest_sites(
        ask(sites=None, phases=[Phase(year=2027, sites=1), Phase(year=2029, sites=1)])
    )
    years = dict(zip(plan.sites["site_id"], plan.sites["part"], strict=True))
    # 7 in the first phase and 12 in the second: B first, then D or E.
    assert plan.objective == 19.0
    assert str(years["B"]).startswith("2027")
    assert len(years) == 2


def test_services_share_a_roof():
    services = [
        Service(name="day", persons=[3.0, 0, 0, 0, 0], sites=1),
        Service(name="home", persons=[0, 3.0, 0, 0, 0], sites=1),
    ]
    plan = suggest_sites(
        ask(persons=None, services=services, sites=1, opening_cost=10.0, budget=10.0)
    )
    # One new roof, at A or B, offers both.
    assert plan.objective == 6.0
    assert len(set(plan.sites["site_id"])) == 1


def test_the_worst_scenario_decides():
    thaw = MINUTES.copy()
    thaw[0, 1] = thaw[1, 0] = 60.0
    scenarios = [Scenario(name="summer"), Scenario(name="thaw", travel_min=thaw)]
    plan = suggest_sites(ask(scenarios=scenarios))
    # B covers 7 in summer but 2 in thaw; D covers 6 in both.
    assert (opened(plan), plan.objective) == (["D"], 6.0)


def test_infeasible_names_what_clashes_and_the_way_out():
    plan = suggest_sites(
        ask(client_municipality=["west", "west", "west", "east", "east"], floor_share=0.9)
    )
    assert plan.status == "infeasible"
    assert {"sites", "floor_share"} <= set(plan.conflict)
    sites = Message("siting.condition_sites")
    assert Message("siting.from_to", condition=sites, given=1.0, after=2.0) in plan.relaxations
    assert np.isnan(plan.objective)


def test_same_seed_same_plan():
    rng = np.random.default_rng(2)
    minutes = rng.uniform(0, 60, (40, 30)).round(1)
    given = {
        "travel_min": minutes,
        "persons": rng.uniform(0, 9, 40),
        "client_ids": [f"c{i}" for i in range(40)],
        "site_ids": [f"s{j}" for j in range(30)],
        "objective": "p_median",
        "sites": 4,
    }
    plans = [suggest_sites(SitingProblem(**given)) for _ in range(2)]
    assert len({tuple(opened(plan)) for plan in plans}) == 1
    assert {plan.status for plan in plans} == {"optimal"}


def test_every_finding_is_told_at_once():
    with pytest.raises(InputError) as caught:
        ask(
            persons=[1.0, -2.0, np.nan, 1.0, 1.0],
            existing=["Z"],
            client_ids=["A", "A", "C", "D", "E"],
        )
    text = str(caught.value)
    assert len(text.splitlines()) >= 3
    for piece in ("Z", "A", "persons"):
        assert piece in text


def test_models_agree_where_theory_says_so():
    rng = np.random.default_rng(11)
    minutes = rng.uniform(0, 60, (25, 25)).round(0)
    base = {
        "travel_min": minutes,
        "persons": np.ones(25),
        "client_ids": [f"c{i}" for i in range(25)],
        "site_ids": [f"s{j}" for j in range(25)],
    }
    centre = suggest_sites(SitingProblem(**base, objective="p_center", sites=4)).objective
    # As many sites cover everybody within the centre's time, and not a whisker less.
    assert suggest_sites(SitingProblem(**base, objective="lscp", limit_min=centre)).objective <= 4
    within = suggest_sites(SitingProblem(**base, objective="mclp", sites=4, limit_min=centre))
    assert within.objective == 25.0
    less = suggest_sites(SitingProblem(**base, objective="mclp", sites=4, limit_min=centre - 0.5))
    assert less.objective < 25.0
    lexicographic = suggest_sites(SitingProblem(**base, objective="lex_minimax", sites=4))
    assert lexicographic.objective == pytest.approx(centre)
