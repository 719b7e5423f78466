"""Documents and tables on the terminal: text only, no name is ever mark-up."""

from __future__ import annotations

from collections.abc import Sequence
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

GAP = 2
"""Blanks between columns."""


TITLE_LINES = 3
"""About so many lines a title takes."""

NUMBER, NUMBER_SIGNS = frozenset("0123456789–<>≥-"), 24
"""How a number begins, and how many signs it has at most."""


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
            _print_line(console, rendering, text, style)
    _print_blocks(document.blocks, console, rendering)


def print_table(table: Table, console: Console, rendering: Rendering) -> None:
    """Print a table: numbers to the right, its caption above."""
    from rich.table import Table as Grid

    caption = rendering.caption(table)
    if caption:
        _print_line(console, rendering, caption, "bold")
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    rows = [
        [
            rendering.cell_text(value, column)
            for value, column in zip(row, table.columns, strict=False)
        ]
        for row in table.rows
    ]
    titles = [rendering.plain(column.title) for column in table.columns]
    texts = [
        [title, *(row[at] for row in rows if at < len(row))] for at, title in enumerate(titles)
    ]
    # A number stays in one piece, with its bounds and its unit.
    pieces = [
        [piece for text in own for piece in _split(text, whole=column.number)]
        for column, own in zip(table.columns, texts, strict=True)
    ]
    for column, width in zip(table.columns, _share_out(texts, pieces, console.width), strict=True):
        grid.add_column(
            _make_text(rendering, column.title),
            justify="right" if column.number else "left",
            overflow="fold",
            width=width,
        )
    for row, cells in zip(table.rows, rows, strict=True):
        style = "bold" if len(row) == 1 < len(table.columns) else ""
        grid.add_row(*(_make_text(rendering, cell) for cell in cells), style=style)
    console.print(grid)


def _split(text: str, *, whole: bool) -> list[str]:
    """Return the words of a text; a number with its bounds and its unit is one."""
    return [text] if whole and text[:1] in NUMBER and len(text) <= NUMBER_SIGNS else text.split()


def _share_out(
    texts: Sequence[Sequence[str]], pieces: Sequence[Sequence[str]], room: int
) -> list[int]:
    """Return the width of every column: pieces stay whole as long as there is room for that."""
    from rich.cells import cell_len

    room -= GAP * (len(texts) - 1)
    wanted = [max(map(cell_len, column)) for column in texts]
    in_cells = [max(map(cell_len, column[1:]), default=1) for column in texts]
    words = [
        max([*map(cell_len, parts), -(-cell_len(column[0]) // TITLE_LINES), 1])
        for column, parts in zip(texts, pieces, strict=True)
    ]
    longest = max(words, default=1)
    while longest > 1 and sum(min(word, longest) for word in words) > room:
        longest -= 1
    least = [min(word, longest) for word in words]

    def fill(level: int) -> list[int]:
        return [max(width, min(wish, level)) for wish, width in zip(in_cells, least, strict=True)]

    # What is left makes the narrowest columns whole first, long texts break anyhow; titles last.
    level = max((one for one in range(1, room + 1) if sum(fill(one)) <= room), default=1)
    widths = fill(level)
    spare = room - sum(widths)
    for at, wish in enumerate(wanted):
        more = max(min(wish - widths[at], spare), 0)
        widths[at], spare = widths[at] + more, spare - more
    return widths


def _print_blocks(blocks: tuple[Block, ...], console: Console, rendering: Rendering) -> None:
    for block in blocks:
        if isinstance(block, Section):
            console.print()
            _print_line(console, rendering, block.title, "bold")
            _print_blocks(block.blocks, console, rendering)
        elif isinstance(block, Pair):
            _print_blocks((*block.left, *block.right), console, rendering)
        elif isinstance(block, Table | Bars):
            table = block.to_table() if isinstance(block, Bars) else block
            print_table(table, console, rendering)
        elif isinstance(block, List):
            for item in block.items:
                _print_line(console, rendering, ("- ", item))
        elif isinstance(block, Paragraph):
            style = {"lead": "bold", "warning": "bold", "note": "dim"}.get(block.kind, "")
            _print_line(console, rendering, block.text, style)
        elif isinstance(block, Heading):
            _print_line(console, rendering, block.text, "bold")
        elif isinstance(block, Figure):
            _print_line(console, rendering, rendering.caption(block), "dim")


def _print_line(console: Console, rendering: Rendering, text: Any, style: str = "") -> None:
    # Where nobody watches a line stays whole; a terminal would break it within words.
    line = _make_text(rendering, text, style)
    console.print(line, soft_wrap=not console.is_terminal)


def _make_text(rendering: Rendering, text: Any, style: str = "") -> Text:
    from rich.text import Text

    line = Text(style=style)
    for run in rendering.runs(text):
        line.append(run.text, "bold" if run.strong else "dim" if run.muted else "")
    return line
