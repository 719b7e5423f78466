"""Who is near a service now and who would be near a site: the arithmetic of the ERAF check."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import Problem, UnknownNameError, raise_problems
from socaccess.programme.amounts import find_share_problems, split_amount, to_amount, to_fraction
from socaccess.programme.costs import observe_funding
from socaccess.programme.objects import PlanObjects, list_objects
from socaccess.programme.reach import ServiceAccess, find_settlement, name_municipalities
from socaccess.programme.take_up import choose_take_up
from socaccess.routing import UNREACHABLE
from socaccess.sources.capital_costs import observe_capital_costs
from socaccess.study import StudyResult

__all__ = [
    "CHECKS",
    "FATAL",
    "Application",
    "Finding",
    "ReachAround",
    "Verdict",
    "check_application",
    "judge_cost",
    "judge_funding",
]

_TOLERANCE = 1e-9


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


class ReachAround(ServiceAccess):
    """Who is near now and who would be near the site."""

    def __init__(
        self, result: StudyResult, service: str, site: int, *, limit_min: float | None = None
    ) -> None:
        super().__init__(result, service, limit_min=limit_min)
        self.names = name_municipalities(result.study)
        self.now_ms = self.ms.min(axis=1, initial=UNREACHABLE)
        self.site_ms = self.between_ms[:, site]
        self.near_now = self.near_any
        self.near_site = self.find_near(self.site_ms)
        types = result.service_types.set_index("service")
        self.is_home = "form" in types and types["form"][self.service] == "residence"

    def sum(self, flags: np.ndarray) -> float:
        """Return the persons of some settlements."""
        return float(self.persons[flags].sum())

    def measure_effect(self, first: str) -> pd.DataFrame:
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
        if self.is_home:
            return self._judge_homes(municipality, self.sum(inside))
        gain = self.sum(self.near_site & ~self.near_now)
        values = {
            "municipality": self.names[municipality],
            "gap": self.sum(inside & ~self.near_now),
            "gain": gain,
            "gain_here": self.sum(inside & self.near_site & ~self.near_now),
            "remaining": self.sum(inside & ~self.near_now & ~self.near_site),
        }
        answer = "yes" if gain > _TOLERANCE else "no"
        return Finding("gap", answer, f"gap_{answer}", values)

    def _judge_homes(self, municipality: str, persons: float) -> Finding:
        """Are there fewer places in homes of the municipality than people who need one?

        Nobody goes home to another municipality because it is within an hour.
        """
        own = self.supply["municipality_id"] == municipality
        places = float(self.supply.loc[own, "places"].sum())
        values = {"municipality": self.names[municipality], "gap": max(persons - places, 0.0),
                  "places": int(places)}  # fmt: skip
        if persons > places:
            return Finding("gap", "yes", "gap_home_yes", values)
        return Finding("gap", "no", "gap_home_no", values)

    def judge_places(self, places: int, take_up: float, basis: str) -> Finding:
        """Are there people for the places: by nearness, or because those around hold too few?"""
        if not self.persons.sum() > 0:
            return Finding("places", "unknown", "places_unknown", {"places": places})
        nearest = self.near_site & ((self.site_ms < self.now_ms) | ~self.near_now)
        everyone, within = self.sum(nearest), self.sum(self.near_site)
        # Places are for whole persons: what is compared is also what is said.
        most, expected, most_within, expected_within = (
            math.ceil(persons - _TOLERANCE)
            for persons in (everyone, everyone * take_up, within, within * take_up)
        )
        near_them = self.near[self.near_site & (self.persons > 0)].any(axis=0)
        around = self.supply["places"].to_numpy(dtype=float)[near_them]
        known = float(np.nansum(around))
        values: dict[str, Any] = {
            "places": places,
            "everyone": most,
            "expected": expected,
            "within": most_within,
            "expected_within": expected_within,
            "around": int(known),
            "around_unknown": int(np.isnan(around).sum()),
            "take_up": take_up,
            "basis": basis,
        }
        # Places around also serve others, so what is missing here is missing at least.
        short = within * take_up - known
        if places <= expected:
            answer, reason = "yes", "places_yes"
        elif not values["around_unknown"] and places <= math.ceil(short - _TOLERANCE):
            answer, reason = "yes", "places_short"
        elif places <= most:
            answer, reason = "attention", "places_attention"
        elif values["around_unknown"] and places <= expected_within:
            answer, reason = "attention", "places_around"
        else:
            answer, reason = "no", "places_no" if most else "places_nobody"
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
        served = self.sum(inside & self.near[:, other].any(axis=1))
        columns = np.flatnonzero(other & self.near[inside & (self.persons > 0)].any(axis=0))
        homes = {self.names.get(str(m), "?") for m in self.supply["municipality_id"].iloc[columns]}
        values = {**here, "share": served / whole, "names": tuple(sorted(homes))}
        if served >= whole - _TOLERANCE and not self.is_home:
            return Finding("neighbour", "no", "neighbour_no", values)
        answer = "attention" if served > 0 else "yes"
        return Finding("neighbour", answer, f"neighbour_{answer}", values)


def judge_cost(total_eur: object, places: int) -> Finding:
    """Return whether a place costs what places have cost in projects."""
    if total_eur is None:
        return Finding("cost", "unknown", "cost_unknown", {})
    observed = observe_capital_costs()
    per_place = float(to_amount(total_eur)) / places
    values = {
        "per_place": per_place,
        "low": float(observed["eur_per_place"].min()),
        "high": float(observed["eur_per_place"].max()),
        "median": float(observed["eur_per_place"].median()),
        "projects": len(observed),
    }
    inside = values["low"] <= per_place <= values["high"]
    answer = "yes" if inside else "attention"
    return Finding("cost", answer, f"cost_{answer}", values)


def judge_funding(shares: Mapping[str, object]) -> Finding:
    """Return whether ERAF's share is one that projects have had."""
    if not shares:
        return Finding("funding", "unknown", "funding_unknown", {})
    observed = observe_funding()["eraf_share"]
    share = float(to_fraction(shares.get("eraf", 0)))
    values = {"share": share, "low": float(observed.min()), "high": float(observed.max()),
              "projects": len(observed)}  # fmt: skip
    # A share as agreed, 85 %, is told to the cent: a hair above it is no finding.
    inside = round(values["low"], 4) <= round(share, 4) <= round(values["high"], 4)
    answer = "yes" if inside else "attention"
    return Finding("funding", answer, f"funding_{answer}", values)


