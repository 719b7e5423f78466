"""The plan of an institution, by hand: movers need places that are known to be free."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from small_worlds import two_municipalities

import socaccess as sa
from socaccess.errors import InputError
from socaccess.programme.costs import ServiceCost
from socaccess.programme.measures import quote_place
from socaccess.programme.reorganisation import plan_reorganisation
from socaccess.study import Study


@pytest.fixture(scope="module")
def homes():
    """The centre in West, of 15 places, stands for a home; East has one that is planned."""
    tables = two_municipalities()
    tables["facilities"]["places"] = [15, 9, None, None, None, 78, None]
    return Study(**tables).run(sites=False)


MOVERS = pd.DataFrame(
    [("I1", "east", "west", 7, "2027-06-01"), ("I1", None, "west", 3, "2027-03-01"),
     ("I1", "east", None, 4, None), ("I1", None, None, 2, None)],
    columns=["institution_id", "origin", "choice", "persons", "move_by"],
)  # fmt: skip


def plan(homes, **options):
    return plan_reorganisation(homes, "I1", MOVERS, service="dac", **options)


def test_who_moves_where_and_what_is_missing(homes):
    found = plan(homes, cost=ServiceCost("dac", "10.00", 365, {"municipality": 1}))
    assert found.institution["movers"] == 16 and found.institution["stay"] == 62
    rows = found.destinations.set_index("destination_id")
    west, east = rows.loc["west"], rows.loc["east"]
    # 15 places for 10 people: enough in all, but who lives there today nobody has said.
    assert (west["persons"], west["home_places"], west["answer"]) == (10, 15, "free_unknown")
    assert west["move_by"] == "2027-03-01" and west["missing"] is None
    assert (east["persons"], east["homes"], east["planned_homes"]) == (4, 0, 1)
    assert (east["answer"], east["missing"]) == ("no_home", 4)
    assert rows.loc[None, "answer"] == "undecided"
    assert found.missing == 4 and not found.is_ready
    assert found.capital["middle"] == round(4 * quote_place()["middle"], -3)
    assert found.running_eur == 16 * 365 * 10


def test_free_places_are_places_less_clients(homes):
    taken = pd.DataFrame({"facility_id": ["F1"], "clients": [8]})
    row = plan(homes, occupancy=taken).destinations.set_index("destination_id").loc["west"]
    assert (row["free"], row["answer"], row["missing"]) == (7, "too_few", 3)
    empty = pd.DataFrame({"facility_id": ["F1"], "clients": [5]})
    row = plan(homes, occupancy=empty).destinations.set_index("destination_id").loc["west"]
    assert (row["free"], row["answer"]) == (10, "enough")
    with pytest.raises(InputError, match="W1"):
        plan(homes, occupancy=pd.DataFrame({"facility_id": ["W1"], "clients": [1]}))


def test_more_movers_than_places_need_no_count(homes):
    many = MOVERS.assign(persons=[17, 3, 4, 2])
    found = plan_reorganisation(homes, "I1", many, service="dac")
    row = found.destinations.set_index("destination_id").loc["west"]
    assert (row["answer"], row["missing"]) == ("too_few", 5)


def test_days_and_hidden_counts(homes):
    assert plan(homes, on=dt.date(2027, 4, 1)).is_late
    assert not plan(homes, on=dt.date(2027, 2, 1)).is_late
    hidden = plan(homes, below=5)
    shown = hidden.destinations.set_index("destination_id")
    assert shown.loc["east", ["persons", "missing"]].tolist() == ["<5", "<5"]
    # One hidden number alone would be the sum.
    assert hidden.missing is None and not hidden.capital


def test_nobody_leaves(homes):
    with pytest.raises(InputError, match="I1"):
        plan_reorganisation(homes, "I1", MOVERS.assign(institution_id="I2"), service="dac")
    assert "reorganisation" in dir(sa.planning)
