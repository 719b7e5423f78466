"""A timetable as arrays: stops, trips and their stop times, services, and what was found odd."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from socaccess.errors import InputError, Problem

__all__ = ["MAY_ALIGHT", "MAY_BOARD", "NO_TRANSFER", "Feed", "join_feeds"]

MAY_BOARD: Final = 1
"""Bit of `Feed.rule`: passengers may get on here."""
MAY_ALIGHT: Final = 2
"""Bit of `Feed.rule`: passengers may get off here."""
NO_TRANSFER: Final = -2
"""Seconds of a transfer that the feed forbids; -1 where it gives none."""

_NUMBERED = {
    # Columns that name a row of another table, and which.
    "stop_parent": "stop_id",
    "trip_service": "service_id",
    "trip_route": "route_id",
    "stop": "stop_id",
    "calendar_service": "service_id",
    "exception_service": "service_id",
    "frequency_trip": "trip_id",
    "transfer_from": "stop_id",
    "transfer_to": "stop_id",
}


@dataclass(frozen=True, eq=False)
class Feed:
    """One timetable, or several joined; one row per stop, trip, stop time, service day.

    Texts are arrow arrays, which a saved feed reads straight from its file.

    Parameters
    ----------
    stop_id, stop_name
        Stops, platforms and stations.
    stop_lon, stop_lat
        Degrees (WGS 84); NaN where unknown. A platform without a place has its station's.
    stop_parent
        Position of the station a platform belongs to, -1 for none.
    stop_wheelchair, trip_wheelchair
        0 unknown, 1 accessible, 2 not; a platform without a word has its station's.
    route_id, route_name, route_type
        Lines: id, the name passengers know (short, else long), and kind as in GTFS
        (2 rail, 3 bus).
    trip_id, trip_service, trip_route
        Trips, with positions of service and line.
    trip_begin
        Where the stop times of each trip begin, shape (trips + 1,).
    stop, arrive_s, depart_s, rule
        Stop times by trip, in order: position of the stop, seconds after "noon minus 12 hours"
        of the service day (above 86,400 after midnight), `MAY_BOARD` and `MAY_ALIGHT`.
    service_id
        Services.
    calendar_service, calendar_weekdays, calendar_first, calendar_last
        Weekly patterns: weekdays as bits from Monday (1), first and last day as
        `datetime.date.toordinal`, both inclusive.
    exception_service, exception_day, exception_adds
        Single days on which a service runs or does not.
    frequency_trip, frequency_from_s, frequency_to_s, frequency_every_s
        Trips repeated at an interval, the end exclusive.
    transfer_from, transfer_to, transfer_s
        Changes on foot between two stops, or at one; `NO_TRANSFER` where forbidden, -1 where
        no time is given.
    timezone
        Of the times; of the first feed.
    sources
        Per feed: file, SHA-256, publisher, version and days as it states them, counts.
    findings
        What is odd about the feed and was not used, or was mended.
    """

    stop_id: pa.Array
    stop_name: pa.Array
    stop_lon: np.ndarray
    stop_lat: np.ndarray
    stop_parent: np.ndarray
    stop_wheelchair: np.ndarray
    route_id: pa.Array
    route_name: pa.Array
    route_type: np.ndarray
    trip_id: pa.Array
    trip_service: np.ndarray
    trip_route: np.ndarray
    trip_wheelchair: np.ndarray
    trip_begin: np.ndarray
    stop: np.ndarray
    arrive_s: np.ndarray
    depart_s: np.ndarray
    rule: np.ndarray
    service_id: pa.Array
    calendar_service: np.ndarray
    calendar_weekdays: np.ndarray
    calendar_first: np.ndarray
    calendar_last: np.ndarray
    exception_service: np.ndarray
    exception_day: np.ndarray
    exception_adds: np.ndarray
    frequency_trip: np.ndarray
    frequency_from_s: np.ndarray
    frequency_to_s: np.ndarray
    frequency_every_s: np.ndarray
    transfer_from: np.ndarray
    transfer_to: np.ndarray
    transfer_s: np.ndarray
    timezone: str
    sources: tuple[dict[str, Any], ...]
    findings: tuple[Problem, ...]

    @property
    def stop_count(self) -> int:
        """Number of stops."""
        return len(self.stop_id)

    @property
    def trip_count(self) -> int:
        """Number of trips."""
        return len(self.trip_id)

    @cached_property
    def served(self) -> np.ndarray:
        """True for stops where any trip calls."""
        served = np.zeros(self.stop_count, bool)
        served[self.stop] = True
        return served

    @cached_property
    def service_trips(self) -> np.ndarray:
        """Trips of two stop times or more, per service."""
        used = np.diff(self.trip_begin) > 1
        return np.bincount(self.trip_service, used, minlength=len(self.service_id)).astype(np.int64)

    @cached_property
    def validity(self) -> tuple[dt.date, dt.date]:
        """First and last day on which a trip may run, both inclusive."""
        used = self.service_trips > 0
        weekly = used[self.calendar_service]
        single = used[self.exception_service] & self.exception_adds
        days = [
            *self.calendar_first[weekly].tolist(),
            *self.calendar_last[weekly].tolist(),
            *self.exception_day[single].tolist(),
        ]
        if not days:
            raise InputError("gtfs.never_runs", where=self.name)
        return dt.date.fromordinal(min(days)), dt.date.fromordinal(max(days))

    @property
    def name(self) -> str:
        """File names of the feeds."""
        return ", ".join(str(source["file"]) for source in self.sources)

    def find_running(self, day: dt.date) -> np.ndarray:
        """Return which services run on a day, shape (services,)."""
        return self.list_running(day, day)[0]

    def list_running(self, first: dt.date, last: dt.date) -> np.ndarray:
        """Return which services run on each day from `first` to `last`, shape (days, services)."""
        begin, count = first.toordinal(), (last - first).days + 1
        running = np.zeros((count, len(self.service_id)), bool)
        # An ordinal of 1 is a Monday.
        weekday = (begin - 1 + np.arange(count)) % 7
        for service, mask, low, high in zip(
            self.calendar_service.tolist(), self.calendar_weekdays.tolist(),
            self.calendar_first.tolist(), self.calendar_last.tolist(), strict=True,
        ):  # fmt: skip
            days = slice(max(low - begin, 0), max(high - begin + 1, 0))
            running[days, service] |= (mask >> weekday[days] & 1).astype(bool)
        inside = (self.exception_day >= begin) & (self.exception_day < begin + count)
        running[self.exception_day[inside] - begin, self.exception_service[inside]] = (
            self.exception_adds[inside]
        )
        return running


def join_feeds(feeds: Sequence[Feed]) -> Feed:
    """Return several feeds as one; ids get the number of their feed in front (`1:`, `2:`).

    A single feed stays as it is. Times of all are taken as of one timezone; where feeds state
    different ones, that is a finding.
    """
    if len(feeds) == 1:
        return feeds[0]
    joined: dict[str, Any] = {}
    for field in Feed.__dataclass_fields__:
        parts = [getattr(feed, field) for feed in feeds]
        if field.endswith("_id"):
            joined[field] = pa.concat_arrays(
                [
                    pa.array([f"{number}:{name}" for name in part.to_pylist()], pa.string())
                    for number, part in enumerate(parts, 1)
                ]
            )
        elif isinstance(parts[0], pa.Array):
            joined[field] = pa.concat_arrays(parts)
        elif field in _NUMBERED:
            before = np.cumsum([0, *(len(getattr(feed, _NUMBERED[field])) for feed in feeds)])
            joined[field] = np.concatenate(
                [
                    np.where(part < 0, part, part + shift).astype(part.dtype)
                    for part, shift in zip(parts, before[:-1], strict=True)
                ]
            )
        elif field == "trip_begin":
            rows = np.cumsum([0, *(len(feed.stop) for feed in feeds)])
            joined[field] = np.concatenate(
                [[0], *(part[1:] + shift for part, shift in zip(parts, rows[:-1], strict=True))]
            ).astype(np.int64)
        elif isinstance(parts[0], np.ndarray):
            joined[field] = np.concatenate(parts)
        elif isinstance(parts[0], tuple):
            joined[field] = tuple(item for part in parts for item in part)
        else:
            joined[field] = parts[0]
    zones = sorted({feed.timezone for feed in feeds})
    if len(zones) > 1:
        odd = Problem("gtfs.timezones_differ", joined["sources"][0]["file"], zones)
        joined["findings"] += (odd,)
    return Feed(**joined)
