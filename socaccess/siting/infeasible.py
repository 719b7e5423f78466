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
from socaccess.siting.remark import Remark
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
        remark = _relax(problem, instance, aim, name, settings, clock)
        if remark:
            helps.append(remark)
    return replace(answer, conflict=tuple(conflict), relaxations=tuple(helps))


def _relax(
    problem: SitingProblem,
    instance: Instance,
    aim: Aim,
    name: str,
    settings: Settings,
    clock: Clock,
) -> Remark | None:
    """Return by how much condition `name` alone must give way, or nothing when that is no help."""
    _, solution = attempt(problem, instance, aim, settings, clock, active=FAMILIES, elastic=name)
    if solution.status != OPTIMAL or solution.values is None:
        return None
    least = float(solution.objective)
    if name == "required":
        return Remark("leave_required_out")
    if name == "coverage":
        return Remark("leave_uncovered", persons=least)
    if name == "places":
        return Remark("more_places", more=float(np.ceil(least - 1e-6)))
    given = instance.sites if name == "sites" else getattr(problem, name)
    if given is None or isinstance(given, Mapping):
        return _change(name, least)
    sign = -1.0 if name in ("floor_share", "min_clients", "min_sites_per_municipality") else 1.0
    after = float(given) + sign * least
    if name == "budget":
        after = float(np.ceil(after - 1e-6))
    elif sign < 0:
        # Rounded to what surely helps.
        after = max(0.0, float(np.floor(1e4 * (after + 1e-9)) / 1e4))
    return Remark("from_to", condition=name, given=float(given), after=after)


def _change(name: str, least: float) -> Remark:
    less = name in ("floor_share", "min_clients", "min_sites_per_municipality")
    if less:
        return Remark("less_than_given", condition=name, less=least)
    return Remark("more_than_given", condition=name, more=least)
