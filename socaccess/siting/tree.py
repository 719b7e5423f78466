"""Close what a bound leaves open: a best-first tree over open and shut sites.

Each node is the same problem with some sites decided; its bound comes from a few subgradient steps
from the prices of its parent, and the reduced costs at those prices decide more sites [1]_. A
bound is a sum in double precision less a margin; nothing rests on how the prices were found.

References
----------
.. [1] Beasley (1985), A note on solving large p-median problems, European Journal of Operational
   Research 21; Briant, Naddef (2004), The optimal diversity management problem, Operations
   Research 52.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from socaccess.siting.clock import Clock

__all__ = ["Closed", "Pairs", "close_gap"]

ROOT_STEP, SHORT_STEP, NODE_STEP = 1.0, 0.1, 1.2
FREE, OPEN, SHUT = 0, 1, 2
MARGIN = 1e-11
ROOT_ROUNDS, STAGE_ROUNDS, NODE_ROUNDS, ROOT_STEPS = 1500, 60, 60, 2_000_000_000
ROOT_PATIENCE = 20
ROUNDING_EVERY = 25


@dataclass(frozen=True)
class Pairs:
    """Costs below a ceiling, by client and cheapest first.

    Client `i` pays `base[i]` unless an open site is cheaper: `cost[start[i]:start[i + 1]]` at
    `site[...]`.
    """

    start: np.ndarray
    site: np.ndarray
    cost: np.ndarray
    base: np.ndarray
    site_count: int

    @classmethod
    def of(cls, by_client: sp.csr_array, base: np.ndarray) -> Pairs:
        """Return the stored entries of `by_client` under `base`, in order of cost."""
        cost, site, start = by_client.data, by_client.indices, by_client.indptr
        if cost.any():
            # Row by row is several times faster than all at once with the client as a key.
            parts = zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
            order = np.concatenate(
                [first + np.argsort(cost[first:last], kind="stable") for first, last in parts]
            )
            cost, site = cost[order], site[order]
        return cls(
            start.astype(np.int64),
            site.astype(np.int32),
            np.ascontiguousarray(cost, dtype=float),
            np.array(base, dtype=float),
            by_client.shape[1],
        )

    def by_site(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return where each site's pairs begin, their clients and costs."""
        shape = (len(self.base), self.site_count)
        turned = sp.csr_array((self.cost, self.site, self.start), shape=shape).tocsc()
        start = turned.indptr.astype(np.int64)
        return start, turned.indices.astype(np.int32), turned.data

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The arrays in the order the compiled loops take them."""
        return self.start, self.site, self.cost, self.base


@dataclass(frozen=True)
class _Node:
    """Sites decided so far and what the prices say of the others."""

    bound: float
    state: np.ndarray
    prices: np.ndarray
    reduced: np.ndarray
    openness: np.ndarray


class _Tree:
    def __init__(
        self, pairs: Pairs, sites: int, value: float, tolerance: Callable[[float], float]
    ) -> None:
        self.pairs, self.sites, self.value, self.tolerance = pairs, sites, value, tolerance
        self.margin = MARGIN * float(pairs.base.sum()) + 1e-9
        self.cap = pairs.base

    @property
    def goal(self) -> float:
        """What a bound must reach for the best plan known to be proved."""
        return self.value - self.tolerance(self.value)

    def ascend(
        self, node: _Node, *, theta: float, rounds: int, patience: int
    ) -> tuple[_Node, float, int]:
        """Return `node` with better prices, the last length of steps and their number."""
        from socaccess.siting import kernels

        start, site, cost, floor = kernels.compact(*self.pairs.arrays, node.state, self.cap)
        free = np.flatnonzero(node.state == FREE)
        left = self.sites - int((node.state == OPEN).sum())
        bound, prices, reduced, openness, theta, turns = kernels.ascend(
            start, site, cost, floor, len(free), left, node.prices, self.goal, self.value,
            theta, rounds, patience, self.margin,
        )  # fmt: skip
        whole = np.zeros((2, len(node.state)))
        whole[0, free], whole[1, free] = reduced, openness
        better = _Node(max(bound, node.bound), node.state, prices, whole[0], whole[1])
        return better, theta, turns

    def climb(
        self, node: _Node, *, theta: float, clock: Clock, suggest: Callable[[np.ndarray], None]
    ) -> _Node:
        """Return the root with good prices, each stage without the sites that the last shut.

        `suggest` is called with plans after 1, 2, 4, 8 ... stages.
        """
        rounds, steps, turns = 0, 0, STAGE_ROUNDS
        while turns == STAGE_ROUNDS and rounds < ROOT_ROUNDS and steps < ROOT_STEPS:
            node, theta, turns = self.ascend(
                node, theta=theta, rounds=STAGE_ROUNDS, patience=ROOT_PATIENCE
            )
            rounds, steps = rounds + turns, steps + turns * len(self.pairs.site)
            stage = rounds // STAGE_ROUNDS
            if turns < STAGE_ROUNDS or stage & (stage - 1) == 0:
                suggest(np.argsort(-node.openness, kind="stable")[: self.sites])
            if node.bound >= self.goal or clock.is_over:
                break
            if self.fix(node, opens=False)[0]:
                self.narrow(node.state)
        return node

    def narrow(self, state: np.ndarray) -> None:
        """Keep the pairs below the cap of the sites that are not shut."""
        from socaccess.siting import kernels

        state = np.where(state == SHUT, SHUT, FREE).astype(np.int8)
        start, site, cost, _ = kernels.compact(*self.pairs.arrays, state, self.cap)
        site = np.flatnonzero(state == FREE).astype(np.int32)[site]
        self.pairs = Pairs(start, site, cost, self.cap, self.pairs.site_count)

    def fix(self, node: _Node, *, opens: bool = True) -> tuple[int, int]:
        """Decide the sites whose other state reaches the goal; return how many shut and opened."""
        state, left = node.state, self.sites - int((node.state == OPEN).sum())
        free = np.flatnonzero(state == FREE)
        if not 0 < left < len(free):
            return 0, 0
        reduced = node.reduced[free]
        last, following = np.partition(reduced, (left - 1, left))[left - 1 : left + 1]
        # The bound at these very prices; that of the parent may be higher.
        here = self.price_out(node)
        shut = (reduced >= following) & (here + reduced - last >= self.goal)
        opened = (reduced <= last) & (here - reduced + following >= self.goal) & ~shut & opens
        state[free[shut]], state[free[opened]] = SHUT, OPEN
        return int(shut.sum()), int(opened.sum())

    def price_out(self, node: _Node) -> float:
        """Return the bound at the prices of `node`."""
        free = np.flatnonzero(node.state == FREE)
        left = self.sites - int((node.state == OPEN).sum())
        least = np.sort(node.reduced[free])[:left]
        return float(node.prices.sum() + least.sum()) - self.margin

    def last_sites(self, node: _Node) -> np.ndarray:
        """Return the free sites that complete a node with one site to go below the goal."""
        from socaccess.siting import kernels

        start, site, cost, floor = kernels.compact(*self.pairs.arrays, node.state, self.cap)
        client = np.repeat(np.arange(len(floor)), np.diff(start))
        free = np.flatnonzero(node.state == FREE)
        saved = np.bincount(site, np.maximum(floor[client] - cost, 0.0), minlength=len(free))
        total = floor.sum() - saved
        order = np.argsort(total, kind="stable")
        return free[order[total[order] < self.goal]]


@dataclass(frozen=True)
class Closed:
    """What a tree came to: the best plan, a proved bound, and the prices at its root.

    `root_bound` is the bound at these very prices, `column_cost` every site's reduced cost at them,
    infinite where it is ruled out.
    """

    chosen: np.ndarray
    value: float
    bound: float
    root_bound: float
    prices: np.ndarray
    column_cost: np.ndarray


def close_gap(
    pairs: Pairs,
    sites: int,
    chosen: np.ndarray,
    prices: np.ndarray,
    *,
    judge: Callable[[np.ndarray], float],
    polish: Callable[[np.ndarray], np.ndarray],
    tolerance: Callable[[float], float],
    unit: float,
    clock: Clock,
    bound: float = -np.inf,
    step: float = ROOT_STEP,
    most_nodes: float = np.inf,
) -> Closed:
    """Return the best plan of `sites` sites and what is proved of it.

    Parameters
    ----------
    pairs
        Costs; never above the true ones.
    sites
        How many sites open, fewer than there are.
    chosen, prices
        A plan to begin with and prices of the clients; any will do.
    judge
        What a plan counts for, at least its cost in `pairs` (infinite when it breaks a condition).
    polish
        What makes a better plan of one that the prices suggest.
    tolerance
        Distance of bound and value that counts as proved.
    unit
        What all values are multiples of, 0 when nothing is known of them.
    clock
        The time there is.
    bound
        A bound known already.
    step
        Length of the first steps; short where the prices are those of a linear relaxation.
    most_nodes
        Stop after so many; 0 looks at the root only.
    """
    exact = (lambda _: unit * (1.0 - 1e-6)) if unit else tolerance
    tree = _Tree(pairs, sites, judge(chosen), exact)
    best = chosen
    count = 0
    heap: list[tuple[float, int, _Node]] = []

    def offer(plan: np.ndarray) -> None:
        nonlocal best
        reached = judge(plan)
        if reached < tree.value:
            best, tree.value = np.sort(plan), reached

    def settle(node: _Node) -> None:
        nonlocal count
        opened = np.flatnonzero(node.state == OPEN)
        rest = np.flatnonzero(node.state == FREE)
        left = sites - len(opened)
        if left < 0 or node.bound >= tree.goal or left > len(rest):
            return
        if left == 0 or left == len(rest):
            offer(opened if left == 0 else np.union1d(opened, rest))
        elif left == 1:
            for site in tree.last_sites(node):
                offer(np.append(opened, site))
        else:
            count += 1
            if count % ROUNDING_EVERY == 1:
                order = np.argsort(-node.openness[rest], kind="stable")
                offer(polish(np.append(opened, rest[order[:left]])))
            heapq.heappush(heap, (node.bound, count, node))

    empty = np.zeros(pairs.site_count)
    root = _Node(bound, np.zeros(pairs.site_count, np.int8), prices, empty, empty)
    root = tree.climb(root, theta=step, clock=clock, suggest=lambda plan: offer(polish(plan)))
    here = tree.price_out(root)
    tree.fix(root)
    column_cost = np.where(root.state == SHUT, np.inf, root.reduced)
    # A pair dearer than its client's price and the slack is in no plan below the goal.
    slack = tree.goal - here
    if slack > 0:
        tree.cap = np.minimum(pairs.base, root.prices + slack)
        tree.narrow(root.state)
    settle(root)
    nodes = 0
    while heap and heap[0][0] < tree.goal and not clock.is_over and nodes < most_nodes:
        _, _, node = heapq.heappop(heap)
        free = np.flatnonzero(node.state == FREE)
        # Where the relaxed plan is least decided, leaning towards open.
        score = node.openness[free] * (1.0 - 0.5 * node.openness[free])
        branch = free[np.argmax(score if score.max() > 0 else -node.reduced[free])]
        for decision in (OPEN, SHUT):
            nodes += 1
            state = node.state.copy()
            state[branch] = decision
            child = _Node(node.bound, state, node.prices, node.reduced, node.openness)
            for attempt in range(4):
                left = sites - int((state == OPEN).sum())
                if left < 0 or left > int((state == FREE).sum()):
                    break
                theta = NODE_STEP if attempt == 0 else NODE_STEP / 2
                child, _, _ = tree.ascend(child, theta=theta, rounds=NODE_ROUNDS, patience=6)
                if child.bound >= tree.goal or left == 0:
                    break
                shut, opened = tree.fix(child)
                if opened == 0 and shut < 0.15 * (state == FREE).sum():
                    break
            settle(child)
    lowest = heap[0][0] if heap else np.inf
    proved = lowest if lowest < tree.goal else tree.value if unit else tree.goal
    proved = min(tree.value, max(proved, bound))
    return Closed(best, tree.value, proved, here, root.prices, column_cost)
