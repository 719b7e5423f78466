"""There and back on one day: arrive before it opens, stay, and be home again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from socaccess.errors import Problem
from socaccess.sources.gtfs.feed import Feed
from socaccess.transit.asking import Question, check_open_hours, read_clock
from socaccess.transit.days import (
    NO_SERVICE,
    NO_STOP,
    ONE_WAY,
    SAME_DAY,
    STATUSES,
    Hours,
    ask_day,
)
from socaccess.transit.profile import Profile
from socaccess.transit.timetable import (
    MIRROR_S,
    WORKING_DAYS,
    DayType,
    Timetable,
    check_day,
    list_day_types,
)
from socaccess.transit.walking import WalkModel

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from socaccess.network import RoadNetwork
    from socaccess.transit.journeys import Leg

__all__ = [
    "NO_SERVICE",
    "NO_STOP",
    "ONE_WAY",
    "SAME_DAY",
    "STATUSES",
    "ReturnTrips",
    "ask_return_trips",
    "return_trips",
]


@dataclass(frozen=True, eq=False)
class ReturnTrips:
    """The day of every home and place; no pair is left out.

    Parameters
    ----------
    home_ids, place_ids
        Names of rows and columns.
    day
        The date whose times are given: the first of the commonest type of day, or the one asked.
    day_types
        All types of day looked at, the commonest first.
    type_status
        Position in `STATUSES` on each type of day, shape (types, homes, places).
    opens_s, closes_s
        When each place is wanted to be open: arrival by, and leaving from, seconds of the day.
    leave_s, arrive_s, return_s, back_s
        Leaving home, arriving there, leaving there, home again on `day`; seconds of the day, -1
        where there is none. Shape (homes, places), as all that follow.
    last_return_s
        Latest leaving of the place that still gets home that day.
    rides_out, rides_back
        Rides; 0 on foot.
    walk_out_s, walk_back_s
        Seconds on foot, of the journey with the least among the fewest rides.
    findings
        What one should know about the answer.
    question, hours, max_rides
        What was asked, for `journey`.
    """

    home_ids: np.ndarray
    place_ids: np.ndarray
    day: dt.date
    day_types: tuple[DayType, ...]
    type_status: np.ndarray
    opens_s: np.ndarray
    closes_s: np.ndarray
    leave_s: np.ndarray
    arrive_s: np.ndarray
    return_s: np.ndarray
    back_s: np.ndarray
    last_return_s: np.ndarray
    rides_out: np.ndarray
    rides_back: np.ndarray
    walk_out_s: np.ndarray
    walk_back_s: np.ndarray
    findings: tuple[Problem, ...]
    question: Question
    hours: Hours
    max_rides: int | None

    @property
    def status(self) -> np.ndarray:
        """Position in `STATUSES` on `day`, shape (homes, places)."""
        return self.type_status[0]

    @property
    def out_min(self) -> np.ndarray:
        """Minutes from home to the place, NaN where there is no way."""
        return _to_minutes(self.arrive_s - self.leave_s, self.leave_s >= 0)

    @property
    def back_min(self) -> np.ndarray:
        """Minutes from the place home, NaN where there is no way."""
        return _to_minutes(self.back_s - self.return_s, self.return_s >= 0)

    @property
    def wait_min(self) -> np.ndarray:
        """Minutes waited before it opens and after the stay, NaN unless there and back."""
        before = self.opens_s - self.arrive_s
        return _to_minutes(before + self.return_s - self.closes_s, self.status == SAME_DAY)

    @property
    def away_h(self) -> np.ndarray:
        """Hours from leaving home to being home again, NaN unless there and back."""
        return _to_minutes(self.back_s - self.leave_s, self.status == SAME_DAY) / 60

    @property
    def days_per_week(self) -> np.ndarray:
        """On how many of seven days one gets there and back, over the period looked at.

        The share of the days looked at, times the days of the week they fall on: 5 at most where
        the places are open from Monday to Friday.
        """
        counts = np.array([len(kind.days) for kind in self.day_types], float)
        weekdays = {day for kind in self.day_types for day in kind.weekdays}
        possible = np.einsum("t,thp->hp", counts, self.type_status == SAME_DAY)
        return possible / counts.sum() * len(weekdays)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per home and place: status, clock times, minutes, rides, days a week."""
        import pandas as pd

        rows, columns = self.status.shape
        frame = pd.DataFrame(
            {
                "home_id": np.repeat(self.home_ids, columns),
                "place_id": np.tile(self.place_ids, rows),
                "status": np.array(STATUSES, object)[self.status.ravel()],
            }
        )
        for name in ("leave", "arrive", "return", "back", "last_return"):
            frame[name] = show_clocks(getattr(self, f"{name}_s").ravel())
        for name in ("out_min", "back_min", "wait_min", "away_h", "days_per_week"):
            frame[name] = getattr(self, name).ravel()
        for name, way in (("out", self.leave_s), ("back", self.return_s)):
            there = way.ravel() >= 0
            rides = pd.array(getattr(self, f"rides_{name}").ravel(), dtype="Int64")
            rides[~there] = pd.NA
            frame[f"rides_{name}"] = rides
            frame[f"walk_{name}_min"] = _to_minutes(getattr(self, f"walk_{name}_s").ravel(), there)
        return frame

    @cached_property
    def _timetable(self) -> Timetable:
        return self.question.open_day(self.day)

    def journey(self, home: int, place: int) -> pd.DataFrame:
        """Return the walks and rides of one home and place, out and back, one row per leg.

        Parameters
        ----------
        home, place
            Positions of the two.

        Returns
        -------
        pandas.DataFrame
            `way` (out, back), `kind` (walk, ride), `leave`, `from_stop`, `arrive`, `to_stop`,
            `route` and `route_type` (as in GTFS: 0 tram, 2 rail, 3 bus), `trip_id`; a stop is
            missing where home or the place is meant.
        """
        return self.journeys([(home, place)]).drop(columns=["home", "place"])

    def journeys(self, pairs: Iterable[tuple[int, int]]) -> pd.DataFrame:
        """Return the legs of several homes and places: `journey` with the columns `home`, `place`.

        Those of one place are found together.
        """
        import pandas as pd

        from socaccess.transit.journeys import describe_legs

        homes: dict[int, list[int]] = {}
        for home, place in pairs:
            homes.setdefault(int(place), []).append(int(home))
        columns = ["home", "place", "way", "kind", "leave", "from_stop", "arrive", "to_stop",
                   "route", "route_type", "trip_id"]  # fmt: skip
        rows: list[dict[str, object]] = []
        for place, there in homes.items():
            legs = self._trace(place, there)
            for home, way in ((home, way) for home in there for way in ("out", "back")):
                found = describe_legs(self.question.feed, self._timetable, legs[home, way])
                rows += [{"home": home, "place": place, "way": way, **row} for row in found]
        frame = pd.DataFrame(rows, columns=[f"{name}_s" if name in ("leave", "arrive") else name
                                            for name in columns])  # fmt: skip
        for name in ("leave", "arrive"):
            frame[name] = show_clocks(frame[f"{name}_s"].to_numpy())
        return frame[columns]

    def _trace(self, place: int, homes: list[int]) -> dict[tuple[int, str], list[Leg]]:
        """Return the legs of some homes to one place, by home and way."""
        from socaccess.transit.journeys import Leg, trace_legs, turn_back

        question, hours = self.question, self.hours
        ends = question.places.of(place)
        first, last = hours.first_s, MIRROR_S - hours.last_s
        profiles = {}
        if (self.rides_out[homes, place] > 0).any():
            profiles["out"] = Profile(self._timetable, self.max_rides)
            profiles["out"].scan(*ends, hours.from_s[place], hours.by_s[place], first)
        if (self.rides_back[homes, place] > 0).any():
            profiles["back"] = Profile(self._timetable.mirrored, self.max_rides)
            profiles["back"].scan(*ends, last, MIRROR_S - hours.closes_s[place], last)
        legs: dict[tuple[int, str], list[Leg]] = {}
        for home in homes:
            at = home, place
            for way, leave_s, arrive_s, rides, walk_s in (
                ("out", self.leave_s, self.arrive_s, self.rides_out, self.walk_out_s),
                ("back", self.return_s, self.back_s, self.rides_back, self.walk_back_s),
            ):
                leave, arrive = int(leave_s[at]), int(arrive_s[at])
                if leave < 0:
                    legs[home, way] = []
                elif not rides[at]:
                    legs[home, way] = [Leg(-1, -1, leave, arrive)]
                else:
                    out = way == "out"
                    times = (leave, arrive) if out else (MIRROR_S - arrive, MIRROR_S - leave)
                    goal = (*times, int(rides[at]), int(walk_s[at]))
                    found = trace_legs(profiles[way], question.homes, home, ends, goal)
                    legs[home, way] = found if out else turn_back(found)
        return legs

    def pick_best(self) -> np.ndarray:
        """Return the position of the best place for each home.

        There and back before one way only; then the fewest hours away, then the first.
        """
        away = np.where(self.status == SAME_DAY, self.back_s - self.leave_s, 0)
        out = np.where(self.status == ONE_WAY, self.arrive_s - self.leave_s, 0)
        return np.argmin(self.status.astype(np.int64) * 1_000_000 + away + out, axis=1)

    def best_per_home(self) -> pd.DataFrame:
        """Return one row per home: the row of `to_frame` for its best place."""
        best = np.arange(len(self.home_ids)) * len(self.place_ids) + self.pick_best()
        return self.to_frame().iloc[best].reset_index(drop=True)


