"""Rows of the files users bring, as they stand: spreadsheets, text tables, GIS layers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
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
    try:
        return _read_kind(path, kind, layer)
    except MemoryError:
        raise InputError("guards.out_of_memory", where=path.name) from None


def _read_kind(path: Path, kind: str, layer: str | None) -> tuple[pd.DataFrame, Any]:
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
    delimiter = _find_delimiter(lines[skip : skip + _TOP])
    reader = csv.reader(io.StringIO("\n".join(lines[skip:]), newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    names: list[int] = []
    widest = 0
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            rows.append([unguard_text(cell) for cell in row])
            names.append(reader.line_num + skip)
            widest = max(widest, len(row) if len(rows) <= _TOP else 0)
            check_size(path.name, len(rows) - 1, widest, LIMITS)
    except csv.Error:
        raise InputError("sources.not_a_table", where=path.name) from None
    return _make_table(path.name, rows, names, "common.line")


def _find_delimiter(top: list[str]) -> str:
    """Return what parts the cells of the first line that has any parted, a comma if none has."""
    for line in top:
        delimiter = max(DELIMITERS, key=lambda mark: (line.count(mark), mark == ","))
        if line.count(delimiter):
            return delimiter
    return ","


_TOP = 12
"""Among so many filled rows the header stands."""


def _find_header(rows: Sequence[Sequence[object]]) -> int:
    """Return the position of the header: titles and merged headings above it fill fewer cells."""
    filled = [sum(not _is_blank(cell) for cell in row) for row in rows[:_TOP]]
    if not filled:
        return 0
    width, longest = max(filled), max(len(row) for row in rows[:_TOP])
    for at, (count, row) in enumerate(zip(filled, rows, strict=False)):
        title = count == 1 or len(row) == longest
        if not title or count >= 0.6 * width:
            return at
    return 0


def _make_table(
    where: str, rows: Sequence[Sequence[Any]], names: Sequence[int], kind: str
) -> tuple[pd.DataFrame, RowNames]:
    """Return rows below their header as a table, what was passed over above it stated."""
    at = _find_header(rows)
    columns = ["" if _is_blank(cell) else str(cell).strip() for cell in rows[at]] if rows else []
    problems, uneven, body = [], [], []
    for name, row in zip(names[at + 1 :], rows[at + 1 :], strict=True):
        if len(row) != len(columns):
            uneven.append(Message("sources.line_cells", row=name_line(name), count=len(row)))
            continue
        body.append([None if _is_blank(cell) else cell for cell in row])
    # Columns without heading and without a value are how a spreadsheet ends.
    used = [
        bool(columns[i]) or any(row[i] is not None for row in body) for i in range(len(columns))
    ]
    columns = [name for name, kept in zip(columns, used, strict=True) if kept]
    body = [[cell for cell, kept in zip(row, used, strict=True) if kept] for row in body]
    doubled = sorted({name or '""' for name in columns if columns.count(name) > 1})
    if doubled:
        problems.append(Problem("schemas.column_twice", where, doubled))
    if uneven:
        problems.append(Problem("sources.uneven_rows", where, uneven, cells=len(used)))
    raise_problems(problems)
    frame = pd.DataFrame(body, columns=columns, dtype=object)
    if at:
        frame.attrs["notes"] = (Problem("sources.header_found", where, [names[at]]),)
    return frame, RowNames(kind, np.asarray(names[at + 1 :], dtype=np.int64))


def _is_blank(cell: object) -> bool:
    return cell is None or cell is pd.NaT or cell != cell or cell == ""


def _open_workbook(path: Path) -> pd.ExcelFile:
    import zipfile

    check_workbook(path)
    try:
        return pd.ExcelFile(path, engine="openpyxl")
    except (ValueError, KeyError, OSError, zipfile.BadZipFile):
        raise InputError("guards.not_a_workbook", where=path.name) from None


def _read_sheet(path: Path, sheet: str | None) -> tuple[pd.DataFrame, RowNames]:
    with _open_workbook(path) as book:
        known = [str(name) for name in book.sheet_names]
        require_layer(path, sheet, known)
        shown = [str(each.title) for each in book.book.worksheets if each.sheet_state == "visible"]
        taken = sheet or (shown or known)[0]
        try:
            rows, names = _list_rows(book, taken)
            others = [] if sheet else [name for name in shown if name != taken]
            heads = {name: _list_rows(book, name, most=_TOP)[0] for name in others}
        except (ValueError, KeyError, OSError):
            raise InputError("guards.not_a_workbook", where=path.name) from None
    frame, row_names = _make_table(path.name, rows, names, "common.row")
    mine = set(frame.columns)
    left = [name for name, head in heads.items() if _rivals(mine, head)]
    if left:
        note = Problem("sources.sheets_left", path.name, taken=taken, others=left)
        frame.attrs["notes"] = (*frame.attrs.get("notes", ()), note)
    return frame, row_names


def _list_rows(
    book: pd.ExcelFile, sheet: str, most: int | None = None
) -> tuple[list[list[Any]], list[int]]:
    """Return the filled rows of a sheet, and which they are, from 1."""
    cells = pd.read_excel(book, sheet_name=sheet, dtype=object, header=None, nrows=most)
    filled = np.flatnonzero(cells.notna().any(axis=1).to_numpy())
    return cells.iloc[filled].astype(object).to_numpy().tolist(), (filled + 1).tolist()


def _rivals(mine: set[str], head: list[list[Any]]) -> bool:
    """Return whether another sheet may be the table meant: the same headings, or more of them."""
    if not head:
        return False
    theirs = {str(cell).strip() for cell in head[_find_header(head)] if not _is_blank(cell)}
    return len(mine & theirs) > 1 or len(mine) < 3 <= len(theirs)
