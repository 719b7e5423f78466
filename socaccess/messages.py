"""Sentences people read about what went wrong: codes in the code, words in the catalogues.

`locale/<lang>/errors.json` holds one object per package; an entry is a sentence, or an
object of `what` (is wrong) and `do` (about it). `"siting.no_candidate"` is the entry
`no_candidate` of `siting`. Placeholders are the names of the values a message carries.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Any

__all__ = [
    "DEFAULT_LANGUAGE",
    "SHOWN",
    "Message",
    "is_code",
    "join_values",
    "name_line",
    "show_value",
]

DEFAULT_LANGUAGE = "en"
SHOWN = 5


class Message:
    """One sentence in any language: its code and the values that are filled in.

    Parameters
    ----------
    code
        `section.name` of the catalogue of errors.
    values
        Numbers, names, lists, or other messages; never words of a language.

    Examples
    --------
    >>> line = Message("common.line", number=3)
    >>> line.text("en"), line.text("lv")
    ('line 3', '3. rinda')
    """

    __slots__ = ("code", "values")

    def __init__(self, code: str, /, **values: object) -> None:
        self.code = code
        self.values: Mapping[str, object] = values

    def text(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return the sentence in `lang`; without what to do about it."""
        return _fill(_find(lang, self.code)[0], self.values, lang)

    def advice(self, lang: str = DEFAULT_LANGUAGE) -> str:
        """Return what to do about it, or an empty text."""
        return _fill(_find(lang, self.code)[1], self.values, lang)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {dict(self.values)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.code, self.values) == (other.code, other.values)

    def __hash__(self) -> int:
        return hash(self.code)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, dict(self.values))


def _rebuild(code: str, values: dict[str, object]) -> Message:
    return Message(code, **values)


def is_code(text: str, lang: str = DEFAULT_LANGUAGE) -> bool:
    """Return whether `text` is the code of a sentence."""
    return text in _load(lang)


def name_line(number: int) -> Message:
    """Return how a line of a file is called in a finding.

    Examples
    --------
    >>> name_line(3).text("lv")
    '3. rinda'
    """
    return Message("common.line", number=number)


def show_value(value: object, lang: str = DEFAULT_LANGUAGE) -> str:
    """Return a value as it stands in a sentence: one line, numbers with the language's mark.

    Examples
    --------
    >>> show_value(2.5, "lv"), show_value(["Ludza", "Zilupe"]), show_value(3.0)
    ('2,5', 'Ludza, Zilupe', '3')
    """
    if isinstance(value, Message):
        return value.text(lang)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        shown = f"{value:.10g}"
        return shown.replace(".", ",") if lang == "lv" else shown
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return join_values(sorted(value, key=str) if isinstance(value, (set, frozenset)) else value,
                           lang)  # fmt: skip
    return "".join(_escape(letter) for letter in str(value))


def join_values(values: Iterable[object], lang: str = DEFAULT_LANGUAGE) -> str:
    """Return the first five values, and an ellipsis where there are more."""
    shown = [show_value(value, lang) for value in values]
    return ", ".join(shown[:SHOWN]) + (", ..." if len(shown) > SHOWN else "")


def _escape(letter: str) -> str:
    """Return a character; control characters and line separators as they are written in code."""
    if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp"):
        return letter.encode("unicode_escape").decode("ascii")
    return letter


def _fill(text: str, values: Mapping[str, object], lang: str) -> str:
    return text.format(**{name: show_value(value, lang) for name, value in values.items()})


def _find(lang: str, code: str) -> tuple[str, str]:
    entry = _load(lang).get(code) or _load(DEFAULT_LANGUAGE).get(code)
    if entry is None:
        raise KeyError(f"no sentence {code!r} in locale/{lang}/errors.json")
    return entry


@cache
def _load(lang: str) -> dict[str, tuple[str, str]]:
    file = resources.files("socaccess") / "locale" / lang / "errors.json"
    found = {}
    for section, entries in json.loads(file.read_text(encoding="utf-8")).items():
        for name, entry in entries.items():
            parts = entry if isinstance(entry, dict) else {"what": entry}
            found[f"{section}.{name}"] = (parts["what"], parts.get("do", ""))
    return found
