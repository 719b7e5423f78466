"""Tagged nodes, ways and relations of an OpenStreetMap file, each as one point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from socaccess.sources._osm_reader import check_file, iterate_ids, iterate_objects, locate_nodes

__all__ = ["TaggedPoint", "read_tagged_points"]

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
