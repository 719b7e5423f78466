"""From ways to segments, node to node: length, time, delay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from socaccess.network._osm_ways import FERRY, KindTable
from socaccess.network.speeds import SpeedProfile
from socaccess.sources.osm import RoadElements, read_access

__all__ = ["Segments", "close_barriers", "cut_segments", "time_segments"]

_OPEN_BARRIERS = frozenset(
    (
        *("border_control", "cattle_grid", "checkpoint", "entrance", "toll_booth", "sally_port"),
        *("height_restrictor", "bump_gate", "lift_gate", "swing_gate", "sliding_gate", "gate"),
        *("hampshire_gate", "no", "kerb", "arch", "yes", "spikes", "hedge", "field_boundary"),
    )
)
_GATES = frozenset(("gate", "swing_gate", "sliding_gate", "bump_gate", "hampshire_gate"))
_FREE_BARRIERS = frozenset(("no", "kerb", "arch", "entrance", "height_restrictor", "cattle_grid"))


@dataclass(eq=False)
class Segments:
    """Pieces of ways between two neighbouring nodes, in the order of the ways.

    Parameters
    ----------
    tail, head
        Nodes, by position.
    way
        Position of the way.
    length_m
        Geodesic length on WGS 84.
    """

    tail: np.ndarray
    head: np.ndarray
    way: np.ndarray
    length_m: np.ndarray


def cut_segments(elements: RoadElements, table: KindTable, counts: Counter[str]) -> Segments:
    """Return the segments of the ways a car may drive in at least one direction.

    A segment with a missing end is left out; so the way falls in two, as it does in
    the file.
    """
    from pyproj import Geod

    size = np.diff(elements.way_start)
    owner = np.repeat(np.arange(len(size)), size)
    nodes = elements.way_nodes
    tags = elements.way_tags
    is_open = (table.forward | table.backward)[tags] if len(tags) else np.zeros(0, dtype=bool)
    for kind, way_count in zip(
        table.kinds, np.bincount(tags, minlength=len(table.kinds)), strict=True
    ):
        if kind.note:
            counts[f"ways_{kind.note}"] += int(way_count)
        for name in kind.unread:
            counts[f"ways_{name}"] += int(way_count)
    lost = np.isnan(elements.lon)
    within = owner[1:] == owner[:-1] if len(owner) else np.zeros(0, dtype=bool)
    tail, head, way = nodes[:-1], nodes[1:], owner[:-1]
    usable = within & is_open[way] & (tail != head)
    usable &= ~(lost[tail] | lost[head])
    tail, head, way = tail[usable], head[usable], way[usable]
    lon, lat = elements.lon, elements.lat
    if len(tail):
        *_, length = Geod(ellps="WGS84").inv(lon[tail], lat[tail], lon[head], lat[head])
    else:
        length = np.zeros(0)
    return Segments(tail.astype(np.int64), head.astype(np.int64), way, np.asarray(length))


def find_built_up(
    segments: Segments,
    kind_of: np.ndarray,
    table: KindTable,
    x: np.ndarray,
    y: np.ndarray,
    profile: SpeedProfile,
) -> np.ndarray:
    """Return which segments lie in a built-up area, shape (segments,).

    A tag decides where there is one. Elsewhere the density of streets decides: the
    length of residential and living streets, or of all roads but tracks and service
    roads, in the three by three cells around the middle of the segment, per area.
    """
    rule = profile.values["built_up"]
    cell = float(rule["cell_m"])
    told = table.urban[kind_of]
    classes = [kind.road_class for kind in table.kinds]
    is_street = np.isin(classes, ("residential", "living_street"))[kind_of]
    is_road = ~np.isin(classes, ("track", "service", "other", FERRY))[kind_of]
    column = np.floor((x[segments.tail] + x[segments.head]) / 2 / cell).astype(np.int64)
    row = np.floor((y[segments.tail] + y[segments.head]) / 2 / cell).astype(np.int64)
    width = 1 << 32
    key = row * width + column
    cells, place = np.unique(key, return_inverse=True)
    area_km2 = (3 * cell / 1000) ** 2
    dense = np.zeros(len(cells), dtype=bool)
    for counted, threshold in (
        (is_street, rule["street_km_per_km2"]),
        (is_road, rule["road_km_per_km2"]),
    ):
        own = np.bincount(
            place, weights=np.where(counted, segments.length_m, 0.0), minlength=len(cells)
        )
        around = np.zeros(len(cells))
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                neighbour = cells + down * width + right
                found = np.minimum(np.searchsorted(cells, neighbour), max(len(cells) - 1, 0))
                around += np.where(cells[found] == neighbour, own[found], 0.0)
        dense |= around / 1000 / area_km2 >= threshold
    return np.where(told >= 0, told == 1, dense[place])


def time_segments(
    elements: RoadElements,
    segments: Segments,
    table: KindTable,
    built_up: np.ndarray,
    profile: SpeedProfile,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the milliseconds along and against each segment, delays included, as int64.

    A delay belongs to the segment that enters the node where one waits. Directions
    that are closed have a time too; whether they are open is not decided here.
    """
    kind_of = elements.way_tags[segments.way]
    place = built_up.astype(np.int64)
    length = segments.length_m
    forward = np.rint(length * 3600 / table.forward_kph[kind_of, place]).astype(np.int64)
    backward = np.rint(length * 3600 / table.backward_kph[kind_of, place]).astype(np.int64)
    _time_ferries(segments, kind_of, table, forward, backward)
    delays = _find_delays(elements, segments, kind_of, table, profile)
    return forward + delays[0], backward + delays[1]


