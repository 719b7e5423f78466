"""A whole round on Latgale: nine municipalities and ten providers fill their forms in carelessly.

The forms are opened and saved by LibreOffice before they come back, every step is killed on the
way, and the programme built afterwards differs from the one before just where it should.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from socaccess import rounds
from socaccess.planning.programme import build
from socaccess.rounds import FAULT, FORM, Store
from socaccess.study import Study

from .test_kill import STEPS

AT = "2026-11-20T10:00:00"
EVENT = {"at": AT, "who": "Anna"}
OFFICE = shutil.which("soffice")

pytestmark = pytest.mark.skipif(
    OFFICE is None or shutil.which("localc") is None, reason="LibreOffice Calc is not installed"
)

PRICE_SHEET, MODEL_SHEET = "Darbība un cena", "Pakalpojumu modelis"

MUNICIPALITIES = [
    {"Personas!D2": 120, f"{MODEL_SHEET}!C2": "Prioritāte", f"{MODEL_SHEET}!G2": 2028},
    {"Personas!E2": "apmēram 30", f"{MODEL_SHEET}!G2": "2028. gads"},
    {"Personas!D2": "1 20"},
    {"Personas!D2": "1 020", "Norādes!B12": "31.10.2026."},
    {"rename": "Personas"},
    {"delete": "Iestādes"},
    {"Personas!E2": "<5"},
    {f"{MODEL_SHEET}!A30": "tālmācība", f"{MODEL_SHEET}!C30": "prioritāte",
     "add": "Iestādes"},
    None,
]  # fmt: skip
PROVIDERS = [
    {"Iestādes!G2": 24, f"{PRICE_SHEET}!D2": 26, f"{PRICE_SHEET}!F2": "18,50 EUR",
     f"{PRICE_SHEET}!G2": "Diena", f"{PRICE_SHEET}!H2": 2026},
    {f"{PRICE_SHEET}!G2": "gads"},
    {f"{PRICE_SHEET}!D2": dt.date(2026, 5, 12)},
    {f"{PRICE_SHEET}!D2": 9},
    {f"{PRICE_SHEET}!D2": "=5+4"},
    {f"{PRICE_SHEET}!A2": "lat999"},
    {f"{PRICE_SHEET}!I2": "Zvanīt 29123456"},
    {f"{PRICE_SHEET}!D2": "12"},
    {},
    {"Iestādes!H2": "Strādā"},
]  # fmt: skip

# (accepted, with errors, findings that are more than notes)
EXPECTED = [
    ({"P2", "M2"}, set(), set()),
    (set(), {"P2", "M2"}, {"form.not_a_count", "form.not_a_year"}),
    (set(), {"P2"}, {"form.not_a_count"}),
    ({"P2"}, set(), set()),
    (set(), set(), {"form.sheet_missing"}),
    (set(), set(), set()),
    (set(), {"P2"}, {"form.not_a_count"}),
    (set(), {"M30", "added"}, {"form.unknown_code", "form.value_missing"}),
    (set(), set(), set()),
    ({"I2", "C2"}, set(), set()),
    (set(), {"C2"}, {"form.unknown_status"}),
    (set(), {"C2"}, {"form.not_a_count"}),
    ({"C2"}, set(), set()),
    (set(), {"C2"}, {"form.formula"}),
    (set(), {"C2"}, {"form.unknown_code"}),
    (set(), set(), {"form.holds_phone"}),
    ({"C2"}, set(), set()),
    (set(), set(), set()),
    (set(), {"I2"}, {"form.unknown_status"}),
]


def write_carelessly(path, edits):
    """Fill a form in as people do; return the row a facility was added in."""
    book = openpyxl.load_workbook(path)
    added = ""
    for place, value in edits.items():
        if place == "rename":
            book[value].title = f"{value} (2)"
        elif place == "delete":
            book[value].delete_rows(2)
        elif place == "add":
            ids = [cell.value for cell in book[value]["A"]]
            row = len([each for each in ids if each]) + 1
            book[value].cell(row, 2, "Jauns dienas centrs")
            added = f"I{row}"
        else:
            sheet, cell = place.split("!")
            book[sheet][cell] = value
    book.save(path)
    return added


EVERY = int(os.environ.get("SOCACCESS_KILL_EVERY", "8"))
"""Of so many steps of a writer one is looked at; 1 looks at every one."""


class Watcher:
    """Keeps what a writer that is killed would leave: copies of its folder before its steps.

    Of a write half of the bytes are there. One pass so holds every kill, which the writer
    itself need not do again and again.
    """

    def __init__(self, folder: Path, aside: Path, every: int) -> None:
        self.folder, self.aside, self.every = folder, aside, every
        self.steps, self.busy = 0, False
        self.copies: list[Path] = []

    def wrap(self, name: str) -> Callable:
        real = getattr(os, name)

        def step(*args, **options):
            reading = name == "open" and args[1] == os.O_RDONLY
            inside = name in ("write", "fsync") or str(self.folder) in str(args[0])
            if self.busy or reading or not inside:
                return real(*args, **options)
            self.steps += 1
            if self.steps % self.every:
                return real(*args, **options)
            done = 0
            if name == "write":
                half = bytes(args[1])[: len(args[1]) // 2]
                done = real(args[0], half) if half else 0
                args = (args[0], bytes(args[1])[done:])
            self.busy = True
            self.copies.append(self.aside / str(self.steps))
            shutil.copytree(self.folder, self.copies[-1])
            self.busy = False
            answer = real(*args, **options)
            return done + answer if name == "write" else answer

        return step


def kill_on_the_way(folder, work, *, least=1):
    """Do something that may be killed at any step: all of it is there then, or nothing."""
    before = Store.open(folder).manifest
    aside = folder.with_name("killed")
    watcher = Watcher(folder, aside, EVERY)
    store = Store.open(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, watcher.wrap(name))
        answer = work(store)
    after = Store.open(folder).manifest
    assert after != before
    seen = []
    for copy in watcher.copies:
        survivor = Store.open(copy)
        assert survivor.verify()["whole"].all()
        seen.append(survivor.manifest)
        assert seen[-1] in (before, after)
    # Once all of it is there it stays.
    assert seen == sorted(seen, key=lambda manifest: manifest == after)
    assert watcher.steps >= least and before in seen
    shutil.rmtree(aside)
    return answer


def write_plan(folder):
    text = '[programme]\nregion = "latgale"\nyears = [2027, 2033]\n[round]\nstore = "store"\n'
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    return folder


def list_changed(before, after, keys):
    """Return the keys of the rows that differ between two tables."""
    sides = []
    for table in (before, after):
        rows = {}
        for row in table.astype(str).to_dict("records"):
            rows.setdefault(tuple(row[key] for key in keys), set()).add(tuple(row.values()))
        sides.append(rows)
    return {key for key in sides[0].keys() | sides[1].keys() if sides[0].get(key) !=
            sides[1].get(key)}  # fmt: skip


def test_a_careless_round(tmp_path):
    (tmp_path / "world").mkdir()
    world = write_plan(tmp_path / "world")
    folder = world / "store"
    study = Study.load("latgale")
    store = rounds.start_store(folder, study, **EVENT)
    table = store.read("facilities")
    known = table[table["status"].eq("operating") & table["settlement_id"].notna()
                  & table["places"].gt(0)
                  & ~table["name"].str.lower().duplicated(keep=False)]  # fmt: skip
    centres = known[known["service"] == "dac_grt"]["facility_id"].tolist()[:1]
    others = known[~known["service"].isin(["dac_grt"])]
    chosen = [*centres, *others.drop_duplicates("name")["facility_id"][:9]]
    before = build(world)
    opened = kill_on_the_way(
        folder, lambda s: rounds.open_round(
            s, "latgale-2026", as_of="2026-10-31", due="2026-12-01", folder=tmp_path / "forms",
            providers=chosen, **EVENT), least=20)  # fmt: skip
    store = Store.open(folder)
    issued = list(store.read("issued")["municipality_id"])
    own = [each for each in issued if "/" not in each]
    providers = [next(p for p in issued if p.partition("/")[2] == name) for name in chosen]
    assert (len(own), len(providers), len(opened.forms)) == (9, 10, 19)
    assert {p.name for p in opened.forms} == set(store.read("issued")["file"])

    # Everybody fills in, LibreOffice opens and saves all of them in one call.
    files = dict(zip(store.read("issued")["municipality_id"], store.read("issued")["file"],
                     strict=True))  # fmt: skip
    sent, added = [], ""
    for addressee, edits in zip([*own, *providers], [*MUNICIPALITIES, *PROVIDERS], strict=True):
        if edits is not None:
            path = tmp_path / "forms" / files[addressee]
            added = write_carelessly(path, edits) or added
            sent.append((addressee, path))
    back = tmp_path / "back"
    subprocess.run(
        [OFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
         "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", back,
         *(path for _, path in sent)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    returned = {addressee: back / path.name for addressee, path in sent}
    assert all(path.is_file() for path in returned.values())

    # Taken in one revision, killed on the way; what cannot be accepted is said by name.
    forms = {path: (["all"], []) for path in returned.values()}
    answers = kill_on_the_way(
        folder, lambda store: rounds.take_forms(store, forms, **EVENT), least=60)  # fmt: skip
    store, taken = Store.open(folder), dict(zip(returned, answers, strict=True))
    wrong = {}
    for addressee, expected in zip([*own, *providers], EXPECTED, strict=True):
        if addressee not in taken:
            continue
        form = taken[addressee]
        accepted, faulty, codes = expected
        faulty = {added if row == "added" else row for row in faulty}
        got = [{r for r, d in form.decisions.items() if d == w} for w in ("accepted", "faulty")]
        found = {f.code for f in form.check.findings if f.level in (FAULT, FORM)}
        if (*got, found) != (accepted, faulty, codes):
            wrong[addressee] = (got, found)
    assert wrong == {}
    status = rounds.summarise_round(store).set_index("municipality_id")["state"]
    silent, phone = own[8], providers[6]
    assert status[silent] == status[phone] == "waiting" and status[own[4]] == "refused"
    assert store.read("persons").set_index("municipality_id").loc[own[3], "assessed"] == 1020
    # A day typed into a cell of clients, and what was masked as few, count nobody.
    assert sorted(store.read("provision")["clients"]) == [9, 12, 26]

    # What the public says, and the approval, are killed and come through as well.
    said = pd.DataFrame([{
        "statement_id": "S1", "received": "2026-11-20", "speaker": "resident", "name": None,
        "municipality_id": own[0], "service": None, "chapter": None, "text": "Autobuss ir reti.",
        "answer": "noted", "reason": "Nodots tālāk.", "changed_in": None}])  # fmt: skip
    kill_on_the_way(folder, lambda s: rounds.keep_statements(s, said, **EVENT))
    kill_on_the_way(
        folder, lambda s: rounds.approve(s, body="Padome", act="Nr. 4", date="2026-11-20",
                                         anyway=True, **EVENT))  # fmt: skip

    # The programme built after it differs just where it should.
    after = build(world)
    sides = (before.compiled, after.compiled)
    assert list_changed(*(c.forecast.clients for c in sides), ["service"]) == {("dac_grt",)}
    assert list_changed(*(c.budget.lines for c in sides), ["service"]) == {("dac_grt",)}
    for name in ("objects", "goals", "measures"):
        assert getattr(sides[0], name).equals(getattr(sides[1], name)), name
    new = list_changed(*(c.contradictions for c in sides), ["kind", "service"])
    assert ("clients_above_places", "dac_grt") in new
    assert {service for _, service in new} == {"dac_grt"}
    assert {row["of"] for row in sides[1].assumptions.to_dict("records")
            if "latgale-2026" in str(row["source"])} == {"dac_grt"}  # fmt: skip
    given = sides[1].plan.given
    assert given["backed"][["municipality_id", "stance"]].values.tolist() == [[own[0], "priority"]]
    assert (after.record.issued, len(after.record.answered)) == (9, 7)
    assert after.record.statements["answer"].tolist() == ["noted"]
    assert before.record.issued == 0
