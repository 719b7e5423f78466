"""Mobile services: the hours on the road between a base and its clients, and who can be served.

hours of a week = clients x visits a week x (hours of a visit + road of a visit)
road of a visit = time there and back / visits made on one trip
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.reach import find_settlement, name_municipalities
from socaccess.routing import UNREACHABLE
from socaccess.schemas import Column, TableForm
from socaccess.sources.plain_tables import check_plain_table
from socaccess.study import Study, StudyResult

__all__ = ["ELIGIBLE", "MobileWork", "divide_areas", "plan_mobile_work", "read_eligible"]

MS_PER_HOUR = 3_600_000

ELIGIBLE = TableForm(
    "eligible",
    (
        Column("municipality", required=True),
        Column("disability_group"),
        Column("persons", "number", required=True, minimum=0),
    ),
)


def read_eligible(path: str | Path) -> pd.DataFrame:
    """Return who may have a service: `municipality`, `disability_group`, `persons`."""
    return check_plain_table(path, ELIGIBLE)


@dataclass(frozen=True)
class MobileWork:
    """How mobile staff work; every number is the caller's.

    Parameters
    ----------
    visits_per_week
        Visits a client gets.
    visit_hours
        How long one takes.
    worker_hours_per_week
        Hours a worker has for visits and road.
    shift_hours
        Longest trip with its visit: a client farther away cannot be served.
    visits_per_trip
        Visits made in one settlement on one trip from the base, on average.
    """

    visits_per_week: float
    visit_hours: float
    worker_hours_per_week: float
    shift_hours: float = 8.0
    visits_per_trip: float = 1.0

    def __post_init__(self) -> None:
        bad = [
            f"{name}: {value}"
            for name, value in vars(self).items()
            if not (np.isfinite(value) and value > 0)
        ]
        if self.visits_per_trip < 1:
            bad.append(f"visits_per_trip: {self.visits_per_trip}")
        raise_problems([Problem("programme.work_not_positive", "work", bad)] if bad else [])


def plan_mobile_work(
    result: StudyResult,
    bases: Sequence[str],
    clients: Mapping[str, float],
    work: MobileWork,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the work of each base and of each settlement.

    Parameters
    ----------
    result
        A study's result; roads are taken in the direction driven.
    bases
        Settlements where staff start, ids or names; each point where clients live is
        served from the one with the shortest way there and back.
    clients
        By settlement id, how many; they live where its people do.
    work
        How staff work.

    Returns
    -------
    tuple
        Bases: `base`, `clients`, `visit_hours`, `road_hours` (a week), `road_share`,
        `workers` (not rounded: part-time exists), `clients_per_worker`, `unserved`.
        Settlements: `settlement_id`, `settlement`, `municipality`, `base` (of most clients),
        `clients`, `round_trip_min` (the mean of those with a road), `visit_hours`,
        `road_hours`, `served_share` (0-1) and `reason` why not all (too_far, no_road).
    """
    study = result.study
    if not bases:
        raise InputError("programme.no_base")
    ids = study.settlements["settlement_id"].tolist()
    at = [ids.index(find_settlement(study, base)) for base in dict.fromkeys(bases)]
    unknown = sorted(set(clients) - set(ids))
    bad = sorted(name for name, count in clients.items() if not (np.isfinite(count) and count >= 0))
    problems = []
    if unknown:
        problems.append(Problem("programme.settlement_not_in_study", "clients", unknown))
    if bad:
        problems.append(Problem("programme.negative_clients", "clients", bad))
    raise_problems(problems)
    reach = result.reach
    points = reach.candidate_point[at]
    out = reach.people_ms(points, "provider").astype(float)
    back = reach.people_ms(points, "client").astype(float)
    both = np.where((out >= UNREACHABLE) | (back >= UNREACHABLE), np.inf, out + back)
    nearest = both.argmin(axis=1)
    trip_hours = both.min(axis=1) / MS_PER_HOUR
    within = trip_hours + work.visit_hours <= work.shift_hours + 1e-9
    people = np.array([float(clients.get(name, 0.0)) for name in ids])[reach.home] * reach.share
    visits = people * work.visits_per_week * within
    names = study.settlements["name"].to_numpy(dtype=object)
    # One row per point where clients live, from the base that is nearest to that point.
    rows = pd.DataFrame(
        {
            "at": reach.home,
            "base": names[at][nearest],
            "clients": people,
            "served": people * within,
            "visit_hours": visits * work.visit_hours,
            "road_hours": visits * np.where(within, trip_hours, 0.0) / work.visits_per_trip,
            "trip_min": np.where(np.isfinite(trip_hours), trip_hours * 60, np.nan),
            "share": reach.share,
        }
    )
    rows = rows[rows["clients"] > 0]
    return _sum_by_base(rows, names[at].tolist(), work), _sum_by_settlement(rows, study)


