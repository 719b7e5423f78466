"""Travel times, ours and others: the same graph, one pinned core, CPU seconds and memory.

    python -m benchmarks.routing --nodes 500000

Each engine runs in a process of its own. With `--engines` only some are measured, and the rows of
the others stay as they were, marked with *. Slow ones answer some of the sources until `--budget`
CPU seconds are used; the figure is then scaled and marked with ~. Every engine's answers are
compared with those of scipy. The table goes into docs/performance.md between its markers, one line
of JSON to the output.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.graphs import make_road_like_graph
from benchmarks.memory import read_peak_mb
from socaccess.routing import (
    Graph,
    Terminals,
    build_hierarchy,
    compute_matrix,
    find_nearest,
)
from socaccess.routing import hierarchy as hierarchy_module
from socaccess.routing._run import run_chunks

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- travel times: begin -->", "<!-- travel times: end -->"
SIZES = ((5_000, 500), (20_000, 2_000))
GROUPS, SITES_A_GROUP = 10, 100
CHECKED = 5
"""Sources whose answers are compared."""

Rows = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Times from all of the first nodes (rows of the result are the second) to each of the second."""


class Case:
    """The graph and the questions, the same in every process."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as file:
            self.tail, self.head, self.weight_ms = file["tail"], file["head"], file["weight_ms"]
            self.x_m, self.y_m = file["x_m"], file["y_m"]
        self.node_count = len(self.x_m)
        rng = np.random.default_rng(1)
        self.pairs = [
            tuple(rng.choice(self.node_count, min(size, self.node_count // 2), replace=False)
                  for size in sizes)
            for sizes in SIZES
        ]  # fmt: skip
        self.sites = rng.choice(self.node_count, (GROUPS, SITES_A_GROUP))

    def to_graph(self) -> Graph:
        return Graph.from_arcs(self.node_count, self.tail, self.head, self.weight_ms)

    def to_matrix(self, *, backward: bool) -> Any:
        from scipy.sparse import csr_array

        ends = (self.head, self.tail) if backward else (self.tail, self.head)
        return csr_array((self.weight_ms.astype(float), ends), shape=(self.node_count,) * 2)


def prepare_scipy(case: Case) -> tuple[Rows, None]:
    from scipy.sparse.csgraph import dijkstra

    matrix = case.to_matrix(backward=True)
    return lambda origins, ends: dijkstra(matrix, indices=ends)[:, origins], None


def prepare_networkx(case: Case) -> tuple[Rows, None]:
    import networkx

    graph = networkx.DiGraph()
    graph.add_weighted_edges_from(
        zip(case.head.tolist(), case.tail.tolist(), case.weight_ms.tolist(), strict=True)
    )

    def rows(origins: np.ndarray, ends: np.ndarray) -> np.ndarray:
        found = []
        for end in ends.tolist():
            times = networkx.single_source_dijkstra_path_length(graph, end)
            found.append([times[origin] for origin in origins.tolist()])
        return np.array(found)

    return rows, None


def prepare_igraph(case: Case) -> tuple[Rows, None]:
    import igraph

    graph = igraph.Graph(
        n=case.node_count, edges=np.column_stack([case.tail, case.head]), directed=True
    )
    weights = case.weight_ms.tolist()
    return (
        lambda origins, ends: np.array(
            graph.distances(ends.tolist(), origins.tolist(), weights=weights, mode="in")
        ),
        None,
    )


def prepare_networkit(case: Case) -> tuple[Rows, None]:
    import networkit

    networkit.setNumberOfThreads(1)
    graph = networkit.GraphFromCoo(
        (case.weight_ms.astype(float), (case.head.astype(np.uint64), case.tail.astype(np.uint64))),
        n=case.node_count, weighted=True, directed=True,
    )  # fmt: skip

    def rows(origins: np.ndarray, ends: np.ndarray) -> np.ndarray:
        search = networkit.distance.SPSP(graph, ends.tolist())
        search.setTargets(origins.tolist())
        search.run()
        return np.array(search.getDistances())

    return rows, None


def prepare_pandana(case: Case) -> tuple[Rows, None]:
    import pandana
    import pandas as pd

    index = pd.RangeIndex(case.node_count)
    network = pandana.Network(
        pd.Series(case.x_m, index), pd.Series(case.y_m, index),
        pd.Series(case.tail.astype(np.int64)), pd.Series(case.head.astype(np.int64)),
        pd.DataFrame({"s": case.weight_ms / 1000}), twoway=False,
    )  # fmt: skip

    def rows(origins: np.ndarray, ends: np.ndarray) -> np.ndarray:
        starts, stops = np.tile(origins, len(ends)), np.repeat(ends, len(origins))
        times = network.shortest_path_lengths(starts, stops)
        return np.array(times).reshape(len(ends), len(origins)) * 1000

    return rows, None


def prepare_pyroutingkit(case: Case) -> tuple[Rows, None]:
    import pyroutingkit

    topology = pyroutingkit.CCHTopology()
    topology.build(
        case.tail.astype(np.uint32), case.head.astype(np.uint32),
        case.y_m.astype(np.float32) / 111_320 + 56,
        case.x_m.astype(np.float32) / 60_800 + 21, case.node_count,
    )  # fmt: skip
    metric = pyroutingkit.CCHMetric(topology)
    metric.customize(case.weight_ms.astype(np.uint32))
    return (
        lambda origins, ends: (
            metric.distances_many_to_many(origins.astype(np.uint32), ends.astype(np.uint32)).T
        ),
        None,
    )


def prepare_routingkit_cch(case: Case) -> tuple[Rows, None]:
    import routingkit_cch

    tail, head = case.tail.tolist(), case.head.tolist()
    order = routingkit_cch.compute_order_inertial(
        case.node_count, tail, head,
        (case.y_m / 111_320 + 56).tolist(), (case.x_m / 60_800 + 21).tolist(),
    )  # fmt: skip
    cch = routingkit_cch.CCH(order, tail, head, False)
    metric = routingkit_cch.CCHMetric(cch, case.weight_ms.tolist())

    def rows(origins: np.ndarray, ends: np.ndarray) -> np.ndarray:
        search = routingkit_cch.CCHManyToOne(metric, origins.tolist())
        return np.array([search.distances_to(end) for end in ends.tolist()])

    return rows, None


def prepare_ours(case: Case, engine: str) -> tuple[Rows, Callable[[], object]]:
    graph = case.to_graph()
    hierarchy = build_hierarchy(graph) if engine == "hierarchy" else None
    everywhere = Terminals.at_nodes(np.arange(graph.node_count))
    sites = Terminals.at_nodes(case.sites.ravel())
    group = np.repeat(np.arange(GROUPS, dtype=np.int32), SITES_A_GROUP)

    def rows(origins: np.ndarray, ends: np.ndarray) -> np.ndarray:
        starts, stops = Terminals.at_nodes(origins), Terminals.at_nodes(ends)
        return compute_matrix(graph, starts, stops, engine=engine, hierarchy=hierarchy).T

    def nearest() -> object:
        return find_nearest(
            graph, everywhere, sites, group, GROUPS, engine=engine, hierarchy=hierarchy
        )

    return rows, nearest


def prepare_dijkstra(case: Case) -> tuple[Rows, Callable[[], object]]:
    return prepare_ours(case, "dijkstra")


def prepare_hierarchy(case: Case) -> tuple[Rows, Callable[[], object]]:
    return prepare_ours(case, "hierarchy")


ENGINES: dict[str, tuple[str, Callable[[Case], tuple[Rows, Any]]]] = {
    "scipy": ("scipy", prepare_scipy),
    "networkx": ("networkx", prepare_networkx),
    "igraph": ("igraph", prepare_igraph),
    "networkit": ("networkit", prepare_networkit),
    "pandana": ("pandana", prepare_pandana),
    "pyroutingkit": ("pyroutingkit", prepare_pyroutingkit),
    "routingkit-cch": ("routingkit_cch", prepare_routingkit_cch),
    "socaccess, Dijkstra": ("socaccess", prepare_dijkstra),
    "socaccess, hierarchy": ("socaccess", prepare_hierarchy),
}


def count_cpu(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the least CPU seconds of some repeats."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def measure(name: str, path: Path, budget_s: float) -> dict[str, Any]:
    """Return the figures of one engine, measured in this process."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    module, prepare = ENGINES[name]
    import_module(module)
    ours = module == "socaccess"
    case = Case(path)
    if ours:  # the compiler's time is not the engine's: it is paid once a machine
        small = Case(path)
        small.tail, small.head = np.arange(9), np.arange(1, 10)
        small.weight_ms, small.node_count = np.ones(9, int), 10
        small.sites = small.sites % 10
        rows, nearest = prepare(small)
        rows(np.arange(5), np.arange(3))
        nearest()
    answer: list[tuple[Rows, Any]] = []
    figures: dict[str, Any] = {"engine": name}
    figures["prepare_s"] = count_cpu(lambda: answer.append(prepare(case)))
    rows, nearest = answer[0]
    for (origins, ends), (many, few) in zip(case.pairs, SIZES, strict=True):
        key = f"od_{many}x{few}"
        if ours and name.endswith("hierarchy"):
            figures[f"{key}_s"], used = count_cpu(lambda: rows(origins, ends), 3), len(ends)  # noqa: B023
        else:
            used, seconds = 1, count_cpu(lambda: rows(origins, ends[:1]))  # noqa: B023
            wanted = int(min(len(ends), max(1, budget_s / max(seconds, 1e-6))))
            if wanted > 1:
                used, seconds = wanted, count_cpu(lambda: rows(origins, ends[:wanted]))  # noqa: B023
            figures[f"{key}_s"] = seconds * len(ends) / used
        figures[f"{key}_measured_share"] = used / len(ends)
    if nearest is not None:
        figures["nearest_s"] = count_cpu(nearest, 3)
    figures["peak_mb"] = read_peak_mb()
    origins, ends = case.pairs[0]
    figures["sample"] = np.asarray(rows(origins[:50], ends[:CHECKED]), float).tolist()
    try:
        figures["version"] = metadata.version(name.split(",")[0])
    except metadata.PackageNotFoundError:
        figures["version"] = ""
    return figures


