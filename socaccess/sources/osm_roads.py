"""Roads, ferries, barriers and turn restrictions as they stand in an OpenStreetMap file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from socaccess.sources.osm_files import (
    Copied,
    check_file,
    copy_objects,
    decode_text,
    describe_file,
)

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

# Keys are looked for in lines as they were copied: none of these is ever escaped there.
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
        self._kinds: dict[str, tuple[bool, int | None]] = {}

    def add(self, line: str, counts: Counter[str]) -> None:
        name, tags, nodes = line.split(" ")
        pairs = tags[1:].split(",")
        matter = ",".join([pair for pair in pairs if pair.partition("=")[0] in _WAY_KEYS])
        if matter not in self._kinds:
            self._kinds[matter] = self._understand(_read_tags(matter))
        driven, kind = self._kinds[matter]
        if driven and ":conditional=" in tags:
            counts["conditional_tags_not_read"] += sum(
                pair.partition("=")[0] in _CONDITIONAL_KEYS for pair in pairs
            )
        if kind is None:
            return
        if len(nodes) > 1:
            self.nodes.extend(map(int, nodes[2:].split(",n")))
        self.id.append(int(name[1:]))
        self.start.append(len(self.nodes))
        self.tags.append(kind)

    def _understand(self, tags: list[tuple[str, str]]) -> tuple[bool, int | None]:
        """Return whether a way of these tags may be for cars, and its place in `tag_sets`."""
        if not _may_be_driven(tags):
            return False, None
        if ("area", "yes") in tags:
            return True, None
        return True, self.tag_sets.setdefault(tuple(sorted(tags)), len(self.tag_sets))


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
    way_tags = [("route", "ferry")]
    way_tags += [("highway", word) for word in (*DRIVEN_CLASSES, *sorted(_WALKED_CLASSES))]
    with copy_objects(
        path, (*keys, *_RESTRICTION_KEYS, *_OTHER_RESTRICTION_KEYS), way_tags
    ) as copied:
        for line in copied.iterate_lines():
            kind = line[:1]
            if kind == "w":
                ways.add(line, counts)
            elif kind == "n":
                name, text, *_ = line.split(" ")
                tags = dict(_read_tags(text[1:], _NODE_KEYS))
                if _matters(tags):
                    tagged[int(name[1:])] = tags
            elif (restriction := _read_restriction(line, counts)) is not None:
                number = restriction.relation_id
                counts["restrictions_duplicate"] += number in restrictions
                restrictions[number] = restriction
        return _assemble(copied, ways, tagged, restrictions, counts, source)


def _read_tags(text: str, keys: frozenset[str] | None = None) -> list[tuple[str, str]]:
    """Return tags as they stand in a line, all or those of some keys."""
    pairs = (pair.partition("=") for pair in text.split(",")) if text else ()
    return [
        (decode_text(key), decode_text(value))
        for key, _, value in pairs
        if keys is None or key in keys
    ]


def _may_be_driven(tags: list[tuple[str, str]]) -> bool:
    """Return whether a way may be for cars; of a key that occurs twice the first value counts."""
    known = dict(reversed(tags))
    highway = known.get("highway")
    if highway is None:
        return known.get("route") == "ferry"
    if highway in _WALKED_CLASSES:
        return any(key in known for key in _CAR_WORDS)
    return highway in _DRIVEN


def _matters(tags: Mapping[str, str]) -> bool:
    return (
        "barrier" in tags
        or "traffic_calming" in tags
        or tags.get("highway") in _NODE_HIGHWAYS
        or tags.get("railway") in ("level_crossing", "crossing")
    )


def _read_restriction(line: str, counts: Counter[str]) -> TurnRestriction | None:
    if "type=restriction" not in line:  # most relations are none, and long
        return None
    name, text, listed = line.split(" ")
    tags = dict(_read_tags(text[1:]))
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
    for member in listed[1:].split(",") if len(listed) > 1 else ():
        item, _, role = member.partition("@")
        if (known := decode_text(role)) in members:
            members[known].append((item[0], int(item[1:])))
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
        relation_id=int(name[1:]),
        rule=rule,
        from_ways=tuple(ref for _, ref in members["from"]),
        to_ways=tuple(ref for _, ref in members["to"]),
        via_node=None if over_ways else via[0][1],
        via_ways=tuple(ref for _, ref in via) if over_ways else (),
    )


def _assemble(
    copied: Copied,
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
    located = copied.locate_nodes(node_id)
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
