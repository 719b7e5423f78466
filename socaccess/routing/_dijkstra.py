"""Compiled searches after Dijkstra, for graphs too large for scipy and few sources.

All kernels let other threads run, so that several searches can go on at once.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.routing._heap import NODE_BITS, NODE_MASK, grow, pop, push

__all__ = [
    "reach_nodes",
    "search_targets",
    "sum_trees",
    "trace_tree",
]

FAR = np.uint32(2**31 - 1)
NOBODY = np.uint64((2**31 - 1) << 32 | 0xFFFFFFFF)


@njit(cache=True, nogil=True)
def _search(indptr, heads, ms, ends, end_ms, wanted, wanted_count, limit_ms, time, heap, touched):
    """Write times up to `limit_ms` from one source to `time`; return the number of nodes touched.

    Stops when all `wanted_count` nodes marked in `wanted` are settled. Only settled nodes have
    their final time then, but these include all wanted ones within the limit. Every node is settled
    once, so every arc is followed once at most: a heap of as many entries, and one for each end of
    the source, is always enough. What is not used of it costs no memory.
    """
    held, seen, left = 0, 0, wanted_count
    for end in range(len(ends)):
        node = ends[end]
        if node >= 0 and end_ms[end] <= limit_ms and end_ms[end] < time[node]:
            if time[node] == FAR:
                touched[seen] = node
                seen += 1
            time[node] = end_ms[end]
            held = push(heap, held, (np.uint64(end_ms[end]) << NODE_BITS) | np.uint64(node))
    while held > 0:
        entry, held = pop(heap, held)
        node = entry & NODE_MASK
        now = np.uint32(entry >> NODE_BITS)
        if now > time[node]:
            continue
        if wanted[node]:
            left -= 1
            if left == 0:
                break
        arc = np.uint64(indptr[node])
        stop = np.uint64(indptr[node + np.uint64(1)])
        while arc < stop:
            head = np.uint64(heads[arc])
            later = np.uint32(now + ms[arc])
            if later < time[head] and later <= limit_ms:
                if time[head] == FAR:
                    touched[seen] = head
                    seen += 1
                time[head] = later
                held = push(heap, held, (np.uint64(later) << NODE_BITS) | head)
            arc += np.uint64(1)
    return seen


@njit(cache=True, nogil=True)
def search_targets(
    indptr, heads, ms, sources, source_ms, targets, target_ms, limit_ms, out, turned
):  # fmt: skip
    """Write the times between all sources and targets to `out`, (targets, sources) if `turned`."""
    count = len(indptr) - 1
    time = np.full(count, FAR, np.uint32)
    touched = np.empty(count, np.int32)
    heap = np.empty(len(heads) + sources.shape[1], np.uint64)
    wanted = np.zeros(count, np.bool_)
    wanted_count = np.int64(0)
    for target in range(len(targets)):
        for end in range(targets.shape[1]):
            node = targets[target, end]
            if node >= 0 and not wanted[node]:
                wanted[node] = True
                wanted_count += 1
    for source in range(len(sources)):
        seen = _search(
            indptr, heads, ms, sources[source], source_ms[source],
            wanted, wanted_count, limit_ms, time, heap, touched,
        )  # fmt: skip
        for target in range(len(targets)):
            best = FAR
            for end in range(targets.shape[1]):
                node = targets[target, end]
                if node >= 0:
                    best = min(best, np.uint32(time[node] + target_ms[target, end]))
            if best > limit_ms:
                best = FAR
            if turned:
                out[target, source] = best
            else:
                out[source, target] = best
        for number in range(seen):
            time[touched[number]] = FAR


@njit(cache=True, nogil=True)
def reach_nodes(indptr, heads, ms, sources, source_ms, limit_ms):
    """Return for each source how many nodes it reaches, and all these nodes and their times."""
    count = len(indptr) - 1
    time = np.full(count, FAR, np.uint32)
    touched = np.empty(count, np.int32)
    heap = np.empty(len(heads) + sources.shape[1], np.uint64)
    wanted = np.zeros(count, np.bool_)
    counts = np.empty(len(sources), np.int64)
    nodes = np.empty(1024, np.int32)
    times = np.empty(1024, np.uint32)
    total = 0
    for source in range(len(sources)):
        seen = _search(
            indptr, heads, ms, sources[source], source_ms[source],
            wanted, np.int64(-1), limit_ms, time, heap, touched,
        )  # fmt: skip
        while total + seen > len(nodes):
            nodes = grow(nodes)
            times = grow(times)
        if seen * 8 > count:  # going through all is quicker than sorting many
            number = total
            for node in range(count):
                if time[node] < FAR:
                    nodes[number] = node
                    number += 1
        else:
            nodes[total : total + seen] = np.sort(touched[:seen])
        for number in range(total, total + seen):
            times[number] = time[nodes[number]]
            time[nodes[number]] = FAR
        counts[source] = seen
        total += seen
    return counts, nodes[:total].copy(), times[:total].copy()


@njit(cache=True, nogil=True)
def trace_tree(indptr, heads, ms, tie, ends, end_ms, time, hops, last):
    """Write time, arcs passed and last arc of the fastest path from one source to every node.

    Of equally fast paths the one with the least sum of `tie`, then the one whose last arc stands
    first. A label packs time and sum, so that both are compared at once.
    """
    count = len(indptr) - 1
    label = np.full(count, NOBODY, np.uint64)
    heap = np.empty(len(heads) + len(ends) + 1, np.uint64)
    held = np.int64(0)
    last[:] = -1
    hops[:] = 0
    for end in range(len(ends)):
        node = ends[end]
        if node >= 0:
            first = np.uint64(end_ms[end]) << NODE_BITS
            if first < label[node]:
                label[node] = first
                held = push(heap, held, first | np.uint64(node))
    while held > 0:
        held = _grow_tree(indptr, heads, ms, tie, label, hops, last, heap, held)
        if held > 0:
            heap = grow(heap)
    for node in range(count):
        if label[node] == NOBODY:
            time[node] = FAR
            hops[node] = -1
        else:
            time[node] = np.uint32(label[node] >> NODE_BITS)


@njit(cache=True, nogil=True)
def _grow_tree(indptr, heads, ms, tie, label, hops, last, heap, held):
    """Settle nodes until none is left or `heap` is full; return how many entries it holds."""
    while held > 0:
        node = heap[0] & NODE_MASK
        first_arc = indptr[node]
        stop = indptr[node + np.uint64(1)]
        if held + stop - first_arc > len(heap):
            break
        entry, held = pop(heap, held)
        now = label[node]
        if entry >> NODE_BITS > now >> NODE_BITS:
            continue
        for arc in range(first_arc, stop):
            head = heads[arc]
            later = now + (np.uint64(ms[arc]) << NODE_BITS) + np.uint64(tie[arc])
            if later >> NODE_BITS >= np.uint64(FAR):
                continue
            if later < label[head]:
                label[head] = later
                last[head] = arc
                hops[head] = hops[node] + 1
                held = push(heap, held, (later & ~NODE_MASK) | np.uint64(head))
            elif later == label[head] and last[head] >= 0 and arc < last[head]:
                last[head] = arc
                hops[head] = hops[node] + 1
    return held


@njit(cache=True, nogil=True)
def sum_trees(
    indptr, heads, ms, tie, tails, arc, sources, source_ms, targets, target_ms,
    arc_values, source_values, target_values, times, sums,
):  # fmt: skip
    """Write time and sums of values along the fastest path of every pair to `times` and `sums`.

    Pairs without a way are left alone. Values are added up from the source on, in the order in
    which the path passes them.
    """
    count = len(indptr) - 1
    time = np.empty(count, np.uint32)
    hops = np.empty(count, np.int64)
    last = np.empty(count, np.int32)
    passed = np.empty(count, np.int32)
    for source in range(len(sources)):
        trace_tree(indptr, heads, ms, tie, sources[source], source_ms[source], time, hops, last)
        for target in range(len(targets)):
            best, chosen = FAR, -1
            for end in range(targets.shape[1]):
                if targets[target, end] >= 0:
                    total = np.uint32(time[targets[target, end]] + target_ms[target, end])
                    if total < best:
                        best, chosen = total, end
            if chosen < 0:
                continue
            node = targets[target, chosen]
            length = 0
            while last[node] >= 0:
                passed[length] = last[node]
                length += 1
                node = tails[last[node]]
            root = 0
            while sources[source, root] != node or source_ms[source, root] != time[node]:
                root += 1
            times[source, target] = best
            for value in range(arc_values.shape[1]):
                total_value = source_values[source, root, value]
                for number in range(length - 1, -1, -1):
                    total_value += arc_values[arc[passed[number]], value]
                sums[source, target, value] = total_value + target_values[target, chosen, value]
