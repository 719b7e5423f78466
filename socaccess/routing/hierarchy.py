"""A contraction hierarchy: prepared once for a graph, it answers matrices by sweeps.

`build_hierarchy` takes the nodes out one by one (`_contraction`) and puts what is left in an order
for the sweeps; `Hierarchy` holds the result and saves it. It belongs to one graph, weights and
all, and says so by the graph's fingerprint. A new facility is one more source: nothing is rebuilt.
"""

# mypy: disable-error-code="call-arg"

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from socaccess.errors import InputError
from socaccess.routing._run import Progress, Ticker, cut_evenly, run_chunks
from socaccess.routing.arrayfile import load_arrays, save_arrays
from socaccess.routing.graph import (
    Graph,
    Int32Array,
    Int64Array,
    UInt32Array,
    freeze_array,
)
from socaccess.routing.terminals import Terminals

__all__ = ["Hierarchy", "build_hierarchy"]

FORMAT = "socaccess hierarchy 1"
TURNED_ROWS = 64
"""Rows that are turned round at once: few enough to stay near the processor."""
LABEL_LANES = 16
"""Labels a row holds for all groups swept together; each is twice as wide as a time."""
ARRAYS: dict[str, Any] = {
    "position": np.int32,
    "up_indptr": np.int64,
    "up_others": np.int32,
    "up_ms": np.uint32,
    "down_indptr": np.int64,
    "down_others": np.int32,
    "down_ms": np.uint32,
}


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A graph's nodes in an order of importance, and arcs to the more important ones only.

    Between any two nodes there is a fastest way that first follows upward arcs, then downward
    arcs. Nodes are called by position, the important ones first; all arcs of a row lead to or
    come from smaller positions.

    Parameters
    ----------
    fingerprint
        Of the graph it was built from.
    position
        Position of each node of the graph, shape (nodes,).
    up_indptr, up_others, up_ms
        Arcs from each position to smaller ones, in compressed sparse rows, milliseconds.
    down_indptr, down_others, down_ms
        Arcs to each position from smaller ones.
    """

    fingerprint: str
    position: Int32Array
    up_indptr: Int64Array
    up_others: Int32Array
    up_ms: UInt32Array
    down_indptr: Int64Array
    down_others: Int32Array
    down_ms: UInt32Array

    def __post_init__(self) -> None:
        for name, dtype in ARRAYS.items():
            object.__setattr__(self, name, freeze_array(getattr(self, name), dtype))

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.position)

    @property
    def arc_count(self) -> int:
        """Number of upward and downward arcs together."""
        return len(self.up_others) + len(self.down_others)

    def check_graph(self, graph: Graph) -> None:
        """Raise `InputError` unless this hierarchy was built from `graph`."""
        if self.fingerprint != graph.fingerprint:
            raise InputError("routing.hierarchy_of_other_graph")

    def save(self, path: str | Path) -> None:
        """Write the hierarchy to one file of plain arrays (NumPy's .npz).

        Raises
        ------
        OutputError
            If it cannot be written; what was there before is still there.
        """
        save_arrays(path, FORMAT, self.fingerprint, {name: getattr(self, name) for name in ARRAYS})

    @classmethod
    def load(cls, path: str | Path, graph: Graph) -> Hierarchy:
        """Return the hierarchy saved at `path`.

        Raises
        ------
        NetworkFileError
            The file is truncated, changed, of another version or of another graph.
        FileNotFoundError
            There is no such file.
        """
        arrays = load_arrays(path, FORMAT, tuple(ARRAYS), graph.fingerprint)
        return cls(fingerprint=graph.fingerprint, **arrays)

    def place(self, terminals: Terminals) -> Int32Array:
        """Return the positions of the ends of `terminals`, -1 where unused."""
        return np.append(self.position, np.int32(-1))[terminals.node]


def build_hierarchy(
    graph: Graph, *, settled_limit: int | None = None, progress: Progress | None = None
) -> Hierarchy:
    """Return the contraction hierarchy of `graph`.

    Parameters
    ----------
    graph
        Nodes should be numbered by place (`order_along_curve`), which makes this faster.
    settled_limit
        How far searches look for ways round a node. Less makes a larger hierarchy, never a wrong
        one. None: what served best on road networks.
    progress
        Called as `progress(done, total)` in nodes about twice a second; an exception from it, like
        Ctrl-C, stops the work, and nothing is left behind. The last nodes take longest.

    Examples
    --------
    >>> build_hierarchy(Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])).arc_count
    2
    """
    from socaccess.routing import _arrange, _contraction

    limit = _contraction.SETTLED_LIMIT if settled_limit is None else settled_limit
    begin, size, links = _contraction.contract(
        graph, min(limit, _contraction.ESTIMATE_LIMIT), limit, Ticker(progress, graph.node_count)
    )
    position = _arrange.order_depth_first(begin, size, links)
    arrays = {
        f"{name}_{part}": array
        for name, column in (("up", 1), ("down", 2))
        for part, array in zip(
            ("indptr", "others", "ms"),
            _arrange.gather_rows(position, begin, size, links, column),
            strict=True,
        )
    }
    return Hierarchy(fingerprint=graph.fingerprint, position=position, **arrays)


def fill_matrix(
    hierarchy: Hierarchy,
    origins: Terminals,
    destinations: Terminals,
    out: UInt32Array,
    limit_ms: int,
    threads: int,
    tick: Ticker,
) -> None:
    """Write the time of every pair to `out`; the smaller side is swept in lanes."""
    from socaccess.routing import _sweep, rphast_selection, simd_sweep

    turned = origins.count < destinations.count
    lane_side, swept_side = (origins, destinations) if turned else (destinations, origins)
    climb, descend = _choose_arcs(hierarchy, sources_are_origins=turned)
    table = out.T if turned else out  # (swept, lanes)
    sources, source_ms = hierarchy.place(lane_side), lane_side.cost_ms
    ends = hierarchy.place(swept_side)
    selected, local, *rows = rphast_selection.select_rows(*descend, ends)
    targets = np.append(local, np.int32(-1))[ends]
    done = targets.max(axis=1, initial=0)
    due = np.argsort(done, kind="stable")
    # Unused ends are taken from the row after the last, which is no way.
    target_rows = np.where(targets < 0, len(selected), targets).astype(np.uint32)
    straight = table.flags.c_contiguous
    rooms: SimpleQueue[tuple[UInt32Array, ...]] = SimpleQueue()
    for _ in range(max(threads, 1)):
        rooms.put((simd_sweep.make_rows(len(selected) + 1), simd_sweep.make_rows(1)))

    def work(chunk: slice) -> int:
        room = rooms.get()
        shape = (swept_side.count, chunk.stop - chunk.start)
        answers = table if straight else np.empty(shape, np.uint32)
        try:
            _sweep.sweep_times(
                *climb, sources[chunk], source_ms[chunk],
                selected, *rows, target_rows, swept_side.cost_ms, due, done[due],
                np.uint32(limit_ms), *room, answers, chunk.start if straight else 0,
            )  # fmt: skip
        finally:
            rooms.put(room)
        if not straight:
            for block in cut_evenly(swept_side.count, TURNED_ROWS):
                table[block, chunk] = answers[block]
        return shape[1]

    most = 8 if straight else 1
    run_chunks(work, _cut(lane_side.count, simd_sweep.LANES, threads, most), threads, tick)


def find_nearest_sites(
    hierarchy: Hierarchy,
    places: Terminals,
    sites: Terminals,
    group: Int32Array,
    limit_ms: int,
    ms: UInt32Array,
    site: Int32Array,
    *,
    toward_sites: bool,
    threads: int,
    tick: Ticker,
) -> None:
    """Write the nearest sites of each group and their times to `ms` and `site`.

    Both have the shape (places, groups, k).
    """
    from socaccess.routing import _labels, _sweep_nearest, rphast_selection

    climb, descend = _choose_arcs(hierarchy, sources_are_origins=not toward_sites)
    targets = hierarchy.place(places)
    selected, local, *rows = rphast_selection.select_rows(*descend, targets)
    targets = np.append(local, np.int32(-1))[targets]
    positions = hierarchy.place(sites)
    _, group_count, k = ms.shape

    def work(chunk: slice) -> int:
        lanes = chunk.stop - chunk.start
        labels = np.empty(len(selected) * lanes * k, np.uint64)
        _sweep_nearest.sweep_nearest(
            *climb, positions, sites.cost_ms, group, chunk.start, lanes, k,
            selected, *rows, labels,
        )  # fmt: skip
        _labels.gather_labels(
            labels, lanes, k, targets, places.cost_ms, chunk.start, np.uint32(limit_ms), ms, site
        )
        return lanes

    lanes = max(1, min(LABEL_LANES // k, -(-group_count // max(threads, 1))))
    run_chunks(work, _cut(group_count, lanes, group_count, 1), threads, tick)


def _choose_arcs(
    hierarchy: Hierarchy, *, sources_are_origins: bool
) -> tuple[tuple[npt.NDArray, ...], tuple[npt.NDArray, ...]]:
    """Return the arcs to climb from the sources and those to come down to the targets by."""
    up = (hierarchy.up_indptr, hierarchy.up_others, hierarchy.up_ms)
    down = (hierarchy.down_indptr, hierarchy.down_others, hierarchy.down_ms)
    return (up, down) if sources_are_origins else (down, up)


def _cut(count: int, lanes: int, threads: int, most: int) -> list[slice]:
    """Return slices of up to `most` batches of `lanes`: enough for threads and progress."""
    batches = -(-count // lanes)
    step = max(1, min(most, batches // max(4 * threads, 1))) * lanes
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]
