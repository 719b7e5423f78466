"""How often the area of `isochrones` and the time of `travel_times` disagree about a point.

    python -m benchmarks.agreement malta.osm.pbf andorra.osm.pbf    # and the embedded roads

For each network: random points anywhere in the frame of the areas, and within 300 m of a node;
three sites, limits of 10, 20 and 30 minutes (15, 30 and 45 on the embedded roads), cells as wide
as `isochrones` chooses. That the centre of every cell has the very millisecond `travel_times` gives
it is a test (`tests/travel/test_service_areas.py`). The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from socaccess.network import RoadNetwork, Snapped
from socaccess.travel import isochrones, travel_times

BLOCK = 20_000


def snap(network: RoadNetwork, xy: np.ndarray) -> Snapped:
    """Return points in metres on the network."""
    rows = gpd.GeoDataFrame(
        {"id": np.arange(len(xy)).astype(str)},
        geometry=gpd.points_from_xy(*xy.T),
        crs=network.crs,
    )
    return network.snap(rows, id_column="id")


def measure(network: RoadNetwork, count: int, seed: int = 13) -> dict[str, Any]:
    """Return the shares of points about which area and time disagree, one per limit."""
    random = np.random.default_rng(seed)
    nodes = np.stack([network.node_x, network.node_y], axis=1)
    sites = snap(network, nodes[random.choice(np.flatnonzero(network.main_component), 3)] + 40.0)
    limits = (15, 30, 45) if network.joins_at_nodes else (10, 20, 30)
    areas = isochrones(network, sites, minutes=limits)
    frame = areas.total_bounds
    near = nodes[random.integers(0, len(nodes), count)] + random.uniform(-300, 300, (count, 2))
    anywhere = random.uniform(frame[:2] - 500, frame[2:] + 500, (count, 2))
    shapely.prepare(areas.geometry.to_numpy())
    found: dict[str, Any] = {"points": count, "limits_min": limits}
    for name, xy in (("anywhere", anywhere), ("near_roads", near)):
        wrong = np.zeros(len(limits), np.int64)
        for begin in range(0, count, BLOCK):
            asked = snap(network, xy[begin : begin + BLOCK])
            times = travel_times(network, asked, sites).travel_min.min(axis=1)
            for number, (limit, area) in enumerate(zip(limits, areas.geometry, strict=True)):
                inside = shapely.contains_xy(area, asked.x, asked.y)
                wrong[number] += (inside != (times <= limit)).sum()
        found[name] = (wrong / count).round(5).tolist()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--points", type=int, default=100_000)
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    for file in (None, *options.files):
        name = "embedded roads" if file is None else file.name.removesuffix(".osm.pbf")
        network = RoadNetwork.main_roads() if file is None else RoadNetwork.from_osm(file)
        figures[name] = measure(network, options.points)
        print(name, json.dumps(figures[name]), flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
