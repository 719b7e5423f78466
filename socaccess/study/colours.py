"""The one palette: of the exported map, of folium and of the figures in documents.

Colour marks the gap: what lies within the limit is close to paper, what lies outside it
goes from sand to orange. The classes of a share grow lighter in one hue, so that a grey
print keeps their order, and the lower ones carry a pattern too; states of a settlement
differ in shape. Blue stands for travel time, violet for what could be built, and neither
is hard to tell from orange with any common form of colour blindness.
"""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = [
    "BANDS",
    "CLASSES",
    "DARK",
    "DIFFERENCES",
    "FACILITY",
    "INK",
    "LIGHT",
    "MISSING",
    "MUTED",
    "NO_SHARE",
    "PAPER",
    "ROAD",
    "SITE",
    "STATES",
    "STATUS",
    "WATER",
    "ZONES",
    "ShareClass",
    "class_of",
    "colour_of",
]


class ShareClass(NamedTuple):
    """A class of coverage shares, in whole per cent, both ends inclusive.

    `light` is its colour on paper and on a light screen, `dark` on a dark one.
    """

    lowest: int
    highest: int
    light: str
    dark: str
    pattern: str


CLASSES = (
    ShareClass(0, 24, "#d68a4c", "#a8602c", "cross"),
    ShareClass(25, 49, "#eab37f", "#7f532f", "lines"),
    ShareClass(50, 74, "#f3d5ae", "#54432f", "dots"),
    ShareClass(75, 99, "#f3e9d0", "#363a38", ""),
    ShareClass(100, 100, "#fbf8ee", "#242e33", ""),
)
"""Classes of a share, the worst first."""

ZONES = (CLASSES[4], CLASSES[3], CLASSES[1], CLASSES[0])
"""Where people live, by their way: well within the limit, within, outside, far outside."""

DIFFERENCES = (
    ("#2a78a8", "#58b0e0", "dots"),
    ("#a9cfe2", "#2b5871", ""),
    ("#f1efe8", "#242d33", ""),
    ("#edc9a6", "#5e442c", ""),
    ("#c0601f", "#ec9a4c", "lines"),
)
"""What a change does: newly within the limit, nearer, the same, farther, no longer within it.
Light colour, dark colour, pattern."""

NO_SHARE = ShareClass(-1, -1, "#d8dde0", "#30373c", "columns")

BANDS = (
    ("#2a78a8", "#58b0e0"),
    ("#6ba5c9", "#3f86ad"),
    ("#a9cfe2", "#2f6080"),
    ("#dbeaf2", "#22404f"),
)
"""Light and dark colour of bands of travel time, the nearest band first."""

STATUS = {
    "covered": "#f7f4ea",
    "partly": "#eab37f",
    "gap": "#bb3a10",
    "unreachable": "#0a0a0a",
    "no_data": "#9aa3a8",
}

LIGHT = {
    "paper": "#ffffff",
    "ground": "#e9edef",
    "land": "#f8f8f5",
    "ink": "#17222b",
    "muted": "#4e5d67",
    "line": "#d5dce0",
    "accent": "#0d5170",
    "accent-ink": "#ffffff",
    "tint": "#e8f0f4",
    "loss": "#8f3f0c",
    "build": "#5b2a86",
    "build-ink": "#ffffff",
    "build-tint": "#f1eaf6",
    "warn": "#fff3d6",
    "warn-ink": "#5b4300",
    "warn-edge": "#a8320f",
    "road": "#a59d90",
    "border": "#4d4a46",
    "pattern": "#8a3d0c",
    "halo": "#ffffff",
    "facility": "#17222b",
    "symbol-edge": "#17222b",
    "area-edge": "#0d5170",
    "water": "#b4d0df",
    "water-edge": "#8fb0c2",
}

DARK = {
    "paper": "#161e24",
    "ground": "#0f1418",
    "land": "#1a2228",
    "ink": "#eaf0f3",
    "muted": "#a8b5be",
    "line": "#35414a",
    "accent": "#8ccbe6",
    "accent-ink": "#08202d",
    "tint": "#1d2f3a",
    "loss": "#ec9a4c",
    "build": "#c9a3ea",
    "build-ink": "#21102f",
    "build-tint": "#2c2338",
    "warn": "#3d3210",
    "warn-ink": "#ffe6a3",
    "warn-edge": "#ec9a4c",
    "road": "#6d777e",
    "border": "#9aa8b1",
    "pattern": "#ffb98a",
    "halo": "#10161b",
    "facility": "#eaf0f3",
    "symbol-edge": "#f2f6f8",
    "area-edge": "#8ccbe6",
    "water": "#12303f",
    "water-edge": "#3d5361",
}

# What figures on paper use of it.
MISSING = NO_SHARE.light
INK = LIGHT["ink"]
MUTED = LIGHT["muted"]
PAPER = LIGHT["paper"]
ROAD = LIGHT["road"]
WATER = LIGHT["water"]
FACILITY = LIGHT["facility"]
SITE = LIGHT["build"]

STATES = {"all": STATUS["covered"], "some": STATUS["partly"], "none": STATUS["gap"]}
"""Settlements with all services within the limit, some, none; shapes differ too."""


def class_of(percent: int) -> ShareClass:
    """Return the class of a share in whole per cent; -1 is no share.

    Examples
    --------
    >>> class_of(24).highest, class_of(25).lowest, class_of(100).pattern
    (24, 25, '')
    """
    return next((c for c in CLASSES if c.lowest <= percent <= c.highest), NO_SHARE)


def colour_of(share: float | None) -> str:
    """Return the colour of a share (0-1); 0 and 100 per cent only where they are exact.

    Examples
    --------
    >>> colour_of(0.999) == colour_of(0.75), colour_of(1.0) == CLASSES[-1].light, colour_of(None)
    (True, True, '#d8dde0')
    """
    if share is None or not math.isfinite(share):
        return MISSING
    return class_of(min(round(share * 100), 99) if share < 1 else 100).light
