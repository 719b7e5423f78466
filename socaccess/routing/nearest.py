"""The nearest site of each group for every place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from socaccess.errors import Problem, raise_problems
from socaccess.messages import Message
from socaccess.routing._choice import check_cutoff, choose_engine
from socaccess.routing._run import Progress, Ticker, cut_evenly, run_chunks
from socaccess.routing.graph import UNREACHABLE, Graph, Int32Array, Int64Array, UInt32Array
from socaccess.routing.matrix import compute_matrix
from socaccess.routing.terminals import DirectTrips, Terminals

if TYPE_CHECKING:
    from socaccess.routing.hierarchy import Hierarchy

__all__ = ["Nearest", "find_nearest"]

NOBODY = (int(UNREACHABLE) << 32) | 0xFFFFFFFF
"""Label of no site: later than every `time << 32 | site` in reach."""
MAX_PACKED_SITES = 2**21
"""Sites that scipy's float64 can carry beside the time."""
GROUPS_AT_ONCE = 8
"""Groups a thread answers between two looks at the keyboard."""
BLOCK_CELLS = 4_000_000
"""Pairs of places and sites held at once when more than one site is asked for."""


class Nearest(NamedTuple):
    """Times to the nearest sites and which they are, both (places, groups) or (places, groups, k).

    `ms` is uint32 milliseconds, `UNREACHABLE` where there is none; `site` is the position of the
    site among the sites asked about, int32, -1 where there is none.
    """

    ms: UInt32Array
    site: Int32Array


def find_nearest(
    graph: Graph,
    places: Terminals,
    sites: Terminals,
    group: Int32Array,
    group_count: int,
    *,
    k: int = 1,
    toward: Literal["sites", "places"] = "sites",
    engine: str = "auto",
    cutoff_ms: int | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    hierarchy: Hierarchy | None = None,
    direct: DirectTrips | None = None,
) -> Nearest:
    """Return the nearest sites of each group for every place.

    Of sites equally near the one with the lowest position comes first.

    Parameters
    ----------
    graph
        The graph to travel.
    places
        Who asks, each place once.
    sites
        What is looked for, each site once.
    group
        Group of each site, shape (sites,), from 0 to `group_count - 1`; -1 leaves a site out.
    group_count
        Number of groups; one without sites is out of everybody's reach.
    k
        How many of each group, nearest first.
    toward
        `"sites"`: the time of the trip from place to site (a client travels); `"places"`: from
        site to place (the provider travels).
    engine
        `"auto"`, `"scipy"`, `"dijkstra"` or `"hierarchy"`; see `choose_engine`.
    cutoff_ms
        Longest time of interest, inclusive; sites further off are left out. None: no limit.
    threads, progress, hierarchy
        As in `compute_matrix`.
    direct
        Trips that pass no node; whatever `toward`, `origin` is a place and `destination` a site.

    Returns
    -------
    Nearest
        `ms` and `site`, shape (places, groups), or (places, groups, k) for `k` above 1.

    Raises
    ------
    InputError
        A place or site lies outside the graph, or a group does not exist.
    UnknownNameError
        No such engine, or `toward` is neither of the two.

    Examples
    --------
    >>> graph = Graph.from_arcs(3, [0, 1], [1, 2], [1000, 500])
    >>> places, sites = Terminals.at_nodes([0, 1]), Terminals.at_nodes([1, 2])
    >>> find_nearest(graph, places, sites, np.array([0, 0]), 1).ms.tolist()
    [[1000], [0]]
    >>> find_nearest(graph, places, sites, np.array([0, 0]), 1, k=2).site.tolist()
    [[[0, 1]], [[0, 1]]]
    """
    group = np.asarray(group)
    limit_ms = _check_question(
        graph, places, sites, group, group_count, k, toward, cutoff_ms, direct
    )
    group = group.astype(np.int32)
    chosen = choose_engine(
        graph,
        group_count * k,
        engine,
        hierarchy=hierarchy,
        can_use_hierarchy=True,
        scipy_count=group_count if k == 1 else min(sites.count, places.count),
    )
    search_graph = graph.reversed() if toward == "sites" else graph
    ms = np.full((places.count, group_count, k), UNREACHABLE, np.uint32)
    site = np.full(ms.shape, -1, np.int32)
    if chosen == "hierarchy":
        from socaccess.routing.hierarchy import build_hierarchy

        if hierarchy is None:
            hierarchy = build_hierarchy(graph)
        hierarchy.check_graph(graph)
    tick = Ticker(progress, group_count)
    if not ms.size or not sites.count:
        pass
    elif chosen == "dijkstra":
        _search_outward(search_graph, places, sites, group, limit_ms, ms, site, threads, tick)
    elif chosen == "hierarchy":
        from socaccess.routing.hierarchy import find_nearest_sites

        assert hierarchy is not None
        find_nearest_sites(
            hierarchy, places, sites, group, limit_ms, ms, site,
            toward_sites=toward == "sites", threads=threads, tick=tick,
        )  # fmt: skip
    elif k == 1 and sites.count < MAX_PACKED_SITES:
        from socaccess.routing import _scipy

        packed = _scipy.find_nearest_sites(search_graph, places, sites, group, group_count, tick)
        time, number = np.divmod(packed, _scipy.pack_scale(sites.count))
        there = time <= limit_ms
        ms[:, :, 0][there], site[:, :, 0][there] = time[there], number[there]
    else:
        for wanted in range(group_count):
            members = np.flatnonzero(group == wanted)
            _keep_least(
                partial(compute_matrix, graph, engine="scipy", cutoff_ms=limit_ms),
                places, sites.take(members), members, ms[:, wanted], site[:, wanted], toward,
            )  # fmt: skip
            tick(1)
    if direct is not None:
        near = (direct.ms <= limit_ms) & (group[direct.destination] >= 0)
        _lower_times(ms, site, direct, group, np.flatnonzero(near))
    return Nearest(ms[:, :, 0], site[:, :, 0]) if k == 1 else Nearest(ms, site)


