"""A writer for the tests of `socaccess.files`, imported by the processes that are killed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from socaccess.files import write_files

NAMES = ("a.csv", "b.html", "c.pdf", "d.gpkg", "e.json")


def write_generation(folder: str | Path, number: int) -> None:
    """Write all files with one number in them, each of 10,000 bytes."""
    write_files(folder, dict.fromkeys(NAMES, f"{number:<10000}"))


def write_generations(folder: Path, first: int, ready: Any) -> None:
    """Write one generation after another until killed."""
    ready.set()
    while True:
        write_generation(folder, first)
        first += 1


def die_at(folder: Path, number: int, step: int, names: Sequence[str]) -> None:
    """Write a generation, but end without any tidying up at the given call of the system."""
    left = step

    def wrap(real: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(9)
            return real(*args, **options)

        return call

    for name in names:
        setattr(os, name, wrap(getattr(os, name)))
    write_generation(folder, number)
