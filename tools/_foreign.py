"""Files that are not what their name says, and small files of large dimensions: seeds to fuzz."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache

import numpy as np

__all__ = ["list_foreign", "list_large", "make_far_workbook", "make_wide_table", "virtual_layer"]

_ADDRESS = "http://127.0.0.1:9"
_OTHER = "/etc/passwd"


def virtual_layer(source: str, name: str = "canary") -> str:
    """Return a list of layers that stand in another file."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{name}"><SrcDataSource>{source}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def list_foreign(file: str = _OTHER, address: str = _ADDRESS) -> list[bytes]:
    """Return contents that make some driver open `file`, ask `address` or start a pipeline."""
    pipeline = f"gdal vector pipeline ! read {file} ! write --output-format=MEM out"
    streamed = {"type": "gdal_streamed_alg", "command_line": pipeline}
    texts = (
        virtual_layer(file),
        "{" + virtual_layer(file),
        virtual_layer(f"/vsicurl/{address}/a.geojson"),
        virtual_layer(f"/vsizip/{file}/a.geojson"),
        json.dumps(streamed),
        json.dumps({"type": "FeatureCollection", "features": [], "x": streamed}),
        f"<OGRWFSDataSource><URL>{address}</URL></OGRWFSDataSource>",
        f"GPSBabel:gpx:{file}",
        json.dumps({"type": "Topology", "objects": {}, "arcs": []}),
        (
            '<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link>'
            f"<href>{address}</href></Link></NetworkLink></kml>"
        ),
        f'<!DOCTYPE a [<!ENTITY b SYSTEM "file://{file}">]><kml>&b;</kml>',
        "%PDF-1.4\n",
        "\x89PNG\r\n\x1a\n",
    )
    return [text.encode("latin-1", "replace") for text in texts]


def make_wide_table(columns: int = 300_000) -> bytes:
    """Return a text table of very many columns."""
    return ",".join(f"c{number}" for number in range(columns)).encode() + b"\n1,2\n"


def make_far_workbook(cells: str) -> bytes:
    """Return a workbook of a few kilobytes with these rows of cells, however far they lie."""
    import openpyxl

    book, plain, far = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["a"])
    book.save(plain)
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    )
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(far, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, sheet if "worksheets/" in part else old.read(part))
    return far.getvalue()


def _far_row(cell: str) -> str:
    near = '<row r="1"><c r="A1"><v>1</v></c></row>'
    return f'{near}<row r="{cell.lstrip("ABCDEFGXYZ")}"><c r="{cell}"><v>1</v></c></row>'


def _make_parquet(rows: int, columns: int, letters: int) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    sink = io.BytesIO()
    values = pa.array(np.full(rows, "x" * letters, dtype=object))
    table = pa.table({f"c{number}": values for number in range(columns)})
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


@cache
def list_large() -> dict[str, list[bytes]]:
    """Return small files of large dimensions by the ending they stand under."""
    return {
        ".csv": [make_wide_table(50_000), b"a,b\n" + b"\n" * 100_000 + b"1,2\n",
                 b'a,b\n"' + b"x" * 500_000],
        ".xlsx": [make_far_workbook(_far_row(cell))
                  for cell in ("XFD1048576", "ZZ1048576", "A1048576", "XFD2")],
        ".parquet": [_make_parquet(50_000, 1, 10_000), _make_parquet(2, 1_200, 5),
                     _make_parquet(100_000, 30, 1)],
        ".geojson": [b'{"type":"FeatureCollection","features":' + b"[" * 100_000,
                     b'{"type":"Feature","geometry":{"type":"MultiPoint","coordinates":['
                     + b"[1,2]," * 50_000 + b"[1,2]]}}"],
        ".kml": [b"<kml>" + b"<Folder>" * 5_000, b"<kml><Document/>" + b"<Placemark/>" * 20_000],
    }  # fmt: skip
