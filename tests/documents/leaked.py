"""What the files of a run say of persons in need, read back as an outsider would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
import geopandas as gpd
import openpyxl
import pandas as pd

from socaccess.documents.workbook import HEADER_ROW
from socaccess.i18n import Texts
from socaccess.maps.encode import unpack
from socaccess.study.release import release

__all__ = ["Said", "read_back", "read_map"]


@dataclass(frozen=True)
class Said:
    """One count somebody can read: of which group, of which settlements, and how it is written."""

    group: str
    settlements: frozenset[str]
    text: str
    file: str
    slack: float = 0.0


class _World:
    """What is public: who lives where, which service serves whom, and every travel time."""

    def __init__(self, result: Any) -> None:
        self.settlements = result.study.settlements
        self.all = frozenset(self.settlements["settlement_id"])
        self.home = {
            code: frozenset(part["settlement_id"])
            for code, part in self.settlements.groupby("municipality_id")
        }
        types = result.service_types
        self.group_of = dict(zip(types["service"], types["target_group"], strict=True))
        # Sites are suggested by what may be shown, so the released times are the public ones.
        table = release(result).result.settlement_coverage
        self.covered = {
            key: frozenset(part.loc[part["status"] == "covered", "settlement_id"])
            for key, part in table.groupby(["service", "scenario"])
        }
        self.own = {
            key: frozenset(part.loc[part["own_status"] == "covered", "settlement_id"])
            for key, part in table.groupby(["service", "scenario"])
        }


def read_back(folder: Path, result: Any, lang: str = "lv") -> list[Said]:
    """Return every count of persons in the tables, layers, records and documents of a run."""
    world = _World(result)
    said = [
        *_read_coverage(pd.read_csv(folder / "coverage.csv", dtype=str), world, "coverage.csv"),
        *_read_gaps(pd.read_csv(folder / "gaps.csv", dtype=str), world, "gaps.csv"),
        *_read_record(json.loads((folder / "study.json").read_text()), world),
        *_read_workbook(folder / "tables.xlsx", result, world, lang),
        *_read_layers(folder / "layers.gpkg", world),
        *_read_document(folder / "annex.docx", result, world, lang),
    ]
    return [one for one in said if one.text not in ("", "nan", "None", "–")]


def _read_coverage(table: pd.DataFrame, world: _World, file: str) -> Iterator[Said]:
    for row in table.itertuples():
        group, home = world.group_of[row.service], world.home[row.municipality_id]
        yield Said(group, home, str(row.persons), file)
        near = world.covered if row.scope == "any" else world.own
        yield Said(group, home & near[(row.service, row.scenario)], str(row.covered), file)
        persons, share = str(row.persons), float(row.covered_share)
        if row.share_of == "need" and persons.isdigit():
            # A share of persons is a count in other words.
            where = home & near[(row.service, row.scenario)]
            part, slack = f"{share * int(persons):.4f}", 6e-5 * int(persons) + 1e-4
            yield Said(group, where, part, f"{file} share", slack)


def _read_gaps(table: pd.DataFrame, world: _World, file: str) -> Iterator[Said]:
    for row in table.itertuples():
        yield Said(
            world.group_of[row.service], frozenset([row.settlement_id]), str(row.persons), file
        )


def _read_record(record: dict[str, Any], world: _World) -> Iterator[Said]:
    for row in record["headline"]["services"]:
        yield Said(row["target_group"], world.all, str(row["persons"]), "study.json")


def _read_workbook(path: Path, result: Any, world: _World, lang: str) -> Iterator[Said]:
    """Read the sheets by their headings; they have names alone, no codes."""
    texts = Texts(lang)
    book = openpyxl.load_workbook(path, read_only=True)
    types = result.service_types
    group_of = dict(zip(types[f"name_{lang}"], types["target_group"], strict=True))
    municipalities = result.study.municipalities
    home_of = dict(zip(municipalities["name"], municipalities["municipality_id"], strict=True))
    code_of = {
        (row.name, row.municipality_id): row.settlement_id
        for row in world.settlements.itertuples(index=False)
    }

    def rows(sheet: str, *columns: str) -> Iterator[tuple[str, ...]]:
        heads, *lines = book[texts(f"tables.sheet.{sheet}")].iter_rows(
            min_row=HEADER_ROW + 1, values_only=True
        )
        at = [heads.index(texts(f"tables.column.{column}")) for column in columns]
        assert lines, sheet
        for line in lines:
            yield tuple("" if line[i] is None else str(line[i]) for i in at)

    for sheet in ("overview", "places"):
        for service, persons in rows(sheet, "service_name", "persons"):
            yield Said(group_of[service], world.all, persons, f"tables.xlsx {sheet}")
    for service, home, persons in rows("coverage", "service_name", "municipality", "persons"):
        yield Said(group_of[service], world.home[home_of[home]], persons, "tables.xlsx coverage")
    for service, home, name, persons in rows(
        "gaps", "service_name", "municipality", "settlement", "persons"
    ):
        where = frozenset([code_of[(name, home_of[home])]])
        yield Said(group_of[service], where, persons, "tables.xlsx gaps")


def _read_layers(path: Path, world: _World) -> Iterator[Said]:
    for layer, key in (("settlements", "settlement_id"), ("municipalities", "municipality_id")):
        frame = gpd.read_file(path, layer=layer)
        for column in frame:
            if not str(column).startswith("persons_"):
                continue
            for code, text in zip(frame[key], frame[column], strict=True):
                where = frozenset([code]) if layer == "settlements" else world.home[code]
                yield Said(str(column).removeprefix("persons_"), where, str(text), "layers.gpkg")


def _read_document(path: Path, result: Any, world: _World, lang: str) -> Iterator[Said]:
    """Read the persons of each group: in the list of what is missing and over the matrix."""
    groups = {name: group for group, name in result.study.name_groups(lang).items()}
    count = r"[\d\xa0]+|<\d+|≥\d+|…"
    of = {"lv": "no", "en": "of"}[lang]
    persons = {"lv": "personas?", "en": "persons?"}[lang]
    for table in docx.Document(str(path)).tables:
        for row in table.rows:
            cells = [cell.text for cell in row.cells]
            head = re.fullmatch(rf"(.+) · ({count}) {persons}", cells[0])
            under = re.search(r"\n(.+) · ", cells[0])
            whole = re.match(rf".+ {of} ({count})", cells[1]) if len(cells) > 1 else None
            if head and head[1] in groups:
                yield Said(groups[head[1]], world.all, head[2], "annex.docx")
            elif under and whole and under[1] in groups:
                yield Said(groups[under[1]], world.all, whole[1], "annex.docx")


def read_map(path: Path, result: Any) -> list[Said]:
    """Return every count of persons in the data of the exported map."""
    world = _World(result)
    packed = re.search(r'id="data">([^<]*)<', path.read_text(encoding="utf-8"))
    assert packed is not None
    payload = unpack(packed.group(1))
    names = payload["settlements"]["name"]
    homes = _undo(payload["settlements"]["municipality"])
    codes = [payload["municipalities"]["id"][home] for home in homes]
    code_of = {
        (row.name, row.municipality_id): row.settlement_id
        for row in world.settlements.itertuples(index=False)
    }
    said = []
    for number, service in enumerate(payload["persons"]["service"]):
        group = world.group_of[payload["services"][number]["id"]]
        column = payload["persons"]["need"][service]
        for name, code, count in zip(names, codes, column["settlement"], strict=True):
            said.append(Said(group, frozenset([code_of[(name, code)]]), _text(count), "map.html"))
        for code, count in zip(payload["municipalities"]["id"], column["municipality"],
                               strict=True):  # fmt: skip
            said.append(Said(group, world.home[code], _text(count), "map.html"))
        said.append(Said(group, world.all, _text(column["region"]), "map.html"))
    return [one for one in said if one.text]


def _undo(differences: list[int]) -> list[int]:
    values, total = [], 0
    for difference in differences:
        total += difference
        values.append(total)
    return values


def _text(count: int) -> str:
    return {-1: "", -2: "<5", -3: "≥5", -4: "…"}.get(count, str(count))
