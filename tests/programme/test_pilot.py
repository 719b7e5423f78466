"""A pilot of individual budgets by hand."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from socaccess.errors import InputError
from socaccess.programme.person_budgets import plan_pilot, read_plans

HEADER = "person;settlement;budget;service;units;used_units"


def write(tmp_path, *lines):
    path = tmp_path / "plans.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


PRICES = pd.DataFrame(
    [("p1", "dac", "own", 10.0, "day", "2026-01-01"), ("p2", "shop", "other", 4.0, "day", None)],
    columns=["price_id", "service", "client_of", "value", "unit", "stated_on"],
).assign(source="list")


def test_what_was_wished_had_and_used(world, tmp_path):
    plans = read_plans(
        write(tmp_path, "A1;Ābeles;45;dac;3;2", "A1;Ābeles;45;shop;5;", "B2;b;100;dac;10;10")
    )
    pilot = plan_pilot(world, plans, prices=PRICES)
    # Both live in West, whose centre at B is near. A1: equal weights, so the cheap five days of the
    # workshop (20) and two of the centre (20) of 45; B2: ten days for 100.
    lines = pilot.lines.set_index(["person", "service"])
    assert lines["units"].to_dict() == {("A1", "dac"): 2, ("A1", "shop"): 5, ("B2", "dac"): 10}
    persons = pilot.persons.set_index("person")
    assert persons.loc["A1", ["cost", "left", "met"]].tolist() == [
        Decimal("40.00"), Decimal("5.00"), False]  # fmt: skip
    assert persons.loc["B2", "met"]
    rows = pilot.summarise().set_index("service")
    assert rows.loc["dac", ["persons", "wanted", "units", "measured", "used_units"]].tolist() == [
        2, 13, 12, 2, 12]  # fmt: skip
    assert rows.loc["dac", "used_share"] == 1.0
    assert rows.loc["dac", "cost"] == Decimal("120.00")
    assert rows.loc["shop", "measured"] == 0
    assert pd.isna(rows.loc["shop", "used_share"])
    assert sum(rows["cost"]) == sum(persons["cost"])


def test_bad_plans_are_told_together(world, tmp_path):
    bad = write(tmp_path, "A1;Ābeles;45;dac;3;", "A1;Ābeles;50;dac;3;", "A1;Bērzi;45;shop;1;")
    with pytest.raises(InputError) as caught:
        read_plans(bad)
    for part in ("more than one budget", "more than one settlement", "stands twice"):
        assert part in str(caught.value)
    plans = read_plans(write(tmp_path, "A1;Nekur;45;dac;3;", "B1;Ābeles;45;dak;3;"))
    with pytest.raises(InputError) as caught:
        plan_pilot(world, plans, prices=PRICES)
    assert "A1" in str(caught.value)
    assert "B1" in str(caught.value)
