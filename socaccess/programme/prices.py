"""Prices: what a unit of a service costs, whose client pays it, since when, and who says so."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.errors import InputError
from socaccess.programme.amounts import to_amount, to_fraction
from socaccess.schemas import Column, TableForm
from socaccess.sources.boundaries import load_crosswalk
from socaccess.sources.embedded import read_embedded
from socaccess.sources.plain_tables import check_plain_table
from socaccess.sources.services import load_service_types

__all__ = [
    "PRICES",
    "Price",
    "choose_price",
    "load_norms",
    "load_prices",
    "locate_prices",
    "read_prices",
]

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
        Column("facility_id"),
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
        EUR a unit; of several providers the median.
    client_of
        `own`, `other` (client of another municipality) or `not_stated`.
    stated_on
        Day it was stated, None where not known; of several the last.
    source, price_id
        Who says so.
    low, high
        The cheapest and the dearest of the prices it was chosen from, EUR a unit.
    providers
        Of how many providers.
    """

    service: str
    unit: str
    amount: Decimal
    client_of: str
    stated_on: dt.date | None
    source: str
    price_id: str
    low: Decimal
    high: Decimal
    providers: int = 1


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


def locate_prices(prices: pd.DataFrame, view: str) -> pd.DataFrame:
    """Return prices with `municipality_id` of the borders of a view, where only that of 2009 is.

    Parameters
    ----------
    prices
        Rows as of `load_prices` or `read_prices`.
    view
        `plan` (2009) or `today`; a municipality that was divided is left out.

    Examples
    --------
    >>> set(locate_prices(load_prices(), "today")["municipality_id"].dropna())
    {'0002000'}
    """
    if "municipality_id_2009" not in prices:
        return prices
    old = prices["municipality_id_2009"]
    if view != "plan":
        crosswalk = load_crosswalk()
        crosswalk = crosswalk[~crosswalk["municipality_id_2009"].duplicated(keep=False)]
        old = old.map(crosswalk.set_index("municipality_id_2009")["municipality_id_2025"])
    if "municipality_id" in prices:
        old = prices["municipality_id"].where(prices["municipality_id"].notna(), old)
    return prices.assign(municipality_id=old).drop(columns="municipality_id_2009")


def choose_price(
    prices: pd.DataFrame,
    service: str,
    *,
    client_of: str = "own",
    unit: str | None = None,
    on: dt.date | None = None,
    municipality_id: str | None = None,
    facility_id: str | None = None,
    index: object = 0,
    to_year: int | None = None,
) -> Price | None:
    """Return the price that holds for a client, or None where none is known.

    Of each provider the latest price not after `on` is taken, one without a date last; of one
    day first what is stated for such clients, then what does not say whose clients it is for;
    and if several are left, the dearest. Of several providers the median is taken, of those
    that price by the unit most of them use: one provider's price is never the region's. A
    provider is a facility, else the municipality a price names; prices that name neither
    are one list.

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
    municipality_id, facility_id
        The provider's municipality, or the provider; None takes any. What names no
        municipality holds in each; what names another never does.
    index
        By how much prices rise a year: all are brought to the year of the latest.
    to_year
        The year to bring them to instead.

    Examples
    --------
    >>> price = choose_price(load_prices(), "home_care", on=dt.date(2020, 1, 1))
    >>> price.amount, price.stated_on.isoformat()
    (Decimal('3.14'), '2017-12-14')
    """
    if client_of not in ("own", "other"):
        raise InputError("programme.client_of", name=client_of)
    rows = prices[
        (prices["service"] == service) & prices["client_of"].isin([client_of, "not_stated"])
    ]
    if unit is not None:
        rows = rows[rows["unit"] == unit]
    column = "municipality_id" if "municipality_id" in rows.columns else "municipality_id_2009"
    if municipality_id is not None:
        rows = rows[rows[column].isna() | (rows[column] == municipality_id)]
    if facility_id is not None:
        named = rows.get("facility_id", pd.Series(index=rows.index, dtype=object))
        rows = rows[named == facility_id]
    providers: dict[tuple[str, str], list[_Stated]] = {}
    for row in rows.to_dict("records"):
        day = _to_date(row["stated_on"])
        if day is None or on is None or day <= on:
            who = row.get("facility_id")
            key = ("facility", str(who)) if pd.notna(who) else ("place", str(row.get(column)))
            match = row["client_of"] == client_of
            providers.setdefault(key, []).append(_Stated(day, match, float(row["value"]), row))
    current = [_take_latest(stated) for stated in providers.values()]
    if not current:
        return None
    if unit is None:
        votes = Counter(rows[-1].row["unit"] for rows in current)
        dated = {rows[-1].row["unit"]: max(r[-1].rank for r in current
                                           if r[-1].row["unit"] == rows[-1].row["unit"])
                 for rows in current}  # fmt: skip
        unit = max(sorted(votes), key=lambda name: (votes[name], dated[name]))
        current = [rows for rows in current if rows[-1].row["unit"] == unit]
    same = [[stated for stated in rows if stated.row["unit"] == unit] for rows in current]
    last = max((rows[-1] for rows in same), key=lambda stated: stated.rank)
    if to_year is None and last.day is not None:
        to_year = last.day.year
    raised = [[stated.raise_to(to_year, index) for stated in rows] for rows in same]
    dearest = [rows[-1] for rows in same]
    whose = {stated.row["client_of"] for stated in dearest}
    every = [amount for amounts in raised for amount in amounts]
    return Price(
        service=service,
        unit=str(unit),
        amount=to_amount(statistics.median(amounts[-1] for amounts in raised)),
        client_of=str(whose.pop()) if len(whose) == 1 else "not_stated",
        stated_on=last.day,
        source="; ".join(sorted({str(stated.row["source"]) for stated in dearest})),
        price_id=" + ".join(sorted(str(stated.row["price_id"]) for stated in dearest)),
        low=min(every),
        high=max(every),
        providers=len(same),
    )


@dataclass(frozen=True)
class _Stated:
    """A price with what it is ranked by."""

    day: dt.date | None
    match: bool
    value: float
    row: dict[str, Any]

    @property
    def rank(self) -> tuple[int, int]:
        return (self.day.toordinal() if self.day else 0, int(self.match))

    def raise_to(self, year: int | None, index: object) -> Decimal:
        amount = to_amount(self.row["value"], f"price {self.row['price_id']}")
        if year is None or self.day is None:
            return amount
        return to_amount(Fraction(amount) * (1 + to_fraction(index)) ** (year - self.day.year))


def _take_latest(stated: list[_Stated]) -> list[_Stated]:
    """Return a provider's prices of its latest day, the dearest last."""
    latest = max(one.rank for one in stated)
    rows = [one for one in stated if one.rank == latest]
    return sorted(rows, key=lambda one: (one.value, str(one.row["price_id"])))


def _to_date(value: object) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
