"""What a client costs in a year, and what building places has cost, as projects published it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.amounts import to_fraction
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
    """

    service: str
    unit_price: object
    units_per_client: object
    shares: Mapping[str, object]
    unit_price_other: object = None
    source: str = ""
    basis: str = "assumption"


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
) -> tuple[list[ServiceCost], tuple[str, ...]]:
    """Return the costs a price list and a catalogue give, and the services without a price.

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
        own = choose_price(prices, service, client_of="own", on=on)
        other = choose_price(prices, service, client_of="other", on=on)
        either = own or other
        visits = row.get("visits_per_week")
        if either is None or visits is None or pd.isna(visits):
            missing.append(service)
            continue
        if other is not None and other.unit != either.unit:
            other = None
        yearly: Fraction = to_fraction(repr(float(visits))) * WEEKS_PER_YEAR
        if either.unit in ("24h", "night"):
            yearly = Fraction(365)
        elif either.unit == "hour":
            if hours_per_visit is None:
                problems.append(Problem("programme.hours_per_visit", service))
                continue
            yearly *= to_fraction(hours_per_visit)
        elif either.unit == "month":
            yearly = Fraction(12)
        found.append(
            ServiceCost(
                service=service,
                unit_price=either.amount,
                units_per_client=yearly,
                shares=shares,
                unit_price_other=None if other is None else other.amount,
                source=either.source,
                basis=f"{either.price_id}, {either.stated_on or 'no date'}",
            )
        )
    raise_problems(problems)
    return found, tuple(missing)


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
