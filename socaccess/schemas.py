"""The tables: one checked form each, for what ships with the project and what users bring.

A form is a list of columns. `check_table` converts what can be converted, gathers
everything that is wrong and raises it in one `InputError`; rows are named the way
their owner knows them, by line of the file or by id.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import CrsError, InputError, Problem
from socaccess.guards import ReadLimits, find_control_signs
from socaccess.i18n import fold

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "CANDIDATES",
    "FACILITIES",
    "FORMS",
    "MUNICIPALITIES",
    "NEED",
    "SERVICE_TYPES",
    "SETTLEMENTS",
    "Column",
    "TableForm",
    "check_table",
    "suggest_names",
]

LATVIA_BOUNDS = (20.5, 55.4, 28.6, 58.3)
"""West, south, east, north in degrees: Latvia with a small margin."""


@dataclass(frozen=True)
class Column:
    """One column of a form.

    Parameters
    ----------
    name
        Its name.
    kind
        `text`, `integer`, `number`, `flag` or `year`.
    required
        Whether the column must exist and no value may be missing.
    unique
        Whether no value may occur twice.
    allowed
        The only values there may be; empty allows all.
    minimum
        Smallest number allowed (inclusive).
    default
        What a missing optional column is filled with, and where only some values
        are allowed, an empty cell too.
    """

    name: str
    kind: str = "text"
    required: bool = False
    unique: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    default: object = None


@dataclass(frozen=True)
class TableForm:
    """The form of one table: its columns and its geometry.

    Parameters
    ----------
    name
        What the table is called.
    columns
        The columns we know; others are kept as they are.
    geometry
        `point`, `polygon` or empty for a table without geometry.
    may_be_empty
        Whether a table without rows is an answer rather than a mistake.
    geometry_required
        Whether every row must have one.
    """

    name: str
    columns: tuple[Column, ...]
    geometry: str = ""
    may_be_empty: bool = False
    geometry_required: bool = False
    references: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)


MUNICIPALITIES = TableForm(
    "municipalities",
    (
        Column("municipality_id", required=True, unique=True),
        Column("name", required=True),
        Column("kind", default="municipality"),
        Column("vintage", "integer"),
        Column("planning_region", default=""),
        Column("population", "number", minimum=0),
    ),
    geometry="polygon",
    geometry_required=True,
)

SETTLEMENTS = TableForm(
    "settlements",
    (
        Column("settlement_id", required=True, unique=True),
        Column("name", required=True),
        Column("kind", default="settlement"),
        Column("municipality_id", required=True),
        Column("municipality_id_2009"),
        Column("population", "number", required=True, minimum=0),
    ),
    geometry="point",
)

STATUSES = ("operating", "planned", "closed")

FACILITIES = TableForm(
    "facilities",
    (
        Column("facility_id", required=True, unique=True),
        Column("site_id"),
        Column("name", required=True),
        Column("service", required=True),
        Column("target_group"),
        Column("places", "integer", minimum=0),
        Column("status", required=True, allowed=STATUSES),
        Column("opened", "year"),
        Column("closed", "year"),
        Column("municipality_id"),
        Column("location_precision", default="settlement"),
        Column("source", default=""),
    ),
    geometry="point",
    may_be_empty=True,
)

SERVICE_TYPES = TableForm(
    "service_types",
    (
        Column("service", required=True, unique=True),
        Column("name_lv", required=True),
        Column("name_en", required=True),
        Column("legal_class", default=""),
        Column("target_group", required=True),
        Column("form", default=""),
        Column("limit_min", "number", minimum=0),
        Column("outer_limit_min", "number", minimum=0),
        Column("traveller", default="client", allowed=("client", "provider", "none")),
        Column("counts_as_supply", "flag", default=True),
        Column("moves_to"),
    ),
)

NEED = TableForm(
    "need",
    (
        Column("settlement_id", required=True),
        Column("target_group", required=True),
        Column("persons", "number", required=True, minimum=0),
        Column("basis", default="estimate", allowed=("published", "estimate")),
    ),
    may_be_empty=True,
)

CANDIDATES = TableForm("candidates", (Column("settlement_id", required=True, unique=True),))

FORMS = {
    form.name: form
    for form in (MUNICIPALITIES, SETTLEMENTS, FACILITIES, SERVICE_TYPES, NEED, CANDIDATES)
}

_LINE_ENDS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
"""What a cell of a spreadsheet may hold and a name may not."""

_TRUE = {"true", "1", "1.0", "yes", "y", "jā", "ja"}
_FALSE = {"false", "0", "0.0", "no", "n", "nē", "ne"}

_NO_CRS = "no coordinate reference system"
_CRS_PROBLEMS = (_NO_CRS, "coordinates from")


def check_table(
    frame: pd.DataFrame,
    form: TableForm,
    *,
    where: str = "",
    row_names: Sequence[object] | None = None,
    known: Mapping[str, Sequence[str]] | None = None,
    bounds: tuple[float, float, float, float] | None = None,
) -> pd.DataFrame:
    """Return `frame` in the types of `form`; raise everything that is wrong at once.

    Parameters
    ----------
    frame
        The table; a GeoDataFrame where the form has geometry.
    form
        The form it should have.
    where
        Its name in errors; the form's own by default.
    row_names
        How a user knows the rows; by default the id column, else the position.
    known
        For a column, the values that exist elsewhere (services, municipalities);
        others are named with the nearest spelling.
    bounds
        West, south, east, north in degrees: points outside are errors.

    Returns
    -------
    pandas.DataFrame
        A copy with text as str, numbers as float or Int64, flags as bool; columns
        the form does not know are kept. Row order and count are those of the input.

    Raises
    ------
    CrsError
        If geometry is asked for and its CRS is missing or impossible: degrees that
        are said to be metres or the reverse. It holds the other findings too.
    InputError
        With one `Problem` for every finding.

    Examples
    --------
    >>> need = pd.DataFrame({"settlement_id": ["a"], "target_group": ["adults_grt"],
    ...                      "persons": ["1,5"]})
    >>> check_table(need, NEED)["persons"].tolist()
    [1.5]
    """
    where = where or form.name
    doubled = tuple(str(name) for name in frame.columns[frame.columns.duplicated()])
    if doubled:
        hint = "two headings may mean the same; keep one of them"
        raise InputError([Problem("column stands twice", where, doubled, hint)])
    problems: list[Problem] = []
    if form.geometry:
        problems += _find_geometry_problems(frame, form, where, row_names, bounds)
    crs_problem = any(problem.what.startswith(_CRS_PROBLEMS) for problem in problems)
    if not len(frame) and not form.may_be_empty:
        problems.append(Problem("the table has no rows", where))
    missing = [
        column.name for column in form.columns if column.required and column.name not in frame
    ]
    if missing:
        given = [str(name) for name in frame.columns]
        problems.append(
            Problem(
                f"column {', '.join(missing)} is missing",
                where,
                hint=f"columns found: {', '.join(given)}",
            )
        )
    names = _name_rows(frame, form, row_names)
    checked = frame.copy()
    for column in form.columns:
        if column.name not in frame:
            if column.default is not None and not column.required:
                checked[column.name] = column.default
            continue
        values, found = _convert(
            frame[column.name], column, f"{where}, column {column.name!r}", names
        )
        checked[column.name] = values
        problems += found
    for name, values in (known or {}).items():
        if name in checked:
            problems += _find_unknown(checked[name], values, f"{where}, column {name!r}", names)
    if problems:
        raise (CrsError if crs_problem else InputError)(problems)
    return checked


def suggest_names(name: str, known: Sequence[str], *, most: int = 3) -> list[str]:
    """Return the known names nearest to `name`, with or without diacritics.

    Examples
    --------
    >>> suggest_names("Rezekne", ["Rēzekne", "Rēzeknes novads", "Rīga"], most=1)
    ['Rēzekne']
    """
    by_fold: dict[str, str] = {}
    for candidate in known:
        by_fold.setdefault(fold(candidate), candidate)
    near = difflib.get_close_matches(fold(name), list(by_fold), n=most, cutoff=0.6)
    return [by_fold[match] for match in near]


def _name_rows(
    frame: pd.DataFrame, form: TableForm, row_names: Sequence[object] | None
) -> np.ndarray:
    if row_names is not None:
        return np.asarray([str(name) for name in row_names], dtype=object)
    numbered = np.asarray([f"row {number}" for number in range(1, len(frame) + 1)], dtype=object)
    identity = next((column.name for column in form.columns if column.unique), None)
    if identity not in frame:
        return numbered
    values = frame[identity]
    blank = (values.isna() | (values.astype(str).str.strip() == "")).to_numpy(dtype=bool)
    return np.where(blank, numbered, values.astype(str).to_numpy(dtype=object))


def _convert(
    values: pd.Series, column: Column, where: str, names: np.ndarray
) -> tuple[pd.Series, list[Problem]]:
    problems = []
    blank = values.isna() | (values.astype(str).str.strip() == "")
    if column.required and blank.any():
        problems.append(
            Problem("value is missing", where, tuple(names[blank.to_numpy()]), "fill it in")
        )
    if column.kind == "text":
        # A code read as a number must not become '440200.0'.
        text = values.map(lambda value: str(int(value)) if _is_whole(value) else value)
        converted = (
            text.astype(object)
            .where(~blank, None)
            .map(lambda value: value if value is None else _LINE_ENDS.sub(" ", str(value).strip()))
        )
        bad = _find_foreign(converted)
        if bad.any():
            problems.append(
                Problem("text holds control signs or is too long", where, tuple(names[bad]))
            )
        if column.allowed and column.default is not None:
            converted = converted.where(~blank, column.default)
    elif column.kind == "flag":
        lowered = values.astype(str).str.strip().str.lower()
        bad = ~blank & ~lowered.isin(_TRUE | _FALSE)
        if bad.any():
            problems.append(
                Problem("is neither true nor false", where, tuple(names[bad.to_numpy()]))
            )
        filled = lowered.isin(_TRUE) if column.default is not True else ~lowered.isin(_FALSE)
        converted = filled.astype(bool)
    else:
        converted, found = _convert_number(values, blank, column, where, names)
        problems += found
    if column.unique:
        doubled = converted.duplicated(keep=False) & ~blank
        if doubled.any():
            problems.append(
                Problem(
                    "value occurs more than once",
                    where,
                    tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(doubled)),
                    "give every row its own",
                )
            )
    if column.allowed:
        bad = ~blank & ~converted.isin(column.allowed)
        if bad.any():
            problems.append(
                Problem(
                    "value is not allowed",
                    where,
                    tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(bad)),
                    f"use {', '.join(column.allowed)}",
                )
            )
    return converted, problems


def _find_foreign(texts: pd.Series) -> np.ndarray:
    """Return where a text cannot be one of ours: no file we write could hold it."""
    longest = ReadLimits().max_text
    return np.array(
        [
            isinstance(text, str) and (len(text) > longest or find_control_signs(text))
            for text in texts
        ],
        dtype=bool,
    )


def _convert_number(
    values: pd.Series, blank: pd.Series, column: Column, where: str, names: np.ndarray
) -> tuple[pd.Series, list[Problem]]:
    problems = []
    if values.dtype == object or pd.api.types.is_string_dtype(values.dtype):
        text = values.astype(str).str.replace(r"\s", "", regex=True)
        number = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")
    else:
        number = pd.to_numeric(values, errors="coerce").astype(float)
    bad = ~blank & ~np.isfinite(number.to_numpy(dtype=float, na_value=np.nan))
    if column.kind in ("integer", "year"):
        # Beyond 2^53 a number is no longer told from its neighbours.
        bad |= ~blank & ((number % 1 != 0) | (number.abs() > 2**53))
    if bad.any():
        kind = "a number" if column.kind == "number" else "a whole number"
        problems.append(
            Problem(
                f"value is not {kind}",
                where,
                tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(bad)),
                "write digits only, or leave it empty",
            )
        )
    if column.minimum is not None:
        low = ~bad & ~blank & (number < column.minimum)
        if low.any():
            problems.append(
                Problem(
                    f"value is below {column.minimum:g}",
                    where,
                    tuple(f"{names[i]}: {values.iloc[i]}" for i in np.flatnonzero(low)),
                )
            )
    number = number.where(~bad & ~blank)
    if column.kind in ("integer", "year"):
        return number.astype("Int64"), problems
    return number.astype(float), problems


def _find_unknown(
    values: pd.Series, known: Sequence[str], where: str, names: np.ndarray
) -> list[Problem]:
    unknown = values.notna() & ~values.isin(list(known))
    if not unknown.any():
        return []
    rows, hints = [], {}
    for i in np.flatnonzero(unknown):
        value = str(values.iloc[i])
        rows.append(f"{names[i]}: {value}")
        if value not in hints:
            near = suggest_names(value, list(known), most=1)
            hints[value] = near[0] if near else ""
    near_names = [f"{value} -> {near}" for value, near in hints.items() if near]
    hint = (
        f"did you mean {', '.join(near_names[:5])}?"
        if near_names
        else "see the list of known values"
    )
    return [Problem("value is not known", where, tuple(rows), hint)]


def _find_geometry_problems(
    frame: pd.DataFrame,
    form: TableForm,
    where: str,
    row_names: Sequence[object] | None,
    bounds: tuple[float, float, float, float] | None,
) -> list[Problem]:
    import geopandas as gpd
    import shapely

    if not isinstance(frame, gpd.GeoDataFrame) or frame._geometry_column_name not in frame:
        return [
            Problem(
                "there is no geometry",
                where,
                hint="give a GeoDataFrame, or columns lon and lat in a file",
            )
        ]
    if frame.crs is None:
        return [
            Problem(
                f"{_NO_CRS} is set",
                where,
                hint="set it, for example frame.set_crs('EPSG:3059'), or state it with the file",
            )
        ]
    names = _name_rows(frame, form, row_names)
    problems = []
    geometry = np.asarray(frame.geometry.array)
    absent = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if form.geometry_required and absent.any():
        problems.append(Problem("geometry is missing", where, tuple(names[absent])))
    wanted = {
        "point": (shapely.GeometryType.POINT,),
        "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
    }[form.geometry]
    wrong = ~absent & ~np.isin(shapely.get_type_id(geometry), wanted)
    if wrong.any():
        problems.append(Problem(f"geometry is not a {form.geometry}", where, tuple(names[wrong])))
    infinite = np.zeros(len(geometry), dtype=bool)
    if form.geometry == "point":
        infinite = ~absent & ~wrong
        # An empty point has no x to ask for.
        infinite[infinite] = ~np.isfinite(shapely.get_coordinates(geometry[infinite])).all(axis=1)
    broken = ~absent & ~infinite & ~shapely.is_valid(geometry)
    if broken.any():
        problems.append(
            Problem("geometry is not valid", where, tuple(names[broken]), "repair it (make_valid)")
        )
    if infinite.any():
        problems.append(
            Problem(
                "coordinate is not a number",
                where,
                tuple(names[infinite]),
                "leave the geometry empty where the place is not known",
            )
        )
    absent = absent | wrong | infinite
    if not problems:
        metric_problem = _find_crs_mismatch(frame, where)
        if metric_problem:
            return [metric_problem]
    if bounds is not None and form.geometry == "point" and not problems:
        problems += _find_outside(frame, absent, names, bounds, where)
    return problems


def _find_crs_mismatch(frame: gpd.GeoDataFrame, where: str) -> Problem | None:
    try:
        crs_.to_metric(frame, where)
    except CrsError as error:
        return error.problems[0]
    west, south, east, north = frame.total_bounds
    if frame.crs.is_projected and crs_.look_like_degrees(
        np.array([west, east]), np.array([south, north])
    ):
        return Problem(
            f"coordinates from {west:.4f}, {south:.4f} to {east:.4f}, {north:.4f} look like "
            f"degrees though the system says {frame.crs.name}",
            where,
            hint="state the system the coordinates are in, for example EPSG:4326",
        )
    return None


def _find_outside(
    frame: gpd.GeoDataFrame,
    absent: np.ndarray,
    names: np.ndarray,
    bounds: tuple[float, float, float, float],
    where: str,
) -> list[Problem]:
    degrees = frame.geometry.to_crs(crs_.EXCHANGE)
    lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
    west, south, east, north = bounds
    with np.errstate(invalid="ignore"):
        outside = ~absent & ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
    if not outside.any():
        return []
    return [
        Problem(
            "point lies outside the area of the study",
            where,
            tuple(f"{names[i]}: {lon[i]:.4f}, {lat[i]:.4f}" for i in np.flatnonzero(outside)),
            "check that longitude and latitude are not swapped and that the CRS is right",
        )
    ]


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()
