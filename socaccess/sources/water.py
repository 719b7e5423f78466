"""Water: lakes, wide rivers and the sea, for the ground of maps."""

from __future__ import annotations

import json

import geopandas as gpd
import shapely

from socaccess import crs as crs_
from socaccess.sources.embedded import find_resource

__all__ = ["load_water"]


def load_water(
    crs: object = crs_.LATVIA, frame_m: tuple[float, float, float, float] | None = None
) -> gpd.GeoDataFrame:
    """Return the water in and around Latvia, or what of it lies inside a frame.

    Parameters
    ----------
    crs
        System of the result and of `frame_m`.
    frame_m
        West, south, east, north; outlines are cut there. By default nothing is cut.

    Returns
    -------
    geopandas.GeoDataFrame
        `water_id`, `kind` (inland or sea), `area_km2` and polygons, the largest first.
        Shores are coarse: draw them, calculate nothing by them.

    Examples
    --------
    >>> water = load_water()
    >>> bool(water.loc[water["kind"] == "sea", "area_km2"].sum() > 10_000)
    True
    """
    # Faster than the general reader: a run draws this every time.
    text = find_resource("water", "water.geojson").path.read_text(encoding="utf-8")
    features = json.loads(text)["features"]
    geometry = shapely.from_geojson([json.dumps(each["geometry"]) for each in features])
    frame = gpd.GeoDataFrame(
        [each["properties"] for each in features], geometry=list(geometry), crs=crs_.EXCHANGE
    ).to_crs(crs)
    if frame_m is None:
        return frame
    cut = shapely.clip_by_rect(frame.geometry.to_numpy(), *frame_m)
    return frame.set_geometry(list(cut), crs=frame.crs)[~shapely.is_empty(cut)].reset_index(
        drop=True
    )
