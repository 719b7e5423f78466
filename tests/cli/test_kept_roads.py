"""A network built once: every command whose places it reaches takes it, and says so."""

from __future__ import annotations

import pandas as pd
import pytest

from socaccess.network import RoadNetwork, find_kept_network, open_kept_network
from tests.commands import run_command
from tests.osm.drawing import Drawing, road

TAKEN = "Ceļi: šajā datorā saglabātais tīkls"
TOO_SMALL = "neaptver visas vietas, tāpēc ņemti iebūvētie ceļi"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCACCESS_CACHE", str(tmp_path / "kept here"))
    return tmp_path


def keep(network):
    path = find_kept_network()
    path.parent.mkdir(parents=True)
    network.save(path)


def make_slow_roads():
    """Return the embedded roads, driven at half their speed."""
    edges = RoadNetwork.main_roads()
    nodes = pd.DataFrame({"node_id": edges.node_id, "x": edges.node_x, "y": edges.node_y})
    table = pd.DataFrame(
        {
            "from_id": edges.node_id[edges.edge_from],
            "to_id": edges.node_id[edges.edge_to],
            "forward_ms": edges.forward_ms.astype("int64") * 2,
            "backward_ms": edges.backward_ms.astype("int64") * 2,
            "length_m": edges.length_m,
        }
    )
    return RoadNetwork.from_edges(
        nodes, table, crs=edges.crs, provenance={"source": {"file": "slow.osm.pbf"}}
    )


def test_a_kept_network_answers_and_is_named(cache):
    words = ("check", "Ludzas novads", "--json")
    embedded = run_command(*words)
    keep(make_slow_roads())
    kept = run_command(*words)
    assert TAKEN in kept.stderr and "slow.osm.pbf" in kept.stderr
    assert kept.exit_code == embedded.exit_code and kept.stdout != embedded.stdout
    asked = run_command(*words, "--network", "main_roads")
    assert asked.stdout == embedded.stdout and TAKEN not in asked.stderr


def test_a_network_that_ends_before_the_places_is_not_taken(cache):
    words = ("check", "Ludzas novads", "--json")
    embedded = run_command(*words)
    nodes = pd.DataFrame({"node_id": [1, 2], "x": [700_000.0, 701_000.0], "y": [270_000.0] * 2})
    edges = pd.DataFrame({"from_id": [1], "to_id": [2], "speed_kph": [50.0]})
    keep(RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059"))
    answer = run_command(*words)
    assert answer.stdout == embedded.stdout and TOO_SMALL in answer.stderr


def test_a_network_is_kept_where_no_file_is_named(cache):
    extract = cache / "drawn.osm.pbf"
    Drawing({1: (21_000, 57_000), 2: (21_330, 57_000)}, {10: ([1, 2], road())}).write(extract)
    assert open_kept_network() is None
    built = run_command("network", "build", extract)
    assert built.exit_code == 0 and "Turpmāk šo tīklu ņems visas komandas" in built.stderr
    assert open_kept_network().node_count == 2


def test_without_a_folder_a_file_has_to_be_named(cache, monkeypatch):
    monkeypatch.setenv("SOCACCESS_CACHE", "")
    extract = cache / "drawn.osm.pbf"
    Drawing({1: (21_000, 57_000), 2: (21_330, 57_000)}, {10: ([1, 2], road())}).write(extract)
    refused = run_command("network", "build", extract)
    assert refused.exit_code == 2 and "--out latvija.network" in refused.stderr
