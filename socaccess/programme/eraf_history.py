"""The check of applications looked back at: what it would have said of objects that were funded."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from socaccess.errors import InputError
from socaccess.programme.eraf import FATAL, Application, Finding, check_application
from socaccess.programme.objects import PlanObjects, list_objects
from socaccess.study import Study
from socaccess.study.capacity import CAPACITY_BASES

__all__ = ["backtest_applications"]

_UNPLACED = 1
"""Places asked for where no page says how many an object has: only nearness is judged then."""


def backtest_applications(study: Study) -> pd.DataFrame:
    """Return what the check says of every funded object of a region on its own day.

    None of the objects stood when they were applied for: all funded by 9.3.1.1 are taken out
    of the facilities, and each is asked for again at its place, with the places that pages on the
    object state: what the register plans for today came later. All were in the plan, so that
    question is answered by the plan's own list.

    Parameters
    ----------
    study
        A region.

    Returns
    -------
    pandas.DataFrame
        One row per object that was opened and is located: `object_id`, `name`, `service`,
        `municipality_id`, `places`, `answer`, `against` (the questions answered no, or not at all).
        `attrs["findings"]` holds the findings of those questions by object and service.

    Examples
    --------
    >>> table = backtest_applications(Study.load("latgale"))
    >>> set(table["answer"]) <= {"yes", "no", "unknown"}
    True
    """
    listed = list_objects(study).objects
    opened = listed[listed["status"] == "opened"]
    facilities = study.facilities
    standing = ~facilities["facility_id"].isin(list(listed["object_id"]))
    # What stands at the same address in the same row of the register came with the object.
    before = replace(study, facilities=facilities[standing].reset_index(drop=True))
    result = before.run(sites=False)
    known_ids = facilities.set_index("facility_id")
    homes, applied = known_ids["settlement_id"], known_ids["places"]
    if "listed_places" in known_ids:
        # The register's clients of today are no knowledge of that day.
        stated = known_ids["listed_places_basis"].isin(CAPACITY_BASES)
        applied = known_ids["listed_places"].where(stated)
    known = set(study.settlements["settlement_id"])
    column = "municipality_id_2009" if study.view == "plan" else "municipality_id"
    rows = []
    findings: dict[tuple[str, str], tuple[Finding, ...]] = {}
    for row in opened.to_dict("records"):
        settlement = homes.get(row["object_id"])
        if settlement not in known:
            continue
        asked = applied.get(row["object_id"])
        places = _UNPLACED if asked is None or pd.isna(asked) else int(asked)
        try:
            verdict = check_application(
                result,
                Application(row[column], row["service"], str(settlement), places),
                objects=PlanObjects.of(listed.assign(status="planned")),
            )
        except InputError:
            continue  # a service that is no supply, or has no limit
        found = tuple(f for f in verdict.findings
                      if f.answer in ("no", "unknown") and f.check in FATAL)  # fmt: skip
        findings[row["object_id"], row["service"]] = found
        against = [f.check for f in found]
        rows.append((row["object_id"], row["name"], row["service"], row[column], asked,
                     verdict.answer, ", ".join(against)))  # fmt: skip
    columns = ["object_id", "name", "service", "municipality_id", "places", "answer", "against"]
    table = pd.DataFrame(rows, columns=columns)
    table.attrs["findings"] = findings
    return table
