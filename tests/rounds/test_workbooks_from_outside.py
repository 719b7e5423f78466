"""Files from outside: limits, foreign objects, and nothing ever run or written elsewhere."""

from __future__ import annotations

import io
import pickle
import re
import zipfile

import openpyxl
import pytest

from socaccess import rounds
from socaccess.files import sanitise_name
from socaccess.rounds import workbook as _workbook
from socaccess.rounds.workbook import FormError, read_workbook


def repack(content: bytes, change) -> bytes:
    """Return a workbook with its parts passed through `change(name, bytes)`."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return sink.getvalue()


def add(content: bytes, name: str, part: bytes) -> bytes:
    sink = io.BytesIO(content)
    with zipfile.ZipFile(sink, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, part)
    return sink.getvalue()


@pytest.fixture
def form(world) -> bytes:
    return world.form("0781800").read_bytes()


def refused(content: bytes) -> str:
    with pytest.raises(FormError) as caught:
        read_workbook(content, ["Iestādes"])
    return caught.value.finding.code


def test_the_form_itself_is_read(form):
    assert len(read_workbook(form, ["Iestādes"])["Iestādes"].rows) == 6  # heading and 5 facilities


def test_bombs_are_not_unpacked(form):
    huge = add(form, "xl/worksheets/sheet9.xml", b"0" * (_workbook.MAX_UNPACKED_BYTES + 1))
    assert len(huge) < _workbook.MAX_BYTES and refused(huge) == "form.bomb"
    many = form
    for number in range(_workbook.MAX_PARTS):
        many = add(many, f"xl/extra{number}.bin", b"x")
    assert refused(many) == "form.bomb"
    assert refused(b"0" * (_workbook.MAX_BYTES + 1)) == "form.too_large"


def test_foreign_objects_are_refused(form):
    assert refused(add(form, "xl/vbaProject.bin", b"macro")) == "form.macros"
    assert refused(add(form, "xl/embeddings/oleObject1.bin", b"x")) == "form.macros"


@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_definitions_of_entities_are_refused(form, code):
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha">]><sst>&b;</sst>'.encode(code)
    content = repack(form, lambda n, part: bomb if n == "xl/sharedStrings.xml" else part)
    assert refused(content) == "form.entities"


class _Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a;b\n1;2\n",
        b"PK\x03\x04 broken",
        pickle.dumps(_Trap()),
        b"\xd0\xcf\x11\xe0" + b"0" * 99,
    ],
)
def test_other_files_are_refused(content):
    assert refused(content) == "form.not_a_workbook"


def test_broken_parts_are_refused(form):
    content = repack(form, lambda n, part: part[: len(part) // 2] if "sheet2" in n else part)
    assert refused(content) == "form.not_a_workbook"


def test_a_sheet_that_lies_about_its_size_costs_nothing(form):
    def lie(name, part):
        return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', part)

    rows = read_workbook(repack(form, lie), ["Iestādes"])["Iestādes"].rows
    assert len(rows) == 6 and max(map(len, rows)) <= _workbook.MAX_COLUMNS


def test_unreadable_files_leave_no_trace(world):
    path = world.folder / "bad.xlsx"
    path.write_bytes(b"not a workbook")
    before = world.store.revision
    taken = rounds.take_form(world.store, path, at="2022-02-01", who="Anna")
    assert [f.code for f in taken.check.findings] == ["form.not_a_workbook"]
    assert taken.revision is None and world.store.revision == before
    taken = rounds.take_form(world.store, world.folder / "none.xlsx", at="2022-02-01", who="Anna")
    assert [f.code for f in taken.check.findings] == ["form.not_a_file"]


def test_formulas_are_never_values_and_texts_never_formulas(world):
    taken = world.take(
        "0781800", {"Iestādes!G2": "=1+12", "Iestādes!K3": "@SUM(A1)", "Personas!D2": "=2*5"},
        accept=["all"],
    )  # fmt: skip
    assert taken.decisions == {"I2": "faulty", "I3": "accepted", "P2": "faulty"}
    facilities = world.store.read("facilities").set_index("facility_id")
    assert facilities.loc["lat061", "note"] == "@SUM(A1)"
    assert facilities.loc["lat060", "places"] == 13
    # What a spreadsheet would open shows no text of theirs: a reference stands in its place.
    tables = (world.store.path / "tables" / "facilities").iterdir()
    assert not any("@SUM(A1)" in path.read_text(encoding="utf-8") for path in tables)
    # The next form shows it as text, too.
    made = rounds.open_round(
        world.store, "latgale-2022", as_of="2022-12-31", due="2023-02-15",
        folder=world.folder / "next", at="2023-01-10", who="Anna", municipality_ids=["0781800"],
    )  # fmt: skip
    cell = openpyxl.load_workbook(made.forms[0])["Iestādes"]["K3"]
    assert (cell.value, cell.data_type) == ("@SUM(A1)", "s")


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("../../../etc/cron.d/x.xlsx", "x.xlsx"),
        ("C:\\Windows\\system32\\x.xlsx", "x.xlsx"),
        ("x\x00y\n.xlsx", "x_y_.xlsx"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("a" * 300 + ".xlsx", "a" * 95 + ".xlsx"),
    ],
)
def test_names_are_made_harmless(name, harmless):
    assert sanitise_name(name) == harmless


def test_names_of_municipalities_never_lead_out(region, tmp_path):
    from dataclasses import replace

    towns = region.municipalities.copy()
    towns.loc[0, "name"] = "../../../escape"
    store = rounds.start_store(
        tmp_path / "store", replace(region, municipalities=towns), at="2022-01-01", who="A"
    )
    made = rounds.open_round(
        store, "r", as_of="2021-12-31", due="2022-02-15", folder=tmp_path / "forms",
        at="2022-01-01", who="A", municipality_ids=[towns.loc[0, "municipality_id"]],
    )  # fmt: skip
    assert [path.parent for path in made.forms] == [tmp_path / "forms"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["forms", "store"]
