"""Errors, reference systems, settings and texts."""

from __future__ import annotations

import datetime as dt
import pickle

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from socaccess.coverage import round_shares
from socaccess.crs import choose_metric_crs, look_like_degrees, project_points, to_metric
from socaccess.errors import (
    CrsError,
    InputError,
    NetworkFileError,
    Problem,
    SocAccessError,
    UnknownNameError,
    raise_problems,
)
from socaccess.i18n import Texts, fold, round_percent, sort_key
from socaccess.maps.shares import as_percent
from socaccess.settings import LinkModel, Settings


def test_errors_are_ours_and_the_builtin_one_would_catch():
    assert issubclass(InputError, SocAccessError) and issubclass(InputError, ValueError)
    assert issubclass(CrsError, InputError)
    assert issubclass(UnknownNameError, LookupError)
    assert issubclass(NetworkFileError, OSError)


def test_a_problem_is_one_line():
    problem = Problem("coverage.limit_not_positive", "a.csv", tuple(range(1, 8)), limit=0)
    assert str(problem) == (
        "a.csv: limit 0 is not above 0 minutes (1, 2, 3, 4, 5, ...; 7 in all); give minutes above 0"
    )
    assert str(Problem("is odd")) == "is odd"


@pytest.mark.parametrize("kind", [InputError, CrsError, UnknownNameError])
def test_errors_survive_the_way_between_processes(kind):
    error = kind([Problem("is odd", "a.csv", ("row 1",)), Problem("is even")])
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert again.problems == error.problems
    assert str(again) == str(error)


def test_no_problems_raise_nothing():
    raise_problems([])
    with pytest.raises(InputError):
        raise_problems([Problem("is odd")])


def test_metric_systems():
    assert choose_metric_crs(np.array([21.0, 28.2]), np.array([55.7, 58.0])) == "EPSG:3059"
    assert choose_metric_crs(np.array([14.5]), np.array([35.9])) == "EPSG:32633"  # Malta
    assert choose_metric_crs(np.array([-70.0]), np.array([-33.0])) == "EPSG:32719"  # Santiago
    assert choose_metric_crs(np.array([180.0]), np.array([10.0])) == "EPSG:32660"
    assert choose_metric_crs(np.array([]), np.array([])) == "EPSG:3059"
    # LKS-92: central meridian 24 degrees at 500 km, shifted 6,000 km south.
    x, y = project_points(np.array([24.0]), np.array([57.0]), "EPSG:4326", "EPSG:3059")
    assert x[0] == pytest.approx(500_000, abs=1e-3)
    assert 310_000 < y[0] < 320_000


def test_a_metric_frame_is_left_alone_and_degrees_are_moved():
    points = gpd.GeoDataFrame(geometry=[shapely.Point(24, 57)], crs="EPSG:4326")
    moved = to_metric(points, "points")
    assert moved.crs == "EPSG:3059"
    assert to_metric(moved, "points") is moved
    utm = moved.to_crs("EPSG:32635")
    assert to_metric(utm, "points") is utm
    assert to_metric(utm, "points", "EPSG:3059").crs == "EPSG:3059"
    # US feet are projected but no metres.
    feet = points.to_crs("EPSG:2263")
    assert to_metric(feet, "points").crs == "EPSG:3059"
    with pytest.raises(CrsError, match="points: no coordinate reference system is set"):
        to_metric(points.set_crs(None, allow_override=True), "points")


@given(st.lists(st.tuples(st.floats(20.6, 28.5), st.floats(55.5, 58.2)), min_size=1))
def test_latvia_in_degrees_looks_like_degrees_and_in_metres_does_not(points):
    lon, lat = (np.array(column) for column in zip(*points, strict=True))
    whole = not ((lon % 1).any() and (lat % 1).any())
    assert look_like_degrees(lon, lat) or whole
    x, y = project_points(lon, lat, "EPSG:4326", "EPSG:3059")
    assert not look_like_degrees(x, y)


def test_settings_are_told_what_is_wrong_with_them(tmp_path):
    with pytest.raises(InputError) as caught:
        LinkModel(road_kph=-1, detour=0.5, road_links=1.5)
    assert str(caught.value).splitlines() == [
        "settings: road_kph is -1, which is not above 0; give more than 0",
        "settings: detour is 0.5, which is under 1; give 1 or more",
        "settings: road_links is '1.5', not a whole number; write a whole number",
    ]
    with pytest.raises(InputError) as caught:
        Settings(limits_min={"dac": 0}, bands_min=(30, "x"), new_sites=-1, solver_seconds="long")
    assert [problem.code for problem in caught.value.problems] == [
        "validation.not_above", "validation.not_a_number", "validation.under_least",
        "validation.not_a_number",
    ]  # fmt: skip
    assert "limits_min.dac ir 0, kas nav vairāk par 0" in caught.value.text("lv")
    with pytest.raises(InputError) as caught:
        Settings(bands_min=(30, 15))
    assert caught.value.code == "settings.bands_not_ascending"
    file = tmp_path / "own.toml"
    for text, message in (
        ("limits = 3", "own.toml: limits is not known; did you mean limits_min?"),
        ("[links]\nroad = 3", "links.road is not known"),
        ("links = 3", "links is '3', not a section"),
        ("bands_min = 15", "bands_min is '15', not a list"),
        ("[links]\nroad_kph = 'fast'", "links.road_kph is 'fast', not a number"),
        ("not toml", "own.toml: settings cannot be read"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            Settings.from_toml(file)
        assert message in str(caught.value)


def test_settings_from_a_file_keep_what_it_leaves_out(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(
        "new_sites = 5\nbands_min = [10, 20]\n[limits_min]\ndac_grt = 20\n[links]\nroad_kph = 70\n",
        encoding="utf-8",
    )
    settings = Settings.from_toml(file)
    assert (settings.new_sites, settings.bands_min) == (5, (10, 20))
    assert settings.limits_min == {"dac_grt": 20}
    assert settings.links == LinkModel(road_kph=70)
    assert settings.to_dict()["links"]["detour"] == 1.3


def test_names_in_latvian_order():
    names = ["Zilupe", "Ādaži", "Aglona", "Ķekava", "Krāslava", "Kuldīga", "Šķaune", "Saulkrasti",
             "Iecava", "Īle", "Jelgava", "Ylgas", "Daugavpils 10", "Daugavpils 2", "Daugavpils",
             "Ģibuļi", "Gulbene"]  # fmt: skip
    assert sorted(names, key=sort_key) == [
        "Aglona", "Ādaži", "Daugavpils", "Daugavpils 10", "Daugavpils 2", "Gulbene", "Ģibuļi",
        "Iecava", "Īle", "Ylgas", "Jelgava", "Krāslava", "Kuldīga", "Ķekava", "Saulkrasti",
        "Šķaune", "Zilupe",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=6), max_size=8), st.randoms(use_true_random=False))
def test_order_of_names_is_total(names, random):
    shuffled = list(names)
    random.shuffle(shuffled)
    assert sorted(names, key=sort_key) == sorted(shuffled, key=sort_key)


@given(st.text(alphabet="AĀBCČDEĒĢĶĻŅŠŪŽaāčēģīķļņšūž ", max_size=12))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper()) == fold(text.lower())


