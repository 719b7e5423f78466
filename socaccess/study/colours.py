"""Colours of printed and static figures: legible in grey, since many annexes are.

The classes of a share go from dark to light in one hue, so that grey keeps their order;
the exported map has its own, for screens.
"""

from __future__ import annotations

import math

__all__ = [
    "CLASSES",
    "FACILITY",
    "INK",
    "MISSING",
    "MUTED",
    "PAPER",
    "ROAD",
    "SITE",
    "STATES",
    "WATER",
    "colour_of",
]

CLASSES = (
    (0, 24, "#8c4a1c"),
    (25, 49, "#c07a43"),
    (50, 74, "#dfae7f"),
    (75, 99, "#f0d9bf"),
    (100, 100, "#fbf5ec"),
)
"""Lowest and highest whole per cent (both inclusive) and colour of each class, worst first."""

MISSING = "#d5dadd"
INK = "#16222b"
MUTED = "#4e5d67"
PAPER = "#ffffff"
ROAD = "#9aa8b1"
WATER = "#dfe6ea"
FACILITY = "#0b3c5d"
SITE = "#ffd23f"

STATES = {"all": "#ffffff", "some": "#7a8a94", "none": "#16222b"}
"""Settlements with all services within the limit, some, none; shapes differ too."""


def colour_of(share: float | None) -> str:
    """Return the colour of a share (0-1); 0 and 100 per cent only where they are exact.

    Examples
    --------
    >>> colour_of(0.999) == colour_of(0.75), colour_of(1.0) == CLASSES[-1][2], colour_of(None)
    (True, True, '#d5dadd')
    """
    if share is None or not math.isfinite(share):
        return MISSING
    percent = min(round(share * 100), 99) if share < 1 else 100
    return next(colour for low, high, colour in CLASSES if low <= percent <= high)
