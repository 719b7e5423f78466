"""Pictures of a programme: goals as bullets, flows as arrows, money as stacked years, measures."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from socaccess.content import Figure, Inline
from socaccess.documents.drawing import Labels, View, wrap_svg, write_text
from socaccess.i18n import Texts
from socaccess.study import StudyResult
from socaccess.study.colours import LIGHT
from socaccess.study.findings import shorten_place

__all__ = ["draw_flows", "draw_goals", "draw_money", "draw_ranges", "draw_timeline"]

WIDTH = 480.0
_BLUE, _PALE, _GREY, _LINE = "#2a78a8", "#dbeaf2", LIGHT["muted"], LIGHT["line"]
_PAYERS = {"esf": "#2a78a8", "eraf": "#6ba5c9", "state": "#5b2a86", "municipality": "#d68a4c",
           "client": "#9aa3a8"}  # fmt: skip
_NAMES = 150.0


def _rect(x: float, y: float, width: float, height: float, fill: str, more: str = "") -> str:
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
            f'fill="{fill}"{more}/>')  # fmt: skip


def _cut(text: str, most: int = 54) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def choose_ticks(most: float) -> list[float]:
    """Return round numbers from 0 to at least `most`, three to six of them.

    Examples
    --------
    >>> choose_ticks(3717), choose_ticks(9)
    ([0.0, 1000.0, 2000.0, 3000.0, 4000.0], [0.0, 2.0, 4.0, 6.0, 8.0, 10.0])
    """
    power = 10.0 ** float(np.floor(np.log10(max(most, 1e-9) / 2)))
    step = next(power * one for one in (1, 2, 5, 10) if most <= 5 * power * one)
    return [step * n for n in range(int(np.ceil(most / step - 1e-9)) + 1)]


def draw_goals(
    rows: Sequence[tuple[str, float, Sequence[float], float]],
    alt: Inline,
    caption: Inline,
    texts: Texts,
) -> Figure:
    """Return goals as bullets: a bar of what is reached, a line at the goal, dots at others.

    Parameters
    ----------
    rows
        Name, goal, the other figures published for it, and persons reached (NaN: unknown).
    """
    most = max([1.0, *(max(goal, *others, 0.0 if reached != reached else reached)
                       for _, goal, others, reached in rows)])  # fmt: skip
    step, parts = 30.0, []
    scale = (WIDTH - _NAMES - 20) / most
    for place, (name, goal, others, reached) in enumerate(rows):
        y = 8 + place * step
        lines = textwrap.wrap(name, 36)
        parts += [
            write_text(_NAMES - 6, y + 12 + 9 * (at - (len(lines) - 1) / 2), line, 8, anchor="end")
            for at, line in enumerate(lines)
        ]
        parts.append(_rect(_NAMES, y + 2, most * scale, 14, LIGHT["ground"]))
        if reached == reached:
            parts.append(_rect(_NAMES, y + 5, reached * scale, 8, _BLUE))
            parts.append(write_text(_NAMES + 3, y + 25, texts.number(reached), 7.5, fill=_BLUE))
        x = _NAMES + goal * scale
        parts.append(_rect(x - 1, y, 2, 18, LIGHT["ink"]))
        parts.append(write_text(x, y + 25, texts.number(goal), 7.5, anchor="middle"))
        parts += [
            f'<circle cx="{_NAMES + other * scale:.1f}" cy="{y + 9:.1f}" r="2.6" '
            f'fill="#fff" stroke="{LIGHT["ink"]}" stroke-width=".8"/>'
            for other in others
        ]
    drawing = wrap_svg(parts, WIDTH, 10 + step * len(rows))
    return Figure(drawing.svg, alt, caption)


def draw_ranges(
    rows: Sequence[tuple[str, float, float, float, float]],
    alt: Inline,
    caption: Inline,
    texts: Texts,
) -> Figure:
    """Return forecasts as ranges: low to high, a dot in the middle, a ring at what operates.

    Parameters
    ----------
    rows
        Name, low, middle, high, and clients registered now (NaN: unknown).
    """
    most = max([1.0, *(np.nanmax(row[1:]) for row in rows)])
    ticks = choose_ticks(float(most))
    step, left = 17.0, 196.0
    scale, base = (WIDTH - left - 26) / ticks[-1], 4 + 17.0 * len(rows)
    parts = []
    for tick in ticks:
        x = left + tick * scale
        parts.append(_rect(x, 2, 0.4, base - 2, _LINE))
        parts.append(write_text(x, base + 9, texts.number(tick), 7.5, anchor="middle", fill=_GREY))
    for place, (name, low, middle, high, registered) in enumerate(rows):
        y = 10 + place * step
        parts.append(write_text(left - 6, y + 3, _cut(name), 8, anchor="end"))
        parts.append(_rect(left, y - 0.2, ticks[-1] * scale, 0.4, _LINE))
        parts.append(_rect(left + low * scale, y - 3, (high - low) * scale, 6, "#a9cfe2"))
        parts.append(f'<circle cx="{left + middle * scale:.1f}" cy="{y:.1f}" r="3" '
                     f'fill="{_BLUE}"/>')  # fmt: skip
        if registered == registered:
            x = left + registered * scale
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.4" fill="none" '
                         f'stroke="{LIGHT["warn-edge"]}" stroke-width="1.2"/>')  # fmt: skip
        end = max(high, 0.0 if registered != registered else registered) * scale
        parts.append(write_text(left + end + 6, y + 3, texts.number(middle), 7.5, bold=True))
    drawing = wrap_svg(parts, WIDTH, base + 13)
    return Figure(drawing.svg, alt, caption)


def draw_money(
    table: pd.DataFrame, names: dict[str, str], alt: Inline, caption: Inline, texts: Texts
) -> Figure:
    """Return money as stacked years, thousands of EUR by payer.

    Parameters
    ----------
    table
        `year`, `payer`, `amount`.
    names
        Payers in words.
    """
    wide = table.assign(amount=table["amount"].astype(float)).pivot_table(
        index="year", columns="payer", values="amount", aggfunc="sum", fill_value=0.0
    )
    payers = [payer for payer in _PAYERS if payer in wide]
    height, left, base = 150.0, 46.0, 172.0
    ticks = choose_ticks(float(wide.sum(axis=1).max()) / 1000)
    most = ticks[-1] * 1000
    step = (WIDTH - left - 8) / len(wide)
    parts = []
    decimals = 0 if ticks[1] >= 1 else 1
    for tick in ticks:
        y = base - tick * 1000 / most * height
        parts.append(_rect(left, y, WIDTH - left, 0.5, _LINE))
        label = texts.number(tick, decimals=decimals)
        parts.append(write_text(left - 5, y + 3, label, 7.5, anchor="end", fill=_GREY))
    for place, (year, row) in enumerate(wide.iterrows()):
        y, x = base, left + place * step + step * 0.15
        for payer in payers:
            tall = float(row[payer]) / most * height
            y -= tall
            parts.append(_rect(x, y, step * 0.7, tall, _PAYERS[payer]))
        parts.append(write_text(x + step * 0.35, base + 11, str(year), 8, anchor="middle"))
    x = left
    for payer in payers:
        parts.append(_rect(x, 4, 9, 8, _PAYERS[payer]))
        parts.append(write_text(x + 12, 11, names[payer], 8))
        x += 22 + 4.6 * len(names[payer])
    drawing = wrap_svg(parts, WIDTH, base + 16)
    return Figure(drawing.svg, alt, caption)


def draw_timeline(
    rows: Sequence[tuple[str, int, int, str]],
    years: Sequence[int],
    actions: dict[str, str],
    alt: Inline,
    caption: Inline,
) -> Figure:
    """Return measures on a line of years; the fill says what is done.

    Parameters
    ----------
    rows
        Name, first year, last year, action.
    years
        All years of the programme.
    actions
        Actions in words, for the key.
    """
    fills = {"finish": LIGHT["build"], "create": _BLUE, "confirm": "#d68a4c", "count": "#9aa3a8"}
    names, step = 236.0, 14.0
    wide = (WIDTH - names) / len(years)
    parts = []
    for place, year in enumerate(years):
        x = names + place * wide
        parts.append(_rect(x, 14, 0.5, step * len(rows) + 4, _LINE))
        parts.append(write_text(x + wide / 2, 9, str(year), 8, anchor="middle", fill=_GREY))
    for place, (name, first, last, action) in enumerate(rows):
        y = 18 + place * step
        x = names + (max(first, years[0]) - years[0]) * wide
        end = names + (min(last, years[-1]) - years[0] + 1) * wide
        parts.append(write_text(names - 6, y + 7, _cut(name, 54), 7.2, anchor="end"))
        parts.append(_rect(x + 1, y, end - x - 2, 9, fills.get(action, _BLUE), ' rx="2"'))
    x, y = names, 26 + step * len(rows)
    for action, words in actions.items():
        parts.append(_rect(x, y, 9, 8, fills.get(action, _BLUE)))
        parts.append(write_text(x + 12, y + 7, words, 8))
        x += 24 + 4.3 * len(words)
    drawing = wrap_svg(parts, WIDTH, y + 12)
    return Figure(drawing.svg, alt, caption)


def draw_flows(
    result: StudyResult, flows: pd.DataFrame, alt: Inline, caption: Inline
) -> Figure | None:
    """Return who goes to whom as arrows between municipalities, wider for more services.

    Parameters
    ----------
    flows
        `from_id`, `to_id`, `services`.
    """
    outlines = result.municipalities.set_index("municipality_id").geometry
    height = 300.0
    view = View.around(tuple(outlines.total_bounds), WIDTH, height, 14)
    towns = result.study.settlements.sort_values("population").groupby("municipality_id").last()
    parts = [
        f'<path d="{view.path(shape)}" fill="{LIGHT["ground"]}" stroke="#b5bdc3" '
        'stroke-width=".7"/>'
        for shape in outlines
    ]
    points = {}
    for name, shape in outlines.items():
        place = towns.geometry.get(name)
        at = place if place is not None and not place.is_empty else shapely.point_on_surface(shape)
        x, y = view.place(np.array([[at.x, at.y]]))[0]
        points[str(name)] = (float(x), float(y))
    drawn = 0
    most = max([1.0, *flows["services"]])
    for row in flows.to_dict("records"):
        ends = points.get(row["from_id"]), points.get(row["to_id"])
        if row["from_id"] == row["to_id"] or ends[0] is None or ends[1] is None:
            continue
        parts.append(_arrow(ends[0], ends[1], 0.5 + 3.5 * float(row["services"]) / most))
        drawn += 1
    names = dict(zip(result.municipalities["municipality_id"], result.municipalities["name"],
                     strict=True))  # fmt: skip
    labels = Labels(view)
    for x, y in points.values():
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{LIGHT["ink"]}"/>')
        labels.block(x, y, 2.4)
    people = result.study.municipalities.set_index("municipality_id")["population"]
    for key, (x, y) in sorted(points.items(), key=lambda item: -float(people.get(item[0], 0))):
        parts.append(labels.put_beside(x, y, shorten_place(str(names[key])), 8))
    return Figure(wrap_svg(parts, WIDTH, height).svg, alt, caption) if drawn else None


def _arrow(start: tuple[float, float], end: tuple[float, float], width: float) -> str:
    """Return a bent arrow, so that one back does not cover it."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    length = max((dx**2 + dy**2) ** 0.5, 1.0)
    ux, uy = dx / length, dy / length
    bend = 0.16 * length
    mx, my = (x0 + x1) / 2 - uy * bend, (y0 + y1) / 2 + ux * bend
    tx, ty = x1 - mx, y1 - my
    away = max((tx**2 + ty**2) ** 0.5, 1.0)
    tx, ty = tx / away, ty / away
    head = 4 + width * 1.4
    bx, by = x1 - tx * (head + 3), y1 - ty * (head + 3)
    px, py = x1 - tx * 3, y1 - ty * 3
    half = head * 0.5
    return (
        f'<path d="M{x0:.1f} {y0:.1f}Q{mx:.1f} {my:.1f} {bx:.1f} {by:.1f}" fill="none" '
        f'stroke="{_BLUE}" stroke-width="{width:.1f}" stroke-opacity=".75"/>'
        f'<path d="M{px:.1f} {py:.1f}L{bx - ty * half:.1f} {by + tx * half:.1f}'
        f'L{bx + ty * half:.1f} {by - tx * half:.1f}Z" fill="{_BLUE}"/>'
    )


def list_lines(result: StudyResult, flows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return flows between municipalities as lines between their largest places."""
    settlements = result.study.settlements
    placed = settlements[~(settlements.geometry.isna() | settlements.geometry.is_empty)]
    towns = placed.sort_values("population").groupby("municipality_id").last()
    rows = []
    for row in flows.to_dict("records"):
        ends = [towns.geometry.get(row[name]) for name in ("from_id", "to_id")]
        if row["from_id"] != row["to_id"] and None not in ends:
            line = shapely.LineString([(end.x, end.y) for end in ends])
            rows.append({**row, "geometry": line})
    return rows
