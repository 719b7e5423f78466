"""The tables that leave: rounded, small counts hidden, written the way spreadsheets read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from socaccess import crs as crs_
from socaccess.privacy import hide_small_counts

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["list_tables", "write_csv"]

_DECIMALS = {
    "travel_min": 1,
    "own_travel_min": 1,
    "over_min": 1,
    "mean_min": 1,
    "median_min": 1,
    "p90_min": 1,
    "max_min": 1,
    "limit_min": 0,
    "length_km": 1,
    "modelled_share": 2,
    "covered_share": 4,
    "gain_population": 0,
}


def list_tables(
    result: StudyResult, *, allow_small_counts: bool = False
) -> dict[str, pd.DataFrame]:
    """Return the tables of a result as they leave: `coverage`, `gaps`, `sites`.

    Counts of persons under the threshold of the settings are replaced by a mark,
    unless `allow_small_counts` says otherwise. Numbers are rounded for reading:
    minutes and kilometres to 0.1.
    """
    below = 0 if allow_small_counts else result.study.settings.suppress_below
    coverage = hide_small_counts(
        result.coverage,
        ["persons", "covered"],
        below=below,
        totals_by=("service", "scenario", "scope"),
    )
    gaps = hide_small_counts(
        result.gaps, ["persons"], below=below, totals_by=("service", "municipality_id")
    )
    sites = hide_small_counts(_flatten(result), ["gain_persons"], below=below)
    return {name: _round(table) for name, table in
            (("coverage", coverage), ("gaps", gaps), ("sites", sites))}  # fmt: skip


def write_csv(frame: pd.DataFrame, path: Path, *, excel: bool = False) -> None:
    """Write a table as CSV: UTF-8, comma and point; for Excel in Latvia `;`, comma and a mark."""
    frame.to_csv(
        path,
        index=False,
        sep=";" if excel else ",",
        decimal="," if excel else ".",
        encoding="utf-8-sig" if excel else "utf-8",
        lineterminator="\n",
    )


def _flatten(result: StudyResult) -> pd.DataFrame:
    """Return the sites with degrees in place of geometry, and the certificate of their service."""
    sites = result.sites.to_crs(crs_.EXCHANGE)
    table = pd.DataFrame(sites.drop(columns=["geometry", "point"]))
    table["lon"] = sites.geometry.x.round(5)
    table["lat"] = sites.geometry.y.round(5)
    plans = result.plans[result.plans["objective"] == "mclp"].set_index("service")
    for name in ("status", "gap", "weighted_by"):
        table[f"plan_{name}"] = table["service"].map(plans[name])
    return table


def _round(table: pd.DataFrame) -> pd.DataFrame:
    rounded = table.copy()
    for name, decimals in _DECIMALS.items():
        if name in rounded:
            values = rounded[name].astype(float).round(decimals)
            rounded[name] = values.astype("Int64") if decimals == 0 else values
    for name in ("population", "population_covered", "unreachable_population"):
        if name in rounded:
            rounded[name] = rounded[name].round().astype("Int64")
    return rounded
