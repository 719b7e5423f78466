"""Small random timetables: the answers against every journey there is.

`SOCACCESS_FEEDS=2000` looks at as many feeds; a few are looked at each time.
"""

from __future__ import annotations

import datetime as dt
import math
import os

import geopandas as gpd
import numpy as np
import pytest

import socaccess as sa
from socaccess.transit import STATUSES, build_day, find_earliest, find_footpaths, find_latest

from .every_journey import (
    Journey,
    build_world,
    list_journeys,
    measure,
    read_rows,
    read_seconds,
    to_seconds,
)
from .random_feeds import draw_feed, write_feed

FEEDS = int(os.environ.get("SOCACCESS_FEEDS", "16"))
PARTS = 8
DAY = dt.date(2026, 10, 7)
FOREVER = 10**9


def draw_points(rng: np.random.Generator, count: int) -> list[dict[str, str]]:
    return [{"lon": str(24 + rng.random() * 0.03), "lat": str(56 + rng.random() * 0.02)}
            for _ in range(count)]  # fmt: skip


def to_frame(points: list[dict[str, str]]) -> gpd.GeoDataFrame:
    lon, lat = ([float(point[name]) for point in points] for name in ("lon", "lat"))
    return gpd.GeoDataFrame(
        {"id": [f"p{at}" for at in range(len(points))]},
        geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326",
    )  # fmt: skip


def find_access(points, stops, served, walking) -> list[dict[int, int]]:
    """Seconds to the served stops in reach of each point."""
    ways = measure(points, stops)
    return [
        {at: to_seconds(way[at], walking.kph) for at in served
         if way[at] * walking.detour <= walking.longest_m}
        for way in ways
    ]  # fmt: skip


def walk_options(on_foot: int | None, leave: int, arrive: int) -> set[Journey]:
    return set() if on_foot is None else {(leave, arrive, 0, on_foot)}


class Case:
    """One feed with a question, and its answers both ways."""

    def __init__(self, seed: int, path) -> None:
        rng = np.random.default_rng(seed)
        texts = draw_feed(rng)
        write_feed(texts, path, folder="in/" if rng.random() < 0.3 else "")
        self.walking = sa.WalkModel(
            kph=float(rng.choice([2.0, 3.1, 5.0])),
            longest_m=float(rng.choice([300.0, 700.0, 1500.0])),
            change_m=float(rng.choice([0.0, 400.0, 900.0])),
            change_s=int(rng.choice([1, 60, 300])),
        )
        self.wheelchair = "wheelchair" if rng.random() < 0.5 else ""
        homes, places = draw_points(rng, 3), draw_points(rng, 3)
        self.rng, self.path = rng, path
        self.homes, self.places = to_frame(homes), to_frame(places)
        says = any(line.rstrip().endswith((",1", ",2")) for name in ("stops.txt", "trips.txt")
                   for line in texts[name].splitlines()[1:])  # fmt: skip
        self.wheelchair = bool(self.wheelchair) and says
        self.world = build_world(
            texts, DAY, kph=self.walking.kph, change_m=self.walking.change_m,
            change_s=self.walking.change_s, wheelchair=self.wheelchair,
        )  # fmt: skip
        stops = read_rows(texts, "stops.txt")
        trips = {row["trip_id"] for row in read_rows(texts, "trips.txt")}
        numbers = {row["stop_id"]: at for at, row in enumerate(stops)}
        served = {numbers[row["stop_id"]] for row in read_rows(texts, "stop_times.txt")
                  if row["trip_id"] in trips and row["stop_id"] in numbers}  # fmt: skip
        self.access = find_access(homes, stops, served, self.walking)
        self.egress = find_access(places, stops, served, self.walking)
        self.on_foot = [
            [to_seconds(way, self.walking.kph)
             if way * self.walking.detour <= self.walking.longest_m else None for way in row]
            for row in measure(homes, places)
        ]  # fmt: skip


