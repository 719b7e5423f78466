"""Where trips begin and end: places attached to the graph by one or more of its nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from socaccess.errors import Problem, raise_problems
from socaccess.messages import Message
from socaccess.routing.graph import (
    UNREACHABLE,
    Graph,
    Int32Array,
    UInt32Array,
    freeze_array,
)

__all__ = ["DirectTrips", "Terminals"]


@dataclass(frozen=True, eq=False)
class Terminals:
    """Places attached to the graph, each by up to `width` nodes.

    A place at a junction is one node. A place snapped to the middle of an edge is both ends of it
    with the time to each. A row without any node is a place that nobody can reach or leave: it
    stays in every answer, unreachable.

    Used as origins, `cost_ms` is the time from the place to the node; used as destinations, from
    the node to the place. On a one-way edge the two differ: make one `Terminals` for each role.

    Parameters
    ----------
    node
        Nodes, shape (places, width); -1 where unused.
    cost_ms
        Milliseconds between place and node, same shape, less than `UNREACHABLE`; not read where
        `node` is -1.

    Raises
    ------
    InputError
        The shapes differ, or a number is out of range.

    Examples
    --------
    >>> ends = Terminals(node=[[4, 9], [2, -1]], cost_ms=[[1000, 3000], [0, 0]])
    >>> ends.count, ends.width
    (2, 2)
    """

    node: Int32Array
    cost_ms: UInt32Array

    def __post_init__(self) -> None:
        node, cost_ms = np.asarray(self.node), np.asarray(self.cost_ms)
        problems = []
        if node.ndim != 2 or node.shape != cost_ms.shape:
            problems.append(
                Problem(
                    "routing.terminals_differ",
                    "terminals",
                    node=str(node.shape),
                    cost=str(cost_ms.shape),
                )
            )
        else:
            cost_ms = np.where(node < 0, 0, cost_ms)
        for name, column, lowest in (("node", node, -1), ("cost_ms", cost_ms, 0)):
            if column.size and column.dtype.kind not in "iu":
                kind = str(column.dtype)
                problems.append(
                    Problem("routing.not_whole_numbers", "terminals", name=name, type=kind)
                )
            elif column.ndim == 2:
                wrong = ((column < lowest) | (column >= int(UNREACHABLE))).any(axis=1)
                if wrong.any():
                    problems.append(
                        Problem(
                            "routing.not_between",
                            "terminals",
                            _name_places(wrong),
                            name=name,
                            low=str(lowest),
                            high=str(int(UNREACHABLE) - 1),
                        )
                    )
        raise_problems(problems)
        object.__setattr__(self, "node", freeze_array(node, np.int32))
        object.__setattr__(self, "cost_ms", freeze_array(cost_ms, np.uint32))

    @classmethod
    def at_nodes(cls, nodes: npt.ArrayLike) -> Terminals:
        """Return places that are nodes themselves: width 1, no access time.

        Examples
        --------
        >>> Terminals.at_nodes([3, 1]).node.tolist()
        [[3], [1]]
        """
        node = np.asarray(nodes).reshape(-1, 1)
        if not node.size:
            node = node.astype(np.int32)
        return cls(node=node, cost_ms=np.zeros(node.shape, np.uint32))

    @property
    def count(self) -> int:
        """Number of places."""
        return self.node.shape[0]

    @property
    def width(self) -> int:
        """Nodes a place may be attached to."""
        return self.node.shape[1]

    def take(self, places: slice | npt.NDArray) -> Terminals:
        """Return the terminals of some places, in the order given.

        Examples
        --------
        >>> Terminals.at_nodes([7, 8, 9]).take(slice(1, 3)).node.ravel().tolist()
        [8, 9]
        """
        return Terminals(node=self.node[places], cost_ms=self.cost_ms[places])

    def check_against(self, graph: Graph, role: str) -> list[Problem]:
        """Return what stops these terminals from being used with `graph`; `role` names them."""
        wrong = (self.node >= graph.node_count).any(axis=1)
        if not wrong.any():
            return []
        rows, count = _name_places(wrong), graph.node_count
        return [Problem("routing.node_not_in_graph", role, rows, count=str(count))]


def _name_places(wrong: npt.ArrayLike) -> list[Message]:
    return [Message("routing.place", number=int(row)) for row in np.flatnonzero(wrong)]


def _name_trips(wrong: npt.NDArray[np.int64]) -> list[Message]:
    return [Message("routing.trip", number=int(row)) for row in wrong]


@dataclass(frozen=True, eq=False)
class DirectTrips:
    """Trips that pass no node: both places lie on the same edge.

    The graph cannot see them, since it only knows ways through nodes. Give them along and each
    lowers its pair where it is faster.

    Parameters
    ----------
    origin, destination
        Places by their position in the `Terminals`, shape (trips,).
    ms
        Milliseconds from origin to destination, shape (trips,).

    Examples
    --------
    >>> DirectTrips(origin=[0], destination=[2], ms=[4000]).count
    1
    """

    origin: Int32Array
    destination: Int32Array
    ms: UInt32Array

    def __post_init__(self) -> None:
        columns = {
            name: np.asarray(getattr(self, name)) for name in ("origin", "destination", "ms")
        }
        problems = []
        if len({column.shape for column in columns.values()}) > 1 or columns["ms"].ndim != 1:
            problems.append(Problem("routing.trips_differ", "direct trips"))
        for name, column in columns.items():
            if column.size and column.dtype.kind not in "iu":
                problems.append(
                    Problem(
                        "routing.not_whole_numbers",
                        "direct trips",
                        name=name,
                        type=str(column.dtype),
                    )
                )
                continue
            wrong = np.flatnonzero((column < 0) | (column >= int(UNREACHABLE)))
            if len(wrong):
                problems.append(
                    Problem("routing.out_of_range", "direct trips", _name_trips(wrong), name=name)
                )
        raise_problems(problems)
        for name, dtype in (("origin", np.int32), ("destination", np.int32), ("ms", np.uint32)):
            object.__setattr__(self, name, freeze_array(columns[name], dtype))

    @property
    def count(self) -> int:
        """Number of trips."""
        return len(self.ms)

    def check_against(self, origin_count: int, destination_count: int) -> list[Problem]:
        """Return what stops these trips from being used between so many places."""
        wrong = np.flatnonzero(
            (self.origin >= origin_count) | (self.destination >= destination_count)
        )
        if not len(wrong):
            return []
        return [Problem("routing.trip_without_end", "direct trips", _name_trips(wrong))]
