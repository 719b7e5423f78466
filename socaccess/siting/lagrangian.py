"""A proved lower bound by relaxing "every client is served once", and the sites it rules out.

With a price for every client, the relaxed problem falls apart by site: open the sites whose
clients' prices exceed their costs by most. Any prices give a bound; deflected subgradient steps
look for good ones [1]_. All sums are in double precision and a margin is taken off.

References
----------
.. [1] Cornuejols, Fisher, Nemhauser (1977), Location of bank accounts to optimize float,
   Management Science 23; Camerini, Fratta, Maffioli (1975), On improving relaxation methods by
   modified gradient techniques, Mathematical Programming Study 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socaccess.siting.certificate import Goal
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.search import swap_sites

__all__ = ["Relaxation", "price_out", "relax", "surviving"]

MARGIN = 1e-9
DEFLECTION = 0.9
PATIENCE = 20
SHRINK = 0.66
PRUNE_EVERY = 10
PLAN_EVERY = 25
MEMORY = 0.05


@dataclass(frozen=True)
class Relaxation:
    """What the relaxation proved.

    `bound` holds for every plan; `column_cost` is every site's reduced cost at the clients'
    `prices` behind the bound, infinite for sites no plan cheaper than `value` opens; `chosen` is
    the cheapest plan met, at `value`.
    """

    bound: float
    column_cost: np.ndarray
    prices: np.ndarray
    chosen: np.ndarray
    value: float


def relax(
    costs: Costs,
    sites: int,
    chosen: np.ndarray,
    *,
    iterations: int,
    enough: int,
    goal: Goal,
    clock: Clock,
) -> Relaxation:
    """Return the bound for opening at most `sites` sites, starting from the plan `chosen`.

    Stops after `iterations`, when the gap is closed, or when at most `enough` sites are left.
    """
    value = costs.total(chosen)
    prices, ceiling = _first_prices(costs, chosen)
    near = costs.near_pairs(ceiling).by_site
    columns = np.arange(costs.site_count)
    rows, data, start = near.indices, near.data, near.indptr.astype(np.int64)
    best, best_prices = -np.inf, prices
    best_column_cost = np.zeros(costs.site_count)
    direction = np.zeros(costs.client_count)
    # How often a site was open lately: what the fractions of the linear relaxation tend to.
    openness = np.zeros(costs.site_count)
    step, stalled = 1.0, 0
    for iteration in range(iterations):
        if clock.is_over:
            break
        reduced = prices[rows]
        np.subtract(data, reduced, out=reduced)
        np.minimum(reduced, 0.0, out=reduced)
        column_cost = _part_sums(reduced, start)
        opened = _smallest(column_cost, sites)
        total = float(prices.sum())
        bound = total + float(column_cost[opened].sum()) - MARGIN * total
        if bound > best:
            stalled = stalled + 1 if bound < best + 1e-5 * abs(best) else 0
            best, best_prices, best_column_cost = bound, prices, column_cost
        else:
            stalled += 1
        openness *= 1.0 - MEMORY
        openness[opened] += MEMORY
        if iteration % PLAN_EVERY == PLAN_EVERY - 1:
            plan = columns[np.sort(np.argsort(-openness, kind="stable")[:sites])]
            plan = swap_sites(costs, plan, clock)
            plan_value = costs.total(plan)
            if plan_value < value:
                chosen, value = plan, plan_value
        if goal.is_met(value, best):
            break
        served = np.zeros(costs.client_count)
        for site in opened:
            part = slice(start[site], start[site + 1])
            served[rows[part][reduced[part] < 0.0]] += 1.0
        if stalled >= PATIENCE:
            step, stalled = step * SHRINK, 0
            prices, direction = best_prices, np.zeros(costs.client_count)
            if step < 1e-3:
                break
        direction = DEFLECTION * direction + (1.0 - served)
        length = float(direction @ direction)
        if length == 0.0:
            break
        prices = prices + step * (value - bound) / length * direction
        prices = np.clip(prices, 0.0, ceiling)
        if iteration % PRUNE_EVERY == PRUNE_EVERY - 1 and len(best_column_cost) == len(columns):
            stay = surviving(best_column_cost, sites, value - best)
            stay[np.isin(columns, chosen)] = True
            if stay.sum() < 0.9 * len(columns):
                pair = np.repeat(stay, np.diff(start))
                rows, data = rows[pair], data[pair]
                start = np.concatenate([[0], np.cumsum(np.diff(start)[stay])])
                columns, best_column_cost = columns[stay], best_column_cost[stay]
                openness = openness[stay]
            if len(columns) <= enough:
                break
    stay = surviving(best_column_cost, sites, value - best)
    stay |= np.isin(columns, chosen)
    column_cost = np.full(costs.site_count, np.inf)
    column_cost[columns[stay]] = best_column_cost[stay]
    return Relaxation(min(best, value), column_cost, best_prices, chosen, value)


def price_out(
    costs: Costs, sites: int, prices: np.ndarray, column_cost: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the bound at `prices` and every site's reduced cost.

    Sites ruled out (infinite in `column_cost`) stay so.
    """
    prices = np.minimum(prices, costs.base)
    fresh = np.where(np.isfinite(column_cost), -costs.gains(prices), np.inf)
    opened = _smallest(fresh, sites)
    total = float(prices.sum())
    return total + float(fresh[opened].sum()) - MARGIN * total, fresh


def _first_prices(costs: Costs, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return prices half-way between the two cheapest open sites, and the highest allowed ones."""
    table = np.column_stack([costs.columns(chosen), costs.base])
    rank = min(3, table.shape[1] - 1)
    table = np.partition(table, range(rank + 1), axis=1)
    second = table[:, min(1, rank)]
    return (table[:, 0] + second) / 2, np.minimum(table[:, rank], costs.base)


def _part_sums(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the sums of consecutive parts of `values`, 0 for empty ones."""
    sums = np.zeros(len(start) - 1)
    filled = start[1:] > start[:-1]
    if filled.any():
        sums[filled] = np.add.reduceat(values, start[:-1][filled])
    return sums


def _smallest(column_cost: np.ndarray, sites: int) -> np.ndarray:
    """Return the at most `sites` columns of least, negative cost, in order of position."""
    if sites < len(column_cost):
        least = np.argpartition(column_cost, sites - 1)[:sites]
    else:
        least = np.arange(len(column_cost))
    return np.sort(least[column_cost[least] < 0.0])


def surviving(column_cost: np.ndarray, sites: int, slack: float) -> np.ndarray:
    """Return which columns can be open in a plan within `slack` of the bound."""
    if len(column_cost) <= sites:
        return np.ones(len(column_cost), dtype=bool)
    dearest = min(0.0, float(np.partition(column_cost, sites - 1)[sites - 1]))
    return column_cost - dearest <= slack * (1.0 + 1e-9) + 1e-9
