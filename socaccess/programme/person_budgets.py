"""Individual budgets: of what a person needs, what can be paid for and reached; and pilots of many.

Which service is worth how much to the person is the person's own plan, so it is an input; the mix
found is the best one for it, proven. The persons of a pilot are marks without a name; its table is
for those who run it, and what others see are the sums of `Pilot.summarise`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.messages import Message
from socaccess.programme.amounts import CENT, to_amount, to_fraction
from socaccess.programme.prices import Price, choose_price, locate_prices
from socaccess.programme.reach import find_service, find_settlement
from socaccess.schemas import Column, TableForm, check_table
from socaccess.sources.plain_tables import read_plain_table
from socaccess.study import StudyResult

__all__ = [
    "PLANS",
    "PersonBudget",
    "Pilot",
    "Wish",
    "plan_person_budget",
    "plan_pilot",
    "read_plans",
]

MAX_CENTS = 2_000_000
"""A month's budget beyond this is hardly one person's."""


@dataclass(frozen=True)
class Wish:
    """What a support plan asks of one service.

    Parameters
    ----------
    service
        Which.
    units
        Units a month (whole).
    weight
        How much a unit is worth to the person beside those of the others.
    minimum
        Fewest units that make sense; fewer are not taken at all.
    """

    service: str
    units: int
    weight: float = 1.0
    minimum: int = 1


@dataclass(frozen=True, eq=False)
class PersonBudget:
    """The mix of services.

    Parameters
    ----------
    lines
        One row per wish: `service`, `facility_id`, `facility`, `travel_min`, `client_of`
        (own, other), `unit`, `unit_price`, `transport_price` (a unit), `wanted`,
        `units`, `cost`, `outcome` (whole, part, no_money, no_price, unreachable, no_data:
        no facility of it is known anywhere), `price_of` (whose price it is: the provider's, its
        municipality's or the region's), `price_id`, `source`.
    budget, cost, left
        EUR a month; cost and left make the budget.
    """

    lines: pd.DataFrame
    budget: Decimal
    cost: Decimal
    left: Decimal

    @property
    def is_met(self) -> bool:
        """Whether every wish is met whole."""
        return bool((self.lines["outcome"] == "whole").all())


def plan_person_budget(
    result: StudyResult,
    settlement: str,
    wishes: Sequence[Wish],
    budget: object,
    *,
    prices: pd.DataFrame,
    on: dt.date | None = None,
    eur_per_km: object = 0,
    scenario: str = "now",
) -> PersonBudget:
    """Return the mix of services that is affordable and reachable and worth most.

    Parameters
    ----------
    result
        A study's result; a service counts as reachable where the nearest facility is
        within its limit.
    settlement
        Where the person lives, id or name.
    wishes
        What the support plan asks.
    budget
        EUR a month.
    prices
        Price list; a unit of it is a unit of the wish.
    on
        The day whose prices hold.
    eur_per_km
        Cost of a kilometre to the service; a unit is one trip there and back, none
        where the provider travels or the unit is a night, 24 hours or a month.
    scenario
        `now` or `planned`.

    Raises
    ------
    InputError
        If a wish is for nothing, stands twice or is for a service that is no supply.
    """
    whole = to_amount(budget, "budget")
    if whole < 0 or whole / CENT > MAX_CENTS:
        raise InputError("programme.budget_range", value=whole, most=MAX_CENTS // 100)
    _check_wishes(wishes)
    study = result.study
    prices = locate_prices(prices, study.view)
    home = find_settlement(study, settlement)
    municipality = study.settlements.set_index("settlement_id")["municipality_id"].loc[home]
    owner = dict(
        zip(study.facilities["facility_id"], study.facilities["municipality_id"], strict=True)
    )
    coverage = result.settlement_coverage
    here = coverage[
        (coverage["settlement_id"] == home) & (coverage["scenario"] == scenario)
    ].set_index("service")
    supply_known = result.service_types.set_index("service")["supply_known"].to_dict()
    rows = []
    for wish in wishes:
        kind = find_service(study, wish.service)
        service = str(kind["service"])
        near = here.loc[service] if service in here.index else None
        reachable = near is not None and near["status"] in ("covered", "partly")
        row = {
            "service": service,
            "facility_id": near["facility_id"] if near is not None and reachable else None,
            "facility": near["facility"] if near is not None and reachable else None,
            "travel_min": float(near["travel_min"]) if near is not None else np.nan,
            "client_of": None,
            "unit": None,
            "unit_price": None,
            "transport_price": None,
            "wanted": wish.units,
            "units": 0,
            "cost": Decimal("0.00"),
            "outcome": "unreachable" if supply_known.get(service, True) else "no_data",
            "price_of": None,
            "price_id": None,
            "source": None,
        }
        if near is not None and reachable:
            client_of = "own" if owner.get(near["facility_id"]) == municipality else "other"
            facility = str(near["facility_id"])
            price, whose = _find_price(
                prices, service, facility, owner.get(facility), client_of=client_of, on=on
            )
            row |= {"client_of": client_of, "price_of": whose, "outcome": "no_price"}
            if price is not None:
                # Nobody goes to a home every day and back, and where staff travel nobody does.
                stays = price.unit in ("24h", "night", "month") or kind["traveller"] == "provider"
                km = 0.0 if stays else float(near["length_km"])
                way = to_amount(to_fraction(repr(2 * km)) * to_fraction(eur_per_km))
                row |= {
                    "unit": price.unit,
                    "unit_price": price.amount,
                    "transport_price": way,
                    "outcome": "no_money",
                    "price_id": price.price_id,
                    "source": price.source,
                }
        rows.append(row)
    _choose_units(rows, wishes, int(whole / CENT))
    lines = pd.DataFrame(rows).astype({"cost": object})
    cost = sum(lines["cost"], Decimal("0.00"))
    return PersonBudget(lines, whole, cost, whole - cost)


def _find_price(
    prices: pd.DataFrame, service: str, facility: str, municipality: object, **terms: Any
) -> tuple[Price | None, str | None]:
    """Return the provider's price, else that of its municipality, else the region's, and whose."""
    own = choose_price(prices, service, facility_id=facility, **terms)
    if own is not None:
        return own, "provider"
    if municipality is not None and "municipality_id" in prices:
        near = prices[prices["municipality_id"] == municipality]
        if (price := choose_price(near, service, **terms)) is not None:
            return price, "municipality"
    price = choose_price(prices, service, **terms)
    return price, None if price is None else "region"


def _choose_units(rows: list[dict[str, object]], wishes: Sequence[Wish], cents: int) -> None:
    """Write units, cost and outcome: a bounded knapsack over cents, exact."""
    priced = [i for i, row in enumerate(rows) if row["unit_price"] is not None]
    worth = np.zeros(cents + 1)
    taken = np.zeros((len(rows), cents + 1), dtype=np.int32)
    for i in priced:
        wish = wishes[i]
        each = int((rows[i]["unit_price"] + rows[i]["transport_price"]) / CENT)  # type: ignore[operator]
        best = worth.copy()
        for units in range(wish.minimum, wish.units + 1):
            price = units * each
            if price > cents:
                break
            gain = np.full(cents + 1, -np.inf)
            gain[price:] = worth[: cents + 1 - price] + units * wish.weight
            # Of equal worth the first found stays: fewer units, so less money.
            better = gain > best + 1e-9
            best[better] = gain[better]
            taken[i, better] = units
        worth = best
    left = cents
    # The least money that is worth as much.
    left = int(np.flatnonzero(worth >= worth[cents] - 1e-9)[0])
    for i in reversed(priced):
        units = int(taken[i, left])
        each = rows[i]["unit_price"] + rows[i]["transport_price"]  # type: ignore[operator]
        cost = each * units
        rows[i] |= {
            "units": units,
            "cost": cost.quantize(CENT),
            "outcome": "whole" if units == wishes[i].units else "part" if units else "no_money",
        }
        left -= int(cost / CENT)


def _check_wishes(wishes: Sequence[Wish]) -> None:
    problems = []
    names = [wish.service for wish in wishes]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if not wishes:
        problems.append(Problem("programme.no_wish", "wishes"))
    if doubled:
        problems.append(Problem("programme.service_twice", "wishes", doubled))
    bad = [
        f"{wish.service}: {wish.units} units, at least {wish.minimum}, weight {wish.weight:g}"
        for wish in wishes
        if wish.units < 1 or not 1 <= wish.minimum <= wish.units or not wish.weight > 0
    ]
    if bad:
        problems.append(
            Problem("programme.bad_wish", "wishes", bad)
        )  # fmt: skip
    raise_problems(problems)


PLANS = TableForm(
    "plans",
    (
        Column("person", required=True),
        Column("settlement", required=True),
        Column("budget", "number", required=True, minimum=0),
        Column("service", required=True),
        Column("units", "integer", required=True, minimum=1),
        Column("weight", "number", minimum=0, default=1.0),
        Column("least_units", "integer", minimum=1, default=1),
        Column("used_units", "integer", minimum=0),
    ),
)


@dataclass(frozen=True, eq=False)
class Pilot:
    """The months of everybody in a pilot.

    Parameters
    ----------
    persons
        One row per person: `person`, `budget`, `cost`, `left` (EUR a month), `met`
        (whether every wish is met whole).
    lines
        One row per person and service: the columns of
        `socaccess.programme.person_budgets.PersonBudget.lines`, and `used_units`.
    """

    persons: pd.DataFrame
    lines: pd.DataFrame

    def summarise(self) -> pd.DataFrame:
        """Return one row per service: what was wished, can be paid for and reached, and was used.

        Columns: `service`, `persons`, `wanted`, `units` (that can be had), `had_share`,
        `cost`, `unreachable`, `no_price`, `no_money` (persons who get none of it),
        `measured` (persons whose use is known), `used_units`, `used_share` (of what
        those had).
        """
        rows = []
        for service, part in self.lines.groupby("service", sort=True):
            told = part[part["used_units"].notna()]
            had = float(told["units"].sum())
            used = float(told["used_units"].sum())
            outcomes = part["outcome"].value_counts()
            rows.append(
                {
                    "service": service,
                    "persons": len(part),
                    "wanted": int(part["wanted"].sum()),
                    "units": int(part["units"].sum()),
                    "had_share": float(part["units"].sum() / part["wanted"].sum()),
                    "cost": sum(part["cost"], Decimal("0.00")),
                    "unreachable": int(outcomes.get("unreachable", 0) + outcomes.get("no_data", 0)),
                    "no_price": int(outcomes.get("no_price", 0)),
                    "no_money": int(outcomes.get("no_money", 0)),
                    "measured": len(told),
                    "used_units": used if len(told) else float("nan"),
                    "used_share": used / had if had else float("nan"),
                }
            )
        return pd.DataFrame(rows).astype({"cost": object})


def read_plans(path: str | Path) -> pd.DataFrame:
    """Return a table of support plans, checked: one row per person and service.

    Parameters
    ----------
    path
        CSV or XLSX of `person` (a mark, no name), `settlement` (id or name), `budget`
        (EUR a month, the same on every row of a person), `service`, `units` (a month)
        and, if wanted, `weight`, `least_units` and `used_units` (what was used).

    Raises
    ------
    InputError
        With every finding at once: also a person with two budgets or two homes, or a
        service twice.
    """
    frame, names = read_plain_table(path)
    where = Path(path).name
    table = check_table(frame, PLANS, where=where, row_names=names)
    if "used_units" not in table:
        table["used_units"] = pd.Series([None] * len(table), dtype="Int64")
    problems = []
    for column, code in (
        ("budget", "programme.two_budgets"),
        ("settlement", "programme.two_homes"),
    ):
        several = table.groupby("person")[column].nunique()
        bad = tuple(map(str, several[several > 1].index))
        if bad:
            problems.append(Problem(code, where, bad))
    twice = table[table.duplicated(["person", "service"])]
    if len(twice):
        rows = tuple(f"{row.person}: {row.service}" for row in twice.itertuples())
        problems.append(Problem("programme.service_twice", where, rows))
    raise_problems(problems)
    return table


def plan_pilot(
    result: StudyResult,
    plans: pd.DataFrame,
    *,
    prices: pd.DataFrame,
    eur_per_km: object = 0,
    scenario: str = "now",
) -> Pilot:
    """Return everybody's month: the mix of services each can pay for and reach.

    Parameters
    ----------
    result
        A study's result.
    plans
        As of `read_plans`.
    prices, eur_per_km, scenario
        As in `socaccess.programme.person_budgets.plan_person_budget`.

    Raises
    ------
    InputError
        With what is wrong with any person's plan, person by person.
    """
    persons, lines, problems = [], [], []
    for person, part in plans.groupby("person", sort=True):
        wishes = [
            Wish(str(row.service), int(row.units), float(row.weight), int(row.least_units))
            for row in part.itertuples()
        ]
        try:
            month = plan_person_budget(
                result,
                str(part["settlement"].iloc[0]),
                wishes,
                to_amount(repr(float(part["budget"].iloc[0]))),
                prices=prices,
                eur_per_km=eur_per_km,
                scenario=scenario,
            )
        except (InputError, UnknownNameError) as error:
            plan = Message("programme.plan_of", person=person)
            problems += [p.move(plan, p.rows, column=p.column) for p in error.problems]
            continue
        persons.append((person, month.budget, month.cost, month.left, month.is_met))
        own = month.lines.assign(person=person)
        own["used_units"] = part["used_units"].to_numpy(dtype=object)
        lines.append(own)
    raise_problems(problems)
    columns = ["person", "budget", "cost", "left", "met"]
    return Pilot(pd.DataFrame(persons, columns=columns), pd.concat(lines, ignore_index=True))
