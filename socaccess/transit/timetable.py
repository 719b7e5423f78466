"""One day of a timetable as connections in order of time, and which days are alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from socaccess.errors import InputError
from socaccess.sources.gtfs.feed import MAY_BOARD, Feed
from socaccess.transit.walking import Footpaths

__all__ = ["DAY_S", "MIRROR_S", "DayType", "Timetable", "build_day", "list_day_types"]

DAY_S: Final = 86_400
MIRROR_S: Final = 200_000
"""A mirrored day has its time `t` at `MIRROR_S - t`."""
WORKING_DAYS: Final = (0, 1, 2, 3, 4)


@dataclass(frozen=True, eq=False)
class Timetable:
    """The connections of one day, sorted by departure, and the walks between stops.

    Times are seconds after "noon minus 12 hours" of the day. Trips of the evening before that run
    past midnight are there. A connection is one hop of one run; a run is a trip on that day, or one
    of its repetitions.

    Parameters
    ----------
    leave_s, come_s, tail, head, run, rule
        Departure, arrival, stop left, stop reached, run, and whether passengers may get on at the
        one and off at the other (`MAY_BOARD`, `MAY_ALIGHT`), shape (connections,).
    change_s
        Seconds needed to change at each stop, at least 1.
    walks_out, walks_in
        Walks out of each stop after a ride, and the same into each stop: where they begin, the
        other stop, and seconds with the time to change.
    run_trip, run_shift_s
        Trip of the feed behind each run, and the seconds to add to its times.
    is_mirrored
        Whether time is turned round.
    """

    leave_s: np.ndarray
    come_s: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    run: np.ndarray
    rule: np.ndarray
    change_s: np.ndarray
    walks_out: tuple[np.ndarray, np.ndarray, np.ndarray]
    walks_in: tuple[np.ndarray, np.ndarray, np.ndarray]
    run_trip: np.ndarray
    run_shift_s: np.ndarray
    is_mirrored: bool = False

    @property
    def connections(self) -> tuple[np.ndarray, ...]:
        """The six arrays of connections and the time to change, as the kernels want them."""
        return (
            self.leave_s, self.come_s, self.tail, self.head, self.run, self.rule, self.change_s
        )  # fmt: skip

    @property
    def stop_count(self) -> int:
        """Number of stops."""
        return len(self.change_s)

    @property
    def run_count(self) -> int:
        """Number of runs."""
        return len(self.run_trip)

    @cached_property
    def mirrored(self) -> Timetable:
        """The day with its time turned round: what left arrives, so that "from" becomes "to"."""
        from socaccess.transit._scan import order_by_time

        leave = np.ascontiguousarray((MIRROR_S - self.come_s)[::-1])
        # Hops of one run that take no time must stay in its order: turned round, then sorted.
        order = order_by_time(leave)

        def turn(values: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(values[::-1][order])

        rule = turn(self.rule)
        return Timetable(
            leave[order], turn(MIRROR_S - self.leave_s), turn(self.head), turn(self.tail),
            turn(self.run), ((rule & MAY_BOARD) << 1 | rule >> 1).astype(np.uint8), self.change_s,
            self.walks_in, self.walks_out, self.run_trip, self.run_shift_s, not self.is_mirrored,
        )  # fmt: skip


@dataclass(frozen=True)
class DayType:
    """Days on which the same services run.

    Parameters
    ----------
    days
        The dates, ascending.
    trips
        Trips that run on each of them.
    kind
        `weekday` for the commonest Monday-to-Friday pattern, `weekday_other` for further ones
        (school holidays, public holidays), `saturday`, `sunday`, `weekend`, `every_day` or
        `mixed`. It rests on the dates of the calendars, not on names of services.
    """

    days: tuple[dt.date, ...]
    trips: int
    kind: str

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Days of the week it occurs on, Monday is 0."""
        return tuple(sorted({day.weekday() for day in self.days}))


