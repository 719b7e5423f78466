"""The headline: of the people a plan promises services to, how many live near enough.

One function makes it, so that the terminal, `study.json`, the map and the
notebook all say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.study.reach import Reach
from socaccess.study.sites import Suggestions
from socaccess.study.tables import SCENARIOS

if TYPE_CHECKING:
    from socaccess.study.tables import StudyTables

__all__ = ["tell_headline"]

WORST = 5


def tell_headline(
    study: StudyTables,
    reach: Reach,
    settlement_coverage: pd.DataFrame,
    coverage: pd.DataFrame,
    suggestions: Suggestions,
    institutions: pd.DataFrame,
    not_located: pd.DataFrame,
) -> dict[str, Any]:
    """Return the headline numbers as plain values, ready for JSON.

    Shares are of the persons in need, and of the population for services whose
    group has no published figure (`share_of` says which).
    """
    services = _tell_services(study, reach, settlement_coverage, suggestions)
    counted = [row["service"] for row in services if row["promised"] and row["supply_known"]]
    worst = _rank_municipalities(study, coverage, counted)
    now = settlement_coverage[
        (settlement_coverage["scenario"] == "now") & settlement_coverage["service"].isin(counted)
    ]
    share = now["modelled_share"].to_numpy(dtype=float)
    weight = now["population"].to_numpy(dtype=float) * np.isfinite(share)
    settlements = study.settlements
    return {
        "region": study.name,
        "view": study.view,
        "municipalities": len(study.municipalities),
        **_count_views(settlements),
        "settlements": len(settlements),
        "population": round(float(settlements["population"].sum())),
        "targets": _tell_targets(study),
        "groups": _tell_groups(study, services, counted),
        "services": services,
        "counted_services": counted,
        "worst": worst[:WORST],
        "municipality_ranking": worst,
        "not_located": {
            "settlements": int((not_located["kind"] == "settlement").sum()),
            "facilities": int((not_located["kind"] == "facility").sum()),
        },
        "institutions": _tell_institutions(study, institutions),
        "modelled_share": _round(
            float(np.nansum(share * weight) / weight.sum()) if weight.sum() else np.nan
        ),
        "far_settlements": int(reach.settlements.far.sum()),
        "caveats": study.caveats,
    }


def _tell_services(
    study: StudyTables,
    reach: Reach,
    settlement_coverage: pd.DataFrame,
    suggestions: Suggestions,
) -> list[dict[str, Any]]:
    types = study.service_types
    assert types is not None
    promised = set(study.promised or ())
    inside = set(study.municipalities["municipality_id"])
    rows = []
    for service in types[types["counts_as_supply"] & types["limit_min"].notna()].itertuples():
        table = settlement_coverage[settlement_coverage["service"] == service.service]
        persons = table.loc[table["scenario"] == "now", "persons"].to_numpy(dtype=float)
        known = bool(np.nansum(persons) > 0)
        serving = reach.supply["planned"]
        serving = serving[serving["service"] == service.service]
        counts: dict[str, float | None] = {}
        shares: dict[str, float | None] = {}
        for scenario in SCENARIOS:
            part = table[table["scenario"] == scenario]
            weight = part["persons" if known else "population"].to_numpy(dtype=float)
            near = np.nansum(weight[(part["status"] == "covered").to_numpy()])
            total = np.nansum(weight)
            counts[scenario] = _round(float(near), 1) if known else None
            shares[scenario] = _round(float(near / total)) if total > 0 else None
        rows.append(
            {
                "service": service.service,
                "target_group": service.target_group,
                "limit_min": float(service.limit_min),
                "promised": service.service in promised,
                "supply_known": len(serving) > 0,
                "persons": _round(float(np.nansum(persons)), 1) if known else None,
                "share_of": "need" if known else "population",
                "covered": counts,
                "covered_share": shares,
                "facilities": _count_facilities(serving, inside),
                "suggested_sites": int((suggestions.sites["service"] == service.service).sum()),
            }
        )
    return rows


def _count_facilities(serving: pd.DataFrame, inside: set[str]) -> dict[str, int]:
    """Return located facilities of a service, by status, everywhere and in the study's region."""
    here = serving["municipality_id"].isin(inside)
    return {
        f"{status}{suffix}": int(((serving["status"] == status) & part).sum())
        for status in ("operating", "planned")
        for suffix, part in (("", True), ("_in_region", here))
    }


