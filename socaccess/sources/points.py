"""Points of a file of which nothing else is asked: places to travel from and to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.sources.files import read_rows

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["read_points"]


def read_points(path: Path, crs: str | None = None) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Return the rows of a file as points, and how its owner knows each row.

    Parameters
    ----------
    path
        A layer, or a table with `lon` and `lat` in degrees, or `x` and `y` in `crs`.
    crs
        System of `x` and `y`, or of a layer that names none.

    Raises
    ------
    InputError
        If the file cannot be read, or says nowhere where its rows lie.
    """
    import geopandas as gpd

    rows, names = read_rows(path)
    called = np.asarray(names, dtype=object)
    if isinstance(rows, gpd.GeoDataFrame) and rows.active_geometry_name is not None:
        if rows.crs is None and crs is None:
            raise InputError("sources.no_crs", where=path.name)
        return (rows if rows.crs is not None else rows.set_crs(crs)), called
    for pair, system in ((["lon", "lat"], "EPSG:4326"), (["x", "y"], crs)):
        if not set(pair) <= set(rows):
            continue
        if system is None:
            raise InputError("sources.no_crs", where=path.name)
        text = rows[pair].astype("string").apply(lambda cells: cells.str.replace(",", "."))
        number = text.apply(lambda cells: pd.to_numeric(cells, errors="coerce").astype(float))
        lost = ~np.isfinite(number.to_numpy(dtype=float)).all(axis=1)
        if lost.any():
            raise_problems([Problem("sources.no_coordinates", path.name, called[lost], of=pair)])
        points = gpd.points_from_xy(number[pair[0]], number[pair[1]], crs=system)
        return gpd.GeoDataFrame(rows.drop(columns=pair), geometry=points), called
    raise InputError("sources.nowhere", where=path.name, found=list(rows.columns))
