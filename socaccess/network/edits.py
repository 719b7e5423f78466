"""What if: a road closed, paved, or driven at another speed.

Every function takes a network and gives back a new one; the old one stays as it is.
Roads are named by the ids of their ways (`edge_id`), or by a line drawn along them, or
both. What was done stands in `provenance["edits"]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.network._osm_ways import FERRY, name_class, split_class
from socaccess.network.roads import CLOSED, Roads
from socaccess.network.speeds import SpeedProfile, load_profile

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry import LineString

__all__ = ["close_roads", "pave_roads", "set_speed"]

_PIECE_M = 10.0
_ALIGNED_COSINE = float(np.cos(np.radians(35)))

RoadsT = TypeVar("RoadsT", bound=Roads)
"""What-ifs give back the kind of network they were given."""


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Edges and how much of each is meant (0 to 1, above 0)."""

    edge: np.ndarray
    share: np.ndarray


def close_roads(
    network: RoadsT,
    ways: Iterable[int | str] | None = None,
    *,
    line: LineString | gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    tolerance_m: float = 20.0,
) -> RoadsT:
    """Return the network without the roads named or drawn: nobody may drive them.

    An edge the line follows for half its length, or for 50 m, is closed from end to
    end; edges reach from junction to junction.

    Parameters
    ----------
    network
        The roads as they are.
    ways
        Ids of ways (`edge_id`).
    line
        A line in the system of the network, or a frame or series with its own.
    tolerance_m
        How far the line may run beside the road, inclusive.

    Raises
    ------
    UnknownNameError
        Naming every way that is not in the network.
    InputError
        If nothing is named, or the line follows no road.

    Examples
    --------
    >>> import pandas as pd
    >>> from socaccess.network import RoadNetwork
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"edge_id": ["bridge"], "from_id": ["a"], "to_id": ["b"],
    ...                       "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> bool(close_roads(network, ["bridge"]).forward_ms[0] == CLOSED)
    True
    """
    chosen = _choose(network, ways, line, tolerance_m)
    long_enough = (chosen.share >= 0.5) | (chosen.share * network.length_m[chosen.edge] >= 50)
    edge = chosen.edge[long_enough]
    if not len(edge):
        raise _follows_nothing(tolerance_m)
    forward, backward = network.forward_ms.copy(), network.backward_ms.copy()
    forward[edge] = backward[edge] = CLOSED
    return _change(network, forward, backward, "close", edge)


def set_speed(
    network: RoadsT,
    speed_kph: float,
    ways: Iterable[int | str] | None = None,
    *,
    line: LineString | gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    tolerance_m: float = 20.0,
) -> RoadsT:
    """Return the network with the roads named or drawn driven at `speed_kph`.

    The time is length by speed; delays on the way no longer count. Where the line
    follows only part of an edge, that part gets the speed and the rest keeps its
    share of the time. Closed directions stay closed.

    Parameters
    ----------
    speed_kph
        From above 0 to 200.
    network, ways, line, tolerance_m
        As for `close_roads`.

    Raises
    ------
    UnknownNameError
        Naming every way that is not in the network.
    InputError
        If the speed is impossible, nothing is named, or the line follows no road.
    """
    if not 0 < speed_kph <= 200:
        raise InputError("network.speed_out_of_range", speed=speed_kph)
    chosen = _choose(network, ways, line, tolerance_m)
    speed = np.full(len(chosen.edge), float(speed_kph))
    forward, backward = _drive_at(network, chosen, speed, only_faster=False)
    return _change(network, forward, backward, "set_speed", chosen.edge, speed_kph=speed_kph)


def pave_roads(
    network: RoadsT,
    ways: Iterable[int | str] | None = None,
    *,
    line: LineString | gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    tolerance_m: float = 20.0,
    profile: SpeedProfile | None = None,
) -> RoadsT:
    """Return the network with the unpaved ones among the roads named or drawn paved.

    They get the speed the profile gives a paved road of their class and place in the
    season of the network, without regard to posted limits; no road gets slower, and
    roads already paved stay as they are. A road is taken for paved when the line
    follows at least half of it, for the name of its class; its time changes by the
    part that is followed.

    Parameters
    ----------
    profile
        Speeds; None for those the network was built with.
    network, ways, line, tolerance_m
        As for `close_roads`.

    Raises
    ------
    UnknownNameError
        Naming every way that is not in the network.
    InputError
        If nothing is named, the line follows no road, no road among them is
        unpaved, or the network does not tell its surfaces.
    """
    about = network.provenance
    if profile is None:
        if "profile" not in about:
            raise InputError("network.no_surface")
        profile = load_profile(about["profile"])
    season = about.get("season", "summer")
    chosen = _choose(network, ways, line, tolerance_m)
    told = [split_class(network.class_names[index]) for index in network.road_class[chosen.edge]]
    unpaved = np.array([kind != FERRY and surface != "paved" for kind, surface, _ in told])
    if not unpaved.any():
        raise InputError("network.nothing_unpaved")
    chosen = _Chosen(chosen.edge[unpaved], chosen.share[unpaved])
    told = [item for item, kept in zip(told, unpaved, strict=True) if kept]
    speed = np.array(
        [
            profile.drive_kph(kind, surface="paved", urban=urban, season=season)
            for kind, _, urban in told
        ]
    )
    forward, backward = _drive_at(network, chosen, speed, only_faster=True)
    changed = _change(network, forward, backward, "pave", chosen.edge)
    names = list(network.class_names)
    road_class = network.road_class.copy()
    for edge, share, (kind, _, urban) in zip(chosen.edge, chosen.share, told, strict=True):
        if share < 0.5:
            continue
        name = name_class(kind, "paved", urban=urban)
        if name not in names:
            names.append(name)
        road_class[edge] = names.index(name)
    return replace(changed, road_class=road_class, class_names=tuple(names))


