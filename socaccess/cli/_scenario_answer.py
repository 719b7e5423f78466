"""What `socaccess run --scenario` answers: the page's "what if", repeated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.cli.session import Session, as_objects

if TYPE_CHECKING:
    from socaccess.study import Study

__all__ = ["answer_scenario_file"]


def answer_scenario_file(
    session: Session, study: Study, path: Path, *, small_counts: bool, progress: Any
) -> None:
    """Show what the changes in a file mean; write the tables where a folder is named."""
    from socaccess.study.release import run_released
    from socaccess.study.scenario import read_scenario
    from socaccess.study.scenario_answer import answer_scenario

    scenario = read_scenario(path)
    scenario.check(study)
    released = run_released(study, sites=False, allow_small_counts=small_counts, progress=progress)
    answer = answer_scenario(released, scenario)
    if answer.same_data is False:
        session.remark(session.texts("cli.scenario_other_data"))
    names = study.name_services(session.lang)
    for row in as_objects(answer.services).to_dict("records"):
        _show_service(session, row, names[row["service"]], answer.municipalities)
    tables = {f"scenario_{name}": getattr(answer, name)
              for name in ("services", "municipalities", "settlements")}  # fmt: skip
    records = {name: as_objects(table).to_dict("records") for name, table in tables.items()}
    session.finish({"study": study.name, "same_data": answer.same_data, **records}, tables)


def _show_service(
    session: Session, row: dict[str, Any], name: str, municipalities: pd.DataFrame
) -> None:
    texts = session.texts
    session.print(f"{name}, {texts.number(row['limit_min'])} min", style="bold")
    shares = {end: _percent(texts, row[f"percent_{end}"]) for end in ("before", "after")}
    session.say("cli.scenario_within", **shares, within_before=session.cell(row["within_before"]),
                within_after=session.cell(row["within_after"]),
                people=session.cell(row["people"]))  # fmt: skip
    for column in ("gained", "lost"):
        counts = {end: session.cell(row[f"{column}{end}"]) for end in ("", "_low", "_high")}
        session.say(f"cli.scenario_{column}", n=counts[""], low=counts["_low"],
                    high=counts["_high"])  # fmt: skip
    if pd.notna(row.get("same_day_gained", np.nan)):
        percents = {name: _percent(texts, row[name]) for name in
                (f"{what}_percent_{end}" for what in ("without_car", "same_day")
                 for end in ("before", "after"))}  # fmt: skip
        session.say("cli.scenario_without_car", gained=session.cell(row["same_day_gained"]),
                    lost=session.cell(row["same_day_lost"]), **percents)  # fmt: skip
    mine = municipalities[municipalities["service"] == row["service"]]
    changed = mine[(mine["gained"] != 0) | (mine["lost"] != 0)]
    if not len(changed):
        return
    session.frame("", changed, {
        "cli.municipality": "municipality",
        "cli.now": lambda one: _percent(texts, one["percent_before"]),
        "cli.scenario_after": lambda one: _percent(texts, one["percent_after"]),
        "cli.scenario_gain": "gained", "cli.scenario_loss": "lost",
    })  # fmt: skip


def _percent(texts: Any, value: int) -> str:
    return "–" if value < 0 else str(texts.share(value / 100))
