"""An invented country on a straight road where equator and third meridian cross.

All distances follow from `tests.osm.drawing`: a thousandth of a degree to the east takes
11,132 ms at 36 km/h, so ten of them 111 s and twenty 223 s, 3.7 minutes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import box

from tests.osm.drawing import PLAIN, Drawing, road

# Places on the road, thousandths of a degree east; people; municipality by the outlines.
PLACES = {"A": ("Alfa", 0, 100), "B": ("Beta", 20, 200), "C": ("Gamma", 40, 300)}

PROJECT = """\
name = "invented"
title = { en = "Invented country" }
data_dates = "2001"
crs = "EPSG:4326"

[inputs]
municipalities = "outlines.geojson"
settlements = "places.csv"
facilities = ["clinics.csv", "more.xlsx"]
service_types = "services.csv"
need = "need.csv"
place = true

[network]
roads = "roads.osm.pbf"
profile = "speeds.toml"

[settings]
new_sites = 1
suppress_below = 0

[settings.limits_min]
clinic = 5

[outputs]
folder = "results"
lang = "en"

[attribution]
en = ["Everything is invented."]
"""


def write_country(folder: Path, project: str = PROJECT) -> Path:
    """Write roads, tables and the project file; return the path of the latter."""
    nodes = {i: (10.0 * (i - 1), 0.0) for i in range(1, 7)}
    Drawing(nodes, {1: (list(nodes), road())}).write(folder / "roads.osm.pbf")
    (folder / "speeds.toml").write_text(dump_toml(PLAIN))
    gpd.GeoDataFrame(
        {"municipality_id": ["w", "e"], "name": ["West", "East"], "kind": ["shire", "shire"],
         "population": [100, 500]},
        geometry=[box(2.99, -0.01, 3.015, 0.01), box(3.015, -0.01, 3.06, 0.01)], crs=4326,
    ).to_file(folder / "outlines.geojson")  # fmt: skip
    # No municipality in the table: the outlines tell it.
    pd.DataFrame(
        [(key, name, people, 3 + east / 1000, 0.0) for key, (name, east, people) in PLACES.items()],
        columns=["settlement_id", "name", "population", "lon", "lat"],
    ).to_csv(folder / "places.csv", index=False)
    (folder / "services.csv").write_text(
        "service,name,target_group,target_group_en,limit_min\nclinic,Clinic,wanderers,Wanderers,9\n"
    )
    (folder / "clinics.csv").write_text(
        "facility_id;name;service;status;settlement\nF1;Old clinic;clinic;operating;Alfa\n"
    )
    pd.DataFrame(
        {"facility_id": ["F2"], "name": ["New clinic"], "service": ["Clinic"],
         "status": ["planned"], "settlement": ["Beta"]}
    ).to_excel(folder / "more.xlsx", index=False)  # fmt: skip
    (folder / "need.csv").write_text(
        "settlement_id,target_group,persons,basis\n"
        "A,wanderers,10,published\nB,wanderers,20,published\nC,wanderers,30,published\n"
    )
    path = folder / "invented.toml"
    path.write_text(project, encoding="utf-8")
    return path


def dump_toml(table: dict[str, Any]) -> str:
    """Return a table of plain values as TOML; tables inside are written on one line."""

    def dump(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {dump(item)}" for key, item in value.items()) + " }"
        return json.dumps(value)

    return "\n".join(f"{key} = {dump(value)}" for key, value in table.items()) + "\n"
