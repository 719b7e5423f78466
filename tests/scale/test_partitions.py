"""Work in parts: the same answers here, on two workers, and when workers die."""

from __future__ import annotations

import os
import pickle
import signal

import numpy as np
import pandas as pd
import pytest

from socaccess.errors import ClusterError, InputError, NetworkFileError
from socaccess.network import RoadNetwork
from socaccess.partitions import SharedRoads, connect, cut_parts, run_partitions
from socaccess.travel import _spread, nearest, travel_times
from socaccess.travel.times import UNREACHABLE


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of some twenty origins, so that there are many."""
    monkeypatch.setattr(_spread, "PART_CELLS", 800)


def test_parts_cover_every_origin_once():
    parts = cut_parts(10, 4)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(10))
    assert cut_parts(0, 4) == []
    with pytest.raises(InputError, match="at least 1 origin"):
        cut_parts(3, 0)


def test_parts_are_taken_as_they_are_needed():
    taken = []

    def offer():
        for number in range(5):
            taken.append(number)
            yield number, number

    work = run_partitions(lambda common, part: common + part, 10, offer())
    assert next(work) == (0, 10) and taken == [0]
    assert dict(work) == {1: 11, 2: 12, 3: 13, 4: 14}


def test_workers_give_the_same_times(streets, houses, centres, client, small_parts):
    alone = travel_times(streets, houses, centres)
    assert (alone.travel_ms[:-1, :-1] < UNREACHABLE).mean() > 0.95
    steps = []
    spread = travel_times(
        streets, houses, centres, client=client, progress=lambda *step: steps.append(step)
    )
    assert np.array_equal(spread.travel_ms, alone.travel_ms)
    assert steps[-1] == (300, 300) and len(steps) == 15


def test_workers_give_the_same_lengths_within_a_cutoff(
    streets, houses, centres, client, small_parts
):
    asked = {"lengths": True, "cutoff_min": 7.0}
    alone = travel_times(streets, houses, centres, **asked)
    spread = travel_times(streets, houses, centres, client=client, **asked)
    for name in ("travel_ms", "length_m", "modelled_share"):
        assert np.array_equal(getattr(spread, name), getattr(alone, name), equal_nan=True)


@pytest.mark.parametrize("traveller", ["client", "provider"])
def test_workers_find_the_same_nearest(streets, houses, centres, client, small_parts, traveller):
    asked = {"k": 2, "traveller": traveller}
    alone = nearest(streets, houses, centres, **asked)
    spread = nearest(streets, houses, centres, client=client, **asked)
    pd.testing.assert_frame_equal(spread, alone)


def test_a_worker_that_dies_costs_nothing(streets, houses, centres, client, small_parts):
    alone = travel_times(streets, houses, centres)
    killed = []

    def kill_one(done, total):
        if done >= 60 and not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    spread = travel_times(streets, houses, centres, client=client, progress=kill_one)
    assert killed
    assert np.array_equal(spread.travel_ms, alone.travel_ms)


@pytest.mark.slow
def test_when_all_workers_die_new_ones_are_sent_everything(
    streets, houses, centres, client, small_parts
):
    alone = travel_times(streets, houses, centres)
    killed = []

    def kill_all(done, total):
        if done >= 60 and not killed:
            killed.extend(client.run(os.getpid).values())
            for process in killed:
                os.kill(process, signal.SIGKILL)

    spread = travel_times(streets, houses, centres, client=client, progress=kill_all)
    assert killed
    assert np.array_equal(spread.travel_ms, alone.travel_ms)


def test_what_a_worker_refuses_comes_back_as_our_error(client):
    with pytest.raises(InputError, match="this part cannot be"):
        list(run_partitions(_refuse, None, [(0, 1), (1, 2)], client=client))


def _refuse(common: object, part: int) -> None:
    raise InputError(f"this part cannot be: {part}")


def test_workers_open_a_file_they_see(network_file, houses, centres, client, small_parts):
    network = RoadNetwork.load(network_file)
    shared = SharedRoads(network, "hierarchy", network.prepare()).seen_by(client)
    assert shared.on_file
    assert len(pickle.dumps(shared)) < 1_000
    spread = travel_times(network, houses, centres, engine="hierarchy", client=client)
    alone = travel_times(network, houses, centres, engine="scipy")
    assert np.array_equal(spread.travel_ms, alone.travel_ms)


def test_roads_travel_without_what_was_derived_from_them(streets):
    bare = len(pickle.dumps(SharedRoads(streets, "scipy")))
    assert streets.lines is not None and streets.graph is not None
    assert len(pickle.dumps(SharedRoads(streets, "scipy"))) == bare
    arrived = pickle.loads(pickle.dumps(SharedRoads(streets, "hierarchy", streets.prepare())))
    assert arrived.hierarchy.fingerprint == arrived.network.graph.fingerprint


def test_changed_roads_are_not_taken_for_those_of_the_file(network_file, client):
    network = RoadNetwork.load(network_file)
    slower = network.with_times(network.forward_ms * 2, network.backward_ms)
    assert slower.file is None
    assert not SharedRoads(slower, "scipy").seen_by(client).on_file


def test_another_file_under_the_name_is_refused(network_file, streets, tmp_path):
    copy = tmp_path / "roads.network"
    copy.write_bytes(network_file.read_bytes())
    shared = SharedRoads(RoadNetwork.load(copy), "scipy", on_file=True)
    sent = pickle.dumps(shared)
    streets.with_times(streets.forward_ms + 1, streets.backward_ms).save(copy)
    with pytest.raises(NetworkFileError, match="another network here"):
        pickle.loads(sent)


@pytest.mark.parametrize("address", ["local:0", "local:many", "10.0.0.5", ""])
def test_addresses_that_are_none(address):
    with pytest.raises(InputError, match="Dask address"), connect(address):
        pass


def test_a_scheduler_that_does_not_answer(monkeypatch):
    from socaccess.partitions import client as module

    monkeypatch.setattr(module, "WAIT_S", 0.5)
    with (
        pytest.raises(ClusterError, match="no Dask scheduler answers"),
        connect("tcp://127.0.0.1:9"),
    ):
        pass
