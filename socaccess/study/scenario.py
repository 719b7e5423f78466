"""What if: facilities that open and close, as a small file, checked before anything is calculated.

The file is JSON, the one that the map's page on changes saves::

    {"format": "socaccess-scenario/1", "study": "latgale", "view": "today", "limit_min": null,
     "data": "0f3a…", "changes": [
        {"change": "add", "service": "dac_ft", "settlement_id": "0002000"},
        {"change": "open", "facility_id": "f12"}, {"change": "close", "facility_id": "f7"}]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess.errors import InputError, Problem, raise_problems

if TYPE_CHECKING:
    import pandas as pd

    from socaccess.study.inputs import StudyInputs

__all__ = ["FORMAT", "Change", "Scenario", "read_scenario"]

FORMAT = "socaccess-scenario/1"
KINDS = {"add": ("service", "settlement_id"), "open": ("facility_id",), "close": ("facility_id",)}
"""What each kind of change names."""

MOST_CHANGES = 200
MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Change:
    """One change: a new facility of a service, or a facility that opens or closes.

    Parameters
    ----------
    kind
        `add`, `open` (one that is planned) or `close`.
    service
        The service of a new facility.
    place_id
        The settlement of a new facility, else the facility.

    Examples
    --------
    >>> Change("close", "", "f7").place_id
    'f7'
    """

    kind: str
    service: str
    place_id: str


@dataclass(frozen=True)
class Scenario:
    """Changes to the facilities that operate, and the study they are about.

    Parameters
    ----------
    study, view
        Name of the study and its borders.
    limit_min
        Whole minutes that count as near in place of each service's own; None for those.
    data
        What the page that saved it was made of (`ScenarioTables.data`); empty if unknown.
    changes
        The changes.
    """

    study: str
    view: str
    limit_min: int | None
    data: str
    changes: tuple[Change, ...]

    def check(self, study: StudyInputs) -> None:
        """Raise what is wrong with it in a study, all at once.

        Raises
        ------
        InputError
            If it is of another study, or names what the study does not have.
        """
        if (self.study, self.view) != (study.name, study.view):
            raise InputError(
                "study.scenario_of_another", found=self.study, view=self.view, study=study.name,
                study_view=study.view,
            )  # fmt: skip
        services, facilities = study.assessed_types["service"], study.facilities
        known = {
            "service": services,
            "settlement_id": study.settlements["settlement_id"],
            "facility_id": facilities.loc[facilities["service"].isin(services), "facility_id"],
        }
        named = {
            "service": [one.service for one in self.changes if one.kind == "add"],
            "settlement_id": [one.place_id for one in self.changes if one.kind == "add"],
            "facility_id": [one.place_id for one in self.changes if one.kind != "add"],
        }
        raise_problems(
            [
                Problem("study.scenario_unknown", column=column, rows=unknown)
                for column, names in named.items()
                if (unknown := sorted(set(names) - _find(known[column], names)))
            ]
        )


def _find(known: pd.Series, names: list[str]) -> set[str]:
    return set(known[known.isin(names)].tolist())


def read_scenario(path: str | Path) -> Scenario:
    """Return the scenario in a file.

    Raises
    ------
    InputError
        If the file cannot be read or is none of ours, or with everything wrong in it.

    Examples
    --------
    >>> read_scenario("scenario.json").changes  # doctest: +SKIP
    (Change(kind='close', service='', place_id='f7'),)
    """
    path = Path(path)
    try:
        # No scenario is longer; what is larger is not read at all.
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= MOST_BYTES else ""
        content = json.loads(text)
    except (OSError, ValueError, RecursionError):
        raise InputError("study.scenario_unreadable", where=path.name) from None
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise InputError("study.scenario_not_ours", where=path.name, format=FORMAT)
    return _read(content, path.name)


def _read(content: Mapping[str, Any], where: str) -> Scenario:
    limit, changes = content.get("limit_min"), content.get("changes")
    problems = []
    if limit is not None and (type(limit) is not int or not 0 < limit <= 240):
        problems.append(Problem("study.scenario_limit", where, value=limit))
    if not isinstance(changes, list) or not 0 < len(changes) <= MOST_CHANGES:
        problems.append(Problem("study.scenario_changes", where, most=MOST_CHANGES))
        changes = []
    rows = [number for number, one in enumerate(changes, 1) if not _is_change(one)]
    if rows:
        problems.append(Problem("study.scenario_change", where, rows, known=list(KINDS)))
    raise_problems(problems)
    return Scenario(
        str(content.get("study", "")),
        str(content.get("view", "")),
        limit,
        str(content.get("data", "")),
        tuple(
            Change(one["change"], one.get("service", ""), one[KINDS[one["change"]][-1]])
            for one in changes
        ),
    )


def _is_change(one: Any) -> bool:
    if not isinstance(one, Mapping) or not isinstance(one.get("change"), str):
        return False
    return one["change"] in KINDS and all(
        isinstance(one.get(name), str) for name in KINDS[one["change"]]
    )