def check_return(case: Case, counts: np.ndarray) -> list[str]:
    rng = case.rng
    opens, stay_h = int(rng.integers(8, 16)), float(rng.integers(0, 5))
    early = float(rng.choice([30.0, 75.0, 600.0]))
    rides = [None, 1, 2, 3][int(rng.integers(4))]
    answer = sa.return_trips(
        case.path, case.homes, case.places, open=f"{opens}:00", stay_h=stay_h, day=DAY,
        arrive_before_min=(early, 0), max_rides=rides, walking=case.walking,
        wheelchair=case.wheelchair,
    )  # fmt: skip
    open_s, leave_s, most = opens * 3600, round((opens + stay_h) * 3600), rides or 99
    wrong = []
    for h, access in enumerate(case.access):
        for p, egress in enumerate(case.egress):
            walk = case.on_foot[h][p]
            out = list_journeys(
                case.world, access, egress, arrive=(open_s - round(early * 60), open_s),
                leave_from=4 * 3600, board_from=4 * 3600, rides=most,
            )  # fmt: skip
            back = list_journeys(
                case.world, egress, access, arrive=(-FOREVER, 86400), leave_from=leave_s,
                board_from=0, rides=most,
            )  # fmt: skip
            if walk is not None:
                out |= walk_options(walk, open_s - walk, open_s)
                if leave_s + walk <= 86400:
                    back |= walk_options(walk, leave_s, leave_s + walk)
            there = min(out, key=lambda j: (-j[0], j[2] > 0, *j[1:]), default=None)
            home = min(back, key=lambda j: (j[1], j[2] > 0, -j[0], *j[2:]), default=None)
            if walk is not None and leave_s + walk <= 86400:
                back |= walk_options(walk, 86400 - walk, 86400)
            last = max((j[0] for j in back), default=-1)
            status = 0 if there and home else 1 if there else 2
            if not there and walk is None and not (access and egress):
                status = 3
            counts[status] += 1
            want = {"status": status, "last_return_s": last}
            for journey, names in (
                (there, ("leave_s", "arrive_s", "rides_out", "walk_out_s")),
                (home, ("return_s", "back_s", "rides_back", "walk_back_s")),
            ):
                want |= dict(zip(names, journey or (-1, -1, 0, -1), strict=True))
            got = {name: int(getattr(answer, name)[h, p]) for name in want}
            wrong += check_legs(answer, h, p)
            if got != want:
                wrong.append(f"{h} {p} max_rides={rides}: {got} instead of {want}")
    return wrong


def check_legs(answer: sa.ReturnTrips, home: int, place: int) -> list[str]:
    """The legs of a journey follow each other and are as long as its numbers say."""
    legs = answer.journey(home, place)
    wrong = []
    for way, ends in (("out", ("leave_s", "arrive_s")), ("back", ("return_s", "back_s"))):
        begin, end = (int(getattr(answer, name)[home, place]) for name in ends)
        part = legs[legs["way"] == way]
        if begin < 0:
            wrong += [f"{way}: legs of no journey"] * bool(len(part))
            continue
        clocks = [[read_seconds(clock) for clock in part[name]] for name in ("leave", "arrive")]
        walked = sum(b - a for a, b, kind in zip(*clocks, part["kind"], strict=True)
                     if kind == "walk")  # fmt: skip
        facts = (clocks[0][:1], clocks[1][-1:], int((part["kind"] == "ride").sum()), walked)
        want = ([begin], [end], int(getattr(answer, f"rides_{way}")[home, place]),
                int(getattr(answer, f"walk_{way}_s")[home, place]))  # fmt: skip
        follow = all(a <= b for a, b in zip(clocks[1], clocks[0][1:], strict=False))
        if facts != want or not follow:
            wrong.append(f"{way} {home} {place}: legs {facts} instead of {want}")
    return wrong


