"""The plain models, each its fast way: MCLP, gradual coverage, p-median, LSCP and p-center."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from socaccess.messages import Message
from socaccess.siting.answer import Answer
from socaccess.siting.certificate import EXACT, Goal
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.cover import solve_cover
from socaccess.siting.instance import Instance
from socaccess.siting.median import MedianResult, solve_median
from socaccess.siting.travel import Travel

__all__ = ["Core", "Settings", "least_unserved", "solve_plain", "without"]

PENALTY_ROUNDS = 5


@dataclass(frozen=True)
class Settings:
    """How a problem is solved: gap asked for, seed of the search, threads of the solver."""

    gap: float
    seed: int = 0
    threads: int = 1


def solve_plain(
    instance: Instance, objective: str, fade_min: float | None, settings: Settings, clock: Clock
) -> Answer:
    """Return the answer of a plain problem: fixed, free and required sites and nothing else."""
    core = Core.of(instance)
    if objective != "lscp" and core.sites < 0:
        lack = Message("siting.too_many_required", more=-core.sites)
        given = instance.sites or 0
        helps = (
            Message(
                "siting.from_to",
                condition=Message("siting.condition_sites"),
                given=given,
                after=given - core.sites,
            ),
        )
        none = np.zeros(0, dtype=np.int64)
        conflict = ("sites", "required")
        return Answer(
            "infeasible", none, np.nan, np.nan, notes=(lack,), conflict=conflict, relaxations=helps
        )
    if objective == "mclp":
        return _solve_mclp(core, fade_min, settings, clock)
    if objective == "p_median":
        return _solve_p_median(core, settings, clock)
    if objective == "lscp":
        return _solve_lscp(core, settings, clock)
    return _solve_p_center(core, settings, clock)


@dataclass(frozen=True, eq=False)
class Core:
    """The rows that count, the columns that may open, and how many more of them."""

    instance: Instance
    rows: np.ndarray
    travel: Travel
    weight: np.ndarray
    persons: np.ndarray
    limit_min: np.ndarray
    fixed_minutes: np.ndarray
    free: np.ndarray
    required: np.ndarray
    sites: int

    @classmethod
    def of(cls, instance: Instance) -> Core:
        """Return the core of `instance`; required sites count as open."""
        weight = instance.persons * instance.weight
        rows = np.flatnonzero(weight > 0)
        required = np.flatnonzero(instance.required & (instance.state == "free"))
        free = np.setdiff1d(instance.free, required)
        open_now = np.union1d(instance.fixed, required)
        travel = instance.travel if len(rows) == len(weight) else instance.travel.rows(rows)
        sites = len(free) if instance.sites is None else instance.sites - len(required)
        return cls(
            instance,
            rows,
            travel,
            weight[rows],
            instance.persons[rows],
            instance.limit_min[rows],
            travel.nearest(open_now)[1],
            free,
            required,
            min(sites, len(free)),
        )

    def best_minutes(self) -> np.ndarray:
        """Minutes of every row when all may open."""
        return np.minimum(self.fixed_minutes, self.travel.nearest(self.free)[1])

    def opened(self, columns: np.ndarray) -> np.ndarray:
        """Return the new sites of a plan given as positions among the free ones."""
        return np.union1d(self.required, self.free[columns])


def _status(value: float, bound: float, goal: Goal) -> str:
    return "optimal" if goal.is_met(value, bound) else "feasible"


def _answer(core: Core, result: MedianResult, goal: Goal, sign: float, shift: float) -> Answer:
    return Answer(
        _status(result.value, result.bound, goal),
        core.opened(result.chosen),
        shift + sign * result.value,
        shift + sign * result.bound,
        result.limit_hit,
    )


def _solve_mclp(core: Core, fade_min: float | None, settings: Settings, clock: Clock) -> Answer:
    """Most persons covered: least weight left uncovered."""
    total = float(core.weight.sum())
    goal = Goal(settings.gap, total)
    if fade_min is None:
        covered = core.fixed_minutes <= core.limit_min
        base = np.where(covered, 0.0, core.weight)
        costs = Costs(core.travel, core.free, core.weight, base, core.limit_min)
    else:
        missing = core.travel.faded(core.limit_min, fade_min)
        before = faded_share(core.fixed_minutes, core.limit_min, fade_min)
        costs = Costs(missing, core.free, core.weight, core.weight * before)
    result = solve_median(
        costs, core.sites, goal, clock, seed=settings.seed, threads=settings.threads
    )
    return _answer(core, result, goal, -1.0, total)


def faded_share(minutes: np.ndarray, limit_min: np.ndarray, fade_min: float) -> np.ndarray:
    """Return the share of a person that is not covered: 0 at the limit, 1 from `fade_min` on."""
    with np.errstate(invalid="ignore"):
        share = (minutes - limit_min) / (fade_min - limit_min)
    return np.clip(np.where(np.isfinite(minutes), share, 1.0), 0.0, 1.0)


def _solve_p_median(core: Core, settings: Settings, clock: Clock) -> Answer:
    """First fewest persons unserved, then least person-minutes."""
    best = core.best_minutes()
    unserved_rows = ~np.isfinite(best)
    notes = _unserved_notes(core, unserved_rows)
    core = without(core, unserved_rows)
    if len(core.rows) == 0:
        return Answer("optimal", core.required, 0.0, 0.0, False, notes)
    least, chosen, proved = least_unserved(core, settings, clock)
    if not proved:
        # Not even the first aim is settled: a plan, and nothing proved about minutes.
        plan = core.free[chosen]
        value = _minutes(core, plan)
        note = Message("siting.unserved_not_proved")
        return Answer("feasible", core.opened(chosen), value, 0.0, True, (*notes, note))
    if least > 0:
        notes = (*notes, Message("siting.too_few_sites", persons=round(least, 2)))
    if core.sites == 0:
        value = _minutes(core, np.zeros(0, dtype=np.int64))
        return Answer("optimal", core.required, value, value, False, notes)
    penalty = 4.0 * (1.0 + _longest(core))
    for _ in range(PENALTY_ROUNDS):
        result, goal = _penalised(core, penalty, least, settings, clock)
        plan = core.free[result.chosen]
        if _unserved(core, plan) <= least * (1 + EXACT) + EXACT or clock.is_over:
            break
        penalty *= 16.0
    shift = -penalty * least
    unserved = _unserved(core, plan)
    if unserved > least * (1 + EXACT) + EXACT:
        # The penalty still bounds every plan that leaves the fewest unserved; show one of those.
        value = _minutes(core, core.free[chosen])
        bound = max(0.0, min(value, result.bound + shift))
        return Answer("feasible", core.opened(chosen), value, bound, result.limit_hit, notes)
    return replace(_answer(core, result, goal, 1.0, shift), notes=notes)


def _penalised(
    core: Core, penalty: float, least: float, settings: Settings, clock: Clock
) -> tuple[MedianResult, Goal]:
    """Solve with `penalty` minutes for every person unserved.

    Less its product with the fewest unserved, this is a Lagrangian bound of the second aim.
    """
    finite = np.isfinite(core.fixed_minutes)
    base = core.weight * np.where(finite, core.fixed_minutes, penalty)
    costs = Costs(core.travel, core.free, core.weight, base)
    goal = Goal(settings.gap, penalty * least)
    result = solve_median(
        costs, core.sites, goal, clock, seed=settings.seed, threads=settings.threads
    )
    return result, goal


def least_unserved(core: Core, settings: Settings, clock: Clock) -> tuple[float, np.ndarray, bool]:
    """Return the least weight that no plan serves, such a plan, and whether it is proved."""
    open_rows = ~np.isfinite(core.fixed_minutes)
    if not open_rows.any() or core.sites == 0:
        return float(core.weight[open_rows].sum()), np.zeros(0, dtype=np.int64), True
    count = int(open_rows.sum())
    reached = core.travel.rows(np.flatnonzero(open_rows)).reach_count(core.free)
    if (reached == count).any():
        return 0.0, np.flatnonzero(reached == count)[:1], True
    base = np.where(open_rows, core.weight, 0.0)
    reach = np.full(len(core.rows), np.inf)
    costs = Costs(core.travel, core.free, core.weight, base, reach)
    goal = Goal(0.0, float(core.weight.sum()))
    result = solve_median(costs, core.sites, goal, clock, seed=settings.seed)
    return result.value, result.chosen, goal.is_met(result.value, result.bound)


def _minutes(core: Core, plan: np.ndarray) -> float:
    """Return the weighted minutes of the rows that `plan` serves."""
    minutes = np.minimum(core.fixed_minutes, core.travel.nearest(plan)[1])
    served = np.isfinite(minutes)
    return float(core.weight[served] @ minutes[served])


def _unserved(core: Core, plan: np.ndarray) -> float:
    minutes = np.minimum(core.fixed_minutes, core.travel.nearest(plan)[1])
    return float(core.weight[~np.isfinite(minutes)].sum())


def _longest(core: Core) -> float:
    return core.travel.longest()


def without(core: Core, rows: np.ndarray) -> Core:
    """Return the core without `rows`."""
    if not rows.any():
        return core
    keep = np.flatnonzero(~rows)
    return replace(
        core,
        rows=core.rows[keep],
        travel=core.travel.rows(keep),
        weight=core.weight[keep],
        persons=core.persons[keep],
        limit_min=core.limit_min[keep],
        fixed_minutes=core.fixed_minutes[keep],
    )


def _unserved_notes(core: Core, rows: np.ndarray) -> tuple[Message, ...]:
    if not rows.any():
        return ()
    clients = len(np.unique(core.instance.row_client[core.rows[rows]]))
    return (
        Message(
            "siting.out_of_reach",
            persons=round(float(core.persons[rows].sum()), 2),
            clients=clients,
        ),
    )


def _solve_lscp(core: Core, settings: Settings, clock: Clock) -> Answer:
    """Fewest new sites so that everybody who can be covered is."""
    open_rows = core.fixed_minutes > core.limit_min
    hopeless = core.best_minutes() > core.limit_min
    notes: tuple[Message, ...] = ()
    if hopeless.any():
        clients = len(np.unique(core.instance.row_client[core.rows[hopeless]]))
        persons = round(float(core.persons[hopeless].sum()), 2)
        notes = (Message("siting.beyond_limit", persons=persons, clients=clients),)
    rows = np.flatnonzero(open_rows & ~hopeless)
    near = core.travel.rows(rows).within(core.limit_min[rows])[:, core.free]
    result = solve_cover(near, clock, seed=settings.seed, threads=settings.threads)
    many = len(core.required)
    value, bound = float(many + len(result.chosen)), float(many + result.bound)
    goal = Goal(settings.gap)
    status = _status(value, bound, goal)
    hit = status != "optimal" and clock.is_over
    return Answer(status, core.opened(result.chosen), value, bound, hit, notes)


def _solve_p_center(core: Core, settings: Settings, clock: Clock) -> Answer:
    """First fewest persons unserved, then the least worst time, by halving the list of times.

    Each step asks whether so few sites cover everybody within one time (Minieka 1970).
    """
    unserved_rows = ~np.isfinite(core.best_minutes())
    notes = _unserved_notes(core, unserved_rows)
    core = without(core, unserved_rows)
    if len(core.rows) == 0:
        return Answer("optimal", core.required, 0.0, 0.0, False, notes)
    least, chosen, proved = least_unserved(core, settings, clock)
    if least > 0:
        notes = (*notes, Message("siting.too_few_sites", persons=round(least, 2)))
    if proved and least <= 0 and core.sites:
        spread = _spread(core)
        if len(chosen) == 0 or _is_better(core, spread, chosen):
            chosen = spread
    worst = _worst(core, core.free[chosen])
    if not proved:
        note = Message("siting.unserved_not_proved")
        return Answer("feasible", core.opened(chosen), worst, 0.0, True, (*notes, note))
    times = _times_between(core, least, worst)
    low, high = 0, len(times) - 1
    while low < high and not clock.is_over:
        middle = (low + high) // 2
        clock.report("siting.step_center", low=float(times[low]), high=float(times[high]))
        plan, possible = _covers(core, float(times[middle]), least, settings, clock)
        if plan is not None:
            chosen, high = plan, middle
            worst = min(worst, _worst(core, core.free[plan]))
            high = min(high, int(np.searchsorted(times, worst - EXACT)))
        elif not possible:
            low = middle + 1
        else:
            break
    bound = float(times[low]) if len(times) else worst
    status = "optimal" if low >= high else "feasible"
    worst = _worst(core, core.free[chosen])
    hit = status != "optimal" and clock.is_over
    return Answer(status, core.opened(chosen), worst, min(bound, worst), hit, notes)


def _worst(core: Core, plan: np.ndarray) -> float:
    """Return the longest time of the rows that `plan` serves, 0 when it serves none."""
    minutes = np.minimum(core.fixed_minutes, core.travel.nearest(plan)[1])
    return float(minutes[np.isfinite(minutes)].max(initial=0.0))


def _is_better(core: Core, plan: np.ndarray, other: np.ndarray) -> bool:
    """Return whether `plan` serves everybody and within less time than `other`."""
    if _unserved(core, core.free[plan]) > 0:
        return False
    return _worst(core, core.free[plan]) < _worst(core, core.free[other])


def _spread(core: Core) -> np.ndarray:
    """Return sites opened each nearest to whoever is farthest (Gonzalez 1985)."""
    minutes = core.fixed_minutes.copy()
    chosen: list[int] = []
    for _ in range(core.sites):
        row = int(np.argmax(minutes))
        to_row = core.travel.rows(np.array([row])).columns(core.free)[0]
        site = int(np.argmin(to_row))
        if site in chosen or not np.isfinite(to_row[site]):
            break
        chosen.append(site)
        minutes = np.minimum(minutes, core.travel.columns(core.free[[site]])[:, 0])
    return np.array(chosen, dtype=np.int64)


def _times_between(core: Core, least: float, worst: float) -> np.ndarray:
    """Return the times, ascending, that the worst time can be."""
    best = core.best_minutes()
    # Somebody has to go as far as their nearest site, unless they may stay unserved.
    lowest = float(best.max(initial=0.0)) if least <= 0 else 0.0
    times = core.travel.times(np.union1d(core.free, core.instance.fixed), lowest, worst)
    times = np.union1d(times, core.fixed_minutes[np.isfinite(core.fixed_minutes)])
    times = np.union1d(times, [worst])
    return times[(times >= lowest) & (times <= worst)]


def _covers(
    core: Core, minutes: float, least: float, settings: Settings, clock: Clock
) -> tuple[np.ndarray | None, bool]:
    """Return a plan that serves all but `least` within `minutes`, and whether one may exist."""
    limit = np.full(len(core.rows), minutes)
    open_rows = core.fixed_minutes > minutes
    if least <= 0:
        rows = np.flatnonzero(open_rows)
        near = core.travel.rows(rows).within(limit[rows])[:, core.free]
        cover = solve_cover(
            near, clock, at_most=core.sites, seed=settings.seed, threads=settings.threads
        )
        if len(cover.chosen) <= core.sites:
            return cover.chosen, True
        return None, cover.bound <= core.sites
    base = np.where(open_rows, core.weight, 0.0)
    costs = Costs(core.travel, core.free, core.weight, base, limit)
    goal = Goal(0.0, float(core.weight.sum()))
    result = solve_median(costs, core.sites, goal, clock, seed=settings.seed)
    allowed = least * (1 + EXACT) + EXACT
    if result.value <= allowed:
        return result.chosen, True
    return None, result.bound <= allowed
