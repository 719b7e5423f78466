"""`data/services`: whole, built from the facts, and right where it was looked up by hand."""

from __future__ import annotations

import csv
import shutil
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
FACTS = ROOT / "tools" / "facts"
sys.path.insert(0, str(ROOT / "tools"))

import _need  # noqa: E402
import build_services  # noqa: E402
from _datapackage import find_problems  # noqa: E402

REGIONS = {"latgale", "kurzeme", "riga", "vidzeme", "zemgale"}
INSTITUTIONS = {"vsac", "oof_inst", "halfway", "senior_home", "foster"}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def facilities() -> dict[str, dict[str, str]]:
    rows = read(DATA / "services" / "facilities.csv")
    by_id = {row["facility_id"]: row for row in rows}
    assert len(by_id) == len(rows), "a facility_id repeats"
    return by_id


@pytest.fixture(scope="module")
def types() -> dict[str, dict[str, str]]:
    return {row["service"]: row for row in read(DATA / "services" / "service_types.csv")}


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, str]]:
    return {row["figure_id"]: row for row in read(DATA / "services" / "plan_figures.csv")}


@pytest.fixture(scope="module")
def targets() -> dict[tuple[str, str], dict[str, str]]:
    rows = read(DATA / "services" / "plan_targets.csv")
    return {(row["planning_region"], row["target_group"]): row for row in rows}


@pytest.fixture(scope="module")
def need() -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """Rows by region and group, then by settlement."""
    found: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(dict)
    for row in read(DATA / "services" / "need.csv"):
        key = row["planning_region"], row["target_group"]
        assert row["settlement_id"] not in found[key]
        found[key][row["settlement_id"]] = row
    return found


@pytest.fixture(scope="module")
def settlements() -> dict[str, dict[str, str]]:
    rows = read(DATA / "settlements" / "settlements.csv")
    return {row["settlement_id"]: row for row in rows}


def test_the_folder_is_as_its_descriptor_says():
    assert find_problems(DATA / "services") == []


def test_a_second_build_gives_the_same_bytes(tmp_path):
    shutil.copytree(DATA / "settlements", tmp_path / "settlements")
    build_services.build(tmp_path)
    names = sorted(each.name for each in (DATA / "services").iterdir())
    assert sorted(each.name for each in (tmp_path / "services").iterdir()) == names
    for name in names:
        built = (tmp_path / "services" / name).read_bytes()
        assert built == (DATA / "services" / name).read_bytes(), name


def test_ids_are_lower_case_ascii(facilities, types, figures):
    groups = [row["target_group"] for row in read(DATA / "services" / "target_groups.csv")]
    for each in [*facilities, *types, *figures, *groups]:
        assert each.isascii(), each
        assert each == each.lower(), each


# Service types


def test_the_catalogue_and_senior_homes(types):
    assert len(types) == 26
    assert {key for key, row in types.items() if row["counts_as_supply"] == "false"} == INSTITUTIONS
    assert types["dac_grt"]["limit_min"] == "30"
    assert types["dac_grt"]["outer_limit_min"] == "45"
    assert types["home_care"]["traveller"] == "provider"
    travelling = {key for key, row in types.items() if row["traveller"] == "provider"}
    assert travelling == {"home_care", "care_ft", "mentor", "support_person"}


def test_every_limit_is_marked_a_proposal(types):
    for key, row in types.items():
        assert bool(row["limit_min"]) == (row["limit_basis"] == "proposal"), key
        assert bool(row["limit_min"]) == bool(row["outer_limit_min"]), key
        if row["limit_min"]:
            assert int(row["limit_min"]) <= int(row["outer_limit_min"]), key
        if row["counts_as_supply"] == "true":
            assert row["limit_min"], key
            assert row["traveller"] != "none", key


