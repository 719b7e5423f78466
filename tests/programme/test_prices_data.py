"""`data/services/prices.csv`: every price with its source and date, built from the facts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_the_facts_and_is_described():
    rows = read(ROOT / "data" / "services" / "prices.csv")
    facts = read(ROOT / "tools" / "facts" / "services_prices.csv")
    assert len(rows) == len(facts) == 40
    assert [row["value"] for row in sorted(facts, key=lambda row: row["price_id"])] == [
        row["value"] for row in rows
    ]
    package = json.loads((ROOT / "data" / "services" / "datapackage.json").read_text("utf-8"))
    resource = next(each for each in package["resources"] if each["path"] == "prices.csv")
    assert [field["name"] for field in resource["schema"]["fields"]] == list(rows[0])


def test_a_date_is_stated_only_where_the_source_says_one():
    for row in read(ROOT / "data" / "services" / "prices.csv"):
        assert row["source"].startswith("http")
        assert row["act"]
        if row["stated_on"]:
            year, month, day = row["stated_on"].split("-")
            assert f"{day}.{month}.{year}" in row["act"], row["price_id"]
        elif row["kind"] == "price":
            assert "not in excerpt" in row["act"], row["price_id"]


def test_no_norm_is_made_a_price():
    for row in read(ROOT / "data" / "services" / "prices.csv"):
        assert bool(row["unit"]) == (row["kind"] == "price")
        assert not (row["kind"] == "norm" and row["service"])
        assert (row["client_of"] == "other") == ("other municipalities" in row["item"])


@pytest.mark.shared
def test_the_facts_are_those_compiled(shared):
    rows = read(shared / "facts" / "prices_and_norms.csv")
    compiled = [row for row in rows if row["kind"] != "target"]
    ours = read(ROOT / "tools" / "facts" / "services_prices.csv")
    assert [(r["item"], float(r["value"]), r["source_url"]) for r in compiled] == [
        (r["item"], float(r["value"]), r["source"]) for r in ours
    ]
