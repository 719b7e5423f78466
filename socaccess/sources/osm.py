"""OpenStreetMap files: roads, settlements and candidate facilities.

OpenStreetMap data is (c) OpenStreetMap contributors, ODbL 1.0; what is made from it
says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from socaccess import crs as crs_
from socaccess.errors import InputError
from socaccess.sources.osm_facilities import (
    FACILITY_KEYS,
    TaggedPoint,
    guess_service,
    is_social_facility,
    read_tagged_points,
)
from socaccess.sources.osm_files import describe_file
from socaccess.sources.osm_roads import (
    DRIVEN_CLASSES,
    RoadElements,
    TurnRestriction,
    read_road_elements,
)
from socaccess.sources.osm_tags import (
    knows_oneway,
    parse_duration,
    parse_maxspeed,
    parse_population,
    read_access,
    read_directions,
)

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "DRIVEN_CLASSES",
    "PLACE_KINDS",
    "RoadElements",
    "TurnRestriction",
    "knows_oneway",
    "parse_duration",
    "parse_maxspeed",
    "parse_population",
    "read_access",
    "read_candidate_facilities",
    "read_directions",
    "read_osm_settlements",
    "read_road_elements",
]

ATTRIBUTION: Final = "© OpenStreetMap contributors, ODbL 1.0"

PLACE_KINDS: Final = {
    "city": "city",
    "town": "town",
    "village": "village",
    "hamlet": "village",
    "isolated_dwelling": "village",
    "farm": "village",
    "borough": "neighbourhood",
    "suburb": "neighbourhood",
    "quarter": "neighbourhood",
    "neighbourhood": "neighbourhood",
}
"""Values of `place` that are settlements, and the kind of settlement each is for us."""


def read_osm_settlements(
    path: str | Path,
    *,
    places: Sequence[str] = ("city", "town", "village", "hamlet"),
    crs: str | None = None,
) -> gpd.GeoDataFrame:
    """Return the settlements of an OpenStreetMap file, one row per place.

    A place drawn both as a point and as an area of the same name and kind, the point
    within 5 km of the middle of the area, is one place: the point.

    Parameters
    ----------
    path
        `.osm.pbf` or `.osm`.
    places
        Which values of `place` to read; `PLACE_KINDS` holds all there are.
    crs
        System of the points; None for EPSG:3059 in Latvia, else the UTM zone.

    Returns
    -------
    GeoDataFrame
        `settlement_id` (`node/1`), `name` (None where there is none), `kind` (city,
        town, village, neighbourhood), `place` (as tagged), `population` (NaN where
        unknown), `geometry` (points; empty where the file lacks the nodes).
        `attrs` holds `source` and `counts`.

    Raises
    ------
    InputError
        If the file cannot be read, or `places` names what is no settlement.
    """
    import geopandas as gpd

    unknown = tuple(place for place in places if place not in PLACE_KINDS)
    if unknown:
        known = list(PLACE_KINDS)
        raise InputError("osm.no_place_kind", where="places", rows=unknown, known=known)
    chosen = frozenset(places)
    points, counts = read_tagged_points(path, ("place",), lambda tags: tags["place"] in chosen)
    kept = _drop_areas_of_points(points)
    counts["areas_with_a_point"] = len(points) - len(kept)
    counts["without_name"] = sum("name" not in point.tags for point in kept)
    geometry, metric = _draw_points(kept, crs)
    frame = gpd.GeoDataFrame(
        {
            "settlement_id": [point.name for point in kept],
            "name": [point.tags.get("name") for point in kept],
            "kind": [PLACE_KINDS[point.tags["place"]] for point in kept],
            "place": [point.tags["place"] for point in kept],
            "population": np.array(
                [_or_nan(parse_population(point.tags.get("population"))) for point in kept],
                dtype=float,
            ),
        },
        geometry=geometry,
        crs=metric,
    )
    frame.attrs = {"source": _tell_source(path), "counts": counts}
    return frame


def read_candidate_facilities(path: str | Path, *, crs: str | None = None) -> gpd.GeoDataFrame:
    """Return the social facilities of an OpenStreetMap file: candidates, to be checked by hand.

    Read are `amenity=social_facility`, everything with `social_facility=*`, and the
    older `amenity=nursing_home` and its like, as nodes, ways and relations. Whoever
    drew them did not know our catalogue: `service` is filled only where the tags
    leave no doubt, and `reason` says for every row why, or why not.

    Parameters
    ----------
    path
        `.osm.pbf` or `.osm`.
    crs
        System of the points; None for EPSG:3059 in Latvia, else the UTM zone.

    Returns
    -------
    GeoDataFrame
        `facility_id` and `site_id` (`way/2`), `name`, `service` and `target_group` (None
        where not mapped), `places` (NaN where unknown), `status` (`operating`: the map
        shows what is there), `location_precision` (`address`), `social_facility`,
        `social_facility_for` (as tagged), `reason`, `source`, `geometry` (points).
        `attrs` holds `source`, `counts` and `not_mapped` (how many rows for each reason).

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    import geopandas as gpd

    points, counts = read_tagged_points(path, FACILITY_KEYS, is_social_facility)
    guesses = [guess_service(point.tags) for point in points]
    geometry, metric = _draw_points(points, crs)
    frame = gpd.GeoDataFrame(
        {
            "facility_id": [point.name for point in points],
            "site_id": [point.name for point in points],
            "name": [point.tags.get("name") for point in points],
            "service": [guess.service for guess in guesses],
            "target_group": [guess.target_group for guess in guesses],
            "places": np.array(
                [_or_nan(parse_population(point.tags.get("capacity"))) for point in points],
                dtype=float,
            ),
            "status": "operating",
            "location_precision": "address",
            "social_facility": [point.tags.get("social_facility") for point in points],
            "social_facility_for": [point.tags.get("social_facility:for") for point in points],
            "reason": [guess.reason for guess in guesses],
            "source": ATTRIBUTION,
        },
        geometry=geometry,
        crs=metric,
    )
    left = Counter(guess.reason for guess in guesses if guess.service is None)
    counts["mapped"] = len(guesses) - left.total()
    counts["not_mapped"] = left.total()
    frame.attrs = {
        "source": _tell_source(path),
        "counts": counts,
        "not_mapped": dict(sorted(left.items(), key=lambda item: (-item[1], item[0]))),
    }
    return frame


