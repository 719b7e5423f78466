"""A DI plan: its goals and what is reached of them, and its two maps of municipalities.

Its objects stand in `plan_objects`, the people who leave institutions in `movers`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, UnknownNameError
from socaccess.programme.take_up import ALL, observe_take_up
from socaccess.schemas import Column, TableForm
from socaccess.sources.boundaries import load_municipalities
from socaccess.sources.plain_tables import check_plain_table, fill_columns
from socaccess.sources.services import load_plan_targets
from socaccess.study import StudyResult

__all__ = [
    "REACHED",
    "check_goals",
    "compare_views",
    "list_reached",
    "read_reached",
]

REACHED = TableForm(
    "reached",
    (
        Column("planning_region", required=True),
        Column("target_group", required=True),
        Column("persons", "integer", required=True, minimum=0),
        Column("year", "integer", minimum=1990),
        Column("source", required=True),
    ),
    may_be_empty=True,
)


def read_reached(path: str | Path) -> pd.DataFrame:
    """Return what a region knows of people reached, as `check_goals(reached=...)` takes it.

    Raises
    ------
    InputError
        With every finding at once; a number without a source is refused.
    """
    return check_plain_table(path, REACHED)


def check_goals(
    regions: tuple[str, ...] | list[str] = (),
    *,
    reached: pd.DataFrame | None = None,
    result: StudyResult | None = None,
    on: dt.date | None = None,
) -> pd.DataFrame:
    """Return every goal of the plans with what has been reached of it.

    Parameters
    ----------
    regions
        Regions wanted; all by default.
    reached
        `planning_region`, `target_group`, `persons`, `year`, `source` where a region
        knows better than the published figures; by default the latest published count
        of people who got any service.
    result
        A study of one of the regions: adds how many of the persons live within the
        limit of the promised services on average (`near_persons`, `near_share`).
    on
        A day: figures of later years are not yet known on it.

    Returns
    -------
    pandas.DataFrame
        One row per goal: `planning_region`, `target_group`, `goal` (persons),
        `indicator` (target, or the figure that stands in for one), `goal_source`,
        `alternatives`, `persons` (NaN where nothing was published), `year`, `share`,
        `missing`, `status` (reached, not_reached; no_figure; no_target where no target
        was published), `source`.

    Examples
    --------
    >>> goals = check_goals(["kurzeme"])
    >>> goals[["target_group", "goal", "status"]].values.tolist()[1:]
    [['adults_grt_vsac', 35.0, 'no_figure'], ['children_ft', 350.0, 'no_figure']]
    """
    targets = load_plan_targets()
    known = sorted(set(targets["planning_region"]))
    unknown = [name for name in regions if name not in known]
    if unknown:
        raise UnknownNameError("programme.no_goals", names=unknown, known=known)
    if regions:
        targets = targets[targets["planning_region"].isin(list(regions))]
    done = _find_reached(reached, on)
    near = _find_near(result)
    rows = []
    for target in targets.to_dict("records"):
        key = (target["planning_region"], target["target_group"])
        persons, year, source = done.get(key, (np.nan, None, None))
        goal = float(target["persons"])
        if target["indicator"] != "target":
            status = "no_target"
        elif not np.isfinite(persons):
            status = "no_figure"
        else:
            status = "reached" if persons >= goal else "not_reached"
        rows.append(
            {
                "planning_region": key[0],
                "target_group": key[1],
                "goal": goal,
                "indicator": target["indicator"],
                "goal_source": target["source"],
                "alternatives": target["alternatives"],
                "persons": persons,
                "year": year,
                "share": persons / goal,
                "missing": max(goal - persons, 0.0) if np.isfinite(persons) else np.nan,
                "status": status,
                "source": source,
                "near_persons": near.get(key, (np.nan, np.nan))[0],
                "near_share": near.get(key, (np.nan, np.nan))[1],
            }
        )
    table = pd.DataFrame(rows)
    # A column of whole numbers with a gap would become one of fractions.
    table["year"] = pd.Series([row["year"] for row in rows], dtype=object)
    return table.sort_values(["planning_region", "target_group"], ignore_index=True)


def list_reached(region: str) -> pd.DataFrame:
    """Return the published counts of people reached in a region, of the form `REACHED`.

    Examples
    --------
    >>> list_reached("latgale")["year"].tolist()
    [2021, 2018, 2020, 2021, 2022]
    """
    seen = observe_take_up()
    rows = seen[(seen["service"] == ALL) & (seen["planning_region"] == region)]
    columns = [column.name for column in REACHED.columns]
    return rows.rename(columns={"recipients": "count", "persons": "whole"}).rename(
        columns={"count": "persons"}
    )[columns].reset_index(drop=True)  # fmt: skip


def _find_reached(
    reached: pd.DataFrame | None, on: dt.date | None = None
) -> dict[tuple[str, str], tuple[float, int | None, str | None]]:
    if reached is None:
        seen = observe_take_up()
        rows = seen[seen["service"] == ALL].rename(columns={"recipients": "count"})
    else:
        missing = {"planning_region", "target_group", "persons"} - set(reached)
        if missing:
            raise InputError("programme.column_missing", where="reached", names=sorted(missing))
        rows = fill_columns(reached, REACHED).rename(columns={"persons": "count"})
    found = {}
    if on is not None:
        rows = rows[rows["year"].isna() | (rows["year"] <= on.year)]
    for row in rows.sort_values("year", na_position="first", kind="stable").to_dict("records"):
        year = None if pd.isna(row["year"]) else int(float(row["year"]))
        found[(row["planning_region"], row["target_group"])] = (
            float(row["count"]),
            year,
            row["source"],
        )
    return found


def _find_near(result: StudyResult | None) -> dict[tuple[str, str], tuple[float, float]]:
    if result is None:
        return {}
    return {
        (result.study.name, row["target_group"]): (
            float(row["covered"]["now"]),
            float(row["covered_share"]["now"]),
        )
        for row in result.summary["groups"]
        if row["covered"]["now"] is not None
    }


def compare_views(result: StudyResult, *, scenario: str = "now") -> pd.DataFrame:
    """Return coverage of the same people in the plan's municipalities and in today's.

    Parameters
    ----------
    result
        A study whose settlements know both (`municipality_id_2009` and `_2025`).
    scenario
        `now`, `planned` or `suggested`.

    Returns
    -------
    pandas.DataFrame
        One row per view (plan, today), municipality and service, with `persons`,
        `covered` and `population`; the sums over each view are the same.

    Raises
    ------
    InputError
        If the settlements do not know both.
    """
    settlements = result.study.settlements
    columns = {"plan": "municipality_id_2009", "today": "municipality_id_2025"}
    missing = [name for name in columns.values() if name not in settlements]
    if missing:
        raise InputError("programme.column_missing", where="settlements", names=missing)
    rows = result.settlement_coverage
    rows = rows[rows["scenario"] == scenario]
    covered = rows["persons"] * rows["covered_share"].fillna(0.0)
    tables = []
    for view, column in columns.items():
        home = settlements.set_index("settlement_id")[column]
        names = load_municipalities(2009 if view == "plan" else 2025)
        named = names.set_index("municipality_id")["name"]
        table = rows.assign(
            view=view, municipality_id=rows["settlement_id"].map(home), covered=covered
        )
        table = table.groupby(["view", "municipality_id", "service"], as_index=False)[
            ["persons", "covered", "population"]
        ].sum(min_count=1)
        table.insert(2, "municipality", table["municipality_id"].map(named))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
