"""Five more of each kind of table that is well formed and wrong, as they come in through a door.

Kinds with five of their own elsewhere: status against years (`test_plausibility.py`); numbers with
two readings, two columns of one meaning, titles above the header and official names
(`test_plain_sense.py`).
"""

from __future__ import annotations

import sqlite3
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from socaccess.schemas import FACILITIES, MUNICIPALITIES, NEED, SERVICE_TYPES, SETTLEMENTS
from socaccess.sources.reference import Reference
from socaccess.sources.tables import Inspection, inspect_table

HEAD = "facility_id,name,service,status,lon,lat\n"
PLACES = "settlement_id;name;population;municipality;lon;lat\n"
EAST, WEST = shapely.box(27.4, 56.4, 27.9, 56.7), shapely.box(27.0, 56.4, 27.4, 56.7)


def inspect(folder: Path, text: str, form, **options: object) -> Inspection:
    path = folder / "table.csv"
    path.write_bytes(text.encode("utf-8"))
    return inspect_table(path, form, **options)


def say(found: Inspection) -> set[str]:
    return {problem.code for problem in (*found.problems, *found.notes)}


def draw(folder: Path, east, west, **more) -> Path:
    names = {"municipality_id": ["A1", "B1", *more], "name": ["East", "West", *more]}
    outlines = gpd.GeoDataFrame(names, geometry=[east, west, *more.values()], crs=4326)
    outlines.to_file(folder / "outlines.geojson")
    return folder / "outlines.geojson"


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
@pytest.mark.parametrize("quoted", [True, False])
def test_signs_that_some_take_for_line_ends_stay_in_their_cell(tmp_path, sign, quoted):
    name = f"Dienas{sign}centrs"
    cell = f'"{name}"' if quoted else name
    text = f"{HEAD}a,{cell},dac_grt,operating,27.7,56.5\nb,Cits,dac_grt,broken,27.7,56.5\n"
    found = inspect(tmp_path, text, FACILITIES)
    # The row after it is called by its own line, and no row has too few cells.
    rows = {str(row) for problem in found.problems for row in problem.rows}
    assert "sources.uneven_rows" not in say(found)
    assert "line 3: broken" in rows and len(found.rows) == 2


@pytest.mark.parametrize(
    ("need", "people", "told"),
    [
        ({"s1": [("adults_grt", 11)]}, 10, True),
        ({"s1": [("adults_grt", 6), ("children_ft", 5)]}, 10, True),
        ({"s1": [("adults_grt", 1)]}, 0, True),
        ({"s1": [("adults_grt", 10.6)]}, 10, True),
        ({"s1": [("adults_grt", 5), ("children_ft", 3), ("children_oof", 4)]}, 11, True),
        ({"s1": [("adults_grt", 10)]}, 10, False),
    ],
)
def test_more_persons_in_need_than_people(tmp_path, need, people, told):
    settlements = gpd.GeoDataFrame(
        {"settlement_id": ["s1"], "name": ["Alfa"], "population": [float(people)],
         "municipality_id": ["A1"]},
        geometry=gpd.points_from_xy([27.7], [56.5]), crs=4326,
    ).to_crs(3059)  # fmt: skip
    outlines = gpd.GeoDataFrame(
        {"municipality_id": ["A1"], "name": ["East"]}, geometry=[EAST], crs=4326
    ).to_crs(3059)
    rows = [f"{place},{group},{persons}" for place, said in need.items() for group, persons in said]
    found = inspect(tmp_path, "settlement_id,target_group,persons\n" + "\n".join(rows), NEED,
                    reference=Reference.of_study(outlines, settlements))  # fmt: skip
    # What several groups make together is not held against the people: one may be in two.
    several = len(need["s1"]) > 1
    assert ("sources.need_above_people" in say(found)) == (told and not several)


@pytest.mark.parametrize(
    "east",
    [
        shapely.box(27.3, 56.4, 27.9, 56.7),
        shapely.box(27.0, 56.4, 27.9, 56.7),
        shapely.box(27.1, 56.5, 27.2, 56.6),
        shapely.MultiPolygon([EAST, shapely.box(27.1, 56.45, 27.2, 56.5)]),
        shapely.Polygon([(27.2, 56.4), (27.9, 56.4), (27.9, 56.7)]),
    ],
    ids=["strip", "all", "inside", "part", "corner"],
)
def test_outlines_that_overlap(tmp_path, east):
    found = inspect_table(draw(tmp_path, east, WEST), MUNICIPALITIES, reference=Reference())
    assert "sources.outlines_overlap" in say(found)


def swap(shape):
    return shapely.transform(shape, lambda xy: xy[:, ::-1])


@pytest.mark.parametrize(
    "outlines",
    [
        (swap(EAST), swap(WEST)),
        (swap(EAST.buffer(0.02)), swap(WEST.buffer(-0.02))),
        (swap(shapely.MultiPolygon([EAST])), swap(WEST)),
        (swap(shapely.segmentize(EAST, 0.01)), swap(shapely.segmentize(WEST, 0.01))),
        (swap(EAST.convex_hull), swap(WEST.simplify(0.01))),
    ],
    ids=["plain", "wide", "several", "detailed", "simple"],
)
def test_outlines_with_latitude_first(tmp_path, outlines):
    found = inspect_table(draw(tmp_path, *outlines), MUNICIPALITIES)
    assert say(found) == {"sources.outlines_swapped"}
    right = draw(tmp_path, *map(swap, outlines))
    assert "sources.outlines_swapped" not in say(inspect_table(right, MUNICIPALITIES))


