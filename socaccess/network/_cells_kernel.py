"""Which road is nearest to every cell of a tile, in one compiled pass."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.network.snapping import ACCESS_STEP

__all__ = ["fill_tile"]

TILE = 64
BLOCK = 8
"""Cells along the side of a block, for which segments are gathered."""
TOLERANCE_M = 1e-6
"""Metres added when segments are kept, so that rounding loses none."""


@njit(cache=True, inline="always")
def _distance(ends, number, x, y):
    """Return metres from a segment to x, y by the formula GEOS uses, to the last bit."""
    ax, ay, bx, by = ends[number, 0], ends[number, 1], ends[number, 2], ends[number, 3]
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = 0.0
    if square > 0.0:
        share = ((x - ax) * dx + (y - ay) * dy) / square
    if share <= 0.0:
        return np.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
    if share >= 1.0:
        return np.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
    return abs(((ay - y) * dx - (ax - x) * dy) / square) * np.sqrt(square)


@njit(cache=True, inline="always")
def _estimate(quick, number, x, y):
    """Return metres from a segment to x, y without a division, and what it is put behind."""
    px, py = x - quick[number, 0], y - quick[number, 1]
    dx, dy = quick[number, 2], quick[number, 3]
    share = min(max((px * dx + py * dy) * quick[number, 4], 0.0), 1.0)
    px -= share * dx
    py -= share * dy
    return np.sqrt(px * px + py * py) + quick[number, 5]


@njit(cache=True)
def _gather(
    quick, begin, member, columns, rows, west, south, side, x, y, radius, stamp, turn, found, away
):
    """Write the segments in buckets within `radius` of x, y; return how many, and their least."""
    count, least = 0, np.inf
    low_row = max(0, int((y - radius - south) // side))
    high_row = min(rows - 1, int((y + radius - south) // side))
    low = max(0, int((x - radius - west) // side))
    high = min(columns - 1, int((x + radius - west) // side))
    if low > high:
        return 0, least
    for row in range(low_row, high_row + 1):
        for place in range(begin[row * columns + low], begin[row * columns + high + 1]):
            number = member[place]
            if stamp[number] != turn:
                stamp[number] = turn
                found[count] = number
                away[count] = _estimate(quick, number, x, y)
                least = min(least, away[count])
                count += 1
    return count, least


@njit(cache=True, nogil=True)
def fill_tile(
    rank, ends, quick, owner, before, whole, near, west, south, side, columns, rows, begin, member,
    x0, y0, cell, farthest, search_m, stamp, turn, found, away, lists, edge, along, access,
):  # fmt: skip
    """Fill one tile, whose first cell has its centre at x0, y0; return the last turn used.

    Blocks of 8, 4 and 2 cells a side are gone through in Z-order. Where roads are near, segments
    are gathered for the small blocks only; far from them for a block of 8, whose quarters inherit
    what may be nearest to them. The distance at the last block bounds the one at the next.
    """
    counts = np.full(3, -1, np.int64)
    reach, last_x, last_y = np.inf, 0.0, 0.0
    empty_until = -1
    for two in range((TILE // 2) ** 2):
        row2, column2 = 0, 0
        for bit in range(5):
            column2 |= ((two >> (2 * bit)) & 1) << (bit + 1)
            row2 |= ((two >> (2 * bit + 1)) & 1) << (bit + 1)
        if two < empty_until:
            continue
        for level in range(3):
            size = BLOCK >> level
            if two % (size * size // 4) != 0:
                continue
            half = np.sqrt(0.5) * cell * (size - 1)
            x, y = x0 + (column2 + (size - 1) / 2) * cell, y0 + (row2 + (size - 1) / 2) * cell
            counts[level] = -1
            if level > 0 and counts[level - 1] >= 0:
                listed, count, least = lists[level - 1], counts[level - 1], np.inf
                for place in range(count):
                    away[place] = _estimate(quick, listed[place], x, y)
                    least = min(least, away[place])
            else:
                moved = np.hypot(x - last_x, y - last_y)
                bound = reach + moved
                if level < 2 and bound < size * cell:
                    continue
                listed, count, least = found, 0, np.inf
                # What is farther than this is beyond reach of every cell of the block.
                widest = search_m + 3 * half + 2 * TOLERANCE_M
                if bound < search_m:
                    radius = bound + 2 * half + TOLERANCE_M
                else:  # no nearer than the last block says; the first of a tile knows nothing
                    radius = min(max(side, reach - moved if two > 0 else 0.0), widest)
                while True:
                    turn += 1
                    count, least = _gather(
                        quick, begin, member, columns, rows, west, south, side,
                        x, y, radius, stamp, turn, found, away,
                    )  # fmt: skip
                    need = least + 2 * half + TOLERANCE_M
                    if need <= radius or radius >= widest:
                        break
                    radius = min(need + TOLERANCE_M if least <= radius else 2 * radius, widest)
            reach, last_x, last_y = least, x, y
            if least - half > search_m:
                empty_until = two + size * size // 4
                break
            most = least + 2 * half + TOLERANCE_M
            left, kept = 0, lists[level]
            for place in range(count):
                if away[place] <= most:
                    kept[left] = listed[place]
                    left += 1
            counts[level] = left
        if two < empty_until:
            continue
        for one in range(4):
            row, column = row2 + one // 2, column2 + one % 2
            cx, cy = x0 + column * cell, y0 + row * cell
            least = np.inf
            for place in range(counts[2]):
                away[place] = _estimate(quick, lists[2, place], cx, cy)
                least = min(least, away[place])
            # Among what is equal but for rounding, the exact distance and the order decide.
            best, chosen = np.inf, -1
            for place in range(counts[2]):
                if away[place] <= least + TOLERANCE_M:
                    number = lists[2, place]
                    exact = _distance(ends, number, cx, cy) + quick[number, 5]
                    if exact < best or (exact == best and rank[number] < rank[chosen]):
                        best, chosen = exact, number
            if chosen < 0 or best - quick[chosen, 5] > farthest:
                continue
            ax, ay, bx, by = ends[chosen, 0], ends[chosen, 1], ends[chosen, 2], ends[chosen, 3]
            square = (bx - ax) ** 2 + (by - ay) ** 2
            share = 0.0
            if square > 0 and whole[chosen] > 0:
                share = min(max(((cx - ax) * (bx - ax) + (cy - ay) * (by - ay)) / square, 0.0), 1.0)
                share = (before[chosen] + share * np.sqrt(square)) / whole[chosen]
            # Within a centimetre of an end is the end.
            share = 0.0 if share < near[chosen] else 1.0 if share > 1 - near[chosen] else share
            edge[row, column] = owner[chosen]
            along[row, column] = share
            access[row, column] = np.uint32(np.rint((best - quick[chosen, 5]) / ACCESS_STEP))
    return turn
