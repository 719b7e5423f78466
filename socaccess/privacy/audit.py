"""What a folder of outputs tells of hidden counts when all of it is read together.

The files are read as an outsider reads them: every count that is shown, every mark, and how they
hang together. Settlements add up to municipalities and these to the region; nobody is counted in
one service and not in all; a count that was not answered stands as before, one whose answer was
accepted is another than before. Whatever a set of such
counts leaves a hidden one is found by integer programming (`socaccess.privacy.linked`). Figures
that are calculated from what is shown (shares, minutes, gains) tell nothing more and are not used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.errors import InputError
from socaccess.privacy.linked import WIDTH, LinkedCounts

__all__ = ["Audit", "Narrowed", "audit_folders"]

_MARK = re.compile(r"([<≥])(\d+)")
_UNTOLD = "…"
_NEED_TABLES = (
    "gaps.csv",
    "access_settlements.csv",
    "access_municipalities.csv",
    "closing_settlements.csv",
)
"""What `run`, `access` and `closing` say of persons in need by place."""
_Key = tuple[str, ...]


@dataclass(frozen=True)
class Narrowed:
    """A hidden count that can be worked out too closely.

    Parameters
    ----------
    where
        The file it is hidden in.
    cell
        Which count: target group, service or level, place, column.
    low, high
        The least and the most it can be.
    """

    where: str
    cell: tuple[str, ...]
    low: float
    high: float


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    files
        How many files hold counts of persons.
    shown, hidden
        How many counts and totals are shown, and how many hidden.
    narrowed
        Hidden counts that have fewer than five possible values.
    contradictory
        Files whose counts cannot all be true, so that nothing follows from them together.
    """

    files: int
    shown: int
    hidden: int
    narrowed: tuple[Narrowed, ...]
    contradictory: tuple[str, ...]


class _Reading:
    """Counts read so far: bounds by cell, and how the cells hang together."""

    def __init__(self) -> None:
        self.bounds: dict[_Key, list[float]] = {}
        self.hidden: dict[_Key, str] = {}
        self.sums: list[tuple[_Key, tuple[_Key, ...]]] = []
        self.parts: list[tuple[_Key, tuple[_Key, ...]]] = []
        self.most: list[tuple[_Key, _Key, float]] = []
        """Counts of which the first is at most the second, less a margin."""
        self.groups: dict[str, str] = {}
        self.files: list[str] = []
        self.clashing: list[str] = []

    def read(self, key: _Key, value: Any, where: str) -> bool:
        """Take a cell as it stands in a file; return whether it says anything."""
        text = "" if value is None or value != value else str(value).strip()
        if text in ("", "None"):
            return False
        mark = _MARK.fullmatch(text)
        if mark:
            edge = float(mark[2])
            low, high = (0.0, edge - 1) if mark[1] == "<" else (edge, 1e6)
        elif text == _UNTOLD:
            low, high = 0.0, 1e6
        else:
            try:
                low = high = float(round(float(text)))
            except ValueError:
                return False
        if low != high:
            self.hidden.setdefault(key, where)
        known = self.bounds.setdefault(key, [0.0, 1e6])
        known[0], known[1] = max(known[0], low), min(known[1], high)
        if known[0] > known[1]:
            self.clashing.append(where)
            known[:] = [low, high]
        return True


def audit_folders(
    folders: Iterable[str | Path], *, groups: Mapping[str, str] | None = None
) -> Audit:
    """Return what the outputs in some folders tell of hidden counts, singly and together.

    Parameters
    ----------
    folders
        Folders of outputs, with those inside them: studies (`coverage.csv`, `layers.gpkg`,
        `study.json`), what other commands say of persons in need by place (`gaps.csv`,
        `access_settlements.csv` and so on), and progress reports of rounds (`persons.csv`,
        `persons_total.csv`).
    groups
        Target groups by service, for tables that name services only; studies say their own.

    Raises
    ------
    InputError
        If there is no such folder, or nothing in it tells counts of persons.
    """
    reading = _Reading()
    reading.groups |= groups or {}
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InputError("privacy.no_folder", where=str(folder))
        for file in sorted(folder.rglob("persons.csv")):
            _read_report(reading, file)
        for file in sorted(folder.rglob("coverage.csv")):
            _read_study(reading, file)
        for file in sorted(folder.rglob("*.csv")):
            if file.name in _NEED_TABLES:
                _read_need(reading, file)
    if not reading.files:
        raise InputError("privacy.nothing_to_audit", where=", ".join(map(str, folders)))
    narrowed, contradictory = _attack(reading)
    return Audit(
        files=len(reading.files),
        shown=sum(low == high for low, high in reading.bounds.values()),
        hidden=len(reading.hidden),
        narrowed=tuple(narrowed),
        contradictory=tuple(dict.fromkeys([*reading.clashing, *contradictory])),
    )


def _read_report(reading: _Reading, file: Path) -> None:
    """Read the progress report of a round."""
    table = pd.read_csv(file, dtype=str)
    if not {"municipality_id", "target_group", "service", "recipients"} <= set(table):
        return
    reading.files.append(str(file))
    total = file.with_name("persons_total.csv")
    totals = pd.read_csv(total, dtype=str) if total.exists() else pd.DataFrame()
    here = str(file.parent)
    risen = _list_risen(file.with_name("answers.csv"))
    columns = ("assessed", "recipients", "recipients_before")
    members: dict[_Key, list[_Key]] = {}
    for row in table.to_dict("records"):
        place = (row["target_group"], row["service"], row["municipality_id"])
        said = {name: (here, *place, name) for name in columns
                if reading.read((here, *place, name), row.get(name), str(file))}  # fmt: skip
        for name, key in said.items():
            members.setdefault((here, *place[:2], "", name), []).append(key)
            whole = (here, place[0], "all", place[2], name)
            if row["service"] != "all" and whole in reading.bounds:
                reading.most.append((key, whole, 0.0))
        if "recipients" in said and "recipients_before" in said:
            now, before = said["recipients"], said["recipients_before"]
            rise = 1.0 if "/".join((place[2], *place[:2])) in risen else 0.0
            reading.most.append((before, now, rise))
            if row.get("answered") == "False":
                reading.most.append((now, before, 0.0))
    for row in totals.to_dict("records"):
        for name in columns:
            key = (here, row["target_group"], row["service"], "", name)
            if key in members and reading.read(key, row.get(name), str(total)):
                reading.sums.append((key, tuple(members[key])))


