"""The lines round cells within a limit, against another library's contours of the same times."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from contourpy import FillType, contour_generator

from socaccess.travel._contour import STRETCH, draw_outlines

FAR = 2**31 - 1


def draw(cells: np.ndarray, limit_ms: int, width: float) -> shapely.Geometry:
    points, rings, outers = draw_outlines(
        np.ascontiguousarray(cells, np.uint32), limit_ms, width, 100.0, 50.0, 10.0
    )
    parts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (rings, outers))
    return shapely.multipolygons(parts)


def contour(cells: np.ndarray, limit_ms: int, width: float) -> shapely.Geometry:
    past = np.full((cells.shape[0] + 2, cells.shape[1] + 2), width)
    past[1:-1, 1:-1] = np.clip(cells.astype(float) - limit_ms - 0.5, -width, width)
    drawn = contour_generator(z=past, name="serial", fill_type=FillType.ChunkCombinedOffsetOffset)
    points, rings, outers = (part[0] for part in drawn.filled(-1e12, 0.0))
    if points is None:
        return shapely.MultiPolygon()
    offsets = (rings.astype(np.int64), outers.astype(np.int64))
    points = (points - 1) * 10 + [100, 50]
    parts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, offsets)
    return shapely.multipolygons(parts)


@pytest.mark.parametrize(("highest", "limit_ms", "width"), [
    (2, 0, 5.0), (4, 2, 5.0), (20, 9, 100.0), (1000, 500, 70.0), (2000, 1400, 1e5),
])  # fmt: skip
def test_any_land_has_the_outlines_and_holes_of_another_contour(highest, limit_ms, width):
    random = np.random.default_rng(highest)
    holes = 0
    for number in range(300):
        # Wide ones too: more than is looked at in one go.
        most = 14 if number % 10 else 3 * STRETCH
        cells = random.integers(0, highest, random.integers(1, (14, most)))
        if number % 2:
            cells[random.random(cells.shape) < 0.3] = FAR
        ours, theirs = draw(cells, limit_ms, width), contour(cells, limit_ms, width)
        assert shapely.is_valid(ours)
        ours, theirs = shapely.normalize([ours, theirs])
        assert len(ours.geoms) == len(theirs.geoms)
        assert shapely.equals_exact(ours, theirs, tolerance=1e-6)
        holes += sum(len(part.interiors) for part in ours.geoms)
    assert holes > 100


def test_an_island_in_a_lake_is_land_of_its_own():
    cells = np.full((7, 7), FAR)
    cells[1:6, 1:6] = 0
    cells[2:5, 2:5] = FAR
    cells[3, 3] = 0
    area = draw(cells, 10, 20.0)
    assert [len(part.interiors) for part in area.geoms] == [1, 0]
    # The line runs where the time, from 10.5 ms before the limit to 20 past it, meets it.
    assert area.geoms[1].bounds[2] - 130 == pytest.approx(10 * 10.5 / 30.5)
