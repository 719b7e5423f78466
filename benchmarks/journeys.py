"""Routes and areas within reach, beside other engines: CPU seconds, one line of JSON at the end.

    python -m benchmarks.journeys routes [--file malta.osm.pbf] [--nodes 500000]
    python -m benchmarks.journeys areas
    python -m benchmarks.journeys frame --file malta.osm.pbf

`frame` is an extract to a table of 5,000 x 500 times, all of it in a process of its own: once with
nothing compiled on the machine, once after what `make run` compiles beside the first run.

Without a file the roads are invented (`benchmarks.graphs`). Everything it needs it makes itself:
the network, its hierarchy and its table of cells, in a folder that is removed. Peers (OSRM through
`osrm-bindings`, Valhalla through `pyvalhalla`) publish no wheels for every system; one that cannot
be imported is named, with what was measured of it on Malta in November 2026 on two shared cores.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess.network import RoadNetwork, Snapped
from socaccess.network.cells import save_cells
from socaccess.travel import isochrones, routes, travel_times
from socaccess.travel.kernels import compile_kernels

PEERS = {
    "routes": ("osrm", {"engine": "OSRM", "measured": "2026-11", "routes_500_s": 0.75}),
    "areas": ("valhalla", {"engine": "Valhalla", "measured": "2026-11", "one_site_s": 0.062}),
}


def make_network(node_count: int) -> RoadNetwork:
    """Return an invented network of straight roads, driven both ways where its graph is."""
    from benchmarks.graphs import make_road_like_graph  # what `frame` does not start with

    made = make_road_like_graph(node_count)
    graph = made.graph
    tail, head = graph.list_tails().astype(np.int64), graph.indices.astype(np.int64)
    arcs = pd.DataFrame(
        {"low": np.minimum(tail, head), "high": np.maximum(tail, head), "ms": graph.weight_ms}
    )
    ahead = arcs[tail < head].groupby(["low", "high"])["ms"].min().rename("forward_ms")
    back = arcs[tail > head].groupby(["low", "high"])["ms"].min().rename("backward_ms")
    both = pd.concat([ahead, back], axis=1).reset_index()
    turned = both["forward_ms"].isna()
    both.loc[turned, ["low", "high"]] = both.loc[turned, ["high", "low"]].to_numpy()
    both["oneway"] = both[["forward_ms", "backward_ms"]].isna().any(axis=1)
    both["forward_ms"] = both["forward_ms"].fillna(both["backward_ms"]).astype(np.int64)
    both["backward_ms"] = both["backward_ms"].fillna(both["forward_ms"]).astype(np.int64)
    edges = both.rename(columns={"low": "from_id", "high": "to_id"})
    nodes = pd.DataFrame(
        {"node_id": np.arange(graph.node_count), "x": made.x_m + 3e5, "y": made.y_m + 1e5}
    )
    return RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")


def scatter(network: RoadNetwork, count: int, seed: int) -> Snapped:
    random = np.random.default_rng(seed)
    node = random.choice(np.flatnonzero(network.main_component), count)
    xy = np.stack([network.node_x, network.node_y], axis=1)[node]
    xy = xy + random.uniform(-100, 100, xy.shape)
    ids = np.arange(count).astype(str)
    places = gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(*xy.T), crs=network.crs)
    return network.snap(places, id_column="id")


def measure(figures: dict[str, Any], name: str, work: Callable[[], Any]) -> Any:
    began = time.process_time()
    result = work()
    figures[name] = round(time.process_time() - began, 4)
    print(f"{name:28} {figures[name]:10.4f}", flush=True)
    return result


def measure_routes(network: RoadNetwork, figures: dict[str, Any]) -> None:
    for count in (500, 10_000):
        starts, ends = scatter(network, count, 1), scatter(network, count, 2)
        pairs = list(zip(starts.ids, ends.ids, strict=True))
        ask = partial(routes, network, starts, ends, pairs=pairs)
        measure(figures, f"routes_{count}_first_s", ask)
        drawn = measure(figures, f"routes_{count}_s", ask)
    few = slice(0, 20)
    table = travel_times(network, starts.take(few), ends.take(few))
    assert np.array_equal(drawn["travel_min"][:20], np.diagonal(table.travel_min), equal_nan=True)


def measure_areas(network: RoadNetwork, figures: dict[str, Any]) -> None:
    sites = scatter(network, 500, 3)
    one, limits = sites.take(slice(0, 1)), (15, 30, 45)
    measure(figures, "one_site_first_s", lambda: isochrones(network, one, minutes=limits))
    areas = measure(figures, "one_site_s", lambda: isochrones(network, one, minutes=limits))
    measure(
        figures, "one_site_100m_s", lambda: isochrones(network, one, minutes=limits, cell_m=100)
    )
    measure(
        figures, "sites_500_each_s",
        lambda: isochrones(network, sites, minutes=limits, cell_m=100, dissolve=False),
    )  # fmt: skip
    measure(
        figures,
        "sites_500_joined_s",
        lambda: isochrones(network, sites, minutes=limits, cell_m=100),
    )
    points = scatter(network, 20_000, 4)
    times = travel_times(network, points, one).travel_min[:, 0]
    import shapely

    for limit, area in zip(limits, areas.geometry, strict=True):
        inside = shapely.contains_xy(area, points.x, points.y)
        figures[f"disagree_{limit}_min"] = round(float((inside != (times <= limit)).mean()), 5)


def measure_valhalla(file: Path, site: Snapped, figures: dict[str, Any]) -> None:
    """Ask Valhalla for the areas of the same site within the same limits."""
    from benchmarks.engines import open_valhalla

    (spot,) = gpd.GeoSeries.from_xy(site.x, site.y, crs=site.network.crs).to_crs("EPSG:4326")
    asked = {
        "locations": [{"lon": spot.x, "lat": spot.y}],
        "costing": "auto",
        "contours": [{"time": minutes} for minutes in (15, 30, 45)],
        "polygons": True,
    }
    with tempfile.TemporaryDirectory() as folder:
        actor = open_valhalla(file, Path(folder))
        actor.isochrone(asked)
        measure(figures, "valhalla_one_site_s", lambda: actor.isochrone(asked))


def measure_frame(file: Path, figures: dict[str, Any]) -> None:
    """Measure the whole way from an extract to a frame: CPU seconds, starting Python included."""
    with tempfile.TemporaryDirectory() as folder:
        empty = {name: str(Path(folder) / name) for name in ("NUMBA_CACHE_DIR", "SOCACCESS_CACHE")}
        command = [sys.executable, "-m", "benchmarks.journeys", "frame", "--alone", "--file", file]
        compiling = [sys.executable, "-m", "socaccess.travel.kernels"]
        for name, work in (
            ("first_ever_s", command), ("compile_s", compiling), ("later_s", command)
        ):  # fmt: skip
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(work, env={**os.environ, **empty}, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            figures[name] = round(spent_s, 2)
            print(f"{name:28} {spent_s:10.2f}", flush=True)


def make_frame(file: Path) -> None:
    figures = {"start_s": time.process_time()}
    network = measure(figures, "read_s", lambda: RoadNetwork.from_osm(file))
    ends = measure(figures, "snap_s", lambda: (scatter(network, 5000, 1), scatter(network, 500, 2)))
    times = measure(figures, "times_s", lambda: travel_times(network, *ends))
    frame = measure(figures, "frame_s", times.to_frame)
    assert len(frame) == 2_500_000
    print(figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=(*PEERS, "frame"))
    parser.add_argument("--nodes", type=int, default=500_000)
    parser.add_argument("--file", type=Path, help="an .osm.pbf to read instead")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    figures: dict[str, Any] = {"question": options.what}
    if options.what == "frame":
        if options.file is None:
            parser.error("frame needs --file")
        if options.alone:
            make_frame(options.file)
        else:
            measure_frame(options.file, figures)
            print(json.dumps(figures))
        return
    module, peer = PEERS[options.what]
    compile_kernels()
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "bench.network"
        made = make_network(options.nodes) if options.file is None else (
            measure(figures, "read_s", lambda: RoadNetwork.from_osm(options.file))
        )  # fmt: skip
        measure(figures, "hierarchy_s", made.prepare)
        made.save(saved, hierarchy=True)
        measure(figures, "cells_s", lambda: save_cells(made, saved))
        network = RoadNetwork.load(saved)
        figures |= {"nodes": network.node_count, "edges": network.edge_count}
        measure(figures, "open_hierarchy_s", network.prepare)
        (measure_routes if options.what == "routes" else measure_areas)(network, figures)
    here = importlib.util.find_spec(module) is not None
    if here and options.what == "areas" and options.file is not None:
        measure_valhalla(options.file, scatter(made, 500, 3).take(slice(0, 1)), figures)
    elif not here:
        print(f"{peer['engine']} cannot be imported here: its figure is of {peer['measured']}")
        figures["peer"] = peer
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
