"""A study of Malta as a planner there would bring it: every table invented, roads real."""

from __future__ import annotations

import textwrap
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

# Rough boxes around the regions of the islands, invented for this test (degrees).
REGIONS = {
    "gozo": ("Gozo Region", 14.15, 36.00, 14.36, 36.09),
    "north": ("Northern Region", 14.31, 35.895, 14.435, 36.0),
    "south": ("Southern Region", 14.31, 35.79, 14.58, 35.895),
    "east": ("Eastern Region", 14.435, 35.895, 14.60, 36.0),
}

PLACES = [
    # id, name, region, population, lon, lat
    ("VIC", "Rabat (Għawdex)", "gozo", 7000, 14.2394, 36.0443),
    ("XAG", "Xagħra", "gozo", 5000, 14.2672, 36.0507),
    ("NAD", "Nadur", "gozo", 4500, 14.2942, 36.0378),
    ("MEL", "Mellieħa", "north", 12000, 14.3628, 35.9572),
    ("MOS", "Mosta", "north", 20000, 14.4255, 35.9091),
    ("RAB", "Ir-Rabat", "south", 11000, 14.3985, 35.8814),
    ("ZEB", "Ħaż-Żebbuġ", "south", 13000, 14.4426, 35.8722),
    ("ZEJ", "Iż-Żejtun", "south", 12000, 14.5335, 35.8558),
    ("BIR", "Birżebbuġa", "south", 11000, 14.5268, 35.8258),
    ("SLI", "Tas-Sliema", "east", 20000, 14.5042, 35.9122),
    ("VAL", "Il-Belt Valletta", "east", 6000, 14.5127, 35.8978),
]

SERVICES = """\
service,name_en,target_group,target_group_en,limit_min,traveller,counts_as_supply,moves_to
day_care,Day care for seniors,seniors_mt,Older people,15,client,true,
hostel,Hostel,youth_mt,Young people leaving care,30,client,true,
residence,Residential home,seniors_mt,Older people,,none,false,seniors_mt
"""

FACILITIES = """\
facility_id;name;service;status;settlement;address;places
F1;Day centre Victoria;day_care;operating;Rabat (Ghawdex);;20
F2;Day centre Mosta;day_care;operating;Mosta;;25
F3;Day centre Zejtun;day_care;planned;;12 Triq il-Kbira, Zejtun;15
F4;Hostel Sliema;hostel;operating;Sliema;;8
F5;Home Rabat;residence;operating;Ir-Rabat;;60
"""

PROJECT = """\
name = "malta"
title = { en = "Malta (invented services)" }
data_dates = "2024"

[inputs]
municipalities = "regions.geojson"
settlements = "places.csv"
facilities = "facilities.csv"
service_types = "services.csv"
need = "need.csv"
targets = "targets.csv"
promised = ["day_care", "hostel"]
place = true

[network]
roads = "ROADS"

[settings]
new_sites = 1

[settings.limits_min]
hostel = 25

[outputs]
lang = "en"

[attribution]
en = ["Roads: OpenStreetMap contributors, ODbL 1.0.", "Everything else is invented."]
"""


def write_malta(folder: Path, roads: Path) -> Path:
    """Write the tables and the project file; return the path of the latter."""
    keys = list(REGIONS)
    gpd.GeoDataFrame(
        {"municipality_id": keys, "name": [REGIONS[key][0] for key in keys],
         "population": [16500, 32000, 47000, 26000]},
        geometry=[shapely.box(*REGIONS[key][1:]) for key in keys], crs=4326,
    ).to_file(folder / "regions.geojson")  # fmt: skip
    columns = ["settlement_id", "name", "municipality_id", "population", "lon", "lat"]
    pd.DataFrame(PLACES, columns=columns).to_csv(folder / "places.csv", index=False)
    need = [(name, "seniors_mt", round(people * 0.05)) for name, _, _, people, *_ in PLACES]
    need += [(name, "youth_mt", round(people * 0.002)) for name, _, _, people, *_ in PLACES]
    table = pd.DataFrame(need, columns=["settlement_id", "target_group", "persons"])
    table.assign(basis="published").to_csv(folder / "need.csv", index=False)
    totals = table.groupby("target_group", as_index=False)["persons"].sum()
    totals.to_csv(folder / "targets.csv", index=False)
    (folder / "services.csv").write_text(SERVICES, encoding="utf-8")
    (folder / "facilities.csv").write_text(FACILITIES, encoding="utf-8")
    project = folder / "malta.toml"
    project.write_text(textwrap.dedent(PROJECT).replace("ROADS", str(roads)), encoding="utf-8")
    return project
