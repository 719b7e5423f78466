"""Published p-median files: both forms, worked out on paper, and files that are broken."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.location_instances import (
    main,
    make_capacitated,
    make_graph,
    read_capacitated_form,
    read_coordinate_form,
    read_file,
    read_graph_form,
    solve_instance,
)
from socaccess.errors import InputError

# A road 1 - 2 - 3 - 4 with 2, 3 and 4; the long way round from 1 to 4 costs 7. The road 1 - 2 is
# given first with 50, the other way round; the road 2 - 3 first with 1.
GRAPH = """ 4 6 1
 2 1 50
 2 3 1
 1 2 2
 3 2 3
 3 4 4
 1 4 7
"""
# 3-4-5 triangles, and a distance of sqrt(2), sqrt(0.5 ** 2) = 0.5.
POINTS = """NAME : small
TYPE : TSP
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3.0 4.0e+00
3 1 1
4 0 0.5
EOF
"""


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="small.txt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def test_graph_form_takes_the_last_of_equal_edges_and_the_shortest_way(write):
    instance = read_graph_form(write(GRAPH))
    assert instance.sites == 1
    assert instance.cost.tolist() == [[0, 2, 5, 7], [2, 0, 3, 7], [5, 3, 0, 4], [7, 7, 4, 0]]
    assert instance.persons.tolist() == [1, 1, 1, 1]


def test_graph_form_keeps_free_edges_and_parts_apart(write):
    instance = read_graph_form(write("4 3 2\n1 2 0\n1 1 9\n3 4 5\n"))
    assert instance.cost[0].tolist() == [0, 0, np.inf, np.inf]
    assert instance.cost[2].tolist() == [np.inf, np.inf, 0, 5]


def test_coordinate_form_with_each_rounding(write):
    path = write(POINTS)
    plain = read_coordinate_form(path).cost
    assert plain[0].tolist() == pytest.approx([0, 5, 2**0.5, 0.5])
    assert read_coordinate_form(path, rounding="floor").cost[0].tolist() == [0, 5, 1, 0]
    # TSPLIB rounds halves up.
    assert read_coordinate_form(path, rounding="nearest").cost[0].tolist() == [0, 5, 1, 1]
    bare = "\n".join(POINTS.splitlines()[5:-1])
    for text in (bare, "0 0\n3 4\n1 1\n0 0.5\n"):
        assert (read_file(write(text)).cost == plain).all()


def test_the_form_shows_itself(write):
    assert read_file(write(GRAPH)).sites == 1
    assert read_file(write(POINTS)).sites is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("4 3 1\n1 2 5\n2 3 4\n", "3 edges announced, 2 found"),
        ("4 2 1\n1 2 5\n2 9 4\n", "2 9 4"),
        ("4 2 1\n1 2 5\n2 3 -4\n", "2 3 -4"),
        ("4 2 1\n1 2 5\n2 3 x\n", "not a number: x"),
        ("4 2 9\n1 2 5\n2 3 1\n", "p is 9"),
        (POINTS.replace("DIMENSION : 4", "DIMENSION : 5"), "5 points announced, 4 found"),
        (POINTS.replace("1 1\n", "1\n"), "line is no point"),
        ("NODE_COORD_SECTION\nEOF\n", "no points"),
    ],
)
def test_broken_files_are_refused(write, text, told):
    with pytest.raises(InputError) as caught:
        read_file(write(text))
    assert told.split(": ")[-1] in str(caught.value)
    assert "small.txt" in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_file(tmp_path / "none.txt")


def test_the_command_solves_a_file(write, monkeypatch, capsys):
    # One site: from vertex 2 2+0+3+7 = 12, from 3 5+3+0+4 = 12, from 1 14, from 4 18. Two: 2 and 4
    # leave 2 + 3, 1 and 3 leave 2 + 4 (vertex 2 is nearer to 1): 5.
    monkeypatch.setattr("sys.argv", ["location_instances", str(write(GRAPH)), "--p", "1,2"])
    main()
    one, two = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (one["objective"], one["status"], one["p"]) == (12.0, "optimal", 1)
    assert (two["objective"], two["sites"]) == (5.0, [2, 4])
    assert one["bound"] == pytest.approx(12.0)


def test_the_command_tells_a_broken_file(write, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["location_instances", str(write(POINTS))])
    with pytest.raises(SystemExit):
        main()
    assert "add --p" in capsys.readouterr().err


def test_capacitated_form_counts_distances_once_however_large_the_demand(write):
    # Three points on a line at 0, 3 and 7; places for 5 at each site; demands 2, 3 and 4.
    text = "1\n1 3\n3 2 5\n1 0 0 2\n2 3 0 3\n3 7 0 4\n"
    (one,) = read_capacitated_form(write(text))
    assert (one.sites, one.places, one.published) == (2, 5.0, 3.0)
    assert (one.cost * one.persons[:, None]).round(9).tolist() == [[0, 3, 7], [3, 0, 4], [7, 4, 0]]
    answer = solve_instance(one, one.sites, 10.0)
    assert (answer["status"], answer["objective"]) == ("optimal", 3.0)


def test_covering_form_looks_for_the_fewest_columns(write):
    text = "3 3\n1 9 1\n1 2\n2 1 2\n2 2 3\n"
    one = read_file(write(text), form="covering")
    answer = solve_instance(one, None, 10.0)
    assert (answer["objective"], answer["sites"]) == (1.0, [2])


def test_demand_form_covers_within_metres_whichever_axis_comes_first(write):
    # A degree of latitude is 111.3 km.
    points = ["57.0 -24.0", "57.001 -24.0", "58.0 -24.0"]
    for rows in (points, [" ".join(reversed(row.split())) for row in points]):
        body = "\n".join(rows)
        text = f"DIMENSION: 3\nNODE_COORD_SECTION\n{body}\nDEMAND_SECTION\n4\n5\n8\n"
        one = read_file(write(text), form="demand", radius=120.0)
        assert solve_instance(one, 1, 10.0)["objective"] == 9.0


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("capacitated", "2\n1 3\n3 2 5\n1 0 0 2\n"),
        ("covering", "2 2\n1 1\n1 2\n2 1\n"),
        ("covering", "1 2\n1 1\n1 3\n"),
        ("demand", "NODE_COORD_SECTION\n1 2\nDEMAND_SECTION\n1\n2\n"),
    ],
)
def test_files_of_other_forms_that_are_cut_off_are_refused(write, form, text):
    with pytest.raises(InputError, match=r"small\.txt"):
        read_file(write(text), form=form, radius=100.0)


def test_recipes_give_what_they_promise():
    graph = make_graph(50, 5, seed=1)
    assert np.isfinite(graph.cost).all()
    assert (graph.cost == graph.cost.T).all()
    capacitated = make_capacitated(50, 5, seed=1)
    assert 0.82 <= capacitated.persons.sum() / 600 <= 0.96
