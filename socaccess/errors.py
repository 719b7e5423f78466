"""Errors and warnings: all of them ours, each also the builtin a user would expect.

A message is one line per problem: what is wrong, where, the first five offending
rows and the count, and what to do about it. Problems of one input are gathered
and raised together, never one at a time. Errors carry codes; the sentences stand in
the catalogues (`messages`), and `error.text("lv")` gives them in either language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from socaccess.messages import DEFAULT_LANGUAGE, SHOWN, Message, is_code, show_value

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
    "TimetableFileError",
    "UnknownNameError",
    "name_rows",
    "raise_problems",
    "speak",
]


class Problem:
    """One finding about an input.

    Parameters
    ----------
    code
        Code of the sentence that says what is wrong and what to do (`messages`), or, from
        outside the package, a sentence of one's own.
    where
        File, sheet or table.
    rows
        Every offending row, by the name a user knows it by: an id, or a `Message`
        such as `Message("common.line", number=3)`.
    column
        Heading of the column, where there is one.
    values
        What is filled into the sentence.

    Examples
    --------
    >>> print(Problem("coverage.limit_not_positive", "a.csv", ["r7", "r9"],
    ...               column="limit_min", limit=-5))  # doctest: +ELLIPSIS
    a.csv, column 'limit_min': limit -5 is not above 0 minutes (r7, r9; 2 in all); give ...
    """

    __slots__ = ("code", "column", "rows", "values", "where")

    def __init__(
        self,
        code: str,
        where: str | Message = "",
        rows: Iterable[object] = (),
        *,
        column: str | None = None,
        **values: object,
    ) -> None:
        self.code = code
        self.where = where
        self.rows: tuple[object, ...] = tuple(
            row if isinstance(row, Message) else str(row) for row in rows
        )
        self.column = column
        self.values = values

    @property
    def what(self) -> str:
        """What is wrong, in English."""
        return self.describe()

    def describe(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return what is wrong, without where and what to do."""
        # Who calls us may have a sentence of his own: it stays as it is.
        return Message(self.code, **self.values).text(lang) if is_code(self.code) else self.code

    def advise(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return what to do, or an empty text."""
        return Message(self.code, **self.values).advice(lang) if is_code(self.code) else ""

    def locate(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return where it is wrong: file or table, and column."""
        parts = [show_value(self.where, lang)] if self.where else []
        if self.column is not None:
            parts.append(Message("common.column", column=self.column).text(lang))
        return ", ".join(parts)

    def move(
        self, where: str | Message, rows: Iterable[object] = (), *, column: str | None = None
    ) -> Problem:
        """Return the same finding at another place: that of the input it was found for."""
        moved = Problem(self.code, where, rows, column=column)
        moved.values = self.values
        return moved

    def text(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return the finding as one line of `lang`."""
        where, advice = self.locate(lang), self.advise(lang)
        text = f"{where}: {self.describe(lang)}" if where else self.describe(lang)
        if self.rows:
            text += f" ({name_rows(self.rows, lang)})"
        return f"{text}; {advice}" if advice else text

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Problem({self.text()!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    def __hash__(self) -> int:
        return hash((self.code, str(self.where), self.column))


class SocAccessError(Exception):
    """Root of every error the library raises on purpose.

    Parameters
    ----------
    problems
        The code of one sentence, or every finding.
    values
        What is filled into the one sentence; `where`, `rows` and `column` as in `Problem`.
    """

    def __init__(self, problems: str | Sequence[Problem], /, **values: Any) -> None:
        found = (Problem(problems, **values),) if isinstance(problems, str) else tuple(problems)
        self.problems: tuple[Problem, ...] = found
        self.lang: str | None = None
        super().__init__(self.text(DEFAULT_LANGUAGE))

    @property
    def code(self) -> str:
        """Code of the first finding."""
        return self.problems[0].code

    def text(self, lang: str) -> str:
        """Return every finding in `lang`, one line each."""
        return "\n".join(problem.text(lang) for problem in self.problems)

    def __str__(self) -> str:
        return self.text(self.lang or DEFAULT_LANGUAGE)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,), {"lang": self.lang}


class InputError(SocAccessError, ValueError):
    """Input that cannot be used; `problems` holds every finding of it.

    Examples
    --------
    >>> raise InputError("coverage.limit_not_positive", limit=-5)
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: limit -5 is not above 0 minutes; give minutes above 0
    """


class CrsError(InputError):
    """A coordinate reference system that is missing or cannot be used."""


class UnknownNameError(InputError, LookupError):
    """A name nobody knows: region, municipality, service, engine, option."""


class NetworkFileError(SocAccessError, OSError):
    """A network file that is truncated, changed or of another version."""


class TimetableFileError(SocAccessError, OSError):
    """A saved timetable that is truncated, changed or of another version."""


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


def name_rows(rows: Iterable[object], lang: str = DEFAULT_LANGUAGE) -> str:
    """Return the first five of `rows` and how many there are.

    Examples
    --------
    >>> name_rows(["a", "b", "c", "d", "e", "f"])
    'a, b, c, d, e, ...; 6 in all'
    """
    names = list(rows)
    shown = [show_value(row, lang) for row in names[:SHOWN]]
    more = ", ..." if len(names) > SHOWN else ""
    return f"{', '.join(shown)}{more}; {Message('common.in_all', count=len(names)).text(lang)}"


def raise_problems(problems: Sequence[Problem]) -> None:
    """Raise one `InputError` with all `problems`; do nothing when there are none."""
    if problems:
        raise InputError(problems)


@contextmanager
def speak(lang: str) -> Iterator[None]:
    """Let errors raised inside say their sentences in `lang`, unless they have a language.

    Examples
    --------
    >>> with speak("lv"):
    ...     raise InputError("coverage.limit_not_positive", limit=0.5)
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: robežlaiks 0,5 min nav lielāks par 0; norādiet laiku virs 0 minūtēm
    """
    try:
        yield
    except SocAccessError as error:
        error.lang = error.lang or lang
        raise
