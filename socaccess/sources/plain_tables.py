"""Tables a region gives: rows of any file, with headings as ours are written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from socaccess.schemas import TableForm, check_table
from socaccess.sources.files import read_rows

__all__ = ["check_given", "read_given"]


def read_given(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of a file with headings in lower case, and how its owner knows the rows."""
    frame, names = read_rows(Path(path))
    frame.columns = [str(column).strip().lower() for column in frame.columns]
    return frame, names


def check_given(path: str | Path, form: TableForm) -> pd.DataFrame:
    """Return the table of a file in `form`.

    Raises
    ------
    InputError
        With every finding at once.
    """
    frame, names = read_given(path)
    return check_table(frame, form, where=Path(path).name, row_names=names)
