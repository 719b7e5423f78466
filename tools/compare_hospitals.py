"""Compare the share of people within 15 minutes of a hospital with Eurostat's, by region.

Usage: python tools/compare_hospitals.py [HOSPITALS.csv]

Without a file the hospitals are the towns of `tools/facts/hospital_towns.csv`, each at the centre
of its town, where a public page says that there is one, not at its door; those of Rīga stand where
the register of social service providers has them. A file of your own has `lon` and `lat`, one row
per hospital. Eurostat's shares (2023) are those a news page repeats
(https://jauns.lv/article/zinas/649550); how Eurostat chose hospitals and roads is not said there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess.network import RoadNetwork
from socaccess.sources.services import load_register
from socaccess.sources.settlements import load_people_points, load_settlements
from socaccess.travel import travel_times

FACTS = Path(__file__).parent / "facts" / "hospital_towns.csv"
EUROSTAT = {"kurzeme": 68.6, "latgale": 55.6, "riga": 53.7, "vidzeme": 50.5, "zemgale": 49.7}
LIMIT_MIN = 15
NOT_HOSPITALS_NOW = "local_2019"
REGIONAL = ("regional", "multi_profile")


def place_hospitals(file: Path | None, settlements: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the hospitals as points with `hospital_id` and `level`."""
    if file is not None:
        table = pd.read_csv(file)
        points = gpd.points_from_xy(table["lon"], table["lat"])
        ids = np.arange(len(table)).astype(str)
        return gpd.GeoDataFrame(
            {"hospital_id": ids, "level": "own"}, geometry=points, crs="EPSG:4326"
        )
    facts = pd.read_csv(FACTS)
    known = settlements[settlements["kind"].isin(["city", "town"])].set_index("name")
    register = load_register().drop_duplicates("register_id").set_index("register_id")
    doors = gpd.points_from_xy(register["lon"], register["lat"], crs="EPSG:4326")
    door = dict(zip(register.index.astype(int), doors.to_crs(settlements.crs), strict=True))
    points = [
        known.geometry[row.town] if np.isnan(row.register_id) else door[int(row.register_id)]
        for row in facts.itertuples()
    ]
    ids = facts.index.astype(str)
    return gpd.GeoDataFrame(
        {"hospital_id": ids, "level": facts["level"]}, geometry=points, crs=settlements.crs
    )


def main() -> int:
    """Print the shares of each region: all hospitals, those of today, the regional and larger."""
    settlements = load_settlements()
    hospitals = place_hospitals(Path(sys.argv[1]) if len(sys.argv) > 1 else None, settlements)
    people = load_people_points()
    people = people.merge(
        settlements[["settlement_id", "planning_region", "population"]], on="settlement_id"
    )
    people["persons"] = people["share"] * people["population"]
    people["id"] = np.arange(len(people)).astype(str)
    network = RoadNetwork.main_roads()
    homes = network.snap(people, id_column="id", centres=people["settlement_id"].to_numpy(object))
    ends = network.snap(hospitals, id_column="hospital_id")
    minutes = travel_times(network, homes, ends).travel_min
    rows = []
    level = hospitals["level"].to_numpy()
    for name, counted in (
        ("all", np.ones(len(hospitals), bool)),
        ("today", level != NOT_HOSPITALS_NOW),
        ("regional", np.isin(level, REGIONAL)),
    ):
        if not counted.any():
            continue
        near = np.nanmin(np.where(counted, minutes, np.inf), axis=1) <= LIMIT_MIN
        persons = people.assign(near=people["persons"] * near).groupby("planning_region")
        rows.append((persons["near"].sum() / persons["persons"].sum() * 100).rename(name))
    table = pd.concat(rows, axis=1).round(1)
    table.insert(0, "eurostat", pd.Series(EUROSTAT))
    print(f"{len(hospitals)} points, {len(people):,} points of people, {LIMIT_MIN} min inclusive")
    print(table.to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