@pytest.mark.parametrize(
    ("municipality", "lon", "lat"),
    [
        ("Ludzas novads", 24.10, 56.95),
        ("0037000", 21.01, 56.51),
        ("Rīga", 27.72, 56.55),
        ("Liepāja", 26.53, 55.87),
        ("Balvu novads", 27.33, 56.51),
    ],
)
def test_a_settlement_far_outside_the_municipality_it_names(tmp_path, municipality, lon, lat):
    text = f"{PLACES}s1;Kaut kur;300;{municipality};{lon};{lat}\n"
    assert "sources.point_far" in say(inspect(tmp_path, text, SETTLEMENTS))


LAYERS = {
    "styles": "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleqml TEXT)",
    "projects": "CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, content BLOB)",
}


@pytest.mark.parametrize("layer", ["iestades", "layer_styles2", "Iestādes 2024", "a b", "select"])
def test_what_qgis_adds_to_a_geopackage_is_no_layer(tmp_path, layer):
    path = tmp_path / "a.gpkg"
    table = gpd.GeoDataFrame(
        {"facility_id": ["f1"], "name": ["Centrs"], "service": ["dac_grt"],
         "status": ["operating"]},
        geometry=gpd.points_from_xy([27.7], [56.5]), crs=4326,
    )  # fmt: skip
    table.to_file(path, layer=layer)
    with sqlite3.connect(path) as base:
        base.execute(LAYERS["styles"])
        base.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
                     "VALUES ('layer_styles', 'attributes', 'layer_styles', "
                     "'2026-01-01T00:00:00.000Z')")  # fmt: skip
        base.execute(LAYERS["projects"])
    found = inspect_table(path, FACILITIES)
    assert found.checked is not None and found.checked["name"].tolist() == ["Centrs"]


@pytest.mark.parametrize(
    "columns",
    [
        ("service", "name_lv", "name_en", "target_group"),
        ("service", "name_lv", "name_en", "target_group", "traveller"),
        ("service", "name_lv", "name_en", "target_group", "counts_as_supply"),
        ("service", "name_lv", "target_group", "name_en", "note"),
        ("Pakalpojums", "name_lv", "name_en", "target_group"),
    ],
)
def test_services_without_a_limit_are_a_table_of_services(tmp_path, columns):
    cells = {"service": "dac_grt", "Pakalpojums": "dac_grt", "target_group": "adults_grt",
             "traveller": "client", "counts_as_supply": "true"}  # fmt: skip
    text = ";".join(columns) + "\n" + ";".join(cells.get(name, "Nosaukums") for name in columns)
    found = inspect(tmp_path, text, SERVICE_TYPES)
    assert found.problems == () and found.checked is not None
    # Unknown is not zero: nobody is too far from what has no limit.
    assert found.checked.get("limit_min", pd.Series([np.nan])).isna().all()


@pytest.mark.parametrize("code", ["50000", "20000", "10000", "380201", "0380201"])
def test_need_whose_settlements_lost_their_zeros(tmp_path, code):
    table = pd.DataFrame({"settlement_id": [int(code)], "target_group": ["adults_grt"],
                          "persons": [5]})  # fmt: skip
    path = tmp_path / "need.xlsx"
    table.to_excel(path, index=False)
    known = Reference.of_latvia()
    found = inspect_table(path, NEED, reference=known)
    if found.problems:  # a code of no settlement is refused, and nothing like it proposed
        assert code.zfill(7) not in set(known.settlements["settlement_id"])
        assert "→" not in str(found.problems[0])
    else:
        assert found.checked["settlement_id"].tolist() == [code.zfill(7)]


@pytest.mark.parametrize(
    ("form", "columns"),
    [
        (SETTLEMENTS, {"settlement_id": "s1", "name": "A", "population": 5,
                       "municipality_id": "0037000"}),
        (SETTLEMENTS, {"settlement_id": "s1", "name": "A", "population": 5,
                       "municipality_id": "0037000", "kind": "village"}),
        (FACILITIES, {"facility_id": "f1", "name": "A", "service": "dac_grt",
                      "status": "operating"}),
        (FACILITIES, {"facility_id": "f1", "name": "A", "service": "dac_grt",
                      "status": "operating", "municipality_id": "0037000", "places": 8}),
        (FACILITIES, {"facility_id": "f1", "name": "A", "service": "dac_grt",
                      "status": "operating", "location_precision": "address"}),
    ],
)  # fmt: skip
def test_headings_a_shapefile_cut_to_ten_letters(tmp_path, form, columns):
    table = gpd.GeoDataFrame(
        {name: [value] for name, value in columns.items()},
        geometry=gpd.points_from_xy([27.72], [56.55]), crs=4326,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL says that it cuts them
        table.to_file(tmp_path / "a.shp")
    found = inspect_table(tmp_path / "a.shp", form)
    assert found.problems == () and found.checked is not None
    assert {name: str(found.checked[name].iloc[0]).removesuffix(".0") for name in columns} == {
        name: str(value) for name, value in columns.items()
    }
