"""The one large table of a feed: every stop of every trip, read in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from socaccess.sources.gtfs.feed import MAY_ALIGHT, MAY_BOARD
from socaccess.sources.gtfs.tables import FeedFiles

__all__ = ["NAME", "NEEDED", "StopTimes", "parse_clocks", "read_stop_times"]

NAME: Final = "stop_times.txt"
NEEDED: Final = ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")
_RULES: Final = ("pickup_type", "drop_off_type")
UNREADABLE: Final = -2
"""The time of a text that is none; -1 stands for an empty one."""


_TRIMMED: Final = ' \t\u00a0"'


@dataclass(frozen=True, eq=False)
class StopTimes:
    """Stop times by trip, in order; the columns are those of `Feed`."""

    trip_begin: np.ndarray
    stop: np.ndarray
    arrive_s: np.ndarray
    depart_s: np.ndarray
    rule: np.ndarray


def _buffers(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return where the texts of a column begin, and their bytes."""
    _, offsets, data = column.buffers()
    begin = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return begin, np.frombuffer(data, np.uint8) if data else np.zeros(1, np.uint8)


def parse_clocks(texts: list[str]) -> np.ndarray:
    """Return times of day in seconds; -1 where a text is empty, -2 where it is no time.

    Examples
    --------
    >>> parse_clocks(["08:05:00", " 9:00:30", "25:10:00", "", "8.05"]).tolist()
    [29100, 32430, 90600, -1, -2]
    """
    from socaccess.sources.gtfs import _kernels

    column = pa.array(texts, pa.string())
    out = np.empty(len(column), np.int32)
    if len(column):
        _kernels.parse_clocks(*_buffers(column), out)
    return out


class _Numbers:
    """Ids of a table and their positions; ids that are not there are kept apart."""

    def __init__(self, known: dict[str, int]) -> None:
        self.known = known
        self.unknown: dict[str, None] = {}
        self.seen: dict[str, int] = {}

    def look_up(self, column: pa.Array, *, in_runs: bool) -> np.ndarray:
        """Return the position of each id, -1 where unknown.

        Looks up one id a run where the same one stands many times in a row, else one per
        different id of the block.
        """
        encoded = pc.run_end_encode(column) if in_runs else pc.dictionary_encode(column)
        texts = encoded.values if in_runs else encoded.dictionary
        if in_runs:
            texts = pc.utf8_trim(texts, characters=_TRIMMED)
        texts = texts.to_pylist()
        known, seen = self.known, self.seen
        if in_runs:
            found = list(map(known.get, texts, repeat(-1)))
        else:
            # Stops come again in every block, as they are written.
            found = [seen.get(text, -1) for text in texts]
        for at, place in enumerate(found) if -1 in found else ():
            if place >= 0:
                continue
            name = texts[at].strip(_TRIMMED)
            found[at] = known.get(name, -1)
            if found[at] < 0:
                self.unknown[name] = None
            elif not in_runs:
                seen[texts[at]] = found[at]
        places = np.array(found, np.int32)
        if in_runs:
            return np.repeat(places, np.diff(encoded.run_ends.to_numpy(), prepend=0))
        return places[encoded.indices.to_numpy()]


