"""Networks against plain searches over the same roads, uncontracted and edge by edge."""

from __future__ import annotations

import heapq
from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from socaccess.network._osm_segments import cut_segments, find_built_up, time_segments
from socaccess.network._osm_ways import tabulate_kinds
from socaccess.network.osm_roads import build_network
from socaccess.network.speeds import load_profile
from socaccess.sources.osm import RoadElements, TurnRestriction

from .drawing import PLAIN, drive_ms

CLOSED = 2**31 - 1


def make_elements(nodes, ways, restrictions=()):
    """Return what a reader would return for nodes {id: (lon, lat)} and ways {id: (refs, tags)}."""
    ids = np.array(sorted(nodes), dtype=np.int64)
    place = {int(name): index for index, name in enumerate(ids)}
    tag_sets = sorted({tuple(sorted(tags.items())) for _, tags in ways.values()})
    return RoadElements(
        way_id=np.array(list(ways), dtype=np.int64),
        way_tags=np.array(
            [tag_sets.index(tuple(sorted(tags.items()))) for _, tags in ways.values()],
            dtype=np.int32,
        ),
        way_start=np.concatenate([[0], np.cumsum([len(refs) for refs, _ in ways.values()])]),
        way_nodes=np.array(
            [place[ref] for refs, _ in ways.values() for ref in refs], dtype=np.int32
        ),
        node_id=ids,
        lon=np.array([nodes[int(name)][0] for name in ids]),
        lat=np.array([nodes[int(name)][1] for name in ids]),
        tag_sets=tuple(dict(tags) for tags in tag_sets),
        node_tags={},
        restrictions=tuple(restrictions),
        counts={},
        source={"file": "drawn"},
    )


# ---- turns ------------------------------------------------------------------------


