"""A document as one HTML page that asks the network for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from socaccess.content import (
    Bars,
    Block,
    Cell,
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

__all__ = ["render_html", "render_html_table"]

_STYLE = """
body{font:16px/1.45 Carlito,Calibri,sans-serif;color:#17222b;max-width:60rem;margin:2rem auto;
padding:0 1rem}h1{font-size:1.7rem;line-height:1.2}h2{font-size:1.3rem}h3{font-size:1.05rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:1rem 0}
caption,figcaption{text-align:left;font-weight:700;color:#52606b;font-size:.85rem}
th,td{padding:.25rem .4rem;border-bottom:1px solid #c9cfd3;text-align:left;vertical-align:top}
thead th{border-bottom:2px solid #17222b}.number{text-align:right}.centre{text-align:center}
.note,.muted,small{color:#52606b;font-size:.85rem}.lead{font-weight:700;font-size:1.1rem}
.warning{border:2px solid #8c4a1c;padding:.5rem;font-weight:700}figure{margin:1rem 0}
figure svg{max-width:100%;height:auto}.full{background:#f7f4ea}.most{background:#eee4cb}
.few{background:#f2cd97}.none{background:#e0a06a}.unknown{background:#edf0f1}
.group{background:#f4f5f6}@media(min-width:50rem){.pair{display:flex;gap:1.5rem}.pair>*{flex:1}}
"""

_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


def render_html(document: Document) -> str:
    """Return a document as a page of its own.

    Examples
    --------
    >>> page = render_html(Document("en", "Day care <b>", ()))
    >>> "<h1>Day care &lt;b&gt;</h1>" in page
    True
    """
    rendering = Rendering.of(document)
    parts = [
        f'<!doctype html><html lang="{document.lang}"><head><meta charset="utf-8">',
        _POLICY,
        f"<title>{escape(rendering.plain(document.title))}</title><style>{_STYLE}</style>",
        "</head><body><main>",
    ]
    if document.warning:
        parts.append(f'<p class="warning">{_write(rendering, document.warning)}</p>')
    if document.subject:
        parts.append(f'<p class="muted">{_write(rendering, document.subject)}</p>')
    parts.append(f"<h1>{_write(rendering, document.title)}</h1>")
    if document.dateline:
        parts.append(f'<p class="muted">{_write(rendering, document.dateline)}</p>')
    parts += _write_blocks(document.blocks, rendering, 2)
    parts.append("</main></body></html>")
    return "\n".join(parts) + "\n"


def render_html_table(table: Table, rendering: Rendering) -> str:
    """Return a table as HTML."""
    caption = escape(rendering.caption(table))
    head = "".join(
        f'<th scope="col"{_classes(_side(column))}>{_write(rendering, column.title)}</th>'
        for column in table.columns
    )
    rows = []
    for row in table.rows:
        if len(row) == 1 < len(table.columns):
            span = f' colspan="{len(table.columns)}" scope="rowgroup"'
            rows.append(f'<tr><th{span} class="group">{_write_cell(row[0], rendering)}</th></tr>')
            continue
        cells, place = [], 0
        for value in row:
            column = table.columns[place]
            cell = value if isinstance(value, Cell) else Cell(value)
            span = f' colspan="{cell.span}"' if cell.span > 1 else ""
            cells.append(f"<td{span}{_classes(_side(column), cell.tone)}>"
                         f"{_write_cell(cell, rendering, column)}</td>")  # fmt: skip
            place += cell.span
        rows.append(f"<tr>{''.join(cells)}</tr>")
    above = f"<caption>{caption}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _write_blocks(blocks: tuple[Block, ...], rendering: Rendering, level: int) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Section):
            yield f"<section><h{level}>{_write(rendering, block.title)}</h{level}>"
            yield from _write_blocks(block.blocks, rendering, min(level + 1, 6))
            yield "</section>"
        elif isinstance(block, Pair):
            yield '<div class="pair"><div>'
            yield from _write_blocks(block.left, rendering, level)
            yield "</div><div>"
            yield from _write_blocks(block.right, rendering, level)
            yield "</div></div>"
        elif isinstance(block, Heading):
            yield f"<h{level}>{_write(rendering, block.text)}</h{level}>"
        elif isinstance(block, Table | Bars):
            table = block.to_table() if isinstance(block, Bars) else block
            yield render_html_table(table, rendering)
        elif isinstance(block, List):
            items = "".join(f"<li>{_write(rendering, item)}</li>" for item in block.items)
            yield f"<ul>{items}</ul>"
        elif isinstance(block, Paragraph):
            yield f"<p{_classes(block.kind)}>{_write(rendering, block.text)}</p>"
        elif isinstance(block, Figure):
            alt = escape(rendering.plain(block.alt), quote=True)
            drawing = block.svg.replace("<svg ", f'<svg role="img" aria-label="{alt}" ', 1)
            caption = escape(rendering.caption(block))
            yield f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>"


def _side(column: Any) -> str:
    return "number" if column.number else "centre" if column.kind == "centre" else ""


def _classes(*names: str) -> str:
    given = " ".join(name for name in names if name and name != "text")
    return f' class="{given}"' if given else ""


def _write_cell(value: Any, rendering: Rendering, column: Any = None) -> str:
    text = "".join(_wrap(run) for run in rendering.cell(value, column))
    note = value.note if isinstance(value, Cell) else ""
    return f"{text}<br><small>{_write(rendering, note)}</small>" if note else text


def _write(rendering: Rendering, text: Any) -> str:
    return "".join(_wrap(run) for run in rendering.runs(text))


def _wrap(run: Any) -> str:
    words = escape(run.text)
    if run.strong:
        return f"<strong>{words}</strong>"
    return f'<span class="muted">{words}</span>' if run.muted else words
