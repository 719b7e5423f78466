"""Shapes: whether a table has the geometry of its form, in a system that can be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import CrsError, Problem
from socaccess.schemas.forms import TableForm
from socaccess.schemas.names import name_rows

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["CRS_PROBLEMS", "find_geometry_problems"]

NO_CRS = "no coordinate reference system"
CRS_PROBLEMS = (NO_CRS, "coordinates from")
"""How findings begin that are about the system of coordinates."""


def find_geometry_problems(
    frame: pd.DataFrame,
    form: TableForm,
    where: str,
    row_names: Sequence[object] | None,
    bounds: tuple[float, float, float, float] | None,
) -> list[Problem]:
    """Find what is wrong with the geometry and its system of coordinates."""
    import geopandas as gpd
    import shapely

    if not isinstance(frame, gpd.GeoDataFrame) or frame._geometry_column_name not in frame:
        return [
            Problem(
                "there is no geometry",
                where,
                hint="give a GeoDataFrame, or columns lon and lat in a file",
            )
        ]
    if frame.crs is None:
        return [
            Problem(
                f"{NO_CRS} is set",
                where,
                hint="set it, for example frame.set_crs('EPSG:3059'), or state it with the file",
            )
        ]
    names = name_rows(frame, form, row_names)
    problems = []
    geometry = np.asarray(frame.geometry.array)
    absent = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if form.geometry_required and absent.any():
        problems.append(Problem("geometry is missing", where, tuple(names[absent])))
    wanted = {
        "point": (shapely.GeometryType.POINT,),
        "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
    }[form.geometry]
    wrong = ~absent & ~np.isin(shapely.get_type_id(geometry), wanted)
    if wrong.any():
        problems.append(Problem(f"geometry is not a {form.geometry}", where, tuple(names[wrong])))
    infinite = np.zeros(len(geometry), dtype=bool)
    if form.geometry == "point":
        infinite = ~absent & ~wrong
        # An empty point has no x to ask for.
        infinite[infinite] = ~np.isfinite(shapely.get_coordinates(geometry[infinite])).all(axis=1)
    broken = ~absent & ~infinite & ~shapely.is_valid(geometry)
    if broken.any():
        problems.append(
            Problem("geometry is not valid", where, tuple(names[broken]), "repair it (make_valid)")
        )
    if infinite.any():
        problems.append(
            Problem(
                "coordinate is not a number",
                where,
                tuple(names[infinite]),
                "leave the geometry empty where the place is not known",
            )
        )
    absent = absent | wrong | infinite
    if not problems:
        metric_problem = _find_crs_mismatch(frame, where)
        if metric_problem:
            return [metric_problem]
    if bounds is not None and form.geometry == "point" and not problems:
        problems += _find_outside(frame, absent, names, bounds, where)
    return problems


def _find_crs_mismatch(frame: gpd.GeoDataFrame, where: str) -> Problem | None:
    try:
        crs_.to_metric(frame, where)
    except CrsError as error:
        return error.problems[0]
    west, south, east, north = frame.total_bounds
    if frame.crs.is_projected and crs_.look_like_degrees(
        np.array([west, east]), np.array([south, north])
    ):
        return Problem(
            f"coordinates from {west:.4f}, {south:.4f} to {east:.4f}, {north:.4f} look like "
            f"degrees though the system says {frame.crs.name}",
            where,
            hint="state the system the coordinates are in, for example EPSG:4326",
        )
    return None


def _find_outside(
    frame: gpd.GeoDataFrame,
    absent: np.ndarray,
    names: np.ndarray,
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
    return [
        Problem(
            "point lies outside the area of the study",
            where,
            tuple(f"{names[i]}: {lon[i]:.4f}, {lat[i]:.4f}" for i in np.flatnonzero(outside)),
            "check that longitude and latitude are not swapped and that the CRS is right",
        )
    ]
