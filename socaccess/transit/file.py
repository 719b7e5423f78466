"""A timetable in one file (`socaccess.arrayfile`): hashed, mapped into memory when opened."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from socaccess.arrayfile import ArrayFile
from socaccess.errors import Problem, TimetableFileError
from socaccess.messages import Message
from socaccess.sources.gtfs import read_feed
from socaccess.sources.gtfs.feed import Feed

__all__ = ["VERSION", "load_feed", "open_feed", "save_feed"]

VERSION: Final = 1
"""Version of the layout; a file of another one is refused."""

_FILE = ArrayFile(
    "socaccess-pt", VERSION, TimetableFileError, "transit.not_a_timetable", "transit.other_version"
)
_MAGIC = b"socaccess-pt\0"


def save_feed(feed: Feed, path: str | Path) -> None:
    """Write a timetable to one file, whole or not at all; equal feeds give equal bytes.

    Raises
    ------
    OutputError
        If the file cannot be written; what was there before stays.

    Examples
    --------
    >>> save_feed(read_feed("gtfs-latvia.zip"), "latvia.timetable")  # doctest: +SKIP
    """
    arrays: dict[str, np.ndarray] = {}
    about: dict[str, Any] = {}
    for field in fields(Feed):
        value = getattr(feed, field.name)
        if isinstance(value, pa.Array):
            begin, text = _split_texts(value)
            arrays[f"{field.name}.begin"], arrays[f"{field.name}.text"] = begin, text
        elif isinstance(value, np.ndarray):
            arrays[field.name] = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        elif field.name == "findings":
            about["findings"] = [_pack_problem(problem) for problem in value]
        else:
            about[field.name] = value
    _FILE.write(path, arrays, about)


def load_feed(path: str | Path, *, verify: bool = False) -> Feed:
    """Return the timetable saved in a file; its arrays are read-only views of the file.

    Parameters
    ----------
    path
        The file.
    verify
        Check the hash of every array, which reads the whole file once. Without it only version,
        header and sizes are checked.

    Raises
    ------
    TimetableFileError
        If the file is missing, no saved timetable, of another version, truncated or changed.
    """
    arrays, about = _FILE.read(path, verify=verify)
    try:
        values: dict[str, Any] = {}
        for field in fields(Feed):
            name = field.name
            if f"{name}.begin" in arrays:
                values[name] = _join_texts(arrays[f"{name}.begin"], arrays[f"{name}.text"])
            elif name in arrays:
                values[name] = arrays[name]
        values["timezone"] = str(about["timezone"])
        values["sources"] = tuple(dict(source) for source in about["sources"])
        values["findings"] = tuple(_unpack_problem(item) for item in about["findings"])
        return Feed(**values)
    except (KeyError, TypeError, ValueError, OverflowError, pa.ArrowInvalid):
        raise _FILE.unreadable(path) from None


def open_feed(feed: Feed | str | Path) -> Feed:
    """Return a timetable that is given, saved, or a GTFS feed."""
    if isinstance(feed, Feed):
        return feed
    path = Path(feed)
    if path.is_file():
        with path.open("rb") as stream:
            if stream.read(len(_MAGIC)) == _MAGIC:
                return load_feed(path)
    return read_feed(path)


def _split_texts(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return where each text begins, and all bytes."""
    # A slice's buffers begin before it; a copy's do not.
    whole = pa.concat_arrays([texts]) if not texts.offset else pa.array(texts.to_pylist())
    _, offsets, data = whole.buffers()
    begin = np.zeros(1, np.int32)
    if len(whole):
        begin = np.frombuffer(offsets, np.int32)[: len(whole) + 1]
    size = int(begin[-1])
    return begin, np.frombuffer(data, np.uint8)[:size] if size else np.empty(0, np.uint8)


def _join_texts(begin: np.ndarray, text: np.ndarray) -> pa.Array:
    return pa.StringArray.from_buffers(len(begin) - 1, pa.py_buffer(begin), pa.py_buffer(text))


def _pack_problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "where": str(problem.where),
        "rows": [
            {"code": row.code, **row.values} if isinstance(row, Message) else row
            for row in problem.rows
        ],
        "column": problem.column,
        "values": problem.values,
    }


def _unpack_problem(packed: dict[str, Any]) -> Problem:
    rows = [
        Message(row["code"], **{k: v for k, v in row.items() if k != "code"})
        if isinstance(row, dict)
        else row
        for row in packed["rows"]
    ]
    return Problem(
        packed["code"], packed["where"], rows, column=packed["column"], **packed["values"]
    )
