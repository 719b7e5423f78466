"""What single OpenStreetMap tag values mean; nothing here ever raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

__all__ = [
    "Access",
    "knows_oneway",
    "parse_duration",
    "parse_maxspeed",
    "parse_population",
    "read_access",
    "read_directions",
]

Access = Literal["open", "destination", "private", "closed"]

MAXSPEED_CEILING_KPH: Final = 130.0
MAXSPEED_FLOOR_KPH: Final = 3.0
DURATION_CEILING_S: Final = 7 * 24 * 3600.0

_KPH_PER_MPH = 1.609344
_KPH_PER_KNOT = 1.852

# What a zone word stands for. The figures of Latvia (urban 50, rural 90, living street 20)
# are taken for every country: the zone is what is read, its exact figure is an estimate.
_ZONE_KPH = {
    "urban": 50.0,
    "rural": 90.0,
    "trunk": 90.0,
    "motorway": 110.0,
    "expressway": 110.0,
    "living_street": 20.0,
    "school": 30.0,
    "walk": 7.0,
    "pedestrian_zone": 7.0,
    "none": MAXSPEED_CEILING_KPH,
    "unlimited": MAXSPEED_CEILING_KPH,
}

_UNITS = re.compile(
    r"(?=\d)(?:(\d{1,3}) ?D(?:AYS?)?)? ?(?:(\d{1,4}(?:\.\d{1,2})?) ?H(?:(?:OU)?RS?)?)? ?"
    r"(?:(\d{1,5}) ?M(?:INS?|INUTES?)?)? ?(?:(\d{1,6}) ?S(?:ECS?|ECONDS?)?)?",
    re.ASCII,
)
_NUMBER = re.compile(r"(\d{1,4}(?:[.,]\d{1,3})?)\s*(km/h|kmh|kph|mph|knots|kn)?", re.ASCII)
_ZONE_NUMBER = re.compile(r"(?:[a-z]{2,3}:)?zone:?(\d{1,3})", re.ASCII)

_ACCESS_WORDS: dict[str, Access] = {
    "yes": "open",
    "permissive": "open",
    "designated": "open",
    "official": "open",
    "public": "open",
    "destination": "destination",
    "customers": "destination",
    "delivery": "destination",
    "permit": "destination",
    "residents": "destination",
    "private": "private",
    "no": "closed",
    "agricultural": "closed",
    "forestry": "closed",
    "military": "closed",
    "emergency": "closed",
    "psv": "closed",
    "bus": "closed",
    "restricted": "closed",
    "discouraged": "open",
}
_ACCESS_ORDER: tuple[Access, ...] = ("closed", "private", "destination", "open")

# From the particular to the general: the first key that is set decides.
_CAR_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")

_ONEWAY_KEYS = ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway")
_FORWARD = frozenset(("yes", "true", "1"))
_BACKWARD = frozenset(("-1", "reverse"))
_BOTH = frozenset(("no", "false", "0", "alternating"))


def parse_maxspeed(value: str | None) -> float | None:
    """Return the speed limit in km/h, from 3 to 130, or None when the value states none.

    Read are numbers with and without unit (`50`, `30 mph`, `10 knots`), zones
    (`LV:urban`, `LV:rural`, `LV:living_street`, `DE:zone:30`), `walk` (7) and
    `none` (130). Of several values (`50;70`, `50|70`) the lowest counts. A value
    that makes no sense is no limit, as is `signals` or `variable`.

    Examples
    --------
    >>> parse_maxspeed("50;70"), parse_maxspeed("LV:rural"), parse_maxspeed("30 mph")
    (50.0, 90.0, 48.28032)
    >>> parse_maxspeed("signals") is None
    True
    """
    if not value:
        return None
    found = [
        speed
        for part in re.split(r"[;|]", value.lower())
        if (speed := _parse_one_speed(part.strip())) is not None
    ]
    return min(found) if found else None


def _parse_one_speed(text: str) -> float | None:
    if (number := _NUMBER.fullmatch(text)) is not None:
        speed = float(number[1].replace(",", "."))
        if number[2] == "mph":
            speed *= _KPH_PER_MPH
        elif number[2] in ("knots", "kn"):
            speed *= _KPH_PER_KNOT
    elif (zone := _ZONE_NUMBER.fullmatch(text)) is not None:
        speed = float(zone[1])
    else:
        words = text.split(":")
        # LV:rural:unpaved and the like: the zone is the second word.
        name = words[1] if len(words) > 1 else words[0]
        known = _ZONE_KPH.get(name)
        if known is None:
            return None
        speed = known
    if speed < MAXSPEED_FLOOR_KPH:
        return None
    return min(speed, MAXSPEED_CEILING_KPH)


def parse_duration(value: str | None) -> float | None:
    """Return a duration in seconds, above 0 and at most a week, or None.

    Read are minutes (`35`), `HH:MM`, `HH:MM:SS`, ISO 8601 (`PT1H30M`, `P1DT2H`), and numbers with
    their units (`1h 15min`, `2 days`).

    Examples
    --------
    >>> parse_duration("01:30"), parse_duration("35"), parse_duration("PT1H5M")
    (5400.0, 2100.0, 3900.0)
    >>> parse_duration("soon") is None
    True
    """
    if not value:
        return None
    text = value.strip().upper()
    seconds: float | None = None
    if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text, re.ASCII):
        seconds = float(text) * 60
    elif clock := re.fullmatch(r"(\d{1,3}):([0-5]?\d)(?::([0-5]?\d))?", text, re.ASCII):
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
    elif units := _UNITS.fullmatch(text):
        days, hours, minutes, rest = (float(part or 0) for part in units.groups())
        seconds = days * 86400 + hours * 3600 + minutes * 60 + rest
    elif iso := re.fullmatch(
        r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})(?:\.\d{1,3})?S)?)?",
        text,
        re.ASCII,
    ):
        days, hours, minutes, rest = (int(part or 0) for part in iso.groups())
        seconds = days * 86400 + hours * 3600 + minutes * 60 + rest
    if seconds is None or not 0 < seconds <= DURATION_CEILING_S:
        return None
    return float(seconds)


def parse_population(value: str | None) -> float | None:
    """Return a number of inhabitants, or None when the value is not one.

    Examples
    --------
    >>> parse_population("1 234"), parse_population("~500"), parse_population("few")
    (1234.0, 500.0, None)
    """
    if not value:
        return None
    text = re.sub(r"(?<=\d)[\s\u00a0,.'](?=\d{3}(?!\d))", "", value.strip().lstrip("~<≈").strip())
    return float(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def read_directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether a car may drive a way along and against its drawing.

    The most particular of `oneway:motorcar`, `oneway:motor_vehicle`,
    `oneway:vehicle` and `oneway` decides: `yes`, `true`, `1` along; `-1`,
    `reverse` against; `no`, `false`, `0` both. `alternating` is both (cars take
    turns), as are values that contradict each other (`yes;no`); `reversible` neither
    (which way is open depends on the hour, so nobody can rely on it). Without a usable
    value, roundabouts and motorways are one-way.

    Examples
    --------
    >>> read_directions({"highway": "residential", "oneway": "-1"})
    (False, True)
    >>> read_directions({"highway": "tertiary", "junction": "roundabout"})
    (True, False)
    """
    for key in _ONEWAY_KEYS:
        words = {word.strip() for word in tags.get(key, "").lower().split(";")} - {""}
        if words and words <= _FORWARD:
            return True, False
        if words and words <= _BACKWARD:
            return False, True
        if words and words <= _FORWARD | _BACKWARD | _BOTH:
            return True, True
        if words == {"reversible"}:
            return False, False
    implied = tags.get("junction") in ("roundabout", "circular")
    return True, not (implied or tags.get("highway") == "motorway")


