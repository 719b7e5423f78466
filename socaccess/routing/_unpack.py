"""Single trips out of a hierarchy: its arcs taken apart again, found from both ends."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.routing._heap import NODE_BITS, NODE_MASK, grow, pop, push

__all__ = ["find_parts", "trace_pairs", "unpack_arcs"]

FAR = np.uint64(2**31 - 1)
NOWHERE = np.uint64((2**31 - 1) << 32)
COLUMN = np.uint64(28)
"""Bits of a label that add up `tie`; above them, below the time, is the end of a destination."""


@njit(cache=True, inline="always")
def _find_arc(indptr, others, ms, row, other, wanted):
    """Return the position of the arc between two positions if it takes `wanted` ms, else -1."""
    low, high = indptr[row], indptr[row + 1]
    while low < high:
        middle = (low + high) >> 1
        if others[middle] < other:
            low = middle + 1
        else:
            high = middle
    if low < indptr[row + 1] and others[low] == other and ms[low] == wanted:
        return low
    return -1


@njit(cache=True, inline="always")
def _put_together(parts, arc, first, second):
    """Let an arc consist of two others."""
    parts[arc, 0], parts[arc, 1] = first, second
    parts[arc, 2] = parts[first, 2] + parts[second, 2]


@njit(cache=True, nogil=True)
def find_parts(
    indptr, heads, ms, tie, name, position,
    up_indptr, up_others, up_ms, down_indptr, down_others, down_ms,
):  # fmt: skip
    """Return what each arc of a hierarchy consists of, and the sum of `tie` it stands for.

    Upward arcs come first, then the downward ones. A row, (arcs, 3), is the two parts and how many
    arcs of the graph it stands for; of an arc of the graph -1 minus its name, -1 and 1. A sum of 0:
    the arc is neither of the graph nor a shortcut.
    """
    base = len(up_others)
    count = base + len(down_others)
    parts = np.full((count, 3), -1, np.int32)
    ties = np.zeros(count, np.uint32)
    for node in range(len(position)):
        tail = position[node]
        for arc in range(indptr[node], indptr[node + 1]):
            head = position[heads[arc]]
            if head < tail:
                place = _find_arc(up_indptr, up_others, up_ms, tail, head, ms[arc])
            else:
                place = _find_arc(down_indptr, down_others, down_ms, head, tail, ms[arc])
                place = place + base if place >= 0 else -1
            if place >= 0:
                parts[place, 0], parts[place, 2], ties[place] = -1 - name[arc], 1, tie[arc]
    # The parts of an arc are rows of a less important node, final before they are used.
    for v in range(len(position) - 1, -1, -1):
        in_first, in_last = down_indptr[v], down_indptr[v + 1]
        out_first, out_last = up_indptr[v], up_indptr[v + 1]
        for into in range(in_first, in_last):  # u -> x with x the more important one
            u = down_others[into]
            out, place, stop = out_first, up_indptr[u], up_indptr[u + 1]
            while out < out_last and place < stop:
                if up_others[out] < up_others[place]:
                    out += 1
                elif up_others[out] > up_others[place]:
                    place += 1
                else:
                    total = ties[base + into] + ties[out]
                    if up_ms[place] == down_ms[into] + up_ms[out] and (
                        ties[place] == 0 or total < ties[place]
                    ):
                        ties[place] = total
                        _put_together(parts, place, base + into, out)
                    out += 1
                    place += 1
        for out in range(out_first, out_last):  # u -> x with u the more important one
            x = up_others[out]
            into, place, stop = in_first, down_indptr[x], down_indptr[x + 1]
            while into < in_last and place < stop:
                if down_others[into] < down_others[place]:
                    into += 1
                elif down_others[into] > down_others[place]:
                    place += 1
                else:
                    total = ties[base + into] + ties[out]
                    other = base + place
                    if down_ms[place] == down_ms[into] + up_ms[out] and (
                        ties[other] == 0 or total < ties[other]
                    ):
                        ties[other] = total
                        _put_together(parts, other, base + into, out)
                    into += 1
                    place += 1
    return parts, ties


@njit(cache=True, nogil=True)
def _settle(
    indptr,
    others,
    ms,
    ties,
    base,
    back_indptr,
    back_others,
    back_ms,
    back_base,
    label,
    parent,
    opposite,
    heap,
    held,
    touched,
    seen,
    best,
    meeting,
):
    """Settle one node; return heap size, nodes touched, and the best meeting so far."""
    entry, held = pop(heap, held)
    node = np.int64(entry & NODE_MASK)
    now = label[node]
    if entry >> NODE_BITS > now >> NODE_BITS:
        return held, seen, best, meeting
    # Quicker by way of a more important node: no best way goes on from here.
    for arc in range(back_indptr[node], back_indptr[node + 1]):
        other = label[back_others[arc]]
        if (
            other < now
            and other + ((np.uint64(back_ms[arc]) << NODE_BITS) | np.uint64(ties[back_base + arc]))
            < now
        ):
            return held, seen, best, meeting
    if opposite[node] < NOWHERE:
        total = now + opposite[node]
        if total < best:
            best, meeting = total, node
    for arc in range(indptr[node], indptr[node + 1]):
        head = others[arc]
        later = now + ((np.uint64(ms[arc]) << NODE_BITS) | np.uint64(ties[base + arc]))
        if later < label[head] and later <= best:
            if label[head] == NOWHERE:
                touched[seen] = head
                seen += 1
            label[head] = later
            parent[head] = base + arc
            held = push(heap, held, (later & ~NODE_MASK) | np.uint64(head))
    return held, seen, best, meeting


@njit(cache=True, nogil=True)
def trace_pairs(
    up_indptr, up_others, up_ms, down_indptr, down_others, down_ms, ties, up_row, down_row,
    sources, source_ms, targets, target_ms, origin, destination,
):  # fmt: skip
    """Return for each pair ms, the columns of its ends, where its arcs begin, and these.

    The arcs are those of the hierarchy in the order of the trip, to be taken apart.
    """
    nodes = len(up_indptr) - 1
    base = len(up_others)
    labels = np.full((2, nodes), NOWHERE, np.uint64)
    parents = np.full((2, nodes), -1, np.int32)
    touched = np.empty((2, nodes), np.int32)
    # Every improvement of a label is one entry: rarely more than arcs, but nothing forbids it.
    heaps = np.empty((2, 4 * len(ties) + 64), np.uint64)
    count = len(origin)
    ms = np.empty(count, np.int64)
    columns = np.full((count, 2), -1, np.int32)
    begin = np.zeros(count + 1, np.int64)
    passed, free = np.empty(1 << 12, np.int32), 0
    for pair in range(count):
        # Whole numbers of one type, so that what is called is compiled once.
        best, meeting, nothing = NOWHERE, np.int64(-1), np.int64(0)
        held0, held1, seen0, seen1 = nothing, nothing, nothing, nothing
        o, d = origin[pair], destination[pair]
        for column in range(sources.shape[1]):
            node, key = sources[o, column], np.uint64(source_ms[o, column]) << NODE_BITS
            if node >= 0 and key < labels[0, node]:
                if labels[0, node] == NOWHERE:
                    touched[0, seen0] = node
                    seen0 += 1
                labels[0, node], parents[0, node] = key, -1
                held0 = push(heaps[0], held0, key | np.uint64(node))
        for column in range(targets.shape[1]):
            node = targets[d, column]
            key = (np.uint64(target_ms[d, column]) << NODE_BITS) | (np.uint64(column) << COLUMN)
            if node >= 0 and key < labels[1, node]:
                if labels[1, node] == NOWHERE:
                    touched[1, seen1] = node
                    seen1 += 1
                labels[1, node], parents[1, node] = key, -1
                held1 = push(heaps[1], held1, (key & ~NODE_MASK) | np.uint64(node))
        while held0 > 0 or held1 > 0:
            # The side whose next time is less goes on; past the best time both are done.
            next0 = heaps[0, 0] >> NODE_BITS if held0 > 0 else FAR
            next1 = heaps[1, 0] >> NODE_BITS if held1 > 0 else FAR
            if min(next0, next1) > best >> NODE_BITS:
                break
            if next0 <= next1:
                held0, seen0, best, meeting = _settle(
                    up_indptr, up_others, up_ms, ties, nothing,
                    down_indptr, down_others, down_ms, base, labels[0], parents[0], labels[1],
                    heaps[0], held0, touched[0], seen0, best, meeting,
                )  # fmt: skip
            else:
                held1, seen1, best, meeting = _settle(
                    down_indptr, down_others, down_ms, ties, base,
                    up_indptr, up_others, up_ms, nothing, labels[1], parents[1],
                    labels[0],
                    heaps[1], held1, touched[1], seen1, best, meeting,
                )  # fmt: skip
        ms[pair] = np.int64(best >> NODE_BITS)
        if meeting >= 0:
            start, node = free, meeting
            while parents[0, node] >= 0:
                if free == len(passed):
                    passed = grow(passed)
                passed[free] = parents[0, node]
                free += 1
                node = up_row[parents[0, node]]
            for number in range((free - start) // 2):
                last = free - 1 - number
                passed[start + number], passed[last] = passed[last], passed[start + number]
            for column in range(sources.shape[1]):
                same = np.uint64(source_ms[o, column]) == labels[0, node] >> NODE_BITS
                if sources[o, column] == node and same:
                    columns[pair, 0] = column
                    break
            node = meeting
            while parents[1, node] >= 0:
                if free == len(passed):
                    passed = grow(passed)
                passed[free] = parents[1, node]
                free += 1
                node = down_row[parents[1, node] - base]
            columns[pair, 1] = np.int32((labels[1, node] & NODE_MASK) >> COLUMN)
        begin[pair + 1] = free
        for number in range(seen0):
            labels[0, touched[0, number]] = NOWHERE
        for number in range(seen1):
            labels[1, touched[1, number]] = NOWHERE
    return ms, columns, begin, passed[:free].copy()


@njit(cache=True, nogil=True)
def unpack_arcs(parts, begin, passed):
    """Return where the arcs of each pair begin, and the caller's numbers of all arcs passed."""
    starts = np.zeros(len(begin), np.int64)
    for pair in range(len(begin) - 1):
        count = 0
        for number in range(begin[pair], begin[pair + 1]):
            count += parts[passed[number], 2]
        starts[pair + 1] = starts[pair] + count
    out = np.empty(starts[-1], np.int32)
    stack = np.empty(64, np.int32)
    free = 0
    for number in range(begin[0], begin[-1]):
        depth = 1
        stack[0] = passed[number]
        while depth > 0:
            depth -= 1
            arc = stack[depth]
            # Down the first parts to an arc of the graph; the second ones wait.
            while parts[arc, 0] >= 0:
                if depth == len(stack):
                    stack = grow(stack)
                stack[depth] = parts[arc, 1]
                depth += 1
                arc = parts[arc, 0]
            out[free] = -1 - parts[arc, 0]
            free += 1
    return starts, out
