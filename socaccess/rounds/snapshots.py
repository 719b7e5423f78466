"""Dated snapshots of a study, and what changed between two of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.privacy import SHOWN, SMALL, show_count
from socaccess.rounds.decisions import to_frame
from socaccess.rounds.hiding import protect_column
from socaccess.rounds.layouts import Row, TableLayout, to_rows
from socaccess.rounds.manifests import find_bad_days
from socaccess.rounds.store import Store
from socaccess.study import Study, StudyResult
from socaccess.study.capacity import CAPACITY_BASES
from socaccess.study.releasing import USUAL_THRESHOLD, protect_persons

__all__ = [
    "FACILITY_CHANGES",
    "MOVED_M",
    "Snapshot",
    "SnapshotChanges",
    "compare_snapshots",
    "hide_changes",
    "keep_snapshot",
    "list_snapshots",
    "make_snapshot",
    "read_snapshot",
    "update_study",
]

FACILITIES = TableLayout.of(
    "snapshot_facilities",
    "facility_id",
    "facility_id municipality_id name service target_group status places:integer "
    "lon:number lat:number location_precision",
)
NEED = TableLayout.of(
    "snapshot_need",
    "municipality_id target_group",
    "municipality_id target_group persons:number mark",
)
COVERAGE = TableLayout.of(
    "snapshot_coverage",
    "municipality_id service scenario scope",
    "municipality_id municipality service scenario scope persons:number covered:number "
    "covered_share:number population:number population_covered:number mean_min:number "
    "max_min:number",
)
INDEX = TableLayout.of("snapshots", "label", "label date study revision:integer")

_LABEL = re.compile(r"[\w][\w .\-]{0,59}")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """How a region stood on one day.

    Parameters
    ----------
    label, date, study
        What it is called, the day (ISO 8601), the study it is of.
    facilities
        `facility_id`, `municipality_id`, `name`, `service`, `target_group`, `status`,
        `places` (capacity only), `lon`, `lat` (degrees; missing where not located).
    need
        `municipality_id`, `target_group`, `persons`, and the `mark` that stands in its place in
        what leaves the study; missing where the count is shown.
    coverage
        `municipality_id`, `service`, `scenario`, `scope`, `persons`, `covered`,
        `covered_share` (0-1), `population`, `population_covered`, `mean_min`, `max_min`.
    """

    label: str
    date: str
    study: str
    facilities: pd.DataFrame
    need: pd.DataFrame
    coverage: pd.DataFrame


def make_snapshot(result: StudyResult, *, label: str, date: str) -> Snapshot:
    """Return the snapshot of a study that was run; facilities of its municipalities only."""
    _check_label(label, date)
    facilities = result.facilities
    facilities = facilities[facilities["in_region"]].reset_index(drop=True)
    degrees = facilities.geometry.to_crs(crs_.EXCHANGE)
    located = facilities["located"].to_numpy(dtype=bool)
    plain = [name for name in FACILITIES.columns if name not in ("lon", "lat")]
    table = pd.DataFrame(facilities).reindex(columns=plain)
    table["lon"] = degrees.x.round(5).where(located)
    table["lat"] = degrees.y.round(5).where(located)
    if "places_basis" in facilities:
        capacity = facilities["places_basis"].isin(CAPACITY_BASES)
        table["places"] = table["places"].where(capacity, None)
    for name in ("municipality_id", "target_group"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    need = pd.DataFrame(columns=list(NEED.columns))
    if result.study.need is not None:
        homes = result.study.settlements.set_index("settlement_id")["municipality_id"]
        placed = result.study.need.assign(
            municipality_id=result.study.need["settlement_id"].map(homes)
        )
        need = placed.groupby(["municipality_id", "target_group"], as_index=False)["persons"].sum()
        need["persons"] = need["persons"].round(4)
        need["mark"] = _mark_need(result.study, need)
    coverage = result.coverage[list(COVERAGE.columns)].copy()
    numbers = [name for name, kind in COVERAGE.columns.items() if kind == "number"]
    coverage[numbers] = coverage[numbers].astype(float).round(4)
    return Snapshot(
        label,
        date,
        result.study.name,
        FACILITIES.fit(table),
        NEED.fit(need[list(NEED.columns)]),
        COVERAGE.fit(coverage),
    )


def _mark_need(study: Study, need: pd.DataFrame) -> list[str | None]:
    """Return what the files of a study show in place of each hidden count."""
    below = max(study.settings.suppress_below, USUAL_THRESHOLD)
    study = replace(study, settings=replace(study.settings, suppress_below=below))
    _, found, _ = protect_persons(study)
    position = {name: at for at, name in enumerate(study.municipalities["municipality_id"])}
    marks = []
    for code, group, persons in need.itertuples(index=False):
        # A group that no service is for stands in no file, so nothing covers its counts.
        known = found[group].groups[position[code]] if group in found else None
        hidden = SMALL if known is None and persons < below else known or SHOWN
        shown = show_count(persons, int(hidden), below)
        marks.append(shown if isinstance(shown, str) else None)
    return marks


def keep_snapshot(store: Store, snapshot: Snapshot, *, at: str, who: str) -> int:
    """Add a snapshot to a store; return the revision that holds it.

    Raises
    ------
    InputError
        If the label is taken.
    """
    known = INDEX.name in store.list_tables()
    index = to_rows(store.read(INDEX.name), INDEX.key) if known else {}
    if (snapshot.label,) in index:
        raise InputError("rounds.label_taken", name=snapshot.label)
    index[(snapshot.label,)] = {
        "label": snapshot.label,
        "date": snapshot.date,
        "study": snapshot.study,
        "revision": store.revision + 1,
    }
    return store.commit(
        {
            FACILITIES: snapshot.facilities,
            NEED: snapshot.need,
            COVERAGE: snapshot.coverage,
            INDEX: to_frame(index, INDEX),
        },
        at=at,
        who=who,
        action="snapshot",
        note=snapshot.label,
    )


def list_snapshots(store: Store) -> pd.DataFrame:
    """Return the snapshots of a store by date: `label`, `date`, `study`, `revision`."""
    if INDEX.name not in store.list_tables():
        return pd.DataFrame(columns=list(INDEX.columns))
    return store.read(INDEX.name).sort_values(["date", "revision"], ignore_index=True)


def read_snapshot(store: Store, label: str) -> Snapshot:
    """Return a snapshot of a store by its label.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    index = list_snapshots(store)
    found = index[index["label"] == label]
    if not len(found):
        raise (
            UnknownNameError("rounds.unknown_snapshot", name=label, known=list(index["label"]))
            if len(index)
            else UnknownNameError("rounds.no_snapshot")
        )
    row = found.iloc[0]
    revision = int(row["revision"])
    tables = [store.read(layout.name, revision=revision) for layout in (FACILITIES, NEED, COVERAGE)]
    return Snapshot(label, str(row["date"]), str(row["study"]), *tables)


