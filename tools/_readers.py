"""Every way in that files have: the ending, a valid file made here, and how it is read."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Reader:
    """A way in: the ending its files have, a valid file, and how it is read."""

    suffix: str
    make: Callable[[], bytes]
    read: Callable[[Path], object]


TABLE = (
    b"facility_id;name;service;status;places;lon;lat\n"
    b"a;Centrs;dac_grt;operating;12;27,72;56,55\n"
    b"b;\"Nams; lielais\";group_home;planned;;26,10;56,50\n"
)  # fmt: skip


def _frame() -> Any:
    import geopandas as gpd

    points = gpd.points_from_xy([27.72, 26.10], [56.55, 56.50])
    return gpd.GeoDataFrame(
        {"facility_id": ["a", "b"], "name": ["Centrs", "Nams"],
         "service": ["dac_grt", "group_home"], "status": ["operating", "planned"],
         "places": [12.0, None]},
        geometry=points, crs="EPSG:4326",
    )  # fmt: skip


def _make_workbook() -> bytes:
    stream = io.BytesIO()
    table = _frame()
    plain = table.drop(columns="geometry").assign(lon=table.geometry.x, lat=table.geometry.y)
    plain.to_excel(stream, index=False)
    return stream.getvalue()


def _make_layer(name: str, **options: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Shapefiles have short names
            _frame().to_file(path, **options)
        return path.read_bytes()


def _make_parquet() -> bytes:
    stream = io.BytesIO()
    _frame().to_parquet(stream)
    return stream.getvalue()


def _roads() -> Any:
    import pandas as pd

    from socaccess.network import RoadNetwork

    nodes = pd.DataFrame({"node_id": ["a", "b", "c"], "x": [0.0, 1000.0, 2000.0], "y": [0.0] * 3})
    edges = pd.DataFrame(
        {
            "from_id": ["a", "b"],
            "to_id": ["b", "c"],
            "speed_kph": [60.0, 50.0],
            "oneway": [False, True],
        }
    )
    return RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")


def _make_network() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _roads().save(Path(folder) / "n")
        return (Path(folder) / "n").read_bytes()


def _make_hierarchy() -> bytes:
    from socaccess.routing import build_hierarchy

    with tempfile.TemporaryDirectory() as folder:
        build_hierarchy(_roads().graph).save(Path(folder) / "h")
        return (Path(folder) / "h").read_bytes()


OSM = b"""<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6" generator="socaccess">
<node id="1" version="1" lon="27.70" lat="56.50"><tag k="place" v="village"/><tag k="name" v="Aa"/>
</node>
<node id="2" version="1" lon="27.71" lat="56.50"/><node id="3" version="1" lon="27.72" lat="56.51"/>
<way id="7" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="tertiary"/>
<tag k="maxspeed" v="70"/><tag k="oneway" v="no"/></way>
<way id="8" version="1"><nd ref="3"/><nd ref="2"/><tag k="highway" v="residential"/></way>
<relation id="9" version="1"><member type="way" ref="7" role="from"/>
<member type="node" ref="3" role="via"/><member type="way" ref="8" role="to"/>
<tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>
</osm>
"""


def _make_pbf() -> bytes:
    import osmium

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roads.osm.pbf"
        source = Path(folder) / "roads.osm"
        source.write_bytes(OSM)
        with osmium.SimpleWriter(str(path)) as writer:
            for thing in osmium.FileProcessor(str(source)):
                writer.add(thing)
        return path.read_bytes()


SETTINGS = b"""bands_min = [15, 30, 45, 60]
new_sites = 3
[limits_min]
dac_grt = 20.5
[links]
road_kph = 80.0
"""

CLASSIFIER = "Kods,Nosaukums,Līmenis\n0001000,Rīga,1\n0640400,Ludzas novads,1\n".encode()
POPULATION = b"Teritorija,Kods,2020,2021\nLudzas novads,LV0055000,21000,20500\n"


def _make_form() -> bytes:
    from socaccess.rounds.forms import FormContent, sign_marks, write_form

    marks = {"form": "socaccess round", "version": "1", "store": "s", "round": "r",
             "municipality_id": "0640400", "revision": "1"}  # fmt: skip
    content = FormContent(
        marks={**marks, "check": sign_marks(marks)},
        introduction={"title": "Latgale", "municipality": "Ludza", "round": "r",
                      "as_of": "2021-12-31", "due": "2022-02-15", "created": "2022-01-01"},
        rows={"facilities": [], "persons": []},
        lists={"service": ["Dienas centrs"], "settlement": ["Ludza"]},
        population=20_000.0,
        lang="lv",
    )  # fmt: skip
    return write_form(content)


def _make_plan() -> bytes:
    from socaccess.rounds.layouts import TableLayout, encode_table

    layout = _layout(TableLayout)
    import pandas as pd

    table = pd.DataFrame({"name": ["a", "=b"], "places": [1, 2], "share": [0.5, None],
                          "open": [True, False]})  # fmt: skip
    return encode_table(layout.fit(table), layout)


def _layout(kind: Any) -> Any:
    columns = {"name": "text", "places": "integer", "share": "number", "open": "flag"}
    return kind("fuzzed", key=("name",), columns=columns)


def _make_manifest() -> bytes:
    from socaccess.scale import write_travel_times

    with tempfile.TemporaryDirectory() as folder:
        points = _frame().rename(columns={"facility_id": "id"})
        write_travel_times(_roads(), points, points.to_crs("EPSG:3059"), folder)
        return (Path(folder) / "manifest.json").read_bytes()


def _read_table(path: Path) -> None:
    from socaccess.sources.tables import read_table

    read_table(path)


def _read_places(path: Path) -> None:
    from socaccess.sources.points import read_points

    read_points(path, "EPSG:3059")


def _read_network(path: Path) -> None:
    from socaccess.network import RoadNetwork

    network = RoadNetwork.load(path)
    # What the file says is used as well: a lie must not come out later.
    network.graph.fingerprint  # noqa: B018
    network.snappable_edges  # noqa: B018
    network.draw_lines(range(network.edge_count))


def _read_hierarchy(path: Path) -> None:
    from socaccess.routing import Hierarchy

    Hierarchy.load(path, _graph())


@cache
def _graph() -> Any:
    return _roads().graph


def _read_osm(path: Path) -> None:
    from socaccess.network import RoadNetwork

    RoadNetwork.from_osm(path)


def _read_osm_points(path: Path) -> None:
    from socaccess.sources.osm import read_candidate_facilities, read_osm_settlements

    read_candidate_facilities(path)
    read_osm_settlements(path)


def _read_settings(path: Path) -> None:
    from socaccess.settings import Settings

    Settings.from_toml(path)


def _read_profile(path: Path) -> None:
    from socaccess.network.speeds import load_profile

    load_profile(path)


def _read_form(path: Path) -> None:
    from socaccess.rounds.workbook import FormError, read_form

    try:
        read_form(path.read_bytes())
    except FormError:
        return  # told to the municipality in its own words; it never leaves the round


def _read_stored(path: Path) -> None:
    from socaccess.rounds.layouts import TableLayout, decode_table

    try:
        decode_table(path.read_bytes(), _layout(TableLayout))
    except ValueError:
        return  # what the store turns into an error of its own


def _read_partitions(path: Path) -> None:
    from socaccess.scale import open_table

    found = path.parent / "manifest.json"
    path.replace(found)
    open_table(path.parent).verify()


def _read_classifier(path: Path) -> None:
    from socaccess.sources.portals.statistics import read_classifier

    read_classifier(path)


def _read_statistics(path: Path) -> None:
    from socaccess.errors import SocAccessError
    from socaccess.sources.portals.statistics import read_population, read_provider_counts

    for read in (read_population, read_provider_counts):
        try:
            read(path)
        except SocAccessError:
            continue


def _read_project(path: Path) -> None:
    from socaccess.study.project import read_project

    read_project(path)


def _make_project() -> bytes:
    return (ROOT / "socaccess" / "study" / "project_en.toml").read_bytes()


def _make_profile() -> bytes:
    folder = ROOT / "socaccess" / "network" / "profiles"
    return next(iter(sorted(folder.glob("*.toml")))).read_bytes()


READERS: dict[str, Reader] = {
    "csv": Reader(".csv", lambda: TABLE, _read_table),
    "places": Reader(".csv", lambda: TABLE, _read_places),
    "workbook": Reader(".xlsx", _make_workbook, _read_table),
    "geojson": Reader(".geojson", lambda: _make_layer("a.geojson"), _read_table),
    "geopackage": Reader(".gpkg", lambda: _make_layer("a.gpkg", layer="a"), _read_table),
    "kml": Reader(".kml", lambda: _make_layer("a.kml", driver="KML"), _read_table),
    "shapefile": Reader(".shp", lambda: _make_layer("a.shp"), _read_table),
    "geoparquet": Reader(".parquet", _make_parquet, _read_table),
    "network": Reader(".network", _make_network, _read_network),
    "hierarchy": Reader(".hierarchy", _make_hierarchy, _read_hierarchy),
    "osm_xml": Reader(".osm", lambda: OSM, _read_osm),
    "osm_pbf": Reader(".osm.pbf", _make_pbf, _read_osm),
    "osm_points": Reader(".osm", lambda: OSM, _read_osm_points),
    "settings": Reader(".toml", lambda: SETTINGS, _read_settings),
    "profile": Reader(".toml", _make_profile, _read_profile),
    "project": Reader(".toml", _make_project, _read_project),
    "form": Reader(".xlsx", _make_form, _read_form),
    "store": Reader(".csv", _make_plan, _read_stored),
    "partitions": Reader(".json", _make_manifest, _read_partitions),
    "classifier": Reader(".csv", lambda: CLASSIFIER, _read_classifier),
    "statistics": Reader(".csv", lambda: POPULATION, _read_statistics),
}
"""Every way in."""
