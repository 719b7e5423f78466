"""A timetable one can follow with a finger: Village, Junction and Town on a line, one bus."""

from __future__ import annotations

import geopandas as gpd

from .random_feeds import Texts

STOPS = {"village": (27.50, 56.50), "junction": (27.60, 56.50), "town": (27.72, 56.50)}


def make_village(**changed: str) -> Texts:
    """School days: out 8:00-9:10, home 15:00-16:10. Summer: out only. Saturday: a late way home."""
    texts = {
        "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
        "A,Buses of Ludza,http://example.org,Europe/Riga\n",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
        + "".join(f"{name},{name.title()},{lat},{lon}\n" for name, (lon, lat) in STOPS.items()),
        "routes.txt": "route_id,route_short_name,route_long_name,route_type\n"
        "r1,5012,Village - Town,3\n",
        "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\nschool,1,1,1,1,1,0,0,20260901,20261030\n"
        "saturday,0,0,0,0,0,1,0,20260901,20261030\n",
        # The week from 19 October is a school holiday.
        "calendar_dates.txt": "service_id,date,exception_type\n"
        + "".join(f"school,202610{day},2\nholiday,202610{day},1\n" for day in range(19, 24)),
        "trips.txt": "route_id,service_id,trip_id\nr1,school,out\nr1,school,home\n"
        "r1,holiday,holiday-out\nr1,saturday,late\n",
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "out,08:00:00,08:00:00,village,1\nout,08:30:00,08:32:00,junction,2\n"
        "out,09:10:00,09:10:00,town,3\n"
        "home,15:00:00,15:00:00,town,1\nhome,15:38:00,15:40:00,junction,2\n"
        "home,16:10:00,16:10:00,village,3\n"
        "holiday-out,08:00:00,08:00:00,village,1\nholiday-out,09:10:00,09:10:00,town,2\n"
        "late,23:40:00,23:40:00,town,1\nlate,24:50:00,24:50:00,village,2\n",
    }
    return {**texts, **{name.replace("__", "."): text for name, text in changed.items()}}


def place(*names: str) -> gpd.GeoDataFrame:
    """Points at stops, or, for `nowhere`, far from all of them."""
    where = [STOPS.get(name, (27.0, 56.0)) for name in names]
    return gpd.GeoDataFrame(
        {"id": list(names)}, geometry=gpd.points_from_xy(*zip(*where, strict=True)),
        crs="EPSG:4326",
    )  # fmt: skip
