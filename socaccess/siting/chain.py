"""Travel costs as sums over nested sets of sites: the smallest exact form of median and coverage.

Sort the sites of one client by cost, c(1) <= c(2) <= ... < base (what the client costs when none
of them opens). Its cost is then c(1) plus, for every k, the step c(k+1) - c(k) if none of the k
nearest is open. Clients who share such a set share its variable, which is what makes clustered
problems small [1]_, [2]_. A covering problem is the case of one step a client.

References
----------
.. [1] Cornuejols, Nemhauser, Wolsey (1980), A canonical representation of simple plant location
   problems and its applications, SIAM J. Algebraic Discrete Methods 1.
.. [2] Garcia, Labbe, Marin (2011), Solving large p-median problems with a radius formulation,
   INFORMS J. Computing 23.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socaccess.siting.solver import LinearModel

__all__ = ["Chain", "add_sets", "build_chain", "chain_model", "closed_sets"]


@dataclass(frozen=True)
class Chain:
    """Cost of opening sites as `constant + sum(step * [no site of the set is open])`.

    Set `t` is its parent set (`parent[t]`, -1 for the empty set) and the sites `site` where
    `entry_set == t`. `mandatory` marks sets of which a site must be open in every plan worth
    having.
    """

    constant: float
    step: np.ndarray
    parent: np.ndarray
    entry_set: np.ndarray
    entry_site: np.ndarray
    mandatory: np.ndarray
    site_count: int


def build_chain(cost: np.ndarray, base: np.ndarray, cut: np.ndarray | None = None) -> Chain:
    """Return the chain of `cost` (clients x sites) under `base` (clients).

    `cut` (clients) says that a client is never served at a cost beyond it in a plan worth having.
    """
    n, m = cost.shape
    order = np.argsort(cost, axis=1, kind="stable")
    ordered = np.take_along_axis(cost, order, axis=1)
    ceiling = base if cut is None else np.minimum(base, cut)
    used = ordered < base[:, None]
    if cut is not None:
        used &= ordered <= cut[:, None]
    following = np.concatenate([ordered[:, 1:], np.full((n, 1), np.inf)], axis=1)
    length = used.sum(axis=1)
    last = np.arange(m)[None, :] == (length - 1)[:, None]
    following = np.where(last, base[:, None], following)
    step = np.where(used, following - np.where(used, ordered, 0.0), 0.0)
    here = step > 0
    first_cost = np.where(length > 0, ordered[:, 0] if m else np.inf, base)
    # Keys whose wrapped sum names a set whatever its order; 64 random bits make an accidental
    # agreement of two different sets about as likely as a fault of the machine.
    keys = (
        np.random.default_rng(20250101).integers(1, 2**63, size=max(m, 1), dtype=np.uint64) * 2 + 1
    )
    names = np.cumsum(np.where(used, keys[order], np.uint64(0)), axis=1, dtype=np.uint64)
    row, column = np.nonzero(here)
    name = names[row, column]
    is_last = last[row, column]
    cut_off = is_last & (ceiling < base)[row] if cut is not None else np.zeros(len(row), bool)
    unique, first, inverse = np.unique(name, return_index=True, return_inverse=True)
    steps = np.bincount(inverse, step[row, column], minlength=len(unique))
    mandatory = np.bincount(inverse, cut_off, minlength=len(unique)) > 0
    # The step before in the same row is the parent.
    before = np.where(
        (np.arange(len(row)) > 0) & (np.roll(row, 1) == row), np.arange(len(row)) - 1, -1
    )
    begin = np.where(before >= 0, np.roll(column, 1) + 1, 0)
    parent = np.where(before[first] >= 0, inverse[before[first]], -1)
    span = column[first] + 1 - begin[first]
    entry_set = np.repeat(np.arange(len(unique)), span)
    offset = np.arange(span.sum()) - np.repeat(np.cumsum(span) - span, span)
    entry_site = order[np.repeat(row[first], span), np.repeat(begin[first], span) + offset]
    return Chain(float(first_cost.sum()), steps, parent, entry_set, entry_site, mandatory, m)


def chain_model(
    chain: Chain, sites: int, required: np.ndarray | None = None
) -> tuple[LinearModel, np.ndarray, np.ndarray]:
    """Return the model of opening at most `sites` sites, its site and its set variables."""
    model = LinearModel()
    lower = np.zeros(chain.site_count) if required is None else required.astype(float)
    opened = model.add_columns(chain.site_count, lower=lower, integer=True)
    missed = add_sets(model, chain, opened, cost=chain.step,
                      upper=np.where(chain.mandatory, 0.0, 1.0))  # fmt: skip
    model.add_rows(np.zeros(chain.site_count), opened, 1.0, lower=[-np.inf], upper=[float(sites)])
    return model, opened, missed


def add_sets(
    model: LinearModel,
    chain: Chain,
    opened: np.ndarray,
    *,
    cost: np.ndarray | float = 0.0,
    upper: np.ndarray | float = 1.0,
) -> np.ndarray:
    """Add a variable for every set, 1 where none of its sites is `opened`, and return them."""
    count = len(chain.step)
    missed = model.add_columns(count, cost=cost, upper=upper)
    child = np.flatnonzero(chain.parent >= 0)
    model.add_rows(
        np.concatenate([np.arange(count), chain.entry_set, child]),
        np.concatenate([missed, opened[chain.entry_site], missed[chain.parent[child]]]),
        np.concatenate([np.ones(count + len(chain.entry_set)), -np.ones(len(child))]),
        lower=np.where(chain.parent >= 0, 0.0, 1.0),
        upper=np.full(count, np.inf),
    )
    return missed


def closed_sets(chain: Chain, opened: np.ndarray) -> np.ndarray:
    """Return 1 for every set none of whose sites is open, 0 for the others."""
    met = np.bincount(chain.entry_set, opened[chain.entry_site], minlength=len(chain.step))
    closed = (met == 0).astype(float)
    child = np.flatnonzero(chain.parent >= 0)
    while True:
        below = np.minimum(closed[child], closed[chain.parent[child]])
        if (below == closed[child]).all():
            return closed
        closed[child] = below
