"""Cooperation of municipalities: who goes where, who owes whom, what a joint site is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.amounts import split_amount, to_amount, to_fraction
from socaccess.programme.reach import (
    ServiceAccess,
    choose_joint_site,
    find_settlement,
    name_municipalities,
)
from socaccess.routing import UNREACHABLE
from socaccess.study import StudyResult

__all__ = [
    "SHARING",
    "Flows",
    "assign_with_places",
    "find_flows",
    "settle_flows",
    "share_cost",
    "value_joint_site",
]


@dataclass(frozen=True, eq=False)
class Flows:
    """Where the people of each municipality would be served.

    Parameters
    ----------
    service, limit_min, scenario
        What was asked; the limit is inclusive.
    flows
        One row per pair of municipalities: `from_id`, `from_name`, `to_id`, `to_name`,
        `persons`, `mean_min`. A pair of the same is served at home.
    unserved
        `municipality_id`, `municipality`, `persons`, `reason` (too_far, no_places, no_data).
    unlimited
        Facilities whose places nobody published: they were taken as unlimited.
    municipalities
        Names by id of those that stand in the balance, also with nobody in need.
    supply_known
        Whether any source counts the service; of one that none counts nobody is said to
        be served or not (`no_data`).
    """

    service: str
    limit_min: float
    scenario: str
    flows: pd.DataFrame
    unserved: pd.DataFrame
    unlimited: tuple[str, ...]
    municipalities: dict[str, str] = field(default_factory=dict)
    supply_known: bool = True

    def summarise_balance(self) -> pd.DataFrame:
        """Return what each municipality buys and sells; the balances add up to nothing.

        Columns: `municipality_id`, `municipality`, `persons`, `at_home`, `bought`
        (served elsewhere), `sold` (people of others served here), `unserved`,
        `balance` (sold less bought).
        """
        return self._balance.copy()

    @cached_property
    def _balance(self) -> pd.DataFrame:
        names = dict(self.municipalities)
        for row in self.flows.itertuples():
            names |= {row.from_id: row.from_name, row.to_id: row.to_name}
        for row in self.unserved.itertuples():
            names[row.municipality_id] = row.municipality
        abroad = self.flows[self.flows["from_id"] != self.flows["to_id"]]
        at_home = self.flows[self.flows["from_id"] == self.flows["to_id"]]
        ids = sorted(names)
        table = pd.DataFrame(
            {"municipality_id": ids, "municipality": [names[name] for name in ids]}
        )
        for column, rows, key in (
            ("at_home", at_home, "from_id"),
            ("bought", abroad, "from_id"),
            ("sold", abroad, "to_id"),
            ("unserved", self.unserved, "municipality_id"),
        ):
            sums = rows.groupby(key)["persons"].sum()
            table[column] = table["municipality_id"].map(sums).fillna(0.0).astype(float)
        table.insert(2, "persons", table["at_home"] + table["bought"] + table["unserved"])
        table["balance"] = table["sold"] - table["bought"]
        if not self.supply_known:
            unknown = ["at_home", "bought", "sold", "unserved", "balance"]
            table[unknown] = np.nan
        return table


def find_flows(
    result: StudyResult,
    service: str,
    *,
    scenario: str = "now",
    limit_min: float | None = None,
    take_up: float = 1.0,
    use_places: bool = False,
) -> Flows:
    """Return where the people in need of a service would be served within the limit.

    Without places everyone goes to the nearest facility. With places as many as
    possible are served, and of all ways to do so the one with least travel: a linear
    program, so people may be split between facilities.

    Parameters
    ----------
    result
        A study's result. Facilities beyond its municipalities count: people cross
        borders.
    service
        Which service.
    scenario
        `now` or `planned`.
    limit_min
        Another limit than the study's, minutes, inclusive.
    take_up
        Share of the people in need who come.
    use_places
        Whether places bound what a facility serves. One whose places nobody
        published is not bounded, and named in `unlimited`.

    Raises
    ------
    InputError
        If the service is no supply, has no limit, or take_up is not above 0.
    """
    if not 0 < take_up < 10:
        raise InputError("programme.take_up_range", value=take_up)
    access = ServiceAccess(result, service, scenario=scenario, limit_min=limit_min)
    supply, ms, near = access.supply, access.ms, access.near
    persons = access.persons * take_up
    if use_places:
        served = assign_with_places(near, ms, persons, supply["places"].to_numpy(dtype=float))
    else:
        served = np.zeros(ms.shape)
        reached = access.near_any
        first = np.where(near, ms, UNREACHABLE)[reached].argmin(axis=1) if reached.any() else []
        served[np.flatnonzero(reached), first] = persons[reached]
    own = result.study.municipalities
    unlimited = (
        tuple(supply.loc[supply["places"].isna(), "facility_id"].astype(str)) if use_places else ()
    )
    return Flows(
        service=access.service,
        limit_min=access.limit_min,
        scenario=scenario,
        flows=_sum_flows(access, served),
        unserved=_sum_unserved(access, persons - served.sum(axis=1)),
        unlimited=unlimited,
        municipalities=dict(zip(own["municipality_id"], own["name"], strict=True)),
        supply_known=access.supply_known,
    )


def assign_with_places(
    near: np.ndarray, ms: np.ndarray, persons: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Return persons (settlements x facilities), most served first, then least travel."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    origin, facility = np.nonzero(near & (persons > 0)[:, None])
    served = np.zeros(near.shape)
    if not len(origin):
        return served
    minutes = ms[origin, facility] / 60_000
    # No chain of moves can cost as much as one person more is worth.
    worth = (float(minutes.max()) + 1) * (near.shape[1] + 1)
    column = np.arange(len(origin))
    bounded = np.flatnonzero(np.isfinite(places))
    position = np.full(len(places), -1)
    position[bounded] = np.arange(len(bounded))
    full = position[facility] >= 0
    rows = np.concatenate([origin, len(persons) + position[facility][full]])
    columns = np.concatenate([column, column[full]])
    matrix = coo_matrix(
        (np.ones(len(rows)), (rows, columns)),
        shape=(len(persons) + len(bounded), len(origin)),
    )
    bound = np.concatenate([persons, places[bounded]])
    answer = linprog(minutes - worth, A_ub=matrix.tocsr(), b_ub=bound, method="highs")
    if answer.x is None:
        raise InputError("programme.places_not_shared")
    served[origin, facility] = np.clip(answer.x, 0, None)
    # The solver's tolerance over the bound must not make anyone a debtor.
    total = served.sum(axis=1)
    over = total > persons
    served[over] *= (persons[over] / total[over])[:, None]
    return served


def _sum_flows(access: ServiceAccess, served: np.ndarray) -> pd.DataFrame:
    names = name_municipalities(access.result.study)
    origin, facility = np.nonzero(served > 1e-9)
    table = pd.DataFrame(
        {
            "from_id": access.home[origin],
            "to_id": access.supply["municipality_id"].to_numpy(dtype=object)[facility],
            "persons": served[origin, facility],
            "minutes": served[origin, facility] * access.ms[origin, facility] / 60_000,
        }
    )
    table["to_id"] = table["to_id"].astype(object).where(table["to_id"].notna(), "unknown")
    sums = table.groupby(["from_id", "to_id"], as_index=False, sort=True)[
        ["persons", "minutes"]
    ].sum()
    sums["mean_min"] = sums["minutes"] / sums["persons"]
    sums.insert(1, "from_name", sums["from_id"].map(names))
    sums.insert(3, "to_name", sums["to_id"].map(names).fillna("?"))
    return sums.drop(columns="minutes")


def _sum_unserved(access: ServiceAccess, left: np.ndarray) -> pd.DataFrame:
    names = name_municipalities(access.result.study)
    beyond = "too_far" if access.supply_known else "no_data"
    table = pd.DataFrame(
        {
            "municipality_id": access.home,
            "reason": np.where(access.near_any, "no_places", beyond),
            "persons": left,
        }
    )
    table = table[table["persons"] >= 1e-9]
    table = table.groupby(["municipality_id", "reason"], as_index=False, sort=True)["persons"].sum()
    table.insert(1, "municipality", table["municipality_id"].map(names))
    return table[["municipality_id", "municipality", "persons", "reason"]]


def settle_flows(
    flows: Flows, *, unit_price: object, units_per_client: object
) -> tuple[pd.DataFrame, dict[str, Decimal]]:
    """Return who owes whom for clients served elsewhere in a year, and each one's net.

    Parameters
    ----------
    flows
        Who goes where.
    unit_price
        EUR a unit for a client of another municipality.
    units_per_client
        Units a client uses in a year.

    Returns
    -------
    tuple
        A table of `from_id`, `to_id`, `persons`, `amount` (Decimal, whole cents), and
        the net of each municipality (received less paid), which add up to 0.00.

    Examples
    --------
    >>> rows = pd.DataFrame({"from_id": ["a"], "from_name": ["A"], "to_id": ["b"],
    ...                      "to_name": ["B"], "persons": [2.5], "mean_min": [10.0]})
    >>> none = pd.DataFrame(columns=["municipality_id", "municipality", "persons", "reason"])
    >>> table, net = settle_flows(Flows("dac_grt", 30.0, "now", rows, none, ()),
    ...                           unit_price="13.60", units_per_client=100)
    >>> net
    {'a': Decimal('-3400.00'), 'b': Decimal('3400.00')}
    """
    each = to_fraction(unit_price, "unit_price") * to_fraction(units_per_client, "units")
    if each < 0:
        raise InputError("programme.negative_price")
    abroad = flows.flows[flows.flows["from_id"] != flows.flows["to_id"]]
    amounts = [to_amount(to_fraction(repr(float(persons))) * each) for persons in abroad["persons"]]
    table = abroad[["from_id", "from_name", "to_id", "to_name", "persons"]].assign(amount=amounts)
    net: dict[str, Decimal] = {}
    for row in table.itertuples():
        net[row.from_id] = net.get(row.from_id, Decimal("0.00")) - row.amount
        net[row.to_id] = net.get(row.to_id, Decimal("0.00")) + row.amount
    return table.reset_index(drop=True), dict(sorted(net.items()))


SHARING = ("use", "need", "equal")
"""Ways of sharing a cost: by clients of the site, by persons in need, in equal parts."""


def share_cost(
    total: object,
    *,
    use: Mapping[str, float],
    need: Mapping[str, float],
    by: str | float = "use",
) -> dict[str, Decimal]:
    """Return each partner's part of a cost, adding up to the cent.

    Parameters
    ----------
    total
        EUR.
    use, need
        By partner: clients the site serves, and persons in need.
    by
        `use`, `need`, `equal`, or a number from 0 to 1: the share of the cost that is
        shared by need, the rest by use.

    Examples
    --------
    >>> share_cost("100.01", use={"a": 3, "b": 1}, need={"a": 1, "b": 1}, by=0.5)
    {'a': Decimal('62.51'), 'b': Decimal('37.50')}
    """
    if set(use) != set(need):
        odd = sorted(set(use) ^ set(need))
        raise InputError("programme.use_or_need_only", rows=odd)
    amount = to_amount(total, "cost")
    partners = sorted(use)
    by_use = {name: to_fraction(repr(float(use[name]))) for name in partners}
    by_need = {name: to_fraction(repr(float(need[name]))) for name in partners}
    if by == "equal":
        return split_amount(amount, dict.fromkeys(partners, 1))
    if by in ("use", "need"):
        return split_amount(amount, by_use if by == "use" else by_need)
    if isinstance(by, str) or not 0 <= float(by) <= 1:
        raise InputError("programme.unknown_sharing", value=by, known=SHARING)
    part = to_fraction(by)
    sums = sum(by_use.values()), sum(by_need.values())
    if not all(sums):
        raise InputError("programme.nobody_uses")
    mixed = {
        name: (1 - part) * by_use[name] / sums[0] + part * by_need[name] / sums[1]
        for name in partners
    }
    return split_amount(amount, mixed)


def value_joint_site(
    result: StudyResult,
    service: str,
    partners: Sequence[str],
    *,
    settlement: str | None = None,
    limit_min: float | None = None,
    yearly_cost: object = 0,
    capital_cost: object = 0,
    years: int = 1,
    by: str | float = "use",
) -> tuple[str, pd.DataFrame]:
    """Return the site of a joint facility and what it is worth to each partner.

    Parameters
    ----------
    result
        A study's result.
    service
        Which service.
    partners
        Ids of the municipalities that would share.
    settlement
        Where it would stand, id or name; by default the settlement of the partners
        with most of their people within the limit.
    limit_min
        Another limit than the study's.
    yearly_cost, capital_cost, years
        EUR a year, EUR once, and over how many years it is told; the same is taken
        for a site of one's own, so both must be of a size that serves all.
    by
        How the cost is shared; see `share_cost`.

    Returns
    -------
    tuple
        The settlement's id, and one row per partner, by id: `persons` in need, `near_now`
        (within the limit of a facility now), `near_joint` (with the site as well),
        `gain`, `clients` (within the limit of the site), `near_alone` (with a site of
        its own instead), `cost` (its part), `cost_alone` (the whole) and `saving`.
    """
    study = result.study
    access = ServiceAccess(result, service, limit_min=limit_min)
    limit, between, near_now = access.limit_min, access.between_ms, access.near_any
    persons, home = access.persons, access.home
    known = set(study.municipalities["municipality_id"])
    unknown = [name for name in partners if name not in known]
    problems = []
    if unknown:
        problems.append(Problem("programme.not_in_study", "partners", unknown))
    if len(set(partners)) < 2:
        problems.append(Problem("programme.two_partners", "partners"))
    if years < 1:
        problems.append(Problem("programme.years_below_one", "years", value=years))
    raise_problems(problems)
    partners = sorted(set(partners))
    ids = study.settlements["settlement_id"].tolist()
    if settlement is not None:
        site = find_settlement(study, settlement)
    else:
        joint = choose_joint_site(result, between, persons, limit, list(partners), list(partners))
        if joint is None:
            raise InputError("programme.nobody_in_need", service=service)
        site = joint.settlement_id
    near_site = access.find_near(between[:, ids.index(site)])
    names = name_municipalities(study)
    whole = to_amount(yearly_cost, "yearly_cost") * years + to_amount(capital_cost, "capital_cost")
    rows = []
    for name in partners:
        inside = home == name
        alone = choose_joint_site(result, between, persons, limit, [name], [name])
        near_alone = np.zeros(len(home), bool)
        if alone is not None:
            near_alone = access.find_near(between[:, ids.index(alone.settlement_id)])
        rows.append(
            {
                "municipality_id": name,
                "municipality": names[name],
                "persons": float(persons[inside].sum()),
                "near_now": float(persons[inside & near_now].sum()),
                "near_joint": float(persons[inside & (near_now | near_site)].sum()),
                "clients": float(persons[inside & near_site].sum()),
                "near_alone": float(persons[inside & (near_now | near_alone)].sum()),
            }
        )
    table = pd.DataFrame(rows)
    table.insert(5, "gain", table["near_joint"] - table["near_now"])
    use = dict(zip(table["municipality_id"], table["clients"], strict=True))
    need = dict(zip(table["municipality_id"], table["persons"], strict=True))
    parts = share_cost(whole, use=use, need=need, by=by) if whole else dict.fromkeys(
        partners, Decimal("0.00")
    )  # fmt: skip
    table["cost"] = [parts[name] for name in table["municipality_id"]]
    table["cost_alone"] = whole
    table["saving"] = [whole - cost for cost in table["cost"]]
    return site, table
