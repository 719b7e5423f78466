"""When an answer counts as proved."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Goal"]

EXACT = 1e-9


@dataclass(frozen=True)
class Goal:
    """How near bound and value of an inner minimisation must be.

    The inner value is a shifted form of what the user sees: `|value - offset|` is the figure the
    gap is a share of.

    Examples
    --------
    >>> Goal(gap=0.01, offset=900.0).is_met(1000.0, 999.5)
    True
    """

    gap: float
    offset: float = 0.0

    def tolerance(self, value: float) -> float:
        """Return the distance of value and bound that counts as proved."""
        # Sums of many products agree to about this much and no further.
        return max(self.gap * abs(value - self.offset), EXACT * max(1.0, abs(value)))

    def is_met(self, value: float, bound: float) -> bool:
        """Return whether `bound` proves `value`."""
        return value - bound <= self.tolerance(value)
