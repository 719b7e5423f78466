"""The lines round the cells within a limit, by marching squares, in one compiled pass.

Lorensen and Cline (1987), "Marching Cubes", in the plane: between the centre of a cell within the
limit and that of a neighbour beyond it the line crosses where the time, taken to change evenly,
passes the limit. It is followed from crossing to crossing with the land within on the left, so
that outlines run counterclockwise and holes clockwise.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from socaccess.routing._heap import grow

__all__ = ["draw_outlines"]

STRETCH = 64
"""Cells of a row that are counted before any is looked at: mostly all are within, or none."""


@njit(cache=True, inline="always")
def _past(cells, row, column, limit_ms, width):
    """Return how far a cell's time is past the limit, cut to -width..width; outside is width.

    Times are whole: half a millisecond beyond the limit nothing lies on the line.
    """
    if row < 0 or column < 0 or row >= cells.shape[0] or column >= cells.shape[1]:
        return width
    return min(max(np.float64(cells[row, column]) - limit_ms - 0.5, -width), width)


@njit(cache=True, nogil=True)
def draw_outlines(cells, limit_ms, width, west, south, side):
    """Return the polygons of the land within a limit: points, where rings begin, where polygons do.

    Times are clamped to `width` about the limit: where the next cell belongs to a road that is not
    reached, the line then runs half-way, elsewhere it is not moved. `west`, `south` is the centre
    of the first cell, `side` that of all, metres.
    """
    rows, columns = cells.shape
    # Where land begins, going east: every ring has such a crossing, a hole at its east side.
    row_begin = np.zeros(rows + 1, np.int64)
    column_at, found = np.empty(1024, np.int32), 0
    limit = np.uint32(limit_ms)
    for row in range(rows):
        line, before = cells[row], False
        for low in range(0, columns, STRETCH):
            high = min(low + STRETCH, columns)
            count = 0
            for column in range(low, high):
                count += line[column] <= limit
            if count == 0 or (before and count == high - low):
                before = count > 0
                continue
            for column in range(low, high):
                within = line[column] <= limit
                if within and not before:
                    if found == len(column_at):
                        column_at = grow(column_at)
                    column_at[found] = column
                    found += 1
                before = within
        row_begin[row + 1] = found
    ring_of = np.full(found, -1, np.int32)
    points, count = np.empty((4096, 2)), 0
    ring_begin, ring_polygon, rings = np.zeros(64, np.int64), np.empty(64, np.int32), 0
    polygons = 0
    east, north = np.array([1, 0, -1, 0]), np.array([0, 1, 0, -1])  # by direction, turning left
    for start_row in range(rows):
        for start in range(row_begin[start_row], row_begin[start_row + 1]):
            if ring_of[start] >= 0:
                continue
            if rings + 2 > len(ring_begin):
                ring_begin, ring_polygon = grow(ring_begin), grow(ring_polygon)
            ring_begin[rings] = count
            turns = 0
            row, column, beyond = start_row, np.int64(column_at[start]), 2
            here = _past(cells, row, column, limit_ms, width)
            while True:
                if beyond == 2:
                    low, high = row_begin[row], row_begin[row + 1] - 1
                    while low < high:
                        middle = (low + high) // 2
                        if column_at[middle] < column:
                            low = middle + 1
                        else:
                            high = middle
                    if ring_of[low] >= 0:
                        break
                    ring_of[low] = rings
                ahead = (beyond + 1) & 3
                over = _past(cells, row + north[beyond], column + east[beyond], limit_ms, width)
                share = here / (here - over)
                if count == len(points):
                    longer = np.empty((2 * count, 2))
                    longer[:count] = points
                    points = longer
                points[count, 0] = west + (column + share * east[beyond]) * side
                points[count, 1] = south + (row + share * north[beyond]) * side
                count += 1
                next_row, next_column = row + north[ahead], column + east[ahead]
                front = _past(cells, next_row, next_column, limit_ms, width)
                far_row, far_column = next_row + north[beyond], next_column + east[beyond]
                corner = _past(cells, far_row, far_column, limit_ms, width)
                # Where land meets land corner to corner, the middle of the four decides.
                if corner < 0 and (front < 0 or here + over + front + corner <= 0):
                    row, column, here, beyond = far_row, far_column, corner, (ahead + 2) & 3
                    turns -= 1
                elif front < 0:
                    row, column, here = next_row, next_column, front
                else:
                    beyond = ahead
                    turns += 1
            if turns > 0:
                ring_polygon[rings] = polygons
                polygons += 1
            else:
                # In the lowest row of a hole lies no island: the land before it is what it is in.
                ring_polygon[rings] = ring_polygon[ring_of[start - 1]]
            rings += 1
    ring_begin[rings] = count
    # Each polygon: its outline, which was found first, then its holes.
    polygon_begin = np.zeros(polygons + 1, np.int64)
    for ring in range(rings):
        polygon_begin[ring_polygon[ring] + 1] += 1
    for polygon in range(polygons):
        polygon_begin[polygon + 1] += polygon_begin[polygon]
    place, order = polygon_begin[:-1].copy(), np.empty(rings, np.int64)
    for ring in range(rings):
        order[place[ring_polygon[ring]]] = ring
        place[ring_polygon[ring]] += 1
    drawn, begin, filled = np.empty((count, 2)), np.zeros(rings + 1, np.int64), 0
    for number in range(rings):
        for point in range(ring_begin[order[number]], ring_begin[order[number] + 1]):
            drawn[filled, 0], drawn[filled, 1] = points[point, 0], points[point, 1]
            filled += 1
        begin[number + 1] = filled
    return drawn, begin, polygon_begin
