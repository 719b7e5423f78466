"""The headline: of the people a plan promises services to, how many live near enough.

One function makes it, so that the terminal, `study.json`, the map and the
notebook all say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.coverage import SCENARIOS, round_shares
from socaccess.study.assessment import assess_region
from socaccess.study.capacity import count_places
from socaccess.study.people import PeopleTimes
from socaccess.study.reach import Reach
from socaccess.study.sites import Suggestions

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs

__all__ = ["list_basket", "summarise_study"]

WORST = 5


def summarise_study(
    study: StudyInputs,
    reach: Reach,
    times: PeopleTimes,
    persons: pd.DataFrame,
    settlement_coverage: pd.DataFrame,
    coverage: pd.DataFrame,
    suggestions: Suggestions,
    institutions: pd.DataFrame,
    not_located: pd.DataFrame,
) -> dict[str, Any]:
    """Return the headline numbers as plain values, ready for JSON.

    Shares are of the persons in need, and of the population for services whose
    group has no published figure (`share_of` says which). Services that no source
    counts have no share.
    """
    services = _summarise_services(study, reach, assess_region(study, times, persons), suggestions)
    counted = list_basket(study, services)
    worst = _rank_municipalities(study, coverage, counted)
    now = settlement_coverage[
        (settlement_coverage["scenario"] == "now") & settlement_coverage["service"].isin(counted)
    ]
    share = now["modelled_share"].to_numpy(dtype=float)
    weight = now["population"].to_numpy(dtype=float) * np.isfinite(share)
    settlements, people = study.settlements, study.people
    return {
        "region": study.name,
        "view": study.view,
        "borders_year": study.borders_year,
        "municipalities": len(study.municipalities),
        **_count_views(settlements),
        "settlements": len(settlements),
        "population": round(float(settlements["population"].sum())),
        "people": {
            "points": len(people),
            "settlements_without_points": int((people["basis"] == "settlement").sum()),
        },
        "time_uncertainty": study.settings.time_uncertainty,
        "targets": _list_targets(study),
        "groups": _summarise_groups(study, services, counted, persons),
        "services": services,
        "counted_services": counted,
        "no_data": [row["service"] for row in services if not row["supply_known"]],
        "worst": worst[:WORST],
        "municipality_ranking": worst,
        "not_located": {
            "settlements": int((not_located["kind"] == "settlement").sum()),
            "facilities": int((not_located["kind"] == "facility").sum()),
        },
        "institutions": _summarise_institutions(study, institutions),
        "modelled_share": _round(
            float(np.nansum(share * weight) / weight.sum()) if weight.sum() else np.nan
        ),
        "far_settlements": int(reach.settlements.far.sum()),
        "caveats": study.caveats,
    }


def list_basket(study: StudyInputs, services: list[dict[str, Any]]) -> list[str]:
    """Return the services a mean may be taken over: those the data names, if somebody counts them.

    The catalogue's column `basket` names them, so that a new source of facilities does not
    move a mean unsaid; a catalogue without it means every promised service.
    """
    types = study.service_types.set_index("service")
    promised = types.index.isin(study.promised)
    named = promised
    if "basket" in types and types["basket"].notna().any():
        basket = types["basket"]
        named = basket.map(lambda value: isinstance(value, str) or value is True or value == 1)
        named = named.to_numpy(dtype=bool) & promised
    chosen = set(types.index[named])
    return [row["service"] for row in services if row["service"] in chosen and row["supply_known"]]


def _summarise_services(
    study: StudyInputs, reach: Reach, region: pd.DataFrame, suggestions: Suggestions
) -> list[dict[str, Any]]:
    inside = set(study.municipalities["municipality_id"])
    places = count_places(study, study.assessed_types["service"].tolist()).set_index("service")
    found = region[region["scope"] == "any"].set_index(["service", "scenario"]).to_dict("index")
    asked = set(suggestions.plans["service"])
    rows = []
    for service in study.assessed_types.itertuples():
        name = str(service.service)
        now = found[(name, "now")]
        by_need = now["share_of"] == "need"
        serving = reach.list_supply(name, "planned")
        counted = bool(len(serving)) or study.is_counted(name)
        figures: dict[str, dict[str, float | None]] = {}
        for key, digits in (("covered", 1), ("covered_share", 4)):
            for end in ("", "_low", "_high"):
                known = by_need or key == "covered_share"
                figures[key + end] = {
                    scenario: _round(found[(name, scenario)][key + end], digits) if known else None
                    for scenario in SCENARIOS
                }
        rows.append(
            {
                "service": name,
                "target_group": service.target_group,
                "limit_min": float(str(service.limit_min)),
                "promised": name in study.promised,
                "supply_known": counted,
                "known_by": _plain(getattr(service, "known_by", None)),
                "persons": _round(now["persons"], 1) if by_need else None,
                "share_of": now["share_of"],
                **figures,
                # What nobody counts is not none of it, and what was not asked is no answer.
                "facilities": _count_facilities(serving, inside, counted),
                "places": {
                    column: _plain(places.loc[name, column])
                    for column in ("places_operating", "unknown_operating", "places_planned",
                                   "unknown_planned")
                },
                "suggested_sites": len(suggestions.as_supply(name)) if name in asked else None,
            }
        )  # fmt: skip
    return rows


def _count_facilities(
    serving: pd.DataFrame, inside: set[str], counted: bool
) -> dict[str, int | None]:
    """Return located facilities of a service, by status, everywhere and in the study's region."""
    here = serving["municipality_id"].isin(inside).to_numpy()
    status = serving["status"].to_numpy(dtype=object)
    return {
        f"{name}{suffix}": int(((status == name) & part).sum()) if counted else None
        for name in ("operating", "planned")
        for suffix, part in (("", True), ("_in_region", here))
    }


