"""Children with disability in years to come, read off their ages; and how variants are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.amounts import round_whole
from socaccess.programme.take_up import ALL, observe_take_up, summarise_take_up
from socaccess.schemas import Column, TableForm
from socaccess.sources.plain_tables import check_plain_table
from socaccess.study import Study

__all__ = [
    "VARIANTS",
    "Assumptions",
    "Forecast",
    "forecast_clients",
    "project_children",
    "read_population",
]

VARIANTS = ("low", "middle", "high")
"""The variants of every forecast."""


def project_children(
    by_age: pd.DataFrame,
    years: Sequence[int],
    *,
    base_year: int,
    newcomers_per_year: Mapping[str, float] | None = None,
    adult_age: int = 18,
) -> pd.DataFrame:
    """Return children with disability in years to come, and those who come of age.

    Within an age group each age counts the same; every year all grow one year older,
    those who reach `adult_age` leave, and newcomers join the youngest age. Nobody
    dies, moves, or is found to have a disability later in life: a plain reading of
    the age structure, not a model of health.

    Parameters
    ----------
    by_age
        `municipality_id`, `age_group` (such as `0-6`) and `persons`.
    years
        The years wanted.
    base_year
        The year the table is of.
    newcomers_per_year
        By variant, newcomers of the whole table as a share of the mean of one age in
        the youngest group; 1 for all by default, which keeps its size.

    Returns
    -------
    pandas.DataFrame
        `municipality_id`, `year`, `variant`, `children`, `turning_adult` (those who
        reach adult age in the course of the year).

    Examples
    --------
    >>> ages = pd.DataFrame({"municipality_id": "m", "age_group": ["0-8", "9-17"],
    ...                      "persons": [9.0, 18.0]})
    >>> project_children(ages, [2021], base_year=2020).query("variant == 'middle'")[
    ...     ["children", "turning_adult"]].values.tolist()
    [[26.0, 2.0]]
    """
    factors = dict(newcomers_per_year or dict.fromkeys(VARIANTS, 1.0))
    if set(factors) != set(VARIANTS) or min(factors.values()) < 0:
        raise InputError("programme.newcomers")
    if len(years) and min(years) < base_year:
        raise InputError("programme.before_base_year", base=str(base_year))
    rows = []
    for municipality, part in by_age.groupby("municipality_id", sort=True):
        ages = np.zeros(adult_age)
        youngest: tuple[int, float] = (adult_age, 0.0)
        for row in part.itertuples():
            low, high = (int(number) for number in str(row.age_group).split("-"))
            if high >= adult_age:
                raise InputError("programme.age_too_high", group=row.age_group, last=adult_age - 1)
            each = float(row.persons) / (high - low + 1)
            ages[low : high + 1] += each
            youngest = min(youngest, (low, each))
        for variant in VARIANTS:
            now, leaving = ages.copy(), 0.0
            for year in range(base_year, max(years, default=base_year) + 1):
                if year > base_year:
                    leaving = float(now[-1])
                    now = np.concatenate([[youngest[1] * factors[variant]], now[:-1]])
                if year in years:
                    rows.append((municipality, year, variant, float(now.sum()), leaving))
    columns = ["municipality_id", "year", "variant", "children", "turning_adult"]
    return pd.DataFrame(rows, columns=columns)


POPULATION = TableForm(
    "population",
    (
        Column("municipality_id", required=True),
        Column("year", "integer", required=True),
        Column("population", "number", required=True, minimum=0),
        Column("variant", default=ALL, allowed=(*VARIANTS, ALL)),
        Column("target_group", default=ALL),
    ),
)


@dataclass(frozen=True, eq=False)
class Assumptions:
    """What a forecast assumes beyond the need itself.

    Parameters
    ----------
    base_year
        The year the persons in need are of.
    change_per_year
        By variant, the yearly change of the people in need as a share (-0.01: one
        per cent fewer each year); nothing changes by default, which is an assumption
        too.
    population
        In place of it: `municipality_id`, `year`, `population` and optionally
        `variant` and `target_group`; people in need follow it from the base year.
    take_up
        As of `summarise_take_up`; what was observed by default.
    basis
        What the change rests on, told with the result.
    """

    base_year: int = 2020
    change_per_year: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(VARIANTS, 0.0)
    )
    population: pd.DataFrame | None = None
    take_up: pd.DataFrame | None = None
    basis: str = "assumption"

    def __post_init__(self) -> None:
        odd = [f"{v}: {self.change_per_year.get(v)}" for v in VARIANTS
               if not -1 < float(self.change_per_year.get(v, np.nan)) < 1]  # fmt: skip
        problems = [Problem("programme.change_range", "assumptions", odd)] if odd else []
        if self.population is not None:
            missing = {"municipality_id", "year", "population"} - set(self.population)
            if missing:
                problems.append(
                    Problem("programme.column_missing", "population", names=sorted(missing))
                )
        raise_problems(problems)


@dataclass(frozen=True, eq=False)
class Forecast:
    """Clients by municipality, service, year and variant.

    Parameters
    ----------
    clients
        One row per municipality, target group, service (`all`: each person once), year
        and variant: `persons` in need, `take_up`, `clients`, and `clients_whole`,
        whole persons that add up to the region's.
    assumptions
        Everything assumed: what, of what, variant, value, basis, source.
    missing
        Services of the study without a take-up, so without a forecast.
    """

    clients: pd.DataFrame
    assumptions: pd.DataFrame
    missing: tuple[str, ...]

    def sum_region(self) -> pd.DataFrame:
        """Return the sums over the municipalities."""
        keys = ["target_group", "service", "year", "variant"]
        return self.clients.groupby(keys, as_index=False, sort=False)[
            ["persons", "clients", "clients_whole"]
        ].sum()

    def compare_indicators(self, targets: pd.DataFrame) -> pd.DataFrame:
        """Return the clients of each group beside the plan's figure, as result indicators.

        Columns: `target_group`, `year`, `variant`, `clients`, `target`, `indicator`
        (target, or what stands in for one), `share`, `reached` (None where the figure is
        no target), `source`.
        """
        region = self.sum_region()
        rows = []
        for target in targets.itertuples():
            part = region[
                (region["target_group"] == target.target_group) & (region["service"] == ALL)
            ]
            for row in part.itertuples():
                goal = float(target.persons)
                reached = None if target.indicator != "target" else bool(row.clients >= goal - 1e-9)
                rows.append(
                    (row.target_group, row.year, row.variant, round(row.clients, 1), goal,
                     target.indicator, row.clients / goal, reached, target.source)
                )  # fmt: skip
        columns = ["target_group", "year", "variant", "clients", "target", "indicator", "share",
                   "reached", "source"]  # fmt: skip
        table = pd.DataFrame(rows, columns=columns)
        return table.astype({"reached": object}) if len(table) else table


def forecast_clients(
    study: Study,
    years: Sequence[int],
    assumptions: Assumptions | None = None,
    *,
    services: Sequence[str] = (),
) -> Forecast:
    """Return the clients of each service to come.

    Parameters
    ----------
    study
        Whose need is taken, by settlement, and summed to its municipalities.
    years
        The years wanted, none before the base year.
    assumptions
        What is assumed.
    services
        Which services; by default those the plan promises.

    Raises
    ------
    InputError
        If the study knows no need, a year is before the base year, or a population
        table lacks a municipality or year.
    """
    chosen = assumptions or Assumptions()
    if study.need is None or not len(study.need):
        raise InputError("programme.no_need")
    early = [str(year) for year in years if year < chosen.base_year]
    problems = []
    if early or not len(years):
        problems.append(
            Problem("programme.before_base_year", "years", early, base=str(chosen.base_year))
        )  # fmt: skip
    raise_problems(problems)
    take_up = chosen.take_up
    if take_up is None:
        take_up = summarise_take_up(observe_take_up())
    persons = _sum_need(study)
    wanted = _choose_services(study, services, set(persons["target_group"]))
    rates = {(row["target_group"], row["service"]): row for row in take_up.to_dict("records")}
    index = _index_population(chosen, persons, years)
    rows, missing = [], []
    for group, service in wanted:
        rate = rates.get((group, service))
        if rate is None:
            missing.append(service if service != ALL else f"{ALL} ({group})")
            continue
        part = persons[persons["target_group"] == group]
        for year in years:
            for variant in VARIANTS:
                changed = [
                    row.persons * index(row.municipality_id, group, year, variant)
                    for row in part.itertuples()
                ]
                clients = [count * float(rate[variant]) for count in changed]
                for row, count, come, whole in zip(
                    part.itertuples(), changed, clients, round_whole(clients), strict=True
                ):
                    rows.append((row.municipality_id, row.municipality, group, service, int(year),
                                 variant, count, float(rate[variant]), come, whole))  # fmt: skip
    columns = ["municipality_id", "municipality", "target_group", "service", "year", "variant",
               "persons", "take_up", "clients", "clients_whole"]  # fmt: skip
    told = _tell_assumptions(chosen, take_up, wanted)
    return Forecast(pd.DataFrame(rows, columns=columns), told, tuple(missing))


def read_population(path: str | Path) -> pd.DataFrame:
    """Return a projection of the population, as `Assumptions(population=...)` takes it.

    Parameters
    ----------
    path
        CSV or XLSX of `municipality_id`, `year`, `population` and, if wanted,
        `variant` (low, middle, high) and `target_group`.

    Raises
    ------
    InputError
        With every finding at once.
    """
    return check_plain_table(path, POPULATION)


def _sum_need(study: Study) -> pd.DataFrame:
    assert study.need is not None
    home = study.settlements.set_index("settlement_id")["municipality_id"]
    table = study.need.assign(municipality_id=study.need["settlement_id"].map(home))
    table = table[table["municipality_id"].notna()]
    keys = ["target_group", "municipality_id"]
    table = table.groupby(keys, as_index=False, sort=True)["persons"].sum()
    names = study.municipalities.set_index("municipality_id")["name"]
    return table.assign(municipality=table["municipality_id"].map(names))


def _choose_services(
    study: Study, services: Sequence[str], groups: set[str]
) -> list[tuple[str, str]]:
    types = study.service_types
    assert types is not None
    unknown = [name for name in services if name not in set(types["service"])]
    raise_problems([Problem("programme.unknown_service", "services", unknown)] if unknown else [])
    chosen = list(services) or list(study.promised or ())
    group_of = dict(zip(types["service"], types["target_group"], strict=True))
    pairs = [(group, ALL) for group in sorted(groups)] if not services else []
    return pairs + [(group_of[name], name) for name in chosen if group_of[name] in groups]


def _index_population(
    chosen: Assumptions, persons: pd.DataFrame, years: Sequence[int]
) -> Callable[[str, str, int, str], float]:
    """Return a function of municipality, group, year and variant: people relative to the base."""
    table = chosen.population
    if table is None:

        def grow(_municipality: str, _group: str, year: int, variant: str) -> float:
            return float((1 + chosen.change_per_year[variant]) ** (year - chosen.base_year))

        return grow
    table = table.assign(
        variant=table.get("variant", ALL),
        target_group=table.get("target_group", ALL),
    )
    known = {
        (str(row.municipality_id), str(row.target_group), int(row.year), str(row.variant)): float(
            row.population
        )
        for row in table.itertuples()
    }

    def find(municipality: str, group: str, year: int, variant: str) -> float | None:
        for own_group in (group, ALL):
            for own_variant in (variant, "middle", ALL):
                value = known.get((municipality, own_group, year, own_variant))
                if value is not None:
                    return value
        return None

    lost = [
        f"{row.municipality_id} {year}"
        for row in persons.drop_duplicates("municipality_id").itertuples()
        for year in (chosen.base_year, *years)
        if not find(row.municipality_id, row.target_group, year, "middle")
    ]
    raise_problems(
        [Problem("programme.no_population", "population", lost)] if lost else []
    )  # fmt: skip

    def follow(municipality: str, group: str, year: int, variant: str) -> float:
        now = find(municipality, group, year, variant)
        base = find(municipality, group, chosen.base_year, variant)
        assert now is not None and base
        return now / base

    return follow


def _tell_assumptions(
    chosen: Assumptions, take_up: pd.DataFrame, wanted: list[tuple[str, str]]
) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = [
        ("base_year", None, None, None, float(chosen.base_year), chosen.basis, None)
    ]
    if chosen.population is None:
        rows += [("change_per_year", None, None, variant, float(chosen.change_per_year[variant]),
                  chosen.basis, None) for variant in VARIANTS]  # fmt: skip
    else:
        rows.append(("population_table", None, None, None, np.nan, chosen.basis, None))
    for row in take_up.to_dict("records"):
        if (row["target_group"], row["service"]) in wanted:
            rows += [("take_up", row["target_group"], row["service"], variant, float(row[variant]),
                      row.get("basis"), row.get("source")) for variant in VARIANTS]  # fmt: skip
    columns = ["what", "target_group", "service", "variant", "value", "basis", "source"]
    return pd.DataFrame(rows, columns=columns)
