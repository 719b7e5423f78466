"""Two ways to finance the same people: by the place that is kept, by the budget of a person.

    by place  = places x units a year x price of the place's municipality, taken or not
    by person = clients x units a year x price of whoever serves them

A place is kept by the municipality it stands in, a person's budget by the one the person is of.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from socaccess.privacy import hide_pairs, hide_small
from socaccess.programme.amounts import to_amount, to_fraction
from socaccess.programme.budget import Budget, plan_budget
from socaccess.programme.compilation import Compilation, price_year
from socaccess.programme.costs import ServiceCost, price_hosts
from socaccess.study import Study
from socaccess.study.capacity import CAPACITY_BASES

__all__ = ["MECHANISMS", "Financing", "compare_financing", "count_places"]

MECHANISMS = ("place", "person")
"""Ways to finance a service."""


@dataclass(frozen=True, eq=False)
class Financing:
    """The same people financed in two ways; amounts are Decimal, EUR, whole cents, of a year.

    Parameters
    ----------
    services
        One row per year and service: `year`, `service`, `clients` (middle forecast of the
        region's people), `places` (kept in the region), `uncounted` (facilities whose
        places nobody published), `waiting` (clients beyond the places), `empty` (places
        beyond the clients), `unit`, `unit_price`, `price_year`, `place_eur`, `person_eur`,
        `person_eur_low` and `person_eur_high` (of the low and high forecast),
        `place_eur_per_client` (of those who have a place), `person_eur_per_client`. What is
        not known or would tell a hidden count is None, and is in no sum.
    payers
        Of services whose places are known, one row per year, mechanism and payer: `amount`, and
        `without_esf`, when others have taken over what the ESF pays.
    debts
        Of the first year, one row per service and pair of municipalities: `from_id`,
        `from_name` (owes), `to_id`, `to_name`, `persons` in need who would go, `unit_price`,
        `amount`; None where the count is hidden.
    missing
        Services with clients but no price.
    """

    services: pd.DataFrame
    payers: pd.DataFrame
    debts: pd.DataFrame
    missing: tuple[str, ...]


def count_places(study: Study) -> pd.DataFrame:
    """Return places that are kept, by service and municipality of the study.

    Returns
    -------
    pandas.DataFrame
        `service`, `municipality_id`, `places` (of operating facilities, where they are
        of this service alone), `uncounted` (facilities without such a number).

    Examples
    --------
    >>> table = count_places(Study.load("latgale"))
    >>> int(table.loc[table["service"] == "dac_grt", "places"].sum())
    253
    """
    own = study.facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    here = study.facilities[own & (study.facilities["status"] == "operating")]
    places = here["places"].astype(float)
    if "places_basis" in here:
        places = places.where(here["places_basis"].isin(list(CAPACITY_BASES)))
    table = here[["service", "municipality_id"]].assign(
        places=places.fillna(0.0), uncounted=places.isna().astype(int)
    )
    return table.groupby(["service", "municipality_id"], as_index=False, sort=True).sum()


def compare_financing(compiled: Compilation) -> Financing:
    """Return a programme's people financed by place and by person's budget, side by side.

    Prices are those of the programme, by municipality and at the index of each year; units
    a place is paid for are those one client uses in a year. Travel and building are the same
    in both and left out.

    Parameters
    ----------
    compiled
        The programme; what was compared once is kept with it.
    """
    if "financing" not in compiled.kept:
        compiled.kept["financing"] = _compare_financing(compiled)
    found: Financing = compiled.kept["financing"]
    return found


def _compare_financing(c: Compilation) -> Financing:
    money = c.plan.money
    places = count_places(c.result.study)
    elsewhere = c.elsewhere
    clients = c.forecast.clients[c.forecast.clients["service"].isin(c.promised)]
    priced = {cost.service for cost in c.costs[0]}
    missing = sorted(set(clients["service"]) - priced)
    middle = clients[(clients["variant"] == "middle") & clients["service"].isin(priced)]
    counts = clients.groupby(["year", "service", "variant"])["clients"].sum()
    services, payers = [], []
    for year in c.years:
        costs = [c.raise_cost(cost, year) for cost in c.costs[0]]
        here = middle[middle["year"] == year]
        sums = here.groupby("service")["clients"].sum()
        # A sum in which a hidden count stands would tell it.
        here = here[~here["service"].isin(sums.index[(sums > 0) & (sums < c.below)])]
        kept = places[places["service"].isin(set(here["service"]))]
        kept = kept.rename(columns={"places": "clients"}).assign(year=year)
        by_place = plan_budget(kept[["municipality_id", "service", "year", "clients"]], costs)
        by_person = plan_budget(here, costs, elsewhere=elsewhere)
        counted = set(by_place.lines["service"])
        of_year = counts[counts.index.get_level_values("year") == year].droplevel("year")
        services += _compare_services(c, of_year, kept, (by_place, by_person), costs)
        for mechanism, budget in zip(MECHANISMS, (by_place, by_person), strict=True):
            payers += _list_payers(year, mechanism, budget.keep_services(counted), money.takes_over)
    first = [c.raise_cost(cost, c.years[0]) for cost in c.costs[0] if cost.service in c.flows]
    debts = [_list_debts(c, c.years[0], cost) for cost in first]
    return Financing(
        pd.DataFrame(services).astype(object),
        pd.DataFrame(payers, columns=["year", "mechanism", "payer", "amount", "without_esf"]),
        pd.concat(debts, ignore_index=True) if debts else pd.DataFrame(columns=_DEBTS),
        tuple(missing),
    )


def _compare_services(
    c: Compilation,
    clients: pd.Series,
    kept: pd.DataFrame,
    budgets: tuple[Budget, Budget],
    costs: list[ServiceCost],
) -> list[dict[str, object]]:
    """Return the rows of a year whose `clients` are counted by service and variant."""
    place, person = (dict(b.sum_by("service").to_numpy().tolist()) for b in budgets)
    places = kept.groupby("service")[["clients", "uncounted"]].sum()
    rows: list[dict[str, object]] = []
    for cost in costs:
        name = cost.service
        if (name, "middle") not in clients.index:
            continue
        count = float(clients[name, "middle"])
        have, uncounted = places.loc[name].tolist() if name in places.index else (0.0, 0)
        # Of a service whose places nobody counts it is not known what keeping them costs.
        kept_eur = place.get(name) if have > 0 else None
        shown = name in person and have > 0
        row: dict[str, object] = {
            "year": kept["year"].iloc[0] if len(kept) else None,
            "service": name,
            "clients": count,
            "places": have or None,
            "uncounted": int(uncounted),
            "waiting": max(count - have, 0.0) if shown else None,
            "empty": max(have - count, 0.0) if shown else None,
            "unit": cost.unit,
            "unit_price": to_amount(to_fraction(cost.unit_price)),
            "price_year": price_year(cost),
            "place_eur": kept_eur,
            "person_eur": person.get(name),
            **{
                f"person_eur_{variant}": _scale(person.get(name), clients[name, variant], count)
                for variant in ("low", "high")
            },
            "place_eur_per_client": _scale(kept_eur, 1, min(count, have)) if shown else None,
            "person_eur_per_client": _scale(person.get(name), 1, count),
        }
        rows.append(row)
    shown_rows = hide_small(pd.DataFrame(rows), "clients", below=c.below) if rows else []
    return [] if not len(shown_rows) else _list_plain(shown_rows)


def _list_plain(frame: pd.DataFrame) -> list[dict[str, object]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _scale(amount: Decimal | None, up: float, down: float) -> Decimal | None:
    """Return the amount times `up` by `down`; None where nothing can be divided."""
    if amount is None or not down > 0:
        return None
    return to_amount(
        to_fraction(amount) * to_fraction(repr(float(up))) / to_fraction(repr(float(down)))
    )


def _list_payers(
    year: int, mechanism: str, budget: Budget, heirs: dict[str, float]
) -> list[tuple[object, ...]]:
    """Return who pays with the ESF, and without it."""
    after, _ = budget.shift_payer("esf", from_year=year, to=heirs)
    now, then = (
        dict(found.sum_by("payer").to_numpy().tolist()) if len(found.lines) else {}
        for found in (budget, after)
    )
    zero = Decimal("0.00")
    return [(year, mechanism, payer, now.get(payer, zero), then.get(payer, zero))
            for payer in sorted({*now, *then})]  # fmt: skip


_DEBTS = ["year", "service", "from_id", "from_name", "to_id", "to_name", "persons", "unit_price",
          "amount"]  # fmt: skip


def _list_debts(c: Compilation, year: int, cost: ServiceCost) -> pd.DataFrame:
    """Return who owes whom for a service: the price of who serves, for those who would come."""
    flows = hide_pairs(c.flows[cost.service].flows, "persons", ["from_id", "to_id"], below=c.below)
    away = flows[flows["from_id"] != flows["to_id"]].reset_index(drop=True)
    rates = c.rates.set_index("service")
    if cost.service not in rates.index or not len(away):
        return pd.DataFrame(columns=_DEBTS)
    base, change = c.plan.programme.base_year, c.plan.change.middle
    rate = to_fraction(repr(float(rates.loc[cost.service, "middle"])))
    rate *= (1 + to_fraction(change)) ** (year - base)
    hosts = price_hosts(c.prices, cost.service, client_of="other", unit=cost.unit,
                        index=c.plan.money.price_index, to_year=price_year(cost))  # fmt: skip
    grown = c.index_of(cost, year)
    region = cost.pick_price("", elsewhere=True)
    prices: list[Decimal] = []
    amounts: list[Decimal | None] = []
    for to, persons in zip(away["to_id"], away["persons"], strict=True):
        price = to_fraction(hosts[to]) * grown if to in hosts else region
        prices.append(to_amount(price))
        if isinstance(persons, str):
            amounts.append(None)
            continue
        clients = to_fraction(repr(float(persons))) * rate
        amounts.append(to_amount(clients * price * to_fraction(cost.units_per_client)))
    return away.assign(year=year, service=cost.service, unit_price=prices, amount=amounts)[_DEBTS]
