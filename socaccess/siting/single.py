"""Whole clients under capacity: the p-median in which every client goes to one site.

With a price for every client each site is a knapsack, solved exactly by a small dynamic programme;
the sum is a bound tighter than the linear relaxation [1]_. The sites the prices open give plans by
regret, moves and exchanges; reduced costs rule out sites and pairs; the integer programme closes
what is left. Only for whole numbers of persons and places; everything else goes the general way.

References
----------
.. [1] Baldacci, Hadjiconstantinou, Maniezzo, Mingozzi (2002), A new method for solving capacitated
   location problems based on a set partitioning approach, Computers & Operations Research 29;
   Osman, Christofides (1994), Capacitated clustering problems by hybrid simulated annealing and
   tabu search, International Transactions in Operational Research 1.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from socaccess.siting.answer import Answer
from socaccess.siting.certificate import Goal
from socaccess.siting.clock import Clock
from socaccess.siting.instance import Instance, by_name
from socaccess.siting.options import SitingFields
from socaccess.siting.plain import Settings
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import INFEASIBLE, OPTIMAL, LinearModel, solve_model

__all__ = ["fits_single", "solve_single"]

MOST_PLACES = 5_000
MOST_ROUNDS, PATIENCE = 3_000, 15
IDLE_SHAKES = 1_000
KNOWN = {"travel_min", "persons", "client_ids", "site_ids", "objective", "sites", "max_places",
         "assignment", "forbidden", "candidates", "client_municipality", "site_municipality",
         "limit_min", "resolution_min", "curve_points", "robust"}  # fmt: skip


def fits_single(problem: SitingProblem, instance: Instance) -> bool:
    """Return whether this way knows the problem: no options but places, all of it whole."""
    if problem.objective != "p_median" or problem.assignment != "single" or not instance.sites:
        return False
    defaults = {item.name: item.default for item in fields(SitingFields)}
    for name in set(defaults) - KNOWN:
        value = getattr(problem, name)
        if value is not None and value != defaults[name] and (value or value == 0):
            return False
    most = by_name(problem.max_places, problem.site_ids)[instance.free]
    whole = np.isfinite(most).all() and (most == np.floor(most)).all() and most.max() <= MOST_PLACES
    persons = instance.persons
    whole = whole and (persons == np.floor(persons)).all() and not instance.travel.is_sparse
    return bool(whole and np.isfinite(instance.travel.minutes[:, instance.free]).all())


@dataclass
class _Search:
    """The best plan so far: the sites and who goes where."""

    cost: np.ndarray
    need: np.ndarray
    room: np.ndarray
    value: float = np.inf
    plan: np.ndarray | None = None
    to: np.ndarray | None = None

    def offer(self, plan: np.ndarray, noise: np.ndarray) -> float:
        """Improve `plan`, keep it if it is better, and return what it costs."""
        from socaccess.siting import kernels

        value, found, to = kernels.improve(self.cost, self.need, self.room, plan, noise)
        if value < self.value - 1e-9:
            self.value, self.plan, self.to = value, found, to
        return float(value)


def solve_single(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer | None:
    """Return the plan of least travel in which every client goes to one site with room for it.

    None where no plan serves everybody: who is left out is then a question of the general way.
    """
    rows = np.flatnonzero(instance.persons > 0)
    free = instance.free
    need = instance.persons[rows].astype(np.int64)
    room = by_name(problem.max_places, problem.site_ids)[free].astype(np.int64)
    weight = (instance.persons * instance.weight)[rows]
    cost = np.ascontiguousarray(weight[:, None] * instance.travel.minutes[np.ix_(rows, free)])
    # Products that are whole but for the last digit are whole.
    near = np.round(cost)
    unit = float((np.abs(cost - near) <= 1e-9 * np.maximum(1.0, near)).all())
    cost = near if unit else cost
    sites = min(int(instance.sites or 0), len(free))
    run = _Run(cost, need, room, sites, unit, settings, clock)
    run.price()
    if run.is_open:
        run.shake()
    if run.is_open and not clock.is_over:
        run.programme()
    search = run.search
    if search.plan is None or search.to is None:
        return None
    used = np.unique(search.plan[search.to])
    bound = search.value if not run.is_open else min(run.bound, search.value)
    goal = Goal(settings.gap)
    status = "optimal" if goal.is_met(search.value, bound) else "feasible"
    flow = (rows, free[search.plan[search.to]], np.ones(len(rows)))
    return Answer(
        status,
        free[used],
        float(search.value),
        float(bound),
        status != "optimal" and clock.is_over,
        flow=flow,
        places=np.full(len(instance.state), np.nan),
    )


class _Run:
    """Bound and plan of one problem."""

    def __init__(
        self,
        cost: np.ndarray,
        need: np.ndarray,
        room: np.ndarray,
        sites: int,
        unit: float,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self.cost, self.need, self.room, self.sites = cost, need, room, sites
        self.unit, self.settings, self.clock = unit, settings, clock
        self.search = _Search(cost, need, room)
        self.bound = -np.inf
        self.rng = np.random.default_rng(settings.seed)
        n, m = cost.shape
        self.allowed, self.shut = np.ones((n, m), np.bool_), np.zeros(m, np.bool_)

    @property
    def goal(self) -> float:
        """What a bound must reach for the best plan to be proved."""
        if self.unit:
            return self.search.value - 1.0 + 1e-6
        return self.search.value - Goal(self.settings.gap).tolerance(self.search.value) / 2

    @property
    def is_open(self) -> bool:
        """Whether the bound does not prove the plan yet."""
        return not self.bound >= self.goal

    def price(self) -> None:
        """Bound by prices, with a plan from each set of sites they open."""
        from socaccess.siting import kernels

        n, m = self.cost.shape
        part = self.clock.part(0.3)
        rank = min(m - 1, m // max(1, self.sites))
        prices = np.partition(self.cost, rank, axis=1)[:, rank].copy()
        best_prices, direction = prices.copy(), np.zeros(n)
        reduced, taken = np.zeros(m), np.zeros((n, m), np.bool_)
        best_reduced = reduced.copy()
        seen: set[bytes] = set()
        step, stalled = 1.0, 0
        for turn in range(MOST_ROUNDS):
            if part.is_over and self.search.plan is not None:
                break
            kernels.fill_knapsacks(
                self.cost, self.need, self.room, prices, self.allowed, reduced, taken
            )
            reduced[self.shut] = np.inf
            chosen = np.sort(np.argpartition(reduced, self.sites - 1)[: self.sites])
            bound = prices.sum() + reduced[chosen].sum() - 1e-9 * abs(prices).sum()
            if chosen.tobytes() not in seen:
                seen.add(chosen.tobytes())
                for noise in (0.0, 4.0, 8.0):
                    self.search.offer(chosen, np.asarray(self.rng.normal(0.0, 1.0, n)) * noise)
            if bound > self.bound + 1e-6 * abs(bound) or not np.isfinite(self.bound):
                self.bound, best_prices, best_reduced = bound, prices.copy(), reduced.copy()
                stalled = 0
            else:
                stalled += 1
            if not self.is_open:
                return
            if stalled >= PATIENCE:
                step, stalled, prices = step * 0.7, 0, best_prices.copy()
                direction[:] = 0.0
                if step < 0.005:
                    break
            direction = 0.7 * direction + 1.0 - taken[:, chosen].sum(axis=1)
            length = float(direction @ direction)
            if length == 0.0:
                break
            value = self.search.value
            target = value if np.isfinite(value) else 1.1 * abs(self.bound)
            prices = np.maximum(0.0, prices + step * (target - bound) / length * direction)
            if turn % 25 == 24:
                self._rule_out(best_prices, best_reduced)
        self._rule_out(best_prices, best_reduced)

    def _rule_out(self, prices: np.ndarray, reduced: np.ndarray) -> None:
        """Drop sites and pairs that no better plan uses."""
        if self.search.plan is None or self.search.to is None or not np.isfinite(self.bound):
            return
        last = float(np.partition(reduced, self.sites - 1)[self.sites - 1])
        over = self.bound + np.maximum(reduced - last, 0.0)
        self.shut |= over > self.goal
        self.allowed &= over[None, :] + np.maximum(self.cost - prices[:, None], 0.0) <= self.goal
        # The best plan itself stays, as a place to start from.
        self.shut[self.search.plan] = False
        self.allowed[np.arange(len(self.need)), self.search.plan[self.search.to]] = True

    def shake(self) -> None:
        """Put some sites elsewhere, again and again, and improve what comes of it."""
        part = self.clock.part(0.25)
        kept = np.flatnonzero(~self.shut)
        idle = 0
        while idle < IDLE_SHAKES and not part.is_over and len(kept) > self.sites:
            if self.search.plan is None:
                break
            before = self.search.value
            plan = self.search.plan.copy()
            others = np.setdiff1d(kept, plan)
            many = min(int(self.rng.integers(1, 4)), len(others), len(plan))
            out = self.rng.choice(len(plan), many, replace=False)
            plan[out] = self.rng.choice(others, many, replace=False)
            noise = float(self.rng.choice([0.0, 2.0, 6.0]))
            self.search.offer(plan, np.asarray(self.rng.normal(0.0, 1.0, len(self.need))) * noise)
            idle = idle + 1 if self.search.value >= before else 0

    def programme(self) -> None:
        """Close what is left by an integer programme."""
        row, column = np.nonzero(self.allowed & ~self.shut[None, :])
        kept = np.flatnonzero(~self.shut)
        place = np.searchsorted(kept, column)
        model = LinearModel()
        opened = model.add_columns(len(kept), integer=True)
        goes = model.add_columns(len(row), cost=self.cost[row, column], integer=True)
        each = np.arange(len(row))
        model.add_rows(row, goes, 1.0, lower=np.ones(len(self.need)), upper=1.0)
        model.add_rows(
            np.concatenate([place, np.arange(len(kept))]),
            np.concatenate([goes, opened]),
            np.concatenate([self.need[row], -self.room[kept]]).astype(float),
            lower=-np.inf,
            upper=np.zeros(len(kept)),
        )
        model.add_rows(
            np.concatenate([each, each]),
            np.concatenate([goes, opened[place]]),
            np.repeat([1.0, -1.0], len(row)),
            lower=-np.inf,
            upper=np.zeros(len(row)),
        )
        many = np.zeros(len(kept), int)
        model.add_rows(many, opened, 1.0, lower=[-np.inf], upper=[float(self.sites)])
        start = None
        search = self.search
        if search.plan is not None and search.to is not None:
            start = np.zeros(model.column_count)
            start[opened] = np.isin(kept, search.plan)
            start[goes] = search.plan[search.to][row] == column
        solution = solve_model(
            model,
            time_limit_s=self.clock.left_s,
            absolute_gap=max(0.0, search.value - self.goal - 1e-6) if start is not None else 0.0,
            seed=self.settings.seed,
            threads=self.settings.threads,
            start=start,
        )
        if solution.values is not None and solution.objective < search.value - 1e-9:
            used = solution.values[goes] > 0.5
            plan = kept[solution.values[opened] > 0.5]
            search.plan, search.value = plan, float(solution.objective)
            search.to = np.zeros(len(self.need), np.int64)
            search.to[row[used]] = np.searchsorted(plan, column[used])
        if solution.status in (OPTIMAL, INFEASIBLE):
            self.bound = search.value
        elif np.isfinite(solution.bound):
            self.bound = max(self.bound, min(solution.bound, search.value))
