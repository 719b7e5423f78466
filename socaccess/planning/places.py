"""Questions about places: objects of a plan, buildings, general services, profiles of limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from socaccess.errors import InputError, UnknownNameError
from socaccess.planning.opening import Asked, Given, open_amenities, open_result, open_table
from socaccess.privacy import hide_small
from socaccess.programme.catalogue import Catalogue, compare_profiles
from socaccess.programme.general_services import (
    PROPOSED_CRITERIA,
    Criterion,
    reach_amenities,
    reach_people,
    score_sites,
    summarise_reach,
)
from socaccess.programme.institutions import score_buildings, weigh_buildings
from socaccess.programme.objects import PlanObjects, list_objects, read_amendments
from socaccess.programme.reach import find_service, find_settlement, keep_located
from socaccess.sources.gtfs import Feed
from socaccess.study import Study, StudyResult

__all__ = ["AROUND", "Surroundings", "buildings", "general_services", "objects", "profiles"]

AROUND = ("homes", "facilities", "sites")
"""Around what general services are looked for."""


def objects(
    study: Study,
    *,
    table: Given | PlanObjects | None = None,
    amendments: Given | None = None,
    as_of: dt.date | None = None,
) -> PlanObjects:
    """Return the objects of a plan with status, amendment and date; now or on any day.

    Parameters
    ----------
    study
        Whose region.
    table
        The plan's own objects; those of public pages by default.
    amendments
        Changes to them, applied in the order of their dates.
    as_of
        As they stood at the end of this day.

    Examples
    --------
    >>> import socaccess as sa
    >>> found = sa.planning.objects(sa.Study.load("kurzeme"))
    >>> "opened" in set(found.objects["status"])
    True
    """
    if table is None:
        found = list_objects(study)
    elif isinstance(table, PlanObjects):
        found = table
    else:
        found = PlanObjects.read(table)
    if amendments is not None:
        found = found.amend(open_table(amendments, read_amendments))
    return PlanObjects(found.as_of(as_of), found.history) if as_of else found


def buildings(
    asked: Asked,
    services: Sequence[str] = (),
    *,
    closed_only: bool = False,
    amenities: Given | None = None,
    timetable: Feed | str | Path | None = None,
    criteria: Sequence[Criterion] = PROPOSED_CRITERIA,
    allow_small_counts: bool = False,
) -> pd.DataFrame:
    """Return what the buildings of institutions would bring as sites of community services.

    Parameters
    ----------
    asked
        A study or its result.
    services
        For which use; those promised that clients travel to by default.
    closed_only
        Only institutions that have closed, whose houses may stand empty.
    amenities, timetable, criteria
        General services around them, by which they are scored too.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Returns
    -------
    pandas.DataFrame
        See `socaccess.programme.institutions.weigh_buildings`; with `amenities` also
        `score`, `failed` and `unknown`.

    Examples
    --------
    >>> import socaccess as sa
    >>> sa.planning.buildings(sa.Study.load("kurzeme"), ["dac_grt"])["service"].unique().tolist()
    ['dac_grt']
    """
    around = open_amenities(amenities, timetable)
    result, below = open_result(asked, allow_small_counts=allow_small_counts)
    wanted = [str(find_service(result.study, name)["service"]) for name in services]
    statuses = ("closed",) if closed_only else ("operating", "closed")
    weighed = weigh_buildings(result, wanted, statuses=statuses)
    if around is not None:
        weighed = score_buildings(result.study, weighed, around, criteria)
    return hide_small(weighed, "persons_near", ["gain"], below=below)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """General services around places.

    Parameters
    ----------
    around
        `homes`, `facilities` or `sites`.
    objects
        How many of each kind the data holds.
    summary
        One row per criterion: places and inhabitants near; see `summarise_reach`.
    scores
        One row per place: id, `name`, `score`, `met`, `failed`, `unknown`.
    reach
        One row per place (around homes: per point where people live) and kind.
    attribution
        Whom to name as the source, where the data asks for it.
    """

    around: str
    objects: dict[str, int]
    summary: pd.DataFrame
    scores: pd.DataFrame
    reach: pd.DataFrame
    attribution: str = ""


def general_services(
    asked: Asked,
    amenities: Given,
    *,
    around: str = "homes",
    service: str | None = None,
    settlements: Sequence[str] = (),
    timetable: Feed | str | Path | None = None,
    criteria: Sequence[Criterion] = PROPOSED_CRITERIA,
) -> Surroundings:
    """Return how near shops, schools, health care and stops are, and each place's score.

    Around homes it is measured from the points where people live.

    Parameters
    ----------
    asked
        A study or its result.
    amenities
        Shops, schools, stops …: a table, or a file (CSV, XLSX, layer, `.osm.pbf`).
    around
        `homes` (settlements), `facilities` or `sites` (suggested).
    service
        Of facilities or sites; all by default.
    settlements
        Only these homes.
    timetable
        Whose stops are taken instead of those of `amenities`: a timetable, its file, or GTFS.
    criteria
        What counts as near.
    """
    if around not in AROUND:
        raise UnknownNameError("programme.unknown_around", name=around, known=list(AROUND))
    table = open_amenities(amenities, timetable)
    assert table is not None
    result, _ = open_result(asked, sites=around == "sites")
    places = _choose_places(result, around, service, settlements)
    column = str(places.columns[0])
    if around == "homes":
        reach = reach_people(result.study, table)
        reach = reach[reach[column].isin(places[column])].reset_index(drop=True)
    else:
        assert result.study.network is not None
        reach = reach_amenities(result.study.network, places[[column, "geometry"]], table)
    people = result.study.settlements.set_index("settlement_id")["population"]
    scores = score_sites(reach, criteria)
    labels = dict(zip(places[column], places["label"], strict=True))
    scores.insert(1, "name", scores[column].map(labels))
    return Surroundings(
        around=around,
        objects=table["kind"].value_counts().sort_index().to_dict(),
        summary=summarise_reach(reach, people if around == "homes" else None, criteria),
        scores=scores,
        reach=reach,
        attribution=table.attrs.get("source", {}).get("attribution", ""),
    )


def _choose_places(
    result: StudyResult, around: str, service: str | None, names: Sequence[str]
) -> gpd.GeoDataFrame:
    """Return the places asked about: id, `label` and point."""
    study = result.study
    if around == "homes":
        chosen = study.settlements[["settlement_id", "name", "geometry"]]
        if names:
            ids = [find_settlement(study, name) for name in names]
            chosen = chosen[chosen["settlement_id"].isin(ids)]
        return keep_located(chosen.rename(columns={"name": "label"}))
    wanted = str(find_service(study, service)["service"]) if service else None
    if around == "facilities":
        table = study.facilities
        table = table[
            table["municipality_id"].isin(study.municipalities["municipality_id"])
            & table["status"].isin(["operating", "planned"])
        ]
        column, label = "facility_id", table["name"]
    else:
        table = result.sites
        column, label = "site_id", table["name"] + " (" + table["service"] + ")"
    table = table.assign(label=label)
    if wanted:
        table = table[table["service"] == wanted]
    if not len(table):
        code = (
            "programme.no_facilities_around"
            if around == "facilities"
            else "programme.no_sites_around"
        )
        raise InputError(code, study=study.name, service=wanted or "*")
    return keep_located(table[[column, "label", "geometry"]].drop_duplicates(column))


def profiles(
    asked: Asked,
    limits: str | Path,
    *,
    catalogue: Catalogue | None = None,
    scenario: str = "now",
) -> pd.DataFrame:
    """Return what each profile of standards would make of the same travel times.

    Parameters
    ----------
    asked
        A study or its result; its times are used, its limits are not.
    limits
        File of `profile`, `service`, `limit_min`, `basis`, `source`.
    catalogue
        Whose own limits are the first profile; the embedded one by default.
    scenario
        `now` or `planned`.

    Returns
    -------
    pandas.DataFrame
        One row per profile and promised service: `limit_min`, `basis`, `population`,
        `population_covered`, `p90_min`, `share`; in inhabitants, since two limits side by
        side would tell the few in need between them.
    """
    if scenario not in ("now", "planned"):
        raise UnknownNameError(
            "programme.unknown_scenario", name=scenario, known=["now", "planned"]
        )
    loaded = (catalogue or Catalogue.load()).with_profiles(limits)
    result, _ = open_result(asked)
    columns = ["profile", "service", "limit_min", "basis", "population", "population_covered",
               "p90_min"]  # fmt: skip
    table = compare_profiles(result, loaded, scenario=scenario)[columns]
    table["share"] = table["population_covered"] / table["population"]
    promised = set(result.study.promised or ())
    known = result.service_types.set_index("service")["supply_known"]
    table = table[table["service"].map(lambda s: s in promised and bool(known[s]))]
    return table.reset_index(drop=True)
