"""The way of a study from its tables to its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.routing import UNREACHABLE
from socaccess.siting import SitingPlan
from socaccess.study.assessment import (
    assess_municipalities,
    assess_settlements,
    empty_as_none,
    spread_need,
    tell_gaps,
)
from socaccess.study.headline import tell_headline
from socaccess.study.reach import Reach, measure_reach
from socaccess.study.result import StudyResult
from socaccess.study.sites import suggest_study_sites, tell_plan
from socaccess.study.tables import Progress, StudyTables

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["run_study"]

# Institutions people move out of, and the group whose services they then need, where the
# catalogue has no column `moves_to` that says so.
_MOVERS = {"vsac": "adults_grt", "oof_inst": "children_oof"}


def run_study(
    study: StudyTables,
    *,
    suggest: bool,
    progress: Progress | None,
    answer: tuple[str, SitingPlan] | None = None,
) -> StudyResult:
    """Return the result of a study; see `Study.run`."""

    def tell(step: str, done: int = 0, total: int = 0) -> None:
        if progress is not None:
            progress(step, done, total)

    tell("travel")
    institutions = _list_institutions(study)
    reach = measure_reach(study, institutions, lambda done, total: tell("travel", done, total))
    tell("sites")
    persons = spread_need(study)
    if answer is not None:
        suggestions = tell_plan(study, reach, *answer)
    else:
        suggestions = suggest_study_sites(
            study,
            reach,
            persons,
            services=_choose_site_services(study, reach) if suggest else (),
            progress=lambda done, total: tell("sites", done, total),
        )
    tell("coverage")
    settlement_coverage = assess_settlements(study, reach, suggestions, persons)
    coverage = assess_municipalities(study, settlement_coverage)
    gaps = tell_gaps(study, settlement_coverage)
    not_located = _list_not_located(study, reach)
    leaving = _reach_from_institutions(study, reach)
    summary = tell_headline(
        study, reach, settlement_coverage, coverage, suggestions, leaving, not_located
    )
    return StudyResult(
        study=study,
        reach=reach,
        settlement_coverage=settlement_coverage,
        coverage=coverage,
        gaps=gaps,
        sites=suggestions.sites,
        plans=suggestions.plans,
        institutions=leaving,
        not_located=not_located,
        summary=summary,
    )


def _list_institutions(study: StudyTables) -> gpd.GeoDataFrame:
    facilities = study.facilities
    inside = facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    moving = facilities["service"].isin(list(_list_movers(study))) & (
        facilities["status"] == "operating"
    )
    return facilities[inside & moving & facilities["located"]].reset_index(drop=True)


def _list_movers(study: StudyTables) -> dict[str, str]:
    """Return, by service of an institution, the group whose services its people will need."""
    types = study.service_types
    assert types is not None
    if "moves_to" not in types:
        return _MOVERS
    told = types[types["moves_to"].notna()]
    return dict(zip(told["service"], told["moves_to"], strict=True))


def _choose_site_services(study: StudyTables, reach: Reach) -> tuple[str, ...]:
    """Return the services to suggest sites for: promised, gone to by clients, and known at all.

    Where the data holds no facility of a service, the gap is in the data: any site
    would seem to help everyone.
    """
    if study.settings.site_services:
        return tuple(study.settings.site_services)
    types = study.service_types
    assert types is not None
    known = set(reach.supply["now"]["service"])
    usable = types[
        types["service"].isin(study.promised or ())
        & types["service"].isin(known)
        & (types["traveller"] == "client")
        & types["limit_min"].notna()
    ]
    return tuple(usable["service"])


def _reach_from_institutions(study: StudyTables, reach: Reach) -> pd.DataFrame:
    """Return one row an institution and service its people will need, nearest facility now."""
    types = study.service_types
    assert types is not None
    institutions = reach.institutions
    movers = _list_movers(study)
    rows = []
    for service in types[types["counts_as_supply"] & types["limit_min"].notna()].itertuples():
        supply = reach.supply["now"]
        supply = supply[supply["service"] == service.service].reset_index(drop=True)
        nearest = reach.find_nearest(supply["point"].to_numpy(dtype=int), str(service.traveller))
        for number, institution in enumerate(institutions.itertuples()):
            if movers[str(institution.service)] != service.target_group:
                continue
            position = reach.settlement_count + number
            place = nearest.place[position]
            late = nearest.travel_ms[position] >= UNREACHABLE
            rows.append(
                (
                    institution.facility_id,
                    institution.name,
                    institution.municipality_id,
                    institution.service,
                    service.service,
                    np.nan if late else nearest.travel_ms[position] / 60_000,
                    None if late else supply["facility_id"].iloc[place],
                    None if late else supply["name"].iloc[place],
                )
            )
    columns = ["facility_id", "name", "municipality_id", "service", "to_service", "travel_min",
               "to_facility_id", "to_facility"]  # fmt: skip
    table = empty_as_none(pd.DataFrame(rows, columns=columns), ("to_facility_id", "to_facility"))
    return table.sort_values(["facility_id", "to_service"], ignore_index=True)


def _list_not_located(study: StudyTables, reach: Reach) -> pd.DataFrame:
    settlements = study.settlements[~reach.settlements.located]
    inside = study.facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    unknown = study.facilities["municipality_id"].isna()
    # Whatever has a point is put on a road, unless there is none to be put on.
    network = reach.settlements.network
    lost = ~study.facilities["located"] | (not len(network.snappable_edges))
    facilities = study.facilities[lost & (inside | unknown)]
    names = study.municipalities.set_index("municipality_id")["name"]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "kind": "settlement",
                    "id": settlements["settlement_id"],
                    "name": settlements["name"],
                    "service": None,
                    "municipality": settlements["municipality_id"].map(names),
                    "reason": np.where(
                        settlements.geometry.isna() | settlements.geometry.is_empty,
                        "place_unknown",
                        "no_network",
                    ),
                }
            ),
            pd.DataFrame(
                {
                    "kind": "facility",
                    "id": facilities["facility_id"],
                    "name": facilities["name"],
                    "service": facilities["service"],
                    "municipality": facilities["municipality_id"].map(names),
                    "reason": np.select(
                        [facilities["located"], facilities["location_precision"] == "municipality"],
                        ["no_network", "only_municipality_known"],
                        "place_unknown",
                    ),
                }
            ),
        ],
        ignore_index=True,
    )
    return table.astype(object).where(table.notna(), None)
