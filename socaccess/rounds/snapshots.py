"""Dated snapshots of a study; what changed between two of them is told in `changes`."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, UnknownNameError, raise_problems
from socaccess.rounds.applying import to_frame
from socaccess.rounds.store import Store
from socaccess.rounds.tables import TableLayout, to_rows
from socaccess.study import Study, StudyResult

__all__ = [
    "Snapshot",
    "keep_snapshot",
    "list_snapshots",
    "make_snapshot",
    "read_snapshot",
    "update_study",
]

FACILITIES = TableLayout(
    "snapshot_facilities",
    ("facility_id",),
    {
        "facility_id": "text",
        "municipality_id": "text",
        "name": "text",
        "service": "text",
        "target_group": "text",
        "status": "text",
        "places": "integer",
        "lon": "number",
        "lat": "number",
        "location_precision": "text",
    },
)

NEED = TableLayout(
    "snapshot_need",
    ("municipality_id", "target_group"),
    {"municipality_id": "text", "target_group": "text", "persons": "number"},
)

COVERAGE = TableLayout(
    "snapshot_coverage",
    ("municipality_id", "service", "scenario", "scope"),
    {
        "municipality_id": "text",
        "municipality": "text",
        "service": "text",
        "scenario": "text",
        "scope": "text",
        "persons": "number",
        "covered": "number",
        "covered_share": "number",
        "population": "number",
        "population_covered": "number",
        "mean_min": "number",
        "max_min": "number",
    },
)

INDEX = TableLayout(
    "snapshots",
    ("label",),
    {"label": "text", "date": "text", "study": "text", "revision": "integer"},
)

_LABEL = re.compile(r"[\w][\w .\-]{0,59}")
_CAPACITY = ("stated_capacity", "planned_capacity")


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
        `municipality_id`, `target_group`, `persons`.
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
        capacity = facilities["places_basis"].isin(_CAPACITY)
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
        raise InputError(f"there is a snapshot {snapshot.label!r} already; give another label")
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
        known = ", ".join(index["label"]) or "none"
        raise UnknownNameError(f"no snapshot {label!r}; there are {known}")
    row = found.iloc[0]
    revision = int(row["revision"])
    tables = [store.read(layout.name, revision=revision) for layout in (FACILITIES, NEED, COVERAGE)]
    return Snapshot(label, str(row["date"]), str(row["study"]), *tables)


def update_study(study: Study, store: Store) -> Study:
    """Return the study with the facilities of its municipalities as the store knows them now.

    Facilities of other municipalities stay. Those whose place the store does not know stay
    without a point.
    """
    from dataclasses import replace

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
    shared = [
        name for name in mine.columns if name in study.facilities or name in FACILITIES.columns
    ]
    # The columns of the embedded facilities that a store does not carry stay empty for its rows.
    joined = pd.concat([others, mine[shared]], ignore_index=True)
    return replace(study, facilities=gpd.GeoDataFrame(joined, crs=study.facilities.crs))


def _check_label(label: str, date: str) -> None:
    problems = []
    if not _LABEL.fullmatch(label):
        hint = "use letters, digits, spaces, dots and hyphens"
        problems.append(Problem(f"a snapshot cannot be called {label!r}", hint=hint))
    try:
        dt.date.fromisoformat(date)
    except (TypeError, ValueError):
        problems.append(Problem(f"date {date!r} is not a day", hint="write it like 2021-12-31"))
    raise_problems(problems)
