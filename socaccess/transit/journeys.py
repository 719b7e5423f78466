"""The journey behind a time: which walks and rides, from stop to stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from socaccess.sources.gtfs.feed import MAY_ALIGHT, MAY_BOARD, Feed
from socaccess.transit.profile import Profile
from socaccess.transit.timetable import MIRROR_S, Timetable
from socaccess.transit.walking import Walks

__all__ = ["Leg", "describe_legs", "trace_legs"]

_PARTS = (24, 18)
"""Bits below the arrival, and below the rides, of a value of `_profile`."""


@dataclass(frozen=True)
class Leg:
    """One walk or ride.

    Parameters
    ----------
    begin, end
        Positions of stops; -1 for home or the place.
    leave_s, arrive_s
        Seconds of the day.
    run
        The run ridden; -1 on foot.
    """

    begin: int
    end: int
    leave_s: int
    arrive_s: int
    run: int = -1


def trace_legs(
    profile: Profile, homes: Walks, home: int, place: tuple[np.ndarray, np.ndarray],
    goal: tuple[int, int, int, int],
) -> list[Leg]:  # fmt: skip
    """Return the legs of a journey whose leaving, arrival, rides and seconds on foot are known.

    Parameters
    ----------
    profile
        Scanned for one place alone.
    homes, home
        Walks to stops, and whose they are.
    place
        Stops and seconds of the place.
    goal
        Leaving, arrival, rides, seconds on foot, as the profile gave them.
    """
    leave_s, arrive_s, rides, walk_s = goal
    trace = _Trace(profile, dict(zip(*(values.tolist() for values in place), strict=True)))
    for stop, seconds in zip(*(values.tolist() for values in homes.of(home)), strict=True):
        time = leave_s + seconds
        column = profile.columns - 1
        if trace.find_entry(stop, time, column) != (time, arrive_s, rides, walk_s - seconds):
            continue
        rest = trace.follow(stop, time, arrive_s, rides, walk_s - seconds, column)
        if rest is not None:
            return [Leg(-1, stop, leave_s, time), *rest]
    return []


class _Trace:
    """The search along a profile; every step must keep arrival, rides and walk exact."""

    def __init__(self, profile: Profile, egress: dict[int, int]) -> None:
        self.profile, self.timetable, self.egress = profile, profile.timetable, egress

    def find_entry(self, stop: int, ready: int, column: int) -> tuple[int, int, int, int] | None:
        """Return the first departure from `ready` on: time, arrival, rides, walk."""
        return next(
            (entry for entry in self.profile.list_departures(stop, column) if entry[0] >= ready),
            None,
        )

    def follow(
        self, stop: int, time: int, arrive_s: int, rides: int, walk_s: int, column: int
    ) -> list[Leg] | None:
        """Return the legs from a departure on, None where this one does not lead to the goal."""
        table = self.timetable
        here = np.arange(*np.searchsorted(table.leave_s, [time, time + 1]))
        boards = here[(table.tail[here] == stop) & (table.rule[here] & MAY_BOARD > 0)]
        for connection in boards.tolist():
            run = int(table.run[connection])
            hops = connection + np.flatnonzero(table.run[connection:] == run)
            for hop in hops[table.rule[hops] & MAY_ALIGHT > 0].tolist():
                end, come = int(table.head[hop]), int(table.come_s[hop])
                ride = Leg(stop, end, time, come, run)
                if rides == 1:
                    if come + self.egress.get(end, arrive_s) == arrive_s and (
                        self.egress.get(end) == walk_s
                    ):
                        return [ride, Leg(end, -1, come, arrive_s)]
                    continue
                rest = self._change(end, come, arrive_s, rides - 1, walk_s, column)
                if rest is not None:
                    return [ride, *rest]
        return None

    def _change(
        self, end: int, come: int, arrive_s: int, rides: int, walk_s: int, column: int
    ) -> list[Leg] | None:
        column -= self.profile.columns > 1
        for other, needed, on_foot in _list_walks(self.timetable, end):
            entry = self.find_entry(other, come + needed, column)
            if entry is None or entry[1:] != (arrive_s, rides, walk_s - on_foot):
                continue
            rest = self.follow(other, entry[0], arrive_s, rides, walk_s - on_foot, column)
            if rest is not None:
                walk = [Leg(end, other, come, come + on_foot)] if other != end else []
                return [*walk, *rest]
        return None


def _list_walks(timetable: Timetable, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield stops one may change to, seconds until ready there, and those of them on foot."""
    change = int(timetable.change_s[stop])
    yield stop, change, 0
    begin, end, seconds = timetable.walks_out
    for walk in range(int(begin[stop]), int(begin[stop + 1])):
        needed = int(seconds[walk])
        # On a mirrored day the time to change belongs to the other end of the walk.
        spent = change if not timetable.is_mirrored else int(timetable.change_s[end[walk]])
        yield int(end[walk]), needed, needed - spent


def turn_back(legs: list[Leg]) -> list[Leg]:
    """Return the legs of a mirrored day as they are in time."""
    return [
        replace(
            leg, begin=leg.end, end=leg.begin,
            leave_s=MIRROR_S - leg.arrive_s, arrive_s=MIRROR_S - leg.leave_s,
        )
        for leg in reversed(legs)
    ]  # fmt: skip


def describe_legs(feed: Feed, timetable: Timetable, legs: list[Leg]) -> list[dict[str, object]]:
    """Return legs in words of the timetable: stops and lines by name, kind `walk` or `ride`."""
    rows = []
    for leg in legs:
        trip = int(timetable.run_trip[leg.run]) if leg.run >= 0 else -1
        route = int(feed.trip_route[trip]) if trip >= 0 else -1
        rows.append(
            {
                "kind": "ride" if trip >= 0 else "walk",
                "leave_s": leg.leave_s,
                "from_stop": feed.stop_name[leg.begin].as_py() if leg.begin >= 0 else None,
                "arrive_s": leg.arrive_s,
                "to_stop": feed.stop_name[leg.end].as_py() if leg.end >= 0 else None,
                "route": feed.route_name[route].as_py() if route >= 0 else None,
                "route_type": int(feed.route_type[route]) if route >= 0 else None,
                "trip_id": feed.trip_id[trip].as_py() if trip >= 0 else None,
            }
        )
    return rows
