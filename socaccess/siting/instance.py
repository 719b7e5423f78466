"""The problem as arrays: positions instead of ids. Ids are translated here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from socaccess.siting.problem import SitingProblem
from socaccess.siting.travel import Travel

__all__ = ["Instance", "read_problem"]


@dataclass(frozen=True, eq=False)
class Instance:
    """Arrays of one problem: `fixed` sites are open, `free` ones may open, `required` ones must."""

    travel: Travel
    persons: np.ndarray
    limit_min: np.ndarray
    fixed: np.ndarray
    free: np.ndarray
    required: np.ndarray
    sites: int

    @cached_property
    def fixed_minutes(self) -> np.ndarray:
        """Minutes of every client to the nearest fixed site, `inf` where there is none."""
        return self.travel.nearest(self.fixed)[1]


def read_problem(problem: SitingProblem) -> Instance:
    """Return `problem` as arrays."""
    place = {name: position for position, name in enumerate(problem.site_ids)}
    fixed = np.array(sorted(place[name] for name in problem.existing), dtype=np.int64)
    names = problem.site_ids if problem.candidates is None else problem.candidates
    out = {*problem.existing, *problem.forbidden}
    free = np.array(sorted(place[name] for name in names if name not in out), dtype=np.int64)
    required = np.isin(free, [place[name] for name in problem.required])
    clients = len(problem.client_ids)
    limit = np.inf if problem.limit_min is None else problem.limit_min
    return Instance(
        travel=Travel.read(problem.travel_min),
        persons=np.asarray(problem.persons, dtype=float),
        limit_min=np.full(clients, float(limit)),
        fixed=fixed,
        free=free,
        required=required,
        sites=min(int(problem.sites or 0), len(free)),
    )
