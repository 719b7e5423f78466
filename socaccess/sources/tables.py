"""Tables users bring: read whatever spreadsheet software wrote, explain what is wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, SocAccessWarning, raise_problems
from socaccess.schemas import FORMS, LATVIA_BOUNDS, TableForm, check_table
from socaccess.sources.cleaning import Change, clean_cells, name_columns, name_municipalities
from socaccess.sources.files import read_rows
from socaccess.sources.gazetteer import Gazetteer
from socaccess.sources.placing import place_points, place_rows
from socaccess.sources.population import find_municipalities
from socaccess.sources.reference import Bounds, Reference

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Inspection", "guess_form", "inspect_rows", "inspect_table", "read_rows", "read_table"]

OTHER = "other"
"""Service of a facility that fits no service type."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """A table as read, with everything that was found in it.

    Parameters
    ----------
    file
        Name of the file.
    form
        What it was taken for.
    rows
        The rows as they stand in the file, under our column names.
    row_names
        How the user knows each row: line, row or feature.
    headings
        What the user calls each of our columns.
    cleaned
        The rows with values as we write them; geometry in metres where there is any.
    checked
        The table in our form; None when there are problems.
    changes
        Every cell that was taken for something else than stands there.
    problems
        Everything that is wrong.
    notes
        What was done to the whole table that the user should know.
    """

    file: str
    form: TableForm
    rows: pd.DataFrame
    row_names: list[str]
    headings: Mapping[str, str]
    cleaned: pd.DataFrame
    checked: pd.DataFrame | None
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def read_table(
    path: str | Path,
    form: TableForm | None = None,
    *,
    layer: str | None = None,
    crs: str | None = None,
    bounds: Bounds | None = LATVIA_BOUNDS,
    known_municipalities: Sequence[str] | None = None,
    reference: Reference | None = None,
) -> pd.DataFrame:
    r"""Return a table a user brings, checked and in our form.

    Parameters
    ----------
    path
        CSV (comma, semicolon, tab; decimal point or comma; UTF-8 with or without
        mark, or Windows-1257), XLSX, GeoPackage, GeoJSON, Shapefile (in its code
        page), GeoParquet or KML.
    form
        The form wanted; guessed from the columns if not given.
    layer
        Sheet of a workbook, or layer of a GeoPackage or KML file with several.
    crs
        System of columns `x`, `y`, or of a geometry file that does not say
        (`lon`, `lat` are always degrees).
    bounds
        Where points may lie, degrees west, south, east, north; None anywhere.
    known_municipalities
        Ids of municipalities that exist; by default those of Latvia today.
        Names, also old ones, are turned into ids.
    reference
        What the table may refer to, in place of `bounds`, `known_municipalities` and
        Latvia's settlements and services.

    Returns
    -------
    pandas.DataFrame
        A GeoDataFrame in EPSG:3059 (or the metric system of the place) where the
        form has geometry.

    Raises
    ------
    InputError
        With every finding of the file at once, rows by their line.

    Warns
    -----
    SocAccessWarning
        If the axes of all coordinates are swapped and were taken the other way round.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = file.write_text("facility_id;name;service;status;lon;lat\n"
    ...                     "a;Centrs;dac_grt;operating;27,72;56,55\n", encoding="cp1257")
    >>> read_table(file)[["facility_id", "service"]].values.tolist()
    [['a', 'dac_grt']]
    """
    if reference is None:
        reference = _choose_reference(bounds, known_municipalities)
    found = inspect_table(path, form, layer=layer, crs=crs, reference=reference)
    raise_problems(found.problems)
    for note in found.notes:
        warnings.warn(str(note), SocAccessWarning, stacklevel=2)
    assert found.checked is not None
    return found.checked


def inspect_table(
    path: str | Path,
    form: TableForm | None = None,
    *,
    layer: str | None = None,
    crs: str | None = None,
    reference: Reference | None = None,
    gazetteer: Gazetteer | None = None,
) -> Inspection:
    """Return a table with everything found in it; parameters are those of `read_table`.

    With a `gazetteer`, rows without coordinates are placed where it finds their
    settlement or address (`socaccess.sources.placing.place_rows`).

    Raises
    ------
    InputError
        If the file cannot be read at all, or its columns fit no form.
    """
    path = Path(path)
    rows, row_names = read_rows(path, layer=layer)
    return inspect_rows(
        rows, row_names, path.name, form, crs=crs, reference=reference, gazetteer=gazetteer
    )


def inspect_rows(
    rows: pd.DataFrame,
    row_names: list[str],
    file: str,
    form: TableForm | None = None,
    *,
    crs: str | None = None,
    reference: Reference | None = None,
    gazetteer: Gazetteer | None = None,
) -> Inspection:
    """Return rows as `read_rows` gives them with everything found in them.

    Raises
    ------
    InputError
        If their columns fit no form.
    """
    import geopandas as gpd

    reference = reference or Reference.of_latvia()
    rows, headings = name_columns(rows, form.name if form else "")
    form = form or guess_form(rows, file)
    problems: list[Problem] = []
    notes: list[Problem] = []
    cleaned, changes = clean_cells(rows, form, reference)
    if form.geometry:
        cleaned, found, notes = place_points(
            cleaned, form, file, row_names, crs=crs, bounds=reference.bounds
        )
        problems += found
    if form.name != "municipalities":
        cleaned, found, named = name_municipalities(cleaned, file, row_names, reference)
        problems += found
        changes += named
    if form.geometry == "point" and isinstance(reference.municipalities, gpd.GeoDataFrame):
        cleaned, found = _find_home(cleaned, reference.municipalities, file, row_names)
        notes += found
    if gazetteer is not None and form.geometry == "point":
        cleaned, found, placed = _place_by_name(cleaned, gazetteer, file, row_names)
        notes += found
        changes += placed
    checked: pd.DataFrame | None = None
    try:
        checked = check_table(
            cleaned,
            form,
            where=file,
            row_names=row_names,
            known=_list_known(form, reference),
            bounds=reference.bounds,
        )
    except InputError as error:
        # Placing and naming already said what they found of the same columns.
        said = {problem.where for problem in problems if "column" in str(problem.where)}
        problems += [problem for problem in error.problems if problem.where not in said]
    return Inspection(
        file=file,
        form=form,
        rows=rows,
        row_names=row_names,
        headings=headings,
        cleaned=cleaned,
        checked=None if problems else checked,
        changes=tuple(changes),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def guess_form(frame: pd.DataFrame, where: str) -> TableForm:
    """Return the form whose columns fit best.

    Raises
    ------
    InputError
        If the columns fit none.
    """
    columns = set(frame.columns)
    order = ("facilities", "need", "settlements", "municipalities", "service_types")
    keys = {
        "facilities": {"facility_id", "service", "status"},
        "need": {"persons", "target_group"},
        "settlements": {"settlement_id", "population"},
        "municipalities": {"municipality_id", "geometry"},
        "service_types": {"limit_min", "name_lv"},
    }
    scores = {name: len(columns & keys[name]) / len(keys[name]) for name in order}
    best = max(order, key=lambda name: scores[name])
    if scores[best] < 0.5:
        raise InputError(
            f"{where}: the columns fit no table we know "
            f"(found: {', '.join(map(str, frame.columns))}); "
            f"say which with --as {'|'.join(FORMS)}"
        )
    return FORMS[best]


_OPEN = {
    "ambiguous": ("several places fit", "write the settlement_id of the one that is meant"),
    "unsure": ("the place is not sure", "write its settlement_id, or correct the name"),
    "not_found": ("the place is not found", "write its settlement_id, or coordinates"),
    "municipality": ("only the municipality is known", "write the settlement, or coordinates"),
}


def _place_by_name(
    frame: pd.DataFrame, gazetteer: Gazetteer, where: str, names: list[str]
) -> tuple[pd.DataFrame, list[Problem], list[Change]]:
    placed = place_rows(frame, gazetteer)
    notes = []
    for answer, (what, hint) in _OPEN.items():
        rows = np.flatnonzero((placed["placing"] == answer).to_numpy())
        told = [
            f"{names[i]}: {choice}" if isinstance(choice, str) else names[i]
            for i, choice in zip(rows, placed["candidates"].iloc[rows], strict=True)
        ]
        if told:
            notes.append(Problem(what, where, tuple(told), hint))
    changes = [
        Change(i, "geometry", None, f"{row.settlement_id} ({row.confidence:.2f})", "place")
        for i, row in enumerate(placed.itertuples())
        if row.placing in ("placed", "decided")
    ]
    return placed, notes, changes


def _find_home(
    frame: pd.DataFrame, outlines: gpd.GeoDataFrame, where: str, names: list[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return rows that name no municipality with the one their point lies in."""
    import geopandas as gpd

    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None or not len(frame):
        return frame, []
    own = frame.get("municipality_id", pd.Series(None, index=frame.index, dtype=object))
    blank = (own.isna() | (own.astype(str).str.strip() == "")).to_numpy()
    blank = blank & ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    if not blank.any():
        return frame, []
    found = own.astype(object).to_numpy(copy=True)
    found[blank] = find_municipalities(frame[blank], outlines)
    rows = tuple(f"{names[i]}: {found[i]}" for i in np.flatnonzero(blank) if found[i] is not None)
    notes = [Problem("the municipality was taken from the outlines", where, rows)] if rows else []
    return frame.assign(municipality_id=found), notes


def _choose_reference(bounds: Bounds | None, known: Sequence[str] | None) -> Reference:
    reference = replace(Reference.of_latvia(), bounds=bounds)
    if known is None:
        return reference
    ids = [str(name) for name in known]
    table = pd.DataFrame({"municipality_id": ids, "name": ids})
    return replace(reference, municipalities=table, settlements=None, old_names=False)


def _list_known(form: TableForm, reference: Reference) -> dict[str, Sequence[str]]:
    """Return the values that exist for the columns of a form that refer to other tables."""
    known: dict[str, Sequence[str]] = {}
    if form.name in ("facilities", "need") and reference.service_types is not None:
        known["service"] = [*reference.service_types["service"], OTHER]
    if form.name in ("need", "candidates") and reference.settlements is not None:
        known["settlement_id"] = reference.settlements["settlement_id"].tolist()
    return known
