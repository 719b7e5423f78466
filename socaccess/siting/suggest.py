"""The one way in: a problem goes in, a plan with its certificate comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from socaccess.messages import Message
from socaccess.siting.answer import Answer, relative_gap
from socaccess.siting.catchment import solve_access_standard, solve_worst_access
from socaccess.siting.clock import Clock, Progress
from socaccess.siting.combined import solve_combined
from socaccess.siting.equity import (
    CurvePoint,
    solve_lex_minimax,
    solve_p_dispersion,
    solve_trade_off,
)
from socaccess.siting.explain import find_merits, find_runners_up
from socaccess.siting.infeasible import explain_infeasible
from socaccess.siting.instance import Instance, read_problem
from socaccess.siting.options import COOPERATION
from socaccess.siting.plain import Settings, solve_plain
from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import SitingProblem
from socaccess.siting.single import fits_single, solve_single
from socaccess.siting.size import check_size
from socaccess.siting.tables import assignment_table, curve_table, sites_table
from socaccess.siting.theil import solve_theil
from socaccess.siting.tolerance import solve_within_tolerance

__all__ = ["measure_gains", "suggest_sites", "value_of_cooperation"]

OTHERS = {
    "worst_access": solve_worst_access,
    "access_standard": solve_access_standard,
    "theil_access": solve_theil,
    "theil_minutes": solve_theil,
}


def suggest_sites(
    problem: SitingProblem,
    *,
    time_limit_s: float = 60.0,
    gap: float = 1e-6,
    seed: int = 0,
    threads: int = 1,
    progress: Progress | None = None,
    explain: bool = True,
) -> SitingPlan:
    """Return where new sites should go, with a certificate of how good the answer is.

    Parameters
    ----------
    problem
        What is asked.
    time_limit_s
        Wall-clock seconds after which the best plan so far is returned, said to be so.
    gap
        Distance of bound and objective, as a share of the objective, that counts as proved.
    seed
        Of the search; the same seed gives the same plan when no limit is hit.
    threads
        Threads of the solver.
    progress
        Called with what is being done and the seconds since the start.
    explain
        Whether to look for each site's runner-up and, without a plan, for the conflict.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40], [40, 0], [50, 10]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, limit_min=30)
    >>> plan = suggest_sites(problem)
    >>> plan.status, plan.objective, list(plan.sites["site_id"]), str(plan.certificate)
    ('optimal', 7.0, ['B'], 'proved best: 7, gap 0 %')
    """
    clock = Clock(time_limit_s, progress)
    check_size(problem)
    instance = read_problem(problem)
    settings = Settings(gap, seed, threads)
    points: list[CurvePoint] = []
    if problem.tolerance is not None:
        answer = solve_within_tolerance(problem, instance, settings, clock, _solve)
    elif problem.objective == "p_dispersion":
        answer = solve_p_dispersion(problem, instance, settings, clock)
    elif problem.objective == "lex_minimax":
        answer = solve_lex_minimax(problem, instance, settings, clock, _solve)
    elif problem.objective == "trade_off":
        answer, points = solve_trade_off(problem, instance, settings, clock, _solve)
    else:
        answer = _solve(problem, instance, settings, clock)
    if answer.status == "infeasible" and explain and not answer.conflict:
        answer = explain_infeasible(problem, instance, answer, settings, clock)
    return _make_plan(problem, instance, answer, points, settings, clock, explain=explain)


def _solve(problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock) -> Answer:
    """Return the answer of the way that fits the problem."""
    if problem.objective in OTHERS:
        return OTHERS[problem.objective](problem, instance, settings, clock)
    if instance.is_plain and problem.objective != "worst_decile":
        return solve_plain(instance, problem.objective, problem.fade_min, settings, clock)
    if fits_single(problem, instance):
        answer = solve_single(problem, instance, settings, clock)
        if answer is not None:
            return answer
    return solve_combined(problem, instance, settings, clock)


def _make_plan(
    problem: SitingProblem,
    instance: Instance,
    answer: Answer,
    points: list[CurvePoint],
    settings: Settings,
    clock: Clock,
    *,
    explain: bool,
) -> SitingPlan:
    notes = answer.notes
    last = instance.part_count - 1 if instance.part_kind == "phase" else None

    def at_the_end(columns: np.ndarray) -> np.ndarray:
        return columns if last is None else columns[instance.column_part[columns] == last]

    stay = at_the_end(np.setdiff1d(np.union1d(instance.fixed, instance.closable), answer.closed))
    merits = find_merits(problem, instance, at_the_end(answer.opened), stay)
    rivals: dict[int, tuple[int, float]] = {}
    if explain and answer.status in ("optimal", "feasible") and len(answer.opened):
        clock.report("siting.step_runners_up")

        def solve(asked: SitingProblem, part: Clock) -> Answer:
            return _solve(asked, read_problem(asked), settings, part)

        rivals = find_runners_up(problem, instance, answer, clock, solve)
    if answer.flow is not None and len(merits):
        notes = (*notes, Message("siting.gain_ignores_places"))
    if instance.sites is not None and answer.status == "optimal" and len(merits) < instance.sites:
        notes = (*notes, Message("siting.fewer_suffice", fewer=len(merits), sites=instance.sites))
    if answer.status == "optimal" and not len(answer.opened) and instance.sites != 0:
        notes = (*notes, *_why_nothing(problem, instance))
    assignment = assignment_table(problem, instance, answer)
    objective = answer.objective
    return SitingPlan(
        status=answer.status,
        # Adding zero makes a negative zero a zero.
        objective=float(objective) + 0.0,
        bound=float(answer.bound) + 0.0,
        gap=relative_gap(objective, answer.bound),
        limit_hit=answer.limit_hit,
        seconds=clock.seconds,
        sites=sites_table(problem, instance, answer, merits, rivals),
        assignment=assignment,
        closed=tuple(problem.site_ids[instance.column_site[c]] for c in answer.closed),
        curve=curve_table(problem, instance, points) if problem.objective == "trade_off" else None,
        notes=notes,
        conflict=answer.conflict,
        relaxations=answer.relaxations,
        problem=problem,
    )


def _why_nothing(problem: SitingProblem, instance: Instance) -> tuple[Message, ...]:
    """Return why no new site helps: nobody, nowhere, everybody covered, or all out of reach."""
    need = instance.persons * instance.weight > 0
    if not need.any():
        return (Message("siting.nothing_nobody"),)
    if not len(instance.free):
        return (Message("siting.nothing_nowhere"),)
    if problem.objective not in ("mclp", "lscp") or not instance.is_plain:
        return ()
    reach = instance.limit_min if problem.fade_min is None else float(problem.fade_min)
    left = need & (instance.before > instance.limit_min)
    if not left.any():
        return (Message("siting.nothing_left"),)
    if (instance.best_minutes >= instance.before)[left].all() or (instance.best_minutes > reach)[
        left
    ].all():
        return (Message("siting.nothing_near"),)
    return ()


def measure_gains(problem: SitingProblem, site_ids: Sequence[str]) -> dict[str, float]:
    """Return the persons each of some new sites brings within the limit, in order of gain.

    Each on those before it, as in `SitingPlan.sites`; for sites that were chosen already.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40], [40, 0], [50, 10]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, limit_min=30)
    >>> measure_gains(problem, ["A", "B"])
    {'B': 7.0, 'A': 5.0}
    """
    instance = read_problem(problem)
    chosen = np.isin(np.array(problem.site_ids, dtype=object)[instance.column_site], list(site_ids))
    stay = np.union1d(instance.fixed, instance.closable)
    opened = np.setdiff1d(np.flatnonzero(chosen), stay)
    if instance.part_kind == "phase":
        last = instance.part_count - 1
        opened, stay = (c[instance.column_part[c] == last] for c in (opened, stay))
    merits = find_merits(problem, instance, opened, stay)
    return {problem.site_ids[merit.site]: merit.gain for merit in merits}


def value_of_cooperation(
    problem: SitingProblem, *, time_limit_s: float = 60.0, gap: float = 1e-6, seed: int = 0
) -> pd.DataFrame:
    """Return what the same question is worth under each way to cooperate.

    One row each for `own`, `agreements` (where there are any) and `everyone`: `cooperation`,
    `status`, `objective`, `bound`, `difference` (from `own`), `sites`.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 20], [20, 0]], persons=[5, 3], client_ids=["a", "b"],
    ...     site_ids=["A", "B"], sites=1, limit_min=30,
    ...     client_municipality=["x", "y"], site_municipality=["x", "y"])
    >>> value_of_cooperation(problem)[["cooperation", "objective", "difference"]].values.tolist()
    [['own', 5.0, 0.0], ['everyone', 8.0, 3.0]]
    """
    rows, own = [], np.nan
    for way in reversed(COOPERATION):
        if way == "agreements" and not problem.agreements:
            continue
        agreed = problem.agreements if way == "agreements" else ()
        asked = replace(problem, cooperation=way, agreements=agreed)
        plan = suggest_sites(asked, time_limit_s=time_limit_s, gap=gap, seed=seed, explain=False)
        own = plan.objective if way == "own" else own
        names = ", ".join(plan.sites["site_id"])
        rows.append((way, plan.status, plan.objective, plan.bound, plan.objective - own, names))
    columns = ["cooperation", "status", "objective", "bound", "difference", "sites"]
    return pd.DataFrame(rows, columns=columns)
