"""The result as it may leave: every number made of counts that may be shown.

Counts of persons in need are protected once, for all files of a run
(`socaccess.privacy`). The hidden ones are then replaced by estimates that know only
what is shown, and everything that depends on persons is calculated again from those.
Whatever is written from a `Release` therefore cannot tell a hidden count, in
whichever table, share, total or order of sites.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from socaccess.privacy import SHOWN, Protection, mark_small, protect, show_count, show_counts
from socaccess.study.answer import StudyAnswer
from socaccess.study.assessment import (
    assess_municipalities,
    assess_settlements,
    list_gaps,
    place_persons,
    spread_need,
)
from socaccess.study.headline import summarise_study
from socaccess.study.people import measure_people
from socaccess.study.run import answer_study
from socaccess.study.sites import (
    Suggestions,
    measure_site_gains,
    suggest_study_sites,
)

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs

__all__ = [
    "USUAL_THRESHOLD",
    "ReleasedAnswer",
    "conclude",
    "protect_persons",
    "summarise_by_population",
]

A = TypeVar("A", bound=StudyAnswer)

PUBLIC_ZEROS = ("not_in_plan", "share_of_institutions")
"""Methods of a need whose zeros are public: a municipality takes no part in the plan; who lives in
institutions lives where there are some, and the register says where."""

REGIONS = ("planning_region", "planning_region_2009")
BORDERS = ("municipality_id_2025", "municipality_id_2009")
"""Columns of the settlements that ship with the project: the borders in which they may be shown,
the widest first. Counts of all are protected together."""

USUAL_THRESHOLD = 5
"""What shows counts under it warns of that in every file."""

# Persons: the need table has four decimals, and sums of many are not exact.
_SAME = 2e-3


@dataclass(frozen=True, eq=False)
class ReleasedAnswer:
    """The tables of a `Release`, and every count as it may be shown."""

    result: StudyAnswer
    protections: dict[str, Protection]
    below: int
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def is_lifted(self) -> bool:
        """Whether small counts are shown on purpose."""
        return self.below == 0

    @property
    def warns(self) -> bool:
        """Whether counts of fewer than five persons may be shown, so that every file warns."""
        return self.below < USUAL_THRESHOLD

    @cached_property
    def _settlement_position(self) -> dict[str, int]:
        ids = self.result.study.settlements["settlement_id"]
        return {name: number for number, name in enumerate(ids)}

    @cached_property
    def _municipality_position(self) -> dict[str, int]:
        ids = self.result.study.municipalities["municipality_id"]
        return {name: number for number, name in enumerate(ids)}

    @property
    def group_of(self) -> dict[str, str]:
        """Target group of every service."""
        return self.result.study.group_of

    def find_open(self, table: pd.DataFrame) -> np.ndarray:
        """Return which rows with `municipality_id` and `service` hide no count in them."""
        home = self.result.study.settlements["municipality_id"].to_numpy(dtype=object)
        closed = {
            (group, municipality)
            for group, found in self.protections.items()
            for municipality in (
                *home[found.members != SHOWN],
                *(m for m, at in self._municipality_position.items() if found.groups[at] != SHOWN),
            )
        }
        return np.array(
            [
                (self.group_of[service], municipality) not in closed
                for service, municipality in zip(
                    table["service"], table["municipality_id"], strict=True
                )
            ],
            dtype=bool,
        )

    def show_settlements(self, table: pd.DataFrame) -> np.ndarray:
        """Return the persons of rows with `settlement_id`, `service`, `persons`, as they leave."""
        codes = [
            self._code_settlement(self.group_of[service], settlement)
            for service, settlement in zip(table["service"], table["settlement_id"], strict=True)
        ]
        return show_counts(table["persons"].to_numpy(dtype=float), np.array(codes), self.below)

    def show_municipalities(self, table: pd.DataFrame) -> np.ndarray:
        """Return the same for rows with `municipality_id` in place of the settlement."""
        codes = [
            self._code_municipality(self.group_of[service], municipality)
            for service, municipality in zip(
                table["service"], table["municipality_id"], strict=True
            )
        ]
        return show_counts(table["persons"].to_numpy(dtype=float), np.array(codes), self.below)

    def show_region(self, group: str, persons: float | None) -> int | str | None:
        """Return the persons of a target group in the whole study, as they leave."""
        found = self.protections.get(group)
        return show_count(persons, found.total if found else SHOWN, self.below)

    def show_municipality(self, group: str, municipality_id: str) -> int | str | None:
        """Return the persons of a target group in one municipality, as they leave."""
        if group not in self.protections:
            return None
        at = self.result.study.settlements["municipality_id"].to_numpy() == municipality_id
        persons = self.protections[group].estimate[at]
        known = persons[np.isfinite(persons)]
        return show_count(
            float(known.sum()) if len(known) else None,
            self._code_municipality(group, municipality_id),
            self.below,
        )

    def show_part(
        self, group: str, part: float | None, whole: float | None = None
    ) -> int | str | None:
        """Return a calculated number of persons of a group as it leaves.

        It is made of estimates, so it can tell nothing; it is still not shown when it,
        or what is left of `whole`, is small, nor when the group's own total is hidden.
        """
        if part is None or not np.isfinite(part):
            return None
        # Zero means that no settlement is concerned, which the times tell anyway.
        if self.is_lifted or part == 0:
            return round(float(part))
        found = self.protections.get(group)
        if found is not None and found.total != SHOWN:
            return None
        if round(part) < self.below:
            return mark_small(self.below)
        if whole is not None and 0 < round(whole) - round(part) < self.below:
            return f">{round(whole) - self.below}"
        return round(float(part))

    @cached_property
    def headline(self) -> dict[str, Any]:
        """The headline as it may leave: what terminal, record, map and documents show."""
        shown = dict(self.result.summary)
        for key in ("services", "groups"):
            shown[key] = [self._show_row(row) for row in shown.get(key, [])]
        shown["targets"] = [self._show_target(row) for row in shown.get("targets", [])]
        return shown

    def _show_row(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a service or a group with its persons as they may leave.

        `flips` are the persons who are within the limit if times are shorter, and not if
        they are longer.
        """
        group, whole = row["target_group"], row["persons"]
        if whole is None:
            return row
        shown: dict[str, Any] = {**row, "persons": self.show_region(group, whole)}
        if "outside_plan" in row:
            shown["outside_plan"] = self.show_part(group, row["outside_plan"], whole)
        for end in ("", "_low", "_high"):
            counts = row.get(f"covered{end}")
            if counts is None:
                continue
            parts = {name: self.show_part(group, count, whole) for name, count in counts.items()}
            shown[f"covered{end}"] = parts
            shown[f"covered_share{end}"] = {
                name: self._show_share(share, parts[name], whole)
                for name, share in row[f"covered_share{end}"].items()
            }
        if "covered_low" in row:
            shown["flips"] = {
                name: None
                if low is None
                else self.show_part(group, row["covered_high"][name] - low)
                for name, low in row["covered_low"].items()
            }
        return shown

    def _show_share(
        self, share: float | None, covered: int | str | None, whole: float
    ) -> float | None:
        """Return a share, or where its count is hidden the bound that the mark tells."""
        if share is None or isinstance(covered, int):
            return share
        if covered is None or not whole > 0:
            return None
        few = covered == mark_small(self.below)
        bound = min(self.below / whole, 1.0) if few else max(1 - self.below / whole, 0.0)
        return round(bound, 4)

    def _show_target(self, row: dict[str, Any]) -> dict[str, Any]:
        persons = row.get("persons")
        if isinstance(persons, int | float) and persons < self.below:
            return {**row, "persons": mark_small(self.below)}
        return row

    def _code_settlement(self, group: str, settlement: str) -> int:
        found = self.protections.get(group)
        return SHOWN if found is None else int(found.members[self._settlement_position[settlement]])

    def _code_municipality(self, group: str, municipality: str) -> int:
        found = self.protections.get(group)
        if found is None:
            return SHOWN
        return int(found.groups[self._municipality_position[municipality]])


