"""Social facilities on the map: objects with tags, and the service their tags name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from socaccess.sources.osm_files import check_file, iterate_ids, iterate_objects, locate_nodes

__all__ = [
    "FACILITY_KEYS",
    "ServiceGuess",
    "TaggedPoint",
    "guess_service",
    "is_social_facility",
    "read_tagged_points",
]

_LETTERS = {"n": "node", "w": "way", "r": "relation"}


@dataclass(frozen=True)
class TaggedPoint:
    """One object of the map, reduced to a point.

    Parameters
    ----------
    name
        Kind and id: `node/1`, `way/2`, `relation/3`.
    tags
        All its tags.
    lon, lat
        Degrees (EPSG:4326): a node where it is, everything else in the middle of its
        bounds; NaN where the file holds none of its nodes.
    """

    name: str
    tags: Mapping[str, str]
    lon: float
    lat: float


def read_tagged_points(
    path: str | Path,
    keys: Sequence[str],
    wanted: Callable[[Mapping[str, str]], bool],
) -> tuple[list[TaggedPoint], dict[str, int]]:
    """Return the objects with any of the `keys` that are `wanted`, and counts of faults.

    Nodes come first, then ways, then relations, ids ascending. Of an id that occurs
    twice the last counts. A relation stands where its member nodes and ways are;
    relations within relations are not followed.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    path = check_file(path)
    counts: Counter[str] = Counter()
    tags_of: dict[tuple[str, int], dict[str, str]] = {}
    nodes_of: dict[tuple[str, int], list[int]] = {}
    member_ways: dict[int, list[int]] = {}
    for item in iterate_objects(path, keys):
        tags = dict(item.tags)
        if not wanted(tags):
            continue
        kind = item.type_str()
        key = (kind, int(item.id))
        counts["duplicate"] += key in tags_of
        tags_of[key] = tags
        if kind == "n":
            nodes_of[key] = [key[1]]
        elif kind == "w":
            nodes_of[key] = [node.ref for node in item.nodes]
        else:
            members = list(item.members)
            nodes_of[key] = [member.ref for member in members if member.type == "n"]
            member_ways[key[1]] = [member.ref for member in members if member.type == "w"]
    if member_ways:
        asked = sorted({way for ways in member_ways.values() for way in ways})
        refs = {
            int(way.id): [node.ref for node in way.nodes] for way in iterate_ids(path, asked, "w")
        }
        for relation, ways in member_ways.items():
            nodes_of["r", relation] += [node for way in ways for node in refs.get(way, ())]
    return _place(path, tags_of, nodes_of, counts), dict(sorted(counts.items()))


def _place(
    path: Path,
    tags_of: Mapping[tuple[str, int], Mapping[str, str]],
    nodes_of: Mapping[tuple[str, int], list[int]],
    counts: Counter[str],
) -> list[TaggedPoint]:
    ids = np.unique(np.array([node for refs in nodes_of.values() for node in refs], dtype=np.int64))
    located = locate_nodes(path, ids)
    points = []
    for key in sorted(tags_of, key=lambda key: ("nwr".index(key[0]), key[1])):
        place = np.searchsorted(ids, nodes_of[key])
        lon, lat = located.lon[place], located.lat[place]
        known = ~np.isnan(lon)
        if not known.any():
            counts["not_located"] += 1
            middle = (float("nan"), float("nan"))
        else:
            lon, lat = lon[known], lat[known]
            middle = (float((lon.min() + lon.max()) / 2), float((lat.min() + lat.max()) / 2))
        points.append(TaggedPoint(f"{_LETTERS[key[0]]}/{key[1]}", tags_of[key], *middle))
    return points


FACILITY_KEYS: Final = ("amenity", "social_facility")
"""Keys that make an object a candidate."""

_AMENITIES = {
    "social_facility": "",
    # Older ways of writing the same.
    "nursing_home": "nursing_home",
    "retirement_home": "nursing_home",
    "group_home": "group_home",
    "social_centre": "social_centre",
    "shelter_home": "shelter",
}

_MENTAL = frozenset(
    ("mental_health", "mental_disability", "intellectual_disability", "mentally_disabled")
)
_PHYSICAL = frozenset(("disabled", "disability", "handicapped"))
_SENIOR = frozenset(("senior", "seniors", "elderly", "dementia"))
_CHILD = frozenset(("child", "children", "juvenile", "orphan", "youth"))
_CRISIS = frozenset(("abused", "victim", "woman", "women", "battered_women", "family"))
_HOMELESS = frozenset(("homeless",))
_KNOWN_GROUPS = _MENTAL | _PHYSICAL | _SENIOR | _CHILD | _CRISIS | _HOMELESS

