"""What changes to facilities mean: minutes of every settlement, persons who gain and who lose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from socaccess.study.scenario_tables import (
    FAR,
    SLOW,
    WITHOUT_CAR,
    ScenarioTables,
    build_scenario_tables,
)

if TYPE_CHECKING:
    from socaccess.study.inputs import StudyInputs
    from socaccess.study.release import Release
    from socaccess.study.scenario import Scenario

__all__ = ["ScenarioAnswer", "answer_scenario", "percent_of", "show_people"]

_Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, eq=False)
class ScenarioAnswer:
    """The answer to a scenario, as it may leave.

    Parameters
    ----------
    services
        One row per service with a change: `basis` (persons or population), `people`,
        `within_before`, `within_after`, `percent_before`, `percent_after` (-1: none to
        count), `gained` and `lost` with `_low` and `_high` (if all times were longer, shorter).
        Where the study has a timetable and clients travel: `without_car_percent_before` and
        `_after`, who is within the limit without a car; `same_day_percent_before` and `_after`,
        who gets there and home the same day, and `same_day_gained` and `same_day_lost` of them.
    municipalities
        One row per such service and municipality: `percent_before`, `percent_after`,
        `gained`, `lost`.
    settlements
        One row per such service and settlement: `minutes_before`, `minutes_after`, whole
        minutes that half of its people need at most (None: it is farther than the longest way), and
        `without_car_before`, `without_car_after` where the study has a timetable.
    same_data
        Whether the scenario was saved from these minutes and facilities; None if it does
        not say.
    """

    services: pd.DataFrame
    municipalities: pd.DataFrame
    settlements: pd.DataFrame
    same_data: bool | None


def answer_scenario(
    released: Release, scenario: Scenario, tables: ScenarioTables | None = None
) -> ScenarioAnswer:
    """Return what the changes of a scenario mean, against the facilities that operate now.

    Parameters
    ----------
    released
        The result of the study, as it may leave.
    scenario
        The changes.
    tables
        Those of `build_scenario_tables`, where they are at hand.

    Raises
    ------
    InputError
        If the scenario is of another study, or names what the study does not have.

    Examples
    --------
    >>> import socaccess as sa
    >>> from socaccess.study.scenario import Change, Scenario
    >>> released = sa.Study.load("latgale").run(sites=False).released
    >>> add = Change("add", "respite_grt", "0210000")
    >>> answer = answer_scenario(released, Scenario("latgale", "today", None, "", (add,)))
    >>> answer.services["lost"].tolist()
    [0]
    """
    study = released.result.study
    scenario.check(study)
    tables = build_scenario_tables(released) if tables is None else tables
    named = study.facilities["facility_id"].isin([one.place_id for one in scenario.changes])
    service_of = dict(
        zip(
            *(study.facilities.loc[named, name] for name in ("facility_id", "service")), strict=True
        )
    )
    touched = {
        change.service if change.kind == "add" else service_of[change.place_id]
        for change in scenario.changes
    }
    types = study.assessed_types
    found: tuple[list[_Row], list[_Row], list[_Row]] = ([], [], [])
    for service in types[types["service"].isin(touched)].to_dict("records"):
        for rows, more in zip(found, _answer_service(released, tables, scenario, service),
                              strict=True):  # fmt: skip
            rows += more
    services, municipalities, settlements = (pd.DataFrame(rows, dtype=object) for rows in found)
    same = None if not scenario.data else scenario.data == tables.data
    return ScenarioAnswer(services, municipalities, settlements, same)


def _answer_service(
    released: Release, tables: ScenarioTables, scenario: Scenario, service: _Row
) -> tuple[list[_Row], list[_Row], list[_Row]]:
    """Return the rows of a service, of its municipalities and of its settlements."""
    study = released.result.study
    name, group = str(service["service"]), str(service["target_group"])
    matrix = tables.minutes.get(str(service["traveller"]), tables.minutes["client"])
    rows = tables.supply[name, "now"]["row"].tolist(), _rows_after(study, tables, scenario, name)
    before, after = (_nearest(matrix, found) for found in rows)
    limit = scenario.limit_min or math.floor(service["limit_min"])
    uncertainty = study.settings.time_uncertainty
    persons = group in tables.need
    weight, unit = tables.weigh(group, persons=persons), tables.unit_of(persons=persons)

    def show(part: int, whole: int) -> int | str | None:
        below = released.below if persons else 0
        return None if group in tables.hidden_totals else show_people(part, whole, unit, below)

    total = int(weight.sum())
    was, then = before <= limit, after <= limit
    row: _Row = {
        "service": name, "limit_min": limit, "basis": "persons" if persons else "population",
        "people": show(total, total),
        "within_before": show(int(weight[was].sum()), total),
        "within_after": show(int(weight[then].sum()), total),
        "percent_before": percent_of(int(weight[was].sum()), total),
        "percent_after": percent_of(int(weight[then].sum()), total),
    }  # fmt: skip
    bounds = [limit, math.floor(limit / (1 + uncertainty)), math.floor(limit / (1 - uncertainty))]
    for column, (one, other) in {"gained": (before, after), "lost": (after, before)}.items():
        counts = [int(weight[(other <= end) & (one > end)].sum()) for end in bounds]
        row[column] = show(counts[0], total)
        row[f"{column}_low"], row[f"{column}_high"] = (
            show(end(counts), total) for end in (min, max)
        )
    by_bus = tables.minutes.get(WITHOUT_CAR)
    ways: dict[str, np.ndarray] = {}
    if by_bus is not None and service["traveller"] != "provider":
        ways = {end: _nearest(by_bus, found) for end, found in
                zip(("before", "after"), rows, strict=True)}  # fmt: skip
        for end, minutes in ways.items():
            for column, most in {"without_car": limit, "same_day": SLOW}.items():
                part = int(weight[minutes <= most].sum())
                row[f"{column}_percent_{end}"] = percent_of(part, total)
        there = [ways[end] <= SLOW for end in ("before", "after")]
        row["same_day_gained"] = show(int(weight[there[1] & ~there[0]].sum()), total)
        row["same_day_lost"] = show(int(weight[there[0] & ~there[1]].sum()), total)
    home, everyone = tables.municipality[tables.home], tables.weigh(group, persons=False)
    of_municipalities = []
    places = study.municipalities
    for at, (identity, place) in enumerate(
        zip(places["municipality_id"].tolist(), places["name"].tolist(), strict=True)
    ):
        mine = home == at
        whole = int(weight[mine].sum())
        by_persons = persons and whole and tables.is_open[group][at]
        counted = weight if by_persons else everyone
        people = int(counted[mine].sum())
        of_municipalities.append({
            "service": name, "municipality_id": identity, "municipality": place,
            "percent_before": percent_of(int(counted[mine & was].sum()), people),
            "percent_after": percent_of(int(counted[mine & then].sum()), people),
            "gained": show(int(weight[mine & then & ~was].sum()), whole),
            "lost": show(int(weight[mine & was & ~then].sum()), whole),
        })  # fmt: skip
    columns = {
        "settlement_id": study.settlements["settlement_id"].tolist(),
        "settlement": study.settlements["name"].tolist(),
        "minutes_before": _medians(tables, before),
        "minutes_after": _medians(tables, after),
    } | {f"without_car_{end}": _medians(tables, minutes) for end, minutes in ways.items()}
    of_settlements = [{"service": name, **dict(zip(columns, values, strict=True))}
                      for values in zip(*columns.values(), strict=True)]  # fmt: skip
    return [row], of_municipalities, of_settlements


def _rows_after(
    study: StudyInputs, tables: ScenarioTables, scenario: Scenario, name: str
) -> list[int]:
    """Return the rows of the facilities that serve after the changes."""
    rows = dict(zip(study.settlements["settlement_id"].tolist(), tables.settlement_row.tolist(),
                    strict=True))  # fmt: skip
    serving, planned = (
        dict(zip(table["facility_id"].tolist(), table["row"].tolist(), strict=True))
        for table in (tables.supply[name, scenario] for scenario in ("now", "planned"))
    )
    added = []
    for change in scenario.changes:
        if change.kind == "close":
            serving.pop(change.place_id, None)
        elif change.kind == "open" and change.place_id in planned:
            serving[change.place_id] = planned[change.place_id]
        elif change.kind == "add" and change.service == name and rows[change.place_id] >= 0:
            added.append(rows[change.place_id])
    return [*serving.values(), *added]


def _nearest(matrix: np.ndarray, rows: list[int]) -> np.ndarray:
    if not len(rows):
        return np.full(matrix.shape[1], FAR, np.uint8)
    return matrix[rows].min(axis=0)


def _medians(tables: ScenarioTables, minutes: np.ndarray) -> list[int | None]:
    """Return the minutes that half of each settlement's people need at most."""
    order = np.lexsort((minutes, tables.home))
    home, share = tables.home[order], tables.share[order]
    so_far = np.cumsum(share)
    count = len(tables.population)
    total = np.bincount(tables.home, tables.share, minlength=count).astype(np.int64)
    begun = np.append(0, np.cumsum(total))[:-1]
    reached = 2 * (so_far - begun[home]) >= total[home]
    found: list[int | None] = [None] * count
    # Backwards, so that the first point that brings a settlement to half of its people stays.
    for settlement, value in zip(home[reached][::-1], minutes[order][reached][::-1], strict=True):
        found[settlement] = None if value >= SLOW else int(value)
    return found


def percent_of(part: int, whole: int) -> int:
    """Return a share in whole per cent, halves up; 0 and 100 only where exact, -1 of nothing.

    Examples
    --------
    >>> [percent_of(*pair) for pair in ((0, 3), (1, 1000), (1, 2), (999, 1000), (3, 3), (0, 0))]
    [0, 1, 50, 99, 100, -1]
    """
    if whole <= 0:
        return -1
    # Published tables carry four decimals: what they say is what is rounded.
    percent = math.floor(math.floor(part / whole * 10_000 + 0.5) / 100 + 0.5)
    return min(max(percent, 1), 99) if 0 < part < whole else percent


def show_people(part: int, whole: int, unit: int, below: int) -> int | str:
    """Return a number of people as it leaves, halves up: small ones and small rests as marks.

    Examples
    --------
    >>> [show_people(part, 4000, 100, 5) for part in (0, 30, 449, 450, 3800, 4000)]
    [0, '<5', '<5', 5, '>35', 40]
    """
    count, everyone = ((2 * n + unit) // (2 * unit) for n in (part, whole))
    if part == 0 or not below:
        return count
    if count < below:
        return f"<{below}"
    return f">{everyone - below}" if 0 < everyone - count < below else count