def _search_outward(
    search_graph: Graph,
    places: Terminals,
    sites: Terminals,
    group: Int32Array,
    limit_ms: int,
    ms: UInt32Array,
    site: Int32Array,
    threads: int,
    tick: Ticker,
) -> None:
    """Fill `ms` and `site`, (places, groups, k), by one search from all sites of a group."""
    from socaccess.routing import _labels, k_nearest_search

    rows, arcs = k_nearest_search.pack_arcs(search_graph)
    _, group_count, k = ms.shape

    def work(groups: slice) -> int:
        labels = k_nearest_search.make_large(search_graph.node_count * k, np.uint64)
        for wanted in range(groups.start, groups.stop):
            members = np.flatnonzero(group == wanted)
            k_nearest_search.search_outward(
                rows, arcs, members, sites.node, sites.cost_ms, k, np.uint32(limit_ms), labels
            )
            _labels.gather_labels(
                labels, 1, k, places.node, places.cost_ms, wanted, np.uint32(limit_ms), ms, site
            )
        return groups.stop - groups.start

    step = max(1, min(GROUPS_AT_ONCE, group_count // max(threads, 1)))
    run_chunks(work, cut_evenly(group_count, step), threads, tick)


def _keep_least(
    compute: Callable[..., UInt32Array],
    places: Terminals,
    sites: Terminals,
    members: Int64Array,
    ms: UInt32Array,
    site: Int32Array,
    toward: str,
) -> None:
    """Fill `ms` and `site`, (places, k), of one group from blocks of the matrix to its sites."""
    k = ms.shape[1]
    for rows in cut_evenly(places.count, max(1, BLOCK_CELLS // max(len(members), 1))):
        if toward == "sites":
            times = compute(places.take(rows), sites)
        else:
            times = compute(sites, places.take(rows)).T
        packed = (times.astype(np.int64) << 32) | members
        packed[times == UNREACHABLE] = NOBODY
        if packed.shape[1] > k:
            packed = np.partition(packed, k - 1, axis=1)[:, :k]
        packed.sort(axis=1)
        ms[rows, : packed.shape[1]] = packed >> 32
        site[rows, : packed.shape[1]] = (packed & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def _lower_times(
    ms: UInt32Array, site: Int32Array, direct: DirectTrips, group: Int32Array, trips: Int64Array
) -> None:
    """Let the `trips` that pass no node replace slower times to the same site, or stand in."""
    for trip in trips:
        place, wanted = direct.origin[trip], direct.destination[trip]
        times, sites = ms[place, group[wanted]], site[place, group[wanted]]
        same = np.flatnonzero(sites == wanted)
        slot = same[0] if len(same) else -1
        if times[slot] == UNREACHABLE or (direct.ms[trip], wanted) < (times[slot], sites[slot]):
            times[slot], sites[slot] = direct.ms[trip], wanted
            # Empty places, numbered -1, stay behind: their time is the largest.
            order = np.lexsort((sites, times))
            times[:], sites[:] = times[order], sites[order]


def _check_question(
    graph: Graph,
    places: Terminals,
    sites: Terminals,
    group: Int32Array,
    group_count: int,
    k: int,
    toward: str,
    cutoff_ms: int | None,
    direct: DirectTrips | None,
) -> int:
    """Return the longest time of interest; raise every problem of the question at once."""
    problems = places.check_against(graph, "places") + sites.check_against(graph, "sites")
    if direct is not None:
        problems += direct.check_against(places.count, sites.count)
    if group.shape != (sites.count,) or (group.size and group.dtype.kind not in "iu"):
        problems.append(
            Problem(
                "routing.bad_group",
                shape=str(group.shape),
                type=str(group.dtype),
                wanted=f"({sites.count},)",
            )
        )
    else:
        wrong = np.flatnonzero((group < -1) | (group >= group_count))
        if len(wrong):
            rows = [Message("routing.site", number=int(row)) for row in wrong]
            problems.append(
                Problem("routing.group_out_of_range", rows=rows, most=str(group_count - 1))
            )
    if k < 1:
        problems.append(Problem("routing.k_too_small", k=k))
    if toward not in ("sites", "places"):
        problems.append(Problem("routing.bad_direction", toward=toward))
    limit_ms = check_cutoff(cutoff_ms, problems)
    raise_problems(problems)
    return limit_ms
