"""Where two sources of a programme, or a forecast and what operates, do not agree."""

from __future__ import annotations

from typing import Any

import pandas as pd

from socaccess.programme.take_up import ALL
from socaccess.sources.services import load_contradictions
from socaccess.study import StudyResult

__all__ = ["list_contradictions"]


def list_contradictions(
    result: StudyResult,
    outlook: pd.DataFrame,
    goals: pd.DataFrame,
    provision: pd.DataFrame | None = None,
    *,
    below: int,
) -> pd.DataFrame:
    """Return where two sources, or a forecast and what operates, do not agree.

    Parameters
    ----------
    result
        The region's result as it may leave.
    outlook
        Forecast of each service beside what is registered, observed and needed.
    goals
        Goals with every alternative published.
    provision
        What providers said of their facilities: `facility_id`, `clients`.
    below
        Counts of persons under this are hidden.

    Returns
    -------
    pandas.DataFrame
        `kind`, `target_group`, `service`, `municipality`, `first`, `first_value`, `second`,
        `second_value`.
    """
    study = result.study
    here = dict(zip(study.municipalities["municipality_id"], study.municipalities["name"],
                    strict=True))  # fmt: skip
    rows = _compare_forecast(outlook)
    rows += _compare_clients(result, here, provision, below)
    rows += [
        ("two_goals", row["target_group"], None, None, row["goal_source"], row["goal"],
         row["alternative_to"], row["chosen_goal"])
        for row in goals[goals["alternative"]].to_dict("records")
    ]  # fmt: skip
    ours = load_contradictions()
    for row in ours[ours["planning_region"] == study.name].to_dict("records"):
        few = min(row["first_value"], row["second_value"]) < below
        if row["kind"] == "two_figures" or (few and row["kind"] != "places_differ"):
            continue
        where = here.get(row["municipality_id"], row["municipality"])
        rows.append((row["kind"], row["target_group"], row["service"], where, row["first"],
                     row["first_value"], row["second"], row["second_value"]))  # fmt: skip
    columns = ["kind", "target_group", "service", "municipality", "first", "first_value",
               "second", "second_value"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).astype(object)
    return table.where(table.notna(), None)


def _compare_forecast(outlook: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return services whose forecast, need or observed share does not fit what operates."""
    rows: list[tuple[Any, ...]] = []
    for row in outlook[outlook["service"] != ALL].to_dict("records"):
        registered, observed = row["registered"], row["observed"]
        key = (row["target_group"], row["service"], None)
        if registered > 0 and round(row["middle"]) < registered:
            rows.append(("forecast_below_operating", *key, "forecast", row["middle"], "register",
                         registered))  # fmt: skip
        if registered > row["needed"]:
            rows.append(("places_above_need", *key, "need", row["needed"], "register",
                         registered))  # fmt: skip
        if registered > 0 and observed > 0 and not 0.5 <= registered / observed <= 2:
            rows.append(("observed_and_registered", *key, "observed", observed, "register",
                         registered))  # fmt: skip
    return rows


def _compare_clients(
    result: StudyResult, names: dict[str, str], provision: pd.DataFrame | None, below: int
) -> list[tuple[Any, ...]]:
    """Return the facilities whose provider counts more clients than they have places."""
    if provision is None or not len(provision):
        return []
    facilities = result.study.facilities.set_index("facility_id")
    rows = []
    for facility, clients in provision[["facility_id", "clients"]].itertuples(index=False):
        if facility not in facilities.index or pd.isna(clients):
            continue
        row = facilities.loc[facility]
        if pd.notna(row["places"]) and clients > row["places"] and clients >= below:
            rows.append(("clients_above_places", row["target_group"], row["service"],
                         names.get(row["municipality_id"]), "places", float(row["places"]),
                         "provider", float(clients)))  # fmt: skip
    return rows
