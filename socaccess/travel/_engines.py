"""Which engine answers a question of a network, and the hierarchy it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socaccess.network import RoadNetwork
from socaccess.routing._choice import choose_engine

if TYPE_CHECKING:
    from socaccess.routing import Hierarchy

__all__ = ["choose_prepared"]


def choose_prepared(
    network: RoadNetwork, search_count: int, engine: str
) -> tuple[str, Hierarchy | None]:
    """Return the engine for a question of so many searches, and its hierarchy.

    A small question goes to scipy, whatever has been prepared: opening a hierarchy and loading
    compiled code takes longer. A larger one uses the hierarchy of the network if there is one.
    A large one builds it, and keeps it for the next.
    """
    chosen = choose_engine(
        network.graph, search_count, engine, hierarchy=None, can_use_hierarchy=True
    )
    if chosen == "hierarchy":
        return chosen, network.prepare()
    if chosen == "dijkstra" and engine == "auto" and network.hierarchy is not None:
        return "hierarchy", network.hierarchy
    return chosen, None
