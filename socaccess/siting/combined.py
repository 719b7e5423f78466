"""Problems with options that the fast ways do not know, solved as one integer programme each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from socaccess.messages import Message
from socaccess.siting.answer import Answer
from socaccess.siting.certificate import EXACT
from socaccess.siting.clock import Clock
from socaccess.siting.constraint_groups import CONSTRAINT_GROUPS, build_model
from socaccess.siting.decile import mean_of_farthest, shorten_farthest
from socaccess.siting.general import Aim, GeneralModel, needs_flow
from socaccess.siting.instance import Instance
from socaccess.siting.plain import Core, Settings, solve_plain, without
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import INFEASIBLE, OPTIMAL, Solution, solve_model

__all__ = [
    "attempt",
    "fewest_unserved",
    "read_answer",
    "served_minutes",
    "solve_combined",
    "unproved",
]

NONE = np.zeros(0, dtype=np.int64)


def solve_combined(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    """Return the answer of a problem with any combination of options."""
    if problem.objective == "mclp":
        return _solve_mclp(problem, instance, settings, clock)
    if problem.objective == "p_median":
        return _solve_p_median(problem, instance, settings, clock)
    if problem.objective == "lscp":
        return _solve_lscp(problem, instance, settings, clock)
    if problem.objective == "worst_decile":
        return _solve_worst_decile(problem, instance, settings, clock)
    return _solve_p_center(problem, instance, settings, clock)


def attempt(
    problem: SitingProblem,
    instance: Instance,
    aim: Aim,
    settings: Settings,
    clock: Clock,
    *,
    active: frozenset[str] = CONSTRAINT_GROUPS,
    elastic: str = "",
    near: Answer | None = None,
    other_than: Sequence[Answer] = (),
    apart: int = 0,
) -> tuple[GeneralModel, Solution]:
    """Return the programme of `aim` and its solution, looked for from the plan `near`.

    The plans `other_than` are no solutions, nor are those with fewer than `apart` sites different.
    """
    general = build_model(problem, instance, aim, active=active, elastic=elastic)
    for plan in other_than:
        general.exclude(plan, apart)
    if near is None and not elastic and aim.kind != "nothing":
        near = _guess(problem, instance, settings, clock)
    solution = solve_model(
        general.model,
        time_limit_s=clock.left_s,
        gap=settings.gap,
        seed=settings.seed,
        threads=settings.threads,
        start=None if near is None else _start(general, near),
    )
    constant = 0.0 if elastic else general.constant
    return general, replace(
        solution, objective=solution.objective + constant, bound=solution.bound + constant
    )


def _guess(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer | None:
    """Return what would be best without the options, as a place to start from."""
    known = instance.part_kind in ("", "scenario") and len(instance.closable) == 0
    if not known or (instance.sites is None and problem.objective != "lscp"):
        return None
    objective = problem.objective if problem.objective in ("mclp", "lscp") else "p_median"
    part = Clock(min(2.0, 0.1 * max(0.0, clock.left_s)))
    loose = replace(settings, gap=max(settings.gap, 0.01))
    guess = solve_plain(instance, objective, problem.fade_min, loose, part)
    return None if guess.status == "infeasible" else guess


def _start(general: GeneralModel, near: Answer) -> np.ndarray:
    """Return what is open in `near`; what follows from it is left to the solver (NaN)."""
    start = np.full(general.model.column_count, np.nan)
    start[general.y] = general.open_columns(near)
    return start


def read_answer(
    general: GeneralModel,
    solution: Solution,
    settings: Settings,
    clock: Clock,
    *,
    sign: float = 1.0,
    notes: tuple[Message, ...] = (),
) -> Answer:
    """Return the answer that `solution` holds; the objective is `sign` times its own."""
    if solution.status == INFEASIBLE:
        return Answer("infeasible", NONE, np.nan, np.nan, notes=notes)
    bound = sign * solution.bound
    if solution.values is None:
        return Answer("unknown", NONE, np.nan, bound, True, notes)
    instance, values = general.instance, solution.values
    is_open = values[general.y] > 0.5
    objective = sign * solution.objective
    near = abs(objective - bound) <= max(
        settings.gap * abs(objective), EXACT * max(1.0, abs(objective))
    )
    proved = near or solution.status == OPTIMAL
    flow = places = None
    if needs_flow(general.problem):
        share = values[general.x]
        used = share > 1e-7
        flow = (general.pair_row[used], general.pair_column[used], share[used])
        built = general.built >= 0
        places = np.full(len(is_open), np.nan)
        places[built] = np.round(values[general.built[built]], 6)
    return Answer(
        "optimal" if proved else "feasible",
        instance.free[is_open[instance.free]],
        objective,
        bound,
        not proved and clock.is_over,
        notes,
        closed=instance.closable[~is_open[instance.closable]],
        flow=flow,
        places=places,
    )


def _robust(problem: SitingProblem) -> str:
    return problem.robust if problem.scenarios and problem.robust != "expected" else ""


def _of_part(instance: Instance, part: int) -> Instance:
    """Return the instance of one scenario alone."""
    rows = np.flatnonzero(instance.row_part == part)
    return replace(
        instance,
        travel=instance.travel.rows(rows),
        persons=instance.persons[rows],
        weight=instance.weight[rows],
        limit_min=instance.limit_min[rows],
        row_client=instance.row_client[rows],
        row_part=np.zeros(len(rows), dtype=np.int64),
        row_group=instance.row_group[rows],
        parts=(),
        part_kind="",
    )


def _best_of_parts(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> tuple[tuple[float, ...], bool]:
    """Return what would be best in each scenario alone, and whether all are proved."""
    alone = replace(problem, scenarios=(), robust="worst")
    best, proved = [], True
    for part in range(instance.part_count):
        answer = solve_combined(alone, _of_part(instance, part), settings, clock)
        proved &= answer.status == "optimal"
        best.append(answer.objective)
    return tuple(best), proved


def _solve_mclp(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    kind = "unserved" if problem.fade_min is None else "faded"
    kind = kind if problem.busy_share is None else "expected"
    robust = _robust(problem)
    aim = Aim(kind, instance.limit_min, robust=robust)
    return _solve_robust(problem, instance, aim, settings, clock, sign=-1.0)


def _solve_robust(
    problem: SitingProblem,
    instance: Instance,
    aim: Aim,
    settings: Settings,
    clock: Clock,
    *,
    sign: float = 1.0,
    notes: tuple[Message, ...] = (),
) -> Answer:
    """Return the answer of an aim; regret is counted from what is best in each scenario alone."""
    if aim.robust == "regret":
        best, proved = _best_of_parts(problem, instance, settings, clock)
        if np.isnan(best).any():
            return _without_best(problem, instance, settings, clock)
        aim = replace(aim, best_of_part=tuple(sign * value for value in best))
        notes = notes if proved else (*notes, Message("siting.regret_not_proved"))
        sign = 1.0
    general, solution = attempt(problem, instance, aim, settings, clock)
    return read_answer(general, solution, settings, clock, sign=sign, notes=notes)


def _without_best(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    """Return why there is no regret to speak of: no plan, or no time to find one."""
    aim = Aim("nothing", instance.limit_min)
    _, solution = attempt(problem, instance, aim, settings, clock)
    status = "infeasible" if solution.status == INFEASIBLE else "unknown"
    return Answer(status, NONE, np.nan, np.nan, status == "unknown")


def fewest_unserved(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> tuple[float, GeneralModel | None, Solution | None]:
    """Return the least weight of rows that no plan serves; NaN with the failed attempt otherwise.

    Phases, groups and scenarios are added up.
    """
    weight = instance.persons * instance.weight
    hopeless = ~np.isfinite(instance.best_minutes)
    least = float(weight[hopeless].sum())
    always = np.isfinite(instance.fixed_minutes) | hopeless
    if not needs_flow(problem) and always[weight > 0].all():
        return least, None, None
    aim = Aim("unserved", np.full(len(weight), np.inf))
    exact = replace(settings, gap=0.0)
    general, solution = attempt(problem, instance, aim, exact, clock)
    if solution.values is None or solution.status != OPTIMAL:
        return np.nan, general, solution
    total = float(weight[instance.persons > 0].sum())
    return max(least, total + solution.objective), general, solution


def unproved(
    problem: SitingProblem,
    general: GeneralModel | None,
    solution: Solution | None,
    settings: Settings,
    clock: Clock,
) -> Answer:
    """Return the plan of an unfinished first aim: nothing is proved about the second."""
    assert general is not None
    assert solution is not None
    note = Message("siting.unserved_not_proved")
    answer = read_answer(general, solution, settings, clock, sign=-1.0)
    if answer.status in ("infeasible", "unknown"):
        return replace(answer, bound=np.nan)
    persons, minutes = served_minutes(general.instance, answer)
    value = float(persons @ minutes)
    if problem.objective == "p_center":
        value = float(minutes[persons > 0].max(initial=0.0))
    elif problem.objective == "worst_decile":
        value = mean_of_farthest(persons, minutes)
    return replace(
        answer, status="feasible", objective=value, bound=0.0, limit_hit=True, notes=(note,)
    )


def served_minutes(instance: Instance, answer: Answer) -> tuple[np.ndarray, np.ndarray]:
    """Return persons and minutes of everybody the plan serves."""
    if answer.flow is not None:
        row, column, share = answer.flow
        minutes = instance.travel.minutes_of(row, column)
        return instance.persons[row] * instance.weight[row] * share, minutes
    closed = np.setdiff1d(instance.closable, answer.closed)
    open_now = np.concatenate([instance.fixed, closed, answer.opened])
    minutes = instance.travel.nearest(np.sort(open_now))[1]
    served = np.isfinite(minutes)
    return (instance.persons * instance.weight)[served], minutes[served]


def _unserved_notes(least: float) -> tuple[Message, ...]:
    if least <= EXACT:
        return ()
    return (Message("siting.fewest_unserved", persons=round(least, 2)),)


def _solve_p_median(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    least, general, solution = fewest_unserved(problem, instance, settings, clock)
    if np.isnan(least):
        return unproved(problem, general, solution, settings, clock)
    everywhere = np.full(len(instance.persons), np.inf)
    aim = Aim("minutes", everywhere, ((np.inf, least),), robust=_robust(problem))
    notes = _unserved_notes(least)
    return _solve_robust(problem, instance, aim, settings, clock, notes=notes)


def _solve_worst_decile(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    least, general, solution = fewest_unserved(problem, instance, settings, clock)
    if np.isnan(least):
        return unproved(problem, general, solution, settings, clock)
    notes = _unserved_notes(least)
    if instance.is_plain:
        core = without(Core.of(instance), ~np.isfinite(Core.of(instance).best_minutes()))
        found = shorten_farthest(core, settings, clock)
        if found is not None:
            plan, value, bound = found
            proved = value - bound <= max(settings.gap * value, EXACT)
            status = "optimal" if proved else "feasible"
            return Answer(status, core.opened(plan), value, bound, not proved, notes)
    everywhere = np.full(len(instance.persons), np.inf)
    aim = Aim("farthest", everywhere, ((np.inf, least),))
    general, solution = attempt(problem, instance, aim, settings, clock)
    answer = read_answer(general, solution, settings, clock, notes=notes)
    if answer.status not in ("optimal", "feasible"):
        return answer
    value = mean_of_farthest(*served_minutes(instance, answer))
    return replace(answer, objective=value, bound=min(answer.bound, value))


def _solve_lscp(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    general, solution = attempt(
        problem, instance, Aim("sites", instance.limit_min), settings, clock
    )
    hopeless = (instance.best_minutes > instance.limit_min) & (instance.persons > 0)
    notes: tuple[Message, ...] = ()
    if hopeless.any():
        clients = len(np.unique(instance.row_client[hopeless]))
        persons = round(float(instance.persons[hopeless].sum()), 2)
        notes = (Message("siting.beyond_limit", persons=persons, clients=clients),)
    # Sites come whole: so does any bound on their number.
    whole = replace(solution, bound=float(np.ceil(solution.bound - 1e-6)))
    return read_answer(general, whole, settings, clock, notes=notes)


def _solve_p_center(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    """Halve the list of times: can all but the fewest be served within this one?"""
    least, general, solution = fewest_unserved(problem, instance, settings, clock)
    if np.isnan(least):
        return unproved(problem, general, solution, settings, clock)
    weight = instance.persons * instance.weight
    rows = instance.travel.rows(np.flatnonzero(weight > 0))
    times = np.union1d(rows.times(instance.usable, 0.0, np.inf), [0.0])
    notes = _unserved_notes(least)
    low, high = 0, len(times) - 1
    found: Answer | None = None
    while (low < high or found is None) and not clock.is_over:
        middle = (low + high) // 2 if found is not None else high
        radius = float(times[middle])
        reach = np.full(len(weight), radius)
        aim = Aim("nothing", reach, ((radius, least),))
        general, solution = attempt(problem, instance, aim, settings, clock)
        if solution.values is not None:
            found = read_answer(general, solution, settings, clock, notes=notes)
            # The plan may be better than was asked for.
            persons, minutes = served_minutes(instance, found)
            worst = float(minutes[persons > 0].max(initial=0.0))
            high = min(middle, int(np.searchsorted(times, worst - EXACT)))
        elif solution.status == INFEASIBLE and found is None:
            return Answer("infeasible", NONE, np.nan, np.nan, notes=notes)
        elif solution.status == INFEASIBLE:
            low = middle + 1
        else:
            break
    bound = float(times[low])
    if found is None:
        return Answer("unknown", NONE, np.nan, bound, True, notes)
    status = "optimal" if low >= high else "feasible"
    return replace(
        found,
        status=status,
        objective=float(times[high]),
        bound=bound,
        limit_hit=status != "optimal" and clock.is_over,
    )
