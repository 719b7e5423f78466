"""Coordinate reference systems: metres inside, WGS 84 in exchange.

Every public function that takes geometry asks here first, so that a missing or
unusable system is answered by one clear sentence instead of a wrong distance.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from socaccess.errors import CrsError

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "EXCHANGE",
    "LATVIA",
    "choose_metric_crs",
    "is_metric",
    "look_like_degrees",
    "project_points",
    "require_crs",
    "to_metric",
]

LATVIA = "EPSG:3059"
"""LKS-92 / Latvia TM, metres."""

EXCHANGE = "EPSG:4326"
"""WGS 84, degrees, longitude first."""

# Where LKS-92 is meant to be used, with the margin our road data has (degrees).
_LATVIA_BOUNDS = (20.0, 55.0, 29.0, 58.8)


def choose_metric_crs(lon: np.ndarray, lat: np.ndarray) -> str:
    """Return the metric system for points given in degrees; those that are nowhere do not count.

    LKS-92 (EPSG:3059) where all points lie in or near Latvia, otherwise the UTM
    zone of the middle of their extent.

    Examples
    --------
    >>> choose_metric_crs(np.array([24.1]), np.array([56.9]))
    'EPSG:3059'
    >>> choose_metric_crs(np.array([14.4]), np.array([35.9]))
    'EPSG:32633'
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    known = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = lon[known], lat[known]
    if not lon.size:
        return LATVIA
    west, south, east, north = _LATVIA_BOUNDS
    if lon.min() >= west and lon.max() <= east and lat.min() >= south and lat.max() <= north:
        return LATVIA
    middle_lon = (lon.min() + lon.max()) / 2
    middle_lat = (lat.min() + lat.max()) / 2
    zone = int(np.clip((middle_lon + 180) // 6 + 1, 1, 60))
    return f"EPSG:{(32600 if middle_lat >= 0 else 32700) + zone}"


def project_points(
    x: np.ndarray, y: np.ndarray, source: str, target: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return `x` and `y` moved from `source` to `target`, longitude or easting first."""
    if source == target:
        return np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    moved_x, moved_y = _find_transformer(source, target).transform(
        np.asarray(x, float), np.asarray(y, float)
    )
    return np.asarray(moved_x), np.asarray(moved_y)


@cache
def _find_transformer(source: str, target: str) -> Any:
    """Return a transformer; finding one takes longer than moving thousands of points."""
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)


def require_crs(frame: gpd.GeoDataFrame, where: str) -> None:
    """Raise `CrsError` when `frame` has no coordinate reference system."""
    if frame.crs is None:
        raise CrsError("crs.not_set", where=where)


def to_metric(frame: gpd.GeoDataFrame, where: str, crs: str | None = None) -> gpd.GeoDataFrame:
    """Return `frame` in a system measured in metres.

    Parameters
    ----------
    frame
        Any geometry, CRS required.
    where
        How the frame is called in an error.
    crs
        The metric system wanted; by default the frame's own if it is metric, else
        what `choose_metric_crs` finds.

    Raises
    ------
    CrsError
        If the frame has no CRS, or coordinates in degrees lie outside the globe,
        which is what a wrongly stated system looks like.
    """
    require_crs(frame, where)
    source = frame.crs
    if source.is_geographic:
        bounds = frame.total_bounds
        if np.isfinite(bounds).all() and (
            bounds[0] < -180 or bounds[2] > 180 or bounds[1] < -90 or bounds[3] > 90
        ):
            west, south, east, north = (round(float(bound)) for bound in bounds)
            raise CrsError("crs.not_degrees", where=where, system=source.name,
                           west=west, south=south, east=east, north=north)  # fmt: skip
    if crs is None:
        if source.is_projected and _is_metre(source):
            return frame
        wgs84 = frame.to_crs(EXCHANGE)
        bounds = wgs84.total_bounds
        crs = choose_metric_crs(bounds[[0, 2]], bounds[[1, 3]]) if len(frame) else LATVIA
    return frame if source == crs else frame.to_crs(crs)


def is_metric(crs: Any) -> bool:
    """Return whether both axes of a system (anything pyproj reads) are measured in metres.

    Examples
    --------
    >>> is_metric("EPSG:3059"), is_metric("EPSG:4326")
    (True, False)
    """
    from pyproj import CRS

    return _is_metre(CRS.from_user_input(crs))


def look_like_degrees(x: np.ndarray, y: np.ndarray) -> bool:
    """Return whether coordinates said to be metres must be longitudes and latitudes.

    They all fit on the globe and are not whole numbers, as the small invented
    coordinates of an example in metres are. Values that are not finite are left
    out of account.

    Examples
    --------
    >>> look_like_degrees(np.array([24.1, 26.5]), np.array([56.9, 55.9]))
    True
    >>> look_like_degrees(np.array([0.0, 90.0]), np.array([0.0, 60.0]))
    False
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if not x.size or (np.abs(x) > 180).any() or (np.abs(y) > 90).any():
        return False
    return bool((x % 1 != 0).any() and (y % 1 != 0).any())


def _is_metre(crs: Any) -> bool:
    return all(axis.unit_name in ("metre", "meter") for axis in crs.axis_info[:2])
