"""Which nodes can be reached within a time: the raw material of isochrones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socaccess.errors import raise_problems
from socaccess.routing._choice import check_cutoff, choose_engine
from socaccess.routing._run import Progress, Ticker, cut_evenly, run_chunks
from socaccess.routing.graph import Graph, Int32Array, Int64Array, UInt32Array
from socaccess.routing.terminals import Terminals

__all__ = ["Reached", "find_reached"]

SEARCHES = 16
"""Searches between two looks at the clock and the keyboard."""


@dataclass(frozen=True, eq=False)
class Reached:
    """Nodes reached from each origin, in compressed sparse rows.

    Parameters
    ----------
    indptr
        Where the nodes of each origin begin, shape (origins + 1,).
    node
        Nodes reached, ascending within an origin.
    ms
        Time from the origin to each of them in milliseconds.
    """

    indptr: Int64Array
    node: Int32Array
    ms: UInt32Array

    def list_origins(self) -> Int32Array:
        """Return the origin of each entry, so that the three make a long table."""
        return np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), np.diff(self.indptr))


def find_reached(
    graph: Graph,
    origins: Terminals,
    cutoff_ms: int,
    *,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
) -> Reached:
    """Return the nodes each origin reaches within `cutoff_ms`, inclusive, and when.

    For the area from which a site can be reached, give `graph.reversed()` and terminals with the
    times from node to site.

    Parameters
    ----------
    graph
        The graph to travel.
    origins
        Where trips begin.
    cutoff_ms
        Longest time, inclusive.
    engine
        `"auto"`, `"scipy"` or `"dijkstra"`.
    threads, progress
        As in `compute_matrix`.

    Raises
    ------
    InputError
        An origin lies outside the graph, or the cutoff is not a whole number from 0.
    UnknownNameError
        No such engine.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])
    >>> reached = find_reached(graph, Terminals.at_nodes([0, 1]), 1000)
    >>> reached.list_origins().tolist(), reached.node.tolist(), reached.ms.tolist()
    ([0, 0, 1, 1], [0, 1, 1, 2], [0, 1000, 0, 500])
    """
    problems = origins.check_against(graph, "origins")
    limit_ms = check_cutoff(cutoff_ms, problems)
    raise_problems(problems)
    chosen = choose_engine(graph, origins.count, engine, hierarchy=None, can_use_hierarchy=False)
    tick = Ticker(progress, origins.count)
    parts: list[tuple[Int64Array, Int32Array, UInt32Array]] = []
    if chosen == "scipy" and graph.node_count:
        parts = _ask_scipy(graph, origins, limit_ms, tick)
    elif chosen == "dijkstra":
        parts = _ask_dijkstra(graph, origins, limit_ms, threads, tick)
    counts, nodes, times = (
        (list(column) for column in zip(*parts, strict=True)) if parts else ([],) * 3
    )
    indptr = np.zeros(origins.count + 1, np.int64)
    if parts:
        np.cumsum(np.concatenate(counts), out=indptr[1:])
    return Reached(
        indptr=indptr,
        node=np.concatenate([np.empty(0, np.int32), *nodes]),
        ms=np.concatenate([np.empty(0, np.uint32), *times]),
    )


def _ask_scipy(
    graph: Graph, origins: Terminals, limit_ms: int, tick: Ticker
) -> list[tuple[Int64Array, Int32Array, UInt32Array]]:
    """Return nodes a origin, nodes and times for chunk after chunk of origins."""
    from socaccess.routing import _scipy

    parts = []
    step = max(1, _scipy.CHUNK_CELLS // graph.node_count)
    for start in range(0, origins.count, step):
        chunk = origins.take(slice(start, start + step))
        times = _scipy.search_within(graph, chunk, limit_ms)
        row, node = np.nonzero(times <= limit_ms)
        counts = np.bincount(row, minlength=chunk.count).astype(np.int64)
        parts.append((counts, node.astype(np.int32), times[row, node].astype(np.uint32)))
        tick(chunk.count)
    return parts


def _ask_dijkstra(
    graph: Graph, origins: Terminals, limit_ms: int, threads: int, tick: Ticker
) -> list[tuple[Int64Array, Int32Array, UInt32Array]]:
    from socaccess.routing import _dijkstra

    found: dict[int, tuple[Int64Array, Int32Array, UInt32Array]] = {}

    def work(chunk: slice) -> int:
        found[chunk.start] = _dijkstra.reach_nodes(
            graph.indptr, graph.indices, graph.weight_ms,
            origins.node[chunk], origins.cost_ms[chunk], np.uint32(limit_ms),
        )  # fmt: skip
        return len(origins.node[chunk])

    run_chunks(work, cut_evenly(origins.count, SEARCHES), threads, tick)
    return [found[start] for start in sorted(found)]
