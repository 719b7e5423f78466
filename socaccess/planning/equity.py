"""Questions of fairness: who is left behind, where, and what a plan changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from socaccess.access import (
    Inequality,
    concentration_curve,
    concentration_index,
    decompose_change,
    floating_catchment,
    measure_inequality,
)
from socaccess.errors import InputError, UnknownNameError
from socaccess.planning.measures import classify_points
from socaccess.planning.opening import Asked
from socaccess.planning.service_access import AccessContext, ServiceAccess
from socaccess.schemas import Column, TableForm
from socaccess.sources.plain_tables import check_plain_table
from socaccess.study.posing import find_municipality

__all__ = ["Fairness", "fairness"]

MEASURES = ("travel_min", "per_100")
"""Minutes to the nearest (more is worse), and places per 100 persons by `2sfca`."""

RANKING = TableForm(
    "ranking",
    (
        Column("municipality", required=True, unique=True),
        Column("rank_by", "number", required=True),
    ),
)
"""What municipalities are ranked by."""

GROUPS = ("municipality", "urbanisation")
"""What persons are grouped by."""


@dataclass(frozen=True, eq=False)
class Fairness:
    """How evenly access is shared, as it may leave.

    Parameters
    ----------
    measure, by
        What was asked: of what, between which groups.
    indices
        One row per service, target group and scenario: `mean`, `least` (the worst value),
        `worst_decile`, `best_decile`, `gini`, `palma`, `theil`, `theil_between`,
        `theil_within`, `without_share` (of persons without a value: they reach none),
        `concentration` (with a ranking) and `note`.
    groups
        One row per service and group: `group`, `share` of persons, `mean_before`, `mean_after`,
        and `from_access`: what the group adds to the change of the mean of all.
    changes
        One row per service: the change of `mean`, `gini`, `theil_between` and `theil_within`,
        and Gini's `progressivity` and `reranking` (the change is the second less the first).
    curves
        With a ranking, the concentration curves: `service`, `scenario`, `persons_share`,
        `value_share`.
    """

    measure: str
    by: str
    indices: pd.DataFrame
    groups: pd.DataFrame
    changes: pd.DataFrame
    curves: pd.DataFrame


def fairness(
    asked: Asked,
    service: str | None = None,
    *,
    measure: str = "travel_min",
    by: str = "municipality",
    scenario: str = "suggested",
    ranking: Mapping[str, float] | pd.Series | str | Path | None = None,
    unknown: str = "median",
    allow_small_counts: bool = False,
) -> Fairness:
    """Return how evenly persons in need have access now, and after a plan.

    Parameters
    ----------
    asked
        A study's result (run with sites, for `suggested`) or its release.
    service
        Which service; all that anybody counts by default.
    measure
        `travel_min`: minutes to the nearest facility; `per_100`: places per 100 persons, of
        which a new site is taken to have the median of its service.
    by
        `municipality` or `urbanisation`: the groups of Theil's parts and of the change.
    scenario
        What now is compared with: `suggested` or `planned`.
    ranking
        A number for each municipality, by id (income, share of the elderly), or a file with
        the columns `municipality` (id or name) and `rank_by`: for the concentration index and
        its curve. One without gaps.
    unknown
        Facilities of unknown places, for `per_100`: `median` or `leave_out`.
    allow_small_counts
        Calculate with the counts themselves instead of those that may leave.

    Examples
    --------
    >>> import socaccess as sa
    >>> result = sa.Study.load("latgale").run(sites=False)
    >>> answer = sa.planning.fairness(result, "dac_grt", scenario="planned")
    >>> answer.indices["scenario"].tolist()
    ['now', 'planned']
    """
    for given, known in ((measure, MEASURES), (by, GROUPS), (scenario, ("planned", "suggested"))):
        if given not in known:
            raise UnknownNameError("access.unknown_choice", given=given, known=list(known))
    context = AccessContext.open(asked, allow_small_counts=allow_small_counts)
    if context.result is None and scenario == "suggested":
        raise InputError("access.needs_result")
    labels = _label_points(context, by)
    rank = _rank_points(context, ranking)
    rows, groups, changes, curves = [], [], [], []
    worse = measure == "travel_min"
    for name in context.list_services(service):
        asked_now = context.ask(name)
        values = {
            which: _take_values(asked_now if which == "now" else context.ask(name, which),
                                measure, unknown)
            for which in ("now", scenario)
        }  # fmt: skip
        persons = asked_now.persons
        front = {"service": name, "target_group": asked_now.target_group}
        for which, value in values.items():
            found = measure_inequality(value, persons, labels, more_is_worse=worse)
            row = {**front, "scenario": which, **_describe(found)}
            kept = np.isfinite(value) & (persons > 0)
            if rank is not None and kept.any() and value[kept].any():
                chosen = {"values": value[kept], "weights": persons[kept], "ranking": rank[kept]}
                row["concentration"] = concentration_index(**chosen)
                curve = concentration_curve(**chosen)
                curves.append(curve.assign(service=name, scenario=which))
            rows.append(row)
        both = np.isfinite(values["now"]) & np.isfinite(values[scenario]) & (persons > 0)
        if not both.any():
            continue
        change = decompose_change(values["now"], values[scenario], persons, labels,
                                  more_is_worse=worse)  # fmt: skip
        table = change.groups.rename(columns={"share_before": "share"})
        table = table[["group", "share", "mean_before", "mean_after", "from_access"]]
        groups.append(table.assign(**front))
        differences = {
            f"{part}_change": getattr(change.after, part) - getattr(change.before, part)
            for part in ("mean", "worst_decile", "gini", "theil_between", "theil_within")
        }
        changes.append({**front, **differences, "progressivity": change.gini_progressivity,
                        "reranking": change.gini_reranking})  # fmt: skip
    return Fairness(
        measure,
        by,
        pd.DataFrame(rows),
        pd.concat(groups, ignore_index=True) if groups else pd.DataFrame(),
        pd.DataFrame(changes),
        pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(),
    )


def _take_values(asked: ServiceAccess, measure: str, unknown: str) -> np.ndarray:
    minutes = asked.travel_min
    if measure == "per_100":
        places = asked.fill_places(unknown)
        found = floating_catchment(minutes, asked.persons, places, limit_min=asked.limit_min)
        return 100 * found.access
    far = np.where(np.isnan(minutes), np.inf, minutes)
    nearest = far.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(nearest), nearest, np.nan)


def _describe(found: Inequality) -> dict[str, Any]:
    values = asdict(found)
    total = values.pop("persons") + values["persons_without"]
    without = values.pop("persons_without")
    return {**values, "without_share": without / total if total > 0 else float("nan")}


def _label_points(context: AccessContext, by: str) -> np.ndarray:
    if by == "urbanisation":
        return np.array(classify_points(context), dtype=object)
    names = context.study.municipalities["name"].to_numpy(dtype=object)
    return names[context.municipality_codes]


def _rank_points(context: AccessContext, ranking: Any) -> np.ndarray | None:
    if ranking is None:
        return None
    if isinstance(ranking, str | Path):
        table = check_plain_table(ranking, RANKING)
        named = [find_municipality(context.study, name)[0] for name in table["municipality"]]
        ranking = dict(zip(named, table["rank_by"], strict=True))
    given = pd.Series(dict(ranking), dtype=float)
    ids = context.study.municipalities["municipality_id"]
    missing = ids[ids.map(given).isna()]
    if len(missing):
        raise InputError("access.rank_missing", where="ranking", rows=missing)
    return ids.map(given).to_numpy(dtype=float)[context.municipality_codes]
