"""Checking a table against its form: everything that is wrong, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from socaccess.errors import CrsError, InputError, Problem
from socaccess.schemas.cells import convert
from socaccess.schemas.forms import TableForm
from socaccess.schemas.names import find_unknown, name_rows
from socaccess.schemas.shapes import find_geometry_problems

__all__ = ["check_table"]


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
    >>> from socaccess.schemas import NEED
    >>> need = pd.DataFrame({"settlement_id": ["a"], "target_group": ["adults_grt"],
    ...                      "persons": ["1,5"]})
    >>> check_table(need, NEED)["persons"].tolist()
    [1.5]
    """
    where = where or form.name
    doubled = [str(name) for name in frame.columns[frame.columns.duplicated()]]
    if doubled:
        raise InputError("schemas.column_twice", where=where, rows=doubled)
    problems: list[Problem] = []
    crs_problem = False
    if form.geometry:
        problems, crs_problem = find_geometry_problems(frame, form, where, row_names, bounds)
    if not len(frame) and not form.may_be_empty:
        problems.append(Problem("schemas.no_rows", where))
    missing = [
        column.name for column in form.columns if column.required and column.name not in frame
    ]
    if missing:
        given = [str(name) for name in frame.columns]
        problems.append(Problem("schemas.column_missing", where, missing=missing, given=given))
    names = name_rows(frame, form, row_names)
    checked = frame.copy()
    for column in form.columns:
        if column.name not in frame:
            if column.default is not None and not column.required:
                checked[column.name] = column.default
            continue
        values, found = convert(frame[column.name], column, where, names)
        checked[column.name] = values
        problems += found
    for name, values in (known or {}).items():
        if name in checked:
            problems += find_unknown(checked[name], values, where, name, names)
    if problems:
        raise (CrsError if crs_problem else InputError)(problems)
    return checked
