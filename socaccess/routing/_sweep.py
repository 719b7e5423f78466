"""Answers from a hierarchy: up from the sources by lanes, then one sweep down to the targets.

Delling, Goldberg and Werneck (2011), "Faster Batched Shortest Paths in Road Networks" (RPHAST).
Nodes are called by their position: a node stands behind all nodes it has upward arcs to, so one
pass in ascending order meets every arc after the node it comes from is done.

Sources are handled in batches, a lane each: `times[node, lane]`. The lane count is given at run
time on purpose. A constant would be unrolled to scalar code by the compiler; a loop of unknown
length becomes vector instructions, which is what makes the sweep fast.

No sum can wrap around: times are at most `FAR`, arcs less, and twice `FAR` fits 32 bits.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.routing._heap import grow

__all__ = ["select_rows", "sweep_nearest", "sweep_times"]

FAR = np.uint32(2**31 - 1)
NOBODY = np.uint64((2**31 - 1) << 32 | 0xFFFFFFFF)
TIME_SHIFT = np.uint64(32)
SITE_MASK = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def select_rows(indptr, others, ms, ends):
    """Return the part of a sweep graph that the nodes `ends` depend on.

    Returns
    -------
    tuple
        `selected`, the positions of the part, ascending; `local`, where each node stands in it
        (-1 outside); and its rows: indptr, others (in `selected`) and ms.
    """
    count = len(indptr) - 1
    local = np.full(count, -1, np.int32)
    stack = np.empty(count, np.int32)
    held, found, arcs = 0, 0, 0
    for row in range(ends.shape[0]):
        for end in range(ends.shape[1]):
            node = ends[row, end]
            if node >= 0 and local[node] < 0:
                local[node] = 0
                stack[held] = node
                held += 1
    while held > 0:
        held -= 1
        node = stack[held]
        found += 1
        for arc in range(indptr[node], indptr[node + 1]):
            other = others[arc]
            if local[other] < 0:
                local[other] = 0
                stack[held] = other
                held += 1
        arcs += indptr[node + 1] - indptr[node]
    selected = np.empty(found, np.int32)
    rows = np.zeros(found + 1, np.uint32)
    row_others = np.empty(arcs, np.uint32)
    row_ms = np.empty(arcs, np.uint32)
    found, arcs = 0, 0
    for node in range(count):
        if local[node] < 0:
            continue
        local[node] = found
        selected[found] = node
        for arc in range(indptr[node], indptr[node + 1]):
            row_others[arcs] = local[others[arc]]
            row_ms[arcs] = ms[arc]
            arcs += 1
        found += 1
        rows[found] = arcs
    return selected, local, rows, row_others, row_ms


@njit(cache=True, nogil=True)
def _order_upward(indptr, others, ends, slot, order, stack, place):
    """List all nodes above `ends`, each before those it can be reached from.

    Written to `order`, with `slot` telling where each node stands. Returns their number and
    `order`, a longer array where it was too short. `stack` and `place` have room for all nodes.
    """
    found = 0
    for row in range(ends.shape[0]):
        for end in range(ends.shape[1]):
            node = np.int64(ends[row, end])
            if node < 0 or slot[node] != -1:
                continue
            slot[node] = -2
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
                    slot[node] = found
                    found += 1
                    continue
                place[depth - 1] = arc + 1
                other = others[arc]
                if slot[other] == -1:
                    slot[other] = -2
                    stack[depth] = other
                    place[depth] = indptr[other]
                    depth += 1
    return found, order


@njit(cache=True, nogil=True)
def sweep_times(
    up_indptr, up_others, up_ms, sources, source_ms,
    selected, rows, row_others, row_ms, targets, target_ms, due, due_row,
    limit_ms, lanes, times, out, turned,
):  # fmt: skip
    """Write the times between all `sources` and all `targets` to `out`.

    Parameters
    ----------
    up_indptr, up_others, up_ms
        The hierarchy, in the direction in which the sources are left.
    sources, source_ms
        Positions of the ends of each source, -1 where unused, and the times to them.
    selected, rows, row_others, row_ms
        What `select_rows` chose for the targets.
    targets, target_ms
        Rows of the ends of each target, -1 where unused, and the times to them.
    due, due_row
        The targets in the order in which the sweep is done with them, and after which row.
    limit_ms
        Longest time to be told, inclusive.
    lanes
        Sources to be handled together, the columns of `times`.
    times
        Room for the sweep, shape (selected, lanes).
    out
        Shape (targets, sources), or the other way round if `turned`.
    """
    count = len(up_indptr) - 1
    slot = np.full(count, -1, np.int32)
    stack = np.empty(count, np.int32)
    place = np.empty(count, np.int64)
    order = np.empty(4096, np.int32)
    upper = np.empty((4096, lanes), np.uint32)
    line = np.empty(lanes, np.uint32)
    size = np.uint64(lanes)
    one = np.uint64(1)
    for start in range(0, len(sources), lanes):
        used = min(lanes, len(sources) - start)
        batch = sources[start : start + used]
        found, order = _order_upward(up_indptr, up_others, batch, slot, order, stack, place)
        if found > len(upper):
            upper = np.empty((2 * found, lanes), np.uint32)
        _climb(
            up_indptr, up_others, up_ms, batch, source_ms[start : start + used],
            slot, order, found, upper, lanes,
        )  # fmt: skip
        told = 0
        while told < len(due) and due_row[told] < 0:  # nothing leads there
            _tell(
                due[told], targets, target_ms, times, line, limit_ms, size, used, start, out, turned
            )
            told += 1
        for row in range(np.uint64(len(selected))):
            known = slot[selected[row]]
            arc = np.uint64(rows[row])
            stop = np.uint64(rows[row + one])
            if known >= 0:
                here = np.uint64(known)
                for lane in range(size):
                    times[row, lane] = upper[here, lane]
            elif arc < stop:
                there = np.uint64(row_others[arc])
                weight = row_ms[arc]
                arc += one
                for lane in range(size):
                    times[row, lane] = min(FAR, times[there, lane] + weight)
            else:
                for lane in range(size):
                    times[row, lane] = FAR
            while arc < stop:
                there = np.uint64(row_others[arc])
                weight = row_ms[arc]
                arc += one
                for lane in range(size):
                    times[row, lane] = min(times[row, lane], times[there, lane] + weight)
            # Told at once, while the row is still near the processor.
            while told < len(due) and due_row[told] == row:
                _tell(
                    due[told],
                    targets,
                    target_ms,
                    times,
                    line,
                    limit_ms,
                    size,
                    used,
                    start,
                    out,
                    turned,
                )
                told += 1
        for number in range(found):
            slot[order[number]] = -1


@njit(cache=True, nogil=True)
def _tell(target, targets, target_ms, times, line, limit_ms, size, used, start, out, turned):
    """Write the times of one target and all lanes to `out`."""
    for lane in range(size):
        line[lane] = FAR
    for end in range(targets.shape[1]):
        if targets[target, end] >= 0:
            row = np.uint64(targets[target, end])
            final = target_ms[target, end]
            for lane in range(size):
                line[lane] = min(line[lane], times[row, lane] + final)
    for lane in range(size):
        line[lane] = line[lane] if line[lane] <= limit_ms else FAR
    if turned:
        for lane in range(used):
            out[start + lane, target] = line[lane]
    else:
        column = np.uint64(start)
        for lane in range(np.uint64(used)):
            out[target, column + lane] = line[lane]


@njit(cache=True, nogil=True)
def _climb(indptr, others, ms, sources, source_ms, slot, order, found, upper, lanes):
    """Fill `upper` with the time from each source to every node above it."""
    size = np.uint64(lanes)
    for number in range(found):
        for lane in range(lanes):
            upper[number, lane] = FAR
    for lane in range(len(sources)):
        for end in range(sources.shape[1]):
            if sources[lane, end] >= 0:
                row = slot[sources[lane, end]]
                upper[row, lane] = min(upper[row, lane], source_ms[lane, end])
    for number in range(found - 1, -1, -1):
        node = order[number]
        here = np.uint64(number)
        for arc in range(indptr[node], indptr[node + 1]):
            there = np.uint64(slot[others[arc]])
            weight = ms[arc]
            for lane in range(size):
                upper[there, lane] = min(upper[there, lane], upper[here, lane] + weight)


@njit(cache=True, nogil=True)
def sweep_nearest(
    up_indptr, up_others, up_ms, sites, site_ms, group,
    selected, local, rows, row_others, row_ms, places, place_ms,
    first_group, lanes, limit_ms, labels, out_ms, out_site,
):  # fmt: skip
    """Write time and number of the nearest site of each group to the outputs, (places, groups).

    As `sweep_times`, with a lane for each of the groups from `first_group` on. A label is
    `time << 32 | site`: the smallest has the least time and, of equal times, the lowest site.
    """
    count = len(up_indptr) - 1
    slot = np.full(count, -1, np.int32)
    order = np.empty(4096, np.int32)
    found, order = _order_upward(
        up_indptr,
        up_others,
        sites,
        slot,
        order,
        np.empty(count, np.int32),
        np.empty(count, np.int64),
    )
    size = np.uint64(lanes)
    upper = np.full((found, lanes), NOBODY, np.uint64)
    for site in range(len(sites)):
        lane = group[site] - first_group
        if lane < 0 or lane >= lanes:
            continue
        for end in range(sites.shape[1]):
            if sites[site, end] >= 0:
                row = slot[sites[site, end]]
                label = (np.uint64(site_ms[site, end]) << TIME_SHIFT) | np.uint64(site)
                upper[row, lane] = min(upper[row, lane], label)
    for number in range(found - 1, -1, -1):
        node = order[number]
        here = np.uint64(number)
        for arc in range(up_indptr[node], up_indptr[node + 1]):
            there = np.uint64(slot[up_others[arc]])
            weight = np.uint64(up_ms[arc]) << TIME_SHIFT
            for lane in range(size):
                upper[there, lane] = min(upper[there, lane], upper[here, lane] + weight)
    for row in range(np.uint64(len(selected))):
        known = slot[selected[row]]
        if known >= 0:
            here = np.uint64(known)
            for lane in range(size):
                labels[row, lane] = upper[here, lane]
        else:
            for lane in range(size):
                labels[row, lane] = NOBODY
        for arc in range(np.uint64(rows[row]), np.uint64(rows[row + np.uint64(1)])):
            there = np.uint64(row_others[arc])
            weight = np.uint64(row_ms[arc]) << TIME_SHIFT
            for lane in range(size):
                labels[row, lane] = min(labels[row, lane], labels[there, lane] + weight)
    line = np.empty(lanes, np.uint64)
    for place in range(len(places)):
        for lane in range(lanes):
            line[lane] = NOBODY
        for end in range(places.shape[1]):
            if places[place, end] < 0:
                continue
            row = np.uint64(local[places[place, end]])
            final = np.uint64(place_ms[place, end]) << TIME_SHIFT
            for lane in range(lanes):
                line[lane] = min(line[lane], labels[row, lane] + final)
        for lane in range(lanes):
            label = line[lane]
            if label >> TIME_SHIFT > np.uint64(limit_ms):
                label = NOBODY
            out_ms[place, first_group + lane] = np.uint32(label >> TIME_SHIFT)
            out_site[place, first_group + lane] = np.int32(np.uint32(label & SITE_MASK))
