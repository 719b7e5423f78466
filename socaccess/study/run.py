"""The way of a study from its tables to its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.coverage import find_gaps, judge_settlements, summarise_coverage
from socaccess.errors import InputError
from socaccess.routing import UNREACHABLE
from socaccess.siting import SitingPlan
from socaccess.study.headline import tell_headline
from socaccess.study.reach import Nearest, Reach, measure_reach
from socaccess.study.result import SCENARIOS, StudyResult
from socaccess.study.sites import Suggestions, suggest_study_sites, tell_plan
from socaccess.study.tables import Progress, StudyTables
from socaccess.travel.times import to_minutes

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["run_study"]

# Institutions people move out of, and the group whose services they then need, where the
# catalogue has no column `moves_to` that says so.
_MOVERS = {"vsac": "adults_grt", "oof_inst": "children_oof"}


def run_study(
    study: StudyTables,
    *,
    suggest: bool,
    progress: Progress | None,
    answer: tuple[str, SitingPlan] | None = None,
) -> StudyResult:
    """Return the result of a study; see `Study.run`."""

    def tell(step: str, done: int = 0, total: int = 0) -> None:
        if progress is not None:
            progress(step, done, total)

    tell("travel")
    institutions = _list_institutions(study)
    reach = measure_reach(study, institutions, lambda done, total: tell("travel", done, total))
    tell("sites")
    persons = _spread_need(study)
    if answer is not None:
        suggestions = tell_plan(study, reach, *answer)
    else:
        suggestions = suggest_study_sites(
            study,
            reach,
            persons,
            services=_choose_site_services(study, reach) if suggest else (),
            progress=lambda done, total: tell("sites", done, total),
        )
    tell("coverage")
    settlement_coverage = _cover(study, reach, suggestions, persons)
    coverage = _summarise(study, settlement_coverage)
    gaps = _tell_gaps(study, settlement_coverage)
    not_located = _list_not_located(study, reach)
    leaving = _reach_from_institutions(study, reach)
    summary = tell_headline(
        study, reach, settlement_coverage, coverage, suggestions, leaving, not_located
    )
    return StudyResult(
        study=study,
        reach=reach,
        settlement_coverage=settlement_coverage,
        coverage=coverage,
        gaps=gaps,
        sites=suggestions.sites,
        plans=suggestions.plans,
        institutions=leaving,
        not_located=not_located,
        summary=summary,
    )


def _list_institutions(study: StudyTables) -> gpd.GeoDataFrame:
    facilities = study.facilities
    inside = facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    moving = facilities["service"].isin(list(_list_movers(study))) & (
        facilities["status"] == "operating"
    )
    return facilities[inside & moving & facilities["located"]].reset_index(drop=True)


def _list_movers(study: StudyTables) -> dict[str, str]:
    """Return, by service of an institution, the group whose services its people will need."""
    types = study.service_types
    assert types is not None
    if "moves_to" not in types:
        return _MOVERS
    told = types[types["moves_to"].notna()]
    return dict(zip(told["service"], told["moves_to"], strict=True))


def _choose_site_services(study: StudyTables, reach: Reach) -> tuple[str, ...]:
    """Return the services to suggest sites for: promised, gone to by clients, and known at all.

    Where the data holds no facility of a service, the gap is in the data: any site
    would seem to help everyone.
    """
    if study.settings.site_services:
        return tuple(study.settings.site_services)
    types = study.service_types
    assert types is not None
    known = set(reach.supply["now"]["service"])
    usable = types[
        types["service"].isin(study.promised or ())
        & types["service"].isin(known)
        & (types["traveller"] == "client")
        & types["limit_min"].notna()
    ]
    return tuple(usable["service"])


def _spread_need(study: StudyTables) -> pd.DataFrame:
    """Return persons per settlement (rows, in order) and target group; NaN where unknown."""
    order = study.settlements["settlement_id"]
    if study.need is None or not len(study.need):
        return pd.DataFrame(index=order)
    table = study.need.pivot_table(
        index="settlement_id", columns="target_group", values="persons", aggfunc="sum"
    )
    return table.reindex(order)


def _cover(
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
    table = _empty_as_none(
        pd.concat(blocks, ignore_index=True),
        ("facility_id", "facility", "own_facility_id", "own_facility"),
    )
    return (
        table.sort_values(["settlement_id", "service", "order"], kind="stable")
        .drop(columns="order")
        .reset_index(drop=True)
    )


def _empty_as_none(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
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


def _summarise(study: StudyTables, settlement_coverage: pd.DataFrame) -> pd.DataFrame:
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


def _tell_gaps(study: StudyTables, settlement_coverage: pd.DataFrame) -> pd.DataFrame:
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


def _reach_from_institutions(study: StudyTables, reach: Reach) -> pd.DataFrame:
    """Return one row an institution and service its people will need, nearest facility now."""
    types = study.service_types
    assert types is not None
    institutions = reach.institutions
    movers = _list_movers(study)
    rows = []
    for service in types[types["counts_as_supply"] & types["limit_min"].notna()].itertuples():
        supply = reach.supply["now"]
        supply = supply[supply["service"] == service.service].reset_index(drop=True)
        nearest = reach.find_nearest(supply["point"].to_numpy(dtype=int), str(service.traveller))
        for number, institution in enumerate(institutions.itertuples()):
            if movers[str(institution.service)] != service.target_group:
                continue
            position = reach.settlement_count + number
            place = nearest.place[position]
            late = nearest.travel_ms[position] >= UNREACHABLE
            rows.append(
                (
                    institution.facility_id,
                    institution.name,
                    institution.municipality_id,
                    institution.service,
                    service.service,
                    np.nan if late else nearest.travel_ms[position] / 60_000,
                    None if late else supply["facility_id"].iloc[place],
                    None if late else supply["name"].iloc[place],
                )
            )
    columns = ["facility_id", "name", "municipality_id", "service", "to_service", "travel_min",
               "to_facility_id", "to_facility"]  # fmt: skip
    table = _empty_as_none(pd.DataFrame(rows, columns=columns), ("to_facility_id", "to_facility"))
    return table.sort_values(["facility_id", "to_service"], ignore_index=True)


def _list_not_located(study: StudyTables, reach: Reach) -> pd.DataFrame:
    settlements = study.settlements[~reach.settlements.located]
    inside = study.facilities["municipality_id"].isin(study.municipalities["municipality_id"])
    unknown = study.facilities["municipality_id"].isna()
    # Whatever has a point is put on a road, unless there is none to be put on.
    network = reach.settlements.network
    lost = ~study.facilities["located"] | (not len(network.snappable_edges))
    facilities = study.facilities[lost & (inside | unknown)]
    names = study.municipalities.set_index("municipality_id")["name"]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "kind": "settlement",
                    "id": settlements["settlement_id"],
                    "name": settlements["name"],
                    "service": None,
                    "municipality": settlements["municipality_id"].map(names),
                    "reason": np.where(
                        settlements.geometry.isna() | settlements.geometry.is_empty,
                        "place_unknown",
                        "no_network",
                    ),
                }
            ),
            pd.DataFrame(
                {
                    "kind": "facility",
                    "id": facilities["facility_id"],
                    "name": facilities["name"],
                    "service": facilities["service"],
                    "municipality": facilities["municipality_id"].map(names),
                    "reason": np.select(
                        [facilities["located"], facilities["location_precision"] == "municipality"],
                        ["no_network", "only_municipality_known"],
                        "place_unknown",
                    ),
                }
            ),
        ],
        ignore_index=True,
    )
    return table.astype(object).where(table.notna(), None)
