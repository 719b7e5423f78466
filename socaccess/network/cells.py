"""The land in square cells, and how the centre of each meets the network.

What `snap_points` finds for a point, for the centres of all cells of a tile in one pass. A table
holds geometry only: seasons, edited speeds and both directions of travel share it. Tiles are filled
when they are first asked for; `save_cells` writes a whole table beside the network's file, where it
is found by a hash of the geometry.
"""

# mypy: disable-error-code="call-arg"

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from socaccess.errors import NetworkFileError
from socaccess.network.roads import OWN_ROAD_M, Roads
from socaccess.network.snapped import longest_leg_m, time_legs
from socaccess.routing import load_arrays, save_arrays
from socaccess.settings import LinkModel

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Cells",
    "NodeCells",
    "RoadCells",
    "cells_path",
    "choose_cell_m",
    "find_cells",
    "save_cells",
]

TILE: Final = 64
"""Cells along the side of a tile, the unit in which a table is filled."""

KEPT_CELL_M: Final = 100.0
"""The size of cells whose table is kept on disk; smaller ones are made where they are asked for."""

BUCKET_M: Final = 250.0
MOST_M: Final = 8000.0
"""What the way to a road is counted up to."""

FORMAT: Final = "socaccess-cells-1"


def choose_cell_m(limit_min: float) -> float:
    """Return the side of the cells an area of so many minutes is drawn by, metres.

    Examples
    --------
    >>> [choose_cell_m(limit) for limit in (5, 10, 15, 20, 30)]
    [25.0, 25.0, 50.0, 50.0, 100.0]
    """
    return 25.0 if limit_min <= 10 else 50.0 if limit_min <= 20 else 100.0


@dataclass(frozen=True)
class Segments:
    """Straight pieces of the roads places may be put on, in square buckets.

    Those of a bucket lie together; `rank` is where each stands in the order of the edges.
    `ends` is (segments, 4): x, y of both. `before` and `whole` are the metres of line before a
    segment and of its whole edge; `near` is the share of the edge that is a centimetre; `quick`
    holds what an estimate of the distance needs. Bucket `b`
    holds `member[begin[b]:begin[b + 1]]`.
    """

    rank: np.ndarray
    ends: np.ndarray
    quick: np.ndarray
    edge: np.ndarray
    before: np.ndarray
    whole: np.ndarray
    near: np.ndarray
    west: float
    south: float
    columns: int
    rows: int
    begin: np.ndarray
    member: np.ndarray


def cut_segments(network: Roads) -> Segments:
    """Return the segments of all edges a place may be put on, those of the main part first."""
    import shapely

    main, own = network.snappable_edges, network.own_edges
    edges = np.concatenate([main, own])
    lines = np.concatenate([network.snap_tree.geometries, network.own_tree.geometries])
    xy, line = shapely.get_coordinates(lines, return_index=True)
    # Column by column: numpy goes through rows of two or four several times slower.
    x, y = np.ascontiguousarray(xy.T)
    inside = np.flatnonzero(line[1:] == line[:-1])
    ends = [x[inside], y[inside], x[inside + 1], y[inside + 1]]
    owner = line[inside]
    span = [ends[2] - ends[0], ends[3] - ends[1]]
    length = np.hypot(*span)
    total = np.bincount(owner, weights=length, minlength=len(edges))
    run = np.cumsum(length) - length
    first = np.searchsorted(owner, np.arange(len(edges)))
    behind = np.where(owner >= len(main), OWN_ROAD_M, 0.0)
    steep = 1 / np.where(length > 0, length**2, np.inf)
    before = run - run[np.minimum(first, len(run) - 1)][owner]
    low = [np.minimum(ends[axis], ends[axis + 2]) for axis in (0, 1)]
    high = [np.maximum(ends[axis], ends[axis + 2]) for axis in (0, 1)]
    corner = [float(values.min()) for values in low]
    # A segment is entered in every bucket its bounds touch.
    (from_column, to_column), (from_row, to_row) = (
        [((values[axis] - corner[axis]) / BUCKET_M).astype(np.int64) for values in (low, high)]
        for axis in (0, 1)
    )
    columns, rows = int(to_column.max()) + 1, int(to_row.max()) + 1
    # Those of a bucket lie together in memory; `rank` remembers which was first.
    begins = from_row * columns + from_column
    rank = np.argsort(begins, kind="stable")
    begins, width = begins[rank], (to_column - from_column + 1)[rank]
    count = width * (to_row - from_row + 1)[rank]
    number = np.repeat(np.arange(len(rank), dtype=np.int32), count)
    step = np.arange(len(number)) - np.repeat(np.cumsum(count) - count, count)
    wide = width[number]
    bucket = begins[number] + step // wide * columns + step % wide
    order = np.argsort(bucket, kind="stable")
    begin = np.zeros(columns * rows + 1, np.int64)
    np.cumsum(np.bincount(bucket, minlength=columns * rows), out=begin[1:])
    return Segments(
        rank=rank,
        ends=np.column_stack([values[rank] for values in ends]),
        quick=np.column_stack([values[rank] for values in (*ends[:2], *span, steep, behind)]),
        edge=edges[owner].astype(np.int32)[rank],
        before=before[rank],
        whole=total[owner][rank],
        near=(0.01 / np.maximum(network.length_m[edges], 0.02))[owner][rank],
        west=corner[0],
        south=corner[1],
        columns=columns,
        rows=rows,
        begin=begin,
        member=number[order],
    )


