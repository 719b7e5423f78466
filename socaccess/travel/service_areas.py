"""Isochrones: the land within a time of a facility, following the roads that are reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from socaccess.errors import InputError
from socaccess.network import CLOSED, RoadNetwork, Snapped
from socaccess.routing import UNREACHABLE, Terminals, find_nearest
from socaccess.settings import LinkModel
from socaccess.travel.minutes import to_limit_ms
from socaccess.travel.places import snap_places

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["isochrones"]


def isochrones(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame | Snapped,
    *,
    minutes: Sequence[float] = (15, 30, 45, 60),
    buffer_m: float = 800.0,
    traveller: Literal["client", "provider"] = "client",
    links: LinkModel | None = None,
    engine: str = "auto",
    threads: int = 1,
) -> gpd.GeoDataFrame:
    """Return the area from which some facility is within each limit, one polygon a limit.

    The roads reached are cut where the time is up, widened by `buffer_m` on either
    side and joined, so the area follows the roads: it claims nothing about land
    farther from them, nor about water that a ferry crosses.

    Parameters
    ----------
    network
        The roads.
    facilities
        Points with an id column, or places snapped before; the area is that of the
        nearest of them.
    minutes
        Limits in minutes, inclusive.
    buffer_m
        How far from a road the area reaches, metres.
    traveller
        `client`: from where a facility can be reached; `provider`: what can be
        reached from a facility.
    links, engine, threads
        As in `travel_times`.

    Returns
    -------
    geopandas.GeoDataFrame
        `limit_min` and a polygon (empty where nothing is reached), in the CRS of
        the network, limits ascending; each contains the one before.
    """
    import geopandas as gpd
    import shapely

    limits = sorted({float(limit) for limit in minutes})
    if not limits or limits[0] <= 0:
        raise InputError("travel.limits_not_positive", minutes=str(list(minutes)))
    if not buffer_m > 0:
        raise InputError("travel.buffer_not_positive", buffer=buffer_m)
    sites, _ = snap_places(network, facilities, links)
    toward: Literal["sites", "places"] = "sites" if traveller == "client" else "places"
    found = find_nearest(
        network.graph,
        Terminals.at_nodes(np.arange(network.node_count, dtype=np.int32)),
        sites.as_destinations if toward == "sites" else sites.as_origins,
        np.zeros(len(sites.ids), dtype=np.int32),
        1,
        toward=toward,
        engine=engine,
        cutoff_ms=to_limit_ms(limits[-1]),
        threads=threads,
    )
    node_ms = found.ms[:, 0].astype(np.int64)
    areas: list[shapely.Geometry] = []
    # Nobody lives on a ferry.
    done = network.is_class("ferry")
    for limit in limits:
        stretches, whole = _cut_roads(network, node_ms, to_limit_ms(limit), toward, done)
        near = _cut_around_sites(network, sites, to_limit_ms(limit), toward)
        pieces = np.concatenate([stretches, near])
        pieces = shapely.buffer(pieces[~shapely.is_empty(pieces)], buffer_m, quad_segs=4)
        # An area holds the one before: only what is new is joined to it.
        areas.append(shapely.union_all([*areas[-1:], *pieces]))
        done = done | whole
    return gpd.GeoDataFrame({"limit_min": limits}, geometry=areas, crs=network.crs)


def _cut_roads(
    network: RoadNetwork, node_ms: np.ndarray, limit_ms: int, toward: str, done: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the stretches of road within the limit, entered from either end.

    Edges that are `done` are left out; with the stretches come the edges reached whole.
    """
    # Toward a facility a stretch is left by its near end: what counts is the time to that end
    # in the direction of travel.
    into_start, into_end = (
        (network.backward_ms, network.forward_ms)
        if toward == "sites"
        else (network.forward_ms, network.backward_ms)
    )
    share_start = _share_reached(node_ms[network.edge_from], into_start, limit_ms)
    share_end = _share_reached(node_ms[network.edge_to], into_end, limit_ms)
    whole = share_start + share_end >= 1
    part_start = ~whole & ~done & (share_start > 0)
    part_end = ~whole & ~done & (share_end > 0)
    stretches = np.concatenate(
        [
            network.draw_lines(np.flatnonzero(whole & ~done)),
            _cut_lines(network, np.flatnonzero(part_start), 0.0, share_start[part_start]),
            _cut_lines(network, np.flatnonzero(part_end), 1 - share_end[part_end], 1.0),
        ]
    )
    return stretches, whole


def _share_reached(node_ms: np.ndarray, edge_ms: np.ndarray, limit_ms: int) -> np.ndarray:
    left = limit_ms - node_ms
    usable = (node_ms < int(UNREACHABLE)) & (left >= 0) & (edge_ms < CLOSED)
    share = left / np.maximum(edge_ms.astype(np.int64), 1)
    return np.where(usable, np.clip(share, 0, 1), 0.0)


def _cut_around_sites(
    network: RoadNetwork, sites: Snapped, limit_ms: int, toward: str
) -> np.ndarray:
    """Return the stretch of its own edge within the limit of each site without passing a node."""
    here = np.flatnonzero(sites.located & (sites.access_ms < limit_ms))
    edge, left = sites.edge[here], (limit_ms - sites.access_ms[here]).astype(float)
    # Whoever comes to the site drives forward from before it and backward from behind it.
    before, behind = network.forward_ms[edge], network.backward_ms[edge]
    if toward == "places":
        before, behind = behind, before
    low = sites.along[here] - np.where(before < CLOSED, left / np.maximum(before, 1), 0.0)
    high = sites.along[here] + np.where(behind < CLOSED, left / np.maximum(behind, 1), 0.0)
    return _cut_lines(network, edge, np.clip(low, 0, 1), np.clip(high, 0, 1))


def _cut_lines(
    network: RoadNetwork, edges: np.ndarray, low: np.ndarray | float, high: np.ndarray | float
) -> np.ndarray:
    """Return each edge's line between two shares of its length."""
    from shapely.ops import substring

    low = np.broadcast_to(low, edges.shape)
    high = np.broadcast_to(high, edges.shape)
    lines = network.draw_lines(edges) if len(edges) else np.empty(0, dtype=object)
    return np.array(
        [
            substring(line, a, b, normalized=True)
            for line, a, b in zip(lines, low, high, strict=True)
        ],
        dtype=object,
    )