def _drop_areas_of_points(points: list[TaggedPoint]) -> list[TaggedPoint]:
    """Return the places without the areas that stand for a point already there."""
    near_degrees = 5 / 111.2
    named: dict[tuple[str, str], list[TaggedPoint]] = {}
    for point in points:
        if point.name.startswith("node/") and "name" in point.tags:
            named.setdefault((point.tags["name"], point.tags["place"]), []).append(point)

    def stands_for_point(area: TaggedPoint) -> bool:
        shrink = np.cos(np.radians(area.lat))
        return any(
            np.hypot((area.lon - point.lon) * shrink, area.lat - point.lat) <= near_degrees
            for point in named.get((area.tags.get("name", ""), area.tags["place"]), ())
        )

    return [
        point for point in points if point.name.startswith("node/") or not stands_for_point(point)
    ]


def _draw_points(points: list[TaggedPoint], crs: str | None) -> tuple[np.ndarray, str]:
    """Return shapely points in `crs`, empty where nothing is known, and that system."""
    import shapely

    lon = np.array([point.lon for point in points], dtype=float)
    lat = np.array([point.lat for point in points], dtype=float)
    known = ~np.isnan(lon)
    target = crs or crs_.choose_metric_crs(lon[known], lat[known])
    x, y = crs_.project_points(lon[known], lat[known], crs_.EXCHANGE, target)
    drawn = np.full(len(points), shapely.Point(), dtype=object)
    drawn[known] = shapely.points(x, y)
    return drawn, target


def _tell_source(path: str | Path) -> dict[str, str]:
    return {**describe_file(Path(path)), "attribution": ATTRIBUTION}


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
