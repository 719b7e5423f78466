"""Words of a plan's pages: names in Latvian cases, and the reasons of findings as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from socaccess.i18n import Texts
from socaccess.privacy import find_small, mark_above, mark_small, show_small
from socaccess.programme.eraf import Finding

__all__ = ["describe_finding", "join_names", "say_in", "say_of"]

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


_COUNTED = ("gap", "gain", "gain_here", "remaining", "everyone", "expected", "within",
            "expected_within")  # fmt: skip
_SHARES = ("share",)
_AMOUNTS = ("per_place",)


def describe_finding(finding: Finding, texts: Texts, *, below: int) -> str:
    """Return the reason of a finding as a sentence; small counts of persons are hidden."""
    values: dict[str, Any] = {}
    given = finding.values
    # English has no cases.
    of, within = (say_of, say_in) if texts.lang == "lv" else (str, str)
    left = np.array([given.get("remaining", np.nan)], dtype=float)
    for name, value in given.items():
        if name in ("gap", "gain", "gain_here") and find_small(left, below)[0]:
            # With the few who remain these would be one subtraction away.
            whole = given["gap"] if name != "gain" else value + left[0]
            values[name] = mark_above(whole, below) if value >= below else mark_small(below)
        elif name in _COUNTED:
            values[name] = _number(show_small(value, below), texts)
        elif name in _SHARES or (finding.check == "funding" and name in ("low", "high")):
            values[name] = texts.share(value)
        elif name == "municipality":
            values |= {f"{name}_of": of(value), f"{name}_in": within(value)}
        elif name == "names":
            values["names_of"] = join_names([of(word) for word in value], texts("plan.and"))
        elif name == "status":
            values[name] = texts(f"plan.object_{value}")
        elif name in _AMOUNTS or (finding.check == "cost" and name in ("low", "high", "median")):
            values[name] = texts.number(value)
        else:
            values[name] = value
    return texts(f"plan.eraf_{finding.reason}", **values)


def _number(value: object, texts: Texts) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return "–"
    return texts.number(float(value), decimals=0)  # type: ignore[arg-type]
