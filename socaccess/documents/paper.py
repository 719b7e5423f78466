"""A document as a tagged PDF (PDF/UA-1), the same to the byte every time."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from socaccess.content import (
    Bars,
    Block,
    Cell,
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

if TYPE_CHECKING:
    import typst

__all__ = ["find_pages", "render_pdf", "render_pngs"]

_PICTURES = b"""#let pictures = json(bytes(sys.inputs.pictures))
#set page(width: auto, height: auto, margin: 0pt)
#for (i, svg) in pictures.enumerate() {
  if i > 0 { pagebreak() }
  image(bytes(svg), format: "svg")
}"""


def render_pdf(document: Document) -> bytes:
    """Return a document as PDF; all text is data, none of it is read as mark-up."""
    import typst

    tree = _describe_document(document)
    made = typst.compile(
        _read_template(),
        format="pdf",
        font_paths=_load_fonts(),
        pdf_standards=["ua-1"],
        timestamp=0,
        sys_inputs={"content": json.dumps(tree, ensure_ascii=False)},
    )
    return bytes(made)


def find_pages(document: Document) -> list[int]:
    """Return the page on which each section of the first level begins in the PDF.

    Examples
    --------
    >>> from socaccess.content import Paragraph, Section
    >>> one, two = (Section(name, (Paragraph(name),), new_page=True) for name in "ab")
    >>> find_pages(Document("en", "Title", (Paragraph("First"), one, two)))
    [2, 3]
    """
    import typst

    tree = json.dumps(_describe_document(document), ensure_ascii=False)
    template = _read_template()
    found = typst.query(
        template,
        "<pages>",
        field="value",
        one=True,
        font_paths=_load_fonts(),
        sys_inputs={"content": tree},
    )
    return [int(page) for page in json.loads(found)]


def render_pngs(svgs: list[str], *, ppi: float = 170.0) -> list[bytes]:
    """Return drawings as PNG, all made in one go."""
    if not svgs:
        return []
    import typst

    made = typst.compile(
        _PICTURES,
        format="png",
        ppi=ppi,
        font_paths=_load_fonts(),
        sys_inputs={"pictures": json.dumps(svgs, ensure_ascii=False)},
    )
    return [bytes(page) for page in made] if isinstance(made, list) else [bytes(made)]


@cache
def _read_template() -> bytes:
    return (resources.files("socaccess.documents") / "templates" / "document.typ").read_bytes()


@cache
def _load_fonts() -> typst.Fonts:
    """Return the fonts we ship and those of typst; none of the machine's."""
    import typst

    own = resources.files("socaccess.documents") / "fonts"
    return typst.Fonts(include_system_fonts=False, font_paths=[str(own)])


def _describe_document(document: Document) -> dict[str, Any]:
    rendering = Rendering.of(document)
    plain = {
        name: rendering.plain(getattr(document, name))
        for name in ("title", "subject", "dateline", "footer", "warning")
    }
    return {
        **plain,
        "lang": document.lang,
        "numbered": document.numbered,
        "blocks": _describe_blocks(document.blocks, rendering, 1),
        "first_heading": _find_first_level(document),
    }


def _find_first_level(document: Document) -> int:
    """Return the level of small headings: 1 in a document without sections before them."""
    for block, _ in document.walk():
        if isinstance(block, Section):
            return 2
        if isinstance(block, Heading):
            break
    return 1


def _describe_blocks(
    blocks: tuple[Block, ...], rendering: Rendering, level: int
) -> list[dict[str, Any]]:
    described = [_describe_block(block, rendering, level) for block in blocks]
    for made, leads in zip(described, find_leads(blocks), strict=True):
        made["sticky"] = leads
    return described


def _describe_block(block: Block, rendering: Rendering, level: int) -> dict[str, Any]:
    runs = _Runs(rendering)
    if isinstance(block, Section):
        return {
            "block": "section",
            "title": rendering.plain(block.title),
            "level": level,
            "new_page": block.new_page,
            "blocks": _describe_blocks(block.blocks, rendering, level + 1),
        }
    if isinstance(block, Pair):
        return {
            "block": "pair",
            "ratio": block.ratio,
            "left": _describe_blocks(block.left, rendering, level),
            "right": _describe_blocks(block.right, rendering, level),
        }
    if isinstance(block, Table):
        return _describe_table(block, rendering)
    if isinstance(block, Figure):
        return {
            "block": "figure",
            "svg": block.svg,
            "alt": rendering.plain(block.alt),
            "caption": rendering.caption(block),
            "width": block.width,
        }
    if isinstance(block, Bars):
        names = ("label", "detail", "value", "total", "range", "note")
        items = [
            {name: rendering.plain(getattr(bar, name)) for name in names} | {"part": bar.part}
            for bar in block.items
        ]
        return {"block": "bars", "items": items}
    if isinstance(block, List):
        return {"block": "list", "items": [runs(item) for item in block.items]}
    if isinstance(block, Paragraph):
        return {"block": "paragraph", "kind": block.kind, "text": runs(block.text)}
    if isinstance(block, Heading):
        return {"block": "heading", "level": level, "text": rendering.plain(block.text)}
    assert isinstance(block, Contents)
    return {"block": "contents", "title": rendering.plain(block.title)}


def _describe_table(table: Table, rendering: Rendering) -> dict[str, Any]:
    runs = _Runs(rendering)
    rows = []
    for row in table.rows:
        if len(row) == 1 < len(table.columns):
            first = row[0].value if isinstance(row[0], Cell) else row[0]
            rows.append([{"text": runs(first), "tone": "group", "span": len(table.columns)}])
            continue
        cells: list[dict[str, Any]] = []
        place = 0
        for value in row:
            cell = value if isinstance(value, Cell) else Cell(value)
            cells.append({"text": runs.of_cell(cell, table.columns[place]),
                          "side": _side(table.columns[place])})  # fmt: skip
            if cell.tone:
                cells[-1]["tone"] = cell.tone
            if cell.note:
                cells[-1]["note"] = rendering.plain(cell.note)
            if cell.span > 1:
                cells[-1] |= {"span": cell.span, "side": "left"}
            place += cell.span
        rows.append(cells)
    return {
        "block": "table",
        "caption": rendering.caption(table),
        "titles": [rendering.plain(column.title) for column in table.columns],
        "sides": [_side(column) for column in table.columns],
        "widths": rendering.widths(table),
        "grid": table.grid,
        "rows": rows,
    }


def _side(column: Any) -> str:
    return "right" if column.number else "center" if column.kind == "centre" else "left"


class _Runs:
    """Pieces of text as the template takes them: text, and `b` or `g` where they are set."""

    def __init__(self, rendering: Rendering) -> None:
        self.rendering = rendering

    def __call__(self, text: Any) -> list[dict[str, Any]]:
        return [self._describe(run) for run in self.rendering.runs(text)]

    def of_cell(self, cell: Cell, column: Any) -> list[dict[str, Any]]:
        return [self._describe(run) for run in self.rendering.cell(cell, column)]

    @staticmethod
    def _describe(run: Any) -> dict[str, Any]:
        described: dict[str, Any] = {"t": run.text}
        if run.strong:
            described["b"] = True
        if run.muted:
            described["g"] = True
        return described
