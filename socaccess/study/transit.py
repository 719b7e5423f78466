"""Times of a study without a car: there by timetable before it opens, and home the same day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.routing import UNREACHABLE
from socaccess.transit import WalkModel, list_day_types, open_feed
from socaccess.transit.asking import Question, read_clock
from socaccess.transit.returning import SAME_DAY, ReturnTrips, ask_return_trips
from socaccess.transit.timetable import WORKING_DAYS, check_day
from socaccess.validation import find_faults, is_default

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.network import RoadNetwork
    from socaccess.sources.gtfs import Feed

__all__ = ["MODES", "TransitReach", "Visit", "check_mode", "measure_transit"]

MODES: Final = ("car", "transit", "both")
"""How clients travel: by car; by timetable and on foot; by car, and beside it without one."""

_MAIN = 2 / 3
"""Share of the trips of the fullest working day with which a day belongs to the main part."""

_ROOM = 1_000_000
"""Pairs of home and place that are asked at once, to bound the memory."""


@dataclass(frozen=True)
class Visit:
    """The visit that is to be made without a car.

    Parameters
    ----------
    open
        When places open, `HH:MM`; one arrives in the 75 minutes before.
    stay_h
        Hours one stays.
    day
        The date whose times are given, `YYYY-MM-DD`; by default the first of the commonest type
        of working day.
    max_rides
        Most rides a way; None for any number.
    wheelchair
        Only trips and stops that the feed states as accessible.
    walking
        Speed and longest way on foot.

    Raises
    ------
    InputError
        If a value cannot be one; all at once.

    Examples
    --------
    >>> Visit(open="09:00", stay_h=6).opens_s
    32400
    """

    open: str = "10:00"
    stay_h: float = field(default=4.0, metadata={"ge": 0, "le": 24})
    day: str | None = None
    max_rides: int | None = field(default=None, metadata={"ge": 1, "le": 60})
    wheelchair: bool = False
    walking: WalkModel = field(default_factory=WalkModel)

    def __post_init__(self) -> None:
        if is_default(self):
            return
        given = {name: value for name, value in vars(self).items() if name != "walking"}
        problems = find_faults(Visit, given, "transit")
        if not problems:
            for check in (lambda: self.opens_s, lambda: self.date):
                try:
                    check()
                except InputError as error:
                    problems += error.problems
        raise_problems(problems)

    @property
    def opens_s(self) -> int:
        """Seconds of the day at which places open."""
        return read_clock(self.open, "open")

    @property
    def date(self) -> dt.date | None:
        """The day, None where none is named."""
        try:
            return dt.date.fromisoformat(self.day) if self.day else None
        except ValueError:
            raise InputError("transit.not_a_day", where="day", value=self.day) from None

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], *, where: str = "transit") -> Visit:
        """Return a visit of plain values; those of `WalkModel` stand beside its own.

        Raises
        ------
        InputError
            If a name is not known, or a value cannot be one; all at once.
        """
        of_walking = WalkModel.__dataclass_fields__
        walking = {name: value for name, value in given.items() if name in of_walking}
        rest = {name: value for name, value in given.items() if name not in of_walking}
        rest = {
            name: value.isoformat() if isinstance(value, dt.date) else value
            for name, value in rest.items()
        }
        problems = [*find_faults(cls, rest, where), *find_faults(WalkModel, walking, where)]
        raise_problems(problems)
        return cls(**rest, walking=WalkModel(**walking))


def check_mode(
    mode: str, feed: Feed | str | Path | None, visit: Visit
) -> tuple[Feed | None, list[Problem]]:
    """Return the timetable of a study, opened, and what is wrong with how its people travel."""
    if mode not in MODES:
        return None, [Problem("study.unknown_mode", "mode", mode=mode, known=MODES)]
    if feed is None:
        return None, [Problem("study.mode_without_feed", "mode", mode=mode)] * (mode != "car")
    try:
        opened = open_feed(feed)
        if visit.date is not None:
            check_day(opened, visit.date)
    except InputError as error:
        return None, list(error.problems)
    return opened, []


@dataclass(frozen=True, eq=False)
class TransitReach:
    """Journeys without a car between the origins and points of a `Reach`.

    Parameters
    ----------
    visit, day
        What is asked, and the date whose times count.
    period
        First and last day of the timetable's main part: services that end or begin apart from it,
        as feeds drag along, are no reason to count a day.
    question
        Origins, and the points that were asked about, on the timetable.
    column
        Position of every point of the reach among those of the question, -1 where not asked.
    status
        Position in `socaccess.transit.STATUSES`, shape (origins, points of the question).
    """

    visit: Visit
    day: dt.date
    period: tuple[dt.date, dt.date]
    question: Question
    column: np.ndarray
    status: np.ndarray

    def status_of(self, points: np.ndarray) -> np.ndarray:
        """Return the status between all origins and some points that were asked about."""
        return self.status[:, self.column[points]]

    def ask(self, points: np.ndarray) -> tuple[ReturnTrips, np.ndarray]:
        """Return the day of all origins and some points, and on how many of seven days one can.

        The days are shape (origins, points), as the arrays of the trips.
        """
        question = self.question.take_places(self.column[points])
        since, until = self.period
        usual = ask_return_trips(question, since=since, until=until, **_ask(self.visit))
        if self.visit.date is None:
            return usual, usual.days_per_week
        return ask_return_trips(question, day=self.day, **_ask(self.visit)), usual.days_per_week

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Names of the feeds."""
        return tuple(str(source.get("name", "")) for source in self.question.feed.sources)


