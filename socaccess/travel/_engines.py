"""Which engine answers a question of a network, and the hierarchy it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socaccess.network import RoadNetwork
from socaccess.routing import choose_engine

if TYPE_CHECKING:
    from socaccess.routing import Hierarchy

__all__ = ["choose_for_trips", "choose_prepared"]

TRIPS_THAT_PAY = 20
"""Origins of routes from which on a hierarchy on disk is opened."""
ARCS_THAT_PAY = 20_000
"""Arcs of a graph whose hierarchy is built for five times as many origins."""


def choose_prepared(
    network: RoadNetwork, search_count: int, engine: str
) -> tuple[str, Hierarchy | None]:
    """Return the engine for a question of so many searches, and its hierarchy.

    A hierarchy that is in memory is used. One on disk is opened unless the question is so small
    that scipy answers sooner than it is read. A large question builds one, and keeps it for the
    next; so do many small ones of one network, once they together are as many searches.
    """
    if engine == "auto" and network.is_prepared:
        return "hierarchy", network.hierarchy
    asked = network.__dict__.get("_searches", 0) + search_count
    chosen = choose_engine(network.graph, asked, engine, hierarchy=None, can_use_hierarchy=True)
    if chosen == "hierarchy" and asked > search_count and engine == "auto":
        # What came before was answered: only the compiled engines are worth remembering for.
        alone = choose_engine(
            network.graph, search_count, engine, hierarchy=None, can_use_hierarchy=True
        )
        chosen = alone if alone == "scipy" else chosen
    if chosen == "hierarchy":
        return chosen, network.prepare()
    network.__dict__["_searches"] = asked
    if chosen == "dijkstra" and engine == "auto" and network.hierarchy is not None:
        return "hierarchy", network.hierarchy
    return chosen, None


def choose_for_trips(
    network: RoadNetwork, origin_count: int, engine: str
) -> tuple[str, Hierarchy | None]:
    """Return the engine for routes from so many origins, and the hierarchy to unpack them from."""
    if engine == "hierarchy" or (engine == "auto" and network.is_prepared):
        return "auto", network.prepare()
    if engine == "auto" and origin_count >= TRIPS_THAT_PAY:
        if network.hierarchy is not None:
            return engine, network.hierarchy
        if origin_count >= 5 * TRIPS_THAT_PAY and network.graph.arc_count >= ARCS_THAT_PAY:
            return engine, network.prepare()
    return engine, None
