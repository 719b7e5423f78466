"""The chain: a head finds every rewriting, salted texts can be erased, old stores stay readable."""

from __future__ import annotations

import json
import secrets
import shutil

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from socaccess import files, rounds
from socaccess.cli.round import app
from socaccess.errors import InputError, UnknownNameError
from socaccess.rounds import Store, StoreError
from socaccess.rounds.manifests import encode_manifest

from .conftest import OPENED, TAKEN, WHO
from .test_consultation import HEADER

EVENT = {"at": TAKEN, "who": WHO}
VILANI = "0781800"


def consult(store, folder, *lines, **event):
    path = folder / "said.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return rounds.keep_statements(store, rounds.read_statements(path), **{**EVENT, **event})


def forge(store, number, change):
    """Rewrite a manifest and all after it so that the chain and their own hashes fit again."""
    parent = ""
    for each in range(1, store.revision + 1):
        path = store.path / "manifests" / f"{each:06d}.json"
        raw = path.read_bytes()
        if each >= number:
            manifest = json.loads(raw)
            manifest.pop("hash")
            manifest["parent"] = parent
            if each == number:
                change(manifest)
            raw = encode_manifest(manifest)
            path.write_bytes(raw)
        parent = files.hash_bytes(raw)


def test_a_clumsy_edit_of_the_newest_revision_is_found(world):
    store = world.store
    path = store.path / "manifests" / f"{store.revision:06d}.json"
    path.write_text(path.read_text("utf-8").replace("Anna", "Anita"), encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        Store.open(store.path)
    assert caught.value.problems[0].code == "rounds.manifest_edited"


def test_a_rewritten_chain_is_found_by_a_head_that_was_written_down(world):
    store = world.store
    head = store.head
    world.take(VILANI, {"Iestādes!G2": 14}, accept=["all"])
    store = world.store
    store.require_head(head)
    forge(store, 2, lambda manifest: manifest.update(who="Somebody"))
    store = world.store
    assert store.verify()["whole"].all(), "who rewrites everything leaves a chain that fits"
    with pytest.raises(StoreError) as caught:
        store.require_head(head)
    assert caught.value.problems[0].code == "rounds.head_differs"
    # Every form that went out is a witness.
    check = rounds.check_form(store, world.form("0210000"))
    assert "form.head_differs" in {finding.code for finding in check.findings}
    for wrong in ("7", "x:1234567890ab", "1:zz"):
        with pytest.raises(InputError):
            store.require_head(wrong)


def test_a_removed_newest_revision_is_found_by_its_head(world):
    world.take(VILANI, {"Iestādes!G2": 14}, accept=["all"])
    store = world.store
    head = store.head
    (store.path / "manifests" / f"{store.revision:06d}.json").unlink()
    with pytest.raises(StoreError) as caught:
        world.store.require_head(head)
    assert caught.value.problems[0].code == "rounds.head_gone"


def test_the_head_stands_in_forms_approvals_and_reports(world):
    store = world.store
    base = store.find_head(int(store.read("rounds")["base_revision"].iloc[0]))
    book = openpyxl.load_workbook(world.form(VILANI))
    marks = {row[0].value: row[1].value for row in book["Zīmes"].iter_rows()} if (
        "Zīmes" in book.sheetnames) else {
        row[0].value: row[1].value for row in book.worksheets[-1].iter_rows()}  # fmt: skip
    assert marks["head"] == base
    assert base in {cell.value for row in book.worksheets[0].iter_rows() for cell in row}
    report = rounds.report_progress(store)
    assert report.head == store.head
    sheets = rounds.write_report(report, {}, lang="en")["progress.xlsx"]
    path = world.folder / "progress.xlsx"
    path.write_bytes(sheets)
    cells = [str(cell.value) for sheet in openpyxl.load_workbook(path)
             for row in sheet.iter_rows() for cell in row]  # fmt: skip
    assert any(store.head in cell for cell in cells)


def test_an_approval_cannot_change_unnoticed(world):
    store = world.store
    act = {"body": "Council", "act": "4", "date": "2022-02-02", "anyway": True}
    rounds.approve(store, **act, **EVENT)
    approved = store.revision
    table = store.layout("approvals"), store.read("approvals").assign(date="2022-03-03")
    store.commit({table[0]: table[1]}, **EVENT, action="approve")
    found = store.verify()
    wrong = found.loc[~found["whole"], "finding"].tolist()
    assert wrong == ["an approval was changed"]
    # A chain rewritten below an approval no longer is what was approved.
    shutil.rmtree(store.path / "tables" / "approvals" / "x", ignore_errors=True)
    (store.path / "manifests" / f"{store.revision:06d}.json").unlink()
    store = world.store
    assert store.revision == approved and store.verify()["whole"].all()
    forge(store, 2, lambda manifest: manifest.update(note="other"))
    found = world.store.verify()
    assert "an approval names another state of the store" in set(found["finding"])
    rounds.undo(world.store, **EVENT)


def test_time_runs_back_only_with_a_word(world):
    store = world.store
    early = {"at": "2021-01-01T00:00:00", "who": WHO}
    table = {store.layout("about"): store.read("about").assign(value="x")}
    with pytest.raises(InputError) as caught:
        store.commit(table, **early, action="fill")
    assert caught.value.code == "rounds.clock_back"
    told = Store.open(store.path, clock_note="the clock was a year ahead")
    told.commit(table, **early, action="fill")
    assert told.verify()["whole"].all()
    manifest = json.loads((store.path / "manifests" / f"{told.revision:06d}.json").read_text())
    assert manifest["clock_note"] == "the clock was a year ahead"
    forge(told, told.revision, lambda manifest: manifest.pop("clock_note"))
    assert "is earlier than the manifest before it" in set(world.store.verify()["finding"])


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_statement_is_erased_from_history_and_the_store_stays_whole(world, tmp_path):
    store = world.store
    secret = "Manam kaimiņam vajag palīdzību"
    consult(store, tmp_path, f"S1;2022-03-01;resident;;;;{secret}.;;")
    consult(store, tmp_path, f"S1;2022-03-01;resident;;;;{secret}.;noted;Nodots {secret}.")
    head = store.head
    assert secret.encode() in bytes_of(store.path)
    count = rounds.erase(store, statement="S1", reason="on request", **EVENT)
    assert count == 2
    assert secret.encode() not in bytes_of(store.path)
    fresh = world.store
    assert fresh.verify()["whole"].all()
    fresh.require_head(head)
    told = rounds.list_statements(fresh)
    assert told["text"].tolist() == ["[…]"] and told["answer"].tolist() == ["noted"]
    erasures = fresh.read("erasures")
    assert set(erasures["erased_by"]) == {WHO} and set(erasures["reason"]) == {"on request"}
    with pytest.raises(UnknownNameError):
        rounds.erase(fresh, statement="S1", reason="again", **EVENT)
    with pytest.raises(InputError, match="began"):
        rounds.undo(fresh, **EVENT)


def test_a_form_and_its_notes_are_erased(world):
    note = "Vadītājas piezīme par ēku"
    taken = world.take(VILANI, {"Iestādes!K2": note, "Iestādes!G2": 14}, accept=["all"])
    store = world.store
    assert store.read("facilities").set_index("facility_id").loc["lat060", "note"] == note
    receipt = store.read("receipts")["receipt_id"].iloc[0]
    rounds.erase(store, receipt=receipt, reason="on request", **EVENT)
    assert note.encode() not in bytes_of(store.path)
    assert not list((store.path / "documents").iterdir())
    fresh = world.store
    found = fresh.verify()
    assert found["whole"].all() and "erased" in set(found["finding"])
    facility = fresh.read("facilities").set_index("facility_id").loc["lat060"]
    assert (facility["places"], facility["note"]) == (14, "[…]")
    with pytest.raises(UnknownNameError, match="erased"):
        fresh.read_document(taken.check.document)
    with pytest.raises(UnknownNameError, match="erased"):
        rounds.decide_rows(fresh, receipt, **EVENT, accept=["all"])


def test_an_erasing_that_was_stopped_is_finished_by_the_next_writer(world, tmp_path, monkeypatch):
    store = world.store
    consult(store, tmp_path, "S1;2022-03-01;resident;;;;Slepens teksts.;;")
    removed = []
    monkeypatch.setattr(Store, "_remove_erased", lambda self: removed.append(1))
    rounds.erase(store, statement="S1", reason="on request", **EVENT)
    monkeypatch.undo()
    assert "erased, but still there" in set(world.store.verify()["finding"])
    consult(world.store, tmp_path, "S2;2022-03-01;municipality;Dome;;;Cits.;;")
    assert b"Slepens" not in bytes_of(store.path)
    assert world.store.verify()["whole"].all()


def test_a_reference_does_not_give_its_text_back(world, tmp_path):
    store = world.store
    consult(store, tmp_path, "S1;2022-03-01;resident;;;;Jā.;;")
    ref = store.read("statements", resolve=False)["text"].iloc[0]
    assert ref != files.hash_bytes("Jā.".encode())
    rounds.erase(store, text="jā.", reason="on request", **EVENT)
    # The salt went with the text: every salt is as good as any other.
    left = bytes_of(store.path)
    assert ref.encode() in left
    assert len(secrets.token_bytes(16)) == 16
    assert b'"J\xc4\x81."' not in left


def test_personal_data_never_enter_the_store(world, tmp_path):
    path = world.edit(VILANI, {"Personas!F2": "Jānis, 010190-12345", "Iestādes!G2": 14})
    before = world.store.revision
    taken = rounds.take_form(world.store, path, **EVENT, accept=["all"])
    assert taken.revision is None and world.store.revision == before
    found = taken.check.findings
    assert [(f.code, f.row, f.column) for f in found] == [
        ("form.holds_personal_code", "P2", "note")
    ]
    assert "010190" not in found[0].text("lv") and "personas kods" in found[0].text("lv")
    table = tmp_path / "said.csv"
    line = "S1;2022-03-01;resident;;;;Zvaniet 26 123 456: dēlam ir autisms.;;"
    other = "S2;2022-03-01;municipality;Dome;;;Cilvēkiem ar autismu nav nekā.;;"
    table.write_text("\n".join((HEADER, line, other)) + "\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["consult", str(table), "--store", str(world.store.path),
                                    "--lang", "en", "--at", TAKEN, "--who", WHO])  # fmt: skip
    assert done.exit_code == 0 and "masked in: S1" in done.output
    texts = rounds.list_statements(world.store)["text"].tolist()
    assert texts == ["Zvaniet […]: dēlam ir […].", "Cilvēkiem ar autismu nav nekā."]
    assert b"26 123 456" not in bytes_of(world.store.path)


