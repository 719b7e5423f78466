"""The check before an ERAF application: may it be, what would it change, what would it cost.

No rule of the programme beyond what public pages tell was found: an object must be in
the approved regional DI plan, and municipalities apply. Everything else here is
arithmetic on need, reach and observed costs, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from socaccess.errors import Problem, UnknownNameError, raise_problems
from socaccess.programme.amounts import split_amount, to_amount, to_fraction
from socaccess.programme.eraf_money import judge_cost, judge_funding
from socaccess.programme.eraf_reach import Finding, ReachAround
from socaccess.programme.plan_objects import PlanObjects, list_objects
from socaccess.programme.reach import (
    find_service,
    find_settlement,
    name_municipalities,
    take_limit,
)
from socaccess.programme.take_up import observe_take_up, summarise_take_up
from socaccess.study import StudyResult

__all__ = ["CHECKS", "FATAL", "PAYERS", "Application", "Finding", "Verdict", "check_application"]

CHECKS = ("in_plan", "eligible", "gap", "places", "neighbour", "cost", "funding")
"""The questions, in order."""

FATAL = ("in_plan", "eligible", "gap", "places", "neighbour")
"""Whose no makes the answer no; the others warn."""

PAYERS = ("esf", "eraf", "state", "municipality", "client")


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
        One row a municipality: `persons` in need, `near_now`, `near_after`, `gain`,
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

    def list_reasons(self) -> list[Finding]:
        """Return what speaks against it, fatal questions first."""
        bad = [finding for finding in self.findings if finding.answer in ("no", "attention")]
        return sorted(bad, key=lambda f: (f.answer != "no", CHECKS.index(f.check)))


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
    row = find_service(study, application.service)
    service, traveller = str(row["service"]), str(row["traveller"])
    limit = take_limit(study, service, limit_min)
    _check_form(result, application, fatal)
    settlement = find_settlement(study, application.settlement)
    site = study.settlements["settlement_id"].tolist().index(settlement)
    around = ReachAround(result, service, traveller, limit, site)
    given = objects is not None
    listed = (objects or list_objects(study)).objects
    chosen, basis = take_up, "given"
    if chosen is None:
        seen = summarise_take_up(observe_take_up()).set_index("service")["middle"]
        chosen, basis = (
            (float(seen[service]), "observed") if service in seen.index else (1.0, "everyone")
        )
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
        effect=around.tell_effect(application.municipality_id),
        fatal=tuple(fatal),
        payers=split_amount(cost, dict(application.shares))
        if cost is not None and application.shares
        else {},
        site={
            "service": service,
            "settlement": study.settlements["name"].iloc[site],
            "municipality": names[application.municipality_id],
            "limit_min": limit,
            "take_up": chosen,
            "take_up_basis": basis,
        },
    )


def _check_form(result: StudyResult, application: Application, fatal: Sequence[str]) -> None:
    unknown = [name for name in fatal if name not in CHECKS]
    if unknown:
        raise UnknownNameError(f"no check {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    known = set(result.study.municipalities["municipality_id"])
    if application.municipality_id not in known:
        raise UnknownNameError(
            f"municipality {application.municipality_id} is not in {result.study.name}"
        )
    problems = []
    if application.places < 1:
        problems.append(Problem(f"places must be at least 1, got {application.places}"))
    strangers = sorted(set(application.shares) - set(PAYERS))
    if strangers:
        problems.append(
            Problem("payer is not known", "shares", tuple(strangers), f"use {', '.join(PAYERS)}")
        )
    shares = [to_fraction(value, f"share of {n}") for n, value in application.shares.items()]
    if shares and (sum(shares) != 1 or min(shares) < 0):
        problems.append(
            Problem(f"shares must add up to 1 and not be negative, they make {float(sum(shares))}",
                    "shares")
        )  # fmt: skip
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
