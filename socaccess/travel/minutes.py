"""Minutes and milliseconds: people ask in minutes, times are whole milliseconds."""

from __future__ import annotations

import numpy as np

from socaccess.routing import UNREACHABLE

__all__ = ["MS_PER_MIN", "to_limit_ms", "to_minutes"]

MS_PER_MIN = 60_000


def to_limit_ms(limit_min: float) -> int:
    """Return a limit in whole milliseconds, itself included.

    Times are whole milliseconds; a limit such as 2.01 minutes is a hair less than
    120,600 of them in binary, which must not put out who needs just that long.

    Examples
    --------
    >>> to_limit_ms(2.01), 2.01 * 60_000
    (120600, 120599.99999999999)
    """
    return int(np.floor(limit_min * MS_PER_MIN + 1e-3))


def to_minutes(travel_ms: np.ndarray) -> np.ndarray:
    """Return milliseconds as minutes, NaN where unreachable."""
    return np.where(travel_ms >= UNREACHABLE, np.nan, travel_ms / MS_PER_MIN)
