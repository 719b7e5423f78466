"""Which straight ways lead through water: lakes and the sea, and rivers where no bridge is.

A river's course may be off by some hundred metres, and a straight line may cut its bends: a way
leads across where it meets the course an odd number of times.
"""

from __future__ import annotations

import numpy as np

__all__ = ["COURSE_M", "Rivers", "find_wet"]

SHORE_M = 250.0
"""How far the drawn shore of a lake may be off."""
COURSE_M = 500.0
"""How far the drawn course of a river may be off."""


class Rivers:
    """Courses of rivers, and where one may cross them.

    Parameters
    ----------
    course
        Straight pieces of courses: x, y of both ends in metres, shape (pieces, 4).
    bridge
        Where roads cross, and how near to that one may too: x, y, metres, shape (bridges, 3).
    """

    def __init__(self, course: np.ndarray, bridge: np.ndarray) -> None:
        import shapely

        self.course, self.bridge = course.reshape(-1, 4), bridge.reshape(-1, 3)
        self.pieces = shapely.STRtree(shapely.linestrings(self.course.reshape(-1, 2, 2)))
        around = shapely.buffer(shapely.points(self.bridge[:, :2]), self.bridge[:, 2])
        self._bridges = shapely.STRtree(around)

    def find_crossings(
        self, start: np.ndarray, end: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return where ways from `start` to `end`, (ways, 2), meet a course.

        Returns
        -------
        tuple
            Of each meeting its way and its point, and how often each way meets one, (ways,).
        """
        import shapely

        # Most ways are far from any river: what surrounds them all is asked first.
        around = np.concatenate([start, end])
        count = np.zeros(len(start), dtype=np.int64)
        if not len(around) or not len(self.pieces.query(shapely.box(*_bound(around)))):
            return np.empty(0, np.int64), np.empty((0, 2)), count
        ways = shapely.linestrings(np.stack([start, end], axis=1))
        way, piece = self.pieces.query(ways)
        one, other = self.course[piece, :2], self.course[piece, 2:]
        from_way = _side(start[way], end[way], one), _side(start[way], end[way], other)
        from_piece = _side(one, other, start[way]), _side(one, other, end[way])
        # Half open: a corner of the course that a way passes through is met once.
        meets = ((from_way[0] >= 0) != (from_way[1] >= 0)) & (
            (from_piece[0] >= 0) != (from_piece[1] >= 0)
        )
        way, one, other = way[meets], one[meets], other[meets]
        share = from_way[0][meets] / (from_way[0] - from_way[1])[meets]
        count += np.bincount(way, minlength=len(count))
        return way, one + share[:, None] * (other - one), count

    def lie_between(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return for each way whether it crosses where no bridge is near, shape (ways,)."""
        import shapely

        way, point, count = self.find_crossings(start, end)
        near = np.zeros(len(start), dtype=bool)
        if len(point) and len(self.bridge):
            met, _ = self._bridges.query(shapely.points(point), predicate="intersects")
            near[way[met]] = True
        return (count % 2 == 1) & ~near


def _side(one: np.ndarray, other: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Return on which side of the line from `one` to `other` a point lies: its sign."""
    (dx, dy), (px, py) = (other - one).T, (point - one).T
    return dx * py - dy * px


def _bound(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def find_wet(start: np.ndarray, end: np.ndarray, water: np.ndarray, rivers: Rivers) -> np.ndarray:
    """Return for every way, (ways, 2), whether water is in it.

    That is a river, or one of the polygons `water` for more than the error of its shore.
    """
    import shapely

    # Only ways that meet some water are looked at step by step.
    ways = shapely.linestrings(np.stack([start, end], axis=1))
    meets = np.zeros(len(start), dtype=bool)
    meets[shapely.STRtree(ways).query(water, predicate="intersects")[1]] = True
    span = end - start
    count = np.where(meets, np.hypot(*span.T) // SHORE_M, 0).astype(int)
    way = np.repeat(np.arange(len(start)), count)
    step = np.arange(len(way)) - np.repeat(np.cumsum(count) - count, count)
    share = (step + 0.5) / count[way]
    points = shapely.points(start[way] + share[:, None] * span[way])
    inside, _ = shapely.STRtree(points).query(water, predicate="contains")[::-1]
    wet = np.bincount(way[inside], minlength=len(start)) > 1
    return wet | rivers.lie_between(start, end)
