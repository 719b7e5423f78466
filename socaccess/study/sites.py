"""Where new sites would help a study most: the siting problems it poses and their answers.

What is planned counts as there. Of each service as many sites are suggested as bring enough
persons each (`socaccess.study.sizing`); among the plans nobody can tell apart by coverage the one
with the least travel, in towns before villages (`socaccess.study.choosing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.beside import map_beside
from socaccess.coverage import bound_limits_ms
from socaccess.routing import Progress
from socaccess.siting import Proved, SitingPlan, SitingProblem, measure_gains
from socaccess.study.choosing import Candidates, Chosen, choose_plan
from socaccess.study.houses import find_pairs, mark_houses, share_houses
from socaccess.study.merits import SITE_COLUMNS, describe_sites, list_planned
from socaccess.study.posing import pose_problem, weigh_clients
from socaccess.study.reach import Reach
from socaccess.study.sizing import TOLERANCE, Size, is_guessed, size_services

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.inputs import StudyInputs

__all__ = [
    "OBJECTIVES",
    "REASONS",
    "Suggestions",
    "explain_nothing",
    "measure_site_gains",
    "place_plan",
    "suggest_study_sites",
]

OBJECTIVES = ("mclp", "cover_then_travel")
"""What a study asks for each service: most persons within the limit; and, of the plans within the
tolerance of that, least travel, towns before villages. The sites of the last are suggested."""

REASONS = ("nobody_in_need", "supply_uncertain", "everyone_near", "none_in_reach", "too_few",
           "as_many_as_asked")  # fmt: skip
"""Why no (further) site of a service is suggested: nobody is known to need it; its providers are
only guessed at; everyone is within the limit; no site would bring anyone else within it; it might
bring fewer than a facility needs; or as many were suggested as were asked for."""

_TOWNS = ("city", "town", "neighbourhood")
_PLAN_COLUMNS = ["service", "objective", "status", "value", "bound", "gap", "sites", "weighted_by",
                 "tolerance"]  # fmt: skip
_LEFT_COLUMNS = ["service", "reason", "settlement_id", "gain_persons", "gain_persons_low",
                 "gain_persons_high", "min_clients"]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Suggestions:
    """Suggested sites, the certificates they come with, and by service what was asked.

    `left_out` says of each service why no further site is suggested, one of `REASONS`, with the
    one that would help most; of what it would bring, low and high as of a suggested site. `base`
    is the scenario the sites come on top of: `planned`, or `now` for a question of one's own.
    """

    sites: gpd.GeoDataFrame
    plans: pd.DataFrame
    problems: dict[str, SitingProblem] = field(default_factory=dict)
    left_out: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_LEFT_COLUMNS))
    base: str = "planned"

    def as_supply(self, service: str) -> pd.DataFrame:
        """Return the new sites of a service in the form of facilities."""
        sites = pd.DataFrame(self.sites)
        new = sites[(sites["service"] == service) & (sites["kind"] == "new")]
        renamed = new.rename(columns={"site_id": "facility_id"})
        return renamed.assign(owner_id=renamed["municipality_id"])


@dataclass(frozen=True, eq=False)
class _Question:
    """What is asked for one service: the problem, and its candidates as arrays."""

    problem: SitingProblem
    candidates: Candidates
    weighted_by: str


@dataclass(frozen=True, eq=False)
class _Answer:
    """What was found for one service, and why there is nothing further.

    `sites` is how many were asked for in the end, None where nothing could be asked. From another
    process it comes without its question, which is posed sooner than sent.
    """

    certificates: list[tuple[object, ...]]
    left_out: dict[str, Any]
    question: _Question | None = None
    sites: int | None = None
    tolerance: float = 0.0
    chosen: Chosen | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "question": None}


def suggest_study_sites(
    study: StudyInputs,
    reach: Reach,
    persons: pd.DataFrame,
    *,
    services: Sequence[str],
    progress: Progress | None = None,
) -> Suggestions:
    """Return sites for each of `services`, with what operates or is planned as it stands."""
    services = services if study.settings.new_sites else ()
    sizes = size_services(study, services)

    def ask(service: str) -> _Question | str:
        return _ask(study, reach, persons, service, sizes[service])

    found_for = map_beside(
        lambda service: _answer(study, service, ask(service)), services, progress
    )
    answers = dict(zip(services, found_for, strict=True))
    questions = {
        service: answer.question or ask(service)
        for service, answer in answers.items()
        if answer.sites is not None
    }
    found = {
        service: (question.candidates, plan)
        for service, question in questions.items()
        if isinstance(question, _Question) and (plan := answers[service].chosen) is not None
    }
    pairs = find_pairs(study) if found else set()
    chosen = share_houses(found, pairs)
    tables, certificates = [], []
    for service, answer in answers.items():
        weight, basis = weigh_clients(study, persons, service)
        asked = (study, reach, service, weight, basis, sizes[service])
        tables.append(list_planned(*asked))
        certificates += answer.certificates
        if service in chosen:
            certificates.append(_certify_choice(answer, chosen[service]))
            plan, ids = chosen[service], found[service][0].site_ids
            tables.append(
                describe_sites(
                    *asked,
                    [str(ids[site]) for site in plan.sites],
                    equals=[[str(ids[at]) for at in plan.equals[site]] for site in plan.sites],
                )
            )
    return Suggestions(
        _gather(study, tables, pairs),
        pd.DataFrame(certificates, columns=_PLAN_COLUMNS),
        {
            service: replace(question.problem, sites=answers[service].sites)
            for service, question in questions.items()
            if isinstance(question, _Question)
        },
        pd.DataFrame([answer.left_out for answer in answers.values()], columns=_LEFT_COLUMNS),
    )


def _gather(
    study: StudyInputs, tables: list[pd.DataFrame], pairs: set[frozenset[str]]
) -> gpd.GeoDataFrame:
    """Return the sites of all services as one table, with the point of their settlement."""
    import geopandas as gpd

    filled = [table for table in tables if len(table)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=SITE_COLUMNS)
    place = study.settlements.set_index("settlement_id").geometry
    points = [place[name] for name in table["settlement_id"]]
    return gpd.GeoDataFrame(
        mark_houses(table, pairs), geometry=gpd.GeoSeries(points, crs=study.settlements.crs)
    )


def _ask(
    study: StudyInputs, reach: Reach, persons: pd.DataFrame, service: str, size: Size
) -> _Question | str:
    """Return what is asked for one service, or why there is nothing to ask."""
    weight, weighted_by = weigh_clients(study, persons, service)
    if is_guessed(study, service):
        return "supply_uncertain"
    if not weight.sum() > 0:
        return "nobody_in_need"
    problem = pose_problem(study, reach, weight, service, sites=1, scenario="planned")
    if problem is None:
        return "none_in_reach"
    # Of inhabitants a facility serves few: a site must bring one in a hundred of them.
    least = size.min_clients if weighted_by == "need" else 0.01 * float(weight.sum())
    low, limit, high = (
        end / 60_000
        for end in bound_limits_ms(study.limits_min()[service], study.settings.time_uncertainty)
    )
    candidates = Candidates.of(service, problem, (low, limit, high), _list_villages(study), least)
    return _Question(problem, candidates, weighted_by)


def _answer(study: StudyInputs, service: str, question: _Question | str) -> _Answer:
    """Return the plan of one service: as many sites as help enough, where they do best."""
    if isinstance(question, str):
        return _Answer([], {"service": service, "reason": question})
    candidates, weighted_by = question.candidates, question.weighted_by
    best = candidates.draw_curve(study.settings.new_sites, study.settings.solver_seconds)
    while best:
        cover = best.pop()
        tolerance = _find_tolerance(candidates, [*cover.sites])
        beyond = max(tolerance, study.settings.time_uncertainty)
        chosen = choose_plan(candidates, cover, tolerance, beyond, study.settings.solver_seconds)
        if chosen is not None:
            break
    else:
        held = candidates.count_near(candidates.base_min)
        cover = Proved((), held, held, "optimal")
        rows, left = [_certify_cover(cover, service, weighted_by)], _leave_out(candidates, [])
        return _Answer(rows, left, question, 0)
    rows, left = [_certify_cover(cover, service, weighted_by)], _leave_out(candidates, chosen.sites)
    return _Answer(rows, left, question, len(cover.sites), tolerance, chosen)


def _certify_cover(point: Proved, service: str, weighted_by: str) -> tuple[object, ...]:
    """Return the row of the most persons within the limit."""
    gap = abs(point.bound - point.value) / point.value if point.value else 0.0
    return (service, "mclp", point.status, point.value, point.bound, gap, len(point.sites),
            weighted_by, np.nan)  # fmt: skip


def _certify_choice(answer: _Answer, plan: Chosen) -> tuple[object, ...]:
    """Return the row of the plan suggested: its travel, and what no plan can fall below.

    It is proved where the least travel within the tolerance is, which it exceeds only for towns.
    """
    mclp = answer.certificates[0]
    gap = plan.travel / plan.bound - 1.0 if plan.bound > 0 else 0.0
    status = "optimal" if plan.is_proved and mclp[2] == "optimal" else "feasible"
    return (mclp[0], "cover_then_travel", status, plan.travel, plan.bound, gap, len(plan.sites),
            mclp[7], answer.tolerance)  # fmt: skip


def _leave_out(candidates: Candidates, sites: list[int]) -> dict[str, Any]:
    """Return why no further site is suggested, with the one that would help most."""
    row: dict[str, Any] = {"service": candidates.service, "min_clients": candidates.least}
    beyond = (candidates.after(sites) > candidates.limit_min).any()
    if not beyond and not candidates.lost > 0:
        return row | {"reason": "everyone_near"}
    found = candidates.find_next(sites)
    if found is None:
        return row | {"reason": "none_in_reach"}
    at, gains = found
    enough = candidates.is_viable([*sites, at])
    return row | {
        "reason": "as_many_as_asked" if enough else "too_few",
        "settlement_id": candidates.site_ids[at],
        "gain_persons": float(gains[1]),
        "gain_persons_low": float(gains.min()),
        "gain_persons_high": float(gains.max()),
    }


def _find_tolerance(candidates: Candidates, sites: list[int]) -> float:
    """Return the share of the best coverage within which plans cannot be told apart.

    Never less than what the persons the sites bring would change by if all times were longer or
    shorter by their uncertainty (half of it, as a share of those covered).
    """
    after = candidates.after(sites)
    gains = [
        candidates.count_near(after, limit) - candidates.count_near(candidates.base_min, limit)
        for limit in candidates.limits_min
    ]
    covered = candidates.count_near(after)
    return max(TOLERANCE, (max(gains) - min(gains)) / 2 / covered) if covered else TOLERANCE


def _list_villages(study: StudyInputs) -> dict[str, int]:
    """Return 0 for each town, 1 for a village where any service stands, 2 for the others."""
    settlements, facilities = study.settlements, study.facilities
    served: set[str] = set()
    if "settlement_id" in facilities:
        served = set(facilities.loc[facilities["status"] == "operating", "settlement_id"].dropna())
    return {
        name: 0 if kind in _TOWNS else 1 if name in served else 2
        for name, kind in zip(settlements["settlement_id"], settlements["kind"], strict=True)
    }


def explain_nothing(plan: SitingPlan) -> str:
    """Return why a plan of a posed question has no site, one of `REASONS`."""
    problem = plan.problem
    assert problem is not None
    if isinstance(problem.persons, np.ndarray) and not problem.persons.sum() > 0:
        return "nobody_in_need"
    ids = np.array(problem.site_ids, dtype=object)
    open_now = np.isin(ids, [*problem.existing, *problem.may_close])
    minutes = problem.travel_min
    minutes = np.asarray(minutes.toarray() if hasattr(minutes, "toarray") else minutes, dtype=float)
    limit = problem.limit_min if isinstance(problem.limit_min, float | int) else np.inf
    near = minutes <= limit
    far = ~near[:, open_now].any(axis=1)
    if isinstance(problem.persons, np.ndarray):
        far &= problem.persons > 0
    if not far.any():
        return "everyone_near"
    return "too_few" if near[far][:, ~open_now].any() else "none_in_reach"


def measure_site_gains(
    study: StudyInputs, reach: Reach, found: Suggestions, persons: pd.DataFrame
) -> Suggestions:
    """Return the same sites with what each brings counted in other persons: those that may leave.

    The answer to a question of one's own is asked again as it was.
    """
    sites = found.sites
    if found.base != "planned":
        return _measure_own(study, reach, found, persons)
    services = list(dict.fromkeys([*sites["service"], *found.problems]))
    sizes = size_services(study, services)
    tables = []
    for service in services:
        mine = sites[(sites["service"] == service) & (sites["kind"] == "new")]
        weight, basis = weigh_clients(study, persons, service)
        asked = (study, reach, service, weight, basis, sizes[service])
        equals = [names.split(";") if names else [] for names in mine["equals"]]
        new = describe_sites(*asked, mine["settlement_id"].tolist(), equals=equals)
        counts = mine.set_index("settlement_id")["equal_count"]
        new["equal_count"] = new["settlement_id"].map(counts)
        tables += [list_planned(*asked), new]
    return replace(found, sites=_gather(study, tables, find_pairs(study)))


def _measure_own(
    study: StudyInputs, reach: Reach, found: Suggestions, persons: pd.DataFrame
) -> Suggestions:
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
        kind="new",
        opens=pd.NA,
        point=[point[name] for name in sites["site_id"]],
    )
    first = [name for name in SITE_COLUMNS if name in table]
    table = table[[*first, *(name for name in table if name not in first)]]
    frame = gpd.GeoDataFrame(
        table, geometry=gpd.GeoSeries(places.geometry.to_numpy(), crs=study.settlements.crs)
    )
    row = (service, "", plan.status, plan.objective, plan.bound, plan.gap, len(sites), "", np.nan)
    asked = {} if plan.problem is None else {service: plan.problem}
    return Suggestions(frame, pd.DataFrame([row], columns=_PLAN_COLUMNS), asked, base="now")
