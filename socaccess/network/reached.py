"""Which places of a study roads reach: none at all, or some on parts that nothing joins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from socaccess.errors import InputError, Problem

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.network.roadnetwork import RoadNetwork

__all__ = ["find_parts"]


def find_parts(network: RoadNetwork, layers: Sequence[gpd.GeoDataFrame]) -> list[Problem]:
    """Return what there is to say of parts of a network that nothing joins.

    Parameters
    ----------
    network
        The roads.
    layers
        Points in a CRS each; those without a point do not count.

    Returns
    -------
    list of Problem
        One, with the nodes of every part that has places and how many places those are, the part
        with most places first; none where all places lie on one part.

    Raises
    ------
    InputError
        If no place has a road within reach.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> from socaccess.network import RoadNetwork
    >>> nodes = pd.DataFrame({"node_id": list("abcd"), "x": [0.0, 9e2, 5e3, 6e3], "y": [0.0] * 4})
    >>> edges = pd.DataFrame({"from_id": ["a", "c"], "to_id": ["b", "d"], "speed_kph": [60.0] * 2})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> places = gpd.GeoSeries.from_xy([0.0, 100.0, 5e3], [0.0] * 3, crs="EPSG:3059")
    >>> [problem.values for problem in find_parts(network, [places.to_frame("geometry")])]
    [{'parts': 2, 'nodes': [2, 2], 'places': [2, 1]}]
    """
    import geopandas as gpd
    import pandas as pd

    points = pd.concat([layer.geometry.to_crs(network.crs) for layer in layers])
    points = points[~(points.isna() | points.is_empty)]
    frame = gpd.GeoDataFrame({"id": np.arange(len(points))}, geometry=points.to_numpy())
    snapped = network.snap(frame.set_crs(network.crs), id_column="id")
    reached = snapped.located & ~snapped.too_far
    if len(points) and not reached.any():
        raise InputError("network.reaches_no_place", places=len(points))
    part = network.part[network.edge_from[snapped.edge[reached]]]
    number, count = np.unique(part, return_counts=True)
    if len(number) < 2:
        return []
    order = np.argsort(-count, kind="stable")
    return [
        Problem(
            "network.places_on_parts",
            parts=len(network.part_sizes),
            nodes=network.part_sizes[number[order]].tolist(),
            places=count[order].tolist(),
        )
    ]
