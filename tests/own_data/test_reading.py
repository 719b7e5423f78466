"""Files users bring: systems, layers, code pages, axes, dates and headings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from socaccess.errors import CrsError, InputError, SocAccessWarning, UnknownNameError
from socaccess.schemas import FACILITIES, MUNICIPALITIES, SETTLEMENTS
from socaccess.sources.files import list_sheets, read_rows
from socaccess.sources.tables import inspect_table, read_table

LUDZA = (27.7242, 56.5477)


def make_layer(crs: int | str = 4326, **columns: object) -> gpd.GeoDataFrame:
    table = {"facility_id": ["a"], "name": ["Ķekavas šķūnis ĢŅĻŽ"], "service": ["dac_grt"],
             "status": ["operating"], **columns}  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*[[v] for v in LUDZA]), crs=4326
                            ).to_crs(crs)  # fmt: skip


def write_shapefile(folder: Path, encoding: str, *, language: int = 0, cpg: str = "") -> Path:
    """Write a Shapefile in a code page as old programs did: with or without saying which."""
    path = folder / "places.shp"
    frame = make_layer().rename(columns={"facility_id": "id"})
    frame.to_file(path, encoding=encoding if encoding != "cp775" else "cp1257")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    if encoding == "cp775":
        name = frame["name"].iloc[0]
        content = bytearray(bytes(content).replace(name.encode("cp1257"), name.encode("cp775")))
    content[29] = language
    table.write_bytes(bytes(content))
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    return path


@pytest.mark.parametrize(
    ("encoding", "language", "cpg"),
    [
        ("utf-8", 0, "UTF-8"),
        ("cp1257", 0, "ANSI 1257"),
        ("cp1257", 0, "1257"),
        ("cp775", 0, "CP775"),
        ("cp1257", 0xCC, ""),
        ("cp1257", 0, ""),
        ("cp775", 0, ""),
        ("utf-8", 0, ""),
        # The file beside it goes before the language byte.
        ("cp775", 0xCC, "775"),
    ],
)
def test_shapefile_in_its_code_page(tmp_path, encoding, language, cpg):
    path = write_shapefile(tmp_path, encoding, language=language, cpg=cpg)
    frame = read_table(path, FACILITIES)
    assert frame["name"].tolist() == ["Ķekavas šķūnis ĢŅĻŽ"]
    assert frame["facility_id"].tolist() == ["a"]


def test_layer_is_chosen_by_name_and_asked_for_when_there_are_several(tmp_path):
    path = tmp_path / "both.gpkg"
    make_layer().to_file(path, layer="north")
    make_layer(name=["Other"]).to_file(path, layer="south")
    assert list_sheets(path) == ["north", "south"]
    assert read_table(path, layer="south")["name"].tolist() == ["Other"]
    with pytest.raises(InputError, match="layers north, south; say which"):
        read_table(path)
    with pytest.raises(UnknownNameError, match="no sheet or layer 'east'; there are north, south"):
        read_table(path, layer="east")


def test_sheet_is_chosen_by_name_and_the_first_by_default(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        for sheet, name in (("One", "A"), ("Two", "B")):
            table = pd.DataFrame(
                {"facility_id": [name], "name": [name], "service": ["dac_grt"],
                 "status": ["operating"], "lon": [27.7], "lat": [56.5]}
            )  # fmt: skip
            table.to_excel(book, sheet_name=sheet, index=False)
    with pytest.warns(SocAccessWarning, match="sheet 'One' was read; not read: Two"):
        assert read_table(path)["name"].tolist() == ["A"]
    assert read_table(path, layer="Two")["name"].tolist() == ["B"]
    with pytest.raises(UnknownNameError, match="no sheet or layer 'Three'"):
        read_table(path, layer="Three")
    plain = tmp_path / "a.csv"
    plain.write_text("a\n1\n")
    with pytest.raises(InputError, match="no layers to choose from"):
        read_rows(plain, layer="x")


@pytest.mark.parametrize(
    ("name", "crs"),
    [("x.geojson", 4326), ("x.kml", 4326)]
    + [(name, crs) for name in ("x.gpkg", "x.parquet", "x.shp") for crs in (4326, 3059, 3301)],
)
def test_formats_and_systems_lead_to_the_same_point(tmp_path, name, crs):
    path = tmp_path / name
    frame = make_layer(crs).rename(columns={"facility_id": "id"})
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_file(path, **({"driver": "LIBKML"} if name.endswith("kml") else {}))
    read = read_table(path, FACILITIES)
    expected = make_layer(read.crs).geometry.iloc[0]
    assert read.geometry.iloc[0].distance(expected) < 0.5
    assert read["name"].tolist() == ["Ķekavas šķūnis ĢŅĻŽ"]


def test_plain_parquet_with_x_and_y(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame(
        {"facility_id": ["a"], "name": ["A"], "service": ["dac_grt"], "status": ["operating"],
         "x": [720000.0], "y": [270000.0]}
    ).to_parquet(path)  # fmt: skip
    point = read_table(path, crs="EPSG:3059").geometry.iloc[0]
    assert (point.x, point.y) == (720000.0, 270000.0)


@pytest.mark.parametrize(
    ("columns", "first", "second", "crs"),
    [("lon,lat", (56.5477, 56.9), (27.7242, 24.1), None),
     ("x,y", (270000, 310000), (720000, 510000), "EPSG:3059")],
)  # fmt: skip
def test_swapped_axes_are_recognised_and_told(tmp_path, columns, first, second, crs):
    path = tmp_path / "swapped.csv"
    rows = "".join(f"f{i},A,dac_grt,operating,{a},{b}\n"
                   for i, (a, b) in enumerate(zip(first, second, strict=True)))  # fmt: skip
    path.write_text(f"facility_id,name,service,status,{columns}\n{rows}")
    with pytest.warns(SocAccessWarning, match="axes of all coordinates are swapped"):
        frame = read_table(path, crs=crs)
    degrees = frame.to_crs(4326).geometry
    assert degrees.x.between(24, 28).all() and degrees.y.between(56, 57).all()


def test_one_swapped_row_among_right_ones_is_an_error_not_a_guess(tmp_path):
    path = tmp_path / "mixed.csv"
    rows = "a,A,dac_grt,operating,27.7,56.5\nb,B,dac_grt,operating,56.5,27.7\n"
    path.write_text(f"facility_id,name,service,status,lon,lat\n{rows}")
    with pytest.raises(InputError, match=r"outside the area of the study \(line 3"):
        read_table(path)


def test_unknown_system_is_one_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("facility_id,name,service,status,x,y\na,A,dac_grt,operating,1,2\n")
    with pytest.raises(CrsError, match="no coordinate reference system 'EPSG:99999999'"):
        read_table(path, crs="EPSG:99999999")


@pytest.mark.parametrize(
    ("written", "year"),
    [("43831", 2020), ("43831,0", 2020), ("2020", 2020), ("01.05.2019.", 2019),
     ("2019-05-01", 2019), ("2018. gads", 2018), ("2018. gada 5. maijs", 2018)],
)  # fmt: skip
def test_years_are_read_from_dates_serial_numbers_and_words(tmp_path, written, year):
    path = tmp_path / "years.csv"
    path.write_text("facility_id;name;service;status;lon;lat;atvēršanas datums\n"
                    f"a;A;dac_grt;operating;27,7;56,5;{written}\n")  # fmt: skip
    assert read_table(path)["opened"].tolist() == [year]


def test_dates_of_a_workbook_are_years_too(tmp_path):
    path = tmp_path / "dates.xlsx"
    pd.DataFrame({"facility_id": ["a"], "name": ["A"], "service": ["dac_grt"],
                  "status": ["closed"], "lon": [27.7], "lat": [56.5],
                  "slēgts": [dt.datetime(2021, 3, 1)]}).to_excel(path, index=False)  # fmt: skip
    assert read_table(path)["closed"].tolist() == [2021]


def test_words_that_hold_two_years_are_no_year(tmp_path):
    path = tmp_path / "years.csv"
    path.write_text("facility_id,name,service,status,lon,lat,opened\n"
                    "a,A,dac_grt,operating,27.7,56.5,2018-2020\n")  # fmt: skip
    with pytest.raises(InputError, match="not a whole number"):
        read_table(path)


@pytest.mark.parametrize(
    "headings",
    [
        "ID;Iestādes nosaukums;Pakalpojuma veids;Stāvoklis;Vietu skaits (2024);Garums;Platums;ATVK",
        "Code;Facility name;Service type;STATUS;Capacity;Longitude;Latitude;Municipality code",
    ],
)
def test_headings_in_both_languages(tmp_path, headings):
    path = tmp_path / "headings.csv"
    path.write_text(f"{headings}\na;A;dac-grt;slēgta;7;27,7;56,5;37000\n", encoding="utf-8")
    row = read_table(path).iloc[0]
    assert (row["facility_id"], row["name"], row["service"], row["status"]) == (
        "a", "A", "dac_grt", "closed")  # fmt: skip
    assert (row["places"], row["municipality_id"]) == (7, "0037000")


def test_headings_keep_their_meaning_when_ours_stand_beside_them(tmp_path):
    path = tmp_path / "both.csv"
    path.write_text("facility_id;name;nosaukums;service;status;lon;lat\n"
                    "a;Right;Wrong;dac_grt;operating;27,7;56,5\n", encoding="utf-8")  # fmt: skip
    with pytest.warns(SocAccessWarning, match="two columns mean the same: name, nosaukums"):
        row = read_table(path).iloc[0]
    assert (row["name"], row["nosaukums"]) == ("Right", "Wrong")


def test_settlements_and_outlines_under_latvian_headings(tmp_path):
    places = tmp_path / "vietas.csv"
    places.write_text("kods;nosaukums;iedzīvotāju skaits;novads;lon;lat\n"
                      "x1;Vieta;1 234;Ludzas nov.;27,7;56,5\n", encoding="utf-8")  # fmt: skip
    row = read_table(places, SETTLEMENTS).iloc[0]
    assert (row["settlement_id"], row["population"], row["municipality_id"]) == (
        "x1", 1234.0, "0037000")  # fmt: skip
    outlines = make_layer(3059).assign(geometry=lambda f: f.buffer(1000), kods="m1", veids="novads")
    outlines[["kods", "name", "veids", "geometry"]].to_file(tmp_path / "m.gpkg")
    read = read_table(tmp_path / "m.gpkg", MUNICIPALITIES)
    assert read[["municipality_id", "kind"]].values.tolist() == [["m1", "novads"]]


def test_inspection_tells_every_cell_that_was_read_as_something_else(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id;nosaukums;pakalpojums;statuss;lon;lat;novads\n"
                    "a;A;Specializētā darbnīca;darbojas;27,7;56,5;Zilupes novads\n",
                    encoding="utf-8")  # fmt: skip
    found = inspect_table(path)
    assert {(c.column, str(c.before), c.after) for c in found.changes} == {
        ("service", "Specializētā darbnīca", "workshop"),
        ("status", "darbojas", "operating"),
        ("municipality_id", "Zilupes novads", "0037000"),
    }
    assert found.headings["service"] == "pakalpojums"
