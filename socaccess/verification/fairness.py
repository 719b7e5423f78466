"""Places per person, Theil's index and the farthest tenth of a plan, and of every other plan."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from socaccess.access import floating_catchment, read_decay, theil
from socaccess.verification.documents import PlanDocument
from socaccess.verification.figures import assign_nearest, measure_objective

__all__ = ["CATCHMENTS", "FAIR", "measure_fair", "prove_by_listing"]

CATCHMENTS = ("worst_access", "access_standard", "theil_access")
"""Objectives of places per person."""
FAIR = (*CATCHMENTS, "theil_minutes", "worst_decile")
"""Objectives whose bound is proved by looking at all plans, where they are few."""

_LISTED = 2_000
_SAME = 1e-5


def measure_fair(document: PlanDocument, sites: list[int]) -> tuple[float, float]:
    """Return the persons left out, who count first, and the objective of some open sites."""
    kind = document.problem["objective"]
    if kind not in CATCHMENTS:
        minutes = assign_nearest(document, sites)[1]
        served = np.isfinite(minutes) & (document.weight > 0)
        left = round(float(document.weight[~np.isfinite(minutes)].sum()), 6)
        if kind == "worst_decile":
            return left, measure_objective(document, minutes, document.weight)
        return left, _theil(minutes[served], document.weight[served])
    given, persons = _measure_access(document, sites), document.persons
    given, persons = given[persons > 0], persons[persons > 0]
    some = given > 0
    if kind == "access_standard":
        least = float(document.problem["standard_per_100"]) * (1 - 1e-9)
        return 0.0, float(persons[given >= least].sum())
    if kind == "theil_access":
        return (0.0 if some.any() else np.inf), _theil(given, persons)
    worst = float(given[some].min()) if some.any() else 0.0
    return round(float(persons[~some].sum()), 6), worst


def _theil(values: np.ndarray, persons: np.ndarray) -> float:
    return theil(values, persons).total if (values > 0).any() else 0.0


def _measure_access(document: PlanDocument, sites: list[int]) -> np.ndarray:
    """Return places per 100 persons of every client; those of unknown places left out."""
    is_open = np.isin(np.arange(len(document.site_ids)), sites)
    old = np.isin(
        np.arange(len(document.site_ids)), document.positions(document.problem["existing"])
    )
    places = np.where(old, document.of_site("places"), document.of_site("max_places"))
    decay, limit = document.ask("decay"), document.ask("limit_min")
    found = floating_catchment(
        np.where(np.isfinite(document.minutes), document.minutes, np.nan),
        document.persons,
        np.where(is_open, places, 0.0),
        method=str(document.problem["catchment"]),
        limit_min=None if limit is None else float(limit),
        decay=None if decay is None else read_decay(str(decay)),
    )
    return 100 * np.nan_to_num(found.access)


def prove_by_listing(
    document: PlanDocument, free: list[int], required: list[int], bound: float
) -> bool | None:
    """Return whether no plan beats a bound, by looking at all; None where they are many.

    More sites never leave anybody worse off; of Theil's index as many open as are asked for.
    """
    rest = [at for at in free if at not in required]
    more = min(int(document.ask("sites", 0)), len(free)) - len(required)
    if more < 0 or comb(len(rest), more) > _LISTED:
        return None
    up = document.problem["objective"] in ("worst_access", "access_standard")
    sign = -1.0 if up else 1.0
    base = [*document.staying, *required]
    best = min(
        (left, sign * value)
        for left, value in (
            measure_fair(document, [*base, *some]) for some in combinations(rest, more)
        )
    )[1]
    return bool(sign * bound <= best + _SAME * max(1.0, abs(best)))
