"""Tables on the terminal: under every heading stands what JSON calls so."""

from __future__ import annotations

import json
import re

import pytest

from tests.commands import run_command

HEADINGS = {
    "Persons": "persons",
    "At home": "at_home",
    "Bought": "bought",
    "Sold": "sold",
    "Not served": "unserved",
}
JOINT = {
    "Persons": "persons",
    "Near now": "near_now",
    "Near with the site": "near_joint",
    "Gain": "gain",
    "Cost": "cost",
    "Alone": "cost_alone",
    "Saving": "saving",
}


def read_tables(text: str) -> list[dict[str, dict[str, str]]]:
    """Tables by the first cell of a row, their cells by heading; two spaces part columns."""
    tables: list[dict[str, dict[str, str]]] = []
    heads: list[str] = []
    for line in text.splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        if cells[0] == "Municipality":
            heads = cells
            tables.append({})
        elif tables and len(cells) == len(heads):
            tables[-1][cells[0]] = dict(zip(heads, cells, strict=True))
    return tables


def is_shown(shown: str, value: object) -> bool:
    if isinstance(value, str) and not re.fullmatch(r"[\d.]+", value):
        return shown == value
    return float(shown.replace(",", "")) == pytest.approx(float(str(value)), abs=0.05)


def test_cooperation_shows_what_json_says():
    # A service whose site brings someone near: now and then are not the same.
    words = ("plan", "cooperation", "latgale", "--service", "respite_grt",
             "--partner", "Ludzas novads", "--partner", "Rēzeknes novads",
             "--yearly-cost", "60000", "--lang", "en")  # fmt: skip
    balance, joint = read_tables(run_command(*words).stdout)
    answer = json.loads(run_command(*words, "--json").stdout)
    assert any(row["near_now"] != row["near_joint"] for row in answer["joint"])
    for table, rows, headings in ((balance, answer["balance"], HEADINGS),
                                  (joint, answer["joint"], JOINT)):  # fmt: skip
        assert len(table) == len(rows) > 1
        for row in rows:
            shown = table[row["municipality"]]
            wrong = {
                heading: (shown[heading], row[name])
                for heading, name in headings.items()
                if not is_shown(shown[heading], row[name])
            }
            assert wrong == {}
