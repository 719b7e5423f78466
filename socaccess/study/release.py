"""What leaves: the names that everybody who writes or shows a result asks for."""

from socaccess.study.releasing import protect_persons, summarise_by_population
from socaccess.study.study import Release, release, run_released

__all__ = ["Release", "protect_persons", "release", "run_released", "summarise_by_population"]
