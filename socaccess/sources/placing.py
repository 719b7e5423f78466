"""Where rows lie: by coordinates in columns or layers, or by names in a gazetteer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import CrsError, Problem
from socaccess.schemas import FACILITIES, TableForm, pick_rows
from socaccess.sources.gazetteer import TIE, Gazetteer, Match
from socaccess.sources.reference import Bounds

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "PAIRS",
    "PLACED_COLUMNS",
    "find_swapped",
    "place_points",
    "place_rows",
    "read_numbers",
    "swap_axes",
]

PAIRS = (("lon", "lat"), ("x", "y"))
"""Columns of coordinates, east first: degrees, or a system the user states."""


def place_points(
    frame: pd.DataFrame,
    form: TableForm,
    where: str,
    names: Sequence[object],
    *,
    crs: str | None = None,
    bounds: Bounds | None = None,
) -> tuple[pd.DataFrame, list[Problem], list[Problem]]:
    """Return a table with geometry in a metric system, made from columns where it has none.

    Parameters
    ----------
    frame, form, where, names
        The table, what it should be, its name and those of its rows.
    crs
        System of columns `x`, `y` or of a layer that does not say.
    bounds
        Where points may lie, degrees west, south, east, north. Where every point lies
        outside and would lie inside with its axes swapped, they are.

    Returns
    -------
    tuple
        The table, what is wrong, and what was done that the user should know.
    """
    import geopandas as gpd

    problems: list[Problem] = []
    notes: list[Problem] = []
    if form.geometry == "point" and not isinstance(frame, gpd.GeoDataFrame):
        frame = _part_coordinates(frame)
    if not isinstance(frame, gpd.GeoDataFrame):
        pair = next((p for p in PAIRS if set(p) <= set(frame.columns)), None)
        if form.geometry != "point" or pair is None:
            return frame, [], []
        system = crs_.EXCHANGE if pair == PAIRS[0] else crs
        if system is None:
            return frame, [Problem("sources.no_system", where)], []
        numbers = []
        for column in pair:
            number, found = read_numbers(frame[column], where, column, names)
            problems += found
            numbers.append(number)
        points = gpd.GeoSeries(gpd.points_from_xy(*numbers), index=frame.index)
        points = points.where(np.isfinite(numbers[0]) & np.isfinite(numbers[1]))
        frame = gpd.GeoDataFrame(frame, geometry=points, crs=_read_system(system, where))
    elif frame.crs is None:
        if crs is None:
            return frame, [], []
        frame = frame.set_crs(_read_system(crs, where))
    if form.geometry == "point":
        frame, notes = _make_points(frame, where, names)
    if form.geometry == "point" and bounds is not None and _all_swapped(frame, bounds):
        frame = frame.set_geometry(swap_axes(frame.geometry))
        notes.append(Problem("sources.all_axes_swapped", where))
    return crs_.to_metric(frame, where), problems, notes


_PAIR = re.compile(r"\s*([+-]?\d{1,2}[.,]\d+)\s*[°NZ]?\s*[,; ]\s*([+-]?\d{1,2}[.,]\d+)\s*[°EA]?\s*")


def _part_coordinates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose one column of coordinates is parted: well-known text, or a pair.

    Of a pair in degrees the greater is the latitude where one is above 40 and the other
    below, as everywhere in this part of the world; else latitude is written first.
    """
    import shapely

    if "coordinates" not in frame or any(set(pair) <= set(frame.columns) for pair in PAIRS):
        return frame
    texts = frame["coordinates"].map(_read_text)
    east: list[object] = []
    north: list[object] = []
    for text in texts:
        pair = _PAIR.fullmatch(text)
        shape = shapely.from_wkt(text, on_invalid="ignore") if "(" in text else None
        if shape is not None and not shape.is_empty:
            point = shape.centroid
            east.append(point.x)
            north.append(point.y)
        elif pair:
            first, second = (float(number.replace(",", ".")) for number in pair.groups())
            turned = first < 40 < second
            east.append(first if turned else second)
            north.append(second if turned else first)
        else:
            east.append(text or None)
            north.append(text or None)
    return frame.assign(lon=pd.Series(east, index=frame.index, dtype=object),
                        lat=pd.Series(north, index=frame.index, dtype=object))  # fmt: skip


LARGEST_BUILDING_M = 500.0
"""Outlines and groups of points no wider than this (inclusive) stand for one address."""


