"""Tables users bring: read whatever spreadsheet software wrote, explain what is wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, SocAccessWarning, raise_problems
from socaccess.i18n import fold
from socaccess.messages import Message
from socaccess.schemas import (
    FORMS,
    LATVIA_BOUNDS,
    TableForm,
    check_table,
    pick_rows,
    read_numbers,
)
from socaccess.sources.cleaning import Change, clean_cells, name_municipalities, part_services
from socaccess.sources.files import read_rows
from socaccess.sources.gazetteer import Gazetteer
from socaccess.sources.headings import (
    apply_units,
    find_double_meanings,
    name_columns,
    restore_cut_names,
)
from socaccess.sources.placing import place_points, place_rows
from socaccess.sources.plausibility import (
    find_doubtful_need,
    find_doubtful_years,
    find_far_points,
    find_mixed_encoding,
    find_overlaps,
    find_same_places,
    find_swapped_outlines,
    find_totals,
    find_wrong_shares,
    list_containing,
)
from socaccess.sources.population import find_municipalities
from socaccess.sources.reference import Bounds, Reference

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "Inspection",
    "find_doubts",
    "guess_form",
    "inspect_rows",
    "inspect_table",
    "read_rows",
    "read_table",
]

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
    row_names: Sequence[object]
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
    row_names: Sequence[object],
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
    notes: list[Problem] = list(rows.attrs.get("notes", ()))
    if file.lower().endswith(".shp"):
        rows = rows.rename(columns=restore_cut_names(rows.columns))
    rows, headings = name_columns(rows, form.name if form else "")
    form = form or guess_form(rows, file)
    notes += find_double_meanings(rows, headings, file)
    if form.name == "facilities":
        rows, row_names, found = part_services(rows, row_names, reference.service_codes, file)
        notes += found
    rows, problems, found = apply_units(rows, headings, file)
    notes += found
    cleaned, changes = clean_cells(rows, form, reference)
    if form.geometry:
        # The address register's own columns: X is north there.
        if crs is None and fold(headings.get("x", "")).startswith("koord"):
            crs = crs_.LATVIA
        cleaned, found, done = place_points(
            cleaned, form, file, row_names, crs=crs, bounds=reference.bounds
        )
        problems += found
        notes += done
    if form.name != "municipalities":
        cleaned, found, named = name_municipalities(cleaned, file, row_names, reference)
        problems += found
        changes += named
    if form.geometry == "point" and isinstance(reference.municipalities, gpd.GeoDataFrame):
        cleaned, found, named_homes = _find_home(cleaned, reference.municipalities, file, row_names)
        problems += found
        notes += named_homes
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
        said = {problem.column for problem in problems if problem.column is not None}
        problems += [problem for problem in error.problems if problem.column not in said]
    notes += find_doubts(cleaned, form, reference, file, row_names)
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
        given = [str(name) for name in frame.columns]
        raise InputError("sources.no_form", where=where, given=given, forms=list(FORMS))
    return FORMS[best]


_OPEN = {
    "ambiguous": "sources.place_ambiguous",
    "unsure": "sources.place_unsure",
    "not_found": "sources.place_not_found",
    "municipality": "sources.place_municipality_only",
}


def _place_by_name(
    frame: pd.DataFrame, gazetteer: Gazetteer, where: str, names: Sequence[object]
) -> tuple[pd.DataFrame, list[Problem], list[Change]]:
    placed = place_rows(frame, gazetteer)
    notes = []
    for answer, code in _OPEN.items():
        rows = np.flatnonzero((placed["placing"] == answer).to_numpy()).tolist()
        open_rows: list[object] = [
            Message("common.row_value", row=names[i], value=choice)
            if isinstance(choice, str)
            else names[i]
            for i, choice in zip(rows, placed["candidates"].iloc[rows], strict=True)
        ]
        if open_rows:
            notes.append(Problem(code, where, open_rows))
    changes = [
        Change(i, "geometry", None, f"{row.settlement_id} ({row.confidence:.2f})", "place")
        for i, row in enumerate(placed.itertuples())
        if row.placing in ("placed", "decided")
    ]
    return placed, notes, changes


def _find_home(
    frame: pd.DataFrame, outlines: gpd.GeoDataFrame, where: str, names: Sequence[object]
) -> tuple[pd.DataFrame, list[Problem], list[Problem]]:
    """Return rows that name no municipality with the one their point lies in; two are too many."""
    import geopandas as gpd

    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None or not len(frame):
        return frame, [], []
    own = frame.get("municipality_id", pd.Series(None, index=frame.index, dtype=object))
    blank = (own.isna() | (own.astype(str).str.strip() == "")).to_numpy()
    blank = blank & ~(frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    if not blank.any():
        return frame, [], []
    found = own.astype(object).to_numpy(copy=True)
    found[blank] = find_municipalities(frame[blank], outlines)
    taken = blank & pd.Series(found).notna().to_numpy()
    notes = []
    if taken.any():
        rows = pick_rows(names, taken, pd.Series(found))
        notes.append(Problem("sources.municipality_from_outlines", where, rows))
    homes = list_containing(frame, outlines)
    torn = blank & np.array([len(home) > 1 for home in homes])
    problems = []
    if torn.any():
        shown = pd.Series([", ".join(home) for home in homes], dtype=object)
        problems.append(Problem("sources.in_two_outlines", where, pick_rows(names, torn, shown)))
    return frame.assign(municipality_id=found), problems, notes


def find_doubts(
    frame: pd.DataFrame,
    form: TableForm,
    reference: Reference,
    where: str,
    names: Sequence[object],
) -> list[Problem]:
    """Find what is well formed but contradicts plain sense or another table.

    Parameters
    ----------
    frame, form
        A table and its form.
    reference
        What it may refer to.
    where, names
        Its name, and how its owner knows the rows.
    """
    import geopandas as gpd

    located = isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None and len(frame) > 0
    doubts = find_mixed_encoding(frame.drop(columns="geometry", errors="ignore"), where, names)
    if form.name == "settlements" and "population" in frame:
        people = frame.assign(population=read_numbers(frame["population"]).values)
        doubts += find_totals(people, "population", ["municipality_id"], where, names)
    if form.name == "settlements" and located and "name" in frame:
        doubts += find_same_places(frame, where, names)
    if form.name == "municipalities" and located and "name" in frame:
        doubts += find_overlaps(crs_.to_metric(frame, where), where)
        doubts += find_swapped_outlines(frame, reference.bounds, where)
    if form.geometry == "point" and located and "municipality_id" in frame:
        outlines = reference.outlines
        # What is no point is told as such.
        if outlines is not None and (frame.geometry.dropna().geom_type == "Point").all():
            doubts += find_far_points(frame, outlines, where, names)
    if form.name == "facilities":
        doubts += find_doubtful_years(frame, where, names)
    if form.name == "people" and {"settlement_id", "share"} <= set(frame.columns):
        share = pd.to_numeric(frame["share"].astype(str).str.replace(",", "."), errors="coerce")
        doubts += find_wrong_shares(frame.assign(share=share), where)
    if form.name == "need" and reference.settlements is not None and len(frame):
        keys = {"settlement_id", "target_group", "persons"}
        if keys <= set(frame.columns):
            need = frame.assign(persons=read_numbers(frame["persons"]).values)
            doubts += find_totals(need, "persons", ["target_group"], where, names)
            doubts += find_doubtful_need(need, reference.settlements, where, names)
    return doubts


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
