"""All useful departures towards a place, in one scan over a day from its end.

A journey's value is one whole number: arrival, then rides, then seconds on foot, each in bits of
its own. Seen from the place this is exact: what is left of a best journey is itself best for its
stop and time, and a ride or a walk before it adds the same to every candidate. So the least walk
among the fewest rides among the earliest arrivals costs no more than the arrival alone. Only a
limit on the number of rides needs a value for each number.

Entries are rows of whole numbers: time and following entry in the two halves of the first, then the
value or values; so that a step along a list costs one look into memory. The first entry of each
list stands apart too, small enough to stay near the processor: most connections improve nothing,
and most of those that do come first, and both show there.

Runs are numbered as they set out (`timetable`), so that those under way at one time lie side by
side and near the processor: that halves the time of a scan over a country.

Each stop has two staircases of entries, linked lists by departure: `own` holds departures
from the stop itself, for whoever walks there from home; `near` also those of stops that can be
walked to, less the walk, for whoever changes. With one list, a home could walk twice.
"""

# mypy: ignore-errors

from __future__ import annotations

from functools import cache

import numpy as np
from numba import njit

__all__ = ["NEVER", "compile_scan", "find_departures", "spread_departures"]

NEVER = np.int64(1 << 62)
"""The value of no journey."""
ARRIVAL_BITS, RIDE_BITS = 24, 18
ONE_RIDE = np.int64(1 << RIDE_BITS)
BOARD, ALIGHT = 1, 2
NO_TIME = np.int32(-(1 << 30))
HALF, LOW_HALF = 32, np.int64((1 << 32) - 1)
NOTHING = np.int64(-1 << 32)
"""The head of an empty list: before any time, and no entry."""


@cache
def compile_scan(limit):
    """Return the scan for one value per entry, or, with a limit on rides, for one per number.

    The limit is a constant to the compiler, which then writes out the loops over it.
    """
    values = limit or 1
    step = 1 if limit else 0

    @njit(cache=True, nogil=True)
    def scan(
        leave, come, tail, head, number, flag, change, back_begin, back_stop, back_s,
        mirrored, place_stop, place_s, low, high, first, seated,
        near_head, near, own_first, own_last, own_head, own,
    ):  # fmt: skip
        """Fill the staircases towards a place; return whether there was room for all entries.

        Parameters
        ----------
        leave, come, tail, head, number, flag
            Connections by departure.
        change, back_begin, back_stop, back_s
            Seconds needed to change at a stop, and walks into each stop, the change included.
        mirrored
            Whether time is turned round: then the time to change, which a walk holds, is that of
            the stop one walks to.
        place_stop, place_s
            Stops from which the place is reached on foot, and in how many seconds.
        low, high
            Arrivals of interest, both inclusive.
        first
            The earliest departure.
        seated
            Best value for whoever sits in a run, (runs, values).
        near_head, near, own_head, own
            The first entry of each stop's lists, (stops, values + 1), and room for the entries. A
            head holds its own place where an entry holds that of the next.
        own_first, own_last
            First and last entry of each stop's own list, -1 without any.
        """
        seated[:] = NEVER
        for array in (near_head, own_head):
            array[:, 0] = NOTHING
            array[:, 1:] = NEVER
        own_last[:] = -1
        is_end = np.zeros(len(change), np.bool_)
        is_end[place_stop] = True
        near_used, own_used = 0, 0
        for c in range(np.searchsorted(leave, high + 1) - 1, -1, -1):
            departure = np.int64(leave[c])
            if departure < first:
                break
            run = number[c]
            if flag[c] & ALIGHT:
                stop, time = head[c], np.int64(come[c])
                if is_end[stop]:
                    for at in range(len(place_stop)):
                        there = time + place_s[at]
                        if place_stop[at] == stop and low <= there <= high:
                            value = (there << ARRIVAL_BITS) + ONE_RIDE + place_s[at]
                            for k in range(values):
                                if value < seated[run, k]:
                                    seated[run, k] = value
                helps = False
                for k in range(values - step):
                    helps |= near_head[stop, k + 1] + ONE_RIDE < seated[run, k + step]
                if helps:
                    front = near_head[stop, 0]
                    if front >> HALF >= time:
                        for k in range(values - step):
                            value = near_head[stop, k + 1] + ONE_RIDE
                            if value < seated[run, k + step]:
                                seated[run, k + step] = value
                    else:
                        entry = (near[(front & LOW_HALF) - 1, 0] & LOW_HALF) - 1
                        while entry >= 0 and near[entry, 0] >> HALF < time:
                            entry = (near[entry, 0] & LOW_HALF) - 1
                        if entry >= 0:
                            for k in range(values - step):
                                value = near[entry, k + 1] + ONE_RIDE
                                if value < seated[run, k + step]:
                                    seated[run, k + step] = value
            if not flag[c] & BOARD:
                continue
            stop = tail[c]
            better = False
            for k in range(values):
                better |= seated[run, k] < own_head[stop, k + 1]
            if not better:
                continue
            front = own_head[stop, 0]
            entry = (front & LOW_HALF) - 1
            if front >> HALF != departure:
                if own_used == len(own):
                    return False
                own[own_used, 0] = departure << HALF | entry + 1
                own_head[stop, 0] = departure << HALF | own_used + 1
                if entry < 0:
                    own_last[stop] = own_used
                entry = own_used
                own_used += 1
            for k in range(values):
                best = min(seated[run, k], own_head[stop, k + 1])
                own_head[stop, k + 1] = best
                own[entry, k + 1] = best
            for walk in range(back_begin[stop] - 1, back_begin[stop + 1]):
                other, on_foot = stop, np.int64(0)
                time = departure - change[stop]
                if walk >= back_begin[stop]:
                    other, time = back_stop[walk], departure - back_s[walk]
                    on_foot = np.int64(back_s[walk] - change[stop if mirrored else other])
                front = near_head[other, 0]
                entry = (front & LOW_HALF) - 1
                if front >> HALF >= time or entry < 0:
                    # It comes first, or stands first already: the rest of the list stays.
                    useful = False
                    for k in range(values):
                        useful |= seated[run, k] + on_foot < near_head[other, k + 1]
                    if not useful:
                        continue
                    if front >> HALF != time or entry < 0:
                        if near_used == len(near):
                            return False
                        near[near_used, 0] = time << HALF | entry + 1
                        near_head[other, 0] = time << HALF | near_used + 1
                        entry = near_used
                        near_used += 1
                    for k in range(values):
                        best = min(seated[run, k] + on_foot, near_head[other, k + 1])
                        near_head[other, k + 1] = best
                        near[entry, k + 1] = best
                    continue
                begin = entry
                before, entry = entry, (near[entry, 0] & LOW_HALF) - 1
                while entry >= 0 and near[entry, 0] >> HALF < time:
                    before, entry = entry, (near[entry, 0] & LOW_HALF) - 1
                useful = entry < 0
                if not useful:
                    for k in range(values):
                        useful |= seated[run, k] + on_foot < near[entry, k + 1]
                if not useful:
                    continue
                if entry < 0 or near[entry, 0] >> HALF != time:
                    if near_used == len(near):
                        return False
                    near[near_used, 0] = time << HALF | entry + 1
                    for k in range(values):
                        near[near_used, k + 1] = near[entry, k + 1] if entry >= 0 else NEVER
                    near[before, 0] = (near[before, 0] & ~LOW_HALF) | near_used + 1
                    entry = near_used
                    near_used += 1
                # Earlier entries of the list must not be worse.
                at = begin
                while True:
                    for k in range(values):
                        value = seated[run, k] + on_foot
                        if value < near[at, k + 1]:
                            near[at, k + 1] = value
                    if at == entry:
                        break
                    at = (near[at, 0] & LOW_HALF) - 1
                for k in range(values):
                    near_head[other, k + 1] = near[begin, k + 1]
        own_first[:] = (own_head[:, 0] & LOW_HALF) - 1
        return True

    return scan