def _make_points(
    frame: gpd.GeoDataFrame, where: str, names: Sequence[object]
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Return a table whose outlines of buildings and groups of points are points; others stay."""
    import shapely

    geometry = np.asarray(frame.geometry.array)
    absent = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    other = ~absent & (shapely.get_type_id(geometry) != shapely.GeometryType.POINT)
    if not other.any():
        return frame, []
    west, south, east, north = shapely.bounds(
        np.asarray(crs_.to_metric(frame[other], where).geometry.array)
    ).T
    small = np.maximum(east - west, north - south) <= LARGEST_BUILDING_M
    rows = np.flatnonzero(other)[small]
    if not len(rows):
        return frame, []
    geometry = geometry.copy()
    geometry[rows] = shapely.centroid(geometry[rows])
    made = np.isin(np.arange(len(frame)), rows)
    points = type(frame.geometry)(geometry, index=frame.index, crs=frame.crs)
    return frame.set_geometry(points), [
        Problem("sources.points_made", where, pick_rows(names, made))
    ]


def read_numbers(
    values: pd.Series, where: str, column: str, names: Sequence[object]
) -> tuple[np.ndarray, list[Problem]]:
    """Return numbers written with decimal point or comma (missing: NaN), and what is none."""
    text = values.astype(str).str.replace(r"\s", "", regex=True)
    text = text.str.replace(",", ".", regex=False)
    blank = values.isna() | (text == "")
    number = pd.to_numeric(text.where(~blank), errors="coerce").astype(float)
    bad = (number.isna() | np.isinf(number)) & ~blank
    if not bad.any():
        return number.to_numpy(dtype=float), []
    return number.where(~bad).to_numpy(dtype=float), [
        Problem("sources.not_a_coordinate", where, pick_rows(names, bad, values), column=column)
    ]


def find_swapped(frame: gpd.GeoDataFrame, bounds: Bounds) -> np.ndarray:
    """Return which points lie outside `bounds` and would lie inside with their axes swapped."""
    inside = _lie_inside(frame.geometry, bounds)
    return ~inside & _lie_inside(swap_axes(frame.geometry), bounds)


def _all_swapped(frame: gpd.GeoDataFrame, bounds: Bounds) -> bool:
    points = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    points = points[points.geom_type == "Point"]
    return bool(len(points)) and bool(find_swapped(points, bounds).all())


def swap_axes(points: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return points with their axes the other way round, in the same system."""
    import shapely

    swapped = shapely.transform(np.asarray(points.array), lambda xy: xy[:, ::-1])
    return type(points)(swapped, index=points.index, crs=points.crs)


def _lie_inside(points: gpd.GeoSeries, bounds: Bounds) -> np.ndarray:
    degrees = points.to_crs(crs_.EXCHANGE)
    lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
    west, south, east, north = bounds
    with np.errstate(invalid="ignore"):
        return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _read_system(crs: str, where: str) -> object:
    from pyproj import CRS
    from pyproj.exceptions import CRSError as UnreadableError

    try:
        return CRS.from_user_input(crs)
    except UnreadableError:
        raise CrsError("sources.unknown_system", where=where, system=crs) from None


LEAST_CONFIDENCE = 0.75
"""Below it (exclusive) a place is proposed, not taken."""

SHOWN = 5

_UNSTATED = FACILITIES.column("location_precision").default

PLACED_COLUMNS = ("settlement_id", "municipality_id", "location_precision", "confidence",
                  "placing", "candidates")  # fmt: skip
"""What placing adds to a table."""


@dataclass(frozen=True)
class _Answer:
    placing: str
    match: Match | None
    candidates: str


def place_rows(
    frame: pd.DataFrame,
    gazetteer: Gazetteer | None = None,
    *,
    least_confidence: float = LEAST_CONFIDENCE,
) -> gpd.GeoDataFrame:
    """Return a table with points where a gazetteer finds the places its rows name.

    Columns `settlement`, `address` and `municipality` (or `municipality_id`) say where;
    `settlement_id` decides, which is how a user answers what was ambiguous.

    Parameters
    ----------
    frame
        Any table; rows that have a point keep it.
    gazetteer
        Where to look; the embedded one of Latvia by default.
    least_confidence
        From this on (inclusive, 0-1) a place is taken, below it only proposed.

    Returns
    -------
    geopandas.GeoDataFrame
        All rows in their order, with

        - `placing`: `given` (had a point), `decided` (by `settlement_id`), `placed`,
          `municipality` (only that is known: no point), `ambiguous` (several places fit
          about equally: no point, `candidates` names them), `unsure` (something
          resembles it: no point), `not_found`;
        - `confidence`: 0 to 1, missing where nothing was placed;
        - `location_precision`: `settlement` or `parish` for points of a gazetteer (their
          centre), `municipality` or `none` without a point; given points keep theirs.

    Examples
    --------
    >>> table = pd.DataFrame({"settlement": ["Ludzā", "Salas pag."]})
    >>> place_rows(table)[["placing", "confidence"]].fillna(0).values.tolist()
    [['placed', 0.9], ['ambiguous', 0.0]]
    """
    import geopandas as gpd

    gazetteer = gazetteer or Gazetteer.embedded()
    position = {str(key): i for i, key in enumerate(gazetteer.settlements["settlement_id"])}
    points = np.asarray(gazetteer.settlements.geometry.array)
    given = _list_points(frame, gazetteer)
    answers: dict[tuple[str, ...], _Answer] = {}
    told: list[dict[str, Any]] = []
    geometry = []
    for row, point in zip(frame.to_dict("records"), given, strict=True):
        if point is not None:
            told.append({"placing": "given"})
            geometry.append(point)
            continue
        words = tuple(
            _read_text(row.get(name))
            for name in ("settlement_id", "settlement", "address", "municipality_id",
                         "municipality")
        )  # fmt: skip
        if words not in answers:
            answers[words] = _place(words, gazetteer, position, least_confidence)
        answer = answers[words]
        match = answer.match
        told.append(_tell(answer))
        at = position.get(match.settlement_id) if match and match.settlement_id else None
        geometry.append(None if at is None else points[at])
    found = pd.DataFrame(told, index=frame.index)
    plain = pd.DataFrame(frame.drop(columns=["geometry"], errors="ignore"))
    placed = gpd.GeoDataFrame(plain, geometry=geometry, crs=gazetteer.settlements.crs)
    return _join(placed, found)


def _place(
    words: tuple[str, ...],
    gazetteer: Gazetteer,
    position: dict[str, int],
    least_confidence: float,
) -> _Answer:
    decided, settlement, address, municipality_id, municipality = words
    if decided in position:
        row = gazetteer.settlements.iloc[position[decided]]
        home = str(row["municipality_id"])
        name = str(gazetteer.municipality_names.get(home, home))
        match = Match(decided, str(row["name"]), home, name, "settlement", 1.0)
        return _Answer("decided", match, "")
    found = gazetteer.find(settlement, address, municipality=municipality or municipality_id)
    if not found:
        return _Answer("not_found", None, "")
    best = found[0]
    rivals = [match for match in found if best.confidence - match.confidence <= TIE]
    shown = "; ".join(str(match) for match in found[:SHOWN])
    if best.confidence < least_confidence:
        return _Answer("unsure", None, shown)
    if len(rivals) > 1:
        return _Answer("ambiguous", None, "; ".join(str(match) for match in rivals))
    if best.settlement_id is None:
        return _Answer("municipality", best, "")
    return _Answer("placed", best, "")


def _tell(answer: _Answer) -> dict[str, Any]:
    match = answer.match
    told: dict[str, Any] = {"placing": answer.placing, "location_precision": "none"}
    if answer.candidates:
        told["candidates"] = answer.candidates
    if match is not None:
        told |= {"confidence": match.confidence, "location_precision": match.precision,
                 "municipality_id": match.municipality_id}  # fmt: skip
        if match.settlement_id:
            told["settlement_id"] = match.settlement_id
    return told


def _list_points(frame: pd.DataFrame, gazetteer: Gazetteer) -> list[Any]:
    """Return the points rows already have, in the gazetteer's system; None where there is none."""
    import geopandas as gpd

    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
        return [None] * len(frame)
    moved = frame.geometry.to_crs(gazetteer.settlements.crs)
    return [None if point is None or point.is_empty else point for point in moved]


def _join(placed: gpd.GeoDataFrame, found: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the table with what was found, where its owner had not said so already."""
    given = found["placing"].eq("given")
    for name in PLACED_COLUMNS:
        if name not in found:
            found[name] = None
        if name in ("placing", "candidates", "confidence"):
            placed[name] = found[name]
            continue
        own = placed[name] if name in placed else pd.Series(None, index=placed.index, dtype=object)
        if name == "location_precision":
            # Of a point whose precision nobody states, no more is claimed than the form does.
            own = own.astype(object).where(own.notna(), _UNSTATED)
            placed[name] = own.where(given, found[name])
            continue
        blank = own.isna() | (own.astype(str).str.strip() == "")
        placed[name] = own.where(~blank, found[name])
    placed["confidence"] = pd.to_numeric(placed["confidence"])
    return placed


def _read_text(value: object) -> str:
    missing = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    return "" if missing else str(value).strip()
