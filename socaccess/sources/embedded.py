"""The data that ships with the project: where it is, what it says, whether it is whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from socaccess import crs as crs_
from socaccess.errors import InputError, UnknownNameError

__all__ = [
    "PACKAGES",
    "Resource",
    "find_resource",
    "load_main_roads",
    "load_rivers",
    "load_water",
    "read_embedded",
    "read_package",
    "verify_data",
]

PACKAGES = ("boundaries", "settlements", "services", "roads", "water")


@dataclass(frozen=True)
class Resource:
    """One embedded file with what its data package says of it."""

    package: str
    path: Path
    descriptor: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The hash the data package states."""
        return str(self.descriptor["hash"]).removeprefix("sha256:")


def _data_folder() -> Path:
    here = Path(__file__).resolve().parent.parent
    installed = here / "data"
    return installed if installed.is_dir() else here.parent / "data"


@cache
def read_package(name: str) -> dict[str, Any]:
    """Return the `datapackage.json` of one embedded folder.

    Raises
    ------
    UnknownNameError
        If there is no such folder.
    """
    if name not in PACKAGES:
        raise UnknownNameError("sources.no_package", name=name, known=PACKAGES)
    path = _data_folder() / name / "datapackage.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def find_resource(package: str, file: str) -> Resource:
    """Return one embedded file, by its name inside the data package."""
    for descriptor in read_package(package)["resources"]:
        if descriptor["path"] == file:
            return Resource(package, _data_folder() / package / file, descriptor)
    raise UnknownNameError("sources.no_embedded_file", package=package, file=file)


def read_embedded(package: str, file: str) -> pd.DataFrame:
    """Return one embedded CSV table, typed by its schema.

    Text is str (missing: None), whole numbers Int64, numbers float, flags bool.
    """
    resource = find_resource(package, file)
    fields = resource.descriptor["schema"]["fields"]
    kinds = tuple((field["name"], field["type"]) for field in fields)
    return _read_table(resource.path, kinds).copy()


@lru_cache(maxsize=16)
def _read_table(path: Path, kinds: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """Read a table once a process: names of groups are asked for again and again."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    for name, kind in kinds:
        column = frame[name]
        if kind in ("integer", "year"):
            frame[name] = pd.to_numeric(column.where(column != ""), errors="raise").astype("Int64")
        elif kind == "number":
            frame[name] = pd.to_numeric(column.where(column != ""), errors="raise").astype(float)
        elif kind == "boolean":
            frame[name] = column == "true"
        else:
            frame[name] = column.astype(object).where(column != "", None)
    return frame


def list_attributions(lang: str) -> list[str]:
    """Return the attributions of all embedded data in one language, each once."""
    lines = (read_package(name).get("attribution", {}).get(lang, "") for name in PACKAGES)
    return list(dict.fromkeys(line for line in lines if line))


def list_caveats(package: str, lang: str) -> list[str]:
    """Return what one embedded folder warns of, in one language."""
    return list(read_package(package).get("caveats", {}).get(lang, []))


def verify_data() -> pd.DataFrame:
    """Return every embedded file with the hash it should have and the one it has.

    Columns: package, path, bytes, sha256, whole (bool).
    """
    rows = []
    for name in PACKAGES:
        for descriptor in read_package(name)["resources"]:
            resource = find_resource(name, descriptor["path"])
            content = resource.path.read_bytes() if resource.path.is_file() else b""
            digest = hashlib.sha256(content).hexdigest()
            rows.append((name, descriptor["path"], len(content), digest, digest == resource.sha256))
    return pd.DataFrame(rows, columns=["package", "path", "bytes", "sha256", "whole"])


def require_whole() -> None:
    """Raise `InputError` if an embedded file is missing or was changed."""
    found = verify_data()
    broken = found[~found["whole"]]
    if len(broken):
        rows = list(broken["package"] + "/" + broken["path"])
        raise InputError("sources.embedded_changed", where="data", rows=rows)


def load_main_roads() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables: nodes and edges, one connected graph.

    Nodes have `node_id`, `settlement_id` (the settlement a state-road node stands for, where it
    does), `lon`, `lat`; edges `edge_id`, `from_id`, `to_id`, `length_km`, `source` (osm, state,
    joint), `road_class`, `road` and `beside`.

    State and main roads of Latvia with a margin across the border; lengths follow the road,
    shapes are straight between nodes, and nothing is known of one-way.
    """
    return read_embedded("roads", "nodes.csv"), read_embedded("roads", "edges.csv")


def load_water(
    crs: object = crs_.LATVIA, frame_m: tuple[float, float, float, float] | None = None
) -> gpd.GeoDataFrame:
    """Return the water in and around Latvia, or what of it lies inside a frame.

    Parameters
    ----------
    crs
        System of the result and of `frame_m`.
    frame_m
        West, south, east, north; outlines are cut there. By default nothing is cut.

    Returns
    -------
    geopandas.GeoDataFrame
        `water_id`, `kind` (inland or sea), `area_km2` and polygons, the largest first.
        Shores are coarse: draw them, calculate nothing by them.

    Examples
    --------
    >>> water = load_water()
    >>> bool(water.loc[water["kind"] == "sea", "area_km2"].sum() > 10_000)
    True
    """
    frame = _read_layer("water", "water.geojson").to_crs(crs)
    if frame_m is None:
        return frame
    cut = shapely.clip_by_rect(frame.geometry.to_numpy(), *frame_m)
    return frame.set_geometry(list(cut), crs=frame.crs)[~shapely.is_empty(cut)].reset_index(
        drop=True
    )


def load_rivers(crs: object = crs_.LATVIA) -> gpd.GeoDataFrame:
    """Return the courses of large rivers in and around Latvia.

    Returns
    -------
    geopandas.GeoDataFrame
        `river_id`, `length_km` and lines, the longest first. Rivers that meet are one. A course
        is drawn through pieces of a river's bed; between them it may be off by 500 m.

    Examples
    --------
    >>> bool(load_rivers()["length_km"].iloc[0] > 500)  # the Daugava and what flows into it
    True
    """
    return _read_layer("water", "rivers.geojson").to_crs(crs)


def _read_layer(package: str, file: str) -> gpd.GeoDataFrame:
    return _read_shapes(find_resource(package, file).path).copy()


@lru_cache(maxsize=4)
def _read_shapes(path: Path) -> gpd.GeoDataFrame:
    # Faster than the general reader: a run draws these every time.
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    geometry = shapely.from_geojson([json.dumps(each["geometry"]) for each in features])
    return gpd.GeoDataFrame(
        [each["properties"] for each in features], geometry=list(geometry), crs=crs_.EXCHANGE
    )
