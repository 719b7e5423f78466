"""The fastest trips of many pairs, with one search an origin however many pairs begin there."""

from __future__ import annotations

import numpy as np

from socaccess.network import RoadNetwork
from socaccess.routing import UNREACHABLE, Terminals, trace_trees
from socaccess.routing import Path as Trip

__all__ = ["Trip", "trace_trips"]

TREE_CELLS = 4_000_000
"""Origins times nodes of the trees held at once (64 MB)."""


def trace_trips(
    network: RoadNetwork,
    origins: Terminals,
    destinations: Terminals,
    row: np.ndarray,
    column: np.ndarray,
    engine: str,
) -> list[Trip]:
    """Return the trips from `origins[row]` to `destinations[column]`.

    They are those of `socaccess.routing.trace_paths`, arcs being positions in `open_arcs`.
    """
    arcs = network.open_arcs
    tails = np.concatenate([network.edge_from, network.edge_to])[arcs]
    asked, tree_of = np.unique(row, return_inverse=True)
    order = np.argsort(tree_of, kind="stable")
    step = max(1, TREE_CELLS // max(network.node_count, 1))
    found: dict[int, Trip] = {}
    for start in range(0, len(asked), step):
        part = asked[start : start + step]
        trees = trace_trees(network.graph, origins.take(part), engine=engine)
        first, last = np.searchsorted(tree_of[order], [start, start + len(part)])
        for pair in order[first:last].tolist():
            tree, o, d = int(tree_of[pair]) - start, row[pair], column[pair]
            found[pair] = _walk_back(
                trees.ms[tree],
                trees.arc[tree],
                tails,
                (origins.node[o], origins.cost_ms[o]),
                (destinations.node[d], destinations.cost_ms[d]),
            )
    return [found[pair] for pair in range(len(row))]


def _walk_back(
    ms: np.ndarray,
    arc: np.ndarray,
    tails: np.ndarray,
    begin: tuple[np.ndarray, np.ndarray],
    end: tuple[np.ndarray, np.ndarray],
) -> Trip:
    """Return the trip that a tree holds between the nodes of an origin and of a destination."""
    nodes, cost_ms = end
    total = np.where(nodes >= 0, ms[nodes].astype(np.int64) + cost_ms, int(UNREACHABLE))
    last = int(total.argmin())
    if total[last] >= int(UNREACHABLE):
        return Trip(int(UNREACHABLE), np.empty(0, np.int32), -1, -1)
    node, passed = int(nodes[last]), []
    while arc[node] >= 0:
        passed.append(arc[node])
        node = int(tails[arc[node]])
    roots, root_ms = begin
    first = int(np.flatnonzero((roots == node) & (root_ms == ms[node]))[0])
    return Trip(int(total[last]), np.array(passed[::-1], np.int32), first, last)
