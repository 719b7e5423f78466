"""Real extracts of other places: read without failing, and believable."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from socaccess.network import CLOSED
from socaccess.network.file import load_network, save_network
from socaccess.network.osm_roads import read_osm_network
from socaccess.sources.osm import read_candidate_facilities, read_osm_settlements

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


def test_winter_and_thaw_are_never_faster():
    path = SHARED / "liechtenstein.osm.pbf"
    summer, winter, thaw = (
        read_osm_network(path, season=season) for season in ("summer", "winter", "thaw")
    )
    assert summer.edge_count == winter.edge_count == thaw.edge_count
    for season in (winter, thaw):
        assert (season.forward_ms >= summer.forward_ms).all()
        assert season.forward_ms.sum() > summer.forward_ms.sum()
