"""From names and addresses to places: cases, kinds, old names, and what stays open."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.sources.gazetteer import TIE, Gazetteer
from socaccess.sources.place_names import stem_name, strip_kind
from socaccess.sources.placing import LEAST_CONFIDENCE, place_rows
from socaccess.sources.settlements import load_settlements

GAZETTEER = Gazetteer.embedded()


def best(*texts: str, municipality: str | None = None) -> tuple[str, str, str]:
    found = GAZETTEER.find(*texts, municipality=municipality)[0]
    return found.name, found.municipality, found.precision


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ludza", ("Ludza", "Ludzas novads", "settlement")),
        ("Ludzā", ("Ludza", "Ludzas novads", "settlement")),
        ("LUDZA", ("Ludza", "Ludzas novads", "settlement")),
        ("rezekne", ("Rēzekne", "Rēzekne", "settlement")),
        ("Rēzeknes pils.", ("Rēzekne", "Rēzekne", "settlement")),
        ("Rēzeknes pilsētā", ("Rēzekne", "Rēzekne", "settlement")),
        ("Daugavpilī", ("Daugavpils", "Daugavpils", "settlement")),
        ("Cēsīs", ("Cēsis", "Cēsu novads", "settlement")),
        ("Balvos", ("Balvi", "Balvu novads", "settlement")),
        ("Limbažos", ("Limbaži", "Limbažu novads", "settlement")),
        ("Dagdas pagastā", ("Dagdas pagasts", "Krāslavas novads", "parish")),
        ("Dagda", ("Dagda", "Krāslavas novads", "settlement")),
        ("Ciblas pag., Ludzas nov.", ("Ciblas pagasts", "Ludzas novads", "parish")),
        ("Ezernieki", ("Ezernieku pagasts", "Krāslavas novads", "settlement")),
        ("Torņa iela 6, Ludza, LV-5701", ("Ludza", "Ludzas novads", "settlement")),
        ("Brīvības gatve 1, Purvciems, Rīga", ("Purvciems", "Rīga", "settlement")),
        ("Salas pag., Mārupes nov.", ("Salas pagasts", "Mārupes novads", "parish")),
        ("Ludzas nov.", ("Ludzas novads", "Ludzas novads", "municipality")),
        # A municipality of 2009 leads to today's.
        ("Zilupes novads", ("Zilupes novads", "Ludzas novads", "municipality")),
        ("Rīga", ("Rīga", "Rīga", "municipality")),
        ("Ludzza", ("Ludza", "Ludzas novads", "settlement")),
    ],
)
def test_names_and_addresses_lead_to_places(text, expected):
    assert best(text) == expected


def test_an_old_municipality_narrows_where_a_place_may_be():
    assert best("Salas pagasts", municipality="Babītes novads")[1] == "Mārupes novads"
    assert best("Salas pagasts", municipality="Salas novads")[1] == "Jēkabpils novads"


def test_every_settlement_is_found_by_its_own_name_and_municipality():
    table = load_settlements()
    names = GAZETTEER.municipality_names
    for row in table.itertuples():
        found = GAZETTEER.find(row.name, municipality=names[row.municipality_id])
        assert found[0].settlement_id == row.settlement_id, row.name
        assert found[0].confidence == 1.0, (row.name, found[:2])


def test_confidence_falls_with_what_speaks_against_a_place():
    def sure(text: str) -> float:
        return GAZETTEER.find(text)[0].confidence

    steps = [sure(text) for text in ("Ludza, Ludzas novads", "Ludza", "Ludzza")]
    assert steps == sorted(steps, reverse=True) and len(set(steps)) == 3
    elsewhere = GAZETTEER.find("Ludza, Talsu novads")
    assert elsewhere[0].confidence <= 0.5 or elsewhere[0].settlement_id is None


@given(st.text(max_size=60))
def test_any_text_gives_ordered_matches_between_0_and_1(text):
    found = GAZETTEER.find(text)
    sure = [match.confidence for match in found]
    assert sure == sorted(sure, reverse=True)
    assert all(0 < value <= 1 for value in sure)


def test_ambiguous_places_are_listed_and_never_chosen():
    rows = pd.DataFrame({"settlement": ["Salas pagasts", "Pilskalnes pag.", "Aglonas novads"]})
    placed = place_rows(rows, GAZETTEER)
    assert placed["placing"].tolist() == ["ambiguous"] * 3
    assert placed.geometry.isna().all() and placed["confidence"].isna().all()
    assert "Jēkabpils novads" in placed["candidates"][0]
    assert "Mārupes novads" in placed["candidates"][0]
    assert "Krāslavas novads" in placed["candidates"][2]


def test_a_settlement_id_decides():
    rows = pd.DataFrame({"settlement": ["Salas pagasts"], "settlement_id": ["0804988"]})
    placed = place_rows(rows, GAZETTEER).iloc[0]
    assert (placed["placing"], placed["municipality_id"]) == ("decided", "0039000")
    expected = load_settlements().set_index("settlement_id").geometry["0804988"]
    assert placed.geometry.equals(expected)


def test_no_row_is_lost_and_given_points_stay():
    rows = gpd.GeoDataFrame(
        {"settlement": ["Ludza", "Nekur", None, "Rīga", "Dagda"],
         "location_precision": ["address", None, None, None, "address"]},
        geometry=gpd.GeoSeries.from_wkt(["POINT (700000 270000)", None, None, None, None]),
        crs=3059,
    )  # fmt: skip
    placed = place_rows(rows, GAZETTEER)
    assert placed["placing"].tolist() == [
        "given",
        "not_found",
        "not_found",
        "municipality",
        "placed",
    ]
    assert placed.geometry.notna().tolist() == [True, False, False, False, True]
    assert placed["location_precision"].tolist() == [
        "address", "none", "none", "municipality", "settlement"]  # fmt: skip
    assert (placed.geometry[0].x, placed.geometry[0].y) == (700000, 270000)


def test_what_is_not_sure_enough_is_proposed_only():
    placed = place_rows(pd.DataFrame({"settlement": ["Ludzza"]}), GAZETTEER, least_confidence=0.9)
    assert placed["placing"].tolist() == ["unsure"]
    assert "Ludza" in placed["candidates"][0] and placed.geometry.isna().all()
    assert LEAST_CONFIDENCE > TIE


def test_a_gazetteer_of_anyone_with_other_letters():
    places = gpd.GeoDataFrame(
        {"settlement_id": ["S", "Z", "V", "R"], "municipality_id": ["e", "s", "g", "s"],
         "name": ["Tas-Sliema", "Iż-Żejtun", "Rabat (Għawdex)", "Ir-Rabat"]},
        geometry=gpd.points_from_xy([1, 2, 3, 4], [1, 2, 3, 4]), crs="EPSG:32633",
    )  # fmt: skip
    areas = pd.DataFrame({"municipality_id": ["e", "s", "g"], "name": ["East", "South", "Gozo"]})
    own = Gazetteer.from_tables(places, areas)
    assert own.find("Sliema")[0].settlement_id == "S"
    assert own.find("12 Triq il-Kbira, Zejtun")[0].settlement_id == "Z"
    assert own.find("Rabat (Ghawdex)")[0].settlement_id == "V"
    assert own.find("Ir-Rabat")[0].settlement_id == "R"
    rabat = own.find("Rabat")
    assert rabat[0].confidence - rabat[1].confidence <= TIE
    assert own.find("Rabat", municipality="Gozo")[0].settlement_id == "V"


def test_aliases_are_names_too():
    places = gpd.GeoDataFrame({"settlement_id": ["a"], "name": ["Alfa"], "municipality_id": ["m"]},
                              geometry=gpd.points_from_xy([0], [0]), crs="EPSG:32633")  # fmt: skip
    aliases = pd.DataFrame({"settlement_id": ["a"], "name": ["Vecpilsēta"]})
    own = Gazetteer.from_tables(places, aliases=aliases)
    assert own.find("Vecpilsētā")[0].settlement_id == "a"


@pytest.mark.parametrize(
    "forms",
    [("Rēzekne", "Rēzeknes", "Rēzeknē", "Rēzekni"), ("Talsi", "Talsu", "Talsos", "Talsiem"),
     ("Cēsis", "Cēsu", "Cēsīs"), ("Ventspils", "Ventspilī")],
)  # fmt: skip
def test_cases_have_one_stem(forms):
    assert len({stem_name(form) for form in forms}) == 1


def test_words_for_kinds_are_stripped():
    assert strip_kind("Ciblas pagasts") == "Ciblas"
    assert strip_kind("Novads") == "Novads"
