"""One region from its tables to its results."""

from socaccess.study.result import StudyResult
from socaccess.study.study import Study
from socaccess.study.tables import SCENARIOS, SCOPES

__all__ = ["SCENARIOS", "SCOPES", "Study", "StudyResult"]
