"""Several services under one roof, where that costs nobody anything.

Two services may share a house where such a pair stands at one address somewhere in the data
already. A site moves to a place that does as well for its service when that brings more services
together; then the house serves more with one building.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from socaccess.study.choosing import Candidates, Chosen, move_site

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs

__all__ = ["FEWEST_ADDRESSES", "find_pairs", "mark_houses", "share_houses"]

FEWEST_ADDRESSES = 3
"""At so many addresses two services must stand together for a shared house to be suggested."""

Answer = tuple[Candidates, Chosen]
"""Of a service: its candidates, the plan chosen, and the persons a plan has to cover."""


def find_pairs(study: StudyInputs) -> set[frozenset[str]]:
    """Return the pairs of services that stand at one address in several places.

    Examples
    --------
    >>> import socaccess as sa
    >>> pairs = find_pairs(sa.Study.load("latgale"))
    >>> frozenset({"dac_ft", "rehab_ft"}) in pairs, frozenset({"vsac", "youth_house"}) in pairs
    (True, False)
    """
    facilities = study.facilities
    if "site_id" not in facilities:
        return set()
    running = facilities[(facilities["status"] == "operating") & facilities["site_id"].notna()]
    together = Counter(
        frozenset(pair)
        for _, services in running.groupby("site_id")["service"]
        for pair in combinations(sorted(set(services)), 2)
    )
    return {pair for pair, count in together.items() if count >= FEWEST_ADDRESSES}


def share_houses(answers: dict[str, Answer], pairs: set[frozenset[str]]) -> dict[str, Chosen]:
    """Return the plans with sites moved together where both do as well.

    Parameters
    ----------
    answers
        By service its candidates and the plan chosen.
    pairs
        Services that may share a house.
    """
    plans = {service: answer[1] for service, answer in answers.items()}
    while True:
        best = _find_move(answers, plans, pairs)
        if best is None:
            return plans
        service, site, to = best
        plans[service] = move_site(answers[service][0], plans[service], site, to)


def _find_move(
    answers: dict[str, Answer], plans: dict[str, Chosen], pairs: set[frozenset[str]]
) -> tuple[str, int, int] | None:
    """Return the move that brings most services together, None where none brings more."""
    where: dict[str, set[str]] = {}
    for service, plan in plans.items():
        for site in plan.sites:
            where.setdefault(str(answers[service][0].site_ids[site]), set()).add(service)

    def count(place: str, service: str) -> int:
        others = where.get(place, set()) - {service}
        return sum(frozenset({service, other}) in pairs for other in others)

    moves = []
    for service, plan in plans.items():
        ids = answers[service][0].site_ids
        for site in plan.sites:
            now = count(str(ids[site]), service)
            for order, to in enumerate(plan.equals[site]):
                more = count(str(ids[to]), service) - now
                if more > 0:
                    moves.append((-more, order, service, site, to))
    return min(moves)[2:] if moves else None


def mark_houses(sites: pd.DataFrame, pairs: set[frozenset[str]]) -> pd.DataFrame:
    """Return the sites with `house`: the services that share one, `;` between them."""
    house: dict[object, str] = {}
    for _, rows in sites.groupby("settlement_id", sort=False):
        for services in _connect(sorted(set(rows["service"])), pairs):
            if len(services) > 1:
                mine = rows.index[rows["service"].isin(services)]
                house |= dict.fromkeys(mine, ";".join(services))
    return sites.assign(house=pd.Series([house.get(at) for at in sites.index], sites.index, object))


def _connect(services: list[str], pairs: set[frozenset[str]]) -> list[list[str]]:
    """Return the services in groups that may share a house, each with one of its group at least."""
    groups: list[list[str]] = []
    for service in services:
        near = [g for g in groups if any(frozenset({service, other}) in pairs for other in g)]
        groups = [g for g in groups if g not in near]
        groups.append(sorted([service, *(other for g in near for other in g)]))
    return groups
