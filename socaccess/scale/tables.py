"""Travel times, nearest facilities and coverage as partitioned tables on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.network import RoadNetwork
from socaccess.partitions import SharedRoads
from socaccess.routing import Progress
from socaccess.scale._parts import ALL_KINDS, Question, cover_part, find_part, time_part
from socaccess.scale._questions import (
    Origins,
    choose_size,
    hash_network,
    hash_places,
    write_parts,
)
from socaccess.scale.dataset import PartitionedTable, encode_table
from socaccess.settings import LinkModel
from socaccess.travel._engines import choose_prepared
from socaccess.travel._spread import strip_places
from socaccess.travel.minutes import to_limit_ms
from socaccess.travel.places import find_id_column

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["write_coverage", "write_nearest", "write_travel_times"]


def write_travel_times(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    folder: str | Path,
    *,
    cutoff_min: float | None = None,
    links: LinkModel | None = None,
    engine: str = "auto",
    partition_size: int | None = None,
    client: Any = None,
    progress: Progress | None = None,
) -> PartitionedTable:
    """Write the time of the fastest way from every origin to every destination in reach.

    What `socaccess.travel_times` holds in memory lies here on disk, one file a partition of
    origins. Each row is an origin with its point and two lists: `destination`, positions in
    `destinations.parquet`, and `travel_ms`, whole milliseconds. Asked again after an
    interruption, it goes on where it stopped; finished partitions are checked by their hashes.

    Parameters
    ----------
    network
        The roads; loaded from a file, workers that see the file open it themselves.
    origins, destinations
        Points with an id column and a stated CRS.
    folder
        Where to; made if absent, refused if it holds the answer to another question.
    cutoff_min
        Longest time of interest in minutes, inclusive; without it every pair that has a way
        is written.
    links, engine
        As in `socaccess.travel_times`; the engine changes no byte.
    partition_size
        Origins in a partition; by default as many as make 16 million pairs, at most 50,000.
    client
        A `distributed.Client` (`socaccess.partitions.connect`); None does the work here. The
        bytes are the same.
    progress
        Called as `progress(done, total)` in partitions.

    Raises
    ------
    InputError
        With everything that is wrong with the places, or if the folder holds something else.
    OutputError
        If the folder cannot be written to.
    """
    links = links or LinkModel()
    target = Origins.check(destinations, max(len(destinations), 1))
    start = Origins.check(origins, choose_size(partition_size, len(destinations)))
    cutoff_ms = None if cutoff_min is None else to_limit_ms(cutoff_min)
    plan = {
        "kind": "travel_times",
        "network": hash_network(network),
        "destinations": hash_places(target.places),
        "columns": [start.column, target.column],
        "cutoff_ms": cutoff_ms,
        "links": _tell_links(links),
    }

    def prepare() -> Question:
        largest = max((part.stop - part.start for part in start.parts), default=0)
        searches = min(largest, len(target.places)) * len(start.parts)
        return Question(
            roads=SharedRoads(network, *choose_prepared(network, searches, engine)).seen_by(client),
            links=links,
            column=start.column,
            sites=strip_places(network.snap(target.places, id_column=target.column, links=links)),
            cutoff_ms=cutoff_ms,
        )

    extra = {"destinations.parquet": (encode_table(target.places), len(target.places))}
    return write_parts(
        folder, plan, start, time_part, prepare, extra=extra, client=client, progress=progress
    )


def write_nearest(
    network: RoadNetwork,
    settlements: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    folder: str | Path,
    *,
    by: str = "service",
    k: int = 1,
    traveller: Literal["client", "provider"] = "client",
    cutoff_min: float | None = None,
    links: LinkModel | None = None,
    engine: str = "auto",
    partition_size: int | None = None,
    client: Any = None,
    progress: Progress | None = None,
) -> PartitionedTable:
    """Write the nearest `k` facilities of each kind for every settlement.

    The rows are those of `socaccess.nearest`, with the settlement's point. Other parameters
    are those of `write_travel_times`.
    """
    if k < 1:
        raise InputError("scale.k_too_small", value=k)
    _, kinds, _ = _sort_facilities(facilities, by)
    toward = {ALL_KINDS: "sites" if traveller == "client" else "places"}
    return _write_by_kind(
        network, settlements, facilities, folder, kind_name="nearest", by=by, k=k, toward=toward,
        kinds=kinds, limit_min=None, persons=None, keep=(), cutoff_min=cutoff_min, links=links,
        engine=engine, partition_size=partition_size, client=client, progress=progress,
    )  # fmt: skip


def write_coverage(
    network: RoadNetwork,
    settlements: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    limit_min: Mapping[str, float],
    folder: str | Path,
    *,
    by: str = "service",
    travellers: Mapping[str, str] | None = None,
    persons: Mapping[str, str] | None = None,
    links: LinkModel | None = None,
    engine: str = "auto",
    partition_size: int | None = None,
    client: Any = None,
    progress: Progress | None = None,
) -> PartitionedTable:
    """Write for every settlement and service how near the nearest facility is, and the status.

    Columns: the settlement's id, `municipality_id`, `service` (or what `by` names), the
    facility's id, `travel_min`, `status` (`covered`, `gap`, `unreachable`), `persons`,
    `population` and the point. `summarise_table` adds them up.

    Parameters
    ----------
    network, facilities, folder, links, engine, partition_size, client, progress
        As in `write_nearest`.
    settlements
        Points with an id column, `municipality_id` and `population`.
    limit_min
        Minutes that count as near, inclusive, by service; these services are judged.
    by
        Column of the facilities that holds the service.
    travellers
        `client` or `provider` by service; `client` where it says nothing.
    persons
        Column of the settlements that holds the persons in need, by service; those of other
        services are unknown, and shares are then of the population.
    """
    travellers, persons = dict(travellers or {}), dict(persons or {})
    kinds = tuple(sorted(limit_min))
    unknown = sorted({*travellers, *persons} - {*kinds})
    problems = [
        Problem("coverage.limit_not_positive", "limit_min", [name], limit=limit)
        for name, limit in limit_min.items()
        if not limit > 0
    ]
    if unknown:
        problems.append(Problem("scale.service_without_limit", rows=unknown))
    raise_problems(problems)
    toward = {name: "places" if travellers.get(name) == "provider" else "sites" for name in kinds}
    return _write_by_kind(
        network, settlements, facilities, folder, kind_name="coverage", by=by, k=1, toward=toward,
        kinds=kinds, limit_min=dict(limit_min), persons=persons,
        keep=("municipality_id", "population", *sorted(set(persons.values()))), cutoff_min=None,
        links=links, engine=engine, partition_size=partition_size, client=client,
        progress=progress,
    )  # fmt: skip


def _write_by_kind(
    network: RoadNetwork,
    settlements: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    folder: str | Path,
    *,
    kind_name: str,
    by: str,
    k: int,
    toward: Mapping[str, str],
    kinds: tuple[str, ...],
    limit_min: Mapping[str, float] | None,
    persons: Mapping[str, str] | None,
    keep: tuple[str, ...],
    cutoff_min: float | None,
    links: LinkModel | None,
    engine: str,
    partition_size: int | None,
    client: Any,
    progress: Progress | None,
) -> PartitionedTable:
    links = links or LinkModel()
    sites, _, facility_column = _sort_facilities(facilities, by)
    target = Origins.check(sites, max(len(sites), 1), keep=(by,))
    start = Origins.check(settlements, choose_size(partition_size, len(kinds) * k), keep=keep)
    names = (start.column, by, facility_column)
    if start.column == facility_column:
        names = ("from_id", by, "to_id")
    cutoff_ms = None if cutoff_min is None else to_limit_ms(cutoff_min)
    plan = {
        "kind": kind_name,
        "network": hash_network(network),
        "destinations": hash_places(target.places),
        "columns": list(names),
        "kinds": list(kinds),
        "k": k,
        "toward": dict(toward),
        "limit_min": None if limit_min is None else dict(limit_min),
        "persons": None if persons is None else dict(persons),
        "cutoff_ms": cutoff_ms,
        "links": _tell_links(links),
    }

    def prepare() -> Question:
        searches = (len(kinds) if k == 1 else len(target.places)) * len(start.parts)
        number = {name: position for position, name in enumerate(kinds)}
        return Question(
            roads=SharedRoads(network, *choose_prepared(network, searches, engine)).seen_by(client),
            links=links,
            column=start.column,
            sites=strip_places(network.snap(target.places, id_column=target.column, links=links)),
            cutoff_ms=cutoff_ms,
            kind=target.places[by].map(number).fillna(-1).to_numpy(dtype=np.int32),
            kinds=kinds,
            k=k,
            toward=toward,
            limit_min=limit_min,
            persons=persons,
            columns=names,
        )

    work = cover_part if kind_name == "coverage" else find_part
    return write_parts(
        folder, plan, start, work, prepare, extra={}, client=client, progress=progress
    )


def _sort_facilities(
    facilities: gpd.GeoDataFrame, by: str
) -> tuple[gpd.GeoDataFrame, tuple[str, ...], str]:
    """Return the facilities by id, the kinds there are, and the id column."""
    if by not in facilities:
        raise InputError("scale.no_kind_column", where="facilities", name=by)
    column = find_id_column(facilities)
    kinds = tuple(sorted(facilities[by].dropna().astype(str).unique()))
    known = facilities[facilities[by].notna()]
    named = known.assign(**{by: known[by].astype(str)})
    return named.sort_values(column, kind="stable"), kinds, column


def _tell_links(links: LinkModel) -> dict[str, float]:
    """Return what of the model travel times between places rest on."""
    return asdict(links)
