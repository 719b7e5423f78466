"""Services: the catalogue, the facilities, what the plans promise and who needs it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from socaccess import crs as crs_
from socaccess.schemas import FACILITIES, NEED, SERVICE_TYPES, check_table
from socaccess.sources.embedded import read_embedded

__all__ = [
    "load_contradictions",
    "load_facilities",
    "load_need",
    "load_plan_figures",
    "load_plan_targets",
    "load_promised_services",
    "load_register",
    "load_service_types",
    "load_target_groups",
]


def load_service_types() -> pd.DataFrame:
    """Return the catalogue of service types.

    One row per `service`, with its names, `target_group`, `limit_min` and
    `outer_limit_min` (car minutes one way, inclusive; proposals, since Latvia has
    no norm), `traveller` (client or provider), `counts_as_supply`, `known_by`
    (register, list, or none: no source counts it), `show_at` (address, or
    settlement: homes and shelters) and `basket` (a mean may be taken over it).
    """
    return check_table(read_embedded("services", "service_types.csv"), SERVICE_TYPES)


def load_target_groups() -> pd.DataFrame:
    """Return the target groups with their names in both languages."""
    return read_embedded("services", "target_groups.csv")


def load_facilities() -> gpd.GeoDataFrame:
    """Return the facilities: one row per service at an address, points in EPSG:3059.

    The state register of 10 October 2026 says what operates, where and for how many;
    the list of public pages what is planned or closed. `mapping` is `sure` or `likely`
    for registered rows, `listed` for others; a row that pages call operating and the
    register does not list has the status `not_registered`. `docs/register.md` tells
    how both were brought together.

    Rows that are not `located` have no point: their place is unknown, or
    known only to the municipality.
    """
    table = read_embedded("services", "facilities.csv")
    points = gpd.GeoSeries(
        gpd.points_from_xy(table["lon"], table["lat"]), crs=crs_.EXCHANGE, index=table.index
    )
    frame = gpd.GeoDataFrame(table, geometry=points.where(table["located"])).to_crs(crs_.LATVIA)
    return gpd.GeoDataFrame(check_table(frame, FACILITIES))


def load_register() -> pd.DataFrame:
    """Return every service of the state register with what it is in the catalogue.

    1,006 rows; `services` holds pairs such as `dac_grt:sure`, separated by spaces;
    where it is missing, `reason_unmapped` says why.

    Examples
    --------
    >>> register = load_register()
    >>> int((register["services"].isna() == register["reason_unmapped"].notna()).sum())
    1006
    """
    return read_embedded("services", "register.csv")


def load_contradictions() -> pd.DataFrame:
    """Return where published figures, need and places do not go together.

    One row per pair: `kind`, where, of whom, and `first` with `first_value` against
    `second` with `second_value`.
    """
    return read_embedded("services", "contradictions.csv")


def load_plan_figures() -> pd.DataFrame:
    """Return every published plan figure that was found, with its source."""
    return read_embedded("services", "plan_figures.csv")


def load_plan_targets() -> pd.DataFrame:
    """Return the figure each region's headline uses, with the alternatives found."""
    return read_embedded("services", "plan_targets.csv")


def load_promised_services() -> pd.DataFrame:
    """Return which services the DI plans promise to which target group."""
    return read_embedded("services", "promised_services.csv")


def load_need() -> pd.DataFrame:
    """Return persons per settlement and target group, marked published or estimate.

    `method` and `figure_id` say from what; rows `outside_plan` lie in municipalities
    that are no partner of a DI project and get their region's rate.
    """
    return check_table(read_embedded("services", "need.csv"), NEED)
