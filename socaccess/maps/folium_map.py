"""A folium map for a notebook, in the colours of the exported map."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.crs import EXCHANGE
from socaccess.errors import Problem, UnknownNameError
from socaccess.i18n import Texts
from socaccess.maps.payload import SCENARIOS, SCOPES, choose_services
from socaccess.maps.places import has_point
from socaccess.maps.shares import as_percent
from socaccess.maps.words import name_code, persons_text
from socaccess.study.colours import CLASSES, LIGHT, NO_SHARE, STATUS, class_of
from socaccess.study.release import Release, release

if TYPE_CHECKING:
    import folium

    from socaccess.study import StudyResult

__all__ = ["explore"]

# Above this many points shapes give way to circles on one canvas.
MOST_SHAPES = 3000


def explore(
    result: StudyResult | Release,
    service: str | None = None,
    *,
    scenario: str = "now",
    scope: str = "any",
    lang: str = "lv",
    tiles: str | None = None,
    height: int | str = 600,
    allow_small_counts: bool = False,
) -> folium.Map:
    """Return a folium map of one service: municipalities, settlements, facilities, sites.

    It has the colours, shapes and classes of `save_map`, a legend with counts, and
    tooltips. A notebook is exported and passed on, so the result is released first, as
    for every file that leaves. Nothing is fetched but Leaflet itself, which folium takes from the
    network; `tiles` adds a background from there too. For a file to hand over use
    `save_map`.

    Parameters
    ----------
    result
        What `Study.run` returns, or its release.
    service
        Which service; by default the first promised one with a known facility.
    scenario
        `now`, `planned` or `suggested`.
    scope
        `any` municipality's facilities, or only those of the `own`.
    lang
        `lv` or `en`.
    tiles
        Name or address of a tile layer, as folium takes it; none by default.
    height
        Height of the map, pixels or a CSS length.
    allow_small_counts
        Show counts of persons under the study's threshold, and say so under the legend.

    Raises
    ------
    UnknownNameError
        If the service, scenario, scope or language is not known.

    Examples
    --------
    >>> explore(result, "dac_grt", scenario="planned")  # doctest: +SKIP
    """
    import folium

    texts = Texts(lang)
    released = release(result, allow_small_counts=allow_small_counts)
    shown: Any = released.result
    types = choose_services(shown, None if service is None else [service])
    for name, value, known in (
        ("scenario", scenario, SCENARIOS),
        ("scope", scope, SCOPES),
    ):
        if value not in known:
            raise UnknownNameError(
                [Problem("maps.not_a_choice", name=name, value=value, known=list(known))]
            )
    usable = types[types["supply_known"]] if service is None else types
    row = (usable if len(usable) else types).iloc[0]

    canvas = folium.Map(tiles=tiles, height=height, prefer_canvas=True, control_scale=True)
    counts: dict[str, int] = {}
    _add_municipalities(canvas, shown, row, scenario, scope, texts, counts)
    _add_roads(canvas, shown, texts)
    _add_settlements(canvas, released, row, scenario, scope, texts, counts)
    _add_facilities(canvas, shown, row, texts, counts)
    _add_sites(canvas, released, row, texts, counts)
    folium.LayerControl(collapsed=False).add_to(canvas)
    west, south, east, north = shown.municipalities.to_crs(EXCHANGE).total_bounds
    canvas.fit_bounds([[south, west], [north, east]])
    title = f"{row[f'name_{lang}']} – {name_code(texts, 'scenario', scenario)}"
    figure: Any = canvas.get_root()
    warning = texts("map.small_counts") if released.warns else ""
    figure.html.add_child(folium.Element(_legend(title, texts, counts, height, warning)))
    return canvas


def _text(value: object) -> str:
    """Return text that neither HTML nor the script folium writes takes as code."""
    escaped = html.escape(str(value))
    for letter in "`\\${}":
        escaped = escaped.replace(letter, f"&#{ord(letter)};")
    return escaped


def _lines(title: object, *lines: object) -> str:
    body = "".join(f"<br>{_text(line)}" for line in lines if line)
    return f"<b>{_text(title)}</b>{body}"


def _add_municipalities(
    canvas: folium.Map,
    result: Any,
    row: pd.Series,
    scenario: str,
    scope: str,
    texts: Texts,
    counts: dict[str, int],
) -> None:
    import folium

    table = result.coverage
    table = table[
        (table["service"] == row["service"])
        & (table["scenario"] == scenario)
        & (table["scope"] == scope)
    ]
    known = bool(row["supply_known"]) or scenario == "suggested"
    # Of inhabitants, as in the exported map: a share of few persons would give them away.
    share = table["population_covered"] / table["population"]
    share = share if known else share * float("nan")
    percent = dict(zip(table["municipality_id"], as_percent(share.to_numpy(float)), strict=True))
    layer = folium.FeatureGroup(name=_text(texts("map.layer.shading")))
    shapes = result.municipalities.to_crs(EXCHANGE)
    for area in shapes.itertuples():
        value = int(percent.get(area.municipality_id, -1))
        share_class = class_of(value)
        counts[f"class {share_class.lowest}"] = counts.get(f"class {share_class.lowest}", 0) + 1
        said = (
            texts(
                "map.share_here",
                share=texts.share(value / 100),
                limit=texts("map.within_min", n=texts.number(row["limit_min"])),
            )
            if value >= 0
            else texts("map.no_facility")
        )
        folium.GeoJson(
            area.geometry.__geo_interface__,
            style_function=lambda _, colour=share_class.light: {
                "fillColor": colour,
                "fillOpacity": 0.9,
                "color": LIGHT["border"],
                "weight": 1,
            },
            tooltip=folium.Tooltip(_lines(area.name, said)),
        ).add_to(layer)
    layer.add_to(canvas)


def _add_roads(canvas: folium.Map, result: Any, texts: Texts) -> None:
    import folium

    edges = result.study.network.to_frame()
    roads = edges[~edges["modelled"].to_numpy(dtype=bool)]
    if not len(roads):
        return
    layer = folium.FeatureGroup(name=_text(texts("map.layer.roads")))
    lines = [[(y, x) for x, y, *_ in line.coords] for line in roads.geometry.to_crs(EXCHANGE)]
    folium.PolyLine(lines, color=LIGHT["road"], weight=1.5, opacity=0.8).add_to(layer)
    layer.add_to(canvas)


def _add_settlements(
    canvas: folium.Map,
    released: Release,
    row: pd.Series,
    scenario: str,
    scope: str,
    texts: Texts,
    counts: dict[str, int],
) -> None:
    import folium

    result: Any = released.result
    prefix = "own_" if scope == "own" else ""
    cover = result.settlement_coverage
    cover = cover[(cover["service"] == row["service"]) & (cover["scenario"] == scenario)]
    cover = cover.assign(shown=released.show_settlements(cover))
    columns = ["settlement_id", f"{prefix}travel_min", f"{prefix}status", "shown"]
    settlements = result.settlements[has_point(result.settlements)].to_crs(EXCHANGE)
    table = settlements.merge(cover[columns], on="settlement_id", how="left")
    layer = folium.FeatureGroup(name=_text(texts("map.layer.settlements")))
    known = bool(row["supply_known"]) or scenario == "suggested"
    circles: list[dict[str, Any]] = []
    for place in table.to_dict("records"):
        status = str(place[f"{prefix}status"]) if known else "no_data"
        counts[status] = counts.get(status, 0) + 1
        minutes = place[f"{prefix}travel_min"]
        text = _lines(
            place["name"],
            texts.count("map.inhabitants", int(place["population"])),
            name_code(texts, "status", status)
            + ("" if np.isnan(minutes) else f": {texts.number(minutes, decimals=1)} min"),
            _persons_line(texts, place["shown"]),
        )
        at = (place["geometry"].x, place["geometry"].y)
        if len(table) > MOST_SHAPES:
            circles.append(_circle(at, status, text))
        else:
            _marker(
                at[::-1], _SHAPES.get(status, _SHAPES["no_data"]), 14, folium.Tooltip(text)
            ).add_to(layer)
    if circles:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": circles},
            marker=folium.CircleMarker(radius=3, weight=0.5, fill=True, fill_opacity=1),
            style_function=lambda circle: {
                "color": LIGHT["symbol-edge"],
                "fillColor": circle["properties"]["fill"],
            },
            tooltip=folium.GeoJsonTooltip(fields=["text"], labels=False),
        ).add_to(layer)
    layer.add_to(canvas)


def _circle(at: tuple[float, float], status: str, text: str) -> dict[str, Any]:
    """Return a point as one feature of many: they cost far less than a marker each."""
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(at[0], 5), round(at[1], 5)]},
        "properties": {"text": text, "fill": STATUS.get(status, STATUS["no_data"])},
    }


def _persons_line(texts: Texts, persons: int | str | None) -> str:
    if persons is None:
        return ""
    return texts("map.persons_here", persons=persons_text(texts, persons))


def _add_facilities(
    canvas: folium.Map, result: Any, row: pd.Series, texts: Texts, counts: dict[str, int]
) -> None:
    import folium

    facilities = result.facilities
    facilities = facilities[has_point(facilities) & (facilities["service"] == row["service"])]
    layer = folium.FeatureGroup(name=_text(texts("map.layer.facilities")))
    for place in facilities.to_crs(EXCHANGE).to_dict("records"):
        status = str(place["status"])
        if status not in ("operating", "planned"):
            continue
        counts[status] = counts.get(status, 0) + 1
        tooltip = folium.Tooltip(
            _lines(
                place["name"],
                name_code(texts, "facility_status", status),
                name_code(texts, "precision", place["location_precision"]),
            )
        )
        at = (place["geometry"].y, place["geometry"].x)
        _marker(at, _SHAPES[status], 26, tooltip, bottom=True).add_to(layer)
    layer.add_to(canvas)


def _add_sites(
    canvas: folium.Map, released: Release, row: pd.Series, texts: Texts, counts: dict[str, int]
) -> None:
    import folium

    sites = released.result.sites
    if not len(sites):
        return
    sites = sites[has_point(sites) & (sites["service"] == row["service"])]
    layer = folium.FeatureGroup(name=_text(texts("map.layer.sites")))
    for site in sites.to_crs(EXCHANGE).to_dict("records"):
        counts["site"] = counts.get("site", 0) + 1
        gain = released.show_part(str(row["target_group"]), site["gain_persons"])
        said = (
            texts.count("map.gain_population", round(float(site["gain_population"])))
            if gain is None
            else texts("map.gain_persons", persons=persons_text(texts, gain))
        )
        tooltip = folium.Tooltip(_lines(texts("map.suggested_at", name=site["name"]), said))
        _marker((site["geometry"].y, site["geometry"].x), _SHAPES["site"], 24, tooltip).add_to(
            layer
        )
    layer.add_to(canvas)


def _marker(
    at: tuple[float, float], shape: str, size: int, tooltip: Any, *, bottom: bool = False
) -> folium.Marker:
    import folium

    icon = folium.DivIcon(
        html=_svg(shape, size),
        icon_size=(size, size),
        icon_anchor=(size // 2, size if bottom else size // 2),
        class_name="socaccess-mark",
    )
    return folium.Marker(at, icon=icon, tooltip=tooltip, keyboard=False)


def _svg(shape: str, size: int) -> str:
    return f'<svg width="{size}" height="{size}" viewBox="-10 -10 20 20">{shape}</svg>'


_EDGE = LIGHT["symbol-edge"]
_PIN = "M0,9.5L-5.5,-1A6.4,6.4 0 1 1 5.5,-1Z"
_SHAPES = {
    "covered": f'<circle r="7" fill="{STATUS["covered"]}" stroke="{_EDGE}"/>',
    "partly": f'<circle r="7" fill="{STATUS["covered"]}" stroke="{_EDGE}"/>'
    f'<path d="M0,-7A7,7 0 0 1 0,7Z" fill="{STATUS["gap"]}" stroke="{_EDGE}"/>',
    "gap": f'<path d="M0,-9L9,0L0,9L-9,0Z" fill="{STATUS["gap"]}" stroke="#fff"/>',
    "unreachable": f'<rect x="-7" y="-7" width="14" height="14" stroke="#fff" '
    f'fill="{STATUS["unreachable"]}"/>'
    '<path d="M-4,-4L4,4M4,-4L-4,4" stroke="#fff" stroke-width="2.4"/>',
    "no_data": f'<rect x="-6" y="-6" width="12" height="12" stroke="{_EDGE}" '
    f'fill="{STATUS["no_data"]}"/>',
    "operating": f'<path d="{_PIN}" fill="{LIGHT["facility"]}" stroke="#fff" stroke-width="1.2"/>'
    '<circle cy="-3.6" r="2" fill="#fff"/>',
    "planned": f'<path d="{_PIN}" fill="#fff" stroke="{LIGHT["facility"]}" stroke-width="1.4" '
    'stroke-dasharray="2.5 1.6"/>',
    "site": f'<rect x="-8" y="-8" width="16" height="16" rx="4" fill="{LIGHT["build"]}" '
    'stroke="#fff"/><path d="M-4,0H4M0,-4V4" stroke="#fff" stroke-width="2.2"/>',
}


def _legend(
    title: str, texts: Texts, counts: dict[str, int], height: int | str, warning: str = ""
) -> str:
    """Return the legend: every class with its range and how many there are."""

    def line(picture: str, text: str, count: int) -> str:
        return (
            f'<div style="display:flex;gap:6px;align-items:center">{picture}'
            f'<span style="flex:1">{_text(text)}</span><span>{count}</span></div>'
        )

    def swatch(colour: str) -> str:
        return (
            f'<i style="width:22px;height:13px;background:{colour};'
            f'border:1px solid {LIGHT["border"]}"></i>'
        )

    rows = [
        f"<b>{_text(title)}</b>",
        f"<div>{_text(name_code(texts, 'legend_share', 'population'))}</div>",
    ]
    for share_class in (*CLASSES, NO_SHARE):
        count = counts.get(f"class {share_class.lowest}", 0)
        if share_class is NO_SHARE:
            if count:
                rows.append(line(swatch(NO_SHARE.light), texts("map.class_missing"), count))
            continue
        span = (
            f"{share_class.lowest} %"
            if share_class.lowest == share_class.highest
            else f"{share_class.lowest}–{share_class.highest} %"
        )
        rows.append(line(swatch(share_class.light), span, count))
    rows += [
        line(_svg(_SHAPES[status], 14), name_code(texts, "status", status), counts.get(status, 0))
        for status in ("covered", "partly", "gap", "unreachable", "no_data")
        if status not in ("partly", "no_data") or counts.get(status)
    ]
    for status in ("operating", "planned"):
        text = name_code(texts, "facility_status", status)
        rows.append(line(_svg(_SHAPES[status], 18), text, counts.get(status, 0)))
    if counts.get("site"):
        rows.append(line(_svg(_SHAPES["site"], 18), texts("map.suggested_site"), counts["site"]))
    if warning:
        style = f"color:{LIGHT['warn-edge']};font-weight:bold"
        rows.append(f'<div style="{style}">{_text(warning)}</div>')
    return (
        # As high as the map, so that the legend stands in its corner whatever the page's height.
        f'<div style="position:absolute;z-index:900;right:10px;top:0;height:{_css_length(height)};'
        'display:flex;align-items:flex-end;pointer-events:none">'
        '<div style="width:230px;margin-bottom:26px;padding:8px 10px;'
        f"background:{LIGHT['paper']};color:{LIGHT['ink']};"
        "border-radius:8px;font:12px/1.5 system-ui,sans-serif;"
        'box-shadow:0 1px 6px rgba(0,0,0,.3)">' + "".join(rows) + "</div></div>"
    )


def _css_length(height: int | str) -> str:
    return f"{height}px" if isinstance(height, int) else _text(height)
