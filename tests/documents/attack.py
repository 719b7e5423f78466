"""An outsider with linear programming: how far can a hidden count be narrowed down?"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from socaccess.privacy import SHOWN, SMALL, WITHHELD, Protection

__all__ = ["Attack", "attack_tree", "imagine_counts"]


class Attack:
    """Unknown counts, at least nought, and everything that is known of their sums."""

    def __init__(self, names: list[object]) -> None:
        self.position = {name: i for i, name in enumerate(names)}
        self.rows: list[np.ndarray] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def know(self, names: list[object], low: float, high: float) -> None:
        """Note that the counts called `names` add up to between `low` and `high`."""
        row = np.zeros(len(self.position))
        for name in names:
            row[self.position[name]] += 1
        self.rows.append(row)
        self.low.append(low)
        self.high.append(high)

    def imagine(self, cell: object, value: float, chance: np.random.Generator) -> np.ndarray | None:
        """Return counts with `value` in `cell` for which all that is known holds, if any do."""
        fixed = Attack(list(self.position))
        fixed.rows, fixed.low, fixed.high = [*self.rows], [*self.low], [*self.high]
        fixed.know([cell], value, value)
        matrix, low, high = np.array(fixed.rows), np.array(fixed.low), np.array(fixed.high)
        bounded = np.isfinite(high)
        answer = linprog(
            chance.normal(size=matrix.shape[1]),
            A_ub=np.concatenate([matrix[bounded], -matrix]),
            b_ub=np.concatenate([high[bounded], -low]),
            bounds=(0, 60.0),
        )
        return answer.x if answer.status == 0 else None

    def narrow(self, names: list[object]) -> tuple[float, float, np.ndarray, np.ndarray]:
        """Return the least and the most a sum can be, and counts for which it is so."""
        wanted = np.zeros(len(self.position))
        for name in names:
            wanted[self.position[name]] += 1
        matrix = np.array(self.rows)
        low, high = np.array(self.low), np.array(self.high)
        bounded = np.isfinite(high)
        upper = np.concatenate([matrix[bounded], -matrix])
        limit = np.concatenate([high[bounded], -low])
        answers = []
        for sign in (1, -1):
            answer = linprog(sign * wanted, A_ub=upper, b_ub=limit, bounds=(0, None))
            if answer.status == 3:
                answers.append((np.inf, np.full(len(wanted), np.nan)))
                continue
            assert answer.status == 0, answer.message
            answers.append((sign * answer.fun, answer.x))
        return answers[0][0], answers[1][0], answers[0][1], answers[1][1]


def attack_tree(
    persons: np.ndarray, group: np.ndarray, groups: int, found: Protection, below: int,
    *, most: float | None = None,
) -> Attack:  # fmt: skip
    """Return what an outsider knows who sees the shown counts of one tree and every mark."""
    most = float(below) if most is None else most
    attack = Attack(list(range(len(persons))))
    everyone = np.arange(len(persons))

    def see(at: np.ndarray, code: int) -> None:
        total = float(persons[at].sum())
        if code == SHOWN:
            attack.know(at.tolist(), total, total)
        elif code == SMALL:
            attack.know(at.tolist(), 0.0, most)
        elif code == WITHHELD:
            attack.know(at.tolist(), float(below), np.inf)

    for member in everyone:
        see(np.array([member]), int(found.members[member]))
    for number in range(groups):
        see(np.flatnonzero(group == number), int(found.groups[number]))
    see(everyone, found.total)
    return attack


def imagine_counts(
    attack: Attack, fixed: dict[object, int], most: int, chance: np.random.Generator
) -> np.ndarray | None:
    """Return whole counts up to `most` with these values in which everything known holds."""
    size = len(attack.position)
    low, high = np.zeros(size), np.full(size, float(most))
    for name, value in fixed.items():
        low[attack.position[name]] = high[attack.position[name]] = value
    answer = milp(
        chance.normal(size=size),
        constraints=LinearConstraint(np.array(attack.rows), attack.low, attack.high),
        bounds=Bounds(low, high),
        integrality=np.ones(size),
    )
    return np.rint(answer.x) if answer.status == 0 else None
