"""What each suggested site brings: persons from and to, minutes, places, money, what stands there.

Counted point by point where people live, exactly as coverage is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.coverage import bound_limits_ms
from socaccess.routing import UNREACHABLE
from socaccess.study.sizing import Size
from socaccess.travel.minutes import to_minutes

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs
    from socaccess.study.reach import Reach

__all__ = ["SITE_COLUMNS", "describe_sites", "list_planned"]

SITE_COLUMNS = [
    "site_id", "service", "rank", "kind", "settlement_id", "name", "municipality_id",
    "municipality", "gain_persons", "gain_persons_low", "gain_persons_high",
    "gain_without_planned", "gain_population", "saved_min", "min_clients", "places_low",
    "places_high", "cost_low_eur", "cost_high_eur", "cost_projects", "cost_year_from",
    "cost_year_to", "planned_there", "registered_there", "unregistered_there", "nearest",
    "nearest_min", "unneeded_limit_min", "equals", "equal_count", "house", "places", "opens",
    "point",
]  # fmt: skip
"""One row per site. `kind`: `new`, or `planned` where a plan has it already and it has not opened.
Gains are persons brought within the limit on top of what operates, is planned and stands before
in the list (of a planned site: on what operates); low and high if all times were longer or
shorter by `Settings.time_uncertainty`; `saved_min` is the mean way saved by these persons, one
way. `..._there` name facilities of the service in the settlement (or, of unknown place, in the
municipality). `unneeded_limit_min`: with so long a limit fewer than `min_clients` would gain.
`equals` are settlements that do as well (ids, at most `EQUALS` of `equal_count`), `house` the
services under one roof."""

EQUALS = 5


@dataclass(frozen=True, eq=False)
class _Service:
    """One service of a study as its sites are measured: milliseconds, persons, facilities."""

    study: StudyInputs
    reach: Reach
    service: str
    weight: np.ndarray
    by_need: bool
    size: Size

    @cached_property
    def limits_ms(self) -> tuple[int, int, int]:
        """The limit with times longer, as they are, and shorter."""
        limit_min = self.study.limits_min()[self.service]
        return bound_limits_ms(limit_min, self.study.settings.time_uncertainty)

    def times(self, points: Any) -> np.ndarray:
        """Return milliseconds of everyone to some points."""
        types = self.study.service_types.set_index("service")
        traveller = str(types.loc[self.service, "traveller"])
        return self.reach.people_ms(np.asarray(points, dtype=int), traveller).astype(np.int64)

    def nearest(self, scenario: str) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
        """Return everyone's milliseconds to the nearest facility, which it is, and all of them."""
        supply = self.reach.list_supply(self.service, scenario)
        if not len(supply):
            count = self.reach.people_count
            return np.full(count, int(UNREACHABLE)), np.full(count, -1), supply
        times = self.times(supply["point"])
        return times.min(axis=1), times.argmin(axis=1), supply

    @cached_property
    def persons(self) -> np.ndarray:
        """Persons at each point where people live."""
        return self.weight[self.reach.home] * self.reach.share

    @cached_property
    def inhabitants(self) -> np.ndarray:
        """Inhabitants at each point where people live."""
        people = self.study.settlements["population"].to_numpy(dtype=float)
        return people[self.reach.home] * self.reach.share


def describe_sites(
    study: StudyInputs,
    reach: Reach,
    service: str,
    weight: np.ndarray,
    weighted_by: str,
    size: Size,
    settlement_ids: Sequence[str],
    *,
    equals: Sequence[Sequence[str]] = (),
) -> pd.DataFrame:
    """Return the new sites of a service in the order they help, each on those before it.

    Parameters
    ----------
    study, reach
        The study and its times.
    service
        The service.
    weight, weighted_by
        What a settlement counts, and by what (`need` or `population`).
    size
        What is usual for the service.
    settlement_ids
        Where the sites stand.
    equals
        For each site the settlements that would do as well.
    """
    asked = _Service(study, reach, service, weight, weighted_by == "need", size)
    position = {name: at for at, name in enumerate(study.settlements["settlement_id"])}
    points = [int(reach.candidate_point[position[name]]) for name in settlement_ids]
    base_ms, nearest, supply = asked.nearest("planned")
    times = asked.times(points)
    order = _rank(asked, base_ms, times)
    without_ms = asked.nearest("now")[0]
    rows = []
    for rank, at in enumerate(order, start=1):
        settlement = settlement_ids[at]
        row = _measure(asked, base_ms, times[:, at], nearest, supply)
        row["gain_without_planned"] = _count(asked, without_ms, times[:, at])
        same = list(equals[at]) if equals else []
        row |= _name_place(study, settlement) | _find_there(study, service, settlement)
        row |= {
            "site_id": f"new-{service}-{rank}",
            "rank": rank,
            "kind": "new",
            "equals": ";".join(same[:EQUALS]),
            "equal_count": len(same),
            "point": points[at],
        }
        rows.append(row)
        base_ms = np.minimum(base_ms, times[:, at])
        without_ms = np.minimum(without_ms, times[:, at])
    return _finish(asked, rows)


