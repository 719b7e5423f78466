"""Pictures for paper as SVG: where things go, text that finds its place, and shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import shapely

from socaccess.content import make_visible
from socaccess.study.colours import LIGHT

__all__ = ["FONT", "LABEL_RATIO", "Drawing", "Labels", "View", "wrap_svg", "write_text"]

FONT = "Carlito, Calibri, sans-serif"
LABEL_RATIO = 0.52
"""How wide a letter is on average, in parts of the size of the type."""


@dataclass(frozen=True)
class Drawing:
    """A drawing as SVG with its size in points."""

    svg: str
    width_pt: float
    height_pt: float


@dataclass(frozen=True)
class View:
    """From metres to points of the drawing."""

    west: float
    north: float
    scale: float
    width: float
    height: float

    @classmethod
    def around(
        cls, bounds: tuple[float, float, float, float], width: float, height: float, margin: float
    ) -> View:
        """Return the view in which the bounds fill the drawing, but for a margin in points."""
        west, south, east, north = bounds
        wide, high = max(east - west, 1.0), max(north - south, 1.0)
        scale = min((width - 2 * margin) / wide, (height - 2 * margin) / high)
        return cls(
            (west + east) / 2 - width / 2 / scale,
            (south + north) / 2 + height / 2 / scale,
            scale,
            width,
            height,
        )

    @property
    def frame_m(self) -> tuple[float, float, float, float]:
        """West, south, east and north of what is drawn, in metres."""
        return (
            self.west,
            self.north - self.height / self.scale,
            self.west + self.width / self.scale,
            self.north,
        )

    def place(self, xy: np.ndarray) -> np.ndarray:
        """Return points (x to the right, y down) of metres."""
        return np.stack(
            [(xy[:, 0] - self.west) * self.scale, (self.north - xy[:, 1]) * self.scale], axis=1
        )

    def holds(self, x: float, y: float, edge: float = 3.0) -> bool:
        """Return whether a point lies inside, `edge` points from the frame."""
        return edge < x < self.width - edge and edge < y < self.height - edge

    def path(self, geometry: Any, tolerance_pt: float = 0.3) -> str:
        """Return the data of a path: polygons or lines, cut to the frame and simplified."""
        pad = 4 / self.scale
        west, south, east, north = self.frame_m
        box = (west - pad, south - pad, east + pad, north + pad)
        shape = shapely.clip_by_rect(geometry, *box)
        shape = shapely.simplify(shape, tolerance_pt / self.scale)
        parts = []
        for part in shapely.get_parts(shape):
            if part.is_empty or part.geom_type == "Point":
                continue
            is_area = part.geom_type == "Polygon"
            for line in (part.exterior, *part.interiors) if is_area else (part,):
                xy = self.place(np.asarray(line.coords)[: -1 if is_area else None, :2])
                if len(xy) > 1:
                    drawn = "L".join([f"{x:.1f} {y:.1f}" for x, y in xy.tolist()])
                    parts.append(f"M{drawn}{'Z' if is_area else ''}")
        return "".join(parts)


def write_text(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    anchor: str = "start",
    fill: str = LIGHT["ink"],
    bold: bool = False,
    halo: bool = False,
) -> str:
    """Return a text with its base line at `y`; with a `halo` where it stands on a map."""
    weight = ' font-weight="bold"' if bold else ""
    edge = ""
    if halo:
        edge = (f' stroke="{LIGHT["paper"]}" stroke-width="2.2" stroke-linejoin="round" '
                'paint-order="stroke"')  # fmt: skip
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="{size:g}" '
        f'text-anchor="{anchor}" fill="{fill}"{weight}{edge}>{escape(make_visible(text))}</text>'
    )


def wrap_svg(parts: list[str], width: float, height: float) -> Drawing:
    """Return parts as a drawing."""
    size = f'width="{width:.1f}" height="{height:.1f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:.1f} {height:.1f}">'
    return Drawing(head + "".join(parts) + "</svg>", width, height)


@dataclass
class Labels:
    """Boxes that are taken; a text is put at the first free of several places, or nowhere."""

    view: View
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def block(self, x: float, y: float, radius: float) -> None:
        """Keep texts away from a symbol."""
        self.taken.append((x - radius, y - radius, x + radius, y + radius))

    def put(self, options: list[list[tuple[float, float, str, float, str, bool]]]) -> str:
        """Return the lines of the first option whose boxes are all free.

        A line is x, y, text, size, anchor and whether it is bold.
        """
        for lines in options:
            boxes = []
            for x, y, text, size, anchor, bold in lines:
                width = len(text) * size * (LABEL_RATIO + 0.04 * bold)
                left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
                boxes.append((left - 1, y - size * 0.8, left + width + 1, y + size * 0.22))
            if all(map(self._is_free, boxes)):
                self.taken += boxes
                return "".join(
                    write_text(x, y, text, size, anchor=anchor, bold=bold, halo=True)
                    for x, y, text, size, anchor, bold in lines
                )
        return ""

    def put_beside(self, x: float, y: float, text: str, size: float, *, bold: bool = False,
                   gap: float = 5.0) -> str:  # fmt: skip
        """Return a text beside a symbol."""
        places = [(side * gap, dy, "start" if side > 0 else "end")
                  for dy in (3, -4, 9) for side in (1, -1)]  # fmt: skip
        places += [(0, -6, "middle"), (0, 13, "middle")]
        return self.put([[(x + dx, y + dy, text, size, side, bold)] for dx, dy, side in places])

    def put_around(self, x: float, y: float, name: str, value: str, size: float = 6.8) -> str:
        """Return the name of an area with a figure below it, at its middle or near it."""
        steps = [(0.0, 0.0)]
        for radius in (10.0, 18.0, 26.0, 34.0):
            steps += [(0, -radius), (0, radius), (-radius, 0), (radius, 0), (radius, -radius),
                      (-radius, radius)]  # fmt: skip
        return self.put(
            [
                [(x + dx, y + dy, name, size, "middle", False),
                 (x + dx, y + dy + 9.5, value, size + 2.7, "middle", True)]
                for dx, dy in steps
            ]
        )  # fmt: skip

    def _is_free(self, box: tuple[float, float, float, float]) -> bool:
        inside = box[0] > 2 and box[2] < self.view.width - 2
        inside = inside and box[1] > 2 and box[3] < self.view.height - 2
        return inside and not any(
            box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
            for other in self.taken
        )