_TARGETS = {
    "group_home": "adults_grt",
    "dac_grt": "adults_grt",
    "workshop": "adults_grt",
    "dac_ft": "children_ft",
    "dac_senior": "seniors",
    "senior_home": "seniors",
    "shelter": "homeless",
    "crisis": "families_crisis",
    "day_centre": "general",
}

_PHYSICAL_REASON = "for=disabled means physical disability, not mental impairments"


@dataclass(frozen=True)
class ServiceGuess:
    """A service, or why there is none.

    Parameters
    ----------
    service
        Code of the catalogue, None when it cannot be told.
    target_group
        Its target group, None likewise.
    reason
        What the guess rests on, or why there is none.
    """

    service: str | None
    target_group: str | None
    reason: str


def is_social_facility(tags: Mapping[str, str]) -> bool:
    """Return whether an object is a social facility or one of its relatives."""
    return tags.get("amenity") in _AMENITIES or "social_facility" in tags


def guess_service(tags: Mapping[str, str]) -> ServiceGuess:
    """Return the service an object offers, as far as its tags tell.

    `social_facility` says what it is and `social_facility:for` whom for. Only what
    both say together is mapped: a group home for nobody in particular is no group home
    in our sense, and `for=disabled` means physical disability.

    Examples
    --------
    >>> guess_service({"amenity": "social_facility", "social_facility": "group_home",
    ...                "social_facility:for": "mental_health"}).service
    'group_home'
    >>> guess_service({"amenity": "social_facility", "social_facility": "group_home",
    ...                "social_facility:for": "disabled"}).reason
    'for=disabled means physical disability, not mental impairments'
    """
    kind = tags.get("social_facility", "").strip().lower()
    kind = kind or _AMENITIES.get(tags.get("amenity", ""), "")
    groups = frozenset(
        word.strip().lower()
        for key in ("social_facility:for", "social_facility:for:1")
        for word in tags.get(key, "").split(";")
        if word.strip()
    )
    if not kind:
        return ServiceGuess(None, None, "no social_facility tag says what it is")
    kinds = {word.strip() for word in kind.split(";")}
    if len(kinds) > 1:
        return ServiceGuess(None, None, "several kinds at once: split the row by hand")
    service, reason = _match(kind, groups)
    return ServiceGuess(service, _TARGETS.get(service or ""), reason)


def _match(kind: str, groups: frozenset[str]) -> tuple[str | None, str]:
    told = ", ".join(sorted(groups)) or "nobody"
    rules: dict[str, tuple[tuple[frozenset[str], str], ...]] = {
        "group_home": ((_MENTAL, "group_home"), (_SENIOR, "senior_home")),
        "assisted_living": ((_MENTAL, "group_home"), (_SENIOR, "senior_home")),
        "nursing_home": ((_SENIOR, "senior_home"),),
        "day_care": ((_MENTAL, "dac_grt"), (_SENIOR, "dac_senior")),
        "day_centre": ((_MENTAL, "dac_grt"), (_SENIOR, "dac_senior"), (_HOMELESS, "shelter")),
        "workshop": ((_MENTAL, "workshop"),),
        "shelter": ((_CRISIS | _CHILD, "crisis"), (_HOMELESS, "shelter")),
    }
    if kind not in rules and kind != "social_centre":
        return None, f"{kind} is none of our services"
    if kind in ("day_care", "day_centre") and groups & _CHILD:
        if groups & (_PHYSICAL | _MENTAL):
            return "dac_ft", f"{kind} for {told}"
        return None, "day care of children without disability is no service of ours"
    if groups & _CHILD and kind != "shelter":
        return None, f"{kind} for children: family-like home or institution cannot be told apart"
    found = {service for group, service in rules.get(kind, ()) if groups & group}
    if len(found) == 1:
        return found.pop(), f"{kind} for {told}"
    if len(found) > 1:
        return None, f"{kind} for {told}: more than one service, split the row by hand"
    if groups & _PHYSICAL:
        return None, _PHYSICAL_REASON
    if not groups:
        # Only where the kind alone decides.
        alone = {
            "nursing_home": "senior_home",
            "shelter": "shelter",
            "day_centre": "day_centre",
            "social_centre": "day_centre",
        }
        if kind in alone:
            return alone[kind], f"{kind}, for whom is not said"
        return None, f"{kind}, but for whom is not said"
    if kind in ("day_centre", "social_centre"):
        return "day_centre", f"{kind} for {told}"
    unknown = sorted(groups - _KNOWN_GROUPS)
    if unknown:
        return None, f"{kind} for {told}: group not known"
    return None, f"{kind} for {told} is none of our services"
