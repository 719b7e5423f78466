"""The times of cells, as `travel_times` tells them of their centres, in one compiled pass."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.network.snapping import ACCESS_STEP

__all__ = ["label_tiles", "mark_tiles", "paint_cells"]

FAR = np.uint32(2**31 - 1)
TILE = 64


@njit(cache=True, inline="always")
def _from_ends(start, end, ahead, back, share, client):
    """Return the time between a place on an edge and the sites by way of the edge's ends."""
    best = np.int64(FAR)
    part, rest = np.int64(np.rint(ahead * share)), np.int64(np.rint(back * (1 - share)))
    # Leaving by the start means driving backward, arriving by it forward.
    if share == 0.0:
        best = start
    elif client and back < FAR:
        best = start + back - rest
    elif not client and ahead < FAR:
        best = start + part
    if share == 1.0:
        best = min(best, end)
    elif client and ahead < FAR:
        best = min(best, end + ahead - part)
    elif not client and back < FAR:
        best = min(best, end + rest)
    return best


@njit(cache=True, nogil=True)
def paint_cells(
    slots, edge, along, access, ways, twin, time,
    head, after, spot, spot_ms, detour, metres_a_s, client, limit_ms, farthest, out,
):  # fmt: skip
    """Write the time of each cell of a window to `out`, `FAR` beyond `limit_ms`.

    Parameters
    ----------
    slots
        Where the tiles of the window stand in the table, -1 for those that nobody asks for.
    edge, along, access
        The table of cells.
    ways
        (edges, 4): from, to, forward and backward ms.
    twin
        Leads round the copies of a stretch, back to itself.
    time
        Ms at every node.
    head, after, spot, spot_ms
        The sites on each edge: the first one and the one after each; where on the edge it is and
        the ms from there.
    detour, metres_a_s
        The model of the access leg.
    client
        Whether people travel to the sites, or from them.
    limit_ms, farthest
        Longest time and longest access leg, inclusive.
    """
    most = np.uint32(np.floor(min(farthest / ACCESS_STEP, 4294967295.0)))
    # Less than any access leg takes: what is out of reach by this is not looked at closer.
    at_least = ACCESS_STEP * detour / metres_a_s * 1000 * (1 - 1e-9)
    for tile_row in range(slots.shape[0]):
        for tile_column in range(slots.shape[1]):
            tile = slots[tile_row, tile_column]
            if tile < 0:
                for row in range(tile_row * TILE, (tile_row + 1) * TILE):
                    out[row, tile_column * TILE : (tile_column + 1) * TILE] = FAR
                continue
            for row in range(TILE):
                line = tile_row * TILE + row
                for column in range(TILE):
                    best = np.int64(FAR)
                    first = edge[tile, row, column]
                    member = first
                    while member >= 0 and access[tile, row, column] <= most:
                        start, end = (
                            np.int64(time[ways[member, 0]]),
                            np.int64(time[ways[member, 1]]),
                        )
                        near = min(start, end) + access[tile, row, column] * at_least
                        if near - 1 <= limit_ms or head[member] >= 0:
                            ahead, back = np.int64(ways[member, 2]), np.int64(ways[member, 3])
                            share = along[tile, row, column]
                            way = _from_ends(start, end, ahead, back, share, client)
                            site = head[member]
                            while site >= 0:
                                here, there = (share, spot[site]) if client else (spot[site], share)
                                if ahead < FAR and there >= here:
                                    step = np.int64(np.rint(ahead * there))
                                    step -= np.int64(np.rint(ahead * here))
                                    way = min(way, spot_ms[site] + step)
                                if back < FAR and there <= here:
                                    step = np.int64(np.rint(back * (1 - there)))
                                    step -= np.int64(np.rint(back * (1 - here)))
                                    way = min(way, spot_ms[site] + step)
                                site = after[site]
                            metres = access[tile, row, column] * ACCESS_STEP
                            lead = np.int64(np.rint(metres * detour / metres_a_s * 1000))
                            best = min(best, way + lead)
                        member = twin[member]
                        if member == first:
                            break
                    out[line, tile_column * TILE + column] = (
                        np.uint32(best) if best <= limit_ms else FAR
                    )


@njit(cache=True, nogil=True)
def mark_tiles(
    bounds, nodes, ms, limit_ms, metres_a_ms, least, farthest, west, south, side, marked
):
    """Mark the tiles (rows, columns) that the time left at each node may lead to."""
    rows, columns = marked.shape
    for number in range(len(nodes)):
        if ms[number] <= limit_ms:
            node = nodes[number]
            left = (limit_ms - np.float64(ms[number])) * metres_a_ms
            left = min(max(left, least), farthest)
            low = max(int((bounds[node, 0] - left - west) // side), 0)
            high = min(int((bounds[node, 2] + left - west) // side), columns - 1)
            first = max(int((bounds[node, 1] - left - south) // side), 0)
            last = min(int((bounds[node, 3] + left - south) // side), rows - 1)
            for row in range(first, last + 1):
                for column in range(low, high + 1):
                    marked[row, column] = True


@njit(cache=True, nogil=True)
def label_tiles(marked):
    """Return the number of the group each marked tile is in, -1 elsewhere, and what groups span.

    Tiles that touch, by a corner at least, are one group; a span is first and last row, first and
    last column.
    """
    rows, columns = marked.shape
    label = np.full((rows, columns), -1, np.int32)
    bounds = np.empty((rows * columns, 4), np.int64)
    stack = np.empty(rows * columns, np.int64)
    groups = 0
    for start in range(rows * columns):
        row, column = start // columns, start % columns
        if not marked[row, column] or label[row, column] >= 0:
            continue
        label[row, column] = groups
        stack[0], held = start, 1
        bounds[groups, 0], bounds[groups, 1], bounds[groups, 2], bounds[groups, 3] = (
            rows, -1, columns, -1
        )  # fmt: skip
        while held > 0:
            held -= 1
            row, column = stack[held] // columns, stack[held] % columns
            bounds[groups, 0] = min(bounds[groups, 0], row)
            bounds[groups, 1] = max(bounds[groups, 1], row)
            bounds[groups, 2] = min(bounds[groups, 2], column)
            bounds[groups, 3] = max(bounds[groups, 3], column)
            for near in range(max(row - 1, 0), min(row + 2, rows)):
                for beside in range(max(column - 1, 0), min(column + 2, columns)):
                    if marked[near, beside] and label[near, beside] < 0:
                        label[near, beside] = groups
                        stack[held] = near * columns + beside
                        held += 1
        groups += 1
    return label, bounds[:groups].copy()
