"""Isochrones: the land within a time of a facility, as `travel_times` tells it.

The centre of every cell has the time `travel_times` gives it (`socaccess.network.cells` says where
it meets the network); the area ends where that time passes the limit.
"""

# mypy: disable-error-code="call-arg"

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from socaccess.errors import InputError
from socaccess.network import RoadNetwork, Snapped
from socaccess.network.cells import (
    TILE,
    Cells,
    NodeCells,
    RoadCells,
    choose_cell_m,
    find_cells,
)
from socaccess.network.snapped import longest_leg_m, time_legs
from socaccess.routing import UNREACHABLE, Reached, Terminals, find_reached
from socaccess.settings import LinkModel
from socaccess.travel.minutes import to_limit_ms
from socaccess.travel.places import snap_places

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

__all__ = ["isochrones"]

SITES_AT_ONCE = 32
"""Sites whose searches are held at once."""


def isochrones(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame | Snapped,
    *,
    minutes: Sequence[float] = (15, 30, 45, 60),
    buffer_m: float | None = None,
    dissolve: bool = True,
    cell_m: float | None = None,
    traveller: Literal["client", "provider"] = "client",
    links: LinkModel | None = None,
    engine: str = "auto",
    threads: int = 1,
) -> gpd.GeoDataFrame:
    """Return the area from which a facility is within each limit, one polygon per limit.

    A point is inside exactly when `travel_times` puts it within the limit, to the size of a cell:
    the time of every cell's centre is the one `travel_times` gives it. What is narrower than a
    cell (the tip of a corridor, a hole, the land between two carriageways) may be missed, and
    next to the line a point may fall on the wrong side: ask `travel_times` about a single point.
    Land and water alike are inside where the straight way to the nearest road leaves time.

    Parameters
    ----------
    network
        The roads.
    facilities
        Points with an id column, or places snapped before.
    minutes
        Limits in minutes, inclusive.
    buffer_m
        Longest way to a road that the area claims, metres, inclusive; None: the longest
        access leg there is.
    dissolve
        Whether the area is that of the nearest facility, or each facility has its own.
    cell_m
        Side of the cells, metres. None: 25 for limits up to 10 minutes, 50 up to 20, 100 beyond.
    traveller
        `client`: from where a facility can be reached; `provider`: what can be
        reached from a facility.
    links
        As in `travel_times`.
    engine, threads
        `auto`, `scipy` or `dijkstra`, as in `socaccess.routing.find_reached`.

    Returns
    -------
    geopandas.GeoDataFrame
        `limit_min`, `cell_m` and a multipolygon with its holes (empty where nothing is
        reached), in the CRS of the network, limits ascending; each contains the one before,
        where their cells differ but for slivers narrower than a cell. Unless dissolved, one row
        per facility and limit, with the facility's id first.

    Raises
    ------
    InputError
        If there is no limit, one is not above 0, or a distance is not.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 9000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> site = gpd.GeoDataFrame({"facility_id": ["F"]}, geometry=gpd.points_from_xy([0.0], [0.0]),
    ...                         crs="EPSG:3059")
    >>> area = isochrones(network, site, minutes=[5])
    >>> [round(value, -2) for value in area.total_bounds[[0, 2]].tolist()]
    [-1900.0, 5000.0]
    """
    import geopandas as gpd
    from geopandas.array import from_shapely

    limits = sorted({float(limit) for limit in minutes})
    if not limits or not limits[0] > 0:
        raise InputError("travel.limits_not_positive", minutes=str(list(minutes)))
    for metres in (buffer_m, cell_m):
        if metres is not None and not metres > 0:
            raise InputError("travel.buffer_not_positive", buffer=metres)
    sites, column = snap_places(network, facilities, links)
    graph = network.graph.reversed() if traveller == "client" else network.graph
    ends = sites.as_destinations if traveller == "client" else sites.as_origins
    if engine == "auto" and not network.joins_at_nodes:
        engine = "dijkstra"  # cells are painted by compiled code anyway
    painter = _Painter(sites, limits, buffer_m, cell_m, client=traveller == "client")
    whole = [np.arange(len(sites.ids))]
    areas: list[shapely.Geometry] = []
    for group, ms in _search(graph, ends, whole if dissolve else None, limits[-1], engine, threads):
        areas.extend(painter.draw(group, *ms))
    count = len(areas) // len(limits)
    table: dict[str, Any] = {} if dissolve else {column: np.repeat(sites.ids, len(limits))}
    table["limit_min"] = np.tile(limits, count)
    table["cell_m"] = np.tile([size for _, size in painter.limits], count)
    # Shapes that name their system already cost half of shapes and system apart.
    return gpd.GeoDataFrame(table, geometry=from_shapely(areas, crs=network.crs))


