"""Profiles of a day: for one place at a time, every useful departure from every stop towards it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from socaccess.transit.timetable import Timetable
from socaccess.transit.walking import Walks

__all__ = ["Departures", "Profile"]

_ROOM = 400_000
_NEVER = 1 << 62
_VALUES = 4
"""Values of a run that lie side by side; more of them leave the processor's nearer memory."""


class Departures:
    """For each home, its latest departure towards one place and what comes of it.

    Parameters
    ----------
    count
        Number of homes.

    Attributes
    ----------
    leave_s
        Latest departure, below any time where there is none.
    arrive_s, rides, walk_s
        The earliest arrival of that departure, its fewest rides, and the least time on foot.
    soonest_s
        The earliest arrival of any departure, -1 where there is none.
    """

    def __init__(self, count: int) -> None:
        self.leave_s = np.empty(count, np.int32)
        self.soonest_s = np.empty(count, np.int32)
        self._value = np.empty(count, np.int64)

    @property
    def arrive_s(self) -> np.ndarray:  # noqa: D102
        return (self._value >> 24).astype(np.int32)

    @property
    def rides(self) -> np.ndarray:  # noqa: D102
        return (self._value >> 18 & 63).astype(np.uint8)

    @property
    def walk_s(self) -> np.ndarray:  # noqa: D102
        return (self._value & (1 << 18) - 1).astype(np.int32)

    @property
    def found(self) -> np.ndarray:
        """True where there is a departure."""
        return self.leave_s > -(1 << 30)


class Profile:
    """The work space of scans over one timetable; one for each thread.

    Parameters
    ----------
    timetable
        A day, or a mirrored day for the ways home.
    max_rides
        Most rides of a journey (1-60), None for any number. A limit costs about twice the time.

    Examples
    --------
    >>> profile = Profile(timetable)                                      # doctest: +SKIP
    >>> for first, part in profile.split(places):                         # doctest: +SKIP
    ...     profile.scan(part, low_s, high_s, first_s)
    """

    def __init__(self, timetable: Timetable, max_rides: int | None = None) -> None:
        self.timetable = timetable
        self._limited = max_rides is not None
        values = max_rides or 1
        self.places = max(1, _VALUES // values)
        shape = timetable.stop_count, self.places
        self._seated = np.empty((timetable.run_count, self.places, values), np.int64)
        self._near_first, self._own_first, self._own_last = (
            np.empty(shape, np.int32) for _ in range(3)
        )
        self._near_best, self._own_best = (np.empty((*shape, values), np.int64) for _ in range(2))
        self._near, self._own = (np.empty((_ROOM, values + 1), np.int64) for _ in range(2))

    def split(self, count: int) -> Iterator[slice]:
        """Yield the places that are looked at together, part after part."""
        for first in range(0, count, self.places):
            yield slice(first, min(first + self.places, count))

    def scan(
        self, places: Walks, part: slice, low_s: np.ndarray, high_s: np.ndarray, first_s: int
    ) -> None:
        """Look at all departures towards some places, at most `self.places` of them.

        Parameters
        ----------
        places, part
            Walks from stops to all places, and which of them are meant.
        low_s, high_s
            Arrivals of interest at each place of the part, both inclusive.
        first_s
            Earliest departure from a stop, inclusive.
        """
        from socaccess.transit._profile import scan_limited, scan_profile

        begin = places.begin[part.start : part.stop + 1]
        scan = scan_limited if self._limited else scan_profile
        while not scan(
            *self.timetable.connections, *self.timetable.walks_in, self.timetable.is_mirrored,
            begin, places.stop, places.seconds,
            np.asarray(low_s, np.int64), np.asarray(high_s, np.int64), np.int64(first_s),
            self._seated, self._near_first, self._near_best, self._near,
            self._own_first, self._own_last, self._own_best, self._own,
        ):  # fmt: skip
            columns = self._own.shape[1]
            room = 2 * len(self._own)
            self._near, self._own = (np.empty((room, columns), np.int64) for _ in range(2))

    def find_departures(
        self, homes: Walks, place: int, first_s: int, into: Departures
    ) -> Departures:
        """Write every home's latest departure, none before `first_s`, to a place of the part."""
        from socaccess.transit._profile import find_departures

        find_departures(
            homes.begin, homes.stop, homes.seconds, np.int64(place), self._own_first,
            self._own_last, self._own, np.int64(first_s),
            into.leave_s, into._value, into.soonest_s,
        )  # fmt: skip
        return into

    def spread_departures(
        self, homes: Walks, place: int, start_s: int, step_s: int, count: int
    ) -> np.ndarray:
        """Return arrivals at a place for departures at regular times, (homes, count); -1 none."""
        from socaccess.transit._profile import spread_departures

        out = np.empty((len(homes.begin) - 1, count), np.int32)
        spread_departures(
            homes.begin, homes.stop, homes.seconds, np.int64(place), self._own_first, self._own,
            np.int64(start_s), np.int64(step_s), out,
        )  # fmt: skip
        return out

    @property
    def columns(self) -> int:
        """Values per entry: the most rides, or 1 for any number of them."""
        return self._own.shape[1] - 1

    def list_departures(
        self, stop: int, place: int, column: int = -1
    ) -> Iterator[tuple[int, int, int, int]]:
        """Yield departure, arrival, rides and seconds on foot of every entry of a stop.

        `column` says by how many rides at most, less one; the last by default.
        """
        at = int(self._own_first[stop, place])
        while at >= 0:
            packed, value = int(self._own[at, 0]), int(self._own[at, 1:][column])
            if value < _NEVER:
                yield packed >> 32, value >> 24, value >> 18 & 63, value & (1 << 18) - 1
            at = (packed & (1 << 32) - 1) - 1
