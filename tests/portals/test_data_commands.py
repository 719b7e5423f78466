"""`socaccess data` as a planner runs it: with a network, without one, and with files by hand."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from socaccess.sources.portals import SOURCES
from tests.commands import run_command
from tests.portals.overpass_server import AREA
from tests.portals.servers import give, serve
from tests.portals.test_layouts import CLASSIFIER, make_needs, make_units, pack, save


def call(*words: str):
    return run_command("data", *words)


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "cache"


def place(folder: Path, name: str, file: str, content: bytes) -> Path:
    path = folder / name / file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("source", [s for s in SOURCES if s.portal != "overpass"], ids=str)
def test_without_a_network_one_line_says_what_to_do(folder, source):
    answer = call("fetch", source.name, "--offline")
    assert answer.exit_code == 1
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("socaccess: savienojumi ir aizliegti (--offline")
    for part in (source.page, str(folder / source.name), source.file, "ar roku"):
        assert part in line
    assert not folder.exists()


def test_the_variable_forbids_too_and_the_language_is_kept(monkeypatch):
    monkeypatch.setenv("SOCACCESS_OFFLINE", "1")
    for words in (("latvia_roads",), ("osm_facilities", "--place", "Ludza")):
        answer = call("fetch", *words, "--lang", "en")
        assert answer.exit_code == 1
        assert "no connection may be made" in answer.stderr
        assert "by hand: get it in a browser from" in answer.stderr


def test_nobody_there(folder):
    with serve() as gone:
        address = f"{gone.address}/latvia.osm.pbf"
    answer = call("fetch", "latvia_roads", "--url", address)
    assert answer.exit_code == 1
    assert "127.0.0.1 nav sasniedzams" in answer.stderr
    assert str(folder / "latvia_roads") in answer.stderr


def test_an_extract_from_a_mirror(server, tmp_path):
    import osmium

    with osmium.SimpleWriter(str(tmp_path / "l.osm.pbf")) as writer:
        writer.add_node(osmium.osm.mutable.Node(id=1, version=1, location=(24.1, 56.9)))
    content = (tmp_path / "l.osm.pbf").read_bytes()
    server.routes["/l.osm.pbf"] = give(content)
    server.routes["/l.osm.pbf.md5"] = give(hashlib.md5(content).hexdigest().encode())
    url = f"{server.address}/l.osm.pbf"
    answer = call("fetch", "latvia_roads", "--url", url)
    assert answer.exit_code == 0, answer.stderr
    assert "latvia_roads.osm.pbf (1 kB" in answer.stdout
    assert "socaccess network build" in answer.stdout
    broken = content[:20] + bytes(200)
    server.routes["/l.osm.pbf"] = give(broken)
    server.routes["/l.osm.pbf.md5"] = give(hashlib.md5(broken).hexdigest().encode())
    answer = call("fetch", "latvia_roads", "--url", url, "--refresh")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("socaccess: ")
    assert call("fetch", "latvia_roads", "--offline").exit_code == 0


def test_facilities_of_an_area_become_a_layer(overpass, tmp_path):
    area = tmp_path / "area.geojson"
    gpd.GeoSeries([AREA], crs=4326).to_file(area)
    out = tmp_path / "out"
    words = ("--polygon", str(area), "--url", overpass.overpass, "--out", str(out))
    answer = call("fetch", "osm_facilities", *words)
    assert answer.exit_code == 0, answer.stderr
    assert "Saprastas 3 rindas." in answer.stdout
    layer = gpd.read_file(out / "osm_facilities-socaccess.gpkg")
    assert layer["service"].tolist()[:2] == ["group_home", "senior_home"]
    told = json.loads(call("list", "--json").stdout)
    (source,) = [s for s in told["sources"] if s["name"] == "osm_facilities"]
    assert source["file"]["details"]["place"] == "polygon"


def test_a_file_is_fetched_read_and_written(server, folder, tmp_path):
    server.routes["/atvk.csv"] = give(save(CLASSIFIER, tmp_path / "c.csv").read_bytes())
    out = tmp_path / "out"
    words = ("fetch", "atvk", "--url", f"{server.address}/atvk.csv", "--out", str(out))
    answer = call(*words, "--json")
    assert answer.exit_code == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert (told["rows"], told["placed_by_hand"]) == (4, False)
    assert sorted(path.name for path in out.iterdir()) == ["atvk-socaccess.csv", "atvk.csv"]
    assert told["written"] == [str(out / "atvk.csv"), str(out / "atvk-socaccess.csv")]
    assert pd.read_csv(out / "atvk-socaccess.csv", dtype=str)["unit_id"].iloc[0] == "0001000"
    # From now on without the server, and in words.
    server.shutdown()
    again = call("fetch", "atvk", "--offline")
    assert again.exit_code == 0
    assert "Saprastas 4 rindas." in again.stdout


def test_boundaries_placed_by_hand_become_a_layer(folder, tmp_path):
    content = pack(make_units(), tmp_path / "r.zip").read_bytes()
    place(folder, "robezas", "Robezas 2025.zip", content)
    answer = call("fetch", "robezas", "--offline", "--out", str(tmp_path / "out"))
    assert answer.exit_code == 0, answer.stderr
    layer = gpd.read_file(tmp_path / "out" / "robezas-socaccess.gpkg")
    assert len(layer) == 3
    assert layer.crs == "EPSG:3059"


def test_needs_leave_only_through_the_command_that_hides_few(folder, tmp_path):
    path = place(folder, "nepieciesamie-di-pakalpojumi", "mine.xlsx", b"")
    save(make_needs(), path)
    answer = call("fetch", path.parent.name, "--out", str(tmp_path / "out"))
    assert answer.exit_code == 0, answer.stderr
    assert f"socaccess plan need {path}" in answer.stdout
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.xlsx"]


def test_texts_from_outside_are_no_formulas(server, tmp_path):
    evil = CLASSIFIER.assign(Name=["=cmd|' /C calc'!A0", "+1", "@x", "-2", "a", "b"])
    server.routes["/c.csv"] = give(save(evil, tmp_path / "c.csv").read_bytes())
    out = tmp_path / "out"
    call("fetch", "atvk", "--url", f"{server.address}/c.csv", "--out", str(out))
    names = pd.read_csv(out / "atvk-socaccess.csv")["name"]
    assert names.tolist() == ["'=cmd|' /C calc'!A0", "'+1", "'@x", "'-2"]


def test_a_changed_layout_leaves_the_file_there_was(server, folder, tmp_path):
    server.routes["/c.csv"] = give(save(CLASSIFIER, tmp_path / "c.csv").read_bytes())
    url = f"{server.address}/c.csv"
    assert call("fetch", "atvk", "--url", url).exit_code == 0
    changed = CLASSIFIER.rename(columns={"ParentCode": "Zone"})
    server.routes["/c.csv"] = give(save(changed, tmp_path / "d.csv").read_bytes())
    answer = call("fetch", "atvk", "--url", url, "--refresh")
    assert answer.exit_code == 1
    assert "neviena kolonna nav saprotama kā municipality_id" in answer.stderr
    assert call("fetch", "atvk", "--offline").exit_code == 0


def test_list_where_and_verify(server, folder, tmp_path):
    server.routes["/c.csv"] = give(save(CLASSIFIER, tmp_path / "c.csv").read_bytes())
    call("fetch", "atvk", "--url", f"{server.address}/c.csv")
    mine = place(folder, "iedzivotaji", "mine.csv", b"AREA,TIME,NUMB\n0034000,2025,7\n")
    told = json.loads(call("list", "--json").stdout)
    assert all(row["licences"] for row in told["files"])
    sources = {source["name"]: source["file"] for source in told["sources"]}
    assert list(sources) == [source.name for source in SOURCES]
    assert sources["atvk"]["bytes"] == len((tmp_path / "c.csv").read_bytes())
    assert sources["iedzivotaji"]["placed_by_hand"]
    assert sources["robezas"] is None
    shown = call("list").stdout
    assert "Pašvaldību robežas" in shown
    assert "ar roku" in shown
    where = json.loads(call("where", "--json").stdout)
    assert where["cache"] == str(folder)
    assert where["sources"]["iedzivotaji"]["folder"] == str(mine.parent)
    assert str(mine.parent) in call("where").stdout
    assert "1 lejupielādētā datne ir vesela." in call("verify").stdout
    Path(sources["atvk"]["path"]).write_text("changed")
    answer = call("verify")
    assert answer.exit_code == 1
    assert "kopš lejupielādes ir mainīta" in answer.stderr
    answer = call("verify", "--json")
    assert answer.exit_code == 1
    assert [row["whole"] for row in json.loads(answer.stdout)["fetched"]] == [False]


def test_the_area_must_be_one(tmp_path):
    path = tmp_path / "area.csv"
    path.write_text("a,b\n1,2\n")
    answer = call("fetch", "osm_roads", "--polygon", str(path), "--offline",
                  "--lang", "en")  # fmt: skip
    assert "a layer of areas is needed" in answer.stderr
