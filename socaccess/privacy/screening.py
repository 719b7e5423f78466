"""Free text that says who somebody is or what ails them: found before it is kept or reported."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["KINDS", "MASK", "find_personal", "mask_personal"]

KINDS: Final = ("personal_code", "email", "phone", "health")
"""What is looked for."""

MASK: Final = "[…]"
"""What stands in place of it."""

_HEALTH = (
    "diagnoz", "šizofrēn", "sizofren", "depresij", "epilepsij", "demenc", "autis", "dauna sindrom",
    "bipolār", "psihoz", "alkoholi", "narkoman", "onkoloģ", "vēža slim", "hiv ", "aids slim",
    "hepatīt", "tuberkuloz", "parkinson", "alcheimer", "insult", "diabēt", "pašnāvīb", "cerebrāl",
    "diagnos", "schizophren", "depressi", "epilep", "dementia", "bipolar", "psychosis", "cancer",
    "hepatitis", "tuberculosis", "alzheimer", "diabet", "suicid", "cerebral palsy",
)  # fmt: skip
"""How the words of an illness begin, in Latvian and English, ends left open for the cases."""

_PATTERNS: Final = {
    # Eleven digits that begin with a day and a month, or with 32 (issued since 2017). Numbers of
    # enterprises have eleven digits too, and begin with 4, 5 or 9.
    "personal_code": re.compile(
        r"(?<!\d)(?:(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d|3[2-9]\d{4})\s?[-–]?\s?\d{5}(?!\d)"
    ),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    # Eight digits that begin with 2 or 6; a sum of money is none.
    "phone": re.compile(
        r"(?<![\d,.])(?:(?:\+|00)?371[\s-]?)?[26]\d(?:[\s-]?\d){6}(?!\d)"
        r"(?!\s*(?:EUR|eur|€|Ls|LVL))"
    ),
    "health": re.compile(
        r"\b(?:" + "|".join(map(re.escape, _HEALTH)) + r")\w*|\b[A-TV-Z]\d\d\.\d\b", re.IGNORECASE
    ),
}


def find_personal(text: str, *, health: bool = True) -> list[str]:
    """Return which kinds of personal data a text holds (`KINDS`), in that order.

    Parameters
    ----------
    text
        The text.
    health
        Whether words of illness count; of a facility's name and note they do not, since they say
        whom it is for.

    Examples
    --------
    >>> find_personal("Zvaniet 26 123 456, p.k. 010190-12345")
    ['personal_code', 'phone']
    >>> find_personal("SIA, reģ. nr. 40003000000, 20 000 000 EUR")
    []
    """
    return [kind for kind in KINDS
            if (health or kind != "health") and _PATTERNS[kind].search(text)]  # fmt: skip


def mask_personal(text: str, *, health: bool = True) -> str:
    """Return a text with `MASK` in place of all that `find_personal` finds.

    Examples
    --------
    >>> mask_personal("Rakstiet: anna@example.lv; dēlam ir autisms.")
    'Rakstiet: […]; dēlam ir […].'
    """
    for kind in find_personal(text, health=health):
        text = _PATTERNS[kind].sub(MASK, text)
    return text
