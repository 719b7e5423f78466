"""Trees, sums and trips: the same path on every engine, and the right sums along it."""

from __future__ import annotations

import numpy as np
import pytest
import routing_reference as reference
from routing_reference import FAR, random_case

from socaccess.errors import InputError
from socaccess.routing import (
    Graph,
    Terminals,
    build_hierarchy,
    compute_matrix,
    sum_along,
    trace_paths,
    trace_trees,
    trace_trips,
)

ENGINES = ("scipy", "dijkstra")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_least_sum_of_ties_on_a_hand_drawn_square(engine):
    # 0 -> 3 takes 4 by 1, by 2 and by 4 and 5; and straight.
    tail, head = [0, 1, 0, 2, 0, 4, 5, 0], [1, 3, 2, 3, 4, 5, 3, 3]
    graph = Graph.from_arcs(6, tail, head, [2, 2, 2, 2, 2, 1, 1, 4])
    start, end = Terminals.at_nodes([0]), Terminals.at_nodes([3])
    (path,) = trace_paths(graph, start, end, engine=engine)
    assert (path.ms, path.arcs.tolist()) == (4, [7])
    without = Graph.from_arcs(6, tail[:-1], head[:-1], [2, 2, 2, 2, 2, 1, 1])
    (path,) = trace_paths(without, start, end, engine=engine)
    assert path.arcs.tolist() == [0, 1]
    ms, sums = sum_along(without, start, end, np.arange(7) * 1.5, engine=engine)
    assert (ms[0, 0], sums[0, 0]) == (4, 1.5)


@pytest.mark.parametrize("engine", ENGINES)
def test_ends_are_chosen_and_their_values_added(engine):
    graph = Graph.from_arcs(3, [0, 1], [1, 2], [100, 100])
    origin = Terminals(node=[[0, 1]], cost_ms=[[50, 160]])
    destination = Terminals(node=[[2, 1]], cost_ms=[[10, 100]])
    (path,) = trace_paths(graph, origin, destination, engine=engine)
    assert (path.ms, path.arcs.tolist(), path.origin_end, path.destination_end) == (250, [0], 0, 1)
    ms, length = sum_along(
        graph, origin, destination, np.array([7, 9]),
        origin_values=np.array([[1000, 5]]), destination_values=np.array([[1, 300]]),
        engine=engine,
    )  # fmt: skip
    assert (ms[0, 0], length[0, 0]) == (250, 1307)


def test_unreachable_sums_are_marked():
    graph = Graph.from_arcs(2, [0], [1], [1])
    a, b = Terminals.at_nodes([1]), Terminals.at_nodes([0])
    assert np.isnan(sum_along(graph, a, b, np.array([1.0]))[1][0, 0])
    assert sum_along(graph, a, b, np.array([1]))[1][0, 0] == -1
    (path,) = trace_paths(graph, a, b)
    assert (path.ms, path.arcs.tolist(), path.origin_end) == (FAR, [], -1)
    with pytest.raises(InputError, match="destination_values"):
        sum_along(graph, a, b, np.array([1.0]), destination_values=np.zeros(3))


def test_trees_and_sums_agree_between_engines_and_with_the_matrix():
    for seed in range(300):
        graph, (_, _, _, weight), terminals, rng = random_case(seed)
        origins, destinations = terminals(3), terminals(4)
        trees = [trace_trees(graph, origins, engine=engine) for engine in ENGINES]
        assert np.array_equal(trees[0].ms, trees[1].ms), seed
        assert np.array_equal(trees[0].arc, trees[1].arc), seed
        values = np.column_stack([weight, rng.integers(0, 99, len(weight))]).astype(np.int64)
        first = np.stack([origins.cost_ms, origins.cost_ms * 0 + 1], axis=2).astype(np.int64)
        last = np.stack([destinations.cost_ms, destinations.cost_ms * 0], axis=2).astype(np.int64)
        found = [
            sum_along(
                graph, origins, destinations, values,
                origin_values=first, destination_values=last, engine=engine,
            )
            for engine in ENGINES
        ]  # fmt: skip
        assert np.array_equal(found[0][0], found[1][0]), seed
        assert np.array_equal(found[0][1], found[1][1]), seed
        ms, sums = found[0]
        assert np.array_equal(ms, compute_matrix(graph, origins, destinations, engine="scipy"))
        there = ms < FAR
        # The sum of the weights themselves is the time.
        assert np.array_equal(sums[:, :, 0][there], ms[there]), seed
        assert (sums[:, :, 0][~there] == -1).all()


