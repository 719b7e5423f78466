"""Places given to a command as a file: an id and points, nothing else asked of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["read_places"]


def read_places(path: Path, crs: str | None) -> Any:
    """Return the rows of a file as places: its points, or `lon`, `lat`, or `x`, `y` in `crs`.

    Raises
    ------
    InputError
        If the file cannot be read or says nowhere where its rows lie.
    """
    import geopandas as gpd
    import pandas as pd

    from socaccess.errors import InputError, Problem
    from socaccess.sources.files import read_rows

    rows, names = read_rows(path)
    if isinstance(rows, gpd.GeoDataFrame) and rows.active_geometry_name is not None:
        if rows.crs is None and crs is None:
            raise InputError(f"{path.name}: the file does not say its CRS; give --crs")
        return rows if rows.crs is not None else rows.set_crs(crs)
    for pair, system in ((("lon", "lat"), "EPSG:4326"), (("x", "y"), crs)):
        if not set(pair) <= set(rows):
            continue
        if system is None:
            raise InputError(f"{path.name}: x and y are in a system the file does not say; --crs")
        text = rows[list(pair)].astype(str).apply(lambda cells: cells.str.replace(",", "."))
        x, y = (pd.to_numeric(text[name], errors="coerce") for name in pair)
        wrong = ((x.isna() | y.isna()) & rows[list(pair)].notna().any(axis=1)).to_numpy()
        if wrong.any():
            where = tuple(name for name, bad in zip(names, wrong, strict=True) if bad)
            raise InputError([Problem(f"{', '.join(pair)} is no number", path.name, where)])
        points = gpd.points_from_xy(x, y, crs=system)
        return gpd.GeoDataFrame(rows.drop(columns=list(pair)), geometry=points)
    raise InputError(f"{path.name}: rows need points, or columns lon and lat, or x and y")
