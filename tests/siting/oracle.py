"""An independent answer by trying every plan: no code of the library but its problem.

Plans are enumerated; who is served by an open set of sites follows from sorting (nearest) or, with
capacity, from a small programme of scipy's own.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from socaccess.siting import SitingProblem

INF = float("inf")
EPS = 1e-7


def amount(value, name):
    """The amount of one site, NaN without one."""
    if value is None:
        return float("nan")
    if isinstance(value, dict):
        return float(value.get(name, float("nan")))
    return float(value)


@dataclass
class World:
    """One part of a problem: minutes and persons of a scenario, phase or service."""

    minutes: np.ndarray
    persons: np.ndarray
    weight: np.ndarray
    limit: np.ndarray


def base_world(problem: SitingProblem, persons=None, travel=None, limit=None) -> World:
    """The problem's clients, by target group, with cooperation and the cut-off applied."""
    travel = problem.travel_min if travel is None else np.asarray(travel, float)
    minutes = np.where(np.isnan(travel), INF, travel)
    if problem.cutoff_min is not None:
        minutes = np.where(minutes <= problem.cutoff_min, minutes, INF)
    if problem.cooperation != "everyone":
        for i, mine in enumerate(problem.client_municipality):
            for j, theirs in enumerate(problem.site_municipality):
                friends = any(mine in g and theirs in g for g in problem.agreements)
                if mine != theirs and not friends:
                    minutes[i, j] = INF
    people = problem.persons if persons is None else np.asarray(persons, float)
    limit = problem.limit_min if limit is None else limit
    if isinstance(people, dict):
        names = list(people)
        weights = problem.group_weights or dict.fromkeys(names, 1.0)
        n = len(problem.client_ids)
        limits = limit if isinstance(limit, dict) else dict.fromkeys(names, limit)
        return World(
            np.vstack([minutes] * len(names)),
            np.concatenate([people[g] for g in names]),
            np.concatenate([people[g] * weights[g] for g in names]),
            np.concatenate([np.full(n, INF if limits[g] is None else limits[g]) for g in names]),
        )
    n = len(people)
    return World(minutes, people, people.copy(), np.full(n, INF if limit is None else limit))


def subsets(items):
    for size in range(len(items) + 1):
        yield from itertools.combinations(items, size)


def open_sets(problem: SitingProblem):
    """Every (new sites, open sites) that keeps the conditions on sites themselves."""
    ids = list(problem.site_ids)
    existing = [ids.index(s) for s in problem.existing]
    closable = [ids.index(s) for s in problem.may_close]
    names = ids if problem.candidates is None else problem.candidates
    free = [ids.index(s) for s in names if s not in problem.existing and s not in problem.forbidden]
    required = {ids.index(s) for s in problem.required}
    for new in subsets(free):
        if not required <= set(new):
            continue
        for closed in subsets(closable):
            more = 0 if problem.relocations is None else len(closed)
            if problem.sites is not None and len(new) > problem.sites + more:
                continue
            if problem.relocations is not None and more > problem.relocations:
                continue
            is_open = sorted({*existing, *new} - set(closed))
            if municipal_bounds_hold(problem, new, is_open, existing, closable):
                yield new, closed, is_open


def municipal_bounds_hold(problem, new, is_open, existing, closable):
    if problem.site_municipality is None:
        return True
    homes = problem.site_municipality
    for name in set(homes):
        here = sum(homes[j] == name for j in is_open)
        least, most = problem.min_sites_per_municipality, problem.max_sites_per_municipality
        least = least.get(name) if isinstance(least, dict) else least
        most = most.get(name) if isinstance(most, dict) else most
        if least is not None and here < least:
            return False
        if most is not None:
            stay = sum(homes[j] == name for j in existing if j not in closable)
            if stay > most:
                if any(homes[j] == name for j in new):
                    return False
            elif here > most:
                return False
    return True


def money_left(problem, new, closed):
    """Budget after opening and running; INF without a budget."""
    if problem.budget is None:
        return INF
    ids, years = problem.site_ids, problem.running_years

    def each(value, j):
        return np.nan_to_num(amount(value, ids[j]))

    spent = sum(each(problem.opening_cost, j) + years * each(problem.running_cost, j) for j in new)
    saved = sum(years * each(problem.running_cost, j) for j in closed)
    return problem.budget + saved - spent


