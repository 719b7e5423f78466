"""Answers from a hierarchy: up from the sources by lanes, then one sweep down to the targets.

Delling, Goldberg and Werneck (2011), "Faster Batched Shortest Paths in Road Networks" (RPHAST).
Nodes are called by their position: a node stands behind all nodes it has upward arcs to, so one
pass in ascending order meets every arc after the node it comes from is done.

Sources are handled in batches of `LANES`, a lane each: `times[node, lane]`. What is done to all
lanes of a row is done by `simd_sweep`, in vector instructions.

No sum can wrap around: times are at most `FAR`, arcs less, and twice `FAR` fits 32 bits.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.routing._heap import grow
from socaccess.routing.simd_sweep import LANES, pull_row, push_row

__all__ = ["order_upward", "sweep_times"]

FAR = np.uint32(2**31 - 1)
UNDER_WAY = np.uint32(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def order_upward(indptr, others, ends, slot, order, stack, place):
    """List all nodes above `ends`, each before those it can be reached from.

    Written to `order`, with `slot` telling where each node stands, counted from 1: it must be 0
    everywhere before. Returns their number and `order`, a longer array where it was too short.
    `stack` and `place` have room for all nodes.
    """
    found = 0
    for row in range(ends.shape[0]):
        for end in range(ends.shape[1]):
            node = np.int64(ends[row, end])
            if node < 0 or slot[node] != 0:
                continue
            slot[node] = UNDER_WAY
            stack[0] = node
            place[0] = indptr[node]
            depth = 1
            while depth > 0:
                node = np.int64(stack[depth - 1])
                arc = place[depth - 1]
                if arc == indptr[node + 1]:
                    depth -= 1
                    if found == len(order):
                        order = grow(order)
                    order[found] = node
                    found += 1
                    slot[node] = found
                    continue
                place[depth - 1] = arc + 1
                other = others[arc]
                if slot[other] == 0:
                    slot[other] = UNDER_WAY
                    stack[depth] = other
                    place[depth] = indptr[other]
                    depth += 1
    return found, order


@njit(cache=True, nogil=True)
def sweep_times(
    up_indptr, up_others, up_ms, sources, source_ms,
    selected, rows, row_others, row_ms, target_rows, target_ms, due, due_row,
    limit_ms, times, line, out, column,
):  # fmt: skip
    """Write the times between all `sources` and all targets to `out`, from `column` on.

    Parameters
    ----------
    up_indptr, up_others, up_ms
        The hierarchy, in the direction in which the sources are left.
    sources, source_ms
        Positions of the ends of each source, -1 where unused, and the times to them.
    selected, rows, row_others, row_ms
        What `select_rows` chose for the targets.
    target_rows, target_ms
        Rows of the ends of each target and the times to them; one row after the last is no row.
    due, due_row
        The targets in the order in which the sweep is done with them, and after which row.
    limit_ms
        Longest time to be told, inclusive.
    times, line
        Room for the sweep, shapes (selected + 1, LANES) and (1, LANES).
    out
        Shape (targets, any).
    """
    count = len(up_indptr) - 1
    # Slot 0 of `upper` is that of all nodes no source can enter at.
    slot = np.zeros(count, np.uint32)
    stack = np.empty(count, np.int32)
    place = np.empty(count, np.int64)
    order = np.empty(4096, np.int32)
    width = np.uint64(target_rows.shape[1])
    target_rows, target_ms = target_rows.ravel(), target_ms.ravel()
    upper = _make_rows(4096)
    last = np.uint64(len(selected))
    one = np.uint64(1)
    for lane in range(LANES):
        times[last, lane] = FAR
    for start in range(0, len(sources), LANES):
        used = np.uint64(min(LANES, len(sources) - start))
        batch = sources[start : start + LANES]
        found, order = order_upward(up_indptr, up_others, batch, slot, order, stack, place)
        if found >= len(upper):
            upper = _make_rows(2 * found)
        _climb(
            up_indptr, up_others, up_ms, batch, source_ms[start : start + LANES],
            slot, order, found, upper,
        )  # fmt: skip
        told = 0
        for row in range(last + one):
            if row < last:
                pull_row(
                    times, row, upper, np.uint64(slot[selected[row]]), times,
                    row_others, row_ms, np.uint64(rows[row]), np.uint64(rows[row + one]),
                )  # fmt: skip
            # Told at once, while the row is still near the processor.
            while told < len(due) and due_row[told] == row:
                target = np.uint64(due[told])
                pull_row(
                    line, np.uint64(0), upper, np.uint64(0), times,
                    target_rows, target_ms, target * width, (target + one) * width,
                )  # fmt: skip
                first = np.uint64(column + start)
                for lane in range(used):
                    time = line[0, lane]
                    out[target, first + lane] = time if time <= limit_ms else FAR
                told += 1
        for number in range(found):
            slot[order[number]] = 0


@njit(cache=True, nogil=True)
def _make_rows(count):
    """Return room for `count` rows that begins a cache line (64 bytes)."""
    raw = np.empty(count * LANES + 16, np.uint32)
    begin = (-raw.ctypes.data % 64) // 4
    return raw[begin : begin + count * LANES].reshape(count, LANES)


@njit(cache=True, nogil=True)
def _climb(indptr, others, ms, sources, source_ms, slot, order, found, upper):
    """Fill `upper` with the time from each source to every node above it; row 0 is no way."""
    for number in range(found + 1):
        for lane in range(LANES):
            upper[number, lane] = FAR
    for lane in range(len(sources)):
        for end in range(sources.shape[1]):
            if sources[lane, end] >= 0:
                row = slot[sources[lane, end]]
                upper[row, lane] = min(upper[row, lane], source_ms[lane, end])
    for number in range(found - 1, -1, -1):
        node = order[number]
        push_row(
            upper, np.uint64(slot[node]), others, slot, ms,
            np.uint64(indptr[node]), np.uint64(indptr[node + 1]),
        )  # fmt: skip