def _search(
    graph: Any,
    ends: Terminals,
    groups: list[np.ndarray] | None,
    limit_min: float,
    engine: str,
    threads: int,
) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    """Yield groups of sites (None: each by itself) with the nodes reached and their ms."""

    def search(origins: Terminals) -> Reached:
        return find_reached(graph, origins, to_limit_ms(limit_min), engine=engine, threads=threads)

    if groups is not None:
        for group in groups:
            part = ends.take(group)
            if not part.node.size:
                yield group, (np.empty(0, np.int32), np.empty(0, np.uint32))
                continue
            # Many sites are one beginning with many ends.
            found = search(Terminals(part.node.reshape(1, -1), part.cost_ms.reshape(1, -1)))
            yield group, (found.node, found.ms)
        return
    for start in range(0, ends.count, SITES_AT_ONCE):
        found = search(ends.take(slice(start, start + SITES_AT_ONCE)))
        for number, (low, high) in enumerate(zip(found.indptr, found.indptr[1:], strict=False)):
            yield np.array([start + number]), (found.node[low:high], found.ms[low:high])


class _Painter:
    """Draws areas of one set of sites; `limits` are ms with the size of their cells."""

    def __init__(
        self,
        sites: Snapped,
        minutes: Sequence[float],
        buffer_m: float | None,
        cell_m: float | None,
        *,
        client: bool,
    ) -> None:
        self.sites, self.links, self.client = sites, sites.links, client
        self.network = sites.network
        self.limits = [
            (to_limit_ms(limit), float(cell_m or choose_cell_m(limit))) for limit in minutes
        ]
        longest_m = longest_leg_m(self.network, self.links)
        self.farthest_m = longest_m if buffer_m is None else min(buffer_m, longest_m)
        self.base = _Base.of(self.network)
        by_nodes = self.network.joins_at_nodes
        kph = self.links.street_kph if by_nodes else self.links.access_kph
        self.ms_a_metre = self.links.detour / (kph / 3.6) * 1000
        edges = np.where(sites.too_far[:, None], -1, sites.edges)
        self.site, slot = np.nonzero(edges >= 0)
        self.edge = edges[self.site, slot]

    def draw(self, group: np.ndarray, nodes: np.ndarray, ms: np.ndarray) -> list[shapely.Geometry]:
        """Return the area of each limit for some sites together."""
        import shapely

        if not len(group):
            return [shapely.MultiPolygon() for _ in self.limits]
        on_edge = slice(*np.searchsorted(self.site, [group[0], group[-1] + 1]))
        self.base.node_ms[nodes] = ms
        parts: list[list[np.ndarray]] = [[] for _ in self.limits]
        for size in dict.fromkeys(size for _, size in self.limits):
            mine = [number for number, (_, cell_m) in enumerate(self.limits) if cell_m == size]
            last_ms = self.limits[mine[-1]][0]
            for cells, corner in self._paint(group, on_edge, nodes, ms, last_ms, size):
                for number in mine:
                    limit_ms, width_ms = self.limits[number][0], size * self.ms_a_metre
                    parts[number].append(_outline(cells, corner, size, limit_ms, width_ms))
        self.base.node_ms[nodes] = UNREACHABLE
        return [
            shapely.multipolygons(np.concatenate(part)) if part else shapely.MultiPolygon()
            for part in parts
        ]

    def _paint(
        self,
        group: np.ndarray,
        on_edge: slice,
        nodes: np.ndarray,
        ms: np.ndarray,
        limit_ms: int,
        cell_m: float,
    ) -> Iterator[tuple[np.ndarray, tuple[float, float]]]:
        """Yield the times of the cells about some sites, and where the first cell begins.

        Land that hangs together comes in one piece.
        """
        from socaccess.travel._paint import label_tiles

        table = find_cells(self.network, cell_m, self.links)
        wanted = self._mark_tiles(table, group, on_edge, nodes, ms, limit_ms)
        table.fill(wanted)
        label, bounds = label_tiles(wanted)
        side = TILE * cell_m
        for number, (first_row, last_row, first, last) in enumerate(bounds.tolist()):
            window = slice(first_row, last_row + 1), slice(first, last + 1)
            slots = np.where(label[window] == number, table.slot[window], np.int32(-1))
            corner = (table.west + first * side, table.south + first_row * side)
            cells = np.empty((slots.shape[0] * TILE, slots.shape[1] * TILE), np.uint32)
            if isinstance(table, NodeCells):
                cells[:] = UNREACHABLE
                self._paint_nodes(table, slots, group, limit_ms, corner, cells)
            else:
                assert isinstance(table, RoadCells)
                self._paint_roads(table, slots, on_edge, limit_ms, cells)
            yield cells, corner

    def _mark_tiles(
        self,
        table: Cells,
        group: np.ndarray,
        on_edge: slice,
        nodes: np.ndarray,
        ms: np.ndarray,
        limit_ms: int,
    ) -> np.ndarray:
        """Return the tiles that the time left may lead to, (rows, columns)."""
        from socaccess.travel._paint import mark_tiles

        links, network = self.links, self.network
        edge, spot_ms = self.edge[on_edge], self.sites.access_ms[self.site[on_edge]]
        asked = [(nodes, ms, self.base.bounds)]
        if network.joins_at_nodes:
            kph, least = links.link_kph, links.street_m
            there = group[self.sites.located[group]]
            spots = np.stack([self.sites.x, self.sites.y] * 2, axis=1)[there]
            # Whoever walks from place to place passes no node.
            asked.append((np.arange(len(there)), np.zeros(len(there), np.uint32), spots))
        else:
            kph, least = links.access_kph, 0.0
            asked += [(ends[edge], spot_ms, self.base.bounds) for ends in self.base.ends]
        marked = np.zeros(table.slot.shape, bool)
        for node, node_ms, bounds in asked:
            mark_tiles(
                bounds, node.astype(np.int32), node_ms, limit_ms,
                kph / 3.6 / 1000 / links.detour, least, max(float(self.farthest_m), least),
                table.west, table.south, TILE * table.cell_m, marked,
            )  # fmt: skip
        return marked

    def _paint_roads(
        self,
        table: RoadCells,
        slots: np.ndarray,
        on_edge: slice,
        limit_ms: int,
        cells: np.ndarray,
    ) -> None:
        from socaccess.travel._paint import paint_cells

        base, links = self.base, self.links
        edge, site = self.edge[on_edge], self.site[on_edge]
        after = np.full(len(edge), -1, np.int32)
        for number, on in enumerate(edge.tolist()):
            after[number], base.head[on] = base.head[on], number
        paint_cells(
            slots, *table.arrays.values(), base.ways, base.twin, base.node_ms,
            base.head, after, self.sites.along[site], self.sites.access_ms[site].astype(np.int64),
            links.detour, links.access_kph / 3.6, self.client, limit_ms, float(self.farthest_m),
            cells,
        )  # fmt: skip
        base.head[edge] = -1

    def _paint_nodes(
        self,
        table: NodeCells,
        slots: np.ndarray,
        group: np.ndarray,
        limit_ms: int,
        corner: tuple[float, float],
        cells: np.ndarray,
    ) -> None:
        far_ms = time_legs(np.array(self.farthest_m), self.links)
        tiles = cells.reshape(slots.shape[0], TILE, slots.shape[1], TILE)
        node, leg_ms = table.arrays.values()
        for row, column in zip(*np.nonzero(slots >= 0), strict=True):
            tile = slots[row, column]
            # The last entry, no node, is out of reach.
            best = (self.base.node_ms[node[tile]] + leg_ms[tile]).min(axis=0)
            best[leg_ms[tile].min(axis=0) > far_ms] = UNREACHABLE
            tiles[row, :, column] = best
        for site in group[self.sites.located[group]].tolist():
            self._paint_streets(cells, corner, table.cell_m, site)
        cells[cells > limit_ms] = UNREACHABLE

    def _paint_streets(
        self, cells: np.ndarray, corner: tuple[float, float], cell_m: float, site: int
    ) -> None:
        """Lower the times of cells that a site's own streets reach."""
        reach, xy = self.links.street_m, (self.sites.x[site], self.sites.y[site])
        part = []
        for middle, start, count in zip(xy, corner, cells.shape[::-1], strict=True):
            first = max(int((middle - reach - start) // cell_m), 0)
            last = max(min(int((middle + reach - start) // cell_m) + 1, count), first)
            part.append((slice(first, last), start + (np.arange(first, last) + 0.5) * cell_m))
        (columns, x), (rows, y) = part
        away = np.hypot(x[None] - xy[0], y[:, None] - xy[1])
        near = away <= reach
        street_ms = np.where(near, time_legs(away, self.links), UNREACHABLE)
        ends = np.column_stack(
            [
                np.broadcast_to(x[None], away.shape)[near],
                np.broadcast_to(y[:, None], away.shape)[near],
            ]
        )
        across = self.network.rivers.lie_between(np.broadcast_to(xy, ends.shape), ends)
        street_ms[near] = np.where(across, UNREACHABLE, street_ms[near])
        np.minimum(cells[rows, columns], street_ms, out=cells[rows, columns])


class _Base:
    """What every question of a network uses again; the times are put back after each."""

    def __init__(self, network: Any) -> None:
        self.node_ms = np.full(network.node_count + 1, UNREACHABLE, np.uint32)
        self.head = np.full(network.edge_count, -1, np.int32)
        self.ways = np.stack(
            [network.edge_from, network.edge_to, network.forward_ms, network.backward_ms], axis=1
        ).astype(np.uint32)
        self.ends = (network.edge_from, network.edge_to)
        self.twin = _ring(network.stretch)
        self.bounds = self._bound_nodes(network)

    @classmethod
    def of(cls, network: Any) -> _Base:
        """Return the one of a network, made once."""
        if "_isochrones" not in network.__dict__:
            network.__dict__["_isochrones"] = cls(network)
        found: _Base = network.__dict__["_isochrones"]
        return found

    @staticmethod
    def _bound_nodes(network: Any) -> np.ndarray:
        """Return west, south, east, north of the roads at each node, (nodes, 4)."""
        import shapely

        xy = np.stack([network.node_x, network.node_y], axis=1)
        bounds = np.concatenate([xy, xy], axis=1)
        if network.joins_at_nodes or not network.edge_count:
            return bounds
        lines = shapely.bounds(network.lines)
        for ends in (network.edge_from, network.edge_to):
            for side, widen in enumerate((np.minimum, np.minimum, np.maximum, np.maximum)):
                widen.at(bounds[:, side], ends, lines[:, side])
        return bounds


def _ring(stretch: np.ndarray) -> np.ndarray:
    """Return for each edge the next copy of its stretch, round to the first; itself if alone."""
    order = np.argsort(stretch, kind="stable")
    group = stretch[order]
    last = np.flatnonzero(np.append(group[1:] != group[:-1], True))
    following = np.append(order[1:], -1)
    following[last] = order[np.append(0, last[:-1] + 1)]
    twin = np.empty(len(stretch), np.int32)
    twin[order] = following
    return twin


def _outline(
    cells: np.ndarray,
    corner: tuple[float, float],
    cell_m: float,
    limit_ms: int,
    width_ms: float,
) -> np.ndarray:
    """Return the polygons of the land within a limit; `width_ms` is what crossing a cell takes."""
    import shapely

    from socaccess.travel._contour import draw_outlines

    west, south = corner[0] + cell_m / 2, corner[1] + cell_m / 2
    points, rings, outers = draw_outlines(cells, limit_ms, float(width_ms), west, south, cell_m)
    return shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (rings, outers))
