"""The styles of a DOCX: faces, sizes and distances like those of the PDF; numbered headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["FULL_CM", "GREY", "INK", "LANGUAGES", "make_element", "set_styles"]

LANGUAGES = {"lv": "lv-LV", "en": "en-GB"}
FULL_CM = 17.8
"""Width of a line of text: A4 between its margins."""

INK, GREY, ACCENT = "17222B", "52606B", "5B2A86"
_FACE = "Calibri"

# Name, size, bold, colour, points before and after, kept with the next.
_STYLES: tuple[tuple[str, float, bool, str, float, float, bool], ...] = (
    ("Normal", 9.5, False, INK, 0, 3, False),
    ("Title", 19, True, INK, 0, 4, False),
    ("Heading 1", 13.5, True, INK, 8, 3, True),
    ("Heading 2", 10.5, True, INK, 6, 2, True),
    ("Heading 3", 10, True, INK, 6, 2, True),
    ("Caption", 8.5, True, GREY, 4, 2, False),
    ("List Bullet", 9.5, False, INK, 0, 1, False),
    ("Footer", 7.5, False, GREY, 0, 0, False),
    ("Header", 8, True, INK, 0, 0, False),
    ("TOC 1", 9.5, False, INK, 0, 1, False),
    ("TOC Heading", 10.5, True, INK, 6, 2, True),
    ("Document Lead", 11, True, INK, 0, 4, False),
    ("Document Note", 8, False, GREY, 2, 3, False),
    ("Document Line", 8.5, False, GREY, 0, 2, False),
    ("Document Sign", 9, False, INK, 12, 0, False),
    ("Document Warning", 9.5, True, INK, 4, 4, False),
    ("Document Figure", 9.5, False, INK, 2, 0, True),
    ("Document Cell", 8.5, False, INK, 0.3, 0.3, False),
)
# Cells are set tighter: Calibri asks for 1.22 em a line. Less than 1 would cut pictures.
_LINES = {"Document Cell": 0.86, "Document Figure": 1.0}


def make_element(xml: str) -> Any:
    """Return an element of WordprocessingML; the prefix `w` is known."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    name = xml[1:].split(" ")[0].split("/")[0].split(">")[0]
    return parse_xml(xml.replace(f"<{name}", f"<{name} {nsdecls('w')}", 1))


def set_styles(document: Document, lang: str, *, numbered: bool) -> None:
    """Give a new document its page, styles and language."""
    from docx.shared import Cm

    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(1.6)
    page.top_margin, page.bottom_margin, page.footer_distance = Cm(1.4), Cm(1.5), Cm(0.7)
    known = {style.name for style in document.styles}
    for given in _STYLES:
        _set_style(document, known, *given)
    for name, part in (("Title", "w:pBdr"), ("Footer", "w:tabs")):
        _drop(document.styles[name].element, part)
    bullet = document.styles["List Bullet"].paragraph_format
    bullet.left_indent, bullet.first_line_indent = Cm(0.4), Cm(-0.4)
    _set_language(document, LANGUAGES[lang])
    if numbered:
        _number_headings(document)


def _set_style(document: Document, known: set[str], name: str, size: float, bold: bool,
               colour: str, before: float, after: float, keep: bool) -> None:  # fmt: skip
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    styles = document.styles
    style = styles[name] if name in known else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    if name not in known or name == "TOC Heading":
        style.base_style = styles["Normal"]
    style.font.name, style.font.size, style.font.bold = _FACE, Pt(size), bold
    style.font.italic, style.font.color.rgb = False, RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        del fonts.attrib[attribute]
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), _FACE)
    form = style.paragraph_format
    form.space_before, form.space_after = Pt(before), Pt(after)
    form.keep_with_next, form.widow_control = keep, True
    form.line_spacing = _LINES.get(name, 0.95)


def _drop(element: Any, name: str) -> None:
    from docx.oxml.ns import qn

    for found in element.findall(f".//{qn(name)}"):
        found.getparent().remove(found)


def _set_language(document: Document, language: str) -> None:
    from docx.oxml.ns import qn

    defaults = document.styles.element.find(qn("w:docDefaults"))
    properties = defaults.find(qn("w:rPrDefault")).find(qn("w:rPr"))
    _drop(properties, "w:lang")
    properties.append(
        make_element(f'<w:lang w:val="{language}" w:eastAsia="{language}" w:bidi="{language}"/>')
    )


def _number_headings(document: Document) -> None:
    """Tie headings of the first level to one numbered list."""
    numbering = document.part.numbering_part.element
    numbering.insert(
        0,
        make_element(
            '<w:abstractNum w:abstractNumId="90"><w:multiLevelType w:val="multilevel"/>'
            '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
            '<w:pStyle w:val="Heading1"/><w:suff w:val="space"/><w:lvlText w:val="%1."/>'
            '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="0" w:firstLine="0"/></w:pPr>'
            f'<w:rPr><w:color w:val="{ACCENT}"/></w:rPr></w:lvl></w:abstractNum>'
        ),
    )
    numbering.append(make_element('<w:num w:numId="90"><w:abstractNumId w:val="90"/></w:num>'))
    properties = document.styles["Heading 1"].element.get_or_add_pPr()
    properties.get_or_add_numPr().append(make_element('<w:ilvl w:val="0"/>'))
    properties.numPr.append(make_element('<w:numId w:val="90"/>'))
