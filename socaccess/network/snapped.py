"""Places that were put on the network, what it takes to leave and to reach them, short trips."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from socaccess.network.roads import CLOSED, Roads, to_milliseconds
from socaccess.routing import DirectTrips, Terminals
from socaccess.settings import LinkModel

__all__ = [
    "SAME_SPOT_M",
    "Snapped",
    "leg_kph",
    "longest_leg_m",
    "measure_legs",
    "pair_directly",
    "time_legs",
]


@dataclass(frozen=True, eq=False)
class Snapped:
    """Places and the point of the network each was put on.

    Every place is here, also one without coordinates: its `edge` is -1 and it is
    unreachable in every table.

    Parameters
    ----------
    network
        The network.
    links
        The model of the access legs.
    ids
        Names of the places, shape (places,).
    edge
        Edge position, -1 where the place could not be snapped.
    along
        Where on the edge: 0 at `edge_from`, 1 at `edge_to`.
    access_m
        Straight distance between the place and that point, metres; NaN if not snapped.
    access_ms
        Time of that leg: `access_m` times the detour at the access speed.
    far
        True where `access_m` is above `links.access_flag_m`.
    cut_off
        True where the place lies on roads that nothing joins to the main part of the network (an
        island without a ferry, a yard behind a closed gate): it is reached along those only.
    x, y
        Where the place itself lies, metres in the CRS of the network; NaN where unknown.
    door_node, door_m, door_ms
        Further nodes a place may be left and reached by, with the straight distance to each
        and its time, shape (places, doors); -1 where unused.
    """

    network: Roads
    links: LinkModel
    ids: np.ndarray
    edge: np.ndarray
    along: np.ndarray
    access_m: np.ndarray
    access_ms: np.ndarray
    far: np.ndarray
    cut_off: np.ndarray
    x: np.ndarray
    y: np.ndarray
    door_node: np.ndarray
    door_m: np.ndarray
    door_ms: np.ndarray

    def take(self, places: slice | np.ndarray) -> Self:
        """Return some of the places, in the order given; one may come more than once."""
        arrays = {
            item.name: getattr(self, item.name)[places]
            for item in fields(self)
            if item.name not in ("network", "links")
        }
        return replace(self, **arrays)

    @property
    def too_far(self) -> np.ndarray:
        """True where the way to the network is longer than any: reached from nowhere but itself."""
        with np.errstate(invalid="ignore"):
            return self.access_m > longest_leg_m(self.network, self.links)

    @property
    def located(self) -> np.ndarray:
        """True where the place was put on the network."""
        return self.edge >= 0

    @cached_property
    def edges(self) -> np.ndarray:
        """Every edge a place lies on, shape (places, width): its own first, then its copies.

        Turn restrictions leave one-way copies of some stretches; a place there is
        reached and left by all of them. -1 where unused.
        """
        own = self.edge[:, None]
        stretch = self.network.stretch
        copied = np.flatnonzero(stretch != np.arange(len(stretch)))
        if not len(copied) or not len(self.edge):
            return own
        # A place may have been put on a copy: the stretch is what counts.
        base = np.where(self.located, stretch[np.maximum(self.edge, 0)], -1)
        members = pd.concat(
            [
                pd.DataFrame({"base": stretch[copied], "edge": copied}),
                pd.DataFrame({"base": np.unique(stretch[copied])}).assign(edge=lambda f: f["base"]),
            ]
        ).sort_values(["base", "edge"])
        found = pd.DataFrame({"base": base, "place": np.arange(len(base)), "own": self.edge})
        found = found.merge(members, on="base").query("edge != own")
        if not len(found):
            return own
        column = found.groupby("place").cumcount().to_numpy() + 1
        edges = np.full((len(self.edge), 1 + column.max()), -1, dtype=np.int64)
        edges[:, 0] = self.edge
        edges[found["place"].to_numpy(), column] = found["edge"].to_numpy()
        return edges

    def _on_edges(self, values: np.ndarray) -> np.ndarray:
        """Return the value of each edge of each place, (places, width); 0 where there is none."""
        if not len(values):
            return np.zeros(self.edges.shape, dtype=values.dtype)
        return np.where(self.edges >= 0, values[np.maximum(self.edges, 0)], values.dtype.type(0))

    @cached_property
    def _steps(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Milliseconds along each edge: forward before and after the point, then backward."""
        forward = self._on_edges(self.network.forward_ms).astype(np.int64)
        backward = self._on_edges(self.network.backward_ms).astype(np.int64)
        along = self.along[:, None]
        # The two parts of an edge add up to the whole, so that cutting it changes no time.
        forward_before = np.rint(forward * along).astype(np.int64)
        backward_before = np.rint(backward * (1 - along)).astype(np.int64)
        return forward_before, forward - forward_before, backward_before, backward - backward_before

    @cached_property
    def as_origins(self) -> Terminals:
        """The places as beginnings of trips."""
        _, forward_after, _, backward_after = self._steps
        return self._attach(to_start=backward_after, to_end=forward_after)

    @cached_property
    def as_destinations(self) -> Terminals:
        """The places as ends of trips."""
        forward_before, _, backward_before, _ = self._steps
        return self._attach(to_start=forward_before, to_end=backward_before, leaving=False)

    def _attach(
        self, *, to_start: np.ndarray, to_end: np.ndarray, leaving: bool = True
    ) -> Terminals:
        network = self.network
        access = self.access_ms[:, None, None].astype(np.int64)
        node = _pair(self._on_edges(network.edge_from), self._on_edges(network.edge_to))
        forward_open = self._on_edges(network.forward_ms) < CLOSED
        backward_open = self._on_edges(network.backward_ms) < CLOSED
        # Leaving by the start of an edge means driving it backward; arriving there, forward.
        via_start, via_end = (
            (backward_open, forward_open) if leaving else (forward_open, backward_open)
        )
        # A place exactly on a node needs no stretch of the edge, whatever its direction.
        at_end = _pair(self.along[:, None] == 0, self.along[:, None] == 1)
        cost = np.where(at_end, access, _pair(to_start, to_end) + access)
        usable = (_pair(via_start, via_end) | at_end) & (self.edges >= 0)[:, :, None]
        usable &= (cost < int(CLOSED)) & ~self.too_far[:, None, None]
        shape = (len(self.ids), 2 * self.edges.shape[1])
        doors = np.where(self.too_far[:, None], -1, self.door_node)
        return Terminals(
            node=np.hstack([np.where(usable, node, -1).reshape(shape), doors]),
            cost_ms=np.hstack(
                [np.where(usable, cost, 0).reshape(shape), np.where(doors < 0, 0, self.door_ms)]
            ),
        )

    def measure_ends(self) -> np.ndarray:
        """Return metres and milliseconds between each place and its nodes, modelled and streets'.

        Shape (places, ends, 3), ends as in `as_origins`; last axis length, modelled time,
        and what of that is streets within a town. The access leg counts into all, its length
        with the detour; the stretch of the edge counts as modelled where the edge is. Same
        numbers for leaving and arriving.
        """
        network, links = self.network, self.links
        share = _pair(self.along[:, None], 1 - self.along[:, None])
        times = np.minimum(self._on_edges(network.forward_ms), self._on_edges(network.backward_ms))
        flags = (network.modelled, network.modelled & network.is_class("street"))
        parts = [self._on_edges(network.length_m)]
        parts += [np.where(self._on_edges(flag), times, 0) for flag in flags]
        by_edge = np.stack([share * part[:, :, None] for part in parts], axis=3)
        by_edge = by_edge + measure_legs(self.access_m, self.access_ms, links)[:, None, None, :]
        by_door = measure_legs(self.door_m, self.door_ms, links)
        return np.concatenate(
            [by_edge.reshape(len(self.ids), 2 * self.edges.shape[1], 3), by_door], axis=1
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per place: id, edge and the columns that tell how it was put there.

        `access_m`, `access_min`, `far`, `cut_off`, `located`.
        """
        located = self.located
        edge_id = self.network.edge_id.astype(str).astype(object)
        return pd.DataFrame(
            {
                "id": self.ids,
                "edge_id": np.where(located, edge_id[np.maximum(self.edge, 0)], None)
                if len(edge_id)
                else np.full(len(self.ids), None),
                "access_m": self.access_m,
                "access_min": np.where(located, self.access_ms / 60_000, np.nan),
                "far": self.far,
                "cut_off": self.cut_off,
                "located": located,
            }
        )


def longest_leg_m(network: Roads, links: LinkModel) -> float:
    """Return the longest way from a place to the network, metres, inclusive.

    The embedded roads are few: places are joined to them from as far as settlements are.
    """
    return links.link_m if network.joins_at_nodes else links.access_flag_m


LEG_KM = (0.3, 1.0, 3.0, 8.0)
LEG_SHARE = (0.0, 0.23, 0.67, 1.0)
"""How a modelled way gets faster with its length: share of the way from street to link speed."""


def leg_kph(straight_m: np.ndarray, links: LinkModel) -> np.ndarray:
    """Return the mean speed on modelled ways of these straight lengths.

    Streets near a centre are slow; the farther a way goes, the more of it is open road.

    Examples
    --------
    >>> leg_kph(np.array([100.0, 3000.0, 20_000.0]), LinkModel()).round().tolist()
    [25.0, 45.0, 55.0]
    """
    share = np.interp(np.asarray(straight_m) / 1000, LEG_KM, LEG_SHARE)
    return links.street_kph + share * (links.link_kph - links.street_kph)


def time_legs(straight_m: np.ndarray, links: LinkModel) -> np.ndarray:
    """Return the whole milliseconds of modelled ways of these straight lengths."""
    return to_milliseconds(straight_m * links.detour, leg_kph(straight_m, links))


def measure_legs(straight_m: np.ndarray, ms: np.ndarray, links: LinkModel) -> np.ndarray:
    """Return metres, modelled and street milliseconds of legs, on a new last axis."""
    straight_m = np.nan_to_num(straight_m)
    street_ms = np.where(straight_m <= links.street_m, ms, 0)
    return np.stack([straight_m * links.detour, ms.astype(float), street_ms], axis=-1)


def pair_directly(origins: Snapped, destinations: Snapped) -> DirectTrips:
    """Return the trips that pass no node: along one edge, along streets, or nowhere at all.

    A place is no time from itself. On the embedded roads two places within `links.street_m` are
    also joined by streets.
    """
    streets, links = origins.network.joins_at_nodes, origins.links
    here, there, straight_m = _pair_nearby(
        origins, destinations, links.street_m if streets else SAME_SPOT_M
    )
    near_ms = time_legs(straight_m, links) if streets else np.zeros(len(here), np.int64)
    parts = zip(_pair_on_same_edge(origins, destinations), (here, there, near_ms), strict=True)
    origin, destination, ms = (np.concatenate(part).astype(np.int64) for part in parts)
    order = np.lexsort((ms, destination, origin))
    origin, destination, ms = origin[order], destination[order], ms[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(origin) != 0) | (np.diff(destination) != 0)
    return DirectTrips(
        origin=origin[first].astype(np.int32),
        destination=destination[first].astype(np.int32),
        ms=ms[first].astype(np.uint32),
    )


SAME_SPOT_M = 0.01
"""Two places no farther apart than this are one."""


def _pair_nearby(
    origins: Snapped, destinations: Snapped, reach_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of located places within a distance, and the distance, metres."""
    here, there = np.flatnonzero(origins.located), np.flatnonzero(destinations.located)
    if not len(here) or not len(there):
        return here[:0], there[:0], np.empty(0)
    one = np.stack([origins.x[here], origins.y[here]], axis=1)
    other = np.stack([destinations.x[there], destinations.y[there]], axis=1)
    row, column, straight_m = _find_within(one, other, reach_m)
    dry = ~origins.network.rivers.lie_between(one[row], other[column])
    return here[row[dry]], there[column[dry]], straight_m[dry]


def _find_within(
    one: np.ndarray, other: np.ndarray, reach_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which points are within a distance of which others, and the distance, metres.

    Each point looks into the squares around its own; a tree would need the import of half of scipy.
    """
    side = max(reach_m, SAME_SPOT_M) * (1 + 1e-6)  # no pair a rounding apart is squares apart
    corner = np.minimum(one.min(axis=0), other.min(axis=0)) - side
    square, others = (np.floor((xy - corner) / side).astype(np.int64) for xy in (one, other))
    height = int(max(square[:, 1].max(), others[:, 1].max())) + 2
    key = others[:, 0] * height + others[:, 1]
    order = np.argsort(key, kind="stable")
    key = key[order]
    rows, columns = [], []
    for aside in (-1, 0, 1):  # the three squares above each other are neighbours in `key` too
        middle = (square[:, 0] + aside) * height + square[:, 1]
        first = np.searchsorted(key, middle - 1, side="left")
        count = np.searchsorted(key, middle + 1, side="right") - first
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        rows.append(np.repeat(np.arange(len(one)), count))
        columns.append(order[np.repeat(first, count) + step])
    row, column = np.concatenate(rows), np.concatenate(columns)
    apart = one[row] - other[column]
    square_m = apart[:, 0] ** 2 + apart[:, 1] ** 2
    near = square_m <= reach_m * reach_m
    return row[near], column[near], np.sqrt(square_m[near])


def _pair_on_same_edge(
    origins: Snapped, destinations: Snapped
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the trips that stay on one edge: origin, destination, ms."""
    (here, edge), (there, other) = _list_places(origins), _list_places(destinations)
    order = np.argsort(other, kind="stable")
    first, last = (np.searchsorted(other[order], edge, side=side) for side in ("left", "right"))
    count = last - first
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    origin, edge = np.repeat(here, count), np.repeat(edge, count)
    destination = there[order[np.repeat(first, count) + step]]
    network = origins.network
    # By place, not by time: an edge that takes no time has an order all the same.
    along_o, along_d = origins.along[origin], destinations.along[destination]
    forward, backward = network.forward_ms[edge], network.backward_ms[edge]
    nowhere = int(CLOSED)

    def drive(times: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the time between two shares of an edge in a direction, parts rounded alike."""
        open_ahead = (end >= start) & (times < CLOSED)
        whole = times.astype(np.int64)
        parts = np.rint(whole * end).astype(np.int64) - np.rint(whole * start).astype(np.int64)
        return np.where(open_ahead, parts, nowhere)

    total = (
        np.minimum(drive(forward, along_o, along_d), drive(backward, 1 - along_o, 1 - along_d))
        + origins.access_ms[origin].astype(np.int64)
        + destinations.access_ms[destination].astype(np.int64)
    )
    driven = total < nowhere
    return origin[driven], destination[driven], total[driven]


def _list_places(places: Snapped) -> tuple[np.ndarray, np.ndarray]:
    """Return each place and each edge it lies on."""
    place, column = np.nonzero((places.edges >= 0) & ~places.too_far[:, None])
    return place, places.edges[place, column]


def _pair(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the values at both ends of every edge, (places, width, 2)."""
    return np.stack([start, end], axis=2)
