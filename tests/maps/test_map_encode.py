from __future__ import annotations

import base64
import gzip

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from socaccess.maps.encode import delta, morton_order, pack, unpack


@given(st.lists(st.integers(-(10**9), 10**9)))
def test_running_sums_of_differences_give_the_numbers_back(values: list[int]) -> None:
    assert np.cumsum(delta(values)).tolist() == values


def test_packed_bytes_carry_no_date() -> None:
    raw = base64.b64decode(pack({"a": [1, 2, 3]}))
    assert raw[4:8] == b"\0\0\0\0"
    assert gzip.decompress(raw) == b'{"a":[1,2,3]}'
    assert unpack(pack({"ā": "</script>"})) == {"ā": "</script>"}


@given(st.lists(st.tuples(st.integers(0, 2**21 - 1), st.integers(0, 2**21 - 1)), min_size=1))
def test_morton_order_equals_interleaving_the_bits_one_by_one(
    points: list[tuple[int, int]],
) -> None:
    def interleave(x: int, y: int) -> int:
        return sum(
            ((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1) for bit in range(21)
        )

    x, y = np.array(points).T
    order = morton_order(x, y)
    assert sorted(order.tolist()) == list(range(len(points)))
    keys = [interleave(*points[i]) for i in order]
    assert keys == sorted(keys)
