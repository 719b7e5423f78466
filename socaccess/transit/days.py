"""The ways there and back of one day, every home to every place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from socaccess.transit.asking import Question
from socaccess.transit.profile import Departures, Profile
from socaccess.transit.timetable import MIRROR_S, Timetable

__all__ = ["NO_SERVICE", "NO_STOP", "ONE_WAY", "SAME_DAY", "STATUSES", "Hours", "ask_day"]

STATUSES: Final = ("same_day", "one_way", "no_service", "no_stop")
"""There and back; there but not back; stops on both sides but no journey in time; no stop."""
SAME_DAY, ONE_WAY, NO_SERVICE, NO_STOP = range(4)

_TIMES = ("leave_s", "arrive_s", "return_s", "back_s", "last_return_s", "walk_out_s", "walk_back_s")
_COUNTS = ("rides_out", "rides_back")


@dataclass(frozen=True, eq=False)
class Hours:
    """When places open and close and one may arrive, and the hours of homes; seconds of the day."""

    opens_s: np.ndarray
    closes_s: np.ndarray
    from_s: np.ndarray
    by_s: np.ndarray
    first_s: int
    last_s: int


def ask_day(
    timetable: Timetable,
    question: Question,
    hours: Hours,
    max_rides: int | None,
    tick: Callable[[int], object],
) -> dict[str, np.ndarray]:
    """Return status, times and counts of one day, each (homes, places).

    Parameters
    ----------
    timetable
        The day.
    question
        Homes and places.
    hours
        When one must be where.
    max_rides
        Most rides a way; None for any number.
    tick
        Called with the number of places done.
    """
    homes, places = question.homes, question.places
    there, home = Profile(timetable, max_rides), Profile(timetable.mirrored, max_rides)
    shape = len(question.place_ids), len(question.home_ids)
    out = {name: np.full(shape, -1, np.int32) for name in _TIMES}
    out |= {name: np.zeros(shape, np.uint8) for name in _COUNTS}
    out["status"] = np.full(shape, NO_SERVICE, np.uint8)
    found = Departures(shape[1])
    last_s = MIRROR_S - hours.last_s
    for place in range(shape[0]):
        ends, closes_s = places.of(place), int(hours.closes_s[place])
        row = {name: values[place] for name, values in out.items()}
        on_foot = question.on_foot[:, place]
        there.scan(*ends, hours.from_s[place], hours.by_s[place], hours.first_s)
        there.find_departures(homes, hours.first_s, found)
        _write_out(found, on_foot, int(hours.by_s[place]), hours.first_s, row)
        home.scan(*ends, last_s, MIRROR_S - closes_s, last_s)
        home.find_departures(homes, last_s, found)
        _write_back(found, on_foot, closes_s, hours.last_s, row)
        got, back = row["leave_s"] >= 0, row["back_s"] >= 0
        row["status"][got] = ONE_WAY
        row["status"][got & back] = SAME_DAY
        no_stop = ~homes.has_stop | (not places.has_stop[place])
        row["status"][~got & (on_foot < 0) & no_stop] = NO_STOP
        tick(place + 1)
    return {name: values.T for name, values in out.items()}


def _write_out(
    found: Departures, on_foot: np.ndarray, by_s: int, first_s: int, row: dict[str, np.ndarray]
) -> None:
    """Write the ways from every home to one place: by what was found, or on foot."""
    got = found.found
    row["leave_s"][got] = found.leave_s[got]
    row["arrive_s"][got] = found.arrive_s[got]
    row["rides_out"][got] = found.rides[got]
    row["walk_out_s"][got] = found.walk_s[got]
    leave = by_s - on_foot
    walked = (on_foot >= 0) & (leave >= first_s) & (~got | (leave >= found.leave_s))
    row["leave_s"][walked] = leave[walked]
    row["arrive_s"][walked] = by_s
    row["rides_out"][walked] = 0
    row["walk_out_s"][walked] = on_foot[walked]


def _write_back(
    found: Departures, on_foot: np.ndarray, closes_s: int, last_s: int, row: dict[str, np.ndarray]
) -> None:
    """Write the ways home from one place: on the mirrored day, the ways to it."""
    got = found.found
    row["back_s"][got] = MIRROR_S - found.leave_s[got]
    row["return_s"][got] = MIRROR_S - found.arrive_s[got]
    row["rides_back"][got] = found.rides[got]
    row["walk_back_s"][got] = found.walk_s[got]
    row["last_return_s"][got] = MIRROR_S - found.soonest_s[got]
    back = closes_s + on_foot
    can_walk = (on_foot >= 0) & (back <= last_s)
    walked = can_walk & (~got | (back <= row["back_s"]))
    row["back_s"][walked] = back[walked]
    row["return_s"][walked] = closes_s
    row["rides_back"][walked] = 0
    row["walk_back_s"][walked] = on_foot[walked]
    row["last_return_s"][can_walk] = np.maximum(row["last_return_s"], last_s - on_foot)[can_walk]
