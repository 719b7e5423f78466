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
from socaccess.siting.curve import Proved
from socaccess.siting.general import Aim
from socaccess.siting.instance import Instance
from socaccess.siting.median import close_judged, solve_median
from socaccess.siting.plain import Core, Settings
from socaccess.siting.problem import SitingProblem
from socaccess.siting.search import exchange_changes
from socaccess.siting.solver import OPTIMAL
from socaccess.siting.travel import Travel

__all__ = ["find_least_travel", "solve_within_tolerance"]

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
    """Solve by prices of a person beyond the limit; None where that is not the way."""
    core = Core.of(instance)
    minutes = instance.travel.rows(core.rows)
    if core.sites <= 0 or minutes.is_sparse:
        return None
    start = np.searchsorted(core.free, np.setdiff1d(cover.opened, core.required))
    priced = Priced(
        minutes.minutes[:, core.free], core.fixed_minutes, core.weight, core.limit_min, need
    )
    plan, travel, bound = priced.solve(core.sites, start, settings, clock)
    nearest = minutes.nearest(np.concatenate([instance.fixed, core.opened(plan)]))[1]
    if not np.isfinite(nearest).all():
        # Who stays unserved comes before any travel: no price says that.
        return None
    proved = Goal(settings.gap).is_met(travel, bound)
    status = "optimal" if proved else "feasible"
    return Answer(status, core.opened(plan), travel, bound, not proved and clock.is_over)


class Priced:
    """Least travel while `need` persons stay covered: minutes clients x free sites.

    `fixed` are everybody's minutes without a free site. Whoever reaches nothing, there or at a
    site, is taken to travel further than anybody.
    """

    def __init__(
        self,
        minutes: np.ndarray,
        fixed: np.ndarray,
        weight: np.ndarray,
        limit_min: np.ndarray,
        need: float,
    ) -> None:
        finite = minutes[np.isfinite(minutes)]
        far = 4.0 * (1.0 + float(finite.max(initial=0.0)))
        self.minutes, self.weight, self.limit_min = minutes, weight, limit_min
        self.fixed = np.where(np.isfinite(fixed), fixed, far)
        self.fixed_late = fixed > limit_min
        self.spare = float(weight.sum()) - need
        self.enough = need * (1.0 - EXACT) - EXACT
        self.sites = np.arange(minutes.shape[1])

    def measure(self, plan: np.ndarray) -> tuple[float, float]:
        """Return the travel of a plan and whom it covers."""
        near = np.minimum(self.fixed, self.minutes[:, plan].min(axis=1, initial=np.inf))
        return float(self.weight @ near), float(self.weight[near <= self.limit_min].sum())

    def costs(self, price: float) -> Costs:
        """Return the costs with `price` minutes for everyone beyond the limit."""
        late = self.minutes > self.limit_min[:, None]
        base = self.weight * np.where(self.fixed_late, self.fixed + price, self.fixed)
        minutes = Travel(np.where(late, self.minutes + price, self.minutes))
        return Costs(minutes, self.sites, self.weight, base)

    def walk(self, plan: np.ndarray, clock: Clock) -> np.ndarray:
        """Exchange sites while that saves travel and keeps the condition."""
        late = np.where(self.fixed_late, self.weight, 0.0)
        near = Costs(Travel(self.minutes), self.sites, self.weight, late, self.limit_min)
        way, travel = self.costs(0.0), self.measure(plan)[0]
        while len(plan) and not clock.is_over:
            saved, lost = exchange_changes(way, plan), exchange_changes(near, plan)
            lost = np.where(np.isfinite(lost), lost, np.inf)
            saved[self.measure(plan)[1] - lost < self.enough] = np.inf
            place, site = divmod(int(np.argmin(saved)), saved.shape[1])
            if saved[place, site] >= -EXACT * travel:
                break
            plan = plan.copy()
            plan[place] = site
        return plan

    def solve(
        self, sites: int, start: np.ndarray, settings: Settings, clock: Clock
    ) -> tuple[np.ndarray, float, float]:
        """Return the best plan found from `start`, which covers enough, its travel and a bound."""
        best, goal = start, Goal(settings.gap)
        bound, best_price, price = -np.inf, 0.0, 0.0
        above = below = self.measure(best)
        travel = above[0]
        for _ in range(TURNS):
            loose = Goal(LOOSE, price * self.spare)
            part = clock.part(0.25)
            result = solve_median(self.costs(price), sites, loose, part, seed=settings.seed)
            reached, covered = self.measure(result.chosen)
            if covered >= self.enough and reached < travel:
                best, travel = result.chosen, reached
            if result.bound - price * self.spare > bound:
                bound, best_price = result.bound - price * self.spare, price
            if covered >= self.enough:
                above = (reached, covered)
            else:
                below = (reached, covered)
            # The next price is where the two plans around the condition cost the same.
            following = (above[0] - below[0]) / max(above[1] - below[1], EXACT)
            met = goal.is_met(travel, bound) or abs(following - price) <= 1e-3 * price
            if met or clock.is_over:
                break
            price = following
        best = self.walk(best, clock)
        travel = self.measure(best)[0]
        if not goal.is_met(travel, bound) and not clock.is_over and sites < len(self.sites):
            shift = best_price * self.spare

            def judge(plan: np.ndarray) -> float:
                reached, covered = self.measure(plan)
                return reached + shift if covered >= self.enough else np.inf

            goal = Goal(settings.gap, shift)
            result = close_judged(self.costs(best_price), sites, goal, clock, judge, best)
            best, travel = result.chosen, self.measure(result.chosen)[0]
            bound = max(bound, result.bound - shift)
        return best, travel, min(bound, travel)


def find_least_travel(
    minutes: np.ndarray,
    base_min: np.ndarray,
    persons: np.ndarray,
    *,
    limit_min: float,
    start: tuple[int, ...],
    covered: float,
    time_limit_s: float = 60.0,
    gap: float = 1e-6,
) -> Proved:
    """Return the plan of least person-minutes that keeps so many persons within the limit.

    Parameters
    ----------
    minutes
        Clients x sites; inf where there is no way.
    base_min
        Minutes of every client without a new site; inf where there is nothing.
    persons
        Of every client, all above 0.
    limit_min
        Limit of coverage, itself included.
    start
        A plan that covers enough; the answer has as many sites.
    covered
        Fewest persons within the limit, those of the base included.
    time_limit_s, gap
        As in `suggest_sites`.

    Examples
    --------
    >>> minutes = np.array([[0.0, 9.0, 25.0], [30.0, 9.0, 0.0], [50.0, 50.0, 0.0]])
    >>> plan = find_least_travel(minutes, np.full(3, 60.0), np.array([6.0, 4.0, 1.0]),
    ...                          limit_min=25.0, start=(2,), covered=9.0)
    >>> plan.sites, plan.value, plan.status
    ((1,), 140.0, 'optimal')
    """
    limit = np.full(len(persons), limit_min)
    priced = Priced(minutes, base_min, persons, limit, covered)
    first, settings = np.array(start, dtype=np.int64), Settings(gap)
    plan, travel, bound = priced.solve(len(start), first, settings, Clock(time_limit_s))
    status = "optimal" if Goal(gap).is_met(travel, bound) else "feasible"
    return Proved(tuple(plan.tolist()), travel, bound, status)