def test_a_store_of_the_layout_of_before_is_read_and_carried_on(world, old_store):
    shutil.rmtree(world.folder / "store")
    shutil.copytree(old_store, world.folder / "store")
    store = world.store
    assert store.manifest["schema"] == 1 and store.verify()["whole"].all()
    facilities = store.read("facilities")
    rounds.open_round(store, "r-2", as_of="2022-12-31", due="2023-02-15",
                      folder=world.folder / "forms2", **EVENT)  # fmt: skip
    form = next((world.folder / "forms2").glob(f"*_{VILANI}_*"))
    book = openpyxl.load_workbook(form)
    book["Iestādes"]["G2"] = 14
    book.save(form)
    rounds.take_form(world.store, form, **EVENT, accept=["all"])
    after = world.store
    assert after.verify()["whole"].all()
    changed = after.read("facilities").compare(facilities)
    assert changed["places"]["self"].dropna().tolist() == [14]
    rounds.undo(after, **EVENT)
    assert world.store.read("facilities").equals(facilities)
    with pytest.raises(InputError):
        rounds.erase(world.store, statement="S1", reason="x", **EVENT)


@pytest.fixture
def old_store(opened, tmp_path):
    """Return a store as the version before wrote it: schema 1, unsplit tables, texts inside."""
    from socaccess.rounds.layouts import TableLayout, encode_table

    new = Store.open(opened / "store")
    folder = tmp_path / "old"
    for name in ("manifests", "tables", "documents", "aside"):
        (folder / name).mkdir(parents=True)
    old = {"about": {}, "statements": {}}
    tables = {}
    for name in new.list_tables():
        layout = new.layout(name)
        columns = {c: k for c, k in layout.columns.items()
                   if c not in ("assessed_as_of", "recipients_as_of")}  # fmt: skip
        plain = TableLayout(name, layout.key, columns)
        frame = new.read(name)
        if name in ("rounds", "issued"):
            frame = frame.iloc[:0]
        content = encode_table(plain.fit(frame[list(columns)]), plain)
        digest = files.hash_bytes(content)
        file = f"tables/{name}/{digest}.csv"
        (folder / "tables" / name).mkdir()
        (folder / file).write_bytes(content)
        tables[name] = {"file": file, "sha256": digest, "bytes": len(content),
                        "rows": len(frame), "since": 2, **plain.describe()}  # fmt: skip
    assert old
    parent = ""
    for number, held in ((1, {}), (2, tables)):
        manifest = {"format": "socaccess store", "schema": 1, "revision": number, "at": OPENED,
                    "who": "Anna", "action": "create" if number == 1 else "start", "note": "",
                    "parent": parent, "tables": held, "documents": {}}  # fmt: skip
        raw = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
        (folder / "manifests" / f"{number:06d}.json").write_bytes(raw)
        parent = files.hash_bytes(raw)
    return folder


