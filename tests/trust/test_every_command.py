"""Every command over counts under five: what all of them print and write tells none of them.

Two needs that differ in hidden counts only, most of which are 0 in one and 4 in the other, are
given to every command there is, by `socaccess --help` and not by a list of ours. What comes out
must be the same to the byte, screen, JSON and files: then no decimal, reason, order or hash of
it tells a hidden count, and, since the needs are the same two for every command, neither does
all of it together. The audit then attacks everything that was written, laid side by side.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import typer

from socaccess import rounds
from socaccess.cli.app import app
from socaccess.cli.speech import walk_commands
from socaccess.privacy import SMALL, WITHHELD, Protection, protect
from socaccess.privacy.audit import audit_folders
from socaccess.rounds import layouts
from socaccess.study import Study
from socaccess.study.release import release, run_released
from socaccess.study.releasing import BORDERS
from tests.commands import run_command
from tests.documents.attack import Attack, attack_tree, imagine_counts

TODAY = ("0024000", "0036000", "0037000")
"""Balvi, Līvāni and Ludza: municipalities of today that the plan's add up to."""

LUDZA, CENTRE = "Ludzas novads", ("--service", "dac_grt")
YEARS = ("--years", "2026-2027")
HOUSE = "lat013"
"""An institution, which stands in Ludza here, so that its house is one among people in need."""

COMMANDS: dict[str, tuple[str, ...]] = {
    "check": (LUDZA,),
    "site": ("latgale", *CENTRE, "--why", "--sites", "2"),
    "access": ("latgale", *CENTRE),
    "closing": ("latgale", *CENTRE),
    "sweep": ("latgale", *CENTRE, "--limits", "30", "--sites", "1"),
    "plan views": ("latgale",),
    "plan forecast": ("latgale", *YEARS),
    "plan model": (LUDZA, "--form", "full"),
    "plan cooperation": ("latgale", *CENTRE, "--places"),
    "plan objects": ("latgale",),
    "plan buildings": ("latgale", *CENTRE),
    "plan eraf": (LUDZA, *CENTRE, "--settlement", "Ludza", "--places", "8"),
    "plan budget": ("latgale", "--years", "2026"),
    "plan person_budget": ("Ludza", "--budget", "700", "--need", "dac_grt=20"),
    "plan mobile": ("latgale", "--service", "home_care", "--base", "Ludza", "--visits-per-week",
                    "5", "--visit-hours", "1", "--worker-hours", "36"),
    "plan obstacles": ("latgale",),
    "plan reorganisation": ("latgale", "--institution", HOUSE, "--persons", "30"),
    "plan programme": ("latgale", *YEARS),
    "programme build": ("PROGRAMME",),
    "programme financing": ("PROGRAMME",),
    "round compare": ("before", "after", "--store", "STORE"),
}  # fmt: skip
"""Commands about a study, as they are called here; words in capitals are folders of a side."""
SLOW = ("check", "site", "sweep", "run", "programme init", "programme build", "programme financing")
"""Their JSON says what stands in their files; they are called once only."""
ELSEWHERE = {
    "run": "documents/test_recovery.py",
    "annex": "documents/test_recovery.py",
    "round report": "trust/test_disclosure.py",
}
"""Commands whose counts are attacked in another file of the tests."""
WITHOUT = {
    "validate": "its own user's table",
    "data list": "files", "data fetch": "files", "data verify": "files", "data where": "files",
    "data compare": "public counts of providers", "data audit": "what others wrote",
    "network build": "roads", "network info": "roads", "network route": "minutes",
    "network times": "minutes", "plan need": "published figures of the plans",
    "plan goals": "published goals of whole regions", "plan catalogue": "services",
    "plan profiles": "shares of inhabitants",
    "plan movers": "its own user's persons; its sums by small counts are in test_people",
    "plan general_services": "minutes", "plan pilot": "its own user's persons",
    "programme init": "a file to be filled in", "programme backtest": "published figures",
    "round open": "forms hold their own municipality's counts", "round take": "the store's own",
    "round decide": "the store's own", "round status": "the store's own", "round undo": "no counts",
    "round history": "no counts", "round verify": "no counts", "round snapshot": "the store's own",
    "round consult": "no counts", "round statements": "no counts", "round approve": "no counts",
    "round erase": "no counts", "round export": "no counts of persons",
    "scale times": "minutes", "scale nearest": "minutes", "scale coverage": "inhabitants",
    "scale verify": "files", "transit build": "timetables", "transit info": "timetables",
    "transit times": "minutes", "transit return": "minutes",
}  # fmt: skip
"""Commands that write no counts of persons in need, and what they write instead."""


