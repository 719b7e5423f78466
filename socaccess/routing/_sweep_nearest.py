"""The nearest few sites of every group from a hierarchy: one sweep for some groups together.

As in `_sweep`, but a lane is a group, not a source, and holds `k` labels (`_labels`): all sites of
the group enter it at once.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.routing._labels import NOBODY, TIME_SHIFT, insert_label
from socaccess.routing._sweep import order_upward

__all__ = ["sweep_nearest"]


@njit(cache=True, nogil=True)
def sweep_nearest(
    up_indptr, up_others, up_ms, sites, site_ms, group, first_group, lanes, k,
    selected, rows, row_others, row_ms, labels,
):  # fmt: skip
    """Write the labels of `lanes` groups, from `first_group` on, to every row of `labels`.

    Parameters
    ----------
    up_indptr, up_others, up_ms
        The hierarchy, in the direction in which the sites are left.
    sites, site_ms, group
        Positions of the ends of each site, -1 where unused, the times to them, and its group.
    first_group, lanes, k
        Which groups, and how many labels each has.
    selected, rows, row_others, row_ms
        What `select_rows` chose.
    labels
        Row `r` begins at `r * lanes * k`, lane `l` of it `l * k` further on.
    """
    count = len(up_indptr) - 1
    slot = np.zeros(count, np.uint32)
    stack, turn = np.empty(count, np.int32), np.empty(count, np.int64)
    order = np.empty(4096, np.int32)
    found, order = order_upward(up_indptr, up_others, sites, slot, order, stack, turn)
    size, width = np.uint64(k), np.uint64(lanes * k)
    # Row 0 is that of all nodes no site can enter at.
    upper = np.full((found + 1) * lanes * k, NOBODY, np.uint64)
    for site in range(len(sites)):
        lane = group[site] - first_group
        if lane < 0 or lane >= lanes:
            continue
        for end in range(sites.shape[1]):
            if sites[site, end] >= 0:
                first = np.uint64(slot[sites[site, end]]) * width + np.uint64(lane) * size
                label = (np.uint64(site_ms[site, end]) << TIME_SHIFT) | np.uint64(site)
                insert_label(upper, first, size, label)
    for number in range(found - 1, -1, -1):
        node = order[number]
        here = np.uint64(slot[node]) * width
        for arc in range(up_indptr[node], up_indptr[node + 1]):
            there = np.uint64(slot[up_others[arc]]) * width
            _merge(upper, there, upper, here, up_ms[arc], width, size)
    for row in range(np.uint64(len(selected))):
        first = np.uint64(slot[selected[row]]) * width
        here = row * width
        for number in range(width):
            labels[here + number] = upper[first + number]
        for arc in range(np.uint64(rows[row]), np.uint64(rows[row + np.uint64(1)])):
            _merge(
                labels, here, labels, np.uint64(row_others[arc]) * width, row_ms[arc], width, size
            )


@njit(cache=True, nogil=True, inline="always")
def _merge(into, here, labels, there, ms, width, k):
    """Let all lanes at `here` know the sites of those at `there`, which are `ms` away."""
    later = np.uint64(ms) << TIME_SHIFT
    if k == np.uint64(1):
        for lane in range(width):
            into[here + lane] = min(into[here + lane], labels[there + lane] + later)
    else:
        for lane in range(np.uint64(0), width, k):
            for number in range(lane, lane + k):
                label = labels[there + number] + later
                if label >= into[here + lane + k - np.uint64(1)]:
                    break
                insert_label(into, here + lane, k, label)
