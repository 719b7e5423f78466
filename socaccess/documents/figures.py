"""Maps for print, drawn from the frames as SVG: light, sharp and legible in grey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from socaccess.documents._svg import LEGEND_PT, LETTER, Drawing, write_text
from socaccess.documents.analysis import rank_municipalities
from socaccess.i18n import Texts
from socaccess.network.thinning import thin_roads
from socaccess.sources.embedded import load_water
from socaccess.study.colours import (
    CLASSES,
    FACILITY,
    INK,
    MISSING,
    MUTED,
    PAPER,
    ROAD,
    SITE,
    STATES,
    WATER,
    colour_of,
)

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.study import StudyResult

__all__ = ["Drawing", "draw_coverage"]

NAMED_PT = 240.0
ROAD_VERTICES = 20_000
"""More roads than these nobody tells apart on a printed page."""
_NAME_PT = 6.8


@dataclass(frozen=True)
class _View:
    """From metres to points of the drawing."""

    west: float
    north: float
    scale: float
    width: float
    height: float

    def place(self, xy: np.ndarray) -> np.ndarray:
        return np.stack(
            [(xy[:, 0] - self.west) * self.scale, (self.north - xy[:, 1]) * self.scale], axis=1
        )


def draw_coverage(
    result: StudyResult,
    texts: Texts,
    services: list[str],
    *,
    scenario: str = "now",
    municipality_id: str | None = None,
    width_pt: float = 490.0,
    height_pt: float = 400.0,
    ranked: pd.DataFrame | None = None,
    grounds: dict[Any, list[str]] | None = None,
) -> Drawing:
    """Return a map of the mean share of `services` within the limit.

    Municipalities are shaded and labelled with their share; settlements are round
    where every service is within the limit, triangles where some is not, crosses
    where none is; facilities are squares (empty: planned), suggested sites stars.

    Parameters
    ----------
    result
        What a study answered; from a `Release` where the map leaves.
    texts
        The language.
    services
        One or several services.
    scenario
        `now`, `planned` or `suggested`.
    municipality_id
        Draw this municipality large, with the names of its settlements.
    width_pt, height_pt
        The most room there is, without the legend. Names of municipalities need more than
        `NAMED_PT`; a smaller map stands beside a table of them.
    ranked
        What `rank_municipalities` says of the services, where it is known already.
    grounds
        Kept water and roads, by frame: the maps of one annex share them.
    """
    ranked = (rank_municipalities(result, services) if ranked is None else ranked).set_index(
        "municipality_id"
    )
    outlines = result.municipalities
    settlements = result.settlements[result.settlements["located"]]
    if municipality_id is not None:
        outlines = outlines[outlines["municipality_id"] == municipality_id]
        settlements = settlements[settlements["municipality_id"] == municipality_id]
    view = _frame(outlines, settlements, width_pt, height_pt)
    paths = [f'<rect width="{view.width:.1f}" height="{view.height:.1f}" fill="{PAPER}"/>']
    shares = result.municipalities["municipality_id"].map(ranked[scenario])
    for row, share in zip(result.municipalities.itertuples(), shares, strict=True):
        inside = municipality_id in (None, row.municipality_id)
        fill = colour_of(share) if inside else PAPER
        paths.append(
            f'<path d="{_path(row.geometry, view)}" fill="{fill}" stroke="{MUTED}" '
            f'stroke-width="0.8" stroke-linejoin="round"/>'
        )
    grounds = {} if grounds is None else grounds
    if view not in grounds:
        grounds[view] = [*_draw_water(result, view), *_draw_roads(result, view)]
    paths += grounds[view]
    if municipality_id is not None:
        paths.append(
            f'<path d="{_path(outlines.geometry.iloc[0], view)}" fill="none" stroke="{INK}" '
            f'stroke-width="1.8"/>'
        )
    states = _judge(result, services, scenario).reindex(settlements["settlement_id"])
    boxes: list[tuple[float, float, float, float]] = []
    dots = view.place(np.column_stack([settlements.geometry.x, settlements.geometry.y]))
    size = 1.8 if municipality_id is None else 3.0
    paths += [_symbol(state, x, y, size) for (x, y), state in zip(dots, states, strict=True)]
    boxes += [(x - size, y - size, x + size, y + size) for x, y in dots]
    paths += _draw_facilities(result, services, scenario, view, boxes)
    if municipality_id is None and view.width > NAMED_PT:
        paths += _label_municipalities(outlines, shares, view, texts, boxes)
    elif municipality_id is not None:
        paths += _label_settlements(settlements, dots, view, boxes)
    paths += _draw_scale_bar(view, texts)
    legend, legend_pt = _draw_legend(
        shares if municipality_id is None else shares[:0],
        view,
        texts,
        scenario,
        alone=len(services) == 1,
    )
    return _wrap(paths, legend, view, legend_pt)


def _frame(
    outlines: gpd.GeoDataFrame, settlements: gpd.GeoDataFrame, width_pt: float, height_pt: float
) -> _View:
    bounds = [np.array(outlines.total_bounds)]
    if len(settlements):
        bounds.append(np.array(settlements.total_bounds))
    box = np.array(bounds)
    west, south = box[:, 0].min(), box[:, 1].min()
    east, north = box[:, 2].max(), box[:, 3].max()
    margin = 0.04 * max(east - west, north - south)
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    scale = min(width_pt / (east - west), height_pt / (north - south))
    # A legend needs some width, whatever the shape of the land; a small map fills its place.
    wanted = max((east - west) * scale, (0.6 if width_pt > NAMED_PT else 1.0) * width_pt)
    extra = (wanted / scale - (east - west)) / 2
    return _View(west - extra, north, scale, wanted, (north - south) * scale)


def _path(geometry: Any, view: _View) -> str:
    parts = []
    tolerance = 0.4 / view.scale
    for polygon in getattr(geometry, "geoms", [geometry]):
        simple = polygon.simplify(tolerance)
        for ring in (simple.exterior, *simple.interiors):
            xy = view.place(np.asarray(ring.coords)[:, :2])
            parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in xy) + "Z")
    return "".join(parts)


def _draw_water(result: StudyResult, view: _View) -> list[str]:
    south = view.north - view.height / view.scale
    frame_m = (view.west, south, view.west + view.width / view.scale, view.north)
    shapes = load_water(result.municipalities.crs, frame_m).geometry
    return [
        f'<path d="{_path(shape, view)}" fill="{WATER}" stroke="{ROAD}" stroke-width="0.4"/>'
        for shape in shapes
    ]


def _draw_roads(result: StudyResult, view: _View) -> list[str]:
    network = result.study.network
    assert network is not None
    edges = network.to_frame()
    if "modelled" in edges:
        edges = edges[~edges["modelled"].astype(bool)]
    south = view.north - view.height / view.scale
    east = view.west + view.width / view.scale
    inside = edges.cx[view.west : east, south : view.north]
    drawn = thin_roads(inside, ROAD_VERTICES)
    merged = shapely.line_merge(shapely.union_all(drawn.geometry.to_numpy()))
    # One by one: of all lines together it takes minutes.
    lines = shapely.simplify(shapely.get_parts(merged), 0.4 / view.scale)
    parts = []
    for line in lines:
        xy = view.place(np.asarray(line.coords)[:, :2])
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in xy))
    if not parts:
        return []
    return [f'<path d="{"".join(parts)}" fill="none" stroke="{ROAD}" stroke-width="0.7"/>']


def _judge(result: StudyResult, services: list[str], scenario: str) -> pd.Series:
    """Return for every settlement whether all, some or none of the services are in the limit."""
    table = result.settlement_coverage
    table = table[(table["scenario"] == scenario) & table["service"].isin(services)]
    within = (table["status"] == "covered").groupby(table["settlement_id"]).mean()
    states = np.where(within >= 1, "all", np.where(within <= 0, "none", "some"))
    return pd.Series(states, index=within.index)


def _symbol(state: object, x: float, y: float, size: float) -> str:
    fill = STATES.get(str(state), MISSING)
    style = f'fill="{fill}" stroke="{INK}" stroke-width="0.7"'
    if state == "all":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" {style}/>'
    if state == "some":
        s = size * 1.25
        points = f"{x:.1f},{y - s:.1f} {x + s:.1f},{y + s * 0.8:.1f} {x - s:.1f},{y + s * 0.8:.1f}"
        return f'<polygon points="{points}" {style}/>'
    d = f"M{x - size:.1f} {y - size:.1f}L{x + size:.1f} {y + size:.1f}"
    d += f"M{x - size:.1f} {y + size:.1f}L{x + size:.1f} {y - size:.1f}"
    return (
        f'<path d="{d}" stroke="{PAPER}" stroke-width="2.4"/>'
        f'<path d="{d}" stroke="{INK}" stroke-width="1.2"/>'
    )


def _draw_facilities(
    result: StudyResult,
    services: list[str],
    scenario: str,
    view: _View,
    boxes: list[tuple[float, float, float, float]],
) -> list[str]:
    wanted = ["operating", "planned"] if scenario == "planned" else ["operating"]
    frame = result.facilities
    frame = frame[frame["located"] & frame["service"].isin(services)]
    frame = frame[frame["status"].isin(wanted)]
    paths = []
    seen: set[tuple[int, int]] = set()
    for status in ("operating", "planned"):
        part = frame[frame["status"] == status]
        if not len(part):
            continue
        for x, y in view.place(np.column_stack([part.geometry.x, part.geometry.y])):
            key = (round(x), round(y))
            if key in seen or not (0 < x < view.width and 0 < y < view.height):
                continue
            seen.add(key)
            paths.append(_square(x, y, status))
            boxes.append((x - 3, y - 3, x + 3, y + 3))
    if scenario == "suggested":
        sites = result.sites[result.sites["service"].isin(services)]
        if len(sites):
            for x, y in view.place(np.column_stack([sites.geometry.x, sites.geometry.y])):
                if 0 < x < view.width and 0 < y < view.height:
                    paths.append(_star(x, y))
                    boxes.append((x - 6, y - 6, x + 6, y + 6))
    return paths


def _square(x: float, y: float, status: str) -> str:
    fill = FACILITY if status == "operating" else PAPER
    return (
        f'<rect x="{x - 2.6:.1f}" y="{y - 2.6:.1f}" width="5.2" height="5.2" fill="{fill}" '
        f'stroke="{PAPER if status == "operating" else FACILITY}" stroke-width="0.9"/>'
    )


def _star(x: float, y: float) -> str:
    angles = np.pi / 5 * np.arange(10) - np.pi / 2
    radii = np.where(np.arange(10) % 2 == 0, 6.0, 2.6)
    points = " ".join(
        f"{x + r * np.cos(a):.1f},{y + r * np.sin(a):.1f}"
        for r, a in zip(radii, angles, strict=True)
    )
    return f'<polygon points="{points}" fill="{SITE}" stroke="{INK}" stroke-width="1"/>'


def _label_municipalities(
    outlines: gpd.GeoDataFrame,
    shares: Any,
    view: _View,
    texts: Texts,
    boxes: list[tuple[float, float, float, float]],
) -> list[str]:
    """Return names with shares, larger municipalities first; none over a symbol or another."""
    paths: list[str] = []
    taken: list[tuple[float, float, float, float]] = []
    share_of = dict(zip(outlines["municipality_id"], shares, strict=True))
    order = outlines.geometry.area.sort_values(ascending=False, kind="stable").index
    # Cities have no room of their own but must be named: they go first.
    city = outlines["kind"].eq("state_city")
    for index in [*order[city.loc[order].to_numpy()], *order[~city.loc[order].to_numpy()]]:
        row = outlines.loc[index]
        lines = [str(row["name"]), texts.share(share_of[row["municipality_id"]])]
        point = row.geometry.representative_point()
        x, y = view.place(np.array([[point.x, point.y]]))[0]
        half = max(len(line) for line in lines) * _NAME_PT * LETTER / 2
        options = [(dx, dy) for dy in (0, -8, 8, -16, 16) for dx in (0, -12, 12, -24, 24)]
        best = min(
            options,
            key=lambda at: (
                _crossing(_box(x + at[0], y + at[1], half), taken) * 40
                + _crossing(_box(x + at[0], y + at[1], half), boxes)
                + (abs(at[0]) + abs(at[1])) / 20
            ),
        )
        x = float(np.clip(x + best[0], half + 2, view.width - half - 2))
        y += best[1]
        taken.append(_box(x, y, half))
        paths.append(write_text(x, y, lines[0], _NAME_PT, anchor="middle", halo=True))
        paths.append(
            write_text(x, y + 7, lines[1], _NAME_PT, anchor="middle", halo=True, bold=True)
        )
    return paths


def _box(x: float, y: float, half: float) -> tuple[float, float, float, float]:
    return x - half, y - 6, x + half, y + 8


def _label_settlements(
    settlements: gpd.GeoDataFrame,
    dots: np.ndarray,
    view: _View,
    boxes: list[tuple[float, float, float, float]],
) -> list[str]:
    """Return names of settlements, the most populous first; those without room go unnamed."""
    paths: list[str] = []
    order = np.argsort(-settlements["population"].to_numpy(dtype=float), kind="stable")
    for position in order:
        name = str(settlements["name"].iloc[position])
        x, y = dots[position]
        width = len(name) * 8 * LETTER
        for dx, dy, anchor in (
            (6, 3, "start"), (-6, 3, "end"), (0, -6, "middle"), (0, 12, "middle"),
        ):  # fmt: skip
            left = x + dx - {"start": 0.0, "end": width, "middle": width / 2}[anchor]
            box = (left, y + dy - 6, left + width, y + dy + 2)
            if box[0] < 0 or box[2] > view.width or _crossing(box, boxes):
                continue
            boxes.append(box)
            paths.append(write_text(x + dx, y + dy, name, 8, anchor=anchor, halo=True))
            break
    return paths


def _crossing(
    box: tuple[float, float, float, float], others: list[tuple[float, float, float, float]]
) -> int:
    return sum(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for other in others
    )


def _draw_scale_bar(view: _View, texts: Texts) -> list[str]:
    length_km = next(
        km for km in (100, 50, 20, 10, 5, 2, 1, 0.5, 0) if km * 1000 * view.scale <= 110
    )
    if not length_km:
        return []
    x, y, width = 12.0, view.height - 12, length_km * 1000 * view.scale
    label = f"{texts.number(length_km)} {texts('unit.km')}"
    return [
        f'<path d="M{x} {y - 4}v4h{width:.1f}v-4" fill="none" stroke="{INK}" stroke-width="1.2"/>',
        write_text(x + width / 2, y - 5, label, 7.5, anchor="middle", halo=True),
    ]


def _draw_legend(
    shares: Any, view: _View, texts: Texts, scenario: str, *, alone: bool
) -> tuple[list[str], float]:
    """Return the legend under the map: classes with their counts, then symbols.

    Of one service `alone` a settlement has all or nothing within the limit.
    """
    items: list[tuple[str, str]] = []
    colours = [colour_of(share) for share in shares]
    if len(colours):
        for low, high, colour, *_ in CLASSES:
            span = f"{low}–{high} %" if low != high else f"{high} %"
            label = texts("annex.legend_class", span=span, n=colours.count(colour))
            items.append((_swatch(colour), label))
    if alone:
        items += [
            (_symbol(state, 7, 0, 2.4), texts(f"annex.legend_{state}")) for state in ("all", "none")
        ]
    else:
        items += [(_symbol(state, 7, 0, 2.4), texts(f"tables.state.{state}")) for state in STATES]
    items.append((_square(7, 0, "operating"), texts("annex.legend_operating")))
    if scenario == "planned":
        items.append((_square(7, 0, "planned"), texts("annex.legend_planned")))
    if scenario == "suggested":
        items.append((_star(7, 0), texts("annex.legend_site")))
    parts, x, y = [], 2.0, view.height + 13
    for symbol, label in items:
        width = 17 + len(label) * LEGEND_PT * LETTER + 10
        if x + width > view.width and x > 2:
            x, y = 2.0, y + 12
        parts.append(f'<g transform="translate({x:.1f} {y - 2.5:.1f})">{symbol}</g>')
        parts.append(write_text(x + 16, y, label, LEGEND_PT))
        x += width
    return parts, y + 6 - view.height


def _swatch(colour: str) -> str:
    return (
        f'<rect x="0" y="-4" width="13" height="8" fill="{colour}" stroke="{MUTED}" '
        f'stroke-width="0.6"/>'
    )


def _wrap(paths: list[str], legend: list[str], view: _View, legend_pt: float) -> Drawing:
    size = f'width="{view.width:.1f}" height="{view.height:.1f}"'
    parts = [
        f'<defs><clipPath id="frame"><rect {size}/></clipPath></defs>',
        '<g clip-path="url(#frame)">',
        *paths,
        "</g>",
        f'<rect {size} fill="none" stroke="{MUTED}" stroke-width="0.6"/>',
        *legend,
    ]
    height = view.height + legend_pt
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{view.width:.1f}" '
        f'height="{height:.1f}" viewBox="0 0 {view.width:.1f} {height:.1f}">'
        + "".join(parts)
        + "</svg>"
    )
    return Drawing(svg, view.width, height)
