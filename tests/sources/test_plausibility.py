"""Tables that are well formed and contradict each other, plain sense or the map."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.errors import InputError, Problem
from socaccess.schemas import FACILITIES, MUNICIPALITIES, NEED, PEOPLE, SETTLEMENTS
from socaccess.sources.plausibility import (
    find_doubtful_need,
    find_doubtful_years,
    find_far_points,
    find_overlaps,
    find_turned_outlines,
    find_wrong_shares,
)
from socaccess.sources.reference import Reference
from socaccess.sources.tables import inspect_table
from socaccess.study.project import read_project

# Two municipalities side by side, 61 km wide in all, the border at 27.4 degrees.
EAST, WEST = shapely.box(27.4, 56.4, 27.9, 56.7), shapely.box(27.0, 56.4, 27.4, 56.7)
OUTLINES = gpd.GeoDataFrame(
    {"municipality_id": ["A1", "B1"], "name": ["East", "West"]},
    geometry=[EAST, WEST], crs=4326,
).to_crs(3059)  # fmt: skip


def place(*rows: tuple[str, float, float]) -> gpd.GeoDataFrame:
    homes, x, y = zip(*rows, strict=True)
    points = gpd.points_from_xy(x, y, crs=4326)
    return gpd.GeoDataFrame({"municipality_id": homes}, geometry=points).to_crs(3059)


def look(points: gpd.GeoDataFrame) -> list[tuple[str, list[str]]]:
    names = [f"r{number}" for number in range(1, len(points) + 1)]
    found = find_far_points(points, OUTLINES, "t.csv", names)
    return [(problem.code, [str(row) for row in problem.rows]) for problem in found]


def test_points_in_their_municipality_or_a_little_outside_are_no_finding():
    assert look(place(("A1", 27.7, 56.5), ("B1", 27.1, 56.5))) == []
    assert look(place(("A1", 27.36, 56.5))) == []  # 2.5 km west of the border


def test_a_point_far_outside_is_told_with_its_distance():
    # A degree of longitude is 61.4 km at 56.5 degrees north.
    (code, rows), = look(place(("A1", 27.7, 56.5), ("A1", 27.1, 56.5)))  # fmt: skip
    assert code == "sources.point_far"
    assert rows == ["r2: 18.5 km outside East"]


@pytest.mark.parametrize("metric", [False, True])
def test_one_row_with_swapped_axes_is_called_so(metric):
    # In metres both ways lie in Latvia; only the municipality tells them apart.
    x, y = shapely.Point(27.7, 56.5).coords[0]
    points = place(("A1", 27.7, 56.55), ("A1", y, x))
    if metric:
        good = place(("A1", 27.7, 56.5)).geometry.iloc[0]
        points.loc[1, "geometry"] = shapely.Point(good.y, good.x)
    (code, rows), = look(points)  # fmt: skip
    assert (code, [row.split(":")[0] for row in rows]) == ("sources.point_swapped", ["r2"])


def test_another_system_is_named_where_nearly_all_rows_lie_right_in_it():
    right = [("A1", 27.5 + 0.05 * n, 56.5) for n in range(5)]
    moved = place(*right).to_crs(32635).set_crs(3059, allow_override=True)
    (problem,) = find_far_points(moved, OUTLINES, "t.csv", list("abcde"))
    assert problem.code == "sources.point_other_system"
    assert problem.values["system"] == "EPSG:32635"


def test_rows_without_a_point_or_of_municipalities_nobody_knows_are_passed_over():
    points = place(("A1", 27.7, 56.5), ("X", 21.0, 57.0), ("A1", 27.7, 56.5))
    points.loc[2, "geometry"] = None
    assert look(points) == []


def test_overlaps_are_told_with_their_area_and_borders_are_none():
    assert find_overlaps(OUTLINES, "m") == []
    wide = OUTLINES.to_crs(4326)
    wide.loc[0, "geometry"] = shapely.box(27.3, 56.4, 27.9, 56.7)
    (problem,) = find_overlaps(wide.to_crs(3059), "m")
    (row,) = problem.rows
    assert row.values["first"], row.values["second"] == ("East", "West")
    # 0.1 degrees of 61.4 km by 0.3 of 111.3.
    assert row.values["area_km2"] == pytest.approx(6.14 * 33.4, rel=0.02)


def test_turned_outlines_are_found_by_the_points_they_should_hold():
    points = place(("A1", 27.7, 56.5), ("B1", 27.1, 56.5))
    turned = gpd.GeoDataFrame(
        geometry=[shapely.transform(each, lambda xy: xy[:, ::-1]) for each in (EAST, WEST)],
        crs=4326,
    )
    assert [p.code for p in find_turned_outlines(turned, points, "m")] == [
        "sources.outlines_turned"
    ]
    assert find_turned_outlines(OUTLINES, points, "m") == []
    # Points that lie in neither are somebody else's.
    assert find_turned_outlines(turned, place(("A1", 21.0, 57.0)), "m") == []


def find_years(**columns: object) -> list[str]:
    table = pd.DataFrame({name: [value] for name, value in columns.items()})
    return [problem.code for problem in find_doubtful_years(table, "f", ["r"], year=2026)]


@pytest.mark.parametrize(
    ("columns", "codes"),
    [
        ({"status": "operating", "opened": 2015, "closed": None}, []),
        ({"status": "operating", "closed": 2030}, []),
        ({"status": "operating", "opened": 2015, "closed": 2019}, ["sources.operating_but_closed"]),
        ({"status": "operating", "opened": "2031"}, ["sources.operating_before_opening"]),
        ({"status": "planned", "opened": 2020}, ["sources.planned_but_opened"]),
        ({"status": "planned", "opened": 2026}, []),
        ({"status": "closed", "closed": 2030}, ["sources.closed_in_future"]),
        ({"status": "closed", "opened": 2019, "closed": 2010}, ["sources.closed_before_opened"]),
        ({"status": "operating"}, []),
        ({"opened": "soon"}, []),
    ],
)
def test_status_against_years(columns, codes):
    assert find_years(**columns) == codes


def test_need_above_people_and_rows_that_stand_twice():
    settlements = pd.DataFrame(
        {"settlement_id": ["s1", "s2"], "name": ["Alfa", "Beta"], "population": [10.0, 0.0]}
    )
    need = pd.DataFrame(
        {"settlement_id": ["s1", "s1", "s2", "s2"], "target_group": ["a", "b", "a", "a"],
         "persons": [10.0, 3.0, 2.0, 1.5]}
    )  # fmt: skip
    twice, above = find_doubtful_need(need, settlements, "need.csv", list("wxyz"))
    assert (twice.code, [str(row) for row in twice.rows]) == (
        "sources.need_twice", ["y: s2, a", "z: s2, a"])  # fmt: skip
    assert [str(row) for row in above.rows] == ["Beta: 3.5 persons, 0 inhabitants"]
    assert find_doubtful_need(need.iloc[:2], settlements, "need.csv", list("wx")) == []


def test_shares_that_do_not_add_up_and_those_that_are_none():
    table = pd.DataFrame({"settlement_id": list("aabbc"), "share": [0.5, 0.5, 1.5, -0.5, 0.995]})
    assert [p.code for p in find_wrong_shares(table, "p")] == ["sources.not_a_share"]
    table = pd.DataFrame({"settlement_id": list("aab"), "share": [0.5, 0.4, 1.0]})
    assert [p.code for p in find_wrong_shares(table, "p")] == ["sources.shares_do_not_add_up"]


# ---- at the doors ---------------------------------------------------------------------------


def inspect(path: Path, form, **options: object) -> tuple[list[Problem], list[Problem]]:
    found = inspect_table(path, form, **options)
    return list(found.problems), list(found.notes)


def test_settlements_are_held_against_latvia_s_outlines(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("settlement_id;name;population;municipality;lon;lat\n"
                    "s1;Ludza;8000;Ludzas novads;24.10;56.95\n"
                    "s2;Pilda;300;Ludzas novads;27.75;56.45\n", encoding="utf-8")  # fmt: skip
    problems, (note,) = inspect(path, SETTLEMENTS)
    assert problems == []
    assert note.code == "sources.point_far"
    assert note.rows[0].values["distance_km"] > 180
    assert note.text("lv").startswith(
        "s.csv: punkts atrodas tālu ārpus rindā nosauktās pašvaldības"
    )


def test_all_findings_of_a_facility_come_at_once(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("facility_id,name,service,status,lon,lat,closed,municipality\n"
                    "a,A,dac_grt,operating,27.7226,56.5467,2019,Rīga\n")  # fmt: skip
    _, notes = inspect(path, FACILITIES)
    assert [note.code for note in notes] == ["sources.point_far", "sources.operating_but_closed"]


def test_a_place_in_two_outlines_must_say_to_which_it_belongs(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("settlement_id,name,population,lon,lat\ns1,A,1,27.35,56.5\ns2,B,1,27.6,56.5\n")
    wide = OUTLINES.to_crs(4326)
    wide.loc[0, "geometry"] = shapely.box(27.3, 56.4, 27.9, 56.7)
    (problem,), _ = inspect(path, SETTLEMENTS, reference=Reference.of_study(wide))
    assert problem.code == "sources.in_two_outlines"
    assert [str(row) for row in problem.rows] == ["line 2: East, West"]


def test_a_line_separator_in_a_name_is_no_line_end(tmp_path):
    path = tmp_path / "f.csv"
    text = "facility_id,name,service,status,lon,lat\n"
    text += "a,A\u2028B\x85C\x0bD,dac_grt,operating,27.7,56.5\n"
    path.write_text(text + "b,E,dac_grt,open,27.7,56.5\n", encoding="utf-8")
    (problem,), _ = inspect(path, FACILITIES)
    assert [str(row) for row in problem.rows] == ["line 3: open"]


# ---- the cases ------------------------------------------------------------------------------


def tell(case: Path) -> list[str]:
    """Return the codes a project of the cases is answered with: refused or noted."""
    try:
        _, notes = read_project(case / "p.toml").load_study()
    except InputError as error:
        return [problem.code for problem in error.problems]
    return [note.code for note in notes]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("overlapping_outlines", {"sources.outlines_overlap"}),
        ("point_outside_its_municipality", {"sources.point_far"}),
        ("need_over_population", {"sources.need_above_people"}),
        ("closed_but_operating",
         {"sources.operating_but_closed", "sources.operating_before_opening"}),
        ("swapped_outlines", {"sources.outlines_turned"}),
        ("thousands_dot_comma", {"schemas.two_readings"}),
        ("service_types_without_limit", {"study.unsuited_service"}),
    ],
)  # fmt: skip
def test_cases_are_told(shared, name, codes):
    told = tell(shared / "cases" / name)
    assert codes <= set(told) or (
        name == "overlapping_outlines" and told == ["sources.in_two_outlines"]
    )


@pytest.mark.shared
def test_the_overlap_itself_is_told_by_validate(shared):
    path = shared / "cases" / "overlapping_outlines" / "pasv.geojson"
    _, (note,) = inspect(path, MUNICIPALITIES, reference=Reference())
    assert note.code == "sources.outlines_overlap"


@pytest.mark.shared
def test_validate_tells_in_latvian(shared):
    path = shared / "cases" / "point_outside_its_municipality" / "v51_wrong_muni.csv"
    answer = CliRunner().invoke(app, ["validate", str(path), "--as", "settlements", "--lang", "lv"])
    assert answer.exit_code == 0
    assert "km ārpus „Ludzas novads”" in answer.output


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "form", "rows", "notes"),
    [
        ("duplicate_heading_meaning/v35_dupheads.csv", FACILITIES, 1, {"sources.one_meaning"}),
        ("qgis_styled_gpkg/styled.gpkg", FACILITIES, 1, set()),
        ("settlement_id_lost_zeros/x10b_need_ids.xlsx", NEED, 2, set()),
        ("shapefile_ten_letter_headings/g12_settle.shp", SETTLEMENTS, 1, set()),
        ("title_row_and_two_headers/v40_titles.csv", FACILITIES, 1, {"sources.header_found"}),
        ("title_row_and_two_headers/x1_title_merged.xlsx", FACILITIES, 1, {"sources.header_found"}),
        ("title_row_and_two_headers/x2_two_headers.xlsx", FACILITIES, 1, {"sources.header_found"}),
    ],
)
def test_files_of_the_cases_are_read(shared, file, form, rows, notes):
    found = inspect_table(shared / "cases" / file, form)
    assert found.problems == () and len(found.checked) == rows
    assert notes <= {note.code for note in found.notes}


@pytest.mark.shared
def test_official_names_of_the_cases_are_understood(shared):
    path = shared / "cases" / "official_municipality_names" / "v12_munis.csv"
    found = inspect_table(path, FACILITIES)
    named = found.cleaned.set_index("name")["municipality_id"]
    assert named[["C8", "C11"]].tolist() == ["0037000", "0001000"]


@pytest.mark.shared
def test_the_name_with_a_line_separator_is_read(shared):
    path = shared / "cases" / "line_separator_in_name" / "iestades.csv"
    problems, _ = inspect(path, FACILITIES, reference=Reference())
    assert [p.code for p in problems if p.code == "sources.uneven_rows"] == []


def test_need_is_held_against_the_settlements_of_the_study(tmp_path):
    settlements = place(("A1", 27.7, 56.5)).assign(settlement_id="s1", name="Alfa", population=10.0)
    path = tmp_path / "need.csv"
    path.write_text("settlement_id,target_group,persons\ns1,adults_grt,11\n")
    reference = Reference.of_study(OUTLINES, settlements)
    problems, (note,) = inspect(path, NEED, reference=reference)
    assert problems == []
    assert str(note.rows[0]) == "Alfa: 11 persons, 10 inhabitants"


def test_people_whose_shares_do_not_add_up_are_told_at_the_door(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(
        'settlement_id,share,lon,lat\n0210000,"0,6",27.33,56.51\n0210000,"0,3",27.34,56.50\n',
        encoding="utf-8",
    )
    found = inspect_table(path, PEOPLE)
    assert [note.code for note in found.notes] == ["sources.shares_do_not_add_up"]
    assert not found.problems
