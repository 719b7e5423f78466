"""Where contraction keeps its graph: for each node still in, a block of rows, one a neighbour.

A row of `links` is the neighbour, the time to it and the time from it, `FAR` where there is no arc
that way. Beside it lie `needed` and `state`, what is known about the row (`_contraction`). A block
has some rows to spare; one that is full moves to the end of all blocks. When a node is taken out
its block is left as it is.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = [
    "BITS", "DONE", "FAR", "ONE", "OPEN", "SLACK", "STALE", "UNSURE",
    "add_link", "drop_link", "lay_again", "lay_blocks", "make_room", "take_blocks",
]  # fmt: skip

FAR = np.uint32(2**31 - 1)
SLACK = 2
"""Rows a block gets beyond what it needs when it is laid down."""
BITS = 64
"""Rows a block can remember answers for."""
ONE = np.uint64(1)
DONE, STALE, UNSURE, OPEN = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(4)


def make_room(rows):
    """Return links, needed and state of so many rows.

    Here and not in compiled code, because NumPy asks the system for large pages.
    """
    return (
        np.empty((rows, 3), np.uint32),
        np.zeros(rows, np.uint64),
        np.full(rows, STALE, np.uint8),
    )


def lay_again(kept, begin, size, links, needed, state, need):
    """Lay the blocks of some nodes anew, without gaps, and number these nodes anew.

    Returns links, needed, state, begin, size, room and the end, with `need` rows to spare.
    """
    rows = int(size[kept].sum()) + SLACK * len(kept)
    fresh = make_room(rows + rows // 2 + need + 1024)
    number = np.zeros(len(begin), np.uint32)
    number[kept] = np.arange(len(kept), dtype=np.uint32)
    return *fresh, *_move_blocks(kept, number, begin, size, links, needed, state, *fresh)


@njit(cache=True, inline="always")
def drop_link(node, gone, begin, size, links, needed, state):
    """Take the row of `gone` out of the block of `node`; the last row takes its place."""
    first = begin[node]
    last = size[node] - 1
    slot = 0
    while links[first + slot, 0] != gone:
        slot += 1
    for column in range(3):
        links[first + slot, column] = links[first + last, column]
    needed[first + slot] = needed[first + last]
    state[first + slot] = state[first + last]
    size[node] = last
    if last >= BITS:
        return
    keep = ~((ONE << np.uint64(slot)) | (ONE << np.uint64(last)))
    for row in range(first, first + last):
        pairs = needed[row]
        moved = (pairs >> np.uint64(last)) & ONE
        pairs &= keep
        if slot != last:
            pairs |= moved << np.uint64(slot)
        needed[row] = pairs


@njit(cache=True, inline="always")
def add_link(node, other, ms, column, begin, size, room, links, needed, state, end):
    """Let the row of `other` in the block of `node` say `ms` or less; return the end of all blocks.

    A block without room for a new row moves to the end, where the caller made sure of room.
    """
    first = begin[node]
    for row in range(first, first + size[node]):
        if links[row, 0] == other:
            if ms < links[row, column]:
                links[row, column] = ms
                state[row] = STALE
            return end
    if size[node] == room[node]:
        for row in range(size[node]):
            for place in range(3):
                links[end + row, place] = links[first + row, place]
            needed[end + row] = needed[first + row]
            state[end + row] = state[first + row]
        begin[node] = end
        room[node] = 2 * size[node] + SLACK
        end += room[node]
    row = begin[node] + size[node]
    links[row, 0] = other
    links[row, 1] = FAR
    links[row, 2] = FAR
    links[row, column] = ms
    needed[row] = 0
    state[row] = STALE
    size[node] += 1
    return end


@njit(cache=True)
def lay_blocks(out_indptr, out_heads, out_ms, in_indptr, in_tails, in_ms, links):
    """Fill `links`; return begin, size and room of each node's block and where the last ends."""
    count = len(out_indptr) - 1
    begin = np.empty(count, np.int64)
    size = np.empty(count, np.int32)
    room = np.empty(count, np.int32)
    end = 0
    for node in range(count):
        begin[node] = end
        out, out_stop = out_indptr[node], out_indptr[node + 1]
        into, in_stop = in_indptr[node], in_indptr[node + 1]
        row = end
        while out < out_stop or into < in_stop:  # merges two ascending lists
            head = np.int64(out_heads[out]) if out < out_stop else np.int64(count)
            tail = np.int64(in_tails[into]) if into < in_stop else np.int64(count)
            links[row, 0] = min(head, tail)
            links[row, 1] = FAR
            links[row, 2] = FAR
            if head <= tail:
                links[row, 1] = out_ms[out]
                out += 1
            if tail <= head:
                links[row, 2] = in_ms[into]
                into += 1
            row += 1
        size[node] = row - end
        room[node] = size[node] + SLACK
        end += room[node]
    return begin, size, room, end


@njit(cache=True)
def take_blocks(nodes, name, begin, size, links):
    """Return the rows of the blocks of `nodes`, one after the other, neighbours by name."""
    total = 0
    for number in range(len(nodes)):
        total += size[nodes[number]]
    taken = np.empty((total, 3), np.uint32)
    end = 0
    for number in range(len(nodes)):
        node = nodes[number]
        for row in range(begin[node], begin[node] + size[node]):
            taken[end, 0] = name[links[row, 0]]
            taken[end, 1] = links[row, 1]
            taken[end, 2] = links[row, 2]
            end += 1
    return taken


@njit(cache=True)
def _move_blocks(kept, number, begin, size, links, needed, state, to_links, to_needed, to_state):
    """Copy the blocks of `kept`, neighbours by `number`; return begin, size, room and the end."""
    moved = np.empty(len(kept), np.int64)
    sizes = np.empty(len(kept), np.int32)
    rooms = np.empty(len(kept), np.int32)
    end = 0
    for place in range(len(kept)):
        node = kept[place]
        moved[place] = end
        sizes[place] = size[node]
        rooms[place] = size[node] + SLACK
        for row in range(size[node]):
            old, new = begin[node] + row, end + row
            to_links[new, 0] = number[links[old, 0]]
            to_links[new, 1] = links[old, 1]
            to_links[new, 2] = links[old, 2]
            to_needed[new] = needed[old]
            to_state[new] = state[old]
        end += rooms[place]
    return moved, sizes, rooms, end
