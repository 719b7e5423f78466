"""What a document says, before anybody decides how it looks: one tree of content.

Terminal, Markdown, HTML, DOCX and PDF are rendered from the same tree by the modules of
`socaccess.documents`. A text is plain, or a `Phrase`: a key of the catalogue with its
values, put into words when the document is rendered. No mark-up is read out of any text.
Cells hold values, not formatted numbers; a column says what kind they are of.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from socaccess.inline import (
    DASH,
    Inline,
    Muted,
    Number,
    Phrase,
    Range,
    Reference,
    Share,
    Strong,
    make_visible,
)

if TYPE_CHECKING:
    from socaccess.i18n import Texts

__all__ = [
    "CREATED",
    "DASH",
    "Bar",
    "Bars",
    "Block",
    "Cell",
    "Column",
    "Contents",
    "Document",
    "Figure",
    "Heading",
    "Inline",
    "List",
    "Muted",
    "Number",
    "Pair",
    "Paragraph",
    "Phrase",
    "Range",
    "Reference",
    "Rendering",
    "Run",
    "Section",
    "Share",
    "Strong",
    "Table",
    "find_leads",
    "make_visible",
]

CREATED = dt.datetime(2020, 1, 1)
"""The date every file says it was made on: the same study gives the same bytes."""

_WIDTHS = (10.0, 44.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is more than its value.

    Parameters
    ----------
    value
        What stands in it.
    tone
        Fill: `full`, `most`, `few`, `none` (of people within the limit), `unknown`, `group`.
    note
        A second, smaller line.
    span
        How many columns it takes.
    formula
        How a spreadsheet comes to the value; see `socaccess.workbooks`.
    """

    value: Any
    tone: str = ""
    note: Inline = ""
    span: int = 1
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title
        Its heading.
    kind
        `text`, `number`, `minutes`, `share` or `centre` (text in the middle): how values
        that are plain numbers are shown. A text in a column of numbers is a mark that
        stands for one.
    width
        Its share of the width of the page, 1 by default; where no column of a table says
        any, all are measured from what stands in them.
    decimals
        Decimals of its numbers.
    """

    title: Inline
    kind: str = "text"
    width: float | None = None
    decimals: int = 0

    @property
    def number(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in ("number", "minutes", "share")


@dataclass(frozen=True)
class Table:
    """A table; a row of a single cell is a heading across all columns.

    Parameters
    ----------
    columns
        Its columns.
    rows
        Values or `Cell`s: texts, numbers, inline content, None where there is no value.
    caption
        Stands above it.
    key
        Name for a `Reference`.
    grid
        A matrix: narrow cells, filled side by side.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    caption: Inline = ""
    key: str = ""
    grid: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG) with what it shows in words, for those who cannot see it.

    `width` is the part of the line it takes (0-1).
    """

    svg: str
    alt: Inline
    caption: Inline
    width: float = 1.0
    key: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar: `part` (0-1) of its whole is marked."""

    label: Inline
    detail: Inline
    value: Inline
    total: Inline
    range: Inline
    part: float
    note: Inline = ""


