"""A content as DOCX, for those who edit it; the same to the byte every time."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from socaccess.documents.content import Block, Content, Figure, FigureRow, List, Paragraph, Table
from socaccess.documents.workbook import CREATED

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["render_docx", "render_png"]

_LANGUAGES = {"lv": "lv-LV", "en": "en-GB"}
_TEXT_CM = 17.4
_STAMP = (1980, 1, 1, 0, 0, 0)
_PICTURE = b"""#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg")"""


def render_docx(content: Content) -> bytes:
    """Return a content as DOCX with headings, table headings that repeat, and alt texts."""
    import docx
    from docx.shared import Cm, Pt

    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(1.8)
    page.top_margin = page.bottom_margin = Cm(1.8)
    _set_properties(document, content)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(10.5)
    _set_language(style, _LANGUAGES[content.lang])
    if content.warning:
        page.header.paragraphs[0].add_run(content.warning).bold = True
    _write_footer(page.footer.paragraphs[0], content)
    document.add_paragraph(content.title)
    document.add_heading(content.area, level=0)
    document.add_paragraph(content.subtitle)
    if content.warning:
        document.add_paragraph().add_run(content.warning).bold = True
    for section in content.sections:
        document.add_heading(section.title, level=section.level)
        for block in section.blocks:
            _write_block(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    return _settle(buffer.getvalue())


def render_png(svg: str, *, ppi: float = 170.0) -> bytes:
    """Return a drawing as PNG."""
    import typst

    made = typst.compile(
        _PICTURE, format="png", ppi=ppi, ignore_system_fonts=True, sys_inputs={"svg": svg}
    )
    return bytes(made)


def _set_properties(document: Document, content: Content) -> None:
    properties = document.core_properties
    properties.title = f"{content.title} – {content.area}"
    properties.author = properties.last_modified_by = "socaccess"
    properties.language = _LANGUAGES[content.lang]
    properties.comments = content.warning
    properties.created = properties.modified = CREATED
    properties.revision = 1


def _set_language(style: Any, language: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement("w:lang")
    element.set(qn("w:val"), language)
    style.element.get_or_add_rPr().append(element)


def _write_footer(paragraph: Any, content: Content) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph.add_run(f"{content.footer}   {content.page} ")
    run = paragraph.add_run()
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        if kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.text = text
        run._r.append(element)


def _write_block(document: Document, block: Block) -> None:
    from docx.shared import Pt

    if isinstance(block, Paragraph):
        run = document.add_paragraph().add_run(block.text)
        run.bold = block.kind == "warning"
        run.font.size = Pt({"lead": 11.5, "note": 9}.get(block.kind, 10.5))
        run.italic = block.kind == "note"
    elif isinstance(block, List):
        for item in block.items:
            document.add_paragraph(item, style="List Bullet")
    elif isinstance(block, Table):
        _write_table(document, block)
    elif isinstance(block, Figure):
        _write_figures(document, (block,), block.width)
    elif isinstance(block, FigureRow):
        _write_figures(document, block.figures, 0.98 / len(block.figures))


def _write_figures(document: Document, figures: tuple[Figure, ...], width: float) -> None:
    """Write figures side by side, each `width` of the line, and their captions below."""
    from docx.shared import Cm, Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    for figure in figures:
        picture = io.BytesIO(render_png(figure.svg))
        shape = paragraph.add_run().add_picture(picture, width=Cm(_TEXT_CM * width))
        shape._inline.docPr.set("descr", figure.alt)
    for figure in figures:
        run = document.add_paragraph().add_run(figure.caption)
        run.font.size, run.italic = Pt(9), True


def _write_table(document: Document, block: Table) -> None:
    from docx.shared import Pt

    if block.caption:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        paragraph.add_run(block.caption).bold = True
    # Written as XML in one go: cell by cell the library takes minutes for long tables.
    from docx.oxml import parse_xml

    document.element.body.insert(len(document.element.body) - 1, parse_xml(_tell_table(block)))
    document.add_paragraph().paragraph_format.space_after = Pt(4)


_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _tell_table(block: Table) -> str:
    total = sum(column.width for column in block.columns)
    widths = [round(column.width / total * _TEXT_CM * 567) for column in block.columns]
    numbers = [column.number for column in block.columns]
    border = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="C5CED4"/>'
        for side in ("top", "bottom", "insideH")
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    titles = [column.title for column in block.columns]
    rows = [_tell_row(titles, widths, numbers, bold=True, heading=True)]
    for row in block.rows:
        if len(row) == 1:
            rows.append(_tell_row(list(row), [sum(widths)], [False], bold=True, span=len(widths)))
        else:
            rows.append(_tell_row(list(row), widths, numbers))
    return (
        f'<w:tbl xmlns:w="{_W}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblBorders>{border}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f'<w:tblLook w:firstRow="1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def _tell_row(
    texts: list[str],
    widths: list[int],
    numbers: list[bool],
    *,
    bold: bool = False,
    heading: bool = False,
    span: int = 1,
) -> str:
    from xml.sax.saxutils import escape

    cells = []
    for text, width, number in zip(texts, widths, numbers, strict=True):
        properties = f'<w:tcW w:w="{width}" w:type="dxa"/>'
        if span > 1:
            properties += f'<w:gridSpan w:val="{span}"/>'
        if bold:
            properties += '<w:shd w:val="clear" w:color="auto" w:fill="E9EEF1"/>'
        side = "right" if number else "left"
        weight = "<w:b/>" if bold else ""
        # What XML cannot hold is no letter anyway.
        plain = "".join(c for c in text if c in "\t\n" or ord(c) >= 32)
        cells.append(
            f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:pPr>"
            f'<w:spacing w:before="0" w:after="20"/><w:jc w:val="{side}"/></w:pPr><w:r>'
            f'<w:rPr>{weight}<w:sz w:val="17"/></w:rPr>'
            f'<w:t xml:space="preserve">{escape(plain)}</w:t></w:r></w:p></w:tc>'
        )
    repeat = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(cells)}</w:tr>"


def _settle(made: bytes) -> bytes:
    """Return the file with a fixed date on each of its parts."""
    settled = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(made)) as source,
        zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for part in source.infolist():
            entry = zipfile.ZipInfo(part.filename, _STAMP)
            # Pictures are compressed already.
            packed = part.filename.endswith(".png")
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(part.filename))
    return settled.getvalue()
