"""Whether no plan can be better than a stated bound: proved anew, by search in a tree.

A plan chooses at most so many sites; every row pays what the cheapest of them, or of those that
stay, costs it. Prices of rows (Lagrange multipliers) give each part of the tree a bound from
below; a part that cannot beat the stated bound is left. Nothing here comes from the solver.
"""

from __future__ import annotations

import heapq
from itertools import count

import numpy as np

__all__ = ["prove_cover_count", "prove_least_cost"]

_STEPS = (120, 25)
_NODES = 3000


def prove_least_cost(
    costs: np.ndarray, base: np.ndarray, sites: int, required: list[int], least: float
) -> bool | None:
    """Return whether no choice of sites costs less than `least`; None where it stays open.

    Parameters
    ----------
    costs
        Of every row at every candidate, shape (rows, candidates), at most `base`.
    base
        Of every row without any of them.
    sites
        How many may be chosen.
    required
        Candidates that must be among them.
    least
        The bound to prove, within a millionth.
    """
    aim = least - 1e-6 * max(1.0, abs(least))
    ticket = count()
    held = np.minimum(base, costs[:, required].min(axis=1, initial=np.inf))
    free = np.setdiff1d(np.arange(costs.shape[1]), required)
    start = (held, free, sites - len(required), held * 0.5)
    heap = [(-np.inf, next(ticket), start)]
    for step in range(_NODES):
        if not heap:
            return True
        _, _, (held, free, left, prices) = heapq.heappop(heap)
        steps = _STEPS[step > 0]
        bound, prices, reduced = _raise_bound(costs[:, free], held, left, prices, aim, steps)
        if bound >= aim:
            continue
        if left == 0 or not len(free):
            return False
        best = int(np.argmin(reduced))
        # What was chosen is a plan as well: one that beats the bound refutes it.
        chosen = free[np.argsort(reduced)[:left]]
        if float(np.minimum(held, costs[:, chosen].min(axis=1)).sum()) < aim:
            return False
        site, rest = free[best], np.delete(free, best)
        with_it = np.minimum(held, costs[:, site])
        heapq.heappush(heap, (bound, next(ticket),
                              (with_it, rest, left - 1, np.minimum(prices, with_it))))  # fmt: skip
        heapq.heappush(heap, (bound, next(ticket), (held, rest, left, prices)))
    return None


def _raise_bound(
    costs: np.ndarray, held: np.ndarray, left: int, prices: np.ndarray, aim: float, steps: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the best bound of a part of the tree, its prices and what each site saves at them."""
    if left == 0 or costs.shape[1] == 0:
        return float(held.sum()), prices, np.zeros(costs.shape[1])
    best, kept, saves = -np.inf, prices, np.zeros(costs.shape[1])
    length = 1.0
    for step in range(steps):
        cheaper = np.minimum(costs - prices[:, None], 0.0)
        reduced = cheaper.sum(axis=0)
        chosen = np.argsort(reduced, kind="stable")[:left]
        bound = float(prices.sum() + np.minimum(reduced[chosen], 0.0).sum())
        if bound > best + 1e-12 * abs(best if np.isfinite(best) else 1.0):
            best, kept, saves = bound, prices, reduced
        elif step % 4 == 3:
            length *= 0.7
        if best >= aim:
            break
        slope = 1.0 - (cheaper[:, chosen] < 0).sum(axis=1)
        # A price beyond what a row pays anyway buys nothing.
        slope[(slope > 0) & (prices >= held)] = 0.0
        norm = float(slope @ slope)
        if norm == 0:
            break
        gap = max(aim - bound, 1e-9 * max(1.0, abs(aim)))
        prices = np.clip(prices + length * gap / norm * slope, 0.0, held)
    return best, kept, saves


def prove_cover_count(near: np.ndarray, least: int) -> bool | None:
    """Return whether fewer than `least` sites cannot cover every row; None where it stays open.

    `near` says who is near which candidate, shape (rows, candidates). An integer programme of
    scipy's own decides.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows = np.unique(near, axis=0)
    if not len(rows) or least <= 0:
        return True
    if not rows.any(axis=1).all():
        return None
    answer = milp(
        np.ones(rows.shape[1]),
        constraints=LinearConstraint(rows.astype(float), 1.0, np.inf),
        bounds=Bounds(0.0, 1.0),
        integrality=1,
        options={"time_limit": 60.0},
    )
    if answer.mip_dual_bound is not None and answer.mip_dual_bound > least - 1 + 1e-6:
        return True
    return False if answer.x is not None and answer.fun < least - 0.5 else None
