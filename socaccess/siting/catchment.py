"""Sites by floating catchment: places per person of the worst off, and who reaches a standard.

With the persons that fall to a site counted over everybody near it, whoever else is open, what
the site gives each client does not depend on the plan. Places per person are then a sum over the
open sites, so that the least of them, and the persons above a standard, are linear programmes in
whole numbers. The persons' mean is not asked for: it is the places handed out, whatever the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from socaccess.access.decay import read_decay
from socaccess.messages import Message
from socaccess.siting.answer import Answer
from socaccess.siting.certificate import EXACT
from socaccess.siting.clock import Clock
from socaccess.siting.combined import read_answer
from socaccess.siting.constraint_groups import build_model
from socaccess.siting.general import Aim, GeneralModel
from socaccess.siting.instance import Instance, by_name
from socaccess.siting.plain import Settings
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import INFEASIBLE, OPTIMAL, Solution, solve_model

__all__ = ["Catchment", "pose_plans", "solve_access_standard", "solve_worst_access"]

SAME = 1e-9
"""Sums of many products agree to this part of themselves."""


@dataclass(frozen=True, eq=False)
class Catchment:
    """What every open column gives the persons of every row.

    Parameters
    ----------
    persons
        Of each row; clients whom all columns give the same are one row.
    gives
        Places per 100 persons of each row from each column that is or may be open,
        shape (rows, columns).
    places
        Places of every column, 0 where unknown.
    notes
        What a reader must know of the places.
    """

    persons: np.ndarray
    gives: sp.csr_array
    places: np.ndarray
    notes: tuple[Message, ...]

    @classmethod
    def of(cls, problem: SitingProblem, instance: Instance) -> Catchment:
        """Return the catchments of a problem (Luo, Wang 2003; with a decay Luo, Qi 2009)."""
        client, site, minutes = instance.travel.pairs()
        weight = np.ones(len(minutes)) if problem.decay is None else _weigh(problem, minutes)
        weight = np.where(minutes <= instance.limit_min[client], weight, 0.0)
        count = len(instance.state)
        demand = np.bincount(site, weight * instance.persons[client], minlength=count)
        ids = problem.site_ids
        is_new = instance.state == "free"
        known = np.where(is_new, by_name(problem.max_places, ids), by_name(problem.places, ids))
        unknown = np.isnan(known) & (instance.state != "shut")
        places = np.where((instance.state == "shut") | unknown, 0.0, known)
        ratio = np.divide(places, demand, out=np.zeros(count), where=demand > 0)
        if problem.catchment == "m2sfca":
            weight = weight**2
        gives = sp.csr_array((100.0 * weight * ratio[site], (client, site)), instance.travel.shape)
        rows = np.flatnonzero(instance.persons > 0)
        gives = sp.csr_array(gives[rows])
        gives.eliminate_zeros()
        notes: tuple[Message, ...] = ()
        if unknown.any():
            notes = (Message("siting.places_left_out", sites=int(unknown.sum())),)
        of, first = _find_equal(gives)
        persons = np.bincount(of, instance.persons[rows], minlength=len(first))
        return cls(persons, sp.csr_array(gives[first]), places, notes)

    def measure(self, is_open: np.ndarray) -> np.ndarray:
        """Return places per 100 persons of every row under a plan."""
        return np.asarray(self.gives @ is_open.astype(float))

    def settle(self, answer: Answer) -> Answer:
        """Return the answer with the places of its sites and the notes."""
        return replace(answer, places=self.places, notes=(*answer.notes, *self.notes))


def _find_equal(gives: sp.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the different rows each row is, and where each of these stands first."""
    seen: dict[tuple[bytes, bytes], int] = {}
    of = np.zeros(gives.shape[0], dtype=np.int64)
    first: list[int] = []
    for row in range(gives.shape[0]):
        part = slice(gives.indptr[row], gives.indptr[row + 1])
        key = (gives.indices[part].tobytes(), gives.data[part].tobytes())
        of[row] = seen.setdefault(key, len(first))
        if of[row] == len(first):
            first.append(row)
    return of, np.array(first, dtype=np.int64)


