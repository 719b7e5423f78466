"""One search outward from all sites of a group: the nearest few sites of every node.

Dijkstra's algorithm with up to `k` labels a node (`_labels`) and a queue in two parts. What is due
soon lies in a heap; what is due later lies in buckets, each a list of entries whose times agree but
for the last bits, and is put into the heap when its bucket's turn comes. So the heap stays small
enough to be quick, and the order is that of one large heap. What the nodes that come into the heap
will look at is asked for then, all at once: most of the time would go by waiting for it.
Entries are `time << 32 | node`.
"""

# mypy: ignore-errors
# ruff: noqa: ARG001 - the compiler calls the function with types, and wants all of them

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from socaccess.routing._heap import NODE_BITS, NODE_MASK, grow, pop, push
from socaccess.routing._labels import NOBODY, insert_label

__all__ = ["make_large", "pack_arcs", "search_outward"]

BUCKETS = np.uint64(1 << 15)
BUCKETS_AN_ARC = 16
"""Buckets the arc of mean time spans, if the longest arc allows."""
NOTHING = np.int32(-1)
LARGE = 1 << 22
"""Bytes from which on NumPy asks for large pages."""


WORD = ir.IntType(32)
READ, KEEP, DATA = 0, 3, 1
"""What LLVM's `llvm.prefetch` is told: to be read, to be kept in all caches, data not code."""


@intrinsic
def prefetch(typing_context, array, index):
    """Begin to bring `array[index]` to the processor; the array is one-dimensional."""

    def generate(context, builder, signature, arguments):
        data = make_array(signature.args[0])(context, builder, value=arguments[0]).data
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, WORD, WORD, WORD])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        place = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        builder.call(ask, [place, WORD(READ), WORD(KEEP), WORD(DATA)])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


def pack_arcs(graph):
    """Return rows and arcs, `time << 32 | head`: one look at memory instead of two."""
    rows, arcs = make_large(graph.node_count + 1, np.uint32), make_large(graph.arc_count, np.uint64)
    rows[:] = graph.indptr
    arcs[:] = graph.weight_ms
    arcs <<= NODE_BITS
    arcs |= graph.indices.view(np.uint32)
    return rows, arcs


