"""Styles in QGIS's own form (QML), for the table of a GeoPackage where QGIS looks for them.

Form of the table: what QGIS makes by "save style to database" in a GeoPackage (its OGR
provider); a style is applied when a layer is opened if catalogue and schema are empty,
table and geometry column fit, and `useAsDefault` is 1. Opened in QGIS 3.22 (PyQGIS, without
a screen), every layer comes up with its classes, symbols and names
(`docs/screenshots/layers-qgis.png`).
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from socaccess.i18n import Texts
from socaccess.study.colours import CLASSES, FACILITY, INK, MISSING, PAPER, SITE, STATES

__all__ = ["LAYER_STYLES", "style_layer"]

LAYER_STYLES = """CREATE TABLE "layer_styles" (
 "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
 "f_table_catalog" TEXT(256),
 "f_table_schema" TEXT(256),
 "f_table_name" TEXT(256),
 "f_geometry_column" TEXT(256),
 "styleName" TEXT(30),
 "styleQML" TEXT,
 "styleSLD" TEXT,
 "useAsDefault" BOOLEAN,
 "description" TEXT,
 "owner" TEXT(30),
 "ui" TEXT(30),
 "update_time" DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
"""The statement that makes the table."""

_VERSION = "3.28.0-Firenze"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_SHAPES = {"all": "circle", "some": "triangle", "none": "cross2"}


def style_layer(layer: str, texts: Texts) -> str:
    """Return the default style of one of our layers as QML.

    Raises
    ------
    KeyError
        If there is no such layer.
    """
    root = ElementTree.Element(
        "qgis", version=_VERSION, styleCategories="Symbology|Labeling", labelsEnabled="1"
    )
    if layer == "municipalities":
        _style_municipalities(root)
    elif layer == "sites":
        _style_sites(root)
    else:
        {"settlements": _style_settlements, "facilities": _style_facilities}[layer](root, texts)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    return _DOCTYPE + text + "\n"


def _style_municipalities(root: ElementTree.Element) -> None:
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="graduatedSymbol", attr="share_now",
        graduatedMethod="GraduatedColor", symbollevels="0", forceraster="0", enableorderby="0",
    )  # fmt: skip
    ranges = ElementTree.SubElement(renderer, "ranges")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, (low, high, colour, *_) in enumerate(CLASSES):
        ElementTree.SubElement(
            ranges, "range", symbol=str(number), lower=f"{low / 100:.6f}",
            # Classes meet: what lies between 24 and 25 per cent belongs to one of them.
            upper=f"{1 if high >= 100 else CLASSES[number + 1][0] / 100:.6f}",
            label=f"{low}–{high} %" if low != high else f"{high} %", render="true",
        )  # fmt: skip
        _add_fill(symbols, str(number), colour)
    source = ElementTree.SubElement(renderer, "source-symbol")
    _add_fill(source, "0", MISSING)
    _add_labels(root, "name", size=9, bold=True)


def _style_settlements(root: ElementTree.Element, texts: Texts) -> None:
    markers = [
        (state, texts(f"tables.state.{state}"), _SHAPES[state], STATES[state], size)
        for state, size in (("all", 2.0), ("some", 2.6), ("none", 2.6))
    ]
    _add_categories(root, "state", markers)
    _add_labels(root, "name", size=7, bold=False)


def _style_facilities(root: ElementTree.Element, texts: Texts) -> None:
    markers = [
        (status, texts(f"tables.value.facility_status.{status}"), shape, colour, 3.0)
        for status, shape, colour in (
            ("operating", "square", FACILITY),
            ("planned", "square", PAPER),
            ("closed", "cross2", MISSING),
            ("not_registered", "square", MISSING),
        )
    ]
    _add_categories(root, "status", markers)
    _add_labels(root, "name", size=7, bold=False)


def _style_sites(root: ElementTree.Element) -> None:
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="singleSymbol", symbollevels="0", forceraster="0",
        enableorderby="0",
    )  # fmt: skip
    symbols = ElementTree.SubElement(renderer, "symbols")
    _add_marker(symbols, "0", "star", SITE, 5.0)
    _add_labels(root, "name", size=8, bold=True)


def _add_categories(
    root: ElementTree.Element,
    column: str,
    markers: Sequence[tuple[str, str, str, str, float]],
) -> None:
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=column, symbollevels="0",
        forceraster="0", enableorderby="0",
    )  # fmt: skip
    categories = ElementTree.SubElement(renderer, "categories")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, (value, label, shape, colour, size) in enumerate(markers):
        ElementTree.SubElement(
            categories, "category", value=value, type="string", label=label, symbol=str(number),
            render="true",
        )  # fmt: skip
        _add_marker(symbols, str(number), shape, colour, size)


def _add_fill(symbols: ElementTree.Element, name: str, colour: str) -> None:
    symbol = ElementTree.SubElement(
        symbols, "symbol", type="fill", name=name, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    _add_symbol_layer(
        symbol,
        "SimpleFill",
        {
            "color": _rgba(colour),
            "style": "solid",
            "outline_color": _rgba(INK),
            "outline_style": "solid",
            "outline_width": "0.26",
            "outline_width_unit": "MM",
            "joinstyle": "bevel",
        },
    )


def _add_marker(
    symbols: ElementTree.Element, name: str, shape: str, colour: str, size: float
) -> None:
    symbol = ElementTree.SubElement(
        symbols, "symbol", type="marker", name=name, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    _add_symbol_layer(
        symbol,
        "SimpleMarker",
        {
            "name": shape,
            "color": _rgba(colour),
            "outline_color": _rgba(INK),
            "outline_style": "solid",
            "outline_width": "0.3",
            "outline_width_unit": "MM",
            "size": f"{size:g}",
            "size_unit": "MM",
            "angle": "0",
        },
    )


def _add_symbol_layer(symbol: ElementTree.Element, kind: str, values: dict[str, str]) -> None:
    layer = ElementTree.SubElement(
        symbol, "layer", {"class": kind, "enabled": "1", "pass": "0", "locked": "0"}
    )
    options = ElementTree.SubElement(layer, "Option", type="Map")
    for key, value in values.items():
        ElementTree.SubElement(options, "Option", type="QString", name=key, value=value)
    # QGIS before 3.26 reads the older form.
    for key, value in values.items():
        ElementTree.SubElement(layer, "prop", k=key, v=value)


def _add_labels(root: ElementTree.Element, column: str, *, size: int, bold: bool) -> None:
    labeling = ElementTree.SubElement(root, "labeling", type="simple")
    settings = ElementTree.SubElement(labeling, "settings", calloutType="simple")
    style = ElementTree.SubElement(
        settings, "text-style", fieldName=column, isExpression="0", fontSize=str(size),
        fontSizeUnit="Point", fontWeight="75" if bold else "50", textColor=_rgba(INK),
        textOpacity="1", namedStyle="Bold" if bold else "Regular",
    )  # fmt: skip
    ElementTree.SubElement(
        style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
        bufferColor=_rgba(PAPER), bufferOpacity="0.85",
    )  # fmt: skip


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},255"
