"""Profiles of a day: for one place at a time, every useful departure from every stop towards it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from socaccess.transit.timetable import Timetable
from socaccess.transit.walking import Walks

__all__ = ["Departures", "Profile"]

_ROOM = 400_000
_NEVER = 1 << 62


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
    """The work space of scans over one timetable, of one place after the other.

    Parameters
    ----------
    timetable
        A day, or a mirrored day for the ways home.
    max_rides
        Most rides of a journey (1-60), None for any number. A limit costs some times the time, and
        each is compiled when it is first asked for.

    Examples
    --------
    >>> profile = Profile(timetable)                                      # doctest: +SKIP
    >>> profile.scan(*places.of(0), low_s, high_s, first_s)               # doctest: +SKIP
    """

    def __init__(self, timetable: Timetable, max_rides: int | None = None) -> None:
        self.timetable = timetable
        self._limit, values = max_rides, max_rides or 1
        count = timetable.stop_count
        self._seated = np.empty((timetable.run_count, values), np.int64)
        self._own_first, self._own_last = (np.empty(count, np.int32) for _ in range(2))
        self._near_head, self._own_head = (
            np.empty((count, values + 1), np.int64) for _ in range(2)
        )
        self._near, self._own = (np.empty((_ROOM, values + 1), np.int64) for _ in range(2))

    def scan(
        self, stops: np.ndarray, seconds: np.ndarray, low_s: int, high_s: int, first_s: int
    ) -> None:
        """Look at all departures towards a place.

        Parameters
        ----------
        stops, seconds
            Stops from which the place is reached on foot, and in how many seconds.
        low_s, high_s
            Arrivals of interest, both inclusive.
        first_s
            Earliest departure from a stop, inclusive.
        """
        from socaccess.transit._profile import compile_scan

        if not len(stops):
            self._own_first[:], self._own_last[:] = -1, -1
            return
        while not compile_scan(self._limit)(
            *self.timetable.connections, *self.timetable.walks_in, self.timetable.is_mirrored,
            stops, seconds, np.int64(low_s), np.int64(high_s), np.int64(first_s),
            self._seated, self._near_head, self._near,
            self._own_first, self._own_last, self._own_head, self._own,
        ):  # fmt: skip
            columns = self._own.shape[1]
            room = 2 * len(self._own)
            self._near, self._own = (np.empty((room, columns), np.int64) for _ in range(2))

    def find_departures(self, homes: Walks, first_s: int, into: Departures) -> Departures:
        """Write every home's latest departure towards the place, none before `first_s`."""
        from socaccess.transit._profile import find_departures

        find_departures(
            homes.begin, homes.stop, homes.seconds, self._own_first, self._own_last, self._own,
            np.int64(first_s), into.leave_s, into._value, into.soonest_s,
        )  # fmt: skip
        return into

    def spread_departures(self, homes: Walks, start_s: int, step_s: int, count: int) -> np.ndarray:
        """Return arrivals at the place for departures at regular times, (homes, count); -1 none."""
        from socaccess.transit._profile import spread_departures

        out = np.empty((len(homes.begin) - 1, count), np.int32)
        spread_departures(
            homes.begin, homes.stop, homes.seconds, self._own_first, self._own,
            np.int64(start_s), np.int64(step_s), out,
        )  # fmt: skip
        return out

    @property
    def columns(self) -> int:
        """Values per entry: the most rides, or 1 for any number of them."""
        return self._own.shape[1] - 1

    def list_departures(self, stop: int, column: int = -1) -> Iterator[tuple[int, int, int, int]]:
        """Yield departure, arrival, rides and seconds on foot of every entry of a stop.

        `column` says by how many rides at most, less one; the last by default.
        """
        at = int(self._own_first[stop])
        while at >= 0:
            packed, value = int(self._own[at, 0]), int(self._own[at, 1:][column])
            if value < _NEVER:
                yield packed >> 32, value >> 24, value >> 18 & 63, value & (1 << 18) - 1
            at = (packed & (1 << 32) - 1) - 1