def check_times(case: Case) -> list[str]:
    """Times over a window of departures, and to be there by a time, against all journeys."""
    rng = case.rng
    start, count = int(rng.integers(6, 15)) * 3600, int(rng.integers(1, 8))
    longest = int(rng.integers(20, 400)) * 60
    percentiles = tuple(sorted(rng.choice(np.arange(1, 101), 3, replace=False).tolist()))
    rides = [None, 1, 2][int(rng.integers(3))]
    given = {"day": DAY, "walking": case.walking, "wheelchair": case.wheelchair,
             "max_rides": rides, "longest_min": longest / 60}  # fmt: skip
    ends = case.path, case.homes, case.places
    clock = f"{start // 3600}:00"
    times = sa.transit_times(*ends, leave=clock, window_min=count, percentiles=percentiles, **given)
    arriving = sa.transit_times(*ends, arrive_by=clock, **given)
    wrong = []
    for h, access in enumerate(case.access):
        for p, egress in enumerate(case.egress):
            walk = case.on_foot[h][p]
            asked = {"access": access, "egress": egress, "rides": rides or 99}
            out = list_journeys(case.world, arrive=(0, FOREVER), leave_from=start,
                                board_from=start, **asked)  # fmt: skip
            seconds = []
            for leave in range(start, start + 60 * count, 60):
                found = [j[1] - leave for j in out if j[0] >= leave]
                seconds.append(min(found + ([walk] if walk is not None else []), default=FOREVER))
            seconds.sort()
            want = [seconds[math.ceil(share / 100 * count) - 1] for share in percentiles]
            by = list_journeys(case.world, arrive=(start - longest, start),
                               leave_from=start - longest, board_from=0, **asked)  # fmt: skip
            before = [start - j[0] for j in by] + ([walk] if walk is not None else [])
            want.append(min(before, default=FOREVER))
            got = [*times.travel_s[:, h, p].tolist(), int(arriving.travel_s[0, h, p])]
            if got != [value if value <= longest else -1 for value in want]:
                wrong.append(f"{h} {p} max_rides={rides}: {got} instead of {want}, {longest}")
    return wrong


def check_stops(case: Case) -> list[str]:
    """One to all stops and all stops to one, by the number of rides."""
    feed = sa.read_feeds([case.path])
    timetable = build_day(feed, DAY, find_footpaths(feed, case.walking), wheelchair=case.wheelchair)
    start = int(case.rng.integers(5, 20)) * 3600
    origin = int(case.rng.integers(feed.stop_count))
    here, zero = np.array([origin]), np.array([0])
    wrong = []
    for rides in (None, 3):
        earliest = find_earliest(timetable, here, zero, start, max_rides=rides)
        latest = find_latest(timetable, here, zero, start, max_rides=rides)
        for stop in range(feed.stop_count):
            for most in [99] if rides is None else range(1, rides + 1):
                at = (stop,) if rides is None else (stop, most - 1)
                asked = {"board_from": 0, "rides": most}
                out = list_journeys(case.world, {origin: 0}, {stop: 0}, leave_from=start,
                                    arrive=(0, FOREVER), **asked)  # fmt: skip
                back = list_journeys(case.world, {stop: 0}, {origin: 0}, leave_from=0,
                                     arrive=(0, start), **asked)  # fmt: skip
                want = (min((j[1] for j in out), default=-1), max((j[0] for j in back), default=-1))
                if (earliest[at], latest[at]) != want:
                    wrong.append(f"{origin} {stop} {most}: {earliest[at]} {latest[at]} {want}")
    return wrong


@pytest.mark.parametrize("part", range(PARTS))
def test_times_and_stops_are_those_of_all_journeys(part, tmp_path):
    wrong = []
    for seed in range(part, FEEDS, PARTS):
        case = Case(seed + 100_000, tmp_path / "feed.zip")
        wrong += [f"feed {seed}: {line}" for line in check_times(case) + check_stops(case)]
    assert wrong == []


def test_times_to_change_that_differ_by_stop(tmp_path):
    """Feed 594 once told less walking on the way home than any journey has."""
    assert check_return(Case(594, tmp_path / "feed.zip"), np.zeros(len(STATUSES), int)) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_return_trips_are_the_best_of_all_journeys(part, tmp_path):
    wrong, counts = [], np.zeros(len(STATUSES), int)
    for seed in range(part, FEEDS, PARTS):
        case = Case(seed, tmp_path / "feed.zip")
        wrong += [f"feed {seed}: {line}" for line in check_return(case, counts)]
    assert wrong == []
    assert counts.sum() == 9 * len(range(part, FEEDS, PARTS))
