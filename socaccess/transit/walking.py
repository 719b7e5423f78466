"""On foot: to and from stops, between stops, and all the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from socaccess import crs as crs_
from socaccess.errors import InputError, raise_problems
from socaccess.settings import LinkModel
from socaccess.sources.gtfs.feed import NO_TRANSFER, Feed
from socaccess.validation import find_faults, is_default

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.network import RoadNetwork

__all__ = ["Footpaths", "WalkModel", "Walks", "find_footpaths", "walk_all_the_way", "walk_to_stops"]

_NOT_ON_FOOT = ("motorway", "motorway_link", "trunk", "trunk_link", "ferry")
"""Classes of roads nobody walks along."""


@dataclass(frozen=True)
class WalkModel:
    """How people walk.

    Parameters
    ----------
    kph
        Walking speed. The default is that of older people: 0.9 m/s for men and 0.8 m/s for women
        of 65 and more in England (Asher et al., Age and Ageing 41, 2012, 690-694), far below the
        4.8 km/h that timetables and planners assume.
    longest_m
        Longest way on foot to or from a stop, or all the way, metres along the way, inclusive. A
        modelling choice: half of the 3 km to a stop in Estonia's audit of access to services
        (2010), as many of the people meant walk with difficulty.
    change_m
        Longest way on foot between two stops where one changes, metres along the way, inclusive.
    change_s
        Seconds one needs to change at least, besides the walk; whole, at least 1.
    detour
        How much longer a way is than the straight line, where no roads are given.

    Examples
    --------
    >>> WalkModel(kph=4.8).seconds(400.0)
    300
    """

    kph: float = field(default=3.1, metadata={"gt": 0, "le": 15})
    longest_m: float = field(default=1500.0, metadata={"ge": 0})
    change_m: float = field(default=500.0, metadata={"ge": 0})
    change_s: int = field(default=60, metadata={"ge": 1})
    detour: float = field(default=1.3, metadata={"ge": 1})

    def __post_init__(self) -> None:
        if not is_default(self):
            raise_problems(find_faults(WalkModel, vars(self), "walking"))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> WalkModel:
        """Return a model of plain values; what they leave out keeps its default.

        Raises
        ------
        InputError
            If a name is not known, or a value cannot be one; all at once.
        """
        raise_problems(find_faults(cls, given, "walking"))
        return cls(**given)

    def seconds(self, way_m: float) -> int:
        """Return the time of a way in whole seconds, never less than it takes."""
        # A tolerance of a millionth, so that 300 s in floating point do not become 301.
        return int(np.ceil(way_m * 3.6 / self.kph - 1e-6))


@dataclass(frozen=True, eq=False)
class Walks:
    """Stops within walking reach of each place.

    Parameters
    ----------
    begin
        Where the stops of each place begin, shape (places + 1,).
    stop, seconds
        Position of the stop, and the time on foot.
    """

    begin: np.ndarray
    stop: np.ndarray
    seconds: np.ndarray

    def of(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        """Return stops and seconds of one place."""
        part = slice(self.begin[place], self.begin[place + 1])
        return self.stop[part], self.seconds[part]

    def take(self, places: np.ndarray) -> Walks:
        """Return the walks of some places, by position."""
        count = np.diff(self.begin)[places]
        begin = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        at = np.arange(begin[-1]) + np.repeat(self.begin[:-1][places] - begin[:-1], count)
        return Walks(begin, self.stop[at], self.seconds[at])

    @property
    def has_stop(self) -> np.ndarray:
        """True for places with a stop in reach."""
        return np.diff(self.begin) > 0


@dataclass(frozen=True, eq=False)
class Footpaths:
    """Walks between stops where one may change: both ends, seconds without the time to change.

    `change_s` is the time to change at each stop, shape (stops,).
    """

    begin: np.ndarray
    end: np.ndarray
    seconds: np.ndarray
    change_s: np.ndarray

    @classmethod
    def none(cls, stops: int, change_s: int = 60) -> Footpaths:
        """Return no walks at all between `stops` stops."""
        empty = np.empty(0, np.int32)
        return cls(empty, empty, empty, np.full(stops, change_s, np.int32))


def walk_to_stops(
    feed: Feed,
    places: gpd.GeoDataFrame,
    walking: WalkModel,
    network: RoadNetwork | None = None,
) -> Walks:
    """Return the served stops in walking reach of each place.

    Parameters
    ----------
    feed
        The timetable.
    places
        Points of any stated CRS.
    walking
        Speed and longest way.
    network
        Roads to walk along, as `RoadNetwork.from_osm` makes them; without them, straight lines
        times the detour.
    """
    metric, x, y = _project_stops(feed)
    stops = np.flatnonzero(np.isfinite(x) & feed.served)
    ends = crs_.to_metric(places, "places", metric).geometry
    row, at, way_m = _find_ways(
        metric, ends.x.to_numpy(), ends.y.to_numpy(), x[stops], y[stops],
        walking.longest_m, walking, network,
    )  # fmt: skip
    order = np.lexsort((stops[at], row))
    begin = np.searchsorted(row[order], np.arange(len(places) + 1)).astype(np.int64)
    seconds = _to_seconds(way_m[order], walking)
    return Walks(begin, stops[at[order]].astype(np.int32), seconds)


def walk_all_the_way(
    feed: Feed,
    homes: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    walking: WalkModel,
    network: RoadNetwork | None = None,
) -> np.ndarray:
    """Return the seconds on foot from each home to each place, -1 beyond the longest way."""
    metric, _, _ = _project_stops(feed)
    begin, end = (crs_.to_metric(frame, "places", metric).geometry for frame in (homes, places))
    row, at, way_m = _find_ways(
        metric, begin.x.to_numpy(), begin.y.to_numpy(), end.x.to_numpy(), end.y.to_numpy(),
        walking.longest_m, walking, network,
    )  # fmt: skip
    seconds = np.full((len(homes), len(places)), -1, np.int32)
    seconds[row, at] = _to_seconds(way_m, walking)
    return seconds


def find_footpaths(feed: Feed, walking: WalkModel, network: RoadNetwork | None = None) -> Footpaths:
    """Return the walks between stops where one may change.

    Stops within `WalkModel.change_m`, platforms of one station however far apart, and what the
    feed's own table of changes adds, times or forbids. A time of that table includes changing.
    """
    metric, x, y = _project_stops(feed)
    stops = np.flatnonzero(np.isfinite(x) & feed.served)
    row, at, way_m = _find_ways(
        metric, x[stops], y[stops], x[stops], y[stops], walking.change_m, walking, network
    )
    pairs: dict[tuple[int, int], int] = {
        (begin, end): second
        for begin, end, second in zip(
            stops[row].tolist(), stops[at].tolist(), _to_seconds(way_m, walking).tolist(),
            strict=True,
        )
        if begin != end
    }  # fmt: skip

    def measure(begin: int, end: int) -> int:
        straight = float(np.hypot(x[begin] - x[end], y[begin] - y[end]))
        return 0 if np.isnan(straight) else walking.seconds(straight * walking.detour)

    for begin, end in _pair_platforms(feed):
        pairs.setdefault((begin, end), measure(begin, end))
    change_s = np.full(feed.stop_count, max(1, walking.change_s), np.int32)
    table = zip(feed.transfer_from.tolist(), feed.transfer_to.tolist(), feed.transfer_s.tolist(),
                strict=True)  # fmt: skip
    said = list(table)
    for begin, end, given in said:
        if begin == end and given >= 0:
            change_s[begin] = max(1, given)
    for begin, end, given in said:
        if begin == end:
            continue
        if given == NO_TRANSFER:
            pairs.pop((begin, end), None)
        elif given >= 0:
            pairs[begin, end] = max(0, given - int(change_s[begin]))
        else:
            pairs.setdefault((begin, end), measure(begin, end))
    ends = np.array(sorted(pairs), np.int32).reshape(-1, 2)
    seconds = np.array([pairs[begin, end] for begin, end in ends.tolist()], np.int32)
    return Footpaths(ends[:, 0].copy(), ends[:, 1].copy(), seconds, change_s)


def _pair_platforms(feed: Feed) -> list[tuple[int, int]]:
    """Return every two served platforms of one station, both ways."""
    station = np.where(feed.stop_parent >= 0, feed.stop_parent, np.arange(feed.stop_count))
    members: dict[int, list[int]] = {}
    for stop in np.flatnonzero(feed.served).tolist():
        members.setdefault(int(station[stop]), []).append(stop)
    return [(a, b) for group in members.values() for a in group for b in group if a != b]


def _project_stops(feed: Feed) -> tuple[str, np.ndarray, np.ndarray]:
    """Return a metric system, and the stops in it, NaN where they have no place."""
    known = np.isfinite(feed.stop_lon) & np.isfinite(feed.stop_lat)
    if not known.any():
        raise InputError("transit.no_places", where=feed.name)
    lon, lat = feed.stop_lon[known], feed.stop_lat[known]
    metric = crs_.choose_metric_crs(lon, lat)
    x, y = np.full(len(known), np.nan), np.full(len(known), np.nan)
    x[known], y[known] = crs_.project_points(lon, lat, crs_.EXCHANGE, metric)
    return metric, x, y


def _to_seconds(way_m: np.ndarray, walking: WalkModel) -> np.ndarray:
    return np.ceil(way_m * 3.6 / walking.kph - 1e-6).astype(np.int32)


def _find_ways(
    metric: str,
    from_x: np.ndarray,
    from_y: np.ndarray,
    to_x: np.ndarray,
    to_y: np.ndarray,
    longest_m: float,
    walking: WalkModel,
    network: RoadNetwork | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both ends and the metres of every way up to `longest_m`."""
    if network is not None:
        return _walk_roads(metric, from_x, from_y, to_x, to_y, longest_m, walking, network)
    from scipy.spatial import cKDTree

    straight_m = longest_m / walking.detour
    begin, end = np.flatnonzero(np.isfinite(from_x)), np.flatnonzero(np.isfinite(to_x))
    if not len(begin) or not len(end):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    found = cKDTree(np.c_[from_x, from_y][begin]).sparse_distance_matrix(
        cKDTree(np.c_[to_x, to_y][end]), straight_m, output_type="ndarray"
    )
    order = np.lexsort((found["j"], found["i"]))
    return begin[found["i"][order]], end[found["j"][order]], found["v"][order] * walking.detour


