"""Tables users bring: every way a spreadsheet writes them, every way they go wrong."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from socaccess.errors import InputError
from socaccess.schemas import FACILITIES, NEED, SETTLEMENTS
from socaccess.sources.tables import read_rows, read_table

GOOD = """facility_id,name,service,status,places,lon,lat,municipality
a1,Dienas centrs Ķekavā,dac_grt,operating,12,24.23,56.83,Ķekavas novads
a2,Grupu māja,group_home,planned,,27.7242,56.5477,Ludzas novads
"""


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1257"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_and_separator_reads_the_same(tmp_path, encoding, separator):
    text = GOOD.replace(",", separator)
    frame = read_table(write(tmp_path, "mine.csv", text, encoding))
    assert frame["name"].tolist() == ["Dienas centrs Ķekavā", "Grupu māja"]
    assert frame["places"].tolist() == [12, pd.NA]
    assert frame["municipality_id"].tolist() == ["0034000", "0037000"]
    assert frame.crs == "EPSG:3059"


def test_decimal_comma_with_semicolons(tmp_path):
    text = GOOD.replace(",", ";").replace("24.23", "24,23").replace("56.83", "56,83")
    point = read_table(write(tmp_path, "mine.csv", text)).geometry.iloc[0]
    expected = gpd.GeoSeries.from_xy([24.23], [56.83], crs=4326).to_crs(3059).iloc[0]
    assert point.distance(expected) < 0.01


def test_sep_line_and_blank_lines_are_passed_over(tmp_path):
    text = "sep=;\n" + GOOD.replace(",", ";") + ";;;;;;;\n\n"
    assert len(read_table(write(tmp_path, "mine.csv", text))) == 2


def test_xlsx_geojson_and_geopackage_read_like_csv(tmp_path):
    expected = read_table(write(tmp_path, "mine.csv", GOOD))
    pd.read_csv(tmp_path / "mine.csv").to_excel(tmp_path / "mine.xlsx", index=False)
    columns = ["facility_id", "name", "service", "status", "places", "municipality", "geometry"]
    expected[columns].to_crs(4326).to_file(tmp_path / "mine.geojson")
    expected[columns].to_file(tmp_path / "mine.gpkg")
    for name in ("mine.xlsx", "mine.geojson", "mine.gpkg"):
        frame = read_table(tmp_path / name)
        assert frame["facility_id"].tolist() == ["a1", "a2"], name
        assert frame["municipality_id"].tolist() == ["0034000", "0037000"], name
        assert frame.geometry.distance(expected.geometry).max() < 0.1, name


def test_everything_wrong_is_told_at_once_with_lines(tmp_path):
    text = """facility_id;name;service;status;places;lon;lat;municipality
