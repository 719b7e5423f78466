"""General services around homes and sites: health care, schools, shops, stops; and a site's score.

A home in the community needs more than its social service. What municipalities give
as arguments for a site (public transport, health care, schools, shops, pharmacies,
banks, leisure) is counted here, from a table a user brings or from OpenStreetMap
objects. The limits are proposals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.i18n import fold
from socaccess.network import RoadNetwork
from socaccess.schemas import suggest_names
from socaccess.settings import LinkModel
from socaccess.sources.tables import read_rows
from socaccess.travel import nearest
from socaccess.travel.places import find_id_column

__all__ = [
    "KINDS",
    "PROPOSED_CRITERIA",
    "Criterion",
    "classify_tags",
    "reach_amenities",
    "read_amenities",
    "score_sites",
]

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


@dataclass(frozen=True)
class Criterion:
    """One argument for a site.

    Parameters
    ----------
    kind
        Of general service.
    limit
        How near the nearest must be, inclusive.
    unit
        `min` by car, or `m` in a straight line (for what people walk to).
    weight
        Beside the others.
    basis
        What the limit rests on.
    """

    kind: str
    limit: float
    unit: str = "min"
    weight: float = 1.0
    basis: str = "proposal"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownNameError(f"no kind {self.kind!r}; there are {', '.join(KINDS)}")
        if self.unit not in ("min", "m"):
            raise InputError(f"unit must be min or m, got {self.unit!r}")
        if not (self.limit > 0 and self.weight > 0):
            raise InputError(f"{self.kind}: limit and weight must be above 0")


PROPOSED_CRITERIA = (
    Criterion("transport", 500, "m"),
    Criterion("health_care", 15),
    Criterion("pharmacy", 15),
    Criterion("school", 15),
    Criterion("shop", 10),
    Criterion("bank", 15),
    Criterion("leisure", 15),
)
"""The kinds that Rīga and Ventspils cite for their sites; every limit is a proposal of ours."""


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


def read_amenities(path: str | Path) -> gpd.GeoDataFrame:
    """Return general services from a user's file.

    Parameters
    ----------
    path
        CSV or XLSX with `kind`, `lon`, `lat` and `name`; or GeoJSON, GeoPackage or
        GeoParquet with `kind` or with OpenStreetMap tags as columns, as an export of
        OpenStreetMap gives. Kinds may be written in Latvian. Lines and areas are taken
        at a point inside them.

    Returns
    -------
    geopandas.GeoDataFrame
        `id`, `name`, `kind` and points in EPSG:3059; OpenStreetMap objects of no kind
        are left out.

    Raises
    ------
    InputError
        With everything wrong at once: a kind nobody knows, a missing or impossible
        point.
    """
    path = Path(path)
    frame, names = read_rows(path)
    frame = frame.rename(columns={c: str(c).strip().lower() for c in frame.columns})
    problems: list[Problem] = []
    if "kind" in frame:
        kinds = frame["kind"].map(_name_kind)
        bad = ~kinds.isin(list(KINDS)).to_numpy()
        if bad.any():
            first = str(frame["kind"].iloc[int(np.flatnonzero(bad)[0])])
            near = suggest_names(first, [*KINDS, *_WORDS], most=1)
            problems.append(
                Problem(
                    "kind is not known",
                    f"{path.name}, column 'kind'",
                    tuple(f"{names[i]}: {frame['kind'].iloc[i]}" for i in np.flatnonzero(bad)),
                    f"did you mean {near[0]}?" if near else f"use {', '.join(KINDS)}",
                )
            )
    else:
        kinds = classify_tags(frame)
        if kinds.isna().all():
            problems.append(
                Problem("neither a column kind nor tags of OpenStreetMap were found", path.name)
            )
    if isinstance(frame, gpd.GeoDataFrame):
        if frame.crs is None:
            problems.append(Problem("the layer does not state its coordinate system", path.name))
            raise_problems(problems)
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


def reach_amenities(
    network: RoadNetwork,
    places: gpd.GeoDataFrame,
    amenities: gpd.GeoDataFrame,
    *,
    links: LinkModel | None = None,
) -> pd.DataFrame:
    """Return the nearest general service of each kind to every place.

    Parameters
    ----------
    network
        The roads.
    places
        Homes or sites: points with an id column.
    amenities
        As of `read_amenities`.
    links
        The model of the access leg.

    Returns
    -------
    pandas.DataFrame
        One row a place and kind: the place's id, `kind`, `nearest_id` by car,
        `travel_min` (NaN: no way, or none of the kind), `straight_m` to the nearest in
        a straight line, `known` (whether the table holds any of the kind at all).
    """
    column = find_id_column(places)
    metric = crs_.to_metric(places, "places", network.crs)
    around = crs_.to_metric(amenities, "amenities", network.crs)
    ids = metric[column].astype(str).to_numpy(dtype=object)
    xy = np.stack([metric.geometry.x, metric.geometry.y], axis=1)
    tables = []
    found = pd.DataFrame(columns=["kind", "facility_id", "travel_min"])
    if len(around):
        found = nearest(
            network,
            metric[[column, "geometry"]].rename(columns={column: "settlement_id"}),
            around[["id", "kind", "geometry"]].rename(columns={"id": "facility_id"}),
            by="kind",
            links=links,
        )
    for kind in KINDS:
        own = around[around["kind"] == kind]
        minutes = np.full(len(ids), np.nan)
        chosen = np.full(len(ids), None, dtype=object)
        straight = np.full(len(ids), np.nan)
        if len(own):
            rows = found[found["kind"] == kind]
            minutes = rows["travel_min"].to_numpy(dtype=float)
            chosen = rows["facility_id"].to_numpy(dtype=object)
            straight = _measure_straight(xy, np.stack([own.geometry.x, own.geometry.y], axis=1))
        tables.append(
            pd.DataFrame(
                {
                    column: ids,
                    "kind": kind,
                    "nearest_id": chosen,
                    "travel_min": minutes,
                    "straight_m": straight,
                    "known": bool(len(own)),
                }
            )
        )
    return pd.concat(tables, ignore_index=True).sort_values(
        [column, "kind"], kind="stable", ignore_index=True
    )


def score_sites(
    reach: pd.DataFrame, criteria: Sequence[Criterion] = PROPOSED_CRITERIA
) -> pd.DataFrame:
    """Return the score of each place: the weight of the arguments it meets.

    Parameters
    ----------
    reach
        As of `reach_amenities`.
    criteria
        The arguments; those of `PROPOSED_CRITERIA` by default.

    Returns
    -------
    pandas.DataFrame
        One row a place, best first: its id, `score` (0 to 1, of the kinds the data
        holds; NaN when it holds none), `met`, `failed` and `unknown` (kinds, the last
        those of which there is no data: absent from the table is not far away).

    Examples
    --------
    >>> reach = pd.DataFrame({"id": ["a", "a", "b", "b"], "kind": ["shop", "school"] * 2,
    ...                       "travel_min": [5.0, 20.0, 10.0, 3.0], "straight_m": 0.0,
    ...                       "known": True})
    >>> score_sites(reach, [Criterion("shop", 10, weight=3), Criterion("school", 15)])[
    ...     ["id", "score"]].values.tolist()
    [['b', 1.0], ['a', 0.75]]
    """
    kinds = [criterion.kind for criterion in criteria]
    doubled = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    raise_problems([Problem("kind stands twice", "criteria", tuple(doubled))] if doubled else [])
    column = next(name for name in reach.columns if name != "kind")
    rows = []
    for place, part in reach.groupby(column, sort=True):
        by_kind = part.set_index("kind").to_dict("index")
        met: list[Criterion] = []
        failed: list[Criterion] = []
        unknown: list[Criterion] = []
        for criterion in criteria:
            row = by_kind.get(criterion.kind)
            if row is None or not row["known"]:
                unknown.append(criterion)
                continue
            value = row["travel_min" if criterion.unit == "min" else "straight_m"]
            # NaN is no way there, which is not near.
            (met if value <= criterion.limit + 1e-9 else failed).append(criterion)
        known = sum(criterion.weight for criterion in [*met, *failed])
        rows.append(
            {
                column: place,
                "score": sum(c.weight for c in met) / known if known else np.nan,
                "met": ", ".join(c.kind for c in met),
                "failed": ", ".join(c.kind for c in failed),
                "unknown": ", ".join(c.kind for c in unknown),
            }
        )
    table = pd.DataFrame(rows, columns=[column, "score", "met", "failed", "unknown"])
    return table.sort_values(
        ["score", column], ascending=[False, True], kind="stable", ignore_index=True
    )


def _name_kind(word: object) -> str | None:
    if word is None or pd.isna(word):
        return None
    text = fold(str(word))
    return _WORDS.get(text, text.replace(" ", "_"))


def _place(
    frame: pd.DataFrame, where: str, names: list[str]
) -> tuple[gpd.GeoSeries, list[Problem]]:
    missing = [name for name in ("lon", "lat") if name not in frame]
    if missing:
        raise InputError([Problem(f"column {', '.join(missing)} is missing", where)])
    numbers, problems = [], []
    for column, low, high in (("lon", 20.5, 28.6), ("lat", 55.4, 58.3)):
        text = frame[column].astype(str).str.strip().str.replace(",", ".", regex=False)
        number = pd.to_numeric(text, errors="coerce")
        bad = ~number.between(low, high).to_numpy()
        if bad.any():
            problems.append(
                Problem(
                    f"value is no degree between {low} and {high}",
                    f"{where}, column {column!r}",
                    tuple(f"{names[i]}: {frame[column].iloc[i]}" for i in np.flatnonzero(bad)),
                )
            )
        numbers.append(number.to_numpy(dtype=float))
    points = gpd.GeoSeries(gpd.points_from_xy(*numbers, crs=crs_.EXCHANGE), index=frame.index)
    return points.to_crs(crs_.LATVIA), problems


def _measure_straight(xy: np.ndarray, other: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(other).query(np.nan_to_num(xy, nan=1e12))
    return np.where(np.isfinite(xy).all(axis=1), distance, np.nan)
