"""Names: how rows are called in findings, and which known name was meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import pandas as pd

from socaccess.errors import Problem
from socaccess.i18n import fold
from socaccess.messages import Message
from socaccess.schemas.forms import TableForm

__all__ = ["RowNames", "find_unknown", "name_rows", "pick_rows", "suggest_message", "suggest_names"]

_LEAST_LIKENESS = 60.0


class RowNames(Sequence[Message]):
    """How a user knows the rows of a file: a kind (line, row, feature) and a number for each.

    Parameters
    ----------
    kind
        Code of the sentence, such as `common.line`.
    numbers
        The number of each row.

    Examples
    --------
    >>> str(RowNames("common.line", [2, 3, 5])[2])
    'line 5'
    """

    def __init__(self, kind: str, numbers: Sequence[int] | np.ndarray) -> None:
        self.kind = kind
        self.numbers = np.asarray(numbers, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> RowNames: ...
    def __getitem__(self, index: int | slice) -> Message | RowNames:
        if isinstance(index, slice):
            return RowNames(self.kind, self.numbers[index])
        return Message(self.kind, number=int(self.numbers[index]))

    def take(self, rows: np.ndarray) -> RowNames:
        """Return the names of some rows, by position or mask."""
        return RowNames(self.kind, self.numbers[rows])


def suggest_names(name: str, known: Sequence[str], *, most: int = 3) -> list[str]:
    """Return the known names nearest to `name`, with or without diacritics.

    Examples
    --------
    >>> suggest_names("Rezekne", ["Rēzekne", "Rēzeknes novads", "Rīga"], most=1)
    ['Rēzekne']
    """
    from rapidfuzz import fuzz, process
    from rapidfuzz.distance import Levenshtein

    by_fold: dict[str, str] = {}
    for candidate in known:
        by_fold.setdefault(fold(candidate), candidate)
    asked = fold(name)
    near = process.extract(
        asked, list(by_fold), scorer=fuzz.ratio, score_cutoff=_LEAST_LIKENESS, limit=None
    )
    # Of names equally alike the one with the fewest letters changed in place goes first.
    near.sort(key=lambda each: (-each[1], Levenshtein.distance(asked, each[0])))
    return [by_fold[match] for match, _, _ in near[:most]]


def suggest_message(name: str, known: Sequence[str], *, most: int = 1) -> Message:
    """Return which known names may be meant by one that is unknown, as what to do about it."""
    near = suggest_names(name, known, most=most)
    if near:
        return Message("schemas.did_you_mean", names=near)
    return Message("schemas.known_are", names=[str(value) for value in known])


def name_rows(
    frame: pd.DataFrame, form: TableForm, row_names: Sequence[object] | None
) -> Sequence[object]:
    """Return how the owner of the table knows its rows: as stated, by id, or by number."""
    if row_names is not None:
        return row_names
    numbered = RowNames("common.row", range(1, len(frame) + 1))
    identity = next((column.name for column in form.columns if column.unique), None)
    if identity not in frame:
        return numbered
    return [
        numbered[row] if pd.isna(value) or not str(value).strip() else str(value)
        for row, value in enumerate(frame[identity])
    ]


def pick_rows(
    names: Sequence[object], mask: np.ndarray | pd.Series, values: pd.Series | None = None
) -> list[object]:
    """Return the names of the rows where `mask` is set, with their values where asked for."""
    rows = np.flatnonzero(np.asarray(mask, dtype=bool)).tolist()
    if values is None:
        return [names[row] for row in rows]
    return [
        Message("common.row_value", row=names[row], value=str(values.iloc[row])) for row in rows
    ]


def find_unknown(
    values: pd.Series, known: Sequence[str], where: str, column: str, names: Sequence[object]
) -> list[Problem]:
    """Find values that exist nowhere else, names with the nearest that does."""
    unknown = (values.notna() & ~values.isin(list(known))).to_numpy(dtype=bool)
    if not unknown.any():
        return []
    # Codes of like spelling have nothing else in common.
    spelled = [name for name in known if not any(map(str.isdigit, str(name)))]
    near = {
        word: suggest_names(word, spelled, most=1)
        for word in values[unknown].astype(str).drop_duplicates()
        if not any(map(str.isdigit, word))
    }
    pairs = [f"{word} → {names[0]}" for word, names in near.items() if names]
    code = "schemas.unknown_value_near" if pairs else "schemas.unknown_value"
    options: dict[str, Any] = {"pairs": pairs} if pairs else {}
    return [Problem(code, where, pick_rows(names, unknown, values), column=column, **options)]
