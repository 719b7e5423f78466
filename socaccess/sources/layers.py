"""Layers of GIS files from outside: what a file holds is looked at before a parser is.

The library that reads them chooses its driver by the content, whatever the ending says, and some
drivers open other files, ask servers or start processes. So each ending has its own driver here,
the content must be that driver's, and what it holds must be of a size that can be read.
"""

from __future__ import annotations

import codecs
import mmap
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

import pandas as pd

from socaccess.errors import InputError, UnknownNameError
from socaccess.guards import ReadLimits, check_size, watch_xml

__all__ = ["LAYERED", "LAYERS", "list_layers", "read_layer"]

LAYERED: Final = (".gpkg", ".kml")
"""Endings of files that may hold several layers."""

_PARQUET = (".parquet", ".geoparquet")
_DRIVERS: Final = {
    ".gpkg": ("GPKG",),
    ".kml": ("KML", "LIBKML"),
    ".geojson": ("GeoJSON",),
    ".json": ("GeoJSON",),
    ".shp": ("ESRI Shapefile",),
}
LAYERS: Final = (*_DRIVERS, *_PARQUET)

_OF_QGIS = frozenset({"layer_styles", "qgis_projects"})
"""Tables a GIS program keeps beside the layers: no layers themselves."""

_OTHER_FORMATS = re.compile(rb"<OGRVRTDataSource|<VRTDataset|gdal_streamed_alg|/vsi[a-z0-9_]+/")
"""What makes a driver of another format take a text for its own."""

_GEOPACKAGE = (b"GPKG", b"GP10", b"GP11")
_SHAPES = b"\x00\x00\x27\x0a"

# The language byte of a DBF file, where it names one code page and not just "ANSI" or "OEM".
_LANGUAGE_BYTES = {0xCC: "cp1257", 0x64: "cp852", 0xC8: "cp1250", 0xC9: "cp1251", 0x65: "cp866",
                   0x26: "cp866", 0x03: "cp1252", 0x01: "cp437", 0x02: "cp850"}  # fmt: skip
_LATVIAN_LETTERS = frozenset("āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽ")


def list_layers(path: Path) -> list[str]:
    """Return the names of the layers of a GeoPackage or KML file, in their order.

    Raises
    ------
    InputError
        If the file is not what its ending says.
    """
    import pyogrio

    _check_content(path)
    try:
        names = [str(name) for name in pyogrio.list_layers(path.resolve())[:, 0]]
    except Exception:  # the drivers raise many kinds
        raise InputError("sources.not_a_layer", where=path.name) from None
    return [name for name in names if name not in _OF_QGIS] or names


def read_layer(path: Path, layer: str | None = None, limits: ReadLimits | None = None) -> Any:
    """Return the rows of a layer, a GeoDataFrame where it has geometry.

    Parameters
    ----------
    path
        GeoPackage, KML, GeoJSON, Shapefile or GeoParquet.
    layer
        Which one, where there are several.
    limits
        Most rows, columns, cells and bytes; the usual ones by default.

    Raises
    ------
    InputError
        If the file is not what its ending says, opens anything else, is too large, or has
        several layers and none is named.
    UnknownNameError
        If it has no such layer.
    """
    limits = limits or ReadLimits()
    kind = path.suffix.lower()
    if kind in LAYERED:
        known = list_layers(path)
        require_layer(path, layer, known)
        if layer is None and len(known) > 1:
            raise InputError("sources.which_layer", where=path.name, layers=known)
        layer = layer or (known[0] if known else None)
    else:
        _check_content(path)
    try:
        return _read_parquet(path, limits) if kind in _PARQUET else _read_drawn(path, layer, limits)
    except InputError:
        raise
    except Exception:  # the drivers raise many kinds
        raise InputError("sources.not_a_layer", where=path.name) from None


def require_layer(path: Path, name: str | None, known: list[str]) -> None:
    """Raise `UnknownNameError` unless a file has the sheet or layer asked for."""
    if name is not None and name not in known:
        raise UnknownNameError("sources.unknown_layer", where=path.name, name=name, known=known)


def _read_drawn(path: Path, layer: str | None, limits: ReadLimits) -> Any:
    import geopandas as gpd
    import pyogrio

    kind, full = path.suffix.lower(), path.resolve()
    found = pyogrio.read_info(full, layer=layer)
    if found["driver"] not in _DRIVERS[kind]:
        raise InputError("sources.other_format", where=path.name, ending=kind)
    check_size(path.name, max(int(found["features"]), 0), len(found["fields"]), limits)
    return gpd.read_file(
        full, layer=layer, encoding=_find_codepage(path) if kind == ".shp" else None
    )


