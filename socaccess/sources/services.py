"""Services: the catalogue, the facilities, what the plans promise and who needs it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from socaccess import crs as crs_
from socaccess.schemas import FACILITIES, NEED, SERVICE_TYPES, check_table
from socaccess.sources.embedded import read_embedded

__all__ = [
    "load_facilities",
    "load_need",
    "load_plan_figures",
    "load_plan_targets",
    "load_promised_services",
    "load_service_types",
    "load_target_groups",
]


def load_service_types() -> pd.DataFrame:
    """Return the catalogue of service types.

    One row a `service`, with its names, `target_group`, `limit_min` and
    `outer_limit_min` (car minutes one way, inclusive; proposals, since Latvia has
    no norm), `traveller` (client or provider) and `counts_as_supply`.
    """
    return check_table(read_embedded("services", "service_types.csv"), SERVICE_TYPES)


def load_target_groups() -> pd.DataFrame:
    """Return the target groups with their names in both languages."""
    return read_embedded("services", "target_groups.csv")


def load_facilities() -> gpd.GeoDataFrame:
    """Return the facilities: one row a service at an address, points in EPSG:3059.

    Rows that are not `located` have no point: their place is unknown, or
    known only to the municipality.
    """
    table = read_embedded("services", "facilities.csv")
    points = gpd.GeoSeries(
        gpd.points_from_xy(table["lon"], table["lat"]), crs=crs_.EXCHANGE, index=table.index
    )
    frame = gpd.GeoDataFrame(table, geometry=points.where(table["located"])).to_crs(crs_.LATVIA)
    return gpd.GeoDataFrame(check_table(frame, FACILITIES))


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
    """Return persons per settlement and target group, marked published or estimate."""
    return check_table(read_embedded("services", "need.csv"), NEED)
