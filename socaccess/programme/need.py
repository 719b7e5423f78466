"""Persons in need: from municipalities down to settlements, and beside the figures of the plans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.programme.amounts import share_out, to_fraction

__all__ = ["spread_to_settlements"]

PARTS = 10_000
"""Persons are spread in ten-thousandths, which add up exactly."""


def spread_to_settlements(
    persons: pd.DataFrame,
    settlements: pd.DataFrame,
    *,
    vintage: int = 2025,
    kind: str = "service",
    weight: str = "population",
) -> pd.DataFrame:
    """Return persons per settlement, shared out within each municipality by population.

    Parameters
    ----------
    persons
        `municipality_id`, `kind`, `persons`; NaN stays unknown in every settlement.
    settlements
        With `settlement_id`, `weight` and the municipality of the vintage.
    vintage
        Of which municipalities the ids are.
    kind
        The column that tells kinds apart: `service`, `target_group`, `age_group`.
    weight
        What to share by.

    Returns
    -------
    pandas.DataFrame
        `settlement_id`, `kind`, `persons` (to 0.0001, adding up exactly), `basis`:
        published where a municipality is one settlement, else estimate.

    Raises
    ------
    InputError
        If a municipality has no settlement in the table, or nobody to share by.

    Examples
    --------
    >>> need = pd.DataFrame({"municipality_id": ["m"], "service": ["dac_grt"], "persons": [1.0]})
    >>> places = pd.DataFrame({"settlement_id": ["a", "b", "c"], "municipality_id": "m",
    ...                        "population": [1, 1, 1]})
    >>> spread_to_settlements(need, places)["persons"].tolist()
    [0.3334, 0.3333, 0.3333]
    """
    column = _choose_column(settlements, vintage)
    groups = dict(iter(settlements.groupby(column, sort=True)))
    unknown = sorted(set(persons["municipality_id"]) - set(groups))
    raise_problems([Problem("programme.no_settlement_of", "need", unknown)] if unknown else [])
    blocks = []
    for row in persons.to_dict("records"):
        places = groups[row["municipality_id"]].sort_values("settlement_id")
        count = row["persons"]
        if pd.isna(count):
            parts: list[float] = [np.nan] * len(places)
        else:
            weights = [to_fraction(value) for value in places[weight].tolist()]
            parts = [p / PARTS for p in share_out(round(count * PARTS), weights)]
        blocks.append(
            pd.DataFrame(
                {
                    "settlement_id": places["settlement_id"],
                    kind: row[kind],
                    "persons": parts,
                    "basis": "published" if len(places) == 1 else "estimate",
                }
            )
        )
    columns = ["settlement_id", kind, "persons", "basis"]
    if not blocks:
        return pd.DataFrame(columns=columns)
    table = pd.concat(blocks, ignore_index=True)
    return table.sort_values([kind, "settlement_id"], ignore_index=True)


def _choose_column(settlements: pd.DataFrame, vintage: int) -> str:
    if vintage == 2025:
        wanted = "municipality_id_2025" if "municipality_id_2025" in settlements else ""
        return wanted or "municipality_id"
    column = f"municipality_id_{vintage}"
    if column not in settlements:
        raise InputError(
            "programme.no_codes_of_year", where="settlements", column=column, vintage=str(vintage)
        )
    return column
