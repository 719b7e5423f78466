"""Every finding a form can lead to, one by one."""

from __future__ import annotations

import json
import re
import shutil

import openpyxl
import pytest

from socaccess import rounds
from socaccess.errors import InputError
from socaccess.i18n import Texts
from socaccess.rounds import FAULT, FORM, NOTE, WATCH

AT = "2022-02-01T10:00:00"
VILANI = "0781800"


def find(world, cells, municipality=VILANI, at=AT):
    check = rounds.check_form(world.store, world.edit(municipality, cells), at=at)
    return {(f.code, f.level, f.row, f.column) for f in check.findings}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"Iestādes!G2": -4}, ("form.not_a_count", FAULT, "I2", "places")),
        ({"Iestādes!G2": 2001}, ("form.not_a_count", FAULT, "I2", "places")),
        ({"Iestādes!G2": 12.5}, ("form.not_a_count", FAULT, "I2", "places")),
        ({"Iestādes!G2": "12 vietas"}, ("form.not_a_count", FAULT, "I2", "places")),
        ({"Iestādes!G2": True}, ("form.not_a_count", FAULT, "I2", "places")),
        ({"Iestādes!G2": "#REF!"}, ("form.cell_error", FAULT, "I2", "places")),
        ({"Iestādes!G2": "=G3"}, ("form.formula", FAULT, "I2", "places")),
        ({"Iestādes!I2": 21}, ("form.not_a_year", FAULT, "I2", "opened")),
        ({"Iestādes!I2": 2020, "Iestādes!J2": 2019}, ("form.closed_before_opened", FAULT, "I2",
                                                      "")),
        ({"Iestādes!B2": None}, ("form.value_missing", FAULT, "I2", "name")),
        ({"Iestādes!B2": "x" * 501}, ("form.text_too_long", FAULT, "I2", "name")),
        ({"Iestādes!C2": "Burvju skola"}, ("form.unknown_service", FAULT, "I2", "service")),
        ({"Iestādes!H2": "varbūt"}, ("form.unknown_status", FAULT, "I2", "status")),
        ({"Iestādes!E2": "Hogvartsa"}, ("form.unknown_place", FAULT, "I2", "settlement")),
        ({"Iestādes!E2": "Dagda"}, ("form.place_elsewhere", FAULT, "I2", "settlement")),
        ({"Iestādes!E2": "vilani"}, ("form.other_spelling", NOTE, "I2", "settlement")),
        ({"Iestādes!E2": "Viļānu pag."}, ("form.other_spelling", NOTE, "I2", "settlement")),
        ({"Iestādes!D2": "Vilanu novads"}, ("form.other_spelling", NOTE, "I2", "municipality")),
        ({"Iestādes!D2": "Rēzeknes novads"}, ("form.facility_elsewhere", FAULT, "I2",
                                              "municipality")),
        ({"Iestādes!D2": "Nekurienes novads"}, ("form.unknown_municipality", FAULT, "I2",
                                               "municipality")),
        ({"Iestādes!A2": "lat999"}, ("form.unknown_id", FAULT, "I2", "facility_id")),
        ({"Iestādes!A2": "lat067"}, ("form.facility_elsewhere", FAULT, "I2", "facility_id")),
        ({"Iestādes!A2": "lat061"}, ("form.id_twice", FAULT, "I2", "facility_id")),
        ({"Iestādes!G2": None}, ("form.erased", WATCH, "I2", "places")),
        ({"Iestādes!H2": "slēgts"}, ("form.closed_without_year", NOTE, "I2", "")),
        ({"Personas!E2": 999_999}, ("form.more_than_inhabitants", FAULT, "P2", "recipients")),
        ({"Personas!D3": 4}, ("form.not_asked", FAULT, "P3", "assessed")),
        ({"Personas!A3": "x/y"}, ("form.unknown_code", FAULT, "P3", "code")),
        ({"Personas!E2": 4, "Personas!E3": 5}, ("form.more_than_group", FAULT, "P3", "recipients")),
        ({"Norādes!B3": "Dagdas novads"}, ("form.other_municipality", FORM, "", "")),
        ({"Norādes!B3": "Vilanu"}, ("form.other_spelling", NOTE, "", "")),
        ({"Iestādes!G1": "Vietiņas"}, ("form.column_missing", FORM, "", "")),
        ({"Iestādes!H1": "Vietas"}, ("form.column_twice", FORM, "", "")),
        ({"Pazīmes!B5": "0050000"}, ("form.marks_changed", FORM, "", "")),
        ({"Pazīmes!B4": "other-round"}, ("form.unknown_round", FORM, "", "")),
        ({"Pazīmes!B3": "0" * 64}, ("form.other_store", FORM, "", "")),
        ({"Pazīmes!B2": "9"}, ("form.form_version", FORM, "", "")),
        ({"Pazīmes!B5": "0761201"}, ("form.not_issued", FORM, "", "")),
        (
            {"Iestādes!B7": "Dienas aprupes centrs Vilanos", "Iestādes!H7": "darbojas",
             "Iestādes!E7": "Viļāni", "Iestādes!C7": "dac_grt"},
            ("form.like_another", WATCH, "I7", ""),
        ),
        ({"Iestādes!B7": "Jauns"}, ("form.value_missing", FAULT, "I7", "settlement_id")),
    ],
)  # fmt: skip
def test_finding(world, cells, expected):
    found = find(world, cells)
    assert expected in found
    everything = {code for code, *_ in found}
    # Nothing else is an error, but for what follows from the same slip.
    follows = {"id_twice", "unknown_service", "value_missing", "marks_changed", "row_missing",
               "less_than_service", "unknown_round", "columns_moved", "column_missing"}  # fmt: skip
    follows = {f"form.{name}" for name in follows}
    levels = {level for code, level, *_ in found if code != expected[0] and code not in follows}
    assert levels <= {NOTE}, everything


