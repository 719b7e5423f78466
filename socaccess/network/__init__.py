"""Roads in, graph out: speeds, links, snapping."""

from socaccess.network.kept import find_kept_network, open_kept_network, reaches_all
from socaccess.network.reached import find_parts
from socaccess.network.roadnetwork import RoadNetwork
from socaccess.network.roads import CLOSED, Roads
from socaccess.network.snapped import Snapped, pair_directly
from socaccess.network.snapping import snap_points

__all__ = [
    "CLOSED",
    "RoadNetwork",
    "Roads",
    "Snapped",
    "find_kept_network",
    "find_parts",
    "open_kept_network",
    "pair_directly",
    "reaches_all",
    "snap_points",
]
