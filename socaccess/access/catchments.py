"""Supply against demand: floating catchments and spatial availability.

Every measure shares the places of a facility among those who can reach it. With weights
`w_ij` of the way from origin `i` to facility `j`, demand `P_i` and places `S_j`:

- `2sfca` (Luo and Wang 2003), `w` 1 within the limit: `R_j = S_j / sum_k(w_kj P_k)` and
  `A_i = sum_j(w_ij R_j)`.
- `e2sfca` (Luo and Qi 2009): the same with `w` from a decay.
- `m2sfca` (Delamater 2013): `A_i = sum_j(w_ij² R_j)`: places that are far for all are lost.
- `3sfca` (Wan, Zou and Sternberg 2012): `w_ij` is multiplied in both steps by
  `w_ij / sum_j(w_ij)`, so that who has many facilities burdens each less.
- `bfca` (Paez, Higgins and Vivona 2019): demand is shared out by `w_ij / sum_j(w_ij)`, the
  ratio of a facility by `w_ij / sum_i(w_ij)`: no person and no place counts twice.
- Spatial availability (Soukhov, Paez, Higgins and Mohamed 2023): `V_i = sum_j(S_j P_i^a w_ij /
  sum_k(P_k^a w_kj))` places for all of origin `i`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.access.decay import Decay
from socaccess.access.pairs import Pairs, as_objects, list_ids, read_amounts, read_pairs
from socaccess.errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["METHODS", "Catchments", "floating_catchment", "spatial_availability", "weigh_pairs"]

METHODS = ("2sfca", "e2sfca", "m2sfca", "3sfca", "bfca")
"""Floating catchments; of the others than `2sfca` a decay says how weights fall."""

# Sums of many products agree to this part of themselves.
_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Catchments:
    """Places a person can count on, by origin, and persons a place must serve, by facility.

    Parameters
    ----------
    method
        How it was measured.
    origin_ids, facility_ids
        Names, in the order of the arrays.
    persons
        Demand of each origin.
    access
        Places per person. 0 where no facility is in reach; NaN where only facilities of
        unknown places are, or those that nobody in need reaches (`note` says which).
    note
        By origin: None, `none_in_reach`, `unknown_places`, `nobody_counted`, or `at_least`
        (some facilities in reach were left out, as their places are unknown).
    places
        Places of each facility, NaN where unknown.
    demand
        Persons that fall to each facility, weighted.
    ratio
        Places per person of each facility, NaN where there is none to say.
    facility_note
        By facility: None, `unknown_places`, `no_places` or `nobody_in_reach`.
    places_shared
        Sum of the places that were shared out: those known, of facilities in someone's reach.
    """

    method: str
    origin_ids: np.ndarray
    facility_ids: np.ndarray
    persons: np.ndarray
    access: np.ndarray
    note: np.ndarray
    places: np.ndarray
    demand: np.ndarray
    ratio: np.ndarray
    facility_note: np.ndarray
    places_shared: float

    @property
    def places_available(self) -> np.ndarray:
        """Places that fall to all persons of each origin; NaN where `access` is."""
        return self.access * self.persons

    def to_frame(self) -> pd.DataFrame:
        """Return one row per origin: `origin_id`, `persons`, `access`, `per_100`, `note`."""
        return pd.DataFrame(
            {
                "origin_id": self.origin_ids,
                "persons": self.persons,
                "access": self.access,
                "per_100": 100 * self.access,
                "note": as_objects(self.note),
            }
        )

    def facilities(self) -> pd.DataFrame:
        """Return one row per facility: `facility_id`, `places`, `demand`, `ratio`, `note`."""
        return pd.DataFrame(
            {
                "facility_id": self.facility_ids,
                "places": self.places,
                "demand": self.demand,
                "ratio": self.ratio,
                "note": as_objects(self.facility_note),
            }
        )


def floating_catchment(
    travel: Any,
    persons: Any,
    places: Any,
    *,
    method: str = "2sfca",
    limit_min: float | None = None,
    decay: Decay | None = None,
) -> Catchments:
    """Return places per person by a floating catchment.

    Parameters
    ----------
    travel
        Minutes in any form that `read_pairs` takes.
    persons
        Demand of each origin: an array, a Series by id, or a table (`read_amounts`).
    places
        Places of each facility, likewise; NaN where unknown: such a facility is left out and
        the origins that reach it say so. `fill_places` puts an estimate in its place.
    method
        One of `METHODS`; the formulas and their sources stand at the head of this module.
    limit_min
        Minutes beyond which nothing counts, inclusive; needed by `2sfca`.
    decay
        Weight of the times within it; needed by the others.

    Raises
    ------
    InputError
        If the method is not known, a limit or decay is missing or too much, persons are
        unknown, or a number is negative.

    Examples
    --------
    Two villages of 100 and 50 persons; ten places within 30 minutes of both, six of the
    second alone.

    >>> minutes = np.array([[10.0, np.nan], [20.0, 5.0]])
    >>> answer = floating_catchment(minutes, [100, 50], [10, 6], limit_min=30)
    >>> answer.to_frame()[["origin_id", "per_100"]].round(2).values.tolist()
    [[0.0, 6.67], [1.0, 18.67]]
    >>> answer.places_shared, round(float(answer.places_available.sum()), 9)
    (16.0, 16.0)
    """
    if method not in METHODS:
        raise InputError("access.unknown_choice", given=method, known=list(METHODS))
    if (method == "2sfca") != (decay is None):
        code = "access.decay_unused" if method == "2sfca" else "access.decay_missing"
        raise InputError(code, method=method)
    if method == "2sfca" and limit_min is None:
        raise InputError("access.limit_missing", method=method)
    pairs, demand, supply = _read(travel, persons, places)
    weights = weigh_pairs(pairs, limit_min, decay)
    each = weights @ np.ones(len(supply)) if method in ("3sfca", "bfca") else None
    taken = demand if each is None else _divide(demand, each)
    squared = pairs.with_data(weights.data**2) if method in ("m2sfca", "3sfca") else weights
    step_one = squared if method == "3sfca" else weights
    fallen = step_one.T @ taken
    ratio = _share_out(supply, fallen)
    handed = np.nan_to_num(ratio)
    if method == "bfca":
        access = weights @ _divide(handed, weights.T @ np.ones(len(demand)))
    else:
        access = squared @ handed
    if method == "3sfca":
        assert each is not None
        access = _divide(access, each)
    answer = _conclude(method, pairs, weights, demand, supply, access, fallen, ratio)
    _check_sums(answer, weights)
    return answer


def spatial_availability(
    travel: Any,
    persons: Any,
    places: Any,
    decay: Decay,
    *,
    limit_min: float | None = None,
    exponent: float = 1.0,
) -> Catchments:
    """Return the places available to each origin, each place given to somebody just once.

    Parameters
    ----------
    travel, persons, places, limit_min, decay
        As in `floating_catchment`.
    exponent
        Of the persons: how much larger origins claim more. With 1 the places per person are
        those of `e2sfca`.

    Returns
    -------
    Catchments
        `places_available` are the availabilities `V_i` and add up to `places_shared`;
        `access` is their part for one person, NaN where an origin has none and `exponent`
        is not 1.

    Examples
    --------
    >>> from socaccess.access.decay import exponential
    >>> answer = spatial_availability(np.array([[0.0], [10.0]]), [100, 50], [12],
    ...                               exponential(10))
    >>> answer.places_available.round(2).tolist()
    [9.6, 2.4]
    """
    if not 0 < exponent < np.inf:
        raise InputError("access.bad_parameter", given=[exponent])
    pairs, demand, supply = _read(travel, persons, places)
    weights = weigh_pairs(pairs, limit_min, decay)
    claim = demand**exponent
    fallen = weights.T @ claim
    ratio = _share_out(supply, fallen)
    access = weights @ np.nan_to_num(ratio)
    if exponent != 1.0:
        available = claim * access
        # Nobody there: no place is theirs, and no person to have a part of it.
        access = np.where(demand > 0, _divide(available, demand), np.nan)
    answer = _conclude("spatial_availability", pairs, weights, demand, supply, access, fallen,
                       ratio)  # fmt: skip
    _check_sums(answer, weights)
    return answer


def weigh_pairs(pairs: Pairs, limit_min: float | None, decay: Decay | None) -> csr_array:
    """Return the weight of every pair: 0 beyond the limit, by the decay within it, else 1."""
    minutes = pairs.travel_min.data
    if limit_min is not None and not limit_min > 0:
        raise InputError("coverage.limit_not_positive", limit=limit_min)
    if decay is None:
        near = np.inf if limit_min is None else limit_min
        return pairs.with_data((minutes <= near).astype(float))
    weights = decay.weigh(minutes)
    if limit_min is not None:
        weights[minutes > limit_min] = 0.0
    return pairs.with_data(weights)


def _read(travel: Any, persons: Any, places: Any) -> tuple[Pairs, np.ndarray, np.ndarray]:
    # A table of pairs lacks origins that reach nothing: the table of persons has them.
    pairs = read_pairs(travel, list_ids(persons), list_ids(places))
    demand = read_amounts(persons, pairs.origin_ids, "persons")
    supply = read_amounts(places, pairs.facility_ids, "places", unknown=True)
    return pairs, demand, supply


def _share_out(supply: np.ndarray, fallen: np.ndarray) -> np.ndarray:
    """Return places per person of facilities, NaN where places are unknown or nobody comes."""
    return np.divide(supply, fallen, out=np.full(len(supply), np.nan), where=fallen > 0)


def _divide(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return quotients, 0 where there is nothing to divide by."""
    return np.divide(values, by, out=np.zeros(len(values)), where=by > 0)


