"""Questions of money and hours: the budget of a plan, of a person, of a pilot; mobile staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.planning.opening import (
    Asked,
    Given,
    identify_municipality,
    open_result,
    open_table,
)
from socaccess.privacy import hide_small
from socaccess.programme.amounts import to_amount, to_fraction
from socaccess.programme.budget import plan_budget, read_capital
from socaccess.programme.cooperation import find_flows
from socaccess.programme.costs import (
    WEEKS_PER_YEAR,
    ServiceCost,
    TransportCost,
    list_costs,
    measure_transport,
    share_elsewhere,
)
from socaccess.programme.forecast import VARIANTS, forecast_clients
from socaccess.programme.mobile import (
    MobileWork,
    divide_areas,
    plan_mobile_work,
    read_eligible,
)
from socaccess.programme.person_budgets import (
    PersonBudget,
    Wish,
    plan_person_budget,
    plan_pilot,
    read_plans,
)
from socaccess.programme.prices import load_prices, locate_prices, read_prices
from socaccess.programme.reach import find_service, sum_persons
from socaccess.programme.take_up import ALL, choose_take_up
from socaccess.study import Study, StudyResult

__all__ = [
    "MobileStaff",
    "PilotSummary",
    "PlanBudget",
    "budget",
    "mobile",
    "person_budget",
    "pilot",
]

_MUNICIPALITY = {"municipality": "1"}


@dataclass(frozen=True, eq=False)
class PlanBudget:
    """The cost of a plan; amounts are Decimal, EUR, whole cents, and add up to `total`.

    Parameters
    ----------
    total
        Everything, of all years.
    by_payer, by_kind, by_service
        Sums by year and payer; by year, kind (running, transport, capital) and payer; by
        year and service. Amounts of one municipality and service would tell the few
        clients behind them, so there are none.
    costs
        Price, units and shares of every service that is in the sums.
    missing
        Services with clients but no price: they are not in the sums.
    esf_ends
        The first year without ESF money, where it was asked for.
    """

    total: Decimal
    by_payer: pd.DataFrame
    by_kind: pd.DataFrame
    by_service: pd.DataFrame
    costs: tuple[ServiceCost, ...]
    missing: tuple[str, ...]
    esf_ends: int | None = None


def budget(
    asked: Asked,
    years: Sequence[int],
    *,
    shares: Mapping[str, object] | None = None,
    prices: Given | None = None,
    hours_per_visit: object = 1,
    variant: str = "middle",
    eur_per_km: object = None,
    transport_shares: Mapping[str, object] | None = None,
    capital: Given | None = None,
    capital_shares: Mapping[str, object] | None = None,
    esf_ends: int | None = None,
    takes_over: Mapping[str, object] | None = None,
) -> PlanBudget:
    """Return the cost of a plan by year and payer: running, transport, building.

    Parameters
    ----------
    asked
        A study or its result.
    years
        Years of the forecast of clients the cost rests on.
    shares
        Payer and share of the running cost (`esf`, `eraf`, `state`, `municipality`,
        `client`); the municipality pays all by default.
    prices
        Own price list; those found in public pages by default.
    hours_per_visit
        For prices by the hour.
    variant
        Of the forecast: `low`, `middle` or `high`.
    eur_per_km
        Adds the transport of clients, EUR a kilometre. Residents travel nowhere daily,
        and where staff travel nobody else does: neither is charged.
    transport_shares, capital_shares
        Who pays for transport, and for what is built; the municipality by default.
    capital
        What is built: `year`, `municipality_id`, `service`, `amount`.
    esf_ends
        First year without ESF money; `takes_over` says who pays its part then, the
        municipality by default.

    Examples
    --------
    >>> import socaccess as sa
    >>> found = sa.planning.budget(sa.Study.load("latgale"), [2026],
    ...                            shares={"esf": 0.85, "municipality": 0.15})
    >>> sum(found.by_payer["amount"]) == found.total
    True
    """
    if variant not in VARIANTS:
        raise UnknownNameError("programme.unknown_variant", name=variant, known=list(VARIANTS))
    table = load_prices() if prices is None else open_table(prices, read_prices)
    built = None if capital is None else open_table(capital, read_capital)
    result, _ = open_result(asked)
    types = result.study.service_types
    assert types is not None
    flows = {name: find_flows(result, name) for name in _list_priced(table, result)}
    costs, _ = list_costs(
        locate_prices(table, result.study.view),
        types,
        dict(shares or _MUNICIPALITY),
        hours_per_visit=hours_per_visit,
        services=list(result.study.promised or ()),
        flows=flows,
    )
    clients = forecast_clients(result.study, years).clients
    clients = clients[(clients["variant"] == variant) & (clients["service"] != ALL)]
    elsewhere: dict[tuple[str, str], float] = {}
    for cost in costs:
        elsewhere |= share_elsewhere(flows[cost.service])
    found = plan_budget(
        clients,
        costs,
        elsewhere=elsewhere,
        transport=_list_transport(result, costs, eur_per_km, transport_shares or _MUNICIPALITY),
        capital=built,
        capital_shares=capital_shares or _MUNICIPALITY,
    )
    if esf_ends is not None:
        found, _ = found.shift_payer(
            "esf", from_year=esf_ends, to=dict(takes_over or _MUNICIPALITY)
        )
    return PlanBudget(
        total=found.total,
        by_payer=found.sum_by("year", "payer"),
        by_kind=found.sum_by("year", "kind", "payer"),
        by_service=found.sum_by("year", "service"),
        costs=tuple(costs),
        missing=found.missing,
        esf_ends=esf_ends,
    )


def _list_priced(prices: pd.DataFrame, result: StudyResult) -> list[str]:
    """Return the promised services that have a price and visits to count."""
    types = result.study.service_types
    assert types is not None
    counted = set(prices["service"]) & set(types.loc[types["visits_per_week"].notna(), "service"])
    return [name for name in result.study.promised or () if name in counted]


def _list_transport(
    result: StudyResult,
    costs: Sequence[ServiceCost],
    eur_per_km: object,
    shares: Mapping[str, object],
) -> list[TransportCost]:
    """Return the cost of clients' ways: their visits a year, there and back, where they go."""
    if eur_per_km is None:
        return []
    assert result.study.service_types is not None
    types = result.study.service_types.set_index("service")
    found = []
    for cost in costs:
        row = types.loc[cost.service]
        if row["traveller"] != "client" or row["form"] == "residence":
            continue
        trips = float(row["visits_per_week"]) * WEEKS_PER_YEAR
        km = measure_transport(result, cost.service, trips_per_year=trips)
        found.append(TransportCost(cost.service, eur_per_km, km, dict(shares)))
    return found


