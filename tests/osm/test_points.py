"""Settlements and candidate facilities of a map drawn by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.errors import InputError
from socaccess.sources.osm import read_candidate_facilities, read_osm_settlements
from socaccess.sources.osm_facilities import _TARGETS, guess_service
from socaccess.sources.services import load_service_types

from .drawing import Drawing


def draw(tmp_path, **options):
    return Drawing(**options).write(tmp_path / "drawn.osm.pbf")


def test_settlements(tmp_path):
    path = draw(
        tmp_path,
        nodes={
            1: (0, 0),
            2: (10, 0),
            3: (20, 0),
            4: (30, 0),
            # A square around (10, 0) and one around (40, 2).
            5: (9, -1),
            6: (11, -1),
            7: (11, 1),
            8: (9, 1),
            15: (39, 1),
            16: (41, 1),
            17: (41, 3),
            18: (39, 3),
        },
        node_tags={
            1: {"place": "town", "name": "Dagda", "population": "1 234"},
            2: {"place": "village", "name": "Ķeipene", "population": "~80"},
            3: {"place": "isolated_dwelling", "name": "Kalni"},
            4: {"place": "locality", "name": "Purvs"},
        },
        ways={
            20: ([5, 6, 7, 8, 5], {"place": "village", "name": "Ķeipene"}),
            21: ([15, 16, 17, 18, 15], {"place": "village"}),
            22: ([77, 78], {"place": "village", "name": "Nekurne"}),
        },
        relations={30: ([("w", 21, "outer")], {"place": "town", "name": "Mala"})},
    )
    frame = read_osm_settlements(path, crs="EPSG:4326")
    assert frame["settlement_id"].tolist() == [
        "node/1",
        "node/2",
        "way/21",
        "way/22",
        "relation/30",
    ]
    assert frame["kind"].tolist() == ["town", "village", "village", "village", "town"]
    assert frame["population"].tolist()[:2] == [1234, 80]
    assert frame["population"].isna().tolist() == [False, False, True, True, True]
    assert frame.crs == "EPSG:4326"
    assert frame.geometry[0].x == pytest.approx(3) and frame.geometry[0].y == pytest.approx(0)
    # Middle of the bounds.
    assert frame.geometry[2].x == pytest.approx(3.040) and frame.geometry[2].y == pytest.approx(
        0.002
    )
    # What is nowhere stays, without a point.
    assert frame.geometry.is_empty.tolist() == [False, False, False, True, False]
    assert frame.attrs["counts"]["not_located"] == 1
    assert frame.attrs["counts"]["areas_with_a_point"] == 1  # way/20 is node/2
    assert "OpenStreetMap" in frame.attrs["source"]["attribution"]

    farms = read_osm_settlements(path, places=["isolated_dwelling"])
    assert farms["settlement_id"].tolist() == ["node/3"]
    assert farms.crs == "EPSG:32631"
    with pytest.raises(InputError, match=r"not a kind of settlement \(sea; 1 in all\)"):
        read_osm_settlements(path, places=["town", "sea"])


def test_facilities(tmp_path):
    def facility(kind, whom=None, **more):
        tags = {"amenity": "social_facility", "social_facility": kind, **more}
        return tags | ({"social_facility:for": whom} if whom else {})

    path = draw(
        tmp_path,
        nodes={number: (number, 0) for number in range(1, 9)} | {20: (0, 4), 21: (2, 6)},
        node_tags={
            1: facility("group_home", "mental_health", name="Mājas", capacity="12"),
            2: facility("group_home", "disabled"),
            3: facility("group_home"),
            4: facility("day_care", "senior"),
            5: {"amenity": "nursing_home"},
            6: facility("food_bank"),
            7: {"amenity": "shelter"},  # of a bus stop
        },
        ways={30: ([20, 21], facility("shelter", "homeless"))},
        relations={40: ([("w", 30, "outer")], facility("workshop", "mental_health"))},
    )
    frame = read_candidate_facilities(path, crs="EPSG:4326")
    services = dict(zip(frame["facility_id"], frame["service"], strict=True))
    # pandas may hold a missing text as NaN.
    services = {name: None if pd.isna(value) else value for name, value in services.items()}
    assert services == {
        "node/1": "group_home",
        "node/2": None,
        "node/3": None,
        "node/4": "dac_senior",
        "node/5": "senior_home",
        "node/6": None,
        "way/30": "shelter",
        "relation/40": "workshop",
    }
    assert frame["places"][0] == 12
    assert frame["reason"][1] == "for=disabled means physical disability, not mental impairments"
    assert frame.attrs["counts"]["mapped"] == 5
    assert frame.attrs["not_mapped"] == {
        "food_bank is none of our services": 1,
        "for=disabled means physical disability, not mental impairments": 1,
        "group_home, but for whom is not said": 1,
    }
    # Way and relation stand in the middle of their bounds.
    assert frame.geometry[6].x == pytest.approx(3.001) and frame.geometry[6].y == pytest.approx(
        0.005
    )
    assert frame.geometry[7].equals(frame.geometry[6])


@pytest.mark.parametrize(
    ("kind", "whom", "service"),
    [
        ("group_home", "mental_disability", "group_home"),
        ("group_home", "mental_health;disabled", "group_home"),
        ("group_home", "child", None),
        ("group_home", "orphan", None),
        ("assisted_living", "senior", "senior_home"),
        ("assisted_living", "senior;mental_health", None),
        ("nursing_home", "", "senior_home"),
        ("nursing_home", "disabled", None),
        ("day_care", "mental_health", "dac_grt"),
        ("day_care", "child", None),
        ("day_care", "child;disabled", "dac_ft"),
        ("day_care", "", None),
        ("day_centre", "", "day_centre"),
        ("day_centre", "disabled", None),
        ("workshop", "disabled", None),
        ("workshop", "mental_health", "workshop"),
        ("shelter", "", "shelter"),
        ("shelter", "woman", "crisis"),
        ("shelter", "child", "crisis"),
        ("shelter", "animal", None),
        ("outreach", "homeless", None),
        ("group_home;workshop", "mental_health", None),
    ],
)
def test_mapping(kind, whom, service):
    tags = {"amenity": "social_facility", "social_facility": kind, "social_facility:for": whom}
    guess = guess_service(tags)
    assert guess.service == service
    assert (guess.target_group is None) == (service is None)
    assert guess.reason


def test_physical_disability_is_never_mental_impairment():
    catalogue = load_service_types().set_index("service")["target_group"]
    for kind in ("group_home", "day_care", "day_centre", "workshop", "assisted_living"):
        guess = guess_service({"social_facility": kind, "social_facility:for": "disabled"})
        assert guess.service is None
    # And what is mapped exists in the catalogue, with the same target group.
    assert {service: catalogue[service] for service in _TARGETS} == _TARGETS


@given(
    st.dictionaries(
        st.sampled_from(["amenity", "social_facility", "social_facility:for"]), st.text(max_size=20)
    )
)
def test_mapping_never_raises(tags):
    guess = guess_service(tags)
    assert guess.reason and (guess.service is None or guess.service in _TARGETS)
