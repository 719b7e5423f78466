"""Feeds with faults: what is taken, what is named, what is refused, and the saved file."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import socaccess as sa
from socaccess.errors import InputError, TimetableFileError
from socaccess.transit import load_feed, save_feed

from .random_feeds import draw_feed, write_feed
from .village import make_village, place


def read(texts, path):
    return sa.read_feeds([write_feed(texts, path / "feed.zip")])


def find_codes(feed) -> dict[str, tuple]:
    return {finding.code: finding.rows for finding in feed.findings}


def test_every_fault_is_named_at_once(tmp_path):
    texts = make_village()
    texts["stops.txt"] += (
        "village,Again,56.5,27.5\nzero,Zero,0,0\nfar,Far,95,27\nlost,Lost,,\n,No id,56.5,27.5\n"
    )
    head, *rows = texts["stops.txt"].splitlines()
    texts["stops.txt"] = "\n".join([f"{head},parent_station", *(f"{row}," for row in rows)])
    texts["stops.txt"] += "\nplatform,Platform,56.5,27.5,station that is not\n"
    texts["trips.txt"] += "r1,school,out\nr1,never,ghost\nr1,school,short\nr1,school,blank\n"
    texts["calendar.txt"] += "empty,1,1,1,1,1,1,1,20260901,20261030\n"
    texts["calendar.txt"] += "school,1,1,1,1,1,1,1,20261030,20260901\n"
    texts["calendar_dates.txt"] += "school,20261399,1\n"
    texts["stop_times.txt"] += (
        "ghost,08:00:00,08:00:00,village,1\nghost,07:00:00,07:00:00,town,2\n"
        "short,08:00:00,08:00:00,village,1\n"
        "out,10:00:00,10:00:00,town,3\n"  # sequence 3 again
        "gone,08:00:00,08:00:00,village,1\n"
        "home,8.30,8.30,town,4\n"
        "home,18:00:00,18:00:00,moon,5\n"
        "blank,08:00:00,08:00:00,village,1\nblank,,,junction,2\nblank,09:00:00,09:00:00,town,3\n"
        "too,few\n"
    )
    texts["frequencies.txt"] = (
        "trip_id,start_time,end_time,headway_secs\nout,08:00:00,09:00:00,0\nmoon,8:00:00,9:00:00,60\n"
    )
    texts["transfers.txt"] = (
        "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nvillage,moon,2,60\n"
        "village,town,2,soon\nvillage,town,5,\nvillage,village,0,\nvillage,junction,2,300\n"
        "junction,village,2,300\n"  # a loop, which is no fault
    )
    feed = read(texts, tmp_path)
    found = find_codes(feed)
    assert set(found) == {
        "gtfs.stop_repeats", "gtfs.stop_at_zero", "gtfs.stop_outside", "gtfs.stop_without_place",
        "gtfs.without_id", "gtfs.unknown_station", "gtfs.trip_repeats", "gtfs.trip_without_days",
        "gtfs.trip_too_short", "gtfs.service_without_trips", "gtfs.bad_days",
        "gtfs.times_go_back", "gtfs.sequence_repeats", "gtfs.unknown_trip", "gtfs.unknown_stop",
        "gtfs.bad_stop_time", "gtfs.times_filled", "gtfs.odd_rows", "gtfs.bad_frequency",
        "gtfs.transfer_unknown_stop", "gtfs.bad_transfer", "gtfs.transfer_unused",
        "gtfs.stop_without_trips",
    }  # fmt: skip
    assert found["gtfs.times_go_back"] == ("ghost",)
    assert found["gtfs.stop_at_zero"] == ("zero",)
    assert found["gtfs.trip_without_days"] == ("ghost",)
    # What stands stays right.
    trips = sa.return_trips(feed, place("village"), place("town"), day=dt.date(2026, 10, 7))
    assert trips.to_frame()["status"].tolist() == ["same_day"]
    for finding in feed.findings:
        assert finding.text("lv") != finding.text("en")


def test_without_any_calendar_nothing_is_said(tmp_path):
    texts = make_village()
    del texts["calendar.txt"], texts["calendar_dates.txt"]
    with pytest.raises(InputError) as caught:
        read(texts, tmp_path)
    assert caught.value.code == "gtfs.no_calendar"
    with pytest.raises(InputError) as caught:
        read(make_village(calendar__txt=texts["trips.txt"][:0] + "service_id\n"), tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"gtfs.no_column"}


def test_either_calendar_alone(tmp_path):
    texts = make_village()
    del texts["calendar.txt"]
    assert read(texts, tmp_path).validity == (dt.date(2026, 10, 19), dt.date(2026, 10, 23))
    texts = make_village()
    del texts["calendar_dates.txt"]
    assert read(texts, tmp_path).validity == (dt.date(2026, 9, 1), dt.date(2026, 10, 30))


def test_everything_that_is_missing_is_said_at_once(tmp_path):
    texts = make_village(stops__txt="stop_id,stop_lat\na,1\n")
    del texts["trips.txt"], texts["calendar.txt"], texts["calendar_dates.txt"]
    with pytest.raises(InputError) as caught:
        read(texts, tmp_path)
    assert [(problem.code, problem.column) for problem in caught.value.problems] == [
        ("gtfs.no_column", "stop_lon"), ("gtfs.no_table", None), ("gtfs.no_calendar", None),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(200)])
def test_what_is_no_feed_is_refused(tmp_path, content):
    path = tmp_path / "feed.zip"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        sa.read_feeds([path])
    assert caught.value.code == "gtfs.not_a_zip"
    with pytest.raises(InputError):
        sa.read_feeds([tmp_path / "absent.zip"])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_tables_never_end_in_an_error_of_python(tmp_path_factory, data):
    texts = make_village()
    name = data.draw(st.sampled_from(sorted(texts)))
    text = texts[name]
    at = data.draw(st.integers(0, len(text)))
    texts[name] = text[:at] + data.draw(st.text(max_size=12)) + text[at + 3 :]
    folder = tmp_path_factory.mktemp("feed")
    for table, content in texts.items():
        (folder / table).write_text(content, encoding="utf-8", newline="")
    try:
        feed = sa.read_feeds([folder])
        sa.return_trips(feed, place("village"), place("town"), day=dt.date(2026, 10, 7))
    except InputError as error:
        assert error.text("lv")


def test_latin_letters_in_another_encoding_are_a_finding(tmp_path):
    folder = tmp_path / "feed"
    folder.mkdir()
    for name, text in make_village().items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "routes.txt").write_bytes("route_id,route_short_name\nr1,Ķegums\n".encode("cp1257"))
    assert "gtfs.not_utf8" in find_codes(sa.read_feeds([folder]))


def test_several_feeds_together(tmp_path):
    """A train from Town that another feed knows makes a journey of two rides."""
    bus = write_feed(make_village(), tmp_path / "bus.zip")
    texts = make_village(
        stops__txt="stop_id,stop_name,stop_lat,stop_lon\ntown,Station,56.5005,27.72\n"
        "city,City,56.6,28.5\n",
        stop_times__txt="trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "out,09:15:00,09:15:00,town,1\nout,09:50:00,09:50:00,city,2\n",
    )
    train = write_feed(texts, tmp_path / "train.zip")
    feed = sa.read_feeds([bus, train])
    assert feed.stop_id.to_pylist() == ["1:village", "1:junction", "1:town", "2:town", "2:city"]
    city = place("village").set_geometry([__import__("shapely").Point(28.5, 56.6)])
    trips = sa.return_trips(feed, place("village"), city, day=dt.date(2026, 10, 7))
    assert trips.rides_out[0, 0] == 2
    assert trips.leave_s[0, 0] == 8 * 3600


# ---- the saved file -------------------------------------------------------------------------


def assert_equal(first, second) -> None:
    for field in dataclasses.fields(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(one, pa.Array):
            assert one.to_pylist() == other.to_pylist(), field.name
        elif isinstance(one, np.ndarray):
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), field.name
            assert one.dtype == other.dtype, field.name
        else:
            assert one == other, field.name


@pytest.mark.parametrize("seed", range(5))
def test_there_and_back(tmp_path, seed):
    feed = read(draw_feed(np.random.default_rng(seed)), tmp_path)
    save_feed(feed, tmp_path / "a.timetable")
    again = load_feed(tmp_path / "a.timetable", verify=True)
    assert_equal(feed, again)
    save_feed(again, tmp_path / "b.timetable")
    assert (tmp_path / "a.timetable").read_bytes() == (tmp_path / "b.timetable").read_bytes()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    save_feed(read(make_village(), folder), folder / "village.timetable")
    return folder / "village.timetable"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_changed_or_missing_byte_is_refused(saved, data):
    whole = bytearray(saved.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    path = saved.with_name("changed.timetable")
    for content in (bytes(whole), bytes(whole[:at])):
        path.write_bytes(content)
        with pytest.raises(TimetableFileError):
            load_feed(path, verify=True)
