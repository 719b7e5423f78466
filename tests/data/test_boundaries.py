"""`data/boundaries`: layers tile, add up, and agree with the tables."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from .conftest import read_features, read_rows

LAYERS = (
    "municipalities_2009",
    "municipalities_2021",
    "municipalities_2025",
    "planning_regions_2009",
    "planning_regions_2021",
)
COUNTS = {2009: 119, 2021: 43, 2025: 42}
AREA_KM2 = 64_589
POPULATION_2020 = 1_907_675
TO_METRES = Transformer.from_crs(4326, 3059, always_xy=True)


@pytest.fixture(scope="module")
def layers(data: Path) -> dict[str, list[dict]]:
    return {name: read_features(data / "boundaries" / f"{name}.geojson") for name in LAYERS}


@pytest.fixture(scope="module")
def crosswalk(data: Path) -> list[dict[str, str]]:
    return read_rows(data / "boundaries" / "crosswalk.csv")


def list_rings(feature: dict) -> list[list[list[float]]]:
    geometry = feature["geometry"]
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return [ring for polygon in polygons for ring in polygon]


def list_segments(features: list[dict]) -> Counter[tuple]:
    return Counter(
        (tuple(start), tuple(end))
        for feature in features
        for ring in list_rings(feature)
        for start, end in pairwise(ring)
    )


def find_outer(features: list[dict]) -> set[tuple]:
    segments = list_segments(features)
    return {(start, end) for start, end in segments if (end, start) not in segments}


def to_metres(feature: dict) -> shapely.Geometry:
    outline = shapely.geometry.shape(feature["geometry"])
    return shapely.transform(outline, TO_METRES.transform, interleaved=False)


@pytest.mark.parametrize("name", LAYERS)
def test_layer_tiles_edge_by_edge(layers, name: str):
    # Every edge is drawn once by the land on its left; inner edges come back from the other side.
    segments = list_segments(layers[name])
    assert max(segments.values()) == 1
    outer = find_outer(layers[name])
    # What is left is one closed line around the country: no gap and no hole anywhere.
    following = dict(outer)
    assert len(following) == len(outer)
    start = place = next(iter(following))
    steps = 0
    while steps == 0 or place != start:
        place = following[place]
        steps += 1
    assert steps == len(outer)


@pytest.mark.parametrize("name", LAYERS)
def test_layer_is_a_valid_coverage_of_the_right_size(layers, name: str):
    outlines = np.array([to_metres(each) for each in layers[name]])
    assert shapely.is_valid(outlines).all()
    degrees = [shapely.geometry.shape(each["geometry"]) for each in layers[name]]
    assert shapely.coverage_is_valid(degrees)
    total_km2 = shapely.area(outlines).sum() / 1e6
    assert total_km2 == pytest.approx(AREA_KM2, rel=0.01)
    assert shapely.area(shapely.union_all(outlines)) / 1e6 == pytest.approx(total_km2, rel=1e-9)


def test_layers_cover_the_same_land(layers):
    outers = [find_outer(layers[name]) for name in LAYERS]
    assert all(each == outers[0] for each in outers)


@pytest.mark.parametrize("name", LAYERS)
def test_coordinates_are_rounded_and_rings_turn_left(layers, name: str):
    for feature in layers[name]:
        for ring in list_rings(feature):
            assert ring[0] == ring[-1]
            assert all(value == round(value, 5) for point in ring for value in point)
        polygons = shapely.get_parts(shapely.geometry.shape(feature["geometry"]))
        assert all(polygon.exterior.is_ccw for polygon in polygons)


@pytest.mark.parametrize("vintage", COUNTS)
def test_municipalities_are_all_there_once(layers, vintage: int):
    told = [each["properties"] for each in layers[f"municipalities_{vintage}"]]
    ids = [each["municipality_id"] for each in told]
    assert len(ids) == len(set(ids)) == len({each["name"] for each in told}) == COUNTS[vintage]
    assert ids == sorted(ids)
    assert {each["vintage"] for each in told} == {vintage}
    assert sum(each["population"] for each in told) == POPULATION_2020
    cities = {each["name"] for each in told if each["kind"] == "state_city"}
    kept = {"Rīga", "Daugavpils", "Jelgava", "Jūrmala", "Liepāja", "Rēzekne", "Ventspils"}
    assert cities == (kept | {"Jēkabpils", "Valmiera"} if vintage == 2009 else kept)


def test_municipalities_of_2009_are_those_of_the_facts(layers, facts: Path):
    told = {
        each["properties"]["municipality_id"]: each["properties"]
        for each in layers["municipalities_2009"]
    }
    rows = read_rows(facts / "municipalities_2009.csv")
    assert len(rows) == len(told)
    for row in rows:
        mine = told[row["municipality_id"]]
        assert mine["name"] == row["name"]
        assert mine["population"] == int(row["population"])
        assert mine["planning_region_2009"] == row["planning_region"]
        assert mine["di_partner"] == row["di_partner"]


def test_plan_and_today(layers):
    def count(name: str, column: str) -> Counter[str]:
        return Counter(each["properties"][column] for each in layers[name])

    assert count("municipalities_2009", "planning_region_2009") == {
        "latgale": 21,
        "kurzeme": 20,
        "riga": 30,
        "vidzeme": 26,
        "zemgale": 22,
    }
    assert count("municipalities_2025", "planning_region")["latgale"] == 9
    assert count("municipalities_2021", "planning_region")["riga"] == 10
    partners = Counter(
        (each["properties"]["planning_region_2009"], each["properties"]["di_partner"])
        for each in layers["municipalities_2009"]
    )
    assert partners["latgale", "yes"] == 19
    assert partners["kurzeme", "yes"] == 20
    assert partners["riga", "yes"] == 29


def test_regions_are_sums_of_their_municipalities(layers):
    for year, vintage, column in (
        (2009, 2009, "planning_region_2009"),
        (2021, 2021, "planning_region"),
        (2021, 2025, "planning_region"),
    ):
        land = {
            each["properties"]["planning_region"]: each
            for each in layers[f"planning_regions_{year}"]
        }
        assert len(land) == 5
        for region, feature in land.items():
            mine = [
                each
                for each in layers[f"municipalities_{vintage}"]
                if each["properties"][column] == region
            ]
            persons = sum(each["properties"]["population"] for each in mine)
            assert feature["properties"]["population"] == persons
            area = sum(to_metres(each).area for each in mine)
            assert to_metres(feature).area == pytest.approx(area, rel=1e-9)
            if vintage == year:
                assert feature["properties"]["municipalities"] == len(mine)


def test_regions_moved_as_the_law_says(layers):
    then, now = (
        {
            each["properties"]["planning_region"]: to_metres(each)
            for each in layers[f"planning_regions_{year}"]
        }
        for year in (2009, 2021)
    )
    land = {each["properties"]["name"]: to_metres(each) for each in layers["municipalities_2021"]}
    gained = land["Limbažu novads"].area + land["Ogres novads"].area
    assert now["vidzeme"].area - then["vidzeme"].area == pytest.approx(gained, rel=1e-9)
    gained_kurzeme = now["kurzeme"].area - then["kurzeme"].area
    assert gained_kurzeme == pytest.approx(land["Tukuma novads"].area, rel=1e-9)
    assert now["latgale"].equals(then["latgale"])
    assert now["zemgale"].equals(then["zemgale"])


def test_crosswalk_leads_every_municipality_on(crosswalk, layers):
    assert len(crosswalk) == 121
    split = [each for each in crosswalk if each["split"] == "true"]
    assert sorted((each["name_2009"], each["name_2021"]) for each in split) == [
        ("Aglonas novads", "Krāslavas novads"),
        ("Aglonas novads", "Preiļu novads"),
        ("Inčukalna novads", "Ropažu novads"),
        ("Inčukalna novads", "Siguldas novads"),
    ]
    shares: Counter[str] = Counter()
    for vintage in COUNTS:
        names = {
            each["properties"]["municipality_id"]: each["properties"]["name"]
            for each in layers[f"municipalities_{vintage}"]
        }
        pairs = {
            (each[f"municipality_id_{vintage}"], each[f"name_{vintage}"]) for each in crosswalk
        }
        assert pairs == set(names.items())
    for each in crosswalk:
        shares[each["municipality_id_2009"]] += round(float(each["population_share"]) * 10_000)
        merged = each["municipality_id_2021"] != each["municipality_id_2025"]
        assert merged == (each["name_2021"] == "Varakļānu novads")
    assert set(shares.values()) == {10_000}


def test_later_municipalities_are_sums_of_earlier_ones(crosswalk, layers):
    old = {
        each["properties"]["municipality_id"]: to_metres(each)
        for each in layers["municipalities_2009"]
    }
    divided = {each["municipality_id_2021"] for each in crosswalk if each["split"] == "true"}
    for feature in layers["municipalities_2021"]:
        key = feature["properties"]["municipality_id"]
        assert feature["properties"]["approximate"] == (key in divided)
        parts = [
            old[each["municipality_id_2009"]]
            for each in crosswalk
            if each["municipality_id_2021"] == key
        ]
        if key not in divided:
            area = sum(part.area for part in parts)
            assert to_metres(feature).area == pytest.approx(area, rel=1e-9)
    assert {
        each["properties"]["name"]
        for each in layers["municipalities_2025"]
        if each["properties"]["approximate"]
    } == {"Krāslavas novads", "Preiļu novads", "Ropažu novads", "Siguldas novads"}


@pytest.mark.parametrize("municipality_id", ["0604300", "0801800"])
def test_divided_land_goes_with_the_nearest_unit_centre(layers, settlements, municipality_id: str):
    units = [each for each in settlements if each["municipality_id_2009"] == municipality_id]
    centres = [TO_METRES.transform(float(each["lon"]), float(each["lat"])) for each in units]
    whole = next(
        to_metres(each)
        for each in layers["municipalities_2009"]
        if each["properties"]["municipality_id"] == municipality_id
    )
    halves = {
        each["properties"]["municipality_id"]: to_metres(each)
        for each in layers["municipalities_2021"]
        if each["properties"]["approximate"]
    }
    draw = random.Random(7)
    west, south, east, north = whole.bounds
    seen, agreed = Counter(), 0
    while sum(seen.values()) < 400:
        point = shapely.Point(draw.uniform(west, east), draw.uniform(south, north))
        if not whole.contains(point):
            continue
        away = [point.distance(shapely.Point(centre)) for centre in centres]
        nearest = units[int(np.argmin(away))]["municipality_id_2021"]
        seen[nearest] += 1
        agreed += halves[nearest].contains(point)
    assert len(seen) == 2
    # The line bends where somebody lives beyond it, and is drawn on a grid.
    assert agreed >= 380


@pytest.mark.parametrize(
    ("vintage", "column"),
    [(2009, "municipality_id_2009"), (2021, "municipality_id_2021"), (2025, "municipality_id")],
)
def test_everybody_and_every_facility_is_in_its_own_municipality(
    layers, settlements, data: Path, vintage: int, column: str
):
    outlines = {
        each["properties"]["municipality_id"]: shapely.geometry.shape(each["geometry"])
        for each in layers[f"municipalities_{vintage}"]
    }
    home = {each["settlement_id"]: each[column] for each in settlements}
    people = read_rows(data / "settlements" / "people_points.csv")
    register = read_rows(data / "services" / "register.csv")
    assert len(people) == 5693 and len(register) > 1000
    for rows in (people, settlements, register):
        stray = [
            each
            for each in rows
            if each["lon"]
            and not shapely.contains_xy(
                outlines[home[each["settlement_id"]]], float(each["lon"]), float(each["lat"])
            )
        ]
        assert stray == []


@pytest.mark.shared
@pytest.mark.parametrize(
    ("vintage", "file", "code"),
    [(2009, "municipalities119_2009", "L0_code"), (2021, "municipalities43_2021", "atvk2021")],
)
def test_outlines_lie_by_the_official_ones(
    layers, shared: Path, vintage: int, file: str, code: str
):
    import geopandas as gpd

    official = gpd.read_file(shared / "data" / "boundaries" / f"{file}.gpkg").to_crs(3059)
    official = official.set_index(code).geometry
    mine = {
        each["properties"]["municipality_id"]: to_metres(each)
        for each in layers[f"municipalities_{vintage}"]
    }
    assert set(mine) == set(official.index)
    away = []
    own = 0
    for key, outline in mine.items():
        points = shapely.points(shapely.get_coordinates(shapely.segmentize(outline.boundary, 500)))
        away.append(shapely.distance(points, official[key].boundary))
        overlap = shapely.area(shapely.intersection(outline, official.to_numpy()))
        own += official.index[int(np.argmax(overlap))] == key
    assert np.median(np.concatenate(away)) < 240
    assert own == len(mine)