def test_recipients_may_exceed_the_assessed(world):
    assert find(world, {"Personas!D2": 10, "Personas!E2": 14}) == set()


def test_all_problems_are_told_together(world):
    found = find(world, {"Iestādes!G2": -1, "Iestādes!E3": "Hogvartsa", "Personas!E2": "x",
                         "Iestādes!C4": "?"})  # fmt: skip
    assert {row for _, level, row, _ in found if level == FAULT} == {"I2", "I3", "I4", "P2"}


def test_old_and_new_names_of_the_own_municipality(world):
    # Augšdaugava of today was the districts of Daugavpils and Ilūkste when the plan was made.
    found = find(world, {"Iestādes!D2": "Augšdaugavas novads"}, "0440200")
    assert found == {("form.old_name", NOTE, "I2", "municipality")}


def test_old_name_in_todays_view(region, tmp_path):
    from socaccess.study import Study

    study = Study.load("latgale", view="today", network=region.network)
    store = rounds.start_store(tmp_path / "store", study, at=AT, who="A")
    made = rounds.open_round(store, "r", as_of="2025-12-31", due="2026-02-15",
                             folder=tmp_path, at=AT, who="A")  # fmt: skip
    assert len(made.forms) == len(study.municipalities)
    path = next(p for p in made.forms if "0043000" in p.name)  # Rēzeknes novads
    book = openpyxl.load_workbook(path)
    book["Iestādes"]["D2"] = "Viļānu novads"
    book["Iestādes"]["D3"] = "Ludzas novads"
    book.save(path)
    found = {(f.code, f.row) for f in rounds.check_form(store, path).findings}
    assert found == {("form.old_name", "I2"), ("form.facility_elsewhere", "I3")}


def test_rows_of_another_municipality_refuse_the_form(world):
    book = openpyxl.load_workbook(world.form(VILANI))
    other = openpyxl.load_workbook(world.form("0210000"))
    for row in other["Iestādes"].iter_rows():
        for cell in row:
            book["Iestādes"][cell.coordinate] = cell.value
    path = world.folder / "mixed.xlsx"
    book.save(path)
    check = rounds.check_form(world.store, path)
    assert "form.other_municipality" in {f.code for f in check.findings} and not check.usable


def test_deleted_rows_and_sheets_are_told(world):
    book = openpyxl.load_workbook(world.form(VILANI))
    book["Iestādes"].delete_rows(3)
    path = world.folder / "less.xlsx"
    book.save(path)
    check = rounds.check_form(world.store, path)
    assert [(f.code, f.level) for f in check.findings] == [("form.row_missing", NOTE)]
    assert check.rows == ()
    del book["Personas"]
    book.save(path)
    assert {f.code for f in rounds.check_form(world.store, path).findings} >= {"form.sheet_missing"}
    del book["Pazīmes"]
    book.save(path)
    assert [f.code for f in rounds.check_form(world.store, path).findings] == ["form.no_marks"]


def test_rows_may_stand_in_another_order_under_a_title(world):
    book = openpyxl.load_workbook(world.form(VILANI))
    sheet = book["Iestādes"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(max_row=6)]
    sheet.delete_rows(1, sheet.max_row)
    for row in [["Mūsu iestādes"], [], rows[0], *rows[:0:-1]]:
        sheet.append(row)
    path = world.folder / "turned.xlsx"
    book.save(path)
    check = rounds.check_form(world.store, path)
    assert check.usable and check.rows == () and check.findings == ()


def test_stale_forms_are_refused(world):
    rounds.open_round(world.store, "latgale-2022", as_of="2022-12-31", due="2023-02-15",
                      folder=world.folder / "next", at="2022-01-12", who="Anna")  # fmt: skip
    check = rounds.check_form(world.store, world.form(VILANI))
    assert [f.code for f in check.findings] == ["form.stale_form"] and not check.usable
    taken = rounds.take_form(world.store, world.form(VILANI), at=AT, who="A", accept=["all"])
    assert taken.decisions == {}
    assert not world.store.read("receipts")["usable"].any()


def test_late_forms_are_taken_and_noted(world):
    assert find(world, {"Iestādes!G2": 14}, at="2022-02-16") == {("form.late", NOTE, "", "")}
    assert find(world, {"Iestādes!G2": 14}, at="2022-02-15T23:59:00") == set()  # inclusive


