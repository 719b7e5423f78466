"""Equally good plans are really different ones, each the best of those left: by trying all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from socaccess.siting import SitingProblem, list_alternatives, suggest_sites


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("apart", [1, 2])
def test_each_is_the_best_of_those_different_from_all_before(seed, apart):
    rng = np.random.default_rng(seed)
    clients, sites = rng.uniform(0, 60, (12, 2)), rng.uniform(0, 60, (7, 2))
    minutes = np.linalg.norm(clients[:, None] - sites[None], axis=2)
    persons = rng.integers(1, 9, 12).astype(float)
    problem = SitingProblem(
        travel_min=minutes, persons=persons, client_ids=[f"c{at}" for at in range(12)],
        site_ids=[f"s{at}" for at in range(7)], sites=3, limit_min=20.0,
    )  # fmt: skip
    within = 0.2
    found = list_alternatives(suggest_sites(problem), count=4, apart=apart, within=within)
    covered = {
        plan: persons[(minutes[:, list(plan)] <= 20).any(axis=1)].sum()
        for many in range(4)
        for plan in itertools.combinations(range(7), many)
    }
    best, before = max(covered.values()), []
    for names, objective in zip(found["sites"], found["objective"], strict=True):
        plan = tuple(sorted(int(name[1:]) for name in names))
        # So many sites of each plan before are not among those of this one.
        assert all(len(set(one) - set(plan)) >= apart for one in before)
        left = [
            value
            for other, value in covered.items()
            if all(len(set(one) - set(other)) >= apart for one in before)
        ]
        assert objective == pytest.approx(max(left))
        assert covered[plan] == pytest.approx(objective)
        assert objective >= (1 - within) * best - 1e-9
        before.append(plan)