def make_large(count, dtype):
    """Return an array, not filled, that lies in large pages of memory if there are any.

    A search jumps about in it, and looking up where small pages lie takes time. NumPy asks the
    system for large ones from 4 MB on; what is not used of these costs nothing.
    """
    return np.empty(max(count, LARGE // np.dtype(dtype).itemsize), dtype)[:count]


@njit(cache=True, nogil=True)
def search_outward(rows, arcs, members, ends, end_ms, k, limit_ms, labels):
    """Write the labels of the nearest `k` of `members` to `labels[node * k]` and what follows.

    `rows` and `arcs` are those of the graph in the direction in which sites are left.

    A node is queued again when one of its labels becomes smaller at the same time: with arcs of no
    time that happens after it was settled, too. Beyond `limit_ms` nothing is searched.
    """
    labels[:] = NOBODY
    shift = _choose_shift(arcs, members, end_ms)
    buckets = np.full(BUCKETS, NOTHING, np.int32)
    room = 4096 + len(members) * ends.shape[1]
    entries, following = np.empty(room, np.uint64), np.empty(room, np.int32)
    heap = np.empty(room, np.uint64)
    size = np.uint64(k)
    fresh, waiting = np.int64(0), np.int64(0)
    for number in range(len(members)):
        site = members[number]
        for end in range(ends.shape[1]):
            node, time = ends[site, end], np.uint64(end_ms[site, end])
            label = (time << NODE_BITS) | np.uint64(site)
            if node < 0 or time > np.uint64(limit_ms):
                continue
            if insert_label(labels, np.uint64(node) * size, size, label):
                bucket = (time >> shift) & (BUCKETS - np.uint64(1))
                entries[fresh] = (time << NODE_BITS) | np.uint64(node)
                following[fresh] = buckets[bucket]
                buckets[bucket] = fresh
                fresh += 1
                waiting += 1
    free, turn, held = NOTHING, np.uint64(0), np.int64(0)
    while True:
        free, fresh, waiting, turn, held = _spread(
            rows, arcs, labels, size, np.uint64(limit_ms), shift,
            buckets, entries, following, heap, free, fresh, waiting, turn, held,
        )  # fmt: skip
        if held == 0 and waiting == 0:
            return
        entries, following, heap = grow(entries), grow(following), grow(heap)


@njit(cache=True, nogil=True)
def _choose_shift(arcs, members, end_ms):
    """Return how many bits of a time its bucket does not tell.

    Buckets are used in a circle, so the longest arc and access time must fit in one round.
    """
    total, longest = np.uint64(0), np.uint64(0)
    for arc in range(len(arcs)):
        total += arcs[arc] >> NODE_BITS
        longest = max(longest, arcs[arc] >> NODE_BITS)
    for number in range(len(members)):
        for end in range(end_ms.shape[1]):
            longest = max(longest, np.uint64(end_ms[members[number], end]))
    shift = np.uint64(0)
    width = total // np.uint64(BUCKETS_AN_ARC * max(len(arcs), 1))
    while (longest >> shift) + np.uint64(2) > BUCKETS or (width >> shift) > np.uint64(1):
        shift += np.uint64(1)
    return shift


@njit(cache=True, nogil=True)
def _spread(
    rows, arcs, labels, size, limit_ms, shift,
    buckets, entries, following, heap, free, fresh, waiting, turn, held,
):  # fmt: skip
    """Settle nodes until none is left, or there may be no room for what the next one queues.

    `turn` is the bucket in the heap, counted without the circle. `free` begins the list of entries
    used before, `fresh` is the first never used; `waiting` are in buckets, `held` in the heap. The
    arrays stay the same ones in here: one that may be replaced is much slower to use.
    """
    one = np.uint64(1)
    room = len(entries)
    latest = (limit_ms << NODE_BITS) | NODE_MASK
    while held > 0 or waiting > 0:
        if held == 0:
            while buckets[turn & (BUCKETS - one)] == NOTHING:
                turn += one
            entry = buckets[turn & (BUCKETS - one)]
            buckets[turn & (BUCKETS - one)] = NOTHING
            while entry != NOTHING:
                key = entries[entry]
                held = push(heap, held, key)
                node = key & NODE_MASK
                for place in range(np.uint64(rows[node]), np.uint64(rows[node + one])):
                    prefetch(labels, (arcs[place] & NODE_MASK) * size)
                waiting -= 1
                after = following[entry]
                following[entry] = free
                free, entry = entry, after
        key = heap[0]
        node = key & NODE_MASK
        arc, stop = np.uint64(rows[node]), np.uint64(rows[node + one])
        worst = np.int64((stop - arc) * size)
        if waiting + held + worst > room:
            break
        key, held = pop(heap, held)
        time = key >> NODE_BITS
        for number in range(node * size, node * size + size):
            label = labels[number]
            if label >> NODE_BITS > time:
                break
            if label >> NODE_BITS < time:
                continue
            for place in range(arc, stop):
                head = arcs[place] & NODE_MASK
                later = label + (arcs[place] & ~NODE_MASK)
                if later >= labels[head * size + size - one] or later > latest:
                    continue
                if insert_label(labels, head * size, size, later):
                    entry_key = (later & ~NODE_MASK) | head
                    due = later >> (shift + NODE_BITS)
                    if due == turn:
                        held = push(heap, held, entry_key)
                        continue
                    if free != NOTHING:
                        entry = free
                        free = following[entry]
                    else:
                        entry = np.int32(fresh)
                        fresh += 1
                    bucket = due & (BUCKETS - one)
                    entries[entry] = entry_key
                    following[entry] = buckets[bucket]
                    buckets[bucket] = entry
                    waiting += 1
    return free, fresh, waiting, turn, held
