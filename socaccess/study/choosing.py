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

from socaccess.siting import Proved, SitingProblem, draw_cover_curve, find_least_travel
from socaccess.study.sizing import LEAST_GAIN

__all__ = ["Candidates", "Chosen", "choose_plan", "move_site"]

# Of plans of two sites all are looked at; more are too many to.
_ALL = 2
TRAVEL_GAP = 1e-3
"""Distance of bound and travel that counts as proved: far finer than any tolerance."""
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
        before, persons = before_min[self._beyond], self.persons[self._beyond]
        return np.stack(
            [
                within[sites] @ np.where(before > limit, persons, 0.0)
                for limit, within in zip(self.limits_min, self._within, strict=True)
            ]
        )

    @cached_property
    def _beyond(self) -> np.ndarray:
        """Clients whom the base has not within the shortest of the limits."""
        return np.flatnonzero(self.base_min > min(self.limits_min))

    @cached_property
    def _within(self) -> np.ndarray:
        """Whether a site has a client beyond within each limit, shape (3, sites, clients)."""
        minutes = np.ascontiguousarray(self.minutes[self._beyond].T)
        return np.stack([minutes <= limit for limit in self.limits_min])

    def rank(self, chosen: list[int]) -> list[tuple[int, np.ndarray]]:
        """Return the chosen, who gains most on those before first, each with its three gains."""
        sites, ranked = sorted(chosen), []
        left = np.ones(len(sites), dtype=bool)
        near = self._within[:, sites].astype(float)
        weights = self._late
        for _ in sites:
            gains = np.matmul(near, weights[:, :, None])[:, :, 0]
            best = int(np.argmax(np.where(left, gains[1], -1.0)))
            weights = weights * (1.0 - near[:, best])
            left[best] = False
            ranked.append((sites[best], gains[:, best]))
        return ranked

    @cached_property
    def _late(self) -> np.ndarray:
        """Persons beyond each limit without a candidate, shape (3, clients beyond)."""
        base, persons = self.base_min[self._beyond], self.persons[self._beyond]
        return np.stack([np.where(base > limit, persons, 0.0) for limit in self.limits_min])

    def _least_low(self, slack: float) -> float:
        """Return the fewest persons the low estimate of a site may bring.

        Persons are whole: half a one more or less is nobody.
        """
        return max((1.0 - slack) * self.least, min(self.least, LEAST_GAIN)) - 0.5

    def is_viable(self, chosen: list[int], slack: float = 0.0) -> bool:
        """Return whether every site brings as many persons as it needs, at the least too.

        The low estimate may fall short by `slack`, a share.
        """
        low = self._least_low(slack)
        return all(
            gains[1] >= self.least - 1e-9 and gains.min() >= low for _, gains in self.rank(chosen)
        )

    def list_pairs(self, floor: float, slack: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the plans of two sites that cover `floor` and are viable, as two arrays."""
        alone = self.count_gains(self.base_min, [*range(len(self.site_ids))])
        first, second = np.triu_indices(len(self.site_ids), 1)
        both = alone[:, first] + alone[:, second] - self._shared[:, first, second]
        held = self.count_near(self.base_min) + both[1]
        # The site that gains more by itself comes first.
        lead = np.where(alone[1][first] >= alone[1][second], first, second)
        led = both - alone[:, lead]
        enough = np.minimum(alone[1][lead], led[1]) >= self.least - 1e-9
        enough &= np.minimum(alone[:, lead], led).min(axis=0) >= self._least_low(slack)
        enough &= held >= floor - 1e-9
        return first[enough], second[enough]

    @cached_property
    def _shared(self) -> np.ndarray:
        """Persons whom both of two sites bring within each limit, shape (3, sites, sites)."""
        near = [within.astype(float) for within in self._within]
        return np.stack([(one * late) @ one.T for one, late in zip(near, self._late, strict=True)])

    def draw_curve(self, most: int, seconds: float) -> list[Proved]:
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
            replace(point, value=base + point.value, bound=base + point.bound) for point in curve
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
    def _base_costs(self) -> np.ndarray:
        """Person-minutes of each client without any candidate; nowhere to go costs most."""
        finite = self.minutes[np.isfinite(self.minutes)]
        far = 4.0 * (1.0 + float(finite.max(initial=0.0)))
        return np.minimum(self.base_min, far) * self.persons

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Client, site, person-minutes and whether within the limit, where nearer than the base."""
        client, site = np.nonzero(self.minutes < self.base_min[:, None])
        minutes = self.minutes[client, site]
        return client, site, minutes * self.persons[client], minutes <= self.limit_min

    def _costs_of(self, sites: list[int]) -> np.ndarray:
        """Return everyone's person-minutes once `sites` are open."""
        if not sites:
            return self._base_costs
        near = self.minutes[:, sites].min(axis=1)
        return np.fmin(self._base_costs, near * self.persons)

    def travel(self, sites: list[int]) -> float:
        """Return the person-minutes of a plan."""
        return float(self._costs_of(sites).sum())

    def weigh_exchanges(self, rest: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return persons within the limit and person-minutes with each one beside `rest`."""
        client, site, cost, near = self._pairs
        many, before = len(self.site_ids), self._costs_of(rest)
        saved = np.maximum(before[client] - cost, 0.0)
        late = np.where(self.after(rest) > self.limit_min, self.persons, 0.0)
        gained = np.bincount(site[near], late[client[near]], minlength=many)
        held = float(self.persons.sum() - late.sum())
        return held + gained, float(before.sum()) - np.bincount(site, saved, minlength=many)

    @cached_property
    def pair_travel(self) -> np.ndarray:
        """Person-minutes of every plan of two sites, sites x sites."""
        return np.stack([self.weigh_exchanges([at])[1] for at in range(len(self.site_ids))])


@dataclass(frozen=True, eq=False)
class Chosen:
    """The plan suggested: its sites, the one that gains most first, and what is as good.

    It covers at least `floor` persons. `travel` and `least_travel` are person-minutes of the plan
    and of the best that keeps the floor with sites that all bring enough, `bound` what no plan that
    keeps the floor can fall below, `most_travel` what a plan of towns may have at most. `equals`
    has for each site the places that would do as well in its stead, the best first.
    """

    sites: list[int]
    covered: float
    floor: float
    travel: float
    bound: float
    least_travel: float
    most_travel: float
    equals: dict[int, list[int]]

    @property
    def is_proved(self) -> bool:
        """Whether no plan that keeps the floor, each site bringing enough, has less travel."""
        # Of two sites every plan was looked at.
        # Towns, which need not bring quite as many, may have less travel than the plan before.
        least = min(self.least_travel, self.travel)
        return len(self.sites) <= _ALL or least <= self.bound * (1.0 + TRAVEL_GAP)


def choose_plan(
    candidates: Candidates, cover: Proved, tolerance: float, travel_tolerance: float, seconds: float
) -> Chosen | None:
    """Return the plan to suggest among those that cover nearly as many as the best.

    Parameters
    ----------
    candidates
        The question.
    cover
        The plan that covers the most.
    tolerance
        How much less than that a plan may cover, as a share.
    travel_tolerance
        By how much the travel may exceed the least, as a share, for a plan of towns.
    seconds
        Time limit for the proof of the least travel.

    Returns
    -------
    Chosen or None
        None where no plan covers enough with sites that all bring as many as they must.
    """
    floor = (1.0 - tolerance) * cover.value
    proved = find_least_travel(
        candidates.minutes,
        candidates.base_min,
        candidates.persons,
        limit_min=candidates.limit_min,
        start=cover.sites,
        covered=floor,
        time_limit_s=seconds,
        gap=TRAVEL_GAP,
    )
    search = _Search(candidates, floor)
    # The plan of least travel may have a site that brings too few; then the nearest that has none.
    starts = [sorted(proved.sites), sorted(cover.sites)]
    found = [search.improve(start, np.inf, towns=False) for start in starts]
    allowed = [plan for plan in found if plan is not None]
    if not allowed:
        return None
    first = min(allowed, key=candidates.travel)
    most = candidates.travel(first) * (1.0 + travel_tolerance)
    # A town may be chosen though its low estimate falls a little short.
    search = _Search(candidates, floor, TOWN_SLACK)
    starts = [*allowed, *search.list_town_plans(len(first))]
    plans = [search.improve(plan, most, towns=True) for plan in starts]
    last = min(
        (plan for plan in plans if plan is not None),
        key=lambda plan: search.value(plan, towns=True),
    )
    least = candidates.travel(first)
    return _describe(search, last, floor, min(proved.bound, candidates.travel(last)), least, most)


def move_site(candidates: Candidates, plan: Chosen, site: int, to: int) -> Chosen:
    """Return a plan with one site moved to one of its `equals`."""
    sites = [to if other == site else other for other in plan.sites]
    search = _Search(candidates, plan.floor, TOWN_SLACK)
    return _describe(search, sites, plan.floor, plan.bound, plan.least_travel, plan.most_travel)


def _describe(
    search: _Search, sites: list[int], floor: float, bound: float, least: float, most: float
) -> Chosen:
    ranked = [site for site, _ in search.candidates.rank(sites)]
    return Chosen(
        ranked,
        search.candidates.count_near(search.candidates.after(sites)),
        floor,
        search.candidates.travel(sites),
        bound,
        least,
        most,
        {site: search.list_equals(sites, site, most) for site in ranked},
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """Looks for plans of a fixed number of sites that keep the floor."""

    candidates: Candidates
    floor: float
    slack: float = 0.0

    def value(self, sites: list[int], *, towns: bool) -> tuple[float, float]:
        """Return what counts of a plan, less is better."""
        villages = float(self.candidates.village[sites].sum()) if towns else 0.0
        return villages, self.candidates.travel(sites)

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
            and self.candidates.travel(sites) <= most_travel
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
        """Return the best of all plans of two sites."""
        who = self.candidates
        first, second = who.list_pairs(self.floor, self.slack)
        travel = who.pair_travel[first, second] if len(first) else np.zeros(0)
        villages = who.village[first] + who.village[second] if towns else np.zeros(len(first))
        order = np.lexsort((second, first, travel, villages))
        order = order[travel[order] <= most_travel]
        return [int(first[order[0]]), int(second[order[0]])] if len(order) else None

    def _list_options(
        self, rest: list[int], most_travel: float, *, towns: bool
    ) -> list[tuple[float, float, list[int]]]:
        covered, travel = self.candidates.weigh_exchanges(rest)
        allowed = (covered >= self.floor - 1e-9) & (travel <= most_travel)
        allowed[rest] = False
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
