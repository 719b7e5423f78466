"""The tables that leave: rounded, small counts hidden, written the way spreadsheets read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.guards import guard_frame
from socaccess.i18n import Texts
from socaccess.study.release import Release
from socaccess.study.released import DECIMALS, SITE_COLUMNS, list_tables, round_table

if TYPE_CHECKING:
    pass

__all__ = ["DECIMALS", "SITE_COLUMNS", "list_tables", "round_table", "warn_of_small_counts",
           "write_csv"]  # fmt: skip


def warn_of_small_counts(released: Release, texts: Texts) -> str:
    """Return the warning of a file that shows small counts on purpose, else an empty text."""
    if not released.is_lifted:
        return ""
    return texts("tables.warning", n=released.result.study.settings.suppress_below)


def write_csv(frame: pd.DataFrame, path: Path, *, excel: bool = False, warning: str = "") -> None:
    """Write a table as CSV: UTF-8, comma and point; for Excel in Latvia `;`, comma and a mark.

    A text that a spreadsheet would take for a formula stands behind an apostrophe
    (`socaccess.guards`); numbers stay numbers.

    Parameters
    ----------
    frame
        The table.
    path
        Where to.
    excel
        Whether for a spreadsheet set to Latvian.
    warning
        Stands in a column of that name on every row, so that it goes wherever a row goes.
    """
    if warning:
        frame = frame.assign(warning=np.full(len(frame), warning, dtype=object))
    guard_frame(frame).to_csv(
        path,
        index=False,
        sep=";" if excel else ",",
        decimal="," if excel else ".",
        encoding="utf-8-sig" if excel else "utf-8",
        lineterminator="\n",
    )