def _time_ferries(
    segments: Segments,
    kind_of: np.ndarray,
    table: KindTable,
    forward: np.ndarray,
    backward: np.ndarray,
) -> None:
    """Spread the stated duration of a ferry over its segments by length, exactly."""
    duration = np.array([kind.duration_s or 0.0 for kind in table.kinds])
    timed = np.flatnonzero(duration[kind_of] > 0)
    for way in np.unique(segments.way[timed]):
        own = timed[segments.way[timed] == way]
        total_ms = duration[kind_of[own[0]]] * 1000
        along = np.concatenate([[0.0], np.cumsum(segments.length_m[own])])
        share = along / along[-1] if along[-1] > 0 else np.linspace(0, 1, len(along))
        forward[own] = backward[own] = np.diff(np.rint(share * total_ms).astype(np.int64))


def _find_delays(
    elements: RoadElements,
    segments: Segments,
    kind_of: np.ndarray,
    table: KindTable,
    profile: SpeedProfile,
) -> np.ndarray:
    """Return the delay along and against each segment, milliseconds, shape (2, segments)."""
    delay_ms = {name: round(value * 1000) for name, value in profile.values["delay_s"].items()}
    count = len(elements.node_id)
    at_node = np.zeros((2, count), dtype=np.int64)
    signals = np.zeros((2, count), dtype=bool)
    yielding = np.zeros(count, dtype=bool)
    for node, tags in elements.node_tags.items():
        sides = _read_sides(tags)
        what = tags.get("highway")
        if what == "traffic_signals":
            signals[sides, node] = True
            yielding[node] = True
        elif what in ("stop", "give_way", "mini_roundabout"):
            at_node[sides, node] += delay_ms[what]
            yielding[node] = True
        if tags.get("railway") in ("level_crossing", "crossing"):
            at_node[:, node] += delay_ms["level_crossing"]
        if "traffic_calming" in tags:
            at_node[:, node] += delay_ms["traffic_calming"]
        barriers = _list_barriers(tags)
        if barriers and not barriers & _FREE_BARRIERS:
            at_node[:, node] += delay_ms["gate" if barriers & _GATES else "other_barrier"]

    near = segments.length_m < profile.values["junction"]["signals_apart_m"]
    ends = (segments.tail, segments.head)
    at_junction = _find_junction_delays(segments, kind_of, table, count, delay_ms)
    boarding = _find_boarding(segments, kind_of, table, count, profile)
    result = np.zeros((2, len(segments.tail)), dtype=np.int64)
    for side, (start, end) in enumerate((ends, ends[::-1])):
        waits = signals[side, end] & ~(near & signals[side, start])
        result[side] = at_node[side, end] + np.where(waits, delay_ms["signals"], 0)
        result[side] += np.where(yielding[end], 0, at_junction[side])
        result[side] += boarding[side]
    return result


def _list_barriers(tags: Mapping[str, str]) -> set[str]:
    """Return what stands at a node; a gate beside a stile (`stile;gate`) is still a gate."""
    words = tags.get("barrier", "").replace(",", ";").split(";")
    return {word.strip() for word in words} - {""}


