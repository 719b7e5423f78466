"""The checks of a question about places per person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from socaccess.access.decay import read_decay
from socaccess.errors import InputError, Problem
from socaccess.siting.options import CATCHMENT_OBJECTIVES, CATCHMENTS, SitingFields

__all__ = ["check_catchment"]


def check_catchment(problem: SitingFields) -> Iterator[Problem]:
    """Find what is missing, or too much, for places per person."""
    objective, decay = problem.objective, problem.decay
    if objective not in CATCHMENT_OBJECTIVES:
        given = [name for name in ("catchment", "decay") if getattr(problem, name) is not None]
        if given:
            yield Problem("siting.catchment_unused", values=given, objective=objective)
    elif problem.catchment in ("3sfca", "bfca"):
        yield Problem("siting.catchment_no_sum", "catchment", value=problem.catchment,
                      known=list(CATCHMENTS))  # fmt: skip
    elif problem.catchment not in CATCHMENTS:
        yield Problem("siting.unknown_option", "catchment", value=problem.catchment,
                      known=list(CATCHMENTS))  # fmt: skip
    elif (problem.catchment == "2sfca") != (decay is None):
        yield Problem("siting.decay_or_not", "decay", value=problem.catchment)
    if decay is not None:
        try:
            read_decay(str(decay))
        except InputError:
            yield Problem("siting.no_decay", "decay", value=str(decay))
    if objective == "access_standard" and problem.standard_per_100 is None:
        yield Problem("siting.standard_missing", "standard_per_100")
    elif objective != "access_standard" and problem.standard_per_100 is not None:
        yield Problem("siting.catchment_unused", values=["standard_per_100"], objective=objective)
    elif problem.standard_per_100 == 0:
        yield Problem("siting.no_standard", "standard_per_100")
    if objective not in CATCHMENT_OBJECTIVES:
        return
    new = problem.site_ids if problem.candidates is None else problem.candidates
    new = [name for name in new if name not in {*problem.existing, *problem.forbidden}]
    most = problem.max_places
    known = set(new) if most is not None and not isinstance(most, Mapping) else set(most or ())
    missing = [name for name in new if name not in known]
    if missing:
        yield Problem("siting.new_places_missing", "max_places", missing)
