"""The compiled loops over the rows of `stop_times.txt`; imported when a feed is read."""

# mypy: ignore-errors

from __future__ import annotations

from numba import njit

__all__ = ["mend_times", "parse_clocks", "parse_numbers"]

MISSING, UNREADABLE = -1, -2


@njit(cache=True)
def parse_clocks(offsets, data, out):
    """Read `H:MM:SS`, spaces or quotes around it, as seconds."""
    for row in range(len(out)):
        part, total, digits, colons, bad = 0, 0, 0, 0, False
        for sign in data[offsets[row] : offsets[row + 1]]:
            if 48 <= sign <= 57:
                part = part * 10 + (sign - 48)
                digits += 1
            elif sign == 58:
                total = (total + part) * 60
                part = 0
                colons += 1
            elif sign != 32 and sign != 34 and sign != 9:
                bad = True
        if bad or digits > 8 or (digits > 0 and colons != 2):
            out[row] = UNREADABLE
        else:
            out[row] = total + part if digits else MISSING


@njit(cache=True)
def parse_numbers(offsets, data, empty, out):
    """Read whole numbers, spaces or quotes around them; `empty` where there is none."""
    for row in range(len(out)):
        value, seen, bad = 0, False, False
        for sign in data[offsets[row] : offsets[row + 1]]:
            if 48 <= sign <= 57:
                value = value * 10 + (sign - 48)
                seen = True
            elif sign == 46:  # 1.0, as spreadsheets write it
                break
            elif sign != 32 and sign != 34 and sign != 9:
                bad = True
        out[row] = UNREADABLE if bad else (value if seen else empty)


@njit(cache=True)
def mend_times(begin, arrive_s, depart_s, rule, spread, turned):
    """Complete and order the times of every trip.

    Takes one of arrival and departure for the other, spreads missing times evenly over the stops
    between two known ones, and lets no time go back. Stops before the first and after the last
    known time cannot be used. Marks trips by what was done.
    """
    for trip in range(len(begin) - 1):
        low, high, known = begin[trip], begin[trip + 1], -1
        for at in range(low, high):
            if arrive_s[at] < 0:
                arrive_s[at] = depart_s[at]
            if depart_s[at] < 0:
                depart_s[at] = arrive_s[at]
            if arrive_s[at] >= 0:
                if known >= 0 and at - known > 1:
                    spread[trip] = True
                    for between in range(known + 1, at):
                        time = depart_s[known] + (arrive_s[at] - depart_s[known]) * (
                            between - known
                        ) // (at - known)
                        arrive_s[between] = time
                        depart_s[between] = time
                elif known < 0 and at > low:
                    spread[trip] = True
                    for before in range(low, at):
                        arrive_s[before] = depart_s[before] = arrive_s[at]
                        rule[before] = 0
                known = at
        for after in range((known if known >= 0 else low - 1) + 1, high):
            arrive_s[after] = depart_s[after] = depart_s[known] if known >= 0 else 0
            rule[after] = 0
            spread[trip] = True
        last = -1
        for at in range(low, high):
            if arrive_s[at] < last:
                turned[trip] = True
                arrive_s[at] = last
            if depart_s[at] < arrive_s[at]:
                turned[trip] = True
                depart_s[at] = arrive_s[at]
            last = depart_s[at]
