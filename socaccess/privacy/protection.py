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

    Examples
    --------
    The 3 could be had by subtracting, so another count goes; 8 is enough to hide it behind:

    >>> found = protect(np.array([3.0, 8.0, 20.0]), np.zeros(3, int), 1,
    ...                 inhabitants=np.array([300, 800, 2000]), below=5)
    >>> found.members.tolist(), found.groups.tolist(), found.total
    ([1, 2, 0], [0], 0)
    """
    persons = np.asarray(persons, dtype=float)
    inhabitants = np.nan_to_num(np.asarray(inhabitants, dtype=float))
    public = inhabitants <= 0 if uncounted is None else (inhabitants <= 0) | uncounted
    tree = _Tree(persons, np.asarray(group), groups, inhabitants, below)
    tree.empty = public & (tree.persons <= 0)
    if below > 0:
        tree.hide()
    return Protection(tree.members, tree.groups, tree.total, tree.estimate())


class _Tree:
    def __init__(
        self,
        persons: np.ndarray,
        group: np.ndarray,
        count: int,
        inhabitants: np.ndarray,
        below: int,
    ) -> None:
        self.known = np.isfinite(persons) & (group >= 0)
        self.persons = np.where(self.known, persons, 0.0)
        self.raw = persons
        self.inhabitants = inhabitants
        self.empty = np.zeros(len(persons), dtype=bool)
        self.below = float(below)
        self.of = [np.flatnonzero(self.known & (group == number)) for number in range(count)]
        self.sums = np.array([self.persons[at].sum() for at in self.of])
        self.sizes = np.array([self.inhabitants[at].sum() for at in self.of])
        self.members = np.zeros(len(persons), dtype=np.int8)
        self.groups = np.zeros(count, dtype=np.int8)
        self.total = SHOWN
        # Real counts are whole: whoever knows that knows that a small one is at most
        # `below` - 1. Both readings must hold.
        whole = bool(np.all(self.persons == np.rint(self.persons)))
        self.most = [self.below, self.below - 1] if whole else [self.below]

    def hide(self) -> None:
        self.members[self.known & (self.persons < self.below) & ~self.empty] = SMALL
        hidden_inside = np.array([(self.members[at] != SHOWN).any() for at in self.of], bool)
        self.groups[hidden_inside & (self.sums < self.below)] = SMALL
        pairs = np.array([self._is_small_pair(at) for at in self.of], bool)
        self.groups[pairs] = UNTOLD
        for number, at in enumerate(self.of):
            if self.groups[number] == SHOWN and (self.members[at] == SMALL).any():
                self._cover_up_inside(number, at)
        everyone = np.flatnonzero(self.known)
        if self._is_small_pair(everyone):
            self.total = UNTOLD
            return
        if (self.members != SHOWN).any() and self.persons.sum() < self.below:
            self.total = SMALL
            return
        while not self._is_safe_among_groups():
            if not self._withhold_next_group():
                self.total = WITHHELD
                return

    def _is_small_pair(self, at: np.ndarray) -> bool:
        """Return whether two small counts are all there is: 5 or more in all, and none is 0."""
        return bool((self.members[at] == SMALL).sum() == 2 and self.persons[at].max() < self.below)

    def _cover_up_inside(self, number: int, at: np.ndarray) -> None:
        """Withhold members of a group whose sum is shown, until no small one can be told."""
        candidates = self._order(at[self._may_withhold(at)])
        for member in [None, *candidates]:
            if member is not None:
                self.members[member] = WITHHELD
            if self._is_safe_inside(at):
                return
        self.groups[number] = WITHHELD

    def _may_withhold(self, at: np.ndarray) -> np.ndarray:
        return (self.members[at] == SHOWN) & (self.persons[at] >= self.below)

    def _order(self, at: np.ndarray) -> list[int]:
        return sorted(at.tolist(), key=lambda i: (self.inhabitants[i], i))

    def _is_safe_inside(self, at: np.ndarray) -> bool:
        small, withheld, left = self._block(at)
        return all(
            # The most one small count can be, and the least.
            left - self.below * withheld >= most - _TOLERANCE
            and (withheld > 0 or left - most * (small - 1) <= _TOLERANCE)
            for most in self.most
        )

    def _block(self, at: np.ndarray) -> tuple[int, int, float]:
        """Return how many are small, how many withheld, and the sum of both."""
        codes = self.members[at]
        hidden = codes != SHOWN
        return (
            int((codes == SMALL).sum()),
            int((codes == WITHHELD).sum()),
            float(self.persons[at[hidden]].sum()),
        )

    def _is_safe_among_groups(self) -> bool:
        hidden = np.flatnonzero(self.groups != SHOWN)
        if not len(hidden):
            return True
        left = float(self.sums[hidden].sum())
        for most in self.most:
            bounds = np.array([self._bound_group(int(number), most) for number in hidden])
            low_of_others = bounds[:, 0].sum() - bounds[:, 0]
            unbounded = np.isinf(bounds[:, 1])
            finite = np.where(unbounded, 0.0, bounds[:, 1])
            high_of_others = finite.sum() - finite
            high_of_others[unbounded.sum() - unbounded > 0] = np.inf
            lowest = np.maximum(bounds[:, 0], left - high_of_others)
            highest = np.minimum(bounds[:, 1], left - low_of_others)
            for position, number in enumerate(hidden):
                if not self._is_safe_within(int(number), lowest[position], highest[position], most):
                    return False
        return True

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

    def _is_safe_within(self, number: int, low: float, high: float, most: float) -> bool:
        if self.groups[number] in (SMALL, UNTOLD) and (
            low > _TOLERANCE or high < most - _TOLERANCE
        ):
            return False
        small, withheld, left = self._block(self.of[number])
        if not small:
            return True
        shown = float(self.sums[number]) - left
        highest = high - shown - self.below * withheld
        lowest = -np.inf if withheld else low - shown - most * (small - 1)
        return bool(highest >= most - _TOLERANCE and lowest <= _TOLERANCE)

    def _withhold_next_group(self) -> bool:
        order = sorted(
            np.flatnonzero((self.groups == SHOWN) & (self.sums >= self.below)).tolist(),
            key=lambda number: (self.sizes[number], number),
        )
        for number in order:
            at = self.of[number]
            if not (self.members[at] != SHOWN).any():
                able = self._order(at[self._may_withhold(at)])
                # With every member shown, the sum could be added up again.
                self.members[able[0]] = WITHHELD
            self.groups[number] = WITHHELD
            return True
        return False

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
        if np.clip(rate * weight, low, high).sum() < total:
            smallest = rate
        else:
            largest = rate
    parts = np.clip(largest * weight, low, high)
    # Bounds that cannot hold (more to share than they allow) give way in proportion.
    gap = total - parts.sum()
    if abs(gap) > 1e-6 * max(total, 1.0):
        parts = parts * (total / parts.sum()) if parts.sum() > 0 else parts
    return np.asarray(parts.round(6))
