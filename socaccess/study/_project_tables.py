"""The tables of a project, read in the order in which they refer to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.schemas import (
    CANDIDATES,
    FACILITIES,
    MUNICIPALITIES,
    NEED,
    SERVICE_TYPES,
    SETTLEMENTS,
    Column,
    TableForm,
)
from socaccess.sources.duplicates import merge_duplicates
from socaccess.sources.files import read_rows
from socaccess.sources.gazetteer import Gazetteer
from socaccess.sources.headings import name_columns
from socaccess.sources.population import make_origins, read_people, spread_population
from socaccess.sources.reference import Reference
from socaccess.sources.services import load_service_types
from socaccess.sources.tables import inspect_table

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.project import Project, Source

__all__ = ["read_tables"]

TARGETS = TableForm(
    "targets",
    (Column("target_group", required=True), Column("persons", "number", minimum=0),
     Column("indicator", default="target"), Column("source", default="")),
)  # fmt: skip

# People of a grid give the population, so the table need not.
_PLACES = replace(
    SETTLEMENTS,
    columns=tuple(
        replace(column, required=False, default=0.0) if column.name == "population" else column
        for column in SETTLEMENTS.columns
    ),
)


def read_tables(project: Project) -> tuple[dict[str, Any], list[Problem]]:
    """Return the tables of a project as `Study` takes them, and what its user should know.

    Raises
    ------
    InputError
        With everything that is wrong in all of them.
    """
    problems: list[Problem] = []
    notes: list[Problem] = []

    def read(
        name: str, form: TableForm, reference: Reference, gazetteer: Gazetteer | None = None
    ) -> pd.DataFrame | None:
        tables = []
        for source in project.inputs.get(name, ()):
            try:
                table, found = _read(source, form, reference, gazetteer)
            except InputError as error:
                problems.extend(error.problems)
                continue
            tables.append(table)
            notes.extend(found)
        return _stack(tables)

    anything = Reference()
    types = read("service_types", SERVICE_TYPES, anything)
    if types is None:
        types = load_service_types()
    outlines = read("municipalities", MUNICIPALITIES, anything)
    # Without outlines nothing else can be told of; all that is known so far is said.
    if outlines is None:
        raise_problems(problems)
    known = Reference.of_study(outlines, None, types)
    settlements = _read_settlements(project, outlines, known, read, notes, problems)
    raise_problems(problems)
    known = replace(known, settlements=settlements)
    gazetteer = Gazetteer.from_tables(settlements, outlines) if project.place else None
    facilities = read("facilities", FACILITIES, known, gazetteer)
    tables: dict[str, Any] = {
        "municipalities": outlines,
        "settlements": settlements,
        "service_types": types,
        "need": read("need", NEED, known),
        "targets": read("targets", TARGETS, known),
    }
    candidates = read("candidates", CANDIDATES, known)
    if candidates is not None:
        tables["candidates"] = tuple(candidates["settlement_id"])
    raise_problems(problems)
    tables["facilities"] = _merge(project, facilities, notes)
    return tables, notes


def _read(
    source: Source, form: TableForm, reference: Reference, gazetteer: Gazetteer | None
) -> tuple[pd.DataFrame, list[Problem]]:
    found = inspect_table(
        source.path,
        form,
        layer=source.layer,
        crs=source.crs,
        reference=reference,
        gazetteer=gazetteer,
    )
    raise_problems(found.problems)
    assert found.checked is not None
    return found.checked, list(found.notes)


def _stack(tables: list[pd.DataFrame]) -> Any:
    """Return tables of one form as one, in the metric system of the first; None of none."""
    import geopandas as gpd

    if len(tables) < 2:
        return tables[0] if tables else None
    first = tables[0]
    if isinstance(first, gpd.GeoDataFrame):
        tables = [table.to_crs(first.crs) for table in tables]
    return pd.concat(tables, ignore_index=True)


def _read_settlements(
    project: Project,
    outlines: gpd.GeoDataFrame,
    known: Reference,
    read: Callable[[str, TableForm, Reference], Any],
    notes: list[Problem],
    problems: list[Problem],
) -> gpd.GeoDataFrame | None:
    """Return the settlements, with the people of a grid where the project names one."""
    if "population" not in project.inputs:
        return read("settlements", SETTLEMENTS, known)
    (source,) = project.inputs["population"]
    settlements = read("settlements", _PLACES, known)
    try:
        people = read_people(
            source.path, layer=source.layer, crs=source.crs, persons=source.persons
        )
    except InputError as error:
        problems.extend(error.problems)
        return None
    name = source.path.name
    if settlements is not None:
        spread = spread_population(people, settlements, outlines, scale=project.scale_population)
        notes += spread.list_problems(name)
        return spread.settlements
    if "settlements" in project.inputs:
        return None
    origins, outside = make_origins(people, outlines)
    if len(outside):
        lost = float(outside["persons"].sum())
        what = f"{lost:,.0f} people live in no municipality of the study, and are not in it"
        notes.append(Problem(what, name, tuple(outside["cell_id"].astype(str))))
    return origins


def _merge(
    project: Project, facilities: gpd.GeoDataFrame, notes: list[Problem]
) -> gpd.GeoDataFrame:
    """Return the facilities with those made one that the user decided are the same."""
    for source in project.inputs.get("duplicates", ()):
        rows, _ = read_rows(source.path, layer=source.layer)
        pairs, _ = name_columns(rows)
        missing = [name for name in ("facility_id", "duplicate_id", "decision")
                   if name not in pairs]  # fmt: skip
        if missing:
            raise InputError(f"{source.path.name}: column {', '.join(missing)} is missing")
        before = len(facilities)
        facilities = merge_duplicates(facilities, pairs, where=source.path.name)
        if before > len(facilities):
            what = f"{before - len(facilities)} facilities were merged as decided"
            notes.append(Problem(what, source.path.name))
    return facilities