def test_promised_services_are_of_the_catalogue(types, targets):
    promised = defaultdict(set)
    for row in read(DATA / "services" / "promised_services.csv"):
        assert row["service"] in types
        assert row["source"].startswith("http")
        promised[row["target_group"]].add(row["service"])
    assert promised["adults_grt"] == {
        "home_care",
        "dac_grt",
        "workshop",
        "group_home",
        "respite_grt",
        "consult_grt",
        "group_act",
    }
    assert promised["adults_grt_vsac"] == promised["adults_grt"] | {"mentor"}
    assert promised["children_ft"] == {"care_ft", "respite_ft", "rehab_ft", "dac_ft"}
    assert promised["children_oof"] == {"gvpp", "youth_house", "foster"}
    assert {group for _, group in targets} <= set(promised)
    assert not promised.keys() & {"seniors", "homeless"}


# Facilities


def test_all_rows_are_there(facilities):
    assert len(facilities) == 419
    assert Counter(row["planning_region_2009"] for row in facilities.values()) == {
        "latgale": 90,
        "kurzeme": 65,
        "riga": 95,
        "vidzeme": 89,
        "zemgale": 80,
    }
    assert len({row["site_id"] for row in facilities.values()}) == 331


def test_several_services_of_one_source_id_are_numbered(facilities):
    balvi = {key: row["service"] for key, row in facilities.items() if key.startswith("lat019")}
    assert balvi == {
        "lat019.1": "dac_grt",
        "lat019.2": "dac_ft",
        "lat019.3": "group_home",
        "lat019.4": "rehab_ft",
        "lat019.5": "workshop",
    }
    assert "lat018" in facilities
    for key, row in facilities.items():
        assert key.split(".")[0] == row["source_facility_id"].lower()


def test_statuses(facilities):
    assert Counter(row["status"] for row in facilities.values()) == {
        "operating": 307,
        "planned": 95,
        "closed": 17,
    }
    for row in facilities.values():
        never = row["status_source"] in ("planned", "not_realised")
        assert (row["opening_confirmed"] == "false") == never
        if row["status"] == "planned":
            assert row["opening_confirmed"] == "false"
        if row["status"] == "operating":
            assert row["opening_confirmed"] == "true"
    closing = [key for key, row in facilities.items() if row["status_source"] == "closing"]
    assert closing == ["rig046"]
    assert facilities["rig046"]["status"] == "operating"


def test_rows_without_a_place_are_kept_without_coordinates(facilities):
    lost = {key for key, row in facilities.items() if row["located"] == "false"}
    assert len(lost) == 25
    for key, row in facilities.items():
        vague = row["location_precision"] in ("municipality", "none")
        assert (key in lost) == vague, key
        assert bool(row["lon"]) == bool(row["lat"]) == (not vague), key
        if vague:
            assert row["settlement_id"] == "", key
        else:
            assert 20.9 < float(row["lon"]) < 28.3, key
            assert 55.6 < float(row["lat"]) < 58.1, key
    assert Counter(facilities[key]["location_precision"] for key in lost) == {
        "municipality": 21,
        "none": 4,
    }


def test_every_pair_of_service_and_group_is_mapped_and_none_to_spare(facilities, types):
    mapping = {
        (row["service_source"], row["target_group_source"]): (row["service"], row["target_group"])
        for row in read(FACTS / "services_mapping.csv")
    }
    used = {(row["service_source"], row["target_group_source"]) for row in facilities.values()}
    assert used == set(mapping)
    for row in facilities.values():
        pair = row["service_source"], row["target_group_source"]
        assert (row["service"], row["target_group"]) == mapping[pair]
        assert row["service"] in {*types, "other"}


def test_a_service_is_for_the_group_its_type_names(facilities, types):
    """Day centres take seniors, a state branch takes children: the two known exceptions."""
    odd = {
        (row["service"], row["target_group"])
        for row in facilities.values()
        if row["service"] != "other"
        and row["target_group"] != types[row["service"]]["target_group"]
    }
    assert odd == {("day_centre", "seniors"), ("vsac", "children_severe")}


