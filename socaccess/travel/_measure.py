"""What a way costs: its time, its length, and how much of its time is modelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from socaccess.network import RoadNetwork, Snapped, pair_on_same_edge
from socaccess.routing import UNREACHABLE, DirectTrips, Progress, compute_matrix, sum_along
from socaccess.settings import LinkModel
from socaccess.travel._engines import choose_prepared

if TYPE_CHECKING:
    from socaccess.routing import Hierarchy

__all__ = ["measure_arcs", "measure_direct", "measure_matrix", "measure_times", "to_share"]


def measure_times(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    *,
    lengths: bool,
    cutoff_ms: int | None,
    links: LinkModel,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
    hierarchy: Hierarchy | None = None,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Return milliseconds, and metres and modelled shares where asked, (origins, destinations).

    `hierarchy` is one of the network's graph, used where no lengths are asked for; without it
    the one prepared for the network is.
    """
    direct = pair_on_same_edge(starts, ends)
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
        return travel_ms, None, None
    travel_ms, length_m, modelled_share = measure_matrix(
        network, starts, ends, direct, links, engine, threads, progress
    )
    if cutoff_ms is not None:
        late = travel_ms > cutoff_ms
        travel_ms[late] = UNREACHABLE
        length_m[late] = modelled_share[late] = np.nan
    return travel_ms, length_m, modelled_share


def measure_arcs(network: RoadNetwork) -> np.ndarray:
    """Return metres and modelled milliseconds of every arc of `open_arcs`, shape (arcs, 2)."""
    arc_ms = np.concatenate([network.forward_ms, network.backward_ms])[network.open_arcs]
    modelled = network.spread_over_arcs(network.modelled)
    return np.stack(
        [
            network.spread_over_arcs(network.length_m).astype(float),
            np.where(modelled, arc_ms, 0).astype(float),
        ],
        axis=1,
    )


def measure_direct(
    network: RoadNetwork, starts: Snapped, ends: Snapped, direct: DirectTrips, links: LinkModel
) -> tuple[np.ndarray, np.ndarray]:
    """Return metres and modelled milliseconds of the trips that stay on one edge."""
    o, d = direct.origin, direct.destination
    edge = starts.edge[o]
    access_m = (np.nan_to_num(starts.access_m[o]) + np.nan_to_num(ends.access_m[d])) * links.detour
    access_ms = starts.access_ms[o].astype(float) + ends.access_ms[d]
    length_m = np.abs(starts.along[o] - ends.along[d]) * network.length_m[edge] + access_m
    return length_m, np.where(network.modelled[edge], direct.ms, access_ms)


def measure_matrix(
    network: RoadNetwork,
    starts: Snapped,
    ends: Snapped,
    direct: DirectTrips,
    links: LinkModel,
    engine: str,
    threads: int,
    progress: Progress | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, metres and modelled shares, all (origins, destinations)."""
    travel_ms, sums = sum_along(
        network.graph,
        starts.as_origins,
        ends.as_destinations,
        measure_arcs(network),
        origin_values=starts.measure_ends(links.detour),
        destination_values=ends.measure_ends(links.detour),
        engine=engine,
        threads=threads,
        progress=progress,
    )
    length_m, modelled_ms = sums[..., 0].copy(), sums[..., 1].copy()
    o, d = direct.origin, direct.destination
    # Of ways equally fast the one along the edge counts.
    taken = direct.ms <= travel_ms[o, d]
    direct_m, direct_modelled_ms = measure_direct(network, starts, ends, direct, links)
    o, d = o[taken], d[taken]
    travel_ms[o, d] = direct.ms[taken]
    length_m[o, d] = direct_m[taken]
    modelled_ms[o, d] = direct_modelled_ms[taken]
    share = to_share(modelled_ms, travel_ms)
    share[travel_ms >= UNREACHABLE] = np.nan
    length_m[travel_ms >= UNREACHABLE] = np.nan
    return travel_ms, length_m, share


def to_share(modelled_ms: np.ndarray, travel_ms: np.ndarray) -> np.ndarray:
    """Return the modelled part of times as shares from 0 to 1, 0 of no time at all."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(travel_ms > 0, modelled_ms / travel_ms, 0.0).clip(0, 1)
