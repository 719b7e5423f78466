"""Checks of the options of a siting problem and of the pairs that make no sense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from socaccess.errors import Problem
from socaccess.messages import Message
from socaccess.siting.options import COOPERATION, OBJECTIVES, ROBUST, SitingFields

__all__ = [
    "check_municipalities",
    "check_numbers",
    "check_objective",
    "check_pairs",
    "check_parts",
]

NUMBERS = (
    "cutoff_min",
    "fade_min",
    "min_clients",
    "budget",
    "cost_per_place",
    "running_years",
    "resolution_min",
)
BY_SITE = ("places", "max_places", "max_growth", "opening_cost", "running_cost")
BY_MUNICIPALITY = (
    "floor_share",
    "min_sites_per_municipality",
    "max_sites_per_municipality",
)


def check_objective(problem: SitingFields) -> Iterator[Problem]:
    """Find an unknown objective, a missing limit or a missing number of sites."""
    for name, known in (
        ("objective", OBJECTIVES),
        ("cooperation", COOPERATION),
        ("robust", ROBUST),
    ):
        value = getattr(problem, name)
        if value not in known:
            yield Problem("siting.unknown_option", name, value=value, known=list(known))
    yield from _check_limits(problem)
    sites = problem.sites
    if sites is not None:
        if not _is_count(sites):
            yield Problem("siting.not_a_count", "sites", value=sites)
        elif problem.phases:
            yield Problem("siting.each_phase_its_own", "sites")
        elif problem.objective == "lscp":
            yield Problem("siting.lscp_finds_sites", "sites")
    elif problem.objective != "lscp" and problem.budget is None and not problem.phases:
        yield Problem("siting.sites_missing", "sites")
    if not _is_count(problem.curve_points) or problem.curve_points < 2:
        yield Problem("siting.curve_too_short", "curve_points")


def _check_limits(problem: SitingFields) -> Iterator[Problem]:
    limit, where = problem.limit_min, "limit_min"
    own = all(service.limit_min is not None for service in problem.services)
    needed: list[str] = [name for name in ("lscp", "mclp") if problem.objective == name]
    needed += ["floor_share"] if problem.floor_share is not None else []
    if limit is None:
        if needed and not (problem.services and own):
            yield Problem("siting.limit_missing", where, needed_by=needed[0])
        limits: dict[str, object] = {}
    elif isinstance(limit, Mapping):
        limits = {str(name): value for name, value in limit.items()}
        if set(limits) != set(problem.groups):
            yield Problem("siting.groups_differ", where, limits)
    else:
        limits = {"": limit}
    for service in problem.services:
        if service.limit_min is not None:
            limits[service.name] = service.limit_min
    wrong = [f"{name} {value}".strip() for name, value in limits.items() if not _is_amount(value)]
    if wrong:
        yield Problem("siting.not_minutes", where, wrong)


def check_numbers(problem: SitingFields) -> Iterator[Problem]:
    """Find amounts that are no amounts, and amounts for sites nobody knows."""
    for name in NUMBERS:
        value = getattr(problem, name)
        if value is not None and not _is_amount(value):
            yield Problem("siting.not_an_amount", name, [value])
    for name in BY_SITE:
        yield from _check_amounts(getattr(problem, name), name, problem.site_ids)
    for service in problem.services:
        for name in ("places", "max_places"):
            where = Message("siting.in_service", name=service.name, field=name)
            yield from _check_amounts(getattr(service, name), where, problem.site_ids)
        where = Message("siting.in_service", name=service.name, field="opening_cost")
        yield from _check_amounts(service.opening_cost, where, ())
    if problem.budget is not None and not _has_costs(problem):
        yield Problem("siting.budget_without_costs", "budget")
    limit = problem.limit_min
    limits = list(limit.values()) if isinstance(limit, Mapping) else [limit]
    limits = [float(value) for value in limits if value is not None and _is_amount(value)]
    fade = problem.fade_min
    if fade is not None and _is_amount(fade) and any(float(fade) <= value for value in limits):
        yield Problem("siting.fade_not_beyond_limit", "fade_min")
    if problem.group_weights is not None:
        weights = problem.group_weights
        if set(weights) != set(problem.groups):
            yield Problem("siting.groups_differ", "group_weights", weights)
        yield from _check_amounts(weights, "group_weights", tuple(weights))


def _has_costs(problem: SitingFields) -> bool:
    """Return whether anything a plan may do costs money."""
    given: list[object] = [problem.opening_cost, problem.cost_per_place]
    given += [problem.running_cost] if problem.running_years else []
    given += [service.opening_cost for service in problem.services]
    values = [v for each in given for v in (each.values() if isinstance(each, Mapping) else [each])]
    # What is no number is found by the other checks.
    return any(not _is_amount(value) or value > 0 for value in values)  # type: ignore[operator]


def _check_amounts(
    value: object,
    where: str | Message,
    known: tuple[str, ...] | object,
    unknown_code: str = "siting.unknown_site",
) -> Iterator[Problem]:
    if value is None:
        return
    named = value if isinstance(value, Mapping) else {"": value}
    names = set(known) if isinstance(known, (tuple, list)) else set()
    wrong = [f"{name} {amount}".strip() for name, amount in named.items() if not _is_amount(amount)]
    if wrong:
        yield Problem("siting.not_an_amount", where, wrong)
    unknown = [str(name) for name in named if name != "" and name not in names]
    if unknown:
        yield Problem(unknown_code, where, unknown)


def check_municipalities(problem: SitingFields) -> Iterator[Problem]:
    """Find missing municipalities and names nobody knows."""
    for name, ids in (
        ("client_municipality", problem.client_ids),
        ("site_municipality", problem.site_ids),
    ):
        given = getattr(problem, name)
        if given is not None and len(given) != len(ids):
            yield Problem("siting.not_one_per_id", name, given=len(given), ids=len(ids))
    client = set(problem.client_municipality or ())
    site = set(problem.site_municipality or ())
    needs_client = problem.cooperation != "everyone" or problem.floor_share is not None
    needs_site = problem.cooperation != "everyone" or any(
        getattr(problem, name) is not None for name in BY_MUNICIPALITY[1:]
    )
    for needed, given, name in (
        (needs_client, problem.client_municipality, "client_municipality"),
        (needs_site, problem.site_municipality, "site_municipality"),
    ):
        if needed and given is None:
            yield Problem("siting.municipality_missing", name)
    known = {"floor_share": client, BY_MUNICIPALITY[1]: site, BY_MUNICIPALITY[2]: site}
    for name in BY_MUNICIPALITY:
        yield from _check_amounts(
            getattr(problem, name), name, tuple(known[name]), "siting.unknown_municipality"
        )
    shares = problem.floor_share
    if shares is not None:
        values = list(shares.values()) if isinstance(shares, Mapping) else [shares]
        if any(_is_amount(value) and float(value) > 1 for value in values):
            yield Problem("siting.share_above_one", "floor_share")
    if problem.agreements and problem.cooperation != "agreements":
        yield Problem("siting.agreements_unused", "agreements")
    named = [str(name) for group in problem.agreements for name in group]
    unknown = [name for name in named if name not in client | site]
    if unknown:
        yield Problem("siting.unknown_municipality", "agreements", unknown)


def check_parts(problem: SitingFields) -> Iterator[Problem]:
    """Find names used twice and numbers out of range in services, phases and scenarios."""
    for where, names in (
        ("services", [service.name for service in problem.services]),
        ("phases", [str(phase.year) for phase in problem.phases]),
        ("scenarios", [scenario.name for scenario in problem.scenarios]),
    ):
        twice = [str(name) for name, count in Counter(names).items() if count > 1]
        if twice:
            yield Problem("siting.name_twice", where, twice)
    years = [phase.year for phase in problem.phases]
    if years != sorted(years):
        yield Problem("siting.phases_not_sorted", "phases", years)
    for phase in problem.phases:
        if not _is_count(phase.sites) or not _is_amount(phase.weight):
            within = Message("siting.in_phase", name=phase.year, field="sites, weight")
            yield Problem("siting.not_an_amount", within, [phase.sites, phase.weight])
    known = set(problem.site_ids)
    for service in problem.services:
        unknown = [str(value) for value in service.existing if value not in known]
        if unknown:
            within = Message("siting.in_service", name=service.name, field="existing")
            yield Problem("siting.unknown_site", within, unknown)
        if service.sites is not None and not _is_count(service.sites):
            within = Message("siting.in_service", name=service.name, field="sites")
            yield Problem("siting.not_a_count", within, value=service.sites)
    given = [s.probability for s in problem.scenarios if s.probability is not None]
    if given and problem.robust == "expected":
        whole = len(given) == len(problem.scenarios) and all(_is_amount(value) for value in given)
        if not whole or abs(sum(given) - 1.0) > 1e-6:
            yield Problem("siting.probabilities", "scenarios")


def check_pairs(problem: SitingFields) -> Iterator[Problem]:
    """Refuse options that cannot be combined."""
    services, phases = bool(problem.services), bool(problem.phases)
    scenarios, groups = bool(problem.scenarios), bool(problem.groups)
    closing = bool(problem.may_close)
    mean = problem.robust == "expected" or not scenarios
    additive = problem.objective in ("mclp", "p_median")
    own_places = problem.places is not None or problem.max_places is not None
    refused = {
        "siting.fade_needs_mclp": problem.fade_min is not None and problem.objective != "mclp",
        "siting.phases_need_sum": phases and not additive,
        "siting.robust_needs_one_aim": not mean
        and problem.objective in ("lex_minimax", "trade_off"),
        "siting.regret_needs_sum": not mean and problem.robust == "regret" and not additive,
        "siting.services_and_groups": services and groups,
        "siting.services_and_phases": services and phases,
        "siting.services_and_scenarios": services and scenarios,
        "siting.phases_and_scenarios": phases and scenarios,
        "siting.phases_and_closing": phases and closing,
        "siting.services_and_existing": services and bool(problem.existing),
        "siting.services_and_closing": services and closing,
        "siting.services_and_growth": services and problem.max_growth is not None,
        "siting.services_and_places": services and own_places,
        "siting.phases_and_groups": phases and groups,
    }
    for code, clash in refused.items():
        if clash:
            yield Problem(code, objective=problem.objective)


def _is_amount(value: object) -> bool:
    """Whether `value` is a finite number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    return bool(np.isfinite(value) and value >= 0)


def _is_count(value: object) -> bool:
    """Whether `value` is a whole number, 0 or more."""
    return _is_amount(value) and float(value) == int(value)  # type: ignore[arg-type, call-overload]
