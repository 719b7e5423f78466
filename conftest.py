"""Examples ask about the same few studies: each is loaded, run and released once."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.doctest import DoctestItem

from socaccess.cli import OBJECTS
from socaccess.study import Study

RELEASING = ("study.release", "planning.opening", "planning.programme", "planning.measures")
"""Modules that run a study and release it at once."""

PLAIN = (str, int, float)
"""What is the same question when it is written the same."""


def pytest_collection_finish() -> None:
    """Spare the search for rubbish thousands of tests and what they import."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS)


class Kept:
    """Answers by what was asked, for studies that were loaded by name."""

    def __init__(self) -> None:
        self.answers: dict[tuple[Any, ...], Any] = {}
        self.loaded: dict[int, Study] = {}

    def load(self, load: Callable[..., Study]) -> Callable[..., Study]:
        """Return a function that loads a study the first time only."""

        def answer(*words: Any, **options: Any) -> Study:
            study: Study = self._ask(load, ("load", *words), (), words, options)
            self.loaded[id(study)] = study
            return study

        return answer

    def once(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Return a function that answers about a loaded study the first time only."""

        def answer(study: Study, *words: Any, **options: Any) -> Any:
            if id(study) not in self.loaded:
                return function(study, *words, **options)
            return self._ask(
                function, (name, id(study), *map(repr, words)), (study,), words, options
            )

        return answer

    def _ask(
        self, function: Callable[..., Any], key: tuple[Any, ...], first: tuple[Any, ...],
        words: tuple[Any, ...], options: dict[str, Any],
    ) -> Any:  # fmt: skip
        if not all(each is None or isinstance(each, PLAIN) for each in (*words, *options.values())):
            return function(*first, *words, **options)
        key = (*key, repr(sorted(options.items())))
        if key not in self.answers:
            self.answers[key] = function(*first, *words, **options)
        return self.answers[key]


@pytest.fixture(scope="session")
def kept() -> Kept:
    """Return the studies examples have loaded, and what they were asked."""
    return Kept()


@pytest.fixture
def same_studies(kept: Kept) -> Iterator[None]:
    """Give all examples the same studies."""
    from socaccess.study.release import run_released

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Study, "load", staticmethod(kept.load(Study.load)))
        patch.setattr(Study, "run", kept.once(Study.run, "run"))
        for module in RELEASING:
            released = kept.once(run_released, "release")
            patch.setattr(f"socaccess.{module}.run_released", released)
        yield


@pytest.fixture(autouse=True)
def examples_share(request: pytest.FixtureRequest) -> None:
    """Let the examples of docstrings share studies; others ask for it."""
    if isinstance(request.node, DoctestItem):
        request.getfixturevalue("same_studies")
