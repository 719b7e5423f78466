"""What was said in a consultation is kept, answered and never changed; approvals are written."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from socaccess import rounds
from socaccess.cli.round import app
from socaccess.errors import InputError
from socaccess.rounds import Store

from .conftest import OPENED, WHO

EVENT = {"at": OPENED, "who": WHO}

HEADER = "statement_id;received;speaker;name;municipality_id;service;text;answer;reason"
SAID = "S1;2022-03-01;municipality;Ludzas novada dome;0680200;dac_grt;Vajag centru Zilupē.;;"
HEARD = "S2;2022-03-02;resident;;;;Transports ir par retu.;noted;Nodots tālāk."


def write(tmp_path, *lines):
    path = tmp_path / "said.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def store(world):
    return world.store


def call(store, *words):
    return CliRunner().invoke(app, [*words, "--store", str(store.path), "--lang", "en"])


def test_said_answered_and_approved(store, tmp_path):
    first = rounds.read_statements(write(tmp_path, SAID, HEARD))
    one = rounds.keep_statements(store, first, **EVENT)
    told = rounds.list_statements(store).set_index("statement_id")
    assert told["answer"].to_dict() == {"S1": "pending", "S2": "noted"}
    assert told.loc["S2", "answered_by"] == WHO
    answered = SAID.removesuffix(";;") + ";partly;Vispirms mobilais dienests."
    later = {"at": "2022-05-01T10:00:00", "who": "Berta"}
    second = rounds.read_statements(write(tmp_path, answered))
    rounds.keep_statements(store, second, **later)
    told = rounds.list_statements(store).set_index("statement_id")
    assert told.loc["S1", ["answer", "answered_by", "said_at"]].tolist() == [
        "partly", "Berta", OPENED]  # fmt: skip
    # S2 was not sent again and stays; what stood before is in the revision before.
    assert told.loc["S2", "answer"] == "noted"
    before = store.read("statements", revision=one).set_index("statement_id")
    assert before.loc["S1", "answer"] == "pending"
    summary = rounds.summarise_statements(rounds.list_statements(store))
    assert summary.set_index("speaker")["said"].to_dict() == {"municipality": 1, "resident": 1}
    revision = store.revision
    act = {"body": "Padome", "act": "Nr. 4", "date": "2022-06-01", **later}
    with pytest.raises(InputError, match="forms not done: 19") as caught:
        rounds.approve(store, **act)
    assert caught.value.code == "rounds.approve_open"
    head = store.head
    rounds.approve(store, **act, anyway=True)
    approvals = rounds.list_approvals(store)
    told = approvals[["body", "revision", "head", "unanswered", "missing_forms"]]
    assert told.values.tolist() == [["Padome", revision, head, 0, 19]]
    with pytest.raises(InputError, match="already"):
        rounds.approve(store, **act, anyway=True)
    rounds.undo(store, **later)
    assert not len(rounds.list_approvals(store))
    assert store.verify()["whole"].all()


def test_what_cannot_be_is_told_together(store, tmp_path):
    bad = write(
        tmp_path,
        "S1;soon;resident;Jānis;;;Teksts;;",
        "S2;2022-03-01;provider;X;;;Teksts;refused;",
        "S3;2022-03-01;alien;;;;Teksts;;",
    )
    with pytest.raises(InputError) as caught:
        rounds.read_statements(bad)
    for part in ("alien", "private person", "no reason", "not a date"):
        assert part in str(caught.value)
    rounds.keep_statements(store, rounds.read_statements(write(tmp_path, SAID)), **EVENT)
    other = SAID.replace("Zilupē", "Kārsavā").replace("0680200", "9999999")
    with pytest.raises(InputError) as caught:
        rounds.keep_statements(store, rounds.read_statements(write(tmp_path, other)), **EVENT)
    assert "something else than before" in str(caught.value)
    assert "9999999" in str(caught.value)
    with pytest.raises(InputError, match="not a day"):
        rounds.approve(store, body="X", act="Y", date="June", **EVENT)


def test_the_commands(store, tmp_path):
    when = ("--at", OPENED, "--who", "Anna")
    done = call(store, "consult", str(write(tmp_path, SAID, HEARD)), *when)
    assert done.exit_code == 0, done.output
    waiting = call(store, "statements", "--out", str(tmp_path / "out"))
    assert waiting.exit_code == 3
    assert "S1 waits" in waiting.output
    assert (tmp_path / "out" / "statements.csv").is_file()
    words = ("approve", "Padome", "--act", "Nr. 4", "--date", "2022-06-01", "--json", *when)
    assert call(store, *words).exit_code == 1
    approved = call(store, *words, "--anyway")
    assert approved.exit_code == 0, approved.output
    answer = json.loads(approved.output)
    assert answer["revision"] == answer["approved"] + 1 == Store.open(store.path).revision
    history = call(store, "history")
    assert "approval" in history.output
    assert "consultation" in history.output
