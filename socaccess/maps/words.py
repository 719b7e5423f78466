"""Words of the map that a code chooses, and counts of persons as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socaccess.i18n import Texts

__all__ = ["capitalise", "find_figures", "name_code", "persons_text"]


def capitalise(text: str) -> str:
    """Return `text` with its first letter as a capital, the rest as it is."""
    return text[:1].upper() + text[1:]


_FIGURE = re.compile(r"[≥<>]?\s?[\d\s,.]*\d(\s?%)?|[–…]")


def find_figures(rows: list[list[str]]) -> list[bool]:
    """Return of each column of a table of texts whether figures stand in it and nothing else.

    Examples
    --------
    >>> find_figures([["Ludza", "≥ 15", "12 → 9"], ["Rēzekne", "…", "–"]])
    [False, True, True]
    """
    return [
        all(_FIGURE.fullmatch(part) for cell in column for part in cell.split(" → "))
        for column in zip(*rows, strict=True)
    ]


def name_code(texts: Texts, family: str, code: object) -> str:
    """Return the text of a code of `family`, or the code itself where there is none.

    Examples
    --------
    >>> from socaccess.i18n import Texts
    >>> name_code(Texts("en"), "kind", "settlement"), name_code(Texts("en"), "kind", "x")
    ('settlement', 'x')
    """
    return str(texts.family(f"map.{family}.").get(str(code), code))


def persons_text(texts: Texts, shown: int | str | None) -> str:
    """Return a count as a release shows it, in words where it is not a number.

    Examples
    --------
    >>> from socaccess.i18n import Texts
    >>> [persons_text(Texts("en"), shown) for shown in (12, "<5", ">384", "…", None)]
    ['12', 'fewer than 5', 'more than 384', 'not shown', '–']
    """
    if not isinstance(shown, str):
        return texts.number(shown)
    key = _MARKS.get(shown[:1])
    return texts("map.untold") if key is None else texts(key, n=shown[1:])


_MARKS = {"<": "map.below", "≥": "map.withheld", ">": "map.above"}
