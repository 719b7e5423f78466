"""What a client costs in a year, and what building places has cost, as projects published it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.amounts import to_amount, to_fraction
from socaccess.programme.cooperation import Flows
from socaccess.programme.prices import choose_price
from socaccess.sources.capital_costs import group_projects, last_year, observe_capital_costs
from socaccess.study import StudyResult

__all__ = [
    "ServiceCost",
    "TransportCost",
    "list_costs",
    "measure_transport",
    "observe_capital_costs",
    "observe_funding",
    "price_hosts",
    "share_elsewhere",
]


def observe_funding(facilities: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return ERAF's share of every project where both the cost and ERAF's part are known.

    Columns: `project`, `municipality_id_2009`, `total_eur`, `eraf_eur`, `eraf_share`,
    `year`, `source`. The rest was paid by the state and the municipality; how much by
    which is not told on most pages.
    """
    rows = [
        {
            "project": key,
            "municipality_id_2009": group["municipality_id_2009"].iloc[0],
            "total_eur": float(group["project_total_eur"].iloc[0]),
            "eraf_eur": float(group["eraf_eur"].iloc[0]),
            "eraf_share": float(group["eraf_eur"].iloc[0])
            / float(group["project_total_eur"].iloc[0]),
            "year": last_year(group),
            "source": group["source"].iloc[0],
        }
        for key, group in group_projects(facilities)
        if pd.notna(group["eraf_eur"].iloc[0])
    ]
    columns = ["project", "municipality_id_2009", "total_eur", "eraf_eur", "eraf_share", "year",
               "source"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).sort_values("project", ignore_index=True)


WEEKS_PER_YEAR = 52
"""Weeks of a calendar year; closings are not taken off."""


@dataclass(frozen=True)
class ServiceCost:
    """What a client of a service costs in a year, and who pays.

    Parameters
    ----------
    service
        Which.
    unit_price
        EUR a unit for a client of the provider's own municipality.
    units_per_client
        Units a client uses in a year.
    shares
        Who pays which share; they add up to 1.
    unit_price_other
        EUR a unit for a client of another municipality; as for the own if not given.
    source, basis
        Who says so, and on what it rests.
    unit
        What a unit is: hour, day, night, 24h, month or visit.
    low, high, providers
        The cheapest and the dearest price of a unit, and of how many providers.
    own_prices
        By municipality id, EUR a unit for its clients at its own providers, where they
        have stated a price.
    other_prices
        By municipality id, EUR a unit for its clients elsewhere, by the prices of those
        who serve them.
    """

    service: str
    unit_price: object
    units_per_client: object
    shares: Mapping[str, object]
    unit_price_other: object = None
    source: str = ""
    basis: str = "assumption"
    unit: str = ""
    low: object = None
    high: object = None
    providers: int = 1
    own_prices: Mapping[str, object] = field(default_factory=dict)
    other_prices: Mapping[str, object] = field(default_factory=dict)

    def pick_price(self, municipality: str, *, elsewhere: bool = False) -> Fraction:
        """Return EUR a unit for a municipality's clients, at home or elsewhere."""
        other = self.unit_price if self.unit_price_other is None else self.unit_price_other
        prices, region = (
            (self.other_prices, other) if elsewhere else (self.own_prices, self.unit_price)
        )
        return to_fraction(prices.get(municipality, region))


@dataclass(frozen=True)
class TransportCost:
    """What getting to a service costs.

    Parameters
    ----------
    service
        Which.
    eur_per_km
        EUR a kilometre, vehicle and escort.
    km_per_client
        By municipality id, kilometres a client and year, as `measure_transport` gives.
    shares
        Who pays which share.
    """

    service: str
    eur_per_km: object
    km_per_client: Mapping[str, float]
    shares: Mapping[str, object]


