"""A region's programme: its file opened, its study run and released, everything calculated."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from socaccess.planning.opening import open_result
from socaccess.planning.round_record import RoundRecord, record_round, take_answers
from socaccess.privacy import hide_small
from socaccess.programme.compilation import Compilation, compile_programme
from socaccess.programme.financing import Financing, compare_financing
from socaccess.programme.plan_file import PlanFile, init_programme, read_plan_file
from socaccess.rounds import Store, update_study
from socaccess.study import Study
from socaccess.study.release import Release, run_released

__all__ = ["ProgrammeBuild", "begin", "build", "financing"]


@dataclass(frozen=True, eq=False)
class ProgrammeBuild:
    """A programme as built.

    Parameters
    ----------
    compiled
        Everything calculated, as it may leave.
    released
        The region's study, released.
    record
        What the store of rounds holds of participation; empty without one.
    """

    compiled: Compilation
    released: Release
    record: RoundRecord = field(default_factory=RoundRecord)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables of the programme as they may leave, by the name of their file."""
        c = self.compiled
        region = hide_small(c.forecast.sum_region(), "clients", ["clients_whole"], below=c.below)
        lines = c.budget.sum_by("year", "kind", "payer")
        financing = compare_financing(c)
        return {
            "forecast": region.drop(columns="persons"),
            "measures": c.measures,
            "objects": c.objects,
            "budget": lines.astype({"amount": str}),
            "financing": financing.services,
            "financing_payers": financing.payers,
            "financing_debts": financing.debts,
            "goals": c.goals,
            "assumptions": c.assumptions,
            "contradictions": c.contradictions,
            "reorganisation": pd.concat(
                [
                    pd.DataFrame(columns=["institution_id"]),
                    *(
                        plan.destinations.assign(institution_id=plan.institution["facility_id"])
                        for plan in c.reorganisations
                    ),
                ],
                ignore_index=True,
            ),
        }

    def list_changes(self, since: dt.date) -> pd.DataFrame:
        """Return the amendments after a day, up to that of the build."""
        history = self.compiled.plan_objects.history
        days = history["date"].astype(str).str[:10]
        chosen = days > since.isoformat()
        if self.compiled.on is not None:
            chosen &= days <= self.compiled.on.isoformat()
        return history[chosen].reset_index(drop=True)


def begin(
    folder: str | Path, region: str, *, view: str = "today", years: tuple[int, ...] = (2027, 2033)
) -> list[Path]:
    """Write a programme's file and all its tables from what ships; return the files.

    Examples
    --------
    >>> import tempfile
    >>> files = begin(tempfile.mkdtemp() + "/p", "latgale")
    >>> files[-1].name
    'programme.toml'
    """
    result, _ = open_result(Study.load(region, view=view))
    return init_programme(folder, result, years=years)


def build(
    plan: PlanFile | str | Path,
    *,
    as_of: dt.date | None = None,
    allow_small_counts: bool = False,
) -> ProgrammeBuild:
    """Return a region's programme, calculated from its file.

    Parameters
    ----------
    plan
        The file, its folder, or as `read_plan_file` gives it.
    as_of
        The day whose consolidated text is wanted: later amendments, reached figures and
        statements are not yet known on it.
    allow_small_counts
        Show counts of fewer people than the threshold too.
    """
    chosen = plan if isinstance(plan, PlanFile) else read_plan_file(plan)
    heading = chosen.programme
    study = Study.load(heading.region, view=heading.view)
    if chosen.catalogue.name != "socaccess":
        types = chosen.catalogue.to_service_types()
        limits = study.settings.limits_min
        study = replace(study, service_types=types,
                        settings=replace(study.settings, limits_min=limits))  # fmt: skip
    record = RoundRecord()
    if chosen.round.store:
        store = Store.open(chosen.folder / chosen.round.store)
        study = update_study(study, store)
        record = record_round(store, on=as_of)
        chosen = take_answers(chosen, record)
    released = run_released(study, sites=False, allow_small_counts=allow_small_counts)
    result, below = open_result(released)
    provision = record.provision if len(record.provision) else None
    compiled = compile_programme(chosen, result, below=below, on=as_of, provision=provision)
    return ProgrammeBuild(compiled, released, record)


def financing(
    plan: PlanFile | str | Path, *, as_of: dt.date | None = None, allow_small_counts: bool = False
) -> Financing:
    """Return a programme's people financed by place and by person's budget, side by side.

    Parameters
    ----------
    plan, as_of, allow_small_counts
        As in `build`.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp() + "/p"
    >>> files = begin(folder, "latgale")
    >>> sorted(set(financing(folder).payers["mechanism"]))
    ['person', 'place']
    """
    built = build(plan, as_of=as_of, allow_small_counts=allow_small_counts)
    return compare_financing(built.compiled)
