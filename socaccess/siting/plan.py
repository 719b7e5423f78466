"""What is answered: sites, assignment and the certificate of how good they are."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from socaccess.messages import Message
from socaccess.siting.options import CONDITIONS
from socaccess.siting.problem import SitingProblem

__all__ = ["SitingPlan"]


@dataclass(frozen=True, eq=False, repr=False)
class SitingPlan:
    """Suggested sites with their certificate.

    Parameters
    ----------
    status
        `optimal` (proved: bound meets objective within the gap asked for), `feasible` (a plan,
        not proved to be the best), `infeasible` (proved: no plan keeps every condition) or
        `unknown` (stopped by the limit before a plan was found).
    objective
        Value of the plan: persons covered (mclp), new sites (lscp), person-minutes of those served
        (p_median, trade_off), minutes of the worst served (p_center, lex_minimax), mean
        minutes of the farthest tenth (worst_decile), places per 100 persons of the worst off
        (worst_access), persons at the standard (access_standard), Theil's index, with
        `robust="regret"` the regret; NaN without a plan.
    bound
        What no plan can beat, in the same unit.
    gap
        Distance of objective and bound as a share of the objective.
    limit_hit
        Whether the time limit ended the search.
    seconds
        Wall-clock time the answer took.
    sites
        One row per new site, the one that gains most first: `site_id`, `rank`, `part` (the services
        it offers or the year it opens), `municipality_id`, `persons` who go there, `places`,
        `gain_persons` newly covered, as the problem counts
        coverage, and `saved_person_min` (each site on those ranked
        before it, so that the sums are those of the plan), `lost_persons` and `lost_person_min`
        (what is lost without it, the others staying), `municipalities` it serves, `runner_up` (the
        site that would replace it best), `runner_up_loss` (objective lost by that), `cost_eur`,
        `gain_per_place`, `gain_per_eur`.
    assignment
        One row per client (and group, service, phase or scenario, where there are any; several
        where persons are shared out): `client_id`, `group`, `part`, `site_id` (missing when out of
        reach), `travel_min` (NaN when out of reach), `persons`.
    closed
        Existing sites that close.
    curve
        For `trade_off`, one row per point: `worst_min`, `person_min`, `bound`, `status`, `sites`.
    notes
        Sentences a reader of the figures must know.
    conflict
        When infeasible, the conditions that cannot hold together.
    relaxations
        When infeasible, for each of these the least change that alone makes a plan possible.
    problem
        What was asked.
    """

    status: str
    objective: float
    bound: float
    gap: float
    limit_hit: bool
    seconds: float
    sites: pd.DataFrame
    assignment: pd.DataFrame
    closed: tuple[str, ...] = ()
    curve: pd.DataFrame | None = None
    notes: tuple[Message, ...] = field(default=())
    conflict: tuple[str, ...] = ()
    relaxations: tuple[Message, ...] = ()
    problem: SitingProblem | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<SitingPlan {self.status}: {len(self.sites)} new sites>"

    @property
    def certificate(self) -> Message:
        """One sentence: what is proved and how.

        Examples
        --------
        >>> empty = pd.DataFrame()
        >>> plan = SitingPlan("feasible", 90.0, 100.0, 1 / 9, True, 60.0, empty, empty)
        >>> print(plan.certificate)
        not proved best: 90 found, 100 possible at most or least, gap 11.11 %; stopped by the limit
        """
        if self.status == "infeasible":
            conditions = [Message(CONDITIONS[name]) for name in self.conflict]
            if conditions:
                return Message("siting.certificate_conflict", conditions=conditions)
            return Message("siting.certificate_infeasible")
        if self.status == "unknown":
            return Message("siting.certificate_unknown")
        values = {"objective": round(self.objective, 6), "gap": round(100 * self.gap, 2)}
        if self.status == "optimal":
            return Message("siting.certificate_optimal", **values)
        values["bound"] = round(self.bound, 6)
        if self.limit_hit:
            return Message("siting.certificate_stopped", **values)
        return Message("siting.certificate_feasible", **values)
