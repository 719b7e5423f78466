"""`verify_plan`: every figure of a written plan beside the one recalculated here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socaccess.verification.conditions import find_broken
from socaccess.verification.documents import PlanDocument, read_document
from socaccess.verification.fairness import CATCHMENTS, FAIR, measure_fair, prove_by_listing
from socaccess.verification.figures import (
    assign_nearest,
    count_site_figures,
    cover_share,
    measure_objective,
    read_flows,
)
from socaccess.verification.proofs import prove_cover_count, prove_least_cost

__all__ = ["Verification", "verify_plan"]

_SAME = 1e-5
_ENDED = ("optimal", "feasible")


@dataclass(frozen=True, eq=False)
class Verification:
    """What was found.

    Parameters
    ----------
    checks
        One row per figure or condition: `what` (a code), `site_id` (of figures of one site),
        `stated` and `found` (numbers, missing for conditions) and `result`: `same`, `differs`, or
        `open` where it could not be settled here.
    """

    checks: pd.DataFrame

    @property
    def is_same(self) -> bool:
        """Whether no figure differs and no condition is broken."""
        return not (self.checks["result"] == "differs").any()


def verify_plan(path: str | Path) -> Verification:
    """Recalculate a written plan: coverage, travel, conditions and bound.

    None of the solver's code takes part. The bound is proved anew where the plan is one of
    `mclp`, `p_median`, `lscp` or `p_center` without further conditions, or, by looking at all
    plans where they are few, one of places per person, of Theil's index or of the farthest tenth;
    elsewhere a bound is checked against the value, and said to be open.

    Parameters
    ----------
    path
        `plan.json` as `socaccess site --out` writes it.

    Raises
    ------
    InputError
        If the file is none, or names what it does not define.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from socaccess.siting import SitingProblem, suggest_sites, write_plan
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40], [40, 0], [50, 10]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, limit_min=30)
    >>> with TemporaryDirectory() as folder:
    ...     write_plan(suggest_sites(problem), f"{folder}/plan.json")
    ...     verify_plan(f"{folder}/plan.json").is_same
    True
    """
    document = read_document(path)
    rows: list[tuple[str, str | None, float, float, str]] = []
    if document.plan["status"] not in _ENDED:
        rows.append(("no_plan", None, np.nan, np.nan, "open"))
        return _conclude(rows)
    if not document.is_simple:
        rows.append(("parts", None, np.nan, np.nan, "open"))
        return _conclude(rows)
    flows = read_flows(document)
    rows += [(f"condition.{name}", None, np.nan, np.nan, "differs")
             for name in find_broken(document, flows)]  # fmt: skip
    if any(code.startswith("condition.assignment_names") for code, *_ in rows):
        return _conclude(rows)
    value = _measure(document, flows)
    stated = _number(document.plan["objective"])
    rows.append(_compare("objective", None, stated, value))
    for name, found in _measure_totals(document, flows).items():
        if name in document.plan:
            rows.append(_compare(name, None, _number(document.plan[name]), found))
    for row, found_of in zip(document.plan["sites"], count_site_figures(document), strict=True):
        for name, found in found_of.items():
            if row.get(name) is not None:
                rows.append(_compare(name, row["site_id"], _number(row[name]), found))
        if row.get("persons") is not None:
            mine = flows.site == document.place_of[str(row["site_id"])]
            found = float(flows.persons[mine].sum())
            rows.append(_compare("persons", row["site_id"], _number(row["persons"]), found))
    rows += _check_bound(document, value)
    return _conclude(rows)


def _conclude(rows: list[tuple[str, str | None, float, float, str]]) -> Verification:
    return Verification(
        pd.DataFrame(rows, columns=["what", "site_id", "stated", "found", "result"])
    )


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _compare(
    what: str, site: str | None, stated: float, found: float
) -> tuple[str, str | None, float, float, str]:
    same = abs(stated - found) <= _SAME * max(1.0, abs(found))
    return (what, site, stated, found, "same" if same else "differs")


def _measure(document: PlanDocument, flows: Any) -> float:
    if document.problem["objective"] in FAIR and not document.has_capacity:
        return measure_fair(document, [*document.staying, *document.new])[1]
    if not document.has_capacity or document.problem["objective"] == "lscp":
        minutes = assign_nearest(document, [*document.staying, *document.new])[1]
        return measure_objective(document, minutes, document.weight)
    minutes = flows.minutes(document)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.nan_to_num(document.weight / document.persons)[flows.row] * flows.persons
    if document.problem["objective"] == "mclp":
        return float(each @ cover_share(document, minutes, document.limit_min[flows.row]))
    served = np.isfinite(minutes) & (each > 0)
    if document.problem["objective"] in ("p_center", "lex_minimax"):
        return float(minutes[served].max(initial=0.0))
    return float(each[served] @ minutes[served])


def _measure_totals(document: PlanDocument, flows: Any) -> dict[str, float]:
    """Return persons within the limit and person-minutes of those served."""
    minutes = flows.minutes(document)
    near = minutes <= document.limit_min[flows.row]
    served = np.isfinite(minutes)
    return {
        "covered_persons": float(flows.persons[near].sum()),
        "person_min": float(flows.persons[served] @ minutes[served]),
    }


def _check_bound(
    document: PlanDocument, value: float
) -> list[tuple[str, str | None, float, float, str]]:
    """Return whether bound, gap and status go together, and whether the bound holds."""
    plan, kind = document.plan, document.problem["objective"]
    bound, gap = _number(plan["bound"]), _number(plan["gap"])
    up = kind in ("mclp", "worst_access", "access_standard")
    beyond = (value - bound if up else bound - value) > _SAME * max(1.0, abs(value))
    found_gap = abs(bound - value) / abs(value) if value else abs(bound)
    rows = [_compare("gap", None, gap, found_gap)]
    if beyond:
        rows.append(("bound", None, bound, value, "differs"))
        return rows
    if plan["status"] == "optimal" and found_gap > 1e-4:
        rows.append(("status", None, gap, found_gap, "differs"))
    holds = _prove_bound(document, bound)
    result = {True: "same", False: "differs", None: "open"}[holds]
    rows.append(("bound", None, bound, bound if holds else np.nan, result))
    return rows


_CONDITIONS = ("budget", "places", "max_places", "max_growth", "min_clients", "floor_share",
               "min_sites_per_municipality", "max_sites_per_municipality", "may_close",
               "robust_over")  # fmt: skip


def _prove_bound(document: PlanDocument, bound: float) -> bool | None:
    """Return whether no plan can beat the bound.

    Conditions that only narrow the choice are left out: a bound that holds without them holds.
    """
    kind, sites = document.problem["objective"], document.ask("sites")
    given = ("places", "max_places") if kind in CATCHMENTS else ()
    conditioned = any(document.ask(name) is not None for name in _CONDITIONS if name not in given)
    existing = document.positions(document.problem["existing"])
    existing += document.positions(document.ask("may_close", []))
    names = document.ask("candidates")
    free = [at for at in range(len(document.site_ids)) if names is None] or document.positions(
        names
    )
    barred = {*existing, *document.positions(document.ask("forbidden", []))}
    free = [at for at in free if at not in barred]
    used = document.weight > 0
    minutes = document.minutes[used]
    base = minutes[:, existing].min(axis=1, initial=np.inf)
    reach = np.minimum(base, minutes[:, free].min(axis=1, initial=np.inf))
    weight, limit = document.weight[used], document.limit_min[used]
    order = {site: place for place, site in enumerate(free)}
    required = [order[at] for at in document.positions(document.ask("required", []))]
    if kind in FAIR:
        if conditioned or sites is None:
            return None
        return prove_by_listing(document, free, [free[at] for at in required], bound)
    if kind == "mclp" and sites is not None:
        lost_base = weight * (1.0 - cover_share(document, base, limit))
        shares = [1.0 - cover_share(document, minutes[:, at], limit) for at in free]
        lost = weight[:, None] * np.array(shares).T.reshape(len(weight), len(free))
        holds = _settle(lost, lost_base, int(sites), required, float(weight.sum()) - bound)
    elif kind in ("p_median", "trade_off") and sites is not None:
        if document.has_capacity or conditioned or kind == "trade_off":
            return None
        if not np.isfinite(base).all() and len(free) and int(sites) > 0:
            return _prove_median(minutes[:, free], base, reach, weight, int(sites), required, bound)
        served = np.isfinite(base)
        cost = weight[served, None] * np.minimum(minutes[:, free], base[:, None])[served]
        holds = _settle(cost, (weight * base)[served], int(sites), required, bound)
    elif kind == "lscp":
        can = np.isfinite(reach) & (reach <= limit) & (base > limit)
        near = (minutes[:, free] <= limit[:, None])[can]
        holds = prove_cover_count(near, int(np.ceil(bound - 1e-6)))
        if document.ask("may_close"):
            return None
    elif kind == "p_center" and sites is not None and not conditioned and not required:
        can = np.isfinite(reach)
        times = np.unique(minutes[np.isfinite(minutes)])
        below = times[times < bound - 1e-6]
        if not len(below):
            return True
        near = (minutes[:, free] <= below[-1])[can & (base > below[-1])]
        if not near.any(axis=1).all():
            return True
        holds = prove_cover_count(near, int(sites) + 1)
    else:
        return None
    # Narrowed choices: a better plan without the conditions refutes nothing.
    return None if conditioned and holds is not True else holds


def _settle(
    costs: np.ndarray, base: np.ndarray, sites: int, required: list[int], least: float
) -> bool | None:
    """Return whether the bound holds, rows of equal costs counted as one."""
    scale = np.where(base > 0, base, 1.0)
    keep = base > 0
    if not keep.any() or not costs.shape[1]:
        return float(base.sum()) >= least - 1e-6 * max(1.0, abs(least))
    pattern = np.round(costs[keep] / scale[keep, None], 12)
    if len(np.unique(pattern)) <= 2:
        # Covered or not: rows with the same choice are one.
        rows, of = np.unique(pattern, axis=0, return_inverse=True)
        total = np.bincount(of.ravel(), base[keep], minlength=len(rows))
        return prove_least_cost(rows * total[:, None], total, sites, required, least)
    return prove_least_cost(costs[keep], base[keep], sites, required, least)


def _prove_median(
    minutes: np.ndarray, base: np.ndarray, reach: np.ndarray, weight: np.ndarray, sites: int,
    required: list[int], bound: float,
) -> bool | None:  # fmt: skip
    """Return whether the bound of a p-median holds where some have no site without new ones.

    First the fewest unserved count, then person-minutes: being unserved costs more than any way.
    """
    can = np.isfinite(reach)
    minutes, base, weight = minutes[can], base[can], weight[can]
    if not len(weight):
        return bound <= 1e-6
    far = 1.0 + float(minutes[np.isfinite(minutes)].max(initial=0.0))
    far = max(far, float(base[np.isfinite(base)].max(initial=0.0)) + 1.0)
    every = np.minimum(minutes, np.minimum(base, far)[:, None])
    alone = np.isfinite(minutes).all(axis=0)
    if not alone.any() and sites < minutes.shape[1]:
        # Whether all can be served with so few sites is a question of its own.
        near = np.isfinite(minutes)[~np.isfinite(base)]
        if prove_cover_count(near, sites + 1) is not False:
            return None
    holds = _settle(weight[:, None] * every, weight * np.minimum(base, far), sites, required, bound)
    return holds if holds is True else None
