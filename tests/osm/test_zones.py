"""Roads for destinations only: nobody passes through, everybody who lives there gets in and out."""

from __future__ import annotations

import heapq

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socaccess.network import snap_points
from socaccess.network.osm_roads import build_network
from socaccess.network.speeds import load_profile
from socaccess.travel import isochrones, routes, travel_times

from .drawing import EAST_MS, NORTH_MS, PLAIN, Drawing, road
from .test_against_reference import make_elements

# Nobody is slowed: what is left is who may drive where.
EVEN = {**PLAIN, "access": {"destination_kph": 36}}


def place(network, **spots: tuple[float, float]):
    """Return places at thousandths of a degree, on the network."""
    degrees = np.array([(3 + x / 1e3, y / 1e3) for x, y in spots.values()])
    points = gpd.GeoDataFrame(
        {"id": list(spots)}, geometry=gpd.points_from_xy(*degrees.T), crs="EPSG:4326"
    )
    return snap_points(network, points, id_column="id")


@pytest.fixture
def short_cut(tmp_path):
    """A square 1-2-3-4, its southern side 1-2 for destinations only, with a yard at 5 inside.

    7 - 4 --- 3 - 8
        |     |
        1 =5= 2        5 half-way between 1 and 2; from there a service road south to 6
    """
    from socaccess.network.osm_roads import read_osm_network

    drawing = Drawing(
        {1: (0, 0), 2: (2, 0), 3: (2, 1), 4: (0, 1), 5: (1, 0), 6: (1, -1), 7: (-1, 1), 8: (3, 1)},
        {
            10: ([1, 5, 2], road(access="destination")),
            11: ([2, 3], road()),
            12: ([3, 4], road()),
            13: ([4, 1], road()),
            14: ([5, 6], road(highway="service")),
            15: ([4, 7], road()),
            16: ([3, 8], road()),
        },
    )
    return read_osm_network(drawing.write(tmp_path / "zone.osm.pbf"), profile=EVEN)


def test_through_traffic_goes_round_and_neighbours_drive_in(short_cut):
    #                        on 13, on 11, in the zone, in the yard behind it
    spots = place(short_cut, west=(0, 0.5), east=(2, 0.5), zone=(0.5, 0), yard=(1, -0.5))
    assert not spots.cut_off.any() and spots.located.all()
    times = np.rint(travel_times(short_cut, spots, spots).travel_min * 60_000).astype(int)
    half = NORTH_MS / 2
    around = 2 * EAST_MS + NORTH_MS
    expected = {
        # From the west to the east over the north side, not the south.
        (0, 1): around,
        # Into the zone from either side, and to the yard behind it.
        (0, 2): half + EAST_MS / 2,
        (1, 2): half + 1.5 * EAST_MS,
        (0, 3): half + EAST_MS + half,
        # Within the zone straight on.
        (2, 3): EAST_MS / 2 + half,
    }
    for (one, other), ms in expected.items():
        assert times[one, other] == pytest.approx(ms, abs=2), (one, other)
        assert times[other, one] == pytest.approx(ms, abs=2), (other, one)
    counts = short_cut.provenance["counts"]
    assert (counts["zones_separated"], counts["edges_copied_for_zones"]) == (1, 3)


def test_zones_in_areas_and_drawn_routes(short_cut):
    spots = place(short_cut, west=(0, 0.5), east=(2, 0.5), zone=(0.5, 0))
    # The zone's own land is within reach of both sides; what lies beyond it is not by way of it.
    minutes = travel_times(short_cut, spots, spots).travel_min
    for site, (other, through) in {0: (2, 1), 1: (2, 0)}.items():
        limit = float(minutes[site, other]) + 0.05
        (area,) = isochrones(
            short_cut, spots.take(slice(site, site + 1)), minutes=[limit], cell_m=5
        ).geometry
        assert area.covers(gpd.points_from_xy(spots.x, spots.y)[other])
        assert area.covers(gpd.points_from_xy(spots.x, spots.y)[through]) == (
            minutes[site, through] <= limit
        )
    lines = routes(short_cut, spots, spots, pairs=[("west", "east"), ("west", "zone")])
    assert lines.loc[0, "length_km"] == pytest.approx(2 * 0.1113195 + 0.1105743, abs=1e-3)
    assert lines.loc[1, "length_km"] == pytest.approx(0.0552872 + 0.0556598, abs=1e-3)
    assert lines.loc[1, "travel_min"] == pytest.approx(minutes[0, 2])


