"""Roads in, graph out: speeds, links, snapping."""

from socaccess.network.roadnetwork import CLOSED, RoadNetwork
from socaccess.network.snapping import Snapped, pair_on_same_edge, snap_points

__all__ = ["CLOSED", "RoadNetwork", "Snapped", "pair_on_same_edge", "snap_points"]
