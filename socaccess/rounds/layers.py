"""What a store knows, now or on a day, as layers that QGIS opens."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio

from socaccess import crs as crs_
from socaccess.encoding import write_layer
from socaccess.errors import InputError, raise_problems
from socaccess.files import write_aside
from socaccess.rounds.manifests import find_bad_days
from socaccess.rounds.store import Store

__all__ = ["export_layers", "find_revision"]


def find_revision(store: Store, day: str) -> int:
    """Return the newest revision written on a day or before it.

    Raises
    ------
    InputError
        If it is no day, or the store is younger.
    """
    raise_problems(find_bad_days(day=day))
    history = store.history()
    before = history[history["at"].str[:10] <= day]
    if not len(before):
        raise InputError("rounds.nothing_then", value=day, first=str(history["at"].iloc[0])[:10])
    return int(before["revision"].max())


def export_layers(store: Store, path: str | Path, *, day: str | None = None) -> Path:
    """Write facilities, settlements and revisions of a store as layers of a GeoPackage.

    Counts of persons stay out of it: they leave in the report, protected together.

    Parameters
    ----------
    store
        The store.
    path
        The file (`.gpkg`), in WGS 84: `facilities` and `settlements` are points, `revisions` has
        no geometry.
    day
        As it stood at the end of that day, ISO 8601; as it stands by default.

    Raises
    ------
    InputError
        If `day` is no day, or lies before the store began.
    """
    path = Path(path)
    revision = store.revision if day is None else find_revision(store, day)
    history = store.history()
    past = history[history["revision"] <= revision].reset_index(drop=True)
    with write_aside(path) as aside:
        for number, name in enumerate(("facilities", "settlements")):
            table = store.read(name, revision=revision)
            names = store.read("municipalities", revision=revision)
            names = names.set_index("municipality_id")["name"]
            table.insert(1, "municipality", table["municipality_id"].map(names))
            points = gpd.points_from_xy(table["lon"].astype(float), table["lat"].astype(float))
            layer = gpd.GeoDataFrame(
                table.drop(columns=["lon", "lat"]),
                geometry=gpd.GeoSeries(points).where(table["lon"].notna()),
                crs=crs_.EXCHANGE,
            )
            write_layer(layer, aside, layer=name, append=bool(number))
        pyogrio.write_dataframe(past, aside, layer="revisions", driver="GPKG", append=True)
    return path
