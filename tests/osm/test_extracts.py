"""Real extracts of other places: read without failing, and believable."""

from __future__ import annotations

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from socaccess.network import CLOSED, RoadNetwork
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
    assert network.main_component.mean() > (0.8 if name == "helsinki-centre" else 0.9)
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
    np.testing.assert_allclose(
        ways.geometry.length + 0.3 * legs, table["length_km"] * 1000, rtol=2e-3, atol=1
    )
    # Within 8 minutes of the first place, by the area and by the table.
    node = random.choice(np.flatnonzero(network.main_component), 80, replace=False)
    points = gpd.GeoDataFrame(
        {"id": [f"n{i:02d}" for i in range(80)]},
        geometry=gpd.points_from_xy(network.node_x[node], network.node_y[node]),
        crs=network.crs,
    )
    (area,) = isochrones(network, starts.take(slice(0, 1)), minutes=[8], buffer_m=1).geometry
    times = travel_times(network, points, starts.take(slice(0, 1))).travel_min[:, 0]
    certain = np.abs(times - 8) > 0.01
    inside = points.within(area)
    assert (inside == (times <= 8))[certain].all()
    assert inside.any() and not inside.all()


def test_winter_and_thaw_are_never_faster():
    path = SHARED / "liechtenstein.osm.pbf"
    summer, winter, thaw = (
        read_osm_network(path, season=season) for season in ("summer", "winter", "thaw")
    )
    assert summer.edge_count == winter.edge_count == thaw.edge_count
    for season in (winter, thaw):
        assert (season.forward_ms >= summer.forward_ms).all()
        assert season.forward_ms.sum() > summer.forward_ms.sum()
