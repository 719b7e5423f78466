"""The tables of a project, read in the order in which they refer to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.schemas import (
    CANDIDATES,
    FACILITIES,
    MUNICIPALITIES,
    NEED,
    PEOPLE,
    SERVICE_TYPES,
    SETTLEMENTS,
    Column,
    TableForm,
)
from socaccess.sources.duplicates import merge_duplicates
from socaccess.sources.files import read_rows
from socaccess.sources.gazetteer import Gazetteer
from socaccess.sources.headings import name_columns
from socaccess.sources.plausibility import find_turned_outlines
from socaccess.sources.population import make_origins, read_people, spread_population
from socaccess.sources.reference import Reference
from socaccess.sources.services import load_service_types
from socaccess.sources.tables import inspect_rows, inspect_table
from socaccess.study.project_form import Source

if TYPE_CHECKING:
    import geopandas as gpd


__all__ = ["Ground", "read_ground", "read_tables"]

Inputs: TypeAlias = Mapping[str, tuple[Source, ...]]
"""Files by what they hold."""

SQUARE_M = 1000.0

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


@dataclass(frozen=True, eq=False)
class Ground:
    """What the other tables of a project refer to."""

    municipalities: gpd.GeoDataFrame
    settlements: gpd.GeoDataFrame
    service_types: pd.DataFrame
    notes: list[Problem]
    people: gpd.GeoDataFrame | None = None

    @property
    def reference(self) -> Reference:
        """The form in which readers ask for it."""
        return Reference.of_study(self.municipalities, self.settlements, self.service_types)


def read_ground(inputs: Inputs, *, scale: bool = False) -> Ground:
    """Return municipalities, settlements and services of a project.

    Raises
    ------
    InputError
        With everything that is wrong in them.
    """
    reader = _Reader(inputs)
    anything = Reference()
    types = reader.read("service_types", SERVICE_TYPES, anything)
    if types is None:
        types = load_service_types()
    outlines = reader.read("municipalities", MUNICIPALITIES, anything)
    if outlines is None:
        # Without outlines nothing else can be judged; what is known so far is said.
        raise_problems(reader.problems)
    reader.problems += _find_turned(inputs, outlines)
    raise_problems(reader.problems)
    settlements, people = _read_settlements(
        inputs, outlines, Reference.of_study(outlines, None, types), reader, scale=scale
    )
    raise_problems(reader.problems)
    return Ground(outlines, settlements, types, reader.notes, people)


def read_tables(
    inputs: Inputs, *, place: bool = False, scale: bool = False
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the tables of a project as `Study` takes them, and what its user should know.

    Raises
    ------
    InputError
        With everything that is wrong in those that others refer to, then in the others.
    """
    ground = read_ground(inputs, scale=scale)
    reader = _Reader(inputs, notes=ground.notes)
    known = ground.reference
    gazetteer = None
    if place:
        gazetteer = Gazetteer.from_tables(ground.settlements, ground.municipalities)
    facilities = reader.read("facilities", FACILITIES, known, gazetteer)
    tables: dict[str, Any] = {
        "municipalities": ground.municipalities,
        "settlements": ground.settlements,
        "service_types": ground.service_types,
        "people": reader.read("people", PEOPLE, known) if "people" in inputs else ground.people,
        "need": reader.read("need", NEED, known),
        "targets": reader.read("targets", TARGETS, known),
    }
    candidates = reader.read("candidates", CANDIDATES, known)
    if candidates is not None:
        tables["candidates"] = tuple(candidates["settlement_id"])
    raise_problems(reader.problems)
    tables["facilities"] = _merge(inputs, facilities, reader.notes)
    return tables, reader.notes


@dataclass(eq=False)
class _Reader:
    """Reads the tables of a project one after the other and gathers what is found."""

    inputs: Inputs
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def read(
        self, name: str, form: TableForm, reference: Reference, gazetteer: Gazetteer | None = None
    ) -> Any:
        """Return the files of one input as one table; None where there is none that is right."""
        tables = []
        for source in self.inputs.get(name, ()):
            try:
                table, found = _read(source, form, reference, gazetteer)
            except InputError as error:
                self.problems += error.problems
                continue
            tables.append(table)
            self.notes += found
        return _stack(tables)


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


