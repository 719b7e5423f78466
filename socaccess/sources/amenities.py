"""General services: health care, schools, shops, stops, from OpenStreetMap or a user's table.

OpenStreetMap data is (c) OpenStreetMap contributors, ODbL 1.0; what is made from it
says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import CrsError, InputError, Problem, raise_problems
from socaccess.i18n import fold
from socaccess.schemas import pick_rows, suggest_message
from socaccess.sources.gtfs import MAY_BOARD, Feed
from socaccess.sources.osm import ATTRIBUTION
from socaccess.sources.osm_facilities import read_tagged_points
from socaccess.sources.osm_files import describe_file
from socaccess.sources.tables import read_rows

__all__ = ["KINDS", "classify_tags", "list_stops", "read_amenities", "read_osm_amenities"]

KINDS = ("transport", "health_care", "pharmacy", "school", "preschool", "shop", "bank", "leisure",
         "employment")  # fmt: skip
"""Kinds of general services."""

_TAGS: tuple[tuple[str, frozenset[str], str], ...] = (
    ("highway", frozenset({"bus_stop"}), "transport"),
    ("public_transport", frozenset({"platform", "station"}), "transport"),
    ("amenity", frozenset({"bus_station"}), "transport"),
    ("railway", frozenset({"station", "halt"}), "transport"),
    ("amenity", frozenset({"hospital", "clinic", "doctors"}), "health_care"),
    ("healthcare", frozenset({"hospital", "clinic", "doctor", "centre"}), "health_care"),
    ("amenity", frozenset({"pharmacy"}), "pharmacy"),
    ("amenity", frozenset({"school", "college"}), "school"),
    ("amenity", frozenset({"kindergarten"}), "preschool"),
    ("shop", frozenset({"supermarket", "convenience", "general", "grocery"}), "shop"),
    ("amenity", frozenset({"bank", "atm", "post_office"}), "bank"),
    ("amenity", frozenset({"library", "community_centre", "arts_centre", "theatre"}), "leisure"),
    ("leisure", frozenset({"sports_centre", "park", "pitch"}), "leisure"),
    ("office", frozenset({"employment_agency"}), "employment"),
)
_WORDS = {
    "transports": "transport",
    "pietura": "transport",
    "autobusa pietura": "transport",
    "bus_stop": "transport",
    "bus stop": "transport",
    "veseliba": "health_care",
    "veselibas aprupe": "health_care",
    "arsts": "health_care",
    "gimenes arsts": "health_care",
    "slimnica": "health_care",
    "aptieka": "pharmacy",
    "skola": "school",
    "bernudarzs": "preschool",
    "pirmsskola": "preschool",
    "veikals": "shop",
    "banka": "bank",
    "pasts": "bank",
    "biblioteka": "leisure",
    "kulturas nams": "leisure",
    "brivais laiks": "leisure",
    "nodarbinatiba": "employment",
}
_OSM_ENDINGS = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.opl", ".opl")


def classify_tags(tags: pd.DataFrame) -> pd.Series:
    """Return the kind of every object by its OpenStreetMap tags (columns), None where none fits.

    Examples
    --------
    >>> classify_tags(pd.DataFrame({"amenity": ["pharmacy", "bench"],
    ...                             "shop": [None, "convenience"]})).tolist()
    ['pharmacy', 'shop']
    """
    kinds = pd.Series([None] * len(tags), index=tags.index, dtype=object)
    for key, values, kind in _TAGS:
        if key in tags:
            fits = tags[key].isin(list(values)) & kinds.isna()
            kinds = kinds.where(~fits, kind)
    return kinds


def read_osm_amenities(path: str | Path, *, crs: str | None = None) -> gpd.GeoDataFrame:
    """Return the general services of an OpenStreetMap file, one row an object.

    Nodes stand where they are, ways and relations in the middle of their bounds.

    Parameters
    ----------
    path
        `.osm.pbf` or `.osm`.
    crs
        System of the points; None for EPSG:3059 in Latvia, else the UTM zone.

    Returns
    -------
    geopandas.GeoDataFrame
        `id` (`node/1`), `name` (None where there is none), `kind` (one of `KINDS`) and
        points. `attrs` holds `source` and `counts` (rows of each kind, and
        `not_located`: those of which the file lacks the nodes, which are left out).

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    keys = tuple(dict.fromkeys(key for key, _, _ in _TAGS))
    points, faults = read_tagged_points(path, keys, lambda tags: _find_kind(tags) is not None)
    placed = [point for point in points if not np.isnan(point.lon)]
    lon = np.array([point.lon for point in placed], dtype=float)
    lat = np.array([point.lat for point in placed], dtype=float)
    target = crs or crs_.choose_metric_crs(lon, lat)
    x, y = crs_.project_points(lon, lat, crs_.EXCHANGE, target)
    table = gpd.GeoDataFrame(
        {
            "id": pd.Series([point.name for point in placed], dtype=object),
            "name": pd.Series([point.tags.get("name") for point in placed], dtype=object),
            "kind": pd.Series([_find_kind(point.tags) for point in placed], dtype=object),
        },
        geometry=gpd.points_from_xy(x, y),
        crs=target,
    )
    table.attrs = {
        "source": {**describe_file(Path(path)), "attribution": ATTRIBUTION},
        "counts": {
            **dict(sorted(Counter(table["kind"]).items())),
            "not_located": faults.get("not_located", 0),
        },
    }
    return table


