"""One region from its tables to its results."""

from socaccess.study.result import SCENARIOS, SCOPES, StudyResult
from socaccess.study.study import Study

__all__ = ["SCENARIOS", "SCOPES", "Study", "StudyResult"]
