"""The conditions on open sites, in groups whose names a planner knows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from socaccess.siting.general import Aim, GeneralModel, has_capacity
from socaccess.siting.instance import Instance, by_name
from socaccess.siting.options import CONDITIONS
from socaccess.siting.problem import SitingProblem

__all__ = ["CONSTRAINT_GROUPS", "build_model", "list_constraint_groups"]

CONSTRAINT_GROUPS = frozenset(CONDITIONS)


def list_constraint_groups(problem: SitingProblem, instance: Instance, aim: Aim) -> list[str]:
    """Return the groups of conditions the problem has, in a fixed order."""
    has = {
        "sites": instance.sites is not None or bool(problem.phases) or bool(problem.services),
        "required": bool(problem.required),
        "budget": problem.budget is not None,
        "places": has_capacity(problem),
        "min_clients": problem.min_clients is not None,
        "floor_share": problem.floor_share is not None,
        "min_sites_per_municipality": problem.min_sites_per_municipality is not None,
        "max_sites_per_municipality": problem.max_sites_per_municipality is not None,
        "coverage": aim.kind == "sites",
    }
    return [name for name, there in has.items() if there]


def build_model(
    problem: SitingProblem,
    instance: Instance,
    aim: Aim,
    *,
    active: frozenset[str] = CONSTRAINT_GROUPS,
    elastic: str = "",
) -> GeneralModel:
    """Return the programme with the conditions that are active, one of them elastic if asked."""
    general = GeneralModel(problem, instance, aim, active=active, elastic=elastic)
    _add_constraint_groups(general)
    general.add_levels()
    general.add_objective()
    return general


def _add_constraint_groups(general: GeneralModel) -> None:
    """Add the conditions of every active group to the model."""
    if general.elastic:
        # Counts of sites and of dropped requirements are whole, everything else may be a part.
        whole = general.elastic.endswith("municipality") or general.elastic == "sites"
        general.slack = int(general.model.add_columns(1, upper=np.inf, integer=whole)[0])
    _add_roofs(general)
    _add_phases(general)
    steps = {
        "sites": _add_sites,
        "required": _add_required,
        "places": _add_places,
        "budget": _add_budget,
        "min_clients": _add_min_clients,
        "floor_share": _add_floor,
        "min_sites_per_municipality": _add_municipal_bounds,
        "coverage": _add_coverage,
    }
    for name, step in steps.items():
        if name in general.active or name in ("places", "min_sites_per_municipality"):
            step(general)


def _row(
    general: GeneralModel,
    group: str,
    variables: np.ndarray,
    values: np.ndarray | float,
    *,
    lower: float = -np.inf,
    upper: float = np.inf,
    slack_value: float = 1.0,
) -> None:
    """Add one condition; when its group is elastic, the slack widens it on its bounded side."""
    variables = np.asarray(variables)
    factors = np.broadcast_to(np.asarray(values, dtype=float), variables.shape)
    if general.elastic == group:
        sign = -slack_value if np.isfinite(upper) else slack_value
        variables = np.append(variables, general.slack)
        factors = np.append(factors, sign)
    rows = np.zeros(len(variables), dtype=int)
    general.model.add_rows(rows, variables, factors, lower=[lower], upper=[upper])


def _add_roofs(general: GeneralModel) -> None:
    """Give every new site one variable, whatever services it hosts; phases count their last."""
    instance, model = general.instance, general.model
    sites = instance.column_site
    there = np.unique(sites[instance.state == "fixed"])
    general.roof_sites = np.zeros(0, dtype=np.int64)
    general.roofs = np.zeros(0, dtype=np.int64)
    if instance.part_kind == "service":
        new = np.setdiff1d(np.unique(sites[instance.free]), there)
        general.roof_sites = new
        general.roofs = model.add_columns(len(new), integer=True)
        column = instance.free[np.isin(sites[instance.free], new)]
        each = np.arange(len(column))
        model.add_rows(
            np.concatenate([each, each]),
            np.concatenate([general.roofs[np.searchsorted(new, sites[column])], general.y[column]]),
            np.repeat([1.0, -1.0], len(column)),
            lower=np.zeros(len(column)),
            upper=np.inf,
        )
        # A roof without a service is no site.
        both = np.concatenate([np.searchsorted(new, sites[column]), np.arange(len(new))])
        model.add_rows(
            both,
            np.concatenate([general.y[column], general.roofs]),
            np.concatenate([np.ones(len(column)), -np.ones(len(new))]),
            lower=np.zeros(len(new)),
            upper=np.inf,
        )
        return
    last = instance.part_count - 1 if instance.part_kind == "phase" else 0
    column = instance.free[instance.column_part[instance.free] == last]
    general.roof_sites, general.roofs = sites[column], general.y[column]


def _add_phases(general: GeneralModel) -> None:
    """Keep what is open in a phase open in the next."""
    instance = general.instance
    if instance.part_kind != "phase":
        return
    count = len(instance.column_site) // instance.part_count
    earlier = np.arange(len(instance.column_site) - count)
    general.model.add_rows(
        np.concatenate([earlier, earlier]),
        np.concatenate([general.y[earlier], general.y[earlier + count]]),
        np.repeat([-1.0, 1.0], len(earlier)),
        lower=np.zeros(len(earlier)),
        upper=np.inf,
    )


def _add_sites(general: GeneralModel) -> None:
    instance, problem = general.instance, general.problem
    moves = problem.relocations
    closable = general.y[instance.closable]
    if instance.sites is not None:
        # Each site that closes lets one more open.
        many = len(closable) if moves is not None else 0
        _row(
            general,
            "sites",
            np.concatenate([general.roofs, closable[:many]]),
            1.0,
            upper=float(instance.sites + many),
        )
    if moves is not None:
        _row(general, "sites", closable, 1.0, lower=float(len(closable) - int(moves)))
    allowed = 0
    for number, phase in enumerate(problem.phases):
        allowed += int(phase.sites)
        own = instance.free[instance.column_part[instance.free] == number]
        _row(general, "sites", general.y[own], 1.0, upper=float(allowed))
    for number, service in enumerate(problem.services):
        if service.sites is not None:
            own = instance.free[instance.column_part[instance.free] == number]
            _row(general, "sites", general.y[own], 1.0, upper=float(service.sites))


def _add_required(general: GeneralModel) -> None:
    instance = general.instance
    wanted = np.unique(instance.column_site[instance.required])
    for site in wanted:
        roof = general.roofs[general.roof_sites == site]
        if len(roof):
            _row(general, "required", roof, 1.0, lower=1.0)


def _capacities(general: GeneralModel) -> tuple[np.ndarray, np.ndarray]:
    """Return the places every column has or may have, and those it may add."""
    problem, instance = general.problem, general.instance
    ids = problem.site_ids
    here = instance.column_site
    if problem.services:
        own = [by_name(service.places, ids) for service in problem.services]
        new = [by_name(service.max_places, ids) for service in problem.services]
        places, most = np.concatenate(own), np.concatenate(new)
    else:
        places = by_name(problem.places, ids)[here]
        most = by_name(problem.max_places, ids)[here]
    growth = np.nan_to_num(by_name(problem.max_growth, ids)[here], nan=0.0)
    is_new = instance.state == "free"
    places = np.where(is_new, most, places)
    return np.where(np.isnan(places), np.inf, places), np.where(is_new, 0.0, growth)


def _add_places(general: GeneralModel) -> None:
    """Add capacity, and the numbers of places where they cost money or may grow."""
    instance, problem, model = general.instance, general.problem, general.model
    columns = len(instance.state)
    general.built = np.full(columns, -1, dtype=np.int64)
    if not general.is_flow:
        return
    places, growth = _capacities(general)
    priced = problem.budget is not None and problem.cost_per_place > 0
    total = float(np.ceil(instance.persons.sum()))
    is_new = instance.state == "free"
    most = np.where(is_new, np.minimum(places, total), growth)
    build = np.flatnonzero((is_new & priced) | (~is_new & (growth > 0) & np.isfinite(places)))
    general.built[build] = model.add_columns(len(build), upper=most[build], integer=priced)
    for column in build:
        # Places stand only where the site is open.
        variables = [general.built[column], general.y[column]]
        _row(general, "always", np.array(variables), np.array([1.0, -most[column]]), upper=0.0)
    if instance.part_kind == "phase":
        _keep_built(general, build)
    active = "places" in general.active
    parts = instance.part_count if instance.part_kind == "scenario" else 1
    persons = instance.persons[general.pair_row]
    for column in instance.usable:
        new_and_priced = general.built[column] >= 0 and is_new[column]
        if not new_and_priced and (not np.isfinite(places[column]) or not active):
            continue
        for part in range(parts):
            own = general.pair_column == column
            if parts > 1:
                own &= instance.row_part[general.pair_row] == part
            variables, values = [*general.x[own]], [*persons[own]]
            if general.built[column] >= 0:
                variables.append(general.built[column])
                values.append(-1.0)
            if not new_and_priced:
                variables.append(general.y[column])
                values.append(-places[column])
            _row(general, "places", np.array(variables), np.array(values), upper=0.0)


def _keep_built(general: GeneralModel, build: np.ndarray) -> None:
    """Keep what is built in a phase in the next."""
    count = len(general.instance.column_site) // general.instance.part_count
    for column in build:
        if column + count < len(general.built) and general.built[column + count] >= 0:
            pair = np.array([general.built[column + count], general.built[column]])
            _row(general, "always", pair, np.array([1.0, -1.0]), lower=0.0)


def _add_budget(general: GeneralModel) -> None:
    """Add up what is spent: roofs, services, places, running cost less what closing saves."""
    problem, instance = general.problem, general.instance
    if problem.budget is None:
        return
    opening = np.nan_to_num(by_name(problem.opening_cost, problem.site_ids))
    running = np.nan_to_num(by_name(problem.running_cost, problem.site_ids))
    running = running * problem.running_years
    variables = [general.roofs]
    values = [(opening + running)[general.roof_sites]]
    for number, service in enumerate(problem.services):
        own = instance.free[instance.column_part[instance.free] == number]
        variables.append(general.y[own])
        values.append(np.full(len(own), float(service.opening_cost)))
    built = general.built >= 0
    if instance.part_kind == "phase":
        built &= instance.column_part == instance.part_count - 1
    variables.append(general.built[built])
    values.append(np.full(int(built.sum()), float(problem.cost_per_place)))
    closable = instance.closable
    saved = running[instance.column_site[closable]]
    variables.append(general.y[closable])
    values.append(saved)
    upper = float(problem.budget) + float(saved.sum())
    _row(general, "budget", np.concatenate(variables), np.concatenate(values), upper=upper)


def _add_min_clients(general: GeneralModel) -> None:
    problem, instance = general.problem, general.instance
    if problem.min_clients is None:
        return
    least = float(problem.min_clients)
    position, goes_to, variable = general.nearest_shares()
    row = general.rows[position]
    parts = instance.part_count if instance.part_kind == "scenario" else 1
    for column in np.union1d(instance.free, instance.closable):
        for part in range(parts):
            own = goes_to == column
            if parts > 1:
                own &= instance.row_part[row] == part
            _row(
                general,
                "min_clients",
                np.append(variable[own], general.y[column]),
                np.append(instance.persons[row[own]], -least),
                lower=0.0,
            )


def _add_floor(general: GeneralModel) -> None:
    """Keep the covered share of every municipality, in every part, at or above its floor."""
    problem, instance = general.problem, general.instance
    if problem.floor_share is None or problem.client_municipality is None:
        return
    names = np.array(problem.client_municipality)[instance.row_client[general.rows]]
    part = instance.row_part[general.rows]
    persons = instance.persons[general.rows]
    position, variable, factor, constant = general.covered_terms(instance.limit_min)
    parts = range(instance.part_count)
    if instance.part_kind == "phase":
        parts = range(instance.part_count - 1, instance.part_count)
    for name in np.unique(names):
        floor = problem.floor_share
        share = floor.get(str(name), 0.0) if isinstance(floor, Mapping) else float(floor)
        for number in parts:
            members = (names == name) & (part == number)
            total = float(persons[members].sum())
            own = members[position]
            if share <= 0 or total <= 0:
                continue
            _row(
                general,
                "floor_share",
                variable[own],
                persons[position[own]] * factor[own],
                lower=(share * (1 - 1e-9) - constant) * total,
                slack_value=total,
            )


def _add_municipal_bounds(general: GeneralModel) -> None:
    problem, instance = general.problem, general.instance
    if problem.site_municipality is None:
        return
    names = np.array(problem.site_municipality)
    last = instance.part_count - 1 if instance.part_kind == "phase" else None
    own_part = np.ones(len(instance.state), bool) if last is None else instance.column_part == last
    there = np.unique(instance.column_site[(instance.state == "fixed") & own_part])
    closable = instance.closable
    for group, sign in (
        ("min_sites_per_municipality", 1),
        ("max_sites_per_municipality", -1),
    ):
        given = getattr(problem, group)
        if given is None or group not in general.active:
            continue
        for name in np.unique(names):
            bound = given.get(str(name)) if isinstance(given, Mapping) else given
            if bound is None:
                continue
            always = int((names[there] == name).sum())
            new = general.roofs[names[general.roof_sites] == name]
            old = general.y[closable[names[instance.column_site[closable]] == name]]
            rest = float(bound) - always
            if sign > 0:
                _row(general, group, np.concatenate([new, old]), 1.0, lower=rest)
            elif rest >= 0:
                _row(general, group, np.concatenate([new, old]), 1.0, upper=rest)
            else:
                # There are too many already and they stay: no new one.
                _row(general, group, new, 1.0, upper=0.0)


def _add_coverage(general: GeneralModel) -> None:
    """Cover everybody who can be covered."""
    if general.aim.kind != "sites":
        return
    rows = general.rows
    can = general.instance.best_minutes[rows] <= general.aim.reach_min[rows]
    if general.elastic == "coverage":
        weight = general.instance.persons[rows][can]
        _row(general, "coverage", general.u[can], weight, upper=0.0)
        return
    missed = general.u[can]
    each = np.arange(len(missed))
    general.model.add_rows(each, missed, 1.0, lower=-np.inf, upper=np.zeros(len(missed)))