def list_costs(
    prices: pd.DataFrame,
    service_types: pd.DataFrame,
    shares: Mapping[str, object],
    *,
    on: dt.date | None = None,
    hours_per_visit: object = None,
    services: Sequence[str] = (),
    index: object = 0,
    flows: Mapping[str, Flows] | None = None,
) -> tuple[list[ServiceCost], tuple[str, ...]]:
    """Return the costs a price list and a catalogue give, and the services without a price.

    The region's price is the median of its providers' (`choose_price`); a municipality's
    own providers price its clients where they have stated a price, and who serves those who
    go elsewhere prices them (`flows`). All are of the year of the latest, at `index` a year.

    Units a year are the catalogue's visits a week over 52 weeks, which are proposals; a
    price by the day or the visit is paid for each, one by 24 hours or the night for
    every day of the year, one by the hour for `hours_per_visit` of each visit.

    Raises
    ------
    InputError
        If a price is by the hour and `hours_per_visit` is not given.
    """
    found, missing, problems = [], [], []
    for row in service_types.sort_values("service").to_dict("records"):
        service = row["service"]
        if services and service not in services:
            continue
        own = choose_price(prices, service, client_of="own", on=on, index=index)
        other = choose_price(prices, service, client_of="other", on=on, index=index)
        either = own or other
        visits = row.get("visits_per_week")
        if either is None or visits is None or pd.isna(visits):
            missing.append(service)
            continue
        if either.unit == "hour" and hours_per_visit is None:
            problems.append(Problem("programme.hours_per_visit", service))
            continue
        terms: dict[str, Any] = {"unit": either.unit, "on": on, "index": index}
        if either.stated_on is not None:
            terms["to_year"] = either.stated_on.year
        other = choose_price(prices, service, client_of="other", **terms)
        other_price = None if other is None else other.amount
        found.append(
            ServiceCost(
                service=service,
                unit_price=either.amount,
                units_per_client=_count_units(either.unit, float(visits), hours_per_visit),
                shares=shares,
                unit_price_other=other_price,
                source=either.source,
                basis=f"{either.price_id}, {either.stated_on or 'no date'}",
                unit=either.unit,
                low=either.low,
                high=either.high,
                providers=either.providers,
                own_prices=price_hosts(prices, service, client_of="own", **terms),
                other_prices=_price_elsewhere(
                    (flows or {}).get(service),
                    price_hosts(prices, service, client_of="other", **terms),
                    other_price or either.amount,
                ),
            )
        )
    raise_problems(problems)
    return found, tuple(missing)


def _count_units(unit: str, visits_per_week: float, hours_per_visit: object) -> Fraction:
    """Return units a client uses in a year."""
    if unit in ("24h", "night"):
        return Fraction(365)
    if unit == "month":
        return Fraction(12)
    yearly = to_fraction(repr(visits_per_week)) * WEEKS_PER_YEAR
    return yearly * to_fraction(hours_per_visit) if unit == "hour" else yearly


def price_hosts(prices: pd.DataFrame, service: str, **terms: Any) -> dict[str, Decimal]:
    """Return the price of each municipality whose providers have stated one, by its id."""
    if "municipality_id" not in prices:
        return {}
    named = prices[(prices["service"] == service) & prices["municipality_id"].notna()]
    found = {}
    for name in sorted(set(named["municipality_id"])):
        own = named[named["municipality_id"] == name]
        price = choose_price(own, service, municipality_id=name, **terms)
        if price is not None:
            found[str(name)] = price.amount
    return found


def _price_elsewhere(
    flows: Flows | None, hosts: Mapping[str, Decimal], region: Decimal
) -> dict[str, Decimal]:
    """Return what a unit elsewhere costs each municipality, by the prices of those who serve."""
    if flows is None or not hosts:
        return {}
    away = flows.flows[flows.flows["from_id"] != flows.flows["to_id"]]
    found = {}
    for name, part in away.groupby("from_id", sort=True):
        weights = [to_fraction(repr(float(persons))) for persons in part["persons"]]
        money = sum(w * Fraction(hosts.get(str(to), region))
                    for w, to in zip(weights, part["to_id"], strict=True))  # fmt: skip
        if sum(weights) > 0:
            found[str(name)] = to_amount(money / sum(weights))
    return found


def share_elsewhere(flows: Flows) -> dict[tuple[str, str], float]:
    """Return the share of each municipality's served clients that others serve."""
    balance = flows.summarise_balance()
    served = balance["at_home"] + balance["bought"]
    return {
        (row.municipality_id, flows.service): float(row.bought / total)
        for row, total in zip(balance.itertuples(), served, strict=True)
        if total > 0
    }


def measure_transport(
    result: StudyResult,
    service: str,
    *,
    trips_per_year: float,
    scenario: str = "now",
    seats: float = 1.0,
) -> dict[str, float]:
    """Return kilometres a client and year, there and back, by municipality id.

    The way to the nearest facility, weighted by persons (by inhabitants where none is
    known), of those who have one within the limit; divided by the `seats` shared.
    """
    if not seats >= 1 or trips_per_year < 0:
        raise InputError("programme.seats_or_trips")
    rows = result.settlement_coverage
    rows = rows[
        (rows["service"] == service) & (rows["scenario"] == scenario) & (rows["covered_share"] > 0)
    ]
    found = {}
    for name, part in rows.groupby("municipality_id", sort=True):
        share = part["covered_share"].to_numpy(dtype=float)
        weight = np.nan_to_num(part["persons"].to_numpy(dtype=float)) * share
        if not weight.sum() > 0:
            weight = part["population"].to_numpy(dtype=float) * share
        if weight.sum() > 0:
            mean_km = float(np.average(part["length_km"].to_numpy(dtype=float), weights=weight))
            found[str(name)] = 2 * mean_km * trips_per_year / seats
    return found
