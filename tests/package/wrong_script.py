"""Wrong use, each of which mypy must refuse."""

import socaccess as sa

result = sa.Study.load("latgale").run()
result.suggest("group_home", site=3)
result.suggest("group_home", limit_min="30")
sa.Study.load(5)
number: int = result.study.title
