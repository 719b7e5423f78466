"""Passes over an OpenStreetMap file: what every reader here shares."""

from __future__ import annotations

import hashlib
import re
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from socaccess.errors import InputError, MissingDependencyError

__all__ = [
    "Copied",
    "Located",
    "check_file",
    "copy_objects",
    "decode_text",
    "describe_file",
    "iterate_ids",
    "iterate_objects",
    "locate_nodes",
]

_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.opl", ".opl")

# libosmium keeps degrees as whole ten-millionths.
_DEGREES = 1e-7


@dataclass(frozen=True, eq=False)
class Located:
    """Where nodes are, in the order they were asked for.

    Parameters
    ----------
    lon, lat
        Degrees (EPSG:4326), NaN where the file does not hold the node.
    duplicates
        How many nodes stood in the file more than once; the last one counts.
    """

    lon: np.ndarray
    lat: np.ndarray
    duplicates: int


def import_osmium() -> Any:
    """Return the osmium library."""
    try:
        import osmium
    except ImportError:
        raise MissingDependencyError("osm.no_osmium") from None
    return osmium


def check_file(path: str | Path) -> Path:
    """Return `path` if it is a file with a name we can read.

    Raises
    ------
    InputError
        If there is no such file, or its name says another format or a history.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("guards.no_file", where=str(path))
    if ".osh" in path.name.lower():
        raise InputError("osm.history", where=path.name)
    if not path.name.lower().endswith(_SUFFIXES):
        raise InputError("osm.not_an_extract", where=path.name)
    return path


def describe_file(path: Path) -> dict[str, str]:
    """Return name, SHA-256, and what the header says of program and date.

    Raises
    ------
    InputError
        If the header cannot be read, or the file is a history.
    """
    osmium = import_osmium()
    with _explain(path), osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
    if header.has_multiple_object_versions:
        raise InputError("osm.history", where=path.name)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    about = {"file": path.name, "file_sha256": digest}
    for name, key in (
        ("generator", "generator"),
        ("data_date", "osmosis_replication_timestamp"),
        ("data_date", "timestamp"),
    ):
        if value := header.get(key, ""):
            about.setdefault(name, value)
    return about


def iterate_objects(path: Path, keys: Sequence[str], entities: str = "nwr") -> Iterator[Any]:
    """Yield the nodes (n), ways (w) and relations (r) that have any of the `keys`.

    The objects are only valid until the next one is asked for.
    """
    osmium = import_osmium()
    bits = osmium.osm.NOTHING
    for letter, bit in (
        ("n", osmium.osm.NODE),
        ("w", osmium.osm.WAY),
        ("r", osmium.osm.RELATION),
    ):
        if letter in entities:
            bits |= bit
    with _explain(path):
        yield from osmium.FileProcessor(str(path), bits).with_filter(osmium.filter.KeyFilter(*keys))


def iterate_ids(path: Path, ids: Sequence[int], entities: str) -> Iterator[Any]:
    """Yield the ways (w) or relations (r) with these `ids`."""
    osmium = import_osmium()
    bits = osmium.osm.WAY if entities == "w" else osmium.osm.RELATION
    wanted = osmium.filter.IdFilter(list(ids))
    with _explain(path):
        yield from osmium.FileProcessor(str(path), bits).with_filter(wanted)


@dataclass(frozen=True, eq=False)
class Copied:
    """Objects of a file copied as text, and where its nodes are, from one pass over it.

    Parameters
    ----------
    path
        The file.
    folder
        Where the copy lies, as long as it is used.
    """

    path: Path
    folder: Path

    def iterate_lines(self) -> Iterator[str]:
        """Yield one line per object: `w7 Thighway=track,name=A%20%B Nn1,n2`.

        This is OPL without metadata: kind and id; tags; what is left, for nodes two fields.
        Whatever could be taken for a separator is written as `decode_text` reads it.
        """
        copy = self.folder / _COPY
        with _explain(self.path), copy.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield line.rstrip("\n")

    def locate_nodes(self, ids: np.ndarray) -> Located:
        """Return where the nodes with these `ids` (unique) are."""
        if (ids < 0).any():
            return _locate_any(self.path, ids)
        return _look_up_in(self.folder / _INDEX, ids)


_COPY, _INDEX = "objects.opl", "nodes"


@contextmanager
def copy_objects(
    path: Path, keys: Sequence[str], way_tags: Sequence[tuple[str, str]]
) -> Iterator[Copied]:
    """Copy the objects that have any of the `keys`, and ways only with any of `way_tags`.

    The library does all of it, nodes as in `locate_nodes`: text that it wrote is looked at many
    times faster than objects that it shows to Python one by one.
    """
    osmium = import_osmium()
    has_key, has_tag = osmium.filter.KeyFilter(*keys), osmium.filter.TagFilter(*way_tags)
    has_tag.enable_for(osmium.osm.WAY)
    with tempfile.TemporaryDirectory(prefix="socaccess-") as name:
        copied = Copied(path, Path(name))
        file = osmium.io.File(str(copied.folder / _COPY), "opl,add_metadata=none")
        table, handler = _index_nodes(copied.folder / _INDEX)
        with _explain(path), osmium.io.Reader(str(path)) as reader, _open_writer(file) as writer:
            osmium.apply(reader, handler, has_key, has_tag, writer)
        del handler, table  # closes the index
        yield copied


@contextmanager
def _open_writer(file: Any) -> Iterator[Any]:
    """Open a writer and close it; one that could not write is kept for good.

    The library ends the whole process where such a writer is cleared away.
    """
    writer = import_osmium().SimpleWriter(file)
    try:
        yield writer
    finally:
        try:
            writer.close()
        except BaseException:
            import ctypes

            ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))
            raise


def decode_text(text: str) -> str:
    """Return a key, value or role as it was before it was written into a line.

    Examples
    --------
    >>> decode_text("A%20%B")
    'A B'
    """
    return _ESCAPED.sub(_unescape, text) if "%" in text else text


def _unescape(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    is_character = code < 0xD800 or 0xDFFF < code <= 0x10FFFF
    return chr(code) if is_character else "\N{REPLACEMENT CHARACTER}"


_ESCAPED = re.compile("%([0-9a-f]+)%")


def locate_nodes(path: Path, ids: np.ndarray) -> Located:
    """Return where the nodes with these `ids` (unique) are.

    The library writes every node of the file into an index beside us, 16 bytes each,
    and numpy looks there: no node becomes a Python object, which is many times faster
    than a loop over them, and memory grows only with what is asked for.
    """
    if (ids < 0).any():
        # Drawn by hand and never uploaded: the library's indexes do not hold such ids.
        return _locate_any(path, ids)
    osmium = import_osmium()
    with tempfile.TemporaryDirectory(prefix="socaccess-") as folder:
        index = Path(folder) / _INDEX
        table, handler = _index_nodes(index)
        with _explain(path), osmium.io.Reader(str(path), osmium.osm.NODE) as reader:
            osmium.apply(reader, handler)
        del handler, table  # closes the index
        return _look_up_in(index, ids)


def _index_nodes(index: Path) -> tuple[Any, Any]:
    """Return a table in a file of its own and what writes nodes into it and leaves ways alone."""
    osmium = import_osmium()
    table = osmium.index.create_map(f"sparse_file_array,{index}")
    handler = osmium.NodeLocationsForWays(table)
    handler.apply_nodes_to_ways = False
    return table, handler


def _look_up_in(index: Path, ids: np.ndarray) -> Located:
    entries = np.memmap(index, dtype=_INDEX_ENTRY, mode="r")
    return _look_up(entries, ids)


# As libosmium lays out a file-based index: id and position; unused space has id 0.
_INDEX_ENTRY = np.dtype([("id", "<u8"), ("x", "<i4"), ("y", "<i4")])


def _look_up(entries: np.ndarray, ids: np.ndarray) -> Located:
    known = entries["id"][: np.count_nonzero(entries["id"])]
    order = None
    if (known[1:] < known[:-1]).any():
        order = np.argsort(known, kind="stable")
    wanted = ids.astype(np.uint64)
    first = np.searchsorted(known, wanted, side="left", sorter=order)
    behind = np.searchsorted(known, wanted, side="right", sorter=order)
    found = behind > first
    last = behind[found] - 1
    if order is not None:
        last = order[last]
    x = np.full(len(ids), _NOWHERE, dtype=np.int32)
    y = x.copy()
    x[found], y[found] = entries["x"][last], entries["y"][last]
    return _to_degrees(x, y, int((behind - first)[found].sum() - found.sum()))


_NOWHERE = 2**31 - 1


def _locate_any(path: Path, ids: np.ndarray) -> Located:
    osmium = import_osmium()
    wanted = {int(node): place for place, node in enumerate(ids)}
    x, y = array("i", [_NOWHERE]) * len(ids), array("i", [_NOWHERE]) * len(ids)
    seen: set[int] = set()
    duplicates = 0
    with _explain(path):
        for node in osmium.FileProcessor(str(path), osmium.osm.NODE):
            place = wanted.get(node.id)
            if place is None:
                continue
            duplicates += node.id in seen
            seen.add(node.id)
            x[place], y[place] = node.location.x, node.location.y
    return _to_degrees(np.array(x, dtype=np.int32), np.array(y, dtype=np.int32), duplicates)


def _to_degrees(x: np.ndarray, y: np.ndarray, duplicates: int) -> Located:
    lon, lat = x * _DEGREES, y * _DEGREES
    lost = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    return Located(np.where(lost, np.nan, lon), np.where(lost, np.nan, lat), duplicates)


@contextmanager
def _explain(path: Path) -> Iterator[None]:
    """Turn the library's errors about a file into ours."""
    try:
        yield
    except InputError:
        raise
    except (
        *(RuntimeError, OSError, ValueError, IndexError),  # the last: half a character
        import_osmium().InvalidLocationError,
    ) as error:
        raise InputError("osm.broken", where=path.name) from error