def list_day_types(
    feed: Feed,
    since: dt.date | None = None,
    until: dt.date | None = None,
    *,
    weekdays: Collection[int] = range(7),
    night_until_s: int | None = None,
) -> list[DayType]:
    """Return the types of day from `since` to `until`, both inclusive, the commonest first.

    Days are of one type if the same services with trips run on them, whatever weekday they are.

    Parameters
    ----------
    feed
        The timetable.
    since, until
        Period; by default all of the feed's validity.
    weekdays
        Days of the week to look at, Monday is 0.
    night_until_s
        Also tell days apart by services of the day before that run beyond this time after
        midnight of their own day's end; None to leave them out of account.

    Raises
    ------
    InputError
        If the period lies outside the feed's validity, or ends before it begins.

    Examples
    --------
    >>> for kind in list_day_types(feed):                       # doctest: +SKIP
    ...     print(kind.kind, len(kind.days), kind.trips)
    """
    first, last = feed.validity
    low, high = since or first, until or last
    if low > high:
        raise InputError("transit.period_turned", since=low, until=high)
    for day in (low, high):
        check_day(feed, day)
    running = feed.list_running(low, high) & (feed.service_trips > 0)
    keys = running
    if night_until_s is not None:
        last_s = np.zeros(len(feed.service_id), np.int64)
        ends = feed.trip_begin[1:] - 1
        some = np.diff(feed.trip_begin) > 0
        np.maximum.at(last_s, feed.trip_service[some], feed.arrive_s[ends[some]])
        before = feed.list_running(low - dt.timedelta(1), high - dt.timedelta(1))
        keys = np.hstack([running, before & (last_s > DAY_S + night_until_s)])
    groups: dict[bytes, list[int]] = {}
    for at in range(len(keys)):
        if (low + dt.timedelta(at)).weekday() in weekdays:
            groups.setdefault(np.packbits(keys[at]).tobytes(), []).append(at)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0]))
    kinds = _name_kinds([[(low + dt.timedelta(at)).weekday() for at in g] for g in ordered])
    return [
        DayType(
            tuple(low + dt.timedelta(at) for at in group),
            int(feed.service_trips @ running[group[0]]),
            kind,
        )
        for group, kind in zip(ordered, kinds, strict=True)
    ]


def _name_kinds(groups: list[list[int]]) -> list[str]:
    """Return what to call groups of weekdays, the commonest group first."""
    kinds = []
    main_seen = False
    for group in groups:
        seen = set(group)
        working = sum(day in WORKING_DAYS for day in group)
        if seen == {5}:
            kind = "saturday"
        elif seen == {6}:
            kind = "sunday"
        elif seen == {5, 6}:
            kind = "weekend"
        elif len(seen) == 7:
            kind = "every_day"
        elif working == len(group):
            kind = "weekday_other" if main_seen else "weekday"
            main_seen = True
        elif working * 2 < len(group):
            # A public holiday with Sunday's service belongs to the Sundays.
            kind = "sunday" if group.count(6) >= group.count(5) else "saturday"
        else:
            kind = "mixed"
        kinds.append(kind)
    return kinds


def check_day(feed: Feed, day: dt.date) -> None:
    """Raise `InputError` for a day outside the feed's validity, with its dates."""
    first, last = feed.validity
    if not first <= day <= last:
        raise InputError(
            "transit.day_outside", where=feed.name, day=day.isoformat(),
            first=first.isoformat(), last=last.isoformat(),
        )  # fmt: skip


