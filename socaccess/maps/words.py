"""Words of the map that a code chooses, and counts of persons as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socaccess.i18n import Texts

__all__ = ["FAMILIES", "capitalise", "name_code", "persons_text"]

FAMILIES = (
    "basis", "block", "column", "facility_status", "group", "kind", "layer", "legend_share",
    "note", "objective",
    "group_short", "paper", "plan_status", "precision", "reason", "scenario", "scenario_short",
    "scope", "settlement_kind", "status", "status_index", "tab",
)  # fmt: skip
"""Families of keys of `locale/*/map.json`: "family.code", where the code is data.

Only `name_code` and `say.code` of the page put such keys together.
"""


def capitalise(text: str) -> str:
    """Return `text` with its first letter as a capital, the rest as it is."""
    return text[:1].upper() + text[1:]


def name_code(texts: Texts, family: str, code: object) -> str:
    """Return the text of a code of `family`, or the code itself where there is none.

    Examples
    --------
    >>> from socaccess.i18n import Texts
    >>> name_code(Texts("en"), "kind", "settlement"), name_code(Texts("en"), "kind", "x")
    ('settlement', 'x')
    """
    if family not in FAMILIES:
        raise KeyError(family)
    known = texts.raw(f"map.{family}.")
    return str(known.get(str(code), code))


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
