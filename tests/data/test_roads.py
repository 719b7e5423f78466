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
        self.source = np.array([each["source"] for each in edges])
        self.road_class = np.array([each["road_class"] for each in edges])
        self.beside = np.array([each["beside"] == "true" for each in edges])
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
    assert len(roads.ids) == len(set(roads.ids)) == 2333
    assert len(roads.edge_ids) == len(set(roads.edge_ids)) == 3621
    assert Counter(roads.source.tolist()) == {"osm": 1492, "state": 1370, "joint": 759}


def test_edges_are_undirected_and_simple(roads: Roads):
    for source in ("osm", "state"):
        ends = roads.ends[roads.source == source].tolist()
        pairs = Counter(tuple(sorted(pair)) for pair in ends)
        assert max(pairs.values()) == 1
        assert all(one != other for one, other in pairs)


def test_roads_lie_in_latvia_and_the_margin(away_m: np.ndarray):
    # The margin was cut around a coarser drawing of the border.
    assert away_m.max() <= 1.02 * MARGIN_M
    assert away_m.max() > 0.9 * MARGIN_M
    assert (away_m == 0).sum() > 700


def test_latvia_holds_together(roads: Roads, away_m: np.ndarray):
    assert set(roads.part) == {0}
    # Latvia's own roads hold together without the margin, but for cut ends at the border.
    own = roads.graph[away_m == 0][:, away_m == 0]
    _, part = connected_components(own, directed=False)
    assert np.bincount(part).max() / len(part) > 0.995


def test_state_roads_hold_together_by_themselves(roads: Roads):
    ends = roads.ends[roads.source == "state"]
    size = len(roads.ids)
    table = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    _, part = connected_components(table, directed=False)
    assert len(set(part[ends.ravel()])) == 1
    assert set(roads.road_class[roads.source == "state"]) == {"A", "P"}
    assert roads.length_km[roads.source == "state"].sum() == pytest.approx(7323, abs=1)


def test_joints_are_short_and_only_osm_roads_are_beside_others(roads: Roads):
    joint = roads.source == "joint"
    straight_km = np.hypot(*(roads.xy[roads.ends[:, 0]] - roads.xy[roads.ends[:, 1]]).T) / 1000
    assert straight_km[joint].max() <= 0.42
    assert set(roads.source[roads.beside]) == {"osm"}


def test_no_road_is_shorter_than_the_straight_line(roads: Roads):
    # Coordinates are rounded to 0.001 degrees: up to 64 m at each end, and the package measures
    # on a sphere.
    straight_km = np.hypot(*(roads.xy[roads.ends[:, 0]] - roads.xy[roads.ends[:, 1]]).T) / 1000
    road = roads.source != "joint"
    assert (roads.length_km >= 0.985 * straight_km - 0.15)[road].all()
    assert np.median((roads.length_km / np.maximum(straight_km, 0.1))[road]) < 1.05
    far = road & (straight_km > 5)
    assert (roads.length_km[far] < 2 * straight_km[far]).all()


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
