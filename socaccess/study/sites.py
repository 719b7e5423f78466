"""Where new sites would help a study most: the siting problems it poses and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.routing import Progress
from socaccess.siting import SitingPlan, SitingProblem, measure_gains, suggest_sites
from socaccess.study.posing import pose_problem, weigh_clients
from socaccess.study.reach import Reach
from socaccess.travel.minutes import to_limit_ms

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.inputs import StudyInputs

__all__ = ["Suggestions", "measure_site_gains", "place_plan", "suggest_study_sites"]

OBJECTIVES = ("mclp", "p_median")
"""What a study asks for each service: most persons within the limit, and least travel in all.
The sites of the first are suggested; the second stands beside it, asked of settlements as far away
as their people are in the mean."""

_SITE_COLUMNS = ["site_id", "service", "rank", "settlement_id", "name", "municipality_id",
                 "municipality", "gain_persons", "gain_population", "places", "opens",
                 "also_p_median", "point"]  # fmt: skip
_PLAN_COLUMNS = ["service", "objective", "status", "value", "bound", "gap", "sites", "weighted_by"]


@dataclass(frozen=True, eq=False)
class Suggestions:
    """Suggested sites, the certificates they come with, and by service what was asked."""

    sites: gpd.GeoDataFrame
    plans: pd.DataFrame
    problems: dict[str, SitingProblem] = field(default_factory=dict)

    def as_supply(self, service: str) -> pd.DataFrame:
        """Return the suggested sites of a service in the form of facilities."""
        sites = pd.DataFrame(self.sites)
        renamed = sites[sites["service"] == service].rename(columns={"site_id": "facility_id"})
        return renamed.assign(owner_id=renamed["municipality_id"])


def suggest_study_sites(
    study: StudyInputs,
    reach: Reach,
    persons: pd.DataFrame,
    *,
    services: Sequence[str],
    progress: Progress | None = None,
) -> Suggestions:
    """Return sites for each of `services`, with existing operating facilities fixed."""
    import geopandas as gpd

    sites, plans = [], []
    problems: dict[str, SitingProblem] = {}
    for done, service in enumerate(services):
        if study.settings.new_sites:
            found, certificates, problem = _suggest_for_service(study, reach, persons, service)
            sites.append(found)
            plans += certificates
            if problem is not None:
                problems[service] = problem
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
    return Suggestions(frame, pd.DataFrame(plans, columns=_PLAN_COLUMNS), problems)


def _suggest_for_service(
    study: StudyInputs, reach: Reach, persons: pd.DataFrame, service: str
) -> tuple[pd.DataFrame, list[tuple[object, ...]], SitingProblem | None]:
    weight, weighted_by = weigh_clients(study, persons, service)
    answers: dict[str, SitingPlan] = {}
    certificates: list[tuple[object, ...]] = []
    for objective in OBJECTIVES:
        problem = pose_problem(
            study,
            reach,
            weight,
            service,
            sites=study.settings.new_sites,
            objective=objective,
            by_settlement=objective != "mclp",
        )
        if problem is None:
            return pd.DataFrame(columns=_SITE_COLUMNS), [], None
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
    problem = answers["mclp"].problem
    assert problem is not None
    return _list_sites(study, reach, service, answers, weighted_by), certificates, problem


def _list_sites(
    study: StudyInputs,
    reach: Reach,
    service: str,
    answers: dict[str, SitingPlan],
    weighted_by: str,
) -> pd.DataFrame:
    """Return the sites in the order they help, each with what it adds to those before it."""
    plan = answers["mclp"]
    # A site that reaches nobody new is no suggestion.
    sites = plan.sites[plan.sites["gain_persons"] > 0]
    settlements = study.settlements.set_index("settlement_id")
    places = settlements.loc[sites["site_id"]]
    names = study.municipalities.set_index("municipality_id")["name"]
    point = dict(zip(study.settlements["settlement_id"], reach.candidate_point, strict=True))
    points = [point[name] for name in sites["site_id"]]
    gains = sites["gain_persons"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "site_id": [f"new-{service}-{number}" for number in range(1, len(sites) + 1)],
            "service": service,
            "rank": np.arange(1, len(sites) + 1),
            "settlement_id": sites["site_id"].to_numpy(dtype=object),
            "name": places["name"].to_numpy(dtype=object),
            "municipality_id": places["municipality_id"].to_numpy(dtype=object),
            "municipality": places["municipality_id"].map(names).to_numpy(dtype=object),
            "gain_persons": gains if weighted_by == "need" else np.nan,
            "gain_population": _count_inhabitants(study, reach, service, points),
            "places": pd.NA,
            "opens": pd.NA,
            "also_p_median": sites["site_id"].isin(answers["p_median"].sites["site_id"]).tolist(),
            "point": points,
        },
        columns=_SITE_COLUMNS,
    )


def _count_inhabitants(
    study: StudyInputs, reach: Reach, service: str, points: list[int]
) -> list[float]:
    """Return the inhabitants each site brings within the limit, on those before it."""
    types = study.service_types.set_index("service")
    traveller = str(types.loc[service, "traveller"])
    limit_ms = to_limit_ms(study.limits_min()[service])
    supply = reach.list_supply(service)["point"].to_numpy(dtype=int)
    covered = (reach.people_ms(supply, traveller) <= limit_ms).any(axis=1)
    people = study.settlements["population"].to_numpy(dtype=float)[reach.home] * reach.share
    gains = []
    for near in (reach.people_ms(np.array(points, dtype=int), traveller) <= limit_ms).T:
        gains.append(float(people[near & ~covered].sum()))
        covered = covered | near
    return gains


def measure_site_gains(
    study: StudyInputs, reach: Reach, found: Suggestions, persons: pd.DataFrame
) -> Suggestions:
    """Return the sites with what each brings counted in other persons: those that may leave.

    The question stays the one that was asked, with its limit and its conditions.
    """
    sites = found.sites
    gains = sites["gain_persons"].to_numpy(dtype=float, copy=True)
    for service, problem in found.problems.items():
        at = np.flatnonzero((sites["service"] == service).to_numpy())
        weight, weighted_by = weigh_clients(study, persons, service)
        if weighted_by != "need" or not isinstance(problem.persons, np.ndarray):
            continue
        asked = replace(problem, persons=weight[reach.home] * reach.share)
        measured = measure_gains(asked, sites["settlement_id"].iloc[at].tolist())
        gains[at] = [measured.get(name, 0.0) for name in sites["settlement_id"].iloc[at]]
    return replace(found, sites=sites.assign(gain_persons=gains))


def place_plan(study: StudyInputs, reach: Reach, service: str, plan: SitingPlan) -> Suggestions:
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
    asked = {} if plan.problem is None else {service: plan.problem}
    return Suggestions(frame, pd.DataFrame([row], columns=_PLAN_COLUMNS), asked)
