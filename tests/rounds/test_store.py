"""The store: nothing lost, nothing overwritten, damage noticed, readable without the library."""

from __future__ import annotations

import csv
import hashlib
import json
import os

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.errors import InputError, SocAccessError, UnknownNameError
from socaccess.rounds import Store, StoreError
from socaccess.rounds.layouts import (
    TableLayout,
    compare_rows,
    decode_table,
    encode_table,
    to_rows,
)
from socaccess.rounds.manifests import encode_manifest
from socaccess.rounds.store import SCHEMA
from tests.ground.test_files import refuse_from

COLUMNS = {"site": "text", "name": "text", "places": "integer", "share": "number", "open": "flag"}
LAYOUT = TableLayout("sites", ("site",), COLUMNS)
AT = "2022-01-10T09:00:00"

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "site": texts.filter(bool),
            "name": st.none() | texts,
            "places": st.none() | st.integers(-(2**62), 2**62),
            "share": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "open": st.booleans(),
        }
    ),
    max_size=6,
    unique_by=lambda row: row["site"],
)


def frame_of(rows, columns=COLUMNS):
    return pd.DataFrame({n: pd.Series([r[n] for r in rows], dtype=object) for n in columns})


@given(rows, st.sampled_from(["csv", "parquet"]))
def test_tables_come_back_as_they_went(rows, kind):
    layout = TableLayout("sites", ("site",), COLUMNS, kind)
    fitted = layout.fit(frame_of(rows))
    encoded = encode_table(fitted, layout)
    back = decode_table(encoded, layout)
    pd.testing.assert_frame_equal(fitted, back)
    expected = {(r["site"],): {**r, "name": r["name"] or None} for r in rows}
    assert to_rows(back, ("site",)) == expected
    assert encode_table(layout.fit(frame_of(rows[::-1])), layout) == encoded  # order is irrelevant


@given(rows, rows)
def test_differences_lead_from_one_version_to_the_other(before, after):
    old, new = (to_rows(LAYOUT.fit(frame_of(r)), ("site",)) for r in (before, after))
    patched = dict(old)
    for change in compare_rows(old, new):
        if change.after is None:
            del patched[change.key]
        else:
            patched[change.key] = change.after
    assert patched == new
    assert compare_rows(old, old) == []


@pytest.fixture
def store(tmp_path):
    return Store.create(tmp_path / "store", at=AT, who="Anna")


def put(store, *sites, **options):
    rows = [
        {"site": site, "name": name, "places": 8, "share": 0.5, "open": True}
        for site, name in sites
    ]
    values = {"at": AT, "who": "Anna", "action": "fill", **options}
    return store.commit({LAYOUT: frame_of(rows)}, **values)


def snapshot_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_once_written_never_change(store):
    seen = snapshot_of(store.path)
    for number in range(5):
        put(store, ("a", f"name {number % 2}"))
        now = snapshot_of(store.path)
        assert {name: now[name] for name in seen} == seen
        seen = now
    # The same content is the same file: two versions, two files.
    assert len(list((store.path / "tables" / "sites").iterdir())) == 2


def test_every_revision_can_be_read(store):
    for name in ("first", "second", "third"):
        put(store, ("a", name))
    names = [store.read("sites", revision=r)["name"].iloc[0] for r in (2, 3, 4)]
    assert names == ["first", "second", "third"]
    assert store.list_tables(revision=1) == []
    with pytest.raises(UnknownNameError, match="no revision 9"):
        store.read("sites", revision=9)
    assert store.history()["action"].tolist() == ["create", "fill", "fill", "fill"]


def test_it_is_readable_without_the_library(store):
    put(store, ("a", "=cmd|'/c calc'!A0"), ("b", "'tis"))
    newest = max((store.path / "manifests").iterdir())
    manifest = json.loads(newest.read_text(encoding="utf-8"))
    entry = manifest["tables"]["sites"]
    file = store.path / entry["file"]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == entry["sha256"]
    with file.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))
    # A spreadsheet sees text, and the reader of README.txt knows what to drop.
    assert [row["name"] for row in found] == ["'=cmd|'/c calc'!A0", "''tis"]
    assert "README.txt" in snapshot_of(store.path)
    assert store.read("sites")["name"].tolist() == ["=cmd|'/c calc'!A0", "'tis"]


def test_same_steps_give_the_same_bytes_but_for_salts(tmp_path):
    stores = [Store.create(tmp_path / name, at=AT, who="Anna") for name in ("one", "two")]
    for store in stores:
        put(store, ("a", "x"))
    one, two = (snapshot_of(store.path) for store in stores)
    assert set(one) == set(two)
    for name, content in one.items():
        if not name.startswith("manifests/"):
            assert content == two[name], name
            continue
        said, other = json.loads(content), json.loads(two[name])
        assert said["salt"] != other["salt"]
        for own in ("salt", "parent", "hash"):
            said.pop(own), other.pop(own)
        assert said == other


