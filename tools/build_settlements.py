"""Build `data/settlements`: towns, parishes and Riga neighbourhoods with their people.

The tables of facts are joined, the estimates of units are scaled to the published total of their
municipality (largest remainders, so that whole persons add up), Riga's one point gives way to its
58 neighbourhoods. The points where people live are carried over, every settlement with its shares.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import _facts
import geopandas as gpd
from _datapackage import CC_BY, MIT, ODBL, Field, ForeignKey, Package, Source, Table, write_csv
from _packages import extract

FOLDER = "settlements"
KINDS = ("city", "town", "parish", "neighbourhood")
ADDRESSES = "latviastreetify/data/adreses"
NEIGHBOURHOODS = "latviastreetify/data/Apkaimes"
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
METRES = 3059

FIELDS = [
    Field(
        "settlement_id",
        "string",
        "ATVK code of the unit in 2009-2021; the municipality's code for a municipality without "
        "units; municipality's code and name for a town of a later date; RIX- and the folded name "
        "for a neighbourhood of Riga",
        required=True,
        unique=True,
    ),
    Field("name", "string", "Name in the nominative; not unique", required=True),
    Field(
        "kind",
        "string",
        "city: a municipality of its own in 2009; town; parish; neighbourhood of Riga",
        required=True,
        enum=KINDS,
    ),
    Field("municipality_id", "string", "ATVK code of its municipality, July 2025", required=True),
    Field(
        "municipality_id_2021", "string", "ATVK code of its municipality, July 2021", required=True
    ),
    Field(
        "municipality_id_2009",
        "string",
        "ATVK code of its municipality of 2009-2021, as in the DI plans",
        required=True,
    ),
    Field(
        "planning_region_2009",
        "string",
        "Planning region whose DI plan it falls under",
        required=True,
        enum=_facts.REGIONS,
    ),
    Field("planning_region", "string", "Planning region today", required=True, enum=_facts.REGIONS),
    Field(
        "population",
        "integer",
        "Inhabitants on 1 January 2020; sums exactly to each municipality of 2009",
        required=True,
        minimum=0,
    ),
    Field(
        "population_basis",
        "string",
        "published: the municipality's own figure, of which the settlement is the whole; "
        "estimate: a share of it",
        required=True,
        enum=("published", "estimate"),
    ),
    Field("lon", "number", "Longitude of the centre, degrees, WGS 84", True, decimals=5),
    Field("lat", "number", "Latitude of the centre, degrees, WGS 84", True, decimals=5),
    Field("centre", "string", "Place that the centre point stands for, where it has a name"),
    Field(
        "centre_basis",
        "string",
        "place_openstreetmap and place_geonames: the place that gave the unit its name; "
        "populated_cell_nearest_place: the place nearest to the most populated km2; "
        "populated_cell: the most populated km2; weighted_addresses: mean of the neighbourhood's "
        "addresses, weighted by population",
        required=True,
        enum=_facts.CENTRE_BASES,
    ),
    Field("people_lon", "number", "Mean longitude of the inhabitants", True, decimals=5),
    Field("people_lat", "number", "Mean latitude of the inhabitants", True, decimals=5),
    Field(
        "mean_km_to_centre",
        "number",
        "Mean straight-line distance of inhabitants (in Riga: addresses) to the centre, km",
        True,
        minimum=0,
        decimals=1,
    ),
    Field(
        "p90_km_to_centre",
        "number",
        "Straight-line distance within which nine of ten inhabitants (in Riga: addresses) live, km",
        True,
        minimum=0,
        decimals=1,
    ),
]


def share_out(total: int, weights: list[int]) -> list[int]:
    """Return whole numbers in the proportion of `weights` that sum to `total`.

    The largest remainders are rounded up; among equals the first.

    >>> share_out(10, [1, 1, 1])
    [4, 3, 3]
    """
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def measure_neighbourhoods() -> dict[str, tuple[float, float]]:
    """Return mean and 90th percentile distance of addresses to the centre, km, by id."""
    paths = {
        stem: extract("latviastreetify", *[stem + ending for ending in SHAPEFILE])[0]
        for stem in (ADDRESSES, NEIGHBOURHOODS)
    }
    addresses = gpd.read_file(paths[ADDRESSES], columns=[]).to_crs(METRES)
    outlines = gpd.read_file(paths[NEIGHBOURHOODS], columns=["apkaime"]).to_crs(METRES)
    facts = _facts.read_neighbourhoods()
    points = gpd.points_from_xy(
        [float(each["lon"]) for each in facts], [float(each["lat"]) for each in facts], crs=4326
    ).to_crs(METRES)
    centres = dict(zip([each["name"] for each in facts], points, strict=True))
    located = addresses.sjoin(outlines, predicate="within")
    measured = {}
    for fact in facts:
        mine = located[located["apkaime"] == fact["name"]]
        if len(mine) != int(fact["addresses"]):
            raise ValueError(f"{fact['name']}: {len(mine)} addresses, expected {fact['addresses']}")
        distance_m = mine.distance(centres[fact["name"]])
        measured[fact["settlement_id"]] = (distance_m.mean() / 1e3, distance_m.quantile(0.9) / 1e3)
    return measured


def describe_places() -> list[dict[str, object]]:
    """Return every town, parish and neighbourhood with the municipalities it lay and lies in."""
    municipalities = {each["municipality_id"]: each for each in _facts.read_municipalities()}
    successors = {each["municipality_id"]: each for each in _facts.read_successors()}
    measured = measure_neighbourhoods()
    riga = {
        "kind": "neighbourhood",
        "municipality_id_2009": _facts.RIGA_ID_2009,
        "municipality_id_2021": _facts.RIGA_ID_2021,
        "centre_basis": "weighted_addresses",
    }
    neighbourhoods: list[dict[str, object]] = [
        each
        | riga
        | {
            "centre": each["name"],
            "people_lon": each["lon"],
            "people_lat": each["lat"],
            "mean_km_to_centre": measured[each["settlement_id"]][0],
            "p90_km_to_centre": measured[each["settlement_id"]][1],
        }
        for each in _facts.read_neighbourhoods()
    ]
    units: list[dict[str, object]] = [
        dict(each) for each in _facts.read_units() if each["settlement_id"] != _facts.RIGA_ID_2009
    ]
    places = []
    for each in units + neighbourhoods:
        old = municipalities[str(each["municipality_id_2009"])]
        new = successors[str(each["municipality_id_2021"])]
        today = successors[new["municipality_id_2025"]]
        is_city = each["kind"] == "town" and each["settlement_id"] == old["municipality_id"]
        known = {
            "kind": "city" if is_city else each["kind"],
            "municipality_id": today["municipality_id"],
            "planning_region_2009": old["planning_region"],
            "planning_region": today["planning_region"],
        }
        places.append(each | known)
    return places


def add_population(places: list[dict[str, object]]) -> None:
    """Set `population` and `population_basis` of `places`, municipality by municipality."""
    members: dict[str, list[dict[str, object]]] = defaultdict(list)
    for each in places:
        members[str(each["municipality_id_2009"])].append(each)
    for municipality in _facts.read_municipalities():
        mine = members[municipality["municipality_id"]]
        weights = [int(str(each["population_estimate"])) for each in mine]
        persons = share_out(int(municipality["population"]), weights)
        for each, population in zip(mine, persons, strict=True):
            each["population"] = population
            each["population_basis"] = "published" if len(mine) == 1 else "estimate"


def arrange_people_points(settlement_ids: set[str]) -> list[dict[str, object]]:
    """Return the points where people live by settlement, the largest share first.

    ValueError where a settlement has none, or its shares do not add up to 1.
    """
    points = _facts.read_people_points()
    parts: Counter[str] = Counter()
    for each in points:
        parts[each["settlement_id"]] += round(float(each["share"]) * 100_000)
    odd = sorted(each for each in settlement_ids | set(parts) if parts[each] != 100_000)
    if odd or set(parts) != settlement_ids:
        raise ValueError(f"shares of the people points do not add up to 1: {odd[:5]}")
    order = sorted(
        points,
        key=lambda row: (row["settlement_id"], -float(row["share"]), row["lon"], row["lat"]),
    )
    return [{**row, **{key: float(row[key]) for key in ("lon", "lat", "share")}} for row in order]


def build(data: Path) -> None:
    """Write the folder `settlements` into `data`."""
    folder = data / FOLDER
    places = describe_places()
    add_population(places)
    names = [field.name for field in FIELDS]
    rows = sorted(places, key=lambda each: str(each["settlement_id"]))
    path = folder / "settlements.csv"
    write_csv(path, FIELDS, [{name: each[name] for name in names} for each in rows])
    write_csv(
        folder / "people_points.csv",
        _facts.PEOPLE_POINT_FIELDS,
        arrange_people_points({str(each["settlement_id"]) for each in rows}),
    )
    Package(
        name="socaccess-settlements",
        title="Settlements of Latvia: towns, parishes and Riga neighbourhoods, 2020",
        title_lv="Latvijas apdzīvotās vietas: pilsētas, pagasti un Rīgas apkaimes, 2020",
        description=(
            "588 cities, towns and parishes and the 58 neighbourhoods of Riga, each with its "
            "municipality in three vintages, its inhabitants, a centre point and 5,693 weighted "
            "points where they live."
        ),
        created="2025-11-21T00:00:00Z",
        keywords=["Latvia", "population", "settlements"],
        resources=[
            Table(
                "settlements",
                "settlements.csv",
                "One row per settlement",
                FIELDS,
                ("settlement_id",),
            ),
            Table(
                "people-points",
                "people_points.csv",
                "Where the inhabitants of each settlement live: weighted points, an estimate",
                _facts.PEOPLE_POINT_FIELDS,
                _facts.PEOPLE_POINT_KEY,
                (ForeignKey(("settlement_id",), "settlements", ("settlement_id",)),),
            ),
        ],
        sources=[
            *_facts.STATISTICS,
            *_facts.CENTRES,
            *_facts.ESTIMATES,
            *_facts.REFORM,
            Source(
                "latviastreetify: addresses and neighbourhoods of Riga",
                "https://pypi.org/project/latviastreetify/0.2.0/",
                "0.2.0",
            ),
        ],
        licences=[ODBL, CC_BY, MIT],
        attribution=_facts.ATTRIBUTION,
        caveats={"lv": CAVEATS_LV, "en": CAVEATS_EN},
    ).write(folder)


CAVEATS_EN = [
    (
        "The population of a settlement marked estimate is a share: the census grid of 2019 shared "
        "out to units and scaled to the municipality totals of 1 January 2020; in Riga, addresses "
        "weighted by the census grid."
    ),
    (
        "people_points.csv is an estimate computed from the 1 km population grid of 2019 of the "
        "Central Statistical Bureau (CC BY 4.0): a person lives 0.6 km from his point in the mean, "
        "nine in ten within 1.5 km. A point is never the place of an address."
    ),
    (
        "The centre is one point for all inhabitants; mean_km_to_centre and p90_km_to_centre say "
        "how far from it they live. In Riga every address counts once, whatever lives there."
    ),
    (
        "The municipality of a settlement comes from the tables. Outlines are coarse: do not look "
        "it up by point in polygon."
    ),
    (
        "Codes are those of 2009-2021. Iecava and Koknese, towns of a later date, have none and "
        "carry the code of their municipality of 2009 with their name; other towns of a later "
        "date are part of their parish."
    ),
]
CAVEATS_LV = [
    (
        "Ar estimate atzīmēts iedzīvotāju skaits ir daļa: 2019. gada tautas skaitīšanas režģis "
        "sadalīts vienībām un pielīdzināts pašvaldību kopskaitam 2020. gada 1. janvārī; Rīgā "
        "adreses, svērtas pēc tautas skaitīšanas režģa."
    ),
    (
        "people_points.csv ir aplēse no Centrālās statistikas pārvaldes 2019. gada 1 km "
        "iedzīvotāju režģa (CC BY 4.0): vidēji cilvēks dzīvo 0,6 km no sava punkta, deviņi no "
        "desmit 1,5 km robežās. Punkts nekad nav adreses vieta."
    ),
    (
        "Centrs ir viens punkts visiem iedzīvotājiem; mean_km_to_centre un p90_km_to_centre rāda, "
        "cik tālu no tā viņi dzīvo. Rīgā katra adrese skaitīta vienreiz neatkarīgi no iedzīvotāju "
        "skaita."
    ),
    (
        "Apdzīvotās vietas pašvaldība ņemta no tabulām. Robežas ir aptuvenas: nenosakiet "
        "pašvaldību pēc punkta atrašanās daudzstūrī."
    ),
    (
        "Kodi ir 2009.-2021. gada kodi. Iecavai un Koknesei, kas par pilsētām kļuva vēlāk, tāda "
        "nav; to identifikators ir 2009. gada pašvaldības kods un nosaukums; citas vēlākas "
        "pilsētas ietilpst savā pagastā."
    ),
]

if __name__ == "__main__":
    build(Path(__file__).resolve().parents[1] / "data")
