"""What a careful colleague would catch in tables that are well formed: contradictions, told.

None of these findings refuses a table: each says which rows contradict what.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import Problem
from socaccess.messages import Message
from socaccess.schemas import pick_rows
from socaccess.sources.placing import swap_axes

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.sources.reference import Bounds

__all__ = [
    "find_doubtful_need",
    "find_doubtful_years",
    "find_far_points",
    "find_mixed_encoding",
    "find_overlaps",
    "find_same_places",
    "find_swapped_outlines",
    "find_totals",
    "find_turned_outlines",
    "find_wrong_shares",
    "list_containing",
]

TOLERANCE_M = 3_000.0
"""How far outside its municipality a point may lie (inclusive): outlines are generalised."""

_LEAST_OVERLAP_KM2 = 0.1
_SYSTEMS = ("EPSG:3059", "EPSG:32634", "EPSG:32635", "EPSG:3346", "EPSG:3301", "EPSG:3857")
"""Metric systems that tables of this part of the world come in."""

_MOSTLY = 0.9


def find_far_points(
    points: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, where: str, names: Sequence[object]
) -> list[Problem]:
    """Find points far outside the municipality their row names, with how far and, if told, why.

    Parameters
    ----------
    points
        Rows with `municipality_id` and points in a metric system.
    outlines
        `municipality_id`, `name` and areas.
    where, names
        Name of the table, and how its owner knows the rows.

    Returns
    -------
    list of Problem
        One finding each for points that lie right with their axes swapped, in another system,
        and for the rest.
    """
    shapes = outlines.to_crs(points.crs).set_index("municipality_id")
    shapes = shapes[~shapes.index.duplicated()]
    there = ~(points.geometry.isna() | points.geometry.is_empty)
    known = (there & points["municipality_id"].isin(shapes.index)).to_numpy()
    if not known.any():
        return []
    own = shapes.geometry.reindex(points["municipality_id"])
    metres = _measure(points.geometry, own)
    far = known & (metres > TOLERANCE_M)
    if not far.any():
        return []
    called = shapes["name"].reindex(points["municipality_id"]).astype(str).tolist()
    problems, left = [], far.copy()
    for code, moved, system in _list_readings(points.geometry):
        right = left & (_measure(moved, own) <= TOLERANCE_M)
        # One row may lie right by chance in another system; nearly all do not.
        if right.any() and (not system or right.sum() >= _MOSTLY * far.sum()):
            rows = _name_far(names, right, called, metres)
            values = {"system": system} if system else {}
            problems.append(Problem(code, where, rows, **values))
            left &= ~right
    if left.any():
        rows = _name_far(names, left, called, metres)
        problems.append(Problem("sources.point_far", where, rows))
    return problems


def list_containing(points: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> list[list[str]]:
    """Return the names of the municipalities each point lies in; none for missing points."""
    import shapely

    shapes = outlines.to_crs(points.crs)
    geometry = np.asarray(points.geometry.array)
    found: list[list[str]] = [[] for _ in range(len(points))]
    there = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    rows, areas = shapely.STRtree(shapes.geometry.to_numpy()).query(
        geometry[there], predicate="within"
    )
    called = shapes["name"].astype(str).tolist()
    for row, area in sorted(zip(there[rows].tolist(), areas.tolist(), strict=True)):
        found[row].append(called[area])
    return found


def find_overlaps(outlines: gpd.GeoDataFrame, where: str) -> list[Problem]:
    """Find municipalities whose outlines overlap, with the area they share."""
    import shapely

    shapes = outlines.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    km2 = shapely.area(shapely.intersection(shapes[first], shapes[second])) / 1e6
    called = outlines["name"].astype(str).tolist()
    rows = [
        Message("sources.overlap", first=called[i], second=called[j], area_km2=round(float(a), 1))
        for i, j, a in zip(first.tolist(), second.tolist(), km2, strict=True)
        if a >= _LEAST_OVERLAP_KM2
    ]
    return [Problem("sources.outlines_overlap", where, rows)] if rows else []


def find_turned_outlines(
    outlines: gpd.GeoDataFrame, points: gpd.GeoDataFrame, where: str
) -> list[Problem]:
    """Find outlines that hold the points only with their axes swapped.

    Parameters
    ----------
    outlines, points
        Areas and points of one study, each in a system of its own.
    where
        Name of the table of outlines.
    """
    degrees = points.geometry.to_crs(crs_.EXCHANGE)
    degrees = degrees[~(degrees.isna() | degrees.is_empty)]
    area = outlines.geometry.to_crs(crs_.EXCHANGE)
    if not len(degrees) or not len(area) or _share_inside(degrees, area) > 1 - _MOSTLY:
        return []
    if _share_inside(degrees, swap_axes(area)) < _MOSTLY:
        return []
    return [Problem("sources.outlines_turned", where, points=len(degrees))]


def find_swapped_outlines(
    outlines: gpd.GeoDataFrame, bounds: Bounds | None, where: str
) -> list[Problem]:
    """Find outlines that lie where they may only with their axes swapped.

    Parameters
    ----------
    outlines
        Areas in a system of their own.
    bounds
        West, south, east and north of the country in degrees; None: anywhere.
    where
        Name of the table of outlines.
    """
    area = outlines.geometry.to_crs(crs_.EXCHANGE)
    if bounds is None or area.is_empty.all():
        return []
    west, south, east, north = bounds
    right, turned = (
        (box[0] >= west and box[1] >= south and box[2] <= east and box[3] <= north)
        for box in (area.total_bounds, area.total_bounds[[1, 0, 3, 2]])
    )
    return [Problem("sources.outlines_swapped", where)] if turned and not right else []


def find_doubtful_years(
    facilities: pd.DataFrame, where: str, names: Sequence[object], *, year: int | None = None
) -> list[Problem]:
    """Find facilities whose status contradicts the years they were opened or closed in.

    Parameters
    ----------
    facilities
        `status`, and `opened` or `closed` where stated.
    where, names
        Name of the table, and how its owner knows the rows.
    year
        The present year; today's by default.
    """
    year = year or dt.date.today().year
    blank = pd.Series(np.nan, index=facilities.index)
    opened, closed = (
        pd.to_numeric(facilities[name], errors="coerce") if name in facilities else blank
        for name in ("opened", "closed")
    )
    status = facilities.get("status", blank)
    doubts = (
        ("sources.operating_but_closed", (status == "operating") & (closed < year), closed),
        ("sources.operating_before_opening", (status == "operating") & (opened > year), opened),
        ("sources.planned_but_opened", (status == "planned") & (opened < year), opened),
        ("sources.closed_in_future", (status == "closed") & (closed > year), closed),
        ("sources.closed_before_opened", closed < opened, closed),
    )
    return [
        Problem(code, where, pick_rows(names, mask, shown.astype("Int64")))
        for code, mask, shown in doubts
        if mask.any()
    ]


def find_doubtful_need(
    need: pd.DataFrame, settlements: pd.DataFrame, where: str, names: Sequence[object]
) -> list[Problem]:
    """Find more people in need than there are people, and rows that say one thing twice.

    Parameters
    ----------
    need
        `settlement_id`, `target_group`, `persons`.
    settlements
        `settlement_id`, `name`, `population`.
    where, names
        Name of the table of need, and how its owner knows the rows.
    """
    problems = []
    keys = ["settlement_id", "target_group"]
    twice = need.duplicated(keys, keep=False)
    if twice.any():
        shown = need[keys].astype(str).agg(", ".join, axis=1)
        problems.append(Problem("sources.need_twice", where, pick_rows(names, twice, shown)))
    if "population" not in settlements:
        return problems
    people = settlements.set_index("settlement_id")["population"]
    called = settlements.set_index("settlement_id")["name"]
    summed = need.groupby(keys)["persons"].sum()
    above = [
        Message("sources.need_and_people", name=called[place], persons=float(persons),
                population=float(people[place]))
        for (place, _), persons in summed.items()
        if place in people.index and persons > people[place]
    ]  # fmt: skip
    if above:
        problems.append(Problem("sources.need_above_people", where, above))
    return problems


_LEAST_TOTAL = 10.0
"""Smaller sums come about by chance."""


def find_totals(
    table: pd.DataFrame, column: str, by: Sequence[str], where: str, names: Sequence[object]
) -> list[Problem]:
    """Find rows that hold the sum of the others: of the whole table, or of their group.

    Parameters
    ----------
    table
        Numbers in `column`; the columns of `by` tell groups (those it has not are left out).
    column
        Which numbers are added.
    by
        Columns of groups, each looked at by itself, besides the whole table.
    where, names
        Name of the table, and how its owner knows the rows.

    Examples
    --------
    >>> table = pd.DataFrame({"population": [500, 300, 200, 1000]})
    >>> find_totals(table, "population", [], "a.csv", ["a", "b", "c", "all"])[0].rows[0].text("en")
    'all: 1000'
    """
    numbers = table[column].to_numpy(dtype=float, na_value=np.nan)
    total = np.zeros(len(table), dtype=bool)
    groups = [np.zeros(len(table), dtype=np.int64)]
    groups += [pd.factorize(table[name])[0] for name in by if name in table]
    for group in groups:
        known = (group >= 0) & np.isfinite(numbers)
        sums = np.bincount(group[known], weights=numbers[known], minlength=1)
        sizes = np.bincount(group[known & (numbers > 0)], minlength=len(sums))
        rest = sums[group] - numbers
        equal = np.abs(rest - numbers) <= 1e-6 * np.maximum(numbers, 1)
        # Two rows may be equal by chance; three others that add up are not.
        total |= known & equal & (sizes[group] >= 3) & (numbers >= _LEAST_TOTAL)
    if not total.any():
        return []
    shown = pd.Series([f"{value:g}" for value in numbers], dtype=object)
    return [Problem("sources.total_row", where, pick_rows(names, total, shown), column=column)]


def find_same_places(
    settlements: gpd.GeoDataFrame, where: str, names: Sequence[object]
) -> list[Problem]:
    """Find settlements of one name and municipality that stand on one point."""
    keys = settlements[[name for name in ("name", "municipality_id") if name in settlements]]
    at = settlements.geometry.to_wkb()
    twice = keys.assign(at=at).duplicated(keep=False).to_numpy() & settlements.geometry.notna()
    if not twice.any():
        return []
    rows = pick_rows(names, twice, settlements["name"].astype(str))
    return [Problem("sources.place_twice", where, rows)]


def find_mixed_encoding(table: pd.DataFrame, where: str, names: Sequence[object]) -> list[Problem]:
    """Find texts that were written in one encoding and read in another before they came here.

    Examples
    --------
    >>> table = pd.DataFrame({"name": ["Rēzekne", "LÄ«gatne"]})
    >>> find_mixed_encoding(table, "a.csv", ["row 1", "row 2"])[0].rows[0].text("en")
    'row 2: LÄ«gatne → Līgatne'
    """
    problems = []
    for column in table.columns:
        rows = []
        for row, text in enumerate(table[column]):
            mended = _mend_encoding(text) if isinstance(text, str) else None
            if mended is not None:
                pair = f"{text} → {mended}"
                rows.append(Message("common.row_value", row=names[row], value=pair))
        if rows:
            problems.append(Problem("sources.spoilt_letters", where, rows, column=str(column)))
    return problems


def _mend_encoding(text: str) -> str | None:
    """Return what a text of UTF-8 read as a one-byte encoding was, None for any other."""
    if text.isascii():
        return None
    for codec in ("cp1252", "cp1257", "latin-1"):
        try:
            mended = text.encode(codec).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        if mended != text:
            return mended
    return None


def find_wrong_shares(
    table: pd.DataFrame, where: str, *, by: str = "settlement_id", column: str = "share"
) -> list[Problem]:
    """Find groups whose shares do not add up to 1 (to a hundredth), or are no shares.

    Examples
    --------
    >>> table = pd.DataFrame({"settlement_id": ["a", "a", "b"], "share": [0.5, 0.2, 1.0]})
    >>> [row.text("en") for row in find_wrong_shares(table, "points.csv")[0].rows]
    ['a: 0.7']
    """
    problems = []
    outside = ~table[column].between(0, 1)
    if outside.any():
        rows = pick_rows(table[by].astype(str).tolist(), outside, table[column])
        problems.append(Problem("sources.not_a_share", where, rows))
    sums = table.groupby(by)[column].sum()
    wrong = (sums - 1).abs() > 0.01
    if wrong.any():
        rows = pick_rows(sums.index.astype(str).tolist(), wrong, sums.round(3))
        problems.append(Problem("sources.shares_do_not_add_up", where, rows))
    return problems


def _list_readings(points: gpd.GeoSeries) -> list[tuple[str, gpd.GeoSeries, str]]:
    """Return other ways to read points: with their axes swapped, or in another metric system."""
    degrees = swap_axes(points.to_crs(crs_.EXCHANGE)).to_crs(points.crs)
    swapped = "sources.point_swapped"
    readings = [(swapped, degrees, ""), (swapped, swap_axes(points), "")]
    readings += [
        ("sources.point_other_system", points.set_crs(system, allow_override=True)
         .to_crs(points.crs), system)
        for system in _SYSTEMS
        if points.crs != system
    ]  # fmt: skip
    return readings


def _measure(points: gpd.GeoSeries, shapes: gpd.GeoSeries) -> np.ndarray:
    """Return how far each point lies outside the shape of its row, NaN where that has no answer."""
    import shapely

    geometry = np.asarray(points.array)
    xy = shapely.get_coordinates(shapely.centroid(geometry))
    metres = np.full(len(geometry), np.nan)
    there = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    finite = np.isfinite(xy).all(axis=1)
    rows = there[finite]
    metres[rows] = shapely.distance(geometry[rows], np.asarray(shapes.array)[rows])
    return metres


def _name_far(
    names: Sequence[object], mask: np.ndarray, called: list[str], metres: np.ndarray
) -> list[object]:
    return [
        Message("sources.row_km", row=names[row], name=called[row],
                distance_km=round(float(metres[row]) / 1000, 1))
        for row in np.flatnonzero(mask).tolist()
    ]  # fmt: skip


def _share_inside(points: gpd.GeoSeries, areas: gpd.GeoSeries) -> float:
    import shapely

    shapes = points.to_numpy()
    rows, _ = shapely.STRtree(areas.to_numpy()).query(shapes, predicate="within")
    return len(np.unique(rows)) / len(points)
