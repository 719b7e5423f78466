"""Tables as they come: headings, numbers, names and shapes with two readings.

Each kind in several shapes: what is certain is read and said, what is not is refused by row.
"""

from __future__ import annotations

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from socaccess.schemas import FACILITIES, NEED, SERVICE_TYPES, SETTLEMENTS, read_numbers
from socaccess.sources.reference import Reference
from socaccess.sources.tables import inspect_table

HEAD = "facility_id;name;service;status;lon;lat"
ROW = "f1;Centrs;dac_grt;operating;27.72;56.54"


def inspect(folder, text, form=FACILITIES, name="a.csv", **options):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return inspect_table(path, form, **options)


def codes(findings):
    return [finding.code for finding in findings]


# --- numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["8.000", "8,000", "1.234", "12.500", "-3.100"])
def test_a_number_with_two_readings_is_refused_where_no_row_decides(tmp_path, written):
    found = inspect(
        tmp_path,
        "settlement_id;name;population;municipality;lon;lat\n"
        f"s1;Ludza;{written};Ludzas novads;27.72;56.54\ns2;Pilda;300;Ludzas novads;27.75;56.45\n",
        SETTLEMENTS,
    )
    assert codes(found.problems) == ["schemas.two_readings"]
    assert written in found.problems[0].text("lv") and "2. rinda" in found.problems[0].text("lv")


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (["8.000", "1.250.000"], [8000, 1_250_000]),
        (["8,000", "1.250,5"], [8, 1250.5]),
        (["8.000", "12,5"], [8000, 12.5]),
        (["8.000", "12.5"], [8, 12.5]),
        (["0.837", "2.155"], [0.837, 2.155]),
        (["1 040", "2\u00a0500", "3"], [1040, 2500, 3]),
        (["8.000,5", "300"], [8000.5, 300]),
        (["8,000.5", "300"], [8000.5, 300]),
    ],
)
def test_other_rows_decide_what_a_sign_parts(column, numbers):
    read = read_numbers(pd.Series(column, dtype=object))
    assert read.values.tolist() == numbers
    assert not read.two_readings.any()


def test_thousands_that_were_parted_are_stated_by_row(tmp_path):
    found = inspect(
        tmp_path,
        "settlement_id;name;population;municipality;lon;lat\n"
        "s1;Ludza;8.000;Ludzas novads;27.72;56.54\ns2;Rīga;1.632.314;Rīga;24.1;56.95\n",
        SETTLEMENTS,
    )
    assert found.checked is not None
    assert found.checked["population"].tolist() == [8000, 1_632_314]
    stated = [(change.before, change.after) for change in found.changes if change.why == "number"]
    assert stated == [("8.000", 8000.0), ("1.632.314", 1_632_314.0)]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.sampled_from([1, 2, 4, 5]))
def test_decimals_of_any_length_but_three_read_as_written(values, decimals):
    texts = pd.Series([f"{value:.{decimals}f}" for value in values], dtype=object)
    for column in (texts, texts.str.replace(".", ",")):
        read = read_numbers(column)
        assert read.values.tolist() == [float(text) for text in texts]
        assert not read.two_readings.any() and not read.grouped.any()


# --- headings ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "factor"),
    [("Iedzīvotāji (tūkst.)", 1000), ("Iedzīvotāju skaits, tūkst.", 1000),
     ("population [thousand]", 1000),
     ("Iedzīvotāji tūkst", 1000), ("Iedzīvotāji", 1), ("Iedzīvotāji (2024)", 1)],
)  # fmt: skip
def test_units_in_headings_are_applied_and_stated(tmp_path, heading, factor):
    found = inspect(
        tmp_path,
        f"settlement_id;name;{heading};municipality;lon;lat\n"
        "s1;Ludza;8,5;Ludzas novads;27.72;56.54\n",
        SETTLEMENTS,
    )
    assert found.checked is not None
    assert found.checked["population"].tolist() == [8.5 * factor]
    assert ("sources.unit_applied" in codes(found.notes)) == (factor != 1)


@pytest.mark.parametrize("heading", ["Robeža (h)", "Robežlaiks, st.", "limit [hours]", "limit_h"])
def test_a_limit_in_hours_becomes_minutes(tmp_path, heading):
    text = f"service;name_lv;name_en;target_group;{heading}\nx;X;X;adults_grt;1,5\n"
    found = inspect(tmp_path, text, SERVICE_TYPES)
    assert found.checked is not None
    assert found.checked["limit_min"].tolist() == [90]


