"""A road network in one file: versioned, hashed, mapped into memory when opened.

Layout, all numbers little-endian::

    0   magic     16 bytes  "socaccess-net", a zero byte, the version as two digits
    16  length     8 bytes  length of the header
    24  hash      32 bytes  SHA-256 of the header
    64  header              JSON: size of the file, scalars, table of arrays, provenance
    ... arrays              each at a multiple of 64 bytes, zeros between

The table of arrays tells name, type, shape, offset, length and SHA-256 of each. The
hash of an array covers it up to where the next one begins, so that every byte of the
file is covered by some check. Nothing in the file is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from socaccess.errors import InputError, NetworkFileError
from socaccess.files import write_aside
from socaccess.network.roads import Roads

__all__ = ["VERSION", "load_network", "save_network"]

VERSION: Final = 1
"""Version of the layout; a file of another one is refused."""

_NAME = b"socaccess-net\0"
_PREFIX = 64
_ALIGNMENT = 64
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
)
_SCALARS = ("crs", "class_names", "provenance")
_KINDS = frozenset("biuf")


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
    path = Path(path)
    arrays = dict(_encode_arrays(network))
    table: list[dict[str, Any]] = []
    length = 0
    for name, values in arrays.items():
        table.append(
            {
                "name": name,
                "dtype": values.dtype.str,
                "shape": list(values.shape),
                "offset": length,
                "bytes": values.nbytes,
                "sha256": _hash_array(values),
            }
        )
        length += _align(values.nbytes)
    about = {
        "crs": network.crs,
        "class_names": list(network.class_names),
        "provenance": dict(network.provenance),
        # Offsets count from the first array, so that the header's own length does not matter.
        "arrays": table,
        "array_bytes": length,
    }
    try:
        header = json.dumps(about, ensure_ascii=False, allow_nan=False, sort_keys=True).encode()
    except (TypeError, ValueError):
        raise InputError("network.provenance_not_plain", where=path.name) from None
    header += b" " * (_align(_PREFIX + len(header)) - _PREFIX - len(header))
    with write_aside(path) as aside, aside.open("wb") as file:
        file.write(_NAME + f"{VERSION:02d}".encode())
        file.write(len(header).to_bytes(8, "little"))
        file.write(hashlib.sha256(header).digest())
        file.write(b"\0" * (_PREFIX - file.tell()))
        file.write(header)
        for values in arrays.values():
            file.write(_view_bytes(values))
            file.write(b"\0" * (_align(values.nbytes) - values.nbytes))


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
    path = Path(path)
    data = _map_file(path)
    header, begin = _read_header(path, data)
    arrays: dict[str, np.ndarray] = {}
    view = memoryview(data)
    try:
        for item in header["arrays"]:
            first = begin + item["offset"]
            if verify:
                digest = hashlib.sha256(view[first : first + _align(item["bytes"])]).hexdigest()
                if digest != item["sha256"]:
                    raise NetworkFileError(
                        "network.array_changed", where=path.name, array=item["name"]
                    )
            dtype = np.dtype(item["dtype"])
            if dtype.kind not in _KINDS:
                raise NetworkFileError("network.unknown_array", where=path.name, array=item["name"])
            count = item["bytes"] // dtype.itemsize
            values = np.frombuffer(data, dtype=dtype, count=count, offset=first)
            arrays[item["name"]] = values.reshape(item["shape"])
        decoded = _decode_arrays(arrays)
        return Roads(
            crs=header["crs"],
            class_names=tuple(header["class_names"]),
            provenance=header["provenance"],
            **decoded,
        )
    except (KeyError, TypeError, ValueError):
        raise NetworkFileError("network.header_unreadable", where=path.name) from None


def _map_file(path: Path) -> mmap.mmap | bytes:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # An empty file cannot be mapped.
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    except OSError as error:
        raise NetworkFileError("network.not_opened", where=str(path), number=error.errno) from None


def _read_header(path: Path, data: mmap.mmap | bytes) -> tuple[dict[str, Any], int]:
    size = len(data)
    prefix = bytes(data[:_PREFIX])
    if prefix[: len(_NAME)] != _NAME[: len(prefix)]:
        raise NetworkFileError("network.not_a_network", where=path.name)
    if size < _PREFIX:
        raise NetworkFileError("network.truncated", where=path.name)
    version = prefix[len(_NAME) : 16]
    if version != f"{VERSION:02d}".encode():
        shown = version.decode("ascii", "replace").lstrip("0")
        raise NetworkFileError(
            "network.other_version", where=path.name, found=shown, wanted=VERSION
        )
    begin = _PREFIX + int.from_bytes(prefix[16:24], "little")
    if begin > size:
        raise NetworkFileError("network.truncated", where=path.name)
    header = bytes(data[_PREFIX:begin])
    if hashlib.sha256(header).digest() != prefix[24:56] or prefix[56:] != bytes(8):
        raise NetworkFileError("network.header_changed", where=path.name)
    about: dict[str, Any] = json.loads(header)
    expected = begin + about["array_bytes"]
    if size < expected:
        raise NetworkFileError(
            "network.truncated_at", where=path.name, size=size, expected=expected
        )
    if size > expected:
        raise NetworkFileError("network.too_long", where=path.name, extra=size - expected)
    return about, begin


def _align(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT


def _view_bytes(values: np.ndarray) -> memoryview:
    return values.reshape(-1).view(np.uint8).data


def _hash_array(values: np.ndarray) -> str:
    digest = hashlib.sha256(_view_bytes(values))
    digest.update(b"\0" * (_align(values.nbytes) - values.nbytes))
    return digest.hexdigest()


def _encode_arrays(network: Roads) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and little-endian array; texts become their bytes and where each begins."""
    for name in _ARRAYS:
        values = getattr(network, name)
        if values is None:
            continue
        values = np.asarray(values)
        if values.dtype.kind in _KINDS:
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
