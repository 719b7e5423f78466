"""More than one answer: plans as good but different, the front of what one gives up, step by step.

Each function asks `suggest_sites` questions, so that every figure has its certificate.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from socaccess.siting.answer import Answer
from socaccess.siting.certificate import EXACT
from socaccess.siting.clock import Clock
from socaccess.siting.combined import attempt, read_answer
from socaccess.siting.explain import find_merits
from socaccess.siting.general import Aim, needs_flow
from socaccess.siting.instance import Instance, by_name, read_problem
from socaccess.siting.plain import Settings
from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import SitingProblem
from socaccess.siting.suggest import suggest_sites

__all__ = ["list_alternatives", "scale_up", "trace_front"]


def list_alternatives(
    plan: SitingPlan,
    *,
    count: int = 4,
    apart: int = 2,
    within: float = 0.02,
    time_limit_s: float = 60.0,
) -> pd.DataFrame:
    """Return plans nearly as good as `plan` that differ from it and from each other.

    Parameters
    ----------
    plan
        An answer to an `mclp` or `p_median`; its problem is asked again.
    count
        How many plans at most, `plan` included.
    apart
        How many new sites of every two plans differ at least; all of those of a plan of fewer. A
        site without which a plan is as good does not count and is not listed.
    within
        Share of the objective a plan may be worse by, inclusive.
    time_limit_s
        Seconds for all.

    Returns
    -------
    pandas.DataFrame
        One row per plan, the best first: `plan` (1 the given one), `objective`, `bound` (what no
        plan that different can beat), `sites` (a tuple of ids). Fewer than asked for means that
        there are no more, or that the time was over: `attrs["complete"]` says which.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 9], [9, 0]], persons=[5, 5], client_ids=["a", "b"],
    ...     site_ids=["A", "B"], sites=1, limit_min=10)
    >>> list_alternatives(suggest_sites(problem), apart=1)["sites"].tolist()
    [('A',), ('B',)]
    """
    problem = plan.problem
    assert problem is not None
    clock, settings = Clock(time_limit_s), Settings(1e-6)
    instance = read_problem(problem)
    names = np.array(problem.site_ids, dtype=object)
    found = [np.flatnonzero(np.isin(names[instance.column_site], list(plan.sites["site_id"])))]
    found[0] = _drop_needless(problem, instance, found[0][instance.state[found[0]] == "free"])
    kept = set(names[instance.column_site[found[0]]])
    listed = tuple(name for name in plan.sites["site_id"] if name in kept)
    rows = [(1, plan.objective, plan.bound, listed)]
    larger = problem.objective == "mclp"
    worst = plan.objective * (1.0 - within if larger else 1.0 + within)
    complete = True
    while len(rows) < count and complete:
        others = [Answer("feasible", columns, np.nan, np.nan) for columns in found]
        kind = "minutes" if not larger else "unserved"
        reach = instance.limit_min if larger else np.full(len(instance.persons), np.inf)
        unreached = ~np.isfinite(instance.best_minutes) & (instance.persons > 0)
        lost = float((instance.persons * instance.weight)[unreached].sum())
        levels = () if larger else ((np.inf, lost),)
        aim = Aim(kind, reach, levels)
        general, solution = attempt(
            problem, instance, aim, settings, clock, other_than=others, apart=apart
        )
        answer = read_answer(general, solution, settings, clock, sign=-1.0 if larger else 1.0)
        if answer.status != "optimal":
            complete = answer.status == "infeasible"
            break
        short = answer.objective < worst if larger else answer.objective > worst
        if short and abs(answer.objective - worst) > 1e-9 * max(1.0, abs(worst)):
            break
        found.append(_drop_needless(problem, instance, answer.opened))
        sites = tuple(str(names[instance.column_site[column]]) for column in found[-1])
        rows.append((len(rows) + 1, answer.objective + 0.0, answer.bound + 0.0, sites))
    table = pd.DataFrame(rows, columns=["plan", "objective", "bound", "sites"])
    table.attrs["complete"] = complete
    return table


def _drop_needless(problem: SitingProblem, instance: Instance, opened: np.ndarray) -> np.ndarray:
    """Return `opened` without the sites whose closing costs nothing, one after the other.

    Where places or a share of a municipality count, a site may be needed for those: all stay.
    """
    shares = (problem.floor_share, problem.min_sites_per_municipality)
    if needs_flow(problem) or any(value is not None for value in shares):
        return opened
    stay = np.union1d(instance.fixed, instance.closable)
    while len(opened):
        merits = find_merits(problem, instance, opened, stay)
        spare = [
            merit.site
            for merit in merits
            if merit.lost <= EXACT
            and (problem.objective == "mclp" or merit.lost_minutes <= EXACT)
            and not instance.required[instance.column_site == merit.site].any()
        ]
        if not spare:
            break
        opened = opened[instance.column_site[opened] != spare[-1]]
    return opened


def trace_front(
    problem: SitingProblem, *, most_points: int = 40, time_limit_s: float = 120.0
) -> pd.DataFrame:
    """Return the plans no other beats in sites, coverage, travel and persons unserved at once.

    For every number of sites from 0 to `problem.sites`: from the plan of least travel on, each next
    one covers at least one person (or the least fraction of persons) more at the least travel
    (epsilon-constraint; Haimes, Lasdon, Wismer 1971). Whoever none reaches is not served.

    Parameters
    ----------
    problem
        An `mclp` with a number of sites; its other options hold for every plan.
    most_points
        Points of each number of sites at most; the step is widened to keep to it.
    time_limit_s
        Seconds for all.

    Returns
    -------
    pandas.DataFrame
        One row per plan: `sites` (how many), `cost_eur` (missing without costs), `covered`,
        `person_min` of those served, `unserved`, `status`, `site_ids`. `attrs["exact"]` is False
        where the step was widened or the time ended it.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40, 20], [40, 0, 20], [41, 40, 20]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B", "C"], sites=1, limit_min=10)
    >>> trace_front(problem)[["sites", "covered", "person_min"]].values.tolist()
    [[0.0, 0.0, 0.0], [1.0, 0.0, 240.0], [1.0, 5.0, 284.0]]
    """
    clock, exact = Clock(time_limit_s), True
    points: list[tuple[object, ...]] = []
    persons = problem.persons
    assert isinstance(persons, np.ndarray)
    whole = bool((persons == np.floor(persons)).all())
    opening = by_name(problem.opening_cost, problem.site_ids)
    for many in range(int(problem.sites or 0) + 1):
        asked = replace(problem, sites=many, tolerance=None)
        best = suggest_sites(asked, time_limit_s=max(0.1, clock.left_s), explain=False)
        if best.status != "optimal":
            exact &= best.status == "infeasible"
            continue
        top = best.objective
        step = 1.0 if whole else max(1e-6 * top, float(persons[persons > 0].min(initial=1.0)) / 10)
        exact &= whole
        need = 0.0
        while need <= top + 1e-9 and not clock.is_over:
            given = 1.0 - need / top if top > 0 else 0.0
            one = replace(asked, tolerance=min(max(given, 0.0), 1.0 - 1e-12))
            plan = suggest_sites(one, time_limit_s=max(0.1, clock.left_s), explain=False)
            if plan.status not in ("optimal", "feasible"):
                break
            exact &= plan.status == "optimal"
            covered, unserved = _served(problem, plan)
            ids = tuple(plan.sites["site_id"])
            cost = float(np.nansum(opening[np.isin(problem.site_ids, ids)]))
            row = (many, cost or np.nan, covered, plan.objective, unserved, plan.status, ids)
            points.append(row)
            widened = max(step, top / most_points)
            exact &= widened <= step
            # The best coverage itself is a point, however wide the steps.
            need = top if covered < top < covered + widened else covered + widened
        exact &= not clock.is_over
    columns = ["sites", "cost_eur", "covered", "person_min", "unserved", "status", "site_ids"]
    table = pd.DataFrame(points, columns=columns).drop_duplicates(columns[:5])
    worth = table[["sites", "covered", "person_min", "unserved"]].to_numpy(dtype=float)
    worth[:, 1] *= -1.0
    beaten = [bool(((worth <= one).all(axis=1) & (worth < one).any(axis=1)).any()) for one in worth]
    front = table[~np.array(beaten, dtype=bool)].sort_values(["sites", "covered"])
    front = front.reset_index(drop=True)
    front.attrs["exact"] = bool(exact)
    return front


def _served(problem: SitingProblem, plan: SitingPlan) -> tuple[float, float]:
    """Return the persons within the limit and those nobody serves."""
    table = plan.assignment
    near = table["travel_min"] <= float(problem.limit_min)  # type: ignore[arg-type]
    persons = table["persons"]
    return float(persons[near].sum()), float(persons[table["travel_min"].isna()].sum())


def scale_up(problem: SitingProblem, *, time_limit_s: float = 60.0) -> pd.DataFrame:
    """Return a network built site by site, each taking the most persons still without a place.

    The way of scaling-up analyses in health geography (Ray, Ebener 2008): a new site takes up to
    `max_places` persons within the limit, the nearest first, who then need no other; it is quick
    and easily explained, but never looks ahead. The last row sets the optimum with as many sites
    beside it.

    Parameters
    ----------
    problem
        An `mclp` with `sites`, `max_places` and, for existing sites, `places`.
    time_limit_s
        Seconds for the optimum.

    Returns
    -------
    pandas.DataFrame
        One row per step: `step` (0 the existing sites), `site_id`, `takes` (persons), `served`
        (in all), `optimum` (most persons any plan of so many sites serves; only in the last row).

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 9], [9, 0]], persons=[5, 8], client_ids=["a", "b"],
    ...     site_ids=["A", "B"], sites=2, limit_min=5, max_places=6)
    >>> scale_up(problem)[["site_id", "takes", "served", "optimum"]].values.tolist()[1:]
    [['B', 6.0, 6.0, nan], ['A', 5.0, 11.0, 11.0]]
    """
    instance = read_problem(problem)
    left = instance.persons.copy()
    places = by_name(problem.places, problem.site_ids)[instance.column_site]
    most = by_name(problem.max_places, problem.site_ids)[instance.column_site]
    near = instance.travel.within(instance.limit_min).tocsc()
    rows: list[tuple[int, str | None, float, float, float]] = []

    def take(column: int, room: float) -> float:
        clients = near.indices[near.indptr[column] : near.indptr[column + 1]]
        minutes = instance.travel.minutes_of(clients, np.full(len(clients), column))
        taken = 0.0
        for client in clients[np.argsort(minutes, kind="stable")]:
            part = min(left[client], room - taken)
            left[client] -= part
            taken += part
        return taken

    served = 0.0
    for column in np.union1d(instance.fixed, instance.closable):
        served += take(column, np.inf if np.isnan(places[column]) else float(places[column]))
    rows.append((0, None, served, served, np.nan))
    free = list(instance.free)
    for step in range(1, int(problem.sites or 0) + 1):
        if not free:
            break
        room = np.where(np.isnan(most[free]), np.inf, most[free])
        offers = np.minimum(near[:, free].T @ left, room)
        best = int(np.argmax(offers))
        if offers[best] <= 0:
            break
        column = free.pop(best)
        taken = take(column, float(room[best]))
        served += taken
        rows.append((step, problem.site_ids[instance.column_site[column]], taken, served, np.nan))
    asked = replace(problem, sites=len(rows) - 1)
    plan = suggest_sites(asked, time_limit_s=time_limit_s, explain=False)
    rows[-1] = (*rows[-1][:4], plan.objective)
    columns = ["step", "site_id", "takes", "served", "optimum"]
    return pd.DataFrame(rows, columns=columns)
