"""Turn restrictions, by splitting the junctions they touch.

A road `f` from which some turn at junction `v` is banned gets an end of its own there,
its port `p`. The road itself now runs to `p` in both directions. From `p` lead only
the allowed ways out: one-way copies of the roads out of `v`, each as far as its next
junction, so that nobody evades the ban by turning round where a road merely changes
its name. Roads without a ban still end at `v` and enter `f` over a connector `v -> p` of
no length and no time. Copies bear the id and the class of their original and
stand behind all originals, so that a place on the map is found on the original first.

Turning round at a junction stays possible unless `no_u_turn` with one way on both sides
forbids it; then the last edge of the road is one-way towards the port, and the way out
is a copy.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from socaccess.network._osm_chains import Edges
from socaccess.sources.osm import TurnRestriction

__all__ = ["Splits", "split_junctions"]

# An edge seen from one of its ends: (edge, 0) from its start, (edge, 1) from its end.
Arm = tuple[int, int]


@dataclass(eq=False)
class Splits:
    """What splitting added.

    Parameters
    ----------
    node_origin
        For each added node the node it is a copy of.
    source
        For each added edge the edge it is a copy of.
    start, end
        Its nodes, drawn like the original.
    forward, backward
        Its open direction; exactly one.
    connector
        True where it has no length and no time.
    """

    node_origin: list[int]
    source: list[int]
    start: list[int]
    end: list[int]
    forward: list[bool]
    backward: list[bool]
    connector: list[bool]


class _Splitter:
    """The edges by their ends, before and after splitting."""

    def __init__(self, edges: Edges, node_count: int) -> None:
        self.edges = edges
        self.node_count = node_count
        self.ends = [edges.start.copy(), edges.end.copy()]  # as they were
        self.open = [edges.backward.copy(), edges.forward.copy()]  # arriving at end 0, at end 1
        both = np.concatenate(self.ends)
        self.order = np.argsort(both, kind="stable")
        self.row = np.searchsorted(both[self.order], np.arange(node_count + 1))
        self.port: dict[Arm, int] = {}
        self.added = Splits([], [], [], [], [], [], [])

    def arms(self, node: int) -> list[Arm]:
        count = len(self.edges.start)
        return [
            (int(item % count), int(item // count))
            for item in self.order[self.row[node] : self.row[node + 1]]
        ]

    def can_arrive(self, arm: Arm) -> bool:
        return bool(self.open[arm[1]][arm[0]])

    def can_leave(self, arm: Arm) -> bool:
        return bool(self.open[1 - arm[1]][arm[0]])

    def end_of(self, arm: Arm) -> int:
        """Return the node of this end as it is now."""
        return int((self.edges.end if arm[1] else self.edges.start)[arm[0]])

    def add_node(self, origin: int) -> int:
        self.added.node_origin.append(origin)
        return self.node_count + len(self.added.node_origin) - 1

    def give_port(self, arm: Arm, node: int) -> None:
        """Let the road end at a node of its own."""
        self.port[arm] = self.add_node(node)
        (self.edges.end if arm[1] else self.edges.start)[arm[0]] = self.port[arm]

    def close_leaving(self, arm: Arm) -> None:
        (self.edges.backward if arm[1] else self.edges.forward)[arm[0]] = False

    def connect(self, tail: int, arm: Arm) -> None:
        """Lead from `tail` to the port of `arm` for nothing."""
        self._add(arm[0], tail, self.port[arm], forward=True, connector=True)

    def copy_out(self, tail: int, arm: Arm, *, whole: bool = True) -> None:
        """Lead from `tail` along `arm` to its next junction, or only its edge, one way."""
        while True:
            edge, side = arm
            far = (edge, 1 - side)
            node = int(self.ends[1 - side][edge])
            onward = self._continue(far, node) if whole and far not in self.port else None
            head = self.add_node(node) if onward is not None else self.end_of(far)
            # Leaving by end 0 is driving forward.
            nodes = (tail, head) if side == 0 else (head, tail)
            self._add(edge, *nodes, forward=side == 0, connector=False)
            if onward is None:
                return
            tail, arm = head, onward

    def _continue(self, arm: Arm, node: int) -> Arm | None:
        """Return the only other arm at `node` if nothing is decided there."""
        others = [other for other in self.arms(node) if other != arm]
        if len(others) != 1 or others[0][0] == arm[0] or not self.can_leave(others[0]):
            return None
        return others[0]

    def _add(self, edge: int, start: int, end: int, *, forward: bool, connector: bool) -> None:
        added = self.added
        added.source.append(edge)
        added.start.append(start)
        added.end.append(end)
        added.forward.append(forward)
        added.backward.append(not forward)
        added.connector.append(connector)


def split_junctions(
    edges: Edges,
    node_count: int,
    node_place: Mapping[int, int],
    way_place: Mapping[int, int],
    restrictions: Iterable[TurnRestriction],
    counts: Counter[str],
) -> Splits:
    """Move the ends of restricted roads in `edges`, and return what has to be added.

    Parameters
    ----------
    edges
        Changed in place: ends, and directions where turning round is banned.
    node_count
        How many nodes there are.
    node_place, way_place
        Positions of the nodes and ways the restrictions name.
    restrictions
        The turn restrictions.
    counts
        How many were applied, and why others were not.
    """
    splitter = _Splitter(edges, node_count)
    allowed = _gather_allowed(splitter, node_place, way_place, restrictions, counts)
    for node, turns in allowed.items():
        for arm in turns:
            splitter.give_port(arm, node)
    for node, turns in allowed.items():
        _rebuild(splitter, node, turns)
    counts["junctions_split"] = len(allowed)
    return splitter.added


def _gather_allowed(
    splitter: _Splitter,
    node_place: Mapping[int, int],
    way_place: Mapping[int, int],
    restrictions: Iterable[TurnRestriction],
    counts: Counter[str],
) -> dict[int, dict[Arm, frozenset[Arm]]]:
    """Return, by junction and arm one comes from, the arms one may leave by."""
    banned: dict[int, dict[Arm, set[Arm]]] = defaultdict(lambda: defaultdict(set))
    only: dict[int, dict[Arm, set[Arm]]] = defaultdict(lambda: defaultdict(set))
    counts["restrictions_applied"] += 0
    counts["restrictions_not_placed"] += 0
    for restriction in restrictions:
        node = node_place.get(restriction.via_node)
        found = None if node is None else _place(splitter, node, way_place, restriction)
        if node is None or found is None:
            counts["restrictions_not_placed"] += 1
            continue
        sources, targets = found
        counts["restrictions_applied"] += 1
        for source in sources:
            if restriction.rule.startswith("only_"):
                # Turning round is not what an only_* sign is about.
                only[node][source].update(targets, {source})
            else:
                banned[node][source].update(targets)
    result: dict[int, dict[Arm, frozenset[Arm]]] = {}
    for node in sorted({*banned, *only}):
        leaving = {arm for arm in splitter.arms(node) if splitter.can_leave(arm)}
        turns: dict[Arm, frozenset[Arm]] = {}
        for arm in sorted({*banned.get(node, ()), *only.get(node, ())}):
            left = leaving - banned.get(node, {}).get(arm, set())
            if node in only and arm in only[node]:
                left &= only[node][arm]
            if left != leaving:
                turns[arm] = frozenset(left)
        if turns:
            result[node] = turns
    return result


def _place(
    splitter: _Splitter, node: int, way_place: Mapping[int, int], restriction: TurnRestriction
) -> tuple[list[Arm], list[Arm]] | None:
    """Return the arms a restriction is about, or None if it cannot be told which.

    A way that runs on through the junction leaves two arms to choose from, unless
    one-way traffic makes clear which is meant.
    """
    arms = splitter.arms(node)
    way = splitter.edges.way
    sides: list[list[Arm]] = []
    for ways, usable in (
        (restriction.from_ways, splitter.can_arrive),
        (restriction.to_ways, splitter.can_leave),
    ):
        side: list[Arm] = []
        for name in ways:
            place = way_place.get(name, -1)
            own = [arm for arm in arms if way[arm[0]] == place and usable(arm)]
            if len(own) != 1:
                return None
            side += own
        sides.append(side)
    return sides[0], sides[1]


def _rebuild(splitter: _Splitter, node: int, turns: Mapping[Arm, frozenset[Arm]]) -> None:
    """Lead from the junction, and from each port, to where one may go."""
    arms = splitter.arms(node)
    free_arrivals = any(splitter.can_arrive(arm) for arm in arms if arm not in turns)
    turned_out = {arm for arm in turns if splitter.can_leave(arm) and arm not in turns[arm]}
    for arm in sorted(turns):
        if not splitter.can_leave(arm):
            continue
        if arm in turned_out:
            splitter.close_leaving(arm)
            splitter.copy_out(node, arm, whole=False)
        elif free_arrivals:
            splitter.connect(node, arm)
    for arm in sorted(turns):
        for out in sorted(turns[arm] - {arm}):
            # Over the port of `out` one could go on wherever `out` may: only if `arm` may too.
            if out in turns and out not in turned_out and turns[out] <= turns[arm]:
                splitter.connect(splitter.port[arm], out)
            else:
                splitter.copy_out(splitter.port[arm], out)