@st.composite
def street_maps(draw):
    """A few junctions, each with a dead-end stub, streets between them, and restrictions."""
    count = draw(st.integers(3, 6))
    nodes = {index: (3 + index % 3 / 100, index // 3 / 100) for index in range(count)}
    nodes |= {100 + index: (x + 0.001, y + 0.0007) for index, (x, y) in nodes.items()}
    ways = {1000 + index: ([100 + index, index], {"highway": "tertiary"}) for index in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda pair: pair[0] != pair[1]
    )
    for number, (a, b) in enumerate(draw(st.lists(pairs, min_size=count, max_size=2 * count))):
        oneway = draw(st.sampled_from(["no", "no", "no", "yes", "-1"]))
        tags = {"highway": "tertiary", "oneway": oneway}
        if draw(st.booleans()):
            ways[number] = ([a, b], tags)
            continue
        # The street changes its way in the middle.
        middle = 200 + number
        nodes[middle] = tuple(
            (nodes[a][axis] * 3 + nodes[b][axis]) / 4 + 0.0001 * number for axis in (0, 1)
        )
        ways[number] = ([a, middle], tags)
        ways[500 + number] = ([middle, b], tags)
    restrictions = []
    for number in range(draw(st.integers(1, 6))):
        via = draw(st.integers(0, count - 1))
        touching = sorted(name for name, (refs, _) in ways.items() if via in refs)
        start, end = draw(st.sampled_from(touching)), draw(st.sampled_from(touching))
        rule = "no_u_turn" if start == end else draw(st.sampled_from(["no_x", "only_x"]))
        restrictions.append(TurnRestriction(number, rule, (start,), (end,), via))
    streets = [name for name in ways if name < 100]
    for number in range(draw(st.integers(0, 4))):
        street = draw(st.sampled_from(streets))
        between = (street, 500 + street) if 500 + street in ways else (street,)
        corners = [ways[between[0]][0][0], ways[between[-1]][0][1]]
        if draw(st.booleans()):
            corners.reverse()
        start, end = (
            draw(
                st.sampled_from(
                    sorted(
                        name
                        for name, (refs, _) in ways.items()
                        if corner in refs and name not in between
                    )
                )
            )
            for corner in corners
        )
        rule = draw(st.sampled_from(["no_x", "only_x"]))
        restrictions.append(TurnRestriction(50 + number, rule, (start,), (end,), None, between))
    return nodes, ways, restrictions


def list_drives(streets, restriction):
    """Return every drive a restriction over ways may mean, as (street, from where) in order."""
    (source,), (target,) = restriction.from_ways, restriction.to_ways
    found = []
    for (name, tail), (head, _) in streets.items():
        if name != source:
            continue
        for order in permutations(restriction.via_ways):
            drive, here, seen = [(source, tail)], head, {head}
            for way in order:
                if (way, here) not in streets:
                    break
                drive.append((way, here))
                here = streets[way, here][0]
                if here in seen:
                    break
                seen.add(here)
            else:
                if (target, here) in streets:
                    found.append((drive, target))
    return found


def search_turn_by_turn(nodes, ways, restrictions, start, end):
    """Return the shortest time by a search whose state is the road one arrives by."""
    geod = Geod(ellps="WGS84")
    streets = {}
    for name, (refs, tags) in ways.items():
        (a, b) = refs
        *_, metres = geod.inv(*nodes[a], *nodes[b])
        weight = round(metres * 100)  # 36 km/h
        if tags.get("oneway") != "-1":
            streets[name, a] = (b, weight)
        if tags.get("oneway") != "yes":
            streets[name, b] = (a, weight)
    touching = {}
    for name, (refs, _) in ways.items():
        for node in refs:
            touching.setdefault(node, []).append(name)
    banned, only = set(), {}
    forbidden, mandatory = {}, {}  # what may not, or must, follow a drive
    for item in restrictions:
        (source,), (target,) = item.from_ways, item.to_ways
        if item.via_ways:
            meant = list_drives(streets, item)
            if len(meant) != 1:
                continue
            ((drive, goal),) = meant
            onward = [*(name for name, _ in drive), goal]
            for length in range(2, len(drive) + 1):
                follows = mandatory if item.rule.startswith("only_") else forbidden
                next_ones = follows.setdefault(tuple(drive[:length]), set())
                if follows is mandatory or length == len(drive):
                    next_ones.add(onward[length])
            continue
        arrives = any(
            key[0] == source and head == item.via_node for key, (head, _) in streets.items()
        )
        if not arrives or (target, item.via_node) not in streets:
            continue
        if item.rule.startswith("only_"):
            only.setdefault((item.via_node, source), set()).add(target)
        else:
            banned.add((item.via_node, source, target))

    def may_turn(node, driven, target):
        source = driven[-1][0]
        for length in range(2, len(driven) + 1):
            drive = driven[-length:]
            if target in forbidden.get(drive, ()):
                return False
            if drive in mandatory and target not in mandatory[drive]:
                return False
            if target == source and (drive in mandatory or drive in forbidden):
                return False
        if (node, source, target) in banned:
            return False
        allowed = only.get((node, source), {target})
        if source == target:
            # Round at junctions, at dead ends, and where one may not go on; but not where a
            # street merely changes its way.
            (*others,) = (name for name in touching[node] if name != source)
            onward = len(others) == 1 and (others[0], node) in streets
            return not (onward and may_turn(node, driven, others[0]))
        return target in allowed

    heap = [(0, start, ())]
    done = set()
    while heap:
        cost, node, driven = heapq.heappop(heap)
        if node == end:
            return cost
        if (node, driven) in done:
            continue
        done.add((node, driven))
        for name in touching[node]:
            if (name, node) in streets and (not driven or may_turn(node, driven, name)):
                head, weight = streets[name, node]
                # No restriction looks back farther than three streets.
                heapq.heappush(heap, (cost + weight, head, (*driven, (name, node))[-3:]))
    return None


@settings(max_examples=150, deadline=None)
@given(street_maps())
def test_turns_equal_a_turn_by_turn_search(street_map):
    nodes, ways, restrictions = street_map
    network = build_network(
        make_elements(nodes, ways, restrictions), profile=load_profile(PLAIN), keep_shapes=False
    )
    leaves = [name for name in nodes if 100 <= name < 200]
    for start in leaves:
        for end in leaves:
            expected = search_turn_by_turn(nodes, ways, restrictions, start, end)
            assert drive_ms(network, start, end) == expected, (start, end)


# ---- chains -----------------------------------------------------------------------


@st.composite
def bent_maps(draw):
    """Ways of many nodes that cross, touch, and loop, of changing class and direction."""
    count = draw(st.integers(4, 16))
    nodes = {
        index: (24 + (index * 7 % 11) / 500, 56.5 + (index * 5 % 13) / 500)
        for index in range(count)
    }
    ways = {}
    for name in range(draw(st.integers(1, 6))):
        refs = draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=9))
        tags = {"highway": draw(st.sampled_from(["tertiary", "residential", "track"]))}
        if draw(st.booleans()):
            tags["oneway"] = draw(st.sampled_from(["yes", "-1", "no"]))
        if draw(st.booleans()):
            tags["surface"] = draw(st.sampled_from(["asphalt", "gravel", "mud"]))
        ways[name] = (refs, tags)
    ways[99] = ([0, 1], {"highway": "primary"})
    return nodes, ways


