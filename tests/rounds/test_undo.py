"""Undoing: the tables are as before, what was said stays said, and an undo can be undone."""

from __future__ import annotations

import random

import pytest

from socaccess import rounds
from socaccess.errors import InputError, UnknownNameError

from .conftest import TAKEN, WHO

DATA = ("facilities", "persons")


def read(store):
    return {name: store.read(name).to_csv() for name in DATA}


def test_a_form_taken_is_undone_and_redone(world):
    store = world.store
    before = read(store)
    taken = world.take("0781800", {"Iestādes!G2": 14, "Personas!E2": 9}, accept=["all"])
    after = read(world.store)
    assert after != before
    store = world.store
    undone = rounds.undo(store, taken.revision, at=TAKEN, who=WHO)
    assert read(store) == before
    answers = rounds.list_answers(store)
    assert set(answers["decision"]) == {"pending"} and answers["decided_by"].isna().all()
    assert set(answers["said"]) == {"14", "9"}
    assert len(store.read("receipts")) == 1
    rounds.undo(store, undone, at=TAKEN, who=WHO)
    assert read(store) == after
    assert set(rounds.list_answers(store)["decision"]) == {"accepted"}
    assert store.history()["action"].tolist()[-3:] == ["take", "undo", "undo"]


def test_an_earlier_form_is_undone_and_later_ones_stay(world):
    first = world.take("0781800", {"Iestādes!G2": 14}, accept=["all"])
    world.take("0210000", {"Personas!E10": 70}, accept=["all"])
    store = world.store
    rounds.undo(store, first.revision, at=TAKEN, who=WHO)
    facilities = store.read("facilities").set_index("facility_id")
    persons = store.read("persons").set_index(["municipality_id", "target_group", "service"])
    assert facilities.loc["lat060", "places"] == 13
    assert persons.loc[("0210000", "children_ft", "all"), "recipients"] == 70


def test_rows_changed_since_are_named(world):
    first = world.take("0781800", {"Iestādes!G2": 14}, accept=["all"])
    path = world.edit("0781800", {"Iestādes!G2": 20}, "second.xlsx")
    rounds.take_form(world.store, path, at=TAKEN, who=WHO, accept=["I2"])
    with pytest.raises(InputError, match="lat060"):
        rounds.undo(world.store, first.revision, at=TAKEN, who=WHO)


def test_what_cannot_be_undone_says_why(world):
    world.take("0781800", {"Iestādes!G2": 14})
    store = world.store
    for revision in (1, 2):
        with pytest.raises(InputError, match="began the store"):
            rounds.undo(store, revision, at=TAKEN, who=WHO)
    with pytest.raises(InputError, match="forms of the round have come"):
        rounds.undo(store, 3, at=TAKEN, who=WHO)
    with pytest.raises(UnknownNameError, match="no revision 99"):
        rounds.undo(store, 99, at=TAKEN, who=WHO)


def test_a_round_nobody_has_answered_can_be_taken_back(world):
    store = world.store
    rounds.undo(store, at=TAKEN, who=WHO)
    assert not len(store.read("rounds")) and not len(store.read("issued"))
    check = rounds.check_form(store, world.form("0781800"))
    assert [finding.code for finding in check.findings] == ["form.unknown_round"]


@pytest.mark.parametrize("seed", range(4))
def test_undoing_everything_leads_back_whatever_was_done(world, seed):
    """Take forms in any order with any decisions; undone from the last, nothing is left of it."""
    draw = random.Random(seed)
    store = world.store
    start, first = read(store), store.revision
    for number, code in enumerate(draw.sample(["0781800", "0210000", "0780200", "0050000"], 4)):
        cells = {
            f"Iestādes!G{draw.randrange(2, 4)}": draw.randrange(20, 30),
            f"Personas!E{draw.choice([2, 10])}": draw.randrange(100, 130),
            "Iestādes!B3": f"Cits nosaukums {number}",
        }
        path = world.edit(code, cells, f"{seed}-{number}.xlsx")
        rounds.take_form(store, path, at=TAKEN, who=WHO,
                         accept=[["all"], [], ["I3"]][draw.randrange(3)])  # fmt: skip
    last = store.revision
    for revision in range(last, first, -1):
        rounds.undo(store, revision, at=TAKEN, who=WHO)
    assert read(store) == start
    assert store.verify()["whole"].all()
    # All that was there on the way is there still.
    assert store.revision == last + (last - first)
    assert not set(rounds.list_answers(store)["decision"]) & {"accepted"}
