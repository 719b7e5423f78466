"""The answer as tables in the user's ids."""

from __future__ import annotations

import numpy as np
import pandas as pd

from socaccess.siting.answer import Answer, relative_gap
from socaccess.siting.clock import Clock
from socaccess.siting.instance import Instance
from socaccess.siting.plain import Settings
from socaccess.siting.plan import SitingPlan
from socaccess.siting.problem import SitingProblem

__all__ = ["make_plan"]


def make_plan(
    problem: SitingProblem, instance: Instance, answer: Answer, settings: Settings, clock: Clock
) -> SitingPlan:
    """Return the plan of `answer`."""
    return SitingPlan(
        status=answer.status,
        objective=answer.objective,
        bound=answer.bound,
        gap=relative_gap(answer.objective, answer.bound),
        limit_hit=answer.limit_hit,
        seconds=clock.seconds,
        sites=pd.DataFrame({"site_id": [problem.site_ids[i] for i in answer.opened]}),
        assignment=pd.DataFrame(),
        notes=answer.notes,
    )