def _find_kind(tags: Mapping[str, str]) -> str | None:
    """Return the kind of one object; the same rules as for a table of tags."""
    return next((kind for key, values, kind in _TAGS if tags.get(key) in values), None)


def list_stops(feed: Feed) -> gpd.GeoDataFrame:
    """Return the stops of a timetable where a trip may be boarded, as general services.

    Returns
    -------
    geopandas.GeoDataFrame
        `id`, `name`, `kind` (`transport`), `layer` (`timetable`) and points, EPSG:3059 in Latvia.
    """
    boards = (feed.rule & MAY_BOARD) != 0
    boards[feed.trip_begin[1:][np.diff(feed.trip_begin) > 0] - 1] = False  # where a trip ends
    used = np.unique(feed.stop[boards])
    lon, lat = feed.stop_lon[used], feed.stop_lat[used]
    used, placed = used[np.isfinite(lon + lat)], np.isfinite(lon + lat)
    lon, lat = lon[placed], lat[placed]
    target = crs_.choose_metric_crs(lon, lat)
    x, y = crs_.project_points(lon, lat, crs_.EXCHANGE, target)
    return gpd.GeoDataFrame(
        {
            "id": [f"stop/{name}" for name in feed.stop_id.take(used).to_pylist()],
            "name": feed.stop_name.take(used).to_pylist(),
            "kind": "transport",
            "layer": "timetable",
        },
        geometry=gpd.points_from_xy(x, y),
        crs=target,
    )


def read_amenities(path: str | Path) -> gpd.GeoDataFrame:
    """Return general services from a user's file.

    Parameters
    ----------
    path
        An OpenStreetMap file (`.osm.pbf`, `.osm`); CSV or XLSX with `kind`, `lon`,
        `lat` and `name`; or GeoJSON, GeoPackage or GeoParquet with `kind` or with
        OpenStreetMap tags as columns, as an export of OpenStreetMap gives. Kinds may be
        written in Latvian. Lines and areas are taken at a point inside them.

    Returns
    -------
    geopandas.GeoDataFrame
        `id`, `name`, `kind` and points in EPSG:3059 (of an OpenStreetMap file beyond
        Latvia: in its UTM zone); objects of no kind are left out.

    Raises
    ------
    InputError
        With everything wrong at once: a kind nobody knows, a missing or impossible
        point.
    """
    path = Path(path)
    if path.name.lower().endswith(_OSM_ENDINGS):
        return read_osm_amenities(path)
    frame, names = read_rows(path)
    frame = frame.rename(columns={c: str(c).strip().lower() for c in frame.columns})
    problems: list[Problem] = []
    if "kind" in frame:
        kinds = frame["kind"].map(_name_kind)
        bad = ~kinds.isin(list(KINDS)).to_numpy()
        if bad.any():
            first = str(frame["kind"].iloc[int(np.flatnonzero(bad)[0])])
            advice = suggest_message(first, [*KINDS, *_WORDS])
            rows = pick_rows(names, bad, frame["kind"])
            problems.append(
                Problem("sources.no_kind", path.name, rows, column="kind", advice=advice)
            )
    else:
        kinds = classify_tags(frame)
        if kinds.isna().all():
            problems.append(Problem("sources.no_kind_column", path.name))
    if isinstance(frame, gpd.GeoDataFrame):
        if frame.crs is None:
            raise CrsError([*problems, Problem("schemas.no_crs", path.name)])
        placed = frame.to_crs(crs_.LATVIA)
        points = placed.geometry.representative_point()
    else:
        points, found = _place(frame, path.name, names)
        problems += found
    raise_problems(problems)
    table = gpd.GeoDataFrame(
        {
            "id": [f"{path.stem}-{number}" for number in range(1, len(frame) + 1)],
            "name": frame.get("name"),
            "kind": kinds,
        },
        geometry=points,
        crs=crs_.LATVIA,
    )
    table = table[table["kind"].notna() & ~(table.geometry.isna() | table.geometry.is_empty)]
    return gpd.GeoDataFrame(table.reset_index(drop=True))


def _name_kind(word: object) -> str | None:
    if word is None or pd.isna(word):
        return None
    text = fold(str(word))
    return _WORDS.get(text, text.replace(" ", "_"))


def _place(
    frame: pd.DataFrame, where: str, names: Sequence[object]
) -> tuple[gpd.GeoSeries, list[Problem]]:
    missing = [name for name in ("lon", "lat") if name not in frame]
    if missing:
        raise InputError(
            "schemas.column_missing", where=where, missing=missing, given=list(map(str, frame))
        )
    numbers, problems = [], []
    for column, low, high in (("lon", 20.5, 28.6), ("lat", 55.4, 58.3)):
        text = frame[column].astype(str).str.strip().str.replace(",", ".", regex=False)
        number = pd.to_numeric(text, errors="coerce")
        bad = ~number.between(low, high).to_numpy()
        if bad.any():
            rows = pick_rows(names, bad, frame[column])
            problems.append(
                Problem("sources.no_degree", where, rows, column=column, low=low, high=high)
            )
        numbers.append(number.to_numpy(dtype=float))
    points = gpd.GeoSeries(gpd.points_from_xy(*numbers, crs=crs_.EXCHANGE), index=frame.index)
    return points.to_crs(crs_.LATVIA), problems
