"""Take-up: of the people a plan counts, how many got a service, as published."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd

from socaccess.sources.services import load_plan_figures, load_plan_targets

__all__ = ["ALL", "choose_take_up", "observe_take_up", "summarise_take_up"]

ALL = "all"
"""In place of a service: whoever gets any service of the group, each person once."""

_SERVICES = {
    ("all", "adults_grt"): ALL,
    ("all", "children_ft"): ALL,
    ("social_services", "children_ft"): ALL,
    ("day_care_centre", "adults_grt"): "dac_grt",
    ("specialised_workshop", "adults_grt"): "workshop",
    ("group_home", "adults_grt"): "group_home",
    ("consultations", "adults_grt"): "consult_grt",
    ("home_care", "adults_grt"): "home_care",
    ("respite", "adults_grt"): "respite_grt",
    ("support_groups", "adults_grt"): "group_act",
    ("day_care_centre", "children_ft"): "dac_ft",
    ("respite", "children_ft"): "respite_ft",
    ("care", "children_ft"): "care_ft",
    ("social_rehab_children_FT", "children_ft"): "rehab_ft",
}
_RECEIVED = ("recipients", "unique_recipients")


def observe_take_up() -> pd.DataFrame:
    """Return every published count of recipients of a region, and the share of its plan.

    Returns
    -------
    pandas.DataFrame
        `planning_region`, `target_group`, `service` (`all`: any service, each person
        once), `year`, `recipients`, `persons` (the figure the plan counts, and its
        `persons_indicator`), `take_up`, `figure_id`, `source`. The share may pass 1:
        more people came than the plan named.

    Examples
    --------
    >>> seen = observe_take_up()
    >>> seen[(seen["service"] == "dac_grt")][["planning_region", "recipients"]].values.tolist()
    [['riga', 104.0], ['zemgale', 69.0]]
    """
    figures, targets = load_plan_figures(), load_plan_targets()
    figures = figures[
        figures["municipality"].isna()
        & figures["indicator"].isin(_RECEIVED)
        & figures["value"].notna()
        & figures["year"].notna()
    ]
    whole = {
        (row.planning_region, row.target_group): (float(row.persons), row.indicator)
        for row in targets.itertuples()
    }
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in figures.sort_values("figure_id").itertuples():
        service = _SERVICES.get((row.service_source, row.target_group))
        stated = whole.get((row.planning_region, row.target_group))
        if service is None or stated is None:
            continue
        persons, indicator = stated
        key = (row.planning_region, row.target_group, service, int(row.year), float(row.value))
        # One figure often stands on several pages.
        rows.setdefault(
            key,
            (*key, persons, indicator, float(row.value) / persons, row.figure_id, row.source),
        )
    columns = ["planning_region", "target_group", "service", "year", "recipients", "persons",
               "persons_indicator", "take_up", "figure_id", "source"]  # fmt: skip
    table = pd.DataFrame(list(rows.values()), columns=columns)
    return table.sort_values(columns[:4], ignore_index=True)


def summarise_take_up(observed: pd.DataFrame, regions: Sequence[str] = ()) -> pd.DataFrame:
    """Return low, middle and high take-up of each service from what was observed.

    Of each region the latest year counts. Low and high are the least and greatest of
    the regions, middle is that of all their people together. With one region the
    three are equal: `observations` says so, and the spread is then unknown, not nil.

    Parameters
    ----------
    observed
        As of `observe_take_up`, or a table of the same columns.
    regions
        Regions to learn from; all by default.

    Returns
    -------
    pandas.DataFrame
        `target_group`, `service`, `low`, `middle`, `high`, `observations`, `basis`,
        `source`.
    """
    rows = observed
    if regions:
        rows = rows[rows["planning_region"].isin(list(regions))]
    rows = rows.sort_values("year").groupby(
        ["planning_region", "target_group", "service"], as_index=False
    ).last()  # fmt: skip
    summed: list[tuple[Any, ...]] = []
    for (group, service), part in rows.groupby(["target_group", "service"], sort=True):
        share = part["recipients"] / part["persons"]
        summed.append(
            (
                group,
                service,
                float(share.min()),
                float(part["recipients"].sum() / part["persons"].sum()),
                float(share.max()),
                len(part),
                "observed",
                " | ".join(sorted(part["source"])),
            )
        )
    columns = ["target_group", "service", "low", "middle", "high", "observations", "basis",
               "source"]  # fmt: skip
    return pd.DataFrame(summed, columns=columns)


@cache
def _observe_middle() -> pd.Series:
    return summarise_take_up(observe_take_up()).set_index("service")["middle"]


def choose_take_up(service: str, given: float | None = None) -> tuple[float, str]:
    """Return the share of people in need who come, and its basis: given, observed, everyone.

    Examples
    --------
    >>> choose_take_up("group_home", 0.5), choose_take_up("no_such_service")
    ((0.5, 'given'), (1.0, 'everyone'))
    """
    if given is not None:
        return float(given), "given"
    seen = _observe_middle()
    return (float(seen[service]), "observed") if service in seen.index else (1.0, "everyone")
