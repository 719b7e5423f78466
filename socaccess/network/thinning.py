"""The roads worth drawing: of a large network only the higher classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["thin_roads"]

_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary")


def thin_roads(edges: gpd.GeoDataFrame, most_vertices: int) -> gpd.GeoDataFrame:
    """Return as many classes of roads, from the highest, as have no more vertices than asked.

    A network that fits is returned whole. Where even the highest class is too much, or
    there are no classes, the longest edges are.

    Parameters
    ----------
    edges
        Lines, with `road_class` where known (`primary_link urban` counts as primary).
    most_vertices
        Most vertices in all (inclusive).

    Examples
    --------
    >>> import geopandas as gpd
    >>> lines = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 1 0)", "LINESTRING (0 0, 9 0)"])
    >>> roads = gpd.GeoDataFrame({"road_class": ["primary urban", "residential"]}, geometry=lines)
    >>> thin_roads(roads, 2)["road_class"].tolist()
    ['primary urban']
    """
    vertices = shapely.get_num_coordinates(edges.geometry.to_numpy())
    if vertices.sum() <= most_vertices:
        return edges
    if "road_class" in edges:
        # Of OpenStreetMap a class may tell more: "primary_link urban".
        classes = edges["road_class"].astype(str).str.split().str[0].str.removesuffix("_link")
        for last in range(len(_CLASSES), 0, -1):
            keep = classes.isin(_CLASSES[:last]).to_numpy()
            if keep.any() and vertices[keep].sum() <= most_vertices:
                return edges[keep]
    longest = np.argsort(-edges.geometry.length.to_numpy(), kind="stable")
    count = int(np.searchsorted(np.cumsum(vertices[longest]), most_vertices, side="right"))
    return edges.iloc[np.sort(longest[:count])]
