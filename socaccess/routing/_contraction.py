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

from socaccess.routing._blocks import (
    BITS,
    DONE,
    FAR,
    ONE,
    OPEN,
    SLACK,
    STALE,
    UNSURE,
    add_link,
    drop_link,
    lay_again,
    lay_blocks,
    make_room,
    take_blocks,
)
from socaccess.routing._heap import NODE_BITS, NODE_MASK, pop, push

__all__ = ["contract"]

# Of types that stay the same: each further one would compile what is called once more.
NONE, ANEW = np.int64(0), np.uint8(STALE | UNSURE)

ESTIMATE_LIMIT = 15
"""Nodes a search settles before it gives up, when only the worth of a node is asked."""
SETTLED_LIMIT = 50
"""Nodes it settles when the node is really taken out."""
HEAP_ROOM = 1 << 16
"""Entries a search may hold; when they are used up it gives up, too."""
SETTLED_A_CHUNK = 4_000_000
"""Nodes all searches settle between two looks at the keyboard, half a second or so."""
NODES_A_CHUNK = 50_000
"""Nodes rated between two such looks in the beginning."""
FEW = 1024
"""Nodes that are left as they lie."""
ONE_MS = np.uint32(1)


def contract(graph, estimate_limit, settled_limit, tick):
    """Take all nodes of `graph` out; return what each was linked to then.

    Compiled code comes back now and then, so that the work can be watched and stopped: `tick` is
    called with the number of nodes taken out since. Whenever half of the nodes are gone, the rest
    are numbered anew without gaps. Their order stays and so does every answer, but what is left
    lies together in memory again.

    Returns
    -------
    tuple
        `begin` and `size` of each node's block, and `links`: neighbour, time to it and time from
        it, shape (rows, 3).
    """
    turned = graph.reversed()
    count = graph.node_count
    links, needed, state = make_room(3 * graph.arc_count + SLACK * count + 1024)
    begin, size, room, end = lay_blocks(
        graph.indptr, graph.indices, graph.weight_ms,
        turned.indptr, turned.indices, turned.weight_ms, links,
    )  # fmt: skip
    name = np.arange(count, dtype=np.uint32)
    level, key = np.zeros(count, np.int32), np.empty(count, np.uint64)
    searches = np.empty(HEAP_ROOM, np.uint64), np.empty(HEAP_ROOM, np.int32), np.zeros(1, np.int64)
    scratch = _make_scratch(count)
    out = np.zeros(count, np.bool_)
    for first in range(0, count, NODES_A_CHUNK):
        _contract_some(
            first, min(first + NODES_A_CHUNK, count), begin, size, room, links, needed, state, end,
            out, level, key, key, 0, 0, 0, *scratch, *searches, estimate_limit, settled_limit,
        )  # fmt: skip
        tick(0)
    final_begin, final_size = np.zeros(count, np.int64), np.zeros(count, np.int32)
    final_links, rows = [np.empty((0, 3), np.uint32)], 0
    while len(name):
        taken, until = 0, len(name) if len(name) <= FEW else len(name) // 2
        out = np.zeros(len(name), np.bool_)
        queue, queued = _queue_up(key, out)
        while taken < until:
            before = taken
            searches[2][0] = 0
            end, queued, taken, need = _contract_some(
                0, 0, begin, size, room, links, needed, state, end, out, level, key, queue, queued,
                taken, until, *scratch, *searches, estimate_limit, settled_limit,
            )  # fmt: skip
            if need:
                every = np.arange(len(name))
                links, needed, state, begin, size, room, end = lay_again(
                    every, begin, size, links, needed, state, need
                )
            if 2 * queued > len(queue):
                queue, queued = _queue_up(key, out)
            tick(taken - before)
        gone, left = np.flatnonzero(out), np.flatnonzero(~out)
        final_size[name[gone]] = size[gone]
        final_begin[name[gone]] = rows + np.cumsum(size[gone]) - size[gone]
        final_links.append(take_blocks(gone, name, begin, size, links))
        rows += len(final_links[-1])
        links, needed, state, begin, size, room, end = lay_again(
            left, begin, size, links, needed, state, 0
        )
        name, level = name[left], level[left]
        key = (key[left] & ~NODE_MASK) | np.arange(len(left), dtype=np.uint64)
        scratch = _make_scratch(len(left))
    return final_begin, final_size, np.concatenate(final_links)


def _make_scratch(count):
    """Return what searches remember.

    Of each node the time to it, and the time to beat plus one; of each neighbour of the node asked
    about the least time of an arc there.
    """
    return np.full(count, FAR, np.uint32), np.zeros(count, np.uint32), np.zeros(BITS, np.uint32)


def _queue_up(key, out):
    """Return a heap of the keys of all nodes still in, with room for as many more, and its size.

    Numbers in ascending order are a heap.
    """
    waiting = np.sort(key[~out])
    queue = np.empty(4 * len(waiting) + 16, np.uint64)
    queue[: len(waiting)] = waiting
    return queue, len(waiting)