CHECKS = ("in_plan", "eligible", "gap", "places", "neighbour", "cost", "funding")
"""The questions, in order."""

FATAL = ("in_plan", "eligible", "gap", "places", "neighbour")
"""Whose no makes the answer no; the others warn."""


@dataclass(frozen=True)
class Application:
    """An object a municipality intends to build.

    Parameters
    ----------
    municipality_id
        Who applies; an id of the study's municipalities.
    service
        What it gives.
    settlement
        Where, id or name of a settlement.
    places
        For how many.
    total_eur
        Its cost; None where not known yet.
    shares
        Who pays which share of the cost; they add up to 1.
    """

    municipality_id: str
    service: str
    settlement: str
    places: int
    total_eur: object = None
    shares: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Verdict:
    """The answer to an application, with its reasons.

    Parameters
    ----------
    application
        What was asked.
    answer
        `yes`; `no` when a fatal question is answered no; `unknown` when one cannot be
        answered.
    findings
        One a question.
    effect
        One row per municipality: `persons` in need, `near_now`, `near_after`, `gain`,
        `remaining` (persons).
    payers
        Amounts by payer, adding up to the cost to the cent; empty where it is not known.
    site
        Settlement, municipality and limit, as told.
    fatal
        The questions whose no made the answer no.
    """

    application: Application
    answer: str
    findings: tuple[Finding, ...]
    effect: pd.DataFrame
    payers: dict[str, Decimal]
    site: dict[str, Any]
    fatal: tuple[str, ...] = FATAL