def has_capacity(problem):
    priced = problem.budget is not None and problem.cost_per_place > 0
    given = (problem.places, problem.max_places, problem.max_growth)
    return priced or any(value is not None for value in given)


def floors(problem, world):
    if problem.floor_share is None:
        return []
    rows = len(world.persons)
    homes = np.array(list(problem.client_municipality) * (rows // len(problem.client_ids)))
    out = []
    for name in sorted(set(problem.client_municipality)):
        floor = problem.floor_share
        share = floor.get(name, 0.0) if isinstance(floor, dict) else floor
        members = homes == name
        if share > 0 and world.persons[members].sum() > 0:
            out.append((members, share))
    return out


def horizon(problem, world):
    if problem.objective == "lscp" or (problem.objective == "mclp" and problem.fade_min is None):
        return world.limit
    if problem.objective == "mclp":
        return np.full(len(world.limit), problem.fade_min)
    return np.full(len(world.limit), INF)


def uncovered(problem, world, minutes):
    """Share of a person not covered at `minutes`, rows x anything."""
    limit = world.limit[:, None]
    if problem.fade_min is None:
        return np.where(minutes <= limit, 0.0, 1.0)
    share = np.clip((minutes - limit) / (problem.fade_min - limit), 0, 1)
    return np.where(np.isfinite(minutes), share, 1.0)


class Programme:
    """Who is served where by one open set with capacity: all conditions, any objective."""

    def __init__(self, problem, world, new, closed, is_open, reach):
        self.world = world
        ids, homes = problem.site_ids, world.minutes
        self.pairs = [
            (i, j)
            for i in range(len(world.persons))
            for j in is_open
            if homes[i, j] <= reach[i] and np.isfinite(homes[i, j]) and world.persons[i] > 0
        ]
        if problem.assignment == "nearest":
            nearest = nearest_sites(world, is_open)
            self.pairs = [pair for pair in self.pairs if nearest[pair[0]] == pair[1]]
        count, built = len(self.pairs), {}
        priced = problem.budget is not None and problem.cost_per_place > 0
        self.rows, self.low, self.high = [], [], []
        upper = [1.0] * count
        whole = [int(problem.assignment != "shared" and has_capacity(problem))] * count
        for j in is_open:
            most = amount(problem.max_places, ids[j])
            now = amount(problem.places, ids[j])
            grow = np.nan_to_num(amount(problem.max_growth, ids[j]))
            if j in new and priced:
                built[j] = len(upper)
                upper.append(np.ceil(world.persons.sum()) if np.isnan(most) else most)
                whole.append(1)
            elif j not in new and grow > 0 and not np.isnan(now):
                built[j] = len(upper)
                upper.append(grow)
                whole.append(1 if priced else 0)
        self.width = len(upper)
        self.upper, self.whole = np.array(upper), np.array(whole)
        for i in range(len(world.persons)):
            self.add({k: 1.0 for k, pair in enumerate(self.pairs) if pair[0] == i}, -INF, 1.0)
        for j in is_open:
            most = amount(problem.max_places, ids[j])
            now = amount(problem.places, ids[j])
            top = (0.0 if priced else most) if j in new else now
            if np.isnan(top):
                continue
            terms = {k: world.persons[i] for k, (i, h) in enumerate(self.pairs) if h == j}
            if j in built:
                terms[built[j]] = -1.0
            self.add(terms, -INF, top)
        if priced:
            terms = dict.fromkeys(built.values(), problem.cost_per_place)
            self.add(terms, -INF, money_left(problem, new, closed))
        for members, share in floors(problem, world):
            terms = {
                k: world.persons[i]
                for k, (i, j) in enumerate(self.pairs)
                if members[i] and world.minutes[i, j] <= world.limit[i]
            }
            self.add(terms, share * world.persons[members].sum() * (1 - 1e-9), INF)

    def add(self, terms, low, high):
        row = np.zeros(self.width)
        for k, value in terms.items():
            row[k] = value
        self.rows.append(row)
        self.low.append(low - 1e-9 * abs(low) if np.isfinite(low) else low)
        self.high.append(high + 1e-9 * abs(high) if np.isfinite(high) else high)

    def least(self, cost):
        """The least sum of cost(i, j) times share, or None when nothing keeps the conditions."""
        if self.width == 0:
            ok = all(a <= EPS and b >= -EPS for a, b in zip(self.low, self.high, strict=True))
            return 0.0 if ok else None
        c = np.zeros(self.width)
        for k, (i, j) in enumerate(self.pairs):
            c[k] = cost(i, j)
        result = milp(
            c,
            constraints=LinearConstraint(np.array(self.rows), self.low, self.high),
            bounds=Bounds(0.0, self.upper),
            integrality=self.whole,
        )
        return None if result.x is None else float(result.fun)


def outcomes(problem, world):
    """(new, closed, programme or nearest minutes) of every plan that keeps all conditions."""
    for new, closed, is_open in open_sets(problem):
        if money_left(problem, new, closed) < -EPS:
            continue
        if problem.min_clients is not None:
            # Everyone goes to the nearest open site, however far.
            goes = nearest_sites(world, is_open)
            watched = set(new) | {j for j in is_open if problem.site_ids[j] in problem.may_close}
            if any(world.persons[goes == j].sum() < problem.min_clients - EPS for j in watched):
                continue
        yield new, closed, is_open


def nearest_sites(world, is_open):
    """The nearest open site of every client, the first of equally near ones, -1 without any."""
    found = np.full(len(world.persons), -1)
    for i, row in enumerate(world.minutes):
        reach = [(row[j], j) for j in is_open if np.isfinite(row[j])]
        found[i] = min(reach)[1] if reach else -1
    return found


def covered_by(problem, world, is_open):
    """Weight covered by open sites, as backup and expected coverage count it."""
    near = (world.minutes[:, is_open] <= world.limit[:, None]).sum(axis=1)
    if problem.busy_share is not None:
        return float(world.weight @ (1.0 - problem.busy_share**near))
    return float(world.weight[near >= problem.cover_times].sum())


def floors_hold(problem, world, is_open, times):
    """Whether every municipality has its share near as many open sites as `times` asks for."""
    near = (world.minutes[:, is_open] <= world.limit[:, None]).sum(axis=1) >= times
    return all(
        world.persons[members & near].sum() >= share * world.persons[members].sum() - 1e-6
        for members, share in floors(problem, world)
    )


def unserved_of(problem, world, plan, reach):
    """Least weight unserved within `reach` by one plan, None when it breaks a condition."""
    new, closed, is_open = plan
    programme = Programme(problem, world, new, closed, is_open, reach)
    served = programme.least(lambda i, j: -world.weight[i])
    return None if served is None else world.weight.sum() + served


def best_value(problem: SitingProblem, world: World | None = None):
    """The best objective of any plan, or None when there is no plan."""
    world = base_world(problem) if world is None else world
    plans = list(outcomes(problem, world))
    reach = horizon(problem, world)
    if problem.objective == "p_dispersion":
        return widest(problem, plans)
    if problem.tolerance is not None:
        return least_within_tolerance(problem, world, plans)
    if problem.cover_times > 1 and problem.objective == "lscp":
        return fewest_with_backup(problem, world, plans)
    if problem.cover_times > 1 or problem.busy_share is not None:
        kept = [p for p in plans if floors_hold(problem, world, p[2], problem.cover_times)]
        return max((covered_by(problem, world, plan[2]) for plan in kept), default=None)
    if problem.objective == "mclp":
        values = []
        for plan in plans:
            programme = Programme(problem, world, *plan, reach)
            lost = uncovered(problem, world, world.minutes)
            got = programme.least(lambda i, j: -world.weight[i] * (1 - lost[i, j]))  # noqa: B023
            if got is not None:
                values.append(-got)
        return max(values, default=None)
    if problem.objective == "lscp":
        can = possible(problem, world) <= world.limit
        target = world.weight[can].sum()
        counts = []
        for plan in plans:
            left = unserved_of(problem, world, plan, reach)
            if left is not None and left <= world.weight.sum() - target + 1e-6:
                counts.append(len(plan[0]))
        return min(counts, default=None)
    everywhere = np.full(len(world.persons), INF)
    unserved = {plan: unserved_of(problem, world, plan, everywhere) for plan in map(freeze, plans)}
    kept = [value for value in unserved.values() if value is not None]
    if not kept:
        return None
    least = min(kept)
    if problem.objective == "p_median":
        return min(
            minutes_of(problem, world, plan, least)
            for plan, value in unserved.items()
            if value is not None and value <= least + 1e-6
        )
    times = np.unique(world.minutes[np.isfinite(world.minutes)])
    for radius in np.union1d(times, [0.0]):
        within = np.full(len(world.persons), radius)
        for plan in unserved:
            left = unserved_of(problem, world, plan, within)
            if left is not None and left <= least + 1e-6:
                return float(radius)
    return None


def widest(problem, plans):
    """The largest least distance between open sites, one of them new, of plans of full size."""
    ids, apart = problem.site_ids, np.fmin(problem.between_min, problem.between_min.T)
    names = ids if problem.candidates is None else problem.candidates
    free = [s for s in names if s not in problem.existing and s not in problem.forbidden]
    full = [plan for plan in plans if len(plan[0]) == min(problem.sites, len(free))]
    fixed = [ids.index(s) for s in problem.existing if s not in problem.may_close]
    worth = []
    for _, _, is_open in full:
        pairs = [p for p in itertools.combinations(is_open, 2) if not set(p) <= set(fixed)]
        worth.append(min((apart[pair] for pair in pairs), default=INF))
    return max(worth, default=None)


def fewest_with_backup(problem, world, plans):
    """Fewest new sites with everybody near as many open sites as asked for, or as there are."""
    ids = list(problem.site_ids)
    names = ids if problem.candidates is None else problem.candidates
    usable = {ids.index(s) for s in names if s not in problem.forbidden}
    usable |= {ids.index(s) for s in problem.existing}
    near = world.minutes <= world.limit[:, None]
    need = np.minimum(near[:, sorted(usable)].sum(axis=1), problem.cover_times)
    need[world.persons <= 0] = 0
    good = [plan for plan in plans if (near[:, plan[2]].sum(axis=1) >= need).all()]
    good = [plan for plan in good if floors_hold(problem, world, plan[2], np.maximum(need, 1))]
    return min((len(plan[0]) for plan in good), default=None)


def least_within_tolerance(problem, world, plans):
    """Of plans that cover nearly the most: fewest unserved, then least minutes."""
    rated = []
    for plan in plans:
        everywhere = np.full(len(world.persons), INF)
        programme = Programme(problem, world, *plan, everywhere)
        near = world.minutes <= world.limit[:, None]
        got = programme.least(lambda i, j: -world.weight[i] * near[i, j])  # noqa: B023
        if got is not None:
            rated.append((plan, -got))
    if not rated:
        return None
    need = (1 - problem.tolerance) * max(value for _, value in rated)
    best = []
    for plan, covered in rated:
        if covered < need - 1e-6:
            continue
        programme = Programme(problem, world, *plan, np.full(len(world.persons), INF))
        inside = {k: world.weight[i] for k, (i, j) in enumerate(programme.pairs) if near[i, j]}
        programme.add(inside, need - 1e-6, INF)
        served = programme.least(lambda i, j: -world.weight[i])
        everybody = {k: world.weight[i] for k, (i, _) in enumerate(programme.pairs)}
        programme.add(everybody, -served - 1e-6, INF)
        minutes = programme.least(lambda i, j: world.weight[i] * world.minutes[i, j])
        best.append((round(world.weight.sum() + served, 6), minutes))
    return min(best)[1]


def freeze(plan):
    return tuple(map(tuple, plan))


def minutes_of(problem, world, plan, least):
    """Least person-minutes of one plan that leaves the fewest unserved."""
    programme = Programme(problem, world, *plan, np.full(len(world.persons), INF))
    terms = {k: world.weight[i] for k, (i, _) in enumerate(programme.pairs)}
    programme.add(terms, world.weight.sum() - least - 1e-6, INF)
    found = programme.least(lambda i, j: world.weight[i] * world.minutes[i, j])
    return INF if found is None else found


def possible(problem, world):
    """Minutes of every row when everything that may be open is."""
    ids = list(problem.site_ids)
    names = ids if problem.candidates is None else problem.candidates
    usable = {ids.index(s) for s in names if s not in problem.forbidden}
    usable |= {ids.index(s) for s in problem.existing}
    return world.minutes[:, sorted(usable)].min(axis=1, initial=INF)
