"""What every drawing of an annex needs: its size, and text in the annex's type."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from socaccess.study.colours import INK, PAPER

__all__ = ["LEGEND_PT", "LETTER", "Drawing", "write_text"]

LETTER = 0.47
"""How wide a letter is on average, in parts of the size of the type."""

LEGEND_PT = 7.5
_FONT = "Carlito, Calibri, sans-serif"


@dataclass(frozen=True)
class Drawing:
    """A drawing as SVG with its size in points."""

    svg: str
    width_pt: float
    height_pt: float


def write_text(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    anchor: str = "start",
    halo: bool = False,
    bold: bool = False,
) -> str:
    """Return a text with its base line at `y`; with a `halo` where it stands on a map."""
    weight = ' font-weight="bold"' if bold else ""
    # What XML cannot hold is no letter anyway.
    text = "".join(letter for letter in text if ord(letter) >= 32)
    body = (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family={quoteattr(_FONT)} font-size="{size:g}" '
        f'text-anchor="{anchor}"{weight}'
    )
    words = f">{escape(text)}</text>"
    front = f'{body} fill="{INK}"{words}'
    if not halo:
        return front
    back = f'fill="{PAPER}" stroke="{PAPER}" stroke-width="2" stroke-linejoin="round"'
    return f"{body} {back}{words}{front}"
