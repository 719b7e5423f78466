"""Numbers into few bytes: whole numbers, differences, gzip, base64.

The browser undoes it with `DecompressionStream`, `JSON.parse` and running sums
(`assets/decode.js`).
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["delta", "morton_order", "pack", "unpack"]


EFFORT = 7
"""Level of gzip: 9 takes six times as long for one part in a hundred of the page."""


def delta(values: Iterable[int] | np.ndarray) -> list[int]:
    """Return the first of `values` and then each one's difference from the one before.

    Examples
    --------
    >>> delta([100, 103, 101])
    [100, 3, -2]
    """
    array = np.asarray(values, dtype=np.int64)
    return np.diff(array, prepend=0).tolist() if array.size else []


def morton_order(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return positions that walk the points along a Z-order curve.

    Neighbours on the ground become neighbours in the list, so that differences of
    coordinates, minutes and nearest facilities are small and compress well. `x`
    and `y` are whole numbers from 0 to 2**21 - 1; ties keep their order.

    Examples
    --------
    >>> morton_order(np.array([9, 0, 1]), np.array([9, 0, 0])).tolist()
    [1, 2, 0]
    """

    def spread(values: np.ndarray) -> np.ndarray:
        bits = values.astype(np.uint64)
        for shift, mask in (
            (32, 0x001F00000000FFFF),
            (16, 0x001F0000FF0000FF),
            (8, 0x100F00F00F00F00F),
            (4, 0x10C30C30C30C30C3),
            (2, 0x1249249249249249),
        ):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        return bits

    return np.argsort(spread(x) | (spread(y) << np.uint64(1)), kind="stable")


def pack(payload: Any) -> str:
    """Return `payload` as JSON, gzipped without a date, in base64.

    Examples
    --------
    >>> unpack(pack({"name": "Ķeipene"}))
    {'name': 'Ķeipene'}
    """
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8"), EFFORT, mtime=0)).decode("ascii")


def unpack(packed: str) -> Any:
    """Return what `pack` was given."""
    return json.loads(gzip.decompress(base64.b64decode(packed)))
