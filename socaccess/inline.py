"""What may stand in a line of text: words, phrases of the catalogue, numbers with their bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "DASH",
    "Inline",
    "Muted",
    "Number",
    "Phrase",
    "Range",
    "Reference",
    "Share",
    "Strong",
    "make_visible",
]

DASH = "–"
"""Stands where there is no value."""

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def make_visible(text: str) -> str:
    r"""Return a text with control characters and line separators as they are written in code.

    Examples
    --------
    >>> make_visible("Centrs [/b]\u2028<i>")
    'Centrs [/b]\\u2028<i>'
    """
    if _HIDDEN.search(text) is None:
        return text
    return _HIDDEN.sub(lambda at: at[0].encode("unicode_escape").decode("ascii"), text)


class Phrase:
    """A text of the catalogue and the values that are filled in.

    Parameters
    ----------
    key
        Key of the catalogue, as `Texts` takes it.
    n
        Chooses the plural form, where the text has several.
    values
        Names, numbers, or other inline content.

    Examples
    --------
    >>> from socaccess.content import Rendering
    >>> from socaccess.i18n import Texts
    >>> Rendering(Texts("en")).plain(Phrase("annex.column.municipality"))
    'Municipality'
    """

    __slots__ = ("key", "n", "values")

    def __init__(self, key: str, /, *, n: float | None = None, **values: object) -> None:
        self.key = key
        self.n = n
        self.values: Mapping[str, object] = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phrase) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Phrase({self.key!r}, n={self.n!r}, {dict(self.values)!r})"


@dataclass(frozen=True, slots=True)
class Strong:
    """Inline content in bold."""

    text: Inline


@dataclass(frozen=True, slots=True)
class Muted:
    """Inline content in grey."""

    text: Inline


@dataclass(frozen=True, slots=True)
class Reference:
    """The number of a table or figure: "Table 1"."""

    key: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a fixed count of decimals; None where it is not known."""

    value: float | None
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """A share (0-1), with its bounds where they are known: "57 % (51-63 %)".

    0 and 100 % stand only where they are exact.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """From a low to a high number, whole ones."""

    low: float
    high: float


Inline = str | Phrase | Strong | Muted | Reference | Number | Share | Range | tuple["Inline", ...]
"""What may stand in a line of text."""
