"""A document as DOCX, for those who edit it; the same to the byte every time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from socaccess.content import (
    CREATED,
    Bars,
    Block,
    Cell,
    Column,
    Contents,
    Document,
    Figure,
    Heading,
    List,
    Pair,
    Paragraph,
    Rendering,
    Section,
    Table,
    find_leads,
)
from socaccess.documents.paper import find_pages, render_pngs
from socaccess.documents.word_styles import FULL_CM, GREY, INK, LANGUAGES, make_element, set_styles

if TYPE_CHECKING:
    from docx.document import Document as Book

__all__ = ["render_docx"]

_STAMP = (1980, 1, 1, 0, 0, 0)
_TWIPS_PER_CM = 567
_GUTTER_CM = 0.5
_TONES = {"full": "F7F4EA", "most": "EEE4CB", "few": "F2CD97", "none": "E0A06A",
          "unknown": "EDF0F1", "group": "F4F5F6"}  # fmt: skip
_SYMBOLS = re.compile("([●◕◔○]+)")
# One font for the four shapes, or their sizes differ.
_SYMBOL_FACE = "<w:rFonts {}/>".format(
    " ".join(f'w:{script}="Segoe UI Symbol"' for script in ("ascii", "hAnsi", "cs", "eastAsia"))
)
_PARAGRAPHS = {"text": "Normal", "lead": "Document Lead", "note": "Document Note",
               "warning": "Document Warning", "sign": "Document Sign"}  # fmt: skip


def render_docx(document: Document) -> bytes:
    """Return a document as DOCX: real headings, table headings that repeat, alt texts."""
    import docx

    book = docx.Document()
    set_styles(book, document.lang, numbered=document.numbered)
    _Writer(book, document).write()
    buffer = io.BytesIO()
    book.save(buffer)
    return _settle(buffer.getvalue())


class _Writer:
    """Writes one document: where it stands on the page, and what is numbered."""

    def __init__(self, book: Book, document: Document) -> None:
        self.book = book
        self.document = document
        self.rendering = Rendering.of(document)
        self.width_cm = FULL_CM
        self.column_break = False
        self.style_ids = {style.name: style.style_id for style in book.styles}
        self.figures = 0
        drawings = [block for block, _ in document.walk() if isinstance(block, Figure)]
        pictures = render_pngs([drawing.svg for drawing in drawings])
        self.pictures = {id(d): made for d, made in zip(drawings, pictures, strict=True)}
        self.sections = [(block, f"_Toc9000{place:02}") for place, block in enumerate(
            block for block, depth in document.walk()
            if isinstance(block, Section) and depth == 1
        )]  # fmt: skip
        self.marks = {id(section): mark for section, mark in self.sections}

    def write(self) -> None:
        document, rendering = self.document, self.rendering
        self._set_properties()
        page = self.book.sections[0]
        if document.warning:
            page.header.paragraphs[0].add_run(rendering.plain(document.warning))
        self._write_footer(page.footer.paragraphs[0])
        if document.subject:
            self._add(self._start("Document Line"), document.subject)
        self._add(self._start("Title"), document.title)
        if document.dateline:
            self._add(self._start("Document Line"), document.dateline)
        if document.warning:
            self._add(self._start("Document Warning"), document.warning)
        self._write_blocks(document.blocks, 1)

    def _set_properties(self) -> None:
        properties = self.book.core_properties
        plain = self.rendering.plain
        subject = plain(self.document.subject)
        title = plain(self.document.title)
        properties.title = f"{title} – {subject}"[:255] if subject else title[:255]
        properties.author = properties.last_modified_by = "socaccess"
        properties.language = LANGUAGES[self.document.lang]
        properties.comments = plain(self.document.warning)[:255]
        properties.created = properties.modified = CREATED
        properties.revision = 1

    def _write_footer(self, paragraph: Any) -> None:
        from docx.enum.text import WD_TAB_ALIGNMENT
        from docx.shared import Cm

        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(FULL_CM), WD_TAB_ALIGNMENT.RIGHT)
        paragraph.add_run(f"{self.rendering.plain(self.document.footer)}\t")
        _add_field(paragraph, "PAGE", "1")
        paragraph.add_run(" / ")
        _add_field(paragraph, "NUMPAGES", "1")

    def _start(self, style: str) -> Any:
        """Return a new paragraph, in the next column where one begins."""
        from docx.enum.text import WD_BREAK

        paragraph = self._add_paragraph(style)
        if self.column_break:
            paragraph.add_run().add_break(WD_BREAK.COLUMN)
            self.column_break = False
        return paragraph

    def _add_paragraph(self, style: str) -> Any:
        # By name, the library looks all styles through for each paragraph, twice.
        paragraph = self.book.add_paragraph()
        paragraph._p.style = None if style == "Normal" else self.style_ids[style]
        return paragraph

    def _add(self, paragraph: Any, text: Any) -> None:
        from docx.shared import RGBColor

        for run in self.rendering.runs(text):
            written = paragraph.add_run(run.text)
            if run.strong:
                written.bold = True
            if run.muted:
                written.font.color.rgb = RGBColor.from_string(GREY)

    def _write_blocks(self, blocks: tuple[Block, ...], level: int) -> None:
        for block, leads in zip(blocks, find_leads(blocks), strict=True):
            if isinstance(block, Section):
                self._write_heading(block, level)
                self._write_blocks(block.blocks, level + 1)
            elif isinstance(block, Pair):
                self._write_pair(block, level)
            elif isinstance(block, Table | Bars):
                self._write_table(block.to_table() if isinstance(block, Bars) else block)
            elif isinstance(block, Figure):
                self._write_figure(block)
            elif isinstance(block, List):
                for item in block.items:
                    self._add(self._start("List Bullet"), item)
            elif isinstance(block, Paragraph):
                line = self._start(_PARAGRAPHS[block.kind])
                # What leads to a table, a figure or a section inside this one stays with it.
                line.paragraph_format.keep_with_next = leads or None
                self._add(line, block.text)
            elif isinstance(block, Heading):
                self._add(self._start(f"Heading {min(max(level, 2), 3)}"), block.text)
            elif isinstance(block, Contents):
                self._write_contents(block)

    def _write_heading(self, section: Section, level: int) -> None:
        paragraph = self._start(f"Heading {min(level, 3)}")
        if section.new_page:
            paragraph.paragraph_format.page_break_before = True
        mark = self.marks.get(id(section))
        if mark is not None:
            number = mark[-2:]
            paragraph._p.append(make_element(f'<w:bookmarkStart w:id="{number}" w:name="{mark}"/>'))
        self._add(paragraph, section.title)
        if mark is not None:
            paragraph._p.append(make_element(f'<w:bookmarkEnd w:id="{number}"/>'))

    def _write_pair(self, pair: Pair, level: int) -> None:
        """Write columns of a section of their own: the order of reading stays."""
        free = FULL_CM - _GUTTER_CM
        self._start_section(pair.ratio)
        self.width_cm = free * pair.ratio
        self._write_blocks(pair.left, level)
        self.column_break = True
        self.width_cm = free * (1 - pair.ratio)
        self._write_blocks(pair.right, level)
        self.column_break = False
        self.width_cm = FULL_CM
        self._start_section(None)

    def _start_section(self, ratio: float | None) -> None:
        from docx.enum.section import WD_SECTION
        from docx.oxml.ns import qn

        self.book.add_section(WD_SECTION.CONTINUOUS)
        # The paragraph that carries the break takes one point of height.
        carrier = self.book.element.body.findall(qn("w:p"))[-1]
        carrier.get_or_add_pPr().insert(
            0, make_element('<w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>')
        )
        properties = self.book.sections[-1]._sectPr
        for found in properties.findall(qn("w:cols")):
            properties.remove(found)
        if ratio is None:
            columns = make_element('<w:cols w:space="708"/>')
        else:
            left = round((FULL_CM - _GUTTER_CM) * ratio * _TWIPS_PER_CM)
            right = round((FULL_CM - _GUTTER_CM) * (1 - ratio) * _TWIPS_PER_CM)
            space = round(_GUTTER_CM * _TWIPS_PER_CM)
            columns = make_element(
                f'<w:cols w:num="2" w:equalWidth="0"><w:col w:w="{left}" w:space="{space}"/>'
                f'<w:col w:w="{right}"/></w:cols>'
            )
        properties.find(qn("w:pgMar")).addnext(columns)

    def _write_figure(self, figure: Figure) -> None:
        from docx.shared import Cm

        paragraph = self._start("Document Figure")
        picture = io.BytesIO(self.pictures[id(figure)])
        shape = paragraph.add_run().add_picture(picture, width=Cm(self.width_cm * figure.width))
        self.figures += 1
        shape._inline.docPr.set("id", str(self.figures))
        shape._inline.docPr.set("descr", self.rendering.plain(figure.alt))
        if figure.caption:
            self._start("Caption").add_run(self.rendering.caption(figure))

    def _write_table(self, table: Table) -> None:
        from docx.shared import Pt

        caption = self.rendering.caption(table)
        if caption:
            paragraph = self._start("Caption")
            paragraph.paragraph_format.keep_with_next = True
            paragraph.add_run(caption)
        elif self.column_break:
            self._start("Document Line")
        made = make_element("".join(_describe_table(table, self.rendering, self.width_cm)))
        self.book.element.body.insert(len(self.book.element.body) - 1, made)
        # Two tables without a line between them become one.
        gap = self._add_paragraph("Document Line")
        gap.paragraph_format.line_spacing, gap.paragraph_format.space_after = Pt(3), Pt(0)

    def _write_contents(self, block: Contents) -> None:
        from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
        from docx.shared import Cm

        heading = self._start("TOC Heading")
        self._add(heading, block.title)
        lines = [heading._p]
        pages = find_pages(self.document)
        for place, (section, mark) in enumerate(self.sections):
            line = self._add_paragraph("TOC 1")
            line.paragraph_format.tab_stops.add_tab_stop(
                Cm(self.width_cm), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
            )
            lines.append(line._p)
            if place == 0:
                _add_field_start(line, 'TOC \\o "1-1" \\h \\z \\u')
            number = f"{place + 1}. " if self.document.numbered else ""
            line.add_run(f"{number}{self.rendering.plain(section.title)}\t")
            _add_field(line, f"PAGEREF {mark} \\h", str(pages[place]))
            if place == len(self.sections) - 1:
                line.add_run()._r.append(make_element('<w:fldChar w:fldCharType="end"/>'))
        holder = make_element(
            '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
            "<w:docPartUnique/></w:docPartObj></w:sdtPr><w:sdtContent/></w:sdt>"
        )
        lines[0].addprevious(holder)
        for written in lines:
            holder[-1].append(written)


def _add_field_start(paragraph: Any, code: str) -> None:
    paragraph.add_run()._r.append(make_element('<w:fldChar w:fldCharType="begin"/>'))
    paragraph.add_run()._r.append(
        make_element(f'<w:instrText xml:space="preserve"> {escape(code)} </w:instrText>')
    )
    paragraph.add_run()._r.append(make_element('<w:fldChar w:fldCharType="separate"/>'))


def _add_field(paragraph: Any, code: str, shown: str) -> None:
    _add_field_start(paragraph, code)
    paragraph.add_run(shown)
    paragraph.add_run()._r.append(make_element('<w:fldChar w:fldCharType="end"/>'))


def _describe_table(table: Table, rendering: Rendering, width_cm: float) -> Iterator[str]:
    """Yield a table as XML: python-docx's own cells take a tenth of a second for each row."""
    wide = rendering.widths(table)
    widths = [round(width / sum(wide) * width_cm * _TWIPS_PER_CM) for width in wide]
    margin = 28 if table.grid else 50
    line = 'w:val="single" w:sz="4" w:space="0" w:color="C9CFD3"'
    yield (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>'
        f"<w:bottom {line}/><w:insideH {line}/></w:tblBorders>"
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar><w:top w:w="12" w:type="dxa"/>'
        f'<w:left w:w="{margin}" w:type="dxa"/><w:bottom w:w="12" w:type="dxa"/>'
        f'<w:right w:w="{margin}" w:type="dxa"/></w:tblCellMar>'
        f'<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
        f'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
    )
    caption = rendering.caption(table)
    if caption:
        yield f"<w:tblCaption w:val={quoteattr(caption)}/>"
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    yield f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
    size = 15 if table.grid else 17
    titles = [
        _describe_cell(Cell((column.title,)), column, width, rendering, bold=True, size=size,
                       keep=True)
        for column, width in zip(table.columns, widths, strict=True)
    ]  # fmt: skip
    yield f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(titles)}</w:tr>"
    short = len(table.rows) <= 25
    for at, row in enumerate(table.rows):
        keep = short and at < len(table.rows) - 1
        cells = []
        if len(row) == 1 < len(table.columns):
            value = row[0].value if isinstance(row[0], Cell) else row[0]
            row = (Cell(value, "group", span=len(table.columns)),)
            keep = True
        place = 0
        for value in row:
            cell = value if isinstance(value, Cell) else Cell(value)
            width = sum(widths[place : place + cell.span])
            cells.append(
                _describe_cell(cell, table.columns[place], width, rendering,
                               bold=cell.tone == "group", size=17, keep=keep)
            )  # fmt: skip
            place += cell.span
        yield f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cells)}</w:tr>"
    yield "</w:tbl>"


