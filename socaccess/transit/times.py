"""How long it takes by timetable: over a window of departures, or to be there by a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from socaccess.errors import InputError, Problem
from socaccess.sources.gtfs.feed import Feed
from socaccess.transit.asking import Question, read_clock
from socaccess.transit.profile import Profile
from socaccess.transit.search import find_latest
from socaccess.transit.walking import WalkModel

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from socaccess.network import RoadNetwork

__all__ = ["TIME_STATUSES", "TransitTimes", "transit_times"]

TIME_STATUSES: Final = ("reached", "no_service", "no_stop")
"""There is a journey; stops on both sides but none in time; a stop is missing."""


@dataclass(frozen=True, eq=False)
class TransitTimes:
    """Times between origins and destinations by public transport; no pair is left out.

    Parameters
    ----------
    origin_ids, destination_ids
        Names of rows and columns.
    day
        The date.
    percentiles
        Per cent of departures; 0 alone where one time was to be kept.
    travel_s
        Seconds from the wish to leave to arrival, within which the journey can be made for at
        least so many per cent of the departures, shape (percentiles, origins, destinations); -1
        where it cannot. With `arrive_by`: seconds before that time at which one has to leave.
    status
        Position in `TIME_STATUSES`, shape (origins, destinations).
    findings
        What one should know about the answer.
    """

    origin_ids: np.ndarray
    destination_ids: np.ndarray
    day: dt.date
    percentiles: tuple[int, ...]
    travel_s: np.ndarray
    status: np.ndarray
    findings: tuple[Problem, ...]

    @property
    def travel_min(self) -> np.ndarray:
        """Minutes, shape (percentiles, origins, destinations), NaN where there is no journey."""
        return np.where(self.travel_s < 0, np.nan, self.travel_s / 60)

    @property
    def minutes(self) -> pd.DataFrame:
        """Minutes of the first percentile: origins down, destinations across."""
        import pandas as pd

        return pd.DataFrame(
            self.travel_min[0],
            index=pd.Index(self.origin_ids, name="from_id"),
            columns=pd.Index(self.destination_ids, name="to_id"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per pair: ids, status and `travel_min_p50` and so on."""
        import pandas as pd

        rows, columns = self.status.shape
        frame = pd.DataFrame(
            {
                "from_id": np.repeat(self.origin_ids, columns),
                "to_id": np.tile(self.destination_ids, rows),
                "status": np.array(TIME_STATUSES, object)[self.status.ravel()],
            }
        )
        for percent, minutes in zip(self.percentiles, self.travel_min, strict=True):
            frame[f"travel_min_p{percent}" if percent else "travel_min"] = minutes.ravel()
        return frame