def test_other_always_has_a_reason():
    for row in read(FACTS / "services_mapping.csv"):
        assert row["service"] != "other" or row["reason"], row


def test_codes_of_municipalities_are_known_and_agree(facilities, settlements):
    municipalities = read(FACTS / "places" / "municipalities_2009.csv")
    of_2009 = {row["municipality_id"]: row["planning_region"] for row in municipalities}
    of_2021 = {
        row["municipality_id"]: row["municipality_id_2025"]
        for row in read(FACTS / "places" / "municipalities_2021.csv")
    }
    for key, row in facilities.items():
        if row["municipality_id_2009"]:
            assert of_2009[row["municipality_id_2009"]] == row["planning_region_2009"], key
        assert of_2021.get(row["municipality_id_2021"], "") == row["municipality_id"], key
        if row["settlement_id"]:
            place = settlements[row["settlement_id"]]
            assert place["municipality_id"] == row["municipality_id"], key
            assert place["planning_region_2009"] == row["planning_region_2009"], key
            assert row["municipality_id_2009"] in ("", place["municipality_id_2009"]), key
    blank = {key for key, row in facilities.items() if not row["municipality_id_2009"]}
    assert blank == {"kur009", "lat001", "rig053", "rig067", "vid001"}


def test_settlement_of_a_facility_is_near_its_point(facilities, settlements):
    """The names say the settlement; the point, which was not asked, agrees within 16 km."""
    for key, row in facilities.items():
        if not row["settlement_id"]:
            continue
        place = settlements[row["settlement_id"]]
        east_km = (float(place["lon"]) - float(row["lon"])) * 62
        north_km = (float(place["lat"]) - float(row["lat"])) * 111
        assert (east_km**2 + north_km**2) ** 0.5 < 16, key


def test_settlement_is_blank_only_where_names_do_not_say(facilities):
    blank = {
        (row["settlement"], row["municipality_id_2009"])
        for row in facilities.values()
        if row["located"] == "true" and not row["settlement_id"]
    }
    assert {place for place, _ in blank} == {
        "Rīga",
        "Graši",
        "Ķevele",
        "Lejasstrazdi",
        "Staļģene",
        "Mūrmuiža",
    }


@pytest.mark.parametrize(
    ("facility", "known"),
    [
        (
            "lat007",  # Nīcgale, Skolas iela 15: 16 places, opened 5 October 2022
            {
                "service": "group_home",
                "places": "16",
                "places_basis": "stated_capacity",
                "status": "operating",
                "status_year": "2022",
                "settlement_id": "0440276",
                "municipality_id_2009": "0440200",
                "municipality_id": "0022000",
            },
        ),
        (
            "lat049",  # Aglona, divided in 2021: place known to the municipality only
            {
                "service": "rehab_ft",
                "located": "false",
                "lon": "",
                "municipality_id_2009": "0604300",
            },
        ),
        (
            "kur054.2",  # Ventspils, Kuldīgas iela 4: 20 children at a time
            {"service": "dac_ft", "places": "20", "settlement_id": "0270000"},
        ),
        (
            "kur060",  # Ventspils, Vītolu iela 21: planned, never realised
            {"service": "gvpp", "status": "closed", "opening_confirmed": "false"},
        ),
        (
            "rig040",  # the source says Bolderāja
            {"service": "shelter", "settlement_id": "RIX-bolderaja"},
        ),
        (
            "rig064",  # Sigulda, Saules iela 6B: planned for 2021, opening not seen
            {"service": "group_home", "places": "16", "status": "planned", "settlement": "Sigulda"},
        ),
        (
            "rig072",  # Irlavas pagasts: Rīga region of the plan, Tukums
            {
                "service": "group_home",
                "places": "7",
                "planning_region_2009": "riga",
                "municipality_id": "0052000",
            },
        ),
        (
            "vid057",  # Smiltene, opened 22 March 2024
            {"service": "group_home", "places": "16", "status_year": "2024"},
        ),
        (
            "zem069",  # Aknīste
            {"service": "group_home", "places": "6", "places_basis": "planned_capacity"},
        ),
        (
            "lat056.2",  # Vecružina: long-term care of no stated group is not a service of ours
            {"service": "other", "status": "operating"},
        ),
    ],
)
def test_known_facilities(facilities, facility, known):
    row = facilities[facility]
    assert {key: row[key] for key in known} == known


