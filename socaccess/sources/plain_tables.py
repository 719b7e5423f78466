"""Tables a region gives: rows of any file, with headings as ours are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socaccess.schemas import TableForm, check_table
from socaccess.sources.files import read_rows

__all__ = ["check_plain_table", "fill_columns", "read_plain_table"]


def read_plain_table(path: str | Path) -> tuple[pd.DataFrame, Any]:
    """Return the rows of a file with headings in lower case, and how its owner knows the rows."""
    frame, names = read_rows(Path(path))
    frame.columns = [str(column).strip().lower() for column in frame.columns]
    return frame, names


def fill_columns(table: pd.DataFrame, form: TableForm) -> pd.DataFrame:
    """Return a table with every column of `form`: those it lacks are empty."""
    missing = [column for column in form.columns if column.name not in table]
    return table.assign(
        **{column.name: np.nan if column.kind == "number" else None for column in missing}
    )


def check_plain_table(
    path: str | Path, form: TableForm, *, known: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """Return the table of a file in `form`, columns it lacks empty.

    Parameters
    ----------
    path
        CSV or XLSX.
    form
        Its form.
    known
        For a column, the values that exist elsewhere.

    Raises
    ------
    InputError
        With every finding at once.
    """
    frame, names = read_plain_table(path)
    table = check_table(frame, form, where=Path(path).name, row_names=names, known=known)
    return fill_columns(table, form)