def _summarise_groups(
    study: StudyInputs, services: list[dict[str, Any]], counted: list[str], persons: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return, for every group with a figure, its persons and its services one by one.

    `covered` and `covered_share` are the means over the services of the basket
    (`basket`), None where none of them is counted.
    """
    if study.targets is None:
        return []
    rows = []
    for group in sorted(set(study.targets["target_group"])):
        every = [row for row in services if row["target_group"] == group and row["promised"]]
        every = [row for row in every if row["persons"] is not None]
        if not every:
            continue
        basket = [row for row in every if row["service"] in counted]
        outside = study.find_outside_plan(group)
        means = {
            key: {scenario: _mean([row[key][scenario] for row in basket], digits)
                  for scenario in SCENARIOS}
            for key, digits in (("covered", 1), ("covered_share", 4))
        }  # fmt: skip
        rows.append(
            {
                "target_group": group,
                "persons": every[0]["persons"],
                "outside_plan": _round(float(np.nansum(persons[group].to_numpy()[outside])), 1),
                "services": [row["service"] for row in every if row["supply_known"]],
                "no_data": [row["service"] for row in every if not row["supply_known"]],
                "basket": [row["service"] for row in basket],
                **means,
            }
        )
    return rows


def _mean(values: list[float | None], digits: int) -> float | None:
    known = [value for value in values if value is not None]
    return _round(float(np.mean(known)), digits) if known else None


def _summarise_institutions(study: StudyInputs, institutions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, per service the movers will need, from how many institutions it is near now."""
    limits = study.limits_min()
    rows = []
    for service, group in institutions.groupby("to_service", sort=True):
        near = int((group["travel_min"] <= limits[str(service)]).sum())
        known = study.is_counted(str(service)) or group["to_facility_id"].notna().any()
        rows.append(
            {
                "service": service,
                "institutions": len(group),
                "within_limit": near if known else None,
            }
        )
    return rows


def _list_targets(study: StudyInputs) -> list[dict[str, Any]]:
    if study.targets is None:
        return []
    columns = ["planning_region", "target_group", "persons", "indicator", "source",
               "note_lv", "note_en"]  # fmt: skip
    present = [name for name in columns if name in study.targets]
    rows = study.targets[present].to_dict("records")
    return [{key: _plain(value) for key, value in row.items()} for row in rows]


def _rank_municipalities(
    study: StudyInputs, coverage: pd.DataFrame, counted: list[str]
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
    """Return a count rounded to `digits`, or a share to four; None where it is not known."""
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), digits) if digits < 4 else float(round_shares(np.array(value)))


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value
