"""The first half of an annex: the summary, the maps, the coverage."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pandas as pd

from socaccess.content import (
    Block,
    Column,
    Figure,
    List,
    Pair,
    Paragraph,
    Section,
    Table,
)
from socaccess.documents._annex_ground import SCENARIOS, Ground
from socaccess.documents._times import TimeRow, draw_times
from socaccess.documents.analysis import rank_municipalities
from socaccess.documents.figures import draw_coverage
from socaccess.i18n import sort_key

__all__ = ["CoverageParts"]

LINE_PT = 493.0
"""Width of a line of text, in points: A4 between its margins."""


class CoverageParts(Ground):
    """Sections that tell how many people have which service near."""

    def tell_summary(self) -> Section:
        """Return the summary in plain words."""
        lines = self._tell_groups()
        ranked = self.ranked
        if self.municipality_id is None:
            worst = ", ".join(
                f"{row.municipality} ({self.share(row.now)})"
                for row in ranked.head(5).itertuples()
                if pd.notna(row.now)
            )
            if len(ranked) > 1 and worst:
                lines.append(self.texts("annex.worst_line", names=worst))
        elif len(ranked) > 1:
            rank = ranked["municipality_id"].tolist().index(self.municipality_id) + 1
            lines.append(self.texts("annex.rank_line", rank=rank, n=len(ranked)))
        places = self.gaps.drop_duplicates("settlement_id")
        if len(places):
            people = self.texts.number(float(places["population"].sum()))
            lines.append(self.texts.count("annex.gap_line", len(places), people=people))
        else:
            lines.append(self.texts("annex.no_gap_line"))
        types = self.result.service_types
        missing = types[types["promised"] & ~types["supply_known"] & types["limit_min"].notna()]
        if len(missing):
            names = "; ".join(
                sorted((str(self.names[code]) for code in missing["service"]), key=sort_key)
            )
            lines.append(self.texts("annex.missing_line", names=names))
        blocks: list[Block] = [
            Paragraph(self.texts("annex.question"), "lead"),
            List(tuple(lines)),
            Paragraph(self.texts("annex.planned_note"), "note"),
        ]
        return Section(self.texts("annex.summary"), tuple(blocks))

    def _tell_groups(self) -> list[str]:
        by_group: dict[str, list[str]] = {}
        for service in self.services:
            by_group.setdefault(self.released.group_of[service], []).append(service)
        lines = []
        for group in sorted(by_group, key=lambda code: sort_key(str(self.groups.get(code, code)))):
            persons = self.count_persons(by_group[group][0])
            shares = {s: self._mean_share(by_group[group], s) for s in SCENARIOS}
            if persons is None:
                continue
            told = (
                self.texts("annex.persons_mark", mark=persons)
                if isinstance(persons, str)
                else self.texts.count("annex.persons", persons)
            )
            lines.append(
                self.texts(
                    "annex.group_line",
                    group=self.groups.get(group, group),
                    persons=told,
                    **{key: self.share(value) for key, value in shares.items()},
                )
            )
        if not lines and self.services:
            shares = {s: self._mean_share(self.services, s) for s in SCENARIOS}
            lines.append(
                self.texts(
                    "annex.all_line", **{key: self.share(value) for key, value in shares.items()}
                )
            )
        return lines

    def _mean_share(self, services: list[str], scenario: str) -> float:
        if self.municipality_id is None:
            rows = {row["service"]: row for row in self.record["services"]}
            shares = [rows[service]["covered_share"][scenario] for service in services]
        else:
            shares = [
                self.coverage[(self.municipality_id, service, scenario, "any")]["covered_share"]
                for service in services
            ]
        return float(pd.Series(shares, dtype=float).mean())

    @cached_property
    def _grounds(self) -> dict[Any, list[str]]:
        return {}

    def draw(
        self,
        scenario: str = "now",
        service: str | None = None,
        *,
        width: float = 1.0,
        height_pt: float = 400.0,
    ) -> Figure:
        """Return a map with its caption and its values in words, within `width` of the line."""
        services = self.services if service is None else [service]
        ranked = rank_municipalities(self.result, services)
        drawing = draw_coverage(
            self.result,
            self.texts,
            services,
            scenario=scenario,
            municipality_id=self.municipality_id,
            width_pt=LINE_PT * width,
            height_pt=height_pt,
            ranked=ranked,
            grounds=self._grounds,
        )
        if service is not None:
            limit = self.texts.number(self.result.study.limits_min()[service])
            caption = self.texts("annex.map.service", service=self.names[service], limit=limit)
        else:
            caption = self.texts(f"annex.map.{scenario}", n=len(services))
        if self.municipality_id is not None:
            ranked = ranked[ranked["municipality_id"] == self.municipality_id]
        values = ", ".join(
            f"{row.municipality} {self.share(getattr(row, scenario))}"
            for row in ranked.itertuples()
        )
        alt = self.texts("annex.map.alt", area=self.area, caption=caption, values=values)
        return Figure(drawing.svg, alt, caption, drawing.width_pt / LINE_PT)

    def tell_overview(self) -> Table:
        """Return one row a service for the whole study or the municipality."""
        words = self.texts
        titles = ["service", "limit", "persons", "now", "planned", "suggested"]
        extra = (
            ["facilities", "planned_facilities"]
            if self.municipality_id is None
            else ["own", "mean", "median", "p90", "worst"]
        )
        columns = [Column(words("annex.column.service"), width=3.9 if len(extra) > 2 else 4.6)]
        columns += [
            Column(words(f"annex.column.{name}"), "number") for name in (*titles[1:], *extra)
        ]
        rows: list[tuple[str, ...]] = []
        group = None
        for service in self.services:
            if self.released.group_of[service] != group:
                group = self.released.group_of[service]
                rows.append((self.groups.get(group, group),))
            rows.append(self._tell_service(service))
        return Table(tuple(columns), tuple(rows))

    def _tell_service(self, service: str) -> tuple[str, ...]:
        limit = self.minutes(self.result.study.limits_min()[service])
        if self.municipality_id is None:
            row = next(row for row in self.record["services"] if row["service"] == service)
            return (
                self.names[service],
                limit,
                self.count(row["persons"]),
                *(self.share(row["covered_share"][scenario]) for scenario in SCENARIOS),
                self.count(row["facilities"].get("operating_in_region")),
                self.count(row["facilities"].get("planned_in_region")),
            )
        now = self.coverage[(self.municipality_id, service, "now", "any")]
        return (self.names[service], limit, *self._measure(self.municipality_id, service, now))

    def _measure(self, municipality: str, service: str, now: Mapping[Any, Any]) -> tuple[str, ...]:
        shares = [
            self.coverage[(municipality, service, scenario, "any")]["covered_share"]
            for scenario in SCENARIOS
        ]
        own = self.coverage[(municipality, service, "now", "own")]["covered_share"]
        return (
            self.count(now["persons"]),
            *(self.share(value) for value in (*shares, own)),
            *(self.minutes(now[f"{name}_min"]) for name in ("mean", "median", "p90", "max")),
        )

    def draw_times_of(self, service: str, *, width: float = 0.48) -> Figure:
        """Return the times of every municipality to a service, with its values in words."""
        limit = float(self.result.study.limits_min()[service])
        order = sorted(
            self.result.municipalities[["municipality_id", "name"]].itertuples(index=False),
            key=lambda row: sort_key(row.name),
        )
        rows = [self._time_row(row.name, row.municipality_id, service, limit) for row in order]
        caption = self.texts("annex.times.municipalities", service=self.names[service])
        return self._draw_rows(rows, caption, width)

    def draw_times_here(self) -> Figure:
        """Return the times of a municipality to every service."""
        assert self.municipality_id is not None
        limits = self.result.study.limits_min()
        rows = [
            self._time_row(self.names[service], self.municipality_id, service, limits[service])
            for service in self.services
        ]
        return self._draw_rows(rows, self.texts("annex.times.services", area=self.area), 1.0)

    def _time_row(self, name: str, municipality: str, service: str, limit: float) -> TimeRow:
        now = self.coverage[(municipality, service, "now", "any")]
        median, p90, longest = (
            None if pd.isna(now[key]) else float(now[key])
            for key in ("median_min", "p90_min", "max_min")
        )
        return TimeRow(name, median, p90, longest, float(limit))

    def _draw_rows(self, rows: list[TimeRow], caption: str, width: float) -> Figure:
        drawing = draw_times(rows, self.texts, width_pt=LINE_PT * width)
        values = "; ".join(
            self.texts(
                "annex.times.row",
                name=row.name,
                median=self.minutes(row.median_min),
                p90=self.minutes(row.p90_min),
                longest=self.minutes(row.max_min),
            )
            for row in rows
        )
        alt = self.texts("annex.times.alt", caption=caption, values=values)
        return Figure(drawing.svg, alt, caption, width)

    def tell_by_service(self) -> list[Section]:
        """Return for each service a map, the times and a table of all municipalities."""
        words = self.texts
        names = ["persons", "now", "planned", "suggested", "own", "mean", "median", "p90", "worst"]
        columns = (
            Column(words("annex.column.municipality"), width=2.6),
            *(Column(words(f"annex.column.{name}"), "number") for name in names),
        )
        order = sorted(
            self.result.municipalities[["municipality_id", "name"]].itertuples(index=False),
            key=lambda row: sort_key(row.name),
        )
        sections = []
        for service in self.services:
            rows = [
                (
                    row.name,
                    *self._measure(
                        row.municipality_id,
                        service,
                        self.coverage[(row.municipality_id, service, "now", "any")],
                    ),
                )
                for row in order
            ]
            caption = words(
                "annex.service_caption",
                service=self.names[service],
                group=self.groups.get(self.released.group_of[service], ""),
                limit=self.minutes(self.result.study.limits_min()[service]),
            )
            pair = (
                self.draw("now", service, width=0.48, height_pt=225),
                self.draw_times_of(service),
            )
            sections.append(
                Section(caption, (Pair((pair[0],), (pair[1],)), Table(columns, tuple(rows))))
            )
        return sections

    def tell_municipalities(self, most: int | None = None) -> Table:
        """Return the municipalities, worst first."""
        words = self.texts
        columns = (
            Column(words("annex.column.municipality"), width=3),
            Column(words("annex.column.people"), "number"),
            *(
                Column(words(f"annex.column.{name}"), "number")
                for name in ("now", "planned", "suggested", "own")
            ),
        )
        rows = [
            (
                row.municipality,
                self.count(row.population),
                *(self.share(getattr(row, name)) for name in (*SCENARIOS, "own")),
            )
            for row in self.ranked.head(most or len(self.ranked)).itertuples()
        ]
        return Table(columns, tuple(rows))
