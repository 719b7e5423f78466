"""Documents and tables on the terminal: text only, no name is ever mark-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["print_document", "print_table"]


def print_document(document: Document, console: Console) -> None:
    """Print a document; drawings are left out, their captions stay.

    Examples
    --------
    >>> from rich.console import Console
    >>> from socaccess.content import Paragraph
    >>> print_document(Document("en", "Day care in Centrs [/b]", (Paragraph("None."),)),
    ...                Console(width=40, color_system=None))
    Day care in Centrs [/b]
    None.
    """
    rendering = Rendering.of(document)
    for text, style in (
        (document.warning, "bold"),
        (document.subject, "dim"),
        (document.title, "bold"),
        (document.dateline, "dim"),
    ):
        if text:
            console.print(_make_text(rendering, text, style), soft_wrap=True)
    _print_blocks(document.blocks, console, rendering)


def print_table(table: Table, console: Console, rendering: Rendering) -> None:
    """Print a table: numbers to the right, its caption above."""
    from rich.table import Table as Grid

    caption = rendering.caption(table)
    if caption:
        console.print(_make_text(rendering, caption, "bold"), soft_wrap=True)
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        grid.add_column(
            _make_text(rendering, column.title),
            justify="right" if column.number else "left",
            overflow="fold",
        )
    for row in table.rows:
        cells = [rendering.cell_text(value, column)
                 for value, column in zip(row, table.columns, strict=False)]  # fmt: skip
        style = "bold" if len(row) == 1 < len(table.columns) else ""
        grid.add_row(*(_make_text(rendering, cell) for cell in cells), style=style)
    console.print(grid)


def _print_blocks(blocks: tuple[Block, ...], console: Console, rendering: Rendering) -> None:
    for block in blocks:
        if isinstance(block, Section):
            console.print()
            console.print(_make_text(rendering, block.title, "bold"), soft_wrap=True)
            _print_blocks(block.blocks, console, rendering)
        elif isinstance(block, Pair):
            _print_blocks((*block.left, *block.right), console, rendering)
        elif isinstance(block, Table | Bars):
            table = block.to_table() if isinstance(block, Bars) else block
            print_table(table, console, rendering)
        elif isinstance(block, List):
            for item in block.items:
                console.print(_make_text(rendering, ("- ", item)), soft_wrap=True)
        elif isinstance(block, Paragraph):
            style = {"lead": "bold", "warning": "bold", "note": "dim"}.get(block.kind, "")
            console.print(_make_text(rendering, block.text, style), soft_wrap=True)
        elif isinstance(block, Heading):
            console.print(_make_text(rendering, block.text, "bold"), soft_wrap=True)
        elif isinstance(block, Figure):
            console.print(_make_text(rendering, rendering.caption(block), "dim"), soft_wrap=True)


def _make_text(rendering: Rendering, text: Any, style: str = "") -> Text:
    from rich.text import Text

    line = Text(style=style)
    for run in rendering.runs(text):
        line.append(run.text, "bold" if run.strong else "dim" if run.muted else "")
    return line
