"""What a partitioned table is asked for: checked origins, hashes of everything it rests on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError
from socaccess.network import RoadNetwork
from socaccess.network.snapping import check_points
from socaccess.partitions import cut_parts, run_partitions
from socaccess.routing import Progress
from socaccess.scale.dataset import PartitionedTable, TableWriter
from socaccess.travel.places import find_id_column

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["Origins", "choose_size", "hash_network", "hash_places", "write_parts"]

PART_CELLS = 16_000_000
"""Pairs of places in a partition: 64 MB while it is made."""
PART_ORIGINS = 50_000
"""Most origins in a partition of one's own choice."""


@dataclass(frozen=True, eq=False)
class Origins:
    """Where trips begin, cut into partitions.

    Parameters
    ----------
    places
        Id, other columns that are kept, and points.
    column
        The id column.
    parts
        Rows of each partition.
    """

    places: gpd.GeoDataFrame
    column: str
    parts: list[slice]

    @classmethod
    def check(cls, places: gpd.GeoDataFrame, size: int, *, keep: Sequence[str] = ()) -> Origins:
        """Return the origins, or raise everything that is wrong with them."""
        column = find_id_column(places)
        check_points(places, column)
        missing = [name for name in keep if name not in places]
        if missing:
            raise InputError("scale.missing_columns", where=column, names=missing)
        kept = places[[column, *(name for name in keep if name != column), places.geometry.name]]
        kept = kept.rename_geometry("geometry") if places.geometry.name != "geometry" else kept
        kept = kept.assign(**{column: kept[column].astype(str).astype(object)})
        return cls(kept.reset_index(drop=True), column, cut_parts(len(kept), size))


def choose_size(asked: int | None, width: int) -> int:
    """Return how many origins a partition holds when each has `width` answers.

    Examples
    --------
    >>> choose_size(None, 2_000), choose_size(None, 10), choose_size(500, 10)
    (8000, 50000, 500)
    """
    if asked is not None:
        return asked
    return max(1, min(PART_ORIGINS, PART_CELLS // max(width, 1)))


def hash_network(network: RoadNetwork) -> str:
    """Return the SHA-256 of everything about a network that travel times rest on."""
    digest = hashlib.sha256(network.crs.encode())
    for name in ("node_x", "node_y", "edge_from", "edge_to", "length_m", "forward_ms",
                 "backward_ms", "modelled", "shape_start", "shape_x", "shape_y"):  # fmt: skip
        values = getattr(network, name)
        if values is not None:
            digest.update(f"{name} {values.dtype.str} {values.shape}".encode())
            digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def hash_places(places: gpd.GeoDataFrame) -> str:
    """Return the SHA-256 of places: CRS, points and every other column."""
    import shapely

    digest = hashlib.sha256(str(places.crs).encode())
    for point in shapely.to_wkb(np.asarray(places.geometry.array)):
        digest.update(point or b"-")
    for name in places.columns.drop(places.geometry.name):
        values = places[name]
        digest.update(f"\0{name}\0".encode())
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def write_parts(
    folder: str | Path,
    plan: dict[str, Any],
    origins: Origins,
    work: Callable[[Any, Any], tuple[bytes, int]],
    prepare: Callable[[], Any],
    *,
    extra: dict[str, tuple[bytes, int]],
    client: Any,
    progress: Progress | None,
) -> PartitionedTable:
    """Write every partition that is not there yet; `prepare` is called only if one is missing."""
    whole = {
        **plan,
        "origins": hash_places(origins.places),
        "origin_count": len(origins.places),
        "partitions": len(origins.parts),
    }
    writer = TableWriter(folder, whole)
    for name, (data, rows) in extra.items():
        if not writer.has(name):
            writer.add(name, data, rows)
    missing = [number for number in range(len(origins.parts)) if not writer.has(_name(number))]
    done = len(origins.parts) - len(missing)

    def cut() -> Iterator[tuple[int, Any]]:
        for number in missing:
            yield number, origins.places.iloc[origins.parts[number]].reset_index(drop=True)

    if progress is not None:
        progress(done, len(origins.parts))
    if missing:
        for number, (data, rows) in run_partitions(work, prepare(), cut(), client=client):
            writer.add(_name(number), data, rows)
            done += 1
            if progress is not None:
                progress(done, len(origins.parts))
    return writer.finish()


def _name(number: int) -> str:
    return f"part-{number:06d}.parquet"