def _drive_at(
    network: RoadsT, chosen: _Chosen, speed_kph: np.ndarray, *, only_faster: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the times with the chosen shares of edges driven at `speed_kph`."""
    new = network.length_m[chosen.edge] * chosen.share * 3600 / speed_kph
    times = []
    for old in (network.forward_ms, network.backward_ms):
        before = old[chosen.edge].astype(float)
        after = np.rint(before * (1 - chosen.share) + new)
        after = np.minimum(before, after) if only_faster else np.minimum(after, int(CLOSED) - 1)
        changed = old.copy()
        changed[chosen.edge] = np.where(before >= int(CLOSED), int(CLOSED), after).astype(np.uint32)
        times.append(changed)
    return times[0], times[1]


def _change(
    network: RoadsT,
    forward_ms: np.ndarray,
    backward_ms: np.ndarray,
    what: str,
    edge: np.ndarray,
    **values: float,
) -> RoadsT:
    ways = sorted({str(name) for name in network.edge_id[edge].tolist()})
    done: dict[str, Any] = {"edit": what, "ways": ways, "edges": len(edge), **values}
    edits = [*network.provenance.get("edits", ()), done]
    return replace(
        network,
        forward_ms=forward_ms,
        backward_ms=backward_ms,
        provenance={**network.provenance, "edits": edits},
    )


def _choose(
    network: RoadsT, ways: Iterable[int | str] | None, line: Any, tolerance_m: float
) -> _Chosen:
    """Return the edges named by id, whole, and those along the line, as far as it follows them."""
    if ways is None and line is None:
        raise InputError("network.no_road_named")
    share = np.zeros(network.edge_count)
    if ways is not None:
        wanted = [str(name) for name in ways]
        ids = network.edge_id.astype(str)
        unknown = sorted(set(wanted) - set(ids.tolist()))
        if unknown:
            raise UnknownNameError("network.no_such_way", where="ways", rows=unknown)
        share[np.isin(ids, wanted)] = 1.0
    if line is not None:
        along = _follow(network, _read_line(network, line), tolerance_m)
        if not along.any():
            raise _follows_nothing(tolerance_m)
        share = np.maximum(share, along)
    edge = np.flatnonzero(share > 0)
    return _Chosen(edge, share[edge])


def _follows_nothing(tolerance_m: float) -> InputError:
    return InputError("network.line_follows_nothing", where="line", tolerance=tolerance_m)


def _read_line(network: RoadsT, line: Any) -> Any:
    import shapely

    if hasattr(line, "geometry") and hasattr(line, "crs"):
        crs_.require_crs(line, "line")
        geometry = shapely.union_all(np.asarray(line.to_crs(network.crs).geometry.array))
    else:
        geometry = line
    problems = []
    if shapely.get_type_id(geometry) not in (1, 5):
        problems.append(Problem("network.not_a_line", "line"))
    elif not shapely.length(geometry) > 0:
        problems.append(Problem("network.line_without_length", "line"))
    raise_problems(problems)
    return geometry


def _follow(network: RoadsT, line: Any, tolerance_m: float) -> np.ndarray:
    """Return which share of each edge runs along `line`, shape (edges,).

    Edges are cut into pieces of at most 10 m; a piece is followed when its middle is
    near enough and it runs within 35 degrees of the line there, so that roads the line
    merely crosses are left out.
    """
    import shapely

    result = np.zeros(network.edge_count)
    tree = shapely.STRtree(network.lines)
    near = np.sort(tree.query(line, predicate="dwithin", distance=tolerance_m))
    near = near[network.length_m[near] > 0]
    if not len(near):
        return result
    pieces = shapely.segmentize(network.lines[near], _PIECE_M)
    points, owner = shapely.get_coordinates(pieces, return_index=True)
    within = owner[1:] == owner[:-1]
    start, end = points[:-1][within], points[1:][within]
    owner = owner[:-1][within]
    length = np.hypot(*(end - start).T)
    middle = shapely.points((start + end) / 2)
    place = shapely.line_locate_point(line, middle)
    ahead = shapely.line_interpolate_point(line, np.minimum(place + 1, shapely.length(line)))
    behind = shapely.line_interpolate_point(line, np.maximum(place - 1, 0))
    direction = shapely.get_coordinates(ahead) - shapely.get_coordinates(behind)
    drawn = np.hypot(*direction.T)
    cosine = np.abs(((end - start) * direction).sum(axis=1)) / np.maximum(length * drawn, 1e-12)
    followed = (shapely.distance(middle, line) <= tolerance_m) & (cosine >= _ALIGNED_COSINE)
    # Behind its ends a line is followed no further, however near the road still is.
    total = shapely.length(line)
    followed &= (place > 0) & (place < total)
    whole = np.bincount(owner, weights=length, minlength=len(near))
    along = np.bincount(owner, weights=np.where(followed, length, 0.0), minlength=len(near))
    result[near] = np.minimum(along / np.maximum(whole, 1e-12), 1.0)
    return result
