"""Which engine answers: scipy for little work, Dijkstra for more, a hierarchy for much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socaccess.errors import InputError, Problem, UnknownNameError
from socaccess.routing._compiled import are_kernels_compiled
from socaccess.routing.graph import UNREACHABLE, Graph

if TYPE_CHECKING:
    from socaccess.routing.hierarchy import Hierarchy

__all__ = ["ENGINES", "check_cutoff", "choose_engine"]

SCIPY_WORK = 60_000_000
"""Searches times nodes and arcs that scipy is done with in about three seconds.

Loading compiled code takes about one, compiling it the first time on a machine a quarter of a
minute and more: below this, the compiler never pays.
"""
SCIPY_WORK_BESIDE = 15_000_000
"""The same where the code is compiled already: as long as loading it takes."""
SEARCHES_THAT_PAY = 250
"""Searches that cost as much as building a hierarchy for one question.

On a road-like graph of 500,000 nodes a search takes 0.05 to 0.07 CPU seconds and a hierarchy 11
to 12, which is kept on disk for the next question.
"""
ENGINES = ("auto", "scipy", "dijkstra", "hierarchy")


def choose_engine(
    graph: Graph,
    search_count: int,
    engine: str,
    *,
    hierarchy: Hierarchy | None,
    can_use_hierarchy: bool,
    scipy_count: int | None = None,
) -> str:
    """Return the engine to use: the one asked for, or for "auto" the one that costs least.

    "auto" takes a hierarchy that is there already; scipy while the work is less than `SCIPY_WORK`
    (where the compiler has done its work before, than `SCIPY_WORK_BESIDE`);
    compiled Dijkstra up to `SEARCHES_THAT_PAY` searches; and beyond that it builds a hierarchy.
    The number of searches is that of the smaller side of a matrix, of the groups times `k` for the
    nearest `k` sites, of the origins otherwise; `scipy_count` is given where scipy needs more.
    """
    allowed = ENGINES if can_use_hierarchy else ENGINES[:-1]
    if engine not in allowed:
        raise UnknownNameError("routing.no_such_engine", engine=engine, known=list(allowed))
    if hierarchy is not None and not can_use_hierarchy:
        raise InputError("routing.no_hierarchy_here")
    if engine != "auto":
        return engine
    if can_use_hierarchy and hierarchy is not None:
        return "hierarchy"
    work = (search_count if scipy_count is None else scipy_count) * (
        graph.node_count + graph.arc_count
    )
    if work < (SCIPY_WORK if not are_kernels_compiled() else SCIPY_WORK_BESIDE):
        return "scipy"
    return "hierarchy" if can_use_hierarchy and search_count > SEARCHES_THAT_PAY else "dijkstra"


def check_cutoff(cutoff_ms: int | None, problems: list[Problem]) -> int:
    """Return the longest time of interest; add to `problems` when it is not one."""
    if cutoff_ms is None:
        return int(UNREACHABLE) - 1
    if int(cutoff_ms) != cutoff_ms or cutoff_ms < 0:
        problems.append(Problem("routing.bad_cutoff", cutoff=str(cutoff_ms)))
        return 0
    return min(int(cutoff_ms), int(UNREACHABLE) - 1)
