"""Which straight ways lead through water: lakes and the sea, and rivers where no bridge is.

A river's course may be off by some hundred metres, and a straight line may cut its bends: a way
leads across where it meets the course an odd number of times.
"""

from __future__ import annotations

import numpy as np

__all__ = ["COURSE_M", "find_crossings", "find_wet"]

SHORE_M = 250.0
"""How far the drawn shore of a lake may be off."""
COURSE_M = 500.0
"""How far the drawn course of a river may be off."""
BRIDGE_M = 1_000.0
"""A modelled way may cross a river this near to a road that crosses it."""


def find_wet(
    start: np.ndarray, end: np.ndarray, water: np.ndarray, rivers: np.ndarray, bridges: np.ndarray
) -> np.ndarray:
    """Return for every way from `start` to `end`, shape (ways, 2), whether water is in its way.

    Parameters
    ----------
    start, end
        Coordinates in metres.
    water
        Polygons; more than `SHORE_M` of a way lies in one.
    rivers
        Lines, crossed farther than `BRIDGE_M` from each of the points `bridges`.
    bridges
        Points, from `find_crossings` of the roads.
    """
    import shapely

    # Shores are coarse: only what leads through water for longer than their error crosses it.
    span = end - start
    count = (np.hypot(*span.T) // SHORE_M).astype(int)
    way = np.repeat(np.arange(len(start)), count)
    step = np.arange(len(way)) - np.repeat(np.cumsum(count) - count, count)
    share = (step + 0.5) / count[way]
    points = shapely.points(start[way] + share[:, None] * span[way])
    inside, _ = shapely.STRtree(points).query(water, predicate="contains")[::-1]
    wet = np.bincount(way[inside], minlength=len(start)) > 1
    crossing, met, point = find_crossings(start, end, rivers)
    near = np.zeros(len(start), dtype=bool)
    if len(bridges) and len(point):
        at_bridge, _ = shapely.STRtree(bridges).query(point, predicate="dwithin", distance=BRIDGE_M)
        near[crossing[at_bridge]] = True
    return wet | ((met % 2 == 1) & ~near)


def find_crossings(
    start: np.ndarray, end: np.ndarray, rivers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where straight ways meet rivers.

    Returns
    -------
    tuple
        For each meeting the position of its way and its point; between them how often
        each way meets a river, shape (ways,).
    """
    import shapely

    ways = shapely.linestrings(np.stack([start, end], axis=1))
    way, river = shapely.STRtree(rivers).query(ways, predicate="intersects")
    met, at = shapely.get_parts(shapely.intersection(ways[way], rivers[river]), return_index=True)
    return way[at], np.bincount(way[at], minlength=len(ways)), shapely.centroid(met)
