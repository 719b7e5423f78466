"""Which engine answers a question of a network, and the hierarchy it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socaccess.network import RoadNetwork
from socaccess.routing import choose_engine

if TYPE_CHECKING:
    from socaccess.routing import Hierarchy

__all__ = ["choose_prepared"]


def choose_prepared(
    network: RoadNetwork, search_count: int, engine: str
) -> tuple[str, Hierarchy | None]:
    """Return the engine for a question of so many searches, and its hierarchy.

    A hierarchy that is in memory is used. One on disk is opened unless the question is so small
    that scipy answers sooner than it is read. A large question builds one, and keeps it for the
    next.
    """
    if engine == "auto" and network.is_prepared:
        return "hierarchy", network.hierarchy
    chosen = choose_engine(
        network.graph, search_count, engine, hierarchy=None, can_use_hierarchy=True
    )
    if chosen == "hierarchy":
        return chosen, network.prepare()
    if chosen == "dijkstra" and engine == "auto" and network.hierarchy is not None:
        return "hierarchy", network.hierarchy
    return chosen, None
