"""What a way costs: its time, its length, and how much of its time is modelled.

Measures of ways stand on a last axis of three: metres, and the shares of the time that are modelled
and that are modelled as streets within a town (`MEASURES` names them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from socaccess.network import RoadNetwork, Snapped, pair_directly
from socaccess.network.snapped import SAME_SPOT_M, measure_legs, time_legs
from socaccess.routing import UNREACHABLE, DirectTrips, Progress, compute_matrix, sum_along
from socaccess.travel._engines import choose_prepared

if TYPE_CHECKING:
    from socaccess.routing import Hierarchy

__all__ = [
    "MEASURES",
    "is_straight",
    "measure_arcs",
    "measure_direct",
    "measure_matrix",
    "measure_times",
    "split_measures",
    "to_share",
]

MEASURES = ("length_m", "modelled_share", "street_share")


def split_measures(measures: np.ndarray | None) -> dict[str, np.ndarray | None]:
    """Return the measures by name, none where nothing was measured."""
    return {
        name: None if measures is None else measures[..., number]
        for number, name in enumerate(MEASURES)
    }


def measure_times(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    *,
    lengths: bool,
    cutoff_ms: int | None,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
    hierarchy: Hierarchy | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return milliseconds, (origins, destinations), and measures where lengths are asked for.

    `hierarchy` is one of the network's graph, used where no lengths are asked for; without it
    the one prepared for the network is.
    """
    direct = pair_directly(starts, ends)
    if not lengths:
        if hierarchy is None:
            searches = min(len(starts.ids), len(ends.ids))
            engine, hierarchy = choose_prepared(network, searches, engine)
        travel_ms = compute_matrix(
            network.graph,
            starts.as_origins,
            ends.as_destinations,
            engine=engine,
            cutoff_ms=cutoff_ms,
            threads=threads,
            progress=progress,
            hierarchy=hierarchy,
            direct=direct,
        )
        return travel_ms, None
    travel_ms, measures = measure_matrix(network, starts, ends, direct, engine, threads, progress)
    if cutoff_ms is not None:
        late = travel_ms > cutoff_ms
        travel_ms[late] = UNREACHABLE
        measures[late] = np.nan
    return travel_ms, measures


def measure_arcs(network: RoadNetwork) -> np.ndarray:
    """Return metres, modelled and street milliseconds of every arc of `open_arcs`, (arcs, 3)."""
    return np.stack(list_arc_measures(network), axis=1)


def list_arc_measures(network: RoadNetwork) -> list[np.ndarray]:
    """Return the columns of `measure_arcs`, made once a network."""
    kept: list[np.ndarray] | None = network.__dict__.get("_arc_measures")
    if kept is None:
        arc_ms = np.concatenate([network.forward_ms, network.backward_ms])[network.open_arcs]
        streets = network.modelled & network.is_class("street")
        kept = [network.spread_over_arcs(network.length_m).astype(float)]
        for flag in (network.modelled, streets):
            kept.append(np.where(network.spread_over_arcs(flag), arc_ms, 0).astype(float))
        network.__dict__["_arc_measures"] = kept
    return kept


def measure_direct(
    network: RoadNetwork, starts: Snapped, ends: Snapped, direct: DirectTrips
) -> np.ndarray:
    """Return metres, modelled and street milliseconds of trips that pass no node, (trips, 3)."""
    o, d, links = direct.origin, direct.destination, starts.links
    edge = starts.edge[o]
    legs = measure_legs(starts.access_m[o], starts.access_ms[o], links)
    legs = legs + measure_legs(ends.access_m[d], ends.access_ms[d], links)
    legs[:, 0] += np.abs(starts.along[o] - ends.along[d]) * network.length_m[edge]
    along_ms = direct.ms - starts.access_ms[o].astype(float) - ends.access_ms[d]
    legs[:, 1] += np.where(network.modelled[edge], along_ms, 0)
    legs[:, 2] += np.where(network.modelled[edge] & network.is_class("street")[edge], along_ms, 0)
    straight = is_straight(starts, ends, direct)
    ms = direct.ms[straight]
    straight_m = np.hypot(starts.x[o] - ends.x[d], starts.y[o] - ends.y[d])[straight]
    legs[straight] = measure_legs(straight_m, ms, links)
    return legs


def is_straight(starts: Snapped, ends: Snapped, direct: DirectTrips) -> np.ndarray:
    """Return which trips that pass no node go straight from place to place, not along an edge."""
    o, d = direct.origin, direct.destination
    straight_m = np.hypot(starts.x[o] - ends.x[d], starts.y[o] - ends.y[d])
    if not starts.network.joins_at_nodes:
        return straight_m <= SAME_SPOT_M
    links = starts.links
    return (straight_m <= links.street_m) & (direct.ms == time_legs(straight_m, links))


def measure_matrix(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    direct: DirectTrips,
    engine: str,
    threads: int,
    progress: Progress | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return times, (origins, destinations), and the measures of the ways."""
    travel_ms, sums = sum_along(
        network.graph,
        starts.as_origins,
        ends.as_destinations,
        measure_arcs(network),
        origin_values=starts.measure_ends(),
        destination_values=ends.measure_ends(),
        engine=engine,
        threads=threads,
        progress=progress,
    )
    o, d = direct.origin, direct.destination
    # Of ways equally fast the direct one counts.
    taken = direct.ms <= travel_ms[o, d]
    travel_ms[o[taken], d[taken]] = direct.ms[taken]
    sums[o[taken], d[taken]] = measure_direct(network, starts, ends, direct)[taken]
    sums[travel_ms >= UNREACHABLE] = np.nan
    sums[..., 1:] = to_share(sums[..., 1:], travel_ms[..., None])
    return travel_ms, sums


def to_share(modelled_ms: np.ndarray, travel_ms: np.ndarray) -> np.ndarray:
    """Return the modelled part of times as shares from 0 to 1, 0 of no time at all."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(travel_ms > 0, modelled_ms / travel_ms, 0.0).clip(0, 1)
