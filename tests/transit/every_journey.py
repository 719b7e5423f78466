"""The answer by trying every journey: an own reader of feeds, no scan, nothing shared."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import itertools
import math
from dataclasses import dataclass

import geopandas as gpd

from .random_feeds import Texts

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Journey = tuple[int, int, int, int]
"""Departure, arrival, rides, seconds on foot."""


def read_rows(texts: Texts, name: str) -> list[dict[str, str]]:
    text = texts.get(name, "").removeprefix("\ufeff")
    rows = csv.DictReader(io.StringIO(text))
    return [{key.strip(): (value or "").strip() for key, value in row.items()} for row in rows]


def read_seconds(clock: str) -> int | None:
    if not clock:
        return None
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


@dataclass
class World:
    """Runs of a day (stop, arrival, departure, may board, may alight), walks, times to change."""

    stops: list[str]
    runs: list[list[tuple[int, int, int, bool, bool]]]
    walks: dict[tuple[int, int], int]
    change: list[int]


def build_world(
    texts: Texts, day: dt.date, *, kph: float, change_m: float, change_s: int, wheelchair: bool
) -> World:
    stop_rows = read_rows(texts, "stops.txt")
    stops = [row["stop_id"] for row in stop_rows]
    number = {name: at for at, name in enumerate(stops)}
    trips = read_rows(texts, "trips.txt")
    calls: dict[str, list[list]] = {}
    for row in read_rows(texts, "stop_times.txt"):
        if row["stop_id"] in number:
            calls.setdefault(row["trip_id"], []).append([
                int(row["stop_sequence"]), number[row["stop_id"]],
                read_seconds(row["arrival_time"]), read_seconds(row["departure_time"]),
                row["pickup_type"] != "1", row["drop_off_type"] != "1",
            ])  # fmt: skip
    said = [{row["wheelchair_accessible"] for row in trips} & {"1", "2"},
            {row["wheelchair_boarding"] for row in stop_rows} & {"1", "2"}]  # fmt: skip
    for rows in calls.values():
        rows.sort(key=lambda row: row[0])
        known = [at for at, row in enumerate(rows) if row[2] is not None]
        for low, high in itertools.pairwise(known):
            for at in range(low + 1, high):
                share = (rows[high][2] - rows[low][3]) * (at - low) // (high - low)
                rows[at][2] = rows[at][3] = rows[low][3] + share
        for row in rows:
            if wheelchair and said[1] and stop_rows[row[1]]["wheelchair_boarding"] != "1":
                row[4] = row[5] = False
    served = {row[1] for row in trips for row in calls.get(row["trip_id"], [])}
    repeats: dict[str, list[tuple[int, int, int]]] = {}
    for row in read_rows(texts, "frequencies.txt"):
        repeats.setdefault(row["trip_id"], []).append((
            read_seconds(row["start_time"]), read_seconds(row["end_time"]), int(row["headway_secs"])
        ))  # fmt: skip
    runs = []
    for before in (0, 1):
        running = list_running(texts, day - dt.timedelta(before))
        for trip in trips:
            rows = calls.get(trip["trip_id"], [])
            if trip["service_id"] not in running or len(rows) < 2:
                continue
            if wheelchair and said[0] and trip["wheelchair_accessible"] != "1":
                continue
            shifts = [0]
            if trip["trip_id"] in repeats:
                shifts = [at - rows[0][3] for low, high, every in repeats[trip["trip_id"]]
                          for at in range(low, high, every)]  # fmt: skip
            for shift in shifts:
                by = shift - 86400 * before
                runs.append([(r[1], r[2] + by, r[3] + by, r[4], r[5]) for r in rows])
    ways = measure(stop_rows, stop_rows)
    change = [change_s] * len(stops)
    walks = {
        (a, b): to_seconds(ways[a][b], kph)
        for a in served for b in served if a != b and ways[a][b] * 1.3 <= change_m
    }  # fmt: skip
    transfers = [(number[r["from_stop_id"]], number[r["to_stop_id"]], r["transfer_type"],
                  r["min_transfer_time"]) for r in read_rows(texts, "transfers.txt")]  # fmt: skip
    for a, b, kind, given in transfers:
        if a == b and kind == "2":
            change[a] = int(given)
    for a, b, kind, given in transfers:
        if a == b:
            continue
        if kind == "3":
            walks.pop((a, b), None)
        elif kind == "2":
            walks[a, b] = max(0, int(given) - change[a])
        else:
            walks.setdefault((a, b), to_seconds(ways[a][b], kph))
    return World(stops, runs, walks, change)


def list_running(texts: Texts, day: dt.date) -> set[str]:
    date = day.strftime("%Y%m%d")
    running = {
        row["service_id"] for row in read_rows(texts, "calendar.txt")
        if row["start_date"] <= date <= row["end_date"] and row[WEEKDAYS[day.weekday()]] == "1"
    }  # fmt: skip
    for row in read_rows(texts, "calendar_dates.txt"):
        if row["date"] == date:
            (running.add if row["exception_type"] == "1" else running.discard)(row["service_id"])
    return running


def to_metres(rows: list[dict[str, str]]) -> list[tuple[float, float]]:
    lon = [float(row.get("stop_lon") or row["lon"]) for row in rows]
    lat = [float(row.get("stop_lat") or row["lat"]) for row in rows]
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs="EPSG:4326").to_crs("EPSG:3059")
    return list(zip(points.x, points.y, strict=True))


def measure(begin: list[dict[str, str]], end: list[dict[str, str]]) -> list[list[float]]:
    """Straight metres between places."""
    others = to_metres(end)
    return [[math.dist(a, b) for b in others] for a in to_metres(begin)]


def to_seconds(straight_m: float, kph: float) -> int:
    return math.ceil(straight_m * 1.3 * 3.6 / kph - 1e-6)


def list_journeys(
    world: World, access: dict[int, int], egress: dict[int, int],
    *, arrive: tuple[int, int], leave_from: int, board_from: int, rides: int,
) -> set[Journey]:  # fmt: skip
    """Every journey from where `access` leads to where `egress` does, at most `rides` rides."""

    @functools.cache
    def ride(run: int, at: int) -> frozenset[tuple[int, int, int]]:
        """Arrival, rides and walk of all ways to go on for whoever boards a run at a call."""
        found = set()
        calls = world.runs[run]
        for stop, come, _, _, may_alight in calls[at + 1 :]:
            if not may_alight:
                continue
            if stop in egress and arrive[0] <= come + egress[stop] <= arrive[1]:
                found.add((come + egress[stop], 1, egress[stop]))
            walks = [(b, s) for (a, b), s in world.walks.items() if a == stop]
            for other, seconds in [(stop, 0), *walks]:
                ready = come + seconds + world.change[stop]
                for number, calling in enumerate(world.runs):
                    for place, call in enumerate(calling[:-1]):
                        if call[0] == other and call[3] and call[2] >= max(ready, 0):
                            found |= {
                                (end, count + 1, walk + seconds)
                                for end, count, walk in ride(number, place)
                                if count < rides
                            }
        return frozenset(found)

    journeys = set()
    for run, calls in enumerate(world.runs):
        for at, (stop, _, leave, may_board, _) in enumerate(calls[:-1]):
            if not may_board or stop not in access or leave < board_from:
                continue
            if leave - access[stop] >= leave_from:
                journeys |= {
                    (leave - access[stop], end, count, walk + access[stop])
                    for end, count, walk in ride(run, at)
                }
    return journeys
