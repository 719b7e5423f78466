"""Labels of a node: the nearest few sites, in ascending order, each site once.

A label is `time << 32 | site`: the smaller one is nearer or, equally near, has the lower number.
Adding a time to both never changes which of two labels is the smaller. So a site that is not among
the nearest `k` of a node on a way is not among those of the next node that way leads to either, and
`k` labels a node are enough to find the nearest `k` sites of every node in one search.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["NOBODY", "SITE_MASK", "TIME_SHIFT", "gather_labels", "insert_label"]

TIME_SHIFT = np.uint64(32)
SITE_MASK = np.uint64(0xFFFFFFFF)
NOBODY = np.uint64((2**31 - 1) << 32 | 0xFFFFFFFF)
"""No site: larger than every label in reach, read as the time `UNREACHABLE` and the site -1."""


@njit(cache=True, nogil=True, inline="always")
def insert_label(labels, first, k, label):
    """Put `label` among the `k` labels from `labels[first]` on; return whether that changed them.

    They stay in ascending order. A label of the same site is replaced if it is larger; else the
    last one falls out.
    """
    last = first + k - np.uint64(1)
    if label >= labels[last]:
        return False
    if last == first:
        labels[first] = label
        return True
    site = label & SITE_MASK
    place = first
    while labels[place] <= label:
        if labels[place] & SITE_MASK == site:
            return False
        place += np.uint64(1)
    while True:  # from here on everything moves by one, up to what falls out
        label, labels[place] = labels[place], label
        if place == last or label == NOBODY or label & SITE_MASK == site:
            return True
        place += np.uint64(1)


@njit(cache=True, nogil=True)
def gather_labels(labels, lanes, k, rows, row_ms, first_group, limit_ms, ms, site):
    """Write time and site of every place for some groups to their columns.

    Parameters
    ----------
    labels
        Row `r` begins at `r * lanes * k`, group `g` of it `g * k` further on.
    lanes, k
        Groups, and labels of each.
    rows, row_ms
        Rows of the ends of each place, -1 where unused, and the times to them.
    first_group
        The first of the groups.
    limit_ms
        Longest time to be told, inclusive.
    ms, site
        Shape (places, all groups, k).
    """
    best = np.empty(k, np.uint64)
    size, width = np.uint64(k), np.uint64(lanes * k)
    for place in range(len(rows)):
        for lane in range(lanes):
            best[:] = NOBODY
            for end in range(rows.shape[1]):
                if rows[place, end] >= 0:
                    final = np.uint64(row_ms[place, end]) << TIME_SHIFT
                    first = np.uint64(rows[place, end]) * width + np.uint64(lane) * size
                    if k == 1:
                        best[0] = min(best[0], labels[first] + final)
                        continue
                    for number in range(first, first + size):
                        insert_label(best, np.uint64(0), size, labels[number] + final)
            for number in range(k):
                label = best[number]
                if label >> TIME_SHIFT > np.uint64(limit_ms):
                    label = NOBODY
                ms[place, first_group + lane, number] = np.uint32(label >> TIME_SHIFT)
                site[place, first_group + lane, number] = np.int32(np.uint32(label & SITE_MASK))