@dataclass(frozen=True)
class Bars:
    """How much of several wholes; drawn on paper, a table elsewhere."""

    titles: tuple[Inline, Inline, Inline]
    items: tuple[Bar, ...]

    def to_table(self) -> Table:
        """Return the same as a table: what, how much, where."""
        columns = (
            Column(self.titles[0], width=3.0),
            Column(self.titles[1], "number", width=1.6),
            Column(self.titles[2], width=2.6),
        )
        rows = [
            (
                Cell(Strong(bar.label), note=bar.detail),
                Cell((Strong(bar.value), " ", bar.total), note=bar.range),
                bar.note,
            )
            for bar in self.items
        ]
        return Table(columns, rows)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` is `text`, `lead`, `note`, `warning` or `sign` (to be filled in)."""

    text: Inline
    kind: str = "text"


@dataclass(frozen=True)
class List:
    """A list of points."""

    items: tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """A small heading inside a section, not in the contents."""

    text: Inline


@dataclass(frozen=True)
class Contents:
    """The list of sections with their pages, where there are pages."""

    title: Inline


@dataclass(frozen=True)
class Pair:
    """Blocks beside blocks, where the page is wide enough; `ratio` is the left part."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]
    ratio: float = 0.5


@dataclass(frozen=True)
class Section:
    """A section with its heading; sections inside it are one level deeper."""

    title: Inline
    blocks: tuple[Block, ...]
    new_page: bool = False


Block = Paragraph | List | Table | Figure | Bars | Heading | Contents | Pair | Section
"""What a document is made of."""


@dataclass(frozen=True)
class Document:
    """A whole document.

    Parameters
    ----------
    lang
        Its language.
    title
        What it says or is.
    blocks
        Its content.
    subject
        Whom or what it is about; stands above the title.
    dateline
        Date, borders, sources in a line under the title.
    footer
        On every page.
    warning
        On every page, where it may not be passed on.
    numbered
        Whether sections, tables and figures bear numbers.

    Examples
    --------
    >>> document = Document("en", "Day care", (Paragraph(Share(0.57, 0.51, 0.63)),))
    >>> Rendering.of(document).plain(document.blocks[0].text)
    '57% (51–63%)'
    """

    lang: str
    title: Inline
    blocks: tuple[Block, ...]
    subject: Inline = ""
    dateline: Inline = ""
    footer: Inline = ""
    warning: Inline = ""
    numbered: bool = False

    def walk(self) -> Iterator[tuple[Block, int]]:
        """Yield every block with its depth (sections at 1), in the order of reading."""
        yield from _walk(self.blocks, 1)


def find_leads(blocks: Sequence[Block]) -> list[bool]:
    """Return of each block whether it is a paragraph that leads to a table, figure or section.

    Renderers keep it on the page of what it leads to.

    Examples
    --------
    >>> table = Table((Column("a"),), [("b",)])
    >>> find_leads([Paragraph("one"), table, Paragraph("two"), Paragraph("three"), table])
    [True, False, True, True, False]
    """
    found: list[bool] = []
    leads = False
    for block in reversed(blocks):
        is_text = isinstance(block, Paragraph) and block.kind in ("text", "lead")
        found.append(is_text and leads)
        leads = isinstance(block, Table | Figure | Section) or found[-1]
    return found[::-1]


def _walk(blocks: Sequence[Block], depth: int) -> Iterator[tuple[Block, int]]:
    for block in blocks:
        yield block, depth
        if isinstance(block, Section):
            yield from _walk(block.blocks, depth + 1)
        elif isinstance(block, Pair):
            yield from _walk(block.left, depth)
            yield from _walk(block.right, depth)


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line, in words."""

    text: str
    strong: bool = False
    muted: bool = False


@dataclass(frozen=True)
class Rendering:
    """Puts content into the words of one language; every renderer asks here.

    Parameters
    ----------
    texts
        The language.
    numbers
        What tables and figures are called, by key.
    """

    texts: Texts
    numbers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Rendering:
        """Return the rendering of a document, its tables and figures numbered."""
        from socaccess.i18n import Texts

        texts = Texts(document.lang)
        numbers: dict[str, str] = {}
        counts = {"table": 0, "figure": 0}
        for block, _ in document.walk():
            kind = {Table: "table", Figure: "figure"}.get(type(block), "")
            if document.numbered and kind and block.caption:  # type: ignore[union-attr]
                counts[kind] += 1
                name = block.key or f"#{id(block)}"  # type: ignore[union-attr]
                numbers[name] = texts(f"annex.reference_{kind}", n=counts[kind])
        return cls(texts, numbers)

    def caption(self, block: Table | Figure) -> str:
        """Return the caption of a table or figure, with its number where it has one."""
        caption = self.plain(block.caption)
        number = self.numbers.get(block.key or f"#{id(block)}")
        return f"{number} {caption}" if number and caption else caption

    def runs(self, text: Inline) -> list[Run]:
        """Return a text as pieces in words."""
        if isinstance(text, Strong):
            return [replace(run, strong=True) for run in self.runs(text.text)]
        if isinstance(text, Muted):
            return [replace(run, muted=True) for run in self.runs(text.text)]
        if isinstance(text, tuple):
            return [run for part in text for run in self.runs(part)]
        shown = self._word(text)
        return [Run(shown)] if shown else []

    def plain(self, text: Inline) -> str:
        """Return a text as one piece."""
        if isinstance(text, str):
            return make_visible(text)
        return "".join(run.text for run in self.runs(text))

    def _word(self, text: Any) -> str:
        if isinstance(text, str):
            return make_visible(text)
        if isinstance(text, Phrase):
            values = {name: self._fill(value) for name, value in text.values.items()}
            if text.n is not None:
                return self.texts.count(text.key, text.n, **values)
            return self.texts(text.key, **values)
        if isinstance(text, Reference):
            return self.numbers[text.key].rstrip(".") + "."
        if isinstance(text, Number):
            return self.texts.number(text.value, decimals=text.decimals)
        if isinstance(text, Share):
            return self._show_share(text)
        low, high = round(text.low), round(text.high)
        return self.texts.number(low) if low == high else self._span(low, high)

    def _fill(self, value: object) -> object:
        """Return a value as it stands in a phrase: numbers in the language, names visible."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            whole = float(value).is_integer() if value == value else True
            return self.texts.number(float(value), decimals=0 if whole else 1)
        return self.plain(value)  # type: ignore[arg-type]

    def _span(self, low: float, high: float) -> str:
        return f"{self.texts.number(low)}–{self.texts.number(high)}"

    def _show_share(self, share: Share) -> str:
        shown = self.percent(share.value)
        if share.value is None or share.low is None or share.high is None:
            return shown
        low, high = self.percent(share.low), self.percent(share.high)
        if low == high:
            return shown
        sign = high.lstrip("<>0123456789,.")
        return f"{shown} ({low.removesuffix(sign)}–{high})"

    def percent(self, value: float | None) -> str:
        """Return a share in whole per cents that no line breaks apart; 0 and 100 are exact."""
        if value is None or value != value:
            return DASH
        return self.texts.share(float(value)).replace(" ", "\u00a0")

    def cell(self, value: Any, column: Column | None = None) -> list[Run]:
        """Return the value of a cell as pieces in words."""
        if isinstance(value, Cell):
            value = value.value
        if isinstance(value, str):
            return [Run(make_visible(value))]
        if value is None or value != value:
            return [Run(DASH)]
        if isinstance(value, bool):
            return [Run(self.texts("tables.yes" if value else "tables.no"))]
        if hasattr(value, "__float__"):
            kind = "text" if column is None else column.kind
            if kind == "share":
                return [Run(self.percent(float(value)))]
            decimals = 0 if column is None else column.decimals
            return [Run(self.texts.number(float(value), decimals=decimals))]
        return self.runs(value)

    def cell_text(self, value: Any, column: Column | None = None) -> str:
        """Return the value of a cell as one piece, its note behind it."""
        text = "".join(run.text for run in self.cell(value, column))
        note = self.plain(value.note) if isinstance(value, Cell) and value.note else ""
        return f"{text} ({note})" if note else text

    def widths(self, table: Table) -> list[float]:
        """Return the width of every column: as given, or measured from what stands in it."""
        if any(column.width is not None for column in table.columns):
            return [1.0 if column.width is None else column.width for column in table.columns]
        found = []
        for place, column in enumerate(table.columns):
            own = [self.cell_text(row[place], column) for row in table.rows
                   if len(row) == len(table.columns)]  # fmt: skip
            # Long words do not break, and headings are bold: both ask for room.
            longest = [1.4 * len(word) for word in self.plain(column.title).split()]
            longest += [1.2 * len(word) for text in own for word in text.split()]
            longest += map(float, map(len, own))
            found.append(min(max([*longest, _WIDTHS[0]]), _WIDTHS[1]))
        return found
