"""Courses of rivers, drawn through the pieces of which a layer of river banks is made.

The layer knows a river as pieces with gaps of up to some kilometres between them. Pieces are cut
by a grid, each cell's part is joined to its neighbours by the tree with the smallest gaps, and
what is left of that tree without its short twigs (bays, mouths of brooks, islands) is the course.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import shapely

CELL_M = 1_000.0
"""Pieces are cut this small, so that the course follows their bends."""
GAP_M = 5_000.0
"""Pieces farther apart are no one river."""
TWIG_M = 4_000.0
"""A side arm this short is no course."""
LEAST_M = 15_000.0
"""A course this short is left out."""
TOUCHING_M = 1.0
TOLERANCE_M = 20.0


def draw_courses(pieces: list[shapely.Polygon]) -> list[shapely.Geometry]:
    """Return the courses of the rivers that pieces in metres make up, the longest first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    parts = np.array([part for piece in pieces for part in _cut(piece)])
    one, other = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=GAP_M)
    one, other = one[one < other], other[one < other]
    gap_m = shapely.distance(parts[one], parts[other])
    # Of parts that touch, those with the longest border between them are the river's bed.
    border_m = np.zeros(len(one))
    touch = gap_m < TOUCHING_M
    border_m[touch] = shapely.length(
        shapely.intersection(
            shapely.boundary(parts[one[touch]]), shapely.boundary(parts[other[touch]])
        )
    )
    weight = np.where(touch, 1 / (1 + border_m), 1 + gap_m)
    shape = (len(parts), len(parts))
    tree = minimum_spanning_tree(coo_array((weight, (one, other)), shape=shape)).tocoo()
    lines = [_join(parts[a], parts[b]) for a, b in zip(tree.row, tree.col, strict=True)]
    kept = _drop_twigs(tree.row, tree.col, [line.length for line in lines])
    _, river = connected_components(tree, directed=False)
    courses = defaultdict(list)
    for each in kept:
        courses[river[tree.row[each]]].append(lines[each])
    drawn = [
        shapely.normalize(
            shapely.simplify(shapely.line_merge(shapely.union_all(all_)), TOLERANCE_M)
        )
        for all_ in courses.values()
    ]
    return sorted((each for each in drawn if each.length >= LEAST_M), key=lambda each: -each.length)


def _cut(piece: shapely.Polygon) -> list[shapely.Polygon]:
    west, south, east, north = np.array(piece.bounds) // CELL_M * CELL_M
    cells = [
        shapely.clip_by_rect(piece, x, y, x + CELL_M, y + CELL_M)
        for x in np.arange(west, east + 1, CELL_M)
        for y in np.arange(south, north + 1, CELL_M)
    ]
    return [
        part
        for part in shapely.get_parts(cells)
        if isinstance(part, shapely.Polygon) and part.area > 1
    ]


def _join(one: shapely.Polygon, other: shapely.Polygon) -> shapely.LineString:
    """Return the line from the middle of a part to that of another, by where they are nearest."""
    border = shapely.intersection(one, other)
    between = shapely.shortest_line(one, other) if border.is_empty else shapely.centroid(border)
    return shapely.LineString(
        np.concatenate(
            [
                shapely.get_coordinates(shapely.centroid(one)),
                shapely.get_coordinates(between),
                shapely.get_coordinates(shapely.centroid(other)),
            ]
        )
    )


def _drop_twigs(one: np.ndarray, other: np.ndarray, length_m: list[float]) -> list[int]:
    """Return the edges of a forest without twigs shorter than `TWIG_M` that end nowhere."""
    near: dict[int, dict[int, int]] = defaultdict(dict)
    for edge, (a, b) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        near[a][b] = near[b][a] = edge
    found = True
    while found:
        found = False
        for tip in [node for node, ways in near.items() if len(ways) == 1]:
            twig, at = [], tip
            # The way from the tip to the first fork; a tree that has none is a course.
            while len(near[at]) == 1 or (twig and len(near[at]) == 2):
                onward = [node for node in near[at] if not twig or node != twig[-1][0]]
                if not onward:
                    break
                twig.append((at, onward[0]))
                at = onward[0]
            short = sum(length_m[near[a][b]] for a, b in twig) < TWIG_M
            if short and len(near[at]) > 2:
                for a, b in twig:
                    del near[a][b], near[b][a]
                found = True
    return sorted({edge for ways in near.values() for edge in ways.values()})
