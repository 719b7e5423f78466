"""The pages of a plan as documents: the Markdown we write ourselves, as PDF and DOCX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socaccess.content import Block, Document, Section, Table
    from socaccess.i18n import Texts

__all__ = ["compose_page", "render_page"]

_CELL = re.compile(r"(?<!\\)\|")
_NUMBER = re.compile(r"^[<>≥–-]?[\d\s\u00a0,.]*(?: ?%)?$")


def render_page(text: str, texts: Texts, *, warning: str = "") -> dict[str, bytes]:
    """Return a page as PDF (tagged, PDF/UA-1) and as DOCX, by ending."""
    from socaccess.documents.paper import render_pdf
    from socaccess.documents.word import render_docx

    content = compose_page(text, texts, warning=warning)
    return {"pdf": render_pdf(content), "docx": render_docx(content)}


def compose_page(text: str, texts: Texts, *, warning: str = "") -> Document:
    """Return a page's Markdown as the content of a document.

    Only what our own pages use is known: headings, bold lines, tables, points and
    paragraphs. The first heading is the title, what follows its colon the subject.
    """
    from socaccess.content import Document, Section

    title, area = "", ""
    sections: list[Section] = []
    blocks: list[Block] = []
    heading = ""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("# ") and not title:
            title, _, area = line[2:].partition(": ")
        elif line.startswith("#"):
            if blocks or heading:
                sections.append(Section(heading or texts("plan.page_answer"), tuple(blocks)))
            heading, blocks = line.partition(" ")[2], []
        elif line.strip():
            end = at
            while end < len(lines) and lines[end].strip() and not lines[end].startswith("#"):
                end += 1
            blocks.append(_read_block(lines[at:end]))
            at = end - 1
        at += 1
    if blocks or heading:
        sections.append(Section(heading or texts("plan.page_answer"), tuple(blocks)))
    return Document(
        lang=texts.lang,
        title=area or title,
        subject=title if area else "",
        dateline=texts("plan.page_subtitle"),
        footer=f"{title}: {area}" if area else title,
        warning=warning,
        blocks=tuple(sections),
    )


def _read_block(lines: list[str]) -> Block:
    from socaccess.content import List, Paragraph

    if lines[0].startswith("|"):
        return _read_table(lines)
    if all(line.startswith("- ") for line in lines):
        return List(tuple(line[2:] for line in lines))
    whole = " ".join(lines)
    if whole.startswith("**") and whole.endswith("**"):
        return Paragraph(whole.strip("*"), "lead")
    return Paragraph(whole)


def _read_table(lines: list[str]) -> Table:
    from socaccess.content import Column, Table

    cells = [
        [cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]] for line in lines
    ]
    header, rows = cells[0], cells[2:]
    columns = []
    for number, title in enumerate(header):
        own = [row[number] for row in rows]
        numeric = bool(own) and all(_NUMBER.match(cell) for cell in own)
        columns.append(Column(title, "number" if numeric else "text"))
    return Table(tuple(columns), tuple(tuple(row) for row in rows))
