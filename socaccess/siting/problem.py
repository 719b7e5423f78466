"""What is asked: the whole siting problem in the user's ids, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from socaccess.errors import raise_problems
from socaccess.siting._checks import find_problems

__all__ = ["OBJECTIVES", "SitingProblem"]

OBJECTIVES = ("mclp", "p_median")


@dataclass(frozen=True, kw_only=True, eq=False)
class SitingProblem:
    """Clients, sites, what is there already and what a good plan is.

    Parameters
    ----------
    travel_min
        Clients x sites, minutes. Dense: NaN is "no route". Sparse: stored pairs are reachable (a
        stored zero is a travel time of zero), all others are not.
    persons
        Persons in need at each client, at least 0, fractions allowed.
    client_ids, site_ids
        Names of rows and columns, unique; every answer speaks of them.
    existing
        Sites that are open already and stay open.
    candidates
        Sites that may open; None means every one that is not there already.
    objective
        One of `OBJECTIVES`.
    sites
        How many new sites at most.
    limit_min
        Minutes within which a person counts as covered; the limit itself counts.
    required, forbidden
        Candidates that must, or must not, be among the new sites.

    Raises
    ------
    InputError
        With every finding about the input at once.

    Examples
    --------
    >>> problem = SitingProblem(
    ...     travel_min=[[0, 40], [40, 0], [50, 10]], persons=[5, 3, 4],
    ...     client_ids=["a", "b", "c"], site_ids=["A", "B"], sites=1, limit_min=30)
    >>> problem.objective
    'mclp'
    """

    travel_min: np.ndarray | sp.sparray | sp.spmatrix
    persons: np.ndarray
    client_ids: Sequence[str]
    site_ids: Sequence[str]
    existing: Sequence[str] = ()
    candidates: Sequence[str] | None = None
    objective: str = "mclp"
    sites: int | None = None
    limit_min: float | None = None
    required: Sequence[str] = ()
    forbidden: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("client_ids", "site_ids", "existing", "required", "forbidden"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.candidates is not None:
            object.__setattr__(self, "candidates", tuple(self.candidates))
        if not sp.issparse(self.travel_min):
            object.__setattr__(self, "travel_min", _array(self.travel_min))
        object.__setattr__(self, "persons", _array(self.persons))
        raise_problems(find_problems(self, OBJECTIVES))


def _array(values: object) -> np.ndarray:
    """Return `values` as floats, or as they are when they are no numbers (the checks tell)."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return np.asarray(values, dtype=object)
