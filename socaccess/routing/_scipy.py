"""The engine for small graphs: scipy's Dijkstra, exact, and no compiler to wait for.

scipy counts in float64, which is exact for whole numbers below 2**53. Where a label has to carry
more than the time (the site it came from, the arcs passed), both are packed into one number:
`time * scale + extra`, with `extra < scale`. The smallest label then is the least time and, of
equal times, the least extra: ties are broken the same way everywhere.

An explicit zero in a sparse matrix is an arc of no time for scipy's Dijkstra, not a missing one;
the tests hold it to that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from socaccess.routing.graph import UNREACHABLE, Graph, Int32Array, Int64Array, UInt32Array
from socaccess.routing.terminals import Terminals

__all__ = ["MAX_SCALE", "fill_matrix", "find_nearest_sites", "search_within", "trace_batch"]

FAR = int(UNREACHABLE)
MAX_SCALE = 2**22
"""Largest factor by which a time below 2**31 may be packed and stay exact in float64."""
CHUNK_CELLS = 4_000_000
"""Distances held at once (32 MB)."""

Tick = Callable[[int], None]


def fill_matrix(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    out: UInt32Array,
    cutoff_ms: int,
    tick: Tick,
) -> None:
    """Write the time of every pair to `out`, searching from the side with fewer nodes."""
    if _count_nodes(destinations) < _count_nodes(origins):
        graph, origins, destinations, out = graph.reversed(), destinations, origins, out.T
    matrix = _to_matrix(graph, graph.weight_ms.astype(np.float64))
    step = max(1, CHUNK_CELLS // (max(graph.node_count, destinations.count, 1) * origins.width))
    known = None
    if _count_nodes(origins) * graph.node_count <= CHUNK_CELLS:
        known = _search_all(matrix, origins.node, cutoff_ms)  # each node once, not once a chunk
    for start in range(0, origins.count, step):
        chunk = origins.take(slice(start, start + step))
        nodes, times = known or _search_all(matrix, chunk.node, cutoff_ms)
        position = np.searchsorted(nodes, chunk.node)
        # First to every node by the quickest end, then from it: not every end with every end.
        left = times[position[:, 0]] + chunk.cost_ms[:, 0, None]
        for end in range(1, chunk.width):
            np.minimum(left, times[position[:, end]] + chunk.cost_ms[:, end, None], out=left)
        best = np.full((chunk.count, destinations.count), np.inf)
        for end in range(destinations.width):
            reached = left[:, destinations.node[:, end]]
            reached += destinations.cost_ms[:, end]
            np.minimum(best, reached, out=best)
        best[best > cutoff_ms] = FAR
        out[start : start + step] = best.astype(np.uint32)
        tick(chunk.count)


def find_nearest_sites(
    graph: Graph,
    places: Terminals,
    sites: Terminals,
    group: Int32Array,
    group_count: int,
    tick: Tick,
) -> Int64Array:
    """Return `time * scale + site` of the nearest site of each group, `scale` as packed below.

    `graph` is the one to search from sites to places. Each group gets a node of its own with an
    arc to every end of its sites, weighing the access time and the number of the site: one search
    a group then tells time and site of every node.
    """
    scale = pack_scale(sites.count)
    weight = graph.weight_ms.astype(np.float64) * scale
    matrix = _add_sources(graph, weight, sites, group, group_count, scale, number=True)
    label = np.full((places.count, group_count), np.inf)
    for number in range(group_count):
        at_node = dijkstra(matrix, indices=graph.node_count + number)
        at_node[graph.node_count :] = np.inf  # the last one answers for node -1
        for end in range(places.width):
            reached = at_node[places.node[:, end]] + places.cost_ms[:, end] * float(scale)
            np.minimum(label[:, number], reached, out=label[:, number])
        tick(1)
    label[label >= float(FAR) * scale] = float(FAR) * scale
    return label.astype(np.int64)


def search_within(graph: Graph, origins: Terminals, cutoff_ms: int) -> npt.NDArray[np.float64]:
    """Return the time from each origin to every node, infinite beyond `cutoff_ms`."""
    matrix = _add_sources(
        graph,
        graph.weight_ms.astype(np.float64),
        origins,
        np.arange(origins.count, dtype=np.int32),
        origins.count,
        scale=1,
        number=False,
    )
    sources = np.arange(graph.node_count, graph.node_count + origins.count)
    return _search(matrix, sources, cutoff_ms)[:, : graph.node_count]


def trace_batch(graph: Graph, origins: Terminals) -> tuple[UInt32Array, Int64Array, Int32Array]:
    """Return time, arcs passed and last arc of the fastest path from each origin to each node.

    Of equally fast paths the one with the least sum of `graph.tie`, then the one whose last arc
    stands first in the graph. The last arc is a position in `graph.indices`, -1 at roots and out
    of reach; arcs passed are -1 out of reach.
    """
    times = search_within(graph, origins, FAR - 1)
    tails, position = graph.list_tails(), np.arange(graph.arc_count, dtype=np.int32)
    tie = graph.tie.astype(np.float64)
    shape = (origins.count, graph.node_count)
    hops, last = np.full(shape, -1, np.int64), np.full(shape, -1, np.int32)
    for row in range(origins.count):
        ms = times[row]
        reached = np.isfinite(ms)
        tight = reached[tails] & (ms[tails] + graph.weight_ms == ms[graph.indices])
        # Along arcs that lose no time: how little of `tie` leads to each node from a root.
        node = origins.node[row]
        here = (node >= 0) & (ms[node] == origins.cost_ms[row])
        roots = np.unique(node[here])
        arcs = position[tight]
        size = graph.node_count + 1
        matrix = csr_array(
            (
                np.concatenate([tie[arcs], np.full(len(roots), 1.0)]),
                (
                    np.concatenate([tails[arcs], np.full(len(roots), size - 1)]),
                    np.concatenate([graph.indices[arcs], roots]),
                ),
            ),
            shape=(size, size),
        )
        label = dijkstra(matrix, indices=size - 1)[:-1]
        best = arcs[label[tails[arcs]] + tie[arcs] == label[graph.indices[arcs]]]
        # Written from the last to the first, so that the first arc of equals stays.
        last[row, graph.indices[best][::-1]] = best[::-1]
        last[row, roots[label[roots] == 1.0]] = -1
        hops[row] = np.where(reached, _count_hops(last[row], tails), -1)
    return np.where(np.isfinite(times), times, FAR).astype(np.uint32), hops, last


def _count_hops(last: Int32Array, tails: Int32Array) -> Int64Array:
    """Return how many arcs of a tree lead to each node: twice as far back in each step."""
    nodes = np.arange(len(last))
    before = np.where(last >= 0, tails[last] if len(tails) else nodes, nodes)
    hops = (last >= 0).astype(np.int64)
    while True:
        further = hops[before]
        if not further.any():
            return hops
        hops = hops + further
        before = before[before]


def pack_scale(extra_count: int) -> int:
    """Return the power of two above `extra_count`."""
    return 1 << int(extra_count).bit_length()


def _search_all(
    matrix: csr_array, ends: npt.NDArray, cutoff_ms: int
) -> tuple[npt.NDArray, npt.NDArray[np.float64]]:
    """Return the nodes of `ends` in order and the times from each; an unused end is node -1."""
    nodes = np.unique(ends)
    times = _search(matrix, nodes[nodes >= 0], cutoff_ms)
    if len(nodes) and nodes[0] < 0:  # a row of no way
        times = np.vstack([np.full((1, times.shape[1]), np.inf), times])
    return nodes, times


def _search(matrix: csr_array, nodes: npt.NDArray, cutoff_ms: int) -> npt.NDArray[np.float64]:
    """Return times from `nodes` to all, and one more column, out of reach, for node -1."""
    padded = np.full((len(nodes), matrix.shape[0] + 1), np.inf)
    if len(nodes):
        padded[:, :-1] = dijkstra(matrix, indices=nodes, limit=float(cutoff_ms))
    return padded


def _add_sources(
    graph: Graph,
    weight: npt.NDArray[np.float64],
    terminals: Terminals,
    group: npt.NDArray,
    group_count: int,
    scale: int,
    *,
    number: bool,
) -> csr_array:
    """Return the graph with one source node a group, joined to the ends of the group's members.

    The source of group `g` is node `graph.node_count + g`; one node more stands for nothing. The
    arcs weigh `access time * scale`, plus the number of the member if `number`.
    """
    member, end = np.nonzero((terminals.node >= 0) & (group[:, None] >= 0))
    source, node = group[member].astype(np.int64), terminals.node[member, end]
    label = terminals.cost_ms[member, end].astype(np.float64) * scale
    if number:
        label += member
    order = np.lexsort((label, node, source))
    source, node, label = source[order], node[order], label[order]
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(source) != 0) | (np.diff(node) != 0)
    source, node, label = source[first], node[first], label[first]
    rows = graph.indptr[-1] + np.cumsum(np.bincount(source, minlength=group_count + 1))
    return csr_array(
        (
            np.concatenate([weight, label]),
            np.concatenate([graph.indices, node]),
            np.concatenate([graph.indptr, rows]),
        ),
        shape=(graph.node_count + group_count + 1,) * 2,
    )


def _to_matrix(graph: Graph, weight: npt.NDArray[np.float64]) -> csr_array:
    return csr_array((weight, graph.indices, graph.indptr), shape=(graph.node_count,) * 2)


def _count_nodes(terminals: Terminals) -> int:
    return len(np.unique(terminals.node[terminals.node >= 0]))
