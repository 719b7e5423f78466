"""Many single trips at once: out of a hierarchy, its shortcuts taken apart, or out of trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from socaccess.errors import InputError, raise_problems
from socaccess.routing.graph import Graph, Int32Array, Int64Array, UInt32Array
from socaccess.routing.paths import walk_trees
from socaccess.routing.terminals import Terminals

if TYPE_CHECKING:
    from socaccess.routing.hierarchy import Hierarchy

__all__ = ["MOST_ENDS", "Trips", "trace_trips"]

MOST_ENDS = 16
"""Nodes of a destination that a label of the hierarchy can tell apart."""


@dataclass(frozen=True, eq=False)
class Trips:
    """Fastest trips of pairs of places, as `socaccess.routing.paths` defines them.

    Parameters
    ----------
    ms
        Time from place to place, (pairs,), int64; `UNREACHABLE` if there is no way.
    ends
        Which of the nodes of the origin and of the destination a trip uses, by column of their
        `Terminals`, (pairs, 2); -1 where there is no way.
    begin
        Where the arcs of each trip begin, (pairs + 1,).
    arcs
        The caller's numbers of the arcs passed, trip after trip.
    """

    ms: Int64Array
    ends: Int32Array
    begin: Int64Array
    arcs: Int32Array

    @cached_property
    def trip(self) -> Int64Array:
        """The trip each arc belongs to, (arcs,)."""
        return np.repeat(np.arange(len(self.ms)), np.diff(self.begin))


def trace_trips(
    graph: Graph,
    origins: Terminals,
    destinations: Terminals,
    row: Int64Array,
    column: Int64Array,
    *,
    engine: str = "auto",
    hierarchy: Hierarchy | None = None,
) -> Trips:
    """Return the trips from `origins[row]` to `destinations[column]`.

    Parameters
    ----------
    graph
        The graph to travel.
    origins, destinations
        Where trips begin and end.
    row, column
        Positions of origin and destination of each pair, shape (pairs,). Many are answered several
        times faster where pairs near each other stand together.
    engine
        Without a hierarchy: `"auto"`, `"scipy"` or `"dijkstra"`, a search for each origin.
    hierarchy
        Of this graph: each pair is then searched from both ends. The trips are the same, but
        where ways are equal in time and in the sum of `Graph.tie` too.

    Raises
    ------
    InputError
        A place lies outside the graph, or the hierarchy belongs to another.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])
    >>> ends = Terminals.at_nodes([0, 2])
    >>> trips = trace_trips(graph, ends, ends, np.array([0, 1]), np.array([1, 0]))
    >>> (trips.ms == [1500, trips.ms.max()]).tolist(), trips.arcs.tolist(), trips.begin.tolist()
    ([True, True], [0, 1], [0, 2, 2])
    """
    problems = origins.check_against(graph, "origins")
    raise_problems(problems + destinations.check_against(graph, "destinations"))
    from_row, to_row = row.astype(np.int32), column.astype(np.int32)
    if hierarchy is None or destinations.width > MOST_ENDS:
        return Trips(*walk_trees(graph, origins, destinations, from_row, to_row, engine))
    from socaccess.routing import _unpack

    h = hierarchy
    h.check_graph(graph)
    parts = find_parts(graph, h)
    ms, ends, begin, passed = _unpack.trace_pairs(
        h.up_indptr, h.up_others, h.up_ms, h.down_indptr, h.down_others, h.down_ms,
        parts.ties, parts.up_row, parts.down_row,
        h.place(origins), origins.cost_ms, h.place(destinations), destinations.cost_ms,
        from_row, to_row,
    )  # fmt: skip
    begin, arcs = _unpack.unpack_arcs(parts.parts, begin, passed)
    return Trips(ms, ends, begin, arcs)


@dataclass(frozen=True, eq=False)
class Parts:
    """What the arcs of a hierarchy are made of; the upward ones come first.

    `parts`, (arcs, 3), are the two parts of a shortcut and the arcs of the graph it stands for, or
    -1 minus the name of an arc of the graph, -1 and 1; `ties` the sums of `Graph.tie`; `up_row` and
    `down_row` the rows of the arcs.
    """

    parts: Int32Array
    ties: UInt32Array
    up_row: Int32Array
    down_row: Int32Array


def find_parts(graph: Graph, hierarchy: Hierarchy) -> Parts:
    """Return what every arc of a hierarchy is made of; found once and kept with it."""
    from socaccess.routing import _unpack

    kept: Parts | None = hierarchy.__dict__.get("_parts")
    if kept is None:
        h = hierarchy
        parts, ties = _unpack.find_parts(
            graph.indptr, graph.indices, graph.weight_ms, graph.tie, graph.arc, h.position,
            h.up_indptr, h.up_others, h.up_ms, h.down_indptr, h.down_others, h.down_ms,
        )  # fmt: skip
        if not ties.all():
            raise InputError("routing.hierarchy_of_other_graph")
        rows = np.arange(h.node_count, dtype=np.int32)
        kept = Parts(
            parts, ties,
            np.repeat(rows, np.diff(h.up_indptr)), np.repeat(rows, np.diff(h.down_indptr)),
        )  # fmt: skip
        hierarchy.__dict__["_parts"] = kept
    return kept
