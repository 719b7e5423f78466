"""Hierarchies kept on disk: found, used, passed over when they belong to other roads."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from small_worlds import CRS, ORIGIN

from socaccess.cachefolder import CACHE_VARIABLE
from socaccess.errors import OutputError, SocAccessWarning
from socaccess.network import RoadNetwork, hierarchies
from socaccess.routing import _choice, build_hierarchy
from socaccess.travel import nearest, travel_blocks, travel_times

SIDE = 12


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, "")


def grid(speed_kph: float = 50.0) -> RoadNetwork:
    """Return a grid of streets, a kilometre each, some faster than others."""
    row, column = (part.ravel() for part in np.indices((SIDE, SIDE)))
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    nodes = pd.DataFrame(
        {
            "node_id": number.ravel(),
            "x": ORIGIN[0] + 1000.0 * column,
            "y": ORIGIN[1] + 1000.0 * row,
        }
    )
    begin = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    end = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    speed = speed_kph + (np.arange(len(begin)) * 7) % 23
    edges = pd.DataFrame({"from_id": begin, "to_id": end, "speed_kph": speed})
    return RoadNetwork.from_edges(nodes, edges, crs=CRS)


def scatter(count: int, seed: int) -> gpd.GeoDataFrame:
    xy = np.random.default_rng(seed).random((count, 2)) * 1000 * (SIDE - 1) + ORIGIN
    return gpd.GeoDataFrame(
        {"id": [f"p{i:02d}" for i in range(count)]}, geometry=gpd.points_from_xy(*xy.T), crs=CRS
    )


@pytest.fixture
def built(monkeypatch):
    """Count how often a hierarchy is built."""
    counted = []

    def build(graph):
        counted.append(graph.fingerprint)
        return build_hierarchy(graph)

    monkeypatch.setattr(hierarchies, "build_hierarchy", build)
    return counted


@pytest.fixture
def always_large(monkeypatch):
    """Take every question for one that scipy would be slow at."""
    monkeypatch.setattr(_choice, "SCIPY_WORK", 0)


def test_a_saved_hierarchy_is_found_and_used(tmp_path, built, always_large):
    network = grid()
    assert network.hierarchy is None
    network.save(tmp_path / "grid.network", hierarchy=True)
    assert built == [network.graph.fingerprint]
    assert (tmp_path / "grid.network.hierarchy").is_file()
    opened = RoadNetwork.load(tmp_path / "grid.network")
    origins, destinations = scatter(9, 1), scatter(12, 2)
    expected = travel_times(grid(), origins, destinations, engine="scipy").travel_ms
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = travel_times(opened, origins, destinations).travel_ms
    np.testing.assert_array_equal(found, expected)
    assert opened.hierarchy is not None
    assert opened.hierarchy.fingerprint == network.graph.fingerprint
    assert opened.prepare() is opened.hierarchy
    kinds = destinations.assign(service=["dac", "care"] * 6)
    for k in (1, 3):
        pd.testing.assert_frame_equal(
            nearest(opened, origins, kinds, k=k),
            nearest(grid(), origins, kinds, k=k, engine="scipy"),
        )
    made = [block.travel_ms for block in travel_blocks(opened, origins, destinations, memory_mb=1)]
    np.testing.assert_array_equal(np.concatenate(made), expected)
    assert len(built) == 1


def test_a_small_question_does_not_open_it(tmp_path, monkeypatch):
    network = grid()
    network.save(tmp_path / "grid.network", hierarchy=True)

    def refuse(*args):
        raise AssertionError("a few places on a small network need no hierarchy")

    monkeypatch.setattr(hierarchies, "load_hierarchy", refuse)
    opened = RoadNetwork.load(tmp_path / "grid.network")
    assert np.isfinite(travel_times(opened, scatter(3, 1), scatter(3, 2)).travel_min).all()


def test_a_stale_or_damaged_one_is_passed_over_with_a_word(tmp_path, always_large):
    path = tmp_path / "grid.network"
    grid().save(path, hierarchy=True)
    grid(speed_kph=60).save(path)  # other times, the hierarchy stays behind
    origins, destinations = scatter(4, 1), scatter(4, 2)
    expected = travel_times(grid(speed_kph=60), origins, destinations, engine="scipy").travel_ms
    with pytest.warns(SocAccessWarning, match="built from another graph; build it again"):
        found = travel_times(RoadNetwork.load(path), origins, destinations).travel_ms
    np.testing.assert_array_equal(found, expected)
    beside = hierarchies.hierarchy_path(path)
    beside.write_bytes(beside.read_bytes()[:-100])
    with pytest.warns(SocAccessWarning, match="hierarchy not used: .*truncated; build it again"):
        assert RoadNetwork.load(path).hierarchy is None


def test_roads_that_are_changed_leave_the_hierarchy_behind(tmp_path):
    path = tmp_path / "grid.network"
    grid().save(path, hierarchy=True)
    opened = RoadNetwork.load(path)
    assert opened.hierarchy is not None
    slower = opened.with_times(opened.forward_ms + np.uint32(5), opened.backward_ms)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert slower.hierarchy is None


def test_what_was_built_is_kept_for_the_next_time(tmp_path, monkeypatch, built):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    grid().prepare()
    assert not (tmp_path / "cache").exists()  # too small to be worth it
    monkeypatch.setattr(hierarchies, "WORTH_KEEPING", 1)
    monkeypatch.setattr(hierarchies, "KEPT", 2)
    origins, destinations = scatter(4, 1), scatter(4, 2)
    first = travel_times(grid(), origins, destinations, engine="hierarchy")
    again = travel_times(grid(), origins, destinations, engine="hierarchy")
    np.testing.assert_array_equal(first.travel_ms, again.travel_ms)
    assert len(built) == 2  # the small one, and the one kept
    kept = list((tmp_path / "cache" / "hierarchies").iterdir())
    assert [path.name for path in kept] == [f"{grid().graph.fingerprint}.hierarchy"]
    kept[0].write_bytes(b"broken")
    grid().prepare()
    assert len(built) == 3
    # No more than so many are kept.
    for speed in (60, 70, 80):
        grid(speed_kph=speed).prepare()
    assert len(list((tmp_path / "cache" / "hierarchies").iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_told_and_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    monkeypatch.setattr(hierarchies, "WORTH_KEEPING", 1)
    with pytest.warns(SocAccessWarning, match="SOCACCESS_CACHE"):
        assert grid().prepare().node_count == SIDE * SIDE
    with pytest.raises(OutputError, match="could not be written"):
        hierarchies.save_hierarchy(build_hierarchy(grid().graph), tmp_path / "absent" / "x")
