"""Small counts of people are not shown in anything that leaves, and cannot be worked out.

Counts of persons form one tree per target group: settlements make up
municipalities, municipalities the study. `protect` decides which counts of that
tree are shown. A count under the threshold, zero included, is hidden (`SMALL`); where
the counts that stay would give it away, larger ones are withheld as well
(`WITHHELD`), until everything an outsider can calculate leaves each hidden count
anywhere from zero to the threshold. `docs/privacy.md` has the reasoning.

Everything else that leaves is calculated from `Protection.estimate`, which is
made of the shown counts and of public numbers alone. Two needs that differ only
in what is hidden therefore give the same files, to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = [
    "SHOWN",
    "SMALL",
    "UNTOLD",
    "WITHHELD",
    "Protection",
    "mark_small",
    "mark_untold",
    "mark_withheld",
    "protect",
    "show_count",
    "show_counts",
]

SHOWN, SMALL, WITHHELD, UNTOLD = 0, 1, 2, 3
"""A count is shown; is hidden because it is small; is hidden, though not small, because it would
tell another; is hidden without a word on which of both, because even that would tell."""

_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Protection:
    """Which counts of one tree may be shown.

    Parameters
    ----------
    members, groups
        `SHOWN`, `SMALL`, `WITHHELD` or `UNTOLD` for each settlement and each municipality.
    total
        The same for the sum of all.
    estimate
        Persons per settlement: the count where it is shown, else a share of what is
        left over, by inhabitants. NaN where the need is not known.
    """

    members: np.ndarray
    groups: np.ndarray
    total: int
    estimate: np.ndarray


def mark_small(below: int) -> str:
    """Return what stands in place of a small count.

    Examples
    --------
    >>> mark_small(5)
    '<5'
    """
    return f"<{below}"


def mark_withheld(below: int) -> str:
    """Return what stands in place of a larger count that would give a small one away.

    Examples
    --------
    >>> mark_withheld(5)
    '≥5'
    """
    return f"≥{below}"


def mark_untold() -> str:
    """Return what stands in place of a sum of two small counts, itself small or not.

    Examples
    --------
    >>> mark_untold()
    '…'
    """
    return "…"


def show_count(value: float | None, code: int, below: int) -> int | str | None:
    """Return a count as it leaves: whole persons, a mark, or None where it is not known."""
    if value is None or not np.isfinite(value):
        return None
    if code == SMALL:
        return mark_small(below)
    if code == WITHHELD:
        return mark_withheld(below)
    if code == UNTOLD:
        return mark_untold()
    return round(float(value))


def show_counts(values: np.ndarray, codes: np.ndarray, below: int) -> np.ndarray:
    """Return counts as they leave, as objects; see `show_count`.

    Examples
    --------
    >>> show_counts(np.array([12.3, 3.0, 9.0, np.nan]), np.array([0, 1, 2, 0]), 5).tolist()
    [12, '<5', '≥5', None]
    """
    shown = np.empty(len(values), dtype=object)
    shown[:] = [show_count(v, c, below) for v, c in zip(values, codes, strict=True)]
    return shown


def protect(
    persons: np.ndarray,
    group: np.ndarray,
    groups: int,
    *,
    inhabitants: np.ndarray,
    below: int,
    uncounted: np.ndarray | None = None,
    borders: Sequence[np.ndarray] = (),
) -> Protection:
    """Return which counts may be shown, and an estimate made of those alone.

    Parameters
    ----------
    persons
        Persons of each member (settlement), NaN where unknown.
    group
        The group (municipality) of each member, 0 to `groups` - 1.
    groups
        How many groups there are.
    inhabitants
        Inhabitants of each member. They are public, so they decide the order in which
        larger counts are withheld: an order by the counts themselves would tell.
    below
        Counts under this are hidden, zero too: that nobody is there would tell about
        the others. 0 hides nothing.
    uncounted
        Members whose zero is public because nobody counted there, such as those of
        municipalities that take no part in a plan. It is shown, as it is where nobody
        lives at all.
    borders
        Names of the groups of each member in all borders in which its count may be shown, the
        widest first; before them, which members are in the same region in all of them. Whoever
        protects these with the same borders hides the same, whatever `group` is and whoever is
        protected beside them, so that sums by one border and by another tell no more together:
        the sum of each such part is taken to be known. Without it `group` is the only border.

    Examples
    --------
    The 3 could be had by subtracting, so another count goes; 8 is enough to hide it behind:

    >>> found = protect(np.array([3.0, 8.0, 20.0]), np.zeros(3, int), 1,
    ...                 inhabitants=np.array([300, 800, 2000]), below=5)
    >>> found.members.tolist(), found.groups.tolist(), found.total
    ([1, 2, 0], [0], 0)
    """
    persons = np.asarray(persons, dtype=float)
    group = np.asarray(group)
    inhabitants = np.nan_to_num(np.asarray(inhabitants, dtype=float))
    public = inhabitants <= 0 if uncounted is None else (inhabitants <= 0) | uncounted
    everybody = np.zeros(len(persons), dtype=int)
    tree = _Tree(persons, [*borders] or [everybody, group], inhabitants, below, group >= 0)
    if below > 0:
        tree.hide(public)
    return _Shown(tree, group, groups).protection()


class _Tree:
    """Counts that add up level by level: settlements, parts of municipalities, regions.

    Level 0 are the members. A node of a higher level has the same names in as many borders.
    """

    def __init__(
        self,
        persons: np.ndarray,
        borders: Sequence[np.ndarray],
        inhabitants: np.ndarray,
        below: int,
        inside: np.ndarray,
    ) -> None:
        self.known = np.isfinite(persons) & inside
        self.raw = persons
        self.below = float(below)
        counts = np.where(self.known, persons, 0.0)
        at = np.zeros(len(persons), dtype=int)
        paths = []
        for border in borders:
            names = np.unique(border, return_inverse=True)[1].reshape(-1)
            at = np.unique(at * (names.max(initial=0) + 1) + names, return_inverse=True)[1]
            paths.append(at.reshape(-1))
        self.paths = [np.arange(len(persons)), *reversed(paths)]
        sums = [np.bincount(path, counts) for path in self.paths]
        self.values = [counts, *sums[1:]]
        self.sizes = [np.bincount(path, inhabitants) for path in self.paths]
        self.codes = [np.zeros(len(each), dtype=np.int8) for each in self.values]
        self._parts: dict[tuple[int, int], list[np.ndarray]] = {}
        # Real counts are whole: whoever knows that knows that a small one is at most
        # `below` - 1. Both readings must hold.
        root = self.paths[-1]
        broken = np.bincount(root, counts != np.rint(counts)) > 0
        self.readings = [[self.below] if each else [self.below, self.below - 1] for each in broken]

    def hide(self, public: np.ndarray) -> None:
        """Hide what is small, and whatever would tell it."""
        empty = public & (self.values[0] <= 0)
        self.codes[0][self.known & (self.values[0] < self.below) & ~empty] = SMALL
        for level in range(1, len(self.paths)):
            for node in np.unique(self.paths[level][self.codes[0] != SHOWN]).tolist():
                self._cover_up(level, node)

    def _cover_up(self, level: int, node: int) -> None:
        """Withhold parts of a sum until it tells no hidden count, else hide the sum."""
        codes = self.codes[level]
        if not (self.values[0][self.paths[level] == node] >= self.below).any():
            # All are small. Whether "at least 5" would tell one decides, not whether it is so.
            codes[node] = WITHHELD
            if self._is_safe(level, node, [self.below - 1]) is False:
                codes[node] = UNTOLD
                return
            codes[node] = SHOWN
            if self.values[level][node] < self.below:
                codes[node] = SMALL
                return
        while not self._is_safe(level, node):
            able = self._list_able(level, node)
            if not able:
                codes[node] = WITHHELD
                return
            self._withhold(level - 1, able[0])

    def _list_children(self, level: int, node: int) -> np.ndarray:
        return np.unique(self.paths[level - 1][self.paths[level] == node])

    def _list_able(self, level: int, node: int) -> list[int]:
        """Return the parts of a sum that may be withheld, in the order in which they are."""
        parts = self._list_children(level, node)
        able = (self.codes[level - 1][parts] == SHOWN) & (
            self.values[level - 1][parts] >= self.below
        )
        return sorted(parts[able].tolist(), key=lambda part: (self.sizes[level - 1][part], part))

    def _withhold(self, level: int, node: int) -> None:
        if level and not self.codes[level - 1][self._list_children(level, node)].any():
            # With every part shown, the sum could be added up again.
            self._withhold(level - 1, self._list_able(level, node)[0])
        self.codes[level][node] = WITHHELD

    def _is_safe(self, level: int, node: int, readings: Sequence[float] = ()) -> bool | None:
        """Return whether a sum leaves every hidden count in it open; None where it cannot be."""
        inside = self._list_inside(level, node)
        safe: bool | None = True
        for most in readings or self.readings[self.paths[-1][inside[0][0]]]:
            for codes, low, high in self._narrow(inside, most):
                if (low > high + _TOLERANCE).any():
                    return None
                small = (codes == SMALL) | (codes == UNTOLD)
                open_ = np.where(
                    small,
                    (low <= _TOLERANCE) & (high >= most - _TOLERANCE),
                    (codes != WITHHELD) | (high - low >= most - _TOLERANCE),
                )
                safe = safe and bool(open_.all())
        return safe

    def _list_inside(self, level: int, node: int) -> list[np.ndarray]:
        """Return the nodes of each level that make up a node."""
        if (level, node) not in self._parts:
            members = self.paths[level] == node
            self._parts[level, node] = [
                np.unique(path[members]) for path in self.paths[: level + 1]
            ]
        return self._parts[level, node]

    def _narrow(
        self, inside: list[np.ndarray], most: float
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return codes, and the least and the most each node under one can be, level by level.

        Bounds passed up a tree of sums and down again are exact.
        """
        lows: list[np.ndarray] = []
        highs: list[np.ndarray] = []
        ups: list[np.ndarray] = []
        for step, nodes in enumerate(inside):
            codes, values = self.codes[step][nodes], self.values[step][nodes]
            low = np.select([codes == SHOWN, codes == WITHHELD], [values, self.below], 0.0)
            high = np.select([codes == SHOWN, codes == SMALL], [values, most], np.inf)
            if step:
                up = np.searchsorted(nodes, self._find_parent(step - 1, inside[step - 1]))
                low = np.maximum(low, np.bincount(up, lows[-1]))
                high = np.minimum(high, np.bincount(up, highs[-1]))
                ups.append(up)
            lows.append(low)
            highs.append(high)
        for step in range(len(ups) - 1, -1, -1):
            up, low, high = ups[step], lows[step], highs[step]
            endless = np.isinf(high)
            finite = np.where(endless, 0.0, high)
            others_high = np.where(
                np.bincount(up, endless)[up] - endless > 0,
                np.inf,
                np.bincount(up, finite)[up] - finite,
            )
            others_low = np.bincount(up, low)[up] - low
            lows[step] = np.maximum(low, lows[step + 1][up] - others_high)
            highs[step] = np.minimum(high, highs[step + 1][up] - others_low)
        return [
            (self.codes[step][inside[step]], lows[step], highs[step]) for step in range(len(ups))
        ]

    def _find_parent(self, level: int, nodes: np.ndarray) -> np.ndarray:
        first = np.unique(self.paths[level], return_index=True)[1]
        return self.paths[level + 1][first[nodes]]