def test_a_zone_with_one_door_is_not_copied(tmp_path):
    elements = make_elements(
        {1: (3, 0), 2: (3.01, 0), 3: (3.02, 0)},
        {10: ([1, 2], road()), 11: ([2, 3], road(access="private"))},
    )
    open_gates = load_profile({**EVEN, "access": {"private": "open"}})
    network = build_network(elements, profile=open_gates)
    assert network.edge_count == 2
    assert network.provenance["counts"]["zones_separated"] == 0


KINDS = {
    "open": road(),
    "zone": road(access="destination"),
    "one_way": road(oneway="yes"),
    "zone_one_way": road(access="destination", oneway="yes"),
}
SIDE = 4
GRID = {n: (3 + n % SIDE / 100, n // SIDE / 100) for n in range(SIDE * SIDE)}
STREETS = [(a, b) for a in GRID for b in (a + 1, a + SIDE)
           if b in GRID and (b == a + SIDE or b % SIDE)]  # fmt: skip


@settings(max_examples=40)
@given(st.lists(st.sampled_from([*KINDS, "open", "zone", None]), min_size=24, max_size=24))
def test_random_towns_against_a_search_that_counts_entries(kinds):
    ways = {100 + i: (list(ends), KINDS[kind]) for i, (ends, kind)
            in enumerate(zip(STREETS, kinds, strict=True)) if kind}  # fmt: skip
    if not ways:
        return
    network = build_network(make_elements(GRID, ways), profile=load_profile(EVEN))
    graph, limited = nx.DiGraph(), set()
    for name, ((a, b), tags) in ways.items():
        for tail, head in ((a, b), (b, a)) if "oneway" not in tags else ((a, b),):
            graph.add_edge(tail, head, way=name)
        if "access" in tags:
            limited.add(name)
    largest = sorted(nx.strongly_connected_components(graph), key=len)[-2:]
    if len(largest) == 2 and len(largest[0]) == len(largest[1]):
        return  # which part is the main one is anybody's guess
    main = largest[-1]
    inside = {name for name, (ends, _) in ways.items() if main.issuperset(ends)}
    if not inside:
        return
    open_graph = nx.DiGraph((a, b) for a, b, way in graph.edges(data="way") if way not in limited)
    parts = sorted(nx.strongly_connected_components(open_graph), key=len)[-2:]
    if len(parts) == 2 and len(parts[0]) == len(parts[1]) > 1:
        return
    core = parts[-1] if parts else set()
    # What only such roads lead to counts with them.
    behind = {name for name in inside if not core.issuperset(ways[name][0])}
    zone = {name for name in inside if name in limited or name in behind}
    # A zone as large as the open roads is the network itself.
    for part in list(nx.connected_components(nx.Graph(ways[name][0] for name in zone))):
        if len(part) >= len(core):
            zone -= {name for name in zone if part.issuperset(ways[name][0])}
    xy = np.array([np.mean([GRID[n] for n in ways[name][0]], axis=0) for name in sorted(inside)])
    points = gpd.GeoDataFrame(
        {"id": sorted(inside)}, geometry=gpd.points_from_xy(*xy.T), crs="EPSG:4326"
    )
    spots = snap_points(network, points, id_column="id")
    assert network.edge_id[spots.edge].tolist() == sorted(inside)
    found = travel_times(network, spots, spots).travel_min
    road_ms = network.forward_ms[network.length_m > 0]
    whole = dict(zip(network.edge_id[network.length_m > 0].tolist(), road_ms.tolist(), strict=True))
    for row, name in enumerate(sorted(inside)):
        reached = drive_legally(ways, graph, zone, whole, name)
        expected = np.array([reached.get(other, np.nan) for other in sorted(inside)])
        assert found[row] * 60_000 == pytest.approx(expected, abs=20, nan_ok=True)


def drive_legally(ways, graph, zone, whole, start):
    """Return ms from the middle of a way to the middle of each, entering a zone only to end there.

    States are nodes with how far a drive is: 0 in the zone it began in, 1 on open roads, 2 in the
    zone it ends in.
    """
    half = whole[start] / 2
    phase = 0 if start in zone else 1
    best: dict[tuple[int, int], float] = {}
    heap = [(half, head, phase) for tail, head, way in graph.edges(data="way") if way == start]
    reached = {start: 0.0}
    while heap:
        ms, node, phase = heapq.heappop(heap)
        if best.get((node, phase), np.inf) <= ms:
            continue
        best[node, phase] = ms
        for _, head, way in graph.out_edges(node, data="way"):
            after = (0 if phase == 0 else 2) if way in zone else 1
            if phase == 2 and after == 1:
                continue
            reached[way] = min(reached.get(way, np.inf), ms + whole[way] / 2)
            heapq.heappush(heap, (ms + whole[way], head, after))
    return reached
