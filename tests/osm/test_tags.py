"""Single tag values: worked examples, and anything at all without an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.network._osm_ways import interpret_tags, name_class, split_class
from socaccess.network.speeds import SURFACES, group_surface
from socaccess.sources.osm import (
    parse_duration,
    parse_maxspeed,
    parse_population,
    read_access,
    read_directions,
)

ANY_VALUE = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[0-9:;.,| PTHMSD]{0,12}", fullmatch=True),
    st.sampled_from(["50;70", "LV:urban", "none", "-1", "yes", "reversible", "PT", "P", "00:00"]),
)


@pytest.mark.parametrize(
    ("value", "kph"),
    [
        ("50", 50),
        ("50 km/h", 50),
        ("50 kph", 50),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("10 knots", 18.52),
        ("LV:urban", 50),
        ("LV:rural", 90),
        ("LV:motorway", 110),
        ("lv:living_street", 20),
        ("DE:zone:30", 30),
        ("zone30", 30),
        ("RU:urban", 50),
        ("walk", 7),
        ("none", 130),
        ("50;70", 50),
        ("70; 50", 50),
        ("90|70", 70),
        ("signals;60", 60),
        ("37,5", 37.5),
        ("400", 130),
        ("signals", None),
        ("variable", None),
        ("fast", None),
        ("0", None),
        ("-50", None),
        ("", None),
        (None, None),
    ],
)
def test_maxspeed(value, kph):
    assert parse_maxspeed(value) == (None if kph is None else pytest.approx(kph))


@given(ANY_VALUE)
def test_maxspeed_never_raises_and_is_bounded(value):
    speed = parse_maxspeed(value)
    assert speed is None or 3 <= speed <= 130


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("35", 2100),
        ("0.5", 30),
        ("00:20", 1200),
        ("1:30", 5400),
        ("01:30:15", 5415),
        ("26:00", 93600),
        ("PT20M", 1200),
        ("PT1H30M", 5400),
        ("P1DT1H", 90000),
        ("pt90s", 90),
        ("00:00", None),
        ("P", None),
        ("00:75", None),
        ("20 min", 1200),
        ("999:00", None),
        (None, None),
    ],
)
def test_duration(value, seconds):
    assert parse_duration(value) == seconds


@given(ANY_VALUE)
def test_duration_never_raises_and_is_bounded(value):
    seconds = parse_duration(value)
    assert seconds is None or 0 < seconds <= 7 * 86400


@given(ANY_VALUE)
def test_population_never_raises(value):
    count = parse_population(value)
    assert count is None or 0 <= count < 1e9


@given(
    st.dictionaries(
        st.sampled_from(["oneway", "oneway:motorcar", "oneway:vehicle", "junction", "highway"]),
        ANY_VALUE,
    )
)
def test_directions_never_raise(tags):
    along, against = read_directions(tags)
    assert isinstance(along, bool) and isinstance(against, bool)


@pytest.mark.parametrize(
    ("tags", "access"),
    [
        ({}, None),
        ({"access": "yes"}, "open"),
        ({"access": "no"}, "closed"),
        ({"access": "private"}, "private"),
        ({"access": "no", "vehicle": "destination"}, "destination"),
        ({"vehicle": "no", "motor_vehicle": "yes"}, "open"),
        ({"motor_vehicle": "yes", "motorcar": "no"}, "closed"),
        ({"motor_vehicle": "agricultural;forestry"}, "closed"),
        ({"motor_vehicle": "forestry;destination"}, "destination"),
        ({"access": "customers"}, "destination"),
        ({"foot": "no"}, None),
    ],
)
def test_access_from_the_particular_to_the_general(tags, access):
    assert read_access(tags) == (access, True)


def test_access_nobody_knows_is_passed_over_and_reported():
    assert read_access({"motor_vehicle": "sometimes", "access": "no"}) == ("closed", False)
    assert read_access({"access": "sometimes"}) == (None, False)


def test_access_by_direction():
    tags = {"motor_vehicle": "yes", "motor_vehicle:backward": "no"}
    assert read_access(tags, "forward") == ("open", True)
    assert read_access(tags, "backward") == ("closed", True)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("highway", "route", "oneway", "access", "motor_vehicle", "surface", "maxspeed"),
                *("smoothness", "tracktype", "duration", "junction", "maxspeed:type", "service"),
            ]
        ),
        ANY_VALUE,
    ),
    st.sampled_from(["summer", "winter", "thaw"]),
)
def test_any_tags_are_understood_somehow(tags, season):
    kind = interpret_tags(tags, season=season, private_open=False)
    assert kind.surface is None or kind.surface in SURFACES
    assert kind.forward or kind.backward or kind.note


def test_urban_and_rural_zones():
    def zone(**tags):
        return interpret_tags({"highway": "tertiary", **tags}, season="summer", private_open=False)

    assert zone().urban is None
    assert zone(maxspeed="LV:urban").urban is True
    assert zone(maxspeed="90", **{"source:maxspeed": "LV:rural"}).urban is False
    assert zone(**{"zone:traffic": "LV:urban"}).urban is True
    assert zone(**{"maxspeed:forward": "70", "maxspeed": "50"}).posted_forward_kph == 70
    assert zone(**{"maxspeed:forward": "70", "maxspeed": "50"}).posted_backward_kph == 50


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("urban", [False, True])
def test_class_names_there_and_back(surface, urban):
    name = name_class("tertiary_link", surface, urban=urban)
    assert split_class(name) == ("tertiary_link", surface, urban)


def test_slowest_of_several_surfaces():
    assert group_surface("asphalt;ground") == "earth"
    assert group_surface("unknown") is None


@pytest.mark.parametrize(
    ("tags", "season", "note", "driven"),
    [
        ({"surface": "ice"}, "summer", "winter_only", False),
        ({"surface": "ice"}, "winter", "", True),
        ({"seasonal": "winter"}, "thaw", "winter_only", False),
        ({"seasonal": "summer"}, "winter", "summer_only", False),
        ({"seasonal": "summer"}, "thaw", "", True),
        ({"seasonal": "yes"}, "winter", "seasonal", True),
        ({"4wd_only": "yes"}, "summer", "4wd_only", False),
        ({"ford": "yes"}, "summer", "ford", True),
        ({"maxspeed": "none"}, "summer", "limit_not_believed", True),
        ({"maxspeed:forward": "999"}, "summer", "limit_not_believed", True),
        ({"oneway": "yes;no"}, "summer", "", True),
    ],
)
def test_what_drivers_know_of_lanes(tags, season, note, driven):
    kind = interpret_tags({"highway": "tertiary", **tags}, season=season, private_open=False)
    assert (kind.note, kind.forward, kind.backward) == (note, driven, driven)
    assert kind.posted_forward_kph is None


@pytest.mark.parametrize(
    ("tags", "unread"),
    [
        ({"surface": "lava", "maxspeed": "fast"}, ("surface", "maxspeed")),
        ({"maxspeed": "signals", "surface": "asphalt", "oneway": "yes;no"}, ()),
        ({"maxspeed:backward": "?", "oneway": "sometimes"}, ("maxspeed", "oneway")),
        ({"highway": None, "route": "ferry", "duration": "soon"}, ("duration",)),
        ({"duration": "soon"}, ()),
    ],
)
def test_what_cannot_be_read_is_named(tags, unread):
    tags = {key: value for key, value in ({"highway": "tertiary"} | tags).items() if value}
    assert interpret_tags(tags, season="summer", private_open=False).unread == tuple(
        f"{tag}_not_read" for tag in unread
    )


def test_no_limit_is_believed_on_a_motorway():
    kind = interpret_tags(
        {"highway": "motorway", "maxspeed": "none"}, season="summer", private_open=False
    )
    assert (kind.posted_forward_kph, kind.note) == (130, "")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1h 15min", 4500), ("1 h", 3600), ("90 min", 5400), ("1h15", None), ("2 days", 172_800)],
)
def test_durations_with_their_units(value, seconds):
    assert parse_duration(value) == seconds