@settings(max_examples=100, deadline=None)
@given(bent_maps(), st.sampled_from(["summer", "winter", "thaw"]))
def test_chains_keep_every_time(bent_map, season):
    elements = make_elements(*bent_map)
    profile = load_profile()
    network = build_network(elements, profile=profile, season=season)

    # The same segments, uncontracted, searched by scipy.
    table = tabulate_kinds(elements.tag_sets, profile, season)
    from collections import Counter

    segments = cut_segments(elements, table, Counter())
    from socaccess.crs import project_points

    x, y = project_points(elements.lon, elements.lat, "EPSG:4326", "EPSG:3059")
    kind = elements.way_tags[segments.way]
    built_up = find_built_up(segments, kind, table, x, y, profile)
    forward_ms, backward_ms = time_segments(elements, segments, table, built_up, profile)
    arcs: dict[tuple[int, int], int] = {}
    for index in range(len(segments.tail)):
        a, b = int(segments.tail[index]), int(segments.head[index])
        for key, is_open, cost in (
            ((a, b), table.forward[kind[index]], int(forward_ms[index])),
            ((b, a), table.backward[kind[index]], int(backward_ms[index])),
        ):
            if is_open:
                arcs[key] = min(arcs.get(key, CLOSED), cost)
    count = len(elements.node_id)
    tail, head = np.array(list(arcs)).T
    matrix = coo_matrix((list(arcs.values()), (tail, head)), shape=(count, count)).tocsr()
    expected = dijkstra(matrix)
    for a in network.node_id.tolist():
        for b in network.node_id.tolist():
            want = expected[a, b]
            assert drive_ms(network, a, b) == (None if np.isinf(want) else int(want)), (a, b)
    # And no metre is lost.
    assert network.length_m.sum() == np.float64(network.length_m.sum())
    np.testing.assert_allclose(network.length_m.sum(), segments.length_m.sum(), rtol=1e-12)


def test_edges_in_spatial_order_and_same_input_same_network():
    nodes = {index: (24 + index % 7 / 100, 56 + index // 7 / 100) for index in range(49)}
    ways = {
        row: ([row * 7 + column for column in range(7)], {"highway": "residential"})
        for row in range(7)
    }
    ways |= {
        100 + column: ([row * 7 + column for row in range(7)], {"highway": "tertiary"})
        for column in range(7)
    }
    first, second = (build_network(make_elements(nodes, ways)) for _ in range(2))
    for name in ("node_x", "edge_from", "forward_ms", "shape_x", "road_class"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    # Neighbours on the map are near in memory: the mean jump is far below that of chance.
    jump = np.abs(first.edge_from.astype(int) - first.edge_to).mean()
    assert jump < first.node_count / 5
