"""Where new sites should go: location models solved to a stated gap, with reasons."""

from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import OBJECTIVES, SitingProblem
from socaccess.siting.suggest import suggest_sites

__all__ = ["OBJECTIVES", "SitingPlan", "SitingProblem", "suggest_sites"]
