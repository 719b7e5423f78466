"""The tables that leave: rounded, small counts hidden, with a warning where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socaccess.i18n import Texts
from socaccess.study.release import Release
from socaccess.study.released import DECIMALS, SITE_COLUMNS, list_tables, round_table
from socaccess.study.releasing import USUAL_THRESHOLD

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study import StudyResult

__all__ = ["DECIMALS", "SITE_COLUMNS", "list_tables", "round_table", "show_facilities",
           "warn_of_small_counts"]  # fmt: skip


def show_facilities(result: StudyResult) -> gpd.GeoDataFrame:
    """Return the facilities of a study's region as they may be shown.

    Coordinates stand in the geometry alone: homes and shelters of vulnerable people have
    that of their settlement, and the columns of the source would tell the place itself.
    """
    inside = result.facilities[result.facilities["in_region"]]
    return inside.drop(columns=[name for name in ("lon", "lat") if name in inside])


def warn_of_small_counts(released: Release, texts: Texts) -> str:
    """Return the warning of a file that shows small counts on purpose, else an empty text."""
    if not released.warns:
        return ""
    threshold = released.result.study.settings.suppress_below
    return texts("tables.warning", n=max(threshold, USUAL_THRESHOLD))
