"""The text of a programme: what a region's plan holds, put together in order, short or full.

It says what the other modules have found. What a region wants and why it still has to
write itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.i18n import Texts
from socaccess.privacy import hide_small
from socaccess.programme.cooperation import find_flows
from socaccess.programme.forecast import VARIANTS, Forecast
from socaccess.programme.goals import check_goals
from socaccess.programme.models import ModelInputs, model_municipalities
from socaccess.programme.obstacles import list_obstacles, summarise_obstacles
from socaccess.programme.words import FORMS, build_model, join_names, make_table
from socaccess.sources.services import load_target_groups
from socaccess.study import StudyResult

__all__ = [
    "build_programme",
]


def build_programme(
    result: StudyResult,
    forecast: Forecast,
    lang: str = "lv",
    *,
    inputs: ModelInputs | None = None,
    form: str = "short",
    allow_small_counts: bool = False,
) -> str:
    """Return the programme of a region as Markdown.

    Parameters
    ----------
    result
        A study's result, of a region with goals; as `socaccess.study.release.release`
        gives it where the text is to leave.
    forecast
        Clients to come, of the same study.
    lang
        `lv` or `en`.
    inputs
        What municipalities back, least numbers of clients, take-up.
    form
        `short`: goals, services, indicators, obstacles, who serves whom; `full`: also
        the model of each municipality.
    allow_small_counts
        Show counts of fewer people than the threshold too.
    """
    if form not in FORMS:
        raise UnknownNameError(f"no form {form!r}; use {' or '.join(FORMS)}")
    texts = Texts(lang)
    below = 0 if allow_small_counts else result.study.settings.suppress_below
    page = _Page(result, texts, below)
    lines = [
        f"# {texts('plan.programme_title', region=result.study.title[lang])}",
        "",
        *page.tell_goals(),
        *page.list_model_services(),
        *page.tell_forecast(forecast),
        *page.tell_obstacles(),
        *page.tell_cooperation(),
    ]
    if form == "full":
        lines += [f"## {texts('plan.programme_models')}", ""]
        for model in model_municipalities(result, inputs):
            told = build_model(
                model, page.names, lang, form="short", allow_small_counts=not below
            ).splitlines()
            # A model's own notes stand once, at the end of the programme.
            kept = [line for line in told if line and not line.startswith(("- ", "#"))]
            lines += [f"### {model.name}", "", kept[0], "", *kept[1:], ""]
    notes = ["limits_are_proposals", "need_is_estimate", "forecast_take_up", "programme_note"]
    lines += [
        f"## {texts('plan.programme_notes')}",
        "",
        *(f"- {texts(f'plan.{key}')}" for key in notes),
        f"- {texts('plan.small_hidden', below=below) if below else texts('plan.small_shown')}",
        "",
    ]
    return "\n".join(lines)


class _Page:
    """The parts of a programme."""

    def __init__(self, result: StudyResult, texts: Texts, below: int) -> None:
        self.result, self.texts, self.below = result, texts, below
        types = result.service_types
        self.names = dict(zip(types["service"], types[f"name_{texts.lang}"], strict=True))
        self.promised = types[types["promised"]].set_index("service")
        groups = load_target_groups()
        self.groups = dict(zip(groups["target_group"], groups[f"name_{texts.lang}"], strict=True))

    def head(self, *keys: str) -> list[str]:
        """Return headings of a table."""
        return [self.texts(f"plan.{key}") for key in keys]

    def number(self, value: Any, decimals: int = 0) -> str:
        """Return a count as it is shown."""
        return value if isinstance(value, str) else self.texts.number(value, decimals=decimals)

    def section(
        self, key: str, header: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> list[str]:
        """Return a section of one table."""
        return [f"## {self.texts(f'plan.{key}')}", "", make_table(header, rows), ""]

    def tell_goals(self) -> list[str]:
        """Return the goals and what is reached of them."""
        rows = [
            (self.groups[row.target_group], self.number(row.goal), self.number(row.persons),
             "–" if pd.isna(row.year) else row.year, self.texts.share(row.share),
             self.texts(f"plan.status_{row.status}"))
            for row in check_goals([self.result.study.name]).itertuples()
        ]  # fmt: skip
        header = self.head("group", "goal", "persons", "year", "share", "status")
        return self.section("programme_goals", header, rows)

    def list_model_services(self) -> list[str]:
        """Return every promised service: facilities, and who lives within its limit."""
        coverage = self.result.coverage
        coverage = coverage[coverage["scope"] == "any"]
        sums = coverage.groupby(["service", "scenario"])[["population", "population_covered"]].sum()
        here = self.result.facilities
        here = here[here["in_region"].to_numpy(dtype=bool)]
        counts = pd.crosstab(here["service"], here["status"])
        rows = []
        for service, row in self.promised.iterrows():
            shares = ["–", "–"]
            if row["supply_known"]:
                shares = [
                    self.texts.share(
                        sums.loc[(service, scenario), "population_covered"]
                        / sums.loc[(service, scenario), "population"]
                    )
                    for scenario in ("now", "planned")
                ]
            own = counts.loc[service] if service in counts.index else {}
            rows.append(
                (self.names[str(service)], self.groups[row["target_group"]],
                 self.number(row["limit_min"]), self.number(own.get("operating", 0)),
                 self.number(own.get("planned", 0)), *shares)
            )  # fmt: skip
        header = self.head("service", "group", "limit", "programme_operating", "programme_planned",
                           "programme_now", "programme_then")  # fmt: skip
        return self.section("programme_services", header, rows)

    def tell_forecast(self, forecast: Forecast) -> list[str]:
        """Return the clients to come in the last year, low to high."""
        sums = hide_small(forecast.sum_region(), "clients", below=self.below)
        if not len(sums):
            return []
        year = int(sums["year"].max())
        wide = sums[sums["year"] == year].pivot_table(
            index=["target_group", "service"], columns="variant", values="clients",
            aggfunc="first", sort=False,
        )  # fmt: skip
        rows = [
            (
                self.names.get(key[1], f"{self.groups[key[0]]}: {self.texts('plan.any_service')}"),
                *(self.number(row[name]) for name in VARIANTS),
            )
            for key, row in wide.iterrows()
        ]
        lines = self.section("programme_forecast", self.head("service", *VARIANTS), rows)
        lines[0] = f"{lines[0]}, {year}"
        return lines

    def tell_obstacles(self) -> list[str]:
        """Return what keeps people from the services."""
        rows = [
            (self.names[row["service"]], self.texts(f"plan.obstacle_{row['obstacle']}"),
             row["settlements"], self.number(row["population"]),
             self.number(row["most_over_min"]))
            for row in summarise_obstacles(list_obstacles(self.result)).to_dict("records")
        ]  # fmt: skip
        header = self.head("service", "obstacle", "obstacle_places", "general_population",
                           "obstacle_over")  # fmt: skip
        return self.section("programme_obstacles", header, rows)

    def tell_cooperation(self) -> list[str]:
        """Return who lives off whose facilities: municipalities that buy and sell, by service."""
        rows = []
        for service in self.promised.index[self.promised["supply_known"]]:
            if self.promised.loc[service, "traveller"] != "client":
                continue
            balance = find_flows(self.result, str(service)).summarise_balance()
            # Counts of persons stay at home: the names are what a neighbour is asked by.
            sell = balance.loc[balance["balance"] > 1e-9, "municipality"].tolist()
            buy = balance.loc[balance["balance"] < -1e-9, "municipality"].tolist()
            last = self.texts("plan.and")
            rows.append((self.names[str(service)], join_names(sell, last) or "–",
                         join_names(buy, last) or "–"))  # fmt: skip
        header = self.head("service", "programme_sellers", "programme_buyers")
        return self.section("programme_cooperation", header, rows)