def person_budget(
    asked: Asked,
    settlement: str,
    wishes: Sequence[Wish],
    budget: object,
    *,
    prices: Given | None = None,
    eur_per_km: object = 0,
    scenario: str = "now",
) -> PersonBudget:
    """Return the mix of services a person can pay for and reach that is worth most.

    Parameters
    ----------
    asked
        A study or its result.
    settlement
        Where the person lives, id or name.
    wishes
        What the person's support plan asks (`Wish`).
    budget
        EUR a month.
    prices
        Own price list; those found in public pages by default.
    eur_per_km
        Cost of a kilometre to the service.
    scenario
        `now` or `planned`.

    Examples
    --------
    >>> import socaccess as sa
    >>> month = sa.planning.person_budget(
    ...     sa.Study.load("latgale"), "Ludza", [sa.planning.Wish("dac_grt", 20)], 700)
    >>> month.cost + month.left == month.budget
    True
    """
    table = load_prices() if prices is None else open_table(prices, read_prices)
    result, _ = open_result(asked)
    return plan_person_budget(
        result, settlement, wishes, budget, prices=table, eur_per_km=eur_per_km, scenario=scenario
    )


@dataclass(frozen=True, eq=False)
class MobileStaff:
    """The work of mobile staff.

    Parameters
    ----------
    service
        Which service.
    take_up, take_up_basis
        Share of the people in need who come, and what it rests on: `given`, `observed`
        or `everyone`.
    clients_basis
        `need`, `goal` (a goal of the plan, shared out by inhabitants) or `unknown`.
    bases
        One row per base: `base`, `clients`, `visit_hours`, `road_hours` (a week),
        `road_share`, `workers`, `clients_per_worker`, `unserved`, `eur_per_year` (None without
        a price of an hour). Where clients are few nothing that would tell them is left.
    areas
        One row per area of a worker, as of `socaccess.programme.mobile.divide_areas`.
    """

    service: str
    take_up: float
    take_up_basis: str
    clients_basis: str
    bases: pd.DataFrame
    areas: pd.DataFrame


