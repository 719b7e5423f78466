"""What a hierarchy and its tables cost as roads and origins grow; and the memory's bandwidth.

    python -m benchmarks.growth                                # 10,000 to 2,000,000 of both
    python -m benchmarks.growth --nodes 10000 100000 --origins 10000 100000

Nodes: building the hierarchy, and 1,000 x 500 times. Origins: times to 500 destinations on the
first graph of at least 100,000 nodes, in blocks of 10,000 so that memory stays flat. Each case
runs in a process of its own; CPU seconds of one thread, and its peak memory. R squared tells how
straight the lines are. The bandwidth is that of summing 1 GB, by one thread and by two at once:
two threads of the sweep cannot gain more than that. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.graphs import make_road_like_graph
from benchmarks.memory import read_peak_mb
from benchmarks.scale import run_alone
from socaccess.routing import Terminals, build_hierarchy, compute_matrix

SIZES = (10_000, 50_000, 200_000, 500_000, 1_000_000, 2_000_000)
ENDS, BLOCK = 500, 10_000


def place(random: np.random.Generator, node_count: int, count: int) -> Terminals:
    """Return ends of trips at random nodes."""
    node = random.integers(0, node_count, (count, 1)).astype(np.int32)
    return Terminals(node, np.zeros((count, 1), np.uint32))


def measure_nodes(node_count: int) -> dict[str, Any]:
    """Build the hierarchy of a graph of about so many nodes, and ask for 1,000 x 500 times."""
    build_hierarchy(make_road_like_graph(2_000).graph)  # compiled code is loaded from here on
    graph = make_road_like_graph(node_count).graph
    began = time.process_time()
    hierarchy = build_hierarchy(graph)
    built = time.process_time()
    random = np.random.default_rng(1)
    ends = [place(random, graph.node_count, count) for count in (1_000, ENDS)]
    compute_matrix(graph, *ends, hierarchy=hierarchy)
    asked = time.process_time()
    compute_matrix(graph, *ends, hierarchy=hierarchy)
    return {
        "nodes": graph.node_count,
        "hierarchy_s": round(built - began, 2),
        "matrix_s": round(time.process_time() - asked, 4),
        "peak_gb": round(read_peak_mb() / 1024, 2),
    }


def measure_origins(node_count: int, counts: list[int]) -> list[dict[str, Any]]:
    """Ask for the times of ever more origins on one graph."""
    graph = make_road_like_graph(node_count).graph
    hierarchy = build_hierarchy(graph)
    random = np.random.default_rng(2)
    ends = place(random, graph.node_count, ENDS)
    block = place(random, graph.node_count, BLOCK)
    compute_matrix(graph, block, ends, hierarchy=hierarchy)
    rows = []
    for count in counts:
        began = time.process_time()
        for first in range(0, count, BLOCK):
            block = place(random, graph.node_count, min(BLOCK, count - first))
            compute_matrix(graph, block, ends, hierarchy=hierarchy)
        rows.append({"origins": count, "matrix_s": round(time.process_time() - began, 3)})
    return rows


def measure_bandwidth() -> dict[str, float]:
    """Return GB/s read by one thread and by two at once."""
    halves = [np.ones(2**26) for _ in range(2)]
    found = {}
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            best = np.inf
            for _ in range(3):
                began = time.perf_counter()
                list(pool.map(np.sum, halves))
                best = min(best, time.perf_counter() - began)
        found[f"threads_{threads}"] = round(
            float(sum(half.nbytes for half in halves) / best / 1e9), 1
        )
    return found


def fit(rows: list[dict[str, Any]], x: str, y: str) -> float:
    """Return R squared of a straight line."""
    along, up = (np.array([row[name] for row in rows], float) for name in (x, y))
    if len(rows) < 3:
        return float("nan")
    return round(float(np.corrcoef(along, up)[0, 1] ** 2), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--origins", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    nodes = []
    for count in options.nodes:
        nodes.append(run_alone(measure_nodes, count))
        print(json.dumps(nodes[-1]), flush=True)
    graph_nodes = next((count for count in options.nodes if count >= 100_000), options.nodes[-1])
    origins = run_alone(measure_origins, graph_nodes, options.origins)
    figures = {
        "nodes": nodes,
        "hierarchy_r2": fit(nodes, "nodes", "hierarchy_s"),
        "origins_on_nodes": graph_nodes,
        "origins": origins,
        "origins_r2": fit(origins, "origins", "matrix_s"),
        "gb_per_s": measure_bandwidth(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