PERSONS = {"persons", "persons_before", "persons_after", "persons_near", "clients", "clients_whole",
           "covered", "gain"}  # fmt: skip
"""Columns that count persons."""

GROUPS = {path.split("_")[0] for path, command in walk_commands(typer.main.get_command(app))
          if hasattr(command, "commands") and path}  # fmt: skip


def test_every_command_is_attacked_or_declared_without_counts():
    there = {path.replace("_", " ", 1) if path.split("_")[0] in GROUPS else path
             for path, command in walk_commands(typer.main.get_command(app))
             if not hasattr(command, "commands")}  # fmt: skip
    known = [*COMMANDS, *ELSEWHERE, *WITHOUT]
    assert len(known) == len(set(known))
    assert there == set(known)
    for file in ELSEWHERE.values():
        assert (Path(__file__).parents[1] / file).exists()


@dataclass
class World:
    """A study whose counts are known to one side only."""

    counts: pd.DataFrame
    folder: Path
    studies: dict[str, Study]
    results: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    said: dict[str, tuple[str, dict[str, bytes]]] = field(default_factory=dict)

    def load(self, region: str, *, view: str = "today", **options: Any) -> Study:
        """Return the study with these counts, whatever region is asked for."""
        key = f"{view} {options!r}"
        if key not in self.studies:
            study = LOAD("latgale", view=view, **options)
            inside = study.settlements["settlement_id"].isin(self.counts.index)
            study = study.select(study.settlements.loc[inside, "municipality_id"].unique().tolist())
            facilities = move_house(study)
            self.studies[key] = replace(
                study, need=list_need(self.counts), facilities=facilities, name="latgale"
            )
        return self.studies[key]

    def call(self, name: str, *words: str) -> tuple[str, dict[str, bytes]]:
        """Return what a command prints, as text and as JSON, and the files it writes."""
        if name not in self.said:
            self.said[name] = self._call(name, *words)
        return self.said[name]

    def _call(self, name: str, *words: str) -> tuple[str, dict[str, bytes]]:
        out = self.folder / name.replace(" ", "_")
        if "PROGRAMME" in words and not (self.folder / "PROGRAMME").exists():
            self._begin_programme()
        if "STORE" in words and not (self.folder / "STORE").exists():
            self._begin_store()
        words = tuple(str(self.folder / word) if word.isupper() else word for word in words)
        command = [*name.replace("_", "-").split(), *words]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Study, "load", staticmethod(self.load))
            patch.setattr(Study, "run", self._once(RUN))
            patch.setattr("socaccess.planning.opening.release", self._once(release))
            for module in ("study.release", "planning.opening", "planning.programme"):
                patch.setattr(f"socaccess.{module}.run_released", self._once(run_released))
            answers = [run_command(*command, "--out", out, lang="en")]
            if name not in SLOW:
                answers.append(run_command(*command, "--json", lang="en"))
        for done in answers:
            assert done.exit_code in (0, 3), done.output
        said = "".join(done.stdout for done in answers).replace(str(self.folder), "")
        return said, {path.relative_to(out).as_posix(): path.read_bytes()
                      for path in sorted(out.rglob("*")) if path.is_file()}  # fmt: skip

    def _begin_programme(self) -> None:
        """Write the file of a programme that takes answers from a round."""
        self._begin_store()
        self.call("programme init", str(self.folder / "PROGRAMME"), "--region", "latgale", *YEARS)
        plan = self.folder / "PROGRAMME" / "programme.toml"
        text = plan.read_text("utf-8")
        assert 'store = ""' in text
        plan.write_text(text.replace('store = ""', 'store = "../STORE"'), encoding="utf-8")

    def _begin_store(self) -> None:
        """Start a store in which municipalities and providers have said how many there are."""
        study = self.load("latgale")
        store = rounds.start_store(self.folder / "STORE", study, at=AT, who="Anna")
        few = iter(np.minimum(self.counts.to_numpy().ravel(), 4).tolist() * 9)
        homes = study.municipalities["municipality_id"].tolist()
        services = store.read("services")["service"].tolist()
        stances = [
            {"municipality_id": home, "service": service, "stance": "backs", "as_of": AT[:10],
             "need": next(few) if number % 2 else 20 + number, "waiting": next(few)}
            for home in homes for number, service in enumerate(services[:6])
        ]  # fmt: skip
        facilities = store.read("facilities").query("status == 'operating'").head(6)
        clients = [
            {"facility_id": row.facility_id, "municipality_id": row.municipality_id,
             "home_id": home, "clients": next(few) if row.municipality_id < home else 11,
             "as_of": AT[:10]}
            for row in facilities.itertuples() for home in homes
        ]  # fmt: skip
        tables = {layouts.STANCES: pd.DataFrame(stances), layouts.CLIENTS: pd.DataFrame(clients)}
        store.commit(tables, at=AT, who="Anna", action="take", note="")
        # More in one place that shows its count, whatever is hidden elsewhere.
        counts = self.counts.copy()
        counts.loc[counts["adults_grt"].idxmax(), "adults_grt"] += 7
        for label, known in (("before", counts), ("after", self.counts)):
            result = RUN(replace(study, need=list_need(known)), sites=False)
            taken = rounds.make_snapshot(result, label=label, date=AT[:10])
            rounds.keep_snapshot(store, taken, at=AT, who="Anna")

    def _once(self, answer: Any) -> Any:
        """A study is run and released once for all commands."""

        def remember(asked: Any, *words: Any, **options: Any) -> Any:
            key = (answer.__name__, id(asked), repr(words), repr(options))
            if key not in self.results:
                self.results[key] = (asked, answer(asked, *words, **options))
            return self.results[key][1]

        return remember


