"""What every question needs: a timetable, places and their walks, checked at the door."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.sources.gtfs.feed import Feed
from socaccess.transit.file import open_feed
from socaccess.transit.timetable import DAY_S, Timetable, build_day
from socaccess.transit.walking import (
    Footpaths,
    WalkModel,
    Walks,
    find_footpaths,
    walk_all_the_way,
    walk_to_stops,
)

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.network import RoadNetwork

__all__ = ["Question", "check_open_hours", "read_clock"]

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")


@dataclass(frozen=True, eq=False)
class Question:
    """A timetable with homes and places put on it.

    Make one with `prepare`; several questions can be asked of it.

    Parameters
    ----------
    feed
        The timetable.
    home_ids, place_ids
        Names.
    homes, places
        Stops in walking reach of each.
    on_foot
        Seconds on foot from each home to each place, -1 beyond the longest way.
    footpaths
        Walks between stops.
    wheelchair
        Whether only accessible trips and stops count.
    findings
        What one should know about answers.
    """

    feed: Feed
    home_ids: np.ndarray
    place_ids: np.ndarray
    homes: Walks
    places: Walks
    on_foot: np.ndarray
    footpaths: Footpaths
    wheelchair: bool
    findings: tuple[Problem, ...]

    @classmethod
    def prepare(
        cls,
        feed: Feed | str | Path,
        homes: gpd.GeoDataFrame,
        places: gpd.GeoDataFrame,
        *,
        walking: WalkModel | None = None,
        network: RoadNetwork | None = None,
        wheelchair: bool = False,
    ) -> Question:
        """Return a question with all walks found; parameters as in `return_trips`."""
        from socaccess.travel.places import find_id_column

        feed, walking = open_feed(feed), walking or WalkModel()
        problems = [*_check_points(homes, "homes"), *_check_points(places, "places")]
        raise_problems(problems)
        findings = []
        for frame, name in ((homes, "homes"), (places, "places")):
            nowhere = frame.geometry.isna() | frame.geometry.is_empty
            if nowhere.any():
                rows = frame.loc[nowhere, find_id_column(frame)].tolist()
                findings.append(Problem("transit.place_without_point", name, rows))
        return cls(
            feed=feed,
            home_ids=homes[find_id_column(homes)].to_numpy(object),
            place_ids=places[find_id_column(places)].to_numpy(object),
            homes=walk_to_stops(feed, homes, walking, network),
            places=walk_to_stops(feed, places, walking, network),
            on_foot=walk_all_the_way(feed, homes, places, walking, network),
            footpaths=find_footpaths(feed, walking, network),
            wheelchair=wheelchair,
            findings=tuple(findings),
        )

    def take_places(self, places: np.ndarray) -> Question:
        """Return the question of some of the places, by position."""
        return replace(
            self,
            place_ids=self.place_ids[places],
            places=self.places.take(places),
            on_foot=self.on_foot[:, places],
        )

    def open_day(self, day: dt.date) -> Timetable:
        """Return the connections of a day."""
        return build_day(self.feed, day, self.footpaths, wheelchair=self.wheelchair)


def _check_points(frame: gpd.GeoDataFrame, name: str) -> list[Problem]:
    from socaccess import crs as crs_

    crs_.require_crs(frame, name)
    shapes = frame.geometry.dropna()
    odd = shapes[(shapes.geom_type != "Point") & ~shapes.is_empty]
    return [Problem("network.not_a_point", name, odd.index.tolist())] if len(odd) else []


def read_clock(text: str, where: str) -> int:
    """Return a time of day in seconds.

    Raises
    ------
    InputError
        If it is no time from 00:00 to 48:00.

    Examples
    --------
    >>> read_clock("10:30", "open")
    37800
    """
    found = _CLOCK.fullmatch(str(text).strip())
    if found:
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        time = hours * 3600 + minutes * 60 + seconds
        if minutes < 60 and seconds < 60 and time <= 2 * DAY_S:
            return time
    raise InputError("transit.not_a_time", where=where, value=text)


def check_open_hours(
    opens: str | Sequence[str], stay_h: float | Sequence[float], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return opening and stay in seconds, one per place.

    Raises
    ------
    InputError
        If there are not as many as places, or one is no time or negative.
    """
    clocks = [opens] * count if isinstance(opens, str) else list(opens)
    hours = np.broadcast_to(stay_h, count) if np.ndim(stay_h) == 0 else np.asarray(stay_h)
    problems = []
    for name, values in (("open", clocks), ("stay_h", hours)):
        if len(values) != count:
            problems.append(
                Problem("transit.not_one_per_place", name, given=len(values), places=count)
            )
    raise_problems(problems)
    stay_s = np.rint(np.asarray(hours, float) * 3600)
    if not (np.isfinite(stay_s) & (stay_s >= 0)).all():
        raise InputError("transit.stay_negative", where="stay_h")
    opens_s = np.array([read_clock(clock, "open") for clock in clocks], np.int64)
    return opens_s, stay_s.astype(np.int64)
