"""Forms of providers, and what municipalities say of services: out, back, into the store."""

from __future__ import annotations

import json

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from socaccess import rounds
from socaccess.cli.round import app
from socaccess.errors import InputError
from socaccess.programme import prices
from socaccess.rounds import FAULT, Store
from socaccess.rounds.form_sheets import CHOICES
from socaccess.study import Study

AT = "2026-11-20T10:00:00"
EVENT = {"at": AT, "who": "Anna"}
DAYS = {"as_of": "2026-10-31", "due": "2026-12-01"}


@pytest.fixture(scope="module")
def today(tmp_path_factory):
    """Latgale of today with three providers asked beside its municipalities."""
    folder = tmp_path_factory.mktemp("providers")
    store = rounds.start_store(folder / "store", Study.load("latgale"), **EVENT)
    table = store.read("facilities")
    known = table[table["status"].eq("operating") & table["settlement_id"].notna()]
    centres = known[known["service"] == "dac_grt"].drop_duplicates("name")
    chosen = sorted(centres["facility_id"])[:3]
    opened = rounds.open_round(store, "latgale-2026", **DAYS, folder=folder / "forms", **EVENT,
                               providers=chosen)  # fmt: skip
    return store, {path.name: path for path in opened.forms}


@pytest.fixture
def world(today, tmp_path):
    import shutil

    store, forms = today
    shutil.copytree(store.path, tmp_path / "store")
    addressees = Store.open(tmp_path / "store").read("issued")["municipality_id"]
    providers = [each for each in addressees if "/" in each]
    return Store.open(tmp_path / "store"), forms, providers, tmp_path


def find_form(forms, addressee):
    mark = f"_{addressee.replace('/', '-')}_"
    return next(path for name, path in forms.items() if mark in name)


def fill(path, target, cells):
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        sheet, cell = place.split("!")
        book[sheet][cell] = value
    book.save(target)
    return target


def find_code(store, name):
    table = store.read("municipalities").set_index("name")
    return table.loc[name, "municipality_id"]


def test_units_of_the_form_are_those_of_prices():
    assert CHOICES["unit"] == prices.UNITS


def test_a_provider_is_asked_about_its_own(world):
    store, forms, providers, _ = world
    assert len(forms) == 9 + 3 and len(providers) == 3
    facilities = store.read("facilities").set_index("facility_id")
    for addressee in providers:
        municipality, _, named = addressee.partition("/")
        book = openpyxl.load_workbook(find_form(forms, addressee))
        assert book.sheetnames[:4] == ["Norādes", "Iestādes", "Darbība un cena",
                                       "Klientu pašvaldības"]  # fmt: skip
        ids = [row[0].value for row in book["Iestādes"].iter_rows(min_row=2) if row[0].value]
        own = facilities.loc[ids]
        assert named in ids
        assert set(own["municipality_id"]) == {municipality}
        assert own["name"].str.lower().nunique() == 1
        # Prefilled from the register: places, and a row for every municipality and beyond.
        places = own["places"].iloc[0]
        assert book["Iestādes"]["G2"].value == (None if pd.isna(places) else places)
        assert book["Klientu pašvaldības"].max_row - 1 == 10 * len(ids)
        assert book["Norādes"]["B2"].value == own["name"].iloc[0]


def test_unknown_providers_are_named(world):
    store, _, _, folder = world
    with pytest.raises(InputError) as caught:
        rounds.open_round(store, "next", **DAYS, folder=folder / "f", **EVENT,
                          providers=["nobody", "never"])  # fmt: skip
    assert caught.value.problems[0].code == "rounds.provider_not_in_store"
    assert caught.value.problems[0].rows == ("nobody", "never")


