"""Prices and norms found in public pages: columns and rows of `data/services/prices.csv`.

Starts from `tools/facts/services_prices.csv`, kept as the sources word them. What is decided in
the facts: the service a fee is for, where the item names it (a fee of none of the catalogue's
services keeps a blank); whose clients it is for, where the item says so; the date, where the page
or the decision states one. A norm is carried as found and is a norm of nothing else.
"""

from __future__ import annotations

from pathlib import Path

from _datapackage import Field, ForeignKey, Source, Table, read_csv

FACTS = Path(__file__).resolve().parent / "facts" / "services_prices.csv"
CLIENTS = ("other", "not_stated")
UNITS = ("24h", "day", "hour", "night")

FIELDS = [
    Field("price_id", "string", "Key of the price or norm", required=True, unique=True),
    Field("kind", "string", "price, or norm", required=True, enum=("price", "norm")),
    Field("item", "string", "What is priced, as the source words it", required=True),
    Field("service", "string", "Key of the service type; blank: none of the catalogue's"),
    Field(
        "client_of",
        "string",
        "Whose clients pay it: other (of other municipalities), or not_stated",
        enum=CLIENTS,
    ),
    Field("value", "number", "EUR a unit without VAT; of a norm, its number", True, minimum=0),
    Field("unit_source", "string", "Unit as the source words it", required=True),
    Field("unit", "string", "Unit of a price: hour, day, night, or 24h", enum=UNITS),
    Field("stated_on", "date", "Day of the decision or of the page; blank: not known"),
    Field("act", "string", "Decision, act or page, as the source words it", required=True),
    Field("issuer", "string", "Who set it", required=True),
    Field("municipality_id_2009", "string", "ATVK code of the municipality of 2009-2021"),
    Field("source", "string", "Public page", required=True),
    Field("note", "string", "What to know"),
]
TABLE = Table(
    "prices",
    "prices.csv",
    "Fees of municipal and state services, and the few norms found, with their dates",
    FIELDS,
    ("price_id",),
    (ForeignKey(("service",), "service-types", ("service",)),),
)
SOURCES = [
    Source(
        "Daugavpils Social Service: fees of social services, several editions", "http://socd.lv/"
    ),
    Source("VSAC Latgale: fees", "https://www.vsaclatgale.gov.lv/"),
]
CAVEATS = {
    "lv": (
        "Cenas ir no viena sociālā dienesta un viena valsts centra maksas pakalpojumu sarakstiem, "
        "dažas bez gada; tās nav vienas vienības standarta izmaksas, kuru vērtības netika atrastas."
    ),
    "en": (
        "Prices are from the fee lists of one municipal social service and one state centre, some "
        "without a year; they are not the national unit costs, whose values were not found."
    ),
}


def make_prices() -> list[dict[str, str]]:
    """Return the prices and norms by id."""
    return sorted(read_csv(FACTS), key=lambda row: row["price_id"])
