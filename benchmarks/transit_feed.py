"""A made-up national timetable with the vices of real ones: padded columns, whole minutes, nights.

Stops lie around the points where people live, one on each side of a road; a line joins two of 220
hubs through the stops of a corridor, both ways; its trips keep one of 60 service patterns.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

HUBS = 220
SERVICES = 60
MASKS = ("1111100", "1111100", "1111100", "0000010", "0000001", "0000011", "1111111", "1010100",
         "0101000", "0000100")  # fmt: skip
SHARES = (0.2, 0.2, 0.24, 0.09, 0.08, 0.05, 0.07, 0.03, 0.03, 0.01)


def write_national(
    path: Path, lon: np.ndarray, lat: np.ndarray, *, stops: int, lines: int, seed: int = 1
) -> None:
    """Write a zip whose `stop_times.txt` is padded as the real national feed's is."""
    rng = np.random.default_rng(seed)
    half = stops // 2
    chosen = rng.integers(0, len(lon), half)
    x = lon[chosen] + rng.normal(0, 0.012, half)
    y = lat[chosen] + rng.normal(0, 0.006, half)
    metres = np.c_[x * np.cos(np.radians(y.mean())) * 111_320, y * 110_574]
    hubs = rng.choice(half, HUBS, replace=False)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(
            "agency.txt",
            "\ufeffagency_id , agency_name,agency_url,agency_timezone\n"
            "A ,Made up,http://example.org,Europe/Riga\n",
        )
        both = zip(np.r_[x, x + 0.0004], np.r_[y, y + 0.0002], strict=True)
        head = "\ufeffstop_id   ,stop_name  ,stop_lat  ,stop_lon \n"
        rows = [f'{at:05d}     ,"Stop, {at:<6d}" ,{north:<10.6f},{east:<10.6f}\n'
                for at, (east, north) in enumerate(both)]  # fmt: skip
        archive.writestr("stops.txt", head + "".join(rows))
        archive.writestr("calendar.txt", make_calendar())
        archive.writestr("calendar_dates.txt", make_exceptions())
        routes, trips = ["route_id,route_type\n"], ["route_id ,service_id ,trip_id        \n"]
        with archive.open("stop_times.txt", "w", force_zip64=True) as table:
            table.write(
                b"\xef\xbb\xbftrip_id        ,arrival_time,departure_time,stop_id   ,"
                b"stop_sequence,pickup_type,drop_off_type,timepoint\n"
            )
            for line in range(lines):
                routes.append(f"R{line},3\n")
                for block in draw_line(rng, line, metres, hubs, half, trips):
                    table.write(block)
        archive.writestr("routes.txt", "".join(routes))
        archive.writestr("trips.txt", "".join(trips))


def make_calendar() -> str:
    days = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
    return f"service_id,{days},start_date,end_date\n" + "".join(
        f"S{at:<9d},{','.join(MASKS[at % 10])},20260901,20261231\n" for at in range(SERVICES)
    )


def make_exceptions() -> str:
    """School holidays of some services, and a public holiday run as a Sunday."""
    text = "service_id,date,exception_type\n"
    for at in range(SERVICES):
        if at % 10 == 1:
            text += "".join(f"S{at},202610{day},2\n" for day in range(19, 24))
        if at % 10 != 6 and MASKS[at % 10][6] == "1":
            text += f"S{at},20261118,1\n"
        elif at % 10 != 6 and MASKS[at % 10][2] == "1":
            text += f"S{at},20261118,2\n"
    return text


