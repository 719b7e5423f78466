"""The figures of a written plan, recalculated from its minutes and persons alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from socaccess.verification.documents import PlanDocument

__all__ = ["Flows", "assign_nearest", "count_site_figures", "measure_objective", "read_flows"]


@dataclass(frozen=True, eq=False)
class Flows:
    """Who goes where: arrays of equal length; `site` is -1 for who goes nowhere.

    `row` is -1 where the file names a client or group that is none of the question's.
    """

    row: np.ndarray
    site: np.ndarray
    persons: np.ndarray
    stated_min: np.ndarray

    def minutes(self, document: PlanDocument) -> np.ndarray:
        """Return the minutes of everyone on the way, inf for who goes nowhere."""
        minutes = document.minutes[self.row, self.site]
        return np.where(self.site >= 0, minutes, np.inf)


def read_flows(document: PlanDocument) -> Flows:
    """Return the assignment as the file states it."""
    clients = {str(name): at for at, name in enumerate(document.problem["client_ids"])}
    people = document.problem["persons"]
    groups = {str(name): at for at, name in enumerate(people)} if isinstance(people, dict) else {}
    rows = document.plan["assignment"]
    row, site, persons, minutes = [], [], [], []
    for one in rows:
        client = clients.get(str(one["client_id"]), -1)
        group = groups.get(str(one.get("group")), -1) if groups else 0
        row.append(-1 if min(client, group) < 0 else group * len(clients) + client)
        site.append(
            -1 if one["site_id"] is None else document.place_of.get(str(one["site_id"]), -2)
        )
        persons.append(float(one["persons"]))
        minutes.append(np.inf if one["travel_min"] is None else float(one["travel_min"]))
    return Flows(np.array(row, dtype=int), np.array(site, dtype=int), np.array(persons),
                 np.array(minutes))  # fmt: skip


def assign_nearest(document: PlanDocument, sites: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return everyone's nearest of some sites (the first of equally near ones) and its minutes."""
    count = len(document.persons)
    if not sites:
        return np.full(count, -1), np.full(count, np.inf)
    order = np.array(sorted(sites))
    table = document.minutes[:, order]
    best = table.argmin(axis=1)
    minutes = table[np.arange(count), best]
    return np.where(np.isfinite(minutes), order[best], -1), minutes


def measure_objective(document: PlanDocument, minutes: np.ndarray, weight: np.ndarray) -> float:
    """Return the value of a plan in the terms of its objective.

    `minutes` and `weight` are of rows, or of flows where places decide who goes where.
    """
    kind = document.problem["objective"]
    limits = document.limit_min if len(minutes) == len(document.limit_min) else None
    if kind == "lscp":
        closable = set(document.positions(document.ask("may_close", [])))
        return float(len(document.new) + len(closable - set(document.closed)))
    if kind == "mclp":
        assert limits is not None
        return float(weight @ cover_share(document, minutes, limits))
    served = np.isfinite(minutes) & (weight > 0)
    if kind in ("p_center", "lex_minimax"):
        return float(minutes[served].max(initial=0.0))
    if kind == "worst_decile":
        return _mean_of_tenth(minutes[served], weight[served])
    return float(weight[served] @ minutes[served])


def _mean_of_tenth(minutes: np.ndarray, weight: np.ndarray) -> float:
    """Return the mean minutes of the tenth of persons who are farthest away."""
    left = tenth = 0.1 * float(weight.sum())
    total = 0.0
    for at in np.argsort(-minutes, kind="stable"):
        share = min(left, float(weight[at]))
        total, left = total + share * float(minutes[at]), left - share
    return total / tenth if tenth else 0.0


def cover_share(document: PlanDocument, minutes: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Return how much each counts as covered: 0 or 1, or between where coverage fades."""
    fade = document.ask("fade_min")
    if fade is None:
        return (minutes <= limit).astype(float)
    with np.errstate(invalid="ignore"):
        share = 1.0 - np.clip((minutes - limit) / (float(fade) - limit), 0.0, 1.0)
    return np.where(np.isfinite(minutes), share, 0.0)


def count_site_figures(document: PlanDocument) -> list[dict[str, Any]]:
    """Return of every new site, in its rank, what it gains, saves and what is lost without it."""
    persons, limit = document.persons, document.limit_min
    before = assign_nearest(document, document.staying)[1]
    had = np.isfinite(before)
    everyone = [*document.staying, *document.new]
    found = []
    minutes = before
    for site in document.new:
        nearer = np.minimum(minutes, document.minutes[:, site])
        rest = assign_nearest(document, [one for one in everyone if one != site])[1]
        own = document.minutes[:, site]
        mine = (own <= rest) & (own <= limit) & (rest > limit)
        found.append(
            {
                "gain_persons": float(persons[(minutes > limit) & (nearer <= limit)].sum()),
                "saved_person_min": float(persons[had] @ (minutes[had] - nearer[had])),
                "lost_persons": float(persons[mine].sum()),
            }
        )
        minutes = nearer
    return found
