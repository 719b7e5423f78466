"""Routes on the terminal and as layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from socaccess.cli.options import make_console
from socaccess.encoding import encode_json
from socaccess.encoding import write_layer as write_frame
from socaccess.errors import InputError
from socaccess.files import write_aside, write_file

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["check_layer_name", "show_trips", "write_layer"]

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}
SHOWN = 40
"""Trips shown on the terminal; all of them are in the layer."""


def check_layer_name(path: Path) -> None:
    """Raise `InputError` unless the ending of `path` names a layer we write."""
    if path.suffix.lower() not in DRIVERS:
        raise InputError(f"--out {path}: the ending must be {' or '.join(DRIVERS)}")


def write_layer(frame: gpd.GeoDataFrame, path: Path, provenance: dict[str, Any]) -> None:
    """Write a layer, whole or not at all; GeoJSON in degrees, with where the roads come from.

    Raises
    ------
    OutputError
        If it cannot be written; what was there before stays.
    """
    kind = path.suffix.lower()
    about = {
        name: str(provenance[name]) for name in ("attribution", "licence") if name in provenance
    }
    if kind == ".geojson":
        frame = frame.to_crs("EPSG:4326")
        frame["geometry"] = frame.geometry.set_precision(1e-7, mode="pointwise")
        told = {**about, **json.loads(frame.to_json(drop_id=True))}
        write_file(path, encode_json(told) + "\n")
        return
    with write_aside(path) as aside:
        write_frame(frame, aside, layer="routes", metadata=about)


def show_trips(frame: gpd.GeoDataFrame, texts: Any, as_json: bool) -> None:
    """Print time and length of every trip."""
    from rich.table import Table

    plain = frame.drop(columns="geometry")
    if as_json:
        typer.echo(plain.to_json(orient="records", force_ascii=False))
        return
    table = Table()
    for name in ("trip_from", "trip_to"):
        table.add_column(texts(f"cli.{name}"))
    for name in ("trip_min", "trip_km"):
        table.add_column(texts(f"cli.{name}"), justify="right")
    for row in plain.head(SHOWN).itertuples(index=False):
        told = (
            (texts.number(row.travel_min, decimals=1), texts.number(row.length_km, decimals=1))
            if row.travel_min == row.travel_min
            else (texts("cli.no_way"), "")
        )
        table.add_row(str(row[0]), str(row[1]), *told)
    make_console().print(table)
    if len(plain) > SHOWN:
        typer.echo(texts.count("cli.more_trips", len(plain) - SHOWN))
