"""Every check of a siting problem: each finds, none raises."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from socaccess.errors import Problem
from socaccess.messages import Message
from socaccess.siting.catchment_checks import check_catchment
from socaccess.siting.options import (
    ASSIGNMENTS,
    CATCHMENT_OBJECTIVES,
    COOPERATION,
    OBJECTIVES,
    ROBUST,
    SitingFields,
)

__all__ = ["find_problems"]

NUMBERS = (
    "cutoff_min",
    "fade_min",
    "min_clients",
    "budget",
    "cost_per_place",
    "running_years",
    "resolution_min",
    "standard_per_100",
)
BY_SITE = ("places", "max_places", "max_growth", "opening_cost", "running_cost")
BY_MUNICIPALITY = (
    "floor_share",
    "min_sites_per_municipality",
    "max_sites_per_municipality",
)


def find_problems(problem: SitingFields) -> list[Problem]:
    """Return every finding about `problem`, in a fixed order."""
    return [
        *_check_ids("client_ids", problem.client_ids),
        *_check_ids("site_ids", problem.site_ids),
        *_check_travel(problem.travel_min, "travel_min", problem),
        *_check_all_persons(problem),
        *_check_site_lists(problem),
        *_check_objective(problem),
        *_check_numbers(problem),
        *_check_municipalities(problem),
        *_check_parts(problem),
        *_check_pairs(problem),
        *check_catchment(problem),
    ]


def _check_ids(name: str, ids: Sequence[str]) -> Iterator[Problem]:
    known = set(ids)
    if "" in known or not all(issubclass(kind, str) for kind in set(map(type, ids))):
        wrong = [repr(value) for value in ids if not isinstance(value, str) or not value]
        yield Problem("siting.id_not_text", name, wrong)
        return
    if len(known) < len(ids):
        twice = [name for name, count in Counter(ids).items() if count > 1]
        yield Problem("siting.id_twice", name, twice)
    if name == "client_ids" and not ids:
        yield Problem("siting.no_clients", name)


def _check_travel(travel: Any, where: str | Message, problem: SitingFields) -> Iterator[Problem]:
    shape = (len(problem.client_ids), len(problem.site_ids))
    if travel.dtype == object:
        yield Problem("siting.minutes_not_numbers", where)
        return
    if 0 in shape and travel.size == 0:
        return
    if travel.shape != shape:
        size = " × ".join(map(str, travel.shape))
        yield Problem("siting.travel_shape", where, size=size, clients=shape[0], sites=shape[1])
        return
    if sp.issparse(travel):
        coo = sp.coo_array(travel)
        rows, values = coo.coords[0], coo.data
        pair = coo.coords[0].astype(np.int64) * shape[1] + coo.coords[1]
        if (np.diff(pair) <= 0).any() and (np.diff(np.sort(pair)) == 0).any():
            yield Problem("siting.pair_twice", where)
        for code, wrong in (
            ("siting.time_below_zero", values < 0),
            ("siting.stored_time_not_finite", ~np.isfinite(values)),
        ):
            if wrong.any():
                names = [problem.client_ids[i] for i in np.unique(rows[wrong]).tolist()]
                yield Problem(code, where, names)
        return
    with np.errstate(invalid="ignore"):
        for code, wrong in (
            ("siting.time_below_zero", travel < 0),
            ("siting.time_infinite", np.isinf(travel)),
        ):
            if wrong.any():
                names = [problem.client_ids[i] for i in np.flatnonzero(wrong.any(axis=1)).tolist()]
                yield Problem(code, where, names)


def _check_all_persons(problem: SitingFields) -> Iterator[Problem]:
    if problem.services:
        if problem.persons is not None:
            yield Problem("siting.each_service_its_own", "persons")
    elif problem.persons is None:
        yield Problem("siting.no_persons", "persons")
    elif isinstance(problem.persons, Mapping):
        if not problem.persons:
            yield Problem("siting.no_group", "persons")
        for name, values in problem.persons.items():
            where = Message("siting.in_group", name=name, field="persons")
            yield from _check_persons(values, where, problem)
    else:
        yield from _check_persons(problem.persons, "persons", problem)
    for code, parts in (
        ("siting.in_service", problem.services),
        ("siting.in_phase", problem.phases),
        ("siting.in_scenario", problem.scenarios),
    ):
        for part in parts:
            called = getattr(part, "name", getattr(part, "year", None))
            if part.persons is not None:
                where = Message(code, name=called, field="persons")
                yield from _check_persons(_numbers(part.persons), where, problem)
            travel = getattr(part, "travel_min", None)
            if travel is not None:
                travel = travel if sp.issparse(travel) else _numbers(travel)
                where = Message(code, name=called, field="travel_min")
                yield from _check_travel(travel, where, problem)


def _numbers(values: object) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return np.asarray(values, dtype=object)


def _check_persons(
    persons: np.ndarray, where: str | Message, problem: SitingFields
) -> Iterator[Problem]:
    if persons.dtype == object:
        yield Problem("siting.persons_not_numbers", where)
        return
    if persons.shape != (len(problem.client_ids),):
        size = " × ".join(map(str, persons.shape))
        yield Problem("siting.persons_shape", where, size=size, clients=len(problem.client_ids))
        return
    for code, wrong in (
        ("siting.persons_missing", ~np.isfinite(persons)),
        ("siting.persons_below_zero", persons < 0),
    ):
        if wrong.any():
            names = [problem.client_ids[i] for i in np.flatnonzero(wrong).tolist()]
            yield Problem(code, where, names)


def _check_site_lists(problem: SitingFields) -> Iterator[Problem]:
    known = set(problem.site_ids)
    lists = {
        name: getattr(problem, name)
        for name in ("existing", "required", "forbidden", "may_close", "preferred")
    }
    lists["candidates"] = problem.candidates or ()
    for name, ids in lists.items():
        unknown = [str(value) for value in ids if value not in known]
        if unknown:
            yield Problem("siting.unknown_site", name, unknown)
        twice = [str(value) for value, count in Counter(ids).items() if count > 1]
        if twice:
            yield Problem("siting.site_twice", name, twice)
    for first, second, code in (
        ("existing", "candidates", "siting.existing_and_candidate"),
        ("existing", "required", "siting.existing_and_required"),
        ("existing", "forbidden", "siting.existing_and_forbidden"),
        ("required", "forbidden", "siting.required_and_forbidden"),
    ):
        both = [value for value in lists[second] if value in set(lists[first])]
        if both:
            yield Problem(code, second, both)
    extra = [value for value in lists["may_close"] if value not in set(lists["existing"])]
    if extra:
        yield Problem("siting.closing_not_existing", "may_close", extra)
    if problem.candidates is not None:
        extra = [value for value in lists["required"] if value not in set(lists["candidates"])]
        extra = [value for value in extra if value in known]
        if extra:
            yield Problem("siting.required_no_candidate", "required", extra)


def _check_objective(problem: SitingFields) -> Iterator[Problem]:
    """Find an unknown objective, a missing limit or a missing number of sites."""
    for name, known in (
        ("objective", OBJECTIVES),
        ("cooperation", COOPERATION),
        ("robust", ROBUST),
        ("assignment", ASSIGNMENTS),
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
    if problem.relocations is not None and not _is_count(problem.relocations):
        yield Problem("siting.not_a_count", "relocations", value=problem.relocations)
    if not _is_count(problem.cover_times) or problem.cover_times < 1:
        yield Problem("siting.not_a_count", "cover_times", value=problem.cover_times)
    for name, below in (("busy_share", 1.0), ("tolerance", 1.0)):
        value = getattr(problem, name)
        if value is not None and not (_is_amount(value) and value < below):
            yield Problem("siting.no_share", name, value=value)
    if problem.robust != "worst" and not problem.scenarios:
        yield Problem("siting.robust_needs_scenarios", "robust", value=problem.robust)
    if problem.objective == "p_dispersion":
        yield from _check_between(problem)
    if not _is_count(problem.curve_points) or problem.curve_points < 2:
        yield Problem("siting.curve_too_short", "curve_points")


def _check_between(problem: SitingFields) -> Iterator[Problem]:
    between, count = problem.between_min, len(problem.site_ids)
    if between is None:
        yield Problem("siting.between_missing", "between_min")
    elif between.dtype == object or between.shape != (count, count) or (between < 0).any():
        yield Problem("siting.between_shape", "between_min", sites=count)


def _check_limits(problem: SitingFields) -> Iterator[Problem]:
    limit, where = problem.limit_min, "limit_min"
    own = all(service.limit_min is not None for service in problem.services)
    needed: list[str] = [name for name in ("lscp", "mclp") if problem.objective == name]
    needed += ["2sfca"] if problem.catchment == "2sfca" else []
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


def _check_numbers(problem: SitingFields) -> Iterator[Problem]:
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


def _check_municipalities(problem: SitingFields) -> Iterator[Problem]:
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


def _check_parts(problem: SitingFields) -> Iterator[Problem]:
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


def _check_pairs(problem: SitingFields) -> Iterator[Problem]:
    """Refuse options that cannot be combined."""
    services, phases = bool(problem.services), bool(problem.phases)
    scenarios, groups = bool(problem.scenarios), bool(problem.groups)
    closing = bool(problem.may_close)
    mean = problem.robust == "expected" or not scenarios
    additive = problem.objective in ("mclp", "p_median")
    own_places = problem.places is not None or problem.max_places is not None
    counted = problem.cover_times != 1 or problem.busy_share is not None
    flow = own_places or problem.max_growth is not None or problem.cost_per_place > 0
    parts = services or phases or (scenarios and not mean)
    aims = {"mclp", "lscp"} if problem.busy_share is None else {"mclp"}
    refused = {
        "siting.backup_needs_cover": counted and problem.objective not in aims,
        "siting.backup_and_fade": counted and problem.fade_min is not None,
        "siting.backup_twice": problem.cover_times != 1 and problem.busy_share is not None,
        "siting.backup_and_places": counted and flow,
        "siting.tolerance_needs_mclp": problem.tolerance is not None
        and problem.objective != "mclp",
        "siting.tolerance_and_kind": problem.tolerance is not None
        and (counted or problem.fade_min is not None or parts),
        "siting.preferred_needs_tolerance": bool(problem.preferred) and problem.tolerance is None,
        "siting.relocations_need_closing": problem.relocations is not None and not closing,
        "siting.dispersion_alone": problem.objective == "p_dispersion"
        and (services or phases or scenarios or flow or problem.floor_share is not None),
        "siting.decile_alone": problem.objective in ("worst_decile", "theil_minutes")
        and (parts or scenarios or flow),
        "siting.catchment_alone": problem.objective in CATCHMENT_OBJECTIVES
        and (
            parts
            or scenarios
            or groups
            or problem.assignment != "shared"
            or problem.max_growth is not None
            or problem.cost_per_place > 0
        ),
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
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False
    return 0 <= number < math.inf


def _is_count(value: object) -> bool:
    """Whether `value` is a whole number, 0 or more."""
    return _is_amount(value) and float(value) == int(value)  # type: ignore[arg-type, call-overload]
