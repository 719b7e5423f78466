"""From one place to all stops, or from all stops to one: a single scan over a day."""

from __future__ import annotations

from typing import Any

import numpy as np

from socaccess.transit.timetable import MIRROR_S, Timetable

__all__ = ["find_earliest", "find_latest"]


def find_earliest(
    timetable: Timetable,
    stop: np.ndarray,
    seconds: np.ndarray,
    start_s: int,
    *,
    until_s: int | None = None,
    max_rides: int | None = None,
) -> np.ndarray:
    """Return the earliest arrival by a ride at every stop.

    Parameters
    ----------
    timetable
        A day.
    stop, seconds
        Where one can be first, and how long the way there takes.
    start_s
        When one leaves, seconds of the day.
    until_s
        Latest departure of a ride looked at, inclusive; None for all of the day.
    max_rides
        Most rides (1-60); None for any number.

    Returns
    -------
    numpy.ndarray
        Seconds of the day, -1 where no ride gets there; shape (stops,), or with `max_rides`
        (stops, max_rides): by at most 1, 2 ... rides.

    Examples
    --------
    >>> find_earliest(timetable, np.array([0]), np.array([0]), 8 * 3600)  # doctest: +SKIP
    """
    from socaccess.transit._scan import FAR, scan_earliest, scan_rides

    until = FAR if until_s is None else np.int32(min(until_s, int(FAR)))
    asked: tuple[Any, ...] = (
        *timetable.connections, *timetable.walks_out, timetable.run_count,
        np.asarray(stop, np.int32), np.asarray(seconds, np.int32), np.int32(start_s), until,
    )  # fmt: skip
    scan: Any = scan_earliest if max_rides is None else scan_rides
    arrival: np.ndarray = scan(*asked, *(() if max_rides is None else (max_rides,)))
    arrival[arrival == FAR] = -1
    return arrival


def find_latest(
    timetable: Timetable,
    stop: np.ndarray,
    seconds: np.ndarray,
    by_s: int,
    *,
    from_s: int = 0,
    max_rides: int | None = None,
) -> np.ndarray:
    """Return the latest departure by a ride from every stop that is in time; scanned backwards.

    Parameters
    ----------
    timetable
        A day.
    stop, seconds
        Stops from which the destination is reached, and how long the way takes from each.
    by_s
        When one has to be there, inclusive.
    from_s
        Earliest arrival of a ride looked at, inclusive.
    max_rides
        Most rides; None for any number.

    Returns
    -------
    numpy.ndarray
        As `find_earliest`; departures, -1 where there is none.
    """
    found = find_earliest(
        timetable.mirrored, stop, seconds, MIRROR_S - by_s,
        until_s=MIRROR_S - from_s, max_rides=max_rides,
    )  # fmt: skip
    return np.where(found < 0, -1, MIRROR_S - found)
