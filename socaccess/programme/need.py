"""Needs assessments: national open data and a region's own tables, down to settlements.

The two national layouts read here are "needed DI services" (per municipality, the
persons whose support plan names each service, cumulative by month) and "children
with disability by municipality and age". Their columns are found by what their
headings say, not by exact names, which differ between editions; what was taken for
what is told, and what was not understood is told too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import fold
from socaccess.programme.amounts import share_out, to_fraction
from socaccess.programme.need_tables import NeedTable, gather_persons
from socaccess.sources.tables import read_rows

__all__ = [
    "NeedTable",
    "check_against_targets",
    "read_children_by_age",
    "read_needed_services",
    "spread_to_settlements",
]

PARTS = 10_000
"""Persons are spread in ten-thousandths, which add up exactly."""

# Words of a heading -> service. All words of a row must occur; the first row that fits is taken.
# That rehabilitation in individual form is what the catalogue calls consultations, and in groups
# what it calls group classes, is our reading: pass `services` to say otherwise.
_SERVICE_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("dienas aprupes centr",), "dac_grt"),
    (("individual",), "consult_grt"),
    (("grup", "dzivokl"), "group_home"),
    (("grup", "maj"), "group_home"),
    (("atelpas",), "respite_grt"),
    (("darbnic",), "workshop"),
    (("aprupe", "maj"), "home_care"),
    (("mobil", "uzraudzib"), "home_care"),
    (("grup", "rehabilit"), "group_act"),
    (("grup", "nodarb"), "group_act"),
    (("atbalsta grup",), "group_act"),
)
_CODE_WORDS = ("atvk", "teritorijas kods", "municipality_id")
_NAME_WORDS = ("novads", "pilseta", "pasvaldiba", "teritorija", "municipality")
_YEAR_WORDS = ("gads", "year")
_MONTH_WORDS = ("menesis", "month")
_TOTAL_WORDS = ("kopa", "pavisam", "total")


def read_needed_services(
    path: str | Path,
    *,
    services: Mapping[str, str] | None = None,
    vintage: int | None = None,
) -> NeedTable:
    """Return persons per municipality and service as support plans need them.

    Parameters
    ----------
    path
        CSV or XLSX with a column of ATVK codes or municipality names, and one
        column a service.
    services
        Heading -> service, where the words are not understood as meant.
    vintage
        Which municipalities the codes are of; found from them if not given.

    Raises
    ------
    InputError
        With every finding at once: unknown municipalities, a code and a name that
        disagree, numbers that are none, negative or not whole, a municipality
        twice in a period.
    """
    frame, names, where = _read(path)
    given = {fold(heading): service for heading, service in (services or {}).items()}
    taken = _find_places(frame)
    kinds = {}
    for heading in frame.columns:
        if heading in taken.values():
            continue
        service = given.get(fold(heading)) or _name_service(heading)
        if service is not None:
            kinds[heading] = service
    return gather_persons(frame, names, where, taken, kinds, "service", vintage)


def read_children_by_age(path: str | Path, *, vintage: int | None = None) -> NeedTable:
    """Return children with disability per municipality and age group.

    Age groups are found by the two numbers of their heading (`0-6`, `16–17 gadi`);
    a column of totals is compared with their sum and not taken.

    Raises
    ------
    InputError
        As in `read_needed_services`, and where age groups overlap.
    """
    frame, names, where = _read(path)
    taken = _find_places(frame)
    kinds, total = {}, None
    for heading in frame.columns:
        if heading in taken.values():
            continue
        ages = re.findall(r"\d+", heading)
        if len(ages) == 2 and int(ages[0]) <= int(ages[1]) < 100:
            kinds[heading] = f"{int(ages[0])}-{int(ages[1])}"
        elif any(word in fold(heading) for word in _TOTAL_WORDS):
            total = heading
    bounds = sorted(tuple(map(int, kind.split("-"))) for kind in kinds.values())
    overlap = [f"{a}-{b}" for (_, end), (a, b) in itertools.pairwise(bounds) if a <= end]
    raise_problems([Problem("age groups overlap", where, tuple(overlap))] if overlap else [])
    return gather_persons(frame, names, where, taken, kinds, "age_group", vintage, total)


def _read(path: str | Path) -> tuple[pd.DataFrame, list[str], str]:
    path = Path(path)
    frame, names = read_rows(path)
    frame.columns = [str(column).strip() for column in frame.columns]
    return frame, names, path.name


def _find_places(frame: pd.DataFrame) -> dict[str, str]:
    """Return which heading is the code, the name, the year and the month."""
    taken: dict[str, str] = {}
    for field, words in (
        ("municipality_id", _CODE_WORDS),
        ("year", _YEAR_WORDS),
        ("month", _MONTH_WORDS),
        ("municipality", _NAME_WORDS),
    ):
        for heading in frame.columns:
            if heading not in taken.values() and any(word in fold(heading) for word in words):
                taken[field] = heading
                break
    # "16-17 gadi" is an age, "PP gads" a year.
    if re.search(r"\d", taken.get("year", "")):
        del taken["year"]
    return taken


def _name_service(heading: str) -> str | None:
    text = fold(heading)
    for words, service in _SERVICE_WORDS:
        if all(word in text for word in words):
            return service
    return None


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
    raise_problems(
        [Problem("municipality has no settlement in the table", "need", tuple(unknown))]
        if unknown
        else []
    )
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
        raise InputError(f"settlements: column {column} is missing; codes are of {vintage}")
    return column


def check_against_targets(
    persons: pd.DataFrame, targets: pd.DataFrame, *, region: str, kind: str = "target_group"
) -> pd.DataFrame:
    """Return the assessed persons of each group beside the figure of the plan.

    Columns: `target_group`, `persons`, `plan_persons`, `indicator`, `share_of_plan`,
    `source`. A share far from 1 is not an error: assessments and targets differ.
    """
    sums = persons.groupby(kind)["persons"].sum(min_count=1)
    rows = targets[targets["planning_region"] == region]
    table = pd.DataFrame(
        {
            "target_group": rows["target_group"],
            "persons": rows["target_group"].map(sums),
            "plan_persons": rows["persons"].astype(float),
            "indicator": rows["indicator"],
            "source": rows["source"],
        }
    )
    table["share_of_plan"] = table["persons"] / table["plan_persons"]
    return table.reset_index(drop=True)
