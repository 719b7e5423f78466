"""The sheets of a form: what they are called, which columns they have, what a cell may hold."""

from __future__ import annotations

from dataclasses import dataclass

from socaccess.i18n import LANGUAGES, Texts

__all__ = [
    "ALL_SERVICES",
    "CONTACT_CELLS",
    "FACILITY_SHEET",
    "FORM_VERSION",
    "INTRODUCTION",
    "LISTS",
    "MARKS",
    "MAX_COUNT",
    "MAX_TEXT",
    "PERSONS_SHEET",
    "SHEETS",
    "STATUSES",
    "YEARS",
    "FormColumn",
    "FormSheet",
    "list_labels",
]

FORM_VERSION = 1
"""Version of the layout of the form."""

ALL_SERVICES = "all"
"""The row of a target group that counts every person once, whatever the service."""

STATUSES = ("operating", "planned", "closed")

MAX_COUNT = 2000
"""Most places one facility may have (inclusive)."""

MAX_TEXT = 500
"""Longest text a cell may hold, in signs (inclusive)."""

YEARS = (1900, 2100)
"""First and last year a cell may hold (inclusive)."""

INTRODUCTION = "introduction"
LISTS = "lists"
MARKS = "marks"
"""Keys of the sheets that hold no answers: words to the reader, lists of choices, marks."""

CONTACT_CELLS = {"municipality": 3, "said_by": 11, "said_on": 12}
"""Rows (from 1) of the introduction whose second cell is read."""


@dataclass(frozen=True)
class FormColumn:
    """One column of a sheet.

    Parameters
    ----------
    name
        Its name in the store.
    kind
        `text`, `count`, `year`, `service`, `municipality`, `settlement` or `status`.
    width
        In signs.
    locked
        Whether it names the row and is not to be changed.
    required
        Whether a row that says anything must say this.
    """

    name: str
    kind: str = "text"
    width: int = 14
    locked: bool = False
    required: bool = False


@dataclass(frozen=True)
class FormSheet:
    """One sheet of the form; `letter` begins the names of its rows, such as `I4`."""

    key: str
    letter: str
    columns: tuple[FormColumn, ...]
    empty_rows: int = 0


FACILITY_SHEET = FormSheet(
    "facilities",
    "I",
    (
        FormColumn("facility_id", width=14, locked=True),
        FormColumn("name", width=48, required=True),
        FormColumn("service", "service", 44, required=True),
        FormColumn("municipality", "municipality", 20),
        FormColumn("settlement", "settlement", 24),
        FormColumn("address", width=30),
        FormColumn("places", "count", 8),
        FormColumn("status", "status", 12, required=True),
        FormColumn("opened", "year", 10),
        FormColumn("closed", "year", 10),
        FormColumn("note", width=40),
    ),
    empty_rows=15,
)

PERSONS_SHEET = FormSheet(
    "persons",
    "P",
    (
        FormColumn("code", width=26, locked=True),
        FormColumn("group", width=44, locked=True),
        FormColumn("service", width=44, locked=True),
        FormColumn("assessed", "count", 14),
        FormColumn("recipients", "count", 18),
        FormColumn("note", width=40),
    ),
)

SHEETS = (FACILITY_SHEET, PERSONS_SHEET)


def list_labels(key: str) -> dict[str, str]:
    """Return the label of a text in every language: `{label: language}`."""
    return {Texts(lang)(f"round.{key}"): lang for lang in LANGUAGES}
