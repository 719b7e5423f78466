"""Outlines corrected until everybody lies in his own municipality, inside the national border.

The outlines of the package are some 400 m off. On a grid each piece of land has the signed
distance to its outline as given, and a pull of its own points around them; the highest wins.
Where no point pulls, the line stays where it was, as fine as the grid; neighbours share it.
The country is cut out of the finer package that draws the national border.
"""

from __future__ import annotations

import json

import numpy as np
import shapely
from _packages import read_member
from pyproj import Transformer
from scipy.ndimage import distance_transform_edt
from shapely.geometry.base import BaseGeometry

COUNTRIES = "@geo-maps/countries-land-100m"
MEMBER = "package/map.geo.json"
COUNTRY = "LVA"
STEP_M = 220.0
REACH_M = 3_000.0  # how far a point pulls
SPREAD_M = 640.0
WINDOW_M = 12_000.0  # how far from its outline as given a municipality may own land
PULL_M = 3_500.0
STRONGER = 1.9  # how much more, a turn, where a point is still outside
TURNS = 12
LINE_M = 500.0  # tolerance of the lines between municipalities
SHORE_M = 120.0  # and of the national border
MARGIN_M = 40.0  # a point is inside when it is that far inside: rounding moves no one out
TO_METRES = Transformer.from_crs(4326, 3059, always_xy=True)
TO_DEGREES = Transformer.from_crs(3059, 4326, always_xy=True)


def read_country() -> BaseGeometry:
    """Return the land of Latvia, EPSG:3059."""
    world = json.loads(read_member(COUNTRIES, MEMBER))["features"]
    mine = next(each for each in world if each["properties"]["A3"] == COUNTRY)
    degrees = shapely.make_valid(shapely.geometry.shape(mine["geometry"]))
    land = _to(degrees, TO_METRES)
    # Repaired outlines may come as a collection of collections.
    parts = [part for part in shapely.get_parts(shapely.get_parts(land)) if part.area > 1e6]
    # Islets of a lake in the border are water, not abroad.
    return shapely.union_all([shapely.Polygon(part.exterior) for part in parts])


def mend_outlines(
    outlines: list[BaseGeometry], lon: np.ndarray, lat: np.ndarray, owner: np.ndarray
) -> list[BaseGeometry]:
    """Return `outlines` (degrees) moved so that each holds its own points and all hold the country.

    `owner` is the position of each point's outline; `lon`, `lat` are degrees.
    """
    points = shapely.points(*TO_METRES.transform(lon, lat))
    land = shapely.union_all([read_country(), *shapely.buffer(points, 2.0 * STEP_M)])
    # A shore person's circle joins the land; a notch it leaves is no bay.
    land = max(shapely.get_parts(land.buffer(STEP_M).buffer(-STEP_M)), key=lambda one: one.area)
    land = shapely.simplify(land, SHORE_M)
    given = [_to(one, TO_METRES) for one in outlines]
    pull = np.full(len(points), PULL_M)
    for _ in range(TURNS):
        mended = _draw(given, points, owner, pull, land)
        inside = shapely.contains(shapely.buffer(mended, -MARGIN_M)[owner], points)
        if inside.all():
            return [_to(one, TO_DEGREES) for one in mended]
        pull[~inside] *= STRONGER
    raise ValueError(f"{(~inside).sum()} points stay outside their municipality")


def _draw(
    given: list[BaseGeometry],
    points: np.ndarray,
    owner: np.ndarray,
    pull: np.ndarray,
    land: BaseGeometry,
) -> np.ndarray:
    """Return outlines that tile `land`, for one strength of the pulls."""
    west, south, east, north = land.buffer(2 * STEP_M).bounds
    x = np.arange(west, east, STEP_M) + STEP_M / 2
    y = np.arange(south, north, STEP_M) + STEP_M / 2
    best = np.full((len(y), len(x)), -np.inf)
    label = np.zeros(best.shape, np.int16)
    for number, outline in enumerate(given):
        left, low, right, high = outline.buffer(WINDOW_M).bounds
        window = np.ix_((y > low) & (y < high), (x > left) & (x < right))
        px, py = np.meshgrid(x[window[1].ravel()], y[window[0].ravel()])
        inside = shapely.contains_xy(outline, px, py)
        score = (distance_transform_edt(inside) - distance_transform_edt(~inside)) * STEP_M
        mine = owner == number
        extra = np.zeros_like(score)
        for point, strength in zip(points[mine], pull[mine], strict=True):
            rows = np.flatnonzero(np.abs(py[:, 0] - point.y) < REACH_M)
            columns = np.flatnonzero(np.abs(px[0] - point.x) < REACH_M)
            view = extra[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            away2 = (px[0, columns] - point.x) ** 2 + (py[rows, :1] - point.y) ** 2
            np.maximum(view, strength * np.exp(-away2 / (2 * SPREAD_M**2)), out=view)
        score += extra
        higher = score > best[window]
        best[window] = np.where(higher, score, best[window])
        label[window] = np.where(higher, number, label[window])
    faces = _trace(label, x[0] - STEP_M / 2, y[0] - STEP_M / 2)
    middle = shapely.get_coordinates(shapely.point_on_surface(faces))
    of = label[
        ((middle[:, 1] - y[0]) / STEP_M + 0.5).astype(int),
        ((middle[:, 0] - x[0]) / STEP_M + 0.5).astype(int),
    ]
    raw = [shapely.coverage_union_all(faces[of == number]) for number in range(len(given))]
    return shapely.intersection(shapely.coverage_simplify(raw, LINE_M), land)


def _trace(label: np.ndarray, west: float, south: float) -> np.ndarray:
    """Return the areas of equal labels, neighbours with the same vertices along their border."""
    padded = np.pad(label, 1, constant_values=-1)
    row, column = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    upright = np.stack([column, row, column, row + 1], axis=1)
    row, column = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    flat = np.stack([column, row, column + 1, row], axis=1)
    ends = np.concatenate([upright, flat]).reshape(-1, 2, 2) * STEP_M + (west, south)
    return shapely.get_parts(shapely.polygonize(shapely.linestrings(ends)))


def _to(geometry: BaseGeometry, transformer: Transformer) -> BaseGeometry:
    return shapely.transform(geometry, transformer.transform, interleaved=False)
