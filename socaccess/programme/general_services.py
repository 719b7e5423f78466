"""General services around homes and sites: health care, schools, shops, stops; and a site's score.

A home in the community needs more than its social service. What municipalities give
as arguments for a site (public transport, health care, schools, shops, pharmacies,
banks, leisure) is counted here, from a table a user brings or from OpenStreetMap
objects. The limits are proposals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.network import RoadNetwork
from socaccess.settings import LinkModel
from socaccess.sources.amenities import KINDS, classify_tags, read_amenities
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
    "summarise_reach",
]


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
            raise UnknownNameError("programme.unknown_kind", name=self.kind, known=KINDS)
        if self.unit not in ("min", "m"):
            raise InputError("programme.unknown_unit", name=self.unit)
        if not (self.limit > 0 and self.weight > 0):
            raise InputError("programme.criterion_not_positive", kind=self.kind)


_COLUMN = {"min": "travel_min", "m": "straight_m"}
_TOLERANCE = 1e-9  # NaN is no way there, which is not near.

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
        One row per place and kind: the place's id, `kind`, `nearest_id` by car,
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
        One row per place, best first: its id, `score` (0 to 1, of the kinds the data
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
    raise_problems([Problem("programme.kind_twice", "criteria", doubled)] if doubled else [])
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
            value = float(row[_COLUMN[criterion.unit]])
            (met if value <= criterion.limit + _TOLERANCE else failed).append(criterion)
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


def summarise_reach(
    reach: pd.DataFrame,
    population: pd.Series | None = None,
    criteria: Sequence[Criterion] = PROPOSED_CRITERIA,
) -> pd.DataFrame:
    """Return how many places, and inhabitants, have each general service near.

    Parameters
    ----------
    reach
        As of `reach_amenities`.
    population
        Inhabitants by the place's id; without it only places are counted.
    criteria
        The limits.

    Returns
    -------
    pandas.DataFrame
        One row per criterion: `kind`, `limit`, `unit`, `basis`, `known` (whether the
        data holds any), `places`, `places_near`, `population`, `population_near`,
        `share` (of the inhabitants, else of the places; NaN where nothing is known).

    Examples
    --------
    >>> reach = pd.DataFrame({"id": ["a", "b"], "kind": "shop", "travel_min": [5.0, 20.0],
    ...                       "straight_m": 0.0, "known": True})
    >>> summary = summarise_reach(reach, pd.Series({"a": 300, "b": 100}), [Criterion("shop", 10)])
    >>> summary[["places_near", "population_near", "share"]].values.tolist()
    [[1.0, 300.0, 0.75]]
    """
    column = next(name for name in reach.columns if name != "kind")
    rows = []
    for criterion in criteria:
        part = reach[reach["kind"] == criterion.kind]
        near = (part[_COLUMN[criterion.unit]] <= criterion.limit + _TOLERANCE).to_numpy(dtype=bool)
        known = bool(part["known"].any())
        people = np.full(len(part), np.nan)
        if population is not None:
            people = part[column].map(population).to_numpy(dtype=float)
        counted = np.ones(len(part)) if population is None else people
        rows.append(
            {
                "kind": criterion.kind,
                "limit": criterion.limit,
                "unit": criterion.unit,
                "basis": criterion.basis,
                "known": known,
                "places": len(part),
                "places_near": int(near.sum()) if known else np.nan,
                "population": float(people.sum()),
                "population_near": float(people[near].sum()) if known else np.nan,
                "share": float(counted[near].sum() / counted.sum())
                if known and counted.sum() > 0
                else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _measure_straight(xy: np.ndarray, other: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(other).query(np.nan_to_num(xy, nan=1e12))
    return np.where(np.isfinite(xy).all(axis=1), distance, np.nan)
