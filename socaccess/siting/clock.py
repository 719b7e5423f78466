"""The time an answer may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from socaccess.messages import Message

__all__ = ["Clock", "Progress"]

Progress = Callable[[Message, float], None]


@dataclass
class Clock:
    """Wall-clock seconds since it was made, against a limit.

    Examples
    --------
    >>> Clock(60.0).is_over
    False
    """

    limit_s: float
    progress: Progress | None = None
    begin: float = field(default_factory=lambda: perf_counter())
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = self.begin + self.limit_s

    @property
    def seconds(self) -> float:
        """Seconds gone by."""
        return perf_counter() - self.begin

    @property
    def left_s(self) -> float:
        """Seconds left; below zero when the limit is passed."""
        return self.deadline - perf_counter()

    @property
    def is_over(self) -> bool:
        """Whether the limit is passed."""
        return self.left_s <= 0

    def part(self, share: float) -> Clock:
        """Return a clock of a share of the time that is left."""
        return Clock(max(0.0, self.left_s) * share, self.progress)

    def report(self, code: str, **values: float) -> None:
        """Report what is being done, as a message of the catalogue."""
        if self.progress is not None:
            self.progress(Message(code, **values), self.seconds)
