"""What is found in a form that came back: a code, a place and what stands there."""

from __future__ import annotations

from dataclasses import dataclass, field

from socaccess.errors import Problem
from socaccess.i18n import Texts

__all__ = ["FAULT", "FORM", "NOTE", "WATCH", "Finding", "FormError", "to_problems"]

FORM, FAULT, WATCH, NOTE = "form", "fault", "watch", "note"
"""Levels: the whole form is refused; the row cannot be accepted; the row is accepted only by
name; something to know."""

SHOWN_SIGNS = 60


@dataclass(frozen=True)
class Finding:
    """One finding in a form.

    Parameters
    ----------
    code
        Which; its sentence is the text `round.find_<code>`.
    level
        `form`, `fault`, `watch` or `note`.
    row
        Name of the row, such as `I4`; empty for the form.
    column
        Name of the column.
    values
        What the sentence fills in.
    """

    code: str
    level: str
    row: str = ""
    column: str = ""
    values: dict[str, str] = field(default_factory=dict)

    def tell(self, texts: Texts) -> str:
        """Return the finding as a line in one language."""
        line = texts(f"round.find_{self.code}", **self.values)
        where = " ".join(
            part for part in (self.row, f"“{texts(f'round.column_{self.column}')}”"
                              if self.column else "") if part
        )  # fmt: skip
        return f"{where}: {line}" if where else line


class FormError(Exception):
    """A form that cannot even be read; carries its one finding."""

    def __init__(self, code: str, **values: object) -> None:
        shown = {name: shorten(value) for name, value in values.items()}
        self.finding = Finding(code, FORM, values=shown)
        super().__init__(code)


def shorten(value: object) -> str:
    """Return a value for a sentence: one line, printable, not too long."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return text if len(text) <= SHOWN_SIGNS else text[: SHOWN_SIGNS - 1] + "…"


def to_problems(findings: tuple[Finding, ...], file: str, texts: Texts) -> list[Problem]:
    """Return findings as problems of a file, so that they can be raised together."""
    return [Problem(finding.tell(texts), file) for finding in findings]
