"""Shapes: whether a table has the geometry of its form, in a system that can be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import CrsError, Problem
from socaccess.schemas.forms import TableForm
from socaccess.schemas.names import name_rows, pick_rows

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["find_geometry_problems"]


def find_geometry_problems(
    frame: pd.DataFrame,
    form: TableForm,
    where: str,
    row_names: Sequence[object] | None,
    bounds: tuple[float, float, float, float] | None,
) -> tuple[list[Problem], bool]:
    """Find what is wrong with the geometry; tell whether it is the system of coordinates."""
    import geopandas as gpd
    import shapely

    if not isinstance(frame, gpd.GeoDataFrame) or frame._geometry_column_name not in frame:
        return [Problem("schemas.no_geometry", where)], False
    if frame.crs is None:
        return [Problem("schemas.no_crs", where)], True
    names = name_rows(frame, form, row_names)
    problems = []
    geometry = np.asarray(frame.geometry.array)
    absent = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if form.geometry_required and absent.any():
        problems.append(Problem("schemas.geometry_missing", where, pick_rows(names, absent)))
    wanted = {
        "point": (shapely.GeometryType.POINT,),
        "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
    }[form.geometry]
    wrong = ~absent & ~np.isin(shapely.get_type_id(geometry), wanted)
    if wrong.any():
        code = "schemas.not_a_point" if form.geometry == "point" else "schemas.not_a_polygon"
        problems.append(Problem(code, where, pick_rows(names, wrong)))
    infinite = np.zeros(len(geometry), dtype=bool)
    if form.geometry == "point":
        infinite = ~absent & ~wrong
        # An empty point has no x to ask for.
        infinite[infinite] = ~np.isfinite(shapely.get_coordinates(geometry[infinite])).all(axis=1)
    broken = ~absent & ~infinite & ~shapely.is_valid(geometry)
    if broken.any():
        problems.append(Problem("schemas.geometry_broken", where, pick_rows(names, broken)))
    if infinite.any():
        problems.append(Problem("schemas.coordinate_infinite", where, pick_rows(names, infinite)))
    absent = absent | wrong | infinite
    if not problems:
        metric_problem = _find_crs_mismatch(frame, where)
        if metric_problem:
            return [metric_problem], True
    if bounds is not None and form.geometry == "point" and not problems:
        problems += _find_outside(frame, absent, names, bounds, where)
    return problems, False


def _find_crs_mismatch(frame: gpd.GeoDataFrame, where: str) -> Problem | None:
    try:
        crs_.to_metric(frame, where)
    except CrsError as error:
        return error.problems[0]
    west, south, east, north = frame.total_bounds
    if frame.crs.is_projected and crs_.look_like_degrees(
        np.array([west, east]), np.array([south, north])
    ):
        box = {"west": west, "south": south, "east": east, "north": north}
        rounded: dict[str, Any] = {name: round(float(value), 4) for name, value in box.items()}
        return Problem("schemas.look_like_degrees", where, system=frame.crs.name, **rounded)
    return None


def _find_outside(
    frame: gpd.GeoDataFrame,
    absent: np.ndarray,
    names: Sequence[object],
    bounds: tuple[float, float, float, float],
    where: str,
) -> list[Problem]:
    degrees = frame.geometry.to_crs(crs_.EXCHANGE)
    lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
    west, south, east, north = bounds
    with np.errstate(invalid="ignore"):
        outside = ~absent & ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
    if not outside.any():
        return []
    shown = pd.Series([f"{x:.4f}, {y:.4f}" for x, y in zip(lon, lat, strict=True)])
    return [Problem("schemas.point_outside", where, pick_rows(names, outside, shown))]
