"""Roads in, graph out: speeds, links, snapping."""

from socaccess.network.roadnetwork import RoadNetwork
from socaccess.network.roads import CLOSED, Roads
from socaccess.network.snapped import Snapped, pair_directly
from socaccess.network.snapping import snap_points

__all__ = ["CLOSED", "RoadNetwork", "Roads", "Snapped", "pair_directly", "snap_points"]