class Cells(ABC):
    """A table of cells in tiles, filled as far as it was asked for.

    Tile (row, column) begins at `column * TILE * cell_m`, `row * TILE * cell_m` east and north of
    `west`, `south`, which are whole tiles of the system, and stands at `slot[row, column]` of the
    arrays (-1: not filled yet); inside a tile rows go north.

    Parameters
    ----------
    network
        The network.
    cell_m
        Side of a cell, metres.
    links
        The model of the access legs.
    """

    arrays: dict[str, np.ndarray]

    def __init__(self, network: Roads, cell_m: float, links: LinkModel) -> None:
        self.network, self.cell_m, self.links = network, float(cell_m), links
        self.farthest_m = longest_leg_m(network, links)
        size = TILE * self.cell_m
        low = np.array([network.node_x.min(), network.node_y.min()])
        high = np.array([network.node_x.max(), network.node_y.max()])
        if network.shape_x is not None and network.shape_y is not None and len(network.shape_x):
            low = np.minimum(low, [network.shape_x.min(), network.shape_y.min()])
            high = np.maximum(high, [network.shape_x.max(), network.shape_y.max()])
        self.west, self.south = np.floor((low - self.farthest_m) / size) * size
        across = ((high + self.farthest_m - (self.west, self.south)) // size).astype(int) + 1
        self.columns, self.rows = int(across[0]), int(across[1])
        self.slot = np.full((self.rows, self.columns), -1, np.int32)

    def fill(self, wanted: np.ndarray) -> None:
        """Fill the tiles wanted, (rows, columns), that are not yet."""
        rows, columns = np.nonzero(wanted & (self.slot < 0))
        held, room = int(self.slot.max()) + 1, len(next(iter(self.arrays.values())))
        if held + len(rows) > room:
            more = max(held + len(rows), min(2 * room, self.slot.size))
            for name, array in self.arrays.items():
                wider = np.empty((more, *array.shape[1:]), array.dtype)
                wider[:held] = array[:held]
                self.arrays[name] = wider
        for number, (row, column) in enumerate(zip(rows, columns, strict=True), held):
            size = TILE * self.cell_m
            corner = np.array([self.west + column * size, self.south + row * size])
            self._fill_tile(corner, *(array[number] for array in self.arrays.values()))
            self.slot[row, column] = number

    @abstractmethod
    def _fill_tile(self, corner: np.ndarray, *arrays: np.ndarray) -> None: ...


class RoadCells(Cells):
    """Cells that meet roads along their course: edge (-1: none near), where along it, metres."""

    def __init__(self, network: Roads, cell_m: float, links: LinkModel) -> None:
        super().__init__(network, cell_m, links)
        self.farthest_m = min(self.farthest_m, MOST_M)
        shape = (0, TILE, TILE)
        kinds = {"edge": np.int32, "along": np.float64, "access": np.uint32}
        self.arrays = {name: np.empty(shape, kind) for name, kind in kinds.items()}
        self._room: tuple[np.ndarray, ...] | None = None
        self._turn = 0

    def _fill_tile(self, corner: np.ndarray, *arrays: np.ndarray) -> None:
        from socaccess.network._cells_kernel import fill_tile

        part = _segments_of(self.network)
        count = len(part.ends)
        if self._room is None:
            self._room = (
                np.zeros(count, np.int64), np.empty(count, np.int32), np.empty(count),
                np.empty((3, count), np.int32),
            )  # fmt: skip
        stamp, found, away, lists = self._room
        arrays[0][:] = -1
        self._turn = fill_tile(
            part.rank, part.ends, part.quick, part.edge, part.before, part.whole, part.near,
            part.west, part.south, BUCKET_M, part.columns, part.rows, part.begin, part.member,
            *(corner + self.cell_m / 2).tolist(),
            self.cell_m, self.farthest_m, self.farthest_m + OWN_ROAD_M,
            stamp, self._turn, found, away, lists, *arrays,
        )  # fmt: skip


class NodeCells(Cells):
    """Cells that join the embedded roads at nodes: the nearest few and the time to each.

    `node` is (tiles, doors, TILE, TILE), -1 where the nearest node is too far; `leg_ms` alike.
    """

    def __init__(self, network: Roads, cell_m: float, links: LinkModel) -> None:
        from scipy.spatial import KDTree

        super().__init__(network, cell_m, links)
        self._doors = network.door_nodes
        self._xy = np.stack([network.node_x, network.node_y], axis=1)[self._doors]
        self._tree = KDTree(self._xy)
        self.width = min(int(links.node_links), len(self._doors))
        shape = (0, self.width, TILE, TILE)
        self.arrays = {"node": np.empty(shape, np.int32), "leg_ms": np.empty(shape, np.uint32)}

    def _fill_tile(self, corner: np.ndarray, *arrays: np.ndarray) -> None:
        node, leg_ms = arrays
        node[:], leg_ms[:] = -1, 0
        size = TILE * self.cell_m
        half = np.sqrt(0.5) * size
        middle = corner + size / 2
        middle_m, _ = self._tree.query(middle, k=[1, self.width])
        if middle_m[0] - half > self.farthest_m:
            return
        near = self._tree.query_ball_point(middle, float(middle_m[1]) + 2 * half)
        step = (np.arange(TILE) + 0.5) * self.cell_m
        x, y = np.meshgrid(corner[0] + step, corner[1] + step)
        near = np.sort(np.array(near))
        away = np.hypot(
            self._xy[near, 0] - x.ravel()[:, None], self._xy[near, 1] - y.ravel()[:, None]
        )
        first = np.argpartition(away, self.width - 1, axis=1)[:, : self.width]
        away = np.take_along_axis(away, first, axis=1)
        first, away = self._leave_banks(near[first], away, np.column_stack([x.ravel(), y.ravel()]))
        there = away.min(axis=1) <= self.farthest_m
        leg_ms[:] = time_legs(away, self.links).T.reshape(leg_ms.shape)
        node[:] = np.where(there, self._doors[first].T, -1).reshape(node.shape)

    def _leave_banks(
        self, door: np.ndarray, away: np.ndarray, centre: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Put the nearest door on a cell's bank in the place of those across a river.

        As when snapping, a cell with none on its bank keeps all.
        """
        start, end = np.repeat(centre, self.width, axis=0), self._xy[door.ravel()]
        across = self.network.rivers.lie_between(start, end).reshape(door.shape)
        across &= ~across.all(axis=1, keepdims=True)
        if not across.any():
            return door, away
        best = np.where(across, np.inf, away).argmin(axis=1, keepdims=True)
        return (
            np.where(across, np.take_along_axis(door, best, axis=1), door),
            np.where(across, np.take_along_axis(away, best, axis=1), away),
        )


def find_cells(network: Roads, cell_m: float, links: LinkModel) -> Cells:
    """Return the table of cells of this size: of this session, of the disk, or a new one."""
    tables: dict[tuple[float, LinkModel], Cells] = network.__dict__.setdefault("_cells", {})
    key = (float(cell_m), links)
    if key not in tables:
        kind = NodeCells if network.joins_at_nodes else RoadCells
        tables[key] = kind(network, cell_m, links)
        if (
            isinstance(tables[key], RoadCells)
            and cell_m == KEPT_CELL_M
            and network.file is not None
        ):
            _load_cells(tables[key], cells_path(network.file))
    return tables[key]


def cells_path(file: str | Path) -> Path:
    """Return where the table of cells of a network file is kept: beside it.

    Examples
    --------
    >>> cells_path("latvia.network").name
    'latvia.network.cells'
    """
    return Path(file).with_name(f"{Path(file).name}.cells")


def save_cells(network: Roads, file: str | Path, links: LinkModel | None = None) -> Path:
    """Fill the table of cells of `KEPT_CELL_M` and write it beside a network's file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    table = find_cells(network, KEPT_CELL_M, links or LinkModel())
    table.fill(np.ones_like(table.slot, dtype=bool))
    path = cells_path(file)
    save_arrays(path, FORMAT, _hash_geometry(table), {"slot": table.slot, **table.arrays})
    return path


def _load_cells(table: Cells, path: Path) -> None:
    """Take the table kept on disk, if there is one of this geometry."""
    try:
        found = load_arrays(path, FORMAT, ("slot", *table.arrays), _hash_geometry(table))
    except (OSError, NetworkFileError):  # none, damaged or of other roads: made anew
        return
    table.slot = found.pop("slot")
    table.arrays = found


def _hash_geometry(table: Cells) -> str:
    """Return a hash of all that says which road is nearest: lines, and where one may be put."""
    network = table.network
    digest = hashlib.sha256(f"{table.cell_m} {table.farthest_m} {OWN_ROAD_M}".encode())
    for values in _list_geometry(network):
        digest.update(f"{values.dtype} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _list_geometry(network: Roads) -> Iterator[np.ndarray]:
    yield from (network.node_x, network.node_y, network.edge_from, network.edge_to)
    yield from (network.length_m, network.snappable_edges, network.own_edges)
    for values in (network.shape_start, network.shape_x, network.shape_y):
        if values is not None:
            yield values


def _segments_of(network: Roads) -> Segments:
    """Return the segments of a network, cut once."""
    if "_segments" not in network.__dict__:
        network.__dict__["_segments"] = cut_segments(network)
    return network.__dict__["_segments"]
