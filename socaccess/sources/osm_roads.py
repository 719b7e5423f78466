"""Roads, ferries, barriers and turn restrictions as they stand in an OpenStreetMap file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from socaccess.sources.osm_files import check_file, describe_file, iterate_objects, locate_nodes

__all__ = ["DRIVEN_CLASSES", "RoadElements", "TurnRestriction", "read_road_elements"]

DRIVEN_CLASSES: Final = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "track",
    "road",
)
"""Values of `highway` a car drives on unless a tag says otherwise."""

_WALKED_CLASSES = frozenset(("pedestrian", "footway", "path", "cycleway", "bridleway", "busway"))
_DRIVEN = frozenset(DRIVEN_CLASSES)
_CAR_WORDS = ("motorcar", "motor_vehicle")

_WAY_KEYS = frozenset(
    (
        *("highway", "route", "junction", "service", "area", "impassable", "duration"),
        *("ice_road", "winter_road", "surface", "smoothness", "tracktype"),
        *("seasonal", "4wd_only", "ford"),
        *("oneway", "oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle"),
        *("maxspeed", "maxspeed:forward", "maxspeed:backward"),
        *("maxspeed:type", "source:maxspeed", "zone:traffic", "zone:maxspeed"),
        *(
            key + direction
            for key in ("motorcar", "motor_vehicle", "vehicle", "access")
            for direction in ("", ":forward", ":backward")
        ),
    )
)
_CONDITIONAL_KEYS = frozenset(
    f"{key}:conditional"
    for key in ("access", "vehicle", "motor_vehicle", "motorcar", "oneway", "maxspeed")
)
_NODE_KEYS = frozenset(
    (
        *("highway", "barrier", "railway", "traffic_calming", "locked", "bollard"),
        *("traffic_signals:direction", "direction"),
        *("motorcar", "motor_vehicle", "vehicle", "access"),
    )
)
_NODE_HIGHWAYS = frozenset(("traffic_signals", "stop", "give_way", "mini_roundabout"))
_RESTRICTION_KEYS = (
    "restriction",
    "restriction:motorcar",
    "restriction:motor_vehicle",
    "restriction:vehicle",
)
_OTHER_RESTRICTION_KEYS = (
    "restriction:conditional",
    "restriction:hgv",
    "restriction:bus",
    "restriction:bicycle",
    "restriction:caravan",
    "restriction:motorcycle",
)
_FAULTS = (
    "conditional_tags_not_read",
    "restrictions_broken",
    "restrictions_conditional",
    "restrictions_duplicate",
    "restrictions_except_cars",
    "restrictions_other_vehicles",
)
_EXCEPTED = frozenset(("motorcar", "motor_vehicle", "vehicle"))


@dataclass(frozen=True)
class TurnRestriction:
    """A turn that is banned or the only one allowed, at a node or over the ways in between.

    Parameters
    ----------
    relation_id
        The relation it comes from.
    rule
        `no_left_turn`, `only_straight_on` and so on.
    from_ways, to_ways
        Ids of the ways one comes from and goes to; mostly one each.
    via_node
        Id of the node, None where ways lie in between.
    via_ways
        Ids of the ways between the two; none where they meet at the node.
    """

    relation_id: int
    rule: str
    from_ways: tuple[int, ...]
    to_ways: tuple[int, ...]
    via_node: int | None
    via_ways: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class RoadElements:
    """What an OpenStreetMap file holds for cars, unjudged.

    Parameters
    ----------
    way_id
        Ids of the ways, shape (ways,), in the order of the file.
    way_tags
        Position of each way's tags in `tag_sets`, shape (ways,).
    way_start
        Nodes of way `i` stand at `way_start[i]:way_start[i + 1]` of `way_nodes`.
    way_nodes
        Positions in `node_id`.
    node_id, lon, lat
        The nodes, ids ascending, degrees (EPSG:4326); NaN where the file lacks the node.
    tag_sets
        Every combination of the tags that matter, once.
    node_tags
        Tags that matter of single nodes, by position.
    restrictions
        Turn restrictions for cars at nodes.
    counts
        What was found and what could not be used, by name.
    source
        File name, hash, program and date of the file.
    """

    way_id: np.ndarray
    way_tags: np.ndarray
    way_start: np.ndarray
    way_nodes: np.ndarray
    node_id: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    tag_sets: tuple[Mapping[str, str], ...]
    node_tags: Mapping[int, Mapping[str, str]]
    restrictions: tuple[TurnRestriction, ...]
    counts: Mapping[str, int]
    source: Mapping[str, str]


class _Ways:
    """The ways gathered so far."""

    def __init__(self) -> None:
        self.id = array("q")
        self.tags = array("q")
        self.start = array("q", [0])
        self.nodes = array("q")
        self.tag_sets: dict[tuple[tuple[str, str], ...], int] = {}

    def add(self, way: Any, counts: Counter[str]) -> None:
        if not _may_be_driven(way.tags):
            return
        tags = []
        for key, value in way.tags:
            if key in _WAY_KEYS:
                tags.append((key, value))
            elif key in _CONDITIONAL_KEYS:
                counts["conditional_tags_not_read"] += 1
        if ("area", "yes") in tags:
            return
        self.nodes.extend([node.ref for node in way.nodes])
        self.id.append(way.id)
        self.start.append(len(self.nodes))
        tags.sort()
        self.tags.append(self.tag_sets.setdefault(tuple(tags), len(self.tag_sets)))


def read_road_elements(path: str | Path) -> RoadElements:
    """Return the roads, ferries, barriers and turn restrictions of an OpenStreetMap file.

    Nothing in the file stops the reading short of a file that cannot be read:
    missing nodes, ways of fewer than two nodes, ids that occur twice (the last
    one counts) and restrictions that make no sense are counted.

    Parameters
    ----------
    path
        `.osm.pbf` or `.osm`, sorted or not.

    Raises
    ------
    InputError
        If the file is missing, damaged or a history.
    """
    path = check_file(path)
    source = describe_file(path)
    # Named even when nothing was found, so that zero can be told from not looked for.
    counts: Counter[str] = Counter(dict.fromkeys(_FAULTS, 0))
    ways = _Ways()
    tagged: dict[int, dict[str, str]] = {}
    restrictions: dict[int, TurnRestriction] = {}
    keys = ("highway", "route", "barrier", "railway", "traffic_calming")
    for item in iterate_objects(path, (*keys, *_RESTRICTION_KEYS, *_OTHER_RESTRICTION_KEYS)):
        kind = item.type_str()
        if kind == "w":
            ways.add(item, counts)
        elif kind == "n":
            tags = {key: value for key, value in item.tags if key in _NODE_KEYS}
            if _matters(tags):
                tagged[item.id] = tags
        elif (restriction := _read_restriction(item, counts)) is not None:
            counts["restrictions_duplicate"] += item.id in restrictions
            restrictions[item.id] = restriction
    return _assemble(path, ways, tagged, restrictions, counts, source)


def _may_be_driven(tags: Any) -> bool:
    """Return whether a way may be for cars, from as few of its tags as that takes.

    Asking the library for one tag is much cheaper than looking at all.
    """
    highway = tags.get("highway")
    if highway is None:
        return bool(tags.get("route") == "ferry")
    if highway in _WALKED_CLASSES:
        return any(key in tags for key in _CAR_WORDS)
    return highway in _DRIVEN


def _matters(tags: Mapping[str, str]) -> bool:
    return (
        "barrier" in tags
        or "traffic_calming" in tags
        or tags.get("highway") in _NODE_HIGHWAYS
        or tags.get("railway") in ("level_crossing", "crossing")
    )


def _read_restriction(relation: Any, counts: Counter[str]) -> TurnRestriction | None:
    tags = dict(relation.tags)
    if not tags.get("type", "").startswith("restriction"):
        return None
    rule = next((tags[key] for key in reversed(_RESTRICTION_KEYS) if key in tags), None)
    if rule is None or tags.get("type") != "restriction":
        # Only for other vehicles, or at certain hours.
        other = "restriction:conditional" in tags
        counts["restrictions_conditional" if other else "restrictions_other_vehicles"] += 1
        return None
    if "day_on" in tags or "hour_on" in tags or "@" in rule:
        counts["restrictions_conditional"] += 1
        return None
    if _EXCEPTED & {word.strip() for word in tags.get("except", "").split(";")}:
        counts["restrictions_except_cars"] += 1
        return None
    members: dict[str, list[tuple[str, int]]] = {"from": [], "via": [], "to": []}
    for member in relation.members:
        if member.role in members:
            members[member.role].append((member.type, member.ref))
    via = members["via"]
    kinds = [kind for kind, _ in via]
    over_ways = bool(kinds) and set(kinds) == {"w"}
    one_way_each = all(
        members[role] and all(kind == "w" for kind, _ in members[role]) for role in ("from", "to")
    )
    known_rule = rule.startswith(("no_", "only_"))
    if not known_rule or not one_way_each or not (over_ways or kinds == ["n"]):
        counts["restrictions_broken"] += 1
        return None
    return TurnRestriction(
        relation_id=relation.id,
        rule=rule,
        from_ways=tuple(ref for _, ref in members["from"]),
        to_ways=tuple(ref for _, ref in members["to"]),
        via_node=None if over_ways else via[0][1],
        via_ways=tuple(ref for _, ref in via) if over_ways else (),
    )


def _assemble(
    path: Path,
    ways: _Ways,
    tagged: dict[int, dict[str, str]],
    restrictions: dict[int, TurnRestriction],
    counts: Counter[str],
    source: dict[str, str],
) -> RoadElements:
    way_id = np.array(ways.id, dtype=np.int64)
    way_tags = np.array(ways.tags, dtype=np.int32)
    start = np.array(ways.start, dtype=np.int64)
    refs = np.array(ways.nodes, dtype=np.int64)

    # The last way of an id counts; np.unique finds the first, so look from the end.
    _, last = np.unique(way_id[::-1], return_index=True)
    keep = np.zeros(len(way_id), dtype=bool)
    keep[len(way_id) - 1 - last] = True
    counts["ways_duplicate"] = int((~keep).sum())
    size = np.diff(start)
    short = keep & (size < 2)
    counts["ways_too_short"] = int(short.sum())
    keep &= ~short
    refs = refs[np.repeat(keep, size)]
    start = np.concatenate([[0], np.cumsum(size[keep])])

    node_id, position = np.unique(refs, return_inverse=True)
    located = locate_nodes(path, node_id)
    missing = np.isnan(located.lon)
    counts["nodes"] = len(node_id)
    counts["nodes_missing"] = int(missing.sum())
    counts["nodes_duplicate"] = located.duplicates
    counts["ways"] = int(keep.sum())
    if len(refs):
        broken = np.logical_or.reduceat(missing[position], start[:-1])
        counts["ways_with_missing_nodes"] = int(broken.sum())
    counts["restrictions_read"] = len(restrictions)

    place = dict(zip(node_id.tolist(), range(len(node_id)), strict=True)) if tagged else {}
    return RoadElements(
        way_id=way_id[keep],
        way_tags=way_tags[keep],
        way_start=start,
        way_nodes=position.astype(np.int32),
        node_id=node_id,
        lon=located.lon,
        lat=located.lat,
        tag_sets=tuple(dict(tags) for tags in ways.tag_sets),
        node_tags={place[node]: tags for node, tags in tagged.items() if node in place},
        restrictions=tuple(restrictions.values()),
        counts={name: counts[name] for name in sorted(counts)},
        source=source,
    )
