"""What serving a client from a site costs, and the pairs near enough to matter."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from socaccess.siting.travel import BLOCK_VALUES, Travel

__all__ = ["Costs", "NearPairs", "merge_equal"]

CACHE_VALUES = 100_000
SAMPLE, FEW_PAIRS = 500, 0.6


class Costs:
    """Costs of clients x free sites under a ceiling: `min(weight * minutes, base)`.

    Parameters
    ----------
    travel
        Minutes, all sites.
    sites
        Positions of the free sites; column `j` here is `sites[j]` there.
    weight
        Cost of a minute for every client.
    base
        Cost of every client when no free site opens (the nearest fixed site, or not being served).
    limit
        When given, a site within the limit costs nothing and any other the base: a covering
        problem. Clients whom the same sites cover are one client then.

    Examples
    --------
    >>> travel = Travel(np.array([[1.0, 5.0], [9.0, np.inf]]))
    >>> costs = Costs(travel, np.array([0, 1]), np.array([1.0, 2.0]), np.array([4.0, 30.0]))
    >>> costs.columns(np.array([0, 1])).tolist()
    [[1.0, 4.0], [18.0, 30.0]]
    >>> costs.total(np.array([0]))
    19.0
    """

    def __init__(
        self,
        travel: Travel,
        sites: np.ndarray,
        weight: np.ndarray,
        base: np.ndarray,
        limit: np.ndarray | None = None,
    ) -> None:
        self.weight, self.base, self.limit, self.sites = weight, base, limit, sites
        self.client_count, self.site_count = travel.shape[0], len(sites)
        self._dense = not travel.is_sparse and limit is None
        if self._dense:
            whole = self.site_count == travel.shape[1]
            self._minutes = travel.minutes if whole else travel.minutes[:, sites]
            ceiling = np.where(weight > 0, base / np.where(weight > 0, weight, 1.0), -np.inf)
            ceiling *= 1.0 + 1e-12
            sample = slice(None, None, max(1, self.client_count // SAMPLE))
            # With facilities that stay few sites are nearer to anybody.
            nearer = self._minutes[sample] < ceiling[sample, None]
            if nearer.sum() > FEW_PAIRS * nearer.size:
                return
            self._dense = False
            self._near = _drop_from(_scale_rows(self._pairs_below(ceiling), weight), base)
            del self._minutes
            return
        if limit is not None:
            near = travel.within(np.where(base > 0, limit, -1.0))[:, sites]
            self._near, self.base = merge_equal(near, base)
            self.client_count = len(self.base)
            return
        near = sp.csr_array(travel.minutes)[:, sites]
        self._near = _drop_from(_scale_rows(near, weight), base)

    def _pairs_below(self, ceiling: np.ndarray, sites: np.ndarray | None = None) -> sp.csr_array:
        """Return the minutes to `sites` (all) below each client's ceiling."""
        many = self.site_count if sites is None else len(sites)
        index, value, count = [], [], np.zeros(self.client_count, dtype=np.int64)
        step = max(1, BLOCK_VALUES // 4 // max(1, many))
        for top in range(0, self.client_count, step):
            rows = slice(top, min(top + step, self.client_count))
            minutes = self._minutes[rows] if sites is None else self._minutes[rows][:, sites]
            mask = minutes < ceiling[rows, None]
            count[rows] = mask.sum(axis=1)
            index.append(np.nonzero(mask)[1].astype(np.int32))
            value.append(minutes[mask])
        shape = (self.client_count, many)
        if not index:
            return sp.csr_array(shape)
        start = np.concatenate([[0], np.cumsum(count)])
        return sp.csr_array((np.concatenate(value), np.concatenate(index), start), shape)

    @property
    def is_sparse(self) -> bool:
        """Whether only the pairs that matter are stored."""
        return not self._dense

    @property
    def pair_count(self) -> int:
        """Number of pairs of client and site that are stored."""
        return self._minutes.size if self._dense else int(self._near.nnz)

    @cached_property
    def _near_by_site(self) -> sp.csc_array:
        return sp.csc_array(self._near)

    def columns(self, sites: np.ndarray) -> np.ndarray:
        """Return the costs clients x `sites`, capped at the base."""
        sites = np.asarray(sites, dtype=np.int64)
        if self._dense:
            minutes = self._minutes[:, sites]
            return np.minimum(self.weight[:, None] * minutes, self.base[:, None])
        near = self._near_by_site
        dense = np.repeat(self.base[:, None], len(sites), axis=1)
        for position, site in enumerate(sites):
            part = slice(near.indptr[site], near.indptr[site + 1])
            dense[near.indices[part], position] = near.data[part]
        return dense

    @cached_property
    def unit(self) -> float:
        """1 where every cost is a whole number, so that sums are; 0 where nothing is known."""
        parts = [self.base, *([self.weight] if self._dense else [self._near.data])]
        if not all((values == np.floor(values)).all() for values in parts):
            return 0.0
        # Infinite minutes equal their floor.
        rows = self._minutes if self._dense else ()
        return float(all((values == np.floor(values)).all() for values in rows))

    @cached_property
    def floor(self) -> np.ndarray:
        """Cost of every client when all free sites open."""
        if not self._dense:
            least = self.base.copy()
            rows = np.repeat(np.arange(self.client_count), np.diff(self._near.indptr))
            np.minimum.at(least, rows, self._near.data)
            return least
        nearest = self._minutes.min(axis=1, initial=np.inf)
        return np.minimum(np.where(self.weight > 0, self.weight * nearest, 0.0), self.base)

    def least(self, sites: np.ndarray) -> np.ndarray:
        """Return the cost of every client when `sites` open."""
        return self.columns(sites).min(axis=1) if len(sites) else self.base

    def total(self, sites: np.ndarray) -> float:
        """Return the cost of all clients when `sites` open."""
        return float(np.minimum(self.least(sites), self.base).sum())

    def gains(self, before: np.ndarray, after: np.ndarray | None = None) -> np.ndarray:
        """Return what each free site saves on `before`, less what it still saves on `after`.

        Without `after` the whole saving. Only clients whose cost differs are looked at.
        """
        low = np.full(self.client_count, -np.inf) if after is None else after
        clients = np.flatnonzero(low < before)
        gain = np.zeros(self.site_count)
        if not self._dense:
            which, site, cost = NearPairs(self._near).of_clients(clients)
            owner = clients[which]
            top = before[owner]
            saved = top - np.minimum(np.maximum(cost, low[owner]), top)
            return np.bincount(site, saved, minlength=self.site_count)
        step = max(1, CACHE_VALUES // max(1, self.site_count))
        for begin in range(0, len(clients), step):
            rows = clients[begin : begin + step]
            cost = self._minutes[rows]
            cost *= self.weight[rows, None]
            top = before[rows, None]
            if after is not None:
                np.maximum(cost, low[rows, None], out=cost)
            np.minimum(cost, top, out=cost)
            gain += top.sum() - cost.sum(axis=0)
        return gain

    def swap_terms(
        self, clients: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return per free site what it saves on `first`, and on `second` beyond that, of a table.

        `first` and `second` are the costs of `clients` at their cheapest and second cheapest
        open site; the latter sum is what softens the loss when the cheapest one closes.
        """
        gain, extra = np.zeros(self.site_count), np.zeros(self.site_count)
        step = max(1, CACHE_VALUES // max(1, self.site_count))
        for begin in range(0, len(clients), step):
            part = slice(begin, begin + step)
            rows, low, high = clients[part], first[part, None], second[part, None]
            cost = self._minutes[rows]
            cost *= self.weight[rows, None]
            np.minimum(cost, high, out=cost)
            total = cost.sum(axis=0)
            np.minimum(cost, low, out=cost)
            nearer = cost.sum(axis=0)
            # min(c, high) - min(c, low) + low is c held between low and high.
            gain += low.sum() - nearer
            extra += high.sum() - low.sum() - total + nearer
        return gain, extra

    def stored_swap_terms(
        self, clients: np.ndarray, place: np.ndarray, places: int, costs: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return `swap_terms` of stored pairs for all places at once, the second places x sites.

        `place` is that of each client's cheapest open site; `costs` the two rows of costs there.
        """
        which, site, cost = NearPairs(self._near).of_clients(clients)
        low, high = costs[0][which], costs[1][which]
        gain = np.bincount(site, np.maximum(low - cost, 0.0), minlength=self.site_count)
        more = high - np.minimum(np.maximum(cost, low), high)
        cell = place[which] * self.site_count + site
        extra = np.bincount(cell, more, minlength=places * self.site_count)
        return gain, extra.reshape(places, self.site_count)

    def ceiling(self, rank: int) -> np.ndarray:
        """Return the cost of every client at the free site of this rank, at most the base."""
        if not self._dense or rank >= self.site_count:
            return self.base
        ceiling = np.empty(self.client_count)
        step = max(1, BLOCK_VALUES // 4 // max(1, self.site_count))
        for top in range(0, self.client_count, step):
            rows = slice(top, top + step)
            ceiling[rows] = np.partition(self._minutes[rows], rank, axis=1)[:, rank]
        return np.minimum(self.base, np.where(self.weight > 0, self.weight * ceiling, 0.0))

    def near_pairs(self, ceiling: np.ndarray, sites: np.ndarray | None = None) -> NearPairs:
        """Return the pairs with `sites` (all) that cost less than `ceiling` (and than the base)."""
        ceiling = np.minimum(ceiling, self.base)
        if not self._dense:
            near = self._near if sites is None else self._near[:, sites]
            return NearPairs(_drop_from(near, ceiling))
        # Divided, a minute may fall on the other side of the ceiling by its last digit.
        minutes = ceiling / np.where(self.weight > 0, self.weight, 1.0) * (1.0 + 1e-12)
        below = self._pairs_below(np.where(self.weight > 0, minutes, -np.inf), sites)
        return NearPairs(_drop_from(_scale_rows(below, self.weight), ceiling))


class NearPairs:
    """Pairs of client and site below a ceiling, by client and by site."""

    def __init__(self, by_client: sp.csr_array) -> None:
        self.by_client = by_client

    @cached_property
    def by_site(self) -> sp.csc_array:
        """The same pairs gathered by site."""
        return sp.csc_array(self.by_client)

    def of_clients(self, clients: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return position within `clients`, site and cost of all their pairs."""
        start, stop = self.by_client.indptr[clients], self.by_client.indptr[clients + 1]
        length = (stop - start).astype(np.int64)
        which = np.repeat(np.arange(len(clients)), length)
        where = np.arange(length.sum()) + np.repeat(start - np.cumsum(length) + length, length)
        return which, self.by_client.indices[where], self.by_client.data[where]


def merge_equal(near: sp.csr_array, base: np.ndarray) -> tuple[sp.csr_array, np.ndarray]:
    """Return one row for all that hold the same columns, at no cost, and their sums of `base`.

    Rows are told apart by two sums of random numbers: an accidental agreement of two different
    rows is far less likely than a fault of the machine.
    """
    salt = np.random.default_rng(20250101).integers(1, 2**63, (2, near.shape[1]), dtype=np.uint64)
    keys = []
    for values in salt:
        sums = np.zeros(near.nnz + 1, dtype=np.uint64)
        np.cumsum(values[near.indices], out=sums[1:])
        keys.append(sums[near.indptr[1:]] - sums[near.indptr[:-1]])
    order = np.lexsort(keys)
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (keys[0][order][1:] != keys[0][order][:-1]) | (
        keys[1][order][1:] != keys[1][order][:-1]
    )
    total = np.bincount(np.cumsum(fresh) - 1, base[order])
    first = order[fresh]
    # In the order of the clients, so that neighbours stay neighbours.
    merged = sp.csr_array(near[np.sort(first)])
    merged.data = np.zeros(merged.nnz)
    return merged, total[np.argsort(first)]


def _scale_rows(matrix: sp.csr_array, weight: np.ndarray) -> sp.csr_array:
    """Return `matrix` with every row times its weight, stored zeros kept."""
    data = matrix.data * np.repeat(weight, np.diff(matrix.indptr))
    return sp.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _drop_from(matrix: sp.csr_array, ceiling: np.ndarray) -> sp.csr_array:
    """Return the stored entries below each row's ceiling."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    keep = matrix.data < ceiling[row]
    start = np.concatenate([[0], np.cumsum(np.bincount(row[keep], minlength=matrix.shape[0]))])
    return sp.csr_array((matrix.data[keep], matrix.indices[keep], start), shape=matrix.shape)
