"""What the page needs to answer "what if": minutes from every place, and who lives where.

The same whole numbers as `socaccess.study.scenario_answer` uses, so that the page and
`socaccess run --scenario` give the same answers.
"""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.maps.encode import EFFORT, delta
from socaccess.study.reach import Reach
from socaccess.study.scenario_tables import (
    FAR,
    PERSON_UNITS,
    SHARE_UNITS,
    SLOW,
    ScenarioTables,
    build_scenario_tables,
)

if TYPE_CHECKING:
    from socaccess.maps.basemap import Grid
    from socaccess.maps.places import Destinations
    from socaccess.study.release import Release

__all__ = ["build_tables", "encode_whatif"]

MOST_PAIRS = 4_000_000
"""Pairs of place and people within reach beyond which the file would grow too large to mail."""


def build_tables(released: Release) -> ScenarioTables | None:
    """Return the tables of a release; None where the page can carry none.

    That is where the study has no travel times, or so many that no mail would take them.
    """
    if not isinstance(getattr(released.result, "reach", None), Reach):
        return None
    tables = build_scenario_tables(released)
    pairs = sum(int((table < FAR).sum()) for table in tables.minutes.values())
    return tables if 0 < pairs <= MOST_PAIRS else None


def encode_whatif(
    tables: ScenarioTables,
    released: Release,
    types: pd.DataFrame,
    scenarios: list[str],
    settlements: pd.DataFrame,
    destinations: Destinations,
    grid: Grid,
) -> dict[str, Any]:
    """Return the tables in the order of the map: its settlements, services and places.

    People stand settlement by settlement, those of one from west to east: neighbours in
    the list are neighbours on the ground, and steps between their minutes are small.
    """
    study, people = released.result.study, released.result.reach.people
    ids = study.settlements["settlement_id"]
    order = pd.Index(settlements["settlement_id"]).get_indexer(ids)
    back = pd.Index(ids).get_indexer(settlements["settlement_id"])
    x, y = np.nan_to_num(people.x), np.nan_to_num(people.y)
    point = np.lexsort((y, x, order[tables.home]))
    units = grid.snap(np.column_stack([x, y])[point])
    municipalities = released.result.study.municipalities["municipality_id"].astype(str).tolist()
    return {
        "study": study.name,
        "view": study.view,
        "data": tables.data,
        "far": FAR,
        "slow": SLOW,
        "longest": tables.longest_min,
        "uncertainty": study.settings.time_uncertainty,
        "shareUnits": SHARE_UNITS,
        "personUnits": PERSON_UNITS,
        "minutes": {name: _pack_minutes(table[:, point]) for name, table in tables.minutes.items()},
        "rows": len(next(iter(tables.minutes.values()))),
        "x": delta(units[:, 0]),
        "y": delta(units[:, 1]),
        "home": delta(order[tables.home][point]),
        "share": tables.share[point].tolist(),
        "settlement": settlements["settlement_id"].astype(str).tolist(),
        "row": tables.settlement_row[back].tolist(),
        "facility": destinations.facilities["facility_id"].astype(str).tolist(),
        "need": {group: persons[back].tolist() for group, persons in tables.need.items()},
        "open": {group: dict(zip(municipalities, flags.astype(int).tolist(), strict=True))
                 for group, flags in tables.is_open.items()},
        "hidden": sorted(tables.hidden_totals),
        "supply": [
            [_list_rows(tables.supply[name, scenario], destinations) for scenario in scenarios]
            for name in types["service"]
        ],
        "outer": [
            None if pd.isna(value) else float(value)
            for value in types.get("outer_limit_min", pd.Series(np.nan, index=types.index))
        ],
    }  # fmt: skip


def _list_rows(supply: pd.DataFrame, destinations: Destinations) -> list[list[int]]:
    """Return the rows of facilities that serve, and the position of each among the places."""
    position = [destinations.position_of.get(name, -1) for name in supply["facility_id"]]
    return [supply["row"].tolist(), position]


_EVERY = 7
"""Of so many people one is looked at to find rows that are alike."""


def _pack_minutes(table: np.ndarray) -> dict[str, Any]:
    """Return minutes as bytes, gzipped, in base64, and the row that each row starts from.

    A row stands as its steps along the people: of itself, or of its difference from the
    earlier row most like it where those are smaller. Places near each other have nearly
    the same minutes to everyone, so that hardly more than zeros are left.
    """
    steps = _step(table)
    start_from = np.full(len(table), -1)
    sample = table[:, ::_EVERY].astype(np.int16)
    for row in range(1, len(table)):
        alike = int(np.abs(sample[:row] - sample[row]).sum(axis=1).argmin())
        other = _step(table[row] - table[alike])
        if _weigh(other) < _weigh(steps[row]):
            steps[row], start_from[row] = other, alike
    packed = gzip.compress(steps.tobytes(), EFFORT, mtime=0)
    return {"from": start_from.tolist(), "steps": base64.b64encode(packed).decode("ascii")}


def _step(values: np.ndarray) -> np.ndarray:
    """Return each byte's difference from the one before, the first as it is."""
    return np.diff(values, axis=-1, prepend=np.zeros((*values.shape[:-1], 1), np.uint8))


def _weigh(steps: np.ndarray) -> int:
    return int(np.abs(steps.view(np.int8).astype(np.int16)).sum())
