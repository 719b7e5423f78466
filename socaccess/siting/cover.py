"""Cover every row with as few sites as possible: reductions, local search, integer programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from socaccess.siting.clock import Clock
from socaccess.siting.solver import INFEASIBLE, OPTIMAL, LinearModel, solve_model

__all__ = ["CoverResult", "solve_cover"]

PRODUCT_ENTRIES = 400_000_000
STEPS_PER_ROW = 20
FEWEST_STEPS = 2_000
RESTARTS = 3
PROVABLE = 2


@dataclass(frozen=True)
class CoverResult:
    """The sites of the smallest cover found and a proved least number."""

    chosen: np.ndarray
    bound: float


def solve_cover(
    near: sp.csr_array,
    clock: Clock,
    *,
    at_most: int | None = None,
    seed: int = 0,
    threads: int = 1,
) -> CoverResult:
    """Return the fewest columns of `near` (rows x sites) that cover every row.

    With `at_most` the search ends as soon as so few are found or proved too few. Every row must
    have a column.

    Examples
    --------
    >>> near = sp.csr_array(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    >>> solve_cover(near, Clock(10.0)).chosen.tolist()
    [1]
    """
    if near.shape[0] == 0:
        return CoverResult(np.zeros(0, dtype=np.int64), 0.0)
    if at_most is not None:
        first = _drop_spare(near, _greedy(near))
        apart = _count_apart(near, at_most)
        if len(first) <= at_most or apart > at_most:
            return CoverResult(np.sort(first), float(apart))
    reduced, columns = _reduce(near, rounds=99 if at_most is None else 2)
    best = _drop_spare(reduced, _greedy(reduced))
    if at_most is not None and len(best) <= at_most:
        return CoverResult(np.sort(columns[best]), 0.0)
    linear = solve_model(_model(reduced), time_limit_s=clock.left_s, relax=True, seed=seed)
    bound = float(np.ceil(linear.bound - 1e-6)) if linear.status == OPTIMAL else 1.0
    goal = int(bound) if at_most is None else at_most
    if at_most is not None and bound > at_most:
        return CoverResult(np.sort(columns[best]), bound)
    if len(best) > goal and not clock.is_over:
        steps = STEPS_PER_ROW * reduced.shape[0]
        steps = max(FEWEST_STEPS, steps if at_most is None else steps // 4)
        part, turn = clock.part(0.7), 0
        while len(best) > goal and not part.is_over:
            best = _search(reduced, best, goal, steps, seed + turn, part)
            turn += 1
            # Far from the bound a proof is out of reach: a smaller cover is what can be had.
            if at_most is not None or (turn >= RESTARTS and len(best) <= goal + PROVABLE):
                break
    if len(best) > goal and not clock.is_over:
        best, bound = _prove(reduced, best, bound, at_most, seed, threads, clock)
    return CoverResult(np.sort(columns[best]), min(bound, float(len(best))))


def _count_apart(near: sp.csr_array, enough: int) -> int:
    """Return how many rows were found of which no two share a site: each needs one of its own."""
    by_site = sp.csr_array(near.T)
    size = np.diff(near.indptr)
    count, alone = 0, np.ones(near.shape[0], dtype=bool)
    for row in np.argsort(size, kind="stable"):
        if alone[row]:
            count += 1
            if count > enough:
                break
            sites = near.indices[near.indptr[row] : near.indptr[row + 1]]
            alone[by_site[sites].indices] = False
    return count


def _reduce(near: sp.csr_array, rounds: int) -> tuple[sp.csr_array, np.ndarray]:
    """Return `near` without rows that cover themselves and sites another one replaces."""
    columns = np.arange(near.shape[1])
    for _ in range(rounds):
        rows, count = near.shape
        # A row whose sites all serve it too is covered whenever the other row is.
        near = sp.csr_array(near[_undominated(near, keep_larger=False)])
        keep = _undominated(sp.csr_array(near.T), keep_larger=True)
        near, columns = sp.csr_array(near[:, keep]), columns[keep]
        if near.shape == (rows, count):
            break
    return near, columns


def _undominated(matrix: sp.csr_array, *, keep_larger: bool) -> np.ndarray:
    """Return the rows of `matrix` that no other row makes needless.

    With `keep_larger` a row within another one goes, else a row that holds another one; of equal
    rows the first stays. Empty rows go with `keep_larger`.
    """
    size = np.diff(matrix.indptr)
    keep = size > 0 if keep_larger else np.ones(len(size), dtype=bool)
    if float((np.diff(sp.csc_array(matrix).indptr).astype(float) ** 2).sum()) > PRODUCT_ENTRIES:
        return np.flatnonzero(keep)
    step = max(1, 20_000_000 // max(1, matrix.shape[0]))
    other = sp.csc_array(matrix.T)
    for top in range(0, len(size), step):
        common = sp.coo_array(matrix[top : top + step] @ other)
        first, second = common.coords[0] + top, common.coords[1]
        inner = size[first] if keep_larger else size[second]
        holds = (common.data >= inner - 0.5) & (first != second)
        if keep_larger:
            goes = (size[second] > size[first]) | (second < first)
        else:
            goes = (size[second] < size[first]) | (second < first)
        keep[first[holds & goes]] = False
    return np.flatnonzero(keep)


def _greedy(near: sp.csr_array) -> np.ndarray:
    """Return a cover: always the site that covers most rows still open."""
    by_site = sp.csr_array(near.T)
    score = np.diff(by_site.indptr).astype(float)
    covered = np.zeros(near.shape[0], dtype=bool)
    chosen = []
    while not covered.all():
        best = int(np.argmax(score))
        rows = by_site.indices[by_site.indptr[best] : by_site.indptr[best + 1]]
        fresh = rows[~covered[rows]]
        covered[fresh] = True
        touched = near[fresh].indices
        score -= np.bincount(touched, minlength=len(score))
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)


def _drop_spare(near: sp.csr_array, chosen: np.ndarray) -> np.ndarray:
    """Return `chosen` without sites whose rows the others cover, last chosen first out."""
    by_site = sp.csr_array(near.T)
    count = np.asarray(by_site[chosen].sum(axis=0)).ravel()
    kept = []
    for site in chosen[::-1]:
        rows = by_site.indices[by_site.indptr[site] : by_site.indptr[site + 1]]
        if (count[rows] > 1.5).all():
            count[rows] -= 1.0
        else:
            kept.append(site)
    return np.array(kept[::-1], dtype=np.int64)


def _search(
    near: sp.csr_array, chosen: np.ndarray, goal: int, steps: int, seed: int, clock: Clock
) -> np.ndarray:
    """Return a smaller cover by weighted local search [1]_.

    One site more than affordable leaves; rows that stay open grow in weight until a site comes
    back for them.

    References
    ----------
    .. [1] Gao, Weise, Li (2015), An efficient local search heuristic with row weighting for the
       unicost set covering problem, European Journal of Operational Research 246.
    """
    rng = np.random.default_rng(seed)
    by_site = sp.csr_array(near.T)
    rows, sites = near.shape
    of_site = [by_site.indices[by_site.indptr[j] : by_site.indptr[j + 1]] for j in range(sites)]
    of_row = [near.indices[near.indptr[i] : near.indptr[i + 1]] for i in range(rows)]
    weight = np.ones(rows)
    inside = np.isin(np.arange(sites), chosen)
    count = np.bincount(np.concatenate([of_site[j] for j in chosen]), minlength=rows)
    # Of a row with one open site, the sum of its open sites is that site.
    owner = np.bincount(
        np.concatenate([of_site[j] for j in chosen]),
        np.repeat(chosen, [len(of_site[j]) for j in chosen]),
        minlength=rows,
    ).astype(np.int64)
    moved, changed = np.zeros(sites), np.zeros(rows)
    score = np.zeros(sites)
    for site in range(sites):
        own = of_site[site]
        score[site] = weight[own[count[own] == (1 if inside[site] else 0)]].sum()

    def shift(site: int, step: int, *, enters: bool) -> None:
        own = of_site[site]
        inside[site] = enters
        if enters:
            alone, shared = own[count[own] == 0], own[count[own] == 1]
            np.subtract.at(score, owner[shared], weight[shared])
            count[own] += 1
            owner[own] += site
        else:
            count[own] -= 1
            owner[own] -= site
            alone, shared = own[count[own] == 0], own[count[own] == 1]
            np.add.at(score, owner[shared], weight[shared])
        if len(alone):
            touched = np.concatenate([of_row[row] for row in alone])
            values = np.repeat(weight[alone], [len(of_row[row]) for row in alone])
            change = np.bincount(touched, values, minlength=sites)
            score[~inside] += (-1.0 if enters else 1.0) * change[~inside]
        score[site] = weight[alone].sum()
        changed[own] = step
        moved[site] = step

    def leave(step: int, tabu: int) -> None:
        options = np.flatnonzero(inside)
        options = options[options != tabu] if len(options) > 1 else options
        least = options[score[options] == score[options].min()]
        shift(int(least[np.argmin(moved[least])]), step, enters=False)

    def enter(step: int, options: np.ndarray) -> int:
        for site in options[np.lexsort((moved[options], -score[options]))]:
            # A site that left comes back only after something near it changed.
            if moved[site] == 0 or changed[of_site[site]].max() > moved[site]:
                break
        else:
            site = options[np.argmax(score[options])]
        shift(int(site), step, enters=True)
        return int(site)

    best, last_in = chosen.copy(), -1
    for step in range(1, steps + 1):
        while not (count == 0).any():
            best = np.flatnonzero(inside)
            if len(best) <= goal:
                return best
            leave(2 * step, -1)
        if step % 64 == 0 and clock.is_over:
            break
        leave(2 * step, last_in)
        open_rows = np.flatnonzero(count == 0)
        row = int(open_rows[rng.integers(len(open_rows))])
        last_in = enter(2 * step + 1, of_row[row])
        open_rows = np.flatnonzero(count == 0)
        weight[open_rows] += 1.0
        if len(open_rows):
            touched = np.concatenate([of_row[row] for row in open_rows])
            score += np.bincount(touched, minlength=sites)
    return best


def _model(near: sp.csr_array) -> LinearModel:
    model = LinearModel()
    opened = model.add_columns(near.shape[1], cost=1.0, integer=True)
    row = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    model.add_rows(row, opened[near.indices], 1.0, lower=np.ones(near.shape[0]), upper=np.inf)
    return model


def _prove(
    near: sp.csr_array,
    best: np.ndarray,
    bound: float,
    at_most: int | None,
    seed: int,
    threads: int,
    clock: Clock,
) -> tuple[np.ndarray, float]:
    """Return the best cover and bound of the integer programme."""
    model = _model(near)
    if at_most is not None:
        # Only whether so few suffice is asked.
        every = np.arange(near.shape[1])
        model.add_rows(np.zeros_like(every), every, 1.0, lower=[-np.inf], upper=[float(at_most)])
    start = None
    if at_most is None:
        start = np.isin(np.arange(near.shape[1]), best).astype(float)
    solution = solve_model(
        model,
        time_limit_s=clock.left_s,
        absolute_gap=1.0 - 1e-6,
        seed=seed,
        threads=threads,
        start=start,
        objective_limit=None if at_most is None else float(at_most),
    )
    if solution.status == INFEASIBLE and at_most is not None:
        return best, float(at_most + 1)
    if solution.values is not None:
        found = np.flatnonzero(solution.values > 0.5)
        best = found if len(found) < len(best) else best
    if np.isfinite(solution.bound):
        bound = max(bound, float(np.ceil(solution.bound - 1e-6)))
    return best, bound
