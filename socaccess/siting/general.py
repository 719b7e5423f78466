"""Any combination of options as one mixed-integer programme.

Two forms. Where nobody cares who is served where, costs are a chain of nested sets (see `chain`)
and coverage one variable per row. With capacity or a least number of clients the shares
`x[row, column]` of persons are variables themselves. Conditions on the open sites are the same in
both; they are gathered in groups (`constraint_groups`), so that a conflict has a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from socaccess.siting.answer import Answer
from socaccess.siting.chain import add_sets, build_chain
from socaccess.siting.decile import WORST_SHARE
from socaccess.siting.instance import Instance
from socaccess.siting.options import CATCHMENT_OBJECTIVES
from socaccess.siting.plain import faded_share
from socaccess.siting.problem import SitingProblem
from socaccess.siting.solver import LinearModel

__all__ = ["Aim", "GeneralModel", "has_capacity", "needs_flow"]

# Ten times the tolerance of the solver: at its edge a level just kept was called impossible.
LEVEL_MARGIN = 1e-5


@dataclass(frozen=True)
class Aim:
    """What is minimised and which levels are kept.

    `kind` is `unserved` (weight of rows not served within `reach_min`), `minutes`, `faded` (share
    not covered), `sites` (new sites, with everybody who can be served within the reach served),
    `late` (as `unserved`, but whoever is beyond the reach may be served all the same), `nothing`
    (any plan, serving within the reach), `farthest` (mean minutes of the tenth of served persons
    who are farthest away), `expected` (who is covered while sites are busy) or
    `preferred` (new sites that are preferred, with at most `most_minutes` of travel). `levels`
    are pairs of minutes, one for all or one per row, and the weight of rows that may be served
    later than that or not at all.
    """

    kind: str
    reach_min: np.ndarray
    levels: tuple[tuple[float | np.ndarray, float], ...] = ()
    robust: str = ""
    best_of_part: tuple[float, ...] = ()
    most_minutes: float = np.inf


def has_capacity(problem: SitingProblem) -> bool:
    """Return whether a site turns persons away when its places are taken."""
    if problem.objective in CATCHMENT_OBJECTIVES:
        return False
    capacity = [problem.places, problem.max_places, problem.max_growth]
    capacity += [value for s in problem.services for value in (s.places, s.max_places)]
    return any(value is not None for value in capacity)


def needs_flow(problem: SitingProblem) -> bool:
    """Return whether who is served where matters beyond the nearest site."""
    priced = problem.budget is not None and problem.cost_per_place > 0
    return has_capacity(problem) or priced


@dataclass
class GeneralModel:
    """The programme of one problem and aim, with the variables an answer is read from."""

    problem: SitingProblem
    instance: Instance
    aim: Aim
    active: frozenset[str]
    elastic: str = ""
    model: LinearModel = field(default_factory=LinearModel)
    constant: float = 0.0
    slack: int = -1
    weight: np.ndarray = field(init=False)
    rows: np.ndarray = field(init=False)
    is_flow: bool = field(init=False)
    y: np.ndarray = field(init=False)
    u: np.ndarray = field(init=False)
    x: np.ndarray = field(init=False)
    pair_row: np.ndarray = field(init=False)
    pair_column: np.ndarray = field(init=False)
    pair_minutes: np.ndarray = field(init=False)
    roof_sites: np.ndarray = field(init=False)
    roofs: np.ndarray = field(init=False)
    built: np.ndarray = field(init=False)
    worst: np.ndarray | None = field(init=False, default=None)
    _nearest: tuple[np.ndarray, np.ndarray, np.ndarray] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        instance = self.instance
        self.weight = instance.persons * instance.weight
        self.rows = np.flatnonzero(instance.persons > 0)
        state = instance.state
        lower = (state == "fixed").astype(float)
        upper = (state != "shut").astype(float)
        # The worst scenario's minutes need everybody's own; the chain adds them up.
        worst_minutes = bool(self.aim.robust) and self.aim.kind == "minutes"
        self.is_flow = needs_flow(self.problem) or worst_minutes or self.aim.kind == "farthest"
        if self.aim.kind == "farthest":
            # Whoever is nearer already than the tenth can ever be is of no account.
            self.rows = self.rows[instance.fixed_minutes[self.rows] > self._least_tenth]
        self.y = self.model.add_columns(len(state), lower=lower, upper=upper, integer=True)
        if self.is_flow:
            self._add_flow()
        else:
            self._add_covers()

    def open_columns(self, plan: Answer) -> np.ndarray:
        """Return which columns are open in `plan`."""
        is_open = self.instance.state != "free"
        is_open &= self.instance.state != "shut"
        is_open[plan.opened] = True
        is_open[plan.closed] = False
        return is_open

    def exclude(self, plan: Answer, apart: int = 0) -> None:
        """Forbid to open and close just what `plan` opens and closes.

        With `apart`, at least so many of its new sites are others, all where it has fewer.
        """
        if apart:
            most = float(max(0, len(plan.opened) - apart))
            new = self.y[plan.opened]
            self.model.add_rows(np.zeros(len(new), int), new, 1.0, lower=[-np.inf], upper=[most])
            return
        choice = np.union1d(self.instance.free, self.instance.closable)
        is_open = self.open_columns(plan)[choice]
        self.model.add_rows(
            np.zeros(len(choice), dtype=int),
            self.y[choice],
            np.where(is_open, -1.0, 1.0),
            lower=[1.0 - float(is_open.sum())],
            upper=[np.inf],
        )

    def _add_flow(self) -> None:
        """Add the shares of every row at every column within reach, and what is left unserved."""
        instance, rows = self.instance, self.rows
        travel = instance.travel.rows(rows)
        position, column, minutes = travel.pairs()
        usable = (instance.state != "shut")[column]
        usable &= minutes <= self._horizon()[rows][position]
        if self.aim.kind == "farthest":
            usable &= minutes <= instance.fixed_minutes[rows][position]
        position, column, minutes = position[usable], column[usable], minutes[usable]
        nearest = None
        if self.problem.assignment == "nearest":
            nearest = self._find(self.nearest_shares(), position, column)
            known = nearest >= 0
            position, column, minutes = position[known], column[known], minutes[known]
            nearest = nearest[known]
        self.pair_row, self.pair_column, self.pair_minutes = rows[position], column, minutes
        count = len(position)
        model = self.model
        whole = self.problem.assignment != "shared" and needs_flow(self.problem)
        self.x = model.add_columns(count, integer=whole)
        self.u = model.add_columns(len(rows))
        both = np.concatenate([position, np.arange(len(rows))])
        model.add_rows(
            both, np.concatenate([self.x, self.u]), 1.0, lower=np.ones(len(rows)), upper=1.0
        )
        for most in (self.y[column],) if nearest is None else (self.y[column], nearest):
            self._keep_below(self.x, most)

    def _keep_below(self, variables: np.ndarray, most: np.ndarray, sign: float = -1.0) -> None:
        """Keep each variable at most another; with a `sign` of 1, one of the two at 0."""
        count = len(variables)
        self.model.add_rows(
            np.tile(np.arange(count), 2),
            np.concatenate([variables, most]),
            np.repeat([1.0, sign], count),
            lower=-np.inf,
            upper=np.full(count, max(sign, 0.0)),
        )

    def nearest_shares(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return positions of `rows`, columns and variables: 1 where it is the nearest open one.

        Nobody passes an open site: what goes on beyond it is nothing (Wagner, Falkson 1975).
        """
        if self._nearest is not None:
            return self._nearest
        instance, model = self.instance, self.model
        position, column, minutes = instance.travel.rows(self.rows).pairs()
        usable = (instance.state != "shut")[column]
        position, column, minutes = position[usable], column[usable], minutes[usable]
        order = np.lexsort((column, minutes, position))
        position, column = position[order], column[order]
        # Nobody passes the nearest site that is always open.
        fixed = (instance.state == "fixed")[column].astype(np.int64)
        start = np.searchsorted(position, np.arange(len(self.rows)))
        seen = np.cumsum(fixed) - fixed
        keep = seen == np.append(seen, 0)[np.minimum(start, len(seen))][position]
        position, column = position[keep], column[keep]
        count = len(position)
        goes, beyond = model.add_columns(count), model.add_columns(count)
        each = np.arange(count)
        first = np.ones(count, dtype=bool)
        first[1:] = position[1:] != position[:-1]
        later = np.flatnonzero(~first)
        # What goes beyond a site is what came beyond the one before, less who stays.
        model.add_rows(
            np.concatenate([each, each, later]),
            np.concatenate([goes, beyond, beyond[later - 1]]),
            np.concatenate([np.ones(2 * count), -np.ones(len(later))]),
            lower=first.astype(float),
            upper=first.astype(float),
        )
        self._keep_below(beyond, self.y[column], 1.0)
        self._keep_below(goes, self.y[column])
        self._nearest = (position, column, goes)
        return self._nearest

    def _find(
        self, shares: tuple[np.ndarray, ...], position: np.ndarray, column: np.ndarray
    ) -> np.ndarray:
        """Return the variable of each pair, -1 where it has none."""
        there, where, variable = shares
        if not len(variable):
            return np.full(len(position), -1)
        key, wanted = there * len(self.y) + where, position * len(self.y) + column
        order = np.argsort(key)
        found = np.searchsorted(key, wanted, sorter=order).clip(max=len(key) - 1)
        return np.where(key[order[found]] == wanted, variable[order[found]], -1)

    def _horizon(self) -> np.ndarray:
        """Return how far each row may be served at all."""
        if self.aim.kind in ("unserved", "sites", "nothing", "expected"):
            return self.aim.reach_min
        if self.aim.kind == "faded":
            return np.full(len(self.weight), float(self.problem.fade_min or 0.0))
        return np.full(len(self.weight), np.inf)

    def _add_covers(self) -> None:
        """Add one variable per row: 1 when nothing is open within the reach."""
        times = self.problem.cover_times if self.aim.kind in ("unserved", "sites") else 1
        self.u = self._unserved_within(self.aim.reach_min, times)

    def _unserved_within(self, reach_min: np.ndarray, times: int = 1) -> np.ndarray:
        """Return variables of the rows: 1 where fewer than `times` sites within reach are open."""
        rows = self.rows
        near = self.instance.travel.rows(rows).within(reach_min[rows])
        position = np.repeat(np.arange(len(rows)), np.diff(near.indptr))
        missed = self.model.add_columns(len(rows), integer=times > 1)
        least = np.full(len(rows), float(times))
        if self.aim.kind == "sites":
            # Whoever has fewer near needs them all.
            may_open = self.instance.state[near.indices] != "shut"
            there = np.bincount(position, may_open, minlength=len(rows))
            least = np.clip(there, 1.0, least)
        self.model.add_rows(
            np.concatenate([position, np.arange(len(rows))]),
            np.concatenate([self.y[near.indices], missed]),
            np.concatenate([np.ones(len(position)), least]),
            lower=least,
            upper=np.inf,
        )
        return missed

    def covered_terms(
        self, limit_min: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Return positions, variables and factors whose sum, with the constant, is who is covered.

        Positions are those of `rows`; each row's sum is its covered share.
        """
        count = len(self.rows)
        if self.is_flow:
            near = self.pair_minutes <= limit_min[self.pair_row]
            position = np.searchsorted(self.rows, self.pair_row[near])
            return position, self.x[near], np.ones(int(near.sum())), 0.0
        if np.array_equal(limit_min, self.aim.reach_min):
            return np.arange(count), self.u, -np.ones(count), 1.0
        return np.arange(count), self._unserved_within(limit_min), -np.ones(count), 1.0

    def add_levels(self) -> None:
        """Keep the levels of the aim."""
        weight = self.weight[self.rows]
        for minutes, allowed in self.aim.levels:
            limit = np.broadcast_to(np.asarray(minutes, dtype=float), self.weight.shape)
            position, variable, factor, constant = self.covered_terms(limit)
            if allowed <= LEVEL_MARGIN:
                # Nobody may be left: said of each row, it is sharper and easier on the solver.
                least = np.where(weight > 0, 1.0 - constant, -np.inf)
                self.model.add_rows(position, variable, factor, lower=least, upper=np.inf)
                continue
            margin = LEVEL_MARGIN * max(1.0, allowed / 1000.0)
            self.model.add_rows(
                np.zeros(len(variable), dtype=int),
                variable,
                weight[position] * factor,
                lower=[weight.sum() * (1.0 - constant) - allowed - margin],
                upper=[np.inf],
            )

    def add_objective(self) -> None:
        """Minimise what the aim asks for."""
        if self.elastic:
            self.model.costs = [np.zeros(len(cost)) for cost in self.model.costs]
            self._cost(np.array([self.slack]), np.ones(1))
            return
        kind, rows = self.aim.kind, self.rows
        weight = self.weight[rows]
        if kind == "sites":
            self._cost(self.roofs, np.ones(len(self.roofs)))
        elif kind == "preferred":
            self._add_travel_cost("minutes")
            self._keep_minutes()
            wanted = np.isin(np.array(self.problem.site_ids, object), list(self.problem.preferred))
            self._cost(self.roofs, -wanted[self.roof_sites].astype(float))
        elif kind == "expected":
            self._add_expected(weight)
        elif kind == "unserved":
            self._add_parts(self.instance.row_part[rows], self.u, weight, -self._part_totals())
        elif kind == "late":
            position, variable, factor, constant = self.covered_terms(self.aim.reach_min)
            self._cost(variable, -weight[position] * factor)
            self.constant -= constant * float(weight.sum())
        elif kind in ("minutes", "faded"):
            self._add_travel_cost(kind)
        elif kind == "farthest":
            self._add_farthest()

    def _keep_minutes(self) -> None:
        """Turn the costs of travel into a row that keeps them low enough."""
        cost = np.concatenate(self.model.costs)
        used = np.flatnonzero(cost)
        most = self.aim.most_minutes * (1.0 + 1e-9) - self.constant
        self.model.add_rows(np.zeros(len(used), int), used, cost[used], lower=-np.inf, upper=[most])
        self.model.costs, self.constant = [np.zeros_like(cost)], 0.0

    @cached_property
    def _least_tenth(self) -> float:
        """Minutes beyond which a tenth of all is even when everything that may open is open."""
        best = self.instance.best_minutes
        served = np.isfinite(best) & (self.weight > 0)
        hopeless = float(self.weight[~served].sum())
        if not self.instance.is_plain or self._unserved > hopeless * (1.0 + 1e-9) + 1e-9:
            return -np.inf
        order = np.argsort(-best[served], kind="stable")
        up_to = np.cumsum(self.weight[served][order])
        if not len(up_to):
            return -np.inf
        at = int(np.searchsorted(up_to, WORST_SHARE * up_to[-1] * (1.0 + 1e-9)))
        return float(best[served][order][min(at, len(up_to) - 1)])

    @property
    def _unserved(self) -> float:
        """Weight of rows that the aim allows not to be served at all."""
        return sum(allowed for minutes, allowed in self.aim.levels if np.all(minutes == np.inf))

    def _add_farthest(self) -> None:
        """Minimise a time and what the farthest tenth is beyond it in the mean [1]_.

        References
        ----------
        .. [1] Rockafellar, Uryasev (2000), Optimization of conditional value-at-risk, Journal of
           Risk 2.
        """
        count, weight = len(self.rows), self.weight[self.rows]
        tail = WORST_SHARE * max(float(self.weight.sum()) - self._unserved, 1e-9)
        lowest = max(0.0, self._least_tenth)
        time = self.model.add_columns(1, lower=lowest, upper=np.inf, cost=1.0)
        beyond = self.model.add_columns(count, upper=np.inf, cost=weight / tail)
        position, each = np.searchsorted(self.rows, self.pair_row), np.arange(count)
        self.model.add_rows(
            np.concatenate([position, each, each]),
            np.concatenate([self.x, beyond, np.repeat(time, count)]),
            np.concatenate([-self.pair_minutes, np.ones(2 * count)]),
            lower=np.zeros(count),
            upper=np.inf,
        )

    def _add_expected(self, weight: np.ndarray) -> None:
        """Count a person with k open sites near as `1 - busy ** k`, one variable for each k."""
        instance, busy = self.instance, float(self.problem.busy_share or 0.0)
        near = instance.travel.rows(self.rows).within(instance.limit_min[self.rows])
        row = np.repeat(np.arange(len(self.rows)), np.diff(near.indptr))
        open_now = instance.state[near.indices] != "shut"
        row, column = row[open_now], near.indices[open_now]
        start = np.searchsorted(row, np.arange(len(self.rows)))
        rank = np.arange(len(row)) - start[row]
        found = self.model.add_columns(len(row))
        self.model.add_rows(
            np.concatenate([row, row]),
            np.concatenate([found, self.y[column]]),
            np.repeat([1.0, -1.0], len(row)),
            lower=-np.inf,
            upper=np.zeros(len(self.rows)),
        )
        worth = weight[row] * (1.0 - busy) * busy ** rank.astype(float)
        parts = instance.row_part[self.rows][row]
        self._add_parts(parts, found, -worth, np.zeros(instance.part_count))

    def _add_travel_cost(self, kind: str) -> None:
        rows = self.rows
        weight = self.weight[rows]
        shift = -self._part_totals() if kind == "faded" else np.zeros(self.instance.part_count)
        if self.is_flow:
            value = self.pair_minutes
            if kind == "faded":
                limit = self.instance.limit_min[self.pair_row]
                value = faded_share(value, limit, float(self.problem.fade_min or 0.0))
                unserved = weight
            else:
                unserved = np.zeros(len(rows)) if self.aim.robust else weight * self._penalty()
            variable = np.concatenate([self.x, self.u])
            cost = np.concatenate([self.weight[self.pair_row] * value, unserved])
            part = self.instance.row_part[np.concatenate([self.pair_row, rows])]
            self._add_parts(part, variable, cost, shift)
            if kind == "minutes" and not self.aim.robust:
                self._take_penalty_off()
            return
        for part in range(self.instance.part_count):
            own = rows[self.instance.row_part[rows] == part]
            minutes = self.instance.travel.rows(own).columns(np.arange(len(self.y)))
            open_now = self.instance.state == "fixed"
            minutes[:, self.instance.state == "shut"] = np.inf
            if kind == "faded":
                limit = self.instance.limit_min[own]
                minutes = faded_share(minutes, limit[:, None], float(self.problem.fade_min or 0.0))
                penalty = 1.0
            else:
                penalty = self._penalty()
            own_weight = self.weight[own]
            base = own_weight * np.minimum(
                penalty, minutes[:, open_now].min(axis=1, initial=np.inf)
            )
            chosen = own_weight > 0
            cost = own_weight[chosen, None] * minutes[chosen][:, ~open_now]
            self._add_chain(part, cost, base[chosen], np.flatnonzero(~open_now), shift[part])
        if kind == "minutes":
            self._take_penalty_off()

    def _penalty(self) -> float:
        """Return minutes nobody would trade for being served."""
        # Ten times the longest: freeing capacity may bring more than one person nearer.
        return 10.0 * (1.0 + self.instance.travel.longest())

    def _take_penalty_off(self) -> None:
        """Take off what those cost who stay unserved; the level row fixes how many they are."""
        unserved = sum(allowed for minutes, allowed in self.aim.levels if np.all(minutes == np.inf))
        self.constant -= self._penalty() * float(unserved)

    def _add_chain(
        self, part: int, cost: np.ndarray, base: np.ndarray, columns: np.ndarray, shift: float
    ) -> None:
        chain = build_chain(cost, base)
        missed = add_sets(self.model, chain, self.y[columns])
        shifts = np.zeros(self.instance.part_count)
        shifts[part] = shift + chain.constant
        self._add_parts(np.full(len(missed), part), missed, chain.step, shifts, only=part)

    def _part_totals(self) -> np.ndarray:
        part = self.instance.row_part[self.rows]
        return np.bincount(part, self.weight[self.rows], minlength=self.instance.part_count)

    def _add_parts(
        self,
        part: np.ndarray,
        variable: np.ndarray,
        cost: np.ndarray,
        shift: np.ndarray,
        only: int | None = None,
    ) -> None:
        """Minimise the sum of costs, or under a robust aim the largest sum of a part.

        `shift` is added to each part's sum; the covered persons are told as negative costs.
        """
        if not self.aim.robust:
            self._cost(variable, cost)
            self.constant += float(shift.sum())
            return
        if self.worst is None:
            self.worst = self.model.add_columns(1, lower=-np.inf, upper=np.inf)
            self._cost(self.worst, np.ones(1))
        best = self.aim.best_of_part or (0.0,) * self.instance.part_count
        for number in range(self.instance.part_count) if only is None else (only,):
            own = part == number
            self.model.add_rows(
                np.zeros(int(own.sum()) + 1, dtype=int),
                np.concatenate([variable[own], self.worst]),
                np.concatenate([cost[own], [-1.0]]),
                lower=[-np.inf],
                upper=[float(best[number] - shift[number])],
            )

    def _cost(self, variables: np.ndarray, costs: np.ndarray | Sequence[float]) -> None:
        """Set the costs of variables that are there already."""
        flat = np.concatenate(self.model.costs)
        flat[variables] += costs
        self.model.costs = [flat]
