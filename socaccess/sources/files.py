"""Rows of the files users bring, as they stand: spreadsheets, text tables, GIS layers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.guards import ReadLimits, check_file, check_size, check_workbook, unguard_text
from socaccess.messages import Message, name_line
from socaccess.schemas import RowNames
from socaccess.sources.layers import LAYERED, LAYERS, list_layers, read_layer, require_layer

__all__ = ["KINDS", "list_sheets", "read_rows"]

LIMITS = ReadLimits()

ENCODINGS = ("utf-8-sig", "cp1257")
"""Tried in this order: UTF-8 with or without mark, then Windows Baltic."""

DELIMITERS = ";,\t|"

TEXT_TABLES = (".csv", ".txt", ".tsv")
WORKBOOKS = (".xlsx", ".xlsm")
KINDS = (*TEXT_TABLES, *WORKBOOKS, *LAYERS)
"""Endings of the files that can be read."""


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
        frame = read_layer(path, layer, LIMITS)
        return frame, RowNames("common.feature", range(1, len(frame) + 1))
    raise InputError("sources.ending_unknown", where=path.name, ending=kind)


def list_sheets(path: Path) -> list[str]:
    """Return the sheets of a workbook, or the layers of a GeoPackage or KML file, in their order.

    Raises
    ------
    InputError
        If the file is not what its name says.
    """
    if path.suffix.lower() in WORKBOOKS:
        return [str(name) for name in _open_workbook(path).sheet_names]
    return list_layers(path)


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
                check_size(path.name, 0, len(columns), LIMITS)
                continue
            line = reader.line_num + skip
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(columns):
                uneven.append(Message("sources.line_cells", row=name_line(line), count=len(row)))
                row = (row + [""] * len(columns))[: len(columns)]
            rows.append([unguard_text(cell) for cell in row])
            names.append(line)
            check_size(path.name, len(rows), len(columns), LIMITS)
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
        require_layer(path, sheet, [str(name) for name in book.sheet_names])
        try:
            frame = pd.read_excel(book, sheet_name=0 if sheet is None else sheet, dtype=object)
        except (ValueError, KeyError, OSError):
            raise InputError("guards.not_a_workbook", where=path.name) from None
    frame.columns = [str(name).strip() for name in frame.columns]
    filled = frame.notna().any(axis=1).to_numpy()
    names = RowNames("common.row", np.flatnonzero(filled) + 2)
    frame = frame[filled].reset_index(drop=True)
    return frame.where(frame.notna(), None), names
