"""The register of providers: recorded layout with invented rows, addresses, servers, commands."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.errors import InputError
from socaccess.sources.downloads import DownloadError
from socaccess.sources.portals import SOURCES, fetch_register, read_register
from socaccess.sources.portals.addresses import find_points
from socaccess.sources.portals.register import REGISTER_COLUMNS
from tests.portals.conftest import QUICK
from tests.portals.servers import Resumable, give

HEADINGS = ("KODS", "TIPS_CD", "STATUSS", "APSTIPR", "APST_PAK", "VKUR_CD", "VKUR_TIPS",
            "NOSAUKUMS", "SORT_NOS", "ATRIB", "PNOD_CD", "DAT_SAK", "DAT_MOD", "DAT_BEIG",
            "FOR_BUILD", "PLAN_ADR", "STD", "KOORD_X", "KOORD_Y", "DD_N", "DD_E")  # fmt: skip


def make_row(number: int, **values: object) -> dict[str, object]:
    """Return a row as the register has it; everything in it is invented."""
    return {
        "PakalpojumaSniedzejaRegistracijasNumurs": number,
        "RegistracijasNumurs": "40000000000",
        "PakalpojumaSniedzejaNosaukums": f"Centrs  Nr. {number}",
        "SniedzamaPakalpojumaNosaukums": "Dienas aprūpes centrs",
        "PakalpojumaSniegsanasForma": "bez izmitināšanas",
        "Statuss": "Sniedz",
        "PlanotaisKlientuSkaits": 16,
        "KlientiPecVecumaUnDzimuma": "pilngadīgas personas.",
        "KlientuGrupas": [
            {"KlientuGrupasNosaukums": "personas ar garīga rakstura traucējumiem"},
            {"KlientuGrupasNosaukums": "Citas personas"},
        ],
        "JuridiskaisStatuss": "Biedrība",
        "FaktiskaAdrese": {
            "Adrese": "Tirgus iela 1, Dagda, Krāslavas nov., LV-5674",
            "VZDKods": f"10000{number:04d}",
        },
        "KontaktInformacija": {"Talruni": [{"Talrunis": "20000000"}]},
        **values,
    }


def save(rows: list[dict[str, object]], folder, name: str = "pakalpojumusniedzejudati_20261010"):
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"data": rows}, ensure_ascii=False), encoding="utf-8")
    return path


def write_addresses(
    rows: dict[str, dict[str, str]], sep: str = ",", quote: str = '"', bom: bool = True
) -> bytes:
    sink = io.StringIO()
    writer = csv.DictWriter(
        sink, HEADINGS, delimiter=sep, quotechar=quote, quoting=csv.QUOTE_ALL, restval=""
    )
    writer.writeheader()
    for code, row in rows.items():
        writer.writerow({"KODS": code, "STATUSS": "EKS", "STD": f'"Jaunā {sep} iela"', **row})
    return sink.getvalue().encode("utf-8-sig" if bom else "utf-8")


BUILDINGS = {
    "100000001": {"DD_N": "56.0951", "DD_E": "27.5379"},
    "100000002": {"DD_N": "56.0001", "DD_E": "27.0001", "STATUSS": "DEL"},
    "100000009": {"DD_N": "56.5", "DD_E": "26.5"},
}
FLATS = {"100000003": {"VKUR_CD": "100000009"}, "100000004": {"VKUR_CD": "100000002"}}


# ---- the register's file --------------------------------------------------------------------


def test_a_row_becomes_one_of_the_table(tmp_path):
    register = read_register(save([make_row(1)], tmp_path))
    assert list(register.services.columns) == list(REGISTER_COLUMNS)
    (row,) = register.services.to_dict("records")
    assert row["name"] == "Centrs Nr. 1"
    assert row["register_service"] == "dienas aprūpes centrs"
    assert (row["form"], row["clients"], row["client_groups"]) == (
        "without_accommodation", "adults", "grt;other")  # fmt: skip
    assert row["planned_clients"] == 16
    assert (row["unit"], row["municipality_now"]) == ("Dagda", "Krāslavas novads")
    assert np.isnan(row["lon"])
    assert register.date == "2026-10-10"
    assert (register.left_out, register.findings) == ({}, ())


def test_who_is_left_out_and_that_no_name_or_phone_of_theirs_is_kept(tmp_path):
    rows = [
        make_row(1),
        make_row(2, Statuss="Nesniedz"),
        make_row(3, JuridiskaisStatuss="Individuālais komersants"),
        make_row(4, JuridiskaisStatuss="Zemnieku saimniecība"),
        make_row(5, JuridiskaisStatuss="privātuzņēmējs "),
        make_row(6, JuridiskaisStatuss="Fiziska persona"),
        make_row(7, JuridiskaisStatuss=None),
        make_row(8, FaktiskaAdrese=None),
        make_row(9, FaktiskaAdrese={"Adrese": "Liepas", "VZDKods": " "}),
    ]
    register = read_register(save(rows, tmp_path))
    assert register.services["register_id"].tolist() == ["1"]
    assert register.left_out == {
        "legal_status_not_stated": 1, "natural_person": 4, "no_address_code": 2, "not_provided": 1
    }  # fmt: skip
    shown = register.services.to_csv() + "".join(map(str, register.findings))
    for number in range(2, 10):
        assert f"Nr. {number}" not in shown
    assert "20000000" not in shown
    assert "40000000000" not in shown


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Personas ar redzes traucējumiem", "visual_impairment"),
        ("pensijas vecuma personas", "pension_age"),
        ("Bāreņi un bez vecāku gādības palikuši bērni", "orphans_without_parental_care"),
        ("Personas pēc ieslodzījuma", "after_prison"),
        ("Pēc ieslodzījuma atbrīvotas personas un personas bez noteiktas dzīvesvietas",
         "after_prison_or_homelessness"),
        ("Cilvēku tirdzniecības upuri", "trafficking_victims"),
        ("Bērni paliatīvajā aprūpē", "children_palliative"),
    ],
)  # fmt: skip
def test_groups_are_known_by_their_words(tmp_path, words, code):
    row = make_row(1, KlientuGrupas=[{"KlientuGrupasNosaukums": words}])
    assert read_register(save([row], tmp_path)).services["client_groups"].tolist() == [code]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("ar izmitināšanu", "with_accommodation"),
        ("Ar izmitināšanu un bez izmitināšanas", "both"),
        ("bez izmitināšanas", "without_accommodation"),
    ],
)
def test_forms(tmp_path, words, code):
    row = make_row(1, PakalpojumaSniegsanasForma=words)
    assert read_register(save([row], tmp_path)).services["form"].tolist() == [code]


@pytest.mark.parametrize(
    ("words", "code"),
    [("Bērni", "children"), ("Visas vecuma grupas.", "all_ages"),
     ("pilngadīgas sievietes", "adults_women"), ("Pilngadīgi vīrieši", "adults_men"),
     ("bērni kopā ar vecākiem", "children_with_parents")],
)  # fmt: skip
def test_ages(tmp_path, words, code):
    row = make_row(1, KlientiPecVecumaUnDzimuma=words)
    assert read_register(save([row], tmp_path)).services["clients"].tolist() == [code]


def test_terms_nobody_knows_stay_and_are_told_with_their_rows(tmp_path):
    new = [{"KlientuGrupasNosaukums": "Kosmonauti; jūrnieki"}, None, {"X": 1}]
    rows = [make_row(n, KlientuGrupas=new) for n in (1, 2)] + [make_row(3, KlientuGrupas="none")]
    register = read_register(save(rows, tmp_path))
    assert register.services["client_groups"].tolist() == ["Kosmonauti, jūrnieki"] * 2 + [""]
    (finding,) = register.findings
    assert finding.rows == ("1", "2")
    assert "Kosmonauti, jūrnieki" in str(finding)


@pytest.mark.parametrize("count", [None, "", "daudz", -3])
def test_an_unknown_number_of_clients_is_no_zero(tmp_path, count):
    row = make_row(1, PlanotaisKlientuSkaits=count)
    assert read_register(save([row], tmp_path)).services["planned_clients"].isna().all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2", "not a JSON file"),
        ("[" * 100_000, "not a JSON file"),
        ("[]", "the layout is not known"),
        ('{"data": {}}', "the layout is not known"),
        ('{"data": [null, 3, {"Nosaukums": "x"}]}', "expected .*Statuss.*found Nosaukums"),
    ],
)
def test_another_layout_is_told(tmp_path, content, message):
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_register(path)
    assert "\n" not in str(caught.value)


def test_a_number_that_stands_twice(tmp_path):
    with pytest.raises(InputError, match="stands more than once"):
        read_register(save([make_row(1), make_row(1)], tmp_path))


# ---- points ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("sep", "quote"), [(",", '"'), (";", "#"), (";", '"')])
def test_points_of_buildings_and_of_flats_in_them(tmp_path, sep, quote):
    (tmp_path / "e.csv").write_bytes(write_addresses(BUILDINGS, sep, quote))
    (tmp_path / "d.csv").write_bytes(write_addresses(FLATS, sep, quote, bom=False))
    codes = ["100000001", "100000002", "100000003", "100000004", "999"]
    points = find_points(codes, tmp_path / "e.csv", tmp_path / "d.csv")
    # Neither the building that was pulled down nor the flat in it has a point.
    assert points.to_dict("index") == {
        "100000001": {"lon": 27.5379, "lat": 56.0951},
        "100000003": {"lon": 26.5, "lat": 56.5},
    }


def test_points_outside_latvia_and_decimal_commas(tmp_path):
    rows = {"1": {"DD_N": "0", "DD_E": "0"}, "2": {"DD_N": "56,5", "DD_E": "26,5"},
            "3": {"DD_N": "26.5", "DD_E": "56.5"}, "4": {}}  # fmt: skip
    (tmp_path / "e.csv").write_bytes(write_addresses(rows, ";"))
    points = find_points(list(rows), tmp_path / "e.csv")
    assert points.to_dict("index") == {"2": {"lon": 26.5, "lat": 56.5}}


def test_a_large_table_is_read_in_little_memory(tmp_path):
    count = 300_000
    line = '"{}","108","EKS","{}","56.5","26.5"\n'
    with (tmp_path / "e.csv").open("w") as stream:
        stream.write('"KODS","TIPS_CD","STATUSS","STD","DD_N","DD_E"\n')
        stream.writelines(line.format(100_000_000 + n, "Garā iela " * 6) for n in range(count))
    assert (tmp_path / "e.csv").stat().st_size > 25_000_000
    tracemalloc.start()
    points = find_points([str(100_000_000 + count - 1)], tmp_path / "e.csv")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(points) == 1
    assert peak < 25_000_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"KODS,STATUSS\n1,EKS\n", "no column is understood as lat"),
        (b"\x00\x01\x02", "the layout is not known"),
        (b'KODS,STATUSS,DD_N,DD_E\n1,EKS,2,"3\n', "not readable as a row"),
    ],
)
def test_addresses_in_another_layout(tmp_path, content, message):
    (tmp_path / "e.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        find_points(["1"], tmp_path / "e.csv")


def test_codes_without_a_point_and_addresses_without_a_settlement_are_told(tmp_path):
    (tmp_path / "e.csv").write_bytes(write_addresses(BUILDINGS))
    elsewhere = {"Adrese": "Nekur 1", "VZDKods": "100000001"}
    rows = [make_row(1), make_row(2), make_row(5, FaktiskaAdrese=elsewhere)]
    register = read_register(save(rows, tmp_path), tmp_path / "e.csv")
    assert register.services["lat"].tolist()[0] == 56.0951
    code, place = register.findings
    assert code.rows == ("2: 100000002",)
    assert place.rows == ("5: Nekur 1",)


# ---- over the wire --------------------------------------------------------------------------


def serve_portal(server, rows, *, buildings=None, flats=None) -> str:
    """Serve the two datasets as the portal does, each with files that are not the ones meant."""
    register = json.dumps({"data": rows}).encode()
    files = {
        "pakalpojumusniedzejudati_20261010.json": register,
        "pakalpojumusniedzejudati_20260101.json": b'{"data": []}',
        "aw_eka.csv": write_addresses(BUILDINGS) if buildings is None else buildings,
        "aw_eka_his.csv": b"KODS\n1\n",
        "aw_dziv.csv": write_addresses(FLATS) if flats is None else flats,
        "aw_ciems.csv": b"KODS\n1\n",
    }
    for name, body in files.items():
        server.routes[f"/files/{name}"] = give(body)

    def show(handler) -> None:
        ending = "json" if "socialo-pakalpojumu-sniedzeju-registra" in handler.path else "csv"
        resources = [
            {"name": name, "format": ending, "url": f"{server.address}/files/{name}"}
            for name in files
            if name.endswith(ending)
        ]
        give(json.dumps({"success": True, "result": {"resources": resources}}).encode())(handler)

    server.routes["/dati/api/3/action/package_show"] = show
    return f"{server.address}/dati"


def fetch_quickly(cache, portal, **options):
    return fetch_register(cache=cache, portal=portal, limits=QUICK, **options)


def test_the_register_with_points_from_the_portal(server, cache):
    portal = serve_portal(server, [make_row(1), make_row(3), make_row(2)])
    register = fetch_quickly(cache, portal)
    assert register.date == "2026-10-10"
    assert register.services["lat"].fillna(0).tolist() == [56.0951, 56.5, 0]
    asked = [path for path, _ in server.asked if path.startswith("/files")]
    assert asked == ["/files/pakalpojumusniedzejudati_20261010.json", "/files/aw_eka.csv",
                     "/files/aw_dziv.csv"]  # fmt: skip
    # From now on nothing is asked.
    again = fetch_quickly(cache, portal, offline=True)
    pd.testing.assert_frame_equal(again.services, register.services)
    assert len(server.asked) == 6


def test_flats_are_fetched_only_where_an_address_is_none_of_the_buildings(server, cache):
    portal = serve_portal(server, [make_row(1)])
    fetch_quickly(cache, portal)
    assert not any("aw_dziv" in path for path, _ in server.asked)


def test_a_broken_connection_goes_on_where_it_stopped(server, cache):
    portal = serve_portal(server, [make_row(1)])
    table = write_addresses({str(n): {"DD_N": "56", "DD_E": "25"} for n in range(500)} | BUILDINGS)
    server.routes["/files/aw_eka.csv"] = Resumable(table, cuts=2, cut_at=20_000)
    assert fetch_quickly(cache, portal).services["lon"].tolist() == [27.5379]
    starts = [sent.get("Range") for path, sent in server.asked if "aw_eka" in path]
    assert starts == [None, "bytes=20000-", "bytes=40000-"]


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        ("pakalpojumusniedzejudati_20261010.json", b"<html>maintenance</html>", DownloadError),
        ("pakalpojumusniedzejudati_20261010.json", b'{"data": [{"A": 1}]}', InputError),
        ("aw_eka.csv", b"<!doctype html><p>maintenance", DownloadError),
        ("aw_eka.csv", b"KODS,STATUSS\n1,EKS\n", InputError),
    ],
)
def test_a_file_that_is_another_leaves_those_that_are_there(server, cache, name, body, error):
    portal = serve_portal(server, [make_row(1)])
    good = fetch_quickly(cache, portal).services
    kept = sorted(path for path in cache.folder.rglob("fetched/*/*"))
    server.routes[f"/files/{name}"] = give(body)
    for source in ("register", "address_buildings"):
        record = json.loads((cache.folder / source / "source.json").read_text())
        if name in record["address"]:
            (cache.folder / source / record["path"]).write_bytes(b"changed")
            kept = [path for path in kept if source not in path.parts]
    with pytest.raises(error):
        fetch_quickly(cache, portal)
    assert set(kept) <= set(cache.folder.rglob("fetched/*/*"))
    pd.testing.assert_frame_equal(
        good, fetch_quickly(cache, serve_portal(server, [make_row(1)])).services
    )


def test_an_outage_of_the_addresses_says_where_their_file_goes(server, cache):
    portal = serve_portal(server, [make_row(1)])
    server.routes["/files/aw_eka.csv"] = give(b"", status=503)
    with pytest.raises(DownloadError) as caught:
        fetch_quickly(cache, portal)
    assert caught.value.reason == "busy"
    assert caught.value.by_hand["folder"] == str(cache.folder / "address_buildings")
    assert (cache.folder / "register" / "source.json").is_file()


# ---- the command ----------------------------------------------------------------------------


def call(*words: str):
    return CliRunner().invoke(app, ["data", *words])


def test_the_command_reads_files_placed_by_hand(cache, tmp_path):
    for source, name, content in (
        ("register", "pakalpojumusniedzejudati_20261010.json", None),
        ("address_buildings", "aw_eka.csv", write_addresses(BUILDINGS)),
        ("address_flats", "aw_dziv.csv", write_addresses(FLATS)),
    ):
        (cache.folder / source).mkdir(parents=True)
        if content is None:
            rows = [make_row(1), make_row(3), make_row(4, Statuss="Nesniedz")]
            save(rows, cache.folder / source, name.removesuffix(".json"))
        else:
            (cache.folder / source / name).write_bytes(content)
    answer = call("fetch", "register", "--offline", "--out", str(tmp_path / "out"))
    assert answer.exit_code == 0, answer.output
    assert "Saprastas 2 rindas." in answer.stdout
    assert "Nav iekļauta 1 rinda: pakalpojumu šajā dienā nesniedz." in answer.stderr
    table = pd.read_csv(tmp_path / "out" / "register-socaccess.csv", dtype=str)
    assert list(table.columns) == [
        *REGISTER_COLUMNS, "services", "reason_unmapped", "source_date"]  # fmt: skip
    assert table["lat"].tolist() == ["56.0951", "56.5"]
    assert set(table["source_date"]) == {"2026-10-10"}
    told = json.loads(call("fetch", "register", "--offline", "--json").stdout)
    assert (told["rows"], told["left_out"]) == (2, {"not_provided": 1})


def test_without_addresses_the_command_says_which_file_is_missing(cache):
    (cache.folder / "register").mkdir(parents=True)
    save([make_row(1)], cache.folder / "register")
    answer = call("fetch", "register", "--offline", "--lang", "en")
    assert answer.exit_code == 1
    assert str(cache.folder / "address_buildings") in str(answer.exception)


@pytest.mark.parametrize("name", ["address_buildings", "address_flats", "register"])
def test_pages_name_the_dataset(name):
    (source,) = (source for source in SOURCES if source.name == name)
    assert source.page == f"https://data.gov.lv/dati/lv/dataset/{source.dataset}"
