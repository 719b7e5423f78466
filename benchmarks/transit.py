"""How fast timetables answer: against cafein on Riga, and on a country made up.

    python -m benchmarks.transit                          # Riga's feed from beside the project
    python -m benchmarks.transit --riga riga.zip --places 400

Figures are CPU seconds of one process (user and system), after a first run that compiles; the last
line is one JSON object with `ratio_cafein` (all stops of Riga to all stops at 08:00: their time
over ours), `ratio_window` (departures of two hours, a median per pair), `ratio_arrive_by` and
`national_s` (there and home the same day, every point where people live to 400 facilities).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import read_peak_mb
from benchmarks.transit_feed import write_national

RIGA = Path(__file__).resolve().parents[2] / "shared" / "data" / "gtfs" / "riga-2019-10.zip"
RIGA_DAY, NATIONAL_DAY = dt.date(2019, 10, 9), dt.date(2026, 10, 7)
WINDOW_MIN = 120


def measure(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a piece of work, and what it gave."""
    before = time.process_time()
    answer = work()
    return time.process_time() - before, answer


def compare_riga(path: Path, sources: int) -> dict[str, float]:
    """Their time over ours; times of both per source in milliseconds."""
    import cafein

    import socaccess as sa
    from socaccess.transit import Footpaths, Walks, build_day, find_earliest, find_latest
    from socaccess.transit.profile import Profile

    feed = sa.read_feeds([path])
    ids = feed.stop_id.to_pylist()
    stops = np.flatnonzero(feed.served)
    chosen = np.random.default_rng(1).choice(stops, min(sources, len(stops)), replace=False)
    theirs = cafein.TransportNetwork.from_gtfs([str(path)], trip_distances=False)
    theirs.set_transfers([])
    paths = Footpaths.none(feed.stop_count, change_s=1)
    day = build_day(feed, RIGA_DAY, paths)
    moment, eight, ten, zero = f"{RIGA_DAY} 08:00", 8 * 3600, 10 * 3600, np.array([0])
    everywhere = Walks(np.arange(len(ids) + 1), np.arange(len(ids), dtype=np.int32),
                       np.zeros(len(ids), np.int32))  # fmt: skip

    def ask_window(places: np.ndarray) -> None:
        profile, last = Profile(day), eight + WINDOW_MIN * 60
        for place in places:
            profile.scan(
                np.array([place], np.int32), np.zeros(1, np.int32), eight, last + 4 * 3600, eight
            )
            arrive = profile.spread_departures(everywhere, eight, 60, WINDOW_MIN)
            wait = np.where(arrive < 0, 1 << 30, arrive - eight - 60 * np.arange(WINDOW_MIN))
            np.partition(wait, WINDOW_MIN // 2 - 1, axis=1)

    def ask_ours(places: np.ndarray) -> None:
        for place in places.tolist():
            find_earliest(day, np.array([place]), zero, eight)

    def ask_theirs(places: np.ndarray) -> None:
        for place in places.tolist():
            theirs.travel_times_from_stop(ids[place], moment, max_rides=30)

    def ask_ours_by(places: np.ndarray) -> None:
        for place in places.tolist():
            find_latest(day, np.array([place]), zero, ten)

    def ask_theirs_by(places: np.ndarray) -> None:
        for place in places.tolist():
            theirs.travel_times_from_stop(ids[place], arrival=f"{RIGA_DAY} 10:00", max_rides=30)

    def ask_theirs_window(places: np.ndarray) -> None:
        for place in places.tolist():
            theirs.travel_time_matrix(
                [ids[place]], moment, max_rides=8, departure_time_window=WINDOW_MIN,
                percentiles=[50], router="raptor", workers=1,
            )  # fmt: skip

    few = chosen[: max(4, len(chosen) // 16)]
    figures = {}
    for name, ours, other, places in (
        ("all", ask_ours, ask_theirs, chosen),
        ("window", ask_window, ask_theirs_window, few),
        ("arrive_by", ask_ours_by, ask_theirs_by, few),
    ):
        for work in (ours, other):  # compiled, and caches filled
            work(few[:2])
        figures[f"{name}_ms"] = 1000 * measure(partial(ours, places))[0] / len(places)
        figures[f"{name}_cafein_ms"] = 1000 * measure(partial(other, places))[0] / len(places)
        print(f"Riga, {name}: ours {figures[f'{name}_ms']:.2f} ms a source, "
              f"cafein {figures[f'{name}_cafein_ms']:.2f}", flush=True)  # fmt: skip
    return figures


def measure_country(folder: Path, stops: int, lines: int, places: int) -> dict[str, float]:
    """Read, save, open, and ask a national timetable."""
    import socaccess as sa
    from socaccess.sources.services import load_facilities
    from socaccess.sources.settlements import load_people_points

    people = load_people_points().to_crs("EPSG:4326")
    homes = people[["geometry"]].assign(id=np.arange(len(people)))
    spots = load_facilities().to_crs("EPSG:4326").drop_duplicates("geometry")
    spots = spots[spots.geometry.notna()].head(places)
    ends = spots[["geometry"]].assign(id=np.arange(len(spots)))
    path = folder / "national.zip"
    write_national(path, people.geometry.x.to_numpy(), people.geometry.y.to_numpy(),
                   stops=stops, lines=lines)  # fmt: skip
    walking = sa.WalkModel(kph=3.96, longest_m=1950, change_m=520)
    sa.read_feeds([path])  # compiled
    read_s, feed = measure(lambda: sa.read_feeds([path]))
    saved = folder / "national.timetable"
    sa.save_feed(feed, saved)
    open_s, feed = measure(lambda: sa.load_feed(saved))

    def ask(count: int, rides: int | None) -> Any:
        return sa.return_trips(
            feed, homes, ends.head(count), open="10:00", stay_h=3, day=NATIONAL_DAY,
            walking=walking, max_rides=rides,
        )  # fmt: skip

    ask(1, None)
    ask(1, 6)
    whole_s, trips = measure(lambda: ask(places, None))
    peak = read_peak_mb()
    limited_s, _ = measure(lambda: ask(places, 6))
    from socaccess.transit import STATUSES

    counts = dict(zip(STATUSES, np.bincount(trips.status.ravel(), minlength=4).tolist(),
                      strict=True))  # fmt: skip
    print(
        f"national: {len(feed.stop)} stop times read in {read_s:.2f} s, opened in {open_s:.3f} s;\n"
        f"{len(homes)} homes x {len(ends)} places in {whole_s:.1f} s, peak {peak:.0f} MB;\n"
        f"at most 6 rides: {limited_s:.1f} s; {counts}",
        flush=True,
    )
    return {"read_s": read_s, "open_s": open_s, "national_s": whole_s,
            "national_6_rides_s": limited_s, "peak_mb": peak}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--riga", type=Path, default=RIGA)
    parser.add_argument("--sources", type=int, default=1675)
    parser.add_argument("--stops", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=2_700)
    parser.add_argument("--places", type=int, default=400)
    asked = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        result |= measure_country(Path(folder), asked.stops, asked.lines, asked.places)
    if asked.riga.is_file():
        result |= compare_riga(asked.riga, asked.sources)
        for name, key in (("all", "ratio_cafein"), ("window", "ratio_window"),
                          ("arrive_by", "ratio_arrive_by")):  # fmt: skip
            result[key] = result[f"{name}_cafein_ms"] / result[f"{name}_ms"]
    print(json.dumps({key: round(value, 3) for key, value in result.items()}))


if __name__ == "__main__":
    main()
