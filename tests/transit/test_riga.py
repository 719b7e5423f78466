"""Riga on Wednesday, 9 October 2019: three journeys read off the timetable by hand."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile

import pytest

from benchmarks.riga_by_bus import ask_riga

DAY = dt.date(2019, 10, 9)

# Looked up in the timetable: way, line, boarded, from, left, at. The first and the last stand for
# the longest days of the city; the third is on foot for half an hour at each end.
BY_HAND = {
    "Vakarbuļļi": [
        ("out", "36", "Vakarbuļļi", "08:39:00", "Valentīna Pikuļa aleja", "08:54:00"),
        ("out", "3", "Valentīna Pikuļa aleja", "08:57:00", "Ģertrūdes iela", "09:43:00"),
        ("out", "12", "Ģertrūdes iela", "09:45:00", "Gustava Zemgala gatve", "09:57:00"),
        ("back", "21", "Gustava Zemgala gatve", "14:30:00", "Nacionālā bibliotēka", "14:56:00"),
        ("back", "3", "Nacionālā bibliotēka", "14:59:00", "Valentīna Pikuļa aleja", "15:32:00"),
        ("back", "36", "Valentīna Pikuļa aleja", "15:37:00", "Vakarbuļļi", "15:52:00"),
    ],
    "Zēģeļu iela": [
        ("out", "36", "Zēģeļu iela", "08:47:00", "Valentīna Pikuļa aleja", "08:54:00"),
        ("out", "3", "Valentīna Pikuļa aleja", "08:57:00", "Ģertrūdes iela", "09:43:00"),
        ("out", "12", "Ģertrūdes iela", "09:45:00", "Gustava Zemgala gatve", "09:57:00"),
        ("back", "21", "Gustava Zemgala gatve", "14:30:00", "Nacionālā bibliotēka", "14:56:00"),
        ("back", "3", "Nacionālā bibliotēka", "14:59:00", "Valentīna Pikuļa aleja", "15:32:00"),
        ("back", "36", "Valentīna Pikuļa aleja", "15:37:00", "Zēģeļu iela", "15:44:00"),
    ],
    "Stūrmaņu iela": [
        ("out", "3", "Stūrmaņu iela", "09:11:00", "Uzvaras bulvāris", "09:36:00"),
        ("out", "22", "Uzvaras bulvāris", "09:37:00", "Abrenes iela", "09:47:00"),
        ("back", "7", "Abrenes iela", "14:10:00", "Nacionālā bibliotēka", "14:19:00"),
        ("back", "3", "Nacionālā bibliotēka", "14:27:00", "Bolderājas tirgus", "14:53:00"),
    ],
}


@pytest.fixture(scope="module")
def asked(shared):
    return ask_riga(shared / "data" / "gtfs" / "riga-2019-10.zip", DAY)


@pytest.mark.shared
def test_nearly_all_get_there_and_home(asked):
    people, centres, trips = asked
    best = trips.best_per_home()
    assert (len(people), people["name"].nunique(), len(centres)) == (84, 58, 22)
    left = people[best["status"] != "same_day"]
    assert set(best["status"]) == {"same_day", "no_stop"}
    assert set(left["name"]) == {"Bukulti", "Kleisti"} and round(left["persons"].sum()) == 269
    on_foot = people["persons"][best["rides_out"] == 0].sum() / people["persons"].sum()
    assert on_foot == pytest.approx(0.211, abs=5e-4)


@pytest.mark.shared
def test_the_longest_days_are_as_read_by_hand(asked):
    _, _, trips = asked
    found = {}
    for home in trips.best_per_home().nlargest(3, "away_h").index:
        legs = trips.journey(home, int(trips.pick_best()[home]))
        rides = legs[legs["kind"] == "ride"]
        columns = ["way", "route", "from_stop", "leave", "to_stop", "arrive"]
        found[rides["from_stop"].iloc[0]] = list(rides[columns].itertuples(index=False, name=None))
    assert found == BY_HAND


@pytest.mark.shared
def test_every_ride_stands_in_the_timetable(shared):
    """With a reader of four lines: the trip runs that day and stops there at these times."""
    with zipfile.ZipFile(shared / "data" / "gtfs" / "riga-2019-10.zip") as feed:

        def read(name: str):
            return csv.DictReader(io.TextIOWrapper(feed.open(f"gtfs/{name}"), "utf-8-sig"))

        runs = {
            row["service_id"]
            for row in read("calendar.txt")
            if row["wednesday"] == "1" and row["start_date"] <= "20191009" <= row["end_date"]
        }
        for row in read("calendar_dates.txt"):
            if row["date"] == "20191009":
                (runs.add if row["exception_type"] == "1" else runs.discard)(row["service_id"])
        lines = {row["route_id"]: row["route_short_name"] for row in read("routes.txt")}
        trips = {row["trip_id"]: lines[row["route_id"]] for row in read("trips.txt")
                 if row["service_id"] in runs}  # fmt: skip
        names = {row["stop_id"]: row["stop_name"] for row in read("stops.txt")}
        calls: dict[str, list[tuple[int, str, str, str]]] = {}
        for row in read("stop_times.txt"):
            if row["trip_id"] in trips:
                calls.setdefault(row["trip_id"], []).append(
                    (int(row["stop_sequence"]), names[row["stop_id"]], row["arrival_time"],
                     row["departure_time"])
                )  # fmt: skip
    rides = set()
    for trip, stops in calls.items():
        stops.sort()
        for at, (_, begin, _, leave) in enumerate(stops):
            rides |= {(trips[trip], begin, leave, end, come) for _, end, come, _ in stops[at + 1 :]}
    wanted = {ride[1:] for legs in BY_HAND.values() for ride in legs}
    assert wanted <= rides