def list_planned(
    study: StudyInputs, reach: Reach, service: str, weight: np.ndarray, weighted_by: str, size: Size
) -> pd.DataFrame:
    """Return the planned facilities in the study that bring as many as a facility needs.

    Planned ones that bring fewer count as there all the same, but are no finding.
    """
    asked = _Service(study, reach, service, weight, weighted_by == "need", size)
    supply = reach.list_supply(service, "planned")
    inside = supply["municipality_id"].isin(study.municipalities["municipality_id"])
    planned = supply[(supply["status"] == "planned") & inside].reset_index(drop=True)
    base_ms, nearest, now = asked.nearest("now")
    times = asked.times(planned["point"])
    rows: list[dict[str, Any]] = []
    places = study.facilities.set_index("facility_id")
    for at in _rank(asked, base_ms, times):
        facility = str(planned["facility_id"].iloc[at])
        settlement = _home_of(study, places.loc[facility])
        row = _measure(asked, base_ms, times[:, at], nearest, now)
        if not row["gain"] >= asked.size.min_clients or settlement is None:
            continue
        row |= _name_place(study, settlement) | _find_there(study, service, settlement)
        row |= {"site_id": facility, "rank": len(rows) + 1, "kind": "planned", "equals": "",
                "gain_without_planned": row["gain"], "equal_count": 0,
                "point": int(planned["point"].iloc[at])}  # fmt: skip
        rows.append(row)
        base_ms = np.minimum(base_ms, times[:, at])
    return _finish(asked, rows)


def _rank(asked: _Service, base_ms: np.ndarray, times: np.ndarray) -> list[int]:
    """Return the sites, who gains most on those before first; of equal ones who saves most."""
    persons, limit = asked.persons, asked.limits_ms[1]
    left, order = list(range(times.shape[1])), []
    while left:
        nearer = np.minimum(base_ms[:, None], times[:, left])
        gains = persons @ ((base_ms > limit)[:, None] & (nearer <= limit))
        saved = persons @ np.minimum(base_ms[:, None] - nearer, int(UNREACHABLE))
        best = max(range(len(left)), key=lambda at: (round(gains[at], 9), saved[at], -at))
        base_ms = nearer[:, best]
        order.append(left.pop(best))
    return order


def _count(asked: _Service, base_ms: np.ndarray, ms: np.ndarray, end: int = 1) -> float:
    """Return the persons a site brings within the limit, low (0), as it is (1) or high (2)."""
    limit = asked.limits_ms[end]
    return float(asked.persons[(base_ms > limit) & (ms <= limit)].sum())


def _measure(
    asked: _Service, base_ms: np.ndarray, ms: np.ndarray, nearest: np.ndarray, supply: pd.DataFrame
) -> dict[str, Any]:
    limit = asked.limits_ms[1]
    newly = (base_ms > limit) & (ms <= limit)
    persons = asked.persons[newly]
    gains = [_count(asked, base_ms, ms, end) for end in range(3)]
    had = base_ms[newly] < int(UNREACHABLE)
    row: dict[str, Any] = {
        "gain": gains[1],
        "gain_low": min(gains),
        "gain_high": max(gains),
        "gain_population": float(asked.inhabitants[newly].sum()),
        "saved_min": np.nan,
        "nearest": None,
        "nearest_min": np.nan,
        "unneeded_limit_min": _find_unneeded(base_ms[newly], persons, asked.size.min_clients),
    }
    if persons[had].sum() > 0:
        before, after = to_minutes(base_ms[newly][had]), to_minutes(ms[newly][had])
        row["saved_min"] = float(np.average(before - after, weights=persons[had]))
        count = np.bincount(nearest[newly][had], persons[had], minlength=len(supply))
        at = int(count.argmax())
        mine = nearest[newly][had] == at
        row["nearest"] = supply["name"].iloc[at]
        row["nearest_min"] = float(np.average(before[mine], weights=persons[had][mine]))
    return row


