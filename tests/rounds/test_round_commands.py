"""`socaccess round` as a planner uses it: commands, exit codes, JSON."""

from __future__ import annotations

import json

import openpyxl
import pytest
from typer.testing import CliRunner

from socaccess.cli.round import app
from socaccess.errors import InputError
from socaccess.rounds import Store

EVENT = ["--at", "2022-02-01T10:00:00", "--who", "Anna"]


def run(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture
def at_store(world):
    return ["--store", world.folder / "store"]


def test_a_round_that_cannot_be_opened_leaves_no_store(tmp_path):
    with pytest.raises(InputError) as caught:
        run("open", "latgale", "--round", "x y", "--as-of", "soon", "--due", "2022-02-15",
            "--store", tmp_path / "s", *EVENT)  # fmt: skip
    assert len(caught.value.problems) == 2 and not (tmp_path / "s").exists()


def test_open_starts_a_store(tmp_path):
    days = ["--as-of", "2021-12-31", "--due", "2022-02-15"]
    words = ["open", "latgale", "--round", "latgale-2021", *days, "--store", tmp_path / "s",
             "--out", tmp_path / "forms", "--view", "plan", *EVENT]  # fmt: skip
    told = run(*words)
    assert "19 veidlapu" in told
    assert len(list((tmp_path / "forms").iterdir())) == 19
    again = json.loads(run(*words, "--json"))
    assert again["revision"] == 3 and len(again["forms"]) == 19
    with pytest.raises(InputError, match="the store is of latgale"):
        run("open", "kurzeme", "--round", "k", *days, "--store", tmp_path / "s", *EVENT)
    # What was published before the period is there: 57 children in Daugavpils in 2020.
    persons = Store.open(tmp_path / "s").read("persons").set_index("municipality_id")
    assert persons.loc["0050000", "recipients"] == 57


def test_take_shows_and_decides(world, at_store):
    path = world.edit("0781800", {"Iestādes!G2": 14, "Iestādes!G3": -1})
    told = run("take", path, "--check", *at_store, *EVENT, code=3)
    assert "nekas nav saglabāts" in told and "„-1” nav vesels skaitlis" in told
    assert world.store.revision == 3
    told = run("take", path, *at_store, *EVENT, "--accept", "i2", "--lang", "en", code=3)
    assert "1 accepted, 0 refused, 0 waiting, 1 with errors" in told
    found = json.loads(run("take", path, *at_store, *EVENT, "--json", code=3))[0]
    assert found["usable"] and found["revision"] is None
    assert {f["code"] for f in found["findings"]} == {"form.not_a_count", "form.again"}


def test_several_files_name_the_municipality(world, at_store):
    paths = [
        world.edit("0781800", {"Iestādes!G2": 14}),
        world.edit("0210000", {"Personas!E10": 70}),
    ]
    with pytest.raises(InputError, match="0210000:I4"):
        run("take", *paths, *at_store, *EVENT, "--accept", "I2")
    assert world.store.revision == 3  # nothing was taken
    found = json.loads(run("take", *paths, *at_store, *EVENT, "--json", "--accept",
                           "0781800:I2,0210000:all"))  # fmt: skip
    assert [row["decision"] for form in found for row in form["rows"]] == ["accepted"] * 2


def test_decisions_in_a_workbook(world, at_store):
    path = world.edit("0781800", {"Iestādes!G2": 14, "Iestādes!G3": 17, "Iestādes!G5": "x"})
    review = world.folder / "review.xlsx"
    run("take", path, *at_store, *EVENT, "--out", review, code=3)
    book = openpyxl.load_workbook(review)
    sheet = book.active
    assert [[row[2].value, row[9].value] for row in sheet.iter_rows(min_row=2)] == [
        ["I2", None], ["I3", None], ["I5", "kļūda"]]  # fmt: skip
    sheet["J2"], sheet["J3"] = "jā", "Nē"
    book.save(review)
    told = run("decide", review, *at_store, *EVENT)
    assert "pieņemtas: 1, noraidītas: 1" in told
    facilities = world.store.read("facilities").set_index("facility_id")["places"]
    assert (facilities["lat060"], facilities["lat061"]) == (14, 16)
    sheet["J2"] = "varbūt"
    book.save(review)
    with pytest.raises(InputError, match="neither yes nor no"):
        run("decide", review, *at_store, *EVENT)


def test_status_report_undo_history_verify(world, at_store):
    assert "nav saņemta" in run("status", *at_store, code=3)
    run("take", world.edit("0210000", {"Personas!E10": 70, "Personas!D10": 60}), *at_store, *EVENT,
        "--accept", "all")  # fmt: skip
    states = {row["municipality_id"]: row["state"] for row in
              json.loads(run("status", *at_store, "--json", code=3))}  # fmt: skip
    assert states.pop("0210000") == "done" and set(states.values()) == {"waiting"}
    told = run("report", *at_store, "--out", world.folder / "report", "--lang", "en")
    assert "1 of 19 municipalities have answered" in told
    written = sorted(path.name for path in (world.folder / "report").iterdir())
    assert written == ["answers.csv", "persons.csv", "persons_total.csv", "places.csv",
                       "progress.xlsx"]  # fmt: skip
    assert json.loads(run("undo", *at_store, *EVENT, "--json")) == {"undone": 4, "revision": 5}
    actions = [row["action"] for row in json.loads(run("history", *at_store, "--json"))]
    assert actions == ["create", "start", "open", "take", "undo"]
    assert "veselas" in run("verify", *at_store)
    victim = next((world.folder / "store" / "documents").iterdir())
    victim.write_bytes(b"")
    run("verify", *at_store, "--json", code=1)


def test_who_is_awaited_is_reminded(world, at_store):
    """A page for everybody, and a text for each that is awaited or has something to mend."""
    run("take", world.edit("0781800", {"Iestādes!G3": -16}), *at_store, *EVENT, "--accept", "all",
        code=3)  # fmt: skip
    run("take", world.edit("0210000", {"Personas!E10": 70, "Personas!D10": 60}), *at_store, *EVENT,
        "--accept", "all")  # fmt: skip
    run("status", *at_store, "--out", world.folder / "state", code=3)
    files = {path.name: path.read_text(encoding="utf-8") for path in
             (world.folder / "state").iterdir()}  # fmt: skip
    page = files["status.html"]
    assert "Viļānu novads" in page and "pabeigta" in page and "1 no 19" in page
    texts = {name for name in files if name.startswith("reminder_")}
    assert len(texts) == 18 and "reminder_0210000.txt" not in texts
    mend = files["reminder_0781800.txt"]
    assert "I3" in mend and "-16" in mend and "2022-02-15" in mend
    awaited = next(files[name] for name in texts - {"reminder_0781800.txt"})
    assert "nav saņemta" in awaited


def test_snapshots_from_the_command_line(world, at_store):
    run("snapshot", "2020", "--date", "2020-12-31", *at_store, *EVENT)
    run("take", world.edit("0781800", {"Iestādes!G2": 14, "Iestādes!H4": "slēgts"}), *at_store,
        *EVENT, "--accept", "all")  # fmt: skip
    run("snapshot", "2021", "--date", "2021-12-31", *at_store, *EVENT)
    told = run("compare", "2020", "2021", *at_store)
    assert "mainīts vietu skaits: 13 → 14" in told and "slēgta" in told
    assert "nav mainījies nekas" in run("compare", "2020", "2020", *at_store)
