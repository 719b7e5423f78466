"""Travel times as a figure: from median to P90, the longest, and the limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socaccess.documents._svg import LEGEND_PT, LETTER, Drawing, write_text
from socaccess.study.colours import CLASSES, INK, MISSING, MUTED, PAPER

if TYPE_CHECKING:
    from socaccess.i18n import Texts

__all__ = ["TimeRow", "draw_times"]

_ROW_PT = 10.5
_NAME_PT = 7.2
_TOP_PT = 16.0


@dataclass(frozen=True)
class TimeRow:
    """Minutes of one municipality or service; None where there is no way or no facility."""

    name: str
    median_min: float | None
    p90_min: float | None
    max_min: float | None
    limit_min: float


def draw_times(rows: list[TimeRow], texts: Texts, *, width_pt: float) -> Drawing:
    """Return one line a row: a bar from median to P90, a dot for the longest time.

    The limit of each row is a stroke across it; where all rows have the same, the strokes
    make one line. What lies beyond is shaded darker, so that the figure is legible in grey.
    """
    names_pt = min(max(len(row.name) for row in rows) * _NAME_PT * LETTER + 8, 0.46 * width_pt)
    room = width_pt - names_pt - 14
    longest = max([row.max_min or 0.0 for row in rows] + [row.limit_min for row in rows] + [15.0])
    step = next(each for each in (15, 30, 60, 120, 240, 480) if longest / each <= 7)
    scale = room / (-(-longest // step) * step)

    def at(minutes: float) -> float:
        return names_pt + minutes * scale

    height = _TOP_PT + len(rows) * _ROW_PT
    parts = []
    for minutes in range(0, int(-(-longest // step) * step) + 1, step):
        x = at(minutes)
        parts.append(
            f'<path d="M{x:.1f} {_TOP_PT - 4:.1f}V{height:.1f}" stroke="{MISSING}" '
            'stroke-width="0.6"/>'
        )
        label = texts.number(minutes)
        if minutes == 0:
            label = f"{label} {texts('unit.min')}"
        parts.append(write_text(x, _TOP_PT - 6, label, _NAME_PT, anchor="middle"))
    for number, row in enumerate(rows):
        y = _TOP_PT + (number + 0.5) * _ROW_PT
        name = _shorten(row.name, names_pt - 6)
        parts.append(write_text(names_pt - 5, y + 2.4, name, _NAME_PT, anchor="end"))
        x = at(row.limit_min)
        parts.append(
            f'<path d="M{x:.1f} {y - _ROW_PT / 2:.1f}v{_ROW_PT:.1f}" stroke="{INK}" '
            'stroke-width="1" stroke-dasharray="2.4 1.6"/>'
        )
        if row.median_min is None or row.p90_min is None or row.max_min is None:
            parts.append(write_text(at(0) + 3, y + 2.4, texts("annex.nowhere"), _NAME_PT))
            continue
        parts.append(_bar(at(row.median_min), at(row.p90_min), at(row.limit_min), y))
        x = at(row.max_min)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.7" fill="{INK}"/>')
    legend, legend_pt = _draw_legend(texts, height, width_pt)
    height += legend_pt
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_pt:.1f}" height="{height:.1f}" '
        f'viewBox="0 0 {width_pt:.1f} {height:.1f}">' + "".join([*parts, *legend]) + "</svg>"
    )
    return Drawing(svg, width_pt, height)


def _bar(low: float, high: float, limit: float, y: float) -> str:
    """Return the bar in two shades: within the limit, and beyond."""
    within, beyond = CLASSES[2][2], CLASSES[0][2]
    high = max(high, low + 1.2)
    cut = min(max(limit, low), high)
    pieces = [(low, cut, within), (cut, high, beyond)]
    return "".join(
        f'<rect x="{a:.1f}" y="{y - 2.6:.1f}" width="{b - a:.1f}" height="5.2" fill="{fill}" '
        f'stroke="{PAPER}" stroke-width="0.3"/>'
        for a, b, fill in pieces
        if b > a
    )


def _shorten(name: str, room_pt: float) -> str:
    most = int(room_pt / (_NAME_PT * LETTER))
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _draw_legend(texts: Texts, top: float, width_pt: float) -> tuple[list[str], float]:
    within, beyond = CLASSES[2][2], CLASSES[0][2]
    items = [
        (f'<rect x="0" y="-5" width="12" height="5.2" fill="{within}"/>', "annex.times.within"),
        (f'<rect x="0" y="-5" width="12" height="5.2" fill="{beyond}"/>', "annex.times.beyond"),
        (f'<circle cx="6" cy="-2.5" r="1.7" fill="{INK}"/>', "annex.times.longest"),
        (
            f'<path d="M6 -7v8" stroke="{INK}" stroke-width="1" stroke-dasharray="2.4 1.6"/>',
            "annex.times.limit",
        ),
    ]
    parts, x, y = [], 0.0, top + 13
    for symbol, key in items:
        label = texts(key)
        width = 16 + len(label) * LEGEND_PT * LETTER + 9
        if x + width > width_pt and x > 0:
            x, y = 0.0, y + 11
        parts.append(f'<g transform="translate({x:.1f} {y:.1f})">{symbol}</g>')
        parts.append(write_text(x + 16, y, label, LEGEND_PT).replace(INK, MUTED))
        x += width
    return parts, y + 5 - top