def _conclude(
    method: str,
    pairs: Pairs,
    weights: csr_array,
    demand: np.ndarray,
    supply: np.ndarray,
    access: np.ndarray,
    fallen: np.ndarray,
    ratio: np.ndarray,
) -> Catchments:
    unknown, nobody = np.isnan(supply), fallen <= 0
    facility_note = np.full(len(supply), None, dtype=object)
    facility_note[nobody] = "nobody_in_reach"
    facility_note[supply == 0] = "no_places"
    facility_note[unknown] = "unknown_places"
    reach = access > 0
    if not reach.all():
        reach = weights @ np.ones(len(supply)) > 0
    note = np.full(len(demand), None, dtype=object)
    note[~reach] = "none_in_reach"
    if (unknown | nobody).any():
        left_out = weights @ unknown.astype(float) > 0
        said = weights @ (~unknown & ~nobody).astype(float) > 0
        note[left_out] = "at_least"
        note[left_out & ~said] = "unknown_places"
        note[reach & ~said & ~left_out] = "nobody_counted"
        access = np.where(reach & ~said, np.nan, access)
    shared = float(supply[~unknown & ~nobody].sum())
    return Catchments(
        method=method,
        origin_ids=pairs.origin_ids,
        facility_ids=pairs.facility_ids,
        persons=demand,
        access=access,
        note=note,
        places=supply,
        demand=fallen,
        ratio=ratio,
        facility_note=facility_note,
        places_shared=shared,
    )


def _check_sums(answer: Catchments, weights: csr_array) -> None:
    """Assert what must hold, whatever the numbers: nothing is shared out twice or lost."""
    available = float(np.nansum(answer.places_available))
    if answer.method == "bfca":
        served = answer.persons[weights @ np.ones(len(answer.places)) > 0].sum()
        assert np.isclose(answer.demand.sum(), served, rtol=_SAME), "demand is not preserved"
        levels = np.nansum(answer.ratio)
        assert np.isclose(np.nansum(answer.access), levels, rtol=_SAME), "level is not preserved"
    elif answer.method == "m2sfca":
        fits = not len(weights.data) or weights.data.max() > 1
        assert fits or available <= answer.places_shared * (1 + _SAME), "more places than there are"
    else:
        assert np.isclose(available, answer.places_shared, rtol=_SAME), "places do not add up"
