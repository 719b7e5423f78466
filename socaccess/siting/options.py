"""What a problem may be made of: objectives, services under one roof, phases, scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

__all__ = [
    "ASSIGNMENTS",
    "CATCHMENTS",
    "CATCHMENT_OBJECTIVES",
    "CONDITIONS",
    "COOPERATION",
    "OBJECTIVES",
    "ROBUST",
    "Phase",
    "Scenario",
    "Service",
    "SitingFields",
]

OBJECTIVES = (
    "lscp",
    "mclp",
    "p_median",
    "p_center",
    "worst_decile",
    "lex_minimax",
    "trade_off",
    "p_dispersion",
    "worst_access",
    "access_standard",
    "theil_access",
    "theil_minutes",
)
CATCHMENT_OBJECTIVES = ("worst_access", "access_standard", "theil_access")
"""Objectives of places per person by floating catchment."""
CATCHMENTS = ("2sfca", "e2sfca", "m2sfca")
"""Floating catchments whose places per person are a sum over the open sites."""
COOPERATION = ("everyone", "agreements", "own")
ASSIGNMENTS = ("shared", "single", "nearest")
ROBUST = ("worst", "expected", "regret")
CONDITIONS = {
    "sites": "siting.condition_sites",
    "required": "siting.condition_required",
    "budget": "siting.condition_budget",
    "places": "siting.condition_places",
    "min_clients": "siting.condition_min_clients",
    "floor_share": "siting.condition_floor_share",
    "min_sites_per_municipality": "siting.condition_min_sites_per_municipality",
    "max_sites_per_municipality": "siting.condition_max_sites_per_municipality",
    "coverage": "siting.condition_coverage",
}
"""Every group of conditions and the message that names it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """One of several services that may share a roof.

    Parameters
    ----------
    name
        Unique name.
    persons
        Persons in need of it at each client.
    limit_min
        Minutes within which they are covered, itself included; None: the problem's.
    existing
        Sites that offer it already.
    sites
        How many new places may offer it at most; None: any number.
    opening_cost
        Euro to add it to a site, besides the shared opening cost of the site.
    places, max_places
        As in `SitingProblem`, for this service; capacity belongs to the service, not the building.
    """

    name: str
    persons: Sequence[float] | np.ndarray
    limit_min: float | None = None
    existing: Sequence[str] = ()
    sites: int | None = None
    opening_cost: float = 0.0
    places: float | Mapping[str, float] | None = None
    max_places: float | Mapping[str, float] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Phase:
    """One step of a plan that is built over the years; what opened earlier stays.

    Parameters
    ----------
    year
        Its name in the answer; phases follow each other by year.
    sites
        How many sites may open in this phase at most; what is not used may open later.
    weight
        How much this phase counts in the objective, such as the years it lasts.
    persons
        Persons in need then; None: the problem's.
    """

    year: int
    sites: int
    weight: float = 1.0
    persons: Sequence[float] | np.ndarray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Scenario:
    """One state of the world a plan must serve: summer, thaw, growth, decline.

    Parameters
    ----------
    name
        Unique name.
    travel_min
        Travel then, in the form of the problem's; None: the problem's.
    persons
        Persons in need then; None: the problem's.
    probability
        Share of the time, for `robust="expected"`; None: equal shares.
    """

    name: str
    travel_min: object = None
    persons: Sequence[float] | np.ndarray | None = None
    probability: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class SitingFields:
    """The fields of a siting problem as `SitingProblem` documents them, not checked yet."""

    travel_min: np.ndarray | sp.sparray | sp.spmatrix
    persons: np.ndarray | Mapping[str, np.ndarray] | None = None
    client_ids: Sequence[str]
    site_ids: Sequence[str]
    existing: Sequence[str] = ()
    candidates: Sequence[str] | None = None
    objective: str = "mclp"
    sites: int | None = None
    limit_min: float | Mapping[str, float] | None = None
    cutoff_min: float | None = None
    required: Sequence[str] = ()
    forbidden: Sequence[str] = ()
    may_close: Sequence[str] = ()
    fade_min: float | None = None
    cover_times: int = 1
    busy_share: float | None = None
    tolerance: float | None = None
    preferred: Sequence[str] = ()
    relocations: int | None = None
    between_min: np.ndarray | None = None
    assignment: str = "shared"
    places: float | Mapping[str, float] | None = None
    max_places: float | Mapping[str, float] | None = None
    max_growth: float | Mapping[str, float] | None = None
    min_clients: float | None = None
    budget: float | None = None
    opening_cost: float | Mapping[str, float] = 0.0
    cost_per_place: float = 0.0
    running_cost: float | Mapping[str, float] = 0.0
    running_years: float = 0.0
    client_municipality: Sequence[str] | None = None
    site_municipality: Sequence[str] | None = None
    floor_share: float | Mapping[str, float] | None = None
    min_sites_per_municipality: int | Mapping[str, int] | None = None
    max_sites_per_municipality: int | Mapping[str, int] | None = None
    cooperation: str = "everyone"
    agreements: Sequence[Sequence[str]] = ()
    group_weights: Mapping[str, float] | None = None
    services: Sequence[Service] = ()
    phases: Sequence[Phase] = ()
    scenarios: Sequence[Scenario] = ()
    robust: str = "worst"
    resolution_min: float = 1.0
    curve_points: int = 10
    catchment: str | None = None
    decay: object = None
    standard_per_100: float | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the target groups, empty when they are not told apart."""
        return tuple(self.persons) if isinstance(self.persons, Mapping) else ()
