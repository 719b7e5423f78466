"""The answer as tables in the user's ids."""

from __future__ import annotations

import numpy as np
import pandas as pd

from socaccess.siting.answer import Answer
from socaccess.siting.equity import CurvePoint
from socaccess.siting.explain import Merit, row_persons
from socaccess.siting.instance import Instance, by_name
from socaccess.siting.problem import SitingProblem

__all__ = ["assignment_table", "curve_table", "open_columns", "sites_table"]

SITE_COLUMNS = {
    "site_id": "object",
    "rank": "int64",
    "part": "object",
    "municipality_id": "object",
    "persons": "float64",
    "places": "float64",
    "gain_persons": "float64",
    "saved_person_min": "float64",
    "lost_persons": "float64",
    "lost_person_min": "float64",
    "municipalities": "object",
    "runner_up": "object",
    "runner_up_loss": "float64",
    "cost_eur": "float64",
    "gain_per_place": "float64",
    "gain_per_eur": "float64",
}


def open_columns(instance: Instance, answer: Answer) -> np.ndarray:
    """Return the columns open in the plan, in order."""
    stay = np.setdiff1d(instance.closable, answer.closed)
    return np.sort(np.concatenate([instance.fixed, stay, answer.opened]))


def assignment_table(problem: SitingProblem, instance: Instance, answer: Answer) -> pd.DataFrame:
    """Return who goes where: to the nearest open site, or as the plan shares persons out."""
    rows = len(instance.persons)
    if answer.flow is not None:
        row, column, share = answer.flow
        left = np.ones(rows)
        np.subtract.at(left, row, share)
        alone = np.flatnonzero((left > 1e-6) | (instance.persons <= 0))
        order = np.concatenate([row, alone])
        columns = np.concatenate([column, np.full(len(alone), -1)])
        shares = np.concatenate([share, np.where(instance.persons[alone] > 0, left[alone], 1.0)])
        sort = np.lexsort((columns, order))
        order, columns, shares = order[sort], columns[sort], shares[sort]
    else:
        order, shares = np.arange(rows), np.ones(rows)
        columns = instance.travel.nearest(open_columns(instance, answer))[0]
    found = columns >= 0
    minutes = np.full(len(order), np.nan)
    minutes[found] = instance.travel.minutes_of(order[found], columns[found])
    site_ids = np.array([*problem.site_ids, None], dtype=object)
    site = np.where(found, instance.column_site[columns], len(problem.site_ids))
    table = {
        "client_id": np.array(problem.client_ids, dtype=object)[instance.row_client[order]],
        "site_id": site_ids[site],
        "travel_min": minutes,
        "persons": instance.persons[order] * shares,
    }
    frame = pd.DataFrame(table)
    if instance.parts:
        names = np.array(instance.parts, dtype=object)[instance.row_part[order]]
        frame.insert(1, instance.part_kind, names)
    if problem.groups:
        names = np.array(problem.groups, dtype=object)[instance.row_group[order]]
        frame.insert(1, "group", names)
    return frame


def sites_table(
    problem: SitingProblem,
    instance: Instance,
    answer: Answer,
    merits: list[Merit],
    runners_up: dict[int, tuple[int, float]],
) -> pd.DataFrame:
    """Return one row per new site, ranked."""
    ids = problem.site_ids
    count, served = _who_goes(problem, instance, answer)
    opening = np.nan_to_num(by_name(problem.opening_cost, ids))
    running = np.nan_to_num(by_name(problem.running_cost, ids)) * problem.running_years
    rows = []
    for rank, merit in enumerate(merits, start=1):
        site = merit.site
        columns = answer.opened[instance.column_site[answer.opened] == site]
        places = _places(instance, answer, columns, count[site])
        has_roof = bool((instance.state[instance.column_site == site] == "fixed").any())
        cost = 0.0 if has_roof else float(opening[site] + running[site])
        cost += problem.cost_per_place * places
        names = {service.name: service.opening_cost for service in problem.services}
        cost += sum(names.get(name, 0.0) for name in _parts(instance, columns))
        rival, loss = runners_up.get(site, (-1, np.nan))
        rows.append(
            (
                ids[site],
                rank,
                _part_text(instance, columns),
                problem.site_municipality[site] if problem.site_municipality else None,
                count[site],
                places if _has_places(problem) else np.nan,
                merit.gain,
                merit.saved,
                merit.lost,
                merit.lost_minutes,
                ", ".join(sorted(served[site])) or None,
                ids[rival] if rival >= 0 else None,
                loss,
                cost if cost > 0 else np.nan,
                merit.gain / places if places > 0 else np.nan,
                merit.gain / cost if cost > 0 else np.nan,
            )
        )
    columns = zip(*rows, strict=True) if rows else [()] * len(SITE_COLUMNS)
    kinds = zip(SITE_COLUMNS.items(), columns, strict=True)
    return pd.DataFrame({name: pd.Series(values, dtype=kind) for (name, kind), values in kinds})


def _who_goes(
    problem: SitingProblem, instance: Instance, answer: Answer
) -> tuple[np.ndarray, list[set[str]]]:
    """Return the persons who go to each site and the municipalities they come from."""
    sums = row_persons(instance, problem)
    if answer.flow is not None:
        row, column, share = answer.flow
    else:
        column = instance.travel.nearest(open_columns(instance, answer))[0]
        row = np.flatnonzero(column >= 0)
        column, share = column[row], np.ones(len(row))
    site = instance.column_site[column]
    count = np.bincount(site, sums[row] * share, minlength=len(problem.site_ids))
    served: list[set[str]] = [set() for _ in problem.site_ids]
    if problem.client_municipality is not None:
        for where, who in zip(site, instance.row_client[row], strict=True):
            if instance.persons[row].size and problem.client_municipality[who] is not None:
                served[where].add(str(problem.client_municipality[who]))
    return count, served


def _parts(instance: Instance, columns: np.ndarray) -> list[str]:
    return (
        [instance.parts[part] for part in instance.column_part[columns]] if instance.parts else []
    )


def _part_text(instance: Instance, columns: np.ndarray) -> str | None:
    """Return the services of a site, or the year it opens."""
    names = _parts(instance, columns)
    if instance.part_kind == "service":
        return ", ".join(names)
    return names[0] if instance.part_kind == "phase" else None


def _has_places(problem: SitingProblem) -> bool:
    values = [problem.max_places] + [service.max_places for service in problem.services]
    return any(value is not None for value in values) or problem.cost_per_place > 0


def _places(
    instance: Instance,
    answer: Answer,
    columns: np.ndarray,
    persons: float,
) -> float:
    """Return the places a new site gets: those decided on, else as many as persons go there."""
    if answer.places is not None and len(columns):
        built = answer.places[columns]
        if instance.part_kind == "phase":
            built = built[-1:]
        if not np.isnan(built).any():
            return float(built.sum())
    return float(np.ceil(persons - 1e-6))


def curve_table(
    problem: SitingProblem, instance: Instance, points: list[CurvePoint]
) -> pd.DataFrame:
    """Return the trade-off, from the fairest plan to the most efficient."""
    rows = [
        (
            point.worst_min,
            point.answer.objective,
            point.answer.bound,
            point.answer.status,
            ", ".join(problem.site_ids[instance.column_site[c]] for c in point.answer.opened),
        )
        for point in points
    ]
    return pd.DataFrame(rows, columns=["worst_min", "person_min", "bound", "status", "sites"])