def knows_oneway(value: str) -> bool:
    """Return whether a value of `oneway` says something `read_directions` understands.

    Examples
    --------
    >>> knows_oneway("yes;no"), knows_oneway("reversible"), knows_oneway("sometimes")
    (True, True, False)
    """
    words = {word.strip() for word in value.lower().split(";")} - {""}
    return bool(words) and words <= _FORWARD | _BACKWARD | _BOTH | {"reversible"}


def read_access(tags: Mapping[str, str], direction: str = "") -> tuple[Access | None, bool]:
    """Return what a car may do here, and whether every value was understood.

    The most particular of `motorcar`, `motor_vehicle`, `vehicle` and `access` that
    says something decides. `direction` is `forward`, `backward` or empty; with it,
    `motor_vehicle:backward=no` goes before `motor_vehicle`. Of several values the
    most generous counts. A value nobody knows is passed over and reported.

    Returns
    -------
    access
        `open`, `destination` (visitors, customers, delivery, permit), `private`,
        `closed`, or None when no tag says anything.
    understood
        False when a value was passed over.

    Examples
    --------
    >>> read_access({"access": "no", "motor_vehicle": "destination"})
    ('destination', True)
    """
    understood = True
    for key in _CAR_KEYS:
        for name in (f"{key}:{direction}", key) if direction else (key,):
            value = tags.get(name)
            if value is None:
                continue
            words = [word.strip().lower() for word in value.split(";")]
            known = [_ACCESS_WORDS[word] for word in words if word in _ACCESS_WORDS]
            if len(known) < len(words):
                understood = False
            if known:
                return max(known, key=_ACCESS_ORDER.index), understood
    return None, understood
