"""Networks from osmnx and networkx graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, raise_problems
from socaccess.network.roads import CLOSED, Roads
from socaccess.network.tables import build_from_tables

__all__ = ["read_networkx"]


def read_networkx(graph: Any) -> Roads:
    """Return the network of a networkx graph with positions; `RoadNetwork.from_osmnx` tells more.

    Every directed edge becomes one edge driven forward only; an undirected graph's
    edges are driven both ways. Lines (`geometry`) are kept; an edge without one is straight.

    Raises
    ------
    InputError
        If nodes lack `x`, `y`, or edges lack a length, or a time and a speed.
    """
    if not graph.number_of_nodes():
        raise InputError("network.graph_without_nodes", where="graph")
    nodes = pd.DataFrame(
        [(str(name), data.get("x"), data.get("y")) for name, data in graph.nodes(data=True)],
        columns=["node_id", "x", "y"],
    )
    lost = nodes["x"].isna() | nodes["y"].isna()
    if lost.any():
        rows = tuple(nodes.loc[lost, "node_id"])
        raise InputError("network.graph_node_without_place", where="graph", rows=rows)
    source = str(graph.graph.get("crs", crs_.EXCHANGE))
    metric = _choose_metric(nodes, source)
    nodes["x"], nodes["y"] = crs_.project_points(nodes["x"], nodes["y"], source, metric)
    edges = _list_edges(graph)
    if any("geometry" in data for _, _, data in graph.edges(data=True)):
        edges = _draw_lines(graph, edges, source, metric)
    return build_from_tables(
        nodes,
        edges,
        crs=metric,
        provenance={"source": str(graph.graph.get("created_with", "networkx graph"))},
    )


def _choose_metric(nodes: pd.DataFrame, source: str) -> str:
    from pyproj import CRS

    if CRS.from_user_input(source).is_projected:
        return source
    return crs_.choose_metric_crs(nodes["x"].to_numpy(float), nodes["y"].to_numpy(float))


def _list_edges(graph: Any) -> pd.DataFrame:
    rows = [
        (
            f"{start}-{end}-{number}",
            str(start),
            str(end),
            data.get("length"),
            data.get("travel_time"),
            data.get("speed_kph", _first_number(data.get("maxspeed"))),
            _first(data.get("highway", "road")),
        )
        for number, (start, end, data) in enumerate(graph.edges(data=True))
    ]
    columns = ["edge_id", "from_id", "to_id", "length_m", "seconds", "speed_kph", "road_class"]
    edges = pd.DataFrame(rows, columns=columns)
    for name in ("length_m", "seconds", "speed_kph"):
        edges[name] = pd.to_numeric(edges[name], errors="coerce")
    seconds = edges["seconds"].fillna(edges["length_m"] / (edges["speed_kph"] / 3.6))
    problems = [
        Problem(code, "graph", tuple(edges.loc[bad, "edge_id"]))
        for code, bad in (
            ("network.graph_edge_without_length", ~(edges["length_m"] >= 0)),
            (
                "network.graph_edge_without_time",
                ~(seconds >= 0) & (edges["length_m"] >= 0),
            ),
        )
        if bad.any()
    ]
    raise_problems(problems)
    edges["forward_ms"] = np.rint(seconds * 1000).clip(upper=float(CLOSED) - 1)
    edges["backward_ms"] = float(CLOSED) if graph.is_directed() else edges["forward_ms"]
    return edges.drop(columns=["seconds", "speed_kph"])


def _draw_lines(graph: Any, edges: pd.DataFrame, source: str, metric: str) -> pd.DataFrame:
    """Return the edges with their lines; straight where the graph has none."""
    import geopandas as gpd
    import shapely

    position = {name: (data["x"], data["y"]) for name, data in graph.nodes(data=True)}
    lines = [
        data.get("geometry", shapely.LineString([position[start], position[end]]))
        for start, end, data in graph.edges(data=True)
    ]
    return gpd.GeoDataFrame(edges, geometry=lines, crs=source).to_crs(metric)


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)


def _first_number(value: Any) -> float | None:
    try:
        return float(_first(value).split()[0])
    except (ValueError, IndexError):
        return None
