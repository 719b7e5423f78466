"""Maps for paper: zones of travel time where people live, facilities, sites and names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from socaccess.documents.drawing import Drawing, Labels, View, wrap_svg, write_text
from socaccess.network.thinning import thin_roads
from socaccess.sources.embedded import load_water
from socaccess.study.colours import LIGHT

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = ["ZONES", "LegendItem", "MapSheet", "draw_legend", "frame_map"]

ZONES = ("#f7f4ea", "#eee4cb", "#f2cd97", "#e0a06a")
"""Fill of the zones, the nearest first; the last two are hatched too."""

HATCH = "#a9682f"
_ROAD_VERTICES = 20_000
_LAND = "#f6f6f3"

LegendItem = tuple[str, str]
"""What a line of a legend shows (`zone0`-`zone3`, `facility`, `planned`, `site`), and its text."""

PATTERNS = (
    '<defs><pattern id="h2" width="3.2" height="3.2" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><path d="M0 0V3.2" stroke="{HATCH}" stroke-width=".7"/>'
    "</pattern>"
    '<pattern id="h3" width="3" height="3" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate(45)"><path d="M0 0V3M0 0H3" stroke="{HATCH}" stroke-width=".7"/>'
    "</pattern></defs>"
)


@dataclass(frozen=True, eq=False)
class MapSheet:
    """The ground of all maps of one result: cells around people, outlines, water, roads."""

    result: StudyResult

    @cached_property
    def outlines(self) -> Any:
        """Outlines of the municipalities, in the order of the study."""
        return self.result.municipalities.geometry.to_numpy()

    @cached_property
    def region(self) -> Any:
        """The whole region."""
        return shapely.union_all(shapely.buffer(self.outlines, 60)).buffer(-60)

    @cached_property
    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the points that are drawn, none twice, and their coordinates."""
        people = self.result.reach.people
        xy = np.column_stack([people.x, people.y])
        known = np.flatnonzero(np.isfinite(xy).all(axis=1))
        _, first = np.unique(xy[known].round(1), axis=0, return_index=True)
        kept = known[np.sort(first)]
        return kept, xy[kept]

    @cached_property
    def _cells(self) -> np.ndarray:
        """Cells around the points, in their order."""
        kept, xy = self._points
        frame = self.region.envelope.buffer(20_000)
        if len(kept) == 1:
            return np.array([frame])
        return np.array(
            shapely.get_parts(
                shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=frame, ordered=True)
            )
        )

    @cached_property
    def _borders(self) -> dict[View, str]:
        return {}

    @cached_property
    def _grounds(self) -> dict[View, tuple[str, str]]:
        return {}

    def draw_ground(self, view: View) -> tuple[str, str]:
        """Return water and roads of a view; kept, since several maps share it."""
        if view not in self._grounds:
            water = load_water(self.result.municipalities.crs, view.frame_m).geometry
            large = water[water.area * view.scale**2 > 1.2]
            drawn = "".join(map(view.path, large))
            self._grounds[view] = (
                f'<path d="{drawn}" fill="{LIGHT["water"]}"/>' if drawn else "",
                self._draw_roads(view),
            )
        return self._grounds[view]

    def _draw_outlines(self, view: View) -> str:
        if view not in self._borders:
            self._borders[view] = "".join(map(view.path, self.outlines))
        return self._borders[view]

    def _draw_roads(self, view: View) -> str:
        edges = self._edges
        west, south, east, north = view.frame_m
        inside = thin_roads(edges.cx[west:east, south:north], _ROAD_VERTICES)
        merged = shapely.line_merge(shapely.union_all(inside.geometry.to_numpy()))
        drawn = view.path(merged)
        if not drawn:
            return ""
        return (
            f'<path d="{drawn}" fill="none" stroke="#fff" stroke-width="1.1"/>'
            f'<path d="{drawn}" fill="none" stroke="#c2bcb0" stroke-width=".5"/>'
        )

    @cached_property
    def _edges(self) -> Any:
        edges = self.result.study.network.to_frame()
        if "modelled" in edges:
            edges = edges[~edges["modelled"].astype(bool)]
        return edges

    def draw_zones(
        self,
        view: View,
        zone: np.ndarray,
        *,
        within: Any = None,
        roads: bool = True,
        water: bool = True,
        outline: float = 0.7,
    ) -> list[str]:
        """Return the ground with zones.

        Parameters
        ----------
        view
            Where it goes.
        zone
            Zone (0-3) of every point where people live; others are not drawn.
        within
            Only here; the whole region by default.
        """
        parts = [(f'<rect width="{view.width:.1f}" height="{view.height:.1f}" '
                 f'fill="{LIGHT["ground"]}"/>')]  # fmt: skip
        kept, _ = self._points
        area = self.region if within is None else within
        area = shapely.simplify(area, 0.3 / view.scale)
        parts.append(f'<path d="{view.path(area)}" fill="{_LAND}"/>')
        for number, fill in enumerate(ZONES):
            cells = self._cells[zone[kept] == number]
            if not len(cells):
                continue
            shape = shapely.intersection(shapely.coverage_union_all(cells), area)
            drawn = view.path(shape)
            parts.append(
                f'<path d="{drawn}" fill="{fill}" stroke="{fill}" stroke-width=".3" '
                'fill-rule="evenodd"/>'
            )
            if number >= 2:
                parts.append(f'<path d="{drawn}" fill="url(#h{number})" fill-rule="evenodd"/>')
        drawn_water, drawn_roads = self.draw_ground(view) if roads or water else ("", "")
        parts += [drawn_water if water else "", drawn_roads if roads else ""]
        parts.append(
            f'<path d="{self._draw_outlines(view)}" fill="none" stroke="{LIGHT["border"]}" '
            f'stroke-width="{outline}" stroke-linejoin="round"/>'
        )
        return parts

    def draw_facilities(
        self, view: View, services: list[str], labels: Labels | None = None, radius: float = 2.4
    ) -> list[str]:
        """Return the facilities of services: dots, those planned as rings.

        What is shown by its settlement alone stands at the settlement's centre.
        """
        frame = self.result.facilities
        frame = frame[
            frame["located"]
            & ~frame.geometry.is_empty
            & frame.geometry.notna()
            & frame["service"].isin(services)
        ]
        parts, seen = [], set()
        for status in ("operating", "planned"):
            part = frame[frame["status"] == status]
            if not len(part):
                continue
            for x, y in view.place(np.column_stack([part.geometry.x, part.geometry.y])):
                key = (round(x), round(y))
                if key in seen or not view.holds(x, y):
                    continue
                seen.add(key)
                parts.append(draw_facility(x, y, status, radius))
                if labels is not None:
                    labels.block(x, y, radius + 1)
        return parts

    def name_municipalities(
        self, view: View, labels: Labels, texts: list[tuple[str, str]]
    ) -> list[str]:
        """Return names and figures of the municipalities, the largest first."""
        order = np.argsort([-shape.area for shape in self.outlines], kind="stable")
        parts = []
        for at in order:
            name, value = texts[at]
            point = shapely.maximum_inscribed_circle(self.outlines[at]).coords[0]
            x, y = view.place(np.array([point]))[0]
            if self.outlines[at].area * view.scale**2 > 300:
                parts.append(labels.put_around(x, y, name, value))
        return parts

    def name_settlements(
        self,
        view: View,
        labels: Labels,
        *,
        most: int,
        municipality_id: str | None = None,
        towns: bool = False,
    ) -> list[str]:
        """Return dots and names of settlements, the most populous first."""
        frame = self.result.settlements
        frame = frame[frame["located"]]
        if municipality_id is not None:
            frame = frame[frame["municipality_id"] == municipality_id]
        if towns and "kind" in frame:
            frame = frame[frame["kind"] != "parish"]
        frame = frame.sort_values("population", ascending=False, kind="stable").head(most)
        places = view.place(np.column_stack([frame.geometry.x, frame.geometry.y]))
        parts = []
        for x, y in places:
            labels.block(x, y, 1.6)
        for (x, y), row in zip(places, frame.itertuples(), strict=True):
            town = row.kind != "parish" if "kind" in frame else False
            name = str(row.name).removesuffix(" pagasts")
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.2" fill="{LIGHT["ink"]}" '
                         'stroke="#fff" stroke-width=".5"/>')  # fmt: skip
            parts.append(labels.put_beside(x, y, name, 8.6 if town else 7.5, bold=town, gap=4))
        return parts


