"""What changed between two snapshots: facilities, places, coverage, persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.rounds.protection import protect_column
from socaccess.rounds.snapshots import COVERAGE, FACILITIES, NEED, Snapshot
from socaccess.rounds.tables import Row, to_rows

__all__ = [
    "FACILITY_CHANGES",
    "MOVED_M",
    "SnapshotChanges",
    "compare_snapshots",
    "hide_changes",
]

MOVED_M = 100.0
"""A facility whose point lies farther than this from where it was has moved (exclusive)."""

FACILITY_CHANGES = (
    "opened",
    "closed",
    "planned",
    "dropped",
    "missing",
    "moved",
    "places",
    "renamed",
    "service",
)
"""What can happen to a facility between two snapshots."""


@dataclass(frozen=True, eq=False)
class SnapshotChanges:
    """What changed between two snapshots.

    Parameters
    ----------
    before, after
        Their labels.
    facilities
        One row a change: `facility_id`, `municipality_id`, `name`, `service`, `change`
        (one of `FACILITY_CHANGES`), `before`, `after` (text), `moved_m`.
    coverage
        One row a municipality, service, scenario and scope that differs, with
        `persons`, `covered`, `covered_share`, `population_covered` and `mean_min`, each
        `_before` and `_after`.
    persons
        One row a municipality and target group whose need differs: `persons_before`,
        `persons_after`.
    """

    before: str
    after: str
    facilities: pd.DataFrame
    coverage: pd.DataFrame
    persons: pd.DataFrame

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (len(self.facilities) or len(self.coverage) or len(self.persons))


def compare_snapshots(
    before: Snapshot, after: Snapshot, *, moved_m: float = MOVED_M
) -> SnapshotChanges:
    """Return what changed from one snapshot to another.

    Parameters
    ----------
    before, after
        The two.
    moved_m
        Metres on the ellipsoid a point may differ before it has moved (inclusive).
    """
    old, new = (to_rows(s.facilities, FACILITIES.key) for s in (before, after))
    rows = []
    for key in sorted(old.keys() | new.keys()):
        named = new.get(key) or old[key]
        for change, was, now, metres in _tell_facility(old.get(key), new.get(key), moved_m):
            rows.append((key[0], named["municipality_id"], named["name"], named["service"],
                         change, was, now, metres))  # fmt: skip
    columns = ["facility_id", "municipality_id", "name", "service", "change", "before", "after",
               "moved_m"]  # fmt: skip
    return SnapshotChanges(
        before.label,
        after.label,
        pd.DataFrame(rows, columns=columns),
        _pair(before.coverage, after.coverage, COVERAGE.key,
              ("persons", "covered", "covered_share", "population_covered", "mean_min")),
        _pair(before.need, after.need, NEED.key, ("persons",)),
    )  # fmt: skip


def hide_changes(
    changes: SnapshotChanges, inhabitants: Mapping[str, float], *, below: int = 5
) -> SnapshotChanges:
    """Return the changes as they leave, without counts of few persons.

    Coverage keeps what is counted in inhabitants; what is counted in persons in need, or
    weighted by them, is left out, since two snapshots beside each other could tell of a
    few. Counts of need are hidden as `socaccess.privacy.protect` decides.

    Parameters
    ----------
    changes
        What `compare_snapshots` found.
    inhabitants
        Inhabitants of each municipality, by its id.
    below
        Counts under this are hidden; 0 hides nothing.
    """
    if below <= 0:
        return changes
    coverage = changes.coverage[
        [*COVERAGE.key, *(f"population_covered_{side}" for side in ("before", "after"))]
    ]
    differs = coverage["population_covered_before"] != coverage["population_covered_after"]
    persons = changes.persons
    for side in ("before", "after"):
        persons = protect_column(persons, f"persons_{side}", ("target_group",), inhabitants, below)
    return SnapshotChanges(
        changes.before,
        changes.after,
        changes.facilities,
        coverage[differs].reset_index(drop=True),
        persons,
    )


def _tell_facility(
    old: Row | None, new: Row | None, moved_m: float
) -> list[tuple[str, str, str, float]]:
    was, now = (old or {}).get("status"), (new or {}).get("status")
    told: list[tuple[str, str, str, float]] = []

    def tell(change: str, before: Any, after: Any, metres: float = np.nan) -> None:
        told.append((change, _text(before), _text(after), metres))

    if new is None:
        if was != "closed":
            tell("missing", was, None)
        return told
    if now == "operating" and was != "operating":
        tell("opened", was, now)
    elif now == "planned" and was != "planned":
        tell("closed" if was == "operating" else "planned", was, now)
    elif now == "closed" and was in ("operating", "planned"):
        tell("closed" if was == "operating" else "dropped", was, now)
    if old is None:
        return told
    metres = _measure(old, new)
    if metres > moved_m:
        tell("moved", f"{old['lat']:.5f}, {old['lon']:.5f}", f"{new['lat']:.5f}, {new['lon']:.5f}",
             round(metres, 1))  # fmt: skip
    for change, column in (("places", "places"), ("renamed", "name"), ("service", "service")):
        if old[column] != new[column]:
            tell(change, old[column], new[column])
    return told


def _measure(old: Row, new: Row) -> float:
    """Return the metres between two points; 0 where either is not known."""
    if None in (old["lon"], old["lat"], new["lon"], new["lat"]):
        return 0.0
    from pyproj import Geod

    metres = Geod(ellps="WGS84").inv(old["lon"], old["lat"], new["lon"], new["lat"])[2]
    return float(metres)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _pair(
    before: pd.DataFrame, after: pd.DataFrame, key: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Return the rows in which any of the columns differs, both sides beside each other."""
    sides = [
        table[[*key, *columns]].set_index(list(key)).add_suffix(suffix)
        for table, suffix in ((before, "_before"), (after, "_after"))
    ]
    joined = sides[0].join(sides[1], how="outer").sort_index()
    differs = np.zeros(len(joined), dtype=bool)
    for name in columns:
        old = joined[f"{name}_before"].to_numpy(dtype=float)
        new = joined[f"{name}_after"].to_numpy(dtype=float)
        differs |= ~((np.abs(old - new) < 1e-9) | (np.isnan(old) & np.isnan(new)))
    return joined[differs].reset_index()
