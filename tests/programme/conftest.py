"""Two municipalities on a straight road, for the tests of plans."""

from __future__ import annotations

import pytest
from small_worlds import two_municipalities

from socaccess.study import Study, StudyResult


@pytest.fixture(scope="session")
def world() -> StudyResult:
    return Study(**two_municipalities()).run(sites=False)


@pytest.fixture(scope="session")
def latgale() -> StudyResult:
    """Latgale without suggested sites: plans do not need them."""
    return Study.load("latgale", view="plan").run(sites=False)
