"""Fairness beyond one figure: lexicographic minimax and the efficiency-equity curve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from socaccess.messages import Message
from socaccess.siting.answer import Answer
from socaccess.siting.clock import Clock
from socaccess.siting.combined import attempt, fewest_unserved, read_answer, served_minutes
from socaccess.siting.constraint_groups import build_model
from socaccess.siting.general import Aim
from socaccess.siting.instance import Instance
from socaccess.siting.plain import Settings
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import INFEASIBLE, OPTIMAL, solve_model
from socaccess.siting.travel import Travel

__all__ = ["CurvePoint", "solve_lex_minimax", "solve_p_dispersion", "solve_trade_off"]

MOST_PLANS = 12
NONE = np.zeros(0, dtype=np.int64)

Solver = Callable[[SitingProblem, Instance, Settings, Clock], Answer]


@dataclass(frozen=True, eq=False)
class CurvePoint:
    """One plan of the trade-off: the worst time it keeps and the person-minutes it costs."""

    worst_min: float
    answer: Answer


def solve_lex_minimax(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock, solve: Solver
) -> Answer:
    """Return the plan whose times, sorted from the worst, are least one after the other.

    Equivalent to: first as few persons as possible beyond the longest time, then beyond the next
    shorter one, and so on down (Ogryczak 1997). Each step is a programme that keeps all the steps
    before. Soon few plans keep them; once they can be listed the best of the list is the answer.
    The objective told is the worst time; the bound is that of the worst time.
    """
    centre = solve(replace(problem, objective="p_center"), instance, settings, clock)
    if centre.status != "optimal":
        return centre
    least, _, _ = fewest_unserved(problem, instance, settings, clock)
    if np.isnan(least):
        return replace(centre, status="feasible", limit_hit=True)
    weight = instance.persons * instance.weight
    levels: list[tuple[float, float]] = [(centre.objective, least)]
    answer = centre
    steps = _steps(problem, instance, centre.objective)
    solved = 0
    for minutes in steps:
        persons, times = served_minutes(instance, answer)
        worst = float(times[persons > 0].max(initial=0.0))
        if minutes >= worst or not (times[persons > 0] > minutes).any():
            # The plan found has nobody there; nothing to improve on this step.
            levels.append((minutes, least))
            continue
        if clock.is_over:
            return _unfinished(answer, minutes)
        clock.report("siting.step_fewest_beyond", minutes=minutes)
        reach = np.full(len(weight), minutes)
        exact = replace(settings, gap=0.0)
        aim = Aim("late", reach, tuple(levels))
        general, solution = attempt(problem, instance, aim, exact, clock, near=answer)
        if solution.values is None or solution.status != OPTIMAL:
            return _unfinished(answer, minutes)
        found = read_answer(general, solution, settings, clock, sign=-1.0)
        allowed = float(weight[instance.persons > 0].sum()) + solution.objective
        levels.append((minutes, max(allowed, 0.0)))
        answer = replace(found, objective=centre.objective, bound=centre.bound, notes=centre.notes)
        solved += 1
        if general.is_flow or solved & (solved - 1):
            continue
        # After the first, second, fourth, eighth ... step: an endless list costs little then.
        plans = _list_plans(problem, instance, tuple(levels), answer, settings, clock)
        if plans:
            answer = min(plans, key=lambda plan: _lateness(instance, plan, steps))
            break
    return replace(answer, status="optimal", limit_hit=False)


def _list_plans(
    problem: SitingProblem,
    instance: Instance,
    levels: tuple[tuple[float, float], ...],
    answer: Answer,
    settings: Settings,
    clock: Clock,
) -> list[Answer]:
    """Return all plans that keep `levels`, `answer` first; none when they are not few."""
    plans = [answer]
    aim = Aim("nothing", np.full(len(instance.persons), np.inf), levels)
    while len(plans) <= MOST_PLANS:
        general, solution = attempt(problem, instance, aim, settings, clock, other_than=plans)
        if solution.status == INFEASIBLE:
            return plans
        if solution.values is None:
            break
        other = read_answer(general, solution, settings, clock)
        plans.append(replace(answer, opened=other.opened, closed=other.closed))
    return []


def _lateness(instance: Instance, plan: Answer, steps: list[float]) -> tuple[float, ...]:
    """Return the persons beyond each of `steps`, rounded as far as sums agree."""
    persons, minutes = served_minutes(instance, plan)
    order = np.argsort(minutes, kind="stable")
    up_to = np.concatenate([[0.0], np.cumsum(persons[order])])
    late = up_to[-1] - up_to[np.searchsorted(minutes[order], steps, side="right")]
    return tuple(np.round(late, 6).tolist())


def _unfinished(answer: Answer, minutes: float) -> Answer:
    note = Message("siting.proved_down_to", minutes=round(minutes, 2))
    return replace(answer, status="feasible", limit_hit=True, notes=(*answer.notes, note))


def _steps(problem: SitingProblem, instance: Instance, worst: float) -> list[float]:
    """Return the times to go through, descending, each just below the one before."""
    weight = instance.persons * instance.weight
    rows: Travel = instance.travel.rows(np.flatnonzero(weight > 0))
    times = rows.times(instance.usable, 0.0, worst)
    if problem.resolution_min > 0:
        step = float(problem.resolution_min)
        grid = np.arange(np.floor(worst / step), -1.0, -1.0) * step
        return [float(value) for value in grid if value < worst]
    return [float(value) for value in times[::-1] if value < worst]


def solve_trade_off(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock, solve: Solver
) -> tuple[Answer, list[CurvePoint]]:
    """Return the plan nearest to the ideal, and the curve it was picked from.

    Every point has the least person-minutes among plans that keep its worst time
    (epsilon-constraint; Cohon 1978). The ideal has the best of both, each scaled to its range.
    """
    clock.report("siting.step_curve_ends")
    median = solve(replace(problem, objective="p_median"), instance, settings, clock)
    if median.status not in ("optimal", "feasible") or np.isnan(median.objective):
        return median, []
    centre = solve(replace(problem, objective="p_center"), instance, settings, clock)
    if centre.status not in ("optimal", "feasible"):
        return replace(median, status="feasible", limit_hit=True), []
    loosest = _worst(instance, median)
    points = [CurvePoint(loosest, median)]
    for limit in _limits(centre.objective, loosest, problem.curve_points):
        if clock.is_over:
            break
        clock.report("siting.step_minutes_within", minutes=limit)
        capped = replace(instance, travel=instance.travel.up_to(limit))
        point = solve(replace(problem, objective="p_median"), capped, settings, clock)
        if point.status not in ("optimal", "feasible") or np.isnan(point.objective):
            continue
        points.append(CurvePoint(_worst(capped, point), point))
    points = _undominated(points)
    minutes = np.array([point.answer.objective for point in points])
    worst = np.array([point.worst_min for point in points])
    away = np.hypot(_scaled(minutes), _scaled(worst))
    best = points[int(np.argmin(away))]
    wanted = len(_limits(centre.objective, loosest, problem.curve_points))
    proved = all(point.answer.status == "optimal" for point in points)
    proved &= centre.status == "optimal" and not (clock.is_over and len(points) <= wanted)
    status = "optimal" if proved else "feasible"
    hit = not proved and (clock.is_over or any(point.answer.limit_hit for point in points))
    return replace(best.answer, status=status, limit_hit=hit), points


def _worst(instance: Instance, answer: Answer) -> float:
    persons, times = served_minutes(instance, answer)
    return float(times[persons > 0].max(initial=0.0))


def _limits(tightest: float, loosest: float, points: int) -> list[float]:
    """Return worst times from just below the loosest to the tightest, evenly spread."""
    if loosest <= tightest:
        return []
    even = np.linspace(loosest, tightest, points)[1:]
    return [float(value) for value in even]


def _undominated(points: list[CurvePoint]) -> list[CurvePoint]:
    """Return the points that no other beats in both, from the fairest to the most efficient."""
    ordered = sorted(points, key=lambda point: (point.worst_min, point.answer.objective))
    kept: list[CurvePoint] = []
    for point in ordered:
        if not kept or point.answer.objective < kept[-1].answer.objective * (1 - 1e-9):
            kept.append(point)
    return kept


def _scaled(values: np.ndarray) -> np.ndarray:
    span = float(values.max() - values.min())
    return (values - values.min()) / span if span > 0 else np.zeros(len(values))


def solve_p_dispersion(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    """Return the plan whose two nearest open sites are farthest apart, by halving the distances.

    Each step asks whether so many sites keep so far apart (Kuby 1987). Existing sites count as
    far as a new one is concerned; all that may open do when more are asked for than there are.
    """
    table = np.asarray(problem.between_min, dtype=float)
    table = np.where(np.isnan(table), np.inf, table)
    apart = np.minimum(table, table.T)[np.ix_(instance.column_site, instance.column_site)]
    first, second = np.triu_indices(len(apart), 1)
    old = (instance.state == "fixed")[first] & (instance.state == "fixed")[second]
    usable = (instance.state != "shut")[first] & (instance.state != "shut")[second] & ~old
    first, second = first[usable], second[usable]
    between = apart[first, second]
    steps = np.append(np.unique(between), np.inf)
    steps = np.unique(np.append(steps, 0.0))
    many = min(instance.sites or 0, len(instance.free))
    found, low, high = None, 0, len(steps) - 1
    middle = 0
    while not clock.is_over:
        general = build_model(
            problem, instance, Aim("nothing", np.full(len(instance.persons), np.inf))
        )
        clash = between < steps[middle]
        pair = np.concatenate([first[clash], second[clash]])
        each = np.tile(np.arange(int(clash.sum())), 2)
        general.model.add_rows(
            each, general.y[pair], 1.0, lower=-np.inf, upper=np.ones(int(clash.sum()))
        )
        roofs = general.roofs
        general.model.add_rows(
            np.zeros(len(roofs), int), roofs, 1.0, lower=[float(many)], upper=np.inf
        )
        solution = solve_model(
            general.model, time_limit_s=clock.left_s, seed=settings.seed, threads=settings.threads
        )
        if solution.values is not None:
            found = read_answer(general, solution, settings, clock)
            is_open = general.open_columns(found)
            both = is_open[first] & is_open[second]
            here = float(between[both].min(initial=np.inf))
            low = int(np.searchsorted(steps, here))
        elif solution.status == INFEASIBLE and found is None:
            return Answer("infeasible", NONE, np.nan, np.nan)
        elif solution.status == INFEASIBLE:
            high = middle - 1
        else:
            break
        if low >= high:
            break
        middle = (low + high + 1) // 2
    if found is None:
        return Answer("unknown", NONE, np.nan, np.nan, True)
    longest = float(between[np.isfinite(between)].max(initial=0.0))
    value, bound = (float(min(step, longest)) for step in (steps[low], steps[max(low, high)]))
    status = "optimal" if low >= high or value == bound else "feasible"
    return replace(
        found, status=status, objective=value, bound=bound, limit_hit=status != "optimal"
    )
