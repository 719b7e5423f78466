"""The pictures of an annex: the finding on a map, services by place, a sheet per target group."""

from __future__ import annotations

import numpy as np

from socaccess.content import DASH, Figure, Phrase
from socaccess.documents.annex_context import AnnexContext
from socaccess.documents.charts import TimeRow, draw_times
from socaccess.documents.drawing import Labels, View, wrap_svg, write_text
from socaccess.documents.figures import (
    PATTERNS,
    draw_legend,
    draw_site,
    finish_map,
    frame_map,
)
from socaccess.i18n import Texts
from socaccess.study.colours import LIGHT

__all__ = ["LINE_PT", "PROPOSALS", "draw_counts", "draw_finding", "draw_group",
           "name_zones"]  # fmt: skip

LINE_PT = 504.0
"""Width of a line of text in points: A4 between its margins."""

PROPOSALS = 6
"""Suggested sites on the first page of an annex; the smaller ones are on the second."""


def draw_finding(context: AnnexContext) -> Figure:
    """Return the largest gap on a map, with the sites that would close it."""
    gap = context.gaps[0]
    service, texts = gap.service, context.texts
    sheet = context.sheet
    view = View.around(sheet.region.bounds, 258, 318, 5)
    labels = Labels(view)
    parts = sheet.draw_zones(view, context.zones(service))
    parts += sheet.draw_facilities(view, [service], labels)
    pins, places = [], []
    settlements = context.result.settlements.set_index("settlement_id")
    for number, proposal in enumerate(context.proposals[:PROPOSALS], start=1):
        if proposal.service != service:
            continue
        point = settlements.geometry[proposal.settlement_id]
        x, y = view.place(np.array([[point.x, point.y]]))[0]
        labels.block(x, y, 7)
        pins.append(draw_site(x, y, str(number)))
        places.append(f"{number} {proposal.name}")
    shares = [
        (_capital(context, name), texts.share(context.share(service, key)))
        for key, name in _in_order(context)
    ]
    parts += sheet.name_municipalities(view, labels, shares)
    parts += sheet.name_settlements(view, labels, most=16, towns=True)
    parts += pins
    limit, ends = context.limits[service], context.zone_ends[service]
    legend = [*name_zones(texts, ends), ("facility", texts("annex.legend_operating"))]
    if places:
        legend.append(("site", texts("annex.legend_site")))
    drawing = finish_map(view, parts, legend)
    values = "; ".join(
        f"{name} {texts.share(context.share(service, key))}" for key, name in context.municipalities
    )
    alt = Phrase("annex.map_alt", area=_area(context), service=context.low(service), limit=limit,
                 values=values, sites=", ".join(places) or DASH)  # fmt: skip
    caption = Phrase("annex.map_caption", service=context.label(service))
    return Figure(drawing.svg, alt, caption, 1.0, "map")


def _area(context: AnnexContext) -> str:
    return str(context.result.study.title[context.texts.lang])


def _in_order(context: AnnexContext) -> list[tuple[str, str]]:
    frame = context.result.municipalities
    return list(zip(frame["municipality_id"].astype(str), frame["name"].astype(str), strict=True))


def _capital(context: AnnexContext, name: str) -> str:
    short = context.shorten(name).replace("\u00a0", " ")
    for word in ("Augš", "Dienvid"):
        # Compounds that are wider than a column.
        if short.startswith(word) and len(short) > 12:
            short = short.replace(word, f"{word}\u00ad", 1)
    return short.upper()


def name_zones(texts: Texts, ends: tuple[float, float, float]) -> list[tuple[str, str]]:
    """Return the class and the words of every zone that ends at these minutes, and of the last."""
    half, limit, last = (texts.number(end) for end in ends)
    return [
        ("zone0", texts("annex.zone_near", end=half)),
        ("zone1", texts("annex.zone", start=half, end=limit)),
        ("zone2", texts("annex.zone", start=limit, end=last)),
        ("zone3", texts("annex.zone_far", start=last)),
    ]


