"""Words of the map that a code chooses, and counts of persons as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socaccess.i18n import Texts

__all__ = ["FAMILIES", "name_code", "persons_text"]

FAMILIES = (
    "basis", "block", "column", "facility_status", "group", "kind", "layer", "objective",
    "paper", "plan_status", "precision", "reason", "scenario", "scenario_short", "scope",
    "settlement_kind", "status", "status_index", "view",
)  # fmt: skip
"""Families of keys of `locale/*/map.json`: "family.code", where the code is data.

Only `name_code` and `say.code` of the page put such keys together.
"""


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
    """Return a count as a release shows it as text: a number, a mark or a dash."""
    return shown if isinstance(shown, str) else texts.number(shown)
