"""Counts that are linked by sums and by "at most": what all of them together tell of the hidden.

The outsider of this module reads every count and mark that leaves, knows how they hang together,
and narrows each hidden count by integer programming (HiGHS). `socaccess.privacy.audit` does so with
files; what protects tables that leave together asks here whether a count is still safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

__all__ = ["WIDTH", "LinkedCounts"]

WIDTH = 5
"""As many values a hidden count must be able to have."""

_MOST = 1_000_000.0
"""More people than any count is of."""


class LinkedCounts:
    """Whole counts within bounds, and relations between them.

    Examples
    --------
    Two counts under 5 that add up to 8 are both 4:

    >>> counts = LinkedCounts()
    >>> cells = [counts.add(0, 4), counts.add(0, 4)]
    >>> relation = counts.relate({cell: 1 for cell in cells}, 8, 8)
    >>> counts.narrow(cells[0])
    (4.0, 4.0)
    >>> counts.relax(relation)
    >>> counts.narrow(cells[0])
    (0.0, 4.0)
    """

    def __init__(self) -> None:
        import highspy

        self._kinds = highspy
        self._model = highspy.Highs()
        self._model.setOptionValue("output_flag", False)
        self._seen: list[np.ndarray] = []

    def add(self, low: float = 0.0, high: float = _MOST) -> int:
        """Add a count and return its number."""
        number = int(self._model.getNumCol())
        self._model.addCol(0.0, low, min(high, _MOST), 0, np.array([], np.int32), np.array([]))
        self._model.changeColIntegrality(number, self._kinds.HighsVarType.kInteger)
        self._seen = []
        return number

    def widen(self, cell: int, low: float, high: float = _MOST) -> None:
        """Let a count be more than before; bounds are inclusive."""
        self._model.changeColBounds(cell, low, min(high, _MOST))

    def pin(self, cell: int, low: float, high: float) -> None:
        """Say more exactly what a count may be, as when its cover is taken back."""
        self._model.changeColBounds(cell, low, min(high, _MOST))
        self._seen = []

    def relate(self, terms: Mapping[int, float], low: float, high: float) -> int:
        """Say that a weighted sum of counts lies within bounds; return the relation's number."""
        number = int(self._model.getNumRow())
        cells = np.array(list(terms), dtype=np.int32)
        self._model.addRow(low, high, len(cells), cells, np.array(list(terms.values()), float))
        self._seen = []
        return number

    def relax(self, relation: int, low: float = -_MOST, high: float = 2 * _MOST) -> None:
        """Loosen a relation."""
        self._model.changeRowBounds(relation, low, high)

    def narrow(
        self, cell: int, *, enough: tuple[float, float] | None = None
    ) -> tuple[float, float]:
        """Return the least and the most a count can be; (inf, -inf) where nothing fits.

        Parameters
        ----------
        cell
            The count.
        enough
            Stop looking below and above these: what is known to be possible suffices.
        """
        kinds, found = self._kinds, []
        for sense, best in ((kinds.ObjSense.kMinimize, min), (kinds.ObjSense.kMaximize, max)):
            known = best((float(seen[cell]) for seen in self._seen), default=None)
            if enough is not None and known is not None:
                low, high = enough
                if known <= low if best is min else known >= high:
                    found.append(known)
                    continue
            self._model.changeColCost(cell, 1.0)
            self._model.changeObjectiveSense(sense)
            self._model.run()
            solved = self._model.getModelStatus() == kinds.HighsModelStatus.kOptimal
            if solved:
                values = np.rint(np.asarray(self._model.getSolution().col_value))
                self._seen.append(values)
                found.append(float(values[cell]))
            self._model.changeColCost(cell, 0.0)
            if not solved:
                return float("inf"), float("-inf")
        return found[0], found[1]

    def find_narrow(
        self, hidden: Mapping[int, Any] | Iterable[int]
    ) -> dict[int, tuple[float, float]]:
        """Return which hidden counts have fewer than `WIDTH` possible values, and which."""
        found = {}
        for cell in hidden:
            low, high = self.narrow(cell)
            if high - low < WIDTH - 1:
                found[cell] = (low, high)
        return found
