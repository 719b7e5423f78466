"""The one way in: a problem goes in, a plan with its certificate comes out."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from socaccess.siting.chain import build_chain, chain_model
from socaccess.siting.instance import Instance, read_problem
from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import solve_model

__all__ = ["suggest_sites"]

Progress = Callable[[str, float], None]


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
    """
    begin = time.perf_counter()
    instance = read_problem(problem)
    if instance.required.sum() > instance.sites:
        return _no_plan(problem, "infeasible", begin, ("more sites are required than may open",))
    if progress is not None:
        progress("solving", time.perf_counter() - begin)
    notes: list[str] = []
    if problem.objective == "mclp":
        near = instance.travel.columns(instance.free) <= instance.limit_min[:, None]
        covered = instance.fixed_minutes <= instance.limit_min
        cost = np.where(near, 0.0, instance.persons[:, None])
        base = np.where(covered, 0.0, instance.persons)
        total = instance.persons.sum()
        sign, shift = -1.0, total
    else:
        minutes = instance.travel.columns(instance.free)
        away = np.isinf(np.minimum(minutes.min(axis=1, initial=np.inf), instance.fixed_minutes))
        weight = np.where(away, 0.0, instance.persons)
        far = minutes[np.isfinite(minutes)].max(initial=0.0)
        far = max(far, instance.fixed_minutes[np.isfinite(instance.fixed_minutes)].max(initial=0.0))
        penalty = 10.0 * (1.0 + far)
        cost = weight[:, None] * np.where(np.isfinite(minutes), minutes, penalty)
        fixed = instance.fixed_minutes
        base = weight * np.where(np.isfinite(fixed), fixed, penalty)
        sign, shift = 1.0, 0.0
        if away.any():
            lost = instance.persons[away].sum()
            notes.append(f"{lost:g} persons are out of reach of every site and of every plan")
    chain = build_chain(cost, base)
    model, opened, _ = chain_model(chain, instance.sites or 0, instance.required[instance.free])
    left = time_limit_s - (time.perf_counter() - begin)
    solution = solve_model(model, time_limit_s=left, gap=gap, seed=seed, threads=threads)
    if solution.values is None:
        return _no_plan(problem, "unknown", begin, tuple(notes))
    chosen = instance.free[solution.values[opened] > 0.5]
    value = shift + sign * (solution.objective + chain.constant)
    bound = shift + sign * (solution.bound + chain.constant)
    distance = abs(value - bound) / max(abs(value), 1e-9)
    return SitingPlan(
        status="optimal" if distance <= gap + 1e-12 else "feasible",
        objective=value,
        bound=bound,
        gap=distance,
        limit_hit=solution.status != "optimal",
        seconds=time.perf_counter() - begin,
        sites=_sites_table(problem, instance, chosen),
        assignment=_assignment(problem, instance, chosen),
        notes=tuple(notes),
    )


def _no_plan(
    problem: SitingProblem, status: str, begin: float, notes: tuple[str, ...]
) -> SitingPlan:
    """Return the answer that there is none."""
    instance = read_problem(problem)
    none = np.zeros(0, dtype=np.int64)
    return SitingPlan(
        status=status,
        objective=np.nan,
        bound=np.nan,
        gap=np.nan,
        limit_hit=status == "unknown",
        seconds=time.perf_counter() - begin,
        sites=_sites_table(problem, instance, none),
        assignment=_assignment(problem, instance, none),
        notes=notes,
    )


def _sites_table(problem: SitingProblem, instance: Instance, chosen: np.ndarray) -> pd.DataFrame:
    """Return the new sites, in the order in which each gains most on those before it."""
    rows: list[tuple[str, int, float, float]] = []
    minutes = instance.fixed_minutes
    left = [int(site) for site in chosen]
    while left:
        options = np.minimum(minutes[:, None], instance.travel.columns(np.array(left)))
        gained = (minutes > instance.limit_min)[:, None] & (options <= instance.limit_min[:, None])
        gain = (instance.persons[:, None] * gained).sum(axis=0)
        both = (instance.persons > 0) & np.isfinite(minutes)
        saved = (instance.persons[both, None] * (minutes[both, None] - options[both])).sum(axis=0)
        best = max(range(len(left)), key=lambda k: (gain[k], saved[k], -left[k]))
        rows.append((problem.site_ids[left[best]], len(rows) + 1, gain[best], saved[best]))
        minutes = options[:, best]
        del left[best]
    columns = ["site_id", "rank", "gain_persons", "saved_person_min"]
    return pd.DataFrame(rows, columns=columns)


def _assignment(problem: SitingProblem, instance: Instance, chosen: np.ndarray) -> pd.DataFrame:
    """Return every client with its nearest open site."""
    site, minutes = instance.travel.nearest(np.concatenate([instance.fixed, chosen]))
    names = [problem.site_ids[position] if position >= 0 else None for position in site]
    return pd.DataFrame(
        {
            "client_id": list(problem.client_ids),
            "site_id": names,
            "travel_min": np.where(np.isfinite(minutes), minutes, np.nan),
            "persons": instance.persons,
        }
    )
