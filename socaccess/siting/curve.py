"""What one site covers at the most, two, three: as far as a further one is worth it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from socaccess.siting.certificate import EXACT, Goal
from socaccess.siting.clock import Clock
from socaccess.siting.costs import Costs
from socaccess.siting.median import solve_median
from socaccess.siting.travel import Travel

__all__ = ["Proved", "draw_cover_curve"]


@dataclass(frozen=True)
class Proved:
    """A plan with its proof: positions of its sites, its value, and what no plan can pass."""

    sites: tuple[int, ...]
    value: float
    bound: float
    status: str


def draw_cover_curve(
    near: np.ndarray,
    persons: np.ndarray,
    *,
    most: int,
    least_gain: float = 0.0,
    time_limit_s: float = 60.0,
    gap: float = 1e-6,
    seed: int = 0,
) -> list[Proved]:
    """Return the most persons that one site covers, two and so on, each with its proof.

    Parameters
    ----------
    near
        Whether a client is within the limit of a site, clients x sites.
    persons
        Of every client.
    most
        Sites at the most.
    least_gain
        The curve ends before a site that adds fewer persons than this, or adds nobody.
    time_limit_s
        Wall-clock seconds for each number of sites.
    gap
        Distance of bound and value, as a share of the value, that counts as proved.
    seed
        Of the search.

    Examples
    --------
    >>> near = np.array([[True, False, True], [True, True, False], [False, True, False]])
    >>> curve = draw_cover_curve(near, np.array([5.0, 2.0, 4.0]), most=3, least_gain=3.0)
    >>> [(point.sites, point.value, point.status) for point in curve]
    [((0,), 7.0, 'optimal'), ((0, 1), 11.0, 'optimal')]
    """
    total, sites = float(persons.sum()), np.arange(near.shape[1])
    minutes = Travel(np.where(near, 0.0, np.inf))
    costs = Costs(minutes, sites, persons, persons, np.zeros(len(persons)))
    goal, found = Goal(gap, total), [Proved((), 0.0, 0.0, "optimal")]
    for count in range(1, min(most, len(sites)) + 1):
        enough = found[-1].value + max(least_gain, EXACT * total)
        clock = Clock(time_limit_s)
        result = solve_median(costs, count, goal, clock, seed=seed, worth=total - enough)
        covered, bound = total - result.value, total - result.bound
        if len(result.chosen) < count or covered < enough - EXACT * total:
            break
        status = "optimal" if goal.is_met(result.value, result.bound) else "feasible"
        found.append(Proved(tuple(result.chosen.tolist()), covered, bound, status))
    return found[1:]
