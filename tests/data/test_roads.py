"""`data/roads`: a graph that holds together, lies where it should and has plausible lengths."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from .conftest import read_features, read_rows

TO_METRES = Transformer.from_crs(4326, 3059, always_xy=True)
MARGIN_M = 40_000


class Roads:
    """The two tables as arrays."""

    def __init__(self, folder: Path) -> None:
        nodes, edges = read_rows(folder / "nodes.csv"), read_rows(folder / "edges.csv")
        self.ids = [each["node_id"] for each in nodes]
        position = {node: index for index, node in enumerate(self.ids)}
        self.lon = np.array([float(each["lon"]) for each in nodes])
        self.lat = np.array([float(each["lat"]) for each in nodes])
        self.xy = np.column_stack(TO_METRES.transform(self.lon, self.lat))
        self.ends = np.array(
            [(position[each["from_id"]], position[each["to_id"]]) for each in edges]
        )
        self.length_km = np.array([float(each["length_km"]) for each in edges])
        self.edge_ids = [each["edge_id"] for each in edges]
        self.graph = coo_array(
            (self.length_km, (self.ends[:, 0], self.ends[:, 1])), shape=(len(nodes),) * 2
        ).tocsr()
        _, self.part = connected_components(self.graph, directed=False)


@pytest.fixture(scope="module")
def roads(data: Path) -> Roads:
    return Roads(data / "roads")


@pytest.fixture(scope="module")
def away_m(roads: Roads, data: Path) -> np.ndarray:
    regions = read_features(data / "boundaries" / "planning_regions_2021.geojson")
    land = shapely.union_all([shapely.geometry.shape(each["geometry"]) for each in regions])
    land = shapely.transform(land, TO_METRES.transform, interleaved=False)
    return shapely.distance(shapely.points(roads.xy), land)


def test_size_and_keys(roads: Roads):
    assert len(roads.ids) == len(set(roads.ids)) == 932
    assert len(roads.edge_ids) == len(set(roads.edge_ids)) == 1290


def test_edges_are_undirected_and_simple(roads: Roads):
    pairs = Counter(tuple(sorted(pair)) for pair in roads.ends.tolist())
    assert max(pairs.values()) == 1
    assert all(one != other for one, other in pairs)


def test_roads_lie_in_latvia_and_the_margin(away_m: np.ndarray):
    assert away_m.max() <= MARGIN_M
    assert away_m.max() > 0.9 * MARGIN_M
    assert (away_m == 0).sum() > 700


def test_latvia_holds_together(roads: Roads, away_m: np.ndarray):
    sizes = Counter(roads.part.tolist()).most_common()
    assert [size for _, size in sizes] == [924, 4, 4]
    in_latvia = away_m == 0
    main = roads.part == sizes[0][0]
    assert main[in_latvia].mean() > 0.99
    # No part lies abroad only.
    for part, _ in sizes:
        assert away_m[roads.part == part].min() == 0
    # Latvia's own roads hold together without the margin.
    own = roads.graph[in_latvia & main][:, in_latvia & main]
    count, _ = connected_components(own, directed=False)
    assert count == 1


def test_no_road_is_shorter_than_the_straight_line(roads: Roads):
    # Coordinates are rounded to 0.001 degrees: up to 64 m at each end, and the package measures
    # on a sphere.
    straight_km = np.hypot(*(roads.xy[roads.ends[:, 0]] - roads.xy[roads.ends[:, 1]]).T) / 1000
    assert (roads.length_km >= 0.985 * straight_km - 0.13).all()
    assert np.median(roads.length_km / np.maximum(straight_km, 0.1)) < 1.05
    assert (roads.length_km[straight_km > 5] < 2 * straight_km[straight_km > 5]).all()


def measure_between(roads: Roads, one: dict[str, str], other: dict[str, str]) -> float:
    """Return km along the roads, with straight ways to any node within 4 km times 1.3."""
    access_km = []
    for place in (one, other):
        spot = TO_METRES.transform(float(place["lon"]), float(place["lat"]))
        gap_km = np.hypot(*(roads.xy - spot).T) / 1000
        access_km.append(np.where(gap_km < 4, 1.3 * gap_km, np.inf))
    starts = np.flatnonzero(np.isfinite(access_km[0]))
    along_km = dijkstra(roads.graph, directed=False, indices=starts)
    return float((access_km[0][starts, None] + along_km + access_km[1][None, :]).min())


@pytest.mark.parametrize(
    ("one", "other", "published_km"),
    [
        ("Centrs", "Daugavpils", 231),
        ("Centrs", "Ludza", 269),
        ("Centrs", "Ventspils", 190),
        ("Centrs", "Liepāja", 220),
        ("Liepāja", "Ventspils", 120),
        ("Liepāja", "Saldus", 100),
        ("Ludza", "Rēzekne", 30),
        ("Kuldīga", "Ventspils", 60),
        ("Cēsis", "Valmiera", 30),
        ("Madona", "Valmiera", 115),
        ("Valka", "Valmiera", 50),
        ("Valka", "Smiltene", 44),
    ],
)
def test_distances_between_towns_are_near_the_published_ones(
    roads: Roads, settlements, one: str, other: str, published_km: float
):
    # The road between Preiļi and Rēzekne is no main road: the way around is 32 % longer.
    ends = [next(each for each in settlements if each["name"] == name) for name in (one, other)]
    assert measure_between(roads, *ends) == pytest.approx(published_km, rel=0.12)
