"""What a solution process hands over, still in positions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from socaccess.messages import Message

__all__ = ["Answer", "relative_gap"]


@dataclass(frozen=True, eq=False)
class Answer:
    """The outcome in columns of the instance.

    `opened` are the new columns, `closed` those that close. `flow` (rows, columns, shares) is who
    is served where when that is not simply the nearest, `places` what each column gets to have.
    `conflict` names the conditions in conflict, `relaxations` what would help.
    """

    status: str
    opened: np.ndarray
    objective: float
    bound: float
    limit_hit: bool = False
    notes: tuple[Message, ...] = ()
    closed: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    flow: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    places: np.ndarray | None = None
    conflict: tuple[str, ...] = ()
    relaxations: tuple[Message, ...] = ()


def relative_gap(objective: float, bound: float) -> float:
    """Return the distance of `objective` and `bound` as a share of the objective.

    Examples
    --------
    >>> relative_gap(200.0, 201.0), relative_gap(0.0, 0.0)
    (0.005, 0.0)
    """
    distance = abs(objective - bound)
    if np.isnan(distance) or np.isinf(distance):
        return float("nan") if np.isnan(objective) else float("inf")
    if distance <= 1e-9 * max(1.0, abs(objective)):
        return 0.0
    return distance / abs(objective) if objective else float("inf")
