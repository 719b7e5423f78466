"""Where new sites should go: location models solved to a stated gap, with reasons."""

from socaccess.siting.options import (
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

__all__ = [
    "COOPERATION",
    "OBJECTIVES",
    "ROBUST",
    "Phase",
    "Scenario",
    "Service",
    "SitingPlan",
    "SitingProblem",
    "measure_gains",
    "suggest_sites",
    "value_of_cooperation",
]