def _describe_cell(cell: Cell, column: Column, width: int, rendering: Rendering, *,
                   bold: bool, size: int, keep: bool) -> str:  # fmt: skip
    properties = [f'<w:tcW w:w="{width}" w:type="dxa"/>']
    if cell.span > 1:
        properties.append(f'<w:gridSpan w:val="{cell.span}"/>')
    if cell.tone:
        properties.append(f'<w:shd w:val="clear" w:color="auto" w:fill="{_TONES[cell.tone]}"/>')
    properties.append('<w:vAlign w:val="center"/>')
    side = "left" if cell.span > 1 else "right" if column.number else "left"
    side = "center" if column.kind == "centre" and cell.span == 1 else side
    runs = "".join(
        _describe_run(run.text, size, bold=bold or run.strong, muted=run.muted)
        for run in rendering.cell(cell, column)
    )
    if cell.note:
        colour = INK if cell.tone == "none" else GREY
        runs += (
            f'<w:r><w:rPr><w:color w:val="{colour}"/><w:sz w:val="15"/></w:rPr><w:br/>'
            f'<w:t xml:space="preserve">{escape(rendering.plain(cell.note))}</w:t></w:r>'
        )
    stay = "<w:keepNext/>" if keep else ""
    return (
        f'<w:tc><w:tcPr>{"".join(properties)}</w:tcPr><w:p><w:pPr><w:pStyle w:val="DocumentCell"/>'
        f'{stay}<w:jc w:val="{side}"/></w:pPr>{runs}</w:p></w:tc>'
    )


def _describe_run(text: str, size: int, *, bold: bool, muted: bool) -> str:
    parts = []
    for place, piece in enumerate(_SYMBOLS.split(text)):
        if not piece:
            continue
        face = _SYMBOL_FACE if place % 2 else ""
        weight = "<w:b/>" if bold and not face else ""
        colour = f'<w:color w:val="{GREY}"/>' if muted else ""
        parts.append(
            f'<w:r><w:rPr>{face}{weight}{colour}<w:sz w:val="{size}"/></w:rPr>'
            f'<w:t xml:space="preserve">{escape(piece)}</w:t></w:r>'
        )
    return "".join(parts)


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
