"""Of plans that cover nearly the most, the one with least travel, then with most preferred sites.

Where everybody can reach something, the condition on coverage gets a price a person beyond the
limit: what is left is a plain p-median. Prices are halved in until one keeps the condition; its
bound holds whatever the price, and the tree of the priced problem, judging only plans that keep the
condition, closes what is left. With any other option the general programme has the condition as a
row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from socaccess.messages import Message
from socaccess.siting.answer import Answer
from socaccess.siting.certificate import EXACT, Goal
from socaccess.siting.clock import Clock
from socaccess.siting.combined import attempt, fewest_unserved, read_answer
from socaccess.siting.costs import Costs
from socaccess.siting.general import Aim
from socaccess.siting.instance import Instance
from socaccess.siting.median import close_judged, solve_median
from socaccess.siting.plain import Core, Settings
from socaccess.siting.problem import SitingProblem
from socaccess.siting.search import exchange_changes
from socaccess.siting.solver import OPTIMAL
from socaccess.siting.travel import Travel

__all__ = ["solve_within_tolerance"]

TURNS, LOOSE = 8, 3e-4

Solver = Callable[[SitingProblem, Instance, Settings, Clock], Answer]


def solve_within_tolerance(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock, solve: Solver
) -> Answer:
    """Return the plan of least travel among those that cover enough."""
    given = float(problem.tolerance or 0.0)
    plain = replace(problem, tolerance=None, preferred=())
    cover = solve(plain, instance, settings, clock.part(0.4))
    if cover.status not in ("optimal", "feasible"):
        return cover
    need = (1.0 - given) * cover.objective
    median = replace(plain, objective="p_median")
    answer = None
    if instance.is_plain and np.isfinite(instance.best_minutes).all():
        answer = _by_price(instance, cover, need, settings, clock)
    if answer is None:
        answer = _by_programme(median, instance, cover, need, settings, clock)
    if answer.status not in ("optimal", "feasible"):
        answer = replace(cover, status="feasible", objective=_travel(instance, cover), bound=0.0)
    if cover.status != "optimal":
        answer = replace(answer, status="feasible", limit_hit=True)
    if problem.preferred and answer.status == "optimal":
        answer = _prefer(problem, instance, answer, need, given, settings, clock)
    covered = _covered(instance, answer)
    note = Message(
        "siting.covered_within_tolerance",
        covered=round(covered, 2),
        best=round(cover.bound, 2),
        least=round(need, 2),
    )
    return replace(answer, notes=(*cover.notes, note, *answer.notes))


def _levels(instance: Instance, need: float) -> tuple[tuple[np.ndarray, float], ...]:
    weight = instance.persons * instance.weight
    return ((instance.limit_min, max(0.0, float(weight.sum()) - need)),)


def _by_programme(
    median: SitingProblem,
    instance: Instance,
    cover: Answer,
    need: float,
    settings: Settings,
    clock: Clock,
) -> Answer:
    """Solve the general programme: first fewest unserved, then least minutes, covering enough."""
    levels = _levels(instance, need)
    everywhere = np.full(len(instance.persons), np.inf)
    exact = replace(settings, gap=0.0)
    aim = Aim("late", everywhere, levels)
    general, solution = attempt(median, instance, aim, exact, clock, near=cover)
    if solution.status != OPTIMAL or solution.values is None:
        return Answer("unknown", np.zeros(0, np.int64), np.nan, np.nan, True)
    weight = (instance.persons * instance.weight)[instance.persons > 0]
    unserved = max(0.0, float(weight.sum()) + solution.objective)
    aim = Aim("minutes", everywhere, (*levels, (np.inf, unserved)))
    general, solution = attempt(median, instance, aim, settings, clock, near=cover)
    return read_answer(general, solution, settings, clock)


def _prefer(
    problem: SitingProblem,
    instance: Instance,
    answer: Answer,
    need: float,
    given: float,
    settings: Settings,
    clock: Clock,
) -> Answer:
    """Return the plan with most preferred sites among those with little more travel."""
    median = replace(problem, objective="p_median", tolerance=None)
    everywhere = np.full(len(instance.persons), np.inf)
    least, _, _ = fewest_unserved(median, instance, settings, clock)
    if np.isnan(least):
        return answer
    levels: tuple[tuple[float | np.ndarray, float], ...]
    levels = (*_levels(instance, need), (np.inf, least))
    aim = Aim("preferred", everywhere, levels, most_minutes=(1.0 + given) * answer.objective)
    general, solution = attempt(median, instance, aim, settings, clock, near=answer)
    if solution.values is None:
        return answer
    found = read_answer(general, solution, settings, clock, sign=-1.0)
    many = round(found.objective)
    note = Message("siting.preferred_sites", preferred=many, sites=len(found.opened))
    travel = _travel(instance, found)
    return replace(
        answer,
        opened=found.opened,
        closed=found.closed,
        flow=found.flow,
        places=found.places,
        objective=travel,
        bound=min(answer.bound, travel),
        notes=(*answer.notes, note),
    )


def _minutes(instance: Instance, answer: Answer) -> np.ndarray:
    stay = np.setdiff1d(instance.closable, answer.closed)
    open_now = np.sort(np.concatenate([instance.fixed, stay, answer.opened]))
    return instance.travel.nearest(open_now)[1]


def _travel(instance: Instance, answer: Answer) -> float:
    minutes, weight = _minutes(instance, answer), instance.persons * instance.weight
    served = np.isfinite(minutes) & (weight > 0)
    return float(weight[served] @ minutes[served])


def _covered(instance: Instance, answer: Answer) -> float:
    weight = instance.persons * instance.weight
    if answer.flow is not None:
        row, column, share = answer.flow
        near = instance.travel.minutes_of(row, column) <= instance.limit_min[row]
        return float(weight[row[near]] @ share[near])
    return float(weight[_minutes(instance, answer) <= instance.limit_min].sum())


def _by_price(
    instance: Instance, cover: Answer, need: float, settings: Settings, clock: Clock
) -> Answer | None:
    """Solve by prices of a person beyond the limit; None where that does not settle it."""
    core = Core.of(instance)
    if core.sites <= 0:
        return None
    minutes = instance.travel.rows(core.rows)
    if minutes.is_sparse:
        return None
    dense, late = minutes.minutes, minutes.minutes > core.limit_min[:, None]
    fixed_late = core.fixed_minutes > core.limit_min
    far = 4.0 * (1.0 + minutes.longest())
    fixed = np.where(np.isfinite(core.fixed_minutes), core.fixed_minutes, far)
    spare = float(core.weight.sum()) - need

    def measure(plan: np.ndarray) -> tuple[float, float]:
        near = np.minimum(fixed, dense[:, core.free[plan]].min(axis=1, initial=np.inf))
        return float(core.weight @ near), float(core.weight[near <= core.limit_min].sum())

    best = np.searchsorted(core.free, np.setdiff1d(cover.opened, core.required))
    travel, enough = measure(best)[0], need * (1.0 - EXACT) - EXACT
    bound, best_price, price = -np.inf, 0.0, 0.0
    above = below = measure(best)
    goal = Goal(settings.gap)

    def priced(price: float) -> Costs:
        base = core.weight * np.where(fixed_late, fixed + price, fixed)
        return Costs(Travel(np.where(late, dense + price, dense)), core.free, core.weight, base)

    def walk(plan: np.ndarray) -> tuple[np.ndarray, float]:
        """Exchange sites while that saves travel and keeps the condition."""
        near = Costs(minutes, core.free, core.weight, np.where(fixed_late, core.weight, 0.0),
                     core.limit_min)  # fmt: skip
        way = priced(0.0)
        while len(plan) and not clock.is_over:
            saved, lost = exchange_changes(way, plan), exchange_changes(near, plan)
            lost = np.where(np.isfinite(lost), lost, np.inf)
            saved[measure(plan)[1] - lost < enough] = np.inf
            place, site = divmod(int(np.argmin(saved)), saved.shape[1])
            if saved[place, site] >= -EXACT * travel:
                break
            plan = plan.copy()
            plan[place] = site
        return plan, measure(plan)[0]

    for _ in range(TURNS):
        loose = Goal(LOOSE, price * spare)
        part = clock.part(0.25)
        result = solve_median(priced(price), core.sites, loose, part, seed=settings.seed)
        reached, covered = measure(result.chosen)
        if covered >= enough and reached < travel:
            best, travel = result.chosen, reached
        if result.bound - price * spare > bound:
            bound, best_price = result.bound - price * spare, price
        if covered >= enough:
            above = (reached, covered)
        else:
            below = (reached, covered)
        # The next price is where the two plans around the condition cost the same.
        following = (above[0] - below[0]) / max(above[1] - below[1], EXACT)
        if goal.is_met(travel, bound) or clock.is_over or abs(following - price) <= 1e-3 * price:
            break
        price = following
    best, travel = walk(best)
    if not goal.is_met(travel, bound) and not clock.is_over and core.sites < len(core.free):
        shift = best_price * spare

        def judge(plan: np.ndarray) -> float:
            reached, covered = measure(plan)
            return reached + shift if covered >= enough else np.inf

        result = close_judged(
            priced(best_price), core.sites, Goal(settings.gap, shift), clock, judge, best
        )
        best, travel = result.chosen, measure(result.chosen)[0]
        bound = max(bound, result.bound - shift)
    bound = min(bound, travel)
    proved = goal.is_met(travel, bound)
    status = "optimal" if proved else "feasible"
    return Answer(status, core.opened(best), travel, bound, not proved and clock.is_over)
