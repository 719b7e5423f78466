"""The studies that ship with the project: a planning region, as planned or as today."""

from __future__ import annotations

from typing import Any

import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.i18n import LANGUAGES, Texts
from socaccess.schemas import suggest_names
from socaccess.settings import Settings
from socaccess.sources import boundaries, embedded, services, settlements

__all__ = ["VIEWS", "load_tables"]

VIEWS = {"plan": 2009, "today": 2025}
"""Views of the map and the vintage of municipalities each uses."""

EVERYWHERE = "latvia"


def load_tables(region: str, *, view: str, settings: Settings) -> dict[str, Any]:
    """Return the tables of one region's study, or of all; see `Study.load`."""
    known = (*boundaries.REGIONS, EVERYWHERE)
    if region not in known:
        near = suggest_names(region, known, most=1)
        if near:
            raise UnknownNameError("study.unknown_region_near", region=region, near=near[0])
        raise UnknownNameError("study.unknown_region", region=region, known=known)
    if view not in VIEWS:
        raise UnknownNameError("study.unknown_view", view=view, known=list(VIEWS))
    vintage = VIEWS[view]
    region_column = "planning_region_2009" if view == "plan" else "planning_region"
    places = settlements.load_settlements()
    regions = places[region_column]
    places["municipality_id_2025"] = places["municipality_id"]
    if view == "plan":
        places["municipality_id"] = places["municipality_id_2009"]
    if region != EVERYWHERE:
        places = places[regions == region]
    outlines = boundaries.load_municipalities(vintage)
    names = outlines.set_index("municipality_id")["name"]
    # A municipality belongs to the study when a settlement of the region lies in it.
    outlines = outlines[outlines["municipality_id"].isin(places["municipality_id"])]
    facilities = services.load_facilities()
    if "provider_municipality_id" not in facilities:
        facilities["provider_municipality_id"] = None
    # Providers are known by today's municipality, whatever borders are shown.
    facilities["provider_municipality_id"] = facilities["provider_municipality_id"].fillna(
        facilities["municipality_id"]
    )
    facilities["municipality_id"] = facilities[
        "municipality_id_2009" if view == "plan" else "municipality_id"
    ]
    facilities["municipality_name"] = facilities["municipality_id"].map(names)
    people = settlements.load_people_points()
    people = people[people["settlement_id"].isin(places["settlement_id"])]
    need = services.load_need()
    need = need[need["settlement_id"].isin(places["settlement_id"])]
    groups = services.load_plan_targets()
    targets = groups if region == EVERYWHERE else groups[groups["planning_region"] == region]
    plan_groups = _complete_groups(set(targets["target_group"]))
    promised = services.load_promised_services()
    promised = promised[promised["target_group"].isin(plan_groups)]
    types = services.load_service_types()
    supply = set(types.loc[types["counts_as_supply"], "service"])
    return {
        "municipalities": outlines,
        "settlements": places,
        "facilities": facilities,
        "service_types": types,
        "people": people,
        "need": need,
        "promised": tuple(sorted(set(promised["service"]) & supply)),
        "targets": targets.reset_index(drop=True),
        "settings": settings,
        "name": region,
        "title": {lang: Texts(lang)(f"region.{region}") for lang in LANGUAGES},
        "view": view,
        "borders_year": vintage,
        "attribution": {lang: embedded.list_attributions(lang) for lang in LANGUAGES},
        "caveats": {lang: embedded.list_caveats("services", lang) for lang in LANGUAGES},
        "data_dates": "2019-2026",
        "inputs": list_inputs(),
    }


def _complete_groups(groups: set[str]) -> set[str]:
    # Parents are counted apart in the reports but come with the children the plan promises for.
    return groups | ({"parents_ft"} if "children_ft" in groups else set())


def list_inputs() -> list[dict[str, object]]:
    """Return every embedded file with its hash, for `study.json`."""
    found: pd.DataFrame = embedded.verify_data()
    return [
        {"file": f"data/{row.package}/{row.path}", "bytes": int(row.bytes), "sha256": row.sha256}
        for row in found.itertuples()
    ]