def test_two_writers_do_not_overwrite_each_other(store):
    other = Store.open(store.path)
    put(store, ("a", "mine"))
    with pytest.raises(StoreError, match="somebody else"):
        put(other, ("a", "theirs"))
    other.refresh()
    put(other, ("a", "theirs"))
    assert Store.open(store.path).revision == 3
    assert store.path.joinpath("aside").exists() and not list((store.path / "aside").iterdir())


@pytest.mark.parametrize("lasting", [True, False])
def test_a_full_disk_leaves_the_store_as_it_was_or_as_it_shall_be(store, monkeypatch, lasting):
    """The n-th change that is asked of the system fails, and all after it or only that one."""
    put(store, ("a", "before"))
    outcomes = set()
    for step in range(1, 60):
        refused = refuse_from(step, lasting)
        began = Store.open(store.path).revision
        with monkeypatch.context() as patch:
            for name in ("open", "write", "fsync", "link", "mkdir"):
                patch.setattr(os, name, refused.wrap(name))
            try:
                put(Store.open(store.path), ("a", f"name {step}"))
            except SocAccessError as error:
                assert isinstance(error, OSError)
        found = Store.open(store.path)
        assert found.verify()["whole"].all()
        names = {began: "before", began + 1: f"name {step}"}
        assert found.read("sites")["name"].tolist() == [names[found.revision]]
        outcomes.add(found.revision - began)
        found.tidy()
        if not refused.happened:
            break
        put(Store.open(store.path), ("a", "before"))
    assert not refused.happened and outcomes == {0, 1}


def test_a_folder_in_the_way_of_the_next_revision(store):
    put(store, ("a", "before"))
    (store.path / "manifests" / "000003.json").mkdir()
    with pytest.raises(SocAccessError):
        put(store, ("a", "after"))
    (store.path / "manifests" / "000003.json").rmdir()
    found = Store.open(store.path)
    assert found.read("sites")["name"].tolist() == ["before"] and found.verify()["whole"].all()
    put(found, ("a", "after"))
    assert Store.open(store.path).read("sites")["name"].tolist() == ["after"]


@pytest.mark.parametrize("damage", ["changed", "gone"])
@pytest.mark.parametrize("folder", ["manifests", "tables"])
def test_damage_is_noticed(store, damage, folder):
    put(store, ("a", "first"))
    put(store, ("a", "second"))
    victim = min(p for p in (store.path / folder).rglob("*") if p.is_file())
    if damage == "gone":
        victim.unlink()
    else:
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    found = Store.open(store.path).verify()
    # A manifest that was changed breaks the chain of those after it too.
    assert victim.relative_to(store.path).as_posix() in set(found.loc[~found["whole"], "file"]) or (
        folder == "manifests" and not found["whole"].all()
    )
    with pytest.raises(StoreError, match="missing or was changed"):
        store.require_whole()


@pytest.mark.parametrize(
    "file",
    ["../../secret.csv", "/etc/passwd", "tables/sites/../../x.csv", "tables/sites/a.csv"],
)
def test_a_manifest_cannot_point_outside(store, file):
    put(store, ("a", "x"))
    path = store.path / "manifests" / "000002.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["tables"]["sites"]["file"] = file
    manifest.pop("hash")
    path.write_bytes(encode_manifest(manifest))
    with pytest.raises(StoreError, match="not a manifest"):
        Store.open(store.path)


def test_a_newer_layout_is_refused_by_name(store):
    path = store.path / "manifests" / "000001.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "schema": SCHEMA + 1}), encoding="utf-8")
    with pytest.raises(StoreError, match="update socaccess"):
        Store.open(store.path)


def test_folders_of_others_are_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        Store.create(tmp_path, at=AT, who="Anna")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]
    with pytest.raises(InputError, match="no store"):
        Store.open(tmp_path)


def test_events_need_a_moment_and_a_person(store):
    with pytest.raises(InputError) as caught:
        put(store, ("a", "x"), at="yesterday", who="  ")
    assert len(caught.value.problems) == 2
    assert store.revision == 1


def test_wrong_tables_are_refused_with_all_problems(store):
    frame = pd.DataFrame({"site": ["a", "a", None], "places": [1, "x", 2.5], "colour": ["r"] * 3})
    with pytest.raises(InputError) as caught:
        store.commit({LAYOUT: frame}, at=AT, who="Anna", action="fill")
    text = str(caught.value)
    assert "colour" in text and "'x'" in text and "2.5" in text and "key is missing" in text
    assert Store.open(store.path).revision == 1


def test_leftovers_are_told_and_tidied(store):
    (store.path / "aside" / ".writing-1-abc").write_bytes(b"half")
    found = store.verify()
    assert found.loc[found["finding"] == "leftover", "file"].tolist() == ["aside/.writing-1-abc"]
    assert found["whole"].all()
    assert store.tidy() == [".writing-1-abc"]
    assert "leftover" not in set(store.verify()["finding"])
