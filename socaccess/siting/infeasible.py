"""Why there is no plan: conditions in conflict, and the least that would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from socaccess.messages import Message
from socaccess.siting.answer import Answer
from socaccess.siting.clock import Clock
from socaccess.siting.combined import attempt
from socaccess.siting.constraint_groups import list_constraint_groups
from socaccess.siting.general import Aim
from socaccess.siting.instance import Instance
from socaccess.siting.options import CONDITIONS
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
    present = list_constraint_groups(problem, instance, aim)
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
        message = _relax(problem, instance, aim, name, settings, clock)
        if message:
            helps.append(message)
    return replace(answer, conflict=tuple(conflict), relaxations=tuple(helps))


def _relax(
    problem: SitingProblem,
    instance: Instance,
    aim: Aim,
    name: str,
    settings: Settings,
    clock: Clock,
) -> Message | None:
    """Return by how much condition `name` alone must give way, or nothing when that is no help."""
    _, solution = attempt(problem, instance, aim, settings, clock, elastic=name)
    if solution.status != OPTIMAL or solution.values is None:
        return None
    least = float(solution.objective)
    if name == "required":
        return Message("siting.leave_required_out")
    if name == "coverage":
        return Message("siting.leave_uncovered", persons=round(least, 2))
    if name == "places":
        return Message("siting.more_places", more=float(np.ceil(least - 1e-6)))
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
    condition = Message(CONDITIONS[name])
    if name == "floor_share":
        shares = {"given": round(100 * float(given), 2), "after": round(100 * after, 2)}
        return Message("siting.share_from_to", condition=condition, **shares)
    return Message("siting.from_to", condition=condition, given=float(given), after=after)


def _change(name: str, least: float) -> Message:
    condition = Message(CONDITIONS[name])
    if name == "floor_share":
        points = round(100 * least, 2)
        return Message("siting.share_less_than_given", condition=condition, less=points)
    if name in ("min_clients", "min_sites_per_municipality"):
        return Message("siting.less_than_given", condition=condition, less=round(least, 2))
    return Message("siting.more_than_given", condition=condition, more=round(least, 2))
