"""Real extracts of other places: read without failing, and believable."""

from __future__ import annotations

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from socaccess.network import CLOSED, RoadNetwork, Snapped
from socaccess.network.file import load_network, save_network
from socaccess.network.osm_roads import read_osm_network
from socaccess.sources.osm import read_candidate_facilities, read_osm_settlements
from socaccess.travel import isochrones, routes, travel_times

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "osm"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the reference files are not here"),
]

EXTRACTS = ("liechtenstein", "isle-of-man", "andorra", "porto-alegre", "helsinki-centre")


@pytest.mark.parametrize("name", EXTRACTS)
def test_extract(name, tmp_path):
    network = read_osm_network(SHARED / f"{name}.osm.pbf")
    counts = network.provenance["counts"]
    assert network.edge_count > 1000
    assert counts["restrictions_applied"] <= counts["restrictions_read"]
    # Most of the network hangs together; Helsinki's is cut at its edges.
    lying = np.isin(network.stretch, network.stretch[network.snappable_edges])
    assert lying.mean() > (0.8 if name == "helsinki-centre" else 0.9)
    assert (counts["nodes_missing"] > 100) == (name == "helsinki-centre")
    # Drawn and geodesic length differ by the scale of the projection only.
    drawn = np.array([line.length for line in network.lines])
    long = network.length_m > 10
    ratio = drawn[long] / network.length_m[long]
    assert ratio.min() > 0.9985 and ratio.max() < 1.0015
    # Nobody drives at more than the fastest figure of the profile or the highest posted limit.
    open_ = (network.forward_ms < CLOSED) & (network.length_m > 50)
    speed = network.length_m[open_] * 3600 / network.forward_ms[open_]
    assert speed.min() > 0.5 and speed.max() < 124
    # There and back through a file.
    path = tmp_path / "x.network"
    save_network(network, path)
    assert np.array_equal(load_network(path).forward_ms, network.forward_ms)
    settlements = read_osm_settlements(SHARED / f"{name}.osm.pbf")
    assert settlements["settlement_id"].is_unique
    assert not settlements.geometry.is_empty.any()
    assert read_candidate_facilities(SHARED / f"{name}.osm.pbf")["reason"].notna().all()


def test_malta_in_time(tmp_path):
    began = time.process_time()
    network = read_osm_network(SHARED / "malta.osm.pbf")
    save_network(network, tmp_path / "malta.network")
    assert time.process_time() - began < 4
    assert network.provenance["counts"]["restrictions_applied"] > 200
    assert network.main_component.mean() > 0.95
    began = time.process_time()
    load_network(tmp_path / "malta.network")
    assert time.process_time() - began < 0.5


def test_questions_of_malta_agree(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCACCESS_CACHE", "")
    RoadNetwork.from_osm(SHARED / "malta.osm.pbf").save(tmp_path / "malta.network", hierarchy=True)
    network = RoadNetwork.load(tmp_path / "malta.network")
    random = np.random.default_rng(11)
    xy = np.stack([random.uniform(14.35, 14.53, 60), random.uniform(35.85, 35.93, 60)])
    homes = gpd.GeoDataFrame(
        {"id": [f"h{i:02d}" for i in range(60)]}, geometry=gpd.points_from_xy(*xy), crs=4326
    )
    starts = network.snap(homes, id_column="id")
    ends = starts.take(np.arange(0, 60, 6))
    measured = travel_times(network, starts, ends, lengths=True)
    for engine in ("scipy", "hierarchy"):
        np.testing.assert_array_equal(
            travel_times(network, starts, ends, engine=engine).travel_ms, measured.travel_ms
        )
    table = measured.to_frame().iloc[::7]
    ways = routes(network, starts, ends, pairs=table[["from_id", "to_id"]])
    np.testing.assert_array_equal(ways["travel_min"], table["travel_min"])
    np.testing.assert_allclose(ways["length_km"], table["length_km"], rtol=1e-9)
    # What is drawn is as long as the way, but for the scale of the projection and the detour of
    # the access legs.
    asked = [starts.ids.tolist().index(name) for name in table["from_id"]]
    given = [ends.ids.tolist().index(name) for name in table["to_id"]]
    legs = starts.access_m[asked] + ends.access_m[given]
    legs[(table["from_id"] == table["to_id"]).to_numpy()] = 0  # a place is no way from itself
    there = table["travel_min"].notna().to_numpy()
    assert 0.7 < there.mean() < 1  # some are at sea
    drawn = ways.geometry.length + 0.3 * legs
    np.testing.assert_allclose(drawn[there], table["length_km"][there] * 1000, rtol=2e-3, atol=1)


@pytest.mark.parametrize("name", EXTRACTS)
def test_areas_and_times_agree(name):
    # 20,000 random points near roads and 20,000 anywhere on each of five extracts.
    network = RoadNetwork.from_osm(SHARED / f"{name}.osm.pbf")
    random = np.random.default_rng(13)
    node = random.choice(np.flatnonzero(network.main_component), 3)
    nodes = np.stack([network.node_x, network.node_y], axis=1)

    def points(xy: np.ndarray) -> Snapped:
        ids = np.arange(len(xy)).astype(str)
        rows = gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(*xy.T), crs=network.crs)
        return network.snap(rows, id_column="id")

    sites = points(nodes[node] + 40.0)
    limits = (10, 20, 30)
    areas = isochrones(network, sites, minutes=limits)
    frame = areas.total_bounds
    near = nodes[random.integers(0, len(nodes), 20_000)] + random.uniform(-300, 300, (20_000, 2))
    anywhere = random.uniform(frame[:2] - 500, frame[2:] + 500, (20_000, 2))
    for xy, most in ((near, 0.02), (anywhere, 0.01)):
        asked = points(xy)
        times = travel_times(network, asked, sites).travel_min.min(axis=1)
        for limit, area in zip(limits, areas.geometry, strict=True):
            shapely.prepare(area)
            wrong = shapely.contains_xy(area, asked.x, asked.y) != (times <= limit)
            assert wrong.mean() < most


def test_winter_and_thaw_are_never_faster():
    path = SHARED / "liechtenstein.osm.pbf"
    summer, winter, thaw = (
        read_osm_network(path, season=season) for season in ("summer", "winter", "thaw")
    )
    assert summer.edge_count == winter.edge_count == thaw.edge_count
    for season in (winter, thaw):
        assert (season.forward_ms >= summer.forward_ms).all()
        assert season.forward_ms.sum() > summer.forward_ms.sum()
