"""What a document says, before anybody decides how it looks: sections of blocks.

One content is written twice, as PDF by typst and as DOCX, so both say the same. All
texts are plain: no mark-up is read out of them anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Column", "Content", "Figure", "FigureRow", "List", "Paragraph", "Section", "Table"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` is `text`, `lead`, `note` or `warning`."""

    text: str
    kind: str = "text"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"block": "paragraph", "text": self.text, "kind": self.kind}


@dataclass(frozen=True)
class List:
    """A list of points."""

    items: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"block": "list", "items": list(self.items)}


@dataclass(frozen=True)
class Column:
    """A column: its heading, whether it holds numbers, and its share of the width."""

    title: str
    number: bool = False
    width: float = 1.0


@dataclass(frozen=True)
class Table:
    """A table; a row of one text is a heading across all columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "block": "table",
            "caption": self.caption,
            "titles": [column.title for column in self.columns],
            "numbers": [column.number for column in self.columns],
            "widths": [column.width for column in self.columns],
            "rows": [list(row) for row in self.rows],
        }


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG) with what it shows in words, for those who cannot see it.

    `width` is the part of the line it takes (0-1).
    """

    svg: str
    alt: str
    caption: str
    width: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"block": "figure", "svg": self.svg, "alt": self.alt, "caption": self.caption,
                "width": self.width}  # fmt: skip


@dataclass(frozen=True)
class FigureRow:
    """Drawings side by side."""

    figures: tuple[Figure, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"block": "figures", "figures": [figure.to_dict() for figure in self.figures]}


Block = Paragraph | List | Table | Figure | FigureRow


@dataclass(frozen=True)
class Section:
    """A section with its heading."""

    title: str
    blocks: tuple[Block, ...]
    level: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"title": self.title, "level": self.level,
                "blocks": [block.to_dict() for block in self.blocks]}  # fmt: skip


@dataclass(frozen=True)
class Content:
    """A whole document."""

    lang: str
    title: str
    area: str
    subtitle: str
    footer: str
    page: str
    warning: str = ""
    sections: tuple[Section, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "lang": self.lang,
            "title": self.title,
            "area": self.area,
            "subtitle": self.subtitle,
            "footer": self.footer,
            "page": self.page,
            "warning": self.warning,
            "sections": [section.to_dict() for section in self.sections],
        }
