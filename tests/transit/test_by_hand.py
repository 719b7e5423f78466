"""Answers that can be read off a timetable by hand."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import socaccess as sa
from socaccess.errors import InputError
from socaccess.transit import STATUSES, list_day_types

from .random_feeds import write_feed
from .village import make_village, place

SCHOOL_DAY = dt.date(2026, 10, 7)


@pytest.fixture
def village(tmp_path):
    return write_feed(make_village(), tmp_path / "village.zip")


def clock(hours: int, minutes: int = 0) -> int:
    return hours * 3600 + minutes * 60


def test_there_and_home_on_a_school_day(village):
    trips = sa.return_trips(village, place("village"), place("town"), stay_h=4, day=SCHOOL_DAY)
    row = trips.to_frame().iloc[0]
    assert row["status"] == "same_day"
    assert row[["leave", "arrive", "return", "back", "last_return"]].tolist() == [
        "08:00:00", "09:10:00", "15:00:00", "16:10:00", "15:00:00"]  # fmt: skip
    assert row[["out_min", "back_min", "rides_out", "rides_back"]].tolist() == [70, 70, 1, 1]
    # Fifty minutes before it opens at ten, an hour after four hours' stay.
    assert row["wait_min"] == 50 + 60
    assert row["away_h"] == pytest.approx(8 + 1 / 6)


def test_the_journey_in_words(village):
    trips = sa.return_trips(village, place("village"), place("town"), stay_h=4, day=SCHOOL_DAY)
    legs = trips.journey(0, 0)
    rides = legs[legs["kind"] == "ride"][["way", "leave", "from_stop", "arrive", "to_stop",
                                          "route", "trip_id"]]  # fmt: skip
    assert rides.values.tolist() == [
        ["out", "08:00:00", "Village", "09:10:00", "Town", "5012", "out"],
        ["back", "15:00:00", "Town", "16:10:00", "Village", "5012", "home"],
    ]


def test_every_status(village):
    trips = sa.return_trips(
        village, place("village", "junction", "town", "nowhere"), place("town", "village"),
        stay_h=6, day=SCHOOL_DAY,
    )  # fmt: skip
    named = np.array(STATUSES, object)[trips.status]
    assert named[:, 0].tolist() == ["one_way", "one_way", "same_day", "no_stop"]
    assert named[:, 1].tolist() == ["same_day", "no_service", "no_service", "no_stop"]


def test_types_of_day_come_from_the_calendar(village):
    trips = sa.return_trips(village, place("village"), place("town"), stay_h=4)
    # 44 working days from 1 September to 30 October, five of them a school holiday.
    assert [(kind.kind, len(kind.days)) for kind in trips.day_types] == [
        ("weekday", 39), ("weekday_other", 5)]  # fmt: skip
    assert trips.type_status[:, 0, 0].tolist() == [0, 1]
    assert trips.days_per_week[0, 0] == pytest.approx(39 / 44 * 5)
    feed = sa.read_feeds([village])
    kinds = {kind.kind: kind for kind in list_day_types(feed)}
    assert set(kinds) == {"weekday", "weekday_other", "saturday", "sunday"}
    assert kinds["sunday"].trips == 0


def test_a_day_without_any_trip_is_said(village):
    sunday = dt.date(2026, 10, 4)
    trips = sa.return_trips(village, place("village"), place("town"), day=sunday)
    assert [finding.code for finding in trips.findings] == ["transit.empty_day"]
    assert trips.findings[0].rows == ("2026-10-04",)


def test_a_day_outside_the_timetable_is_refused_with_its_dates(village):
    for day in (dt.date(2026, 8, 31), dt.date(2026, 10, 31)):
        with pytest.raises(InputError) as caught:
            sa.return_trips(village, place("village"), place("town"), day=day)
        assert caught.value.code == "transit.day_outside"
        for date in (day.isoformat(), "2026-09-01", "2026-10-30"):
            assert date in str(caught.value)


def test_the_last_ride_must_end_in_the_window(tmp_path):
    """A later bus that arrives too early must not hide the earlier one that arrives in time."""
    texts = make_village()
    texts["trips.txt"] += "r1,school,fast\n"
    texts["stop_times.txt"] += "fast,08:20:00,08:20:00,village,1\nfast,08:40:00,08:40:00,town,2\n"
    path = write_feed(texts, tmp_path / "feed.zip")
    trips = sa.return_trips(path, place("village"), place("town"), day=SCHOOL_DAY)
    assert trips.leave_s[0, 0] == clock(8)
    wide = sa.return_trips(
        path, place("village"), place("town"), day=SCHOOL_DAY, arrive_before_min=(80, 0)
    )
    assert wide.leave_s[0, 0] == clock(8, 20)


def test_trips_of_the_evening_before(village):
    """Saturday's late bus is under way in the first hour of Sunday."""
    sunday = dt.date(2026, 10, 4)
    times = sa.transit_times(
        village, place("town"), place("village"), day=sunday, arrive_by="01:00"
    )
    assert times.travel_s[0, 0, 0] == -1  # it left on Saturday
    saturday = dt.date(2026, 10, 3)
    times = sa.transit_times(
        village, place("town"), place("village"), day=saturday, arrive_by="25:00"
    )
    assert times.travel_s[0, 0, 0] == clock(25) - clock(23, 40)


