"""The way of a study from its tables to its results."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from socaccess.routing import UNREACHABLE
from socaccess.siting import SitingPlan
from socaccess.study.answer import StudyAnswer
from socaccess.study.assessment import (
    assess_municipalities,
    assess_settlements,
    list_gaps,
    spread_need,
)
from socaccess.study.headline import summarise_study
from socaccess.study.people import measure_people
from socaccess.study.reach import Reach, measure_reach, travel_without_car
from socaccess.study.sites import Suggestions, place_plan, suggest_study_sites
from socaccess.study.tables import Progress

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.inputs import StudyInputs

__all__ = ["answer_study", "choose_site_services", "list_institutions", "run_study"]

A = TypeVar("A", bound=StudyAnswer)

# Institutions people move out of, and the group whose services they then need, where the
# catalogue has no column `moves_to` that says so.
_MOVERS = {"vsac": "adults_grt", "oof_inst": "children_oof"}


def run_study(
    study: StudyInputs,
    kind: type[A],
    *,
    suggest: bool,
    progress: Progress | None,
    answer: tuple[str, SitingPlan] | None = None,
    persons: pd.DataFrame | None = None,
    reach: Reach | None = None,
) -> A:
    """Return the result of a study as an object of `kind`; see `Study.run`.

    `persons` in place of those of the need: what may leave (`socaccess.study.release`).
    `reach` are the times of this study where they are measured already.
    """

    def tell(step: str, done: int = 0, total: int = 0) -> None:
        if progress is not None:
            progress(step, done, total)

    tell("travel")
    if reach is None:
        reach = measure_reach(
            study, list_institutions(study), lambda done, total: tell("travel", done, total)
        )
    tell("sites")
    if persons is None:
        persons = spread_need(study)
    if answer is not None:
        suggestions = place_plan(study, reach, *answer)
    else:
        suggestions = suggest_study_sites(
            study,
            reach,
            persons,
            services=choose_site_services(study) if suggest else (),
            progress=lambda done, total: tell("sites", done, total),
        )
    tell("coverage")
    answered = answer_study(study, kind, reach, suggestions, persons)
    if study.mode != "both":
        return answered
    tell("transit")
    other = travel_without_car(study, reach, lambda done, total: tell("transit", done, total))
    return replace(answered, without_car=answer_study(study, kind, other, suggestions, persons))


def answer_study(
    study: StudyInputs, kind: type[A], reach: Reach, suggestions: Suggestions, persons: pd.DataFrame
) -> A:
    """Return what the times of a study mean, with the sites that are suggested."""
    times = measure_people(study, reach, suggestions)
    settlement_coverage = assess_settlements(study, times, persons)
    coverage = assess_municipalities(study, times, persons)
    not_located = _list_not_located(study, reach)
    leaving = _reach_from_institutions(study, reach)
    summary = summarise_study(
        study, reach, times, persons, settlement_coverage, coverage, suggestions, leaving,
        not_located,
    )  # fmt: skip
    return kind(
        study=study,
        reach=reach,
        times=times,
        settlement_coverage=settlement_coverage,
        coverage=coverage,
        gaps=list_gaps(study, settlement_coverage),
        sites=suggestions.sites,
        plans=suggestions.plans,
        problems=suggestions.problems,
        left_out=suggestions.left_out,
        institutions=leaving,
        not_located=not_located,
        summary=summary,
    )


def list_institutions(study: StudyInputs) -> gpd.GeoDataFrame:
    """Return the located institutions of the study that people move out of."""
    facilities = study.facilities
    inside = facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    moving = facilities["service"].isin(list(_list_movers(study))) & (
        facilities["status"] == "operating"
    )
    return facilities[inside & moving & facilities["located"]].reset_index(drop=True)


def _list_movers(study: StudyInputs) -> dict[str, str]:
    """Return, by service of an institution, the group whose services its people will need."""
    types = study.service_types
    if "moves_to" not in types:
        return _MOVERS
    stated = types[types["moves_to"].notna()]
    return dict(zip(stated["service"], stated["moves_to"], strict=True))


def choose_site_services(study: StudyInputs) -> tuple[str, ...]:
    """Return the services to suggest sites for: promised, gone to by clients, and known at all.

    Where no source counts a service, the gap is in the data: any site would seem to
    help everyone.
    """
    if study.settings.site_services:
        return tuple(study.settings.site_services)
    types = study.service_types
    usable = types[
        types["service"].isin(study.promised)
        & types["service"].map(study.is_counted)
        & (types["traveller"] == "client")
        & types["limit_min"].notna()
    ]
    return tuple(usable["service"])


def _reach_from_institutions(study: StudyInputs, reach: Reach) -> pd.DataFrame:
    """Return one row an institution and service its people will need, nearest facility now."""
    institutions = list(reach.institutions.itertuples())
    movers = _list_movers(study)
    rows = []
    for service in study.assessed_types.itertuples():
        supply = reach.list_supply(str(service.service))
        points = supply["point"].to_numpy(dtype=int)
        nearest = reach.find_nearest(points, str(service.traveller), institutions=True)
        for position, institution in enumerate(institutions):
            if movers[str(institution.service)] != service.target_group:
                continue
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
    table = pd.DataFrame(rows, columns=columns)
    # pandas makes NaN of some missing names.
    for name in ("to_facility_id", "to_facility"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    return table.sort_values(["facility_id", "to_service"], ignore_index=True)


def _list_not_located(study: StudyInputs, reach: Reach) -> pd.DataFrame:
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