def test_a_batch_is_decided_in_one_revision_or_not_at_all(world):
    forms = {world.edit(code, cells, f"{code}.xlsx"): (["all"], []) for code, cells in {
        VILANI: {"Iestādes!G2": 14}, "0210000": {"Personas!E10": 70}, "0050000": {"Personas!E2": 9},
    }.items()}  # fmt: skip
    store = world.store
    before = store.revision
    waiting = dict.fromkeys(forms, ((), ()))
    taken = rounds.take_forms(store, waiting, **EVENT)
    assert store.revision == before + 1 and {each.revision for each in taken} == {before + 1}
    receipts = store.read("receipts").set_index("municipality_id")["receipt_id"]
    tables = {name: store.read(name) for name in ("facilities", "persons", "answers")}
    wrong = {receipts[VILANI]: (["I2", "I9"], []), receipts["0210000"]: (["P99"], []),
             receipts["0050000"]: (["P2"], [])}  # fmt: skip
    with pytest.raises(InputError) as caught:
        rounds.decide_forms(store, wrong, **EVENT)
    assert len(caught.value.problems) == 2, "what is wrong with each form, together"
    assert Store.open(store.path).revision == before + 1
    assert all(store.read(name).equals(table) for name, table in tables.items())
    skip = {"0210000", f"{VILANI}:I9"}
    decided = rounds.decide_forms(store, wrong, **EVENT, skip=skip)
    assert store.revision == before + 2 and len(decided) == 2
    assert store.read("facilities").set_index("facility_id").loc["lat060", "places"] == 14
    again = rounds.decide_forms(store, wrong, **EVENT, skip=skip)
    assert store.revision == before + 2 and {each.revision for each in again} == {None}
    rounds.undo(store, **EVENT)
    assert all(store.read(name).equals(tables[name]) for name in ("facilities", "persons"))


