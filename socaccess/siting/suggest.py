"""The one way in: a problem goes in, a plan with its certificate comes out."""

from __future__ import annotations

from socaccess.siting.combined import solve_combined
from socaccess.siting.clock import Clock, Progress
from socaccess.siting.instance import Instance, read_problem
from socaccess.siting.plain import Settings, solve_plain
from socaccess.siting.answer import Answer
from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import SitingProblem
from socaccess.siting.tables import make_plan

__all__ = ["suggest_sites"]


def suggest_sites(
    problem: SitingProblem,
    *,
    time_limit_s: float = 60.0,
    gap: float = 1e-6,
    seed: int = 0,
    threads: int = 1,
    progress: Progress | None = None,
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

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40], [40, 0], [50, 10]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, limit_min=30)
    >>> plan = suggest_sites(problem)
    >>> plan.status, plan.objective, list(plan.sites["site_id"])
    ('optimal', 7.0, ['B'])
    """
    clock = Clock(time_limit_s, progress)
    instance = read_problem(problem)
    settings = Settings(gap, seed, threads)
    answer = solve(problem, instance, settings, clock)
    return make_plan(problem, instance, answer, settings, clock)


def solve(problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock) -> Answer:
    """Return the answer of the model and the way that fit the problem."""
    if not instance.is_plain:
        return solve_combined(problem, instance, settings, clock)
    return solve_plain(instance, problem.objective, problem.fade_min, settings, clock)
