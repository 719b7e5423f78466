"""What a report adds to a result: other limits, winter, places against need, borders crossed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.coverage import compare_limits

if TYPE_CHECKING:
    from socaccess.study import StudyResult

__all__ = [
    "compare_seasons",
    "list_counted",
    "rank_municipalities",
    "trace_flows",
]

NORMAL, WINTER = "normal", "winter"


def list_counted(result: StudyResult) -> list[str]:
    """Return the services the headline counts: promised, and with a facility in the data.

    Where no plan promises any of them, all with a facility count.
    """
    types = result.service_types
    known = types["supply_known"] & types["counts_as_supply"] & types["limit_min"].notna()
    promised = types[known & types["promised"]]["service"].tolist()
    return promised or types[known]["service"].tolist()


def compare_seasons(
    result: StudyResult, services: list[str], municipality_id: str | None = None
) -> pd.DataFrame:
    """Return how many people live within each of several limits, usually and in winter.

    Winter slows every road alike by `Settings.winter_speed_factor`, an assumption; the
    nearest facility stays the nearest, so times grow by the same factor.

    Parameters
    ----------
    result
        What a study answered.
    services
        The services to tell of.
    municipality_id
        Only the people of this municipality; of all by default.

    Returns
    -------
    pandas.DataFrame
        `service`, `season` (normal, winter), `limit_min` (inclusive), `covered_share`,
        `share_of` (need or population), `population`, `population_covered`; the
        service's own limit is among the limits.
    """
    table = result.list_people(services=services)
    if municipality_id is not None:
        table = table[table["municipality_id"] == municipality_id]
    own = result.study.limits_min()
    bands = set(result.study.settings.bands_min)
    limits = tuple(sorted(bands | {own[service] for service in services}))
    factor = result.study.settings.winter_speed_factor
    columns = ["service", "season", "limit_min", "covered_share", "share_of", "population",
               "population_covered"]  # fmt: skip
    if not len(table):
        return pd.DataFrame(columns=columns)
    tables = []
    for season, slower in ((NORMAL, 1.0), (WINTER, factor)):
        timed = table.assign(travel_min=table["travel_min"] / slower)
        tables.append(compare_limits(timed, limits).assign(season=season))
    found = pd.concat(tables, ignore_index=True)
    wanted = found["limit_min"].isin(bands) | (
        found["limit_min"] == found["service"].map(own).astype(float)
    )
    found = found[wanted].sort_values(["service", "season", "limit_min"], ignore_index=True)
    return found[columns]


def trace_flows(
    result: StudyResult, services: list[str], municipality_id: str | None = None
) -> pd.DataFrame:
    """Return where the nearest facility now lies for the people of each municipality.

    Parameters
    ----------
    result
        What a study answered.
    services
        The services to tell of.
    municipality_id
        Only flows that start or end here.

    Returns
    -------
    pandas.DataFrame
        One row per service, municipality of the people and municipality of the facility:
        `service`, `from_id`, `from_municipality`, `to_id`, `to_municipality`,
        `population`, `population_share` (of the people of the first), `crosses`, and
        `population_within` (those within the limit). People without any facility in
        reach have no row.
    """
    table = result.list_people(services=services)
    all_people = table.groupby(["service", "municipality_id"])["population"].sum()
    table = table[table["facility_id"].notna()]
    facilities = result.facilities.set_index("facility_id")
    table = table.assign(
        to_id=table["facility_id"].map(facilities["municipality_id"]),
        within=table["population"].where(table["status"] == "covered", 0.0),
    )
    keys = ["service", "municipality_id", "to_id"]
    flows = table.groupby(keys, sort=True, dropna=False)[["population", "within"]].sum()
    flows = flows.reset_index().rename(
        columns={"municipality_id": "from_id", "within": "population_within"}
    )
    names = dict(zip(result.facilities["municipality_id"], result.facilities["municipality_name"],
                     strict=True)) if "municipality_name" in result.facilities else {}  # fmt: skip
    own = result.municipalities.set_index("municipality_id")["name"]
    names |= own.to_dict()
    whole = [all_people[(row.service, row.from_id)] for row in flows.itertuples()]
    flows["from_municipality"] = flows["from_id"].map(names)
    flows["to_municipality"] = flows["to_id"].map(names)
    flows["population_share"] = flows["population"] / np.maximum(np.array(whole, float), 1e-12)
    flows["crosses"] = flows["from_id"] != flows["to_id"]
    if municipality_id is not None:
        flows = flows[(flows["from_id"] == municipality_id) | (flows["to_id"] == municipality_id)]
    columns = ["service", "from_id", "from_municipality", "to_id", "to_municipality",
               "population", "population_share", "population_within", "crosses"]  # fmt: skip
    return flows[columns].reset_index(drop=True)


def rank_municipalities(result: StudyResult, services: list[str]) -> pd.DataFrame:
    """Return the municipalities, worst first, by mean share of `services` within the limit.

    Columns: municipality_id, municipality, population, and the mean `covered_share` as
    `now`, `planned`, `suggested`, and `own` (now, the own municipality's facilities alone).
    """
    table = result.coverage[result.coverage["service"].isin(services)]
    people = result.settlements.groupby("municipality_id")["population"].sum()
    found = result.municipalities[["municipality_id", "name"]].rename(
        columns={"name": "municipality"}
    )
    found = pd.DataFrame(found)
    found["population"] = found["municipality_id"].map(people).fillna(0).round().astype(int)
    for scenario in ("now", "planned", "suggested"):
        part = table[(table["scenario"] == scenario) & (table["scope"] == "any")]
        found[scenario] = found["municipality_id"].map(
            part.groupby("municipality_id")["covered_share"].mean()
        )
    part = table[(table["scenario"] == "now") & (table["scope"] == "own")]
    found["own"] = found["municipality_id"].map(
        part.groupby("municipality_id")["covered_share"].mean()
    )
    return found.sort_values(["now", "municipality_id"], ignore_index=True)