def test_project_sums_repeat_on_every_row_of_a_project(facilities):
    """The reason they must never be summed."""
    totals = defaultdict(list)
    for row in facilities.values():
        if row["project_no"] and row["project_total_eur"]:
            totals[row["project_no"]].append(row["project_total_eur"])
    assert any(len(each) > 1 and len(set(each)) == 1 for each in totals.values())


def test_notes_are_short(facilities, figures):
    for key, row in (facilities | figures).items():
        assert len(row["note"]) <= 160, key


# Plan figures and targets


def test_plan_figures_are_all_there(figures):
    assert len(figures) == 244
    regions = Counter(row["planning_region"] for row in figures.values())
    assert set(regions) == REGIONS | {""}
    municipalities = {
        vintage: {
            row["municipality_id"]
            for row in read(FACTS / "places" / f"municipalities_{vintage}.csv")
        }
        for vintage in ("2009", "2021")
    }
    for key, row in figures.items():
        filled = bool(row["municipality"])
        assert filled == bool(row["municipality_id"]) == bool(row["municipality_basis"]), key
        if filled:
            assert row["municipality_id"] in municipalities[row["municipality_basis"]], key
        assert bool(row["value"]) == (row["unit"] != "dataset"), key


@pytest.mark.parametrize(
    ("region", "group", "persons", "indicator"),
    [
        ("latgale", "adults_grt", 389, "target"),
        ("latgale", "children_ft", 390, "target"),
        ("latgale", "children_oof", 317, "to_be_assessed"),
        ("kurzeme", "adults_grt", 375, "target"),
        ("kurzeme", "children_ft", 350, "target"),
        ("kurzeme", "adults_grt_vsac", 35, "target"),
        ("riga", "adults_grt", 637, "to_be_assessed"),
        ("riga", "children_ft", 686, "assessed"),
        ("vidzeme", "adults_grt", 510, "assessed"),
        ("vidzeme", "children_ft", 600, "assessed"),
        ("zemgale", "adults_grt", 351, "target"),
        ("zemgale", "children_ft", 521, "target"),
        ("zemgale", "children_oof", 239, "assessed"),
    ],
)
def test_targets(targets, figures, region, group, persons, indicator):
    row = targets[region, group]
    assert (int(row["persons"]), row["indicator"]) == (persons, indicator)
    figure = figures[row["figure_id"]]
    assert (figure["value"], figure["source"]) == (row["persons"], row["source"])
    if indicator != "target":
        assert "No target was published" in row["note_en"]
        assert "nav publicēts" in row["note_lv"]


def test_there_are_no_other_targets(targets):
    assert len(targets) == 13


def test_alternatives_of_latgale_are_told(targets, figures):
    adults = targets["latgale", "adults_grt"]
    children = targets["latgale", "children_ft"]
    values = [
        {each.split("=")[1] for each in row["alternatives"].split("; ")}
        for row in (adults, children)
    ]
    assert values == [{"387", "462"}, {"533", "505", "402"}]
    assert "3533" in children["note_en"]
    for row in targets.values():
        for each in filter(None, row["alternatives"].split("; ")):
            figure_id, value = each.split("=")
            assert figures[figure_id]["value"] == value


# Need


def test_need_is_there_for_every_target_but_that_of_institutions(need, targets):
    assert set(need) == {key for key in targets if key[1] != "adults_grt_vsac"}


def test_need_adds_up_to_the_figure_and_is_never_negative(need, targets):
    for key, rows in need.items():
        parts = [Fraction(row["persons"]) for row in rows.values()]
        assert min(parts) >= 0, key
        assert sum(parts) == int(targets[key]["persons"]), key