def _walk_roads(
    metric: str,
    from_x: np.ndarray,
    from_y: np.ndarray,
    to_x: np.ndarray,
    to_y: np.ndarray,
    longest_m: float,
    walking: WalkModel,
    network: RoadNetwork,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    import geopandas as gpd

    from socaccess.travel import travel_blocks

    roads = make_walkable(network, walking)

    def place(x: np.ndarray, y: np.ndarray) -> Any:
        points = gpd.GeoDataFrame(
            {"id": np.arange(len(x))}, geometry=gpd.points_from_xy(x, y), crs=metric
        )
        points.loc[~np.isfinite(x), "geometry"] = None
        return points

    # A place off the road is walked to straight.
    links = LinkModel(access_kph=walking.kph, detour=1.0)
    begin, end = (
        roads.snap(place(x, y), id_column="id", links=links)
        for x, y in ((from_x, from_y), (to_x, to_y))
    )
    longest_min = longest_m * 0.06 / walking.kph
    found = travel_blocks(roads, begin, end, cutoff_min=longest_min, links=links).to_sparse()
    way_m = found.travel_ms.astype(float) * walking.kph / 3600
    return found.origin.astype(np.int64), found.destination.astype(np.int64), way_m


def make_walkable(network: RoadNetwork, walking: WalkModel) -> RoadNetwork:
    """Return the roads of a network as people walk them.

    Both ways, without motorways, trunk roads and ferries, without rules of turning: copies of a
    junction that such rules made become one again.
    """
    from socaccess.network.roads import CLOSED

    spots = np.c_[network.node_x, network.node_y]
    _, first, same = np.unique(spots, axis=0, return_index=True, return_inverse=True)
    one = first[same.reshape(-1)]
    milliseconds = np.rint(network.length_m * 3600 / walking.kph).astype(network.forward_ms.dtype)
    closed = network.is_class(*_NOT_ON_FOOT)
    milliseconds[closed] = CLOSED
    return replace(
        network,
        edge_from=one[network.edge_from].astype(network.edge_from.dtype),
        edge_to=one[network.edge_to].astype(network.edge_to.dtype),
        forward_ms=milliseconds,
        backward_ms=milliseconds,
    )