def _find_unneeded(before_ms: np.ndarray, persons: np.ndarray, least: float) -> float:
    """Return the whole minutes of a limit at which fewer than `least` would gain; NaN if none."""
    order = np.argsort(-before_ms, kind="stable")
    enough = np.flatnonzero(np.cumsum(persons[order]) >= least)
    if not len(enough):
        return np.nan
    last = before_ms[order[enough[0]]]
    return np.nan if last >= int(UNREACHABLE) else float(np.ceil(to_minutes(np.array(last))))


def _name_place(study: StudyInputs, settlement_id: str) -> dict[str, Any]:
    place = study.settlements.set_index("settlement_id").loc[settlement_id]
    names = study.municipalities.set_index("municipality_id")["name"]
    return {
        "settlement_id": settlement_id,
        "name": place["name"],
        "municipality_id": place["municipality_id"],
        "municipality": names.get(place["municipality_id"]),
    }


def _home_of(study: StudyInputs, facility: pd.Series) -> str | None:
    """Return the settlement a facility stands in: as it says itself, else the nearest."""
    settlements = study.settlements
    stated = facility.get("settlement_id")
    if isinstance(stated, str) and (settlements["settlement_id"] == stated).any():
        return stated
    located = settlements[settlements.geometry.notna()]
    if not len(located) or facility.geometry is None:
        return None
    distance = located.geometry.distance(facility.geometry)
    return str(located["settlement_id"].loc[distance.idxmin()])


def _find_there(study: StudyInputs, service: str, settlement_id: str) -> dict[str, str | None]:
    """Return the facilities of the service that stand, or are planned, in a settlement.

    Those of which only the municipality is known are named for all its settlements.
    """
    facilities = study.facilities
    mine = facilities[facilities["service"] == service]
    home = study.settlements.set_index("settlement_id")["municipality_id"][settlement_id]
    lost = ~mine["located"] & (mine["municipality_id"] == home)
    there = mine.reindex(columns=["settlement_id"])["settlement_id"] == settlement_id
    if "settlement_id" not in mine:
        near = mine[mine["located"] & (mine["municipality_id"] == home)]
        there = mine.index.isin(
            [row.name for _, row in near.iterrows() if _home_of(study, row) == settlement_id]
        )
    found = mine[there | lost]
    columns = {"planned": "planned_there", "operating": "registered_there",
               "not_registered": "unregistered_there"}  # fmt: skip
    return {
        column: "; ".join(sorted(set(found.loc[found["status"] == status, "name"]))) or None
        for status, column in columns.items()
    }


def _finish(asked: _Service, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows in the form of `SITE_COLUMNS`."""
    size = asked.size
    for row in rows:
        gain = row.pop("gain") if asked.by_need else np.nan
        low, high = row.pop("gain_low"), row.pop("gain_high")
        row.pop("gain", None)
        if not asked.by_need:
            low, high, row["gain_without_planned"] = np.nan, np.nan, np.nan
        places = size.count_places(high) if asked.by_need else size.places
        cost = size.estimate_cost(places)
        years = size.years or (None, None)
        row |= {
            "service": asked.service,
            "gain_persons": gain,
            "gain_persons_low": low,
            "gain_persons_high": high,
            "min_clients": size.min_clients if asked.by_need else np.nan,
            "places_low": places[0] if places else pd.NA,
            "places_high": places[1] if places else pd.NA,
            "cost_low_eur": cost[0] if cost else np.nan,
            "cost_high_eur": cost[1] if cost else np.nan,
            "cost_projects": size.projects if cost else 0,
            "cost_year_from": years[0] if cost else pd.NA,
            "cost_year_to": years[1] if cost else pd.NA,
            "house": None,
            "places": pd.NA,
            "opens": pd.NA,
        }
    return pd.DataFrame(rows, columns=SITE_COLUMNS)
