"""Which part of a hierarchy a sweep must pass: what its targets depend on, and no more.

The R of RPHAST: it is chosen once for all sources, and a sweep then reads it from end to end.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["select_rows"]


@njit(cache=True, nogil=True)
def select_rows(indptr, others, ms, ends):
    """Return the part of a sweep graph that the nodes `ends` depend on.

    Returns
    -------
    tuple
        `selected`, the positions of the part, ascending; `local`, where each node stands in it
        (-1 outside); and its rows: indptr, others (in `selected`) and ms.
    """
    above, found = _mark_above(indptr, others, ends)
    selected = np.empty(found, np.int32)
    local = np.full(len(above), -1, np.int32)
    found, arcs = 0, 0
    for node in range(len(above)):
        if above[node]:
            local[node] = found
            selected[found] = node
            found += 1
            arcs += indptr[node + 1] - indptr[node]
    rows = np.zeros(found + 1, np.uint32)
    row_others = np.empty(arcs, np.uint32)
    row_ms = np.empty(arcs, np.uint32)
    arcs = 0
    for row in range(found):
        node = selected[row]
        for arc in range(indptr[node], indptr[node + 1]):
            row_others[arcs] = local[others[arc]]
            row_ms[arcs] = ms[arc]
            arcs += 1
        rows[row + 1] = arcs
    return selected, local, rows, row_others, row_ms


@njit(cache=True, nogil=True)
def _mark_above(indptr, others, ends):
    """Return which nodes stand above one of `ends`, or are one, and how many; -1 is no node."""
    count = len(indptr) - 1
    above = np.zeros(count, np.bool_)
    stack = np.empty(count, np.int32)
    held, found = 0, 0
    for row in range(ends.shape[0]):
        for end in range(ends.shape[1]):
            node = ends[row, end]
            if node >= 0 and not above[node]:
                above[node] = True
                stack[held] = node
                held += 1
    while held > 0:
        held -= 1
        node = stack[held]
        found += 1
        for arc in range(indptr[node], indptr[node + 1]):
            other = others[arc]
            if not above[other]:
                above[other] = True
                stack[held] = other
                held += 1
    return above, found
