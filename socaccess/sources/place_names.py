"""Names of places in texts: kinds and abbreviations, streets, endings of Latvian nouns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from socaccess.i18n import fold

__all__ = ["Part", "fold_name", "list_parts", "stem_name", "strip_kind"]

# Letters that have no decomposition in Unicode.
_PLAIN = str.maketrans({"ħ": "h", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "ı": "i"})

_KINDS = {
    "municipality": ("nov", "novads", "novada", "novadu", "rajons", "raj", "county",
                     "municipality", "council"),
    "parish": ("pag", "pagasts", "pagasta", "pagastu", "parish"),
    "town": ("pils", "pilseta", "pilsetas", "town", "city", "valstspilseta"),
    "village": ("ciems", "ciema", "c", "village"),
    "neighbourhood": ("apkaime", "apkaimes", "neighbourhood"),
}  # fmt: skip
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words}

_STREETS = frozenset(
    ("iela", "ielas", "prospekts", "bulvaris", "laukums", "soseja", "aleja", "gatve", "cels",
     "dambis", "linija", "krastmala", "street", "st", "road", "rd", "avenue", "square", "lane",
     "triq")
)  # fmt: skip
_POSTCODE = re.compile(r"\b[A-Z]{2,3}[- ]?\d{4}\b|\b\d{5}\b", re.IGNORECASE)
_SIGNS = re.compile(r"[^\w]+|_")
_NUMBER = re.compile(r"\d+\w?(?:[-/]\d+\w?)*")

# Endings of a noun's cases after folding; the locative ends on a long vowel, which is folded.
_ENDING = re.compile(r"(?:iem|am|as|es|is|os|us|im|um|em|ai|ei|a|e|i|o|u|s)$")


@dataclass(frozen=True)
class Part:
    """A piece of an address that may name a place.

    Parameters
    ----------
    name
        The name as written, without the word for its kind.
    kind
        `municipality`, `parish`, `town`, `village`, `neighbourhood`, or empty.
    numbered
        Whether the number of a house followed it.
    """

    name: str
    kind: str
    numbered: bool


def list_parts(text: str) -> list[Part]:
    """Return the pieces of an address that may name places, streets left out.

    Examples
    --------
    >>> [(part.name, part.kind) for part in list_parts("Torņa iela 6, Ciblas pag., Ludzas nov.")]
    [('Ciblas', 'parish'), ('Ludzas', 'municipality')]
    """
    parts = _make_part(text.split(), "") if _is_one_name(text) else []
    for piece in re.split(r"[,;\n()\"„“”]", _POSTCODE.sub(" ", text)):
        words: list[str] = []
        for word in piece.split():
            plain = fold_name(word)
            # The word for a kind follows the name in Latvian and mostly in English.
            if plain in _KIND_OF and words:
                parts += _make_part(words, _KIND_OF[plain])
                words = []
            elif plain not in _KIND_OF:
                words.append(word)
        parts += _make_part(words, "")
    return parts


def strip_kind(name: str) -> str:
    """Return a name without the word for its kind.

    Examples
    --------
    >>> strip_kind("Ludzas novads"), strip_kind("Daugavpils")
    ('Ludzas', 'Daugavpils')
    """
    words = [word for word in name.split() if fold_name(word) not in _KIND_OF]
    return " ".join(words) or name


def fold_name(name: str) -> str:
    """Return a name in lower case without diacritics and signs, one space between words."""
    return " ".join(_SIGNS.sub(" ", fold(name).translate(_PLAIN)).split())


def stem_name(name: str) -> str:
    """Return a name without the endings of its cases, for comparing.

    Examples
    --------
    >>> {stem_name(name) for name in ("Rēzekne", "Rēzeknē", "Rēzeknes")}
    {'rezekn'}
    """
    return " ".join(_ENDING.sub("", word) or word for word in fold_name(name).split())


def _is_one_name(text: str) -> bool:
    """Return whether a text holds signs that part an address but may belong to a name."""
    return bool(re.search(r"[()\"„“”]", text)) and not re.search(r"[,;\n\d]", text)


def _make_part(words: list[str], kind: str) -> list[Part]:
    if any(fold_name(word) in _STREETS for word in words):
        return []
    named = [word for word in words if not _NUMBER.fullmatch(word.strip("."))]
    return [Part(" ".join(named), kind, len(named) < len(words))] if named else []
