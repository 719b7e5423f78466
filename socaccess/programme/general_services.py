"""General services around homes and sites: health care, schools, shops, stops; and a site's score.

A home in the community needs more than its social service. What municipalities give
as arguments for a site (public transport, health care, schools, shops, pharmacies,
banks, leisure) is counted here, from a table a user brings or from OpenStreetMap
objects, stops also from a timetable. The limits are proposals. What lies beyond the edge of
the data is unknown, not far: the nearest may stand just behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.network import RoadNetwork
from socaccess.settings import LinkModel
from socaccess.sources.amenities import KINDS, classify_tags, list_stops, read_amenities
from socaccess.study import Study
from socaccess.study.reach import name_points
from socaccess.travel import nearest
from socaccess.travel.places import find_id_column

__all__ = [
    "KINDS",
    "PROPOSED_CRITERIA",
    "Criterion",
    "classify_tags",
    "judge_reach",
    "list_stops",
    "reach_amenities",
    "reach_people",
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
_FASTEST_M_PER_MIN = 110_000 / 60
"""No road here is driven faster: what is farther cannot be near in so many minutes."""

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
        a straight line, `edge_m` to the edge of the data (0 beyond it; the edge is the convex
        hull of all objects of the kind's `layer`, where a column of that name tells sources
        apart), `known` (whether the table holds any of the kind at all).
    """
    column = find_id_column(places)
    metric = crs_.to_metric(places, "places", network.crs)
    around = crs_.to_metric(amenities, "amenities", network.crs).reset_index(drop=True)
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
    layer = around["layer"] if "layer" in around else pd.Series("", around.index)
    edges = {name: _measure_edge(metric, part) for name, part in around.groupby(layer)}
    for kind in KINDS:
        own = around[around["kind"] == kind]
        edge = [edges[name] for name in layer[own.index].unique()]
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
                    "edge_m": np.max(edge, axis=0) if edge else 0.0,
                    "known": bool(len(own)),
                }
            )
        )
    return pd.concat(tables, ignore_index=True).sort_values(
        [column, "kind"], kind="stable", ignore_index=True
    )


