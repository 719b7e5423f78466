"""What large work costs: partitioned tables from 10,000 to 1,000,000 origins, and 73,000 dwellings.

    python -m benchmarks.scale                          # the whole series, ten CPU minutes
    python -m benchmarks.scale --origins 10000 100000   # a shorter series
    python -m benchmarks.scale --places places.parquet  # dwellings of your own

Every case runs in a process of its own. Figures are CPU seconds of all its threads and its peak
memory; they stand in `docs/scale.md` between two markers, which the run renews.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from benchmarks.graphs import make_road_like_graph
from benchmarks.memory import read_peak_mb
from socaccess.network import CLOSED, RoadNetwork
from socaccess.partitions import SharedRoads
from socaccess.scale import write_nearest, write_travel_times
from socaccess.travel import nearest, travel_times

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "scale.md"
BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
CRS = "EPSG:3059"
KINDS, FACILITIES, DESTINATIONS, DWELLINGS = 10, 2_000, 500, 73_000


def make_network(node_count: int) -> RoadNetwork:
    """Return a road-like network of about `node_count` nodes that lies in Latvia."""
    made = make_road_like_graph(node_count)
    graph = made.graph
    tail, head = graph.list_tails().astype(np.int64), graph.indices.astype(np.int64)
    key = np.minimum(tail, head) * graph.node_count + np.maximum(tail, head)
    edges, edge = np.unique(key, return_inverse=True)
    forward = tail < head
    times = np.full((2, len(edges)), CLOSED, np.uint32)
    times[0, edge[forward]] = graph.weight_ms[forward]
    times[1, edge[~forward]] = graph.weight_ms[~forward]
    start, end = np.divmod(edges, graph.node_count)
    x, y = made.x_m + 330_000, made.y_m + 180_000
    return RoadNetwork(
        crs=CRS,
        node_x=x,
        node_y=y,
        edge_from=start.astype(np.int32),
        edge_to=end.astype(np.int32),
        length_m=np.hypot(x[start] - x[end], y[start] - y[end]),
        forward_ms=times[0],
        backward_ms=times[1],
        modelled=np.zeros(len(edges), bool),
        node_id=np.arange(graph.node_count),
        edge_id=np.arange(len(edges)),
        road_class=np.zeros(len(edges), np.int8),
    )


def scatter_places(network: RoadNetwork, column: str, count: int, seed: int) -> gpd.GeoDataFrame:
    """Return places within some hundred metres of the roads."""
    rng = np.random.default_rng(seed)
    node = rng.integers(0, network.node_count, count)
    points = gpd.points_from_xy(
        network.node_x[node] + rng.normal(0, 150, count),
        network.node_y[node] + rng.normal(0, 150, count),
    )
    return gpd.GeoDataFrame({column: [f"{column[0]}{i}" for i in range(count)]},
                            geometry=points, crs=CRS)  # fmt: skip


def scatter_facilities(network: RoadNetwork) -> gpd.GeoDataFrame:
    """Return facilities of ten kinds."""
    facilities = scatter_places(network, "facility_id", FACILITIES, 2)
    return facilities.assign(service=[f"s{i % KINDS}" for i in range(FACILITIES)])


def build(file: str, node_count: int) -> dict[str, Any]:
    """Make the network and its hierarchy on disk; tell what they cost and weigh."""
    network = make_network(node_count)
    begin = time.process_time()
    network.save(file, hierarchy=True)
    opened = RoadNetwork.load(file)
    facilities = opened.snap(scatter_facilities(opened), id_column="facility_id")
    part = scatter_places(opened, "settlement_id", 50_000, 4)
    return {
        "nodes": network.node_count,
        "edges": network.edge_count,
        "hierarchy_cpu_s": round(time.process_time() - begin, 1),
        "file_mb": Path(file).stat().st_size / 1e6,
        "hierarchy_mb": Path(f"{file}.hierarchy").stat().st_size / 1e6,
        "sent_mb": len(pickle.dumps(SharedRoads(opened, "auto", opened.prepare()), 5)) / 1e6,
        "facilities_mb": len(pickle.dumps((facilities.edge, facilities.ids), 5)) / 1e6,
        "part_mb": len(pickle.dumps(part, 5)) / 1e6,
    }


def measure_nearest(file: str, origins: int) -> dict[str, Any]:
    """Write the nearest of ten kinds for so many origins."""
    network = RoadNetwork.load(file)
    places = scatter_places(network, "settlement_id", origins, 3)
    facilities = scatter_facilities(network)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        table = write_nearest(network, places, facilities, folder)
        return _tell(begin, origins, KINDS, sum(item["bytes"] for item in table.files))


def measure_times(file: str, origins: int) -> dict[str, Any]:
    """Write the times within an hour to 500 destinations for so many origins."""
    network = RoadNetwork.load(file)
    places = scatter_places(network, "settlement_id", origins, 3)
    destinations = scatter_facilities(network).iloc[:DESTINATIONS]
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        table = write_travel_times(network, places, destinations, folder, cutoff_min=60)
        return _tell(begin, origins, DESTINATIONS, sum(item["bytes"] for item in table.files))


def measure_dwellings(file: str, places_file: str | None) -> dict[str, Any]:
    """Ask for the whole table from 73,000 dwellings to all facilities, and for the nearest."""
    if places_file is None:
        network = RoadNetwork.load(file)
        places = scatter_places(network, "id", DWELLINGS, 5)
        facilities = scatter_facilities(network)
    else:
        from socaccess.sources.services import load_facilities

        network = RoadNetwork.main_roads()
        known = load_facilities()
        known = known[known.geometry.notna() & ~known.geometry.is_empty]
        facilities = known[["facility_id", "service", "geometry"]].reset_index(drop=True)
        places = read_dwellings(Path(places_file))
    begin = time.process_time()
    table = travel_times(network, places, facilities)
    middle = time.process_time()
    nearest(network, places, facilities)
    told = _tell(middle, len(places), facilities["service"].nunique(), 0)
    return {
        "origins": len(places),
        "destinations": len(facilities),
        "nodes": network.node_count,
        "table_cpu_s": round(middle - begin, 2),
        "nearest_cpu_s": told["cpu_s"],
        "peak_gb": told["peak_gb"],
        "reached_share": float((table.travel_ms < 2**31 - 1).mean()),
    }


def read_dwellings(path: Path) -> gpd.GeoDataFrame:
    """Return the isolated dwellings of a table of places: `kind`, `lon` and `lat`."""
    import pandas as pd

    table = pd.read_parquet(path, columns=["kind", "lon", "lat"])
    rural = table[table["kind"] == "isolated_dwelling"]
    points = gpd.points_from_xy(rural["lon"], rural["lat"])
    return gpd.GeoDataFrame(
        {"id": [f"d{i}" for i in range(len(rural))]}, geometry=points, crs="EPSG:4326"
    )


def _tell(begin: float, origins: int, each: int, written: int) -> dict[str, Any]:
    cpu_s = time.process_time() - begin
    return {
        "origins": origins,
        "cpu_s": round(cpu_s, 2),
        "us_per_origin": round(cpu_s / origins * 1e6, 1),
        "s_per_million_pairs": round(cpu_s / (origins * each) * 1e6, 4),
        "written_mb": round(written / 1e6, 2),
        "peak_gb": round(read_peak_mb() / 1e3, 2),
    }


def run_alone(function: Any, *arguments: Any) -> dict[str, Any]:
    """Return what a function tells, called in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def fit_line(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Return microseconds a further origin costs, and how well a line fits (R squared)."""
    x = np.array([row["origins"] for row in rows], float)
    y = np.array([row["cpu_s"] for row in rows], float)
    slope, base = np.polyfit(x, y, 1)
    left = ((y - slope * x - base) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    return slope * 1e6, 1 - left


def tell(figures: dict[str, Any]) -> str:
    """Return the figures as the paragraphs and tables of the document."""
    built = figures["build"]
    intro = (
        f"Synthetic roads of {built['nodes']:,} nodes and {built['edges']:,} edges. The hierarchy "
        f"costs {built['hierarchy_cpu_s']} CPU seconds, once. On disk: network "
        f"{built['file_mb']:.0f} MB, hierarchy {built['hierarchy_mb']:.0f} MB. Sent over the wire "
        f"where a worker does not see the files: {built['sent_mb']:.0f} MB, once a worker. A "
        f"partition of 50,000 origins is sent as {built['part_mb']:.1f} MB."
    )
    lines = [intro, ""]
    for name, title in (
        ("nearest", f"Nearest of {KINDS} kinds ({FACILITIES:,} facilities), written"),
        ("times", f"Times to {DESTINATIONS} destinations within 60 minutes, written"),
    ):
        rows = figures[name]
        lines += [
            f"{title}:",
            "",
            "| origins | CPU s | us an origin | CPU s a million pairs | written MB | peak GB |",
            "|---:|---:|---:|---:|---:|---:|",
            *(
                f"| {row['origins']:,} | {row['cpu_s']} | {row['us_per_origin']} "
                f"| {row['s_per_million_pairs']} | {row['written_mb']} | {row['peak_gb']} |"
                for row in rows
            ),
            "",
        ]
        if len(rows) > 2:
            slope, fit = fit_line(rows)
            lines += [
                f"A straight line fits with R² = {fit:.4f}: {slope:.0f} us a further origin.", ""
            ]  # fmt: skip
    lines += [
        "73,000 rural dwellings to all facilities, the whole table in memory:",
        "",
        "| roads | nodes | dwellings x facilities | table, CPU s | nearest, CPU s | peak GB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {row['nodes']:,} | {row['origins']:,} x {row['destinations']:,} "
        f"| {row['table_cpu_s']} | {row['nearest_cpu_s']} | {row['peak_gb']} |"
        for name, row in figures["dwellings"].items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and renew the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=500_000)
    parser.add_argument(
        "--origins", type=int, nargs="+", default=[10_000, 30_000, 100_000, 300_000, 1_000_000]
    )
    parser.add_argument("--places", help="Parquet of places: kind, lon, lat")
    parser.add_argument("--no-document", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "national.network")
        figures: dict[str, Any] = {"build": run_alone(build, file, chosen.nodes)}
        print(json.dumps(figures["build"]), file=sys.stderr)
        run_alone(measure_nearest, file, 1_000)  # compiled code is on disk from here on
        for name, function in (("nearest", measure_nearest), ("times", measure_times)):
            figures[name] = []
            for count in chosen.origins:
                figures[name].append(run_alone(function, file, count))
                print(name, json.dumps(figures[name][-1]), file=sys.stderr)
        figures["dwellings"] = {"synthetic": run_alone(measure_dwellings, file, None)}
        if chosen.places:
            figures["dwellings"]["main roads"] = run_alone(measure_dwellings, file, chosen.places)
    text = tell(figures)
    print(text)
    print(json.dumps(figures))
    if not chosen.no_document and BEGIN in DOCUMENT.read_text(encoding="utf-8"):
        document = DOCUMENT.read_text(encoding="utf-8")
        before, rest = document.split(BEGIN)
        after = rest.split(END)[1]
        DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