def protect_persons(
    study: StudyInputs, *, allow_small_counts: bool = False
) -> tuple[pd.DataFrame, dict[str, Protection], int]:
    """Return persons per settlement and target group as they may leave.

    With what may be shown of each target group, and the threshold in use (0 shows all).
    """
    persons = spread_need(study)
    below = 0 if allow_small_counts else study.settings.suppress_below
    if below == 0:
        return persons, {}, 0
    position = {name: i for i, name in enumerate(study.municipalities["municipality_id"])}
    group = study.settlements["municipality_id"].map(position).to_numpy()
    inhabitants = study.settlements["population"].to_numpy(dtype=float)
    borders = _list_borders(study.settlements)
    protections = {
        str(name): protect(
            persons[name].to_numpy(dtype=float),
            group,
            len(position),
            inhabitants=inhabitants,
            below=below,
            uncounted=_find_uncounted(study, str(name)),
            borders=borders,
        )
        for name in persons.columns
    }
    estimate = {name: found.estimate for name, found in protections.items()}
    return pd.DataFrame(estimate, index=persons.index), protections, below


def _list_borders(settlements: pd.DataFrame) -> list[np.ndarray]:
    """Return all borders a settlement's count may be shown in; none where there is one only."""
    if not {*REGIONS, *BORDERS} <= set(settlements):
        return []
    names = [settlements[name].astype(str).to_numpy(dtype=object) for name in BORDERS]
    mine = settlements["municipality_id"].astype(str).to_numpy(dtype=object)
    if not any(np.array_equal(mine, name) for name in names):
        return []
    now, before = (settlements[name].astype(str).to_numpy(dtype=object) for name in REGIONS)
    return [now + "/" + before, *names]


