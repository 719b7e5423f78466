"""A journey without a car in one line, as people say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from socaccess.i18n import Texts

__all__ = ["describe_journey", "show_clock"]

_KINDS = {0: "tram", 1: "metro", 2: "train", 3: "bus", 4: "ferry", 11: "trolleybus"}
"""Words for the types of lines of GTFS; the hundreds are those of the extended ones."""
_EXTENDED = {1: 2, 2: 3, 4: 1, 7: 3, 8: 11, 9: 0, 10: 4, 12: 4}


def describe_journey(row: Mapping[str, Any], legs: pd.DataFrame, texts: Texts) -> str:
    """Return a journey in one line: when one leaves, by which lines, when one is home.

    Parameters
    ----------
    row
        A row of `WithoutCar.journeys` with times, as a dictionary.
    legs
        Its legs, of `WithoutCar.legs`.
    """
    ways = {}
    for way in ("out", "back"):
        rides = legs[(legs["way"] == way) & (legs["kind"] == "ride")]
        ways[way] = ", ".join(
            texts("transit.ride", time=ride.leave[:5].lstrip("0") or "0",
                  kind=texts(f"transit.line_{_name_kind(ride.route_type)}"), line=ride.route)
            for ride in rides.itertuples()
        ) or texts("transit.on_foot")  # fmt: skip
    clocks = {name: show_clock(row[name]) for name in ("leave", "arrive", "return", "back")}
    return texts(
        "transit.journey", leave=clocks["leave"], out=ways["out"], arrive=clocks["arrive"],
        leave_back=clocks["return"], way_back=ways["back"], back=clocks["back"],
        days=texts.number(row["days_per_week"], decimals=1).removesuffix(",0").removesuffix(".0"),
    )  # fmt: skip


def show_clock(clock: str) -> str:
    """Return `07:40` as people write it.

    Examples
    --------
    >>> show_clock("07:40")
    '7:40'
    """
    return clock.removeprefix("0")


def _name_kind(kind: Any) -> str:
    number = int(kind) if kind == kind and kind is not None else 3
    return _KINDS.get(_EXTENDED.get(number // 100, 3) if number >= 100 else number, "bus")