def read_stop_times(
    files: FeedFiles, trips: dict[str, int], stops: dict[str, int], *, on_request: bool = True
) -> StopTimes:
    """Return the stop times of a feed; what is odd becomes findings of `files`.

    Parameters
    ----------
    files
        The feed, whose table has the columns of `NEEDED`.
    trips, stops
        Positions by id.
    on_request
        Whether stops served only on request (`pickup_type` or `drop_off_type` 2 or 3) count as
        served.
    """
    from socaccess.sources.gtfs import _kernels

    trip_numbers, stop_numbers = _Numbers(trips), _Numbers(stops)
    parts: list[list[np.ndarray]] = []
    broken: dict[int, None] = {}
    for block in files.read_blocks(NAME, (*NEEDED, *_RULES), quoted_lines=False):
        count = len(block["trip_id"])
        trip = trip_numbers.look_up(block["trip_id"], in_runs=True)
        stop = stop_numbers.look_up(block["stop_id"], in_runs=False)
        clocks = []
        for name in ("arrival_time", "departure_time"):
            clocks.append(np.empty(count, np.int32))
            _kernels.parse_clocks(*_buffers(block[name]), clocks[-1])
        sequence = np.empty(count, np.int32)
        _kernels.parse_numbers(*_buffers(block["stop_sequence"]), UNREADABLE, sequence)
        rule = np.full(count, MAY_BOARD | MAY_ALIGHT, np.uint8)
        for name, bit in zip(_RULES, (MAY_BOARD, MAY_ALIGHT), strict=True):
            if name in block:
                kind = np.empty(count, np.int8)
                _kernels.parse_numbers(*_buffers(block[name]), 0, kind)
                rule[kind == 1 if on_request else kind != 0] &= ~np.uint8(bit)
        readable = (clocks[0] > UNREADABLE) & (clocks[1] > UNREADABLE) & (sequence > UNREADABLE)
        known = (trip >= 0) & (stop >= 0)
        broken.update(dict.fromkeys(np.unique(trip[known & ~readable]).tolist()))
        keep = known & readable
        if keep.all():
            parts.append([trip, sequence, stop, *clocks, rule])
        else:
            parts.append([column[keep] for column in (trip, sequence, stop, *clocks, rule)])
    for numbers, code in ((trip_numbers, "gtfs.unknown_trip"), (stop_numbers, "gtfs.unknown_stop")):
        if numbers.unknown:
            files.add(code, NAME, list(numbers.unknown))
    names = list(trips)
    if broken:
        files.add("gtfs.bad_stop_time", NAME, [names[trip] for trip in broken])
    return _arrange(files, names, _concatenate(parts))


def _concatenate(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Return whole columns; each block's is let go as soon as it is copied."""
    types = (np.int32, np.int32, np.int32, np.int32, np.int32, np.uint8)
    columns = []
    for at, dtype in enumerate(types):
        columns.append(np.concatenate([np.empty(0, dtype), *(part[at] for part in parts)]))
        for part in parts:
            part[at] = columns[-1][:0]
    return columns


def _arrange(files: FeedFiles, names: list[str], columns: list[np.ndarray]) -> StopTimes:
    """Return the rows by trip and sequence, each once, with complete times."""
    from socaccess.sources.gtfs import _kernels

    trip, sequence = columns[0], columns[1]
    ordered = (trip[1:] > trip[:-1]) | ((trip[1:] == trip[:-1]) & (sequence[1:] > sequence[:-1]))
    if not ordered.all():
        order = np.lexsort((sequence, trip))
        columns = [column[order] for column in columns]
        trip, sequence = columns[0], columns[1]
        again = np.zeros(len(trip), bool)
        again[1:] = (trip[1:] == trip[:-1]) & (sequence[1:] == sequence[:-1])
        if again.any():
            files.add(
                "gtfs.sequence_repeats", NAME, [names[at] for at in np.unique(trip[again]).tolist()]
            )
            columns = [column[~again] for column in columns]
            trip = columns[0]
    _, _, stop, arrive_s, depart_s, rule = columns
    begin = np.searchsorted(trip, np.arange(len(names) + 1)).astype(np.int64)
    spread, turned = np.zeros(len(names), bool), np.zeros(len(names), bool)
    _kernels.mend_times(begin, arrive_s, depart_s, rule, spread, turned)
    for marked, code in ((spread, "gtfs.times_filled"), (turned, "gtfs.times_go_back")):
        if marked.any():
            files.add(code, NAME, [names[at] for at in np.flatnonzero(marked).tolist()])
    return StopTimes(begin, stop, arrive_s, depart_s, rule)