def draw_counts(
    context: AnnexContext, width: float, height: float, municipality_id: str | None = None
) -> Figure:
    """Return a map of how many of the known services are within the limit."""
    texts, sheet, total = context.texts, context.sheet, len(context.known)
    ends = (total - total // 4, total - total // 2, max(total // 4, 1))
    counts = context.counts_within
    zone = np.where(counts >= ends[0], 0, np.where(counts >= ends[1], 1,
                    np.where(counts >= ends[2], 2, 3)))  # fmt: skip
    within = None
    if municipality_id is not None:
        names = [key for key, _ in _in_order(context)]
        within = sheet.outlines[names.index(municipality_id)]
        zone = np.where(context.home == municipality_id, zone, 9)
    bounds = (sheet.region if within is None else within).bounds
    view = View.around(bounds, width, height, 5 if within is None else 8)
    labels = Labels(view)
    parts = sheet.draw_zones(view, zone, within=within, roads=within is not None)
    if municipality_id is None:
        means = [(_capital(context, name), texts.number(context.mean_within[key], decimals=1))
                 for key, name in _in_order(context)]  # fmt: skip
        parts += sheet.name_municipalities(view, labels, means)
        parts += sheet.name_settlements(view, labels, most=2, towns=True)
        values = "; ".join(f"{name} {texts.number(context.mean_within[key], decimals=1)}"
                         for key, name in context.municipalities)  # fmt: skip
    else:
        parts += sheet.draw_facilities(view, context.known, None, 2.2)
        parts += sheet.name_settlements(view, labels, most=40, municipality_id=municipality_id)
        values = texts.number(context.mean_within[municipality_id], decimals=1)
    legend = [
        ("zone0", f"{ends[0]}–{total}"),
        ("zone1", f"{ends[1]}–{ends[0] - 1}"),
        ("zone2", f"{ends[2]}–{ends[1] - 1}"),
        ("zone3", f"0–{ends[2] - 1}"),
    ]
    if municipality_id is not None:
        legend.append(("facility", texts("annex.legend_facility")))
    drawing = finish_map(view, parts, legend)
    caption = Phrase("annex.counts_caption", total=total)
    alt = Phrase("annex.counts_alt", total=total, values=values)
    return Figure(drawing.svg, alt, caption, 1.0, "counts")


def draw_group(context: AnnexContext, group: str, services: list[str]) -> Figure:
    """Return a small map and a strip of minutes for every service, two beside each other."""
    texts, sheet = context.texts, context.sheet
    gap, rows = 18.0, -(-len(services) // 2)
    wide = (LINE_PT - gap) / 2
    high = {1: 230.0, 2: 200.0, 3: 158.0, 4: 122.0}.get(rows, 104.0)
    order = context.municipalities
    parts = [PATTERNS]
    for at, service in enumerate(services):
        x, y = (at % 2) * (wide + gap), (at // 2) * high
        name, share = context.short(service), texts.share(context.share(service))
        if context.is_likely(service):
            name = f"{name} ¹"
        parts.append(f'<path d="M{x:.1f} {y + 1:.1f}H{x + wide:.1f}" stroke="{LIGHT["ink"]}" '
                     'stroke-width=".6"/>')  # fmt: skip
        size = 10.5 if len(name) < 32 else 9.2
        parts.append(write_text(x, y + 12, name, size, bold=True))
        parts.append(write_text(x + wide, y + 12, share, 10.5, anchor="end", bold=True))
        view = View.around(sheet.region.bounds, wide * 0.43, high - 32, 2)
        drawn = sheet.draw_zones(view, context.zones(service), roads=False, water=False,
                                 outline=0.4)  # fmt: skip
        drawn += sheet.draw_facilities(view, [service], None, 1.8)
        parts.append(frame_map(view, drawn, x, y + 20))
        found = context.quantiles(service)
        strip = [TimeRow(context.shorten(named), found[key]) for key, named in order]
        lines = draw_times(strip, context.limits[service], wide * 0.56, high - 42, texts)
        parts.append(f'<g transform="translate({x + wide * 0.44:.1f} {y + 30:.1f})">'
                     f"{''.join(lines)}</g>")  # fmt: skip
    end = rows * high
    facilities = context.result.facilities
    planned = ((facilities["status"] == "planned") & facilities["service"].isin(services)).any()
    items = [(f"zone{zone}", texts(f"annex.zone_{zone}")) for zone in range(4)]
    items.append(("facility", texts("annex.legend_operating")))
    if planned:
        items.append(("planned", texts("annex.legend_planned")))
    legend, end = draw_legend(items, LINE_PT, end + 10)
    parts += legend
    parts.append(write_text(0, end + 8, texts("annex.strip_key"), 7.8, fill=LIGHT["muted"]))
    drawing = wrap_svg(parts, LINE_PT, end + 12)
    lowest = "; ".join(_describe_lowest(context, service) for service in services)
    title = context.group_names.get(group, group)
    return Figure(drawing.svg, Phrase("annex.group_alt", group=title, values=lowest),
                  Phrase("annex.group_caption", group=title), 1.0)  # fmt: skip


def _describe_lowest(context: AnnexContext, service: str) -> str:
    shares = [(context.share(service, key), name) for key, name in context.municipalities]
    known = sorted((share, name) for share, name in shares if share is not None)
    lowest = ", ".join(f"{name} {context.texts.share(share)}" for share, name in known[:2])
    whole = context.texts.share(context.share(service))
    return context.texts("annex.service_alt", service=context.short(service), share=whole,
                         lowest=lowest)  # fmt: skip
