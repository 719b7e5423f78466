"""The progress report: counts by hand, shares over 100 %, and what may leave."""

from __future__ import annotations

import io

import numpy as np
import openpyxl
import pandas as pd
import pytest

from socaccess import rounds

from .conftest import WHO


@pytest.fixture
def report(world):
    world.take("0210000", {"Personas!D10": 60, "Personas!E10": 68, "Personas!E12": 30},
               accept=["all"])  # fmt: skip
    world.take("0387500", {"Personas!E10": 2, "Personas!E2": 0}, accept=["all"])
    world.take("0781800", {"Personas!D10": 12, "Personas!E10": 11}, accept=["all"])
    return rounds.report_progress(world.store)


def test_counts_and_shares(report):
    persons = report.persons.set_index(["municipality_id", "target_group", "service"])
    own = persons.loc[("0210000", "children_ft", "all")]
    assert (own["recipients"], own["recipients_before"], own["assessed"]) == (68, 63, 60)
    assert own["share_of_assessed"] == 68 / 60  # more than all
    service = persons.loc[("0210000", "children_ft", "dac_ft")]
    assert service["recipients"] == 30 and service["share_of_assessed"] == 0.5
    assert np.isnan(service["assessed"]) and service["assessed_of_group"] == 60
    nobody = persons.loc[("0387500", "adults_grt", "all")]
    assert nobody["recipients"] == 0 and nobody["share_of_assessed"] == 0
    assert np.isnan(persons.loc[("0684901", "adults_grt", "all"), "recipients"])  # not asked
    assert persons.loc[("0210000", "adults_grt", "all"), "answered"]
    assert not persons.loc[("0050000", "adults_grt", "all"), "answered"]


def test_totals_are_the_sums(report):
    for row in report.persons_total.itertuples():
        part = report.persons[(report.persons["target_group"] == row.target_group)
                              & (report.persons["service"] == row.service)]  # fmt: skip
        for name in ("assessed", "recipients", "recipients_before"):
            total = part[name].sum(min_count=1)
            assert getattr(row, name) == total or (np.isnan(total) and
                                                   np.isnan(getattr(row, name)))  # fmt: skip
    columns = [n for n in report.places_total if n != "service"]
    assert report.places_total[columns].sum().tolist() == report.places[columns].sum().tolist()


def test_places_are_capacity_only(world, report):
    facilities = world.store.read("facilities")
    assert report.places["operating"].sum() == (facilities["status"] == "operating").sum()
    known = facilities[(facilities["status"] == "operating") & facilities["places"].notna()]
    assert report.places["places_operating"].sum() == known["places"].sum()
    by_service = report.places.set_index(["municipality_id", "service"])
    # Two workshops of Daugavpils plan for 18 and 15 people.
    workshop = by_service.loc[("0050000", "workshop")]
    assert workshop["places_operating"] == 33 and workshop["operating_unknown"] == 0
    # 76 clients of Rēzekne's bureau are of three services together: no number of places of one.
    brought = by_service.loc[("0210000", "home_care")]
    assert brought["places_operating"] == 0 and brought["operating_unknown"] == 1


def test_small_counts_do_not_leave(report):
    hidden = rounds.hide_report(report)
    persons = hidden.persons.set_index(["municipality_id", "target_group", "service"])
    small = persons.loc[("0387500", "children_ft", "all")]
    assert small["recipients"] == "<5" and small["share_of_assessed"] is None
    assert persons.loc[("0387500", "adults_grt", "all"), "recipients"] == "<5"  # nought, too
    for row in hidden.persons.to_dict("records"):
        for name in ("assessed", "recipients", "recipients_before"):
            assert not (isinstance(row[name], int | float) and row[name] < 5), row
    for row in hidden.persons_total.to_dict("records"):
        # The total less what is shown must leave room for every small count.
        part = hidden.persons[(hidden.persons["target_group"] == row["target_group"])
                              & (hidden.persons["service"] == row["service"])]  # fmt: skip
        for name in ("assessed", "recipients", "recipients_before"):
            marks = [v for v in part[name] if isinstance(v, str)]
            shown = sum(v for v in part[name] if isinstance(v, int))
            if marks and isinstance(row[name], int):
                assert row[name] - shown >= 5
                assert row["share_of_assessed"] is None
    told = hidden.answers[hidden.answers["row"].str.startswith("P")]
    assert told[["issued", "said", "stood", "remark"]].isna().all(axis=None)
    assert rounds.hide_report(report, below=0) is report


def test_files_of_the_report(report):
    hidden = rounds.hide_report(report)
    files = rounds.write_report(hidden, {"children_ft": "=HYPERLINK(x)"})
    assert files == rounds.write_report(hidden, {"children_ft": "=HYPERLINK(x)"})
    book = openpyxl.load_workbook(io.BytesIO(files["progress.xlsx"]))
    assert book.sheetnames == ["Progress", "Vietas", "Izmaiņas"]
    cells = [cell for row in book["Progress"].iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    values = [cell.value for cell in cells]
    assert "<5" in values and 68 in values
    table = pd.read_csv(io.BytesIO(files["persons.csv"]), dtype=str)
    own = table[(table["municipality_id"] == "0210000") & (table["target_group"] == "children_ft")]
    assert own.iloc[0]["recipients"] == "68"


def test_an_earlier_round_keeps_its_figures(world, report):
    rounds.open_round(world.store, "latgale-2022", as_of="2022-12-31", due="2023-02-15",
                      folder=world.folder / "next", at="2023-01-10", who=WHO)  # fmt: skip
    path = next((world.folder / "next").glob("*_0210000_*"))
    book = openpyxl.load_workbook(path)
    assert book["Personas"]["E10"].value == 68  # filled from the round before
    book["Personas"]["E10"] = 105
    book.save(path)
    rounds.take_form(world.store, path, at="2023-02-01", who=WHO, accept=["all"])
    key = ("0210000", "children_ft", "all")
    index = ["municipality_id", "target_group", "service"]
    now = rounds.report_progress(world.store)
    then = rounds.report_progress(world.store, "latgale-2021")
    assert now.before_as_of == "2021-12-31" and then.before_as_of == ""
    row = now.persons.set_index(index).loc[key]
    assert (row["recipients"], row["recipients_before"]) == (105, 68)
    pd.testing.assert_frame_equal(then.persons, report.persons)
