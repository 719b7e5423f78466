"""One town of streets, its houses and its services; and two worker processes on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from socaccess.network import RoadNetwork

SIDE = 12
WEST, SOUTH = 600_000.0, 250_000.0


@pytest.fixture(scope="session")
def streets() -> RoadNetwork:
    """A grid of streets a kilometre apart, every tenth one-way, of three speeds."""
    rng = np.random.default_rng(3)
    number = np.arange(SIDE * SIDE)
    nodes = pd.DataFrame(
        {
            "node_id": [f"n{i}" for i in number],
            "x": WEST + 1000.0 * (number % SIDE),
            "y": SOUTH + 1000.0 * (number // SIDE),
        }
    )
    pairs = [(i, i + 1) for i in number if i % SIDE < SIDE - 1]
    pairs += [(i, i + SIDE) for i in number[:-SIDE]]
    edges = pd.DataFrame(
        {
            "from_id": [f"n{a}" for a, _ in pairs],
            "to_id": [f"n{b}" for _, b in pairs],
            "speed_kph": rng.choice([30.0, 50.0, 90.0], len(pairs)),
            "oneway": rng.random(len(pairs)) < 0.1,
        }
    )
    return RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")


def scatter(column: str, count: int, seed: int) -> gpd.GeoDataFrame:
    """Return places in the town, the last one without a point."""
    rng = np.random.default_rng(seed)
    points = gpd.points_from_xy(
        WEST + rng.random(count) * 11_000, SOUTH + rng.random(count) * 11_000
    )
    names = [f"{column[0]}{i}" for i in range(count)]
    places = gpd.GeoDataFrame({column: names}, geometry=points, crs="EPSG:3059")
    places.loc[count - 1, "geometry"] = None
    return places


@pytest.fixture(scope="session")
def houses() -> gpd.GeoDataFrame:
    """Three hundred houses of two municipalities."""
    count = 300
    return scatter("settlement_id", count, 1).assign(
        municipality_id=["east", "west"] * (count // 2),
        population=np.arange(count) % 9,
        adults=np.arange(count) % 4 + 0.5,
    )


@pytest.fixture(scope="session")
def centres() -> gpd.GeoDataFrame:
    """Forty places of two services."""
    centres = scatter("facility_id", 40, 2)
    return centres.assign(service=np.where(np.arange(40) % 3, "day", "home"))


@pytest.fixture(scope="session")
def network_file(streets: RoadNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The streets in a file, with the hierarchy beside it."""
    path = tmp_path_factory.mktemp("roads") / "town.network"
    streets.save(path, hierarchy=True)
    return path


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """Two worker processes that listen on this machine only."""
    pytest.importorskip("distributed")
    from socaccess.partitions import connect

    with connect("local:2") as client:
        yield client
