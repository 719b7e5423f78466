"""What the times of a study say about places to share: supply, candidate sites, who is near."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess.errors import InputError, UnknownNameError
from socaccess.i18n import fold
from socaccess.routing import UNREACHABLE
from socaccess.schemas import suggest_names
from socaccess.study import Study, StudyResult
from socaccess.study.capacity import CAPACITY_BASES
from socaccess.travel.minutes import to_limit_ms

__all__ = [
    "CAPACITY_BASES",
    "Joint",
    "ServiceAccess",
    "choose_joint_site",
    "find_service",
    "find_settlement",
    "keep_located",
    "list_homes",
    "list_supply",
    "measure_between",
    "measure_supply",
    "name_municipalities",
    "spread_persons",
    "sum_persons",
    "take_limit",
]


@dataclass(frozen=True)
class Joint:
    """A site for several: its settlement, and the persons within the limit by municipality."""

    settlement_id: str
    persons: dict[str, float]

    @property
    def total(self) -> float:
        """Persons of all."""
        return float(sum(self.persons.values()))


def find_service(study: Study, service: str) -> dict[str, object]:
    """Return the row of a service that counts as supply.

    Raises
    ------
    UnknownNameError
        If there is none, with the nearest name.
    """
    types = study.service_types
    assert types is not None
    key = service.strip().lower().replace("-", "_")
    rows = types[types["service"] == key]
    if not len(rows):
        near = suggest_names(key, types["service"].tolist(), most=1)
        raise (
            UnknownNameError("programme.no_service_near", name=service, near=near)
            if near
            else UnknownNameError("programme.no_service", name=service)
        )
    row: dict[str, object] = rows.iloc[0].to_dict()
    if not row["counts_as_supply"]:
        raise InputError("programme.moved_out_of", service=key)
    return row


def find_settlement(study: Study, name: str) -> str:
    """Return the id of a settlement a user means, by id or name, diacritics or not.

    Raises
    ------
    UnknownNameError
        If nothing fits, or several do.
    """
    settlements = study.settlements
    if name in set(settlements["settlement_id"]):
        return name
    same = settlements[settlements["name"].map(fold) == fold(name)]
    if not len(same):
        near = suggest_names(name, settlements["name"].tolist(), most=3)
        raise (
            UnknownNameError("programme.no_settlement_near", name=name, study=study.name, near=near)
            if near
            else UnknownNameError("programme.no_settlement", name=name, study=study.name)
        )
    if len(same) > 1:
        homes = name_municipalities(study)
        options = ", ".join(
            f"{row.settlement_id} ({homes.get(row.municipality_id, '')})"
            for row in same.itertuples()
        )
        raise UnknownNameError("programme.several_settlements", name=name, options=options)
    return str(same["settlement_id"].iloc[0])


def keep_located(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places that have a point."""
    missing = places.geometry.isna() | places.geometry.is_empty
    return places[~missing].reset_index(drop=True)


def take_limit(study: Study, service: str, limit_min: float | None = None) -> float:
    """Return the limit asked for, or the study's own; raise where there is neither."""
    if limit_min is not None:
        if not limit_min > 0:
            raise InputError("programme.limit_min", value=limit_min)
        return float(limit_min)
    limit = study.limits_min().get(service)
    if limit is None:
        raise InputError("programme.no_limit", service=service)
    return limit


def name_municipalities(study: Study) -> dict[str, str]:
    """Return the name of every municipality of the study and of its facilities."""
    names: dict[str, str] = {}
    facilities = study.facilities
    if "municipality_name" in facilities:
        known = facilities[facilities["municipality_name"].notna()]
        names |= dict(zip(known["municipality_id"], known["municipality_name"], strict=True))
    own = study.municipalities
    return names | dict(zip(own["municipality_id"], own["name"], strict=True))


def spread_persons(result: StudyResult, service: str) -> np.ndarray:
    """Return persons in need of a service where they live, point by point; 0 where unknown."""
    reach = result.reach
    return sum_persons(result, service)[reach.home] * reach.share


def sum_persons(result: StudyResult, service: str) -> np.ndarray:
    """Return persons in need of a service per settlement, in order; 0 where unknown."""
    rows = result.settlement_coverage
    rows = rows[(rows["service"] == service) & (rows["scenario"] == "now")]
    persons = rows.set_index("settlement_id")["persons"]
    ordered = persons.reindex(result.study.settlements["settlement_id"])
    return np.nan_to_num(ordered.to_numpy(dtype=float))


def list_homes(result: StudyResult) -> np.ndarray:
    """Return the municipality of every point where people live, in the order of their times."""
    home = result.study.settlements["municipality_id"].to_numpy(dtype=object)
    return home[result.reach.home]


