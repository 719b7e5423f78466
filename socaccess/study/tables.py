"""The tables of a study: what is wrong with them together, and what users may leave out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np
import pandas as pd

from socaccess.errors import Problem, raise_problems, speak
from socaccess.messages import Message
from socaccess.schemas import PEOPLE, check_table, suggest_names
from socaccess.settings import Settings
from socaccess.sources.plausibility import find_wrong_shares

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "OTHER",
    "Progress",
    "check_people",
    "choose_limits",
    "complete_facilities",
    "complete_people",
    "count_people",
    "find_unknown",
    "find_unsuited",
    "in_language",
    "list_names",
    "locate_facilities",
]

Progress = Callable[[str, int, int], None]
"""Called as `progress(step, done, total)`; step is a key of the text catalogue."""

OTHER = "other"
"""Service of a facility that fits no service type: kept, shown, never supply."""


class _Speaker(Protocol):
    """Something with a language."""

    @property
    def lang(self) -> str: ...


S = TypeVar("S", bound=_Speaker)
P = ParamSpec("P")
R = TypeVar("R")


def in_language(
    method: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], R]:
    """Let the errors of a method speak the language of its study."""

    @wraps(method)
    def speaking(self: S, *words: P.args, **options: P.kwargs) -> R:
        with speak(self.lang):
            return method(self, *words, **options)

    return speaking


def find_unknown(
    names: list[str], known: list[str], what: str, where: str | Message = ""
) -> list[Problem]:
    """Return the names that are none of the known services or settlements, with the nearest."""
    codes = {
        "service": ("study.unknown_service", "study.unknown_service_near"),
        "settlement": ("study.unknown_settlement", "study.unknown_settlement_near"),
    }
    plain, close = codes[what]
    problems = []
    for name in names:
        if name not in known:
            near = suggest_names(name, known, most=1)
            problems.append(
                Problem(close, where, name=name, near=near[0])
                if near
                else Problem(plain, where, name=name)
            )
    return problems


def check_people(people: gpd.GeoDataFrame, settlements: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the points where people live, checked.

    Raises
    ------
    InputError
        If a settlement is not of the study, or the shares of one do not add up to 1.
    """
    ids = list_names(settlements, "settlement_id")
    checked = check_table(people, PEOPLE, known={"settlement_id": ids})
    raise_problems(find_wrong_shares(checked, "people"))
    return checked


def complete_people(
    people: gpd.GeoDataFrame | None, settlements: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return where the people of every settlement live, in the order of the settlements.

    A settlement that brings no points is its own point (`basis` is `settlement`, else
    `points`). Shares add up to one.
    """
    import geopandas as gpd

    own = gpd.GeoDataFrame(
        {"settlement_id": settlements["settlement_id"], "share": 1.0, "basis": "settlement"},
        geometry=settlements.geometry.to_numpy(),
        crs=settlements.crs,
    )
    if people is None:
        return own
    points = gpd.GeoDataFrame(
        {"settlement_id": people["settlement_id"], "share": people["share"],
         "basis": people.get("basis", "points")},
        geometry=people.geometry.to_crs(settlements.crs).to_numpy(),
        crs=settlements.crs,
    )  # fmt: skip
    missing = points.geometry.isna() | points.geometry.is_empty
    points = points[(points["share"] > 0) & ~(missing & (points["basis"] == "points"))]
    whole = points.groupby("settlement_id")["share"].sum()
    points = points.assign(share=points["share"] / points["settlement_id"].map(whole))
    rest = own[~own["settlement_id"].isin(points["settlement_id"])]
    table = pd.concat([points, rest], ignore_index=True)
    return gpd.GeoDataFrame(
        table.sort_values("settlement_id", kind="stable", ignore_index=True), crs=settlements.crs
    )


def choose_limits(service_types: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return the service types with the limits a user prefers in place of the catalogue's."""
    chosen = service_types.copy()
    preferred = chosen["service"].map(settings.limits_min)
    stated = chosen.get("limit_min", pd.Series(np.nan, index=chosen.index))
    chosen["limit_min"] = preferred.fillna(stated).astype(float)
    chosen["limit_changed"] = preferred.notna()
    return chosen.sort_values("service", ignore_index=True)


def list_names(table: pd.DataFrame, column: str) -> list[str]:
    """Return the names in a column as text, also of a table that did not pass its check."""
    if column not in table:
        return []
    return table[column].dropna().astype(str).drop_duplicates().tolist()


def find_unsuited(services: pd.DataFrame, settings: Settings) -> list[Problem]:
    """Return the services of the settings that no site can be suggested for."""
    types = choose_limits(services, settings).set_index("service")
    unsuited = [
        service
        for service in settings.site_services
        if service == OTHER
        or (
            service in types.index
            and not (types.loc[service, "counts_as_supply"] and types.loc[service, "limit_min"] > 0)
        )
    ]
    if not unsuited:
        return []
    return [Problem("study.unsuited_service", "site_services", unsuited)]


def count_people(
    municipalities: gpd.GeoDataFrame, settlements: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Fill the population of municipalities that tell none: the sum of their settlements."""
    here = settlements.groupby("municipality_id")["population"].sum()
    summed = municipalities["municipality_id"].map(here).fillna(0)
    stated = municipalities.get("population", summed)
    return municipalities.assign(population=stated.fillna(summed))


def locate_facilities(facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Mark what can be travelled to: a point that is more than a municipality's placeholder."""
    import shapely

    geometry = np.asarray(facilities.geometry.array)
    present = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    located = facilities.copy()
    placeholder = located["location_precision"].isin(["municipality", "none"]).to_numpy()
    located["located"] = present & ~placeholder
    return located


def complete_facilities(
    facilities: gpd.GeoDataFrame, services: pd.DataFrame, municipalities: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the facilities with the columns that users may leave out.

    A facility without `site_id` is a site of its own, serves the group of its service, and
    its provider is of the municipality where it stands.
    """
    group = dict(zip(services["service"], services["target_group"], strict=True))
    names = dict(zip(municipalities["municipality_id"], municipalities["name"], strict=True))
    implied = {
        "site_id": facilities["facility_id"],
        "target_group": facilities["service"].map(group),
        "municipality_id": pd.Series(None, index=facilities.index, dtype=object),
        "provider_municipality_id": facilities.get("municipality_id"),
        "places": pd.Series(pd.NA, index=facilities.index, dtype="Int64"),
    }
    if "municipality_name" not in facilities:
        home = facilities.get("municipality_id", implied["municipality_id"])
        implied["municipality_name"] = home.map(names).astype(object)
    for name, values in implied.items():
        given = facilities.get(name, values)
        facilities = facilities.assign(**{name: given.where(given.notna(), values)})
    return facilities