def test_paths_are_connected_and_as_long_as_they_say():
    for seed in range(150):
        graph, (_, tail, head, weight), terminals, _ = random_case(seed)
        origins, destinations = terminals(4), terminals(4)
        expected = np.diagonal(
            reference.matrix(reference.all_pairs(*random_case(seed)[1]), origins, destinations)
        )
        by_engine = [trace_paths(graph, origins, destinations, engine=e) for e in ENGINES]
        for pair, (path, other) in enumerate(zip(*by_engine, strict=True)):
            assert path.arcs.tolist() == other.arcs.tolist(), seed
            assert path.ms == expected[pair]
            if path.ms == FAR:
                continue
            node = origins.node[pair, path.origin_end]
            time = int(origins.cost_ms[pair, path.origin_end])
            for arc in path.arcs:
                assert tail[arc] == node
                node, time = head[arc], time + int(weight[arc])
            assert node == destinations.node[pair, path.destination_end]
            assert time + int(destinations.cost_ms[pair, path.destination_end]) == path.ms


def test_ways_equally_fast_are_the_same_out_of_trees_and_out_of_a_hierarchy():
    # An even grid of 12 x 12: every pair has many ways equally fast.
    side = 12
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    tail, head = np.concatenate([tail, head]), np.concatenate([head, tail])
    graph = Graph.from_arcs(side * side, tail, head, np.full(len(tail), 1000))
    ends = Terminals.at_nodes(np.arange(side * side))
    row, column = np.random.default_rng(1).integers(0, side * side, (2, 800))
    hierarchy = build_hierarchy(graph)
    trees = trace_trips(graph, ends, ends, row, column)
    unpacked = trace_trips(graph, ends, ends, row, column, hierarchy=hierarchy)
    assert np.array_equal(trees.ms, unpacked.ms)
    assert np.array_equal(trees.begin, unpacked.begin)
    same = trees.arcs == unpacked.arcs
    # Two ways may have the same sum of numbers from 1 to 4,095: told apart by order in trees only.
    assert np.isin(np.arange(800), trees.trip[~same]).sum() <= 2
    assert (trees.ms == unpacked.ms).all()


def test_trips_of_random_graphs_are_whole_out_of_a_hierarchy():
    tied = total = 0
    for seed in range(200):
        graph, (_, _, _, weight), terminals, _ = random_case(seed)
        origins, destinations = terminals(4), terminals(4)
        row, column = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
        trees = trace_trips(graph, origins, destinations, row, column, engine="dijkstra")
        found = trace_trips(
            graph, origins, destinations, row, column, hierarchy=build_hierarchy(graph)
        )
        assert np.array_equal(trees.ms, found.ms), seed
        assert np.array_equal(trees.ends, found.ends), seed
        for pair in np.flatnonzero(found.ms < FAR):
            arcs = found.arcs[found.begin[pair] : found.begin[pair + 1]]
            start, end = found.ends[pair]
            cost = origins.cost_ms[row[pair], start] + destinations.cost_ms[column[pair], end]
            assert weight[arcs].sum() + cost == found.ms[pair]
            other = trees.arcs[trees.begin[pair] : trees.begin[pair + 1]]
            tied, total = tied + (arcs.tolist() != other.tolist()), total + 1
    assert tied <= total / 500
