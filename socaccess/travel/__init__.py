"""Travel times between places: tables of origins and destinations, nearest, isochrones, routes."""

from socaccess.travel.blocks import TravelBlocks, travel_blocks
from socaccess.travel.proximity import nearest
from socaccess.travel.route_lines import routes
from socaccess.travel.service_areas import isochrones
from socaccess.travel.sparse import SparseTimes
from socaccess.travel.times import TravelTimes, travel_times

__all__ = [
    "SparseTimes",
    "TravelBlocks",
    "TravelTimes",
    "isochrones",
    "nearest",
    "routes",
    "travel_blocks",
    "travel_times",
]