def measure_between(result: StudyResult, traveller: str) -> np.ndarray:
    """Return milliseconds from everyone's home (rows) to every settlement as a site (columns)."""
    return result.reach.people_ms(result.reach.candidate_point, traveller)


def list_supply(result: StudyResult, service: str, scenario: str = "now") -> pd.DataFrame:
    """Return the facilities that serve: id, name, municipality, point and `places`.

    `places` is NaN where the source counts something else than places.
    """
    if scenario not in result.reach.supply:
        raise UnknownNameError(
            "programme.unknown_scenario", name=scenario, known=["now", "planned"]
        )
    supply = result.reach.supply[scenario]
    supply = supply[supply["service"] == service].reset_index(drop=True)
    facilities = result.study.facilities.set_index("facility_id")
    places = pd.Series(np.nan, facilities.index)
    if "places" in facilities:
        places = facilities["places"].astype(float)
    if "places_basis" in facilities:
        places = places.where(facilities["places_basis"].isin(CAPACITY_BASES))
    return supply.assign(places=supply["facility_id"].map(places).astype(float))


def measure_supply(result: StudyResult, supply: pd.DataFrame, traveller: str) -> np.ndarray:
    """Return milliseconds from everyone's home (rows) to every facility of a supply."""
    return result.reach.people_ms(supply["point"].to_numpy(dtype=int), traveller)


class ServiceAccess:
    """Who is near which facility of one service, at every point where people live.

    Parameters
    ----------
    result
        A study's result.
    service
        A service that counts as supply.
    scenario
        `now` or `planned`.
    limit_min
        Another limit than the study's, minutes, inclusive.

    Attributes
    ----------
    service, traveller, limit_min
        What is asked.
    home, persons
        Municipality, and persons in need, of every point.
    supply, ms, near
        Its facilities, and for every point (rows) the milliseconds to each and whether it
        is within the limit.
    supply_known, need_known
        Whether any source counts the service, and whether anybody said how many need it.
    """

    def __init__(
        self,
        result: StudyResult,
        service: str,
        *,
        scenario: str = "now",
        limit_min: float | None = None,
    ) -> None:
        row = find_service(result.study, service)
        self.result = result
        self.service, self.traveller = str(row["service"]), str(row["traveller"])
        self.limit_min = take_limit(result.study, self.service, limit_min)
        self.home = list_homes(result)
        self.persons = spread_persons(result, self.service)
        self.supply = list_supply(result, self.service, scenario)
        self.ms = measure_supply(result, self.supply, self.traveller)
        self.near = self.find_near(self.ms)
        self.supply_known = result.is_known(self.service)
        rows = result.settlement_coverage
        self.need_known = bool(rows.loc[rows["service"] == self.service, "persons"].notna().any())

    def find_near(self, ms: np.ndarray) -> np.ndarray:
        """Return which times are within the limit."""
        return np.asarray((ms <= to_limit_ms(self.limit_min)) & (ms < UNREACHABLE))

    @cached_property
    def between_ms(self) -> np.ndarray:
        """Milliseconds from every point (rows) to every settlement as a site (columns)."""
        return measure_between(self.result, self.traveller)

    @cached_property
    def near_any(self) -> np.ndarray:
        """Whether a facility is near each point."""
        return np.asarray(self.near.any(axis=1))


def choose_joint_site(
    result: StudyResult,
    between_ms: np.ndarray,
    persons: np.ndarray,
    limit_min: float,
    hosts: list[str],
    partners: list[str] | None = None,
) -> Joint | None:
    """Return the settlement of the hosts with most persons of the partners within the limit.

    Of equals the one with less travel, then the first by id. None where the site
    would be near nobody.
    """
    settlements, home = result.study.settlements, list_homes(result)
    ids = settlements["settlement_id"].to_numpy(dtype=object)
    sites = np.flatnonzero(settlements["municipality_id"].isin(hosts))
    counted = persons if partners is None else np.where(np.isin(home, partners), persons, 0.0)
    if not len(sites) or not counted.sum() > 0:
        return None
    ms = between_ms[:, sites]
    near = (ms <= to_limit_ms(limit_min)) & (ms < UNREACHABLE)
    reached = near.T.astype(float) @ counted
    travel = np.where(near, ms, 0).T.astype(float) @ counted
    order = np.lexsort((ids[sites].astype(str), travel.round(3), -reached.round(9)))
    best = order[0]
    if not reached[best] > 0:
        return None
    inside = near[:, best] & (counted > 0)
    found = pd.Series(counted[inside]).groupby(home[inside], sort=True).sum()
    return Joint(str(ids[sites[best]]), {str(k): float(v) for k, v in found.items()})