def mobile(
    asked: Asked,
    service: str,
    bases: Sequence[str],
    work: MobileWork,
    *,
    take_up: float | None = None,
    eligible: Given | None = None,
    groups: Sequence[str] = (),
    eur_per_hour: object | None = None,
    allow_small_counts: bool = False,
) -> MobileStaff:
    """Return the hours mobile staff spend on the road, and how many clients a worker serves.

    Parameters
    ----------
    asked
        A study or its result.
    service
        Such as `home_care`.
    bases
        Settlements staff start from, ids or names.
    work
        How staff work.
    take_up
        Share of the people in need who come; what was observed by default.
    eligible
        Who may have it: `municipality`, `disability_group`, `persons`; instead of the plan's
        need. Within a municipality they live as all do.
    groups
        Only these disability groups of `eligible`, such as `I`; all by default.
    eur_per_hour
        What an hour of a worker costs, on the road too.
    allow_small_counts
        Show counts of fewer people than the threshold too.

    Examples
    --------
    >>> import socaccess as sa
    >>> staff = sa.planning.mobile(sa.Study.load("latgale"), "home_care", ["Ludza"],
    ...                            sa.planning.MobileWork(3, 1, 40))
    >>> staff.bases["base"].tolist()
    ['Ludza']
    """
    result, below = open_result(asked, allow_small_counts=allow_small_counts)
    chosen = str(find_service(result.study, service)["service"])
    share, basis = choose_take_up(chosen, take_up)
    if eligible is None:
        persons, known = _spread_clients(result, chosen)
    else:
        given = open_table(eligible, read_eligible)
        persons, known = _spread_eligible(result.study, given, groups), "given"
    ids = result.study.settlements["settlement_id"].tolist()
    clients = dict(zip(ids, persons * share, strict=True))
    table, places = plan_mobile_work(result, bases, clients, work)
    table["eur_per_year"] = None
    if eur_per_hour is not None:
        week = [to_fraction(work.worker_hours_per_week * n) for n in table["workers"]]
        rate = to_fraction(eur_per_hour) * to_fraction(WEEKS_PER_YEAR)
        table["eur_per_year"] = [to_amount(hours * rate) for hours in week]
    areas = divide_areas(result.study, places, work.worker_hours_per_week)
    telling = ["visit_hours", "road_hours", "workers", "clients_per_worker", "eur_per_year"]
    table = hide_small(hide_small(table, "unserved", below=below), "clients", below=below)
    areas = hide_small(areas, "clients", below=below)
    return MobileStaff(chosen, share, basis, known, _blank_few(table, telling),
                       _blank_few(areas, ["hours", "workers"]))  # fmt: skip


