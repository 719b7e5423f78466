"""Good plans fast: greedy, then swaps, then swaps from shaken plans."""

from __future__ import annotations

import numpy as np

from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.tree import Pairs

__all__ = ["PairSearch", "exchange_changes", "greedy_sites", "search_sites", "swap_sites"]

TOLERANCE = 1e-9
MANY_CLIENTS = 5_000


def greedy_sites(costs: Costs, sites: int) -> np.ndarray:
    """Return the free sites that in turn save most, up to `sites` of them.

    A site that saves nothing more is not taken.
    """
    chosen: list[int] = []
    current = costs.base
    gain = costs.gains(current)
    while len(chosen) < min(sites, costs.site_count):
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        if gain[best] <= TOLERANCE * max(1.0, float(current.sum())):
            break
        chosen.append(best)
        nearer = np.minimum(current, costs.columns(np.array([best]))[:, 0])
        gain -= costs.gains(current, nearer)
        current = nearer
    return np.array(chosen, dtype=np.int64)


class _SwapState:
    """Losses and gains of every exchange of one plan, kept up to date [1]_.

    References
    ----------
    .. [1] Resende, Werneck (2007), A fast swap-based local search procedure for location
       problems, Annals of Operations Research 150.
    """

    def __init__(self, costs: Costs, chosen: np.ndarray) -> None:
        self.costs = costs
        self.chosen = chosen.copy()
        self.places = len(chosen)
        self.first = np.zeros(costs.client_count, dtype=np.int64)
        self.first_cost = costs.base.copy()
        self.second_cost = costs.base.copy()
        self.gain = np.zeros(costs.site_count)
        self.extra = np.zeros((self.places + 1, costs.site_count))
        self.table = np.column_stack([costs.columns(chosen), costs.base])
        self._place(np.arange(costs.client_count))

    def _rank(self, clients: np.ndarray) -> None:
        """Find the cheapest and second cheapest open site of `clients`; the base stands last."""
        table = self.table[clients]
        rows = np.arange(len(clients))
        first = np.argmin(table, axis=1)
        self.first[clients] = first
        self.first_cost[clients] = table[rows, first]
        # The base is always there: once a site, it is its own second when nothing is nearer.
        table[rows, first] = np.where(first == self.places, table[rows, first], np.inf)
        self.second_cost[clients] = table.min(axis=1)

    def _count(self, clients: np.ndarray, sign: float) -> None:
        """Add or take away what `clients` contribute to gains and extras."""
        if self.costs.is_sparse:
            for begin in range(0, len(clients), MANY_CLIENTS):
                part = clients[begin : begin + MANY_CLIENTS]
                two = np.stack([self.first_cost[part], self.second_cost[part]])
                gain, extra = self.costs.stored_swap_terms(
                    part, self.first[part], self.places + 1, two
                )
                self.gain += sign * gain
                self.extra += sign * extra
            return
        order = clients[np.argsort(self.first[clients], kind="stable")]
        edges = np.searchsorted(self.first[order], np.arange(self.places + 2))
        for place in range(self.places + 1):
            group = order[edges[place] : edges[place + 1]]
            if len(group):
                first, second = self.first_cost[group], self.second_cost[group]
                gain, extra = self.costs.swap_terms(group, first, second)
                self.gain += sign * gain
                self.extra[place] += sign * extra

    def _place(self, clients: np.ndarray) -> None:
        self._rank(clients)
        self._count(clients, 1.0)

    def changes(self) -> np.ndarray:
        """Return the change of cost of every exchange, places x free sites; inf for open ones."""
        loss = np.bincount(
            self.first, self.second_cost - self.first_cost, minlength=self.places + 1
        )[: self.places]
        change = loss[:, None] - self.extra[:-1] - self.gain[None, :]
        change[:, self.chosen] = np.inf
        return change

    def best(self) -> tuple[float, int, int]:
        """Return the change of cost, the place and the site of the best exchange."""
        change = self.changes()
        spot = int(np.argmin(change))
        place, site = divmod(spot, self.costs.site_count)
        return float(change[place, site]), place, site

    def exchange(self, place: int, site: int) -> None:
        """Open `site` in place of the one at `place`."""
        column = self.costs.columns(np.array([site]))[:, 0]
        touched = (self.table[:, place] <= self.second_cost) | (column < self.second_cost)
        clients = np.flatnonzero(touched)
        self._count(clients, -1.0)
        self.table[:, place] = column
        self.chosen[place] = site
        self._place(clients)


