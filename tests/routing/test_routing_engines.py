"""Every engine against Floyd-Warshall on many small random graphs."""

from __future__ import annotations

import numpy as np
import pytest
import routing_reference as reference
from routing_reference import FAR, random_case

from socaccess.routing import DirectTrips, compute_matrix, find_nearest, find_reached

ENGINES = ("scipy", "dijkstra", "hierarchy")
CASES = 1000


@pytest.mark.parametrize("engine", ENGINES)
def test_matrix_equals_floyd_warshall(engine):
    for seed in range(CASES):
        graph, arcs, terminals, rng = random_case(seed)
        times = reference.all_pairs(*arcs)
        origins, destinations = (
            terminals(int(rng.integers(0, 9))),
            terminals(int(rng.integers(0, 9))),
        )
        cutoff = None if rng.random() < 0.5 else int(rng.integers(0, 10_000))
        expected = reference.matrix(
            times, origins, destinations, FAR - 1 if cutoff is None else cutoff
        )
        found = compute_matrix(graph, origins, destinations, engine=engine, cutoff_ms=cutoff)
        assert np.array_equal(found, expected), seed


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("k", [1, 3])
def test_nearest_equals_floyd_warshall(engine, k):
    for seed in range(CASES):
        graph, arcs, terminals, rng = random_case(seed)
        times = reference.all_pairs(*arcs)
        places, sites = terminals(int(rng.integers(0, 9))), terminals(int(rng.integers(0, 9)))
        groups = int(rng.integers(1, 4))
        group = rng.integers(-1, groups, sites.count)
        cutoff = None if rng.random() < 0.5 else int(rng.integers(0, 10_000))
        limit = FAR - 1 if cutoff is None else cutoff
        trips = int(rng.integers(0, 4)) if places.count and sites.count else 0
        direct = DirectTrips(
            origin=rng.integers(0, max(places.count, 1), trips),
            destination=rng.integers(0, max(sites.count, 1), trips),
            ms=rng.integers(0, 1000, trips),
        )
        for toward in ("sites", "places"):
            if toward == "sites":
                pairs = reference.matrix(times, places, sites)
            else:
                pairs = reference.matrix(times, sites, places).T.copy()
            np.minimum.at(pairs, (direct.origin, direct.destination), direct.ms)
            pairs[pairs > limit] = FAR
            ms, site = reference.nearest(pairs, group, groups, k)
            found = find_nearest(
                graph, places, sites, group, groups,
                k=k, toward=toward, engine=engine, cutoff_ms=cutoff, direct=direct,
            )  # fmt: skip
            assert np.array_equal(found.ms.reshape(ms.shape), ms), (seed, toward)
            assert np.array_equal(found.site.reshape(ms.shape), site), (seed, toward)


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_reached_equals_floyd_warshall(engine):
    for seed in range(CASES):
        graph, arcs, terminals, rng = random_case(seed)
        times = reference.all_pairs(*arcs)
        origins = terminals(int(rng.integers(0, 9)))
        cutoff = int(rng.choice([0, 2, 700, 20_000, FAR]))
        found = find_reached(graph, origins, cutoff, engine=engine)
        nodes = reference.Terminals.at_nodes(np.arange(graph.node_count))
        expected = reference.matrix(times, origins, nodes, min(cutoff, FAR - 1))
        assert np.array_equal(np.diff(found.indptr), (expected < FAR).sum(axis=1)), seed
        row, node = np.nonzero(expected < FAR)
        assert np.array_equal(found.list_origins(), row)
        assert np.array_equal(found.node, node)
        assert np.array_equal(found.ms, expected[row, node])