def _blank_few(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return the table without the figures that would tell a hidden count of clients."""
    few = table["clients"].map(lambda cell: isinstance(cell, str)).astype(bool)
    return table.assign(**{name: table[name].astype(object).mask(few, None) for name in columns})


def _spread_eligible(study: Study, table: pd.DataFrame, groups: Sequence[str]) -> np.ndarray:
    """Return who is eligible by settlement: a municipality's by inhabitants."""
    known = sorted(set(table["disability_group"].dropna().astype(str)))
    for name in groups:
        if name not in known:
            raise UnknownNameError("programme.unknown_disability_group", name=name, known=known)
    chosen = table[table["disability_group"].isin(list(groups))] if groups else table
    homes = chosen["municipality"].map(lambda name: identify_municipality(study, str(name)))
    persons = chosen["persons"].astype(float).groupby(homes).sum()
    own = study.settlements["municipality_id"]
    people = study.settlements["population"].astype(float)
    whole = people.groupby(own).transform("sum")
    return (own.map(persons).fillna(0.0) * people / whole).to_numpy(dtype=float)


def _spread_clients(result: StudyResult, service: str) -> tuple[np.ndarray, str]:
    """Return persons by settlement, and whether they are those in need or a goal shared out."""
    persons = sum_persons(result, service)
    if persons.sum() > 0:
        return persons, "need"
    study = result.study
    assert study.service_types is not None
    group = study.service_types.set_index("service")["target_group"][service]
    if study.targets is not None:
        goal = study.targets.loc[study.targets["target_group"] == group, "persons"].sum()
        if goal > 0:
            # Those who will move in have no home yet: by inhabitants, as everybody.
            people = study.settlements["population"].to_numpy(dtype=float)
            return people / people.sum() * float(goal), "goal"
    return persons, "unknown"


@dataclass(frozen=True, eq=False)
class PilotSummary:
    """What a pilot of individual budgets came to.

    Parameters
    ----------
    sums
        `persons`, `met` (whose wishes are met whole), `budget`, `cost`, `left`.
    services
        One row per service: see `Pilot.summarise`; amounts of few persons are left out.
    persons, lines
        Person by person, for those who run the pilot; None unless small counts are
        allowed.
    """

    sums: dict[str, object]
    services: pd.DataFrame
    persons: pd.DataFrame | None = None
    lines: pd.DataFrame | None = None


def pilot(
    asked: Asked,
    plans: Given,
    *,
    prices: Given | None = None,
    eur_per_km: object = 0,
    scenario: str = "now",
    allow_small_counts: bool = False,
) -> PilotSummary:
    """Return what was wished, can be had and was used in a pilot of individual budgets.

    Parameters
    ----------
    asked
        A study or its result.
    plans
        One row per person and service: `person`, `settlement`, `budget`, `service`,
        `units` and, if wanted, `weight`, `least_units`, `used_units`.
    prices, eur_per_km, scenario
        As in `person_budget`.
    allow_small_counts
        Show amounts of few persons, and every person's month.
    """
    wished = open_table(plans, read_plans)
    table = load_prices() if prices is None else open_table(prices, read_prices)
    result, below = open_result(asked)
    found = plan_pilot(result, wished, prices=table, eur_per_km=eur_per_km, scenario=scenario)
    below = 0 if allow_small_counts else below
    return PilotSummary(
        _sum_pilot(found.persons, below),
        _hide_pilot(found.summarise(), below),
        found.persons if allow_small_counts else None,
        found.lines if allow_small_counts else None,
    )


def _hide_pilot(summary: pd.DataFrame, below: int) -> pd.DataFrame:
    """Return the summary without the rows' amounts where few persons stand behind them."""
    few = (summary["persons"] < below).to_numpy()
    parts = ["unreachable", "no_price", "no_money"]
    shown = hide_small(summary, "persons", parts, below=below)
    # Amounts, units and shares of a few would tell a person's month.
    for name in ("wanted", "units", "had_share", "cost", "used_units", "used_share", "measured"):
        shown[name] = shown[name].astype(object).where(~few, None)
    less = (summary["measured"] < below).to_numpy()
    for name in ("measured", "used_units", "used_share"):
        shown[name] = shown[name].where(~less, None)
    return shown


def _sum_pilot(persons: pd.DataFrame, below: int) -> dict[str, object]:
    """Return how many persons there are, whose wishes are met, and the money."""
    counts = {"persons": float(len(persons)), "met": float(persons["met"].sum())}
    hidden = hide_small(pd.DataFrame([counts]), "persons", ["met"], below=below)
    few = len(persons) < below
    money = {name: None if few else sum(persons[name]) for name in ("budget", "cost", "left")}
    return dict(hidden.iloc[0]) | money