def _read_parquet(path: Path, limits: ReadLimits) -> pd.DataFrame:
    """Read a Parquet file whose texts and shapes, unpacked, have been added up before."""
    import geopandas as gpd
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        stated, schema = file.metadata, file.schema_arrow
    check_size(path.name, stated.num_rows, stated.num_columns, limits)
    # A page of few bytes may stand for the same long text in every row: read as numbers of a
    # dictionary first, and counted.
    variable = [
        field.name
        for field in schema
        if pa.types.is_string(field.type) or pa.types.is_binary(field.type)
        or pa.types.is_large_string(field.type) or pa.types.is_large_binary(field.type)
    ]  # fmt: skip
    unpacked = 0
    for name in variable:
        column = parquet.read_table(path, columns=[name], read_dictionary=[name]).column(0)
        column.validate(full=True)  # texts that are no UTF-8 would be found out one by one, later
        for chunk in column.chunks:
            lengths = pc.binary_length(chunk.dictionary)
            unpacked += pc.sum(lengths.take(chunk.indices)).as_py() or 0
        if unpacked > limits.max_unpacked_bytes:
            raise InputError("guards.unpacks_large", where=path.name)
    # Columns x and y in a plain Parquet file are as good as in a CSV file.
    metadata = schema.metadata or {}
    return gpd.read_parquet(path) if b"geo" in metadata else pd.read_parquet(path)


def _check_content(path: Path) -> None:
    """Raise `InputError` unless the content is what the ending says."""
    kind = path.suffix.lower()
    checks = {".gpkg": _is_geopackage, ".kml": _is_kml, ".geojson": _is_geojson,
              ".json": _is_geojson, ".shp": _is_shapefile}  # fmt: skip
    check = checks.get(kind, _is_parquet)
    try:
        fits = check(path)
    except InputError:
        raise
    except (OSError, ValueError, LookupError, sqlite3.Error, expat.ExpatError):
        fits = False
    if not fits:
        raise InputError("sources.other_format", where=path.name, ending=kind)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _is_shapefile(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == _SHAPES


def _is_geojson(path: Path) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content[:1_000].removeprefix(codecs.BOM_UTF8).lstrip()
        return start.startswith(b"{") and _OTHER_FORMATS.search(content) is None


def _is_kml(path: Path) -> bool:
    names: list[str] = []
    parser = watch_xml(path.name, lambda name, _: names.append(name) if not names else None)
    with path.open("rb") as file:
        parser.ParseFile(file)
    return names[0].rsplit(":", 1)[-1] in ("kml", "Placemark", "Document")


def _is_geopackage(path: Path) -> bool:
    """Look into the tables: none may be computed by functions or come from elsewhere."""
    with path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(b"SQLite format 3\x00") or head[68:72] not in _GEOPACKAGE:
        return False
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as base:
        for kind, name, sql in base.execute("SELECT type, name, sql FROM sqlite_schema"):
            words = " ".join(str(sql or "").lower().split())
            if words.startswith("create virtual table") and " using rtree" not in words:
                return False
            if kind == "view":
                raise InputError("sources.layer_is_view", where=path.name, name=name)
            if kind == "table" and not words.startswith("create virtual table"):
                hidden = base.execute("SELECT hidden FROM pragma_table_xinfo(?)", (name,))
                if any(row[0] for row in hidden):
                    return False
    return True


def _find_codepage(path: Path) -> str | None:
    """Return the codec of a Shapefile's texts: as stated beside it, in its table, or as they look.

    The `.cpg` file goes before the language byte of the `.dbf`; where neither names one,
    UTF-8 is taken if it fits, else of the two Baltic code pages the one that gives more
    Latvian letters.
    """
    stated = path.with_suffix(".cpg")
    if stated.is_file() and stated.stat().st_size < 100:
        name = stated.read_text(encoding="ascii", errors="ignore").strip().lower()
        number = name.removeprefix("ansi").removeprefix("cp").removeprefix("windows-").strip()
        for word in (name, f"cp{number}"):
            try:
                return codecs.lookup(word).name
            except LookupError:
                continue
    table = path.with_suffix(".dbf")
    if not table.is_file():
        return None
    content = table.read_bytes()
    if len(content) < 32:
        return None
    if content[29] in _LANGUAGE_BYTES:
        return _LANGUAGE_BYTES[content[29]]
    texts = content[int.from_bytes(content[8:10], "little") :]
    try:
        texts.decode("utf-8")
    except UnicodeDecodeError:
        return max(
            ("cp1257", "cp775"),
            key=lambda codec: sum(
                letter in _LATVIAN_LETTERS for letter in texts.decode(codec, errors="replace")
            ),
        )
    return "utf-8"