def test_every_settlement_of_a_region_is_in_its_need(need, settlements):
    for (region, _), rows in need.items():
        wanted = {key for key, row in settlements.items() if row["planning_region_2009"] == region}
        assert set(rows) == wanted


def test_those_outside_the_project_get_nobody(need, settlements):
    outside = {
        "latgale": {"0761201", "0684901"},  # Līvāni, Cibla
        "riga": {"0010000"},
        "zemgale": {"0321000"},  # Jaunjelgava
        "kurzeme": set(),
        "vidzeme": set(),
    }
    for (region, _), rows in need.items():
        for key, row in rows.items():
            left_out = settlements[key]["municipality_id_2009"] in outside[region]
            assert (row["method"] == "not_in_plan") == left_out
            if left_out:
                assert float(row["persons"]) == 0


def test_number_of_partners_is_the_published_one(figures):
    by_region = Counter(
        row["planning_region"]
        for row in read(FACTS / "places" / "municipalities_2009.csv")
        if row["municipality_id"] in build_services.find_partners()
    )
    for region in REGIONS:
        published = [
            int(row["value"])
            for row in figures.values()
            if row["planning_region"] == region and row["indicator"] == "partner_municipalities"
        ]
        assert by_region[region] == max(published), region


def test_regional_figures_are_shared_by_population(need, targets, settlements):
    """Against plain division, for a region without municipal figures."""
    rows = need["latgale", "adults_grt"]
    people = {
        key: int(settlements[key]["population"])
        for key, row in rows.items()
        if row["method"] == "share_of_region"
    }
    for key, population in people.items():
        share = 389 * population / sum(people.values())
        assert float(rows[key]["persons"]) == pytest.approx(share, abs=1.01e-4)


def test_municipal_figures_of_the_same_page_stand(need, settlements):
    rows = need["riga", "children_ft"]
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for key, row in rows.items():
        sums[settlements[key]["municipality_id_2021"]] += Fraction(row["persons"])
    assert sums["0040000"] == 132  # Ogre
    assert sums["0004000"] == 98  # Jūrmala
    assert sums["0052000"] == 97  # Tukums
    assert sums["0048000"] == 71  # Sigulda
    assert sum(sums.values()) == 686
    # Ropaži's 6 of 2017 are of another page and date and do not enter.
    assert sums["0044000"] > 20
    rest = [row for row in rows.values() if row["method"] == "share_of_remainder"]
    assert sum(Fraction(row["persons"]) for row in rest) == 686 - 132 - 98 - 97 - 71


def test_only_one_settlement_has_a_published_figure_of_its_own(need):
    published = [
        (group, key, row["persons"])
        for (_, group), rows in need.items()
        for key, row in rows.items()
        if row["basis"] == "published"
    ]
    assert published == [("children_ft", "0130000", "98.0000")]


@given(
    total=st.integers(0, 10**7),
    weights=st.dictionaries(st.text("abc", min_size=1), st.integers(0, 10**6), min_size=1),
)
def test_apportion_is_exact_and_within_one(total, weights):
    whole = sum(weights.values())
    if whole == 0:
        with pytest.raises(ValueError, match="nobody lives"):
            _need.apportion(total, weights)
        return
    shares = _need.apportion(total, weights)
    assert sum(shares.values()) == total
    for key, weight in weights.items():
        assert abs(shares[key] - Fraction(total * weight, whole)) < 1
        assert weight or not shares[key]
    assert _need.apportion(total, dict(reversed(weights.items()))) == shares


