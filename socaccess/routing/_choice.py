"""Which engine answers: scipy for little work, Dijkstra for more, a hierarchy for much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socaccess.errors import InputError, Problem, UnknownNameError
from socaccess.routing.graph import UNREACHABLE, Graph

if TYPE_CHECKING:
    from socaccess.routing.hierarchy import Hierarchy

__all__ = ["ENGINES", "check_cutoff", "choose_engine"]

SCIPY_WORK = 30_000_000
"""Nodes and arcs touched that scipy is done with before the compiled engines are loaded."""
SEARCHES_THAT_PAY = 450
"""Searches that cost as much as building a hierarchy."""
FULL_SEARCHES_THAT_PAY = 450
ENGINES = ("auto", "scipy", "dijkstra", "hierarchy")


def choose_engine(
    graph: Graph,
    search_count: int,
    engine: str,
    *,
    hierarchy: Hierarchy | None,
    can_use_hierarchy: bool,
    searches_fully: bool,
) -> str:
    """Return the engine to use: the one asked for, or for "auto" the one that costs least."""
    allowed = ENGINES if can_use_hierarchy else ENGINES[:-1]
    if engine not in allowed:
        raise UnknownNameError(f"engine {engine!r} is unknown; use one of {', '.join(allowed)}")
    if hierarchy is not None and not can_use_hierarchy:
        raise InputError("this question cannot use a hierarchy")
    if engine != "auto":
        return engine
    if can_use_hierarchy and hierarchy is not None:
        return "hierarchy"
    work = search_count * (graph.node_count + graph.arc_count)
    if work < SCIPY_WORK:
        return "scipy"
    searches_that_pay = FULL_SEARCHES_THAT_PAY if searches_fully else SEARCHES_THAT_PAY
    return "hierarchy" if can_use_hierarchy and search_count > searches_that_pay else "dijkstra"


def check_cutoff(cutoff_ms: int | None, problems: list[Problem]) -> int:
    """Return the longest time of interest; add to `problems` when it is not one."""
    if cutoff_ms is None:
        return int(UNREACHABLE) - 1
    if int(cutoff_ms) != cutoff_ms or cutoff_ms < 0:
        problems.append(Problem(f"cutoff_ms is not a whole number from 0: {cutoff_ms}"))
        return 0
    return min(int(cutoff_ms), int(UNREACHABLE) - 1)
