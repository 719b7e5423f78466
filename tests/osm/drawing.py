"""Maps drawn by hand: a few nodes and ways, written as a real .osm.pbf.

All of them lie where equator and central meridian cross (lon 3, lat 0), because there a
length can be worked out on paper: on WGS 84 a thousandth of a degree is
6378137 * pi / 180000 = 111.3195 m to the east and 6335439.3 * pi / 180000 = 110.5743 m
to the north. At 36 km/h, 10 m/s, that is 11132 and 11057 milliseconds.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from pathlib import Path

EAST_MS = 11132
NORTH_MS = 11057

CLASSES = (
    *("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"),
    *("secondary", "secondary_link", "tertiary", "tertiary_link", "unclassified"),
    *("residential", "living_street", "service", "track", "road", "other"),
)

# Everything at 36 km/h, no delays: what is left is geometry.
PLAIN = {
    "name": "plain",
    "rural_kph": dict.fromkeys(CLASSES, 36),
    "urban_kph": dict.fromkeys(CLASSES, 36),
    "summer": {"factor": {"gravel": 1, "earth": 1, "cobbles": 1}, "ceiling_kph": {"earth": 36}},
    "ferry": {"speed_kph": 36, "boarding_s": 0},
    "access": {"destination_kph": 18},
    "delay_s": dict.fromkeys(
        (
            *("signals", "stop", "give_way", "mini_roundabout", "roundabout", "minor_road"),
            *("equal_road", "level_crossing", "traffic_calming", "gate", "other_barrier"),
        ),
        0,
    ),
}


@dataclass
class Drawing:
    """Nodes at thousandths of a degree from the crossing, ways as lists of nodes."""

    nodes: dict[int, tuple[float, float]]
    ways: dict[int, tuple[list[int], dict[str, str]]]
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    relations: dict[int, tuple[list[tuple[str, int, str]], dict[str, str]]] = field(
        default_factory=dict
    )

    def write(self, path: Path) -> Path:
        import osmium
        from osmium.osm import mutable

        path.unlink(missing_ok=True)
        with osmium.SimpleWriter(str(path)) as writer:
            for name, (east, north) in self.nodes.items():
                writer.add_node(
                    mutable.Node(
                        id=name,
                        location=(3 + east / 1000, north / 1000),
                        tags=self.node_tags.get(name, {}),
                    )
                )
            for name, (refs, tags) in self.ways.items():
                writer.add_way(mutable.Way(id=name, nodes=refs, tags=tags))
            for name, (members, tags) in self.relations.items():
                writer.add_relation(mutable.Relation(id=name, members=members, tags=tags))
        return path

    def ban(self, relation: int, rule: str, start: int, via: int, end: int, **tags: str) -> None:
        """Add a turn restriction."""
        self.relations[relation] = (
            [("w", start, "from"), ("n", via, "via"), ("w", end, "to")],
            {"type": "restriction", "restriction": rule, **tags},
        )


def road(**tags: str) -> dict[str, str]:
    return {"highway": "tertiary", **tags}


def drive_ms(network, start: int, end: int) -> int | None:
    """Return the shortest time between two nodes by their OpenStreetMap ids, None if none.

    A plain search of its own, so that nothing of the library's routing is trusted.
    """
    closed = 2**31 - 1
    out: dict[int, list[tuple[int, int]]] = {}
    for tail, head, forward, backward in zip(
        network.edge_from.tolist(),
        network.edge_to.tolist(),
        network.forward_ms.tolist(),
        network.backward_ms.tolist(),
        strict=True,
    ):
        if forward < closed:
            out.setdefault(tail, []).append((head, forward))
        if backward < closed:
            out.setdefault(head, []).append((tail, backward))
    ids = network.node_id.tolist()
    best = {node: 0 for node, name in enumerate(ids) if name == start}
    heap = [(0, node) for node in best]
    while heap:
        cost, node = heapq.heappop(heap)
        if cost > best[node]:
            continue
        if ids[node] == end:
            return cost
        for head, weight in out.get(node, ()):
            if cost + weight < best.get(head, 1 << 60):
                best[head] = cost + weight
                heapq.heappush(heap, (cost + weight, head))
    return None