def test_spread_by_hand():
    """100 people: 40 of the city's own figure, 60 over the rest as 1 : 2, none outside."""
    places = [
        _need.Place("city", "c", 500, in_plan=True),
        _need.Place("town", "t", 100, in_plan=True),
        _need.Place("parish", "t", 200, in_plan=True),
        _need.Place("far", "f", 900, in_plan=False),
    ]
    regional = _need.Figure("region", 100)
    municipal = {"c": _need.Figure("own", 40)}
    rows = _need.spread(regional, municipal, places)
    assert [(row["settlement_id"], row["persons"]) for row in rows] == [
        ("city", 40),
        ("town", 20),
        ("parish", 40),
        ("far", 0),
    ]
    assert [row["method"] for row in rows] == [
        "published_figure",
        "share_of_remainder",
        "share_of_remainder",
        "not_in_plan",
    ]
    assert [row["figure_id"] for row in rows] == ["own", "region", "region", "region"]
    with pytest.raises(ValueError, match="exceed"):
        _need.spread(regional, {"c": _need.Figure("own", 101)}, places)


# Against the facts that lie beside the project

REWORDED = {  # English or doubled names of the facts, told in Latvian
    "LAT018",
    "LAT069",
    "LAT070",
    "KUR027",
    "KUR049",
    "KUR055",
    "KUR060",
    "RIG042",
    "RIG054",
    "RIG055",
    "RIG065",
}
NOT_ERAF = {"KUR032"}  # EAFRD money in the column of ERAF


@pytest.mark.shared
def test_facilities_row_by_row(shared, facilities):
    def order(row):
        return row["facility_id"], row["service_type"], row["target_group"]

    facts = sorted(read(shared / "facts" / "facilities.csv"), key=order)
    ours = sorted(
        facilities.values(),
        key=lambda row: (
            row["source_facility_id"],
            row["service_source"],
            row["target_group_source"],
        ),
    )
    assert len(facts) == len(ours)
    same = {
        "facility_id": "source_facility_id",
        "service_type": "service_source",
        "target_group": "target_group_source",
        "places": "places",
        "places_basis": "places_basis",
        "address": "address",
        "status": "status_source",
        "status_year": "status_year",
        "funding_programme": "funding_programme",
        "project_no": "project_no",
        "project_total_eur": "project_total_eur",
        "source_url": "source",
        "location_precision": "location_precision",
        "atvk_2009": "municipality_id_2009",
        "atvk_2021": "municipality_id_2021",
    }
    for fact, row in zip(facts, ours, strict=True):
        assert {key: fact[key] for key in same} == {key: row[mine] for key, mine in same.items()}
        assert fact["site_id"].lower() == row["site_id"]
        assert (fact["settlement"] or fact["parish"]) == row["settlement"]
        assert (fact["facility_name"] == row["name"]) != (fact["facility_id"] in REWORDED)
        if row["located"] == "true":
            assert (fact["lon"], fact["lat"]) == (row["lon"], row["lat"])
        if fact["facility_id"] in NOT_ERAF:
            assert row["eraf_eur"] == ""
            assert fact["eraf_eur"] in row["note"]
        else:
            assert fact["eraf_eur"] == row["eraf_eur"]
        assert bool(row["inferred_fields"]) >= bool(fact["inferred_fields"])


@pytest.mark.shared
def test_plan_figures_row_by_row(shared, figures):
    same = {
        "municipality_2017": "municipality",
        "service_type": "service_source",
        "target_group": "target_group_source",
        "indicator": "indicator_source",
        "value": "value",
        "unit": "unit",
        "year": "year_source",
        "source": "source",
    }

    def told(row, keys):
        return tuple(row[key] for key in keys)

    facts = Counter(told(row, same) for row in read(shared / "facts" / "plan_figures.csv"))
    assert facts == Counter(told(row, same.values()) for row in figures.values())


@pytest.mark.shared
def test_catalogue_row_by_row(shared, types):
    for row in read(shared / "facts" / "service_catalogue.csv"):
        ours = types[row["code"].lower()]
        assert ours["limit_min"] == row["default_threshold_min"]
        assert ours["outer_limit_min"] == row["outer_band_min"]
        assert ours["visits_per_week"] == row["visits_per_week"]
