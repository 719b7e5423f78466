"""Compile at set-up what questions of roads need, so that no user waits for it.

    python -m socaccess.travel.kernels

asks every kind of question of a small invented network; what numba compiles for it is kept on the
machine. A second run finds all of it there and ends at once.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from socaccess.routing import (
    Graph,
    Terminals,
    are_kernels_compiled,
    build_hierarchy,
    compute_matrix,
    find_nearest,
    find_reached,
    note_compiled,
    sum_along,
    trace_trips,
)

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["compile_kernels"]


def compile_kernels(progress: Callable[[int, int], None] | None = None) -> float:
    """Compile all kernels that are not yet on this machine; return the seconds it took.

    Parameters
    ----------
    progress
        Called as `progress(done, total)` after each kind of question; an exception from it stops
        the work, and what is compiled by then stays.

    Examples
    --------
    >>> compile_kernels() >= 0   # doctest: +SKIP
    True
    """
    began = time.perf_counter()
    if not are_kernels_compiled():
        questions = [*_ask_graph(), *_ask_network()]
        for number, ask in enumerate(questions, 1):
            ask()
            if progress is not None:
                progress(number, len(questions))
        note_compiled()
    return time.perf_counter() - began


def _ask_graph() -> list[Callable[[], object]]:
    """Return small questions of a graph that together use every kernel of `socaccess.routing`."""
    graph = Graph.from_arcs(3, [0, 1, 2], [1, 2, 0], [1000, 500, 700])
    # Two ends each, as places on a road have.
    ends = Terminals(
        node=np.array([[0, 1], [1, 2]], np.int32), cost_ms=np.array([[0, 5], [5, 0]], np.uint32)
    )
    group, pair = np.zeros(2, np.int32), np.arange(2)
    engines = ("dijkstra", "hierarchy")
    nearest = partial(find_nearest, graph, ends, ends, group, 1)
    return [
        *(partial(compute_matrix, graph, ends, ends, engine=engine) for engine in engines),
        *(partial(nearest, k=k, engine=engine) for k in (1, 2) for engine in engines),
        partial(find_reached, graph, ends, 9000, engine="dijkstra"),
        partial(sum_along, graph, ends, ends, np.ones((3, 3)), engine="dijkstra",
                origin_values=np.ones((2, 2, 3)), destination_values=np.ones((2, 2, 3))),
        partial(trace_trips, graph, ends, ends, pair, pair, engine="dijkstra"),
        lambda: trace_trips(graph, ends, ends, pair, pair, hierarchy=build_hierarchy(graph)),
    ]  # fmt: skip


def _ask_network() -> Iterator[Callable[[], object]]:
    """Yield questions of a network that together compile what areas and tables of cells need."""
    import geopandas as gpd
    import pandas as pd

    from socaccess.network import RoadNetwork
    from socaccess.network.cells import save_cells
    from socaccess.travel.service_areas import isochrones

    nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 900.0], "y": [0.0, 0.0]})
    edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    site: gpd.GeoDataFrame = gpd.GeoDataFrame(
        {"id": ["s"]}, geometry=gpd.points_from_xy([1.0], [1.0]), crs="EPSG:3059"
    )
    yield lambda: isochrones(network, site, minutes=[1], links=None)

    def keep() -> None:
        with tempfile.TemporaryDirectory() as folder:
            network.save(Path(folder) / "a.network")
            save_cells(network, Path(folder) / "a.network")
            isochrones(RoadNetwork.load(Path(folder) / "a.network"), site, minutes=[30])

    yield keep


def _show(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done}/{total}" + ("\n" if done == total else ""))
    sys.stderr.flush()


if __name__ == "__main__":
    compile_kernels(_show)
