"""A plan to reorganise an institution: who moves where by when, what is missing, at what cost.

Movers need places: a municipality without a home, or with fewer places than movers, is no
answer; and where homes stand, whether places are free is known only from a count of clients.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.privacy import hide_small
from socaccess.programme.amounts import to_amount, to_fraction
from socaccess.programme.costs import ServiceCost
from socaccess.programme.institutions import list_institutions, place_movers, weigh_buildings
from socaccess.programme.measures import quote_place
from socaccess.programme.reach import list_supply
from socaccess.schemas import Column, TableForm
from socaccess.sources.plain_tables import check_plain_table
from socaccess.study import StudyResult

__all__ = ["OCCUPANCY", "STAFF", "Reorganisation", "plan_reorganisation", "read_occupancy",
           "read_staff"]  # fmt: skip

STAFF = TableForm(
    "staff",
    (
        Column("profession", required=True),
        Column("posts", "number", required=True, minimum=0),
        Column("to_service"),
    ),
)
OCCUPANCY = TableForm(
    "occupancy",
    (
        Column("facility_id", required=True, unique=True),
        Column("clients", "integer", required=True, minimum=0),
    ),
)


@dataclass(frozen=True, eq=False)
class Reorganisation:
    """What becomes of an institution.

    Parameters
    ----------
    institution
        `facility_id`, `name`, `municipality_id`, `status`, `places` (None where nobody
        published them), `movers` (persons who leave by this plan), `stay` (places less
        movers; None where not known).
    destinations
        One row per municipality people go to: `destination_id`, `destination`, `persons`,
        `move_by` (the first day), `homes`, `home_places` and `free` (places less clients;
        None where not all are known) there, `planned_homes` (not yet open), `nearest_min`,
        `answer` and `missing` (places to be made; None where not known). Answers:
        `undecided` (nobody chose), `no_home`, `too_few`, `free_unknown`, `enough`.
    missing
        Places to be made in all; None where it would tell a hidden count.
    capital
        EUR low, middle, high for them, at what places have cost; empty without `missing`.
    running_eur
        EUR a year for all who move, where the service has a price.
    staff
        As given; empty where nobody gave it.
    buildings
        What the house would bring as a site of each promised service: `service`,
        `persons_near`, `gain`, `gain_population`, `caution`.
    is_late
        Whether somebody is to move before the day of the plan.
    """

    institution: dict[str, object]
    destinations: pd.DataFrame
    missing: float | None
    capital: dict[str, float]
    running_eur: Decimal | None
    staff: pd.DataFrame
    buildings: pd.DataFrame
    is_late: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether everybody has a place that is known to be free."""
        return bool((self.destinations["answer"] == "enough").all())


def read_staff(path: str | Path) -> pd.DataFrame:
    """Return an institution's staff: `profession`, `posts`, and `to_service` they could go to."""
    return check_plain_table(path, STAFF)


def read_occupancy(path: str | Path) -> pd.DataFrame:
    """Return clients of homes today: `facility_id`, `clients`."""
    return check_plain_table(path, OCCUPANCY)


