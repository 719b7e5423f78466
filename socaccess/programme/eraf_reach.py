"""Who is near a service now and who would be near a site: the arithmetic of the ERAF check."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from socaccess.programme.reach import (
    list_supply,
    measure_between,
    measure_supply,
    name_municipalities,
    spread_persons,
)
from socaccess.routing import UNREACHABLE
from socaccess.study import StudyResult
from socaccess.travel.minutes import to_limit_ms

__all__ = ["Finding", "ReachAround"]

_HAIR = 1e-9


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    Parameters
    ----------
    check
        One of `CHECKS`.
    answer
        `yes`, `no`, `attention` or `unknown`.
    reason
        Key of the text that gives the reason (`plan.eraf_<reason>`).
    values
        What the text needs.
    """

    check: str
    answer: str
    reason: str
    values: dict[str, Any]


class ReachAround:
    """Who is near now and who would be near the site."""

    def __init__(
        self, result: StudyResult, service: str, traveller: str, limit: float, site: int
    ) -> None:
        study = result.study
        self.names = name_municipalities(study)
        self.home = study.settlements["municipality_id"].to_numpy(dtype=object)
        self.persons = spread_persons(result, service)
        self.supply = list_supply(result, service)
        types = result.service_types.set_index("service")
        self.supply_known = bool(types["supply_known"].get(service, True))
        ms = measure_supply(result, self.supply, traveller)
        within = to_limit_ms(limit)
        self.near = (ms <= within) & (ms < UNREACHABLE)
        self.now_ms = ms.min(axis=1) if ms.shape[1] else np.full(len(self.home), UNREACHABLE)
        self.site_ms = measure_between(result, traveller)[:, site]
        self.near_now = self.near.any(axis=1) if ms.shape[1] else np.zeros(len(self.home), bool)
        self.near_site = (self.site_ms <= within) & (self.site_ms < UNREACHABLE)

    def sum(self, flags: np.ndarray) -> float:
        """Return the persons of some settlements."""
        return float(self.persons[flags].sum())

    def tell_effect(self, first: str) -> pd.DataFrame:
        """Return who gains: the municipality asked about first, then others the site is near to."""
        rows = []
        others = {str(home) for home in self.home[self.near_site]} - {first}
        for name in [first, *sorted(others)]:
            inside = self.home == name
            now, after = (
                self.sum(inside & self.near_now),
                self.sum(inside & (self.near_now | self.near_site)),
            )
            whole = self.sum(inside)
            rows.append((name, self.names[name], whole, now, after, after - now, whole - after))
        columns = ["municipality_id", "municipality", "persons", "near_now", "near_after", "gain",
                   "remaining"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def judge_gap(self, municipality: str) -> Finding:
        """Is anybody helped who is not near one now?"""
        if not self.persons.sum() > 0:
            return Finding("gap", "unknown", "gap_unknown", {})
        if not self.supply_known:
            return Finding("gap", "unknown", "gap_no_supply", {})
        inside = self.home == municipality
        gain = self.sum(self.near_site & ~self.near_now)
        values = {
            "municipality": self.names[municipality],
            "gap": self.sum(inside & ~self.near_now),
            "gain": gain,
            "gain_here": self.sum(inside & self.near_site & ~self.near_now),
            "remaining": self.sum(inside & ~self.near_now & ~self.near_site),
        }
        answer = "yes" if gain > _HAIR else "no"
        return Finding("gap", answer, f"gap_{answer}", values)

    def judge_places(self, places: int, take_up: float, basis: str) -> Finding:
        """Are there people for the places: by nearness, or because those around hold too few?"""
        if not self.persons.sum() > 0:
            return Finding("places", "unknown", "places_unknown", {"places": places})
        nearest = self.near_site & ((self.site_ms < self.now_ms) | ~self.near_now)
        everyone, within = self.sum(nearest), self.sum(self.near_site)
        near_them = self.near[self.near_site & (self.persons > 0)].any(axis=0)
        around = self.supply["places"].to_numpy(dtype=float)[near_them]
        known = float(np.nansum(around))
        values: dict[str, Any] = {
            "places": places,
            "everyone": everyone,
            "expected": everyone * take_up,
            "within": within,
            "expected_within": within * take_up,
            "around": int(known),
            "around_unknown": int(np.isnan(around).sum()),
            "take_up": take_up,
            "basis": basis,
        }
        # Places around also serve others, so what is missing here is missing at least.
        short = within * take_up - known
        if places <= math.ceil(everyone * take_up - _HAIR):
            answer, reason = "yes", "places_yes"
        elif not values["around_unknown"] and places <= math.ceil(short - _HAIR):
            answer, reason = "yes", "places_short"
        elif places <= math.ceil(everyone - _HAIR):
            answer, reason = "attention", "places_attention"
        elif values["around_unknown"] and places <= math.ceil(within * take_up - _HAIR):
            answer, reason = "attention", "places_around"
        else:
            answer, reason = "no", "places_no" if everyone > _HAIR else "places_nobody"
        return Finding("places", answer, reason, values)

    def judge_neighbour(self, municipality: str) -> Finding:
        """Do facilities of others already serve everybody here within the limit?"""
        inside = self.home == municipality
        whole = self.sum(inside)
        here = {"municipality": self.names[municipality]}
        if not whole > 0:
            return Finding("neighbour", "unknown", "neighbour_unknown", here)
        if not self.supply_known:
            return Finding("neighbour", "unknown", "neighbour_no_supply", {})
        other = (self.supply["municipality_id"] != municipality).to_numpy()
        near = (
            self.near[:, other].any(axis=1) if other.any() else np.zeros(len(self.home), dtype=bool)
        )
        served = self.sum(inside & near)
        columns = np.flatnonzero(other & self.near[inside & (self.persons > 0)].any(axis=0))
        homes = {self.names.get(str(m), "?") for m in self.supply["municipality_id"].iloc[columns]}
        values = {**here, "share": served / whole, "names": tuple(sorted(homes))}
        if served >= whole - _HAIR:
            return Finding("neighbour", "no", "neighbour_no", values)
        answer = "attention" if served > 0 else "yes"
        return Finding("neighbour", answer, f"neighbour_{answer}", values)
