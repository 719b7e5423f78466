"""One region from its tables to its results."""

from socaccess.coverage import SCENARIOS, SCOPES
from socaccess.study.study import Study, StudyResult

__all__ = ["SCENARIOS", "SCOPES", "Study", "StudyResult"]
