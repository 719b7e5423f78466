"""Tests and examples ask about the same few studies: each is loaded, run and released once."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pandas as pd
import pytest

from socaccess.cli import OBJECTS
from socaccess.settings import Settings
from socaccess.study import Study

PLAIN = (str, int, float, Settings)
"""What is the same question when it is written the same."""

LONGEST = (
    "test_one_figure.py", "test_every_command.py", "test_programme_build.py",
    "test_commands_of_a_plan.py", "test_commands.py", "test_page_for_everybody.py",
    "test_tables.py", "test_recovery.py", "test_map_browser.py",
    "test_kill.py", "test_wheel.py", "test_annex.py", "test_careless_round.py",
    "test_whatif_page.py", "test_disclosure.py", "test_examples.py", "test_project.py",
)  # fmt: skip
"""Files that take longest: begun first, so that no worker ends long after the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


def pytest_configure() -> None:
    """Look for rubbish less often."""
    gc.set_threshold(OBJECTS)


def pytest_collection_finish() -> None:
    """Spare the search for rubbish thousands of tests and what they import."""
    gc.collect()
    gc.freeze()


class Kept:
    """Answers by what was asked, for the studies of regions, which are loaded by name."""

    def __init__(self) -> None:
        self.answers: dict[tuple[Any, ...], Any] = {}
        self.loaded: dict[int, tuple[Study, dict[str, pd.DataFrame]]] = {}

    def once(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that answers a question the first time only."""
        signature = inspect.signature(function)

        @wraps(function)
        def answer(*words: Any, **options: Any) -> Any:
            bound = signature.bind(*words, **options)
            bound.apply_defaults()
            asked = dict(bound.arguments)
            asked.pop("progress", None)
            study = asked.pop("self", asked.pop("study", None))
            if self._is_embedded(asked.get("network"), asked.get("settings")):
                asked["network"] = None
            plain = all(each is None or isinstance(each, PLAIN) for each in asked.values())
            if not plain or not (study is None or id(study) in self.loaded):
                return function(*words, **options)
            if "settings" in asked:
                asked["settings"] = asked["settings"] or Settings()
            key = (function.__name__, id(study), *(f"{each}" for each in asked.values()))
            if key not in self.answers:
                self.answers[key] = found = function(*words, **options)
                if study is None:
                    self.loaded[id(found)] = found, copy_tables(found)
            return self.answers[key]

        return answer

    def once_by_study(self, measure: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that measures the times of a study and its institutions once."""

        @wraps(measure)
        def answer(study: Study, institutions: pd.DataFrame, progress: Any = None) -> Any:
            if id(study) not in self.loaded:
                return measure(study, institutions, progress)
            key = (measure.__name__, id(study), *institutions["facility_id"])
            if key not in self.answers:
                self.answers[key] = measure(study, institutions)
            return self.answers[key]

        return answer

    def _is_embedded(self, network: Any, settings: Settings | None) -> bool:
        """Return whether roads are those that a study would be given by default."""
        links = (settings or Settings()).links
        return any(
            study.network is network and study.settings.links == links
            for study, _ in self.loaded.values()
        )

    def find_changed(self) -> list[str]:
        """Return what tests have changed in studies that others ask about too."""
        return [
            f"{study.name} {study.view}: {name}"
            for study, tables in self.loaded.values()
            for name, table in tables.items()
            if not table.equals(getattr(study, name))
        ]


def copy_tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the tables of a study as they are now."""
    tables = vars(study).items()
    return {name: table.copy() for name, table in tables if isinstance(table, pd.DataFrame)}


@pytest.fixture(scope="session", autouse=True)
def _same_commands() -> Iterator[None]:
    """Build the commands once: hundreds of tests call one, and each call built them all."""
    import typer.testing

    build, built = typer.main.get_command, {}

    def get_command(app: typer.Typer) -> Any:
        # Tests with commands of their own may add one after the first call.
        key = id(app), len(app.registered_commands), len(app.registered_groups)
        if key not in built:
            built[key] = app, build(app)
        return built[key][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", get_command)
        patch.setattr(typer.testing, "_get_command", get_command)
        yield


@pytest.fixture(scope="session", autouse=True)
def _same_studies() -> Iterator[None]:
    """Give all tests the same studies of regions; nobody may change them."""
    from socaccess.planning import service_access  # noqa: F401 - is given the same, too
    from socaccess.study.reach import measure_reach
    from socaccess.study.release import run_released

    kept = Kept()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Study, "load", staticmethod(kept.once(Study.load)))
        patch.setattr(Study, "run", kept.once(Study.run))
        answers = [
            (run_released, kept.once(run_released)),
            (measure_reach, kept.once_by_study(measure_reach)),
        ]
        for module in [*sys.modules.values()]:
            for function, once in answers:
                name = function.__name__
                if getattr(module, "__dict__", {}).get(name) is function:
                    patch.setattr(module, name, once)
        yield
    assert kept.find_changed() == []