@pytest.mark.parametrize("heading", ["Robeža (km)", "limit, m", "Robeža (%)"])
def test_a_limit_in_another_measure_is_refused(tmp_path, heading):
    text = f"service;name_lv;name_en;target_group;{heading}\nx;X;X;adults_grt;15\n"
    found = inspect(tmp_path, text, SERVICE_TYPES)
    assert codes(found.problems) == ["sources.unit_unfit"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("name", "Nosaukums"), ("places", "Vietu skaits"), ("places", "capacity"),
     ("status", "Statuss"),
     ("service", "Pakalpojuma veids")],
)  # fmt: skip
def test_two_columns_of_one_meaning_are_stated(tmp_path, one, other):
    head = HEAD if one in HEAD else f"{HEAD};{one}"
    row = ROW if one in HEAD else f"{ROW};5"
    found = inspect(tmp_path, f"{head};{other}\n{row};dac_grt\n")
    assert "sources.one_meaning" in codes(found.notes)
    note = next(note for note in found.notes if note.code == "sources.one_meaning")
    assert one in note.text("lv") and other in note.text("lv")


@pytest.mark.parametrize(
    "above",
    ["Iestāžu saraksts 2024. gadā;;;;;\n", "Saraksts;;;;;\n;;;;;\n\n",
     "Iestāde;;Pakalpojums;;Koordinātas;\n",
     "Saraksts\n", "sep=;\nSaraksts 2024;;;;;\n"],
)  # fmt: skip
def test_a_title_above_the_header_is_passed_over_and_stated(tmp_path, above):
    found = inspect(tmp_path, f"{above}{HEAD}\n{ROW}\n")
    assert found.checked is not None and found.checked["name"].tolist() == ["Centrs"]
    assert "sources.header_found" in codes(found.notes)
    # The row is called by its own line.
    assert found.row_names[0].values["number"] == above.count("\n") + 2


def test_merged_headings_of_a_workbook_are_passed_over(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Iestāžu saraksts 2024"])
    book.active.merge_cells("A1:F1")
    book.active.append(["Iestāde", None, "Pakalpojums", None, "Koordinātas", None])
    book.active.append(HEAD.split(";"))
    book.active.append(["f1", "Centrs", "dac_grt", "operating", 27.72, 56.54])
    book.save(tmp_path / "a.xlsx")
    found = inspect_table(tmp_path / "a.xlsx", FACILITIES)
    assert found.checked is not None and len(found.checked) == 1
    assert str(found.notes[0].rows[0]) == "3"


def test_years_as_headings_are_no_reason_to_pass_a_header_over(tmp_path):
    found = inspect(tmp_path, f"{HEAD};2019;2020\n{ROW};;\n")
    assert found.checked is not None and "sources.header_found" not in codes(found.notes)


def test_the_hidden_sheet_is_not_read_and_other_tables_are_stated(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Slēpta"
    book.active.append(HEAD.split(";"))
    book.active.append(["f0", "Vecs", "dac_grt", "closed", 27.72, 56.54])
    book.active.sheet_state = "hidden"
    for name, title in (("Centrs", "Dati"), ("Cits", "Dati 2")):
        sheet = book.create_sheet(title)
        sheet.append(HEAD.split(";"))
        sheet.append(["f1", name, "dac_grt", "operating", 27.72, 56.54])
    book.create_sheet("Piezīmes").append(["Sagatavots 2024. gadā"])
    book.active = 1
    book.save(tmp_path / "a.xlsx")
    found = inspect_table(tmp_path / "a.xlsx", FACILITIES)
    assert found.cleaned["name"].tolist() == ["Centrs"]
    note = next(note for note in found.notes if note.code == "sources.sheets_left")
    assert note.values["others"] == ["Dati 2"]


def test_headings_a_shapefile_cut_are_restored(tmp_path):
    places = gpd.GeoDataFrame(
        {"settlement_id": ["s1"], "name": ["Ludza"], "population": [8000],
         "municipality_id": ["0037000"]},
        geometry=[shapely.Point(27.72, 56.54)], crs="EPSG:4326",
    )  # fmt: skip
    with pytest.warns(UserWarning, match="10 characters"):
        places.to_file(tmp_path / "a.shp")
    found = inspect_table(tmp_path / "a.shp", SETTLEMENTS)
    assert found.checked is not None
    assert found.checked[["settlement_id", "municipality_id"]].values.tolist() == [
        ["s1", "0037000"]
    ]


# --- names and codes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Ludzas novada pašvaldība", "Ludzas novads"), ("RIETUMU NOV.", "Rietumu novads"),
     ("Rīgas valstspilsētas pašvaldība", "Rīga"), ("rigas valstspilseta", "Rīga"),
     ("Jelgavas pils.", "Jelgava"), ("Ludzas nov", "Ludzas novads"), ("37000", "Ludzas novads"),
     ("0037000.0", "Ludzas novads")],
)  # fmt: skip
def test_official_names_are_understood_in_own_studies(written, meant):
    table = pd.DataFrame(
        {"municipality_id": ["0037000", "W", "R", "J"],
         "name": ["Ludzas novads", "Rietumu novads", "Rīga", "Jelgava"]}
    )  # fmt: skip
    found = Reference(municipalities=table).find_municipality(written)
    assert table.set_index("municipality_id")["name"][found] == meant


