"""The numbers that answer "what if" with whole-number arithmetic, alike in Python and in the page.

Minutes are whole and rounded up, which decides a whole-minute limit exactly; persons are
whole numbers of a small unit. Every sum is therefore exact in either language, in any order.
Persons are those of the release: the counts that may be shown, and estimates made of them
(`docs/privacy.md`), so that no sum depends on a hidden count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.privacy import SHOWN
from socaccess.routing import UNREACHABLE
from socaccess.travel.minutes import MS_PER_MIN

if TYPE_CHECKING:
    from socaccess.study.release import Release

__all__ = [
    "FAR",
    "PERSON_UNITS",
    "SHARE_UNITS",
    "SLOW",
    "WITHOUT_CAR",
    "ScenarioTables",
    "build_scenario_tables",
]

FAR = 255
"""Minutes of a way that is longer than any that is told, or is not there at all."""

SLOW = FAR - 1
"""Minutes of a way without a car that leads home the same day, but takes that long or longer."""

WITHOUT_CAR = "without_car"
"""Clients who have no car, beside those who travel (`client`, `provider`)."""

SHARE_UNITS = 100_000
"""The people of a settlement, shared out to the points where they live."""

PERSON_UNITS = 10_000
"""A person in need; needs have four decimals."""


@dataclass(frozen=True, eq=False)
class ScenarioTables:
    """Minutes between places and people, and how many people there are.

    Parameters
    ----------
    longest_min
        The longest way told; longer ones are `FAR`.
    minutes
        By who travels (`client`, `provider`, and `without_car` where the study has a timetable):
        whole minutes rounded up, uint8 of shape (rows, people); a row per point where a facility
        stands or could. Without a car only ways count that lead home the same day.
    settlement_row
        Row of every settlement as a place for a new facility, -1 where no road leads there.
    home
        Position of the settlement of every point where people live.
    share
        Its share of the settlement's people, in `SHARE_UNITS`.
    need
        By target group the persons of every settlement, in `PERSON_UNITS`; only of groups
        whose need is known.
    population
        Inhabitants of every settlement.
    municipality
        Position of the municipality of every settlement.
    is_open
        By target group whether no count is hidden in each municipality.
    hidden_totals
        Target groups whose total may not be shown.
    supply
        By service and scenario: `facility_id` and `row` of the facilities that serve.
    data
        Tells these minutes and facilities from others.
    """

    longest_min: int
    minutes: dict[str, np.ndarray]
    settlement_row: np.ndarray
    home: np.ndarray
    share: np.ndarray
    need: dict[str, np.ndarray]
    population: np.ndarray
    municipality: np.ndarray
    is_open: dict[str, np.ndarray]
    hidden_totals: frozenset[str]
    supply: dict[tuple[str, str], pd.DataFrame]
    data: str

    def weigh(self, group: str, *, persons: bool = True) -> np.ndarray:
        """Return the people at each point: whole numbers of one unit (`unit_of`)."""
        base = self.need[group] if persons else self.population
        return base[self.home] * self.share

    @staticmethod
    def unit_of(*, persons: bool) -> int:
        """Return how many units of `weigh` are one person, or one inhabitant."""
        return SHARE_UNITS * PERSON_UNITS if persons else SHARE_UNITS


def build_scenario_tables(released: Release) -> ScenarioTables:
    """Return the tables of a release.

    Examples
    --------
    >>> import socaccess as sa
    >>> released = sa.Study.load("latgale").run(sites=False).released
    >>> tables = build_scenario_tables(released)
    >>> tables.longest_min, sorted(tables.minutes)
    (141, ['client'])
    """
    result = released.result
    study, reach, times = result.study, result.reach, result.times
    settlements, settings = study.settlements, study.settings
    limits = [*study.assessed_types["limit_min"], *settings.bands_min]
    longest = min(SLOW - 1, int(max(limits) / (1 - settings.time_uncertainty)))
    points = np.unique(
        np.concatenate([reach.supply["planned"]["point"].to_numpy(int), reach.candidate_point])
    )
    points = points[points >= 0]
    travellers = ["client"] if reach.is_symmetric else ["client", "provider"]
    by_traveller = {
        name: _round_up(reach.people_ms(points, name), longest).T for name in travellers
    }
    without = result if reach.transit is not None else result.without_car
    if without is not None:
        travel_ms = without.reach.people_ms(points, "client")
        by_traveller[WITHOUT_CAR] = _round_up(travel_ms, SLOW - 1, slow=SLOW).T
    near = np.any([(table < FAR).any(axis=1) for table in by_traveller.values()], axis=0)
    minutes = {name: np.ascontiguousarray(t[near]) for name, t in by_traveller.items()}
    row_of = np.full(len(reach.points.ids) + 1, -1)
    row_of[points[near]] = np.arange(near.sum())
    supply = {}
    for service, scenario in times.rows():
        rows = times.supply[times.row(service, scenario)][["facility_id", "point"]]
        placed = pd.DataFrame({"facility_id": rows["facility_id"].astype(str),
                               "row": row_of[rows["point"].to_numpy(int)]})  # fmt: skip
        supply[service, scenario] = placed[placed["row"] >= 0].reset_index(drop=True)
    need = _list_need(result)
    order = study.municipalities["municipality_id"]
    pairs = pd.DataFrame({"service": "", "municipality_id": order})
    service_of = {group: service for service, group in released.group_of.items()}
    return ScenarioTables(
        longest_min=longest,
        minutes=minutes,
        settlement_row=row_of[reach.candidate_point],
        home=times.home,
        share=np.rint(times.share * SHARE_UNITS).astype(np.int64),
        need=need,
        population=settlements["population"].fillna(0).to_numpy().astype(np.int64),
        municipality=pd.Index(order).get_indexer(settlements["municipality_id"]),
        is_open={
            group: released.find_open(pairs.assign(service=service_of[group])) for group in need
        },
        hidden_totals=frozenset(
            group for group, found in released.protections.items() if found.total != SHOWN
        ),
        supply=supply,
        data=_sign(minutes, supply),
    )


def _round_up(travel_ms: np.ndarray, longest_min: int, slow: int = FAR) -> np.ndarray:
    """Return whole minutes, `slow` for ways that take longer than the longest."""
    minutes = -(-travel_ms.astype(np.int64) // MS_PER_MIN)
    rest = np.where(travel_ms < UNREACHABLE, slow, FAR)
    return np.where(minutes <= longest_min, minutes, rest).astype(np.uint8)


def _list_need(result: Any) -> dict[str, np.ndarray]:
    """Return the persons of every settlement as released, by target group."""
    table = result.settlement_coverage
    table = table[table["scenario"] == "now"]
    order = result.study.settlements["settlement_id"]
    types = result.study.assessed_types.drop_duplicates("target_group")
    need = {}
    for service, group in zip(types["service"], types["target_group"], strict=True):
        rows = table[table["service"] == service].set_index("settlement_id")["persons"]
        persons = rows.reindex(order).to_numpy(dtype=float)
        units = np.rint(np.nan_to_num(persons) * PERSON_UNITS).astype(np.int64)
        if units.any():
            need[str(group)] = units
    return need


def _sign(minutes: dict[str, np.ndarray], supply: dict[tuple[str, str], pd.DataFrame]) -> str:
    """Return a short hash of minutes and facilities: of nothing that says how many people."""
    signed = hashlib.sha256()
    for table in minutes.values():
        signed.update(table.tobytes())
    for (service, scenario), rows in sorted(supply.items()):
        if scenario != "suggested":
            places = zip(rows["facility_id"].tolist(), rows["row"].tolist(), strict=True)
            listed = ",".join(f"{name}@{row}" for name, row in places)
            signed.update(f"{service}/{scenario}:{listed};".encode())
    return signed.hexdigest()[:12]
