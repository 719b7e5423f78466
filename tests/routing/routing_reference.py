"""An independent and slow way to the same answers: Floyd and Warshall, then loops."""

from __future__ import annotations

import numpy as np

from socaccess.routing import UNREACHABLE, Graph, Terminals

FAR = int(UNREACHABLE)


def all_pairs(node_count, tail, head, weight_ms):
    """Return times between all nodes, int64, FAR and above cut to FAR."""
    times = np.full((node_count, node_count), FAR, np.int64)
    np.fill_diagonal(times, 0)
    np.minimum.at(times, (np.asarray(tail, int), np.asarray(head, int)), weight_ms)
    for middle in range(node_count):
        times = np.minimum(times, times[:, [middle]] + times[[middle], :])
    return np.minimum(times, FAR)


def matrix(times, origins, destinations, cutoff_ms=FAR - 1):
    out = np.full((origins.count, destinations.count), FAR, np.int64)
    for o in range(origins.count):
        for d in range(destinations.count):
            for a, first in zip(origins.node[o], origins.cost_ms[o], strict=True):
                for b, final in zip(destinations.node[d], destinations.cost_ms[d], strict=True):
                    if a >= 0 and b >= 0:
                        out[o, d] = min(out[o, d], int(first) + times[a, b] + int(final))
    out[out > cutoff_ms] = FAR
    return out


def nearest(pairs, group, group_count, k):
    """Return ms and site, (places, groups, k), from the matrix of places and sites."""
    ms = np.full((len(pairs), group_count, k), FAR, np.int64)
    site = np.full(ms.shape, -1, np.int64)
    for place, row in enumerate(pairs):
        for wanted in range(group_count):
            found = sorted((t, s) for s, t in enumerate(row) if group[s] == wanted and t < FAR)
            for slot, (time, number) in enumerate(found[:k]):
                ms[place, wanted, slot], site[place, wanted, slot] = time, number
    return ms, site


def random_case(seed):
    """Return a small graph with its arcs, and terminals of width 1 or 2, some without a node.

    Weights come from one of four kinds: plain, tiny (many ties and zeros), near the limit of the
    integers, or a mixture. Sparse graphs fall apart into components and one-way islands.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 25))
    m = int(rng.integers(0, rng.choice([n, 2 * n, 4 * n]) + 1))
    tail, head = rng.integers(0, n, (2, m))
    if m and rng.random() < 0.3:  # parallel arcs on purpose
        again = rng.integers(0, m, m // 2)
        tail, head = np.append(tail, tail[again]), np.append(head, head[again])
    kind = rng.integers(0, 4)
    size = len(tail)
    weight = [
        rng.integers(0, 10_000, size),
        rng.integers(0, 3, size),
        rng.integers(FAR // 3, FAR, size),
        rng.choice([0, 1, 7, FAR // 2, FAR - 1], size),
    ][kind]
    graph = Graph.from_arcs(n, tail, head, weight)

    def terminals(count):
        width = int(rng.integers(1, 3))
        node = rng.integers(-1 if width > 1 else 0, n, (count, width))
        cost = rng.choice(
            [rng.integers(0, 3), 0, 500, FAR - 1], (count, width), p=[0.4, 0.3, 0.25, 0.05]
        )
        return Terminals(node=node, cost_ms=cost)

    return graph, (n, tail, head, weight), terminals, rng
