"""All stops of real timetables against an independent engine, cafein, where it is installed.

`SOCACCESS_SOURCES=600` asks from as many stops; a few are asked from each time. Differences
that are known, and taken out by asking alike: cafein needs no time to change (ours is set to none
here), and leaves from the stop itself without a walk before the first ride.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

import socaccess as sa
from socaccess.transit import Footpaths, WalkModel, build_day, find_footpaths, list_day_types
from socaccess.transit.search import find_earliest

SOURCES = int(os.environ.get("SOCACCESS_SOURCES", "6"))
FEEDS = {
    "riga": (("riga-2019-10.zip",), 8),
    # Its sample of trips begins about noon.
    "porto_alegre": (("poa_eptc.zip", "poa_trensurb.zip"), 13),
    "sao_paulo": (("spo.zip",), 8),
}


@pytest.fixture(scope="module")
def cafein():
    return pytest.importorskip("cafein")


@pytest.mark.shared
@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("rides", [None, 8])
def test_earliest_arrivals_at_all_stops(cafein, shared, name, rides):
    files, hour = FEEDS[name]
    paths = [shared / "data" / "gtfs" / file for file in files]
    feed = sa.read_feeds(paths)
    day = max(list_day_types(feed), key=lambda kind: kind.trips).days[-1]
    none = Footpaths.none(feed.stop_count, change_s=0)
    timetable = build_day(feed, day, none)
    network = cafein.TransportNetwork.from_gtfs([str(path) for path in paths],
                                                trip_distances=False)  # fmt: skip
    network.set_transfers([])
    theirs = name_stops(feed, network)
    stops = np.flatnonzero(feed.served)
    sources = np.random.default_rng(1).choice(stops, min(SOURCES, len(stops)), replace=False)
    moment = f"{day.isoformat()} {hour:02d}:00"
    wrong = pairs = reached = 0
    for source in sources.tolist():
        times = network.travel_times_from_stop(
            theirs[source], moment, max_rides=30 if rides is None else rides
        )
        arrival = find_earliest(
            timetable, np.array([source]), np.array([0]), hour * 3600, max_rides=rides
        )
        arrival = arrival if rides is None else arrival[:, -1]
        ours = np.where(arrival < 0, -1, arrival - hour * 3600)
        want = np.array([times.get(stop, -1) for stop in theirs])
        ours[source] = want[source] = 0
        wrong += int((ours != want).sum())
        reached += int((want >= 0).sum())
        pairs += len(want)
    print(f"{name} rides={rides} {day}: {pairs} pairs, {reached} reached, {wrong} differ")  # noqa: T201
    assert reached > len(sources)
    assert wrong == 0


def name_stops(feed, network) -> list[str]:
    """What the other engine calls our stops: a stop of two feeds carries the number of its feed."""
    known = {stop for stop, _, _ in network.stops}
    names = []
    for name in feed.stop_id.to_pylist():
        number, _, plain = name.partition(":") if len(feed.sources) > 1 else ("1", "", name)
        names.append(plain if plain in known else f"{int(number) - 1}:{plain}")
    return names


@pytest.mark.shared
def test_walks_between_stops(cafein, shared):
    """With walks of 150 m between stops of Riga: whoever rides may walk on, and ride again."""
    path = shared / "data" / "gtfs" / "riga-2019-10.zip"
    feed = sa.read_feeds([path])
    day = max(list_day_types(feed), key=lambda kind: kind.trips).days[-1]
    paths = find_footpaths(feed, WalkModel(kph=3.96, change_m=195, change_s=1))
    paths = Footpaths(paths.begin, paths.end, paths.seconds, np.zeros_like(paths.change_s))
    timetable = build_day(feed, day, paths)
    network = cafein.TransportNetwork.from_gtfs([str(path)], trip_distances=False)
    ids = feed.stop_id.to_pylist()
    network.set_transfers([
        (ids[a], ids[b], s, float(s))
        for a, b, s in zip(paths.begin.tolist(), paths.end.tolist(), paths.seconds.tolist(),
                           strict=True)
    ])  # fmt: skip
    sources = np.random.default_rng(2).choice(np.flatnonzero(feed.served), SOURCES, replace=False)
    wrong = 0
    for source in sources.tolist():
        times = network.travel_times_from_stop(ids[source], f"{day} 08:00", max_rides=30)
        arrival = find_earliest(timetable, np.array([source]), np.array([0]), 8 * 3600)
        reach = np.where(arrival < 0, np.iinfo(np.int64).max // 2, arrival.astype(np.int64))
        last = reach.copy()
        np.minimum.at(last, paths.end, reach[paths.begin] + paths.seconds)
        # Their walk before the first ride is none; ours is none here either, so that a stop one
        # could only walk to from the source is theirs alone.
        want = np.array([times.get(stop, -1) for stop in ids])
        ours = np.where(last > 10**9, -1, last - 8 * 3600)
        beside = np.zeros(len(ids), bool)
        beside[paths.end[paths.begin == source]] = True
        beside[source] = True
        wrong += int(((ours != want) & ~beside).sum())
    assert wrong == 0
