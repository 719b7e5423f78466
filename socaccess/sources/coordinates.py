"""Where rows lie: coordinates in columns or layers, in any system, with axes as they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import CrsError, Problem
from socaccess.schemas import TableForm
from socaccess.sources.reference import Bounds

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["PAIRS", "find_swapped", "place_points", "read_numbers", "swap_axes"]

PAIRS = (("lon", "lat"), ("x", "y"))
"""Columns of coordinates, east first: degrees, or a system the user states."""


def place_points(
    frame: pd.DataFrame,
    form: TableForm,
    where: str,
    names: list[str],
    *,
    crs: str | None = None,
    bounds: Bounds | None = None,
) -> tuple[pd.DataFrame, list[Problem], list[Problem]]:
    """Return a table with geometry in a metric system, made from columns where it has none.

    Parameters
    ----------
    frame, form, where, names
        The table, what it should be, its name and those of its rows.
    crs
        System of columns `x`, `y` or of a layer that does not say.
    bounds
        Where points may lie, degrees west, south, east, north. Where every point lies
        outside and would lie inside with its axes swapped, they are.

    Returns
    -------
    tuple
        The table, what is wrong, and what was done that the user should know.
    """
    import geopandas as gpd

    problems: list[Problem] = []
    if not isinstance(frame, gpd.GeoDataFrame):
        pair = next((p for p in PAIRS if set(p) <= set(frame.columns)), None)
        if form.geometry != "point" or pair is None:
            return frame, [], []
        system = crs_.EXCHANGE if pair == PAIRS[0] else crs
        if system is None:
            hint = "state it: --crs EPSG:3059"
            what = "columns x and y are given without a system"
            return frame, [Problem(what, where, hint=hint)], []
        numbers = []
        for column in pair:
            number, found = read_numbers(frame[column], f"{where}, column {column!r}", names)
            problems += found
            numbers.append(number)
        points = gpd.GeoSeries(gpd.points_from_xy(*numbers), index=frame.index)
        points = points.where(np.isfinite(numbers[0]) & np.isfinite(numbers[1]))
        frame = gpd.GeoDataFrame(frame, geometry=points, crs=_read_system(system, where))
    elif frame.crs is None:
        if crs is None:
            return frame, [], []
        frame = frame.set_crs(_read_system(crs, where))
    notes = []
    if form.geometry == "point" and bounds is not None and _all_swapped(frame, bounds):
        frame = frame.set_geometry(swap_axes(frame.geometry))
        notes.append(
            Problem(
                "the axes of all coordinates are swapped; they were taken the other way round",
                where,
                hint="put longitude or easting first",
            )
        )
    return crs_.to_metric(frame, where), problems, notes


def read_numbers(
    values: pd.Series, where: str, names: list[str]
) -> tuple[np.ndarray, list[Problem]]:
    """Return numbers written with decimal point or comma (missing: NaN), and what is none."""
    text = values.astype(str).str.replace(r"\s", "", regex=True)
    text = text.str.replace(",", ".", regex=False)
    blank = values.isna() | (text == "")
    number = pd.to_numeric(text.where(~blank), errors="coerce").astype(float)
    bad = (number.isna() | np.isinf(number)) & ~blank
    if not bad.any():
        return number.to_numpy(dtype=float), []
    return number.where(~bad).to_numpy(dtype=float), [
        Problem(
            "value is not a number",
            where,
            tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(bad)),
            "write degrees such as 27.7242, or leave it empty",
        )
    ]


def find_swapped(frame: gpd.GeoDataFrame, bounds: Bounds) -> np.ndarray:
    """Return which points lie outside `bounds` and would lie inside with their axes swapped."""
    inside = _lie_inside(frame.geometry, bounds)
    return ~inside & _lie_inside(swap_axes(frame.geometry), bounds)


def _all_swapped(frame: gpd.GeoDataFrame, bounds: Bounds) -> bool:
    points = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    points = points[points.geom_type == "Point"]
    return bool(len(points)) and bool(find_swapped(points, bounds).all())


def swap_axes(points: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return points with their axes the other way round, in the same system."""
    import shapely

    swapped = shapely.transform(np.asarray(points.array), lambda xy: xy[:, ::-1])
    return type(points)(swapped, index=points.index, crs=points.crs)


def _lie_inside(points: gpd.GeoSeries, bounds: Bounds) -> np.ndarray:
    degrees = points.to_crs(crs_.EXCHANGE)
    lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
    west, south, east, north = bounds
    with np.errstate(invalid="ignore"):
        return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _read_system(crs: str, where: str) -> object:
    from pyproj import CRS
    from pyproj.exceptions import CRSError as UnreadableError

    try:
        return CRS.from_user_input(crs)
    except UnreadableError:
        raise CrsError(
            [Problem(f"no coordinate reference system {crs!r}", where, hint="such as EPSG:3059")]
        ) from None
