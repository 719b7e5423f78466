"""Take-up: of the people a plan counts, how many got a service, as published.

Published counts are of persons since the projects began, each once. What a few regions saw is
pooled, with a range as wide as regions differ; a region's own count comes before the others'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import pandas as pd

from socaccess.sources.services import load_plan_figures, load_plan_targets

__all__ = [
    "ALL",
    "backtest_recipients",
    "choose_take_up",
    "observe_take_up",
    "summarise_take_up",
]

START_YEAR = 2016
"""The first year in which the projects 9.2.2.1 could serve anybody."""

CERTAINTY = 0.8
"""How sure a range is to hold the next count."""

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
        once), `year`, `recipients`, `persons` (those the need of this package counts, of
        the same region, and their `persons_indicator`), `take_up`, `figure_id`, `source`.

    Examples
    --------
    >>> seen = observe_take_up()
    >>> seen[(seen["service"] == "dac_grt")][["planning_region", "recipients"]].values.tolist()
    [['riga', 104.0], ['zemgale', 69.0]]
    """
    figures, targets = load_plan_figures(), load_plan_targets()
    values = figures.set_index("figure_id")["value"]
    figures = figures[
        figures["municipality"].isna()
        & figures["indicator"].isin(_RECEIVED)
        & figures["value"].notna()
        & figures["year"].notna()
    ]
    whole = {
        # Of the same persons as the need: a share of others would be no share of it.
        (row.planning_region, row.target_group): (
            float(values.get(row.need_figure_id, row.persons)),
            row.indicator,
        )
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


def summarise_take_up(
    observed: pd.DataFrame, regions: Sequence[str] = (), *, own: str = ""
) -> pd.DataFrame:
    """Return low, middle and high take-up of each service from what was observed.

    Of each region the latest year counts. The middle is the region's own share where it was
    published, else that of all regions together; low and high are the bounds between which
    the next count lies in four cases of five, if regions differ on the logarithmic scale as
    those published do (pooled over services, Student's t) and counts vary as Poisson's do.
    A service seen in one region only therefore has a wide range, never none.

    Parameters
    ----------
    observed
        As of `observe_take_up`, or a table of the same columns.
    regions
        Regions to learn from; all by default.
    own
        The region asked about: its own counts come before the others'.

    Returns
    -------
    pandas.DataFrame
        `target_group`, `service`, `low`, `middle`, `high`, `observations`, `basis`,
        `source`.
    """
    rows = observed
    if regions:
        rows = rows[rows["planning_region"].isin(list(regions))]
    keys = ["planning_region", "target_group", "service"]
    rows = rows.sort_values("year").groupby(keys, as_index=False).last()
    spread, quantile = _measure_spread(rows)
    summed: list[tuple[Any, ...]] = []
    for (group, service), part in rows.groupby(["target_group", "service"], sort=True):
        mine = part[part["planning_region"] == own]
        used = mine if len(mine) else part
        middle = float(used["recipients"].sum() / used["persons"].sum())
        # The own region will not be another one, only another year.
        regions_vary = spread**2 / 4 if len(mine) else spread**2 * (1 + 1 / len(part))
        factor = math.exp(quantile * math.sqrt(regions_vary + 1 / used["recipients"].sum()))
        seen = used["recipients"] / used["persons"]
        summed.append(
            (
                group,
                service,
                min(middle / factor, float(seen.min())),
                middle,
                max(middle * factor, float(seen.max())),
                len(used),
                "observed",
                " | ".join(sorted(used["source"])),
            )
        )
    columns = ["target_group", "service", "low", "middle", "high", "observations", "basis",
               "source"]  # fmt: skip
    return pd.DataFrame(summed, columns=columns)


def _measure_spread(rows: pd.DataFrame) -> tuple[float, float]:
    """Return how far regions lie apart (log scale), and the quantile of Student's t for it."""
    # The quantile alone: all of scipy's statistics take long to load.
    from scipy.special import stdtrit

    logs = rows.assign(log=[math.log(r / p) for r, p in
                            zip(rows["recipients"], rows["persons"], strict=True)])  # fmt: skip
    groups = [part["log"] for _, part in logs.groupby(["target_group", "service"])]
    freedom = sum(len(part) - 1 for part in groups)
    if not freedom:
        return 0.5, float(stdtrit(1, (1 + CERTAINTY) / 2))
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in groups)
    return math.sqrt(squares / freedom), float(stdtrit(freedom, (1 + CERTAINTY) / 2))


def backtest_recipients(
    known_until: int = 2019, years: Sequence[int] = (2021, 2022)
) -> pd.DataFrame:
    """Return published counts of recipients beside what could have been forecast before.

    Counts since the start grow by equal numbers a year: recipients by a year are persons x
    rate x years since 2016, inclusive. The rate is the region's own where one was published
    by `known_until`, else the mean (log scale) of the same group in other regions; the range
    is as in `summarise_take_up`, from what was known on that day.

    Returns
    -------
    pandas.DataFrame
        One row per region, group and service published in `years` (its first of them):
        `planning_region`, `target_group`, `service`, `year`, `basis` (own, pooled; none
        where nothing was known), `low`, `middle`, `high`, `recipients`, `inside`.

    Examples
    --------
    >>> table = backtest_recipients()
    >>> known = table[table["basis"] != "none"]
    >>> int(known["inside"].sum()), len(known)
    (7, 8)
    """
    seen = observe_take_up()
    seen = seen.assign(rate=seen["take_up"] / (seen["year"] - START_YEAR + 1))
    known = seen[seen["year"] <= known_until].sort_values("year")
    known = known.groupby(["planning_region", "target_group", "service"], as_index=False).last()
    spread, quantile = _measure_spread(known.assign(recipients=known["rate"] * known["persons"]))
    came = seen[seen["year"].isin(list(years))].sort_values("year")
    came = came.groupby(["planning_region", "target_group", "service"], as_index=False).first()
    rows = []
    for row in came.itertuples():
        alike = known[
            (known["target_group"] == row.target_group) & (known["service"] == row.service)
        ]
        own = alike[alike["planning_region"] == row.planning_region]
        used = own if len(own) else alike
        bounds: tuple[float, ...] = (math.nan, math.nan, math.nan)
        basis = "own" if len(own) else "pooled" if len(used) else "none"
        if len(used):
            rate = math.exp(sum(map(math.log, used["rate"])) / len(used))
            vary = spread**2 / 4 if len(own) else spread**2 * (1 + 1 / len(used))
            factor = math.exp(quantile * math.sqrt(vary + 1 / used["recipients"].sum()))
            middle = row.persons * rate * (row.year - START_YEAR + 1)
            bounds = (middle / factor, middle, middle * factor)
        inside = bounds[0] <= row.recipients <= bounds[2] if len(used) else None
        rows.append((row.planning_region, row.target_group, row.service, row.year, basis,
                     *bounds, row.recipients, inside))  # fmt: skip
    columns = ["planning_region", "target_group", "service", "year", "basis", "low", "middle",
               "high", "recipients", "inside"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


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
