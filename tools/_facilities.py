"""Facilities: the state register, and what only the list of public pages knows.

The register says whether a service operates, where it stands and for how many. The list
(`facts/services_facilities.csv`) adds what a register cannot know: what is planned or closed, who
paid, what it was before. A row of both is one facility.

- `services_mapping.csv` says what each pair of service and target group of the list is in the
  catalogue, and why; a pair that is not one of its services is `other`, a pair that is not in the
  table stops the build.
- A status is one of four: operating (registered on 10 October 2026), planned (no page on the
  opening was seen and the register does not list it), closed (also reorganised, moved away, never
  realised), not_registered (pages say operating, the register does not list it). What the
  catalogue has no service for is not looked up in the register and stays as its page says.
- A closed row stays closed; the register's row beside it says what operates there now.
- A point that only stands for a municipality is no place to travel to: the row is kept, not
  located, without coordinates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import _facts
import _matching
import _register
from _datapackage import read_csv

FACTS = Path(__file__).resolve().parent / "facts"
Row = dict[str, str]

STATUSES = {
    "operating": "operating",
    "closing": "operating",
    "planned": "planned",
    "closed": "closed",
    "closed_or_moved": "closed",
    "reorganised": "closed",
    "not_realised": "closed",
}
NEVER_OPENED = ("planned", "not_realised")
PLACEHOLDERS = ("municipality", "none")
# Neighbourhoods that the source states in words; the others of Riga are left blank.
STATED_NEIGHBOURHOODS = {"RIG037": "Āgenskalns", "RIG040": "Bolderāja"}
UNMAPPED = "other"
RANKS = ("operating", "planned")
# What only the list can say of a facility.
BLANK = (
    "facility_id",
    "status_source",
    "name",
    "places",
    "places_basis",
    "funding_programme",
    "project_no",
    "project_total_eur",
    "eraf_eur",
    "inferred_fields",
    "note",
)


def make_facilities(register: Sequence[Row], settlements: Sequence[Row]) -> list[dict[str, object]]:
    """Return one row per service at an address, by id; every row of both sources stands once."""
    listed = read_listed(settlements)
    registered = _register.make_registered(register)
    open_rows = [row for row in listed if row["status"] in RANKS and row["service"] != UNMAPPED]
    matches = _matching.match_facilities(open_rows, registered)
    mine: dict[str, list[Row]] = defaultdict(list)
    for row in open_rows:
        if row["facility_id"] in matches:
            mine[matches[row["facility_id"]].key].append(row)
    groups = {
        row["service"]: row["target_group"] for row in read_csv(FACTS / "services_catalogue.csv")
    }
    places = {row["settlement_id"]: row for row in settlements}
    rows: list[dict[str, object]] = [
        _registered_row(each, mine[each["facility_id"]], matches, groups, places)
        for each in registered
    ]
    for row in listed:
        if row["facility_id"] in matches:
            continue
        status = row["status"]
        if status == "operating" and row["service"] != UNMAPPED:
            status = "not_registered"
        rows.append(row | {"status": status})
    return sorted(rows, key=lambda row: str(row["facility_id"]))


def _registered_row(
    registered: Row,
    listed: Sequence[Row],
    matches: Mapping[str, _matching.Match],
    groups: Mapping[str, str],
    places: Mapping[str, Row],
) -> dict[str, object]:
    """Return a facility of the register with what the list knows of it."""
    order = sorted(
        listed,
        key=lambda row: (
            _matching.MATCHES.index(matches[row["facility_id"]].by),
            RANKS.index(row["status"]),
            row["facility_id"],
        ),
    )
    known = order[0] if order else dict.fromkeys(BLANK, "")
    by = matches[known["facility_id"]].by if order else ""
    place = places[registered["settlement_id"]]
    row = known | registered
    row |= {
        "facility_id": known["facility_id"] or registered["facility_id"],
        "source_facility_id": "; ".join(each["source_facility_id"] for each in order),
        "match": by,
        "name": registered["name"] if by in ("", "settlement") else known["name"],
        "target_group": groups[registered["service"]],
        "settlement": place["name"],
        "municipality_id": place["municipality_id"],
        "municipality_id_2021": place["municipality_id_2021"],
        "municipality_id_2009": place["municipality_id_2009"],
        "planning_region_2009": place["planning_region_2009"],
        "status": "operating",
        "status_source": "registered",
        "listed_status": known["status_source"],
        "listed_places": known["places"],
        "listed_places_basis": known["places_basis"],
        "status_year": _register.DATE[:4],
        "opening_confirmed": True,
        "location_precision": "address",
        "located": True,
        "source": " | ".join([_register.PORTAL, *[each["source"] for each in order]]),
        "source_date": _register.DATE,
        "note": " | ".join(dict.fromkeys(each["note"] for each in order if each["note"])),
    }
    if not registered["places"]:
        row |= {"places": known["places"], "places_basis": known["places_basis"]}
    return row


def read_listed(settlements: Sequence[Row]) -> list[Row]:
    """Return the list of public pages: one row per service at a site, by the list's id."""
    facts = read_csv(FACTS / "services_facilities.csv")
    mapping = {
        (row["service_source"], row["target_group_source"]): (row["service"], row["target_group"])
        for row in read_csv(FACTS / "services_mapping.csv")
    }
    successors = {
        row["municipality_id"]: row["municipality_id_2025"] for row in _facts.read_successors()
    }
    services_of = Counter(fact["source_facility_id"] for fact in facts)
    count: Counter[str] = Counter()
    rows = []
    for fact in facts:
        source_id = fact["source_facility_id"]
        count[source_id] += 1
        suffix = f".{count[source_id]}" if services_of[source_id] > 1 else ""
        service, target_group = mapping[fact["service_source"], fact["target_group_source"]]
        located = fact["location_precision"] not in PLACEHOLDERS
        municipality_id = successors.get(fact["municipality_id_2021"], "")
        row: dict[str, object] = {key: value for key, value in fact.items() if key != "parish"}
        row |= {
            "facility_id": source_id.lower() + suffix,
            "register_id": "",
            "mapping": "listed",
            "match": "",
            "listed_status": fact["status_source"],
            "listed_places": fact["places"],
            "listed_places_basis": fact["places_basis"],
            "service": service,
            "target_group": target_group,
            "settlement": fact["settlement"] or fact["parish"],
            "settlement_id": find_settlement(fact, settlements) if located else "",
            "municipality_id": municipality_id,
            "provider_municipality_id": municipality_id,
            "provider_basis": "address" if municipality_id else "",
            "status": STATUSES[fact["status_source"]],
            "opening_confirmed": fact["status_source"] not in NEVER_OPENED,
            "located": located,
            "lon": fact["lon"] if located else "",
            "lat": fact["lat"] if located else "",
            "source_date": "",
        }
        rows.append(row)
    return rows


def find_settlement(fact: Row, settlements: Sequence[Row]) -> str:
    """Return the settlement_id that the names of a facility say, or "" where they do not.

    Within its municipality: the parish; the town; the only settlement there is; the parish whose
    centre bears the name. In Riga only a neighbourhood that the source states.
    """
    vintage = "2009" if fact["municipality_id_2009"] else "2021"
    key = f"municipality_id_{vintage}"
    inside = [row for row in settlements if row[key] == fact[key]]
    if fact["source_facility_id"] in STATED_NEIGHBOURHOODS:
        wanted = [STATED_NEIGHBOURHOODS[fact["source_facility_id"]]]
        return _only(row for row in inside if row["name"] in wanted)
    if fact["parish"]:
        by_parish = _only(row for row in inside if row["name"] == fact["parish"])
        return by_parish or (_only(inside) if len(inside) == 1 else "")
    return (
        _only(row for row in inside if row["name"] == fact["settlement"])
        or _only(inside)
        or _only(row for row in inside if row["centre"] == fact["settlement"])
    )


def _only(rows: Iterable[Row]) -> str:
    """Return the settlement_id of the one row there is, or ""."""
    ids = [row["settlement_id"] for row in rows]
    return ids[0] if len(ids) == 1 else ""
