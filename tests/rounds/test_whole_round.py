"""A whole round on Latgale: nineteen forms out, filled, back, compared, decided, reported.

What each municipality writes is in `FILLED`; what must become of it is worked out by hand
in `EXPECTED`.
"""

from __future__ import annotations

import openpyxl
import pytest

from socaccess import rounds
from socaccess.rounds import FAULT, FORM

AT = "2022-02-01T10:00:00"

# Codes of the DI partners of 2009 and what their people wrote into the forms.
FILLED = {
    "0050000": {"Personas!D2": 120, "Personas!E2": 90, "Personas!E10": 92},
    "0210000": {"Personas!D10": 60, "Personas!E10": 68, "Personas!E2": 40},
    "0380200": {"Personas!D2": 30, "Personas!E2": 12, "Personas!E10": 28, "Personas!D10": 40},
    "0381600": {"Iestādes!G2": 10, "Personas!D2": 14, "Personas!E2": 15},
    "0384400": {},
    "0387500": {"Personas!E2": 3, "Personas!E10": 2},
    "0440200": {"Personas!E10": 32, "Personas!D10": 30, "Personas!E2": -5},
    "0440801": {"Iestādes!H2": "slegts", "Iestādes!J2": 2021},
    "0600202": {"Iestādes!H2": "Darbojas", "Iestādes!I2": 2021, "Iestādes!G2": 12},
    "0601000": {"Personas!D2": "daudz", "Personas!D10": "12"},
    "0604300": {"Iestādes!E2": "Graveru pag."},
    "0680200": {"Personas!E10": 32, "Personas!E2": 10, "Personas!E4": 11, "Personas!D2": 25},
    "0681000": {"Iestādes!G2": 5000, "Iestādes!G3": 8},
    "0681801": {"Iestādes!B3": "Zilupes dienas aprūpes centrs", "Iestādes!H3": "darbojas",
                "Iestādes!C3": "Dienas aprupes centrs pilngadigam personam ar gariga rakstura "
                               "traucejumiem", "Iestādes!E3": "Zilupe", "Iestādes!G3": 8},
    "0760202": {"Iestādes!E2": "Hogvartsa", "Iestādes!G3": 7},
    "0766300": {"Iestādes!E2": "Preiļi"},
    "0769101": {"Norādes!B3": "Viļānu novads"},
    "0780200": {"Iestādes!G2": 10.5, "Iestādes!G9": 11},
    "0781800": {"Iestādes!D2": "Vilanu nov.", "Iestādes!G2": 15},
}  # fmt: skip

# (accepted rows, rows with errors, codes of findings that are more than notes)
EXPECTED = {
    "0050000": ({"P2", "P10"}, set(), set()),
    "0210000": ({"P2", "P10"}, set(), set()),
    "0380200": ({"P2", "P10"}, set(), set()),
    "0381600": ({"I2", "P2"}, set(), set()),
    "0384400": (set(), set(), set()),
    "0387500": ({"P2", "P10"}, set(), set()),
    "0440200": ({"P10"}, {"P2"}, {"form.not_a_count"}),
    "0440801": ({"I2"}, set(), set()),
    "0600202": ({"I2"}, set(), set()),
    "0601000": ({"P10"}, {"P2"}, {"form.not_a_count"}),
    "0604300": ({"I2"}, set(), set()),
    # 11 people in a day centre, but 10 in all services: both rows cannot be.
    "0680200": ({"P10"}, {"P2", "P4"}, {"form.more_than_group", "form.less_than_service"}),
    "0681000": ({"I3"}, {"I2"}, {"form.not_a_count"}),
    "0681801": ({"I3"}, set(), set()),
    "0760202": ({"I3"}, {"I2"}, {"form.unknown_place"}),
    "0766300": (set(), {"I2"}, {"form.place_elsewhere"}),
    "0769101": (set(), set(), {"form.other_municipality"}),
    "0780200": ({"I9"}, {"I2"}, {"form.not_a_count"}),
    "0781800": ({"I2"}, set(), set()),
}


@pytest.fixture
def moved(world):
    """Move the columns of the Daugavpils form: places before the name, a column of their own."""
    path = world.edit("0050000", FILLED["0050000"])
    book = openpyxl.load_workbook(path)
    sheet = book["Iestādes"]
    columns = [[cell.value for cell in column] for column in sheet.iter_cols()]
    columns.insert(1, columns.pop(6))
    columns.append(["Mūsu kolonna"])
    sheet.delete_cols(1, sheet.max_column)
    for number, column in enumerate(columns, start=1):
        for row, value in enumerate(column, start=1):
            sheet.cell(row, number, value)
    sheet["B3"] = 41  # the places of the second facility now stand in the second column
    book.save(path)
    return path