def test_numbers_as_each_language_writes_them():
    lv, en = Texts("lv"), Texts("en")
    assert [lv.number(n) for n in (0, 999, 9999, 9999.5, 12345, 1234567)] == [
        "0", "999", "9999", "10\u00a0000", "12\u00a0345", "1\u00a0234\u00a0567",
    ]  # fmt: skip
    assert lv.number(9999.7, decimals=1) == "9999,7"
    assert lv.number(9999.96, decimals=1) == "10\u00a0000,0"
    assert [en.number(n) for n in (999, 1234, 12345)] == ["999", "1,234", "12,345"]
    assert (lv.number(2.5, decimals=1), en.number(2.5, decimals=1)) == ("2,5", "2.5")
    for nothing in (None, float("nan"), float("inf")):
        assert lv.number(nothing) == en.share(nothing) == "–"
    assert (lv.share(0.256, decimals=1), en.share(0.256)) == ("25,6 %", "26%")
    assert en.date(dt.date(2025, 7, 1)) == "July 1, 2025"
    assert lv.date(dt.date(2025, 7, 1)).startswith("2025. gada 1. j")


@given(st.floats(0, 1))
def test_a_share_and_its_published_four_decimals_are_one_per_cent_everywhere(share):
    published = float(round_shares(np.array([share]))[0])
    on_the_map = int(as_percent(np.array([share]))[0])
    assert round_percent(share) == round_percent(published) == on_the_map
    assert Texts("en").share(published) == f"{on_the_map}%"
    assert (on_the_map == 0) == (share <= 1e-12) and (on_the_map == 100) == (share >= 1 - 1e-12)


@pytest.mark.parametrize(
    ("share", "percent"), [(0.905, 91), (0.90503, 91), (0.90494, 90), (0.9949, 99), (1.175, 118)]
)
def test_halves_of_a_per_cent_go_up(share, percent):
    assert Texts("lv").share(share) == f"{percent} %"


def test_plural_forms_follow_the_language():
    lv, en = Texts("lv"), Texts("en")
    forms = {n: lv.plural_category(n) for n in (0, 1, 2, 9, 10, 11, 19, 20, 21, 22, 101, 111, 0.1)}
    assert forms == {
        0: "zero", 1: "one", 2: "other", 9: "other", 10: "zero", 11: "zero", 19: "zero",
        20: "zero", 21: "one", 22: "other", 101: "one", 111: "zero", 0.1: "one",
    }  # fmt: skip
    assert [en.plural_category(n) for n in (0, 1, 2, 21)] == ["other", "one", "other", "other"]


@pytest.mark.parametrize(
    ("lang", "persons", "sentence"),
    [
        ("lv", "21", "5 no 21 personas"), ("lv", "11", "5 no 11 personām"),
        ("lv", "389", "5 no 389 personām"), ("lv", "10\u00a0021", "5 no 10\u00a0021 personas"),
        ("lv", ">31", "5 no >31 personas"), ("lv", "<5", "5 no <5 personām"),
        ("lv", "20–31", "5 no 20–31 personas"), ("lv", "4,4", "5 no 4,4 personām"),
        ("lv", "3,1", "5 no 3,1 personas"), ("lv", "–", "5 no – personām"),
        ("lv", 1, "5 no 1 personas"), ("en", "21", "For 5 of 21 persons"),
    ],
)  # fmt: skip
def test_a_word_follows_the_number_beside_it(lang, persons, sentence):
    told = Texts(lang)("finding.lead", outside="5", persons=persons, n="30")
    assert told.startswith(f"{sentence} ")


def test_a_day_is_no_days():
    texts = Texts("en")
    told = [texts("transit.journey", leave="", out="", arrive="", leave_back="", way_back="",
                  back="", days=days) for days in ("1", "4.4", "1,001")]  # fmt: skip
    assert [one.rsplit("(", 1)[1] for one in told] == [
        "1 day a week)", "4.4 days a week)", "1,001 days a week)"]  # fmt: skip


def test_unknown_languages_and_texts():
    with pytest.raises(UnknownNameError, match="language 'ru' is not known; use one of lv, en"):
        Texts("ru")
    with pytest.raises(UnknownNameError, match=r"'no\.such' is not in the lv catalogue"):
        Texts("lv")("no.such")
