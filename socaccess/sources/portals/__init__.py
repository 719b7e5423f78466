"""Live sources: what can be fetched, from where, and how it becomes our tables.

Nothing here connects unless it is asked to fetch; `SOCACCESS_OFFLINE=1` forbids it altogether.
"""

from socaccess.sources.portals.catalogue import SOURCES, Source, find_source
from socaccess.sources.portals.fetching import fetch
from socaccess.sources.portals.overpass import OverpassService, fetch_map
from socaccess.sources.portals.register import (
    Register,
    fetch_register,
    locate_register,
    read_register,
)
from socaccess.sources.portals.statistics import (
    read_boundaries,
    read_classifier,
    read_population,
    read_provider_counts,
)

__all__ = [
    "SOURCES",
    "OverpassService",
    "Register",
    "Source",
    "fetch",
    "fetch_map",
    "fetch_register",
    "find_source",
    "locate_register",
    "read_boundaries",
    "read_classifier",
    "read_population",
    "read_provider_counts",
    "read_register",
]