def update_study(study: Study, store: Store) -> Study:
    """Return the study with the facilities of its municipalities as the store knows them now.

    Facilities of other municipalities stay. Those whose place the store does not know stay
    without a point.
    """
    import geopandas as gpd

    own = study.municipalities["municipality_id"]
    others = study.facilities[~study.facilities["municipality_id"].isin(own)]
    table = store.read("facilities")
    table = table[table["municipality_id"].isin(own)].reset_index(drop=True)
    points = gpd.GeoSeries(
        gpd.points_from_xy(table["lon"].astype(float), table["lat"].astype(float)),
        crs=crs_.EXCHANGE,
    ).where(table["lon"].notna())
    mine = gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=points)
    mine = mine.to_crs(study.facilities.crs)
    names = dict(zip(own, study.municipalities["name"], strict=True))
    mine["municipality_name"] = mine["municipality_id"].map(names)
    # Who provides a service, and how sure its kind is, no form asks: both stay as the study knows.
    known = study.facilities.set_index("facility_id")
    for name in {"provider_municipality_id", "mapping"} & set(known):
        mine[name] = mine["facility_id"].map(known[name])
    homes = dict(
        zip(study.settlements["settlement_id"], study.own_municipality("provider"), strict=True)
    )
    here = mine["settlement_id"].map(homes)
    mine["provider_municipality_id"] = mine.get("provider_municipality_id", here).fillna(here)
    shared = [
        name for name in mine.columns if name in study.facilities or name in FACILITIES.columns
    ]
    # Other columns of the study's facilities that a store does not carry stay empty for its rows.
    joined = pd.concat([others, mine[shared]], ignore_index=True)
    return replace(study, facilities=gpd.GeoDataFrame(joined, crs=study.facilities.crs))


def _check_label(label: str, date: str) -> None:
    problems = []
    if not _LABEL.fullmatch(label):
        problems.append(Problem("rounds.bad_label", name=label))
    raise_problems([*problems, *find_bad_days(date=date)])


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
        One row per change: `facility_id`, `municipality_id`, `name`, `service`, `change`
        (one of `FACILITY_CHANGES`), `before`, `after` (text), `moved_m`.
    coverage
        One row per municipality, service, scenario and scope that differs, with
        `persons`, `covered`, `covered_share`, `population_covered` and `mean_min`, each
        `_before` and `_after`.
    persons
        One row per municipality and target group whose need differs: `persons_before`,
        `persons_after`.
    need
        The need of both snapshots, whether it differs or not, as they hold it.
    """

    before: str
    after: str
    facilities: pd.DataFrame
    coverage: pd.DataFrame
    persons: pd.DataFrame
    need: tuple[pd.DataFrame, pd.DataFrame]

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
        (before.need, after.need),
    )  # fmt: skip


def hide_changes(
    changes: SnapshotChanges, inhabitants: Mapping[str, float], *, below: int = 5
) -> SnapshotChanges:
    """Return the changes as they leave, without counts of few persons.

    Coverage keeps what is counted in inhabitants; what is counted in persons in need, or
    weighted by them, is left out, since two snapshots beside each other could tell of a
    few. Counts of need are hidden as the files of the study hide them, so that both may leave;
    where two counts are hidden, nothing says whether they differ.

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
    before, after = (
        _show_need(need, inhabitants, below).add_suffix(side)
        for need, side in zip(changes.need, ("_before", "_after"), strict=True)
    )
    persons = before.join(after, how="outer").sort_index()
    persons = persons.astype(object).where(persons.notna(), None)
    other = persons["persons_before"] != persons["persons_after"]
    return replace(
        changes,
        coverage=coverage[differs].reset_index(drop=True),
        persons=persons[other].reset_index(),
        need=(pd.DataFrame(), pd.DataFrame()),
    )


def _show_need(need: pd.DataFrame, inhabitants: Mapping[str, float], below: int) -> pd.DataFrame:
    """Return the persons of a snapshot as they leave, by municipality and target group."""
    if "mark" in need:
        shown = need["persons"].round().astype(object)
        shown = shown.mask(need["mark"].notna(), need["mark"])
    else:  # kept before snapshots knew what their study shows
        shown = protect_column(need, "persons", "target_group", inhabitants, below)["persons"]
    return need.assign(persons=shown).set_index(list(NEED.key))[["persons"]]


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
