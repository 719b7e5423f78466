"""Names of municipalities in the Latvian cases that sentences need."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["join_names", "say_in", "say_of"]

_OF = (("novads", "novada"), ("a", "as"), ("e", "es"))
_IN = (("novads", "novadā"), ("pils", "pilī"), ("a", "ā"), ("e", "ē"))


def say_of(name: str) -> str:
    """Return a municipality's name in the genitive.

    Examples
    --------
    >>> [say_of(name) for name in ("Ludzas novads", "Rēzekne", "Liepāja", "Daugavpils")]
    ['Ludzas novada', 'Rēzeknes', 'Liepājas', 'Daugavpils']
    """
    return _change(name, _OF)


def say_in(name: str) -> str:
    """Return a municipality's name in the locative.

    Examples
    --------
    >>> [say_in(name) for name in ("Ludzas novads", "Rēzekne", "Liepāja", "Daugavpils")]
    ['Ludzas novadā', 'Rēzeknē', 'Liepājā', 'Daugavpilī']
    """
    return _change(name, _IN)


def join_names(names: Sequence[str], last: str) -> str:
    """Return names as in a sentence, the last after a word such as `un`.

    Examples
    --------
    >>> join_names(["A", "B", "C"], "un"), join_names(["A"], "un")
    ('A, B un C', 'A')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def _change(name: str, endings: Sequence[tuple[str, str]]) -> str:
    for old, new in endings:
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name
