"""Wrong use, each of which mypy must refuse."""

import socaccess as sa

result = sa.Study.load("latgale").run()
result.suggest("group_home", site=3)
result.suggest("group_home", limit_min="30")
sa.Study.load(5)
number: int = result.study.title
sa.Studdy.load("latgale")
sa.planning.budgets(result, [2026])
sa.planning.budget(result, ["2026"])
sa.planning.cooperation(result, "dac_grt", partners=5)
total: float = sa.planning.budget(result, [2026]).total