def _weigh(problem: SitingProblem, minutes: np.ndarray) -> np.ndarray:
    assert problem.decay is not None
    return read_decay(str(problem.decay)).weigh(minutes)


def pose_plans(problem: SitingProblem, instance: Instance) -> GeneralModel:
    """Return the programme of all plans that keep the conditions, with nothing to minimise."""
    nowhere = np.full(len(instance.persons), -1.0)
    return build_model(problem, instance, Aim("nothing", nowhere))


def _solve(
    general: GeneralModel, settings: Settings, clock: Clock, *, gap: float | None = None
) -> Solution:
    return solve_model(
        general.model,
        time_limit_s=clock.left_s,
        gap=settings.gap if gap is None else gap,
        seed=settings.seed,
        threads=settings.threads,
    )


def _no_plan(catchment: Catchment, solution: Solution) -> Answer | None:
    """Return the answer where the solver has no plan to show, None where it has."""
    none = np.zeros(0, dtype=np.int64)
    if solution.status == INFEASIBLE:
        return Answer("infeasible", none, np.nan, np.nan)
    if solution.values is None:
        return Answer("unknown", none, np.nan, np.nan, True, catchment.notes)
    return None


def solve_worst_access(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    """Return the plan with the most places per person for the worst off who have any.

    First as few persons as possible have no places in reach at all.
    """
    catchment = Catchment.of(problem, instance)
    gives, persons = catchment.gives, catchment.persons
    usable = (instance.state != "shut").astype(float)
    most = np.asarray(gives @ usable)
    always = np.asarray(gives @ (instance.state == "fixed").astype(float)) > 0
    reached = most > 0
    least, answer = float(persons[~reached].sum()), None
    ask = np.flatnonzero(reached & ~always)
    if len(ask):
        general = pose_plans(problem, instance)
        _add_without(general, gives, ask, persons[ask])
        solution = _solve(general, settings, clock, gap=0.0)
        answer = _no_plan(catchment, solution)
        if answer is not None:
            return answer
        if solution.status != OPTIMAL:
            found = read_answer(general, solution, settings, clock)
            value, _ = _worst(catchment, general.open_columns(found))
            note = Message("siting.unserved_not_proved")
            found = replace(found, status="feasible", objective=value, bound=float(most.max()),
                            limit_hit=True, notes=(note,))  # fmt: skip
            return catchment.settle(found)
        assert solution.values is not None
        is_open = solution.values[general.y] > 0.5
        least += float(persons[ask] @ (catchment.measure(is_open)[ask] <= 0))
    # Whoever would have least with everything open bounds it, but for those who may have none.
    order = np.argsort(most, kind="stable")
    beyond = np.cumsum(persons[order]) > least * (1.0 + SAME) + SAME
    top = float(most[order][beyond].min(initial=np.inf))
    top = top if np.isfinite(top) else 0.0
    general = pose_plans(problem, instance)
    model = general.model
    without = _add_without(general, gives, ask)
    level = least - float(persons[~reached].sum())
    model.add_rows(np.zeros(len(ask), int), without, persons[ask], lower=-np.inf,
                   upper=[level + 1e-6 * max(1.0, level)])  # fmt: skip
    # Told as a share of the most it can be.
    share = model.add_columns(1, cost=-1.0)
    some = np.flatnonzero(reached)
    place, column, places = _entries(gives, some)
    variable = np.full(len(persons), -1)
    variable[ask] = without
    may = np.flatnonzero(variable[some] >= 0)
    scale = top if top > 0 else 1.0
    model.add_rows(
        np.concatenate([place, np.arange(len(some)), may]),
        np.concatenate([general.y[column], np.repeat(share, len(some)), variable[some][may]]),
        np.concatenate([np.minimum(places / scale, 1.0), -np.ones(len(some)), np.ones(len(may))]),
        lower=np.zeros(len(some)),
        upper=np.inf,
    )
    solution = _solve(general, settings, clock)
    answer = _no_plan(catchment, solution)
    if answer is not None:
        return answer
    found = read_answer(general, solution, settings, clock)
    value_now, missed = _worst(catchment, general.open_columns(found))
    notes: tuple[Message, ...] = ()
    if missed > EXACT:
        notes = (Message("siting.none_in_catchment", persons=round(missed, 2)),)
    bound = max(value_now, min(top, -scale * solution.bound))
    return catchment.settle(_judge(found, value_now, bound, settings, notes))


def _add_without(
    general: GeneralModel, gives: sp.csr_array, ask: np.ndarray, cost: np.ndarray | float = 0.0
) -> np.ndarray:
    """Return variables of some rows: 1 where no open column gives them anything."""
    place, column, _ = _entries(gives, ask)
    without = general.model.add_columns(len(ask), cost=cost, integer=True)
    general.model.add_rows(
        np.concatenate([place, np.arange(len(ask))]),
        np.concatenate([general.y[column], without]),
        1.0,
        lower=np.ones(len(ask)),
        upper=np.inf,
    )
    return without


def _entries(gives: sp.csr_array, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return position in `rows`, column and value of what these rows are given."""
    part = sp.csr_array(gives[rows])
    place = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
    return place, part.indices, part.data


def _worst(catchment: Catchment, is_open: np.ndarray) -> tuple[float, float]:
    """Return places per 100 persons of the worst off who have any, and persons who have none."""
    given = catchment.measure(is_open)
    some = given > 0
    return float(given[some].min()) if some.any() else 0.0, float(catchment.persons[~some].sum())


def _judge(
    found: Answer, value: float, bound: float, settings: Settings, notes: tuple[Message, ...]
) -> Answer:
    """Return the answer with its value as measured, proved where the bound meets it."""
    proved = abs(bound - value) <= max(settings.gap * abs(value), 1e-6 * max(1e-3, abs(value)))
    return replace(
        found,
        status="optimal" if proved else "feasible",
        objective=value,
        bound=value if proved else bound,
        limit_hit=not proved and found.limit_hit,
        notes=(*found.notes, *notes),
    )


def solve_access_standard(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    """Return the plan with the most persons who have at least so many places per 100 persons."""
    catchment = Catchment.of(problem, instance)
    gives, persons = catchment.gives, catchment.persons
    assert problem.standard_per_100 is not None
    enough = float(problem.standard_per_100) * (1.0 - SAME)
    today = np.asarray(gives @ (instance.state == "fixed").astype(float)) >= enough
    most = np.asarray(gives @ (instance.state != "shut").astype(float)) >= enough
    ask = np.flatnonzero(most & ~today)
    general = pose_plans(problem, instance)
    place, column, value = _entries(gives, ask)
    reaches = general.model.add_columns(len(ask), cost=-persons[ask], integer=True)
    general.model.add_rows(
        np.concatenate([place, np.arange(len(ask))]),
        np.concatenate([general.y[column], reaches]),
        np.concatenate([np.minimum(value / enough, 1.0) if enough > 0 else value,
                        -np.ones(len(ask))]),
        lower=np.zeros(len(ask)),
        upper=np.inf,
    )  # fmt: skip
    solution = _solve(general, settings, clock)
    answer = _no_plan(catchment, solution)
    if answer is not None:
        return answer
    found = read_answer(general, solution, settings, clock)
    given = catchment.measure(general.open_columns(found))
    has = float(persons @ (given >= enough))
    bound = max(has, float(persons[today].sum()) - solution.bound)
    return catchment.settle(_judge(found, has, bound, settings, ()))
