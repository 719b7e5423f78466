"""A joint site of several municipalities: what it is worth to each, and how its cost is shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.amounts import split_amount, to_amount, to_fraction
from socaccess.programme.reach import (
    choose_joint_site,
    find_service,
    find_settlement,
    list_supply,
    measure_between,
    measure_supply,
    name_municipalities,
    spread_persons,
    take_limit,
)
from socaccess.study import StudyResult
from socaccess.travel.minutes import to_limit_ms

__all__ = ["SHARING", "share_cost", "value_joint_site"]

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
        raise InputError([Problem("partner has use or need only", "share_cost", tuple(odd))])
    amount = to_amount(total, "cost")
    partners = sorted(use)
    by_use = {name: to_fraction(repr(float(use[name]))) for name in partners}
    by_need = {name: to_fraction(repr(float(need[name]))) for name in partners}
    if by == "equal":
        return split_amount(amount, dict.fromkeys(partners, 1))
    if by in ("use", "need"):
        return split_amount(amount, by_use if by == "use" else by_need)
    if isinstance(by, str) or not 0 <= float(by) <= 1:
        raise InputError(f"by must be {', '.join(SHARING)} or a share from 0 to 1, got {by!r}")
    part = to_fraction(by)
    sums = sum(by_use.values()), sum(by_need.values())
    if not all(sums):
        raise InputError("nobody uses the site, or nobody needs it: choose another way of sharing")
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
        The settlement's id, and one row a partner: `persons` in need, `near_now`
        (within the limit of a facility now), `near_joint` (with the site as well),
        `gain`, `clients` (within the limit of the site), `near_alone` (with a site of
        its own instead), `cost` (its part), `cost_alone` (the whole) and `saving`.
    """
    study = result.study
    row = find_service(study, service)
    service, traveller = str(row["service"]), str(row["traveller"])
    limit = take_limit(study, service, limit_min)
    known = set(study.municipalities["municipality_id"])
    unknown = [name for name in partners if name not in known]
    problems = []
    if unknown:
        problems.append(Problem("municipality is not in the study", "partners", tuple(unknown)))
    if len(set(partners)) < 2:
        problems.append(Problem("a joint site needs two partners at least", "partners"))
    if years < 1:
        problems.append(Problem(f"years must be at least 1, got {years}", "years"))
    raise_problems(problems)
    partners = sorted(set(partners))
    between = measure_between(result, traveller)
    persons = spread_persons(result, service)
    ids = study.settlements["settlement_id"].tolist()
    if settlement is not None:
        site = find_settlement(study, settlement)
    else:
        joint = choose_joint_site(study, between, persons, limit, list(partners), list(partners))
        if joint is None:
            raise InputError(f"nobody of the partners is known to need {service}")
        site = joint.settlement_id
    within = to_limit_ms(limit)
    supply = list_supply(result, service)
    now_ms = measure_supply(result, supply, traveller)
    near_now = (now_ms <= within).any(axis=1) if now_ms.shape[1] else np.zeros(len(ids), bool)
    near_site = between[:, ids.index(site)] <= within
    home = study.settlements["municipality_id"].to_numpy(dtype=object)
    names = name_municipalities(study)
    whole = to_amount(yearly_cost, "yearly_cost") * years + to_amount(capital_cost, "capital_cost")
    rows = []
    for name in partners:
        inside = home == name
        alone = choose_joint_site(study, between, persons, limit, [name], [name])
        near_alone = (
            between[:, ids.index(alone.settlement_id)] <= within
            if alone is not None
            else np.zeros(len(ids), bool)
        )
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
