"""List where modelled ways of the embedded roads cross large rivers, and where a bridge may lack.

Usage: python tools/list_crossings.py [--minutes N]

First every modelled way that leads over a drawn river, by the town nearest to its bridge. Then the
places with another across the river: no road or bridge of the data lies between them, and the way
round takes N minutes more (default 15) than one over a bridge right there would. Where there is
such a bridge, times of these places are too long.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from socaccess.network import RoadNetwork
from socaccess.network.snapped import leg_kph
from socaccess.settings import LinkModel
from socaccess.sources.settlements import load_settlements
from socaccess.travel import travel_times

if TYPE_CHECKING:
    import geopandas as gpd

MORE_MIN = 15.0


def list_crossings(network: RoadNetwork, settlements: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the modelled ways that cross a river: one row per way.

    Columns: `edge_id`, `at_bridge` (flag: a bridge lies within its reach), `town` (nearest to the
    bridge, else to where the way crosses) and `distance_km` to that.
    """
    modelled = np.flatnonzero(network.modelled)
    xy = np.stack([network.node_x, network.node_y], axis=1)
    start, end = xy[network.edge_from[modelled]], xy[network.edge_to[modelled]]
    rivers = network.rivers
    way, point, count = rivers.find_crossings(start, end)
    over = count[way] % 2 == 1
    way, point = way[over], point[over]
    off_m, bridge = KDTree(rivers.bridge[:, :2]).query(point, k=len(rivers.bridge))
    spare_m = rivers.bridge[bridge, 2] - off_m
    best = np.argmax(spare_m, axis=1)
    rows = np.arange(len(way))
    frame = pd.DataFrame({"way": way, "spare_m": spare_m[rows, best], "x": point[:, 0]})
    near = rivers.bridge[bridge[rows, best], :2]
    frame[["x", "y"]] = np.where(frame[["spare_m"]] >= 0, near, point)
    frame = frame.sort_values(["way", "spare_m"], ascending=[True, False]).drop_duplicates("way")
    towns = settlements[settlements["kind"].isin(["city", "town"])]
    spots = np.stack([towns.geometry.x, towns.geometry.y], axis=1)
    distance_m, town = KDTree(spots).query(frame[["x", "y"]].to_numpy())
    return pd.DataFrame(
        {
            "edge_id": np.asarray(network.edge_id)[modelled[frame["way"]]],
            "at_bridge": (frame["spare_m"] >= 0).to_numpy(),
            "town": towns["name"].to_numpy()[town],
            "distance_km": distance_m / 1000,
        }
    )


def list_cut_off(
    network: RoadNetwork, settlements: gpd.GeoDataFrame, more_min: float = MORE_MIN
) -> pd.DataFrame:
    """Return the places whose way to one across a river is long for want of a bridge.

    One row per place and the place across that gains most: `place`, `across`, `straight_km`,
    `travel_min` as it is and `bridged_min`, over a bridge on the straight line.
    """
    links = LinkModel()
    xy = np.stack([settlements.geometry.x, settlements.geometry.y], axis=1)
    pairs = KDTree(xy).query_pairs(links.neighbour_links_m, output_type="ndarray")
    apart = network.rivers.lie_between(xy[pairs[:, 0]], xy[pairs[:, 1]])
    pairs = np.concatenate([pairs[apart], pairs[apart][:, ::-1]])
    straight_m = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    bridged_min = straight_m * links.neighbour_detour / leg_kph(straight_m, links) * 0.06
    times = travel_times(network, settlements, settlements).travel_min
    name = settlements["name"].to_numpy()
    frame = pd.DataFrame(
        {
            "place": name[pairs[:, 0]],
            "across": name[pairs[:, 1]],
            "straight_km": straight_m / 1000,
            "travel_min": times[pairs[:, 0], pairs[:, 1]],
            "bridged_min": bridged_min,
        }
    )
    gain = frame["travel_min"] - frame["bridged_min"]
    order = gain[gain >= more_min].sort_values(ascending=False, kind="stable").index
    return frame.loc[order].drop_duplicates("place").reset_index(drop=True)


def main(arguments: list[str] | None = None) -> int:
    """Print both lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=MORE_MIN)
    options = parser.parse_args(arguments)
    network, settlements = RoadNetwork.main_roads(), load_settlements()
    crossings = list_crossings(network, settlements)
    print(
        f"{len(crossings)} modelled ways cross a river, {crossings['at_bridge'].sum()} at a bridge"
    )
    for town, group in crossings.groupby("town"):
        off = "" if group["at_bridge"].all() else f", {(~group['at_bridge']).sum()} not at a bridge"
        print(f"  {town}: {len(group)}, {group['distance_km'].max():.1f} km off at most{off}")
    cut_off = list_cut_off(network, settlements, options.minutes)
    print(f"{len(cut_off)} places {options.minutes:g} min and more from one across a river")
    for row in cut_off.itertuples():
        print(
            f"  {row.place} - {row.across}: {row.straight_km:.1f} km apart, "
            f"{row.travel_min:.0f} min round, {row.bridged_min:.0f} over a bridge"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
