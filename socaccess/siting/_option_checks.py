"""Checks of the options of a siting problem and of the pairs that make no sense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from socaccess.errors import Problem
from socaccess.siting.options import COOPERATION, OBJECTIVES, ROBUST

if TYPE_CHECKING:
    from socaccess.siting.problem import SitingProblem

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


def check_objective(problem: SitingProblem) -> Iterator[Problem]:
    """Find an unknown objective, a missing limit or a missing number of sites."""
    for name, known in (
        ("objective", OBJECTIVES),
        ("cooperation", COOPERATION),
        ("robust", ROBUST),
    ):
        value = getattr(problem, name)
        if value not in known:
            yield Problem(f"no {name} {value!r}", name, (), f"one of {', '.join(known)}")
    yield from _check_limits(problem)
    sites = problem.sites
    if sites is not None:
        if not _is_count(sites):
            hint = "a whole number, 0 or more"
            yield Problem(f"not a number of sites: {sites}", "sites", (), hint)
        elif problem.phases:
            yield Problem("each phase has its own", "sites", (), "leave it out with phases")
        elif problem.objective == "lscp":
            yield Problem(
                "lscp finds the number of sites", "sites", (), "leave it out, or use mclp"
            )
    elif problem.objective != "lscp" and problem.budget is None and not problem.phases:
        yield Problem("how many new sites?", "sites", (), "give a whole number, or a budget")
    if not _is_count(problem.curve_points) or problem.curve_points < 2:
        yield Problem("the curve needs two points", "curve_points", (), "give 2 or more")


def _check_limits(problem: SitingProblem) -> Iterator[Problem]:
    limit, where = problem.limit_min, "limit_min"
    own = all(service.limit_min is not None for service in problem.services)
    needed: list[str] = [name for name in ("lscp", "mclp") if problem.objective == name]
    needed += ["floor_share"] if problem.floor_share is not None else []
    if limit is None:
        if needed and not (problem.services and own):
            yield Problem(f"{needed[0]} needs a limit", where, (), "give minutes, e.g. 30")
        limits: dict[str, object] = {}
    elif isinstance(limit, Mapping):
        limits = {str(name): value for name, value in limit.items()}
        if set(limits) != set(problem.groups):
            yield Problem("groups differ from those of persons", where, tuple(limits), "name each")
    else:
        limits = {"": limit}
    for service in problem.services:
        if service.limit_min is not None:
            limits[service.name] = service.limit_min
    wrong = [f"{name} {value}".strip() for name, value in limits.items() if not _is_amount(value)]
    if wrong:
        yield Problem("not a time", where, tuple(wrong), "give minutes, 0 or more")


def check_numbers(problem: SitingProblem) -> Iterator[Problem]:
    """Find amounts that are no amounts, and amounts for sites nobody knows."""
    for name in NUMBERS:
        value = getattr(problem, name)
        if value is not None and not _is_amount(value):
            yield Problem(f"not an amount: {value}", name, (), "give a number, 0 or more")
    for name in BY_SITE:
        yield from _check_amounts(getattr(problem, name), name, problem.site_ids, "site")
    for service in problem.services:
        for name in ("places", "max_places"):
            where = f"service {service.name!r}, {name}"
            yield from _check_amounts(getattr(service, name), where, problem.site_ids, "site")
        yield from _check_amounts(
            service.opening_cost, f"service {service.name!r}, opening_cost", (), "site"
        )
    limit = problem.limit_min
    limits = list(limit.values()) if isinstance(limit, Mapping) else [limit]
    limits = [float(value) for value in limits if value is not None and _is_amount(value)]
    fade = problem.fade_min
    if fade is not None and _is_amount(fade) and any(float(fade) <= value for value in limits):
        yield Problem("not above limit_min", "fade_min", (), "coverage fades beyond the limit")
    if problem.group_weights is not None:
        weights = problem.group_weights
        if set(weights) != set(problem.groups):
            names = tuple(str(name) for name in weights)
            yield Problem(
                "groups differ from those of persons", "group_weights", names, "name each"
            )
        yield from _check_amounts(weights, "group_weights", tuple(weights), "group")


def _check_amounts(
    value: object, where: str, known: tuple[str, ...] | object, kind: str
) -> Iterator[Problem]:
    if value is None:
        return
    named = value if isinstance(value, Mapping) else {"": value}
    names = set(known) if isinstance(known, (tuple, list)) else set()
    wrong = [f"{name} {amount}".strip() for name, amount in named.items() if not _is_amount(amount)]
    if wrong:
        yield Problem("not an amount", where, tuple(wrong), "give numbers, 0 or more")
    unknown = [str(name) for name in named if name != "" and name not in names]
    if unknown:
        yield Problem(f"no such {kind}", where, tuple(unknown), "use known ids")


def check_municipalities(problem: SitingProblem) -> Iterator[Problem]:
    """Find missing municipalities and names nobody knows."""
    for name, ids in (
        ("client_municipality", problem.client_ids),
        ("site_municipality", problem.site_ids),
    ):
        given = getattr(problem, name)
        if given is not None and len(given) != len(ids):
            what = f"there are {len(given)}, but {len(ids)} ids"
            yield Problem(what, name, (), "give one for each id, in the same order")
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
            yield Problem("needed by an option", name, (), "give every row's municipality")
    known = {"floor_share": client, BY_MUNICIPALITY[1]: site, BY_MUNICIPALITY[2]: site}
    for name in BY_MUNICIPALITY:
        yield from _check_amounts(getattr(problem, name), name, tuple(known[name]), "municipality")
    shares = problem.floor_share
    if shares is not None:
        values = list(shares.values()) if isinstance(shares, Mapping) else [shares]
        if any(_is_amount(value) and float(value) > 1 for value in values):
            yield Problem("a share is above 1", "floor_share", (), "write 60 % as 0.6")
    if problem.agreements and problem.cooperation != "agreements":
        hint = 'set cooperation="agreements"'
        yield Problem("not in force", "agreements", (), hint)
    named = [str(name) for group in problem.agreements for name in group]
    unknown = [name for name in named if name not in client | site]
    if unknown:
        yield Problem("no such municipality", "agreements", tuple(unknown), "use known names")


def check_parts(problem: SitingProblem) -> Iterator[Problem]:
    """Find names used twice and numbers out of range in services, phases and scenarios."""
    for where, names in (
        ("services", [service.name for service in problem.services]),
        ("phases", [str(phase.year) for phase in problem.phases]),
        ("scenarios", [scenario.name for scenario in problem.scenarios]),
    ):
        twice = [str(name) for name, count in Counter(names).items() if count > 1]
        if twice:
            yield Problem("name stands more than once", where, tuple(twice), "give each its own")
    years = [phase.year for phase in problem.phases]
    if years != sorted(years):
        yield Problem("not in order of years", "phases", tuple(map(str, years)), "sort them")
    for phase in problem.phases:
        if not _is_count(phase.sites) or not _is_amount(phase.weight):
            where = f"phase {phase.year}"
            yield Problem("sites or weight is not an amount", where, (), "give numbers, 0 or more")
    known = set(problem.site_ids)
    for service in problem.services:
        unknown = [str(value) for value in service.existing if value not in known]
        if unknown:
            where = f"service {service.name!r}, existing"
            yield Problem("no such site", where, tuple(unknown), "use ids of site_ids")
        if service.sites is not None and not _is_count(service.sites):
            where = f"service {service.name!r}, sites"
            yield Problem("not a number of sites", where, (), "a whole number, 0 or more")
    given = [s.probability for s in problem.scenarios if s.probability is not None]
    if given and problem.robust == "expected":
        whole = len(given) == len(problem.scenarios) and all(_is_amount(value) for value in given)
        if not whole or abs(sum(given) - 1.0) > 1e-6:
            hint = "give all, adding up to 1, or none"
            yield Problem("probabilities do not add up to 1", "scenarios", (), hint)


def check_pairs(problem: SitingProblem) -> Iterator[Problem]:
    """Refuse options that cannot be combined."""
    objective = problem.objective
    on = {
        "services": bool(problem.services),
        "phases": bool(problem.phases),
        "scenarios": bool(problem.scenarios),
        "target groups": bool(problem.groups),
        "fade_min": problem.fade_min is not None,
        "may_close": bool(problem.may_close),
        "max_growth": problem.max_growth is not None,
        "existing": bool(problem.existing),
        "places or max_places": problem.places is not None or problem.max_places is not None,
        "robust worst or regret": bool(problem.scenarios) and problem.robust != "expected",
        "robust regret": bool(problem.scenarios) and problem.robust == "regret",
        "candidates": problem.candidates is not None,
    }
    additive = ("mclp", "p_median")
    refused = [
        ("fade_min", objective != "mclp", f"objective {objective}", "coverage fades only in mclp"),
        ("phases", objective not in additive, f"objective {objective}", "use mclp or p_median"),
        (
            "robust worst or regret",
            objective in ("lex_minimax", "trade_off"),
            f"objective {objective}",
            'use robust="expected"',
        ),
        (
            "robust regret",
            objective not in additive,
            f"objective {objective}",
            "use mclp, p_median",
        ),
        ("services", bool(problem.groups), "target groups", "make each a service of its own"),
        ("services", on["phases"], "phases", "plan the services one by one"),
        ("services", on["scenarios"], "scenarios", "compare the scenarios one by one"),
        ("phases", on["scenarios"], "scenarios", "give each phase its own persons"),
        ("phases", on["may_close"], "may_close", "close sites in a plan without phases"),
        ("services", on["existing"], "existing", "name existing sites in each service"),
        ("services", on["may_close"], "may_close", "leave it out with services"),
        ("services", on["max_growth"], "max_growth", "leave it out with services"),
        (
            "services",
            on["places or max_places"],
            "places and max_places",
            "capacity belongs to each service: set it there",
        ),
        ("phases", bool(problem.groups), "target groups", "plan the groups as services or apart"),
    ]
    for name, clash, other, hint in refused:
        if on[name] and clash:
            yield Problem(f"{name} cannot be combined with {other}", "options", (), hint)


def _is_amount(value: object) -> bool:
    """Whether `value` is a finite number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    return bool(np.isfinite(value) and value >= 0)


def _is_count(value: object) -> bool:
    """Whether `value` is a whole number, 0 or more."""
    return _is_amount(value) and float(value) == int(value)  # type: ignore[arg-type, call-overload]
