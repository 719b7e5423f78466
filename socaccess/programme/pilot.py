"""A pilot of individual budgets: many persons' plans at once, and what became of them.

The persons of a table are marks without a name; the table is for those who run the
pilot. What is told to others are the sums of `Pilot.summarise`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd

from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.programme.amounts import to_amount
from socaccess.programme.person_budget import Wish, plan_person_budget
from socaccess.schemas import Column, TableForm, check_table
from socaccess.sources.plain_tables import read_given
from socaccess.study import StudyResult

__all__ = ["PLANS", "Pilot", "plan_pilot", "read_plans"]

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
        One row a person: `person`, `budget`, `cost`, `left` (EUR a month), `met`
        (whether every wish is met whole).
    lines
        One row a person and service: the columns of
        `socaccess.programme.person_budget.PersonBudget.lines`, and `used_units`.
    """

    persons: pd.DataFrame
    lines: pd.DataFrame

    def summarise(self) -> pd.DataFrame:
        """Return one row a service: what was wished, can be paid for and reached, and was used.

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
    """Return a table of support plans, checked: one row a person and service.

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
    frame, names = read_given(path)
    where = Path(path).name
    table = check_table(frame, PLANS, where=where, row_names=names)
    if "used_units" not in table:
        table["used_units"] = pd.Series([None] * len(table), dtype="Int64")
    problems = []
    for column in ("budget", "settlement"):
        several = table.groupby("person")[column].nunique()
        bad = tuple(map(str, several[several > 1].index))
        if bad:
            problems.append(Problem(f"person has more than one {column}", where, bad))
    twice = table[table.duplicated(["person", "service"])]
    if len(twice):
        rows = tuple(f"{row.person}: {row.service}" for row in twice.itertuples())
        problems.append(Problem("service stands twice", where, rows))
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
        As in `socaccess.programme.person_budget.plan_person_budget`.

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
            problems.append(Problem(f"{person}: {error}", "plans"))
            continue
        persons.append((person, month.budget, month.cost, month.left, month.is_met))
        own = month.lines.assign(person=person)
        own["used_units"] = part["used_units"].to_numpy(dtype=object)
        lines.append(own)
    raise_problems(problems)
    columns = ["person", "budget", "cost", "left", "met"]
    return Pilot(pd.DataFrame(persons, columns=columns), pd.concat(lines, ignore_index=True))
