"""Travel times and nearest facilities by the workers of a cluster: the same answers, in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np

from socaccess.network import RoadNetwork, Roads, Snapped
from socaccess.partitions import SharedRoads, cut_parts, run_partitions
from socaccess.routing import UNREACHABLE, Nearest, Progress
from socaccess.travel._engines import choose_prepared
from socaccess.travel._find import find_nearest_places
from socaccess.travel._measure import MEASURES, measure_times

__all__ = ["bind_places", "spread_nearest", "spread_times", "strip_places"]

PART_CELLS = 4_000_000
"""Pairs of places in a part: a second's work or less, 16 MB to carry back."""


@dataclass(frozen=True, eq=False)
class _TimesQuestion:
    roads: SharedRoads
    ends: Snapped
    lengths: bool
    cutoff_ms: int | None


@dataclass(frozen=True, eq=False)
class _NearestQuestion:
    roads: SharedRoads
    sites: Snapped
    kind: np.ndarray
    kind_count: int
    k: int
    toward: Literal["sites", "places"]
    cutoff_ms: int | None


def spread_times(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    *,
    lengths: bool,
    cutoff_ms: int | None,
    engine: str,
    client: Any,
    progress: Progress | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return times and measures as `measure_times` does."""
    shape = (len(starts.ids), len(ends.ids))
    if lengths:  # measured along single ways, which no hierarchy keeps
        roads = SharedRoads(network, engine).seen_by(client)
    else:
        roads = SharedRoads(network, *choose_prepared(network, min(shape), engine)).seen_by(client)
    question = _TimesQuestion(roads, strip_places(ends), lengths, cutoff_ms)
    travel_ms = np.full(shape, UNREACHABLE, np.uint32)
    measures = np.full((*shape, len(MEASURES)), np.nan) if lengths else None
    parts = cut_parts(shape[0], max(PART_CELLS // max(shape[1], 1), 1))
    done = 0
    for number, (ms, measured) in run_partitions(
        _time_part, question, _send_places(starts, parts), client=client
    ):
        rows = parts[number]
        travel_ms[rows] = ms
        if measures is not None:
            measures[rows] = measured
        done += rows.stop - rows.start
        if progress is not None:
            progress(done, shape[0])
    return travel_ms, measures


def spread_nearest(
    network: RoadNetwork,
    places: Snapped,
    sites: Snapped,
    kind: np.ndarray,
    kind_count: int,
    *,
    k: int,
    toward: Literal["sites", "places"],
    cutoff_ms: int | None,
    engine: str,
    client: Any,
    progress: Progress | None,
) -> Nearest:
    """Return what `socaccess.routing.find_nearest` does."""
    count = len(places.ids)
    parts = cut_parts(count, max(PART_CELLS // max(kind_count * k, 1), 1))
    # Without a hierarchy every part searches from all facilities of every kind again.
    searches = (kind_count if k == 1 else len(sites.ids)) * max(len(parts), 1)
    roads = SharedRoads(network, *choose_prepared(network, searches, engine)).seen_by(client)
    question = _NearestQuestion(
        roads, strip_places(sites), kind, kind_count, k, toward, cutoff_ms
    )  # fmt: skip
    shape = (count, kind_count) if k == 1 else (count, kind_count, k)
    ms = np.full(shape, UNREACHABLE, np.uint32)
    site = np.full(shape, -1, np.int32)
    done = 0
    for number, found in run_partitions(
        _find_part, question, _send_places(places, parts), client=client
    ):
        rows = parts[number]
        ms[rows], site[rows] = found
        done += rows.stop - rows.start
        if progress is not None:
            progress(done, count)
    return Nearest(ms, site)


def strip_places(places: Snapped) -> Snapped:
    """Return the places without their network, to be sent where it already is."""
    return replace(places, network=cast(Roads, None))


def bind_places(places: Snapped, network: RoadNetwork) -> Snapped:
    """Return places that were sent, on the network that is here."""
    return replace(places, network=network)


def _send_places(places: Snapped, parts: list[slice]) -> Iterator[tuple[int, Snapped]]:
    bare = strip_places(places)
    for number, rows in enumerate(parts):
        yield number, bare.take(rows)


def _time_part(question: _TimesQuestion, part: Snapped) -> tuple[np.ndarray, Any]:
    """Return times and measures of some origins; on a worker or here."""
    roads = question.roads
    return measure_times(
        roads.network,
        bind_places(part, roads.network),
        bind_places(question.ends, roads.network),
        lengths=question.lengths,
        cutoff_ms=question.cutoff_ms,
        engine=roads.engine,
        hierarchy=roads.hierarchy,
    )


def _find_part(question: _NearestQuestion, part: Snapped) -> tuple[np.ndarray, np.ndarray]:
    """Return time and position of the nearest sites of some places."""
    roads = question.roads
    found = find_nearest_places(
        roads.network,
        bind_places(part, roads.network),
        bind_places(question.sites, roads.network),
        question.kind,
        question.kind_count,
        k=question.k,
        toward=question.toward,
        cutoff_ms=question.cutoff_ms,
        engine=roads.engine,
        hierarchy=roads.hierarchy,
    )
    return found.ms, found.site