def test_conflicts_are_accepted_by_name_only(world):
    world.take(VILANI, {"Iestādes!G2": 14, "Iestādes!G3": 17}, accept=["all"])
    # A second form, filled from the same empty one, says otherwise.
    path = world.edit(VILANI, {"Iestādes!G2": 20, "Iestādes!G3": 17}, "second.xlsx")
    taken = rounds.take_form(world.store, path, at=AT, who="A", accept=["all"])
    assert taken.decisions == {"I2": "pending"}
    assert {(f.code, f.row) for f in taken.check.findings} == {("form.conflict", "I2")}
    difference = taken.check.rows[0].differences[0]
    assert (difference.issued, difference.said, difference.stood) == ("13", "20", "14")
    rounds.decide_rows(world.store, taken.check.document[:16], at=AT, who="A", accept=["I2"])
    assert world.store.read("facilities").set_index("facility_id").loc["lat060", "places"] == 20


def test_cells_left_as_issued_say_nothing(world):
    world.take(VILANI, {"Iestādes!G2": 14}, accept=["all"])
    # Another copy changes a name only: it does not put the old number of places back.
    path = world.edit(VILANI, {"Iestādes!B3": "Grupu dzīvokļi"}, "second.xlsx")
    taken = rounds.take_form(world.store, path, at=AT, who="A", accept=["all"])
    assert taken.decisions == {"I3": "accepted"}
    assert world.store.read("facilities").set_index("facility_id").loc["lat060", "places"] == 14


def test_falling_counts_need_a_look(world):
    taken = world.take("0050000", {"Personas!E10": 50}, accept=["all"])
    assert taken.decisions == {"P10": "pending"}
    assert {(f.code, f.row) for f in taken.check.findings} == {("form.falls", "P10")}


def test_decisions_that_cannot_be_are_refused_before_anything_is_written(world):
    path = world.edit(VILANI, {"Iestādes!G2": 14, "Iestādes!G3": -1})
    revision = world.store.revision
    with pytest.raises(InputError) as caught:
        rounds.take_form(world.store, path, at=AT, who="A", accept=["I3", "I2", "I9"],
                         refuse=["I2"])  # fmt: skip
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "I9" in text and "I3" in text and "accepted and refused" in text
    assert world.store.revision == revision


def test_rounds_are_checked_at_the_door(world):
    with pytest.raises(InputError) as caught:
        rounds.open_round(world.store, "../x", as_of="31.12.2021", due="soon", at=AT, who="A",
                          folder=world.folder, municipality_ids=["999"])  # fmt: skip
    assert len(caught.value.problems) == 4
    with pytest.raises(InputError, match="open already"):
        rounds.open_round(world.store, "latgale-2021", as_of="2021-12-31", due="2022-03-01",
                          folder=world.folder, at=AT, who="A")  # fmt: skip


def test_opening_again_writes_the_same_forms(world):
    shutil.copytree(world.folder / "forms", world.folder / "first")
    revision = world.store.revision
    world.take(VILANI, {"Iestādes!G2": 14}, accept=["all"])  # the base of the round stays
    rounds.open_round(world.store, "latgale-2021", as_of="2021-12-31", due="2022-02-15",
                      folder=world.folder / "forms", at="2023-01-01", who="B")  # fmt: skip
    assert world.store.revision == revision + 1
    for path in (world.folder / "first").iterdir():
        assert path.read_bytes() == (world.folder / "forms" / path.name).read_bytes()


def test_a_form_holds_its_own_municipality_only(world):
    store = world.store
    facilities = store.read("facilities")
    for path in (world.folder / "forms").iterdir():
        code = path.name.split("_")[1]
        book = openpyxl.load_workbook(path)
        sheet = book["Iestādes"]
        ids = {row[0] for row in sheet.iter_rows(min_row=2, values_only=True) if row[0]}
        own = facilities["municipality_id"] == code
        assert ids == set(facilities.loc[own, "facility_id"])
        words = {str(cell) for name in book.sheetnames for row in
                 book[name].iter_rows(values_only=True) for cell in row if cell}  # fmt: skip
        assert not words & set(facilities.loc[~own, "facility_id"])
        assert book["Saraksti"].sheet_state == "hidden"
        assert book["Pazīmes"].sheet_state == "veryHidden"
        kinds = {validation.type for validation in sheet.data_validations.dataValidation}
        assert kinds == {"list", "whole", "textLength"}
        assert sheet.protection.sheet and sheet["A2"].protection.locked
        assert not sheet["G2"].protection.locked


def test_texts_are_equal_in_both_languages():
    keys = [set(Texts(lang).raw("round.")) for lang in ("lv", "en")]
    assert keys[0] == keys[1]
    for key in keys[0]:
        sides = [json.dumps(Texts(lang).raw("round.")[key], ensure_ascii=False)
                 for lang in ("lv", "en")]  # fmt: skip
        assert len({frozenset(re.findall(r"{(\w+)}", side)) for side in sides}) == 1, key
