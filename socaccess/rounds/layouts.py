"""The tables a store of rounds holds."""

from __future__ import annotations

from socaccess.rounds.tables import TableLayout

__all__ = [
    "ABOUT",
    "ANSWERS",
    "FACILITIES",
    "ISSUED",
    "JOURNALS",
    "MUNICIPALITIES",
    "PERSONS",
    "RECEIPTS",
    "ROUNDS",
    "SERVICES",
    "SETTLEMENTS",
]

ABOUT = TableLayout("about", ("item",), {"item": "text", "value": "text"})

MUNICIPALITIES = TableLayout(
    "municipalities",
    ("municipality_id",),
    {
        "municipality_id": "text",
        "name": "text",
        "population": "number",
        "partner": "flag",
    },
)

SETTLEMENTS = TableLayout(
    "settlements",
    ("settlement_id",),
    {
        "settlement_id": "text",
        "name": "text",
        "kind": "text",
        "municipality_id": "text",
        "lon": "number",
        "lat": "number",
    },
)

SERVICES = TableLayout(
    "services",
    ("target_group", "service"),
    {
        "target_group": "text",
        "service": "text",
        "group_lv": "text",
        "group_en": "text",
        "name_lv": "text",
        "name_en": "text",
        "promised": "flag",
    },
)

FACILITIES = TableLayout(
    "facilities",
    ("facility_id",),
    {
        "facility_id": "text",
        "site_id": "text",
        "municipality_id": "text",
        "name": "text",
        "service": "text",
        "target_group": "text",
        "settlement_id": "text",
        "address": "text",
        "places": "integer",
        "places_basis": "text",
        "status": "text",
        "opened": "integer",
        "closed": "integer",
        "lon": "number",
        "lat": "number",
        "location_precision": "text",
        "source": "text",
        "note": "text",
    },
)

PERSONS = TableLayout(
    "persons",
    ("municipality_id", "target_group", "service"),
    {
        "municipality_id": "text",
        "target_group": "text",
        "service": "text",
        "assessed": "integer",
        "recipients": "integer",
        "as_of": "text",
        "source": "text",
        "note": "text",
    },
)

ROUNDS = TableLayout(
    "rounds",
    ("round_id",),
    {
        "round_id": "text",
        "as_of": "text",
        "due": "text",
        "opened_at": "text",
        "opened_by": "text",
        "base_revision": "integer",
        "lang": "text",
    },
)

ISSUED = TableLayout(
    "issued",
    ("round_id", "municipality_id"),
    {
        "round_id": "text",
        "municipality_id": "text",
        "file": "text",
        "sha256": "text",
    },
)

RECEIPTS = TableLayout(
    "receipts",
    ("receipt_id",),
    {
        "receipt_id": "text",
        "document": "text",
        "file": "text",
        "round_id": "text",
        "municipality_id": "text",
        "said_by": "text",
        "said_on": "text",
        "taken_at": "text",
        "taken_by": "text",
        "usable": "flag",
        "faulty_rows": "integer",
        "findings": "text",
    },
)

ANSWERS = TableLayout(
    "answers",
    ("answer_id",),
    {
        "answer_id": "text",
        "receipt_id": "text",
        "round_id": "text",
        "municipality_id": "text",
        "row": "text",
        "item": "text",
        "column": "text",
        "issued": "text",
        "said": "text",
        "stood": "text",
        "remark": "text",
        "said_by": "text",
        "said_at": "text",
        "decision": "text",
        "decided_by": "text",
        "decided_at": "text",
    },
)

JOURNALS = (RECEIPTS.name, ANSWERS.name)
"""Tables that say who said what and when: an undo never takes a row out of them."""
