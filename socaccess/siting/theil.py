"""The plan whose access is shared most evenly by Theil's index, with a bound no plan beats.

Theil's index of values x with persons p is the least, over all levels m, of the sum of
`p (x ln(x / m) - x + m)` by the sum of `p x` [1]_. Above the line are convex functions of x and m
together: their tangents, one for each ratio of x to m, bound them from below [2]_. So with an
index to beat given, whether any plan beats it is a programme in whole numbers (Dinkelbach 1967),
made sharper at the ratios of every plan it finds until it finds none.

References
----------
.. [1] Banerjee, Merugu, Dhillon, Ghosh (2005), Clustering with Bregman divergences.
.. [2] Duran, Grossmann (1986), An outer-approximation algorithm for a class of mixed-integer
   nonlinear programs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

import numpy as np

from socaccess.messages import Message
from socaccess.siting.answer import Answer
from socaccess.siting.catchment import Catchment
from socaccess.siting.clock import Clock
from socaccess.siting.combined import (
    fewest_unserved,
    read_answer,
    served_minutes,
    solve_combined,
    unproved,
)
from socaccess.siting.constraint_groups import build_model
from socaccess.siting.general import Aim, GeneralModel
from socaccess.siting.instance import Instance
from socaccess.siting.plain import Core, Settings, solve_plain
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import INFEASIBLE, Solution, solve_model

__all__ = ["solve_theil", "theil_of"]

NONE = np.zeros(0, dtype=np.int64)
RATIOS = np.array([0.02, 0.1, 0.25, 0.5, 0.75, 1.0, 1.3, 1.75, 2.5, 4.0])
LEAST_RATIO = 1e-9
SCALE = 1_000.0
"""The mean in the units of the programme, so that its tolerances are small beside it."""
ROUNDS = 200
LISTED_VALUES = 1_500_000_000
PROVED = 1e-7


def theil_of(persons: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return Theil's index of each column of values, 0 where nobody has anything.

    Examples
    --------
    >>> theil_of(np.ones(2), np.array([[1.0, 0.0], [1.0, 4.0]])).round(6).tolist()
    [0.0, 0.693147]
    """
    mass = persons @ values
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = values * (persons.sum() / mass)
        terms = np.where(ratio > 0, ratio * np.log(ratio), 0.0)
    return np.where(mass > 0, np.maximum(persons @ terms, 0.0) / max(persons.sum(), 1e-300), 0.0)


