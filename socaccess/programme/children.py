"""Children with disability in years to come, read off their ages; and how variants are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from socaccess.errors import InputError

__all__ = ["VARIANTS", "project_children"]

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
        raise InputError("newcomers_per_year needs low, middle and high, none negative")
    if len(years) and min(years) < base_year:
        raise InputError(f"years must not be before the base year {base_year}")
    rows = []
    for municipality, part in by_age.groupby("municipality_id", sort=True):
        ages = np.zeros(adult_age)
        youngest: tuple[int, float] = (adult_age, 0.0)
        for row in part.itertuples():
            low, high = (int(number) for number in str(row.age_group).split("-"))
            if high >= adult_age:
                raise InputError(f"age group {row.age_group} reaches beyond {adult_age - 1}")
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
