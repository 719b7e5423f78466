"""Overpass through osmnx: a server on this machine answers what osmnx asks."""

from __future__ import annotations

import gzip
import json
import socket

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from socaccess.errors import InputError
from socaccess.network import RoadNetwork
from socaccess.sources.downloads import DownloadError, Limits
from socaccess.sources.osm import read_candidate_facilities
from socaccess.sources.portals import OverpassService, fetch_map
from socaccess.sources.portals.overpass import Elements
from tests.portals.conftest import list_content
from tests.portals.overpass_server import AREA
from tests.portals.servers import give, redirect, send

ox = pytest.importorskip("osmnx")

QUICK = Limits(connect_s=2, read_s=5, total_s=20, pause_s=0.01, tries=2, longest_pause_s=2)


@pytest.fixture
def polygon() -> gpd.GeoSeries:
    return gpd.GeoSeries([AREA], crs=4326).to_crs(3059)


def test_roads_become_a_network(cache, overpass, polygon, server):
    entry = fetch_map("osm_roads", polygon=polygon, service=overpass, cache=cache, limits=QUICK)
    network = RoadNetwork.from_osm(entry.path)
    # The two arms of each road: about 615 m along the parallel, 1113 m along the meridian.
    assert network.length_m.sum() == pytest.approx(2 * 616 + 2 * 1114, rel=0.01)
    # Both roads wholly within reach of the polygon were asked for, by the classes we drive on.
    assert len(server.queries) == 2
    assert "tertiary_link" in server.queries[0]
    assert "poly:" in server.queries[0]
    assert dict(entry.details) == {"licence": "ODbL 1.0", "place": "polygon"}
    sent = [headers["User-Agent"] for _, headers in server.asked]
    assert all(agent.startswith("socaccess/") for agent in sent)


def test_facilities_are_mapped_as_in_an_extract(cache, overpass, polygon, server):
    entry = fetch_map("osm_facilities", polygon=polygon, service=overpass, cache=cache)
    frame = read_candidate_facilities(entry.path).set_index("facility_id")
    assert frame["service"].fillna("").to_dict() == {
        "node/21": "group_home", "way/24": "senior_home", "relation/25": ""}  # fmt: skip
    assert frame.loc["node/21", "name"] == 'Grupu māja "Cerība" <b>&'
    assert frame.loc["way/24", "name"].strip() == "Pansionāts"
    middle = frame.to_crs(4326).loc["way/24", "geometry"]
    assert (middle.x, middle.y) == pytest.approx((27.73, 56.54), abs=1e-6)
    assert len(server.queries) == 1
    assert fetch_map("osm_facilities", polygon=polygon, cache=cache, offline=True) == entry


def test_a_place_is_asked_by_its_name(cache, overpass, server):
    entry = fetch_map("osm_facilities", place="Ludza", service=overpass, cache=cache, limits=QUICK)
    assert dict(entry.details)["place"] == "Ludza"
    assert "q=Ludza" in server.asked[0][0]
    server.routes["/where/search"] = give(b"[]")
    with pytest.raises(InputError, match="Nominatim knows no area"):
        fetch_map("osm_roads", place="Nekurciems", service=overpass, cache=cache, limits=QUICK)


def test_osmnx_is_left_as_it_was(cache, overpass, polygon):
    names = [name for name in dir(ox.settings) if not name.startswith("_")]
    before = {name: getattr(ox.settings, name) for name in names}
    look_up = socket.getaddrinfo
    fetch_map("osm_facilities", polygon=polygon, service=overpass, cache=cache, limits=QUICK)
    assert {name: getattr(ox.settings, name) for name in names} == before
    assert socket.getaddrinfo is look_up


def test_a_server_without_a_free_slot_is_waited_for(cache, overpass, polygon, server):
    full = b"Rate limit: 2\nSlot available after: 2026-11-22T00:00:00Z, in %d seconds.\n"
    server.routes["/api/status"] = give(full % 1)
    fetch_map("osm_facilities", polygon=polygon, service=overpass, cache=cache, limits=QUICK)
    server.routes["/api/status"] = give(full % 900)
    with pytest.raises(DownloadError, match="come back in 16 min"):
        fetch_map("osm_roads", polygon=polygon, service=overpass, cache=cache, limits=QUICK)


def bomb(handler):
    send(handler, gzip.compress(b" " * 30_000_000), headers={"Content-Encoding": "gzip"})


