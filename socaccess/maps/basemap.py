"""The ground of the map: borders and roads as whole numbers of a small unit."""

from __future__ import annotations

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from socaccess.maps.encode import delta
from socaccess.network.thinning import thin_roads
from socaccess.sources.boundaries import load_regions

__all__ = ["Grid", "encode_land", "encode_polygons", "encode_roads", "label_points"]

# Enough for Latvia's main roads several times over; beyond it the file grows for nothing.
ROAD_VERTICES = 60_000
OUTLINE_VERTICES = 40_000


class Grid(NamedTuple):
    """Whole-number coordinates: `unit_m` metres each, counted from `west`, `south`."""

    west: float
    south: float
    unit_m: float

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], unit_m: float = 10.0) -> Grid:
        """Return the grid whose origin is the south-western corner of `bounds`."""
        return cls(
            float(np.floor(bounds[0] / unit_m) * unit_m),
            float(np.floor(bounds[1] / unit_m) * unit_m),
            unit_m,
        )

    def snap(self, xy: np.ndarray) -> np.ndarray:
        """Return metres, shape (n, 2), as whole units from the origin."""
        return np.rint((xy - (self.west, self.south)) / self.unit_m).astype(np.int64)


def _encode_line(grid: Grid, coordinates: np.ndarray) -> list[int]:
    """Return x and y in turn, the first point whole and the rest as steps."""
    units = grid.snap(coordinates[:, :2])
    keep = np.ones(len(units), bool)
    keep[1:] = (np.diff(units, axis=0) != 0).any(axis=1)
    return np.column_stack([delta(units[keep, 0]), delta(units[keep, 1])]).ravel().tolist()


def encode_polygons(frame: gpd.GeoDataFrame, grid: Grid) -> list[list[list[list[int]]]]:
    """Return for each row its polygons, each a list of rings.

    Outlines with very many vertices are simplified together, so that neighbours
    keep a common border.
    """
    geometry = frame.geometry.to_numpy()
    if shapely.get_num_coordinates(geometry).sum() > OUTLINE_VERTICES:
        for tolerance_m in (25.0, 50.0, 100.0, 200.0, 400.0):
            geometry = shapely.coverage_simplify(frame.geometry.to_numpy(), tolerance_m)
            if shapely.get_num_coordinates(geometry).sum() <= OUTLINE_VERTICES:
                break
    encoded = []
    for shape in geometry:
        polygons = [
            part
            for part in (shapely.get_parts(shape) if shape is not None else [])
            if isinstance(part, shapely.Polygon) and not part.is_empty
        ]
        encoded.append(
            [
                [
                    _encode_line(grid, shapely.get_coordinates(ring))
                    for ring in (polygon.exterior, *polygon.interiors)
                ]
                for polygon in polygons
            ]
        )
    return encoded


def encode_land(
    crs: Any, grid: Grid, frame_m: tuple[float, float, float, float]
) -> list[list[list[list[int]]]]:
    """Return Latvia inside `frame_m`, to set it off from its neighbours; none elsewhere."""
    regions = load_regions().to_crs(crs)
    country = shapely.simplify(shapely.union_all(regions.geometry.to_numpy()), 6 * grid.unit_m)
    cut = shapely.clip_by_rect(country, *frame_m)
    return encode_polygons(gpd.GeoDataFrame(geometry=[cut], crs=crs), grid)


def label_points(frame: gpd.GeoDataFrame, grid: Grid) -> list[list[int]]:
    """Return where the name of each polygon stands: the middle of its widest place."""
    points = []
    for shape in frame.geometry:
        if shape is None or shape.is_empty:
            points.append([0, 0])
            continue
        largest = max(shapely.get_parts(shape), key=lambda part: part.area)
        circle = shapely.maximum_inscribed_circle(largest, tolerance=200.0)
        points.append(grid.snap(shapely.get_coordinates(circle)[:1])[0].tolist())
    return points


def encode_roads(
    network: Any, crs: Any, grid: Grid, frame_m: tuple[float, float, float, float]
) -> dict[str, list[list[int]]]:
    """Return the roads inside `frame_m` (metres of `crs`) as `main` and `modelled` lines.

    Of a large network only the higher classes are kept, until what remains fits.
    """
    edges = network.to_frame()
    if edges.crs is not None and edges.crs != crs:
        edges = edges.to_crs(crs)
    edges = edges[shapely.intersects(edges.geometry.to_numpy(), shapely.box(*frame_m))]
    modelled = edges["modelled"].to_numpy(dtype=bool)
    return {
        "main": _encode_lines(thin_roads(edges[~modelled], ROAD_VERTICES), grid, frame_m),
        "modelled": _encode_lines(thin_roads(edges[modelled], ROAD_VERTICES), grid, frame_m),
    }


def _encode_lines(
    edges: gpd.GeoDataFrame, grid: Grid, frame_m: tuple[float, float, float, float]
) -> list[list[int]]:
    if not len(edges):
        return []
    # Edges that meet end to end become one line: fewer numbers, and dashes that run through.
    merged = shapely.line_merge(shapely.union_all(shapely.normalize(edges.geometry.to_numpy())))
    clipped = shapely.clip_by_rect(merged, *frame_m)
    lines = [part for part in shapely.get_parts(clipped) if isinstance(part, shapely.LineString)]
    simple = shapely.simplify(np.array(lines, dtype=object), grid.unit_m * 2)
    return sorted(line for line in _encode_together(grid, simple) if len(line) >= 4)


def _encode_together(grid: Grid, lines: np.ndarray) -> list[list[int]]:
    """Return what `_encode_line` makes of each line: thousands of them in one go."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    units = grid.snap(coordinates)
    first = np.diff(line, prepend=-1) != 0
    steps = np.diff(units, axis=0, prepend=units[:1])
    keep = first | (steps != 0).any(axis=1)
    units, line, first = units[keep], line[keep], first[keep]
    steps = np.diff(units, axis=0, prepend=units[:1])
    steps[first] = units[first]
    return [part.ravel().tolist() for part in np.split(steps, np.flatnonzero(first)[1:])]