def test_clients_prices_and_positions_enter_the_store(world):
    store, forms, providers, folder = world
    form = find_form(forms, providers[0])
    book = openpyxl.load_workbook(form)
    row = next(r[0].row for r in book["Klientu pašvaldības"].iter_rows(min_row=2)
               if r[3].value == "Krāslavas novads")  # fmt: skip
    back = fill(form, folder / "provider.xlsx", {
        "Iestādes!G2": 24, "Darbība un cena!D2": 26, "Darbība un cena!E2": 6,
        "Darbība un cena!F2": "18,50 EUR", "Darbība un cena!G2": "Diena",
        "Darbība un cena!H2": 2026, f"Klientu pašvaldības!E{row}": 7,
    })  # fmt: skip
    home = providers[0].partition("/")[0]
    own = fill(find_form(forms, home), folder / "own.xlsx", {
        "Pakalpojumu modelis!C2": "prioritate", "Pakalpojumu modelis!D2": 1,
        "Pakalpojumu modelis!E2": "Krāslavas novads", "Pakalpojumu modelis!F2": "Jauns centrs",
        "Pakalpojumu modelis!G2": 2028, "Pakalpojumu modelis!H2": 250000,
        "Pakalpojumu modelis!I2": 40, "Pakalpojumu modelis!J2": 12,
        "Pakalpojumu modelis!C3": "neplāno",
    })  # fmt: skip
    taken = rounds.take_forms(store, {p: (["all"], []) for p in (back, own)}, **EVENT)
    assert [set(each.decisions.values()) for each in taken] == [{"accepted"}] * 2
    named = providers[0].partition("/")[2]
    store = Store.open(store.path)
    provision = store.read("provision").set_index("facility_id").loc[named]
    assert provision[["clients", "waiting", "price", "unit", "price_year"]].tolist() == [
        26, 6, 18.5, "day", 2026]  # fmt: skip
    clients = store.read("clients").iloc[0]
    assert clients[["facility_id", "home_id", "clients", "as_of"]].tolist() == [
        named, find_code(store, "Krāslavas novads"), 7, "2026-10-31"]  # fmt: skip
    stances = store.read("stances")
    assert stances["stance"].tolist() == ["priority", "not_planned"]
    assert stances.iloc[0][["rank", "year", "amount", "need", "waiting"]].tolist() == [
        1, 2028, 250000, 40, 12]  # fmt: skip
    places = store.read("facilities").set_index("facility_id").loc[named, "places"]
    assert places == 24
    status = rounds.summarise_round(store).set_index("municipality_id")["state"]
    assert status[providers[0]] == status[home] == "done"
    assert (status == "waiting").sum() == 10
    # The report counts municipalities, and what counts persons stays out of its answers.
    report = rounds.hide_report(rounds.report_progress(store))
    assert (report.issued, report.answered) == (9, 1)
    said = report.answers.set_index("row")["said"]
    assert said[said.index.str[0].isin(list("MCK"))].isna().all()
    assert said[said.index.str.startswith("I")].tolist() == ["24"]
    # Taken again nothing is new; undone, everything is as before.
    assert all(not each.written for each in rounds.take_forms(
        store, {p: (["all"], []) for p in (back, own)}, **EVENT))  # fmt: skip
    rounds.undo(store, **EVENT)
    assert not len(store.read("provision")) and not len(store.read("stances"))


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Darbība un cena!F2": "daudz"}, "form.not_an_amount"),
        ({"Darbība un cena!F2": "1 20"}, "form.not_an_amount"),
        ({"Darbība un cena!D2": "1 20"}, "form.not_a_count"),
        ({"Darbība un cena!G2": "gads"}, "form.unknown_status"),
        ({"Darbība un cena!A2": "lat999"}, "form.unknown_code"),
        ({"Darbība un cena!D2": 6, "Klientu pašvaldības!E2": 5, "Klientu pašvaldības!E3": 2},
         "form.more_than_clients"),
        ({"Iestādes!A2": "OTHER"}, "form.facility_of_another"),
        ({"Darbība un cena!I2": "Klientei epilepsija"}, "form.holds_health"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(world, cells, code):
    store, forms, providers, folder = world
    facilities = store.read("facilities")
    home, _, named = providers[0].partition("/")
    name = facilities.set_index("facility_id").loc[named, "name"]
    other = facilities[(facilities["municipality_id"] == home) & (facilities["name"] != name)]
    cells = {k: other["facility_id"].iloc[0] if v == "OTHER" else v for k, v in cells.items()}
    path = fill(find_form(forms, providers[0]), folder / "back.xlsx", cells)
    check = rounds.check_form(store, path, at=AT)
    assert code in {finding.code for finding in check.findings}
    assert any(row.faulty for row in check.rows) or not check.usable
    if check.usable:
        taken = rounds.take_form(store, path, accept=["all"], **EVENT)
        faulty = {f.row for f in check.findings if f.level == FAULT}
        assert all(taken.decisions[row] == "faulty" for row in faulty)


def test_statements_on_a_form(world):
    store, _, _, folder = world
    said = ["--store", str(store.path), "--who", "Anna", "--at", AT]

    def run(*words, code=0):
        result = CliRunner().invoke(app, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.stdout

    run("statements", "--blank", folder / "blank.xlsx", "--store", store.path)
    cells = {
        "C2": "biedrība vai nodibinājums", "E2": "Ludzas novads", "G2": "4. nodaļa",
        "H2": "Vajag naktsmītni arī Zilupē.", "C3": "iedzīvotājs",
        "H3": "Zvaniet 29123456, autobuss ir reti.", "B3": "2026-11-19",
    }  # fmt: skip
    path = fill(folder / "blank.xlsx", folder / "said.xlsx",
                {f"Priekšlikumi!{cell}": value for cell, value in cells.items()})  # fmt: skip
    events = folder / "events.csv"
    events.write_text(
        "event_id;kind;start;end;published;summary;present\n"
        "A1;consultation;2026-10-20;2026-11-10;2026-10-20;;\n"
        "S1;meeting;2026-11-02;;2026-10-25;2026-11-05;14\n", encoding="utf-8")  # fmt: skip
    run("consult", path, "--events", events, *said)
    revision = Store.open(store.path).revision
    told = run("consult", path, *said)
    assert "Personas dati aizklāti" in told
    kept = rounds.list_statements(Store.open(store.path))
    assert len(kept) == 2 and Store.open(store.path).revision == revision + 1
    first = kept[kept["speaker"] == "organisation"].iloc[0]
    assert (first["municipality_id"], first["chapter"], first["received"]) == (
        find_code(store, "Ludzas novads"), "4. nodaļa", AT[:10])  # fmt: skip
    assert "29123456" not in " ".join(kept["text"])
    found = json.loads(run("statements", "--store", store.path, "--json", code=3))
    by_speaker = {row["speaker"]: row for row in found["statements"]}
    # An organisation without a name is anonymous; both came after the tenth.
    assert by_speaker["organisation"]["anonymous"] and not by_speaker["resident"]["anonymous"]
    assert all(row["late"] for row in by_speaker.values())
    assert [(row["event_id"], row["finding"], row["days"]) for row in found["breaches"]] == [
        ("A1", "period_short", 22), ("S1", "notice_short", 8)]  # fmt: skip
    # The answer, its reason and where the text changed are read by the same headings.
    answered = folder / "answered.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Priekšlikumi"]
    for column, value in enumerate(("Atbilde", "Pamatojums", "Kur mainīts teksts"), start=9):
        sheet.cell(1, column, value)
    for row in (2, 3):
        for column, value in enumerate(("ņemts vērā", "Pamatoti.", "12. lpp."), start=9):
            sheet.cell(row, column, value)
    book.save(answered)
    run("consult", answered, *said)
    kept = rounds.list_statements(Store.open(store.path))
    assert set(kept["answer"]) == {"accepted"} and set(kept["changed_in"]) == {"12. lpp."}
    run("statements", "--store", store.path)


def test_a_store_of_before_takes_the_new_sheets(world):
    """A store begun before these tables existed gets them with the first answer."""
    store, _, providers, folder = world
    old = Store.create(folder / "old", **EVENT)
    new = ("stances", "provision", "clients", "rounds", "issued")
    tables = {store.layout(name): store.read(name) for name in store.list_tables()
              if name not in new}  # fmt: skip
    empty = {store.layout(name): store.read(name).iloc[:0] for name in ("rounds", "issued")}
    old.commit({**tables, **empty}, **EVENT, action="start")
    named = providers[1].partition("/")[2]
    opened = rounds.open_round(old, "later", **DAYS, folder=folder / "f", **EVENT,
                               providers=[named])  # fmt: skip
    forms = {path.name: path for path in opened.forms}
    path = fill(find_form(forms, providers[1]), folder / "b.xlsx", {"Darbība un cena!D2": 9})
    taken = rounds.take_form(old, path, accept=["all"], **EVENT)
    assert taken.decisions == {"C2": "accepted"}
    assert old.read("provision")["clients"].tolist() == [9]
    assert old.verify()["whole"].all()
