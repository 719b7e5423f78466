"""The graph: nodes are numbers, arcs have whole milliseconds, nothing has a place on Earth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from socaccess.errors import Problem, raise_problems
from socaccess.messages import Message

__all__ = ["UNREACHABLE", "Graph", "freeze_array"]

Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
UInt32Array = npt.NDArray[np.uint32]

UNREACHABLE: Final = np.uint32(2**31 - 1)
"""Milliseconds that stand for "no way there"; any sum this large or larger is taken as no way.

It leaves one bit free: unreachable plus any allowed weight still fits 32 bits, so that no sum in
the kernels can wrap around. The longest trip that can be told is one millisecond less, 24.8 days.
"""


@dataclass(frozen=True, eq=False)
class Graph:
    """A directed graph in compressed sparse rows with one weight an arc.

    Row `v` holds the arcs that leave node `v`: positions `indptr[v]` up to, not including,
    `indptr[v + 1]` of the three other arrays. Within a row heads ascend and none stands twice.
    Build one with `from_arcs`, which takes arcs in any order. All arrays are read-only.

    Parameters
    ----------
    indptr
        Where each row begins, shape (nodes + 1,).
    indices
        Head of each arc, shape (arcs,).
    weight_ms
        Travel time of each arc in milliseconds, less than `UNREACHABLE`; zero is a weight.
    arc
        Position of each arc in the list the caller built the graph from.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1, 0], [1, 2, 1], [500, 0, 400])
    >>> graph.node_count, graph.arc_count
    (3, 2)
    >>> graph.weight_ms.tolist(), graph.arc.tolist()
    ([400, 0], [2, 1])
    """

    indptr: Int64Array
    indices: Int32Array
    weight_ms: UInt32Array
    arc: Int32Array

    def __post_init__(self) -> None:
        for name, dtype in (
            ("indptr", np.int64),
            ("indices", np.int32),
            ("weight_ms", np.uint32),
            ("arc", np.int32),
        ):
            object.__setattr__(self, name, freeze_array(getattr(self, name), dtype))

    @classmethod
    def from_arcs(
        cls,
        node_count: int,
        tail: npt.ArrayLike,
        head: npt.ArrayLike,
        weight_ms: npt.ArrayLike,
    ) -> Graph:
        """Return the graph of the arcs `tail[i]` -> `head[i]`.

        Of parallel arcs the cheapest is kept, the first of equals; arcs from a node to itself are
        left out, since no fastest trip takes them. `Graph.arc` tells which arcs were kept.

        Parameters
        ----------
        node_count
            Number of nodes; they are called 0 to `node_count - 1`.
        tail, head
            Ends of the arcs, shape (arcs,).
        weight_ms
            Milliseconds, whole numbers from 0 up to, not including, `UNREACHABLE`.

        Raises
        ------
        InputError
            Lengths differ, an end is not a node, or a weight is not a whole number in range.

        Examples
        --------
        >>> Graph.from_arcs(2, [0], [5], [-1])
        Traceback (most recent call last):
            ...
        socaccess.errors.InputError: arcs: head is not a node from 0 to 1 (arc 0; 1 in all)
        arcs: weight_ms is not from 0 to 2147483646 (arc 0; 1 in all)
        """
        tails, heads, weights = _check_arcs(node_count, tail, head, weight_ms)
        kept = np.flatnonzero(tails != heads)
        # Stable by (tail, head, weight): the first of a run is the cheapest, and of equals the
        # one the caller named first.
        kept = kept[np.lexsort((weights[kept], heads[kept], tails[kept]))]
        if len(kept):
            first = np.ones(len(kept), bool)
            first[1:] = (np.diff(tails[kept]) != 0) | (np.diff(heads[kept]) != 0)
            kept = kept[first]
        return cls(
            indptr=_count_rows(tails[kept], node_count),
            indices=heads[kept].astype(np.int32),
            weight_ms=weights[kept].astype(np.uint32),
            arc=kept.astype(np.int32),
        )

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def arc_count(self) -> int:
        """Number of arcs kept, which may be fewer than the caller gave."""
        return len(self.indices)

    def list_tails(self) -> Int32Array:
        """Return the tail of each arc, shape (arcs,), in the order of `indices`.

        Examples
        --------
        >>> Graph.from_arcs(3, [2, 0], [0, 1], [7, 7]).list_tails().tolist()
        [0, 2]
        """
        return np.repeat(np.arange(self.node_count, dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def tie(self) -> UInt32Array:
        """A number from 1 to `MOST_TIE` for each arc, by which ways equally fast are told apart.

        Of such ways the one with the least sum is meant: a rule that adds up along a way, so that
        trees, sums and hierarchies agree. The numbers are a hash of the caller's arcs.
        """
        mixed = self.arc.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(SALT)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        return freeze_array(
            (mixed >> np.uint64(40)) % np.uint64(MOST_TIE) + np.uint64(1), np.uint32
        )

    def reversed(self) -> Graph:
        """Return the graph with every arc turned round; `arc` still names the caller's arcs.

        The answer is kept: asking again costs nothing.

        Examples
        --------
        >>> Graph.from_arcs(3, [0, 1], [1, 2], [5, 6]).reversed().list_tails().tolist()
        [1, 2]
        """
        return self._turned

    @cached_property
    def _turned(self) -> Graph:
        order = np.argsort(self.indices, kind="stable")
        turned = Graph(
            indptr=_count_rows(self.indices, self.node_count),
            indices=self.list_tails()[order],
            weight_ms=self.weight_ms[order],
            arc=self.arc[order],
        )
        turned.__dict__["_turned"] = self
        return turned

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of nodes, arcs and weights in hexadecimal; the caller's arc numbers stay out."""
        digest = hashlib.sha256(b"socaccess graph 1")
        for array in (self.indptr, self.indices, self.weight_ms):
            digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
        return digest.hexdigest()


