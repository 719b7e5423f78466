"""Errors and warnings: all of them ours, each also the builtin a user would expect.

A message is one line a problem: what is wrong, where, the first five offending
rows and the count, and what to do about it. Problems of one input are gathered
and raised together, never one at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "ClusterError",
    "CrsError",
    "InputError",
    "MissingDependencyError",
    "NetworkFileError",
    "OutputError",
    "Problem",
    "SocAccessError",
    "SocAccessWarning",
    "SolverError",
    "UnknownNameError",
    "name_rows",
    "raise_problems",
]

SHOWN = 5


class SocAccessError(Exception):
    """Root of every error the library raises on purpose."""


class InputError(SocAccessError, ValueError):
    """Input that cannot be used; `problems` holds every finding of it.

    Parameters
    ----------
    problems
        The findings, or one sentence.

    Examples
    --------
    >>> raise InputError("limit_min must be positive, got -5")
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: limit_min must be positive, got -5
    """

    def __init__(self, problems: str | Sequence[Problem]) -> None:
        if isinstance(problems, str):
            problems = [Problem(problems)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type, tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class CrsError(InputError):
    """A coordinate reference system that is missing or cannot be used."""


class UnknownNameError(InputError, LookupError):
    """A name nobody knows: region, municipality, service, engine, option."""


class NetworkFileError(SocAccessError, OSError):
    """A network file that is truncated, changed or of another version."""


class OutputError(SocAccessError, OSError):
    """A result that could not be written whole; nothing of it was left behind."""


class SolverError(SocAccessError, RuntimeError):
    """The solver failed in a way that is neither a solution nor an infeasibility."""


class ClusterError(SocAccessError, RuntimeError):
    """The machines a calculation was spread over could not do it."""


class MissingDependencyError(SocAccessError, ImportError):
    """An optional library that this function needs is not installed."""


class SocAccessWarning(UserWarning):
    """Something a user should know though the result stands."""


@dataclass(frozen=True)
class Problem:
    """One finding about an input.

    Parameters
    ----------
    what
        What is wrong, as a clause.
    where
        File, sheet or table, with the column where there is one.
    rows
        Every offending row, by the name a user knows it by (line number or id).
    hint
        What to do.

    Examples
    --------
    >>> print(Problem("value is not a number", where="a.csv, column 'places'",
    ...               rows=["line 3", "line 9"], hint="write a number"))
    a.csv, column 'places': value is not a number (line 3, line 9; 2 in all); write a number
    """

    what: str
    where: str = ""
    rows: tuple[str, ...] = ()
    hint: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(str(row) for row in self.rows))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.rows:
            text += f" ({name_rows(self.rows)})"
        return f"{text}; {self.hint}" if self.hint else text


def name_rows(rows: Iterable[object]) -> str:
    """Return the first five of `rows` and how many there are.

    Examples
    --------
    >>> name_rows(["a", "b", "c", "d", "e", "f"])
    'a, b, c, d, e, ...; 6 in all'
    """
    names = [str(row) for row in rows]
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return f"{shown}; {len(names)} in all"


def raise_problems(problems: Sequence[Problem]) -> None:
    """Raise one `InputError` with all `problems`; do nothing when there are none."""
    if problems:
        raise InputError(problems)
