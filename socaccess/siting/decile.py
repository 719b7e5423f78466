"""The mean way of the tenth who are farthest away, made as short as can be proved.

With a time given, the tenth's mean is at most that time and a tenth's share of what everybody is
beyond it; with the right time it is just that [1]_. A time given, what is beyond it is a p-median.
So the times are halved, each half bounded by the p-median at its end and by how many must at least
be beyond it.

References
----------
.. [1] Rockafellar, Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2.
"""

from __future__ import annotations

import heapq

import numpy as np

from socaccess.siting.certificate import Goal
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.median import solve_median
from socaccess.siting.plain import Core, Settings
from socaccess.siting.travel import Travel

__all__ = ["WORST_SHARE", "mean_of_farthest", "shorten_farthest"]

WORST_SHARE = 0.1
"""Part of the persons whose minutes count."""

COVER_GAP = 1e-3


def mean_of_farthest(persons: np.ndarray, minutes: np.ndarray) -> float:
    """Return the mean minutes of the tenth of persons who are farthest away.

    Examples
    --------
    >>> mean_of_farthest(np.array([8.0, 1.0, 1.0]), np.array([5.0, 40.0, 19.0]))
    40.0
    """
    order = np.argsort(-minutes, kind="stable")
    tail = WORST_SHARE * float(persons.sum())
    if tail <= 0:
        return 0.0
    up_to = np.minimum(np.cumsum(persons[order]), tail)
    return float(np.diff(up_to, prepend=0.0) @ minutes[order]) / tail


def shorten_farthest(
    core: Core, settings: Settings, clock: Clock
) -> tuple[np.ndarray, float, float] | None:
    """Return the plan (positions among the free sites), the tenth's mean minutes and a bound.

    None where it depends on the plan who is served at all, or sites lie far apart in a sparse
    table: those are questions for the programme.
    """
    if core.travel.is_sparse or core.sites < 1 or not len(core.rows):
        return None
    anywhere = np.isfinite(core.travel.minutes[:, core.free]).all()
    if not anywhere and not np.isfinite(core.fixed_minutes).all():
        return None
    search = _Halving(core, settings, clock)
    return search.run()


class _Halving:
    """Times between which the tenth begins, halved: the best plan and what each half can hold."""

    def __init__(self, core: Core, settings: Settings, clock: Clock) -> None:
        self.core, self.settings, self.clock = core, settings, clock
        self.minutes = core.travel.minutes
        far = 1.0 + core.travel.longest()
        self.fixed = np.minimum(core.fixed_minutes, far)
        self.tail = WORST_SHARE * float(core.weight.sum())
        self.plan, self.value = np.zeros(0, dtype=np.int64), np.inf
        self.asked: dict[int, tuple[float, float]] = {}

    def run(self) -> tuple[np.ndarray, float, float]:
        """Return the plan, its value and the bound."""
        best = self.core.best_minutes()
        order = np.argsort(-best, kind="stable")
        up_to = np.cumsum(self.core.weight[order])
        at = int(np.searchsorted(up_to, self.tail * (1.0 + 1e-9)))
        lowest = float(best[order[min(at, len(order) - 1)]])
        self.times = np.array([lowest])
        self._ask(0)
        # The tenth begins no earlier than with everything open, no later than its mean is long.
        between = self.core.travel.times(self.core.free, lowest, self.value)
        fixed = self.fixed[(self.fixed >= lowest) & (self.fixed <= self.value)]
        self.times = np.unique(np.concatenate([[lowest], between, fixed, [self.value]]))
        last = len(self.times) - 1
        halves = [(self._bound(0, last), 0, last)]
        while not self.clock.is_over:
            bound, first, last = halves[0]
            if self.value - bound <= self.settings.gap * self.value or last <= first + 1:
                break
            heapq.heappop(halves)
            middle = float(self.times[first] + self.times[last]) / 2.0
            at = min(max(int(np.searchsorted(self.times, middle)), first + 1), last - 1)
            for half in ((first, at), (at, last)):
                heapq.heappush(halves, (max(bound, self._bound(*half)), *half))
        return self.plan, self.value, min(self.value, halves[0][0])

    def _bound(self, first: int, last: int) -> float:
        """Return what the tenth's mean is at least when it begins between two of the times."""
        (beyond, many), begin, end = self._ask(last), self.times[first], self.times[last]
        at_end = float(end) + beyond / self.tail
        if last <= first + 1:
            # Between neighbouring times every plan's mean changes evenly.
            return min(at_end, float(begin) + self._ask(first)[0] / self.tail)
        # Whoever is beyond the end is farther beyond any time before it.
        return min(at_end, float(begin) + (beyond + many * float(end - begin)) / self.tail)

    def _ask(self, at: int) -> tuple[float, float]:
        """Return what everybody is beyond a time in sum, and how many are, at the least."""
        if at in self.asked:
            return self.asked[at]
        core, time = self.core, float(self.times[at])
        base = core.weight * np.maximum(self.fixed - time, 0.0)
        costs = Costs(Travel(np.maximum(self.minutes - time, 0.0)), core.free, core.weight, base)
        goal = Goal(self.settings.gap / 4.0, -self.tail * time)
        found = solve_median(costs, core.sites, goal, self.clock, seed=self.settings.seed)
        near = np.minimum(
            self.fixed, self.minutes[:, core.free[found.chosen]].min(axis=1, initial=np.inf)
        )
        value = mean_of_farthest(core.weight, near)
        if value < self.value:
            self.plan, self.value = found.chosen, value
        base = np.where(self.fixed <= time, 0.0, core.weight)
        limit = np.full(len(core.rows), time)
        left = solve_median(
            Costs(core.travel, core.free, core.weight, base, limit),
            core.sites,
            Goal(COVER_GAP, float(core.weight.sum())),
            self.clock,
            seed=self.settings.seed,
        )
        self.asked[at] = (max(0.0, found.bound), max(0.0, left.bound))
        return self.asked[at]
