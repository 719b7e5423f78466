"""Travel times, lengths and nearest facilities against networkx on random networks.

The other way round the same thing: every place becomes a node of its own that cuts the
edge it lies on, so that trips along one edge need no special case.
"""

from __future__ import annotations

from itertools import islice, pairwise, permutations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_worlds import CRS, ORIGIN

from socaccess.network import CLOSED, RoadNetwork, Snapped
from socaccess.travel import nearest, travel_times

# Each cut of an edge and each access leg is rounded to a whole millisecond.
ROUNDING_MS = 6.0

metres = st.integers(0, 5000)


@st.composite
def networks(draw: st.DrawFn) -> RoadNetwork:
    """Return a ring, so that all is connected, with chords and one-way stretches."""
    points = draw(st.lists(st.tuples(metres, metres), min_size=3, max_size=6, unique=True))
    count = len(points)
    ends = [(i, (i + 1) % count) for i in range(count)]
    chords = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    for a, b in draw(st.lists(chords, max_size=4)):
        if a != b and (a, b) not in ends and (b, a) not in ends:
            ends.append((a, b))
    every_edge = {"min_size": len(ends), "max_size": len(ends)}
    nodes = pd.DataFrame(
        {
            "node_id": range(count),
            "x": [ORIGIN[0] + x for x, _ in points],
            "y": [ORIGIN[1] + y for _, y in points],
        }
    )
    edges = pd.DataFrame(
        {
            "from_id": [a for a, _ in ends],
            "to_id": [b for _, b in ends],
            "speed_kph": np.array(draw(st.lists(st.integers(20, 110), **every_edge)), float),
            "oneway": draw(st.lists(st.booleans(), **every_edge)),
        }
    )
    network = RoadNetwork.from_edges(nodes, edges, crs=CRS)
    assume(len(network.snappable_edges))
    return network


@st.composite
def places(draw: st.DrawFn, prefix: str) -> gpd.GeoDataFrame:
    xy = np.array(draw(st.lists(st.tuples(metres, metres), min_size=1, max_size=5)), float)
    return gpd.GeoDataFrame(
        {"id": [f"{prefix}{i}" for i in range(len(xy))]},
        geometry=gpd.points_from_xy(*(xy + ORIGIN).T),
        crs=CRS,
    )


def draw_graph(network: RoadNetwork, *groups: Snapped) -> nx.DiGraph:
    """Return the network with every place as a node on its edge and one beside the road."""
    graph = nx.DiGraph()

    def join(a: object, b: object, ms: float, m: float) -> None:
        if not graph.has_edge(a, b) or graph[a][b]["ms"] > ms:
            graph.add_edge(a, b, ms=ms, m=m)

    for edge in range(network.edge_count):
        stops: list[tuple[float, object]] = [
            (0.0, ("node", int(network.edge_from[edge]))),
            (1.0, ("node", int(network.edge_to[edge]))),
        ]
        for group in groups:
            stops += [
                (float(group.along[i]), ("on", group.ids[i]))
                for i in np.flatnonzero(group.edge == edge)
            ]
        stops.sort(key=lambda stop: stop[0])
        for (low, a), (high, b) in pairwise(stops):
            share, length = high - low, float(network.length_m[edge])
            # Stops at the very same point are one place, whichever way is open.
            if network.forward_ms[edge] < CLOSED or share == 0:
                join(
                    a, b, float(network.forward_ms[edge]) * share if share else 0.0, length * share
                )
            if network.backward_ms[edge] < CLOSED or share == 0:
                join(
                    b, a, float(network.backward_ms[edge]) * share if share else 0.0, length * share
                )
    for group in groups:
        for i in np.flatnonzero(group.edge >= 0):
            ms, m = float(group.access_ms[i]), float(group.access_m[i]) * 1.3
            join(("at", group.ids[i]), ("on", group.ids[i]), ms, m)
            join(("on", group.ids[i]), ("at", group.ids[i]), ms, m)
    # What stands on one spot is one place.
    spots = [
        (("at", group.ids[i]), group.x[i], group.y[i])
        for group in groups
        for i in np.flatnonzero(group.edge >= 0)
    ]
    for (a, *here), (b, *there) in permutations(spots, 2):
        if here == there:
            join(a, b, 0.0, 0.0)
    return graph


@given(networks(), places("o"), places("d"))
@settings(max_examples=60)
def test_times_and_lengths_agree(network, origins, destinations):
    starts, ends = (network.snap(p, id_column="id") for p in (origins, destinations))
    graph = draw_graph(network, starts, ends)
    plain = travel_times(network, starts, ends)
    measured = travel_times(network, starts, ends, lengths=True)
    np.testing.assert_array_equal(plain.travel_ms, measured.travel_ms)
    for i, start in enumerate(starts.ids):
        ms = nx.single_source_dijkstra_path_length(graph, ("at", start), weight="ms")
        for j, end in enumerate(ends.ids):
            key = ("at", end)
            assert (key in ms) == bool(np.isfinite(plain.travel_min[i, j]))
            if key not in ms:
                assert np.isnan(measured.length_m[i, j])
                continue
            assert abs(ms[key] - plain.travel_ms[i, j]) <= ROUNDING_MS
            ways = list(islice(nx.shortest_simple_paths(graph, ("at", start), key, "ms"), 2))
            costs = [nx.path_weight(graph, way, "ms") for way in ways]
            if len(ways) == 1 or costs[1] - costs[0] > 2 * ROUNDING_MS:
                length = nx.path_weight(graph, ways[0], "m")
                assert measured.length_m[i, j] == pytest.approx(length, abs=0.1)


