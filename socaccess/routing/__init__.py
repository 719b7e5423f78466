"""Exact travel times on a graph of numbered nodes: arrays in, arrays out, no geography.

Read it in this order: `graph` and `terminals` are what is asked about; `matrix`, `nearest`,
`reached` and `paths` are the questions; `_choice` picks one of three engines, which all give the
same answers to the millisecond:

- `_scipy`, for small graphs;
- `_dijkstra`, compiled searches for larger ones;
- `hierarchy`, a contraction hierarchy: prepared once, then matrices by sweeps.

Compiled modules are imported only by the engine that needs them: importing this package does not
import the compiler.
"""

from __future__ import annotations

from socaccess.routing._choice import choose_engine
from socaccess.routing._compiled import are_kernels_compiled, note_compiled
from socaccess.routing._run import Progress
from socaccess.routing.arrayfile import load_arrays, save_arrays
from socaccess.routing.graph import UNREACHABLE, Graph
from socaccess.routing.hierarchy import Hierarchy, build_hierarchy
from socaccess.routing.matrix import compute_matrix, iterate_matrix
from socaccess.routing.nearest import Nearest, find_nearest
from socaccess.routing.order import order_along_curve
from socaccess.routing.paths import Path, Trees, sum_along, trace_paths, trace_trees
from socaccess.routing.reached import Reached, find_reached
from socaccess.routing.terminals import DirectTrips, Terminals
from socaccess.routing.trips import Trips, trace_trips

__all__ = [
    "UNREACHABLE",
    "DirectTrips",
    "Graph",
    "Hierarchy",
    "Nearest",
    "Path",
    "Progress",
    "Reached",
    "Terminals",
    "Trees",
    "Trips",
    "are_kernels_compiled",
    "build_hierarchy",
    "choose_engine",
    "compute_matrix",
    "find_nearest",
    "find_reached",
    "iterate_matrix",
    "load_arrays",
    "note_compiled",
    "order_along_curve",
    "save_arrays",
    "sum_along",
    "trace_paths",
    "trace_trees",
    "trace_trips",
]
