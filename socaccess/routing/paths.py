"""What a fastest trip passes: trees, lengths along trips, the arcs of one trip.

Often several trips are equally fast. The one meant here is always the same, on every engine: at
its end, the first of the equally good nodes of a place; of ways there that take equal times, the
one whose arcs have the least sum of `Graph.tie`; and where that is equal too, going back from the
end, the arc that stands first in the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.routing._choice import choose_engine
from socaccess.routing._run import Progress, Ticker, cut_evenly, run_chunks
from socaccess.routing.graph import UNREACHABLE, Graph, Int32Array, Int64Array, UInt32Array
from socaccess.routing.terminals import Terminals

__all__ = ["Path", "Trees", "sum_along", "trace_paths", "trace_trees"]

Values = npt.NDArray[Any]
"""Whole numbers (int64) or float64; what goes in comes out."""
SEARCHES = 16
"""Searches between two looks at the clock and the keyboard."""
TREE_CELLS = 4_000_000
"""Nodes times origins of the trees held at once."""


@dataclass(frozen=True, eq=False)
class Trees:
    """Fastest paths from each origin to every node.

    Parameters
    ----------
    ms
        Time to each node, shape (origins, nodes), `UNREACHABLE` where there is no way.
    arc
        The caller's number of the last arc of the path, same shape; -1 where a path begins and
        where there is none.
    """

    ms: UInt32Array
    arc: Int32Array


@dataclass(frozen=True, eq=False)
class Path:
    """One fastest trip.

    Parameters
    ----------
    ms
        Time from place to place, `UNREACHABLE` if there is no way.
    arcs
        The caller's numbers of the arcs passed, in order.
    origin_end, destination_end
        Which of the nodes of the origin and of the destination it uses, by column of their
        `Terminals`; -1 if there is no way.
    """

    ms: int
    arcs: Int32Array
    origin_end: int
    destination_end: int


def trace_trees(graph: Graph, origins: Terminals, *, engine: str = "auto") -> Trees:
    """Return the tree of fastest paths from each origin.

    Memory grows with origins times nodes: ask for a few origins at a time.

    Raises
    ------
    InputError
        An origin lies outside the graph.
    UnknownNameError
        No such engine.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1, 0], [1, 2, 2], [1000, 500, 1500])
    >>> trees = trace_trees(graph, Terminals.at_nodes([0]))
    >>> trees.ms.tolist(), trees.arc.tolist()
    ([[0, 1000, 1500]], [[-1, 0, 1]])
    """
    raise_problems(origins.check_against(graph, "origins"))
    times, arcs = [], []
    for _, ms, _, last in _iterate_trees(graph, origins, engine):
        times.append(ms)
        arcs.append(_name_arcs(graph, last))
    shape = (0, graph.node_count)
    return Trees(
        ms=np.concatenate([np.empty(shape, np.uint32), *times]),
        arc=np.concatenate([np.empty(shape, np.int32), *arcs]),
    )


def sum_along(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    arc_values: Values,
    *,
    origin_values: Values | None = None,
    destination_values: Values | None = None,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
) -> tuple[UInt32Array, Values]:
    """Return the time of every pair and the sums of values along its fastest trip.

    Parameters
    ----------
    graph
        The graph to travel.
    origins, destinations
        Where trips begin and end.
    arc_values
        What is to be summed, shape (arcs,) or (arcs, values), int64 or float64, in the order of
        the caller's arcs (the ones `Graph.arc` names).
    origin_values, destination_values
        The same for the way between a place and each of its nodes, shape (places, width) or
        (places, width, values). None: nothing is added there.
    engine
        `"auto"`, `"scipy"` or `"dijkstra"`.
    threads, progress
        As in `compute_matrix`.

    Returns
    -------
    tuple
        Milliseconds, shape (origins, destinations), as `compute_matrix` gives them; and the sums,
        same shape with a last axis for the values if `arc_values` has one. Where there is no way
        the sum is NaN, or -1 among whole numbers.

    Raises
    ------
    InputError
        A place lies outside the graph, or the shapes or types of the values do not fit.
    UnknownNameError
        No such engine.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])
    >>> origins, destinations = Terminals.at_nodes([0]), Terminals.at_nodes([2, 0])
    >>> ms, length_m = sum_along(graph, origins, destinations, np.array([25.5, 9.0]))
    >>> ms.tolist(), length_m.tolist()
    ([[1500, 0]], [[34.5, 0.0]])
    """
    arcs, begin, end = _check_values(
        graph, origins, destinations, arc_values, origin_values, destination_values
    )
    shape = (origins.count, destinations.count)
    times = np.full(shape, UNREACHABLE, np.uint32)
    missing = np.nan if arcs.dtype.kind == "f" else -1
    sums = np.full((*shape, arcs.shape[1]), missing, arcs.dtype)
    chosen = choose_engine(graph, origins.count, engine, hierarchy=None, can_use_hierarchy=False)
    tick = Ticker(progress, origins.count)
    if destinations.count and chosen == "dijkstra":
        from socaccess.routing import _dijkstra

        tails = graph.list_tails()

        def work(rows: slice) -> int:
            _dijkstra.sum_trees(
                graph.indptr, graph.indices, graph.weight_ms, graph.tie, tails, graph.arc,
                origins.node[rows], origins.cost_ms[rows], destinations.node, destinations.cost_ms,
                arcs, begin[rows], end, times[rows], sums[rows],
            )  # fmt: skip
            return len(times[rows])

        run_chunks(work, cut_evenly(origins.count, SEARCHES), threads, tick)
    elif destinations.count:
        for rows, ms, hops, last in _iterate_trees(graph, origins, engine):
            root = _find_roots(origins.take(rows), ms, hops)
            reached = _sum_trees(graph, hops, last, root, arcs, begin[rows])
            best, column = _choose_ends(ms, destinations)
            node = np.take_along_axis(destinations.node[None], column[:, :, None], axis=2)[:, :, 0]
            there = best < UNREACHABLE
            row = np.broadcast_to(np.arange(len(ms))[:, None], best.shape)
            place = np.broadcast_to(np.arange(destinations.count), best.shape)
            total = reached[row, node] + end[place, column]
            times[rows] = best
            sums[rows][there] = total[there]
            tick(len(ms))
    return times, sums if arc_values.ndim == 2 else sums[:, :, 0]


def trace_paths(
    graph: Graph, origins: Terminals, destinations: Terminals, *, engine: str = "auto"
) -> list[Path]:
    """Return the fastest trip of each pair: origin 0 to destination 0, 1 to 1 and so on.

    Raises
    ------
    InputError
        There are not as many origins as destinations, or one lies outside the graph.
    UnknownNameError
        No such engine.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])
    >>> path, = trace_paths(graph, Terminals.at_nodes([0]), Terminals.at_nodes([2]))
    >>> path.ms, path.arcs.tolist()
    (1500, [0, 1])
    """
    problems = origins.check_against(graph, "origins")
    problems += destinations.check_against(graph, "destinations")
    if origins.count != destinations.count:
        problems.append(
            Problem(
                "routing.no_pairs",
                origins=str(origins.count),
                destinations=str(destinations.count),
            )
        )
    raise_problems(problems)
    pair = np.arange(origins.count, dtype=np.int32)
    ms, ends, begin, arcs = walk_trees(graph, origins, destinations, pair, pair, engine)
    return [
        Path(int(ms[i]), arcs[begin[i] : begin[i + 1]], int(ends[i, 0]), int(ends[i, 1]))
        for i in pair.tolist()
    ]


def walk_trees(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    row: Int32Array,
    column: Int32Array,
    engine: str,
) -> tuple[Int64Array, Int32Array, Int64Array, Int32Array]:
    """Return the trips of pairs by a tree for each origin asked about; see `Trips`."""
    tails = graph.list_tails()
    asked, tree_of = np.unique(row, return_inverse=True)
    order = np.argsort(tree_of, kind="stable")
    times = np.full(len(row), int(UNREACHABLE), np.int64)
    ends = np.full((len(row), 2), -1, np.int32)
    passed: list[Int32Array] = [np.empty(0, np.int32)] * len(row)
    for rows, ms, hops, last in _iterate_trees(graph, origins.take(asked), engine):
        root = _find_roots(origins.take(asked[rows]), ms, hops)
        low, high = np.searchsorted(tree_of[order], [rows.start, rows.stop])
        for pair in order[low:high].tolist():
            tree, place = int(tree_of[pair]) - rows.start, int(column[pair])
            best, end = _choose_ends(
                ms[tree : tree + 1], destinations.take(slice(place, place + 1))
            )
            if best[0, 0] == UNREACHABLE:
                continue
            node, arcs = int(destinations.node[place, end[0, 0]]), []
            while last[tree, node] >= 0:
                arcs.append(last[tree, node])
                node = int(tails[last[tree, node]])
            times[pair] = best[0, 0]
            ends[pair] = root[tree, node], end[0, 0]
            passed[pair] = graph.arc[np.array(arcs[::-1], np.int64)]
    begin = np.zeros(len(row) + 1, np.int64)
    np.cumsum([len(arcs) for arcs in passed], out=begin[1:])
    return times, ends, begin, np.concatenate([np.empty(0, np.int32), *passed])


def _iterate_trees(
    graph: Graph, origins: Terminals, engine: str
) -> Iterator[tuple[slice, UInt32Array, Int64Array, Int32Array]]:
    """Yield origins, times, arcs passed and last arcs (positions in the graph), batch by batch."""
    chosen = choose_engine(graph, origins.count, engine, hierarchy=None, can_use_hierarchy=False)
    for rows in cut_evenly(origins.count, max(1, TREE_CELLS // max(graph.node_count, 1))):
        if chosen == "scipy":
            from socaccess.routing import _scipy

            yield rows, *_scipy.trace_batch(graph, origins.take(rows))
            continue
        from socaccess.routing import _dijkstra

        shape = (rows.stop - rows.start, graph.node_count)
        ms, hops, last = (
            np.empty(shape, np.uint32),
            np.empty(shape, np.int64),
            np.empty(shape, np.int32),
        )
        for row, origin in enumerate(range(rows.start, rows.stop)):
            _dijkstra.trace_tree(
                graph.indptr, graph.indices, graph.weight_ms, graph.tie,
                origins.node[origin], origins.cost_ms[origin], ms[row], hops[row], last[row],
            )  # fmt: skip
        yield rows, ms, hops, last


def _name_arcs(graph: Graph, last: Int32Array) -> Int32Array:
    """Return the caller's numbers of arcs given by position, -1 where there is none."""
    return np.append(graph.arc, np.int32(-1))[last]


