"""What accepted rows do to the tables of a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from socaccess.rounds import layouts
from socaccess.rounds.rows import CheckedRow
from socaccess.rounds.sheets import FACILITY_SHEET
from socaccess.rounds.store import Store
from socaccess.rounds.tables import Key, Row, TableLayout, to_rows

__all__ = ["apply_rows", "to_frame"]


def to_frame(rows: dict[Key, Row], layout: TableLayout) -> pd.DataFrame:
    """Return rows as a frame with all columns of a layout."""
    return pd.DataFrame(list(rows.values()), columns=list(layout.columns), dtype=object)


def apply_rows(
    store: Store, rows: Sequence[CheckedRow], *, round_id: str, as_of: str, said_by: str
) -> dict[TableLayout, pd.DataFrame]:
    """Return the tables of facilities and persons with the rows in them; only those that change.

    A number of places that a municipality states is a capacity; a place it names moves
    the facility to the point of that town or parish.
    """
    source = f"{round_id}: {said_by}" if said_by else round_id
    facilities = to_rows(store.read("facilities"), layouts.FACILITIES.key)
    persons = to_rows(store.read("persons"), layouts.PERSONS.key)
    settlements = to_rows(store.read("settlements"), layouts.SETTLEMENTS.key)
    groups = {
        str(row["service"]): row["target_group"]
        for row in to_rows(store.read("services"), layouts.SERVICES.key).values()
    }
    touched: dict[TableLayout, dict[Key, Row]] = {}
    for row in rows:
        said: dict[str, Any] = {d.column: d.value for d in row.differences}
        if row.sheet == FACILITY_SHEET.key:
            entry = facilities.get(row.key) or _begin_facility(row)
            entry = {**entry, **said, "source": source}
            if "places" in said:
                entry["places_basis"] = "stated_capacity" if said["places"] is not None else None
            if "service" in said:
                entry["target_group"] = groups.get(str(said["service"]), entry["target_group"])
            if "settlement_id" in said:
                place = settlements.get((str(said["settlement_id"]),), {})
                entry["lon"], entry["lat"] = place.get("lon"), place.get("lat")
                entry["location_precision"] = "settlement" if place else "municipality"
            facilities[row.key] = entry
            touched[layouts.FACILITIES] = facilities
        else:
            municipality_id, group, service = row.key
            entry = persons.get(row.key) or {
                "municipality_id": municipality_id,
                "target_group": group,
                "service": service,
            }
            persons[row.key] = {**entry, **said, "as_of": as_of, "source": source}
            touched[layouts.PERSONS] = persons
    return {layout: to_frame(table, layout) for layout, table in touched.items()}


def _begin_facility(row: CheckedRow) -> Row:
    entry: Row = dict.fromkeys(layouts.FACILITIES.columns)
    # The id of a new facility begins with the code of its municipality.
    return {**entry, "facility_id": row.key[0], "municipality_id": row.key[0].split(".")[0]}
