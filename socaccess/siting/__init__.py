"""Where new sites should go: location models solved to a stated gap, with reasons."""

from socaccess.siting.alternatives import list_alternatives, scale_up, trace_front
from socaccess.siting.curve import Proved, draw_cover_curve
from socaccess.siting.document import write_plan
from socaccess.siting.options import (
    ASSIGNMENTS,
    CATCHMENT_OBJECTIVES,
    COOPERATION,
    OBJECTIVES,
    ROBUST,
    Phase,
    Scenario,
    Service,
)
from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import SitingProblem
from socaccess.siting.suggest import measure_gains, suggest_sites, value_of_cooperation
from socaccess.siting.tolerance import find_least_travel

__all__ = [
    "ASSIGNMENTS",
    "CATCHMENT_OBJECTIVES",
    "COOPERATION",
    "OBJECTIVES",
    "ROBUST",
    "Phase",
    "Proved",
    "Scenario",
    "Service",
    "SitingPlan",
    "SitingProblem",
    "draw_cover_curve",
    "find_least_travel",
    "list_alternatives",
    "measure_gains",
    "scale_up",
    "suggest_sites",
    "trace_front",
    "value_of_cooperation",
    "write_plan",
]
