"""A plan in a file: all that was asked and answered, so that anybody can recalculate it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from socaccess.encoding import encode_json, to_plain
from socaccess.siting.options import SitingFields
from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import SitingProblem

__all__ = ["describe_plan", "write_plan"]

FORMAT = "socaccess plan 1"
_SITE_FIGURES = ("rank", "part", "persons", "places", "gain_persons", "saved_person_min",
                 "lost_persons", "runner_up", "runner_up_loss", "cost_eur")  # fmt: skip


def write_plan(plan: SitingPlan, path: str | Path, **more: Any) -> None:
    """Write a plan as JSON for `socaccess.verification.verify_plan`; `more` stands on top."""
    Path(path).write_text(encode_json(describe_plan(plan) | more) + "\n", encoding="utf-8")


def describe_plan(plan: SitingPlan) -> dict[str, Any]:
    """Return a plan with its whole question as plain values.

    Minutes stand as whole milliseconds where they are such, dense or as pairs.

    Examples
    --------
    >>> from socaccess.siting import suggest_sites
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40], [40, 0], [50, 10]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, limit_min=30)
    >>> text = describe_plan(suggest_sites(problem))
    >>> text["format"], text["plan"]["covered_persons"], text["problem"]["travel_ms"][0]
    ('socaccess plan 1', 7.0, [0, 2400000])
    """
    assert plan.problem is not None
    problem = plan.problem
    sites = plan.sites
    names = [name for name in _SITE_FIGURES if name in sites]
    table = plan.assignment
    minutes = table["travel_min"].to_numpy(dtype=float)
    persons = table["persons"].to_numpy(dtype=float)
    limits = problem.limit_min
    if isinstance(limits, dict):
        limit = table["group"].map(limits).to_numpy(dtype=float)
    else:
        limit = np.full(len(table), np.inf if limits is None else float(limits))  # type: ignore[arg-type]
    served = np.isfinite(minutes)
    totals = {
        "covered_persons": float(persons[minutes <= limit].sum()),
        "person_min": float(persons[served] @ minutes[served]),
    }
    columns = [n for n in ("client_id", "group", "part", "site_id", "travel_min", "persons")
               if n in table]  # fmt: skip
    answer = {
        "status": plan.status,
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "limit_hit": plan.limit_hit,
        **totals,
        "sites": sites[["site_id", *names]].to_dict("records"),
        "closed": list(plan.closed),
        "assignment": table[columns].to_dict("records"),
    }
    plain: dict[str, Any] = to_plain(
        {"format": FORMAT, "problem": _describe_problem(problem), "plan": answer}
    )
    return plain


def _describe_problem(problem: SitingProblem) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for field in fields(SitingFields):
        value = getattr(problem, field.name)
        if field.name == "travel_min":
            asked |= _describe_travel(value)
        elif value is not None and not (isinstance(value, tuple) and not value):
            asked[field.name] = value
    asked.setdefault("existing", [])
    for name in ("services", "phases", "scenarios"):
        # Their parts are told by name only: they are not recalculated.
        if name in asked:
            asked[name] = [getattr(one, "name", getattr(one, "year", "")) for one in asked[name]]
    return asked


def _describe_travel(travel: Any) -> dict[str, Any]:
    if sp.issparse(travel):
        pairs = sp.coo_array(travel)
        return {"travel_pairs": [pairs.row.tolist(), pairs.col.tolist(), pairs.data.tolist()]}
    ms = np.asarray(travel, dtype=float) * 60_000
    whole = np.round(ms)
    # Back from whole milliseconds the minutes must be the same to the last digit.
    with np.errstate(invalid="ignore"):
        exact = np.isnan(ms) | (whole / 60_000 == np.asarray(travel, dtype=float))
    if not exact.all():
        table = np.asarray(travel, dtype=float)
        return {"travel_min": [[None if one != one else one for one in row]
                               for row in table.tolist()]}  # fmt: skip
    rows = np.where(np.isnan(whole), -1, whole).astype(np.int64).tolist()
    return {"travel_ms": [[None if one < 0 else one for one in row] for row in rows]}
