"""Settlements: the towns, parishes and Riga neighbourhoods that ship with the project."""

from __future__ import annotations

import geopandas as gpd

from socaccess import crs as crs_
from socaccess.schemas import SETTLEMENTS, check_table
from socaccess.sources.embedded import read_embedded

__all__ = ["load_settlements"]


def load_settlements() -> gpd.GeoDataFrame:
    """Return every town, parish and Riga neighbourhood of Latvia.

    Returns
    -------
    geopandas.GeoDataFrame
        646 points in EPSG:3059 with `settlement_id` (ATVK code), `name`, `kind`,
        `municipality_id` (July 2025), `municipality_id_2021`,
        `municipality_id_2009`, `planning_region_2009` (that of the DI plan),
        `planning_region` (today's) and `population` (2020; an estimate for
        every unit, exact in sum).

    Examples
    --------
    >>> settlements = load_settlements()
    >>> len(settlements), int(settlements["population"].sum())
    (646, 1907675)
    """
    table = read_embedded("settlements", "settlements.csv")
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=crs_.EXCHANGE)
    frame = gpd.GeoDataFrame(table, geometry=points).to_crs(crs_.LATVIA)
    return gpd.GeoDataFrame(check_table(frame, SETTLEMENTS))
