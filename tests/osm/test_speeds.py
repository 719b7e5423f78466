"""The speed profile: what the figures do, and what a user's own file may say."""

from __future__ import annotations

import itertools

import pytest

from socaccess.errors import InputError
from socaccess.network.speeds import SEASONS, SURFACES, load_profile

CLASSES = list(load_profile().values["rural_kph"])


def test_built_in_profile_is_sound():
    profile = load_profile()
    assert profile.name == "latvia"
    for road_class, surface, urban, season in itertools.product(
        CLASSES, SURFACES, (False, True), SEASONS
    ):
        options = {"surface": surface, "urban": urban}
        speed = profile.drive_kph(road_class, season=season, **options)
        summer = profile.drive_kph(road_class, season="summer", **options)
        paved = profile.drive_kph(road_class, surface="paved", urban=urban, season=season)
        rural = profile.drive_kph(road_class, surface=surface, urban=False, season=season)
        assert 1 <= speed <= summer <= 110
        assert speed <= paved and speed <= rural


def test_a_lower_limit_never_makes_faster():
    profile = load_profile()
    for road_class, urban in itertools.product(CLASSES, (False, True)):
        speeds = [
            profile.drive_kph(
                road_class, surface="paved", urban=urban, season="summer", posted_kph=limit
            )
            for limit in range(10, 131, 10)
        ]
        assert speeds == sorted(speeds)


def test_posted_limits_by_hand():
    def drive(road_class, posted, urban=False):
        return load_profile().drive_kph(
            road_class, surface="paved", urban=urban, season="summer", posted_kph=posted
        )

    assert drive("secondary", 90) == 78  # the general limit says nothing
    assert drive("secondary", 70) == 66.5  # 0.95 x 70
    assert drive("trunk", 110) == 104.5  # a faster through road
    assert drive("residential", 70, urban=True) == 27  # a street does not get faster
    assert drive("tertiary", 30, urban=True) == pytest.approx(26.4)  # 0.88 x 30


def test_smoothness_tracktype_and_destination_only_slow_down():
    profile = load_profile()
    options = {"surface": "gravel", "urban": False, "season": "summer"}
    assert profile.drive_kph("tertiary", smoothness="very_bad", **options) == 25
    assert profile.drive_kph("track", tracktype="grade5", **options) == 8
    assert profile.drive_kph("tertiary", destination_only=True, **options) == 20
    assert profile.drive_kph("tertiary", smoothness="odd", **options) == 62


def test_own_profile_from_a_file(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[rural_kph]\nprimary = 60\n[thaw.ceiling_kph]\ngravel = 30\n')
    profile = load_profile(path)
    assert profile.name == "own"
    assert profile.drive_kph("primary", surface="paved", urban=False, season="summer") == 60
    assert profile.drive_kph("tertiary", surface="gravel", urban=False, season="thaw") == 30
    # What the file leaves out keeps the built-in figure, and the built-in stays as it was.
    assert profile.drive_kph("secondary", surface="paved", urban=False, season="summer") == 78
    assert load_profile().values["rural_kph"]["primary"] == 82


def test_every_problem_of_a_profile_at_once(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        """
        [rural_kph]
        primary = -5
        secondary = "fast"
        motorwy = 100
        [summer]
        factor = 3
        [winter.factor]
        gravel = 9
        [delay_s]
        signals = true
        [assumed_surface]
        track = "lava"
        alley = "paved"
        [posted]
        through = ["primary", "alley"]
        [access]
        private = "maybe"
        [weather]
        rain = 1
        """
    )
    with pytest.raises(InputError) as caught:
        load_profile(path)
    text = str(caught.value)
    for part in (
        "own.toml, rural_kph.primary: -5 is not between 1 and 200",
        "rural_kph.secondary: 'fast' is not a number",
        "unknown name in rural_kph (motorwy; 1 in all)",
        "summer.factor: is a section, not a value",
        "winter.factor.gravel: 9 is not between 0.05 and 1.5",
        "delay_s.signals: True is not a number",
        "assumed_surface.track: 'lava' is not one of paved, cobbles, gravel, earth",
        "assumed_surface.alley: is not a class of roads",
        "posted.through: is not a list of classes of roads",
        "access.private: 'maybe' is neither 'closed' nor 'open'",
        "unknown name in the top (weather; 1 in all)",
    ):
        assert part in text, part
    assert len(caught.value.problems) == 11


def test_profile_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "own.toml"
    with pytest.raises(InputError, match="speed profile cannot be read"):
        load_profile(path)
    path.write_text("[rural_kph\n")
    with pytest.raises(InputError, match="speed profile cannot be read"):
        load_profile(path)
    with pytest.raises(InputError, match="name 5 is not a text"):
        load_profile({"name": 5})
