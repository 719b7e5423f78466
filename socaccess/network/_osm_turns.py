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

Where a restriction looks farther back than one road (from `f` over `w` not into `t`), the drive
from `f` over `w` ends at a node of its own, its state: a one-way copy of `w` leads there from the
port of `f`, and from there only what is allowed after that drive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from socaccess.network._osm_chains import Edges
from socaccess.network._osm_turn_rules import Arm, Arms, Drive, TurnRules, flip, gather_rules
from socaccess.sources.osm import TurnRestriction

__all__ = ["Splits", "split_junctions"]

Exit = tuple[Arm, Drive | None]
"""An arm one may leave by, and the state one is in then, if any."""


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
    """The edges while junctions are split, and what is added to them."""

    def __init__(self, edges: Edges, node_count: int) -> None:
        self.edges = edges
        self.node_count = node_count
        self.arms = Arms(edges, node_count)
        self.port: dict[Arm, int] = {}
        self.added = Splits([], [], [], [], [], [], [])

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
            far = flip(arm)
            node = self.arms.node_of(far)
            onward = self._continue(far, node) if whole and far not in self.port else None
            head = self.add_node(node) if onward is not None else self.end_of(far)
            self.copy_edge(tail, arm, head)
            if onward is None:
                return
            tail, arm = head, onward

    def copy_edge(self, tail: int, arm: Arm, head: int) -> None:
        """Lead from `tail` along the edge of `arm` to `head`, one way."""
        edge, side = arm
        # Leaving by end 0 is driving forward.
        nodes = (tail, head) if side == 0 else (head, tail)
        self._add(edge, *nodes, forward=side == 0, connector=False)

    def _continue(self, arm: Arm, node: int) -> Arm | None:
        """Return the only other arm at `node` if nothing is decided there."""
        others = [other for other in self.arms.list_at(node) if other != arm]
        if len(others) != 1 or others[0][0] == arm[0] or not self.arms.can_leave(others[0]):
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
    rules = gather_rules(splitter.arms, node_place, way_place, restrictions, counts)
    for node, turns in rules.turns.items():
        for arm in turns:
            splitter.give_port(arm, node)
    _Rebuilder(splitter, rules).rebuild()
    counts["junctions_split"] = len(rules.turns)
    return splitter.added


class _Rebuilder:
    """Leads from junctions, ports and states to where one may go."""

    def __init__(self, splitter: _Splitter, rules: TurnRules) -> None:
        self.splitter, self.rules = splitter, rules
        arms = splitter.arms
        self.state_node = {
            state: splitter.add_node(arms.node_of(flip(state[-1])))
            for state in sorted(rules.states)
        }
        self.exits: dict[Arm, frozenset[Exit]] = {
            arm: self._list_exits((flip(arm),), allowed)
            for turns in rules.turns.values()
            for arm, allowed in turns.items()
        }
        # Roads on which nobody may turn round.
        self.turned_out = {
            arm
            for turns in rules.turns.values()
            for arm, allowed in turns.items()
            if arms.can_leave(arm) and arm not in allowed
        }

    def rebuild(self) -> None:
        """Add all connectors and copies."""
        for node, turns in self.rules.turns.items():
            self._open_roads(node, turns)
            for arm in sorted(turns):
                self._lead_on(self.splitter.port[arm], self.exits[arm], but=arm)
        for state, node in self.state_node.items():
            allowed = self.rules.list_next(self.splitter.arms, state)
            self._lead_on(node, self._list_exits(state, allowed))

    def _list_exits(self, drive: Drive, allowed: Iterable[Arm]) -> frozenset[Exit]:
        return frozenset((arm, self.rules.find_state((*drive, arm))) for arm in allowed)

    def _open_roads(self, node: int, turns: Mapping[Arm, frozenset[Arm]]) -> None:
        """Lead from the junction itself into the roads that have a port there."""
        splitter = self.splitter
        arms = splitter.arms
        free_arrivals = any(arms.can_arrive(arm) for arm in arms.list_at(node) if arm not in turns)
        for arm in sorted(turns):
            if arm in self.turned_out:
                splitter.close_leaving(arm)
                splitter.copy_out(node, arm, whole=False)
            elif free_arrivals and arms.can_leave(arm):
                splitter.connect(node, arm)

    def _lead_on(self, tail: int, exits: frozenset[Exit], but: Arm | None = None) -> None:
        """Lead from a port or a state to all it may leave by, but for its own road."""
        for out, state in sorted(exits, key=lambda way: way[0]):
            if out == but:
                continue
            if state is not None:
                self.splitter.copy_edge(tail, out, self.state_node[state])
            # Over the port of `out` one could go on wherever `out` may: only if that is allowed.
            elif out in self.exits and out not in self.turned_out and self.exits[out] <= exits:
                self.splitter.connect(tail, out)
            else:
                self.splitter.copy_out(tail, out)