MOST_TIE = 4095
SALT = 6


def freeze_array(array: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray:
    """Return a contiguous read-only view of `array`, copied only where its type differs.

    Read-only everywhere has a second use: the compiler then sees one kind of array and
    compiles each kernel once.
    """
    frozen = np.ascontiguousarray(array, dtype).view(np.ndarray)
    frozen.flags.writeable = False
    return frozen


def _count_rows(row: npt.NDArray, row_count: int) -> Int64Array:
    """Return where each row begins, given the row of every entry."""
    indptr = np.zeros(row_count + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=row_count), out=indptr[1:])
    return indptr


def _check_arcs(
    node_count: int, tail: npt.ArrayLike, head: npt.ArrayLike, weight_ms: npt.ArrayLike
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return the three columns as int64; raise every problem they have at once."""
    columns = {
        "tail": np.asarray(tail),
        "head": np.asarray(head),
        "weight_ms": np.asarray(weight_ms),
    }
    problems = []
    if not 0 <= node_count < 2**31:
        problems.append(
            Problem("routing.bad_node_count", most=str(2**31 - 1), count=str(node_count))
        )
    if len({column.shape for column in columns.values()}) > 1 or columns["tail"].ndim != 1:
        shapes = [f"{name} {column.shape}" for name, column in columns.items()]
        problems.append(Problem("routing.columns_differ", "arcs", shapes=shapes))
    if len(columns["tail"]) >= 2**31:
        problems.append(Problem("routing.too_many_arcs", "arcs"))
    for name, column in columns.items():
        if column.size and column.dtype.kind not in "iu":
            kind = str(column.dtype)
            problems.append(Problem("routing.not_whole_numbers", "arcs", name=name, type=kind))
            continue
        limit, code = (
            (int(UNREACHABLE), "routing.time_out_of_range")
            if name == "weight_ms"
            else (node_count, "routing.node_out_of_range")
        )
        wrong = np.flatnonzero((column < 0) | (column >= limit))
        if len(wrong):
            rows = [Message("routing.arc", number=int(row)) for row in wrong]
            problems.append(Problem(code, "arcs", rows, name=name, most=str(limit - 1)))
    raise_problems(problems)
    tails, heads, weights = (column.astype(np.int64) for column in columns.values())
    return tails, heads, weights
