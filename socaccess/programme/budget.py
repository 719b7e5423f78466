"""The budget of a plan by year and payer, and what happens when a payer stops.

    running   = clients x units a year x price of a unit (own or other municipality's)
    transport = clients x km a year x price of a km
    capital   = what is built, in the year it is paid

Every line is split between payers in whole cents, so sums over anything agree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.amounts import find_share_problems, split_amount, to_amount, to_fraction
from socaccess.programme.costs import ServiceCost, TransportCost
from socaccess.schemas import Column, TableForm
from socaccess.sources.plain_tables import check_plain_table

__all__ = [
    "CAPITAL",
    "KINDS",
    "Budget",
    "plan_budget",
    "read_capital",
]

KINDS = ("running", "transport", "capital")
_COLUMNS = ["year", "municipality_id", "service", "kind", "payer", "amount"]

CAPITAL = TableForm(
    "capital",
    (
        Column("year", "integer", required=True, minimum=1990),
        Column("municipality_id", required=True),
        Column("service", required=True),
        Column("amount", "number", required=True, minimum=0),
    ),
)


@dataclass(frozen=True, eq=False)
class Budget:
    """The lines of a budget.

    Parameters
    ----------
    lines
        One row per year, municipality, service, kind (running, transport, capital) and
        payer, with `amount` (Decimal, EUR, whole cents).
    missing
        Services that have clients but no cost: they are not in the sums.
    """

    lines: pd.DataFrame
    missing: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        """Everything, EUR."""
        return sum(self.lines["amount"], Decimal("0.00"))

    def sum_by(self, *columns: str) -> pd.DataFrame:
        """Return the sums by some of year, municipality_id, service, kind, payer.

        Sums over any columns make the same total, to the cent.
        """
        unknown = [name for name in columns if name not in _COLUMNS[:-1]]
        if unknown or not columns:
            raise InputError("programme.sum_by_unknown", names=unknown, known=_COLUMNS[:-1])
        rows: dict[tuple[Any, ...], Decimal] = {}
        keys = zip(*(self.lines[name].tolist() for name in columns), strict=True)
        for key, amount in zip(keys, self.lines["amount"], strict=True):
            rows[key] = rows.get(key, Decimal("0.00")) + amount
        table = pd.DataFrame(
            [(*key, amount) for key, amount in sorted(rows.items(), key=lambda item: item[0])],
            columns=[*columns, "amount"],
        )
        return table.astype({"amount": object})

    def keep_services(self, services: Collection[str]) -> Budget:
        """Return the lines of some services only."""
        return Budget(
            self.lines[self.lines["service"].isin(list(services))].reset_index(drop=True),
            self.missing,
        )

    def shift_payer(
        self, payer: str, *, from_year: int, to: Mapping[str, object]
    ) -> tuple[Budget, pd.DataFrame]:
        """Return the budget when a payer stops and others take over, and who pays more.

        Parameters
        ----------
        payer
            Who stops, such as `esf`.
        from_year
            The first year it pays nothing.
        to
            Who takes over which share; they add up to 1.

        Returns
        -------
        tuple
            The budget, of the same total, and one row per year, municipality and payer
            with `amount` (what it pays more; the stopping payer less).

        Examples
        --------
        >>> lines = pd.DataFrame([(2024, "m", "dac_grt", "running", "esf", Decimal("10.01"))],
        ...                      columns=_COLUMNS)
        >>> after, more = Budget(lines).shift_payer(
        ...     "esf", from_year=2024, to={"state": 0.5, "municipality": 0.5})
        >>> after.sum_by("payer").values.tolist()
        [['municipality', Decimal('5.00')], ['state', Decimal('5.01')]]
        """
        raise_problems(find_share_problems(to, f"who takes over from {payer}"))
        if payer in to:
            raise InputError("programme.takes_over_itself", payer=payer)
        lines, changes = [], []
        for row in self.lines.to_dict("records"):
            if row["payer"] != payer or row["year"] < from_year:
                lines.append(row)
                continue
            changes.append({**row, "amount": -row["amount"]})
            for name, amount in split_amount(row["amount"], dict(to)).items():
                if amount:
                    lines.append({**row, "payer": name, "amount": amount})
                    changes.append({**row, "payer": name, "amount": amount})
        moved = Budget(_gather(lines), self.missing)
        more = Budget(_gather(changes)).sum_by("year", "municipality_id", "payer")
        return moved, more


def read_capital(path: str | Path) -> pd.DataFrame:
    """Return a table of what is built, as `plan_budget(capital=...)` takes it.

    Parameters
    ----------
    path
        CSV or XLSX of `year`, `municipality_id`, `service`, `amount` (EUR).

    Raises
    ------
    InputError
        With every finding at once.
    """
    return check_plain_table(path, CAPITAL)


def plan_budget(
    clients: pd.DataFrame,
    costs: Sequence[ServiceCost],
    *,
    elsewhere: Mapping[tuple[str, str], float] | None = None,
    transport: Sequence[TransportCost] = (),
    capital: pd.DataFrame | None = None,
    capital_shares: Mapping[str, object] | None = None,
) -> Budget:
    """Return the budget of a plan.

    Parameters
    ----------
    clients
        `municipality_id`, `service`, `year`, `clients`; one row each, so of one variant
        of a forecast.
    costs
        Prices, units and shares by service.
    elsewhere
        By municipality id and service, the share of its clients served in another
        municipality, at that one's price; see `share_elsewhere`.
    transport
        Cost of getting there, by service.
    capital
        `year`, `municipality_id`, `service`, `amount` of what is built.
    capital_shares
        Who pays which share of it.

    Raises
    ------
    InputError
        With everything wrong at once: shares that do not add up to 1, payers nobody
        knows, a municipality twice, negative prices, capital without shares.
    """
    _check_budget(clients, costs, transport, capital, capital_shares)
    by_service = {cost.service: cost for cost in costs}
    travel = {cost.service: cost for cost in transport}
    lines: list[dict[str, object]] = []

    def add(row: Mapping[str, object], kind: str, amount: Decimal, shares: object) -> None:
        for payer, part in split_amount(amount, dict(shares)).items():  # type: ignore[call-overload]
            if part:
                key = {name: row[name] for name in ("year", "municipality_id", "service")}
                lines.append({**key, "kind": kind, "payer": payer, "amount": part})

    missing = set()
    for row in clients.to_dict("records"):
        count = to_fraction(repr(float(row["clients"])))
        cost = by_service.get(row["service"])
        if cost is None:
            missing.add(str(row["service"]))
        else:
            away = to_fraction(
                repr(float((elsewhere or {}).get((row["municipality_id"], row["service"]), 0.0)))
            )
            home = str(row["municipality_id"])
            own, other = cost.pick_price(home), cost.pick_price(home, elsewhere=True)
            each = to_fraction(cost.units_per_client) * ((1 - away) * own + away * other)
            add(row, "running", to_amount(count * each), cost.shares)
        way = travel.get(row["service"])
        if way is not None:
            km = to_fraction(repr(float(way.km_per_client.get(row["municipality_id"], 0.0))))
            add(row, "transport", to_amount(count * km * to_fraction(way.eur_per_km)), way.shares)
    if capital is not None:
        for row in capital.to_dict("records"):
            add(row, "capital", to_amount(row["amount"]), capital_shares)
    return Budget(_gather(lines), tuple(sorted(missing)))


def _gather(lines: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(lines, columns=_COLUMNS).astype({"amount": object})
    keys = [*zip(*(map(str, table[name]) for name in _COLUMNS[:-1]), strict=True)]
    return table.iloc[sorted(range(len(table)), key=keys.__getitem__)].reset_index(drop=True)


def _check_budget(
    clients: pd.DataFrame,
    costs: Sequence[ServiceCost],
    transport: Sequence[TransportCost],
    capital: pd.DataFrame | None,
    capital_shares: Mapping[str, object] | None,
) -> None:
    problems: list[Problem] = []
    keys = ["municipality_id", "service", "year"]
    missing = [name for name in (*keys, "clients") if name not in clients]
    if missing:
        raise InputError("programme.column_missing", where="clients", names=missing)
    doubled = clients.duplicated(keys)
    if doubled.any():
        rows = tuple(" ".join(map(str, row)) for row in clients.loc[doubled, keys].values.tolist())
        problems.append(
            Problem("programme.clients_twice", "clients", rows)
        )  # fmt: skip
    for what, shares in [
        *((f"costs of {cost.service}", cost.shares) for cost in costs),
        *((f"transport to {cost.service}", cost.shares) for cost in transport),
        *([("capital", capital_shares or {})] if capital is not None else []),
    ]:
        problems += find_share_problems(shares, what)
    for cost in costs:
        for name in ("unit_price", "units_per_client", "unit_price_other"):
            value = getattr(cost, name)
            if value is not None and to_fraction(value, name) < 0:
                problems.append(Problem("programme.negative_value", cost.service, name=name))
        for name in ("own_prices", "other_prices"):
            if any(to_fraction(value, name) < 0 for value in getattr(cost, name).values()):
                problems.append(Problem("programme.negative_value", cost.service, name=name))
    raise_problems(problems)
