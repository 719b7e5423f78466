"""Open at most so many sites at the least total cost: the fast way, exact when it closes.

Greedy and swaps find a plan; the Lagrangian relaxation bounds it and rules sites out; Benders cuts
solve the linear relaxation, whose fractions suggest better plans and whose prices rule out more;
what is left is a small mixed-integer programme. Covering problems are the case of costs that are
nothing or everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socaccess.siting.benders import LinearBound, linear_bound
from socaccess.siting.certificate import Goal
from socaccess.siting.chain import build_chain, chain_model, closed_sets
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.lagrangian import Relaxation, relax, surviving
from socaccess.siting.search import greedy_sites, search_sites, swap_sites
from socaccess.siting.solver import solve_model

__all__ = ["MedianResult", "solve_median"]

ITERATIONS = (60, 200)
CLIENTS_PER_ITERATION = 40
ROUNDS = 8
MORE_ROUNDS = 80
WIDE = 2_000
CORE_PAIRS = 3_000_000
NARROW_PAIRS = 500_000
CORE_SITES = 2_500
NARROW = (300, 600)


@dataclass(frozen=True)
class MedianResult:
    """The plan (columns of the costs), its cost and what no plan can fall below."""

    chosen: np.ndarray
    value: float
    bound: float
    limit_hit: bool


def solve_median(
    costs: Costs, sites: int, goal: Goal, clock: Clock, *, seed: int = 0, threads: int = 1
) -> MedianResult:
    """Return the cheapest plan of at most `sites` free sites.

    Examples
    --------
    >>> from socaccess.siting.travel import Travel
    >>> travel = Travel(np.array([[0.0, 5.0, 9.0], [5.0, 0.0, 4.0], [9.0, 4.0, 0.0]]))
    >>> costs = Costs(travel, np.arange(3), np.ones(3), np.full(3, 9.0))
    >>> result = solve_median(costs, 1, Goal(1e-6), Clock(10.0))
    >>> result.chosen.tolist(), result.value, round(result.bound, 6)
    ([1], 9.0, 9.0)
    """
    run = _Run(costs, sites, goal, clock, seed, threads)
    run.search()
    if run.is_open:
        relaxed = run.relax()
        if run.is_open:
            linear = run.relax_linearly(relaxed)
            if run.is_open:
                run.search_more()
            if run.is_open:
                run.finish(linear)
    bound = min(run.bound, run.value)
    hit = clock.is_over and not goal.is_met(run.value, bound)
    return MedianResult(np.sort(run.chosen), run.value, bound, hit)


class _Run:
    """One solution process: the best plan and the best bound so far."""

    def __init__(
        self, costs: Costs, sites: int, goal: Goal, clock: Clock, seed: int, threads: int
    ) -> None:
        self.costs, self.sites, self.goal, self.clock = costs, sites, goal, clock
        self.seed, self.threads = seed, threads
        self.chosen = np.zeros(0, dtype=np.int64)
        self.value = float(costs.base.sum())
        self.bound = self.value if sites == 0 else float(costs.floor.sum())

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do and time to do it."""
        return not self.goal.is_met(self.value, self.bound) and not self.clock.is_over

    def offer(self, plan: np.ndarray) -> float:
        """Keep `plan` if it is better; return the best value."""
        total = self.costs.total(plan)
        if total < self.value:
            self.chosen, self.value = plan, total
        return self.value

    def improve(self, plan: np.ndarray) -> float:
        """Keep what swaps make of `plan` if it is better; return the best value."""
        return self.offer(swap_sites(self.costs, plan, self.clock))

    def search(self) -> None:
        """Find a first plan."""
        self.clock.report("siting.step_search")
        if self.sites:
            self.improve(greedy_sites(self.costs, self.sites))

    def search_more(self) -> None:
        """Shake the best plan."""
        self.clock.report("siting.step_search_again")
        part = self.clock.part(0.2)
        wide = self.value - self.bound > WIDE * self.goal.tolerance(self.value)
        rounds = (4 if wide else 1) * ROUNDS + MORE_ROUNDS // max(1, self.sites)
        self.offer(search_sites(self.costs, self.chosen, rounds=rounds, seed=self.seed, clock=part))

    def relax(self) -> Relaxation:
        """Bound by client prices."""
        self.clock.report("siting.step_bound")
        # Good prices spare a linear programme that grows much faster than clients; the programme
        # of a covering problem is cheap.
        fewest, most = ITERATIONS
        wanted = 0 if self.costs.limit is not None else self.costs.client_count
        iterations = min(max(fewest, wanted // CLIENTS_PER_ITERATION), most)
        relaxed = relax(
            self.costs,
            self.sites,
            self.chosen,
            iterations=iterations,
            enough=max(5 * self.sites, 200),
            goal=self.goal,
            clock=self.clock,
        )
        self.chosen, self.value = relaxed.chosen, relaxed.value
        self.bound = max(self.bound, relaxed.bound)
        return relaxed

    def relax_linearly(self, relaxed: Relaxation) -> LinearBound:
        """Bound by the linear relaxation."""
        self.clock.report("siting.step_relaxation")
        linear = linear_bound(
            self.costs,
            self.sites,
            relaxed.prices,
            relaxed.column_cost,
            self.chosen,
            goal=self.goal,
            clock=self.clock.part(0.5),
            improve=self.improve,
        )
        self.bound = max(self.bound, min(linear.bound, self.value))
        return linear

    def finish(self, linear: LinearBound) -> None:
        """Close the gap by integer programmes: on promising sites, then on all that are left."""
        for width in NARROW:
            kept = self._left(linear)
            if len(kept) <= width or not self.is_open:
                break
            self._solve_narrow(linear, width)
        turn = 0
        while self.is_open and not self._prove(linear):
            # Too much for a proof in any time worth waiting: better plans are what can be had.
            turn += 1
            self.seed += 1
            self.search_more()
            self._solve_narrow(linear, NARROW[0] + 100 * turn)

    def _prove(self, linear: LinearBound) -> bool:
        """Solve on all sites that are left; return whether they were few enough to try."""
        kept = self._left(linear)
        if len(kept) > CORE_SITES:
            return False
        bound = self._solve_on(kept, linear, self.clock, CORE_PAIRS)
        self.bound = max(self.bound, min(self.value, bound))
        return np.isfinite(bound) or not self.is_open

    def _solve_narrow(self, linear: LinearBound, width: int) -> None:
        """Look for a better plan among the `width` most promising sites and the best plan's."""
        kept = self._left(linear)
        order = np.argsort(linear.column_cost[kept], kind="stable")
        kept = np.union1d(kept[order[:width]], self.chosen)
        self._solve_on(kept, linear, self.clock.part(0.3), NARROW_PAIRS)

    def _left(self, linear: LinearBound) -> np.ndarray:
        """Return the sites that plans better than the best one known may open."""
        # The sites ruled out belong only to plans dearer than that.
        slack = self._slack(linear)
        stay = np.isfinite(linear.column_cost)
        stay &= surviving(linear.column_cost, self.sites, slack)
        stay[self.chosen] = True
        return np.flatnonzero(stay)

    def _slack(self, linear: LinearBound) -> float:
        """Return by how much a plan better than the best one known may exceed the bound."""
        return self.value - linear.bound + self.goal.tolerance(self.value)

    def _solve_on(
        self, kept: np.ndarray, linear: LinearBound, clock: Clock, most_pairs: int
    ) -> float:
        """Solve on the sites `kept` and return the bound of better plans within them.

        Minus infinity when more than `most_pairs` pairs take part, or nothing was proved in time.
        """
        clock.report("siting.step_programme", sites=len(kept))
        cost = self.costs.columns(kept)
        cut, sure = self._fixings(kept, cost, linear)
        useful = (cost < self.costs.base[:, None]) & (cost <= cut[:, None])
        if int(useful.sum()) > most_pairs:
            return -np.inf
        chain = build_chain(cost, self.costs.base, cut)
        model, opened, missed = chain_model(chain, self.sites, sure)
        start = np.zeros(model.column_count)
        start[opened] = np.isin(kept, self.chosen)
        start[missed] = closed_sets(chain, start[opened] > 0.5)
        solution = solve_model(
            model,
            time_limit_s=clock.left_s,
            absolute_gap=self.goal.tolerance(self.value) / 2,
            seed=self.seed,
            threads=self.threads,
            start=start,
        )
        if solution.values is not None:
            self.offer(kept[solution.values[opened] > 0.5])
        return solution.bound + chain.constant

    def _fixings(
        self, kept: np.ndarray, cost: np.ndarray, linear: LinearBound
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the cost beyond which no client is served, and the sites surely open."""
        sure = np.zeros(len(kept), dtype=bool)
        slack = self._slack(linear)
        cut = linear.prices + slack
        if len(kept) > self.sites:
            # Closing a site that the prices open lets the next best one in.
            column_cost = linear.column_cost[kept]
            following = min(0.0, float(np.partition(column_cost, self.sites)[self.sites]))
            sure = following - column_cost > slack
            # With all but so few sites open, one of this many nearest ones is.
            rank = len(kept) - self.sites
            cut = np.minimum(cut, np.partition(cost, rank, axis=1)[:, rank])
        if sure.any():
            cut = np.minimum(cut, cost[:, sure].min(axis=1))
        return cut, sure
