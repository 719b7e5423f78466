"""The examples of docs/transit.md, on the timetable of the village."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from socaccess.cli.app import app

from .random_feeds import write_feed
from .village import STOPS, make_village, place

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "transit.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.S | re.M)
PYTHON = [body for kind, body in FENCES if kind == "py"]
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for kind, body in FENCES
    if not kind
    for line in body.splitlines()
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What the page takes as given: two feeds, homes, centres."""
    for name in ("gtfs-latvia.zip", "gtfs-vivi.zip"):
        write_feed(make_village(), tmp_path / name)
    for name, stops in (("homes.csv", ("village", "junction")), ("centres.csv", ("town",))):
        rows = [f"{stop},{STOPS[stop][0]},{STOPS[stop][1]}\n" for stop in stops]
        (tmp_path / name).write_text("id,lon,lat\n" + "".join(rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python(folder):
    names = {"homes": place("village", "junction"), "centres": place("town"),
             "day": dt.date(2026, 10, 7)}  # fmt: skip
    for block in PYTHON[:2]:
        exec(compile(block, "docs/transit.md", "exec"), names)
    assert names["trips"].best_per_home()["status"].tolist() == ["same_day", "same_day"]
    assert names["result"].without_car is not None


def test_the_van(folder):
    pytest.importorskip("pyvrp")
    from .test_tours import ROAD, points

    names = {"network": ROAD, "clients": points(10, 20), "centre": points(0)}
    exec(compile(PYTHON[2], "docs/transit.md", "exec"), names)
    assert not len(names["plan"].unserved) and len(PYTHON) == 3


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands(folder, words):
    if words[:2] == ["data", "fetch"]:
        pytest.skip("needs the network; tests/transit/test_commands.py has recorded layouts")
    if "latvia.timetable" in words and words[1] != "build":
        built = CliRunner().invoke(app, next(w for w in COMMANDS if w[:2] == ["transit", "build"]))
        assert built.exit_code == 0, built.stderr
    if words[0] == "run":
        words = ["check", "Ludzas novads", *words[2:]]  # the same options, without all the files
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code in ((0, 3) if words[0] == "check" else (0,)), answer.stderr
