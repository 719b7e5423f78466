"""Scenario sweeps: the same siting question for every season, limit and objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.network import CLOSED, RoadNetwork
from socaccess.partitions import SharedRoads, run_partitions
from socaccess.routing import Progress
from socaccess.siting import (
    CATCHMENT_OBJECTIVES,
    OBJECTIVES,
    SitingPlan,
    SitingProblem,
    suggest_sites,
)
from socaccess.study import Study, StudyResult
from socaccess.study.release import run_released

__all__ = ["SEASONS", "season_network", "slow_down", "sweep"]

SEASONS = ("normal", "winter")
"""Seasons made from one network: as it is, and slowed by `Settings.winter_speed_factor`."""

_WITHOUT_COUNT = ("lscp",)
# Places per person and Theil's index take options that a sweep has no place for.
_NOT_SWEPT = (*CATCHMENT_OBJECTIVES, "theil_minutes", "trade_off", "p_dispersion")


class _Case(NamedTuple):
    season: str
    service: str
    limit_min: float
    objective: str


@dataclass(frozen=True, eq=False)
class _Question:
    """What every case needs; the result of a season is kept once it is there."""

    study: Study
    roads: dict[str, SharedRoads]
    sites: int
    time_limit_s: float
    allow_small_counts: bool
    _results: dict[str, StudyResult] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Any, ...]:
        tables = {
            item.name: getattr(self.study, item.name)
            for item in fields(self.study)
            if item.name != "network"
        }
        return _rebuild, (
            tables, self.roads, self.sites, self.time_limit_s, self.allow_small_counts,
        )  # fmt: skip

    def run_season(self, season: str) -> StudyResult:
        """Return the study on the roads of a season, as it may leave."""
        if season not in self._results:
            study = replace(self.study, network=self.roads[season].network)
            self._results[season] = run_released(
                study, sites=False, allow_small_counts=self.allow_small_counts
            ).result
        return self._results[season]


def sweep(
    study: Study,
    *,
    services: Sequence[str],
    seasons: Sequence[str] | Mapping[str, RoadNetwork] = SEASONS,
    limits_min: Sequence[float] = (),
    objectives: Sequence[str] = ("mclp", "p_median"),
    sites: int = 3,
    time_limit_s: float = 20.0,
    allow_small_counts: bool = False,
    client: Any = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return where new sites should go in every season, for every limit and objective.

    Parameters
    ----------
    study
        The region.
    services
        Services to site.
    seasons
        Names out of `SEASONS`, or a network by name (one for each season, as
        `RoadNetwork.from_osm(season=...)` makes them).
    limits_min
        Minutes that count as near, inclusive; empty takes each service's own limit.
    objectives
        Objectives of `SitingProblem`, but not `trade_off`, whose answer is a curve.
    sites
        How many new sites; `lscp` finds out itself how many.
    time_limit_s
        Time limit of one problem. An answer that reached it says `feasible`, and only such
        an answer may differ from one run to the next.
    allow_small_counts
        Ask of the true counts of persons too; without it, of counts as they may leave
        (`docs/privacy.md`), so that no answer depends on a hidden one.
    client
        A `distributed.Client`; its workers take cases as they come. The table is the same.
    progress
        Called as `progress(done, total)` in cases.

    Returns
    -------
    pandas.DataFrame
        One row per season, service, limit and objective, in the order of these: `season`,
        `service`, `limit_min`, `objective`, `status`, `value` and `bound` (of the objective,
        in its own unit), `new_sites`, `site_ids` (joined by `;`), `persons` (or people, see
        `share_of`), `share_now`, `share_after` (within the limit, 0-1), `mean_min_now`,
        `mean_min_after` (of those who can get there).

    Raises
    ------
    InputError
        If a season, service, objective or limit cannot be.

    Examples
    --------
    >>> study = Study.load("latgale")
    >>> table = sweep(study, services=["group_home"], limits_min=[30, 45], sites=1,
    ...               objectives=["mclp"], seasons=["normal"])
    >>> table["limit_min"].tolist(), table["status"].unique().tolist()
    ([30.0, 45.0], ['optimal'])
    """
    networks = _read_seasons(study, seasons)
    limits = study.limits_min()
    _check(services, limits_min, objectives, sites, limits)
    cases = [
        _Case(season, service, float(limit), objective)
        for season, service in product(networks, services)
        for limit in (sorted(set(limits_min)) or [limits[service]])
        for objective in objectives
    ]
    roads = {
        name: SharedRoads(network, "auto").seen_by(client) for name, network in networks.items()
    }
    question = _Question(study, roads, sites, time_limit_s, allow_small_counts)
    rows: dict[int, dict[str, Any]] = {}
    for number, row in run_partitions(_answer, question, enumerate(cases), client=client):
        rows[number] = row
        if progress is not None:
            progress(len(rows), len(cases))
    return pd.DataFrame([rows[number] for number in range(len(cases))])


