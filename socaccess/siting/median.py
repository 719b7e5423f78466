"""Open at most so many sites at the least total cost: the fast way, exact when it closes.

Greedy and swaps find a plan; the Lagrangian relaxation bounds it and rules sites out; Benders cuts
solve the linear relaxation, whose fractions suggest better plans and whose prices rule out more;
what is left is a small mixed-integer programme. Covering problems are the case of costs that are
nothing or everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import scipy.sparse as sp

from socaccess.siting.benders import LinearBound, linear_bound
from socaccess.siting.certificate import Goal
from socaccess.siting.chain import build_chain, chain_model, closed_sets
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs, merge_equal
from socaccess.siting.lagrangian import Relaxation, price_out, relax, surviving
from socaccess.siting.search import PairSearch, greedy_sites, search_sites, swap_sites
from socaccess.siting.solver import OPTIMAL, LinearModel, solve_model
from socaccess.siting.tree import ROOT_STEP, SHORT_STEP, Closed, Pairs, close_gap

__all__ = ["MedianResult", "solve_median"]

ITERATIONS = (60, 200)
CLIENTS_PER_ITERATION = 40
ROUNDS = 8
SMALL_PAIRS, PROGRAMME_PAIRS, FEW_CHOICES = 1_000, 20_000, 10
COVER_PAIRS, MANY_PAIRS = 5_000, 40_000
COMPILED_PAIRS, COMPILED_COVER = 240_000, 100_000
INTERIOR_PAIRS = 1_000_000
FEWEST_NEAR, NEAR_SITES = 60, 8
FEW_ROUNDS, SHAKES, MANY_ROUNDS = 10, 50, 1_000_000
COVER_PROGRAMME, TREE_PAIRS, SMALL_GAP = 600_000, 100_000, 5e-4
TRIAL_NODES, DENSE_PLAN = 1_000, 8
LISTED = 10_000_000
SEARCH_PAIRS, MANY_PARTS, NEAR_OPEN = 2_000_000, 6, 2


@dataclass(frozen=True)
class MedianResult:
    """The plan (columns of the costs), its cost and what no plan can fall below."""

    chosen: np.ndarray
    value: float
    bound: float
    limit_hit: bool


def solve_median(
    costs: Costs,
    sites: int,
    goal: Goal,
    clock: Clock,
    *,
    seed: int = 0,
    threads: int = 1,
    worth: float = np.inf,
) -> MedianResult:
    """Return the cheapest plan of at most `sites` free sites.

    The search ends early where every plan is proved to cost more than `worth`.

    Examples
    --------
    >>> from socaccess.siting.travel import Travel
    >>> travel = Travel(np.array([[0.0, 5.0, 9.0], [5.0, 0.0, 4.0], [9.0, 4.0, 0.0]]))
    >>> costs = Costs(travel, np.arange(3), np.ones(3), np.full(3, 9.0))
    >>> result = solve_median(costs, 1, Goal(1e-6), Clock(10.0))
    >>> result.chosen.tolist(), result.value, round(result.bound, 6)
    ([1], 9.0, 9.0)
    """
    run = _Run(costs, sites, goal, clock, seed, threads, worth)
    many = COMPILED_COVER if costs.limit is not None else COMPILED_PAIRS
    if costs.pair_count > many and 0 < sites < costs.site_count:
        run.solve_large()
    else:
        run.solve_small()
    bound = min(run.bound, run.value)
    hit = clock.is_over and not goal.is_met(run.value, bound)
    return MedianResult(np.sort(run.chosen), run.value, bound, hit)


def close_judged(
    costs: Costs,
    sites: int,
    goal: Goal,
    clock: Clock,
    judge: Callable[[np.ndarray], float],
    chosen: np.ndarray,
) -> MedianResult:
    """Return the best plan as `judge` counts, which is never less than its cost, from `chosen`."""
    run = _Run(costs, sites, goal, clock)
    run.search()
    prices = run.relax_linearly(run.relax()).prices
    run.judge, run.chosen, run.value = judge, chosen, judge(chosen)
    bound, cost = price_out(costs, sites, prices, np.zeros(costs.site_count))
    run.bound = max(run.bound, min(bound, run.value))
    linear = LinearBound(bound, prices, cost)
    kept = run._left(linear)
    if comb(len(kept), sites) * costs.client_count <= LISTED and not clock.is_over:
        # So few plans can be better that all are looked at.
        for plan in combinations(kept.tolist(), sites):
            value = judge(np.array(plan))
            if value < run.value:
                run.chosen, run.value = np.array(plan), value
        return MedianResult(run.chosen, run.value, run.value, limit_hit=False)
    run.close_rest(linear)
    return MedianResult(np.sort(run.chosen), run.value, min(run.bound, run.value), clock.is_over)


class _Run:
    """One solution process: the best plan and the best bound so far."""

    def __init__(
        self,
        costs: Costs,
        sites: int,
        goal: Goal,
        clock: Clock,
        seed: int = 0,
        threads: int = 1,
        worth: float = np.inf,
    ) -> None:
        self.costs, self.sites, self.goal, self.clock = costs, sites, goal, clock
        self.seed, self.threads, self.worth = seed, threads, worth
        self.judge: Callable[[np.ndarray], float] = costs.total
        self.chosen = np.zeros(0, dtype=np.int64)
        self.value = float(costs.base.sum())
        self.bound = self.value if sites == 0 else float(costs.floor.sum())

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do and time to do it."""
        proved = self.goal.is_met(self.value, self.bound) or self.bound > self.worth
        return not proved and not self.clock.is_over

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
        self.offer(search_sites(self.costs, self.chosen, rounds=ROUNDS, seed=self.seed, clock=part))

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

    def solve_small(self) -> None:
        """Solve by array arithmetic, and by a tree only where that leaves much open."""
        self.search()
        if self.is_open:
            relaxed = self.relax()
            if self.is_open and self.costs.limit is not None:
                self._finish_cover(LinearBound(relaxed.bound, relaxed.prices, relaxed.column_cost))
            elif self.is_open:
                linear = self.relax_linearly(relaxed)
                if self.is_open:
                    self.search_more()
                if self.is_open:
                    self.finish(linear)

    def solve_large(self) -> None:
        """Solve by compiled loops: search, prices, tree; the linear relaxation where it helps."""
        costs = self.costs
        self.clock.report("siting.step_search")
        covers = costs.limit is not None
        rank = max(FEWEST_NEAR, NEAR_SITES * costs.site_count // self.sites)
        base = costs.ceiling(rank)
        many = costs.client_count * rank
        if not costs.is_sparse and many > MANY_PARTS * SEARCH_PAIRS:
            # A part of the clients finds a plan; its sites then say which pairs are near.
            part = np.zeros(costs.client_count)
            every = int(-(-many // SEARCH_PAIRS))
            part[::every] = base[::every]
            some = Pairs.of(costs.near_pairs(part).by_client, part)
            self.improve(self._shake(PairSearch(some), covers=covers))
            table = np.column_stack([costs.columns(self.chosen), costs.base])
            base = np.minimum(base, np.sort(table, axis=1)[:, min(NEAR_OPEN, self.sites)])
        pairs = Pairs.of(costs.near_pairs(base).by_client, base)
        search = PairSearch(pairs)
        if not len(self.chosen):
            self.offer(self._shake(search, covers=covers))
        if not self.is_open:
            return
        self.clock.report("siting.step_bound")
        # Nodes end early where all sums are whole; elsewhere, and where many of the sites open,
        # the linear relaxation leaves far fewer of them.
        dense = costs.site_count < DENSE_PLAN * self.sites
        trial = costs.unit > 0 and not covers and not dense
        root = self.close(search, most_nodes=TRIAL_NODES if trial else 0)
        if self.is_open and not covers:
            relaxed = Relaxation(
                root.root_bound, root.column_cost, root.prices, self.chosen, self.value
            )
            linear = self.relax_linearly(relaxed)
            if self.is_open:
                self.finish(linear, shakes=SHAKES)
        elif self.is_open:
            self._finish_cover(LinearBound(root.root_bound, root.prices, root.column_cost))

    def _shake(self, search: PairSearch, *, covers: bool) -> np.ndarray:
        """Return the plan that the compiled search finds."""
        first, part = search.greedy(self.sites), self.clock.part(0.25)
        rounds = ROUNDS if covers else FEW_ROUNDS
        return search.shake(first, rounds=rounds, seed=self.seed, clock=part)

    def close(
        self,
        search: PairSearch,
        prices: np.ndarray | None = None,
        kept: np.ndarray | None = None,
        most_nodes: float = np.inf,
    ) -> Closed:
        """Run a tree on pairs of the sites `kept` (all) from `prices` of the clients."""
        pairs = search.pairs
        kept = np.arange(self.costs.site_count) if kept is None else kept
        step = ROOT_STEP if prices is None else SHORT_STEP
        # More sites never cost more: a plan is filled up to have as many as the tree decides on.
        others = np.setdiff1d(kept, self.chosen)
        chosen = np.append(self.chosen, others[: self.sites - len(self.chosen)])
        if prices is None:
            table = np.column_stack([self.costs.columns(chosen), pairs.base])
            table = np.partition(table, 1, axis=1)
            prices = np.minimum(table[:, :2].sum(axis=1) / 2, pairs.base)
        closed = close_gap(
            pairs,
            self.sites,
            np.searchsorted(kept, chosen),
            prices,
            judge=lambda plan: self.judge(kept[plan]),
            polish=lambda plan: search.swap(plan)[0],
            tolerance=lambda value: self.goal.tolerance(value) / 2,
            unit=self.costs.unit,
            clock=self.clock,
            bound=self.bound,
            step=step,
            most_nodes=most_nodes,
        )
        self.chosen, self.value = kept[closed.chosen], closed.value
        self.bound = max(self.bound, closed.bound)
        return closed

    def _finish_cover(self, linear: LinearBound) -> None:
        """Close a covering problem from first prices.

        The linear relaxation of what they leave, priced out exactly, rules out more; then a
        tree, good where sites are few, then the programme, whose cuts are good where they are many.
        """
        near, kept = self._near_left(linear)
        if len(kept) > self.sites and near.nnz <= INTERIOR_PAIRS:
            prices = self._linear_prices(Pairs.of(near, self.costs.base), kept)
            if prices is not None:
                bound, cost = price_out(self.costs, self.sites, prices, linear.column_cost)
                self.bound = max(self.bound, min(bound, self.value))
                linear = LinearBound(bound, prices, cost)
                near, kept = self._near_left(linear)
        if self.is_open and len(kept) > self.sites and COVER_PAIRS < near.nnz <= TREE_PAIRS:
            self.close(
                PairSearch(Pairs.of(near, self.costs.base)), linear.prices, kept, TRIAL_NODES
            )
        if self.is_open:
            self._solve_cover(linear)

    def _solve_cover(self, linear: LinearBound) -> None:
        """Solve the programme of what is left, or look for better plans where that is too much."""
        near, kept = self._near_left(linear)
        if len(kept) <= self.sites:
            # No plan with another site is better.
            self.offer(kept)
            self.bound = self.value
            return
        near, base = merge_equal(near, self.costs.base)
        shown = self.goal.offset - self.value
        wide = self.value - self.bound > SMALL_GAP * abs(shown)
        if near.nnz > (MANY_PAIRS if wide else COVER_PROGRAMME):
            # Among the sites that the prices leave, better plans are found sooner.
            part = self.clock.part(0.9 if near.nnz > COVER_PROGRAMME else 0.3)
            search, plan = PairSearch(Pairs.of(near, base)), np.searchsorted(kept, self.chosen)
            plan = search.shake(plan, rounds=MANY_ROUNDS, seed=self.seed + 1, clock=part)
            self.offer(kept[plan])
        if near.nnz > COVER_PROGRAMME or not self.is_open:
            return
        self.clock.report("siting.step_programme", sites=len(kept))
        model, opened, missed = _cover_model(near, base, self.sites)
        start = np.zeros(model.column_count)
        start[opened] = np.isin(kept, self.chosen)
        # Stored entries of a covering are costs, all of them nothing.
        ones = sp.csr_array((np.ones(near.nnz), near.indices, near.indptr), shape=near.shape)
        start[missed] = ones @ np.isin(kept, self.chosen) < 0.5
        bound = self._programme(model, opened, kept, start)
        self.bound = max(self.bound, min(self.value, bound))

    def _programme(
        self, model: LinearModel, opened: np.ndarray, kept: np.ndarray, start: np.ndarray
    ) -> float:
        """Solve a model of the sites `kept`, keep its plan if it is better, return its bound."""
        solution = solve_model(
            model,
            time_limit_s=self.clock.left_s,
            absolute_gap=self.goal.tolerance(self.value) / 2,
            seed=self.seed,
            threads=self.threads,
            start=start,
        )
        if solution.values is not None:
            self.offer(kept[solution.values[opened] > 0.5])
        return solution.bound

    def _near_left(self, linear: LinearBound) -> tuple[sp.csr_array, np.ndarray]:
        """Return the pairs that better plans may use and their sites."""
        kept = self._left(linear)
        cut = np.minimum(self.costs.base, linear.prices + self._slack(linear))
        return self.costs.near_pairs(cut, kept).by_client, kept

    def _linear_prices(self, pairs: Pairs, kept: np.ndarray) -> np.ndarray | None:
        """Return the prices of clients in the linear relaxation of a covering problem.

        The sites it opens most are often the best plan.
        """
        shape = (len(pairs.base), pairs.site_count)
        near = sp.csr_array((np.ones(len(pairs.site)), pairs.site, pairs.start), shape=shape)
        model, opened, _ = _cover_model(near, pairs.base, self.sites)
        limit_s = self.clock.part(0.4).left_s
        # Interior points scale, the simplex method starts sooner.
        many = len(pairs.site) > COVER_PAIRS
        solved = solve_model(model, time_limit_s=limit_s, relax=True, interior=many)
        if solved.status != OPTIMAL or solved.row_prices is None:
            return None
        if solved.values is not None:
            most = np.argsort(-solved.values[opened], kind="stable")[: self.sites]
            self.improve(np.sort(kept[most]))
        return np.clip(solved.row_prices[: len(pairs.base)], 0.0, pairs.base)

    def finish(self, linear: LinearBound, shakes: int = 0) -> None:
        """Close the gap: by an integer programme where each client has few choices, else a tree.

        A better plan, of so many `shakes` in compiled loops, leaves the programme fewer sites.
        """
        near, kept = self._near_left(linear)
        most = min(PROGRAMME_PAIRS, FEW_CHOICES * self.costs.client_count)
        few = near.nnz <= max(SMALL_PAIRS, most)
        if few and shakes and len(kept) > self.sites:
            cut = np.minimum(self.costs.base, linear.prices + self._slack(linear))
            search, plan = PairSearch(Pairs.of(near, cut)), np.searchsorted(kept, self.chosen)
            plan = search.shake(plan, rounds=shakes, seed=self.seed + 1, clock=self.clock.part(0.2))
            self.offer(kept[plan])
            kept = self._left(linear)
        if len(kept) <= self.sites:
            # No plan with another site is better.
            self.offer(kept)
            self.bound = self.value
        elif few:
            self._solve_chain(kept, linear)
        else:
            self.close_rest(linear)

    def close_rest(self, linear: LinearBound) -> None:
        """Close the gap by a tree over the sites and pairs that `linear` leaves."""
        near, kept = self._near_left(linear)
        self.clock.report("siting.step_programme", sites=len(kept))
        cut = np.minimum(self.costs.base, linear.prices + self._slack(linear))
        self.close(PairSearch(Pairs.of(near, cut)), linear.prices, kept)

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

    def _solve_chain(self, kept: np.ndarray, linear: LinearBound) -> None:
        """Solve the programme of the sites `kept`."""
        self.clock.report("siting.step_programme", sites=len(kept))
        cost = self.costs.columns(kept)
        cut, sure = self._fixings(kept, cost, linear)
        chain = build_chain(cost, self.costs.base, cut)
        model, opened, missed = chain_model(chain, self.sites, sure)
        start = np.zeros(model.column_count)
        start[opened] = np.isin(kept, self.chosen)
        start[missed] = closed_sets(chain, start[opened] > 0.5)
        bound = self._programme(model, opened, kept, start) + chain.constant
        self.bound = max(self.bound, min(self.value, bound))

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


def _cover_model(
    near: sp.csr_array, base: np.ndarray, sites: int
) -> tuple[LinearModel, np.ndarray, np.ndarray]:
    """Return the model of covering rows of `near`, its site and its row variables."""
    model = LinearModel()
    opened = model.add_columns(near.shape[1], integer=True)
    missed = model.add_columns(near.shape[0], cost=base)
    client = np.arange(near.shape[0])
    model.add_rows(
        np.concatenate([np.repeat(client, np.diff(near.indptr)), client]),
        np.concatenate([opened[near.indices], missed]),
        1.0,
        lower=np.ones(len(client)),
        upper=np.inf,
    )
    model.add_rows(np.zeros(len(opened)), opened, 1.0, lower=[-np.inf], upper=[float(sites)])
    return model, opened, missed
