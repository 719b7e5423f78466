"""From an OpenStreetMap file to a road network for cars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from socaccess import crs as crs_
from socaccess.errors import InputError
from socaccess.network._osm_chains import Edges, contract_chains
from socaccess.network._osm_segments import (
    Segments,
    close_barriers,
    cut_segments,
    find_built_up,
    time_segments,
)
from socaccess.network._osm_turns import Splits, split_junctions
from socaccess.network._osm_ways import KindTable, tabulate_kinds
from socaccess.network._osm_zones import separate_zones
from socaccess.network.roads import CLOSED, Roads
from socaccess.network.speeds import SpeedProfile, check_season, load_profile
from socaccess.routing import order_along_curve
from socaccess.sources.osm import RoadElements, read_road_elements

__all__ = ["build_network", "read_osm_network"]

Progress = Callable[[int, int], None]

_STEPS = 5


def read_osm_network(
    path: str | Path,
    *,
    profile: SpeedProfile | Mapping[str, Any] | str | Path | None = None,
    season: str = "summer",
    keep_shapes: bool = True,
    progress: Progress | None = None,
) -> Roads:
    """Return the car network of an OpenStreetMap file.

    Lengths are geodesic on WGS 84; coordinates are in EPSG:3059 for Latvia, else in
    the UTM zone of the extract. An edge is a stretch of one way (`edge_id` is the id
    of the way, an integer, and repeats) between nodes where something is decided;
    its time is the exact sum of its parts. `road_class` tells class, surface unless
    paved, and `urban` in built-up areas: `tertiary gravel`, `residential urban`.

    Parameters
    ----------
    path
        `.osm.pbf` or `.osm`.
    profile
        Speeds: None for the built-in ones of Latvia, a TOML file or a mapping of the
        same form (`socaccess.network.speeds.load_profile`).
    season
        `summer`, `winter` or `thaw`.
    keep_shapes
        Whether to keep the bends of the roads; without them edges are straight
        lines when drawn and snapped to, while lengths and times stay.
    progress
        Called as `progress(done, total)` between steps; an exception from it stops
        the work.

    Returns
    -------
    Roads
        Its `provenance` holds file, hash, date, licence, season, profile, and under
        `counts` everything found, left out and not understood.

    Raises
    ------
    InputError
        If the file is missing, damaged or a history, holds no road for cars, or the
        profile has impossible figures.
    UnknownNameError
        If the season is not known.

    Examples
    --------
    >>> network = read_osm_network("latvia.osm.pbf", season="thaw")   # doctest: +SKIP
    >>> network.provenance["counts"]["nodes_missing"]                 # doctest: +SKIP
    0
    """
    check_season(season)
    profile = load_profile(profile)
    _tick(progress, 0)
    elements = read_road_elements(path)
    return build_network(
        elements, profile=profile, season=season, keep_shapes=keep_shapes, progress=progress
    )


def build_network(
    elements: RoadElements,
    *,
    profile: SpeedProfile | None = None,
    season: str = "summer",
    keep_shapes: bool = True,
    progress: Progress | None = None,
) -> Roads:
    """Return the car network of what was read from a file; see `read_osm_network`.

    Raises
    ------
    InputError
        If there is no road for cars.
    """
    profile = profile or load_profile()
    _tick(progress, 1)
    counts: Counter[str] = Counter(elements.counts)
    table = tabulate_kinds(elements.tag_sets, profile, check_season(season))
    segments = cut_segments(elements, table, counts)
    if not len(segments.tail):
        raise InputError("network.no_roads", where=elements.source.get("file", ""))
    known = ~np.isnan(elements.lon)
    lon, lat = elements.lon[known], elements.lat[known]
    metric = crs_.choose_metric_crs(lon, lat)
    x, y = np.full(len(known), np.nan), np.full(len(known), np.nan)
    x[known], y[known] = crs_.project_points(lon, lat, crs_.EXCHANGE, metric)
    _tick(progress, 2)

    kind_of = elements.way_tags[segments.way]
    built_up = find_built_up(segments, kind_of, table, x, y, profile)
    forward_ms, backward_ms = time_segments(elements, segments, table, built_up, profile)
    node_origin = close_barriers(elements, segments, profile, counts)
    _tick(progress, 3)

    edges = contract_chains(
        segments,
        len(node_origin),
        forward_ms=forward_ms,
        backward_ms=backward_ms,
        forward=table.forward[kind_of],
        backward=table.backward[kind_of],
        class_index=table.class_index[kind_of, built_up.astype(np.int64)],
    )
    splits = split_junctions(
        edges,
        len(node_origin),
        _find_places(
            elements.node_id,
            [item.via_node for item in elements.restrictions if item.via_node is not None],
        ),
        _find_places(
            elements.way_id,
            [
                way
                for item in elements.restrictions
                for way in (*item.from_ways, *item.via_ways, *item.to_ways)
            ],
        ),
        elements.restrictions,
        counts,
    )
    counts["edges_copied_for_turns"] = len(splits.source)
    limited = np.array([kind.destination_only for kind in table.kinds], dtype=bool)
    separate_zones(edges, splits, len(node_origin), limited[elements.way_tags[edges.way]], counts)
    _tick(progress, 4)
    node_origin = np.concatenate(
        [node_origin, node_origin[np.array(splits.node_origin, dtype=np.int64)]]
    )
    counts["segments"] = len(segments.tail)
    network = _assemble(
        elements,
        segments,
        edges,
        splits,
        table,
        node_origin,
        x,
        y,
        metric,
        keep_shapes,
        _tell_provenance(elements, profile, season, metric, counts),
    )
    _tick(progress, 5)
    return network


def _tick(progress: Progress | None, done: int) -> None:
    if progress is not None:
        progress(done, _STEPS)


def _find_places(ids: np.ndarray, wanted: list[int]) -> dict[int, int]:
    """Return the positions of the `wanted` ids that are there."""
    order = np.argsort(ids, kind="stable")
    asked = np.unique(np.array(wanted, dtype=np.int64))
    if not len(ids):
        return {}
    found = order[np.minimum(np.searchsorted(ids, asked, sorter=order), len(ids) - 1)]
    return {
        int(name): int(place)
        for name, place in zip(asked, found, strict=True)
        if ids[place] == name
    }


def _assemble(
    elements: RoadElements,
    segments: Segments,
    edges: Edges,
    splits: Splits,
    table: KindTable,
    node_origin: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    metric: str,
    keep_shapes: bool,
    provenance: dict[str, Any],
) -> Roads:
    """Return the network of the edges and their copies, nodes in spatial order."""
    source = np.concatenate([np.arange(len(edges.start)), np.array(splits.source, dtype=np.int64)])
    connector = np.zeros(len(source), dtype=bool)
    connector[len(edges.start) :] = splits.connector
    start = np.concatenate([edges.start, np.array(splits.start, dtype=np.int64)])
    end = np.concatenate([edges.end, np.array(splits.end, dtype=np.int64)])

    used = np.zeros(len(node_origin), dtype=bool)
    used[start] = used[end] = True
    nodes = np.flatnonzero(used)
    nodes = nodes[order_along_curve(x[node_origin[nodes]], y[node_origin[nodes]])]
    place = np.full(len(node_origin), -1, dtype=np.int32)
    place[nodes] = np.arange(len(nodes), dtype=np.int32)

    def time(milliseconds: np.ndarray, is_open: np.ndarray, copies: list[bool]) -> np.ndarray:
        driven = np.concatenate([is_open, np.array(copies, dtype=bool)])
        whole = np.where(connector, 0, milliseconds[source])
        return np.where(driven, np.minimum(whole, int(CLOSED) - 1), CLOSED).astype(np.uint32)

    classes, road_class = np.unique(edges.class_index[source], return_inverse=True)
    shapes: dict[str, np.ndarray] = {}
    if keep_shapes:
        inner = np.where(connector, 0, edges.size[source] - 1)
        shape_start = np.concatenate([[0], np.cumsum(inner)])
        step = np.arange(shape_start[-1]) - np.repeat(shape_start[:-1], inner)
        vertex = node_origin[segments.head[np.repeat(edges.first[source], inner) + step]]
        shapes = {"shape_start": shape_start, "shape_x": x[vertex], "shape_y": y[vertex]}
    return Roads(
        crs=metric,
        node_x=x[node_origin[nodes]],
        node_y=y[node_origin[nodes]],
        edge_from=place[start],
        edge_to=place[end],
        length_m=np.where(connector, 0.0, edges.length_m[source]),
        forward_ms=time(edges.forward_ms, edges.forward, splits.forward),
        backward_ms=time(edges.backward_ms, edges.backward, splits.backward),
        modelled=np.zeros(len(source), dtype=bool),
        node_id=elements.node_id[node_origin[nodes]],
        edge_id=elements.way_id[edges.way[source]],
        road_class=road_class.astype(np.uint8 if len(classes) <= 256 else np.uint16),
        class_names=tuple(table.class_names[index] for index in classes),
        provenance=provenance,
        **shapes,
    )


def _tell_provenance(
    elements: RoadElements,
    profile: SpeedProfile,
    season: str,
    metric: str,
    counts: Counter[str],
) -> dict[str, Any]:
    return {
        "kind": "openstreetmap",
        "source": dict(elements.source),
        "licence": "ODbL 1.0",
        "attribution": "© OpenStreetMap contributors",
        "length": "geodesic on WGS 84, metres",
        "crs": metric,
        "season": season,
        "profile": profile.to_dict(),
        "counts": {name: int(counts[name]) for name in sorted(counts)},
    }
