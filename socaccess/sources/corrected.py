"""A corrected copy of a table, written beside the original: what was changed is marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.encoding import encode_csv, open_workbook, write_layer
from socaccess.errors import InputError
from socaccess.files import write_aside
from socaccess.i18n import Texts
from socaccess.messages import Message, show_value
from socaccess.sources.cleaning import REASONS
from socaccess.sources.correcting import Correction, Finding, list_findings

if TYPE_CHECKING:
    from socaccess.sources.tables import Inspection

__all__ = ["COPY_KINDS", "choose_copy", "write_corrected"]

COPY_KINDS = (".xlsx", ".csv", ".gpkg", ".geojson")
"""Endings of the copies that can be written."""

CORRECTIONS = "corrections"
"""The column of a copy that tells what was changed in its row."""

_CHANGED, _FAULT = "#FFF2CC", "#F8CBAD"
_NOTES = ("kind", "row", "column", "value", "what", "hint")


def choose_copy(file: Path, copy: Path | None, *, polygons: bool) -> Path:
    """Return where a corrected copy goes: beside the original, of its kind where that can be.

    Raises
    ------
    InputError
        If the copy would take the place of a file, or is of a kind that cannot be written.
    """
    if copy is None:
        ending = file.suffix.lower() if file.suffix.lower() in COPY_KINDS else ".xlsx"
        ending = ".gpkg" if polygons else ending
        copy = file.with_name(f"{file.stem}.corrected{ending}")
    kinds = COPY_KINDS[2:] if polygons else COPY_KINDS
    if copy.suffix.lower() not in kinds:
        raise InputError("sources.copy_kind", where=copy.name, kinds=kinds)
    if copy.exists():
        raise InputError("sources.copy_exists", where=copy)
    return copy


def write_corrected(
    found: Inspection,
    correction: Correction,
    path: Path,
    *,
    lang: str = "lv",
    duplicates: pd.DataFrame | None = None,
) -> None:
    """Write a corrected copy.

    The column `corrections` tells in every row what was changed. A workbook also marks
    the cells (yellow: changed, red: still wrong) and has a sheet with every finding, and
    one with duplicates to decide on.

    Parameters
    ----------
    found, correction
        What was found, and what was put right.
    path
        Where to; see `choose_copy`.
    lang
        Language of sheets and headings.
    duplicates
        Pairs to decide on (`find_duplicates`), for a workbook.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    rows = correction.rows.assign(**{CORRECTIONS: _describe_rows(correction, Texts(lang))})
    kind = path.suffix.lower()
    with write_aside(path) as aside:
        if kind == ".csv":
            aside.write_bytes(encode_csv(rows))
        elif kind == ".xlsx":
            _write_workbook(rows, found, correction, aside, Texts(lang), duplicates)
        else:
            _write_layer(rows, correction, aside)


def _describe_rows(correction: Correction, texts: Texts) -> list[str | None]:
    told: dict[int, list[str]] = {}
    for change in correction.changes:
        why = Message(REASONS[change.why]).text(texts.lang)
        before = "" if change.before is None else f"{change.before} "
        told.setdefault(change.row, []).append(f"{change.column}: {before}→ {change.after} ({why})")
    return ["; ".join(told[row]) if row in told else None for row in range(len(correction.rows))]


def _write_layer(rows: pd.DataFrame, correction: Correction, path: Path) -> None:
    import geopandas as gpd

    if correction.geometry is None:
        raise InputError("sources.copy_without_geometry", where=path.name)
    plain = rows.astype(object).where(rows.notna(), None)
    degrees = correction.geometry.to_crs(crs_.EXCHANGE)
    frame = gpd.GeoDataFrame(plain.infer_objects(), geometry=degrees)
    write_layer(frame, path)


def _write_workbook(
    rows: pd.DataFrame,
    found: Inspection,
    correction: Correction,
    path: Path,
    texts: Texts,
    duplicates: pd.DataFrame | None,
) -> None:
    with open_workbook(path) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        formats = {"change": book.add_format({"bg_color": _CHANGED}),
                   "fault": book.add_format({"bg_color": _FAULT})}  # fmt: skip
        marks = {(change.row, change.column): "change" for change in correction.changes}
        for finding in list_findings(correction.left):
            if finding.row is not None and finding.kind == "fault":
                marks[finding.row, finding.column] = "fault"
        _fill(book.add_worksheet(texts("cli.sheet_data")), rows, head, formats, marks)
        notes = _tabulate_notes([*list_findings(found)], correction, texts)
        _fill(book.add_worksheet(texts("cli.sheet_notes")), notes, head, formats, {})
        if duplicates is not None:
            _fill(book.add_worksheet(texts("cli.sheet_duplicates")), duplicates, head, formats, {})


def _tabulate_notes(findings: list[Finding], correction: Correction, texts: Texts) -> pd.DataFrame:
    """Return every finding as a row; those put right are told as changes, with the new value."""
    names = correction.left.row_names
    shown = [
        (finding.kind, show_value(finding.row_name, texts.lang),
         finding.heading or finding.column, finding.value,
         finding.problem.describe(texts.lang), finding.problem.advise(texts.lang))
        for finding in findings
        if finding.kind != "change"
    ]  # fmt: skip
    shown += [
        ("change", show_value(names[change.row], texts.lang), change.column,
         "" if change.before is None else str(change.before),
         Message(REASONS[change.why]).text(texts.lang), str(change.after))
        for change in correction.changes
    ]  # fmt: skip
    table = pd.DataFrame(shown, columns=list(_NOTES))
    table["kind"] = table["kind"].map(lambda kind: texts(f"cli.kind_{kind}"))
    return table.rename(columns={name: texts(f"cli.note_{name}") for name in _NOTES})


def _fill(
    sheet: Any, table: pd.DataFrame, head: Any, formats: dict[str, Any], marks: dict[Any, str]
) -> None:
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, str(name), head)
        values = table[name].tolist()
        longest = max([len(str(name)), *(len(str(value)) for value in values if value is not None)])
        sheet.set_column(column, column, min(max(8, longest + 1), 60))
        for row, value in enumerate(values):
            mark = marks.get((row, name))
            form = formats[mark] if mark else None
            missing = (
                value is None
                or value is pd.NA
                or (isinstance(value, float) and not np.isfinite(value))
            )
            if missing:
                sheet.write_blank(row + 1, column, None, form)
            elif isinstance(value, bool | np.bool_):
                sheet.write_boolean(row + 1, column, bool(value), form)
            elif isinstance(value, int | float | np.number):
                sheet.write_number(row + 1, column, float(value), form)
            else:
                sheet.write_string(row + 1, column, str(value), form)
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
