"""Tables a region gives: rows of any file, with headings as ours are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.schemas import TableForm, check_table
from socaccess.sources.files import read_rows

__all__ = ["check_plain_table", "read_plain_table"]


def read_plain_table(path: str | Path) -> tuple[pd.DataFrame, Any]:
    """Return the rows of a file with headings in lower case, and how its owner knows the rows."""
    frame, names = read_rows(Path(path))
    frame.columns = [str(column).strip().lower() for column in frame.columns]
    return frame, names


def check_plain_table(path: str | Path, form: TableForm) -> pd.DataFrame:
    """Return the table of a file in `form`.

    Raises
    ------
    InputError
        With every finding at once.
    """
    frame, names = read_plain_table(path)
    return check_table(frame, form, where=Path(path).name, row_names=names)
