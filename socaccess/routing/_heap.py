"""A heap of whole numbers with four children a node, for the searches.

An entry packs a time and a node into 64 bits, `time << 32 | node`: one comparison orders both, so
that equal times come out by node number, the same way in every run.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["NODE_BITS", "NODE_MASK", "grow", "pop", "push"]

NODE_BITS = np.uint64(32)
NODE_MASK = np.uint64(0xFFFFFFFF)


@njit(cache=True, inline="always")
def push(heap, size, entry):
    """Put `entry` into `heap`, which has room for it; return the new size."""
    place = size
    while place > 0:
        parent = (place - 1) >> 2
        if heap[parent] <= entry:
            break
        heap[place] = heap[parent]
        place = parent
    heap[place] = entry
    return size + 1


@njit(cache=True, inline="always")
def pop(heap, size):
    """Take the least entry out of `heap`, which is not empty; return it and the new size."""
    least = heap[0]
    size -= 1
    moved = heap[size]
    place = 0
    child = 1
    while child < size:
        best, smallest = child, heap[child]
        for other in range(child + 1, min(child + 4, size)):
            entry = heap[other]
            if entry < smallest:
                best, smallest = other, entry
        if smallest >= moved:
            break
        heap[place] = smallest
        place = best
        child = (place << 2) + 1
    heap[place] = moved
    return least, size


@njit(cache=True)
def grow(array):
    """Return a copy of a one-dimensional `array` with room for twice as many entries."""
    longer = np.empty(2 * len(array) + 1, array.dtype)
    longer[: len(array)] = array
    return longer
