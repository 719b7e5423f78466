"""The nearest sites of places on the roads: the question of `routing`, asked of snapped places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from socaccess.network import RoadNetwork, Snapped, pair_directly
from socaccess.routing import DirectTrips, Nearest, Progress, find_nearest
from socaccess.travel._engines import choose_prepared

if TYPE_CHECKING:
    from socaccess.routing import Hierarchy

__all__ = ["find_nearest_places"]


def find_nearest_places(
    network: RoadNetwork,
    places: Snapped,
    sites: Snapped,
    kind: np.ndarray,
    kind_count: int,
    *,
    k: int,
    toward: Literal["sites", "places"],
    cutoff_ms: int | None,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
    hierarchy: Hierarchy | None = None,
) -> Nearest:
    """Return what `socaccess.routing.find_nearest` finds for places on the roads."""
    if toward == "sites":
        asked, looked_for = places.as_origins, sites.as_destinations
        direct = pair_directly(places, sites)
    else:
        asked, looked_for = places.as_destinations, sites.as_origins
        direct = _turn_around(pair_directly(sites, places))
    if hierarchy is None:
        searches = kind_count if k == 1 else len(sites.ids)
        engine, hierarchy = choose_prepared(network, searches, engine)
    return find_nearest(
        network.graph,
        asked,
        looked_for,
        kind,
        kind_count,
        k=k,
        toward=toward,
        engine=engine,
        cutoff_ms=cutoff_ms,
        threads=threads,
        progress=progress,
        hierarchy=hierarchy,
        direct=direct,
    )


def _turn_around(direct: DirectTrips) -> DirectTrips:
    return DirectTrips(
        origin=direct.destination,
        destination=direct.origin,
        ms=direct.ms,
    )