def exchange_changes(costs: Costs, chosen: np.ndarray) -> np.ndarray:
    """Return what replacing each site of `chosen` by each free site costs more (less if < 0)."""
    return _SwapState(costs, chosen).changes()


def swap_sites(costs: Costs, chosen: np.ndarray, clock: Clock) -> np.ndarray:
    """Return the plan reached from `chosen` by the best exchange each time."""
    if len(chosen) == 0 or costs.site_count <= len(chosen):
        return chosen
    state = _SwapState(costs, chosen)
    value = float(state.first_cost.sum())
    while not clock.is_over:
        change, place, site = state.best()
        if change >= -TOLERANCE * max(1.0, abs(value)):
            break
        state.exchange(place, site)
        fresh = float(state.first_cost.sum())
        if fresh >= value:
            break
        value = fresh
    return state.chosen


def search_sites(
    costs: Costs,
    chosen: np.ndarray,
    *,
    rounds: int,
    seed: int,
    clock: Clock,
) -> np.ndarray:
    """Return the best plan of `rounds` shaken restarts of the swap search, `chosen` included."""
    rng = np.random.default_rng(seed)
    best = swap_sites(costs, chosen, clock)
    value = costs.total(best)
    moving = len(best)
    if moving < 1 or costs.site_count <= len(best):
        return best
    for number in range(rounds):
        if clock.is_over:
            break
        shaken = best.copy()
        others = np.setdiff1d(np.arange(costs.site_count), best)
        # Small shakes polish, large ones leave the valley: take turns.
        many = min(2 + number % max(1, moving // 5), len(others), moving)
        out = rng.choice(moving, many, replace=False)
        shaken[out] = rng.choice(others, many, replace=False)
        shaken = swap_sites(costs, shaken, clock)
        total = costs.total(shaken)
        if total < value - TOLERANCE * max(1.0, abs(value)):
            best, value = shaken, total
    return best


class PairSearch:
    """Exchanges on pairs by the compiled loops; any plan in, a better one out."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs, self.by_site = pairs, pairs.by_site()

    def greedy(self, sites: int) -> np.ndarray:
        """Return the sites that in turn save most."""
        from socaccess.siting import kernels

        return np.asarray(kernels.greedy(*self.by_site, self.pairs.base, sites))

    def swap(self, chosen: np.ndarray, first: int = 0) -> tuple[np.ndarray, float]:
        """Return the plan that exchanges lead to, and its cost."""
        from socaccess.siting import kernels

        plan = np.array(chosen, dtype=np.int64)
        return plan, float(kernels.swap(*self.pairs.arrays, *self.by_site, plan, first))

    def shake(self, chosen: np.ndarray, *, rounds: int, seed: int, clock: Clock) -> np.ndarray:
        """Return the best plan of `rounds` small shakes.

        Plans as good as the best take its place, so that the search wanders over plans.
        """
        best, value = self.swap(chosen)
        many, rng = self.pairs.site_count, np.random.default_rng(seed)
        for _ in range(rounds):
            if clock.is_over or len(best) >= many:
                break
            out = min(2 + int(rng.integers(max(1, min(4, len(best) // 5)))), len(best))
            is_open = np.zeros(many, dtype=bool)
            is_open[best] = True
            others = np.flatnonzero(~is_open)
            out = min(out, len(others))
            trial, gone = best.copy(), rng.choice(len(best), out, replace=False)
            trial[gone] = rng.choice(others, out, replace=False)
            trial, reached = self.swap(trial, int(rng.integers(many)))
            if reached <= value:
                best, value = trial, reached
        return np.sort(best)
