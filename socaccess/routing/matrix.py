"""Travel times between all pairs of two sets of places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from socaccess.errors import Problem, raise_problems
from socaccess.routing._choice import check_cutoff, choose_engine
from socaccess.routing._run import Progress, Ticker, cut_evenly, run_chunks
from socaccess.routing.graph import Graph, UInt32Array
from socaccess.routing.terminals import DirectTrips, Terminals

if TYPE_CHECKING:
    from socaccess.routing.hierarchy import Hierarchy

__all__ = ["compute_matrix", "iterate_matrix"]

SEARCHES = 16
"""Searches between two looks at the clock and the keyboard."""


def compute_matrix(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    *,
    engine: str = "auto",
    cutoff_ms: int | None = None,
    out: UInt32Array | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    hierarchy: Hierarchy | None = None,
    direct: DirectTrips | None = None,
) -> UInt32Array:
    """Return the fastest travel time from every origin to every destination.

    The result is exact and the same whatever engine computes it.

    Parameters
    ----------
    graph
        The graph to travel.
    origins, destinations
        Where trips begin and end; their access times are part of the result.
    engine
        `"auto"`, `"scipy"`, `"dijkstra"` or `"hierarchy"`; see `choose_engine`.
    cutoff_ms
        Longest time of interest, inclusive; what takes longer is `UNREACHABLE`. None: no limit.
    out
        Array or memory map to fill, uint32, shape (origins, destinations). It is written in
        chunks, so memory beyond it stays bounded. None: a new array.
    threads
        Threads to use; scipy uses one.
    progress
        Called as `progress(done, total)` between chunks; an exception from it stops the work.
    hierarchy
        One built from this graph, used where it helps.
    direct
        Trips that pass no node.

    Returns
    -------
    numpy.ndarray
        Milliseconds, uint32, shape (origins, destinations); `UNREACHABLE` where there is no way.

    Raises
    ------
    InputError
        A place lies outside the graph, or `out` does not fit.
    UnknownNameError
        No such engine.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])
    >>> ends = Terminals.at_nodes([0, 2])
    >>> times = compute_matrix(graph, ends, ends)
    >>> times.tolist()
    [[0, 1500], [2147483647, 0]]
    """
    shape = (origins.count, destinations.count)
    problems = origins.check_against(graph, "origins")
    problems += destinations.check_against(graph, "destinations")
    if direct is not None:
        problems += direct.check_against(*shape)
    if out is not None and (out.shape != shape or out.dtype != np.uint32):
        problems.append(
            Problem(
                "routing.bad_out",
                shape=str(out.shape),
                type=str(out.dtype),
                wanted=str(shape),
            )
        )
    limit_ms = check_cutoff(cutoff_ms, problems)
    raise_problems(problems)
    if out is None:
        out = np.empty(shape, np.uint32)
    chosen = choose_engine(graph, min(shape), engine, hierarchy=hierarchy, can_use_hierarchy=True)
    if not out.size:
        return out
    filled = np.asarray(out)  # a memory map without its wrapping
    tick = Ticker(progress, min(shape))
    if chosen == "scipy":
        from socaccess.routing import _scipy

        _scipy.fill_matrix(graph, origins, destinations, filled, limit_ms, tick)
    elif chosen == "dijkstra":
        _search_rows(graph, origins, destinations, filled, limit_ms, threads, tick)
    else:
        from socaccess.routing import hierarchy as engine_module

        if hierarchy is None:
            hierarchy = engine_module.build_hierarchy(graph)
        hierarchy.check_graph(graph)
        engine_module.fill_matrix(hierarchy, origins, destinations, filled, limit_ms, threads, tick)
    if direct is not None:
        near = direct.ms <= limit_ms
        np.minimum.at(out, (direct.origin[near], direct.destination[near]), direct.ms[near])
    return out


def _search_rows(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    out: UInt32Array,
    limit_ms: int,
    threads: int,
    tick: Ticker,
) -> None:
    """Fill `out` with one search a place of the smaller side."""
    from socaccess.routing import _dijkstra

    turned = destinations.count < origins.count
    if turned:
        graph, origins, destinations = graph.reversed(), destinations, origins

    def work(chunk: slice) -> int:
        _dijkstra.search_targets(
            graph.indptr, graph.indices, graph.weight_ms,
            origins.node[chunk], origins.cost_ms[chunk], destinations.node, destinations.cost_ms,
            np.uint32(limit_ms), out[:, chunk] if turned else out[chunk], turned,
        )  # fmt: skip
        return len(origins.node[chunk])

    run_chunks(work, cut_evenly(origins.count, SEARCHES), threads, tick)


def iterate_matrix(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    *,
    block_cells: int = 16_000_000,
    engine: str = "auto",
    cutoff_ms: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    hierarchy: Hierarchy | None = None,
) -> Iterator[tuple[slice, UInt32Array]]:
    """Yield the matrix in blocks of whole rows, for results that do not fit in memory.

    Parameters
    ----------
    graph, origins, destinations, engine, cutoff_ms, threads, hierarchy
        As in `compute_matrix`.
    block_cells
        Largest number of pairs in a block; a block has at least one row.
    progress
        Called as `progress(done, total)` in origins after each block.

    Yields
    ------
    tuple
        The origins of the block, as a slice, and their times as in `compute_matrix`.

    Examples
    --------
    >>> graph = Graph.from_arcs(2, [0], [1], [700])
    >>> ends = Terminals.at_nodes([0, 1])
    >>> for rows, times in iterate_matrix(graph, ends, ends, block_cells=2):
    ...     print(rows.start, times.tolist())
    0 [[0, 700]]
    1 [[2147483647, 0]]
    """
    tick = Ticker(progress, origins.count)
    step = max(1, block_cells // max(destinations.count, 1))
    chosen = choose_engine(
        graph,
        min(origins.count, destinations.count),
        engine,
        hierarchy=hierarchy,
        can_use_hierarchy=True,
    )
    if chosen == "hierarchy" and hierarchy is None:  # once for all blocks
        from socaccess.routing.hierarchy import build_hierarchy

        hierarchy = build_hierarchy(graph)
    for start in range(0, origins.count, step):
        rows = slice(start, min(start + step, origins.count))
        yield (
            rows,
            compute_matrix(
                graph,
                origins.take(rows),
                destinations,
                engine=chosen,
                cutoff_ms=cutoff_ms,
                threads=threads,
                hierarchy=hierarchy,
            ),
        )
        tick(rows.stop - rows.start)
