"""Where new sites would help a study most: the siting problems it poses and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.routing import Progress
from socaccess.siting import SitingPlan, suggest_sites
from socaccess.study.posing import pose_problem, weigh_clients
from socaccess.study.reach import Reach
from socaccess.travel.minutes import to_limit_ms

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.tables import StudyTables

__all__ = ["Suggestions", "suggest_study_sites", "tell_plan"]

OBJECTIVES = ("mclp", "p_median")
"""What a study asks for each service: most persons within the limit, and least travel in all.
The sites of the first are suggested; the second is told beside it."""

_SITE_COLUMNS = ["site_id", "service", "rank", "settlement_id", "name", "municipality_id",
                 "municipality", "gain_persons", "gain_population", "places", "opens",
                 "also_p_median", "point"]  # fmt: skip
_PLAN_COLUMNS = ["service", "objective", "status", "value", "bound", "gap", "sites", "weighted_by"]


@dataclass(frozen=True, eq=False)
class Suggestions:
    """Suggested sites (`sites`) and the certificates they come with (`plans`)."""

    sites: gpd.GeoDataFrame
    plans: pd.DataFrame

    def as_supply(self, service: str) -> pd.DataFrame:
        """Return the suggested sites of a service in the form of facilities."""
        sites = self.sites[self.sites["service"] == service]
        return pd.DataFrame(sites.rename(columns={"site_id": "facility_id"}))


def suggest_study_sites(
    study: StudyTables,
    reach: Reach,
    persons: pd.DataFrame,
    *,
    services: Sequence[str],
    progress: Progress | None = None,
) -> Suggestions:
    """Return sites for each of `services`, with existing operating facilities fixed."""
    import geopandas as gpd

    sites, plans = [], []
    for done, service in enumerate(services):
        if study.settings.new_sites:
            found, certificates = _suggest_for_service(study, reach, persons, service)
            sites.append(found)
            plans += certificates
        if progress is not None:
            progress(done + 1, len(services))
    filled = [table for table in sites if len(table)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_SITE_COLUMNS)
    place = study.settlements.set_index("settlement_id").geometry
    frame = gpd.GeoDataFrame(
        table,
        geometry=gpd.GeoSeries(
            [place[name] for name in table["settlement_id"]], crs=study.settlements.crs
        ),
    )
    return Suggestions(frame, pd.DataFrame(plans, columns=_PLAN_COLUMNS))


def _suggest_for_service(
    study: StudyTables, reach: Reach, persons: pd.DataFrame, service: str
) -> tuple[pd.DataFrame, list[tuple[object, ...]]]:
    weight, weighted_by = weigh_clients(study, persons, service)
    answers: dict[str, SitingPlan] = {}
    certificates: list[tuple[object, ...]] = []
    for objective in OBJECTIVES:
        problem = pose_problem(
            study, reach, weight, service, objective=objective, sites=study.settings.new_sites
        )
        if problem is None:
            return pd.DataFrame(columns=_SITE_COLUMNS), []
        plan = suggest_sites(problem, time_limit_s=study.settings.solver_seconds)
        answers[objective] = plan
        certificates.append(
            (
                service,
                objective,
                plan.status,
                plan.objective,
                plan.bound,
                plan.gap,
                len(plan.sites),
                weighted_by,
            )
        )
    return _tell_sites(study, reach, service, persons, answers), certificates


def _tell_sites(
    study: StudyTables,
    reach: Reach,
    service: str,
    persons: pd.DataFrame,
    answers: dict[str, SitingPlan],
) -> pd.DataFrame:
    """Return the sites in the order they help, each with what it adds to those before it."""
    types = study.service_types
    assert types is not None
    row = types.set_index("service").loc[service]
    weight, weighted_by = weigh_clients(study, persons, service)
    population = study.settlements["population"].to_numpy(dtype=float)
    times = reach.choose_times(str(row["traveller"])).travel_ms[: reach.settlement_count]
    limit_ms = to_limit_ms(float(row["limit_min"]))
    supply = reach.supply["now"]
    points = supply.loc[supply["service"] == service, "point"].to_numpy(dtype=int)
    covered = np.any(times[:, points] <= limit_ms, axis=1)
    position = {name: i for i, name in enumerate(study.settlements["settlement_id"])}
    left = [position[name] for name in answers["mclp"].sites["site_id"]]
    also = set(answers["p_median"].sites["site_id"])
    names = study.municipalities.set_index("municipality_id")["name"]
    rows: list[tuple[object, ...]] = []
    while left:
        within = times[:, reach.candidate_point[left]] <= limit_ms
        gains = (within & ~covered[:, None]).T @ weight
        best = int(np.argmax(gains))
        new = within[:, best] & ~covered
        # A site that reaches nobody new is no suggestion.
        if not gains[best] > 0:
            break
        place = study.settlements.iloc[left[best]]
        rows.append(
            (
                f"new-{service}-{len(rows) + 1}",
                service,
                len(rows) + 1,
                place["settlement_id"],
                place["name"],
                place["municipality_id"],
                names.get(place["municipality_id"]),
                float(gains[best]) if weighted_by == "need" else np.nan,
                float(population[new].sum()),
                pd.NA,
                pd.NA,
                place["settlement_id"] in also,
                int(reach.candidate_point[left[best]]),
            )
        )
        covered |= new
        left.pop(best)
    return pd.DataFrame(rows, columns=_SITE_COLUMNS)


def tell_plan(study: StudyTables, reach: Reach, service: str, plan: SitingPlan) -> Suggestions:
    """Return the answer to one siting question in the form of a study's suggestions.

    Sites come in the order of the plan with all that it tells of them; a site that is
    not a settlement (an existing building) is left to the plan itself.
    """
    import geopandas as gpd

    settlements = study.settlements.set_index("settlement_id")
    names = study.municipalities.set_index("municipality_id")["name"]
    point = dict(zip(study.settlements["settlement_id"], reach.candidate_point, strict=True))
    sites = plan.sites[plan.sites["site_id"].isin(settlements.index)].reset_index(drop=True)
    places = settlements.loc[sites["site_id"]]
    table = sites.drop(columns=["municipality_id", "gain_population"], errors="ignore").assign(
        settlement_id=sites["site_id"],
        site_id=[f"new-{service}-{number}" for number in range(1, len(sites) + 1)],
        service=service,
        name=places["name"].to_numpy(),
        municipality_id=places["municipality_id"].to_numpy(),
        municipality=places["municipality_id"].map(names).to_numpy(),
        gain_population=np.nan,
        opens=pd.NA,
        also_p_median=False,
        point=[point[name] for name in sites["site_id"]],
    )
    first = [name for name in _SITE_COLUMNS if name in table]
    table = table[[*first, *(name for name in table if name not in first)]]
    frame = gpd.GeoDataFrame(
        table, geometry=gpd.GeoSeries(places.geometry.to_numpy(), crs=study.settlements.crs)
    )
    row = (service, "", plan.status, plan.objective, plan.bound, plan.gap, len(sites), "")
    return Suggestions(frame, pd.DataFrame([row], columns=_PLAN_COLUMNS))