def measure_threads(path: Path, repeats: int = 5) -> dict[str, Any]:
    """Return how much faster the larger matrix is with two threads than with one.

    `wall` compares the best times on the wall, which tells little where others use the cores too.
    `cpu` compares CPU seconds: those of one thread with those of the one that asks and the busier
    of the two others, which is what the wall would show if both had a core of their own.
    """
    case = Case(path)
    graph = case.to_graph()
    hierarchy = build_hierarchy(graph)
    origins, ends = (Terminals.at_nodes(side) for side in case.pairs[-1])
    used: dict[int, float] = {}

    def run_counted(work: Any, chunks: Any, threads: int, tick: Any) -> None:
        def counted(chunk: Any) -> int:
            start = time.thread_time()
            try:
                return work(chunk)
            finally:
                spent = time.thread_time() - start
                used[threading.get_ident()] = used.get(threading.get_ident(), 0.0) + spent

        run_chunks(counted, chunks, threads, tick)

    hierarchy_module.run_chunks = run_counted
    best = {"wall": {1: np.inf, 2: np.inf}, "cpu": {1: np.inf, 2: np.inf}}
    for _ in range(repeats):
        for threads in (1, 2):
            used.clear()
            begin, asking = time.perf_counter(), time.thread_time()
            compute_matrix(graph, origins, ends, hierarchy=hierarchy, threads=threads)
            wall, asking = time.perf_counter() - begin, time.thread_time() - asking
            busiest = asking if threads == 1 else asking + max(used.values())
            best["wall"][threads] = min(best["wall"][threads], wall)
            best["cpu"][threads] = min(best["cpu"][threads], busiest)
    return {
        f"{name}_{part}": round(float(value), 3)
        for name, times in best.items()
        for part, value in (
            ("1_s", times[1]), ("2_s", times[2]), ("ratio", times[1] / times[2])
        )
    }  # fmt: skip


