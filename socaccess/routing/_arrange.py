"""Puts what contraction left in an order that sweeps run through quickly."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["gather_rows", "order_depth_first"]

FAR = np.uint32(2**31 - 1)


@njit(cache=True)
def order_depth_first(begin, size, links):
    """Return a position for each node, greater than those of all nodes it is linked to.

    Nodes are visited by number, each after what it is linked to, depth first: the nodes a sweep
    reads lie shortly before the one it writes, if numbers follow place.
    """
    count = len(begin)
    position = np.full(count, -1, np.int32)
    done = np.zeros(count, np.int32)
    stack = np.empty(count, np.int32)
    free = 0
    for start in range(count):
        if position[start] != -1:
            continue
        position[start] = -2
        stack[0] = start
        depth = 1
        while depth > 0:
            node = stack[depth - 1]
            if done[node] == size[node]:
                depth -= 1
                position[node] = free
                free += 1
                continue
            other = links[begin[node] + done[node], 0]
            done[node] += 1
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
