"""The linear relaxation by cuts and columns, each found in closed form when it is needed.

One variable a site and one a client (its cost). A cut for a client with price L reads
`cost >= L - sum(max(0, L - c_j) * y_j)`; the price that cuts most is the cost at which the open
fractions of its nearest sites reach one [1]_. Only promising sites take part; the averaged prices
of the cuts in force are prices of the Lagrangian relaxation, which bounds every plan over all sites
and names the sites still missing.

References
----------
.. [1] Duran-Mateluna, Ales, Elloumi (2023), An efficient Benders decomposition for the p-median
   problem, European Journal of Operational Research 308; Fischetti, Ljubic, Sinnl (2017),
   Redesigning Benders decomposition for large-scale facility location, Management Science 63.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from socaccess.siting.certificate import Goal
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.lagrangian import price_out
from socaccess.siting.solver import IncrementalLp

__all__ = ["LinearBound", "linear_bound"]

FIRST_COLUMNS = 150
MORE_COLUMNS = 200
NEARLY_WHOLE = 0.9
NEAREST = 50


@dataclass(frozen=True)
class LinearBound:
    """What the linear relaxation proved.

    `bound` holds for every plan over all sites, with the `prices` behind it; `column_cost` is every
    site's reduced cost at those prices (large where a site is ruled out).
    """

    bound: float
    prices: np.ndarray
    column_cost: np.ndarray


class _Master:
    """The linear programme on some sites, with its cuts."""

    def __init__(self, costs: Costs, sites: int, columns: np.ndarray, prices: np.ndarray) -> None:
        self.costs, self.base = costs, costs.base
        n = costs.client_count
        self.columns = columns
        self.cost = costs.columns(columns)
        floor = costs.floor
        # The clients' variables stand first, so that sites can be added behind them.
        self.lp = IncrementalLp(cost=np.ones(n), lower=floor, upper=np.full(n, np.inf))
        self.lp.add_rows(np.zeros(0, int), np.zeros(0, int), np.zeros(0), [-np.inf], [float(sites)])
        self.row_client = np.zeros(0, dtype=np.int64)
        self.row_price = np.zeros(0)
        self.lp.add_columns(len(columns), np.zeros(len(columns), int), np.arange(len(columns)))
        self._sort()
        self.cut(np.arange(n), np.minimum(prices, self.base))

    def _sort(self) -> None:
        self.order = np.argsort(self.cost, axis=1, kind="stable")
        self.ordered = np.take_along_axis(self.cost, self.order, axis=1)

    def cut(self, clients: np.ndarray, price: np.ndarray) -> None:
        """Add the cuts of `clients` at `price`."""
        useful = price > self.costs.floor[clients]
        clients, price = clients[useful], price[useful]
        weight = np.maximum(price[:, None] - self.cost[clients], 0.0)
        row, column = np.nonzero(weight)
        count = np.arange(len(clients))
        self.lp.add_rows(
            np.concatenate([count, row]),
            np.concatenate([clients, self.costs.client_count + column]),
            np.concatenate([np.ones(len(clients)), weight[row, column]]),
            price,
            np.full(len(clients), np.inf),
        )
        self.row_client = np.concatenate([self.row_client, clients])
        self.row_price = np.concatenate([self.row_price, price])

    def admit(self, columns: np.ndarray) -> None:
        """Let more sites take part."""
        cost = self.costs.columns(columns)
        self.columns = np.concatenate([self.columns, columns])
        self.cost = np.concatenate([self.cost, cost], axis=1)
        self._sort()
        weight = np.maximum(self.row_price[:, None] - cost[self.row_client], 0.0)
        weight = np.concatenate([np.ones((1, len(columns))), weight])
        column, row = np.nonzero(weight.T)
        self.lp.add_columns(len(columns), row, column, weight[row, column])

    def violated(
        self, values: np.ndarray, fractions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the clients whose cost is put too low, their prices and the sum missing."""
        n, m = self.cost.shape
        price, worth = np.empty(n), np.empty(n)
        rows, many = np.arange(n), min(m, NEAREST)
        while len(rows):
            # Nearly always a few sites make up one; the others are looked at for the rest only.
            share = fractions[self.order[rows, :many]]
            cost, mass = self.ordered[rows, :many], np.cumsum(share, axis=1)
            whole = mass[:, -1] >= 1.0 - 1e-9
            reach = np.minimum((mass < 1.0 - 1e-9).sum(axis=1), many - 1)
            top = np.where(whole, cost[np.arange(len(rows)), reach], self.base[rows])
            price[rows] = top
            worth[rows] = top - (np.maximum(top[:, None] - cost, 0.0) * share).sum(axis=1)
            rows, many = (rows[~whole], m) if many < m else (rows[:0], m)
        missing = worth - values
        cut = np.flatnonzero(missing > 1e-9 + 1e-7 * np.abs(worth))
        return cut, price[cut], float(missing[cut].sum())

    def mean_prices(self, row_duals: np.ndarray) -> np.ndarray:
        """Return every client's price, averaged over its cuts in force."""
        duals = np.maximum(row_duals[1:], 0.0)
        n = self.costs.client_count
        share = np.bincount(self.row_client, duals, minlength=n)
        price = np.bincount(self.row_client, duals * self.row_price, minlength=n)
        # What is left of a client's cost coefficient rests on its lower bound, the floor.
        rest = np.maximum(1.0 - share, 0.0) * self.costs.floor
        return (price + rest) / np.maximum(share, 1.0)


