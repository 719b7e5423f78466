"""A document as Markdown: what would be mark-up in a name is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from socaccess.content import (
    Bars,
    Block,
    Document,
    Figure,
    Heading,
    List,
    Pair,
    Paragraph,
    Rendering,
    Section,
    Table,
)

__all__ = ["render_markdown", "render_table"]

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|#~&])")
_LINE_START = re.compile(r"^(\s*)([-+]|\d+[.)])(?=\s)")


def render_markdown(document: Document) -> str:
    r"""Return a document as Markdown; drawings by their alternative texts.

    Examples
    --------
    >>> from socaccess.content import Paragraph
    >>> print(render_markdown(Document("en", "Care", (Paragraph("a *b*", "lead"),))))
    # Care
    <BLANKLINE>
    **a \*b\***
    <BLANKLINE>
    """
    rendering = Rendering.of(document)
    lines = [f"# {_write(rendering, document.title)}"]
    above = (document.subject, document.dateline)
    lines += [_write(rendering, text) for text in above if text]
    if document.warning:
        lines.append(f"**{_write(rendering, document.warning)}**")
    lines += _write_blocks(document.blocks, rendering, 2)
    return "\n\n".join(lines) + "\n"


def render_table(table: Table, rendering: Rendering) -> str:
    r"""Return a table as Markdown.

    Examples
    --------
    >>> from socaccess.content import Column
    >>> from socaccess.i18n import Texts
    >>> table = Table((Column("a"), Column("b", "number")), (("x|y", 1),))
    >>> print(render_table(table, Rendering(Texts("en"))))
    | a | b |
    | --- | ---: |
    | x\|y | 1 |
    """
    lines = [[_write(rendering, column.title) for column in table.columns]]
    lines.append(["---:" if column.number else "---" for column in table.columns])
    for row in table.rows:
        cells = [_escape(rendering.cell_text(value, column))
                 for value, column in zip(row, table.columns, strict=False)]  # fmt: skip
        if len(row) == 1 < len(table.columns):
            cells = [f"**{cells[0]}**"]
        lines.append([*cells, *[""] * (len(table.columns) - len(cells))])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _write_blocks(blocks: tuple[Block, ...], rendering: Rendering, level: int) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Section):
            yield f"{'#' * level} {_write(rendering, block.title)}"
            yield from _write_blocks(block.blocks, rendering, level + 1)
        elif isinstance(block, Pair):
            yield from _write_blocks((*block.left, *block.right), rendering, level)
        elif isinstance(block, Heading):
            yield f"{'#' * level} {_write(rendering, block.text)}"
        elif isinstance(block, Table | Bars):
            table = block.to_table() if isinstance(block, Bars) else block
            caption = _escape(rendering.caption(table))
            if caption:
                yield f"**{caption}**"
            yield render_table(table, rendering)
        elif isinstance(block, List):
            yield "\n".join(f"- {_write(rendering, item)}" for item in block.items)
        elif isinstance(block, Paragraph):
            text = _write(rendering, block.text)
            yield f"**{text}**" if block.kind in ("lead", "warning") else text
        elif isinstance(block, Figure):
            yield f"**{_escape(rendering.caption(block))}** {_write(rendering, block.alt)}"


def _write(rendering: Rendering, text: Any) -> str:
    pieces = []
    for run in rendering.runs(text):
        words = _escape(run.text)
        pieces.append(f"**{words}**" if run.strong else words)
    return _LINE_START.sub(r"\1\\\2", "".join(pieces))


def _escape(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text)
