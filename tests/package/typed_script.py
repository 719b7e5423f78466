"""What a planner writes: checked by mypy against the installed wheel, and run."""

import pandas as pd

import socaccess as sa

study: sa.Study = sa.Study.load("latgale", lang="en")
result: sa.StudyResult = study.run(sites=False)
table: pd.DataFrame = result.headline
gaps: pd.DataFrame = result.tables["gaps"]
limits: dict[str, float] = study.limits_min()
nodes: int = study.network.node_count
plan: sa.SitingPlan = result.suggest("respite_grt", sites=2, limit_min=45)
assert len(table) and len(gaps) and nodes
assert (plan.status, limits["respite_grt"]) == ("optimal", 45.0)