def test_clocks_that_change_at_night(tmp_path):
    """A trip that runs past midnight into the day of the change is 23 or 25 hours off."""
    from socaccess.transit import build_day
    from socaccess.transit.walking import Footpaths

    texts = make_village(
        stop_times__txt="trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "late,26:30:00,26:30:00,town,1\nlate,27:30:00,27:30:00,village,2\n",
        calendar__txt="service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
        "start_date,end_date\nsaturday,0,0,0,0,0,1,1,20260901,20261130\n",
        calendar_dates__txt="service_id,date,exception_type\n",
    )
    feed = sa.read_feeds([write_feed(texts, tmp_path / "feed.zip")])
    paths = Footpaths.none(feed.stop_count)
    usual = build_day(feed, dt.date(2026, 10, 4), paths)
    assert usual.leave_s.tolist() == [clock(2, 30), clock(26, 30)]
    # On 25 October 2026 clocks go back: that day begins an hour later than midnight.
    changed = build_day(feed, dt.date(2026, 10, 25), paths)
    assert changed.leave_s.tolist() == [clock(1, 30), clock(26, 30)]


def test_percentiles_over_a_window(village):
    times = sa.transit_times(
        village, place("village"), place("town"), day=SCHOOL_DAY, leave="07:55", window_min=10,
        percentiles=(50, 60, 61),
    )  # fmt: skip
    # Six of ten departures, 7:55 to 8:00, reach the bus; it arrives at 9:10.
    assert times.travel_min[:, 0, 0][:2].tolist() == [74, 75]
    assert np.isnan(times.travel_min[2, 0, 0])
    assert times.minutes.loc["village", "town"] == 74


def test_wheelchair_only_where_the_feed_says_so(tmp_path, village):
    with pytest.raises(InputError) as caught:
        sa.return_trips(village, place("village"), place("town"), wheelchair=True)
    assert caught.value.code == "transit.no_wheelchair_data"
    texts = make_village()
    texts["trips.txt"] = texts["trips.txt"].replace("trip_id\n", "trip_id,wheelchair_accessible\n")
    texts["trips.txt"] = texts["trips.txt"].replace("school,out\n", "school,out,1\n")
    path = write_feed(texts, tmp_path / "feed.zip")
    trips = sa.return_trips(path, place("village"), place("town"), day=SCHOOL_DAY, wheelchair=True)
    assert STATUSES[trips.status[0, 0]] == "one_way"


def test_walking_along_roads_is_longer_than_straight(village):
    """A stop 300 m off as the crow flies, 900 m by road."""
    nodes = pd.DataFrame(
        {"node_id": list("abcd"), "x": [0.0, 0, 300, 300], "y": [0.0, 300, 300, 0]}
    )
    edges = pd.DataFrame({"from_id": list("abc"), "to_id": list("bcd"), "speed_kph": 50.0,
                          "oneway": True})  # fmt: skip
    from socaccess.transit import walk_to_stops

    lon, lat = gpd.GeoSeries(
        gpd.points_from_xy([650_000, 650_300], [250_000, 250_000]), crs="EPSG:3059"
    ).to_crs("EPSG:4326").get_coordinates().to_numpy().T  # fmt: skip
    nodes = nodes.assign(x=nodes["x"] + 650_000, y=nodes["y"] + 250_000)
    network = sa.RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    texts = make_village(
        stops__txt="stop_id,stop_name,stop_lat,stop_lon\n"
        f"village,Village,{lat[1]:.7f},{lon[1]:.7f}\ntown,Town,56.5,27.72\njunction,J,56.5,27.6\n"
    )
    feed = sa.read_feeds([write_feed(texts, village.with_name("roads.zip"))])
    home = gpd.GeoDataFrame(
        {"id": ["home"]}, geometry=gpd.points_from_xy(lon[:1], lat[:1]), crs="EPSG:4326"
    )
    walking = sa.WalkModel(kph=3.6)
    straight = walk_to_stops(feed, home, walking)
    by_road = walk_to_stops(feed, home, walking, network)
    assert straight.seconds.tolist() == [pytest.approx(390, abs=1)]
    # Both ways of a one-way street: people walk as they like.
    assert by_road.seconds.tolist() == [pytest.approx(900, abs=2)]
    near = sa.WalkModel(kph=3.6, longest_m=800)
    assert not len(walk_to_stops(feed, home, near, network).stop)
