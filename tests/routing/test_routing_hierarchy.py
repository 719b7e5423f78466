"""The hierarchy: kept on disk, deterministic, its buffers grow, work can be stopped."""

from __future__ import annotations

import numpy as np
import pytest

from socaccess.errors import NetworkFileError
from socaccess.routing import (
    Graph,
    Hierarchy,
    Terminals,
    build_hierarchy,
    compute_matrix,
    find_nearest,
)
from socaccess.routing.hierarchy import ARRAYS


def random_graph(seed, n=400, degree=3, high=1000):
    rng = np.random.default_rng(seed)
    tail, head = rng.integers(0, n, (2, n * degree))
    return Graph.from_arcs(n, tail, head, rng.integers(0, high, n * degree))


def grid(side):
    """Streets of one length: nothing but ties."""
    node = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    both = np.concatenate([tail, head]), np.concatenate([head, tail])
    return Graph.from_arcs(side * side, *both, np.full(len(both[0]), 60))


def wheel(rim):
    """A hub with more neighbours than a block can remember, on one-way spokes of two kinds."""
    nodes = np.arange(1, rim + 1)
    tail = np.concatenate([nodes, np.zeros(rim, int)])
    head = np.concatenate([np.zeros(rim, int), nodes])
    weight = np.concatenate([nodes * 3, nodes[::-1] * 2])
    kept = np.concatenate([nodes % 3 != 0, nodes % 3 != 1])
    ring = nodes, np.roll(nodes, -1)
    return Graph.from_arcs(
        rim + 1, np.append(tail[kept], ring[0]), np.append(head[kept], ring[1]),
        np.append(weight[kept], np.full(rim, 40)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "graph",
    [random_graph(0), random_graph(1, degree=1), random_graph(2, n=150, degree=25), grid(15),
     grid(15).reversed(), wheel(150), random_graph(3, n=60, degree=59, high=2)],
    ids=["plain", "islands", "dense", "ties", "ties reversed", "wheel", "zeros"],
)  # fmt: skip
@pytest.mark.parametrize("limit", [1, None])
def test_every_pair_of_larger_graphs(graph, limit):
    everywhere = Terminals.at_nodes(np.arange(graph.node_count))
    hierarchy = build_hierarchy(graph, settled_limit=limit)
    times = compute_matrix(graph, everywhere, everywhere, hierarchy=hierarchy)
    assert np.array_equal(times, compute_matrix(graph, everywhere, everywhere, engine="scipy"))
    few = Terminals.at_nodes(np.arange(0, graph.node_count, 7))
    assert np.array_equal(compute_matrix(graph, few, everywhere, hierarchy=hierarchy), times[::7])


def test_arcs_lead_to_smaller_positions_only():
    hierarchy = build_hierarchy(random_graph(4))
    for way in ("up", "down"):
        indptr = getattr(hierarchy, f"{way}_indptr")
        own = np.repeat(np.arange(hierarchy.node_count), np.diff(indptr))
        assert (getattr(hierarchy, f"{way}_others") < own).all()
    assert sorted(hierarchy.position) == list(range(hierarchy.node_count))


def test_five_runs_one_answer():
    graph = random_graph(5)
    builds = [build_hierarchy(graph) for _ in range(5)]
    for name in ARRAYS:
        first = getattr(builds[0], name).tobytes()
        assert all(getattr(build, name).tobytes() == first for build in builds)
    places = Terminals.at_nodes(np.arange(400))
    sites = Terminals.at_nodes(np.arange(0, 400, 3))
    group = np.arange(sites.count) % 5
    answers = {
        find_nearest(graph, places, sites, group, 5, engine=engine, threads=threads).site.tobytes()
        for engine in ("dijkstra", "hierarchy")
        for threads in (1, 2)
    }
    assert len(answers) == 1


def test_saved_and_loaded_it_is_the_same(tmp_path):
    graph = random_graph(6)
    hierarchy = build_hierarchy(graph)
    hierarchy.save(tmp_path / "kept.hierarchy")
    hierarchy.save(tmp_path / "again.hierarchy")
    loaded = Hierarchy.load(tmp_path / "kept.hierarchy", graph)
    for name in ARRAYS:
        assert np.array_equal(getattr(loaded, name), getattr(hierarchy, name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.hierarchy", "kept.hierarchy"]
    assert (tmp_path / "kept.hierarchy").read_bytes() == (tmp_path / "again.hierarchy").read_bytes()


def test_a_file_that_is_not_right_is_refused(tmp_path):
    graph = random_graph(7)
    path = tmp_path / "kept.hierarchy"
    build_hierarchy(graph).save(path)
    whole = path.read_bytes()
    with pytest.raises(NetworkFileError, match="another graph"):
        Hierarchy.load(path, graph.reversed())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NetworkFileError, match="truncated"):
        Hierarchy.load(path, graph)
    path.write_bytes(b"")
    with pytest.raises(NetworkFileError):
        Hierarchy.load(path, graph)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    path.write_bytes(changed)
    with pytest.raises(NetworkFileError):
        Hierarchy.load(path, graph)
    with np.load(_write(path, whole)) as file:
        arrays = dict(file)
    arrays["up_ms"] = arrays["up_ms"] + np.uint32(1)
    with path.open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(NetworkFileError, match="changed"):
        Hierarchy.load(path, graph)
    arrays["about"] = np.frombuffer(b'{"format": "socaccess hierarchy 0"}', np.uint8)
    with path.open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(NetworkFileError, match="format"):
        Hierarchy.load(path, graph)
    with pytest.raises(FileNotFoundError):
        Hierarchy.load(tmp_path / "absent", graph)


def _write(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("engine", ["scipy", "dijkstra", "hierarchy"])
def test_a_memory_map_is_filled_and_read_back(engine, tmp_path):
    graph = random_graph(8)
    origins, destinations = Terminals.at_nodes(np.arange(300)), Terminals.at_nodes(np.arange(90))
    for first, second in ((origins, destinations), (destinations, origins)):
        shape = first.count, second.count
        out = np.memmap(tmp_path / "times", np.uint32, "w+", shape=shape)
        assert compute_matrix(graph, first, second, engine=engine, out=out) is out
        out.flush()
        kept = np.fromfile(tmp_path / "times", np.uint32).reshape(shape)
        assert np.array_equal(kept, compute_matrix(graph, first, second, engine="scipy"))
        turned = np.empty(shape[::-1], np.uint32).T  # not contiguous
        compute_matrix(graph, first, second, engine=engine, out=turned)
        assert np.array_equal(turned, kept)


@pytest.mark.parametrize("engine", ["dijkstra", "hierarchy"])
@pytest.mark.parametrize("threads", [1, 2])
def test_progress_adds_up_and_an_interrupt_stops_the_work(engine, threads):
    graph = random_graph(9, n=1500)
    ends = Terminals.at_nodes(np.arange(1500))
    hierarchy = build_hierarchy(graph) if engine == "hierarchy" else None
    told = []
    options = {"engine": engine, "threads": threads, "hierarchy": hierarchy}
    times = compute_matrix(
        graph, ends, ends, progress=lambda done, total: told.append((done, total)), **options
    )
    assert told[-1] == (1500, 1500)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 2
    seen = []

    def stop(done, total):
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_matrix(graph, ends, ends, progress=stop, **options)
    assert len(seen) == 1
    assert np.array_equal(times, compute_matrix(graph, ends, ends, engine="scipy"))