MISBEHAVING = {
    "gives up": (
        give(b'{"elements": [], "remark": "runtime error: Query timed out"}'),
        "remark",
        "gave up on the question",
    ),
    "sends a page": (give(b"<html>Too many requests</html>"), "web_page", "is a web page"),
    "sends nonsense": (give(b"nonsense"), "other_kind", "is not a json file"),
    "sends another thing": (give(b'{"elements": 3}'), "answer", "cannot be understood"),
    "sends broken elements": (
        give(b'{"elements": [{"type": "node", "id": 1, "lat": 999, "lon": 0}]}'),
        "answer",
        "cannot be understood",
    ),
    "is busy": (give(b"", status=429), "busy", "is busy or broken"),
    "refuses": (give(b"", status=400), "status", "answered 400"),
    "redirects": (redirect("https://example.org/api"), "elsewhere", "from example.org"),
    "cuts off": (lambda h: send(h, b'{"elements": [', stated=1000), "cut_off", "broke"),
    "sends a bomb": (bomb, "bomb", "many times its size"),
    "is silent": (lambda h: h.server.stopped.wait(3), "silent", "has been silent"),
}


@pytest.mark.parametrize("name", MISBEHAVING)
def test_one_clear_line_and_the_cache_as_it_was(cache, overpass, polygon, server, name):
    route, reason, message = MISBEHAVING[name]
    options = {"polygon": polygon, "service": overpass, "cache": cache}
    fetch_map("osm_facilities", **options)
    before = list_content(cache)
    server.routes["/api/interpreter"] = route
    limits = Limits(connect_s=2, read_s=1, total_s=5)
    with pytest.raises(DownloadError, match=message) as caught:
        fetch_map("osm_facilities", refresh=True, limits=limits, **options)
    assert caught.value.reason == reason
    assert "\n" not in caught.value.text("lv")
    assert list_content(cache) == before


def test_nothing_there(cache, overpass, polygon, server):
    server.routes["/api/interpreter"] = give(b'{"elements": []}')
    with pytest.raises(InputError, match="has nothing of osm_roads there"):
        fetch_map("osm_roads", polygon=polygon, service=overpass, cache=cache, limits=QUICK)


def test_questions_that_are_not_asked(cache, overpass, polygon, server):
    options = {"service": overpass, "cache": cache, "limits": QUICK}
    latvia = gpd.GeoSeries([shapely.box(21, 55.7, 28.2, 58)], crs=4326)
    with pytest.raises(InputError, match="fetch latvia_roads or another extract"):
        fetch_map("osm_roads", polygon=latvia, **options)
    with pytest.raises(InputError, match="needs a place or a polygon"):
        fetch_map("osm_roads", **options)
    with pytest.raises(InputError, match="needs a place or a polygon"):
        fetch_map("osm_roads", place="Ludza", polygon=polygon, **options)
    with pytest.raises(InputError, match="no coordinate reference system"):
        fetch_map("osm_roads", polygon=gpd.GeoSeries([AREA]), **options)
    with pytest.raises(InputError, match="geometry is not a polygon"):
        fetch_map("osm_roads", polygon=gpd.GeoSeries([AREA.centroid], crs=4326), **options)
    with pytest.raises(InputError, match="use fetch"):
        fetch_map("atvk", place="Ludza", **options)
    with pytest.raises(DownloadError, match="no connection may be made"):
        fetch_map("osm_roads", place="Ludza", offline=True, **options)
    assert server.asked == []


def test_nobody_there_is_told_at_once(cache, polygon):
    with pytest.raises(DownloadError, match="cannot be reached"):
        gone = OverpassService("http://127.0.0.1:9/api", "http://127.0.0.1:9/where")
        fetch_map("osm_facilities", polygon=polygon, service=gone, cache=cache, limits=QUICK)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["node", "way", "relation", 1, 56.5, "<&\"]]>", "\ud800", 2**70]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "id", "lat", "lon", "nodes", "members", "ref", "role", "tags"]),
        inner,
    ),
    max_leaves=15,
)  # fmt: skip
ELEMENT = st.fixed_dictionaries(
    {"type": st.sampled_from(["node", "way", "relation"]), "id": st.integers(1, 9)},
    optional={"lat": st.floats(-90, 90), "lon": st.floats(-180, 180), "nodes": ODD, "tags": ODD,
              "members": ODD},
)  # fmt: skip


@settings(max_examples=80)
@given(elements=st.lists(ELEMENT | ODD, max_size=4))
def test_whatever_overpass_answers_is_refused_or_makes_a_readable_file(tmp_path_factory, elements):
    import osmium

    body = json.dumps({"elements": elements}).encode()
    gathered = Elements()
    try:
        gathered.add(body, "host")
    except DownloadError as error:
        assert error.reason in ("answer", "other_kind")
        return
    path = tmp_path_factory.mktemp("any") / "any.osm"
    gathered.write(path)
    assert sum(1 for _ in osmium.FileProcessor(str(path))) == len(gathered)
