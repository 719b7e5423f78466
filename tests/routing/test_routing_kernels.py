"""The compiled inner parts, each against a slow way to the same, and what they must not break."""

from __future__ import annotations

import numpy as np
import pytest
import routing_reference as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from routing_reference import FAR

from socaccess.routing import (
    Graph,
    Terminals,
    _blocks,
    _contraction,
    build_hierarchy,
    compute_matrix,
    find_nearest,
)
from socaccess.routing._labels import NOBODY, insert_label
from socaccess.routing.simd_sweep import LANES, make_rows, pull_row, push_row

U64 = np.uint64


@njit
def insert(labels, first, k, label):
    return insert_label(labels, U64(first), U64(k), label)


@njit
def pull(into, row, seeds, seed, times, others, ms, arc, stop):
    pull_row(into, U64(row), seeds, U64(seed), times, others, ms, U64(arc), U64(stop))


@njit
def push(times, row, others, slot, ms, arc, stop):
    push_row(times, U64(row), others, slot, ms, U64(arc), U64(stop))


@settings(max_examples=300, deadline=None)
@given(
    k=st.integers(1, 4),
    found=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=25),
)
def test_labels_are_the_smallest_of_each_site(k, found):
    labels = np.full(k + 2, NOBODY)
    best: dict[int, int] = {}
    for time, site in found:
        before = labels.copy()
        changed = insert(labels, 1, k, U64(time << 32 | site))
        best[site] = min(time, best.get(site, time))
        expected = sorted(time << 32 | site for site, time in best.items())[:k]
        assert [int(label) for label in labels[1:-1] if label != NOBODY] == expected
        assert changed == (not np.array_equal(before, labels))
        assert labels[0] == labels[-1] == NOBODY


@pytest.mark.parametrize("arcs", [0, 1, 7])
def test_lanes_do_what_numpy_does(arcs):
    rng = np.random.default_rng(arcs)
    times, seeds = make_rows(50), make_rows(3)
    assert times.ctypes.data % 64 == 0
    times[:] = rng.choice([0, 5, FAR, FAR - 1], times.shape)
    seeds[:] = rng.integers(0, FAR, seeds.shape)
    others = rng.permutation(50)[: arcs + 4].astype(np.uint32)
    ms = rng.integers(0, FAR, arcs + 4).astype(np.uint32)
    used = slice(2, 2 + arcs)
    sums = times[others[used]].astype(np.int64) + ms[used, None]
    expected = np.vstack([seeds[1:2], sums]).min(axis=0)
    kept = times.copy()
    pull(times, 49, seeds, 1, times, others, ms, 2, 2 + arcs)
    assert np.array_equal(times[49], expected)
    assert np.array_equal(times[:49], kept[:49])
    slot = rng.permutation(50).astype(np.uint32)
    row = int(slot[others[-1]])  # none of the arcs leads back to it
    expected = times.astype(np.int64)
    for arc in range(2, 2 + arcs):
        there = slot[others[arc]]
        expected[there] = np.minimum(expected[there], expected[row] + ms[arc])
    push(times, row, others, slot, ms, 2, 2 + arcs)
    assert np.array_equal(times, expected)
    assert times.shape[1] == LANES


def random_roads(seed, n=60, arcs=170):
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, n, (2, arcs))
    weight = [
        rng.integers(0, 4, arcs),
        rng.integers(0, 100_000, arcs),
        rng.choice([0, 1, 3, FAR // 3, FAR - 2], arcs),
        (10 ** rng.uniform(0, 9.3, arcs)).astype(np.int64),
    ][seed % 4]
    return Graph.from_arcs(n, tail, head, weight), rng


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), k=st.integers(1, 6), cutoff=st.sampled_from([None, 5, 90_000])
)
def test_nearest_k_are_the_first_k_of_the_matrix(seed, k, cutoff):
    graph, rng = random_roads(seed)
    count, groups = int(rng.integers(1, 30)), 3
    sites = Terminals(
        node=rng.integers(-1, 60, (count, 2)), cost_ms=rng.choice([0, 2, 500, FAR - 1], (count, 2))
    )
    places = Terminals(node=rng.integers(-1, 60, (20, 2)), cost_ms=rng.integers(0, 9, (20, 2)))
    group = rng.integers(-1, groups, count)
    pairs = compute_matrix(graph, places, sites, engine="scipy", cutoff_ms=cutoff)
    ms, site = reference.nearest(pairs.astype(np.int64), group, groups, k)
    for engine in ("scipy", "dijkstra", "hierarchy"):
        found = find_nearest(
            graph, places, sites, group, groups, k=k, cutoff_ms=cutoff, engine=engine
        )
        assert np.array_equal(found.ms.reshape(ms.shape), ms), engine
        assert np.array_equal(found.site.reshape(ms.shape), site), engine


def test_many_equal_times_come_out_by_number_on_every_engine():
    # A ring of arcs of no time: every site is equally near everywhere.
    nodes = np.arange(40)
    graph = Graph.from_arcs(40, nodes, np.roll(nodes, -1), np.zeros(40, int))
    everywhere, sites = Terminals.at_nodes(nodes), Terminals.at_nodes(nodes[::-1])
    for engine in ("scipy", "dijkstra", "hierarchy"):
        found = find_nearest(
            graph, everywhere, sites, np.zeros(40, int), 1, k=5, engine=engine, threads=2
        )
        assert (found.site == np.arange(5)).all()
        assert not found.ms.any()


def test_a_build_tells_how_far_it_is_and_can_be_stopped():
    graph, _ = random_roads(1, n=700, arcs=1600)
    told = []
    whole = build_hierarchy(graph, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (700, 700)
    assert told == sorted(told)
    assert len(told) >= 2

    def stop(done, total):
        if done >= total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_hierarchy(graph, progress=stop)
    assert np.array_equal(build_hierarchy(graph).up_ms, whole.up_ms)


def test_rooms_that_run_short_are_replaced(monkeypatch):
    # Without searches every pair of neighbours gets a shortcut: far more rows than were laid down.
    graph, _ = random_roads(1, n=300, arcs=1200)
    needs = []

    def lay_again(*arguments):
        needs.append(arguments[-1])
        return _blocks.lay_again(*arguments)

    monkeypatch.setattr(_contraction, "lay_again", lay_again)
    hierarchy = build_hierarchy(graph, settled_limit=0)
    assert max(needs) > 0
    ends = Terminals.at_nodes(np.arange(300))
    expected = compute_matrix(graph, ends, ends, engine="scipy")
    assert np.array_equal(compute_matrix(graph, ends, ends, hierarchy=hierarchy), expected)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_more_sources_than_lanes_on_every_side_and_order_of_memory(threads):
    graph, rng = random_roads(5, n=400, arcs=1300)
    hierarchy = build_hierarchy(graph)
    many, few = Terminals.at_nodes(rng.integers(0, 400, 333)), Terminals.at_nodes(np.arange(150))
    for first, second in ((many, few), (few, many)):
        expected = compute_matrix(graph, first, second, engine="scipy")
        outs = [
            np.empty(expected.shape, np.uint32),
            np.empty(expected.shape, np.uint32, order="F"),
            np.empty((expected.shape[0], 2 * expected.shape[1]), np.uint32)[:, ::2],
        ]
        for out in outs:
            compute_matrix(graph, first, second, out=out, hierarchy=hierarchy, threads=threads)
            assert np.array_equal(out, expected)