def test_a_corrected_form_in_the_same_batch_counts_last(world):
    forms = [world.edit(VILANI, {"Iestādes!G2": places}, f"{places}.xlsx") for places in (14, 15)]
    taken = rounds.take_forms(world.store, dict.fromkeys(forms, ((), ())), **EVENT)
    assert len({each.check.document for each in taken}) == 2
    answers = rounds.list_answers(world.store)
    assert sorted(answers["decision"]) == ["pending", "superseded"]


def test_each_count_keeps_its_own_day(world):
    world.take("0210000", {"Personas!D10": 60, "Personas!E10": 70}, accept=["all"])
    rounds.open_round(world.store, "r-2", as_of="2022-12-31", due="2023-02-15",
                      folder=world.folder / "forms2", **EVENT)  # fmt: skip
    path = next((world.folder / "forms2").glob("*_0210000_*"))
    book = openpyxl.load_workbook(path)
    book["Personas"]["E10"] = 75
    book.save(path)
    rounds.take_form(world.store, path, **EVENT, accept=["all"])
    report = rounds.report_progress(world.store)
    mine = report.persons[report.persons["municipality_id"] == "0210000"]
    row = mine[mine["recipients"] == 75].iloc[0]
    days = row[["assessed", "assessed_as_of", "recipients_as_of"]].tolist()
    assert days == [60, "2021-12-31", "2022-12-31"]


