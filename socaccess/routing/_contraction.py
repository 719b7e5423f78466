"""Contraction: nodes are taken out one by one, and shortcuts keep the distances of the rest.

Geisberger, Sanders, Schultes and Vetter (2012), "Exact Routing in Large Road Networks Using
Contraction Hierarchies", Transportation Science 46(3). When node `v` is taken out, each way
u -> v -> x that is a fastest one becomes an arc u -> x of its own, a shortcut.

While it is in, a node holds one block of `links`: a row for each neighbour with the neighbour, the
time to it and the time from it (`FAR` where there is no arc that way). When it is taken out, its
block is left as it is: these are its arcs to all neighbours that stay longer, which is just what a
hierarchy consists of.

Which node goes next depends on how many shortcuts each would need, so that is asked of every
neighbour again and again. Most of the answer never changes: taking nodes out keeps all distances
of the rest, and so a pair u, x that once had a strictly faster way than u -> v -> x has one for
good, and one that had none will not get one, as long as its two arcs are not replaced by faster
ones. So each block remembers its answers, `needed`, one bit a pair; a row that is new or has become
faster is stale, and only pairs with a stale row are searched. A search may give up early; its row
is unsure then, and is searched again, further, when the node is taken out. What is not sure and
what is a tie counts as needed: a shortcut too many costs time later, never exactness.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.routing._heap import NODE_BITS, NODE_MASK, pop, push

__all__ = ["contract", "make_room"]

FAR = np.uint32(2**31 - 1)
SLACK = 2
"""Rows a block gets beyond what it needs when it is laid down."""
ESTIMATE_LIMIT = 30
"""Nodes a search settles before it gives up, when only the worth of a node is asked."""
SETTLED_LIMIT = 100
"""Nodes it settles when the node is really taken out."""
HEAP_ROOM = 1 << 16
"""Entries a search may hold; when they are used up it gives up, too."""
BITS = 64
"""Rows a block can remember answers for."""
ONE = np.uint64(1)
ONE_MS = np.uint32(1)
DONE, STALE, UNSURE, OPEN = np.uint8(0), np.uint8(1), np.uint8(2), np.uint8(4)


def make_room(node_count, arc_count):
    """Return the arrays that `contract` begins with.

    They are made here, outside compiled code, because NumPy asks the system for large pages.
    """
    rows = 3 * arc_count + SLACK * node_count + 1024
    scratch = np.empty((2, node_count), np.uint32)
    scratch[0], scratch[1] = FAR, 0
    needed, state = np.empty(rows, np.uint64), np.empty(rows, np.uint8)
    needed.fill(0)
    state.fill(STALE)
    return np.empty((rows, 3), np.uint32), needed, state, scratch


@njit(cache=True)
def contract(
    out_indptr, out_heads, out_ms, in_indptr, in_tails, in_ms,
    links, needed, state, scratch, estimate_limit, settled_limit,
):  # fmt: skip
    """Return the order in which nodes were taken out and what they were linked to then.

    Parameters
    ----------
    out_indptr, out_heads, out_ms
        Arcs by tail, heads ascending.
    in_indptr, in_tails, in_ms
        The same arcs by head, tails ascending.
    links, needed, state, scratch
        Room to begin with, from `make_room`.
    estimate_limit, settled_limit
        Nodes a search settles before it gives up: for the worth of a node, and at the end.

    Returns
    -------
    tuple
        `rank` of each node (0 is taken out first), `begin` and `size` of its block, and `links`:
        neighbour, time to it and time from it, shape (rows, 3).
    """
    count = len(out_indptr) - 1
    begin, size, room, end = _lay_blocks(
        out_indptr, out_heads, out_ms, in_indptr, in_tails, in_ms, links
    )
    rank = np.full(count, -1, np.int32)
    level = np.zeros(count, np.int32)
    key = np.empty(count, np.uint64)
    distance, direct = scratch[0], scratch[1]
    heap = np.empty(HEAP_ROOM, np.uint64)
    touched = np.empty(HEAP_ROOM, np.int32)
    queue = np.empty(2 * count + 16, np.uint64)
    queued = 0
    for node in range(count):
        added = _refresh(
            node,
            begin,
            size,
            links,
            needed,
            state,
            STALE,
            distance,
            direct,
            heap,
            touched,
            estimate_limit,
        )
        key[node] = _rate(node, added, size, level)
        queued = push(queue, queued, key[node])
    taken = 0
    while queued > 0:
        entry, queued = pop(queue, queued)
        node = np.int64(entry & NODE_MASK)
        if rank[node] >= 0 or entry != key[node]:
            continue
        rank[node] = taken
        taken += 1
        degree = size[node]
        _refresh(
            node, begin, size, links, needed, state, STALE | UNSURE,
            distance, direct, heap, touched, settled_limit,
        )  # fmt: skip
        # Room for the worst: every neighbour's block moves and gets all others as rows.
        need = 0
        for row in range(begin[node], begin[node] + degree):
            need += 2 * (size[links[row, 0]] + degree) + SLACK
        if end + need > len(links):
            begin, room, links, needed, state, end = _lay_again(
                begin, size, rank, links, needed, state, need
            )
        first = begin[node]
        last = first + degree
        for row in range(first, last):
            other = links[row, 0]
            _unlink(other, node, begin, size, links, needed, state)
            level[other] = max(level[other], level[node] + 1)
        for row in range(first, last):
            for slot in range(degree):
                ms = np.uint32(links[row, 2] + links[first + slot, 1])
                if degree > BITS:
                    wanted = first + slot != row and ms < FAR
                else:
                    wanted = (needed[row] >> np.uint64(slot)) & ONE != 0
                if wanted:
                    tail, head = links[row, 0], links[first + slot, 0]
                    end = _link(tail, head, ms, 1, begin, size, room, links, needed, state, end)
                    end = _link(head, tail, ms, 2, begin, size, room, links, needed, state, end)
        if queued + degree > len(queue):
            queue, queued = _drop_stale(queue, queued, key, rank, degree)
        for row in range(first, last):
            other = links[row, 0]
            added = _refresh(
                other,
                begin,
                size,
                links,
                needed,
                state,
                STALE,
                distance,
                direct,
                heap,
                touched,
                estimate_limit,
            )
            now = _rate(other, added, size, level)
            if now != key[other]:
                key[other] = now
                queued = push(queue, queued, now)
    return rank, begin, size, links


@njit(cache=True, inline="always")
def _rate(node, added, size, level):
    """Return the queue entry of a node: how dear taking it out is, then its number.

    Dear are many shortcuts for few arcs that go, and standing high above what is already out.
    """
    worth = np.uint64(512.0 * (1 + added) / (1 + size[node])) + np.uint64(256 * level[node])
    return (worth << NODE_BITS) | np.uint64(node)


@njit(cache=True)
def _refresh(
    node, begin, size, links, needed, state, redo, distance, direct, heap, touched, settled_limit
):
    """Answer what is open in the block of `node`; return how many shortcuts it needs.

    Open are the rows whose state has a bit of `redo`.
    """
    first = begin[node]
    degree = size[node]
    if degree > BITS:
        state[first : first + degree] = STALE
        return degree * degree
    for row in range(first, first + degree):
        if state[row] & redo != 0:
            state[row] = OPEN
    for slot in range(degree):
        if state[first + slot] & OPEN == 0:
            continue
        # Trips that begin at this neighbour.
        unsure = DONE
        pairs = np.uint64(0)
        to_node = links[first + slot, 2]
        if to_node < FAR:
            asked = 0
            for other in range(degree):
                time = np.uint32(to_node + links[first + other, 1])
                if other != slot and time < FAR:
                    direct[links[first + other, 0]] = time + ONE_MS
                    asked += 1
            if asked > 0:
                all_sure = _search(
                    slot, node, asked, 1,
                    begin, size, links, distance, direct, heap, touched, settled_limit,
                )  # fmt: skip
                if not all_sure:
                    unsure = UNSURE
                for other in range(degree):
                    if direct[links[first + other, 0]] != 0:
                        direct[links[first + other, 0]] = 0
                        pairs |= ONE << np.uint64(other)
        needed[first + slot] = pairs
        # Trips that end there, from neighbours whose own rows are not open.
        from_node = links[first + slot, 1]
        bit = ONE << np.uint64(slot)
        asked = 0
        for other in range(degree):
            if state[first + other] & OPEN == 0:
                needed[first + other] &= ~bit
                time = np.uint32(from_node + links[first + other, 2])
                if from_node < FAR and time < FAR:
                    direct[links[first + other, 0]] = time + ONE_MS
                    asked += 1
        if asked > 0:
            all_sure = _search(
                slot, node, asked, 2,
                begin, size, links, distance, direct, heap, touched, settled_limit,
            )  # fmt: skip
            if not all_sure:
                unsure = UNSURE
            for other in range(degree):
                if direct[links[first + other, 0]] != 0:
                    direct[links[first + other, 0]] = 0
                    needed[first + other] |= bit
        state[first + slot] |= unsure
    added = 0
    for slot in range(degree):
        state[first + slot] &= UNSURE
        pairs = needed[first + slot]
        while pairs:
            pairs &= pairs - ONE
            added += 1
    return added


@njit(cache=True)
def _search(
    slot, node, asked, column,
    begin, size, links, distance, direct, heap, touched, settled_limit,
):  # fmt: skip
    """Look for ways from the neighbour at `slot` that are faster than those through `node`.

    `direct` holds the time through `node`, plus one, for each of the `asked` neighbours; where a
    strictly faster way is found it is set to 0. `column` 1 follows arcs forward, 2 backward.
    Returns False if the search gave up before it was sure of the rest.
    """
    first = begin[node]
    start = links[first + slot, 0]
    bound = np.uint32(0)
    for row in range(first, first + size[node]):
        bound = max(bound, direct[links[row, 0]])
    distance[start] = 0
    touched[0] = start
    seen, settled = 1, 0
    sure = True
    held = push(heap, 0, np.uint64(start))
    while held > 0:
        entry, held = pop(heap, held)
        here = entry & NODE_MASK
        time = np.uint32(entry >> NODE_BITS)
        if time > distance[here]:
            continue
        if time + ONE_MS >= bound:
            break
        settled += 1
        row = np.uint64(begin[here])
        stop = row + np.uint64(size[here])
        if (
            settled > settled_limit
            or held + size[here] > len(heap)
            or seen + size[here] > len(touched)
        ):
            sure = False
            break
        while row < stop:
            there = links[row, 0]
            later = time + links[row, column]
            if later + ONE_MS < bound and later < distance[there] and there != node:
                if distance[there] == FAR:
                    touched[seen] = there
                    seen += 1
                distance[there] = later
                held = push(heap, held, (np.uint64(later) << NODE_BITS) | np.uint64(there))
                through = direct[there]
                if later + ONE_MS < through:
                    direct[there] = 0
                    asked -= 1
                    if through == bound:
                        bound = np.uint32(0)
                        for link in range(first, first + size[node]):
                            bound = max(bound, direct[links[link, 0]])
            row += ONE
    for number in range(seen):
        distance[touched[number]] = FAR
    return sure


@njit(cache=True, inline="always")
def _unlink(node, gone, begin, size, links, needed, state):
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
def _link(node, other, ms, column, begin, size, room, links, needed, state, end):
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
def _lay_blocks(out_indptr, out_heads, out_ms, in_indptr, in_tails, in_ms, links):
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
def _lay_again(begin, size, rank, links, needed, state, need):
    """Lay all blocks anew without gaps, in a longer array with `need` rows to spare."""
    count = len(begin)
    total = np.int64(need)
    for node in range(count):
        total += size[node] + (SLACK if rank[node] < 0 else 0)
    longer = np.empty((total + total // 2, 3), np.uint32)
    pairs = np.zeros(len(longer), np.uint64)
    states = np.full(len(longer), STALE, np.uint8)
    moved = np.empty(count, np.int64)
    roomy = np.empty(count, np.int32)
    end = 0
    for node in range(count):
        moved[node] = end
        roomy[node] = size[node] + (SLACK if rank[node] < 0 else 0)
        for row in range(size[node]):
            for column in range(3):
                longer[end + row, column] = links[begin[node] + row, column]
            pairs[end + row] = needed[begin[node] + row]
            states[end + row] = state[begin[node] + row]
        end += roomy[node]
    return moved, roomy, longer, pairs, states, end


@njit(cache=True)
def _drop_stale(queue, queued, key, rank, need):
    """Return the queue without entries that no longer count, and room for `need` more."""
    fresh = np.empty(2 * len(queue) + need, np.uint64)
    kept = 0
    for number in range(queued):
        node = queue[number] & NODE_MASK
        if rank[node] < 0 and queue[number] == key[node]:
            kept = push(fresh, kept, queue[number])
    return fresh, kept