def test_nineteen_forms_out_and_back(world, moved):
    asked = world.store.read("municipalities")
    assert set(asked.loc[asked["partner"], "municipality_id"]) == set(FILLED)  # Līvāni, Cibla: no
    before = {name: world.store.read(name) for name in ("facilities", "persons")}
    taken = {}
    for code, cells in FILLED.items():
        path = moved if code == "0050000" else world.edit(code, cells)
        taken[code] = rounds.take_form(
            world.store, path, at=AT, who="Anna", accept=[rounds.ALL_ROWS]
        )
    for code, form in taken.items():
        accepted, faulty, codes = EXPECTED[code]
        if code == "0050000":
            accepted = accepted | {"I3"}
        found = {row for row, decision in form.decisions.items() if decision == "accepted"}
        assert found == accepted, code
        found = {row for row, decision in form.decisions.items() if decision == "faulty"}
        assert found == faulty, code
        found = {f.code for f in form.check.findings if f.level in (FAULT, FORM)}
        assert found == codes, code

    store = world.store
    facilities = store.read("facilities").set_index("facility_id")
    first = before["facilities"].set_index("facility_id")
    # Columns moved: read by their headings, and said so.
    notes = {f.code for f in taken["0050000"].check.findings}
    assert {"form.columns_moved", "form.column_unknown"} <= notes
    second = sorted(first.index[first["municipality_id"] == "0050000"])[1]
    assert facilities.loc[second, "places"] == 41
    # Another spelling is understood, and said so.
    assert "form.other_spelling" in {f.code for f in taken["0604300"].check.findings}
    aglona = facilities[facilities["municipality_id"] == "0604300"].iloc[0]
    places = store.read("settlements").set_index("settlement_id")["name"]
    assert places[aglona["settlement_id"]] == "Grāveru pagasts"
    assert aglona["location_precision"] == "settlement"
    closed = facilities[facilities["municipality_id"] == "0440801"].iloc[0]
    assert (closed["status"], closed["closed"]) == ("closed", 2021)
    # A new facility has an id of its own, the group of its service and the point of its town.
    new = facilities.loc["0681801.latgale-2021.I3"]
    town = store.read("settlements").set_index("settlement_id").loc[new["settlement_id"]]
    assert (new["service"], new["target_group"], new["places"]) == ("dac_grt", "adults_grt", 8)
    assert (new["lon"], new["lat"]) == (town["lon"], town["lat"])
    # An old municipality's form with the heading of another is refused whole, and kept.
    assert not taken["0769101"].check.usable
    assert store.read_document(taken["0769101"].check.document) == taken["0769101"].check.content
    # Nobody else's rows were touched.
    untouched = [k for k in first.index if first.loc[k, "municipality_id"] in ("0684901", "0761201",
                 "0766300", "0769101")]  # fmt: skip
    assert facilities.loc[untouched].equals(first.loc[untouched])

    # Who said what and when stays written, with what was not accepted.
    answers = rounds.list_answers(store).set_index(["municipality_id", "row", "column"])
    wrong = answers.loc[("0440200", "P2", "recipients")]
    assert (wrong["said"], wrong["decision"]) == ("-5", "faulty")
    right = answers.loc[("0050000", "P10", "recipients")]
    assert (right["issued"], right["said"], right["stood"]) == ("57", "92", "57")
    assert (right["decided_by"], right["decided_at"]) == ("Anna", AT)

    status = rounds.summarise_round(store).set_index("municipality_id")["state"]
    assert status.value_counts().to_dict() == {"done": 11, "faulty": 7, "refused": 1}
    assert store.verify()["whole"].all()
    assert len(store.history()) == 3 + 19

    # The report, in the form the regions publish: 92 (57) children in Daugavpils, 32 of 30 in
    # the district: more than 100 %.
    report = rounds.report_progress(store)
    persons = report.persons.set_index(["municipality_id", "target_group", "service"])
    daugavpils = persons.loc[("0050000", "children_ft", "all")]
    assert (daugavpils["recipients"], daugavpils["recipients_before"]) == (92, 57)
    assert persons.loc[("0440200", "children_ft", "all"), "share_of_assessed"] == 32 / 30
    total = report.persons_total.set_index(["target_group", "service"])
    children = total.loc[("children_ft", "all")]
    assert children["recipients"] == 92 + 68 + 28 + 2 + 32 + 32
    assert children["recipients_before"] == 57 + 63 + 25 + 23 + 26
    # Both counts are known in Rēzekne, Balvi, Rugāji and the district of Daugavpils.
    assert children["share_of_assessed"] == (68 + 28 + 2 + 32) / (60 + 40 + 7 + 30)
    assert (report.issued, report.answered) == (19, 18)


def test_nothing_said_is_nothing_changed(world):
    for code in FILLED:
        check = rounds.check_form(world.store, world.form(code), at=AT)
        assert check.usable and check.rows == () and check.findings == ()


def test_corrected_form_replaces_what_was_wrong(world):
    world.take("0440200", FILLED["0440200"], accept=["all"])
    again = world.edit("0440200", {**FILLED["0440200"], "Personas!E2": 15}, "again.xlsx")
    taken = rounds.take_form(world.store, again, at="2022-02-03", who="Anna", accept=["all"])
    assert taken.decisions == {"P2": "accepted"}  # P10 stands in the store already
    answers = rounds.list_answers(world.store)
    assert sorted(answers["decision"]) == ["accepted", "accepted", "accepted", "superseded"]
    assert rounds.summarise_round(world.store).set_index("municipality_id").loc[
        "0440200", "state"
    ] == "done"  # fmt: skip


def test_same_file_twice_is_one_receipt(world):
    path = world.edit("0381600", FILLED["0381600"])
    first = rounds.take_form(world.store, path, at=AT, who="Anna")
    assert set(first.decisions.values()) == {"pending"}
    revision = world.store.revision
    again = rounds.take_form(world.store, path, at=AT, who="Anna")
    assert again.revision is None and world.store.revision == revision
    assert "form.again" in {f.code for f in again.check.findings}
    third = rounds.take_form(world.store, path, at="2022-02-02", who="Berta", accept=["I2"],
                             refuse=["P2"])  # fmt: skip
    assert third.decisions == {"I2": "accepted", "P2": "refused"}
    # What was refused stays refused when everything else is accepted.
    last = rounds.take_form(world.store, path, at="2022-02-03", who="Anna", accept=["all"])
    assert last.decisions == {"P2": "refused"}
    assert len(world.store.read("receipts")) == 1
