"""What is answered: sites, assignment and the certificate of how good they are."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

__all__ = ["SitingPlan"]


@dataclass(frozen=True, eq=False)
class SitingPlan:
    """Suggested sites with their certificate.

    Parameters
    ----------
    status
        `optimal` (proved: bound meets objective within the gap asked for), `feasible` (a plan,
        not proved to be the best), `infeasible` (proved: no plan keeps every condition) or
        `unknown` (stopped by the limit before a plan was found).
    objective
        Value of the plan in its own unit: persons covered (mclp), person-minutes (p_median);
        NaN without a plan.
    bound
        What no plan can beat, in the same unit.
    gap
        Distance of objective and bound as a share of the objective.
    limit_hit
        Whether the time limit ended the search.
    seconds
        Wall-clock time the answer took.
    sites
        One row a new site.
    assignment
        One row a client: `client_id`, `site_id` (missing when out of reach), `travel_min`
        (NaN when out of reach), `persons`.
    notes
        Sentences a reader of the figures must know.
    """

    status: str
    objective: float
    bound: float
    gap: float
    limit_hit: bool
    seconds: float
    sites: pd.DataFrame
    assignment: pd.DataFrame
    notes: tuple[str, ...] = field(default=())