def _read_sides(tags: Mapping[str, str]) -> list[int]:
    """Return 0 for along the way, 1 for against it, or both."""
    value = tags.get("traffic_signals:direction") or tags.get("direction")
    return {"forward": [0], "backward": [1]}.get(value or "", [0, 1])


def _find_junction_delays(
    segments: Segments,
    kind_of: np.ndarray,
    table: KindTable,
    count: int,
    delay_ms: Mapping[str, int],
) -> np.ndarray:
    """Return what entering a junction without signs costs, shape (2, segments).

    Giving way to a road of higher standing costs `minor_road`; meeting at least two
    arms more of one's own standing costs `equal_road`; a road that outranks all
    others but its own continuation drives through.
    """
    road = ~table.ferry[kind_of]
    rank = np.where(road, table.rank[kind_of], 0)
    ends = (segments.tail, segments.head)
    arms = np.bincount(np.concatenate([end[road] for end in ends]), minlength=count)
    highest = np.zeros(count, dtype=np.int64)
    for end in ends:
        np.maximum.at(highest, end, rank)
    top = [end[road & (rank == highest[end])] for end in ends]
    equals = np.bincount(np.concatenate(top), minlength=count)
    round_ = table.roundabout[kind_of]
    on_roundabout = np.zeros(count, dtype=bool)
    for end in ends:
        on_roundabout[end[round_]] = True
    result = np.zeros((2, len(rank)), dtype=np.int64)
    for side, end in enumerate((segments.head, segments.tail)):
        junction = road & (arms[end] >= 3)
        circle = on_roundabout[end]
        result[side] = np.select(
            [
                junction & circle & ~round_,
                junction & circle,
                junction & (rank < highest[end]),
                junction & (equals[end] >= 3),
            ],
            [
                np.int64(delay_ms["roundabout"]),
                np.int64(0),
                np.int64(delay_ms["minor_road"]),
                np.int64(delay_ms["equal_road"]),
            ],
            np.int64(0),
        )
    return result


def _find_boarding(
    segments: Segments,
    kind_of: np.ndarray,
    table: KindTable,
    count: int,
    profile: SpeedProfile,
) -> np.ndarray:
    """Return the wait for a ferry, on the segments that leave a quay, shape (2, segments)."""
    ferry = table.ferry[kind_of]
    ashore = np.zeros(count, dtype=bool)
    for end in (segments.tail, segments.head):
        ashore[end[~ferry]] = True
    wait = round(profile.values["ferry"]["boarding_s"] * 1000)
    return np.stack(
        [np.where(ferry & ashore[start], wait, 0) for start in (segments.tail, segments.head)]
    )


def close_barriers(
    elements: RoadElements,
    segments: Segments,
    profile: SpeedProfile,
    counts: Counter[str],
) -> np.ndarray:
    """Cut the roads at barriers no car passes; return which node each node is a copy of.

    Every segment that meets such a node gets an end of its own there, so that all of
    them end blind.
    """
    closed = [
        node
        for node, tags in elements.node_tags.items()
        if _is_closed(tags, private_open=profile.private_is_open)
    ]
    counts["barriers_closed"] = len(closed)
    counts["barriers_passed"] = sum(
        "barrier" in tags for tags in elements.node_tags.values()
    ) - sum("barrier" in elements.node_tags[node] for node in closed)
    count = len(elements.node_id)
    origin = [np.arange(count)]
    shut = np.zeros(count, dtype=bool)
    shut[closed] = True
    for end in (segments.tail, segments.head):
        touched = np.flatnonzero(shut[end])
        origin.append(end[touched].copy())
        end[touched] = np.arange(count, count + len(touched))
        count += len(touched)
        shut = np.concatenate([shut, np.zeros(len(touched), dtype=bool)])
    return np.concatenate(origin)


def _is_closed(tags: Mapping[str, str], *, private_open: bool) -> bool:
    barriers = _list_barriers(tags)
    if not barriers:
        return False
    access, _ = read_access(tags)
    if access is not None:
        return access == "closed" or (access == "private" and not private_open)
    if tags.get("locked") == "yes":
        return True
    return not barriers & _OPEN_BARRIERS and tags.get("bollard") != "rising"
