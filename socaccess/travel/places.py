"""Places as travel asks for them: a table with an id and points, or already snapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socaccess.errors import InputError
from socaccess.network import RoadNetwork, Snapped, snap_points
from socaccess.settings import LinkModel

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["ID_COLUMNS", "find_id_column", "snap_ends", "snap_places"]

ID_COLUMNS = ("settlement_id", "facility_id", "site_id", "cell_id", "address_id", "id")
"""Columns that may name a place, the likeliest first."""


def find_id_column(places: gpd.GeoDataFrame) -> str:
    """Return the column that names the places: the first of `ID_COLUMNS` that tells all apart.

    A facility may also say which settlement it is in; that does not name it.

    Raises
    ------
    InputError
        If there is none of `ID_COLUMNS`.
    """
    there = [name for name in ID_COLUMNS if name in places]
    for name in there:
        if places[name].is_unique:
            return name
    if there:
        return there[0]
    found = [str(name) for name in places.columns]
    raise InputError("travel.no_id_column", known=list(ID_COLUMNS), found=found)


def snap_places(
    network: RoadNetwork, places: gpd.GeoDataFrame | Snapped, links: LinkModel | None
) -> tuple[Snapped, str]:
    """Return the snapped places and the name of their id column."""
    if isinstance(places, Snapped):
        if places.network is not network:
            raise InputError("travel.other_network")
        return places, "id"
    column = find_id_column(places)
    return snap_points(network, places, id_column=column, links=links), column


def snap_ends(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame | Snapped,
    destinations: gpd.GeoDataFrame | Snapped,
    links: LinkModel | None,
) -> tuple[Snapped, Snapped, str, str]:
    """Return both ends of trips, snapped, and what their ids are called in tables."""
    starts, origin_column = snap_places(network, origins, links)
    ends, destination_column = snap_places(network, destinations, links)
    if origin_column == destination_column:
        origin_column, destination_column = "from_id", "to_id"
    return starts, ends, origin_column, destination_column