def reach_people(study: Study, amenities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the nearest general service of each kind to every point where people live.

    Returns
    -------
    pandas.DataFrame
        As of `reach_amenities`, one row per point and kind: `settlement_id`, and `share` of
        its people who live at the point (0-1). Settlements nobody located are left out.
    """
    assert study.network is not None
    placed = ~(study.people.geometry.isna() | study.people.geometry.is_empty)
    people = study.people[placed].reset_index(drop=True)
    points = gpd.GeoDataFrame({"settlement_id": name_points(people)}, geometry=people.geometry)
    reach = reach_amenities(study.network, points, amenities)
    own = people.set_index(points["settlement_id"])
    at = own.loc[reach["settlement_id"]]
    return reach.assign(
        settlement_id=at["settlement_id"].to_numpy(dtype=object),
        share=at["share"].to_numpy(dtype=float),
    )


def score_sites(
    reach: pd.DataFrame, criteria: Sequence[Criterion] = PROPOSED_CRITERIA
) -> pd.DataFrame:
    """Return the score of each place: the weight of the arguments it meets.

    Parameters
    ----------
    reach
        As of `reach_amenities`; with several rows of a place and kind, such as the points its
        people live at, `share` says how many live at each (0-1).
    criteria
        The arguments; those of `PROPOSED_CRITERIA` by default.

    Returns
    -------
    pandas.DataFrame
        One row per place, best first: its id, `score` (0 to 1: of the people of whom it is
        known, those near, over the kinds the data holds; NaN when it holds none), `met`,
        `failed` and `unknown` (kinds that at least half of those of whom it is known have
        near, that fewer have, and those of which nothing is known of anybody: absent from the
        table, or beyond its edge, is not far away).

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
    judged = {c.kind: judge_reach(reach[reach["kind"] == c.kind], c) for c in criteria}
    sums = {
        kind: part.groupby(reach[column])[["near", "far"]].sum() for kind, part in judged.items()
    }
    for place in sorted(reach[column].unique()):
        outcome: dict[str, list[str]] = {"met": [], "failed": [], "unknown": []}
        whole = best = 0.0
        for criterion in criteria:
            part = sums[criterion.kind]
            near, far = part.loc[place] if place in part.index else (0.0, 0.0)
            known = near + far
            if known <= _TOLERANCE:
                outcome["unknown"].append(criterion.kind)
                continue
            outcome["met" if near >= far else "failed"].append(criterion.kind)
            best += criterion.weight * near
            whole += criterion.weight * known
        rows.append(
            {
                column: place,
                "score": best / whole if whole else np.nan,
                **{name: ", ".join(kinds) for name, kinds in outcome.items()},
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
        As `score_sites` takes it.
    population
        Inhabitants by the place's id; without it only places are counted.
    criteria
        The limits.

    Returns
    -------
    pandas.DataFrame
        One row per criterion: `kind`, `limit`, `unit`, `basis`, `known` (whether the
        data holds any), `places`, `places_near` (those at least half of whose people are),
        `population`, `population_near`, `population_unknown` (beyond the edge of the data),
        `share` (of the inhabitants of whom it is known, else of the places; NaN where
        nothing is known).

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
        sums = judge_reach(part, criterion).groupby(part[column]).sum()
        known = bool(part["known"].any())
        people = pd.Series(np.nan, sums.index)
        if population is not None:
            people = sums.index.to_series().map(population).astype(float)
        counted = pd.Series(1.0, sums.index) if population is None else people
        near = float((sums["near"] * counted).sum())
        judged = near + float((sums["far"] * counted).sum())
        rows.append(
            {
                "kind": criterion.kind,
                "limit": criterion.limit,
                "unit": criterion.unit,
                "basis": criterion.basis,
                "known": known,
                "places": len(sums),
                "places_near": int(((sums["near"] >= sums["far"]) & (sums["near"] > 0)).sum())
                if known
                else np.nan,
                "population": float(people.sum()),
                "population_near": float((people * sums["near"]).sum()) if known else np.nan,
                "population_unknown": float((people * sums["unknown"]).sum()),
                "share": near / judged if known and judged > _TOLERANCE else np.nan,
            }
        )
    return pd.DataFrame(rows)


def judge_reach(part: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """Return the share of people `near`, `far` and `unknown` by row of one kind.

    Whoever has none within the limit is far only where the data go on for as far as the limit
    reaches (for minutes: as far as anybody may drive in them).
    """
    near = (part[_COLUMN[criterion.unit]] <= criterion.limit + _TOLERANCE) & part["known"]
    whole = criterion.limit * (_FASTEST_M_PER_MIN if criterion.unit == "min" else 1.0)
    edge = part["edge_m"] if "edge_m" in part else pd.Series(np.inf, part.index)
    known = part["known"].astype(bool) & (near | (edge >= whole))
    share = part["share"] if "share" in part else pd.Series(1.0, part.index)
    return pd.DataFrame(
        {"near": share.where(near, 0.0), "far": share.where(known & ~near, 0.0),
         "unknown": share.where(~known, 0.0)}
    )  # fmt: skip


def _measure_edge(places: gpd.GeoDataFrame, objects: gpd.GeoDataFrame) -> np.ndarray:
    """Return the metres from each place to the edge of the data, 0 beyond it."""
    hull = shapely.convex_hull(shapely.multipoints(objects.geometry.to_numpy()))
    points = places.geometry.to_numpy()
    return np.where(
        shapely.contains(hull, points), shapely.distance(shapely.boundary(hull), points), 0.0
    )


def _measure_straight(xy: np.ndarray, other: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    distance, _ = cKDTree(other).query(np.nan_to_num(xy, nan=1e12))
    return np.where(np.isfinite(xy).all(axis=1), distance, np.nan)
