"""From the files of a feed to its arrays; everything that is wrong is gathered and said at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from socaccess.errors import Problem, raise_problems
from socaccess.messages import name_line
from socaccess.sources.gtfs import stop_times as times_
from socaccess.sources.gtfs.feed import NO_TRANSFER, Feed, join_feeds
from socaccess.sources.gtfs.tables import FeedFiles, Table

__all__ = ["read_feed", "read_feeds"]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NEEDED: Final = {
    "stops.txt": ("stop_id", "stop_lat", "stop_lon"),
    "trips.txt": ("trip_id", "service_id"),
    times_.NAME: times_.NEEDED,
}
_CALENDARS: Final = {
    "calendar.txt": ("service_id", "start_date", "end_date", *WEEKDAYS),
    "calendar_dates.txt": ("service_id", "date", "exception_type"),
}
# Changes in the seat, and those for single trips or lines, are not calculated with.
_NARROW: Final = ("from_trip_id", "to_trip_id", "from_route_id", "to_route_id")


def read_feeds(paths: Sequence[str | Path], *, on_request: bool = True) -> Feed:
    """Return the timetable of several feeds together; see `read_feed` and `join_feeds`."""
    return join_feeds([read_feed(path, on_request=on_request) for path in paths])


def read_feed(path: str | Path, *, on_request: bool = True) -> Feed:
    """Return the timetable of one GTFS feed.

    Understood are padded and quoted columns, a byte-order mark, feeds in a folder of their archive,
    either calendar table alone, frequencies, times past 24:00, stations and platforms, rules of
    boarding and alighting, changes on foot, and rows in any order. `stop_times.txt` is read in
    blocks: memory is that of its arrays, 13 bytes a row.

    Parameters
    ----------
    path
        A zip file, or a folder with its files.
    on_request
        Whether stops that are served only after a call or a sign to the driver count as served.

    Returns
    -------
    Feed
        `findings` says what is odd about it and how it was taken.

    Raises
    ------
    InputError
        If there is no such feed, or tables or columns are missing without which nothing can be
        said: also a feed without any calendar, which would seem to have no service at all.
    """
    with FeedFiles(path) as files:
        complete = [files.require(name, columns) for name, columns in _NEEDED.items()]
        if not any(name in files for name in _CALENDARS):
            files.add("gtfs.no_calendar", "calendar.txt")
        for name, columns in _CALENDARS.items():
            if name in files:
                complete.append(files.require(name, columns))
        if not all(complete) or not any(name in files for name in _CALENDARS):
            raise_problems(files.problems)
        return _read(files, on_request)


def _read(files: FeedFiles, on_request: bool) -> Feed:
    stops, stop_numbers = _read_stops(files)
    routes, route_numbers = _read_routes(files)
    trips, trip_numbers, services = _read_trips(files, route_numbers)
    days = _read_days(files, services)
    rows = times_.read_stop_times(files, trip_numbers, stop_numbers, on_request=on_request)
    _report_use(files, rows, trips, list(trip_numbers), stops, days, list(services))
    agency = files.read_table("agency.txt", ("agency_timezone", "agency_name"))
    feed = Feed(
        **stops,
        **routes,
        **trips,
        **vars(rows),
        service_id=pa.array(list(services), pa.string()),
        **days,
        **_read_frequencies(files, trip_numbers),
        **_read_transfers(files, stop_numbers),
        timezone=next(filter(None, agency["agency_timezone"]), "UTC"),
        sources=(_describe_source(files, agency["agency_name"]),),
        findings=(),
    )
    if not len(feed.stop):
        files.add("gtfs.no_stop_times", times_.NAME)
        raise_problems(files.problems)
    if not len(feed.calendar_service) and not feed.exception_adds.any():
        files.add("gtfs.no_calendar", "calendar.txt")
        raise_problems(files.problems)
    object.__setattr__(feed, "findings", tuple(files.problems))
    return feed


# ---- stops, lines, trips --------------------------------------------------------------------


def _read_stops(files: FeedFiles) -> tuple[dict[str, Any], dict[str, int]]:
    name = "stops.txt"
    columns = ("stop_id", "stop_name", "stop_lon", "stop_lat", "parent_station",
               "wheelchair_boarding")  # fmt: skip
    table = files.read_table(name, columns)
    keep, numbers = _number(files, name, table["stop_id"], "gtfs.stop_repeats")
    table = {column: [values[at] for at in keep] for column, values in table.items()}
    lon, lat = (_to_degrees(table[column]) for column in ("stop_lon", "stop_lat"))
    nowhere = (lon == 0) & (lat == 0)
    outside = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90)) & ~(np.isnan(lon) | np.isnan(lat))
    lon[nowhere | outside], lat[nowhere | outside] = np.nan, np.nan
    if nowhere.any():
        files.add("gtfs.stop_at_zero", name, _pick(table["stop_id"], nowhere))
    if outside.any():
        files.add("gtfs.stop_outside", name, _pick(table["stop_id"], outside))
    named = np.array([bool(parent) for parent in table["parent_station"]], bool)
    parent = np.array([numbers.get(station, -1) for station in table["parent_station"]], np.int32)
    orphans = named & (parent < 0)
    if orphans.any():
        files.add("gtfs.unknown_station", name, _pick(table["stop_id"], orphans))
    placeless = np.isnan(lon) | np.isnan(lat)
    lent = placeless & (parent >= 0)
    lon[lent], lat[lent] = lon[parent[lent]], lat[parent[lent]]
    placeless = (np.isnan(lon) | np.isnan(lat)) & ~nowhere & ~outside
    if placeless.any():
        files.add("gtfs.stop_without_place", name, _pick(table["stop_id"], placeless))
    wheelchair = _to_flags(table["wheelchair_boarding"])
    silent = (wheelchair == 0) & (parent >= 0)
    wheelchair[silent] = wheelchair[parent[silent]]
    return {
        "stop_id": pa.array(table["stop_id"], pa.string()),
        "stop_name": pa.array(table["stop_name"], pa.string()),
        "stop_lon": lon,
        "stop_lat": lat,
        "stop_parent": parent,
        "stop_wheelchair": wheelchair,
    }, numbers


def _read_routes(files: FeedFiles) -> tuple[dict[str, Any], dict[str, int]]:
    name = "routes.txt"
    table = files.read_table(
        name, ("route_id", "route_short_name", "route_long_name", "route_type")
    )
    keep, numbers = _number(files, name, table["route_id"], "gtfs.route_repeats")
    kinds = [table["route_type"][at] for at in keep]
    return {
        "route_id": pa.array(list(numbers), pa.string()),
        "route_name": pa.array(
            [table["route_short_name"][at] or table["route_long_name"][at] for at in keep],
            pa.string(),
        ),
        "route_type": np.array([int(k) if k.isdecimal() else -1 for k in kinds], np.int32),
    }, numbers


def _read_trips(
    files: FeedFiles, routes: dict[str, int]
) -> tuple[dict[str, Any], dict[str, int], dict[str, int]]:
    name = "trips.txt"
    table = files.read_table(name, ("trip_id", "service_id", "route_id", "wheelchair_accessible"))
    keep, numbers = _number(files, name, table["trip_id"], "gtfs.trip_repeats")
    if len(keep) < len(table["trip_id"]):
        table = {column: [values[at] for at in keep] for column, values in table.items()}
    services = {service: at for at, service in enumerate(dict.fromkeys(table["service_id"]))}
    service = [services[identity] for identity in table["service_id"]]
    route = [routes.get(identity, -1) for identity in table["route_id"]]
    return (
        {
            "trip_id": pa.array(list(numbers), pa.string()),
            "trip_service": np.array(service, np.int32),
            "trip_route": np.array(route, np.int32),
            "trip_wheelchair": _to_flags(table["wheelchair_accessible"]),
        },
        numbers,
        services,
    )


def _number(
    files: FeedFiles, name: str, ids: list[str], repeated: str
) -> tuple[Sequence[int], dict[str, int]]:
    """Return the rows that are kept, the first of each id, and the position of every id."""
    numbers = dict(zip(ids, range(len(ids)), strict=True))
    if len(numbers) == len(ids) and "" not in numbers:
        return range(len(ids)), numbers
    numbers.clear()
    keep, again, empty = [], [], []
    for at, identity in enumerate(ids):
        if not identity:
            empty.append(name_line(at + 2))
        elif identity in numbers:
            again.append(identity)
        else:
            numbers[identity] = len(numbers)
            keep.append(at)
    if again:
        files.problems.append(Problem(repeated, files.locate(name), again))
    if empty:
        files.add("gtfs.without_id", name, empty)
    return keep, numbers


# ---- days -----------------------------------------------------------------------------------


def _read_days(files: FeedFiles, services: dict[str, int]) -> dict[str, np.ndarray]:
    weekly, unused = [], set()
    name = "calendar.txt"
    table = files.read_table(name, _CALENDARS[name])
    bad: list[object] = []
    for at, identity in enumerate(table["service_id"]):
        first, last = (_to_day(table[column][at]) for column in ("start_date", "end_date"))
        if first is None or last is None or last < first:
            bad.append(identity)
        elif identity not in services:
            unused.add(identity)
        else:
            mask = sum(1 << day for day, key in enumerate(WEEKDAYS) if table[key][at] == "1")
            weekly.append((services[identity], mask, first, last))
    if bad:
        files.add("gtfs.bad_days", name, bad)
    name = "calendar_dates.txt"
    table = files.read_table(name, _CALENDARS[name])
    single, bad = [], []
    for identity, date, kind in zip(*table.values(), strict=True):
        day = _to_day(date)
        if day is None or kind not in ("1", "2"):
            bad.append(identity)
        elif identity not in services:
            unused.add(identity)
        else:
            single.append((services[identity], day, kind == "1"))
    if bad:
        files.add("gtfs.bad_days", name, bad)
    if unused:
        files.add("gtfs.service_without_trips", "calendar.txt", sorted(unused))
    days = np.array(weekly, np.int64).reshape(-1, 4)
    dates = np.array(single, np.int64).reshape(-1, 3)
    return {
        "calendar_service": days[:, 0].astype(np.int32),
        "calendar_weekdays": days[:, 1].astype(np.uint8),
        "calendar_first": days[:, 2].astype(np.int32),
        "calendar_last": days[:, 3].astype(np.int32),
        "exception_service": dates[:, 0].astype(np.int32),
        "exception_day": dates[:, 1].astype(np.int32),
        "exception_adds": dates[:, 2].astype(bool),
    }


def _to_day(text: str) -> int | None:
    """Return `YYYYMMDD` as an ordinal, None where it is no date."""
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date().toordinal()
    except ValueError:
        return None


# ---- frequencies and changes ----------------------------------------------------------------


def _read_frequencies(files: FeedFiles, trips: dict[str, int]) -> dict[str, np.ndarray]:
    name = "frequencies.txt"
    table = files.read_table(name, ("trip_id", "start_time", "end_time", "headway_secs"))
    begin, end = (times_.parse_clocks(table[column]) for column in ("start_time", "end_time"))
    kept, bad, unknown = [], [], []
    for at, trip in enumerate(table["trip_id"]):
        every = table["headway_secs"][at]
        if trip not in trips:
            unknown.append(trip)
        elif begin[at] < 0 or end[at] < begin[at] or not every.isdecimal() or int(every) < 1:
            bad.append(trip)
        else:
            kept.append((trips[trip], begin[at], end[at], int(every)))
    if unknown:
        files.add("gtfs.unknown_trip", name, list(dict.fromkeys(unknown)))
    if bad:
        files.add("gtfs.bad_frequency", name, bad)
    rows = np.array(kept, np.int64).reshape(-1, 4).astype(np.int32)
    names = ("frequency_trip", "frequency_from_s", "frequency_to_s", "frequency_every_s")
    return {key: np.ascontiguousarray(rows[:, at]) for at, key in enumerate(names)}


def _read_transfers(files: FeedFiles, stops: dict[str, int]) -> dict[str, np.ndarray]:
    name = "transfers.txt"
    columns = ("from_stop_id", "to_stop_id", "transfer_type", "min_transfer_time", *_NARROW)
    table: Table = files.read_table(name, columns)
    kept: dict[tuple[int, int], int] = {}
    unknown: list[object] = []
    bad: list[object] = []
    unused: list[object] = []
    for at, (begin, end) in enumerate(zip(table["from_stop_id"], table["to_stop_id"], strict=True)):
        kind, given = table["transfer_type"][at] or "0", table["min_transfer_time"][at]
        line = name_line(at + 2)
        if kind not in ("0", "1", "2", "3") or any(table[column][at] for column in _NARROW):
            unused.append(line)
        elif begin not in stops or end not in stops:
            unknown.append(line)
        elif given and not given.split(".")[0].isdecimal():
            bad.append(line)
        else:
            seconds = NO_TRANSFER if kind == "3" else -1
            if kind == "2":
                seconds = int(given.split(".")[0]) if given else -1
            kept[stops[begin], stops[end]] = seconds
    for code, lines in (("gtfs.transfer_unknown_stop", unknown), ("gtfs.bad_transfer", bad),
                        ("gtfs.transfer_unused", unused)):  # fmt: skip
        if lines:
            files.problems.append(Problem(code, files.locate(name), lines))
    pairs = np.array(list(kept), np.int32).reshape(-1, 2)
    return {
        "transfer_from": np.ascontiguousarray(pairs[:, 0]),
        "transfer_to": np.ascontiguousarray(pairs[:, 1]),
        "transfer_s": np.array(list(kept.values()), np.int32),
    }


# ---- what a feed lacks ----------------------------------------------------------------------


def _report_use(
    files: FeedFiles,
    rows: times_.StopTimes,
    trips: dict[str, Any],
    trip_names: list[str],
    stops: dict[str, Any],
    days: dict[str, np.ndarray],
    services: list[str],
) -> None:
    """Find stops without trips, trips of fewer than two stops, trips without a calendar."""
    length = np.diff(rows.trip_begin)
    if (length < 2).any():
        short = [trip_names[at] for at in np.flatnonzero(length < 2).tolist()]
        files.add("gtfs.trip_too_short", "trips.txt", short)
    known = np.zeros(len(services), bool)
    known[days["calendar_service"]] = True
    known[days["exception_service"]] = True
    dateless = ~known[trips["trip_service"]]
    if dateless.any():
        files.add("gtfs.trip_without_days", "trips.txt", _pick(trip_names, dateless))
    used = np.zeros(len(stops["stop_id"]), bool)
    used[rows.stop] = True
    parents = stops["stop_parent"]
    used[parents[parents >= 0]] = True
    if not used.all():
        unserved = _pick(stops["stop_id"].to_pylist(), ~used)
        files.add("gtfs.stop_without_trips", "stops.txt", unserved)


def _describe_source(files: FeedFiles, agencies: list[str]) -> dict[str, Any]:
    info = files.read_table(
        "feed_info.txt",
        ("feed_publisher_name", "feed_version", "feed_start_date", "feed_end_date"),
    )
    stated = {key: values[0] for key, values in info.items() if values and values[0]}
    names = list(dict.fromkeys(name for name in agencies if name))
    return {
        "file": files.path.name,
        "sha256": files.hash_content(),
        "publisher": stated.get("feed_publisher_name", ", ".join(names[:3])),
        "version": stated.get("feed_version", ""),
        "stated_from": stated.get("feed_start_date", ""),
        "stated_to": stated.get("feed_end_date", ""),
    }


def _pick(names: Sequence[str], mask: np.ndarray) -> list[str]:
    return [names[at] for at in np.flatnonzero(mask).tolist()]


def _to_degrees(texts: list[str]) -> np.ndarray:
    values = np.full(len(texts), np.nan)
    for at, text in enumerate(texts):
        try:
            values[at] = float(text)
        except ValueError:
            continue
    return values


def _to_flags(texts: list[str]) -> np.ndarray:
    return np.array([int(text) if text in ("1", "2") else 0 for text in texts], np.uint8)
