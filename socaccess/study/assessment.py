"""What the times of a study mean for its people: per settlement, per municipality, the gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from socaccess.coverage import find_gaps, judge_settlements, summarise_coverage
from socaccess.errors import InputError
from socaccess.study.reach import Nearest, Reach
from socaccess.study.sites import Suggestions
from socaccess.study.tables import SCENARIOS, StudyTables
from socaccess.travel.minutes import to_minutes

__all__ = [
    "assess_municipalities",
    "assess_settlements",
    "empty_as_none",
    "spread_need",
    "tell_gaps",
]


def spread_need(study: StudyTables) -> pd.DataFrame:
    """Return persons per settlement (rows, in order) and target group; NaN where unknown."""
    order = study.settlements["settlement_id"]
    if study.need is None or not len(study.need):
        return pd.DataFrame(index=order)
    table = study.need.pivot_table(
        index="settlement_id", columns="target_group", values="persons", aggfunc="sum"
    )
    return table.reindex(order)


def assess_settlements(
    study: StudyTables, reach: Reach, suggestions: Suggestions, persons: pd.DataFrame
) -> pd.DataFrame:
    """Return one row a settlement, service and scenario."""
    types = study.service_types
    assert types is not None
    assessed = types[types["counts_as_supply"] & types["limit_min"].notna()]
    if not len(assessed):
        raise InputError("service_types: none counts as supply and has a limit; set limit_min")
    unknown = np.full(reach.settlement_count, np.nan)
    blocks = [
        _cover_service(
            study,
            reach,
            suggestions,
            service,
            scenario,
            persons[group].to_numpy(dtype=float) if group in persons else unknown,
        )
        for service, group in zip(assessed.itertuples(), assessed["target_group"], strict=True)
        for scenario in SCENARIOS
    ]
    table = empty_as_none(
        pd.concat(blocks, ignore_index=True),
        ("facility_id", "facility", "own_facility_id", "own_facility"),
    )
    return (
        table.sort_values(["settlement_id", "service", "order"], kind="stable")
        .drop(columns="order")
        .reset_index(drop=True)
    )


def empty_as_none(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the table with None for every missing name: pandas makes NaN of some of them."""
    named = {name: table[name].astype(object).where(table[name].notna(), None) for name in columns}
    return table.assign(**named)


def _cover_service(
    study: StudyTables,
    reach: Reach,
    suggestions: Suggestions,
    service: object,
    scenario: str,
    need: np.ndarray,
) -> pd.DataFrame:
    name, traveller = str(service.service), str(service.traveller)  # type: ignore[attr-defined]
    limit = float(service.limit_min)  # type: ignore[attr-defined]
    supply = _gather_supply(reach, suggestions, name, scenario)
    points = supply["point"].to_numpy(dtype=int)
    settlements = study.settlements
    anyone = reach.find_nearest(points, traveller)
    home = np.concatenate(
        [
            settlements["municipality_id"].to_numpy(dtype=object),
            reach.institutions["municipality_id"].to_numpy(dtype=object),
        ]
    )
    same = home[:, None] == supply["municipality_id"].to_numpy(dtype=object)[None, :]
    own = reach.find_nearest(points, traveller, same)
    count = reach.settlement_count
    own_supply = same[:count].any(axis=1)
    table = {
        "settlement_id": settlements["settlement_id"],
        "name": settlements["name"],
        "municipality_id": settlements["municipality_id"],
        "service": name,
        "scenario": scenario,
        "order": SCENARIOS.index(scenario),
        **_describe(anyone, supply, limit, count, np.full(count, len(supply) > 0), ""),
        **_describe(own, supply, limit, count, own_supply, "own_"),
        "persons": need,
        "population": settlements["population"].to_numpy(dtype=float),
    }
    return pd.DataFrame(table)


def _gather_supply(
    reach: Reach, suggestions: Suggestions, service: str, scenario: str
) -> pd.DataFrame:
    columns = ["facility_id", "name", "municipality_id", "point"]
    base = reach.supply["planned" if scenario == "planned" else "now"]
    supply = base.loc[base["service"] == service, columns]
    if scenario == "suggested":
        supply = pd.concat([supply, suggestions.as_supply(service)[columns]], ignore_index=True)
    return supply.reset_index(drop=True)


def _describe(
    nearest: Nearest,
    supply: pd.DataFrame,
    limit: float,
    count: int,
    has_supply: np.ndarray,
    prefix: str,
) -> dict[str, np.ndarray]:
    travel_ms, place = nearest.travel_ms[:count], nearest.place[:count]
    ids = np.array([*supply["facility_id"], None], dtype=object)
    names = np.array([*supply["name"], None], dtype=object)
    status = judge_settlements(travel_ms, limit)
    # Where nobody offers the service there is a gap, not a missing road.
    status = np.where((status == "unreachable") & ~has_supply, "gap", status)
    described = {
        "travel_min": to_minutes(travel_ms),
        "facility_id": ids[place],
        "facility": names[place],
        "status": status,
    }
    if not prefix:
        described["length_km"] = nearest.length_km[:count]
        described["modelled_share"] = nearest.modelled_share[:count]
    return {prefix + key: value for key, value in described.items()}


def assess_municipalities(study: StudyTables, settlement_coverage: pd.DataFrame) -> pd.DataFrame:
    """Return one row a municipality, service, scenario and scope."""
    keys = ("municipality_id", "scenario")
    tables = [
        summarise_coverage(settlement_coverage, by=keys).assign(scope="any"),
        summarise_coverage(
            settlement_coverage, by=keys, travel="own_travel_min", status="own_status"
        ).assign(scope="own"),
    ]
    table = pd.concat([*tables, _list_uninhabited(study, tables)], ignore_index=True)
    names = study.municipalities.set_index("municipality_id")["name"]
    table.insert(1, "municipality", table["municipality_id"].map(names))
    order = {scenario: number for number, scenario in enumerate(SCENARIOS)}
    table = table.sort_values(
        ["municipality_id", "service", "scenario", "scope"],
        key=lambda column: column.map(order) if column.name == "scenario" else column,
        kind="stable",
    ).reset_index(drop=True)
    first = ["municipality_id", "municipality", "service", "scenario", "scope"]
    return table[[*first, *(name for name in table if name not in first)]]


def _list_uninhabited(study: StudyTables, tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return rows for municipalities without a settlement: nobody there, yet not lost."""
    present = set(tables[0]["municipality_id"])
    missing = [name for name in study.municipalities["municipality_id"] if name not in present]
    if not missing:
        return tables[0].iloc[:0]
    keys = pd.concat(tables)[["service", "scenario", "scope"]].drop_duplicates()
    rows = keys.merge(pd.DataFrame({"municipality_id": missing}), how="cross")
    return rows.assign(
        share_of="population", population=0, population_covered=0, unreachable_population=0
    )


def tell_gaps(study: StudyTables, settlement_coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the settlements beyond a limit now, with the nearest facility and the minutes over."""
    now = settlement_coverage[settlement_coverage["scenario"] == "now"]
    gaps = find_gaps(now, study.limit_of())
    names = study.municipalities.set_index("municipality_id")["name"]
    gaps["municipality"] = gaps["municipality_id"].map(names)
    gaps = gaps.rename(columns={"name": "settlement"})
    return gaps[
        [
            "service",
            "municipality_id",
            "municipality",
            "settlement_id",
            "settlement",
            "status",
            "travel_min",
            "limit_min",
            "over_min",
            "length_km",
            "modelled_share",
            "facility_id",
            "facility",
            "own_status",
            "own_travel_min",
            "persons",
            "population",
        ]
    ]
