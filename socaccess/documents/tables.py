"""The tables that leave: rounded, small counts hidden, with a warning where they are not."""

from __future__ import annotations

from socaccess.i18n import Texts
from socaccess.study.release import Release
from socaccess.study.released import DECIMALS, SITE_COLUMNS, list_tables, round_table

__all__ = ["DECIMALS", "SITE_COLUMNS", "list_tables", "round_table", "warn_of_small_counts"]


def warn_of_small_counts(released: Release, texts: Texts) -> str:
    """Return the warning of a file that shows small counts on purpose, else an empty text."""
    if not released.is_lifted:
        return ""
    return texts("tables.warning", n=released.result.study.settings.suppress_below)
