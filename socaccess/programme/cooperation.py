"""Cooperation between municipalities: who goes where, who buys places from whom, who owes whom.

What a joint site is worth to each partner stands in `joint_site`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from socaccess.errors import InputError
from socaccess.programme.amounts import to_amount, to_fraction
from socaccess.programme.reach import (
    find_service,
    list_supply,
    measure_supply,
    name_municipalities,
    spread_persons,
    take_limit,
)
from socaccess.routing import UNREACHABLE
from socaccess.study import StudyResult
from socaccess.travel.minutes import to_limit_ms

__all__ = ["Flows", "find_flows", "settle_flows"]


@dataclass(frozen=True, eq=False)
class Flows:
    """Where the people of each municipality would be served.

    Parameters
    ----------
    service, limit_min, scenario
        What was asked; the limit is inclusive.
    flows
        One row a pair of municipalities: `from_id`, `from_name`, `to_id`, `to_name`,
        `persons`, `mean_min`. A pair of the same is served at home.
    unserved
        `municipality_id`, `municipality`, `persons`, `reason` (too_far, no_places).
    unlimited
        Facilities whose places nobody published: they were taken as unlimited.
    municipalities
        Names by id of those that stand in the balance, also with nobody in need.
    """

    service: str
    limit_min: float
    scenario: str
    flows: pd.DataFrame
    unserved: pd.DataFrame
    unlimited: tuple[str, ...]
    municipalities: dict[str, str] = field(default_factory=dict)

    def tell_balance(self) -> pd.DataFrame:
        """Return what each municipality buys and sells; the balances add up to nothing.

        Columns: `municipality_id`, `municipality`, `persons`, `at_home`, `bought`
        (served elsewhere), `sold` (people of others served here), `unserved`,
        `balance` (sold less bought).
        """
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
    row = find_service(result.study, service)
    service, traveller = str(row["service"]), str(row["traveller"])
    limit = take_limit(result.study, service, limit_min)
    if not 0 < take_up < 10:
        raise InputError(f"take_up must be above 0 and below 10, got {take_up}")
    supply = list_supply(result, service, scenario)
    ms = measure_supply(result, supply, traveller)
    near = (ms <= to_limit_ms(limit)) & (ms < UNREACHABLE)
    persons = spread_persons(result, service) * take_up
    if use_places:
        served = _assign_with_places(near, ms, persons, supply["places"].to_numpy(dtype=float))
    else:
        served = np.zeros(ms.shape)
        reached = near.any(axis=1) if ms.shape[1] else np.zeros(len(persons), dtype=bool)
        first = np.where(near, ms, UNREACHABLE).argmin(axis=1)[reached] if ms.shape[1] else []
        served[np.flatnonzero(reached), first] = persons[reached]
    own = result.study.municipalities
    unlimited = (
        tuple(supply.loc[supply["places"].isna(), "facility_id"].astype(str)) if use_places else ()
    )
    return Flows(
        service=service,
        limit_min=limit,
        scenario=scenario,
        flows=_sum_flows(result, supply, ms, served),
        unserved=_sum_unserved(result, persons, served, near),
        unlimited=unlimited,
        municipalities=dict(zip(own["municipality_id"], own["name"], strict=True)),
    )


def _assign_with_places(
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
        raise InputError(f"places could not be shared out: {answer.message}")
    served[origin, facility] = np.clip(answer.x, 0, None)
    # The solver's hair over the bound must not make anyone a debtor.
    total = served.sum(axis=1)
    over = total > persons
    served[over] *= (persons[over] / total[over])[:, None]
    return served


def _sum_flows(
    result: StudyResult, supply: pd.DataFrame, ms: np.ndarray, served: np.ndarray
) -> pd.DataFrame:
    names = name_municipalities(result.study)
    home = result.study.settlements["municipality_id"].to_numpy(dtype=object)
    origin, facility = np.nonzero(served > 1e-9)
    table = pd.DataFrame(
        {
            "from_id": home[origin],
            "to_id": supply["municipality_id"].to_numpy(dtype=object)[facility],
            "persons": served[origin, facility],
            "minutes": served[origin, facility] * ms[origin, facility] / 60_000,
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


def _sum_unserved(
    result: StudyResult, persons: np.ndarray, served: np.ndarray, near: np.ndarray
) -> pd.DataFrame:
    names = name_municipalities(result.study)
    left = persons - served.sum(axis=1)
    left[left < 1e-9] = 0.0
    reached = near.any(axis=1) if near.shape[1] else np.zeros(len(persons), dtype=bool)
    table = pd.DataFrame(
        {
            "municipality_id": result.study.settlements["municipality_id"],
            "reason": np.where(reached, "no_places", "too_far"),
            "persons": left,
        }
    )
    table = table[table["persons"] > 0]
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
        raise InputError("a price and its units must not be negative")
    abroad = flows.flows[flows.flows["from_id"] != flows.flows["to_id"]]
    amounts = [to_amount(to_fraction(repr(float(persons))) * each) for persons in abroad["persons"]]
    table = abroad[["from_id", "from_name", "to_id", "to_name", "persons"]].assign(amount=amounts)
    net: dict[str, Decimal] = {}
    for row in table.itertuples():
        net[row.from_id] = net.get(row.from_id, Decimal("0.00")) - row.amount
        net[row.to_id] = net.get(row.to_id, Decimal("0.00")) + row.amount
    return table.reset_index(drop=True), dict(sorted(net.items()))
