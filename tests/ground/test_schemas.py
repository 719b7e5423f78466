"""The checked form of every table: what is converted, and what is told about the rest."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from socaccess.errors import CrsError, InputError
from socaccess.schemas import (
    FACILITIES,
    LATVIA_BOUNDS,
    MUNICIPALITIES,
    NEED,
    SERVICE_TYPES,
    SETTLEMENTS,
    check_table,
    suggest_names,
)

DAGDA = shapely.Point(27.54, 56.09)


def settlements(count: int = 3, **columns: object) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {
            "settlement_id": [f"s{i}" for i in range(count)],
            "name": "Dagda",
            "municipality_id": "m",
            "population": 100,
        },
        geometry=[DAGDA] * count,
        crs="EPSG:4326",
    )
    return frame.assign(**columns)


def need(**columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({"settlement_id": ["a"], "target_group": "adults_grt", "persons": 1.0})
    return frame.assign(**columns)


def complain(frame: pd.DataFrame, form=SETTLEMENTS, **options: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        check_table(frame, form, **options)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1,5", 1.5),
        ("1.5", 1.5),
        ("1 234,5", 1234.5),
        ("1\u00a0234", 1234.0),
        ("1\u202f234", 1234.0),
        (" 7 ", 7.0),
        ("1e3", 1000.0),
        (3, 3.0),
    ],
)
def test_numbers_are_read_as_planners_write_them(written, read):
    assert check_table(need(persons=[written]), NEED)["persons"].tolist() == [read]


@pytest.mark.parametrize("written", ["ten", "1,2,3", "nan", "inf", "-", "5 persons", "1.23,4"])
def test_text_in_a_number_column_is_told_with_its_row(written):
    (line,) = complain(need(persons=[written]), NEED)
    assert line == (
        f"need, column 'persons': value is not a number (row 1: {written}; 1 in all); "
        "write digits only, or leave it empty"
    )


def test_five_rows_are_named_and_all_are_counted():
    frame = settlements(9, population=["x"] * 7 + [1, 2])
    (line,) = complain(frame)
    assert "(s0: x, s1: x, s2: x, s3: x, s4: x, ...; 7 in all)" in line


def test_everything_wrong_is_told_at_once_one_line_each():
    frame = settlements(
        4,
        settlement_id=["a", "a", None, "d"],
        population=[-1, "many", np.nan, 5],
        municipality_id=["m", "n", "m", "m"],
    ).set_crs(None, allow_override=True)
    lines = complain(frame, known={"municipality_id": ["m", "ņ"]}, where="mine.csv",
                     row_names=[f"line {n}" for n in range(2, 6)])  # fmt: skip
    assert lines == [
        (
            "mine.csv: no coordinate reference system is set; set it, for example "
            "frame.set_crs('EPSG:3059'), or state it with the file"
        ),
        "mine.csv, column 'settlement_id': value is missing (line 4; 1 in all); fill it in",
        (
            "mine.csv, column 'settlement_id': value occurs more than once "
            "(line 2: a, line 3: a; 2 in all); give every row its own"
        ),
        "mine.csv, column 'population': value is missing (line 4; 1 in all); fill it in",
        (
            "mine.csv, column 'population': value is not a number (line 3: many; 1 in all); "
            "write digits only, or leave it empty"
        ),
        "mine.csv, column 'population': value is below 0 (line 2: -1; 1 in all)",
        (
            "mine.csv, column 'municipality_id': value is not known (line 3: n; 1 in all); "
            "did you mean n → ņ?"
        ),
    ]
    with pytest.raises(CrsError):
        check_table(frame, SETTLEMENTS)


def test_rows_without_an_id_are_counted_from_one():
    (line,) = complain(settlements(3, settlement_id=["a", None, " "]))
    assert "(row 2, row 3; 2 in all)" in line


def test_missing_columns_are_named_with_those_found():
    line = complain(settlements().drop(columns=["name", "population"]))[0]
    assert line == (
        "settlements: column name, population is missing; "
        "columns found: settlement_id, municipality_id, geometry"
    )


def test_an_empty_table_is_a_mistake_only_where_it_cannot_be_an_answer():
    assert complain(settlements(0)) == ["settlements: the table has no rows"]
    assert len(check_table(need().iloc[:0], NEED)) == 0


def test_degrees_called_metres_and_the_reverse():
    degrees = settlements().set_crs("EPSG:3059", allow_override=True)
    with pytest.raises(CrsError, match="look like degrees though the system says LKS-92"):
        check_table(degrees, SETTLEMENTS)
    metres = settlements().to_crs("EPSG:3059").set_crs("EPSG:4326", allow_override=True)
    with pytest.raises(CrsError, match="are not degrees though the system says WGS 84"):
        check_table(metres, SETTLEMENTS)
    # Another metric system is as good as ours.
    check_table(settlements().to_crs("EPSG:32635"), SETTLEMENTS)


def test_points_outside_are_named_with_where_they_lie():
    points = [DAGDA, shapely.Point(DAGDA.y, DAGDA.x), shapely.Point(28.7, 56)]
    lines = complain(settlements().set_geometry(points, crs="EPSG:4326"), bounds=LATVIA_BOUNDS)
    assert lines == [
        (
            "settlements: point lies outside the area of the study "
            "(s1: 56.0900, 27.5400, s2: 28.7000, 56.0000; 2 in all); "
            "check that longitude and latitude are not swapped and that the CRS is right"
        )
    ]
    edge = [shapely.Point(LATVIA_BOUNDS[0], LATVIA_BOUNDS[1])] * 3
    check_table(
        settlements().set_geometry(edge, crs="EPSG:4326"), SETTLEMENTS, bounds=LATVIA_BOUNDS
    )


def test_a_place_nobody_knows_stays_and_a_broken_one_is_told():
    unknown = settlements().set_geometry([DAGDA, None, shapely.Point()], crs="EPSG:4326")
    assert len(check_table(unknown, SETTLEMENTS, bounds=LATVIA_BOUNDS)) == 3
    broken = gpd.points_from_xy([27.5, np.nan, np.inf], [56.1, np.nan, 56.1], crs="EPSG:4326")
    (line,) = complain(settlements().set_geometry(broken))
    assert "coordinate is not a number (s1, s2; 2 in all); leave the geometry empty" in line


def test_polygons_must_be_there_and_sound():
    knot = shapely.Polygon([(24, 56), (25, 57), (25, 56), (24, 57)])
    frame = gpd.GeoDataFrame(
        {"municipality_id": list("abc"), "name": "N"},
        geometry=[knot, None, DAGDA],
        crs="EPSG:4326",
    )
    assert complain(frame, MUNICIPALITIES) == [
        "municipalities: geometry is missing (b; 1 in all)",
        "municipalities: geometry is not a polygon (c; 1 in all)",
        "municipalities: geometry is not valid (a; 1 in all); repair it (make_valid)",
    ]
    assert "there is no geometry" in complain(pd.DataFrame(frame.drop(columns="geometry")),
                                              MUNICIPALITIES)[0]  # fmt: skip


def test_codes_read_as_numbers_stay_codes():
    checked = check_table(settlements(2, settlement_id=[440200.0, 440201.0]), SETTLEMENTS)
    assert checked["settlement_id"].tolist() == ["440200", "440201"]


def test_flags_and_allowed_values():
    types = pd.DataFrame(
        {
            "service": list("abcdef"),
            "name_lv": "N",
            "name_en": "N",
            "target_group": "g",
            "traveller": ["client", "provider", None, "", "none", "client"],
            "counts_as_supply": ["jā", "FALSE", 1.0, 0, None, "no"],
        }
    )
    checked = check_table(types, SERVICE_TYPES)
    assert checked["counts_as_supply"].tolist() == [True, False, True, False, True, False]
    # An empty cell means what a missing column would: the default.
    assert checked["traveller"].tolist() == [
        "client", "provider", "client", "client", "none", "client",
    ]  # fmt: skip
    lines = complain(types.assign(traveller="bus", counts_as_supply="perhaps"), SERVICE_TYPES)
    assert "use client, provider, none" in lines[0]
    assert "is neither true nor false" in lines[1]


def test_whole_numbers_are_asked_for_where_halves_make_no_sense():
    frame = gpd.GeoDataFrame(
        {
            "facility_id": ["f", "g", "h"],
            "name": "F",
            "service": "dac",
            "status": "operating",
            "places": ["12", "3,5", None],
        },
        geometry=[DAGDA] * 3,
        crs="EPSG:4326",
    )
    (line,) = complain(frame, FACILITIES)
    assert "value is not a whole number (g: 3,5; 1 in all)" in line
    checked = check_table(frame.assign(places=["12", "3", None]), FACILITIES)
    assert checked["places"].tolist() == [12, 3, pd.NA]
    assert checked["location_precision"].tolist() == ["settlement"] * 3


def test_rows_and_strange_columns_are_kept_as_they_come():
    frame = settlements(3, settlement_id=list("cab"), note=["x", None, "z"])
    checked = check_table(frame, SETTLEMENTS)
    assert checked["settlement_id"].tolist() == list("cab")
    assert checked["note"].tolist()[0] == "x"
    assert frame["population"].tolist() == [100] * 3
    assert checked["population"].dtype == float


@given(st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=8))
def test_a_checked_table_passes_again_unchanged(persons):
    frame = pd.DataFrame(
        {"settlement_id": [f"s{i}" for i in range(len(persons))], "target_group": "g",
         "persons": persons}
    )  # fmt: skip
    once = check_table(frame, NEED)
    pd.testing.assert_frame_equal(once, check_table(once, NEED))
    assert once["persons"].tolist() == persons


def test_names_are_suggested_without_regard_to_diacritics():
    known = ["Rēzekne", "Rēzeknes novads", "Rīga", "Ķekavas novads"]
    assert suggest_names("rezekne", known, most=1) == ["Rēzekne"]
    assert suggest_names("Kekavas novds", known, most=1) == ["Ķekavas novads"]
    assert suggest_names("Berlin", known) == []
