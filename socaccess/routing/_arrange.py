"""Puts what contraction left in an order that sweeps run through quickly."""

# mypy: allow-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["gather_rows", "order_depth_first"]

FAR = np.uint32(2**31 - 1)


@njit(cache=True)
def order_depth_first(rank, begin, size, links):
    """Return a position for each node, smaller than those of all nodes linked below it.

    Nodes are finished depth first going down from the most important ones; in the reverse order of
    finishing, every node stands before what hangs from it, and what hangs together lies together.
    """
    count = len(rank)
    node_at = np.empty(count, np.int32)
    below_count = np.zeros(count + 1, np.int64)
    for node in range(count):
        node_at[rank[node]] = node
        for row in range(begin[node], begin[node] + size[node]):
            below_count[links[row, 0] + 1] += 1
    indptr = np.cumsum(below_count)
    place = indptr[:-1].copy()
    below = np.empty(indptr[-1], np.int32)
    for order in range(count):  # the least important of a row come first
        node = node_at[order]
        for row in range(begin[node], begin[node] + size[node]):
            above = links[row, 0]
            below[place[above]] = node
            place[above] += 1
    place[:] = indptr[:-1]
    position = np.full(count, -1, np.int32)
    stack = np.empty(count, np.int32)
    free = count
    for order in range(count - 1, -1, -1):
        root = node_at[order]
        if position[root] != -1:
            continue
        position[root] = -2
        stack[0] = root
        depth = 1
        while depth > 0:
            node = stack[depth - 1]
            if place[node] == indptr[node + 1]:
                depth -= 1
                free -= 1
                position[node] = free
                continue
            other = below[place[node]]
            place[node] += 1
            if position[other] == -1:
                position[other] = -2
                stack[depth] = other
                depth += 1
    return position


@njit(cache=True)
def gather_rows(position, begin, size, links, column):
    """Return the arcs of one direction by position: indptr, others ascending and ms.

    `column` 1 takes the arcs from a node to more important ones, 2 those the other way.
    """
    count = len(position)
    node_at = np.empty(count, np.int32)
    for node in range(count):
        node_at[position[node]] = node
    arcs = 0
    for node in range(count):
        for row in range(begin[node], begin[node] + size[node]):
            if links[row, column] < FAR:
                arcs += 1
    indptr = np.zeros(count + 1, np.int64)
    others = np.empty(arcs, np.int32)
    ms = np.empty(arcs, np.uint32)
    arcs = 0
    for place in range(count):
        node = node_at[place]
        first = arcs
        for row in range(begin[node], begin[node] + size[node]):
            if links[row, column] < FAR:
                other, time = position[links[row, 0]], links[row, column]
                slot = arcs
                while slot > first and others[slot - 1] > other:
                    others[slot], ms[slot] = others[slot - 1], ms[slot - 1]
                    slot -= 1
                others[slot], ms[slot] = other, time
                arcs += 1
        indptr[place + 1] = arcs
    return indptr, others, ms