def _find_turned(inputs: Inputs, outlines: gpd.GeoDataFrame) -> list[Problem]:
    """Find outlines whose axes are swapped, before settlements are blamed for lying outside."""
    import geopandas as gpd

    for source in inputs.get("settlements", ()):
        try:
            rows, names = read_rows(source.path, layer=source.layer)
        except InputError:
            continue  # told when the table is read
        found = inspect_rows(
            rows, names, source.path.name, _PLACES, crs=source.crs, reference=Reference()
        )
        points = found.cleaned
        if isinstance(points, gpd.GeoDataFrame) and points.crs is not None:
            (file,) = (each.path.name for each in inputs["municipalities"][:1])
            if problems := find_turned_outlines(outlines, points, file):
                return problems
    return []


def _read_settlements(
    inputs: Inputs,
    outlines: gpd.GeoDataFrame,
    known: Reference,
    reader: _Reader,
    *,
    scale: bool,
) -> tuple[Any, Any]:
    """Return the settlements, and where their people live where the project names a grid."""
    if "population" not in inputs:
        return reader.read("settlements", SETTLEMENTS, known), None
    (source,) = inputs["population"]
    settlements = reader.read("settlements", _PLACES, known)
    try:
        people = read_people(
            source.path, layer=source.layer, crs=source.crs, persons=source.persons
        )
    except InputError as error:
        reader.problems += error.problems
        return None, None
    name = source.path.name
    if settlements is not None:
        spread = spread_population(people, settlements, outlines, scale=scale)
        reader.notes += spread.list_problems(name)
        return spread.settlements, share_people(spread.people)
    if "settlements" in inputs:
        return None, None
    origins, outside = make_origins(people, outlines)
    if len(outside):
        lost = float(outside["persons"].sum())
        rows = outside["cell_id"].astype(str)
        reader.notes.append(Problem("study.people_outside", name, rows, people=round(lost)))
    return origins, None


def share_people(people: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the people of a grid or an address list as points with a share of their settlement.

    One point per square kilometre and settlement, where its people are in the mean:
    more would slow every question and tell nothing more.
    """
    import geopandas as gpd

    known = people[people["settlement_id"].notna() & (people["persons"] > 0)]
    square = np.floor(known.geometry.x / SQUARE_M), np.floor(known.geometry.y / SQUARE_M)
    persons = known["persons"].to_numpy(dtype=float)
    table = pd.DataFrame(
        {"settlement_id": known["settlement_id"].to_numpy(), "a": square[0].to_numpy(),
         "b": square[1].to_numpy(), "persons": persons,
         "x": known.geometry.x.to_numpy() * persons, "y": known.geometry.y.to_numpy() * persons}
    )  # fmt: skip
    points = table.groupby(["settlement_id", "a", "b"], as_index=False).sum()
    whole = points.groupby("settlement_id")["persons"].transform("sum")
    return gpd.GeoDataFrame(
        {"settlement_id": points["settlement_id"], "share": points["persons"] / whole},
        geometry=gpd.points_from_xy(
            points["x"] / points["persons"], points["y"] / points["persons"]
        ),
        crs=people.crs,
    )


def _merge(inputs: Inputs, facilities: gpd.GeoDataFrame, notes: list[Problem]) -> gpd.GeoDataFrame:
    """Return the facilities with those made one that the user decided are the same."""
    for source in inputs.get("duplicates", ()):
        rows, _ = read_rows(source.path, layer=source.layer)
        pairs, _ = name_columns(rows)
        missing = [name for name in ("facility_id", "duplicate_id", "decision")
                   if name not in pairs]  # fmt: skip
        if missing:
            raise InputError("study.missing_columns", where=source.path.name, names=missing)
        before = len(facilities)
        facilities = merge_duplicates(facilities, pairs, where=source.path.name)
        if before > len(facilities):
            count = before - len(facilities)
            notes.append(Problem("study.merged_as_decided", source.path.name, count=count))
    return facilities
