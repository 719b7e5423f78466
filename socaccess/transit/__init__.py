"""Public transport: by timetable and on foot, there and back.

Read it in this order: `timetable` makes a day of connections of a feed and says which days are
alike, `walking` what is done on foot, `returning` and `times` are the questions; `_scan` and
`_profile` hold the compiled scans that answer them. `tours` is the van for where there is no bus.
"""

from socaccess.transit.file import load_feed, open_feed, save_feed
from socaccess.transit.on_demand import reach_on_demand
from socaccess.transit.returning import STATUSES, ReturnTrips, return_trips
from socaccess.transit.search import find_earliest, find_latest
from socaccess.transit.times import TIME_STATUSES, TransitTimes, transit_times
from socaccess.transit.timetable import DayType, Timetable, build_day, list_day_types
from socaccess.transit.tours import (
    TourPlan,
    VanPrices,
    Vehicle,
    break_even,
    compare_joint,
    plan_tours,
)
from socaccess.transit.walking import Footpaths, WalkModel, Walks, find_footpaths, walk_to_stops

__all__ = [
    "STATUSES",
    "TIME_STATUSES",
    "DayType",
    "Footpaths",
    "ReturnTrips",
    "Timetable",
    "TourPlan",
    "TransitTimes",
    "VanPrices",
    "Vehicle",
    "WalkModel",
    "Walks",
    "break_even",
    "build_day",
    "compare_joint",
    "find_earliest",
    "find_footpaths",
    "find_latest",
    "list_day_types",
    "load_feed",
    "open_feed",
    "plan_tours",
    "reach_on_demand",
    "return_trips",
    "save_feed",
    "transit_times",
    "walk_to_stops",
]
