"""Facilities and suggested sites as the map lists them: by the place they stand at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from socaccess.maps.encode import delta
from socaccess.maps.shares import encode_count

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.maps.basemap import Grid
    from socaccess.study.release import Release

__all__ = ["Destinations", "encode_places", "list_destinations"]

STATUSES = ("operating", "planned", "closed", "not_registered")


class Destinations(NamedTuple):
    """What a travel time can lead to: rows of facilities, then of suggested sites."""

    facilities: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    position_of: dict[str, int]


def has_point(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Return which rows have a geometry that is not empty, and are not marked otherwise."""
    geometry = frame.geometry.to_numpy()
    there = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    if "located" in frame:
        there &= frame["located"].fillna(False).to_numpy(dtype=bool)
    return there


def list_destinations(
    result: Any,
    services: list[str],
    frame_m: tuple[float, float, float, float],
    referenced: set[str],
) -> Destinations:
    """Return the facilities and sites of `services` that the map shows.

    Facilities that some settlement's time leads to are kept wherever they are;
    others only inside `frame_m`.
    """
    facilities = result.facilities
    there = has_point(facilities) & facilities["service"].isin(services).to_numpy()
    x, y = point_coordinates(facilities)
    with np.errstate(invalid="ignore"):
        near = (x >= frame_m[0]) & (x <= frame_m[2]) & (y >= frame_m[1]) & (y <= frame_m[3])
    named = facilities["facility_id"].astype(str).isin(referenced).to_numpy()
    kept = facilities[there & (near | named)].sort_values("facility_id", kind="stable")
    sites = result.sites
    sites = sites[has_point(sites) & sites["service"].isin(services).to_numpy()]
    sites = sites.sort_values(["service", "rank", "site_id"], kind="stable")
    ids = [*kept["facility_id"].astype(str), *sites["site_id"].astype(str)]
    index: dict[str, int] = {}
    for position, name in enumerate(ids):
        index.setdefault(name, position)
    # A time may lead to the site of a facility rather than to one of its rows.
    for position, name in enumerate(kept["site_id"].astype(str)):
        index.setdefault(name, position)
    return Destinations(kept, sites, index)


def point_coordinates(frame: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of each row, NaN where there is no point."""
    geometry = frame.geometry.to_numpy()
    return shapely.get_x(geometry), shapely.get_y(geometry)


def encode_places(
    destinations: Destinations,
    grid: Grid,
    service_index: dict[str, int],
    released: Release,
    municipality_ids: list[str],
) -> dict[str, Any]:
    """Return the columns of facilities and sites, and the places they stand at.

    Rows at the same point share a place: one mark on the map, one card.
    """
    facilities, sites = destinations.facilities, destinations.sites
    x = np.concatenate([point_coordinates(facilities)[0], point_coordinates(sites)[0]])
    y = np.concatenate([point_coordinates(facilities)[1], point_coordinates(sites)[1]])
    units = grid.snap(np.column_stack([x, y])) if len(x) else np.empty((0, 2), np.int64)
    # Suggested sites keep their own mark even where a facility stands already.
    kind = np.repeat([0, 1], [len(facilities), len(sites)])
    keys, place = np.unique(np.column_stack([kind, units]), axis=0, return_inverse=True)
    return {
        "x": delta(keys[:, 1]),
        "y": delta(keys[:, 2]),
        "isSite": keys[:, 0].tolist(),
        "facilities": {
            "place": place[: len(facilities)].ravel().tolist(),
            "name": _texts(facilities, "name"),
            "service": [service_index[name] for name in facilities["service"]],
            "group": _texts(facilities, "target_group"),
            "places": [None if pd.isna(number) else int(number) for number in facilities["places"]],
            "basis": _texts(facilities, "places_basis"),
            "address": _address(facilities),
            "settlement": _texts(facilities, "settlement"),
            "municipality": _texts(facilities, "municipality_name"),
            "home": pd.Index(municipality_ids).get_indexer(facilities["municipality_id"]).tolist(),
            "inRegion": facilities["in_region"].fillna(False).astype(int).tolist(),
            "status": [
                STATUSES.index(name if name in STATUSES else "closed")
                for name in facilities["status"]
            ],
            "year": _years(facilities, "status_year"),
            "precision": _texts(facilities, "location_precision"),
            "source": _texts(facilities, "source"),
        },
        "sites": {
            "place": place[len(facilities) :].ravel().tolist(),
            "id": _texts(sites, "site_id"),
            "name": _texts(sites, "name"),
            "municipality": _texts(sites, "municipality"),
            "service": [service_index[name] for name in sites["service"]],
            "rank": [int(rank) for rank in sites["rank"]],
            "persons": [
                encode_count(released.show_part(released.group_of[service], gain))
                for service, gain in zip(sites["service"], sites["gain_persons"], strict=True)
            ],
            "population": [
                -1 if pd.isna(gain) else round(float(gain)) for gain in sites["gain_population"]
            ],
        },
    }


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(value) else str(value) for value in frame[column]]


def _years(frame: pd.DataFrame, column: str) -> list[int | None]:
    if column not in frame:
        return [None] * len(frame)
    years = pd.to_numeric(frame[column], errors="coerce")
    return [None if pd.isna(year) else int(year) for year in years]


def _address(frame: pd.DataFrame) -> list[str]:
    parts = zip(_texts(frame, "address"), _texts(frame, "settlement"), strict=True)
    return [
        ", ".join(part for part in (street, town) if part and part not in ("–", "-"))
        if town not in street
        else street
        for street, town in parts
    ]
