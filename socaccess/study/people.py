"""Where the people of a study live, and how long each of them travels to the nearest facility."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.beside import map_beside
from socaccess.coverage import SCENARIOS
from socaccess.routing import UNREACHABLE
from socaccess.travel.minutes import to_limit_ms, to_minutes

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs
    from socaccess.study.reach import Nearest, Reach
    from socaccess.study.sites import Suggestions

__all__ = ["PeopleTimes", "list_people", "measure_people"]


@dataclass(frozen=True, eq=False)
class PeopleTimes:
    """Times from every point where people live to the nearest facility of every service.

    Arrays are of shape (services x scenarios, points) unless said otherwise.

    Parameters
    ----------
    services
        The assessed services, in order; each has a row per scenario.
    home, share
        Position of the settlement of each point, and its share of that settlement's
        people; shape (points,).
    travel_ms, own_ms
        Whole milliseconds to the nearest facility of anyone, and of the own municipality.
    place, own_place
        Position of that facility in the supply of the row, -1 where there is none.
    length_km, modelled_share
        Of the way to the nearest facility of anyone.
    counted
        Whether somebody counts who offers the service; shape (rows,).
    supply
        The facilities of each row.
    has_own
        Whether a settlement's municipality has a facility; shape (rows, settlements).
    """

    services: tuple[str, ...]
    home: np.ndarray
    share: np.ndarray
    travel_ms: np.ndarray
    own_ms: np.ndarray
    place: np.ndarray
    own_place: np.ndarray
    length_km: np.ndarray
    modelled_share: np.ndarray
    counted: np.ndarray
    has_own: np.ndarray
    supply: list[pd.DataFrame] = field(repr=False)

    def row(self, service: str, scenario: str) -> int:
        """Return the row of a service in a scenario."""
        return self.services.index(service) * len(SCENARIOS) + SCENARIOS.index(scenario)

    def rows(self) -> list[tuple[str, str]]:
        """Return service and scenario of every row."""
        return [(service, scenario) for service in self.services for scenario in SCENARIOS]


def measure_people(study: StudyInputs, reach: Reach, suggestions: Suggestions) -> PeopleTimes:
    """Return the times of everyone to the nearest facility, in all scenarios."""
    types = study.assessed_types
    sites = suggestions.sites
    rows: list[_Row] = []
    for service in types.itertuples():
        name, traveller = str(service.service), str(service.traveller)
        home = study.own_municipality(traveller).to_numpy(dtype=object)
        known = study.is_counted(name)
        now = reach.list_supply(name, "now")
        planned = reach.list_supply(name, "planned")
        suggested = now if suggestions.base == "now" else planned
        if (sites["service"] == name).any():
            suggested = pd.concat([suggested, suggestions.as_supply(name)], ignore_index=True)
        today = _find_nearest(reach, now, traveller, home, known)
        # A scenario that adds nothing has the answers of today.
        rows.append(today)
        for supply in (planned, suggested):
            same = len(supply) == len(now)
            rows.append(today if same else _find_nearest(reach, supply, traveller, home, known))
    place = np.stack([row.any.place for row in rows])
    length_km, modelled = _measure_ways(reach, rows, place)
    return PeopleTimes(
        tuple(types["service"]),
        reach.home,
        reach.share,
        travel_ms=np.stack([row.any.travel_ms for row in rows]),
        own_ms=np.stack([row.own.travel_ms for row in rows]),
        place=place,
        own_place=np.stack([row.own.place for row in rows]),
        length_km=length_km,
        modelled_share=modelled,
        counted=np.array([row.counted for row in rows]),
        has_own=np.stack([row.has_own for row in rows]),
        supply=[row.supply for row in rows],
    )


@dataclass(frozen=True, eq=False)
class _Row:
    """The answers of one service in one scenario."""

    supply: pd.DataFrame
    traveller: str
    any: Nearest
    own: Nearest
    has_own: np.ndarray
    counted: bool


def _find_nearest(
    reach: Reach, supply: pd.DataFrame, traveller: str, home: np.ndarray, known: bool
) -> _Row:
    points = supply["point"].to_numpy(dtype=int)
    same = home[:, None] == supply["owner_id"].to_numpy(dtype=object)[None, :]
    return _Row(
        supply,
        traveller,
        reach.find_nearest(points, traveller),
        reach.find_nearest(points, traveller, same[reach.home]),
        same.any(axis=1),
        known or len(supply) > 0,
    )


def _measure_ways(
    reach: Reach, rows: list[_Row], place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return kilometres and modelled share of everyone's way to the nearest, (rows, people)."""
    length_km = np.full(place.shape, np.nan)
    modelled = length_km.copy()
    point = np.full(place.shape, -1)
    for number, row in enumerate(rows):
        points = np.append(row.supply["point"].to_numpy(dtype=int), -1)
        point[number] = points[place[number]]
    asked = []
    for traveller in ("client", "provider"):
        mine = np.array([(row.traveller == "provider") == (traveller == "provider")
                         for row in rows])  # fmt: skip
        row_of, person = np.nonzero((point >= 0) & mine[:, None])
        # All ways to a point are found at once: half of the points for each core.
        middle = np.median(np.unique(point[row_of, person])) if len(person) else 0
        lower = point[row_of, person] < middle
        asked += [(traveller, row_of[half], person[half]) for half in (lower, ~lower)]
    asked = [ways for ways in asked if len(ways[1])]
    found = map_beside(
        lambda ways: reach.measure_ways(ways[2], point[ways[1], ways[2]], ways[0]), asked
    )
    for (_, row_of, person), (km, share) in zip(asked, found, strict=True):
        length_km[row_of, person], modelled[row_of, person] = km, share
    return length_km, modelled


def list_people(
    study: StudyInputs, times: PeopleTimes, persons: dict[str, np.ndarray], scenario: str
) -> pd.DataFrame:
    """Return one row per point where people live and service; see `StudyResult.list_people`.

    `persons` has those of every settlement, by service; of others there is no row.
    """
    settlements = study.settlements
    home, share = times.home, times.share
    types = study.assessed_types
    population = settlements["population"].to_numpy(dtype=float)[home] * share
    ids = settlements["settlement_id"].to_numpy(dtype=object)[home]
    municipality = settlements["municipality_id"].to_numpy(dtype=object)[home]
    tables = []
    for service, limit in zip(types["service"], types["limit_min"], strict=True):
        if service not in persons:
            continue
        at = times.row(service, scenario)
        minutes, own = to_minutes(times.travel_ms[at]), to_minutes(times.own_ms[at])
        near = times.travel_ms[at] <= to_limit_ms(float(limit))
        status = np.where(near, "covered", "gap").astype(object)
        status[(times.travel_ms[at] >= UNREACHABLE) & bool(len(times.supply[at]))] = "unreachable"
        if not times.counted[at]:
            status[:] = "no_data"
        facility = np.array([*times.supply[at]["facility_id"], None], dtype=object)
        tables.append(
            pd.DataFrame(
                {
                    "settlement_id": ids,
                    "municipality_id": municipality,
                    "service": service,
                    "travel_min": minutes,
                    "own_travel_min": own,
                    "facility_id": facility[times.place[at]],
                    "status": status,
                    "persons": persons[service][home] * share,
                    "population": population,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
