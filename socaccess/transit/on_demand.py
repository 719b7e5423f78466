"""Transport booked the day before: who would have a place within reach of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from socaccess.errors import InputError
from socaccess.transit.asking import read_clock

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from socaccess.network import RoadNetwork

__all__ = ["ON_DEMAND_STATUSES", "reach_on_demand"]

ON_DEMAND_STATUSES: Final = ("served", "too_far", "outside_area", "outside_hours")


def reach_on_demand(
    network: RoadNetwork,
    homes: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    longest_ride_min: float = 60.0,
    open: str = "10:00",
    stay_h: float = 4.0,
    service_hours: tuple[str, str] = ("07:00", "19:00"),
) -> pd.DataFrame:
    """Return the nearest place each home reaches by a ride booked within a service area.

    A ride begins and ends within one area, takes the time by road, and both ways must fit into the
    hours of the service. Whether a vehicle is free is not known.

    Parameters
    ----------
    network
        The roads.
    homes, places
        Points with an id column and a stated CRS.
    areas
        Polygons within which rides are offered; the border counts as inside.
    longest_ride_min
        Longest ride, inclusive.
    open, stay_h
        When the place opens, and how many hours one stays.
    service_hours
        First and last time of a ride, both inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per home: `home_id`, `place_id` (missing unless served), `ride_min`, and `status`:
        one of `ON_DEMAND_STATUSES`, the farthest a home gets.
    """
    import geopandas as gpd
    import pandas as pd

    from socaccess.travel import travel_times
    from socaccess.travel.places import find_id_column

    first_s, last_s = (read_clock(text, "service_hours") for text in service_hours)
    opens_s = read_clock(open, "open")
    if not np.isfinite(stay_h) or stay_h < 0:
        raise InputError("transit.stay_negative", where="stay_h")
    closes_s = opens_s + round(stay_h * 3600)
    minutes = travel_times(network, homes, places).travel_min
    shared = np.zeros(minutes.shape, bool)
    sides = [frame.geometry.to_crs(areas.crs) for frame in (homes, places)]
    for area in gpd.GeoSeries(areas.geometry):
        inside = [side.intersects(area).to_numpy() for side in sides]
        shared |= inside[0][:, None] & inside[1][None, :]
    near = shared & (minutes <= longest_ride_min)
    seconds = np.nan_to_num(minutes, nan=0) * 60
    fits = near & (opens_s - seconds >= first_s) & (closes_s + seconds <= last_s)
    ride = np.where(fits, minutes, np.inf)
    best = ride.argmin(axis=1) if ride.shape[1] else np.zeros(len(homes), int)
    rows = np.arange(len(homes))
    served = fits.any(axis=1)
    status = np.select(
        [served, near.any(axis=1), shared.any(axis=1)],
        ["served", "outside_hours", "too_far"], "outside_area",
    )  # fmt: skip
    names = places[find_id_column(places)].to_numpy(object)
    return pd.DataFrame(
        {
            "home_id": homes[find_id_column(homes)].to_numpy(object),
            "place_id": [names[b] if ok else None for b, ok in zip(best, served, strict=True)],
            "ride_min": np.where(served, ride[rows, best] if ride.shape[1] else np.nan, np.nan),
            "status": status.astype(object),
        }
    )
