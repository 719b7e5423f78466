"""Why there is no plan: conditions in conflict, and the least that would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from socaccess.siting.answer import Answer
from socaccess.siting.clock import Clock
from socaccess.siting.combined import attempt
from socaccess.siting.families import FAMILIES, present_families
from socaccess.siting.general import Aim, GeneralModel
from socaccess.siting.instance import Instance
from socaccess.siting.plain import Settings
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import INFEASIBLE, OPTIMAL

__all__ = ["explain_infeasible"]


def explain_infeasible(
    problem: SitingProblem,
    instance: Instance,
    answer: Answer,
    settings: Settings,
    clock: Clock,
) -> Answer:
    """Return `answer` with a smallest set of conditions in conflict and what relaxing each takes.

    A condition is dropped from the conflict when the others conflict without it (deletion filter,
    Chinneck, Dravnieks 1991); every one that stays would, relaxed alone by so much, let a plan be.
    """
    kind = "sites" if problem.objective == "lscp" else "nothing"
    aim = Aim(kind, instance.limit_min)
    present = present_families(GeneralModel(problem, instance, aim, active=frozenset()))
    conflict = list(present)
    for name in present:
        rest = frozenset(conflict) - {name}
        _, solution = attempt(problem, instance, aim, settings, clock, active=rest)
        if solution.status == INFEASIBLE:
            conflict.remove(name)
        elif solution.values is None and clock.is_over:
            break
    helps = []
    for name in conflict:
        text = _relax(problem, instance, aim, name, settings, clock)
        if text:
            helps.append(text)
    return replace(answer, conflict=tuple(conflict), relaxations=tuple(helps))


def _relax(
    problem: SitingProblem,
    instance: Instance,
    aim: Aim,
    name: str,
    settings: Settings,
    clock: Clock,
) -> str:
    """Return by how much condition `name` alone must give way, or nothing when that is no help."""
    _, solution = attempt(problem, instance, aim, settings, clock, active=FAMILIES, elastic=name)
    if solution.status != OPTIMAL or solution.values is None:
        return ""
    least = float(solution.objective)
    if name == "required":
        return "required: leave some of the required sites out"
    if name == "coverage":
        return f"coverage: let {least:g} persons stay uncovered"
    if name == "places":
        return f"places: {np.ceil(least - 1e-6):g} more at a site"
    given = instance.sites if name == "sites" else getattr(problem, name)
    if given is None or isinstance(given, Mapping):
        return f"{name}: {_change(name, least)} than given"
    sign = -1.0 if name in ("floor_share", "min_clients", "min_sites_per_municipality") else 1.0
    after = float(given) + sign * least
    if name == "budget":
        after = float(np.ceil(after - 1e-6))
    elif sign < 0:
        # Rounded to what surely helps.
        after = max(0.0, float(np.floor(1e4 * (after + 1e-9)) / 1e4))
    return f"{name}: {float(given):g} -> {after:g}"


def _change(name: str, least: float) -> str:
    less = name in ("floor_share", "min_clients", "min_sites_per_municipality")
    return f"{least:g} {'less' if less else 'more'}"
