"""Charts for paper: minutes of the people of each municipality, places against persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socaccess.documents.drawing import LABEL_RATIO, Drawing, wrap_svg, write_text
from socaccess.documents.figures import HATCH, ZONES
from socaccess.study.colours import LIGHT

if TYPE_CHECKING:
    from socaccess.i18n import Texts

__all__ = ["CapacityRow", "TimeRow", "draw_capacity", "draw_times"]

_MOST_MIN = 90.0
_NAMES_PT = 64.0
_NAME_RATIO = 0.44
"""Width of a letter of a long name in small letters, of the height of the font."""
_INK, _GREY = LIGHT["ink"], LIGHT["muted"]


@dataclass(frozen=True)
class TimeRow:
    """Minutes of the people of one municipality, at 10, 25, 50, 75 and 90 per cent of them.

    None where there is no way or no facility.
    """

    name: str
    minutes: tuple[float | None, ...]


def draw_times(
    rows: list[TimeRow], limit_min: float, width: float, height: float, texts: Texts
) -> list[str]:
    """Return a strip: line 10-90 %, bar 25-75 %, a circle (beyond the limit: a diamond) at half."""
    inner = height - 12
    step = inner / max(len(rows), 1)

    def at(minutes: float | None) -> float:
        shown = _MOST_MIN if minutes is None else min(minutes, _MOST_MIN)
        return _NAMES_PT + shown / _MOST_MIN * (width - _NAMES_PT - 8)

    limit = at(limit_min)
    parts = [(f'<rect x="{limit:.1f}" y="0" width="{width - limit:.1f}" height="{inner:.1f}" '
             'fill="#fbeedd"/>')]  # fmt: skip
    for minutes in (0, 30, 60, 90):
        x = at(minutes)
        parts.append(f'<path d="M{x:.1f} 0V{inner:.1f}" stroke="#d8dcdf" stroke-width=".4"/>')
        sign = "+" if minutes == _MOST_MIN else ""
        parts.append(write_text(x, height - 3, f"{minutes}{sign}", 7, anchor="middle", fill=_GREY))
    size = min(7.5, step * 0.9)
    for place, row in enumerate(rows):
        y = (place + 0.5) * step
        parts.append(write_text(_NAMES_PT - 4, y + size / 3, row.name, size, anchor="end"))
        parts += _draw_row(row, y, limit_min, at, min(4.0, step * 0.5))
    parts.append(f'<path d="M{limit:.1f} -2V{inner:.1f}" stroke="{_INK}" stroke-width=".9"/>')
    label = f"{texts.number(limit_min)} {texts('unit.min')}"
    parts.append(write_text(limit, -3.5, label, 7.5, anchor="middle", bold=True))
    return parts


def _draw_row(row: TimeRow, y: float, limit_min: float, at, thick: float) -> list[str]:  # type: ignore[no-untyped-def]
    low, early, half, late, high = row.minutes
    if low is None:
        return [f'<path d="M{at(None) - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" stroke="{_INK}"/>']
    parts = [(f'<path d="M{at(low):.1f} {y:.1f}H{at(high):.1f}" stroke="{_GREY}" '
             'stroke-width=".8"/>')]  # fmt: skip
    ends = _MOST_MIN * 9 if late is None else late
    start = _MOST_MIN * 9 if early is None else early
    for begin, end, fill, edge in (
        (start, min(ends, limit_min), "#8a949b", _GREY),
        (max(start, limit_min), ends, ZONES[3], HATCH),
    ):
        if end > begin and begin < _MOST_MIN:
            wide = max(at(end) - at(begin), 0.6)
            parts.append(f'<rect x="{at(begin):.1f}" y="{y - thick / 2:.1f}" width="{wide:.1f}" '
                         f'height="{thick:.1f}" fill="{fill}" stroke="{edge}" '
                         'stroke-width=".3"/>')  # fmt: skip
    x = at(half)
    if half is None or half > limit_min:
        parts.append(f'<path d="M{x - 3:.1f} {y:.1f}l3 -3l3 3l-3 3Z" fill="#8f3f0c" '
                     'stroke="#fff" stroke-width=".5"/>')  # fmt: skip
    else:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{_INK}" stroke="#fff" '
                     'stroke-width=".5"/>')  # fmt: skip
    return parts


@dataclass(frozen=True)
class CapacityRow:
    """Places that are known against persons in need."""

    name: str
    places: float
    persons: float
    shown: str


def draw_capacity(rows: list[CapacityRow], width: float, legend: tuple[str, str]) -> Drawing:
    """Return a bar of places inside a bar of persons for every service."""
    names = 10 + max((len(row.name) for row in rows), default=0) * 8 * _NAME_RATIO
    step = 18.0
    most = max([1.0, *(max(row.places, row.persons) for row in rows)]) * 1.1
    scale = (width - names - 60) / most
    parts = []
    for place, row in enumerate(rows):
        y = 4 + place * step
        parts += [
            write_text(names - 6, y + 9.5, row.name, 8, anchor="end"),
            (f'<rect x="{names}" y="{y + 1}" width="{row.persons * scale:.1f}" height="11" '
            f'fill="#fff" stroke="{_GREY}" stroke-width=".8"/>'),
            (f'<rect x="{names}" y="{y + 3.5}" width="{row.places * scale:.1f}" height="6" '
            f'fill="{_INK}"/>'),
            write_text(names + max(row.places, row.persons) * scale + 5, y + 9.5, row.shown, 8,
                       bold=True),
        ]  # fmt: skip
    y = 4 + len(rows) * step + 10
    first, second = (18 + len(text) * 8 * LABEL_RATIO for text in legend)
    left = max(0.0, min(names, width - first - second - 16))
    right = left + first + 16
    parts += [
        f'<rect x="{left}" y="{y - 7}" width="14" height="6" fill="{_INK}"/>',
        write_text(left + 18, y - 1, legend[0], 8),
        (
            f'<rect x="{right}" y="{y - 8}" width="14" height="8" fill="#fff" '
            f'stroke="{_GREY}" stroke-width=".8"/>'
        ),
        write_text(right + 18, y - 1, legend[1], 8),
    ]
    return wrap_svg(parts, width, y + 4)
