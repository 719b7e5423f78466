"""The tables of a workbook: one for each question a reader asks, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.documents.analysis import compare_seasons, trace_flows
from socaccess.documents.record import build_record
from socaccess.documents.tables import (
    list_tables,
    round_table,
    show_facilities,
    warn_of_small_counts,
)
from socaccess.i18n import Texts, sort_key
from socaccess.planning.released_access import list_access, rank_closing
from socaccess.privacy import mark_small, mark_untold, mark_withheld
from socaccess.study.capacity import count_places
from socaccess.study.proposals import describe_in_words, list_proposals

if TYPE_CHECKING:
    from socaccess.study.release import Release

__all__ = ["SHEETS", "list_notes", "list_sheets", "name_groups", "name_services"]

SHEETS = (
    "overview",
    "coverage",
    "gaps",
    "sites",
    "without_car",
    "sensitivity",
    "places",
    "access",
    "closing",
    "flows",
    "institutions",
    "facilities",
    "not_located",
    "origins",
    "notes",
)
"""Sheets of the workbook in their order; `without_car` where a study asks for it."""


_CODES = frozenset(
    ["service", "municipality_id", "settlement_id", "facility_id", "site_id", "from_id", "to_id",
     "id", "own_facility_id"]
)  # fmt: skip
_ORIGINS = ("population", "persons", "supply", "places", "minutes", "limit", "share", "range",
            "suggested", "borders")  # fmt: skip
_FACILITIES = ("operating", "planned", "operating_in_region", "planned_in_region")


def name_services(released: Release, lang: str) -> dict[str, str]:
    """Return the name of every service in one language."""
    types = released.result.service_types
    return dict(zip(types["service"], types[f"name_{lang}"], strict=True))


def name_groups(released: Release, lang: str) -> dict[str, str]:
    """Return the name of every target group in one language."""
    return released.result.study.name_groups(lang)


def list_sheets(released: Release, texts: Texts) -> dict[str, pd.DataFrame]:
    """Return the tables of the workbook by sheet, in the order of `SHEETS`.

    Columns keep their code names; `tables.column.*` translates them. Services, groups
    and all coded values stand in words; codes of services and places are for machines and
    left to the CSV files. Municipalities are in Latvian order.
    """
    tables = list_tables(released)
    record = build_record(released)
    result = released.result
    assessed = sorted(result.study.limits_min().keys() & set(result.settlement_coverage["service"]))
    words = describe_in_words(released, texts, list_proposals(released))
    coded = ["planned_there", "registered_there", "unregistered_there", "equals", "house"]
    sites = tables["sites"].drop(columns=coded, errors="ignore")
    sheets = {
        "overview": _list_overview(record),
        "coverage": tables["coverage"],
        "gaps": tables["gaps"],
        "sites": sites.merge(words, on="site_id", how="left"),
        **{name: tables[name] for name in ("without_car",) if name in tables},
        "sensitivity": compare_seasons(result, assessed),
        "places": _list_places(released, assessed),
        "access": list_access(released),
        "closing": _list_closing(rank_closing(released)),
        "flows": trace_flows(result, assessed),
        "institutions": _list_institutions(result.institutions),
        "facilities": _list_facilities(show_facilities(result)),
        "not_located": result.not_located,
    }
    made = {
        name: _put_in_words(_order(name, round_table(table)), released, texts)
        for name, table in sheets.items()
    }
    made["origins"] = pd.DataFrame(
        [(texts(f"tables.origin.{name}"), texts(f"tables.origin.{name}_text"))
         for name in _list_origins(result.study.mode)],
        columns=[texts("tables.origins.figure"), texts("tables.origins.origin")],
    )  # fmt: skip
    made["notes"] = pd.DataFrame(
        list_notes(released, texts),
        columns=[texts("tables.notes.topic"), texts("tables.notes.note")],
    )
    return made


def list_notes(released: Release, texts: Texts) -> list[tuple[str, str]]:
    """Return what a reader must know besides the numbers: pairs of topic and note."""
    study = released.result.study
    lang = texts.lang
    below = study.settings.suppress_below
    warning = warn_of_small_counts(released, texts)
    notes = [(texts("tables.column.warning"), warning)] if warning else []
    notes.append((texts("tables.notes.area"), study.title[lang]))
    if study.data_dates:
        notes.append((texts("tables.notes.data"), study.data_dates))
    values: dict[str, dict[str, Any]] = {
        "winter": {"share": texts.share(study.settings.winter_speed_factor)},
        "privacy": {
            "n": below,
            "small": mark_small(below),
            "withheld": mark_withheld(below),
            "untold": mark_untold(),
        },
    }
    topics = ["limit", "planned", "suggested", "winter", "places", "modelled"]
    if study.need_is_estimated:
        topics.insert(1, "need")
    if not released.is_lifted:
        topics.append("privacy")
    for topic in topics:
        own_roads = topic == "modelled" and not study.roads_are_modelled
        key = "modelled_roads" if own_roads else topic
        if topic == "limit":
            key = study.by_mode("limit", "limit_transit")
        if topic == "suggested":
            on_top = released.result.suggested_beside == "planned"
            key = "suggested_planned" if on_top else "suggested_now"
        text = texts(f"tables.notes.{key}_text", **values.get(topic, {}))
        notes.append((texts(f"tables.notes.{topic}"), text))
    notes += [(texts("tables.notes.caveat"), line) for line in study.caveats.get(lang, [])]
    notes += [(texts("tables.notes.source"), line) for line in study.attribution.get(lang, [])]
    return notes


def _list_origins(mode: str) -> tuple[str, ...]:
    """Return the tables whose origin is named; minutes without a car come from a timetable."""
    return tuple(
        "minutes_transit" if name == "minutes" and mode == "transit" else name for name in _ORIGINS
    )


def _list_overview(record: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {
            "service": row["service"],
            "target_group": row["target_group"],
            "promised": row["promised"],
            "supply_known": row["supply_known"],
            "limit_min": row["limit_min"],
            "persons": row["persons"],
            **{
                f"{short}_{key}": value
                for short, long in (("covered", "covered"), ("share", "covered_share"))
                for key, value in row[long].items()
            },
            "share_low": row["covered_share_low"]["now"],
            "share_high": row["covered_share_high"]["now"],
            "share_of": row["share_of"],
            **{key: row["facilities"].get(key) for key in _FACILITIES},
            "suggested_sites": row["suggested_sites"],
        }
        for row in record["headline"]["services"]
    ]
    return pd.DataFrame(rows)


def _list_places(released: Release, services: list[str]) -> pd.DataFrame:
    table = count_places(released.result.study, services)
    persons = {
        group: released.show_region(group, found.estimate.sum())
        for group, found in released.protections.items()
    }
    if released.is_lifted:
        wholes = {
            row["target_group"]: row["persons"] for row in released.result.summary["services"]
        }
        persons = {group: released.show_region(group, whole) for group, whole in wholes.items()}
    table.insert(2, "persons", table["target_group"].map(persons).astype(object))
    return table


def _list_closing(ranking: pd.DataFrame) -> pd.DataFrame:
    columns = ["rank", "service", "name", "municipality", "places", "persons", "falls_out",
               "unreachable", "extra_min", "extra_max_min", "to", "moving", "without_place",
               "place_unknown"]  # fmt: skip
    return ranking.reindex(columns=columns).rename(columns={"to": "next_facility"})


def _list_institutions(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"name": "institution", "service": "institution_service"})[
        ["facility_id", "institution", "municipality_id", "to_service", "travel_min", "to_facility"]
    ]


def _list_facilities(facilities: pd.DataFrame) -> pd.DataFrame:
    columns = ["facility_id", "name", "service", "target_group", "places", "places_basis",
               "address", "settlement", "municipality_id", "municipality_name", "status",
               "status_year", "location_precision", "source"]  # fmt: skip
    table = pd.DataFrame(facilities[[name for name in columns if name in facilities]])
    return table.rename(
        columns={"municipality_name": "municipality", "status": "facility_status"}
    ).sort_values("facility_id", ignore_index=True)


def _order(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return municipalities in Latvian order; lists that are ranked keep theirs."""
    if name not in ("coverage", "facilities", "not_located"):
        return table
    names = table["municipality"].fillna("").astype(str).tolist()
    return table.iloc[sorted(range(len(names)), key=lambda i: sort_key(names[i]))]


