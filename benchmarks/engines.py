"""Minutes and kilometres of random pairs, beside those of Valhalla.

    python -m benchmarks.engines malta.osm.pbf andorra.osm.pbf
    python -m benchmarks.engines --pairs 500 --out pairs.csv *.osm.pbf

Each pair joins the middles of two roads a place may be put on, so neither engine has to choose
a road. Valhalla builds its tiles from the same file with its own settings. A pair differs where
kilometres, or minutes divided by their median, are more than a quarter apart and more than a
kilometre or two minutes: these are printed. The last line is JSON. Without Valhalla
(`pyvalhalla-weekly` has wheels where `pyvalhalla` has none) our own figures are written alone.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from socaccess.network import RoadNetwork
from socaccess.travel import routes

SHOWN = 5
APART = 1.25


def choose_places(network: RoadNetwork, count: int, seed: int) -> gpd.GeoDataFrame:
    """Return the middles of random roads, longer roads as often as shorter ones."""
    edges = network.snappable_edges
    edges = edges[network.length_m[edges] > 1]
    chosen = np.random.default_rng(seed).choice(edges, count, replace=count > len(edges))
    middle = shapely.line_interpolate_point(network.draw_lines(chosen), 0.5, normalized=True)
    return gpd.GeoDataFrame({"id": np.arange(count)}, geometry=middle, crs=network.crs)


def ask_ours(file: Path, count: int, seed: int) -> pd.DataFrame:
    """Return `count` pairs of places in degrees with our minutes and kilometres."""
    network = RoadNetwork.from_osm(file)
    ends = [choose_places(network, count, seed + side) for side in (0, 1)]
    spots = [network.snap(places, id_column="id") for places in ends]
    began = time.process_time()
    drawn = routes(network, *spots, pairs=list(zip(spots[0].ids, spots[1].ids, strict=True)))
    took = time.process_time() - began
    degrees = [places.to_crs("EPSG:4326").geometry for places in ends]
    table = pd.DataFrame(
        {
            f"{side}_{axis}": getattr(points, axis[-1])
            for side, points in zip(("from", "to"), degrees, strict=True)
            for axis in ("x", "y")
        }
    )
    table.columns = ["from_lon", "from_lat", "to_lon", "to_lat"]
    table["our_min"] = drawn["travel_min"].to_numpy()
    table["our_km"] = drawn["length_km"].to_numpy()
    table.attrs["our_s"] = took
    return table


def open_valhalla(file: Path, folder: Path) -> Any:
    """Return Valhalla's actor on tiles it makes of an extract in `folder`."""
    valhalla = importlib.import_module("valhalla")
    tiles, extract = folder / "tiles", folder / "tiles.tar"
    tiles.mkdir()
    extract.touch()
    settings = folder / "valhalla.json"
    config = valhalla.get_config(tile_extract=extract, tile_dir=tiles, verbose=False)
    settings.write_text(json.dumps(config), encoding="utf-8")
    tool = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    command = [tool, "-c", settings, file.resolve()]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    with tarfile.open(extract, "w") as archive:
        archive.add(tiles, arcname="")
    return valhalla.Actor(str(settings))


def ask_valhalla(file: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with Valhalla's minutes and kilometres, NaN where it finds no way."""
    with tempfile.TemporaryDirectory() as folder:
        actor = open_valhalla(file, Path(folder))
        answers = np.full((len(table), 2), np.nan)
        began = time.process_time()
        for row, pair in enumerate(table.itertuples()):
            ends = [(pair.from_lon, pair.from_lat), (pair.to_lon, pair.to_lat)]
            asked = {
                "locations": [{"lon": lon, "lat": lat} for lon, lat in ends],
                "costing": "auto",
                "units": "kilometers",
            }
            try:
                told = actor.route(asked)["trip"]["summary"]
            except RuntimeError:
                continue
            answers[row] = told["time"] / 60, told["length"]
    table["valhalla_min"], table["valhalla_km"] = answers.T
    table.attrs["valhalla_s"] = time.process_time() - began
    return table


def compare(table: pd.DataFrame) -> dict[str, Any]:
    """Return how the two differ; mark the pairs that do in `differs`."""
    km = (table["our_km"] / table["valhalla_km"]).to_numpy()
    minutes = (table["our_min"] / table["valhalla_min"]).to_numpy()
    both = np.isfinite(km) & np.isfinite(minutes) & (table["valhalla_km"] > 0.2)
    level = float(np.median(minutes[both]))

    def apart(ratio: np.ndarray, ours: str, theirs: str, least: float, scale: float) -> np.ndarray:
        wide = np.maximum(ratio, 1 / ratio) > APART
        return np.asarray(both & wide & ((table[ours] / scale - table[theirs]).abs() > least))

    table["differs"] = apart(km, "our_km", "valhalla_km", 1, 1.0)
    table["differs"] |= apart(minutes / level, "our_min", "valhalla_min", 2, level)
    return {
        "pairs": len(table),
        "answered_by_both": int(both.sum()),
        "only_ours": int((table["our_min"].notna() & table["valhalla_min"].isna()).sum()),
        "only_valhalla": int((table["our_min"].isna() & table["valhalla_min"].notna()).sum()),
        "km_ratio_5_50_95": np.percentile(km[both], (5, 50, 95)).round(3).tolist(),
        "min_ratio_5_50_95": np.percentile(minutes[both], (5, 50, 95)).round(3).tolist(),
        "km_within_5_pct": round(float((np.abs(km[both] - 1) <= 0.05).mean()), 3),
        "min_within_10_pct_of_median": round(
            float((np.abs(minutes[both] / level - 1) <= 0.10).mean()), 3
        ),
        "differ": int(table["differs"].sum()),
        "our_s": round(table.attrs["our_s"], 3),
        "valhalla_s": round(table.attrs["valhalla_s"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a CSV of every pair")
    options = parser.parse_args()
    has_peer = importlib.util.find_spec("valhalla") is not None
    figures: dict[str, Any] = {}
    tables = []
    for file in options.files:
        name = file.name.removesuffix(".osm.pbf")
        table = ask_ours(file, options.pairs, options.seed)
        if has_peer:
            figures[name] = compare(ask_valhalla(file, table))
        else:
            figures[name] = {"pairs": len(table), "our_s": round(table.attrs["our_s"], 3)}
        print(name, json.dumps(figures[name]), flush=True)
        tables.append(table.assign(extract=name))
    every = pd.concat(tables, ignore_index=True)
    if options.out is not None:
        every.round(6).to_csv(options.out, index=False)
    if has_peer:
        every["apart"] = (np.log(every["our_km"] / every["valhalla_km"])).abs()
        worst = every[every["differs"]].sort_values("apart", ascending=False)
        print(worst.groupby("extract").head(SHOWN).drop(columns="differs").round(5).to_string())
    else:
        print("Valhalla cannot be imported: pip install pyvalhalla-weekly")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
