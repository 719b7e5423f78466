"""A road network in one file (`socaccess.arrayfile`): hashed, mapped into memory when opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from socaccess.arrayfile import NUMBERS, ArrayFile
from socaccess.errors import InputError, NetworkFileError
from socaccess.network.roads import Roads

__all__ = ["VERSION", "load_network", "save_network"]

VERSION: Final = 1
"""Version of the layout; a file of another one is refused."""

_FILE = ArrayFile(
    "socaccess-net", VERSION, NetworkFileError, "network.not_a_network", "network.other_version"
)
_ARRAYS = (
    "node_x",
    "node_y",
    "edge_from",
    "edge_to",
    "length_m",
    "forward_ms",
    "backward_ms",
    "modelled",
    "node_id",
    "edge_id",
    "road_class",
    "shape_start",
    "shape_x",
    "shape_y",
    "course",
    "bridge",
)
_SCALARS = ("crs", "class_names", "provenance")


def save_network(network: Roads, path: str | Path) -> None:
    """Write `network` to one file, whole or not at all; equal networks give equal bytes.

    Raises
    ------
    InputError
        If ids are neither whole numbers nor texts, or the provenance holds more than
        plain values.
    OutputError
        If the file cannot be written; what was there before stays.

    Examples
    --------
    >>> save_network(network, "latvia.network")   # doctest: +SKIP
    """
    about = {
        "crs": network.crs,
        "class_names": list(network.class_names),
        "provenance": dict(network.provenance),
    }
    _FILE.write(path, dict(_encode_arrays(network)), about)


def load_network(path: str | Path, *, verify: bool = True) -> Roads:
    """Return the network saved in a file; its arrays are read-only views of the file.

    Parameters
    ----------
    path
        The file.
    verify
        Check the hash of every array, which reads the whole file once (half a
        gigabyte a second or more). Without it, only version, header and sizes are
        checked, and a change inside an array goes unseen.

    Raises
    ------
    NetworkFileError
        If the file is missing, no network file, of another version, truncated or
        changed since it was written.
    """
    arrays, about = _FILE.read(path, verify=verify)
    try:
        return Roads(
            crs=about["crs"],
            class_names=tuple(about["class_names"]),
            provenance=about["provenance"],
            **_decode_arrays(arrays),
        )
    except (KeyError, TypeError, ValueError):
        raise _FILE.unreadable(path) from None


def _encode_arrays(network: Roads) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and little-endian array; texts become their bytes and where each begins."""
    for name in _ARRAYS:
        values = getattr(network, name)
        if values is None:
            continue
        values = np.asarray(values)
        if values.dtype.kind in NUMBERS:
            yield name, np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
            continue
        items = values.tolist()
        if not all(isinstance(item, str) for item in items):
            if not all(isinstance(item, int) and not isinstance(item, bool) for item in items):
                raise InputError("network.ids_of_other_type", where=name)
            yield name, np.array(items, dtype="<i8")
            continue
        encoded = [item.encode() for item in items]
        begin = np.zeros(len(encoded) + 1, dtype="<i8")
        np.cumsum([len(item) for item in encoded], out=begin[1:])
        yield f"{name}.begin", begin
        yield f"{name}.text", np.frombuffer(b"".join(encoded), dtype="u1")


def _decode_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    decoded = {name: values for name, values in arrays.items() if "." not in name}
    for name in ("node_id", "edge_id"):
        if f"{name}.begin" not in arrays:
            continue
        begin = arrays[f"{name}.begin"].tolist()
        text = arrays[f"{name}.text"].tobytes()
        decoded[name] = np.array([text[i:j].decode() for i, j in pairwise(begin)], dtype=object)
    return decoded
