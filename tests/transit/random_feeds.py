"""Tiny random timetables with the vices of real ones, as the texts of a GTFS feed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

Texts = dict[str, str]

SERVICES = ("W", "W", "W", "E", "T", "X", "N")
"""Weekdays, weekends, Tuesdays, a single date, and one no calendar knows."""


def draw_feed(rng: np.random.Generator) -> Texts:
    """A feed whose day of interest is Wednesday, 7 October 2026."""
    stops = int(rng.integers(3, 7))
    pad = "  " if rng.random() < 0.5 else ""
    mark = "\ufeff" if rng.random() < 0.5 else ""
    says_wheelchair = rng.random() < 0.3
    texts = {
        "agency.txt": "agency_id,agency_timezone\nA,Europe/Riga\n",
        "stops.txt": draw_stops(rng, stops, pad, mark, says_wheelchair),
        "calendar.txt": f"service_id{pad},monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        f"start_date,end_date\nW{pad},1,1,1,1,1,0,0,20260901,20261231\n"
        "E,0,0,0,0,0,1,1,20260901,20261231\nT,0,1,0,0,0,0,0,20260901,20261231\n",
    }
    if rng.random() < 0.7:
        texts["calendar_dates.txt"] = (
            "service_id,date,exception_type\nE,20261007,1\n"
            + ("T,20261006,2\n" if rng.random() < 0.5 else "")
            + f"X{pad},20261007,1\n"
        )
    trips, rows, repeated = "trip_id,service_id,wheelchair_accessible\n", [], ""
    step = 60 if rng.random() < 0.6 else 1
    for trip in range(int(rng.integers(2, 9 if rng.random() < 0.6 else 18))):
        access = rng.choice(["0", "1", "2", ""]) if says_wheelchair else ""
        trips += f"t{trip}{pad},{rng.choice(SERVICES) if trip else 'W'},{access}\n"
        rows += draw_trip(rng, trip, stops, pad, step)
        if rng.random() < 0.15:
            start = int(rng.integers(6, 20))
            repeated += (
                f"t{trip},{start:02d}:00:00,{start + 2:02d}:10:00,{rng.integers(900, 3600)}\n"
            )
    # Rows of no use to anybody.
    rows.append(["gone", "08:00:00", "08:00:00", "s0", "1", "", ""])
    rows.append(["t0", "08:00:00", "08:00:00", "nowhere", "99", "", ""])
    if rng.random() < 0.4:
        rng.shuffle(rows)
    texts["trips.txt"] = trips
    texts["stop_times.txt"] = (
        f"{mark}trip_id{pad},arrival_time,departure_time,stop_id,stop_sequence,pickup_type{pad},"
        "drop_off_type\n" + "".join(",".join(row) + "\n" for row in rows)
    )
    if repeated:
        texts["frequencies.txt"] = "trip_id,start_time,end_time,headway_secs\n" + repeated
    if rng.random() < 0.6:
        texts["transfers.txt"] = draw_transfers(rng, stops)
    return texts


def draw_stops(
    rng: np.random.Generator, stops: int, pad: str, mark: str, says_wheelchair: bool
) -> str:
    text = f"{mark}stop_id{pad},stop_name,stop_lat,stop_lon{pad},wheelchair_boarding\n"
    for stop in range(stops):
        lat, lon = 56 + rng.random() * 0.02, 24 + rng.random() * 0.03
        access = rng.choice(["0", "1", "1", "2"]) if says_wheelchair else ""
        text += f'"s{stop}","a, "" b",{lat:.5f},{lon:.5f}{pad},{access}\n'
    return text


def draw_trip(
    rng: np.random.Generator, trip: int, stops: int, pad: str, step: int
) -> list[list[str]]:
    rows, sequence = [], 0
    now, count = int(rng.integers(5 * 60, 25 * 60)) * 60, int(rng.integers(1, 6) if trip else 3)
    for at in range(count):
        sequence += int(rng.integers(1, 4))
        leave = now + int(rng.integers(0, 3)) * step * bool(rng.random() < 0.3)
        blank = 0 < at < count - 1 and rng.random() < 0.15
        pickup = str(rng.choice(["", "0", "1", "2", "3"], p=[0.3, 0.4, 0.1, 0.1, 0.1]))
        drop = str(rng.choice(["", "0", "1", "3"], p=[0.3, 0.5, 0.1, 0.1]))
        clocks = ["", ""] if blank else [write_clock(rng, now), write_clock(rng, leave)]
        rows.append(
            [f"t{trip}{pad}", *clocks, f"s{rng.integers(stops)}{pad}", str(sequence), pickup, drop]
        )
        now = leave + int(rng.integers(0, 40)) * step * (20 if step == 1 else 1)
    return rows


def write_clock(rng: np.random.Generator, time: int) -> str:
    if rng.random() < 0.3:
        lead = "" if rng.random() < 0.5 else " "
        return f"{lead}{time // 3600}:{time // 60 % 60:02d}:{time % 60:02d} "
    return f"{time // 3600:02d}:{time // 60 % 60:02d}:{time % 60:02d}"


def draw_transfers(rng: np.random.Generator, stops: int) -> str:
    text = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"
    for begin in range(stops):
        for end in range(stops):
            if rng.random() < 0.25:
                kind = str(rng.choice(["0", "1", "2", "2", "2", "3"]))
                seconds = str(rng.integers(1, 900)) if kind == "2" else ""
                text += f"s{begin},s{end},{kind},{seconds}\n"
    return text


def write_feed(texts: Texts, path: Path, *, folder: str = "") -> Path:
    """Write a feed as a zip file, its tables in a folder of the archive where one is named."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            archive.writestr(folder + name, text)
    return path
