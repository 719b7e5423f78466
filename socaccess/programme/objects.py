"""The objects of a DI plan, through its amendments: nothing is overwritten."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.reach import CAPACITY_BASES
from socaccess.schemas import Column, TableForm, check_table
from socaccess.sources.boundaries import load_crosswalk, load_municipalities
from socaccess.sources.plain_tables import check_plain_table
from socaccess.study import Study

__all__ = [
    "AMENDMENTS",
    "OBJECTS",
    "OBJECT_STATUSES",
    "PlanObjects",
    "list_objects",
    "read_amendments",
]

OBJECT_STATUSES = ("planned", "opened", "withdrawn", "moved")
"""Of an object of a plan: a moved one is still to be built, in another place."""

OBJECTS = TableForm(
    "plan_objects",
    (
        Column("object_id", required=True, unique=True),
        Column("name", required=True),
        Column("service", required=True),
        Column("municipality_id_2009"),
        Column("municipality_id", required=True),
        Column("places", "number", minimum=0),
        Column("status", required=True, allowed=OBJECT_STATUSES),
        Column("amendment", "integer", minimum=0, default=0),
        Column("date", "day"),
        Column("source"),
        Column("note"),
    ),
    may_be_empty=True,
)

AMENDMENTS = TableForm(
    "amendments",
    (
        Column("object_id", required=True),
        Column("amendment", "integer", required=True, minimum=1),
        Column("date", "day", required=True),
        Column(
            "column",
            required=True,
            allowed=("status", "places", "municipality_id", "name", "service", "note", "new"),
        ),
        Column("value"),
        Column("source", required=True),
    ),
    may_be_empty=True,
)


@dataclass(frozen=True, eq=False)
class PlanObjects:
    """The objects of a plan and every amendment to them.

    Parameters
    ----------
    objects
        Of the form `OBJECTS`, as they stand.
    history
        Every change made: `object_id`, `amendment`, `date`, `column`, `old`, `new`,
        `source`. What was there before any of them can be had again with `as_of`.
    """

    objects: pd.DataFrame
    history: pd.DataFrame

    @classmethod
    def of(cls, objects: pd.DataFrame) -> PlanObjects:
        """Return objects that nobody has amended yet."""
        return cls(objects, _no_history())

    @classmethod
    def read(cls, path: str | Path) -> PlanObjects:
        """Return the objects of a table a region keeps, checked.

        Raises
        ------
        InputError
            With every finding at once.
        """
        known = load_municipalities(2025)["municipality_id"].tolist()
        table = check_plain_table(path, OBJECTS, known={"municipality_id": known})
        return cls.of(table.reset_index(drop=True))

    def amend(self, amendments: pd.DataFrame) -> PlanObjects:
        """Return the objects after amendments, applied in the order of their dates.

        Nothing is overwritten: what stood before is kept in `history`. An amendment
        of column `new` adds an object, its value holding
        `name; service; municipality_id; places`.

        Raises
        ------
        InputError
            If an object is not known, or a value does not fit its column.
        """
        table = check_table(amendments, AMENDMENTS)
        problems: list[Problem] = []
        objects = self.objects.astype(object).where(self.objects.notna(), None)
        rows = {row["object_id"]: row for row in objects.to_dict("records")}
        changes = []
        order = table.assign(_date=table["date"].astype(str)).sort_values(
            ["_date", "amendment"], kind="stable"
        )
        for change in order.to_dict("records"):
            key, column, value = change["object_id"], change["column"], change["value"]
            if column == "new":
                parts = [part.strip() for part in str(value).split(";")]
                if key in rows or len(parts) != 4:
                    problems.append(
                        Problem("programme.bad_new_object", "amendments", [key])
                    )  # fmt: skip
                    continue
                old: object = None
                rows[key] = {
                    **dict.fromkeys((c.name for c in OBJECTS.columns), None),
                    **dict(zip(("name", "service", "municipality_id", "places"), parts,
                               strict=True)),
                    "object_id": key,
                    "status": "planned",
                    "source": change["source"],
                }  # fmt: skip
                rows[key]["places"] = rows[key]["places"] or None
            elif key not in rows:
                problems.append(Problem("programme.object_not_in_plan", "amendments", [key]))
                continue
            else:
                old = rows[key].get(column)
                rows[key] = {**rows[key], column: value}
            rows[key] = {
                **rows[key],
                "amendment": int(change["amendment"]),
                "date": str(change["date"]),
            }
            changes.append(
                (key, int(change["amendment"]), str(change["date"]), column, old, value,
                 change["source"])
            )  # fmt: skip
        raise_problems(problems)
        amended = check_table(pd.DataFrame(list(rows.values())), OBJECTS, where="plan objects")
        added = pd.DataFrame(changes, columns=_no_history().columns).astype(object)
        history = added if not len(self.history) else pd.concat([self.history, added])
        return replace(
            self,
            objects=amended.sort_values("object_id", ignore_index=True),
            history=history.reset_index(drop=True),
        )

    def as_of(self, day: dt.date) -> pd.DataFrame:
        """Return the objects as they stood at the end of a day: later changes undone."""
        objects = self.objects.astype(object).where(self.objects.notna(), None)
        rows = {row["object_id"]: dict(row) for row in objects.to_dict("records")}
        for change in reversed(self.history.to_dict("records")):
            if dt.date.fromisoformat(str(change["date"])[:10]) <= day:
                continue
            if change["column"] == "new":
                rows.pop(change["object_id"], None)
            elif change["object_id"] in rows:
                rows[change["object_id"]][change["column"]] = change["old"]
        for key, row in rows.items():
            made = [
                change
                for change in self.history.to_dict("records")
                if change["object_id"] == key
                and dt.date.fromisoformat(str(change["date"])[:10]) <= day
            ]
            undone = (self.history["object_id"] == key).any() and not made
            if undone:
                row["amendment"], row["date"] = 0, None
            elif made:
                row["amendment"], row["date"] = made[-1]["amendment"], made[-1]["date"]
        table = pd.DataFrame(list(rows.values()), columns=self.objects.columns)
        return check_table(table, OBJECTS).sort_values("object_id", ignore_index=True)


def read_amendments(path: str | Path) -> pd.DataFrame:
    """Return a table of amendments as `PlanObjects.amend` takes it, checked.

    Raises
    ------
    InputError
        With every finding at once.
    """
    return check_plain_table(path, AMENDMENTS)


def list_objects(study: Study) -> PlanObjects:
    """Return the objects of a region's plan that public pages tell of.

    They are the embedded facilities whose money came from the DI programme (ERAF
    9.3.1.1): `opened` where a page tells of their working, `planned` where none does,
    `withdrawn` where one says they were never built or have closed. It is not the
    approved list of the plan, which was not found: a region reads its own with
    `PlanObjects.read`.

    Examples
    --------
    >>> from socaccess import Study
    >>> objects = list_objects(Study.load("kurzeme"))
    >>> (objects.objects["status"] == "opened").sum() > 5
    np.True_
    """
    facilities = study.facilities
    if "funding_programme" not in facilities:
        raise InputError("programme.no_funding")
    inside = facilities["planning_region_2009"] == study.name
    if study.name not in set(facilities["planning_region_2009"]):
        inside = facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    paid = facilities["funding_programme"].fillna("").str.contains("9.3.1.1", regex=False)
    rows = facilities[inside & paid]
    # A page told of its opening; whether it is registered today is another question.
    statuses = {
        "operating": "opened",
        "not_registered": "opened",
        "planned": "planned",
        "closed": "withdrawn",
    }
    basis = rows["places_basis"].isin(list(CAPACITY_BASES))
    today = rows["municipality_id_2021"].map(_to_today())
    table = pd.DataFrame(
        {
            "object_id": rows["facility_id"],
            "name": rows["name"],
            "service": rows["service"],
            "municipality_id_2009": rows["municipality_id_2009"],
            "municipality_id": today.fillna(rows["municipality_id"]),
            "places": rows["places"].astype(float).where(basis),
            "status": rows["status"].map(statuses),
            "amendment": 0,
            "date": None,
            "source": rows["source"],
            "note": rows["note"],
        }
    )
    checked = check_table(table, OBJECTS).sort_values("object_id", ignore_index=True)
    return PlanObjects(checked, _no_history())


def _to_today() -> dict[str, str]:
    crosswalk = load_crosswalk()
    return dict(
        zip(crosswalk["municipality_id_2021"], crosswalk["municipality_id_2025"], strict=True)
    )


def _no_history() -> pd.DataFrame:
    columns = ["object_id", "amendment", "date", "column", "old", "new", "source"]
    return pd.DataFrame(columns=columns, dtype=object)
