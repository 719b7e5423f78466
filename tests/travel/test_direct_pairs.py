"""Pairs of places near each other, against a tree that knows nothing of squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from socaccess.network.snapped import _find_within


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("reach_m", [0.0, 0.01, 25.0, 2500.0])
def test_pairs_are_those_of_a_tree(seed, reach_m):
    random = np.random.default_rng(seed)
    wide, west = random.choice([1.0, 1000.0, 300_000.0]), random.choice([0.0, 3e5, -1e6])
    one, other = (random.uniform(0, wide, (random.integers(1, 150), 2)) + west for _ in "ab")
    step = reach_m or 1.0
    if seed % 2:  # many exactly at the edge of reach
        one, other = np.round(one / step) * step, np.round(other / step) * step
    alike = min(len(one), len(other)) // 2
    other[:alike] = one[:alike] + random.choice([0.0, 0.005, 0.01, 0.02], (alike, 2))
    row, column, metres = _find_within(one, other, reach_m)
    tree = KDTree(one).sparse_distance_matrix(KDTree(other), reach_m, output_type="coo_matrix")
    order, wanted = np.lexsort((column, row)), np.lexsort((tree.col, tree.row))
    assert np.array_equal(row[order], tree.row[wanted])
    assert np.array_equal(column[order], tree.col[wanted])
    assert np.array_equal(metres[order], tree.data[wanted])