def divide_areas(study: Study, places: pd.DataFrame, worker_hours_per_week: float) -> pd.DataFrame:
    """Return the areas of single workers: settlements side by side, as seen from their base.

    The sweep of Gillett and Miller (1974): settlements are taken by their bearing, from the
    widest gap on, until a worker's week is full. A settlement that alone takes more than a
    week is an area of several workers.

    Parameters
    ----------
    study
        Whose settlements they are.
    places
        As `plan_mobile_work` gives them.
    worker_hours_per_week
        Hours a worker has for visits and road.

    Returns
    -------
    pandas.DataFrame
        One row per area: `base`, `area` (from 1), `settlements` (names), `clients`, `hours`
        (a week), `workers` and `farthest_min` (the longest way there and back).
    """
    homes = study.settlements
    points = homes.set_index("settlement_id").geometry
    towns = dict(zip(homes["name"], homes["settlement_id"], strict=True))
    rows = []
    served = places[(places["served_share"] > 0) & (places["clients"] > 0)]
    for base, part in served.groupby("base", sort=True):
        start = points[towns[base]]
        away = points.loc[part["settlement_id"]]
        bearing = np.arctan2(away.x.to_numpy() - start.x, away.y.to_numpy() - start.y)
        order = np.argsort(bearing, kind="stable")
        gaps = np.diff(bearing[order], append=bearing[order[0]] + 2 * np.pi)
        order = np.roll(order, -(int(gaps.argmax()) + 1))
        hours = (part["visit_hours"] + part["road_hours"]).to_numpy(dtype=float)[order]
        area, load, at = 0, np.inf, []
        for own in hours:
            if load + own > worker_hours_per_week + 1e-9:
                area, load = area + 1, 0.0
            load += own
            at.append(area)
        ordered = part.iloc[order].assign(area=at, hours=hours)
        for number, those in ordered.groupby("area"):
            whole = float(those["hours"].sum())
            rows.append(
                (base, number, ", ".join(those["settlement"]), float(those["clients"].sum()),
                 whole, whole / worker_hours_per_week, float(those["round_trip_min"].max()))
            )  # fmt: skip
    columns = ["base", "area", "settlements", "clients", "hours", "workers", "farthest_min"]
    return pd.DataFrame(rows, columns=columns)


def _sum_by_base(rows: pd.DataFrame, bases: list[str], work: MobileWork) -> pd.DataFrame:
    columns = ["clients", "served", "visit_hours", "road_hours"]
    sums = rows.groupby("base")[columns].sum().reindex(bases).fillna(0.0)
    hours = sums["visit_hours"] + sums["road_hours"]
    workers = hours / work.worker_hours_per_week
    return pd.DataFrame(
        {
            "base": bases,
            "clients": sums["served"].to_numpy(),
            "visit_hours": sums["visit_hours"].to_numpy(),
            "road_hours": sums["road_hours"].to_numpy(),
            "road_share": (sums["road_hours"] / hours.where(hours > 0)).to_numpy(),
            "workers": workers.to_numpy(),
            "clients_per_worker": (sums["served"] / workers.where(workers > 0)).to_numpy(),
            "unserved": (sums["clients"] - sums["served"]).to_numpy(),
        }
    )


def _sum_by_settlement(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    settlements = study.settlements
    timed = rows["share"].where(rows["trip_min"].notna(), 0.0)
    rows = rows.assign(timed=timed, way=(rows["trip_min"] * timed).fillna(0.0))
    columns = ["clients", "served", "visit_hours", "road_hours", "timed", "way"]
    sums = rows.groupby("at")[columns].sum()
    # The base of most clients; of equals the first by name.
    by_base = rows.groupby(["at", "base"])["clients"].sum().reset_index()
    by_base = by_base.sort_values(["at", "clients", "base"], ascending=[True, False, True])
    at = sums.index.to_numpy()
    all_served = np.isclose(sums["served"], sums["clients"], rtol=1e-9)
    return pd.DataFrame(
        {
            "settlement_id": settlements["settlement_id"].to_numpy(dtype=object)[at],
            "settlement": settlements["name"].to_numpy(dtype=object)[at],
            "municipality": settlements["municipality_id"].map(name_municipalities(study))
            .to_numpy(dtype=object)[at],
            "base": by_base.drop_duplicates("at")["base"].to_numpy(dtype=object),
            "clients": sums["clients"].to_numpy(),
            "round_trip_min": (sums["way"] / sums["timed"].where(sums["timed"] > 0)).to_numpy(),
            "visit_hours": sums["visit_hours"].to_numpy(),
            "road_hours": sums["road_hours"].to_numpy(),
            "served_share": np.where(all_served, 1.0, sums["served"] / sums["clients"]),
            "reason": np.where(all_served, "", np.where(sums["timed"] > 0, "too_far", "no_road")),
        }
    )  # fmt: skip
