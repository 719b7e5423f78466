"""A list of facilities against the register: what is in both, in one, or said otherwise."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.errors import UnknownNameError
from socaccess.schemas import FACILITIES, check_table
from socaccess.sources.portals import read_register
from socaccess.sources.register_comparison import (
    compare_register,
    count_differences,
    list_for_round,
)
from tests.portals.test_register import BUILDINGS, make_row, save, write_addresses

GRT = [{"KlientuGrupasNosaukums": "personas ar garīga rakstura traucējumiem"}]
# Two further houses in Dagda, a hundred metres and a kilometre from the first.
HOUSES = BUILDINGS | {
    "100000005": {"DD_N": "56.0960", "DD_E": "27.5379"},
    "100000006": {"DD_N": "56.1051", "DD_E": "27.5379"},
}


def make_register(folder, *rows):
    (folder / "e.csv").write_bytes(write_addresses(HOUSES))
    return read_register(save(list(rows), folder), folder / "e.csv")


def make_list(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        [
            {"facility_id": f"f{number}", "service": "dac_grt", "status": "operating",
             "name": "Centrs", "lon": 27.5379, "lat": 56.0951, "municipality_id": "0032000",
             "location_precision": "address", "register_id": None, "places": None, **row}
            for number, row in enumerate(rows, start=1)
        ]
    )  # fmt: skip
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    frame = gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=points)
    return gpd.GeoDataFrame(check_table(frame.to_crs(3059), FACILITIES))


def name(number: int, code: int, title: str, **values: object) -> dict[str, object]:
    address = {"Adrese": "Tirgus iela 1, Dagda, Krāslavas nov.", "VZDKods": f"10000{code:04d}"}
    return make_row(number, PakalpojumaSniedzejaNosaukums=title, KlientuGrupas=GRT,
                    FaktiskaAdrese=address, **values)  # fmt: skip


def find(table: pd.DataFrame) -> dict[str, str]:
    keys = table["register_id"].where(table["register_id"].notna(), table["facility_id"])
    return dict(zip(keys, table["finding"], strict=True))


def test_all_five_findings(tmp_path):
    register = make_register(
        tmp_path,
        name(1, 1, "Saule"), name(2, 1, "Mēness"), name(3, 5, "Zvaigzne"), name(4, 6, "Komēta"),
    ).services  # fmt: skip
    listed = make_list(
        {"register_id": "1", "name": "Cits nosaukums", "places": 16},
        {"register_id": "2", "places": 20},
        {"name": "Dienas centrs „Zvaigzne”", "status": "planned"},
        {"name": "Nekur nereģistrēts"},
    )
    table, unmapped = compare_register(register, listed)
    assert find(table) == {"1": "both", "2": "places_differ", "3": "opened",
                           "4": "only_register", "f4": "only_list"}  # fmt: skip
    assert len(unmapped) == 0
    counts = count_differences(table)
    assert counts.loc["Krāslavas novads"].tolist() == [1, 1, 1, 1, 1]


def test_rows_without_a_service_are_listed_with_the_reason(tmp_path):
    row = make_row(7, SniedzamaPakalpojumaNosaukums="Citi: zvaigžņu vērošana")
    table, unmapped = compare_register(make_register(tmp_path, row).services, make_list({}))
    assert unmapped[["register_id", "reason"]].values.tolist() == [["7", "unknown_term"]]
    assert find(table) == {"f1": "only_list"}


def test_one_facility_of_several_rows_has_their_clients_together(tmp_path):
    register = make_register(tmp_path, name(1, 1, "Saule"), name(2, 1, "Saule")).services
    table, _ = compare_register(register, make_list({"register_id": "1 2", "places": 32}))
    assert find(table) == {"1 2": "both"}
    assert table["planned_clients"].tolist() == [32]


def test_a_planned_count_nobody_states_is_no_difference(tmp_path):
    row = name(1, 1, "Saule", PlanotaisKlientuSkaits=None)
    table, _ = compare_register(
        make_register(tmp_path, row).services, make_list({"register_id": "1", "places": 9})
    )
    assert find(table) == {"1": "both"}


def test_the_table_for_a_round_is_one_of_facilities(tmp_path):
    register = make_register(tmp_path, name(1, 1, "Saule"), name(2, 6, "Mēness")).services
    listed = make_list({"register_id": "1"}, {"name": "Tikai sarakstā"})
    table, _ = compare_register(register, listed)
    rows = list_for_round(table, "https://data.gov.lv", "2026-10-10").set_index("facility_id")
    assert rows["status"].to_dict() == {
        "f1": "operating", "f2": "not_registered", "r2_dac_grt": "operating"}  # fmt: skip
    assert rows["places"].fillna(0).to_dict() == {"f1": 16, "f2": 0, "r2_dac_grt": 16}
    assert rows.loc["r2_dac_grt", ["lon", "lat"]].tolist() == [27.5379, 56.1051]
    frame = gpd.GeoDataFrame(
        rows.reset_index(), geometry=gpd.points_from_xy(rows["lon"], rows["lat"], crs=4326)
    )
    assert len(check_table(frame, FACILITIES)) == 3


@pytest.mark.parametrize(("lang", "words"), [("lv", "Tikai reģistrā"), ("en", "Register only")])
def test_the_command(cache, tmp_path, lang, words):
    for source, file, content in (
        ("address_buildings", "aw_eka.csv", write_addresses(HOUSES)),
        ("address_flats", "aw_dziv.csv", write_addresses({})),
    ):
        (cache.folder / source).mkdir(parents=True)
        (cache.folder / source / file).write_bytes(content)
    (cache.folder / "register").mkdir()
    save([name(90001, 1, "Saule")], cache.folder / "register")
    command = ["data", "compare", "register", "--offline", "--lang", lang]
    answer = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "out")])
    assert answer.exit_code == 0, answer.output
    assert words.split()[0] in answer.stdout
    files = ["by_municipality.csv", "by_region.csv", "differences.csv", "round_facilities.csv",
             "unmapped.csv"]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == files
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert told["date"] == "2026-10-10"
    (row,) = (r for r in told["municipalities"] if r["municipality"] == "Krāslavas novads")
    assert row["only_register"] == 1


def test_only_the_register_can_be_compared_with():
    answer = CliRunner().invoke(app, ["data", "compare", "atvk"])
    assert isinstance(answer.exception, UnknownNameError)
    assert answer.exception.code == "portals.not_compared"


@pytest.mark.shared
def test_the_shipped_list_against_the_register_it_was_made_from(shared):
    from socaccess.sources.services import load_facilities

    register = pd.read_csv(shared / "facts" / "register.csv", dtype=str)
    for column in ("lon", "lat", "planned_clients"):
        register[column] = register[column].astype(float)
    register["client_groups"] = register["client_groups"].fillna("")
    table, unmapped = compare_register(register, load_facilities())
    # Every row is accounted for: in both with the same count, or no service of ours.
    numbers = set(" ".join(table["register_id"].dropna()).split()) | set(unmapped["register_id"])
    assert numbers == set(register["register_id"])
    share = (table["finding"] == "both").sum() / table["register_id"].notna().sum()
    assert share > 0.95
