"""The buildings of institutions people leave, weighed as sites of community services."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess.errors import Problem, raise_problems
from socaccess.programme.general_services import (
    PROPOSED_CRITERIA,
    Criterion,
    reach_amenities,
    score_sites,
)
from socaccess.programme.reach import spread_persons
from socaccess.study import StudyResult
from socaccess.study.tables import StudyTables
from socaccess.travel import travel_times
from socaccess.travel.minutes import to_limit_ms

__all__ = ["INSTITUTIONS", "list_institutions", "score_buildings", "weigh_buildings"]

INSTITUTIONS = ("vsac", "oof_inst", "halfway")
"""Services of institutions people move out of."""

_RESIDENCES = ("residence",)


def list_institutions(study: StudyTables) -> pd.DataFrame:
    """Return the institutions of the study's region people move out of, located or not.

    Examples
    --------
    >>> from socaccess import Study
    >>> "kur038" in set(list_institutions(Study.load("kurzeme"))["facility_id"])
    True
    """
    facilities = study.facilities
    inside = facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    if "planning_region_2009" in facilities:
        # Of some only the region is known.
        somewhere = facilities["planning_region_2009"] == study.name
        inside |= facilities["municipality_id"].isna() & somewhere
    chosen = facilities[inside & facilities["service"].isin(INSTITUTIONS)]
    return pd.DataFrame(chosen).reset_index(drop=True)


def weigh_buildings(
    result: StudyResult,
    services: Sequence[str] = (),
    *,
    statuses: Sequence[str] = ("operating", "closed"),
) -> pd.DataFrame:
    """Return what each building of an institution would bring as a site of a service.

    Parameters
    ----------
    result
        A study's result.
    services
        Which services; by default those promised that clients go to.
    statuses
        Of the institutions: also those closed or reorganised, whose houses may stand
        empty. Whether a house can be had, and in what state, is not known here.

    Returns
    -------
    pandas.DataFrame
        One row a building and service: `facility_id`, `name`, `institution`,
        `status`, `municipality_id`, `persons_near` (in need, within the limit of it),
        `gain` (of them without a facility within the limit now), `gain_population`,
        and `caution`: `residence_in_institution` where the service is a home, for
        which the grounds of the institution people leave are no community; most
        gain first. Buildings that are not located are left in, with NaN.

    Examples
    --------
    >>> from socaccess import Study
    >>> houses = weigh_buildings(Study.load("kurzeme").run(sites=False), ["dac_grt"])
    >>> houses["gain_population"].iloc[0] >= houses["gain_population"].iloc[-1]
    np.True_
    """
    study = result.study
    types = study.service_types
    assert types is not None and study.network is not None
    chosen = list(services) or [
        row.service
        for row in types.itertuples()
        if row.service in (study.promised or ()) and row.traveller == "client"
    ]
    limits = study.limit_of()
    unknown = [name for name in chosen if name not in limits]
    raise_problems(
        [Problem("service is not known, or has no limit", "services", tuple(unknown))]
        if unknown
        else []
    )
    buildings = list_institutions(study)
    buildings = buildings[buildings["status"].isin(list(statuses))].reset_index(drop=True)
    located = buildings["located"].to_numpy(dtype=bool)
    minutes = np.full((len(study.settlements), len(buildings)), np.nan)
    if located.any():
        times = travel_times(
            study.network,
            study.settlements,
            gpd.GeoDataFrame(
                buildings.loc[located, ["facility_id", "geometry"]], crs=study.facilities.crs
            ),
            links=study.settings.links,
        )
        minutes[:, located] = times.travel_min
    form_of = dict(zip(types["service"], types["form"], strict=True))
    population = study.settlements["population"].to_numpy(dtype=float)
    rows = []
    for service in chosen:
        persons = spread_persons(result, service)
        coverage = result.settlement_coverage
        now = coverage[(coverage["service"] == service) & (coverage["scenario"] == "now")]
        covered = (now.set_index("settlement_id")["status"] == "covered").reindex(
            study.settlements["settlement_id"], fill_value=False
        )
        open_ = ~covered.to_numpy(dtype=bool)
        limit = to_limit_ms(limits[service]) / 60_000
        for number, building in enumerate(buildings.itertuples()):
            near = minutes[:, number] <= limit
            known = bool(located[number])
            rows.append(
                {
                    "facility_id": building.facility_id,
                    "name": building.name,
                    "institution": building.service,
                    "status": building.status,
                    "municipality_id": building.municipality_id,
                    "service": service,
                    "persons_near": float(persons[near].sum()) if known else np.nan,
                    "gain": float(persons[near & open_].sum()) if known else np.nan,
                    "gain_population": float(population[near & open_].sum()) if known else np.nan,
                    "caution": "residence_in_institution"
                    if form_of[service] in _RESIDENCES
                    else None,
                }
            )
    columns = ["facility_id", "name", "institution", "status", "municipality_id", "service",
               "persons_near", "gain", "gain_population", "caution"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(
        ["service", "gain", "gain_population", "facility_id"],
        ascending=[True, False, False, True],
        kind="stable",
        ignore_index=True,
    )


def score_buildings(
    study: StudyTables,
    buildings: pd.DataFrame,
    amenities: gpd.GeoDataFrame,
    criteria: Sequence[Criterion] = PROPOSED_CRITERIA,
) -> pd.DataFrame:
    """Return buildings with what stands around them: `score`, `failed` and `unknown` added.

    Parameters
    ----------
    study
        Whose institutions the buildings are.
    buildings
        As of `weigh_buildings`.
    amenities
        As of `socaccess.programme.general_services.read_amenities`.
    criteria
        What counts.
    """
    assert study.network is not None
    known = list_institutions(study)
    known = known[known["located"].to_numpy(dtype=bool)]
    places = gpd.GeoDataFrame(known[["facility_id", "geometry"]], crs=study.facilities.crs)
    scores = score_sites(reach_amenities(study.network, places, amenities), criteria)
    columns = ["facility_id", "score", "failed", "unknown"]
    return buildings.merge(scores[columns], on="facility_id", how="left")
