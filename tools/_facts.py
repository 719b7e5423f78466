"""The facts on places that the builders start from: `tools/facts/places`.

`python tools/_facts.py` rewrites the folder's `datapackage.json` after an edit.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from _datapackage import (
    CC_BY,
    ODBL,
    Field,
    ForeignKey,
    Package,
    Source,
    Table,
    read_csv,
)

FACTS = Path(__file__).resolve().parent / "facts" / "places"
REGIONS = ("kurzeme", "latgale", "riga", "vidzeme", "zemgale")
CENTRE_BASES = (
    "place_openstreetmap",
    "place_geonames",
    "populated_cell_nearest_place",
    "populated_cell",
    "weighted_addresses",
)
DI_PARTNERS = ("yes", "no", "unknown")
RIGA_ID_2009 = "0010000"
RIGA_ID_2021 = "0001000"

STATISTICS = [
    Source(
        "Central Statistical Bureau of Latvia: names, ATVK codes and population on 1 January 2020",
        "https://stat.gov.lv/",
    ),
    Source(
        "Eurostat: local administrative units and NUTS 3 regions",
        "https://ec.europa.eu/eurostat/web/nuts/local-administrative-units",
    ),
]
CENTRES = [
    Source(
        "OpenStreetMap contributors: centre points of settlements",
        "https://www.openstreetmap.org/copyright",
    ),
    Source("GeoNames: centre points of settlements", "https://www.geonames.org/"),
]
ESTIMATES = [
    Source(
        "Central Statistical Bureau of Latvia: population grid of 1 km, 2019, from which the "
        "shares of units and the distances of inhabitants to centres were computed",
        "https://stat.gov.lv/",
    ),
    Source(
        "City of Riga: neighbourhoods and addresses, from which the shares of neighbourhoods "
        "were computed",
        "https://opendata.riga.lv/",
    ),
]
REFORM = [
    Source(
        "Law on administrative territories and populated areas: municipalities from "
        "1 July 2021; Varakļāni inside Madona from 1 July 2025",
        "https://likumi.lv/ta/id/315654",
    ),
    Source(
        "Cabinet Regulation No 418 of 2021 on the territories of the planning regions",
        "https://likumi.lv/",
    ),
    Source(
        "Aglona municipality: how its parishes were divided from 1 July 2021", "https://aglona.lv/"
    ),
]
ATTRIBUTION = {
    "lv": (
        "Nosaukumi, kodi un iedzīvotāju skaits: Centrālā statistikas pārvalde un Eurostat. "
        "Apdzīvoto vietu centri: © OpenStreetMap līdzautori (ODbL 1.0) un GeoNames (CC BY 4.0). "
        "Rīgas apkaimes: Rīgas valstspilsētas pašvaldība."
    ),
    "en": (
        "Names, codes and population: Central Statistical Bureau of Latvia and Eurostat. "
        "Centres of settlements: © OpenStreetMap contributors (ODbL 1.0) and GeoNames "
        "(CC BY 4.0). Riga neighbourhoods: City of Riga."
    ),
}

MUNICIPALITY_FIELDS = [
    Field("municipality_id", "string", "ATVK code of 2009", required=True, unique=True),
    Field("name", "string", "Name in the nominative", required=True, unique=True),
    Field(
        "planning_region",
        "string",
        "Planning region at the time of the DI plans",
        required=True,
        enum=REGIONS,
    ),
    Field("nuts3_code", "string", "NUTS 3 region", required=True),
    Field("population", "integer", "Inhabitants on 1 January 2020", required=True, minimum=1),
    Field(
        "di_partner",
        "string",
        "Partner of its region's DI project (9.2.2.1); unknown where no source was found",
        required=True,
        enum=DI_PARTNERS,
    ),
]
SUCCESSOR_FIELDS = [
    Field("municipality_id", "string", "ATVK code of July 2021", required=True, unique=True),
    Field("name", "string", "Name in the nominative", required=True, unique=True),
    Field("iso_3166_2", "string", "ISO 3166-2 code", required=True, unique=True),
    Field("planning_region", "string", "Planning region today", required=True, enum=REGIONS),
    Field(
        "municipality_id_2025",
        "string",
        "ATVK code of the municipality it is or lies in from July 2025",
        required=True,
    ),
]
UNIT_FIELDS = [
    Field(
        "settlement_id",
        "string",
        "ATVK code of the unit in 2009-2021; the municipality's code for a municipality without "
        "units; municipality's code and name for a town of a later date",
        required=True,
        unique=True,
    ),
    Field("name", "string", "Name in the nominative", required=True),
    Field("kind", "string", "Town or parish", required=True, enum=("town", "parish")),
    Field("municipality_id_2009", "string", "ATVK code of its municipality of 2009", required=True),
    Field("municipality_id_2021", "string", "ATVK code of its municipality of 2021", required=True),
    Field("centre", "string", "Place that the centre point stands for, where it has a name"),
    Field("centre_basis", "string", "How the centre point was found", True, enum=CENTRE_BASES),
    Field("lon", "number", "Longitude of the centre, degrees, WGS 84", True, decimals=4),
    Field("lat", "number", "Latitude of the centre, degrees, WGS 84", True, decimals=4),
    Field("people_lon", "number", "Mean longitude of the inhabitants", True, decimals=4),
    Field("people_lat", "number", "Mean latitude of the inhabitants", True, decimals=4),
    Field(
        "mean_km_to_centre",
        "number",
        "Mean straight-line distance of inhabitants to the centre point, km",
        True,
        minimum=0,
        decimals=1,
    ),
    Field(
        "p90_km_to_centre",
        "number",
        "Straight-line distance within which nine of ten inhabitants live, km",
        True,
        minimum=0,
        decimals=1,
    ),
    Field("population_estimate", "integer", "Inhabitants 2020, estimate", True, minimum=0),
    Field("area_km2", "number", "Area, km2", True, minimum=0, decimals=1),
]
NEIGHBOURHOOD_FIELDS = [
    Field("settlement_id", "string", "RIX- and the folded name", required=True, unique=True),
    Field("name", "string", "Name in the nominative", required=True, unique=True),
    Field("lon", "number", "Mean longitude of its addresses by population", True, decimals=4),
    Field("lat", "number", "Mean latitude of its addresses by population", True, decimals=4),
    Field("population_estimate", "integer", "Inhabitants 2020, estimate", True, minimum=0),
    Field("addresses", "integer", "Addresses in the neighbourhood", True, minimum=0),
]

PEOPLE_POINT_FIELDS = [
    Field("settlement_id", "string", "Settlement whose inhabitants live there", required=True),
    Field("lon", "number", "Longitude, degrees, WGS 84", True, decimals=4),
    Field("lat", "number", "Latitude, degrees, WGS 84", True, decimals=4),
    Field(
        "share",
        "number",
        "Share of the settlement's inhabitants; adds up to 1 in every settlement",
        True,
        minimum=0,
        maximum=1,
        decimals=5,
    ),
]
PEOPLE_POINT_KEY = ("settlement_id", "lon", "lat")

PACKAGE = Package(
    name="socaccess-facts-places",
    title="Municipalities, towns, parishes and Riga neighbourhoods of Latvia: facts",
    title_lv="Latvijas pašvaldības, pilsētas, pagasti un Rīgas apkaimes: fakti",
    description="Tables of facts from which data/settlements and data/boundaries are built.",
    created="2025-11-21T00:00:00Z",
    resources=[
        Table(
            "municipalities-2009",
            "municipalities_2009.csv",
            "The 119 municipalities of 2009-2021, as in the DI plans",
            MUNICIPALITY_FIELDS,
            ("municipality_id",),
        ),
        Table(
            "municipalities-2021",
            "municipalities_2021.csv",
            "The 43 municipalities from 1 July 2021 and their successors of 1 July 2025",
            SUCCESSOR_FIELDS,
            ("municipality_id",),
            (ForeignKey(("municipality_id_2025",), "", ("municipality_id",)),),
        ),
        Table(
            "units",
            "units.csv",
            "Towns and parishes",
            UNIT_FIELDS,
            ("settlement_id",),
            (
                ForeignKey(("municipality_id_2009",), "municipalities-2009", ("municipality_id",)),
                ForeignKey(("municipality_id_2021",), "municipalities-2021", ("municipality_id",)),
            ),
        ),
        Table(
            "riga-neighbourhoods",
            "riga_neighbourhoods.csv",
            "The 58 neighbourhoods of Riga",
            NEIGHBOURHOOD_FIELDS,
            ("settlement_id",),
        ),
        Table(
            "people-points",
            "people_points.csv",
            "Where the inhabitants of each settlement live: weighted points, an estimate",
            PEOPLE_POINT_FIELDS,
            PEOPLE_POINT_KEY,
        ),
    ],
    sources=[*STATISTICS, *CENTRES, *ESTIMATES, *REFORM],
    licences=[ODBL, CC_BY],
    attribution=ATTRIBUTION,
    caveats={
        "lv": [
            (
                "Vienību iedzīvotāju skaits ir aplēse: 2019. gada tautas skaitīšanas režģis, "
                "sadalīts vienībām un pielīdzināts 2020. gada pašvaldību kopskaitam."
            ),
            "Iedzīvotāju punkti ir aplēse no 2019. gada 1 km režģa, nevis adrešu vietas.",
            "Iecava un Koknese ir pilsētas bez 2009. gada koda; to aplēse ir nodalīta no pagasta.",
        ],
        "en": [
            (
                "The population of units is an estimate: the census grid of 2019 shared out to "
                "units and scaled to the municipality totals of 2020."
            ),
            "People points are an estimate from the 1 km grid of 2019, never places of addresses.",
            (
                "Iecava and Koknese are towns without a code of 2009; their estimate is kept apart "
                "from the parish."
            ),
        ],
    },
)


def read_municipalities() -> list[dict[str, str]]:
    """Return the 119 municipalities of 2009-2021."""
    return read_csv(FACTS / "municipalities_2009.csv")


def read_successors() -> list[dict[str, str]]:
    """Return the 43 municipalities of 2021 with their successors of 2025."""
    return read_csv(FACTS / "municipalities_2021.csv")


def read_units() -> list[dict[str, str]]:
    """Return towns and parishes; Riga is one of them."""
    return read_csv(FACTS / "units.csv")


def read_neighbourhoods() -> list[dict[str, str]]:
    """Return the neighbourhoods of Riga."""
    return read_csv(FACTS / "riga_neighbourhoods.csv")


def read_people_points() -> list[dict[str, str]]:
    """Return where the inhabitants of each settlement live, as weighted points."""
    return read_csv(FACTS / "people_points.csv")


def fold(name: str) -> str:
    """Return `name` in small ASCII letters, words joined by a hyphen.

    >>> fold("Maskavas forštate")
    'maskavas-forstate'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "-".join(plain.lower().split())


if __name__ == "__main__":
    PACKAGE.write(FACTS)
