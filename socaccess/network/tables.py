"""From a table of nodes and a table of edges to a road network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import CrsError, Problem, raise_problems
from socaccess.network.roads import CLOSED, Roads, to_milliseconds
from socaccess.routing import order_along_curve

__all__ = ["build_from_tables"]


def build_from_tables(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    crs: str | None,
    provenance: Mapping[str, Any],
) -> Roads:
    """Return the network of two checked tables; `RoadNetwork.from_edges` tells the form."""
    problems = _find_missing_columns(nodes, edges)
    raise_problems(problems)
    x, y, metric = _place_nodes(nodes, crs)
    _require_metres(x, y, metric)
    node_id = nodes["node_id"].to_numpy()
    problems += _find_bad_nodes(node_id, x, y)
    index = pd.Index(node_id)
    if not index.is_unique:
        raise_problems(problems)
    start = index.get_indexer(edges["from_id"])
    end = index.get_indexer(edges["to_id"])
    edge_id = (
        edges["edge_id"].to_numpy() if "edge_id" in edges else np.arange(len(edges)).astype(str)
    )
    problems += _find_bad_ends(edges, edge_id, start, end)
    raise_problems(problems)

    length = _measure(edges, x, y, start, end)
    oneway = _read_flags(edges, "oneway", edge_id, problems)
    modelled = _read_flags(edges, "modelled", edge_id, problems)
    forward, backward, bad_times = _time(edges, edge_id, length, oneway)
    problems += bad_times
    bad_length = ~(np.isfinite(length) & (length >= 0))
    if bad_length.any():
        problems.append(Problem("network.bad_length", "edges", tuple(edge_id[bad_length])))
    raise_problems(problems)

    names, road_class = _classify(edges)
    shapes = _split_shapes(edges, metric)
    order = order_along_curve(x, y)
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Roads(
        crs=metric,
        node_x=x[order],
        node_y=y[order],
        edge_from=place[start],
        edge_to=place[end],
        length_m=length,
        forward_ms=forward,
        backward_ms=backward,
        modelled=modelled,
        node_id=node_id[order],
        edge_id=edge_id,
        road_class=road_class,
        class_names=names,
        provenance=dict(provenance),
        **shapes,
    )


def _find_missing_columns(nodes: pd.DataFrame, edges: pd.DataFrame) -> list[Problem]:
    problems = []
    if "node_id" not in nodes:
        problems.append(Problem("network.no_node_id", "nodes"))
    placed = {"lon", "lat"} <= set(nodes) or {"x", "y"} <= set(nodes) or hasattr(nodes, "crs")
    if not placed:
        problems.append(Problem("network.no_coordinates", "nodes"))
    missing = [name for name in ("from_id", "to_id") if name not in edges]
    if missing:
        problems.append(Problem("network.no_ends", "edges", names=missing))
    if "speed_kph" not in edges and "forward_ms" not in edges:
        problems.append(Problem("network.no_times", "edges"))
    return problems


def _place_nodes(nodes: pd.DataFrame, crs: str | None) -> tuple[np.ndarray, np.ndarray, str]:
    if {"x", "y"} <= set(nodes):
        return _read_numbers(nodes["x"]), _read_numbers(nodes["y"]), crs or crs_.LATVIA
    if {"lon", "lat"} <= set(nodes):
        lon, lat = _read_numbers(nodes["lon"]), _read_numbers(nodes["lat"])
        known = np.isfinite(lon) & np.isfinite(lat)
        metric = crs or crs_.choose_metric_crs(lon[known], lat[known])
        x, y = crs_.project_points(lon, lat, crs_.EXCHANGE, metric)
        return x, y, metric
    moved = crs_.to_metric(nodes, "nodes", crs)
    return moved.geometry.x.to_numpy(), moved.geometry.y.to_numpy(), moved.crs.to_string()


def _read_numbers(values: pd.Series) -> np.ndarray:
    """Return numbers as float, NaN for what is none: the checks name it by its row."""
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _require_metres(x: np.ndarray, y: np.ndarray, metric: str) -> None:
    if not crs_.is_metric(metric):
        raise CrsError("network.not_metres", where="nodes", crs=metric)
    if crs_.look_like_degrees(x, y):
        raise CrsError("network.looks_like_degrees", where="nodes", crs=metric)


def _read_flags(
    edges: pd.DataFrame, name: str, edge_id: np.ndarray, problems: list[Problem]
) -> np.ndarray:
    """Return a column of flags; a text such as 'no' must not count as true because it is there."""
    if name not in edges:
        return np.zeros(len(edges), dtype=bool)
    values = edges[name]
    true = values.isin([True, 1]).to_numpy(dtype=bool)
    other = ~true & ~values.isin([False, 0]).to_numpy(dtype=bool)
    if other.any():
        problems.append(
            Problem(
                "network.not_a_flag",
                "edges",
                tuple(
                    f"{edge}: {value}"
                    for edge, value in zip(
                        edge_id[other], values.to_numpy(dtype=object)[other], strict=True
                    )
                ),
                column=name,
            )
        )
    return true


def _find_bad_nodes(node_id: np.ndarray, x: np.ndarray, y: np.ndarray) -> list[Problem]:
    problems = []
    doubled = pd.Series(node_id).duplicated(keep=False).to_numpy()
    if doubled.any():
        problems.append(Problem("network.node_repeats", "nodes", tuple(node_id[doubled])))
    lost = ~(np.isfinite(x) & np.isfinite(y))
    if lost.any():
        problems.append(Problem("network.node_without_place", "nodes", tuple(node_id[lost])))
    return problems


def _find_bad_ends(
    edges: pd.DataFrame, edge_id: np.ndarray, start: np.ndarray, end: np.ndarray
) -> list[Problem]:
    problems = []
    for column, position in (("from_id", start), ("to_id", end)):
        unknown = position < 0
        if unknown.any():
            problems.append(
                Problem(
                    "network.unknown_node",
                    "edges",
                    tuple(
                        f"{edge}: {name}"
                        for edge, name in zip(
                            edge_id[unknown], edges[column].to_numpy()[unknown], strict=True
                        )
                    ),
                    column=column,
                )
            )
    return problems


def _measure(
    edges: pd.DataFrame, x: np.ndarray, y: np.ndarray, start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    if "length_m" in edges:
        return pd.to_numeric(edges["length_m"], errors="coerce").to_numpy(dtype=float)
    if "geometry" in edges and getattr(edges, "crs", None) is not None:
        return np.asarray(
            crs_.to_metric(edges, "edges").geometry.length,
            dtype=float,
        )
    return np.hypot(x[end] - x[start], y[end] - y[start])


def _time(
    edges: pd.DataFrame, edge_id: np.ndarray, length: np.ndarray, oneway: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    if "forward_ms" in edges:
        given = {"forward_ms": edges["forward_ms"]}
        given["backward_ms"] = edges.get("backward_ms", edges["forward_ms"])
        times = {
            name: pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
            for name, column in given.items()
        }
        problems = [
            Problem(
                "network.bad_time",
                "edges",
                tuple(edge_id[~((value >= 0) & (value <= float(CLOSED)))]),
                column=name,
            )
            for name, value in times.items()
            if not ((value >= 0) & (value <= float(CLOSED))).all()
        ]
        if problems:
            empty = np.zeros(len(edges), dtype=np.uint32)
            return empty, empty, problems
        forward = times["forward_ms"].astype(np.uint32)
        backward = times["backward_ms"].astype(np.uint32)
    else:
        speed = pd.to_numeric(edges["speed_kph"], errors="coerce").to_numpy(dtype=float)
        slow = ~(np.isfinite(speed) & (speed > 0))
        if slow.any():
            empty = np.zeros(len(edges), dtype=np.uint32)
            rows = tuple(edge_id[slow])
            return empty, empty, [Problem("network.bad_speed", "edges", rows, column="speed_kph")]
        usable = np.isfinite(length) & (length >= 0)
        forward = to_milliseconds(np.where(usable, length, 0.0), speed)
        backward = forward.copy()
    return forward, np.where(oneway, CLOSED, backward).astype(np.uint32), []


def _classify(edges: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    if "road_class" not in edges:
        return ("road",), np.zeros(len(edges), dtype=np.uint8)
    codes, names = pd.factorize(edges["road_class"].astype(str), sort=True)
    return tuple(names), codes.astype(np.uint8)


def _split_shapes(edges: pd.DataFrame, metric: str) -> dict[str, np.ndarray]:
    """Return the vertices between the ends of every line, or nothing without lines."""
    if "geometry" not in edges:
        return {}
    import shapely

    if getattr(edges, "crs", None) is not None and edges.crs != metric:
        edges = edges.to_crs(metric)
    points, owner = shapely.get_coordinates(edges["geometry"].to_numpy(), return_index=True)
    turn = owner[1:] != owner[:-1]
    first, last = np.r_[True, turn][: len(owner)], np.r_[turn, True][: len(owner)]
    inner = ~(first | last)
    start = np.zeros(len(edges) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner[inner], minlength=len(edges)), out=start[1:])
    return {
        "shape_start": start,
        "shape_x": points[inner, 0].copy(),
        "shape_y": points[inner, 1].copy(),
    }
