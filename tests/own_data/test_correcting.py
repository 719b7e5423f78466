"""Findings by cell and the corrected copy: what can be put right is, and the rest is marked."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from shapely import box
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.errors import InputError
from socaccess.sources.correcting import correct_table, list_findings
from socaccess.sources.reference import Reference
from socaccess.sources.tables import inspect_table, read_table

BAD = """id;Nosaukums;Pakalpojums;Statuss;Vietu skaits;Atvērts;Garums;Platums;Novads;Vieta
x1;Centrs A;dac_grtt;darbojas;1 2;43831;27,72;56,55;Ludzs novads;
x2;Centrs  B;Specializētā darbnīca;planned;5;2020. gads;56,5;27,7;Viļānu novads;
x3;Centrs C;dac_grt;operatin;-2;01.05.2019;;;Aglonas novads;
x4;Centrs D;dac_grt;darbojas;;;;;;Ludzā
"""


@pytest.fixture
def bad(tmp_path) -> Path:
    path = tmp_path / "slikta.csv"
    path.write_text(BAD, encoding="utf-8")
    return path


def run(*words: object) -> tuple[int, str]:
    # Errors of ours are raised past the runner and printed by `socaccess.cli.app.run`.
    answer = CliRunner().invoke(app, [str(word) for word in words])
    return answer.exit_code, answer.output + (str(answer.exception) if answer.exception else "")


def test_findings_name_row_column_value_and_what_to_do(bad):
    told = {
        (str(f.row_name), f.heading, f.value, f.kind) for f in list_findings(inspect_table(bad))
    }
    assert {
        ("line 2", "Novads", "Ludzs novads", "fault"),
        ("line 2", "Pakalpojums", "dac_grtt", "fault"),
        ("line 4", "Vietu skaits", "-2", "fault"),
        ("line 4", "Statuss", "operatin", "fault"),
        ("line 2", "Statuss", "darbojas", "change"),
    } <= told
    places = next(f for f in list_findings(inspect_table(bad)) if f.value == "-2")
    assert (places.problem.code, places.column, places.row) == (
        "schemas.below_minimum", "places", 2)  # fmt: skip


def test_what_can_be_put_right_is_and_the_rest_is_left(bad):
    reference = Reference.of_latvia()
    correction = correct_table(inspect_table(bad), reference)
    rows = correction.rows.set_index("facility_id")
    told = ["service", "status", "places", "opened", "municipality_id"]
    assert rows.loc["x1", told].tolist() == ["dac_grt", "operating", 12, 2020, "0037000"]
    assert rows.loc["x2", ["name", "service", "municipality_id", "lon", "lat"]].tolist() == [
        "Centrs B", "workshop", "0043000", 27.7, 56.5]  # fmt: skip
    assert len(rows) == 4
    left = " ".join(str(problem) for problem in correction.left.problems)
    assert "Aglonas novads" in left and "-2" in left
    assert "Ludzs" not in left and "operatin" not in left and "outside" not in left
    assert {change.why for change in correction.changes} == {
        "status", "code", "serial_date", "year", "municipality", "spelling", "number", "spaces",
        "axes"}  # fmt: skip


def test_two_words_equally_near_are_not_chosen(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("facility_id,name,service,status,lon,lat\na,A,da,operating,27.7,56.5\n")
    types = pd.DataFrame({"service": ["dat", "dax"]})
    reference = Reference(service_types=types)
    correction = correct_table(inspect_table(path, reference=reference), reference)
    assert correction.rows["service"].tolist() == ["da"]
    assert correction.left.problems


def test_copy_stands_beside_the_original_which_stays(bad):
    before = bad.read_bytes()
    code, said = run("validate", bad, "--fix", "--place", "--lang", "en")
    copy = bad.with_name("slikta.corrected.csv")
    assert code == 1 and copy.is_file() and bad.read_bytes() == before
    assert "cells changed" in said and "still" not in said.split("wrote")[0]
    table = pd.read_csv(copy, dtype=str)
    assert table["corrections"].str.contains("misspelt").tolist()[0] is True
    assert table["settlement_id"].tolist()[3] == "0680201"
    code, said = run("validate", bad, "--fix")
    assert code == 1 and "such a file already" in said


def test_a_copy_without_faults_is_read_as_it_is(tmp_path):
    path = tmp_path / "laba.csv"
    path.write_text("\n".join(BAD.splitlines()[:3]) + "\n", encoding="utf-8")
    copy = tmp_path / "copy.xlsx"
    code, said = run("validate", path, "--out", copy, "--lang", "lv")
    assert code == 0, said
    again = inspect_table(copy)
    read = again.checked
    assert read[["facility_id", "service", "status", "municipality_id"]].values.tolist() == [
        ["x1", "dac_grt", "operating", "0037000"],
        ["x2", "workshop", "planned", "0043000"],
    ]
    assert not again.changes
    assert [note.code for note in again.notes] == [
        "sources.point_far", "sources.planned_but_opened"]  # fmt: skip
    degrees = read.to_crs(4326).geometry
    assert degrees.y.round(4).tolist() == [56.55, 56.5]


def test_workbook_marks_cells_and_lists_every_finding(bad):
    copy = bad.with_name("copy.xlsx")
    run("validate", bad, "--out", copy, "--lang", "lv")
    book = openpyxl.load_workbook(copy)
    assert book.sheetnames == ["Dati", "Piezīmes"]
    data = book["Dati"]
    heads = {cell.value: cell.column for cell in data[1]}

    def colour(row: int, column: str) -> str:
        return data.cell(row, heads[column]).fill.fgColor.rgb

    assert colour(2, "service") == "FFFFF2CC"
    assert colour(4, "places") == "FFF8CBAD"
    assert colour(5, "name") == "00000000"
    notes = [[cell.value for cell in row] for row in book["Piezīmes"].iter_rows(min_row=2)]
    assert ["jāizlabo", "4. rinda", "Vietu skaits", "-2"] in [row[:4] for row in notes]
    assert {row[0] for row in notes} == {"jāizlabo", "jāizlemj jums", "labots"}


def test_formulas_stay_text_in_every_copy(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('facility_id,name,service,status,lon,lat\n'
                    'a,"=HYPERLINK(""http://x"")",dac_grt,darbojas,27.7,56.5\n')  # fmt: skip
    for name in ("x.xlsx", "x2.csv"):
        copy = tmp_path / name
        assert run("validate", path, "--out", copy)[0] == 0
        assert read_table(copy)["name"].tolist() == ['=HYPERLINK("http://x")']
    cell = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]["B2"]
    assert cell.data_type == "s"
    assert "'=HYPERLINK" in (tmp_path / "x2.csv").read_text()


def test_layers_are_copied_as_layers(tmp_path):
    path = tmp_path / "m.geojson"
    gpd.GeoDataFrame({"kods": ["m1"], "nosaukums": ["  Viens  novads "]},
                     geometry=[box(24, 56, 25, 57)], crs=4326).to_file(path)  # fmt: skip
    code, said = run("validate", path, "--as", "municipalities", "--fix")
    assert code == 0, said
    copy = read_table(tmp_path / "m.corrected.gpkg")
    assert copy["name"].tolist() == ["Viens novads"]
    assert copy.to_crs(4326).total_bounds.round(6).tolist() == [24, 56, 25, 57]
    with pytest.raises(InputError, match=r"gpkg, \.geojson"):
        CliRunner().invoke(app, ["validate", str(path), "--as", "municipalities", "--out",
                                 str(tmp_path / "m.csv")], catch_exceptions=False)  # fmt: skip


def test_json_holds_every_row(bad):
    code, said = run("validate", bad, "--json", "--lang", "en")
    told = json.loads(said.split("\n")[0])
    assert code == 1 and told["valid"] is False and told["rows"] == 4
    expected = {"kind": "fault", "row": "line 4", "column": "Vietu skaits", "value": "-2",
                "code": "schemas.below_minimum", "what": "value is below 0",
                "hint": ""}  # fmt: skip
    assert expected in told["findings"]


def test_duplicates_are_proposed_with_a_column_to_decide_in(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("facility_id,name,service,status,lon,lat,location_precision\n"
                    "a,Centrs Saule,dac_grt,operating,27.7,56.5,address\n"
                    "b,Centrs „Saule”,dac_grt,operating,27.7001,56.5,address\n",
                    encoding="utf-8")  # fmt: skip
    copy = tmp_path / "pairs.xlsx"
    code, said = run("validate", path, "--duplicates", "--out", copy, "--lang", "en")
    assert code == 0 and "a = b" in said and "1 pair may be" in said
    pairs = pd.read_excel(copy, sheet_name="Duplicates")
    assert pairs[["facility_id", "duplicate_id"]].values.tolist() == [["a", "b"]]
    assert pairs["decision"].isna().all()


def test_own_file_against_the_embedded_facilities(tmp_path):
    from socaccess.sources.services import load_facilities

    known = load_facilities()
    known = known[known["located"] & (known["location_precision"] == "settlement")].iloc[0]
    path = tmp_path / "own.csv"
    table = pd.DataFrame([known[["name", "service", "status", "settlement_id", "lon", "lat"]]])
    table.assign(facility_id="own1", location_precision="settlement").to_csv(path, index=False)
    code, said = run("validate", path, "--against", "embedded", "--json")
    told = json.loads(said)
    assert code == 0
    assert (told["duplicates"][0]["facility_id"], told["duplicates"][0]["duplicate_id"]) == (
        "own1", known["facility_id"])  # fmt: skip