def draw_facility(x: float, y: float, status: str, radius: float = 2.4) -> str:
    """Return the dot of a facility, or the ring of one that is planned."""
    if status == "planned":
        return (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="#fff" '
                f'stroke="{LIGHT["ink"]}" stroke-width="1" stroke-dasharray="1.6 1"/>')  # fmt: skip
    return (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{LIGHT["ink"]}" '
            'stroke="#fff" stroke-width=".7"/>')  # fmt: skip


def draw_site(x: float, y: float, number: str) -> str:
    """Return the badge of a suggested site."""
    box = (f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" rx="1.5" '
           f'fill="{LIGHT["build"]}" stroke="#fff" stroke-width="1"/>')  # fmt: skip
    return box + write_text(x, y + 3, number, 9, anchor="middle", fill="#ffffff", bold=True)


def frame_map(view: View, parts: list[str], x: float = 0.0, y: float = 0.0) -> str:
    """Return the parts of a map inside their frame, at a place of a larger drawing."""
    size = f'width="{view.width:.1f}" height="{view.height:.1f}"'
    border = (f'<rect x=".3" y=".3" width="{view.width - 0.6:.1f}" '
              f'height="{view.height - 0.6:.1f}" fill="none" stroke="#8a949b" '
              'stroke-width=".6"/>')  # fmt: skip
    return f'<svg x="{x:.1f}" y="{y:.1f}" {size}>{"".join(parts)}{border}</svg>'


def draw_legend(
    items: list[LegendItem], width: float, y: float, size: float = 7.8
) -> tuple[list[str], float]:
    """Return a legend as wide as a drawing, and where it ends."""
    parts, x = [], 0.0
    for kind, text in items:
        wide = 20 + len(text) * size * 0.5 + 7
        if x and x + wide > width:
            x, y = 0.0, y + 12
        if kind.startswith("zone"):
            number = int(kind[-1])
            swatch = (f'<rect x="{x:.1f}" y="{y - 6.5:.1f}" width="16" height="8" '
                      'fill="{}" stroke="#52606b" stroke-width=".4"/>')  # fmt: skip
            parts.append(swatch.format(ZONES[number]))
            if number >= 2:
                parts.append(swatch.format(f"url(#h{number})"))
        elif kind == "site":
            parts.append(f'<rect x="{x + 4:.1f}" y="{y - 6.5:.1f}" width="8" height="8" rx="1" '
                         f'fill="{LIGHT["build"]}"/>')  # fmt: skip
        else:
            parts.append(draw_facility(x + 8, y - 2.5, kind, 2.6))
        parts.append(write_text(x + 19, y, text, size))
        x += wide
    return parts, y + 4


def finish_map(view: View, parts: list[str], legend: list[LegendItem]) -> Drawing:
    """Return a map with its legend below."""
    lines, end = draw_legend(legend, view.width, view.height + 12)
    return wrap_svg([PATTERNS, frame_map(view, parts), *lines], view.width, end)
