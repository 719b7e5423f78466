"""The network a machine keeps, which every study takes whose places it reaches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from socaccess.cachefolder import find_cache_folder
from socaccess.network.roadnetwork import RoadNetwork

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["find_kept_network", "open_kept_network", "reaches_all"]

NEAR_M: Final = 10_000.0
"""Side of the cells whose neighbourhood has to have roads, metres."""


def find_kept_network() -> Path | None:
    """Return where the kept network is, or would be; None where nothing is to be kept.

    `socaccess network build` writes there when no other file is named.
    """
    folder = find_cache_folder()
    return None if folder is None else folder / "roads" / "kept.network"


def open_kept_network() -> RoadNetwork | None:
    """Return the kept network, None where there is none.

    Raises
    ------
    NetworkFileError
        If the file is damaged or of another version.
    """
    path = find_kept_network()
    return None if path is None or not path.is_file() else RoadNetwork.load(path)


def reaches_all(network: RoadNetwork, places: gpd.GeoDataFrame) -> bool:
    """Return whether there are roads around every place.

    Parameters
    ----------
    network
        The roads; only their largest connected part counts.
    places
        Points in the CRS of the network; those without a point do not count.

    Returns
    -------
    bool
        Whether each lies in a cell of 10 km with a node, or beside such a cell.

    Examples
    --------
    >>> import geopandas as gpd, pandas as pd
    >>> nodes = pd.DataFrame({"node_id": ["a", "b"], "x": [0.0, 1000.0], "y": [0.0, 0.0]})
    >>> edges = pd.DataFrame({"from_id": ["a"], "to_id": ["b"], "speed_kph": [60.0]})
    >>> network = RoadNetwork.from_edges(nodes, edges, crs="EPSG:3059")
    >>> def place(x):
    ...     return gpd.GeoDataFrame(geometry=gpd.points_from_xy([x], [0.0]), crs="EPSG:3059")
    >>> reaches_all(network, place(9_000.0)), reaches_all(network, place(90_000.0))
    (True, False)
    """
    points = places.geometry[~(places.geometry.isna() | places.geometry.is_empty)]
    here = network.main_component
    roads = _find_cells(network.node_x[here], network.node_y[here])
    around = np.add.outer(np.arange(-1, 2) << 32, np.arange(-1, 2)).ravel()
    cells = _find_cells(points.x.to_numpy(), points.y.to_numpy())
    return bool(np.isin(np.add.outer(cells, around), np.unique(roads)).any(axis=1).all())


def _find_cells(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the cell of each point as one number."""
    column, row = (np.floor(side / NEAR_M).astype(np.int64) for side in (x, y))
    return (column << 32) + row
