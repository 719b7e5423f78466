"""Which of many nearly equal plans to suggest: least travel, then towns before villages.

The best coverage of so many sites comes from `socaccess.siting`, with its bound. Among the plans
that cover as many within a tolerance the one with the least travel is taken, and from those whose
travel is as little within the tolerance the one with the fewest sites in villages. Plans of one
or two sites are all looked at; larger ones are reached by exchanging one site at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from socaccess.siting import CoverPoint, SitingProblem, draw_cover_curve
from socaccess.study.sizing import LEAST_GAIN

__all__ = ["Candidates", "Chosen", "choose_plan", "move_site"]

# Of plans of two sites all are looked at; more are too many to.
_ALL = 2
TOWN_SLACK = 0.2
"""By how much, as a share, the low estimate of a site in a town may fall short of what it needs."""
_EQUAL_SHARE = 0.8
"""An equally good place reaches at least this share of the same persons."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """A siting question as arrays: clients x candidates, minutes; persons with no way have inf.

    `limits_min` is the limit with times longer, as they are, and shorter; `village` 0 for a
    candidate in a town, 1 in a village where a service stands already, 2 in another; `least` are
    the fewest persons a site must bring within the limit, whichever of the three holds; `lost` the
    persons whom nothing reaches, who are no clients here.
    """

    service: str
    site_ids: np.ndarray
    minutes: np.ndarray
    base_min: np.ndarray
    persons: np.ndarray
    limits_min: tuple[float, float, float]
    village: np.ndarray
    least: float
    lost: float = 0.0

    @classmethod
    def of(
        cls,
        service: str,
        problem: SitingProblem,
        limits_min: tuple[float, float, float],
        village: dict[str, int],
        least: float,
    ) -> Candidates:
        """Return the candidates of a posed question; its existing sites are the base."""
        ids = np.array(problem.site_ids, dtype=object)
        existing = np.isin(ids, list(problem.existing))
        forbidden = np.isin(ids, list(problem.forbidden))
        minutes = np.asarray(problem.travel_min, dtype=float)
        minutes = np.where(np.isnan(minutes), np.inf, minutes)
        persons = np.asarray(problem.persons, dtype=float)
        # Whom nothing reaches no plan helps.
        used = (persons > 0) & np.isfinite(minutes).any(axis=1)
        free = ~existing & ~forbidden
        return cls(
            service=service,
            site_ids=ids[free],
            minutes=minutes[np.ix_(used, free)],
            base_min=minutes[np.ix_(used, existing)].min(axis=1, initial=np.inf),
            persons=persons[used],
            limits_min=limits_min,
            village=np.array([village.get(name, 2) for name in ids[free]]),
            least=least,
            lost=float(persons[~used].sum()),
        )

    @property
    def limit_min(self) -> float:
        """The limit with times as they are."""
        return self.limits_min[1]

    def after(self, chosen: list[int]) -> np.ndarray:
        """Return everyone's minutes to the nearest once `chosen` are open."""
        return np.minimum(self.base_min, self.minutes[:, chosen].min(axis=1, initial=np.inf))

    def count_near(self, minutes: np.ndarray, limit_min: float | None = None) -> float:
        """Return the persons within the limit, itself included."""
        limit = self.limit_min if limit_min is None else limit_min
        return float(self.persons[minutes <= limit].sum())

    def count_gains(self, before_min: np.ndarray, sites: list[int]) -> np.ndarray:
        """Return whom each of some sites brings within each limit, shape (3, sites)."""
        nearer = np.minimum(before_min[:, None], self.minutes[:, sites])
        return np.stack(
            [
                self.persons @ ((before_min > limit)[:, None] & (nearer <= limit))
                for limit in self.limits_min
            ]
        )

    def rank(self, chosen: list[int]) -> list[tuple[int, np.ndarray]]:
        """Return the chosen, who gains most on those before first, each with its three gains."""
        left, ranked = sorted(chosen), []
        minutes = self.base_min
        while left:
            gains = self.count_gains(minutes, left)
            best = int(np.argmax(gains[1]))
            minutes = np.minimum(minutes, self.minutes[:, left[best]])
            ranked.append((left.pop(best), gains[:, best]))
        return ranked

    def is_viable(self, chosen: list[int], slack: float = 0.0) -> bool:
        """Return whether every site brings as many persons as it needs, at the least too.

        Persons are whole: half a one more or less is nobody. The low estimate may fall short by
        `slack`, a share.
        """
        low = max((1.0 - slack) * self.least, min(self.least, LEAST_GAIN)) - 0.5
        return all(
            gains[1] >= self.least - 1e-9 and gains.min() >= low for _, gains in self.rank(chosen)
        )

    def draw_curve(self, most: int, seconds: float) -> list[CoverPoint]:
        """Return whom one site covers at the most, two, three: while each brings enough."""
        base = self.count_near(self.base_min)
        beyond = self.base_min > self.limit_min
        curve = draw_cover_curve(
            self.minutes[beyond] <= self.limit_min,
            self.persons[beyond],
            most=most,
            least_gain=self.least,
            time_limit_s=seconds,
        )
        return [
            replace(point, covered=base + point.covered, bound=base + point.bound)
            for point in curve
        ]

    def find_next(self, chosen: list[int]) -> tuple[int, np.ndarray] | None:
        """Return the site that would help most beside the chosen, a town if one is as good."""
        sites = list(range(len(self.site_ids)))
        gains = self.count_gains(self.after(chosen), sites)
        if not gains[1].max(initial=0.0) > 0:
            return None
        close = np.flatnonzero(gains[1] >= _EQUAL_SHARE * gains[1].max())
        best = min(close.tolist(), key=lambda at: (self.village[at], -gains[1][at], at))
        return best, gains[:, best]

    @cached_property
    def _near(self) -> np.ndarray:
        at_base = self.base_min <= self.limit_min
        return np.logical_or(self.minutes <= self.limit_min, at_base[:, None])

    @cached_property
    def _costs(self) -> np.ndarray:
        """Person-minutes each client has with one candidate open; nowhere to go costs most."""
        finite = self.minutes[np.isfinite(self.minutes)]
        far = 4.0 * (1.0 + float(finite.max(initial=0.0)))
        minutes = np.minimum(self.minutes, np.minimum(self.base_min, far)[:, None])
        return minutes * self.persons[:, None]

    def weigh_exchanges(self, rest: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return persons within the limit and person-minutes with each one beside `rest`."""
        near: np.ndarray = self._near
        costs: np.ndarray = self._costs
        if rest:
            near = np.logical_or(near, np.any(near[:, rest], axis=1, keepdims=True))
            costs = np.minimum(costs, costs[:, rest].min(axis=1)[:, None])
        return self.persons @ near, costs.sum(axis=0)


@dataclass(frozen=True, eq=False)
class Chosen:
    """The plan suggested: its sites, the one that gains most first, and what is as good.

    `travel` and `least_travel` are person-minutes of the plan and of the best within the
    tolerance, `most_travel` what a plan may have at most; `is_whole` says that every plan was
    looked at. `equals` has for each site the places that would do as well in its stead, the best
    first.
    """

    sites: list[int]
    covered: float
    travel: float
    least_travel: float
    most_travel: float
    is_whole: bool
    equals: dict[int, list[int]]


def choose_plan(
    candidates: Candidates, start: list[int], floor: float, travel_tolerance: float
) -> Chosen | None:
    """Return the plan to suggest among those that cover at least `floor` persons.

    Parameters
    ----------
    candidates
        The question.
    start
        A plan that covers the most.
    floor
        Fewest persons within the limit, included.
    travel_tolerance
        By how much the travel may exceed the least, as a share, for a plan of towns.

    Returns
    -------
    Chosen or None
        None where no plan covers `floor` with sites that all bring as many as they must.
    """
    search = _Search(candidates, floor)
    first = search.improve(sorted(start), np.inf, towns=False)
    if first is None:
        return None
    least = search.travel(first)
    most = least * (1.0 + travel_tolerance)
    # A town may be chosen though its low estimate falls a little short.
    search = _Search(candidates, floor, TOWN_SLACK)
    starts = [first, *search.list_town_plans(len(start))]
    plans = [search.improve(plan, most, towns=True) for plan in starts]
    last = min(
        (plan for plan in plans if plan is not None),
        key=lambda plan: search.value(plan, towns=True),
    )
    return _describe(search, last, least, most)


def move_site(candidates: Candidates, plan: Chosen, site: int, to: int, floor: float) -> Chosen:
    """Return a plan with one site moved to one of its `equals`."""
    sites = [to if other == site else other for other in plan.sites]
    search = _Search(candidates, floor, TOWN_SLACK)
    return _describe(search, sites, plan.least_travel, plan.most_travel)


def _describe(search: _Search, sites: list[int], least: float, most: float) -> Chosen:
    ranked = [site for site, _ in search.candidates.rank(sites)]
    return Chosen(
        ranked,
        search.candidates.count_near(search.candidates.after(sites)),
        search.travel(sites),
        least,
        most,
        len(sites) <= _ALL,
        {site: search.list_equals(sites, site, most) for site in ranked},
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """Looks for plans of a fixed number of sites that keep the floor."""

    candidates: Candidates
    floor: float
    slack: float = 0.0

    def travel(self, sites: list[int]) -> float:
        """Return the person-minutes of a plan."""
        return float(self.candidates.weigh_exchanges(sites[1:])[1][sites[0]])

    def value(self, sites: list[int], *, towns: bool) -> tuple[float, float]:
        """Return what counts of a plan, less is better."""
        villages = float(self.candidates.village[sites].sum()) if towns else 0.0
        return villages, self.travel(sites)

    def improve(self, start: list[int], most_travel: float, *, towns: bool) -> list[int] | None:
        """Return the best plan, in order of least travel or, with `towns`, of fewest villages."""
        if len(start) == _ALL:
            return self._try_all(most_travel, towns=towns)
        best = start if self._is_allowed(start, most_travel) else None
        worth = self.value(start, towns=towns) if best else (np.inf, np.inf)
        while True:
            found = self._exchange(best or start, worth, most_travel, towns=towns)
            if found is None:
                return best
            best, worth = found, self.value(found, towns=towns)

    def list_town_plans(self, count: int) -> list[list[int]]:
        """Return a plan of towns alone that covers as many as exchanges of one reach, if enough."""
        towns = np.flatnonzero(self.candidates.village == 0)
        if count <= _ALL or len(towns) < count:
            return []
        plan: list[int] = []
        while len(plan) < count:
            covered = self.candidates.weigh_exchanges(plan)[0][towns]
            covered[np.isin(towns, plan)] = -1.0
            plan.append(int(towns[covered.argmax()]))
        best = -1.0
        while True:
            options = []
            for site in plan:
                rest = [other for other in plan if other != site]
                covered = self.candidates.weigh_exchanges(rest)[0][towns]
                covered[np.isin(towns, rest)] = -1.0
                options.append(
                    (float(covered.max()), sorted([*rest, int(towns[covered.argmax()])]))
                )
            value, found = max(options)
            if value <= best + 1e-9:
                return [sorted(plan)] if best >= self.floor - 1e-9 else []
            best, plan = value, found

    def _is_allowed(self, sites: list[int], most_travel: float) -> bool:
        held = self.candidates.count_near(self.candidates.after(sites))
        return (
            held >= self.floor - 1e-9
            and self.travel(sites) <= most_travel
            and self.candidates.is_viable(sites, self.slack)
        )

    def _exchange(
        self, sites: list[int], worth: tuple[float, float], most_travel: float, *, towns: bool
    ) -> list[int] | None:
        """Return the best plan one exchange away that is better than `worth`."""
        options = []
        for site in sites:
            rest = [other for other in sites if other != site]
            options += self._list_options(rest, most_travel, towns=towns)
        return self._take_first(options, worth)

    def _try_all(self, most_travel: float, *, towns: bool) -> list[int] | None:
        options = []
        for site in range(len(self.candidates.site_ids) - 1):
            options += self._list_options([site], most_travel, towns=towns, above=site)
        return self._take_first(options, (np.inf, np.inf))

    def _list_options(
        self, rest: list[int], most_travel: float, *, towns: bool, above: int = -1
    ) -> list[tuple[float, float, list[int]]]:
        covered, travel = self.candidates.weigh_exchanges(rest)
        allowed = (covered >= self.floor - 1e-9) & (travel <= most_travel)
        allowed[rest] = False
        allowed[: above + 1] = False
        villages = self.candidates.village
        before = float(villages[rest].sum())
        return [
            (before + float(villages[at]) if towns else 0.0, float(travel[at]), sorted([*rest, at]))
            for at in np.flatnonzero(allowed).tolist()
        ]

    def _take_first(
        self, options: list[tuple[float, float, list[int]]], worth: tuple[float, float]
    ) -> list[int] | None:
        for villages, travel, sites in sorted(options):
            if (villages, travel) >= (worth[0], worth[1] - 1e-6):
                return None
            if self.candidates.is_viable(sites, self.slack):
                return sites
        return None

    def list_equals(self, sites: list[int], site: int, most_travel: float) -> list[int]:
        """Return the places that would do as well in the stead of one site."""
        who = self.candidates
        rest = [other for other in sites if other != site]
        before = who.after(rest)
        mine = (before > who.limit_min) & (who.minutes[:, site] <= who.limit_min)
        reached = who.persons[mine]
        same = reached @ (who.minutes[mine] <= who.limit_min)
        options = self._list_options(rest, most_travel, towns=True)
        enough = same >= _EQUAL_SHARE * float(reached.sum()) - 1e-9
        found = []
        for _, _, plan in sorted(options):
            (at,) = set(plan) - set(rest)
            if at != site and enough[at] and who.is_viable(plan, self.slack):
                found.append(at)
        return found
