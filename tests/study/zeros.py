"""Traces every zero in every file of a run to something that was counted.

A zero says that somebody looked and found nothing. Each field that may hold one has a rule that
says, from the project's own tables and not from its code, who looked; a zero in a field without
a rule is a finding as well, so that a new column cannot bring one unseen.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import docx

from tests.study.read_outputs import ROOT, plain, read_csv, read_document, read_layer, read_sheet

Row = dict[str, Any]


class World:
    """What was counted, by the tables the study was made of."""

    def __init__(self, folder: Path, lang: str) -> None:
        data = ROOT / "data" / "services"
        types = list(read_csv(data / "service_types.csv"))
        homes = {row["service"] for row in read_csv(data / "facilities.csv")
                 if row["status"] in ("operating", "planned")}  # fmt: skip
        self.counted = {
            row["service"] for row in types
            if row["known_by"] != "none" or row["service"] in homes
        }  # fmt: skip
        self.needed = {row["target_group"] for row in read_csv(data / "need.csv")}
        self.group = {row["service"]: row["target_group"] for row in types}
        self.code = {row[f"name_{lang}"]: row["service"] for row in types}
        self.tables = {
            name: list(read_csv(folder / f"{name}.csv")) for name in ("coverage", "gaps", "sites")
        }
        self.lacking = {(row["settlement_id"], row["service"]) for row in self.tables["gaps"]}
        self.asked = {row["service"] for row in json.loads((folder / "study.json").read_text())
                      ["siting"]}  # fmt: skip

    def is_measured(self, row: Row) -> bool:
        """Return whether somebody counts the service of a row."""
        return row["service"] in self.counted

    def is_of_persons(self, row: Row) -> bool:
        """Return whether somebody counts both the service and who needs it."""
        return self.is_measured(row) and self.group[row["service"]] in self.needed


def find_uncounted(folder: Path, lang: str) -> list[str]:
    """Return every zero in the files of a run that nobody counted."""
    world = World(folder, lang)
    found = []
    for where, row, name, value in _walk(world, folder, lang):
        if isinstance(value, bool) or plain(value) != 0 or name in _NO_FIGURES:
            continue
        rule = _RULES.get(name)
        if where == "gpkg settlements" and name.endswith("_share"):
            row, rule = {"service": name.removesuffix("_share")}, World.is_measured
        if name.startswith("persons_") and name.removeprefix("persons_") in world.needed:
            continue
        if rule is None or not rule(world, row):
            key = [
                row[key] for key in ("service", "municipality_id", "settlement_id") if key in row
            ]
            found.append(f"{where} {key} {name}")
    return found + _read_map(world, folder) + _read_annex(world, folder, lang)


def _any_of(names: str, rule: Callable[[World, Row], bool]) -> dict[str, Any]:
    return dict.fromkeys(names.split(), rule)


# What is no figure: flags as 0 and 1 in a layer, coordinates, codes, places in a list.
_NO_FIGURES = {"opening_confirmed", "located", "approximate", "also_p_median", "far", "fid"}

_RULES: dict[str, Callable[[World, Row], bool]] = {
    **_any_of(
        "covered_share covered_share_low covered_share_high population_covered population_within "
        "unreachable_population share_now share_planned share_suggested share_low share_high "
        "operating planned operating_in_region planned_in_region rows_operating rows_planned "
        "unknown_operating unknown_planned within_limit per_100 unreachable place_unknown "
        "falls_out without_place moving extra_min extra_max_min",
        World.is_measured,
    ),
    **_any_of(
        "covered covered_low covered_high covered_now covered_planned covered_suggested flips "
        "persons",
        World.is_of_persons,
    ),
    "outside_plan": lambda world, row: row["target_group"] in world.needed,
    "sites": lambda world, row: row["service"] in world.asked,
    "suggested_sites": lambda world, row: row["service"] in world.asked,
    "over_min": lambda world, row: plain(row["travel_min"]) <= plain(row["limit_min"]) + 0.05,
    "plan_gap": lambda _, row: row["plan_status"] == "optimal",
    "gap": lambda _, row: row["status"] == "optimal",
    # The point of a settlement may stand on a road.
    "access_m": lambda _, row: row["located"] in (True, 1),
    # Every service that somebody counts is missing there.
    "services_within": lambda world, row: any(
        (row["settlement_id"], service) in world.lacking for service in world.counted
    ),
    # Places as good as the suggested one; the mean over counted services of own facilities.
    **_any_of("settlements_without_points settlements far_settlements equal_count share_own "
              "own_covered_share", lambda _, row: True),
}  # fmt: skip


def _walk(world: World, folder: Path, lang: str) -> Iterator[tuple[str, Row, str, Any]]:
    for name, table in world.tables.items():
        for row in table:
            yield from ((f"{name}.csv", row, column, value) for column, value in row.items())
    for layer in ("coverage", "gaps", "sites", "settlements", "municipalities", "facilities"):
        for row in read_layer(folder / "layers.gpkg", layer):
            yield from ((f"gpkg {layer}", row, column, value) for column, value in row.items()
                        if column not in ("geom", "lon", "lat"))  # fmt: skip
    words = json.loads((ROOT / "socaccess" / "locale" / lang / "tables.json").read_text("utf-8"))
    for number in range(9):
        for row in read_sheet(folder / "tables.xlsx", number, words, {}):
            row["service"] = world.code.get(row.get("service"), row.get("service"))
            yield from ((f"xlsx {number}", row, column, value) for column, value in row.items()
                        if column not in ("service", "lon", "lat"))  # fmt: skip
    record = json.loads((folder / "study.json").read_text("utf-8"))
    for part, value in record["headline"].items():
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            yield from _leaves("json headline", row if isinstance(row, dict) else {}, row, part)
    for row in record["siting"]:
        yield from _leaves("json siting", row, row)


def _leaves(where: str, owner: Row, value: Any, name: str = "") -> Iterator[Any]:
    """Yield the numbers of a row of the record; those by scenario under the name of all."""
    if isinstance(value, dict):
        for key, inner in value.items():
            by_scenario = key in ("now", "planned", "suggested") and name not in ("facilities", "")
            yield from _leaves(where, owner, inner, name if by_scenario else key)
    elif isinstance(value, int | float):
        yield where, owner, name, value


def _read_map(world: World, folder: Path) -> list[str]:
    page = (folder / "map.html").read_text(encoding="utf-8")
    (packed,) = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    data = json.loads(gzip.decompress(base64.b64decode(packed)))
    services = [row["id"] for row in data["services"]]
    found = []
    shares = data["shares"]
    for at, cover in enumerate(data["cover"]):
        counted = services[at] in world.counted
        numbers = [*_numbers(shares["share"][at + 1]), *_numbers(shares["low"][at]),
                   *_numbers(shares["high"][at]), *_numbers(shares["bands"][at]),
                   *_numbers(shares["partly"][at])]  # fmt: skip
        if 0 in numbers and not counted:
            found.append(f"map shares {services[at]}")
        for minutes, to in (("min", "to"), ("ownMin", "ownTo"), ("modelled", "to")):
            pairs = zip(_decode(cover[minutes]), _decode(cover[to]), strict=True)
            found += [f"map {minutes} {services[at]}" for value, place in pairs
                      if value == 0 and place < 0]  # fmt: skip
        need = data["persons"]["need"][data["persons"]["service"][at]]
        if 0 in [*_numbers(need)] and world.group[services[at]] not in world.needed:
            found.append(f"map persons {services[at]}")
    sites = data["places"]["sites"]
    gains = zip(sites["persons"], sites["population"], strict=True)
    # A site that brings nobody is no suggestion; nor has a facility no room.
    found += [f"map site {number}" for number, gain in enumerate(gains) if gain == (0, 0)]
    found += ["map places" for number in data["places"]["facilities"]["places"] if number == 0]
    return found


def _decode(scenarios: list[list[int]]) -> Iterator[int]:
    """Yield the values of every scenario: each is told as its difference from the one before."""
    values = list(accumulate(scenarios[0]))
    yield from values
    for row in scenarios[1:]:
        values = [value + step for value, step in zip(values, row, strict=True)]
        yield from values


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers(inner)
    else:
        yield value


NOBODY = re.compile(r"(?<![\d,.])0\s*%")


def _read_annex(world: World, folder: Path, lang: str) -> list[str]:
    """Return cells of the annex that tell of a zero nobody counted; text holds none at all."""
    words = json.loads((ROOT / "socaccess" / "locale" / lang / "finding.json").read_text("utf-8"))
    names = {**world.code}
    for code in world.code.values():
        # Services of several groups share a short name: one of them must be counted.
        short = words.get(f"service.{code}", "").lower()
        if short and (names.get(short) is None or code in world.counted):
            names[short] = code
    homes = {row["municipality"] for row in world.tables["coverage"]}
    homes |= {name.replace(" novads", " nov.") for name in homes}
    book = docx.Document(str(folder / "annex.docx"))
    found = [f"annex: {text.text}" for text in book.paragraphs if NOBODY.search(text.text)]
    for table in read_document(folder / "annex.docx"):
        for row in table:
            cells = list(dict.fromkeys(row))
            first = cells[0].replace("\u00a0¹", "").split("\n")[0]
            zeros = [cell for cell in cells[1:] if NOBODY.search(cell) or cell.strip() == "0"]
            service = names.get(first) or names.get(first.lower())
            # Rows of municipalities sum up counted services alone.
            if zeros and service is None and first.replace("\u00a0", " ") not in homes:
                found.append(f"annex: {cells}")
            if zeros and service is not None and service not in world.counted:
                found.append(f"annex: {cells}")
    return found
