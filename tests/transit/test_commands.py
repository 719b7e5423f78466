"""`socaccess transit` and the fetching of feeds, as a planner runs them."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.errors import InputError
from tests.portals.servers import give, serve

from .random_feeds import write_feed
from .village import make_village

VILLAGE, TOWN = "27.5,56.5", "27.72,56.5"


@pytest.fixture
def village(tmp_path):
    return write_feed(make_village(), tmp_path / "village.zip")


def call(*words: str):
    answer = CliRunner().invoke(app, [str(word) for word in words])
    if answer.exception and not isinstance(answer.exception, SystemExit | InputError):
        raise answer.exception
    return answer


def test_build_then_ask(village, tmp_path):
    saved = tmp_path / "village.timetable"
    answer = call("transit", "build", village, "--out", saved, "--lang", "en")
    assert answer.exit_code == 0, answer.stderr
    assert "3 stops, 4 trips, 10 stop times; valid from 2026-09-01 to 2026-10-30" in answer.stdout
    info = json.loads(call("transit", "info", saved, "--json").stdout)
    assert [(kind["kind"], kind["days"]) for kind in info["day_types"]] == [
        ("weekday", 39), ("saturday", 8), ("sunday", 8), ("weekday_other", 5)]  # fmt: skip
    asked = ("transit", "return", saved, "--from", VILLAGE, "--to", TOWN, "--stay", "4")
    answer = call(*asked, "--out", tmp_path / "out", "--lang", "en")
    assert answer.exit_code == 0, answer.stderr
    assert "there and home the same day" in answer.stdout and "08:00:00" in answer.stdout
    legs = pd.read_csv(tmp_path / "out" / "journeys.csv")
    assert legs.query("kind == 'ride'")["route"].tolist() == [5012, 5012]
    best = json.loads(call(*asked, "--json").stdout)["best_per_home"]
    assert best[0]["status"] == "same_day" and best[0]["back"] == "16:10:00"
    assert "turp un mājās tajā pašā dienā" in call(*asked).stdout


def test_times(village):
    asked = ("transit", "times", village, "--from", VILLAGE, "--to", TOWN, "--day", "2026-10-07")
    answer = json.loads(call(*asked, "--leave", "07:50", "--window", "10", "--json").stdout)
    assert answer["times"][0]["travel_min_p50"] == 75
    answer = json.loads(call(*asked, "--arrive-by", "10:00", "--json").stdout)
    assert answer["times"][0]["travel_min"] == 120
    answer = call(*asked[:-1], "2027-01-01")
    assert isinstance(answer.exception, InputError)
    assert "2026-10-30" in answer.exception.text("lv")


def test_how_people_walk(village):
    asked = ("transit", "return", village, "--from", VILLAGE, "--to", TOWN, "--day", "2026-10-07")
    assert call(*asked, "--walk", "longest_m=0").exit_code == 0
    answer = call(*asked, "--walk", "speed=3")
    assert isinstance(answer.exception, InputError)


@pytest.mark.parametrize("name", ["gtfs-latvia", "gtfs-vivi"])
def test_fetch_a_feed(name, village, tmp_path, monkeypatch):
    monkeypatch.delenv("SOCACCESS_OFFLINE", raising=False)
    monkeypatch.setenv("SOCACCESS_CACHE", str(tmp_path / "cache"))
    with serve({"/feed.zip": give(village.read_bytes())}) as server:
        answer = call("data", "fetch", name, "--url", f"{server.address}/feed.zip")
        assert answer.exit_code == 0, answer.stderr
        assert "socaccess transit build" in answer.stdout
        broken = write_feed({"stops.txt": "stop_id\n"}, tmp_path / "broken.zip").read_bytes()
        server.routes["/feed.zip"] = give(broken)
        url = f"{server.address}/feed.zip"
        answer = call("data", "fetch", name, "--url", url, "--refresh")
        assert isinstance(answer.exception, InputError)
        assert len(answer.exception.problems) > 3
    # The feed that was there is still there.
    assert call("data", "fetch", name, "--offline").exit_code == 0


def test_fetch_riga_from_the_portal(village, tmp_path, monkeypatch):
    from socaccess.sources.portals import fetch

    monkeypatch.delenv("SOCACCESS_OFFLINE", raising=False)
    monkeypatch.setenv("SOCACCESS_CACHE", str(tmp_path / "cache"))
    with serve() as server:

        def resource(name: str, kind: str, file: str) -> dict[str, str]:
            return {"name": name, "format": kind, "url": f"{server.address}/{file}",
                    "state": "active"}  # fmt: skip

        answer = {"success": True, "result": {"license_title": "CC0", "resources": [
            resource("Apraksts", "PDF", "about.pdf"),
            resource("Kustību saraksti 2026-10", "ZIP", "new.zip"),
            resource("Kustību saraksti 2026-09", "ZIP", "old.zip"),
        ]}}  # fmt: skip
        show = "/dati/api/3/action/package_show"
        server.routes[show] = give(json.dumps(answer).encode())
        server.routes["/new.zip"] = give(village.read_bytes())
        entry = fetch("gtfs-riga", portal=f"{server.address}/dati")
        assert entry.path.read_bytes() == village.read_bytes()
        assert dict(entry.details)["resource"] == "Kustību saraksti 2026-10"
