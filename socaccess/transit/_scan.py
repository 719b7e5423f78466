"""One scan over the connections of a day: earliest arrivals at all stops.

A connection is one hop of one run. They are gone through in order of departure; a run is boarded
where somebody is ready in time, and whoever sits in it may get off at each of its stops. "Arrived
by a ride" and "ready to board" are kept apart: a ride that comes later than somebody else could
have walked there must still let its passengers walk on.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["FAR", "order_by_time", "scan_earliest", "scan_rides", "unroll_runs"]

FAR = np.int32(1 << 30)
"""A time that never comes."""
BOARD, ALIGHT = 1, 2


@njit(cache=True, nogil=True)
def order_by_time(time):
    """Return the stable order of times (counting sort)."""
    order = np.empty(len(time), np.int64)
    if len(time) == 0:
        return order
    low = time.min()
    place = np.zeros(time.max() - low + 2, np.int64)
    for value in time:
        place[value - low + 1] += 1
    place = np.cumsum(place)
    for at in range(len(time)):
        order[place[time[at] - low]] = at
        place[time[at] - low] += 1
    return order


@njit(cache=True, nogil=True)
def unroll_runs(begin, stop, arrive, depart, rule, run_trip, run_shift):
    """Return the connections of runs that depart at 0 or later, run by run."""
    count = 0
    for run in range(len(run_trip)):
        count += max(0, begin[run_trip[run] + 1] - begin[run_trip[run]] - 1)
    leave, come = np.empty(count, np.int32), np.empty(count, np.int32)
    tail, head = np.empty(count, np.int32), np.empty(count, np.int32)
    number, flag = np.empty(count, np.int32), np.empty(count, np.uint8)
    used = 0
    for run in range(len(run_trip)):
        trip, shift = run_trip[run], run_shift[run]
        for at in range(begin[trip], begin[trip + 1] - 1):
            if depart[at] + shift < 0:
                continue
            leave[used] = depart[at] + shift
            come[used] = arrive[at + 1] + shift
            tail[used] = stop[at]
            head[used] = stop[at + 1]
            number[used] = run
            flag[used] = (rule[at] & BOARD) | (rule[at + 1] & ALIGHT)
            used += 1
    return leave[:used], come[:used], tail[:used], head[:used], number[:used], flag[:used]


@njit(cache=True, nogil=True)
def scan_earliest(
    leave, come, tail, head, number, flag, change, walk_begin, walk_stop, walk_s,
    run_count, access_stop, access_s, start, until,
):  # fmt: skip
    """Return the earliest arrival by a ride at every stop, `FAR` where there is none."""
    stops = len(change)
    alight = np.full(stops, FAR, np.int32)
    ready = np.full(stops, FAR, np.int32)
    aboard = np.zeros(run_count, np.bool_)
    for at in range(len(access_stop)):
        ready[access_stop[at]] = min(ready[access_stop[at]], start + access_s[at])
    for c in range(np.searchsorted(leave, start), len(leave)):
        if leave[c] > until:
            break
        if not aboard[number[c]]:
            if not (flag[c] & BOARD) or ready[tail[c]] > leave[c]:
                continue
            aboard[number[c]] = True
        stop, time = head[c], come[c]
        if flag[c] & ALIGHT and time < alight[stop]:
            alight[stop] = time
            ready[stop] = min(ready[stop], time + change[stop])
            for walk in range(walk_begin[stop], walk_begin[stop + 1]):
                there = time + walk_s[walk]
                if there < ready[walk_stop[walk]]:
                    ready[walk_stop[walk]] = there
    return alight


@njit(cache=True, nogil=True)
def scan_rides(
    leave, come, tail, head, number, flag, change, walk_begin, walk_stop, walk_s,
    run_count, access_stop, access_s, start, until, rides,
):  # fmt: skip
    """Return earliest arrivals by at most 1 to `rides` rides, shape (stops, rides)."""
    stops = len(change)
    alight = np.full((stops, rides + 1), FAR, np.int32)
    ready = np.full((stops, rides + 1), FAR, np.int32)
    aboard = np.full(run_count, rides + 1, np.uint8)
    for at in range(len(access_stop)):
        for ride in range(rides + 1):
            ready[access_stop[at], ride] = min(ready[access_stop[at], ride], start + access_s[at])
    for c in range(np.searchsorted(leave, start), len(leave)):
        if leave[c] > until:
            break
        run, board = number[c], tail[c]
        fewest = aboard[run]
        if fewest > 1 and flag[c] & BOARD and ready[board, fewest - 2] <= leave[c]:
            fewest -= 1
            while fewest > 1 and ready[board, fewest - 2] <= leave[c]:
                fewest -= 1
            aboard[run] = fewest
        if fewest > rides or not flag[c] & ALIGHT:
            continue
        stop, time, better = head[c], come[c], fewest
        while better <= rides and time < alight[stop, better]:
            alight[stop, better] = time
            ready[stop, better] = min(ready[stop, better], time + change[stop])
            better += 1
        if better > fewest:
            for walk in range(walk_begin[stop], walk_begin[stop + 1]):
                there = time + walk_s[walk]
                for ride in range(fewest, better):
                    if there < ready[walk_stop[walk], ride]:
                        ready[walk_stop[walk], ride] = there
    return alight[:, 1:]