def summarise_by_population(result: StudyAnswer) -> pd.DataFrame:
    """Return `StudyResult.coverage` with shares and times of inhabitants instead of persons."""
    nobody = pd.DataFrame(index=result.study.settlements["settlement_id"])
    return assess_municipalities(result.study, result.times, nobody)


def _find_uncounted(study: StudyInputs, group: str) -> np.ndarray | None:
    """Return the settlements whose zero is public; see `PUBLIC_ZEROS`."""
    if study.need is None or "method" not in study.need:
        return None
    rows = study.need[study.need["target_group"] == group]
    public = rows.loc[rows["method"].isin(PUBLIC_ZEROS), "settlement_id"]
    return study.settlements["settlement_id"].isin(public).to_numpy()


def conclude(result: A, estimate: pd.DataFrame) -> A:
    """Return the result that a study would have had with these persons."""
    study, reach, times = result.study, result.reach, result.times
    true, persons = spread_need(study), estimate
    same_sites = all(
        np.allclose(true[name], persons[name], atol=_SAME, rtol=0, equal_nan=True)
        for name in true.columns
    )
    # An answer to a question of one's own is a decision already made: it stays.
    beside = result.suggested_beside
    own = beside == "now"
    suggestions = Suggestions(result.sites, result.plans, result.problems, result.left_out, beside)
    if same_sites or own:
        suggestions = measure_site_gains(study, reach, suggestions, persons)
        table = place_persons(study, result.settlement_coverage, persons)
    else:
        # Which sites were suggested, and in which order, depends on the counts too.
        asked = tuple(result.left_out["service"])
        suggestions = suggest_study_sites(study, reach, persons, services=asked)
        times = measure_people(study, reach, suggestions)
        table = assess_settlements(study, times, persons)
    coverage = assess_municipalities(study, times, persons)
    summary = summarise_study(
        study, reach, times, persons, table, coverage, suggestions, result.institutions,
        result.not_located,
    )  # fmt: skip
    other = result.without_car
    if other is not None:
        other = answer_study(study, type(other), other.reach, suggestions, persons)
    return replace(
        result,
        without_car=other,
        times=times,
        settlement_coverage=table,
        coverage=coverage,
        gaps=list_gaps(study, table),
        sites=suggestions.sites,
        plans=suggestions.plans,
        problems=suggestions.problems,
        left_out=suggestions.left_out,
        summary={**result.summary, **summary},
    )
