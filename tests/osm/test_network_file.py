"""The network file: there and back, and whatever may have happened to it on the way."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socaccess.errors import InputError, NetworkFileError, OutputError
from socaccess.network import file as network_file
from socaccess.network.file import load_network, save_network
from socaccess.network.osm_roads import build_network
from socaccess.network.roadnetwork import RoadNetwork

from .test_against_reference import make_elements


def draw_network(keep_shapes: bool = True) -> RoadNetwork:
    nodes = {index: (24 + index % 4 / 100, 56 + index // 4 / 100) for index in range(16)}
    ways = {
        row: ([row * 4 + column for column in range(4)], {"highway": "residential"})
        for row in range(4)
    }
    ways[9] = ([0, 5, 10, 15], {"highway": "tertiary", "oneway": "yes", "surface": "gravel"})
    return build_network(make_elements(nodes, ways), keep_shapes=keep_shapes)


def name_network() -> RoadNetwork:
    nodes = pd.DataFrame({"node_id": ["Ādaži", "b", "ç"], "x": [0.0, 10, 20], "y": [0.0, 0, 5]})
    edges = pd.DataFrame(
        {"from_id": ["Ādaži", "b"], "to_id": ["b", "ç"], "speed_kph": [50.0, 30], "edge_id": "ēd"}
    )
    return RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059", provenance={"a": [1, {"b": "c"}]})


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("network") / "drawn.network"
    save_network(draw_network(), path)
    return path


def assert_equal(first: RoadNetwork, second: RoadNetwork) -> None:
    for item in dataclasses.fields(RoadNetwork):
        one, other = getattr(first, item.name), getattr(second, item.name)
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, other), item.name
            assert one.dtype.kind == other.dtype.kind and one.shape == other.shape
        else:
            assert one == other, item.name


@pytest.mark.parametrize(
    "network", [draw_network(), draw_network(keep_shapes=False), name_network()]
)
def test_there_and_back(network, tmp_path):
    path = tmp_path / "x.network"
    save_network(network, path)
    back = RoadNetwork.load(path)
    assert_equal(network, back)
    assert_equal(network, load_network(path, verify=False))
    assert back.graph.arc_count == network.graph.arc_count
    assert [item.name for item in path.parent.iterdir()] == ["x.network"]


def test_every_field_of_a_network_is_kept():
    # A field added to RoadNetwork must be added to the file too.
    kept = {*network_file._ARRAYS, *network_file._SCALARS}
    assert kept == {item.name for item in dataclasses.fields(RoadNetwork)}


def test_arrays_are_views_of_the_file_and_aligned(saved):
    network = load_network(saved)
    for name in ("node_x", "edge_from", "forward_ms", "edge_id", "shape_x"):
        values = getattr(network, name)
        assert not values.flags.owndata and not values.flags.writeable
        assert values.ctypes.data % 64 == 0


def test_same_network_same_bytes(saved, tmp_path):
    again = tmp_path / "again.network"
    save_network(draw_network(), again)
    assert again.read_bytes() == saved.read_bytes()
    save_network(load_network(saved), again)
    assert again.read_bytes() == saved.read_bytes()


def try_bytes(data: bytes, path: Path) -> str:
    path.write_bytes(data)
    with pytest.raises(NetworkFileError) as caught:
        load_network(path)
    text = str(caught.value)
    assert "\n" not in text and text.startswith(path.name)
    return text


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_refused(saved, tmp_path_factory, data):
    whole = bytearray(saved.read_bytes())
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    try_bytes(bytes(whole), saved.with_name("changed.network"))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_truncation_is_refused(saved, data):
    whole = saved.read_bytes()
    length = data.draw(st.integers(0, len(whole) - 1))
    text = try_bytes(whole[:length], saved.with_name("cut.network"))
    assert "truncated" in text or "not a network file" in text or "version" in text


def test_appended_bytes_are_refused(saved):
    text = try_bytes(saved.read_bytes() + b"\0" * 64, saved.with_name("long.network"))
    assert "64 bytes too many" in text


def test_other_version_is_refused_with_both_numbers(saved):
    whole = bytearray(saved.read_bytes())
    whole[14:16] = b"07"
    text = try_bytes(bytes(whole), saved.with_name("later.network"))
    assert "has version '7'" in text and "this program reads 1" in text


def test_other_files_are_refused(tmp_path):
    assert "is not a network file" in try_bytes(b"PK\x03\x04" * 50, tmp_path / "zip.network")
    with pytest.raises(NetworkFileError, match="cannot be opened"):
        load_network(tmp_path / "absent.network")
    with pytest.raises(NetworkFileError, match="cannot be opened"):
        load_network(tmp_path)


def test_without_verifying_only_arrays_go_unchecked(saved):
    whole = bytearray(saved.read_bytes())
    changed = saved.with_name("unseen.network")
    whole[-10] ^= 1
    changed.write_bytes(bytes(whole))
    load_network(changed, verify=False)
    whole[100] ^= 1  # the header
    changed.write_bytes(bytes(whole))
    with pytest.raises(NetworkFileError, match="header"):
        load_network(changed, verify=False)


def test_a_failed_writing_leaves_what_was_there(saved, tmp_path, monkeypatch):
    path = tmp_path / "kept.network"
    path.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="the disk is full"):
        save_network(draw_network(), path)
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["kept.network"]
    with pytest.raises(OutputError, match="could not be written"):
        save_network(draw_network(), tmp_path / "no" / "such.network")


def test_provenance_must_be_plain(tmp_path):
    network = dataclasses.replace(draw_network(), provenance={"a": object()})
    with pytest.raises(InputError, match="provenance cannot be written"):
        save_network(network, tmp_path / "x.network")
    network = dataclasses.replace(draw_network(), node_id=np.array([1.5] * 16, dtype=object))
    with pytest.raises(InputError, match="neither texts nor whole numbers"):
        save_network(network, tmp_path / "x.network")
    assert not list(tmp_path.iterdir())
