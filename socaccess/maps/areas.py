"""Service areas: the roads within a time of a facility, for every service and scenario.

The page draws what `socaccess.travel.isochrones` calculates: stretches of road cut
where the time is up and widened to either side. It cuts and widens by itself, so that
all it needs are the roads once and, for each service, the minutes at their ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import shapely

from socaccess.maps.encode import delta, morton_order
from socaccess.network import CLOSED, RoadNetwork, Snapped
from socaccess.routing import UNREACHABLE, Terminals, find_nearest
from socaccess.travel.minutes import to_limit_ms

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.maps.basemap import Grid

__all__ = ["encode_areas"]

BUFFER_M = 800.0
"""How far from a road an area reaches, as in `isochrones`."""

# Roads enough for every main road and link of Latvia; of a larger network the higher classes.
MOST_EDGES = 12_000
_CLASS_ORDER = ("motorway", "trunk", "primary", "secondary", "tertiary")
_STAGES = ("operating", "planned", "suggested")
_SHAPE_TOLERANCE_M = 100.0
_BEYOND = np.int64(UNREACHABLE)


@dataclass(frozen=True)
class _Stretches:
    """Roads between points: the kept edges, cut where a facility meets them.

    `ms` is the time along and against each; `node_ms` the time between each point and
    the nearest place of every group, shape (points, groups).
    """

    xy: np.ndarray
    start: np.ndarray
    end: np.ndarray
    ms: np.ndarray
    lines: np.ndarray
    node_ms: np.ndarray


def encode_areas(
    result: Any,
    types: pd.DataFrame,
    scenarios: list[str],
    grid: Grid,
    frame_m: tuple[float, float, float, float],
) -> dict[str, Any] | None:
    """Return the roads inside `frame_m` with the minutes at their ends, as whole numbers.

    None where the study's network has no times (nothing but a drawing), or no service
    has a place to reach. Minutes are tenths, rounded up; what is beyond the last limit is
    one tenth more than it.
    """
    network = result.study.network
    if not isinstance(network, RoadNetwork):
        return None
    limits = [float(band) for band in result.study.settings.bands_min]
    beyond = round(max(limits) * 10) + 1
    kept = _choose_edges(network, frame_m)
    if not len(kept):
        return None
    times: dict[int, list[np.ndarray]] = {}
    roads: _Stretches | None = None
    supply, cuts = _list_supply(result, types)
    for traveller in ("client", "provider"):
        chosen = np.flatnonzero((types["traveller"] == traveller).to_numpy())
        mine = supply[supply["number"].isin(chosen)]
        if not len(mine):
            continue
        roads = _measure(network, kept, cuts, mine, chosen, traveller, to_limit_ms(max(limits)))
        tenths = np.minimum(-(-roads.node_ms // 6000), beyond)
        for position, number in enumerate(chosen):
            if (mine["number"] == number).any():
                stages = tenths[:, position * len(_STAGES) : (position + 1) * len(_STAGES)]
                times[int(number)] = [_choose_stage(stages, name) for name in scenarios]
    if roads is None:
        return None
    return _encode(roads, times, types, grid, {"limits": limits, "beyond": beyond})


def _choose_edges(network: RoadNetwork, frame_m: tuple[float, float, float, float]) -> np.ndarray:
    """Return the edges with an end inside the frame, the higher classes where there are many."""
    west, south, east, north = frame_m
    inside = (
        (network.node_x >= west)
        & (network.node_x <= east)
        & (network.node_y >= south)
        & (network.node_y <= north)
    )
    kept = np.flatnonzero(inside[network.edge_from] | inside[network.edge_to])
    if len(kept) <= MOST_EDGES:
        return kept
    names = [name.removesuffix("_link") for name in network.class_names]
    rank = np.array(
        [_CLASS_ORDER.index(name) if name in _CLASS_ORDER else len(_CLASS_ORDER) for name in names]
    )
    order = np.lexsort((-network.length_m[kept], rank[network.road_class[kept]]))
    return np.sort(kept[order[:MOST_EDGES]])


def _list_supply(result: Any, types: pd.DataFrame) -> tuple[pd.DataFrame, Snapped]:
    """Return the places of each service (`number`, `stage`), and where they meet the network."""
    number = {service: position for position, service in enumerate(types["service"])}
    serving = result.reach.supply["planned"]
    serving = serving[serving["service"].isin(number)]
    # Cut where they may be shown: a cut at the door of a shelter would tell where it is.
    facilities = result.facilities.set_index("facility_id").loc[serving["facility_id"]]
    sites = result.sites[result.sites["service"].isin(number)]
    supply = pd.DataFrame(
        {
            "number": [number[name] for name in (*serving["service"], *sites["service"])],
            "stage": [
                *(_STAGES.index(status) for status in serving["status"]),
                *(_STAGES.index("suggested") for _ in range(len(sites))),
            ],
        }
    )
    points: gpd.GeoDataFrame = pd.concat(
        [facilities[["geometry"]], sites.to_crs(facilities.crs)[["geometry"]]], ignore_index=True
    )
    # Without a point that may be shown there is no area to draw.
    there = points.geometry.notna().to_numpy()
    supply, points = supply[there].reset_index(drop=True), points[there].reset_index(drop=True)
    points = points.assign(place=np.arange(len(supply)))
    network, links = result.study.network, result.study.settings.links
    return supply, network.snap(points, id_column="place", links=links)


def _measure(
    network: RoadNetwork,
    kept: np.ndarray,
    places: Snapped,
    supply: pd.DataFrame,
    chosen: np.ndarray,
    traveller: str,
    cutoff_ms: int,
) -> _Stretches:
    """Return the kept roads with the time to each service of `chosen` at every stage alone."""
    toward: Literal["sites", "places"] = "sites" if traveller == "client" else "places"
    position = {int(number): at for at, number in enumerate(chosen)}
    group = np.full(len(places.ids), -1, dtype=np.int32)
    group[supply.index] = [
        position[number] * len(_STAGES) + stage
        for number, stage in zip(supply["number"], supply["stage"], strict=True)
    ]
    nodes, ends = np.unique(
        np.concatenate([network.edge_from[kept], network.edge_to[kept]]), return_inverse=True
    )
    start, end = ends[: len(kept)].ravel(), ends[len(kept) :].ravel()
    found = find_nearest(
        network.graph,
        Terminals.at_nodes(nodes.astype(np.int32)),
        places.as_destinations if toward == "sites" else places.as_origins,
        group,
        len(chosen) * len(_STAGES),
        toward=toward,
        cutoff_ms=cutoff_ms,
    )
    whole = _Stretches(
        xy=np.column_stack([network.node_x[nodes], network.node_y[nodes]]),
        start=start,
        end=end,
        ms=np.column_stack([network.forward_ms[kept], network.backward_ms[kept]]).astype(np.int64),
        lines=network.draw_lines(kept),
        node_ms=found.ms.reshape(len(nodes), -1).astype(np.int64),
    )
    return _cut(whole, kept, places, group, toward)


def _cut(
    whole: _Stretches, kept: np.ndarray, places: Snapped, group: np.ndarray, toward: str
) -> _Stretches:
    """Return the roads cut at the places that stand along them, with the times there.

    Without the cut a long road with a facility in its middle would seem out of reach
    there: its ends are.
    """
    at = np.searchsorted(kept, places.edge)
    there = (at < len(kept)) & (kept[np.minimum(at, len(kept) - 1)] == places.edge)
    there &= (places.along > 1e-6) & (places.along < 1 - 1e-6)
    cuts = pd.DataFrame({"edge": at[there], "along": places.along[there].round(6)})
    xy, starts, ends, ms, lines, node_ms = [], [], [], [], [], []
    count = len(whole.xy)
    for edge, alongs in cuts.drop_duplicates().sort_values(["edge", "along"]).groupby("edge"):
        line, before = whole.lines[edge], whole.start[edge]
        here = np.flatnonzero(there & (at == edge))
        shares = [0.0, *alongs["along"], 1.0]
        for low, high in pairwise(shares):
            starts.append(before)
            before = whole.end[edge] if high == 1 else count
            ends.append(before)
            ms.append(_share_out(whole.ms[edge], high - low))
            lines.append(shapely.ops.substring(line, low, high, normalized=True))
            if high < 1:
                count += 1
                point = line.interpolate(high, normalized=True)
                xy.append((point.x, point.y))
                node_ms.append(_time_at(whole, edge, high, places, here, group, toward))
    if not xy:
        return whole
    stay = np.ones(len(kept), bool)
    stay[cuts["edge"]] = False
    return _Stretches(
        xy=np.concatenate([whole.xy, np.array(xy)]),
        start=np.concatenate([whole.start[stay], np.array(starts)]),
        end=np.concatenate([whole.end[stay], np.array(ends)]),
        ms=np.concatenate([whole.ms[stay], np.array(ms)]),
        lines=np.concatenate([whole.lines[stay], np.array(lines, dtype=object)]),
        node_ms=np.concatenate([whole.node_ms, np.array(node_ms)]),
    )


def _share_out(ms: np.ndarray, share: float) -> np.ndarray:
    return np.where(ms < int(CLOSED), np.rint(ms * share).astype(np.int64), ms)


def _time_at(
    whole: _Stretches,
    edge: int,
    along: float,
    places: Snapped,
    here: np.ndarray,
    group: np.ndarray,
    toward: str,
) -> np.ndarray:
    """Return the time between a point of an edge and every group: by its ends, or along it."""
    forward, backward = whole.ms[edge] if toward == "sites" else whole.ms[edge][::-1]

    def drive(share: float, one_way: np.int64) -> np.int64:
        # Who is there already needs no open road.
        if share == 0:
            return np.int64(0)
        return np.int64(round(share * float(one_way))) if one_way < int(CLOSED) else _BEYOND

    best = np.minimum(
        whole.node_ms[whole.start[edge]] + drive(along, backward),
        whole.node_ms[whole.end[edge]] + drive(1 - along, forward),
    )
    for place in here:
        step = places.along[place] - along
        time = drive(abs(step), forward if step > 0 else backward) + int(places.access_ms[place])
        if group[place] >= 0:
            best[group[place]] = min(best[group[place]], time)
    return np.minimum(best, _BEYOND)


def _choose_stage(stages: np.ndarray, scenario: str) -> np.ndarray:
    """Return the time under a scenario: to what operates, or to what it adds."""
    if scenario == "now":
        return stages[:, 0]
    return np.minimum(stages[:, 0], stages[:, _STAGES.index(scenario)])


def _encode(
    roads: _Stretches,
    times: dict[int, list[np.ndarray]],
    types: pd.DataFrame,
    grid: Grid,
    about: dict[str, Any],
) -> dict[str, Any]:
    units = grid.snap(roads.xy)
    low = units.min(axis=0)
    order = morton_order(units[:, 0] - low[0], units[:, 1] - low[1])
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    start, end = place[roads.start], place[roads.end]
    edges = np.lexsort((end, start))
    hundredths = np.where(roads.ms < int(CLOSED), np.rint(roads.ms / 600).astype(np.int64), -1)
    forward, backward = hundredths[edges, 0], hundredths[edges, 1]
    return {
        **about,
        "buffer": BUFFER_M,
        "x": delta(units[order, 0]),
        "y": delta(units[order, 1]),
        "from": delta(start[edges]),
        "to": (end - start)[edges].tolist(),
        "forward": forward.tolist(),
        "backward": (backward - forward).tolist(),
        "bends": [_encode_bends(roads.lines[edge], grid) for edge in edges],
        "provider": [int(name == "provider") for name in types["traveller"]],
        "tenths": [
            [
                delta(row[order])
                if stage == 0
                else (row - times[number][stage - 1])[order].tolist()
                for stage, row in enumerate(times[number])
            ]
            if number in times
            else None
            for number in range(len(types))
        ],
    }


def _encode_bends(line: Any, grid: Grid) -> list[int]:
    """Return the vertices between the ends of a line, each as a step from the one before."""
    if shapely.get_num_coordinates(line) == 2:
        return []
    units = grid.snap(shapely.get_coordinates(line.simplify(_SHAPE_TOLERANCE_M)))
    return np.diff(units, axis=0)[:-1].ravel().tolist()
