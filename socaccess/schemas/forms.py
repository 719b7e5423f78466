"""The forms: which columns each table has, and what may stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "CANDIDATES",
    "FACILITIES",
    "FORMS",
    "LATVIA_BOUNDS",
    "MUNICIPALITIES",
    "NEED",
    "PEOPLE",
    "SERVICE_TYPES",
    "SETTLEMENTS",
    "Column",
    "TableForm",
]

LATVIA_BOUNDS = (20.5, 55.4, 28.6, 58.3)
"""West, south, east, north in degrees: Latvia with a small margin."""


@dataclass(frozen=True)
class Column:
    """One column of a form.

    Parameters
    ----------
    name
        Its name.
    kind
        `text`, `integer`, `number`, `flag`, `year` or `day` (ISO 8601).
    required
        Whether the column must exist and no value may be missing.
    unique
        Whether no value may occur twice.
    allowed
        The only values there may be; empty allows all.
    minimum
        Smallest number allowed (inclusive).
    default
        What a missing optional column is filled with, and where only some values
        are allowed, an empty cell too.
    """

    name: str
    kind: str = "text"
    required: bool = False
    unique: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    default: object = None


@dataclass(frozen=True)
class TableForm:
    """The form of one table: its columns and its geometry.

    Parameters
    ----------
    name
        What the table is called.
    columns
        The columns we know; others are kept as they are.
    geometry
        `point`, `polygon` or empty for a table without geometry.
    may_be_empty
        Whether a table without rows is an answer rather than a mistake.
    geometry_required
        Whether every row must have one.
    """

    name: str
    columns: tuple[Column, ...]
    geometry: str = ""
    may_be_empty: bool = False
    geometry_required: bool = False
    references: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)


MUNICIPALITIES = TableForm(
    "municipalities",
    (
        Column("municipality_id", required=True, unique=True),
        Column("name", required=True),
        Column("kind", default="municipality"),
        Column("vintage", "integer"),
        Column("planning_region", default=""),
        Column("population", "number", minimum=0),
    ),
    geometry="polygon",
    geometry_required=True,
)

SETTLEMENTS = TableForm(
    "settlements",
    (
        Column("settlement_id", required=True, unique=True),
        Column("name", required=True),
        Column("kind", default="settlement"),
        Column("municipality_id", required=True),
        Column("municipality_id_2009"),
        Column("population", "number", required=True, minimum=0),
    ),
    geometry="point",
)

# not_registered: a list says operating, the state register of the day does not name it.
STATUSES = ("operating", "planned", "closed", "not_registered")

FACILITIES = TableForm(
    "facilities",
    (
        Column("facility_id", required=True, unique=True),
        Column("site_id"),
        Column("name", required=True),
        Column("service", required=True),
        Column("target_group"),
        Column("places", "integer", minimum=0),
        Column("status", required=True, allowed=STATUSES),
        Column("opened", "year"),
        Column("closed", "year"),
        Column("municipality_id"),
        Column("provider_municipality_id"),
        Column("location_precision", default="settlement"),
        Column("register_id"),
        Column("mapping", default="listed", allowed=("sure", "likely", "listed")),
        Column("source", default=""),
        Column("source_date"),
    ),
    geometry="point",
    may_be_empty=True,
)

SERVICE_TYPES = TableForm(
    "service_types",
    (
        Column("service", required=True, unique=True),
        Column("name_lv", required=True),
        Column("name_en", required=True),
        Column("legal_class", default=""),
        Column("target_group", required=True),
        Column("form", default=""),
        Column("limit_min", "number", minimum=0),
        Column("outer_limit_min", "number", minimum=0),
        Column("traveller", default="client", allowed=("client", "provider", "none")),
        Column("counts_as_supply", "flag", default=True),
        Column("moves_to"),
        Column("known_by", allowed=("register", "list", "none")),
        Column("show_at", default="address", allowed=("address", "settlement")),
        Column("basket"),
    ),
)

NEED = TableForm(
    "need",
    (
        Column("settlement_id", required=True),
        Column("target_group", required=True),
        Column("persons", "number", required=True, minimum=0),
        Column("basis", default="estimate", allowed=("published", "estimate")),
        Column("outside_plan", "flag", default=False),
    ),
    may_be_empty=True,
)

PEOPLE = TableForm(
    "people",
    (
        Column("settlement_id", required=True),
        Column("share", "number", required=True, minimum=0),
    ),
    geometry="point",
    geometry_required=True,
)
"""Points where the people of settlements live; the shares of a settlement add up to 1."""

CANDIDATES = TableForm("candidates", (Column("settlement_id", required=True, unique=True),))

FORMS = {
    form.name: form
    for form in (MUNICIPALITIES, SETTLEMENTS, FACILITIES, SERVICE_TYPES, NEED, PEOPLE, CANDIDATES)
}
