"""Travel times between places: tables of origins and destinations, nearest, isochrones, routes."""

from socaccess.travel.proximity import nearest
from socaccess.travel.routes import routes
from socaccess.travel.service_areas import isochrones
from socaccess.travel.times import TravelTimes, travel_times

__all__ = ["TravelTimes", "isochrones", "nearest", "routes", "travel_times"]
