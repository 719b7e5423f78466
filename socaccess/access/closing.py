"""What if it closes: who falls out of reach, how much farther they go, and to where.

Everyone is taken to use the nearest facility. Who has a place now moves to the next nearest
one that stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access.pairs import Pairs, as_objects, list_ids, read_amounts, read_pairs
from socaccess.errors import InputError, UnknownNameError

__all__ = ["Closings", "close_each", "close_together"]


@dataclass(frozen=True, eq=False)
class Closings:
    """What each closing would mean: one unit is a facility, or all of a provider.

    Parameters
    ----------
    ranking
        One row per unit, the hardest to replace first: `rank`, `unit`, `facilities`,
        `places` (NaN where any is unknown), `persons` (whose nearest it is), `falls_out` (within
        the limit now, beyond it then), `unreachable` (those who then reach none at all),
        `extra_person_min`, `extra_min` (their mean, of those who reach another), `extra_max_min`,
        `moving` (those of `persons` who can have a place now), `without_place` (of them, who find
        none free where they would go), `place_unknown` (of them, who go where places are
        unknown; all `moving` are NaN where the unit's own places are unknown).
    flows
        One row per unit, facility of it and facility people would go to (None: to none):
        `unit`, `facility_id`, `to_facility_id`, `persons`, `extra_min` (mean).
    origins
        One row per origin: `origin_id`, `persons`, `unit`, `facility_id` and `travel_min` of
        the nearest, `next_facility_id` and `next_min` of that of another unit, `falls_out`
        (whether the origin then lies beyond the limit, and does not now).
    """

    ranking: pd.DataFrame
    flows: pd.DataFrame
    origins: pd.DataFrame


def close_each(
    travel: Any,
    persons: Any,
    *,
    limit_min: float,
    places: Any = None,
    units: Sequence[Any] | None = None,
) -> Closings:
    """Return what closing each facility, or all facilities of each provider, would mean.

    Parameters
    ----------
    travel
        Minutes in any form that `socaccess.access.read_pairs` takes.
    persons
        Persons in need of each origin.
    limit_min
        Minutes that count as near, inclusive.
    places
        Places of each facility, NaN where unknown; None: none are known.
    units
        What closes together, by facility: its provider, say. None stands for the facility
        alone, as does leaving it out.

    Returns
    -------
    Closings

    Examples
    --------
    Thirty persons live at the first of two facilities, ten between them.

    >>> answer = close_each([[0.0, 50.0], [20.0, 25.0]], [30, 10], limit_min=30, places=[40, 15])
    >>> answer.ranking[["falls_out", "extra_min", "without_place"]].values.tolist()
    [[30.0, 38.75, 25.0], [0.0, nan, 0.0]]
    """
    pairs, demand, supply = _read(travel, persons, places, limit_min)
    ids = pairs.facility_ids
    labels = list(ids) if units is None else list(units)
    if len(labels) != len(ids):
        raise InputError("access.lengths_differ", where="units", given=len(labels), wanted=len(ids))
    named = np.empty(len(ids), dtype=object)
    named[:] = [
        own if label is None or label != label else label
        for own, label in zip(ids, labels, strict=True)
    ]
    return _close(pairs, demand, supply, named, limit_min)


def close_together(
    travel: Any,
    persons: Any,
    closed: Sequence[Any],
    *,
    limit_min: float,
    places: Any = None,
    name: str = "closed",
) -> Closings:
    """Return what closing several facilities at once would mean.

    Parameters
    ----------
    travel, persons, limit_min, places
        As in `close_each`.
    closed
        The facilities that close, by id.
    name
        What they are called in `unit`.

    Returns
    -------
    Closings
        Of the one unit alone.

    Examples
    --------
    >>> minutes = [[5.0, 10.0, 40.0]]
    >>> close_together(minutes, [8], [0, 1], limit_min=30).ranking["falls_out"].tolist()
    [8.0]
    """
    pairs, demand, supply = _read(travel, persons, places, limit_min)
    at = pd.Index(pairs.facility_ids).get_indexer(pd.Index(list(closed)))
    if (at < 0).any() or not len(at):
        unknown = [one for one, place in zip(closed, at, strict=True) if place < 0]
        raise UnknownNameError("access.unknown_facility", names=unknown)
    labels = np.empty(len(pairs.facility_ids), dtype=object)
    labels[:] = [("open", own) for own in pairs.facility_ids]
    labels[at] = [name] * len(at)
    found = _close(pairs, demand, supply, labels, limit_min)
    ranking, flows = (
        table[table["unit"] == name].reset_index(drop=True)
        for table in (found.ranking, found.flows)
    )
    origins = found.origins.copy()
    other = origins["unit"] != name
    origins.loc[other, ["unit", "next_facility_id"]] = None
    origins.loc[other, "next_min"] = np.nan
    origins.loc[other, "falls_out"] = False
    return Closings(ranking.assign(rank=np.arange(1, len(ranking) + 1)), flows, origins)


def _read(
    travel: Any, persons: Any, places: Any, limit_min: float
) -> tuple[Pairs, np.ndarray, np.ndarray]:
    if not limit_min > 0:
        raise InputError("coverage.limit_not_positive", limit=limit_min)
    pairs = read_pairs(travel, list_ids(persons), list_ids(places))
    demand = read_amounts(persons, pairs.origin_ids, "persons")
    if places is None:
        return pairs, demand, np.full(len(pairs.facility_ids), np.nan)
    return pairs, demand, read_amounts(places, pairs.facility_ids, "places", unknown=True)


def _find_nearest(pairs: Pairs, minutes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shortest time of each origin (infinite for none) and its facility (-1)."""
    times = pairs.travel_min
    count = times.shape[0]
    shortest = np.full(count, np.inf)
    place = np.full(count, -1)
    filled = np.flatnonzero(np.diff(times.indptr))
    if not len(filled):
        return shortest, place
    begin = times.indptr[filled]
    shortest[filled] = np.minimum.reduceat(minutes, begin)
    # Of equally near ones the first.
    best = np.where(minutes == shortest[pairs.origins()], times.indices, np.iinfo(np.int64).max)
    place[filled] = np.minimum.reduceat(best, begin)
    return shortest, np.where(np.isfinite(shortest), place, -1)


def _close(
    pairs: Pairs, demand: np.ndarray, supply: np.ndarray, labels: np.ndarray, limit_min: float
) -> Closings:
    unit, names = pd.factorize(labels)
    times = pairs.travel_min
    now, place = _find_nearest(pairs, times.data)
    mine = np.where(place >= 0, unit[place], -1)
    others = unit[times.indices] != mine[pairs.origins()]
    then, refuge = _find_nearest(pairs, np.where(others, times.data, np.inf))
    falls_out = (now <= limit_min) & ~(then <= limit_min)
    with np.errstate(invalid="ignore"):
        extra = np.where(place >= 0, then - now, np.nan)
    flows = _list_flows(demand, place, refuge, extra)
    units = len(names)

    def add(values: np.ndarray, at: np.ndarray = mine) -> np.ndarray:
        kept = at >= 0
        return np.bincount(at[kept], weights=values[kept], minlength=units)

    reached = np.isfinite(extra)
    moved = demand * reached
    person_min = add(np.where(reached, demand * np.nan_to_num(extra, posinf=0.0), 0.0))
    reaching = add(moved)
    longest = np.full(units, np.nan)
    kept = (place >= 0) & reached & (demand > 0)
    np.fmax.at(longest, mine[kept], extra[kept])
    moving, without, unknown = _seek_places(flows, demand, supply, place, unit, units)
    ranking = pd.DataFrame(
        {
            "unit": names,
            "facilities": np.bincount(unit, minlength=units),
            "places": np.bincount(unit, weights=supply, minlength=units),
            "persons": add(demand),
            "falls_out": add(demand * falls_out),
            "unreachable": add(demand * (place >= 0) * ~reached),
            "extra_person_min": person_min,
            "extra_min": np.divide(person_min, reaching, out=np.full(units, np.nan),
                                   where=reaching > 0),
            "extra_max_min": longest,
            "moving": moving,
            "without_place": without,
            "place_unknown": unknown,
        }
    )  # fmt: skip
    keys = ["falls_out", "unreachable", "extra_person_min"]
    ranking = ranking.sort_values(keys, ascending=False, kind="stable", ignore_index=True)
    ranking.insert(0, "rank", np.arange(1, units + 1))
    ids = np.array([*pairs.facility_ids, None], dtype=object)
    origins = pd.DataFrame(
        {
            "origin_id": pairs.origin_ids,
            "persons": demand,
            "unit": as_objects(np.array([*names, None], dtype=object)[mine]),
            "facility_id": as_objects(ids[place]),
            "travel_min": np.where(place >= 0, now, np.nan),
            "next_facility_id": as_objects(ids[refuge]),
            "next_min": np.where(np.isfinite(then), then, np.nan),
            "falls_out": falls_out,
        }
    )
    return Closings(
        ranking,
        pd.DataFrame(
            {
                "unit": as_objects(np.asarray(names, dtype=object)[unit[flows["place"]]]),
                "facility_id": as_objects(ids[flows["place"]]),
                "to_facility_id": as_objects(ids[flows["refuge"]]),
                "persons": flows["persons"],
                "extra_min": flows["extra_min"],
            }
        ),
        origins,
    )


def _list_flows(
    demand: np.ndarray, place: np.ndarray, refuge: np.ndarray, extra: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the persons of every pair of nearest facility and that after it (-1: none)."""
    kept = np.flatnonzero((place >= 0) & (demand > 0))
    count = refuge.max(initial=0) + 2
    key, group = np.unique(place[kept] * count + refuge[kept] + 1, return_inverse=True)
    group = group.ravel()
    persons = np.bincount(group, weights=demand[kept], minlength=len(key))
    # Where there is no refuge the way is infinite, and has no mean.
    moved = np.bincount(group, weights=demand[kept] * extra[kept], minlength=len(key))
    mean = np.where(np.isfinite(moved), moved / persons, np.nan)
    return {
        "place": key // count,
        "refuge": key % count - 1,
        "persons": persons,
        "extra_min": mean,
    }


def _seek_places(
    flows: dict[str, np.ndarray],
    demand: np.ndarray,
    supply: np.ndarray,
    place: np.ndarray,
    unit: np.ndarray,
    units: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, by unit, who has a place now, who finds none, and of whom it is not known."""
    kept = place >= 0
    persons = np.bincount(place[kept], weights=demand[kept], minlength=len(supply))
    served = np.minimum(persons, supply)  # NaN where places are unknown
    spare = np.maximum(supply - persons, 0.0)
    share = np.divide(served, persons, out=np.zeros(len(supply)), where=persons > 0)
    moving = flows["persons"] * share[flows["place"]]
    # Two of a unit may send people to the same place: its free places are there once.
    count = len(supply) + 1
    key, group = np.unique(
        unit[flows["place"]] * count + flows["refuge"] % count, return_inverse=True
    )
    going = np.bincount(group.ravel(), weights=moving, minlength=len(key))
    sender, free = key // count, np.append(spare, 0.0)[key % count]
    lost = np.isnan(free)
    lacking = np.where(lost, 0.0, np.maximum(going - free, 0.0))

    def add(values: np.ndarray) -> np.ndarray:
        return np.bincount(sender, weights=values, minlength=units)

    return add(going), add(np.where(np.isnan(going), np.nan, lacking)), add(going * lost)
