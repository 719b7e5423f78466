"""Do people who need community-based social services have them close to where they live?

The names below are loaded when they are first used, so that importing the package
costs next to nothing.

Examples
--------
>>> import socaccess as sa
>>> study = sa.Study.load("latgale")
>>> study.title["en"]
'Latgale planning region'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from socaccess.version import VERSION

if TYPE_CHECKING:
    from socaccess import access, planning
    from socaccess.errors import InputError, SocAccessError
    from socaccess.maps import embed_map, explore, save_map
    from socaccess.network import RoadNetwork
    from socaccess.outputs import write_outputs
    from socaccess.settings import LinkModel, Settings
    from socaccess.siting import SitingPlan, SitingProblem, suggest_sites
    from socaccess.sources.duplicates import find_duplicates, merge_duplicates
    from socaccess.sources.gazetteer import Gazetteer
    from socaccess.sources.gtfs import read_feeds
    from socaccess.sources.placing import place_rows
    from socaccess.sources.population import read_people, spread_population
    from socaccess.sources.tables import read_table
    from socaccess.study import Study, StudyResult
    from socaccess.study.project import read_project
    from socaccess.study.transit import Visit
    from socaccess.transit import (
        ReturnTrips,
        TransitTimes,
        WalkModel,
        load_feed,
        return_trips,
        save_feed,
        transit_times,
    )
    from socaccess.travel import (
        SparseTimes,
        TravelBlocks,
        TravelTimes,
        isochrones,
        nearest,
        routes,
        travel_blocks,
        travel_times,
    )
    from socaccess.verification import verify_plan

__version__ = VERSION

_HOME = {
    "Gazetteer": "socaccess.sources.gazetteer",
    "InputError": "socaccess.errors",
    "LinkModel": "socaccess.settings",
    "ReturnTrips": "socaccess.transit",
    "RoadNetwork": "socaccess.network",
    "Settings": "socaccess.settings",
    "SitingPlan": "socaccess.siting",
    "SitingProblem": "socaccess.siting",
    "SocAccessError": "socaccess.errors",
    "SparseTimes": "socaccess.travel",
    "Study": "socaccess.study",
    "StudyResult": "socaccess.study",
    "TransitTimes": "socaccess.transit",
    "TravelBlocks": "socaccess.travel",
    "TravelTimes": "socaccess.travel",
    "Visit": "socaccess.study.transit",
    "WalkModel": "socaccess.transit",
    "embed_map": "socaccess.maps",
    "explore": "socaccess.maps",
    "find_duplicates": "socaccess.sources.duplicates",
    "isochrones": "socaccess.travel",
    "load_feed": "socaccess.transit",
    "merge_duplicates": "socaccess.sources.duplicates",
    "nearest": "socaccess.travel",
    "place_rows": "socaccess.sources.placing",
    "read_feeds": "socaccess.sources.gtfs",
    "read_people": "socaccess.sources.population",
    "read_project": "socaccess.study.project",
    "read_table": "socaccess.sources.tables",
    "return_trips": "socaccess.transit",
    "routes": "socaccess.travel",
    "save_feed": "socaccess.transit",
    "save_map": "socaccess.maps",
    "spread_population": "socaccess.sources.population",
    "suggest_sites": "socaccess.siting",
    "transit_times": "socaccess.transit",
    "travel_blocks": "socaccess.travel",
    "travel_times": "socaccess.travel",
    "verify_plan": "socaccess.verification",
    "write_outputs": "socaccess.outputs",
}

__all__ = [
    "Gazetteer",
    "InputError",
    "LinkModel",
    "ReturnTrips",
    "RoadNetwork",
    "Settings",
    "SitingPlan",
    "SitingProblem",
    "SocAccessError",
    "SparseTimes",
    "Study",
    "StudyResult",
    "TransitTimes",
    "TravelBlocks",
    "TravelTimes",
    "Visit",
    "WalkModel",
    "access",
    "embed_map",
    "explore",
    "find_duplicates",
    "isochrones",
    "load_feed",
    "merge_duplicates",
    "nearest",
    "place_rows",
    "planning",
    "read_feeds",
    "read_people",
    "read_project",
    "read_table",
    "return_trips",
    "routes",
    "save_feed",
    "save_map",
    "spread_population",
    "suggest_sites",
    "transit_times",
    "travel_blocks",
    "travel_times",
    "verify_plan",
    "write_outputs",
]


if not TYPE_CHECKING:  # checkers of types find a wrong name

    def __getattr__(name: str) -> Any:
        if name in ("access", "planning"):
            return import_module(f"socaccess.{name}")
        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        raise AttributeError(f"module 'socaccess' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