def build_day(
    feed: Feed,
    day: dt.date,
    footpaths: Footpaths,
    *,
    wheelchair: bool = False,
) -> Timetable:
    """Return the connections of one day.

    Parameters
    ----------
    feed
        The timetable.
    day
        A date of its validity.
    footpaths
        Walks between stops (`socaccess.transit.find_footpaths`).
    wheelchair
        Only trips and stops the feed states as accessible; where it says nothing of trips, or
        nothing of stops, all of those count.

    Raises
    ------
    InputError
        If the day lies outside the validity, or `wheelchair` is asked of a feed that says nothing
        of either.

    Examples
    --------
    >>> import datetime
    >>> timetable = build_day(feed, datetime.date(2026, 10, 7), paths)  # doctest: +SKIP
    """
    from socaccess.transit._scan import order_by_time, unroll_runs

    check_day(feed, day)
    rule, allowed = feed.rule, np.ones(feed.trip_count, bool)
    if wheelchair:
        if not feed.trip_wheelchair.any() and not feed.stop_wheelchair.any():
            raise InputError("transit.no_wheelchair_data", where=feed.name)
        if feed.trip_wheelchair.any():
            allowed = feed.trip_wheelchair == 1
        if feed.stop_wheelchair.any():
            rule = np.where(feed.stop_wheelchair[feed.stop] == 1, rule, 0).astype(np.uint8)
    trips, shifts = _list_runs(feed, day, allowed)
    connections = unroll_runs(
        feed.trip_begin, feed.stop, feed.arrive_s, feed.depart_s, rule, trips, shifts
    )
    order = order_by_time(connections[0])
    seconds = (footpaths.seconds + footpaths.change_s[footpaths.begin]).astype(np.int32)
    leave, come, tail, head, run, allowed_here = (
        np.ascontiguousarray(values[order]) for values in connections
    )
    return Timetable(
        leave, come, tail, head, run, allowed_here, footpaths.change_s,
        _index(footpaths.begin, footpaths.end, seconds, feed.stop_count),
        _index(footpaths.end, footpaths.begin, seconds, feed.stop_count),
        trips, shifts,
    )  # fmt: skip


def _list_runs(feed: Feed, day: dt.date, allowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return trip and shift of every run of a day, and of the evening before past midnight."""
    length = np.diff(feed.trip_begin)
    trips: list[np.ndarray] = []
    shifts: list[np.ndarray] = []
    repeated = np.zeros(feed.trip_count, bool)
    repeated[feed.frequency_trip] = True
    for before in (0, 1):
        date = day - dt.timedelta(before)
        shift = 0 if not before else _shift_between(feed.timezone, date, day)
        runs = feed.find_running(date)[feed.trip_service] & allowed & (length > 1)
        single = np.flatnonzero(runs & ~repeated)
        trips.append(single)
        shifts.append(np.full(len(single), shift, np.int64))
        for trip, begin, end, every in zip(
            feed.frequency_trip.tolist(), feed.frequency_from_s.tolist(),
            feed.frequency_to_s.tolist(), feed.frequency_every_s.tolist(), strict=True,
        ):  # fmt: skip
            if runs[trip]:
                starts = np.arange(begin, end, every) + shift
                trips.append(np.full(len(starts), trip))
                shifts.append(starts - int(feed.depart_s[feed.trip_begin[trip]]))
    trip, by = np.concatenate(trips), np.concatenate(shifts)
    late = feed.arrive_s[feed.trip_begin[trip + 1] - 1] + by >= 0
    trip, by = trip[late].astype(np.int64), by[late].astype(np.int64)
    # Numbered as they set out: those under way at one time lie side by side in a scan's memory.
    order = np.argsort(feed.depart_s[feed.trip_begin[trip]] + by, kind="stable")
    return trip[order], by[order]


def _shift_between(timezone: str, date: dt.date, day: dt.date) -> int:
    """Return the seconds from `day`'s beginning to that of `date`: no 86,400 where clocks change.

    A service day begins twelve hours before noon.
    """
    from zoneinfo import ZoneInfo

    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        return -DAY_S * (day - date).days
    noons = [dt.datetime(d.year, d.month, d.day, 12, tzinfo=zone).timestamp() for d in (date, day)]
    return round(noons[0] - noons[1])


def _index(
    begin: np.ndarray, end: np.ndarray, seconds: np.ndarray, stops: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return walks in compressed sparse rows."""
    order = np.argsort(begin, kind="stable")
    start = np.searchsorted(begin[order], np.arange(stops + 1)).astype(np.int64)
    return start, end[order].astype(np.int32), seconds[order]
