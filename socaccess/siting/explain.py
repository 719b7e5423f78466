"""Why each site: what it gains, what is lost without it, who came second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from socaccess.siting.answer import Answer
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.instance import Instance
from socaccess.siting.plain import faded_share
from socaccess.siting.problem import SitingProblem
from socaccess.siting.search import exchange_changes

__all__ = ["Merit", "find_merits", "find_runners_up", "row_persons"]

CENTER_VALUES = 200_000_000
GENERAL_SITES = 12


class Merit:
    """What one site is worth: in its rank, and alone at the margin of the finished plan."""

    def __init__(self, site: int, gain: float, saved: float) -> None:
        self.site, self.gain, self.saved = site, gain, saved
        self.lost, self.lost_minutes = 0.0, 0.0


def row_persons(instance: Instance, problem: SitingProblem) -> np.ndarray:
    """Return the persons each row stands for in sums: scenarios averaged, phases the last one."""
    persons = instance.persons.copy()
    if instance.part_kind == "scenario":
        given = [scenario.probability for scenario in problem.scenarios]
        equal = 1.0 / len(given)
        share = np.array([equal if value is None else float(value) for value in given])
        persons *= share[instance.row_part]
    if instance.part_kind == "phase":
        persons[instance.row_part != instance.part_count - 1] = 0.0
    return persons


def find_merits(
    problem: SitingProblem, instance: Instance, opened: np.ndarray, stay: np.ndarray
) -> list[Merit]:
    """Return the new sites, the one that gains most on those before it first.

    `opened` are new columns, `stay` those open before that stay. Clients go to the nearest open
    column. Minutes are saved by persons who had a site before.
    """
    persons = row_persons(instance, problem)
    rows = np.flatnonzero(persons > 0)
    persons, limit = persons[rows], instance.limit_min[rows]
    travel = instance.travel.rows(rows)
    sites = np.unique(instance.column_site[opened])
    table, site_of = travel.columns(opened), instance.column_site[opened]
    by_site = [table[:, site_of == site].min(axis=1) for site in sites]
    start = travel.nearest(stay)[1]
    had = np.isfinite(start)
    # How many are near counts only where one is not enough.
    by_count = problem.busy_share is not None or problem.cover_times > 1
    near_now = (
        (travel.columns(stay) <= limit[:, None]).sum(axis=1) if by_count else np.zeros(len(rows))
    )
    near = [minutes <= limit for minutes in by_site]

    def offer(k: int, minutes: np.ndarray, count: np.ndarray) -> tuple[float, float, float, int]:
        nearer = np.minimum(minutes, by_site[k])
        more = _covered_share(problem, nearer, count + near[k], limit)
        gained = float(persons @ (more - _covered_share(problem, minutes, count, limit)))
        reached = float(persons[np.isinf(minutes) & np.isfinite(nearer)].sum())
        return gained, reached, float(persons[had] @ (minutes[had] - nearer[had])), -k

    merits: list[Merit] = []
    minutes, count = start, near_now.copy()
    offers = [(offer(k, minutes, count), 0) for k in range(len(sites))]
    while offers:
        best = max(offers)
        offers.remove(best)
        (gained, _, saved, k), counted = best
        k = -k
        # What a site offers shrinks as others open, so an offer counted earlier bounds the one
        # now; only where two sites are needed to cover, it may grow.
        if counted < len(merits):
            offers.append((offer(k, minutes, count), len(merits)))
            if problem.cover_times > 1:
                offers = [(offer(-each[0][3], minutes, count), len(merits)) for each in offers]
            continue
        merits.append(Merit(int(sites[k]), max(0.0, gained), max(0.0, saved)))
        minutes, count = np.minimum(minutes, by_site[k]), count + near[k]
    table = np.column_stack([*by_site, start]) if len(sites) else start[:, None]
    order = np.sort(table, axis=1)
    now = _covered_share(problem, minutes, count, limit)
    for merit in merits:
        place = int(np.searchsorted(sites, merit.site))
        own = table[:, place]
        without = np.where(own == order[:, 0], order[:, min(1, order.shape[1] - 1)], order[:, 0])
        left = _covered_share(problem, without, count - near[place], limit)
        merit.lost = max(0.0, float(persons @ (now - left)))
        farther = (own == order[:, 0]) & np.isfinite(without)
        merit.lost_minutes = float(persons[farther] @ (without[farther] - own[farther]))
    return merits


def _covered_share(
    problem: SitingProblem, minutes: np.ndarray, count: np.ndarray, limit: np.ndarray
) -> np.ndarray:
    """Return the share of a person that counts as covered, as the problem counts it.

    `minutes` are those to the nearest open site, `count` how many are within the limit.
    """
    if problem.busy_share is not None:
        return np.asarray(1.0 - float(problem.busy_share) ** count)
    if problem.fade_min is not None:
        return 1.0 - faded_share(minutes, limit, float(problem.fade_min))
    if problem.cover_times > 1:
        return np.asarray(count >= problem.cover_times, dtype=float)
    return np.asarray(minutes <= limit, dtype=float)


def find_runners_up(
    problem: SitingProblem,
    instance: Instance,
    answer: Answer,
    clock: Clock,
    solve: Callable[[SitingProblem, Clock], Answer],
) -> dict[int, tuple[int, float]]:
    """Return for each new site the best one in its place and what the objective loses by it.

    All other new sites stay. Left out where it cannot be told in time, or none is left.
    """
    if problem.tolerance is not None or problem.objective == "p_dispersion":
        return {}
    if instance.is_plain and problem.objective in ("mclp", "p_median", "lscp"):
        return _by_exchange(problem, instance, answer)
    if instance.is_plain and problem.objective in ("p_center", "lex_minimax", "trade_off"):
        return _by_worst_time(instance, answer)
    return _by_solving(problem, instance, answer, clock, solve)


def _by_exchange(
    problem: SitingProblem, instance: Instance, answer: Answer
) -> dict[int, tuple[int, float]]:
    weight = instance.persons * instance.weight
    rows = np.flatnonzero((weight > 0) & np.isfinite(instance.best_minutes))
    if len(rows) == 0 or len(answer.opened) == 0:
        return {}
    travel, weight, limit = instance.travel.rows(rows), weight[rows], instance.limit_min[rows]
    fixed = instance.fixed_minutes[rows]
    if problem.objective == "p_median":
        far = 4.0 * (1.0 + travel.longest())
        base = weight * np.where(np.isfinite(fixed), fixed, far)
        costs = Costs(travel, instance.free, weight, base)
    elif problem.fade_min is not None:
        fade = float(problem.fade_min)
        base = weight * faded_share(fixed, limit, fade)
        costs = Costs(travel.faded(limit, fade), instance.free, weight, base)
    else:
        costs = Costs(travel, instance.free, weight, np.where(fixed <= limit, 0.0, weight), limit)
    chosen = np.searchsorted(instance.free, answer.opened)
    change = exchange_changes(costs, chosen)
    found = {}
    for place, column in enumerate(answer.opened):
        best = int(np.argmin(change[place]))
        if np.isfinite(change[place, best]):
            loss = max(0.0, float(change[place, best]))
            found[int(column)] = (int(instance.free[best]), loss)
    return found


def _by_worst_time(instance: Instance, answer: Answer) -> dict[int, tuple[int, float]]:
    """Return the runners-up by the worst time, after the persons unserved."""
    rows = np.flatnonzero((instance.persons > 0) & np.isfinite(instance.best_minutes))
    others = np.setdiff1d(instance.free, answer.opened)
    if len(rows) * max(1, len(others)) * len(answer.opened) > CENTER_VALUES or len(others) == 0:
        return {}
    travel, persons = instance.travel.rows(rows), instance.persons[rows]
    offers = travel.columns(others)

    def worst(minutes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gone = np.isinf(minutes)
        return persons @ gone, np.where(gone, 0.0, minutes).max(axis=0, initial=0.0)

    open_now = np.concatenate([instance.fixed, answer.opened])
    _, today = worst(travel.nearest(open_now)[1][:, None])
    found = {}
    for column in answer.opened:
        rest = travel.nearest(open_now[open_now != column])[1]
        unserved, longest = worst(np.minimum(rest[:, None], offers))
        best = int(np.lexsort((longest, unserved))[0])
        found[int(column)] = (int(others[best]), max(0.0, float(longest[best] - today[0])))
    return found


def _by_solving(
    problem: SitingProblem,
    instance: Instance,
    answer: Answer,
    clock: Clock,
    solve: Callable[[SitingProblem, Clock], Answer],
) -> dict[int, tuple[int, float]]:
    """Return the runners-up that keep every condition, each by solving with the others open."""
    sites = np.unique(instance.column_site[answer.opened])
    if len(sites) > GENERAL_SITES or problem.objective in ("lex_minimax", "trade_off"):
        return {}
    found = {}
    for site in sites:
        if clock.left_s < 0.5 * clock.limit_s:
            break
        others = [problem.site_ids[other] for other in sites if other != site]
        asked = replace(
            problem,
            forbidden=(*problem.forbidden, problem.site_ids[site]),
            required=tuple(dict.fromkeys([*problem.required, *others]))
            if problem.site_ids[site] not in problem.required
            else tuple(others),
        )
        second = solve(asked, clock.part(0.2))
        if second.status != "optimal":
            continue
        fresh = np.setdiff1d(np.unique(instance.column_site[second.opened]), sites)
        if len(fresh) == 1:
            loss = abs(second.objective - answer.objective)
            found[int(site)] = (int(fresh[0]), loss)
    return found
