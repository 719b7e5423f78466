"""Rows of the files users bring, as they stand: spreadsheets, text tables, GIS layers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.guards import ReadLimits, check_file, check_workbook, unguard_text
from socaccess.messages import Message, name_line
from socaccess.schemas import RowNames

__all__ = ["KINDS", "list_layers", "read_rows"]

LIMITS = ReadLimits()

ENCODINGS = ("utf-8-sig", "cp1257")
"""Tried in this order: UTF-8 with or without mark, then Windows Baltic."""

DELIMITERS = ";,\t|"

TEXT_TABLES = (".csv", ".txt", ".tsv")
WORKBOOKS = (".xlsx", ".xlsm")
LAYERED = (".gpkg", ".kml")
LAYERS = (*LAYERED, ".geojson", ".json", ".shp", ".parquet", ".geoparquet")
KINDS = (*TEXT_TABLES, *WORKBOOKS, *LAYERS)
"""Endings of the files that can be read."""

# The language byte of a DBF file, where it names one code page and not just "ANSI" or "OEM".
_LANGUAGE_BYTES = {0xCC: "cp1257", 0x64: "cp852", 0xC8: "cp1250", 0xC9: "cp1251", 0x65: "cp866",
                   0x26: "cp866", 0x03: "cp1252", 0x01: "cp437", 0x02: "cp850"}  # fmt: skip
_LATVIAN_LETTERS = frozenset("āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽ")


def read_rows(path: Path, *, layer: str | None = None) -> tuple[pd.DataFrame, Any]:
    """Return the rows of a file as they are, and how a user knows each (line, row, feature).

    Parameters
    ----------
    path
        The file.
    layer
        Sheet of a workbook or layer of a GeoPackage or KML file; by default the first
        sheet, and the only layer.

    Raises
    ------
    InputError
        If the file is missing, empty, too large, not what its name says, or has several
        layers and none is named.
    UnknownNameError
        If it has no such sheet or layer, with those it has.
    """
    check_file(path)
    kind = path.suffix.lower()
    if layer is not None and kind not in (*WORKBOOKS, *LAYERED):
        raise InputError("sources.no_layers", where=path.name, ending=kind)
    if kind in TEXT_TABLES:
        return _read_csv(path)
    if kind in WORKBOOKS:
        return _read_sheet(path, layer)
    if kind in LAYERS:
        return _read_layer(path, layer)
    raise InputError("sources.ending_unknown", where=path.name, ending=kind)


def list_layers(path: Path) -> list[str]:
    """Return the sheets of a workbook or the layers of a GeoPackage or KML file, in their order.

    Raises
    ------
    InputError
        If the file is not what its name says.
    """
    if path.suffix.lower() in WORKBOOKS:
        return [str(name) for name in _open_workbook(path).sheet_names]
    import pyogrio

    try:
        return [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except Exception:  # the drivers raise many kinds
        raise InputError("sources.not_a_layer", where=path.name) from None


def _read_csv(path: Path) -> tuple[pd.DataFrame, RowNames]:
    content = path.read_bytes()
    text = ""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if not text or "\x00" in text:
        raise InputError("sources.not_text", where=path.name)
    # Line ends of a file, not the separators that text from elsewhere has inside its cells.
    lines = re.split("\r\n|\r|\n", text)
    skip = 1 if lines and lines[0].lower().startswith("sep=") else 0
    header = lines[skip] if len(lines) > skip else ""
    delimiter = max(DELIMITERS, key=lambda mark: (header.count(mark), mark == ","))
    if not header.count(delimiter):
        delimiter = ","
    reader = csv.reader(io.StringIO("\n".join(lines[skip:]), newline=""), delimiter=delimiter)
    rows, names, uneven = [], [], []
    columns: list[str] = []
    try:
        for row in reader:
            if not columns:
                columns = [name.strip() for name in row]
                continue
            line = reader.line_num + skip
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(columns):
                uneven.append(Message("sources.line_cells", row=name_line(line), count=len(row)))
                row = (row + [""] * len(columns))[: len(columns)]
            rows.append([unguard_text(cell) for cell in row])
            names.append(line)
            if len(rows) > LIMITS.max_rows:
                raise InputError("sources.too_many_rows", where=path.name, most=LIMITS.max_rows)
    except csv.Error:
        raise InputError("sources.not_a_table", where=path.name) from None
    problems = []
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        problems.append(Problem("schemas.column_twice", path.name, doubled))
    if uneven:
        problems.append(Problem("sources.uneven_rows", path.name, uneven, cells=len(columns)))
    raise_problems(problems)
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.where(frame != "", None), RowNames("common.line", names)


def _open_workbook(path: Path) -> pd.ExcelFile:
    import zipfile

    check_workbook(path)
    try:
        return pd.ExcelFile(path, engine="openpyxl")
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        raise InputError("guards.not_a_workbook", where=path.name) from None


def _read_sheet(path: Path, sheet: str | None) -> tuple[pd.DataFrame, RowNames]:
    with _open_workbook(path) as book:
        _require_layer(path, sheet, [str(name) for name in book.sheet_names])
        try:
            frame = pd.read_excel(book, sheet_name=0 if sheet is None else sheet, dtype=object)
        except (ValueError, KeyError, OSError):
            raise InputError("guards.not_a_workbook", where=path.name) from None
    frame.columns = [str(name).strip() for name in frame.columns]
    filled = frame.notna().any(axis=1).to_numpy()
    names = RowNames("common.row", np.flatnonzero(filled) + 2)
    frame = frame[filled].reset_index(drop=True)
    return frame.where(frame.notna(), None), names


def _read_layer(path: Path, layer: str | None) -> tuple[pd.DataFrame, RowNames]:
    kind = path.suffix.lower()
    if kind in LAYERED:
        known = list_layers(path)
        _require_layer(path, layer, known)
        if layer is None and len(known) > 1:
            raise InputError("sources.which_layer", where=path.name, layers=known)
    import geopandas as gpd

    frame: pd.DataFrame
    try:
        if kind in (".parquet", ".geoparquet"):
            frame = _read_parquet(path)
        else:
            encoding = _find_codepage(path) if kind == ".shp" else None
            frame = gpd.read_file(path, layer=layer, encoding=encoding)
    except Exception:  # the drivers raise many kinds
        raise InputError("sources.not_a_layer", where=path.name) from None
    return frame, RowNames("common.feature", range(1, len(frame) + 1))


def _read_parquet(path: Path) -> pd.DataFrame:
    import geopandas as gpd
    import pyarrow.parquet as parquet

    # Columns x and y in a plain Parquet file are as good as in a CSV file.
    metadata = parquet.read_schema(path).metadata or {}
    return gpd.read_parquet(path) if b"geo" in metadata else pd.read_parquet(path)


def _require_layer(path: Path, name: str | None, known: list[str]) -> None:
    if name is not None and name not in known:
        raise UnknownNameError("sources.unknown_layer", where=path.name, name=name, known=known)


def _find_codepage(path: Path) -> str | None:
    """Return the codec of a Shapefile's texts: as stated beside it, in its table, or as they look.

    The `.cpg` file goes before the language byte of the `.dbf`; where neither names one,
    UTF-8 is taken if it fits, else of the two Baltic code pages the one that gives more
    Latvian letters.
    """
    import codecs

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