x;A;dac_grtt;operating;ten;27,7;56,5;Ludzs novads
x;B;dac_grt;open;5;56,5;27,7;Viļānu novads
y;;dac_grt;operating;-2;abc;56,5;Aglonas novads
"""
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, "bad.csv", text))
    lines = str(caught.value).splitlines()
    found = "\n".join(lines)
    assert all(line.startswith("bad.csv") for line in lines)
    for piece in (
        "column 'facility_id': value occurs more than once (line 2: x, line 3: x; 2 in all)",
        "column 'service': value is not known (line 2: dac_grtt; 1 in all); did you mean dac_grtt",
        "column 'status': value is not allowed (line 3: open; 1 in all)",
        "column 'places': value is not a whole number (line 2: ten; 1 in all)",
        "column 'places': value is below 0 (line 4: -2; 1 in all)",
        "column 'name': value is missing (line 4; 1 in all)",
        "column 'lon': value is not a number (line 4: abc; 1 in all)",
        "no municipality 'Ludzs novads' (line 2; 1 in all); did you mean Ludzas novads",
        "'Aglonas novads' was divided between Krāslavas novads, Preiļu novads",
        "point lies outside",
    ):
        assert piece in found, f"{piece}\n---\n{found}"


def test_old_municipality_leads_to_the_new_one(tmp_path):
    text = GOOD.replace("Ludzas novads", "Zilupes novads").replace("Ķekavas novads", "baldones")
    frame = read_table(write(tmp_path, "mine.csv", text))
    assert frame["municipality_id"].tolist() == ["0034000", "0037000"]


def test_latvian_headings_and_names_of_services_are_understood(tmp_path):
    text = (
        "id;nosaukums;pakalpojums;statuss;vietu skaits;garums;platums;novads\n"
        "a;Centrs;Specializētā darbnīca;darbojas;8;27,72;56,55;Ludzas\n"
    )
    row = read_table(write(tmp_path, "mans.csv", text)).iloc[0]
    assert (row["service"], row["status"], row["places"]) == ("workshop", "operating", 8)


def test_five_rows_are_named_and_all_counted(tmp_path):
    rows = "".join(f"f{i},N,dac_grt,wrong,1,24,57,Rīga\n" for i in range(7))
    with pytest.raises(InputError) as caught:
        read_table(write(tmp_path, "many.csv", GOOD.splitlines()[0] + "\n" + rows))
    (problem,) = caught.value.problems
    assert "line 6: wrong, ...; 7 in all" in str(problem)
    assert "line 7" not in str(problem)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty"),
        ("picture.csv", b"\x89PNG\x00\x00\x00", "not text"),
        ("note.docx", b"PK", "cannot be read"),
        ("broken.xlsx", b"not a workbook", "not a readable workbook"),
        ("broken.gpkg", b"not a layer", "not what its ending .gpkg says"),
        ("other.csv", b"colour,taste\nred,sweet\n", "fit no table we know"),
    ],
)
def test_files_that_are_no_tables(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


def test_missing_file():
    with pytest.raises(InputError, match="there is no such file"):
        read_table("nowhere.csv")


def test_uneven_rows_and_doubled_columns(tmp_path):
    text = "facility_id,name,name\na,b\nc,d,e,f\n"
    with pytest.raises(InputError) as caught:
        read_rows(write(tmp_path, "uneven.csv", text))
    assert "column stands twice (name; 1 in all)" in str(caught.value)
    assert "(line 2: 2 cells, line 3: 4 cells; 2 in all)" in str(caught.value)


def test_header_without_rows_is_an_empty_layer(tmp_path):
    header = "settlement_id,name,population,municipality_id,lon,lat\n"
    with pytest.raises(InputError, match="the table has no rows"):
        read_table(write(tmp_path, "none.csv", header), SETTLEMENTS)
    empty = read_table(write(tmp_path, "nof.csv", GOOD.splitlines()[0] + "\n"), FACILITIES)
    assert len(empty) == 0


def test_x_and_y_need_a_system(tmp_path):
    text = (
        GOOD.replace("lon,lat", "x,y")
        .replace("24.23,56.83", "509000,300000")
        .replace("27.7242,56.5477", "720000,270000")
    )
    path = write(tmp_path, "metres.csv", text)
    with pytest.raises(InputError, match="without a system"):
        read_table(path)
    assert read_table(path, crs="EPSG:3059").geometry.x.tolist() == [509000, 720000]


def test_layer_without_crs_is_refused_in_one_line(tmp_path):
    frame = gpd.GeoDataFrame(
        {"facility_id": ["a"], "name": ["A"], "service": ["dac_grt"], "status": ["operating"]},
        geometry=gpd.points_from_xy([509000], [300000]),
    )
    frame.to_file(tmp_path / "bare.shp")
    with pytest.raises(InputError, match="no coordinate reference system"):
        read_table(tmp_path / "bare.shp", FACILITIES)


def test_need_knows_its_settlements(tmp_path):
    text = "settlement_id,target_group,persons\n0680201,adults_grt,4\n9999999,adults_grt,1\n"
    with pytest.raises(InputError, match="9999999"):
        read_table(write(tmp_path, "need.csv", text), NEED)