def _put_in_words(table: pd.DataFrame, released: Release, texts: Texts) -> pd.DataFrame:
    shown = table.reset_index(drop=True).copy()
    services = name_services(released, texts.lang)
    for name in ("service", "to_service"):
        if name in shown:
            place = shown.columns.get_loc(name)
            words = shown[name].map(services).astype(object)
            if name == "service":
                shown.insert(place, "service_name", words.where(words.notna(), shown[name]))
            else:
                shown[name] = words
    if "target_group" in shown:
        groups = name_groups(released, texts.lang)
        shown["target_group"] = [groups.get(code, code) for code in shown["target_group"]]
    for name in shown.columns:
        known = texts.family(f"tables.value.{name}.")
        if known:
            shown[name] = [known.get(code, code) for code in shown[name]]
        elif shown[name].dtype == bool:
            shown[name] = shown[name].map({True: texts("tables.yes"), False: texts("tables.no")})
    if "municipality_id" in shown and "municipality" not in shown:
        homes = released.result.municipalities.set_index("municipality_id")["name"].to_dict()
        names = [homes.get(code) for code in shown["municipality_id"]]
        shown.insert(shown.columns.get_loc("municipality_id"), "municipality", names)
    shown = shown.drop(columns=[name for name in shown.columns if name in _CODES])
    shown = shown.rename(columns={"facility_status": "status"})
    return shown.astype(object).where(shown.notna(), None)