def check_application(
    result: StudyResult,
    application: Application,
    *,
    objects: PlanObjects | None = None,
    take_up: float | None = None,
    limit_min: float | None = None,
    fatal: Sequence[str] = FATAL,
) -> Verdict:
    """Return whether an application stands, and why not.

    Parameters
    ----------
    result
        A study's result.
    application
        The object.
    objects
        The plan's own objects. Without them those that public pages tell of are looked
        at: what is not among them is then unknown, not refused.
    take_up
        Share of the people in need who come; the middle of what was observed by
        default, everyone where nothing was.
    limit_min
        Another limit than the study's.
    fatal
        Whose no makes the answer no.

    Raises
    ------
    UnknownNameError
        If the municipality, service, settlement or a check is not known.
    InputError
        If places are not above 0, a payer is not known, or shares do not add up to 1.
    """
    study = result.study
    _check_form(result, application, fatal)
    settlement = find_settlement(study, application.settlement)
    site = study.settlements["settlement_id"].tolist().index(settlement)
    around = ReachAround(result, application.service, site, limit_min=limit_min)
    service = around.service
    given = objects is not None
    listed = (objects or list_objects(study)).objects
    chosen, basis = choose_take_up(service, take_up)
    findings = (
        *_find_in_plan(result, application, service, listed, given),
        around.judge_gap(application.municipality_id),
        around.judge_places(application.places, chosen, basis),
        around.judge_neighbour(application.municipality_id),
        judge_cost(application.total_eur, application.places),
        judge_funding(application.shares),
    )
    answers = {f.check: f.answer for f in findings if f.check in fatal}
    answer = (
        "no" if "no" in answers.values() else "unknown" if "unknown" in answers.values() else "yes"
    )
    names = name_municipalities(study)
    cost = None if application.total_eur is None else to_amount(application.total_eur)
    return Verdict(
        application=application,
        answer=answer,
        findings=findings,
        effect=around.measure_effect(application.municipality_id),
        fatal=tuple(fatal),
        payers=split_amount(cost, dict(application.shares))
        if cost is not None and application.shares
        else {},
        site={
            "service": service,
            "settlement": study.settlements["name"].iloc[site],
            "municipality": names[application.municipality_id],
            "limit_min": around.limit_min,
            "take_up": chosen,
            "take_up_basis": basis,
        },
    )


def _check_form(result: StudyResult, application: Application, fatal: Sequence[str]) -> None:
    unknown = [name for name in fatal if name not in CHECKS]
    if unknown:
        raise UnknownNameError("programme.unknown_check", names=unknown, known=CHECKS)
    known = set(result.study.municipalities["municipality_id"])
    if application.municipality_id not in known:
        raise UnknownNameError(
            "programme.no_municipality", name=application.municipality_id, study=result.study.name
        )
    problems = find_share_problems(application.shares, "shares") if application.shares else []
    if application.places < 1:
        problems.append(Problem("programme.places_below_one", value=application.places))
    raise_problems(problems)


def _find_in_plan(
    result: StudyResult,
    application: Application,
    service: str,
    objects: pd.DataFrame,
    given: bool,
) -> tuple[Finding, Finding]:
    column = "municipality_id_2009" if result.study.view == "plan" else "municipality_id"
    standing = objects[
        (objects[column] == application.municipality_id) & (objects["status"] != "withdrawn")
    ]
    same = standing[standing["service"] == service]
    name = name_municipalities(result.study)[application.municipality_id]
    missing = "no" if given else "unknown"
    tail = "list" if given else "pages"
    values: dict[str, Any] = {"municipality": name}
    if len(same):
        first = same.iloc[0]
        in_plan = Finding(
            "in_plan", "yes", "in_plan_yes",
            {**values, "object": first["name"], "status": first["status"],
             "source": str(first["source"] or "")},
        )  # fmt: skip
    else:
        in_plan = Finding("in_plan", missing, f"in_plan_{tail}", values)
    if len(standing):
        return in_plan, Finding(
            "eligible", "yes", "eligible_yes", {**values, "objects": len(standing)}
        )
    return in_plan, Finding("eligible", missing, f"eligible_{tail}", values)
