"""How fast an OpenStreetMap file becomes a network, is saved and opened again.

    python -m benchmarks.osm                          # synthetic file of 500,000 nodes
    python -m benchmarks.osm --nodes 100000
    python -m benchmarks.osm --file malta.osm.pbf

Figures are CPU seconds of this process, all its threads, and peak memory; the last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import read_peak_mb


def write_synthetic(path: Path, nodes: int, *, seed: int = 7) -> None:
    """Write an `.osm.pbf` of about `nodes` road nodes that looks like a country of villages.

    Villages are grids of residential streets; bent roads of tertiary class, gravel or
    paved, join neighbours. Each way has 2 to 40 nodes, one junction in fifty a turn
    restriction, one street in ten is one-way.
    """
    import osmium
    from osmium.osm import mutable
    from scipy.spatial import Delaunay

    random = np.random.default_rng(seed)
    side, bends = 8, 24
    village_count = max(4, nodes // (side * side * 3 + 3 * bends))
    centre = random.random((village_count, 2)) * [6.5, 2.2] + [21.2, 55.8]
    lon: list[float] = []
    lat: list[float] = []
    ways: list[tuple[list[int], dict[str, str]]] = []

    def add_nodes(x: np.ndarray, y: np.ndarray) -> list[int]:
        first = len(lon) + 1
        lon.extend(x.tolist())
        lat.extend(y.tolist())
        return list(range(first, first + len(x)))

    def add_line(start: int, end: int, between: int, wobble: float) -> list[int]:
        part = (np.arange(between) + 1) / (between + 1)
        bend = np.cumsum(random.normal(size=(2, between)), axis=1) * wobble * np.sin(np.pi * part)
        x = lon[start - 1] + (lon[end - 1] - lon[start - 1]) * part + bend[0]
        y = lat[start - 1] + (lat[end - 1] - lat[start - 1]) * part + bend[1]
        return [start, *add_nodes(x, y), end]

    gates, junctions = [], []
    grid_x, grid_y = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))
    for x, y in centre:
        corner = np.array(
            add_nodes(
                x + grid_x * 0.0016 + random.normal(size=side * side) * 1e-4,
                y + grid_y * 0.0009 + random.normal(size=side * side) * 1e-4,
            )
        ).reshape(side, side)
        gates.append(int(corner[side // 2, side // 2]))
        for line in (*corner, *corner.T):
            refs = [int(line[0])]
            for start, end in pairwise(line):
                refs += add_line(int(start), int(end), 1, 2e-5)[1:]
            tags = {"highway": "residential", "surface": "asphalt"}
            if random.random() < 0.1:
                tags["oneway"] = "yes"
            # Cut where the middle street is crossed, as mappers do for turn restrictions.
            cut = len(refs) // 2 + 1 if len(refs) % 2 == 0 else len(refs) // 2
            ways.append((refs[: cut + 1], tags))
            ways.append((refs[cut:], tags))
            if random.random() < 0.25:
                junctions.append((len(ways) - 2, refs[cut]))
    edges = Delaunay(centre).simplices
    pairs = {tuple(sorted(pair)) for a, b, c in edges for pair in ((a, b), (b, c), (c, a))}
    for a, b in sorted(pairs):
        surface = "gravel" if random.random() < 0.5 else "asphalt"
        refs = add_line(gates[a], gates[b], bends, 2e-4)
        tags = {"highway": "tertiary", "surface": surface}
        half = bends // 2
        ways.append((refs[: half + 1], tags))
        ways.append((refs[half:], {**tags, "maxspeed": "70"}))
    touching: dict[int, list[int]] = {}
    for position, (refs, _) in enumerate(ways):
        for node in (refs[0], refs[-1]):
            touching.setdefault(node, []).append(position)
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        for name, (x, y) in enumerate(zip(lon, lat, strict=True), start=1):
            writer.add_node(mutable.Node(id=name, version=1, location=(x, y)))
        for name, (refs, tags) in enumerate(ways, start=1):
            writer.add_way(mutable.Way(id=name, version=1, nodes=refs, tags=tags))
        relation = 0
        for start, node in junctions:
            others = [way for way in touching[node] if way != start]
            if not others:
                continue
            relation += 1
            members = [
                ("w", start + 1, "from"),
                ("n", node, "via"),
                ("w", others[0] + 1, "to"),
            ]
            tags = {"type": "restriction", "restriction": "no_left_turn"}
            writer.add_relation(mutable.Relation(id=relation, members=members, tags=tags))


def measure(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the result of `work`, its CPU seconds and its wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def run(source: Path, folder: Path) -> dict[str, Any]:
    """Return the figures of one file, printing them as they come."""
    from socaccess.network.file import load_network, save_network
    from socaccess.network.osm_roads import build_network
    from socaccess.sources.osm import read_road_elements

    saved = folder / "benchmark.network"
    figures: dict[str, Any] = {"file": source.name, "file_mb": source.stat().st_size / 1e6}
    elements, figures["read_s"], figures["read_wall_s"] = measure(
        lambda: read_road_elements(source)
    )
    network, figures["build_s"], _ = measure(lambda: build_network(elements))
    _, figures["save_s"], _ = measure(lambda: save_network(network, saved))
    opened, figures["open_s"], _ = measure(lambda: load_network(saved))
    _, figures["open_unverified_s"], _ = measure(lambda: load_network(saved, verify=False))
    figures["total_s"] = sum(figures[name] for name in ("read_s", "build_s", "save_s"))
    figures |= {
        "osm_nodes": len(elements.node_id),
        "ways": len(elements.way_id),
        "nodes": opened.node_count,
        "edges": opened.edge_count,
        "network_mb": saved.stat().st_size / 1e6,
        "peak_mb": read_peak_mb(),
    }
    figures |= travel(saved)
    for name, value in figures.items():
        print(f"{name:20} {value:,.3f}" if isinstance(value, float) else f"{name:20} {value}")
    return figures


def travel(saved: Path) -> dict[str, float]:
    """Return the figures of a day's questions on a saved network, compiled code being loaded."""
    import geopandas as gpd

    from socaccess.network import RoadNetwork
    from socaccess.routing import Graph, Terminals, compute_matrix
    from socaccess.travel import isochrones, routes, travel_blocks, travel_times

    os.environ["SOCACCESS_CACHE"] = ""  # built here and now
    network = RoadNetwork.load(saved)
    random = np.random.default_rng(3)

    def scatter(count: int, column: str) -> gpd.GeoDataFrame:
        node = random.choice(np.flatnonzero(network.main_component), count, replace=False)
        return gpd.GeoDataFrame(
            {column: [f"{column}{number}" for number in range(count)]},
            geometry=gpd.points_from_xy(network.node_x[node], network.node_y[node]),
            crs=network.crs,
        )

    homes, sites = scatter(2000, "settlement_id"), scatter(400, "facility_id")
    figures: dict[str, float] = {}
    starts, figures["snap_2000_s"], _ = measure(
        lambda: network.snap(homes, id_column="settlement_id")
    )
    ends = network.snap(sites, id_column="facility_id")
    few, some = ends.take(slice(0, 20)), starts.take(slice(0, 100))
    _, figures["times_100x20_s"], _ = measure(lambda: travel_times(network, some, few))
    tiny = Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])
    compute_matrix(tiny, *[Terminals.at_nodes([0, 2])] * 2, engine="hierarchy")  # loads the code
    _, figures["hierarchy_s"], _ = measure(network.prepare)
    dense, figures["times_2000x400_s"], _ = measure(lambda: travel_times(network, starts, ends))
    sparse, figures["sparse_2000x400_s"], _ = measure(
        lambda: travel_blocks(network, starts, ends, cutoff_min=30).to_sparse()
    )
    assert len(sparse) == int((dense.travel_min <= 30).sum())
    pairs = list(zip(some.ids, ends.ids[:100], strict=True))
    _, figures["routes_100_s"], _ = measure(lambda: routes(network, some, ends, pairs=pairs))
    _, figures["isochrones_20x3_s"], _ = measure(
        lambda: isochrones(network, few, minutes=(5, 10, 15))
    )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=500_000, help="size of the synthetic file")
    parser.add_argument("--file", type=Path, help="an .osm.pbf to read instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = options.file
        if source is None:
            source = Path(folder) / f"synthetic-{options.nodes}.osm.pbf"
            write_synthetic(source, options.nodes)
        figures = run(source, Path(folder))
    figures["python"] = platform.python_version()
    figures["machine"] = platform.machine()
    rounded = {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in figures.items()
    }
    print(json.dumps(rounded))


if __name__ == "__main__":
    main()