def transit_times(
    feed: Feed | str | Path,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    day: dt.date,
    leave: str = "08:00",
    window_min: int = 60,
    percentiles: Sequence[int] = (50,),
    arrive_by: str | None = None,
    longest_min: float = 120.0,
    max_rides: int | None = None,
    walking: WalkModel | None = None,
    network: RoadNetwork | None = None,
    wheelchair: bool = False,
) -> TransitTimes:
    """Return how long it takes to get from every origin to every destination.

    One wishes to leave at every whole minute of the window; the time until arrival holds the wait
    for the bus. A percentile of 50 is the time within which half of these departures get there, of
    95 the time within which nearly all do (nearest rank). Walking all the way counts.

    Parameters
    ----------
    feed
        A timetable, or the path of a saved one or of a GTFS feed.
    origins, destinations
        Points with an id column and a stated CRS.
    day
        The date.
    leave, window_min
        First departure, and minutes of the window: 60 departures from 08:00 to 08:59.
    percentiles
        Whole per cent, 1 to 100.
    arrive_by
        Be there by this time instead: the answer is how long before it one has to leave.
    longest_min
        Longest time of interest, inclusive; beyond it there is no journey.
    max_rides, walking, network, wheelchair
        As in `return_trips`.

    Raises
    ------
    InputError
        If the day lies outside the feed's validity, or a time, percentile or point cannot be used.

    Examples
    --------
    >>> times = transit_times("riga.zip", homes, clinics, day=dt.date(2019, 10, 9),
    ...                       percentiles=(25, 50, 75))                   # doctest: +SKIP
    >>> times.minutes.loc["home", "clinic"]                               # doctest: +SKIP
    """
    question = Question.prepare(
        feed, origins, destinations, walking=walking, network=network, wheelchair=wheelchair
    )
    wanted = tuple(percentiles)
    if not wanted or not all(isinstance(p, int) and 1 <= p <= 100 for p in wanted):
        raise InputError("transit.not_a_percentile", where="percentiles", values=list(wanted))
    if window_min < 1 or longest_min <= 0:
        raise InputError("transit.window_empty", where="window_min")
    longest_s = round(longest_min * 60)
    if arrive_by is not None:
        wanted = (0,)
        by_s = read_clock(arrive_by, "arrive_by")
        travel_s = _measure_arriving(question, day, by_s, longest_s, max_rides)
    else:
        start_s = read_clock(leave, "leave")
        travel_s = _measure_window(question, day, start_s, window_min, wanted, longest_s, max_rides)
    no_stop = ~question.homes.has_stop[:, None] | ~question.places.has_stop[None, :]
    reached = (travel_s >= 0).any(axis=0)
    status = np.where(reached, 0, np.where(no_stop, 2, 1)).astype(np.uint8)
    return TransitTimes(
        question.home_ids, question.place_ids, day, wanted, travel_s, status, question.findings
    )


def _measure_window(
    question: Question,
    day: dt.date,
    start_s: int,
    count: int,
    percentiles: tuple[int, ...],
    longest_s: int,
    max_rides: int | None,
) -> np.ndarray:
    """Return seconds of every percentile, origin and destination."""
    shape = len(percentiles), len(question.home_ids), len(question.place_ids)
    travel_s = np.full(shape, -1, np.int32)
    ranks = [max(1, -(-percent * count // 100)) - 1 for percent in percentiles]
    profile = Profile(question.open_day(day), max_rides)
    leave_s = start_s + 60 * np.arange(count)
    beyond = longest_s + 1
    last_s = int(leave_s[-1]) + longest_s
    for place in range(shape[2]):
        profile.scan(*question.places.of(place), start_s, last_s, start_s)
        arrive_s = profile.spread_departures(question.homes, start_s, 60, count)
        seconds = np.where(arrive_s < 0, beyond, arrive_s - leave_s)
        walk = question.on_foot[:, place, None]
        seconds = np.where(walk >= 0, np.minimum(seconds, walk), seconds)
        ranked = np.sort(seconds, axis=1)[:, ranks].T
        travel_s[:, :, place] = np.where(ranked > longest_s, -1, ranked)
    return travel_s


def _measure_arriving(
    question: Question, day: dt.date, by_s: int, longest_s: int, max_rides: int | None
) -> np.ndarray:
    """Return how many seconds before a time one has to leave every origin."""
    homes, timetable = question.homes, question.open_day(day)
    count = len(question.home_ids)
    travel_s = np.full((1, count, len(question.place_ids)), -1, np.int32)
    home = np.repeat(np.arange(count), np.diff(homes.begin))
    for place in range(len(question.place_ids)):
        stop, seconds = question.places.of(place)
        latest = find_latest(
            timetable, stop, seconds, by_s, from_s=by_s - longest_s, max_rides=max_rides
        )
        latest = latest if max_rides is None else latest[:, -1]
        leave_s = np.full(count, -1, np.int64)
        ride = latest[homes.stop] >= 0
        np.maximum.at(leave_s, home[ride], latest[homes.stop[ride]] - homes.seconds[ride])
        on_foot = question.on_foot[:, place]
        leave_s[on_foot >= 0] = np.maximum(leave_s, by_s - on_foot)[on_foot >= 0]
        needed = by_s - leave_s
        travel_s[0, :, place] = np.where((leave_s >= 0) & (needed <= longest_s), needed, -1)
    return travel_s