def _find_roots(origins: Terminals, ms: UInt32Array, hops: Int64Array) -> npt.NDArray[np.int8]:
    """Return which end of the origin each root of its tree is, -1 at all other nodes."""
    root = np.full(ms.shape, -1, np.int8)
    for end in reversed(range(origins.width)):  # the first end of equals is written last
        row = np.flatnonzero(origins.node[:, end] >= 0)
        node = origins.node[row, end]
        begins = (hops[row, node] == 0) & (ms[row, node] == origins.cost_ms[row, end])
        root[row[begins], node[begins]] = end
    return root


def _choose_ends(ms: UInt32Array, destinations: Terminals) -> tuple[UInt32Array, Int64Array]:
    """Return time and column of the best end of every destination, both (origins, destinations)."""
    padded = np.concatenate([ms, np.full((len(ms), 1), UNREACHABLE, np.uint32)], axis=1)
    # Two numbers up to UNREACHABLE still fit 32 bits.
    total = padded[:, destinations.node] + destinations.cost_ms
    column = total.argmin(axis=2)
    best = np.take_along_axis(total, column[:, :, None], axis=2)[:, :, 0]
    return np.minimum(best, UNREACHABLE), column


def _sum_trees(
    graph: Graph,
    hops: Int64Array,
    last: Int32Array,
    root: npt.NDArray[np.int8],
    arc_values: Values,
    origin_values: Values,
) -> Values:
    """Return the sums from each origin to every node, (origins, nodes, values).

    Nodes are filled in the order of arcs passed, one step further from the roots each time, for
    all trees of the batch together.
    """
    sums = np.zeros((*hops.shape, arc_values.shape[1]), arc_values.dtype)
    row, node = np.nonzero(root >= 0)
    sums[row, node] = origin_values[row, root[row, node]]
    row, node = np.nonzero(last >= 0)
    order = np.argsort(hops[row, node], kind="stable")
    row, node = row[order], node[order]
    position = last[row, node]
    tail, value = graph.list_tails()[position], arc_values[graph.arc[position]]
    steps = np.flatnonzero(np.diff(hops[row, node], prepend=0))
    for start, stop in pairwise([*steps, len(row)]):
        part = slice(start, stop)
        sums[row[part], node[part]] = sums[row[part], tail[part]] + value[part]
    return sums


