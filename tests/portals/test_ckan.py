"""The open-data portal: the file that is meant among many, and answers that are none."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.errors import InputError, UnknownNameError
from socaccess.sources.downloads import DownloadError
from socaccess.sources.portals import SOURCES, fetch, find_source
from socaccess.sources.portals.ckan import choose_resource, list_resources
from tests.portals.conftest import QUICK, list_content
from tests.portals.servers import give, send

SHOW = "/dati/api/3/action/package_show"


def make_resource(name: str, kind: str = "CSV", **values: object) -> dict[str, object]:
    address = f"https://data.gov.lv/dati/dataset/a/resource/b/download/{name.lower()}"
    return {"name": name, "format": kind, "url": address, "state": "active"} | values


def choose(source: str, *resources: dict[str, object], words: str = "") -> str:
    listed = list_resources({"resources": list(resources)})
    return choose_resource(listed, find_source(source), words).name


def test_the_newest_edition_of_the_classifier():
    assert choose(
        "atvk",
        make_resource("ATVK_2021_01072021"),
        make_resource("ATVK_2021_01072025"),
        make_resource("ATVK_parejas_tabula_01092025"),
        make_resource("ATVK_2021_30062025", kind="XLSX"),
        make_resource("ATVK_2021_01082025", state="deleted"),
    ) == "ATVK_2021_01072025"  # fmt: skip


def test_the_finest_boundaries_then_the_newest():
    assert choose(
        "robezas",
        make_resource("Robežas 2025, 1:2 400 000", "SHP"),
        make_resource("Robežas 2021, 1:200 000", "SHP"),
        make_resource("Robežas 2025, 1:200 000", "application/zip"),
        make_resource("Robežas 2026, 1:200 000, skaidrojums", "PDF"),
    ) == "Robežas 2025, 1:200 000"  # fmt: skip


def test_municipalities_before_villages_unless_asked():
    resources = (
        make_resource("Iedzīvotāji ciemos 2026"),
        make_resource("Iedzīvotāji režģa šūnās 2026"),
        make_resource("Iedzīvotāji novados un pagastos 2025"),
    )
    assert choose("iedzivotaji", *resources) == "Iedzīvotāji novados un pagastos 2025"
    assert choose("iedzivotaji", *resources, words="ciemos") == "Iedzīvotāji ciemos 2026"


def test_the_date_of_the_portal_counts_where_the_name_tells_none():
    assert choose(
        "nepieciesamie-di-pakalpojumi",
        make_resource("old.xlsx", "*.xlsx", created="2019-05-07T10:00:00"),
        make_resource("new.xlsx", "*.xlsx", last_modified="2023-11-02T10:00:00.123456"),
        make_resource("newest.pdf", "PDF", last_modified="2024-11-02"),
    ) == "new.xlsx"  # fmt: skip


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("ATVK_2021_18032021", dt.date(2021, 3, 18)),
        ("x 2021-07-01", dt.date(2021, 7, 1)),
        ("x_20210701.csv", dt.date(2021, 7, 1)),
        ("2019 un 2021", dt.date(2021, 1, 1)),
        ("x_99992021", dt.date.min),
        ("irv030_01", dt.date.min),
    ],
)
def test_dates_in_names(name, date):
    assert list_resources({"resources": [make_resource(name)]})[0].date == date


def test_odd_entries_are_passed_over_and_links_are_made_safe():
    listed = list_resources(
        {
            "resources": [
                None, {}, {"url": 3},
                {"url": "http://data.gov.lv/dati/x.csv", "hash": "MD5:" + "A" * 32},
                {"url": "https://data.gov.lv/dati/y", "mimetype": "text/csv", "hash": "unknown"},
            ]
        }
    )  # fmt: skip
    assert [(r.address, r.kind, r.digest) for r in listed] == [
        ("https://data.gov.lv/dati/x.csv", "csv", "a" * 32),
        ("https://data.gov.lv/dati/y", "csv", ""),
    ]


def test_no_fitting_file_is_told_with_what_there_is():
    with pytest.raises(InputError, match=r"no file of the kind zip .*robezas.pdf \(\?\)"):
        choose("robezas", make_resource("robezas.pdf", "PDF"))
    with pytest.raises(InputError, match="whose name contains 'ciemi'"):
        choose("iedzivotaji", make_resource("novadi.csv"), words="ciemi")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["CSV", "https://data.gov.lv/a.csv", "http://[::1", "x 32132021.csv"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["name", "url", "format", "hash", "state", "created"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@given(resources=st.lists(ANYTHING, max_size=4))
def test_whatever_a_portal_answers_is_passed_over_or_listed(resources):
    for resource in list_resources({"resources": resources}):
        assert resource.address.strip()
        assert resource.kind in ("", "csv", "xlsx", "zip", "json")


# ---- over the wire --------------------------------------------------------------------------

ROWS = b"ATVK kods;x\n0034000;1\n"


def serve_dataset(server, body: bytes = ROWS, **values: object) -> str:
    server.routes["/dati/files/r.csv"] = give(body)
    resource = {"name": "r 2025.csv", "format": "CSV", "url": f"{server.address}/dati/files/r.csv"}
    dataset = {
        "success": True,
        "result": {"license_title": "CC0", "resources": [resource | values]},
    }
    server.routes[SHOW] = give(json.dumps(dataset).encode(), kind="application/json")
    return f"{server.address}/dati"


def test_a_dataset_is_fetched_and_told_about(server, cache):
    portal = serve_dataset(server, hash=hashlib.md5(ROWS).hexdigest())
    entry = fetch("nepieciesamie-di-pakalpojumi", cache=cache, portal=portal, limits=QUICK)
    assert entry.path.read_bytes() == ROWS
    assert entry.path.name == "nepieciesamie-di-pakalpojumi.csv"
    assert dict(entry.details) == {
        "licence": "CC0",
        "published": "2025-01-01",
        "resource": "r 2025.csv",
    }
    assert server.asked[0][0] == f"{SHOW}?id=nepieciesamie-di-pakalpojumi"
    again = fetch("nepieciesamie-di-pakalpojumi", cache=cache, portal=portal, offline=True)
    assert again == entry
    assert len(server.asked) == 2


def test_a_file_changed_here_is_fetched_again(server, cache):
    portal = serve_dataset(server)
    entry = fetch("atvk", cache=cache, portal=portal, limits=QUICK)
    entry.path.write_bytes(b"changed")
    with pytest.raises(DownloadError, match="no connection may be made"):
        fetch("atvk", cache=cache, portal=portal, offline=True)
    assert fetch("atvk", cache=cache, portal=portal, limits=QUICK).path.read_bytes() == ROWS


def test_another_file_of_the_dataset_is_another_download(server, cache):
    portal = serve_dataset(server)
    fetch("atvk", cache=cache, portal=portal, limits=QUICK)
    fetch("atvk", cache=cache, portal=portal, resource="2025", limits=QUICK)
    assert len(server.asked) == 2
    with pytest.raises(InputError, match="whose name contains '2024'"):
        fetch("atvk", cache=cache, portal=portal, resource="2024", limits=QUICK)


def test_the_hash_of_the_portal_is_compared(server, cache):
    portal = serve_dataset(server, hash="0" * 32)
    with pytest.raises(DownloadError, match="does not have the md5"):
        fetch("atvk", cache=cache, portal=portal, limits=QUICK)
    assert list_content(cache) == {}


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (b"<html>maintenance</html>", DownloadError, "is a web page"),
        (b"not json", DownloadError, "not a json file"),
        (b"[" * 100_000, DownloadError, "not a json file"),
        (b"[]", InputError, r"not understood.*expected success"),
        (b'{"success": false, "error": {}}', InputError, "found error, success"),
        (b'{"success": true, "result": {"resources": {}}}', InputError, "not understood"),
        (b'{"success": true, "result": {"resources": []}}', InputError, "no file of the kind"),
    ],
)
def test_answers_that_are_none(server, cache, body, error, message):
    server.routes[SHOW] = give(body, kind="application/json")
    with pytest.raises(error, match=message) as caught:
        fetch("atvk", cache=cache, portal=f"{server.address}/dati", limits=QUICK)
    assert "\n" not in str(caught.value)
    assert not cache.folder.exists()


def test_files_elsewhere_are_refused_unless_named(server, cache):
    portal = serve_dataset(server, url="https://example.org/files/r.csv")
    with pytest.raises(DownloadError, match=r"from example.org, which is not one of") as caught:
        fetch("atvk", cache=cache, portal=portal, limits=QUICK)
    assert "--url" in str(caught.value)
    address = f"{server.address}/dati/files/r.csv"
    entry = fetch("atvk", cache=cache, address=address, limits=QUICK)
    assert (entry.address, entry.path.read_bytes()) == (address, ROWS)


# ---- the extract ----------------------------------------------------------------------------

PBF = b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c" + bytes(200)


def test_an_extract_is_compared_with_the_hash_beside_it(server, cache):
    address = f"{server.address}/latvia-latest.osm.pbf"
    server.routes["/latvia-latest.osm.pbf"] = give(PBF)
    told = f"{hashlib.md5(PBF).hexdigest()}  latvia-latest.osm.pbf\n".encode()
    server.routes["/latvia-latest.osm.pbf.md5"] = give(told)
    entry = fetch("latvia_roads", cache=cache, address=address, limits=QUICK)
    assert entry.path.name == "latvia_roads.osm.pbf"
    assert entry.path.read_bytes() == PBF
    before = list_content(cache)
    for wrong, message in (
        (b"0" * 32, "does not have the md5"),
        (b"<html>", "is not a md5 file"),
    ):
        server.routes["/latvia-latest.osm.pbf.md5"] = give(wrong)
        with pytest.raises(DownloadError, match=message):
            fetch("latvia_roads", cache=cache, address=address, refresh=True, limits=QUICK)
        assert list_content(cache) == before


def test_an_extract_exchanged_between_its_hash_and_itself(server, cache):
    hashes = [b"0" * 32, hashlib.md5(PBF).hexdigest().encode()]
    server.routes["/l.osm.pbf"] = give(PBF)
    server.routes["/l.osm.pbf.md5"] = lambda handler: send(handler, hashes.pop(0))
    address = f"{server.address}/l.osm.pbf"
    assert fetch("latvia_roads", cache=cache, address=address, limits=QUICK).bytes == len(PBF)
    assert [path for path, _ in server.asked] == ["/l.osm.pbf.md5", "/l.osm.pbf"] * 2


def test_names(cache):
    with pytest.raises(UnknownNameError, match="did you mean robezas"):
        fetch("robezhas", cache=cache)
    with pytest.raises(InputError, match="use fetch_map"):
        fetch("osm_roads", cache=cache)
    assert len({source.name for source in SOURCES}) == len(SOURCES)


def test_offline_says_where_each_file_goes(cache, monkeypatch):
    monkeypatch.setenv("SOCACCESS_OFFLINE", "yes")
    for source in SOURCES:
        if source.portal != "overpass":
            with pytest.raises(DownloadError, match="no connection may be made") as caught:
                fetch(source.name, cache=cache)
            assert caught.value.by_hand == {
                "page": source.page,
                "file": source.file,
                "folder": str(cache.folder / source.name),
            }
    assert not cache.folder.exists()