def linear_bound(
    costs: Costs,
    sites: int,
    prices: np.ndarray,
    column_cost: np.ndarray,
    chosen: np.ndarray,
    *,
    goal: Goal,
    clock: Clock,
    improve: Callable[[np.ndarray], float],
) -> LinearBound:
    """Return the bound of opening at most `sites` free sites.

    `prices` and `column_cost` are where the Lagrangian relaxation ended (infinite for sites ruled
    out), `chosen` the best plan known; `improve` is told plans that the fractions suggest and
    returns the least cost known. The bound holds at whatever moment the clock ends it.
    """
    first = np.argsort(column_cost, kind="stable")[: max(FIRST_COLUMNS, 6 * sites)]
    first = np.union1d(first[np.isfinite(column_cost[first])], chosen)
    master = _Master(costs, sites, first, prices)
    value = costs.total(chosen)
    best, best_prices, best_cost = -np.inf, prices, column_cost
    while not clock.is_over:
        solved = master.lp.solve(clock.left_s)
        if solved is None:
            break
        local, values, _, row_duals = solved
        n = costs.client_count
        fractions = values[n:]
        cut, price, missing = master.violated(values[:n], fractions)
        tolerance = goal.tolerance(value) / 10
        if missing > max(tolerance, 0.02 * (value - local)):
            master.cut(cut, price)
            continue
        rounded = np.sort(np.argsort(-fractions, kind="stable")[:sites])
        if fractions[rounded].sum() >= NEARLY_WHOLE * sites:
            value = min(value, improve(master.columns[rounded]))
        mean = master.mean_prices(row_duals)
        bound, reduced_cost = price_out(costs, sites, mean, best_cost)
        # Prices half-way to the best ones known swing less and often bound better (Wentges 1997).
        middle = (mean + best_prices) / 2
        middle_bound, middle_cost = price_out(costs, sites, middle, best_cost)
        for offer in ((bound, mean, reduced_cost), (middle_bound, middle, middle_cost)):
            if offer[0] > best:
                best, best_prices, best_cost = offer
        if goal.is_met(value, best):
            break
        inside = np.zeros(costs.site_count, dtype=bool)
        inside[master.columns] = True
        dual = min(0.0, float(row_duals[0]))
        fresh = np.flatnonzero(~inside & (reduced_cost < dual - 1e-9 * (1.0 + abs(dual))))
        if len(fresh) == 0 and missing <= tolerance:
            break
        fresh = fresh[np.argsort((reduced_cost + middle_cost)[fresh], kind="stable")]
        fresh = fresh[:MORE_COLUMNS]
        if len(cut):
            master.cut(cut, price)
        if len(fresh):
            master.admit(np.sort(fresh))
    return LinearBound(best, best_prices, best_cost)
