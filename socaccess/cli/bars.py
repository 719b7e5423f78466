"""Bars that grow on the terminal while something takes long, out of the way of what is printed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["IN_GENERAL", "Bars"]

IN_GENERAL = "work"
"""The step of a command that says no more of what it is doing."""


class Bars:
    """One bar per step, on the error stream of a terminal; none where nobody watches."""

    def __init__(self) -> None:
        self._shown: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def grow(self, step: str, words: str, done: int = 0, total: int = 0) -> None:
        """Draw the bar of a step, or draw it on; one of a step in general gives way to others."""
        if not sys.stderr.isatty():
            return
        if self._shown is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._shown = Progress(*columns, console=Console(stderr=True), transient=True)
            self._shown.start()
        if step not in self._tasks:
            self._tasks[step] = self._shown.add_task(words, total=None)
        if step != IN_GENERAL and IN_GENERAL in self._tasks:
            self._shown.remove_task(self._tasks.pop(IN_GENERAL))
        self._shown.update(self._tasks[step], completed=done, total=total or None)

    def take_away(self) -> None:
        """Take the bars off the screen; the next step draws its own.

        Whatever is printed below them would be wiped out with them.
        """
        if self._shown is not None:
            self._shown.stop()
        self._shown, self._tasks = None, {}
