"""A writer that is stopped anywhere leaves the store as before or as after, never between."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from socaccess import rounds
from socaccess.files import ASIDE
from socaccess.rounds import Store, checking

from .killed_writer import list_contents
from .test_whole_round import AT, FILLED

KILLS = int(os.environ.get("SOCACCESS_KILLS", "38"))
"""As many as one has time for; every point of one form is tried whatever their number."""
NEVER = 1_000_000
STEPS = ("open", "write", "fsync", "link", "rename", "replace", "unlink", "mkdir")


@pytest.fixture(autouse=True, scope="module")
def forms_are_read_once() -> Iterator[None]:
    """Keep what a form says by its bytes: each is taken many times, and reading writes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "read_form", cache(checking.read_form))
        yield


class Killed(BaseException):
    """The process is gone: nobody catches this."""


class Killer:
    """Counts what a process asks of the system and stops it for good at one of these points.

    A write that is hit leaves half of its bytes; any other call is hit before or after it
    took effect. From then on the process can do nothing more, not even tidy up.
    """

    def __init__(self, folder: Path, point: int, draw: random.Random) -> None:
        self.folder, self.left, self.draw = str(folder), point, draw
        self.dead = False

    def wrap(self, name: str) -> Callable:
        real = getattr(os, name)

        def step(*args, **options):
            if self.dead:
                raise Killed
            reading = name == "open" and args[1] == os.O_RDONLY
            if not reading and (name in ("write", "fsync") or self.folder in str(args[0])):
                self.left -= 1
            if self.left > 0:
                return real(*args, **options)
            self.dead = True
            if name == "write":
                real(args[0], bytes(args[1])[: len(args[1]) // 2])
            elif self.draw.random() < 0.5:
                real(*args, **options)
            raise Killed

        return step


def read_whole(
    store: Store, known: dict[str, dict[str, str]]
) -> tuple[dict[str, str], pd.DataFrame]:
    """Return what a store holds and its files, all whole; what is of one head is read once."""
    found = store.verify()
    assert found["whole"].all()
    if store.head not in known:
        known[store.head] = list_contents(store)
    return known[store.head], found


@pytest.fixture(scope="module")
def steps(opened, tmp_path_factory):
    """Return forms that come back and, undisturbed, the contents after and the points of each."""
    from .conftest import World

    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(opened, folder / "world")
    world = World(folder / "world")
    forms = [world.edit(code, cells) for code, cells in FILLED.items()]
    store = world.store
    contents, points = [list_contents(store)], []
    for form in forms:
        counter = Killer(store.path, NEVER, random.Random(0))
        with pytest.MonkeyPatch.context() as patch:
            for name in STEPS:
                patch.setattr(os, name, counter.wrap(name))
            rounds.take_form(store, form, at=AT, who="Anna", accept=["all"])
        points.append(NEVER - counter.left)
        contents.append(list_contents(store))
    return forms, contents, points


def test_a_round_killed_again_and_again(world, steps):
    forms, contents, points = steps
    draw = random.Random(20220201)
    folder = world.folder / "store"
    kills = done = committed = 0
    fresh = True
    leftovers = set()
    known: dict[str, dict[str, str]] = {}
    while done < len(forms):
        store = Store.open(folder)
        doomed = kills < KILLS * (done + 1) // len(forms)
        # A file left by the writer killed before need not be written again: fewer points then.
        point = draw.randrange(1, points[done] if fresh else 12)
        if fresh and kills % 5 == 4:
            point = points[done]  # once all is written, when only tidying up is left
        killer = Killer(folder, point, draw)
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
            if doomed:
                for name in STEPS:
                    patch.setattr(os, name, killer.wrap(name))
            rounds.take_form(store, forms[done], at=AT, who="Anna", accept=["all"])
        kills += killer.dead
        survivor = Store.open(folder)
        now, found = read_whole(survivor, known)
        assert now in (contents[done], contents[done + 1])
        through = now == contents[done + 1]
        committed += through and killer.dead
        if through and doomed:
            # It came through, killed after the commit or not at all: once more from before.
            (folder / "manifests" / f"{survivor.revision:06d}.json").unlink()
            found = Store.open(folder).verify()
        left = found.loc[found["finding"] == "leftover", "file"]
        leftovers |= set(left)
        fresh = (through and not doomed) or draw.random() < 0.5
        if fresh:
            for file in left:
                (folder / file).unlink()
        done += through and not doomed
    assert kills == KILLS
    # However often it was killed, the round says what the undisturbed one says, and no more.
    survivor = Store.open(folder)
    assert list_contents(survivor) == contents[-1]
    assert len(survivor.history()) == 3 + len(forms)
    assert len(rounds.list_answers(survivor)) == survivor.manifest["tables"]["answers"]["rows"]
    assert leftovers, "no kill left anything behind: the points were not real"
    assert committed > 0, "no kill fell after the commit"
    survivor.tidy()
    assert not [p for p in folder.rglob("*") if p.name.startswith(ASIDE)]


def test_every_point_of_one_form(world, steps):
    forms, contents, _ = steps
    reached = 0
    known: dict[str, dict[str, str]] = {}
    for point in range(1, 200):
        folder = world.folder / f"copy-{point}"
        shutil.copytree(world.folder / "store", folder)
        killer = Killer(folder, point, random.Random(point))
        store = Store.open(folder)
        with pytest.MonkeyPatch.context() as patch:
            for name in STEPS:
                patch.setattr(os, name, killer.wrap(name))
            try:
                rounds.take_form(store, forms[0], at=AT, who="Anna", accept=["all"])
            except Killed:
                reached = point
        survivor = Store.open(folder)
        assert read_whole(survivor, known)[0] in contents[:2]
        shutil.rmtree(folder)
        if not killer.dead:
            break
    assert reached >= 25  # five tables and files, each written, synced, named


def test_a_start_that_is_stopped_can_be_repeated(region, tmp_path):
    undisturbed = rounds.start_store(tmp_path / "whole", region, at=AT, who="Anna")
    whole = undisturbed.read("facilities")
    assert len(whole) > 100
    for point in range(1, 120, 9):
        folder = tmp_path / f"store-{point}"
        killer = Killer(folder, point, random.Random(point))
        with pytest.MonkeyPatch.context() as patch:
            for name in STEPS:
                patch.setattr(os, name, killer.wrap(name))
            with contextlib.suppress(Killed):
                rounds.start_store(folder, region, at=AT, who="Anna")
        if not killer.dead:
            break
        try:
            store = Store.open(folder)
            started = bool(store.list_tables())
        except ValueError:
            started = False
        if not started:
            store = rounds.start_store(folder, region, at=AT, who="Anna")
        assert store.verify()["whole"].all()
        assert store.read("facilities").equals(whole)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
def test_real_kills(world, steps):
    forms, contents, _ = steps
    script = Path(__file__).with_name("killed_writer.py")
    answer = subprocess.run(
        [sys.executable, script, str(world.folder / "store"), AT, "12", *map(str, forms[:6])],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told = json.loads(answer.stdout.splitlines()[-1])
    assert told["broken"] == []
    assert told["killed"] >= 6
    assert all(seen in contents for seen in told["contents"])
    assert list_contents(Store.open(world.folder / "store")) == contents[6]
