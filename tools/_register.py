"""The state register of social service providers as facilities.

`facts/register.csv` holds the 1,006 services that legal persons provided on 10 October 2026, as
registered. `facts/register_terms.csv` and `facts/register_rules.csv` say which services of the
catalogue a row gives (`socaccess.sources.register_services`); a row without any keeps its reason.

`python tools/_register.py` puts the rows of Riga into neighbourhoods anew, by the city's outlines.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import _facts
import geopandas as gpd
import pandas as pd
from _datapackage import Field, ForeignKey, Source, Table, read_csv, write_csv
from _packages import extract

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from socaccess.sources.register_services import (
    CERTAINTIES,
    RegisterRules,
    map_register,
)

FACTS = Path(__file__).resolve().parent / "facts"
DATE = "2026-10-10"
PORTAL = "https://data.gov.lv/dati/lv/dataset/socialo-pakalpojumu-sniedzeju-registra-dati"
RIGA = "Rīga"
NEIGHBOURHOODS = "latviastreetify/data/Apkaimes"
METRES = 3059
FORMS = ("without_accommodation", "with_accommodation", "both")
AGES = (
    "adults",
    "adults_men",
    "adults_women",
    "all_ages",
    "children",
    "children_with_parents",
)
PROVIDER_BASES = ("name", "address")
Row = dict[str, str]


def _text(name: str, description: str, *, required: bool = False) -> Field:
    return Field(name, "string", description, required=required)


REGISTER = [
    Field("register_id", "string", "Id of the service in the register", True, unique=True),
    _text("name", "Provider or branch, as registered", required=True),
    _text("register_service", "Service, as registered", required=True),
    Field("form", "string", "With or without accommodation", required=True, enum=FORMS),
    Field("planned_clients", "integer", "Planned number of clients at a time", minimum=0),
    Field("clients", "string", "Ages of the clients", required=True, enum=AGES),
    _text("client_groups", "Client groups as registered, separated by ;", required=True),
    _text("legal_status", "Legal status of the provider", required=True),
    _text("address", "Address of the service", required=True),
    _text("address_code", "Code of the address in the State Address Register", required=True),
    _text(
        "settlement_id", "Settlement it stands in; Rīga: neighbourhood by outline", required=True
    ),
    _text("municipality_id", "ATVK code of the municipality, July 2025", required=True),
    Field("lon", "number", "Longitude of the building, degrees, WGS 84", True, decimals=6),
    Field("lat", "number", "Latitude of the building, degrees, WGS 84", True, decimals=6),
    _text("term", "What the service is, in one word per kind; blank: term unknown"),
    _text("rule", "Rule of register_rules.csv that decided"),
    _text("services", "Services of the catalogue with certainty, separated by spaces"),
    _text("reason_unmapped", "Why it is none of the catalogue's services"),
]
TERMS = [
    Field("register_term", "string", "Service as the register words it", True, unique=True),
    _text("term", "Kind of service", required=True),
]
RULES = [
    Field("rule", "string", "Key; rules are tried in the order of the table", True, unique=True),
    _text("term", "Kind of service it is for", required=True),
    _text("ages", "adults, children, all_ages; blank: any"),
    _text("form", "Forms, separated by spaces; blank: any"),
    _text("has_all", "Client groups that must all be registered"),
    _text("has_any", "Client groups of which one must be registered"),
    _text("only", "No client group but these"),
    _text("has_none", "None of these client groups"),
    _text("name_has", "Pattern that the name must have, in small letters"),
    _text("name_lacks", "Pattern that the name must not have"),
    Field("clients_at_most", "integer", "Largest planned number of clients", minimum=1),
    _text("municipality", "Municipality it must stand in"),
    _text("services", "Services it gives: service:certainty, separated by spaces"),
    _text("reason", "Why it gives none"),
    _text("note", "Why the rule is so"),
]
REASONS = [
    Field("reason", "string", "Key of the reason", True, unique=True),
    _text("name_lv", "Reason in Latvian", required=True),
    _text("name_en", "Reason in English", required=True),
]
FIELDS = {
    "register": REGISTER,
    "register_terms": TERMS,
    "register_rules": RULES,
    "register_reasons": REASONS,
}
TABLES = [
    Table(
        "register",
        "register.csv",
        "Services of the state register on 10 October 2026, what they are in the catalogue, or why "
        "they are none of its services",
        REGISTER,
        ("register_id",),
        (
            ForeignKey(("rule",), "register-rules", ("rule",)),
            ForeignKey(("reason_unmapped",), "register-reasons", ("reason",)),
        ),
    ),
    Table(
        "register-terms",
        "register_terms.csv",
        "Wordings of the register",
        TERMS,
        ("register_term",),
    ),
    Table(
        "register-rules",
        "register_rules.csv",
        "Which services of the catalogue a row of the register gives: the first rule that fits",
        RULES,
        ("rule",),
        (ForeignKey(("reason",), "register-reasons", ("reason",)),),
    ),
    Table(
        "register-reasons", "register_reasons.csv", "Why a row is not mapped", REASONS, ("reason",)
    ),
]
SOURCES = [
    Source(
        "Ministry of Welfare: register of social service providers, 10 October 2026 (CC0 1.0)",
        PORTAL,
        DATE,
    ),
    Source(
        "State Land Service: State Address Register, coordinates by address code (CC BY 4.0)",
        "https://data.gov.lv/dati/lv/dataset/varis-atvertie-dati",
    ),
    Source(
        "latviastreetify: neighbourhoods of Riga, by which the register's points are placed",
        "https://pypi.org/project/latviastreetify/0.2.0/",
        "0.2.0",
    ),
]


def read_register(settlements: Sequence[Row]) -> list[Row]:
    """Return the register with settlement and municipality, and what each row is."""
    rows = read_csv(FACTS / "register.csv")
    municipality_of = {each["settlement_id"]: each["municipality_id"] for each in settlements}
    mapped = map_register(pd.DataFrame(rows), read_rules())
    by_row = {str(key): part for key, part in mapped.groupby("register_id")}
    known = [field.name for field in REGISTER]
    found = []
    for each in rows:
        part = by_row[each["register_id"]].fillna("")
        row = each | {
            "settlement_id": each["unit_id"],
            "municipality_id": municipality_of[each["unit_id"]],
            "term": part["term"].iloc[0],
            "rule": part["rule"].iloc[0],
            "services": " ".join(
                f"{service}:{mapping}"
                for service, mapping in zip(part["service"], part["mapping"], strict=True)
                if service
            ),
            "reason_unmapped": part["reason"].iloc[0],
        }
        found.append({name: row[name] for name in known})
    return sorted(found, key=lambda row: int(row["register_id"]))


def read_rules() -> RegisterRules:
    """Return the tables that say what a row of the register is."""
    terms, rules = (pd.DataFrame(read_table(name)) for name in ("terms", "rules"))
    return RegisterRules(terms, rules)


def read_table(name: str) -> list[Row]:
    """Return the facts `register_<name>.csv`, in their order."""
    return read_csv(FACTS / f"register_{name}.csv")


def find_neighbourhoods(rows: Sequence[Row]) -> dict[str, str]:
    """Return the settlement_id of the Riga neighbourhood of each row that stands in Riga."""
    inside = [each for each in rows if each["municipality_now"] == RIGA]
    path = extract(
        "latviastreetify",
        *[NEIGHBOURHOODS + ending for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg")],
    )[0]
    outlines = gpd.read_file(path, columns=["apkaime"]).to_crs(METRES)
    points = gpd.GeoDataFrame(
        {"register_id": [each["register_id"] for each in inside]},
        geometry=gpd.points_from_xy(
            [float(each["lon"]) for each in inside],
            [float(each["lat"]) for each in inside],
            crs=4326,
        ),
    ).to_crs(METRES)
    # A building on a border of two outlines is taken by the first; none lies outside all.
    joined = points.sjoin(outlines, predicate="within").drop_duplicates("register_id")
    lost = set(points["register_id"]) - set(joined["register_id"])
    if lost:
        raise ValueError(f"rows of the register outside every neighbourhood: {sorted(lost)}")
    ids = {each["name"]: each["settlement_id"] for each in _facts.read_neighbourhoods()}
    return {
        str(key): ids[name]
        for key, name in zip(joined["register_id"], joined["apkaime"], strict=True)
    }


def make_registered(register: Sequence[Row]) -> list[dict[str, str]]:
    """Return the register's facilities: one row per service at an address.

    Rows of one service at one address are one facility; their planned clients add up. Planned
    clients of a row that gives several services are shared by them: `planned_clients_shared`.
    """
    together: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in register:
        for pair in row["services"].split():
            service, mapping = pair.split(":")
            together[service, row["address_code"]].append(row | {"mapping": mapping})
    facilities = []
    for (service, address_code), rows in sorted(together.items()):
        first = rows[0]
        clients = [int(each["planned_clients"] or 0) for each in rows]
        shared = any(len(each["services"].split()) > 1 for each in rows)
        basis = "planned_clients_shared" if shared else "planned_clients"
        provider, provider_basis = find_provider_municipality(first)
        several = len(first["services"].split()) > 1
        facilities.append(
            {
                "facility_id": f"r{first['register_id']}" + (f".{service}" if several else ""),
                "site_id": f"a{address_code}",
                "name": " / ".join(dict.fromkeys(each["name"] for each in rows)),
                "service": service,
                "service_source": first["register_service"],
                "target_group_source": first["client_groups"].replace(";", "; "),
                "places": str(sum(clients)) if all(clients) else "",
                "places_basis": basis if all(clients) else "",
                "address": first["address"],
                "settlement_id": first["settlement_id"],
                "municipality_id": first["municipality_id"],
                "provider_municipality_id": provider,
                "provider_basis": provider_basis,
                # 0.6 m, and what the store of rounds keeps.
                "lon": f"{float(first['lon']):.5f}",
                "lat": f"{float(first['lat']):.5f}",
                "register_id": " ".join(each["register_id"] for each in rows),
                "mapping": min((each["mapping"] for each in rows), key=CERTAINTIES.index),
            }
        )
    return facilities


def find_provider_municipality(row: Mapping[str, str]) -> tuple[str, str]:
    """Return the municipality whose service it is, and what says so: the name or the address.

    A municipal provider is named after its municipality, wherever its office stands: the social
    service of a county often sits in the city beside it. Of others the address is all there is.
    """
    if row["legal_status"].startswith(("Pašvaldības", "Struktūrvienība")):
        for pattern, municipality_id in _name_patterns():
            if pattern.search(row["name"]):
                return municipality_id, "name"
    return row["municipality_id"], "address"


def _name_patterns() -> list[tuple[re.Pattern[str], str]]:
    patterns = []
    for each in _facts.read_successors():
        name = each["name"]
        if name.endswith(" novads"):
            stem = name.removesuffix("s")  # Augšdaugavas novad-a
            patterns.append((re.compile(rf"\b{stem}[a-z]"), each["municipality_id_2025"]))
        else:
            genitive = {"Rēzekne": "Rēzeknes", "Jēkabpils": "Jēkabpils"}.get(name, _genitive(name))
            city = (
                rf"\b{genitive}\s+(valstspilsēt|pilsēt|Sociālā dienest|patversme|[Ss]ociāl|Bērnu)"
            )
            patterns.append((re.compile(city), each["municipality_id_2025"]))
    return patterns


def _genitive(name: str) -> str:
    """Return the genitive of a city's name.

    >>> [_genitive(each) for each in ("Rīga", "Liepāja", "Daugavpils", "Ventspils")]
    ['Rīgas', 'Liepājas', 'Daugavpils', 'Ventspils']
    """
    return name if name.endswith("s") else f"{name}s"


def place_in_neighbourhoods() -> None:
    """Write the neighbourhood of each row of Riga into the facts as its `unit_id`."""
    path = FACTS / "register.csv"
    rows = read_csv(path)
    found = find_neighbourhoods(rows)
    fields = [Field(name, "string", name) for name in rows[0]]
    write_csv(
        path,
        fields,
        [row | {"unit_id": found.get(row["register_id"], row["unit_id"])} for row in rows],
    )


if __name__ == "__main__":
    place_in_neighbourhoods()
