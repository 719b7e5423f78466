"""Which turns the restrictions leave: at single junctions, and along the ways in between.

An edge seen from one of its ends is an arm: `(edge, 0)` from its start, `(edge, 1)` from its end.
Whoever leaves a junction by an arm arrives at the next by the other arm of the edge. A drive is
told by the arms one leaves by, one after the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from socaccess.network._osm_chains import Edges
from socaccess.sources.osm import TurnRestriction

__all__ = ["Arm", "Arms", "Drive", "TurnRules", "flip", "gather_rules"]

Arm = tuple[int, int]
Drive = tuple[Arm, ...]

SEARCHED_EDGES = 500
"""Edges looked at for the way between the two roads of a restriction; real ones have a few."""


def flip(arm: Arm) -> Arm:
    """Return the same edge seen from its other end."""
    return arm[0], 1 - arm[1]


class Arms:
    """The edges by their ends, as they were before any junction was split."""

    def __init__(self, edges: Edges, node_count: int) -> None:
        self.ends = [edges.start.copy(), edges.end.copy()]
        self._open = [edges.backward.copy(), edges.forward.copy()]  # arriving at end 0, at end 1
        both = np.concatenate(self.ends)
        self._order = np.argsort(both, kind="stable")
        self._row = np.searchsorted(both[self._order], np.arange(node_count + 1))
        self.way = edges.way

    def list_at(self, node: int) -> list[Arm]:
        """Return the arms of a junction."""
        count = len(self.way)
        return [
            (int(item % count), int(item // count))
            for item in self._order[self._row[node] : self._row[node + 1]]
        ]

    def node_of(self, arm: Arm) -> int:
        """Return the junction an arm belongs to."""
        return int(self.ends[arm[1]][arm[0]])

    def can_arrive(self, arm: Arm) -> bool:
        """Return whether one may come to the junction by this arm."""
        return bool(self._open[arm[1]][arm[0]])

    def can_leave(self, arm: Arm) -> bool:
        """Return whether one may leave the junction by this arm."""
        return bool(self._open[1 - arm[1]][arm[0]])

    def list_of_way(self, way: int) -> Iterator[Arm]:
        """Yield both arms of every edge of a way."""
        order, sorted_ways = self._by_way
        first, last = np.searchsorted(sorted_ways, [way, way + 1])
        for edge in order[first:last].tolist():
            yield from ((edge, 0), (edge, 1))

    @cached_property
    def _by_way(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.way, kind="stable")
        return order, self.way[order]


@dataclass(eq=False)
class TurnRules:
    """What restrictions leave of the turns.

    Parameters
    ----------
    turns
        By junction, and the arm one comes by, the arms one may leave by; only where
        that needs telling.
    states
        Drives of at least two arms after which not the same is allowed as to those who
        came to the last arm from elsewhere.
    banned, only
        By state, the arms that are forbidden, or the only ones allowed, next.
    """

    turns: dict[int, dict[Arm, frozenset[Arm]]] = field(default_factory=dict)
    states: set[Drive] = field(default_factory=set)
    banned: dict[Drive, set[Arm]] = field(default_factory=lambda: defaultdict(set))
    only: dict[Drive, set[Arm]] = field(default_factory=lambda: defaultdict(set))

    def list_next(self, arms: Arms, state: Drive) -> frozenset[Arm]:
        """Return the arms one may leave by after the drive of a state."""
        arrived = flip(state[-1])
        node = arms.node_of(arrived)
        free = frozenset(arm for arm in arms.list_at(node) if arms.can_leave(arm))
        # Nobody turns round on the way in between to shake off where one came from.
        left = set(self.turns.get(node, {}).get(arrived, free)) - {arrived}
        for start in range(len(state) - 1):
            left -= self.banned.get(state[start:], set())
            left &= self.only.get(state[start:], left)
        return frozenset(left)

    def find_state(self, drive: Drive) -> Drive | None:
        """Return the longest end of a drive that is a state, None where nothing is remembered."""
        for start in range(len(drive) - 1):
            if drive[start:] in self.states:
                return drive[start:]
        return None


def gather_rules(
    arms: Arms,
    node_place: Mapping[int, int],
    way_place: Mapping[int, int],
    restrictions: Iterable[TurnRestriction],
    counts: Counter[str],
) -> TurnRules:
    """Return the rules of all restrictions that can be placed; count them and the others."""
    rules = TurnRules()
    banned: dict[int, dict[Arm, set[Arm]]] = defaultdict(lambda: defaultdict(set))
    only: dict[int, dict[Arm, set[Arm]]] = defaultdict(lambda: defaultdict(set))
    for name in ("restrictions_applied", "restrictions_over_ways", "restrictions_not_placed"):
        counts[name] += 0
    for restriction in restrictions:
        mandatory = restriction.rule.startswith("only_")
        if restriction.via_ways:
            drives = _place_over_ways(arms, way_place, restriction)
            for drive, target in drives or ():
                _add_drive(rules, drive, target, mandatory=mandatory)
            counts["restrictions_over_ways"] += drives is not None
            counts["restrictions_applied" if drives else "restrictions_not_placed"] += 1
            continue
        node = node_place.get(restriction.via_node or 0)
        found = None if node is None else _place_at_node(arms, node, way_place, restriction)
        if node is None or found is None:
            counts["restrictions_not_placed"] += 1
            continue
        sources, targets = found
        counts["restrictions_applied"] += 1
        for source in sources:
            if mandatory:
                # Turning round is not what an only_* sign is about.
                only[node][source].update(targets, {source})
            else:
                banned[node][source].update(targets)
    # The road a drive begins on needs an end of its own, restricted there or not.
    begins: dict[int, set[Arm]] = defaultdict(set)
    for state in rules.states:
        begins[arms.node_of(flip(state[0]))].add(flip(state[0]))
    for node in sorted({*banned, *only, *begins}):
        leaving = {arm for arm in arms.list_at(node) if arms.can_leave(arm)}
        turns: dict[Arm, frozenset[Arm]] = {}
        concerned = {*banned.get(node, ()), *only.get(node, ()), *begins.get(node, ())}
        for arm in sorted(concerned):
            left = leaving - banned.get(node, {}).get(arm, set())
            if node in only and arm in only[node]:
                left &= only[node][arm]
            if left != leaving or arm in begins.get(node, ()):
                turns[arm] = frozenset(left)
        if turns:
            rules.turns[node] = turns
    return rules


def _add_drive(rules: TurnRules, drive: Drive, target: Arm, *, mandatory: bool) -> None:
    """Add a rule about what follows a drive; each step of it has to be remembered."""
    for length in range(2, len(drive) + 1):
        rules.states.add(drive[:length])
    if not mandatory:
        rules.banned[drive].add(target)
        return
    # Once on the way in between, one goes on to its end and there to the only goal.
    for length in range(2, len(drive)):
        rules.only[drive[:length]].add(drive[length])
    rules.only[drive].add(target)


def _place_at_node(
    arms: Arms, node: int, way_place: Mapping[int, int], restriction: TurnRestriction
) -> tuple[list[Arm], list[Arm]] | None:
    """Return the arms a restriction is about, or None if it cannot be told which.

    A way that runs on through the junction leaves two arms to choose from, unless
    one-way traffic makes clear which is meant.
    """
    here = arms.list_at(node)
    sides: list[list[Arm]] = []
    for ways, usable in (
        (restriction.from_ways, arms.can_arrive),
        (restriction.to_ways, arms.can_leave),
    ):
        side: list[Arm] = []
        for name in ways:
            place = way_place.get(name, -1)
            own = [arm for arm in here if arms.way[arm[0]] == place and usable(arm)]
            if len(own) != 1:
                return None
            side += own
        sides.append(side)
    return sides[0], sides[1]


def _place_over_ways(
    arms: Arms, way_place: Mapping[int, int], restriction: TurnRestriction
) -> list[tuple[Drive, Arm]] | None:
    """Return the drives a restriction is about and where each may or may not go then.

    None if a way is missing, or if there is not exactly one drive from each road to
    each that uses all of the ways in between.
    """
    between = [way_place.get(name, -1) for name in restriction.via_ways]
    if min(between) < 0:
        return None
    onward: dict[int, list[Arm]] = defaultdict(list)
    for way in between:
        for arm in arms.list_of_way(way):
            if arms.can_leave(arm):
                onward[arms.node_of(arm)].append(arm)
    found: list[tuple[Drive, Arm]] = []
    for source in restriction.from_ways:
        begins = [
            flip(arm)
            for arm in arms.list_of_way(way_place.get(source, -1))
            if arms.can_arrive(arm) and arms.node_of(arm) in onward
        ]
        for goal in restriction.to_ways:
            goals = [
                arm for arm in arms.list_of_way(way_place.get(goal, -1)) if arms.can_leave(arm)
            ]
            drives = [
                (drive, arm)
                for begin in begins
                for drive in _drive_on(arms, begin, onward)
                if {int(arms.way[edge]) for edge, _ in drive[1:]} == set(between)
                for arm in goals
                if arms.node_of(arm) == arms.node_of(flip(drive[-1]))
            ]
            if len(drives) != 1:
                return None
            found += drives
    return found


def _drive_on(arms: Arms, begin: Arm, onward: Mapping[int, list[Arm]]) -> Iterator[Drive]:
    """Yield every drive from an arm over the `onward` ones that comes to no junction twice."""
    waiting: list[tuple[Drive, frozenset[int]]] = [
        ((begin,), frozenset((arms.node_of(flip(begin)),)))
    ]
    for _ in range(SEARCHED_EDGES):
        if not waiting:
            return
        drive, seen = waiting.pop()
        for arm in onward.get(arms.node_of(flip(drive[-1])), ()):
            node = arms.node_of(flip(arm))
            if node not in seen:
                yield (*drive, arm)
                waiting.append(((*drive, arm), seen | {node}))
