"""Planning layers for QGIS: who goes to whom, objects by status, services municipalities back."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from socaccess.documents.programme import Pages
from socaccess.documents.programme_figures import list_lines
from socaccess.encoding import write_layer
from socaccess.privacy import hide_pairs

__all__ = ["add_planning_layers"]


def add_planning_layers(pages: Pages, path: Path) -> None:
    """Add the planning layers of a programme to a GeoPackage: `flows`, `objects`, `backed`.

    `flows` are lines between the largest places of two municipalities, with the service and
    the persons (hidden counts as marks); `objects` are points with status and amendment, as
    near as their facility may be shown; `backed` are outlines with what the municipality says.
    """
    c = pages.compiled
    crs = c.result.municipalities.crs
    lines = []
    for service, flows in c.flows.items():
        shown = hide_pairs(flows.flows, "persons", ["from_id", "to_id"], below=c.below)
        lines += [{"service": pages.services[service], **row}
                  for row in list_lines(c.result, shown)]  # fmt: skip
    if lines:
        frame = gpd.GeoDataFrame(lines, geometry="geometry", crs=crs)
        frame["persons"] = frame["persons"].astype(str)
        write_layer(frame.drop(columns=["from_id", "to_id"]), path, layer="flows",
                    driver="GPKG", append=path.exists())  # fmt: skip
    objects = c.objects.merge(
        _show_points(pages), left_on="object_id", right_on="facility_id", how="inner"
    )
    if len(objects):
        objects["service_name"] = objects["service"].map(pages.services)
        columns = ["object_id", "name", "service_name", "places", "status", "amendment",
                   "date", "geometry"]  # fmt: skip
        points = gpd.GeoDataFrame(objects[columns], geometry="geometry", crs=crs)
        points["amendment"] = points["amendment"].astype(float)
        write_layer(points, path, layer="objects", driver="GPKG", append=path.exists())
    stances = pd.DataFrame(
        [(key, pages.say(pages.tell_stance(key))) for key in pages.municipalities],
        columns=["municipality_id", "backed"],
    )
    outlines = c.result.municipalities[["municipality_id", "name", "geometry"]]
    backed = outlines.merge(stances, on="municipality_id")
    write_layer(gpd.GeoDataFrame(backed, crs=crs), path, layer="backed", driver="GPKG",
                append=path.exists())  # fmt: skip


def _show_points(pages: Pages) -> pd.DataFrame:
    """Return the points of facilities as they may be shown: homes at their settlement's."""
    from socaccess.documents.tables import show_facilities

    shown = show_facilities(pages.compiled.result)
    return pd.DataFrame(shown[["facility_id", "geometry"]])