@pytest.mark.parametrize(("said", "places"), [("1 20", None), ("1 200", 1200), ("120", 120)])
def test_digits_apart_are_no_number(world, said, places):
    taken = world.take(VILANI, {"Iestādes!G2": said}, accept=["all"])
    faulty = [row.faulty for row in taken.check.rows]
    found = world.store.read("facilities").set_index("facility_id").loc["lat060", "places"]
    assert (faulty, found) == (([True], 13) if places is None else ([False], places))


def test_layers_for_qgis_as_of_any_day(world):
    import pyogrio

    world.take(VILANI, {"Iestādes!G2": 14}, accept=["all"])
    places = {}
    for day in (None, "2022-01-31"):
        words = ("--gpkg", str(world.folder / "store.gpkg"), "--store", str(world.store.path))
        asked = ("export", *words, *(("--day", day) if day else ()), "--lang", "en")
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 0, done.output
        layers = pyogrio.list_layers(world.folder / "store.gpkg")
        kinds = dict(layers.tolist())
        assert kinds == {"facilities": "Point", "settlements": "Point", "revisions": None}
        table = pyogrio.read_dataframe(world.folder / "store.gpkg", layer="facilities")
        places[day] = table.set_index("facility_id").loc["lat060", "places"]
    assert places == {None: 14, "2022-01-31": 13}
    done = CliRunner().invoke(app, ["export", *words, "--day", "2020-01-01", "--lang", "en"])
    assert isinstance(done.exception, InputError)


def test_answers_grow_by_their_own_form_only(tmp_path):
    from socaccess.rounds.layouts import ANSWERS
    from tools.measure_store import EVENT as AT_ANNA
    from tools.measure_store import list_answers, take

    store = Store.create(tmp_path / "store", **AT_ANNA)
    store.commit({ANSWERS: pd.DataFrame()}, **AT_ANNA,
                 action="start")  # fmt: skip
    sizes = []
    for form in range(40):
        take(store, form, list_answers(form, 60), everything=False)
        sizes.append(len(bytes_of(store.path)))
    early, late = sizes[9] - sizes[4], sizes[39] - sizes[34]
    assert late < 1.05 * early
    assert len(store.read("answers")) == 40 * 60


def test_a_head_gives_no_count_back(region, tmp_path):
    """Heads stand in reports: who knows all of a store but a count cannot try until one fits."""
    heads = set()
    for number in range(3):
        store = rounds.start_store(tmp_path / str(number), region, at=OPENED, who=WHO)
        assert store.verify()["whole"].all()
        heads.add(store.head)
    assert len(heads) == 3