def return_trips(
    feed: Feed | str | Path,
    homes: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    *,
    open: str | Sequence[str] = "10:00",
    stay_h: float | Sequence[float] = 4.0,
    arrive_before_min: tuple[float, float] = (75.0, 0.0),
    leave_from: str = "04:00",
    back_by: str = "24:00",
    day: dt.date | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    weekdays: Collection[int] = WORKING_DAYS,
    max_rides: int | None = None,
    walking: WalkModel | None = None,
    network: RoadNetwork | None = None,
    wheelchair: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ReturnTrips:
    """Return whether and how one gets from every home to every place and home again the same day.

    Out: of the journeys that arrive in the window before opening, the one that leaves latest, then
    arrives earliest, then has the fewest rides, then the least on foot. Back: the earliest at home
    of those that leave after the stay, then the latest to leave, the fewest rides, the least on
    foot. A walk all the way counts as a way, and is taken where it is no slower. The definition is
    that of Estonia's audit of access to public services (2010).

    Parameters
    ----------
    feed
        A timetable, or the path of a saved one or of a GTFS feed.
    homes, places
        Points with an id column and a stated CRS.
    open
        When a place opens, `HH:MM`; one for all or one per place.
    stay_h
        Hours one stays; one for all or one per place.
    arrive_before_min
        How long before opening one may arrive at the earliest and at the latest, both inclusive.
    leave_from, back_by
        Earliest leaving of home, latest coming home, both inclusive.
    day
        The only date to look at. By default every type of day of the period is.
    since, until
        The period, both inclusive; by default all of the feed's validity.
    weekdays
        Days of the week the places are open, Monday is 0.
    max_rides
        Most rides a way; None for any number.
    walking
        Speed and longest way on foot.
    network
        Roads to walk along; without them, straight lines times a detour.
    wheelchair
        Only trips and stops that the feed states as accessible.
    progress
        Called as `progress(done, total)` with places; an exception from it stops the work.

    Raises
    ------
    InputError
        If a day lies outside the feed's validity, if a time, id or point cannot be used, or if the
        feed says nothing about wheelchairs and that is asked.

    Examples
    --------
    >>> trips = return_trips("latvia.timetable", homes, centres, open="10:00", stay_h=4)
    ...                                                                 # doctest: +SKIP
    >>> trips.best_per_home()[["home_id", "status", "leave", "back"]]   # doctest: +SKIP
    """
    question = Question.prepare(
        feed, homes, places, walking=walking, network=network, wheelchair=wheelchair
    )
    return ask_return_trips(
        question, open=open, stay_h=stay_h, arrive_before_min=arrive_before_min,
        leave_from=leave_from, back_by=back_by, day=day, since=since, until=until,
        weekdays=weekdays, max_rides=max_rides, progress=progress,
    )  # fmt: skip


def ask_return_trips(
    question: Question,
    *,
    open: str | Sequence[str] = "10:00",
    stay_h: float | Sequence[float] = 4.0,
    arrive_before_min: tuple[float, float] = (75.0, 0.0),
    leave_from: str = "04:00",
    back_by: str = "24:00",
    day: dt.date | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    weekdays: Collection[int] = WORKING_DAYS,
    max_rides: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ReturnTrips:
    """Return `return_trips` of homes and places that are put on the timetable already."""
    count = len(question.place_ids)
    opens_s, stay_s = check_open_hours(open, stay_h, count)
    first_s, last_s = read_clock(leave_from, "leave_from"), read_clock(back_by, "back_by")
    early_s, late_s = (round(60 * minutes) for minutes in arrive_before_min)
    if day is not None:
        check_day(question.feed, day)
        types = list_day_types(question.feed, day, day)
    else:
        types = list_day_types(
            question.feed, since, until, weekdays=weekdays, night_until_s=first_s
        )
    findings = list(question.findings)
    empty = [kind for kind in types if not kind.trips]
    if empty:
        days = [date.isoformat() for kind in empty for date in kind.days]
        findings.append(Problem("transit.empty_day", question.feed.name, days))
    types = [kind for kind in types if kind.trips] + empty
    hours = Hours(opens_s, opens_s + stay_s, opens_s - early_s, opens_s - late_s, first_s, last_s)
    total, status = len(types) * count, []
    kept: dict[str, np.ndarray] = {}
    for at, kind in enumerate(types):
        found = ask_day(
            question.open_day(kind.days[0]), question, hours, max_rides,
            partial(_tick, progress, at * count, total),
        )  # fmt: skip
        status.append(found.pop("status"))
        kept = kept or found
    return ReturnTrips(
        home_ids=question.home_ids,
        place_ids=question.place_ids,
        day=types[0].days[0],
        day_types=tuple(types),
        type_status=np.stack(status),
        opens_s=hours.opens_s,
        closes_s=hours.closes_s,
        findings=tuple(findings),
        question=question,
        hours=hours,
        max_rides=max_rides,
        **kept,
    )


def _tick(progress: Callable[[int, int], None] | None, before: int, total: int, done: int) -> None:
    if progress is not None:
        progress(before + done, total)


def show_clocks(seconds: np.ndarray) -> list[str | None]:
    """Return times of day as `HH:MM:SS`, None where negative; hours go on past 24.

    Examples
    --------
    >>> show_clocks(np.array([29100, -1, 90000]))
    ['08:05:00', None, '25:00:00']
    """
    return [
        f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" if s >= 0 else None
        for s in np.asarray(seconds).tolist()
    ]


def _to_minutes(seconds: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.where(known, seconds / 60, np.nan)