@given(networks(), places("o"), places("d"))
def test_a_graph_turned_round_swaps_origins_and_destinations(network, origins, destinations):
    turned = network.with_times(network.backward_ms, network.forward_ms)
    there = travel_times(network, origins, destinations)
    back = travel_times(turned, destinations, origins)
    # Cutting an edge rounds from its start, so that the two may differ by the rounding.
    both = np.isfinite(there.travel_min)
    np.testing.assert_array_equal(both, np.isfinite(back.travel_min.T))
    gap = there.travel_ms.astype(float) - back.travel_ms.T.astype(float)
    assert (np.abs(gap[both]) <= ROUNDING_MS).all()


@given(
    networks(),
    places("s"),
    places("f"),
    st.lists(st.sampled_from(["dac", "care"]), min_size=5, max_size=5),
    st.sampled_from(["client", "provider"]),
    st.integers(1, 3),
)
def test_nearest_is_the_least_of_the_table(network, settlements, facilities, kinds, who, k):
    facilities = facilities.assign(service=kinds[: len(facilities)])
    found = nearest(network, settlements, facilities, by="service", k=k, traveller=who)
    if who == "client":
        times = travel_times(network, settlements, facilities).travel_ms.astype(np.int64)
    else:
        times = travel_times(network, facilities, settlements).travel_ms.astype(np.int64).T
    assert len(found) == len(settlements) * facilities["service"].nunique() * k
    for (settlement, service), group in found.groupby(["from_id", "service"], sort=False):
        row = list(settlements["id"]).index(settlement)
        offered = np.flatnonzero(facilities["service"] == service)
        ranked = sorted((times[row, j], facilities["id"].iloc[j]) for j in offered)
        ranked = [(ms, name) for ms, name in ranked if ms < CLOSED][:k]
        assert group["rank"].tolist() == list(range(1, k + 1))
        there = group[group["travel_min"].notna()]
        assert (there["travel_min"] * 60_000).round().tolist() == [ms for ms, _ in ranked]
        assert there["to_id"].tolist() == [name for _, name in ranked]


@given(networks(), places("o"), places("d"), st.randoms(use_true_random=False))
def test_order_of_places_does_not_matter(network, origins, destinations, random):
    def shuffled(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        order = list(range(len(frame)))
        random.shuffle(order)
        return frame.iloc[order]

    straight = travel_times(network, origins, destinations, lengths=True)
    mixed = travel_times(network, shuffled(origins), shuffled(destinations), lengths=True)
    keys = ["from_id", "to_id"]
    pd.testing.assert_frame_equal(
        straight.to_frame().sort_values(keys, ignore_index=True),
        mixed.to_frame().sort_values(keys, ignore_index=True),
    )


@given(networks(), places("o"), places("d"))
def test_a_cutoff_only_hides(network, origins, destinations):
    everything = travel_times(network, origins, destinations, lengths=True)
    part = travel_times(network, origins, destinations, cutoff_min=5, lengths=True)
    near = everything.travel_min <= 5
    np.testing.assert_array_equal(part.travel_min[near], everything.travel_min[near])
    assert np.isnan(part.travel_min[~near]).all()
    assert np.isnan(part.length_m[~near]).all()


@given(
    networks(),
    places("s"),
    places("f"),
    st.lists(st.sampled_from(["dac", "care"]), min_size=5, max_size=5),
    st.sampled_from(["client", "provider"]),
    st.integers(1, 3),
)
@settings(max_examples=30)
def test_nearest_tells_the_length_of_the_ways_it_found(
    network, settlements, facilities, kinds, who, k
):
    facilities = facilities.assign(service=kinds[: len(facilities)])
    found = nearest(network, settlements, facilities, k=k, traveller=who, lengths=True)
    pd.testing.assert_frame_equal(
        found.drop(columns=["length_km", "modelled_share", "street_share"]),
        nearest(network, settlements, facilities, k=k, traveller=who),
    )
    there = found[found["travel_min"].notna()]
    assert found.loc[found["travel_min"].isna(), "length_km"].isna().all()
    ends = ["from_id", "to_id"] if who == "client" else ["to_id", "from_id"]
    first, last = (settlements, facilities) if who == "client" else (facilities, settlements)
    table = travel_times(network, first, last, lengths=True).to_frame()
    expected = there[ends].set_axis(["from_id", "to_id"], axis=1).merge(table, how="left")
    for name in ("travel_min", "length_km", "modelled_share", "street_share"):
        np.testing.assert_array_equal(there[name], expected[name])
