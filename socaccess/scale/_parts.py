"""What is done with a partition, on a worker or here: origins in, the bytes of its file out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.coverage import judge_settlements
from socaccess.network import Snapped
from socaccess.partitions import SharedRoads
from socaccess.routing import UNREACHABLE
from socaccess.scale.dataset import encode_table
from socaccess.settings import LinkModel
from socaccess.travel._find import find_nearest_places
from socaccess.travel._measure import measure_times
from socaccess.travel._spread import bind_places
from socaccess.travel.proximity import tabulate_nearest

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["ALL_KINDS", "Question", "cover_part", "find_part", "time_part"]

ALL_KINDS = "*"
"""Stands for every kind where all are travelled to the same way."""


@dataclass(frozen=True, eq=False)
class Question:
    """What every partition needs to know."""

    roads: SharedRoads
    links: LinkModel
    column: str
    sites: Snapped
    cutoff_ms: int | None = None
    kind: np.ndarray | None = None
    kinds: tuple[str, ...] = ()
    k: int = 1
    toward: Mapping[str, str] | None = None
    limit_min: Mapping[str, float] | None = None
    persons: Mapping[str, str] | None = None
    columns: tuple[str, str, str] = ("", "", "")


def time_part(question: Question, part: gpd.GeoDataFrame) -> tuple[bytes, int]:
    """Return a partition of travel times as the bytes of its file."""
    import pyarrow as pa

    roads = question.roads
    starts = roads.network.snap(part, id_column=question.column, links=question.links)
    travel_ms, _ = measure_times(
        roads.network,
        starts,
        bind_places(question.sites, roads.network),
        lengths=False,
        cutoff_ms=question.cutoff_ms,
        engine=roads.engine,
        hierarchy=roads.hierarchy,
    )
    reached = travel_ms < UNREACHABLE
    begin = np.zeros(len(part) + 1, dtype=np.int32)
    np.cumsum(reached.sum(axis=1), out=begin[1:])
    lists = {
        "destination": np.nonzero(reached)[1].astype(np.int32),
        "travel_ms": travel_ms[reached],
    }
    columns = {
        name: pd.Series(
            pd.arrays.ArrowExtensionArray(
                pa.chunked_array([pa.ListArray.from_arrays(pa.array(begin), pa.array(values))])
            )
        )
        for name, values in lists.items()
    }
    table = part[[question.column, "geometry"]].assign(**columns)
    return encode_table(table[[question.column, *lists, "geometry"]]), len(table)


def find_part(question: Question, part: gpd.GeoDataFrame) -> tuple[bytes, int]:
    """Return a partition of nearest facilities as the bytes of its file."""
    table = _find_table(question, part, question.kinds)
    return _encode_rows(table, part), len(table)


def cover_part(question: Question, part: gpd.GeoDataFrame) -> tuple[bytes, int]:
    """Return a partition of coverage as the bytes of its file."""
    assert question.limit_min is not None and question.persons is not None
    table = _find_table(question, part, question.kinds).drop(columns="rank")
    place_column, by, facility_column = question.columns
    width = len(question.kinds)
    status = np.empty(len(table), dtype=object)
    persons = np.full(len(table), np.nan)
    assert question.kind is not None
    for number, name in enumerate(question.kinds):
        rows = slice(number, None, width)
        minutes = table["travel_min"].to_numpy()[rows]
        travel_ms = np.where(np.isnan(minutes), UNREACHABLE, np.rint(minutes * 60_000))
        status[rows] = judge_settlements(
            travel_ms, question.limit_min[name], has_supply=bool((question.kind == number).any())
        )
        if name in question.persons:
            persons[rows] = part[question.persons[name]].to_numpy(dtype=float)
    table = table.assign(
        status=status,
        persons=persons,
        population=np.repeat(part["population"].to_numpy(), width),
        municipality_id=np.repeat(part["municipality_id"].to_numpy(dtype=object), width),
    )
    order = [place_column, "municipality_id", by, facility_column, "travel_min", "status",
             "persons", "population"]  # fmt: skip
    return _encode_rows(table[order], part), len(table)


def _find_table(question: Question, part: gpd.GeoDataFrame, kinds: tuple[str, ...]) -> pd.DataFrame:
    """Return place, kind, rank, facility and minutes of a partition, kinds in their order."""
    roads = question.roads
    places = roads.network.snap(part, id_column=question.column, links=question.links)
    sites = bind_places(question.sites, roads.network)
    assert question.kind is not None and question.toward is not None
    way_of = {name: question.toward.get(name, question.toward.get(ALL_KINDS)) for name in kinds}
    tables = []
    for way in sorted({way for way in way_of.values() if way}):
        chosen = [name for name in kinds if way_of[name] == way]
        number = np.full(len(kinds) + 1, -1, dtype=np.int32)
        number[[kinds.index(name) for name in chosen]] = np.arange(len(chosen))
        found = find_nearest_places(
            roads.network,
            places,
            sites,
            number[question.kind],
            len(chosen),
            k=question.k,
            toward="sites" if way == "sites" else "places",
            cutoff_ms=question.cutoff_ms,
            engine=roads.engine,
            hierarchy=roads.hierarchy,
        )
        tables.append(
            tabulate_nearest(
                found,
                places.ids,
                sites.ids,
                np.array(chosen, dtype=object),
                question.k,
                columns=question.columns,
            ).assign(_place=np.repeat(np.arange(len(part)), len(chosen) * question.k))
        )
    table = pd.concat(tables, ignore_index=True)
    if len(tables) > 1:
        table = table.sort_values(["_place", question.columns[1], "rank"], ignore_index=True)
    return table.drop(columns="_place")


def _encode_rows(table: pd.DataFrame, part: gpd.GeoDataFrame) -> bytes:
    import geopandas as gpd

    repeated = np.repeat(np.asarray(part.geometry.array), len(table) // max(len(part), 1))
    return encode_table(gpd.GeoDataFrame(table, geometry=repeated, crs=part.crs))