def _tell_groups(
    study: StudyTables, services: list[dict[str, Any]], counted: list[str]
) -> list[dict[str, Any]]:
    """Return per group with a figure: persons, and person-services within the limit.

    `covered` is the mean over the group's promised services with any known
    facility: how many of the persons live near enough to such a service on average.
    """
    if study.targets is None:
        return []
    rows = []
    for group in sorted(set(study.targets["target_group"])):
        own = [s for s in services if s["target_group"] == group and s["service"] in counted]
        own = [s for s in own if s["persons"] is not None]
        if not own:
            continue
        rows.append(
            {
                "target_group": group,
                "persons": own[0]["persons"],
                "services": [s["service"] for s in own],
                "covered": {
                    scenario: _round(float(np.mean([s["covered"][scenario] for s in own])), 1)
                    for scenario in SCENARIOS
                },
                "covered_share": {
                    scenario: _round(float(np.mean([s["covered_share"][scenario] for s in own])))
                    for scenario in SCENARIOS
                },
            }
        )
    return rows


def _tell_institutions(study: StudyTables, institutions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per service the movers will need, from how many institutions it is near now."""
    limits = study.limit_of()
    rows = []
    for service, group in institutions.groupby("to_service", sort=True):
        near = group["travel_min"] <= limits[str(service)]
        rows.append(
            {"service": service, "institutions": len(group), "within_limit": int(near.sum())}
        )
    return rows


def _tell_targets(study: StudyTables) -> list[dict[str, Any]]:
    if study.targets is None:
        return []
    columns = ["planning_region", "target_group", "persons", "indicator", "source",
               "note_lv", "note_en"]  # fmt: skip
    present = [name for name in columns if name in study.targets]
    rows = study.targets[present].to_dict("records")
    return [{key: _plain(value) for key, value in row.items()} for row in rows]


def _rank_municipalities(
    study: StudyTables, coverage: pd.DataFrame, counted: list[str]
) -> list[dict[str, Any]]:
    """Return the municipalities, worst first, by mean share covered over the counted services."""
    now = coverage[coverage["service"].isin(counted)]
    # Not a pivot table: that drops a municipality where nobody lives.
    keys = ["municipality_id", "municipality", "scope", "scenario"]
    share = now.groupby(keys)["covered_share"].mean()
    people = study.settlements.groupby("municipality_id")["population"].sum()
    rows = [
        {
            "municipality_id": key,
            "municipality": name,
            "population": round(float(people.get(key, 0.0))),
            "covered_share": {s: _round(share[key, name, "any", s]) for s in SCENARIOS},
            "own_covered_share": _round(share[key, name, "own", "now"]),
        }
        for key, name in share.index.droplevel(["scope", "scenario"]).unique()
    ]

    def order_row(row: dict[str, Any]) -> tuple[bool, float, str]:
        share = row["covered_share"]["now"]
        return share is None, share or 0.0, row["municipality_id"]

    return sorted(rows, key=order_row)


def _count_views(settlements: pd.DataFrame) -> dict[str, int]:
    """Return how many municipalities of the plan and of today the settlements lie in."""
    counts = {}
    for name, column in (("plan", "municipality_id_2009"), ("today", "municipality_id_2025")):
        if column in settlements:
            counts[f"municipalities_{name}"] = int(settlements[column].nunique())
    return counts


def _round(value: float, digits: int = 4) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), digits)


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value
