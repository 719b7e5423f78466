"""What keeps people from a service, place by place, as far as places and roads can tell.

Steps, prices, waiting lists and attitudes are not known here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.programme.general_services import PROPOSED_CRITERIA, Criterion, judge_reach
from socaccess.study import StudyResult

__all__ = ["OBSTACLES", "list_obstacles", "summarise_obstacles"]

_TOLERANCE = 1e-9

OBSTACLES = ("too_far", "no_road", "not_located", "only_elsewhere", "no_stop")
"""What can stand in the way: minutes over the limit, no road, a place nobody located; a facility
within the limit, but of another municipality only; no public transport to it."""


def list_obstacles(
    result: StudyResult,
    reach: pd.DataFrame | None = None,
    *,
    scenario: str = "now",
    stop: Criterion = PROPOSED_CRITERIA[0],
) -> pd.DataFrame:
    """Return the obstacles between every settlement and every promised service.

    Parameters
    ----------
    result
        A study's result. Services of which the data holds no facility are left out:
        of those nothing can be said.
    reach
        General services around the settlements or their people, as of
        `socaccess.programme.general_services.reach_people`; without them, where they hold no
        stop at all, or beyond the edge of their data, `no_stop` is left out.
    scenario
        `now` or `planned`.
    stop
        How near a stop must be.

    Returns
    -------
    pandas.DataFrame
        One row per obstacle: `settlement_id`, `settlement`, `municipality_id`,
        `municipality`, `service`, `obstacle`, `travel_min` (the mean of its people),
        `limit_min`, `over_min` (of too_far: by how much nine in ten stay within, at
        least 0), `facility` (the nearest), `population` (those who meet it).

    Examples
    --------
    >>> from socaccess import Study
    >>> found = list_obstacles(Study.load("latgale").run(sites=False))
    >>> bool((found.loc[found["obstacle"] == "too_far", "over_min"] >= 0).all())
    True
    """
    if scenario not in ("now", "planned"):
        raise UnknownNameError(
            "programme.unknown_scenario", name=scenario, known=["now", "planned"]
        )
    types = result.service_types.set_index("service")
    told = types[types["promised"] & types["supply_known"]]
    rows = result.settlement_coverage
    rows = rows[(rows["scenario"] == scenario) & rows["service"].isin(told.index)]
    rows = rows[rows["status"] != "no_data"]
    homes = result.study.settlements.set_index("settlement_id")
    placed = ~(homes.geometry.isna() | homes.geometry.is_empty)
    names = result.study.municipalities.set_index("municipality_id")["name"]
    table = rows.assign(
        settlement=rows["settlement_id"].map(homes["name"]),
        municipality_id=rows["settlement_id"].map(homes["municipality_id"]),
        limit_min=rows["service"].map(told["limit_min"].astype(float)),
    )
    table["municipality"] = table["municipality_id"].map(names)
    near = table["covered_share"].fillna(0.0)
    own = table["own_covered_share"].fillna(0.0)
    located = table["settlement_id"].map(placed).astype(bool)
    unreachable = (near < 1) & table["travel_min"].isna()
    # Those who travel need the stop; where staff travel to people nobody waits for a bus.
    travelling = table["service"].map(told["traveller"] == "client").astype(bool)
    unserved = table["settlement_id"].map(_find_unserved(reach, stop)).astype(float).fillna(0.0)
    unserved = unserved.where(travelling, 0.0)
    # Of the people of each settlement, the share that meets the obstacle.
    shares = {
        "too_far": (1 - near).where(table["travel_min"].notna(), 0.0),
        "no_road": (1 - near).where(unreachable & located, 0.0),
        "not_located": (1 - near).where(unreachable & ~located, 0.0),
        "only_elsewhere": near - np.minimum(own, near),
        "no_stop": near * unserved,
    }
    columns = ["settlement_id", "settlement", "municipality_id", "municipality", "service",
               "obstacle", "travel_min", "limit_min", "over_min", "facility",
               "population"]  # fmt: skip
    parts = [
        table.assign(obstacle=name, population=table["population"] * share)[share > _TOLERANCE]
        for name, share in shares.items()
    ]
    found = pd.concat(parts, ignore_index=True)
    over = np.maximum(found["p90_min"] - found["limit_min"], 0.0)
    found["over_min"] = np.where(found["obstacle"] == "too_far", over, np.nan)
    return found[columns].sort_values(
        ["service", "obstacle", "municipality_id", "settlement_id"],
        kind="stable",
        ignore_index=True,
    )


def summarise_obstacles(obstacles: pd.DataFrame, by: str = "service") -> pd.DataFrame:
    """Return settlements and inhabitants by obstacle and `by` (service or municipality_id).

    A settlement counts once for each service, so inhabitants of several services are
    not to be added up.

    Examples
    --------
    >>> rows = pd.DataFrame({"service": ["dac_grt", "dac_grt"], "obstacle": "too_far",
    ...                      "settlement_id": ["a", "b"], "population": [300, 100],
    ...                      "over_min": [5.0, 15.0]})
    >>> summarise_obstacles(rows).values.tolist()
    [['dac_grt', 'too_far', 2, 400, 15.0]]
    """
    if by not in ("service", "municipality_id"):
        raise UnknownNameError(
            "programme.unknown_summary", name=by, known=["service", "municipality_id"]
        )
    return obstacles.groupby([by, "obstacle"], as_index=False, sort=True).agg(
        settlements=("settlement_id", "nunique"),
        population=("population", "sum"),
        most_over_min=("over_min", "max"),
    )


def _find_unserved(reach: pd.DataFrame | None, stop: Criterion) -> pd.Series:
    """Return the share of people without a stop near enough, by settlement, where it is known."""
    if reach is None:
        return pd.Series(dtype=float)
    rows = reach[reach["kind"] == stop.kind]
    return judge_reach(rows, stop)["far"].groupby(rows["settlement_id"]).sum()