@njit(cache=True, nogil=True)
def find_departures(begin, stop, walk_s, own_first, own_last, own, first, leaves, value, soonest):
    """Write for every home the latest departure, its best value, and the earliest arrival of all.

    Departures before `first` do not count. `NO_TIME` and `NEVER` where there is none.
    """
    last = own.shape[1] - 1
    for home in range(len(begin) - 1):
        best, best_value, earliest = np.int64(NO_TIME), NEVER, NEVER
        for walk in range(begin[home], begin[home + 1]):
            entry = own_last[stop[walk]]
            if entry < 0:
                continue
            seconds = walk_s[walk]
            time = (own[entry, 0] >> HALF) - seconds
            if time < first:
                continue
            if time >= best:
                found = own[entry, last] + seconds
                if time > best or found < best_value:
                    best, best_value = time, found
            entry = own_first[stop[walk]]
            while entry >= 0 and (own[entry, 0] >> HALF) - seconds < first:
                entry = (own[entry, 0] & LOW_HALF) - 1
            if entry >= 0:
                earliest = min(earliest, own[entry, last])
        leaves[home], value[home] = best, best_value
        soonest[home] = earliest >> ARRIVAL_BITS if earliest < NEVER else -1


@njit(cache=True, nogil=True)
def spread_departures(begin, stop, walk_s, own_first, own, start, step, out):
    """Write the earliest arrival of each home for departures at `start`, `start + step` ...

    `out` is (homes, departures), -1 where there is no journey.
    """
    last, departures = own.shape[1] - 1, out.shape[1]
    for home in range(len(begin) - 1):
        out[home] = -1
        for walk in range(begin[home], begin[home + 1]):
            entry = own_first[stop[walk]]
            for at in range(departures):
                ready = start + at * step + walk_s[walk]
                while entry >= 0 and own[entry, 0] >> HALF < ready:
                    entry = (own[entry, 0] & LOW_HALF) - 1
                if entry < 0:
                    break
                arrival = own[entry, last] >> ARRIVAL_BITS
                if out[home, at] < 0 or arrival < out[home, at]:
                    out[home, at] = arrival
