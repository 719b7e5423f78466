"""Prices: what a unit of a service costs, whose client pays it, since when, and who says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd

from socaccess.errors import InputError
from socaccess.programme.amounts import to_amount
from socaccess.schemas import Column, TableForm
from socaccess.sources.embedded import read_embedded
from socaccess.sources.plain_tables import check_plain_table
from socaccess.sources.services import load_service_types

__all__ = ["PRICES", "Price", "choose_price", "load_norms", "load_prices", "read_prices"]

CLIENTS = ("own", "other", "not_stated")
UNITS = ("hour", "day", "night", "24h", "month", "visit")

PRICES = TableForm(
    "prices",
    (
        Column("price_id", unique=True),
        Column("item"),
        Column("service", required=True),
        Column("client_of", allowed=CLIENTS, default="not_stated"),
        Column("value", "number", required=True, minimum=0),
        Column("unit", required=True, allowed=UNITS),
        Column("stated_on", "day"),
        Column("municipality_id"),
        Column("act"),
        Column("source", required=True),
        Column("note"),
    ),
    may_be_empty=True,
)


@dataclass(frozen=True)
class Price:
    """One price: what a unit of a service costs.

    Parameters
    ----------
    service, unit
        What is priced and by which unit.
    amount
        EUR a unit.
    client_of
        `own`, `other` (client of another municipality) or `not_stated`.
    stated_on
        Day it was stated, None where not known.
    source, price_id
        Who says so.
    """

    service: str
    unit: str
    amount: Decimal
    client_of: str
    stated_on: dt.date | None
    source: str
    price_id: str


def load_prices() -> pd.DataFrame:
    """Return the prices found in public pages, one row per price.

    `value` is EUR a unit, `stated_on` the day of the decision or page (blank where
    not known). They are fee lists of one municipal service and one state centre,
    not national unit costs.

    Examples
    --------
    >>> prices = load_prices()
    >>> prices.loc[prices["price_id"] == "daugavpils-01", "value"].item()
    3.14
    """
    table = read_embedded("services", "prices.csv")
    return table[table["kind"] == "price"].drop(columns="kind").reset_index(drop=True)


def load_norms() -> pd.DataFrame:
    """Return the few norms found, with their acts; each is a norm of what its item says only."""
    table = read_embedded("services", "prices.csv")
    norms = table[table["kind"] == "norm"]
    return norms[["price_id", "item", "value", "unit_source", "act", "source", "note"]].reset_index(
        drop=True
    )


def read_prices(path: str | Path) -> pd.DataFrame:
    """Return a user's price list, checked; every price needs its source.

    Raises
    ------
    InputError
        With every finding at once: services nobody knows, a price without source,
        a date that is none.
    """
    known = load_service_types()["service"].tolist()
    checked = check_plain_table(path, PRICES, known={"service": known})
    path = Path(path)
    numbered = [f"{path.stem}-{number:03d}" for number in range(1, len(checked) + 1)]
    checked["price_id"] = checked["price_id"].where(checked["price_id"].notna(), numbered)
    return checked


def choose_price(
    prices: pd.DataFrame,
    service: str,
    *,
    client_of: str = "own",
    unit: str | None = None,
    on: dt.date | None = None,
    municipality_id: str | None = None,
) -> Price | None:
    """Return the price that holds for a client, or None where none is known.

    The latest price not after `on` is taken, one without a date last; of one day
    first what is stated for such clients, then what does not say whose clients it is
    for; and if several are left, the dearest. A price of another municipality is
    never taken for that of one that was named.

    Parameters
    ----------
    prices
        Rows as of `load_prices` or `read_prices`.
    service
        What is asked for.
    client_of
        `own` or `other`: whether the client is of the provider's municipality.
    unit
        The unit wanted; None takes the unit of the price found.
    on
        The day; None takes the latest.
    municipality_id
        The provider's municipality; None takes any.

    Examples
    --------
    >>> price = choose_price(load_prices(), "home_care", on=dt.date(2020, 1, 1))
    >>> price.amount, price.stated_on.isoformat()
    (Decimal('3.14'), '2017-12-14')
    """
    if client_of not in ("own", "other"):
        raise InputError("programme.client_of", name=client_of)
    rows = prices[prices["service"] == service]
    if unit is not None:
        rows = rows[rows["unit"] == unit]
    if municipality_id is not None:
        column = "municipality_id" if "municipality_id" in rows.columns else "municipality_id_2009"
        rows = rows[rows[column].isna() | (rows[column] == municipality_id)]
    best: tuple[int, int, float, str] | None = None
    chosen = None
    for row in rows.to_dict("records"):
        stated = _to_date(row["stated_on"])
        if row["client_of"] not in (client_of, "not_stated"):
            continue
        if stated is not None and on is not None and stated > on:
            continue
        rank = (
            stated.toordinal() if stated else 0,
            int(row["client_of"] == client_of),
            float(row["value"]),
            str(row["price_id"]),
        )
        if best is None or rank > best:
            best, chosen = rank, (row, stated)
    if chosen is None:
        return None
    row, stated = chosen
    return Price(
        service=service,
        unit=str(row["unit"]),
        amount=to_amount(row["value"], f"price {row['price_id']}"),
        client_of=str(row["client_of"]),
        stated_on=stated,
        source=str(row["source"]),
        price_id=str(row["price_id"]),
    )


def _to_date(value: object) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
