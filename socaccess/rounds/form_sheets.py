"""The sheets of the forms: what is asked, cell by cell, and into which table an answer goes."""

from __future__ import annotations

from dataclasses import dataclass

from socaccess.i18n import Texts
from socaccess.rounds import layouts
from socaccess.rounds.layouts import TableLayout

__all__ = [
    "ALL_SERVICES",
    "CHOICES",
    "CLIENTS_SHEET",
    "FACILITY_SHEET",
    "MUNICIPALITY_SHEETS",
    "OF_PERSONS",
    "PERSONS_SHEET",
    "PROVIDER_SHEETS",
    "PROVISION_SHEET",
    "STANCES",
    "STANCES_SHEET",
    "STATUSES",
    "FormColumn",
    "FormSheet",
    "label_choice",
    "list_sheets",
]

ALL_SERVICES = "all"
"""The row of a target group that counts every person once, whatever the service."""

STATUSES = ("operating", "planned", "closed", "not_registered")
STANCES = ("priority", "backs", "not_planned")
"""What a municipality says of a service; an empty cell is no answer."""

UNITS = ("hour", "day", "night", "24h", "month", "visit")

CHOICES = {"status": STATUSES, "stance": STANCES, "unit": UNITS}
"""Kinds of columns that take one of a few words."""

_WORDS = {"status": "round.status_", "stance": "round.stance_", "unit": "round.unit_"}


def label_choice(kind: str, word: str, lang: str) -> str:
    """Return the word of a choice in a language."""
    return Texts(lang)(_WORDS[kind] + word)


@dataclass(frozen=True)
class FormColumn:
    """One column of a sheet.

    Parameters
    ----------
    name
        Its name in the store.
    kind
        `text`, `count`, `amount`, `year`, `service`, `municipality`, `settlement`, or one of
        `CHOICES`.
    width
        In characters.
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
    """One sheet of a form; `letter` begins the names of its rows, such as `I4`.

    `records` is the table a sheet of one row per code fills; facilities and persons have
    rules of their own.
    """

    key: str
    letter: str
    columns: tuple[FormColumn, ...]
    empty_rows: int = 0
    records: TableLayout | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """The columns somebody fills in."""
        return tuple(column.name for column in self.columns if not column.locked)


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

STANCES_SHEET = FormSheet(
    "stances",
    "M",
    (
        FormColumn("code", width=22, locked=True),
        FormColumn("service", width=44, locked=True),
        FormColumn("stance", "stance", 16),
        FormColumn("rank", "count", 10),
        FormColumn("partners", width=34),
        FormColumn("project", width=34),
        FormColumn("year", "year", 10),
        FormColumn("amount", "amount", 14),
        FormColumn("need", "count", 14),
        FormColumn("waiting", "count", 14),
        FormColumn("note", width=40),
    ),
    records=layouts.STANCES,
)

PROVISION_SHEET = FormSheet(
    "provision",
    "C",
    (
        FormColumn("code", width=18, locked=True),
        FormColumn("name", width=48, locked=True),
        FormColumn("service", width=44, locked=True),
        FormColumn("clients", "count", 12),
        FormColumn("waiting", "count", 12),
        FormColumn("price", "amount", 12),
        FormColumn("unit", "unit", 14),
        FormColumn("price_year", "year", 12),
        FormColumn("note", width=40),
    ),
    records=layouts.PROVISION,
)

CLIENTS_SHEET = FormSheet(
    "clients",
    "K",
    (
        FormColumn("code", width=26, locked=True),
        FormColumn("name", width=48, locked=True),
        FormColumn("service", width=44, locked=True),
        FormColumn("home", width=24, locked=True),
        FormColumn("clients", "count", 12),
        FormColumn("note", width=40),
    ),
    records=layouts.CLIENTS,
)

MUNICIPALITY_SHEETS = (FACILITY_SHEET, PERSONS_SHEET, STANCES_SHEET)
PROVIDER_SHEETS = (FACILITY_SHEET, PROVISION_SHEET, CLIENTS_SHEET)

OF_PERSONS = tuple(
    sheet.letter for sheet in (PERSONS_SHEET, STANCES_SHEET, PROVISION_SHEET, CLIENTS_SHEET)
)
"""Letters of the sheets that count persons: what was said there stays out of what leaves."""


def list_sheets(addressee: str, version: str) -> tuple[FormSheet, ...]:
    """Return the sheets of a form: those of a municipality, or of a provider.

    Forms of version 1 asked a municipality for facilities and persons only.

    Examples
    --------
    >>> [sheet.key for sheet in list_sheets("0002000/lat033", "2")]
    ['facilities', 'provision', 'clients']
    """
    if version == "1":
        return (FACILITY_SHEET, PERSONS_SHEET)
    return PROVIDER_SHEETS if "/" in addressee else MUNICIPALITY_SHEETS