def _check_values(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    arc_values: Values,
    origin_values: Values | None,
    destination_values: Values | None,
) -> tuple[Values, Values, Values]:
    """Return the three kinds of values with an axis for the values each."""
    if arc_values.dtype not in (np.int64, np.float64) or arc_values.ndim not in (1, 2):
        raise InputError(
            "routing.bad_arc_values", type=str(arc_values.dtype), dimensions=arc_values.ndim
        )
    problems = origins.check_against(graph, "origins")
    problems += destinations.check_against(graph, "destinations")
    if graph.arc_count and len(arc_values) <= int(graph.arc.max()):
        problems.append(Problem("routing.arc_values_too_few", count=str(len(arc_values))))
    ends = []
    for name, terminals, given in (
        ("origin_values", origins, origin_values),
        ("destination_values", destinations, destination_values),
    ):
        shape = (*terminals.node.shape, *arc_values.shape[1:])
        values = np.zeros(shape, arc_values.dtype) if given is None else given
        if values.shape != shape or values.dtype != arc_values.dtype:
            problems.append(
                Problem(
                    "routing.bad_end_values",
                    name=name,
                    shape=str(values.shape),
                    type=str(values.dtype),
                    wanted_type=str(arc_values.dtype),
                    wanted=str(shape),
                )
            )
        ends.append(values[..., None] if arc_values.ndim == 1 else values)
    raise_problems(problems)
    return (arc_values[:, None] if arc_values.ndim == 1 else arc_values), ends[0], ends[1]
