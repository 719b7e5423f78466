"""OpenStreetMap files: roads, settlements and candidate facilities.

OpenStreetMap data is (c) OpenStreetMap contributors, ODbL 1.0; every table read here
says so.
"""

from __future__ import annotations

from socaccess.sources._osm_roads import (
    DRIVEN_CLASSES,
    RoadElements,
    TurnRestriction,
    read_road_elements,
)
from socaccess.sources._osm_tags import (
    parse_duration,
    parse_maxspeed,
    parse_population,
    read_access,
    read_directions,
)

__all__ = [
    "DRIVEN_CLASSES",
    "RoadElements",
    "TurnRestriction",
    "parse_duration",
    "parse_maxspeed",
    "parse_population",
    "read_access",
    "read_directions",
    "read_road_elements",
]
