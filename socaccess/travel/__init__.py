"""Travel times between places: tables of origins and destinations, nearest, isochrones."""

from socaccess.travel.proximity import nearest
from socaccess.travel.service_areas import isochrones
from socaccess.travel.times import TravelTimes, travel_times

__all__ = ["TravelTimes", "isochrones", "nearest", "travel_times"]
