"""What a combination of OpenStreetMap tags means for a car: may it drive, where, how fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from socaccess.network.speeds import SpeedProfile, group_surface
from socaccess.sources.osm import (
    DRIVEN_CLASSES,
    knows_oneway,
    parse_duration,
    parse_maxspeed,
    read_access,
    read_directions,
)

__all__ = ["FERRY", "KindTable", "RoadKind", "interpret_tags", "tabulate_kinds"]

FERRY = "ferry"
OTHER = "other"

_RANKS = {
    "motorway": 8,
    "trunk": 7,
    "primary": 6,
    "secondary": 5,
    "tertiary": 4,
    "unclassified": 3,
    "residential": 3,
    "road": 3,
    "living_street": 2,
}
_MOST_KPH = {"motorway": 130.0, "trunk": 130.0}
"""The highest limit that is believed, by class; 110 elsewhere."""
_NO_FIGURE = ("signals", "variable")
"""Limits that change: no figure is missing."""
_ZONE_KEYS = ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:traffic", "zone:maxspeed")


@dataclass(frozen=True)
class RoadKind:
    """One combination of tags, understood.

    Parameters
    ----------
    road_class
        Value of `highway`, `ferry`, or `other` for paths that cars may use.
    forward, backward
        Whether a car may drive along and against the drawing of the way.
    destination_only
        Whether only those who have business there may drive.
    surface
        Group of surfaces, None where the map says nothing.
    urban
        Whether in a built-up area, None where no tag tells.
    posted_forward_kph, posted_backward_kph
        Limits, None where there is none.
    smoothness, tracktype
        As tagged.
    roundabout
        Whether part of a roundabout.
    duration_s
        How long the whole way takes, for ferries.
    note
        Why it is closed, or what was not understood; empty otherwise.
    unread
        Names the counts give to tags whose value says nothing that is known: `surface_not_read`.
    """

    road_class: str
    forward: bool
    backward: bool
    destination_only: bool = False
    surface: str | None = None
    urban: bool | None = None
    posted_forward_kph: float | None = None
    posted_backward_kph: float | None = None
    smoothness: str | None = None
    tracktype: str | None = None
    roundabout: bool = False
    duration_s: float | None = None
    note: str = ""
    unread: tuple[str, ...] = ()


def interpret_tags(tags: Mapping[str, str], *, season: str, private_open: bool) -> RoadKind:
    """Return what the tags of a way mean for a car in `season`.

    Examples
    --------
    >>> kind = interpret_tags({"highway": "tertiary", "oneway": "-1", "surface": "gravel"},
    ...                       season="summer", private_open=False)
    >>> kind.forward, kind.backward, kind.surface
    (False, True, 'gravel')
    """
    highway = tags.get("highway")
    ferry = highway is None
    driven = highway in DRIVEN_CLASSES
    road_class = FERRY if ferry else highway if driven and highway else OTHER
    heard = tags
    if not driven:
        # Neither a ferry nor a footpath is open because the public may walk there.
        words = ("motorcar", "motor_vehicle", "vehicle") if ferry else ("motorcar", "motor_vehicle")
        heard = {key: value for key, value in tags.items() if key.split(":")[0] in words}
    allowed, limited, notes = [], [], []
    for direction, drawn in zip(("forward", "backward"), read_directions(tags), strict=True):
        access, understood = read_access(heard, direction)
        if not understood:
            notes.append("access_not_understood")
        if access is None:
            access = "open" if driven and tags.get("service") != "emergency_access" else "closed"
        if access == "private":
            notes.append("private_open" if private_open else "private_closed")
            access = "destination" if private_open else "closed"
        elif access == "closed":
            notes.append("ferries_not_for_cars" if ferry else "closed_by_access")
        allowed.append(drawn and access != "closed")
        limited.append(access == "destination")
    if tags.get("impassable") == "yes" or tags.get("smoothness") == "impassable":
        allowed, notes = [False, False], ["impassable"]
    frozen = "yes" in (tags.get("ice_road"), tags.get("winter_road"))
    frozen |= tags.get("surface") in ("ice", "snow") or tags.get("seasonal") == "winter"
    if season != "winter" and frozen:
        allowed, notes = [False, False], ["winter_only"]
    elif season == "winter" and tags.get("seasonal") in ("summer", "dry_season"):
        allowed, notes = [False, False], ["summer_only"]
    if tags.get("4wd_only") == "yes":
        allowed, notes = [False, False], ["4wd_only"]
    if not any(allowed) and not notes:
        notes.append("reversible")
    if tags.get("ford") not in (None, "no"):
        notes.append("ford")
    if tags.get("seasonal") not in (None, "no", "winter", "summer", "dry_season"):
        notes.append("seasonal")
    limits = [
        parse_maxspeed(tags.get(f"maxspeed:{direction}")) or parse_maxspeed(tags.get("maxspeed"))
        for direction in ("forward", "backward")
    ]
    if any(limit is not None and limit > _MOST_KPH.get(road_class, 110.0) for limit in limits):
        # No limit, or one nobody drives at: on a lane it says nothing.
        limits = [None, None]
        notes.append("limit_not_believed")
    return RoadKind(
        road_class=road_class,
        forward=allowed[0],
        backward=allowed[1],
        destination_only=any(flag and open_ for flag, open_ in zip(limited, allowed, strict=True)),
        surface=group_surface(tags.get("surface")),
        urban=_read_zone(tags),
        posted_forward_kph=limits[0],
        posted_backward_kph=limits[1],
        smoothness="very_bad" if "ford" in notes else tags.get("smoothness"),
        tracktype=tags.get("tracktype"),
        roundabout=tags.get("junction") in ("roundabout", "circular"),
        duration_s=parse_duration(tags.get("duration")) if ferry else None,
        note=notes[0] if notes else "",
        unread=tuple(_list_unread(tags, ferry=ferry)),
    )


def _list_unread(tags: Mapping[str, str], *, ferry: bool) -> Iterator[str]:
    """Yield the tags that bear on a drive and whose value nobody can read."""
    if tags.get("surface") and group_surface(tags["surface"]) is None:
        yield "surface_not_read"
    limits = [tags.get(f"maxspeed{side}") for side in ("", ":forward", ":backward")]
    if any(limit and parse_maxspeed(limit) is None for limit in limits if limit not in _NO_FIGURE):
        yield "maxspeed_not_read"
    if tags.get("oneway") and not knows_oneway(tags["oneway"]):
        yield "oneway_not_read"
    if ferry and tags.get("duration") and parse_duration(tags["duration"]) is None:
        yield "duration_not_read"


def _read_zone(tags: Mapping[str, str]) -> bool | None:
    if tags.get("highway") == "living_street":
        return True
    for key in _ZONE_KEYS:
        value = tags.get(key, "").lower()
        if "urban" in value or "zone" in value or "living_street" in value:
            return True
        if "rural" in value or "motorway" in value:
            return False
    return None


@dataclass(frozen=True, eq=False)
class KindTable:
    """Every combination of tags as rows of arrays; the second axis is rural, urban.

    Parameters
    ----------
    kinds
        The combinations.
    forward, backward
        Open directions, shape (kinds,).
    forward_kph, backward_kph
        Speeds, shape (kinds, 2); NaN for ferries whose duration is known.
    class_index
        Position in `class_names`, shape (kinds, 2).
    class_names
        Class, then its surface unless paved, then `urban` where it is: `tertiary`,
        `tertiary gravel`, `residential urban`.
    urban
        1 or 0 where a tag tells, else -1.
    rank
        Standing of the road at a junction, 0 to 8.
    """

    kinds: tuple[RoadKind, ...]
    forward: np.ndarray
    backward: np.ndarray
    forward_kph: np.ndarray
    backward_kph: np.ndarray
    class_index: np.ndarray
    class_names: tuple[str, ...]
    urban: np.ndarray
    rank: np.ndarray
    roundabout: np.ndarray
    ferry: np.ndarray


def tabulate_kinds(
    tag_sets: Sequence[Mapping[str, str]], profile: SpeedProfile, season: str
) -> KindTable:
    """Return every combination of tags with its speeds in `season`."""
    kinds = tuple(
        interpret_tags(tags, season=season, private_open=profile.private_is_open)
        for tags in tag_sets
    )
    count = len(kinds)
    speeds = np.empty((2, count, 2))
    names: list[list[str]] = []
    for row, kind in enumerate(kinds):
        names.append([])
        for urban in (False, True):
            if kind.road_class == FERRY:
                names[row].append(FERRY)
                speeds[:, row, int(urban)] = profile.values["ferry"]["speed_kph"]
                continue
            surface = kind.surface or profile.assume_surface(kind.road_class, urban=urban)
            names[row].append(name_class(kind.road_class, surface, urban=urban))
            for side, posted in enumerate((kind.posted_forward_kph, kind.posted_backward_kph)):
                speeds[side, row, int(urban)] = profile.drive_kph(
                    kind.road_class,
                    surface=surface,
                    urban=urban,
                    season=season,
                    posted_kph=posted,
                    smoothness=kind.smoothness,
                    tracktype=kind.tracktype,
                    destination_only=kind.destination_only,
                )
    class_names = tuple(sorted({name for pair in names for name in pair}))
    place = {name: index for index, name in enumerate(class_names)}
    return KindTable(
        kinds=kinds,
        forward=np.array([kind.forward for kind in kinds], dtype=bool),
        backward=np.array([kind.backward for kind in kinds], dtype=bool),
        forward_kph=speeds[0],
        backward_kph=speeds[1],
        class_index=np.array([[place[name] for name in pair] for pair in names]).reshape(-1, 2),
        class_names=class_names,
        urban=np.array([-1 if kind.urban is None else int(kind.urban) for kind in kinds], int),
        rank=np.array([rank_class(kind.road_class) for kind in kinds], dtype=int),
        roundabout=np.array([kind.roundabout for kind in kinds], dtype=bool),
        ferry=np.array([kind.road_class == FERRY for kind in kinds], dtype=bool),
    )


def name_class(road_class: str, surface: str, *, urban: bool) -> str:
    """Return the name a network gives to roads of this class, surface and place.

    Examples
    --------
    >>> name_class("tertiary", "gravel", urban=True)
    'tertiary gravel urban'
    """
    words = [road_class]
    if surface != "paved":
        words.append(surface)
    if urban:
        words.append("urban")
    return " ".join(words)


def split_class(name: str) -> tuple[str, str, bool]:
    """Return class, surface and whether urban, from a name `name_class` made.

    Examples
    --------
    >>> split_class("tertiary gravel"), split_class("residential urban")
    (('tertiary', 'gravel', False), ('residential', 'paved', True))
    """
    words = name.split()
    urban = words[-1] == "urban" and len(words) > 1
    rest = words[1 : len(words) - urban]
    return words[0], rest[0] if rest else "paved", urban


def rank_class(road_class: str) -> int:
    """Return the standing of a class at a junction: 8 for motorways down to 0 for ferries."""
    if road_class == FERRY:
        return 0
    return _RANKS.get(road_class.removesuffix("_link"), 1)
