"""Tables of travel times larger than memory: made in blocks of origins, kept or written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError
from socaccess.files import write_aside, write_together
from socaccess.network import RoadNetwork, Snapped
from socaccess.routing import Hierarchy, Progress
from socaccess.settings import LinkModel
from socaccess.travel._engines import choose_prepared
from socaccess.travel._measure import MEASURES, measure_times, split_measures
from socaccess.travel.minutes import to_limit_ms
from socaccess.travel.places import snap_ends
from socaccess.travel.sparse import SparseTimes, join_blocks
from socaccess.travel.times import TravelTimes

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["TravelBlocks", "travel_blocks"]

PAIR_BYTES = 140
"""Memory a pair takes while its block is made and written, if every pair is within reach."""
MEASURED_PAIR_BYTES = 260
"""The same with lengths."""


@dataclass(frozen=True, eq=False)
class TravelBlocks:
    """A table of travel times that is made block by block, whenever it is asked for.

    Iterating gives `TravelTimes` of some origins after another, each of a size that
    `memory_mb` allows; the other ways to have it never hold more than one block and
    what they return. Make one with `travel_blocks`.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        The places, snapped.
    block_rows
        Origins in a block.
    cutoff_ms
        Longest time of interest, inclusive; None for no limit.
    lengths
        Whether ways are measured too.
    engine, threads, progress
        As in `travel_times`; progress counts origins.
    origin_column, destination_column
        What the ids are called.
    """

    network: RoadNetwork
    origins: Snapped
    destinations: Snapped
    block_rows: int
    cutoff_ms: int | None
    lengths: bool
    engine: str
    threads: int
    progress: Progress | None
    origin_column: str
    destination_column: str

    @property
    def shape(self) -> tuple[int, int]:
        """Origins and destinations."""
        return len(self.origins.ids), len(self.destinations.ids)

    def __iter__(self) -> Iterator[TravelTimes]:
        engine, hierarchy = self._prepare()
        count = self.shape[0]
        for start in range(0, count, self.block_rows):
            part = self.origins.take(slice(start, start + self.block_rows))
            travel_ms, measures = measure_times(
                self.network,
                part,
                self.destinations,
                lengths=self.lengths,
                cutoff_ms=self.cutoff_ms,
                engine=engine,
                threads=self.threads,
                hierarchy=hierarchy,
            )
            yield self._tabulate(part.ids, travel_ms, split_measures(measures))
            # The block is not ours any more: hold nothing of it while the next one is made.
            del travel_ms, measures
            if self.progress is not None:
                self.progress(min(start + self.block_rows, count), count)

    def to_sparse(self) -> SparseTimes:
        """Return the pairs within reach (and within the cutoff, inclusive)."""
        shape = (0, self.shape[1])
        measures = split_measures(np.empty((*shape, len(MEASURES))) if self.lengths else None)
        nobody = self._tabulate(self.origins.ids[:0], np.empty(shape, np.uint32), measures)
        found = [nobody.to_sparse()]
        for first, block in self._iterate_numbered():
            found.append(block.to_sparse(first))
        return join_blocks(found, self.origins.ids)

    def to_frame(self) -> pd.DataFrame:
        """Return the pairs within reach, one row each, as `SparseTimes.to_frame`."""
        return self.to_sparse().to_frame()

    def to_parquet(self, path: str | Path, *, every_pair: bool = False) -> int:
        """Write the table to a Parquet file, whole or not at all; return its number of rows.

        Parameters
        ----------
        path
            The file. Each block is a row group; rows are in the order of origins, then
            destinations. The metadata tell cutoff, source and licence of the roads.
        every_pair
            Also write the pairs that are out of reach, with no values.

        Raises
        ------
        OutputError
            If the file cannot be written; what was there before stays.
        """
        import pyarrow.parquet as pq

        schema = self._tell_schema()
        rows = 0
        with (
            write_aside(path) as aside,
            pq.ParquetWriter(aside, schema, compression="zstd") as writer,
        ):
            for block in self:
                table = _to_arrow(block, schema, every_pair)
                rows += table.num_rows
                if table.num_rows:
                    writer.write_table(table, row_group_size=table.num_rows)
        return rows

    def to_npy(self, path: str | Path) -> TravelTimes:
        """Write the dense table as NumPy files and return it, mapped into memory.

        Parameters
        ----------
        path
            `times.npy` gets the milliseconds (uint32, `UNREACHABLE` where there is no
            way); with lengths, `times.length_m.npy`, `times.modelled_share.npy` and
            `times.street_share.npy` the rest (float64, NaN). All of them are whole, or none
            is there.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        path = Path(path)
        places = {"travel_ms": path}
        if self.lengths:
            for name in MEASURES:
                places[name] = path.with_name(f"{path.stem}.{name}{path.suffix}")
        with write_together(path.parent) as aside, ExitStack() as stack:
            files = {
                name: stack.enter_context((aside / place.name).open("wb"))
                for name, place in places.items()
            }
            for name, file in files.items():
                kind = np.dtype("<u4" if name == "travel_ms" else "<f8")
                about = {"descr": kind.str, "fortran_order": False, "shape": self.shape}
                np.lib.format.write_array_header_1_0(file, about)
            for block in self:
                for name, file in files.items():
                    values = np.ascontiguousarray(getattr(block, name))
                    file.write(values.reshape(-1).view(np.uint8).data)
        # An empty array cannot be mapped.
        mode: Any = "r" if self.shape[0] * self.shape[1] else None
        mapped = {
            name: np.load(place, mmap_mode=mode, allow_pickle=False)
            for name, place in places.items()
        }
        travel_ms = mapped.pop("travel_ms")
        return self._tabulate(self.origins.ids, travel_ms, mapped)

    def _prepare(self) -> tuple[str, Hierarchy | None]:
        """Return the engine for all blocks together, and its hierarchy."""
        if self.lengths:
            return self.engine, None
        blocks = -(-self.shape[0] // self.block_rows)
        searches = blocks * min(self.block_rows, *self.shape)
        return choose_prepared(self.network, searches, self.engine)

    def _iterate_numbered(self) -> Iterator[tuple[int, TravelTimes]]:
        first = 0
        for block in self:
            yield first, block
            first += len(block.origin_ids)

    def _tabulate(
        self,
        origin_ids: np.ndarray,
        travel_ms: np.ndarray,
        measures: Mapping[str, np.ndarray | None],
    ) -> TravelTimes:
        return TravelTimes(
            origin_ids=origin_ids,
            destination_ids=self.destinations.ids,
            travel_ms=travel_ms,
            **measures,
            origin_column=self.origin_column,
            destination_column=self.destination_column,
        )

    def _tell_schema(self) -> Any:
        import pyarrow as pa

        told = {
            name: str(self.network.provenance[name])
            for name in ("attribution", "licence", "season")
            if name in self.network.provenance
        }
        if self.cutoff_ms is not None:
            told["cutoff_min"] = repr(self.cutoff_ms / 60_000)
        fields = [
            pa.field(self.origin_column, pa.string()),
            pa.field(self.destination_column, pa.string()),
            pa.field("travel_min", pa.float64()),
        ]
        if self.lengths:
            names = ("length_km", *MEASURES[1:])
            fields += [pa.field(name, pa.float64()) for name in names]
        return pa.schema(fields, metadata=told)


def travel_blocks(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame | Snapped,
    destinations: gpd.GeoDataFrame | Snapped,
    *,
    lengths: bool = False,
    cutoff_min: float | None = None,
    memory_mb: float = 500.0,
    links: LinkModel | None = None,
    engine: str = "auto",
    threads: int = 1,
    progress: Progress | None = None,
) -> TravelBlocks:
    """Return a table of travel times that need not fit in memory, to be made block by block.

    The times are those of `travel_times`. Nothing is calculated until the table is
    asked for, and it is calculated each time it is.

    Parameters
    ----------
    network, origins, destinations, lengths, links, engine, threads
        As in `travel_times`.
    cutoff_min
        Longest time of interest in minutes, inclusive.
    memory_mb
        Most that a block may take in all while it is made, looked through and written,
        in millions of bytes; the roads, the places, working memory of the search (less
        than 300) and what is returned come on top.
    progress
        Called as `progress(done, total)` in origins after each block; an exception from
        it stops the work.

    Raises
    ------
    InputError
        If not even one origin fits into `memory_mb`, or the places cannot be used.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 9000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> farms = gpd.GeoDataFrame({"id": ["f", "g", "h"]}, crs="EPSG:3059",
    ...                          geometry=gpd.points_from_xy([0.0, 1000.0, 9000.0], [0.0] * 3))
    >>> near = travel_blocks(network, farms, farms, cutoff_min=1)
    >>> near.to_frame().query("from_id < to_id").values.tolist()
    [['f', 'g', 1.0]]
    """
    starts, ends, origin_column, destination_column = snap_ends(
        network, origins, destinations, links
    )
    row_mb = len(ends.ids) * (MEASURED_PAIR_BYTES if lengths else PAIR_BYTES) / 1e6
    if row_mb > memory_mb:
        raise InputError(
            "travel.memory_too_small",
            memory=memory_mb,
            count=len(ends.ids),
            least=int(np.ceil(row_mb)),
        )
    return TravelBlocks(
        network=network,
        origins=starts,
        destinations=ends,
        block_rows=max(1, min(int(memory_mb / max(row_mb, 1e-9)), len(starts.ids))),
        cutoff_ms=None if cutoff_min is None else to_limit_ms(cutoff_min),
        lengths=lengths,
        engine=engine,
        threads=threads,
        progress=progress,
        origin_column=origin_column,
        destination_column=destination_column,
    )


def _to_arrow(block: TravelTimes, schema: Any, every_pair: bool) -> Any:
    """Return a block as an Arrow table of pairs."""
    import pyarrow as pa

    if every_pair:
        rows, columns = block.travel_ms.shape
        row, column = np.repeat(np.arange(rows), columns), np.tile(np.arange(columns), rows)
    else:
        row, column = block.locate_reached()
    values = [
        pa.array(block.origin_ids, pa.string()).take(pa.array(row)),
        pa.array(block.destination_ids, pa.string()).take(pa.array(column)),
        pa.array(block.pick_minutes(row, column), from_pandas=True),
    ]
    for name in MEASURES if block.length_m is not None else ():
        measured = getattr(block, name)[row, column] / (1000 if name == "length_m" else 1)
        values.append(pa.array(measured, from_pandas=True))
    return pa.table(values, schema=schema)
