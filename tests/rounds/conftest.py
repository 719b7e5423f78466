"""One open round of Latgale, copied for every test that writes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from socaccess import rounds
from socaccess.rounds import Store
from socaccess.study import Study

WHO = "Anna"
OPENED = "2022-01-10T09:00:00"
TAKEN = "2022-02-01T10:00:00"


@dataclass
class World:
    """An open round: its store and its forms, by the code of the municipality."""

    folder: Path

    @property
    def store(self) -> Store:
        return Store.open(self.folder / "store")

    def form(self, municipality_id: str) -> Path:
        return next((self.folder / "forms").glob(f"*_{municipality_id}_*.xlsx"))

    def edit(self, municipality_id: str, cells: dict, name: str = "") -> Path:
        """Return a copy of a form with cells such as `Iestādes!G2` filled in."""
        book = openpyxl.load_workbook(self.form(municipality_id))
        for place, value in cells.items():
            sheet, cell = place.split("!")
            book[sheet][cell] = value
        path = self.folder / (name or f"back-{municipality_id}.xlsx")
        book.save(path)
        return path

    def take(self, municipality_id: str, cells: dict, **options) -> rounds.TakenForm:
        path = self.edit(municipality_id, cells)
        return rounds.take_form(self.store, path, **{"at": TAKEN, "who": WHO, **options})


@pytest.fixture(autouse=True, scope="module")
def no_wait_for_the_disk() -> Iterator[None]:
    """Do not wait until files stand on the disk: no test cuts the power of its machine.

    A file that is not open fails as ever, and writers that are stopped still count these calls.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: os.fstat(file) and None)
        yield


@pytest.fixture(scope="session")
def region() -> Study:
    """Latgale as its DI plan knew it; not run."""
    return Study.load("latgale", view="plan")


@pytest.fixture(scope="session")
def opened(region, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("latgale-round")
    persons = rounds.list_published_persons(region, until_year=2020)
    store = rounds.start_store(folder / "store", region, at=OPENED, who=WHO, persons=persons)
    rounds.open_round(
        store,
        "latgale-2021",
        as_of="2021-12-31",
        due="2022-02-15",
        folder=folder / "forms",
        at=OPENED,
        who=WHO,
    )
    return folder


@pytest.fixture
def world(opened, tmp_path) -> World:
    shutil.copytree(opened, tmp_path / "world")
    return World(tmp_path / "world")
