"""Settlements that ship with the project: towns, parishes, Riga neighbourhoods and their people."""

from __future__ import annotations

from functools import cache

import geopandas as gpd

from socaccess import crs as crs_
from socaccess.schemas import SETTLEMENTS, check_table
from socaccess.sources.embedded import read_embedded

__all__ = ["load_people_points", "load_settlements"]


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
    return _read_settlements().copy()


@cache
def _read_settlements() -> gpd.GeoDataFrame:
    table = read_embedded("settlements", "settlements.csv")
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=crs_.EXCHANGE)
    frame = gpd.GeoDataFrame(table, geometry=points).to_crs(crs_.LATVIA)
    return gpd.GeoDataFrame(check_table(frame, SETTLEMENTS))


def load_people_points() -> gpd.GeoDataFrame:
    """Return where the inhabitants of each settlement live, as weighted points.

    An estimate from the 1 km population grid of 2019: a person lives 0.6 km from
    the nearest point of his settlement in the mean. A point is never an address.

    Returns
    -------
    geopandas.GeoDataFrame
        5,693 points in EPSG:3059 with `settlement_id` and `share`, the share of the
        settlement's inhabitants, which adds up to 1 in each of the 646 settlements;
        by settlement, the largest share first.

    Examples
    --------
    >>> points = load_people_points()
    >>> f"{points['share'].sum():.6f}"
    '646.000000'
    """
    table = read_embedded("settlements", "people_points.csv")
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=crs_.EXCHANGE)
    frame = gpd.GeoDataFrame(table[["settlement_id", "share"]], geometry=points)
    return frame.to_crs(crs_.LATVIA)
