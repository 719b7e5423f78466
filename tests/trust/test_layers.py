"""Layers under our endings that would open other files, ask servers or unpack to too much."""

from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import shapely

from socaccess.errors import InputError
from socaccess.guards import ReadLimits
from socaccess.sources.files import read_rows
from socaccess.sources.layers import list_layers, read_layer

POINT = {"type": "Feature", "properties": {"name": "secret"},
         "geometry": {"type": "Point", "coordinates": [27.7, 56.5]}}  # fmt: skip
COLLECTION = {"type": "FeatureCollection", "features": [POINT]}


@pytest.fixture
def canary(tmp_path):
    """Return a file that nobody named."""
    path = tmp_path / "canary.geojson"
    path.write_text(json.dumps(COLLECTION))
    return path


@pytest.fixture
def server():
    """Yield the address of a server and what it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(COLLECTION).encode())

        do_HEAD = do_POST = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=lambda: running.serve_forever(0.02), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()


def virtual(source, name="canary"):
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{name}"><SrcDataSource>{source}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def make_hostile(kind, file, address):
    pipeline = f"gdal vector pipeline ! read {file} ! write --output-format=MEM out"
    return {
        "virtual file": virtual(file),
        "virtual file behind a brace": "{" + virtual(file),
        "virtual address": virtual(f"/vsicurl/{address}/a.geojson"),
        "pipeline": json.dumps({"type": "gdal_streamed_alg", "command_line": pipeline}),
        "pipeline inside a collection": json.dumps(
            {**COLLECTION, "x": {"type": "gdal_streamed_alg", "command_line": pipeline}}
        ),
        "web features": f"<OGRWFSDataSource><URL>{address}</URL></OGRWFSDataSource>",
        "other file of the machine": virtual("/etc/passwd"),
        "topology": json.dumps({"type": "Topology", "objects": {}, "arcs": []}),
        "lines of features": json.dumps(POINT) + "\n" + json.dumps(POINT),
        "table": "a,b\n1,2\n",
    }[kind]


@pytest.mark.parametrize("ending", [".geojson", ".json", ".kml", ".gpkg", ".shp", ".parquet"])
@pytest.mark.parametrize(
    "kind",
    ["virtual file", "virtual file behind a brace", "virtual address", "pipeline",
     "pipeline inside a collection", "web features", "other file of the machine", "topology",
     "lines of features", "table"],
)  # fmt: skip
def test_no_other_format_is_read_under_our_endings(tmp_path, canary, server, ending, kind):
    address, asked = server
    path = tmp_path / f"layer{ending}"
    path.write_text(make_hostile(kind, canary, address))
    with pytest.raises(InputError) as refused:
        read_rows(path)
    assert refused.value.code in ("sources.other_format", "sources.not_a_layer")
    assert "secret" not in str(refused.value)
    assert not asked


@pytest.mark.parametrize("driver", ["FlatGeobuf", "GML", "SQLite", "TopoJSON", "GeoJSONSeq"])
@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".kml", ".shp"])
def test_a_good_layer_of_another_format_is_refused_by_its_ending(tmp_path, driver, ending):
    places = [shapely.Point(27, 56), shapely.Point(27, 57)]
    points = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=places, crs="EPSG:4326")
    path = tmp_path / "other.fgb"
    if driver == "TopoJSON":
        path.write_text(json.dumps({"type": "Topology", "objects": {}, "arcs": []}))
    else:
        points.to_file(path, driver=driver)
    path = path.rename(path.with_suffix(ending))
    with pytest.raises(InputError) as refused:
        read_rows(path)
    assert refused.value.code in ("sources.other_format", "sources.not_a_layer")


@pytest.fixture
def package(tmp_path):
    """Return a GeoPackage with one layer."""
    points = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(27, 56)], crs="EPSG:4326")
    path = tmp_path / "a.gpkg"
    points.to_file(path, layer="places")
    return path


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("CREATE VIEW v AS SELECT *, ogr_geocode('x') FROM places", "sources.layer_is_view"),
        ("CREATE VIEW v AS SELECT 1", "sources.layer_is_view"),
        ("CREATE TABLE g (a INTEGER, b AS (hex(a)))", "sources.other_format"),
        ("CREATE TABLE g (a INTEGER, b AS (hex(a)) STORED)", "sources.other_format"),
        ("CREATE VIRTUAL TABLE t USING fts5(a)", "sources.other_format"),
    ],
)
def test_a_geopackage_computes_nothing_while_it_is_read(package, statement, code):
    with closing(sqlite3.connect(package)) as base:
        base.execute(statement)
        base.commit()
    with pytest.raises(InputError) as refused:
        read_rows(package)
    assert refused.value.code == code


def test_a_geopackage_of_a_gis_program_with_styles_is_one_layer(package):
    with closing(sqlite3.connect(package)) as base:
        base.execute("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleqml TEXT)")
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '2026-01-01T00:00:00.000Z')"
        )
        base.commit()
    assert list_layers(package) == ["places"]
    assert read_rows(package)[0]["name"].tolist() == ["a"]


def test_limits_are_looked_at_before_a_layer_is_read(package):
    with pytest.raises(InputError) as refused:
        read_layer(package, limits=ReadLimits(max_rows=0))
    assert refused.value.code == "sources.too_many_rows"


def test_a_small_parquet_file_of_long_equal_texts_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"name": pa.repeat("x" * 10_000, 100_000)})
    parquet.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError) as refused:
        read_rows(path)
    assert refused.value.code == "guards.unpacks_large"


def test_a_parquet_file_of_very_many_rows_or_columns_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"a": np.zeros(2_000_001, dtype=np.int8)}), path)
    with pytest.raises(InputError) as refused:
        read_rows(path)
    assert refused.value.code == "sources.too_many_rows"
    parquet.write_table(pa.table({f"c{i}": [1] for i in range(1_001)}), path)
    with pytest.raises(InputError) as refused:
        read_rows(path)
    assert refused.value.code == "guards.too_many_columns"


def far_row(cell):
    near = '<row r="1"><c r="A1"><v>1</v></c></row>'
    return f'{near}<row r="{cell.lstrip("XFDZ")}"><c r="{cell}"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (far_row("XFD1048576"), "guards.too_many_columns"),
        (far_row("ZZ1048576"), "guards.too_many_cells"),
        ('<row r="9999999"><c r="A9999999"><v>1</v></c></row>', "sources.too_many_rows"),
    ],
)
def test_a_small_workbook_with_a_far_cell_is_refused(tmp_path, cells, code):
    book, path = openpyxl.Workbook(), tmp_path / "a.xlsx"
    book.active.append(["a"])
    book.save(path)
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    )
    far = tmp_path / "far.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(far, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, sheet if "worksheets/" in part else old.read(part))
    assert far.stat().st_size < 10_000
    with pytest.raises(InputError) as refused:
        read_rows(far)
    assert refused.value.code == code


def test_a_text_table_of_very_many_columns_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{i}" for i in range(300_000)) + "\n")
    with pytest.raises(InputError) as refused:
        read_rows(path)
    assert refused.value.code == "guards.too_many_columns"
