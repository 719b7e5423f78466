"""The problem as arrays: positions instead of ids. Ids are translated here and nowhere else.

Target groups and scenarios become further rows (each client once for each), services and phases
further rows and columns (each site once for each). Cooperation and the cut-off become missing
pairs. What remains is one problem of rows, columns and the minutes between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from socaccess.siting.options import CATCHMENT_OBJECTIVES, Scenario, Service
from socaccess.siting.problem import SitingProblem, as_matrix, as_numbers
from socaccess.siting.travel import Travel, stack_travel

__all__ = ["Instance", "by_name", "is_plain", "read_problem"]


@dataclass(frozen=True, eq=False)
class Instance:
    """Arrays of one problem; rows are clients (by group, scenario, service, phase), columns sites.

    Parameters
    ----------
    travel
        Minutes rows x columns, `inf` where nobody may or can go.
    persons, weight, limit_min
        Persons of each row, what a person counts in the objective, minutes within the limit.
    row_client, row_part
        Client of each row and the position of its part (scenario, service or phase).
    row_group
        Target group of each row.
    column_site, column_part
        Site of each column and its service or phase.
    state
        Of each column: `fixed`, `free`, `closable` or `shut`.
    required
        Columns that must open.
    sites
        Most new sites, None without such a bound.
    parts
        Names of the parts, empty when there is only one.
    part_kind
        `scenario`, `service`, `phase` or nothing.
    is_plain
        Whether only options are on that the fast ways know.
    """

    travel: Travel
    persons: np.ndarray
    weight: np.ndarray
    limit_min: np.ndarray
    row_client: np.ndarray
    row_part: np.ndarray
    row_group: np.ndarray
    column_site: np.ndarray
    column_part: np.ndarray
    state: np.ndarray
    required: np.ndarray
    sites: int | None
    parts: tuple[str, ...]
    part_kind: str
    is_plain: bool

    @cached_property
    def fixed(self) -> np.ndarray:
        """Columns that are open whatever the plan."""
        return np.flatnonzero(self.state == "fixed")

    @cached_property
    def free(self) -> np.ndarray:
        """Columns that may open."""
        return np.flatnonzero(self.state == "free")

    @cached_property
    def closable(self) -> np.ndarray:
        """Columns that are open and may close."""
        return np.flatnonzero(self.state == "closable")

    @cached_property
    def usable(self) -> np.ndarray:
        """Columns that are or may be open."""
        return np.flatnonzero(self.state != "shut")

    @cached_property
    def fixed_minutes(self) -> np.ndarray:
        """Minutes of every row to the nearest fixed column, `inf` where there is none."""
        return self.travel.nearest(self.fixed)[1]

    @cached_property
    def before(self) -> np.ndarray:
        """Minutes of every row to the nearest column that is open today."""
        return self.travel.nearest(np.union1d(self.fixed, self.closable))[1]

    @cached_property
    def best_minutes(self) -> np.ndarray:
        """Minutes of every row when everything that may open does."""
        return self.travel.nearest(self.usable)[1]

    @property
    def part_count(self) -> int:
        """Number of scenarios, services or phases, at least one."""
        return max(1, len(self.parts))


def by_name(value: float | Mapping[str, float] | None, ids: Sequence[str]) -> np.ndarray:
    """Return one number for every id, NaN where none is given.

    Examples
    --------
    >>> by_name({"b": 4}, ("a", "b")).tolist(), by_name(2, ("a",)).tolist()
    ([nan, 4.0], [2.0])
    """
    if isinstance(value, Mapping):
        return np.array([float(value.get(name, np.nan)) for name in ids])
    return np.full(len(ids), np.nan if value is None else float(value))


def read_problem(problem: SitingProblem) -> Instance:
    """Return `problem` as arrays."""
    if problem.services:
        return _read_services(problem)
    if problem.phases:
        return _read_phases(problem)
    return _read_scenarios(problem)


def _read_scenarios(problem: SitingProblem) -> Instance:
    """Return rows for every scenario and target group, columns as they are."""
    scenarios = problem.scenarios or (Scenario(name=""),)
    groups = problem.groups or ("",)
    travels: list[list[Travel | None]] = []
    persons, weights, limits, parts, labels = [], [], [], [], []
    base = _travel(problem, problem.travel_min)
    for position, scenario in enumerate(scenarios):
        own = scenario.travel_min
        travel = base if own is None else _travel(problem, as_matrix(own))
        share = scenario.probability
        share = 1.0 / len(scenarios) if share is None else share
        expected = problem.robust == "expected" and bool(problem.scenarios)
        for number, group in enumerate(groups):
            travels.append([travel])
            persons.append(_persons(problem, scenario.persons, group, len(groups)))
            value = (problem.group_weights or {}).get(group, 1.0)
            weights.append(value * (share if expected else 1.0))
            limits.append(_limit(problem.limit_min, group))
            parts.append(position)
            labels.append(number)
    clients = len(problem.client_ids)
    state = _states(problem, problem.existing)
    worst = bool(problem.scenarios) and problem.robust != "expected"
    additive = problem.objective in ("mclp", "p_median")
    return Instance(
        travel=stack_travel(travels),
        persons=np.concatenate(persons),
        weight=np.repeat(weights, clients),
        limit_min=np.repeat(limits, clients),
        row_client=np.tile(np.arange(clients), len(travels)),
        row_part=np.repeat(parts, clients),
        row_group=np.repeat(labels, clients),
        column_site=np.arange(len(problem.site_ids)),
        column_part=np.zeros(len(problem.site_ids), dtype=np.int64),
        state=state,
        required=_named(problem, problem.required),
        sites=_count(problem),
        parts=tuple(scenario.name for scenario in problem.scenarios),
        part_kind="scenario" if problem.scenarios else "",
        is_plain=is_plain(problem) and not (worst and additive),
    )


def _persons(problem: SitingProblem, own: object, group: str, group_count: int) -> np.ndarray:
    """Return the persons of one scenario and group.

    A scenario tells the sum over groups only; each client's groups keep their shares.
    """
    if not problem.groups:
        return as_numbers(problem.persons if own is None else own)
    by_group = problem.persons
    assert isinstance(by_group, Mapping)
    if own is None:
        return by_group[group]
    total = np.sum(list(by_group.values()), axis=0)
    share = np.divide(
        by_group[group], total, out=np.full(len(total), 1.0 / group_count), where=total > 0
    )
    return as_numbers(own) * share


def _read_services(problem: SitingProblem) -> Instance:
    """Return a block of rows and columns for every service."""
    services = problem.services
    travel = _travel(problem, problem.travel_min)
    count, sites = len(services), len(problem.site_ids)
    blocks: list[list[Travel | None]] = [
        [travel if row == column else None for column in range(count)] for row in range(count)
    ]
    clients = len(problem.client_ids)
    return Instance(
        travel=stack_travel(blocks),
        persons=np.concatenate([as_numbers(service.persons) for service in services]),
        weight=np.ones(clients * count),
        limit_min=np.repeat([_service_limit(problem, service) for service in services], clients),
        row_client=np.tile(np.arange(clients), count),
        row_part=np.repeat(np.arange(count), clients),
        row_group=np.zeros(clients * count, dtype=np.int64),
        column_site=np.tile(np.arange(sites), count),
        column_part=np.repeat(np.arange(count), sites),
        state=np.concatenate([_states(problem, service.existing) for service in services]),
        required=np.tile(_named(problem, problem.required), count),
        sites=_count(problem),
        parts=tuple(service.name for service in services),
        part_kind="service",
        is_plain=False,
    )


def _service_limit(problem: SitingProblem, service: Service) -> float:
    return _limit(problem.limit_min if service.limit_min is None else service.limit_min, "")


def _read_phases(problem: SitingProblem) -> Instance:
    """Return a block of rows and columns for every phase."""
    phases = problem.phases
    travel = _travel(problem, problem.travel_min)
    count, sites = len(phases), len(problem.site_ids)
    blocks: list[list[Travel | None]] = [
        [travel if row == column else None for column in range(count)] for row in range(count)
    ]
    clients = len(problem.client_ids)
    persons = [problem.persons if phase.persons is None else phase.persons for phase in phases]
    return Instance(
        travel=stack_travel(blocks),
        persons=np.concatenate([as_numbers(values) for values in persons]),
        weight=np.repeat([float(phase.weight) for phase in phases], clients),
        limit_min=np.full(clients * count, _limit(problem.limit_min, "")),
        row_client=np.tile(np.arange(clients), count),
        row_part=np.repeat(np.arange(count), clients),
        row_group=np.zeros(clients * count, dtype=np.int64),
        column_site=np.tile(np.arange(sites), count),
        column_part=np.repeat(np.arange(count), sites),
        state=np.tile(_states(problem, problem.existing), count),
        required=np.tile(_named(problem, problem.required), count),
        sites=None,
        parts=tuple(str(phase.year) for phase in phases),
        part_kind="phase",
        is_plain=False,
    )


def _travel(problem: SitingProblem, travel_min: Any) -> Travel:
    """Return the travel of a matrix without pairs beyond the cut-off or across a border."""
    travel = Travel.read(travel_min)
    if problem.cutoff_min is not None:
        travel = travel.up_to(float(problem.cutoff_min))
    if problem.cooperation == "everyone":
        return travel
    client = np.array(problem.client_municipality)
    site = np.array(problem.site_municipality)
    names = np.union1d(client, site)
    serves = np.eye(len(names), dtype=bool)
    for group in problem.agreements:
        members = np.searchsorted(names, list(group))
        serves[np.ix_(members, members)] = True
    return travel.restricted(serves, np.searchsorted(names, client), np.searchsorted(names, site))


def _states(problem: SitingProblem, existing: Sequence[str]) -> np.ndarray:
    """Return the state of every site."""
    may_open = set(problem.site_ids if problem.candidates is None else problem.candidates)
    may_open -= set(problem.forbidden)
    there = set(existing)
    may_close = set(problem.may_close)
    return np.array(
        [
            ("closable" if name in may_close else "fixed")
            if name in there
            else ("free" if name in may_open else "shut")
            for name in problem.site_ids
        ],
        dtype="<U8",
    )


def _named(problem: SitingProblem, names: Sequence[str]) -> np.ndarray:
    """Return which sites are named."""
    wanted = set(names)
    return np.array([name in wanted for name in problem.site_ids], dtype=bool)


def _limit(limit: float | Mapping[str, float] | None, group: str) -> float:
    if isinstance(limit, Mapping):
        return float(limit[group])
    return np.inf if limit is None else float(limit)


def _count(problem: SitingProblem) -> int | None:
    return None if problem.sites is None else int(problem.sites)


def is_plain(problem: SitingProblem) -> bool:
    """Return whether only options are on that the fast ways know."""
    # Of floating catchments places say what a site gives, not whom it turns away.
    given = problem.objective in CATCHMENT_OBJECTIVES
    off = (
        None if given else problem.places,
        None if given else problem.max_places,
        problem.max_growth,
        problem.min_clients,
        problem.budget,
        problem.floor_share,
        problem.min_sites_per_municipality,
        problem.max_sites_per_municipality,
        problem.busy_share,
    )
    decided = problem.sites is not None or problem.objective == "lscp"
    return (
        decided
        and all(value is None for value in off)
        and not problem.may_close
        and problem.cover_times == 1
    )
