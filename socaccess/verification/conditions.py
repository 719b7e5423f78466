"""Whether a written plan keeps every condition it was asked to keep."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from socaccess.verification.documents import PlanDocument
from socaccess.verification.figures import Flows, assign_nearest

__all__ = ["find_broken"]

_NEAR = 1e-6


def find_broken(document: PlanDocument, flows: Flows) -> Iterator[str]:
    """Yield the name of every condition that is broken."""
    new, staying = document.new, document.staying
    candidates = document.ask("candidates")
    allowed = set(document.place_of.values()) if candidates is None else set(
        document.positions(candidates)
    )  # fmt: skip
    allowed -= set(document.positions(document.problem["existing"]))
    allowed -= set(document.positions(document.ask("may_close", [])))
    allowed -= set(document.positions(document.ask("forbidden", [])))
    if len(set(new)) < len(new) or not set(new) <= allowed:
        yield "candidates"
    if not set(document.positions(document.ask("required", []))) <= set(new):
        yield "required"
    if not set(document.closed) <= set(document.positions(document.ask("may_close", []))):
        yield "may_close"
    sites = document.ask("sites")
    if sites is not None and len(new) > int(sites):
        yield "sites"
    if not _keeps_municipal_bounds(document, [*staying, *new], new):
        yield "sites_per_municipality"
    if not _keeps_budget(document):
        yield "budget"
    if not _keeps_min_clients(document, [*staying, *new]):
        yield "min_clients"
    yield from _find_broken_flows(document, flows, [*staying, *new])
    if not _keeps_floor(document, flows):
        yield "floor_share"


def _keeps_municipal_bounds(document: PlanDocument, is_open: list[int], new: list[int]) -> bool:
    homes = document.ask("site_municipality")
    bounds = [document.ask(f"{end}_sites_per_municipality") for end in ("min", "max")]
    if homes is None or bounds == [None, None]:
        return True
    closable = set(document.positions(document.ask("may_close", [])))
    for name in set(homes):
        here = sum(homes[at] == name for at in is_open)
        least, most = (one.get(name) if isinstance(one, dict) else one for one in bounds)
        fixed = sum(homes[at] == name for at in document.staying if at not in closable)
        if least is not None and here < least:
            return False
        if most is not None and here > max(most, fixed):
            return False
        # Where more stay than may be, none is added.
        if most is not None and fixed > most and any(homes[at] == name for at in new):
            return False
    return True


def _keeps_budget(document: PlanDocument) -> bool:
    budget = document.ask("budget")
    if budget is None:
        return True
    years = float(document.ask("running_years", 0.0))
    opening, running = (
        np.nan_to_num(document.of_site(name)) for name in ("opening_cost", "running_cost")
    )
    spent = float((opening + years * running)[document.new].sum())
    spent -= float((years * running)[document.closed].sum())
    built = [row.get("places") for row in document.plan["sites"]]
    grown = document.plan.get("growth") or {}
    places = sum(float(one) for one in built if one is not None) + sum(map(float, grown.values()))
    spent += float(document.ask("cost_per_place", 0.0)) * places
    return spent <= float(budget) * (1 + _NEAR) + _NEAR


def _keeps_min_clients(document: PlanDocument, is_open: list[int]) -> bool:
    least = document.ask("min_clients")
    if least is None:
        return True
    nearest = assign_nearest(document, is_open)[0]
    closable = set(document.positions(document.ask("may_close", [])))
    must = set(document.new) | (closable & set(is_open))
    counts = np.bincount(nearest[nearest >= 0], document.persons[nearest >= 0],
                         minlength=len(document.site_ids))  # fmt: skip
    return all(counts[at] >= float(least) * (1 - _NEAR) - _NEAR for at in must)


def _find_broken_flows(document: PlanDocument, flows: Flows, is_open: list[int]) -> Iterator[str]:
    """Yield what is wrong with who goes where."""
    if (flows.row < 0).any() or (flows.site < -1).any():
        yield "assignment_names"
        return
    went = flows.site >= 0
    if not set(flows.site[went].tolist()) <= set(is_open):
        yield "assignment_open"
    minutes = flows.minutes(document)
    same = np.isclose(minutes[went], flows.stated_min[went], rtol=0, atol=_NEAR)
    if not same.all() or np.isfinite(flows.stated_min[~went]).any():
        yield "assignment_minutes"
    sums = np.bincount(flows.row, flows.persons, minlength=len(document.persons))
    if (flows.persons < -_NEAR).any() or not np.allclose(sums, document.persons, atol=1e-5):
        yield "assignment_persons"
    if not document.has_capacity:
        nearest = assign_nearest(document, is_open)[1][flows.row]
        used = flows.persons > 0
        # Where coverage alone counts, who is beyond the limit may be said to go nowhere.
        covering = document.problem["objective"] in ("mclp", "lscp")
        allowed = document.limit_min[flows.row] if covering else np.full(len(nearest), np.inf)
        stay_away = used & ~went & (np.isfinite(nearest) & (nearest <= allowed))
        farther = used & went & (minutes > nearest + _NEAR)
        if stay_away.any() or farther.any():
            yield "assignment_nearest"
        return
    load = np.bincount(flows.site[went], flows.persons[went], minlength=len(document.site_ids))
    now, growth = document.of_site("places"), np.nan_to_num(document.of_site("max_growth"))
    most = document.of_site("max_places")
    for at in is_open:
        limit = most[at] if at in document.new else now[at] + growth[at]
        if np.isfinite(limit) and load[at] > limit + 1e-5:
            yield "places"
            return


def _keeps_floor(document: PlanDocument, flows: Flows) -> bool:
    floor = document.ask("floor_share")
    homes = document.ask("client_municipality")
    if floor is None or homes is None or (flows.row < 0).any() or (flows.site < -1).any():
        return floor is None or homes is not None
    near = flows.minutes(document) <= document.limit_min[flows.row]
    home = np.array([str(one) for one in homes])[document.client[flows.row]]
    for name in set(map(str, homes)):
        share = floor.get(name, 0.0) if isinstance(floor, dict) else floor
        mine = home == name
        total = flows.persons[mine].sum()
        if flows.persons[mine & near].sum() < float(share) * total * (1 - _NEAR) - _NEAR:
            return False
    return True