class _Shown:
    """What a tree shows of the groups and the sum of one border, and the estimate from it."""

    def __init__(self, tree: _Tree, group: np.ndarray, groups: int) -> None:
        self.known, self.raw, self.persons = tree.known, tree.raw, tree.values[0]
        self.inhabitants, self.below = tree.sizes[0], tree.below
        self.members = tree.codes[0]
        self.of = [np.flatnonzero(self.known & (group == number)) for number in range(groups)]
        self.sums = np.array([self.persons[at].sum() for at in self.of])
        self.sizes = np.array([self.inhabitants[at].sum() for at in self.of])
        self.groups = np.array([self._read_group(tree, at) for at in self.of], dtype=np.int8)
        roots = np.unique(tree.paths[-1][self.known])
        self.total = self._join(tree.codes[-1][roots], tree.values[-1][roots])

    def _read_group(self, tree: _Tree, at: np.ndarray) -> int:
        """Return the code of a group: that of the node it is, else of the smallest it joins."""
        if not len(at):
            return SHOWN
        for path, codes in zip(tree.paths[:0:-1], tree.codes[:0:-1], strict=True):
            same = self.known & (path == path[at[0]])
            if same.sum() == len(at) and same[at].all():
                return int(codes[path[at[0]]])
        parts = np.unique(tree.paths[1][at])
        return self._join(tree.codes[1][parts], tree.values[1][parts])

    def _join(self, codes: np.ndarray, values: np.ndarray) -> int:
        """Return the code of a sum of several, which says what follows from theirs alone."""
        if len(codes) == 1:
            return int(codes[0])
        if not codes.any():
            return SHOWN
        large = (codes == WITHHELD) | ((codes == SHOWN) & (values >= self.below))
        return WITHHELD if large.any() else UNTOLD

    def protection(self) -> Protection:
        return Protection(self.members, self.groups, self.total, self.estimate())

    def _block(self, at: np.ndarray) -> tuple[int, int, float]:
        """Return how many are small, how many withheld, and the sum of both."""
        codes = self.members[at]
        hidden = codes != SHOWN
        return (
            int((codes == SMALL).sum()),
            int((codes == WITHHELD).sum()),
            float(self.persons[at[hidden]].sum()),
        )

    def _bound_group(self, number: int, most: float) -> tuple[float, float]:
        """Return the least and the most a hidden group can be, by its own cells and mark."""
        small, withheld, left = self._block(self.of[number])
        shown = float(self.sums[number]) - left
        low = shown + self.below * withheld
        high = np.inf if withheld else shown + most * small
        if self.groups[number] == SMALL:
            return low, min(high, most)
        if self.groups[number] == UNTOLD:
            return low, high
        return max(low, self.below), high

    def estimate(self) -> np.ndarray:
        """Return persons per member from what is shown and from inhabitants alone."""
        found = np.where(self.known, self.persons, self.raw)
        hidden = np.flatnonzero(self.groups != SHOWN)
        if len(hidden):
            bounds = np.array([self._narrow(int(number), len(hidden)) for number in hidden])
            if self.total == SHOWN:
                sums = _spread(round(float(self.sums[hidden].sum()), 6), self.sizes[hidden], bounds)
            else:
                # Nothing of the sum may be used: the marks alone say how many there are.
                sums = np.where(
                    np.isinf(bounds[:, 1]), bounds[:, 0] + self.below / 2, bounds.mean(axis=1)
                )
        guessed = dict(zip(hidden.tolist(), sums, strict=True)) if len(hidden) else {}
        for number, at in enumerate(self.of):
            cells = at[self.members[at] != SHOWN]
            if not len(cells):
                continue
            shown = self.persons[at].sum() - self.persons[cells].sum()
            left = guessed[number] - shown if number in guessed else self.persons[cells].sum()
            found[cells] = _spread(
                round(float(left), 6), self.inhabitants[cells], self._cell_bounds(cells)
            )
        return found

    def _cell_bounds(self, cells: np.ndarray) -> np.ndarray:
        small = self.members[cells] == SMALL
        hidden = max(int((self.groups != SHOWN).sum()), 1)
        # A margin keeps an estimate on the side of the threshold that its mark says.
        margin = 0.01 * self.below / (hidden * len(cells))
        return np.stack(
            [
                np.where(small, 0.0, self.below),
                np.where(small, self.below - margin, np.inf),
            ],
            axis=1,
        )

    def _narrow(self, number: int, hidden: int) -> tuple[float, float]:
        low, high = self._bound_group(number, self.below)
        return low, high - 0.02 * self.below / hidden


def _spread(total: float, weight: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return `total` shared out by weight, each part inside its bounds where they allow it."""
    weight = np.maximum(weight, 1e-6)
    low, high = bounds[:, 0], bounds[:, 1]
    smallest, largest = 0.0, max(total, 1.0) / weight.min()
    for _ in range(200):
        rate = (smallest + largest) / 2
        if rate in (smallest, largest):
            break  # no number lies between them
        if np.minimum(np.maximum(rate * weight, low), high).sum() < total:
            smallest = rate
        else:
            largest = rate
    parts = np.clip(largest * weight, low, high)
    # Bounds that cannot hold (more to share than they allow) give way in proportion.
    gap = total - parts.sum()
    if abs(gap) > 1e-6 * max(total, 1.0):
        parts = parts * (total / parts.sum()) if parts.sum() > 0 else parts
    return np.asarray(parts.round(6))