def season_network(study: Study, season: str) -> RoadNetwork:
    """Return the roads of a study in one of `SEASONS`; access legs keep their speed.

    Raises
    ------
    UnknownNameError
        If the season is another.
    """
    assert isinstance(study.network, RoadNetwork)
    if season == "normal":
        return study.network
    if season == "winter":
        return slow_down(study.network, study.settings.winter_speed_factor)
    raise UnknownNameError("scale.unknown_season", season=season, known=SEASONS)


def slow_down(network: RoadNetwork, speed_factor: float) -> RoadNetwork:
    """Return the same roads with every speed multiplied by a factor.

    Examples
    --------
    >>> roads = RoadNetwork.main_roads()
    >>> winter = slow_down(roads, 0.5)
    >>> int(winter.forward_ms[0]) == 2 * int(roads.forward_ms[0])
    True
    """
    if not speed_factor > 0:
        raise InputError("scale.speed_not_positive", value=speed_factor)

    def slow(times: np.ndarray) -> np.ndarray:
        slower = np.minimum(np.rint(times / speed_factor), int(CLOSED) - 1)
        return np.where(times < CLOSED, slower, CLOSED).astype(np.uint32)

    return network.with_times(slow(network.forward_ms), slow(network.backward_ms))


def _read_seasons(
    study: Study, seasons: Sequence[str] | Mapping[str, RoadNetwork]
) -> dict[str, RoadNetwork]:
    if isinstance(seasons, Mapping):
        return dict(seasons)
    return {name: season_network(study, name) for name in seasons}


def _check(
    services: Sequence[str],
    limits_min: Sequence[float],
    objectives: Sequence[str],
    sites: int,
    limits: Mapping[str, float],
) -> None:
    problems = [
        Problem("coverage.limit_not_positive", "limits_min", limit=limit)
        for limit in limits_min
        if not limit > 0
    ]
    for code, where, asked, known in (
        ("scale.service_not_swept", "services", services, list(limits)),
        ("scale.objective_not_swept", "objectives", objectives,
         [one for one in OBJECTIVES if one not in _NOT_SWEPT]),
    ):  # fmt: skip
        wrong = tuple(str(one) for one in asked if one not in known)
        if wrong:
            problems.append(Problem(code, where, wrong, known=sorted(known)))
    if sites < 1:
        problems.append(Problem("scale.too_few_sites", "sites", value=sites))
    raise_problems(problems)


def _answer(question: _Question, case: _Case) -> dict[str, Any]:
    """Return the row of one case; on a worker or here."""
    result = question.run_season(case.season)
    problem = result.pose_siting(
        case.service,
        sites=None if case.objective in _WITHOUT_COUNT else question.sites,
        objective=case.objective,
        limit_min=case.limit_min,
    )
    plan = suggest_sites(problem, time_limit_s=question.time_limit_s, explain=False)
    now = result.settlement_coverage
    known = now.loc[now["service"] == case.service, "persons"].notna().any()
    return {
        **case._asdict(),
        "status": plan.status,
        "value": plan.objective,
        "bound": plan.bound,
        "new_sites": len(plan.sites),
        "site_ids": ";".join(sorted(plan.sites["site_id"])),
        "share_of": "need" if known else "population",
        **_measure(problem, plan, case.limit_min),
    }


def _measure(problem: SitingProblem, plan: SitingPlan, limit_min: float) -> dict[str, float]:
    """Return persons, and the share within the limit and mean minutes now and after."""
    number = {name: position for position, name in enumerate(problem.site_ids)}
    now = [number[name] for name in problem.existing]
    after = now + [number[name] for name in plan.sites["site_id"]]
    minutes = np.asarray(problem.travel_min, dtype=float)
    persons = np.asarray(problem.persons, dtype=float)
    told = {"persons": float(persons.sum())}
    for name, columns in (("now", now), ("after", after)):
        reached = np.where(np.isnan(minutes[:, columns]), np.inf, minutes[:, columns])
        least = reached.min(axis=1, initial=np.inf)
        can = np.isfinite(least)
        weight = persons[can].sum()
        told[f"share_{name}"] = float(persons[least <= limit_min].sum() / persons.sum())
        told[f"mean_min_{name}"] = (
            float((persons[can] * least[can]).sum() / weight) if weight else float("nan")
        )
    return told


def _rebuild(
    tables: dict[str, Any],
    roads: dict[str, SharedRoads],
    sites: int,
    time_limit_s: float,
    allow_small_counts: bool,
) -> _Question:
    network = next(iter(roads.values())).network
    return _Question(
        Study(**tables, network=network), roads, sites, time_limit_s, allow_small_counts
    )
