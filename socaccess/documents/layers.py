"""The layers for GIS: municipalities, settlements, facilities and sites with what was found.

One GeoPackage, in Latvia in EPSG:3059, that QGIS opens already styled, and on request the same
layers as GeoParquet and as GeoJSON in WGS 84.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.coverage import round_shares
from socaccess.documents.analysis import list_counted, rank_municipalities
from socaccess.documents.qgis import LAYER_STYLES, style_layer
from socaccess.documents.tables import (
    SITE_COLUMNS,
    list_tables,
    round_table,
    show_facilities,
    warn_of_small_counts,
)
from socaccess.encoding import encode_json
from socaccess.files import write_aside
from socaccess.i18n import Texts

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study.release import Release
from socaccess.study.released import GAINS

__all__ = ["LAYERS", "list_layers", "write_geojson", "write_geopackage", "write_geoparquet"]

LAYERS = ("municipalities", "settlements", "facilities", "sites")
"""Layers with geometry; `coverage` and `gaps` lie beside them as tables."""

# Every file says it was made then: the same study gives the same bytes.
_WRITTEN = "2020-01-01T00:00:00.000Z"


def list_layers(released: Release) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers in the order of `LAYERS`, in the network's system; no row is left out.

    `municipalities` holds the mean share of the counted services within the limit
    (`share_now`, `share_planned`, `share_suggested`); `settlements` for each counted
    service the minutes to the nearest facility now and the status, how many services
    are within the limit, and the persons of each target group as text, since some are
    marks. What could not be located has no geometry.
    """
    result = released.result
    network = result.study.network
    assert network is not None
    services = list_counted(result)
    frames = {
        "municipalities": _list_municipalities(released, services),
        "settlements": _list_settlements(released, services),
        "facilities": show_facilities(result),
        "sites": _list_sites(released),
    }
    return {
        name: _make_plain(crs_.to_metric(frame, name, network.crs))
        for name, frame in frames.items()
    }


def write_geopackage(released: Release, path: Path, *, lang: str = "lv") -> None:
    """Write the layers, the tables and their styles as one GeoPackage.

    The styles stand in the table `layer_styles`, in the form QGIS makes itself and
    looks for when it opens a layer. A file that is there is replaced, once the new one is whole.
    """
    with write_aside(path) as aside:
        _write_layers(released, aside, lang)


def _write_layers(released: Release, path: Path, lang: str) -> None:
    import pyogrio

    texts = Texts(lang)
    warning = warn_of_small_counts(released, texts)
    layers = list_layers(released)
    tables = list_tables(released)
    with _set_gdal():
        for name, frame in layers.items():
            options = {"IDENTIFIER": texts(f"tables.layer.{name}"), "DESCRIPTION": warning,
                       "GEOMETRY_NAME": "geom"}  # fmt: skip
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                layer_options=options,
                geometry_type="MultiPolygon" if name == "municipalities" else "Point",
                promote_to_multi=name == "municipalities",
            )
        for name in ("coverage", "gaps"):
            options = {"IDENTIFIER": texts(f"tables.layer.{name}"), "DESCRIPTION": warning}
            pyogrio.write_dataframe(
                _make_plain(tables[name]), path, layer=name, driver="GPKG", append=True,
                layer_options=options,
            )  # fmt: skip
    _add_styles(path, layers, texts)


def write_geoparquet(released: Release, folder: Path, *, lang: str = "lv") -> list[Path]:
    """Write each layer as GeoParquet with its sources in the file's metadata; return the paths."""
    import pyarrow.parquet as parquet

    texts = Texts(lang)
    study = released.result.study
    about = {
        "title": study.title[lang],
        "data_dates": study.data_dates,
        "attribution": study.attribution.get(lang, []),
        "warning": warn_of_small_counts(released, texts),
    }
    written = []
    for name, frame in list_layers(released).items():
        path = folder / f"{name}.parquet"
        frame.to_parquet(path, index=False)
        table = parquet.read_table(path)
        metadata = {**(table.schema.metadata or {}),
                    b"socaccess": encode_json(about).encode()}  # fmt: skip
        parquet.write_table(table.replace_schema_metadata(metadata), path)
        written.append(path)
    return written