def measure_transit(
    feed: Feed,
    visit: Visit,
    origins: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    wanted: np.ndarray,
    network: RoadNetwork | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, TransitReach]:
    """Return milliseconds from origins to points without a car, and the journeys behind them.

    A time is that from leaving home to arriving before it opens, and stands only where one is
    home the same day; everything else is `UNREACHABLE`.

    Parameters
    ----------
    feed, visit
        The timetable, and what is to be done.
    origins, points
        Where journeys begin and end, with an id column.
    wanted
        Points to ask about, flags; the others stay unreachable.
    network
        Roads to walk along; without them, straight lines times a detour.
    progress
        Called as `progress(done, total)`.
    """
    asked = np.flatnonzero(wanted)
    column = np.full(len(points), -1)
    column[asked] = np.arange(len(asked))
    question = Question.prepare(
        feed, origins, points.iloc[asked], walking=visit.walking, network=network,
        wheelchair=visit.wheelchair,
    )  # fmt: skip
    period = _find_period(feed)
    day = visit.date or _choose_day(feed, period)
    travel_ms = np.full((len(origins), len(points)), UNREACHABLE, np.uint32)
    status = np.zeros((len(origins), len(asked)), np.uint8)
    size = max(1, _ROOM // max(1, len(origins)))
    for first in range(0, len(asked), size):
        part = np.arange(first, min(first + size, len(asked)))
        trips = ask_return_trips(question.take_places(part), day=day, **_ask(visit))
        status[:, part] = trips.status
        found = trips.status == SAME_DAY
        took_ms = 1000 * (trips.arrive_s - trips.leave_s).astype(np.int64)
        travel_ms[:, asked[part]] = np.where(found, took_ms, UNREACHABLE)
        if progress is not None:
            progress(int(part[-1]) + 1, len(asked))
    return travel_ms, TransitReach(visit, day, period, question, column, status)


def _ask(visit: Visit) -> dict[str, Any]:
    return {"open": visit.open, "stay_h": visit.stay_h, "max_rides": visit.max_rides}


def _find_period(feed: Feed) -> tuple[dt.date, dt.date]:
    """Return the first and the last working day on which about as much runs as ever does."""
    types = list_day_types(feed, weekdays=WORKING_DAYS)
    most = max(kind.trips for kind in types)
    days = [day for kind in types if kind.trips >= _MAIN * most for day in kind.days]
    return min(days), max(days)


def _choose_day(feed: Feed, period: tuple[dt.date, dt.date]) -> dt.date:
    """Return the first day of the commonest type of working day on which anything runs."""
    types = list_day_types(
        feed, *period, weekdays=WORKING_DAYS, night_until_s=read_clock("04:00", "day")
    )
    return next((kind for kind in types if kind.trips), types[0]).days[0]
