"""Boundaries of the open-data portal: outlines of units, joined to municipalities."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem
from socaccess.schemas import MUNICIPALITIES, check_table
from socaccess.sources.boundaries import load_municipalities
from socaccess.sources.downloads import unpack_layers
from socaccess.sources.files import read_rows
from socaccess.sources.portals._meanings import (
    Meaning,
    clean_code,
    find_columns,
    find_vintage,
    is_municipality,
    match_columns,
)

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["read_boundaries"]

_MUNICIPALITY = Meaning(
    "municipality_id",
    ("l0 code", "l0 kods", "atvk", "atvk kods", "novada kods", "municipality id", "code", "kods"),
    by_values=is_municipality,
)


def read_boundaries(path: str | Path) -> gpd.GeoDataFrame:
    """Return the municipalities of a file of territorial units.

    The units (towns and parishes) that state the same municipality are joined, as the publisher
    of `robezas` tells to.

    Parameters
    ----------
    path
        ZIP with a Shapefile, or a Shapefile, GeoPackage or GeoJSON file. Of several layers the
        one that states a municipality for most units is read.

    Returns
    -------
    geopandas.GeoDataFrame
        In EPSG:3059 and in the form of `socaccess.schemas.MUNICIPALITIES`: `municipality_id`,
        `name`, `kind`, `vintage`, `planning_region`, `population` (2020), `geometry`.

    Raises
    ------
    InputError
        If there is no layer with polygons and codes of municipalities, its coordinate system is
        not stated, or a code is unknown.
    DownloadError
        If the archive is not to be opened.
    """
    path = Path(path)
    with ExitStack() as stack:
        layers = [path]
        if path.suffix.lower() == ".zip":
            layers = stack.enter_context(unpack_layers(path))
        read = [_read_units(layer) for layer in layers]
    fitting = [found for found in read if found is not None]
    if not fitting:
        told = ", ".join(layer.name for layer in layers) or "no layers"
        raise InputError(
            [
                Problem(
                    "the layout is not known: no layer with areas and codes of municipalities",
                    path.name,
                    hint="expected a Shapefile with a column such as L0_code or ATVK; "
                    f"found {told}",
                )
            ]
        )
    return _join_units(max(fitting, key=len), path.name)


def _read_units(layer: Path) -> Any:
    """Return a layer if it can be one of territorial units."""
    frame, _ = read_rows(layer)
    if (
        "geometry" not in frame
        or not frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    ):
        return None
    columns = frame.drop(columns="geometry")
    return frame if "municipality_id" in match_columns(columns, (_MUNICIPALITY,)) else None


def _join_units(units: Any, where: str) -> gpd.GeoDataFrame:
    import geopandas as gpd

    found = find_columns(units.drop(columns="geometry"), (_MUNICIPALITY,), where)
    codes = units[found["municipality_id"]].map(clean_code)
    names = [f"feature {number}" for number in range(1, len(units) + 1)]
    vintage = find_vintage(codes, names, f"{where}, column {found['municipality_id']!r}")
    metric = crs_.to_metric(units, where)
    shapes = gpd.GeoDataFrame(
        {"municipality_id": codes.to_numpy()}, geometry=metric.geometry.make_valid(), crs=metric.crs
    )
    joined = shapes.dissolve("municipality_id", sort=True).reset_index()
    known = load_municipalities(vintage).set_index("municipality_id")
    for column in ("name", "kind", "planning_region", "population"):
        joined[column] = joined["municipality_id"].map(known[column])
    joined["vintage"] = vintage
    order = ["municipality_id", "name", "kind", "vintage", "planning_region", "population"]
    return gpd.GeoDataFrame(check_table(joined[[*order, "geometry"]], MUNICIPALITIES, where=where))