def write_geojson(released: Release, folder: Path, *, lang: str = "lv") -> list[Path]:
    """Write each layer as GeoJSON in WGS 84 (RFC 7946); return the paths."""
    texts = Texts(lang)
    study = released.result.study
    warning = warn_of_small_counts(released, texts)
    written = []
    for name, frame in list_layers(released).items():
        collection = json.loads(frame.to_crs(crs_.EXCHANGE).to_json(drop_id=True))
        _round_coordinates(collection)
        features = collection["features"]
        content = {
            "type": "FeatureCollection",
            "name": name,
            **({"warning": warning} if warning else {}),
            "title": study.title[lang],
            "attribution": study.attribution.get(lang, []),
            "features": features,
        }
        path = folder / f"{name}.geojson"
        path.write_text(encode_json(content) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _list_municipalities(released: Release, services: list[str]) -> gpd.GeoDataFrame:
    result = released.result
    frame = result.municipalities.copy()
    ranked = rank_municipalities(result, services).set_index("municipality_id")
    for scenario in ("now", "planned", "suggested", "own"):
        frame[f"share_{scenario}"] = frame["municipality_id"].map(ranked[scenario]).round(4)
    for group in sorted(released.protections):
        frame[f"persons_{group}"] = [
            _as_text(released.show_municipality(group, code)) for code in frame["municipality_id"]
        ]
    return frame


def _list_settlements(released: Release, services: list[str]) -> gpd.GeoDataFrame:
    result = released.result
    frame = result.settlements.drop(columns=["population_basis", "lon", "lat"], errors="ignore")
    names = result.municipalities.set_index("municipality_id")["name"]
    frame = frame.assign(municipality=frame["municipality_id"].map(names))
    now = result.settlement_coverage[result.settlement_coverage["scenario"] == "now"]
    shares = np.zeros((len(services), len(frame)))
    for number, service in enumerate(services):
        rows = now[now["service"] == service].set_index("settlement_id")
        rows = rows.reindex(frame["settlement_id"])
        shares[number] = rows["covered_share"]
        frame[f"{service}_min"] = rows["travel_min"].to_numpy().round(1)
        frame[f"{service}_share"] = round_shares(shares[number], 4)
        frame[f"{service}_status"] = rows["status"].to_numpy()
    # How many services a person living there has within their limits, on average.
    within = shares.sum(axis=0)
    frame["services_within"] = np.where(within > 0, np.maximum(within.round(2), 0.01), 0.0)
    frame["services_counted"] = len(services)
    frame["state"] = np.where(
        (shares == 1).all(axis=0), "all", np.where((shares == 0).all(axis=0), "none", "some")
    )
    of_group = now.drop_duplicates(["settlement_id", "service"])
    for group in sorted(released.protections):
        wanted = [s for s, g in released.group_of.items() if g == group]
        rows = of_group[of_group["service"].isin(wanted)].drop_duplicates("settlement_id")
        shown = dict(zip(rows["settlement_id"], released.show_settlements(rows), strict=True))
        frame[f"persons_{group}"] = [_as_text(shown.get(code)) for code in frame["settlement_id"]]
    return frame


def _list_sites(released: Release) -> gpd.GeoDataFrame:
    table = list_tables(released)["sites"]
    sites = released.result.sites
    sites = sites[[*(name for name in SITE_COLUMNS if name in sites), "geometry"]]
    table = table.set_index("site_id").loc[sites["site_id"]]
    for name in GAINS:
        if name in sites:
            sites[name] = [_as_text(value) for value in table[name]]
    for name in ("plan_status", "plan_gap", "plan_weighted_by"):
        sites[name] = table[name].to_numpy()
    return sites


def _as_text(value: int | str | None) -> str | None:
    return None if value is None or value is pd.NA else str(value)


def _make_plain(frame: Any) -> Any:
    """Return a frame of types that every format knows: text, number, whole number, flag."""
    plain = round_table(frame).reset_index(drop=True)
    for name in plain.columns:
        if name == getattr(frame, "_geometry_column_name", None):
            continue
        column = plain[name]
        if column.dtype == object:
            plain[name] = [None if value is None or value is pd.NA or value != value
                           else str(value) for value in column]  # fmt: skip
    if "geometry" in plain:
        # Last, where every reader puts it.
        plain = plain[[*(name for name in plain.columns if name != "geometry"), "geometry"]]
    return plain


def _round_coordinates(node: Any) -> None:
    """Round degrees to 7 decimals (a centimetre), in place."""
    for feature in node["features"]:
        geometry = feature["geometry"]
        if geometry is not None:
            geometry["coordinates"] = _round_nested(geometry["coordinates"])


def _round_nested(value: Any) -> Any:
    return round(value, 7) if isinstance(value, float) else [_round_nested(part) for part in value]


@contextmanager
def _set_gdal() -> Iterator[None]:
    """Make GDAL write a fixed date, and wait for no disk: a file aside is flushed once, whole."""
    import pyogrio

    options = {"OGR_CURRENT_DATE": _WRITTEN, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _add_styles(path: Path, layers: dict[str, Any], texts: Texts) -> None:
    with closing(sqlite3.connect(os.fspath(path))) as base, base:
        base.execute("PRAGMA synchronous = OFF")
        base.execute(LAYER_STYLES)
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (_WRITTEN,),
        )
        for name in layers:
            base.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
                "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, "
                "owner, ui, update_time) VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', NULL, ?)",
                (name, name, style_layer(name, texts), texts(f"tables.layer.{name}"), _WRITTEN),
            )
