"""What is asked about: a study, run and released, so that every answer may leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.i18n import fold
from socaccess.privacy import mark_untold, mark_withheld
from socaccess.schemas import suggest_names
from socaccess.sources.amenities import list_stops, read_amenities
from socaccess.sources.boundaries import find_municipality
from socaccess.sources.gtfs import Feed
from socaccess.sources.settlements import load_settlements
from socaccess.study import Study, StudyResult
from socaccess.study.release import Release, release, run_released
from socaccess.transit.file import open_feed

__all__ = [
    "Asked",
    "Given",
    "find_region",
    "identify_municipality",
    "mark_persons",
    "open_amenities",
    "open_release",
    "open_result",
    "open_table",
]  # fmt: skip

Asked: TypeAlias = Study | StudyResult | Release
"""What a question can be about; a study is run, a result released."""

Given: TypeAlias = pd.DataFrame | str | Path
"""A table, or the file (CSV or XLSX) it stands in."""

_VINTAGES = {"plan": 2009, "today": 2025}


def open_result(
    asked: Asked, *, allow_small_counts: bool = False, sites: bool = False
) -> tuple[StudyResult, int]:
    """Return the result as it may leave, and the threshold of small counts in it.

    Parameters
    ----------
    asked
        A study is run first (with suggested sites if `sites`).
    allow_small_counts
        Keep counts of few people; the threshold is then 0. A `Release` keeps its own.
    """
    released = open_release(asked, allow_small_counts=allow_small_counts, sites=sites)
    if released.below == 0:
        return released.result, 0
    # Whoever asks several questions of one release has the tables of its study checked once.
    if "result" not in released.kept:
        released.kept["result"] = _take_released_need(released.result)
    return released.kept["result"], released.below


def open_release(asked: Asked, *, allow_small_counts: bool = False, sites: bool = False) -> Release:
    """Return what is asked about as it may leave; see `open_result`."""
    if isinstance(asked, Release):
        return asked
    if isinstance(asked, StudyResult):
        return release(asked, allow_small_counts=allow_small_counts)
    return run_released(asked, sites=sites, allow_small_counts=allow_small_counts)


def mark_persons(
    table: pd.DataFrame, released: Release, service: str, parts: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a table of municipalities whose withheld persons are marks, as in a run's files.

    Plans reckon with an estimate in their place; it is no count, nor are the `parts` of it.
    """
    group = released.group_of.get(service)
    if group is None or released.below == 0:
        return table
    # Facilities across the border make their municipalities part of a table too.
    inside = set(released.result.study.municipalities["municipality_id"])
    shown = [
        released.show_municipality(group, name) if name in inside else None
        for name in table["municipality_id"]
    ]
    marks = (mark_withheld(released.below), mark_untold())
    away = np.array([mark in marks for mark in shown], dtype=bool)
    if not away.any():
        return table
    marked = table.assign(persons=table["persons"].astype(object))
    marked.loc[away, "persons"] = [mark for mark, one in zip(shown, away, strict=True) if one]
    for name in parts:
        some = away & table[name].notna().to_numpy() & table[name].ne(0).to_numpy()
        marked[name] = marked[name].astype(object).where(~some, mark_untold())
    return marked


def _take_released_need(result: StudyResult) -> StudyResult:
    """Return the result whose study, too, knows the need only as it may leave."""
    types = result.study.service_types
    assert types is not None
    group_of = dict(zip(types["service"], types["target_group"], strict=True))
    rows = result.settlement_coverage
    rows = rows[(rows["scenario"] == "now") & rows["persons"].notna()]
    rows = rows.assign(target_group=rows["service"].map(group_of))
    need = rows.drop_duplicates(["settlement_id", "target_group"])
    need = need[["settlement_id", "target_group", "persons"]].assign(basis="estimate")
    return replace(result, study=replace(result.study, need=need.reset_index(drop=True)))


def open_table(given: Given, read: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    """Return a table as given, or as `read` finds it in a file."""
    return given if isinstance(given, pd.DataFrame) else read(Path(given))


def open_amenities(
    given: Given | None, timetable: Feed | str | Path | None = None
) -> gpd.GeoDataFrame | None:
    """Return general services as given or as in a file; stops from a timetable, where there is one.

    A stop of a map may have lost its bus: with a timetable only those count where a trip
    may be boarded. None where neither is given.
    """
    stops = None if timetable is None else list_stops(open_feed(timetable))
    if given is None:
        return stops
    table = open_table(given, read_amenities)
    if stops is None:
        return table
    stops = stops.to_crs(table.crs)
    others = table[table["kind"] != "transport"].assign(layer="table")
    joined = gpd.GeoDataFrame(pd.concat([others, stops], ignore_index=True), crs=table.crs)
    joined.attrs = dict(table.attrs)
    return joined


def identify_municipality(study: Study, name: str) -> str:
    """Return the id of a municipality of a study, by id or name; old names lead on.

    Raises
    ------
    UnknownNameError
        If the study has none of that name, or several.
    """
    here = study.municipalities[["municipality_id", "name"]].astype(str)
    found = here[(here["municipality_id"] == name) | (here["name"].map(fold) == fold(name))]
    if len(found) == 1:
        return str(found["municipality_id"].iloc[0])
    known = set(here["municipality_id"])
    if not len(found) and study.view in _VINTAGES:
        identity = find_municipality(name, vintage=_VINTAGES[study.view])[0]
        if identity in known:
            return identity
    if len(found):
        ids = list(found["municipality_id"])
        raise UnknownNameError("programme.several_municipalities", name=name, ids=ids)
    near = suggest_names(name, list(here["name"]))
    if near:
        raise UnknownNameError(
            "programme.no_municipality_near", name=name, study=study.name, near=near
        )
    raise UnknownNameError("programme.no_municipality", name=name, study=study.name)


def find_region(municipality: str, *, view: str) -> str:
    """Return the embedded region in which a municipality lies.

    Parameters
    ----------
    municipality
        Id or name.
    view
        `today` or `plan`: of which municipalities.

    Examples
    --------
    >>> find_region("Ludzas novads", view="today")
    'latgale'
    """
    identity = find_municipality(municipality, vintage=_VINTAGES[view])[0]
    places = load_settlements()
    column, region = (
        ("municipality_id_2009", "planning_region_2009")
        if view == "plan"
        else ("municipality_id", "planning_region")
    )
    return str(places.loc[places[column] == identity, region].iloc[0])