@njit(cache=True)
def _contract_some(
    first, stop, begin, size, room, links, needed, state, end, out, level, key, queue, queued,
    taken, until, distance, direct, least, heap, touched, effort, estimate_limit, settled_limit,
):  # fmt: skip
    """Take nodes out until `taken` is `until`, enough was done for now, or room is short.

    Before that the nodes from `first` to `stop` are asked for the first time what they are worth,
    in here because whatever calls `_refresh` takes long to compile.

    Returns where the blocks end, how many entries the queue holds, how many nodes are out, and how
    many rows must be free before the next one is, or 0.
    """
    for node in range(first, stop):
        added = _refresh(
            node, begin, size, links, needed, state, STALE,
            distance, direct, least, heap, touched, effort, estimate_limit,
        )  # fmt: skip
        key[node] = _rate(node, added, size, level)
    while taken < until and effort[0] < SETTLED_A_CHUNK:
        entry = queue[0]
        node = np.int64(entry & NODE_MASK)
        if out[node] or entry != key[node]:
            entry, queued = pop(queue, queued)
            continue
        degree = np.int64(size[node])
        if queued + degree > len(queue):
            break
        # Room for the worst: every neighbour's block moves and gets all others as rows.
        need = 0
        for row in range(begin[node], begin[node] + degree):
            need += 2 * (size[links[row, 0]] + degree) + SLACK
        if end + need > len(links):
            return end, queued, taken, need
        entry, queued = pop(queue, queued)
        out[node] = True
        taken += 1
        _refresh(
            node, begin, size, links, needed, state, ANEW,
            distance, direct, least, heap, touched, effort, settled_limit,
        )  # fmt: skip
        top = begin[node]
        last = top + degree
        for row in range(top, last):
            other = links[row, 0]
            drop_link(other, node, begin, size, links, needed, state)
            level[other] = max(level[other], level[node] + 1)
        for row in range(top, last):
            for slot in range(degree):
                ms = np.uint32(links[row, 2] + links[top + slot, 1])
                if degree > BITS:
                    wanted = top + slot != row and ms < FAR
                else:
                    wanted = (needed[row] >> np.uint64(slot)) & ONE != 0
                if wanted:
                    tail, head = links[row, 0], links[top + slot, 0]
                    end = add_link(tail, head, ms, 1, begin, size, room, links, needed, state, end)
                    end = add_link(head, tail, ms, 2, begin, size, room, links, needed, state, end)
        for row in range(top, last):
            other = np.int64(links[row, 0])
            added = _refresh(
                other, begin, size, links, needed, state, STALE,
                distance, direct, least, heap, touched, effort, estimate_limit,
            )  # fmt: skip
            now = _rate(other, added, size, level)
            if now != key[other]:
                key[other] = now
                queued = push(queue, queued, now)
    return end, queued, taken, 0


@njit(cache=True, inline="always")
def _rate(node, added, size, level):
    """Return the queue entry of a node: how dear taking it out is, then its number.

    Dear are many shortcuts for few arcs that go, and standing high above what is already out. In
    steps this coarse many nodes are equally dear; these are taken out by number, so one after the
    other in the same place, whose blocks are near the processor then.
    """
    worth = np.uint64(64.0 * (1 + added) / (1 + size[node])) + np.uint64(8 * level[node])
    return (worth << NODE_BITS) | np.uint64(node)


@njit(cache=True)
def _refresh(
    node, begin, size, links, needed, state, redo,
    distance, direct, least, heap, touched, effort, settled_limit,
):  # fmt: skip
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
            asked = NONE
            for other in range(degree):
                time = np.uint32(to_node + links[first + other, 1])
                if other != slot and time < FAR:
                    direct[links[first + other, 0]] = time + ONE_MS
                    asked += 1
            if asked > 0:
                all_sure = _search(
                    slot, node, asked, 1,
                    begin, size, links, distance, direct, least, heap, touched, effort,
                    settled_limit,
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
        asked = NONE
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
                begin, size, links, distance, direct, least, heap, touched, effort,
                settled_limit,
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
    begin, size, links, distance, direct, least, heap, touched, effort, settled_limit,
):  # fmt: skip
    """Look for ways from the neighbour at `slot` that are faster than those through `node`.

    `direct` holds the time through `node`, plus one, for each of the `asked` neighbours; where a
    strictly faster way is found it is set to 0. `column` 1 follows arcs forward, 2 backward.
    `least` is room for the least time of an arc of each neighbour.
    Returns False if the search gave up before it was sure of the rest.
    """
    first = begin[node]
    last = first + size[node]
    start = links[first + slot, 0]
    # A way ends with an arc into a neighbour: nothing is settled from which even the least of
    # these would be too long. Where `reach` ends, labels alone tell the rest.
    bound, reach = np.uint32(0), np.uint32(0)
    for row in range(first, last):
        through = direct[links[row, 0]]
        if through != 0:
            nearest = _find_nearest(links[row, 0], node, 3 - column, begin, size, links)
            least[row - first] = nearest
            bound = max(bound, through)
            if through > nearest:
                reach = max(reach, np.uint32(through - nearest))
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
        if time + ONE_MS >= reach:
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
                if later + ONE_MS < reach:
                    held = push(heap, held, (np.uint64(later) << NODE_BITS) | np.uint64(there))
                through = direct[there]
                if later + ONE_MS < through:
                    direct[there] = 0
                    asked -= 1
                    bound, reach = np.uint32(0), np.uint32(0)
                    for link in range(first, last):
                        through = direct[links[link, 0]]
                        bound = max(bound, through)
                        if through > least[link - first]:
                            reach = max(reach, np.uint32(through - least[link - first]))
            row += ONE
    if asked > 0:
        for row in range(first, last):
            through = direct[links[row, 0]]
            if through == 0:
                continue
            block = begin[links[row, 0]]
            for link in range(block, block + size[links[row, 0]]):
                time = distance[links[link, 0]]
                if time < FAR and time + links[link, 3 - column] + ONE_MS < through:
                    direct[links[row, 0]] = 0
                    asked -= 1
                    break
    for number in range(seen):
        distance[touched[number]] = FAR
    effort[0] += settled
    return sure or asked == 0


@njit(cache=True, inline="always")
def _find_nearest(target, node, column, begin, size, links):
    """Return the least time of an arc of `target` from or to any other node than `node`."""
    nearest = FAR
    for link in range(begin[target], begin[target] + size[target]):
        if links[link, 0] != node:
            nearest = min(nearest, links[link, column])
    return nearest