LOAD, RUN = Study.load, Study.run
AT = "2026-02-01T10:00:00"


def move_house(study: Study) -> gpd.GeoDataFrame:
    """Return the facilities of a study with an institution in Ludza."""
    ludza = study.settlements.set_index("name").loc["Ludza"]
    facilities = study.facilities.copy()
    moved = facilities["facility_id"] == HOUSE
    assert moved.sum() == 1
    facilities.loc[moved, "municipality_id"] = ludza["municipality_id"]
    facilities.loc[moved, "geometry"] = ludza["geometry"]
    return facilities


def list_need(counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts by settlement and target group as the need of a study."""
    need = counts.stack().rename("persons").reset_index()
    need.columns = ["settlement_id", "target_group", "persons"]
    return need.assign(basis="published").astype({"persons": float})


def draw_counts(settlements: list[str], groups: list[str]) -> pd.DataFrame:
    """Return whole counts, most of them small."""
    chance = np.random.default_rng(7)
    table = pd.DataFrame(index=pd.Index(settlements, name="settlement_id"))
    for group in groups:
        table[group] = chance.poisson(chance.gamma(1.2, 4 / 1.2, len(table)))
    return table


def protect_tree(study: Study, persons: np.ndarray, counts: pd.DataFrame) -> Protection:
    places = study.settlements.set_index("settlement_id").loc[counts.index]
    homes, names = pd.factorize(places["municipality_id"], sort=True)
    people = places["population"].to_numpy(dtype=float)
    borders = [np.zeros(len(places)), *(places[name].to_numpy() for name in BORDERS)]
    return protect(persons, homes, len(names), inhabitants=people, below=5, borders=borders)


def move_hidden(counts: pd.DataFrame, views: list[Study], *, high: bool) -> pd.DataFrame:
    """Return other counts of which every view of the study shows the very same.

    Every other hidden count is made 4 and those between 0, or the other way round, as far as
    such a need can be.
    """
    moved = counts.copy()
    for group in counts:
        persons = counts[group].to_numpy(dtype=float)
        # A sum that is withheld decides what was withheld in it: more and more of them stay.
        found = (_imagine(counts, persons, views, high, held / 4) for held in range(5))
        other = next((each for each in found if each is not None), None)
        assert other is not None, f"no other need of {group} shows the same"
        moved[group] = other.astype(int)
    return moved


def _imagine(
    counts: pd.DataFrame, persons: np.ndarray, views: list[Study], high: bool, held: float
) -> np.ndarray | None:
    """Return another need that shows the same, a share of the withheld sums being the same."""
    chance = np.random.default_rng(3)
    seen = [protect_tree(study, persons, counts) for study in views]
    known = Attack(list(range(len(persons))))
    for study, found in zip(views, seen, strict=True):
        places = study.settlements.set_index("settlement_id").loc[counts.index]
        homes, names = pd.factorize(places["municipality_id"], sort=True)
        part = attack_tree(persons, homes, len(names), found, 5, most=4)
        kept = [homes == number for number in np.flatnonzero(found.groups == WITHHELD)]
        kept += [(homes == number) & (found.members == WITHHELD) for number in range(len(names))]
        for at in map(np.flatnonzero, kept):
            if chance.random() < held:
                part.know(at.tolist(), persons[at].sum(), persons[at].sum())
        known.rows += part.rows
        known.low += part.low
        known.high += part.high
    fixed: dict[object, int] = {}
    for number, cell in enumerate(np.flatnonzero(seen[0].members == SMALL).tolist()):
        value = 4 if (number % 2 == 0) == high else 0
        if imagine_counts(known, {**fixed, cell: value}, 60, chance) is not None:
            fixed[cell] = value
    for _ in range(30):
        other = imagine_counts(known, fixed, 60, chance)
        assert other is not None
        # One by one: most that show another thing do so in the first view already.
        again = (protect_tree(study, other, counts) for study in views)
        if all(np.array_equal(a.members, b.members) and np.array_equal(a.groups, b.groups)
               and a.total == b.total for a, b in zip(seen, again, strict=True)):  # fmt: skip
            return other
    return None


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> Iterator[tuple[World, World]]:
    """The same study with two needs that show the same."""
    today = LOAD("latgale", view="today").select(TODAY)
    settlements = today.settlements["settlement_id"].tolist()
    plan = LOAD("latgale", view="plan")
    inside = plan.settlements["settlement_id"].isin(settlements)
    plan = plan.select(plan.settlements.loc[inside, "municipality_id"].unique().tolist())
    assert plan.settlements["settlement_id"].tolist() == settlements
    counts = draw_counts(settlements, sorted(today.need["target_group"].unique()))
    sides = [move_hidden(counts, [today, plan], high=high) for high in (True, False)]
    yield tuple(World(each, tmp_path_factory.mktemp("side"), {}) for each in sides)


def test_most_hidden_counts_stand_at_both_ends(worlds):
    high, low = (world.counts.to_numpy() for world in worlds)
    assert ((high < 5) == (low < 5)).all() and (high == low)[high >= 5].mean() > 0.5
    small = high < 5
    assert small.sum() > 100
    assert (np.abs(high - low)[small] == 4).mean() > 0.5


@pytest.mark.parametrize("name", COMMANDS)
def test_hidden_counts_change_nothing_that_a_command_says(name, worlds):
    one, other = (world.call(name, *COMMANDS[name]) for world in worlds)
    assert one[0] == other[0]
    assert list(one[1]) == list(other[1])
    for file, content in one[1].items():
        assert strip_time(content, file) == strip_time(other[1][file], file), file


def test_all_that_was_written_narrows_nothing_together(worlds):
    """The audit over the folders of all commands and of a run, side by side."""
    world, other = worlds
    for name, words in {**COMMANDS, "run": ("latgale",)}.items():
        world.call(name, *words)
    groups = world.load("latgale").group_of
    found = audit_folders([world.folder], groups=groups)
    assert not found.narrowed and not found.contradictory
    assert found.files >= 5 and found.hidden > 100
    # What a comparison of snapshots shows of a municipality is what a run shows.
    shown = pd.read_csv(world.folder / "round_compare" / "changes_persons.csv", dtype=str)
    run = pd.read_csv(world.folder / "run" / "coverage.csv", dtype=str)
    run = run.drop_duplicates(["municipality_id", "target_group"])
    both = shown.merge(run, on=["municipality_id", "target_group"])
    assert len(both) == len(shown) > 0
    assert (both["persons_after"] == both["persons"]).all()
    # Nor do the tables that a programme begins with differ.
    begun = sorted((world.folder / "PROGRAMME").glob("*.csv"))
    assert len(begun) > 3
    for path in begun:
        assert path.read_bytes() == (other.folder / "PROGRAMME" / path.name).read_bytes(), path


def test_no_count_of_persons_is_written_finer_than_by_tenths(worlds):
    """What sums and shares leave behind the comma (189.000001) is nobody."""
    world, seen, fine = worlds[0], 0, []
    for name, words in COMMANDS.items():
        for file, content in world.call(name, *words)[1].items():
            if not file.endswith(".csv"):
                continue
            table = pd.read_csv(io.BytesIO(content), dtype=str)
            for column in PERSONS & set(table):
                cells = table[column].dropna()
                found = cells[cells.str.fullmatch(r"-?\d+\.\d{2,}")].tolist()
                fine += [(name, file, column, found[:2])] if found else []
                seen += len(cells)
    assert fine == []
    assert seen > 500


def strip_time(content: bytes, file: str) -> bytes:
    """Return a file without the moment it was written, which GeoPackages and plans hold."""
    if file.endswith(".gpkg"):
        with sqlite3.connect(":memory:") as base:
            base.deserialize(content)
            return "\n".join(line for line in base.iterdump() if "gpkg_contents" not in line
                             and "gpkg_ogr_contents" not in line).encode()  # fmt: skip
    return content