@pytest.mark.parametrize(
    "written", ["Ludzas novada pašvaldība", "LUDZAS NOV.", "37000", "0037000", "Ludzas novads"]
)
def test_official_names_are_understood_for_latvia(written):
    assert Reference.of_latvia().find_municipality(written) == "0037000"


@pytest.mark.parametrize("written", ["50000", "0050000", "50000.0", "050000"])
def test_codes_that_lost_their_zeros_match_and_are_stated(tmp_path, written):
    text = f"settlement_id;target_group;persons\n{written};adults_grt;5\n"
    found = inspect(tmp_path, text, NEED, reference=Reference.of_latvia())
    assert found.checked is not None
    assert found.checked["settlement_id"].tolist() == ["0050000"]


@pytest.mark.parametrize("written", ["0050001", "50001", "99", "0050000x"])
def test_codes_are_never_likened(tmp_path, written):
    text = f"settlement_id;target_group;persons\n{written};adults_grt;5\n"
    found = inspect(tmp_path, text, NEED, reference=Reference.of_latvia())
    assert codes(found.problems) == ["schemas.unknown_value"]


@pytest.mark.parametrize(
    "written",
    ["dac_grt; group_home", "dac_grt\ngroup_home", "dac_grt, group_home", "dac_grt / group_home",
     "DAC_GRT;Group-home"],
)  # fmt: skip
def test_several_services_in_one_cell_are_one_site(tmp_path, written):
    row = f'f1;Centrs;"{written}";operating;27.72;56.54'
    found = inspect(tmp_path, f"{HEAD}\n{row}\nf2;B;dac_grt;operating;27.7;56.5\n")
    assert found.checked is not None
    assert found.checked[["facility_id", "service", "site_id"]].values.tolist() == [
        ["f1-1", "dac_grt", "f1"],
        ["f1-2", "group_home", "f1"],
        ["f2", "dac_grt", "f2"],
    ]
    assert codes(found.notes) == ["sources.services_parted"]


def test_a_cell_with_one_unknown_part_stays_whole(tmp_path):
    found = inspect(tmp_path, f"{HEAD}\nf1;Centrs;dac_grt, kaut kas;operating;27.72;56.54\n")
    assert found.cleaned["service"].tolist() == ["dac_grt, kaut kas"]
    assert "schemas.unknown_value" in "".join(codes(found.problems))


@pytest.mark.parametrize(
    ("word", "status"),
    [("Sniedz", "operating"), ("Nesniedz", "closed"), ("tiek sniegts", "operating"),
     ("Pārtraukts", "closed"), ("Darbojas", "operating")],
)  # fmt: skip
def test_words_of_providers_for_status(tmp_path, word, status):
    found = inspect(tmp_path, f"{HEAD}\nf1;Centrs;dac_grt;{word};27.72;56.54\n")
    assert found.cleaned["status"].tolist() == [status]


# --- places ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("DD_N;DD_E", "56.54;27.72"),
        ("DD_E;DD_N", "27,72;56,54"),
        ("Koordinātas", "56.54, 27.72"),
        ("Koordinātas", "27.72, 56.54"),
        ("GPS", "56,54; 27,72"),
        ("WKT", "POINT (27.72 56.54)"),
        ("KOORD_X;KOORD_Y", "272380;728700"),
    ],
)
def test_coordinates_as_they_are_published(tmp_path, head, cells):
    cells = f'"{cells}"' if ";" not in head else cells
    found = inspect(
        tmp_path, f"facility_id;name;service;status;{head}\nf1;Centrs;dac_grt;operating;{cells}\n"
    )
    assert found.problems == ()
    point = found.cleaned.geometry.to_crs("EPSG:4326").iloc[0]
    assert point.x == pytest.approx(27.72, abs=0.01) and point.y == pytest.approx(56.54, abs=0.01)


