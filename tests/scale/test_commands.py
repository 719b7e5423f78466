"""The commands `scale` and `sweep` as a person runs them; `--dask` is the only difference."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest

from socaccess.cli import app as module

from .test_tables import hash_folder


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["socaccess", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            module.run()
        told = capsys.readouterr()
        assert stopped.value.code in (0, None), told.err
        return told.out

    return call


@pytest.fixture
def files(tmp_path, houses, centres):
    houses.to_parquet(tmp_path / "houses.parquet")
    located = centres[centres.geometry.notna()]
    table = pd.DataFrame(located.drop(columns="geometry"))
    table.assign(x=located.geometry.x, y=located.geometry.y).to_csv(
        tmp_path / "centres.csv", index=False
    )
    return tmp_path


def test_times_with_workers_are_those_without(call, files, network_file, client):
    asked = [files / "houses.parquet", files / "centres.csv", "--crs", "EPSG:3059", "--network",
             network_file, "--partition", 100, "--cutoff", 8, "--json"]  # fmt: skip
    alone = json.loads(call("scale", "times", *asked, "--out", files / "alone"))
    address = client.scheduler.address
    spread = json.loads(call("scale", "times", *asked, "--out", files / "two", "--dask", address))
    assert alone["partitions"] == spread["partitions"] == 3 and alone["rows"] == 300
    assert hash_folder(files / "alone") == hash_folder(files / "two")
    assert json.loads(call("scale", "verify", files / "two", "--json"))["bytes"] == alone["bytes"]


def test_coverage_prints_the_shares(call, files, network_file):
    told = call(
        "scale", "coverage", files / "houses.parquet", files / "centres.csv", "--crs", "EPSG:3059",
        "--network", network_file, "--limit", "day=4", "--limit", "home=6", "--out",
        files / "covered",
    )  # fmt: skip
    rows = [line.split(",") for line in told.splitlines()]
    assert rows[0][:2] == ["municipality_id", "service"]
    assert {tuple(row[:2]) for row in rows[1:]} == {
        (name, service) for name in ("east", "west") for service in ("day", "home")
    }


def test_sweep_writes_a_table(call, tmp_path):
    told = json.loads(
        call("sweep", "latgale", "--service", "group-home", "--season", "normal", "--limits", "45",
             "--objective", "mclp", "--sites", 1, "--out", tmp_path / "s.csv", "--json")
    )  # fmt: skip
    written = pd.read_csv(tmp_path / "s.csv")
    assert len(told) == len(written) == 1
    assert told[0]["share_after"] == pytest.approx(written["share_after"][0])
    assert told[0]["share_after"] > told[0]["share_now"] > 0.5