def plan_reorganisation(
    result: StudyResult,
    institution_id: str,
    movers: pd.DataFrame,
    *,
    service: str = "group_home",
    staff: pd.DataFrame | None = None,
    occupancy: pd.DataFrame | None = None,
    cost: ServiceCost | None = None,
    on: dt.date | None = None,
    below: int = 0,
) -> Reorganisation:
    """Return the plan of an institution people leave.

    Parameters
    ----------
    result
        A study's result.
    institution_id
        Which institution.
    movers
        As `place_movers` takes them; `move_by` (a day) where it is known. Rows of other
        institutions are left out.
    service
        The home they need.
    staff, occupancy
        As of `read_staff` and `read_occupancy`.
    cost
        Price and units of the service, for the yearly cost of those who move.
    on
        The day of the plan: whoever is to move before it is late.
    below
        Counts of persons under this are hidden; 0 hides nothing.

    Raises
    ------
    InputError
        If nobody leaves the institution, or a facility of `occupancy` is not one of the homes.
    """
    houses = list_institutions(result.study).set_index("facility_id")
    if institution_id not in houses.index:
        raise UnknownNameError("programme.no_institution", name=institution_id)
    house = houses.loc[institution_id]
    own = movers[movers["institution_id"] == institution_id]
    if not len(own):
        raise InputError("programme.nobody_leaves", name=institution_id)
    placed = place_movers(result, own, service=service)
    placed["move_by"] = own["move_by"].to_numpy() if "move_by" in own else None
    homes = _count_free(list_supply(result, service), occupancy)
    planned = list_supply(result, service, "planned")
    opening = planned[~planned["facility_id"].isin(homes["facility_id"])]
    persons = int(placed["persons"].sum())
    table = _judge(placed, homes, opening["municipality_id"].value_counts())
    places = float(house["places"]) if pd.notna(house["places"]) else None
    days = list(pd.to_datetime(placed["move_by"]).dropna())
    shown = hide_small(table, "persons", ["missing"], below=below, totals_by=["group"])
    missing = _sum_missing(table, shown)
    per_place = quote_place()
    weighed = weigh_buildings(result)
    weighed = weighed[weighed["facility_id"] == institution_id]
    columns = ["service", "persons_near", "gain", "gain_population", "caution"]
    return Reorganisation(
        institution={
            "facility_id": institution_id,
            "name": house["name"],
            "municipality_id": house["municipality_id"],
            "status": house["status"],
            "places": places,
            "movers": persons,
            "stay": None if places is None else max(places - persons, 0.0),
        },
        destinations=shown.drop(columns="group"),
        missing=missing,
        capital={} if missing is None else {
            name: round(missing * each, -3) for name, each in per_place.items()
        },
        running_eur=None if cost is None else to_amount(
            persons * to_fraction(cost.unit_price) * to_fraction(cost.units_per_client)
        ),
        staff=pd.DataFrame(columns=[c.name for c in STAFF.columns]) if staff is None else staff,
        buildings=hide_small(weighed[columns], "persons_near", ["gain"], below=below),
        is_late=on is not None and any(day.date() < on for day in days),
    )  # fmt: skip


def _count_free(homes: pd.DataFrame, occupancy: pd.DataFrame | None) -> pd.DataFrame:
    """Return homes with `free`: places less clients, NaN where either is not known."""
    if occupancy is None:
        return homes.assign(free=np.nan)
    unknown = sorted(set(occupancy["facility_id"]) - set(homes["facility_id"]))
    raise_problems(
        [Problem("programme.not_a_home", "occupancy", unknown)] if unknown else []
    )  # fmt: skip
    clients = homes["facility_id"].map(occupancy.set_index("facility_id")["clients"])
    return homes.assign(free=(homes["places"] - clients.astype(float)).clip(lower=0))


def _judge(placed: pd.DataFrame, homes: pd.DataFrame, planned: pd.Series) -> pd.DataFrame:
    """Return one row per destination, with what is there and what is missing."""
    rows = []
    for home, part in placed.groupby("destination_id", dropna=False, sort=True):
        persons = float(part["persons"].sum())
        there = homes[homes["municipality_id"] == home]
        places, free = (
            float(there[name].sum()) if len(there) and there[name].notna().all() else None
            for name in ("places", "free")
        )
        days = pd.to_datetime(part["move_by"]).dropna()
        missing: float | None = None
        if pd.isna(home):
            answer = "undecided"
        elif not len(there):
            answer, missing = "no_home", persons
        elif free is not None:
            missing = max(persons - free, 0.0)
            answer = "too_few" if missing else "enough"
        elif places is not None and places < persons:
            answer, missing = "too_few", persons - places
        else:
            answer = "free_unknown"
        rows.append(
            {
                "group": "all",
                "destination_id": None if pd.isna(home) else home,
                "destination": part["destination"].iloc[0],
                "persons": persons,
                "move_by": days.min().date().isoformat() if len(days) else None,
                "homes": len(there),
                "home_places": places,
                "free": free,
                "planned_homes": int(planned.get(home, 0)),
                "nearest_min": part["nearest_min"].iloc[0],
                "answer": answer,
                "missing": missing,
            }
        )
    table = pd.DataFrame(rows).astype(object)
    return table.where(table.notna(), None)


def _sum_missing(table: pd.DataFrame, shown: pd.DataFrame) -> float | None:
    """Return the places missing in all, unless the sum would tell one hidden number."""
    missing = pd.to_numeric(table["missing"]).fillna(0.0)
    hidden = shown["persons"].map(lambda cell: isinstance(cell, str)) & (missing > 0)
    return None if hidden.sum() == 1 else float(missing.sum())
