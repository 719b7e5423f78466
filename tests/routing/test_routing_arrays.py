"""Graphs and terminals as they come in: what is kept, what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from socaccess.errors import InputError, UnknownNameError
from socaccess.routing import (
    UNREACHABLE,
    DirectTrips,
    Graph,
    Terminals,
    build_hierarchy,
    compute_matrix,
    find_nearest,
    find_reached,
    iterate_matrix,
    order_along_curve,
)


def chain():
    return Graph.from_arcs(4, [0, 1, 2], [1, 2, 3], [10, 0, 5])


def test_cheapest_parallel_arc_is_kept_first_of_equals_and_loops_go():
    graph = Graph.from_arcs(3, [1, 0, 0, 0, 2], [1, 1, 1, 1, 0], [0, 9, 4, 4, 7])
    assert graph.list_tails().tolist() == [0, 2]
    assert graph.indices.tolist() == [1, 0]
    assert graph.weight_ms.tolist() == [4, 7]
    assert graph.arc.tolist() == [2, 4]


def test_reversed_twice_is_the_graph_and_fingerprints_tell_weights_not_arc_numbers():
    graph = chain()
    assert graph.reversed().reversed() is graph
    shuffled = Graph.from_arcs(4, [2, 0, 1], [3, 1, 2], [5, 10, 0])
    assert shuffled.fingerprint == graph.fingerprint
    assert shuffled.arc.tolist() != graph.arc.tolist()
    assert Graph.from_arcs(4, [0, 1, 2], [1, 2, 3], [10, 1, 5]).fingerprint != graph.fingerprint
    assert graph.reversed().fingerprint != graph.fingerprint


def test_arrays_cannot_be_written_to():
    with pytest.raises(ValueError):
        chain().weight_ms[0] = 1


def test_every_problem_of_the_arcs_is_told_at_once():
    with pytest.raises(InputError) as caught:
        Graph.from_arcs(2, [0, -1, 0], [1, 0, 2], [1, 2, int(UNREACHABLE)])
    assert len(caught.value.problems) == 3
    assert "arc 1" in str(caught.value)
    with pytest.raises(InputError, match="not whole numbers"):
        Graph.from_arcs(2, [0], [1], [1.5])
    with pytest.raises(InputError, match="differ in length"):
        Graph.from_arcs(2, [0], [1, 0], [1])


def test_terminals_outside_the_graph_are_named():
    with pytest.raises(InputError, match=r"destinations.*place 1") as caught:
        compute_matrix(chain(), Terminals.at_nodes([9]), Terminals.at_nodes([0, 4]))
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError, match="shape"):
        Terminals(node=[1, 2], cost_ms=[0, 0])
    with pytest.raises(InputError, match="place 0"):
        Terminals(node=[[1]], cost_ms=[[int(UNREACHABLE)]])


def test_other_refusals():
    graph, ends = chain(), Terminals.at_nodes([0, 3])
    with pytest.raises(UnknownNameError, match="hierarchy"):
        compute_matrix(graph, ends, ends, engine="magic")
    with pytest.raises(UnknownNameError):
        find_reached(graph, ends, 5, engine="hierarchy")
    with pytest.raises(InputError, match="another graph"):
        compute_matrix(graph, ends, ends, hierarchy=build_hierarchy(graph.reversed()))
    with pytest.raises(InputError, match="out has shape"):
        compute_matrix(graph, ends, ends, out=np.empty((2, 2), np.int64))
    with pytest.raises(InputError) as caught:
        find_nearest(graph, ends, ends, np.array([0, 3]), 2, k=0, toward="me", cutoff_ms=-1)
    assert len(caught.value.problems) == 4
    with pytest.raises(InputError, match="direct trips"):
        compute_matrix(graph, ends, ends, direct=DirectTrips(origin=[2], destination=[0], ms=[1]))


@pytest.mark.parametrize("engine", ["scipy", "dijkstra", "hierarchy"])
def test_empty_questions_have_empty_answers(engine):
    graph, nobody = chain(), Terminals.at_nodes([])
    some = Terminals.at_nodes([0, 1])
    assert compute_matrix(graph, nobody, some, engine=engine).shape == (0, 2)
    assert compute_matrix(graph, some, nobody, engine=engine).shape == (2, 0)
    found = find_nearest(graph, some, nobody, np.empty(0, int), 3, engine=engine)
    assert (found.site == -1).all()
    assert (found.ms == UNREACHABLE).all()
    empty = Graph.from_arcs(0, [], [], [])
    assert compute_matrix(empty, nobody, nobody, engine=engine).shape == (0, 0)
    nowhere = Terminals(node=[[-1, -1]], cost_ms=[[0, 0]])
    assert compute_matrix(graph, nowhere, some, engine=engine).tolist() == [[UNREACHABLE] * 2]


@pytest.mark.parametrize("engine", ["scipy", "dijkstra", "hierarchy"])
def test_times_end_just_below_the_limit(engine):
    far = int(UNREACHABLE)
    graph = Graph.from_arcs(4, [0, 1, 2], [1, 2, 3], [far - 2, 1, 1])
    ends = Terminals.at_nodes([0, 1, 2, 3])
    times = compute_matrix(graph, ends, ends, engine=engine)
    assert times[0].tolist() == [0, far - 2, far - 1, far]
    late = Terminals(node=[[0]], cost_ms=[[far - 1]])
    assert compute_matrix(graph, late, ends, engine=engine)[0].tolist() == [far - 1, far, far, far]


def test_blocks_make_up_the_matrix():
    graph, ends = chain(), Terminals.at_nodes([0, 1, 2, 3])
    whole = compute_matrix(graph, ends, ends)
    blocks = list(iterate_matrix(graph, ends, ends, block_cells=9))
    assert [rows.stop - rows.start for rows, _ in blocks] == [2, 2]
    assert np.array_equal(np.concatenate([times for _, times in blocks]), whole)


def test_neighbours_on_the_ground_are_neighbours_on_the_curve():
    side = 32
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    order = order_along_curve(x, y)
    assert sorted(order) == list(range(side * side))
    # Quarters of the curve are quarters of the square.
    quarter = order[: side * side // 4]
    assert x[quarter].max() < side // 2
    assert y[quarter].max() < side // 2
    with pytest.raises(InputError, match="finite"):
        order_along_curve([np.nan], [0.0])


def test_small_questions_never_load_the_compiler():
    code = (
        "import sys, numpy as np\n"
        "from socaccess.routing import *\n"
        "g = Graph.from_arcs(3, [0, 1], [1, 2], [5, 6])\n"
        "t = Terminals.at_nodes([0, 2])\n"
        "compute_matrix(g, t, t); find_nearest(g, t, t, np.array([0, 0]), 1)\n"
        "find_reached(g, t, 9); sum_along(g, t, t, np.array([1.0, 2.0]))\n"
        "assert 'numba' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
