"""A part of Latgale with counts as an institution would hold them: whole numbers, not estimates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from socaccess.study import Study, StudyResult

MUNICIPALITIES = ("0680200", "0681000", "0681801", "0601000", "0210000", "0780200")


def study_with(counts: pd.DataFrame) -> Study:
    """Return six municipalities with these persons (rows settlements, columns groups).

    They have one border, as a study of own tables has; both are in trust/test_every_command.
    """
    study = Study.load("latgale", view="plan").select(MUNICIPALITIES)
    study = replace(study, settlements=study.settlements.drop(columns="planning_region_2009"))
    need = counts.stack().rename("persons").reset_index()
    need.columns = ["settlement_id", "target_group", "persons"]
    need["basis"] = "published"
    return replace(study, need=need.astype({"persons": float}))


@pytest.fixture(scope="session")
def counts() -> pd.DataFrame:
    """Persons by settlement and group: most small, unlike the inhabitants they live among."""
    settlements = (
        Study.load("latgale", view="plan").select(MUNICIPALITIES).settlements["settlement_id"]
    )
    chance = np.random.default_rng(7)
    table = pd.DataFrame(index=pd.Index(sorted(settlements), name="settlement_id"))
    for group, mean in (("adults_grt", 6.0), ("children_ft", 3.0)):
        table[group] = chance.poisson(chance.gamma(1.2, mean / 1.2, len(table)))
    return table


@pytest.fixture(scope="session")
def counted(counts: pd.DataFrame) -> StudyResult:
    """The finished study of those counts."""
    return study_with(counts).run()