def test_outlines_of_buildings_become_points_and_of_municipalities_do_not(tmp_path):
    middle = shapely.Point(728_700, 272_380)
    shapes = [middle.buffer(20), shapely.MultiPoint([(728_697, 272_377), (728_703, 272_383)]),
              middle, middle.buffer(5_000)]  # fmt: skip
    table = gpd.GeoDataFrame(
        {"facility_id": list("abcd"), "name": list("ABCD"), "service": ["dac_grt"] * 4,
         "status": ["operating"] * 4},
        geometry=shapes, crs="EPSG:3059",
    )  # fmt: skip
    table.to_file(tmp_path / "a.gpkg")
    found = inspect_table(tmp_path / "a.gpkg", FACILITIES)
    note = next(note for note in found.notes if note.code == "sources.points_made")
    assert len(note.rows) == 2
    assert codes(found.problems) == ["schemas.not_a_point"] and len(found.problems[0].rows) == 1
    assert found.cleaned.geometry.iloc[:3].distance(middle).max() < 1


@pytest.mark.parametrize("total", ["1000", "1 000", "1000,0"])
def test_a_row_that_is_the_sum_of_the_others_is_stated(tmp_path, total):
    rows = [("s1", "Ludza", "500"), ("s2", "Pilda", "300"), ("s3", "Nirza", "200"),
            ("s4", "Novads", total)]  # fmt: skip
    text = "settlement_id;name;population;municipality;lon;lat\n" + "".join(
        f"{key};{name};{people};Ludzas novads;27.7{i};56.5{i}\n"
        for i, (key, name, people) in enumerate(rows)
    )
    found = inspect(tmp_path, text, SETTLEMENTS)
    note = next(note for note in found.notes if note.code == "sources.total_row")
    assert [str(row.values["row"]) for row in note.rows] == ["line 5"]


def test_rows_that_do_not_add_up_are_no_totals(tmp_path):
    text = "settlement_id;name;population;municipality;lon;lat\n" + "".join(
        f"s{i};S{i};{people};Ludzas novads;27.7{i};56.5{i}\n"
        for i, people in enumerate((500, 300, 200, 999))
    )
    assert "sources.total_row" not in codes(inspect(tmp_path, text, SETTLEMENTS).notes)


def test_one_place_twice_is_stated(tmp_path):
    text = (
        "settlement_id;name;population;municipality;lon;lat\n"
        "s1;Ludza;500;Ludzas novads;27.72;56.54\ns2;Ludza;300;Ludzas novads;27.72;56.54\n"
        "s3;Pilda;300;Ludzas novads;27.75;56.45\n"
    )
    note = next(
        note for note in inspect(tmp_path, text, SETTLEMENTS).notes
        if note.code == "sources.place_twice"
    )  # fmt: skip
    assert len(note.rows) == 2


@pytest.mark.parametrize("name", ["Līgatne", "Rēzekne", "Krāslavas šķūnis", "Ķegums"])
@pytest.mark.parametrize("codec", ["latin-1", "cp1257", "cp1252"])
def test_letters_spoilt_by_a_wrong_encoding_are_named_with_what_they_were(tmp_path, name, codec):
    spoilt = name.encode().decode(codec, errors="ignore")
    text = f"{HEAD}\nf1;{spoilt};dac_grt;operating;27.72;56.54\n"
    found = inspect(tmp_path, text)
    if spoilt.encode(codec).decode("utf-8", errors="replace") == name and spoilt.isprintable():
        note = next(note for note in found.notes if note.code == "sources.spoilt_letters")
        assert name in note.text("lv")


@pytest.mark.parametrize("name", ["Līgatne", "Café Ātrums", "Müller", "ĶEGUMS", "Сиверс"])
def test_good_letters_are_left_alone(tmp_path, name):
    found = inspect(tmp_path, f"{HEAD}\nf1;{name};dac_grt;operating;27.72;56.54\n")
    assert "sources.spoilt_letters" not in codes(found.notes)
