"""What the map says of those who have no car: a line per settlement and service, and a table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from socaccess.i18n import Texts
from socaccess.study.journey_words import describe_journey
from socaccess.study.release import Release
from socaccess.study.without_car import open_without_car

__all__ = ["encode_journeys", "list_shares"]


def encode_journeys(
    released: Release, services: list[str], settlements: list[str], texts: Texts
) -> dict[str, Any] | None:
    """Return the line of every settlement and service; None where it was not asked.

    Returns
    -------
    dict
        `texts`, each once, and `at`: per service the text of each settlement, -1 for none.
    """
    without = open_without_car(released)
    if without is None:
        return None
    known: dict[str, int] = {}
    at = {service: [-1] * len(settlements) for service in services}
    place = {name: position for position, name in enumerate(settlements)}
    journeys = without.journeys
    for number, row in zip(journeys.index, journeys.to_dict("records"), strict=True):
        service, settlement = row["service"], row["settlement_id"]
        if service not in at or settlement not in place or row["transit_status"] is None:
            continue
        if row["leave"] is None or pd.isna(row["leave"]):
            what = texts.family("tables.value.transit_status.")[row["transit_status"]]
        else:
            what = describe_journey(row, without.legs_of(number), texts)
        line = texts("map.without_car", what=what)
        at[service][place[settlement]] = known.setdefault(line, len(known))
    return {"texts": list(known), "at": list(at.values())}


def list_shares(released: Release, texts: Texts) -> list[list[str]]:
    """Return who gets to which promised service without a car now: rows of words."""
    without = open_without_car(released)
    if without is None:
        return []
    names = released.result.study.name_services(texts.lang)
    return [
        [
            names[row["service"]],
            texts.share(row["covered_share"]["now"]),
            texts.share(row["same_day_share"]["now"]),
        ]
        for row in without.summarise()["services"]
        if row["service"] in released.result.study.promised
    ]