def draw_line(rng, line, metres, hubs, half, trips):
    """Yield the rows of a line's trips, both ways."""
    local = rng.random() < 0.6
    begin = rng.choice(hubs)
    away = np.hypot(*(metres[hubs] - metres[begin]).T)
    ends = hubs[(away > 5_000) & (away < (35_000 if local else 160_000))]
    if not len(ends):
        return
    way = follow_corridor(rng, metres, begin, rng.choice(ends), 45 if local else 30)
    ride_s = np.hypot(*(metres[way[1:]] - metres[way[:-1]]).T) * 1.3 / rng.uniform(9, 15)
    back = np.where(np.isin(way, hubs), way, way + half)[::-1]  # bus stations are one stop
    for path, hops in ((way, ride_s), (back, ride_s[::-1])):
        count = max(2, int(rng.gamma(1.1, 42 if local else 22)))
        start = np.clip(rng.normal((7.5, 16.5, 12)[line % 3] * 3600, 4.2 * 3600, count),
                        4 * 3600, 25.5 * 3600)  # fmt: skip
        time = start[:, None] + np.r_[0, np.cumsum(hops)] * rng.uniform(0.93, 1.1, (count, 1))
        come = np.maximum.accumulate((time // 60 * 60).astype(int), axis=1)
        leave = come + 60 * (rng.random(time.shape) < 0.05)
        leave[:, :-1] = np.minimum(leave[:, :-1], come[:, 1:])
        leave = np.maximum(leave, come)
        first = len(trips) - 1
        service = rng.integers(0, SERVICES // 10, count) * 10 + rng.choice(10, count, p=SHARES)
        trips.extend(
            f"R{line:<8d},S{at:<10d},{first + number:06d}         \n"
            for number, at in enumerate(service)
        )
        calls = len(path)
        ask = np.where(rng.random((count, calls)) < 0.03, 3, 0)
        yield pad_rows(
            [
                digits(np.repeat(first + np.arange(count), calls), 6), clock(come.ravel()),
                clock(leave.ravel()), digits(np.tile(path, count), 5),
                digits(np.tile(np.arange(1, calls + 1), count), 2), digits(ask.ravel(), 1),
                digits(ask.ravel(), 1), digits(np.zeros(ask.size, int), 1),
            ],
            (15, 12, 14, 10, 10, 2, 2, 2),
        )  # fmt: skip


def follow_corridor(rng, metres, begin, end, most):
    """Stops within 1.5 to 3 km of a straight line, in order, at most `most` of them."""
    span = metres[end] - metres[begin]
    length = np.hypot(*span)
    unit = span / length
    along = (metres - metres[begin]) @ unit
    beside = np.abs((metres - metres[begin]) @ np.array([-unit[1], unit[0]]))
    near = np.flatnonzero((beside < rng.uniform(1500, 3000)) & (along > 0) & (along < length))
    if len(near) > most - 2:
        near = rng.choice(near, most - 2, replace=False)
    return np.r_[begin, near[np.argsort(along[near])], end]


def digits(values, width):
    """Numbers as text of one width, with zeros in front."""
    places = 10 ** np.arange(width - 1, -1, -1)
    signs = (np.asarray(values)[:, None] // places) % 10 + ord("0")
    return signs.astype(np.uint8).copy().view(f"S{width}").ravel()


def clock(time):
    """`H:MM:SS`, a space in the place of a leading zero."""
    parts = [digits(value, 2).view(np.uint8).reshape(-1, 2)
             for value in (time // 3600, time // 60 % 60, time % 60)]  # fmt: skip
    hours = np.where(parts[0] == ord("0"), ord(" "), parts[0])
    hours[:, 1] = parts[0][:, 1]
    colon = np.full((len(time), 1), ord(":"))
    whole = np.hstack([hours, colon, parts[1], colon, parts[2]]).astype(np.uint8)
    return whole.copy().view("S8").ravel()


def pad_rows(columns, widths):
    """Rows of bytes, every column filled with spaces to its width."""
    rows = np.full((len(columns[0]), sum(widths) + len(widths)), ord(" "), np.uint8)
    at = 0
    for column, width in zip(columns, widths, strict=True):
        cells = np.asarray(column, f"S{width}").view(np.uint8).reshape(len(column), width)
        rows[:, at : at + width] = np.where(cells == 0, ord(" "), cells)
        rows[:, at + width] = ord(",")
        at += width + 1
    rows[:, -1] = ord("\n")
    return rows.tobytes()
