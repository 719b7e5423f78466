"""The embedded network that ships is the one its tables make, and is used for nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from socaccess.network import RoadNetwork
from socaccess.network.built_roads import BUILT, open_built_roads, save_built_roads
from socaccess.network.main_roads import build_main_roads
from socaccess.network.roads import Roads
from socaccess.settings import LinkModel
from socaccess.sources import embedded


@pytest.fixture(scope="module")
def built() -> Roads:
    return build_main_roads(LinkModel())


def test_the_file_that_ships_is_what_the_tables_make(built: Roads, tmp_path: Path) -> None:
    save_built_roads(built, LinkModel(), tmp_path / "again.network")
    assert (tmp_path / "again.network").read_bytes() == BUILT.read_bytes(), (
        "tables, model or code have changed: python tools/build_main_roads.py"
    )


def test_what_is_read_is_what_was_built(built: Roads) -> None:
    found = open_built_roads(LinkModel())
    assert found is not None
    for item in fields(built):
        one, other = getattr(built, item.name), getattr(found, item.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
        else:
            assert one == other, item.name


def test_other_speeds_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = replace(LinkModel(), main_kph=40.0)
    assert open_built_roads(slow) is None
    usual, slower = RoadNetwork.main_roads(), RoadNetwork.main_roads(slow)
    assert slower.forward_ms.sum() > usual.forward_ms.sum()


def test_other_tables_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    package = embedded.read_package("roads")
    changed = [{**resource, "hash": "sha256:0"} for resource in package["resources"]]
    told = {"roads": {**package, "resources": changed}}
    monkeypatch.setattr(
        "socaccess.network.built_roads.read_package",
        lambda name: told.get(name) or embedded.read_package(name),
    )
    assert open_built_roads(LinkModel()) is None


@pytest.mark.parametrize("damage", ["absent", "cut", "changed"])
def test_a_damaged_file_is_not_used(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "main_roads.network"
    content = bytearray(BUILT.read_bytes())
    if damage == "changed":
        content[-100] ^= 1
    if damage != "absent":
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
    assert open_built_roads(LinkModel(), path) is None
