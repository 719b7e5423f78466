"""`data/settlements`: counts, sums and municipalities, looked up by hand where it matters."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from .conftest import read_features, read_rows

POPULATION_2020 = 1_907_675


@pytest.fixture(scope="module")
def by_name(settlements) -> dict[tuple[str, str], dict[str, str]]:
    found = {(each["name"], each["municipality_id_2009"]): each for each in settlements}
    assert len(found) == len(settlements)
    return found


def test_counts(settlements):
    kinds = Counter(each["kind"] for each in settlements)
    assert kinds == {"city": 8, "town": 69, "parish": 511, "neighbourhood": 58}
    assert len({each["settlement_id"] for each in settlements}) == 646
    assert [each["settlement_id"] for each in settlements] == sorted(
        each["settlement_id"] for each in settlements
    )


def test_riga_is_its_neighbourhoods(settlements):
    in_riga = [each for each in settlements if each["municipality_id"] == "0001000"]
    assert {each["kind"] for each in in_riga} == {"neighbourhood"}
    assert len(in_riga) == 58
    assert all(each["settlement_id"].startswith("RIX-") for each in in_riga)
    assert all(each["settlement_id"].isascii() for each in in_riga)
    assert sum(int(each["population"]) for each in in_riga) == 627_487


def test_population_sums_to_every_municipality(settlements, facts: Path):
    persons: Counter[str] = Counter()
    for each in settlements:
        persons[each["municipality_id_2009"]] += int(each["population"])
    published = {
        each["municipality_id"]: int(each["population"])
        for each in read_rows(facts / "municipalities_2009.csv")
    }
    assert persons == published
    assert sum(persons.values()) == POPULATION_2020


def test_population_stays_by_the_estimate(settlements, facts: Path):
    estimates = {
        each["settlement_id"]: int(each["population_estimate"])
        for name in ("units.csv", "riga_neighbourhoods.csv")
        for each in read_rows(facts / name)
    }
    moved = [
        abs(int(each["population"]) - estimates[each["settlement_id"]]) for each in settlements
    ]
    assert max(moved) <= 1


def test_only_whole_municipalities_are_published_figures(settlements):
    members = Counter(each["municipality_id_2009"] for each in settlements)
    for each in settlements:
        whole = members[each["municipality_id_2009"]] == 1
        assert each["population_basis"] == ("published" if whole else "estimate")


def test_municipality_exists_in_each_vintage(settlements, data: Path):
    columns = {2009: "municipality_id_2009", 2021: "municipality_id_2021", 2025: "municipality_id"}
    for vintage, column in columns.items():
        layer = read_features(data / "boundaries" / f"municipalities_{vintage}.geojson")
        ids = {each["properties"]["municipality_id"] for each in layer}
        assert {each[column] for each in settlements} == ids


@pytest.mark.parametrize(
    ("name", "old", "then", "now"),
    [
        ("Aglonas pagasts", "0604300", "0042000", "0042000"),  # Preiļi
        ("Grāveru pagasts", "0604300", "0032000", "0032000"),  # Krāslava
        ("Kastuļinas pagasts", "0604300", "0032000", "0032000"),
        ("Šķeltovas pagasts", "0604300", "0032000", "0032000"),
        ("Vangaži", "0801800", "0044000", "0044000"),  # Ropaži
        ("Inčukalna pagasts", "0801800", "0048000", "0048000"),  # Sigulda
        ("Varakļāni", "0701800", "0055000", "0038000"),  # in Madona from July 2025
        ("Varakļānu pagasts", "0701800", "0055000", "0038000"),
        ("Murmastienes pagasts", "0701800", "0055000", "0038000"),
        ("Alsungas pagasts", "0624200", "0033000", "0033000"),  # Kuldīga
        ("Rugāju pagasts", "0387500", "0024000", "0024000"),  # Balvi
        ("Baltinavas pagasts", "0384400", "0024000", "0024000"),
        ("Jēkabpils", "0110000", "0031000", "0031000"),  # city into county
        ("Raunas pagasts", "0427700", "0049000", "0049000"),  # Smiltene, not Cēsis
    ],
)
def test_municipality_by_hand(by_name, name: str, old: str, then: str, now: str):
    found = by_name[name, old]
    assert (found["municipality_id_2021"], found["municipality_id"]) == (then, now)


def test_planning_regions_moved_where_the_law_moved_them(settlements):
    moved = defaultdict(set)
    for each in settlements:
        if each["planning_region"] != each["planning_region_2009"]:
            change = (each["planning_region_2009"], each["planning_region"])
            moved[change].add(each["municipality_id"])
    assert moved == {
        ("riga", "kurzeme"): {"0052000"},  # Tukums
        ("riga", "vidzeme"): {"0035000", "0040000"},  # Limbaži, Ogre
    }


def test_plan_of_latgale(settlements):
    mine = [each for each in settlements if each["planning_region_2009"] == "latgale"]
    assert len({each["municipality_id_2009"] for each in mine}) == 21
    assert len({each["municipality_id"] for each in mine}) == 9
    assert {each["planning_region"] for each in mine} == {"latgale"}


def test_points_are_in_latvia_and_people_near_their_centre(settlements):
    for each in settlements:
        assert 20.9 < float(each["lon"]) < 28.3
        assert 55.6 < float(each["lat"]) < 58.1
        # A degree is at most 111.4 km; the mean of the inhabitants lies no farther from the
        # centre than they do in the mean (0.1 km: rounding of both).
        north = (float(each["people_lat"]) - float(each["lat"])) * 111.4
        assert abs(north) <= float(each["mean_km_to_centre"]) + 0.1
        # Nine of ten within p90, so at least a tenth beyond or at it.
        assert float(each["mean_km_to_centre"]) >= 0.1 * float(each["p90_km_to_centre"]) - 0.06


def test_towns_without_a_code_of_2009(settlements):
    odd = [each for each in settlements if not each["settlement_id"].isdigit()]
    odd = [each for each in odd if each["kind"] != "neighbourhood"]
    assert {each["settlement_id"]: each["name"] for each in odd} == {
        "0326100-koknese": "Koknese",
        "0406400-iecava": "Iecava",
    }


@pytest.mark.shared
def test_centres_lie_in_the_official_units(settlements, shared: Path):
    import geopandas as gpd

    units = gpd.read_file(shared / "data" / "boundaries" / "units587_2018.gpkg").to_crs(3059)
    units = units.set_index("L1_code").geometry
    mine = [each for each in settlements if each["settlement_id"] in units.index]
    points = gpd.GeoSeries(
        gpd.points_from_xy(
            [float(each["lon"]) for each in mine], [float(each["lat"]) for each in mine], crs=4326
        )
    ).to_crs(3059)
    away = points.distance(
        gpd.GeoSeries(units.loc[[each["settlement_id"] for each in mine]].to_numpy(), crs=3059)
    )
    assert len(mine) == 586
    assert (away == 0).mean() > 0.98
    assert away.max() < 500


def test_people_points_share_out_every_settlement(data: Path, settlements):
    points = read_rows(data / "settlements" / "people_points.csv")
    shares: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in points:
        assert Decimal(each["share"]) > 0
        shares[each["settlement_id"]] += Decimal(each["share"])
    assert len(points) == 5_693
    assert shares == {each["settlement_id"]: Decimal("1.00000") for each in settlements}


def test_people_points_lie_where_the_mean_of_the_inhabitants_is(data: Path, settlements):
    mean: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in read_rows(data / "settlements" / "people_points.csv"):
        for axis, name in enumerate(("lon", "lat")):
            mean[each["settlement_id"]][axis] += float(each["share"]) * float(each[name])
    away_km = []
    for each in settlements:
        lon, lat = mean[each["settlement_id"]]
        east = (lon - float(each["people_lon"])) * 111.3 * math.cos(math.radians(lat))
        away_km.append(math.hypot(east, (lat - float(each["people_lat"])) * 111.4))
    # Both come from one grid (Riga's means from addresses); a point stands for several cells.
    assert sum(each < 1 for each in away_km) > 0.97 * len(away_km)
    assert max(away_km) < 6
