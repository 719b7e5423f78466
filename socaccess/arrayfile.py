"""Arrays in one file: versioned, hashed, mapped into memory when opened.

Layout, all numbers little-endian::

    0   magic     16 bytes  name of the kind of file, a zero byte, the version as two digits
    16  length     8 bytes  length of the header
    24  hash      32 bytes  SHA-256 of the header
    64  header              JSON: size of the file, scalars, table of arrays
    ... arrays              each at a multiple of 64 bytes, zeros between

The table of arrays gives name, type, shape, offset, length and SHA-256 of each. The
hash of an array covers it up to where the next one begins, so that every byte of the
file is covered by some check. Nothing in the file is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from socaccess.errors import InputError, SocAccessError
from socaccess.files import write_aside

__all__ = ["NUMBERS", "ArrayFile"]

NUMBERS = frozenset("biuf")
"""Kinds of arrays (`numpy.dtype.kind`) that are written."""

_PREFIX = 64
_ALIGNMENT = 64


@dataclass(frozen=True)
class ArrayFile:
    r"""A kind of file of arrays.

    Parameters
    ----------
    name
        What it begins with, at most 14 characters of ASCII; a zero byte is added up to 14.
    version
        Version of its layout (1-99); a file of another one is refused.
    error
        What is raised for a file that cannot be used.
    other_kind, other_version
        Codes of the sentences for a file of another kind, and of another version (`found`,
        `wanted`).

    Examples
    --------
    >>> import tempfile
    >>> kind = ArrayFile("example", 1, OSError, "network.not_a_network", "network.other_version")
    >>> path = Path(tempfile.mkdtemp()) / "a.arrays"
    >>> kind.write(path, {"metres": np.array([1.5, 2.0])}, {"crs": "EPSG:3059"})
    >>> arrays, about = kind.read(path)
    >>> arrays["metres"].tolist(), about
    ([1.5, 2.0], {'crs': 'EPSG:3059'})
    """

    name: str
    version: int
    error: type[Any]
    other_kind: str
    other_version: str

    @property
    def _magic(self) -> bytes:
        return self.name.encode().ljust(14, b"\0")

    def write(
        self, path: str | Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]
    ) -> None:
        """Write arrays and scalars, whole or not at all; equal contents give equal bytes.

        Raises
        ------
        InputError
            If `about` holds more than plain values.
        OutputError
            If the file cannot be written; what was there before stays.
        """
        path = Path(path)
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
        # Offsets count from the first array, so that the header's own length does not matter.
        whole = {**about, "arrays": table, "array_bytes": length}
        try:
            header = json.dumps(whole, ensure_ascii=False, allow_nan=False, sort_keys=True).encode()
        except (TypeError, ValueError):
            raise InputError("network.provenance_not_plain", where=path.name) from None
        header += b" " * (_align(_PREFIX + len(header)) - _PREFIX - len(header))
        with write_aside(path) as aside, aside.open("wb") as file:
            file.write(self._magic + f"{self.version:02d}".encode())
            file.write(len(header).to_bytes(8, "little"))
            file.write(hashlib.sha256(header).digest())
            file.write(b"\0" * (_PREFIX - file.tell()))
            file.write(header)
            for values in arrays.values():
                file.write(_view_bytes(values))
                file.write(b"\0" * (_align(values.nbytes) - values.nbytes))

    def read(
        self, path: str | Path, *, verify: bool = True
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return arrays, read-only views of the file, and scalars.

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
        SocAccessError
            `error`, if the file is missing, of another kind or version, truncated or
            changed since it was written.
        """
        path = Path(path)
        data = self._map(path)
        about, begin = self._read_header(path, data)
        arrays: dict[str, np.ndarray] = {}
        view = memoryview(data)
        try:
            for item in about.pop("arrays"):
                first = begin + item["offset"]
                if verify:
                    digest = hashlib.sha256(view[first : first + _align(item["bytes"])]).hexdigest()
                    if digest != item["sha256"]:
                        raise self.error(
                            "network.array_changed", where=path.name, array=item["name"]
                        )
                dtype = np.dtype(item["dtype"])
                if dtype.kind not in NUMBERS:
                    raise self.error("network.unknown_array", where=path.name, array=item["name"])
                count = item["bytes"] // dtype.itemsize
                values = np.frombuffer(data, dtype=dtype, count=count, offset=first)
                arrays[item["name"]] = values.reshape(item["shape"])
            del about["array_bytes"]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            if isinstance(error, SocAccessError):
                raise
            raise self.unreadable(path) from None
        return arrays, about

    def unreadable(self, path: str | Path) -> Exception:
        """Return the error for a file whose header makes no sense."""
        error: Exception = self.error("network.header_unreadable", where=Path(path).name)
        return error

    def _map(self, path: Path) -> mmap.mmap | bytes:
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                # An empty file cannot be mapped.
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except OSError as error:
            raise self.error("network.not_opened", where=str(path), number=error.errno) from None

    def _read_header(self, path: Path, data: mmap.mmap | bytes) -> tuple[dict[str, Any], int]:
        size = len(data)
        prefix = bytes(data[:_PREFIX])
        if prefix[: len(self._magic)] != self._magic[: len(prefix)]:
            raise self.error(self.other_kind, where=path.name)
        if size < _PREFIX:
            raise self.error("network.truncated", where=path.name)
        version = prefix[len(self._magic) : 16]
        if version != f"{self.version:02d}".encode():
            shown = version.decode("ascii", "replace").lstrip("0")
            raise self.error(self.other_version, where=path.name, found=shown, wanted=self.version)
        begin = _PREFIX + int.from_bytes(prefix[16:24], "little")
        if begin > size:
            raise self.error("network.truncated", where=path.name)
        header = bytes(data[_PREFIX:begin])
        if hashlib.sha256(header).digest() != prefix[24:56] or prefix[56:] != bytes(8):
            raise self.error("network.header_changed", where=path.name)
        about: dict[str, Any] = json.loads(header)
        expected = begin + about["array_bytes"]
        if size < expected:
            raise self.error("network.truncated_at", where=path.name, size=size, expected=expected)
        if size > expected:
            raise self.error("network.too_long", where=path.name, extra=size - expected)
        return about, begin


def _align(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT


def _view_bytes(values: np.ndarray) -> memoryview:
    return values.reshape(-1).view(np.uint8).data


def _hash_array(values: np.ndarray) -> str:
    digest = hashlib.sha256(_view_bytes(values))
    digest.update(b"\0" * (_align(values.nbytes) - values.nbytes))
    return digest.hexdigest()
