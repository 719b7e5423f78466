"""Travel minutes of clients x sites, dense or sparse, behind one small face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

__all__ = ["Travel", "stack_travel"]

BLOCK_VALUES = 4_000_000


@dataclass(frozen=True)
class Travel:
    """Minutes from every client to every site; what is not there is out of reach.

    Parameters
    ----------
    minutes
        Clients x sites: an array with `inf` where there is no route, or a CSR array whose stored
        entries are the reachable pairs (a stored zero is a travel time of zero).

    Examples
    --------
    >>> travel = Travel(np.array([[0.0, 12.0], [np.inf, 30.0]]))
    >>> travel.columns(np.array([0])).tolist()
    [[0.0], [inf]]
    >>> travel.within(np.array([30.0, 30.0])).nnz
    3
    """

    minutes: np.ndarray | sp.csr_array

    @classmethod
    def read(cls, travel_min: np.ndarray | sp.sparray | sp.spmatrix) -> Travel:
        """Return the face of a user's matrix: NaN in a dense one becomes `inf`."""
        if sp.issparse(travel_min):
            # A COO matrix may hold a pair twice; adding the two up would invent a longer road.
            matrix = sp.csr_array(travel_min, dtype=float)
            matrix.sort_indices()
            return cls(matrix)
        minutes = np.asarray(travel_min, dtype=float)
        missing = np.isnan(minutes)
        return cls(np.where(missing, np.inf, minutes) if missing.any() else minutes)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of clients and of sites."""
        return self.minutes.shape

    @property
    def is_sparse(self) -> bool:
        """Whether only the reachable pairs are stored."""
        return sp.issparse(self.minutes)

    def columns(self, sites: np.ndarray) -> np.ndarray:
        """Return a dense array clients x `sites`, `inf` where out of reach."""
        sites = np.asarray(sites, dtype=np.int64)
        if not isinstance(self.minutes, sp.csr_array):
            return self.minutes[:, sites]
        place = np.full(self.shape[1], -1, dtype=np.int32)
        place[sites] = np.arange(len(sites))
        column = place[self.minutes.indices]
        chosen = np.flatnonzero(column >= 0)
        client = np.searchsorted(self.minutes.indptr, chosen, side="right") - 1
        dense = np.full((self.shape[0], len(sites)), np.inf)
        dense[client, column[chosen]] = self.minutes.data[chosen]
        return dense

    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return client, site and minutes of every reachable pair, by client, then by site."""
        if isinstance(self.minutes, sp.csr_array):
            client = np.repeat(np.arange(self.shape[0]), np.diff(self.minutes.indptr))
            return client, self.minutes.indices.astype(np.int64), self.minutes.data
        client, site = np.nonzero(np.isfinite(self.minutes))
        return client, site, self.minutes[client, site]

    def within(self, limit_min: np.ndarray) -> sp.csr_array:
        """Return the pairs no farther than each client's limit, itself included, as ones."""
        if isinstance(self.minutes, sp.csr_array):
            before = self.minutes.indptr
            near = self.minutes.data <= np.repeat(limit_min, np.diff(before))
            site = self.minutes.indices[near]
            start = np.append(np.int32(0), np.cumsum(near, dtype=before.dtype))[before]
            return sp.csr_array((np.ones(len(site)), site, start), shape=self.shape)
        limit = np.minimum(limit_min, np.finfo(float).max)[:, None]
        client, site = np.nonzero(self.minutes <= limit)
        start = np.zeros(self.shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(client, minlength=self.shape[0]), out=start[1:])
        return sp.csr_array((np.ones(len(site)), site, start), shape=self.shape)

    def rows(self, clients: np.ndarray) -> Travel:
        """Return the travel of some clients only."""
        clients = np.asarray(clients, dtype=np.int64)
        if np.array_equal(clients, np.arange(self.shape[0])):
            return self
        return Travel(self.minutes[clients])

    def minutes_of(self, clients: np.ndarray, sites: np.ndarray) -> np.ndarray:
        """Return the minutes of pairs, `inf` where out of reach."""
        if not isinstance(self.minutes, sp.csr_array):
            return self.minutes[clients, sites]
        row, column, minutes = self.pairs()
        width = np.int64(self.shape[1])
        key, wanted = row * width + column, np.asarray(clients) * width + sites
        place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        if len(key) == 0:
            return np.full(len(wanted), np.inf)
        return np.where(key[place] == wanted, minutes[place], np.inf)

    def reach_count(self, sites: np.ndarray) -> np.ndarray:
        """Return how many clients can reach each of `sites`."""
        if isinstance(self.minutes, sp.csr_array):
            return np.bincount(self.minutes.indices, minlength=self.shape[1])[sites]
        return np.isfinite(self.minutes).sum(axis=0)[sites]

    def longest(self) -> float:
        """Return the longest time of any reachable pair, 0 without one."""
        if isinstance(self.minutes, sp.csr_array):
            return float(self.minutes.data.max(initial=0.0))
        return float(self.minutes.max(initial=0.0, where=np.isfinite(self.minutes)))

    def times(self, sites: np.ndarray, lowest: float, highest: float) -> np.ndarray:
        """Return the different times to `sites` from `lowest` to `highest`, ascending."""
        if isinstance(self.minutes, sp.csr_array):
            values = sp.csc_array(self.minutes)[:, sites].data
        else:
            values = self.minutes[:, sites]
        return np.unique(values[(values >= lowest) & (values <= highest)])

    def faded(self, limit_min: np.ndarray, fade_min: float) -> Travel:
        """Return the uncovered share (0 to 1) of each pair instead of its minutes."""
        if isinstance(self.minutes, sp.csr_array):
            client, site, minutes = self.pairs()
            share = np.clip((minutes - limit_min[client]) / (fade_min - limit_min[client]), 0, 1)
            start = self.minutes.indptr
            return Travel(sp.csr_array((share, site, start), shape=self.shape))
        limit = limit_min[:, None]
        return Travel(np.clip((self.minutes - limit) / (fade_min - limit), 0.0, 1.0))

    def up_to(self, cutoff_min: float) -> Travel:
        """Return the same travel without pairs farther than `cutoff_min`."""
        if not isinstance(self.minutes, sp.csr_array):
            return Travel(np.where(self.minutes <= cutoff_min, self.minutes, np.inf))
        return self._chosen(self.minutes.data <= cutoff_min)

    def restricted(self, serves: np.ndarray, client: np.ndarray, site: np.ndarray) -> Travel:
        """Return the same travel without pairs whose municipalities do not serve each other.

        `serves` is municipalities x municipalities, `client` and `site` say whose each is.
        """
        if not isinstance(self.minutes, sp.csr_array):
            return Travel(np.where(serves[np.ix_(client, site)], self.minutes, np.inf))
        row, column, _ = self.pairs()
        return self._chosen(serves[client[row], site[column]])

    def _chosen(self, keep: np.ndarray) -> Travel:
        row, column, minutes = self.pairs()
        start = np.zeros(self.shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(row[keep], minlength=self.shape[0]), out=start[1:])
        return Travel(sp.csr_array((minutes[keep], column[keep], start), shape=self.shape))

    def nearest(self, sites: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return for every client the nearest of `sites` (-1: none in reach) and its minutes.

        Of equally near sites the one that stands first in `sites` is taken.
        """
        sites = np.asarray(sites, dtype=np.int64)
        if len(sites) == 0:
            return np.full(self.shape[0], -1), np.full(self.shape[0], np.inf)
        if isinstance(self.minutes, sp.csr_array):
            return self._nearest_stored(self.minutes, sites)
        minutes = self.columns(sites)
        first = np.argmin(minutes, axis=1)
        least = minutes[np.arange(len(first)), first]
        return np.where(np.isfinite(least), sites[first], -1), least

    def _nearest_stored(
        self, minutes: sp.csr_array, sites: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest by the stored pairs alone: all sites at once may be asked for."""
        rank = np.full(self.shape[1], len(sites), dtype=np.int32)
        # From behind, so that of a site named twice the first place stays.
        rank[sites[::-1]] = np.arange(len(sites) - 1, -1, -1, dtype=np.int32)
        place = rank[minutes.indices]
        cost = np.where(place < len(sites), minutes.data, np.inf)
        filled = np.flatnonzero(np.diff(minutes.indptr))
        start = minutes.indptr[filled]
        least, first = np.full(self.shape[0], np.inf), np.full(self.shape[0], len(sites))
        if len(filled):
            least[filled] = np.minimum.reduceat(cost, start)
            tied = cost == np.repeat(least, np.diff(minutes.indptr))
            first[filled] = np.minimum.reduceat(np.where(tied, place, len(sites)), start)
        return np.where(np.isfinite(least), np.append(sites, -1)[first], -1), least


def stack_travel(blocks: list[list[Travel | None]]) -> Travel:
    """Return one travel of blocks laid out in rows and columns; None is a block out of reach.

    Every row and every column of blocks needs at least one that is not None.
    """
    heights = [next(b for b in row if b is not None).shape[0] for row in blocks]
    widths = [
        next(b for b in column if b is not None).shape[1] for column in zip(*blocks, strict=True)
    ]
    if len(blocks) == 1 and len(blocks[0]) == 1 and blocks[0][0] is not None:
        return blocks[0][0]
    many_empty = any(block is None for row in blocks for block in row)
    any_sparse = any(b is not None and b.is_sparse for row in blocks for b in row)
    if not (any_sparse or many_empty):
        return Travel(np.vstack([np.hstack([b.minutes for b in row if b]) for row in blocks]))
    client, site, minutes = [], [], []
    for top, row in zip(np.cumsum([0, *heights[:-1]]), blocks, strict=True):
        for left, block in zip(np.cumsum([0, *widths[:-1]]), row, strict=True):
            if block is not None:
                rows, columns, values = block.pairs()
                client.append(rows + top)
                site.append(columns + left)
                minutes.append(values)
    where = (np.concatenate(client), np.concatenate(site))
    coo = sp.coo_array((np.concatenate(minutes), where), shape=(sum(heights), sum(widths)))
    return Travel(sp.csr_array(coo))
