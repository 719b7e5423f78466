"""Places a network is asked about: coordinates on the command line, or files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from socaccess.errors import InputError, Problem, raise_problems

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.network import RoadNetwork, Snapped

__all__ = ["put_on_roads", "read_places"]

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_COORDINATES = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*")


def read_places(told: Sequence[str], where: str) -> gpd.GeoDataFrame:
    """Return the places of `told`: each `lon,lat` in degrees, or a file of points.

    Points of a file are named by its first column of `socaccess.travel.places.ID_COLUMNS`,
    else by their row; coordinates on the command line by themselves.

    Raises
    ------
    InputError
        If a text is neither, or a file holds no points.
    """
    import geopandas as gpd
    import pandas as pd

    parts = []
    for text in told:
        found = _COORDINATES.fullmatch(text)
        if found is None:
            parts.append(_read_file(text, where))
            continue
        lon, lat = (float(number) for number in found.groups())
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise InputError(f"{where}: {text} is no longitude and latitude; east comes first")
        parts.append(
            gpd.GeoDataFrame(
                {"id": [text.strip()]}, geometry=gpd.points_from_xy([lon], [lat]), crs="EPSG:4326"
            )
        )
    return gpd.GeoDataFrame(
        pd.concat([part.to_crs("EPSG:4326") for part in parts], ignore_index=True)
    )


def put_on_roads(network: RoadNetwork, places: gpd.GeoDataFrame, texts: Any) -> Snapped:
    """Return the places on the network; tell which lie far off, on islands or nowhere."""
    snapped = network.snap(places, id_column="id")
    for name, metres in zip(snapped.ids[snapped.far], snapped.access_m[snapped.far], strict=True):
        told = texts("cli.far_place", place=name, km=texts.number(metres / 1000))
        typer.echo(told, err=True)
    for name in snapped.ids[snapped.cut_off & ~snapped.far]:
        typer.echo(texts("cli.cut_off_place", place=name), err=True)
    for name in snapped.ids[~snapped.located]:
        typer.echo(texts("cli.lost_place", place=name), err=True)
    return snapped


def _read_file(text: str, where: str) -> gpd.GeoDataFrame:
    """Return `id` and points of a file."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd

    from socaccess.sources.files import read_rows
    from socaccess.travel.places import ID_COLUMNS

    path = Path(text)
    if not path.is_file():
        raise InputError(
            [Problem("neither a file nor lon,lat", f"{where} {text}", hint="such as 24.11,56.95")]
        )
    rows, names = read_rows(path)
    column = next((name for name in ID_COLUMNS if name in rows), None)
    ids = np.asarray(names, dtype=object) if column is None else rows[column].astype(str).to_numpy()
    if isinstance(rows, gpd.GeoDataFrame):
        if rows.crs is None:
            raise InputError(f"{path.name}: does not say in which system its coordinates are")
        return gpd.GeoDataFrame({"id": ids}, geometry=rows.geometry.to_numpy(), crs=rows.crs)
    if not {"lon", "lat"} <= set(rows):
        raise InputError(
            f"{path.name}: needs columns lon and lat in degrees, or points "
            f"(columns found: {', '.join(map(str, rows.columns))})"
        )
    numbers = {
        name: pd.to_numeric(
            rows[name].astype("string").str.replace(",", ".", regex=False), errors="coerce"
        ).to_numpy(float, na_value=np.nan)
        for name in ("lon", "lat")
    }
    lost = ~np.isfinite(numbers["lon"]) | ~np.isfinite(numbers["lat"])
    if lost.any():
        raise_problems(
            [
                Problem(
                    "no coordinates",
                    path.name,
                    tuple(np.asarray(names, dtype=object)[lost]),
                    "fill in lon and lat, or leave the rows out",
                )
            ]
        )
    points = gpd.points_from_xy(numbers["lon"], numbers["lat"])
    return gpd.GeoDataFrame({"id": ids}, geometry=points, crs="EPSG:4326")