@dataclass(frozen=True, eq=False)
class _Shared:
    """What is shared out: places per 100 persons, which add up, or minutes to the nearest.

    `table` is what each column alone brings each row, `base` what the fixed ones do; without any,
    minutes are infinite. `persons` are those of the rows.
    """

    persons: np.ndarray
    table: np.ndarray
    base: np.ndarray
    is_sum: bool
    notes: tuple[Message, ...] = ()
    places: np.ndarray | None = None

    @classmethod
    def of(cls, problem: SitingProblem, instance: Instance) -> _Shared:
        """Return what the objective of a problem compares."""
        is_open = instance.state == "fixed"
        if problem.objective == "theil_access":
            catchment = Catchment.of(problem, instance)
            base = catchment.measure(is_open)
            table = catchment.gives.toarray()
            return cls(catchment.persons, table, base, True, catchment.notes, catchment.places)
        weight = instance.persons * instance.weight
        # Whoever cannot be served at all is not among those whose minutes are compared.
        rows = np.flatnonzero((weight > 0) & np.isfinite(instance.best_minutes))
        table = instance.travel.rows(rows).columns(np.arange(len(is_open)))
        notes: tuple[Message, ...] = ()
        beyond = float(weight.sum() - weight[rows].sum())
        if beyond > PROVED:
            notes = (Message("siting.fewest_unserved", persons=round(beyond, 2)),)
        return cls(weight[rows], table, instance.fixed_minutes[rows], False, notes)

    def join(self, columns: np.ndarray) -> np.ndarray:
        """Return the values of rows (rows, plans) when the columns (plans, any) open."""
        values = np.repeat(self.base[:, None], len(columns), axis=1)
        for some in columns.T:
            if self.is_sum:
                values += self.table[:, some]
            else:
                np.minimum(values, self.table[:, some], out=values)
        return values

    def judge(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return persons unserved and Theil's index of the others, of every plan.

        Nobody is unserved where places are shared out: who has none has none of them.
        """
        values = self.join(columns)
        if self.is_sum:
            return np.where(self.persons @ values > 0, 0.0, np.inf), theil_of(self.persons, values)
        gone = ~np.isfinite(values)
        values[gone] = 0.0
        unserved = self.persons @ gone
        # Those counted as if they had no way at all lift the index by this much, whoever has one.
        with np.errstate(divide="ignore"):
            lift = np.log(self.persons.sum() / np.maximum(self.persons.sum() - unserved, 1e-300))
        index = theil_of(self.persons, values)
        return unserved, np.where(index > 0, np.maximum(index - lift, 0.0), 0.0)

    def tell(self, answer: Answer) -> Answer:
        """Return the answer with the places of its sites and the notes."""
        return replace(answer, places=self.places, notes=(*answer.notes, *self.notes))


def solve_theil(
    problem: SitingProblem, instance: Instance, settings: Settings, clock: Clock
) -> Answer:
    """Return the plan with the least Theil index of places per person, or of minutes.

    First fewest persons unserved, then as many of the sites asked for as may open (none at all
    may leave everybody equally far), then the least index.
    """
    shared = _Shared.of(problem, instance)
    core = Core.of(instance)
    start = None
    if instance.is_plain and core.sites >= 0:
        listing = _Listing(core, shared)
        if listing.count() <= LISTED_VALUES:
            return shared.tell(listing.answer(clock))
        start = np.union1d(core.required, listing.exchange(clock.part(0.2)))
    cutting = _Cutting(problem, instance, shared, settings, clock)
    return shared.tell(cutting.run(start))


class _Listing:
    """The plans of a plain problem, scored many at a time: all with the same sites but the last."""

    def __init__(self, core: Core, shared: _Shared) -> None:
        self.core, self.shared = core, shared
        total = max(float(shared.persons.sum()), 1e-300)
        self.persons = shared.persons / total
        known = shared.table[np.isfinite(shared.table)]
        self.unit = float(known.max(initial=0.0)) or 1.0
        self.table = np.ascontiguousarray(shared.table.T) / self.unit
        self.terms = NONE if shared.is_sum else _times_log(self.table)
        self.base = self._join(shared.base / self.unit, core.required)

    def _join(self, base: np.ndarray, columns: np.ndarray) -> np.ndarray:
        join = np.add if self.shared.is_sum else np.minimum
        return join.reduce(np.vstack([base[None, :], self.table[columns]]), axis=0)

    def score(self, chosen: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return persons unserved and Theil's index with each of `last` beside the chosen."""
        base = self._join(self.base, chosen)
        if self.shared.is_sum:
            values = self.table[last] + base
            terms = _times_log(values)
            unserved = np.where((values > 0).any(axis=1), 0.0, np.inf)
        else:
            nearer = self.table[last] < base
            values = np.where(nearer, self.table[last], base)
            terms = np.where(nearer, self.terms[last], _times_log(base))
            gone = np.isinf(values)
            values[gone] = 0.0
            unserved = np.round(self.shared.persons @ gone.T, 6)
        mass, served = (
            values @ self.persons,
            1.0 - unserved / max(self.shared.persons.sum(), 1e-300),
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            index = (terms @ self.persons) / mass - np.log(mass / served)
        return unserved, np.where(mass > 0, np.maximum(index, 0.0), 0.0)

    def best_last(self, chosen: np.ndarray, last: np.ndarray) -> tuple[float, float, int]:
        """Return persons unserved, index and the column of the best last site."""
        unserved, index = self.score(chosen, last)
        at = int(np.lexsort((index, unserved))[0])
        return float(unserved[at]), float(index[at]), int(last[at])

    def count(self) -> int:
        """Return how many values it takes to look at all plans."""
        return comb(len(self.core.free), self.core.sites) * len(self.persons)

    def look_at_all(self, clock: Clock) -> tuple[np.ndarray, tuple[float, float], bool]:
        """Return the best plan, its persons unserved and index, and whether all were looked at."""
        free, sites = self.core.free, self.core.sites
        plan = self.exchange(clock.part(0.2))
        best = self._measure(plan)
        if sites == 0:
            return plan, best, True
        for front in combinations(range(len(free)), sites - 1):
            rest = free[front[-1] + 1 :] if front else free
            if len(rest) == 0:
                continue
            chosen = free[list(front)]
            *found, last = self.best_last(chosen, rest)
            if (found[0], found[1]) < best:
                best, plan = (found[0], found[1]), np.append(chosen, last)
            if clock.is_over:
                return plan, best, False
        return plan, best, True

    def exchange(self, clock: Clock) -> np.ndarray:
        """Return a plan that no exchange of one site makes better, from a greedy start."""
        plan, best = NONE, (np.inf, np.inf)
        while len(plan) < self.core.sites and not clock.is_over:
            *found, last = self.best_last(plan, np.setdiff1d(self.core.free, plan))
            best, plan = (found[0], found[1]), np.append(plan, last)
        moved = True
        while moved and not clock.is_over:
            moved = False
            for place in range(len(plan)):
                others = np.delete(plan, place)
                *found, last = self.best_last(others, np.setdiff1d(self.core.free, others))
                if (found[0], found[1] + PROVED) < best:
                    best, plan, moved = (found[0], found[1]), np.append(others, last), True
        return plan

    def _measure(self, plan: np.ndarray) -> tuple[float, float]:
        unserved, index = self.shared.judge(np.append(self.core.required, plan)[None, :])
        return float(unserved[0]), float(index[0])

    def answer(self, clock: Clock) -> Answer:
        """Return the best of all plans."""
        plan, (unserved, index), is_whole = self.look_at_all(clock)
        value = index if np.isfinite(unserved) else 0.0
        notes: tuple[Message, ...] = ()
        if 0 < unserved < np.inf:
            notes = (Message("siting.too_few_sites", persons=round(unserved, 2)),)
        opened = np.union1d(self.core.required, plan)
        status, bound = ("optimal", value) if is_whole else ("feasible", 0.0)
        return Answer(status, opened, value, bound, not is_whole, notes)


def _times_log(values: np.ndarray) -> np.ndarray:
    """Return `x ln x`, 0 at nothing and where nobody gets."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((values > 0) & (values < np.inf), values * np.log(values), 0.0)


class _Cutting:
    """The search by tangents: the best plan so far and what no plan can fall below.

    Values stand in the programme as parts of a mean of about `SCALE`; whoever is unserved has 0.
    """

    def __init__(
        self,
        problem: SitingProblem,
        instance: Instance,
        shared: _Shared,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self.problem, self.instance, self.shared = problem, instance, shared
        self.settings, self.clock = settings, clock
        self.persons = shared.persons / max(float(shared.persons.sum()), 1e-300)
        self.aim = Aim("nothing", np.full(len(instance.persons), -1.0))
        self.found: Answer | None = None
        self.value, self.bound = np.inf, 0.0
        self.mean, self.least_mean = 1.0, LEAST_RATIO
        usable = instance.state != "shut"
        gives = np.flatnonzero(usable & (shared.table > 0).any(axis=0)) if shared.is_sum else None
        self.giving = gives

    def run(self, start: np.ndarray | None = None) -> Answer:
        """Return the answer, searched from the plan `start` where there is one."""
        if not self.shared.is_sum:
            least, general, solution = fewest_unserved(
                self.problem, self.instance, self.settings, self.clock
            )
            if np.isnan(least):
                return self._unproved(general, solution)
            self.aim = replace(self.aim, levels=((np.inf, least),))
        count = self._count_sites()
        if count is None:
            return self._conclude(infeasible=True)
        self._measure_mean(count)
        self._pose(count)
        if start is not None:
            self._begin(start)
        index, tight, status = (0.0 if self.found is None else self.value), False, ""
        for _ in range(ROUNDS):
            gap = 0.2 * self._near() if tight else max(0.02 * index, self._near())
            solution = self._solve(index, gap)
            status = solution.status
            if index > 0 and np.isfinite(solution.bound):
                # How far a plan is below the index is bounded by what it is in the programme.
                below = min(0.0, solution.bound / SCALE) / self.least_mean
                self.bound = max(self.bound, min(index + below, self.value))
            if solution.values is None:
                break
            better, sharper = self._take(solution)
            if self.value - self.bound <= self._near() or self.clock.is_over:
                break
            if not better and not sharper and tight and index > 0:
                break
            tight = tight or (index > 0 and not better)
            index = self.value
        return self._conclude(infeasible=status == INFEASIBLE)

    def _added(self, is_open: np.ndarray) -> np.ndarray:
        """Return the open columns that are not open whatever the plan, as one plan."""
        return np.flatnonzero(is_open & (self.instance.state != "fixed"))[None, :]

    def _near(self) -> float:
        return max(self.settings.gap * self.value, PROVED) if np.isfinite(self.value) else PROVED

    def _unproved(self, general: GeneralModel | None, solution: Solution | None) -> Answer:
        assert general is not None
        assert solution is not None
        answer = unproved(self.problem, general, solution, self.settings, self.clock)
        if answer.status != "feasible":
            return answer
        persons, minutes = served_minutes(self.instance, answer)
        return replace(answer, objective=float(theil_of(persons, minutes[:, None])[0]))

    def _count_sites(self) -> int | None:
        """Return how many of the sites asked for can open; None where there is no plan."""
        general = build_model(self.problem, self.instance, self.aim)
        self._ask_for_something(general)
        general.model.costs = [np.zeros(general.model.column_count)]
        general.model.costs[0][general.roofs] = -1.0
        solution = solve_model(general.model, time_limit_s=self.clock.left_s)
        if solution.status == INFEASIBLE and self.giving is not None:
            # Nobody has anything whatever the plan: any will do.
            self.giving = None
            return self._count_sites()
        if solution.values is None:
            return None if solution.status == INFEASIBLE else 0
        found = int((solution.values[general.roofs] > 0.5).sum())
        return 0 if self.instance.sites is None else min(self.instance.sites, found)

    def _ask_for_something(self, general: GeneralModel) -> None:
        """Have one column open that gives anybody anything: nothing is shared evenly too."""
        if self.giving is not None:
            open_here = general.y[self.giving]
            general.model.add_rows(np.zeros(len(open_here), int), open_here, 1.0,
                                   lower=[1.0], upper=[np.inf])  # fmt: skip

    def _measure_mean(self, count: int) -> None:
        """Set the mean that values are parts of, and the least mean of any plan."""
        shared, instance = self.shared, self.instance
        if shared.is_sum:
            handed = self.persons @ shared.table
            new = np.sort(handed[instance.free])
            fixed = float(self.persons @ shared.base)
            least, usual = fixed + float(new[:count].sum()), fixed + float(new[-count:].sum())
            if least <= 0:
                least = float(handed[handed > 0].min(initial=np.inf))
        else:
            near = replace(self.problem, objective="p_median")
            part = self.clock.part(0.3)
            if instance.is_plain:
                found = solve_plain(instance, "p_median", None, self.settings, part)
            else:
                found = solve_combined(near, instance, self.settings, part)
            total = float(shared.persons.sum()) or 1.0
            least, usual = found.bound / total, found.objective / total
        self.mean = usual if np.isfinite(usual) and usual > 0 else 1.0
        if np.isfinite(least):
            self.least_mean = max(least / self.mean, LEAST_RATIO)

    def _pose(self, count: int) -> None:
        """Set the programme: values, their level and what tangents say of them."""
        instance, shared = self.instance, self.shared
        rows = len(self.persons)
        self.general = general = build_model(self.problem, instance, self.aim)
        model = general.model
        if shared.is_sum:
            place, column = np.nonzero(shared.table)
            variable, factor = general.y[column], shared.table[place, column]
            self._ask_for_something(general)
        else:
            position, column, variable = general.nearest_shares()
            served = np.isfinite(instance.best_minutes[general.rows])
            place = (np.cumsum(served) - 1)[position]
            factor = shared.table[place, column]
        model.add_rows(np.zeros(len(general.roofs), int), general.roofs, 1.0,
                       lower=[float(count)], upper=[np.inf])  # fmt: skip
        self.x = model.add_columns(rows, upper=np.inf)
        self.theta = model.add_columns(rows, upper=np.inf)
        self.level = model.add_columns(1, upper=np.inf)
        each = np.arange(rows)
        model.add_rows(
            np.concatenate([place, each]),
            np.concatenate([variable, self.x]),
            np.concatenate([factor * (SCALE / self.mean), -np.ones(rows)]),
            lower=np.zeros(rows),
            upper=0.0,
        )
        for ratio in RATIOS:
            self._add_rows(each, np.full(rows, ratio))

    def _add_rows(self, rows: np.ndarray, ratio: np.ndarray) -> None:
        """Add the tangents of some rows at ratios of value to level."""
        each = np.arange(len(rows))
        self.general.model.add_rows(
            np.concatenate([each, each, each]),
            np.concatenate([self.theta[rows], self.x[rows], np.repeat(self.level, len(rows))]),
            np.concatenate([np.ones(len(rows)), -np.log(ratio), ratio - 1.0]),
            lower=np.zeros(len(rows)),
            upper=np.inf,
        )

    def _solve(self, index: float, gap: float) -> Solution:
        """Return the plan furthest below `index` in the programme; any plan for an index of 0."""
        model = self.general.model
        cost = np.zeros(model.column_count)
        cost[self.theta], cost[self.x] = self.persons, -index * self.persons
        model.costs = [cost]
        start = None
        if self.found is not None:
            start = np.full(model.column_count, np.nan)
            start[self.general.y] = self.general.open_columns(self.found)
        return solve_model(
            model,
            time_limit_s=self.clock.left_s,
            gap=0.0 if index > 0 else 0.1,
            absolute_gap=gap * self.least_mean * SCALE if index > 0 else 0.0,
            seed=self.settings.seed,
            threads=self.settings.threads,
            start=start,
        )

    def _begin(self, start: np.ndarray) -> None:
        """Take a plan as the best so far, and tangents where it has its values."""
        answer = Answer("feasible", start, np.nan, np.nan)
        values = self.shared.join(self._added(self.general.open_columns(answer)))[:, 0]
        values[~np.isfinite(values)] = 0.0
        mean = float(self.persons @ values)
        if mean > 0:
            self.found = answer
            self.value = float(theil_of(self.shared.persons, values[:, None])[0])
            rows = np.arange(len(values))
            self._add_rows(rows, np.maximum(values / mean, LEAST_RATIO))

    def _take(self, solution: Solution) -> tuple[bool, bool]:
        """Keep the plan found if it is better; return whether it is, and whether tangents came."""
        is_open = solution.values[self.general.y] > 0.5  # type: ignore[index]
        values = self.shared.join(self._added(is_open))[:, 0]
        values[~np.isfinite(values)] = 0.0
        index = float(theil_of(self.shared.persons, values[:, None])[0])
        better = index < self.value - 1e-12
        if better:
            self.value = index
            self.found = read_answer(self.general, solution, self.settings, self.clock)
        mean = float(self.persons @ values)
        if mean <= 0:
            return better, False
        # Where the tangents there are say less than the index itself, one more is drawn.
        theta = solution.values[self.theta] * self.mean / SCALE  # type: ignore[index]
        level = solution.values[self.level[0]] * self.mean / SCALE  # type: ignore[index]
        with np.errstate(divide="ignore", invalid="ignore"):
            exact = np.where(values > 0, values * np.log(values / max(level, 1e-300)), 0.0)
        loose = exact - values + level - theta > 1e-9 * mean
        rows = np.flatnonzero(loose)
        for middle in dict.fromkeys((mean, max(float(level), LEAST_RATIO * mean))):
            self._add_rows(rows, np.maximum(values[rows] / middle, LEAST_RATIO))
        return better, len(rows) > 0

    def _conclude(self, *, infeasible: bool) -> Answer:
        if self.found is None:
            status = "infeasible" if infeasible else "unknown"
            return Answer(status, NONE, np.nan, np.nan, not infeasible)
        is_open = self.general.open_columns(self.found)
        unserved, index = self.shared.judge(self._added(is_open))
        value = float(index[0])
        lift = max(0.0, self.value - value)
        proved = self.value - self.bound <= self._near()
        bound = value if proved else min(value, max(0.0, self.bound - lift))
        notes: tuple[Message, ...] = ()
        if 0 < unserved[0] < np.inf:
            notes = (Message("siting.too_few_sites", persons=round(float(unserved[0]), 2)),)
        status = "optimal" if proved else "feasible"
        return replace(self.found, status=status, objective=value, bound=bound,
                       limit_hit=not proved and self.clock.is_over, notes=notes)  # fmt: skip
