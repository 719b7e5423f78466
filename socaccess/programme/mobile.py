"""Mobile services: the hours on the road between a base and its clients, and who can be served.

hours of a week = clients x visits a week x (hours of a visit + road of a visit)
road of a visit = time there and back / visits made on one trip
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.reach import average_between, find_settlement, name_municipalities
from socaccess.routing import UNREACHABLE
from socaccess.study import StudyResult

__all__ = ["MobileWork", "plan_mobile_work"]

MS_PER_HOUR = 3_600_000


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
        Settlements where staff start, ids or names; each settlement is served from
        the one with the shortest way there and back.
    clients
        By settlement id, how many.
    work
        How staff work.

    Returns
    -------
    tuple
        Bases: `base`, `clients`, `visit_hours`, `road_hours` (a week), `road_share`,
        `workers` (not rounded: part-time exists), `clients_per_worker`, `unserved`.
        Settlements: `settlement_id`, `settlement`, `municipality`, `base`, `clients`,
        `round_trip_min`, `road_hours`, `served`, `reason` (too_far, no_road).
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
    out = average_between(result, "provider")[:, at].astype(float)
    back = average_between(result, "client")[:, at].astype(float)
    both = np.where((out >= UNREACHABLE) | (back >= UNREACHABLE), np.inf, out + back)
    nearest = both.argmin(axis=1)
    trip_hours = both[np.arange(len(ids)), nearest] / MS_PER_HOUR
    count = np.array([float(clients.get(name, 0.0)) for name in ids])
    within = trip_hours + work.visit_hours <= work.shift_hours + 1e-9
    visits = count * work.visits_per_week
    road = visits * np.where(within, trip_hours, 0.0) / work.visits_per_trip
    names = study.settlements["name"].tolist()
    homes = name_municipalities(study)
    base_names = [names[position] for position in at]
    table = pd.DataFrame(
        {
            "settlement_id": ids,
            "settlement": names,
            "municipality": study.settlements["municipality_id"].map(homes),
            "base": [base_names[i] for i in nearest],
            "clients": count,
            "round_trip_min": np.where(np.isfinite(trip_hours), trip_hours * 60, np.nan),
            "visit_hours": np.where(within, visits * work.visit_hours, 0.0),
            "road_hours": road,
            "served": within,
            "reason": np.where(within, "", np.where(np.isfinite(trip_hours), "too_far", "no_road")),
        }
    )
    table = table[table["clients"] > 0].reset_index(drop=True)
    rows = []
    for base in base_names:
        part = table[table["base"] == base]
        served = part[part["served"]]
        visit, driven = float(served["visit_hours"].sum()), float(served["road_hours"].sum())
        people = float(served["clients"].sum())
        workers = (visit + driven) / work.worker_hours_per_week
        rows.append(
            {
                "base": base,
                "clients": people,
                "visit_hours": visit,
                "road_hours": driven,
                "road_share": driven / (visit + driven) if visit + driven else np.nan,
                "workers": workers,
                "clients_per_worker": people / workers if workers else np.nan,
                "unserved": float(part.loc[~part["served"], "clients"].sum()),
            }
        )
    return pd.DataFrame(rows), table