def run_all(path: Path, engines: list[str], budget_s: float) -> list[dict[str, Any]]:
    """Return the figures of all engines, each measured in a process of its own."""
    found = []
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    for name in engines:
        command = [sys.executable, "-m", "benchmarks.routing", "--measure", name]
        command += ["--graph", str(path), "--budget", str(budget_s)]
        done = subprocess.run(
            command, env=os.environ | threads, capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["killed"])[-1]
            print(f"{name}: left out ({reason})", file=sys.stderr)
            continue
        figures = json.loads(done.stdout.splitlines()[-1])
        print(f"{name}: done", file=sys.stderr)
        found.append(figures)
    return found


def write_table(found: list[dict[str, Any]], case: Case) -> str:
    """Return the table in Markdown, with machine and versions."""
    keys = [f"od_{many}x{few}" for many, few in SIZES]
    truth = next((np.array(row["sample"]) for row in found if row["engine"] == "scipy"), None)
    told = (
        f"Graph: synthetic, {case.node_count:,} nodes, {len(case.tail):,} arcs. One core of "
        f"{describe_machine()}, Python {platform.python_version()}. CPU seconds; ~ is scaled from "
        "fewer sources. Off: largest difference from scipy in the answers compared, milliseconds."
    )
    lines = [
        told,
        "",
        "| engine | prepare | " + " | ".join(
            f"{many:,} x {few:,}" for many, few in SIZES
        ) + f" | nearest of {GROUPS} types, all nodes | peak MB | off |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    rows = read_rows(case)
    for row in found:
        cells = [f"{row['engine']} {row['version']}".strip(), f"{row['prepare_s']:.2f}"]
        for key in keys:
            mark = "~" if row[f"{key}_measured_share"] < 1 else ""
            cells.append(f"{mark}{row[f'{key}_s']:.3g}")
        cells.append(f"{row['nearest_s']:.3f}" if "nearest_s" in row else "")
        cells.append(f"{row['peak_mb']:.0f}")
        off = "" if truth is None else f"{np.abs(np.array(row['sample']) - truth).max():.0f}"
        rows[row["engine"]] = "| " + " | ".join([*cells, off]) + " |"
    if kept := rows.keys() - {row["engine"] for row in found}:
        lines[0] += " *: measured in an earlier run."
        for name in kept:
            rows[name] = (
                rows[name].replace(" | ", "* | ", 1) if "* |" not in rows[name] else rows[name]
            )
    return "\n".join([*lines, *(rows[name] for name in ENGINES if name in rows)])


def read_rows(case: Case) -> dict[str, str]:
    """Return the rows of the table in the document by engine, if they are of the same graph."""
    table = DOCUMENT.read_text(encoding="utf-8").split(BEGIN, 1)[1].split(END, 1)[0]
    if f"{case.node_count:,} nodes, {len(case.tail):,} arcs" not in table:
        return {}
    rows = (line for line in table.splitlines() if line.startswith("| "))
    # The longest name a row begins with: one engine's name may begin another's.
    named = {
        max((name for name in ENGINES if row[2:].startswith(name)), key=len, default=""): row
        for row in rows
    }
    named.pop("", None)
    return named


def describe_machine() -> str:
    """Return the name of the processor and the system."""
    info = Path("/proc/cpuinfo")
    names = [
        line.split(":", 1)[1].strip()
        for line in (info.read_text().splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.processor()}, {platform.system()}"


def put_between_markers(table: str) -> None:
    """Replace what stands between the markers in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=500_000)
    parser.add_argument("--budget", type=float, default=5.0, help="CPU seconds a slow figure")
    parser.add_argument("--engines", nargs="*", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--graph", type=Path, help="keep the graph here, or take it from here")
    parser.add_argument("--no-write", action="store_true", help="leave the document alone")
    parser.add_argument("--threads", action="store_true", help="compare two threads with one")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.graph, options.budget)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = options.graph or Path(folder) / "graph.npz"
        if not path.exists():
            made = make_road_like_graph(options.nodes)
            np.savez(
                path, tail=made.graph.list_tails(), head=made.graph.indices,
                weight_ms=made.graph.weight_ms, x_m=made.x_m, y_m=made.y_m,
            )  # fmt: skip
        if options.threads:
            print(json.dumps(measure_threads(path)))
            return
        found = run_all(path, options.engines, options.budget)
        case = Case(path)
    table = write_table(found, case)
    print(table)
    if not options.no_write:
        put_between_markers(table)
    small = f"od_{SIZES[0][0]}x{SIZES[0][1]}_s"
    by_name = {row["engine"]: row for row in found}
    ours = by_name.get("socaccess, hierarchy")
    peers = [row[small] for name, row in by_name.items() if not name.startswith("socaccess")]
    scipy = by_name.get("scipy")
    print(
        json.dumps(
            {
                "graph": f"synthetic, {case.node_count} nodes, {len(case.tail)} arcs",
                "build_s": ours and round(ours["prepare_s"], 2),
                "od_5000x500_s": ours and round(ours[small], 4),
                "ratio_scipy": ours and scipy and round(scipy[small] / ours[small], 1),
                "ratio_best_peer": ours and peers and round(min(peers) / ours[small], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
