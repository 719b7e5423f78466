"""Colours of the map, the same in the exported file and in Jupyter.

Orange to blue reads alike with every common form of colour blindness; the lower
classes carry a pattern too. The three states of a settlement differ in shape, and
their fills differ in lightness by at least 3:1 from one another (tested).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "BANDS",
    "CLASSES",
    "DARK",
    "LIGHT",
    "MISSING",
    "SERVICE_STATUS",
    "ShareClass",
    "class_of",
]


class ShareClass(NamedTuple):
    """A class of coverage shares, in whole per cent, both ends inclusive."""

    lowest: int
    highest: int
    light: str
    dark: str
    pattern: str


CLASSES = (
    ShareClass(0, 24, "#dd8d57", "#a8581f", "cross"),
    ShareClass(25, 49, "#efbb92", "#7d4f31", "lines"),
    ShareClass(50, 74, "#f6e3cd", "#55483f", "dots"),
    ShareClass(75, 99, "#d3e5ee", "#2c4a5b", ""),
    ShareClass(100, 100, "#97c6dd", "#1f6a8e", ""),
)

MISSING = ShareClass(-1, -1, "#e4e7e8", "#30373c", "columns")

BANDS = (
    ("#8064bd", "#9273d8"),
    ("#a893d4", "#6c52a8"),
    ("#cdc1e8", "#4a3a76"),
    ("#ebe6f5", "#30284c"),
)
"""Light and dark colour of service areas, the nearest band first: one hue, so grey keeps order."""

SERVICE_STATUS = {
    "covered": "#7fd0e3",
    "gap": "#c2330f",
    "unreachable": "#0a0a0a",
}

LIGHT = {
    "paper": "#ffffff",
    "ground": "#eef1f2",
    "ink": "#16222b",
    "muted": "#4e5d67",
    "line": "#d5dce0",
    "accent": "#0a4f73",
    "accent-ink": "#ffffff",
    "tint": "#e6f0f5",
    "warn": "#fff3d6",
    "warn-ink": "#5b4300",
    "road": "#7f8b93",
    "border": "#5d6a73",
    "pattern": "#8a3d0c",
    "halo": "#ffffff",
    "facility": "#0b3c5d",
    "site": "#ffd23f",
    "symbol-edge": "#0d2733",
    "area-edge": "#4a3a76",
    "water": "#bccbd3",
    "water-edge": "#8fa3af",
}

DARK = {
    "paper": "#151c22",
    "ground": "#0f1418",
    "ink": "#e8eef2",
    "muted": "#a9b7c0",
    "line": "#35414a",
    "accent": "#7cc4e8",
    "accent-ink": "#08202d",
    "tint": "#1d2f3a",
    "warn": "#3d3210",
    "warn-ink": "#ffe6a3",
    "road": "#8b98a1",
    "border": "#9aa8b1",
    "pattern": "#ffb98a",
    "halo": "#10161b",
    "facility": "#cfe8f5",
    "site": "#ffd23f",
    "symbol-edge": "#f2f6f8",
    "area-edge": "#c9b6f2",
    "water": "#0b171f",
    "water-edge": "#3d5361",
}


def class_of(percent: int) -> ShareClass:
    """Return the class of a share in whole per cent; -1 is no share.

    Examples
    --------
    >>> class_of(24).highest, class_of(25).lowest, class_of(100).pattern
    (24, 25, '')
    """
    for share_class in CLASSES:
        if share_class.lowest <= percent <= share_class.highest:
            return share_class
    return MISSING