def _list_risen(file: Path) -> set[str]:
    """Return which counts of recipients were answered anew; such counts seldom fall."""
    if not file.exists():
        return set()
    answers = pd.read_csv(file, dtype=str).fillna("")
    accepted = (answers["column"] == "recipients") & (answers["decision"] == "accepted")
    return set(answers.loc[accepted, "item"].str.split(" ", n=1).str[0])


def _read_need(reading: _Reading, file: Path) -> None:
    """Read a table of persons in need by settlement or municipality, by service or group.

    The settlements it lists are some of a municipality's: together they are no more than it.
    """
    table = pd.read_csv(file, dtype=str, sep=None, engine="python", encoding="utf-8-sig")
    place = next((n for n in ("settlement", "municipality") if f"{n}_id" in table), "")
    if not place or not {"persons"} < set(table) or not {"service", "target_group"} & set(table):
        return
    inside: dict[_Key, dict[_Key, None]] = {}
    said = False
    for row in table.to_dict("records"):
        service = str(row.get("service"))
        group = str(row.get("target_group") or reading.groups.get(service, service))
        key = ("", group, place, str(row[f"{place}_id"]), "persons")
        if row[f"{place}_id"] != row[f"{place}_id"] or not reading.read(
            key, row["persons"], str(file)
        ):
            continue
        said = True
        if place == "settlement" and "municipality_id" in row:
            home = ("", group, "municipality", str(row["municipality_id"]), "persons")
            inside.setdefault(home, {})[key] = None
    if said:
        reading.files.append(str(file))
    reading.parts += [(home, tuple(keys)) for home, keys in inside.items()]


def _read_study(reading: _Reading, file: Path) -> None:
    """Read the tree of a study: settlements, municipalities, the region, by target group."""
    table = pd.read_csv(file, dtype=str, sep=None, engine="python", encoding="utf-8-sig")
    layers, about = file.with_name("layers.gpkg"), file.with_name("study.json")
    if not {"municipality_id", "target_group", "persons"} <= set(table) or not about.exists():
        return
    reading.files.append(str(file))
    if "service" in table:
        reading.groups |= dict(zip(table["service"], table["target_group"], strict=True))
    study = json.loads(about.read_text(encoding="utf-8"))
    here = f"{study['study']} {study['view']}"
    municipalities: dict[_Key, None] = {}
    for row in table.drop_duplicates(["municipality_id", "target_group"]).to_dict("records"):
        key = ("", str(row["target_group"]), "municipality", row["municipality_id"], "persons")
        if reading.read(key, row["persons"], str(file)):
            municipalities[key] = None
    inside: dict[_Key, list[_Key]] = {}
    if layers.exists():
        import pyogrio

        frame = pyogrio.read_dataframe(layers, layer="settlements", read_geometry=False)
        for column in (name for name in frame if str(name).startswith("persons_")):
            group = str(column).removeprefix("persons_")
            for row in frame.to_dict("records"):
                # A settlement is the same one in every view and region, a code in its year.
                key = ("", group, "settlement", str(row["settlement_id"]), "persons")
                if reading.read(key, row[column], str(layers)):
                    home = ("", group, "municipality", str(row["municipality_id"]), "persons")
                    inside.setdefault(home, []).append(key)
    reading.sums += [(home, tuple(keys)) for home, keys in inside.items()
                     if home in municipalities]  # fmt: skip
    for row in study["headline"].get("groups", ()):
        key = (here, row["target_group"], "region", "", "persons")
        mine = tuple(each for each in municipalities if each[1] == row["target_group"])
        if mine and reading.read(key, row.get("persons"), str(about)):
            reading.sums.append((key, mine))


def _attack(reading: _Reading) -> tuple[list[Narrowed], list[str]]:
    """Narrow every hidden count, target group by target group."""
    narrowed, contradictory = [], []
    for group in sorted({key[1] for key in reading.bounds}):
        counts = LinkedCounts()
        cells = {key: counts.add(*bounds) for key, bounds in reading.bounds.items()
                 if key[1] == group}  # fmt: skip
        for whole, parts in reading.sums:
            if whole in cells:
                terms = {cells[part]: 1.0 for part in parts} | {cells[whole]: -1.0}
                counts.relate(terms, 0.0, 0.0)
        for whole, parts in reading.parts:
            if whole in cells:
                terms = {cells[part]: -1.0 for part in parts} | {cells[whole]: 1.0}
                counts.relate(terms, 0.0, 1e6)
        for less, more, margin in reading.most:
            if less in cells and less != more:
                counts.relate({cells[more]: 1.0, cells[less]: -1.0}, margin, 1e6)
        for key, where in reading.hidden.items():
            if key not in cells:
                continue
            low, high = counts.narrow(cells[key])
            if low > high:
                contradictory.append(where)
                break
            if high - low < WIDTH - 1:
                narrowed.append(Narrowed(where, key[1:], low, high))
    return narrowed, contradictory
